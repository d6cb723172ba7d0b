"""Section 1.5, middle: the local derivatives and the boxed gradient of W_hh."""

from dataclasses import replace

import numpy as np

from ledger.checking import check
from ledger.checks.oracles import close, jacobian, networks
from ledger.checks.roysdon.derivation import (
    SHAPES,
    column,
    copy_gradient,
    immediate,
    pre_activation,
    row,
    steps,
)


@check(
    "roysdon-1.5-16",
    printed=lambda slopes: np.diag(slopes),
    otherwise=lambda slopes: slopes,
    planted=[
        lambda slopes: np.diag(slopes**2),
        lambda slopes: np.outer(slopes, slopes),
    ],
    cases=networks,
)
def the_slope_is_a_matrix(statement, n):
    for t in steps(n):
        J = n.total("s", t, of=lambda s, h, z, ell, t=t: h[t])
        assert close(statement(n.slope(n.s[t])), J)


def softmax_like(s):
    return np.exp(s) / np.sum(np.exp(s))


@check(
    "roysdon-1.5-17",
    printed=np.tanh,
    planted=[softmax_like, lambda s: np.tanh(np.cumsum(s)), lambda s: np.tanh(s[::-1])],
    cases=lambda rng: rng.standard_normal((4, 3)),
)
def elementwise_means_diagonal(statement, s):
    J = jacobian(statement, s)
    assert close(np.diag(np.diag(J)), J)


@check(
    "roysdon-1.5-19",
    printed=lambda i, k, h: h if i == k else 0 * h,  # dz_i/d(row k of W), a row
    otherwise=lambda i, k, h: h,
    planted=[lambda i, k, h: h if i != k else 0 * h],
    cases=networks,
)
def the_previous_state_once_for_each_row(statement, n):
    for t in steps(n):
        by_W = jacobian(lambda W, t=t: pre_activation(n, t, W), n.W_hh)
        for i, k in np.ndindex(n.W_hh.shape):
            assert close(statement(i, k, n.h[t - 1]), by_W[i, k])


def one_row_each(tensor):
    """Entry (i, j): the derivative of h_i by W_ij. Other rows of W give zero."""
    d = len(tensor)
    others = [tensor[i, k] for i, k in np.ndindex(d, d) if i != k]
    assert np.max(np.abs(others), initial=0.0) < 1e-12
    return np.array([tensor[i, i] for i in range(d)])


def one_step(n):
    """The smallest case: two units and one step, whatever the rest."""
    two = {k: getattr(n, k)[:2] for k in ("W_xh", "b_h", "h_0")}
    two |= {"W_hh": n.W_hh[:2, :2], "W_hy": n.W_hy[:, :2]}
    return replace(n, **two, x=n.x[:2], y=n.y[:2])


SMALLEST = one_step(networks(np.random.default_rng(3))[0])


@check(
    "roysdon-1.5-20",
    printed=lambda slopes, h: np.diag(slopes) @ row(h),
    corrected=lambda slopes, h: column(slopes) @ row(h),
    planted=[lambda slopes, h: column(h) @ row(slopes)],
    cases=networks,
    counterexample=SMALLEST,
    raises=SHAPES,
)
def the_immediate_derivative_of_a_state(statement, n):
    for t in steps(n):
        value = statement(n.slope(n.s[t]), n.h[t - 1])
        assert close(value, one_row_each(immediate(n, t)))


def printed_term(delta, slopes, h):
    return row(delta) @ np.diag(slopes) @ row(h)


def term(delta, slopes, h):
    return (row(delta) @ np.diag(slopes)).T @ row(h)


TERMS = {
    "printed": printed_term,
    "corrected": term,
    "planted": [
        lambda delta, slopes, h: term(delta, slopes, h).T,
        lambda delta, slopes, h: term(delta, 1 + 0 * slopes, h),
        lambda delta, slopes, h: column(delta) @ np.diag(slopes) @ row(h),
    ],
    "cases": networks,
    "counterexample": SMALLEST,
    "raises": SHAPES,
}


@check("roysdon-1.5-21", **TERMS)
def the_contribution_of_a_step(statement, n):
    for t in steps(n):
        value = statement(n.total("h", t), n.slope(n.s[t]), n.h[t - 1])
        assert close(value, copy_gradient(n, t))


@check("roysdon-1.5-22", **TERMS)
def the_boxed_gradient(statement, n):
    values = [statement(n.total("h", t), n.slope(n.s[t]), n.h[t - 1]) for t in steps(n)]
    assert close(sum(values), n.gradient("W_hh"))
