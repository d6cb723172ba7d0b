"""Weights to and from PyTorch: its numbers, there and back, and what is refused.

PyTorch's outputs and gradients are those of a recorded file, and those of PyTorch
itself where it is installed; see `torch_layers`.
"""

import numpy as np
import pytest

import rnnlib
from rnnlib.layers import from_torch, gru, lstm, to_torch, vanilla
from tests.support import torch_layers
from tests.support.refusals import refuses

TOLERANCE = 1e-9
every_layer = pytest.mark.parametrize("name", torch_layers.LAYERS)
every_cell = pytest.mark.parametrize("cell", [vanilla, lstm, gru])


def complaints(name, wanted, package=rnnlib):
    """What differs when rnnlib runs PyTorch's weights forwards and backwards."""
    kind, depth, nonlinearity = torch_layers.LAYERS[name]
    data = torch_layers.draw(name)
    cell = {
        "RNN": package.layers.vanilla,
        "GRU": package.layers.gru,
        "LSTM": package.layers.lstm,
    }[kind]
    if nonlinearity:
        cell = package.layers.with_options(cell, phi=nonlinearity)
    stack = package.layers.stack([cell] * depth)
    params = package.layers.from_torch(data["weights"])

    def own(state):
        levels = np.moveaxis(state, 1, 0)
        if kind == "LSTM":
            return tuple(package.layers.lstm.State(*level) for level in levels)
        return tuple(level[0] for level in levels)

    def theirs(state):
        arrays = [np.array(s if kind == "LSTM" else [s]) for s in state]
        return np.stack(arrays, axis=1)

    trace = stack.forward(params, data["x"], state=own(data["state"]))
    gradients = stack.backward(params, trace, data["d_output"], own(data["d_state"]))
    found = {
        "x": gradients.x,
        "state": theirs(gradients.state),
        "output": trace.output,
        "last": theirs(trace.state),
    }
    for level, g in enumerate(gradients.params):
        found |= {
            f"weight_ih_l{level}": g.W_xh,
            f"weight_hh_l{level}": g.W_hh,
            f"bias_ih_l{level}": g.b_h,
            f"bias_hh_l{level}": g.b_h,  # of a sum: the same
        }
        if kind == "GRU":
            outer = g.b_h[: 2 * torch_layers.D_H]
            found[f"bias_hh_l{level}"] = np.concatenate([outer, g.b_m])
    assert found.keys() == wanted.keys()
    return [
        n
        for n, a in wanted.items()
        if a.shape != found[n].shape or not np.abs(found[n] - a).max() <= TOLERANCE
    ]


@every_layer
def test_the_recorded_numbers(name):
    assert complaints(name, torch_layers.recorded(name)) == []


@every_layer
def test_pytorch_itself(name):
    pytest.importorskip("torch", reason="PyTorch is not installed: NOT CHECKED")
    computed = torch_layers.compute(name)
    assert complaints(name, computed) == []
    for key, array in torch_layers.recorded(name).items():
        np.testing.assert_allclose(computed[key], array, rtol=1e-9, atol=1e-11)


@every_layer
def test_the_recorded_numbers_can_be_missed(name):
    """An error of 1e-8 in any of them is seen."""
    recorded = torch_layers.recorded(name)
    for key, array in recorded.items():
        moved = array.copy()
        moved.flat[-1] += 1e-8
        assert complaints(name, recorded | {key: moved}) == [key]


def test_the_reset_gate_of_pytorch_acts_after_the_product():
    """With the original convention the outputs differ."""
    data, wanted = torch_layers.draw("GRU-1-default"), "GRU-1-default"
    (params,) = from_torch(data["weights"])
    state = data["state"][0, 0]
    trace = gru.forward(params, data["x"], state=state, reset="before")
    output = torch_layers.recorded(wanted)["output"]
    assert np.abs(trace.output - output).max() > 0.01


@every_cell
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_there_and_back(cell, dtype):
    rng = np.random.default_rng(0)
    params = rnnlib.layers.stack([cell] * 3).init_params(2, 4, rng=rng, dtype=dtype)
    params = tuple(type(p)(*(a + dtype(0.1) for a in p)) for p in params)
    arrays = to_torch(params)
    assert {a.dtype for a in arrays.values()} == {np.dtype(dtype)}
    back = from_torch(arrays)
    for ours, theirs in zip(params, back, strict=True):
        assert type(ours) is type(theirs)
        assert all((a == b).all() for a, b in zip(ours, theirs, strict=True))
    for layer in (*params, *back):
        assert not any(np.shares_memory(a, b) for a in arrays.values() for b in layer)


