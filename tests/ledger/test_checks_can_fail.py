"""The judge: what it accepts, and what it does not."""

import pytest

from ledger.checking import Check, check, judge
from ledger.claims import VERDICTS, Claim, complaints


def claim(verdict="true", **fields):
    """A record with nothing wrong but what is given."""
    base = {
        "id": "roysdon-1.6-99",
        "section": "1.6",
        "place": "somewhere",
        "kind": "number",
        "topic": "bptt",
        "claim": "two and two are four",
        "verdict": verdict,
        "see": "roysdon:5",
    }
    return Claim(**base | fields)


def sum_check(**options) -> Check:
    """2 + 2, or a + b at each case."""

    @check("roysdon-1.6-99", **options)
    def test(statement, case=(2, 2)):
        assert statement == sum(case)

    return test


GOOD = [
    ("true", {"printed": 4, "planted": [5]}),
    ("true", {"printed": 4, "planted": [5], "cases": [(2, 2), (1, 3)]}),
    ("true with a convention", {"printed": 4, "otherwise": 22}),
    ("true with a convention", {"printed": 4, "cases": [(2, 2)], "outside": [(2, 3)]}),
    ("false", {"printed": 5, "corrected": 4}),
    ("typo", {"printed": 5, "corrected": 4, "planted": [6]}),
    ("imprecise", {"printed": 5, "corrected": 4, "counterexample": (2, 2)}),
    ("imprecise", {"printed": 4, "cases": [(2, 2)], "outside": [(2, 3)]}),
    ("imprecise", {"printed": 4, "otherwise": 22}),
]
BAD = [
    ("true", {"printed": 5, "planted": [6]}, "printed does not hold"),
    ("true", {"printed": 4}, "no falsification"),
    ("true", {"printed": 4, "planted": [5, 4]}, "falsification 1 survives"),
    ("true", {"planted": [5]}, "printed is missing"),
    ("true", {"printed": 4, "planted": [5], "cases": []}, "no cases"),
    ("true", {"printed": 4, "planted": [5], "cases": [(2, 2), (1, 2)]}, "not hold"),
    ("true with a convention", {"printed": 4}, "neither"),
    ("true with a convention", {"printed": 4, "otherwise": 4}, "otherwise holds"),
    (
        "true with a convention",
        {"printed": 4, "cases": [(2, 2)], "outside": [(2, 3), (3, 1)]},
        "printed holds",
    ),
    ("false", {"printed": 4, "corrected": 4}, "printed holds"),
    ("false", {"printed": 5, "corrected": 6}, "corrected does not hold"),
    ("typo", {"printed": 5}, "corrected is missing"),
    ("typo", {"printed": 4, "otherwise": 5}, "corrected is missing"),
    ("imprecise", {"printed": 4}, "neither"),
    ("imprecise", {"printed": 4, "otherwise": 4}, "otherwise holds"),
    (
        "imprecise",
        {"printed": 4, "corrected": 4, "cases": [(1, 1)], "counterexample": (2, 2)},
        "printed holds",
    ),
]


@pytest.mark.parametrize(("verdict", "options"), GOOD)
def test_a_sound_check_is_accepted(verdict, options):
    assert judge(claim(verdict), sum_check(**options)) == []


@pytest.mark.parametrize(("verdict", "options", "sentence"), BAD)
def test_an_unsound_check_is_refused(verdict, options, sentence):
    assert any(sentence in s for s in judge(claim(verdict), sum_check(**options)))


def test_an_error_of_the_test_itself_is_no_verdict():
    @check("roysdon-1.6-99", printed=1, planted=["a"])
    def test(statement):
        assert statement / 1 == 1

    with pytest.raises(TypeError):
        judge(claim(), test)


def test_random_cases_are_the_same_at_every_call():
    @check("x", printed=0, cases=lambda rng: rng.standard_normal(2))
    def test(statement, case):
        pass

    assert test.where_it_runs() == test.where_it_runs()


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"section": "9.9"}, "section"),
        ({"kind": "rumour"}, "kind"),
        ({"topic": "cooking"}, "topic"),
        ({"verdict": "maybe"}, "verdict"),
        ({"id": "roysdon-1.5-99"}, "document-section-number"),
        ({"verdict": "false"}, "correction is missing"),
        ({"verdict": "false"}, "fault: no such"),
        ({"fault": "HV"}, "one fault, one verdict"),
        ({"verdict": "false"}, "counterexample is missing"),
        ({"correction": "5"}, "has a correction"),
        ({"harm": "wrong numbers"}, "harm"),
        ({"verdict": "true with a convention"}, "convention"),
        ({"verdict": "not checkable"}, "why"),
    ],
)
def test_a_malformed_record_is_refused(fields, sentence):
    assert any(sentence in s for s in complaints(claim()._replace(**fields)))


def test_a_well_formed_record_is_accepted():
    assert set(VERDICTS) > {"true"}
    assert complaints(claim()) == []
