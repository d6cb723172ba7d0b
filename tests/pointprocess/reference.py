"""The likelihood written once more: event by event, sharing no code with rnnlib.

`loss` runs under autograd. `intensity_at` is the intensity of one sequence at any
time, found by going through the events before it; its integral is left to quadrature.
"""

import autograd.numpy as np
from autograd import value_and_grad

PHI = {
    "tanh": np.tanh,
    "relu": lambda s: np.maximum(s, 0.0),
    "logistic": lambda s: 1.0 / (1.0 + np.exp(-s)),
    "identity": lambda s: s,
}


def step(v, h, mark, gap, phi):
    """The state after an event of that mark, a gap after the one before."""
    x = np.concatenate([v["E"][:, mark], np.array([gap])])
    return PHI[phi](np.dot(v["W_xh"], x) + np.dot(v["W_hh"], h) + v["b_h"])


def loss(v, sequences, phi):
    """Minus the log-likelihood; v holds the nine parameters and h_0."""
    total = 0.0
    for i, (times, T, marks) in enumerate(sequences):
        h, t = (v["h_0"][i] if v["h_0"].ndim == 2 else v["h_0"]), 0.0
        for time, mark in zip(times, marks, strict=True):
            a = np.dot(v["v"], h) + v["b"]
            z = np.dot(v["W_hy"], h) + v["b_y"]
            total = total - (a + v["w"] * (time - t))
            total = total + np.exp(a) * (np.exp(v["w"] * (time - t)) - 1) / v["w"]
            total = total - z[mark] + np.log(np.sum(np.exp(z)))
            h, t = step(v, h, mark, time - t, phi), time
        a = np.dot(v["v"], h) + v["b"]
        total = total + np.exp(a) * (np.exp(v["w"] * (T - t)) - 1) / v["w"]
    return total


def loss_and_gradients(v, sequences, phi="tanh"):
    """By autograd: the loss, and its gradient for every name in v."""
    return value_and_grad(lambda u: loss(u, sequences, phi))(v)


def intensity_at(v, sequence, time, phi="tanh"):
    """lambda(time), from the events strictly before it."""
    h, t = v["h_0"], 0.0
    for event, mark in zip(sequence.times, sequence.marks, strict=True):
        if event >= time:
            break
        h, t = step(v, h, mark, event - t, phi), event
    return np.exp(np.dot(v["v"], h) + v["b"] + v["w"] * (time - t))
