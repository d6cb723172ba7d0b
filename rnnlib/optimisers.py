"""Gradient descent and its variants: pure functions on any nested parameters.

An `Optimiser` is a pair of functions. ``init_state(params)`` makes its state, and
``update(params, gradients, state)`` returns new parameters and a new state. Nothing is
changed in place. ``state.step`` counts the updates; parameters, gradients and the rest
of the state are trees (`rnnlib.trees`) of one form.

In the equations v stands for all parameters, g for their gradient, eta for the learning
rate, n = 1, 2, ... for the update; products, roots and quotients are elementwise.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from rnnlib.trees import flatten, rebuild, same_form
from rnnlib.validate import all_finite, check_array, check_precision, check_rate

Rate = float | Callable[[int], float]  # eta, or a schedule of it


class Optimiser(NamedTuple):
    """``init_state(params)`` and ``update(params, gradients, state)``."""

    init_state: Callable
    update: Callable


class State(NamedTuple):
    """The number of updates so far, and the memories of the method, by name."""

    step: np.ndarray  # integer, without dimensions
    memory: dict[str, Any]  # trees of the form of the parameters


def sgd(
    learning_rate: Rate, *, momentum: float = 0.0, weight_decay: float = 0.0
) -> Optimiser:
    """v <- v - eta g; with momentum mu: u <- mu u + g, v <- v - eta u.

    Parameters
    ----------
    learning_rate : float or function
        eta, or a function of n that returns it: a schedule.
    momentum : float
        mu, from 0 to below 1. At 0 there is no memory.
    weight_decay : float
        lambda: g is replaced by g + lambda v, the gradient of (lambda/2) |v|^2. It
        acts on every array, biases too; `rnnlib.loss_and_gradients` has the decay of
        the three matrices alone.

    Raises
    ------
    ValueError
        Here for an option out of range; in ``update`` when the gradients have not the
        form and precision of the parameters, or are not finite.
    FloatingPointError
        In ``update``, when the new parameters or memories are not finite.

    Source: {cite}`roysdon`, 1.9; {cite}`sarkar`, 3.3; {cite}`khanna`, (13)-(15).
    """
    _check_fraction("momentum", momentum)
    weight_decay = check_rate("weight_decay", weight_decay)

    def rule(n, eta, v, g, u=0.0):
        g = g + weight_decay * v if weight_decay else g
        u = momentum * u + g
        return v - eta * u, (u,) if momentum else ()

    return _optimiser("sgd", rule, learning_rate, ("velocity",) if momentum else ())


def adagrad(
    learning_rate: Rate, *, eps: float = 1e-10, weight_decay: float = 0.0
) -> Optimiser:
    """r <- r + g^2, v <- v - eta g / (sqrt(r) + eps).

    Options and errors as `sgd`. Source: {cite}`duchi2011`.
    """
    eps = check_rate("eps", eps)
    weight_decay = check_rate("weight_decay", weight_decay)

    def rule(n, eta, v, g, r):
        g = g + weight_decay * v if weight_decay else g
        r = r + g * g
        return v - eta * _quotient(g, np.sqrt(r) + eps), (r,)

    return _optimiser("adagrad", rule, learning_rate, ("squares",))


def adam(
    learning_rate: Rate = 1e-3,
    *,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    eps: float = 1e-8,
    weight_decay: float = 0.0,
) -> Optimiser:
    """Adam, with the penalty (lambda/2) |v|^2 in the gradient when there is one.

    m <- beta_1 m + (1 - beta_1) g,   q <- beta_2 q + (1 - beta_2) g^2,
    v <- v - eta (m / (1 - beta_1^n)) / (sqrt(q / (1 - beta_2^n)) + eps).

    A ``weight_decay`` lambda replaces g by g + lambda v before everything else, so it
    is divided by the root too. `adamw` keeps it out. Options and errors as `sgd`.

    Source: {cite}`kingma2015`, algorithm 1.
    """
    return _adam("adam", learning_rate, beta_1, beta_2, eps, weight_decay, False)


def adamw(
    learning_rate: Rate = 1e-3,
    *,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    eps: float = 1e-8,
    weight_decay: float = 0.01,
) -> Optimiser:
    """Adam with decoupled decay: v <- (1 - eta lambda) v - (the step of Adam).

    The decay never enters m and q. Options and errors as `sgd`.

    Source: {cite}`loshchilov2019`.
    """
    return _adam("adamw", learning_rate, beta_1, beta_2, eps, weight_decay, True)


def _adam(name, learning_rate, beta_1, beta_2, eps, weight_decay, decoupled):
    beta_1 = _check_fraction("beta_1", beta_1)
    beta_2 = _check_fraction("beta_2", beta_2)
    eps = check_rate("eps", eps)
    weight_decay = check_rate("weight_decay", weight_decay)

    def rule(n, eta, v, g, m, q):
        if weight_decay and not decoupled:
            g = g + weight_decay * v
        m = beta_1 * m + (1 - beta_1) * g
        q = beta_2 * q + (1 - beta_2) * (g * g)
        m_hat, q_hat = m / (1 - beta_1**n), q / (1 - beta_2**n)
        if weight_decay and decoupled:
            v = (1 - eta * weight_decay) * v
        return v - eta * _quotient(m_hat, np.sqrt(q_hat) + eps), (m, q)

    return _optimiser(name, rule, learning_rate, ("mean", "squares"))


def _optimiser(name, rule, learning_rate, memories):
    """Apply a rule for one array, (n, eta, v, g, *memory), to every array of a tree."""
    if not callable(learning_rate):
        learning_rate = check_rate("learning_rate", learning_rate)

    def init_state(params):
        flat = _real("params", flatten(params))
        zeros = {k: np.zeros(a.shape, a.dtype) for k, a in flat.items()}
        memory = {m: rebuild(params, dict(zeros)) for m in memories}
        return State(np.array(0), memory)

    def update(params, gradients, state):
        v, g = same_form(params, gradients, "gradients")
        _real("params", v)
        _real("gradients", g, like=v)
        if not isinstance(state, State) or set(state.memory) != set(memories):
            raise ValueError(f"state: expected the state of {name}, got {state!r:.60}")
        old = [same_form(params, state.memory[m], f"state.{m}")[1] for m in memories]
        n = int(state.step) + 1
        eta = learning_rate
        if callable(eta):
            eta = float(check_rate("learning_rate", learning_rate(n)))
        labels = ("params", *memories)
        new, kept = {}, [{} for _ in memories]
        for key in v:
            with np.errstate(all="ignore"):
                moved, memory = rule(n, eta, v[key], g[key], *(o[key] for o in old))
            for label, array in zip(labels, (moved, *memory), strict=True):
                if not all_finite(array):
                    raise FloatingPointError(
                        f"{name}: update {n} makes {label}.{key} not finite"
                    )
            new[key] = np.asarray(moved, order="C")
            for tree, array in zip(kept, memory, strict=True):
                tree[key] = np.asarray(array, order="C")
        memory = {m: rebuild(params, k) for m, k in zip(memories, kept, strict=True)}
        return rebuild(params, new), State(np.array(n), memory)

    return Optimiser(init_state, update)


def _real(name, flat, like=None):
    """The arrays of a tree, all of them real, floating and finite."""
    for key, array in flat.items():
        check_array(f"{name}.{key}", array)
        if array.dtype.kind != "f":
            raise ValueError(f"{name}.{key}: expected real numbers, got {array.dtype}")
        if like is not None:
            check_precision(f"{name}.{key}", array, like[key])
    return flat


def _quotient(a, b):
    """a / b, and 0 where both are 0: no gradient so far, no step."""
    if b.size and b.min() > 0:
        return a / b
    return np.divide(a, b, out=np.zeros_like(a), where=(a != 0) | (b != 0))


def _check_fraction(name, value):
    if check_rate(name, value) >= 1:
        raise ValueError(f"{name}: expected a number below 1, got {value!r}")
    return float(value)
