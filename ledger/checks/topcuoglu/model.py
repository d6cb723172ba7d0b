"""Sections 3.1, 3.2 and 4: the two equations, and what each matrix does."""

import numpy as np

from ledger.checking import check
from ledger.checks.oracles import (
    PARAMETERS,
    close,
    jacobian,
    network,
    networks,
    softmax,
)


def sums(W, v):
    """W v, one product at a time."""
    return [sum(W[i, j] * v[j] for j in range(len(v))) for i in range(len(W))]


@check(
    "topcuoglu-3.1-01",
    printed=lambda f, W_xh, x, W_hh, h, b: f(W_xh @ x + W_hh @ h + b),
    planted=[
        lambda f, W_xh, x, W_hh, h, b: f(W_xh @ x + W_hh.T @ h + b),
        lambda f, W_xh, x, W_hh, h, b: f(W_xh @ x + W_hh @ h),
        lambda f, W_xh, x, W_hh, h, b: W_xh @ x + f(W_hh @ h + b),
    ],
    cases=networks,
)
def the_update_entry_by_entry(statement, n):
    for t in range(1, n.T + 1):
        terms = zip(sums(n.W_xh, n.x[t]), sums(n.W_hh, n.h[t - 1]), n.b_h, strict=True)
        wanted = [n.act(a + b + c) for a, b, c in terms]
        assert close(
            statement(n.act, n.W_xh, n.x[t], n.W_hh, n.h[t - 1], n.b_h), wanted
        )
        assert close(n.h[t], wanted)


@check(
    "topcuoglu-3.1-02",
    printed=np.tanh,
    otherwise=lambda s: s,
    cases=networks,
)
def the_combination_is_not_linear(statement, n):
    def update(x, h):
        return statement(n.W_xh @ x + n.W_hh @ h)

    x, h = n.x[1], n.h_0
    assert not close(update(2 * x, 2 * h), 2 * update(x, h), 1e-3)


SIZES = {"x": 2, "h": 3, "y": 4}
PRODUCTS = {"W_xh": ("x", "h"), "W_hh": ("h", "h")}


@check(
    "topcuoglu-3.1-03",
    printed=PRODUCTS | {"W_hy": ("h", "y")},
    planted=[
        PRODUCTS | {"W_xh": ("h", "x"), "W_hy": ("h", "y")},
        PRODUCTS | {"W_hy": ("y", "h")},
    ],
    cases=networks,
)
def what_each_matrix_leads_from_and_to(statement, n):
    assert set(statement) == {"W_xh", "W_hh", "W_hy"}
    for name, (source, target) in statement.items():
        assert getattr(n, name).shape == (SIZES[target], SIZES[source])


def bias(id_, name, of):
    """The check that a bias is added as it is, whatever the input and the state."""

    @check(
        id_,
        printed=lambda n: np.eye(len(getattr(n, name))),
        planted=[
            lambda n: np.zeros((len(getattr(n, name)),) * 2),
            lambda n: 2 * np.eye(len(getattr(n, name))),
        ],
        cases=networks,
    )
    def a_bias_is_added_as_it_is(statement, n):
        assert close(n.gradient(name, of=of), statement(n))

    return a_bias_is_added_as_it_is


hidden_bias = bias("topcuoglu-3.1-04", "b_h", lambda s, h, z, ell: s[1])
output_bias = bias("topcuoglu-3.2-04", "b_y", lambda s, h, z, ell: z[2])


@check(
    "topcuoglu-3.1-05",
    printed=np.tanh,
    otherwise=softmax,
    planted=[lambda s: np.tanh(s[::-1]), lambda s: np.tanh(np.cumsum(s))],
    cases=networks,
)
def f_acts_entry_by_entry(statement, n):
    J = jacobian(statement, n.s[1])
    assert close(J, np.diag(np.diag(J)))
    assert close(statement(n.s[1]), [statement(s[None])[0] for s in n.s[1]])


@check(
    "topcuoglu-3.2-01",
    printed=lambda W, h, b: W @ h + b,
    planted=[lambda W, h, b: W @ h, lambda W, h, b: W @ h - b, lambda W, h, b: h @ W.T],
    cases=networks,
)
def the_output_entry_by_entry(statement, n):
    for t in range(1, n.T + 1):
        terms = zip(sums(n.W_hy, n.h[t]), n.b_y, strict=True)
        wanted = [a + b for a, b in terms]
        assert close(statement(n.W_hy, n.h[t], n.b_y), wanted)
        assert close(n.z[t], wanted)


