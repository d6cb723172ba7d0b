"""On which side of the truth a number lies, where the truth is known exactly."""

import math
import warnings

import mpmath
import numpy as np
import pytest

from rnnlib.spectral import (
    Bound,
    certificates,
    entrywise_bound,
    joint,
    joint_bound,
    joint_spectral_radius,
    linear_bound,
    lower_bound,
    norm_bound,
    numerical_bound,
    scaling_bound,
)
from tests.spectral.checks import slopes
from tests.support.refusals import refuses

TURN = np.array([[0.0, -2.0], [2.0, 0.0]])  # its k-th power has the norm 2^k
TRIPLE = np.array([[0.6, -0.8], [0.8, 0.6]])  # a turn with rational entries
SHEAR = np.array([[0.5, 0.25], [0.0, 0.5]])
EPS = np.finfo(float).eps
STEPS = [1, 2, 7, 5000]
NEAR = 1e-10  # a step; what rounding outward may cost


@pytest.mark.parametrize("k", STEPS)
def test_upper_bounds_lie_above_and_near(k):
    exact, ones = k * math.log(2), slopes(k)
    stretch = np.array([1.0, 8.0])
    found = [
        (norm_bound(TURN, ones, 1.0), exact),
        (entrywise_bound(TURN, ones, 1.0), exact),
        (numerical_bound(TURN, ones, 1.0), exact + math.log(2)),
        (scaling_bound(TURN, ones, 1.0, stretch[::-1]), k * math.log(16) + math.log(8)),
        (joint_bound(TURN, ones, 1.0, 2), exact),
        (linear_bound(TURN[:1, 1:] * -1, slopes(k, 1)), exact),
    ]
    for bound, value in found:
        above = bound.log_value - value
        assert 0 < above < k * NEAR + 1e-7 + 4e-8 * k * (bound.name == "numerical")


@pytest.mark.parametrize("k", STEPS)
def test_the_lower_bound_lies_below_and_near(k):
    for gamma in (1.0, 0.5, 2.0):
        bound = lower_bound(TURN, slopes(k, value=gamma), gamma)
        assert 0 < k * math.log(2 * gamma) - bound.log_value < k * NEAR


def test_the_condition_number_of_a_scaling_is_taken_from_above():
    with mpmath.workdps(60):
        for power in range(1, 290, 7):
            stretch = np.array([3.0 * 10.0**-power, 7.0 * 10.0**power])
            bound = scaling_bound(np.eye(2), slopes(1), 1.0, stretch)
            exact = mpmath.log(mpmath.mpf(stretch[1]) / mpmath.mpf(stretch[0]))
            assert exact + 1.5e-11 < bound.log_value < exact + 1e-9


def test_the_slack_of_an_hypothesis_covers_rounding_and_no_more():
    calls = [
        lambda p, g: norm_bound(np.eye(2), p, g),
        lambda p, g: numerical_bound(np.eye(2), p, g),
        lambda p, g: joint_bound(np.eye(2), p, g, 1, low=g),
    ]
    for call in calls:
        assert call(slopes(2, value=0.3 * (1 + 1e-15)), 0.3).holds
        assert not call(slopes(2, value=0.3 * (1 + 1e-10)), 0.3).holds
    low = calls[2]
    assert low(slopes(2, value=0.3 * (1 - 1e-15)), 0.3).holds
    assert not low(slopes(2, value=0.3 * (1 - 1e-10)), 0.3).holds
    for factor, holds in ((1 - 1e-15, True), (1 - 1e-10, False)):
        bound = lower_bound(np.eye(2), slopes(2, value=0.3 * factor), 0.3)
        assert bound.holds == holds
    one_of_many = slopes(3)
    one_of_many[1, 0, 1] = 1 + 1e-9
    assert not linear_bound(np.eye(2), one_of_many).holds
    assert not norm_bound(np.eye(2), one_of_many, 1.0).holds


def test_hypotheses_are_said_in_words():
    ones = slopes(2)
    said = [
        (norm_bound(np.eye(2), ones, 0.25), {"|phi'| <= 0.25": False}),
        (numerical_bound(np.eye(2), ones, 1.0), {"0 <= phi' <= 1": True}),
        (joint_bound(np.eye(2), ones, 1.5, 1, low=0.5), {"0.5 <= phi' <= 1.5": True}),
        (linear_bound(np.eye(2), ones), {"phi' = 1": True}),
        (lower_bound(np.eye(2), ones, 1.5), {"|phi'| >= 1.5": False}),
    ]
    for bound, hypotheses in said:
        assert bound.hypotheses == hypotheses


