"""The theorems on ||J_k ... J_1||, each from both sides.

For each: 10,000 random admissible cases in which it holds, and, for every hypothesis, a
stored case without it in which it fails. An inequality is tested with a slack of 1e-9
on the logarithm.
"""

from itertools import product

import numpy as np
import pytest

from rnnlib import ACTIVATIONS
from rnnlib.spectral import (
    Jacobians,
    diagonal_scaling,
    entrywise_bound,
    joint_bound,
    joint_spectral_radius,
    linear_bound,
    log_product_norms,
    lower_bound,
    norm_bound,
    numerical_bound,
    numerical_radius,
    scaling_bound,
    smallest_singular_value,
    spectral_norm,
    spectral_radius,
)

CASES, SLACK = 10_000, 1e-9
NILPOTENT = np.array([[2.0, 4.0], [-1.0, -2.0]])
JORDAN = np.array([[0.5, 10.0], [0.0, 0.5]])


def matrices(rng, d):
    """Matrices without end: dense, triangular, sparse integers, rank one, rotations."""
    while True:
        A = rng.standard_normal((d, d))
        yield A
        yield np.triu(3 * A, 1) + np.diag(rng.random(d))
        yield rng.integers(-2, 3, (d, d)).astype(float)
        yield np.outer(A[0], A[-1])
        yield np.linalg.qr(A)[0]


def gates(rng, shape, low, high):
    """Derivatives in [low, high]: anywhere, at the ends only, and near the upper."""
    inside = low + (high - low) * rng.random(shape)
    ends = np.where(rng.random(shape) < 0.5, low, high)
    near = high - (high - low) * rng.random(shape) ** 4
    return np.choose(rng.integers(0, 3, (1, shape[1], 1)), [inside, ends, near])


def cases(low=0.0, high=None, sequences=25, seed=0):
    """(W, phi', gamma) for CASES sequences in all, with d <= 3 and 1 <= k <= 8."""
    rng, made = np.random.default_rng(seed), 0
    streams = [matrices(rng, d) for d in (1, 2, 3)]
    while made < CASES:
        for stream in streams:
            W, gamma = next(stream), high or rng.choice([0.25, 0.7, 1.0])
            shape = (rng.integers(1, 9), sequences, len(W))
            yield W, gates(rng, shape, low * gamma, gamma), gamma
            made += sequences


def lengths(W, phi_prime):
    """log ||J_k ... J_1|| for every sequence."""
    return log_product_norms(Jacobians(phi_prime, W))[0]


def violations(bound, W, phi_prime):
    """In how many of the sequences the inequality fails."""
    with np.errstate(invalid="ignore"):  # both of them zero products: no excess
        excess = lengths(W, phi_prime) - bound.log_value
    return int(((-excess if bound.lower else excess) > SLACK).sum())


def some_scaling(W, phi_prime, gamma):
    """The scaling bound with a scaling that depends on W only."""
    s = np.exp(np.sin(np.arange(1.0, len(W) + 1) * 10 * W.sum()))
    return scaling_bound(W, phi_prime, gamma, s)


UPPER = {
    "norm": norm_bound,
    "entrywise": entrywise_bound,
    "scaling": some_scaling,
    "numerical": numerical_bound,
    "joint": lambda W, p, gamma: joint_bound(W, p, gamma, 2),
}


@pytest.mark.parametrize("name", UPPER)
def test_upper_bounds_hold(name):
    total = 0
    for W, phi_prime, gamma in cases():
        bound = UPPER[name](W, phi_prime, gamma)
        assert bound.holds and violations(bound, W, phi_prime) == 0
        total += phi_prime.shape[1]
    assert total >= CASES


@pytest.mark.parametrize("name", ["norm", "entrywise", "scaling"])
def test_they_hold_for_slopes_of_either_sign(name):
    for W, phi_prime, gamma in cases(low=-1.0, seed=1):
        bound = UPPER[name](W, phi_prime, gamma)
        assert bound.holds and violations(bound, W, phi_prime) == 0


def test_lower_bound_holds():
    for W, phi_prime, gamma in cases(low=0.3, seed=2):
        bound = lower_bound(W, phi_prime, 0.3 * gamma)
        assert bound.holds and violations(bound, W, phi_prime) == 0


def test_joint_bound_with_a_floor_holds():
    for W, phi_prime, gamma in cases(low=0.4, seed=3):
        bound = joint_bound(W, phi_prime, gamma, 2, low=0.4 * gamma)
        assert bound.holds and violations(bound, W, phi_prime) == 0


