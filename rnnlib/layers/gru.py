"""The gated recurrent unit, with both conventions for the reset gate.

With sigma the logistic function, u_t for the update gate, n_t for the candidate ("new")
and * entrywise:

    r_t = sigma(W_xr x_t + W_hr h_{t-1} + b_r)     reset gate
    u_t = sigma(W_xu x_t + W_hu h_{t-1} + b_u)     update gate
    n_t = tanh(W_xn x_t + b_n + m_t)               candidate
    h_t = u_t * h_{t-1} + (1 - u_t) * n_t

    reset="before":  m_t = W_hn (r_t * h_{t-1}) + b_m      the original
    reset="after":   m_t = r_t * (W_hn h_{t-1} + b_m)      cuDNN, PyTorch

The two are different functions of the same parameters. The three matrices stand on top
of each other, in the order r, u, n. ``b_m`` has a meaning of its own only in "after";
in "before" it adds to b_n.
"""

from typing import NamedTuple

import numpy as np

from rnnlib.activations import ACTIVATIONS
from rnnlib.layers.cell import (
    Gradients,
    begin,
    check_adjoint,
    check_parameters,
    check_trace,
    common_dtype,
    draw_matrices,
    hidden_states,
    hold,
    input_gradients,
    input_size,
    last_state,
    of_shape,
    outer_sum,
    project_inputs,
    rows,
    state_size,
)
from rnnlib.validate import check_choice, finite_result

LOGISTIC = ACTIVATIONS["logistic"]
RESETS = ("before", "after")  # the matrix product


class GRUParams(NamedTuple):
    """``W_xh`` (3 d_h, d_x), ``W_hh`` (3 d_h, d_h), ``b_h`` (3 d_h,), ``b_m`` (d_h,).

    The rows of the first three are those of r, u and n.
    """

    W_xh: np.ndarray
    W_hh: np.ndarray
    b_h: np.ndarray
    b_m: np.ndarray

    d_x = property(input_size)
    d_h = property(state_size)
    dtype = property(common_dtype)


class Gates(NamedTuple):
    """One array for each of the three: gate values, biases or blocks of rows."""

    r: np.ndarray
    u: np.ndarray
    n: np.ndarray


class GRUTrace(NamedTuple):
    """What the forward pass computed."""

    x: np.ndarray  # (T, B, d_x), or integers (T, B)
    gates: np.ndarray  # (T, B, 3 d_h)   r_t, u_t, n_t side by side
    product: np.ndarray  # (T, B, d_h)   what r_t multiplies in "after"; W_hn (..)
    h: np.ndarray  # (T+1, B, d_h)       h[t] is h_t
    reset: str
    mask: np.ndarray | None
    state_shape: tuple  # of the initial state as it was given

    output = property(hidden_states)
    state = property(last_state)


def shapes(d_x, d_h):
    """The shape of each parameter."""
    return GRUParams._make([(3 * d_h, d_x), (3 * d_h, d_h), (3 * d_h,), (d_h,)])


def split(rows_, axis=0):
    """The `Gates` of an array whose ``axis`` holds r, u, n; views, not copies."""
    return Gates(*np.split(rows_, 3, axis=axis))


def init_params(d_x, d_h, *, rng, scale=None, dtype=np.float64):
    """Normal matrices and zero biases, as `rnnlib.init_params` draws them."""
    W_xh, W_hh = draw_matrices(d_x, d_h, 3, rng, scale, dtype)
    return GRUParams(W_xh, W_hh, np.zeros(3 * d_h, dtype), np.zeros(d_h, dtype))


