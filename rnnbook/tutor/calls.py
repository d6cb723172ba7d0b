"""Run a reader's function safely: on copies, with every error turned into a sentence.

What a call does besides returning is noticed: arguments that were changed, and draws
from NumPy's global generator.
"""

import copy
import linecache
import traceback
import warnings
from itertools import permutations
from typing import Any, NamedTuple

import numpy as np

from rnnbook.tutor.catalogue import Mistake
from rnnbook.tutor.layout import Unusable, kind
from rnnbook.tutor.matching import agree
from rnnlib.trees import flatten

MOST = 7  # results, whose orders are tried
NEAR = 1e-3  # relative to the norm: near enough to tell which result is which


class Called(NamedTuple):
    """What a call returned, and what it left behind."""

    result: Any
    arguments: dict  # the copies it was given, as it left them
    changed: list  # names of the arguments that it changed


class Unfinished(Unusable):
    """The function is still the stub."""


class Raised(Unusable):
    """The function raised an exception."""


def call(function, arguments) -> Called:
    """``function(*arguments.values())`` on copies of the arguments.

    Raises `Unusable` with a sentence when the function raises anything.
    """
    if not callable(function):
        raise Unusable(f"expected a function, got {kind(function)}")
    given = {name: copy.deepcopy(value) for name, value in arguments.items()}
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = function(*given.values())
    except NotImplementedError as error:
        raise Unfinished(str(error) or "not written yet") from None
    except Exception as error:  # whatever a reader's code raises is a finding
        text = f"it raised {type(error).__name__}: {error}"
        raise Raised(f"{text}{_where(function, error)}") from None
    changed = [n for n in arguments if not _same(arguments[n], given[n])]
    return Called(result, given, changed)


def parts(result, names):
    """A tuple with one value for each name; a single name is the value itself."""
    if len(names) == 1:
        if result is None:
            raise Unusable(
                f"it returned None in place of {names[0]}: is there a return?"
            )
        return (result,)
    wanted = ", ".join(names)
    if result is None:
        raise Unusable(f"it returned None in place of {wanted}: is there a return?")
    if not isinstance(result, (tuple, list)) or len(result) != len(names):
        size = f" of {len(result)}" if isinstance(result, (tuple, list)) else ""
        raise Unusable(f"expected {wanted}, got {kind(result)}{size}")
    return tuple(result)


class Answer(NamedTuple):
    """The outputs of one call in the book's form, and what else was noticed."""

    outputs: dict
    changed: list  # names of the arguments that it changed
    notes: tuple = ()  # mistakes that show in the form of the result


def in_order(result, names, take, right):
    """The outputs by name, and what is unusual in their number or order.

    ``take(values)`` turns one value for each name into outputs, or raises `Unusable`.
    Where it refuses the results as they come, they are tried in every other order, and
    the order whose values are nearest to the ``right`` outputs is taken.
    """
    try:
        return take(parts(result, names)), ()
    except Unusable as error:
        given = result if isinstance(result, (tuple, list)) else ()
        if not 2 <= len(names) <= len(given) <= MOST:
            raise
        refusal = error
    found = []
    for places in permutations(range(len(given)), len(names)):
        try:
            outputs = take(tuple(given[i] for i in places))
        except Unusable:
            continue
        found.append((sum(agree(outputs[n], right[n], NEAR) for n in right), places))
    if not found:
        raise refusal
    best = max(found, key=lambda pair: pair[0])[1]
    return take(tuple(given[i] for i in best)), (_order(names, best, len(given)),)


def _order(names, places, size):
    """The mistake of an order of results."""
    listed = ["something else"] * size
    for name, place in zip(names, places, strict=True):
        listed[place] = name
    return Mistake(
        "results in another order" if size == len(names) else "more results than asked",
        f"It returns {', '.join(listed)}; asked for is {', '.join(names)}.",
        "",
        {},
    )


GROWN = Mistake(
    "a default list that grows",
    "A list in the line of def is made once: what earlier calls appended is still "
    "there. Make the list inside the function.",
    "",
    {},
)


def last_rows(value, like, notes):
    """The end of a longer array, if its rows are those of ``like``; noted as grown."""
    if not isinstance(value, (list, np.ndarray)):
        return value
    try:
        shape = np.shape(value)
    except ValueError:
        return value
    if shape[1:] == like.shape[1:] and len(shape) and shape[0] > like.shape[0] > 0:
        notes.append(GROWN)
        return value[-like.shape[0] :]
    return value


def new_rows(first, second, notes):
    """What a second call on the same arguments returned, without an earlier result.

    Where the second result begins with the whole first one, it is noted as grown.
    """
    try:
        before, after = list(first), list(second)
    except TypeError:
        return second
    pairs = zip(before, after, strict=False)
    if len(after) > len(before) > 0 and all(np.array_equal(*pair) for pair in pairs):
        notes.append(GROWN)
        return after[len(before) :]
    return second


def _where(function, error):
    """The last line of the reader's own code that the error passed through."""
    code = getattr(function, "__code__", None)
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if code is not None and f.filename == code.co_filename]
    if code is None or not own:
        return ""
    frame, line = own[-1], own[-1].lineno or 0
    text = linecache.getline(frame.filename, line).split("  #")[0].strip()
    source = f": `{text}`" if text else ""
    if frame.name == code.co_name:
        number = line - code.co_firstlineno + 1
        return f"\n  line {number} of the function{source}"
    return f"\n  in `{frame.name}`, which it calls{source}"


def _same(one, other):
    """Equal to the bit; only numbers and arrays count."""
    if isinstance(one, np.random.Generator):
        return True  # it is there to be used
    if isinstance(one, (int, float, np.number)):
        return True
    try:
        a, b = flatten(one), flatten(other)
    except ValueError:
        return False
    return a.keys() == b.keys() and all(
        a[k].shape == b[k].shape and np.array_equal(a[k], b[k], equal_nan=True)
        for k in a
    )
