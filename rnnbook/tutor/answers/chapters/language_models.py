"""The answers of the chapter on language models."""

from itertools import pairwise

import numpy as np

from rnnbook.tutor.answers.checking import Exercise, Variant
from rnnbook.tutor.answers.kinds import Code, Experiment, Numbers, Parts

# units


def _units(bits=2, length=5.5, words=1000, variant=None):
    """The exercise for a price in bits, a length, and a perplexity per word."""
    symbol, price = 2**bits, bits * length
    word = 2**price
    better = words < word
    nats = "the price is in bits, not in nats"
    return Exercise(
        "ex-language-models-units",
        Numbers(
            {
                "a character": symbol,
                "a word": word,
                "the model of words is better": better,
            },
            {
                "a character": {
                    bits: "that is the price in bits: the perplexity is 2 to that "
                    "power",
                    float(np.exp(bits)): f"{nats}: 2 to the power of {bits:g}, not e",
                },
                "a word": {
                    price: "that is the price in bits: the perplexity is 2 to that "
                    "power",
                    symbol * length: "prices add up, perplexities multiply: "
                    f"{symbol:g} to the power of {length}",
                    float(np.exp(price)): nats,
                },
                "the model of words is better": {
                    not better: "compare for the same text: a word costs "
                    f"log2({words}) bits, or {price:g}"
                },
            },
            tolerance=1e-6,
        ),
        (
            "Two bits are two choices between two equally likely symbols.",
            "The perplexity is 2 to the power of the bits. How many bits does a word "
            "cost?",
            f"2^{bits:g} per character; {length} times {bits:g} bits are {price:g} "
            f"bits per word, and 2^{price:g} is its perplexity. Compare {price:g} with "
            f"log2({words}).",
        ),
        wrong={
            "a word: perplexities multiply": (symbol, symbol * length, better),
            "a character: not in nats": (float(np.exp(bits)), word, better),
            "compare for the same text": (symbol, word, not better),
        },
        variant=variant,
    )


def _other_units(rng):
    """Another price, and a perplexity a word on one side or the other."""
    bits, length = rng.choice((1.5, 2.5, 3)), rng.choice((4.5, 5, 6))
    words = 100 * round(2 ** (bits * length) * rng.choice((0.4, 2.5)) / 100) or 100
    text = {
        "pays 2 bits per character": f"pays {bits} bits per character",
        "A word has 5.5 characters": f"A word has {length} characters",
        "with perplexity 1000": f"with perplexity {words}",
    }
    word = 2 ** (bits * length)
    solution = (2**bits, word, words < word)
    return Variant(_units(bits, length, words), text, solution)


UNITS = _units(variant=_other_units)

# mass one, endless on average


def survival(N, beside=1, ended=False, more=0):
    """P(length > N) and the mean of min(length, N), for q_t = 1/(t + 1)."""
    beyond = 1 / (N + beside) if N + beside else 1.0
    if ended:
        beyond = 1 - beyond
    return beyond, sum(1 / n for n in range(1, N + 1 + more))


def mean_of_ends(N):
    """The slip of a sum of n P(length = n): what is longer than N is left out."""
    return 1 / (N + 1), sum(1 / (n + 1) for n in range(1, N + 1))


LENGTH = Exercise(
    "ex-language-models-length",
    Code(
        lambda: {f"N = {N}": (N,) for N in (1, 2, 5, 40)},
        survival,
        {
            "P(length > N) is off by one: q_1 is 1/2, so that P(length > 1) is 1/2": (
                lambda N: survival(N, beside=0)
            ),
            "that is P(length <= N), the chance that the text has ended": lambda N: (
                survival(N, ended=True)
            ),
            "the mean is off by one: min(length, N) is the number of n with "
            "0 <= n < N and length > n": lambda N: survival(N, more=1),
            "texts longer than N count too, as N": mean_of_ends,
        },
    ),
    (
        "A text is longer than N when it has not ended at any of the steps 1 to N.",
        "The factors 1 - 1/(t + 1) = t/(t + 1) cancel in the product. The mean of "
        "min(length, N) is the sum of P(length > n) over n = 0 to N - 1.",
        "P(length > N) = 1/(N + 1), and the mean of min(length, N) is 1 + 1/2 + ... + "
        "1/N. It grows beyond every bound, and the mean length is larger.",
    ),
    wrong={
        "P(length > N) is off by one": lambda N: survival(N, beside=0),
        "the chance that the text has ended": lambda N: survival(N, ended=True),
        "the mean is off by one": lambda N: survival(N, more=1),
    },
    called=False,
)

