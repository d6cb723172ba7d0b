"""Nested parameters as a flat dictionary of arrays, and back.

A tree is one array, or a dictionary, tuple, list or named tuple of trees.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from rnnlib.validate import is_array, kind_of

Tree = Any  # an array, or a dictionary, list or (named) tuple of trees


def flatten(tree, name=""):
    """The arrays of a nested parameter, by dotted name.

    Raises
    ------
    ValueError
        For a leaf that is not a number or an array of numbers, or two leaves of the
        same dotted name.
    """
    if tree is None:
        return {}
    if is_array(tree) and tree.dtype.kind in "fciu":
        return {name or "params": tree}
    if hasattr(tree, "_asdict"):
        tree = tree._asdict()
    elif isinstance(tree, (tuple, list)):
        tree = {str(i): leaf for i, leaf in enumerate(tree)}
    if isinstance(tree, Mapping):
        flat = {}
        for key, leaf in tree.items():
            new = flatten(leaf, f"{name}.{key}" if name else str(key))
            if twice := flat.keys() & new.keys():
                raise ValueError(f"{min(twice)}: expected distinct names, got it twice")
            flat |= new
        return flat
    if isinstance(tree, np.ndarray) and not is_array(tree):
        raise ValueError(f"{name or 'params'}: expected numbers, got {kind_of(tree)}")
    array = np.asarray(tree)
    if array.dtype.kind not in "fciu":
        kind = getattr(tree, "dtype", type(tree).__name__)
        raise ValueError(f"{name or 'params'}: expected numbers, got {kind}")
    return {name or "params": array}


def same_form(tree, other, name):
    """Both trees flat, in the order of ``tree``; ``name`` is what ``other`` is called.

    Raises
    ------
    ValueError
        When the two differ in a name or a shape.
    """
    flat, unordered = flatten(tree), flatten(other)
    if set(flat) != set(unordered):
        raise ValueError(
            f"{name}: expected the names {sorted(flat)}, got {sorted(unordered)}"
        )
    for key, array in flat.items():
        if unordered[key].shape != array.shape:
            raise ValueError(
                f"{name}.{key}: expected shape {array.shape}, "
                f"got {unordered[key].shape}"
            )
    return flat, {key: unordered[key] for key in flat}


def rebuild(tree, flat, name=""):
    """A nested parameter of the form of ``tree`` with the arrays of ``flat``."""
    if tree is None:
        return None
    if isinstance(tree, np.ndarray):
        return flat[name or "params"]

    def child(key, leaf):
        return rebuild(leaf, flat, f"{name}.{key}" if name else str(key))

    if hasattr(tree, "_asdict"):
        return type(tree)(*(child(k, v) for k, v in tree._asdict().items()))
    if isinstance(tree, Mapping):
        return {k: child(k, v) for k, v in tree.items()}
    if isinstance(tree, (tuple, list)):
        return type(tree)(child(i, v) for i, v in enumerate(tree))
    return flat[name or "params"]
