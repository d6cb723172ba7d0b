"""Mean-field theory: published numbers, other quadratures, exact cases, expansions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate

from rnnlib import ACTIVATIONS
from rnnlib.activations import Activation
from rnnlib.spectral import mean_field
from rnnlib.spectral.mean_field import (
    chi,
    critical_gain,
    fixed_point_variance,
    variance_map,
)
from tests.support.mutants import Mutant, each, fails, planted, with_arguments
from tests.support.refusals import refuses

biases = st.floats(0.01, 3)
gains = st.floats(0.05, 6)


def expectation(f):
    """E[f(z)] for z ~ N(0, 1), adaptively."""
    density = (2 * np.pi) ** -0.5
    return sum(
        integrate.quad(
            lambda z: f(z) * density * np.exp(-z * z / 2), *ends, epsabs=1e-13
        )[0]
        for ends in ((-12, 0), (0, 12))
    )


def test_the_edge_of_tanh_with_a_little_bias():
    gain = critical_gain(np.sqrt(0.05))
    assert round(gain**2, 4) == 1.7610
    assert round(fixed_point_variance(gain, np.sqrt(0.05)), 4) == 0.5700
    assert chi(gain, np.sqrt(0.05)) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("phi", ACTIVATIONS)
@pytest.mark.parametrize("q", [1e-6, 0.3, 2.0, 50.0])
def test_the_map_against_adaptive_quadrature(phi, q):
    act = ACTIVATIONS[phi]
    expected = 1.3**2 * expectation(lambda z: float(act(np.sqrt(q) * z)) ** 2) + 0.04
    assert variance_map(q, 1.3, 0.2, phi) == pytest.approx(expected, rel=1e-9)


@given(gains, biases)
def test_chi_of_tanh_against_adaptive_quadrature(sigma_w, sigma_b):
    q = fixed_point_variance(sigma_w, sigma_b)
    expected = sigma_w**2 * expectation(lambda z: np.cosh(np.sqrt(q) * z) ** -4)
    assert chi(sigma_w, sigma_b) == pytest.approx(expected, rel=1e-8)


def test_gauss_hermite_agrees_where_it_converges():
    z, weights = np.polynomial.hermite_e.hermegauss(100)
    weights /= weights.sum()
    q = fixed_point_variance(1.327, 0.2236)
    by_hermite = 1.327**2 * (weights @ np.cosh(np.sqrt(q) * z) ** -4)
    assert chi(1.327, 0.2236) == pytest.approx(by_hermite, rel=1e-9)


@given(gains, biases, st.sampled_from(["tanh", "logistic"]))
def test_the_fixed_point_is_one_and_attracts(sigma_w, sigma_b, phi):
    q = fixed_point_variance(sigma_w, sigma_b, phi)
    assert variance_map(q, sigma_w, sigma_b, phi) == pytest.approx(q, rel=1e-10)
    for start in (q / 2, 2 * q):
        assert abs(variance_map(start, sigma_w, sigma_b, phi) - q) < abs(start - q)


@given(biases, st.sampled_from(["tanh", "logistic"]))
def test_chi_crosses_one_at_the_critical_gain(sigma_b, phi):
    gain = critical_gain(sigma_b, phi)
    assert chi(gain, sigma_b, phi) == pytest.approx(1, abs=1e-9)
    assert chi(0.98 * gain, sigma_b, phi) < 1 < chi(1.02 * gain, sigma_b, phi)


@given(st.floats(1.001, 1.05))
def test_expansion_above_the_transition_without_bias(gain):
    """g^2 = 1 + e: q* = e/2 and chi = 1 + e^2/3, to leading order."""
    e = gain**2 - 1
    q = fixed_point_variance(gain, 0.0)
    assert q == pytest.approx(e / 2, rel=3 * e)
    assert chi(gain, 0.0) - 1 == pytest.approx(e * e / 3, rel=6 * e)


def test_without_bias_the_transition_is_at_one():
    assert critical_gain(0.0) == pytest.approx(1, abs=1e-12)
    for gain in (0.1, 0.9, 0.999):
        assert fixed_point_variance(gain, 0.0) == 0
        assert chi(gain, 0.0) == pytest.approx(gain**2, rel=1e-12)
    assert fixed_point_variance(1.001, 0.0) > 0


@given(gains, biases)
def test_relu_and_identity_are_exact(sigma_w, sigma_b):
    for phi, share in (("relu", 0.5), ("identity", 1.0)):
        factor = share * sigma_w**2
        assert chi(sigma_w, sigma_b, phi) == pytest.approx(factor, rel=1e-12)
        assert critical_gain(sigma_b, phi) == pytest.approx(share**-0.5, rel=1e-12)
        q = fixed_point_variance(sigma_w, sigma_b, phi)
        if factor < 0.999:
            assert q == pytest.approx(sigma_b**2 / (1 - factor), rel=1e-9)
        if factor > 1.001:
            assert q == np.inf


def test_relu_without_bias_keeps_half_of_its_slopes_as_the_state_dies():
    assert fixed_point_variance(1.0, 0.0, "relu") == 0
    assert chi(1.0, 0.0, "relu") == pytest.approx(0.5, rel=1e-12)


@pytest.mark.parametrize("gain", [50.0, 99.0])
def test_the_largest_variances_are_resolved(gain):
    """phi' is a narrow peak: E[phi'^2] = (4/3) / sqrt(2 pi q*), to order 1/q*."""
    q = fixed_point_variance(gain, 1.0)
    expected = gain**2 * (4 / 3) / np.sqrt(2 * np.pi * q)
    assert chi(gain, 1.0) == pytest.approx(expected, rel=1 / q)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: chi(0.0, 1.0), "sigma_w: expected a finite number > 0, got 0.0"),
        (lambda: chi(np.nan, 1.0), "sigma_w: expected a finite number > 0"),
        (lambda: chi(1.0, -0.1), "sigma_b: expected a finite number >= 0, got -0.1"),
        (lambda: critical_gain(np.inf), "sigma_b: expected a finite number >= 0"),
        (lambda: critical_gain("1"), "sigma_b: expected a finite number >= 0"),
        (lambda: variance_map(-1.0, 1.0, 1.0), "q: expected a finite number >= 0"),
        (lambda: chi(1.0, 1.0, "sine"), "phi: expected one of"),
        (
            lambda: fixed_point_variance(1e200, 1.0),
            "q: expected a variance of at most 10000",
        ),
        (
            lambda: fixed_point_variance(1.0, 1e100),
            "q: expected a variance of at most 10000",
        ),
        (
            lambda: fixed_point_variance(1e3, 1.0),
            "q: expected a variance of at most 10000",
        ),
        (lambda: critical_gain(1e6), "q: expected a variance of at most 10000"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("sigma_w", [1e-200, 1e-3, 99.0])
@pytest.mark.parametrize("sigma_b", [0.0, 1e-200, 5.0])
def test_extreme_gains_and_biases(sigma_w, sigma_b):
    q = fixed_point_variance(sigma_w, sigma_b)
    assert sigma_b**2 <= q <= sigma_w**2 + sigma_b**2 + 1e-9
    assert 0 <= chi(sigma_w, sigma_b) <= sigma_w**2 * (1 + 1e-12)


def wrong_chi(name, change):
    """Another chi: sigma_w^2 times the mean of ``change(q, xi)``."""

    def wrong(sigma_w, sigma_b):
        q = fixed_point_variance(sigma_w, sigma_b)
        return sigma_w**2 * expectation(lambda xi: change(q, xi))

    return Mutant(name, "rnnlib.spectral.mean_field.chi", lambda right: wrong)


def wrong_fixed_point(name, change):
    """The fixed point of other parameters."""
    place = "rnnlib.spectral.mean_field.fixed_point_variance"
    return Mutant(
        name, place, with_arguments(lambda w, b, *phi: ((*change(w, b), *phi), {}))
    )


def slope(s):
    """tanh'."""
    return 1 - np.tanh(s) ** 2


