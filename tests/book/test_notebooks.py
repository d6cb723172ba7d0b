"""Every committed chapter is executed, clean, labelled and in the contents."""

from tests.book import notebook_checks as checks
from tools import ROOT, chapters
from tools.notebooks import execution_complaints, form_complaints


def test_executed_in_order_from_this_code(notebook):
    assert execution_complaints(notebook) == []


def test_normal_form(chapter):
    assert form_complaints(chapter.read_text(encoding="utf-8")) == []


def test_no_trace_of_a_machine(notebook):
    assert checks.leak_complaints(notebook) == []


def test_figures(notebook):
    assert checks.image_complaints(notebook) == []


def test_structure(chapter, notebook):
    no_chapters = ("intro", "formula_sheet")
    sections = {} if chapter.stem in no_chapters else checks.SECTIONS
    assert checks.structure_complaints(notebook, sections) == []


def test_labels(chapter, notebook):
    assert checks.label_complaints(notebook, chapter.stem) == []


def test_labels_are_unique_across_the_book():
    found = {p.stem: chapters.labels(chapters.read(p)) for p in chapters.paths()}
    assert checks.clash_complaints(found) == []


def test_source(notebook):
    assert checks.source_complaints(notebook) == []


def test_order_of_what_a_cell_writes(notebook):
    assert checks.order_complaints(notebook) == []


def test_table_of_contents():
    listed = [name for _, names in chapters.contents() for name in names]
    assert len(listed) == len(set(listed)), "a file is listed twice"
    on_disk = {str(p.relative_to(ROOT).with_suffix("")) for p in chapters.paths()}
    assert {name for name in listed if name.startswith("chapters/")} == on_disk
