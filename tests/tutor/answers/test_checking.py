"""Every exercise with a check: the solution passes, typical wrong answers are named."""

import lzma
from importlib import import_module
from pkgutil import iter_modules

import numpy as np
import pytest

from rnnbook.tutor import answers
from rnnbook.tutor.answers import check_answer, forget, hint
from rnnbook.tutor.answers.chapters import language_models, min_char_rnn_studied
from rnnbook.tutor.answers.checking import known
from rnnbook.tutor.answers.kinds import (
    Code,
    Formulas,
    Numbers,
    Parts,
    Samples,
)
from rnnlib.char import default_text
from rnnlib.language import Alphabet
from rnnlib.language.ngrams import fit_ngrams
from rnnlib.language.text import split_in_three
from tests.tutor.answers.traces import Trace, said, table

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
TRACES = table()
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


def check_traced(label, name, answer):
    """The report; what the check did with the answer is as it is in the table."""
    trace = Trace(answer)
    report = check_answer(label, given(label, trace.answer))
    calls, size, *sums = trace.summary()
    stored = TRACES[label][name]
    assert [calls, size, *said(report)] == [*stored[:2], *stored[4:]]
    assert sums == pytest.approx(stored[2:4], abs=1e-4)
    return report


@pytest.mark.parametrize("label", known())
def test_the_solution_passes(label):
    report = check_traced(label, "", SOLUTIONS[label])
    assert report.ok, report
    assert str(report) == f"{label}: right"


@pytest.mark.parametrize(("label", "words", "answer"), WRONG)
def test_a_typical_wrong_answer_is_refused_and_named(label, words, answer):
    report = check_traced(label, words, answer)
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


def test_the_stored_prices_of_the_default_text():
    text = default_text()
    alphabet = Alphabet.of(text)
    train, validation, judge = split_in_three(alphabet.encode(text), 0.1)
    held_out, size = np.concatenate([validation, judge]), len(train)
    alone, both = (len(lzma.compress(t.encode())) for t in (text[:size], text))
    found = {"LZMA": 8 * (both - alone) / len(held_out)}
    for order in (2, 5):
        price = fit_ngrams(train, order, len(alphabet)).cross_entropy(held_out)
        found[order] = price / np.log(2)
    assert found == pytest.approx(language_models.PRICES, rel=1e-4)
    before = fit_ngrams(train, 4, len(alphabet)).cross_entropy(judge)
    assert before == pytest.approx(min_char_rnn_studied.BEFORE, rel=1e-4)


def test_words_and_truth_values_are_compared_as_such():
    kind = Numbers({"better": True, "way": "falls"}, {"way": {"rises": "goes down"}})
    assert kind.check((np.bool_(True), np.str_("falls"))).ok
    assert kind.check((False, "rises")).wrong == {
        "better": "is another answer",
        "way": "goes down",
    }
    assert not kind.check((1, None)).right


def test_samples_of_another_law_are_refused():
    def draw(f):
        return f(np.random.default_rng(1))

    kind = Samples(draw, lambda r: r.random(3000), {"squared": _squared})
    assert kind.check(lambda r: 1 - r.random(3000)).ok
    assert kind.check(lambda r: r.random(3000) ** 2).wrong == {"the draws": "squared"}
    for wrong in (lambda r: np.zeros(3000), lambda r: [np.nan] * 9, lambda r: r, 3):
        assert not kind.check(wrong).ok
    assert "expected (3000,)" in kind.check(lambda r: 0.5).wrong["the draws"]


def _squared(r):
    return r.random(3000) ** 2


def test_parts_are_named():
    kind = Parts({"a": Numbers({"x": 1, "y": 2}), "b": Numbers({"b": 3})})
    verdict = kind.check(((1, 5), 3))
    assert verdict.right == ("a (x)", "b") and list(verdict.wrong) == ["a (y)"]
    assert kind.check({"a": (1, 2)}).wrong == {"b": "is missing"}
    assert "cannot be read" in kind.check((1, 3)).wrong["a"]


def test_a_function_that_changes_its_arguments_is_no_answer_to_them():
    def cheat(a, b):
        a[:] = b[:] = 0
        return a, b

    report = check_answer("ex-derive-your-own-cell-tied", cheat)
    assert not report.ok


def test_a_name_with_a_digit_is_no_step():
    kind = known()["ex-derive-your-own-cell-lags"].kind
    assert isinstance(kind, Formulas)
    right = ("W_{1}^T g_{t+1} + W_{3}^T g_{t+3} + dell_t/dh_t", "sum_t g_t h_{t-3}^T")
    assert kind.check((*right, "W_{3}^T g_{2}")).ok


def test_a_list_is_as_good_as_an_array_and_nan_is_never_right():
    kind = Code(
        lambda: {"two": (2,)}, lambda n: np.arange(n), {"nan": lambda n: [np.nan] * n}
    )
    assert kind.check(lambda n: [0, 1]).ok and kind.check(lambda n: (0.0, 1)).ok
    assert kind.check(lambda n: [np.nan, np.nan]).wrong == {"two": "nan"}
    assert not kind.check(lambda n: [[0, 1]]).ok and not kind.check(lambda n: [0]).ok