MISTAKES = [
    wrong_chi("slope not squared", lambda q, xi: slope(np.sqrt(q) * xi)),
    wrong_chi("q for sqrt(q)", lambda q, xi: slope(q * xi) ** 2),
    wrong_chi(
        "density of another width",
        lambda q, xi: slope(np.sqrt(q) * xi / np.sqrt(2)) ** 2,
    ),
    wrong_fixed_point("bias forgotten", lambda w, b: (w, 0.0)),
    wrong_fixed_point("gain not squared", lambda w, b: (np.sqrt(w), b)),
]


def on_the_edge():
    """The published point where chi is 1, and its fixed point."""
    gain, bias = 1.7609546396**0.5, 0.05**0.5
    found = mean_field.fixed_point_variance(gain, bias), mean_field.chi(gain, bias)
    assert found == pytest.approx((0.57005, 1), abs=5e-5)


@each(MISTAKES)
def test_a_mistake_moves_the_edge_or_the_fixed_point(mutant):
    on_the_edge()
    with planted(mutant):
        assert fails(on_the_edge)


def test_the_expectation_of_the_tests_gives_the_edge():
    right = wrong_chi("right", lambda q, xi: slope(np.sqrt(q) * xi) ** 2)
    with planted(right):
        on_the_edge()


@pytest.mark.parametrize("bound", [2.5, 5.0])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_line_that_bends_far_out_is_not_homogeneous(sign, bound):
    """On one side only: the edge depends on the bias, as it does not for relu."""

    def phi(s, out=None):
        return sign * np.minimum(sign * np.asarray(s), bound)

    bent = Activation("bent", phi, lambda h: 1.0 * (sign * h < bound), 1.0)
    assert not mean_field._is_homogeneous(bent)
    assert mean_field._is_homogeneous(ACTIVATIONS["relu"])


