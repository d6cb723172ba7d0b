"""Section 10: temporal point processes."""

from dataclasses import replace

import numpy as np

import rnnlib.pointprocess as pp
from ledger.checking import check
from ledger.checks.khanna.common import fed
from ledger.checks.oracles import close, network, softmax

MARKS = np.array([0, 1, 1, 0])
SLOW, QUICK = np.array([1.0, 4.0, 5.0, 9.0]), np.array([1.0, 1.5, 1.7, 2.0])


def process(rng, w=-0.2):
    """A recurrent marked point process with two marks and random outputs."""
    start = pp.init_params(2, 5, rng=rng)
    return start._replace(
        v=0.4 * rng.standard_normal(5),
        w=np.array(w),
        W_hy=rng.standard_normal((2, 5)),
    )


def processes(rng):
    return [process(rng), process(rng, 0.1)]


def as_network(params, times):
    """The same states by the equations (1), (2): inputs are marks and gaps."""
    gaps = np.diff(times, prepend=0.0)
    inputs = [np.append(params.E[:, k], g) for k, g in zip(MARKS, gaps, strict=True)]
    n = network(np.random.default_rng(0), d_x=len(inputs[0]), d_h=params.d_h, K=2)
    arrays = {k: getattr(params, k) for k in ("W_xh", "W_hh", "b_h", "W_hy", "b_y")}
    return fed(replace(n, **arrays, h_0=np.zeros(params.d_h)), inputs)


def the_marks_are_those_of_a_network(params):
    """Without the weights of the gap, the marks after the first have the RNN's law."""
    W_xh = params.W_xh.copy()
    W_xh[:, -1] = 0
    params = params._replace(W_xh=W_xh)
    for times in (SLOW, QUICK):
        n = as_network(params, times)
        trace = pp.forward(params, [pp.EventSequence(times, 10.0, MARKS)])
        law = sum(np.log(n.p[t][MARKS[t]]) for t in range(1, 4))
        assert np.isclose(law, trace.log_mark[1:].sum(), rtol=1e-9)


def fitted(rates):
    """The means over three bins of the best e^(a + w t); a grid has any rates."""
    w = (np.log(rates[2]) - np.log(rates[0])) / 2
    shape = np.exp(w * np.arange(3))
    return shape * np.exp(np.mean(np.log(rates) - np.log(shape)))


@check(
    "khanna-10-01",
    printed=lambda rates: min(rates) > 0,
    corrected=lambda rates: rates[1] ** 2 == rates[0] * rates[2],
    planted=[
        lambda rates: rates == sorted(rates) or rates == sorted(rates, reverse=True),
        lambda rates: 2 * rates[1] == rates[0] + rates[2],
        lambda rates: rates[0] == rates[2],
    ],
    cases=[[1, 2, 4], [9, 3, 1], [2, 2, 2], [1, 3, 1], [1, 2, 3], [1, 4, 2]],
    counterexample=[1, 3, 1],
)
def rates_that_the_recurrent_process_has(statement, rates):
    """The rates of three bins between two events, each bin one unit wide."""
    the_marks_are_those_of_a_network(process(np.random.default_rng(1)))
    assert statement(rates) == bool(np.allclose(fitted(rates), rates, rtol=1e-9))


@check(
    "khanna-10-03",
    printed=lambda apart: apart < 1e-12,
    planted=[lambda apart: apart > 1e-12, lambda apart: apart > 1],
    cases=["marks"],
    outside=["marks and gaps"],
)
def blind_to_the_times(statement, inputs):
    params = process(np.random.default_rng(1))
    if inputs == "marks":
        W_xh = params.W_xh.copy()
        W_xh[:, -1] = 0
        params = params._replace(W_xh=W_xh)
    slow, quick = (as_network(params, times).h[-1] for times in (SLOW, QUICK))
    assert statement(np.max(np.abs(slow - quick)))


@check(
    "khanna-10-04",
    printed=lambda T, delta, events: (1, round(T / delta), events),
    planted=[
        lambda T, delta, events: (2, round(T / delta), events),
        lambda T, delta, events: (0, round(T / delta), events),
        lambda T, delta, events: (1, events, events),
    ],
    cases=processes,
)
def a_time_grid_is_slow(statement, params):
    """Order of the error in the width of a bin; steps of the grid, and of events."""
    sequence = pp.EventSequence(SLOW, 10.0, MARKS)
    exact = pp.log_likelihood(params, [sequence])
    widths = [2.0**-6, 2.0**-7, 2.0**-8]
    errors = [
        abs(pp.discrete_log_likelihood(params, sequence, d) - exact) for d in widths
    ]
    order, bins, events = statement(10.0, widths[-1], len(SLOW))
    assert np.allclose(np.log2(np.divide(errors[:-1], errors[1:])), order, atol=0.1)
    assert bins == len(np.arange(0, 10.0, widths[-1]))
    assert events == len(pp.forward(params, [sequence]).network.s)


@check(
    "khanna-10-05",
    printed=lambda rate, N, T: N * np.log(rate) - rate * T,
    planted=[
        lambda rate, N, T: N * np.log(rate),
        lambda rate, N, T: N * np.log(rate) + rate * T,
        lambda rate, N, T: N * np.log(rate * T) - rate * T,
    ],
    cases=[0.3, 1.3, 4.0],
)
def the_poisson_process_is_one_setting(statement, rate):
    flat = pp.init_params(1, 3, rng=np.random.default_rng(2), rate=rate)
    sequence = pp.EventSequence(SLOW, 10.0, np.zeros(4, int))
    assert np.isclose(pp.log_likelihood(flat, [sequence]), statement(rate, 4, 10.0))


