"""Section 6, first paragraphs, and section 8: gradient descent."""

from dataclasses import replace
from functools import cache, partial

import numpy as np

from ledger.checking import check
from ledger.checks.khanna.common import fed
from ledger.checks.khanna.gradients import MATRICES, tanh_networks
from ledger.checks.oracles import PARAMETERS, close, jacobian, network


@cache
def start():
    """A small network, its targets within reach."""
    return network(np.random.default_rng(2), T=3, d_h=2, K=2, scale=0.5)


def stepped(n, eta, gradients):
    """n with eta times each of the gradients taken off."""
    return replace(n, **{k: getattr(n, k) - eta * g for k, g in gradients.items()})


def gradients(n, names=PARAMETERS):
    return {name: n.gradient(name) for name in names}


@check(
    "khanna-6-02",
    printed=lambda k: k,
    planted=[lambda k: 0, lambda k: k - k % 24],
)
def the_gradient_is_needed_after_each_iteration(statement):
    """``statement`` names the iterate at which the gradient of step k is taken."""
    n, past = start(), []
    for k in range(25):
        past.append(gradients(n, ("b_y",)))
        after = stepped(n, 0.2, past[statement(k)])
        assert after.L < n.L
        n = after


@cache
def losses(eta):
    """L of 15 iterations of (13) to (15) and the same for the biases."""
    n, values = start(), []
    for _ in range(15):
        values.append(n.L)
        n = stepped(n, eta, gradients(n))
    return values


@check(
    "khanna-8-01",
    printed=lambda before, after: after < before,
    planted=[lambda before, after: after > before, lambda before, after: after == 0],
    cases=[0.01, 0.1],
    outside=[30.0],
)
def descent_lowers_the_loss(statement, eta):
    values = losses(eta)
    assert all(map(statement, values, values[1:]))


def update_check(id_, name, *planted):
    """L falls by eta |gradient|^2 to first order, as along no other step of the size.

    ``statement`` maps the matrix, the rate and the gradient to the new matrix.
    """

    @check(
        id_,
        printed=lambda W, eta, g: W - eta * g,
        planted=[
            lambda W, eta, g: W + eta * g,
            lambda W, eta, g: W - g,
            lambda W, eta, g: W - eta * np.sign(g),
            lambda W, eta, g: -eta * g,
            *planted,
        ],
        cases=tanh_networks,
    )
    def the_update(statement, n):
        eta, W, g = 1e-6, getattr(n, name), n.gradient(name)
        moved = replace(n, **{name: statement(W, eta, g)})
        expected = -eta * np.sum(g**2)
        assert abs(moved.L - n.L - expected) < 1e-3 * abs(expected)

    return the_update


equation_13 = update_check("khanna-8-02", "W_xh")
equation_14 = update_check("khanna-8-03", "W_hh", lambda W, eta, g: W - eta * g.T)
equation_15 = update_check("khanna-8-04", "W_hy", lambda W, eta, g: W + eta * abs(g))


def silent(rng=None):
    """No input, zero biases, zero state: only a bias can learn."""
    n = network(np.random.default_rng(1))
    zero = {name: 0 * getattr(n, name) for name in ("b_h", "b_y", "h_0")}
    return replace(n, x=(None, *(0 * x for x in n.x[1:])), **zero)


@check(
    "khanna-8-05",
    printed=MATRICES,
    corrected=MATRICES | {"b_h", "b_y"},
    planted=[{"W_hh"}, {"W_xh", "W_hh"}],
    cases=lambda rng: [*tanh_networks(rng), silent()],
    counterexample=silent(),
)
def the_updates_can_lower_the_loss(statement, n):
    moved = {name for name, g in gradients(n).items() if np.abs(g).max() > 1e-9}
    assert moved <= set(statement) <= set(PARAMETERS)
    assert stepped(n, 1e-3, gradients(n, statement)).L < n.L


def at_once(n, eta):
    """The gradient of the whole sequence, then one update."""
    terms = [n.gradient("W_hh", of=lambda s, h, z, ell, t=t: ell[t]) for t in times(n)]
    return n.W_hh - eta * sum(terms)


def times(n):
    return range(1, n.T + 1)


