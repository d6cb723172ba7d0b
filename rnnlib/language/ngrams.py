"""N-gram models: Markov models of order tau whose probabilities come from counts.

With c the last tau symbols, n(c, x) the number of times that x followed c, and n(c) the
sum over x, every smoothing here is an interpolation with the model of one order less,

    p(x | c) = (m(c, x) + e(c) p(x | c')) / (sum_x m(c, x) + e(c)),

where c' is c without its oldest symbol and e(c) the mass that is handed down:

    additive             m = n,         e = alpha V,    p(x | c') replaced by 1/V
    witten-bell          m = n,         e = d(c)
    kneser-ney           m = n - D,     e = D d(c)
    modified-kneser-ney  m = n - D(n),  e = D_1 d_1(c) + D_2 d_2(c) + D_3 d_3(c)

for pairs with n > 0; m = 0 for the others but additive. d(c) is the number of different
symbols seen after c, d_1(c), d_2(c) and d_3(c) of those seen once, twice, and at least
three times. Below order 0 stands 1/V. A context that was never seen has the
probabilities of c'. Under both Kneser-Ney, in all orders but the highest, n counts the
different symbols in front of the pair (c, x), and the discount D of an order is
n_1 / (n_1 + 2 n_2), with n_k the number of pairs counted k times, or 1/2 where n_1 or
n_2 is 0. The modified one has three, D(k) = D_k = k - (k + 1) D n_{k+1} / n_k for
k = 1, 2 and D(k) = D_3 of that formula for all k >= 3; where one of them is not between
0 and k, the single D serves that order. Every sequence begins with tau start symbols,
which are never predicted.

Sources: {cite}`witten1991`, {cite}`kneser1995`, {cite}`chen1999`, {cite}`good1953`.
"""

from typing import NamedTuple

import numpy as np

from rnnlib.validate import (
    check_choice,
    check_count,
    check_indices,
    check_rate,
    finite_result,
    is_array,
    kind_of,
)

SMOOTHINGS = ("additive", "witten-bell", "kneser-ney", "modified-kneser-ney")


class Level(NamedTuple):
    """The counts of one order; contexts and pairs are codes in ascending order."""

    order: int
    contexts: np.ndarray
    totals: np.ndarray  # sum_x m(c, x) + e(c)
    escapes: np.ndarray  # e(c)
    pairs: np.ndarray  # V times the code of the context, plus the symbol
    masses: np.ndarray  # m(c, x)


class NGrams(NamedTuple):
    """A fitted model; `fit_ngrams` makes it."""

    order: int
    V: int
    smoothing: str
    levels: tuple  # of `Level`, the lowest order first
    proper: bool  # False without smoothing: a context never seen has no distribution

    def log_probabilities(self, context=()):
        """log p(x | context) for every symbol x, (V,).

        The last ``order`` symbols count; a shorter context, such as the empty one, is
        the beginning of a sequence. Without smoothing an entry may be -inf, and a
        context that was never seen is a ValueError.
        """
        context = _sequence("context", context, self.V, least=0)
        code = _contexts(context, self.order, self.V)[-1]
        p = self._probabilities(np.full(self.V, code), np.arange(self.V))
        if np.isnan(p).any():
            raise ValueError(f"context: expected one that was seen, got {context}")
        return _log(p)

    def symbol_log_probabilities(self, indices):
        """log p(x_t | x_1, ..., x_{t-1}) for t = 1..n, (n,).

        -inf for what has no probability, after a context that was never seen too.
        """
        x = _sequence("indices", indices, self.V)
        p = self._probabilities(_contexts(x, self.order, self.V)[:-1], x)
        return _log(np.nan_to_num(p, nan=0.0))

    def cross_entropy(self, indices):
        """-sum_t log p(x_t | x_1, ..., x_{t-1}) / n, in nats a symbol; may be inf."""
        each = [self.symbol_log_probabilities(x) for x in _sequences(indices)]
        return -float(np.concatenate(each).mean())

    @property
    def entries(self):
        """The number of counts that are stored, of all orders together."""
        return sum(len(level.pairs) for level in self.levels)

    def _probabilities(self, contexts, symbols):
        """p(x | c) for arrays of codes c and symbols x; nan where it is undefined."""
        p = np.full(len(symbols), 1 / self.V)
        for level in self.levels:
            c = contexts % (self.V + 1) ** level.order
            seen, at = _find(level.contexts, c)
            counted, pair = _find(level.pairs, c * self.V + symbols)
            mass = np.where(counted, level.masses[pair], 0.0)
            mixed = (mass + level.escapes[at] * p) / level.totals[at]
            p = np.where(seen, mixed, p if self.proper else np.nan)
        return p


