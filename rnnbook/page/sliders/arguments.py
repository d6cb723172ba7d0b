"""Checks of what a figure is made of: each error names the argument and what came."""

from collections.abc import Sequence

import numpy as np

from rnnlib.validate import is_finite

MOST = 1e100  # beyond it the marks of an axis cannot be computed


def check_words(**words):
    """Each is a str."""
    for name, value in words.items():
        if not isinstance(value, str):
            raise ValueError(f"{name}: expected a str, got {type(value).__name__}")


def check_all(name, things, kind):
    """A list of instances of one class."""
    if isinstance(things, str) or not isinstance(things, Sequence):
        got = type(things).__name__
        raise ValueError(f"{name}: expected a list of {kind.__name__}, got {got}")
    for thing in things:
        if not isinstance(thing, kind):
            got = type(thing).__name__
            raise ValueError(f"{name}: expected {kind.__name__}, got {got}")
    return list(things)


def check_pair(name, pair):
    """Two of something, in a sequence."""
    if isinstance(pair, str) or not isinstance(pair, (Sequence, np.ndarray)):
        raise ValueError(f"{name}: expected a pair, got {type(pair).__name__}")
    if len(pair) != 2:
        raise ValueError(f"{name}: expected a pair, got {len(pair)}")
    return pair


def check_values(values):
    """The values of a control: words, or numbers that a float can hold."""
    if isinstance(values, (str, bytes)) or not isinstance(
        values, (Sequence, np.ndarray)
    ):
        raise ValueError(f"values: expected a sequence, got {type(values).__name__}")
    for value in values:
        if not (isinstance(value, str) or is_finite(value)):
            raise ValueError(f"values: expected words or numbers, got {value!r}")


def numbers(name, values, gaps=False):
    """Real numbers up to MOST as an array of floats; with ``gaps`` -inf too."""
    try:
        array = np.asarray(values)
    except ValueError:  # rows of different lengths
        raise ValueError(f"{name}: expected an array of numbers, got others") from None
    if array.dtype.kind not in "fiub":
        kind = type(values).__name__ if array.dtype == object else array.dtype
        raise ValueError(f"{name}: expected real numbers, got {kind}")
    array = array.astype(float)
    fine = np.abs(array) <= MOST
    if gaps:
        fine |= array == -np.inf
    if not fine.all():
        wanted = "numbers or -inf" if gaps else "finite numbers"
        bad = array[~fine].flat[0]
        raise ValueError(f"{name}: expected {wanted} up to {MOST:g}, got {bad:g}")
    return array
