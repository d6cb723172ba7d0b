"""The arrays of the fast path: parameters and gradient in one vector each.

The rows [x_t, 1, h_{t-1}] of one array make s_t a single product, and so is z_t:

    s_t^T = [x_t, 1, h_{t-1}] A,   A = [W_xh^T; b_h; W_hh^T]   (d_x + 1 + d_h, d_h)
    z_t^T = [1, h_t] C,            C = [b_y; W_hy^T]           (1 + d_h, K)

Row t + 1 of that array holds 1 and h_t side by side. So the gradients are two matrix
products, biases included. The vector of all parameters is A, then C, row by row.
"""

import numpy as np

from rnnlib.layers.cell import initial_state
from rnnlib.parameters import Params, check_params, count_parameters
from rnnlib.validate import check_count, check_flag


class Workspace:
    """The parameters, and every array that a training step of T steps and B sequences
    writes.

    Parameters
    ----------
    params : Params
        Real, float32 or float64. They are copied.
    T, B : int
        Steps of a window, and sequences side by side.
    dense : bool
        Inputs are rows (T, B, d_x); by default they are integers (T, B).
    h_0 : array (B, d_h) or (d_h,), optional
        The first state; zero by default.

    Attributes
    ----------
    flat, gradient_flat : array (n,)
        All parameters, and the gradient of the last step.
    params, gradient : Params
        Views of the two: they change with them. The matrices are transposed views.
    h : array (T + 1, B, d_h), h[t] is h_t; write h[0] to set the initial state
    delta_z : array (T, B, K), logits after `forward`, then dL/dz
    delta_s : array (T, B, d_h), dL/ds after the backward pass

    Raises
    ------
    ValueError
        For parameters that are not finite, real and of agreeing shapes, sizes that are
        not positive integers, or a bad initial state.
    """

    def __init__(self, params, T, B=1, *, dense=False, h_0=None):
        check_params(params)
        if params.dtype.kind != "f":
            raise ValueError(f"params: expected real numbers, got {params.dtype}")
        self.T, self.B = check_count("T", T), check_count("B", B)
        self.dense = check_flag("dense", dense)
        d_x, d_h, K, dtype = params.d_x, params.d_h, params.K, params.dtype
        self.d_x, self.d_h, self.K, self.dtype = d_x, d_h, K, dtype
        size = count_parameters(params)
        self.flat, self.gradient_flat = np.empty((2, size), dtype)
        self.scratch = np.empty(size, dtype)
        self.A, self.C = _matrices(self.flat, d_x, d_h, K)
        self.dA, self.dC = _matrices(self.gradient_flat, d_x, d_h, K)
        self.params = views(self.flat, d_x, d_h, K)
        self.gradient = views(self.gradient_flat, d_x, d_h, K)
        self.set_params(params)
        self.gradient_flat[:] = 0

        rows = np.zeros((T + 1, B, d_x + 1 + d_h), dtype)  # [x_t, 1, h_{t-1}]
        rows[..., d_x] = 1
        self.x, self.h = rows[:T, :, :d_x], rows[..., d_x + 1 :]
        self.h[0] = initial_state("h_0", h_0, B, params)[0]
        self.delta_z = np.empty((T, B, K), dtype)
        self.delta_s = np.empty((T, B, d_h), dtype)
        self.products = np.empty((T, B, d_h), dtype)  # W_xh x_t + b_h, then phi'

        # The same memory, steps and sequences in one axis, as the products want it.
        flat_rows = rows.reshape((T + 1) * B, -1)
        self.read = flat_rows[: T * B]  # [x_t, 1, h_{t-1}] for t = 1..T
        self.out = flat_rows[B:, d_x:]  # [1, h_t] for t = 1..T
        self.entries = rows.reshape(-1)
        self.row_starts = np.arange(T * B) * rows.shape[-1]
        self.ones = self.row_starts[:0]  # where the entries of x are 1
        self.z = self.delta_z.reshape(T * B, K)
        self.entries_z = self.delta_z.reshape(-1)
        self.z_starts = np.arange(T * B) * K
        self.unit = np.ones(K, dtype)  # sums over the classes, as a product
        self.safe = 0.5 * np.log(np.finfo(dtype).max)  # |z| below: exp(z) is in range
        self.g = self.delta_s.reshape(T * B, d_h)
        self.a = self.products.reshape(T * B, d_h)

        # One view for each step, made once; a single sequence has vectors.
        def steps(array):
            return list(array[:, 0] if B == 1 else array)

        self.h_t, self.a_t = steps(self.h), steps(self.products)
        self.g_t = steps(self.delta_s)
        self.forward_steps = list(
            zip(self.h_t[:-1], self.a_t, self.h_t[1:], strict=True)
        )
        backward = zip(self.g_t[1:], self.a_t[1:], self.g_t[:-1], strict=True)
        self.backward_steps = list(backward)[::-1]
        self.term = np.empty(d_h if B == 1 else (B, d_h), dtype)
        self.recur, self.recur_back = self._recurrent_products()

    def _recurrent_products(self):
        """W_hh h and W_hh^T delta_s into a given array, as functions.

        For a vector the method of the matrix is the quickest call. Rows of several
        sequences are quickest with matrices that are not transposed in memory: the
        backward pass copies W_hh into ``self.W_hh`` first.
        """
        W_hh_T = self.A[self.d_x + 1 :]
        if self.B == 1:
            return W_hh_T.T.dot, W_hh_T.dot
        self.W_hh = np.empty((self.d_h, self.d_h), self.dtype)
        return (
            lambda h, out: np.matmul(h, W_hh_T, out=out),
            lambda delta_s, out: np.matmul(delta_s, self.W_hh, out=out),
        )

    def set_params(self, params):
        """Copy parameters of the same shapes in; ValueError for others."""
        check_params(params)
        for name, ours, new in zip(Params._fields, self.params, params, strict=True):
            if ours.shape != new.shape or ours.dtype != new.dtype:
                raise ValueError(
                    f"{name}: expected {ours.shape} {ours.dtype}, "
                    f"got {new.shape} {new.dtype}"
                )
            ours[...] = new

    def copy_params(self):
        """The parameters as arrays of their own, which later steps leave alone."""
        return Params(*(np.array(array, order="C") for array in self.params))

    def carry(self):
        """h_T becomes the initial state of the next window."""
        self.h[0] = self.h[-1]

    def reset(self):
        """The initial state is zero, as at the beginning of a text."""
        self.h[0] = 0


def check_work(work):
    """A `Workspace`, and nothing else."""
    if not isinstance(work, Workspace):
        raise ValueError(f"work: expected a Workspace, got {type(work).__name__}")
    return work


def _matrices(flat, d_x, d_h, K):
    """A and C as views of the vector."""
    split = (d_x + 1 + d_h) * d_h
    return flat[:split].reshape(-1, d_h), flat[split:].reshape(-1, K)


def views(flat, d_x, d_h, K):
    """The five parameters as views of the vector."""
    A, C = _matrices(flat, d_x, d_h, K)
    return Params(A[:d_x].T, A[d_x + 1 :].T, A[d_x], C[1:].T, C[0])
