"""What is read, written and told, as the tables beside have it."""

import pytest

from rnnbook.tutor.formulas.checking import known_notations
from rnnbook.tutor.formulas.networks import book_network
from rnnbook.tutor.formulas.writing import Writer
from tests.tutor.formulas import tables
from tests.tutor.formulas.spellings import CORPUS

READINGS, REPORTS = tables.load("readings"), tables.load("reports")
SLIPS, WRITTEN = tables.load("slips"), tables.load("written")


@pytest.mark.parametrize("label", dict(CORPUS))
def test_spellings_are_read_as_the_table_has_them(label):
    found = tables.readings(pair for pair in CORPUS if pair[0] == label)
    for text, row in found[label].items():
        assert row == READINGS[label][text], text
    assert found[label].keys() == READINGS[label].keys()


@pytest.mark.parametrize("notation", known_notations())
def test_results_are_written_in_a_notation_and_read_in_it(notation):
    assert tables.written(notation) == WRITTEN[notation]


@pytest.mark.parametrize("label", tables.SLIPS)
def test_all_slips_of_a_result_are_derived_and_said(label):
    assert tables.slips_of(label) == SLIPS[label]


@pytest.mark.parametrize("label", tables.asked_for())
def test_reports_are_told_as_the_table_has_them(label):
    assert tables.reports(label) == REPORTS[label]


@pytest.mark.parametrize(
    ("name", "order", "latex", "plain"),
    [
        ("log", 0, r"\log", "log"),
        ("tanh", 1, r"\tanh'", "tanh'"),
        ("relu", 2, r"\operatorname{relu}''", "relu''"),
    ],
)
def test_functions_have_their_names(name, order, latex, plain):
    for typeset, wanted in ((True, latex), (False, plain)):
        writer = Writer(book_network(), known_notations()["book"], latex=typeset)
        assert writer.function(name, order) == wanted
