"""Section 9.2.4: growth, what it does, and clipping."""

from dataclasses import replace

import numpy as np

from ledger.checking import check
from ledger.checks.khanna.norms import GAMMA, NILPOTENT
from ledger.checks.khanna.vanishing import linear
from ledger.checks.oracles import close, network


def saturated():
    """One tanh unit, w = 3, driven far from zero."""
    n = network(np.random.default_rng(5), d_h=1, d_x=1, T=20)
    ones = tuple(np.ones(1) for _ in n.x[1:])
    return replace(
        n, W_hh=3 * np.eye(1), W_xh=np.eye(1), b_h=np.full(1, 2.0), x=(None, *ones)
    )


@check(
    "khanna-9.2.4-01",
    printed={True, False},
    planted=[{True}, {False}],
)
def growth_is_possible_not_certain(statement):
    """Does ||dh_20/dh_0|| exceed 1000? For three networks with gamma rho > 1."""
    grows = set()
    for n in (linear(2 * np.eye(2), 20), linear(NILPOTENT, 20), saturated()):
        assert GAMMA[n.phi] * np.linalg.norm(n.W_hh, 2) > 1
        grows.add(bool(np.linalg.norm(n.dh_dh(20, 0), 2) > 1000))
    assert grows == statement


@check(
    "khanna-9.2.4-02",
    printed=lambda w: w > 1,
    planted=[lambda w: False, lambda w: w > 1.9],
    cases=[0.9, 1.0, 1.5, 2.0],
)
def growth_overflows(statement, w):
    """The backward recursion of a linear unit over 2000 steps, in double precision."""
    g = np.float64(1.0)
    with np.errstate(over="ignore"):
        for _ in range(2000):
            g = w * g
    assert bool(np.isinf(g)) == statement(w)


@check(
    "khanna-9.2.4-03",
    printed=lambda rise: rise > 0,
    planted=[lambda rise: rise < 0, lambda rise: rise == 0],
    cases=[1e-2, 1e-1],
    outside=[1e-6],
)
def the_loss_oscillates_or_diverges(statement, eta):
    """h_T = w^T, loss (h_T - 1)^2 / 2, T = 20, from w = 1.2: does it ever rise?"""
    w, T, values = 1.2, 20, []
    for _ in range(6):
        h = w**T
        values.append((h - 1) ** 2 / 2)
        w = np.clip(w - eta * (h - 1) * T * w ** (T - 1), -1e6, 1e6)
    assert statement(np.max(np.diff(values)))


@check(
    "khanna-9.2.4-04",
    printed=lambda g, c: g * min(1, c / np.linalg.norm(g)),
    planted=[
        lambda g, c: np.clip(g, -c, c),
        lambda g, c: g / 10,
        lambda g, c: g * c / np.linalg.norm(g),
    ],
    cases=[1e-3, 0.5, 2.0, 1e9],
)
def clipping_bounds_the_step(statement, size):
    """At most c long, of the old direction, and untouched when short enough."""
    g = size * np.array([1.0, -2.0, 3.0])
    clipped = statement(g, 1.0)
    assert np.linalg.norm(clipped) <= 1 + 1e-9
    assert close(clipped / np.linalg.norm(clipped), g / np.linalg.norm(g))
    if np.linalg.norm(g) <= 1:
        assert close(clipped, g)
