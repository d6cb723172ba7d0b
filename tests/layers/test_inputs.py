"""Integer inputs: the same as one-hot vectors, which are never built."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import rnnlib
from rnnlib.layers.cell import input_gradients, project_inputs

INTEGERS = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]


def network(seed, T, B, d_x, d_h=3, K=4):
    """Parameters, integer inputs and targets."""
    rng = np.random.default_rng(seed)
    params = rnnlib.init_params(d_x, d_h, K, rng=rng)
    return params, rng.integers(0, d_x, (T, B)), rng.integers(0, K, (T, B))


@given(st.integers(0, 999), st.integers(1, 7), st.integers(1, 4), st.integers(1, 6))
def test_integer_inputs_are_one_hot_inputs(seed, T, B, d_x):
    """The states are equal bit by bit; dL/dW_xh adds the same terms in other order."""
    params, x, y = network(seed, T, B, d_x)
    one_hot = np.eye(d_x)[x]
    trace, dense = rnnlib.forward(params, x), rnnlib.forward(params, one_hot)
    for a, b in ((trace.s, dense.s), (trace.h, dense.h), (trace.z, dense.z)):
        np.testing.assert_array_equal(a, b)
    loss, g = rnnlib.loss_and_gradients(params, x, y)
    loss_dense, g_dense = rnnlib.loss_and_gradients(params, one_hot, y)
    assert loss == loss_dense and g.x is None
    for name in ("W_hh", "b_h", "W_hy", "b_y"):
        np.testing.assert_array_equal(
            getattr(g.params, name), getattr(g_dense.params, name)
        )
    np.testing.assert_array_equal(g.h_0, g_dense.h_0)
    np.testing.assert_allclose(
        g.params.W_xh, g_dense.params.W_xh, rtol=1e-12, atol=1e-14
    )


@given(st.lists(st.integers(0, 4), min_size=1, max_size=12), st.integers(0, 999))
def test_gradient_of_the_columns_exactly(index, seed):
    """With small integers as adjoints no sum is rounded, so equality is exact."""
    rng = np.random.default_rng(seed)
    x = np.array(index)[:, None]
    delta_s = rng.integers(-8, 9, (len(index), 1, 3)).astype(float)
    W_xh = rng.standard_normal((3, 5))
    sparse, none = input_gradients(W_xh, x, delta_s)
    dense, _ = input_gradients(W_xh, np.eye(5)[x], delta_s)
    np.testing.assert_array_equal(sparse, dense)
    assert none is None


def test_a_column_that_does_not_occur_has_no_gradient():
    params, x, y = network(0, 4, 2, 6)
    x[:] = np.where(x == 3, 2, x)
    _, gradients = rnnlib.loss_and_gradients(params, x, y)
    assert not gradients.params.W_xh[:, 3].any()
    assert gradients.params.W_xh[:, 2].any()


@pytest.mark.parametrize("dtype", INTEGERS)
def test_every_integer_dtype(dtype):
    params, x, y = network(0, 5, 3, 6)
    loss, gradients = rnnlib.loss_and_gradients(params, x, y)
    other, others = rnnlib.loss_and_gradients(params, x.astype(dtype), y.astype(dtype))
    assert loss == other
    for a, b in zip(gradients.params, others.params, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("dtype", ["uint8", "int8"])
def test_small_dtypes_do_not_wrap_around(dtype):
    """As many classes as the dtype can name, or more."""
    params, x, _ = network(0, 3, 2, 300)
    x = np.full_like(x, np.iinfo(dtype).max)
    np.testing.assert_array_equal(
        project_inputs(params.W_xh, x.astype(dtype)), project_inputs(params.W_xh, x)
    )
    rnnlib.forward(params, x.astype(dtype))


def test_a_million_classes_need_no_one_hot_vector():
    """One one-hot step would take 8 MB a sequence; all of T takes 25.6 GB."""
    T, B, d_x, d_h = 100, 32, 1_000_000, 2
    params, x, y = network(0, T, B, d_x, d_h)
    table = params.W_xh.nbytes
    tracemalloc.start()
    rnnlib.loss_and_gradients(params, x, y)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2 * table  # the gradient of W_xh itself is one table
    assert T * B * d_x * 8 > 500 * table
