"""Language models: refusals in their words, both sides of bounds, copies, dtypes."""

import numpy as np
import pytest

import rnnlib
from rnnlib.language.entropy import entropy_rate, optimal_log_probabilities
from rnnlib.language.generate import (
    cell_step,
    generate,
    network_step,
    ngram_step,
    tempered,
    truncated,
)
from rnnlib.language.grammars import even_process, hidden_markov
from rnnlib.language.ngrams import fit_ngrams, good_turing, table_parameters
from rnnlib.language.sources import make_source, sample_path, stationary
from rnnlib.language.text import Alphabet, check_length, split
from rnnlib.layers import lstm
from tests.support.refusals import refuses

V, D_H = 4, 3
RNG = np.random.default_rng(0)
NETWORK = rnnlib.init_params(V, D_H, V, rng=RNG)
LSTM = lstm.init_params(V, D_H, rng=RNG)
W, B = RNG.standard_normal((V, D_H)), RNG.standard_normal(V)
TEXT = np.array([0, 1, 2, 0, 1, 3, 0, 1, 2])


# Steps


def test_logits_are_refused_in_their_words():
    for logits, kind in [
        (np.array([1, 2]), "int64 (2,)"),
        (np.empty(0), "float64 (0,)"),
        (np.float64(1.0), "float64 ()"),
        (np.array([1j]), "complex128 (1,)"),
        (np.ma.masked_array([1.0, 2.0], [0, 1]), "masked array"),
    ]:
        refuses(f"logits: expected floats (V,), got {kind}", tempered, logits, 1.0)
    message = "logits: expected a finite maximum, got [ 0. inf]"
    refuses(message, tempered, np.array([0.0, np.inf]), 1.0)
    message = "temperature: expected a finite number >= 0, got -1e-09"
    refuses(message, tempered, np.zeros(2), -1e-9)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_probabilities_of_logits_far_apart(dtype):
    """In double precision always, without a warning."""
    far = np.finfo(dtype).max
    with np.errstate(over="raise"):
        for temperature in (0.0, 5e-324, 0.5, 2.0):
            p = tempered(np.array([-far, far, -np.inf], dtype), temperature)
            assert p.tolist() == [0, 1, 0] and p.dtype == np.float64
    p = tempered(np.array([0, 1], dtype), 0.5)
    np.testing.assert_allclose(p, [1 / (1 + np.exp(2)), 1 / (1 + np.exp(-2))], 1e-14)


def test_distributions_to_truncate_are_refused_in_their_words():
    for p, message in [
        ([1.0], "p: expected a floating NumPy array, got list"),
        (np.empty(0), "p: expected shape (V,), got (0,)"),
        (np.array(1.0), "p: expected shape (V,), got ()"),
        (np.array([1.5, -0.5]), "p: expected a distribution, got [ 1.5 -0.5]"),
        (np.array([0.5, 0.50001]), "p: expected a distribution, got [0.5     0.50001]"),
        (np.array([0.5, 0.49999]), "p: expected a distribution, got [0.5     0.49999]"),
    ]:
        refuses(message, truncated, p, 1)
    for rounded in (0.5 + 1e-8, 0.5 - 1e-8):
        assert truncated(np.array([0.5, rounded])).sum() == pytest.approx(1, rel=1e-15)
    for top_p in (-0.1, 0.0, 1 + 1e-9, np.nan, "1", None, False):
        if top_p is not None:
            message = f"top_p: expected a number above 0, at most 1, got {top_p!r}"
            refuses(message, truncated, np.array([1.0]), top_p=top_p)


def test_steps_are_refused_in_their_words():
    refuses("step: expected a function, got int", generate, 1, None, 0, 3)
    refuses("params: expected Params, got tuple", network_step, tuple(NETWORK))
    message = "phi: expected one of tanh, relu, logistic, identity, got 'sine'"
    refuses(message, network_step, NETWORK, "sine")
    refuses("model: expected NGrams, got tuple", ngram_step, ())
    for arguments, message in [
        ((LSTM, W[0], B), "W_hy: expected shape (V, d_h), got (3,)"),
        ((LSTM, W, B[1:]), "b_y: expected shape (4,), got (3,)"),
        ((LSTM, W[:, 1:], B), "W_hy: expected shape (4, 3), got (4, 2)"),
        ((LSTM, W.tolist(), B), "W_hy: expected a floating NumPy array, got list"),
    ]:
        refuses(message, cell_step, lstm, *arguments)
    with pytest.raises(ValueError, match="^params: "):
        cell_step(lstm, NETWORK, W, B)
    with pytest.raises(ValueError, match="^cell: "):
        cell_step(None, LSTM, W, B)