@check(
    "topcuoglu-3.2-02",
    printed={"h_t"},
    planted=[{"h_t", "x_t"}, {"x_t"}, {"h_{t-1}"}],
    cases=networks,
)
def the_output_reads_the_current_memory_alone(statement, n):
    move = np.full(n.h_0.shape, 0.3)
    for t in range(2, n.T + 1):
        found = set()
        if not close(n.run({("h", t): move})[2][t], n.z[t]):
            found.add("h_t")
        for name, earlier in (("x_t", ("s", t)), ("h_{t-1}", ("h", t - 1))):
            held = {earlier: move}
            held["h", t] = n.h[t] - n.run(held)[1][t]  # h_t is as before
            if not close(n.run(held)[2][t], n.z[t]):
                found.add(name)
        assert found == statement


@check(
    "topcuoglu-3.2-03",
    printed=softmax,
    planted=[lambda z: z, np.exp, lambda z: np.abs(z) / np.abs(z).sum()],
    cases=networks,
)
def logits_become_a_distribution(statement, n):
    for z in n.z[1:]:
        p = statement(z)
        assert close(p.sum(), 1.0) and np.all(p >= 0)
        assert close(np.log(p[0] / p), z[0] - z)  # differences of logits: log odds


@check(
    "topcuoglu-4-01",
    printed={"W_xh", "W_hh", "W_hy"},
    corrected={"W_xh", "W_hh", "W_hy", "b_h", "b_y"},
    planted=[{"W_xh", "W_hh", "W_hy", "b_h"}],
    cases=networks,
)
def what_gradient_descent_changes(statement, n):
    assert {name for name in PARAMETERS if np.any(n.gradient(name))} == statement


def thin(rng):
    """Networks whose matrices have null spaces."""
    for _ in range(3):
        n = network(rng, d_x=5, d_h=3, K=2)
        n.W_hh[:, 2] = n.W_hh[:, 0] - n.W_hh[:, 1]
        yield n


def null_direction(W):
    """v of length one with W v = 0."""
    return np.linalg.svd(W)[2][-1]


def filtered(id_, name, planted, effect):
    """The check that a matrix decides by W v what is seen of v, and nothing else is."""

    @check(id_, printed=lambda W, v: W @ v, planted=planted, cases=thin)
    def only_the_product_counts(statement, n):
        W = getattr(n, name)
        v, other = np.linspace(-1, 1, W.shape[1]), np.ones(W.shape[1])
        unseen = v + 2 * null_direction(W)
        for w, same in ((unseen, True), (other, False)):
            assert close(effect(n, w), effect(n, v)) == same
            assert close(statement(W, w), statement(W, v)) == same

    return only_the_product_counts


ALL_OR_ONE = [lambda W, v: v, lambda W, v: v[:1] * 0, lambda W, v: v[:1]]
input_filter = filtered(
    "topcuoglu-4-02",
    "W_xh",
    ALL_OR_ONE,
    lambda n, x: n.act(n.W_xh @ x + n.W_hh @ n.h_0 + n.b_h),
)
memory_filter = filtered(
    "topcuoglu-4-03",
    "W_hh",
    [*ALL_OR_ONE, lambda W, v: W.T @ v],
    lambda n, h: n.act(n.W_xh @ n.x[1] + n.W_hh @ h + n.b_h),
)
readout = filtered(
    "topcuoglu-4-05", "W_hy", ALL_OR_ONE, lambda n, h: n.W_hy @ h + n.b_y
)


@check(
    "topcuoglu-4-04",
    printed=lambda n, t: n.W_hh,
    planted=[
        lambda n, t: n.W_hh / t,
        lambda n, t: np.linalg.matrix_power(n.W_hh, t),
        lambda n, t: n.W_hh.T,
    ],
    cases=networks,
)
def one_matrix_for_all_steps(statement, n):
    for t in range(1, n.T + 1):
        used = n.total("h", t - 1, of=lambda s, h, z, ell, t=t: s[t])
        assert close(used, statement(n, t))
