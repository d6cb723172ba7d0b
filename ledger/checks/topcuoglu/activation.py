"""Section 7: tanh, its range, its centre and its slope."""

import numpy as np
import sympy as sp

from ledger.checking import check
from ledger.checks.oracles import close, network

u = sp.Symbol("u", real=True)
LOGISTIC = 1 / (1 + sp.exp(-u))


def values(f):
    """The values of an increasing function: from limit to limit, ends left out."""
    slope = sp.simplify(sp.diff(f, u).rewrite(sp.exp))
    assert slope.subs(u, 0) > 0
    assert not sp.solveset(slope, u, sp.S.Reals)  # never zero: strictly increasing
    return sp.Interval.open(sp.limit(f, u, -sp.oo), sp.limit(f, u, sp.oo))


@check(
    "topcuoglu-7.1-01",
    printed=sp.Interval.open(-1, 1),
    planted=[sp.Interval(-1, 1), sp.Interval.open(0, 1)],
)
def the_range_of_tanh(statement):
    assert values(sp.tanh(u)) == statement


@check(
    "topcuoglu-7.2-01",
    printed=sp.Interval.open(0, 1),
    planted=[sp.Interval.open(-1, 1), sp.Interval(0, 1)],
)
def the_range_of_the_logistic_function(statement):
    assert values(LOGISTIC) == statement


def linear(rng):
    return [network(rng, phi="identity", T=T) for T in (2, 3, 6)]


@check(
    "topcuoglu-7.1-02",
    printed=np.linalg.matrix_power,
    planted=[
        lambda W, T: T * W,
        lambda W, T: np.linalg.matrix_power(W, T - 1),
        lambda W, T: W**T,
    ],
    cases=linear,
)
def one_matrix_multiplies_at_every_step(statement, n):
    assert close(statement(n.W_hh, n.T), n.dh_dh(n.T, 0))


def relu(s):
    return np.maximum(s, 0.0)


def states(f, w, h, T):
    """h_0 to h_T of one unit with h_t = f(w h_{t-1})."""
    found = [h]
    for _ in range(T):
        found.append(float(f(w * found[-1])))
    return found


@check(
    "topcuoglu-7.1-03",
    printed=lambda w, t: w**t,
    planted=[lambda w, t: w * t, lambda w, t: 1.0, lambda w, t: t**w],
    cases=[1.5, 2.0, 3.0],
)
def a_relu_state_can_grow_exponentially(statement, w):
    for t, state in enumerate(states(relu, w, 1.0, 60)):
        assert close(state, statement(w, t))


UNITS = [(w, h) for w in (0.5, 0.9, 1.0, 1.1, 2.0) for h in (0.5, 64.0)]


@check(
    "topcuoglu-7.1-04",
    printed=lambda w, h: max(states(relu, w, h, 3)) >= 1,
    corrected=lambda w, h: w > 1,
    planted=[lambda w, h: h > 1, lambda w, h: w > 1 and h > 1],
    cases=UNITS,
    counterexample=(0.5, 64.0),
)
def what_makes_it_explode(statement, case):
    assert statement(*case) == (states(relu, *case, 300)[-1] > 1e6)


def large_networks(rng):
    loss = "half_squared_error"  # finite for any weights
    return [network(rng, scale=scale, T=8, loss=loss) for scale in (0.5, 5.0, 500.0)]


@check(
    "topcuoglu-7.1-05",
    printed=1.0,
    planted=[0.5, 0.99],
    cases=large_networks,
)
def a_tanh_state_is_bounded(statement, n):
    for h in n.h[1:]:
        assert np.all(np.abs(h) <= statement)
    assert np.tanh(50.0) == statement  # and no less will do


@check(
    "topcuoglu-7.1-06",
    printed=lambda w, apart, T: apart,
    corrected=lambda w, apart, T: w**T * apart,
    planted=[lambda w, apart, T: w ** (T - 2) * apart],
    cases=[(2.0, 1e-9, 10), (1.5, 1e-9, 12), (3.0, 1e-9, 5)],
    counterexample=(2.0, 1e-9, 10),
    numbers=lambda: {"apart": states(np.tanh, 2.0, 1e-9, 10)[-1]},
)
def a_small_error_in_a_bounded_state(statement, case):
    w, apart, T = case
    error = states(np.tanh, w, apart, T)[-1] - states(np.tanh, w, 0.0, T)[-1]
    assert 0.99 * statement(w, apart, T) <= abs(error)
    assert abs(error) <= statement(w, apart, T) * (1 + 1e-9)


