"""How far the solution of an experiment may move until a claim about it fails.

    python -m tests.tutor.answers.limits > tests/tutor/answers/limits.toml

Each number of a result is moved up and down by 2^k of itself, a whole number by 2^k;
a word, a truth value and a set are replaced. Each line of the table has a k at which a
claim fails, and the claims that fail then: none fails at k - 1. What can be moved as
far as one likes has no line.
"""

import sys
from numbers import Number

import numpy as np

from rnnbook.tutor.answers.kinds import Experiment, Parts, parts_of

FRACTIONS, WHOLE = range(-30, 5), range(9)
SLOW = (  # or with a result of many arrays
    "ex-bptt-mistake",
    "ex-gates-border",
    "ex-gates-mistake: the network",
    "ex-gradient-behaviour-iterate",
    "ex-joint-radius-numerical",
    "ex-long-memories-bias",
    "ex-optimising-per-array: the gradient",
)


def experiments(known, solutions):
    """{name: (`Experiment`, right result)} of all exercises, parts by themselves."""
    found = {}

    def collect(name, kind, answer):
        if isinstance(kind, Parts):
            given = parts_of(answer, tuple(kind.kinds))
            for part, one in kind.kinds.items():
                collect(f"{name}: {part}", one, given[part])
        elif isinstance(kind, Experiment) and name not in SLOW:
            found[name] = kind, answer

    for label, exercise in known.items():
        collect(label, exercise.kind, solutions[label])
    return found


def scaled(value, share):
    """A value, or what a function returns, with all numbers moved by a share."""
    if callable(value):
        return lambda *a, **k: scaled(value(*a, **k), share)
    if isinstance(value, dict):
        return {k: scaled(v, share) for k, v in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(scaled(v, share) for v in value))
    if isinstance(value, (tuple, list)):
        return type(value)(scaled(v, share) for v in value)
    if isinstance(value, (bool, str, set)) or value is None:
        return value
    size = np.abs(value)
    return value + share * np.where(size > 0, size, 1)


def moves(value):
    """{what is moved: (powers of two, function of a signed size)} in a result."""
    if isinstance(value, dict):
        return inside(value, value.keys(), lambda v: dict(v))
    if isinstance(value, (tuple, list)) and len(value) <= 8:
        return inside(value, range(len(value)), list, type(value))
    if isinstance(value, (bool, np.bool_)):
        return {"": (None, lambda size: not value)}
    if isinstance(value, str):
        return {"": (None, lambda size: value + " not")}
    if isinstance(value, (set, frozenset)):
        return {"": (None, lambda size: set(sorted(value, key=str)[1:]))}
    if isinstance(value, int):
        return {"": (WHOLE, lambda size: value + size)}
    if isinstance(value, Number) or callable(value):
        return {"": (FRACTIONS, lambda size: scaled(value, size))}
    found = {"": (FRACTIONS, lambda size: scaled(np.asarray(value, float), size))}

    def one(at):
        def change(size):
            array = np.array(value, float)
            array.flat[at] = scaled(array.flat[at], size)
            return array

        return change

    return found | {"[first]": (FRACTIONS, one(0))}


def inside(value, keys, opened, closed=lambda v: v):
    """The moves of the parts of a value."""
    found = {}
    for key in keys:
        for name, (powers, change) in moves(value[key]).items():

            def all_of_it(size, key=key, change=change):
                new = opened(value)
                new[key] = change(size)
                return closed(new)

            found[f"[{key}]{name}"] = powers, all_of_it
    return found


def ways(value):
    """{name: (powers, function of a power)}: up, down, or replaced."""
    found = {}
    for name, (powers, change) in moves(value).items():
        if powers is None:
            found[f"{name} replaced".strip()] = (0,), change
            continue
        for way, sign in ((" up", 1), (" down", -1)):
            size = 1 if powers is WHOLE else 1.0
            found[(name + way).strip()] = (
                powers,
                lambda k, s=sign * size, c=change: c(s * type(s)(2**k)),
            )
    return found


def limit(kind, powers, change):
    """A power at which a claim fails, and not at the one before; None if none does."""
    low, high = -1, len(powers) - 1
    if not kind.check(change(powers[high])).wrong:
        return None
    while high - low > 1:
        middle = (low + high) // 2
        if kind.check(change(powers[middle])).wrong:
            high = middle
        else:
            low = middle
    return powers[high], *kind.check(change(powers[high])).wrong


def main():
    """Write the table."""
    import json

    from rnnbook.tutor.answers.checking import known
    from tests.tutor.answers.test_checking import SOLUTIONS

    for name, (kind, result) in experiments(known(), SOLUTIONS).items():
        print(f"[{json.dumps(name)}]")
        for way, (powers, change) in ways(result).items():
            if row := limit(kind, powers, change):
                print(f"{json.dumps(way)} = {json.dumps(row)}")
        print(flush=True)


if __name__ == "__main__":
    sys.exit(main())
