"""The vanilla recurrent layer: s_t = W_xh x_t + W_hh h_{t-1} + b_h, h_t = phi(s_t).

`recur` and `recur_back` are the recurrence and its adjoint, written once: the layer,
`rnnlib.rnn` (this layer with logits on top) and the variants run them. Both take their
arguments as they come; the functions at the door check.
"""

from typing import NamedTuple

import numpy as np

from rnnlib.activations import Activation, get_activation
from rnnlib.layers import cell
from rnnlib.layers.cell import (
    LayerGradients,
    held,
    hold,
    outer_sum,
    project_inputs,
    rows,
)
from rnnlib.validate import finite_result


@cell.with_sizes
class VanillaParams(NamedTuple):
    """``W_xh`` (d_h, d_x), ``W_hh`` (d_h, d_h), ``b_h`` (d_h,)."""

    W_xh: np.ndarray
    W_hh: np.ndarray
    b_h: np.ndarray


@cell.with_outputs
class VanillaTrace(NamedTuple):
    """What the forward pass computed."""

    x: np.ndarray  # (T, B, d_x), or integers (T, B)
    s: np.ndarray  # (T, B, d_h)      s[t-1] is s_t
    h: np.ndarray  # (T+1, B, d_h)    h[t] is h_t
    phi: Activation
    mask: np.ndarray | None
    state_shape: tuple  # of the initial state as it was given


def shapes(d_x, d_h):
    """The shape of each parameter."""
    return VanillaParams._make([(d_h, d_x), (d_h, d_h), (d_h,)])


def init_params(d_x, d_h, *, rng, scale=None, dtype=np.float64):
    """Normal matrices and a zero bias, as `rnnlib.init_params` draws them."""
    W_xh, W_hh = cell.draw_matrices(d_x, d_h, 1, rng, scale, dtype)
    return VanillaParams(W_xh, W_hh, np.zeros(d_h, dtype))


def recur(params, x, h_0, phi, mask=None, keep=None):
    """s_t = W_xh x_t + W_hh h_{t-1} + b_h and h_t = phi(s_t), for t = 1..T.

    ``params`` is anything with ``W_xh``, ``W_hh`` and ``b_h``. ``keep`` (T, B, d_h),
    where it is given, multiplies h_{t-1} in s_t: ``keep[t - 1] * h[t - 1]``.

    Returns
    -------
    s : array (T, B, d_h)
        s[t-1] is s_t.
    h : array (T + 1, B, d_h)
        h[t] is h_t, with h_0 in front.
    """
    W_hh = params.W_hh
    s = project_inputs(params.W_xh, x) + params.b_h  # all steps at once
    s = s.astype(np.result_type(s, h_0, W_hh), copy=False)
    h = np.empty((len(s) + 1, *s.shape[1:]), s.dtype)
    h[0] = h_0
    for t in range(1, len(h)):
        previous = h[t - 1] if keep is None else keep[t - 1] * h[t - 1]
        s[t - 1] += previous @ W_hh.T
        phi(s[t - 1], out=h[t])
        hold(mask, t, h)
    return s, h


def recur_back(W_hh, phi_prime, g, mask=None, keep=None):
    """delta_s_t = phi'(s_t) * g_t and g_{t-1} += W_hh^T delta_s_t, for t = T..1.

    ``g`` (T + 1, B, d_h) holds what each state receives from its own step, and from
    what follows step T; it is completed in place: ``g[t]`` is then dL/dh_t, and
    ``g[0]`` the gradient of the initial state. Returns ``delta_s`` (T, B, d_h), with
    ``delta_s[t - 1]`` for step t.
    """
    if mask is not None:
        phi_prime = phi_prime * mask[..., None]
    delta_s = np.empty(phi_prime.shape, g.dtype)
    for t in range(len(delta_s), 0, -1):
        np.multiply(g[t], phi_prime[t - 1], out=delta_s[t - 1])
        back = delta_s[t - 1] @ W_hh
        g[t - 1] += back if keep is None else keep[t - 1] * back
        if mask is not None:  # a step that did not happen passes g on
            np.add(g[t - 1], g[t], out=g[t - 1], where=held(mask, t))
    return delta_s


@finite_result("params", "x", "state")
def forward(params, x, *, state=None, mask=None, phi="tanh") -> VanillaTrace:
    """h_t = phi(W_xh x_t + W_hh h_{t-1} + b_h), Roysdon (1) and (2).

    Arguments as in `rnnlib.layers.cell`; ``phi`` is the name of an activation.

    Raises ValueError for a wrong shape, dtype, index or word, or a number that is not
    finite.

    Source: {cite}`roysdon`, (1) and (2).
    """
    _, _, h_0, state_shape = cell.begin(params, VanillaParams, shapes, x, mask, state)
    phi = get_activation(phi)
    s, h = recur(params, x, h_0, phi, mask)
    return VanillaTrace(x, s, h, phi, mask, state_shape)


@finite_result("params", "trace", "d_output", "d_state")
def backward(params, trace, d_output, d_state=None) -> LayerGradients:
    """delta_s_t = phi'(s_t) * g_t, g_{t-1} = dL/d(output)_{t-1} + W_hh^T delta_s_t.

    Arguments as in `rnnlib.layers.cell`. Raises ValueError as `forward`, and for a
    trace or adjoints of other sizes.

    Source: {cite}`roysdon`, (7) and (8).
    """
    cell.check_parameters(params, VanillaParams, shapes)
    cell.check_trace(trace, VanillaTrace, params)
    d_output = cell.check_adjoint("d_output", d_output, trace.output)
    d_state = cell.check_adjoint("d_state", d_state, trace.state)
    g = np.zeros(
        trace.h.shape, np.result_type(params.dtype, trace.h, d_output, d_state)
    )
    g[1:] = d_output
    g[-1] += d_state
    phi_prime = trace.phi.derivative(trace.output)
    delta_s = recur_back(params.W_hh, phi_prime, g, trace.mask)
    d_W_xh, d_x = cell.input_gradients(params.W_xh, trace.x, delta_s)
    d_W_hh = outer_sum(delta_s, trace.h[:-1])  # h_{t-1}, not h_t
    d_params = VanillaParams(d_W_xh, d_W_hh, rows(delta_s).sum(axis=0))
    return LayerGradients(d_params, cell.of_shape(g[0], trace.state_shape), d_x)
