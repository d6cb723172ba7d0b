"""Does training on a lag raise what that lag contributes to the gradient?

Networks learn to repeat the symbol of some steps before. The contribution of lag n to
dL/dW_hh is the sum of the terms of the gradient whose loss comes n steps after the use
of the weight. Controls: the same training on another lag, and on symbols at random.
"""

import numpy as np

import rnnlib
from rnnbook.experiments.protocol import Plan
from rnnlib import Params

SYMBOLS, STEPS, UNITS = 3, 24, 32
UPDATES, BATCH = 700, 32
MEASURED = 4  # the lag whose contribution is measured


def batch(lag, rng, B):
    """Symbols, targets delayed by the lag, and which losses count.

    Without a lag, the targets are symbols that nothing announces.
    """
    x = rng.integers(0, SYMBOLS, (STEPS, B))
    y = rng.integers(0, SYMBOLS, (STEPS, B)) if lag is None else np.roll(x, lag, axis=0)
    first = MEASURED if lag is None else lag
    return x, y, np.repeat(np.arange(STEPS) >= first, B).reshape(STEPS, B)


def mean_loss(params, x, y, counted):
    """The mean of the counted losses and its gradient."""
    trace = rnnlib.forward(params, x)
    loss, delta_z = rnnlib.cross_entropy(trace.z, y, counted)
    gradient = rnnlib.backward(params, trace, delta_z / counted.sum()).params
    return loss / counted.sum(), gradient


def train(params, lag, rate, rng, updates=UPDATES):
    """Gradient descent on fresh batches, the gradient clipped at norm one."""
    loss = np.nan
    for _ in range(updates):
        loss, gradient = mean_loss(params, *batch(lag, rng, BATCH))
        gradient = rnnlib.clip_by_global_norm(gradient, 1.0)
        params = Params(*(p - rate * g for p, g in zip(params, gradient, strict=True)))
    return params, loss


def lag_contributions(params, x, y, counted):
    """C_n of dL/dW_hh for n = 0..T-1, of one sequence: (T, d_h, d_h)."""
    T = len(x)
    copies = np.repeat(x, T, axis=1)  # copy t keeps the loss of step t only
    trace = rnnlib.forward(params, copies)
    _, delta_z = rnnlib.cross_entropy(trace.z, np.repeat(y, T, axis=1))
    delta_z = delta_z * (np.eye(T) * counted)[..., None]
    _, delta_s = rnnlib.adjoints(params, trace, delta_z)
    terms = np.einsum("kti,ktj->ktij", delta_s, trace.h[:-1])  # k, then t
    lag = np.arange(T)[None, :] - np.arange(T)[:, None]
    return np.array([terms[lag == n].sum(axis=0) for n in range(T)])


def lag_norms(params, rng, sequences=8):
    """Mean norm of C_n over sequences whose targets are delayed by the lag."""
    found = [
        np.linalg.norm(lag_contributions(params, *batch(MEASURED, rng, 1)), axis=(1, 2))
        for _ in range(sequences)
    ]
    return np.mean(found, axis=0)


def run(arm, rate, seed):
    """Train one network; the contributions of lags 0 and 4 before and after."""
    init, data, test = map(np.random.default_rng, np.random.SeedSequence(seed).spawn(3))
    start = rnnlib.init_params(SYMBOLS, UNITS, SYMBOLS, rng=init)
    trained, _ = train(start, arm["lag"], rate, data)
    state = test.bit_generator.state
    before = lag_norms(start, test)
    test.bit_generator.state = state
    after = lag_norms(trained, test)
    loss, _ = mean_loss(trained, *batch(arm["lag"], test, 256))
    return {
        "score": float(loss),
        "before": float(before[MEASURED]),
        "after": float(after[MEASURED]),
        "before_0": float(before[0]),
        "after_0": float(after[0]),
    }


PLAN = Plan(
    name="learning_a_lag",
    question="does training on a lag raise the contribution of that lag?",
    run=run,
    arms={
        "trained on lag 4": {"lag": 4},
        "trained on lag 1": {"lag": 1},
        "trained on noise": {"lag": None},
    },
    rates=(0.1, 0.5, 1.0),
)