STEPS = {
    "network": network_step(NETWORK),
    "cell": cell_step(lstm, LSTM, W, B),
    "n-gram": ngram_step(fit_ngrams(TEXT, 2, V)),
}


@pytest.mark.parametrize("name", STEPS)
def test_symbols_at_both_ends(name):
    step = STEPS[name]
    for symbol in (0, V - 1, np.uint8(V - 1)):
        assert step(None, symbol)[0].shape == (V,)
    for symbol in (-1, V, True, 1.0, "a"):
        message = f"symbol: expected an integer from 0 to {V - 1}, got {symbol!r}"
        refuses(message, step, None, symbol)


@pytest.mark.parametrize("name", STEPS)
def test_a_step_changes_no_state_that_it_is_given(name):
    step = STEPS[name]
    state = step(None, 1)[1]
    first = step(state, 2)[0].copy()
    step(state, 3)
    np.testing.assert_array_equal(step(state, 2)[0], first)


def test_a_state_of_a_network_is_checked():
    message = "state: expected shape (3,), got (1, 3)"
    refuses(message, STEPS["network"], np.zeros((1, D_H)), 0)


def test_an_ngram_step_remembers_its_order():
    step = STEPS["n-gram"]
    assert step(None, None)[1] == () and step((3, 0), np.int8(1))[1] == (0, 1)
    assert type(step((), np.int8(1))[1][0]) is int
    assert ngram_step(fit_ngrams(TEXT, 0, V))((1,), 2)[1] == ()


def test_drawing_stops_at_the_count_or_at_the_symbol():
    ones = iter([0, 1, 2, 0, 1, 2])

    def step(state, symbol):
        return np.where(np.arange(3) == next(ones), 0.0, -np.inf), state

    assert generate(step, None, 0, 5, temperature=0, stop=2).tolist() == [0, 1, 2]
    message = "rng: expected a numpy Generator, got NoneType"
    refuses(message, generate, step, None, 0, 1, temperature=1e-300)


# N-grams


def test_counts_are_refused_in_their_words():
    for counts, message in [
        ([0, 0], "counts: expected integers >= 0, one of them above 0, got [0 0]"),
        ([2, -1], "counts: expected integers >= 0, one of them above 0, got [ 2 -1]"),
        ([], "counts: expected integers (n,), n >= 1, got float64 (0,)"),
        ([0.5], "counts: expected integers (n,), n >= 1, got float64 (1,)"),
    ]:
        refuses(message, good_turing, counts)
    missing, adjusted = good_turing([0, 1, 1, 2])
    assert missing == 0.5 and adjusted.tolist() == [2.0, 1.0, 1.0, 0.0]


def test_contexts_and_alphabets_at_their_bounds():
    model = fit_ngrams(TEXT, 2, V, "additive", 0.0)
    message = "context: expected one that was seen, got [3 3]"
    refuses(message, model.log_probabilities, [3, 3])
    message = f"context: expected integers from 0 to {V - 1}, got 0 to {V}"
    refuses(message, model.log_probabilities, [0, V])
    assert model.log_probabilities().tolist() == [0.0, -np.inf, -np.inf, -np.inf]
    assert model.symbol_log_probabilities([3, 3, 3]).tolist() == [-np.inf] * 3
    message = "order: expected (V + 1)^(order + 1) < 2^63, got 62 with V = 1"
    refuses(message, fit_ngrams, [0, 0], 62, 1)
    assert fit_ngrams([0, 0], 61, 1).order == 61


def test_tables_are_counted():
    assert [table_parameters(k, 3) for k in (0, 1, 2)] == [2, 6, 18]
    refuses("V: expected an integer >= 1, got 0", table_parameters, 1, 0)
    refuses("order: expected an integer >= 0, got -1", table_parameters, -1, 3)


# Sources


