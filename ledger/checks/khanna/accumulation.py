"""Section 7: sums over time."""

from functools import reduce

import numpy as np

from ledger.checking import check
from ledger.checks.khanna.gradients import copies, immediate_state, tanh_networks
from ledger.checks.oracles import PARAMETERS, close, jacobian, network


def state(n, k, **parameters):
    """h^(k) from h^(k-1) as it was, with other parameters."""
    v = {name: getattr(n, name) for name in PARAMETERS} | parameters
    return n.act(v["W_xh"] @ n.x[k] + v["W_hh"] @ n.h[k - 1] + v["b_h"])


def immediate(n, k, name):
    """d h^(k) / d parameter with h^(k-1) held still."""
    return jacobian(lambda v: state(n, k, **{name: v}), getattr(n, name))


def total(n, k, name):
    """d h^(k) / d parameter along every path."""
    return n.gradient(name, of=lambda s, h, z, ell: h[k])


def factors(n, k, t):
    """d h^(j) / d h^(j-1) for j = k + 1 to t."""
    return [n.slope(n.s[j])[:, None] * n.W_hh for j in range(k + 1, t + 1)]


def latest_left(n, k, t):
    return reduce(lambda product, J: J @ product, factors(n, k, t), np.eye(len(n.b_h)))


def earliest_left(n, k, t):
    return reduce(lambda product, J: product @ J, factors(n, k, t), np.eye(len(n.b_h)))


def inner(n, t, name="W_hh", last=immediate, order=latest_left):
    """sum over k of the product times the derivative of h^(k)."""
    return sum(
        np.tensordot(order(n, k, t), last(n, k, name), 1) for k in range(1, t + 1)
    )


def with_loss(n, t, *args, **kwargs):
    """(12): d L^(t) / d h^(t) times the inner sum."""
    return np.tensordot(immediate_state(n, t), inner(n, t, *args, **kwargs), 1)


@check(
    "khanna-7.1-01",
    printed=lambda T: T * (T + 1) // 2,
    planted=[lambda T: T, lambda T: T * T],
    cases=tanh_networks,
)
def paths_from_a_copy_to_a_loss(statement, n):
    terms = [
        term
        for t in range(1, n.T + 1)
        for term in copies(n, of=lambda s, h, z, ell, t=t: ell[t])
    ]
    assert sum(np.abs(term).max() > 0 for term in terms) == statement(n.T)
    assert close(sum(terms), n.gradient("W_hh"))


def one_unit(rng):
    """One unit, two steps: every shape fits, the numbers do not."""
    return network(np.random.default_rng(4), d_h=1, T=2)


@check(
    "khanna-7.1-02",
    printed=lambda n: sum(inner(n, t) for t in range(1, n.T + 1)),
    corrected=lambda n: with_loss(n, n.T),
    planted=[lambda n: inner(n, n.T), lambda n: with_loss(n, n.T) / n.T],
    cases=tanh_networks,
    counterexample=one_unit(None),
)
def the_last_loss_needs_its_derivative(statement, n):
    actual, wanted = statement(n), n.gradient("W_hh", of=lambda s, h, z, ell: ell[n.T])
    assert actual.size == wanted.size and close(actual.reshape(wanted.shape), wanted)


@check(
    "khanna-7.1-03",
    printed=lambda ell: ell[-1],
    corrected=lambda ell: sum(ell[1:]),
    planted=[lambda ell: sum(ell[1:]) / len(ell[1:]), lambda ell: ell[1]],
    cases=tanh_networks,
)
def the_sum_over_t_is_of_the_whole_loss(statement, n):
    double = sum(with_loss(n, t) for t in range(1, n.T + 1))
    assert close(n.gradient("W_hh", of=lambda s, h, z, ell: statement(ell)), double)


@check(
    "khanna-7.1-04",
    printed=latest_left,
    otherwise=earliest_left,
    planted=[lambda n, k, t: latest_left(n, k - 1, t) if k else np.eye(len(n.b_h))],
    cases=tanh_networks,
)
def the_order_of_the_product(statement, n):
    for t in range(1, n.T + 1):
        for k in range(t + 1):
            assert close(statement(n, k, t), n.dh_dh(t, k))


@check(
    "khanna-7.1-05",
    printed=immediate,
    otherwise=total,
    planted=[lambda n, k, name: 0 * immediate(n, k, name)],
    cases=tanh_networks,
)
def the_last_factor_is_immediate(statement, n):
    for t in range(1, n.T + 1):
        assert close(inner(n, t, last=statement), total(n, t, "W_hh"))


@check(
    "khanna-7.2-01",
    printed=lambda n, t, name: with_loss(n, t, name),
    otherwise=lambda n, t, name: with_loss(n, t, name, last=total),
    planted=[
        lambda n, t, name: with_loss(n, t, name, order=earliest_left),
        lambda n, t, name: np.tensordot(
            immediate_state(n, t), immediate(n, t, name), 1
        ),
    ],
    cases=tanh_networks,
)
def equation_12(statement, n):
    for name in ("W_xh", "W_hh", "b_h"):
        for t in range(1, n.T + 1):
            wanted = n.gradient(name, of=lambda s, h, z, ell, t=t: ell[t])
            assert close(statement(n, t, name), wanted)


def through_the_output(n, t, name):
    """d L^(t) / d parameter where it is used in o^(t), h^(t) held still."""

    def loss(v):
        W, b = {"W_hy": (v, n.b_y), "b_y": (n.W_hy, v)}.get(name, (n.W_hy, n.b_y))
        return n.step_loss(W @ n.h[t] + b + 0 * v.sum(), n.y[t])

    return jacobian(loss, getattr(n, name))


@check(
    "khanna-7.2-02",
    printed=with_loss,
    corrected=lambda n, t, name: with_loss(n, t, name) + through_the_output(n, t, name),
    planted=[through_the_output],
    cases=lambda rng: [(n, name) for n in tanh_networks(rng) for name in PARAMETERS],
    counterexample=(one_unit(None), "W_hy"),
)
def any_shared_parameter(statement, case):
    n, name = case
    for t in range(1, n.T + 1):
        wanted = n.gradient(name, of=lambda s, h, z, ell, t=t: ell[t])
        assert close(statement(n, t, name), wanted)


@check(
    "khanna-7.2-03",
    printed=sum,
    planted=[lambda terms: terms[-1], lambda terms: sum(terms) / len(terms)],
    cases=tanh_networks,
)
def summed_over_t_it_is_equation_8(statement, n):
    terms = [with_loss(n, t) for t in range(1, n.T + 1)]
    eight = sum(np.outer(n.total("s", t), n.h[t - 1]) for t in range(1, n.T + 1))
    assert close(statement(terms), eight)
