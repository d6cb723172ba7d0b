"""The number of an equation in a message, in a link and in what a cell prints."""

import json
from importlib.resources import files

import pytest

from rnnbook.page import equations

STORED = json.loads(files("rnnbook.page").joinpath("equations.json").read_bytes())
LABEL, (NUMBER, CHAPTER) = next(iter(STORED.items()))


def test_a_place_says_where_the_equation_stands():
    place = equations.place(LABEL)
    assert tuple(place) == (NUMBER, LABEL, CHAPTER)
    assert str(place) == f"equation ({NUMBER}), chapters/{CHAPTER}.ipynb"
    assert place.link == f"[({NUMBER})](../chapters/{CHAPTER}.ipynb)"
    assert equations.number(LABEL) == f"({NUMBER})"
    assert equations.places().keys() == STORED.keys()


def test_what_a_cell_prints_has_label_and_number():
    printed = equations.labelled(LABEL, "a = b")
    assert printed.endswith(f"$$ ({LABEL})\n\n")
    body = printed.split("$$")[1]
    assert f"a = b \\tag{{{NUMBER}}}" in body
    assert equations.without_number(body) == "a = b"
    assert equations.without_number("a = c") == "a = c"


def test_an_unknown_label_is_refused():
    for ask in (equations.number, equations.place):
        with pytest.raises(ValueError, match="label: expected .* got 'eq-none'"):
            ask("eq-none")


def test_a_number_is_taken_out_of_several_lines_and_of_nothing_else():
    body = "a &= b \\\\\n c &= d"
    inside = equations.with_number("4.2", "eq-some", body)
    assert inside.startswith("$$\n\\begin{equation*}\n") and inside.endswith(
        "\n\\end{equation*}\n$$ (eq-some)"
    )
    assert equations.without_number(inside.split("$$")[1]) == body
    tagged = "a = b \\tag{4.2}"
    assert equations.without_number(tagged) == tagged
    for label in (LABEL, *list(STORED)[-2:]):
        assert equations.number(label) == f"({STORED[label][0]})"
