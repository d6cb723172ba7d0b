"""Section 1.5, last part: the recursion written out as sums over later losses."""

from functools import reduce

import numpy as np

from ledger.checking import check
from ledger.checks.oracles import close, networks
from ledger.checks.roysdon.derivation import SHAPES, column, direct, row, steps


def printed_jacobian(n, j):
    return np.diag(n.slope(n.s[j])) @ n.W_hh


def latest_first(n, t, k):
    """J_k ... J_{t+1}; the identity for k = t."""
    factors = [printed_jacobian(n, j) for j in range(k, t, -1)]
    return reduce(np.matmul, factors, np.eye(n.h_0.size))


def as_the_sign_reads(n, t, k):
    """J_{t+1} ... J_k, with j growing from left to right."""
    factors = [printed_jacobian(n, j) for j in range(t + 1, k + 1)]
    return reduce(np.matmul, factors, np.eye(n.h_0.size))


@check(
    "roysdon-1.5-23",
    printed=lambda n, t: sum(
        row(direct(n, k)) @ n.dh_dh(k, t) for k in range(t, n.T + 1)
    ),
    planted=[
        lambda n, t: sum(
            row(direct(n, k)) @ n.dh_dh(k, t).T for k in range(t, n.T + 1)
        ),
        lambda n, t: sum(
            row(direct(n, k)) @ n.dh_dh(k, t) for k in range(t, min(t + 2, n.T) + 1)
        ),
    ],
    cases=networks,
)
def the_error_unrolled_with_dots(statement, n):
    for t in steps(n):
        assert close(statement(n, t), row(n.total("h", t)))


def double(product):
    return lambda n, t: sum(
        row(direct(n, k)) @ product(n, t, k) for k in range(t, n.T + 1)
    )


@check(
    "roysdon-1.5-24",
    printed=double(latest_first),
    otherwise=double(as_the_sign_reads),
    cases=networks,
)
def the_error_unrolled_with_a_product(statement, n):
    for t in steps(n):
        assert close(statement(n, t), row(n.total("h", t)))


@check(
    "roysdon-1.5-25",
    printed=printed_jacobian,
    planted=[
        lambda n, j: n.W_hh @ np.diag(n.slope(n.s[j])),
        lambda n, j: printed_jacobian(n, j).T,
        lambda n, j: np.diag(n.slope(n.s[j - 1 or 2])) @ n.W_hh,
    ],
    cases=networks,
)
def the_jacobian_of_a_step(statement, n):
    for j in steps(n):
        assert close(statement(n, j), n.dh_dh(j, j - 1))


@check(
    "roysdon-1.5-26",
    printed=latest_first,
    otherwise=as_the_sign_reads,
    cases=networks,
)
def the_product_of_jacobians(statement, n):
    for t in range(n.T):
        for k in range(t + 1, n.T + 1):
            assert close(statement(n, t, k), n.dh_dh(k, t))


@check(
    "roysdon-1.5-27",
    printed=np.eye,
    planted=[lambda d: np.zeros((d, d)), lambda d: np.ones((d, d))],
    cases=networks,
)
def the_empty_product(statement, n):
    for t in range(n.T + 1):
        assert close(statement(n.h_0.size), n.dh_dh(t, t))


def full(n, product, outer, used):
    return sum(
        outer(double(product)(n, t) @ np.diag(n.slope(n.s[t])), used(n, t))
        for t in steps(n)
    )


def before(n, t):
    return n.h[t - 1]


@check(
    "roysdon-1.5-28",
    printed=lambda n: full(n, latest_first, lambda e, h: e @ row(h), before),
    corrected=lambda n: full(n, latest_first, lambda e, h: e.T @ row(h), before),
    planted=[
        lambda n: full(n, as_the_sign_reads, lambda e, h: e.T @ row(h), before),
        lambda n: full(n, latest_first, lambda e, h: column(h) @ e, before),
        lambda n: full(n, latest_first, lambda e, h: e.T @ row(h), lambda n, t: n.h[t]),
    ],
    cases=networks,
    raises=SHAPES,
)
def the_full_expression(statement, n):
    assert close(statement(n), n.gradient("W_hh"))


@check(
    "roysdon-1.5-29",
    printed={"W_xh": lambda n, t: n.x[t], "b_h": lambda n, t: np.ones(1)},
    planted=[
        {"W_xh": lambda n, t: n.x[max(t - 1, 1)], "b_h": lambda n, t: np.ones(1)},
        {"W_xh": lambda n, t: n.x[t], "b_h": lambda n, t: np.ones(1) / n.T},
    ],
    cases=networks,
)
def the_same_for_inputs_and_bias(statement, n):
    """x_t, and the number one, take the place of h_{t-1}."""
    for name, used in statement.items():
        value = full(n, latest_first, lambda e, u: e.T @ row(u), used)
        assert close(value.reshape(getattr(n, name).shape), n.gradient(name))
