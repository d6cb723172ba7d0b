"""Bad input: a ValueError that names the argument, what was expected, what came."""

import numpy as np
import pytest

import rnnlib
from rnnlib.language.text import Alphabet
from rnnlib.pointprocess.validate import check_marks
from rnnlib.training.batches import pad
from rnnlib.validate import check_flag, check_rate
from tests.support.refusals import (
    D_H,
    D_X,
    NON_FINITE,
    B,
    K,
    T,
    good,
    refused,
    refuses,
    spoiled,
)


def test_the_arguments_are_good_before_they_are_spoiled():
    for integer in (False, True):
        loss, _ = rnnlib.loss_and_gradients(**good(integer))
        assert np.isfinite(loss)


@NON_FINITE
@pytest.mark.parametrize("name", ["x", "h_0"])
def test_other_arguments_not_finite(name, value):
    message = f"{name}: expected finite numbers, got 1 NaN or infinite"
    refused(message, **{name: spoiled(good()[name], value)})


@NON_FINITE
def test_targets_not_finite(value):
    message = "y: expected finite numbers, got 1 NaN or infinite"
    y = spoiled(np.full((T, B, K), 1 / K), value)
    refused(message, y=y)
    refused(message, y=y, loss="half_squared_error")


FLOATS, INTEGERS = "(T, B, 2) of floats", "(T, B) of integers"
ONE = "expected at least one step and one sequence"
WRONG_INPUTS = [
    (np.ones((T, D_X)), f"expected shape {FLOATS}, got (4, 2)"),
    (np.ones((T, B, 3)), f"expected shape {FLOATS}, got (4, 3, 3)"),
    (np.ones((T, B, 1)), f"expected shape {FLOATS}, got (4, 3, 1)"),
    (np.ones((T, B, 1, D_X)), f"expected shape {FLOATS}, got (4, 3, 1, 2)"),
    (np.ones(T, int), f"expected shape {INTEGERS}, got (4,)"),
    (np.ones((T, B, D_X), int), f"expected shape {INTEGERS}, got (4, 3, 2)"),
    (np.full((T, B), 2), "expected integers from 0 to 1, got 2 to 2"),
    (np.full((T, B), -1), "expected integers from 0 to 1, got -1 to -1"),
    (np.ones((0, B, D_X)), f"{ONE}, got (0, 3, 2)"),
    (np.ones((T, 0, D_X)), f"{ONE}, got (4, 0, 2)"),
    (np.ones((0, B), int), f"{ONE}, got (0, 3)"),
    (np.ones((T, 0), int), f"{ONE}, got (4, 0)"),
    (np.ones((T, B, D_X), "f"), "expected float64 like the parameters, got float32"),
    (np.ones((T, B), bool), "expected a floating or integer NumPy array, got bool"),
    ([[0, 1]], "expected a floating or integer NumPy array, got list"),
    (None, "expected a floating or integer NumPy array, got NoneType"),
    ("abc", "expected a floating or integer NumPy array, got str"),
]


@pytest.mark.parametrize("x, message", WRONG_INPUTS)
def test_inputs(x, message):
    refused(f"x: {message}", x=x)


@pytest.mark.parametrize("k, low, high", [(-1, -1, 1), (D_X, 0, D_X)])
def test_one_index_out_of_range(k, low, high):
    message = f"x: expected integers from 0 to 1, got {low} to {high}"
    refused(message, x=spoiled(good(integer=True)["x"], k))


STATES = "expected shape (3, 5) or (5,), got"
WRONG_STATES = [
    (np.ones((1, D_H)), f"{STATES} (1, 5)"),
    (np.ones((B, 1)), f"{STATES} (3, 1)"),
    (np.ones((D_H, B)), f"{STATES} (5, 3)"),
    (np.ones(B), f"{STATES} (3,)"),
    (np.ones(()), f"{STATES} ()"),
    (np.ones((1, B, D_H)), f"{STATES} (1, 3, 5)"),
    (np.ones((B, D_H), "f"), "expected float64 like the parameters, got float32"),
    (np.zeros((B, D_H), int), "expected a floating NumPy array, got int64"),
    ([0.0] * D_H, "expected a floating NumPy array, got list"),
    (0, "expected a floating NumPy array, got int"),
]


