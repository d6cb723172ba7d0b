"""Section 10.5.2, after (14): when the chain of Jacobians shrinks or grows."""

import numpy as np

from ledger.checking import check

LENGTH = 300


def scaled(rng, size, lowest, highest):
    """A random matrix with all singular values between two bounds."""
    U, _, V = np.linalg.svd(rng.standard_normal((size, size)))
    return U @ np.diag(rng.uniform(lowest, highest, size)) @ V


def power_norm(W):
    return np.linalg.norm(np.linalg.matrix_power(W, LENGTH), 2)


def small_entries(W):
    return bool(np.all(np.abs(W) < 1))


def large_entries(W):
    return bool(np.all(np.abs(W) > 1))


def norm_below_one(W):
    return np.linalg.norm(W, 2) < 1


def expands(W):
    return np.linalg.norm(W, -2) > 1  # the smallest singular value


GROWS = np.full((2, 2), 0.9)  # small entries, spectral radius 1.8
ENDS = np.array([[2.0, -2.0], [2.0, -2.0]])  # large entries, square zero


def matrices(rng):
    some = [scaled(rng, 3, *ends) for ends in ((0.3, 0.9), (0.2, 0.8), (1.1, 1.5))]
    return [*some, scaled(rng, 3, 1.2, 3.0), GROWS, ENDS]


@check(
    "topcuoglu-10.5.2-04",
    printed=small_entries,
    corrected=norm_below_one,
    planted=[lambda W: np.linalg.norm(W, 2) < 2, lambda W: np.abs(W).mean() < 1],
    cases=matrices,
    counterexample=GROWS,
)
def small_factors_shrink_the_product(statement, W):
    assert not statement(W) or power_norm(W) < 1e-6


@check(
    "topcuoglu-10.5.2-05",
    printed=lambda factors: np.mean(factors < 1) > 0.5,
    corrected=lambda factors: np.mean(np.log(factors)) < 0,
    planted=[lambda factors: np.mean(factors) < 1, lambda factors: factors[0] < 1],
    cases=[
        np.array([0.9, 0.9, 3.0]),
        np.array([0.5, 0.5, 1.2]),
        np.array([0.2, 1.5, 1.5]),
        np.array([1.5, 1.5, 0.9]),
    ],
    counterexample=np.array([0.9, 0.9, 3.0]),
)
def mostly_small_factors_of_one_unit(statement, factors):
    repeated = np.prod(np.tile(factors, LENGTH))
    assert statement(factors) == bool(repeated < 1e-6)


@check(
    "topcuoglu-10.5.2-07",
    printed=large_entries,
    corrected=expands,
    planted=[lambda W: np.linalg.norm(W, 2) > 1, lambda W: np.abs(W).max() > 1],
    cases=matrices,
    counterexample=ENDS,
)
def large_factors_grow_the_product(statement, W):
    assert not statement(W) or power_norm(W) > 1e6


def latch(w, start, T=60):
    """(h_T, dh_T/dh_0) of one tanh unit without input."""
    h, slope = start, 1.0
    for _ in range(T):
        h = np.tanh(w * h)
        slope *= w * (1 - h**2)
    return h, slope


@check(
    "topcuoglu-10.5.2-06",
    printed=lambda w: "the state is forgotten",
    corrected=lambda w: "the state is kept" if w > 1 else "the state is forgotten",
    planted=[lambda w: "the state is kept"],
    cases=[0.2, 0.5, 2.0, 3.0],
    counterexample=2.0,
)
def a_vanished_gradient_and_the_memory(statement, w):
    (up, slope), (down, _) = latch(w, 0.9), latch(w, -0.9)
    assert abs(slope) < 1e-15  # the gradient has vanished in each case
    kept = up - down > 1
    assert statement(w) == ("the state is kept" if kept else "the state is forgotten")
