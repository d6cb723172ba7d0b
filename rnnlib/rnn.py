"""The vanilla recurrent network: the layer `layers.vanilla` with logits on top.

    s_t = W_xh x_t + W_hh h_{t-1} + b_h,   h_t = phi(s_t),   z_t = W_hy h_t + b_y,

and the adjoints g_t = dL/dh_t on the way back. The source of the recursion is
{cite}`roysdon`, (1)-(11); the comments give its numbers with its name.

Arrays are time-major: inputs (T, B, d_x) or integers (T, B); states (T, B, d_h). The
trace keeps the states with the initial one in front, so that ``trace.h[t]`` is h_t for
t = 0..T, while ``trace.s[t - 1]`` is s_t for t = 1..T. In the equations vectors are
columns; here each is a row of its array, hence ``x @ W.T`` for W x.

A step at which ``mask`` is False does not happen: the state is carried over as it is
and the step has no output. So h_T is the last real state of every sequence.

`forward`, `adjoints` and `backward` check their arguments. `run`, `pull_back` and
`pull_back_to_params` are the same without checks, for functions that have checked.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rnnlib.activations import Activation, get_activation
from rnnlib.layers.cell import (
    initial_state,
    input_gradients,
    of_shape,
    outer_sum,
    rows,
    times,
)
from rnnlib.layers.readout import TOPOLOGIES, logits, logits_back, read, read_back
from rnnlib.layers.vanilla import recur, recur_back
from rnnlib.parameters import Params, check_params
from rnnlib.validate import (
    check_array,
    check_choice,
    check_inputs,
    check_mask,
    check_precision,
    finite_result,
)


class Trace(NamedTuple):
    """All that the forward pass computed; the backward pass reads it, nothing else."""

    x: np.ndarray  # (T, B, d_x), or integers (T, B)
    s: np.ndarray  # (T, B, d_h)      s[t-1] is s_t
    h: np.ndarray  # (T+1, B, d_h)    h[t] is h_t; h[0] is the initial state
    z: np.ndarray  # (T, B, K), or (B, K) for one output a sequence
    phi: Activation
    topology: str
    mask: np.ndarray | None  # (T, B), True at the real steps
    state_shape: tuple  # of the initial state as it was given


class Gradients(NamedTuple):
    """Gradients of one loss: ``params`` is a `Params`; h_0 and x as they were given."""

    params: Params
    h_0: np.ndarray  # (B, d_h), or (d_h,) for a state that all sequences share
    x: np.ndarray | None  # (T, B, d_x); None for integer inputs


@finite_result("params", "x", "h_0")
def forward(
    params: Params,
    x: NDArray,
    *,
    h_0: NDArray | None = None,
    phi: str | Activation = "tanh",
    topology: str = "many-to-many",
    mask: NDArray | None = None,
) -> Trace:
    """Run the network over T steps: s_t, h_t = phi(s_t) and the logits z_t.

    Parameters
    ----------
    params : Params
    x : floating array (T, B, d_x), or integer array (T, B)
        An integer k stands for the k-th unit vector, which is never built.
    h_0 : array (B, d_h) or (d_h,), optional
        The initial state: zero by default; (B, d_h) to carry a state on; (d_h,) for
        one state shared by all sequences, such as a learned one.
    phi : str or Activation
        tanh, relu, logistic or identity.
    topology : str
        "many-to-many": logits (T, B, K) from every state; "last": (B, K) from the
        last real state; "mean": (B, K) from the mean of the real states.
    mask : boolean array (T, B), optional
        False where a shorter sequence has no step; its input there has no effect, but
        must be valid: finite, or an integer below d_x.

    Raises
    ------
    ValueError
        Wrong rank, size, dtype, index or word, an empty sequence, or a number that
        is not finite; the message names the argument.

    Source: {cite}`roysdon`, (1)-(3) and section 1.3.
    """
    checked = check_forward(params, x, h_0, phi, topology, mask)
    return run(params, x, *checked, topology=topology, mask=mask)


def check_forward(params, x, h_0, phi, topology, mask):
    """Check the arguments of `forward`; the state, its shape as given, and phi."""
    check_params(params)
    check_inputs(x, params)
    phi = get_activation(phi)
    check_choice("topology", topology, TOPOLOGIES)
    T, B = x.shape[:2]
    if mask is not None:
        check_mask(mask, T, B)
    return *initial_state("h_0", h_0, B, params), phi


def run(params, x, h_0, state_shape, phi, *, topology="many-to-many", mask=None):
    """`forward` without checks."""
    s, h = recur(params, x, h_0, phi, mask)  # Roysdon (1), (2)
    z = logits(params.W_hy, params.b_y, read(h[1:], topology, mask))  # Roysdon (3)
    return Trace(x, s, h, z, phi, topology, mask, state_shape)


@finite_result("params", "trace", "delta_z", "d_state")
def adjoints(
    params: Params, trace: Trace, delta_z: NDArray, d_state: NDArray | None = None
) -> tuple[NDArray, NDArray]:
    """The adjoints g_t of the states and delta_s_t of the pre-activations, t = T..1.

        delta_s_t = phi'(s_t) * g_t
        g_{t-1} = W_hy^T delta_z_{t-1} + W_hh^T delta_s_t

    Parameters
    ----------
    params : Params
        The parameters that ``trace`` was computed with.
    trace : Trace
    delta_z : array of the shape of ``trace.z``
        Gradient of the loss with respect to the logits, as a loss returns it.
    d_state : array (B, d_h), optional
        dL/dh_T through all that follows step T; zero by default.

    Returns
    -------
    g : array (T + 1, B, d_h)
        g[t] is g_t = dL/dh_t for t = 0..T: g[0] is the gradient of h_0.
    delta_s : array (T, B, d_h)
        delta_s[t-1] is dL/ds_t.

    Raises
    ------
    ValueError
        When the trace is of a network of other sizes, or delta_z has not the shape
        and precision of the logits, or is not finite.

    Source: {cite}`roysdon`, (6)-(9).
    """
    check_backward(params, trace, delta_z, d_state)
    return pull_back(params, trace, delta_z, d_state)


@finite_result("params", "trace", "delta_z", "d_state")
def backward(
    params: Params, trace: Trace, delta_z: NDArray, d_state: NDArray | None = None
) -> Gradients:
    """Backpropagation through time: the gradients of all parameters, of h_0 and of x.

    Arguments and errors as `adjoints`.

    Source: {cite}`roysdon`, (5)-(11).
    """
    check_backward(params, trace, delta_z, d_state)
    return pull_back_to_params(params, trace, delta_z, d_state)


def check_backward(params, trace, delta_z, d_state):
    """Check the arguments of `backward`."""
    check_trace(params, trace)
    check_array("delta_z", delta_z, trace.z.shape)
    check_precision("delta_z", delta_z, trace.z, "the logits")
    if d_state is not None:
        check_array("d_state", d_state, trace.h[-1].shape)
        check_precision("d_state", d_state, trace.z, "the logits")


def pull_back(params, trace, delta_z, d_state=None):
    """`adjoints` without checks."""
    d_read = times(delta_z, params.W_hy)  # W_hy^T delta_z, all steps at once
    parts = [delta_z] if d_state is None else [delta_z, d_state]
    g = np.zeros(trace.h.shape, np.result_type(params.dtype, trace.h, *parts))
    g[1:] = read_back(d_read, trace.s, trace.topology, trace.mask)
    if d_state is not None:
        g[-1] += d_state
    phi_prime = trace.phi.derivative(trace.h[1:])
    delta_s = recur_back(params.W_hh, phi_prime, g, trace.mask)  # Roysdon (7), (8)
    return g, delta_s


def pull_back_to_params(params, trace, delta_z, d_state=None):
    """`backward` without checks."""
    g, delta_s = pull_back(params, trace, delta_z, d_state)
    read_states = read(trace.h[1:], trace.topology, trace.mask)
    gradient, d_x = collect(
        params, delta_s, delta_z, trace.x, trace.h[:-1], read_states
    )
    return Gradients(gradient, of_shape(g[0].copy(), trace.state_shape), d_x)


def collect(params, delta_s, delta_z, x, h_before, h_read):
    """The sums over steps and sequences: the gradient of `Params`, and of x.

    ``x``, ``h_before`` (h_{t-1}, not h_t) and ``h_read`` are what W_xh, W_hh and W_hy
    multiplied.
    """
    d_W_xh, d_x = input_gradients(params.W_xh, x, delta_s)
    d_W_hy, d_b_y = logits_back(delta_z, h_read)  # Roysdon (10)
    gradient = Params(
        W_xh=d_W_xh,  # Roysdon (11)
        W_hh=outer_sum(delta_s, h_before),  # Roysdon (11)
        b_h=rows(delta_s).sum(axis=0),  # Roysdon (11)
        W_hy=d_W_hy,
        b_y=d_b_y,
    )
    return gradient, d_x


def check_trace(params, trace):
    """A `Trace` of a network of these sizes."""
    if not isinstance(trace, Trace):
        raise ValueError(f"trace: expected a Trace, got {type(trace).__name__}")
    check_params(params)
    check_inputs(trace.x, params)
    expected, actual = (params.d_h, params.K), (trace.h.shape[-1], trace.z.shape[-1])
    if expected != actual:
        raise ValueError(f"trace: expected d_h, K = {expected}, got {actual}")
