"""What a claim about a reader's experiment lets pass, by the table of its limits."""

import tomllib
from pathlib import Path

import pytest

from rnnbook.tutor.answers.checking import known
from tests.tutor.answers.limits import experiments, ways
from tests.tutor.answers.test_checking import SOLUTIONS

TABLE = tomllib.loads(Path(__file__).with_name("limits.toml").read_text("utf-8"))
KINDS = experiments(known(), SOLUTIONS)


def test_the_table_is_that_of_the_experiments():
    assert TABLE.keys() == KINDS.keys()


@pytest.mark.parametrize("name", TABLE)
def test_claims_fail_where_the_table_says(name):
    kind, result = KINDS[name]
    moved = ways(result)
    for way, (power, *claims) in TABLE[name].items():
        powers, change = moved[way]
        assert list(kind.check(change(power)).wrong) == claims, way
        if power > powers[0]:
            assert kind.check(change(power - 1)).ok, way


@pytest.mark.parametrize("name", TABLE)
def test_what_has_no_line_in_the_table_may_be_moved_far(name):
    kind, result = KINDS[name]
    for way, (powers, change) in ways(result).items():
        if way not in TABLE[name]:
            assert kind.check(change(powers[-1])).ok, way
