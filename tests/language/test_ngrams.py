"""N-gram models: counts by hand, total mass, orders in training, and mistakes."""

from collections import Counter, defaultdict
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnlib.language import ngrams
from rnnlib.language.ngrams import (
    SMOOTHINGS,
    fit_ngrams,
    good_turing,
    table_parameters,
)
from tests.support.mutants import Mutant, each, planted
from tests.support.refusals import refuses

LETTERS = "abr"  # of "abrabbra", and of what follows
TEXT = np.array([LETTERS.index(c) for c in "abrabbraabba"])
SHARES = [0.3, 0.2, 0.15, 0.1, 0.1, 0.07, 0.05, 0.03]
LONG = np.random.default_rng(0).choice(8, 160, p=SHARES)  # three discounts at work


PIECES = {
    "start": "start",
    "counted": lambda padded, t, k, order: padded[t - k : t],
    "asked": lambda context, k, order: context[order - k :],
    "spread": lambda alpha, V: alpha * V,
    "types": lambda smoothing: smoothing.endswith("kneser-ney"),
    "discount": lambda once, twice: once / (once + 2 * twice),
    "modified": lambda k, D, n: k - (k + 1) * D * n[k + 1] / n[k],
    "by_size": lambda m: min(m, 3),
    "handed_down": lambda D: D,
    "new": lambda N, d: d,
    "unseen": lambda value, V: value,
}


def by_hand(sequences, order, V, smoothing, alpha=1.0, **mistakes):
    """p(x | context), written the slow way: dictionaries, one level at a time."""
    of = SimpleNamespace(**PIECES | mistakes)
    counts = [defaultdict(Counter) for _ in range(order + 1)]
    for x in sequences:
        padded = [of.start] * order + list(x)
        for t in range(order, len(padded)):
            for k in range(order + 1):
                counts[k][tuple(of.counted(padded, t, k, order))][padded[t]] += 1
    if of.types(smoothing):
        for k in range(order):
            pairs = {
                (c[1:], x) + c[:1] for c in counts[k + 1] for x in counts[k + 1][c]
            }
            counts[k] = defaultdict(Counter)
            for c, x, _ in pairs:
                counts[k][c][x] += 1

    def p(context, x):
        context = ((of.start,) * order + tuple(context))[len(context) :]
        value = 1 / V
        for k in range(order + 1):
            seen = counts[k][of.asked(context, k, order)]
            if smoothing == "additive" and k < order:
                continue
            if not seen:
                value = of.unseen(value, V)
                continue
            n, N, d = seen[x], sum(seen.values()), len(seen)
            if smoothing == "additive":
                spread = of.spread(alpha, V)
                value = (n + alpha) / (N + spread)
            elif smoothing == "witten-bell":
                d = of.new(N, d)
                value = (n + d * value) / (N + d)
            else:
                sizes = Counter(m for c in counts[k].values() for m in c.values())
                D = 0.5
                if sizes[1] and sizes[2]:
                    D = of.discount(sizes[1], sizes[2])
                Ds = {k: D for k in (1, 2, 3)}
                if smoothing.startswith("modified") and all(
                    sizes[m] for m in (1, 2, 3, 4)
                ):
                    three = {m: of.modified(m, D, sizes) for m in (1, 2, 3)}
                    if all(0 < three[m] < m for m in three):
                        Ds = three
                taken = sum(of.handed_down(Ds[of.by_size(m)]) for m in seen.values())
                kept = n - Ds[of.by_size(n)] if n else 0
                value = (kept + taken * value) / N
        return value

    return p


def wrong():
    """The smoothings under which the probabilities are not those by hand."""
    short = [TEXT, TEXT[3:7], np.array([2, 2, 0])]
    found = set()
    cases = [(short, 4, smoothing) for smoothing in SMOOTHINGS]
    for sequences, V, smoothing in [*cases, ([LONG], 8, "modified-kneser-ney")]:
        for order in (0, 1, 2, 3):
            model = ngrams.fit_ngrams(sequences, order, V, smoothing, alpha=0.3)
            p = by_hand(sequences, order, V, smoothing, 0.3)
            for context in (
                (),
                (0,),
                (0, 1),
                (1, 2),
                (2, 2),
                (3, 0),
                (0, 1, 1),
                (1,) * 5,
            ):
                ours = model.log_probabilities(context)
                theirs = np.log([p(context, x) for x in range(V)])
                if not np.allclose(ours, theirs, rtol=1e-12, atol=1e-12):
                    found.add(smoothing)
            theirs = [
                np.log(p(tuple(x[:t]), x[t])) for x in sequences for t in range(len(x))
            ]
            if not np.isclose(model.cross_entropy(sequences), -np.mean(theirs)):
                found.add(smoothing)
    return found


def test_equal_to_the_slow_way():
    assert wrong() == set()


