"""The network of the command: gradients, the fast path, and what is measured."""

import numpy as np
import pytest

from rnnlib import optimisers
from rnnlib.char import network, run, vector
from rnnlib.char.settings import Settings
from rnnlib.language.corpus import corpus_of
from rnnlib.language.text import Alphabet
from rnnlib.layers import readout
from rnnlib.losses import log_softmax
from rnnlib.training import begin
from rnnlib.trees import flatten, rebuild

V, D_H, T, B = 4, 5, 6, 3
KINDS = [("rnn", 1), ("lstm", 1), ("gru", 1), ("rnn", 2), ("lstm", 2)]


def problem(kind, dtype=np.float64):
    """A cell, its parameters, windows and a state."""
    rng = np.random.default_rng(1)
    cell = network.build(*kind)
    params = network.init_params(cell, V, D_H, rng=rng, dtype=np.dtype(dtype))
    x, y = rng.integers(0, V, (2, T, B))
    state = network.zero_state(cell, params, B)
    noise = {k: rng.standard_normal(a.shape) for k, a in flatten(state).items()}
    noise = {k: a.astype(dtype) for k, a in noise.items()}
    return cell, params, x, y, rebuild(state, noise)


@pytest.mark.parametrize("kind", KINDS)
def test_gradients(kind):
    cell, params, x, y, state = problem(kind)
    loss, gradients, after = network.loss_and_gradients(cell, params, x, y, state)
    flat, found = flatten(params), flatten(gradients)
    assert flat.keys() == found.keys()
    rng = np.random.default_rng(2)
    for name, array in flat.items():
        direction = rng.standard_normal(array.shape)

        def along(e, name=name, array=array, direction=direction):
            moved = rebuild(params, flat | {name: array + e * direction})
            return network.loss_and_gradients(cell, moved, x, y, state)[0]

        slope = (along(1e-5) - along(-1e-5)) / 2e-5
        assert np.isclose((found[name] * direction).sum(), slope, rtol=1e-6, atol=1e-8)
    trace = readout.forward(cell, params, x, state=state)
    each = -np.take_along_axis(log_softmax(trace.z), y[..., None], -1)
    assert np.isclose(loss, each.sum() / B)
    assert same_arrays(after, trace.state)


