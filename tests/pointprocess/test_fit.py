"""Maximum likelihood: parameters come back, and the errors are as large as stated."""

import importlib
import os

import numpy as np
import pytest

from rnnlib import pointprocess as pp
from rnnlib.pointprocess.sequences import pad
from tests.pointprocess.problems import problem

search = importlib.import_module("rnnlib.pointprocess.fit")  # hidden by `fit`
FREE = {
    "W_xh": True,
    "W_hh": True,
    "b_h": True,
    "W_hy": np.array([[False], [True]]),
    "b_y": np.array([False, True]),
    "v": True,
    "w": True,
    "b": True,
}


def truth():
    """One unit, two marks: E = (0, 1) and the first logit zero make it identifiable."""
    return pp.PointProcessParams(
        E=np.array([[0.0, 1.0]]),
        W_xh=np.array([[1.5, -0.8]]),
        W_hh=np.array([[0.5]]),
        b_h=np.array([-0.2]),
        W_hy=np.array([[0.0], [1.0]]),
        b_y=np.array([0.0, -0.3]),
        v=np.array([1.2]),
        w=np.array(-0.4),
        b=np.array(0.3),
    )


@pytest.fixture(scope="module")
def fitted():
    data = pp.simulate(truth(), 25.0, rng=np.random.default_rng(11), count=60)
    start = truth()._replace(
        W_xh=np.array([[0.5, 0.0]]),
        W_hh=np.zeros((1, 1)),
        w=np.zeros(()),
        b=np.zeros(()),
    )
    return data, pp.fit(start, data, free=FREE)


def test_parameters_are_recovered(fitted):
    data, found = fitted
    information = pp.observed_information(found.params, data, free=FREE)
    errors = np.sqrt(np.diag(np.linalg.inv(information)))
    difference = pp.to_vector(found.params, FREE) - pp.to_vector(truth(), FREE)
    assert found.converged
    assert (np.abs(difference) < 2 * errors).all(), difference / errors
    wald = difference @ information @ difference  # chi-squared with 9 degrees
    assert wald < 22
    assert found.log_likelihood > pp.log_likelihood(truth(), data)


def test_the_information_is_the_derivative_of_the_gradient(fitted):
    data, found = fitted
    information = pp.observed_information(found.params, data[:5], free=["v", "w", "b"])
    step = 1e-5
    moved = [
        pp.to_vector(
            pp.loss_and_gradients(
                found.params._replace(w=found.params.w + s), data[:5]
            )[1].params,
            ["v", "w", "b"],
        )
        for s in (step, -step)
    ]
    assert np.allclose((moved[0] - moved[1]) / (2 * step), information[1], rtol=1e-5)
    assert np.linalg.eigvalsh(information).min() > 0


def test_what_is_not_free_stays(fitted):
    _, found = fitted
    assert np.array_equal(found.params.E, truth().E)
    assert found.params.b_y[0] == 0 and found.params.W_hy[0, 0] == 0
    assert found.params.b_y[1] != truth().b_y[1]


def test_the_score_is_what_the_gradient_says():
    params, data, _ = problem().arguments()
    _, g = pp.loss_and_gradients(params, data)
    assert pp.to_vector(g.params).size == sum(p.size for p in params)
    assert pp.to_vector(g.params, ["w", "b"]).tolist() == [g.params.w, g.params.b]


def test_hawkes_is_recovered():
    rng, true = np.random.default_rng(5), pp.Hawkes(0.5, 1.6, 2.0)
    data = [pp.simulate_hawkes(true, 60.0, rng=rng) for _ in range(40)]
    found = pp.fit_hawkes(data, pp.Hawkes(1.0, 0.5, 1.0))
    rows = np.empty((3, 3))
    for i, at in enumerate(np.eye(3) * 1e-30j):
        moved = pp.Hawkes(*(p + s for p, s in zip(found.params, at, strict=True)))
        rows[i] = np.imag(pp.hawkes_loss_and_gradients(moved, data)[1]) / 1e-30
    errors = np.sqrt(np.diag(np.linalg.inv(rows)))
    assert (np.abs(np.array(found.params) - np.array(true)) < 2 * errors).all()


def test_the_fit_closes_the_gap_on_hawkes_data():
    rng, true = np.random.default_rng(8), pp.Hawkes(0.5, 1.6, 2.0)
    train, held = (
        [pp.simulate_hawkes(true, 40.0, rng=rng) for _ in range(30)] for _ in "ab"
    )
    rate = pp.poisson_rate(train)
    start = pp.init_params(1, 4, rng=np.random.default_rng(0), rate=rate)
    start = start._replace(v=np.full(4, 0.1))
    found = pp.fit(start, train, maxiter=60)
    low = pp.poisson_log_likelihood(rate, held)
    high = -pp.hawkes_loss_and_gradients(true, held)[0]
    closed = (pp.log_likelihood(found.params, held) - low) / (high - low)
    assert 0.6 < closed < 1.02
    assert found.params.w < 0


@pytest.mark.parametrize("w", [0.0, 0.05, 1.1])
def test_an_overflow_on_the_way_is_survived(w):
    """Over a long window the first steps of the search may overflow."""
    data = [pp.EventSequence(np.array([100.0]), 600.0)]
    start = pp.init_params(1, 1, rng=np.random.default_rng(0))
    start = start._replace(w=np.array(w), b=np.array(-10.0))
    found = pp.fit(start, data, free=["w", "b"], maxiter=50)
    assert np.isfinite(found.log_likelihood)
    assert found.log_likelihood >= pp.log_likelihood(start, data)


