"""Adagrad and the limit of entries as the readable functions have them, bit for bit.

They take vectors (`rnnlib.char.vector`) as they come from the loop of training, which
has found the gradient finite. The vectors are updated part by part: a part stays in the
cache from the first of the seven calls to the last.
"""

import numpy as np

from rnnlib import optimisers
from rnnlib.optimisers import Optimiser, State
from rnnlib.validate import all_finite

PART = 2**16  # bytes of one vector


def limited(g, threshold):
    """Every entry of the vector g limited to [-tau, tau], in place."""
    return np.clip(g, -threshold, threshold, out=g)


def adagrad(learning_rate, *, eps=1e-10):
    """`rnnlib.optimisers.adagrad` for one vector, eps above 0 and no weight decay.

    Raises FloatingPointError in ``update`` as that does.
    """
    readable = optimisers.adagrad(learning_rate, eps=eps)

    def update(v, g, state):
        n, r = int(state.step) + 1, state.memory["squares"]
        eta = learning_rate(n) if callable(learning_rate) else learning_rate
        moved, squares = np.empty_like(v), np.empty_like(r)
        length = PART // v.itemsize
        buffer = np.empty(min(length, v.size), v.dtype)
        with np.errstate(all="ignore"):
            for start in range(0, v.size, length):
                part = slice(start, start + length)
                g_part, r_part, v_part = g[part], squares[part], moved[part]
                step = buffer[: g_part.size]
                np.multiply(g_part, g_part, out=r_part)
                np.add(r_part, r[part], out=r_part)
                np.sqrt(r_part, out=step)
                np.add(step, eps, out=step)
                np.divide(g_part, step, out=step)
                np.multiply(step, eta, out=step)
                np.subtract(v[part], step, out=v_part)
        if not (all_finite(moved) and all_finite(squares)):
            return readable.update(v, g, state)  # which says what is not finite
        return moved, State(np.array(n), {"squares": squares})

    return Optimiser(readable.init_state, update)
