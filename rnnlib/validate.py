"""Checks of arguments and of results that overflow.

Each error names the argument, what was expected and what came.
"""

from collections.abc import Callable
from functools import wraps
from math import isfinite
from numbers import Integral, Real
from typing import TypeVar, cast

import numpy as np

FLOATS = tuple(map(np.dtype, ("f4", "f8", "c8", "c16")))  # what rnnlib computes in


def is_array(value):
    """An ndarray, but no matrix or masked array, which compute otherwise."""
    other = (np.matrix, np.ma.MaskedArray)
    return isinstance(value, np.ndarray) and not isinstance(value, other)


def kind_of(value):
    """What an argument is, in a word: "int64", "matrix", "masked array", "list"."""
    if isinstance(value, np.ma.MaskedArray):
        return "masked array"
    if isinstance(value, np.ndarray) and not is_array(value):
        return type(value).__name__
    return str(getattr(value, "dtype", type(value).__name__))


def is_finite(value):
    """True for a real number that a float can hold; no truth value is one."""
    try:
        number = isinstance(value, Real) and not isinstance(value, bool)
        return number and isfinite(value)
    except OverflowError:
        return False


def all_finite(array):
    """True when no entry is NaN or infinite; nearly always one dot product tells."""
    with np.errstate(all="ignore"):
        return _all_finite(array)


def _all_finite(array):
    entries = array.ravel(order="K")  # no copy where they lie side by side
    return bool(np.isfinite(entries.dot(entries)) or np.isfinite(entries).all())


def refuse_hiding(name, value):
    """The value, unless it is an array that hides entries, or multiplies otherwise."""
    if isinstance(value, np.ndarray) and not is_array(value):
        raise ValueError(f"{name}: expected a NumPy array, got {kind_of(value)}")
    return value


F = TypeVar("F", bound=Callable)


def shape_error(name, expected, actual):
    """The ValueError for an array of the wrong shape."""
    return ValueError(f"{name}: expected shape {expected}, got {tuple(actual)}")


def check_array(name, array, shape=None):
    """A finite array of float32 or float64, real or complex; of ``shape`` if given."""
    if not is_array(array) or array.dtype.newbyteorder("=") not in FLOATS:
        raise ValueError(
            f"{name}: expected a floating NumPy array, got {kind_of(array)}"
        )
    if shape is not None and array.shape != tuple(shape):
        raise shape_error(name, tuple(shape), array.shape)
    if not all_finite(array):
        bad = array.size - int(np.isfinite(array).sum())
        raise ValueError(f"{name}: expected finite numbers, got {bad} NaN or infinite")
    return array


def check_precision(name, array, like, those="the parameters"):
    """Single and double precision do not mix; real and complex may."""
    ours, theirs = np.finfo(like.dtype).dtype, np.finfo(array.dtype).dtype
    if ours != theirs:
        raise ValueError(f"{name}: expected {ours} like {those}, got {theirs}")


def check_arrays(params):
    """Finite arrays: two axes where the name begins with W, and one elsewhere."""
    for name, array in zip(params._fields, params, strict=True):
        check_array(name, array)
        rank = 2 if name.startswith("W") else 1
        if array.ndim != rank:
            raise ValueError(
                f"{name}: expected {rank} dimension(s), got shape {array.shape}"
            )


def check_shapes(params, expected):
    """Arrays of the expected shapes, and of one precision."""
    for name, array, shape in zip(params._fields, params, expected, strict=True):
        if array.shape != shape:
            raise shape_error(name, shape, array.shape)
        check_precision(name, array, params, "the other parameters")
    return params


def check_inputs(x, params):
    """Dense inputs (T, B, d_x), or integer inputs (T, B) below d_x."""
    if not is_array(x) or x.dtype.kind not in "fciu":
        raise ValueError(
            f"x: expected a floating or integer NumPy array, got {kind_of(x)}"
        )
    integer = x.dtype.kind in "iu"
    expected = "(T, B) of integers" if integer else f"(T, B, {params.d_x}) of floats"
    if x.ndim != (2 if integer else 3):
        raise shape_error("x", expected, x.shape)
    if 0 in x.shape[:2]:
        raise ValueError(
            f"x: expected at least one step and one sequence, got {x.shape}"
        )
    if integer:
        check_indices("x", x, params.d_x)
    elif x.shape[2] != params.d_x:
        raise shape_error("x", expected, x.shape)
    else:
        check_precision("x", check_array("x", x), params)
    return x


