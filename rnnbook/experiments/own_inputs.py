"""Does a network that is fed its own outputs in training err less when it is free?

The source is a walk on a ring that goes on in its direction with probability 0.9. A
step that is not one place to the left or right is impossible. Arms: teacher forcing,
and two schedules of scheduled sampling, whose share of given inputs falls to 3/4 or to
1/2.
"""

import numpy as np

import rnnlib
from rnnbook.experiments.protocol import Plan
from rnnbook.experiments.windows import descend
from rnnlib.variants.feedback import coin_flips, own_symbols

RING, T_RING, UNITS = 8, 17, 12
UPDATES, BATCH = 220, 24
FREE, T_FREE, GIVEN = 500, 30, 3  # free runs after three given symbols


def walk(rng, T, B):
    """Symbols of a persistent walk on the ring, (T, B)."""
    turn = np.where(rng.random((T, B)) < 0.1, -1, 1)
    turn[0] = rng.choice([-1, 1], B)
    steps = np.cumsum(np.cumprod(turn, axis=0), axis=0)
    return (steps + rng.integers(0, RING, B)) % RING


def impossible(a, b):
    """True where the ring has no step from a to b."""
    return ((b - a) % RING != 1) & ((b - a) % RING != RING - 1)


def train_walk(end, rate, rng):
    """The share of given inputs falls from 1 to ``end``; 1 is teacher forcing."""
    params = rnnlib.init_params(RING, UNITS, RING, rng=rng)
    for i in range(UPDATES):
        x = walk(rng, T_RING, BATCH)
        share = 1 - (1 - end) * i / UPDATES
        coins = coin_flips(T_RING - 1, BATCH, share, rng=rng)
        fed = own_symbols(params, x[:-1], coins, uniforms=rng.random(coins.shape))
        trace = rnnlib.forward(params, fed)  # the fed symbols are constants
        _, delta_z = rnnlib.cross_entropy(trace.z, x[1:])
        gradient = rnnlib.backward(params, trace, delta_z / coins.size).params
        params = descend(params, gradient, rate)
    return params


def error_rates(params, rng):
    """Rates of impossible steps: taught, free, free after an own error, after none."""
    x = walk(rng, T_FREE, FREE)
    p = rnnlib.softmax(rnnlib.forward(params, x[:-1]).z)
    taught = (p * impossible(x[:-1, :, None], np.arange(RING))).sum(axis=-1)
    teacher = np.repeat(np.arange(T_FREE) < GIVEN, FREE).reshape(T_FREE, FREE)
    own = own_symbols(params, x, teacher, uniforms=rng.random((T_FREE, FREE)))
    wrong = impossible(own[:-1], own[1:])[GIVEN:]
    before, after = wrong[:-1], wrong[1:]
    return {
        "taught": float(taught[GIVEN:].mean()),
        "free": float(wrong.mean()),
        "after an error": float(after[before].mean()),
        "after none": float(after[~before].mean()),
    }


def run(arm, rate, seed):
    """Train one network and let it run; the score is its rate of errors when free."""
    data, test = map(np.random.default_rng, np.random.SeedSequence(seed).spawn(2))
    rates = error_rates(train_walk(arm["end"], rate, data), test)
    return {"score": rates["free"], **rates}


PLAN = Plan(
    name="own_inputs",
    question="does scheduled sampling lessen errors in free running?",
    run=run,
    arms={
        "teacher forcing": {"end": 1.0},
        "given inputs fall to 3/4": {"end": 0.75},
        "given inputs fall to 1/2": {"end": 0.5},
    },
    rates=(0.25, 0.5, 1.0, 2.0, 4.0),
)
