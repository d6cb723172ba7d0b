"""Simulation, residuals, the grid and the classical processes."""

import numpy as np
import pytest
from scipy import stats

import rnnlib
from rnnlib import pointprocess as pp
from tests.pointprocess import reference
from tests.pointprocess.problems import problem

HAWKES = pp.Hawkes(0.5, 1.6, 2.0)
CORRECTING = pp.SelfCorrecting(1.0, 0.7)


def repeat(simulate, count, *arguments, seed=0):
    """That many sequences from one generator."""
    rng = np.random.default_rng(seed)
    return [simulate(*arguments, rng=rng) for _ in range(count)]


def test_samples_pass_the_test_of_their_own_residuals():
    params, _, h_0 = problem(w=-0.4, shared=True, seed=3).arguments()
    rng = np.random.default_rng(1)
    data = pp.simulate(params, 8.0, rng=rng, count=800, h_0=h_0)
    gaps = pp.rescaled_gaps(pp.compensators(params, data, h_0=h_0))
    assert gaps.size == sum(s.N for s in data) > 1000
    assert stats.kstest(gaps, "expon").pvalue > 0.01
    wrong = params._replace(b=params.b + 0.3)
    gaps = pp.rescaled_gaps(pp.compensators(wrong, data, h_0=h_0))
    assert stats.kstest(gaps, "expon").pvalue < 1e-6


def test_marks_follow_the_softmax():
    params = pp.init_params(3, 2, rng=np.random.default_rng(0), rate=5.0)
    params = params._replace(W_hy=0 * params.W_hy, b_y=np.log([0.2, 0.5, 0.3]))
    data = pp.simulate(params, 20.0, rng=np.random.default_rng(2), count=30)
    marks = np.concatenate([s.marks for s in data])
    counts = np.bincount(marks, minlength=3)
    expected = marks.size * np.array([0.2, 0.5, 0.3])
    assert stats.chisquare(counts, expected).pvalue > 0.01


def test_a_seed_decides_the_sample():
    params, _, _ = problem().arguments()
    one, two = (
        pp.simulate(params, 4.0, rng=np.random.default_rng(7), count=3) for _ in "ab"
    )
    assert all(
        np.array_equal(a.times, b.times) and np.array_equal(a.marks, b.marks)
        for a, b in zip(one, two, strict=True)
    )


def test_a_defective_process_falls_silent():
    params = pp.init_params(1, 2, rng=np.random.default_rng(0), rate=0.5)
    params = params._replace(w=np.array(-1.0))
    data = pp.simulate(params, 1e6, rng=np.random.default_rng(3), count=500)
    events = np.array([s.N for s in data])  # geometric: mass 1 - exp(-1/2) each time
    mass = pp.probability_of_event(np.log(0.5), -1.0)
    mean, deviation = mass / (1 - mass), np.sqrt(mass) / (1 - mass)
    assert abs(events.mean() - mean) < 4 * deviation / np.sqrt(500)


@pytest.mark.parametrize(
    ("data", "pieces"),
    [
        (repeat(pp.simulate_hawkes, 15, HAWKES, 40.0), pp.hawkes_compensators),
        (
            repeat(pp.simulate_self_correcting, 15, CORRECTING, 40.0),
            lambda p, data: pp.compensators(
                pp.self_correcting_network(p), data, phi="identity"
            ),
        ),
    ],
    ids=["Hawkes", "self-correcting"],
)
def test_classical_samples_pass_their_residuals(data, pieces):
    truth = HAWKES if pieces is pp.hawkes_compensators else CORRECTING
    gaps = pp.rescaled_gaps(pieces(truth, data))
    assert stats.kstest(gaps, "expon").pvalue > 0.01
    rate = pp.poisson_rate(data)
    flat = pp.rescaled_gaps(
        [rate * np.diff(s.times, prepend=0, append=s.T) for s in data]
    )
    assert stats.kstest(flat, "expon").pvalue < 1e-3


def test_the_stationary_rate_of_hawkes():
    data = repeat(pp.simulate_hawkes, 40, HAWKES, 200.0)
    rates = np.array([s.N / s.T for s in data])
    expected = 0.5 / (1 - 0.8)
    error = rates.std() / np.sqrt(len(rates))
    assert abs(rates.mean() - expected) < 4 * error + 0.05  # it starts from rest


def test_self_correcting_is_an_instance_of_the_recurrent_process():
    data = repeat(pp.simulate_self_correcting, 5, CORRECTING, 15.0)
    own = pp.self_correcting_log_likelihood(CORRECTING, data)
    network = pp.self_correcting_network(CORRECTING)
    assert np.isclose(own, pp.log_likelihood(network, data, phi="identity"), rtol=1e-12)
    t = data[0].times
    direct = (1.0 * t - 0.7 * np.arange(t.size)).sum()
    edges = np.concatenate([[0], t, [15.0]])
    pieces = np.exp(-0.7 * np.arange(t.size + 1)) * np.diff(np.exp(edges))
    single = pp.self_correcting_log_likelihood(CORRECTING, data[:1])
    assert np.isclose(single, direct - pieces.sum(), rtol=1e-12)


