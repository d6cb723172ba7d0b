"""What is drawn, number by number, from a generator whose numbers are known."""

import inspect

import numpy as np
import pytest

from rnnlib import pointprocess as pp
from tests.pointprocess.problems import plain


def rng(seed=0):
    return np.random.default_rng(seed)


class Fixed(np.random.Generator):
    """Gaps of one half, and uniform numbers as high as there are."""

    def __init__(self):
        super().__init__(np.random.PCG64(0))

    def standard_exponential(self, size=None):
        return np.full(size, 0.5)

    def random(self, size=None):
        return np.full(size, 1 - 2.0**-53)


def test_a_poisson_process_has_as_many_events_as_its_rate_says():
    one = pp.simulate_poisson(2.0, 500.0, rng=rng(1))
    assert abs(one.N - 1000) < 4 * np.sqrt(1000) and one.T == 500.0
    assert 0 < one.times.min() < 5 and 495 < one.times.max() <= 500
    assert abs(one.times.mean() - 250) < 4 * 500 / np.sqrt(12 * one.N)
    high = pp.simulate_poisson(3.0, 1.0, rng=Fixed())
    assert (high.times > 0).all()  # one minus the number drawn, which may be zero


def test_self_correcting_times_are_inverted_one_by_one():
    found = pp.simulate_self_correcting(pp.SelfCorrecting(0.8, 0.6), 12.0, rng=rng(4))
    source, times, t = rng(4), [], 0.0
    while True:
        a = 0.8 * t - 0.6 * len(times)
        t += np.log1p(0.8 * source.standard_exponential() * np.exp(-a)) / 0.8
        if t > 12:
            break
        times.append(t)
    assert found.T == 12 and found.N > 5
    assert np.allclose(found.times, times, rtol=1e-12, atol=0)


def test_hawkes_times_are_thinned_one_by_one():
    mu, alpha, beta = 0.7, 1.2, 2.0
    found = pp.simulate_hawkes(pp.Hawkes(mu, alpha, beta), 15.0, rng=rng(3))
    source, times, t = rng(3), [], 0.0
    excited = lambda t: sum(np.exp(-beta * (t - s)) for s in times)  # noqa: E731
    while True:
        bound = mu + alpha * excited(t)
        t += source.standard_exponential() / bound
        if t > 15:
            break
        if source.random() * bound <= mu + alpha * excited(t):
            times.append(t)
    assert found.T == 15 and found.N > 10
    assert np.allclose(found.times, times, rtol=1e-12, atol=0)


def test_the_network_of_a_self_correcting_process():
    made = pp.self_correcting_network(pp.SelfCorrecting(0.8, 0.6))
    assert not any(p.any() for p in (made.E, made.W_hy, made.b_y, made.b))
    assert made.W_xh.tolist() == [[0, 0.8]] and made.b_h.tolist() == [-0.6]
    assert made.W_hh.tolist() == [[1]] and made.v.tolist() == [1] and made.w == 0.8
    assert {p.dtype for p in made} == {np.dtype(float)}
    assert [p.shape for p in made] == [p.shape for p in plain(1)]


def test_an_intensity_that_overflows_in_the_middle_of_a_gap():
    """Just after the events it is small: over the last gap it grows without bound."""
    right = pp.SelfCorrecting(1.0, 0.5)
    data = [pp.EventSequence(np.array([1.0]), 1000.0)]
    with pytest.raises(FloatingPointError, match="sequences: the intensity overflows"):
        pp.self_correcting_log_likelihood(right, data)


def test_the_state_before_the_first_event_is_zero():
    params = plain(v=np.array([0.9, -0.4]), W_hh=np.array([[0.5, 1.0], [0.3, 0.2]]))
    one, other = (
        pp.simulate(params, 9.0, rng=rng(5), count=2, h_0=h_0)
        for h_0 in (None, np.zeros(2))
    )
    for a, b in zip(one, other, strict=True):
        assert a.N > 2 and np.array_equal(a.times, b.times)


def test_each_sequence_goes_on_from_its_own_state():
    """Of two sequences of three marks and different lengths."""
    params = pp.PointProcessParams(
        E=np.array([[0.3, -0.2, 0.5], [1.0, 0.1, -0.7]]),
        W_xh=np.array([[0.4, -0.3, 0.2], [0.1, 0.6, -0.5]]),
        W_hh=np.array([[3.0, 0.7], [-0.4, 3.0]]),
        b_h=np.array([0.1, -0.2]),
        W_hy=np.array([[2.5, 0.2], [-1.6, 3.9], [0.3, -2.8]]),
        b_y=np.array([0.2, -0.1, 0.4]),
        v=np.array([0.6, -0.3]),
        w=np.array(-0.3),
        b=np.array(1.2),
    )
    start = np.array([[0.5, -0.5], [-2.0, 2.0]])
    found = pp.simulate(params, 8.0, rng=rng(11), count=2, h_0=start)
    source, h, t, ended = rng(11), start.copy(), np.zeros(2), np.zeros(2, bool)
    wanted = [([], []), ([], [])]
    while not ended.all():
        gaps, uniform = source.standard_exponential(2), None
        for i in np.flatnonzero(~ended):
            rate = np.exp(params.v @ h[i] + params.b)
            inside = 1 + params.w * gaps[i] / rate
            t[i] += np.log(inside) / params.w if inside > 0 else np.inf
            ended[i] = t[i] > 8
        for i in np.flatnonzero(~ended):
            uniform = source.random((2, 1))[:, 0] if uniform is None else uniform
            z = params.W_hy @ h[i] + params.b_y
            p = np.exp(z) / np.exp(z).sum()
            mark = int(np.searchsorted(p.cumsum(), uniform[i]))
            gap = t[i] - (wanted[i][0][-1] if wanted[i][0] else 0)
            x = np.array([*params.E[:, mark], gap])
            h[i] = np.tanh(params.W_xh @ x + params.W_hh @ h[i] + params.b_h)
            wanted[i][0].append(t[i])
            wanted[i][1].append(mark)
    assert found[0].N != found[1].N and {*found[0].marks, *found[1].marks} == {0, 1, 2}
    for sequence, (times, marks) in zip(found, wanted, strict=True):
        assert np.allclose(sequence.times, times, rtol=1e-12, atol=0)
        assert sequence.marks.tolist() == marks and sequence.T == 8


def test_a_mark_where_the_probabilities_add_up_to_less_than_one():
    """By rounding: a number above their sum is for the last mark."""
    for seed in range(100):
        b_y = rng(seed).standard_normal(40)
        p = np.exp(b_y - b_y.max())
        if (p / p.sum()).cumsum()[-1] < 1 - 2.0**-53:
            break
    params = plain(K=40, W_hy=np.zeros((40, 2)), b_y=b_y)
    (one,) = pp.simulate(params, 1.2, rng=Fixed())
    assert one.times.tolist() == [0.5, 1.0] and one.marks.tolist() == [39, 39]


def test_how_many_events_there_may_be_when_nothing_is_said():
    asked = inspect.signature(pp.simulate).parameters
    assert asked["max_events"].default == 10_000
