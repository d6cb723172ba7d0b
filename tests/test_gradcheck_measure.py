"""What check_gradients measures along a line, against numbers worked out otherwise."""

import numpy as np
import pytest

from rnnlib.gradcheck import (
    EPS,
    EVEN,
    NODES,
    ODD,
    Slope,
    _consistent,
    _Line,
    _plateau,
    _reason,
)

U = np.ones(1)


def line(loss, at=0.0, gradient=0.0, start=None):
    """A loss of one number, as the check looks at it."""
    array = np.array([at])
    first = float(loss(at)) if start is None else start
    return _Line(
        lambda moved: loss(float(moved["x"][0])),
        "x",
        array,
        np.array([gradient]),
        first,
        1e-7,
    )


def left_over(odd, even):
    """The residual of the two fits, by NumPy's least squares."""
    left = [
        y - A @ np.linalg.lstsq(A, y, rcond=None)[0]
        for A, y in ((ODD, odd), (EVEN, even))
    ]
    return np.linalg.norm(np.concatenate(left)) / np.sqrt(2 * len(NODES) - 4)


def test_a_polynomial_of_degree_four_leaves_nothing_over():
    found = line(lambda x: 2 + 3 * x - 5 * x**2 + 7 * x**3 + 11 * x**4).slope(U, 0.5)
    assert found.excess == pytest.approx(3, abs=1e-12)
    assert found.residual < 1e-14


@pytest.mark.parametrize("gradient", [0.0, 2.0])
def test_the_residual_of_a_kink_is_that_of_least_squares(gradient):
    step = 0.25
    found = line(abs, gradient=gradient).slope(U, step)
    assert found.residual == pytest.approx(left_over(0 * NODES, step * NODES), 1e-9)
    assert found.excess == pytest.approx(-gradient, abs=1e-12)


def test_the_residual_of_what_is_odd_and_no_cubic():
    found = line(lambda x: np.sign(x) * x**2).slope(U, 2.0)
    assert found.residual == pytest.approx(left_over(4 * NODES**2, 0 * NODES), 1e-9)


def test_size_and_reach_are_the_largest_that_were_met():
    found = line(lambda x: 100 + x if x > 0 else 100 - 3 * x).slope(U, 2.0)
    assert (found.size, found.reach) == (106.0, 6.0)
    falling = line(lambda x: 5 - x).slope(U, 1.0)
    assert (falling.size, falling.reach) == (6.0, 1.0)
    assert line(lambda x: -3.0).slope(U, 1.0).size == 3.0
    assert line(lambda x: -10 * abs(x)).slope(U, 2.0).size == 20.0
    rising = line(lambda x: -10 + 5 * abs(x)).slope(U, 1.0)
    assert (rising.size, rising.reach) == (10.0, 5.0)
    assert line(lambda x: 5 - abs(x)).slope(U, 1.0).reach == 1.0


def test_a_loss_that_is_not_finite_somewhere_has_no_slope():
    assert line(lambda x: np.inf if x > 0.9 else 0.0).slope(U, 1.0) is None
    assert line(lambda x: np.inf if x > 0.9 else 0.0).slope(U, 0.5) is not None


def stairs(*edges):
    """A loss that rises at (place, height) pairs, to both sides alike."""
    return lambda x: sum(height for place, height in edges if abs(x) > place)


@pytest.mark.parametrize("place", [0.02, 0.7, 55.0, 550.0, 5e3])
def test_the_grain_is_the_first_jump_wherever_it_is(place):
    assert line(stairs((place, 0.125))).grain(U, 1e-3) == 0.125


@pytest.mark.parametrize(("at", "place"), [(1e6, 5e8), (1e-5, 500.0)])
def test_how_far_is_looked_grows_with_the_parameter_and_not_below_one(at, place):
    beside = line(lambda x: 0.125 if abs(x - at) > place else 0.0, at=at)
    assert beside.grain(U, 1e-3) == 0.125


def test_nobody_looks_for_a_jump_for_ever():
    assert line(stairs((5e4, 0.125))).grain(U, 1e-3) == 0.0
    for at, grain in ((6e3, 0.0), (4e3, 0.125)):  # of half the length
        assert line(stairs((at, 0.125))).grain(U / 2, 1e-3) == grain


def test_the_grain_is_found_on_either_side():
    for sign in (1, -1):
        one_sided = line(lambda x, s=sign: 0.5 if s * x > 0.3 else 0.0)
        assert one_sided.grain(U, 1e-3) == 0.5


def test_both_sides_are_looked_at_equally_far():
    for sign in (1, -1):
        far = line(lambda x, s=sign: 0.5 if s * x > 1.5e4 else 0.0)
        assert far.grain(U, 1e-3) == 0.0
        within = line(lambda x, s=sign: 0.5 if s * x > 0.9e4 else 0.0)
        assert within.grain(U, 1e-3) == 0.5


def test_of_two_jumps_the_first_counts():
    assert line(stairs((0.3, 1.0), (0.7, 4.0))).grain(U, 0.1) == 1.0
    near_the_end = line(stairs((0.99, 2.0)))
    assert near_the_end.grain(U, 0.1) == 2.0