@check(
    "khanna-10-06",
    printed={"state": 1, "next gap": 50},
    planted=[{"state": 50, "next gap": 50}, {"state": 1, "next gap": 1}],
)
def what_is_random_given_the_history(statement):
    """Different values in fifty runs with the same history."""
    params, rng = process(np.random.default_rng(3), 0.1), np.random.default_rng(4)
    runs = {"state": set(), "next gap": set()}
    for _ in range(50):
        h = as_network(params, SLOW).h[-1]
        runs["state"].add(tuple(h))
        a = float(params.v @ h + params.b)
        runs["next gap"].add(float(pp.sample_gaps(a, float(params.w), rng=rng)))
    assert {name: len(values) for name, values in runs.items()} == statement


def loss_of_times(h, v, gaps):
    """Minus the log-likelihood of the gaps with intensity exp(v.h_j)."""
    a = [v @ state for state in h]
    seen = sum(a[j] for j in range(len(gaps) - 1))
    return sum(np.exp(x) * gap for x, gap in zip(a, gaps, strict=True)) - seen


@check(
    "khanna-10-08",
    printed=lambda compensator, event: compensator - event,
    planted=[
        lambda compensator, event: compensator,
        lambda compensator, event: event - compensator,
        lambda compensator, event: compensator - 1,
    ],
    cases=processes,
)
def the_gradient_is_backpropagation(statement, params):
    """(8) with delta from dL/da_j; ``event`` is 0 for the gap that none ends."""
    n, v = as_network(params, SLOW), params.v
    gaps = np.diff(SLOW, prepend=0.0, append=10.0)
    delta, W = np.zeros(5), np.zeros((5, 5))
    for j in range(n.T, 0, -1):
        compensator = np.exp(v @ n.h[j]) * gaps[j]
        g = v * statement(compensator, int(j < n.T)) + n.W_hh.T @ delta
        delta = g * n.slope(n.s[j])
        W += np.outer(delta, n.h[j - 1])
    wanted = n.gradient("W_hh", of=lambda s, h, z, ell: loss_of_times(h, v, gaps))
    assert close(W, wanted)


@check(
    "khanna-10-09",
    printed=lambda events, duration: round(duration),
    corrected=lambda events, duration: events,
    planted=[lambda events, duration: 1],
    cases=[1.0, 10.0, 0.5],
    counterexample=10.0,
    numbers=lambda: {"short": 10, "long": round(10 * 10.0), "events": len(SLOW)},
)
def steps_of_the_backward_pass(statement, factor):
    """In a window of 10 units, stretched by a factor, with four events."""
    params = process(np.random.default_rng(5))
    sequence = pp.EventSequence(factor * SLOW, factor * 10.0, MARKS)
    steps = len(pp.forward(params, [sequence]).network.s)
    assert steps == statement(4, factor * 10.0)


def linear(rng):
    return [network(rng, phi="identity") for _ in range(3)]


@check(
    "khanna-10-10",
    printed=lambda n, other: np.array_equal(n.h[1], other.h[1]),
    corrected=lambda n, other: all(map(close, n.p[1:], other.p[1:])),
    planted=[lambda n, other: not close(n.L, other.L)],
    cases=linear,
)
def what_a_recurrent_network_models(statement, n):
    """Two networks of the same likelihood: does ``statement`` call them one model?"""
    Q = np.linalg.qr(np.random.default_rng(0).standard_normal((3, 3)))[0]
    other = replace(
        n,
        W_xh=Q @ n.W_xh,
        W_hh=Q @ n.W_hh @ Q.T,
        b_h=Q @ n.b_h,
        h_0=Q @ n.h_0,
        W_hy=n.W_hy @ Q.T,
    )
    assert close(n.L, other.L) and statement(n, other)


GRID = np.linspace(0, 60, 600_001)


def integral(values):
    return float(np.sum((values[1:] + values[:-1]) / 2) * (GRID[1] - GRID[0]))


def compensator(a, w):
    return np.exp(a) * (np.expm1(w * GRID) / w)


@check(
    "khanna-10-11",
    printed=lambda rate, total: rate * np.exp(-total),
    planted=[
        lambda rate, total: rate,
        lambda rate, total: np.exp(-total),
        lambda rate, total: rate * np.exp(-rate * GRID),
    ],
    cases=[(0.2, 0.1), (-1.0, 0.3), (0.5, -0.4)],
)
def the_law_of_the_next_event(statement, case):
    """Density from the intensity exp(a + w t) and its integral; mass with no event."""
    a, w = case
    total = compensator(a, w)
    with np.errstate(over="ignore", under="ignore"):
        density = statement(np.exp(a + w * GRID), total)
    assert abs(integral(density) + np.exp(-total[-1]) - 1) < 1e-6


@check(
    "khanna-10-12",
    printed=lambda time, mark: time * mark,
    planted=[lambda time, mark: time, lambda time, mark: mark],
    cases=[(0.2, 0.1), (-1.0, 0.3)],
)
def content_and_timing(statement, case):
    """The joint density of next gap and mark: mass one, and both laws as margins."""
    a, w = case
    total = compensator(a, w)
    gap = np.exp(a + w * GRID - total)
    p = softmax(np.array([0.3, -1.0, 0.5]))
    joint = np.array([statement(gap, q) * np.ones(len(GRID)) for q in p])
    assert np.allclose([integral(row) for row in joint], p, atol=1e-5)
    assert np.allclose(joint.sum(axis=0), gap)
