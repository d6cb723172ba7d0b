"""Run a reader's function safely: on copies, with every error turned into a sentence.

What a call does besides returning is noticed: arguments that were changed, and draws
from NumPy's global generator.
"""

import copy
import linecache
import traceback
import warnings
from typing import Any, NamedTuple

import numpy as np

from rnnbook.tutor.layout import Unusable, kind
from rnnlib.trees import flatten


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


def _where(function, error):
    """The last line of the reader's own code that the error passed through."""
    code = getattr(function, "__code__", None)
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if code is not None and f.filename == code.co_filename]
    if not own:
        return ""
    frame = own[-1]
    text = linecache.getline(frame.filename, frame.lineno).split("  #")[0].strip()
    source = f": `{text}`" if text else ""
    if frame.name == code.co_name:
        number = frame.lineno - code.co_firstlineno + 1
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
