"""Sections 10.4 and 10.5: sums over steps, and the chain through time."""

from functools import reduce

import numpy as np
import sympy as sp

from ledger.checking import check
from ledger.checks.oracles import (
    PARAMETERS,
    close,
    delay_lines,
    jacobian,
    network,
    networks,
)


def by_loss(n, name, t):
    """dL_t/d(parameter): all its uses, one loss."""
    return n.gradient(name, of=lambda s, h, z, ell: ell[t])


@check(
    "topcuoglu-10.4-01",
    printed=lambda terms: sum(terms),
    planted=[
        lambda terms: sum(terms) / len(terms),
        lambda terms: terms[-1],
        lambda terms: np.prod(terms, axis=0),
    ],
    cases=networks,
)
def the_sum_over_the_losses(statement, n):
    for name in PARAMETERS:
        terms = [by_loss(n, name, t) for t in range(1, n.T + 1)]
        assert close(statement(terms), n.gradient(name))


def by_use(n, t):
    """What (11) adds in step t: one use of W_hh, all losses."""
    return np.outer(n.total("s", t), n.h[t - 1])


def of_one_loss(n, t, first=1):
    """The uses of W_hh up to step t, one loss."""
    parts = [
        np.outer(n.total("s", k, of=lambda s, h, z, ell: ell[t]), n.h[k - 1])
        for k in range(first, t + 1)
    ]
    return sum(parts)


@check(
    "topcuoglu-10.4-02",
    printed=by_use,
    corrected=of_one_loss,
    planted=[lambda n, t: of_one_loss(n, t, first=t)],
    cases=networks,
)
def the_term_of_a_step(statement, n):
    terms = [statement(n, t) for t in range(1, n.T + 1)]
    assert close(sum(by_use(n, t) for t in range(1, n.T + 1)), n.gradient("W_hh"))
    for t, term in enumerate(terms, 1):
        assert close(term, by_loss(n, "W_hh", t))


@check(
    "topcuoglu-10.5-01",
    printed=lambda t: set(range(t)),
    planted=[lambda t: {t - 1}, lambda t: {t - 1, t - 2} & set(range(t))],
    cases=networks,
    outside=delay_lines(),
)
def all_the_states_before(statement, n):
    for t in range(1, n.T + 1):
        found = {k for k in range(n.T) if k < t and np.any(n.dh_dh(t, k))}
        assert found == statement(t)


u = sp.Symbol("u")


@check(
    "topcuoglu-10.5.1-01",
    printed=lambda f, g: sp.diff(f, u).subs(u, g) * sp.diff(g, u),
    planted=[
        lambda f, g: sp.diff(f, u) * sp.diff(g, u),
        lambda f, g: sp.diff(f, u).subs(u, g),
    ],
    cases=[(sp.sin(u), u**2), (sp.tanh(u), 3 * u + 1), (sp.exp(u), sp.tanh(u))],
)
def a_function_within_a_function(statement, case):
    f, g = case
    composite = sp.lambdify(u, f.subs(u, g), "numpy")
    slope = sp.lambdify(u, statement(f, g), "numpy")
    for at in (-0.7, 0.2, 1.1):
        assert close(slope(at), jacobian(composite, np.array(at)))


def last_loss(s, h, z, ell):
    return ell[-1]


def copy_at_the_start(n):
    """dL_T / d(W_hh as it is used in step 1)."""
    return np.outer(n.total("s", 1, of=last_loss), n.h_0)


def small_change(n, W_1):
    """L_T when step 1 uses W_1 and all later steps use W_hh."""
    return n.run({("s", 1): (W_1 - n.W_hh) @ n.h_0})[3][n.T]


@check(
    "topcuoglu-10.5.1-02",
    printed=copy_at_the_start,
    otherwise=lambda n: n.gradient("W_hh", of=last_loss),  # W changed in every step
    planted=[lambda n: np.outer(n.total("s", n.T, of=last_loss), n.h[n.T - 1])],
    cases=networks,
)
def a_change_of_the_weights_at_the_beginning(statement, n):
    assert close(statement(n), jacobian(lambda W: small_change(n, W), n.W_hh))


