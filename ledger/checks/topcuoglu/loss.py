"""Sections 8 and 12: the loss, and the softmax before it."""

from itertools import product

import numpy as np
import sympy as sp

from ledger.checking import check
from ledger.checks.oracles import close, networks, softmax


def prefix_models(rng):
    """p(next | prefix) of a source of three letters, as a dictionary."""
    for T in (2, 3):
        yield {
            prefix: rng.dirichlet(np.ones(3))
            for length in range(T)
            for prefix in product(range(3), repeat=length)
        }


@check(
    "topcuoglu-8.1-01",
    printed=sum,
    planted=[lambda losses: sum(losses) / len(losses), max, lambda losses: losses[-1]],
    cases=prefix_models,
)
def the_sum_is_the_loss_of_the_sequence(statement, p):
    """exp(-L) is the probability of a sequence: over all sequences it sums to one."""
    T = 1 + max(map(len, p))
    total = 0.0
    for word in product(range(3), repeat=T):
        losses = [-np.log(p[word[:t]][word[t]]) for t in range(T)]
        total += np.exp(-statement(losses))
    assert close(total, 1.0)


def cross_entropy(p, y):
    """(6): ``p`` the target, ``y`` the prediction, as the document has it."""
    return -np.sum(p * np.log(y))


@check(
    "topcuoglu-8.2-01",
    printed=cross_entropy,
    otherwise=lambda p, y: -np.sum(p * np.log2(y)),  # another base
    planted=[
        lambda p, y: np.sum(p * np.log(y)),
        lambda p, y: -np.sum(y * np.log(p + 1e-9)),
    ],
    cases=networks,
)
def the_loss_of_a_step(statement, n):
    for t in range(1, n.T + 1):
        z, c = n.z[t], int(np.argmax(n.y[t]))
        wanted = np.log(np.sum(np.exp(z))) - z[c]  # minus log of the softmax
        assert close(statement(n.y[t], n.p[t]), wanted)


@check(
    "topcuoglu-8.2-02",
    printed=lambda z: z,
    corrected=softmax,
    planted=[np.exp, lambda z: np.abs(z)],
    cases=networks,
)
def what_goes_into_the_logarithm(statement, n):
    for t in range(1, n.T + 1):
        with np.errstate(invalid="ignore", divide="ignore"):
            assert close(cross_entropy(n.y[t], statement(n.z[t])), n.ell[t])


@check(
    "topcuoglu-8.2-03",
    printed=lambda y, c: -np.log(y[c]),
    planted=[
        lambda y, c: -np.log(1 - y[c]),
        lambda y, c: 1 - y[c],
        lambda y, c: -np.log(y).sum(),
    ],
    cases=networks,
)
def a_one_hot_target_leaves_one_term(statement, n):
    for y in n.p[1:]:
        for c in range(len(y)):
            assert close(statement(y, c), cross_entropy(np.eye(len(y))[c], y))


@check(
    "topcuoglu-12-01",
    printed=softmax,
    planted=[lambda z: z, np.exp, lambda z: z / z.sum()],
    cases=networks,
)
def a_distribution(statement, n):
    for z in n.z[1:]:
        p = statement(z)
        assert np.all(p > 0) and close(p.sum(), 1.0)
        assert close(np.log(p / p[0]), z - z[0])  # and not softmax(2 z)
        assert np.array_equal(np.argsort(p), np.argsort(z))


@check(
    "topcuoglu-12.1-01",
    printed=lambda y, i: np.exp(y[i]) / sum(np.exp(y[j]) for j in range(len(y))),
    planted=[
        lambda y, i: np.exp(-y[i]) / sum(np.exp(-y[j]) for j in range(len(y))),
        lambda y, i: np.exp(y[i]) / sum(np.exp(y[j]) for j in range(len(y)) if j != i),
        lambda y, i: np.exp(y[i] / sum(y)),
    ],
    cases=networks,
)
def the_probability_of_a_class(statement, n):
    """The distribution whose log odds are the differences of the logits."""
    for y in n.z[1:]:
        for i in range(len(y)):
            assert close(statement(y, i), 1 / np.sum(np.exp(y - y[i])))


FIRST = 710  # np.exp overflows from here on


@check(
    "topcuoglu-12.2-01",
    printed=FIRST,
    planted=[FIRST - 1, FIRST + 1, 89, 1024],
    numbers=lambda: {"first": FIRST},
)
def the_exponential_overflows(statement):
    """From this whole number on."""
    with np.errstate(over="ignore"):
        assert np.isinf(np.exp(float(statement)))
        assert np.isinf(np.exp(1e300))
        assert np.isfinite(np.exp(statement - 1.0))


def symbolic_softmax(y):
    return [sp.exp(a) / sum(sp.exp(b) for b in y) for a in y]


def shifted(id_):
    """The check that subtracting the maximum changes nothing; it may be any entry."""

    @check(
        id_,
        printed=lambda y, top: symbolic_softmax([a - top for a in y]),
        planted=[
            lambda y, top: symbolic_softmax([a / top for a in y]),
            lambda y, top: [sp.exp(a - top) / sum(map(sp.exp, y)) for a in y],
        ],
        cases=[1, 2],
    )
    def the_shift_cancels(statement, n):
        y = sp.symbols(f"y1:{n + 1}", real=True)
        for top in y:
            pairs = zip(statement(y, top), symbolic_softmax(y), strict=True)
            assert all(sp.simplify(a - b) == 0 for a, b in pairs)

    return the_shift_cancels


display_17 = shifted("topcuoglu-12.2-02")
equivalent = shifted("topcuoglu-12.2-03")


def logits(rng):
    return [rng.standard_normal(5) * scale for scale in (1.0, 30.0, 900.0)]


@check(
    "topcuoglu-12.2-04",
    printed=("exponential", 1.0),
    planted=[("exponential", 0.0), ("exponent", 1.0)],
    cases=logits,
)
def the_largest_after_the_shift(statement, y):
    exponents = y - np.max(y)
    name, value = statement
    largest = {"exponent": np.max(exponents), "exponential": np.max(np.exp(exponents))}
    assert largest[name] == value


def stable(y):
    e = np.exp(y - np.max(y))
    return e / np.sum(e)


def plain(y):
    return np.exp(y) / np.sum(np.exp(y))


def huge(rng):
    return [np.array([1000.0, 0.0]), 1e5 * rng.standard_normal(4), np.full(3, 1e308)]


@check(
    "topcuoglu-12.2-05",
    printed=stable,
    planted=[plain, lambda y: plain(y - np.min(y)), lambda y: plain(y / 2)],
    cases=huge,
)
def no_overflow(statement, y):
    with np.errstate(over="ignore", invalid="ignore"):
        p = statement(y)
    assert np.all(np.isfinite(p)) and close(p.sum(), 1.0)


@check(
    "topcuoglu-12.2-06",
    printed=stable,
    planted=[lambda y: stable(y) ** 2, lambda y: stable(y / np.max(np.abs(y)))],
    cases=[np.array([0.0, 2.0]), np.array([1000.0, 990.0]), np.array([0.0, -600.0])],
    outside=[np.array([0.0, -1000.0])],
)
def the_ratio_of_two_probabilities(statement, y):
    p = statement(y)
    with np.errstate(divide="ignore"):
        assert close(np.log(p[1]) - np.log(p[0]), y[1] - y[0])