@pytest.mark.parametrize("n", mean_field.NODES)
def test_nodes_are_even_about_zero_and_none_is_on_it(n):
    xi, weights = mean_field._rule(n)
    assert np.allclose(xi, -xi[::-1]) and np.abs(xi).min() > 0 and len(xi) == n
    assert xi[-1] == pytest.approx(mean_field.RANGE * (n - 1) / n)
    assert np.allclose(weights, weights[::-1]) and weights.sum() == pytest.approx(1)


@pytest.mark.parametrize("threshold", [1.5, 4.0])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_line_with_a_gap_about_zero_is_not_homogeneous(sign, threshold):
    """Where it is zero for small numbers of one sign."""

    def phi(s, out=None):
        return np.where((0 < sign * s) & (sign * s < threshold), 0.0, s)

    assert not mean_field._is_homogeneous(phi)


def test_steps_of_the_grid_and_how_far_it_reaches():
    steps = 2 * mean_field.RANGE / np.array(mean_field.NODES)
    assert steps.tolist() == [2.0**-k for k in range(4, 11)]
    for n in mean_field.NODES:
        xi, weights = mean_field._rule(n)
        for power, moment in ((2, 1), (4, 3), (6, 15)):
            found = weights @ xi**power
            assert found == pytest.approx(moment, rel=1e-14, abs=0)
    assert np.exp(-(mean_field.RANGE**2) / 2) / np.sqrt(2 * np.pi) < 1e-22


@pytest.mark.parametrize("sign", [1, -1])
def test_an_expectation_is_taken_when_its_change_is_small(sign):
    """Of 1e-10 at most, relatively; else the step is halved, to the end."""

    def found(*values):
        by_nodes = dict(zip(mean_field.NODES, values, strict=False))
        asked = []

        def f(xi):
            asked.append(len(xi))
            return np.full(len(xi), sign * by_nodes[len(xi)])

        value = mean_field._expectation(f)
        assert asked == list(mean_field.NODES[: len(values)])
        return sign * value

    for size in (1e-30, 1.0, 1e30):
        near = [1, 1 + 1e-8, 1 + 5e-10, 1 + 4.5e-10]
        values = size * np.array(near)
        assert found(*values) == pytest.approx(values[-1], rel=1e-14, abs=0)
        rising = size * (1 + 1e-9 * np.arange(7))
        rising[-1] = rising[-2]
        assert found(*rising) == pytest.approx(rising[-1], rel=1e-14, abs=0)
    assert found(0.0, 0.0) == 0
    with pytest.raises(ValueError, match="q: expected a variance of at most 10000"):
        found(*1 + 1e-9 * np.arange(7))