@finite_result("params", "x", "state")
def forward(params, x, *, state=None, mask=None, reset="after") -> GRUTrace:
    """Run the layer over T steps; arguments as in `rnnlib.layers.cell`.

    ``reset`` says where the reset gate acts: "before" or "after" the matrix product.

    Raises ValueError for a wrong shape, dtype, index or word, or a number that is not
    finite.

    Source: {cite}`cho2014` for "before".
    """
    T, B, h_0, state_shape = begin(params, GRUParams, shapes, x, mask, state)
    check_choice("reset", reset, RESETS)
    W_xh, W_hh, b_h, b_m = params
    d = params.d_h
    gates = project_inputs(W_xh, x) + b_h  # all steps at once
    gates = gates.astype(np.result_type(gates, h_0, W_hh, b_m), copy=False)
    h = np.empty((T + 1, B, d), gates.dtype)
    product = np.empty((T, B, d), gates.dtype)
    h[0] = h_0
    for t in range(1, T + 1):
        s, m, previous = gates[t - 1], product[t - 1], h[t - 1]
        r, u, n = split(s, axis=-1)
        if reset == "after":
            from_state = previous @ W_hh.T  # one product for all three
            s[:, : 2 * d] += from_state[:, : 2 * d]
            np.add(from_state[:, 2 * d :], b_m, out=m)
        else:
            s[:, : 2 * d] += previous @ W_hh[: 2 * d].T
        LOGISTIC(s[:, : 2 * d], out=s[:, : 2 * d])
        if reset == "before":
            np.add((r * previous) @ W_hh[2 * d :].T, b_m, out=m)
        np.tanh(n + (r * m if reset == "after" else m), out=n)
        h[t] = u * previous + (1 - u) * n
        hold(mask, t, h)
    return GRUTrace(x, gates, product, h, reset, mask, state_shape)


@finite_result("params", "trace", "d_output", "d_state")
def backward(params, trace, d_output, d_state=None) -> Gradients:
    """The adjoints of h and of the three pre-activations, from step T back to step 1.

    h_{t-1} is read by the interpolation, by both gates and by the candidate:

        g_{t-1} = dL/d(output) + u_t * g_t + W_hr^T delta_r + W_hu^T delta_u
                  + (r_t * W_hn^T delta_n, or W_hn^T (r_t * delta_n) in "after").

    Arguments as in `rnnlib.layers.cell`. Raises ValueError as `forward`, and for a
    trace or adjoints of other sizes.
    """
    check_parameters(params, GRUParams, shapes)
    check_trace(trace, GRUTrace, params)
    d_output = check_adjoint("d_output", d_output, trace.output)
    g = check_adjoint("d_state", d_state, trace.state)
    mask, W_hh, d = trace.mask, params.W_hh, params.d_h
    after = trace.reset == "after"
    previous = trace.h[:-1]
    r, u, n = split(trace.gates, axis=-1)
    # slopes of h_t by s_n and s_u; of m_t by s_r (in "before" of r_t * h_{t-1})
    by_n = (1 - u) * (1 - n**2)
    by_u = (previous - n) * u * (1 - u)
    by_r = (trace.product if after else previous) * r * (1 - r)
    if mask is not None:  # a step that did not happen: h_t = h_{t-1}
        real = mask[..., None]
        by_n, by_u, u = by_n * real, by_u * real, np.where(real, u, 1)
    dtype = np.result_type(params.dtype, trace.gates, d_output, g)
    delta = np.empty(trace.gates.shape, dtype)  # dL/ds of r, u, n
    d_product = np.empty(previous.shape, dtype)  # dL/d(W_hn ..)
    for t in range(len(delta), 0, -1):
        g = g + d_output[t - 1]
        delta_r, delta_u, delta_n = split(delta[t - 1], axis=-1)
        np.multiply(g, by_u[t - 1], out=delta_u)
        np.multiply(g, by_n[t - 1], out=delta_n)
        d_product[t - 1] = delta_n * r[t - 1] if after else delta_n
        to_candidate = d_product[t - 1] @ W_hh[2 * d :]
        np.multiply(delta_n if after else to_candidate, by_r[t - 1], out=delta_r)
        g = g * u[t - 1] + delta[t - 1, :, : 2 * d] @ W_hh[: 2 * d]
        g += to_candidate if after else to_candidate * r[t - 1]
    d_W_xh, d_x = input_gradients(params.W_xh, trace.x, delta)
    read = previous if after else r * previous
    d_W_hh = np.concatenate(
        [outer_sum(delta[..., : 2 * d], previous), outer_sum(d_product, read)]
    )
    d_b_h, d_b_m = rows(delta).sum(axis=0), rows(d_product).sum(axis=0)
    d_params = GRUParams(d_W_xh, d_W_hh, d_b_h, d_b_m)
    return Gradients(d_params, of_shape(g, trace.state_shape), d_x)
