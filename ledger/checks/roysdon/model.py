"""Sections 1.2 and 1.3: targets, activations, the forward equations, the outputs."""

from dataclasses import replace
from itertools import product

import numpy as np

import rnnlib
from ledger.checking import check
from ledger.checks.oracles import close, jacobian, network, networks, softmax


def logits(rng):
    """Logits of two and of three classes."""
    return [np.zeros(2), rng.standard_normal(2), rng.standard_normal(3)]


def cross_entropy(z, y):
    return -np.sum(y * np.log(softmax(z)))


def corners(K):
    """{0, 1}^K."""
    return [np.array(y, float) for y in product((0, 1), repeat=K)]


def zeros_and_ones(y):
    return bool(np.isin(y, (0, 1)).all())


def one_hot(y):
    return zeros_and_ones(y) and np.sum(y) == 1


def is_p_minus_y(z, y):
    gradient = jacobian(lambda v: cross_entropy(v, y), z)
    return np.max(np.abs(gradient - (softmax(z) - y))) < 1e-12


@check("roysdon-1.2-02", printed=one_hot, otherwise=zeros_and_ones, cases=logits)
def one_hot_targets_suit_the_cross_entropy(statement, z):
    for y in corners(z.size):
        if statement(y):
            assert is_p_minus_y(z, y)
    assert all(statement(y) for y in np.eye(z.size))


@check(
    "roysdon-1.2-03",
    printed=zeros_and_ones,
    corrected=lambda y: bool(np.isfinite(y).all()),
    planted=[lambda y: np.sum(y) == 1],
    cases=lambda rng: rng.standard_normal((3, 4)),
    counterexample=np.array([0.5]),
)
def a_real_target_is_admitted(statement, y):
    assert statement(y)


@check(
    "roysdon-1.2-10",
    printed=np.tanh,
    planted=[softmax, lambda s: np.tanh(s * np.arange(1, s.size + 1)), np.cumsum],
    cases=lambda rng: rng.standard_normal((3, 4)),
)
def phi_acts_entry_by_entry(statement, s):
    J = jacobian(statement, s)
    assert np.max(np.abs(J - np.diag(np.diag(J)))) < 1e-12
    assert close(statement(s[::-1]), statement(s)[::-1])


@check(
    "roysdon-1.2-11",
    printed=lambda s: float(s > 0),
    planted=[lambda s: 1.0, lambda s: float(s < 0), lambda s: max(s, 0.0)],
    cases=(-2.0, -0.5, 0.25, 3.0),
    outside=(0.0,),
)
def relu_has_a_slope(statement, s):
    step = 2.0**-10
    right = (max(s + step, 0) - max(s, 0)) / step
    left = (max(s, 0) - max(s - step, 0)) / step
    assert left == right == statement(s)


def pairs(rng):
    return rng.standard_normal((3, 2, 4))


@check(
    "roysdon-1.2-12",
    printed=lambda a, b: a * b,
    planted=[lambda a, b: a @ b, np.outer, lambda a, b: a + b],
    cases=pairs,
)
def the_hadamard_product_is_elementwise(statement, pair):
    a, b = pair
    assert close(statement(a, b), [a[i] * b[i] for i in range(len(a))])


@check(
    "roysdon-1.2-13",
    printed=np.diag,
    planted=[lambda v: np.outer(v, np.ones_like(v)), lambda v: np.diag(v, 1)],
    cases=pairs,
)
def diag_puts_a_vector_on_the_diagonal(statement, pair):
    D = statement(pair[0])
    d = len(pair[0])
    wanted = [[pair[0][i] if i == j else 0.0 for j in range(d)] for i in range(d)]
    assert close(D, wanted) and close(D @ pair[1], pair[0] * pair[1])


def library(n):
    """The trace of rnnlib for the same network."""
    params = rnnlib.Params(n.W_xh, n.W_hh, n.b_h, n.W_hy, n.b_y)
    x = np.array(n.x[1:])[:, None]
    return rnnlib.forward(params, x, h_0=n.h_0, phi=n.phi)


@check(
    "roysdon-1.3-01",
    printed=lambda n, t, h: n.W_xh @ n.x[t] + n.W_hh @ h[t - 1] + n.b_h,
    planted=[
        lambda n, t, h: n.W_xh @ n.x[t] + n.W_hh.T @ h[t - 1] + n.b_h,
        lambda n, t, h: n.W_xh @ n.x[t] + n.W_hh @ h[t] + n.b_h,
        lambda n, t, h: n.W_xh @ n.x[t] + n.W_hh @ h[t - 1],
    ],
    cases=networks,
)
def pre_activation(statement, n):
    trace = library(n)
    h = trace.h[:, 0]
    for t in range(1, n.T + 1):
        assert close(statement(n, t, h), trace.s[t - 1, 0])