def mutant(name, expected, **mistakes):
    """The model by hand with these pieces wrong, in the place of the fitted one."""

    def wrong(sequences, order, V, smoothing, alpha):
        p = by_hand(sequences, order, V, smoothing, alpha, **mistakes)

        def logs(texts):
            return [np.log(p(tuple(x[:t]), x[t])) for x in texts for t in range(len(x))]

        return SimpleNamespace(
            log_probabilities=lambda context: np.log([p(context, x) for x in range(V)]),
            cross_entropy=lambda texts: -np.mean(logs(texts)),
        )

    place = "rnnlib.language.ngrams.fit_ngrams"
    return Mutant(name, place, lambda right: wrong, expected)


KNESER_NEY = {"kneser-ney", "modified-kneser-ney"}
COUNTING = {"witten-bell", *KNESER_NEY}
MUTANTS = [
    mutant(
        "the oldest symbols count as context",
        COUNTING,
        counted=lambda padded, t, k, order: padded[t - order : t - order + k],
        asked=lambda context, k, order: context[:k],
    ),
    mutant(
        "oldest symbol kept",
        COUNTING,
        counted=lambda padded, t, k, order: padded[t - order : t - order + k],
    ),
    mutant(
        "the context is one symbol late",
        set(SMOOTHINGS),
        counted=lambda padded, t, k, order: padded[t - k + 1 : t + 1] if k else [],
    ),
    mutant("start symbol is symbol 0", set(SMOOTHINGS), start=0),
    mutant("alpha counted once", {"additive"}, spread=lambda alpha, V: alpha),
    mutant("raw counts in lower orders", KNESER_NEY, types=lambda smoothing: False),
    mutant("discount not handed down", KNESER_NEY, handed_down=lambda D: 0),
    mutant(
        "discount without its 2",
        KNESER_NEY,
        discount=lambda once, twice: once / (once + twice),
    ),
    mutant(
        "one discount for all",
        {"modified-kneser-ney"},
        modified=lambda k, D, n: D,
    ),
    mutant(
        "the count of a count is not moved on",
        {"modified-kneser-ney"},
        modified=lambda k, D, n: k - k * D * n[k + 1] / n[k],
    ),
    mutant(
        "two or more share a discount",
        {"modified-kneser-ney"},
        by_size=lambda m: min(m, 2),
    ),
    mutant("tokens for types", {"witten-bell"}, new=lambda N, d: N),
    mutant("an unseen context is uniform", COUNTING, unseen=lambda value, V: 1 / V),
]


@each(MUTANTS)
def test_mistakes_are_noticed(mutant):
    with planted(mutant), np.errstate(divide="ignore"):
        assert wrong() == mutant.expected


SEQUENCES = st.lists(
    st.lists(st.integers(0, 3), min_size=1, max_size=12).map(np.array),
    min_size=1,
    max_size=3,
)


@given(
    SEQUENCES,
    st.integers(0, 4),
    st.sampled_from(SMOOTHINGS),
    st.lists(st.integers(0, 4), max_size=6),
)
def test_total_mass_is_one_in_every_context(sequences, order, smoothing, context):
    model = fit_ngrams(sequences, order, 5, smoothing)
    p = np.exp(model.log_probabilities(context))
    assert (p > 0).all() and abs(p.sum() - 1) < 1e-12


@given(SEQUENCES, st.integers(0, 4))
def test_a_higher_order_never_fits_its_own_counts_worse(sequences, order):
    low = fit_ngrams(sequences, order, 4, "additive", alpha=0)
    high = fit_ngrams(sequences, order + 1, 4, "additive", alpha=0)
    assert high.cross_entropy(sequences) <= low.cross_entropy(sequences) + 1e-12


@given(SEQUENCES, st.integers(0, 3), st.sampled_from(SMOOTHINGS))
def test_each_symbol_and_the_whole_agree(sequences, order, smoothing):
    model = fit_ngrams(sequences, order, 4, smoothing)
    x = sequences[0]
    each = model.symbol_log_probabilities(x)
    single = [model.log_probabilities(x[:t])[x[t]] for t in range(len(x))]
    np.testing.assert_allclose(each, single, rtol=1e-12, atol=1e-13)
    assert np.isclose(model.cross_entropy(x), -each.mean())


def test_maximum_likelihood_is_relative_frequency():
    model = fit_ngrams(np.array([0, 1, 0, 1, 0, 2]), 1, 4, "additive", alpha=0)
    p = np.exp(model.log_probabilities([0]))
    np.testing.assert_allclose(p, [0, 2 / 3, 1 / 3, 0], atol=1e-15)
    assert model.log_probabilities()[0] == 0  # every sequence began with 0
    assert model.cross_entropy(np.array([0, 3])) == np.inf
    assert model.cross_entropy(np.array([0, 2, 0])) == np.inf  # nothing followed 2
    refuses(
        "context: expected one that was seen, got [2]", model.log_probabilities, [2]
    )


