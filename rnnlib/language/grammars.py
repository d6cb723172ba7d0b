"""Sources to try models on: any hidden Markov chain, and three named ones.

Source of the grammars: {cite}`reber1967`; embedded, {cite}`hochreiter1997`.
"""

import numpy as np

from rnnlib.language.sources import check_rows, make_source
from rnnlib.validate import check_array, is_finite, shape_error

REBER = [  # state, symbol, next state; both choices of a state are equally likely
    *((0, "B", 1), (1, "T", 2), (1, "P", 3), (2, "S", 2), (2, "X", 4), (3, "T", 3)),
    *((3, "V", 5), (4, "X", 3), (4, "S", 6), (5, "P", 4), (5, "V", 6), (6, "E", 7)),
]


def hidden_markov(transitions, emissions, symbols=None):
    """In state s emit x with ``emissions[s, x]``, move with ``transitions[s, s']``.

    transitions (S, S), emissions (S, V). Errors as `make_source`.
    """
    check_array("transitions", transitions)
    check_array("emissions", emissions)
    if transitions.ndim != 2 or transitions.shape[0] != transitions.shape[1]:
        raise shape_error("transitions", "(S, S)", transitions.shape)
    if emissions.ndim != 2 or len(emissions) != len(transitions):
        raise shape_error("emissions", f"({len(transitions)}, V)", emissions.shape)
    for name, rows in (("transitions", transitions), ("emissions", emissions)):
        if rows.dtype.kind == "c":
            raise ValueError(f"{name}: expected probabilities, got {rows.dtype}")
        with np.errstate(over="ignore"):
            check_rows(name, rows.sum(axis=1))
    return make_source(emissions.T[:, :, None] * transitions, symbols)


def even_process(p=0.5):
    """Blocks of 1s of even length between 0s; after each pair a 0 has probability p."""
    if not (is_finite(p) and 0 <= p <= 1):
        raise ValueError(f"p: expected a number in [0, 1], got {p!r}")
    edges = [[[p, 0.0], [0.0, 0.0]], [[0.0, 1 - p], [1.0, 0.0]]]
    return make_source(np.array(edges, float))


def reber():
    """Strings of the Reber grammar, one after the other, without end."""
    return _from_edges([(s, x, r % 7) for s, x, r in REBER])


def embedded_reber():
    """B, T or P, a Reber string, the same T or P again, and E; without end.

    The second T or P is told by the first one, six symbols or more before.
    """
    edges = [(0, "B", 1), (1, "T", 5), (1, "P", 12), (4, "E", 0)]
    for first, last, x in ((5, 2, "T"), (12, 3, "P")):
        inner = [(s + first, y, r + first if r < 7 else last) for s, y, r in REBER]
        edges += [*inner, (last, x, 4)]
    return _from_edges(edges)


def _from_edges(edges):
    symbols = tuple(sorted({x for _, x, _ in edges}))
    S = 1 + max(s for s, _, _ in edges)
    array = np.zeros((len(symbols), S, S))
    for s, x, r in edges:
        array[symbols.index(x), s, r] = 1 / sum(s == other for other, _, _ in edges)
    return make_source(array, symbols)
