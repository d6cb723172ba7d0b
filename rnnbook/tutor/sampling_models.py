"""What sampling should be, and its classic mistakes, as models of drawn symbols.

Under each candidate, the right one or a mistake, a drawn sequence has a surprise: minus
its log-likelihood. The surprise of a model's own draws is near the sum of its
entropies, and below the surprise under any other model.
"""

from typing import NamedTuple

import numpy as np

from rnnbook.tutor.catalogue import Mistake
from rnnbook.tutor.forward_mistakes import softmax
from rnnlib.parameters import Params

_WHERE = "eq-min-char-rnn-temperature"
DEVIATIONS = 5  # a sum of surprises may be so many standard deviations off
PIECES = {
    "fed": lambda drawn, fed: drawn,
    "state": lambda new, h_0: new,
    "scale": lambda z, tau: z / tau,
    "start": lambda h_0: h_0,
    "recurrent": lambda W_hh, h: h @ W_hh.T,
    "chances": softmax,
}
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
        {"fed": lambda drawn, fed: fed},
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
]


class Case(NamedTuple):
    """A network, where to start, the first input and a temperature."""

    params: Params
    h_0: np.ndarray  # (1, d_h)
    first: int
    tau: float


def chances(case, drawn, pieces):
    """The probabilities (R, n, V) of each symbol of R runs, given those before it."""
    W_xh, W_hh, b_h, W_hy, b_y = case.params
    h_0 = np.repeat(pieces["start"](case.h_0), len(drawn), axis=0)
    h, fed, states = h_0, np.full(len(drawn), case.first), []
    for symbols in drawn.T:
        new = np.tanh(W_xh.T[fed] + pieces["recurrent"](W_hh, h) + b_h)
        states.append(new)
        h, fed = pieces["state"](new, h_0), pieces["fed"](symbols, fed)
    z = pieces["scale"](np.array(states) @ W_hy.T + b_y, case.tau)
    return pieces["chances"](z).swapaxes(0, 1)


def surprise(case, drawn, pieces):
    """Statistics of drawn symbols (R, n) under a candidate, (3, 1 + V).

    The columns are minus the log-likelihood and the counts of the symbols; the rows
    are what was found, its mean and its variance if the candidate is the model.
    """
    p = chances(case, drawn, pieces)
    log_p = np.log(np.maximum(p, 1e-12))
    entropy = -(p * log_p).sum(axis=-1)
    variance = (p * log_p**2).sum(axis=-1) - entropy**2
    taken = np.eye(p.shape[-1])[drawn]
    found = [-(taken * log_p).sum(), *taken.sum(axis=(0, 1))]
    expected = [entropy.sum(), *p.sum(axis=(0, 1))]
    return np.array(
        [found, expected, [variance.sum(), *(p * (1 - p)).sum(axis=(0, 1))]]
    )


def plausible(statistics):
    """Everything is what the candidate expects, within a few standard deviations."""
    found, expected, variance = statistics
    allowed = DEVIATIONS * np.sqrt(np.maximum(variance, 0))
    allowed[0] += 1e-6
    allowed[1:] += DEVIATIONS  # small counts are not normal
    return bool((abs(found - expected) <= allowed).all())


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
            z = pieces["scale"](new @ W_hy.T + b_y, case.tau)
            drawn.append(int(rng.choice(len(b_y), p=pieces["chances"](z)[0])))
            h, fed = pieces["state"](new, start), pieces["fed"](drawn[-1], fed)
        return np.array(drawn)

    return sample
