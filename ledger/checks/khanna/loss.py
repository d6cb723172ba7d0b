"""Section 5.2: the loss."""

from dataclasses import replace

import numpy as np

from ledger.checking import check
from ledger.checks.khanna.architecture import softmax_check
from ledger.checks.khanna.common import again
from ledger.checks.khanna.neural_models import the_output_for_the_next_symbol
from ledger.checks.oracles import close, jacobian, networks, softmax

PROBABILITIES = (0.001, 0.03, 0.2, 0.5, 0.8, 0.99)

next_word = again(the_output_for_the_next_symbol, "khanna-5.2-02")


def classes(n):
    """c^(t) for t = 1 to T."""
    return [None, *(int(np.argmax(y)) for y in n.y[1:])]


@check(
    "khanna-5.2-03",
    printed=lambda y, c: sum(-np.log(y[t][c[t]]) for t in range(1, len(y))),
    planted=[
        lambda y, c: sum(np.log(y[t][c[t]]) for t in range(1, len(y))),
        lambda y, c: np.mean([-np.log(y[t][c[t]]) for t in range(1, len(y))]),
        lambda y, c: -np.log(y[-1][c[-1]]),
        lambda y, c: sum(-np.log(y[t - 1][c[t]]) for t in range(2, len(y))),
    ],
    cases=networks,
)
def total_cross_entropy(statement, n):
    assert np.isclose(statement(n.p, classes(n)), n.L)


def pairs(rng):
    """Targets and predictions: random ones, and one-hot targets."""
    for k in (2, 3, 6):
        yield rng.dirichlet(np.ones(k)), rng.dirichlet(np.ones(k), size=50)
        yield np.eye(k)[0], rng.dirichlet(np.ones(k), size=50)


def cross_entropy(y, p):
    """-sum y log p, with 0 log 0 = 0."""
    return -np.sum(y[y > 0] * np.log(p[y > 0]))


@check(
    "khanna-5.2-04",
    printed=cross_entropy,
    planted=[
        lambda y, p: -cross_entropy(y, p),
        lambda y, p: cross_entropy(p, np.maximum(y, 1e-9)),
        lambda y, p: -np.sum(y * p),
    ],
    cases=lambda rng: list(pairs(rng)),
)
def least_for_the_target_itself(statement, case):
    y, predictions = case
    assert all(statement(y, p) > statement(y, y) for p in predictions)


@check(
    "khanna-5.2-05",
    printed=lambda labels: np.eye(3)[labels[0]],
    planted=[lambda labels: np.ones(3) / 3, lambda labels: np.eye(3)[labels[0] - 1]],
    cases=[(2,), (1, 1), (0, 0, 0)],
    outside=[(0, 1), (0, 0, 2)],
)
def the_distribution_that_the_data_ask_for(statement, labels):
    def mean_loss(q):
        with np.errstate(divide="ignore"):
            return np.mean([-np.log(q[c]) for c in labels])

    rng = np.random.default_rng(0)
    best = mean_loss(statement(labels))
    assert all(best <= mean_loss(q) for q in rng.dirichlet(np.ones(3), size=2000))


def falls(loss):
    values = [loss(p) for p in PROBABILITIES]
    return all(a > b for a, b in zip(values, values[1:], strict=False))


@check(
    "khanna-5.2-06",
    printed=lambda p: -np.log(p),
    planted=[np.log, lambda p: p, lambda p: -p * np.log(p)],
)
def more_for_a_lower_probability(statement):
    assert falls(statement)


each_output = softmax_check("khanna-5.2-07")


