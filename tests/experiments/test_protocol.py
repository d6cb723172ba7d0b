"""The protocol of experiments, and what is stored of each of them."""

import copy
import importlib.util

import joblib
import numpy as np
import pytest

from rnnbook.experiments import (
    centring,
    clipped,
    coverage,
    dropped,
    edge,
    excited,
    learning_a_lag,
    own_inputs,
    protocol,
    windows,
)
from tools import experiments as tool

ALL = (
    *(learning_a_lag, centring, clipped, dropped, edge),
    *(windows, own_inputs, coverage, excited),
)


def noisy_square(arm, rate, seed):
    """A run whose best rate is the one of its arm; a score that the seed decides."""
    noise = np.random.default_rng(seed).normal()
    return {"score": (rate - arm["best"]) ** 2 + 1e-3 * noise, "seed_twice": 2 * seed}


PLAN = protocol.Plan(
    "square",
    "which rate is best?",
    noisy_square,
    {"low": {"best": 0.1}, "high": {"best": 1.0}},
    (0.1, 1.0),
)


@pytest.fixture(scope="module")
def measured():
    return protocol.measure(PLAN)


def test_each_arm_gets_the_rate_that_validation_chose(measured):
    assert measured["chosen"] == {"low": 0.1, "high": 1.0}
    assert protocol.complaints(PLAN, measured, again=(0, 59)) == []
    seeds = [row["seed"] for row in measured["runs"] if row["arm"] == "low"]
    assert seeds == list(range(30)) and max(seeds) < protocol.VALIDATION
    assert (protocol.values(measured, "low", "seed_twice") == 2 * np.arange(30)).all()


def test_jobs_do_not_matter(measured):
    with joblib.parallel_config(backend="threading"):
        assert protocol.measure(PLAN, jobs=2) == measured


@pytest.mark.long
@pytest.mark.skipif(
    importlib.util.find_spec("distributed") is None,
    reason="distributed is not installed: the cluster was not tried",
)
def test_a_cluster_gives_the_same(measured):
    from distributed import Client, LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=1) as cluster, Client(cluster):
        with joblib.parallel_config(backend="dask"):
            assert protocol.measure(PLAN) == measured


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"seeds": 29}, "plan.seeds: expected at least 30, got 29"),
        ({"arms": {"low": {"best": 0.1}}}, "plan.arms: expected two or more, got 1"),
    ],
)
def test_too_little_is_refused(change, words):
    with pytest.raises(ValueError, match=words):
        protocol.measure(PLAN._replace(**change))


def corrupted(measured, how):
    """A copy with one thing wrong."""
    found = copy.deepcopy(measured)
    if how == "a score":
        found["runs"][0]["score"] += 0.1
    elif how == "a seed left out":
        del found["runs"][-1]
    elif how == "another rate":
        found["runs"][3]["rate"] = 0.5
    elif how == "a rate that is not the best":
        found["chosen"]["low"] = 1.0
    elif how == "other settings":
        found["settings"]["rates"] = [0.1]
    elif how == "other code":
        found["digest"] = "0" * 16
    return found


@pytest.mark.parametrize(
    "how",
    [
        *("a score", "a seed left out", "another rate"),
        *("a rate that is not the best", "other settings", "other code"),
    ],
)
def test_what_is_not_as_measured_is_seen(measured, how, tmp_path):
    assert protocol.complaints(PLAN, corrupted(measured, how))
    path = tmp_path / "square.json"
    path.write_text(tool.dumps(corrupted(measured, how)), encoding="utf-8")
    with pytest.raises(ValueError, match="square"):
        protocol.read(PLAN, path)


def test_intervals():
    assert str(protocol.share([True] * 30)) == "30 of 30 seeds, 0.89 to 1.00"
    assert str(protocol.share([False] * 30)) == "0 of 30 seeds, 0.00 to 0.11"
    rng = np.random.default_rng(1)
    inside = [
        found.low <= 0.7 <= found.high
        for found in (protocol.share(rng.random(30) < 0.7) for _ in range(300))
    ]
    assert 0.92 < np.mean(inside) < 0.98
    inside = [
        found.low <= 1 <= found.high
        for found in (
            protocol.effect(rng.normal(1, 2, 40), resamples=400) for _ in range(200)
        )
    ]
    assert 0.88 < np.mean(inside) < 0.98


def test_the_description_names_seeds_and_rates(measured):
    text = protocol.described(measured)
    assert "which rate is best?" in text and "30 seeds an arm" in text
    assert "rate 0.1" in text and "rate 1" in text


@pytest.mark.parametrize("module", ALL, ids=lambda m: m.PLAN.name)
def test_stored_results_are_those_of_the_plan(module):
    """The last run of each file is computed anew; the chapters repeat others.

    Training at the rates of `clipped` multiplies rounding; run 36 does so little.
    """
    stored = tool.read(module.PLAN.name)
    again, rtol = {clipped: ((36,), 0.05), excited: ((-1,), 0.01)}.get(
        module, ((-1,), protocol.RTOL)
    )
    assert protocol.complaints(module.PLAN, stored, again, rtol) == []
    assert tool.dumps(stored) == tool.target(module.PLAN.name).read_text("utf-8")


def test_every_experiment_is_known():
    assert set(tool.plans()) == {module.PLAN.name for module in ALL}


def test_controls():
    """Moved activations have the slopes of the unmoved ones; outputs alone learn."""
    s = np.linspace(-2, 2, 9)
    for name, by in (("tanh", 1.0), ("logistic", -0.5)):
        plain = centring.PHI[name]
        moved = centring.PHI["tanh + 1" if by > 0 else "logistic - 1/2"]
        assert np.allclose(moved(s), plain(s) + by)
        assert np.allclose(moved.derivative(moved(s)), plain.derivative(plain(s)))
    x, y, counted = learning_a_lag.batch(4, np.random.default_rng(0), 3)
    assert (y[4:] == x[:-4]).all() and not counted[:4].any() and counted[4:].all()
    x, y, counted = windows.delayed(np.random.default_rng(0), 3)
    assert (y[3:] == x[:-3]).all() and not counted[:3].any() and counted[3:].all()
    walk = own_inputs.walk(np.random.default_rng(0), 30, 50)
    assert not own_inputs.impossible(walk[:-1], walk[1:]).any()
    assert own_inputs.impossible(np.array([0]), np.array([2])).all()
