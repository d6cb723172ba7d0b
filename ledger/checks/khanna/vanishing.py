"""Sections 9 to 9.2: products of Jacobians, and what they are factors of."""

from dataclasses import replace

import numpy as np

from ledger.checking import check
from ledger.checks.khanna.accumulation import (
    immediate,
    inner,
    total,
)
from ledger.checks.khanna.common import again
from ledger.checks.khanna.gradients import copies, immediate_state, tanh_networks
from ledger.checks.oracles import close, jacobian, network, networks


def rotation(rng, d=3):
    """A random orthogonal matrix."""
    return np.linalg.qr(rng.standard_normal((d, d)))[0]


@check(
    "khanna-9-01",
    printed=lambda w, loss, slope: np.abs(slope),
    corrected=lambda w, loss, slope: loss,
    planted=[lambda w, loss, slope: np.abs(w)],
    cases=[0.1, 0.3, 1.5],
    counterexample=0.1,
)
def what_descent_makes_small(statement, w):
    """h_2 = w^2 h_0 with h_0 = 1 and the loss (h_2 - 1)^2 / 2; ``statement`` falls."""
    rows = []
    for _ in range(25):
        slope = 2 * w * (w**2 - 1)
        rows.append((w, (w**2 - 1) ** 2 / 2, slope))
        w -= 0.05 * slope
    assert (np.diff(statement(*np.array(rows).T)) < 0).all()


def linear(W, T):
    """A network without nonlinearity, with this recurrent matrix."""
    rng = np.random.default_rng(8)
    options = {"phi": "identity", "loss": "half_squared_error"}
    return replace(network(rng, d_h=len(W), T=T, **options), W_hh=W)


@check(
    "khanna-9.1-01",
    printed=lambda c, k: c**k,
    planted=[
        lambda c, k: min(1, c**k),
        lambda c, k: max(1, c**k),
        lambda c, k: c * k,
    ],
    cases=[(0.5, 10), (1.0, 10), (2.0, 10), (2.0, 30)],
)
def small_or_large(statement, case):
    c, k = case
    product = linear(c * rotation(np.random.default_rng(0)), k).dh_dh(k, 0)
    assert np.isclose(np.linalg.norm(product, 2), statement(c, k))


@check(
    "khanna-9.1-02",
    printed=lambda rho, lag: rho**lag,
    planted=[lambda rho, lag: 1.0, lambda rho, lag: 1 / (1 + lag)],
    cases=[0.3, 0.5],
)
def the_credit_of_an_early_step(statement, rho):
    """What the last loss sends to step T - lag, relative to what it sends to step T."""
    n = linear(rho * rotation(np.random.default_rng(1)), 12)
    sent = [
        np.linalg.norm(n.total("h", t, of=lambda s, h, z, ell: ell[-1]))
        for t in range(n.T, 0, -1)
    ]
    for lag, size in enumerate(sent):
        assert np.isclose(size / sent[0], statement(rho, lag))


@check(
    "khanna-9.2-01",
    printed=lambda rho, depth: rho**depth,
    planted=[lambda rho, depth: rho, lambda rho, depth: 1 / depth],
    cases=[("deep", 0.5), ("recurrent", 0.5), ("deep", 0.9), ("recurrent", 0.9)],
)
def diminish_exponentially(statement, case):
    kind, rho = case
    rng = np.random.default_rng(2)
    first = rho * rotation(rng)
    for depth in (2, 10, 40):
        layers = [first] * depth
        if kind == "deep":
            layers = [rho * rotation(rng) for _ in range(depth)]

        def last(h, layers=layers):
            for W in layers:
                h = np.tanh(W @ h)
            return h

        size = np.linalg.norm(jacobian(last, np.zeros(3)), 2)
        assert np.isclose(size, statement(rho, depth))


@check(
    "khanna-9.2-02",
    printed=lambda terms, k: terms[k],
    corrected=lambda terms, k: sum(terms),
    planted=[lambda terms, k: terms[-1], lambda terms, k: sum(terms[k:])],
    cases=tanh_networks,
)
def the_update_of_the_weights_of_a_step(statement, n):
    """``terms``: the derivative by the copy of W_hh that each step uses."""
    updated = replace(n, W_hh=n.W_hh - 0.1 * n.gradient("W_hh"))
    terms = copies(n)
    for k in range(n.T):
        change = (n.W_hh - updated.W_hh) / 0.1  # of the matrix that step k + 1 uses
        assert close(statement(terms, k), change, 1e-6)