def test_the_poisson_rate_is_the_maximum():
    data = repeat(pp.simulate_poisson, 5, 1.4, 30.0)
    rate = pp.poisson_rate(data)
    best = pp.poisson_log_likelihood(rate, data)
    assert best > max(pp.poisson_log_likelihood(r * rate, data) for r in (0.99, 1.01))
    assert np.isclose(rate, sum(s.N for s in data) / 150)


def test_joined_residuals():
    pieces = [np.array([1.0, 2.0, 0.5]), np.array([0.25]), np.array([0.25, 3.0])]
    assert pp.rescaled_gaps(pieces).tolist() == [1.0, 2.0, 1.0]


def test_dropping_the_survival_favours_short_gaps():
    """Many short windows of a Poisson process: joined gaps pass, pooled ones fail."""
    data = repeat(pp.simulate_poisson, 1500, 1.0, 1.0)
    pieces = [np.diff(s.times, prepend=0, append=s.T) for s in data]
    pooled = np.concatenate([p[:-1] for p in pieces])
    assert stats.kstest(pp.rescaled_gaps(pieces), "expon").pvalue > 0.01
    assert stats.kstest(pooled, "expon").pvalue < 1e-6


def test_the_grid_converges_at_first_order():
    params, _, _ = problem(w=-0.5, shared=True, seed=3).arguments()
    data = pp.simulate(params, 8.0, rng=np.random.default_rng(4), count=40)
    widths = 2.0 ** -np.arange(8, 13)
    data = [s for s in data if s.N < 2 or np.diff(s.times).min() > 2 * widths[0]]
    exact = pp.log_likelihood(params, data)
    errors = [
        abs(sum(pp.discrete_log_likelihood(params, s, d) for s in data) - exact)
        for d in widths
    ]
    slope = np.polyfit(np.log(widths), np.log(errors), 1)[0]
    assert len(data) > 10 and 0.8 < slope < 1.2, (slope, errors)


def test_the_grid_at_dyadic_times_needs_no_rounding():
    """Events on the grid: only the hazard's change within a bin is left."""
    params, _, _ = problem(w=0.0, shared=True).arguments()
    sequence = pp.EventSequence(np.array([0.5, 1.25]), 2.0, np.array([0, 2]))
    exact = pp.log_likelihood(params, [sequence])
    gap = pp.discrete_log_likelihood(params, sequence, 2.0**-10) - exact
    rates = np.exp(pp.forward(params, [sequence]).log_intensity).sum()
    assert np.isclose(gap, 2.0**-11 * rates, rtol=1e-2)  # log((1 - e^-x)/x) + x


def test_the_grid_is_a_network_with_one_step_a_bin():
    """All bins as steps of the core, the state carried over where nothing happens."""
    params, data, _ = problem(w=-0.5, shared=True).arguments()
    sequence, delta = data[4], 5.0 / 64
    seen = np.zeros(64, bool)
    seen[np.ceil(sequence.times / delta).astype(int) - 1] = True
    x, p, log_L, last = np.zeros((64, 1, 3)), params, 0.0, 0
    for i, mark in zip(np.flatnonzero(seen), sequence.marks, strict=True):
        x[i, 0] = [*p.E[:, mark], delta * (i + 1 - last)]
        last = i + 1
    h = rnnlib.forward(p.network, x, mask=seen[:, None]).h[:, 0]
    marks, last = iter(sequence.marks), 0
    for i in range(64):
        expected = delta * np.exp(p.v @ h[i] + p.b + p.w * delta * (i - last))
        log_L -= 0 if seen[i] else expected
        if seen[i]:
            z = p.W_hy @ h[i] + p.b_y
            log_L += np.log((1 - np.exp(-expected)) / delta)
            log_L += z[next(marks)] - np.log(np.exp(z).sum())
            last = i + 1
    found = pp.discrete_log_likelihood(params, sequence, delta)
    assert np.isclose(found, log_L, rtol=1e-12)


def test_an_intensity_by_hand():
    """The reference's intensity just after an event uses that event, not before."""
    case = problem(w=0.2, shared=True)
    v, s = case.variables, case.sequences[0]
    params, data, h_0 = case.arguments(sequences=[s])
    at_events = pp.forward(params, data, h_0=h_0).log_intensity[:, 0]
    direct = [np.log(reference.intensity_at(v, s, t)) for t in s.times]
    assert np.allclose(at_events, direct, rtol=0, atol=1e-12)


def test_the_pieces_of_a_hawkes_process_are_those_of_each_sequence():
    data = [
        pp.EventSequence(np.array(times), T)
        for times, T in (([0.5, 2.0], 3.0), ([], 2.0), ([1.0, 1.25, 2.5, 4.0], 4.0))
    ]
    found = pp.hawkes_compensators(HAWKES, data)
    mu, alpha, beta = HAWKES
    for (times, T, _), pieces in zip(data, found, strict=True):
        edges = [0.0, *times, T]
        wanted = [
            mu * (b - a)
            + alpha
            / beta
            * (np.exp(-beta * (a - times[:j])) * -np.expm1(beta * (a - b))).sum()
            for j, (a, b) in enumerate(zip(edges[:-1], edges[1:], strict=True))
        ]
        assert np.allclose(pieces, wanted, rtol=1e-12, atol=1e-15)
        assert pieces.shape == (len(times) + 1,)
