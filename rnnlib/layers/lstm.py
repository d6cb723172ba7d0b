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

from numbers import Real
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
    held,
    hidden_states,
    hold,
    initial_state,
    input_gradients,
    input_size,
    of_shape,
    outer_sum,
    project_inputs,
    rows,
    state_size,
)
from rnnlib.validate import finite_result

LOGISTIC = ACTIVATIONS["logistic"]


class LSTMParams(NamedTuple):
    """``W_xh`` (4 d_h, d_x), ``W_hh`` (4 d_h, d_h) and ``b_h`` (4 d_h,)."""

    W_xh: np.ndarray
    W_hh: np.ndarray
    b_h: np.ndarray

    d_x = property(input_size)
    d_h = property(state_size)
    dtype = property(common_dtype)


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


class LSTMTrace(NamedTuple):
    """What the forward pass computed."""

    x: np.ndarray  # (T, B, d_x), or integers (T, B)
    gates: np.ndarray  # (T, B, 4 d_h)   i_t, f_t, n_t, o_t side by side
    c: np.ndarray  # (T+1, B, d_h)       c[t] is c_t
    h: np.ndarray  # (T+1, B, d_h)       h[t] is h_t
    mask: np.ndarray | None
    state_shape: State  # of the initial states as they were given

    output = property(hidden_states)

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
    W_xh, W_hh = draw_matrices(d_x, d_h, 4, rng, scale, dtype)
    if not (isinstance(forget_bias, Real) and np.isfinite(forget_bias)):
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
    T, B, h_0, h_shape = begin(params, LSTMParams, shapes, x, mask, h_0, "state.h")
    c_0, c_shape = initial_state("state.c", c_0, B, params)
    W_xh, W_hh, b_h = params
    gates = project_inputs(W_xh, x) + b_h  # all steps at once
    gates = gates.astype(np.result_type(gates, h_0, c_0, W_hh), copy=False)
    h = np.empty((T + 1, B, params.d_h), gates.dtype)
    c = np.empty_like(h)
    h[0], c[0] = h_0, c_0
    for t in range(1, T + 1):
        gates[t - 1] += h[t - 1] @ W_hh.T
        i, f, n, o = split(gates[t - 1], axis=-1)
        for gate in (i, f, o):
            LOGISTIC(gate, out=gate)
        np.tanh(n, out=n)
        c[t] = f * c[t - 1] + i * n
        h[t] = o * np.tanh(c[t])
        hold(mask, t, c, h)
    return LSTMTrace(x, gates, c, h, mask, State(h_shape, c_shape))


@finite_result("params", "trace", "d_output", "d_state")
def backward(params, trace, d_output, d_state=None) -> Gradients:
    """The adjoints of h, c and the pre-activations, from step T back to step 1.

    With g = dL/dh and e = dL/dc: c_t is read by h_t and by c_{t+1}, hence

        e_t = g_t * o_t * (1 - tanh(c_t)^2) + e_{t+1} * f_{t+1},

    each pre-activation receives e_t (the one of o_t receives g_t) times its own slope,
    and g_{t-1} = dL/d(output) + W_hh^T delta_t. Arguments as in `rnnlib.layers.cell`;
    ``d_state`` is a `State`.

    Raises ValueError as `forward`, and for a trace or adjoints of other sizes.
    """
    check_parameters(params, LSTMParams, shapes)
    check_trace(trace, LSTMTrace, params)
    d_output = check_adjoint("d_output", d_output, trace.output)
    g, e = _pair("d_state", d_state)
    g = check_adjoint("d_state.h", g, trace.state.h)
    e = check_adjoint("d_state.c", e, trace.state.c)
    mask = trace.mask
    i, f, n, o = split(trace.gates, axis=-1)
    tanh_c = np.tanh(trace.c[1:])
    by_c = o * (1 - tanh_c**2)  # dh_t/dc_t
    slopes = np.stack(  # of c_t (of h_t for o) by each pre-activation, (4, T, B, d_h)
        [n * i * (1 - i), trace.c[:-1] * f * (1 - f), i * (1 - n**2)]
        + [tanh_c * o * (1 - o)]
    )
    if mask is not None:  # a step that did not happen: c_t = c_{t-1}, h_t = h_{t-1}
        real = mask[..., None]
        by_c, slopes, f = by_c * real, slopes * real, np.where(real, f, 1)
    dtype = np.result_type(params.dtype, trace.gates, d_output, g, e)
    delta = np.empty(trace.gates.shape, dtype)
    for t in range(len(delta), 0, -1):
        g = g + d_output[t - 1]
        e = e + g * by_c[t - 1]
        for k, block in enumerate(split(delta[t - 1], axis=-1)):
            np.multiply(g if k == 3 else e, slopes[k, t - 1], out=block)
        kept = 0 if mask is None else g * held(mask, t)
        g = kept + delta[t - 1] @ params.W_hh
        e = e * f[t - 1]
    d_W_xh, d_x = input_gradients(params.W_xh, trace.x, delta)
    d_W_hh = outer_sum(delta, trace.h[:-1])
    d_params = LSTMParams(d_W_xh, d_W_hh, rows(delta).sum(axis=0))
    d_state = State(of_shape(g, trace.state_shape.h), of_shape(e, trace.state_shape.c))
    return Gradients(d_params, d_state, d_x)


def _pair(name, state):
    if state is None:
        return None, None
    if not (isinstance(state, tuple) and len(state) == 2):
        raise ValueError(f"{name}: expected a pair (h, c), got {type(state).__name__}")
    return state
