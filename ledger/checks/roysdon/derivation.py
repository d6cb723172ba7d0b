"""Section 1.5, first part: the loss, the chain rule, the recursion.

Where the layout matters, the statements use two axes: rows 1 x d, columns d x 1.
"""

import numpy as np

from ledger.checking import check
from ledger.checks.oracles import close, delay_lines, jacobian, networks

SHAPES = (AssertionError, ValueError)  # a product that does not exist is a failure


def row(v):
    return v[None, :]


def column(v):
    return v[:, None]


def pre_activation(n, t, W_hh=None):
    W_hh = n.W_hh if W_hh is None else W_hh
    return W_hh @ n.h[t - 1] + n.W_xh @ n.x[t] + n.b_h


def direct(n, t):
    """The derivative of the loss of step t alone by h_t."""
    return n.total("h", t, of=lambda s, h, z, ell: ell[t])


def copy_gradient(n, t, name="W_hh"):
    """The gradient by a copy of a parameter that only step t uses."""
    use = {"W_hh": n.h[t - 1], "W_xh": n.x[t]}

    def loss(change):
        moved = change if name == "b_h" else change @ use[name]
        return sum(n.run({("s", t): moved})[3][1:])

    return jacobian(loss, np.zeros(getattr(n, name).shape))


def immediate(n, t):
    """The d x d x d immediate derivative of h_t by W_hh; h_{t-1} held."""
    return jacobian(lambda W: n.act(pre_activation(n, t, W)), n.W_hh)


def total(n, t):
    """The d x d x d total derivative of h_t by W_hh."""
    return n.gradient("W_hh", of=lambda s, h, z, ell: h[t])


def steps(n, last=0):
    return range(1, n.T + 1 - last)


@check(
    "roysdon-1.5-01",
    printed=lambda losses: sum(losses),
    planted=[np.mean, np.max, lambda losses: sum(losses[:-1])],
    cases=networks,
)
def the_total_loss(statement, n):
    assert close(statement(np.array(n.ell[1:])), n.L)


@check(
    "roysdon-1.5-02",
    printed=lambda y, hat: (y, hat),  # (prediction, target) among the arguments
    otherwise=lambda y, hat: (hat, y),
    planted=[lambda y, hat: (y, y), lambda y, hat: (1 - y, hat)],
    cases=networks,
    raises=[AssertionError],
)
def the_hat_is_on_the_target(statement, n):
    """l(y, hat y) with y the output, hat y the target: the loss (4) is finite."""
    for t in steps(n):
        prediction, target = statement(n.p[t], n.y[t])
        with np.errstate(divide="ignore", invalid="ignore"):
            assert close(-np.sum(target * np.log(prediction)), n.ell[t])


@check(
    "roysdon-1.5-04",
    printed=lambda n, t: n.s[t],
    otherwise=lambda n, t: n.z[t],
    cases=networks,
)
def z_is_the_pre_activation(statement, n):
    for t in steps(n):
        assert close(statement(n, t), pre_activation(n, t))


def state_of_z(id_):
    """A check that h_t = phi(z_t) for the pre-activation z_t."""

    @check(
        id_,
        printed=lambda n, z: n.act(z),
        planted=[lambda n, z: z, lambda n, z: n.act(2 * z)],
        cases=networks,
    )
    def test(statement, n):
        for t in steps(n):
            assert close(statement(n, pre_activation(n, t)), n.h[t])

    return test


state = state_of_z("roysdon-1.5-05")


@check(
    "roysdon-1.5-06",
    printed=lambda t, T: set(range(t, T + 1)),
    planted=[lambda t, T: {t}, lambda t, T: set(range(t + 1, T + 1))],
    cases=networks,
    outside=delay_lines(),
)
def a_state_acts_on_all_later_losses(statement, n):
    for t in steps(n):
        by_loss = n.total("h", t, of=lambda s, h, z, ell: np.array(ell[1:]))
        reached = {k for k in steps(n) if np.max(np.abs(by_loss[k - 1])) > 1e-9}
        assert reached == statement(t, n.T)