# the most probable sequence


def most_probable(first, P, T, start=True, turned=False, added=False):
    """The largest probability and its sequence; or with a slip."""
    P = P.T if turned else P
    best = {x: (first[x] if start else 1.0, (x,)) for x in range(len(first))}
    for _ in range(T - 1):
        best = {
            x: max(
                ((v + P[w[-1], x]) if added else v * P[w[-1], x], (*w, x))
                for v, w in best.values()
            )
            for x in range(len(first))
        }
    return max(best.values())


def greedy(first, P, T):
    """The likeliest symbol at each step."""
    found = [int(np.argmax(first))]
    while len(found) < T:
        found.append(int(np.argmax(P[found[-1]])))
    steps = [P[a, b] for a, b in pairwise(found)]
    return first[found[0]] * np.prod(steps), tuple(found)


def _models():
    """First-order models: three of four symbols, and one where greed goes wrong."""
    rng = np.random.default_rng(23)
    found = {}
    for T in (1, 4, 6):
        chances = rng.dirichlet(np.ones(4), 5)
        found[f"T = {T}"] = chances[0], chances[1:], T
    found["a greedy trap"] = (*_trap(), 3)
    return found


def _trap():
    """A model in which the likeliest first symbol leads astray."""
    first = np.array([0.6, 0.4, 0.0])
    P = np.array([[0.4, 0.3, 0.3], [0.0, 1.0, 0.0], [0.3, 0.3, 0.4]])
    return first, P


def _sequence(found):
    """The probability as a number, the symbols as integers."""
    value, symbols = found
    return float(value), [int(x) for x in symbols]


def _is_model(r):
    """True for the probabilities of a first symbol and of the next ones."""
    first, P = (np.asarray(a, float) for a in r[:2])
    rows = np.vstack([first, P])
    shape = P.shape == (len(first), len(first))
    return shape and (rows >= 0).all() and np.allclose(rows.sum(axis=1), 1)


def _differ(r):
    """True when the greedy sequence is less probable."""
    first, P, T = np.asarray(r[0], float), np.asarray(r[1], float), int(r[2])
    return greedy(first, P, T)[0] < most_probable(first, P, T)[0] * (1 - 1e-9)


BEST = Exercise(
    "ex-language-models-best",
    Parts(
        {
            "the function": Code(
                _models,
                most_probable,
                {
                    "that is the greedy sequence": greedy,
                    "the probability of the first symbol is not in the product": (
                        lambda *a: most_probable(*a, start=False)
                    ),
                    "P[a, b] is the probability of b after a: the rows are the "
                    "symbols before": lambda *a: most_probable(*a, turned=True),
                    "probabilities are multiplied, or their logarithms added": (
                        lambda *a: most_probable(*a, added=True)
                    ),
                },
                _sequence,
            ),
            "a model in which the two differ": Experiment(
                {
                    "rows of probabilities": _is_model,
                    "the greedy sequence is less probable": _differ,
                },
                {
                    "rows of probabilities": "expected probabilities of the first "
                    "symbol and a square matrix, all rows with the sum 1",
                    "the greedy sequence is less probable": "the greedy sequence is "
                    "as good: let the likeliest first symbol have many successors",
                },
            ),
        }
    ),
    (
        "Of all sequences that end in the same symbol only the most probable one can "
        "be the beginning of the answer.",
        "Keep one sequence for each last symbol, and its probability. A step extends "
        "each by every symbol.",
        "best[x] = max over a of best[a] times P[a, x], with the sequence extended by "
        "x; at the end take the largest. For the model: a likely first symbol whose "
        "successors are all alike, and another one with a sure successor.",
    ),
    wrong={
        "that is the greedy sequence": (greedy, (*_trap(), 3)),
        "is not in the product": (
            lambda *a: most_probable(*a, start=False),
            (*_trap(), 3),
        ),
        "the greedy sequence is as good": (most_probable, (*_trap(), 1)),
    },
)

# a compressor is a language model


PRICES = {"LZMA": 2.1029, 2: 2.7411, 5: 1.8682}  # bits a character, held out


def _near(r, *names, factor=1.0):
    """True when the prices are right to 2%."""
    return all(abs(r[n] / (factor * PRICES[n]) - 1) < 0.02 for n in names)


