"""What sampling should be, and its classic mistakes, as models of drawn symbols.

Under each candidate, the right one or a mistake, a drawn sequence has a surprise: minus
its log-likelihood. The surprise of a model's own draws is near the sum of its
entropies, and below the surprise under any other model.
"""

from functools import partial
from typing import NamedTuple

import numpy as np

from rnnbook.tutor.catalogue import Mistake, fixed
from rnnbook.tutor.forward_mistakes import softmax
from rnnlib.parameters import Params

_WHERE = "eq-min-char-rnn-temperature"
NUCLEI = (0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.92, 0.95, 0.98, 0.99)
DEVIATIONS = 5  # a sum of surprises may be so many standard deviations off
PIECES = {
    "fed": lambda drawn, fed, z: drawn,
    "state": lambda new, h_0: new,
    "scale": lambda z, tau: z / tau,
    "start": lambda h_0: h_0,
    "read": lambda old, new: new,
    "recurrent": lambda W_hh, h: h @ W_hh.T,
    "chances": softmax,
}


def top(z, k):
    """The softmax over the k largest logits of each row."""
    return softmax(np.where(ranks(z) < k, z, -np.inf))


def nucleus(z, share):
    """The softmax over the fewest symbols that have this share of the probability."""
    p = softmax(z)
    ordered = -np.sort(-p, axis=-1)
    before = np.cumsum(ordered, axis=-1) - ordered
    kept = np.take_along_axis(before, ranks(z), -1) < share
    return softmax(np.where(kept, z, -np.inf))


def not_rare(z, share):
    """The softmax over the symbols that have this share of the largest probability."""
    least = z.max(axis=-1, keepdims=True) + np.log(share)
    return softmax(np.where(z >= least, z, -np.inf))


def ranks(z):
    """The place of each entry of a row among those of the row, 0 for the largest."""
    return np.argsort(np.argsort(-z, axis=-1), axis=-1)


MISTAKES = [
    Mistake(
        "sampling by argmax",
        "The most probable symbol is taken: it has to be drawn with probability p.",
        _WHERE,
        {"chances": lambda z: np.eye(z.shape[-1])[z.argmax(axis=-1)]},
    ),
    Mistake(
        "the sample not fed back",
        "The next input is the one before, not the symbol that was drawn.",
        _WHERE,
        {"fed": lambda drawn, fed, z: fed},
    ),
    Mistake(
        "the state not carried",
        "Every symbol is drawn from h_0: the new state has to be kept.",
        _WHERE,
        {"state": lambda new, h_0: h_0},
    ),
    Mistake(
        "the initial state ignored",
        "Sampling starts from a zero state in place of h_0.",
        _WHERE,
        {"start": np.zeros_like},
    ),
    Mistake(
        "temperature multiplied",
        "The logits are multiplied by the temperature: they have to be divided.",
        _WHERE,
        {"scale": lambda z, tau: z * tau},
    ),
    Mistake(
        "temperature ignored",
        "The logits are not divided by the temperature.",
        _WHERE,
        {"scale": lambda z, tau: z},
    ),
    Mistake(
        "probabilities divided by the temperature",
        "The temperature acts on the logits, before the softmax.",
        _WHERE,
        {"scale": lambda z, tau: softmax(z) / tau},
    ),
    Mistake(
        "uniform draws",
        "All symbols are equally likely: the probabilities are not used.",
        _WHERE,
        {"chances": lambda z: np.full(z.shape, 1 / z.shape[-1])},
    ),
    Mistake(
        "W_hh transposed",
        "The state is multiplied by the transpose of W_hh.",
        "eq-forward-pre-activation",
        {"recurrent": lambda W_hh, h: h @ W_hh},
    ),
    Mistake(
        "argmax fed back",
        "A symbol is drawn, and the most probable one is the next input: feed the one "
        "that was drawn.",
        _WHERE,
        {"fed": lambda drawn, fed, z: z.argmax(axis=-1)},
    ),
    Mistake(
        "drawn from the state before the step",
        "The logits are read from the state before the input was taken in.",
        "eq-forward-logits",
        {"read": lambda old, new: old},
    ),
    Mistake(
        "no recurrence",
        "W_hh h is missing: a symbol depends on the one before only.",
        "eq-forward-pre-activation",
        {"recurrent": lambda W_hh, h: np.zeros_like(h)},
    ),
    *(
        Mistake(
            f"only the {k} most probable symbols drawn",
            "The others never appear; every symbol has its probability.",
            _WHERE,
            {"chances": partial(top, k=k)},
            alone=True,
        )
        for k in range(2, 11)
    ),
    *(
        Mistake(
            f"only the nucleus of {share:g} drawn",
            "Only the most probable symbols that make up this share are drawn; every "
            "symbol has its probability.",
            _WHERE,
            {"chances": partial(nucleus, share=share)},
            alone=True,
        )
        for share in NUCLEI
    ),
    *(
        Mistake(
            f"no symbol rarer than {share:g} of the first drawn",
            "Only symbols with this share of the largest probability are drawn; every "
            "symbol has its probability.",
            _WHERE,
            {"chances": partial(not_rare, share=share)},
            alone=True,
        )
        for share in (0.02, 0.05, 0.1)
    ),
    *fixed(
        "temperature",
        (0.1, 0.2, 0.3, 0.5, 0.6, 0.7, 0.75, 0.8, 0.9, 1.2, 1.5, 2.0),
        _WHERE,
        lambda value: {"scale": lambda z, tau: z / value},
        together=(),
    ),
]
FACTORS = np.round(np.geomspace(0.4, 2.5, 75), 2)