@check(
    "roysdon-1.5-07",
    printed=sum,
    planted=[lambda parts: sum(parts) / len(parts), lambda parts: parts[-1]],
    cases=networks,
)
def contributions_of_the_steps_add_up(statement, n):
    parts = [copy_gradient(n, t) for t in steps(n)]
    assert close(statement(parts), n.gradient("W_hh"))


def dots(id_):
    """A check that the dots of z_t = W_hh h_{t-1} + ... are W_xh x_t + b_h."""

    @check(
        id_,
        printed=lambda n, t: n.W_xh @ n.x[t] + n.b_h,
        planted=[lambda n, t: n.W_xh @ n.x[t], lambda n, t: n.W_xh @ n.x[t] - n.b_h],
        cases=networks,
    )
    def test(statement, n):
        for t in steps(n):
            assert close(n.W_hh @ n.h[t - 1] + statement(n, t), n.s[t])
            by_W = jacobian(lambda W, t=t: pre_activation(n, t, W), n.W_hh)
            without = [np.eye(len(n.h_0))[:, [i]] * row(n.h[t - 1]) for i in range(3)]
            assert close(by_W, np.array(without))  # nothing in the dots has W_hh

    return test


dots_first = dots("roysdon-1.5-08")
dots_second = dots("roysdon-1.5-15")
dots_third = dots("roysdon-1.5-18")


@check(
    "roysdon-1.5-09",
    printed=immediate,
    otherwise=total,
    cases=networks,
)
def the_second_derivative_is_immediate(statement, n):
    parts = [np.einsum("i,ijk->jk", n.total("h", t), statement(n, t)) for t in steps(n)]
    assert close(sum(parts), n.gradient("W_hh"))


@check(
    "roysdon-1.5-10",
    printed=lambda n, t: n.total("h", t),
    planted=[direct, lambda n, t: n.total("s", t)],
    cases=networks,
)
def the_error_is_the_slope_of_the_whole_loss(statement, n):
    """Against central differences of the loss, the later steps following."""
    for t in steps(n, last=1):
        for i in range(n.h_0.size):
            step = 1e-5 * np.eye(n.h_0.size)[i]
            up, down = (sum(n.run({("h", t): v})[3][1:]) for v in (step, -step))
            assert abs((up - down) / 2e-5 - statement(n, t)[i]) < 1e-7


@check(
    "roysdon-1.5-11",
    printed=("direct", "future"),
    planted=[("future", "direct"), ("direct", "whole"), ("whole", "future")],
    cases=networks,
)
def the_two_contributions(statement, n):
    """Direct: through the loss of step t. Future: through the losses after it."""
    for t in steps(n, last=1):
        error, J = n.total("h", t + 1), n.dh_dh(t + 1, t)
        parts = {
            "direct": direct(n, t),
            "future": n.total("h", t, of=lambda s, h, z, ell, t=t: sum(ell[t + 1 :])),
            "whole": n.total("h", t),
        }
        first, second = statement
        assert close(parts[first], n.W_hy.T @ (n.p[t] - n.y[t]))
        assert close(parts[second], error @ J)


def recursion(id_):
    """A check of the recursion in rows; columns do not fit the Jacobian."""

    @check(
        id_,
        printed=lambda now, later, J: row(now) + row(later) @ J,
        otherwise=lambda now, later, J: column(now) + column(later) @ J,
        planted=[
            lambda now, later, J: row(now) + row(later) @ J.T,
            lambda now, later, J: row(later) @ J,
        ],
        cases=networks,
        raises=SHAPES,
    )
    def test(statement, n):
        for t in steps(n, last=1):
            later, J = n.total("h", t + 1), n.dh_dh(t + 1, t)
            assert close(statement(direct(n, t), later, J), row(n.total("h", t)))

    return test


recursion_with_braces = recursion("roysdon-1.5-12")
recursion_in_delta = recursion("roysdon-1.5-13")


@check(
    "roysdon-1.5-14",
    printed=lambda n: direct(n, n.T),
    planted=[lambda n: direct(n, n.T - 1), lambda n: 0 * direct(n, n.T)],
    cases=networks,
)
def the_last_error_is_direct(statement, n):
    assert close(statement(n), n.total("h", n.T))
