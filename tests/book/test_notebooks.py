"""Every committed chapter is executed, clean, labelled and in the contents."""

import nbformat
import yaml

from tests.book import notebook_checks as checks
from tools.notebooks import ROOT, chapters, execution_complaints, form_complaints


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
    found = {p.stem: checks.labels(nbformat.read(p, as_version=4)) for p in chapters()}
    assert checks.clash_complaints(found) == []


def test_source(notebook):
    assert checks.source_complaints(notebook) == []


def listed(entry):
    """Every file that a table of contents names."""
    if isinstance(entry, dict):
        names = [entry[key] for key in ("root", "file") if key in entry]
        return names + [name for value in entry.values() for name in listed(value)]
    return (
        [name for part in entry for name in listed(part)]
        if isinstance(entry, list)
        else []
    )


def test_table_of_contents():
    names = listed(yaml.safe_load((ROOT / "_toc.yml").read_text()))
    on_disk = {str(p.relative_to(ROOT).with_suffix("")) for p in chapters()}
    in_toc = {name.removesuffix(".ipynb") for name in names}
    assert len(names) == len(in_toc), "a file is listed twice"
    assert {name for name in in_toc if name.startswith("chapters/")} == on_disk
