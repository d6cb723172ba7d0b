"""The answers of the chapter that studies min-char-rnn."""

from functools import cache

import numpy as np

import rnnlib
from rnnbook.tutor.answers.checking import Exercise
from rnnbook.tutor.answers.kinds import Code, Experiment, Samples

# what does the first loss say?


def first_losses(T, V, summed=False, turned=False, tens=False):
    """The mean loss of an untrained network in nats and in bits; or with a slip."""
    nats, bits = np.log(V), np.log10(V) if tens else np.log2(V)
    found = (T * nats, T * bits) if summed else (nats, bits)
    return found[::-1] if turned else found


FIRST = Exercise(
    "ex-min-char-rnn-studied-first",
    Code(
        lambda: {f"T = {T}, V = {V}": (T, V) for T, V in ((25, 75), (10, 65), (1, 2))},
        first_losses,
        {
            "that is the sum over the steps: 4.317 is a mean": lambda T, V: (
                first_losses(T, V, summed=True)
            ),
            "the two are exchanged: a nat is more than a bit": lambda T, V: (
                first_losses(T, V, turned=True)
            ),
            "bits are logarithms to the base 2": lambda T, V: first_losses(
                T, V, tens=True
            ),
        },
        lambda found: tuple(float(x) for x in found),
    ),
    (
        "An untrained network gives every character the probability 1/V.",
        "Then each step costs ln V nats. What is that for V = 75? And the same number "
        "in bits?",
        "ln 75 = 4.317 and log2 75 = 6.23: both are means over the steps.",
    ),
    wrong={
        "4.317 is a mean": lambda T, V: first_losses(T, V, summed=True),
        "a nat is more than a bit": lambda T, V: first_losses(T, V, turned=True),
        "to the base 2": lambda T, V: first_losses(T, V, tens=True),
    },
    called=False,
)

# the small number in the root


def first_steps(g, eps, rate, start="eps", small="root", signed=True):
    """r_0 of Adagrad without eps, and the first steps of both rules; or a slip."""
    r_0 = {"eps": eps, "zero": 0.0, "root": np.sqrt(eps)}[start]
    first = {
        "root": g / np.sqrt(g**2 + eps),
        "beside": g / (np.sqrt(g**2) + np.sqrt(eps)),
    }[small]
    return r_0, rate * first, rate * g / ((abs(g) if signed else g) + eps)


def _steps(**what):
    return lambda g, eps, rate: first_steps(g, eps, rate, **what)


ROOT = Exercise(
    "ex-min-char-rnn-studied-root",
    Code(
        lambda: {
            "g = 0.3": (0.3, 1e-8, 0.1),
            "g = -0.02": (-0.02, 1e-3, 0.5),
            "g = 1e-7": (1e-7, 1e-8, 0.1),
        },
        first_steps,
        {
            "r_n + eps is a sum of squares that begins at eps: r_0 = eps": _steps(
                start="zero"
            ),
            "r_0 stands below the root: it is eps, not its root": _steps(start="root"),
            "the first rule has the root of the sum g^2 + eps": _steps(small="beside"),
            "the root of g^2 is |g|": _steps(signed=False),
        },
        lambda found: tuple(float(x) for x in found),
    ),
    (
        "Write r_n + eps as a sum, for n = 0, 1, 2.",
        "It is eps + g_1^2 + ... + g_n^2. The first step divides by its root for n = "
        "1.",
        "r_0 = eps; the first rule steps by rate * g / sqrt(g^2 + eps), the second by "
        "rate * g / (|g| + eps).",
    ),
    wrong={
        "begins at eps: r_0 = eps": _steps(start="zero"),
        "the root of the sum g^2 + eps": _steps(small="beside"),
        "the root of g^2 is |g|": _steps(signed=False),
    },
    called=False,
)

# sampling without a sum

LOGITS = np.array([1.0, 0.0, -1.0, 2.0, 0.5])


def gumbel(z, rng, size, sign=-1, logs=2, shared=False, softmax=False):
    """Draws of argmax(z + G); or with a slip."""
    u = rng.random((size, 1 if shared else len(z)))
    if softmax:
        z = rnnlib.softmax(z)
    G = sign * np.log(-np.log(u)) if logs == 2 else -np.log(u)
    return (z + G).argmax(axis=1)


def _gumbel(**what):
    return lambda z, rng, size: gumbel(z, rng, size, **what)


GUMBEL = Exercise(
    "ex-min-char-rnn-studied-gumbel",
    Samples(
        lambda f: np.asarray(f(LOGITS.copy(), np.random.default_rng(30), 20_000)),
        lambda z, rng, size: rng.choice(len(z), size, p=np.exp(z) / np.exp(z).sum()),
        {
            "the minus before the outer logarithm is missing": _gumbel(sign=1),
            "one logarithm is missing: -ln u is exponential, -ln(-ln u) is Gumbel's": (
                _gumbel(logs=1)
            ),
            "one u for all k: each class needs its own": _gumbel(shared=True),
            "G is added to the logits z, not to the softmax": _gumbel(softmax=True),
        },
    ),
    (
        "Draw a matrix of uniform numbers: a row for each draw, a column for each "
        "class.",
        "Each class gets its own G_k = -ln(-ln u_k), added to its logit.",
        "(z - np.log(-np.log(rng.random((size, len(z)))))).argmax(axis=1)",
    ),
    wrong={
        "before the outer logarithm": _gumbel(sign=1),
        "one logarithm is missing": _gumbel(logs=1),
        "each class needs its own": _gumbel(shared=True),
    },
    called=False,
)