def test_list_of_integers_is_one_sequence():
    one = fit_ngrams([0, 1, 1], 1, 2)
    assert one.cross_entropy([0, 1]) == fit_ngrams(
        np.array([0, 1, 1]), 1, 2
    ).cross_entropy(np.array([0, 1]))


def test_sequences_begin_anew():
    x = np.array([0, 1])
    apart = fit_ngrams([x, x], 1, 2, "additive", alpha=0)
    joined = fit_ngrams(np.tile(x, 2), 1, 2, "additive", alpha=0)
    assert apart.cross_entropy([x, x]) == 0
    assert joined.cross_entropy(np.tile(x, 2)) == 0
    assert np.isfinite(joined.log_probabilities([1])[0])
    with pytest.raises(ValueError):
        apart.log_probabilities([1])  # nothing follows the end


def test_parameters():
    assert table_parameters(0, 65) == 64 and table_parameters(2, 3) == 18
    model = fit_ngrams(TEXT, 3, 3, "witten-bell")
    assert model.entries == sum(
        len({tuple(([3] * k + list(TEXT))[t : t + k + 1]) for t in range(len(TEXT))})
        for k in range(4)
    )


@pytest.mark.parametrize(
    ("message", "arguments"),
    [
        ("order: expected an integer >= 0, got -1", (TEXT, -1, 3)),
        ("V: expected an integer >= 1, got 0", (TEXT, 1, 0)),
        ("indices: expected integers from 0 to 1, got 0 to 2", (TEXT, 1, 2)),
        (
            "indices: expected integers (n,), n >= 1, got float64 (2,)",
            (np.array([0.0, 1.0]), 1, 2),
        ),
        ("indices: expected integers (n,), n >= 1, got float64 (0,)", ([], 1, 2)),
        (
            "indices: expected integers (n,), n >= 1, got int64 (2, 1)",
            (np.eye(2, 1, dtype=int), 1, 2),
        ),
        (
            "smoothing: expected one of 'additive', 'witten-bell', 'kneser-ney', "
            "'modified-kneser-ney', got 'katz'",
            (TEXT, 1, 3, "katz"),
        ),
        ("alpha: expected a finite number >= 0, got -1", (TEXT, 1, 3, "additive", -1)),
        (
            "order: expected (V + 1)^(order + 1) < 2^63, got 10 with V = 65",
            (TEXT, 10, 65),
        ),
    ],
)
def test_refused(message, arguments):
    refuses(message, fit_ngrams, *arguments)


def test_parameters_are_counted_in_pythons_integers():
    """75^12 does not fit into 64 bits."""
    wide = table_parameters(12, np.int64(75))
    assert wide == table_parameters(np.int8(12), 75) == 74 * 75**12
    assert type(wide) is int


def test_good_turing_by_hand():
    """Four symbols once, two twice, one four times: N = 12."""
    missing, adjusted = good_turing(np.array([1, 0, 2, 1, 4, 1, 2, 1, 0]))
    assert missing == 4 / 12
    assert adjusted.tolist() == [1, 2, 0, 1, 0, 1, 0, 1, 2]
    assert good_turing([3])[0] == 0 and good_turing([1])[0] == 1


@given(st.lists(st.integers(0, 6), min_size=1, max_size=30).filter(any))
def test_good_turing_hands_out_what_was_seen(counts):
    """sum_k n_k k* = N where every k below the largest occurs; unseen get n_1."""
    missing, adjusted = good_turing(counts)
    counts = np.array(counts)
    sizes = np.bincount(counts)
    gaps = sum(k * n for k, n in enumerate(sizes) if k and not sizes[k - 1])
    assert np.isclose(adjusted.sum() + gaps, counts.sum())
    if sizes[0]:
        assert np.isclose(adjusted[counts == 0].sum() / counts.sum(), missing)


def test_good_turing_is_right_on_average():
    """The expected missing mass after N draws is E n_1 / (N + 1) after N + 1 draws."""
    p, rng = np.array(SHARES), np.random.default_rng(2)
    unseen, singles = [], []
    for _ in range(4000):
        x = rng.choice(8, 12, p=p)
        unseen.append(p[np.bincount(x[:-1], minlength=8) == 0].sum())
        singles.append(good_turing(np.bincount(x))[0])
    assert abs(np.mean(unseen) - np.mean(singles)) < 0.01


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ([], "counts: expected integers (n,), n >= 1, got float64 (0,)"),
        ([0.5], "counts: expected integers (n,), n >= 1, got float64 (1,)"),
        ([1, -1], "counts: expected integers >= 0, one of them above 0, got [ 1 -1]"),
        ([0, 0], "counts: expected integers >= 0, one of them above 0, got [0 0]"),
    ],
)
def test_counts_that_are_none(counts, message):
    refuses(message, good_turing, counts)
