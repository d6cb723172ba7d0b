"""The vanilla recurrent network: forward pass (1)-(3), backward pass (5)-(11).

Arrays are time-major: inputs (T, B, d_x) or integers (T, B); states (T, B, d_h). The
trace keeps the states with the initial one in front, so that ``trace.h[t]`` is h_t for
t = 0..T, while ``trace.s[t - 1]`` is s_t for t = 1..T. In the equations vectors are
columns; here each is a row of its array, hence ``x @ W.T`` for W x.

A step at which ``mask`` is False does not happen: the state is carried over as it is
and the step has no output. So h_T is the last real state of every sequence.
"""

from typing import NamedTuple

import numpy as np

from rnnlib.activations import Activation, get_activation
from rnnlib.layers.initial_state import initial_state, of_shape
from rnnlib.layers.inputs import input_gradients, outer_sum, project_inputs, rows
from rnnlib.layers.readout import TOPOLOGIES, readout, readout_adjoint
from rnnlib.parameters import Params
from rnnlib.validate import (
    check_array,
    check_choice,
    check_inputs,
    check_mask,
    check_params,
    check_precision,
    finite_result,
)


class Trace(NamedTuple):
    """All that the forward pass computed; the backward pass reads it, nothing else."""

    x: np.ndarray  # (T, B, d_x), or integers (T, B)
    s: np.ndarray  # (T, B, d_h)      s[t-1] is s_t, (1)
    h: np.ndarray  # (T+1, B, d_h)    h[t] is h_t, (2); h[0] is the initial state
    z: np.ndarray  # (T, B, K), or (B, K) for one output a sequence, (3)
    phi: Activation
    topology: str
    mask: np.ndarray | None  # (T, B), True at the real steps
    h_0_shape: tuple  # of the initial state as it was given


class Gradients(NamedTuple):
    """Gradients of one loss: ``params`` is a `Params`; h_0 and x as they were given."""

    params: Params
    h_0: np.ndarray  # (B, d_h), or (d_h,) for a state that all sequences share
    x: np.ndarray | None  # (T, B, d_x); None for integer inputs


@finite_result("params", "x", "h_0")
def forward(
    params, x, *, h_0=None, phi="tanh", topology="many-to-many", mask=None
) -> Trace:
    """Run the network over T steps, equations (1)-(3).

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
    check_params(params)
    check_inputs(x, params)
    phi = get_activation(phi)
    check_choice("topology", topology, TOPOLOGIES)
    T, B = x.shape[:2]
    if mask is not None:
        check_mask(mask, T, B)
    h_0, h_0_shape = initial_state("h_0", h_0, B, params)

    W_xh, W_hh, b_h, W_hy, b_y = params
    s = project_inputs(W_xh, x) + b_h  # all steps at once
    s = s.astype(np.result_type(s, h_0, W_hh), copy=False)
    h = np.empty((T + 1, *s.shape[1:]), s.dtype)
    h[0] = h_0
    for t in range(1, T + 1):  # the recurrence itself: (1) and (2)
        s[t - 1] += h[t - 1] @ W_hh.T
        phi(s[t - 1], out=h[t])
        if mask is not None:
            np.copyto(h[t], h[t - 1], where=~mask[t - 1, :, None])
    z = readout(h[1:], topology, mask) @ W_hy.T + b_y  # (3)
    return Trace(x, s, h, z, phi, topology, mask, h_0_shape)


@finite_result("params", "trace", "delta_z")
def adjoints(params, trace, delta_z):
    """The backward recurrence (9), from delta_z of (5).

    Returns
    -------
    g : array (T + 1, B, d_h)
        g[t] is g_t = dL/dh_t, (6), for t = 0..T: g[0] is the gradient of h_0.
    delta_s : array (T, B, d_h)
        delta_s[t-1] is dL/ds_t, (7).

    Raises
    ------
    ValueError
        When the trace is of a network of other sizes, or delta_z has not the shape
        and precision of the logits, or is not finite.
    """
    check_trace(params, trace)
    check_array("delta_z", delta_z, trace.z.shape)
    check_precision("delta_z", delta_z, trace.z, "the logits")
    W_hh, W_hy = params.W_hh, params.W_hy
    phi_prime = trace.phi.derivative(trace.h[1:])
    if trace.mask is not None:
        phi_prime = phi_prime * trace.mask[..., None]
    dtype = np.result_type(params.dtype, trace.h, delta_z)
    g = np.zeros(trace.h.shape, dtype)
    g[1:] = readout_adjoint(delta_z @ W_hy, trace)  # W_hy^T delta_z, all steps at once
    delta_s = np.empty(trace.s.shape, dtype)
    for t in range(len(delta_s), 0, -1):
        np.multiply(g[t], phi_prime[t - 1], out=delta_s[t - 1])  # (7)
        g[t - 1] += delta_s[t - 1] @ W_hh  # (8)
        if trace.mask is not None:  # a step that did not happen passes g on
            np.add(g[t - 1], g[t], out=g[t - 1], where=~trace.mask[t - 1, :, None])
    return g, delta_s


@finite_result("params", "trace", "delta_z")
def backward(params, trace, delta_z) -> Gradients:
    """Backpropagation through time, equations (5)-(11).

    Parameters
    ----------
    params : Params
        The parameters that ``trace`` was computed with.
    trace : Trace
    delta_z : array of the shape of ``trace.z``
        Gradient of the loss with respect to the logits, as a loss returns it.

    Raises
    ------
    ValueError
        As `adjoints`.

    Source: {cite}`roysdon`, (5)-(11).
    """
    g, delta_s = adjoints(params, trace, delta_z)
    pooled = readout(trace.h[1:], trace.topology, trace.mask)
    d_W_xh, d_x = input_gradients(params.W_xh, trace.x, delta_s)
    gradient = Params(
        W_xh=d_W_xh,  # (11)
        W_hh=outer_sum(delta_s, trace.h[:-1]),  # (11): h_{t-1}, not h_t
        b_h=rows(delta_s).sum(axis=0),  # (11)
        W_hy=outer_sum(delta_z, pooled),  # (10)
        b_y=rows(delta_z).sum(axis=0),  # (10)
    )
    d_h_0 = of_shape(g[0].copy(), trace.h_0_shape)
    return Gradients(gradient, d_h_0, d_x)


def check_trace(params, trace):
    """A `Trace` of a network of these sizes."""
    if not isinstance(trace, Trace):
        raise ValueError(f"trace: expected a Trace, got {type(trace).__name__}")
    check_params(params)
    check_inputs(trace.x, params)
    expected, actual = (params.d_h, params.K), (trace.h.shape[-1], trace.z.shape[-1])
    if expected != actual:
        raise ValueError(f"trace: expected d_h, K = {expected}, got {actual}")
