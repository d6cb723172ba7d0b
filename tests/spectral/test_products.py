"""Products of Jacobians: order, range and messages. See checks.py for their values."""

import numpy as np
import pytest

import rnnlib
from rnnlib.spectral import jacobian_product, jacobians
from tests.spectral.checks import network


def test_the_latest_stands_on_the_left():
    A, B = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[0.0, 1.0], [1.0, 1.0]])
    assert np.array_equal(jacobian_product(np.array([A, B]), 2, 0)[0], B @ A)
    assert not np.array_equal(B @ A, A @ B)


def test_the_empty_product_is_the_identity():
    J = np.ones((3, 4, 2, 2))
    for t in range(4):
        assert np.array_equal(jacobian_product(J, t, t), np.tile(np.eye(2), (4, 1, 1)))


def test_matrices_of_a_trace():
    params, x, options = network(masked=True)
    trace = rnnlib.forward(params, x, **options)
    J = jacobians(params, trace).dense()
    for t, b in np.ndindex(J.shape[:2]):
        slope = np.diag(1 - np.tanh(trace.s[t, b]) ** 2)
        step = slope @ params.W_hh if options["mask"][t, b] else np.eye(params.d_h)
        assert np.allclose(J[t, b], step, rtol=0, atol=1e-14)


@pytest.mark.parametrize(
    ("entry", "word"), [(1e-200, "underflows"), (1e200, "overflows")]
)
def test_a_product_out_of_range_is_an_error(entry, word):
    J = np.full((2, 1, 1), entry)
    with pytest.raises(FloatingPointError, match=word):
        jacobian_product(J, 2, 0)


def test_a_product_that_is_zero_is_zero():
    assert not jacobian_product(np.zeros((2, 3, 3)), 2, 0).any()


@pytest.mark.parametrize(("t", "i"), [(1, 2), (4, 0), (2, -1), (2.0, 1), (2, None)])
def test_bad_indices(t, i):
    with pytest.raises(ValueError, match="t, i: expected 0 <= i <= t <= 3"):
        jacobian_product(np.ones((3, 2, 2)), t, i)


def test_bad_traces():
    params, x, options = network()
    trace = rnnlib.forward(params, x, **options)
    with pytest.raises(ValueError, match="trace: expected a Trace, got tuple"):
        jacobians(params, tuple(trace))
    other = rnnlib.init_params(2, 3, 1, rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="trace: expected d_h = 3, got 4"):
        jacobians(other, trace)
    complex_trace = trace._replace(h=trace.h + 0j)
    with pytest.raises(ValueError, match="trace: expected real numbers"):
        jacobians(params, complex_trace)
