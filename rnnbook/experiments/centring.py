"""Does a zero-centred activation train faster than one that is not?

tanh and the logistic function differ in their centre and in their slope at zero. Two
controls take the reasons apart: the logistic function moved down by 1/2 is centred and
has slope 1/4; tanh moved up by 1 is not centred and has slope 1.
"""

import numpy as np

import rnnlib
from rnnbook.experiments.protocol import Plan
from rnnlib.activations import ACTIVATIONS, Activation

T, BATCH, UNITS, STEPS = 12, 64, 16, 100
TANH, LOGISTIC = ACTIVATIONS["tanh"], ACTIVATIONS["logistic"]


def moved(activation, by):
    """An activation plus a constant; its derivative as before."""

    def phi(s, out=None):
        h = activation.phi(s, out)
        h += by
        return h

    def derivative(h):
        return activation.derivative(h - by)

    name = f"{activation.name} {by:+g}"
    return Activation(name, phi, derivative, activation.gamma)


PHI = {
    "tanh": TANH,
    "logistic": LOGISTIC,
    "logistic - 1/2": moved(LOGISTIC, -0.5),
    "tanh + 1": moved(TANH, 1.0),
}


def echo(rng):
    """Repeat the symbol of two steps before."""
    x = rng.integers(0, 3, (T, BATCH))
    counted = np.repeat(np.arange(T) >= 2, BATCH).reshape(T, BATCH)
    return (3, UNITS, 3), x, np.roll(x, 2, axis=0), counted, rnnlib.cross_entropy


def constant(rng):
    """Put out a constant one, from no input."""
    x = np.zeros((T, BATCH, 1))
    counted = np.ones((T, BATCH), bool)
    return (1, UNITS, 1), x, x + 1, counted, rnnlib.half_squared_error


def run(arm, rate, seed):
    """The mean loss after 100 steps of gradient descent; infinite when it diverges."""
    rng = np.random.default_rng(seed)
    task = {"echo": echo, "constant": constant}[arm["task"]]
    sizes, x, y, counted, loss = task(rng)
    params = rnnlib.init_params(*sizes, rng=rng)
    phi = PHI[arm["phi"]]
    value = np.inf
    for _ in range(STEPS):
        trace = rnnlib.forward(params, x, phi=phi)
        value, delta_z = loss(trace.z, y, counted)
        gradient = rnnlib.backward(params, trace, delta_z / counted.sum()).params
        if not value < 1e6:
            return {"score": float("inf")}
        pairs = zip(params, gradient, strict=True)
        params = rnnlib.Params(*(p - rate * g for p, g in pairs))
    return {"score": float(value / counted.sum())}


PLAN = Plan(
    name="centring",
    question="does a zero-centred activation train faster?",
    run=run,
    arms={
        f"{task}, {phi}": {"task": task, "phi": phi}
        for task in ("echo", "constant")
        for phi in PHI
    },
    rates=(0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0),
)
