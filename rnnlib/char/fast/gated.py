"""The training step of one LSTM or GRU layer with logits, in arrays made once.

The rows [1, h_{t-1}] stand side by side in one array, as in `fast.workspace`, with

    A = [W_xh^T; b_h; W_hh^T]   (V + 1 + d_h, n d_h)  for n gates,
    C = [b_y; W_hy^T]           (1 + d_h, V),

and the vector of all parameters is A, then C, then what else the cell has. What a cell
does from step to step is in `fast.lstm` and `fast.gru`.

A gate needs no call of its own: sigma(s) = 1 / (1 + exp(-s)), and the sign is folded
into a copy of the weights that is made once for each window.
"""

from typing import Any

import numpy as np

from rnnlib.char.fast.step import classes, cross_entropy_at, symbols
from rnnlib.validate import check_count

CHUNK = 2**15  # bytes of one block of the steps whose slopes are computed together


class GatedWorkspace:
    """The arrays that a training step of T steps and B sequences writes.

    Parameters
    ----------
    params : tree {"layer": ..., "W_hy": (V, d_h), "b_y": (V,)}
        Its sizes and its precision are read, not its numbers.
    T, B : int
        Steps of a window, and sequences side by side.

    Raises ValueError for sizes that are not positive integers.
    """

    gates: int  # n
    factor: tuple[float, ...]  # that of the weights of each gate in the copy

    def __init__(self, params, T, B=1):
        T, B = self.T, self.B = check_count("T", T), check_count("B", B)
        layer = params["layer"]
        V, d, dtype = layer.d_x, layer.d_h, layer.dtype
        self.d_x, self.d, self.K, self.dtype = V, d, V, dtype
        self.width = width = self.gates * d
        self.size = sum(a.size for a in layer) + (1 + d) * V
        self.gradient_flat = np.empty(self.size, dtype)
        self.dA, self.dC, self.rest = self.matrices(self.gradient_flat)

        self.one_h = np.zeros((T + 1, B, 1 + d), dtype)  # [1, h_{t-1}]
        self.one_h[..., 0] = 1
        self.h = self.one_h[..., 1:]
        flat_rows = self.one_h.reshape((T + 1) * B, 1 + d)
        self.read, self.out = flat_rows[: T * B], flat_rows[B:]
        self.d_W_xh_T = self.dA[:V]

        self.delta_z = np.empty((T, B, V), dtype)
        self.z = self.delta_z.reshape(T * B, V)
        self.entries_z = self.delta_z.reshape(-1)
        self.z_starts = np.arange(T * B) * V
        self.unit = np.ones(V, dtype)  # sums over the classes, as a product
        self.safe = 0.5 * np.log(np.finfo(dtype).max)  # |z| below: exp(z) is in range

        self.scale = np.repeat(np.array(self.factor, dtype), d)
        self.a = np.empty((T * B, width), dtype)  # W_xh x_t + b_h, scaled
        self.a_t = self.steps(self.a.reshape(T, B, width))
        self.d_output = np.empty((T, B, d), dtype)  # then g_t
        self.W_hh_T = np.empty((1 + d, width), dtype)  # scaled; row 0 is that of 1
        self.W_hh = np.empty((width, d) if B > 1 else 0, dtype)
        self.term = np.empty(width if B == 1 else (B, width), dtype)
        self.back = np.empty(d if B == 1 else (B, d), dtype)
        self.recur_back: Any = None
        self.rows_of_x = list(self.d_W_xh_T)  # one view for each symbol

    def steps(self, array):
        """One view for each step; that of a single sequence has no axis for it."""
        return list(array[:, 0] if self.B == 1 else array)

    def parts(self):
        """Slices of consecutive steps whose slopes fit into the cache together."""
        length = self.B * self.d * self.dtype.itemsize
        n = min(self.T, max(1, CHUNK // length))
        return [slice(k, min(k + n, self.T)) for k in range(0, self.T, n)]

    def matrices(self, vector):
        """A, C and the rest of a vector of parameters, as views."""
        split = (self.d_x + 1 + self.d) * self.width
        end = split + (1 + self.d) * self.d_x
        A = vector[:split].reshape(-1, self.width)
        return A, vector[split:end].reshape(-1, self.d_x), vector[end:]

    def loss_and_gradients(self, vector, x, y, state):
        """The loss of windows side by side, summed over steps, mean over windows.

        Parameters
        ----------
        vector : array (n,)
            All parameters.
        x, y : integer arrays (T, B) of symbols below V
        state : that of the cell, before the first step

        Returns
        -------
        loss : float, in nats
        gradient : array (n,), which the next call overwrites
        state : after the last step, views of this workspace

        Raises ValueError for symbols of another shape or out of range, and
        FloatingPointError when the loss is not finite.
        """
        loss, index = self._forward(vector, x, y, state)
        A, C, _ = self.matrices(vector)
        if self.B > 1:
            self.z *= 1 / self.B
        d = self.d
        np.matmul(self.z, C[1:].T, out=self.d_output.reshape(-1, d))
        self._set_recur_back(A[self.d_x + 1 :])
        self.backward(index)
        np.matmul(self.out.T, self.z, out=self.dC)
        return loss / self.B, self.gradient_flat, self.state()

    def loss(self, vector, x, y, state):
        """The loss of all windows, summed, and the state after the last step.

        Arguments and errors as `loss_and_gradients`.
        """
        return self._forward(vector, x, y, state)[0], self.state()

    def _forward(self, vector, x, y, state):
        """The summed loss, and the symbols in one axis; p - y is then in ``z``."""
        places, index = classes(self, y), symbols(self, x)
        A, C, rest = self.matrices(vector)
        self.begin(state)
        self._take(A[: self.d_x], A[self.d_x], index)
        self.forward(A[self.d_x + 1 :], rest)
        np.matmul(self.out, C, out=self.z)
        return cross_entropy_at(self, places), index

    def _take(self, W_xh_T, b_h, index):
        """Row x of W_xh^T for each step, plus the bias, scaled.

        The fewer rows are computed with: those of all symbols, or those of the steps.
        """
        if len(index) > len(W_xh_T):
            table = (W_xh_T + b_h) * self.scale
            table.take(index, axis=0, out=self.a, mode="clip")
            return
        W_xh_T.take(index, axis=0, out=self.a, mode="clip")
        self.a += b_h
        self.a *= self.scale

    def add_inputs(self, index, deltas):
        """Each delta_t is added to the row of its symbol in the gradient of W_xh^T.

        ``deltas`` has a row for each step and sequence. A product with unit vectors
        would take longer.
        """
        rows, add = self.rows_of_x, np.add
        self.d_W_xh_T[...] = 0
        for k, delta in zip(index.tolist(), deltas, strict=True):
            row = rows[k]
            add(row, delta, row)

    def recurrent(self, first=1):
        """h_{t-1} (or [1, h_{t-1}] for ``first`` = 0) times the scaled weights."""
        W = self.W_hh_T[first:]
        if self.B == 1:
            return W.T.dot
        return lambda h, out: np.matmul(h, W, out=out)

    def _set_recur_back(self, W_hh_T):
        """W_hh^T delta_t into a given array, as a function."""
        if self.B == 1:
            self.recur_back = W_hh_T.dot
            return
        W = self.W_hh
        np.copyto(W, W_hh_T.T)
        self.recur_back = lambda delta, out: np.matmul(delta, W, out=out)

    # What a cell defines

    def begin(self, state):
        """Write the state before the first step."""
        raise NotImplementedError

    def state(self):
        """The state after the last step."""
        raise NotImplementedError

    def forward(self, W_hh_T, rest):
        """All steps, from the scaled input terms."""
        raise NotImplementedError

    def backward(self, index):
        """The gradient of the layer, from what the logits send to each state.

        ``index`` has the symbols that were read, (T B,).
        """
        raise NotImplementedError