@pytest.mark.parametrize("sign", [1, -1], ids=["rising", "falling"])
@pytest.mark.parametrize(("factor", "seen"), [(1.5, True), (0.7, False)])
def test_a_step_as_small_as_rounding_is_no_jump(factor, seen, sign):
    height = sign * factor * 1e3 * EPS
    for start in (1, -1):
        beside = line(lambda x, s=start: s + (height if abs(x) > 0.3 else 0.0))
        assert (beside.grain(U, 0.1) > 0) == seen
    beside_the_rise = line(stairs((0.3, height), (0.7, sign)))
    assert (beside_the_rise.grain(U, 0.1) > 0) == seen


def test_a_smooth_rise_is_no_jump():
    assert line(lambda x: max(0.0, abs(x) - 0.3)).grain(U, 0.1) == 0.0


def test_a_jump_out_of_the_floats_is_none():
    assert line(lambda x: np.inf if abs(x) > 0.3 else 0.0).grain(U, 0.1) == 0.0
    wall = line(lambda x: np.inf if 0.3 < abs(x) < 0.5 else 0.25 * (abs(x) > 0.5))
    assert wall.grain(U, 0.1) == 0.0


def test_noise_of_one_size_is_seen_at_two_steps():
    """By chance the shorter step leaves less over, but seldom less than 0.4 of it."""
    rng, seen = np.random.default_rng(0), []
    for _ in range(300):
        noisy = line(lambda x: rng.standard_normal(), start=0.0)
        slopes = [noisy.slope(U, step) for step in (1.0, 0.03)]
        seen.append(_plateau(slopes) > 0)
    assert np.mean(seen) > 0.95


@pytest.mark.parametrize(("loss", "power"), [(abs, 1), (lambda x: abs(x) ** 2.5, 2.5)])
def test_what_shrinks_with_the_step_is_no_noise(loss, power):
    slopes = [line(loss).slope(U, step) for step in (1.0, 0.1)]
    assert slopes[1].residual == pytest.approx(0.1**power * slopes[0].residual)
    assert _plateau(slopes) == 0


def test_no_two_nodes_are_in_the_ratio_of_small_numbers():
    """The steps of a rounded loss would fall on both alike."""
    assert (np.diff(NODES) > 0.1).all() and NODES[0] > 0.1 and NODES[-1] == 1
    small = {p / q for q in range(1, 7) for p in range(1, q)}
    ratios = [a / b for i, b in enumerate(NODES) for a in NODES[:i]]
    assert min(abs(r - s) for r in ratios for s in small) > 0.003


@pytest.mark.parametrize(("missed", "wrong"), [(2e-11, True), (0.5e-11, False)])
def test_across_the_gradient_errors_are_relative_to_a_ten_thousandth_of_it(
    missed, wrong
):
    """With the tolerance 1e-7: to 1e-11 of the norm, where the slope should be 0."""
    at, gradient = np.zeros(2), np.array([1.0, 0.0])

    def loss(moved):
        return float(moved["x"] @ np.array([1.0, missed]))

    error, bad, _ = _Line(loss, "x", at, gradient, 0.0, 1e-7).along(np.array([0.0, 1]))
    assert bool(bad) == wrong and error == pytest.approx(missed / 1e-4, rel=1e-3)


def test_slopes_that_describe_nothing_contradict_nothing():
    assert _consistent([], 0.0)
    assert _consistent([Slope(1.0, 2.0, 0.0, 0.0, 1.0)], 0.0)  # it has no error
    kinks = [line(lambda x: abs(x) ** 0.5).slope(U, step) for step in (1e-3, 1.0)]
    assert not any(s.resolved for s in kinks) and _consistent(kinks, 0.0)


def test_the_plateau_is_the_highest_of_all_steps():
    """Of pairs of neighbours; a residual of a fifth of the next one is no plateau."""
    numbers = (0.01, 0.3), (0.1, 0.5), (1.0, 1.0), (10.0, 5.0)
    slopes = [Slope(step, 0.0, residual, 1.0, 1.0) for step, residual in numbers]
    assert _plateau(slopes) == _plateau(slopes[::-1]) == 0.5


@pytest.mark.parametrize(
    ("slopes", "agree"),
    [
        ([(0.0, 0.1), (1.0, 0.1), (0.5, 10.0)], False),
        ([(0.0, 0.6), (1.0, 0.6), (0.5, 10.0)], True),
        ([(-1.0, 0.1), (0.0, 0.1)], False),
        ([(-1.0, 0.6), (0.0, 0.6)], True),
    ],
)
def test_slopes_agree_where_one_number_is_within_all_errors(slopes, agree):
    found = [Slope(1.0, excess, error / 100, 1.0, 10.0) for excess, error in slopes]
    assert _consistent(found, 0.0) == agree
    assert _consistent([*found, Slope(1.0, 9.0, 1e-3, 1.0, 0.0)], 0.0) == agree


@pytest.mark.parametrize(
    ("noise", "residual", "said"),
    [
        (2e4, 0.0, "the loss is too coarse, by about 4e-12"),
        (0.5e4, 0.0, "the gradient is too small to be measured"),
        (0.5e4, 2e4, "the loss is not smooth here"),
        (0.0, 2e4, "the loss is not smooth here"),
        (0.0, 0.5e4, "the gradient is too small to be measured"),
    ],
)
def test_reasons_are_relative_to_the_largest_loss(noise, residual, said):
    """A thousand units of rounding of a loss of ten are ten thousand of one of one."""
    slopes = [Slope(step, 0.0, step * residual * EPS, size, 1.0)
              for step, size in ((1.0, 10.0), (0.01, 1.0))]  # fmt: skip
    assert _reason(slopes, noise * EPS).startswith(said)
