"""Section 1.1: what a recurrent network is, and what training it does."""

from dataclasses import replace

import numpy as np

from ledger.checking import check
from ledger.checks.oracles import PARAMETERS, close, networks, softmax
from ledger.checks.roysdon.recursion import backward, descend, gradients


def readers(n, t, names, value):
    """Which of the named values change ``value`` when all later names are held."""
    return {name for name in names if value(n, t, name) > 1e-6}


def state_reads(n, t, name):
    """How far h_t moves when one of its possible arguments does, the others held."""
    moved = {"x_t": t, "x_{t-1}": t - 1}
    x = list(n.x)
    if name in moved:
        x[moved[name]] = x[moved[name]] + 1.0
    other = replace(n, x=tuple(x))
    hold = n.h[t - 1] - other.run()[1][t - 1]
    shift = {("h", t - 1): hold + (1.0 if name == "h_{t-1}" else 0.0)}
    if name == "h_{t-2}":
        shift[("h", t - 2)] = np.ones_like(hold)
        shift[("h", t - 1)] = n.h[t - 1] - other.run({("h", t - 2): 1.0})[1][t - 1]
    return np.max(np.abs(other.run(shift)[1][t] - n.h[t]))


@check(
    "roysdon-1.1-01",
    printed={"x_t", "h_{t-1}"},
    planted=[{"x_t"}, {"h_{t-1}"}, {"x_t", "h_{t-1}", "x_{t-1}"}],
    cases=networks,
)
def a_state_reads_its_input_and_the_state_before(statement, n):
    names = ("x_t", "h_{t-1}", "x_{t-1}", "h_{t-2}")
    for t in range(2, n.T + 1):
        assert readers(n, t, names, state_reads) == statement


@check(
    "roysdon-1.1-02",
    printed=("tanh", "logistic"),
    otherwise=("tanh", "identity"),
    cases=networks,
)
def the_update_is_not_affine(statement, n):
    for phi in statement:
        act = replace(n, phi=phi).act

        def step(h, act=act):
            return act(n.W_xh @ n.x[1] + n.W_hh @ h + n.b_h)

        a, b, zero = n.h_0, n.h[1] + 1.0, np.zeros_like(n.h_0)
        assert not close(step(a + b) + step(zero), step(a) + step(b), 1e-6)


def prediction_reads(n, t, name):
    """How far p_t moves with one of its possible arguments, the others held."""
    x = list(n.x)
    if name == "x_t":
        x[t] = x[t] + 1.0
    other = replace(n, x=tuple(x))
    shift = {("h", t - 1): 1.0} if name == "h_{t-1}" else {}
    hold = n.h[t] - other.run(shift)[1][t]
    shift[("h", t)] = hold + (np.arange(1.0, hold.size + 1) if name == "h_t" else 0.0)
    return np.max(np.abs(softmax(other.run(shift)[2][t]) - n.p[t]))


@check(
    "roysdon-1.1-03",
    printed={"h_t"},
    planted=[{"x_t", "h_t"}, {"h_{t-1}", "h_t"}, set()],
    cases=networks,
)
def a_prediction_reads_the_state_alone(statement, n):
    names = ("x_t", "h_t", "h_{t-1}")
    for t in range(1, n.T + 1):
        assert readers(n, t, names, prediction_reads) == statement


@check(
    "roysdon-1.1-04",
    printed=gradients,
    planted=[
        lambda n: gradients(n, back=n.W_hh.T),
        lambda n: gradients(n, back=0 * n.W_hh),
        lambda n: gradients(n, slope=lambda s: n.slope(s) + 0.01),
    ],
    cases=networks,
)
def backpropagation_through_time_is_exact(statement, n):
    for name, value in statement(n).items():
        assert close(value, n.gradient(name)), name


def copies(n, first=1, last=None):
    """Sum of the gradients by the separate copies of W_hh, one a step."""
    delta_s = backward(n).delta_s
    steps = range(first, (last or n.T) + 1)
    return sum(np.outer(delta_s[t], n.h[t - 1]) for t in steps)


@check(
    "roysdon-1.1-05",
    printed=copies,
    planted=[
        lambda n: copies(n, first=2),
        lambda n: copies(n, last=n.T - 1),
        lambda n: copies(n) / n.T,
    ],
    cases=networks,
)
def unrolling_gives_each_step_a_copy(statement, n):
    assert close(statement(n), n.gradient("W_hh"))


@check(
    "roysdon-1.1-06",
    printed=lambda n: gradients(n),
    planted=[
        lambda n: {name: -value for name, value in gradients(n).items()},
        lambda n: {name: 0 * value for name, value in gradients(n).items()},
    ],
    cases=lambda rng: [(n, 1e-6) for n in networks(rng)],
    outside=[(n, 100.0) for n in networks(np.random.default_rng(2))],
)
def a_small_step_against_the_gradient_lowers_the_loss(statement, case):
    """By the rate times the squared length of the gradient, to first order."""
    n, rate = case
    fall = (n.L - descend(n, statement(n), rate).L) / rate
    squares = sum(np.sum(n.gradient(name) ** 2) for name in PARAMETERS)
    assert abs(fall / squares - 1) < 1e-3