@check(
    "topcuoglu-7.2-02",
    printed={"tanh": 0, "logistic": sp.Rational(1, 2)},
    planted=[{"tanh": sp.Rational(1, 2), "logistic": 0}, {"tanh": 0, "logistic": 0}],
)
def the_centre_of_the_values(statement):
    for name, f in (("tanh", sp.tanh(u)), ("logistic", LOGISTIC)):
        assert sp.simplify(f + f.subs(u, -u)) == 2 * statement[name]


def pre_activations(rng):
    s = rng.standard_normal(20)
    ends = [np.array([0.0, 1.0]), np.array([-1.0, 0.0])]
    return [s, s + 8.0, s - 8.0, *ends]


def mixed(s):
    return bool(np.any(s > 0) and np.any(s < 0))


@check(
    "topcuoglu-7.2-03",
    printed=lambda s: True,
    corrected=mixed,
    planted=[lambda s: False],
    cases=pre_activations,
    counterexample=np.array([1.0, 2.0]),
)
def updates_of_both_signs(statement, s):
    error = np.array([0.7, -0.2, -0.5])
    signs = np.sign(np.outer(error, np.tanh(s)))
    both = [bool(np.any(row > 0) and np.any(row < 0)) for row in signs]
    assert both == [statement(s)] * 3
    positive = 1 / (1 + np.exp(-s))  # the logistic function: one sign in each row
    assert np.all(np.abs(np.sign(np.outer(error, positive)).sum(axis=1)) == s.size)


def loss_after(f, inputs, targets, steps=40, rate=0.5):
    """Mean squared error of w f(x) + b after gradient descent from w = b = 0."""
    features = np.stack([f(inputs), np.ones_like(inputs)])
    weights = np.zeros(2)
    for _ in range(steps):
        weights = weights - rate * features @ (weights @ features - targets) / 2
    return float(np.mean((weights @ features - targets) ** 2))


SIGNS = np.array([-1.0, 1.0])
LEARNT = {"sign of x": (SIGNS, SIGNS), "a constant": (np.zeros(2), np.ones(2))}


@check(
    "topcuoglu-7.2-04",
    printed=lambda task: "tanh",
    corrected={"sign of x": "tanh", "a constant": "logistic"}.get,
    planted=[lambda task: "logistic"],
    cases=list(LEARNT),
    counterexample="a constant",
)
def which_converges_faster_depends_on_the_task(statement, task):
    loss = {
        "tanh": loss_after(np.tanh, *LEARNT[task]),
        "logistic": loss_after(lambda s: 1 / (1 + np.exp(-s)), *LEARNT[task]),
    }
    faster = statement(task)
    slower = {"tanh": "logistic", "logistic": "tanh"}[faster]
    assert loss[faster] < 0.5 * loss[slower]


@check(
    "topcuoglu-7.3-01",
    printed=1 - sp.tanh(u) ** 2,
    planted=[1 - sp.tanh(u), 1 + sp.tanh(u) ** 2, sp.tanh(u) * (1 - sp.tanh(u))],
)
def the_slope_of_tanh(statement):
    assert sp.simplify((sp.diff(sp.tanh(u), u) - statement).rewrite(sp.exp)) == 0


class Counting:
    """A number that writes down what is done with it."""

    def __init__(self, value, log):
        self.value, self.log = value, log

    def __mul__(self, other):
        self.log.append("multiplication")
        return Counting(self.value * other.value, self.log)

    def __rsub__(self, other):
        self.log.append("subtraction")
        return Counting(other - self.value, self.log)


@check(
    "topcuoglu-7.3-02",
    printed=["multiplication", "subtraction"],
    planted=[["subtraction"], ["multiplication", "multiplication", "subtraction"], []],
    cases=[-2.0, 0.1, 3.0],
)
def two_operations_on_the_stored_value(statement, s):
    log = []
    h = Counting(np.tanh(s), log)
    slope = 1 - h * h
    assert abs(slope.value - np.imag(np.tanh(s + 1e-30j)) / 1e-30) < 1e-12
    assert sorted(log) == statement
