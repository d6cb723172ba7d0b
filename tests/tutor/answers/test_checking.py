"""Every exercise with a check: the solution passes, typical wrong answers are named."""

from importlib import import_module
from pkgutil import iter_modules

import numpy as np
import pytest

from rnnbook.tutor import answers
from rnnbook.tutor.answers import check_answer, forget, hint
from rnnbook.tutor.answers.checking import known
from rnnbook.tutor.answers.kinds import Code, Numbers

CHAPTERS = [
    m.name
    for m in iter_modules(import_module("rnnbook.tutor.answers.chapters").__path__)
]
SOLUTIONS = {
    label: solution
    for name in CHAPTERS
    for label, solution in import_module(
        f"rnnbook.tutor.answers.chapters.{name}"
    ).SOLUTIONS.items()
}
WRONG = [
    pytest.param(label, words, answer, id=f"{label}: {words}")
    for label, exercise in known().items()
    for words, answer in exercise.wrong.items()
]


def given(label, answer):
    """The answer as the function of an answer cell."""
    return (lambda: answer) if known()[label].called else answer


@pytest.fixture(autouse=True)
def fresh():
    forget()


@pytest.mark.parametrize("label", known())
def test_the_solution_passes(label):
    report = check_answer(label, given(label, SOLUTIONS[label]))
    assert report.ok, report
    assert str(report) == f"{label}: right"


@pytest.mark.parametrize(("label", "words", "answer"), WRONG)
def test_a_typical_wrong_answer_is_refused_and_named(label, words, answer):
    report = check_answer(label, given(label, answer))
    assert not report.ok
    told = str(report)
    assert all(part in told for part in words.split(": ")), told


def test_there_are_three_wrong_answers_and_three_hints_each():
    assert len(known()) >= 10 and len(SOLUTIONS) == len(known())
    for exercise in known().values():
        assert len(exercise.wrong) == len(exercise.hints) == 3


def test_hints_come_one_at_a_time():
    label = "ex-forward-budget"
    said = [hint(label) for _ in range(4)]
    assert [s[:11] for s in said[:3]] == ["Hint 1 of 3", "Hint 2 of 3", "Hint 3 of 3"]
    assert said[3].startswith("There are no more hints")


def test_the_same_wrong_answer_is_noticed():
    label = "ex-forward-budget"
    first, again, other = (
        str(check_answer(label, lambda a=a: a)) for a in ((38, 37), (38, 37), (1, 2))
    )
    assert "gave before" not in first and "gave before" in again
    assert "gave before" not in other


def test_what_is_right_is_said_first():
    told = str(check_answer("ex-forward-budget", lambda: (37, 37))).splitlines()
    assert told[1] == "  right: zero h_0"
    assert "learned h_0 adds h numbers" in told[2]


def test_a_wrong_part_that_is_used_consistently_is_not_punished_twice():
    kind = Numbers(
        {"delta": 6, "dW": 12}, follow={"dW": lambda given: 2 * given["delta"]}
    )
    verdict = kind.check((5, 10))
    assert list(verdict.wrong) == ["delta"] and "follows" in verdict.right[0]
    assert list(kind.check((5, 11)).wrong) == ["delta", "dW"]
    assert kind.check((6, 12)).ok


def test_an_answer_that_is_not_written_or_cannot_be_read():
    def stub():
        raise NotImplementedError("budget is not written yet")

    label = "ex-forward-budget"
    assert str(check_answer(label, stub)) == f"{label}: budget is not written yet"
    for broken in (lambda: 1 / 0, lambda: None, lambda: "37", lambda: (1, 2, 3)):
        report = check_answer(label, broken)
        assert not report.ok and "Traceback" not in str(report)
    code = "ex-forward-logistic"
    assert "raises ValueError" in str(check_answer(code, lambda p, h: int("x")))


def test_what_is_asked_wrongly():
    with pytest.raises(ValueError, match="label: expected one of"):
        check_answer("ex-nothing", lambda: 0)
    with pytest.raises(ValueError, match="label: expected one of"):
        hint("ex-nothing")
    with pytest.raises(ValueError, match="answer: expected a function, got int"):
        check_answer("ex-forward-budget", 3)
    assert answers.Answer is type(
        check_answer("ex-forward-budget", lambda: np.int64(1))
    )


def test_a_list_is_as_good_as_an_array_and_nan_is_never_right():
    kind = Code(
        lambda: {"two": (2,)}, lambda n: np.arange(n), {"nan": lambda n: [np.nan] * n}
    )
    assert kind.check(lambda n: [0, 1]).ok and kind.check(lambda n: (0.0, 1)).ok
    assert kind.check(lambda n: [np.nan, np.nan]).wrong == {"two": "nan"}
    assert not kind.check(lambda n: [[0, 1]]).ok and not kind.check(lambda n: [0]).ok
