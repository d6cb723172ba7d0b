"""Every classic mistake in an optimiser or in clipping is caught."""

from types import SimpleNamespace

import numpy as np

from rnnlib.optimisers import Optimiser
from rnnlib.trees import flatten, rebuild
from tests.support.mutants import Mutant, each, fails, planted
from tests.support.optimiser_checks import CHECKS, clipping_check

ADAMS = {"adam", "adam l2", "adamw"}
ALONE = ADAMS | {"sgd", "adagrad"}  # the checks of one method each


def method(rule, memories):
    """An optimiser of one array: ``rule(n, v, g, *memories)`` as the module has it."""

    def init_state(v):
        return 0, [np.zeros_like(v) for _ in range(memories)]

    def update(v, g, state):
        with np.errstate(all="ignore"):
            v, *kept = rule(state[0] + 1, v, g, *state[1])
        return v, (state[0] + 1, kept)

    return Optimiser(init_state, update)


ADAM = {
    "mean": lambda m, beta, n: m / (1 - beta**n),
    "squares": lambda q, beta, n: q / (1 - beta**n),
    "below": lambda q, eps: np.sqrt(q) + eps,
    "direction": -1.0,
    "decay": lambda v, eta, rate: (1 - eta * rate) * v,
    "coupled": lambda decoupled: not decoupled,
    "decoupled": lambda decoupled: decoupled,
}


def adams(**mistakes):
    """Adam and AdamW with these pieces wrong, for a name."""
    p = SimpleNamespace(**ADAM | mistakes)

    def make(right):
        late = right.__name__ == "adamw"

        def wrong(eta, *, beta_1=0.9, beta_2=0.999, eps=1e-8, weight_decay=0.01 * late):
            def rule(n, v, g, m, q):
                if p.coupled(late):
                    g = g + weight_decay * v
                m = beta_1 * m + (1 - beta_1) * g
                q = beta_2 * q + (1 - beta_2) * g * g
                if p.decoupled(late):
                    v = p.decay(v, eta, weight_decay)
                below = p.below(p.squares(q, beta_2, n), eps)
                step = p.mean(m, beta_1, n) / np.where(below, below, 1)
                return v + p.direction * eta * step, m, q

            return method(rule, 2)

        return wrong

    return make


def sgd(right):
    """The velocity is forgotten."""

    def wrong(eta, *, momentum=0.0, weight_decay=0.0):
        def rule(n, v, g, last):
            g = g + weight_decay * v
            return v - eta * (momentum * last + g), g

        return method(rule, 1)

    return wrong


def adagrad(memory=lambda r, g: r + g * g, below=lambda r, eps: np.sqrt(r) + eps):
    """Adagrad with a wrong memory, or a wrong denominator."""

    def wrong(eta, *, eps=1e-10):
        def rule(n, v, g, r):
            r = memory(r, g)
            return v - eta * g / np.where(r, below(r, eps), 1), r

        return method(rule, 1)

    return lambda right: wrong


def adam_and_adamw(name, expected, **mistakes):
    """Mutants of both."""
    make = adams(**mistakes)
    places = ("adam", {"adam", "adam l2"}), ("adamw", {"adamw"})
    return [
        Mutant(f"{name} ({where})", f"rnnlib.optimisers.{where}", make, own & expected)
        for where, own in places
        if own & expected
    ]


def squares_late(q, beta, n):
    """The correction of the next step."""
    return q / (1 - beta ** (n + 1))


OPTIMISERS = [
    *adam_and_adamw("uphill", ADAMS, direction=1.0),
    *adam_and_adamw(
        "no bias correction",
        ADAMS,
        mean=lambda m, beta, n: m,
        squares=lambda q, beta, n: q,
    ),
    *adam_and_adamw(
        "bias correction of the mean alone", ADAMS, squares=lambda q, beta, n: q
    ),
    *adam_and_adamw(
        "bias correction one step late", ADAMS, mean=squares_late, squares=squares_late
    ),
    *adam_and_adamw("eps under the root", ADAMS, below=lambda q, eps: np.sqrt(q + eps)),
    *adam_and_adamw("decay coupled too", {"adamw"}, coupled=lambda late: True),
    *adam_and_adamw(
        "decay not multiplied by the rate",
        {"adamw"},
        decay=lambda v, eta, rate: (1 - rate) * v,
    ),
    *adam_and_adamw(
        "decay decoupled",
        {"adam l2"},
        coupled=lambda late: False,
        decoupled=lambda late: True,
    ),
    Mutant("velocity forgotten", "rnnlib.optimisers.sgd", sgd, {"sgd"}),
    Mutant(
        "squares forgotten",
        "rnnlib.optimisers.adagrad",
        adagrad(memory=lambda r, g: g * g),
        {"adagrad"},
    ),
    Mutant(
        "no root",
        "rnnlib.optimisers.adagrad",
        adagrad(below=lambda r, eps: r + eps),
        {"adagrad"},
    ),
]


def norm(gradients):
    """The norm of all entries, with squares that overflow."""
    with np.errstate(over="ignore", under="ignore"):
        return sum((g * g).sum() for g in flatten(gradients).values()) ** 0.5


def clipped(scale):
    """Every array times ``scale(array, all gradients, threshold)``."""

    def wrong(gradients, threshold):
        flat = flatten(gradients)
        with np.errstate(all="ignore"):
            new = {k: g * scale(g, gradients, threshold) for k, g in flat.items()}
        return rebuild(gradients, new)

    return lambda right: wrong


def by_norm(name, scale):
    """A mutant of clipping by the norm."""
    return Mutant(name, "rnnlib.clipping.clip_by_global_norm", clipped(scale))


CLIPPING = [
    by_norm(
        "each array by its own norm",
        lambda g, gradients, tau: min(1, tau / max(1e-9, np.linalg.norm(g))),
    ),
    by_norm(
        "squares that overflow",
        lambda g, gradients, tau: tau / max(tau, norm(gradients)),
    ),
    by_norm(
        "rescaled below the threshold too",
        lambda g, gradients, tau: tau / norm(gradients),
    ),
    by_norm("never clipped", lambda g, gradients, tau: 1),
    Mutant(
        "norm with squares that overflow",
        "rnnlib.clipping.global_norm",
        lambda right: norm,
    ),
    Mutant(
        "clipped on one side",
        "rnnlib.clipping.clip_by_value",
        lambda right: (
            lambda gradients, tau: rebuild(
                gradients,
                {k: np.minimum(g, tau) for k, g in flatten(gradients).items()},
            )
        ),
    ),
]


@each(OPTIMISERS)
def test_caught(mutant):
    with planted(mutant):
        found = {name for name, check in CHECKS.items() if fails(check)}
    assert found >= mutant.expected
    assert found & ALONE == mutant.expected


@each(CLIPPING)
def test_clipping_caught(mutant):
    with planted(mutant):
        assert fails(clipping_check)


def test_nothing_is_found_without_a_mistake():
    assert not any(map(fails, CHECKS.values()))
    assert not fails(clipping_check)
    for mutant in adam_and_adamw("right", ADAMS):
        with planted(mutant):
            assert not any(map(fails, CHECKS.values()))
