"""Section 1.6: the proof at its end, line by line."""

from dataclasses import replace

import numpy as np

from ledger.checking import check
from ledger.checks.oracles import close, jacobian, network, networks
from ledger.checks.roysdon.summary import error, later, steps


@check(
    "roysdon-1.6-19",
    printed=lambda n, h, t: n.step_loss(n.W_hy @ h + n.b_y, n.y[t]),
    planted=[
        lambda n, h, t: n.step_loss(n.W_hy @ n.act(h) + n.b_y, n.y[t]),
        lambda n, h, t: n.step_loss(n.W_hy @ h, n.y[t]),
    ],
    cases=networks,
)
def each_loss_reads_its_state_through_the_logits(statement, n):
    """The sum over t of functions of z_t(h_t) is the loss, with its slopes."""
    for t in steps(n):
        assert close(statement(n, n.h[t], t), n.ell[t])
        slope = jacobian(lambda h, t=t: statement(n, h, t), n.h[t])
        assert close(slope, n.total("h", t, of=lambda s, h, z, ell, t=t: ell[t]))


@check(
    "roysdon-1.6-20",
    printed=lambda direct, J, after: direct + J.T @ after,
    planted=[
        lambda direct, J, after: direct + J @ after,
        lambda direct, J, after: J.T @ after,
        lambda direct, J, after: direct - J.T @ after,
    ],
    cases=networks,
)
def the_chain_rule_over_time(statement, n):
    for t in steps(n, last=1):
        direct = n.total("h", t, of=lambda s, h, z, ell, t=t: ell[t])
        found = statement(direct, n.dh_dh(t + 1, t), n.total("h", t + 1))
        assert close(found, n.total("h", t))


@check(
    "roysdon-1.6-21",
    printed=lambda n, dz: n.W_hy.T @ dz,
    planted=[lambda n, dz: -n.W_hy.T @ dz, lambda n, dz: (n.W_hy.T @ dz)[::-1]],
    cases=networks,
)
def the_direct_part(statement, n):
    for t in steps(n):
        direct = n.total("h", t, of=lambda s, h, z, ell, t=t: ell[t])
        assert close(statement(n, error(n, t)), direct)


@check(
    "roysdon-1.6-22",
    printed=lambda n, t: np.diag(n.slope(n.s[t + 1])) @ n.W_hh,
    planted=[
        lambda n, t: np.diag(n.slope(n.s[t])) @ n.W_hh,
        lambda n, t: n.W_hh @ np.diag(n.slope(n.s[t + 1])),
    ],
    cases=networks,
)
def the_jacobian_of_the_next_step(statement, n):
    for t in steps(n, last=1):
        assert close(statement(n, t), n.dh_dh(t + 1, t))


def one_unit():
    """One tanh unit, two steps, W_hh = 1."""
    n = network(np.random.default_rng(7), d_x=1, d_h=1, K=2, T=2)
    return replace(n, W_hh=np.ones((1, 1)))


def printed_future(n, t, delta):
    return (n.slope(n.s[t + 1])[:, None] * n.W_hh).T @ delta


@check(
    "roysdon-1.6-23",
    printed=printed_future,
    corrected=lambda n, t, delta: n.W_hh.T @ delta,
    planted=[
        lambda n, t, delta: n.W_hh @ delta,
        lambda n, t, delta: n.W_hh.T @ (delta / n.slope(n.s[t + 1])),
    ],
    cases=networks,
    counterexample=one_unit(),
)
def the_slope_stands_twice(statement, n):
    for t in steps(n, last=1):
        assert close(statement(n, t, n.total("s", t + 1)), later(n, t))


def local(id_, name, used, *wrong):
    """A check of ds_t/dW as the adjoint (.) times the row that W multiplies."""

    @check(
        id_,
        printed=used,
        otherwise=lambda n, t, adjoint: used(n, t, np.ones_like(adjoint)),
        planted=wrong,
        cases=networks,
    )
    def test(statement, n):
        """For every adjoint u: the gradient of u . s_t by W, h_{t-1} held."""
        for t in steps(n):
            for u in np.eye(n.h_0.size) + 0.5:

                def product(W, t=t, u=u):
                    m = replace(n, **{name: W})
                    return u @ (m.W_xh @ n.x[t] + m.W_hh @ n.h[t - 1] + m.b_h)

                found = jacobian(product, getattr(n, name))
                assert close(statement(n, t, u), found)

    return test


by_W_xh = local(
    "roysdon-1.6-24",
    "W_xh",
    lambda n, t, u: np.outer(u, n.x[t]),
    lambda n, t, u: np.outer(n.x[t], u),
)
by_W_hh = local(
    "roysdon-1.6-25",
    "W_hh",
    lambda n, t, u: np.outer(u, n.h[t - 1]),
    lambda n, t, u: np.outer(u, n.h[t]),
    lambda n, t, u: np.outer(n.h[t - 1], u),
)
