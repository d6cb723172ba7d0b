"""Section 3.3: the two lemmas, the remark between them and their proofs."""

from dataclasses import replace

import numpy as np

from ledger.checking import check
from ledger.checks.oracles import close, jacobian, network
from ledger.checks.pal.terms import (
    HV,
    as_column,
    error,
    error_of_state,
    every_size,
    flat,
    immediate,
    small_networks,
    spread,
    step,
    total,
)


def F(W, u):
    """A system that is not a network: W enters twice."""
    return W @ np.sin(u) + (W * W) @ u


def states_of(W, u, T):
    """u_0 to u_T of u_t = F(W, u_{t-1})."""
    found = [u]
    for _ in range(T):
        found.append(F(W, found[-1]))
    return found


def matrices(rng):
    """Three matrices and starting points."""
    return [(rng.random((n, n)) - 0.5, rng.random(n)) for n in (1, 2, 3)]


def derivatives(W, u, t):
    """(total, immediate, Jacobian) of u_t, by complex steps."""
    before = states_of(W, u, t - 1)[-1]
    return (
        flat(jacobian(lambda V: states_of(V, u, t)[-1], W), len(u)),
        flat(jacobian(lambda V: F(V, before), W), len(u)),
        jacobian(lambda v: F(W, v), before),
    )


@check(
    "pal-3.3-10",
    printed=lambda now, J, total_before, now_before: now + J @ total_before,
    planted=[
        lambda now, J, total_before, now_before: now + J @ now_before,
        lambda now, J, total_before, now_before: J @ total_before,
        lambda now, J, total_before, now_before: now + J.T @ total_before,
    ],
    cases=matrices,
)
def lemma_1(statement, case):
    for t in (2, 3, 4):
        before, now_before, _ = derivatives(*case, t - 1)
        wanted, now, J = derivatives(*case, t)
        assert close(statement(now, J, before, now_before), wanted)


def with_memory(W, c):
    """h_1 to h_3 where the input of step t is c h_{t-2}: c = 0 is no input."""
    states = [np.array([0.3, -0.4]), np.array([0.5, 0.2])]
    for _ in range(3):
        states.append(W @ np.tanh(states[-1]) + c * states[-2])
    return states


@check(
    "pal-3.3-11",
    printed=lambda W, h, S: spread(np.tanh(h)) + W @ np.diag(1 - np.tanh(h) ** 2) @ S,
    cases=[0.0],
    outside=[0.5, -1.0],
)
def h_t_reads_W_R_and_the_state_before_only(statement, c):
    W = np.array([[0.9, -0.5], [0.4, 0.7]])
    S = [flat(jacobian(lambda V, i=i: with_memory(V, c)[i], W), 2) for i in (3, 4)]
    assert close(statement(W, with_memory(W, c)[3], S[0]), S[1])


def through_the_state_before(n, t):
    """What h_{t-1} contributes to dh_t/dW_R."""
    J = n.total("s", t - 1, of=lambda s, h, z, ell: s[t])
    return J @ total(n, t - 1)


@check(
    "pal-3.3-12",
    printed=lambda n, t: total(n, t) - through_the_state_before(n, t),
    planted=[total, through_the_state_before],
    cases=small_networks,
)
def the_immediate_derivative_holds_the_state_before(statement, n):
    for t in range(2, n.T + 1):
        assert close(statement(n, t), immediate(n, t))


@check(
    "pal-3.3-13",
    printed=total,
    planted=[immediate, lambda n, t: total(n, t) - immediate(n, t)],
    cases=small_networks,
)
def the_derivative_in_equation_3_is_total(statement, n):
    for t in range(1, n.T + 1):
        assert close(error_of_state(n, t) @ statement(n, t), error(n, t))


def linear(rng):
    """Networks with sigma = Id, with inputs and biases."""
    return [network(rng, d_h=d, phi="identity") for d in (1, 2, 3)]


def without_input(rng):
    """The document's example: sigma = Id, no input, no bias."""
    for n in linear(rng):
        yield replace(n, W_xh=0 * n.W_xh, b_h=0 * n.b_h)


@check(
    "pal-3.3-14",
    printed=lambda n, t: n.W_hh @ n.s[t - 1],
    corrected=lambda n, t: n.W_hh @ n.s[t - 1] + n.W_xh @ n.x[t] + n.b_h,
    planted=[lambda n, t: n.W_hh @ n.s[t - 1] + n.W_xh @ n.x[t - 1] + n.b_h],
    cases=linear,
)
def equation_1_with_the_identity(statement, n):
    for t in range(2, n.T + 1):
        assert close(statement(n, t), n.s[t])


@check(
    "pal-3.3-15",
    printed=lambda W, h_0: W @ W @ h_0,
    planted=[lambda W, h_0: W @ W.T @ h_0, lambda W, h_0: 2 * W @ h_0],
    cases=without_input,
)
def the_state_of_the_example(statement, n):
    assert close(statement(n.W_hh, n.h_0), n.s[2])


