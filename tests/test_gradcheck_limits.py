"""check_gradients at its limits: large nets, kinks, odd sizes; and wrong forms."""

import re
import warnings

import numpy as np
import pytest

import rnnlib
from rnnlib import check_gradients
from rnnlib.gradcheck import START, GradientCheck
from tests.support.refusals import refuses


def rng():
    return np.random.default_rng(0)


def quadratic(a):
    """A loss of one array."""
    return (a**2).sum() / 2, a.copy()


def network(phi, d_x, d_h, K, T, B, scale=1.0):
    """A function and parameters for a large network with dense inputs."""
    random = rng()
    params = rnnlib.init_params(d_x, d_h, K, rng=random)
    x = scale * random.standard_normal((T, B, d_x))
    y = random.integers(0, K, (T, B))

    def function(p):
        params, h_0, x = p
        loss, g = rnnlib.loss_and_gradients(params, x, y, h_0=h_0, phi=phi)
        return loss, (g.params, g.h_0, g.x)

    return function, (params, random.standard_normal((B, d_h)), x)


@pytest.mark.parametrize("phi", rnnlib.ACTIVATIONS)
@pytest.mark.parametrize("sizes", [(3, 4, 3, 5, 3), (26, 64, 26, 40, 4)], ids=str)
def test_right_gradients_are_accepted(phi, sizes):
    function, params = network(phi, *sizes)
    assert check_gradients(function, params, rng=rng(), directions=2).wrong == []


@pytest.mark.parametrize("phi", rnnlib.ACTIVATIONS)
@pytest.mark.parametrize("scale", [255.0, 1e-4])
def test_inputs_of_unusual_size(phi, scale):
    function, params = network(phi, 3, 4, 3, 5, 3, scale)
    assert check_gradients(function, params, rng=rng()).wrong == []


@pytest.mark.parametrize("seed", range(5))
def test_a_large_relu_network_with_many_kinks(seed):
    function, params = network("relu", 26, 100, 26, 60, 8)
    check = check_gradients(
        function, params, rng=np.random.default_rng(seed), directions=1
    )
    assert check.wrong == []


@pytest.mark.long
@pytest.mark.parametrize("seed", range(5))
def test_relu_with_small_weights_zero_biases_and_integer_inputs(seed):
    """The usual small start: every pre-activation is near the kink."""
    random = np.random.default_rng(seed)
    params = rnnlib.init_params(5, 32, 26, rng=random, scale=0.01)
    x, y = random.integers(0, 5, (40, 4)), random.integers(0, 26, (40, 4))

    def function(p, factor=1.0):
        loss, gradients = rnnlib.loss_and_gradients(p, x, y, phi="relu")
        changed = factor * gradients.params.W_hh
        return loss, gradients.params._replace(W_hh=changed)

    assert check_gradients(function, params, rng=random).wrong == []
    wrong = check_gradients(lambda p: function(p, 1.01), params, rng=random).wrong
    assert wrong == ["W_hh"]


def test_a_smooth_loss_is_held_to_the_tolerance():
    function, params = network("tanh", 3, 4, 3, 5, 3)

    def slightly(p):
        loss, (gradient, h_0, x) = function(p)
        return loss, (gradient, h_0 * (1 + 1e-6), x)

    assert check_gradients(slightly, params, rng=rng()).wrong == ["1"]
    assert check_gradients(slightly, params, rng=rng(), tolerance=1e-5).ok


def test_an_exploding_gradient_is_beyond_differences_but_not_the_complex_step():
    """Where the check says wrong and is: the limit that its documentation states."""
    random = rng()
    params = rnnlib.init_params(2, 50, 3, rng=random, scale=1.0)
    x, y = random.standard_normal((40, 1, 2)), random.integers(0, 3, (40, 1))

    def function(b_h):
        loss, gradients = rnnlib.loss_and_gradients(params._replace(b_h=b_h), x, y)
        return loss, gradients.params.b_h

    _, gradient = function(params.b_h)
    assert np.linalg.norm(gradient) > 1e6
    assert not check_gradients(function, params.b_h, rng=rng()).ok
    u = random.standard_normal(50)
    exact = rnnlib.complex_step(lambda b: function(b)[0], params.b_h, u)
    np.testing.assert_allclose(gradient @ u, exact, rtol=1e-3)


