"""The protocol of an experiment: arms declared beforehand, tuned alike, many seeds.

An experiment is a `Plan`. `measure` runs it: for each arm it tries every rate of the
grid on the validation seeds, keeps the best, and runs that one on the seeds that count,
which are others. Every run is one call ``plan.run(arm, rate, seed)``, so the runs may
be shared out in any way; under ``joblib.parallel_config(backend="dask")`` the same
call uses a cluster. Scores are numbers of which less is better.
"""

import hashlib
import inspect
import json
import sys
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from joblib import Parallel, delayed
from scipy import stats

SEEDS = 30  # the least number of seeds that count
RTOL = 1e-4  # allowed between a stored number and the same computed anew
VALIDATION = 1000  # the first validation seed: no seed that counts is as large


class Plan(NamedTuple):
    """What is decided before anything is run."""

    name: str
    question: str
    run: Callable  # (settings of the arm, rate, seed) -> {"score": ..., ...}
    arms: dict  # name: settings, the controls among them
    rates: tuple
    seeds: int = SEEDS
    validation: int = 3  # seeds that choose the rate


def digest(plan):
    """Sixteen hexadecimal digits of the settings and of the code of an experiment.

    The code is the module in which ``plan.run`` is defined. What that module imports
    is guarded by recomputing stored runs.
    """
    code = inspect.getsource(sys.modules[plan.run.__module__])
    text = json.dumps([settings(plan), code], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def settings(plan):
    """The plan without its function, as it is stored."""
    return json.loads(
        json.dumps({k: v for k, v in plan._asdict().items() if k != "run"})
    )


def measure(plan, jobs=1):
    """Tune every arm, run it on all seeds, and return what is stored.

    Raises ValueError when the plan has too few seeds or one arm only.
    """
    if plan.seeds < SEEDS:
        raise ValueError(f"plan.seeds: expected at least {SEEDS}, got {plan.seeds}")
    if len(plan.arms) < 2:
        raise ValueError(f"plan.arms: expected two or more, got {len(plan.arms)}")
    tried = [
        (arm, rate, VALIDATION + seed)
        for arm in plan.arms
        for rate in plan.rates
        for seed in range(plan.validation)
    ]
    shape = (len(plan.arms), len(plan.rates), plan.validation)
    scores = [row["score"] for row in _run(plan, tried, jobs)]
    means = np.nan_to_num(np.reshape(scores, shape).mean(axis=2), nan=np.inf)
    chosen = {
        a: plan.rates[i] for a, i in zip(plan.arms, means.argmin(axis=1), strict=True)
    }
    counted = [(arm, chosen[arm], s) for arm in plan.arms for s in range(plan.seeds)]
    rows = _run(plan, counted, jobs)
    return {
        "digest": digest(plan),
        "settings": settings(plan),
        "validation": dict(zip(plan.arms, _rounded(means.tolist()), strict=True)),
        "chosen": chosen,
        "runs": [
            {"arm": arm, "rate": rate, "seed": seed, **_rounded(row)}
            for (arm, rate, seed), row in zip(counted, rows, strict=True)
        ],
    }


def _run(plan, triples, jobs):
    """The results of many runs, in order."""
    return Parallel(n_jobs=jobs)(
        delayed(plan.run)(plan.arms[arm], rate, seed) for arm, rate, seed in triples
    )


def _rounded(value):
    """Numbers with six digits, as they are stored."""
    if isinstance(value, dict):
        return {k: _rounded(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_rounded(v) for v in value]
    return float(f"{value:.6g}") if isinstance(value, float) else value


def complaints(plan, stored, again=(0,), rtol=RTOL):
    """What says that stored results are not those of a plan; recomputes some runs.

    ``again`` are the places among the stored runs that are computed anew.
    """
    found = []
    if stored["digest"] != digest(plan) or stored["settings"] != settings(plan):
        found.append(f"{plan.name}: stored with other settings or other code")
    expected = [(arm, seed) for arm in plan.arms for seed in range(plan.seeds)]
    if [(row["arm"], row["seed"]) for row in stored["runs"]] != expected:
        found.append(f"{plan.name}: not one run for every arm and seed")
    for arm, means in stored["validation"].items():
        if plan.rates[int(np.argmin(means))] != stored["chosen"][arm]:
            found.append(f"{plan.name}, {arm}: not the rate that validation chose")
    for row in stored["runs"]:
        if row["rate"] != stored["chosen"][row["arm"]]:
            found.append(f"{plan.name}, {row['arm']}: a run with another rate")
    for place in again:
        row = stored["runs"][place]
        new = plan.run(plan.arms[row["arm"]], row["rate"], row["seed"])
        for key, value in new.items():
            if not np.allclose(value, row[key], rtol=rtol, atol=1e-6, equal_nan=True):
                found.append(
                    f"{plan.name}, {row['arm']}, seed {row['seed']}: {key} is stored "
                    f"as {row[key]}, computed anew it is {value}"
                )
    return found


def values(stored, arm, key="score"):
    """One measured quantity of all seeds of an arm, in the order of the seeds."""
    return np.array([row[key] for row in stored["runs"] if row["arm"] == arm])


class Share(NamedTuple):
    """k of n, with an interval for the probability behind it."""

    k: int
    n: int
    low: float
    high: float

    def __str__(self):
        return f"{self.k} of {self.n} seeds, {self.low:.2f} to {self.high:.2f}"


def share(found, level=0.95):
    """How many of a list of truth values hold, with Wilson's interval."""
    found = np.asarray(found, dtype=bool)
    k, n = int(found.sum()), found.size
    ends = stats.binomtest(k, n).proportion_ci(level, method="wilson")
    return Share(k, n, float(ends.low), float(ends.high))


class Effect(NamedTuple):
    """A mean over seeds, with its interval."""

    mean: float
    low: float
    high: float
    n: int

    def __str__(self):
        return f"{self.mean:.3g} over {self.n} seeds, {self.low:.3g} to {self.high:.3g}"


def effect(x, level=0.95, resamples=4000):
    """The mean of a sample, with its bootstrap interval (percentiles, a fixed seed).

    The effect of one arm against another on the same seeds: give the differences.
    """
    x = np.asarray(x, dtype=float)
    draws = np.random.default_rng(0).integers(x.size, size=(resamples, x.size))
    tails = 50 * (1 - level), 50 * (1 + level)
    low, high = np.percentile(x[draws].mean(axis=1), tails)
    return Effect(float(x.mean()), float(low), float(high), x.size)


def read(plan, path, again=(0,), rtol=RTOL):
    """Stored results, after some runs were computed anew and found to be the same.

    ``rtol`` is the relative difference that is allowed: training that multiplies
    rounding errors ends elsewhere on another processor.

    Raises ValueError when the file holds other settings, other code or other numbers.
    """
    with open(path, encoding="utf-8") as file:
        stored = json.load(file)
    found = complaints(plan, stored, again, rtol)
    if found:
        raise ValueError("; ".join(found))
    return stored


def described(stored):
    """The question, the arms with the rates that validation chose, and the seeds."""
    plan = stored["settings"]
    rates = ", ".join(f"{rate:g}" for rate in plan["rates"])
    lines = [
        f"Question: {plan['question']}",
        f"{plan['seeds']} seeds an arm; rates tried: {rates}, "
        f"the best of {plan['validation']} validation seeds taken",
    ]
    width = max(map(len, plan["arms"]))
    return "\n".join(
        lines + [f"  {a:{width}}  rate {stored['chosen'][a]:g}" for a in plan["arms"]]
    )