@pytest.mark.parametrize("h_0, message", WRONG_STATES)
def test_initial_state(h_0, message):
    refused(f"h_0: {message}", h_0=h_0)


EMPTY = np.array([[1, 0, 1]] * T, bool)
NO_STEP = "expected at least one real step in each sequence, got none in sequence 1"
WRONG_MASKS = [
    (np.ones((T, B), int), "expected a boolean NumPy array, got int64"),
    (np.ones((T, B)), "expected a boolean NumPy array, got float64"),
    ([[True] * B] * T, "expected a boolean NumPy array, got list"),
    (np.ones((B, T), bool), "expected shape (4, 3), got (3, 4)"),
    (np.ones((T, 1), bool), "expected shape (4, 3), got (4, 1)"),
    (np.ones(T, bool), "expected shape (4, 3), got (4,)"),
    (np.ones((T, B, 1), bool), "expected shape (4, 3), got (4, 3, 1)"),
    (EMPTY, NO_STEP),
]


@pytest.mark.parametrize("mask, message", WRONG_MASKS)
def test_mask(mask, message):
    refused(f"mask: {message}", mask=mask)


PHI = "tanh, relu, logistic, identity"
TOPOLOGY = "'many-to-many', 'last', 'mean'"
LOSS = "'cross_entropy', 'half_squared_error'"


@pytest.mark.parametrize("word", ["sigmoid", "", None, 1, ["tanh"], {"tanh"}])
@pytest.mark.parametrize(
    "name, known", [("phi", PHI), ("topology", TOPOLOGY), ("loss", LOSS)]
)
def test_words(name, known, word):
    refused(f"{name}: expected one of {known}, got {word!r}", **{name: word})


@pytest.mark.parametrize("rate", [-0.1, np.nan, np.inf, "0.1", None, [0.1], 1j])
def test_weight_decay(rate):
    message = f"weight_decay: expected a finite number >= 0, got {rate!r}"
    refused(message, weight_decay=rate)


HIDING = {
    "matrix": lambda a: np.asmatrix(a),
    "masked array": lambda a: np.ma.masked_array(a, np.zeros(np.shape(a), bool)),
}


@pytest.mark.parametrize("kind", HIDING)
def test_arrays_that_hide_entries_or_multiply_otherwise(kind):
    """Wherever an array is handed over directly, not only to the networks."""
    hide = HIDING[kind]
    floats, integers = hide(np.ones((1, 2)) / 4), hide(np.zeros((1, 2), int))
    plain = f"expected a NumPy array, got {kind}"
    for name, phi in rnnlib.ACTIVATIONS.items():
        refuses(f"s: {plain}", phi, floats)
        refuses(f"h: {plain}", phi.derivative, floats)
        assert phi.name == name
    refuses(f"indices: {plain}", Alphabet.of("ab").decode, integers)
    refuses(f"sequences[1]: {plain}", pad, [np.ones((1, 2)), floats])
    got = f"sequences: expected a list of arrays, got {kind}"
    refuses(got, pad, floats)
    got = f"m.marks: expected integers (2,), got {kind}"
    refuses(got, check_marks, "m", integers, 2, 3)


@pytest.mark.parametrize("value", [True, False])
def test_a_truth_value_is_no_number(value):
    message = f"expected a finite number >= 0, got {value}"
    refuses(f"learning_rate: {message}", rnnlib.sgd, value)
    refuses(f"lr: {message}", check_rate, "lr", value)
    assert check_rate("lr", 1) == 1.0 and type(check_rate("lr", 1)) is float


@pytest.mark.parametrize("value", [True, False, np.True_, np.False_])
def test_a_truth_value_is_one(value):
    found = check_flag("halve", value)
    assert found is bool(value)
    for other in (0, 1, "yes", None, np.array(True)):
        with pytest.raises(ValueError, match="^halve: expected True or False, got"):
            check_flag("halve", other)