def in_unit(sequences, c):
    """The same events, a unit of time being 1/c of the one before."""
    return [pp.EventSequence(c * s.times, c * s.T, s.marks) for s in sequences]


STARTS = 50 if os.environ.get("HYPOTHESIS_PROFILE") == "nightly" else 3
TRUE = {
    "clear": pp.Hawkes(0.5, 1.6, 2.0),
    "weak": pp.Hawkes(1.0, 0.2, 1.0),
    "fast": pp.Hawkes(0.3, 40.0, 80.0),
}


@pytest.mark.parametrize("name", TRUE)
def test_a_converged_fit_is_the_best_of_many_starts_in_any_unit(name):
    rng = np.random.default_rng(3)
    data = [pp.simulate_hawkes(TRUE[name], 30.0, rng=rng) for _ in range(3)]
    N = sum(s.N for s in data)
    found = pp.fit_hawkes(data, pp.Hawkes(1.0, 0.5, 1.0))
    for _ in range(STARTS):
        start = pp.Hawkes(*np.exp(rng.uniform(-5, 5, 3)))
        logs, loss, *_ = search._climb(start, data)
        assert -loss <= found.log_likelihood + 1e-3 or not found.converged
    for c in (1e9, 60.0, 1 / 3.15e7):
        start = pp.Hawkes(*np.exp(rng.uniform(-5, 5, 3)))
        other = pp.fit_hawkes(in_unit(data, c), start)
        value = other.log_likelihood + N * np.log(c)
        assert other.converged == found.converged
        assert value == pytest.approx(found.log_likelihood, abs=1e-3)
        if found.converged:
            assert np.allclose(np.array(other.params) * c, found.params, rtol=1e-4)
            loss, gradient = pp.hawkes_loss_and_gradients(
                other.params, in_unit(data, c)
            )
            slope = np.abs(np.array(gradient) * np.array(other.params)).max() / N
            assert slope < 1e-9 and other.slope < 1e-9
            assert loss == pytest.approx(-other.log_likelihood, rel=1e-12)
    assert found.converged or name == "weak"


def test_an_answer_at_a_bound_has_not_converged():
    """Regular events excite nothing: alpha = 0 is best, and no slope proves it."""
    data = [pp.EventSequence(np.arange(1.0, 41.0), 41.0)]
    found = pp.fit_hawkes(data, pp.Hawkes(1.0, 0.5, 1.0))
    assert not found.converged and "alpha is at its bound" in found.message
    poisson = pp.poisson_log_likelihood(pp.poisson_rate(data), data)
    assert found.log_likelihood == pytest.approx(poisson, abs=1e-3)


def test_the_profile_is_the_best_for_its_decay():
    rng = np.random.default_rng(1)
    data = [pp.simulate_hawkes(TRUE["clear"], 20.0, rng=rng) for _ in range(2)]
    batch = pad(data)
    betas = np.array([0.5, 2.0, 8.0])
    gains, mu, alpha = search._profile(batch, betas)
    poisson = pp.poisson_log_likelihood(pp.poisson_rate(data), data)
    for gain, *params in zip(gains, mu, alpha, betas, strict=True):
        loss, gradient = pp.hawkes_loss_and_gradients(pp.Hawkes(*params), data)
        assert -loss == pytest.approx(poisson + gain, rel=1e-9)
        assert max(abs(gradient.mu), abs(gradient.alpha)) < 1e-6


@pytest.mark.parametrize("c", [1e9, 1 / 3.15e7])
def test_a_fit_is_the_same_in_any_unit(c):
    data = pp.simulate(truth(), 25.0, rng=np.random.default_rng(2), count=10)
    N = sum(s.N for s in data)
    start = truth()._replace(w=np.zeros(()), b=np.zeros(()))
    moved = start._replace(
        W_xh=start.W_xh / [[1.0, c]], w=start.w / c, b=start.b - np.log(c)
    )
    names = ["v", "w", "b"]
    one, other = (
        pp.fit(s, d, free=names) for s, d in ((start, data), (moved, in_unit(data, c)))
    )
    assert one.converged and other.converged and max(one.slope, other.slope) <= 1e-5
    value = other.log_likelihood + N * np.log(c)
    assert value == pytest.approx(one.log_likelihood, abs=1e-3)
    assert other.params.w * c == pytest.approx(one.params.w, rel=1e-3)
    _, g = pp.loss_and_gradients(one.params, data)
    assert np.abs(pp.to_vector(g.params, names)).max() < 1e-4 * N


def test_a_fit_that_is_stopped_has_not_converged():
    data = pp.simulate(truth(), 25.0, rng=np.random.default_rng(2), count=10)
    start = truth()._replace(w=np.array(1.0), b=np.zeros(()))
    found = pp.fit(start, data, free=FREE, maxiter=1)
    assert not found.converged and found.slope > 1e-5 and "not level" in found.message


def test_a_penalty_is_one_of_the_entries_in_the_unit_given():
    data = in_unit(
        pp.simulate(truth(), 9.0, rng=np.random.default_rng(2), count=9), 60.0
    )
    start = truth()._replace(w=np.array(-0.01), b=np.array(-4.0))
    found = pp.fit(start, data, free=["w", "b"], weight_decay=2.0)
    _, g = pp.loss_and_gradients(found.params, data)
    slopes = pp.to_vector(g.params, ["w", "b"])
    slopes = slopes + 2.0 * pp.to_vector(found.params, ["w", "b"])
    assert found.converged and np.abs(slopes).max() < 1e-2
