"""What the gated cells are computed with: steps that are columns, in parts.

An array of a step is (d, B), as in the equations. So a block of its rows, such as one
gate, lies in one piece, and W_hh h is the quickest of the ways to form that product.
The arrays of all steps are (T, d, B); a trace shows them as (T, B, d), without a copy.
The steps are taken in parts that stay in the cache.

These functions take their arguments as they come; the cells check.
"""

import numpy as np

from rnnlib.layers import cell
from rnnlib.layers.cell import rows

COLUMNS = 512  # steps times sequences of a part, about


def parts(T, B):
    """Slices of consecutive steps, of which each has about `COLUMNS` columns."""
    n = max(1, COLUMNS // B)
    return [slice(start, min(start + n, T)) for start in range(0, T, n)]


def each_step(steps, archive, of_these):
    """t = 1, 2, ... of these steps, with their entries (n, B) of two arrays.

    ``archive`` has all steps, (T, n, B), ``of_these`` these alone, (n, steps, B).
    """
    numbers = range(steps.start + 1, steps.stop + 1)
    return zip(numbers, archive[steps], of_these.swapaxes(0, 1), strict=True)


def hold(mask, t, *pairs):
    """Where step t does not happen, each state (d, B) stays as the one before."""
    for state, before in pairs:
        np.copyto(state, before, where=~mask[t - 1])


def joined(a):
    """Steps and sequences in one axis: (T, d, B) to (d, T B)."""
    return a.swapaxes(0, 1).reshape(a.shape[1], -1)


def project_inputs(W_xh, x):
    """W_xh x_t with steps and sequences as columns, (d_h, T, B)."""
    projected = W_xh.take(x.ravel(), axis=1) if x.ndim == 2 else W_xh @ rows(x).T
    return projected.reshape(len(W_xh), *x.shape[:2])


def input_gradients(W_xh, x, delta):
    """`cell.input_gradients` of one part, from delta as rows (T B, n).

    Of few symbols the unit vectors are built: one product is quicker than sorting.
    """
    if x.ndim == 3 or W_xh.shape[1] > COLUMNS:
        return cell.input_gradients(W_xh, x, delta)
    units = np.zeros((x.size, W_xh.shape[1]), delta.dtype)
    units[np.arange(x.size), x.ravel()] = 1
    return cell.outer_sum(delta, units), None


def half_logistic(params, blocks, dtype):
    """W_xh, W_hh and b_h (a column) with the rows of some blocks of d_h rows halved.

    ``blocks`` has True for a logistic gate: sigma(s) = (1 + tanh(s / 2)) / 2, and half
    of s is exact.
    """
    factor = np.where(np.repeat(blocks, params.d_h), 0.5, 1)[:, None]
    factor = factor.astype(dtype)
    return params.W_xh * factor, params.W_hh * factor, params.b_h[:, None] * factor


def logistic_of_half(s):
    """sigma(2 s) = (1 + tanh(s)) / 2 from tanh(s), in place."""
    s *= 0.5
    s += 0.5


def dtype_of(params, x, *states):
    """The dtype of what a forward pass computes."""
    dense = [x] if x.ndim == 3 else []
    return np.result_type(params.dtype, *dense, *states)


def like_input(x, dtype):
    """Where dL/dx will be: None for integers."""
    return np.empty(x.shape, dtype) if x.ndim == 3 else None


def add_to(sums, terms):
    """The sums with these terms added in place; None is zero."""
    if sums is None:
        return terms
    for total, term in zip(sums, terms, strict=True):
        total += term
    return sums
