"""Sections 1.11 and 1.12: the targets once more, and the summary."""

import numpy as np

from ledger.checking import check
from ledger.checks.oracles import close, jacobian, networks, softmax
from ledger.checks.roysdon.derivation import copy_gradient
from ledger.checks.roysdon.growth import (
    can_grow,
    largest,
    product_of_sixty,
    repeated,
    smallest,
)
from ledger.checks.roysdon.model import corners, cross_entropy, library, one_hot
from ledger.checks.roysdon.recursion import gradients
from ledger.checks.roysdon.summary import error, steps

LOSSES = {
    "cross_entropy": (cross_entropy, lambda z, y: softmax(z) - y),
    "half_squared_error": (lambda z, y: np.sum((z - y) ** 2) / 2, lambda z, y: z - y),
}


@check(
    "roysdon-1.11-02",
    printed=lambda y, loss: loss == "half_squared_error" or one_hot(y),
    otherwise=lambda y, loss: True,
    cases=lambda rng: [(k, z) for k in LOSSES for z in rng.standard_normal((2, 3))],
)
def each_kind_of_target_has_its_loss(statement, case):
    """The error at the logits of an admitted target is prediction minus target."""
    name, z = case
    loss, output_error = LOSSES[name]
    for y in (*corners(3), np.array([0.5, -2.0, 3.0])):
        if statement(y, name):
            gradient = jacobian(lambda v, y=y: loss(v, y), z)
            assert np.max(np.abs(gradient - output_error(z, y))) < 1e-12
    assert all(statement(y, name) for y in np.eye(3))
    assert statement(np.array([0.5, -2.0, 3.0]), "half_squared_error")


@check(
    "roysdon-1.12-01",
    printed=lambda n, x, h: n.act(n.W_xh @ x + n.W_hh @ h + n.b_h),
    planted=[
        lambda n, x, h: n.act(n.W_xh @ x + n.W_hh.T @ h + n.b_h),
        lambda n, x, h: n.act(n.W_xh @ x + n.W_hh @ h) + n.b_h,
    ],
    cases=networks,
)
def the_state_update(statement, n):
    h = library(n).h[:, 0]
    for t in steps(n):
        assert close(statement(n, n.x[t], h[t - 1]), h[t])


@check(
    "roysdon-1.12-02",
    printed=lambda n, h: n.W_hy @ h + n.b_y,
    planted=[lambda n, h: n.W_hy @ h, lambda n, h: n.W_hy @ (h + 1) + n.b_y],
    cases=networks,
)
def the_logits(statement, n):
    trace = library(n)
    for t in steps(n):
        assert close(statement(n, trace.h[t, 0]), trace.z[t - 1, 0])


@check(
    "roysdon-1.12-03",
    printed=gradients,
    planted=[
        lambda n: gradients(n, back=0 * n.W_hh),
        lambda n: gradients(n, back=n.W_hh.T),
    ],
    cases=networks,
)
def exact_backpropagation(statement, n):
    for name, value in statement(n).items():
        assert close(value, n.gradient(name))


@check(
    "roysdon-1.12-04",
    printed=lambda n, t, later: n.W_hy.T @ (n.p[t] - n.y[t]) + n.W_hh.T @ later,
    planted=[
        lambda n, t, later: n.W_hy.T @ (n.p[t] - n.y[t]) + n.W_hh @ later,
        lambda n, t, later: n.W_hy.T @ (n.p[t] - n.y[t]),
        lambda n, t, later: n.W_hh.T @ later,
    ],
    cases=networks,
)
def the_adjoint_of_the_state(statement, n):
    for t in steps(n):
        later = n.total("s", t + 1) if t < n.T else np.zeros_like(n.h_0)
        assert close(statement(n, t, later), n.total("h", t))


@check(
    "roysdon-1.12-06",
    printed=1,
    planted=[0, 2],
    cases=networks,
)
def each_term_is_an_outer_product(statement, n):
    """The rank of what one step adds to the gradient of each matrix."""
    for t in steps(n):
        by_W_hy = np.outer(error(n, t), n.h[t])
        for term in (by_W_hy, copy_gradient(n, t), copy_gradient(n, t, "W_xh")):
            assert np.linalg.matrix_rank(term, tol=1e-9) == statement
    total = sum(np.outer(error(n, t), n.h[t]) for t in steps(n))
    assert close(total, n.gradient("W_hy"))


def box(delta, slopes, h):
    """The product in the box of 1.5, with columns."""
    return delta[:, None] @ np.diag(slopes) @ h[None, :]


def outer(delta, slopes, h):
    """The term of (11), from the adjoint of the state."""
    return (delta * slopes)[:, None] @ h[None, :]


@check(
    "roysdon-1.12-10",
    printed=box,
    corrected=outer,
    planted=[
        lambda delta, slopes, h: outer(delta, slopes, h).T,
        lambda delta, slopes, h: outer(delta, slopes**2, h),
    ],
    cases=networks,
    raises=(AssertionError, ValueError),
)
def the_displayed_products_exist(statement, n):
    """Those of 1.6 do, as the claims on them show; this is the box of 1.5."""
    terms = [statement(n.total("h", t), n.slope(n.s[t]), n.h[t - 1]) for t in steps(n)]
    assert close(sum(terms), n.gradient("W_hh"))


def by_the_norm(J):
    return "vanishes" if largest(J) < 1 else "explodes"


def by_singular_values(J):
    answer = {False: "vanishes", True: "explodes", None: None}
    return answer[can_grow(J)]


@check(
    "roysdon-1.12-07",
    printed=by_the_norm,
    corrected=by_singular_values,
    planted=[lambda J: None, lambda J: "vanishes", lambda J: "explodes"],
    cases=repeated,
    counterexample=[np.array([[0.0, 5.0], [0.0, 0.0]])],
)
def what_the_bounds_explain(statement, J):
    """What the product of 60 Jacobians does; None where the bounds do not decide."""
    said = statement(J)
    if said is None:
        assert smallest(J) <= 1 < largest(J)
    else:
        assert said == ("explodes" if product_of_sixty(J) > 1e3 else "vanishes")
