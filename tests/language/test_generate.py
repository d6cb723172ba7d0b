"""Generation: the right distribution, the right state, and clear errors."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import rnnlib
from rnnlib.language import generate as module
from rnnlib.language.generate import (
    cell_step,
    generate,
    network_step,
    ngram_step,
    tempered,
    truncated,
)
from rnnlib.language.ngrams import fit_ngrams
from rnnlib.layers import lstm, vanilla
from tests.support.mutants import (
    Mutant,
    each,
    fails,
    planted,
    with_arguments,
    with_result,
)
from tests.support.refusals import refuses

LOGITS = np.log([0.1, 0.2, 0.3, 0.4])


def constant(state, symbol):
    """The same logits at each step; the state counts the calls."""
    return LOGITS, (state or 0) + 1


def network(seed=0, V=5, d_h=4):
    rng = np.random.default_rng(seed)
    params = rnnlib.init_params(V, d_h, V, rng=rng)
    return rnnlib.Params(*(a + 0.5 * rng.standard_normal(a.shape) for a in params))


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_frequencies(temperature):
    rng = np.random.default_rng(1)
    x = generate(constant, None, 0, 20_000, rng=rng, temperature=temperature)
    wanted = np.exp(LOGITS) ** (1 / temperature)
    share = np.bincount(x, minlength=4) / len(x)
    assert np.abs(share - wanted / wanted.sum()).max() < 0.015


def test_temperature_zero_takes_the_first_of_the_largest():
    def tie(state, symbol):
        return np.array([0.0, 2.0, 2.0]), state

    assert generate(tie, None, 0, 3, temperature=0).tolist() == [1, 1, 1]
    assert tempered(np.array([1.0, 5.0]), 1e-300).tolist() == [0, 1]
    assert np.allclose(tempered(LOGITS, 1e9), 0.25)


P = np.array([0.1, 0.4, 0.1, 0.25, 0.15])


@pytest.mark.parametrize(
    ("options", "kept"),
    [
        ({}, [0, 1, 2, 3, 4]),
        ({"top_k": 1}, [1]),
        ({"top_k": 4}, [0, 1, 3, 4]),  # the first of equal ones
        ({"top_k": 9}, [0, 1, 2, 3, 4]),
        ({"top_p": 0.4}, [1]),
        ({"top_p": 0.41}, [1, 3]),
        ({"top_p": 0.8}, [1, 3, 4]),  # 0.4 + 0.25 + 0.15 rounds
        ({"top_p": 1}, [0, 1, 2, 3, 4]),
        ({"top_k": 2, "top_p": 0.8}, [1, 3]),
        ({"top_k": 4, "top_p": 0.4}, [1]),
    ],
)
def test_truncated(options, kept):
    q = truncated(P, **options)
    assert np.flatnonzero(q).tolist() == kept
    np.testing.assert_allclose(q[kept], P[kept] / P[kept].sum(), rtol=1e-14)
    z = np.log(P)
    x = generate(
        lambda s, _: (z, s), None, 0, 4000, rng=np.random.default_rng(3), **options
    )
    share = np.bincount(x, minlength=5) / len(x)
    assert set(x) <= set(kept) and np.abs(share - q).max() < 0.04


def nucleus_by_trying(p, mass):
    """The least number of symbols with that mass, over all sets of symbols."""
    sets = (np.array(s) for s in product((False, True), repeat=len(p)))
    return min(s.sum() for s in sets if p[s].sum() >= mass - 1e-12)


@given(st.integers(0, 2**32 - 1), st.floats(0.01, 1))
def test_no_smaller_set_has_the_mass(seed, mass):
    p = np.random.default_rng(seed).dirichlet(np.ones(6))
    q = truncated(p, top_p=mass)
    assert np.count_nonzero(q) == nucleus_by_trying(p, mass)
    assert p[q > 0].min() >= p[q == 0].max(initial=0)


def test_what_has_no_probability_is_not_kept():
    q = truncated(np.array([0.5, 0, 0.5]), top_k=3)
    assert q.tolist() == [0.5, 0, 0.5]


@pytest.mark.parametrize(
    ("message", "changes"),
    [
        ("top_k: expected an integer >= 1, got 0", {"top_k": 0}),
        ("top_p: expected a number above 0, at most 1, got 0", {"top_p": 0}),
        ("top_p: expected a number above 0, at most 1, got True", {"top_p": True}),
        ("p: expected a distribution, got [0.5 0.6]", {"p": np.array([0.5, 0.6])}),
        ("p: expected shape (V,), got (1, 2)", {"p": np.array([[0.5, 0.5]])}),
    ],
)
def test_truncation_refused(message, changes):
    refuses(message, truncated, **{"p": P} | changes)


@given(st.integers(0, 2**32 - 1), st.floats(0, 50))
def test_what_is_impossible_is_never_drawn(seed, temperature):
    rng = np.random.default_rng(seed)
    z = 10 * rng.standard_normal(6)
    z[rng.integers(0, 6, 3)] = -np.inf
    x = generate(lambda s, _: (z, s), None, 0, 20, rng=rng, temperature=temperature)
    assert np.isfinite(z[x]).all()


@given(st.integers(0, 2**32 - 1), st.lists(st.integers(0, 4), min_size=1, max_size=5))
def test_generated_symbols_are_those_of_the_whole_network(seed, prompt):
    """Drawn again from the logits of one forward pass, with the same numbers."""
    params = network(seed % 7)
    x = generate(network_step(params), None, prompt, 8, rng=np.random.default_rng(seed))
    everything = np.array([*prompt, *x])[:, None]
    z = rnnlib.forward(params, everything).z[len(prompt) - 1 : -1, 0]
    sums = rnnlib.softmax(z).cumsum(axis=1)
    u = np.random.default_rng(seed).random(8)
    assert (x == (sums <= u[:, None]).sum(axis=1)).all()


@pytest.mark.parametrize("cell", [vanilla, lstm])
def test_cell_step_is_the_cell(cell):
    rng = np.random.default_rng(3)
    params = cell.init_params(5, 3, rng=rng)
    W_hy, b_y = rng.standard_normal((5, 3)), rng.standard_normal(5)
    x = rng.integers(0, 5, 6)
    step, state = cell_step(cell, params, W_hy, b_y), None
    for t, symbol in enumerate(x):
        z, state = step(state, symbol)
        whole = cell.forward(params, x[: t + 1, None])
        np.testing.assert_allclose(z, W_hy @ whole.output[-1, 0] + b_y, atol=1e-14)


def test_network_step_carries_a_state():
    params, step = network(), network_step(network())
    _, h = step(None, 2)
    z, _ = step(h, 1)
    np.testing.assert_allclose(z, rnnlib.forward(params, np.array([[2], [1]])).z[1, 0])


def test_ngram_step():
    text = np.array([0, 1, 2, 0, 1, 2, 0])
    model = fit_ngrams(text, 2, 3, "additive", alpha=0)
    x = generate(ngram_step(model), None, None, 6, rng=np.random.default_rng(0))
    assert x.tolist() == [0, 1, 2, 0, 1, 2]
    step, state = ngram_step(fit_ngrams(text, 2, 3)), None
    for t in range(len(text)):
        logits, state = step(state, text[t])
        theirs = fit_ngrams(text, 2, 3).log_probabilities(text[: t + 1])
        assert (logits == theirs).all() and len(state) <= 2
    unigram = ngram_step(fit_ngrams(text, 0, 3))
    assert unigram(None, 1)[1] == () == unigram((), None)[1]


def test_stop_and_count():
    step = ngram_step(fit_ngrams([np.array([0, 1, 2])] * 2, 1, 3, "additive", alpha=0))
    rng = np.random.default_rng(0)
    assert generate(step, None, None, 9, rng=rng, stop=2).tolist() == [0, 1, 2]
    assert generate(step, None, None, 2, rng=rng, stop=2).tolist() == [0, 1]
    calls = []
    generate(lambda s, x: (calls.append(x), (LOGITS, s))[1], None, [1, 2], 3, rng=rng)
    assert len(calls) == 2 + 3 - 1  # no step after the last symbol


def generation(name, change):
    """A mutant of `generate`: ``change`` gives its other step, start and options."""

    def other(step, state, start, count, **options):
        new = {"step": step, "start": start} | options
        new |= change(step, start, options)
        return (new.pop("step"), state, new.pop("start"), count), new

    return Mutant(name, "rnnlib.language.generate.generate", with_arguments(other))


def one_step(name, change):
    """A mutant of a step: ``change(step, h, symbol)`` gives logits and state."""

    def wrong(step):
        return lambda h, symbol: change(step, h, symbol)

    place = "rnnlib.language.generate.network_step"
    return Mutant(name, place, with_result(lambda step, params: wrong(step)))


def of_params(name, change):
    """A mutant of a step: that of other parameters."""
    place = "rnnlib.language.generate.network_step"
    return Mutant(name, place, with_arguments(lambda p: ((change(p),), {})))


def first_again(step, start, options):
    """After the prompt, its successor is read at every step."""
    read = []

    def wrong(state, symbol):
        read.append(symbol)
        return step(state, read[min(len(read) - 1, len(start))])

    return {"step": wrong}


class TurnedRound(np.random.Generator):
    """Uniform numbers counted from the other end."""

    def random(self):
        """1 - u."""
        return 1 - super().random()


MUTANTS = [
    Mutant(
        "multiplied by the temperature",
        "rnnlib.language.generate.tempered",
        with_arguments(lambda logits, temperature: ((logits, 1 / temperature), {})),
    ),
    generation("the first symbol is read again", first_again),
    generation(
        "only the last of the prompt is read",
        lambda step, start, options: {"start": start[-1:]},
    ),
    generation("always the likeliest", lambda *_: {"temperature": 0}),
    generation(
        "cumulative sums turned round",
        lambda step, start, options: {"rng": TurnedRound(options["rng"].bit_generator)},
    ),
    one_step("the state is forgotten", lambda step, h, symbol: step(None, symbol)),
    one_step("the input is forgotten", lambda step, h, symbol: step(h, 0)),
    one_step(
        "the state before is handed on",
        lambda step, h, symbol: (step(h, symbol)[0], h),
    ),
    of_params("no output bias", lambda p: p._replace(b_y=0 * p.b_y)),
    of_params("rows for columns", lambda p: p._replace(W_hh=p.W_hh.T)),
]


def follows():
    """Whether the symbols are those of one forward pass over all of them."""
    params, prompt, n = network(4), [1, 3, 0], 40
    step = module.network_step(params)
    rng = np.random.default_rng(9)
    x = module.generate(step, None, prompt, n, rng=rng, temperature=2.0)
    z = rnnlib.forward(params, np.array([*prompt, *x])[:, None]).z[2:-1, 0]
    sums = rnnlib.softmax(z / 2).cumsum(axis=1)
    u = np.random.default_rng(9).random(n)
    return bool((x == (sums <= u[:, None]).sum(axis=1)).all())


@each(MUTANTS)
def test_mistakes_are_noticed(mutant):
    assert follows()
    with planted(mutant):
        assert fails(follows)


@pytest.mark.parametrize(
    ("message", "changes"),
    [
        ("count: expected an integer >= 1, got 0", {"count": 0}),
        ("temperature: expected a finite number >= 0, got -1", {"temperature": -1}),
        ("rng: expected a numpy Generator, got NoneType", {"rng": None}),
        ("start: expected at least one symbol, got none", {"start": []}),
        ("top_k: expected an integer >= 1, got 0.5", {"top_k": 0.5}),
        ("top_p: expected a number above 0, at most 1, got 2", {"top_p": 2}),
        (
            "logits: expected a finite maximum, got [nan  0.]",
            {"step": lambda s, x: (np.array([np.nan, 0]), s)},
        ),
        (
            "logits: expected a finite maximum, got [-inf]",
            {"step": lambda s, x: (np.array([-np.inf]), s)},
        ),
        (
            "logits: expected floats (V,), got float64 (1, 2)",
            {"step": lambda s, x: (np.zeros((1, 2)), s)},
        ),
        (
            "symbol: expected an integer from 0 to 4, got 5",
            {"step": network_step(network()), "start": 5},
        ),
        (
            "symbol: expected an integer from 0 to 4, got None",
            {"step": network_step(network()), "start": None},
        ),
    ],
)
def test_refused(message, changes):
    arguments = {"step": constant, "state": None, "start": 0, "count": 3}
    arguments |= {"rng": np.random.default_rng(0)} | changes
    refuses(message, generate, **arguments)


def test_network_must_read_what_it_predicts():
    params = rnnlib.init_params(3, 4, 5, rng=np.random.default_rng(0))
    refuses("W_hy: expected shape (3, 4), got (5, 4)", network_step, params)


@pytest.mark.parametrize(
    ("result", "what"),
    [
        (LOGITS, "ndarray"),
        ([LOGITS, None], "list"),
        ((LOGITS,), "tuple of 1"),
        ((LOGITS, None, 0), "tuple of 3"),
        (None, "NoneType"),
    ],
    ids=["logits alone", "list", "one", "three", "nothing"],
)
def test_a_step_that_returns_no_pair(result, what):
    """Also where only the second step does."""
    message = f"step: expected a function that returns (logits, state), got {what}"
    rng = np.random.default_rng(0)
    refuses(message, generate, lambda s, x: result, None, 0, 3, rng=rng)

    def later(state, symbol):
        return result if state else (LOGITS, True)

    refuses(message, generate, later, None, 0, 3, rng=rng)
    assert len(generate(later, None, 0, 1, rng=rng)) == 1
