"""Tables in Markdown."""

import pytest

from rnnbook.page.tables import RULES, table


def test_the_lines_of_a_table():
    found = table(("a", "$b$"), [("1", "2"), ["3", "4"]]).data
    assert found.splitlines() == [
        "| a | $b$ |",
        "| :-- | :-- |",
        "| 1 | 2 |",
        "| 3 | 4 |",
    ]


@pytest.mark.parametrize("align, rule", RULES.items())
def test_all_columns_are_aligned(align, rule):
    assert table("ab", ["cd"], align).data.splitlines()[1] == f"| {rule} | {rule} |"


def test_rows_may_be_made_on_the_way():
    assert table("a", (str(n) for n in range(3))).data.endswith("| 1 |\n| 2 |")


def test_a_row_has_a_cell_for_each_column():
    with pytest.raises(ValueError, match="expected 2 cells a row, got 1 in row 1"):
        table("ab", ["cd", "e"])


def test_an_unknown_alignment_is_refused():
    with pytest.raises(ValueError, match="align: expected one of .* got 'middle'"):
        table("a", ["b"], "middle")
