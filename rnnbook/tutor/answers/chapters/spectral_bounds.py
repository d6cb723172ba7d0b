"""The answers of the chapter on spectral bounds."""

import numpy as np

from rnnbook.tutor.answers.checking import Exercise
from rnnbook.tutor.answers.kinds import Code, Experiment, same_arrays
from rnnlib.spectral import spectral_norm, spectral_radius

# an activation steeper than one

STEEPEST, AT = 1.09984, 2.39936
SILU = Exercise(
    "ex-spectral-bounds-gamma",
    Experiment(
        {
            "gamma": lambda r: abs(r["gamma"] - STEEPEST) < 1e-3,
            "where it is attained": lambda r: abs(r["at"] - AT) < 1e-2,
            "the norm of the weight is below one": lambda r: 0 < abs(r["weight"]) < 1,
            "the product grows": lambda r: abs(r["weight"]) * STEEPEST > 1,
        },
        {
            "gamma": "is another number: the slope tends to one from above, and 1/2 is "
            "its value at zero",
            "where it is attained": "is another place: at -2.399 the slope is "
            "smallest, about -0.1",
            "the norm of the weight is below one": "it is not",
            "the product grows": "it does not: the weight times gamma is below one",
        },
    ),
    (
        "Differentiate s sigma(s) twice. Where is the second derivative zero?",
        "phi'' = 0 at s = 2.399 and -2.399: one is the largest slope, one the least.",
        "gamma = 1.0998 at 2.3994; a weight of 0.95, held there by the input, has the "
        "Jacobian 1.045.",
    ),
    wrong={
        "tends to one from above": {"gamma": 1.0, "at": AT, "weight": 0.95},
        "at -2.399 the slope is smallest": {
            "gamma": STEEPEST, "at": -AT, "weight": 0.95,
        },
        "times gamma is below one": {"gamma": STEEPEST, "at": AT, "weight": 0.9},
    },
)  # fmt: skip

# height and place of a transient

HEIGHTS = {1: 3.8742, 10: 38.742, 100: 387.42}


def peak(a, b):
    """The real k at which k b a^(k - 1) is largest."""
    return -1 / np.log(a)


def _places(r):
    pairs = (0.9, 1.0), (0.9, 50.0), (0.5, 10.0), (0.97, 10.0)
    return all(abs(r["place"](a, b) - peak(a, b)) < 1e-3 for a, b in pairs)


def _heights(r):
    return set(r["heights"]) == set(HEIGHTS) and all(
        abs(r["heights"][b] - HEIGHTS[b]) < 0.01 * HEIGHTS[b] for b in HEIGHTS
    )


PEAK = Exercise(
    "ex-spectral-bounds-peak",
    Experiment(
        {
            "the place among real numbers": _places,
            "the places among integers": lambda r: set(r["at"]) == {9, 10},
            "the heights": _heights,
        },
        {
            "the place among real numbers": "is another one: set the derivative of "
            "ln k + (k - 1) ln a to zero; b moves no place, and 1/(1 - a) is where "
            "two integers are level",
            "the places among integers": "are others: all k with the largest entry, "
            "and 10 * 0.9 = 9 makes two of them level",
            "the heights": "are others: 9 b a^8, so b multiplies them",
        },
    ),
    (
        "What is the corner of W^2, of W^3, of W^k?",
        "The corner is k b a^(k - 1); its logarithm has the derivative 1/k + ln a.",
        "k = -1/ln a whatever b is; among integers 9 and 10, with 3.874, 38.74 and "
        "387.4.",
    ),
    wrong={
        "where two integers are level": {
            "place": lambda a, b: 1 / (1 - a), "at": (9, 10), "heights": HEIGHTS,
        },
        "makes two of them level": {"place": peak, "at": (9,), "heights": HEIGHTS},
        "so b multiplies them": {
            "place": peak, "at": (9, 10), "heights": dict.fromkeys(HEIGHTS, 3.874),
        },
    },
)  # fmt: skip

# Gelfand's formula by squaring


