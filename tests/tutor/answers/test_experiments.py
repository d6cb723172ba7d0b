"""Results beside the bounds of the claims that are made about readers' experiments.

Each row has a result and the claims that fail, by a piece of their words: first one
just inside the bounds, and then others just outside of them or exactly on them.
"""

from typing import NamedTuple

import numpy as np
import pytest

from rnnbook.tutor.answers.chapters import min_char_rnn
from rnnbook.tutor.answers.chapters.gates import one_unit as one_lstm_unit
from rnnbook.tutor.answers.checking import known
from rnnbook.tutor.answers.kinds import Parts
from rnnlib import Params
from rnnlib.layers import lstm
from rnnlib.spectral.mean_field import variance_map
from tests.tutor.answers.test_checking import SOLUTIONS


class Pair(NamedTuple):
    """A gradient of two arrays."""

    a: np.ndarray
    b: np.ndarray


def kind_of(label):
    """The kind of an exercise, or of one of its parts: "exercise: part"."""
    name, _, part = label.partition(": ")
    kind = known()[f"ex-{name}"].kind
    return kind.kinds[part] if isinstance(kind, Parts) else kind


def changed(label, **parts):
    """The solution of an exercise in which some parts are others."""
    return SOLUTIONS[f"ex-{label}"] | parts


def one_unit(w, h_0=1.0, error=1.0, steps=1):
    """A network of one unit without input, whose last error is given."""
    one, x = np.ones((1, 1)), np.zeros((steps, 1, 1))
    targets = np.zeros((steps, 2))[:, None]
    targets[..., 0] = 1.0
    p = Params(one, w * one, np.zeros(1), error * np.array([[1.0], [0.0]]), np.zeros(2))
    return p, x, targets, h_0 * one


def steps(*given):
    """Steps and estimates of the second derivative, and the power."""
    exact = np.exp(np.sin(1)) * (np.cos(1) ** 2 - np.sin(1))
    h, errors = np.array(given).T
    return h, exact + errors, 0.5


def nine(first, *rest):
    """Nine steps with small errors, of which some are others."""
    usual = [(10.0**-k, 1e-9) for k in range(8, 0, -1)] + [(0.5, 1e-9)]
    found = dict(usual) | dict([first, *rest])
    return steps(*found.items())


def classes(*counts):
    """So many of each class."""
    return np.repeat(np.arange(len(counts)), counts)


def losses(fitted=0.0, mean=0.0, other=0.0, share=(1, 1, 1, 1)):
    """What the exercise on frequencies asks for, and how far each part is off."""
    drawn = classes(200, 100, 100, 100)
    p = np.array([0.4, 0.2, 0.2, 0.2])
    off = np.array([1.0, -1.0, 0.0, 0.0])
    entropy = -(p * np.log(p)).sum()
    return p * share + (fitted + other) * off, drawn, p + fitted * off, entropy + mean


def cut(g, tau, limits=(1 / 2, 1 / 10, 1 / 100)):
    """The limits, a gradient and a threshold."""
    return limits, g, tau


def kept(last, start=0.0, end=0.9, width=0.05, but=()):
    """Couplings that keep a pair up to the last that does."""
    couplings = [*np.arange(start, end - 0.001, width), end]
    return {c: c <= last + 1e-9 and c not in but for c in couplings}


STARTS = {"W_hh": 2.0, "h_0": -0.9}
HMM = {"bounds": (0.85532, 0.85551), "optimal": 0.8555, "network": 0.86}
BOUNDS = (
    "errors for four widths",
    "has order one",
    "the right sign",
    "the right size",
)


def powers(order, first=0.8, n=4):
    """Errors at widths that are halved."""
    return [first * 2 ** (-order * k) for k in range(n)]


def midpoint(plain=1.0, corrected=2.0, first=0.5, n=4):
    """The errors of both grids."""
    return {"plain": powers(plain, n=n), "corrected": powers(corrected, first, n)}


def iterate(off=(), steps=()):
    """Fixed points of q, relatively off in some places, and numbers of steps."""

    def found(*place):
        q, n = SOLUTIONS["ex-gradient-behaviour-iterate"]["iterated"](*place)
        q += dict(off).get(place, 0.0) * max(q, 0.1)
        return q, dict(steps).get(place, n)

    return {"iterated": found, "slow": EDGE}


def least(place):
    """How many steps from q = 1 lead so near to the fixed point that they count."""
    wanted, q, n = iterate()["iterated"](*place)[0], 1.0, 0
    while abs(q - wanted) > 1e-4 * max(q, 0.1):
        q, n = variance_map(q, *place), n + 1
    return n


def segment(off=0.0, other=()):
    """The best segment, off by some steps, and others for some sizes."""
    return lambda *sizes: dict(other).get(
        sizes, (sizes[3] / (2 + sizes[2] / sizes[0])) ** 0.5 + off
    )


def radii(off=0.0):
    """Of Diag(v) ((-4, -6), (6, 4))/5."""
    right = {(0, 0): 0.0, (0, 1): 0.8, (1, 0): 0.8, (1, 1): 20**0.5 / 5}
    return {v: size + off for v, size in right.items()}


def pushed(bias):
    """An LSTM of one unit whose candidate leaves zero: it grows, and then shrinks."""
    params = one_lstm_unit(3.0)
    lstm.split(params.b_h).n[:] = bias
    return params