@finite_result("indices", "alpha")
def fit_ngrams(indices, order, V, smoothing="kneser-ney", alpha=1.0):
    """The n-gram model of that order, of one sequence or of a list of them.

    Parameters
    ----------
    indices : integer array (n,), or list of such arrays
        Symbols from 0 to V - 1. Each array is a sequence that begins anew. An end of
        sequence is a symbol like the others.
    order, V : int
        tau >= 0, the symbols of context (0: unigrams), and the size of the alphabet.
    smoothing : str
        "additive", "witten-bell", "kneser-ney" or "modified-kneser-ney", as above.
    alpha : float
        What "additive" adds to every count. 0 is maximum likelihood, n(c, x) / n(c).

    Raises ValueError for an empty sequence, symbols that are no integers or out of
    range, a bad option, or contexts too many for 64 bits: (V + 1)^(order + 1) >= 2^63.
    """
    order, V = int(check_count("order", order, least=0)), int(check_count("V", V))
    check_choice("smoothing", smoothing, SMOOTHINGS)
    alpha = check_rate("alpha", alpha)
    if (V + 1) ** (order + 1) >= 2**63:
        raise ValueError(
            f"order: expected (V + 1)^(order + 1) < 2^63, got {order} with V = {V}"
        )
    sequences = (_sequence("indices", x, V) for x in _sequences(indices))
    codes = [_contexts(x, order, V)[:-1] * V + x for x in sequences]
    pairs, counts = np.unique(np.concatenate(codes), return_counts=True)
    levels = [_level(order, V, pairs, counts, smoothing, alpha)]
    for k in range(order - 1, -1, -1) if smoothing != "additive" else ():
        shorter = pairs // V % (V + 1) ** k * V + pairs % V
        weights = np.ones_like(counts) if smoothing.endswith("kneser-ney") else counts
        pairs, inverse = np.unique(shorter, return_inverse=True)
        counts = np.bincount(inverse, weights).astype(np.int64)
        levels.insert(0, _level(k, V, pairs, counts, smoothing, alpha))
    proper = smoothing != "additive" or alpha > 0
    return NGrams(order, V, smoothing, tuple(levels), proper)


def good_turing(counts):
    """What Good and Turing estimate from how often each symbol was seen.

    Parameters
    ----------
    counts : integer array (V,), at least one of them above 0

    Returns
    -------
    missing : float
        n_1 / N, the probability of all that was not seen: n_k symbols were seen k
        times, and N is the sum of the counts.
    adjusted : float array (V,)
        k* = (k + 1) n_{k+1} / n_k for each count k: the count that stands for it, such
        that k* / N is a probability. It is 0 where no symbol has the count k + 1.

    Source: {cite}`good1953`. Raises ValueError for other counts.
    """
    counts = _sequence("counts", counts, None)
    if counts.min() < 0 or counts.max() < 1:
        raise ValueError(
            f"counts: expected integers >= 0, one of them above 0, got {counts!s:.60}"
        )
    values, at, sizes = np.unique(counts, return_inverse=True, return_counts=True)
    next_size = np.append(np.where(np.diff(values) == 1, sizes[1:], 0), 0)
    adjusted = (values + 1.0) * next_size / sizes
    total = counts.sum(dtype=float)
    return float(np.count_nonzero(counts == 1) / total), adjusted[at]


def table_parameters(order, V):
    """(V - 1) V^order: free numbers in a full table, contexts with a start left out."""
    V, order = check_count("V", V), check_count("order", order, least=0)
    return (V - 1) * V**order


def _level(order, V, pairs, counts, smoothing, alpha):
    contexts, first = np.unique(pairs // V, return_index=True)
    distinct = np.diff(np.append(first, len(pairs)))
    masses = counts.astype(float)
    if smoothing == "additive":
        escapes = np.full(len(contexts), alpha * V)
    elif smoothing == "witten-bell":
        escapes = distinct.astype(float)
    else:
        discounts = _discounts(counts, smoothing == "modified-kneser-ney")
        taken = discounts[np.minimum(counts, 3) - 1]
        escapes = np.add.reduceat(taken, first)
        masses = counts - taken
    totals = np.add.reduceat(masses, first) + escapes
    return Level(order, contexts, totals, escapes, pairs, masses)


def _discounts(counts, modified):
    """What Kneser-Ney takes from a pair counted once, twice, and more often."""
    n = [np.count_nonzero(counts == k) for k in (1, 2, 3, 4)]
    D = n[0] / (n[0] + 2 * n[1]) if n[0] and n[1] else 0.5
    if modified and all(n):
        each = [k - (k + 1) * D * n[k] / n[k - 1] for k in (1, 2, 3)]
        if all(0 < taken < k for k, taken in enumerate(each, 1)):
            return np.array(each)
    return np.full(3, D)


def _contexts(x, order, V):
    """The contexts (x_{t-tau}, ..., x_{t-1}) for t = 1..n+1, V being the start symbol.

    Each is one integer, sum_j x_{t-j} (V + 1)^(j-1).
    """
    padded = np.concatenate([np.full(order, V), x])
    codes = np.zeros(len(x) + 1, np.int64)
    for j in range(1, order + 1):
        codes += padded[order - j : order - j + len(codes)] * (V + 1) ** (j - 1)
    return codes


def _log(p):
    with np.errstate(divide="ignore"):
        return np.log(p)


def _find(table, codes):
    """Whether each code is in the ascending table, and where (0 when it is not)."""
    at = np.minimum(np.searchsorted(table, codes), len(table) - 1)
    found = table[at] == codes
    return found, np.where(found, at, 0)


def _sequences(indices):
    many = isinstance(indices, list) and indices and not np.isscalar(indices[0])
    return indices if many else [indices]


def _sequence(name, x, V, least=1):
    """One sequence as an int64 array; an empty one where ``least`` is 0.

    Its integers are below V, or any where V is None.
    """
    if isinstance(x, np.ndarray) and not is_array(x):
        raise ValueError(f"{name}: expected integers (n,), got {kind_of(x)}")
    x = np.asarray(x)
    if x.shape == (0,) and least == 0:
        return x.astype(np.int64)
    if x.ndim != 1 or x.size == 0 or x.dtype.kind not in "iu":
        raise ValueError(
            f"{name}: expected integers (n,), n >= {least}, got {x.dtype} {x.shape}"
        )
    return (x if V is None else check_indices(name, x, V)).astype(np.int64)
