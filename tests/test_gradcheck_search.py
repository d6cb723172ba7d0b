"""Which steps check_gradients takes, and when it stops: on slopes that are given."""

import numpy as np
import pytest

from rnnlib import check_gradients
from rnnlib.gradcheck import EPS, ROUNDING, SAFETY, START, TINY, Slope, _Line

U = np.ones(1)


def rng():
    return np.random.default_rng(0)


class Given(_Line):
    """A line whose slopes are those of ``answer(step)``; ``tried`` has the steps."""

    def __init__(self, answer, at=1.0, gradient=0.0):
        array, gradient = np.full(1, at), np.full(1, gradient)
        super().__init__(lambda moved: 0.0, "x", array, gradient, 0.0, 1e-7)
        self.answer, self.tried = answer, []

    def slope(self, u, step):
        self.tried.append(step)
        return self.answer(step)


def slope(step=1e-3, excess=0.0, residual=0.0, size=1.0, reach=1.0):
    return Slope(step, excess, residual, size, reach)


def in_turn(*slopes):
    """One after the other, and the last of them from then on."""
    left = list(slopes)
    return lambda step: left.pop(0) if len(left) > 1 else left[0]


# The unit of the steps


@pytest.mark.parametrize(
    ("norm", "unit"),
    [
        (0.0, 1.0),
        (1e-320, TINY / START),
        (1e-300, 1e-300),
        (5e-3, 5e-3),
        (0.01, 1.0),
        (0.012, 1.0),
        (0.5, 1.0),
        (3.0, 1.0),
        (100.0, 1.0),
        (150.0, 150.0),
        (1e300, 1e300),
    ],
)
def test_steps_are_relative_to_parameters_of_unusual_size(norm, unit):
    assert Given(slope, at=norm).unit == unit


def limited(function, calls=500):
    """The function, which may not be called for ever."""
    left = iter(range(calls))

    def counted(a):
        next(left)
        return function(a)

    return counted


@pytest.mark.parametrize("size", [1e-320, 1e-310, TINY])
@pytest.mark.parametrize("factor", [1.0, 2.0])
def test_parameters_below_the_normal_numbers(size, factor):
    at = size * np.array([1.0, 2.0])
    gradient = np.full(2, factor * 1e300)
    function = limited(lambda a: ((1e300 * a).sum(), gradient))
    check = check_gradients(function, at, rng=rng())
    assert check.wrong == ([] if factor == 1 else ["params"])
    assert check.ok == (factor == 1)


@pytest.mark.parametrize("at", [2e304, 1e308, np.full(4, 1e308)], ids=str)
@pytest.mark.parametrize("bend", [0.0, 1.0])
def test_parameters_at_the_end_of_the_floats_have_no_verdict(at, bend):
    """Steps that cannot move them, or longer than the floats, show no mistake."""
    at = np.asarray(at, dtype=float)

    def function(a):
        return bend * np.abs(a - at).sum(), np.full(at.shape, 7.0)

    check = check_gradients(limited(function), at, rng=rng())
    reason = "the parameter is too near the end of the floats"
    assert str(check) == f"params  cannot tell: {reason}"
    assert check.errors == {"params": np.inf}


def test_parameters_not_quite_at_the_end_of_the_floats():
    assert check_gradients(limited(lambda a: (a, 1.0)), 1e304, rng=rng()).ok
    constant = check_gradients(limited(lambda a: (0.0, 0.0)), 1e304, rng=rng())
    assert constant.ok


# A second and a third step confirm an accusation


def confirmed(first, answer, at=1.0):
    line = Given(answer, at=at)
    return line.is_confirmed(U, first, 0.0, 0.0), line.tried


def shows(step):
    return slope(step, excess=1.0)


@pytest.mark.parametrize("excess", [1.0, -1.0, 10.0])
@pytest.mark.parametrize(
    ("residual", "size", "at", "shortest"),
    [
        (1e-9, 1.0, 1.0, 3 * SAFETY * 1e-9),
        (0.0, 1e8, 1.0, 3 * SAFETY * 1e8 * EPS),
        (0.0, 1.0, 1.0, 1e-10),
        (0.0, 1.0, 1e4, 1e-6),
    ],
)
def test_an_accusation_is_tried_at_two_shorter_steps(
    residual, size, at, shortest, excess
):
    """One is shorter, and one as short as the error of the slope permits."""
    first = slope(1e-3, excess, residual, size)
    done, (one, other) = confirmed(first, shows, at)
    assert done
    assert 0.1 < one / first.step < 0.7
    permitted = shortest if shortest in (1e-10, 1e-6) else shortest / abs(excess)
    assert 0.5 < other / permitted < 2


