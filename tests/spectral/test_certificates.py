"""What a bound proves, on matrices made to mislead floats.

The truth is known by construction, from the matrix before it was rounded: its powers
do not vanish, or do not grow. ``HYPOTHESIS_PROFILE=nightly`` tries 10,000 of them.
"""

import os

import numpy as np
import pytest
import scipy.linalg

from rnnlib.spectral import (
    Jacobians,
    certificates,
    entrywise_bound,
    joint_bound,
    joint_spectral_radius,
    linear_bound,
    log_product_norms,
    lower_bound,
    norm_bound,
    numerical_bound,
    scaling_bound,
    smallest_singular_value,
)

CASES = 10_000 if os.environ.get("HYPOTHESIS_PROFILE") == "nightly" else 200
KINDS = ("rotation", "stochastic", "defective", "nilpotent", "graded", "scaled")
TRIPLES = [(3, 4, 5), (5, 12, 13), (8, 15, 17), (7, 24, 25), (20, 21, 29)]
K = 7


def rotation(rng):
    """Products of plane rotations with rational cosines, d = 2 to 5."""
    d = rng.integers(2, 6)
    W = np.eye(d)
    for _ in range(rng.integers(1, d)):
        i, j = rng.permutation(d)[:2]
        a, b, c = TRIPLES[rng.integers(len(TRIPLES))]
        turn = np.eye(d)
        turn[[i, i, j, j], [i, j, i, j]] = np.array([a, -b, b, a]) / c
        W = turn @ W
    return W


def stochastic(rng):
    """Rows of fractions n/m that add up to one."""
    parts = rng.integers(1, 50, (rng.integers(2, 6),) * 2)
    return parts / parts.sum(axis=1, keepdims=True)


def defective(rng):
    """[[B, I], [0, B]] with B stochastic or a rotation: its powers grow."""
    B = (stochastic if rng.random() < 0.5 else rotation)(rng)
    return np.kron(np.eye(2), B) + np.kron([[0, 1], [0, 0]], np.eye(len(B)))


def nilpotent(rng):
    """Whole numbers, W^d = 0: a triangle moved by a matrix of determinant one."""
    d = rng.integers(2, 5)
    P = np.tril(rng.integers(-3, 4, (d, d)), -1) + np.eye(d, dtype=int)
    inverse = np.rint(np.linalg.inv(P))
    return (P @ np.triu(rng.integers(-9, 10, (d, d)), 1) @ inverse).astype(float)


def adversary(kind, rng):
    """A matrix and its scale: what is not nilpotent has radius one times the scale."""
    if kind == "graded":
        W = stochastic(rng)
        n = rng.integers(-540, 541, len(W))
        return np.ldexp(W, n - n[:, None]) if np.ptp(n) < 1000 else W, 1.0
    if kind == "scaled":
        inner = KINDS[rng.integers(4)]
        scale = 10.0 ** rng.choice([-200, 200])
        return scale * globals()[inner](rng), scale
    return globals()[kind](rng), 1.0


def all_bounds(W, slopes, gamma):
    """Every upper bound on the product with slopes all equal to gamma."""
    d = len(W)
    s = 10.0 ** np.linspace(-3, 3, d)
    yield norm_bound(W, slopes, gamma)
    yield entrywise_bound(W, slopes, gamma)
    yield scaling_bound(W, slopes, gamma, s)
    yield numerical_bound(W, slopes, gamma)
    if d < 5:
        yield joint_bound(W, slopes, gamma, 2)
    if gamma == 1:
        yield linear_bound(W, slopes)


def violations(kind, seed):
    """Which statements about one matrix are false."""
    rng = np.random.default_rng([KINDS.index(kind), seed])
    W, scale = adversary(kind, rng)
    ended = not np.linalg.matrix_power(W / scale, len(W)).any()
    gamma = float(rng.choice([1.0, 1 / scale]))
    slopes = np.full((K, 1, len(W)), gamma)
    actual = log_product_norms(Jacobians(slopes, W))[0, 0]
    stays = gamma * scale >= 1 and not ended and kind != "nilpotent"
    slack = 1e-12 * abs(actual) if actual > -np.inf else 0.0
    false = []
    for bound in all_bounds(W, slopes, gamma):
        if np.isnan(bound.log_value) or actual > bound.log_value + slack:
            false.append((bound.name, "value", actual, bound.log_value))
        if bound.proves_vanishing and stays and not _nilpotent(W / scale):
            false.append((bound.name, "proves vanishing"))
    bound = lower_bound(W, slopes, gamma)
    if np.isnan(bound.log_value) or actual < bound.log_value - slack:
        false.append((bound.name, "value", actual, bound.log_value))
    if bound.proves_growth and (gamma * scale <= 1 or ended or _nilpotent(W / scale)):
        false.append((bound.name, "proves growth"))
    return false


def _nilpotent(W):
    """By the whole numbers that were scaled: all eigenvalues near zero."""
    V = np.rint(W)
    return bool((V == W.round(9)).all()) and not np.linalg.matrix_power(V, len(V)).any()


