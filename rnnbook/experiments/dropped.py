"""Does dropout lower the loss on sequences that were not trained on?

The source is the walk on a ring of `own_inputs`, of which a network of 48 units sees
twelve sequences only, so it can learn them by heart. The arms differ in what is
dropped: nothing, what the outputs read, the recurrent state too with a mask for each
step, and the same with one mask for all steps of a sequence.
"""

import numpy as np

import rnnlib
from rnnbook.experiments.own_inputs import RING, walk
from rnnbook.experiments.protocol import Plan
from rnnbook.experiments.windows import descend
from rnnlib.variants.dropout import Masks, draw_mask, dropout_loss_and_gradients

STEPS, SEEN, HELD_OUT, UNITS, UPDATES, SHARE = 17, 12, 200, 48, 300, 0.3


def masks(arm, rng):
    """Fresh masks of an arm."""
    if arm["drop"] == "nothing":
        return Masks()
    shape, tied = (STEPS - 1, SEEN, UNITS), arm["tied"]
    read = draw_mask(shape, SHARE, rng=rng, variational=tied)
    if arm["drop"] == "outputs":
        return Masks(y=read)
    return Masks(h=draw_mask(shape, SHARE, rng=rng, variational=tied), y=read)


def mean_loss(params, x):
    """The loss a step without masks, in nats."""
    z = rnnlib.forward(params, x[:-1]).z
    return float(rnnlib.cross_entropy(z, x[1:])[0] / x[1:].size)


def run(arm, rate, seed):
    """Train one network; its loss a step on new sequences, and on those it saw."""
    data, init, drops = map(
        np.random.default_rng, np.random.SeedSequence(seed).spawn(3)
    )
    seen, new = walk(data, STEPS, SEEN), walk(data, STEPS, HELD_OUT)
    params = rnnlib.init_params(RING, UNITS, RING, rng=init)
    for _ in range(UPDATES):
        _, gradients = dropout_loss_and_gradients(
            params, seen[:-1], seen[1:], masks(arm, drops)
        )
        scaled = rnnlib.Params(*(g / seen[1:].size for g in gradients.params))
        params = descend(params, scaled, rate)
    return {"score": mean_loss(params, new), "training": mean_loss(params, seen)}


PLAN = Plan(
    name="dropped",
    question="does dropout lower the loss on sequences that were not seen?",
    run=run,
    arms={
        "nothing dropped": {"drop": "nothing", "tied": False},
        "outputs, a mask a step": {"drop": "outputs", "tied": False},
        "state and outputs, a mask a step": {"drop": "both", "tied": False},
        "state and outputs, one mask": {"drop": "both", "tied": True},
    },
    rates=(0.015625, 0.03125, 0.0625, 0.125, 0.25, 0.5, 1.0),
)
