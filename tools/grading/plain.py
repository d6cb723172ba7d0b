"""Values as plain numbers, texts, lists and tables, and back: no objects travel."""

from fractions import Fraction

import numpy as np

from rnnlib import Params

LARGEST, DEEPEST = 200_000, 12


class NoPlainForm(ValueError):
    """A value that is no number, text, list or table of such."""


def packed(value, depth=0, functions=None):
    """A value as what JSON can say.

    A function becomes its place in the list ``functions``, where there is one. Raises
    ValueError for what has no plain form, or is too large.
    """
    if depth > DEEPEST:
        raise ValueError("the answer is nested too deeply")
    kind = type(value)
    if value is None or kind in (bool, int, float, str):
        if kind is str and len(value) > LARGEST:
            raise ValueError("the answer is too long")
        return value
    if isinstance(value, np.ndarray):
        if value.size > LARGEST:
            raise ValueError("the answer is too large")
        numbers = np.asarray(value, dtype=float).ravel().tolist()
        return {"shape": list(map(int, value.shape)), "numbers": numbers}
    if isinstance(value, (np.bool_,)):
        return bool(value)
    if isinstance(value, (np.integer, int)):
        return int(value)
    if isinstance(value, (np.floating, float, Fraction)):
        return float(value)
    if kind is Params:
        return {"params": [packed(v, depth + 1, functions) for v in value]}
    if isinstance(value, (list, tuple, set, frozenset)):
        if len(value) > LARGEST:
            raise ValueError("the answer is too large")
        return {"list": [packed(v, depth + 1, functions) for v in value]}
    if isinstance(value, dict):
        pairs = [
            [packed(k, depth + 1), packed(v, depth + 1, functions)]
            for k, v in value.items()
        ]
        return {"table": pairs}
    if hasattr(value, "evalf"):  # a number of SymPy
        return float(value)
    if callable(value) and functions is not None:
        functions.append(value)
        return {"function": len(functions) - 1}
    raise NoPlainForm(f"a {kind.__name__} is no answer: expected numbers or texts")


def unpacked(value, functions=()):
    """The value of what came back; a list comes as a tuple, a function by its place."""
    if not isinstance(value, dict):
        return value
    if "function" in value:
        return functions[value["function"]]
    if "shape" in value:
        return np.array(value["numbers"], dtype=float).reshape(value["shape"])
    if "params" in value:
        return Params(*(unpacked(v, functions) for v in value["params"]))
    if "table" in value:
        return {unpacked(k): unpacked(v, functions) for k, v in value["table"]}
    return tuple(unpacked(v, functions) for v in value["list"])