def test_one_wrong_number_in_a_large_matrix():
    function, params = network("relu", 26, 64, 26, 20, 4)

    def careless(p):
        loss, (gradient, h_0, x) = function(p)
        gradient.W_hh[3, 5] += 0.01 * np.abs(gradient.W_hh).max()
        return loss, (gradient, h_0, x)

    assert check_gradients(careless, params, rng=rng()).wrong == ["0.W_hh"]


def test_a_parameter_that_does_not_matter():
    def function(p):
        return quadratic(p["a"])[0], {"a": p["a"], "b": np.zeros(2)}

    def careless(p):
        return quadratic(p["a"])[0], {"a": p["a"], "b": np.full(2, 1e-6)}

    at = {"a": np.ones(3), "b": np.ones(2)}
    right = check_gradients(function, at, rng=rng())
    assert right.ok and right.errors["b"] == 0.0
    assert check_gradients(careless, at, rng=rng()).wrong == ["b"]


def test_a_parameter_that_matters_further_out_alone_is_no_such_one():
    check = check_gradients(
        lambda a: (1 + np.maximum(0, abs(a) - 0.3).sum(), np.zeros(2)),
        np.zeros(2),
        rng=rng(),
    )
    assert check.wrong == [] and "too small to be measured" in check.unclear["params"]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_gradient_that_is_not_finite_hides_no_other(value):
    def function(p):
        loss = sum((a**2).sum() / 2 for a in p.values())
        return loss, {"a": p["a"], "b": np.full(2, value), "c": 2 * p["c"]}

    at = {n: np.arange(1.0, 3) for n in "abc"}
    assert check_gradients(function, at, rng=rng()).wrong == ["b", "c"]


# Losses that an earlier check judged wrongly


def single(params, x, y, factor):
    """The library's own network in single precision, its parameters in double."""
    loss, gradients = rnnlib.loss_and_gradients(
        rnnlib.Params(*(a.astype(np.float32) for a in params)), x, y
    )
    return loss, rnnlib.Params(*(factor * g.astype(float) for g in gradients.params))


@pytest.mark.parametrize("factor", [0.0, 1.0], ids=["zero", "right"])
def test_a_network_in_single_precision_is_too_coarse(factor):
    """Neither are the right gradients accused nor do zeros agree."""
    random = rng()
    params = rnnlib.init_params(3, 4, 5, rng=random)
    x = random.standard_normal((6, 2, 3)).astype(np.float32)
    y = random.integers(0, 5, (6, 2))
    check = check_gradients(
        lambda p: single(p, x, y, factor), params, rng=rng(), directions=2
    )
    coarse = [n for n in check.errors if "too coarse" in check.unclear.get(n, "")]
    if factor:
        assert check.wrong == [] and "b_h" in coarse
    else:
        assert len(check.wrong) + len(coarse) == 5
    assert all(check.unclear[n].endswith("in double precision") for n in coarse)


@pytest.mark.parametrize("factor", [0.0, 1.0], ids=["zero", "right"])
def test_a_loss_rounded_so_much_that_nothing_moves(factor):
    def function(a):
        return np.round((a**2).sum(), 1), factor * 2 * a

    check = check_gradients(function, np.full(3, 1e-3), rng=rng())
    assert check.wrong == [] and "too coarse" in check.unclear["params"]
    assert "cannot tell: the loss is too coarse" in str(check)


@pytest.mark.parametrize("wrong_by", [0.0, 9e-5, -9e-5])
def test_a_steep_smooth_loss_is_granted_nothing(wrong_by):
    def function(a):
        return np.sin(300 * a).sum(), 300 * np.cos(300 * a) * (1 + wrong_by)

    check = check_gradients(function, np.array([0.1, 0.2]), rng=rng())
    assert check.wrong == (["params"] if wrong_by else []) and check.ok != bool(
        wrong_by
    )


