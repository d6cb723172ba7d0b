"""Sources: stationary, sampled as they say, with the entropy rate they claim."""

import importlib
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnlib import language as sources
from rnnlib.language import (
    embedded_reber,
    entropy,
    entropy_rate,
    entropy_rate_bounds,
    even_process,
    hidden_markov,
    make_source,
    optimal_log_probabilities,
    reber,
    sample_path,
    sample_source,
    stationary,
)
from tests.support.mutants import Mutant, each, fails, planted, with_result
from tests.support.refusals import refuses

NAMED = {"even": even_process, "reber": reber, "embedded": embedded_reber}
EDGES = np.array([[[0.5, 0.0], [0.0, 0.0]], [[0.0, 0.5], [1.0, 0.0]]])


@st.composite
def hidden(draw):
    """Random hidden Markov chains of few states, all transitions possible."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    S, V = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    return hidden_markov(rng.dirichlet(np.ones(S), S), rng.dirichlet(np.ones(V), S))


def word_probability(source, word):
    """P(word), the states summed out, the slow way."""
    S = source.edges.shape[1]
    pi = stationary(source)
    return sum(
        pi[path[0]]
        * np.prod([source.edges[x, path[t], path[t + 1]] for t, x in enumerate(word)])
        for path in itertools.product(range(S), repeat=len(word) + 1)
    )


@settings(max_examples=20, deadline=None)
@given(hidden())
def test_filter_and_bounds_are_those_of_all_words(source):
    V = len(source.symbols)
    entropy = [0.0]
    for n in (1, 2, 3):
        words = list(itertools.product(range(V), repeat=n))
        p = np.array([word_probability(source, w) for w in words])
        assert abs(p.sum() - 1) < 1e-12
        entropy.append(-(p * np.log(np.where(p > 0, p, 1))).sum())
        for word, probability in zip(words, p, strict=True):
            rows = optimal_log_probabilities(source, np.array(word))
            assert np.isclose(rows[np.arange(n), word].sum(), np.log(probability))
            np.testing.assert_allclose(np.exp(rows).sum(axis=1), 1, atol=1e-12)
        lower, upper = entropy_rate_bounds(source, n)
        assert np.isclose(upper, entropy[n] - entropy[n - 1], atol=1e-12)
        assert lower <= upper + 1e-12


@settings(max_examples=20, deadline=None)
@given(hidden())
def test_bounds_close_in_from_both_sides(source):
    bounds = [entropy_rate_bounds(source, n) for n in (1, 2, 4, 6)]
    lower, upper = zip(*bounds, strict=True)
    assert (np.diff(lower) >= -1e-12).all() and (np.diff(upper) <= 1e-12).all()


@pytest.mark.parametrize("name", NAMED)
def test_unifilar_rate_is_the_lower_bound_and_what_the_filter_pays(name):
    source = NAMED[name]()
    assert source.unifilar
    rate = entropy_rate(source)
    for n in (1, 4):
        lower, upper = entropy_rate_bounds(source, n)
        assert np.isclose(lower, rate, atol=1e-12) and upper >= rate - 1e-12
    x = sample_source(source, 20_000, np.random.default_rng(1))
    paid = -optimal_log_probabilities(source, x)[np.arange(len(x)), x]
    assert abs(paid.mean() - rate) < 0.02 * rate


@pytest.mark.parametrize(
    ("name", "bits"), [("even", 2 / 3), ("reber", 3 / 4), ("embedded", 7 / 12)]
)
def test_rates_by_hand(name, bits):
    """Coins a cycle over symbols a cycle, or the chance of a state with a choice."""
    assert np.isclose(entropy_rate(NAMED[name]()), bits * np.log(2), atol=1e-12)


def test_reber_strings_are_grammatical():
    x = sample_source(reber(), 5000, np.random.default_rng(2))
    strings = "".join(reber().symbols[i] for i in x).split("B")[1:-1]
    moves = {
        (s, y): r
        for s, y, r in importlib.import_module("rnnlib.language.grammars").REBER
    }
    for string in strings:
        state = 0
        for y in "B" + string:
            state = moves[state, y]
        assert state == 7


def test_embedded_reber_remembers():
    source = embedded_reber()
    x, states = sample_path(source, 5000, np.random.default_rng(3))
    text = "".join(source.symbols[i] for i in x)
    starts = np.flatnonzero(states == 0)
    for a, b in itertools.pairwise(starts):
        string = text[a:b]
        assert string[0] == "B" and string[-1] == "E" and string[1] == string[-2]
        assert string[2] == "B" and string[-3] == "E" and b - a >= 9


def test_even_blocks():
    x = sample_source(even_process(), 3000, np.random.default_rng(4))
    blocks = "".join(map(str, x)).split("0")[1:-1]
    assert all(len(block) % 2 == 0 for block in blocks)


def test_sample_follows_the_stationary_distribution():
    source = embedded_reber()
    x, states = sample_path(source, 40_000, np.random.default_rng(5))
    share = np.bincount(states, minlength=19) / len(states)
    assert np.abs(share - stationary(source)).max() < 0.01
    symbols = np.bincount(x, minlength=7) / len(x)
    assert np.abs(symbols - stationary(source) @ source.emissions).max() < 0.01
    again = sample_source(source, 40_000, np.random.default_rng(5))
    assert (again == x).all()


def test_a_state_with_many_ways_out_takes_each_as_often_as_it_says():
    wanted = np.array([0.1, 0.2, 0.3, 0.4])
    found = sample_source(
        make_source(wanted[:, None, None]), 40_000, np.random.default_rng(3)
    )
    shares = np.bincount(found, minlength=4) / len(found)
    assert np.abs(shares - wanted).max() < 4 * (0.25 / len(found)) ** 0.5


def test_not_unifilar():
    source = hidden_markov(np.full((2, 2), 0.5), np.array([[0.9, 0.1], [0.2, 0.8]]))
    assert not source.unifilar
    with pytest.raises(ValueError, match="expected a unifilar one"):
        entropy_rate(source)
    lower, upper = entropy_rate_bounds(source, 6)
    assert lower <= upper


def uniform(source):
    """Every state equally likely: the other eigenvector."""
    S = source.edges.shape[1]
    return np.full(S, 1 / S)


def entropies(p):
    """-sum p log p along the last axis."""
    return -(p * np.log(np.where(p > 0, p, 1))).sum(axis=-1)


def filtered(after=lambda b, E: b @ E, predicts=lambda before, after: before):
    """The forward filter with these pieces wrong."""

    def wrong(source, indices):
        belief, found = stationary(source), []
        for symbol in indices:
            new = after(belief, source.edges[symbol])
            found.append(np.log(predicts(belief, new) @ source.emissions))
            belief = new / new.sum()
        return np.array(found)

    return lambda right: wrong


def over_words(right):
    """The words are summed out in the place of the first states."""

    def wrong(source, n):
        joint = np.diag(stationary(source)) @ source.emissions  # one word, n = 1
        for _ in range(n - 1):
            joint = joint[None] * source.emissions
        joint = joint.sum(axis=0)
        p = joint / joint.sum(axis=-1, keepdims=True)
        return right(source, n)[0], float(joint.sum(axis=-1) @ entropies(p))

    return wrong


ENTROPY = "rnnlib.language.entropy."
MUTANTS = [
    Mutant(
        "rate not weighted",
        ENTROPY + "entropy_rate",
        lambda right: lambda source: float(entropies(source.emissions).mean()),
    ),
    Mutant(
        "first state uniform",
        "rnnlib.language.sources.stationary",
        lambda right: uniform,
    ),
    Mutant(
        "filter backwards",
        ENTROPY + "optimal_log_probabilities",
        filtered(after=lambda b, E: E @ b),
    ),
    Mutant(
        "symbol read before it is predicted",
        ENTROPY + "optimal_log_probabilities",
        filtered(predicts=lambda before, after: after),
    ),
    Mutant(
        "bounds exchanged",
        ENTROPY + "entropy_rate_bounds",
        with_result(lambda bounds, *_: bounds[::-1]),
    ),
    Mutant("words summed", ENTROPY + "entropy_rate_bounds", over_words),
]
TWO = hidden_markov(
    np.array([[0.9, 0.1], [0.3, 0.7]]), np.array([[0.8, 0.2], [0.1, 0.9]])
)
WORD = (0, 1, 1)


def measured():
    """What all words say of that source, once for all mutants."""
    p = [word_probability(TWO, WORD[:n]) for n in (1, 2, 3)]
    found = []
    for n in (1, 2):
        q = [word_probability(TWO, w) for w in itertools.product((0, 1), repeat=n)]
        found.append(-sum(v * np.log(v) for v in q))
    return np.log(p), found[1] - found[0]


LOG_P, UPPER = measured()


def agrees():
    """Whether the functions are what all words say."""
    rows = entropy.optimal_log_probabilities(TWO, np.array(WORD))[np.arange(3), WORD]
    lower, upper = entropy.entropy_rate_bounds(TWO, 2)
    return bool(
        np.allclose(rows.cumsum(), LOG_P)
        and np.isclose(upper, UPPER)
        and lower < upper - 1e-6
        and np.isclose(entropy.entropy_rate(reber()), 0.75 * np.log(2))
    )


@each(MUTANTS)
def test_mistakes_are_noticed(mutant):
    assert agrees()
    with planted(mutant):
        assert fails(agrees)


def test_the_filter_without_a_mistake_is_right():
    with planted(MUTANTS[2]._replace(wrong=filtered())):
        assert agrees()


def test_the_stationary_distribution_is_that_of_the_rows():
    P = hidden_markov(np.array([[0.9, 0.1], [0.3, 0.7]]), np.eye(2))
    assert np.allclose(stationary(P), [0.75, 0.25])


@pytest.mark.parametrize(
    ("message", "call"),
    [
        (
            "edges: expected shape (V, S, S), got (2, 2)",
            lambda: make_source(np.eye(2)),
        ),
        (
            "edges: expected shape (V, S, S), got (1, 2, 3)",
            lambda: make_source(np.full((1, 2, 3), 1 / 3)),
        ),
        (
            "symbols: expected a sequence, got set",
            lambda: make_source(EDGES, {"a", "b"}),
        ),
        (
            "symbols: expected a sequence, got int",
            lambda: make_source(EDGES, 2),
        ),
        (
            "edges: expected probabilities, got a negative or complex one",
            lambda: make_source(np.array([[[-1.0]], [[2.0]]])),
        ),
        (
            "edges: expected rows that sum to one, got [0.5]",
            lambda: make_source(np.array([[[0.5]]])),
        ),
        (
            "edges: expected one stationary distribution, got several: the states fall "
            "apart",
            lambda: hidden_markov(np.eye(2), np.eye(2)),
        ),
        (
            "symbols: expected 2 distinct, got ('a', 'a')",
            lambda: make_source(EDGES, ("a", "a")),
        ),
        (
            "symbols: expected names, got ('a', ['b'])",
            lambda: make_source(EDGES, ("a", ["b"])),
        ),
        (
            "edges: expected rows that sum to one, got [1.  0.5]",
            lambda: make_source(np.array([[[1.0, 0.0], [0.0, 0.5]]])),
        ),
        (
            "edges: expected rows that sum to one, got [inf inf]",
            lambda: make_source(np.full((2, 2, 2), 1e308)),
        ),
        (
            "transitions: expected shape (S, S), got (2, 1)",
            lambda: hidden_markov(np.ones((2, 1)), np.eye(2)),
        ),
        (
            "emissions: expected shape (2, V), got (3, 3)",
            lambda: hidden_markov(np.full((2, 2), 0.5), np.eye(3)),
        ),
        (
            "rng: expected a numpy Generator, got int",
            lambda: sample_source(even_process(), 3, 0),
        ),
        (
            "n: expected an integer >= 1, got 0",
            lambda: sample_source(even_process(), 0, np.random.default_rng(0)),
        ),
        (
            "n: expected at most 4194304 numbers at once, got n = 40",
            lambda: entropy_rate_bounds(
                hidden_markov(np.full((2, 2), 0.5), np.full((2, 2), 0.5)), 40
            ),
        ),
        (
            "indices: expected integers from 0 to 1, got 0 to 2",
            lambda: optimal_log_probabilities(even_process(), np.array([0, 2])),
        ),
        (
            "indices: expected a sequence that the source can emit, got an impossible "
            "symbol at position 2",
            lambda: optimal_log_probabilities(even_process(), np.array([0, 1, 0])),
        ),
    ],
)
def test_refused(message, call):
    refuses(message, call)


def test_everything_named_is_there():
    assert all(hasattr(sources, name) for name in sources.__all__)


def test_states_that_hardly_meet_have_one_stationary_distribution():
    """The second singular value is about 1e-10: small, and no zero."""
    e = 1e-10
    chain = np.array([[1 - e, e], [2 * e, 1 - 2 * e]])
    found = stationary(hidden_markov(chain, np.eye(2)))
    np.testing.assert_allclose(found, [2 / 3, 1 / 3], rtol=1e-5)


def test_words_are_counted_up_to_the_bound_itself(monkeypatch):
    """Two states and two symbols: 4 2^k numbers after k steps, twice as many next."""
    source = hidden_markov(np.full((2, 2), 0.5), np.array([[0.25, 0.75], [0.5, 0.5]]))
    monkeypatch.setattr(entropy, "MOST", 16)
    entropy_rate_bounds(source, 3)
    message = "n: expected at most 16 numbers at once, got n = 4"
    refuses(message, entropy_rate_bounds, source, 4)
