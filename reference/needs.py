"""Which chapter builds on which: `needs.toml`, and what follows from it."""

import tomllib
from functools import cache

from tools import ROOT
from tools.chapters import names, used_results

PATH = ROOT / "reference" / "needs.toml"


@cache
def needs():
    """{chapter: the chapters it builds on directly}."""
    return tomllib.loads(PATH.read_text("utf-8"))


def all_needs(chapter, direct=None):
    """Everything that a chapter builds on, directly or not, without itself."""
    direct = needs() if direct is None else direct
    found, open_ = set(), list(direct[chapter])
    while open_:
        name = open_.pop()
        if name not in found:
            found.add(name)
            open_ += direct.get(name, [])
    return found


def levels(direct=None):
    """{chapter: the number of steps of the longest way that leads to it}."""
    direct = needs() if direct is None else direct
    found = {}
    for name in direct:  # in order: what is needed comes before
        found[name] = max((found[n] + 1 for n in direct[name]), default=0)
    return found


def complaints(direct=None, order=None, used=used_results):
    """What is wrong with the map: gaps, cycles, steps against the order, ...

    A chapter that refers to a labelled result of an earlier one builds on it.
    """
    direct = needs() if direct is None else direct
    order = names() if order is None else order
    found = [f"{c} is missing" for c in order if c not in direct]
    found += [f"{c} is no chapter" for c in direct if c not in order]
    if found:
        return found
    for name, others in direct.items():
        place = order.index(name)
        for other in others:
            if other not in order:
                found.append(f"{name} needs {other}, which is no chapter")
            elif order.index(other) >= place:
                found.append(f"{name} needs {other}, which comes later")
            elif any(other in all_needs(o, direct) for o in others if o != other):
                found.append(f"{name} needs {other} through another chapter already")
        found += [f"{name} needs itself"] if name in all_needs(name, direct) else []
        for other in used(name):
            earlier = order.index(other) < place
            if earlier and other not in all_needs(name, direct):
                found.append(f"{name} refers to a result of {other}, not on its map")
    if list(direct) != order:
        found.append("the map is in another order than the contents")
    return found