@check(
    "roysdon-1.3-03",
    printed=lambda n, s: n.act(s),
    planted=[lambda n, s: s, lambda n, s: n.slope(s), lambda n, s: n.act(-s)],
    cases=networks,
)
def hidden_update(statement, n):
    trace = library(n)
    for t in range(1, n.T + 1):
        assert close(statement(n, trace.s[t - 1, 0]), trace.h[t, 0])


@check(
    "roysdon-1.3-05",
    printed=lambda n, h, t: n.W_hy @ h[t] + n.b_y,
    planted=[
        lambda n, h, t: n.W_hy @ h[t - 1] + n.b_y,
        lambda n, h, t: n.W_hy @ h[t],
        lambda n, h, t: softmax(n.W_hy @ h[t] + n.b_y),
    ],
    cases=networks,
)
def logits_of_a_state(statement, n):
    trace = library(n)
    for t in range(1, n.T + 1):
        assert close(statement(n, trace.h[:, 0], t), trace.z[t - 1, 0])


@check(
    "roysdon-1.3-07",
    printed={"zero": True, "learned": True},
    planted=[{"zero": True, "learned": False}, {"zero": False, "learned": True}],
    cases=networks,
)
def both_initial_states_work(statement, n):
    """Zero: the run starts. Learned: the loss has a gradient by h_0 to follow."""
    zero = replace(n, h_0=np.zeros_like(n.h_0))
    runs = np.isfinite(zero.L) and not close(zero.h[1], n.h[1], 1e-3)
    learns = np.max(np.abs(n.gradient("h_0"))) > 1e-6
    assert {"zero": bool(runs), "learned": bool(learns)} == statement


def printed_softmax(z):
    return np.exp(z) / np.sum(np.exp(z))


@check(
    "roysdon-1.3-08",
    printed=printed_softmax,
    planted=[
        lambda z: 2.0**z / np.sum(2.0**z),
        lambda z: np.exp(z) / np.sqrt(np.sum(np.exp(2 * z))),
        lambda z: 1 / (1 + np.exp(-z)),
    ],
    cases=logits,
)
def softmax_formula(statement, z):
    """Log-ratios are differences of logits, and the sum is one: only softmax."""
    p = statement(z)
    for i, j in product(range(z.size), repeat=2):
        assert abs(np.log(p[i] / p[j]) - (z[i] - z[j])) < 1e-12
    assert abs(sum(p) - 1) < 1e-12


@check(
    "roysdon-1.3-09",
    printed=printed_softmax,
    planted=[
        np.exp,
        lambda z: 1 / (1 + np.exp(-z)),
        lambda z: z / np.sum(z),
        lambda z: softmax(2 * z),
    ],
    cases=lambda rng: 3 * rng.standard_normal((4, 3)),
)
def a_predictive_distribution(statement, z):
    p = statement(z)
    assert (p > 0).all() and abs(np.sum(p) - 1) < 1e-12
    assert close(np.log(p / p[0]), z - z[0])


def steps_with_error(n, loss):
    """The steps whose logits the loss reads."""
    wanted = range(1, n.T + 1)
    of = {t: n.total("z", t, of=lambda s, h, z, ell: loss(ell)) for t in wanted}
    return {t for t in wanted if np.max(np.abs(of[t])) > 1e-9}


@check(
    "roysdon-1.3-10",
    printed=lambda T: set(range(1, T + 1)),
    planted=[lambda T: {T}, lambda T: set(range(2, T + 1))],
    cases=networks,
)
def many_to_many_reads_all_logits(statement, n):
    assert steps_with_error(n, lambda ell: sum(ell[1:])) == statement(n.T)


@check(
    "roysdon-1.3-11",
    printed=lambda T: {T},
    planted=[lambda T: set(range(1, T + 1)), lambda T: {1}],
    cases=networks,
)
def many_to_one_reads_the_last_state(statement, n):
    assert steps_with_error(n, lambda ell: ell[n.T]) == statement(n.T)


def two_steps(rng):
    return [network(rng, T=T) for T in (2, 3, 5)]


@check(
    "roysdon-1.3-12",
    printed=lambda n, pooled: n.W_hy @ n.h[n.T] + n.b_y,
    corrected=lambda n, pooled: n.W_hy @ pooled + n.b_y,
    planted=[lambda n, pooled: sum(n.z[1:])],
    cases=two_steps,
)
def a_pooled_state_has_other_logits(statement, n):
    """The mean state has the mean logits, as (3) is affine."""
    pooled = np.mean(n.h[1:], axis=0)
    assert close(statement(n, pooled), np.mean(n.z[1:], axis=0))