def by_squaring(W, m, scaled=True, doubled=True, root=True):
    """||W^n||_2^(1/n) for n = 2^m; or with a slip."""
    A, log_size = np.asarray(W, float), 0.0
    for _ in range(m):
        size = np.abs(A).max() if scaled else 1.0
        if size == 0:
            return 0.0
        A, log_size = A / size, log_size + np.log(size)
        A, log_size = A @ A, (2 if doubled else 1) * log_size
    if not np.isfinite(A).all():
        return np.inf
    norm = spectral_norm(A)
    n = 2**m if root else max(m, 1)
    return np.exp((np.log(norm) + log_size) / n)


def _matrices():
    """Matrices of all sizes, and numbers of squarings."""
    rng = np.random.default_rng(14)
    W = rng.standard_normal((4, 4))
    block = np.array([[0.9, 10.0], [0.0, 0.9]])
    return {
        "m = 0": (W, 0),
        "m = 1": (W, 1),
        "m = 3": (block, 3),
        "a block, m = 20": (block, 20),
        "entries of 1e-200": (1e-200 * W, 20),
        "entries of 1e200": (1e200 * W, 20),
        "one unit": (np.array([[-0.7]]), 10),
        "nilpotent": (np.array([[0.0, 5.0], [0.0, 0.0]]), 20),
    }


def _unscaled(W, m):
    return by_squaring(W, m, scaled=False)


def _undoubled(W, m):
    return by_squaring(W, m, doubled=False)


def _radius(W, m):
    return spectral_radius(W)


def _logarithm(found):
    """What is compared: as good for small results as for large ones."""
    return np.log(found)


SQUARING = Exercise(
    "ex-spectral-bounds-squaring",
    Code(
        _matrices,
        by_squaring,
        {
            "the powers overflow or underflow: divide before each squaring": _unscaled,
            "the logarithm of the size is doubled by each squaring": _undoubled,
            "the radius itself is returned: ||W^n||^(1/n) is above it": _radius,
            "the root is the n-th with n = 2^m": (
                lambda W, m: by_squaring(W, m, root=False)
            ),
        },
        result=_logarithm,
    ),
    (
        "What does dividing W by a number do to ||W^n||^(1/n)?",
        "Divide by the size before each squaring, and keep the logarithm of all that "
        "was divided out: a squaring doubles it.",
        "m times: A, log_size = A / size, log_size + log(size); A, log_size = A @ A, 2 "
        "* log_size; then exp((log ||A|| + log_size) / 2**m), and 0 for a zero power.",
    ),
    wrong={
        "divide before each squaring": _unscaled,
        "is doubled by each squaring": _undoubled,
        "is above it": _radius,
    },
    called=False,
)

# small in another norm


def _pair(r):
    """W and S; ValueError unless they belong together."""
    W, S = np.asarray(r["W"], float), np.asarray(r["S"], float)
    if W.shape != (2, 2) or S.shape != (2,) or not (S > 0).all():
        raise ValueError("expected W of shape (2, 2) and two positive numbers S")
    return W, S


def _in_other_norm(r):
    """||S W S^-1||_2 of the answer."""
    W, S = _pair(r)
    return spectral_norm(S[:, None] * W / S)


def _powers(r):
    """The largest norm among the first powers."""
    W = _pair(r)[0]
    return max(spectral_norm(np.linalg.matrix_power(W, k)) for k in range(1, 60))


def _constant(r):
    S = _pair(r)[1]
    kappa = S.max() / S.min()
    return abs(r["constant"] - kappa) < 1e-3 * kappa


