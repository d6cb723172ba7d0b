"""Helpers that several chapters need are written once, in rnnbook."""

import ast
import re

import pytest

from rnnbook.experiments import costs
from rnnbook.page import checks, figures, show, tables
from tools import chapters

SHARED = {
    name
    for module in (checks, costs, figures, show, tables)
    for name, value in vars(module).items()
    if getattr(value, "__module__", None) == module.__name__
}
OWN_FIGURE = re.compile(r"figsize|rcParams|plt\.(subplots|figure)\(|grid\(alpha")


def definitions(chapter):
    """The names of the functions and classes that a chapter defines."""
    return {
        node.name
        for cell in chapters.code_cells(chapters.read(chapter))
        for node in ast.parse(cell.source).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
    }


@pytest.mark.parametrize("path", chapters.paths(), ids=lambda path: path.stem)
def test_no_chapter_defines_a_shared_helper(path):
    assert not definitions(path) & SHARED


@pytest.mark.parametrize("path", chapters.paths(), ids=lambda path: path.stem)
def test_no_chapter_makes_a_figure_of_its_own_size_or_grid(path):
    for cell in chapters.code_cells(chapters.read(path)):
        assert not OWN_FIGURE.search(cell.source)


def test_the_shared_helpers_are_found():
    assert {"show", "row", "table", "check", "agree", "panels", "Counting"} <= SHARED
