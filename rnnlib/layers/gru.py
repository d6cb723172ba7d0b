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

from typing import Any, NamedTuple

import numpy as np

from rnnlib.layers import cell, columns
from rnnlib.layers.cell import LayerGradients, outer_sum, rows
from rnnlib.validate import check_choice, finite_result

LOGISTIC = (True, True, False)  # of r, u, n
RESETS = ("before", "after")  # the matrix product


@cell.with_sizes
class GRUParams(NamedTuple):
    """``W_xh`` (3 d_h, d_x), ``W_hh`` (3 d_h, d_h), ``b_h`` (3 d_h,), ``b_m`` (d_h,).

    The rows of the first three are those of r, u and n.
    """

    W_xh: np.ndarray
    W_hh: np.ndarray
    b_h: np.ndarray
    b_m: np.ndarray


class Gates(NamedTuple):
    """One array for each of the three: gate values, biases or blocks of rows."""

    r: np.ndarray
    u: np.ndarray
    n: np.ndarray


@cell.with_outputs
class GRUTrace(NamedTuple):
    """What the forward pass computed."""

    x: np.ndarray  # (T, B, d_x), or integers (T, B)
    gates: np.ndarray  # (T, B, 3 d_h)   r_t, u_t, n_t side by side
    product: np.ndarray  # (T, B, d_h)   what r_t multiplies in "after"; W_hn (..)
    h: np.ndarray  # (T+1, B, d_h)       h[t] is h_t
    reset: str
    mask: np.ndarray | None
    state_shape: tuple  # of the initial state as it was given


def shapes(d_x, d_h):
    """The shape of each parameter."""
    return GRUParams._make([(3 * d_h, d_x), (3 * d_h, d_h), (3 * d_h,), (d_h,)])


def split(rows_, axis=0):
    """The `Gates` of an array whose ``axis`` holds r, u, n; views, not copies."""
    return Gates(*np.split(rows_, 3, axis=axis))


def init_params(d_x, d_h, *, rng, scale=None, dtype=np.float64):
    """Normal matrices and zero biases, as `rnnlib.init_params` draws them."""
    W_xh, W_hh = cell.draw_matrices(d_x, d_h, 3, rng, scale, dtype)
    return GRUParams(W_xh, W_hh, np.zeros(3 * d_h, dtype), np.zeros(d_h, dtype))


@finite_result("params", "x", "state")
def forward(params, x, *, state=None, mask=None, reset="after") -> GRUTrace:
    """Run the layer over T steps; arguments as in `rnnlib.layers.cell`.

    ``reset`` says where the reset gate acts: "before" or "after" the matrix product.

    Raises ValueError for a wrong shape, dtype, index or word, or a number that is not
    finite.

    Source: {cite}`cho2014` for "before".
    """
    T, B, h_0, state_shape = cell.begin(params, GRUParams, shapes, x, mask, state)
    check_choice("reset", reset, RESETS)
    d, dtype = params.d_h, columns.dtype_of(params, x, h_0)
    W_xh, W_hh, b_h = columns.half_logistic(params, LOGISTIC, dtype)
    b_m = params.b_m[:, None]
    gates, product = np.empty((T, 3 * d, B), dtype), np.empty((T, d, B), dtype)
    h = np.empty((T + 1, B, d), dtype)
    h[0] = h_0
    h_t, from_state = h[0].T.copy("C"), np.empty_like(gates[0])
    new = np.empty_like(h_t)
    for steps in columns.parts(T, B):
        from_input = columns.project_inputs(W_xh, x[steps])
        from_input += b_h[..., None]
        for t, s, s_x in columns.each_step(steps, gates, from_input):
            m, s_ru, (r, u, n) = product[t - 1], s[: 2 * d], s.reshape(3, d, B)
            if reset == "after":
                np.dot(W_hh, h_t, out=from_state)  # one product for all three
                np.add(from_state[: 2 * d], s_x[: 2 * d], out=s_ru)
                np.add(from_state[2 * d :], b_m, out=m)
            else:
                np.dot(W_hh[: 2 * d], h_t, out=s_ru)
                s_ru += s_x[: 2 * d]
            np.tanh(s_ru, out=s_ru)
            columns.logistic_of_half(s_ru)
            if reset == "after":
                np.multiply(r, m, out=n)
                n += s_x[2 * d :]
            else:
                np.dot(W_hh[2 * d :], r * h_t, out=m)
                m += b_m
                np.add(m, s_x[2 * d :], out=n)
            np.tanh(n, out=n)
            h_t *= u
            np.subtract(1, u, out=new)
            new *= n
            h_t += new
            if mask is not None:
                columns.hold(mask, t, (h_t, h[t - 1].T))
            h[t] = h_t.T
    gates, product = gates.swapaxes(1, 2), product.swapaxes(1, 2)
    return GRUTrace(x, gates, product, h, reset, mask, state_shape)


