"""What a search is asked, told and believed: its optimiser stands still in these."""

import importlib

import numpy as np
import pytest
from scipy import optimize

from rnnlib import pointprocess as pp
from rnnlib.pointprocess.sequences import pad
from tests.pointprocess.problems import plain, problem, seen

search = importlib.import_module("rnnlib.pointprocess.fit")  # hidden by `fit`


def tried(monkeypatch, *steps):
    """An optimiser that goes these steps from the start; what it asks and hears."""
    heard = {"answers": []}

    def minimize(objective, start, **options):
        heard.update(options, start=start.copy())
        at = start.copy()
        for step in steps:
            at[:] = start + step
            value, slope = objective(at)
            heard["answers"].append((value, np.array(slope)))
        at[:] = np.nan  # its own array, which it may use for other things
        return optimize.OptimizeResult(x=at, nit=len(steps))

    monkeypatch.setattr(search.optimize, "minimize", minimize)
    return heard


def marked_in_unit(c):
    """Sequences of three marks and different lengths in another unit of time."""
    params, data, _ = problem(w=-0.4).arguments()
    data = [pp.EventSequence(c * s.times, c * s.T, s.marks) for s in data]
    return params._replace(w=params.w / c, b=params.b - np.log(c)), data


def test_a_change_of_unit_is_one_of_four_parameters():
    """Of the gaps' column, which is the last of three, of w and of b."""
    params, data, _ = problem(w=-0.4).arguments()
    before = [np.array(p) for p in params]
    moved = search._in_unit(params, 4.0)
    assert np.array_equal(moved.W_xh[:, :-1], params.W_xh[:, :-1])
    assert np.array_equal(moved.W_xh[:, -1], 4 * params.W_xh[:, -1])
    assert moved.w == 4 * params.w and moved.b == params.b + np.log(4)
    for name in ("E", "W_hh", "b_h", "W_hy", "b_y", "v"):
        assert getattr(moved, name) is getattr(params, name)
    assert all(np.array_equal(a, b) for a, b in zip(before, params, strict=True))
    scaled = [pp.EventSequence(s.times / 4, s.T / 4, s.marks) for s in data]
    N = sum(s.N for s in data)
    there = pp.log_likelihood(moved, scaled)
    assert there - N * np.log(4) == pytest.approx(pp.log_likelihood(params, data))


@pytest.mark.parametrize("decay", [0.0, 3.0])
def test_what_a_search_is_told(monkeypatch, decay):
    """The loss an event in its own unit, with the penalty in the unit given."""
    params, data = marked_in_unit(60.0)
    names, N = ["W_xh", "v", "w", "b"], sum(s.N for s in data)
    unit = search._scaled(data)[1]
    moved = search._in_unit(params, unit)
    start = pp.to_vector(moved, names)
    rng = np.random.default_rng(2)
    direction = rng.standard_normal(start.size)
    steps = [0 * start, 1e-5 * direction, -1e-5 * direction]
    heard = tried(monkeypatch, *steps)
    found = pp.fit(params, data, free=names, weight_decay=decay)
    assert unit == 64.0 and np.array_equal(heard["start"], start)
    assert heard["method"] == "L-BFGS-B" and heard["jac"] is True
    (value, slope), (up, _), (down, _) = heard["answers"]
    squares = (pp.to_vector(params, names) ** 2).sum()
    loss, _ = pp.loss_and_gradients(params, data)
    wanted = (loss - N * np.log(unit) + decay / 2 * squares) / N
    assert value == pytest.approx(wanted, rel=1e-12)
    assert slope @ direction == pytest.approx((up - down) / 2e-5, rel=1e-6)
    best = min((up, 1e-5), (value, 0.0), (down, -1e-5))[1]
    wanted = search._in_unit(
        search._moved(moved, start + best * direction, names), 1 / unit
    )
    for a, b in zip(found.params, wanted, strict=True):
        assert np.allclose(a, b, rtol=1e-12, atol=1e-15)
    assert found.iterations == 3


def test_the_slope_of_a_fit_is_the_largest_an_event():
    """Here of b, by which the loss has the derivative T exp(b) - N."""
    data = [seen(1.0, 2.0, T=4.0), seen(0.5, T=4.0), seen(T=4.0)]
    for names in (["b"], ["b", "W_hh"]):
        for off, level in ((0.9e-5, True), (-0.9e-5, True), (1.1e-5, False)):
            with pytest.MonkeyPatch.context() as patch:
                tried(patch, 0.0)
                b = np.log(3 / 12) + np.log1p(off)
                found = pp.fit(plain(b=np.array(b)), data, free=names)
            assert found.slope == pytest.approx(abs(off), rel=1e-6, abs=0)
            assert found.converged == level


def test_a_slope_without_an_event_is_one_of_the_loss(monkeypatch):
    tried(monkeypatch, 0.0)
    found = pp.fit(plain(), [seen(T=2.0)], free=["b"])
    assert found.slope == 2 and not found.converged