def test_sources_are_refused_in_their_words():
    for p in (-1e-9, 1 + 1e-9, np.nan, None, True):
        message = f"p: expected a number in [0, 1], got {p!r}"
        refuses(message, even_process, p)
    half = np.full((2, 2), 0.5)
    for transitions, emissions, message in [
        (1j * half, half, "transitions: expected probabilities, got complex128"),
        (half, 1j * half, "emissions: expected probabilities, got complex128"),
        (half, half[0], "emissions: expected shape (2, V), got (2,)"),
        (half[0], half, "transitions: expected shape (S, S), got (2,)"),
        (2 * half, half, "transitions: expected rows that sum to one, got [2. 2.]"),
        (half, 2 * half, "emissions: expected rows that sum to one, got [2. 2.]"),
    ]:
        refuses(message, hidden_markov, transitions, emissions)
    source = hidden_markov(half, half)
    for function in (stationary, entropy_rate):
        refuses("source: expected a Source, got tuple", function, tuple(source))
    refuses("n: expected an integer >= 1, got 0", sample_path, source, 0, RNG)
    refuses(
        "edges: expected shape (V, S, S), got (0, 1, 1)",
        make_source,
        np.ones((0, 1, 1)),
    )


@pytest.mark.parametrize(("off", "fits"), [(5e-13, True), (5e-12, False)])
@pytest.mark.parametrize("sign", [1, -1])
def test_rows_may_be_off_by_rounding(off, fits, sign):
    edges = np.array([[[1 + sign * off]]])
    if fits:
        assert make_source(edges).edges.dtype == np.float64
    else:
        with pytest.raises(ValueError, match="^edges: expected rows that sum to one"):
            make_source(edges)


def test_observed_symbols_are_refused_in_their_words():
    run = optimal_log_probabilities
    source = even_process()
    for x, message in [
        ([[0]], "indices: expected integers (n,), got int64 (1, 1)"),
        ([], "indices: expected integers (n,), got float64 (0,)"),
        ([0.0], "indices: expected integers (n,), got float64 (1,)"),
        ([0, 2], "indices: expected integers from 0 to 1, got 0 to 2"),
        (
            [1, 0, 1, 0],
            "indices: expected a sequence that the source can emit, got an impossible "
            "symbol at position 3",
        ),
    ]:
        refuses(message, run, source, x)
    with np.errstate(divide="raise"):
        assert run(source, [0, 1])[-1].shape == (2,)
        assert run(source, [0, 1])[1].tolist() == [np.log(0.5)] * 2


# Texts


def test_texts_are_refused_in_their_words():
    ab = Alphabet.of("ab")
    for function, argument, message in [
        (Alphabet.of, "", "text: expected characters, got ''"),
        (Alphabet.of, 3, "text: expected characters, got 3"),
        (Alphabet, (1, 2), "symbols: expected single characters, got (1, 2)"),
        (Alphabet, ("ab",), "symbols: expected single characters, got ('ab',)"),
        (
            Alphabet,
            "ba",
            "symbols: expected distinct characters in the order of their code points, "
            "at least one, got 'ba'",
        ),
        (ab.encode, b"a", "text: expected a str, got bytes"),
        (
            ab.encode,
            "ab\xe9z",
            "text: character '\\xe9' (U+00E9) at position 2 is not among the 2 symbols "
            "of the alphabet",
        ),
        (ab.decode, [[0]], "indices: expected integers (T,), got int64 (1, 1)"),
        (ab.decode, [2, 0], "indices: expected integers from 0 to 1, got 0 to 2"),
        (
            ab.decode,
            np.ma.masked_array([0, 1]),
            "indices: expected a NumPy array, got masked array",
        ),
    ]:
        refuses(message, function, argument)
    assert ab.decode(np.array([1, 0], np.uint8)) == "ba"
    assert ab.encode("ba").dtype == np.int64 and ab.encode("").shape == (0,)


def test_a_text_is_longer_than_its_window():
    assert check_length("abc", 2) == "abc"
    message = (
        "text: expected at least 4 characters for a window of 3 and the next one, got 3"
    )
    refuses(message, check_length, "abc", 3)


def test_a_split_shows_views_of_two_or_more():
    indices = np.arange(10)
    train, held_out = split(indices, 0.2)
    assert (len(train), len(held_out)) == (8, 2)
    assert np.shares_memory(train, indices) and np.shares_memory(held_out, indices)
    assert list(map(len, split(indices, 0.8))) == [2, 8]
    refuses("indices: expected a sequence, got int", split, 3, 0.5)


def test_one_logit_that_is_no_number():
    message = "logits: expected a finite maximum, got [ 0. nan  1.]"
    refuses(message, tempered, np.array([0.0, np.nan, 1.0]), 1.0)
