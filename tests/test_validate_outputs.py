"""Bad targets, logits, masks, adjoints and traces: a ValueError says what is wrong."""

import numpy as np
import pytest

import rnnlib
from rnnlib import cross_entropy, half_squared_error, log_softmax, softmax
from tests.support.refusals import B, K, T, refuses

Z = np.random.default_rng(0).standard_normal((T, B, K))
UNIFORM = np.full((T, B, K), 1 / K)
NOT_SUMMING = np.full((T, B, K), 0.5)
NEGATIVE = UNIFORM + np.array([1, -1, 0, 0, 0, 0])


CLASSES = [
    (np.full((T, B), K), "expected integers from 0 to 5, got 6 to 6"),
    (np.full((T, B), -1), "expected integers from 0 to 5, got -1 to -1"),
    (np.full((T, B), 10**9), f"expected integers from 0 to 5, got {10**9} to {10**9}"),
    (np.zeros((B, T), int), "expected shape (4, 3), got (3, 4)"),
    (np.zeros(B, int), "expected shape (4, 3), got (3,)"),
    (np.zeros((T, 1), int), "expected shape (4, 3), got (4, 1)"),
    (np.zeros((T, B, 1), int), "expected shape (4, 3), got (4, 3, 1)"),
]
ROWS = [
    (np.full((T, B, 1), 1.0), "expected shape (4, 3, 6), got (4, 3, 1)"),
    (np.full((B, K), 1 / K), "expected shape (4, 3, 6), got (3, 6)"),
    (UNIFORM[..., :5], "expected shape (4, 3, 6), got (4, 3, 5)"),
    (UNIFORM.astype("f"), "expected float64 like the logits, got float32"),
    (UNIFORM.tolist(), "expected a NumPy array of numbers, got list"),
    (UNIFORM > 0, "expected a NumPy array of numbers, got bool"),
    (None, "expected a NumPy array of numbers, got NoneType"),
    (2, "expected a NumPy array of numbers, got int"),
]
DISTRIBUTION = "expected rows that are distributions, got"
DISTRIBUTIONS = [
    (NOT_SUMMING, f"{DISTRIBUTION} a row whose sum is 2 away from 1"),
    (np.zeros((T, B, K)), f"{DISTRIBUTION} a row whose sum is 1 away from 1"),
    (np.ones((T, B, K), int), f"{DISTRIBUTION} a row whose sum is 5 away from 1"),
    (NEGATIVE, f"{DISTRIBUTION} an entry -0.833"),
]


@pytest.mark.parametrize("y, message", CLASSES + ROWS + DISTRIBUTIONS)
def test_cross_entropy(y, message):
    refuses(f"y: {message}", cross_entropy, Z, y)


@pytest.mark.parametrize("y, message", ROWS)
def test_half_squared_error(y, message):
    refuses(f"y: {message}", half_squared_error, Z, y)


def test_classes_are_no_target_of_the_squared_error():
    message = "y: expected shape (4, 3, 6), got (4, 3)"
    refuses(message, half_squared_error, Z, np.zeros((T, B), int))


def test_one_class_out_of_range():
    y = np.zeros((T, B), int)
    y[1, 2] = K
    refuses("y: expected integers from 0 to 5, got 0 to 6", cross_entropy, Z, y)


@pytest.mark.parametrize("K", [2, 1000, 100_000])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_rounded_distributions_are_accepted_and_others_not(K, dtype):
    """Also when rows are long: a sum that is off by 0.1% is a mistake, not rounding."""
    rng = np.random.default_rng(0)
    z = rng.standard_normal((3, K)).astype(dtype)
    y = rng.random((3, K)).astype(dtype)
    y /= y.sum(-1, keepdims=True)
    cross_entropy(z, y)
    with pytest.raises(ValueError, match="y: expected rows that are distributions"):
        cross_entropy(z, (1.001 * y).astype(dtype))


LOGITS = [
    (Z.tolist(), "expected a floating NumPy array, got list"),
    (np.zeros((2, 3), int), "expected a floating NumPy array, got int64"),
    (np.full((2, 3), np.nan), "expected finite numbers, got 6 NaN or infinite"),
    (np.array([np.inf, 0]), "expected finite numbers, got 1 NaN or infinite"),
    (np.float64(1), "expected a floating NumPy array, got float64"),
    (np.array(1.0), "expected shape (..., K) with no size zero, got ()"),
    (np.ones((0, 3)), "expected shape (..., K) with no size zero, got (0, 3)"),
    (np.ones((3, 0)), "expected shape (..., K) with no size zero, got (3, 0)"),
]


@pytest.mark.parametrize("z, message", LOGITS)
def test_logits(z, message):
    for function in (softmax, log_softmax):
        refuses(f"z: {message}", function, z)
    refuses(f"z: {message}", cross_entropy, z, np.array(0))


@pytest.mark.parametrize("loss", [cross_entropy, half_squared_error])
def test_mask_of_a_loss(loss):
    kind = "mask: expected a boolean NumPy array, got "
    refuses(kind + "int64", loss, Z, UNIFORM, np.ones((T, B), int))
    refuses(kind + "list", loss, Z, UNIFORM, [True])
    shape = "mask: expected shape (4, 3), got "
    refuses(shape + "(3, 4)", loss, Z, UNIFORM, np.ones((B, T), bool))
    refuses(shape + "(4, 3, 6)", loss, Z, UNIFORM, np.ones((T, B, K), bool))


@pytest.fixture
def run():
    """Parameters and a trace."""
    params = rnnlib.init_params(2, 5, K, rng=np.random.default_rng(0))
    return params, rnnlib.forward(params, np.ones((T, B, 2)))


def test_adjoint_of_the_logits(run):
    for function in (rnnlib.backward, rnnlib.adjoints):
        shape = "delta_z: expected shape (4, 3, 6), got "
        refuses(shape + "(4, 3, 1)", function, *run, np.ones((T, B, 1)))
        refuses(shape + "(3, 6)", function, *run, np.ones((B, K)))
        refuses(shape + "()", function, *run, np.array(1.0))
        kind = "delta_z: expected a floating NumPy array, got list"
        refuses(kind, function, *run, Z.tolist())
        single = "delta_z: expected float64 like the logits, got float32"
        refuses(single, function, *run, Z.astype("f"))
        finite = "delta_z: expected finite numbers, got 72 NaN or infinite"
        refuses(finite, function, *run, Z + np.nan)


def test_trace_of_another_network(run):
    params, trace = run
    rng = np.random.default_rng(0)
    wider = rnnlib.init_params(2, 7, K, rng=rng)
    message = "trace: expected d_h, K = (7, 6), got (5, 6)"
    refuses(message, rnnlib.backward, wider, trace, Z)
    inputs = rnnlib.init_params(3, 5, K, rng=rng)
    message = "x: expected shape (T, B, 3) of floats, got (4, 3, 2)"
    refuses(message, rnnlib.backward, inputs, trace, Z)
    message = "trace: expected a Trace, got ndarray"
    refuses(message, rnnlib.backward, params, trace.h, Z)
    message = "params: expected Params, got Trace"
    refuses(message, rnnlib.backward, trace, trace, Z)
