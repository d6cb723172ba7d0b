"""The tasks that need a memory, their baselines, and the stored measurements."""

import itertools
import json
import types

import joblib
import numpy as np
import pytest

from rnnbook.experiments import long_memories as lm
from rnnlib.training import tasks
from rnnlib.trees import flatten, rebuild
from tools import long_memories as tool

GENERATORS = (tasks.adding, tasks.copy, tasks.temporal_order)


@pytest.fixture(scope="module")
def stored():
    """The stored file."""
    return json.loads(tool.TARGET.read_text(encoding="utf-8"))


def stream(seed=0):
    return np.random.default_rng(seed)


def adding_errors(module, T=12, B=400):
    """Everything wrong with the adding generator of a module."""
    x, y = module.adding(T, B, stream())
    values, markers = x[..., 0], x[..., 1]
    yield x.shape != (T, B, 2) or y.shape != (B, 1)
    yield values.min() < 0 or values.max() > 1 or len(np.unique(values)) != T * B
    for half in (markers[: T // 2], markers[T // 2 :]):
        yield (half.sum(axis=0) != 1).any() or not (half.sum(axis=1) > 0).all()
    marked = [values[markers[:, b] == 1, b].sum() for b in range(B)]
    yield np.abs(y[:, 0] - marked).max() > 1e-12


def copy_errors(module, T=7, B=300):
    """Everything wrong with the copy generator of a module."""
    x, y = module.copy(T, B, stream())
    yield x.shape != (T + 20, B) or y.shape != (T + 20, B)
    yield (x[:10] != y[-10:]).any() or set(np.unique(x[:10])) != set(range(8))
    yield (y[: T + 10] != 8).any() or (x[10 : T + 9] != 8).any()
    yield (x[T + 9] != 9).any() or (x[T + 10 :] != 8).any()


def order_errors(module, T=20, B=400):
    """Everything wrong with the temporal-order generator of a module."""
    x, y = module.temporal_order(T, B, stream())
    yield x.shape != (T, B) or y.shape != (B,)
    yield set(np.unique(x)) != set(range(6)) or set(np.unique(y)) != set(range(4))
    places = [np.flatnonzero(x[:, b] < 2) for b in range(B)]
    yield {len(p) for p in places} != {2}
    if {len(p) for p in places} == {2}:
        yield {p[0] for p in places} != {2, 3} or {p[1] for p in places} != {10, 11}
        yield any(y[b] != 2 * x[i, b] + x[j, b] for b, (i, j) in enumerate(places))


CHECKS = (adding_errors, copy_errors, order_errors)


@pytest.mark.parametrize("check", CHECKS)
def test_generators(check):
    assert not any(check(tasks))


def test_the_shortest_tasks():
    assert not any(copy_errors(tasks, T=1)) and not any(adding_errors(tasks, T=2))
    assert not any(order_errors(tasks, T=20))
    for draw, least in ((tasks.copy, 1), (tasks.adding, 2), (tasks.temporal_order, 10)):
        with pytest.raises(ValueError, match=f"^T: expected an integer >= {least}"):
            draw(least - 1, 3, stream())
    with pytest.raises(ValueError, match="^T: expected an integer >= 10"):
        tasks.order_steps(9)


def two_markers_in_one_half(T, B, rng):
    x, y = tasks.adding(T, B, rng)
    x[..., 1] = np.roll(x[..., 1], T // 4, axis=0)
    return tasks.Batch(x, (x[..., 0] * x[..., 1]).sum(axis=0)[:, None])


def wrong_sum(T, B, rng):
    x, _ = tasks.adding(T, B, rng)
    return tasks.Batch(x, x[:2, :, 0].sum(axis=0)[:, None])


def copies_backwards(T, B, rng):
    x, y = tasks.copy(T, B, rng)
    y[-10:] = y[-10:][::-1].copy()
    return tasks.Batch(x, y)


def late_cue(T, B, rng):
    x, y = tasks.copy(T, B, rng)
    return tasks.Batch(np.where(np.roll(x == 9, 1, axis=0), 9, np.minimum(x, 8)), y)


def order_forgotten(T, B, rng):
    x, y = tasks.temporal_order(T, B, rng)
    return tasks.Batch(x, np.where(y == 2, 1, y))


def symbol_late(T, B, rng):
    x, y = tasks.temporal_order(T, B, rng)
    return tasks.Batch(np.roll(x, 3, axis=0), y)


@pytest.mark.parametrize(
    "check, name, mutant",
    [
        (adding_errors, "adding", two_markers_in_one_half),
        (adding_errors, "adding", wrong_sum),
        (copy_errors, "copy", copies_backwards),
        (copy_errors, "copy", late_cue),
        (order_errors, "temporal_order", order_forgotten),
        (order_errors, "temporal_order", symbol_late),
    ],
)
def test_mutants_of_generators_are_caught(check, name, mutant):
    assert any(check(types.SimpleNamespace(**{name: mutant})))


@pytest.mark.parametrize("generator", GENERATORS)
def test_one_rng_decides_all(generator):
    first, again, other = (generator(20, 5, stream(s)) for s in (1, 1, 2))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first.x, other.x)


@pytest.mark.parametrize("generator", GENERATORS)
@pytest.mark.parametrize(
    "change, words",
    [
        ({"T": 0}, "T: expected an integer"),
        ({"T": 20.0}, "T: expected an integer"),
        ({"B": 0}, "B: expected an integer >= 1, got 0"),
        ({"rng": 3}, "rng: expected a numpy Generator, got int"),
    ],
)
def test_bad_arguments(generator, change, words):
    with pytest.raises(ValueError, match=words):
        generator(**{"T": 20, "B": 2, "rng": stream()} | change)


def test_adding_baseline():
    n = 100_000
    y = tasks.adding(4, n, stream(3)).y[:, 0]
    for constant in (0.9, 1.0, 1.1):  # 1 is the best constant
        squares = (y - constant) ** 2
        expected = tasks.adding_baseline(4) + (constant - 1) ** 2
        assert abs(squares.mean() - expected) < 4 * squares.std() / n**0.5


def test_copy_baseline():
    T = 3
    x, y = tasks.copy(T, 2000, stream(4))
    p = np.zeros((T + 20, 10))
    p[: T + 10, tasks.BLANK] = 1
    p[T + 10 :, : tasks.SYMBOLS] = 1 / tasks.SYMBOLS
    losses = -np.log(p[np.arange(T + 20)[:, None], y])
    assert abs(losses.mean() - tasks.copy_baseline(T)) < 1e-12
    counts = np.bincount(y[T + 10 :].ravel(), minlength=8)
    n = counts.sum()
    assert np.abs(counts / n - 1 / 8).max() < 4 * (7 / 64 / n) ** 0.5


def test_order_baseline():
    y = tasks.temporal_order(10, 40_000, stream(5)).y
    p = np.bincount(y, minlength=4) / len(y)
    assert np.abs(p - 1 / 4).max() < 4 * (3 / 16 / len(y)) ** 0.5
    exact = [2 * a + b for a, b in itertools.product((0, 1), repeat=2)]
    assert sorted(exact) == [0, 1, 2, 3] and tasks.order_baseline(10) == np.log(4)


@pytest.mark.parametrize("cell", lm.CELLS)
@pytest.mark.parametrize("task", lm.TASKS)
def test_gradients_of_the_runs(task, cell):
    """One directional derivative, by central differences."""
    rng = stream(6)
    params = lm.init_params(cell, task, 4, rng)
    layer = params["layer"]  # away from the corner of relu
    moved = type(layer)(*(a + 0.1 * rng.standard_normal(a.shape) for a in layer))
    params = params | {"layer": moved}
    batch = lm.TASKS[task].draw(10, 3, rng)
    _, gradients = lm.loss_and_gradients(cell, task, params, batch)
    flat = flatten(params)
    direction = {k: rng.standard_normal(a.shape) for k, a in flat.items()}

    def loss(step):
        at = rebuild(params, {k: a + step * direction[k] for k, a in flat.items()})
        return lm.loss_and_gradients(cell, task, at, batch)[0]

    slope = (loss(1e-6) - loss(-1e-6)) / 2e-6
    expected = sum((g * direction[k]).sum() for k, g in flatten(gradients).items())
    assert abs(slope - expected) < 1e-6 * max(1, abs(expected))


def test_stored_file_is_of_these_settings(stored):
    assert stored["hash"] == lm.settings_hash()
    assert stored["settings"] == lm.SETTINGS
    assert stored["command"] == tool.COMMAND
    assert lm.settings_hash(lm.SETTINGS | {"steps": 1}) != stored["hash"]
    keys = [lm.Run(*(r[k] for k in lm.Run._fields)) for r in stored["runs"]]
    assert keys == lm.grid()
    blocks = lm.SETTINGS["steps"] // lm.SETTINGS["block"]
    for r in stored["runs"]:
        assert len(r["first"]) == lm.SETTINGS["first"] and len(r["means"]) == blocks
        assert np.isfinite([*r["first"], *r["means"], r["test"]]).all()
    assert tool.TARGET.stat().st_size < 100_000


@pytest.mark.parametrize("cell", lm.CELLS)
def test_stored_losses_are_reproduced(stored, cell):
    row = next(r for r in stored["runs"] if r["cell"] == cell)
    which = lm.Run(*(row[k] for k in lm.Run._fields))
    losses, _ = lm.run(which, steps=3)
    np.testing.assert_allclose(losses, row["first"][:3], rtol=1e-6)
    other, _ = lm.run(which._replace(seed=1), steps=3)
    assert not np.allclose(other, losses, rtol=1e-3)


def test_results_do_not_depend_on_the_jobs():
    small = lm.SETTINGS | {
        "lags": {"order": [10]},
        "cells": ["tanh"],
        "seeds": 2,
        "steps": 4,
        "block": 2,
        "first": 2,
        "test_batch": 8,
    }
    with joblib.parallel_config(backend="threading"):
        one, two = (tool.compute(small, jobs)["runs"] for jobs in (1, 2))
    assert one == two and len(one) == 2
