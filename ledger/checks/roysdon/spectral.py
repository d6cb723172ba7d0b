"""Section 1.7: Jacobians, their products, and what small bounds say."""

from dataclasses import replace
from functools import reduce

import numpy as np

from ledger.checking import check
from ledger.checks.oracles import NILPOTENT, close, network, networks


def jacobian_of_step(n, t):
    return np.diag(n.slope(n.s[t])) @ n.W_hh


@check(
    "roysdon-1.7-01",
    printed=jacobian_of_step,
    planted=[
        lambda n, t: n.W_hh @ np.diag(n.slope(n.s[t])),
        lambda n, t: jacobian_of_step(n, t).T,
        lambda n, t: np.diag(n.slope(n.h[t])) @ n.W_hh,
    ],
    cases=networks,
)
def the_jacobian(statement, n):
    for t in range(1, n.T + 1):
        assert close(statement(n, t), n.dh_dh(t, t - 1))


@check(
    "roysdon-1.7-02",
    printed=jacobian_of_step,
    planted=[lambda n, t: n.W_hh, lambda n, t: 0 * n.W_hh],
    cases=networks,
)
def linear_around_the_trajectory(statement, n):
    """What is left of a small displacement is of second order."""
    for t in range(1, n.T + 1):
        left = []
        for size in (1e-3, 1e-4):
            moved = n.run({("h", t - 1): size * np.ones_like(n.h_0)})[1][t] - n.h[t]
            left.append(np.abs(moved - statement(n, t) @ (size * np.ones_like(n.h_0))))
        assert np.max(left[0]) < 1e-5 and np.max(left[1]) < 1e-7


def transposed(n, steps):
    """The product of J_t^T over these steps, from left to right."""
    return reduce(
        np.matmul, [jacobian_of_step(n, t).T for t in steps], np.eye(len(n.h_0))
    )


def backward_factor(id_, wrong, **options):
    @check(id_, cases=networks, planted=wrong, **options)
    def test(statement, n):
        """What dL/dh_{t+k} is multiplied by on its way to h_t."""
        for t in range(n.T - 1):
            for k in range(2, n.T - t + 1):
                assert close(statement(n, t, k), n.dh_dh(t + k, t).T)

    return test


def ascending(n, t, k):
    return transposed(n, range(t + 1, t + k + 1))


def descending(n, t, k):
    return transposed(n, range(t + k, t, -1))


in_the_text = backward_factor(
    "roysdon-1.7-03",
    [lambda n, t, k: ascending(n, t, k).T],
    printed=descending,
    corrected=ascending,
)


def sums(n, norm, size, first=0, order=ascending, weight=None):
    """The right side of the display for each t: a matrix norm and a vector norm."""
    weight = n.W_hy.T if weight is None else weight
    return {
        t: sum(
            norm(weight)
            * (norm(order(n, t, k)) if k else 1.0)
            * size(n.p[t + k] - n.y[t + k])
            for k in range(first, n.T - t + 1)
        )
        for t in range(1, n.T + 1)
    }


def family(order, vector=None):
    """(matrix norm, vector norm)."""
    return (
        lambda A: np.linalg.norm(A, order),
        lambda v: np.linalg.norm(v, order if vector is None else vector),
    )


CONSISTENT = (family(1), family(2), family(np.inf), family("fro", 2))


def spread(rng):
    """Networks, and one whose single error goes to many units alike."""
    n = network(rng, d_h=6, K=2, T=1)
    return [*networks(rng), replace(n, W_hy=np.outer([1.0, -1.0], np.ones(6)))]


def holds(n, bound, size):
    return all(size(n.total("h", t)) <= (1 + 1e-12) * b for t, b in bound.items())


@check(
    "roysdon-1.7-04",
    printed=CONSISTENT,
    otherwise=(family(2, vector=1),),
    planted=[((lambda A: np.max(np.abs(A)), lambda v: np.max(np.abs(v))),)],
    cases=spread,
)
def the_bound_on_the_gradient_of_a_state(statement, n):
    for norm, size in statement:
        assert holds(n, sums(n, norm, size), size)


