"""Sections 9.2.2 and 9.2.3: decay, and what follows from it."""

from dataclasses import replace

import numpy as np

import rnnlib
from ledger.checking import check
from ledger.checks.khanna.common import states
from ledger.checks.khanna.descent import start
from ledger.checks.khanna.vanishing import linear, rotation
from ledger.checks.oracles import (
    ACTIVATIONS,
    NOT_NORMAL,
    PARAMETERS,
    network,
    networks,
)

NILPOTENT = np.array([[0.0, 2.0], [0.0, 0.0]])
GAMMA = {"tanh": 1.0, "logistic": 0.25, "identity": 1.0}


@check(
    "khanna-9.2.2-01",
    printed=lambda W: np.linalg.svd(W)[1][0],
    planted=[
        lambda W: np.abs(np.linalg.eigvals(W)).max(),
        np.linalg.norm,
        lambda W: np.abs(W).max(),
    ],
    cases=lambda rng: [*NOT_NORMAL, NILPOTENT, *rng.standard_normal((5, 3, 3))],
)
def the_spectral_norm(statement, W):
    """Never exceeded by |Wv| / |v|, and attained."""
    v = np.random.default_rng(0).standard_normal((len(W), 2000))
    ratios = np.linalg.norm(W @ v, axis=0) / np.linalg.norm(v, axis=0)
    best = v[:, np.argmax(ratios)]
    for _ in range(200):
        best = W.T @ (W @ best)
        best /= np.linalg.norm(best)
    assert ratios.max() <= statement(W) + 1e-9
    assert np.isclose(np.linalg.norm(W @ best), statement(W), rtol=1e-6)


@check(
    "khanna-9.2.2-02",
    printed=lambda slopes: np.abs(slopes).max(),
    planted=[
        lambda slopes: np.abs(slopes).mean(),
        lambda slopes: np.abs(slopes).min(),
        lambda slopes: 4 * np.abs(slopes).max(),
    ],
    cases=["logistic"],
    outside=["tanh", "identity"],
)
def a_gamma_below_one(statement, name):
    """``statement`` makes of the slopes a bound for all of them, below one."""
    slopes = ACTIVATIONS[name][1](np.linspace(-30, 30, 6001))
    gamma = statement(slopes)
    assert np.all(np.abs(slopes) <= gamma) and gamma < 1
    assert gamma == GAMMA[name]  # it is attained


def for_the_bound(rng):
    some = [*networks(rng), *networks(rng), linear(NILPOTENT, 4)]
    skewed = [linear(W, 4) for W in NOT_NORMAL]
    return [*some, *skewed, linear(0.5 * rotation(rng), 4)]


@check(
    "khanna-9.2.2-03",
    printed=lambda gamma, W, lag: (gamma * np.linalg.norm(W, 2)) ** lag,
    planted=[
        lambda gamma, W, lag: (gamma * np.abs(np.linalg.eigvals(W)).max()) ** lag,
        lambda gamma, W, lag: (gamma * np.linalg.norm(W, 2)) ** (lag + 1),
        lambda gamma, W, lag: (gamma * np.abs(W).max()) ** lag,
        lambda gamma, W, lag: (0.25 * np.linalg.norm(W, 2)) ** lag,
    ],
    cases=for_the_bound,
)
def equation_20(statement, n):
    for t in range(1, n.T + 1):
        for i in range(t):
            size = np.linalg.norm(n.dh_dh(t, i), 2)
            assert size <= statement(GAMMA[n.phi], n.W_hh, t - i) * (1 + 1e-9)


def contraction(rng, rho=0.7, T=60):
    """A network with tanh and ||W_h|| = rho."""
    n = network(rng, T=T)
    return replace(n, W_hh=rho * rotation(rng))


@check(
    "khanna-9.2.2-04",
    printed=0.0,
    planted=[1.0, 1e-3],
    cases=lambda rng: [contraction(rng), contraction(rng), contraction(rng, 0.6)],
)
def equation_21(statement, n):
    sizes = [np.linalg.norm(n.dh_dh(t, 0), 2) for t in (10, 20, 40, n.T)]
    assert (np.diff(sizes) < 0).all()
    assert abs(sizes[-1] - statement) < 1e-8


@check(
    "khanna-9.2.2-05",
    printed=lambda size: size < 1e-8,
    planted=[lambda size: size > 1e-2, lambda size: size == 0],
    cases=["h_0"],
    outside=["W_hh", "b_h"],
)
def what_decays_with_the_length(statement, quantity):
    """The derivative of the last loss by h_0, or by parameters used at every step."""
    n = contraction(np.random.default_rng(3))
    size = np.linalg.norm(n.gradient(quantity, of=lambda s, h, z, ell: ell[-1]))
    assert 1e-2 < size or size < 1e-8
    assert statement(size)


