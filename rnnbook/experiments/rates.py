"""What the learning rate decides: the runs of `long_memories` at three rates.

Five cells on three tasks, at the shorter lag of each, at each rate of a grid with two
seeds (`trials`). Then each cell on each task at the rate with the least mean test loss
in the trials, with ten seeds which are others (`counted`). Ten seeds tell a cell that
always solves a task from one that does so half of the time, with probability 0.999.
The command that does them all is ``python -m tools.rates``.
"""

import hashlib
import inspect
import json
import sys
from typing import NamedTuple

import numpy as np

from rnnbook.experiments import long_memories as lm
from rnnlib.clipping import clip_by_global_norm
from rnnlib.optimisers import adam
from rnnlib.training.loop import train
from rnnlib.training.state import begin

SETTINGS = {
    "lags": {"adding": 20, "copy": 5, "order": 20},
    "cells": ["tanh", "orthogonal", "IRNN", "LSTM", "GRU"],
    "rates": [0.003, 0.01, 0.03],
    "trial_seeds": [1000, 1001],
    "seeds": 10,
    "root_seed": 2024,
    "d_h": 32,
    "batch": 32,
    "steps": 720,
    "clip": 1.0,
    "first": 5,  # losses stored in full
    "test_batch": 1000,
}


class Run(NamedTuple):
    """One of the runs."""

    task: str
    cell: str
    rate: float
    seed: int


def digest():
    """Sixteen hexadecimal digits that change with a setting or with this module."""
    code = inspect.getsource(sys.modules[__name__])
    text = json.dumps([SETTINGS, code], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def trials():
    """The runs at each rate."""
    return [
        Run(task, cell, rate, seed)
        for task in SETTINGS["lags"]
        for cell in SETTINGS["cells"]
        for rate in SETTINGS["rates"]
        for seed in SETTINGS["trial_seeds"]
    ]


def chosen(tested):
    """{task: {cell: rate}} from the test losses of `trials`, in their order."""
    shape = [len(SETTINGS[k]) for k in ("lags", "cells", "rates", "trial_seeds")]
    best = np.reshape(tested, shape).mean(axis=3).argmin(axis=2)
    return {
        task: {
            cell: SETTINGS["rates"][i]
            for cell, i in zip(SETTINGS["cells"], row, strict=True)
        }
        for task, row in zip(SETTINGS["lags"], best.tolist(), strict=True)
    }


def counted(rates):
    """The runs that count, each cell at the rate that was chosen for it."""
    return [
        Run(task, cell, rates[task][cell], seed)
        for task in SETTINGS["lags"]
        for cell in SETTINGS["cells"]
        for seed in range(SETTINGS["seeds"])
    ]


def random_numbers(which):
    """Generators of the first weights, the batches and the test: not of the rate."""
    place = list(lm.TASKS).index(which.task), list(lm.CELLS).index(which.cell)
    key = (*place, SETTINGS["lags"][which.task], which.seed)
    root = np.random.SeedSequence(SETTINGS["root_seed"], spawn_key=key)
    return [np.random.default_rng(child) for child in root.spawn(3)]


def run(which, *, steps=None):
    """Train one network: its losses before each update, and its test loss."""
    init_rng, data_rng, test_rng = random_numbers(which)
    task, lag = which.task, SETTINGS["lags"][which.task]
    draw = lm.TASKS[task].draw
    optimiser = adam(which.rate)
    state = train(
        begin(
            lm.init_params(which.cell, task, SETTINGS["d_h"], init_rng),
            optimiser,
            rng=data_rng,
        ),
        optimiser,
        lambda params, batch: lm.loss_and_gradients(which.cell, task, params, batch),
        lambda step, rng: draw(lag, SETTINGS["batch"], rng),
        steps=SETTINGS["steps"] if steps is None else steps,
        clip=lambda g: clip_by_global_norm(g, SETTINGS["clip"]),
        progress=False,
    )
    fresh = draw(lag, SETTINGS["test_batch"], test_rng)
    test, _ = lm.loss_and_gradients(which.cell, task, state.params, fresh)
    return state.history.loss, float(test)
