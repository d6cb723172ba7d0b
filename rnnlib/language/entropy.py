"""The entropy rate of a source, and the best prediction of its next symbol.

A source is unifilar when the state and the symbol determine the next state. Then the
entropy rate, in nats a symbol, is sum_s pi_s H(x | s). Otherwise it lies, for every n,
between H(x_n | x_1..x_{n-1}, first state) and H(x_n | x_1..x_{n-1}), and both bounds
approach it as n grows.

Sources: {cite}`shannon1948`; {cite}`cover2006`, 4.5.
"""

import numpy as np

from rnnlib.language.sources import check_source, stationary
from rnnlib.validate import check_count, check_indices

MOST = 2**22  # numbers that `entropy_rate_bounds` may hold at once


def entropy_rate(source):
    """sum_s pi_s H(x | s) of a unifilar source, in nats a symbol: exact.

    Raises ValueError for a source that is not unifilar; it has `entropy_rate_bounds`.
    """
    if not check_source(source).unifilar:
        raise ValueError(
            "source: expected a unifilar one, got symbols that leave several next "
            "states; see entropy_rate_bounds"
        )
    return float(stationary(source) @ _entropies(source.emissions))


def entropy_rate_bounds(source, n):
    """H(x_n | x_1..x_{n-1}, first state) <= rate <= H(x_n | x_1..x_{n-1}), in nats.

    All words that occur are enumerated. Raises ValueError for an n that is no positive
    integer, or more than 2^22 numbers at a time.
    """
    n = check_count("n", n)
    V, S, _ = check_source(source).edges.shape
    words = np.diag(stationary(source))[None]  # P(word, first state, present state)
    for _ in range(n - 1):
        if words.size * V > MOST:
            raise ValueError(f"n: expected at most {MOST} numbers at once, got n = {n}")
        words = np.einsum("wfs,xsr->wxfr", words, source.edges).reshape(-1, S, S)
        words = words[words.any(axis=(1, 2))]
    joint = words @ source.emissions  # P(word, first state, next symbol)

    def conditional(p):
        total = p.sum(axis=-1)
        seen = total > 0
        return float(total[seen] @ _entropies(p[seen] / total[seen, None]))

    return conditional(joint), conditional(joint.sum(axis=1))


def optimal_log_probabilities(source, indices):
    """log P(x_t = x | x_1, ..., x_{t-1}) for t = 1..n and every x, (n, V).

    The forward filter: b_1 = pi, and b_{t+1} is b_t edges[x_t], divided by its sum. No
    model that sees the symbols alone has a smaller expected cross-entropy. Raises
    ValueError for symbols out of range, or a sequence that the source cannot emit.
    """
    x = np.asarray(indices)
    if x.ndim != 1 or x.size == 0 or x.dtype.kind not in "iu":
        raise ValueError(f"indices: expected integers (n,), got {x.dtype} {x.shape}")
    check_indices("indices", x, len(check_source(source).symbols))
    belief = stationary(source)
    beliefs = np.empty((len(x), len(belief)))
    for t, symbol in enumerate(x):
        beliefs[t] = belief
        belief = belief @ source.edges[symbol]
        total = belief.sum()
        if total == 0:
            raise ValueError(
                "indices: expected a sequence that the source can emit, got an "
                f"impossible symbol at position {t}"
            )
        belief = belief / total
    with np.errstate(divide="ignore"):
        return np.log(beliefs @ source.emissions)


def _entropies(p):
    """-sum_x p_x log p_x along the last axis, with 0 log 0 = 0."""
    return -(p * np.log(np.where(p > 0, p, 1.0))).sum(axis=-1)
