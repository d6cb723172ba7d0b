"""Maximum likelihood: parameters come back, and the errors are as large as stated."""

import numpy as np
import pytest

from rnnlib import pointprocess as pp
from tests.pointprocess.problems import problem

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
    data = pp.sample(truth(), 25.0, rng=np.random.default_rng(11), count=60)
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