@check(
    "khanna-5.2-08",
    printed=lambda y, c: np.eye(len(y))[c] - y,
    planted=[lambda y, c: y - np.eye(len(y))[c], lambda y, c: y, lambda y, c: 0 * y],
    cases=lambda rng: [(n, 1e-4) for n in networks(rng)],
    outside=[(networks(np.random.default_rng(4))[0], 10.0)],
)
def descent_raises_the_correct_word(statement, case):
    """``statement`` is the direction of descent in the logits of step t."""
    n, rate = case
    for t, c in enumerate(classes(n)[1:], 1):
        slope = jacobian(lambda o, c=c: -np.log(softmax(o)[c]), n.z[t])
        assert close(statement(n.p[t], c), -slope)
        step = {
            k: n.gradient(k, of=lambda s, h, z, ell, t=t, a=-slope: a @ z[t])
            for k in ("W_xh", "W_hh", "b_h")
        }
        moved = replace(n, **{k: getattr(n, k) + rate * g for k, g in step.items()})
        assert moved.p[t][c] > n.p[t][c]


def chosen(truth, candidates):
    """The candidate of least cross-entropy."""
    return min(candidates, key=lambda p: cross_entropy(truth, p))


def races(rng):
    return [(rng.dirichlet(np.ones(3)), rng.dirichlet(np.ones(3), 6)) for _ in range(9)]


@check(
    "khanna-5.2-09",
    printed=chosen,
    corrected=lambda truth, candidates: chosen(truth, [*candidates, truth]),
    planted=[lambda truth, candidates: max(candidates, key=lambda p: p[0])],
    cases=races,
    counterexample=(
        np.array([0.6, 0.4]),
        [np.array([0.49, 0.51]), np.array([0.99, 0.01])],
    ),
)
def the_most_probable_token(statement, case):
    truth, candidates = case
    best = np.argmax(truth)
    if any(np.argmax(p) == best for p in candidates):
        assert np.argmax(statement(truth, candidates)) == best


@check(
    "khanna-5.2-11",
    printed=lambda q: -np.log(q),
    planted=[lambda q: -np.log(1 - q), np.log],
    cases=[(1, 0.1), (1, 0.5), (1, 0.9)],
    outside=[(0, 0.1), (0, 0.9)],
)
def binary_cross_entropy(statement, case):
    label, q = case
    wanted = -(label * np.log(q) + (1 - label) * np.log(1 - q))
    assert np.isclose(statement(q), wanted)


@check(
    "khanna-5.2-12",
    printed=lambda p: -1 / p,
    planted=[lambda p: -1.0, lambda p: 1 / p, lambda p: np.log(p)],
    cases=PROBABILITIES,
)
def the_slope_grows_as_the_probability_falls(statement, p):
    assert np.isclose(jacobian(lambda q: -np.log(q), p), statement(p))


@check(
    "khanna-5.2-13",
    printed=lambda p: 1 - p,
    planted=[lambda p: p, lambda p: 0.0, lambda p: 2 * (1 - p)],
    cases=[0.9, 0.99, 0.999],
)
def near_zero_when_confident_and_correct(statement, p):
    assert abs(-np.log(p) - statement(p)) < (1 - p) ** 2


@check(
    "khanna-5.2-14",
    printed=lambda p: -np.log(p),
    planted=[lambda p: 1 - p, lambda p: (1 - p) ** 2, lambda p: 2 - 2 * p],
)
def each_halving_adds_as_much(statement):
    steps = np.diff([statement(2.0**-k) for k in range(60)])
    assert np.allclose(steps, np.log(2), rtol=1e-9)


@check(
    "khanna-5.2-15",
    printed=lambda p: -np.log(p),
    planted=[lambda p: 1 - p, lambda p: 1 / p - 1, lambda p: -p * np.log(p)],
)
def surprisal(statement):
    assert falls(statement) and statement(1.0) == 0
    for p in PROBABILITIES:
        for q in PROBABILITIES:
            assert np.isclose(statement(p * q), statement(p) + statement(q))


confident_and_wrong = again(each_halving_adds_as_much, "khanna-5.2-16")


@check(
    "khanna-5.2-17",
    printed=lambda p: -np.log(p),
    planted=[lambda p: 1 - p, lambda p: 1 / p, lambda p: (1 - p) ** 3],
    cases=[0.1, 0.3, 0.62],
)
def calibrated(statement, theta):
    grid = np.arange(1, 1000) / 1000
    mean = theta * statement(grid) + (1 - theta) * statement(1 - grid)
    assert np.isclose(grid[np.argmin(mean)], theta)
