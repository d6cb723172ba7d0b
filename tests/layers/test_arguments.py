"""Layers: refusals in their words, defaults, the scale of a loss, and copies."""

import numpy as np
import pytest

import rnnlib
from rnnlib.layers import from_torch, gru, lstm, readout, stack, to_torch, vanilla
from rnnlib.layers.initialisers import glorot, init_irnn, scaled_identity, scaled_normal
from tests.support.refusals import refuses

T, B, D_X, D_H, K = 5, 3, 2, 6, 4


def tree(seed=0, dtype=np.float64):
    rng = np.random.default_rng(seed)
    layer = lstm.init_params(D_X, D_H, rng=rng, dtype=dtype)
    return readout.init_readout(layer, K, D_H, rng=rng, dtype=dtype)


X = np.random.default_rng(1).standard_normal((T, B, D_X))
Y = np.random.default_rng(2).integers(0, K, (T, B))


@pytest.mark.parametrize("scale", [0.25, 4.0])
@pytest.mark.parametrize("topology", ["many-to-many", "last", "mean"])
def test_the_scale_of_a_loss_is_that_of_its_gradients(scale, topology):
    """One by default."""
    mask = np.arange(T)[:, None] < [5, 3, 1]
    y = Y if topology == "many-to-many" else Y[0]
    options = {"topology": topology, "mask": mask}
    run = readout.loss_and_gradients
    value, gradients, state = run(lstm, tree(), X, y, **options)
    scaled, others, same = run(lstm, tree(), X, y, scale=scale, **options)
    assert scaled == scale * value
    np.testing.assert_allclose(others["W_hy"], scale * gradients["W_hy"], rtol=1e-12)
    for a, b in zip(others["layer"], gradients["layer"], strict=True):
        np.testing.assert_allclose(a, scale * b, rtol=1e-10, atol=1e-15)
    trace = readout.forward(lstm, tree(), X, **options)
    wanted, _ = rnnlib.cross_entropy(trace.z, y, mask if y is Y else None)
    assert value == wanted
    assert (state.c == trace.state.c).all() and (same.h == state.h).all()


def test_losses_of_a_readout_are_refused_in_their_words():
    run = readout.loss_and_gradients
    message = "scale: expected a finite number >= 0, got -1.0"
    refuses(message, run, lstm, tree(), X, Y, scale=-1.0)
    words = "'cross_entropy', 'half_squared_error'"
    message = f"loss: expected one of {words}, got 'hinge'"
    refuses(message, run, lstm, tree(), X, Y, loss="hinge")
    message = "topology: expected one of 'many-to-many', 'last', 'mean', got 'first'"
    refuses(message, run, lstm, tree(), X, Y, topology="first")
    for params in (None, {}, tree()["layer"]):
        message = "params: expected a tree with layer, W_hy and b_y, got "
        kind = type(params).__name__
        refuses(message + kind, readout.forward, lstm, params, X)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_readout_begins_with_the_root_of_its_inputs(dtype):
    rng = np.random.default_rng(0)
    found = readout.init_readout("layer", 300, 100, rng=rng, dtype=dtype)
    W_hy, b_y = found["W_hy"], found["b_y"]
    assert found["layer"] == "layer" and W_hy.dtype == b_y.dtype == dtype
    assert W_hy.shape == (300, 100) and abs(10 * W_hy.std() - 1) < 0.02
    assert b_y.shape == (300,) and not b_y.any()


def test_initial_values_are_refused_in_their_words():
    rng = np.random.default_rng(0)
    for shape in ([2, True], (2, -1), "22", (2, 3.0)):
        message = f"shape: expected two positive integers, got {shape!r}"
        refuses(message, scaled_normal, shape, rng=rng)
    assert scaled_normal([np.int8(1), 2], rng=rng).shape == (1, 2)
    message = "gain: expected a smaller number, got 1e+308"
    refuses(message, glorot, (1, 2), rng=rng, gain=1e308)
    assert np.isfinite(glorot((1, 2), rng=rng, gain=6e307)).all()
    refuses("d: expected an integer >= 1, got 0", scaled_identity, 0)
    message = "scale: expected a finite number >= 0, got -1"
    refuses(message, scaled_identity, 2, scale=-1)
    message = "dtype: expected float32 or float64, got 'f4'"
    refuses(message, scaled_identity, 2, dtype="f4")
    for name in ("identity", "b_h", "scale"):
        message = f"{name}: expected a finite number >= 0, got nan"
        refuses(message, init_irnn, 2, 3, 4, rng=rng, **{name: np.nan})


def test_an_irnn_begins_with_the_identity_and_small_numbers():
    params = init_irnn(50, 60, 70, rng=np.random.default_rng(0))
    assert (params.W_hh == np.eye(60)).all() and not params.b_h.any()
    for W in (params.W_xh, params.W_hy):
        assert abs(1000 * W.std() - 1) < 0.05
    assert (scaled_identity(3) == np.eye(3)).all()


def test_stacks_are_refused_in_their_words():
    refuses("cells: expected a list, got module", stack, lstm)
    refuses("cells: expected a cell, got NoneType", stack, [lstm, None])
    cell = stack([lstm, gru])
    params = cell.init_params(D_X, D_H, rng=np.random.default_rng(0))
    assert [p.dtype for p in params] == [np.float64] * 2
    trace = cell.forward(params, X)
    message = "d_output: expected float64 like the trace, got float32"
    refuses(message, cell.backward, params, trace, trace.output.astype("f4"))


def test_layers_for_pytorch_are_refused_in_their_words():
    rng = np.random.default_rng(0)
    refuses("params: expected parameters, got int", to_torch, 3)
    one, wide = (vanilla.init_params(2, d_h, rng=rng) for d_h in (2, 3))
    message = "params[1]: expected d_x, d_h = (2, 2), got (2, 3)"
    refuses(message, to_torch, (one, wide))
    refuses("prefix: expected a str, got int", from_torch, {}, prefix=1)
    arrays = {f"a.{n}": array for n, array in to_torch(one).items()}
    message = "a.bias_hh_l0: expected an array, got none"
    some = {n: a for n, a in arrays.items() if n != "a.bias_hh_l0"}
    refuses(message, from_torch, some, prefix="a.")
    other = arrays | {"a.b": np.ones(2)}
    message = "a.b: expected a name such as weight_ih_l0, got another"
    refuses(message, from_torch, other, prefix="a.")
    wrong = arrays | {"a.weight_hh_l0": np.ones((5, 2))}
    expected = "(d_h, d_h), (3 d_h, d_h) or (4 d_h, d_h)"
    message = f"a.weight_hh_l0: expected shape {expected}, got (5, 2)"
    refuses(message, from_torch, wrong, prefix="a.")
    wrong = arrays | {"a.weight_ih_l0": np.ones((2, 2), np.float32)}
    with pytest.raises(ValueError, match=r"^a\.weight_ih_l0: expected .* got float"):
        from_torch(wrong, prefix="a.")


@pytest.mark.parametrize("cell", [vanilla, lstm, gru])
def test_arrays_from_pytorch_are_copied_and_left_alone(cell):
    params = cell.init_params(2, 3, rng=np.random.default_rng(0))
    params = type(params)(*(a + 0.5 for a in params))
    arrays = to_torch(params)
    before = {n: a.copy() for n, a in arrays.items()}
    (found,) = from_torch(arrays)
    for a in found:
        assert not any(np.shares_memory(a, b) for b in arrays.values())
        a[...] = 7.0
    assert all((arrays[n] == a).all() for n, a in before.items())
