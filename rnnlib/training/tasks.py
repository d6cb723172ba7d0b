"""Three tasks that need a memory: adding, copying, and the order of two symbols.

Each generator returns ``Batch(x, y)``, drawn with ``rng`` alone and time-major. Each
``*_baseline`` is the smallest expected loss of a model that does not read what has to
be remembered: per sequence for adding and order, per output for copying; in nats where
it is a cross-entropy.
"""

from math import log
from typing import NamedTuple

import numpy as np

from rnnlib.validate import check_count, check_rng

SYMBOLS, COPIED, BLANK, CUE = 8, 10, 8, 9  # of the copy task
X, Y, DISTRACTORS = 0, 1, 4  # of the order task: 2 to 5 are distractors


class Batch(NamedTuple):
    """Inputs and targets."""

    x: np.ndarray
    y: np.ndarray


def adding(T, B, rng):
    """Sum of the two marked numbers of T >= 2.

    ``x`` (T, B, 2) holds numbers uniform on [0, 1] and markers, one 1 in the first half
    of the steps and one in the second; ``y`` (B, 1) is the sum of the marked numbers.

    Source: {cite}`hochreiter1997`, in the form of {cite}`le2015`.
    """
    T, B = _check(T, B, 2, rng)
    values = rng.uniform(size=(T, B))
    markers = np.zeros((T, B))
    columns = np.arange(B)
    for start, stop in ((0, T // 2), (T // 2, T)):
        markers[rng.integers(start, stop, B), columns] = 1.0
    y = (values * markers).sum(axis=0)[:, None]
    return Batch(np.stack([values, markers], axis=-1), y)


def adding_baseline(T):
    """1/6, the mean squared error of the constant 1, for every T."""
    return 1 / 6


def copy(T, B, rng):
    """Ten symbols, to be repeated after a lag of T >= 1 steps.

    ``x`` (T+20, B) has ten symbols 0 to 7, T-1 blanks, a cue and ten blanks; ``y``, of
    the same shape, has T+10 blanks and then the ten symbols. There is an output at
    each of the T+20 steps.

    Source: {cite}`hochreiter1997`, in the form of {cite}`arjovsky2016`.
    """
    T, B = _check(T, B, 1, rng)
    x = np.full((T + 2 * COPIED, B), BLANK)
    y = x.copy()
    x[:COPIED] = y[-COPIED:] = rng.integers(SYMBOLS, size=(COPIED, B))
    x[T + COPIED - 1] = CUE
    return Batch(x, y)


def copy_baseline(T):
    """10 ln 8 / (T + 20): blanks for certain, then each symbol with 1/8."""
    T = check_count("T", T)
    return COPIED * log(SYMBOLS) / (T + 2 * COPIED)


def temporal_order(T, B, rng):
    """Which two symbols came, and in which order, among T >= 10 steps.

    ``x`` (T, B) has distractors 2 to 5 but for two symbols, each X = 0 or Y = 1, at
    steps that `order_steps` gives: the first within the second tenth of the sequence,
    the second within the sixth. ``y`` (B,) is the class: 0 for XX, 1 for XY, 2 for YX,
    3 for YY.

    Source: {cite}`hochreiter1997`.
    """
    T, B = _check(T, B, 10, rng)
    x = 2 + rng.integers(DISTRACTORS, size=(T, B))
    columns = np.arange(B)
    first, second = rng.integers(2, size=(2, B))
    for symbol, (start, stop) in zip((first, second), order_steps(T), strict=True):
        x[rng.integers(start, stop, B), columns] = symbol
    return Batch(x, 2 * first + second)


def order_steps(T):
    """Where the two symbols may stand, from 0: two pairs (start, stop)."""
    T = check_count("T", T, least=10)
    return (T // 10, T // 5), (T // 2, 3 * T // 5)


def order_baseline(T):
    """ln 4: four classes, equally likely."""
    return log(4)


def _check(T, B, least, rng):
    check_rng(rng)
    return check_count("T", T, least=least), check_count("B", B)
