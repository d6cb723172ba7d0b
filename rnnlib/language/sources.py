"""Stationary sources of symbols: hidden Markov chains that emit on their edges.

A source has S states. In state s it emits the symbol x and moves to s' with probability
``edges[x, s, s']``; the sum over x and s' is one. It is stationary: the first state is
drawn from pi, the stationary distribution of the states.
"""

from bisect import bisect
from collections.abc import Hashable
from typing import NamedTuple

import numpy as np

from rnnlib.validate import check_array, check_count, check_rng, shape_error


class Source(NamedTuple):
    """``edges`` (V, S, S), and the names of the V symbols."""

    edges: np.ndarray
    symbols: tuple

    @property
    def unifilar(self):
        """True when a state and a symbol leave at most one next state."""
        return bool(((self.edges > 0).sum(axis=2) <= 1).all())

    @property
    def emissions(self):
        """P(x | s), (S, V)."""
        return self.edges.sum(axis=2).T


def make_source(edges, symbols=None):
    """A source from its ``edges`` (V, S, S); the symbols are numbers by default.

    Raises ValueError for a wrong shape, negative probabilities or rows whose sum is not
    one, for states with more than one stationary distribution, or symbols not distinct.
    """
    check_array("edges", edges)
    if edges.ndim != 3 or edges.shape[1] != edges.shape[2] or 0 in edges.shape:
        raise shape_error("edges", "(V, S, S)", edges.shape)
    if edges.dtype.kind != "f" or edges.min() < 0:
        raise ValueError("edges: expected probabilities, got a negative or complex one")
    with np.errstate(over="ignore"):
        check_rows("edges", edges.sum(axis=(0, 2)))
    edges = edges.astype(np.float64)
    if symbols is not None and not isinstance(symbols, (tuple, list, str)):
        kind = type(symbols).__name__
        raise ValueError(f"symbols: expected a sequence, got {kind}")
    symbols = tuple(range(len(edges)) if symbols is None else symbols)
    if not all(isinstance(s, Hashable) for s in symbols):
        raise ValueError(f"symbols: expected names, got {symbols}")
    if len(symbols) != len(edges) or len(set(symbols)) != len(symbols):
        raise ValueError(f"symbols: expected {len(edges)} distinct, got {symbols}")
    source = Source(edges, symbols)
    stationary(source)
    return source


def stationary(source):
    """pi (S,), with pi_{s'} = sum over x and s of pi_s edges[x, s, s'].

    Raises ValueError when there is more than one.
    """
    check_source(source)
    P = source.edges.sum(axis=0)
    S = len(P)
    u, sizes, _ = np.linalg.svd(P - np.eye(S))
    if S > 1 and sizes[-2] < 1e-12:
        raise ValueError(
            "edges: expected one stationary distribution, got several: the states fall "
            "apart"
        )
    return np.abs(u[:, -1]) / np.abs(u[:, -1]).sum()


def sample_path(source, n, rng):
    """n symbols, and the n states in which they were emitted; two integer arrays (n,).

    The first state is drawn from `stationary`. Raises ValueError for an n that is no
    positive integer, or an ``rng`` that is not a Generator.
    """
    n = check_count("n", n)
    check_rng(rng)
    check_source(source)
    choices = []  # of each state: cumulative probabilities, symbols, next states
    for s in range(source.edges.shape[1]):
        symbol, to = np.nonzero(source.edges[:, s])
        sums = source.edges[symbol, s, to].cumsum()
        choices.append(((sums[:-1] / sums[-1]).tolist(), symbol.tolist(), to.tolist()))
    state = int(rng.choice(source.edges.shape[1], p=stationary(source)))
    symbols, states = np.empty((2, n), np.int64)
    for t, u in enumerate(rng.random(n).tolist()):
        sums, x, r = choices[state]
        k = bisect(sums, u)
        symbols[t], states[t], state = x[k], state, r[k]
    return symbols, states


def sample_source(source, n, rng):
    """The symbols of `sample_path` alone."""
    return sample_path(source, n, rng)[0]


def check_source(source):
    """A `Source`, by its fields; otherwise ValueError."""
    if getattr(source, "_fields", None) != Source._fields:
        raise ValueError(f"source: expected a Source, got {type(source).__name__}")
    return source


def check_rows(name, sums):
    """Rows of probabilities that sum to one; otherwise ValueError."""
    if not np.abs(sums - 1).max() <= 1e-12:
        raise ValueError(f"{name}: expected rows that sum to one, got {sums}")
