"""The path "BPTT in one hour": the first page and its five chapters agree on it."""

import re

import pytest

from tools import chapters

STOPS = ("forward", "losses", "bptt", "gradient_checking", "vanishing")
LINE = re.compile(r"^\*\*BPTT in one hour\*\*, (\d) of 5: (.+)$", re.MULTILINE)


def on_the_first_page():
    """{chapter: the sections that the first page names}, in its order."""
    text = "\n".join(chapters.texts_of("intro"))
    section = text.split("## BPTT in one hour")[1].split("\n## ")[0]
    points = re.findall(r"^\d\. \{doc\}`(\w+)`: (.+)$", section, re.MULTILINE)
    return {name: re.findall(r'"([^"]+)"', said) for name, said in points}


def test_five_stops_in_order():
    assert list(on_the_first_page()) == list(STOPS)


@pytest.mark.parametrize("name", STOPS)
def test_the_chapter_says_the_same(name):
    text = "\n".join(chapters.texts_of(name))
    for number, said in LINE.findall(text):
        assert int(number) == STOPS.index(name) + 1
        named = re.findall(r'"([^"]+)"', said)
        assert named == on_the_first_page()[name]
        assert set(named) <= set(re.findall(r"^## (.+)$", text, re.MULTILINE))
