"""All that a training run is: whoever has it can go on to the bit."""

import copy
from typing import Any, NamedTuple

import numpy as np

from rnnlib.training.early_stopping import Patience
from rnnlib.trees import flatten, rebuild
from rnnlib.validate import check_callable, check_rng

GENERATORS = ("PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64")


class History(NamedTuple):
    """What happened: one entry a step, and one a validation."""

    loss: np.ndarray  # of the batch, before the update
    gradient_norm: np.ndarray  # before clipping
    skipped: np.ndarray  # True where the gradient was not finite: no update
    validation_step: np.ndarray
    validation: np.ndarray


class TrainingState(NamedTuple):
    """After ``step`` steps.

    ``best`` has the least validation value so far. ``carried`` is what a step hands to
    the next besides the parameters, such as the last hidden state; None when nothing.
    """

    step: int
    params: Any
    optimiser: Any
    best: Any
    patience: Patience
    history: History
    rng: dict  # of the bit generator
    carried: Any = None


def begin(params, optimiser, *, rng, carried=None):
    """The state before the first step. ``rng`` is read and not advanced.

    ``carried``, a tree of arrays, is what the first step is handed.

    Raises
    ------
    ValueError
        For parameters that the optimiser refuses, or an ``rng`` that is not a numpy
        Generator with one of numpy's own bit generators.
    """
    check_rng(rng)
    check_callable("optimiser", getattr(optimiser, "init_state", None))
    state = copy.deepcopy(rng.bit_generator.state)
    generator(state)
    params = copied(params)
    none = np.zeros(0)
    history = History(none, none, np.zeros(0, bool), np.zeros(0, int), none)
    memory = optimiser.init_state(params)
    patience, carried = Patience(), copied(carried)
    return TrainingState(0, params, memory, params, patience, history, state, carried)


def generator(state):
    """A new Generator that goes on from the state of a bit generator.

    Raises
    ------
    ValueError
        When it is not such a state.
    """
    name = state.get("bit_generator") if isinstance(state, dict) else None
    if name not in GENERATORS:
        raise ValueError(f"rng: expected one of {', '.join(GENERATORS)}, got {name!r}")
    bits = getattr(np.random, name)(0)
    try:
        bits.state = state
    except (TypeError, ValueError, KeyError, OverflowError) as error:
        raise ValueError(f"rng: expected a state of {name}, got another") from error
    return np.random.Generator(bits)


def copied(tree):
    """The same tree with arrays of its own, in C order, as a checkpoint has them."""
    return rebuild(tree, {k: np.array(a, order="C") for k, a in flatten(tree).items()})
