"""The steps of `rnnlib.layers.lstm` in the arrays of a workspace.

Forward ten calls a step, backward five. One row of the archive holds i_t, f_t, n_t, o_t
and c_{t-1}, so that i_t * n_t and f_t * c_{t-1} are one call.
"""

import numpy as np

from rnnlib.char.fast.gated import GatedWorkspace
from rnnlib.layers.lstm import LSTMParams, State


class LSTMWorkspace(GatedWorkspace):
    """`GatedWorkspace` of an LSTM. Blocks of d_h entries in a row:

    values  i_t, f_t, n_t, o_t, c_{t-1}
    slopes  f_t, the slopes of c_t by the pre-activations of i, f, n,
            that of h_t by the one of o, and dh_t/dc_t
    delta   dL/dc_{t-1} by way of c_t, the adjoints of the pre-activations of i, f, n
            and o, and dL/dc_t by way of h_t
    """

    gates = 4
    factor = (-1, -1, -2, -1)  # tanh(s) = 2 sigma(2 s) - 1

    def __init__(self, params, T, B=1):
        super().__init__(params, T, B)
        d, dtype = self.d, self.dtype
        values = np.empty((T + 1, B, 5, d), dtype)
        self.c = values[:, :, 4]
        tanh_c, delta = np.empty((T, B, d), dtype), np.empty((T, B, 6, d), dtype)
        self.numerator = np.repeat(np.array([1, 1, 2, 1], dtype), d)
        self.product = np.empty((2, d) if B == 1 else (B, 2, d), dtype)
        self.deltas = delta.reshape(T * B, 6 * d)[:, d : 5 * d]
        h = self.steps(self.h)
        s = self.steps(values.reshape(T + 1, B, 5 * d)[..., : 4 * d])
        self.forward_steps = list(
            zip(
                *(h[:-1], self.a_t, s[:-1]),
                self.steps(values[:-1, :, 2]),
                self.steps(values[:-1, :, :2]),
                self.steps(values[:-1, :, 2:5:2]),
                self.steps(self.c[1:]),
                self.steps(tanh_c),
                self.steps(values[:-1, :, 3]),
                h[1:],
                strict=True,
            )
        )
        parts = self.parts()
        slopes = np.empty((parts[0].stop, B, 6, d), dtype)
        self.backward_parts = [
            (
                self._slope_views(values[p], tanh_c[p], slopes[: p.stop - p.start]),
                self._steps_back(p, slopes, delta),
            )
            for p in reversed(parts)
        ]

    def _slope_views(self, values, tanh_c, slopes):
        """What `_slopes` reads and writes, of one part of the steps."""
        i, f, n, o, before = np.moveaxis(values, 2, 0)
        by = np.moveaxis(slopes, 2, 0)
        squares, gates = slopes[:, :, 1:5], values[:, :, :4]
        return i, f, n, o, before, tanh_c, by, squares, gates

    def _steps_back(self, part, slopes, delta):
        """The views of the steps of one part, from the last to the first."""
        g, found = self.d_output, []
        single = self.B == 1
        for t in range(part.stop - 1, part.start - 1, -1):
            slope, d_t = slopes[t - part.start], delta[t]
            g_t = g[t, :, None]
            sent = d_t[:, 5]
            e = delta[t + 1, :, 0] if t + 1 < self.T else None
            s = delta.reshape(*delta.shape[:2], -1)[t, :, self.d : 5 * self.d]
            views = [
                *(g_t, slope[:, 4:], d_t[:, 4:], sent, e),
                *(slope[:, :4], d_t[:, :4], s, g[t - 1] if t else None),
            ]
            if single:
                views = [None if v is None else v[0] for v in views]
            found.append(tuple(views))
        return found

    def begin(self, state):
        h, c = state
        self.h[0], self.c[0] = h, c

    def state(self):
        return State(self.h[-1], self.c[-1])

    def forward(self, W_hh_T, rest):
        np.multiply(W_hh_T, self.scale, out=self.W_hh_T[1:])
        recur, term, product = self.recurrent(), self.term, self.product
        from_n, from_c = product[..., 0, :], product[..., 1, :]
        numerator, add, multiply = self.numerator, np.add, np.multiply
        exp, divide, subtract, tanh = np.exp, np.divide, np.subtract, np.tanh
        for h_before, a, s, n, i_f, n_c, c, tanh_c, o, h in self.forward_steps:
            recur(h_before, term)
            add(term, a, term)
            exp(term, term)
            add(term, 1, term)
            divide(numerator, term, s)
            subtract(n, 1, n)
            multiply(i_f, n_c, product)
            add(from_n, from_c, c)
            tanh(c, tanh_c)
            multiply(o, tanh_c, h)

    def backward(self, index):
        recur_back, back = self.recur_back, self.back
        add, multiply = np.add, np.multiply
        for views, steps in self.backward_parts:
            _slopes(*views)
            for g, by_h, from_h, sent, e, by_c, from_c, s, g_before in steps:
                multiply(g, by_h, from_h)
                e = sent if e is None else add(e, sent, e)
                multiply(e if e.ndim == 1 else e[:, None], by_c, from_c)
                if g_before is not None:
                    recur_back(s, back)
                    add(g_before, back, g_before)
        self.add_inputs(index, self.deltas)
        np.matmul(self.read.T, self.deltas, out=self.dA[self.d_x :])


def _slopes(i, f, n, o, before, tanh_c, by, squares, gates):
    """The slopes of some steps into ``by`` (6, steps, B, d_h)."""
    np.multiply(gates, gates, out=squares)
    np.copyto(by[0], f)
    for k, gate, factor in ((1, i, n), (2, f, before), (3, 1, i), (4, o, tanh_c)):
        np.subtract(gate, by[k], out=by[k])  # g - g^2, and 1 - n^2
        np.multiply(by[k], factor, out=by[k])
    np.multiply(tanh_c, tanh_c, out=by[5])
    np.subtract(1, by[5], out=by[5])
    np.multiply(by[5], o, out=by[5])


def views(vector, d_x, d_h):
    """The tree of an LSTM and its logits as views of the vector."""
    n, split = 4 * d_h, (d_x + 1 + d_h) * 4 * d_h
    A, C = vector[:split].reshape(-1, n), vector[split:].reshape(-1, d_x)
    layer = LSTMParams(A[:d_x].T, A[d_x + 1 :].T, A[d_x])
    return {"layer": layer, "W_hy": C[1:].T, "b_y": C[0]}
