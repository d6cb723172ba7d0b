"""Arguments and results taken apart: every leaf of nested tuples, lists and records."""

import dataclasses
from collections.abc import Mapping

import numpy as np

from rnnlib.activations import Activation


def _parts(value):
    """{key: part} of a container; None for a leaf."""
    if isinstance(value, type):
        return None
    if hasattr(value, "_asdict"):
        return value._asdict()
    if isinstance(value, (tuple, list)):
        return {str(i): part for i, part in enumerate(value)}
    if isinstance(value, Mapping):
        return dict(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, Activation):
        return {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
    return None


def _joined(value, parts):
    if hasattr(value, "_asdict"):
        return type(value)(**parts)
    if isinstance(value, (tuple, list)):
        return type(value)(parts.values())
    if isinstance(value, Mapping):
        return parts
    return dataclasses.replace(value, **parts)


def mapped(value, change, path=()):
    """The same tree with ``change(path, node)`` in place of every leaf."""
    parts = _parts(value)
    if parts is None:
        return change(path, value)
    new = {k: mapped(part, change, (*path, str(k))) for k, part in parts.items()}
    if all(new[k] is part for k, part in parts.items()):
        return value
    return _joined(value, new)


def replaced(value, path, new):
    """The same tree with one node replaced."""
    if not path:
        return new
    parts = _parts(value)
    return _joined(value, parts | {path[0]: replaced(parts[path[0]], path[1:], new)})


def nodes(value, path=()):
    """(path, node) of every node, containers first."""
    yield path, value
    for key, part in (_parts(value) or {}).items():
        yield from nodes(part, (*path, str(key)))


def leaves(value):
    """{path: leaf}."""
    return {p: node for p, node in nodes(value) if _parts(node) is None}


def fingerprint(value):
    """What must be the same after a call: every bit of every array, and the rest."""
    marks = {}
    for path, leaf in leaves(value).items():
        if isinstance(leaf, np.ndarray):
            content = leaf.tolist() if leaf.dtype.hasobject else leaf.tobytes()
            marks[path] = (leaf.dtype, leaf.shape, leaf.strides, content)
        elif not isinstance(leaf, np.random.Generator):
            marks[path] = leaf if isinstance(leaf, (str, int, bool)) else id(leaf)
    return marks