def test_refusals_in_full():
    ones, eye = slopes(3), np.eye(2)
    message = "low: expected a number from 0 to 0.5, got 0.75"
    refuses(message, joint_bound, eye, ones, 0.5, 2, low=0.75)
    message = "phi_prime: expected shape (k, ..., 2), got (3, 1, 3)"
    refuses(message, norm_bound, eye, slopes(3, 3), 1.0)
    message = "length: expected fewer products, got 9"
    refuses(message, joint_bound, eye, ones, 1.0, 9)
    assert joint_bound(eye, ones, 1.0, 7).holds  # 4^7 products of 4 numbers
    for gamma in (0.0, -1.0):
        message = f"gamma: expected a finite number > 0, got {gamma!r}"
        for bound in (norm_bound, entrywise_bound, numerical_bound):
            refuses(message, bound, eye, ones, gamma)
        refuses(message, scaling_bound, eye, ones, gamma, np.ones(2))
        refuses(message, joint_bound, eye, ones, gamma, 2)
    message = "W: expected d <= 14 for 2^d vertices, got d = 15"
    refuses(message, joint.diagonal_vertices, np.eye(15))
    assert joint.diagonal_vertices(np.eye(3)).shape == (8, 3, 3)
    message = "tolerance: expected a finite number > 0, got 0"
    refuses(message, joint_spectral_radius, np.ones((1, 1, 1)), tolerance=0)


@pytest.mark.parametrize("d", [1, 2, 5])
def test_the_sides_of_zero_matrices(d):
    zero, ones = np.zeros((d, d)), slopes(3, d)
    for bound in (
        norm_bound(zero, ones, 1.0),
        entrywise_bound(zero, ones, 1.0),
        numerical_bound(zero, ones, 1.0),
        scaling_bound(zero, ones, 1.0, np.ones(d)),
        linear_bound(zero, ones),
        lower_bound(zero, ones, 1.0),
    ):
        assert bound.log_value == -np.inf and bound.rate == 0 and bound.holds
        assert bound.proves_vanishing == (not bound.lower)


def test_what_a_sum_of_products_loses():
    assert certificates.rounding(2**50) == pytest.approx(1 / 3, rel=1e-15)
    assert certificates.rounding(3) == pytest.approx(3 * 2.0**-52, rel=1e-14, abs=0)


def test_frobenius_norms_from_above():
    for shape in ((4, 4), (2, 8), (8, 2), (3, 2, 8)):
        found = certificates.frobenius(np.ones(shape))
        assert np.shape(found) == shape[:-2]
        assert (4 * (1 + 16 * 2.0**-52) < found).all() and (found < 4 + 1e-13).all()
    assert 0 < certificates.frobenius(np.zeros((2, 2))) < 1e-290


@pytest.mark.parametrize("scale", [1e-300, 1e-150, 1.0, 1e150, 1e300])
def test_logarithms_of_norms_from_both_sides(scale):
    W = scale * np.array([[3.0, 1.0], [0.5, -2.0]])
    with mpmath.workdps(60):
        largest, smallest = mpmath.svd_r(mpmath.matrix(W.tolist()), compute_uv=False)
        above = certificates.log_norm(W) - mpmath.log(largest)
        below = mpmath.log(smallest) - certificates.log_smallest(W)
    room = 1e-13 * (1 + abs(math.log(scale)))  # rounding of the logarithm itself
    assert -room < above < 1e-12 + room and -room < below < 1e-12 + room


def test_rows_and_columns_may_differ_by_any_power_of_two():
    W = np.array([[3.0, 1.0], [0.5, -2.0]])
    wanted = certificates.log_smallest(W)
    rows = np.array([[2.0**700], [2.0**-10]])
    for other in (rows * W, W * rows.T):
        assert abs(certificates.log_smallest(other) - wanted + 10 * np.log(2)) < 1
    assert certificates.log_smallest(np.diag([1.0, 0.0])) == -np.inf
    assert certificates.log_smallest(np.array([[1.0, 1.0], [1.0, 1.0]])) == -np.inf
    for W in (np.array([[0.0, 1.0], [1.0, 0.0]]), np.eye(3)):
        assert -1e-12 < certificates.log_smallest(W) <= 0


def test_a_perron_root_is_below_one_or_it_is_not_said():
    below = certificates.perron_below_one
    for factor, proved in ((0.999, True), (1 - 1e-13, False), (1.0, False), (1.5, 0)):
        for A in (np.array([[0.0, 1.0], [1.0, 0.0]]), np.eye(2), np.full((2, 2), 0.5)):
            assert below(factor * A) == proved
    assert below(np.zeros((3, 3))) and below(np.array([[0.0, 100.0], [0.0, 0.0]]))
    assert not below(np.array([[0.5, 0.0], [0.0, 2.0]]))
    assert not below(np.array([[2.0, 0.0], [0.0, 0.5]]))
    assert not below(np.array([[2.0, 0.0], [0.0, 2.0]]))
    assert not below(np.diag([0.5, 1 - 1e-13])) and not below(np.diag([np.inf, 0.5]))
    assert not below(np.array([[0.0, 1e200, 0.0], [0.0, 0.0, 1e200], [0.0, 0.0, 0.0]]))