def test_the_best_of_all_steps_is_the_answer(monkeypatch):
    heard = tried(monkeypatch, 0.0, 0.5, 2.0, -0.25)
    found = pp.fit(plain(), [seen(1.0, 2.0, 2.5, 2.75)], free=["b"])
    values = [value for value, _ in heard["answers"]]
    assert np.argmin(values) == 1 and found.params.b == 0.5
    assert found.slope == pytest.approx(abs(heard["answers"][1][1][0]), rel=1e-12)
    assert found.log_likelihood == pytest.approx(4 * 0.5 - 3 * np.exp(0.5))


@pytest.mark.parametrize(("b", "w", "high"), [(-10.0, 0.0, True), (15.5, -1e7, False)])
def test_a_step_without_a_likelihood_is_worse_than_all(monkeypatch, b, w, high):
    """Also where the loss at the start is below zero, as for events in one heap."""
    data = [seen(*(1e-7 * np.arange(1, 31)), T=1.0)]
    params = plain(b=np.array(b), w=np.array(w))
    heard = tried(monkeypatch, 0.0, 1000.0, 0.01)
    found = pp.fit(params, data, free=["b"])
    (at, _), (wall, slope), _ = heard["answers"]
    assert (at > 0) == high and wall > 100 * (1 + 30 * abs(at))
    assert slope.tolist() == [0.0] and found.params.b == pytest.approx(b + 0.01)


def test_a_start_that_another_activation_has_no_likelihood_at():
    """For tanh the state is -1 after the first event, and for relu it is zero."""
    params = plain(
        1, b_h=np.array([-50.0]), v=np.array([-800.0]), W_hh=np.zeros((1, 1))
    )
    found = pp.fit(params, [seen(1.0, 2.0)], free=["b"], phi="relu")
    assert found.converged and found.params.b == pytest.approx(np.log(2 / 3), abs=1e-4)
    with pytest.raises(ValueError, match="^a \\+ w tau: .* got 800$"):
        pp.fit(params, [seen(1.0, 2.0)], free=["b"])


def test_the_information_is_symmetric_to_the_last_digit():
    params, data, _ = problem(w=-0.4).arguments()
    names = ["W_hh", "v", "b"]
    found = pp.observed_information(params, data, free=names)
    assert np.array_equal(found, found.T)
    other = pp.observed_information(params, data, free=names, step=1e-20)
    assert np.allclose(found, other, rtol=1e-10, atol=1e-12)


def test_a_hawkes_fit_believes_the_best_of_its_climbs(monkeypatch):
    """In the unit of the data; the verdict is on that climb alone."""
    data = [seen(40.0, 90.0, T=100.0), seen(30.0, T=80.0)]
    given, asked = pp.Hawkes(0.02, 0.01, 0.05), []
    logs = np.array([0.25, -0.5, 0.75])
    H = np.diag([1.0, 2.0, 3.0])

    def climb(start, scaled):
        asked.append(start)
        assert [s.T for s in scaled] == [100 / 32, 80 / 32]
        loss = 2.5 if len(asked) == 2 else 3.0 + len(asked)
        gradient = np.array([0.1, -0.6, 0.3]) * loss / 2.5
        return logs * loss / 2.5, loss, gradient, H, len(asked)

    def verdict(*arguments):
        asked.append(arguments)
        return True, "believed"

    starts = [pp.Hawkes(1.0, 0.5, 2.0), pp.Hawkes(1.0, 0.25, 4.0)]
    monkeypatch.setattr(search, "_peaks", lambda batch: (starts, 0.125))
    monkeypatch.setattr(search, "_climb", climb)
    monkeypatch.setattr(search, "_verdict", verdict)
    found = pp.fit_hawkes(data, given)
    *climbs, (at, gradient, curvature, gain, most) = asked
    assert np.allclose(climbs[0], 32 * np.array(given), rtol=1e-15)
    assert climbs[1:] == starts and found.iterations == 1 + 2 + 3
    assert np.array_equal(at, logs) and curvature is H and most == 0.125
    assert gradient.tolist() == [0.1, -0.6, 0.3]
    poisson = 3 * np.log(3 / (180 / 32)) - 3
    assert gain == pytest.approx(-2.5 - poisson, rel=1e-12)
    assert np.allclose(found.params, np.exp(logs) / 32, rtol=1e-14)
    assert found.log_likelihood == pytest.approx(-2.5 - 3 * np.log(32), rel=1e-14)
    assert found.slope == pytest.approx(0.2) and found.converged
    assert found.message == "believed"


def test_the_profile_of_one_event_at_the_end():
    """Nothing of what it excites is seen: no decay gains anything."""
    gains, mu, alpha = search._profile(pad([seen(3.0)]), np.array([0.5, 2.0]))
    assert np.abs(gains).max() < 1e-12 and not alpha.any()
    assert np.allclose(mu, 1 / 3, rtol=1e-12)
    found = pp.fit_hawkes([seen(3.0)], pp.Hawkes(1.0, 0.5, 1.0))
    assert not found.converged and "alpha is at its bound" in found.message