JORDAN = [[0.5, 10.0], [0.0, 0.5]]
SCALED = Exercise(
    "ex-spectral-bounds-scaled",
    Experiment(
        {
            "the other norm is below one": lambda r: _in_other_norm(r) < 1,
            "a power is above one": lambda r: _powers(r) > 1 + 1e-9,
            "the constant": _constant,
        },
        {
            "the other norm is below one": "it is not: S multiplies a row and divides "
            "a column, so a large last entry of S makes the corner small",
            "a power is above one": "none is: a matrix with norm below one refutes "
            "nothing",
            "the constant": "is another number: W^k = S^-1 (S W S^-1)^k S, so it is "
            "the largest entry of S by the smallest",
        },
    ),
    (
        "Which entries of W does S change, and by which factor?",
        "W^k = S^-1 (S W S^-1)^k S: take norms of the three factors.",
        "[[0.5, 10], [0, 0.5]] with S = (1, 100): 0.55 in the one norm, 10.02 in the "
        "other, and the constant is 100.",
    ),
    wrong={
        "a large last entry of S": {"W": JORDAN, "S": [100.0, 1.0], "constant": 100},
        "refutes nothing": {
            "W": [[0.5, 0.1], [0.0, 0.5]], "S": [1.0, 2.0], "constant": 2.0,
        },
        "the largest entry of S by the smallest": {
            "W": JORDAN, "S": [1.0, 100.0], "constant": 1.0,
        },
    },
)  # fmt: skip

# a bound that has seen the trajectory


def seen_bound(W, slopes):
    """||W||_2^k times the product of the largest |slope| of every step."""
    largest = np.abs(np.asarray(slopes, float)).max(axis=1)
    return spectral_norm(np.asarray(W, float)) ** len(largest) * largest.prod()


def _largest_of_all(W, slopes):
    return (spectral_norm(W) * np.abs(slopes).max()) ** len(slopes)


def _bounds(r):
    """True when the reader's bound is that of the proof."""
    rng = np.random.default_rng(15)
    for k, d in ((1, 3), (4, 2), (6, 4)):
        W, slopes = rng.standard_normal((d, d)), rng.uniform(-1, 1, (k, d))
        if not same_arrays(r["bound"](W, slopes), seen_bound(W, slopes)):
            return False
    return True


def _network(r):
    """The matrix and the pre-activations; ValueError unless they belong together."""
    W, s = np.asarray(r["W"], float), np.asarray(r["s"], float)
    if s.ndim != 2 or not len(s) or W.shape != (s.shape[1], s.shape[1]):
        raise ValueError("expected W of shape (d, d) and s of shape (steps, d)")
    if not (np.isfinite(W).all() and np.isfinite(s).all()):
        raise ValueError("expected finite numbers")
    return W, s


ALONG = Exercise(
    "ex-spectral-bounds-along",
    Experiment(
        {
            "the bound": _bounds,
            "the theorem is silent": lambda r: spectral_norm(_network(r)[0]) >= 1,
            "the bound along the trajectory is below one": lambda r: (
                seen_bound(_network(r)[0], 1 - np.tanh(_network(r)[1]) ** 2) < 1
            ),
        },
        {
            "the bound": "is another number: every step has its own largest |phi'|, "
            "and a factor ||W||",
            "the theorem is silent": "it is not: with ||W|| below one it proves that "
            "gradients vanish",
            "the bound along the trajectory is below one": "it is not: a unit of every "
            "step near s = 0 has a slope near one",
        },
    ),
    (
        "In the proof of the theorem, where does gamma come in?",
        "||J_j|| <= max_a |phi'(s_j)_a| ||W||, and the norm of the product is at most "
        "the product of these.",
        "spectral_norm(W) ** k * np.abs(slopes).max(axis=1).prod(); W = [[1.2]] with "
        "s = [[2], [2]] has it below one.",
    ),
    wrong={
        "every step has its own largest": {
            "bound": _largest_of_all, "W": [[1.2]], "s": [[2.0], [2.0]],
        },
        "it proves that gradients vanish": {
            "bound": seen_bound, "W": [[0.9]], "s": [[2.0], [2.0]],
        },
        "has a slope near one": {
            "bound": seen_bound, "W": [[1.2]], "s": [[0.0], [0.0]],
        },
    },
)  # fmt: skip

EXERCISES = (SILU, PEAK, SQUARING, SCALED, ALONG)
SOLUTIONS = {
    SILU.label: {"gamma": STEEPEST, "at": AT, "weight": 0.95},
    PEAK.label: {"place": peak, "at": (9, 10), "heights": HEIGHTS},
    SQUARING.label: by_squaring,
    SCALED.label: {"W": JORDAN, "S": [1.0, 100.0], "constant": 100.0},
    ALONG.label: {"bound": seen_bound, "W": [[1.2]], "s": [[2.0], [2.0]]},
}