def check_indices(name, index, size):
    """Integers from 0 to size - 1."""
    low, high = int(index.min()), int(index.max())
    if low < 0 or high >= size:
        raise ValueError(
            f"{name}: expected integers from 0 to {size - 1}, got {low} to {high}"
        )
    return index


def check_mask(mask, T, B):
    """A boolean (T, B) in which every sequence has at least one real step."""
    if not is_array(mask) or mask.dtype != bool:
        raise ValueError(f"mask: expected a boolean NumPy array, got {kind_of(mask)}")
    if mask.shape != (T, B):
        raise shape_error("mask", (T, B), mask.shape)
    empty = np.flatnonzero(~mask.any(axis=0))
    if empty.size:
        raise ValueError(
            "mask: expected at least one real step in each sequence, "
            f"got none in sequence {empty[0]}"
        )
    return mask


def check_flag(name, value):
    """True or False, of Python or of NumPy, as a bool of Python."""
    if not isinstance(value, (bool, np.bool_)):
        raise ValueError(f"{name}: expected True or False, got {value!r}")
    return bool(value)


def check_choice(name, value, choices):
    """One of the listed words."""
    if not (isinstance(value, str) and value in choices):
        listed = ", ".join(map(repr, choices))
        raise ValueError(f"{name}: expected one of {listed}, got {value!r}")
    return value


def check_rate(name, value):
    """A finite number that is not negative, as a float of Python."""
    if not (is_finite(value) and value >= 0):
        raise ValueError(f"{name}: expected a finite number >= 0, got {value!r}")
    return float(value)


def check_positive(name, value):
    """A finite number above zero, as a float of Python."""
    if not (is_finite(value) and value > 0):
        raise ValueError(f"{name}: expected a finite number > 0, got {value!r}")
    return float(value)


def check_count(name, value, *, least=1):
    """An integer that is at least ``least``, as an int of Python.

    NumPy's integers compute in their own width: a sum of two could wrap around.
    """
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        raise ValueError(f"{name}: expected an integer >= {least}, got {value!r}")
    return int(value)


def check_dtype(dtype):
    """float32 or float64."""
    try:
        known = np.dtype(dtype) in (np.float32, np.float64)
    except TypeError:
        known = False
    if not known:
        raise ValueError(f"dtype: expected float32 or float64, got {dtype!r}")
    return dtype


def check_callable(name, function):
    """Something that can be called."""
    if not callable(function):
        raise ValueError(f"{name}: expected a function, got {type(function).__name__}")
    return function


def check_rng(rng):
    """A NumPy Generator: the only source of randomness."""
    if not isinstance(rng, np.random.Generator):
        raise ValueError(f"rng: expected a numpy Generator, got {type(rng).__name__}")
    return rng


def check_step_targets(y, T, B, K):
    """The step axis of y, before it is taken apart; the loss checks the rest."""
    if not is_array(y):
        raise ValueError(f"y: expected a NumPy array, got {kind_of(y)}")
    if y.shape not in ((T, B), (T, B, K)):
        raise shape_error("y", f"{(T, B)} or {(T, B, K)}", y.shape)


def finite_result(*names: str) -> Callable[[F], F]:
    """Decorate a function whose result, from finite arguments, has to be finite.

    NumPy's warning of an overflow is not shown: when an array of the result, or a part
    of a tuple, is not finite, a FloatingPointError names the arguments ``names``. The
    result is judged, and not the processor's flags: those differ between machines.
    """

    def decorate(function: F) -> F:
        @wraps(function)
        def checked(*args, **kwargs):
            with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
                result = function(*args, **kwargs)
            return require_finite(result, function.__name__, *names)

        return cast(F, checked)

    return decorate


def require_finite(result, where, *names):
    """The result, when it is finite; an overflow names the arguments ``names``."""
    with np.errstate(all="ignore"):
        finite = _is_finite(result)
    if not finite:
        raise FloatingPointError(
            f"{', '.join(names)}: expected numbers whose results are finite, "
            f"got an overflow in {where}"
        )
    return result


def _is_finite(result):
    if isinstance(result, (tuple, list)):
        return all(map(_is_finite, result))
    if isinstance(result, np.ndarray):
        return result.dtype.kind not in "fc" or _all_finite(result)
    return not isinstance(result, (np.inexact, float)) or bool(np.isfinite(result))
