"""The wrong functions that chapters print are those that the checks know."""

import re
from types import SimpleNamespace

import numpy as np
import pytest

import rnnlib
from rnnbook.tutor.answers.checking import known
from rnnbook.tutor.answers.kinds import Code, Mistake, same_arrays
from tests.tutor.answers.test_checking import SOLUTIONS
from tools import chapters

MISTAKES = {  # the chapter, and the cases on which the wrong function is right
    "forward-mistake": ("forward", {"equal lengths, zero h_0"}),
    "gradient-checking-hide": ("gradient_checking", set()),
    "index-notation-mistake": ("index_notation", set()),
    "notation-index": ("notation", set()),
    "total-derivative-mistake": ("total_derivative", {"1 steps, 2 units"}),
    "unrolled-sums-mistake": ("unrolled_sums", {"T = 1"}),
}


def printed(label):
    """The code that stands in the statement of an exercise."""
    nb = chapters.read(chapters.path_of(MISTAKES[label][0]))
    texts = [c.source for c in nb.cells if f":label: ex-{label}\n" in c.source]
    return re.search(r"```python\n(.*?)```", texts[0], re.DOTALL)[1]


def function_of(label):
    """The printed function, or one that computes the printed line."""
    code, space = printed(label), {"np": np, "rnnlib": rnnlib}
    if label == "index-notation-mistake":
        line = code.partition("future = ")[2]
        return lambda W, delta: eval(  # the book's own line
            line, space | {"params": SimpleNamespace(W_hh=W), "delta": [delta], "t": 0}
        )
    if label == "notation-index":
        return lambda delta_s, h: eval(  # the book's own line
            code, space | {"delta_s": delta_s, "trace": SimpleNamespace(h=h)}
        )
    if label == "forward-mistake":  # it cannot take an initial state
        code = code.replace("lengths)", "lengths, h_0)").replace(
            "x)\n", "x, h_0=h_0)\n"
        )
        code = code.replace("/ len(x, h_0=h_0)", "/ len(x)")
    before = set(space)
    exec(code, space)  # the book's own function
    function = space[(set(space) - before - {"__builtins__"}).pop()]
    if label == "total-derivative-mistake":  # its targets are numbers of classes
        return lambda params, x, y: function(params, x, y.argmax(axis=-1))
    return function


def test_all_exercises_of_this_kind_are_compared():
    found = {n for n, e in known().items() if isinstance(e.kind, Mistake)}
    assert found == {f"ex-{label}" for label in MISTAKES}


@pytest.mark.parametrize("label", MISTAKES)
def test_the_printed_function_is_the_wrong_one(label):
    kind = known()[f"ex-{label}"].kind
    lines, mended, _ = SOLUTIONS[f"ex-{label}"]
    function = function_of(label)
    code = Code(kind.cases, kind.right)
    right = set()
    for name, case in kind.cases().items():
        wrong = code.run(function, case)
        assert same_arrays(wrong, code.run(kind.original, case)), name
        verdict = kind.check((lines, mended, case))
        assert [*verdict.wrong] in ([], ["the counterexample"])
        assert same_arrays(wrong, code.run(mended, case)) is not verdict.ok
        right |= set() if verdict.ok else {name}
    assert right == MISTAKES[label][1]