@pytest.mark.parametrize("kind", KINDS)
def test_no_certified_bound_is_violated(kind):
    for seed in range(CASES // len(KINDS) + 1):
        assert violations(kind, seed) == [], (kind, seed)


ONES = {d: np.ones((3, 1, d)) for d in (1, 2, 4)}


@pytest.mark.parametrize("factor", [0.999, 1.0, 1.001])
def test_what_is_clearly_below_one_is_proved(factor):
    """A certificate that never came would violate nothing."""
    proved = factor < 1
    turn = factor * np.array([[0.6, -0.8], [0.8, 0.6]])
    rows = factor * np.array([[0.3, 0.7], [0.9, 0.1]])
    block = np.kron(np.eye(2), rows) + np.kron([[0, 1], [0, 0]], np.eye(2))
    assert norm_bound(turn, ONES[2], 1.0).proves_vanishing == proved
    assert numerical_bound(turn, ONES[2], 1.0).proves_vanishing == proved
    assert scaling_bound(turn, ONES[2], 1.0, np.ones(2)).proves_vanishing == proved
    assert joint_bound(turn, ONES[2], 1.0, 2).proves_vanishing == proved
    assert entrywise_bound(rows, ONES[2], 1.0).proves_vanishing == proved
    assert linear_bound(turn, ONES[2]).proves_vanishing == proved
    assert not linear_bound(block / factor, ONES[4]).proves_vanishing
    assert linear_bound(0.9 * block, ONES[4]).proves_vanishing
    assert lower_bound(turn, ONES[2], 1.0).proves_growth == (factor > 1)


def test_logarithms_add_where_products_leave_the_floats():
    W, slopes = np.full((1, 1), 1e200), np.full((3, 1, 1), 1e-200)
    for bound in (
        *all_bounds(W, slopes, 1e-200),
        lower_bound(W, slopes, 1e-200),
        norm_bound(1 / W, 1 / slopes, 1e200),
    ):
        constant = np.log(2) if bound.name == "numerical" else 0.0
        assert bound.holds and abs(bound.log_value - constant) < 1e-6
        assert bound.rate == pytest.approx(1) and not bound.certain
    assert norm_bound(1 / W, slopes, 1e-200).log_value == pytest.approx(
        -1200 * np.log(10)
    )
    assert norm_bound(W, 1 / slopes, 1e200).log_value == pytest.approx(
        1200 * np.log(10)
    )


def test_scales_that_differ_within_one_matrix():
    W = np.array([[0.0, 1e163], [1e-163, 0.0]])
    for bound in all_bounds(W, ONES[2], 1.0):
        assert not bound.proves_vanishing and bound.log_value >= 163 * np.log(10) - 1e-6
    assert entrywise_bound(0.9 * W, ONES[2], 1.0).proves_vanishing
    assert linear_bound(0.9 * W, ONES[2]).proves_vanishing
    assert joint_bound(0.9 * W, ONES[2], 1.0, 2).proves_vanishing
    low, high = joint_spectral_radius(W[None])
    assert low <= 1 <= high < 1.02 and low > 0.99
    assert smallest_singular_value(W) == pytest.approx(1e-163, rel=1e-12, abs=0)


def test_smallest_singular_values_that_an_svd_does_not_see():
    assert smallest_singular_value(np.array([[6.0, -9.0], [4.0, -6.0]])) == 0
    W = np.array([[1.0, 1e163], [1e-163, 2.0]])  # the determinant is one
    assert smallest_singular_value(W) == pytest.approx(1e-163, rel=1e-12, abs=0)
    hilbert = 1 / (np.arange(8)[:, None] + np.arange(8) + 1.0)
    product = np.linalg.svd(hilbert, compute_uv=False)[:-1].prod()
    wanted = abs(np.linalg.det(hilbert)) / product
    assert smallest_singular_value(hilbert) == pytest.approx(wanted, rel=1e-4, abs=0)


def test_a_singular_matrix_has_no_lower_bound():
    bound = lower_bound(np.array([[6.0, -9.0], [4.0, -6.0]]), ONES[2], 1.0)
    assert bound.holds and bound.log_value == -np.inf and not bound.proves_growth


@pytest.mark.parametrize("d", [1, 2, 4, 16, 64])
def test_bounds_enclose_singular_values_that_are_known_exactly(d):
    """Where every entry is a float and the value too: the margin is on its side."""
    rng = np.random.default_rng(d)
    exact = [np.eye(d), np.eye(d)[rng.permutation(d)]]
    if d in (1, 4, 16, 64):
        exact.append(scipy.linalg.hadamard(d) / d**0.5)
    for A in exact:
        assert (A @ A.T == np.eye(d)).all()
        for least, matrix in ((1, A), (0.5, A * np.where(np.arange(d) < 1, 0.5, 1))):
            low, high = certificates.singular_bounds(matrix)
            largest = 1 if d > 1 else least
            assert low <= least and largest <= high
            assert high - largest < 1e-11 and least - low < 1e-11


@pytest.mark.parametrize("factor", [1 - 1e-3, 1 + 1e-3])
@pytest.mark.parametrize("part", ["U", "V", "both", "sigma"])
def test_what_lapack_returns_is_checked_and_not_trusted(part, factor, monkeypatch):
    """Factors that are not orthogonal, or do not multiply to the matrix."""
    svd = np.linalg.svd

    def spoiled(A):
        U, sigma, Vt = svd(A)
        if part in ("U", "both"):
            U, sigma = U * factor, sigma / factor
        if part in ("V", "both"):
            Vt, sigma = Vt * factor, sigma / factor
        if part == "sigma":
            sigma = sigma * factor
        return U, sigma, Vt

    rng = np.random.default_rng(3)
    for d in (1, 3, 6):
        A = rng.uniform(-1, 1, (5, d, d))
        values = svd(A, compute_uv=False)
        with monkeypatch.context() as patched:
            patched.setattr(certificates.np.linalg, "svd", spoiled)
            low, high = certificates.singular_bounds(A)
        assert (low <= values[:, -1] * (1 + 1e-14)).all()
        assert (values[:, 0] * (1 - 1e-14) <= high).all()