def latch():
    """h_t = tanh(2 h_{t-1}): two stable states, and a slope below one in both."""
    n = network(np.random.default_rng(5), d_h=1, d_x=1, T=60)
    zero = tuple(np.zeros(1) for _ in n.x[1:])
    return replace(n, W_hh=2 * np.eye(1), b_h=np.zeros(1), x=(None, *zero))


def left_apart(n):
    """How far apart two far starts end, where the derivative vanishes for both."""
    ends = [replace(n, h_0=np.full(n.h_0.shape, c)) for c in (0.9, -0.9)]
    assert all(np.linalg.norm(m.dh_dh(n.T, 0)) < 1e-8 for m in ends)
    apart = np.abs(ends[0].h[-1] - ends[1].h[-1]).max()
    by_loss = abs(ends[0].ell[-1] - ends[1].ell[-1])
    assert (apart < 1e-8) == (by_loss < 1e-8) and not 1e-8 < apart < 1e-2
    return apart


def forgets_check(id_):
    @check(
        id_,
        printed=lambda apart: apart < 1e-8,
        planted=[lambda apart: apart > 1e-2, lambda apart: apart > 1],
        cases=lambda rng: [contraction(rng), contraction(rng, 0.6)],
        outside=[latch()],
    )
    def early_steps_lose_their_influence(statement, n):
        assert statement(left_apart(n))

    return early_steps_lose_their_influence


influence = forgets_check("khanna-9.2.2-06")


@check(
    "khanna-9.2.2-07",
    printed=lambda rho, k: rho**k,
    planted=[lambda rho, k: rho ** (2 * k), lambda rho, k: rho ** (k + 3)],
    cases=[(0.7, 1e-2), (0.95, 1e-2), (0.7, 1.0)],
)
def pasts_become_one(statement, case):
    """Distance of two trajectories with the same inputs: at most, and nearly."""
    rho, size = case
    rng = np.random.default_rng(7)
    n = replace(contraction(rng, rho, 12), b_h=np.zeros(3))
    x = np.zeros((12, 2))
    one, other = (
        states(replace(n, h_0=size * h), x) for h in (np.ones(3), -np.ones(3))
    )
    start_apart = np.linalg.norm(2 * size * np.ones(3))
    for k, (a, b) in enumerate(zip(one, other, strict=True), 1):
        assert np.linalg.norm(a - b) <= start_apart * statement(rho, k) * (1 + 1e-9)


@check(
    "khanna-9.2.3-01",
    printed=lambda left: left < 1e-30,
    planted=[lambda left: left > 1e-30, lambda left: left > 1],
    cases=["the gradient"],
    outside=["the state"],
)
def an_early_step_is_forgotten(statement, by):
    n = latch()
    ends = [replace(n, h_0=np.full(1, c)) for c in (0.9, -0.9)]
    left = {
        "the gradient": max(abs(m.dh_dh(n.T, 0)[0, 0]) for m in ends),
        "the state": abs(ends[0].h[-1] - ends[1].h[-1])[0],
    }
    assert statement(left[by])


@check(
    "khanna-9.2.3-02",
    printed=lambda eta, size: eta * size,
    planted=[lambda eta, size: eta, lambda eta, size: size],
    cases=["sgd"],
    outside=["adam"],
)
def small_gradients_small_updates(statement, name):
    """Size of the first update of one weight, for gradients of three sizes."""
    n = start()
    params = rnnlib.Params(*(getattr(n, k) for k in PARAMETERS))
    optimiser = getattr(rnnlib, name)(0.01)
    for size in (1.0, 1e-3, 1e-6):
        gradient = rnnlib.Params(*(np.full(p.shape, size) for p in params))
        after, _ = optimiser.update(params, gradient, optimiser.init_state(params))
        moved = np.abs(after.W_hh - params.W_hh).max()
        assert np.isclose(moved, statement(0.01, size), rtol=1e-4)


def by_lag(n):
    """The parts of dL/dW_hh by the lag between loss and use: part n of the list."""
    parts = [np.zeros(n.W_hh.shape) for _ in range(n.T)]
    for t in range(1, n.T + 1):
        for k in range(1, t + 1):
            delta = n.total("s", k, of=lambda s, h, z, ell, t=t: ell[t])
            parts[t - k] += np.outer(delta, n.h[k - 1])
    return parts


@check(
    "khanna-9.2.3-03",
    printed=lambda parts: np.linalg.norm(sum(parts[8:])),
    corrected=lambda parts: np.linalg.norm(sum(parts)),
    planted=[lambda parts: np.linalg.norm(parts[-1]), lambda parts: 0.0],
)
def the_whole_gradient_is_not_small(statement):
    """Its size, in a network whose long lags contribute next to nothing."""
    n = contraction(np.random.default_rng(4), 0.3, 12)
    parts, whole = by_lag(n), np.linalg.norm(n.gradient("W_hh"))
    assert np.linalg.norm(sum(parts[8:])) < 1e-3 * whole and whole > 0.1
    assert np.isclose(statement(parts), whole)


recent = forgets_check("khanna-9.2.3-04")
