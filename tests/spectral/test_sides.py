"""The bounds on either side of one, at the ends of their hypotheses, and term by term.

See test_margins.py for what rounding may cost.
"""

import math

import numpy as np
import pytest

from rnnlib.spectral import (
    certificates,
    entrywise_bound,
    joint,
    joint_bound,
    linear_bound,
    lower_bound,
    norm_bound,
    numerical_bound,
    scaling_bound,
)
from rnnlib.spectral.bounds import ACCURACY, ROUNDING
from tests.spectral.checks import slopes
from tests.support.refusals import refuses

MARGIN = certificates.MARGIN


def sides(W):
    """Which bounds prove that powers of W vanish, and whether the lower one grows."""
    ones = slopes(3, len(W))
    return {
        "norm": norm_bound(W, ones, 1.0).proves_vanishing,
        "scaling": scaling_bound(W, ones, 1.0, np.ones(len(W))).proves_vanishing,
        "joint": joint_bound(W, ones, 1.0, 2).proves_vanishing,
        "linear": linear_bound(W, ones).proves_vanishing,
        "lower": lower_bound(W, ones, 1.0).proves_growth,
    }


@pytest.mark.parametrize("d", [1, 2])
def test_a_rate_within_the_margin_of_one_is_on_neither_side(d):
    """And one that is further away is on its own."""
    for margins in (-0.5, 0.0, 0.5):
        W = math.exp(margins * MARGIN) * np.eye(d)
        assert not any(sides(W).values())
    near = {"linear": d == 1}  # whose powers end by the rounding of their squares
    below = sides(math.exp(-3 * MARGIN) * np.eye(d)) | near
    assert below == {
        "norm": True,
        "scaling": True,
        "joint": True,
        "linear": d == 1,
        "lower": False,
    }
    above = sides(math.exp(3 * MARGIN) * np.eye(d))
    assert above == dict.fromkeys(above, False) | {"lower": True}


def test_the_numerical_radius_is_taken_to_its_accuracy():
    for factor, proved in ((1 - ACCURACY / 2, False), (1 - 2 * ACCURACY, True)):
        bound = numerical_bound(factor * np.eye(2), slopes(3), 1.0)
        assert bound.proves_vanishing == proved


def test_the_ends_of_an_hypothesis_belong_to_it():
    most, least = 0.3 * (1 + ROUNDING), 0.3 * (1 - ROUNDING)
    eye = np.eye(2)
    for sign in (1, -1):
        assert norm_bound(eye, slopes(2, value=sign * most), 0.3).holds
        assert lower_bound(eye, slopes(2, value=sign * least), 0.3).holds
        assert not norm_bound(eye, slopes(2, value=sign * 0.31), 0.3).holds
        assert not lower_bound(eye, slopes(2, value=sign * 0.29), 0.3).holds
    for value in (most, least):
        assert joint_bound(eye, slopes(2, value=value), 0.3, 1, low=0.3).holds
    assert numerical_bound(eye, slopes(2, value=0.0), 0.3).holds
    assert not numerical_bound(eye, slopes(2, value=-1e-9), 0.3).holds
    signed = slopes(3)
    signed[1, 0, 1] = -1.0
    assert norm_bound(eye, signed, 1.0).holds
    assert not joint_bound(eye, signed, 1.0, 1).holds
    assert not linear_bound(eye, signed).holds
    assert not linear_bound(eye, slopes(3, value=2.0)).holds
    signed[1, 0, 1] = 0.5
    assert not lower_bound(eye, signed, 1.0).holds


@pytest.mark.parametrize("k", [1, 2, 3, 4, 7, 300])
@pytest.mark.parametrize("scale", [1.0, 1e-200, 1e200])
def test_the_linear_bound_is_the_sum_of_its_terms(k, scale):
    """Of a triangle with eigenvalues apart: as many terms as units, or k + 1."""
    W = np.diag([1.0, 0.75, 0.5, 0.25]) + np.triu(np.full((4, 4), 0.3), 1)
    nu = math.sqrt(6 * 0.3**2)
    wanted = math.log(sum(math.comb(k, j) * nu**j for j in range(4)))
    bound = linear_bound(scale * W, slopes(k, 4))
    above = bound.log_value - wanted - k * math.log(scale)
    assert 0 < above < 1e-6 + 4e-7 * k
    assert bound.rate == pytest.approx(scale, rel=1e-12, abs=0)


