"""The LSTM without peepholes: forward pass and hand-derived backward pass.

With sigma the logistic function, n_t for the candidate ("new") and * entrywise:

    i_t = sigma(W_xi x_t + W_hi h_{t-1} + b_i)     input gate
    f_t = sigma(W_xf x_t + W_hf h_{t-1} + b_f)     forget gate
    n_t = tanh(W_xn x_t + W_hn h_{t-1} + b_n)      candidate
    o_t = sigma(W_xo x_t + W_ho h_{t-1} + b_o)     output gate
    c_t = f_t * c_{t-1} + i_t * n_t                cell state
    h_t = o_t * tanh(c_t)                          hidden state

The four matrices stand on top of each other, in the order i, f, n, o: ``W_xh`` is
(4 d_h, d_x), ``W_hh`` (4 d_h, d_h) and ``b_h`` (4 d_h,). `Gates` takes them apart.
"""

from typing import Any, NamedTuple

import numpy as np

from rnnlib.layers import cell, columns
from rnnlib.layers.cell import LayerGradients, outer_sum, rows
from rnnlib.validate import finite_result, is_finite

LOGISTIC = (True, True, False, True)  # of i, f, n, o


@cell.with_sizes
class LSTMParams(NamedTuple):
    """``W_xh`` (4 d_h, d_x), ``W_hh`` (4 d_h, d_h) and ``b_h`` (4 d_h,)."""

    W_xh: np.ndarray
    W_hh: np.ndarray
    b_h: np.ndarray


class Gates(NamedTuple):
    """One array for each of the four: gate values, biases or blocks of rows."""

    i: np.ndarray
    f: np.ndarray
    n: np.ndarray
    o: np.ndarray


class State(NamedTuple):
    """What an LSTM carries on: h_t and c_t, each (B, d_h), or (d_h,) as a start."""

    h: np.ndarray
    c: np.ndarray


@cell.with_outputs
class LSTMTrace(NamedTuple):
    """What the forward pass computed."""

    x: np.ndarray  # (T, B, d_x), or integers (T, B)
    gates: np.ndarray  # (T, B, 4 d_h)   i_t, f_t, n_t, o_t side by side
    c: np.ndarray  # (T+1, B, d_h)       c[t] is c_t
    h: np.ndarray  # (T+1, B, d_h)       h[t] is h_t
    mask: np.ndarray | None
    state_shape: State  # of the initial states as they were given

    @property
    def state(self):
        """h_T and c_T."""
        return State(self.h[-1], self.c[-1])


def shapes(d_x, d_h):
    """The shape of each parameter."""
    return LSTMParams._make([(4 * d_h, d_x), (4 * d_h, d_h), (4 * d_h,)])


def split(rows_, axis=0):
    """The `Gates` of an array whose ``axis`` holds i, f, n, o; views, not copies."""
    return Gates(*np.split(rows_, 4, axis=axis))


def init_params(d_x, d_h, *, rng, scale=None, forget_bias=1.0, dtype=np.float64):
    """Normal matrices, and zero biases but for that of the forget gate.

    A forget bias of 1 starts f near 0.73, one of 0 at 0.5. Other arguments and errors
    are those of `rnnlib.init_params`.

    Source: {cite}`jozefowicz2015` for the bias.
    """
    W_xh, W_hh = cell.draw_matrices(d_x, d_h, 4, rng, scale, dtype)
    if not is_finite(forget_bias):
        raise ValueError(f"forget_bias: expected a finite number, got {forget_bias!r}")
    b_h = np.zeros(4 * d_h, dtype)
    split(b_h).f[:] = forget_bias
    return LSTMParams(W_xh, W_hh, b_h)


@finite_result("params", "x", "state")
def forward(params, x, *, state=None, mask=None) -> LSTMTrace:
    """Run the layer over T steps; arguments as in `rnnlib.layers.cell`.

    ``state`` is a `State`, or a pair (h, c).

    Raises ValueError for a wrong shape, dtype or index, or a number that is not finite.

    Source: {cite}`hochreiter1997`; the forget gate is that of {cite}`gers2000`.
    """
    h_0, c_0 = _pair("state", state)
    T, B, h_0, h_shape = cell.begin(params, LSTMParams, shapes, x, mask, h_0, "state.h")
    c_0, c_shape = cell.initial_state("state.c", c_0, B, params)
    d, dtype = params.d_h, columns.dtype_of(params, x, h_0, c_0)
    W_xh, W_hh, b_h = columns.half_logistic(params, LOGISTIC, dtype)
    gates, c = np.empty((T, 4 * d, B), dtype), np.empty((T + 1, d, B), dtype)
    h = np.empty((T + 1, B, d), dtype)
    h[0], c.swapaxes(1, 2)[0] = h_0, c_0
    h_t, new = h[0].T.copy("C"), np.empty_like(c[0])
    for steps in columns.parts(T, B):
        from_input = columns.project_inputs(W_xh, x[steps])
        from_input += b_h[..., None]
        for t, s, s_x in columns.each_step(steps, gates, from_input):
            np.dot(W_hh, h_t, out=s)
            s += s_x
            np.tanh(s, out=s)
            i, f, n, o = s.reshape(4, d, B)
            columns.logistic_of_half(s[: 2 * d])  # i and f
            columns.logistic_of_half(o)
            c_t = np.multiply(f, c[t - 1], out=c[t])
            np.multiply(i, n, out=new)
            c_t += new
            np.tanh(c_t, out=h_t)
            h_t *= o
            if mask is not None:
                columns.hold(mask, t, (c_t, c[t - 1]), (h_t, h[t - 1].T))
            h[t] = h_t.T
    gates, c = gates.swapaxes(1, 2), c.swapaxes(1, 2)
    return LSTMTrace(x, gates, c, h, mask, State(h_shape, c_shape))


