"""Each check by itself: what passes, what is refused, and in which words."""

import numpy as np
import pytest

import rnnlib
from rnnlib import validate
from rnnlib.validate import all_finite, finite_result
from tests.support.refusals import refuses

T, B, D_X = 4, 3, 2


def params(d_h=5, K=6):
    return rnnlib.init_params(D_X, d_h, K, rng=np.random.default_rng(0))


@pytest.mark.parametrize(
    ("check", "least"),
    [(validate.check_rate, 0), (validate.check_positive, 5e-324)],
)
def test_numbers_with_a_lower_bound(check, least):
    sign = ">=" if least == 0 else ">"
    for value in (least, 0.5, 1, np.float32(2), 1.7e308):
        assert check("a", value) == value and type(check("a", value)) is float
    below = [] if least == 0 else [0, 0.0]
    for value in (*below, -5e-324, -1.0, np.nan, np.inf, 10**400, True, "1", None, 1j):
        refuses(
            f"a: expected a finite number {sign} 0, got {value!r}", check, "a", value
        )


@pytest.mark.parametrize("least", [0, 1, 2])
def test_counts(least):
    for value in (least, np.int8(least + 1), 10**30):
        found = validate.check_count("n", value, least=least)
        assert found == value and type(found) is int
    for value in (least - 1, True, 2.0, "2", None):
        message = f"n: expected an integer >= {least}, got {value!r}"
        refuses(message, validate.check_count, "n", value, least=least)
    assert validate.check_count("n", 1) == 1
    refuses("n: expected an integer >= 1, got 0", validate.check_count, "n", 0)


def test_flags_words_functions_and_dtypes():
    assert validate.check_flag("f", np.bool_(False)) is False
    assert validate.check_flag("f", True) is True
    for value in (0, 1, "True", None):
        message = f"f: expected True or False, got {value!r}"
        refuses(message, validate.check_flag, "f", value)
    assert validate.check_choice("w", "b", ["a", "b"]) == "b"
    for value in ("c", ["a"], None):
        message = f"w: expected one of 'a', 'b', got {value!r}"
        refuses(message, validate.check_choice, "w", value, ["a", "b"])
    assert validate.check_callable("g", len) is len
    refuses("g: expected a function, got int", validate.check_callable, "g", 1)
    for dtype in (np.float32, "f8", np.dtype("f4")):
        assert validate.check_dtype(dtype) is dtype
    for dtype in ("f2", "no dtype", int, complex):
        message = f"dtype: expected float32 or float64, got {dtype!r}"
        refuses(message, validate.check_dtype, dtype)


def test_targets_of_steps():
    for y in (np.zeros((T, B), int), np.zeros((T, B, 5))):
        validate.check_step_targets(y, T, B, 5)
    for shape in ((T,), (B, T), (T, B, 4), (T, B, 5, 1)):
        message = f"y: expected shape {(T, B)} or {(T, B, 5)}, got {shape}"
        refuses(message, validate.check_step_targets, np.zeros(shape), T, B, 5)
    message = "y: expected a NumPy array, got list"
    refuses(message, validate.check_step_targets, [[0]], T, B, 5)


def test_indices_at_both_ends():
    for index in (np.array([0]), np.array([2, 0]), np.array([2])):
        assert validate.check_indices("k", index, 3) is index
    for index, said in (([-1, 1], "-1 to 1"), ([1, 3], "1 to 3"), ([3], "3 to 3")):
        message = f"k: expected integers from 0 to 2, got {said}"
        refuses(message, validate.check_indices, "k", np.array(index), 3)


def test_inputs_of_size_zero_or_one():
    """One step of one sequence is enough; an empty axis is named as what it is."""
    network = params()
    for x in (np.zeros((1, 1, D_X)), np.zeros((1, 3), int), np.zeros((4, 1), int)):
        assert validate.check_inputs(x, network) is x
    message = "x: expected at least one step and one sequence, got "
    for shape in ((0, B, D_X), (T, 0, D_X), (0, 0, 0)):
        refuses(f"{message}{shape}", validate.check_inputs, np.zeros(shape), network)
    message = f"x: expected shape (T, B, {D_X}) of floats, got {(T, B, 0)}"
    refuses(message, validate.check_inputs, np.zeros((T, B, 0)), network)


def test_the_first_sequence_without_a_step_is_named():
    mask = np.ones((T, B), bool)
    mask[0] = False
    assert validate.check_mask(mask, T, B) is mask
    mask[:, 1:] = False
    message = "mask: expected at least one real step in each sequence, got none in "
    refuses(message + "sequence 1", validate.check_mask, mask, T, B)


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, complex])
def test_all_finite_of_numbers_whose_squares_overflow(dtype, order):
    largest = np.finfo(dtype).max
    a = np.array([[1, largest, 0], [2, -largest, 3]], dtype, order=order)
    with np.errstate(all="raise"):
        assert all_finite(a) is True
        for bad in (np.inf, -np.inf, np.nan):
            a[1, 0] = bad
            assert all_finite(a) is False
    assert all_finite(np.empty((0, 2), dtype)) is True


def test_the_parts_of_a_result_are_judged():
    """Each of them, in tuples and lists; whole numbers and words are finite."""

    @finite_result("a", "b")
    def given(result):
        return result

    good = [1.0, np.float32(2), np.ones(2), np.arange(3), "word", None, 3, 1e300]
    assert given(good) is good
    squares_overflow = np.full(2, 1e300)
    said = "a, b: expected numbers whose results are finite, got an overflow in given"
    with np.errstate(all="raise"):
        nested = squares_overflow, [good]
        assert given(nested) is nested
        for bad in (np.inf, np.float32(np.nan), np.array([1.0, np.inf])):
            for result in (bad, (1.0, bad), [bad, 1.0], (1.0, [bad])):
                with pytest.raises(FloatingPointError, match=f"^{said}$"):
                    given(result)


@pytest.mark.parametrize(
    "operation",
    [
        lambda: 1e300 * np.float64(1e300),
        lambda: np.float64(1) / 0,
        lambda: np.sqrt(np.float64(-1)),
    ],
    ids=["overflow", "division", "invalid"],
)
def test_what_numpy_warns_of_is_judged_by_the_result(operation):
    @finite_result("a")
    def in_between():
        operation()
        return 1.0

    with np.errstate(all="raise"):
        assert in_between() == 1.0


def test_what_an_argument_is_called():
    for value, kind in [
        (np.ones(2), "float64"),
        (np.ones(2, ">f4"), ">f4"),
        (np.float32(1), "float32"),
        ([1.0], "list"),
        (np.ma.masked_array([1.0]), "masked array"),
        (np.asmatrix([1.0]), "matrix"),
    ]:
        assert validate.kind_of(value) == kind
