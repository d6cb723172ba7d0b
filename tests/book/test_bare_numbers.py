"""A number of an equation says whose it is: a role, or the name of a document.

"(9)" alone is the ninth equation of the page to one reader and that of a document to
another. In prose the equations of the book are cited by their label, so a bare number
has to follow the name of a document in the same paragraph.
"""

import re

import pytest

from tools import equations

BARE = re.compile(r"(?<![\w}`$\\^_)\]({])\((\d{1,2})\)(?!\w)")
FORMULAS = re.compile(r"\$\$[\s\S]*?\$\$|\$[^$]*\$|`[^`]*`")
NAMES = re.compile(r"roysdon|sarkar|khanna|pal\b|topcuoglu|topçuoğlu|program", re.I)


def bare_in_prose(text):
    """The bare numbers of paragraphs that name no document."""
    found = []
    for paragraph in re.split(r"\n\s*\n", text):
        plain = FORMULAS.sub("", paragraph)
        if BARE.search(plain) and not NAMES.search(paragraph):
            found.append(paragraph.strip()[:80])
    return found


def bare_in_output(text):
    """The lines of a printed output that begin with a number nobody owns."""
    return [line for line in text.splitlines() if re.match(r"\((\d{1,2})\)", line)]


@pytest.mark.parametrize("name", equations.chapter_numbers())
def test_in_prose(name):
    cells = equations.read(name).cells
    text = "\n\n".join(c.source for c in cells if c.cell_type == "markdown")
    assert bare_in_prose(text) == []


@pytest.mark.parametrize("name", equations.chapter_numbers())
def test_in_printed_lines(name):
    for cell in equations.read(name).cells:
        for output in cell.get("outputs", []):
            assert bare_in_output(output.get("text", "")) == [], cell.id


def test_a_bare_number_is_noticed():
    assert bare_in_prose("Then (9) follows.") == ["Then (9) follows."]
    assert bare_in_prose("Then {cite:t}`khanna` (9) follows, and $f(9)$.") == []
    assert bare_in_output("(9) holds to 1e-12") == ["(9) holds to 1e-12"]
    assert bare_in_output("(4.6) holds; f(9)") == []
