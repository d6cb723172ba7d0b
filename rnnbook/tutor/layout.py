"""How a reader stores what the equations name: declared, never guessed.

The book's form is `Params` of rows, arrays with time first, and losses that are sums.
A reader who chose otherwise says so with a `Layout`, and is not told that it is wrong.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from rnnlib.parameters import MATRICES, Params
from rnnlib.validate import check_choice

NAMES = Params._fields
REDUCTIONS = {  # what a sum over T steps and B sequences is divided by
    "sum": lambda T, B, V: 1,
    "mean over time": lambda T, B, V: T,
    "mean over batch": lambda T, B, V: B,
    "mean over both": lambda T, B, V: T * B,
}
ORIGINAL = ("indices", "clip", "eps", "stop rule")  # ways of the original program


class Unusable(Exception):
    """A result that cannot be compared; the message says why."""


class Layout(NamedTuple):
    """A reader's form of the parameters, the arrays and the loss.

    ``names`` are the reader's names of W_xh, W_hh, b_h, W_hy, b_y, for a dictionary;
    ``order`` lists the book's names in the order of a reader's tuple; matrices in
    ``transposed`` are stored as their transpose, for ``x @ W``. With ``columns`` every
    vector is a column: biases (d, 1), states (T + 1, d_h, B). With ``batch_first``
    arrays are (B, T, ...). ``in_place`` allows clipping and update to change what they
    are given, and to return None.
    """

    container: str = "params"
    names: tuple = NAMES
    order: tuple = NAMES
    transposed: tuple = ()
    columns: bool = False
    batch_first: bool = False
    reduction: str = "sum"
    dtype: type = np.float64
    in_place: bool = False
    original: tuple = ()

    @property
    def tolerance(self):
        """What counts as equal, relative to the norm of an array."""
        return 1e-6 if np.dtype(self.dtype) == np.float64 else 1e-3

    def give(self, params):
        """A `Params` in the reader's form."""
        arrays = {}
        for name, array in zip(NAMES, params, strict=True):
            array = array.T if name in self.transposed else array
            column = self.columns and name not in MATRICES
            arrays[name] = np.array(array[:, None] if column else array, self.dtype)
        if self.container == "dict":
            return {own: arrays[n] for own, n in zip(self.names, NAMES, strict=True)}
        if self.container == "tuple":
            return tuple(arrays[name] for name in self.order)
        return Params(**arrays)

    def take(self, tree, params, what):
        """The reader's form as a `Params` of the shapes of ``params``."""
        arrays = dict(zip(NAMES, self._five(tree, what), strict=True))
        form = self.give(params)
        wanted = dict(zip(NAMES, self._five(form, what), strict=True))
        for name in NAMES:
            arrays[name] = number_array(f"{what}.{name}", arrays[name])
            if arrays[name].shape != wanted[name].shape:
                raise Unusable(
                    f"{what}.{name}: expected shape {wanted[name].shape}, "
                    f"got {arrays[name].shape}"
                )
            if name in self.transposed:
                arrays[name] = arrays[name].T
            elif self.columns and name not in MATRICES:
                arrays[name] = arrays[name][:, 0]
        return Params(**arrays)

    def _five(self, tree, what):
        """The five arrays in the book's order."""
        if self.container == "dict":
            if not isinstance(tree, Mapping):
                raise Unusable(f"{what}: expected a dictionary, got {kind(tree)}")
            missing = [own for own in self.names if own not in tree]
            if missing:
                raise Unusable(f"{what}: expected the key {missing[0]!r}, not found")
            return [tree[own] for own in self.names]
        if not isinstance(tree, (tuple, list)) or len(tree) != len(NAMES):
            size = f" of {len(tree)}" if isinstance(tree, (tuple, list)) else ""
            raise Unusable(
                f"{what}: expected the five arrays {', '.join(self.order)}, "
                f"got {kind(tree)}{size}"
            )
        by_name = dict(zip(self.order, tree, strict=True))
        return [by_name[name] for name in NAMES]

    def give_array(self, array):
        """An array (T, B, ...) or a state (B, d) in the reader's form."""
        if array.ndim == 3 and self.columns:
            array = array.swapaxes(1, 2)
        elif array.ndim == 2 and self.columns and array.dtype.kind == "f":
            array = array.T
        if array.ndim >= 2 and self.batch_first and array.dtype.kind in "iu":
            array = array.swapaxes(0, 1)
        elif array.ndim == 3 and self.batch_first:
            array = array.swapaxes(0, 1)
        kept = array.dtype if array.dtype.kind in "iu" else self.dtype
        return np.array(array, kept, order="C")

    def give_states(self, h):
        """The states h_0 to h_T in the reader's form and numbering."""
        h = np.roll(h, -1, axis=0) if "indices" in self.original else h
        return self.give_array(h)

    def take_states(self, name, h, like):
        """The reader's states as h_0 to h_T; a dictionary is in order by its keys."""
        found = self.take_array(name, h, like)
        rolled = "indices" in self.original and not isinstance(h, Mapping)
        return np.roll(found, 1, axis=0) if rolled else found

    def take_array(self, name, array, like):
        """The reader's array (T, B, ...), given one of the right shape in the book."""
        wanted = self.give_array(like).shape
        array = number_array(name, array)
        if array.shape != wanted:
            raise Unusable(f"{name}: expected shape {wanted}, got {array.shape}")
        if self.columns:
            array = array.swapaxes(1, 2)
        return array.swapaxes(0, 1) if self.batch_first else array


BOOK = Layout()


def check_layout(layout):
    """A `Layout` that makes sense."""
    if not isinstance(layout, Layout):
        raise ValueError(f"layout: expected a Layout, got {type(layout).__name__}")
    check_choice("container", layout.container, ("params", "dict", "tuple"))
    check_choice("reduction", layout.reduction, REDUCTIONS)
    for name in ("names", "order"):
        value = getattr(layout, name)
        if len(set(value)) != len(NAMES):
            raise ValueError(f"{name}: expected five distinct names, got {value!r}")
    if set(layout.order) != set(NAMES):
        raise ValueError(f"order: expected the names {NAMES}, got {layout.order!r}")
    if not set(layout.transposed) <= set(MATRICES):
        raise ValueError(
            f"transposed: expected some of {MATRICES}, got {layout.transposed!r}"
        )
    if not set(layout.original) <= set(ORIGINAL):
        raise ValueError(
            f"original: expected some of {ORIGINAL}, got {layout.original!r}"
        )
    if layout.columns and layout.batch_first:
        raise ValueError("columns: expected False where batch_first is True")
    return layout


def number_array(name, value):
    """Anything made of numbers as a floating array; a dictionary by its sorted keys."""
    if isinstance(value, Mapping):
        value = [value[key] for key in sorted(value)]
    if isinstance(value, np.ma.MaskedArray):
        raise Unusable(f"{name}: expected an array, got a masked one, that hides some")
    try:
        array = np.asarray(value)
    except ValueError:
        raise Unusable(f"{name}: expected an array, got rows of other shapes") from None
    if array.dtype.kind not in "fiub":
        raise Unusable(f"{name}: expected numbers, got {kind(value)}")
    return array.astype(np.float64)


def kind(value):
    """The type of a value, in words."""
    return "None" if value is None else type(value).__name__
