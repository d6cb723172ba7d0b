"""The input term W_xh x_t of (1) for all steps at once, beside its gradients (11).

An integer input k stands for the k-th unit vector: its term is column k of W_xh, and
its gradient is added to that column. The unit vector itself is never built.
"""

import numpy as np


def project_inputs(W_xh, x):
    """W_xh x_t for every step and sequence, (T, B, d_h)."""
    return W_xh.T[x] if x.ndim == 2 else x @ W_xh.T


def rows(a):
    """Steps and sequences in one axis: (T, B, d) to (T B, d)."""
    return a.reshape(-1, a.shape[-1])


def outer_sum(delta, a):
    """Sum of delta_t a_t^T over steps and sequences, as one matrix product."""
    return rows(delta).T @ rows(a)


def input_gradients(W_xh, x, delta_s):
    """dL/dW_xh of (11), and dL/dx_t = W_xh^T delta_s_t (None for integer inputs)."""
    if x.ndim == 3:
        return outer_sum(delta_s, x), delta_s @ W_xh
    index = x.ravel()
    order = np.argsort(index, kind="stable")
    values, starts = np.unique(index[order], return_index=True)
    gradient = np.zeros(W_xh.shape, delta_s.dtype)
    gradient.T[values] = np.add.reduceat(rows(delta_s)[order], starts)
    return gradient, None