COMPRESS = Exercise(
    "ex-language-models-compress",
    Experiment(
        {
            "bits a character of LZMA, and of the orders 2 and 5": lambda r: (
                set(r) == {"LZMA", 2, 5} and all(np.isfinite(v) for v in r.values())
            ),
            "bits, not bytes": lambda r: not _near(r, "LZMA", factor=1 / 8),
            "the held-out text after the training text": lambda r: _near(r, "LZMA"),
            "the n-grams in bits, not nats": lambda r: (
                not _near(r, 2, 5, factor=np.log(2))
            ),
            "the n-grams": lambda r: _near(r, 2, 5),
        },
        {
            "bits, not bytes": "a byte has 8 bits, and LZMA's length is in bytes",
            "the held-out text after the training text": "compress the training text, "
            "then both together: the difference is the price of the held-out text",
            "the n-grams in bits, not nats": "cross_entropy is in nats: divide by ln 2",
            "the n-grams": "fitted[2] and fitted[5], on all of the held-out text?",
        },
    ),
    (
        "len(lzma.compress(text.encode())) is a price in bytes.",
        "Alone, the held-out text has no earlier copies in the training text. Compress "
        "the training text, and then both together.",
        "8 * (both - alone) / len(held_text); for the n-grams, fitted[k].cross_entropy("
        "held_out) / np.log(2).",
    ),
    wrong={
        "a byte has 8 bits": {"LZMA": 0.263, 2: 2.741, 5: 1.868},
        "the difference is the price of the held-out text": {
            "LZMA": 2.662,  # alone
            2: 2.741,
            5: 1.868,
        },
        "divide by ln 2": {"LZMA": 2.103, 2: 1.9, 5: 1.295},
    },
)

# the mean of perplexities


def perplexity(nats, symbols, way="all"):
    """The perplexity of sentences from their nats and numbers of symbols."""
    nats, symbols = np.asarray(nats, float), np.asarray(symbols, float)
    if way == "mean of perplexities":
        return np.exp(nats / symbols).mean()
    if way == "mean of means":
        return np.exp((nats / symbols).mean())
    if way == "bits":
        return 2 ** (nats.sum() / symbols.sum())
    return np.exp(nats.sum() / symbols.sum())


def _sentences():
    """Nats and sizes of sentences of one length and of several."""
    rng = np.random.default_rng(24)
    return {
        "equal lengths": (rng.uniform(10, 40, 5), np.full(5, 20)),
        "unequal lengths": (rng.uniform(10, 40, 4), np.array([4, 30, 12, 50])),
    }


def _way(way):
    return lambda nats, symbols: perplexity(nats, symbols, way)


MISTAKE = Exercise(
    "ex-language-models-mistake",
    Parts(
        {
            "the perplexity": Code(
                _sentences,
                perplexity,
                {
                    "that is the mean of perplexities": _way("mean of perplexities"),
                    "that is a mean over sentences, in which short ones count too "
                    "much: divide all nats by all symbols": _way("mean of means"),
                    "the sums are in nats: e to the power, not 2": _way("bits"),
                },
            ),
            "their mean, for equal lengths": Numbers(
                {"their mean, for equal lengths": "too large"},
                {
                    "their mean, for equal lengths": {
                        "too small": "the mean of exponentials is at least the "
                        "exponential of the mean",
                        "right": "take two sentences, one of perplexity 1: the mean "
                        "of exponentials is not the exponential of the mean",
                    }
                },
            ),
        }
    ),
    (
        "How many nats does the whole text cost, and how many symbols has it?",
        "The perplexity is the exponential of all nats divided by all symbols.",
        "np.exp(nats.sum() / symbols.sum()); exp is convex, so that by Jensen's "
        "inequality the mean of exponentials is the larger one.",
    ),
    wrong={
        "that is the mean of perplexities": (_way("mean of perplexities"), "too large"),
        "divide all nats by all symbols": (_way("mean of means"), "too large"),
        "is at least the exponential of the mean": (perplexity, "too small"),
    },
)
EXERCISES = (UNITS, LENGTH, BEST, COMPRESS, MISTAKE)
SOLUTIONS = {
    UNITS.label: (4, 2048, True),
    LENGTH.label: survival,
    BEST.label: (most_probable, (*_trap(), 3)),
    COMPRESS.label: {"LZMA": 2.103, 2: 2.741, 5: 1.868},
    MISTAKE.label: (perplexity, "too large"),
}
