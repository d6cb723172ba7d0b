"""Compare a reader's outputs with the right ones and with those of mistakes."""

from itertools import combinations

import numpy as np


def agree(actual, wanted, tolerance):
    """Equal shapes, the same NaN and infinities, and close in norm."""
    actual, wanted = np.asarray(actual), np.asarray(wanted)
    if actual.shape != wanted.shape:
        return False
    finite = np.isfinite(wanted)
    if not np.array_equal(finite, np.isfinite(actual)):
        return False
    if not np.array_equal(actual[~finite], wanted[~finite], equal_nan=True):
        return False
    actual, wanted = actual[finite], wanted[finite]
    largest = max(np.abs(a).max(initial=0.0) for a in (actual, wanted)) or 1.0
    actual, wanted = actual / largest, wanted / largest  # squares stay in range
    off = np.linalg.norm(actual - wanted)
    return bool(off <= tolerance * np.linalg.norm(wanted))


def all_agree(outputs, predicted, tolerance):
    """Every output agrees with the one of the same name."""
    return outputs.keys() == predicted.keys() and all(
        agree(outputs[name], predicted[name], tolerance) for name in outputs
    )


def look_up(outputs, predict, catalogue, tolerance, bound=np.inf):
    """Every explanation of all outputs: by one entry, or else by two together.

    ``outputs`` has a dictionary for each case; ``predict(case, change)`` returns that
    of the computation with these pieces replaced, or None where it cannot be run.
    Entries whose pieces clash are not combined. The explanations are tuples of entries;
    there are several where mistakes with other names make the same outputs. Outputs
    that pass ``bound`` are not compared, only that both do: rounding grows with them.
    """

    def explains(mistakes):
        change = {k: f for m in mistakes for k, f in m.change.items()}
        if len(change) < sum(len(m.change) for m in mistakes):
            return False
        return all(
            (predicted := predict(case, change)) is not None
            and _alike(outputs[case], predicted, tolerance, bound)
            for case in outputs
        )

    found: list[tuple] = [(m,) for m in catalogue if explains((m,))]
    if not found:
        together = [m for m in catalogue if not m.alone]
        found = [pair for pair in combinations(together, 2) if explains(pair)]
    named = {tuple(m.name for m in mistakes): mistakes for mistakes in reversed(found)}
    return list(reversed(named.values()))


def _alike(outputs, predicted, tolerance, bound):
    """All agree, or both pass the bound somewhere.

    What is no finite number is alike: 0 / 0 and the log of 0 come from one mistake.
    """
    if np.isfinite(bound) and _beyond(outputs, bound) and _beyond(predicted, bound):
        return True
    found, wanted = (
        {n: np.where(np.isfinite(a), a, np.nan) for n, a in arrays.items()}
        for arrays in (outputs, predicted)
    )
    return all_agree(found, wanted, tolerance)


def _beyond(outputs, bound):
    """Does an entry pass the bound, or is it no number?"""
    return any(not (abs(array) <= bound).all() for array in outputs.values())


def describe(actual, wanted):
    """How a wrong array differs from the right one, in words."""
    if actual.shape != wanted.shape:
        return f"has shape {actual.shape}; expected {wanted.shape}"
    bad = int((np.isfinite(wanted) & ~np.isfinite(actual)).sum())
    if bad:
        return f"{bad} of {actual.size} entries are NaN or infinite"
    size = np.linalg.norm(wanted)
    if size == 0:
        return "should be zero"
    if not actual.any():
        return "is zero throughout"
    factor = float((actual * wanted).sum() / size**2)
    if np.linalg.norm(actual - factor * wanted) <= 1e-6 * np.linalg.norm(actual):
        if abs(factor + 1) < 1e-6:
            return "has the wrong sign, and the right size"
        return f"is {factor:.3g} times what it should be"
    square = actual.ndim == 2 and actual.shape[0] == actual.shape[1]
    if square and agree(actual.T, wanted, 1e-6):
        return "is the transpose of what it should be"
    return f"is off by {percent(np.linalg.norm(actual - wanted) / size)}"


def first_place(actual, wanted, tolerance, named):
    """Where along the first axis two arrays begin to differ, in words, or nothing.

    ``named(i)`` says in words which place i of the axis is.
    """
    if actual.shape != wanted.shape or actual.ndim == 0 or named is None:
        return ""
    for i in range(len(wanted)):
        if not agree(actual[i], wanted[i], tolerance):
            return f" at {named(i)}"
    return ""


def percent(share):
    """A relative error in words."""
    if share < 0.005:
        return "less than 1% of its norm"
    if share > 10:
        return "more than ten times its norm"
    return f"{100 * share:.0f}% of its norm"