@check(
    "roysdon-1.7-05",
    printed=0,
    planted=[1, 2],
    cases=networks,
)
def the_sum_starts_with_the_error_of_the_step_itself(statement, n):
    norm, size = family(2)
    assert holds(n, sums(n, norm, size, first=statement), size)


def rotation(angle):
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def contractions(rng):
    """(rho, factors) with norms up to rho; one family attains it at each step."""
    found = [(0.9, [0.9 * rotation(a) for a in rng.random(8)])]
    for rho in (0.5, 0.95):
        factors = rng.standard_normal((8, 3, 3))
        found.append((rho, [rho * A / np.linalg.norm(A, 2) for A in factors]))
    skewed = [NILPOTENT / 5, NILPOTENT.T / 5]  # of norm one
    return [*found, (0.9, [0.9 * skewed[k % 2] for k in range(8)])]


@check(
    "roysdon-1.7-06",
    printed=lambda rho, k: rho**k,
    planted=[
        lambda rho, k: rho ** (k + 1),
        lambda rho, k: rho ** (2 * k),
        lambda rho, k: rho**k / (k + 1),
    ],
    cases=contractions,
)
def products_of_contractions_decay(statement, case):
    rho, factors = case
    for k in range(1, len(factors) + 1):
        product = reduce(np.matmul, factors[:k])
        assert np.linalg.norm(product, 2) <= statement(rho, k) * (1 + 1e-12)


W_SKEW = np.array([[2.0, 2.0], [-2.0, -2.0]])
S_SKEW = np.diag([1.0, 2.0]) @ np.linalg.inv([[2.0, 1.0], [-2.0, 0.0]])


def skew(A):
    """||S A S^-1||_2: consistent with the vector norm ||S v||_2."""
    return np.linalg.norm(S_SKEW @ A @ np.linalg.inv(S_SKEW), 2)


def radius(A):
    return np.max(np.abs(np.linalg.eigvals(A)))


def scaled(rng):
    """(norm, W, slopes): W and the slopes of eight steps; ||W|| max|phi'| = 0.95."""
    found = []
    for size, (norm, _) in zip((0.5, 3.0, 1.0, 2.0), CONSISTENT, strict=True):
        W, slopes = rng.standard_normal((3, 3)), size * rng.random((8, 3))
        found.append((norm, 0.95 * W / (norm(W) * np.max(slopes)), slopes))
    return found


SKEWED = (skew, W_SKEW, np.array([[1.0, 0.0]] * 8))


@check(
    "roysdon-1.7-07",
    printed=lambda norm, W, slopes: norm(W) * max(norm(np.diag(v)) for v in slopes),
    otherwise=lambda norm, W, slopes: norm(W) * np.max(np.abs(slopes)),
    planted=[
        lambda norm, W, slopes: max(radius(np.diag(v) @ W) for v in slopes),
        lambda norm, W, slopes: norm(W) * np.min(np.abs(slopes)),
        lambda norm, W, slopes: radius(W) * np.max(np.abs(slopes)),
    ],
    cases=lambda rng: [*scaled(rng), SKEWED],
    numbers=lambda: {"skew_W": W_SKEW.astype(int)},
)
def a_rho_for_the_jacobians(statement, case):
    """Products of k Jacobians are at most rho^k in the norm."""
    norm, W, slopes = case
    rho = statement(norm, W, slopes)
    product = np.eye(len(W))
    for k, v in enumerate(slopes, 1):
        product = np.diag(v) @ W @ product
        assert norm(product) <= rho**k * (1 + 1e-9)


def contracting(rng):
    """Networks of 25 steps with ||W_hh||_2 = 0.4 and tanh: rho = 0.4."""
    found = []
    for _ in range(2):
        n = network(rng, T=25)
        found.append(replace(n, W_hh=0.4 * np.linalg.qr(n.W_hh)[0]))
    return found


@check(
    "roysdon-1.7-08",
    printed=lambda n: n.total("h", 1, of=lambda s, h, z, ell: ell[n.T]),
    otherwise=lambda n: n.total("h", 1),
    cases=contracting,
)
def what_vanishes_is_what_comes_from_far(statement, n):
    assert np.linalg.norm(statement(n)) < 1e-6