@finite_result("params", "trace", "d_output", "d_state")
def backward(params, trace, d_output, d_state=None) -> LayerGradients:
    """The adjoints of h and of the three pre-activations, from step T back to step 1.

    h_{t-1} is read by the interpolation, by both gates and by the candidate:

        g_{t-1} = dL/d(output) + u_t * g_t + W_hr^T delta_r + W_hu^T delta_u
                  + (r_t * W_hn^T delta_n, or W_hn^T (r_t * delta_n) in "after").

    Arguments as in `rnnlib.layers.cell`. Raises ValueError as `forward`, and for a
    trace or adjoints of other sizes.
    """
    cell.check_parameters(params, GRUParams, shapes)
    cell.check_trace(trace, GRUTrace, params)
    d_output = cell.check_adjoint("d_output", d_output, trace.output)
    g = cell.check_adjoint("d_state", d_state, trace.state)
    dtype = np.result_type(params.dtype, trace.gates, d_output, g)
    g = g.T.astype(dtype, order="C")
    T, B, d = trace.output.shape
    after = trace.reset == "after"
    W_hh_T = params.W_hh.T.astype(dtype, order="C" if B > 1 else "K")
    if not after:
        parts = W_hh_T[:, : 2 * d], W_hh_T[:, 2 * d :]
        to_gates, to_product = (W.copy("K") for W in parts)
    W_nru = np.concatenate([params.W_xh[2 * d :], params.W_xh[: 2 * d]])
    sums: Any = None  # until the first part of the steps
    d_x, back = columns.like_input(trace.x, dtype), np.empty_like(g)
    for steps in reversed(columns.parts(T, B)):
        by_n, by_u, by_r, kept, r, previous = _slopes(trace, steps)
        delta = np.empty((len(by_n), 4, d, B), dtype)  # dL/ds of n, r, u; dL/dm
        for t in range(steps.stop, steps.start, -1):
            k = t - 1 - steps.start
            delta_n, delta_r, delta_u, d_m = delta[k]
            g += d_output[t - 1].T
            np.multiply(g, by_u[k], out=delta_u)
            np.multiply(g, by_n[k], out=delta_n)
            g *= kept[k]
            if after:
                np.multiply(delta_n, r[k], out=d_m)
                np.multiply(delta_n, by_r[k], out=delta_r)
                np.dot(W_hh_T, delta[k, 1:].reshape(3 * d, B), out=back)
            else:
                d_m[...] = delta_n
                to_candidate = np.dot(to_product, delta_n)
                np.multiply(to_candidate, by_r[k], out=delta_r)
                np.dot(to_gates, delta[k, 1:3].reshape(2 * d, B), out=back)
                back += to_candidate * r[k]
            g += back
        delta = columns.joined(delta.reshape(-1, 4 * d, B)).T
        by_input = delta[:, : 3 * d]
        d_W_nru, d_x_part = columns.input_gradients(W_nru, trace.x[steps], by_input)
        before = rows(trace.h[steps])
        if after:
            d_W_hh = outer_sum(delta[:, d:], before)
        else:
            read = columns.joined(r * previous).T
            d_W_hh = np.concatenate(
                [outer_sum(delta[:, d : 3 * d], before), outer_sum(delta[:, :d], read)]
            )
        d_b = delta.sum(axis=0)
        d_W_xh = np.concatenate([d_W_nru[d:], d_W_nru[:d]])
        d_b_h = np.concatenate([d_b[d : 3 * d], d_b[:d]])
        terms = d_W_xh, d_W_hh, d_b_h, d_b[3 * d :]
        sums = columns.add_to(sums, terms)
        if d_x is not None:
            d_x[steps] = d_x_part.reshape(trace.x[steps].shape)
    return LayerGradients(GRUParams(*sums), cell.of_shape(g.T, trace.state_shape), d_x)


def _slopes(trace, steps):
    """What the adjoints of these steps are multiplied by, each (n, d_h, B).

    The slopes of h_t by s_n and s_u and of m_t by s_r (in "before" of r_t * h_{t-1} by
    s_r), dh_t/dh_{t-1} by the interpolation alone, r_t, and h_{t-1}.
    """
    previous = np.ascontiguousarray(trace.h[steps].swapaxes(1, 2))
    n, d, B = previous.shape
    gates = trace.gates[steps].swapaxes(1, 2).reshape(n, 3, d, B)
    r, u, n = gates.swapaxes(0, 1)
    read = trace.product[steps].swapaxes(1, 2) if trace.reset == "after" else previous
    opposite = 1 - u
    by_n = opposite * (1 - n * n)
    by_u = (previous - n) * (u * opposite)
    by_r = read * (r * (1 - r))
    if trace.mask is not None:  # a step that did not happen: h_t = h_{t-1}
        real = trace.mask[steps, None]
        by_n, by_u, u = by_n * real, by_u * real, np.where(real, u, 1)
    return by_n, by_u, by_r, u, r, previous
