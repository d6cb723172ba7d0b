"""Section 1.6: the recursions and the gradients of the parameters."""

from dataclasses import replace

import numpy as np

import rnnlib
from ledger.checking import check
from ledger.checks.oracles import (
    PARAMETERS,
    close,
    delay_lines,
    jacobian,
    networks,
)
from ledger.checks.roysdon.recursion import backward, gradients


def steps(n, last=0):
    """1 to T, or to T - last."""
    return range(1, n.T + 1 - last)


def error(n, t):
    """The error at the logits by the complex step, not by (5)."""
    return n.total("z", t)


def later(n, t):
    """What the losses after step t send to h_t."""
    return n.total("h", t, of=lambda s, h, z, ell: sum(ell[t + 1 :]) + 0 * h[t][0])


def reverse_mode(n):
    """rnnlib's backward pass over the unrolled steps."""
    params = rnnlib.Params(*(getattr(n, name) for name in PARAMETERS))
    trace = rnnlib.forward(params, np.array(n.x[1:])[:, None], h_0=n.h_0, phi=n.phi)
    delta_z = np.array([n.p[t] - n.y[t] for t in steps(n)])[:, None]
    return rnnlib.backward(params, trace, delta_z).params


@check(
    "roysdon-1.6-01",
    printed=reverse_mode,
    planted=[
        lambda n: reverse_mode(replace(n, h_0=0 * n.h_0)),
        lambda n: reverse_mode(replace(n, W_hh=n.W_hh.T)),
    ],
    cases=networks,
)
def reverse_mode_over_the_unrolled_steps(statement, n):
    found = statement(n)
    for name in PARAMETERS:
        assert close(getattr(found, name), n.gradient(name))


def with_target(n, target):
    return replace(n, y=(None, *(target for _ in steps(n))))


def other_targets():
    rng = np.random.default_rng(5)
    n = networks(rng)[0]
    return [with_target(n, v) for v in (np.ones(4), np.zeros(4), np.arange(4.0))]


def distributions(rng):
    """One-hot targets, and targets that sum to one."""
    soft = np.array([0.1, 0.2, 0.3, 0.4])
    return [*networks(rng), *(with_target(n, soft) for n in networks(rng))]


@check(
    "roysdon-1.6-02",
    printed=lambda n, t: n.p[t] - n.y[t],
    planted=[lambda n, t: n.y[t] - n.p[t], lambda n, t: n.p[t] * n.y[t] - n.y[t]],
    cases=distributions,
    outside=other_targets(),
)
def output_error(statement, n):
    for t in steps(n):
        assert close(statement(n, t), error(n, t))


@check(
    "roysdon-1.6-04",
    printed=lambda t, ell: sum(ell[1:]),
    otherwise=lambda t, ell: ell[t],
    cases=networks,
)
def the_loss_without_an_index_is_the_sum(statement, n):
    g = backward(n).g
    for t in steps(n):
        adjoint = n.total("h", t, of=lambda s, h, z, ell, t=t: statement(t, ell))
        assert close(adjoint, g[t])


@check(
    "roysdon-1.6-05",
    printed=lambda n, t, future: n.W_hy.T @ error(n, t) + future,
    planted=[
        lambda n, t, future: n.W_hy.T @ error(n, t) - future,
        lambda n, t, future: n.W_hy.T @ error(n, t),
        lambda n, t, future: future,
    ],
    cases=networks,
)
def the_error_at_the_state(statement, n):
    for t in steps(n):
        assert close(statement(n, t, later(n, t)), n.total("h", t))


def hadamard(id_):
    """A check of (7), from the true g_t."""

    @check(
        id_,
        printed=lambda n, t, g: g * n.slope(n.s[t]),
        planted=[
            lambda n, t, g: g * n.slope(n.h[t]),
            lambda n, t, g: g @ n.slope(n.s[t]) * np.ones_like(g),
            lambda n, t, g: g,
        ],
        cases=networks,
    )
    def test(statement, n):
        for t in steps(n):
            assert close(statement(n, t, n.total("h", t)), n.total("s", t))

    return test


through_the_nonlinearity = hadamard("roysdon-1.6-06")
delta_s_at_the_end = hadamard("roysdon-1.12-05")


@check(
    "roysdon-1.6-08",
    printed=lambda t, T, connected: set(range(t + 1, T + 1)) if connected else set(),
    planted=[
        lambda t, T, connected: {t + 1} if connected else set(),
        lambda t, T, connected: set(range(t + 1, T + 1)),
    ],
    cases=networks,
    outside=delay_lines()[:1],
)
def the_future_is_reached_through_the_recurrent_weights(statement, n):
    for W_hh, connected in ((n.W_hh, True), (0 * n.W_hh, False)):
        m = replace(n, W_hh=W_hh)
        for t in steps(m, last=1):
            by_loss = m.total("h", t, of=lambda s, h, z, ell: np.array(ell[1:]))
            found = {k for k in range(t + 1, m.T + 1) if np.any(by_loss[k - 1] != 0)}
            assert found == statement(t, m.T, connected)