@check(
    "pal-3.3-16",
    printed=lambda W, h_0: as_column(2 * W @ h_0),
    corrected=lambda W, h_0: spread(W @ h_0) + W @ spread(h_0),
    planted=[
        lambda W, h_0: 2 * spread(W @ h_0),
        lambda W, h_0: spread(W @ h_0) + W.T @ spread(h_0),
    ],
    cases=without_input,
)
def the_total_derivative_of_the_example(statement, n):
    assert close(statement(n.W_hh, n.h_0), total(n, 2))


@check(
    "pal-3.3-17",
    printed=lambda h_1: as_column(h_1),
    corrected=spread,
    planted=[HV],
    cases=without_input,
)
def the_immediate_derivative_of_the_example(statement, n):
    assert close(statement(n.W_hh @ n.h_0), immediate(n, 2))


@check(
    "pal-3.3-18",
    printed=lambda n: n.W_hh @ spread(n.h_0),
    planted=[
        lambda n: 0 * spread(n.h_0),
        lambda n: spread(n.h_0),
        lambda n: n.W_hh.T @ spread(n.h_0) + spread(n.h_0),
    ],
    cases=without_input,
)
def the_two_notations_differ(statement, n):
    """By what: the part of the first step."""
    assert close(total(n, 2) - immediate(n, 2), statement(n))
    assert np.linalg.norm(statement(n)) > 1e-6


@check(
    "pal-3.3-19",
    printed=lambda now, J, total_before, now_before: now + J @ now_before,
    corrected=lambda now, J, total_before, now_before: now + J @ total_before,
    planted=[lambda now, J, total_before, now_before: now + J @ J @ total_before],
    cases=small_networks,
)
def the_chain_rule_of_proof_1(statement, n):
    for t in range(2, n.T + 1):
        J = n.total("s", t - 1, of=lambda s, h, z, ell, t=t: s[t])
        made = statement(immediate(n, t), J, total(n, t - 1), immediate(n, t - 1))
        assert close(made, total(n, t))


@check(
    "pal-3.3-20",
    printed=lambda n: np.eye(n * n),
    planted=[lambda n: np.ones((n * n, n * n)), lambda n: np.eye(n)],
    cases=[2, 3, 4],
)
def W_by_itself(statement, n):
    W = np.arange(1.0, n * n + 1).reshape(n, n)
    assert close(statement(n), flat(jacobian(lambda V: V + 0, W), n * n))


@check(
    "pal-3.3-21",
    printed=lambda n, t: HV(n.h[t - 1]),
    corrected=lambda n, t: spread(n.h[t - 1]),
    planted=[lambda n, t: spread(n.h[t]), lambda n, t: spread(n.s[t - 1])],
    cases=every_size,
)
def first_term_of_lemma_2(statement, n):
    for t in range(2, n.T + 1):
        rest = step(n, t) @ total(n, t - 1)
        assert close(statement(n, t) + rest, total(n, t))


@check(
    "pal-3.3-22",
    printed=lambda n, t, S: n.W_hh @ as_column(n.slope(n.s[t - 1])) @ S,
    corrected=lambda n, t, S: n.W_hh @ np.diag(n.slope(n.s[t - 1])) @ S,
    planted=[
        lambda n, t, S: np.diag(n.slope(n.s[t - 1])) @ n.W_hh @ S,
        lambda n, t, S: n.W_hh @ np.diag(n.slope(n.s[t])) @ S,
    ],
    cases=every_size,
    raises=(AssertionError, ValueError),
)
def second_term_of_lemma_2(statement, n):
    for t in range(2, n.T + 1):
        made = immediate(n, t) + statement(n, t, total(n, t - 1))
        assert close(made, total(n, t))


@check(
    "pal-3.3-23",
    printed=HV,
    corrected=spread,
    planted=[as_column, lambda v: np.kron(v[None], np.eye(len(v)))],
    cases=every_size,
)
def the_derivative_of_W_sigma(statement, n):
    for t in range(1, n.T + 1):
        assert close(statement(n.h[t - 1]), immediate(n, t))


@check(
    "pal-3.3-24",
    printed=lambda n, t: n.W_hh @ np.diag(n.slope(n.s[t - 1])),
    planted=[
        lambda n, t: np.diag(n.slope(n.s[t - 1])) @ n.W_hh,
        lambda n, t: np.diag(n.slope(n.s[t])) @ n.W_hh,
        lambda n, t: n.W_hh,
    ],
    cases=small_networks,
)
def the_jacobian_of_one_step(statement, n):
    for t in range(2, n.T + 1):
        wanted = n.total("s", t - 1, of=lambda s, h, z, ell, t=t: s[t])
        assert close(statement(n, t), wanted)
