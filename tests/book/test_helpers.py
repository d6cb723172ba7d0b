"""Helpers that several chapters need are written once, in rnnbook."""

import ast
from collections import defaultdict

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
LEFT = {  # chapter: the shared names that it still defines for itself
    "index_notation": {"show"},  # two notations side by side, its subject
    "language_models": {"show"},
    "point_process": {"show"},
    "point_process_fits": {"show"},
}


def definitions(chapter):
    """{name: [body without docstring, ...]} of functions and classes of a chapter."""
    found = defaultdict(list)
    for cell in chapters.code_cells(chapters.read(chapter)):
        for node in ast.parse(cell.source).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                documented = ast.get_docstring(node) is not None
                body = ast.Module(node.body[documented:], [])
                found[node.name].append(ast.dump(body))
    return found


@pytest.mark.parametrize("path", chapters.paths(), ids=lambda path: path.stem)
def test_no_chapter_defines_a_shared_helper(path):
    assert definitions(path).keys() & SHARED == LEFT.get(path.stem, set())


def test_the_shared_helpers_are_found():
    assert {"show", "row", "table", "check", "agree", "panels", "Counting"} <= SHARED