long_range = again(the_credit_of_an_early_step, "khanna-9.2-03")


def right_of_16(n, row):
    """The right side of (16) with these rows delta_t."""
    return sum(np.tensordot(row(n, t), inner(n, t), 1) for t in range(1, n.T + 1)) / n.T


@check(
    "khanna-9.2-04",
    printed=immediate_state,
    otherwise=lambda n, t: n.total("s", t),
    planted=[lambda n, t: n.total("h", t), lambda n, t: immediate_state(n, t) / t],
    cases=tanh_networks,
)
def equation_16(statement, n):
    mean = n.gradient("W_hh", of=lambda s, h, z, ell: sum(ell[1:]) / n.T)
    assert close(right_of_16(n, statement), mean)


@check(
    "khanna-9.2-05",
    printed=lambda T: 1 / T,
    corrected=lambda T: 1,
    planted=[lambda T: T],
    cases=tanh_networks,
    counterexample=network(np.random.default_rng(0), T=2),
)
def the_factor_in_front(statement, n):
    without = n.T * right_of_16(n, immediate_state)
    assert close(statement(n.T) * without, n.gradient("W_hh"))


@check(
    "khanna-9.2-06",
    printed=immediate,
    planted=[total, lambda n, k, name: immediate(n, k, name) * (k > 1)],
    cases=tanh_networks,
)
def the_partial_derivative_of_f(statement, n):
    assert close(inner(n, n.T, last=statement), total(n, n.T, "W_hh"))


@check(
    "khanna-9.2-07",
    printed=lambda n, j: jacobian(
        lambda h: n.act(n.W_xh @ n.x[j] + n.W_hh @ h + n.b_h), n.h[j - 1]
    ),
    planted=[
        lambda n, j: n.dh_dh(j, j - 1).T,
        lambda n, j: n.dh_dh(max(j - 1, 1), max(j - 2, 0)),
    ],
    cases=networks,
)
def the_jacobian_of_a_step(statement, n):
    small = 1e-6 * np.array([1.0, -2.0, 3.0])
    for j in range(1, n.T + 1):
        moved = replace(
            n, h_0=n.h[j - 1] + small, x=n.x[:1] + n.x[j:], y=n.y[:1] + n.y[j:]
        )
        assert close(statement(n, j) @ small, moved.h[1] - n.h[j], 1e-4)


@check(
    "khanna-9.2-08",
    printed=lambda m: {(i, i) for i in range(m)},
    corrected=lambda m: {(i, k) for i in range(m) for k in range(m)},
    planted=[lambda m: set()],
    cases=networks,
)
def which_entries_of_the_state_an_entry_of_f_reads(statement, n):
    J = n.dh_dh(2, 1)
    read = {i for i in np.ndindex(J.shape) if J[i] != 0}
    assert read == statement(len(n.b_h))


def without_bias(rng):
    return [replace(n, b_h=0 * n.b_h) for n in networks(rng)]


@check(
    "khanna-9.2-09",
    printed=lambda n, t: n.act(n.W_hh @ n.h[t - 1] + n.W_xh @ n.x[t]),
    planted=[
        lambda n, t: n.act(n.W_hh.T @ n.h[t - 1] + n.W_xh @ n.x[t]),
        lambda n, t: n.act(n.W_hh @ n.h[t - 1]) + n.W_xh @ n.x[t],
    ],
    cases=without_bias,
    outside=[network(np.random.default_rng(0))],
)
def equation_17(statement, n):
    for t in range(1, n.T + 1):
        assert close(statement(n, t), n.h[t])


SHAPES = {
    "tanh": np.tanh,
    "logistic": lambda s: 1 / (1 + np.exp(-s)),
    "relu": lambda s: np.maximum(s, 0),
    "absolute value": np.abs,
}


@check(
    "khanna-9.2-10",
    printed={"tanh", "logistic"},
    planted=[{"tanh", "logistic", "relu"}, {"tanh"}, set(SHAPES)],
)
def smooth_activations(statement):
    step = 1e-6
    grid = np.linspace(-3, 3, 61)
    smooth = set()
    for name, phi in SHAPES.items():
        right = (phi(grid + step) - phi(grid)) / step
        left = (phi(grid) - phi(grid - step)) / step
        smooth |= {name} if np.abs(right - left).max() < 1e-3 else set()
    assert smooth == statement
