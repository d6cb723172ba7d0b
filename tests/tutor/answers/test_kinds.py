"""Kinds of answers made for the purpose: what is right or wrong, in which words."""

import numpy as np
import pytest

from rnnbook.tutor.answers import check_answer, forget, hint
from rnnbook.tutor.answers.chapters import spectral_bounds
from rnnbook.tutor.answers.checking import known, parts, varied
from rnnbook.tutor.answers.kinds import (
    Code,
    Experiment,
    Mistake,
    Numbers,
    Parts,
    Proof,
    Samples,
    one_law,
    parts_of,
    same_arrays,
)


@pytest.fixture(autouse=True)
def fresh():
    forget()


def test_the_parts_of_an_answer():
    assert parts_of((1, 2), ("a", "b")) == parts_of([1, 2], ("a", "b"))
    assert parts_of((1, 2), ("a", "b")) == {"a": 1, "b": 2}
    assert parts_of({"c": 3}, ("a", "b")) == {"c": 3}
    assert parts_of((1, 2), ("a",)) == {"a": (1, 2)}
    for wrong in ((1,), (1, 2, 3), 1, "ab"):
        with pytest.raises(ValueError, match="expected 2 parts: a, b"):
            parts_of(wrong, ("a", "b"))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (2, None),
        (2.0, None),
        (np.float32(2), None),
        (2.019, None),
        (1.981, None),
        (2.021, "is another number"),
        (1.979, "is another number"),
        (4, "doubled"),
        (4.039, "doubled"),
        (4.05, "is another number"),
        (True, "is bool: expected a number"),
        ("2", "is str: expected a number"),
        (None, "is NoneType: expected a number"),
        ([2], "is list: expected a number"),
        (-2, "is another number"),
    ],
)
def test_numbers_within_a_tolerance(given, words):
    kind = Numbers({"n": 2}, {"n": {4: "doubled"}}, tolerance=0.01)
    assert kind.check(given).wrong == ({"n": words} if words else {})
    assert kind.check(given).right == (() if words else ("n",))


def test_numbers_that_are_negative_or_exact():
    kind = Numbers({"n": -2}, tolerance=0.01)
    assert kind.check(-2.019).ok and kind.check(-1.981).ok and not kind.check(-1.979).ok
    exact = Numbers({"n": 3, "m": 5})
    assert exact.check((3, 5.0)).ok
    assert exact.check((3 + 1e-12, 5)).wrong == {"n": "is another number"}
    assert exact.check({"n": 3}).wrong == {"m": "is missing"}
    follows = Numbers({"a": 1, "b": 2}, follow={"b": lambda r: 6 / r["a"]})
    assert follows.check((2, 3)).right == ("b (it follows from what stands before)",)
    assert list(follows.check((0, 3)).wrong) == ["a", "b"]
    assert list(follows.check({"b": 3}).wrong) == ["a", "b"]


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        (1.0, 1.0 + 0.9e-8, True),
        (1.0, 1.0 + 1.2e-8, False),
        (0.0, 0.9e-10, True),
        (0.0, 1.1e-10, False),
        ([1, 2], (1.0, 2.0), True),
        ([1, 2], [1, 2, 3], False),
        ([1, [2, 3]], [1, [2, 3]], True),
        ([1, [2, 3]], [1, [2, 4]], False),
        ({"a": 1}, {"a": 1}, True),
        ({"a": 1}, {"b": 1}, False),
        ({"a": 1}, {"a": 2}, False),
        ({"a": 1}, [1], False),
        ([1], {"a": 1}, False),
        (np.nan, np.nan, True),
        (np.nan, 1.0, False),
        (np.inf, np.inf, True),
        (-np.inf, np.inf, False),
        (1.0, 1 + 0j, True),
        (1.0, 1 + 1j, False),
        (2 + 1j, 1.0, False),
        (np.zeros(2), np.zeros((2, 1)), False),
        (np.zeros((2, 2)), [[0, 0], [0, 0]], True),
        ("a", "a", False),
        (ValueError("a"), ValueError("a"), True),
        (ValueError("a"), ValueError("b"), False),
        (ValueError("a"), TypeError("a"), False),
        (ValueError("a"), 1.0, False),
        (1.0, ValueError("a"), False),
    ],
)
def test_results_that_are_the_same_up_to_rounding(a, b, same):
    assert same_arrays(a, b) is same


def squares():
    """Arguments of a function of one list."""
    return {"two": ([1, 2],), "none": ([],)}


