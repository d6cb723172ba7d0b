"""The readings and their transposes: <read(h), d> = <h, read_back(d)>."""

import numpy as np
import pytest

import rnnlib
from rnnlib.layers import lstm, readout, vanilla
from rnnlib.layers.readout import TOPOLOGIES, read, read_back
from tests.support.refusals import refuses

T, B, D_H = 5, 3, 4
MASK = np.array([[1, 1, 1, 1, 1], [1, 1, 0, 0, 0], [0, 1, 0, 1, 1]], bool).T.copy()


def trace_with(topology, mask):
    """A trace of that topology and mask."""
    params = rnnlib.init_params(2, D_H, 6, rng=np.random.default_rng(0))
    return rnnlib.forward(params, np.ones((T, B, 2)), topology=topology, mask=mask)


@pytest.mark.parametrize("mask", [None, MASK], ids=["whole", "masked"])
@pytest.mark.parametrize("topology", TOPOLOGIES)
def test_adjoint(topology, mask):
    rng = np.random.default_rng(1)
    h = rng.standard_normal((T, B, D_H))
    seen = read(h, topology, mask)
    d_read = rng.standard_normal(seen.shape)
    received = read_back(d_read, h, topology, mask)
    assert received.shape == h.shape
    np.testing.assert_allclose((seen * d_read).sum(), (h * received).sum(), rtol=1e-13)


def test_readings():
    h = np.random.default_rng(0).standard_normal((T, B, D_H))
    assert read(h, "many-to-many", None) is h
    np.testing.assert_array_equal(read(h, "last", None), h[-1])
    np.testing.assert_allclose(read(h, "mean", None), h.sum(0) / T, rtol=1e-14)


def test_masked_mean_is_over_the_real_steps():
    h = np.random.default_rng(0).standard_normal((T, B, D_H))
    wanted = [h[MASK[:, b], b].mean(axis=0) for b in range(B)]
    np.testing.assert_allclose(read(h, "mean", MASK), wanted, rtol=1e-14)


def test_masked_last_is_the_last_real_state():
    """The state is carried over masked steps, so h_T is the state of the length."""
    trace = trace_with("last", MASK)
    for b, last in enumerate([5, 2, 5]):
        np.testing.assert_array_equal(trace.h[-1, b], trace.h[last, b])
    np.testing.assert_array_equal(trace.h[1, 2], trace.h[0, 2])


def test_one_real_step_makes_last_and_mean_the_same():
    mask = np.zeros((T, B), bool)
    mask[2] = True
    last, mean = trace_with("last", mask), trace_with("mean", mask)
    np.testing.assert_array_equal(last.z, mean.z)


def problem(cell, K=6):
    """A tree of parameters with a readout, inputs and targets."""
    rng = np.random.default_rng(2)
    layer = cell.init_params(2, D_H, rng=rng)
    tree = readout.init_readout(layer, K, D_H, rng=rng)
    tree["b_y"] += rng.standard_normal(K)
    x, y = rng.standard_normal((T, B, 2)), rng.integers(0, K, (T, B))
    return tree, x, y


@pytest.mark.parametrize("mask", [None, MASK], ids=["whole", "masked"])
@pytest.mark.parametrize("topology", TOPOLOGIES)
@pytest.mark.parametrize("cell", [vanilla, lstm], ids=["vanilla", "lstm"])
def test_the_gradients_of_the_whole_tree(cell, topology, mask):
    tree, x, y = problem(cell)
    y = y if topology == "many-to-many" else y[0]

    def function(params):
        value, gradients, _ = readout.loss_and_gradients(
            cell, params, x, y, topology=topology, mask=mask, scale=0.25
        )
        return value, gradients

    _, gradients = function(tree)
    assert gradients["b_y"].shape == (6,) and gradients["W_hy"].shape == (6, D_H)
    check = rnnlib.check_gradients(
        function, tree, rng=np.random.default_rng(0), directions=2
    )
    assert check.ok, check


def test_what_is_no_cell_or_no_trace_of_one():
    tree, x, y = problem(vanilla)
    trace = readout.forward(vanilla, tree, x)
    message = "cell: expected a cell, got NoneType"
    refuses(message, readout.backward, None, tree, trace, trace.z)
    refuses(
        "trace: expected ReadoutTrace, got NoneType",
        *(readout.backward, vanilla, tree, None, trace.z),
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"W_hy": np.ones(D_H)}, f"W_hy: expected shape (K, {D_H}), got ({D_H},)"),
        (
            {"W_hy": np.ones((6, D_H, 1))},
            f"W_hy: expected shape (K, {D_H}), got (6, {D_H}, 1)",
        ),
        (
            {"W_hy": np.ones((6, D_H + 1))},
            f"W_hy: expected shape (K, {D_H}), got (6, {D_H + 1})",
        ),
        (
            {"W_hy": np.full((6, D_H), np.nan)},
            f"W_hy: expected finite numbers, got {6 * D_H} NaN or infinite",
        ),
        ({"b_y": np.ones(5)}, "b_y: expected shape (6,), got (5,)"),
        (
            {"W_hy": np.ones((6, D_H), np.float32)},
            "W_hy: expected float64 like the layer, got float32",
        ),
        (
            {"b_y": np.ones(6, np.float32)},
            "b_y: expected float64 like the layer, got float32",
        ),
    ],
)
def test_a_readout_that_does_not_fit_the_layer(changes, message):
    tree, x, _ = problem(vanilla)
    trace = readout.forward(vanilla, tree, x)
    refuses(message, readout.forward, vanilla, tree | changes, x)
    refuses(message, readout.backward, vanilla, tree | changes, trace, trace.z)


def test_delta_z_is_that_of_the_logits():
    tree, x, _ = problem(vanilla)
    trace = readout.forward(vanilla, tree, x)
    for delta_z in (trace.z[1:], trace.z.astype(np.float32)):
        with pytest.raises(ValueError, match="^delta_z: expected "):
            readout.backward(vanilla, tree, trace, delta_z)
