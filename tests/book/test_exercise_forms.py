"""Exercises of every kind and grade, with folded solutions that assert."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from reference.exercises import KINDS, exercises, page
from tests.book import exercise_checks as checks
from tools import chapters
from tools import exercises as tool
from tools.chapters import code_cells, read
from tools.notebooks import execute
from tools.plain import in_any_jupyter

CHAPTERS_WITH = [chapters.path_of(name) for name in chapters.names()]
QUICK = ("notation", "exploding")  # and min_char_rnn, in test_exercises
WITH_EXERCISES = pytest.mark.parametrize(
    "path", CHAPTERS_WITH, ids=[path.stem for path in CHAPTERS_WITH]
)


@WITH_EXERCISES
def test_every_kind_with_a_grade(path):
    assert checks.title_complaints(read(path)) == []


@WITH_EXERCISES
def test_a_folded_solution_after_every_exercise(path):
    assert checks.fold_complaints(read(path)) == []


@WITH_EXERCISES
def test_every_solution_asserts(path):
    assert checks.assert_complaints(read(path)) == []


@WITH_EXERCISES
def test_nothing_of_a_solution_leaks_into_the_set(path):
    nb = read(path)
    assert checks.leak_complaints(nb, tool.exercises(nb)) == []


@pytest.mark.long
@pytest.mark.parametrize("name", QUICK)
def test_the_set_opens_and_runs_as_it_was_written(tmp_path, name):
    path = chapters.path_of(name)
    tool.write([path], tmp_path, force=False)
    written = read(tmp_path / path.name)
    nbformat.validate(written)
    again = list(code_cells(execute(written, cwd=tmp_path)))
    own = in_any_jupyter(read(path))
    outputs = {c.source: checks.code_text(c) for c in code_cells(own)}
    same = [c for c in again if c.source in outputs and "check_answer" not in c.source]
    assert len(same) > len(again) / 2
    assert [outputs[c.source] for c in same] == [checks.code_text(c) for c in same]
    for cell in again:  # what is to be written is a stub, and its check says so
        assert all(output.output_type != "error" for output in cell.outputs)


def test_the_page_for_teachers_lists_every_exercise():
    text = page()
    labels = [
        e.label for n in chapters.names() for e in exercises(chapters.texts_of(n))
    ]
    assert len(labels) >= 5 * len(chapters.names()) and len(set(labels)) == len(labels)
    for label in labels:
        assert text.count(f"<{label}>") == 2  # by kind and by chapter
    assert [kind for kind in KINDS if f"## {kind} (" not in text] == []


def good():
    """A chapter with an exercise of each kind, as it should be."""
    cells = [new_markdown_cell(f"## Exercises\n\n{checks.LEGEND}")]
    for n, kind in enumerate(KINDS):
        stars = "★" * min(checks.GRADES.get(kind, {2}))
        cells += [
            new_markdown_cell(
                f":::{{exercise}} {stars} {kind}: one\n:label: ex-a-{n}\n\nWhy?\n:::\n"
                f"\n:::{{solution-start}} ex-a-{n}\n:class: dropdown\n:::\n\n"
                f"Because {n} is a number."
            ),
            new_code_cell(f"assert {n} == {n}"),
            new_markdown_cell(":::{solution-end}\n:::"),
        ]
    return new_notebook(cells=cells)


def every_complaint(nb):
    """All checks that need the chapter alone."""
    return [
        complaint
        for check in (
            checks.title_complaints,
            checks.fold_complaints,
            checks.assert_complaints,
        )
        for complaint in check(nb)
    ]


def test_a_good_chapter_passes():
    nb = good()
    assert every_complaint(nb) == []
    assert checks.leak_complaints(nb, tool.exercises(nb)) == []


@pytest.mark.parametrize(
    ("cell", "old", "new", "words"),
    [
        (1, "★ Warm-up: one", "Warm-up: one", "expected '★ Kind"),
        (1, "★ Warm-up: one", "★ Warm-up", "expected '★ Kind"),
        (1, "★ Warm", "★★ Warm", "2 stars for a warm-up"),
        (4, "Proof", "Code", "no exercise of the kind 'Proof'"),
        (4, ":label: ex-a-1\n\nWhy", "\nWhy", "without a label"),
        (7, ":class: dropdown\n", "", "not folded"),
        (7, "Why?\n:::", "Why?\n:::\n\nBecause.", "between the exercise and"),
        (7, "start} ex-a-2", "start} ex-a-3", "does not follow its exercise"),
        (3, ":::{solution-end}\n:::", "", "no solution before the next"),
        (15, ":::{solution-end}\n:::", "", "missing or open"),
        (5, "assert 1 == 1", "print(1 == 1)", "asserts nothing"),
        (0, "Stars", "Stones", "expected the line"),
    ],
)
def test_what_is_wrong_is_found(cell, old, new, words):
    nb = good()
    assert old in nb.cells[cell].source
    nb.cells[cell].source = nb.cells[cell].source.replace(old, new)
    assert any(words in complaint for complaint in every_complaint(nb))


def test_a_solution_without_code_and_a_leak_are_found():
    nb = good()
    leaky = tool.exercises(nb)
    leaky.cells[2].source += "\n\nBecause 1 is a number."
    assert checks.leak_complaints(nb, leaky) == [
        "solution line 'Because 1 is a number.'"
    ]
    del nb.cells[5]
    assert checks.assert_complaints(nb) == ["ex-a-1: the solution does not run"]
