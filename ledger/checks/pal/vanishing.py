"""Section 4.1: Theorem 2 and the lines of its proof."""

from typing import NamedTuple

import numpy as np

from ledger.checking import check
from ledger.checks.oracles import JORDAN, NOT_NORMAL, RANK_ONE, close
from ledger.checks.pal.terms import (
    HV,
    every_size,
    immediate,
    product,
    small_networks,
    spectral,
    step,
    unrolled,
)


def radius(A):
    """The largest absolute value of an eigenvalue."""
    return np.max(np.abs(np.linalg.eigvals(A)))


def summand(n, t, k):
    """F(k, t): the k-th summand of Theorem 1 as printed."""
    factors = [step(n, r) for r in range(k + 1, t + 1)]
    return product(factors, len(n.h_0)) @ HV(n.h[k - 1])


def without_HV(n, t, k):
    """F(k, t) as the first line of Proof 3 has it: a vector."""
    factors = [step(n, r) for r in range(k + 1, t + 1)]
    return product(factors, len(n.h_0)) @ n.h[k - 1]


@check(
    "pal-4.1-01",
    printed=summand,
    otherwise=lambda n, t, k: without_HV(n, t, k)[:, None],
    planted=[lambda n, t, k: summand(n, t, k) / (t - 1), without_HV],
    cases=small_networks,
    raises=(AssertionError, ValueError),
)
def theorem_1_in_short(statement, n):
    for t in (3, 4):
        short = sum(statement(n, t, k) for k in range(1, t)) + HV(n.h[t - 1])
        assert close(short, unrolled(n, t, HV))


SIGMA = {  # sigma, sigma', and the largest slope gamma
    "identity": (lambda u: u, np.ones_like, 1.0),
    "three times": (lambda u: 3 * u, lambda u: 3 * np.ones_like(u), 3.0),
    "relu": (lambda u: np.maximum(u, 0), lambda u: (u > 0) * 1.0, 1.0),
    "tanh": (np.tanh, lambda u: 1 - np.tanh(u) ** 2, 1.0),
    "logistic": (
        lambda u: 1 / (1 + np.exp(-u)),
        lambda u: np.exp(-u) / (1 + np.exp(-u)) ** 2,
        0.25,
    ),
}


class Run(NamedTuple):
    """A network (1) with one input at all steps."""

    W: np.ndarray
    sigma: str
    x: np.ndarray
    h_0: np.ndarray


def size_of_F(run, t):
    """The norm of F(1, t), with h_0 the state before sigma."""
    sigma, slope, _ = SIGMA[run.sigma]
    h = run.W @ sigma(run.h_0) + run.x
    F = HV(sigma(run.h_0))
    for _ in range(2, t + 1):
        F = run.W @ np.diag(slope(h)) @ F
        h = run.W @ sigma(h) + run.x
    return np.linalg.norm(F)


def linear(W):
    """The run of a linear network without input."""
    W = np.array(W, float)
    return Run(W, "identity", np.zeros(len(W)), np.ones(len(W)))


@check(
    "pal-4.1-02",
    printed=lambda values: values[np.argmax(np.abs(values))] < 1,
    corrected=lambda values: np.max(np.abs(values)) < 1,
    planted=[lambda values: np.min(np.abs(values)) < 1],
    cases=[
        *([[w]] for w in (0.5, -0.5, -3.0, 1.0)),
        [[2, 1], [0, 0.5]],
        [[0.5, 9], [0, -0.7]],
        *(W.tolist() for W in NOT_NORMAL),
    ],
    counterexample=[[-3.0]],
)
def linear_F_vanishes(statement, W):
    vanishes = size_of_F(linear(W), 100) < 1e-6
    assert statement(np.linalg.eigvals(np.array(W, float))) == vanishes


FADING_EIGENVALUES = Run(  # all eigenvalues are zero; unit 1 is on, unit 2 is off
    np.array([[2.0, 2.0], [-2.0, -2.0]]),
    "relu",
    np.array([-1.0, 0.0]),
    np.array([1.0, -2.0]),
)


def runs(rng):
    """Runs below and above the threshold of the norm, for several activations."""
    for sigma, norm in (
        ("tanh", 0.7),
        ("tanh", 1.6),
        ("logistic", 3.0),
        ("three times", 0.5),
        ("three times", 0.25),
        ("identity", 0.8),
    ):
        W = rng.standard_normal((3, 3))
        x, h_0 = rng.standard_normal((2, 3))
        yield Run(norm * np.linalg.qr(W)[0], sigma, x, h_0)
        yield Run(norm * W / spectral(W), sigma, x, h_0)
    yield FADING_EIGENVALUES
    yield linear(np.eye(2))
    yield linear(RANK_ONE)


@check(
    "pal-4.1-03",
    printed=lambda W, gamma: radius(W) * gamma < 1,
    corrected=lambda W, gamma: spectral(W) * gamma < 1,
    planted=[
        lambda W, gamma: spectral(W) < 1,
        lambda W, gamma: spectral(W) < gamma,
        lambda W, gamma: False,
    ],
    cases=runs,
    counterexample=FADING_EIGENVALUES,
)
def the_condition_makes_F_vanish(statement, run):
    gamma = SIGMA[run.sigma][2]
    if statement(run.W, gamma):
        assert size_of_F(run, 150) < 1e-6
    else:  # a condition that never holds would prove anything
        assert spectral(run.W) * gamma >= 1 - 1e-12


