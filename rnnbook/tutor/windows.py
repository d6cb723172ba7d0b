"""Check the cutting of a text into windows of inputs and shifted targets."""

from typing import NamedTuple

import numpy as np

from rnnbook.tutor.calls import call, parts
from rnnbook.tutor.catalogue import Mistake
from rnnbook.tutor.engine import examine
from rnnbook.tutor.layout import BOOK, number_array


class Case(NamedTuple):
    """A text as integers, and the length of a window."""

    indices: np.ndarray
    length: int


PIECES = {
    "stride": lambda length: length,
    "count": lambda size, length, stride: (size - 1) // stride,
    "targets": lambda indices: np.roll(indices, -1),
    "window targets": lambda x, y: y,
    "inputs": lambda indices: indices,
}
WHERE = "eq-min-char-rnn-windows"
MISTAKES = [
    Mistake(
        "targets not shifted",
        "The targets are the inputs themselves: y_t is the next symbol, x_{t+1}.",
        WHERE,
        {"targets": lambda indices: indices},
    ),
    Mistake(
        "targets shifted the wrong way",
        "The target is the symbol before the input: y_t is the next one.",
        WHERE,
        {"targets": lambda indices: np.roll(indices, 1)},
    ),
    Mistake(
        "targets shifted by two",
        "The target is the symbol after the next one.",
        WHERE,
        {"targets": lambda indices: np.roll(indices, -2)},
    ),
    Mistake(
        "targets rolled inside the window",
        "The last target of a window is its own first input: it is the first input of "
        "the next window.",
        WHERE,
        {"window targets": lambda x, y: np.roll(x, -1, axis=1)},
    ),
    Mistake(
        "windows that overlap",
        "A window begins one symbol after the one before, not one length after it.",
        WHERE,
        {
            "stride": lambda length: 1,
            "count": lambda size, length, stride: size - length,
        },
    ),
    Mistake(
        "a symbol lost between windows",
        "A window begins one symbol too late: the last target of a window is the first "
        "input of the next one.",
        WHERE,
        {"stride": lambda length: length + 1},
    ),
    Mistake(
        "the last window left out",
        "One window more fits into the text.",
        WHERE,
        {"count": lambda size, length, stride: (size - 1) // stride - 1},
    ),
    Mistake(
        "a window without its last target",
        "The last window's last target would be the symbol after the end of the text.",
        WHERE,
        {"count": lambda size, length, stride: size // stride},
    ),
    Mistake(
        "inputs and targets swapped",
        "x and y come back in the wrong order.",
        WHERE,
        {
            "inputs": lambda indices: np.roll(indices, -1),
            "targets": lambda indices: indices,
        },
    ),
]


def run(case, pieces):
    """The inputs and targets of all windows, (n, length) each."""
    indices, length = case
    stride = pieces["stride"](length)
    count = pieces["count"](len(indices), length, stride)
    at = stride * np.arange(count)[:, None] + np.arange(length)
    x = pieces["inputs"](indices)[at]
    y = pieces["window targets"](x, pieces["targets"](indices)[at])
    return {"x": x.astype(float), "y": y.astype(float)}


def check_windows(windows):
    """Diagnose ``windows(indices, length)``, which returns ``x, y``, (n, length) each.

    Row n of x has the symbols n length + 1 to (n + 1) length of the text, and row n of
    y the symbols that follow each of them; what does not fill a window is left out.
    Returns a `Diagnosis`.
    """
    symbols = np.random.default_rng(9).permutation(40)
    cases = {
        "": Case(symbols[:23], 5),
        " (of a text that just fits)": Case(symbols[:21], 5),
        " (of a text that just does not)": Case(symbols[:20], 5),
    }

    def ask(case):
        called = call(windows, case._asdict())
        x, y = parts(called.result, ("x", "y"))
        return {"x": number_array("x", x), "y": number_array("y", y)}, called.changed

    def compute(case, change):
        return run(case, PIECES | change)

    return examine("windows", ask, compute, cases, MISTAKES, BOOK)


def planted(change):
    """The windows with these pieces replaced."""

    def windows(indices, length):
        found = run(Case(indices, length), PIECES | change)
        return found["x"].astype(int), found["y"].astype(int)

    return windows
