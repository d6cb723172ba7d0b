"""Adagrad and the limit of entries for one vector, bit for bit as the readable ones.

A vector (`rnnlib.char.vector`) is updated part by part, so that a part stays in the
cache from the first of the seven calls to the last. Trees of several arrays are handed
to the readable functions.
"""

import numpy as np

from rnnlib import optimisers
from rnnlib.clipping import clip_by_value
from rnnlib.optimisers import Optimiser, State
from rnnlib.validate import all_finite, is_array

PART = 2**18  # bytes of a part of one vector


def limited(g, threshold):
    """Every entry limited to [-tau, tau]; a vector, which must be finite, in place.

    Errors as `rnnlib.clip_by_value`, but for a vector: the loop of training has found
    its norm finite.
    """
    if not is_array(g):
        return clip_by_value(g, threshold)
    return np.clip(g, -threshold, threshold, out=g)


def adagrad(learning_rate, *, eps=1e-10):
    """`rnnlib.optimisers.adagrad` without weight decay, for eps above 0.

    The gradient of a vector must be finite, as the loop of training has found it.
    Errors as that function. Source: {cite}`duchi2011`.
    """
    readable = optimisers.adagrad(learning_rate, eps=eps)

    def update(v, g, state):
        r = state.memory["squares"]
        if not (is_array(v) and v.shape == np.shape(g) == np.shape(r)):
            return readable.update(v, g, state)
        n = int(state.step) + 1
        eta = learning_rate(n) if callable(learning_rate) else learning_rate
        moved, squares = np.empty_like(v), np.empty_like(r)
        with np.errstate(all="ignore"):
            _update(v, g, r, eta, eps, moved, squares)
        if not (all_finite(moved) and all_finite(squares)):
            return readable.update(v, g, state)  # which says what is not finite
        return moved, State(np.array(n), {"squares": squares})

    return Optimiser(readable.init_state, update)


def _update(v, g, r, eta, eps, moved, squares):
    """r + g^2 into ``squares``, v - eta g / (sqrt(r + g^2) + eps) into ``moved``."""
    length = PART // v.itemsize
    buffer = np.empty(min(length, v.size), v.dtype)
    for start in range(0, v.size, length):
        part = slice(start, start + length)
        g_part, r_part = g[part], squares[part]
        step = buffer[: g_part.size]
        np.multiply(g_part, g_part, out=r_part)
        np.add(r_part, r[part], out=r_part)
        np.sqrt(r_part, out=step)
        np.add(step, eps, out=step)
        np.divide(g_part, step, out=step)
        np.multiply(step, eta, out=step)
        np.subtract(v[part], step, out=moved[part])
