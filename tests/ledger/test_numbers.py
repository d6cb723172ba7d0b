"""No number of a record is left to the one who types it."""

import random
import re
from fractions import Fraction
from functools import cache

import numpy as np
import pytest

from ledger import typed
from ledger.checking import checks
from ledger.claims import all_claims
from ledger.filling import fill, names, said, values_of, written

WITH_CHECK = [c for c in all_claims() if checks(c.document).get(c.id)]
TEXTS = ("claim", "convention", "why", "counterexample", "consequence", "correction")


def test_every_number_that_a_text_asks_for_is_computed():
    for claim in all_claims():
        for field in TEXTS:
            assert "<<" not in said(claim, field)


def test_a_typed_number_stands_in_the_check():
    assert [s for claim in WITH_CHECK for s in typed.complaints(claim)] == []


@cache
def places():
    """(claim, field, where, number) of each number above two in the filled texts."""
    found = []
    for claim in WITH_CHECK:
        for field in typed.FIELDS:
            text = said(claim, field)
            hidden = typed.LEFT_OUT.sub(lambda m: " " * len(m[0]), text)
            for match in typed.NUMBER.finditer(hidden):
                value = float(match[0].replace(",", "").rstrip("."))
                if value not in typed.SMALL:
                    found.append((claim, field, match.span(), value))
    return found


@pytest.mark.parametrize("seed", range(30))
def test_a_number_that_is_changed_is_noticed(seed):
    claim, field, (start, end), value = random.Random(seed).choice(places())
    text = said(claim, field)
    changed = f"{text[:start]}{7 * value + 3:g}{text[end:]}"
    assert typed.complaints(claim._replace(**{field: changed}))


def test_the_numbers_are_written_as_in_formulas():
    assert written(Fraction(-1, 2)) == r"-\frac{1}{2}"
    assert written(np.array([[1, 2.5]])) == r"\begin{pmatrix} 1 & 2.5 \end{pmatrix}"
    assert written((1, Fraction(1, 2))) == r"(1, \frac{1}{2})"
    assert fill("<<a>> and <<b:.2f>>", {"a": 3, "b": 0.128}) == "3 and 0.13"
    assert names("<<a>> and <<b:.2f>>") == ["a", "b"]
    with pytest.raises(ValueError, match="no number 'c'"):
        fill("<<c>>", {})


def test_a_computed_number_is_used_somewhere():
    for claim in WITH_CHECK:
        values = values_of(claim)
        asked = {n for f in TEXTS for n in names(getattr(claim, f))}
        assert bool(values) == bool(asked), claim.id


def test_a_number_with_its_power_is_one_number():
    record = WITH_CHECK[0]._replace(why="below $10^{-77}$", claim="", convention="")
    assert [v for _, v in typed.typed(record)] == [1e-77]
    assert re.search("1e-77", typed.complaints(record)[0])