def on_the_way(n, eta):
    """An update after the loss of each step."""
    for t in times(n):
        n = stepped(n, eta, {"W_hh": n.gradient("W_hh", of=lambda *r, t=t: r[3][t])})
    return n.W_hh


@check(
    "khanna-8-06",
    printed=at_once,
    planted=[
        on_the_way,
        lambda n, eta: (
            n.W_hh - eta * n.gradient("W_hh", of=lambda s, h, z, ell: ell[n.T])
        ),
    ],
    cases=tanh_networks,
)
def one_update_for_the_sequence(statement, n):
    assert close(statement(n, 0.1), n.W_hh - 0.1 * n.gradient("W_hh"))


def batch(lengths):
    """Sequences of these lengths through one network."""
    rng = np.random.default_rng(6)
    n = network(rng)
    inputs = [fed(n, rng.standard_normal((T, 2))) for T in lengths]
    eye = np.eye(4)
    return [
        replace(m, y=(None, *(eye[k] for k in rng.integers(4, size=m.T))))
        for m in inputs
    ]


def sum_over_steps(n):
    return n.L


def mean_over_steps(n):
    return n.L / n.T


def mean_objective(step_rule, networks, W):
    return sum(step_rule(replace(n, W_hh=W)) for n in networks) / len(networks)


def direction(a):
    return a / np.linalg.norm(a)


@check(
    "khanna-8-07",
    printed=lambda each: sum(each) / len(each),
    planted=[lambda each: each[0], lambda each: sum(map(direction, each))],
    cases=[(sum_over_steps, (4, 4, 4)), (sum_over_steps, (2, 7, 4))],
    outside=[(mean_over_steps, (2, 7, 4))],
)
def averaged_across_the_batch(statement, case):
    """The mean of the gradients of (5), against the gradient of a mean loss."""
    step_rule, lengths = case
    networks = batch(lengths)
    total = jacobian(partial(mean_objective, step_rule, networks), networks[0].W_hh)
    each = [n.gradient("W_hh") for n in networks]
    assert close(direction(statement(each)), direction(total), 1e-6)
    if step_rule is sum_over_steps:
        assert close(statement(each), total)


NORMS = {
    "euclidean": np.linalg.norm,
    "largest entry": lambda d: np.abs(d).max(),
    "sum of entries": lambda d: np.abs(d).sum(),
}


@check(
    "khanna-8-08",
    printed=lambda g: -g,
    planted=[lambda g: g, lambda g: -np.sign(g), lambda g: -g / (1 + g**2)],
    cases=["euclidean"],
    outside=["largest entry", "sum of entries"],
)
def the_direction_of_steepest_descent(statement, name):
    size, g = NORMS[name], start().gradient("W_hh").ravel()
    d = statement(g)
    steepest = (g @ d) / size(d)
    spikes = [-g, -np.sign(g), *(-np.eye(len(g)) * np.sign(g))]
    rng = np.random.default_rng(0)
    for other in (*spikes, *rng.standard_normal((2000, len(g)))):
        assert steepest <= (g @ other) / size(other) + 1e-9


@check(
    "khanna-8-09",
    printed=lambda T: (T - 1, (T - 1) * T * (T + 1) // 6),
    planted=[lambda T: (T, T), lambda T: (T - 1, T * (T - 1) // 2)],
    cases=[3, 5, 12],
)
def backpropagation_is_efficient(statement, T):
    """Products of a row with a Jacobian: the recursion, and the sums of (12)."""
    rng = np.random.default_rng(T)
    J, u = rng.standard_normal((T + 1, 3, 3)), rng.standard_normal((T + 1, 3))
    counts = {"recursion": 0, "sums": 0}

    def times_jacobian(row, j, which):
        counts[which] += 1
        return row @ J[j]

    rows, row = {T: u[T]}, u[T]
    for t in range(T - 1, 0, -1):
        row = u[t] + times_jacobian(row, t + 1, "recursion")
        rows[t] = row
    sums = {k: np.zeros(3) for k in range(1, T + 1)}
    for t in range(1, T + 1):
        for k in range(1, t + 1):
            term = u[t]
            for j in range(t, k, -1):
                term = times_jacobian(term, j, "sums")
            sums[k] = sums[k] + term
    assert all(close(rows[k], sums[k]) for k in sums)
    assert tuple(counts.values()) == statement(T)