@finite_result("params", "trace", "d_output", "d_state")
def backward(params, trace, d_output, d_state=None) -> LayerGradients:
    """The adjoints of h, c and the pre-activations, from step T back to step 1.

    With g = dL/dh and e = dL/dc: c_t is read by h_t and by c_{t+1}, hence

        e_t = g_t * o_t * (1 - tanh(c_t)^2) + e_{t+1} * f_{t+1},

    each pre-activation receives e_t (the one of o_t receives g_t) times its own slope,
    and g_{t-1} = dL/d(output) + W_hh^T delta_t. Arguments as in `rnnlib.layers.cell`;
    ``d_state`` is a `State`.

    Raises ValueError as `forward`, and for a trace or adjoints of other sizes.
    """
    cell.check_parameters(params, LSTMParams, shapes)
    cell.check_trace(trace, LSTMTrace, params)
    d_output = cell.check_adjoint("d_output", d_output, trace.output)
    g, e = _pair("d_state", d_state)
    g = cell.check_adjoint("d_state.h", g, trace.state.h)
    e = cell.check_adjoint("d_state.c", e, trace.state.c)
    dtype = np.result_type(params.dtype, trace.gates, d_output, g, e)
    g, e = (a.T.astype(dtype, order="C") for a in (g, e))
    T, B, d = trace.output.shape
    W_hh_T = np.array(params.W_hh.T, dtype, order="C" if B > 1 else "A")
    gates, c = trace.gates.swapaxes(1, 2), trace.c.swapaxes(1, 2)
    sums: Any = None  # until the first part of the steps
    d_x = columns.like_input(trace.x, dtype)
    term, back = np.empty((2, *g.shape), dtype)
    for steps in reversed(columns.parts(T, B)):
        by_c, slopes, kept = _slopes(gates, c, steps, trace.mask)
        delta = np.empty(slopes.shape, dtype)
        for t in range(steps.stop, steps.start, -1):
            k = t - 1 - steps.start
            g += d_output[t - 1].T
            np.multiply(g, by_c[k], out=term)
            e += term
            np.multiply(e, slopes[k, :3], out=delta[k, :3])
            np.multiply(g, slopes[k, 3], out=delta[k, 3])
            np.dot(W_hh_T, delta[k].reshape(4 * d, B), out=back)
            if trace.mask is not None:  # a step that did not happen passes g on
                back += g * ~trace.mask[t - 1]
            g, back = back, g
            e *= kept[k]
        delta = columns.joined(delta.reshape(-1, 4 * d, B)).T
        d_W_xh, d_x_part = columns.input_gradients(params.W_xh, trace.x[steps], delta)
        d_W_hh = outer_sum(delta, rows(trace.h[steps]))
        sums = columns.add_to(sums, (d_W_xh, d_W_hh, delta.sum(axis=0)))
        if d_x is not None:
            d_x[steps] = d_x_part.reshape(trace.x[steps].shape)
    h_shape, c_shape = trace.state_shape
    d_state = State(cell.of_shape(g.T, h_shape), cell.of_shape(e.T, c_shape))
    return LayerGradients(LSTMParams(*sums), d_state, d_x)


def _slopes(gates, c, steps, mask):
    """What the adjoints of these steps are multiplied by, from step to step.

    Returns dh_t/dc_t (n, d_h, B), the slope of c_t (of h_t for o) by each
    pre-activation (n, 4, d_h, B), and dc_t/dc_{t-1}.
    """
    gates = gates[steps].reshape(steps.stop - steps.start, 4, *c.shape[1:])
    i, f, n, o = gates.swapaxes(0, 1)
    tanh_c = np.tanh(c[steps.start + 1 : steps.stop + 1])
    slopes = gates * gates
    np.subtract(gates[:, :2], slopes[:, :2], out=slopes[:, :2])  # i - i^2, f - f^2
    np.subtract(1, slopes[:, 2], out=slopes[:, 2])  # 1 - n^2
    np.subtract(o, slopes[:, 3], out=slopes[:, 3])
    for k, factor in enumerate((n, c[steps], i, tanh_c)):
        slopes[:, k] *= factor
    by_c = o * (1 - tanh_c * tanh_c)
    if mask is not None:  # a step that did not happen: c_t = c_{t-1}, h_t = h_{t-1}
        real = mask[steps, None]
        by_c, slopes, f = by_c * real, slopes * real[:, None], np.where(real, f, 1)
    return by_c, slopes, f


def _pair(name, state):
    if state is None:
        return None, None
    if not (isinstance(state, tuple) and len(state) == 2):
        raise ValueError(f"{name}: expected a pair (h, c), got {type(state).__name__}")
    return state