@check(
    "roysdon-1.6-09",
    printed=lambda n, delta: n.W_hh.T @ delta,
    planted=[
        lambda n, delta: n.W_hh @ delta,
        lambda n, delta: n.W_hh.T @ (delta * delta),
        lambda n, delta: -n.W_hh.T @ delta,
    ],
    cases=networks,
)
def from_the_future(statement, n):
    for t in steps(n, last=1):
        assert close(statement(n, n.total("s", t + 1)), later(n, t))


@check(
    "roysdon-1.6-10",
    printed=lambda n: np.zeros_like(n.h_0),
    planted=[lambda n: n.total("s", n.T), lambda n: np.ones_like(n.h_0)],
    cases=networks,
)
def nothing_comes_after_the_end(statement, n):
    assert close(backward(n, start=statement(n)).g[n.T], n.total("h", n.T))


@check(
    "roysdon-1.6-11",
    printed=backward,
    planted=[
        lambda n: backward(n, back=n.W_hh.T),
        lambda n: backward(n, back=0 * n.W_hh),
        lambda n: backward(n, slope=lambda s: np.ones_like(s)),
    ],
    cases=networks,
)
def the_combined_recursion(statement, n):
    _, g, delta_s = statement(n)
    for t in steps(n):
        assert close(g[t], n.total("h", t)) and close(delta_s[t], n.total("s", t))


def in_order(n, order):
    """(9) at the steps in this order; a value that is not there yet counts as zero."""
    delta_s = {t: np.zeros_like(n.h_0) for t in range(1, n.T + 2)}
    for t in order:
        g = n.W_hy.T @ error(n, t) + n.W_hh.T @ delta_s[t + 1]
        delta_s[t] = g * n.slope(n.s[t])
    return delta_s


@check(
    "roysdon-1.6-12",
    printed=lambda T: range(T, 0, -1),
    planted=[lambda T: range(1, T + 1), lambda T: range(T, 1, -1)],
    cases=networks,
)
def from_the_last_step_to_the_first(statement, n):
    found = in_order(n, statement(n.T))
    for t in steps(n):
        assert close(found[t], n.total("s", t))


def summed(id_, name, term, *wrong):
    """A check of a sum over the steps in (10) or (11), from the true adjoints."""

    @check(id_, printed=term, planted=wrong, cases=networks)
    def test(statement, n):
        total = sum(statement(n, t, error(n, t), n.total("s", t)) for t in steps(n))
        assert close(total, n.gradient(name))

    return test


W_hy_gradient = summed(
    "roysdon-1.6-13",
    "W_hy",
    lambda n, t, dz, ds: np.outer(dz, n.h[t]),
    lambda n, t, dz, ds: np.outer(dz, n.h[t - 1]),
    lambda n, t, dz, ds: np.outer(n.h[t], dz),
)
b_y_gradient = summed(
    "roysdon-1.6-14",
    "b_y",
    lambda n, t, dz, ds: dz,
    lambda n, t, dz, ds: dz / n.T,
    lambda n, t, dz, ds: n.p[t],
)
W_xh_gradient = summed(
    "roysdon-1.6-15",
    "W_xh",
    lambda n, t, dz, ds: np.outer(ds, n.x[t]),
    lambda n, t, dz, ds: np.outer(ds, n.x[max(t - 1, 1)]),
    lambda n, t, dz, ds: np.outer(n.x[t], ds),
)
W_hh_gradient = summed(
    "roysdon-1.6-16",
    "W_hh",
    lambda n, t, dz, ds: np.outer(ds, n.h[t - 1]),
    lambda n, t, dz, ds: np.outer(ds, n.h[t]),
    lambda n, t, dz, ds: np.outer(n.h[t - 1], ds),
)
b_h_gradient = summed(
    "roysdon-1.6-17",
    "b_h",
    lambda n, t, dz, ds: ds,
    lambda n, t, dz, ds: n.total("h", t),
    lambda n, t, dz, ds: ds / n.T,
)


@check(
    "roysdon-1.6-18",
    printed=lambda n: n.W_hh.T @ n.total("s", 1),
    planted=[
        lambda n: n.W_hh @ n.total("s", 1),
        lambda n: n.W_hh.T @ n.total("h", 1),
        lambda n: n.total("s", 1),
    ],
    cases=networks,
)
def gradient_of_the_initial_state(statement, n):
    assert close(statement(n), n.gradient("h_0"))
    assert close(gradients(n)["h_0"], jacobian(lambda v: _loss(n, v), n.h_0))


def _loss(n, h_0):
    return sum(replace(n, h_0=h_0).run()[3][1:])