A, B, ZERO, EDGE = (1.5, 0.3), (0.8, 1.0), (0.5, 0.0), (1.02, 0.0)
LAST = [*np.zeros(19), 1.0]
LINES = {"A": {9, 10, 12}, "B": {11}, "C": {8}}
NAMES = {"A": {"W_xh", "W_hh", "b_h"}, "B": {"W_hh"}, "C": {"W_hy"}}
RELATIVE, MATTERS = "the errors are relative", "the smaller V matters less"
SILENT, SEEN = "the theorem is silent", "along the trajectory"
BAND = "they come within 1e-6"
LOST = "lost to cancellation"
WIDE = "steps from 1e-8"
ROWS = [
    ("derive-your-own-cell-cut", {1: 9.99, 0.01: 0.0999}, []),
    ("derive-your-own-cell-cut", {1: 10.0, 0.01: 0.05}, [RELATIVE]),
    ("derive-your-own-cell-cut", {1: 1.0, 0.01: 0.1}, [RELATIVE]),
    ("derive-your-own-cell-cut", {1: 0.26, 0.01: 0.05}, []),
    ("derive-your-own-cell-cut", {1: 0.24, 0.01: 0.05}, [MATTERS]),
    ("derive-your-own-cell-cut", {1: 0.0, 0.01: 0.0}, ["another one", MATTERS]),
    ("derive-your-own-cell-cut", {1: 1.0, 0.01: 0.0}, ["another one"]),
    (
        "derive-your-own-cell-cut",
        {1: 1.0, 0.01: np.nan},
        ["errors for the factors", RELATIVE, MATTERS],
    ),
    ("derive-your-own-cell-cut", {1: 1.0, 0.01: 0.01, 2: 1}, ["errors for"]),
    ("derive-your-own-cell-mistake: a test that sees it", (1, 0), ["sees it"]),
    ("derive-your-own-cell-mistake: a test that sees it", (1, 0.5), []),
    ("derive-your-own-cell-mistake: a test that sees it", (2, 0), []),
    (
        "exploding-one-step",
        changed("exploding-one-step", matrices=[np.eye(2) * (1 + 1e-8)] * 2),
        ["no spectral radius"],
    ),
    (
        "exploding-one-step",
        changed("exploding-one-step", matrices=[[[0, 1 + 1e-8], [0, 0]], np.eye(2)]),
        [],
    ),
    (
        "exploding-one-step",
        changed("exploding-one-step", bound=lambda J: 1.0000001 * 1.0),
        ["the bound"],
    ),
    ("exploding-bias", {0: -0.99, 1: -1, 2: -1.1, 4: -1.2, 8: -1.79}, ["the sign"]),
    ("exploding-bias", {0: 0.99, 1: 0.8, 2: 0.1, 4: -0.1, 8: -1.8}, ["b = 8"]),
    (
        "exploding-bias",
        {0: -1.1, 1: -1.2, 2: -1.3, 4: -1.35, 8: -1.4},
        ["own size", "the sign"],
    ),
    ("exploding-bias", {0: 1.0, 1: 0.8, 2: 0.1, 4: -0.1, 8: -1.79}, ["own size"]),
    ("exploding-bias", {0: 0.99, 1: 0.8, 2: 0.1, 4: -0.1, 8: -1.31}, []),
    ("exploding-bias", {0: 0.99, 1: 0.8, 2: 0.1, 4: -0.1, 8: -1.3}, ["b = 8"]),
    ("exploding-bias", {0: 0.9, 1: 0.8, 2: 0.0, 4: -0.1, 8: -1.4}, ["the sign"]),
    ("exploding-bias", {0: 0.9, 1: 0.8, 2: 0.1, 4: 0.0, 8: -1.4}, ["the sign"]),
    ("exploding-bias", {0: 0.9, 1: 0.9, 2: 0.1, 4: -0.1, 8: -1.4}, ["larger biases"]),
    ("exploding-bias", {0: 0.9, 1: 0.1, 2: 0.1, 4: -0.1, 8: -1.4}, ["larger biases"]),
    ("exploding-bias", {0: 0.9, 1: 0.8, 2: 0.1, 4: 0.2, 8: -1.4}, ["larger", "sign"]),
    ("exploding-bias", {0: 0.9, 1: 0.8, 2: 0.1, 4: -1.5, 8: -1.4}, ["larger biases"]),
    ("exploding-mistake", [[0, 1], [0, 1 + 1e-5]], []),
    ("exploding-mistake", [[0, 1], [0, 1 + 1e-7]], ["the powers grow"]),
    ("exploding-mistake", [[1.1, 0], [0, 1e-12]], []),
    ("exploding-mistake", [[1.1, 0], [0, 1e-11]], ["the smallest singular value"]),
    (
        "exploding-mistake",
        [[1 + 1e-10, 0], [0, 0]],
        ["the norm exceeds one", "the powers grow"],
    ),
    ("gradient-behaviour-orthogonal", {"tanh": 0.41, "identity": 9e-7}, ["goes away"]),
    *(
        ("gradient-behaviour-orthogonal", {"goes": "norm"} | parts, wrong)
        for parts, wrong in (
            ({"tanh": 0.41, "identity": 9e-7}, []),
            ({"tanh": 0.61, "identity": -9e-7}, []),
            ({"tanh": 0.4, "identity": 0.0}, ["tanh stays"]),
            ({"tanh": 0.62, "identity": 0.0}, ["tanh stays"]),
            ({"tanh": 0.5, "identity": 1e-6}, ["the identity"]),
            ({"tanh": 0.5, "identity": -1.1e-6}, ["the identity"]),
        )
    ),
    ("gradient-behaviour-at-most: a gain between", 0.5, []),
    ("gradient-behaviour-at-most: a gain between", 0.499, ["norm bound"]),
    ("gradient-behaviour-at-most: a gain between", 1.0, ["gradients vanish"]),
    ("gradient-behaviour-at-most: a gain between", 0.999, []),
    ("gradient-behaviour-at-most: a gain between", np.inf, ["gradients vanish"]),
    (
        "gradient-behaviour-at-most: a gain between",
        0.0,
        ["gradients vanish", "norm bound"],
    ),
    ("gradient-checking-second", nine((1e-8, 2e-3)), []),
    ("gradient-checking-second", nine((1e-8, 1.1e-3)), []),
    ("gradient-checking-second", nine((1e-8, 0.9e-3)), [LOST]),
    (
        "gradient-checking-second",
        nine((1e-8, 1.1e-3), *((10.0**-k, 1.1e-6) for k in range(7, 0, -1)), (0.5, 1)),
        [BAND],
    ),
    (
        "gradient-checking-second",
        nine((1e-8, 1.1e-3), *((10.0**-k, 0.9e-6) for k in range(7, 0, -1)), (0.5, 1)),
        [],
    ),
    (
        "gradient-checking-second",
        nine((1e-8, 1.0), (1e-3, 1.3)),  # f'' = -1.28
        ["the sign of f''"],
    ),
    ("gradient-checking-second", nine((1e-8, 1.0), (1e-3, 1.2)), []),
    ("gradient-checking-second", nine((0.0, 1.0)), [WIDE]),
    (
        "gradient-checking-second",
        steps((1e-8, 1.0), *((10.0**-k, 0.0) for k in range(7, 0, -1))),
        [WIDE],
    ),
    (
        "gradient-checking-second",
        steps((1.02e-8, 1.0), *((10.0**-k, 0.0) for k in range(8, 0, -1) if k != 8))[:1]
        + (np.zeros(8) - 1, 0.5),
        [WIDE, BAND],
    ),
    (
        "gradient-checking-second",
        steps((1.02e-8, 1.0), *((0.1 - k / 100, 0.0) for k in range(9))),
        [WIDE],
    ),
    (
        "gradient-checking-second",
        steps((1.005e-8, 1.0), *((0.0995 - k / 100, 0.0) for k in range(9))),
        [],
    ),
    (
        "gradient-checking-second",
        steps((1e-8, 1.0), *((0.0985 - k / 100, 0.0) for k in range(9))),
        [WIDE],
    ),
    (
        "gradient-checking-second",
        (*nine((1e-8, 1.0))[:2], 0.5 + 2e-9),
        ["to the power 1/2"],
    ),
    ("gradient-checking-second", (*nine((1e-8, 1.0))[:2], 0.5 + 5e-10), []),
    ("joint-radius-triangular", changed("joint-radius-triangular", scale=0.0838), []),
    (
        "joint-radius-triangular",
        changed("joint-radius-triangular", scale=0.0839),
        ["the scaling proves it"],
    ),
    (
        "joint-radius-triangular",
        changed("joint-radius-triangular", scale=0.09),
        ["the scaling proves it"],
    ),
    (
        "joint-radius-triangular",
        changed("joint-radius-triangular", scale=-0.01),
        ["the scaling proves it"],
    ),
    (
        "joint-radius-triangular",
        changed("joint-radius-triangular", scale=0.0),
        ["the scaling proves it"],
    ),
    *(
        ("joint-radius-numerical", changed("joint-radius-numerical", **parts), wrong)
        for parts, wrong in (
            ({"attained": [[0, 1.9999], [0, 0]]}, []),
            ({"attained": [[0, 1.9995], [0, 0]]}, ["the numerical radius is one"]),
            ({"attained": [[0, 2.0005], [0, 0]]}, ["the numerical radius is one"]),
            ({"attained": [[0, 2.0015], [0, 0]]}, ["radius is one", "has norm two"]),
            ({"attained": [[1, 0], [0, 1]]}, ["has norm two"]),
            ({"slopes": [[1.001, -1.001]] * 9}, ["slopes are from"]),
            ({"slopes": [[0.9, -1.001]] * 9}, ["slopes are from"]),
            ({"slopes": [[0.79373, -0.79373]] * 3}, []),  # 8 s^3 is 4 and 1e-4 more
            ({"slopes": [[0.79370, -0.79370]] * 3}, ["fails"]),
            # the norm of c N, its numerical radius and the product grow with c alike
            ({"W": [[0.5, 0.5], [-0.5, -0.5]], "slopes": [[1, -1]] * 3}, []),
            ({"W": [[2, 2], [-2, -2]], "slopes": [[1, -1]] * 3}, []),
            ({"W": [[0.5, 0.5], [-0.5, -0.5]], "slopes": [[1, -1]] * 2}, ["fails"]),
            ({"W": [[2, 2], [-2, -2]], "slopes": [[1, -1]] * 2}, ["fails"]),
        )
    ),
    *(
        ("language-models-compress", changed("language-models-compress", **p), wrong)
        for p, wrong in (
            ({"LZMA": 2.1029 * 1.019}, []),
            ({"LZMA": 2.1029 * 0.981}, []),
            ({"LZMA": 2.1029 * 1.021}, ["the held-out text"]),
            ({"LZMA": 2.1029 * 0.979}, ["the held-out text"]),
            ({"LZMA": 2.1029 / 8}, ["bits, not bytes", "the held-out text"]),
            ({"LZMA": 2.1029 / 8 * 1.03}, ["the held-out text"]),
        )
    ),
    *(
        (
            "language-models-compress",
            {"LZMA": 2.1029, 2: 2.7411 * two, 5: 1.8682 * five},
            wrong,
        )
        for two, five, wrong in (
            (1.019, 0.981, []),
            (1.021, 1.0, ["the n-grams"]),
            (1.0, 0.979, ["the n-grams"]),
            (np.log(2), np.log(2), ["in bits, not nats", "the n-grams"]),
            (np.log(2), 1.0, ["the n-grams"]),
            (1.0, np.log(2), ["the n-grams"]),
        )
    ),
    ("language-models-compress", {"LZMA": 2.1, 2: 2.74}, ["orders 2 and 5", "x"]),
    *(
        ("long-memories-window", {19: (0, a), 14: (0.5, b)}, wrong)
        for a, b, wrong in (
            (0.0, 0.36, []),
            (0.149, 0.64, []),
            (0.15, 0.5, ["k = 19, measured"]),
            (-0.001, 0.5, ["k = 19, measured"]),
            (0.1, 0.34, ["k = 14, measured"]),
            (0.1, 0.66, ["k = 14, measured"]),
        )
    ),
    (
        "long-memories-window",
        {19: (0.1, 0.1), 14: (0.4, 0.5)},
        ["k = 19, predicted", "k = 14, predicted"],
    ),
    (
        "long-memories-window",
        {19: (0, 0.1, 1), 14: (0.5, 0.5)},
        ["a prediction and a measurement"],
    ),
    *(
        ("long-memories-range: from draws", 2 / 3 * (1 + off), wrong)
        for off, wrong in (
            (0.044, []),
            (-0.044, []),
            (0.046, ["from draws"]),
            (-0.046, ["from draws"]),
        )
    ),
    *(
        ("losses-frequencies", losses(**off), wrong)
        for off, wrong in (
            ({"other": 2e-5}, []),
            ({"other": 0.9e-5}, ["not the distribution"]),
            ({"other": 0.1, "fitted": 0.9e-3}, []),
            ({"other": 0.1, "fitted": 1.1e-3}, ["end at the frequencies"]),
            ({"other": 0.1, "mean": 0.9e-4}, []),
            ({"other": 0.1, "mean": -0.9e-4}, []),
            ({"other": 0.1, "mean": 1.1e-4}, ["at their entropy"]),
            ({"other": 0.1, "mean": -1.1e-4}, ["at their entropy"]),
            ({"other": 0.1, "share": (1 + 2e-6, 1, 1, 1)}, []),
            ({"other": 0.1, "share": (1 + 3e-6, 1, 1, 1)}, ["a distribution"]),
        )
    ),
    (
        "losses-frequencies",
        (*losses(other=0.1)[:1], classes(199, 100, 100, 100), *losses()[2:]),
        ["a distribution", *"xx"],
    ),
    (
        "losses-frequencies",
        (*losses(other=0.1)[:1], classes(199, 100, 100, 100, 1), *losses()[2:]),
        ["a distribution", *"xx"],
    ),
    (
        "losses-frequencies",  # the largest difference is negative
        (np.full(4, 0.25), [0, 1] * 250, [0.4988, 0.5004, 4e-4, 4e-4], np.log(2)),
        ["end at the frequencies"],
    ),
    (
        "losses-frequencies",
        ([0.50002, 0.499994, -7e-6, -7e-6], [0, 1] * 250, [0.5, 0.5, 0, 0], np.log(2)),
        [],
    ),
    (
        "losses-frequencies",  # a class that was not drawn
        ([0.4] * 2 + [0.1] * 2, classes(300, 200), [0.6, 0.4, 0, 0], 0.673012),
        [],
    ),
    ("losses-frequencies", (*losses(other=0.1), 0), ["a distribution"]),
    *(
        ("min-char-rnn-studied-hmm", HMM | parts, wrong)
        for parts, wrong in (
            ({}, []),
            ({"bounds": (0.85, 0.8599)}, []),
            ({"bounds": (0.85, 0.8602)}, ["bounds of this source"]),
            ({"bounds": (0.8556, 0.8599)}, ["bounds of this source"]),
            ({"bounds": (0.85, 0.8553)}, ["bounds of this source"]),
            ({"bounds": (0.8599, 0.85)}, ["bounds, and losses", "of this source"]),
            ({"bounds": (0.855,) * 2}, ["bounds of this source"]),
            ({"bounds": (0.8554,) * 2}, []),
            ({"bounds": (0.8554, 0.8555, 0.86)}, ["bounds, and losses"]),
            (
                {"bounds": (0.85532 / np.log(2), 0.85551 / np.log(2))},
                ["nats", "bounds of this source"],
            ),
            ({"optimal": 0.83, "network": 0.83}, []),
            ({"optimal": 0.829, "network": 0.83}, ["near the rate"]),
            ({"optimal": 0.8809, "network": 0.89}, []),
            ({"optimal": 0.8815, "network": 0.89}, ["near the rate"]),
            ({"network": 0.8555 * 1.0299}, []),
            ({"network": 0.8555 * 1.0301}, ["within 3%"]),
            ({"network": 0.8555 * 0.9981}, []),
            ({"network": 0.8555 * 0.9979}, ["within 3%"]),
            ({"network": 2.0}, ["a mean over the symbols", "within 3%"]),
            ({"network": 1.99}, ["within 3%"]),
            ({"network": 0.0}, ["a mean over the symbols", "within 3%"]),
            ({"optimal": 1.0985}, ["near the rate", "within 3%"]),
            ({"optimal": 1.0987}, ["a mean", "near the rate", "within 3%"]),
            ({"optimal": -0.8555}, ["a mean", "near the rate", "within 3%"]),
            ({"optimal": 0.0}, ["a mean", "near the rate", "within 3%"]),
            ({"optimal": np.log(3)}, ["a mean", "near the rate", "within 3%"]),
        )
    ),
    *(
        ("min-char-rnn-studied-peeking", {"before": b, "after": a}, wrong)
        for b, a, wrong in (
            (1.2946, 1.2745, []),
            (1.2946, 1.2747, ["the shuffling alone"]),
            (1.3200, 1.2, []),
            (1.3210, 1.2, ["before"]),
            (1.2690, 1.2, []),
            (1.2680, 1.2, ["before"]),
            (1.2946, 1.036, []),
            (1.2946, 1.035, ["the text is the same"]),
            (1.2946 / np.log(2), 1.6, ["before, in nats", "before"]),
            (1.2946 / np.log(2) * 1.021, 1.6, ["before"]),
            (1.2946 / np.log(2) * 0.979, 1.6, ["before"]),
            (1.2946 / np.log(2) * 1.019, 1.6, ["before, in nats", "before"]),
        )
    ),
    ("min-char-rnn-studied-peeking", {"before": 1.2946, "after": 0.0}, ["order", "x"]),
    *(
        ("notation-angle", SOLUTIONS["ex-notation-angle"] | parts, wrong)
        for parts, wrong in (
            ({7: 0.009, 1: 0.009}, []),
            ({7: 0.01}, ["for n = T"]),
            ({1: 0.01}, ["for n = 1"]),
            ({6: 0.011}, []),
            ({6: 0.01}, ["another direction"]),
            ({3: 32.5}, ["largest for n = 2"]),
            ({2: 180}, []),
            ({2: 180.1}, ["angles for"]),
            ({1: -0.001}, ["angles for"]),
            ({8: 1.0}, ["angles for"]),
            ({2: 2.1, 3: 2, 4: 2, 5: 2, 6: 2}, []),
            ({2: 2, 3: 1.9, 4: 1.9, 5: 1.9, 6: 1.9}, ["in degrees"]),
        )
    ),
    *(
        ("point-process-fits-offspring: by simulation", r, wrong)
        for r, wrong in (
            (0.761, []),
            (0.839, []),
            (0.759, ["near the derived"]),
            (0.841, ["near the derived"]),
            (0.241, ["near the derived"]),
            (0.159, ["near the derived"]),
            (0.239, ["not the background", "near the derived"]),
            (0.161, ["not the background", "near the derived"]),
        )
    ),
    *(
        ("bptt-mistake", pair, wrong)
        for pair, wrong in (
            ((one_unit(0.0), one_unit(1.0)), []),
            ((one_unit(1.9e-12), one_unit(1.0)), []),
            ((one_unit(2.1e-12), one_unit(1.0)), ["stays invisible"]),
            ((one_unit(0.0, error=2.2e-8), one_unit(1.0)), []),
            ((one_unit(0.0, error=1.8e-8), one_unit(1.0)), ["could read"]),
            ((one_unit(0.0), one_unit(1.0, error=1.2e-7)), []),
            ((one_unit(0.0), one_unit(1.0, error=1.1e-7)), ["it shows"]),
            ((one_unit(0.0), one_unit(1.0), 0), ["two networks"]),
            ((one_unit(0.0), one_unit(1.0)[:3]), ["two networks", "it shows"]),
            ((one_unit(0.0), one_unit(np.nan)), ["two networks", "it shows"]),
            ((one_unit(0.0), one_unit(1.0, steps=3)), []),
        )
    ),
    *(
        ("forward-order", SOLUTIONS["ex-forward-order"] | parts, wrong)
        for parts, wrong in (
            ({("last", "zero"): False}, ["the last step without"]),
            ({("mean", "zero"): True}, ["the mean without"]),
            ({("last", "random"): False}, ["both readouts"]),
            ({("mean", "random"): False}, ["both readouts"]),
            ({("sum", "zero"): False}, ["four verdicts"]),
        )
    ),
    *(
        ("index-notation-free", result, wrong)
        for result, wrong in (
            ((["i"], "j, i", {"i"}, [3, 1]), []),
            (("j", "ij", "i", {1, 3}), ["w_ji delta_j"]),
            (("i", "i", "i", {1, 3}), ["delta_i h_j"]),
            (("i", "ij", "ip", {1, 3}), ["w_ij w_jp h_p"]),
            (("i", "ij", "i", {1, 2, 3}), ["may be added"]),
            (("i", "ij", "i", 1), ["may be added"]),
            (("i", "ij", "i", {1, 3}, 0), ["four parts"]),
        )
    ),
    *(
        ("recipes-mistake", (lines, examples), wrong)
        for lines, examples, wrong in (
            (LINES, NAMES, []),
            (LINES | {"A": {9, 10}}, NAMES, ["the lines of A"]),
            (LINES | {"B": 10}, NAMES, ["the line of B"]),
            (LINES | {"C": {8, 9}}, NAMES, ["the line of C"]),
            (LINES | {"C": 8, "B": 11}, NAMES, []),
            (LINES, NAMES | {"B": "W_hh", "C": ["W_hy"]}, []),
            (LINES, NAMES | {"A": {"W_xh", "W_hh"}}, ["the examples"]),
            (LINES, NAMES | {"C": "W_hh"}, ["the examples"]),
            (LINES | {"D": 1}, NAMES, ["two tables"]),
            (LINES, NAMES | {"D": 1}, ["two tables"]),
        )
    ),
    *(
        ("gradient-behaviour-iterate", iterate(**parts), wrong)
        for parts, wrong in (
            ({"off": {A: 0.9e-4, B: -0.9e-4}}, []),
            ({"off": {A: 1.1e-4}}, ["gain 1.5", "the number"]),
            ({"off": {A: -1.1e-4}}, ["gain 1.5", "the number"]),
            ({"off": {B: 1.1e-4}}, ["gain 0.8", "the number"]),
            ({"off": {ZERO: 0.9e-4}}, []),
            ({"off": {ZERO: 1.1e-4}}, ["gain 0.5"]),
            ({"off": {EDGE: 0.9e-2}}, []),
            ({"off": {EDGE: 1.1e-2}}, ["near the edge"]),
            ({"steps": {A: 2000, EDGE: 10001}}, []),
            ({"steps": {A: 2000, EDGE: 10000}}, ["where it is slow"]),
            ({"steps": {A: 2001, EDGE: 20000}}, ["the number"]),
            ({"steps": {B: 2001}}, ["the number"]),
            ({"steps": {A: 50.5, EDGE: 20000}}, ["the number"]),
            ({"steps": {A: 3, EDGE: 20000}}, ["the number"]),
            ({"steps": {A: least(A), B: least(B), EDGE: 20000}}, []),
            ({"steps": {A: least(A) - 1, EDGE: 20000}}, ["the number"]),
            ({"steps": {B: least(B) - 1}}, ["the number"]),
            ({"steps": {A: 0, EDGE: 20000}}, ["the number", "where it is slow"]),
        )
    ),
    *(
        ("language-models-best: a model in which the two differ", model, wrong)
        for model, wrong in (
            (([0.6, 0.4], [[0.5, 0.5], [1, 0]], 2), []),
            (([0.6, 0.4], [[0.7, 0.3], [1, 0]], 2), ["the greedy sequence"]),
            (([0.5, 0.5], [[0.5, 0.5], [0.5, 0.5]], 2), ["the greedy sequence"]),
            (([0.6, 0.5], [[0.5, 0.5], [1, 0]], 2), ["rows of"]),
            (([0.6, 0.4], [[0.5, 0.6], [1, 0]], 2), ["rows of"]),
            (([0.6, 0.4], [[0.5, 0.5], [1.5, -0.5]], 2), ["rows of"]),
            (([0.6, 0.4], [[0.5, 0.5], [1, 0], [1, 0]], 2), ["rows of"]),
        )
    ),
    *(
        ("truncation-batch", segment(**parts), wrong)
        for parts, wrong in (
            ({"off": 1.49}, []),
            ({"off": -1.49}, []),
            ({"off": 1.51}, ["the optimum"]),
            ({"off": -1.51}, ["the optimum"]),
            ({"other": {(64, 32, 1, 900): 20.0}}, ["the batch"]),
            ({"other": {(16, 1, 128, 900): 9.0, (16, 1, 1, 900): 14.0}}, ["logits"]),
            ({"other": {(16, 1, 128, 900): 9.0, (16, 1, 1, 900): 14.001}}, []),
            *(
                ({"other": {size: right + 1.51}}, ["the optimum", *more])
                for size, right, more in (
                    ((64, 1, 1, 900), (900 / (2 + 1 / 64)) ** 0.5, ["x"]),
                    ((16, 1, 128, 900), 90**0.5, []),
                    ((8, 4, 24, 400), 80**0.5, []),
                )
            ),
        )
    ),
    *(
        ("joint-radius-mixing", changed("joint-radius-mixing", **parts), wrong)
        for parts, wrong in (
            ({"radii": radii(0.9e-3)}, []),
            ({"radii": radii(-0.9e-3)}, []),
            ({"radii": radii(1.1e-3)}, ["the four radii"]),
            ({"radii": radii(-1.1e-3)}, ["the four radii"]),
            ({"radii": radii() | {(2, 0): 0.0}}, ["the four radii"]),
            ({"gates": [(0, 1), (1.0, 0), (0, 1), (1, 0)]}, []),
            ({"gates": [(0, 1), (0.9, 0)]}, ["the gates are"]),
            ({"gates": [(1, 1)]}, ["one round"]),
            ({"gates": [(0, 1, 1), (1, 0, 1)]}, ["the gates are", "one round"]),
            ({"gates": []}, ["the gates are", "one round"]),
            ({"gates": [0, 1]}, ["the gates are", "one round"]),
        )
    ),
    (
        "min-char-rnn-apart",
        {"W_hh": min_char_rnn._known(), "W_xh": min_char_rnn._known()},
        ["these spoil W_hh alone", "these spoil W_xh alone"],
    ),
    *(
        ("min-char-rnn-scale: clipping", result, wrong)
        for result, wrong in (
            ((0.5, [3.0], 2.0), []),
            ((0.5, [1.0], 2.0), ["clipping"]),
            ((2.0, [1.5], 2.0), []),
            ((-0.5, [3.0], 2.0), ["clipping"]),
            ((0.5, [3.0], -2.0), ["clipping"]),
            ((0.0, [3.0], 2.0), ["clipping"]),
            ((0.5, [3.0], 0.0), ["clipping"]),
            ((1.0, [3.0], 2.0), ["clipping"]),
        )
    ),
    *(
        ("optimising-per-array: the gradient", (Pair(*map(np.array, g)), tau), wrong)
        for g, tau, wrong in (
            (([3.0], [4.0]), 5.0, ["its direction"]),
            (([3.0], [4.0]), 3.9, []),
            (([1.0], [1.0]), 0.5, ["its direction"]),
            (([1.0], [1.0004]), 1.0, []),
            (([1.0], [1.0003]), 1.0, ["its direction"]),
        )
    ),
    *(
        ("optimising-adam-bound", (bound, g), wrong)
        for bound, g, wrong in (
            (lambda eta, b, n: eta * ((1 - b**n) / (1 - b)) ** 0.5, LAST, []),
            (lambda eta, b, n: eta * (1 - b) ** -0.5, LAST, ["the bound"]),
            (
                lambda eta, b, n: eta * ((1 - b**n) / (1 - b)) ** 0.5,
                LAST[1:],
                ["twenty", "x"],
            ),
            (
                lambda eta, b, n: eta * ((1 - b**n) / (1 - b)) ** 0.5,
                [*LAST[:-2], 0.03, 1.0],
                [],
            ),
            (
                lambda eta, b, n: eta * ((1 - b**n) / (1 - b)) ** 0.5,
                [*LAST[:-1], 1e-9],  # eps would be larger
                [],
            ),
            (
                lambda eta, b, n: eta * ((1 - b**n) / (1 - b)) ** 0.5,
                [*LAST[:-2], 0.06, 1.0],
                ["the last step"],
            ),
            (
                lambda eta, b, n: eta * ((1 - b**n) / (1 - b)) ** 0.5,
                [np.nan, *LAST[1:]],
                ["twenty finite", "the last step"],
            ),
        )
    ),
    *(
        ("point-process-fits-midpoint", midpoint(**parts), wrong)
        for parts, wrong in (
            ({"plain": 1.149, "corrected": 2.149}, []),
            ({"plain": 0.851, "corrected": 1.851}, []),
            ({"plain": 1.151}, [BOUNDS[1]]),
            ({"plain": 0.849}, [BOUNDS[1]]),
            ({"corrected": 2.151}, [BOUNDS[3]]),
            ({"corrected": 1.849}, [BOUNDS[3]]),
            ({"first": 0.8}, [BOUNDS[2]]),
            ({"n": 3}, [BOUNDS[0]]),
            ({"n": 5}, []),
        )
    ),
    (
        "point-process-fits-midpoint",
        {"plain": powers(1.0), "corrected": powers(2.0, 0.5, 5)},
        [BOUNDS[0]],
    ),
    ("recipes-downhill", cut([1e9, *[5.0] * 9999], 5.0), []),
    ("recipes-downhill", cut([1e9, *[0.5] * 9999], 0.5), []),
    (
        "recipes-downhill",
        cut([1e9, *[5.0] * 4000], 5.0, (0.5, 0.1, 0.010000015)),
        ["the limits for"],
    ),
    ("recipes-downhill", cut([-1e9, *[5.0] * 5000, *[-5.0] * 4999], 5.0), []),
    ("recipes-downhill", cut([np.inf, *[5.0] * 9999], 5.0), ["three limits", *"xx"]),
    ("recipes-downhill", cut([1e9, *[5.0] * 3000], 5.0), ["above 89 degrees"]),
    ("recipes-downhill", cut([1e9, *[5.0] * 4000], 5.0), []),
    ("recipes-downhill", cut([5.0] * 4000, 5.0), ["an entry", "above 89 degrees"]),
    ("recipes-downhill", cut([1e9, *[5.0] * 4000], 0.0), ["three limits", *"xx"]),
    (
        "recipes-downhill",
        cut([1e9, *[5.0] * 4000], 5.0, (0.5000001, 0.1, 0.01)),
        [],
    ),
    (
        "recipes-downhill",
        cut([1e9, *[5.0] * 4000], 5.0, (0.500001, 0.1, 0.01)),
        ["the limits for"],
    ),
    (
        "recipes-downhill",
        cut([1e9, *[5.0] * 4000], 5.0, (0.5, 0.1, 0.0100001)),
        ["the limits for"],
    ),
    (
        "recipes-downhill",
        cut([1e9, *[5.0] * 4000], 5.0, (0.5, 0.1)),
        ["three limits", "the limits for"],
    ),
    ("recipes-downhill", cut([[1e9, *[5.0] * 4000]], 5.0), ["three limits", *"xx"]),
    *(
        ("gates-border", sizes, wrong)
        for sizes, wrong in (
            ((0.1987, 0.199), []),  # the border lies at 0.19888
            ((0.199, 0.2), ["it vanishes"]),
            ((0.198, 0.1987), ["it explodes"]),
            ((0.17, 0.2209), []),
            ((0.17, 0.2211), ["near each other"]),
            ((0.2, 0.2), ["the smaller one", "it vanishes"]),
            ((0.0, 0.2), ["the smaller one", "near each other"]),
            ((-0.19, 0.2), ["the smaller one", "near each other", "it vanishes"]),
        )
    ),
    *(
        ("gates-mistake: the network", network, wrong)
        for network, wrong in (
            (one_lstm_unit(2.0), ["exceeds one"]),  # 1/2 + w/4 is one
            (one_lstm_unit(2 + 4e-9), []),
            (one_lstm_unit(3.0, forget_bias=18.0), []),
            (one_lstm_unit(3.0, forget_bias=21.0), ["each forget gate"]),
            (one_lstm_unit(3.0, units=2), ["one unit"]),
            (pushed(2.9e-4), []),  # dc_51/dc_1 is 1.1, dc_52/dc_1 is 0.8
            (pushed(3.2e-4), ["exceeds one"]),  # and here 0.9, after 1.2
        )
    ),
    *(
        ("recipes-memoryless", {100: a, 1000: b}, wrong)
        for a, b, wrong in (
            (1.5, 1.436, []),
            (1.5, 1.437, ["it comes close"]),
            (1.5, 1.3863, []),
            (1.5, 1.3862, ["above 2 log 2"]),
            (1.5, 2 * np.log(2), ["above 2 log 2"]),
            (1.3862, 1.3862, ["above 2 log 2", "more training"]),
            (1.4, 1.4, ["more training"]),
            (0.36, 0.3466, ["a loss summed", "above 2 log 2"]),
            (0.37, 0.3588, ["a loss summed", "above 2 log 2"]),
            (0.37, 0.3594, ["above 2 log 2"]),
            (0.37, 0.3342, ["a loss summed", "above 2 log 2"]),
            (0.37, 0.3338, ["above 2 log 2"]),
            (np.inf, 1.389, ["losses after"]),
        )
    ),
    ("recipes-memoryless", {100: 1.5, 1000: 1.389, 1: 0}, ["losses after"]),
    *(
        ("spectral-bounds-gamma", changed("spectral-bounds-gamma", **parts), wrong)
        for parts, wrong in (
            ({"gamma": 1.09984 + 9.5e-4}, []),
            ({"gamma": 1.09984 - 9.5e-4}, []),
            ({"gamma": 1.09984 + 1.1e-3}, ["gamma"]),
            ({"gamma": 1.09984 - 1.1e-3}, ["gamma"]),
            ({"at": 2.39936 + 9.9e-3}, []),
            ({"at": 2.39936 - 9.9e-3}, []),
            ({"at": 2.39936 + 1.01e-2}, ["where it is"]),
            ({"at": 2.39936 - 1.01e-2}, ["where it is"]),
            ({"weight": 0.0}, ["the norm of the weight", "the product grows"]),
            ({"weight": 0.9093}, []),
            ({"weight": 0.9091}, ["the product grows"]),
        )
    ),
    *(
        ("spectral-bounds-peak", changed("spectral-bounds-peak", **parts), wrong)
        for parts, wrong in (
            ({"at": [9]}, ["among integers"]),
            ({"at": {9, 10}}, []),
            ({"heights": {1: 3.91, 10: 39.1, 100: 391.0}}, []),
            ({"heights": {1: 3.838, 10: 38.38, 100: 383.8}}, []),
            ({"heights": {1: 3.914, 10: 38.7, 100: 387.0}}, ["the heights"]),
            ({"heights": {1: 3.8742, 10: 38.3, 100: 387.0}}, ["the heights"]),
            ({"heights": {1: 3.8742, 10: 38.7, 100: 391.5}}, ["the heights"]),
            ({"heights": {1: 3.8742, 10: 38.742}}, ["the heights"]),
        )
    ),
    *(
        ("spectral-bounds-scaled", changed("spectral-bounds-scaled", **parts), wrong)
        for parts, wrong in (
            ({"constant": 100.0999}, []),
            ({"constant": 99.9001}, []),
            ({"constant": 100.11}, ["the constant"]),
            ({"constant": 99.89}, ["the constant"]),
            ({"S": [1.0, 14.0], "constant": 14.0}, []),
            ({"S": [1.0, 13.0], "constant": 13.0}, ["the other norm"]),
            ({"S": [2.0, 200.0]}, []),
            ({"S": [1.0, -100.0]}, ["the other norm", "x", "x"]),
            ({"W": [[0, 1], [0, 0]]}, ["a power is above one"]),
        )
    ),
    *(
        ("spectral-bounds-along", changed("spectral-bounds-along", **parts), wrong)
        for parts, wrong in (
            ({"W": [[1.2]], "s": [[0.4], [0.47]]}, []),
            ({"W": [[1.2]], "s": [[0.4], [0.46]]}, [SEEN]),
            ({"W": [[2.0]], "s": [[0.0], [2.0]]}, []),
            ({"W": [[1.0]], "s": [[0.0], [0.0]]}, [SEEN]),
            ({"W": [[1.2]], "s": []}, [SILENT, SEEN]),
            ({"W": [[1.2]], "s": [[2.0, 1.0]]}, [SILENT, SEEN]),
            ({"W": [[np.inf]], "s": [[2.0]]}, [SILENT, SEEN]),
            ({"W": [[1.2]], "s": [[np.inf]]}, [SILENT, SEEN]),
            ({"W": np.eye(2), "s": [[2.0, np.inf]] * 2}, [SILENT, SEEN]),
            ({"W": np.eye(2), "s": [[2.0, 2.0]] * 2}, []),
        )
    ),
    *(
        ("truncation-mistake", (where, z, 0), wrong)
        for where, z, wrong in (
            ("loss", [[0.1, 0.0], [-0.1, 0.0]], []),
            ("loss", [[0.08, 0.0], [-0.08, 0.0]], ["a mean loss above"]),
            ("loss", [[2.0, 0.0]], ["two outputs", "a mean loss above"]),
            ("loss", [[2.0], [1.0]], ["two outputs", "a mean loss above"]),
            ("loss", [[[2.0, 0.0], [1.0, 2.0]]] * 2, ["two outputs", "x"]),
            ("z", [[2.0, 0.0], [-2.0, 0.0]], ["where the argument"]),
        )
    ),
    *(
        ("unrolled-sums-truncated", {1: [*a], 3: [*b]}, wrong)
        for a, b, wrong in (
            ([0.011, *[0.009] * 8, 0.9e-8], [0.5] * 9 + [0.9e-8], []),
            ([0.011, *[0.009] * 8, 1.1e-8], [0.5] * 9 + [0.0], ["tau = T"]),
            ([0.011, *[0.009] * 8, 0.0], [0.5] * 9 + [1.1e-8], ["tau = T"]),
            ([0.01, *[0.009] * 8, 0.0], [0.5] * 9 + [0.0], ["tau = 1 is"]),
            ([0.5, *[0.01] * 8, 0.0], [0.5, *[0.009] * 8, 0.0], ["larger weights"]),
            ([0.5, *[0.009] * 8, 0.0], [0.5, *[0.009] * 8, 0.0], ["larger weights"]),
            ([0.5, *[0.009] * 8, 0.0], [0.5, 0.01, *[0.009] * 7, 0.0], []),
            ([0.5, *[0.009] * 7, 0.0], [0.5] * 9 + [0.0], ["errors for"]),
            ([0.5] * 9 + [0.0], [0.5] * 10, ["tau = T"]),
            ([0.5] * 10, [0.5] * 10, ["tau = T", "larger weights"]),
        )
    ),
    *(
        ("vanishing-two-latches", result, wrong)
        for result, wrong in (
            (kept(0.6), []),
            (kept(0.7), []),
            (kept(0.55), ["the border"]),
            (kept(0.75), ["the border"]),
            (kept(0.55) | {0.586: True}, []),
            (kept(0.55) | {0.585: True}, ["the border"]),
            (kept(0.7) | {0.7058: True}, []),
            (kept(0.7) | {0.706: True}, ["the border"]),
            (kept(0.65, width=0.05005), []),
            (kept(0.65, width=0.0502), ["couplings from"]),
            (kept(0.6, end=0.8991), []),
            (kept(0.6, end=0.8989), ["couplings from"]),
            (kept(0.66, start=0.01), ["couplings from", "without a coupling"]),
            (kept(0.6, but=(0.0,)), ["without a coupling", "below the border"]),
            (kept(0.6, but=(0.2,)), ["below the border"]),
            (kept(0.6) | {0.9: True}, ["a strong coupling", "the border", "below"]),
        )
    ),
    *(
        ("vanishing-mistake", {"underflows": "backward"} | STARTS | parts, wrong)
        for parts, wrong in (
            ({"steps": 200}, []),
            ({"steps": 3}, ["is zero in float32"]),
            ({"steps": 1}, ["is zero in float32"]),
            ({"steps": 0}, ["is zero", "the sign of h_0"]),
            ({"steps": 10001}, ["is zero", "the sign of h_0"]),
            ({"steps": 1.5}, ["is zero", "the sign of h_0"]),
            ({"steps": 200, "W_hh": -2.0}, []),
            ({"steps": 201, "W_hh": -2.0}, ["the sign of h_0"]),
            ({"steps": 400, "W_hh": 0.5}, ["the sign of h_0"]),
            ({"steps": 10000}, []),
        )
    ),
]


@pytest.mark.parametrize(("label", "result", "wrong"), ROWS)
def test_claims_fail_beyond_their_bounds_alone(label, result, wrong):
    found = [*kind_of(label).check(result).wrong]
    assert len(found) == len(wrong), found
    assert all(
        piece in words or piece == "x"
        for piece, words in zip(wrong, found, strict=True)
    )
