"""Section 1.7: what large bounds do not say, and the linear network."""

from dataclasses import replace
from functools import reduce

import numpy as np

from ledger.checking import check
from ledger.checks.oracles import NILPOTENT, NOT_NORMAL, RANK_ONE, close, networks
from ledger.checks.roysdon.spectral import radius


def repeated(rng):
    """Jacobians that repeat: contractions, expansions, and what lies between."""
    turns = [np.linalg.qr(rng.standard_normal((3, 3)))[0] for _ in range(2)]
    between = [[np.array([[0.0, 5.0], [0.0, 0.0]])], [np.diag([2.0, 0.5])]]
    back_and_forth = [[NILPOTENT, NILPOTENT.T], *([W] for W in NOT_NORMAL)]
    some = [[0.8 * turns[0]], [1.3 * W for W in turns], [np.eye(2)]]
    return [*some, *between, *back_and_forth, ONE_UNIT_AT_A_TIME]


ONE_UNIT_AT_A_TIME = [np.diag([2.0, 0.0]), np.diag([0.0, 2.0])]  # relu, W_hh = 2 I


def smallest(J):
    return min(np.linalg.norm(A, -2) for A in J)


def largest(J):
    return max(np.linalg.norm(A, 2) for A in J)


def can_grow(J):
    """No when none is above one, yes when all directions are stretched, or None."""
    return False if largest(J) <= 1 else True if smallest(J) > 1 else None


def product_of_sixty(J):
    return np.linalg.norm(reduce(np.matmul, (J * 60)[:60]), 2)


@check(
    "roysdon-1.7-09",
    printed=lambda J: bool(largest(J) > 1),
    corrected=can_grow,
    planted=[  # other readings: each norm, or each spectral radius, is above one
        lambda J: all(np.linalg.norm(A, 2) > 1 for A in J),
        lambda J: all(radius(A) > 1 for A in J),
        lambda J: None,
        lambda J: not can_grow(J),
    ],
    cases=repeated,
    counterexample=ONE_UNIT_AT_A_TIME,
)
def a_bound_above_one_is_not_growth(statement, J):
    """An answer must be right; and there must be one where singular values decide."""
    answer = statement(J)
    if answer is None:
        assert smallest(J) <= 1 < largest(J)
    else:
        assert answer == (product_of_sixty(J) > 1e3)


def linear_networks(rng):
    return [replace(n, phi="identity") for n in networks(rng)]


@check(
    "roysdon-1.7-10",
    printed=lambda n: n.W_hh,
    planted=[lambda n: n.W_hh.T, lambda n: np.eye(len(n.h_0))],
    cases=linear_networks,
    outside=networks(np.random.default_rng(4))[:1],
)
def the_linear_jacobian(statement, n):
    for t in range(1, n.T + 1):
        assert close(statement(n), n.dh_dh(t, t - 1))


@check(
    "roysdon-1.7-11",
    printed=lambda W, k: np.linalg.matrix_power(W.T, k),
    planted=[
        lambda W, k: np.linalg.matrix_power(W, k),
        lambda W, k: np.linalg.matrix_power(W.T, k + 1),
    ],
    cases=linear_networks,
)
def the_linear_gradient_has_powers(statement, n):
    """dL/dh_t is the sum over k of (W^T)^k W_hy^T delta_{t+k}."""
    for t in range(1, n.T + 1):
        parts = [
            statement(n.W_hh, k) @ n.W_hy.T @ n.total("z", t + k)
            for k in range(n.T - t + 1)
        ]
        assert close(sum(parts), n.total("h", t))


def log_norm_of_power(W, doublings):
    """log ||W^k||_2 / k for k = 2^doublings, with the size kept apart."""
    log, power = 0.0, W
    for _ in range(doublings):
        size = np.linalg.norm(power, 2)
        power, log = power / size, log + np.log(size)
        power, log = power @ power, 2 * log
    return (log + np.log(np.linalg.norm(power, 2))) / 2.0**doublings


TRANSIENT = np.array([[0.5, 10.0], [0.0, 0.5]])


@check(
    "roysdon-1.7-12",
    printed=radius,
    planted=[
        lambda W: np.linalg.norm(W, 2),
        lambda W: np.min(np.abs(np.linalg.eigvals(W))),
        lambda W: np.abs(np.trace(W)),
    ],
    cases=lambda rng: [
        (W, 13) for W in (*rng.standard_normal((3, 3, 3)), TRANSIENT, RANK_ONE)
    ],
    outside=[(TRANSIENT, 1), (TRANSIENT, 3)],
)
def the_spectral_radius_is_the_rate_in_the_end(statement, case):
    W, doublings = case
    assert abs(np.exp(log_norm_of_power(W, doublings)) / statement(W) - 1) < 0.02
