"""Call a function with arguments, and judge what comes of it."""

import re
import warnings

import numpy as np

from tests.fuzz.trees import fingerprint, leaves, nodes

CLEAR = (ValueError, FloatingPointError)
# Made by the package itself: given as a whole, and not taken apart to be spoiled
MADE = {"trace", "fed", "carried", "patience", "self", "work", "model", "source"}

# Sizes that arrays share; what a tree or a symbol is called when it has no name
WORDS = {
    "d_x",
    "d_h",
    "K",
    "T",
    "B",
    "W",
    "params",
    "symbol",
    "squares",
    "rng",
    "sequences",
}


def called(function, case, arguments):
    """The result as {path: leaf}; warnings and changed arguments are errors."""
    before = fingerprint(arguments)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            result = case.then(function(**arguments))
    finally:
        if case.fills is None and fingerprint(arguments) != before:
            after = fingerprint(arguments)
            changed = [p for p in before if after.get(p) != before[p]]
            raise AssertionError(f"the call has changed {changed}")
    if case.fills is not None:
        result = case.fills(result, arguments)
    return leaves(result)


def verdict(function, case, arguments):
    """(result, "") or (None, refusal); AssertionError for anything unclear."""
    try:
        return called(function, case, arguments), ""
    except CLEAR as error:
        words = {w for path, _ in nodes(arguments) for w in path} | WORDS
        said = set(re.findall(r"\w+", str(error)))
        if not said & words:
            raise AssertionError(
                f"the message names no argument: {type(error).__name__}: {error}"
            ) from error
        return None, str(error)
    except AssertionError:
        raise
    except Exception as error:
        raise AssertionError(f"{type(error).__name__}: {error}") from error


def numbers(result):
    """{path: array} of the numeric leaves."""
    arrays = {p: np.asarray(v) for p, v in result.items() if _is_number(v)}
    return {p: a for p, a in arrays.items() if a.dtype.kind in "fciub"}


def _is_number(value):
    return isinstance(value, (np.ndarray, np.generic, int, float, complex))


def same(one, other, tolerance):
    """Two results agree."""
    one, other = numbers(one), numbers(other)
    assert set(one) == set(other), "another form of result"
    for path, wanted in other.items():
        got = one[path]
        assert got.shape == wanted.shape, f"{path}: shape {got.shape}"
        finite = np.isfinite(wanted)
        assert (np.isfinite(got) == finite).all(), f"{path}: not finite elsewhere"
        scale = max(1.0, float(np.abs(wanted[finite]).max())) if finite.any() else 1.0
        with np.errstate(all="ignore"):
            error = np.abs(got - wanted.astype(complex))[finite]
        assert (error <= tolerance * scale).all(), f"{path}: off by {error.max():.2e}"


def finite(result, infinite):
    """No NaN, and no infinity where there should be none."""
    for path, array in numbers(result).items():
        if array.dtype.kind in "fc":
            bad = np.isnan(array) if infinite else ~np.isfinite(array)
            assert not bad.any(), f"{path}: {array[bad].flat[0]} in the result"