def test_eigenvalues_are_within_the_distance_that_is_said():
    """Known ones: of triangles, of rotations, and of what is off by a known matrix."""
    rng = np.random.default_rng(0)
    for d in (1, 2, 3, 4):
        for _ in range(20):
            D = np.sort(rng.uniform(0.1, 1, d))
            N = np.triu(rng.uniform(-1, 1, (d, d)), 1) / d
            E = rng.choice([0.0, 1e-9, 1e-4]) * rng.uniform(-1, 1, (d, d))
            W = np.diag(D) + N + E
            sizes, distance = certificates.eigenvalues_near(W, np.linalg.norm(E, 2))
            assert (np.abs(np.sort(sizes) - D) <= distance).all()
            if not E.any() and d < 3:
                assert distance < 1e-10
    sizes, distance = certificates.eigenvalues_near(TRIPLE)
    assert (np.abs(sizes - 1) <= distance).all() and distance < 1e-12
    sizes, distance = certificates.eigenvalues_near(np.array([[0.5, 0.5], [0.0, 0.5]]))
    assert (np.abs(sizes - 0.5) <= distance).all() and distance < 1e-5


def test_the_departure_from_normality_from_above():
    for a, b, c in ((0.5, 0.25, 0.75), (0.0, 1.0, 0.0), (1.0, 0.5, 1.0)):
        found = certificates.departure(np.array([[a, b], [0.0, c]]))
        assert b <= found < b + (1e-6 if a != c else 1e-2)
    assert certificates.departure(np.eye(2)) < 1e-6
    assert certificates.departure(TURN / 2) < 1e-6


def test_a_bound_says_nothing_that_it_was_not_given():
    bound = Bound("bare", 0.0, 0.5)
    assert bound.hypotheses == {} and bound.holds
    assert not bound.lower and not bound.certain
    assert not bound.proves_vanishing and not bound.proves_growth
    for lower in (False, True):
        held = Bound("held", 0.0, 0.5, {"a": True, "b": True}, lower, True)
        assert (held.proves_vanishing, held.proves_growth) == (not lower, lower)
        broken = Bound("broken", 0.0, 0.5, {"a": True, "b": False}, lower, True)
        assert not broken.holds
        assert not broken.proves_vanishing and not broken.proves_growth
    with pytest.raises(AttributeError):
        bound.rate = 2.0


@pytest.mark.parametrize("tiny", [1e-308, 5e-324])
def test_zeros_beside_the_smallest_floats(tiny):
    swap, ones = np.array([[0.0, tiny], [tiny, 0.0]]), slopes(3)
    exact = math.log(tiny)
    for bound in (
        norm_bound(swap, ones, 1.0),
        scaling_bound(swap, ones, 1.0, np.ones(2)),
        linear_bound(swap, ones),
        lower_bound(swap, ones, 1.0),
    ):
        assert abs(bound.log_value - 3 * exact) < 1e-5 and bound.holds
    one = np.array([[0.0, 1e-300], [0.0, 0.0]])  # scaled, an entry of 1e-600
    bound = scaling_bound(one, slopes(1), 1.0, np.array([1e-150, 1e150]))
    assert 0 < bound.log_value + 300 * math.log(10) < 1e-9


def test_the_scale_of_a_matrix_is_that_of_its_largest_entry():
    for sign in (1, -1):
        W = np.array([[sign * 24.0, 1.0, 0.0]])
        unit, e = certificates.unit(W)
        assert e == 5 and np.array_equal(unit, W / 32)
    assert certificates.unit(np.zeros((0, 0)))[1] == 0
    assert certificates.unit(np.zeros((2, 2)))[1] == 0


@pytest.mark.parametrize("low", [1.0, 1e-300])
def test_scales_are_taken_out_by_a_similarity(low):
    """Of a matrix whose entries are far apart, and of no other."""
    inner = low * np.array([[1.0, -0.75, 0.0], [0.5, 0.0, -0.5], [0.0, 1.0, 0.25]])
    assert not certificates.is_wide(inner)
    B, e, n = certificates.balanced(inner)
    assert not n.any() and np.array_equal(np.ldexp(B, e), inner)
    shift = np.array([0, 150, -160])
    W = np.ldexp(inner, shift[:, None] - shift) if low == 1 else inner
    assert certificates.is_wide(W) == (low == 1)
    B, e, n = certificates.balanced(W)
    assert np.array_equal(np.ldexp(B, e), np.ldexp(W, n - n[:, None]))
    assert 0.5 <= np.abs(B).max() <= 1
    assert np.abs(n - n[0] - (shift - shift[0]) * (low == 1)).max() <= 2
    assert certificates.is_wide(np.array([[1.0, 2.0**-201]]))
    assert not certificates.is_wide(np.array([[1.0, 2.0**-199, 0.0]]))
    assert not certificates.is_wide(np.zeros((2, 2)))
    B, e, n = certificates.balanced(np.zeros((2, 2)))
    assert not B.any() and e == 0 and not n.any()


