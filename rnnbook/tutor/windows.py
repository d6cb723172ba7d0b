"""Check the cutting of a text into windows of inputs and shifted targets."""

from typing import NamedTuple

import numpy as np

from rnnbook.tutor.calls import Answer, call, new_rows, parts
from rnnbook.tutor.catalogue import LENGTHS, Mistake, fixed
from rnnbook.tutor.engine import examine
from rnnbook.tutor.layout import BOOK, number_array


class Case(NamedTuple):
    """A text as integers, and the length of a window."""

    indices: np.ndarray
    length: int


PIECES = {
    "length": lambda length: length,
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
        {
            "stride": lambda length: length + 1,
            "count": lambda size, length, stride: size // stride,
        },
    ),
    Mistake(
        "the last window left out",
        "One window more fits into the text.",
        WHERE,
        {"count": lambda size, length, stride: (size - 1) // stride - 1},
    ),
    Mistake(
        "a window without its last target",
        "The last window's last target would be the symbol after the end of the text; "
        "rolled, it is the first symbol, y[-1] = x[0].",
        WHERE,
        {"count": lambda size, length, stride: size // stride},
    ),
    Mistake(
        "the last target is the first symbol",
        "The targets are all inputs rolled by one, y[-1] = x[0]: the last target is "
        "the symbol that follows in the text.",
        WHERE,
        {"window targets": lambda x, y: np.roll(x.ravel(), -1).reshape(x.shape)},
    ),
    Mistake(
        "the stop rule p + T + 1 >= N",
        "A window is read only while one symbol more than its targets is left; the "
        "book reads every window whose targets are in the text.",
        WHERE,
        {"count": lambda size, length, stride: (size - 2) // stride},
        original="stop rule",
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
] + fixed("length", LENGTHS, WHERE, lambda value: {"length": lambda length: value})


def run(case, pieces):
    """The inputs and targets of all windows, (n, length) each."""
    indices, length = case.indices, pieces["length"](case.length)
    stride = pieces["stride"](length)
    count = pieces["count"](len(indices), length, stride)
    at = stride * np.arange(count)[:, None] + np.arange(length)
    x = pieces["inputs"](indices)[at]
    y = pieces["window targets"](x, pieces["targets"](indices)[at])
    return {"x": x.astype(float), "y": y.astype(float)}


def check_windows(windows, *, layout=BOOK):
    """Diagnose ``windows(indices, length)``, which returns ``x, y``, (n, length) each.

    Row n of x has the symbols n length + 1 to (n + 1) length of the text, and row n of
    y the symbols that follow each of them; what does not fill a window is left out.
    Of the ``layout`` only the stop rule of the original program matters. Returns a
    `Diagnosis`.
    """
    symbols = np.random.default_rng(9).permutation(130)
    sizes = (112, 113, 114, 115, 116, 118)  # one of them just fits, one just does not
    cases = {"": Case(symbols[:117], 7)}
    cases |= {f" (of {size} symbols)": Case(symbols[:size], 7) for size in sizes}
    cases[" (of another length)"] = Case(symbols[:117], 11)

    def ask(case):
        results, found, notes = [], {}, []
        for _ in range(2):  # a list that is kept between calls shows in the second
            called = call(windows, case._asdict())
            results.append([_copy(v) for v in parts(called.result, ("x", "y"))])
        for name, first, second in zip("xy", *results, strict=True):
            found[name] = number_array(name, new_rows(first, second, notes))
        return Answer(found, called.changed, tuple(notes))

    def compute(case, change):
        return run(case, PIECES | change)

    def row(i):
        return f"window {i + 1}"

    return examine(
        "windows",
        ask,
        compute,
        cases,
        MISTAKES,
        layout,
        order={"x": row, "y": row},
    )


def _copy(value):
    """Another list of the same rows: the reader's may grow."""
    return list(value) if isinstance(value, list) else value


def planted(change):
    """The windows with these pieces replaced."""

    def windows(indices, length):
        found = run(Case(indices, length), PIECES | change)
        return found["x"].astype(int), found["y"].astype(int)

    return windows
