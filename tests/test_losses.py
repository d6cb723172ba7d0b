"""The losses: values, gradients, stability, masks, and the weight decay."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

import rnnlib
from rnnlib import cross_entropy, half_squared_error, log_softmax, softmax
from tests.support import oracles
from tests.support.refusals import refuses

LOGITS = arrays(
    float, array_shapes(min_dims=1, max_dims=3), elements=st.floats(-30, 30)
)
WILD = arrays(
    float, array_shapes(min_dims=1, max_dims=3), elements=st.floats(-1e308, 1e308)
)


def gradient_of(loss, z):
    """The gradient with respect to z, by complex steps."""
    return rnnlib.complex_step_gradients(lambda z: loss(z)[0], z)


@given(LOGITS)
def test_softmax_is_its_definition(z):
    p = np.exp(z) / np.exp(z).sum(-1, keepdims=True)
    np.testing.assert_allclose(softmax(z), p, rtol=1e-13)
    np.testing.assert_allclose(log_softmax(z), np.log(p), rtol=1e-12, atol=1e-13)


@given(WILD)
def test_softmax_is_a_distribution_whatever_the_logits(z):
    p = softmax(z)
    assert (p >= 0).all()
    np.testing.assert_allclose(p.sum(-1), 1, rtol=1e-15 * (1 + z.shape[-1]))
    assert (log_softmax(z) <= 0).all()


@given(LOGITS, st.integers(-(2**20), 2**20))
def test_softmax_does_not_feel_a_shift(z, c):
    z = np.round(z * 2**10) / 2**10  # so that z + c is exact, and equality is too
    np.testing.assert_array_equal(softmax(z + c), softmax(z))
    np.testing.assert_array_equal(log_softmax(z + c), log_softmax(z))


def test_softmax_feels_a_scale():
    z = np.array([1.0, 2.0])
    assert softmax(2 * z)[1] > softmax(z)[1] + 0.1


def test_extreme_logits():
    assert oracles.wrong_at_extremes() == []


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_extreme_logits_give_finite_softmax(dtype):
    z = np.array([[0, -1000, 1000], [1e30, 0, -1e30], [3e38, -3e38, 3e38]], dtype)
    np.testing.assert_array_equal(softmax(z), [[0, 0, 1], [1, 0, 0], [0.5, 0, 0.5]])


def test_a_sure_and_right_prediction_costs_a_positive_zero():
    loss, _ = cross_entropy(np.array([[1000.0, 0.0]]), np.array([0]))
    assert str(loss) == "0.0"


@given(LOGITS, st.randoms(use_true_random=False))
def test_gradient_rows_sum_to_zero(z, random):
    rng = np.random.default_rng(random.getrandbits(32))
    y = rng.integers(0, z.shape[-1], z.shape[:-1])
    soft = rng.dirichlet(np.ones(z.shape[-1]), z.shape[:-1])
    for targets in (y, soft):
        _, delta_z = cross_entropy(z, targets)
        np.testing.assert_allclose(delta_z.sum(-1), 0, atol=1e-14)


@pytest.mark.parametrize("shape", [(5,), (3, 5), (4, 3, 5)])
def test_cross_entropy_against_its_definition(shape):
    rng = np.random.default_rng(len(shape))
    z = rng.standard_normal(shape)
    y = rng.integers(0, 5, shape[:-1])
    p = np.exp(z) / np.exp(z).sum(-1, keepdims=True)
    loss, delta_z = cross_entropy(z, y)
    one_hot = np.eye(5)[y]
    np.testing.assert_allclose(loss, -np.log(p[one_hot == 1]).sum(), rtol=1e-14)
    np.testing.assert_allclose(delta_z, p - one_hot, rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize("dtype", [float, "int64", "uint8"])
def test_class_and_one_hot_row_are_the_same(dtype):
    rng = np.random.default_rng(0)
    z, y = rng.standard_normal((4, 3, 5)), rng.integers(0, 5, (4, 3))
    by_class, by_row = cross_entropy(z, y), cross_entropy(z, np.eye(5, dtype=dtype)[y])
    np.testing.assert_allclose(by_class[0], by_row[0], rtol=1e-15)
    np.testing.assert_array_equal(by_class[1], by_row[1])


def test_gradient_of_soft_targets():
    rng = np.random.default_rng(0)
    z, y = rng.standard_normal((4, 3, 5)), rng.dirichlet(np.ones(5), (4, 3))
    mask = rng.random((4, 3)) < 0.5
    _, delta_z = cross_entropy(z, y, mask)
    wanted = gradient_of(lambda z: cross_entropy(z, y, mask), z)
    np.testing.assert_allclose(delta_z, wanted, rtol=1e-12, atol=1e-14)


def test_half_squared_error():
    z, y = np.array([[1.0, 2.0], [3.0, 5.0]]), np.array([[0, 2], [1, 1]])
    loss, delta_z = half_squared_error(z, y)
    assert loss == (1 + 0 + 4 + 16) / 2
    np.testing.assert_array_equal(delta_z, [[1, 0], [2, 4]])


@pytest.mark.parametrize("loss", [cross_entropy, half_squared_error])
@pytest.mark.parametrize("garbage", [np.nan, np.inf, -7.0])
def test_masked_targets_are_not_read(loss, garbage):
    rng = np.random.default_rng(0)
    z, y = rng.standard_normal((4, 3, 5)), rng.dirichlet(np.ones(5), (4, 3))
    mask = rng.random((4, 3)) < 0.5
    y[~mask] = garbage
    value, delta_z = loss(z, y, mask)
    kept, delta_kept = loss(z[mask], y[mask])
    np.testing.assert_allclose(value, kept, rtol=1e-14)
    np.testing.assert_array_equal(delta_z[mask], delta_kept)
    assert not delta_z[~mask].any()


@pytest.mark.parametrize("padding", [-1, -100, 5])
def test_masked_classes_are_not_read(padding):
    z, mask = np.zeros((2, 1, 5)), np.array([[True], [False]])
    loss, delta_z = cross_entropy(z, np.array([[4], [padding]]), mask)
    np.testing.assert_allclose(loss, np.log(5), rtol=1e-15)
    assert not delta_z[1].any()


def test_everything_masked_costs_nothing():
    z, mask = np.ones((2, 1, 5)), np.zeros((2, 1), bool)
    for loss, delta_z in (
        cross_entropy(z, np.zeros((2, 1), int), mask),
        half_squared_error(z, np.zeros((2, 1, 5)), mask),
    ):
        assert loss == 0 and not delta_z.any()


def test_weight_decay_penalty_is_on_three_matrices_only():
    params = rnnlib.Params(
        *(np.full(shape, 2.0) for shape in rnnlib.parameter_shapes(3, 4, 5))
    )
    wanted = 0.1 / 2 * 4 * (4 * 3 + 4 * 4 + 5 * 4)
    np.testing.assert_allclose(rnnlib.weight_decay_penalty(params, 0.1), wanted)
    biases = params._replace(b_h=params.b_h + 1, b_y=params.b_y - 7)
    assert rnnlib.weight_decay_penalty(biases, 0.1) == rnnlib.weight_decay_penalty(
        params, 0.1
    )


def test_weight_decay_penalty_is_that_of_parameters_that_fit():
    params = rnnlib.init_params(3, 4, 2, rng=np.random.default_rng(0))
    wide = params._replace(W_hh=np.zeros((4, 5)))
    message = "W_hh: expected shape (d_h, d_h), got (4, 5)"
    refuses(message, rnnlib.weight_decay_penalty, wide, 0.1)
    hidden = params._replace(W_hy=np.ma.masked_array(params.W_hy, params.W_hy > 0))
    message = "W_hy: expected a floating NumPy array, got masked array"
    refuses(message, rnnlib.weight_decay_penalty, hidden, 0.1)
    refuses(
        "weight_decay: expected a finite number >= 0, got -0.1",
        rnnlib.weight_decay_penalty,
        params,
        -0.1,
    )


def test_logits_of_rank_one_of_size_one_and_of_all_floats():
    """A difference below the range of the floats has the probability zero."""
    assert (softmax(np.ones(1)) == 1).all() and (log_softmax(np.ones(1)) == 0).all()
    np.testing.assert_allclose(softmax(np.log([1.0, 3.0])), [0.25, 0.75], rtol=1e-15)
    far = np.finfo(float).max
    with np.errstate(over="raise"):
        assert softmax(np.array([far, -far])).tolist() == [1.0, 0.0]
