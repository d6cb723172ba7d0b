"""One number for what an answer is or returns, for tables of them."""

import numpy as np


def entries(outcome):
    """All numbers of an outcome, in order."""
    if isinstance(outcome, dict):
        outcome = list(outcome.values())
    if isinstance(outcome, (tuple, list)):
        return [x for part in outcome for x in entries(part)]
    return [float(x) for x in np.asarray(outcome, float).ravel()]


def gist(outcome):
    """One number for an outcome: its first entry + 2 times its second + ..."""
    if isinstance(outcome, Exception):
        return type(outcome).__name__
    try:
        found = entries(outcome)
    except (TypeError, ValueError):
        return str(outcome)
    if not np.isfinite(found).all():
        return " ".join(f"{x:g}" for x in found if not np.isfinite(x))
    return float(np.arange(1, len(found) + 1) @ found)


def taken(arguments):
    """The gist of arguments, whatever they are: what is no number counts as letters."""
    if isinstance(arguments, dict):
        return gist([taken(part) for part in arguments.items()])
    if isinstance(arguments, (tuple, list)):
        return gist([taken(part) for part in arguments])
    if hasattr(arguments, "__dataclass_fields__"):
        return taken(vars(arguments))
    try:
        return gist(np.asarray(arguments, float))
    except (TypeError, ValueError):
        return float(len(str(arguments))) if isinstance(arguments, str) else 0.0
