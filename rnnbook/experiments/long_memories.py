"""What the chapter on long memories measures: five cells on three tasks.

`SETTINGS` says everything that decides the numbers, `settings_hash` names it, `grid`
lists the runs and `run` does one. The command that does them all is
``python -m tools.long_memories``.
"""

import hashlib
import json
from typing import Any, NamedTuple

import numpy as np

from rnnlib.clipping import clip_by_global_norm
from rnnlib.layers import gru, lstm, readout, vanilla
from rnnlib.layers.cell import with_options
from rnnlib.layers.initialisers import init_irnn, orthogonal
from rnnlib.layers.readout import init_readout
from rnnlib.optimisers import adam
from rnnlib.training import tasks
from rnnlib.training.loop import train
from rnnlib.training.state import begin

SETTINGS = {
    "lags": {"adding": [20, 80], "copy": [5, 20], "order": [20, 80]},
    "cells": ["tanh", "orthogonal", "IRNN", "LSTM", "GRU"],
    "seeds": 3,
    "root_seed": 2024,
    "d_h": 32,
    "batch": 32,
    "steps": 720,
    "learning_rate": 0.01,
    "clip": 1.0,
    "block": 40,  # steps whose mean loss is one stored number
    "first": 5,  # losses stored in full
    "test_batch": 1000,
}


class Task(NamedTuple):
    """A generator with its baseline, and the sizes and loss of its outputs."""

    draw: Any  # (T, B, rng) -> Batch
    baseline: Any  # (T) -> float
    d_x: int
    K: int
    every_step: bool  # an output at each step, or one at the end


TASKS = {
    "adding": Task(tasks.adding, tasks.adding_baseline, 2, 1, False),
    "copy": Task(tasks.copy, tasks.copy_baseline, 10, 10, True),
    "order": Task(tasks.temporal_order, tasks.order_baseline, 6, 4, False),
}
CELLS = {
    "tanh": vanilla,
    "orthogonal": vanilla,
    "IRNN": with_options(vanilla, phi="relu"),
    "LSTM": lstm,
    "GRU": gru,
}


class Run(NamedTuple):
    """One of the runs."""

    task: str
    lag: int
    cell: str
    seed: int


def settings_hash(settings=None):
    """Sixteen hexadecimal digits that change with any of the settings."""
    settings = SETTINGS if settings is None else settings
    text = json.dumps(settings, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def grid(settings=None):
    """All runs, in the order in which they are given their random numbers."""
    settings = SETTINGS if settings is None else settings
    return [
        Run(task, lag, cell, seed)
        for task, lags in settings["lags"].items()
        for lag in lags
        for cell in settings["cells"]
        for seed in range(settings["seeds"])
    ]


def init_params(cell, task, d_h, rng):
    """A layer and its logits: {"layer": ..., "W_hy": (K, d_h), "b_y": (K,)}."""
    d_x, K = TASKS[task].d_x, TASKS[task].K
    if cell == "IRNN":
        layer = vanilla.VanillaParams(*init_irnn(d_x, d_h, K, rng=rng)[:3])
    else:
        layer = CELLS[cell].init_params(d_x, d_h, rng=rng)
    if cell == "orthogonal":
        layer = layer._replace(W_hh=orthogonal((d_h, d_h), rng=rng))
    return init_readout(layer, K, d_h, rng=rng)


def loss_and_gradients(cell, task, params, batch):
    """The mean loss (squared error, or cross-entropy an output) and its gradients."""
    adding = task == "adding"  # twice half the squared error
    loss = "half_squared_error" if adding else "cross_entropy"
    topology = "many-to-many" if TASKS[task].every_step else "last"
    options = {
        "topology": topology,
        "loss": loss,
        "scale": (2 if adding else 1) / batch.y.size,
    }
    value, gradients, _ = readout.loss_and_gradients(
        CELLS[cell], params, batch.x, batch.y, **options
    )
    return value, gradients


def run(which, *, steps=None, settings=None):
    """Train one network and test it.

    Parameters
    ----------
    which : Run
        One of `grid`; its place there decides its random numbers.
    steps : int, optional
        Stop early: the losses up to there are those of the whole run.

    Returns
    -------
    losses : array (steps,)
        Of the batches, before each update.
    test : float
        Loss on a fresh batch after the last update.
    """
    settings = SETTINGS if settings is None else settings
    runs = grid(settings)
    seeds = np.random.SeedSequence(settings["root_seed"]).spawn(len(runs))
    rngs = map(np.random.default_rng, seeds[runs.index(which)].spawn(3))
    init_rng, data_rng, test_rng = rngs
    task, draw = which.task, TASKS[which.task].draw
    state = train(
        begin(
            init_params(which.cell, task, settings["d_h"], init_rng),
            optimiser := adam(settings["learning_rate"]),
            rng=data_rng,
        ),
        optimiser,
        lambda params, batch: loss_and_gradients(which.cell, task, params, batch),
        lambda step, rng: draw(which.lag, settings["batch"], rng),
        steps=settings["steps"] if steps is None else steps,
        clip=lambda g: clip_by_global_norm(g, settings["clip"]),
        progress=False,
    )
    fresh = draw(which.lag, settings["test_batch"], test_rng)
    test, _ = loss_and_gradients(which.cell, task, state.params, fresh)
    return state.history.loss, float(test)