def test_no_longer_step_confirms():
    done, tried = confirmed(slope(1e-3, 1.0, 1e-5), shows)
    assert done and len(tried) == 1 and tried[0] < 1e-3


@pytest.mark.parametrize("other", [None, slope(excess=0.0)], ids=["none", "agrees"])
@pytest.mark.parametrize("when", [0, 1])
def test_one_step_that_does_not_accuse_is_enough(other, when):
    answers = [slope(excess=1.0), slope(excess=1.0)]
    answers[when] = other
    done, tried = confirmed(slope(excess=1.0, residual=1e-9), in_turn(*answers))
    assert not done and len(tried) == when + 1


# The steps of the search


@pytest.mark.parametrize("at", [1e-3, 1.0, 1e4])
def test_shorter_steps_come_first_and_then_longer_ones(at):
    line = Given(lambda step: None, at=at)
    assert line.measure(U, 0.0) == ([], 0.0, None)
    turn = int(np.argmin(line.tried)) + 1
    down, up = np.array(line.tried[:turn]), np.array(line.tried[turn:])
    first = START * line.unit
    assert (
        down[0] == first and ((down[1:] / down[:-1] > 0.01) & (np.diff(down) < 0)).all()
    )
    assert down[-1] < 1e-12 * line.unit <= down[-2]
    np.testing.assert_allclose(up, first * 10.0 ** np.arange(1, len(up) + 1))
    assert up[-1] == pytest.approx(10 * max(1.0, line.unit))


def judged(*slopes, claimed=1e-9):
    """How many short and how many longer steps are tried on these slopes."""
    given = in_turn(*slopes)
    line = Given(lambda step: given(step)._replace(step=step))
    found, noise, accused = line.measure(U, claimed)
    assert accused is None
    short = sum(step <= START for step in line.tried)
    return short, len(line.tried) - short, noise


def test_a_slope_that_rounding_hides_needs_longer_steps():
    """A slope of 1e-9 beside a loss of 1."""
    assert judged(slope(excess=0.0)) == (1, 4, 0.0)


def test_what_vanishes_with_the_step_only_grows_with_it():
    """After a residual that has shrunk to rounding, no longer steps are tried."""
    assert judged(slope(residual=1e-4), slope(residual=0.0)) == (2, 0, 0.0)
    kinked = slope(residual=1e-4), slope(residual=1e-6), slope(residual=0.0)
    assert judged(*kinked) == (3, 0, 0.0)


def test_noise_asks_for_longer_steps():
    noisy = slope(residual=1e-4), slope(residual=1e-4), slope(residual=0.0)
    short, longer, noise = judged(*noisy)
    assert (short, longer, noise) == (3, 4, 1e-4)


@pytest.mark.parametrize("size", [1e-6, 1.0, 1e6])
def test_rounding_is_no_noise(size):
    """A residual that stays below rounding, relative to the size of the loss."""
    unit = ROUNDING * size
    parts = [slope(residual=r * unit, size=size, reach=size) for r in (1e6, 1.5, 0.9)]
    assert judged(*parts, claimed=1e-9 * size) == (3, 0, 0.9 * unit)


@pytest.mark.parametrize("reach", [1e-6, 1.0, 1e6])
def test_a_fit_describes_a_loss_to_a_fiftieth(reach):
    for share, resolved in ((0.0, True), (0.01, True), (0.04, False), (1.0, False)):
        assert slope(residual=share * reach, reach=reach).resolved == resolved
    assert not slope(residual=0.0, reach=0.0).resolved


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("call", [0, 1])
def test_a_gradient_of_which_one_call_has_an_entry_that_is_not_finite(call, value):
    gradients = [np.ones(3), np.ones(3)]
    gradients[call] = np.array([1.0, value, 1.0])
    given = iter(gradients)
    check = check_gradients(lambda a: (a.sum(), next(given)), np.ones(3), rng=rng())
    assert str(check) == "params  WRONG" and check.errors == {"params": np.inf}
