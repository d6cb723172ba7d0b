"""The loss of (1)-(4), written once more: sequence by sequence and step by step.

It shares no code with rnnlib, and autograd differentiates it. Integer inputs become
one-hot vectors, a masked step is skipped, and nothing is vectorised.
"""

import autograd.numpy as np
from autograd import value_and_grad

PHI = {
    "tanh": np.tanh,
    "relu": lambda s: np.maximum(s, 0.0),
    "logistic": lambda s: 1.0 / (1.0 + np.exp(-s)),
    "identity": lambda s: s,
}


def loss_and_gradients(problem):
    """The loss, and its gradient with respect to every variable, by autograd."""
    return value_and_grad(lambda variables: loss(variables, problem))(problem.variables)


def loss(v, problem):
    """The loss of the batch: the sum over its sequences, and the weight decay."""
    options = problem.options
    total = 0.0
    for b in range(problem.y.shape[1 if many(options) else 0]):
        total = total + loss_of_sequence(v, problem, b)
    squares = sum(np.sum(v[n] ** 2) for n in ("W_xh", "W_hh", "W_hy"))
    return total + options["weight_decay"] / 2 * squares


def loss_of_sequence(v, problem, b):
    """The loss of sequence b, its states computed one after the other."""
    options = problem.options
    h = v["h_0"] if v["h_0"].ndim == 1 else v["h_0"][b]
    states = {}
    for t in range(len(v["x"] if "x" in v else problem.x)):
        if options["mask"] is not None and not options["mask"][t, b]:
            continue
        s = np.dot(v["W_xh"], input_at(v, problem, t, b))
        s = s + np.dot(v["W_hh"], h) + v["b_h"]
        h = PHI[options["phi"]](s)
        states[t] = h
    if many(options):
        return sum(
            output_loss(v, options, h, problem.y[t, b]) for t, h in states.items()
        )
    if options["topology"] == "mean":
        h = sum(states.values()) / len(states)
    return output_loss(v, options, h, problem.y[b])


def input_at(v, problem, t, b):
    """x_t of sequence b as a vector."""
    if "x" in v:
        return v["x"][t, b]
    one_hot = [0.0] * v["W_xh"].shape[1]
    one_hot[problem.x[t, b]] = 1.0
    return np.array(one_hot)


def output_loss(v, options, h, y):
    """The loss of one output."""
    z = np.dot(v["W_hy"], h) + v["b_y"]
    if options["loss"] == "half_squared_error":
        return np.sum((z - y) ** 2) / 2
    log_p = z - np.log(np.sum(np.exp(z)))
    return -log_p[y] if y.ndim == 0 else -np.sum(y * log_p)


def many(options):
    """Is there one output a step?"""
    return options["topology"] == "many-to-many"
