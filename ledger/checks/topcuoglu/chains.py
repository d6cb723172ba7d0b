"""Section 10.5.2, after (14): when the chain of Jacobians shrinks or grows."""

from functools import reduce

import numpy as np

from ledger.checking import check
from ledger.checks.oracles import NILPOTENT, NOT_NORMAL

LENGTH = 300


def scaled(rng, size, lowest, highest):
    """A random matrix with all singular values between two bounds."""
    U, _, V = np.linalg.svd(rng.standard_normal((size, size)))
    return U @ np.diag(rng.uniform(lowest, highest, size)) @ V


def product_norm(chain):
    """The norm of the product of the matrices, over and over."""
    once = reduce(np.matmul, chain)
    return np.linalg.norm(np.linalg.matrix_power(once, LENGTH), 2)


def small_entries(chain):
    return all(np.all(np.abs(W) < 1) for W in chain)


def large_entries(chain):
    return all(np.all(np.abs(W) > 1) for W in chain)


def norm_below_one(chain):
    return all(np.linalg.norm(W, 2) < 1 for W in chain)


def expands(chain):
    return all(np.linalg.norm(W, -2) > 1 for W in chain)  # smallest singular values


GROWS = np.full((2, 2), 0.9)  # small entries, spectral radius 1.8
ENDS = np.array([[2.0, -2.0], [2.0, -2.0]])  # large entries, square zero


def matrices(rng):
    some = [scaled(rng, 3, *ends) for ends in ((0.3, 0.9), (0.2, 0.8), (1.1, 1.5))]
    one = [*some, scaled(rng, 3, 1.2, 3.0), GROWS, ENDS, np.eye(2), *NOT_NORMAL]
    two = [NILPOTENT, NILPOTENT.T]  # radius zero each, and the product grows
    mixed = [[a * np.eye(2), b * np.eye(2)] for a, b in ((0.9, 3.0), (2.0, 0.1))]
    return [*([W] for W in one), two, *mixed]


@check(
    "topcuoglu-10.5.2-04",
    printed=small_entries,
    corrected=norm_below_one,
    planted=[
        lambda chain: np.linalg.norm(chain[0], 2) < 2,
        lambda chain: np.abs(chain).mean() < 1,
    ],
    cases=matrices,
    counterexample=[GROWS],
)
def small_factors_shrink_the_product(statement, chain):
    assert not statement(chain) or product_norm(chain) < 1e-6


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
        np.array([2.0, 0.5]),
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
    planted=[
        lambda chain: np.linalg.norm(chain[0], 2) > 1,
        lambda chain: np.abs(chain).max() > 1,
    ],
    cases=matrices,
    counterexample=[ENDS],
)
def large_factors_grow_the_product(statement, chain):
    assert not statement(chain) or product_norm(chain) > 1e6


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
