"""Section 4.2: what fades, and what does not."""

from dataclasses import replace
from functools import cache

import numpy as np

from ledger.checking import check
from ledger.checks.oracles import close, network
from ledger.checks.pal.terms import error, immediate, small_networks, spread, total

T = 20


@cache
def contracting(seed=0):
    """A tanh network with gamma ||W_R|| = 1/2, and random inputs."""
    n = network(np.random.default_rng(seed), T=T, d_h=3, scale=1.0)
    return replace(n, W_hh=0.5 * n.W_hh / np.linalg.norm(n.W_hh, 2))


@cache
def holding():
    """One linear unit with W_R = 1: nothing fades."""
    n = network(np.random.default_rng(1), T=T, d_h=1, phi="identity", scale=0.5)
    return replace(n, W_hh=np.ones((1, 1)))


def shares(n):
    """The size of what the use k of W_R gives to dE_T/dW_R, over the whole, by k."""
    row = [
        n.total("s", k, of=lambda s, h, z, ell: ell[T])[None] for k in range(1, T + 1)
    ]
    parts = [e @ immediate(n, k) for k, e in enumerate(row, 1)]
    whole = np.linalg.norm(sum(parts))
    return {k: np.linalg.norm(part) / whole for k, part in enumerate(parts, 1)}


@check(
    "pal-4.2-01",
    printed={1, 2, 3},
    planted=[{T - 1, T}, {1, T}],
    cases=lambda rng: [contracting(), contracting(1)],
    outside=[holding()],
)
def these_summands_are_small(statement, n):
    assert all(shares(n)[k] < 1e-3 for k in statement)


def changes(n, outcome):
    """How much ``outcome`` of the network changes when the input of step k moves."""
    before = outcome(n)
    found = {}
    for k in range(1, T + 1):
        x = list(n.x)
        x[k] = x[k] + 1.0
        moved = outcome(replace(n, x=tuple(x)))
        found[k] = np.linalg.norm(moved - before) / np.linalg.norm(before)
    return found


@cache
def felt():
    """Changes of dE_T/dW_R by the step of the input: contracting, holding."""
    return [changes(n, lambda n: error(n, T)) for n in (contracting(), holding())]


@check(
    "pal-4.2-02",
    printed={T - 1, T},
    corrected={1, 2},
    planted=[{1, T}, {T}],
)
def the_gradient_hardly_feels_these_inputs(statement):
    assert all(felt()[0][k] < 1e-3 for k in statement)


def with_inputs(kind):
    """The contracting network, one target, inputs alike or alternating."""
    n = contracting()
    sign = [1.0] * (T + 1) if kind == "alike" else [(-1.0) ** t for t in range(T + 1)]
    x = (None, *(sign[t] * n.x[1] for t in range(1, T + 1)))
    return replace(n, x=x, y=(None, *[n.y[1]] * T))


@check(
    "pal-4.2-04",
    printed=lambda kind: True,
    corrected=lambda kind: kind == "alike",
    planted=[lambda kind: False],
    cases=["alike", "alternating"],
    counterexample="alternating",
)
def the_gradient_settles(statement, kind):
    n = with_inputs(kind)
    last, before = error(n, T), error(n, T - 1)
    moved = np.linalg.norm(last - before) / np.linalg.norm(last)
    assert moved < 1e-3 or moved > 0.1
    assert statement(kind) == (moved < 1e-3)


@check(
    "pal-4.2-05",
    printed={1, 2},
    planted=[{T}, {1, T}],
    cases=[0],
    outside=[1],
)
def the_gradient_does_not_feel_the_old_inputs(statement, which):
    assert all(felt()[which][k] < 1e-3 for k in statement)


def silent(n):
    """The network without input and bias."""
    zero = [np.zeros(2)] * T
    return replace(n, x=(None, *zero), b_h=0 * n.b_h)


@check(
    "pal-4.2-06",
    printed=lambda size: size > 1e-2,
    planted=[lambda size: size < 1e-2, lambda size: size == 0],
    cases=lambda rng: [contracting(), contracting(1)],
    outside=[silent(contracting())],
)
def the_whole_gradient_does_not_vanish(statement, n):
    assert statement(np.linalg.norm(error(n, T)))


def summands_before(n, t):
    """What the uses of W_R before step t give to dh_t/dW_R."""
    return sum(
        n.total("s", k, of=lambda s, h, z, ell: s[t]) @ immediate(n, k)
        for k in range(1, t)
    )


@check(
    "pal-4.2-07",
    printed=lambda n, t: spread(n.h[t - 1]),
    planted=[
        lambda n, t: spread(n.h[t]),
        lambda n, t: spread(n.h[t - 2]),
        lambda n, t: 0 * spread(n.h[t]),
    ],
    cases=small_networks,
)
def the_last_term_is_always_there(statement, n):
    for t in range(2, n.T + 1):
        assert close(statement(n, t) + summands_before(n, t), total(n, t))


@check(
    "pal-4.2-08",
    printed={1, 2, 3},
    corrected={T - 1, T},
    planted=[{1, T}, {T // 2, T}],
    cases=lambda rng: [contracting(), contracting(1)],
)
def these_summands_remain(statement, n):
    assert all(shares(n)[k] > 1e-2 for k in statement)


def trained(n, rate=0.5):
    """The network after ten steps of gradient descent of E_T in W_R."""
    for _ in range(10):
        n = replace(n, W_hh=n.W_hh - rate * error(n, T).reshape(n.W_hh.shape))
    return n


TRIED = 60


@cache
def shares_left():
    """What share of the loss ten steps leave, seed by seed."""
    runs = [contracting(seed) for seed in range(TRIED)]
    return np.array([trained(n).ell[T] / n.ell[T] for n in runs])


@check(
    "pal-4.2-09",
    printed=lambda before, after: after < before,
    planted=[lambda before, after: after > before, lambda before, after: after == 0],
    cases=lambda rng: [(contracting(), 0.5), (contracting(1), 0.5)],
    outside=[(contracting(), 50.0)],
    numbers=lambda: {
        "tried": TRIED,
        "lowered": np.sum(shares_left() < 1),
        "little": np.sum((shares_left() < 1) & (shares_left() > 0.98)),
    },
)
def learning_still_happens(statement, case):
    n, rate = case
    assert statement(n.ell[T], trained(n, rate).ell[T])


@check(
    "pal-4.2-10",
    printed={1},
    planted=[{T}],
    cases=[(contracting(), 0.5)],
    outside=[(holding(), 0.001)],
)
def what_is_learned_does_not_feel_these_inputs(statement, case):
    n, rate = case
    learned = trained(n, rate).W_hh - n.W_hh
    for k in statement:
        x = list(n.x)
        x[k] = x[k] + 1.0
        moved = replace(n, x=tuple(x))
        change = trained(moved, rate).W_hh - n.W_hh - learned
        assert np.linalg.norm(change) < 1e-3 * np.linalg.norm(learned)