def test_inverses_in_whole_numbers():
    rng = np.random.default_rng(0)
    for d in (1, 2, 3, 5):
        W = rng.integers(-9, 10, (d, d)) + 20.0 * np.eye(d)[rng.permutation(d)]
        for scale in (1.0, 2.0**-600, 2.0**600):
            V, e = certificates.inverse_in_integers(scale * W)
            found = np.ldexp(V, e + int(np.log2(scale)))
            assert np.allclose(found, np.linalg.inv(W), rtol=1e-12, atol=1e-14)
    W = np.array([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6], [0.7, 0.8, 0.9]])
    V, e = certificates.inverse_in_integers(W)  # nearly singular in floats only
    with mpmath.workdps(60):
        exact = mpmath.matrix(W.tolist()) ** -1
        wanted = np.array(exact.tolist(), float)
    assert np.allclose(np.ldexp(V, e), wanted, rtol=1e-14)
    tiny = 2.0**-52  # the determinant of what follows is -tiny^2
    W = np.array([[1 + tiny, 1.0], [1.0, 1 - tiny]])
    V, e = certificates.inverse_in_integers(W)
    wanted = np.array([[tiny - 1, 1.0], [1.0, -1 - tiny]])
    assert np.array_equal(np.ldexp(V, e - 104), wanted)
    a, b = 2.0**52 + np.array([1, 2, 3]), 2.0**52 + np.array([5, 4, 1])
    for W in (np.zeros((1, 1)), np.ones((2, 2)), np.array([[0.0, 1.0], [0.0, 2.0]])):
        assert certificates.inverse_in_integers(W) is None
    assert certificates.inverse_in_integers(np.stack([a, b, (a + b) / 2])) is None


@pytest.mark.parametrize("scale", [1.0, 2.0**-500, 2.0**500])
def test_the_largest_norms_of_products(scale):
    """Of entries of size one at most, and of others, against all products."""
    rng = np.random.default_rng(2)
    vertices = rng.uniform(-1, 1, (3, 2, 2))
    logs = joint.log_largest_norms(scale * vertices, 4)
    products, wanted = np.eye(2)[None], [0.0]
    for n in range(1, 5):
        products = (products[:, None] @ vertices).reshape(-1, 2, 2)
        norm = np.linalg.norm(products, 2, axis=(1, 2)).max()
        wanted.append(np.log(norm) + n * np.log(scale))
    above = logs - wanted
    assert len(logs) == 5 and logs[0] == 0
    assert (above >= -1e-12 * np.abs(wanted)).all()
    assert (above < (1e-12 if scale == 1 else 1e-6)).all()
    none = joint.log_largest_norms(np.zeros((2, 3, 3)), 2)
    assert none[0] == 0 and (none[1:] == -np.inf).all()


def test_vertices_are_as_many_as_corners_that_differ():
    W = np.array([[1.0, 2.0], [3.0, 4.0]])
    assert np.array_equal(
        joint.diagonal_vertices(W),
        [0 * W, [[0, 0], [3, 4]], [[1, 2], [0, 0]], W],
    )
    assert np.array_equal(joint.diagonal_vertices(W, 0.5, 0.5), [0.5 * W])
    assert len(joint.diagonal_vertices(np.eye(14), low=1.0)) == 1
    for low in (-0.1, 1.1, np.nan, "0"):
        message = f"low: expected a number from 0 to 1.0, got {low!r}"
        refuses(message, joint.diagonal_vertices, W, low=low)


def test_a_joint_radius_within_what_is_asked_for():
    """Rotations stretched: products of any order have the norm of their factors."""
    for scale in (1.0, 1e-200, 1e200):
        pair = scale * np.stack([0.5 * TRIPLE, -TRIPLE @ TRIPLE])
        lower, upper = joint_spectral_radius(pair, tolerance=1e-3 * scale)
        assert lower <= scale <= upper and upper - lower < 2e-3 * scale
        assert scale - lower < 1e-6 * scale
    shear = SHEAR[None]
    plain = joint_spectral_radius(shear, tolerance=1e-2)
    other = joint_spectral_radius(shear, tolerance=1e-3)
    assert plain == joint_spectral_radius(shear)
    assert plain[0] <= 0.5 <= other[1] < 0.505 < plain[1] < 0.52
    assert joint_spectral_radius(np.zeros((2, 3, 3))) == (0.0, 0.0)


