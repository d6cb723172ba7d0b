"""The law of the next gap: exprel, compensator, mean, median, mass, draws."""

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, special

from rnnlib import pointprocess as pp
from tests.support.refusals import refuses

SMALL = [1e-300, -1e-16, 1e-8, 0.0, 1 - 1e-16]
U = np.concatenate([np.linspace(-30, 30, 241), SMALL, [-1.99, 1.99]])


def test_exprel_against_scipy():
    assert np.allclose(pp.exprel(U), special.exprel(U), rtol=1e-14, atol=0)


def test_the_derivative_of_exprel_against_mpmath():
    with mpmath.workdps(60):
        wanted = [
            float(mpmath.diff(lambda x: mpmath.expm1(x) / x, u or 1e-40)) for u in U
        ]
    assert np.allclose(pp.exprel_derivative(U), wanted, rtol=1e-13, atol=0)


def test_the_naive_formula_cancels():
    """Why a series: near w = 0 the closed form loses every digit."""
    w, tau = 1e-13, 1.0
    naive = (np.exp(w * tau) * (w * tau - 1) + 1) / w**2
    assert abs(naive - 0.5) > 0.1
    assert abs(pp.compensator_gradients(0.0, w, tau)[1] - 0.5) < 1e-12


@pytest.mark.parametrize("w", [-2.0, -1e-12, 0.0, 1e-7, 2.0])
def test_complex_steps_of_the_compensator(w):
    a, tau, step = 0.3, np.array([0.1, 0.499999, 0.5, 2.0]), 1e-30
    _, by_w, by_tau = pp.compensator_gradients(a, w, tau)
    found = pp.compensator(a, w + 1j * step, tau).imag / step
    assert np.allclose(found, by_w, rtol=1e-13, atol=0)
    assert np.allclose(by_tau, np.exp(a + w * tau), rtol=1e-15)


@pytest.mark.parametrize(("a", "w"), [(0.3, 0.5), (2.5, 0.01), (-2.0, 3.0), (1.0, 0.0)])
def test_the_mean_is_the_integral_of_the_survival(a, w):
    end = pp.inverse_compensator(a, w, 40.0)
    integral, _ = integrate.quad(
        lambda t: np.exp(-pp.compensator(a, w, t)), 0, end, epsabs=1e-13, limit=200
    )
    assert np.isclose(pp.mean_gap(a, w), integral, rtol=1e-10)


@pytest.mark.parametrize(("a", "w"), [(0.3, -0.5), (-3.0, -2.0), (1.5, -0.2)])
def test_the_conditional_mean_of_a_defective_law(a, w):
    mass = pp.probability_of_event(a, w)
    integral, _ = integrate.quad(
        lambda t: (np.exp(-pp.compensator(a, w, t)) - (1 - mass)) / mass,
        0,
        60 / abs(w),
        epsabs=1e-13,
        limit=400,
    )
    assert np.isclose(pp.mean_gap(a, w, conditional=True), integral, rtol=1e-9)
    assert pp.mean_gap(a, w) == np.inf


@pytest.mark.parametrize("x", [1e-8, 0.1, 49.9, 50.1, 300.0])
def test_the_means_against_mpmath(x):
    a = np.log(x)  # with |w| = 1
    with mpmath.workdps(50):
        m = mpmath.mpf(float(np.exp(a)))
        certain = mpmath.exp(m) * mpmath.e1(m)
        given = (mpmath.ei(m) - mpmath.log(m) - mpmath.euler) / mpmath.expm1(m)
    assert np.isclose(pp.mean_gap(a, 1.0), float(certain), rtol=1e-12)
    assert np.isclose(pp.mean_gap(a, -1.0, conditional=True), float(given), rtol=1e-11)


def test_the_median():
    for a, w in ((0.2, 0.7), (0.2, 0.0), (1.0, -0.3)):
        t = pp.median_gap(a, w)
        assert np.isclose(np.exp(-pp.compensator(a, w, t)), 0.5, rtol=1e-12)
    assert pp.median_gap(-3.0, -1.0) == np.inf  # mass below one half
    t = pp.median_gap(-3.0, -1.0, conditional=True)
    half = pp.probability_of_event(-3.0, -1.0) / 2
    assert np.isclose(1 - np.exp(-pp.compensator(-3.0, -1.0, t)), half, rtol=1e-12)


def test_draws_of_a_defective_law():
    rng = np.random.default_rng(0)
    gaps = pp.sample_gaps(-1.0, -0.5, rng=rng, size=20_000)
    mass = pp.probability_of_event(-1.0, -0.5)
    error = np.sqrt(mass * (1 - mass) / gaps.size)
    assert abs(np.isfinite(gaps).mean() - mass) < 4 * error
    given = pp.sample_gaps(-1.0, -0.5, rng=rng, size=20_000, conditional=True)
    assert np.isfinite(given).all()
    mean = pp.mean_gap(-1.0, -0.5, conditional=True)
    assert abs(given.mean() - mean) < 4 * given.std() / np.sqrt(given.size)


def test_the_inverse_at_the_ends():
    assert pp.inverse_compensator(-800.0, 1.0, 1.0) == pytest.approx(800.0)
    assert pp.inverse_compensator(-800.0, -1.0, 1.0) == np.inf
    assert pp.inverse_compensator(0.0, -1.0, 1.0) == np.inf
    assert pp.inverse_compensator(0.0, 2.0, 0.0) == 0
    assert pp.total_compensator(0.0, 0.0) == np.inf


