"""How a formula is read: brackets inside each other, and the axis of a sum."""

import pytest

from rnnbook.tutor.answers.checking import known
from rnnbook.tutor.formulas.reading import DEEPEST
from rnnbook.tutor.formulas.recognising import own_has
from rnnbook.tutor.formulas.scanning import Unreadable

READ = known()["ex-derive-your-own-cell-lags"].kind.questions["g_t"]().read


def nested(depth):
    return "(" * depth + "g_t" + ")" * depth


@pytest.mark.parametrize("before", ["", "(g_t) + " * 40])
def test_brackets_beside_each_other_are_not_inside_each_other(before):
    assert READ(before + nested(DEEPEST - 1)).term is not None
    with pytest.raises(Unreadable, match="too many brackets inside each other"):
        READ(before + nested(DEEPEST + 1))


def test_a_sum_over_an_axis_is_one_over_the_batch():
    plain = READ("W_{1}^T g_{t+1}")
    said = "a sum over the batch: there is one sequence here"
    for end in (")", ""):
        found = READ("sum(W_{1}^T g_{t+1}, axis=0" + end)
        assert said in found.notes and said not in plain.notes
        assert ("a closing ) is missing at the end" in found.notes) == (not end)


@pytest.mark.parametrize(
    ("name", "has"),
    [("W", True), ("L", True), ("dW", True), ("dL", True), ("Q", False), ("dQ", False)],
)
def test_a_derivative_is_of_the_notation_of_what_it_is_by(name, has):
    assert own_has({"W"}, {"L"}, name) is has