def test_a_product_of_gamma_and_an_entry_beyond_the_floats_warns_of_nothing():
    found = entrywise_bound(np.full((2, 2), 1e300), np.ones((3, 2)), 1e300)
    assert not found.proves_vanishing and found.log_value > 3 * np.log(1e300)


def test_rounding_is_allowed_for_in_products_that_vanish():
    """Where the computed product is zero, the allowance for its rounding is left."""
    for d in (2, 4):
        V = np.kron(np.eye(d // 2), np.array([[6.0, -9.0], [4.0, -6.0]]) / 16)[None]
        logs = joint.log_largest_norms(V, 3)
        sizes = np.abs(V[0])
        for n in (2, 3):
            power = np.linalg.norm(np.linalg.matrix_power(sizes, n), 2)
            lost = n * (d + 4) * EPS * power
            assert logs[n] == pytest.approx(np.log(lost), abs=1e-6)


def test_a_perron_vector_that_is_one_but_for_rounding():
    """x - A x = 1 has entries of one exactly where A has almost nothing."""
    rng = np.random.default_rng(3)
    for _ in range(200):
        A = rng.uniform(0, 1, (6, 6)) * 10.0 ** -rng.integers(0, 20, (6, 1)) / 7
        assert certificates.perron_below_one(A)


@pytest.mark.parametrize("d", [2, 3, 5])
def test_rows_and_columns_of_a_balanced_matrix_are_alike(d):
    rng = np.random.default_rng(d)
    for _ in range(50):
        W = np.ldexp(rng.uniform(0.5, 1, (d, d)), rng.integers(-200, 200, (d, d)))
        n = certificates.balance(W)
        B = np.frexp(np.ldexp(W, n - n[:, None]))[1] + np.diag(np.full(d, -9999))
        assert np.abs(B.max(0) - B.max(1)).max() <= 2
    W = np.array([[2.0**300, 2.0**100], [2.0**-100, 1.0]])  # the diagonal stays
    n = certificates.balance(W)
    assert abs(n[1] - n[0] + 100) <= 1


def test_rows_and_columns_of_zeros_are_left_as_they_are():
    W = np.zeros((3, 3))
    W[0, 1] = 2.0**300
    assert not certificates.balance(W).any() and not certificates.balance(W.T).any()
    W[1, 0], W[2, 1] = 2.0**-300, 2.0**50
    for A in (W, W.T):
        n = certificates.balance(A)
        assert n[2] == 0 and abs(abs(n[1] - n[0]) - 300) <= 1


@pytest.mark.parametrize("d", [2, 3])
def test_what_is_allowed_for_rounding_in_singular_values(d):
    """Of half the identity, whose decomposition is exact, to first order."""
    low, high = certificates.singular_bounds(np.eye(d) / 2)
    small = (d + 4) * EPS
    factors = 2 * d * small / 2  # U and V are orthogonal but for that
    missed = small * (math.sqrt(d) / 2 + 2 * d / 2)
    allowed = factors + missed + small / 2
    assert high - 0.5 == pytest.approx(allowed, rel=0.02, abs=2 * EPS)
    assert 0.5 - low == pytest.approx(allowed, rel=0.02, abs=2 * EPS)


@pytest.mark.parametrize("turn", [False, True])
def test_what_is_allowed_for_rounding_in_powers(turn):
    """Of an exchange, whose powers are exact: an error grows by 2 sqrt(2) a square.

    A turn by an eighth has sizes whose square is larger than that of the turn.
    """
    W = np.array([[1.0, -1], [1, 1]]) / math.sqrt(2) if turn else np.eye(2)[::-1]
    relative, lost = EPS, 4 * EPS * (math.sqrt(2) if turn else 1)
    found = list(certificates.power_bounds(W))
    for i, value in enumerate(found):
        grown = math.expm1(value * 2**i - math.log(2) / 2)
        if 8 < i < 25:
            assert grown == pytest.approx(relative, rel=1e-2, abs=0)
        relative, lost = 2 * math.sqrt(2) * relative + lost, 4 * EPS
    assert 30 < len(found) < certificates.SQUARINGS


@pytest.mark.parametrize("error", [0.0, 1e-5])
def test_how_far_eigenvalues_may_be(error):
    """Of diagonal matrices and Jordan blocks, whose decompositions are exact."""
    for d in (2, 3):
        small = 8 * (d + 4) * EPS
        W = np.diag(np.arange(1.0, d + 1) / 8)
        sizes, distance = certificates.eigenvalues_near(W, error)
        lost = small * np.linalg.norm(W) + error
        allowed = (2 * d - 1) * math.sqrt(d) * lost
        assert distance == pytest.approx(allowed, rel=1e-3, abs=0)
        assert np.array_equal(np.sort(sizes), np.diag(W))
        block = np.eye(d) / 2 + np.eye(d, k=1) / 2
        sizes, distance = certificates.eigenvalues_near(block, error)
        N = math.sqrt(d - 1) / 2
        off = 2 * small * d * np.linalg.norm(block) + 2 * error
        u = off * sum(N**j for j in range(d))
        assert distance == pytest.approx((2 * d - 1) * u ** (1 / d), rel=0.02, abs=0)
        assert np.allclose(sizes, 0.5, rtol=1e-12)


def test_what_is_allowed_for_rounding_in_the_departure():
    W = np.diag([0.5, 0.25])
    distance = 3 * math.sqrt(2) * 8 * 6 * EPS * np.linalg.norm(W)
    square = 2 * distance * 0.75 + (8 + 2 * 1) * 4 * EPS * np.linalg.norm(W) ** 2
    assert certificates.departure(W) ** 2 == pytest.approx(square, rel=0.01, abs=0)


@pytest.mark.parametrize("length", [1, 3])
def test_what_is_allowed_for_rounding_in_a_joint_radius(length):
    d, products = 2, np.stack([np.eye(2) / 8, np.eye(2) / 4])
    found = joint._norms(products, 2 * products, length)
    allowed = (d + 4) * (length + 10) * EPS * 2 * math.sqrt(2) * np.array([1, 2]) / 8
    assert found - [1 / 8, 1 / 4] == pytest.approx(allowed, rel=1e-2, abs=0)
    least = joint._radius(products, 2 * products, length)
    lost = (8 * (d + 4) + 2 * (d + 4) * length) * EPS * math.sqrt(2) / 4
    distance = (2 * d - 1) * math.sqrt(2) * lost
    missed = 4 * distance / length + 1e-14  # of the root, relative to it
    assert 1 - least / 4 ** (-1 / length) == pytest.approx(missed, rel=1e-2, abs=0)
    nilpotent = np.array([[[0.0, 0.5], [0.0, 0.0]]])
    assert joint._radius(nilpotent, nilpotent, length) == 0
    assert joint._radius(0 * products, products, length) == 0
    products = np.stack([np.eye(2) / 8, -np.eye(2) / 4, [[0, 0.3], [-0.3, 0]]])
    for found, first in ((products, 0.3), (products[:2], 0.25)):
        least = joint._radius(found, np.abs(found), length)
        assert 0 < first ** (1 / length) - least < 1e-12


def test_when_a_joint_radius_is_given_up(monkeypatch):
    """After so many factors, or with so many numbers: what is known then is said."""

    def upper(pair):
        return joint_spectral_radius(pair, tolerance=1e-6)[1]

    norms = [np.linalg.norm(np.linalg.matrix_power(SHEAR, n), 2) for n in range(9)]
    monkeypatch.setattr(joint, "LONGEST", 6)
    assert upper(SHEAR[None]) == pytest.approx(norms[6] ** (1 / 6), rel=1e-11, abs=0)
    monkeypatch.setattr(joint, "MOST", 4 * 2**4)  # four numbers a product
    pair = np.stack([SHEAR, SHEAR])
    assert upper(pair) == pytest.approx(norms[4] ** (1 / 4), rel=1e-11, abs=0)
    monkeypatch.setattr(joint, "LARGE", 1e-2 * np.abs(SHEAR).max())
    assert upper(pair) == pytest.approx(norms[1], rel=1e-11, abs=0)


@pytest.mark.parametrize("error", [0.0, 1e-5])
def test_how_far_eigenvalues_in_pairs_may_be(error):
    """By the condition of their complex eigenvectors."""
    W = np.array([[0.5, -0.9, 0.1], [0.2, 0.5, 0.3], [0.0, 0.0, 0.25]])
    sizes, distance = certificates.eigenvalues_near(W, error)
    values, X = np.linalg.eig(W)
    lost = 8 * (3 + 4) * EPS * np.linalg.norm(W) + error
    allowed = 5 * lost * np.linalg.norm(X) / np.linalg.svd(X, compute_uv=False)[-1]
    assert distance == pytest.approx(allowed, rel=1e-3, abs=0)
    assert np.allclose(sizes, np.abs(values), rtol=1e-12)


def test_defective_matrices_in_other_coordinates():
    block = TRIPLE @ np.array([[0.5, 0.5], [0.0, 0.5]]) @ TRIPLE.T
    pairs = np.kron(np.eye(2), TRIPLE / 2) + np.kron(np.eye(2, k=1), np.eye(2) / 4)
    for W, most in ((block, 1e-5), (pairs, 1e-2)):
        sizes, distance = certificates.eigenvalues_near(W)
        assert (np.abs(sizes - 0.5) <= distance).all() and distance < most


def test_eigenvectors_are_not_trusted(monkeypatch):
    """Wrong ones widen the distance, so that it holds all the same."""
    block = np.array([[0.5, 0.5], [0.0, 0.5]])
    for off in (1e-4, -1e-6):
        X = np.array([[1.0, 1.0], [off, off + 1e-9]])
        with monkeypatch.context() as patched:
            patched.setattr(np.linalg, "eig", lambda W, X=X: (np.full(2, 0.5), X))
            sizes, distance = certificates.eigenvalues_near(block)
        missed = np.abs(sizes - 0.5)
        assert 0 < missed.max() and (missed <= distance).all()
    W = np.diag([0.25, 0.75])
    turned = np.array([[1.0, 1e-5], [-1e-5, 1.0]])
    for numbers in ([0.25, 0.75], [0.2, 0.8]):
        with monkeypatch.context() as patched:
            found = np.array(numbers), turned
            patched.setattr(np.linalg, "eig", lambda W, found=found: found)
            sizes, distance = certificates.eigenvalues_near(W)
        assert (np.abs(sizes - np.diag(W)) <= distance).all()
        assert 1e-6 < distance < 1


def test_a_decomposition_is_not_trusted(monkeypatch):
    """Wrong factors and values widen the bounds, so that they hold all the same."""
    exact, rng = np.linalg.svd, np.random.default_rng(0)
    W = np.array([[0.75, 0.5, 0.0], [-0.25, 1.0, 0.5], [0.25, 0.0, 0.5]])
    truth = exact(W, compute_uv=False)
    for scale in (1e-9, 1e-6, 1e-3):
        for _ in range(30):

            def wrong(A, scale=scale):
                parts = exact(A)
                return tuple(p + scale * rng.standard_normal(p.shape) for p in parts)

            with monkeypatch.context() as patched:
                patched.setattr(np.linalg, "svd", wrong)
                low, high = certificates.singular_bounds(W)
            assert low <= truth[-1] <= truth[0] <= high
            assert high - low < truth[0] - truth[-1] + 100 * scale


def test_products_of_sizes_up_to_one_are_computed_as_they_are():
    found = joint.log_largest_norms(np.eye(2)[None], 3)
    assert (0 <= found).all() and found.max() < 1e-12
    for size in (1.5, 1e200, 1e-200):  # others by logarithms, good to 1e-8
        found = joint.log_largest_norms(np.array([[[0.0, size], [size, 0.0]]]), 3)
        above = found - np.arange(4) * math.log(size)
        assert above[0] == 0 and 3e-8 < above[1:].min() < above[1:].max() < 1e-6


def test_refusals_of_a_joint_radius():
    message = "matrices: expected shape (n, d, d), no size zero, got (1, 2, 3)"
    refuses(message, joint_spectral_radius, np.ones((1, 2, 3)))
    message = "matrices: expected shape (n, d, d), no size zero, got (0, 2, 2)"
    refuses(message, joint_spectral_radius, np.ones((0, 2, 2)))
    message = "matrices: expected shape (n, d, d), no size zero, got (2, 2)"
    refuses(message, joint_spectral_radius, np.eye(2))
    large = {"scaling": np.array([1e200, 1e-200])}
    overflow = pytest.raises(FloatingPointError, match="matrices, scaling: expected")
    with warnings.catch_warnings(), overflow:
        warnings.simplefilter("error")
        joint_spectral_radius(np.ones((1, 2, 2)), **large)


@pytest.mark.parametrize("scale", [-1e200, -1.0, -1e-200, 1e-200])
def test_a_joint_radius_in_other_coordinates(monkeypatch, scale):
    """Norms are taken of Diag(s) A Diag(1/s), of matrices of any size and sign."""
    monkeypatch.setattr(joint, "LONGEST", 1)
    for stretch in (4.0, 0.125):
        scaled = np.array([[0.5, 0.25 / stretch], [0.0, 0.5]])
        _, upper = joint_spectral_radius(
            scale * SHEAR[None],
            tolerance=1e-9 * abs(scale),
            scaling=np.array([3.0, 3.0 * stretch]),
        )
        exact = np.linalg.norm(scaled, 2)
        assert upper / abs(scale) == pytest.approx(exact, rel=1e-11)


def test_long_products_stay_in_range():
    """Of a radius that is small beside an entry, and beside eigenvalues of zero."""
    a = 1e-4
    A = np.array([[a, 1.0, 0.0], [0.0, a, 0.0], [0.0, 0.0, 0.0]])
    lower, upper = joint_spectral_radius(A[None], tolerance=0.03 * a)
    assert lower <= a <= upper < 1.04 * a
    pair = np.stack([-1e300 * SHEAR, -1e-300 * SHEAR])
    assert joint_spectral_radius(pair, tolerance=1e297)[1] < 0.505e300


def test_rounding_of_products_that_cancel(monkeypatch):
    A = np.array([[6.0, -9.0], [4.0, -6.0]]) / 16  # its square is zero
    monkeypatch.setattr(joint, "LONGEST", 2)
    _, upper = joint_spectral_radius(A[None], tolerance=1e-9)
    allowed = (2 + 4) * (2 + 10) * EPS * np.linalg.norm(np.abs(A) @ np.abs(A))
    assert upper == pytest.approx(math.sqrt(allowed), rel=1e-2, abs=0)


def test_nothing_is_asked_for_below_rounding(monkeypatch):
    asked = []

    def norms(products, sizes, length, inner=joint._norms):
        asked.append((length, sizes))
        return inner(products, sizes, length)

    monkeypatch.setattr(joint, "_norms", norms)
    lower, upper = joint_spectral_radius(np.eye(2)[None] / 2, tolerance=1e-300)
    assert lower <= 0.5 <= upper < 0.5 + 1e-12 and [n for n, _ in asked] == [1]
    A = np.array([[-0.5, 0.25], [0.0, -0.5]])
    joint_spectral_radius(A[None], tolerance=1e-2)
    for length, sizes in asked[1:]:
        powers = np.linalg.matrix_power(np.abs(A), length)
        assert np.allclose(sizes / sizes[0, 0, 0], powers / powers[0, 0], rtol=1e-12)
    assert len(asked) > 5


def test_products_that_are_followed_no_further_are_not_forgotten():
    """The radius is that of two matrices whose norms are below lower + tolerance."""
    a, b, c = 0.55, 0.9, 0.5
    up, down = np.eye(2, k=1), np.eye(2, k=-1)
    first, last = np.diag([1.0, 0.0]), np.diag([0.0, 1.0])
    set_of_four = np.stack(
        [
            np.kron(first, a * up),
            np.kron(first, a * down),
            np.kron(first, c * np.eye(2)),
            np.kron(last, b * up),  # alone it has a larger norm, and vanishes soon
        ]
    )
    lower, upper = joint_spectral_radius(set_of_four, tolerance=0.1)
    assert lower <= a <= upper < c + 0.1 + 1e-9


def test_of_products_that_are_given_up_the_largest_counts(monkeypatch):
    monkeypatch.setattr(joint, "LONGEST", 2)
    pair = np.stack([0.99 * SHEAR, SHEAR])
    _, upper = joint_spectral_radius(pair, tolerance=1e-6)
    assert upper == pytest.approx(np.linalg.norm(SHEAR @ SHEAR, 2) ** 0.5, rel=1e-11)


@pytest.mark.parametrize("p", [1, 3, 64])
def test_the_stand_in_for_a_norm_and_its_gradient(p):
    rng = np.random.default_rng(p)
    W, x = rng.standard_normal((4, 4)), rng.standard_normal(4)
    sigma = np.linalg.svd(np.diag(np.exp(x)) @ W @ np.diag(np.exp(-x)))[1]
    norm, value, gradient = joint._stand_in(W, x, p)
    assert norm == pytest.approx(sigma[0], rel=1e-12)
    assert value == pytest.approx(np.log((sigma ** (2 * p)).sum()) / (2 * p), rel=1e-12)
    for i, step in enumerate(1e-5 * np.eye(4)):
        up, down = (joint._stand_in(W, x + s, p)[1] for s in (step, -step))
        assert gradient[i] == pytest.approx((up - down) / 2e-5, abs=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_the_best_scaling_of_a_positive_matrix_is_known(seed):
    """The roots of left over right Perron vectors: the norm is the spectral radius."""
    rng = np.random.default_rng(seed)
    W = rng.uniform(0, 1, (4, 4)) * np.exp(2 * rng.standard_normal((4, 1)))
    W *= np.exp(rng.standard_normal(4))
    s = joint.diagonal_scaling(W)
    radius = np.abs(np.linalg.eigvals(W)).max()
    assert np.linalg.norm(s[:, None] * W / s, 2) == pytest.approx(radius, rel=1e-7)
    assert abs(np.log(s).sum()) < 1e-12


def test_scales_far_apart_are_put_into_the_scaling():
    W = np.array([[0.5, 1e100, 0.0], [1e-100, 0.25, 1e-10], [0.0, 0.0, 1e-5]])
    s = joint.diagonal_scaling(W)
    radius = np.abs(np.linalg.eigvals([[0.5, 1.0], [1.0, 0.25]])).max()
    assert np.linalg.norm(s[:, None] * W / s, 2) == pytest.approx(radius, rel=1e-6)
    assert abs(np.log(s).sum()) < 1e-10