def another_temperature(factor):
    """The entry of draws at a multiple of the temperature asked for."""
    return Mistake(
        "another temperature",
        f"The draws fit about {factor:g} times the temperature asked for.",
        _WHERE,
        {"scale": lambda z, tau: z / (factor * tau)},
    )


class Case(NamedTuple):
    """A network, where to start, the first input and a temperature."""

    params: Params
    h_0: np.ndarray  # (1, d_h)
    first: int
    tau: float


PATH = ("fed", "state", "start", "read", "recurrent")  # what the logits depend on


def logits(case, drawn, pieces):
    """The logits (R, n, V) of each symbol of R runs, given those before it."""
    W_xh, W_hh, b_h, W_hy, b_y = case.params
    h_0 = np.repeat(pieces["start"](case.h_0), len(drawn), axis=0)
    h, fed, found = h_0, np.full(len(drawn), case.first), []
    for symbols in drawn.T:
        new = np.tanh(W_xh.T[fed] + pieces["recurrent"](W_hh, h) + b_h)
        z = pieces["read"](h, new) @ W_hy.T + b_y
        found.append(z)
        h, fed = pieces["state"](new, h_0), pieces["fed"](symbols, fed, z)
    return np.array(found).swapaxes(0, 1)


def likelihood(case, drawn, pieces, z):
    """The log-likelihood of drawn symbols (R, n) under a candidate with logits z."""
    p = pieces["chances"](pieces["scale"](z, case.tau))
    taken = np.take_along_axis(p, drawn[..., None], axis=-1)
    return float(np.log(np.maximum(taken, 1e-12)).sum())


def surprise(case, drawn, pieces, z=None):
    """Statistics of drawn symbols (R, n) under a candidate, (3, 1 + 2 V).

    The columns are minus the log-likelihood, the counts of the symbols, and the counts
    of the most probable symbol, the second and so on; the rows are what was found, its
    mean and its variance if the candidate is the model. ``z`` are the logits, where
    they are known.
    """
    z = logits(case, drawn, pieces) if z is None else z
    p = pieces["chances"](pieces["scale"](z, case.tau))
    log_p = np.log(np.maximum(p, 1e-12))
    entropy = -(p * log_p).sum(axis=-1)
    variance = (p * log_p**2).sum(axis=-1) - entropy**2
    taken = np.eye(p.shape[-1])[drawn]
    places = np.argsort(-p, axis=-1, kind="stable")
    ordered, hits = (np.take_along_axis(a, places, -1) for a in (p, taken))
    found = np.concatenate([a.sum(axis=(0, 1)) for a in (taken, hits)])
    expected = np.concatenate([a.sum(axis=(0, 1)) for a in (p, ordered)])
    both = (a * (1 - a) for a in (p, ordered))
    spread = np.concatenate([a.sum(axis=(0, 1)) for a in both])
    return np.array(
        [
            [-(taken * log_p).sum(), *found],
            [entropy.sum(), *expected],
            [variance.sum(), *spread],
        ]
    )


def excess(statistics):
    """How far each statistic is from its mean, over what is allowed."""
    found, expected, variance = statistics
    allowed = DEVIATIONS * np.sqrt(np.maximum(variance, 0))
    allowed[0] += 1e-6
    allowed[1:] += DEVIATIONS  # small counts are not normal
    return abs(found - expected) / allowed


def plausible(statistics):
    """Everything is what the candidate expects, within a few standard deviations."""
    return bool((excess(statistics) <= 1).all())


def planted(change):
    """Sampling in the book's form with these pieces replaced."""
    pieces = PIECES | change

    def sample(params, h_0, first, length, temperature, rng):
        case, drawn = Case(params, h_0, first, temperature), []
        W_xh, W_hh, b_h, W_hy, b_y = params
        h = start = pieces["start"](h_0)
        fed = first
        for _ in range(length):
            new = np.tanh(W_xh[:, fed] + pieces["recurrent"](W_hh, h) + b_h)
            plain = pieces["read"](h, new) @ W_hy.T + b_y
            z = pieces["scale"](plain, case.tau)
            drawn.append(int(rng.choice(len(b_y), p=pieces["chances"](z)[0])))
            fed = pieces["fed"](drawn[-1], fed, plain[0])
            h = pieces["state"](new, start)
        return np.array(drawn)

    return sample
