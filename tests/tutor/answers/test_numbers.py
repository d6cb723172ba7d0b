"""Numbers and words that readers type, and what they are told: a table of them."""

import tomllib
from fractions import Fraction
from pathlib import Path

import pytest

from rnnbook.tutor.answers.checking import known
from rnnbook.tutor.answers.kinds import Numbers, Parts

TABLE = tomllib.loads(Path(__file__).with_name("numbers.toml").read_text("utf-8"))


def numbers(name, kind):
    """{name: `Numbers`} of an exercise, its parts by themselves."""
    if isinstance(kind, Parts):
        parts = (numbers(f"{name}: {part}", one) for part, one in kind.kinds.items())
        return {n: one for found in parts for n, one in found.items()}
    return {name: kind} if isinstance(kind, Numbers) else {}


KINDS = {
    n: k for label, e in known().items() for n, k in numbers(label, e.kind).items()
}


def typed(text):
    """What a reader means by a text: a number, a fraction, a truth value or a word."""
    if text in ("true", "false", True, False):
        return text in ("true", True)
    try:
        return float(text) if "." in text else Fraction(text)
    except ValueError:
        return text


def right(name):
    """The right answer of the table."""
    return {part: typed(text) for part, text in TABLE[name]["right"].items()}


def is_number(value):
    return not isinstance(value, (bool, str))


def test_the_table_is_that_of_all_exercises_with_numbers():
    assert TABLE.keys() == KINDS.keys()


@pytest.mark.parametrize("name", TABLE)
def test_the_right_numbers_are_right_within_their_tolerance(name):
    kind, tolerance = KINDS[name], TABLE[name]["tolerance"]
    assert kind.check(right(name)).right == tuple(right(name))
    for part, value in right(name).items():
        if not is_number(value):
            assert part in kind.check(right(name) | {part: value is not True}).wrong
            continue
        for sign in (1, -1):
            near = value + sign * 0.95 * tolerance * abs(value)
            assert part not in kind.check(right(name) | {part: near}).wrong
            far = value + sign * (1.05 * tolerance * abs(value) or 1e-9)
            assert part in kind.check(right(name) | {part: far}).wrong


@pytest.mark.parametrize("name", TABLE)
def test_each_slip_is_told_in_its_words(name):
    kind = KINDS[name]
    told = {
        part: {
            text: kind.check(right(name) | {part: typed(text)}).wrong[part]
            for text in TABLE[name][f"slips of {part}"]
        }
        for part in kind.slips
    }
    assert told == {part: TABLE[name][f"slips of {part}"] for part in kind.slips}
    for part, slips in kind.slips.items():
        assert [*slips.values()] == [*told[part].values()]


FOLLOWS = [
    (name, *pair.split(" after "), *(typed(text) for text in values))
    for name, row in TABLE.items()
    for pair, values in row.get("follows", {}).items()
]


def test_every_part_that_may_follow_is_in_the_table():
    found = {(name, part) for name, part, *_ in FOLLOWS}
    assert found == {
        (name, part) for name, kind in KINDS.items() for part in kind.follow
    }


@pytest.mark.parametrize(("name", "part", "earlier", "wrong", "then"), FOLLOWS)
def test_what_follows_from_a_wrong_number_is_right(name, part, earlier, wrong, then):
    verdict = KINDS[name].check(right(name) | {earlier: wrong, part: then})
    assert earlier in verdict.wrong
    assert f"{part} (it follows from what stands before)" in verdict.right
    verdict = KINDS[name].check(right(name) | {earlier: wrong, part: 7 * then + 9})
    assert {earlier, part} <= verdict.wrong.keys()
