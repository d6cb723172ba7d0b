"""Chapters for any Jupyter: no role is left, and every number is the book's."""

import copy
import re

import pytest

from tools import chapters
from tools.equations import EQUATION
from tools.plain import ROLE, SOURCES, in_any_jupyter, labelled, names

CAPTION = re.compile(r'class="caption-number">(?:Fig\.|\w+) [\d.]+')
LEFT = re.compile(r"\{[a-z:-]+\}`[^`]+`|^:{3,}|\$\$[ ]*\([a-z-]+\)", re.MULTILINE)


@pytest.fixture(scope="module")
def plain():
    """A chapter in its plain form, by name."""
    return lambda name: in_any_jupyter(copy.deepcopy(chapters.read(name)))


def code_taken_out(text):
    """A text without what stands in it as code."""
    return re.sub(r"^```[\s\S]*?^```|``[^`].*?``", "", text, flags=re.MULTILINE)


@pytest.mark.parametrize("path", chapters.paths(), ids=lambda path: path.stem)
def test_nothing_is_left_unresolved(plain, path):
    for text in chapters.texts(plain(path)):
        assert LEFT.findall(code_taken_out(text)) == []


@pytest.mark.parametrize("path", chapters.paths(), ids=lambda path: path.stem)
def test_an_equation_has_no_second_number(plain, path):
    """JupyterLab gives its own to what stands between two pairs of dollars."""
    for cell in plain(path).cells:
        if cell.cell_type == "markdown":
            assert "$$" not in code_taken_out(cell.source), cell.id


def test_every_chapter_links_to_what_exists(plain):
    for path in chapters.paths():
        text = "\n".join(chapters.texts(plain(path)))
        linked = set(re.findall(r"\]\((\w+)\.ipynb", text))
        assert {chapters.path_of(name).exists() for name in linked} <= {True}
        assert (f"](#{SOURCES})" in text) == (f"\n## {SOURCES}\n" in f"\n{text}\n")


@pytest.mark.parametrize("path", chapters.paths(), ids=lambda path: path.stem)
def test_a_folded_cell_begins_with_its_title(plain, path):
    before = {cell.id: cell.source for cell in chapters.read(path).cells}
    for cell in chapters.code_cells(plain(path)):
        title = cell.metadata.get("mystnb", {}).get("code_prompt_show")
        above = f"# {title}\n" if title else ""
        assert cell.source == above + before[cell.id]
        hidden = cell.metadata.get("jupyter", {}).get("source_hidden", False)
        assert hidden == bool(title)


def test_the_exercise_has_its_equations_on_its_page(plain):
    before = "\n".join(chapters.texts(chapters.read("min_char_rnn")))
    asked = {t for role, t in ROLE.findall(before) if role == "eq"}
    own = {label for _, label in EQUATION.findall(before)}
    after = "\n".join(chapters.texts(plain("min_char_rnn")))
    assert len(re.findall(r"\\tag\{", after)) >= len(asked | own) > 5


def test_boxes_have_the_numbers_of_the_page(site):
    for name in chapters.names():
        html = (site / f"chapters/{name}.html").read_text("utf-8")
        printed = [c.rpartition(">")[2] for c in CAPTION.findall(html)]
        known = [
            names()[label][0].replace("Figure", "Fig.") for label, _ in labelled(name)
        ]
        assert sorted(printed) == sorted(known), name
