"""Section 4.3: Markov models and the context window."""

from itertools import product

import numpy as np

from ledger.checking import check
from ledger.checks.khanna.sequences import (
    chain,
    conditional,
    factors,
    joint,
    marginal,
    sequences,
)


def gap(P, order):
    """Largest difference between a conditional on all and on the last ``order``."""
    return max(
        abs(conditional(P, x, t) - conditional(P, x, t, max(1, t - order)))
        for x in sequences(P)
        for t in range(2, P.ndim + 1)
    )


def nearly(rng):
    """x_3 depends on x_1 by one part in four hundred, on nothing else."""
    P = np.full((2, 2, 2), 1 / 8)
    P[0] += np.array([1, -1]) / 3200
    P[1] -= np.array([1, -1]) / 3200
    return P


@check(
    "khanna-4.3-02",
    printed=lambda P, order: gap(P, order) < 0.01,
    corrected=lambda P, order: gap(P, order) < 1e-12,
    planted=[lambda P, order: gap(P, order - 1) < 1e-12, lambda P, order: True],
    cases=lambda rng: [
        (chain(rng), 1),
        (joint(rng), 1),
        (joint(rng), 2),
        (joint(rng, 3, 2), 2),
        (nearly(rng), 1),
    ],
    counterexample=(nearly(None), 1),
)
def the_markov_property(statement, case):
    P, order = case
    holds = all(
        np.isclose(P[x], factors(P, x, lambda t: max(1, t - order)), rtol=1e-9)
        for x in sequences(P)
    )
    assert statement(P, order) == holds


@check(
    "khanna-4.3-03",
    printed=lambda t, order: list(range(t - order, t)),
    corrected=lambda t, order: list(range(max(1, t - order), t)),
    planted=[lambda t, order: list(range(max(1, t - order), t + 1))],
    cases=[(1, 1), (2, 1), (2, 3), (5, 3), (3, 1)],
    counterexample=(2, 3),
)
def the_context_starts_at_one(statement, case):
    t, order = case
    positions = [1, 2, 3, 4, 5, 6]
    wanted = positions[: t - 1][-order:]
    assert statement(t, order) == wanted


@check(
    "khanna-4.3-04",
    printed=lambda P, x: factors(P, x, lambda t: t - 1),
    planted=[
        lambda P, x: factors(P, x, lambda t: t),
        lambda P, x: factors(P, x, lambda t: t - 1) / marginal(P, x[:1]),
        lambda P, x: np.prod([conditional(P, x, t, t) for t in range(1, P.ndim + 1)]),
    ],
    cases=lambda rng: [chain(rng), chain(rng, 5, 2), chain(rng, 2, 4)],
)
def first_order_factorisation(statement, P):
    for x in sequences(P):
        assert np.isclose(statement(P, x), P[x], rtol=1e-9)


def free_numbers(T, V, order):
    """Counted table by table: one line of V - 1 numbers for each context."""
    contexts = {
        context
        for t in range(1, T + 1)
        for context in product(range(V), repeat=min(t - 1, order))
    }
    return len(contexts) * (V - 1)


@check(
    "khanna-4.3-05",
    printed=lambda T, V: (V - 1 + V * (V - 1), V**T - 1),
    planted=[
        lambda T, V: (V**T - 1, V**T - 1),
        lambda T, V: (V - 1 + V * (V - 1), T * V),
    ],
    cases=[(3, 2), (4, 3), (6, 2)],
)
def fewer_numbers(statement, case):
    T, V = case
    markov, general = statement(T, V)
    assert markov == free_numbers(T, V, 1) and general == free_numbers(T, V, T)
    assert markov < general


def copied(T):
    """The last symbol is the first one; what lies between is a fair coin."""
    P = np.zeros((2,) * T)
    for x in product((0, 1), repeat=T - 1):
        P[(*x, x[0])] = 1 / 2 ** (T - 1)
    return P


def loss_of_the_last(P, order):
    """Conditional entropy of x_T given the last ``order`` symbols, in bits."""
    T = P.ndim
    return -sum(
        P[x] * np.log2(conditional(P, x, T, max(1, T - order)))
        for x in sequences(P)
        if P[x] > 0
    )


@check(
    "khanna-4.3-06",
    printed=lambda T, order: float(order < T - 1),
    planted=[
        lambda T, order: 0.0,
        lambda T, order: 1.0,
        lambda T, order: 1 - order / T,
    ],
    cases=[(4, 1), (4, 2), (4, 3), (6, 4), (6, 5)],
)
def dependencies_beyond_the_window_are_lost(statement, case):
    T, order = case
    assert abs(loss_of_the_last(copied(T), order) - statement(T, order)) < 1e-12