def same_arrays(one, other, **tolerance):
    """Two trees of one form and equal, or close with a tolerance."""
    a, b = flatten(one), flatten(other)
    equal = (lambda p, q: np.allclose(p, q, **tolerance)) if tolerance else None
    return a.keys() == b.keys() and all(
        (equal or np.array_equal)(a[k], b[k]) for k in a
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype, tolerance", [("float64", 1e-12), ("float32", 1e-5)])
@pytest.mark.parametrize("batch", [1, B])
def test_the_objective_is_the_readable_one(kind, dtype, tolerance, batch):
    cell, params, x, y, state = problem(kind, dtype)
    x, y = x[:, :batch], y[:, :batch]
    state = rebuild(state, {k: a[:batch] for k, a in flatten(state).items()})
    objective = network.objective(cell, params, T, batch)
    layout = network.layout(cell, params)
    other = rebuild(params, {k: 2 * a for k, a in flatten(params).items()})
    for p in (params, other, params):
        loss, gradient, after = objective(layout.vector(p), x, y, state)
        expected = network.loss_and_gradients(cell, p, x, y, state)
        assert np.isclose(loss, expected[0], rtol=tolerance)
        close = {"rtol": 100 * tolerance, "atol": tolerance}
        assert same_arrays(layout.tree(gradient), expected[1], **close)
        assert same_arrays(after, expected[2], **close)
        assert gradient.dtype == dtype


def test_the_fast_step_is_taken_where_it_can_be(monkeypatch):
    taken = []
    noted = lambda *a: taken.append(a) or Taken  # noqa: E731
    monkeypatch.setattr(network, "_fast_objective", noted)
    for cell, (_, views) in [*network.GATED.items()]:
        monkeypatch.setitem(network.GATED, cell, (noted, views))
    for kind in KINDS:
        network.objective(network.build(*kind), problem(kind)[1], T, B)
    assert len(taken) == 3


class Taken:
    """In the place of a workspace."""

    loss_and_gradients = None


@pytest.mark.parametrize("kind", KINDS)
def test_a_vector_holds_every_entry_of_the_tree_once(kind):
    cell, params, *_ = problem(kind)
    layout = network.layout(cell, params)
    assert same_arrays(layout.tree(layout.vector(params)), params)
    numbered = flatten(layout.tree(np.arange(layout.size, dtype=layout.dtype)))
    every = np.concatenate([a.ravel() for a in numbered.values()])
    assert sorted(every) == list(range(layout.size))


@pytest.mark.parametrize("kind", KINDS)
def test_vectors_and_trees_of_a_training_state(kind):
    cell, params, *_ = problem(kind)
    state = begin(params, optimisers.adam(0.1), rng=np.random.default_rng(0))
    layout = network.layout(cell, params)
    packed = vector.with_vectors(state, layout)
    assert (
        packed.params.shape == packed.optimiser.memory["mean"].shape == (layout.size,)
    )
    back = vector.with_trees(packed, layout)
    for part in ("params", "best", "optimiser"):
        assert same_arrays(getattr(back, part), getattr(state, part))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("skip", [1, 2, 9])
def test_log_probabilities_of_one_stream(kind, skip, monkeypatch):
    cell, params, _, _, state = problem(kind)
    sequence = np.random.default_rng(3).integers(0, V, 12)
    one = network.last_stream(state)
    z = readout.forward(cell, params, sequence[:, None], state=one).z
    each = log_softmax(z[:-1, 0])[np.arange(11), sequence[1:]]
    for chunk in (1, 4, 100):
        monkeypatch.setattr(network, "CHUNK", chunk)
        found = network.log_probabilities(cell, params, sequence, one, skip)
        assert np.allclose(found, each[skip - 1 :])
        x, y = sequence[:-1, None], sequence[1:, None]
        assert np.isclose(network.mean_loss(cell, params, x, y, one), -each.mean())
    assert len(network.log_probabilities(cell, params, sequence, one)) == 11
    zero = network.zero_state(cell, params, 1)
    default = network.log_probabilities(cell, params, sequence)
    assert np.allclose(default, network.log_probabilities(cell, params, sequence, zero))


@pytest.mark.parametrize("kind", KINDS)
def test_the_mean_over_streams_is_that_of_each_alone(kind, monkeypatch):
    cell, params, x, y, state = problem(kind)
    monkeypatch.setattr(network, "PART", 2 * B)
    alone = []
    for b in range(B):
        first = rebuild(state, {k: a[[b]] for k, a in flatten(state).items()})
        pair = x[:, [b]], y[:, [b]]
        alone.append(network.mean_loss(cell, params, *pair, first))
    together = network.mean_loss(cell, params, x, y, state)
    assert np.isclose(together, np.mean(alone), rtol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("begins", [True, False])
def test_the_mean_loss_of_streams(kind, begins, monkeypatch):
    """In parts of any length, of which the last is shorter."""
    cell, params, _, _, state = problem(kind)
    x, y = np.random.default_rng(5).integers(0, V, (2, 11, B))
    state = None if begins else state
    z = readout.forward(cell, params, x, state=state).z
    expected = -np.take_along_axis(log_softmax(z), y[..., None], -1).mean()
    for part in (1, B, 4 * B, 11 * B, 1000):
        monkeypatch.setattr(network, "PART", part)
        found = network.mean_loss(cell, params, x.astype(np.uint8), y, state)
        assert np.isclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_the_state_of_the_last_stream(kind):
    *_, state = problem(kind)
    many = flatten(network.last_stream(state, 4))
    for name, array in flatten(state).items():
        assert many[name].shape == (4, D_H) and (many[name] == array[-1]).all()


def test_the_initial_loss_is_near_that_of_equal_probabilities():
    corpus = corpus_of("".join(map(chr, range(64, 104))) * 10)
    about = run.about_corpus(Settings(hidden=50), corpus)
    params = run.first_state(about).params
    x = np.arange(40)[:, None]
    loss = network.mean_loss(network.build("rnn"), params, x, (x + 1) % 40)
    assert abs(loss - np.log(len(about.alphabet))) < 1
    assert isinstance(about.alphabet, Alphabet)
