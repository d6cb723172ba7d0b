"""The answers of the chapter on truncation."""

from fractions import Fraction

import numpy as np

import rnnlib
from rnnbook.tutor.answers.checking import Exercise, Variant
from rnnbook.tutor.answers.kinds import Code, Experiment, Numbers
from rnnlib.variants.truncated import truncated_loss_and_gradients

# how often a lag is kept


def share_kept(k1, k2, lag):
    """The share of the losses at which a lag is kept, in a long sequence."""
    return Fraction(min(max(k2 - lag, 0), k1), k1)


def _share(k1=5, k2=8, lag=6, variant=None):
    """The exercise for these lengths."""
    right = share_kept(k1, k2, lag)
    slips = {
        1 - right: "is the share at which the lag is dropped",
        Fraction(k2 - lag, k2): "is of k_2 steps: a block has k_1 losses",
        Fraction(k2 - lag - 1, k1): "is one loss of a block too few: the last loss "
        "sees k_2 - 1 steps back",
        Fraction(k2 - lag + 1, k1): "is one loss of a block too many: k_2 steps hold "
        "the lags up to k_2 - 1",
    }
    slips = {share: words for share, words in slips.items() if share != right}
    return Exercise(
        "ex-truncation-share",
        Numbers({"share": right}, {"share": slips}, tolerance=1e-9),
        (
            "Draw one block of k_1 losses, and the k_2 steps that end where it ends.",
            "The last loss of a block sees k_2 - 1 steps back, the one before it k_2 "
            "- 2, and so on: at how many is that at least the lag?",
            f"The lag {lag} is kept at the last k_2 - n = {k2 - lag} of every k_1 = "
            f"{k1} losses.",
        ),
        wrong={
            "is of k_2 steps": Fraction(k2 - lag, k2),
            "one loss of a block too few": Fraction(k2 - lag - 1, k1),
            "one loss of a block too many": Fraction(k2 - lag + 1, k1),
        },
        variant=variant,
    )


def _other_share(rng):
    """Other lengths, whose slips are told apart."""
    while True:
        k1, k2 = rng.randint(4, 9), rng.randint(7, 14)
        lag = rng.randint(max(k2 - k1 + 1, 2), k2 - 2) if k2 > k1 else 0
        if not lag:
            continue
        n = k2 - lag
        shares = {Fraction(n, k1), 1 - Fraction(n, k1), Fraction(n, k2)}
        shares |= {Fraction(n - 1, k1), Fraction(n + 1, k1)}
        if len(shares) == 5:
            break
    text = {
        "With $k_1 = 5$ and $k_2 = 8$": f"With $k_1 = {k1}$ and $k_2 = {k2}$",
        "is lag 6 kept": f"is lag {lag} kept",
    }
    solution = float(share_kept(k1, k2, lag))  # the chapter imports no fractions
    return Variant(_share(k1, k2, lag), text, solution)


SHARE = _share(variant=_other_share)

# a bound on the bias


def bias_bound(size, gamma, rho, k2):
    """The most that is dropped of one loss, with k_1 = 1."""
    return size * gamma * rho**k2 / (1 - rho)


BOUND = Exercise(
    "ex-truncation-bound",
    Code(
        lambda: {
            "one step": (2.0, 1.0, 0.5, 1),
            "four steps": (3.0, 0.25, 0.9, 4),
            "rho = 0": (1.0, 1.0, 0.0, 2),
        },
        bias_bound,
        {
            "the sum over the dropped lags is missing: divide by 1 - rho": (
                lambda size, gamma, rho, k2: size * gamma * rho**k2
            ),
            "the first dropped lag is k_2, not k_2 + 1": (
                lambda size, gamma, rho, k2: size * gamma * rho ** (k2 + 1) / (1 - rho)
            ),
            "the slope phi'(s_k) at the step of the use is missing": (
                lambda size, gamma, rho, k2: size * rho**k2 / (1 - rho)
            ),
            "these are the lags that are kept": (
                lambda size, gamma, rho, k2: size * gamma * (1 - rho**k2) / (1 - rho)
            ),
        },
    ),
    (
        "Write the adjoint of step k that comes from the loss of step t as a product: "
        "one slope and t - k Jacobians.",
        "Its norm is at most gamma rho^(t - k) times that of the immediate gradient; "
        "which lags are dropped when k_1 = 1?",
        "Sum gamma rho^n over n >= k_2: size * gamma * rho**k2 / (1 - rho).",
    ),
    wrong={
        "divide by 1 - rho": lambda size, gamma, rho, k2: size * gamma * rho**k2,
        "not k_2 + 1": (
            lambda size, gamma, rho, k2: size * gamma * rho ** (k2 + 1) / (1 - rho)
        ),
        "the slope": lambda size, gamma, rho, k2: size * rho**k2 / (1 - rho),
    },
    called=False,
)

# truncation by restarts


def by_restarts(params, x, y, L, carried=True, last=-1, first=True):
    """dL/dW_hh from short sequences; or with a slip."""
    h, total = np.zeros((x.shape[1], params.d_h)), np.zeros_like(params.W_hh)
    for a in range(0, len(x), L):
        part = x[a : a + L], y[a : a + L]
        gradients = rnnlib.loss_and_gradients(params, *part, h_0=h)[1]
        total = total + gradients.params.W_hh if first else gradients.params.W_hh
        if carried:
            h = rnnlib.forward(params, part[0], h_0=h).h[last]
    return total


def _wanted(params, x, y, L):
    """What truncated backpropagation gives."""
    found = truncated_loss_and_gradients(params, x, y, k1=L, k2=L)
    return found[1].params.W_hh


