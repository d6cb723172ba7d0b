"""Does clipping the gradient help plain gradient descent where gradients explode?

The networks start with recurrent weights of twice the critical size, so gradients grow
on their way back. The target is the symbol of three steps before. One arm clips the
norm of the gradient at one, the other does not; each has a rate of its own.
"""

import numpy as np

import rnnlib
from rnnbook.experiments.protocol import Plan
from rnnlib import Params

LAG, SYMBOLS, STEPS, UNITS = 3, 3, 40, 32
SCALE, UPDATES, BATCH, TEST = 2.0, 300, 8, 100


def recalled(rng, B):
    """Symbols, the symbols of LAG steps before, and which losses count."""
    x = rng.integers(0, SYMBOLS, (STEPS, B))
    counted = np.repeat(np.arange(STEPS) >= LAG, B).reshape(STEPS, B)
    return x, np.roll(x, LAG, axis=0), counted


def first_weights(rng):
    """A network whose gradients explode at first."""
    params = rnnlib.init_params(SYMBOLS, UNITS, SYMBOLS, rng=rng)
    normal = rng.standard_normal((UNITS, UNITS))
    return params._replace(W_hh=SCALE * normal / np.sqrt(UNITS))


def mean_gradient(params, x, y, counted):
    """Mean loss of a step, and its gradient."""
    loss, gradients = rnnlib.loss_and_gradients(params, x, y, mask=counted)
    return loss / counted.sum(), Params(*(g / counted.sum() for g in gradients.params))


def run(arm, rate, seed):
    """Train one network; its mean loss on fresh sequences in nats, largest norm."""
    init, data, test = map(np.random.default_rng, np.random.SeedSequence(seed).spawn(3))
    params, norms = first_weights(init), []
    for _ in range(UPDATES):
        _, gradient = mean_gradient(params, *recalled(data, BATCH))
        norms.append(rnnlib.global_norm(gradient))
        if arm["threshold"] is not None:
            gradient = rnnlib.clip_by_global_norm(gradient, arm["threshold"])
        pairs = zip(params, gradient, strict=True)
        params = Params(*(p - rate * g for p, g in pairs))
    loss, _ = mean_gradient(params, *recalled(test, TEST))
    return {"score": float(loss), "largest norm": float(max(norms))}


PLAN = Plan(
    name="clipped",
    question="does clipping help where gradients explode?",
    run=run,
    arms={"clipped at 1": {"threshold": 1.0}, "not clipped": {"threshold": None}},
    rates=(0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0),
)