@pytest.mark.parametrize("k", [1, 3, 8])
@pytest.mark.parametrize("scale", [1.0, 1e-200, 1e200])
def test_the_joint_bound_is_a_product_of_its_norms(k, scale):
    """Of a shear: a_3^q a_r with k = 3 q + r, whatever the scale and gamma."""
    W = np.array([[0.5, 1.0], [0.0, 0.5]])
    a = [np.linalg.norm(np.linalg.matrix_power(W, n), 2) for n in range(4)]
    for gamma in (1.0, 0.25):
        ends = slopes(k, value=gamma)
        bound = joint_bound(scale * W, ends, gamma, 3, low=gamma)
        wanted = (k // 3) * math.log(a[3]) + math.log(a[k % 3])
        wanted += k * math.log(scale * gamma)
        assert 0 < bound.log_value - wanted < 1e-9
        rate = scale * gamma * a[3] ** (1 / 3)
        assert bound.rate == pytest.approx(rate, rel=1e-9, abs=0)


def test_slopes_that_have_a_floor_are_joined_from_there():
    """Nilpotent where all slopes are the same, and only there."""
    pair = np.array([[1.0, -1.0], [1.0, -1.0]])
    ends = slopes(2, value=0.5)
    assert joint_bound(pair, ends, 0.5, 2, low=0.5).log_value < -25
    assert joint_bound(pair, ends, 0.5, 2, low=0.25).log_value > -3


def test_entries_far_apart_are_joined_as_they_are():
    W = np.array([[0.0, 1e163], [1e-163, 0.0]])
    bound = joint_bound(W, slopes(3), 1.0, 1)
    assert bound.log_value == pytest.approx(3 * 163 * math.log(10), rel=1e-9)


def test_how_many_products_are_joined(monkeypatch):
    monkeypatch.setattr(joint, "MOST", 64)  # 4^2 products of 4 numbers
    assert joint_bound(np.eye(2), slopes(3), 1.0, 2).holds
    monkeypatch.setattr(joint, "MOST", 63)
    message = "length: expected fewer products, got 2"
    refuses(message, joint_bound, np.eye(2), slopes(3), 1.0, 2)


def test_what_is_allowed_for_rounding_in_the_entrywise_bound(monkeypatch):
    """For each factor a margin, and that of sums of d products and two more."""
    W, k = np.diag([0.5, 0.25, 0.125]), 4
    monkeypatch.setattr(certificates, "rounding", lambda n: n / 1000)
    above = entrywise_bound(W, slopes(k, 3), 1.0).log_value - k * math.log(0.5)
    assert above == pytest.approx(ACCURACY + k * (MARGIN + 0.005), rel=1e-12, abs=0)
    monkeypatch.setattr(certificates, "rounding", lambda n: 0.0)
    above = entrywise_bound(W, slopes(k, 3), 1.0).log_value - k * math.log(0.5)
    assert above == pytest.approx(ACCURACY + k * MARGIN, rel=1e-6, abs=0)


def test_powers_that_grow_before_they_vanish():
    """Proved by a power whose norm is below one, of which the first have none."""
    block = np.array([[0.5, 10.0], [0.0, 0.5]])
    bound = linear_bound(block, slopes(3))
    assert bound.proves_vanishing and bound.log_value > 0
    assert not norm_bound(block, slopes(3), 1.0).proves_vanishing
    assert not linear_bound(2.1 * block, slopes(3)).proves_vanishing


def test_signs_of_entries_do_not_count_entry_by_entry():
    W = np.array([[0.6, -0.6], [0.6, 0.6]])
    found, other = (entrywise_bound(A, slopes(4), 1.0) for A in (W, np.abs(W)))
    assert found.log_value == other.log_value
    assert found.log_value == pytest.approx(4 * math.log(1.2), abs=1e-6)
    assert found.rate == pytest.approx(1.2, rel=1e-12)


def around(corner, more=0):
    """A path of five units with small ways back, and its end beside its beginning.

    By a similarity all these ways are of size 2^-34 after a gamma of 2^-60.
    """
    up = np.array([2.0**276, 2.0**276, 2.0**276, 1.5 * 2.0**275])
    W = np.diag(up * 2.0**more, 1) + np.diag(2.0**-224 / 2.0**more * np.ones(4), -1)
    W[4, 0] = corner
    return W


def test_an_entry_that_gamma_makes_vanish_counts_in_a_circle():
    """The product of the circle through it is above one where the way there is long."""
    gamma, corner = 2.0**-60, 2.0**-1040
    assert gamma * corner == 0
    ones = slopes(3, 5, gamma)

    def proved(W):
        return entrywise_bound(W, ones, gamma).proves_vanishing

    assert proved(around(0.0)) and proved(around(0.0, 100))
    assert proved(around(corner, 33)) and not proved(around(corner, 100))


@pytest.mark.filterwarnings("error")
def test_rates_beyond_the_floats_are_zero_or_infinite_without_a_warning():
    one = np.ones(2)
    for size, gamma, rate in ((1e300, 1e300, np.inf), (1e-300, 1e-300, 0.0)):
        W, ends = size * np.eye(2), slopes(3, value=gamma)
        for bound in (
            norm_bound(W, ends, gamma),
            entrywise_bound(W, ends, gamma),
            scaling_bound(W, ends, gamma, one),
            numerical_bound(W, ends, gamma),
            joint_bound(W, ends, gamma, 2),
            lower_bound(W, ends, gamma),
        ):
            wanted = 3 * (math.log(size) + math.log(gamma))
            wanted += math.log(2) * (bound.name == "numerical")
            assert bound.rate == rate and bound.holds
            assert bound.log_value == pytest.approx(wanted, rel=1e-9)


def test_derivatives_are_refused_in_full():
    calls = [
        lambda p: norm_bound(np.eye(2), p, 1.0),
        lambda p: numerical_bound(np.eye(2), p, 1.0),
        lambda p: linear_bound(np.eye(2), p),
        lambda p: lower_bound(np.eye(2), p, 1.0),
    ]
    for call in calls:
        for shape in ((2,), (2, 3), (3, 2, 1), (2, 2, 5)):
            message = f"phi_prime: expected shape (k, ..., 2), got {shape}"
            refuses(message, call, np.ones(shape))
        for shape in ((3, 2), (3, 5, 2), (1, 4, 3, 2)):
            assert call(np.ones(shape)).holds
        message = "phi_prime: expected real numbers, got complex128"
        refuses(message, call, np.ones((3, 2), complex))
    message = "low: expected a finite number > 0, got 0.0"
    refuses(message, lower_bound, np.eye(2), slopes(2), 0.0)
    message = "W_hh: expected shape (d, d), d > 0, got (2, 3)"
    refuses(message, linear_bound, np.ones((2, 3)), slopes(2))


@pytest.mark.parametrize("k", [0, 1, 3])
def test_bounds_of_no_steps_and_of_a_matrix_with_zeros(k):
    shear = np.array([[0.0, 1.0], [0.0, 0.0]])
    ends = slopes(k)
    bounds = [
        norm_bound(shear, ends, 1.0),
        entrywise_bound(shear, ends, 1.0),
        scaling_bound(shear, ends, 1.0, np.array([1.0, 4.0])),
        numerical_bound(shear, ends, 1.0),
        linear_bound(shear, ends),
        linear_bound(0 * shear, ends),
    ]
    wanted = {
        0: [0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
        1: [0.0, 0.0, 0.0, np.log(2), 0.0, -np.inf],
        3: [0.0, -np.inf, -np.log(16), -np.log(2), None, -np.inf],
    }[k]
    for bound, value in zip(bounds, wanted, strict=True):
        assert bound.holds
        if value is not None:
            assert bound.log_value == pytest.approx(value, abs=1e-6)
