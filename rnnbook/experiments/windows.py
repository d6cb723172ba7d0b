"""Can a network learn a lag that its window of truncated BPTT never contains?

The target is the symbol of three steps before, the windows are blocks of k1 = k2 steps.
A window of three never holds the lag; its runs differ in what they start from and in
what learns. In the controls only the outputs learn: what they reach, the first state
held already, without any credit through time.
"""

import numpy as np

import rnnlib
from rnnbook.experiments.protocol import Plan
from rnnlib import Params
from rnnlib.variants.truncated import truncated_backward

LAG, SYMBOLS, STEPS, UNITS = 3, 3, 16, 16
UPDATES, BATCH, TEST = 360, 16, 200
SOLVED = 0.1  # nats; chance is log 3 = 1.10


def delayed(rng, B):
    """Symbols, targets delayed by LAG, and a mask without the first LAG losses."""
    x = rng.integers(0, SYMBOLS, (STEPS, B))
    counted = np.repeat(np.arange(STEPS) >= LAG, B).reshape(STEPS, B)
    return x, np.roll(x, LAG, axis=0), counted


def descend(params, gradient, rate):
    """One step of gradient descent, the norm clipped at one."""
    gradient = rnnlib.clip_by_global_norm(gradient, 1.0)
    return Params(*(p - rate * g for p, g in zip(params, gradient, strict=True)))


def outputs_alone(gradient):
    """The gradient of the outputs; zero for the recurrent part."""
    still = {name: 0 * getattr(gradient, name) for name in ("W_xh", "W_hh", "b_h")}
    return gradient._replace(**still)


def run(arm, rate, seed):
    """Train one network with a window; its mean loss on fresh sequences, in nats."""
    init, data, test = map(np.random.default_rng, np.random.SeedSequence(seed).spawn(3))
    params = rnnlib.init_params(SYMBOLS, UNITS, SYMBOLS, rng=init)
    params = params._replace(W_hh=arm["scale"] * params.W_hh)
    L = arm["window"]
    for _ in range(UPDATES):
        x, y, counted = delayed(data, BATCH)
        trace = rnnlib.forward(params, x)
        _, delta_z = rnnlib.cross_entropy(trace.z, y, counted)
        delta_z /= counted.sum()
        gradient = truncated_backward(params, trace, delta_z, k1=L, k2=L).params
        if arm["outputs alone"]:
            gradient = outputs_alone(gradient)
        params = descend(params, gradient, rate)
    x, y, counted = delayed(test, TEST)
    loss, _ = rnnlib.cross_entropy(rnnlib.forward(params, x).z, y, counted)
    return {"score": float(loss / counted.sum())}


def arm(window, scale, outputs_alone=False):
    """The settings of an arm."""
    return {"window": window, "scale": scale, "outputs alone": outputs_alone}


PLAN = Plan(
    name="windows",
    question="can a network learn a lag that its window never contains?",
    run=run,
    arms={
        "window 16": arm(STEPS, 0.1),
        "window 4": arm(4, 0.1),
        "window 3": arm(3, 0.1),
        "window 3, only the outputs learn": arm(3, 0.1, True),
        "window 3, recurrent weights ten times as large": arm(3, 1.0),
        "the same, only the outputs learn": arm(3, 1.0, True),
    },
    rates=(0.25, 0.5, 1.0, 2.0),
)
