"""The numbers of the imprint are those of the repository."""

import pytest

from rnnbook.page.imprint import read_imprint
from tools import imprint

NAMED = ("title", "author", "version", "license", "date")


def test_stored_numbers_are_counted():
    stored = read_imprint(imprint.STORED)
    assert {key: stored[key] for key in imprint.title()} == imprint.title()
    numbers = {key: value for key, value in stored.items() if key not in NAMED}
    assert imprint.complaints(numbers, imprint.counts()) == []


@pytest.mark.parametrize(
    ("stored", "count"), [(100, 0), (95, 0), (94, 1), (101, 1), (0, 1)]
)
def test_too_many_and_too_few(stored, count):
    found = imprint.complaints({"a": {"b": stored}}, {"a": {"b": 100}})
    assert len(found) == count


def test_a_number_that_nobody_counts():
    assert imprint.complaints({"a": 1}, {}) == ["('a',): not counted"]
    assert imprint.complaints({}, {"a": 1}) == ["('a',): not counted"]


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("assert x", True),
        ("check('a', b)", True),
        ("print(1)", False),
        ("# assert", False),
    ],
)
def test_asserting_code(source, found):
    assert imprint.asserts(source) is found


def test_experiments_have_seeds():
    assert imprint.seeds()["coverage"] == 100
    assert min(imprint.seeds().values()) > 0