@pytest.mark.parametrize("factor", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("tolerance", [1e-3, 1e-2])
def test_a_wide_tolerance_accepts_no_half_and_no_double(factor, tolerance):
    check = check_gradients(
        lambda a: (quadratic(a)[0], factor * a),
        np.arange(1.0, 4),
        rng=rng(),
        tolerance=tolerance,
    )
    assert check.wrong == ([] if factor == 1 else ["params"])


def test_a_function_that_is_not_repeatable_is_said_to_be_so():
    mask_rng, state = rng(), np.zeros(())

    def fresh_mask(p):
        keep = mask_rng.random(3) < 0.5
        return (keep * p["a"] ** 2).sum(), {"a": 2 * keep * p["a"], "b": p["b"]}

    def kept(p):
        state[...] += 1
        loss = (p["a"] ** 2).sum() + 1e-6 * float(state)
        return loss, {"a": 2 * p["a"], "b": 0 * p["b"]}

    for function in (fresh_mask, kept):
        at = {"a": np.arange(1.0, 4), "b": np.ones(2)}
        check = check_gradients(function, at, rng=rng())
        assert check.wrong == [] and check.unclear.keys() == {"a", "b"} and not check.ok
        assert (
            str(check).count("two calls with the same parameters gave two losses") == 2
        )


def test_the_floor_is_a_share_of_this_parameters_gradient():
    """A parameter whose whole gradient is small hides behind no other."""

    def function(p, part=1.0, other=1.0):
        loss = (p["a"] ** 2).sum() / 2 + 1e-6 * p["b"].sum()
        return loss, {"a": part * p["a"], "b": np.full(2, 1e-6 * other)}

    at = {"a": np.arange(1.0, 4), "b": np.ones(2)}
    assert check_gradients(function, at, rng=rng()).ok
    small = check_gradients(lambda p: function(p, other=1.01), at, rng=rng())
    assert small.wrong == ["b"]
    assert check_gradients(lambda p: function(p, 1 + 1e-6), at, rng=rng()).wrong == [
        "a"
    ]
    assert check_gradients(lambda p: function(p, 1 + 1e-9), at, rng=rng()).ok


@pytest.mark.parametrize("width", [3e-4, 2e-4, 3e-5, 1e-6, 1e-8])
def test_one_step_length_alone_accuses_nobody(width):
    """A line but for a jump at the point: some steps see the line and nothing else."""

    def function(t):
        return (float(t) if abs(t) > width else 0.0), 0.0

    check = check_gradients(function, np.float64(0.0), rng=rng())
    assert check.wrong == [] and not check.ok


@pytest.mark.parametrize("seed", range(60))
def test_many_kinks_near_the_point_accuse_nobody(seed):
    random = np.random.default_rng(seed)
    at = 10.0 ** random.uniform(-9, -1, 8) * random.choice([-1, 1], 8)
    bends = random.standard_normal(8) * 10.0 ** random.uniform(-3, 0, 8)
    slope = random.standard_normal()

    def function(t):
        kinks = bends * np.maximum(np.sign(at) * (float(t) - at), 0)
        return slope * float(t) + kinks.sum(), slope

    assert check_gradients(function, np.float64(0.0), rng=rng()).wrong == []


@pytest.mark.parametrize("size", [1e-8, 1.0, 1e8])
def test_a_smooth_loss_is_soon_judged(size):
    """Two gradients, and ten losses for each of three steps in five directions."""
    calls = []

    def function(a):
        calls.append(1)
        return size * np.sin(300 * a).sum(), size * 300 * np.cos(300 * a)

    assert check_gradients(function, np.array([0.3, 1.1]), rng=rng()).ok
    assert len(calls) <= 2 + 10 * 3 * 5


@pytest.mark.parametrize("size", [1e-8, 1.0, 1e8])
def test_a_plain_mistake_is_soon_found(size):
    """Two gradients, ten losses a step: the first, two that confirm; and the entry."""
    calls = []

    def function(a):
        calls.append(1)
        return size * np.sin(a).sum(), 2 * size * np.cos(a)

    assert check_gradients(function, np.array([0.3]), rng=rng()).wrong == ["params"]
    assert len(calls) <= 2 + 2 * 10 * 3


# What is printed and stored beside the verdict


def test_a_wrong_entry_is_printed_with_how_far_it_is_off():
    def function(a):
        return (a**2).sum() / 2, a + np.array([0.0, 0.5, 0.0])

    check = check_gradients(function, np.array([1.0, -2.0, 3.0]), rng=rng())
    assert str(check) == "params  WRONG: entry [1] is -1.5, off by 0.5"
    index, claimed, measured = check.entries["params"]
    assert index == (1,) and claimed == -1.5 and abs(measured + 2) < 1e-9


@pytest.mark.parametrize("off", [0.5, -0.5])
@pytest.mark.parametrize("entry", range(5))
def test_the_wrong_entry_is_found_wherever_it_is(entry, off):
    at, gradient = np.arange(5.0), np.ones(5)
    gradient[entry] += off
    check = check_gradients(lambda a: (a.sum(), gradient), at, rng=rng())
    assert str(check) == (
        f"params  WRONG: entry [{entry}] is {1 + off:g}, off by {off:g}"
    )


def test_directions_have_length_one_however_many_entries():
    at, far = np.zeros(400), []

    def function(a):
        far.append(np.linalg.norm(a - at))
        return a.sum(), np.ones(400)

    assert check_gradients(function, at, rng=rng()).ok
    assert max(far) == pytest.approx(START)


def test_a_claimed_zero_has_no_sign():
    weights = np.array([1.0, 2.0])
    check = check_gradients(
        lambda a: (a @ weights, np.array([1.0, -0.0])), np.ones(2), rng=rng()
    )
    assert str(check) == "params  WRONG: entry [1] is 0, off by -2"


SIZES = [1e-300, 1e-200, 1e-160, 1e160, 1e200, 1e300]


@pytest.mark.parametrize("size", SIZES)
def test_numbers_whose_squares_leave_the_floats(size):
    """Of the loss with its gradient, and of the parameters."""
    at = np.array([0.1, 0.2, 0.3])
    for factor in (1.0, 1 + 1e-5, 2.0):
        of_the_loss = check_gradients(
            lambda a, f=factor: (size * a.sum(), np.full(3, f * size)), at, rng=rng()
        )
        of_the_parameters = check_gradients(
            lambda a, f=factor: ((a / size).sum(), np.full(3, f / size)),
            size * at,
            rng=rng(),
        )
        for check in (of_the_loss, of_the_parameters):
            assert check.ok == (factor == 1.0), (factor, str(check))
            assert check.wrong == ([] if check.ok else ["params"])


@pytest.mark.parametrize(
    ("part", "said"),
    [
        (0.5, "WRONG"),
        (0.9, "cannot tell: the norm of the gradient is beyond the floats"),
    ],
)
def test_gradients_that_change_by_more_than_the_floats_hold(part, said):
    signs, largest = iter([1.0, -1.0]), part * np.finfo(float).max
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check = check_gradients(
            lambda a: (a.sum(), np.full(2, largest) * next(signs, 1.0)),
            np.ones(2),
            rng=rng(),
        )
    assert str(check) == f"params  {said}"


def test_the_search_for_the_wrong_entry_warns_of_nothing():
    """A direction of 64 entries moves each by less than an entry by itself."""
    at, gradient = np.zeros(64), np.ones(64)
    gradient[40] = 1.5

    def function(a):
        grown = np.exp(1000 / START * abs(a)).max()  # infinite from 0.71 START on
        return a.sum() + 0 * np.minimum(grown, 1), gradient

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check = check_gradients(function, at, rng=rng())
    assert str(check) == "params  WRONG: entry [40] is 1.5, off by 0.5"


def test_agreement_to_the_tolerance_itself():
    check = GradientCheck({"a": 1e-7, "b": 2e-7}, [], {}, {}, 1e-7)
    assert str(check) == "a  agrees\nb  agrees to 1e-06" and check.ok


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize(("factor", "error"), [(0.5, 0.5), (2.0, 0.5), (-1.0, 2.0)])
def test_the_error_is_relative_to_the_larger_number(sign, factor, error):
    check = check_gradients(
        lambda a: (3 * sign * a, 3 * sign * factor), np.float64(2.0), rng=rng()
    )
    assert check.wrong == ["params"]
    assert abs(check.errors["params"] - error) < 1e-6


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_one_entry_that_is_not_finite(value):
    """Said at once, without a direction along which it would be hidden."""
    calls = []

    def function(a):
        calls.append(1)
        return (a**2).sum() / 2, np.append(a[:-1], value)

    check = check_gradients(function, np.arange(1.0, 4), rng=rng())
    assert check.wrong == ["params"] and check.errors["params"] == np.inf
    assert len(calls) == 2


# Wrong forms


def test_results_of_the_wrong_form():
    a = np.ones(2)
    pair = "function: expected a pair (loss, gradients), got "
    loss = "function: expected a finite real scalar loss, got "
    hiding = "loss: expected a NumPy array, got "
    for result, message in [
        (1.0, pair + "float"),
        ([1.0, a], pair + "list"),
        ((1.0, a, a), pair + "tuple of 3"),
        (None, pair + "NoneType"),
        ((a, a), loss + "array([1., 1.])"),
        ((np.nan, a), loss + "nan"),
        ((np.ma.masked_array(1.0, True), a), hiding + "masked array"),
        ((np.asmatrix(1.0), a), hiding + "matrix"),
        ((1j, a), loss + "1j"),
        ((None, a), loss + "None"),
        ((1.0, np.ones(3)), "gradients.params: expected shape (2,), got (3,)"),
        ((1.0, np.ones((2, 1))), "gradients.params: expected shape (2,), got (2, 1)"),
        ((1.0, [a]), "gradients: expected the names ['params'], got ['0']"),
        ((1.0, None), "gradients: expected the names ['params'], got []"),
        ((1.0, "up"), "params: expected numbers, got str"),
    ]:
        refuses(message, check_gradients, lambda p, r=result: r, a, rng=rng())


def test_a_missing_gradient():
    message = "gradients: expected the names ['a', 'b'], got ['a']"
    at = {"a": np.ones(2), "b": np.ones(2)}
    refuses(message, check_gradients, lambda p: (1.0, {"a": p["a"]}), at, rng=rng())


def test_parameters_of_the_wrong_form():
    kind = "params: expected float64 parameters, got "
    refuses(kind + "float32", check_gradients, quadratic, np.ones(2, "f"), rng=rng())
    refuses(kind + "int64", check_gradients, quadratic, np.ones(2, "i8"), rng=rng())
    refuses(kind + "complex128", check_gradients, quadratic, np.ones(2) + 0j, rng=rng())
    empty = "params: expected at least one array, got none"
    refuses(empty, check_gradients, quadratic, {}, rng=rng())


def test_bad_options():
    a = np.ones(2)
    message = "rng: expected a numpy Generator, got int"
    refuses(message, check_gradients, quadratic, a, rng=0)
    for directions in (0, -1, 2.5):
        message = f"directions: expected an integer >= 1, got {directions!r}"
        refuses(
            message, check_gradients, quadratic, a, rng=rng(), directions=directions
        )


def test_a_loss_that_overflows_is_named_and_warns_of_nothing():
    message = "function: expected a finite real scalar loss, got np.float64(inf)"
    with np.errstate(all="raise"):  # what NumPy says is not what the reader is told
        refuses(
            message,
            check_gradients,
            lambda a: (np.exp(1000 * a).sum(), a),
            np.ones(2),
            rng=rng(),
        )


@pytest.mark.parametrize("bend", [lambda a: 1e6 * a**5, lambda a: np.maximum(a, 5e-4)])
def test_a_loss_that_bends_far_out_is_smooth_here(bend):
    """At the shortest steps it is straight, and the gradient is too small for them."""
    check = check_gradients(
        lambda a: (1 + 1e-5 * bend(a).sum() + 1e-12 * a.sum(), np.full(3, 1e-12)),
        np.zeros(3),
        rng=rng(),
    )
    assert check.wrong == [] and "too small to be measured" in check.unclear["params"]


def test_a_loss_that_bends_at_long_steps_alone_is_smooth_here():
    """A step of a thousandth and shorter ones all drown in the rounding of the loss."""
    check = check_gradients(
        lambda a: (1 + 1e-11 * abs(a - 0.3).sum(), np.full(3, -1e-11)),
        np.zeros(3),
        rng=rng(),
    )
    assert check.wrong == [] and "too small to be measured" in check.unclear["params"]


@pytest.mark.parametrize("size", [1.0, 1e-5, 1e-8])
def test_a_kink_at_the_point_is_not_smooth(size):
    check = check_gradients(
        lambda a: (1 + size * abs(a).sum(), np.zeros(3)), np.zeros(3), rng=rng()
    )
    said = "the loss is not smooth here, at any step that was tried"
    assert check.wrong == [] and check.unclear == {"params": said}


def test_what_is_done_where_nothing_is_asked_for():
    used, same = rng(), rng()
    assert check_gradients(quadratic, np.ones(3), rng=used).tolerance == 1e-7
    same.standard_normal((5, 3))
    assert used.random() == same.random()


def test_what_is_no_function():
    message = "function: expected a function, got int"
    refuses(message, check_gradients, 3, np.ones(3), rng=rng())


def test_a_function_may_write_into_what_it_is_given():
    def function(p):
        loss = float((p["a"] ** 2 * p["b"] ** 3).sum())
        gradients = {"a": 2 * p["a"] * p["b"] ** 3, "b": 3 * p["a"] ** 2 * p["b"] ** 2}
        for array in p.values():
            array[:] = 7.0
        return loss, gradients

    at = {"a": np.array([1.0, 2.0]), "b": np.array([0.5, -1.5])}
    check = check_gradients(function, at, rng=rng())
    assert check.ok and max(check.errors.values()) < 1e-7
    assert at["a"].tolist() == [1.0, 2.0] and at["b"].tolist() == [0.5, -1.5]


@pytest.mark.parametrize("off", [5e-4, -5e-4])
def test_the_error_is_the_largest_of_all_directions(off):
    """Of a gradient that is off in one of two entries."""
    gradient = np.array([1.0, 1.0 + off])
    check = check_gradients(
        lambda a: (a.sum(), gradient), np.zeros(2), rng=rng(), tolerance=1.0
    )
    u = rng().standard_normal((5, 2))
    u /= np.linalg.norm(u, axis=1, keepdims=True)
    errors = abs(off * u[:, 1]) / np.maximum(abs(u @ gradient), abs(u.sum(1)))
    assert errors.max() > 2 * errors.min()
    assert check.errors["params"] == pytest.approx(errors.max(), rel=1e-6)


def test_losses_that_overflow_a_step_away_warn_of_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check = check_gradients(
            lambda a: (np.exp(a).sum(), np.exp(a)), np.full(1, 709.7), rng=rng()
        )
    assert check.wrong == []


@pytest.mark.parametrize(
    ("kink", "tolerance", "said"),
    [
        (1e-4, 1e-2, "agrees"),
        (1e-6, 1e-7, "agrees to 1e-0[45]"),
        (1e-4, 1e-7, "cannot tell: the loss is not smooth here"),
    ],
)
def test_what_is_granted_beside_a_kink(kink, tolerance, said):
    """The tolerance, or what the loss allows, as far as a ten-thousandth."""
    check = check_gradients(
        lambda a: (a.sum() + kink * abs(a).sum(), np.ones(1)),
        np.zeros(1),
        rng=rng(),
        tolerance=tolerance,
    )
    assert re.fullmatch(f"params  {said}(, at any step that was tried)?", str(check))


@pytest.mark.parametrize("size", [1e-6, 1.0, 1e6])
def test_a_loss_that_moves_by_its_rounding_alone(size):
    """It does not depend on the parameter: the right gradient is zero."""

    def checked(claimed):
        return check_gradients(
            lambda a: (((size + size * a) - size * a).sum(), np.full(1, claimed)),
            np.full(1, 0.3),
            rng=rng(),
        )

    assert checked(size).wrong == ["params"] and checked(0.0).wrong == []


@pytest.mark.parametrize(
    ("factor", "said"), [(1, "coarse"), (2, "WRONG"), (0, "WRONG")]
)
def test_a_rounded_loss_is_judged_by_its_longest_steps(factor, said):
    check = check_gradients(
        lambda a: (np.round(a.sum(), 5), np.full(2, float(factor))),
        np.full(2, 0.3),
        rng=rng(),
    )
    assert said in str(check)


def test_a_parameter_without_entries():
    def function(p):
        loss, g = quadratic(p["a"])
        return loss, {"a": g, "none": np.zeros((0, 2))}

    at = {"a": np.ones(3), "none": np.zeros((0, 2))}
    check = check_gradients(function, at, rng=rng())
    assert check.ok and check.errors["none"] == 0.0


def test_a_function_may_use_the_callers_array_as_its_buffer():
    buffer = np.array([0.3, -0.7])

    def function(a):
        buffer[:] = a
        return np.sin(buffer).sum(), np.cos(buffer)

    check = check_gradients(function, buffer, rng=rng())
    assert check.ok and check.errors["params"] < 1e-7
