"""The recurrent layers, written once more: sequence by sequence, gate by gate.

They share no code with rnnlib, and autograd differentiates them. Integer inputs become
one-hot vectors, a masked step is skipped, nothing is fused or vectorised. A layer takes
params, a list of inputs (None where there is no step) and a state, each for one
sequence, and returns the outputs of all steps with the last state.
"""

import autograd.numpy as np
from autograd.tracer import getval

EPSILON = 1e-5


def logistic(s):
    """1 / (1 + exp(-s))."""
    return 1.0 / (1.0 + np.exp(-s))


def block(array, k):
    """Block k of the rows of a fused array, each of three: D_H in `recurrent`."""
    return array[3 * k : 3 * (k + 1)]


# Slopes that are wrong, for mistakes to be made of.


def stop(a):
    """The value of an expression, without a derivative."""
    return getval(a)


def through(a):
    """Zero, with the derivative of an expression."""
    return a - stop(a)


def with_slope(f, slope):
    """The values of f with another derivative."""
    return lambda a: stop(f(a)) + stop(slope(a)) * through(a)


# The layers. What is a keyword argument below is right as it is.


def run(step, x, state, h_of, held=lambda state: state):
    """The outputs of all steps; a step without an input repeats the state."""
    outputs = []
    for x_t in x:
        state = held(state) if x_t is None else step(x_t, state)
        outputs.append(h_of(state))
    return outputs, state


def vanilla(params, x, state, phi="tanh", held=lambda h: h):
    """(1) and (2)."""
    f = {"tanh": np.tanh, "logistic": logistic}[phi]

    def step(x_t, h):
        return f(np.dot(params.W_xh, x_t) + np.dot(params.W_hh, h) + params.b_h)

    return run(step, x, state, lambda h: h, held)


def lstm_step(c, i, f, n, o, squash=np.tanh):
    """h_t and c_t, from c_{t-1} and the gates."""
    c = f * c + i * n
    return o * squash(c), c


def lstm(
    params,
    x,
    state,
    combine=lstm_step,
    candidate=np.tanh,
    output_gate=logistic,
    product=np.dot,
    held=lambda state: state,
):
    """The four gates one by one."""

    def step(x_t, state):
        h, c = state

        def pre_activation(k):
            W_x, W_h, b = (block(a, k) for a in params)
            return np.dot(W_x, x_t) + product(W_h, h) + b

        i, f = (logistic(pre_activation(k)) for k in (0, 1))
        n, o = candidate(pre_activation(2)), output_gate(pre_activation(3))
        return combine(c, i, f, n, o)

    return run(step, x, (state[0], state[1]), lambda state: state[0], held)


def gru(
    params,
    x,
    state,
    reset="after",
    combine=lambda u, h, n: (1 - u) * n + u * h,
    reset_gate=logistic,
    update=lambda u: u,
    times=lambda r, a: r * a,
    product=lambda W, read, h: np.dot(W, read),
):
    """The two gates, and the candidate by either convention."""

    def step(x_t, h):
        def from_input(k):
            return np.dot(block(params.W_xh, k), x_t) + block(params.b_h, k)

        s_r, s_u = (from_input(k) + np.dot(block(params.W_hh, k), h) for k in (0, 1))
        r, u = reset_gate(s_r), update(logistic(s_u))
        W = block(params.W_hh, 2)
        if reset == "after":
            n = np.tanh(from_input(2) + times(r, np.dot(W, h) + params.b_m))
        else:
            n = np.tanh(from_input(2) + product(W, times(r, h), h) + params.b_m)
        return combine(u, h, n)

    return run(step, x, state, lambda h: h)


def normalised(a, mean, variance):
    """The rows of (4) before gain and bias."""
    return (a - mean) / np.sqrt(variance + EPSILON)


def layer_norm(
    params,
    x,
    state,
    norm=normalised,
    scaled=lambda gain, unit, b: gain * unit + b,
    held=lambda h: h,
):
    """The vanilla step with a normalised pre-activation."""

    def step(x_t, h):
        a = np.dot(params.W_xh, x_t) + np.dot(params.W_hh, h)
        mean = sum(a[k] for k in range(len(a))) / len(a)
        variance = sum((a[k] - mean) ** 2 for k in range(len(a))) / len(a)
        return np.tanh(scaled(params.gain, norm(a, mean, variance), params.b_h))

    return run(step, x, state, lambda h: h, held)


def stack(*layers, residual=False):
    """Layers on top of each other; a residual one adds what it read."""

    def stacked(params, x, state):
        states = []
        for level, layer in enumerate(layers):
            y, last = layer(params[level], x, state[level])
            states.append(last)
            if residual and level:
                y = [a + b for a, b in zip(y, below, strict=True)]  # noqa: F821
            below = y
            x = [None if a is None else b for a, b in zip(x, y, strict=True)]
        return below, tuple(states)

    return stacked


def loss(variables, layer, problem):
    """The sum over sequences of the linear function of output and last state."""
    total = 0.0
    for b in range(problem.d_output.shape[1]):
        x = [
            None
            if problem.mask is not None and not problem.mask[t, b]
            else input_at(variables, problem, t, b)
            for t in range(len(problem.x))
        ]
        state = of_sequence(variables["state"], b)
        outputs, last = layer(variables["params"], x, state)
        for t, y in enumerate(outputs):
            total = total + np.sum(problem.d_output[t, b] * y)
        weights = leaves(of_sequence(problem.d_state, b))
        for weight, value in zip(weights, leaves(last), strict=True):
            total = total + np.sum(weight * value)
    return total


def of_sequence(state, b):
    """The state of sequence b; one that is shared is everyone's."""
    if isinstance(state, tuple):
        return tuple(of_sequence(part, b) for part in state)
    return state if state.ndim == 1 else state[b]


def leaves(state):
    """The arrays of a state, in order."""
    if isinstance(state, tuple):
        return [leaf for part in state for leaf in leaves(part)]
    return [state]


def input_at(variables, problem, t, b):
    """x_t of sequence b as a vector."""
    if "x" in variables:
        return variables["x"][t, b]
    one_hot = [0.0, 0.0]
    one_hot[problem.x[t, b]] = 1.0
    return np.array(one_hot)
