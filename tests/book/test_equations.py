"""Every equation of the documents' derivations has one check cell, which can fail."""

import copy

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tests.book import equation_checks as checks
from tools import chapters


@pytest.mark.parametrize("section", checks.IDS)
def test_each_equation_has_one_check_cell(section):
    notebooks = {p.stem: chapters.read(p) for p in chapters.paths()}
    assert checks.id_complaints(notebooks, checks.IDS[section]) == []


def test_no_equation_is_checked_twice():
    notebooks = {p.stem: chapters.read(p) for p in chapters.paths()}
    assert checks.id_complaints(notebooks, checks.all_ids(notebooks)) == []


def test_ids_exist(notebook):
    assert checks.unknown_complaints(notebook) == []


def test_check_cells_assert(notebook):
    assert checks.cell_complaints(notebook) == []


def test_each_id_has_the_form_of_its_section():
    ids = [id_ for section in checks.IDS.values() for id_ in section]
    assert all(checks.COVERED.match(id_) for id_ in ids) and len(ids) == len(set(ids))


def test_the_list_is_complete():
    assert {section: len(ids) for section, ids in checks.IDS.items()} == {
        "Roysdon 1.5": 22,
        "Roysdon 1.6": 9,
        "Sarkar 3.2": 43,
        "Khanna 4": 15,
        "Khanna 5": 8,
        "Khanna 6-7": 7,
        "Pal 2": 6,
        "Pal 3": 5,
        "Topçuoğlu 8 and 12": 4,
        "Topçuoğlu 10": 8,
        "Roysdon 1.7": 7,
        "Khanna 9": 13,
        "Pal 4": 10,
        "Pal 5": 8,
        "Topçuoğlu 10.5.2": 2,
    }


def cell(source, ids, **options):
    """An executed code cell that says which equations it checks."""
    metadata = {"equations": ids}
    return new_code_cell(source, metadata=metadata, **{"execution_count": 1} | options)


def sound():
    """Two chapters in which each equation of Pal 2 has one check cell."""
    ids = [*checks.IDS["Pal 2"], "pal:theorem2"]  # the last is of another section
    first = new_notebook(cells=[cell("assert 1 == 1", ids[:2])])
    helpers = "def check(holds):\n    assert holds\n\ndef both(a):\n    check(a)"
    second = new_notebook(
        cells=[new_code_cell(helpers), cell("both(True)", ids[2:]), new_code_cell("1")]
    )
    return {"first": first, "second": second}


def complaints(notebooks):
    """Everything that the checks say."""
    found = checks.id_complaints(notebooks, checks.IDS["Pal 2"])
    for nb in notebooks.values():
        found += checks.unknown_complaints(nb) + checks.cell_complaints(nb)
    return found


def test_sound_chapters_pass():
    assert complaints(sound()) == []


@pytest.mark.parametrize(
    ("break_it", "message"),
    [
        (lambda a, b: a.cells.pop(), "pal:G1: expected on one cell, got []"),
        (lambda a, b: b.cells.append(copy.deepcopy(a.cells[0])), "expected on one"),
        (lambda a, b: a.cells[0].metadata.equations.append("pal:2"), "expected on one"),
        (lambda a, b: a.cells[0].metadata.equations.append("pal:9"), "no such"),
        (lambda a, b: a.cells[0].metadata.equations.append("pa:1"), "no such"),
        (lambda a, b: a.cells[0].update(source="1 == 1"), "asserts nothing"),
        (lambda a, b: a.cells[0].update(source="print('assert')"), "asserts nothing"),
        (lambda a, b: b.cells[0].update(source="def both(a): a"), "asserts nothing"),
        (lambda a, b: a.cells[0].update(execution_count=None), "not been executed"),
        (
            lambda a, b: a.cells.__setitem__(
                0, new_markdown_cell("", metadata={"equations": ["pal:G1", "pal:G2"]})
            ),
            "not a code cell",
        ),
    ],
)
def test_a_broken_chapter_is_found(break_it, message):
    notebooks = sound()
    break_it(*notebooks.values())
    assert any(message in complaint for complaint in complaints(notebooks))