def powers(W, most):
    """log ||W^k||_2 for k = 1..most."""
    ones = np.ones((most, 1, len(W)))
    return log_product_norms(Jacobians(ones, W))[-2::-1, 0]


def test_linear_bound_holds():
    """400 matrices, the powers 1, 4, 7 and 10 of each."""
    rng = np.random.default_rng(4)
    for stream in [matrices(rng, d) for d in (1, 2, 3, 5)]:
        for _ in range(CASES // 100):
            W = next(stream)
            for k, actual in list(enumerate(powers(W, 10), start=1))[::3]:
                bound = linear_bound(W, np.ones((k, 1, len(W))))
                assert bound.holds and actual <= bound.log_value + SLACK


def test_power_inequality_of_the_numerical_radius():
    """||W^k|| <= 2 w(W)^k, {cite}`trefethen2005`: 1,000 matrices, ten powers each."""
    rng = np.random.default_rng(5)
    for stream in [matrices(rng, d) for d in (2, 3, 4, 5)]:
        for _ in range(CASES // 40):
            W = next(stream)
            w = numerical_radius(W, tolerance=1e-4) * (1 + 1e-4)
            with np.errstate(divide="ignore"):
                bound = np.log(2) + np.arange(1, 11) * np.log(w)
            assert (powers(W, 10) <= bound + SLACK).all()


def perron_pair(size):
    """Largest eigenvalue and positive eigenvector of positive matrices (n, d, d)."""
    values, vectors = np.linalg.eig(size)
    top, every = np.abs(values).argmax(1), np.arange(len(size))
    return np.abs(values[every, top]), np.abs(vectors[every, :, top])


def test_hierarchy():
    """rho(W) <= joint radius <= best scaling <= min(||W||, rho(|W|)), gamma = 1.

    The last step is the scaling by Perron vectors, written out here.
    """
    rng = np.random.default_rng(6)
    for d in (2, 3, 4, 6):
        W = rng.standard_normal((CASES // 4, d, d))
        size = np.abs(W)
        perron, right = perron_pair(size)
        _, left = perron_pair(size.swapaxes(1, 2))
        root = np.sqrt(left / right)[:, :, None]
        scaled = root * W / root.swapaxes(1, 2)
        norms = np.linalg.svd(scaled, compute_uv=False)[:, 0]
        assert (norms <= perron * (1 + 1e-8)).all()
        vertices = np.array(list(product([0.0, 1.0], repeat=d)))
        pick = rng.integers(0, len(vertices), (2, len(W)))
        pair = vertices[pick[0]][:, :, None] * W @ (vertices[pick[1]][:, :, None] * W)
        assert (np.abs(np.linalg.eigvals(pair)).max(1) <= norms**2 * (1 + 1e-8)).all()
        assert (np.abs(np.linalg.eigvals(W)).max(1) <= norms * (1 + 1e-8)).all()


# Without the hypothesis. Each entry: the bound, W, phi', and what is dropped.
ONE, TWO = np.eye(1), np.full((3, 1, 1), 2.0)
GATE = np.tile([1.0, 0.0], (6, 1, 1))
SIGNED = np.tile([1.0, -1.0], (6, 1, 1))
PAIR = np.array([[1.0, -1.0], [1.0, -1.0]])  # nilpotent; signs make its radius two
DROPPED = {
    "norm, slopes above gamma": (norm_bound, ONE, TWO, (1.0,)),
    "entrywise, slopes above gamma": (entrywise_bound, ONE, TWO, (1.0,)),
    "scaling, slopes above gamma": (scaling_bound, ONE, TWO, (1.0, np.ones(1))),
    "joint, slopes above gamma": (joint_bound, ONE, TWO, (1.0, 2)),
    "joint, slopes below low": (joint_bound, PAIR, SIGNED, (1.0, 2)),
    "numerical, slopes above gamma": (numerical_bound, ONE, TWO, (1.0,)),
    "numerical, slopes of either sign": (numerical_bound, PAIR, SIGNED, (1.0,)),
    "linear, slopes not one": (linear_bound, NILPOTENT, GATE, ()),
    "lower, slopes below low": (lower_bound, np.eye(2), GATE * 0, (1.0,)),
}


@pytest.mark.parametrize("name", DROPPED)
def test_without_its_hypothesis_a_bound_fails_and_says_so(name):
    function, W, phi_prime, options = DROPPED[name]
    bound = function(W, phi_prime, *options)
    assert not bound.holds and violations(bound, W, phi_prime) == 1


def power(W, k):
    """log ||W^k||_2."""
    return lengths(W, np.ones((k, 1, len(W))))[0]


def test_spectral_radius_bounds_no_single_power():
    """In place of the norm: rho^k is below ||W^k||, by more than ten at its peak."""
    assert spectral_radius(JORDAN) == 0.5
    assert power(JORDAN, 1) > np.log(10) > np.log(0.5)


def test_spectral_radius_bounds_no_gated_product():
    """In place of rho(|W|) or of the joint radius: Pal's Theorem 2."""
    assert spectral_radius(NILPOTENT) < 1e-7
    assert lengths(NILPOTENT, np.tile([1.0, 0.0], (40, 1, 1)))[0] > 39 * np.log(2)


def test_scaling_needs_its_condition_number():
    s = diagonal_scaling(JORDAN)
    bound = scaling_bound(JORDAN, np.ones((2, 1, 2)), 1.0, s)
    assert bound.log_value - np.log(s.max() / s.min()) < power(JORDAN, 2)
    assert power(JORDAN, 2) < bound.log_value


def test_upper_bounds_above_one_prove_no_growth():
    """gamma ||W|| > 1 and the product is zero from the second factor on."""
    bound = norm_bound(np.triu(np.full((2, 2), 9.0), 1), np.ones((2, 1, 2)), 1.0)
    assert bound.rate > 1 and bound.holds and not bound.proves_growth
    assert power(np.triu(np.full((2, 2), 9.0), 1), 2) == -np.inf


def test_what_a_bound_proves():
    W, gamma = 0.5 * np.eye(2), ACTIVATIONS["tanh"].gamma
    ones = np.ones((3, 1, 2))
    assert norm_bound(W, ones, gamma).proves_vanishing
    assert not norm_bound(W, 2 * ones, gamma).proves_vanishing
    assert not norm_bound(4 * W, ones, gamma).proves_vanishing
    assert lower_bound(4 * W, ones, 1.0).proves_growth
    assert not lower_bound(4 * W, 0.1 * ones, 1.0).proves_growth
    assert not lower_bound(W, ones, 1.0).proves_growth
    assert not lower_bound(W, ones, 1.0).proves_vanishing


def test_gamma_is_attained_and_not_exceeded():
    s = np.linspace(-30, 30, 60_001)
    for activation in ACTIVATIONS.values():
        slopes = activation.derivative(activation(s))
        assert slopes.max() == pytest.approx(activation.gamma, rel=1e-15)
    assert ACTIVATIONS["tanh"].gamma == 1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: norm_bound(np.eye(2), np.ones((3, 1, 3)), 1.0), "phi_prime: expected"),
        (lambda: norm_bound(np.eye(2), np.ones(2), 1.0), "phi_prime: expected shape"),
        (lambda: norm_bound(np.ones((2, 3)), np.ones((3, 3)), 1.0), "W_hh: expected"),
        (lambda: norm_bound(np.eye(2), np.ones((3, 2)), 0.0), "gamma: expected"),
        (lambda: lower_bound(np.eye(2), np.ones((3, 2)), -1), "low: expected"),
        (lambda: joint_bound(np.eye(2), np.ones((3, 2)), 1.0, 0), "length: expected"),
        (lambda: joint_bound(np.eye(2), np.ones((3, 2)), 1.0, 20), "fewer products"),
        (
            lambda: scaling_bound(np.eye(2), np.ones((3, 2)), 1.0, np.ones(3)),
            "scaling: expected shape",
        ),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_no_steps_give_the_identity():
    none = np.ones((0, 1, 2))
    for bound in (
        norm_bound(JORDAN, none, 1.0),
        entrywise_bound(JORDAN, none, 1.0),
        scaling_bound(JORDAN, none, 1.0, np.array([1.0, 2.0])),
        numerical_bound(JORDAN, none, 1.0),
        joint_bound(JORDAN, none, 1.0, 2),
        linear_bound(JORDAN, none),
        lower_bound(JORDAN, none, 1.0),
    ):
        assert bound.holds and bound.log_value == 0


def test_rates_are_ordered():
    """For the separating examples of the chapter."""
    W = np.array([[0.6, 0.6], [-0.6, 0.6]])
    assert spectral_norm(W) < 1 < spectral_radius(np.abs(W))
    assert spectral_radius(np.abs(JORDAN)) < 1 < spectral_norm(JORDAN)
    assert smallest_singular_value(JORDAN) < spectral_radius(JORDAN)
    lower, _ = joint_spectral_radius(np.array([[[1.0, 0.0], [0.0, 0.0]]]) @ NILPOTENT)
    assert lower > 1 > spectral_radius(NILPOTENT)
