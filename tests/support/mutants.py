"""Break rnnlib on purpose: a wrong function in the place of a right one.

A mutant names what it replaces and makes the wrong from the right one: often the right
one with other arguments, or with something done to its result. So it says what is wrong
and not how the right one is written: whoever changes a line of rnnlib breaks no test.
"""

import importlib
import operator
import sys
from collections.abc import Callable
from contextlib import contextmanager
from functools import partial
from typing import NamedTuple

import pytest

PACKAGES = ("rnnlib", "rnnbook")
CAUGHT = (ArithmeticError, AssertionError, LookupError, RuntimeWarning, ValueError)


class Mutant(NamedTuple):
    """A mistake: what it is called, where it is made, and what must come out wrong."""

    name: str
    place: str  # "rnnlib.rnn.backward"; an entry of a table like an attribute
    wrong: Callable  # makes the wrong thing from the right one
    expected: object = frozenset()  # as the test wants it: names of gradients

    def __str__(self):
        return self.name


def each(mutants):
    """Run a test once for every mutant, as its argument ``mutant``."""
    ids = [f"{m.place.split('.')[-2]}: {m.name}" for m in mutants]
    return pytest.mark.parametrize("mutant", mutants, ids=ids)


@contextmanager
def planted(mutant):
    """Replace what the mutant replaces, wherever the packages hold it; then put back.

    AssertionError when there is nothing of that name.
    """
    right = find(mutant.place)
    wrong = mutant.wrong(right)
    holders = [*holders_of(right)]
    assert holders, f"{mutant.place}: nowhere to be replaced"
    for put in holders:
        put(wrong)
    try:
        yield
    finally:
        for put in holders:
            put(right)


def find(place):
    """What a place names: the module is imported, the rest are attributes or keys."""
    names = place.split(".")
    module = importlib.import_module(names[0])
    found, depth = module, 1
    while depth < len(names):
        dotted = ".".join(names[: depth + 1])
        try:
            found = importlib.import_module(dotted)
        except ModuleNotFoundError:
            break
        depth += 1
    for name in names[depth:]:
        here = found if isinstance(found, dict) else vars(found)
        assert name in here, f"{place}: no {name}"
        found = here[name]
    return found


def holders_of(thing):
    """Functions that put something else wherever the packages hold that thing.

    As a name of a module, an entry of a table, or an attribute of a class.
    """
    for module_name, module in list(sys.modules.items()):
        if module_name.split(".")[0] not in PACKAGES or module is None:
            continue
        for name, value in list(vars(module).items()):
            if value is thing:
                yield partial(setattr, module, name)
            elif isinstance(value, dict) and not name.startswith("__"):
                for key in [key for key in value if value[key] is thing]:
                    yield partial(operator.setitem, value, key)
            elif isinstance(value, type) and value.__module__ == module_name:
                for key in [k for k, v in vars(value).items() if v is thing]:
                    yield partial(setattr, value, key)


def fails(check, *arguments):
    """True when a check notices something: it says so, or numbers or shapes break.

    A TypeError or AttributeError is a mistake in the mutant, and no mistake found.
    """
    try:
        verdict = check(*arguments)
    except CAUGHT:
        return True
    return verdict is not None and not verdict


# Wrong things that many mutants are made of.


def with_arguments(change):
    """The right function, its arguments changed: ``change(*args, **options)``.

    ``change`` returns the new (args, options).
    """

    def make(right):
        def wrong(*args, **options):
            args, options = change(*args, **options)
            return right(*args, **options)

        return wrong

    return make


def with_result(change):
    """The right function, something done to its result: ``change(result, *args)``."""

    def make(right):
        def wrong(*args, **options):
            return change(right(*args, **options), *args)

        return wrong

    return make
