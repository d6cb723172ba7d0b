"""Numbers in the text of a record, put there by its check.

A record says ``<<name>>`` or ``<<name:.2f>>``. The values come from its check,
which has ``numbers``, a function without arguments, or from a worked example in
`checks.numbers`.
"""

import re
from fractions import Fraction
from functools import cache

import numpy as np

from ledger.checking import checks
from ledger.checks.numbers import NUMBERS

PLACE = re.compile(r"<<(\w+)(?::([^>]+))?>>")


def said(claim, field):
    """A field of a record with its numbers.

    Raises ValueError when the check does not give one of them.
    """
    text = getattr(claim, field)
    if "<<" not in text:
        return text
    return fill(text, values_of(claim), claim.id)


def values_of(claim):
    """The numbers of a record: those of its worked example, and of its check."""
    return _computed(claim.document, claim.id)


@cache
def _computed(document, id_):
    item = checks(document).get(id_)
    return NUMBERS.get(id_, dict)() | (item.numbers() if item else {})


def fill(text, values, place=""):
    """The text with each ``<<name>>`` replaced by its value."""

    def value(match):
        name, form = match.groups()
        if name not in values:
            raise ValueError(f"{place}: the check gives no number {name!r}")
        return written(values[name], form)

    return PLACE.sub(value, text)


def written(value, form=None):
    """A number, a vector or a matrix, as it stands in a formula."""
    if isinstance(value, str):
        return value
    if isinstance(value, Fraction):
        sign = "-" if value < 0 else ""
        if value.denominator == 1:
            return str(value)
        return rf"{sign}\frac{{{abs(value.numerator)}}}{{{value.denominator}}}"
    array = np.asarray(value, object if _fractions(value) else None)
    if array.ndim == 2:
        rows = [" & ".join(written(v, form) for v in row) for row in array]
        return r"\begin{pmatrix} " + r" \\ ".join(rows) + r" \end{pmatrix}"
    if array.ndim == 1:
        return f"({', '.join(written(v, form) for v in array)})"
    number = array.item()
    if isinstance(number, Fraction):
        return written(number)
    if form:
        return format(number, form)
    return str(int(number)) if number == int(number) else f"{number:.4g}"


def _fractions(value):
    return any(isinstance(v, Fraction) for v in np.ravel(np.asarray(value, object)))


def names(text):
    """The names of the numbers that a text asks for."""
    return [name for name, _ in PLACE.findall(text)]