# a source without an exact rate


@cache
def _bounds():
    """The bounds of the entropy rate of the source, from words of 10 symbols."""
    from rnnlib import language

    ring = 0.9 * np.eye(3) + 0.1 * np.eye(3)[[1, 2, 0]]
    source = language.hidden_markov(ring, 0.7 * np.eye(3) + 0.1)
    return np.array(language.entropy_rate_bounds(source, 10))


def _bounded(r, factor=1.0):
    """True for bounds of the right rate, whatever the length of the words."""
    low, high = r["bounds"][0] / factor, r["bounds"][1] / factor
    near = low <= _bounds()[1] and high >= _bounds()[0]
    return near and high - low < 0.01


HMM = Exercise(
    "ex-min-char-rnn-studied-hmm",
    Experiment(
        {
            "bounds, and losses of the optimum and of the network": lambda r: (
                set(r) == {"bounds", "optimal", "network"}
                and len(r["bounds"]) == 2
                and r["bounds"][0] <= r["bounds"][1]
            ),
            "nats": lambda r: not _bounded(r, 1 / np.log(2)),
            "the bounds of this source": _bounded,
            "a mean over the symbols": lambda r: (
                0 < r["optimal"] < np.log(3) and 0 < r["network"] < 2
            ),
            "the optimal predictor is near the rate": lambda r: (
                abs(r["optimal"] / _bounds()[0] - 1) < 0.03
            ),
            "the network is within 3% of the optimum": lambda r: (
                -0.002 < r["network"] / r["optimal"] - 1 < 0.03
            ),
        },
        {
            "nats": "these bounds are in bits",
            "the bounds of this source": "a state is kept with probability 0.9, and "
            "its favourite symbol has 0.8, the two others 0.1 each",
            "a mean over the symbols": "divide the loss by the number of symbols",
            "the optimal predictor is near the rate": "minus the mean of "
            "optimal_log_probabilities at the symbols that came",
            "the network is within 3% of the optimum": "both on the same test "
            "sequence? Then the network needs more steps, or more units",
        },
    ),
    (
        "language.hidden_markov makes the source, entropy_rate_bounds its bounds.",
        "The transitions: 0.9 on the diagonal, 0.1 to the next state of the ring. The "
        "symbols: 0.8 on the diagonal, 0.1 beside it.",
        "Compare on one test sequence: evaluate(params, test) for a network of 16 "
        "units after 600 steps, and -optimal_log_probabilities(source, test) at the "
        "symbols, its mean.",
    ),
    wrong={
        "these bounds are in bits": {
            "bounds": (1.23396, 1.23424),
            "optimal": 0.854,
            "network": 0.858,
        },
        "the two others 0.1 each": {
            "bounds": (0.6, 0.6001),
            "optimal": 0.6,
            "network": 0.61,
        },
        "more steps, or more units": {
            "bounds": (0.85532, 0.85551),
            "optimal": 0.854,
            "network": 1.05,
        },
    },
)

# a loss that is too good


BEFORE = 1.2946  # nats a symbol of order 4, on the text as it stands


PEEKING = Exercise(
    "ex-min-char-rnn-studied-peeking",
    Experiment(
        {
            "order 4, before and after": lambda r: (
                set(r) == {"before", "after"} and all(v > 0 for v in r.values())
            ),
            "before, in nats": lambda r: (
                abs(r["before"] * np.log(2) / BEFORE - 1) > 0.02
            ),
            "before": lambda r: abs(r["before"] / BEFORE - 1) < 0.02,
            "the shuffling alone lowers the loss": lambda r: (
                r["after"] < r["before"] - 0.02
            ),
            "the text is the same": lambda r: r["after"] > 0.8 * r["before"],
        },
        {
            "before, in nats": "that is in bits: multiply by ln 2",
            "before": "rivals[4], order 4 on the last part of the text as it stands",
            "the shuffling alone lowers the loss": "are the paragraphs shuffled before "
            "the text is split?",
            "the text is the same": "a drop as large as that: is the judged part "
            "outside the training text?",
        },
    ),
    (
        "Which paragraphs are the neighbours of a held-out one, before and after?",
        "n-grams only count: fit order 4 to both splits, and judge each on its own "
        "held-out part.",
        "Shuffle text.split('\\n\\n'), join and encode it, split_in_three(..., 0.1); "
        "compare fit_ngrams(mixed, 4, V).cross_entropy(mixed_judge) with rivals[4].",
    ),
    wrong={
        "that is in bits": {"before": 1.8677, "after": 1.757},
        "shuffled before the text is split": {"before": 1.2946, "after": 1.2946},
        "outside the training text": {"before": 1.2946, "after": 0.62},
    },
)
EXERCISES = (FIRST, ROOT, GUMBEL, HMM, PEEKING)
SOLUTIONS = {
    FIRST.label: first_losses,
    ROOT.label: first_steps,
    GUMBEL.label: gumbel,
    HMM.label: {"bounds": (0.85532, 0.85551), "optimal": 0.854, "network": 0.858},
    PEEKING.label: {"before": 1.2946, "after": 1.2177},
}
