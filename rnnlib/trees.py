"""Nested parameters as a flat dictionary of arrays, and back.

A tree is one array, or a dictionary, tuple, list or named tuple of trees.
"""

from collections.abc import Mapping

import numpy as np


def flatten(tree, name=""):
    """The arrays of a nested parameter, by dotted name.

    Raises
    ------
    ValueError
        For a leaf that is not a number or an array of numbers.
    """
    if tree is None:
        return {}
    if hasattr(tree, "_asdict"):
        tree = tree._asdict()
    elif isinstance(tree, (tuple, list)):
        tree = {str(i): leaf for i, leaf in enumerate(tree)}
    if isinstance(tree, Mapping):
        flat = {}
        for key, leaf in tree.items():
            flat.update(flatten(leaf, f"{name}.{key}" if name else str(key)))
        return flat
    array = np.asarray(tree)
    if array.dtype.kind not in "fciu":
        raise ValueError(f"{name or 'params'}: expected numbers, got {array.dtype}")
    return {name or "params": array}


def rebuild(tree, flat, name=""):
    """A nested parameter of the form of ``tree`` with the arrays of ``flat``."""
    if tree is None:
        return None

    def child(key, leaf):
        return rebuild(leaf, flat, f"{name}.{key}" if name else str(key))

    if hasattr(tree, "_asdict"):
        return type(tree)(*(child(k, v) for k, v in tree._asdict().items()))
    if isinstance(tree, Mapping):
        return {k: child(k, v) for k, v in tree.items()}
    if isinstance(tree, (tuple, list)):
        return type(tree)(child(i, v) for i, v in enumerate(tree))
    return flat[name or "params"]
