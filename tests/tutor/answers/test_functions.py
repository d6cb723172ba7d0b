"""What right and wrong functions return on the cases of the checks, as numbers.

The table has one line for each case of an exercise: the arguments, the right function,
then the foreseen slips in their order, each as one number (`gist`) or the error it
raises.
A slip that computed something else would be told to readers who did not make it.
"""

import tomllib
from pathlib import Path

import pytest

from rnnbook.tutor.answers.checking import known
from rnnbook.tutor.answers.kinds import Code, Mistake, Parts
from tests.tutor.answers.gists import gist, taken

TABLE = tomllib.loads(Path(__file__).with_name("functions.toml").read_text("utf-8"))


def codes(name, kind):
    """{name: `Code`} of an exercise, its parts by themselves."""
    if isinstance(kind, Parts):
        parts = (codes(f"{name}: {part}", one) for part, one in kind.kinds.items())
        return {n: one for found in parts for n, one in found.items()}
    if isinstance(kind, Mistake):
        slips = {"the original": kind.original} | kind.slips
        return {name: Code(kind.cases, kind.right, slips)}
    return {name: kind} if isinstance(kind, Code) else {}


KINDS = {n: k for label, e in known().items() for n, k in codes(label, e.kind).items()}


def row(kind, arguments):
    """The line of a case."""
    functions = kind.right, *kind.slips.values()
    return [taken(arguments), *(gist(kind.run(f, arguments)) for f in functions)]


def test_the_table_is_that_of_all_functions():
    assert TABLE.keys() == KINDS.keys()


@pytest.mark.parametrize("name", TABLE)
def test_right_and_wrong_functions_return_what_the_table_says(name):
    cases = KINDS[name].cases()
    assert list(cases) == list(TABLE[name])
    for case, arguments in cases.items():
        found = row(KINDS[name], arguments)
        assert len(found) == len(TABLE[name][case]), case
        for one, wanted in zip(found, TABLE[name][case], strict=True):
            assert one == (
                wanted
                if isinstance(wanted, str)
                else pytest.approx(wanted, rel=1e-5, abs=1e-7)
            ), case