@given(st.floats(-5, 5), st.floats(-2, 2), st.floats(1e-6, 10))
def test_the_inverse_inverts(a, w, tau):
    """Where the compensator is still rising by more than rounding."""
    area = pp.compensator(a, w, tau)
    slope = np.exp(a + w * tau)
    found = pp.inverse_compensator(a, w, area)
    rounding = 1e-14 * area / slope  # of the area, seen from the gap
    assert abs(found - tau) <= 10 * rounding + 1e-12 * tau


@given(st.floats(-3, 3), st.floats(-2, 2), st.floats(0, 5), st.floats(0, 5))
def test_the_compensator_is_additive(a, w, first, second):
    """Lambda over two stretches is the sum of both, the second started later."""
    whole = pp.compensator(a, w, first + second)
    parts = pp.compensator(a, w, first) + pp.compensator(a + w * first, w, second)
    assert abs(whole - parts) <= 1e-12 * max(whole, 1e-3)


@pytest.mark.parametrize("log_x", [-1e4, -800.0, -741.0, -40.5, -39.5, -5.0])
@pytest.mark.parametrize("w", [0.5, 2.0])
def test_the_mean_where_an_event_is_hardly_ever_begun(log_x, w):
    """The intensity grows all the same: the gap is long, and not without end."""
    a = log_x + np.log(w)
    with mpmath.workdps(60):
        x = mpmath.exp(mpmath.mpf(float(a)) - mpmath.log(w))
        wanted = float(mpmath.exp(x) * mpmath.e1(x) / w)
    assert np.isclose(pp.mean_gap(a, w), wanted, rtol=1e-12)


@pytest.mark.parametrize("a", [-1e4, -800.0, -745.0, -47.0, -45.0])
def test_a_law_of_a_mass_near_zero_given_that_there_is_an_event(a):
    """Then the gap is exponential with the rate |w|: no draw of it is infinite."""
    w = -2.0
    assert pp.median_gap(a, w, conditional=True) == pytest.approx(np.log(2) / 2)
    assert pp.mean_gap(a, w, conditional=True) == pytest.approx(0.5, rel=1e-12)
    rng = np.random.default_rng(3)
    drawn = pp.sample_gaps(np.full(2, a), w, rng=rng, size=(3, 2), conditional=True)
    shares = np.random.default_rng(3).random((3, 2))
    assert np.allclose(drawn, -np.log1p(-shares) / 2, rtol=1e-12)
    assert pp.median_gap(a, w) == np.inf and pp.mean_gap(a, w) == np.inf


def test_where_floats_end():
    """No warning, and the limit of what is asked for."""
    assert pp.mean_gap(-800.0, 0.0) == np.inf and pp.mean_gap(800.0, 1.0) == 0
    assert pp.mean_gap(800.0, -1.0, conditional=True) == 0
    assert pp.total_compensator(800.0, -1.0) == np.inf
    assert pp.probability_of_event(800.0, -1.0) == 1
    assert pp.total_compensator(-800.0, -1.0) == 0
    found = pp.inverse_compensator(-800.0, 0.5, 3.0)
    assert found == pytest.approx(2 * (800 + np.log(1.5)), rel=1e-15)
    assert pp.inverse_compensator(-800.0, 0.0, 1.0) == np.inf
    assert pp.inverse_compensator(np.zeros(2), -1.0, np.array([0.5, 1.5]))[1] == np.inf


def test_what_a_gap_is_drawn_for_decides_the_shape():
    rng, a = np.random.default_rng(0), np.zeros(2)
    assert np.shape(pp.sample_gaps(0.0, 1.0, rng=rng)) == ()
    assert pp.sample_gaps(a, 1.0, rng=rng).shape == (2,)
    assert pp.sample_gaps(a, 1.0, rng=rng, size=(3, 2)).shape == (3, 2)
    assert pp.sample_gaps(0.0, 1.0, rng=rng, size=4).shape == (4,)
    message = "size: expected a shape that broadcasts with (2,) of a, got (3,)"
    refuses(message, pp.sample_gaps, a, 1.0, rng=rng, size=3)
    refuses(message, pp.sample_gaps, a, 1.0, rng=rng, size=(3,))
    for size in (0, (2, 0)):
        message = "size: expected an integer >= 1, got 0"
        refuses(message, pp.sample_gaps, 0.0, 1.0, rng=rng, size=size)
    message = "target: expected a shape that broadcasts with (2,) of a, got (3,)"
    refuses(message, pp.inverse_compensator, a, 1.0, np.ones(3))
    message = "tau: expected a shape that broadcasts with (2,) of a, got (3,)"
    refuses(message, pp.compensator, a, 1.0, np.ones(3))


@pytest.mark.parametrize("w", [0.0, 0.5])
def test_a_certain_event_is_no_condition(w):
    one, other = (
        pp.sample_gaps(0.3, w, rng=np.random.default_rng(1), size=5, conditional=c)
        for c in (False, True)
    )
    assert np.array_equal(one, other) and pp.probability_of_event(0.3, w) == 1
    given = {"conditional": True}
    assert pp.median_gap(0.3, w, **given) == pp.median_gap(0.3, w)
    assert pp.mean_gap(0.3, w, **given) == pp.mean_gap(0.3, w)


@pytest.mark.parametrize("w", [-2.0, 0.0, 2.0])
@pytest.mark.parametrize("a", [-800.0, 0.0, 800.0])
def test_no_time_passes_before_a_compensator_of_zero(a, w):
    """Also where exp(-a) is infinite in floats; then beside a target above zero."""
    assert pp.inverse_compensator(a, w, 0.0) == 0
    found = pp.inverse_compensator(a, w, np.array([0.0, 0.5]))
    assert found[0] == 0 < found[1] or (a == 800 and found[1] < 1e-300)
