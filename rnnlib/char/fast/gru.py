"""The steps of `rnnlib.layers.gru` (reset "after") in the arrays of a workspace.

Forward eleven calls a step, backward five. The bias b_m is a row of the weights that
multiply [1, h_{t-1}], so that m_t is a part of the product.
"""

import numpy as np

from rnnlib.char.fast.gated import GatedWorkspace
from rnnlib.layers.gru import GRUParams


class GRUWorkspace(GatedWorkspace):
    """`GatedWorkspace` of a GRU. Blocks of d_h entries in a row:

    values  r_t, u_t, m_t
    slopes  of h_t by s_n, of m_t by s_r, of h_t by s_u, r_t, u_t
    delta   the adjoints of s_n, s_r, s_u and of m_t, and dL/dh_{t-1} by way of h_t
    """

    gates = 3
    factor = (-1, -1, 1)

    def __init__(self, params, T, B=1):
        super().__init__(params, T, B)
        d, dtype = self.d, self.dtype
        self.d_W_xh_T = np.empty((self.d_x, 3 * d), dtype)  # of n, r and u
        self.rows_of_x = list(self.d_W_xh_T)
        values = np.empty((T, B, 3 * d), dtype)
        n, apart = np.empty((2, T, B, d), dtype)  # n_t, and h_{t-1} - n_t
        delta = np.empty((T, B, 5, d), dtype)
        self.deltas = delta.reshape(T * B, 5 * d)
        h, a = self.steps(self.h), self.a.reshape(T, B, 3 * d)
        self.forward_steps = list(
            zip(
                self.steps(self.one_h)[:-1],
                h[:-1],
                self.steps(a[..., : 2 * d]),
                self.steps(a[..., 2 * d :]),
                self.steps(values),
                self.steps(values[..., : 2 * d]),
                self.steps(values[..., :d]),
                self.steps(values[..., d : 2 * d]),
                self.steps(values[..., 2 * d :]),
                self.steps(n),
                self.steps(apart),
                h[1:],
                strict=True,
            )
        )
        parts = self.parts()
        slopes = np.empty((parts[0].stop, B, 5, d), dtype)
        self.backward_parts = [
            (
                (values[p].reshape(-1, B, 3, d), n[p], apart[p], self._some(slopes, p)),
                self._steps_back(p, slopes, delta),
            )
            for p in reversed(parts)
        ]

    @staticmethod
    def _some(slopes, part):
        return slopes[: part.stop - part.start]

    def _steps_back(self, part, slopes, delta):
        """The views of the steps of one part, from the last to the first."""
        g, found, d = self.d_output, [], self.d
        flat = delta.reshape(*delta.shape[:2], -1)
        for t in range(part.stop - 1, part.start - 1, -1):
            slope, d_t = slopes[t - part.start], delta[t]
            views = [
                *(g[t, :, None], slope[:, 0:5:2], d_t[:, 0:5:2]),
                *(d_t[:, 0:1], slope[:, 1:4:2], d_t[:, 1:4:2]),
                *(flat[t, :, d : 4 * d], d_t[:, 4], g[t - 1] if t else None),
            ]
            if self.B == 1:
                views = [None if v is None else v[0] for v in views]
            found.append(tuple(views))
        return found

    def begin(self, state):
        self.h[0] = state

    def state(self):
        return self.h[-1]

    def forward(self, W_hh_T, rest):
        d = self.d
        self.W_hh_T[0, : 2 * d], self.W_hh_T[0, 2 * d :] = 0, rest
        np.multiply(W_hh_T, self.scale, out=self.W_hh_T[1:])
        recur = self.recurrent(first=0)
        add, multiply, subtract = np.add, np.multiply, np.subtract
        exp, reciprocal, tanh = np.exp, np.reciprocal, np.tanh
        for one_h, before, a, a_n, s, r_u, r, u, m, n, apart, h in self.forward_steps:
            recur(one_h, s)
            add(r_u, a, r_u)
            exp(r_u, r_u)
            add(r_u, 1, r_u)
            reciprocal(r_u, r_u)
            multiply(r, m, n)
            add(n, a_n, n)
            tanh(n, n)
            subtract(before, n, apart)
            multiply(u, apart, h)
            add(h, n, h)

    def backward(self, index):
        recur_back, back, d = self.recur_back, self.back, self.d
        add, multiply = np.add, np.multiply
        for views, steps in self.backward_parts:
            _slopes(*views)
            for g, by_h, from_h, d_n, by_n, from_n, s, kept, g_before in steps:
                multiply(g, by_h, from_h)
                multiply(d_n, by_n, from_n)
                if g_before is not None:
                    recur_back(s, back)
                    add(back, kept, back)
                    add(g_before, back, g_before)
        delta, dA, V = self.deltas, self.dA, self.d_x
        self.add_inputs(index, delta[:, : 3 * d])
        dA[:V, 2 * d :] = self.d_W_xh_T[:, :d]
        dA[:V, : 2 * d] = self.d_W_xh_T[:, d:]
        np.matmul(self.read.T, delta[:, d : 4 * d], out=dA[V:])
        self.rest[...] = dA[V, 2 * d :]
        np.matmul(self.read[:, 0], delta[:, :d], out=dA[V, 2 * d :])


def _slopes(values, n, apart, slopes):
    """The slopes of some steps into ``slopes`` (steps, B, 5, d_h)."""
    by_n, by_r, by_u, r, u = np.moveaxis(slopes, 2, 0)
    gates = values[:, :, :2]
    np.copyto(slopes[:, :, 3:], gates)
    np.multiply(gates, gates, out=slopes[:, :, 1:3])
    np.subtract(gates, slopes[:, :, 1:3], out=slopes[:, :, 1:3])
    np.multiply(n, n, out=by_n)
    np.subtract(1, by_n, out=by_n)
    by_n *= 1 - u
    by_r *= values[:, :, 2]
    by_u *= apart


def views(vector, d_x, d_h):
    """The tree of a GRU and its logits as views of the vector."""
    n, split = 3 * d_h, (d_x + 1 + d_h) * 3 * d_h
    A, C = vector[:split].reshape(-1, n), vector[split:-d_h].reshape(-1, d_x)
    layer = GRUParams(A[:d_x].T, A[d_x + 1 :].T, A[d_x], vector[-d_h:])
    return {"layer": layer, "W_hy": C[1:].T, "b_y": C[0]}