@check(
    "pal-4.1-04",
    printed=lambda P, v: spectral((P @ v)[:, None]),
    corrected=lambda P, v: spectral(P) * np.linalg.norm(v),
    planted=[lambda P, v: len(v) * spectral(P) * np.linalg.norm(v)],
    cases=lambda rng: every_size(rng)[2:],
)
def the_norm_of_F(statement, n):
    for k in (1, 2, 3):
        P = n.total("s", k, of=lambda s, h, z, ell: s[4])
        F = P @ immediate(n, k)
        assert close(statement(P, n.h[k - 1]), spectral(F))


class Factors(NamedTuple):
    """W, diagonals D_{k_0} to D_{t-1}, sigma(h_{k_0-1}) and sigma(h_{t-1})."""

    W: np.ndarray
    D: list
    first: np.ndarray
    last: np.ndarray


def factors(rng):
    """One linear unit, and random matrices."""
    for w, first in ((0.5, 2.0), (2.0, 0.25)):
        one = np.ones((1, 1))
        yield Factors(w * one, [one] * 3, first * one[0], 0.25 * one[0])
    for W, size in ((JORDAN, 1.0), (RANK_ONE, 1.0), (np.eye(2), 3.0)):
        yield Factors(W, [size * np.eye(2)] * 3, np.ones(2), np.ones(2))
    for _ in range(3):
        D = [np.diag(rng.random(3)) for _ in range(4)]
        yield Factors(rng.standard_normal((3, 3)), D, *rng.standard_normal((2, 3)))


def norms_of(f):
    """The product of the norms of the diagonals."""
    return np.prod([spectral(D) for D in f.D])


@check(
    "pal-4.1-05",
    printed=lambda f, n: (
        spectral(f.W) ** n * spectral(f.D[-1]) ** n * np.linalg.norm(f.last) ** n
    ),
    corrected=lambda f, n: spectral(f.W) ** n * norms_of(f) * np.linalg.norm(f.first),
    planted=[
        lambda f, n: spectral(f.W) ** n * norms_of(f),
        lambda f, n: spectral(f.W) ** (n + 1) * norms_of(f) * np.linalg.norm(f.first),
        lambda f, n: spectral(f.W) ** n * norms_of(f) * np.linalg.norm(f.last),
    ],
    cases=factors,
)
def the_product_of_norms_bounds_F(statement, f):
    whole = product([f.W @ D for D in f.D], len(f.W)) @ f.first
    assert np.linalg.norm(whole) <= statement(f, len(f.D)) * (1 + 1e-12)


@check(
    "pal-4.1-06",
    printed=lambda W, D, v, n: (W * v) ** n,
    cases=[(2.0, 1.0, 0.5), (0.5, 0.25, 3.0), (2.0, 1.0, 2.0), (0.5, 1.0, 1.0)],
    outside=[(1.0, 3.0, 1.0)],
    planted=[lambda W, D, v, n: (W * v) ** n * (D / 2) ** n],
)
def the_slopes_can_be_left_out(statement, case):
    W, D, v = case  # norms
    for n in (1, 2, 5):
        assert (W * D * v) ** n <= statement(W, D, v, n) * (1 + 1e-12)


@check(
    "pal-4.1-07",
    printed=radius,
    corrected=lambda W: np.sqrt(radius(W.T @ W)),
    planted=[
        lambda W: radius((W + W.T) / 2),
        lambda W: np.max(np.abs(W)),
        lambda W: np.sqrt(radius(W @ W)),
    ],
    cases=lambda rng: [*rng.standard_normal((5, 3, 3)), *NOT_NORMAL],
)
def the_norm_of_W_R_is_at_most(statement, W):
    assert spectral(W) <= statement(W) * (1 + 1e-9)


@check(
    "pal-4.1-08",
    printed=lambda h: np.linalg.norm(np.tanh(h)),
    corrected=lambda h: spectral(np.diag(1 - np.tanh(h) ** 2)),
    planted=[np.linalg.norm, lambda h: np.linalg.norm(1 - np.tanh(h) ** 2)],
    cases=lambda rng: [np.array([3.0, 3.0]), np.zeros(2), *rng.standard_normal((3, 4))],
)
def gamma_bounds(statement, h):
    assert statement(h) <= 1 + 1e-12  # gamma of tanh
    assert close(statement(0 * h), 1.0)  # and no less will do


@check(
    "pal-4.1-09",
    printed=lambda value, gamma: value * gamma,
    planted=[lambda value, gamma: value / gamma, lambda value, gamma: value + gamma],
    cases=lambda rng: [
        (share / gamma, gamma) for share, gamma in rng.random((5, 2)) * (0.99, 4)
    ],
)
def eta_is_below_one(statement, case):
    value, gamma = case
    eta = statement(value, gamma)
    assert value < 1 / gamma and eta < 1
    assert all((value * gamma) ** n <= eta**n * (1 + 1e-12) for n in (1, 2, 7))


@check(
    "pal-4.1-10",
    printed=lambda eta: eta < 1,
    corrected=lambda eta: abs(eta) < 1,
    planted=[lambda eta: abs(eta) <= 1, lambda eta: 0 < eta < 1],
    cases=[0.5, -0.5, -3.0, 1.5, 1.0, -1.0],
    counterexample=-3.0,
)
def powers_of_eta_go_to_zero(statement, eta):
    assert statement(eta) == (abs(eta**200) < 1e-6)
