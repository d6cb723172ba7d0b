"""Numbers that are typed in a record's text: each must occur in its check.

What follows from something is not typed but computed (`ledger.filling`). What is left,
sizes, rates and the like, is what a check was given; so it has to stand in its source.
"""

import ast
import re
from types import FunctionType

import numpy as np

from ledger.checking import checks
from ledger.rules import tree_of

FIELDS = ("claim", "convention", "why", "counterexample", "consequence", "defence")
LEFT_OUT = re.compile(  # places, not numbers
    r"<<[^>]*>>|`[^`]*`|\{[\w:-]+\}`[^`]*`|[_^]\{[^{}]*\}|[_^]\\?\w"
    r"|(?:[Ss]ections?|[Ll]ines?|[Cc]hapter|Lemma|Theorem|Proof|Display|[Ss]teps?|Figure"
    r"|items?|epochs?) \d[\d.]*(?:(?:,| and| to) \d[\d.]*)*"
    r"|\(\d+\)(?:(?:,| and| to) \(\d+\))*|\b\d+\.\d+\.\d+"
    r"|\b(?:1[0-3]|\d)\.(?:1[0-2]|\d)\b(?![\d$])|\b(?:19|20)\d\ds?\b|\d{4}\.\d{5}|[a-z]+-[\d.]+-\d+|\\t?frac1\d"
)
POWER = re.compile(r"(?<![\w.])10\^\{?(-?\d+)\}?")
NUMBER = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?")
SMALL = {0.0, 1.0, 2.0}  # they stand in any source


def typed(claim):
    """[(field, number)] of the numbers above two that a record types."""
    found = []
    for field in FIELDS:
        text = getattr(claim, field)
        found += [(field, float(f"1e{power}")) for power in POWER.findall(text)]
        text = LEFT_OUT.sub(" ", POWER.sub(" ", text))
        for number in NUMBER.findall(text):
            value = float(number.replace(",", "").rstrip("."))
            if value not in SMALL:
                found.append((field, value))
    return found


def known(claim):
    """All numbers in the source of a check, and of what it uses."""
    item = checks(claim.document).get(claim.id)
    if item is None:
        return set()
    seen, found = set(), set()
    for field in (item.test, item.printed, item.corrected, item.otherwise):
        _collect(field, seen, found)
    for many in (item.planted, item.outside, item.cases, item.counterexample):
        _collect(many, seen, found)
    _collect(item.numbers, seen, found)
    return found


def _collect(value, seen, found):
    if id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, bool | str | type) or value is None:
        found |= (
            {float(n) for n in re.findall(r"\d+", value)}
            if isinstance(value, str)
            else set()
        )
    elif isinstance(value, int | float):
        found.add(abs(float(value)))
    elif isinstance(value, np.ndarray) and value.dtype.kind in "if" and value.size < 99:
        found |= {abs(float(v)) for v in value.ravel()}
    elif isinstance(value, list | tuple | set | frozenset | range) and len(value) < 200:
        found.add(float(len(value)))
        for item in value:
            _collect(item, seen, found)
    elif isinstance(value, dict):
        for item in (*value.keys(), *value.values()):
            _collect(item, seen, found)
    elif isinstance(value, FunctionType) or hasattr(value, "__wrapped__"):
        _function(getattr(value, "__wrapped__", value), seen, found)


def _function(function, seen, found):
    tree = tree_of(function)
    if tree is None:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and type(node.value) in (int, float):
            found.add(abs(float(node.value)))
        if isinstance(node, ast.Name):
            _collect(function.__globals__.get(node.id), seen, found)
    for cell in function.__closure__ or ():
        _collect(cell.cell_contents, seen, found)


def complaints(claim):
    """Typed numbers that the check does not know: sentences."""
    if not checks(claim.document).get(claim.id):
        return []
    return [
        f"{claim.id}: {field}: {value:g} is typed, and not in the check"
        for field, value in typed(claim)
        if value not in known(claim)
    ]
