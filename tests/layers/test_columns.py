"""Steps as columns: whatever the parts, a gated cell computes the same."""

import numpy as np
import pytest

from rnnlib.activations import ACTIVATIONS
from rnnlib.layers import columns, gru, lstm, with_options
from rnnlib.layers.cell import rows
from rnnlib.trees import flatten

CELLS = {
    "lstm": lstm,
    "after": with_options(gru, reset="after"),
    "before": with_options(gru, reset="before"),
}


@pytest.mark.parametrize("T", [1, 2, 7, 255, 256, 257, 1000])
@pytest.mark.parametrize("B", [1, 2, 3, 511, 512, 513])
def test_parts_have_every_step_once(T, B):
    parts = columns.parts(T, B)
    assert [t for steps in parts for t in range(T)[steps]] == list(range(T))
    longest = max(len(range(T)[steps]) for steps in parts)
    assert longest == 1 or longest * B <= columns.COLUMNS


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("dense", [False, True])
@pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)
def test_parts_do_not_change_what_is_computed(cell, dense, masked, monkeypatch):
    T, B, d_x, d_h = 7, 3, 4, 5
    rng = np.random.default_rng(0)
    params = cell.init_params(d_x, d_h, rng=rng)
    x = rng.standard_normal((T, B, d_x)) if dense else rng.integers(0, d_x, (T, B))
    mask = np.arange(T)[:, None] < [7, 4, 1] if masked else None
    d_output = rng.standard_normal((T, B, d_h))
    found = []
    for limit in (512, 6, 1):  # one part; parts of two steps and one at the end; steps
        monkeypatch.setattr(columns, "COLUMNS", limit)
        trace = cell.forward(params, x, mask=mask)
        gradients = cell.backward(params, trace, d_output)
        found.append(flatten((trace.output, trace.state, gradients)))
    for other in found[1:]:
        for name, array in found[0].items():
            np.testing.assert_allclose(other[name], array, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("B", [1, 3])
def test_columns_are_the_rows_turned(B):
    rng = np.random.default_rng(0)
    a, W = rng.standard_normal((5, B, 4)), rng.standard_normal((6, 4))
    np.testing.assert_array_equal(columns.joined(a.swapaxes(1, 2)), rows(a).T)
    found = columns.project_inputs(W, a)
    np.testing.assert_allclose(found, np.moveaxis(a @ W.T, 2, 0), rtol=1e-13)
    index = rng.integers(0, 4, (5, B))
    expected = np.moveaxis(np.eye(4)[index] @ W.T, 2, 0)
    np.testing.assert_array_equal(columns.project_inputs(W, index), expected)


def test_the_logistic_through_tanh():
    s = np.concatenate([np.linspace(-30, 30, 601), [-1e300, -800.0, 800.0, 1e300]])
    found = np.tanh(s / 2)
    columns.logistic_of_half(found)
    expected = ACTIVATIONS["logistic"](s)
    np.testing.assert_allclose(found, expected, rtol=0, atol=3e-16)
    assert found[300] == 0.5 and ((found >= 0) & (found <= 1)).all()


def test_only_dense_inputs_have_a_gradient():
    assert columns.like_input(np.zeros((2, 3), int), float) is None
    assert columns.like_input(np.zeros((2, 3, 4)), complex).dtype == complex


@pytest.mark.parametrize("d_x", [4, 600])  # few symbols, and more than columns
def test_the_gradient_of_integer_inputs_is_that_of_unit_vectors(d_x):
    rng = np.random.default_rng(0)
    W, index = rng.standard_normal((6, d_x)), rng.integers(0, d_x, (5, 3))
    delta = rng.standard_normal((15, 6))
    found, none = columns.input_gradients(W, index, delta)
    expected, d_x_found = columns.input_gradients(W, np.eye(d_x)[index], delta)
    np.testing.assert_allclose(found, expected, atol=1e-13)
    np.testing.assert_allclose(d_x_found.reshape(15, -1), delta @ W, rtol=1e-13)
    assert none is None