def test_where_the_transition_is_to_the_last_bit():
    for turn in (np.pi, 1e-9, 8.999):
        assert mean_field._bisect(lambda q, turn=turn: q >= turn, 1e-16, 9.0) == turn
    asked = []

    def above(q):
        asked.append(q)
        return q >= 5000

    assert mean_field._bracket(above, 1.0, 3.0) == (3072.0, 6144.0)
    assert asked == [3.0 * 2**k for k in range(12)]
    assert mean_field._bracket(lambda q: q > 9000, 1.0, 3.0) == (6144.0, 1e4)
    with pytest.raises(ValueError, match="q: expected a variance of at most 10000"):
        mean_field._bracket(lambda q: False, 1.0, 3.0)


def test_the_map_of_lines_at_and_beside_a_factor_of_one():
    """Exactly one is neither side: no bias keeps zero, a bias has no fixed point."""
    assert mean_field._mean_square(ACTIVATIONS["identity"], 1.0) == 1
    assert fixed_point_variance(1.0, 0.0, "identity") == 0
    assert fixed_point_variance(1.0, 1e-3, "identity") == np.inf
    for gain in (1.2, 1.5):
        assert fixed_point_variance(gain, 0.0, "identity") == np.inf
        assert fixed_point_variance(gain, 0.5, "identity") == np.inf
    found = fixed_point_variance(0.5, 1e-200, "identity")
    assert found == 0  # the square of the bias is no float
    found = fixed_point_variance(0.5, 3e-9, "identity")
    assert found == pytest.approx(12e-18, rel=1e-14, abs=0)


def test_a_variance_below_the_smallest_is_zero():
    assert fixed_point_variance(1.0, 0.0) == 0
    for bias, factor in ((4e-8, 1), (2e-8, 1), (9.9e-9, 0), (1e-9, 0)):
        found = fixed_point_variance(0.1, bias)
        wanted = factor * bias**2 / 0.99
        assert found == pytest.approx(wanted, rel=1e-9, abs=0)


@pytest.mark.parametrize("phi", ["tanh", "logistic"])
def test_the_largest_variance_is_taken_and_no_larger_one(phi):
    act = ACTIVATIONS[phi]
    message = (
        "q: expected a variance of at most 10000, got more; "
        "sigma_w or sigma_b is too large"
    )
    more = np.nextafter(1e4, np.inf)
    half = 0.5 if phi == "logistic" else 1.0
    assert variance_map(1e4, 2.0, 3.0, phi) == pytest.approx(9 + 4 * half, rel=0.02)
    refuses(message, variance_map, more, 2.0, 3.0, phi)
    peak = 4 / 3 if phi == "tanh" else 1 / 6
    slope_square = mean_field._mean_square_slope(act, 1e4)
    assert slope_square == pytest.approx(peak / np.sqrt(2 * np.pi * 1e4), rel=1e-2)
    refuses(message, mean_field._mean_square_slope, act, more)
    assert variance_map(1e8, 1.0, 0.0, "identity") == pytest.approx(1e8, rel=1e-14)


def test_the_edge_with_a_bias_and_without():
    """Without one the slope at zero counts, and of the logistic no zero is kept."""
    assert critical_gain(0.0, "tanh") == pytest.approx(1, rel=1e-14)
    for bias in (0.0, 0.3, 20.0):
        gain = critical_gain(bias, "logistic")
        q = fixed_point_variance(gain, bias, "logistic")
        assert chi(gain, bias, "logistic") == pytest.approx(1, rel=1e-9)
        assert q > bias**2
    gain = critical_gain(20.0, "tanh")
    assert chi(gain, 20.0) == pytest.approx(1, rel=1e-9)