@check(
    "topcuoglu-10.5.1-03",
    printed=lambda T: set(range(T + 1)),
    planted=[lambda T: {T}, lambda T: {0, T}, lambda T: {T - 1, T}],
    cases=networks,
    outside=delay_lines(),
)
def the_last_error_comes_from_all_states(statement, n):
    found = {k for k in range(n.T + 1) if np.any(n.total("h", k, of=last_loss))}
    assert found == statement(n.T)


def step_jacobians(n, k, t):
    """[dh_j/dh_{j-1} for j = k+1, ..., t]."""
    return [n.dh_dh(j, j - 1) for j in range(k + 1, t + 1)]


def latest_first(factors, n):
    return reduce(lambda product, J: J @ product, factors, np.eye(len(n.h_0)))


def earliest_first(factors, n):
    return reduce(lambda product, J: product @ J, factors, np.eye(len(n.h_0)))


@check(
    "topcuoglu-10.5.1-04",
    printed=lambda n: latest_first(step_jacobians(n, 1, n.T), n),
    planted=[
        lambda n: earliest_first(step_jacobians(n, 1, n.T), n),
        lambda n: latest_first(step_jacobians(n, 0, n.T), n),
        lambda n: sum(step_jacobians(n, 1, n.T)),
    ],
    cases=networks,
)
def how_much_the_first_state_matters(statement, n):
    error = n.total("h", n.T, of=last_loss)
    assert close(error @ statement(n), n.total("h", 1, of=last_loss))


def immediate(n, k):
    """dh_k/dW_hh with h_{k-1} held still."""
    return np.einsum("a,ai,j->aij", n.slope(n.s[k]), np.eye(len(n.h_0)), n.h[k - 1])


def total(n, k):
    return n.gradient("W_hh", of=lambda s, h, z, ell: h[k])


def display_14(n, t, *, order=latest_first, last=immediate, extra=0):
    """(14), with the order of the product and the meaning of its last factor."""
    error = n.total("h", t, of=lambda s, h, z, ell: ell[t])
    return sum(
        np.einsum(
            "a,ab,bij->ij",
            error,
            order(step_jacobians(n, k + extra, t), n),
            last(n, k),
        )
        for k in range(1, t + 1)
    )


@check(
    "topcuoglu-10.5.2-01",
    printed=display_14,
    otherwise=lambda n, t: display_14(n, t, last=total),  # h_{k-1} not held still
    planted=[
        lambda n, t: display_14(n, t, order=earliest_first),
        lambda n, t: display_14(n, t, extra=-1),
    ],
    cases=networks,
)
def the_gradient_of_one_loss(statement, n):
    for t in range(1, n.T + 1):
        assert close(statement(n, t), by_loss(n, "W_hh", t))


@check(
    "topcuoglu-10.5.2-02",
    printed=lambda n, k, t: latest_first(step_jacobians(n, k, t), n),
    otherwise=lambda n, k, t: earliest_first(step_jacobians(n, k, t), n),
    planted=[lambda n, k, t: latest_first(step_jacobians(n, k, t - 1), n)],
    cases=networks,
)
def the_chain_from_k_to_t(statement, n):
    for t in range(1, n.T + 1):
        for k in range(t + 1):
            assert close(statement(n, k, t), n.dh_dh(t, k))


def long_chains(rng):
    """Linear networks of one unit, of norm 0.8 and 1.25."""
    for w in (0.8, 1.25):
        n = network(rng, d_h=1, T=60, phi="identity", loss="half_squared_error")
        n.W_hh[:] = w
        yield n


@check(
    "topcuoglu-10.5.2-03",
    printed=lambda w, lag: w**lag,
    planted=[lambda w, lag: w * lag, lambda w, lag: w, lambda w, lag: w ** (lag + 1)],
    cases=long_chains,
)
def repeated_multiplication(statement, n):
    w = n.W_hh.item()
    for lag in (1, 10, 50):
        found = n.dh_dh(n.T, n.T - lag).item()
        assert close(found, statement(w, lag))
        assert lag < 50 or (found < 1e-4 if w < 1 else found > 1e4)
