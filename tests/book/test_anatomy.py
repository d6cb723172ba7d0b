"""Every chapter is built alike, and shows ideas before code."""

import copy
import re

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tests.book import notebook_checks as checks
from tools import chapters

OPENING = """\
# Doors
Which door is open? **You need** a key. **Reading time** 5 minutes. **Level** core.

## A door in numbers
"""
READING = "## Further reading\n- {cite}`a`\n- {cite}`b`\n- {cite}`c`\n"


@pytest.mark.parametrize("name", chapters.names())
def test_anatomy(name):
    assert checks.anatomy_complaints(chapters.read(name)) == []


def test_visible_code():
    lines = {p.stem: checks.visible_lines(chapters.read(p)) for p in chapters.paths()}
    assert sum(lines.values()) <= 9948 // 3, lines


@pytest.fixture
def good():
    """A notebook without a complaint."""
    titled = {"tags": ["hide-input"], "mystnb": {"code_prompt_show": "Draw the door"}}
    return new_notebook(
        cells=[
            new_markdown_cell(OPENING),
            new_code_cell("draw()", metadata=titled),
            new_markdown_cell(READING),
        ]
    )


def test_nothing_to_complain_of(good):
    assert checks.anatomy_complaints(good) == []


@pytest.mark.parametrize(
    ("cell", "old", "new", "complaint"),
    [
        (0, "?", ".", "no question"),
        (0, "**You need**", "", "no .*You need"),
        (0, "in numbers", "", "in numbers"),
        (2, "- {cite}`c`\n", "", "2 entries of further reading"),
        (2, "## Further", "## Some", "0 entries|3 entries"),
    ],
)
def test_prose_is_seen(good, cell, old, new, complaint):
    changed = copy.deepcopy(good)
    changed.cells[cell].source = good.cells[cell].source.replace(old, new)
    (found,) = checks.anatomy_complaints(changed)
    assert re.search(complaint, found)


def test_code_is_seen(good):
    del good.cells[1].metadata["mystnb"]
    assert "without a title" in checks.anatomy_complaints(good)[0]
    good.cells[1] = new_code_cell("\n".join(["draw()"] * 161))
    assert "161 lines of visible code" in checks.anatomy_complaints(good)[0]


def test_code_of_a_solution_is_not_counted(good):
    start, end = (
        new_markdown_cell(f":::{{solution-{w}}} ex-a") for w in ("start", "end")
    )
    good.cells[1:1] = [start, new_code_cell("\n".join(["draw()"] * 161)), end]
    assert checks.anatomy_complaints(good) == []