def _from_zero(params, x, y, L):
    return by_restarts(params, x, y, L, carried=False)


def _one_early(params, x, y, L):
    return by_restarts(params, x, y, L, last=-2)


def _full(params, x, y, L):
    return rnnlib.loss_and_gradients(params, x, y)[1].params.W_hh


def _last_block(params, x, y, L):
    return by_restarts(params, x, y, L, first=False)


def _sequences():
    """Networks and sequences whose length a window divides."""
    rng = np.random.default_rng(21)
    params = rnnlib.init_params(2, 4, 3, rng=rng, scale=0.7)
    x, y = rng.standard_normal((12, 5, 2)), rng.integers(0, 3, (12, 5))
    return {f"windows of {L}": (params, x, y, L) for L in (1, 3, 4, 12)}


RESTARTS = Exercise(
    "ex-truncation-restarts",
    Code(
        _sequences,
        _wanted,
        {
            "every block starts from zero: truncation carries the state on": _from_zero,
            "a block starts from the state one step too early": _one_early,
            "nothing is cut: this is the full gradient": _full,
            "the last block alone: the gradients of the blocks are added": _last_block,
        },
    ),
    (
        "No gradient crosses from one block into another, so each block is a sequence "
        "of its own.",
        "loss_and_gradients takes h_0: the state in front of the block, as a number.",
        "Add up loss_and_gradients(params, x[a:a+L], y[a:a+L], h_0=h)[1].params.W_hh, "
        "and carry h = forward(params, x[a:a+L], h_0=h).h[-1].",
    ),
    wrong={
        "every block starts from zero": _from_zero,
        "this is the full gradient": _full,
        "one step too early": _one_early,
    },
    called=False,
)

# the best segment and the sizes


def best_segment(d_h, B, K, T):
    """The predicted segment: c = 2 + K/d_h numbers a unit and step."""
    return np.sqrt(T / (2 + K / d_h))


_SIZES = ((64, 1, 1, 900), (16, 1, 128, 900), (8, 4, 24, 400))

BATCH = Exercise(
    "ex-truncation-batch",
    Experiment(
        {
            "the optimum, within 1.5 steps": lambda f: all(
                abs(f(*sizes) - best_segment(*sizes)) <= 1.5 for sizes in _SIZES
            ),
            "the batch changes nothing": lambda f: (
                f(64, 1, 1, 900) == f(64, 32, 1, 900)
            ),
            "logits shorten it": lambda f: f(16, 1, 128, 900) < f(16, 1, 1, 900) - 5,
        },
        {
            "the optimum, within 1.5 steps": "is not sqrt(T/c): how many numbers a "
            "unit does one step of a segment keep, the logits among them?",
            "the batch changes nothing": "the batch multiplies the kept states and the "
            "trace of a segment alike",
            "logits shorten it": "K logits a step are kept besides 2 d_h numbers: c = "
            "2 + K/d_h",
        },
    ),
    (
        "Count what one step of a segment keeps: s, h, and what else?",
        "Both kept states and trace have a factor B; divide all counts by B d_h.",
        "c = 2 + K/d_h, so the best segment is sqrt(T/(2 + K/d_h)), whatever B is.",
    ),
    wrong={
        "c = 2 + K/d_h": lambda d_h, B, K, T: np.sqrt(T / 2),
        "the batch multiplies": lambda d_h, B, K, T: np.sqrt(T / (2 + K / d_h) / B),
        "is not sqrt(T/c)": lambda d_h, B, K, T: np.sqrt(T / (1 + K / d_h)),
    },
    called=False,
)

# the mean of dropout


def _losses(r):
    """Mean loss over the masks, and loss of the mean output."""
    z, y = np.asarray(r[1], float), int(r[2])
    target = np.array([[y]])
    each = [rnnlib.cross_entropy(row[None, None], target)[0] for row in z]
    return np.mean(each), rnnlib.cross_entropy(z.mean(axis=0)[None, None], target)[0]


MISTAKE = Exercise(
    "ex-truncation-mistake",
    Experiment(
        {
            "where the argument breaks": lambda r: r[0] == "loss",
            "two outputs or more": lambda r: (
                np.ndim(r[1]) == 2 and len(r[1]) > 1 and np.shape(r[1])[1] > 1
            ),
            "a mean loss above the loss of the mean": lambda r: (
                _losses(r)[0] > _losses(r)[1] + 1e-3
            ),
        },
        {
            "where the argument breaks": "the mask has mean one, and in a linear "
            "network z has the right mean: look at what is done with z",
            "a mean loss above the loss of the mean": "the two are equal: the outputs "
            "must differ by more than the same number for every class",
        },
    ),
    (
        "Which of the steps mask -> z -> loss is not linear?",
        "Take two equally likely outputs z: the loss of each, and of their mean.",
        "The loss is convex in z: with z = (2, 0) and (-2, 0) and target 0 the mean "
        "loss is larger than that of z = (0, 0).",
    ),
    wrong={
        "look at what is done with z": ("mask", [[2.0, 0.0], [-2.0, 0.0]], 0),
        "the two are equal": ("loss", [[1.0, 0.0], [3.0, 2.0]], 0),
        "two outputs or more": ("loss", [[2.0, 0.0]], 0),
    },
)

EXERCISES = (SHARE, BOUND, RESTARTS, BATCH, MISTAKE)
SOLUTIONS = {
    SHARE.label: Fraction(2, 5),
    BOUND.label: bias_bound,
    RESTARTS.label: by_restarts,
    BATCH.label: best_segment,
    MISTAKE.label: ("loss", [[2.0, 0.0], [-2.0, 0.0]], 0),
}
