"""A small training run, and the same run as a program that can be killed.

python -m tests.training.problem CHECKPOINT STEPS SLEEP
"""

import signal
import sys
import time
from pathlib import Path

import numpy as np

import rnnlib
from rnnlib import training
from rnnlib.clipping import clip_by_global_norm
from rnnlib.optimisers import adam
from rnnlib.training import begin, load_checkpoint
from rnnlib.training.batches import batch_at, mean, pad
from rnnlib.trees import flatten

OPTIMISER = adam(0.02)
RNG = np.random.default_rng(0)
LENGTHS = RNG.integers(2, 7, 20)
SEQUENCES = [RNG.integers(0, 3, n) for n in LENGTHS]


def start(kind=np.random.PCG64):
    """The state before the first step."""
    params = rnnlib.init_params(3, 5, 3, rng=np.random.default_rng(1))
    return begin(params, OPTIMISER, rng=np.random.Generator(kind(2)))


def draw(step, rng):
    """A batch of unequal lengths, and noise for the state from ``rng``."""
    chosen = batch_at(step, len(SEQUENCES), 6, seed=3, lengths=LENGTHS)
    x, mask = pad([SEQUENCES[i] for i in chosen])
    return x, mask, 0.1 * rng.standard_normal((len(chosen), 5))


def objective(params, batch):
    """Mean loss a step of predicting the symbol that is there."""
    x, mask, h_0 = batch
    loss, gradients = rnnlib.loss_and_gradients(params, x, x, mask=mask, h_0=h_0)
    return mean(loss, gradients.params, mask.sum())


def start_carrying():
    """The state before the first step of a run that carries a state on."""
    return start()._replace(carried={"h": np.zeros(5)})


def carrying(params, batch, carried):
    """The objective, with noise that is handed from step to step."""
    x, mask, h_0 = batch
    h = 0.5 * carried["h"] + h_0.mean(axis=0)
    return *objective(params, (x, mask, h_0 + h)), {"h": h}


def validate(params, carried=None):
    """The loss on the first sequences, from what is carried on or from zero."""
    x, mask = pad(SEQUENCES[:4])
    h_0 = None if carried is None else carried["h"]
    return rnnlib.loss_and_gradients(params, x, x, mask=mask, h_0=h_0)[0] / mask.sum()


def run(state, steps, *, objective=objective, **options):
    """Train to that step, without a progress bar."""
    options = {"validate": validate, "validate_every": 7, "progress": False} | options
    return training.train(
        state,
        OPTIMISER,
        objective,
        draw,
        steps=steps,
        clip=lambda g: clip_by_global_norm(g, 0.5),
        **options,
    )


def same(one, other):
    """Two states are equal to the bit, histories and generators too."""
    a, b = (flatten(s._replace(rng=None, history=None)) for s in (one, other))
    arrays = a.keys() == b.keys() and all(np.array_equal(a[k], b[k]) for k in a)
    histories = all(map(np.array_equal, one.history, other.history))
    return arrays and histories and str(one.rng) == str(other.rng)


if __name__ == "__main__":
    # A shell may start programs with Ctrl-C ignored; here it has to work.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    path, steps, pause = Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])

    def slow(params, batch):
        """The objective, slowly, so that the program can be stopped in the middle."""
        time.sleep(pause)
        return objective(params, batch)

    first = start()
    state = load_checkpoint(path, first) if path.exists() else first
    run(state, steps, objective=slow, checkpoint=path, checkpoint_every=5)
