"""What several checks of {cite}`khanna` run: states of any inputs, an LSTM, repeats."""

from dataclasses import replace

import numpy as np

from ledger.checks.oracles import jacobian


def again(item, id_):
    """The same check, for a claim that repeats an earlier one."""
    return replace(item, id=id_)


def fed(n, x):
    """The network ``n`` on the inputs ``x``, of any number; without targets."""
    silent = (np.zeros(len(n.b_y)),) * len(x)
    return replace(n, x=(None, *x), y=(None, *silent))


def states(n, x):
    """h_1 to h_T on the inputs ``x``."""
    return fed(n, x).h[1:]


def reads(n, of, T):
    """The k for which ``of(network)`` depends on x_k, by complex steps."""

    def moved(k):
        def value(v):
            return of(replace(n, x=(*n.x[:k], n.x[k] + v, *n.x[k + 1 :])))

        return np.abs(jacobian(value, np.zeros(n.x[k].shape))).max()

    return {k for k in range(1, T + 1) if moved(k) > 1e-12}


def logistic(s):
    """1 / (1 + exp(-s))."""
    return 1 / (1 + np.exp(-s))


def lstm_step(h, c, weights, biases, x=None):
    """(h, c) after one step; ``weights`` and ``biases`` have the keys i, f, n, o.

    ``x`` has what the inputs add to the four pre-activations.
    """
    s = {k: weights[k] @ h + biases[k] + (x[k] if x else 0) for k in "ifno"}
    c = logistic(s["f"]) * c + logistic(s["i"]) * np.tanh(s["n"])
    return logistic(s["o"]) * np.tanh(c), c


def lstm_unit(candidate=0.0, forget_bias=0.0):
    """Weights and biases of one unit, all zero but these two."""
    weights = {k: np.zeros((1, 1)) for k in "ifno"}
    biases = {k: np.zeros(1) for k in "ifno"}
    return (
        weights | {"n": np.full((1, 1), candidate)},
        biases | {"f": np.full(1, forget_bias)},
    )


def cell_derivative(weights, biases, k):
    """dc_k/dc_0 of an LSTM at rest, h_0 a function of c_0 as in any other step."""
    d = len(biases["o"])

    def last(c):
        h = logistic(biases["o"]) * np.tanh(c)
        for _ in range(k):
            h, c = lstm_step(h, c, weights, biases)
        return c

    return jacobian(last, np.zeros(d))


def rest_derivative(w, k, phi=np.tanh):
    """dh_k/dh_0 of h_t = phi(w h_{t-1}) at h = 0, by a complex step."""

    def last(h):
        for _ in range(k):
            h = phi(w * h)
        return h

    return float(jacobian(last, np.zeros(())))


def finite(actual, limit):
    """True for finite numbers that do not exceed ``limit`` in size."""
    actual = np.asarray(actual)
    return bool(np.isfinite(actual).all() and np.abs(actual).max() <= limit)
