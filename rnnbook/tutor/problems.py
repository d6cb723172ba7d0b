"""The small problems on which a reader's functions run: all sizes different, fixed."""

from typing import NamedTuple

import numpy as np

from rnnlib.parameters import Params, parameter_shapes


class Problem(NamedTuple):
    """A network, a batch of windows with their targets, and an initial state."""

    params: Params
    x: np.ndarray  # (T, B)
    y: np.ndarray  # (T, B)
    h_0: np.ndarray  # (B, d_h)


def problem(seed, *, T=6, B=3, V=5, d_h=4, scale=0.7) -> Problem:
    """Random and well-conditioned; the biases and the state are not zero."""
    rng = np.random.default_rng(seed)
    shapes = parameter_shapes(V, d_h, V)
    params = Params(*(scale * rng.standard_normal(shape) for shape in shapes))
    symbols = rng.integers(0, V, (T + 1, B))
    symbols[1:][symbols[1:] == symbols[:-1]] += 1  # a symbol and the next one differ
    symbols %= V
    return Problem(
        params, symbols[:-1], symbols[1:], 0.5 * rng.standard_normal((B, d_h))
    )


def plain():
    """Six steps, three sequences, five symbols, four units."""
    return problem(1)


def large_logits():
    """The same with logits near 800, which exp cannot take."""
    at = problem(2)
    return at._replace(params=at.params._replace(b_y=at.params.b_y + 800.0))


def unlike_rows():
    """Logits near +1000 in some rows and near -1000 in others, by the input symbol.

    The rows of one step differ, too. The softmax of every row is an ordinary one: the
    same number is added to all its logits.
    """
    at = problem(2)
    W_xh, W_hy = at.params.W_xh.copy(), at.params.W_hy.copy()
    W_xh[0] = [30.0, -30.0, 30.0, -30.0, 30.0]  # the first unit is 1 or -1
    W_hy[:, 0] += 1000.0
    return at._replace(params=at.params._replace(W_xh=W_xh, W_hy=W_hy))


def large_gradients():
    """Forty steps of eight sequences: gradients far beyond any usual threshold."""
    at = problem(3, T=40, B=8)
    return at._replace(params=at.params._replace(W_hy=3 * at.params.W_hy))


def very_large_gradients():
    """So large that a mean over steps and sequences passes the usual thresholds."""
    at = problem(4)
    return at._replace(params=at.params._replace(W_hy=60 * at.params.W_hy))


def square():
    """As many units as symbols: a forgotten transpose goes unnoticed by shapes."""
    return problem(4, V=5, d_h=5)
