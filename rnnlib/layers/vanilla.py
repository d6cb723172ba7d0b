"""The vanilla recurrent layer: (1) and (2) without the logits (3).

It is the hidden part of `rnnlib.rnn`, as a `Cell`: for stacks, and for comparison with
the gated cells. ``trace.h[t]`` is h_t for t = 0..T.
"""

from typing import NamedTuple

import numpy as np

from rnnlib.activations import Activation, get_activation
from rnnlib.layers.cell import (
    SIZES,
    Gradients,
    check_adjoint,
    check_parameters,
    check_run,
    check_trace,
    draw_matrices,
    held,
)
from rnnlib.layers.initial_state import initial_state, of_shape
from rnnlib.layers.inputs import input_gradients, outer_sum, project_inputs, rows
from rnnlib.validate import finite_result


class VanillaParams(NamedTuple):
    """``W_xh`` (d_h, d_x), ``W_hh`` (d_h, d_h), ``b_h`` (d_h,)."""

    W_xh: np.ndarray
    W_hh: np.ndarray
    b_h: np.ndarray
    d_x, d_h, dtype = SIZES


class VanillaTrace(NamedTuple):
    """What the forward pass computed."""

    x: np.ndarray  # (T, B, d_x), or integers (T, B)
    h: np.ndarray  # (T+1, B, d_h)
    phi: Activation
    mask: np.ndarray | None
    shape: tuple  # of the initial state as it was given

    @property
    def output(self):
        """h_1 to h_T."""
        return self.h[1:]

    @property
    def state(self):
        """h_T."""
        return self.h[-1]


def shapes(d_x, d_h):
    """The shape of each parameter."""
    return VanillaParams((d_h, d_x), (d_h, d_h), (d_h,))


def init_params(d_x, d_h, *, rng, scale=None, dtype=np.float64):
    """Normal matrices and a zero bias, as `rnnlib.init_params` draws them."""
    W_xh, W_hh = draw_matrices(d_x, d_h, 1, rng, scale, dtype)
    return VanillaParams(W_xh, W_hh, np.zeros(d_h, dtype))


@finite_result("params", "x", "state")
def forward(params, x, *, state=None, mask=None, phi="tanh") -> VanillaTrace:
    """h_t = phi(W_xh x_t + W_hh h_{t-1} + b_h), (1) and (2).

    Arguments as in `rnnlib.layers.cell`; ``phi`` is the name of an activation.

    Raises ValueError for a wrong shape, dtype, index or word, or a number that is not
    finite.

    Source: {cite}`roysdon`, (1) and (2).
    """
    check_parameters(params, VanillaParams, shapes)
    T, B = check_run(params, x, mask)
    h_0, shape = initial_state("state", state, B, params)
    phi = get_activation(phi)
    W_xh, W_hh, b_h = params
    s = project_inputs(W_xh, x) + b_h
    h = np.empty((T + 1, B, params.d_h), np.result_type(s, h_0, W_hh))
    h[0] = h_0
    for t in range(1, T + 1):
        phi(s[t - 1] + h[t - 1] @ W_hh.T, out=h[t])
        if mask is not None:
            np.copyto(h[t], h[t - 1], where=held(mask, t))
    return VanillaTrace(x, h, phi, mask, shape)


@finite_result("params", "trace", "d_output", "d_state")
def backward(params, trace, d_output, d_state=None) -> Gradients:
    """(7) and (8): delta_s_t = phi'(s_t) g_t, g_{t-1} = dL/dy_{t-1} + W_hh^T delta_s_t.

    Arguments as in `rnnlib.layers.cell`. Raises ValueError as `forward`, and for a
    trace or adjoints of other sizes.
    """
    check_parameters(params, VanillaParams, shapes)
    check_trace(trace, VanillaTrace, params)
    d_output = check_adjoint("d_output", d_output, trace.output)
    g = check_adjoint("d_state", d_state, trace.state)
    mask = trace.mask
    phi_prime = trace.phi.derivative(trace.h[1:])
    if mask is not None:
        phi_prime = phi_prime * mask[..., None]
    dtype = np.result_type(params.dtype, trace.h, d_output, g)
    delta_s = np.empty(trace.output.shape, dtype)
    for t in range(len(delta_s), 0, -1):
        g = g + d_output[t - 1]
        np.multiply(g, phi_prime[t - 1], out=delta_s[t - 1])
        kept = 0 if mask is None else g * held(mask, t)
        g = kept + delta_s[t - 1] @ params.W_hh
    d_W_xh, d_x = input_gradients(params.W_xh, trace.x, delta_s)
    d_W_hh = outer_sum(delta_s, trace.h[:-1])
    d_params = VanillaParams(d_W_xh, d_W_hh, rows(delta_s).sum(axis=0))
    return Gradients(d_params, of_shape(g, trace.shape), d_x)