def test_functions_are_compared_case_by_case():
    def right(v):
        if not v:
            raise ValueError("v: expected numbers, got none")
        return [n * n for n in v]

    slips = {
        "the zero": lambda v: [0] * len(v),
        "doubled": lambda v: [2 * n for n in v],
    }
    kind = Code(squares, right, slips)
    assert kind.check(right).right == ("two", "none")
    assert kind.check(3).wrong == {"the function": "expected a function"}
    assert kind.check(lambda v: [2 * n for n in v]).wrong == {"two": "doubled"}
    assert kind.check(lambda v: [7]).wrong == dict.fromkeys(
        ("two", "none"), "has another result"
    )
    other = kind.check(lambda v: [n * n for n in v])
    assert other.right == ("two",) and other.wrong == {"none": "has another result"}
    told = kind.check(lambda v: v[5]).wrong
    assert told["two"] == "raises IndexError: list index out of range"

    def refuses(v):
        if not v:
            raise ValueError("other words")
        return [n * n for n in v]

    assert kind.check(refuses).wrong == {"none": "raises ValueError: other words"}
    assert Code(squares, right, refuses=True).check(refuses).ok
    assert not Code(squares, right, refuses=True).check(lambda v: v[0]).ok
    assert Code(squares, right, result=lambda r: 0).check(lambda v: v or 1 // 0).wrong
    with pytest.raises(NotImplementedError):
        kind.check(stub)


def stub(v):
    """Not written yet."""
    raise NotImplementedError("later")


def test_claims_about_a_result():
    kind = Experiment(
        {"positive": lambda r: r > 0, "below two": lambda r: r < 2},
        {"positive": "look at the sign"},
    )
    assert kind.check(1).right == ("positive", "below two")
    assert kind.check(-1).wrong == {"positive": "look at the sign"}
    assert kind.check(3).wrong == {"below two": "does not hold of your result"}
    told = kind.check("a").wrong
    assert list(told) == ["positive", "below two"]
    assert told["positive"].startswith("cannot be tested: TypeError: '>' not supp")


def test_a_mistake_is_found_mended_and_shown():
    def half(n):
        return n // 2

    kind = Mistake(
        ({2}, {2, 3}),
        half,
        lambda n: n / 2,
        lambda: {"even": (4,), "odd": (3,)},
        {"rounded up": lambda n: -(-n // 2)},
    )
    right = lambda n: n / 2  # noqa: E731
    assert kind.check((2, right, (3,))).right == Mistake.PARTS
    assert kind.check(([2, 3], right, [5])).ok
    told = kind.check((1, half, (4,))).wrong
    assert told == {
        "the lines": "another line: run the function and see what it reads",
        "the mended function": "has another result (odd)",
        "the counterexample": "the wrong function is right on it",
    }
    told = kind.check(([2, 3, 4], lambda n: -(-n // 2), ("a",))).wrong
    assert told["the lines"] == "not all of them, or one too many"
    assert told["the mended function"] == "rounded up (odd)"
    assert told["the counterexample"].startswith(
        "the right function cannot be run on it: unsupported operand"
    )


def test_lines_of_a_proof_are_pairs():
    kind = Proof(dict)
    for lines in (3, "ab", [("a",)], [("a", "b", "c")], ["ab", 3]):
        verdict = kind.check(lines)
        assert verdict.wrong == {"the lines": "expected pairs: a formula, its rule"}
        assert verdict.right == ()


def test_draws_of_a_law():
    def draw(f):
        return f(np.random.default_rng(1))

    kind = Samples(draw, lambda r: r.random(900), {"half": lambda r: r.random(900) / 2})
    assert kind.check(lambda r: r.random(900)).right == ("the draws",)
    assert kind.check(lambda r: r.random(900) / 2).wrong == {"the draws": "half"}
    told = {
        "have another law": lambda r: r.random(900) / 3,
        "have the shape (5,): expected (900,)": lambda r: r.random(5),
        "some are no numbers": lambda r: [np.nan, *np.ones(899)],
        "expected a function": 3,
        "raises ZeroDivisionError: division by zero": lambda r: 1 / 0,
    }
    for words, function in told.items():
        assert kind.check(function).wrong == {"the draws": words}
        assert kind.check(function).right == ()
    with pytest.raises(NotImplementedError):
        kind.check(stub)


@pytest.mark.parametrize(("off", "same"), [(0.0985, True), (0.1005, False)])
def test_two_samples_of_one_law_may_be_so_far_apart(off, same):
    """2.23 (1/1000 + 1/1000)^(1/2) = 0.0997."""
    a = np.arange(1000) / 1000
    assert one_law(a, a + off) is same and one_law(a - off, a) is same
    assert not one_law("a", a) and not one_law(a, "a")
    short = np.arange(250) / 250  # 2.23 (1/250 + 1/1000)^(1/2) = 0.1577
    assert one_law(short, a + 0.148) and not one_law(short, a + 0.16)


def test_answers_in_parts():
    kind = Parts({"a": Numbers({"a": 1}), "b": Numbers({"x": 2, "y": 3})})
    assert kind.check((1, (2, 3))).right == ("a", "b (x)", "b (y)")
    assert kind.check((2, (2, 4))).wrong == {
        "a": "is another number",
        "b (y)": "is another number",
    }
    assert kind.check((1, (2, 3, 4))).wrong == {
        "b": "cannot be read: expected 2 parts: x, y"
    }
    assert kind.check({"b": (2, 3)}).wrong == {"a": "is missing"}


LABEL = "ex-forward-budget"


def test_parts_have_their_share_of_the_points(capsys):
    answer = check_answer(LABEL, lambda: (37, 30))
    assert parts(known()[LABEL].kind) == ("zero h_0", "learned h_0")
    assert answer.share == 0.5 and answer.marks(3) == 1.5 and answer.marks(0.01) == 0.01
    assert capsys.readouterr().out.splitlines()[0] == f"{LABEL}: not yet"
    assert answer.has("zero h_0") and not answer.has("learned h_0") and not answer.has()
    assert not answer and not answer.ok
    right = check_answer(LABEL, lambda: (37, 36))
    assert right and right.share == 1 and right.has() and right.has("learned h_0")
    broken = check_answer(LABEL, lambda: 1 / 0)
    assert str(broken) == (
        f"{LABEL}: the answer cannot be read: ZeroDivisionError: division by zero"
    )
    assert broken.share == 0 and not broken.has("zero h_0") and broken.written
    assert not check_answer(LABEL, lambda: stub(1)).written


def test_what_has_a_part_of_its_own_in_the_marks():
    inner = {"a": Numbers({"x": 1, "y": 2}), "b": Numbers({"b": 3})}
    assert parts(Parts(inner)) == ("a", "b")
    assert parts(Mistake((), len, len, dict)) == Mistake.PARTS
    assert parts(Experiment({"one": len, "two": len})) == ("one", "two")
    assert parts(Code(dict, len)) == parts(Proof(dict)) == ("",)
    wrong = check_answer("ex-bptt-inputs", lambda: (r"W_{xh}^\top g_t", 1))
    assert wrong.share == 0.5 and wrong.has("uses") and not wrong.has("dL/dx_t")


def test_hints_and_answers_of_a_seed():
    answer = check_answer(LABEL, lambda: (1, 2), seed=3)
    assert str(answer).splitlines()[-1] == f'  A hint: hint("{LABEL}", seed=3)'
    plain = check_answer(LABEL, lambda: (1, 2))
    assert str(plain).splitlines()[-1] == f'  A hint: hint("{LABEL}")'
    exercise = varied(LABEL, 3).exercise
    told = [hint(LABEL, seed=3) for _ in range(5)]
    numbered = [f"Hint {k} of 3: {h}" for k, h in enumerate(exercise.hints, 1)]
    last = "There are no more hints; the last one was: " + exercise.hints[-1]
    assert told == [*numbered, last, last]
    assert hint("ex-bptt-inputs").startswith("Hint 1 of 3: ")
    assert varied("ex-bptt-inputs", 3) is None
    first = varied(LABEL, 0).solution
    assert check_answer(LABEL, lambda: first, seed=0).ok
    for seed in (-1, 1.5):
        with pytest.raises(ValueError, match="seed: expected"):
            check_answer(LABEL, lambda: (1, 2), seed=seed)


def test_an_answer_comes_again_only_after_a_wrong_one():
    texts = [str(check_answer(LABEL, lambda a=a: a)) for a in (1, 1, (37, 36), 1, 1)]
    again = ["gave before" in text for text in texts]
    assert again == [False, False, False, False, False]  # none of them can be read
    texts = [
        str(check_answer(LABEL, lambda a=a: (a, 36))) for a in (1, 1, 37, 37, 1, 1, 2)
    ]
    again = ["gave before" in text for text in texts]
    assert again == [False, True, False, False, False, True, False]


def test_an_overflow_in_one_entry_is_one_of_the_matrix():
    """diag(2, 1/2) to the power of 2^10, of which the first entry is beyond floats."""
    with np.errstate(all="ignore"):
        found = spectral_bounds.by_squaring(np.diag([2.0, 0.5]), 10, scaled=False)
        assert found == np.inf
    assert spectral_bounds.by_squaring(np.diag([2.0, 0.5]), 10) == pytest.approx(2)


def test_the_slope_of_seven_times_the_logistic_function():
    kind = varied("ex-five-notations-sixth", 1).exercise.kind  # 7 sigma(s_t)
    assert kind.check(r"7 \sigma(s_t) \odot (1 - \sigma(s_t))").ok
    assert not kind.check(r"\sigma(s_t) \odot (1 - \sigma(s_t))").ok
    book = known()["ex-five-notations-sixth"].kind
    assert book.check(r"\sigma(s_t) \odot (1 - \sigma(s_t))").ok
    assert not book.check(r"7 \sigma(s_t) \odot (1 - \sigma(s_t))").ok