@every_layer
def test_back_and_there_is_the_same_function(name):
    """The two biases are one afterwards; the outputs are equal."""
    data = torch_layers.draw(name)
    params = from_torch(data["weights"])
    again = from_torch(to_torch(params))
    for ours, theirs in zip(params, again, strict=True):
        assert all((a == b).all() for a, b in zip(ours, theirs, strict=True))
    assert to_torch(params).keys() == data["weights"].keys()


def test_one_layer_needs_no_tuple():
    params = lstm.init_params(2, 3, rng=np.random.default_rng(0))
    one, many = to_torch(params), to_torch((params,))
    assert one.keys() == many.keys()
    assert all((one[n] == many[n]).all() for n in one)


def test_a_layer_without_biases():
    weights = torch_layers.draw("GRU-1-default")["weights"]
    bare = {n: a for n, a in weights.items() if "bias" not in n}
    (params,) = from_torch(bare)
    assert (params.b_h == 0).all() and (params.b_m == 0).all()
    assert params.b_h.shape == (9,) and (params.W_xh == weights["weight_ih_l0"]).all()


def test_a_layer_inside_a_model():
    weights = torch_layers.draw("LSTM-2-default")["weights"]
    model = {f"encoder.{n}": a for n, a in weights.items()}
    model["decoder.weight"] = np.ones(2)
    wanted = from_torch(weights)
    found = from_torch(model, prefix="encoder.")
    for ours, theirs in zip(wanted, found, strict=True):
        assert all((a == b).all() for a, b in zip(ours, theirs, strict=True))


def weights(**changes):
    """A state dict with some entries replaced; None takes one out."""
    arrays = torch_layers.draw("LSTM-2-default")["weights"] | changes
    return {n: a for n, a in arrays.items() if a is not None}


REFUSED = {
    "weight_hh_l0: expected an array, got none": weights(weight_hh_l0=None),
    "bias_hh_l1: expected an array, got none": weights(bias_hh_l1=None),
    "weight_hh_l0: expected shape (d_h, d_h), (3 d_h, d_h) or (4 d_h, d_h), "
    "got (6, 3)": weights(weight_hh_l0=np.ones((6, 3))),
    "bias_ih_l1: expected shape (12,), got (3,)": weights(bias_ih_l1=np.ones(3)),
    "weight_ih_l0: expected shape (12, d_x), got (9, 2)": weights(
        weight_ih_l0=np.ones((9, 2))
    ),
    "weight_ih_l0_reverse: expected a name such as weight_ih_l0, got another": weights(
        weight_ih_l0_reverse=np.ones((12, 2))
    ),
    "arrays: expected the layers 0, 1, ..., got [0, 1, 3]": weights(
        weight_ih_l3=np.ones((12, 3))
    ),
    "arrays: expected the layers 0, 1, ..., got []": {},
    "arrays: expected a mapping from names, got list": [],
    "weight_ih_l0: expected a floating NumPy array, got list": weights(
        weight_ih_l0=[[1.0]]
    ),
    "weight_ih_l0: expected finite numbers, got 24 NaN or infinite": weights(
        weight_ih_l0=np.full((12, 2), np.nan)
    ),
    "bias_ih_l0: expected float64 like the weights, got float32": weights(
        bias_ih_l0=np.ones(12, np.float32)
    ),
}


@pytest.mark.parametrize("message", REFUSED)
def test_refused_from_torch(message):
    refuses(message, from_torch, REFUSED[message])


def test_refused_to_torch():
    rng = np.random.default_rng(0)
    network = rnnlib.init_params(2, 3, 4, rng=rng)
    known = "VanillaParams, GRUParams, LSTMParams"
    refuses(f"params: expected one of {known}, got Params", to_torch, network)
    refuses(f"params: expected one of {known}, got NoneType", to_torch, ())
    layers = lstm.init_params(2, 3, rng=rng), gru.init_params(3, 3, rng=rng)
    refuses("params: expected LSTMParams, got GRUParams", to_torch, layers)
    twice = (layers[0], layers[0])
    message = "params[1]: expected d_x, d_h = (3, 3), got (2, 3)"
    refuses(message, to_torch, twice)
