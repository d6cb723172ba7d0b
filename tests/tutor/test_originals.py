"""The ways of the original program: named, measured, and right when declared."""

import numpy as np
import pytest

from rnnbook.tutor import (
    Layout,
    check_backward,
    check_forward,
    check_training,
    check_update,
    check_windows,
)
from tests.tutor.readers import SLIPS, program, slip

WAYS = {
    "indices": (check_forward, "forward", "states numbered from 0"),
    "clip": (check_backward, "backward", "clipped here"),
    "eps": (check_update, "adagrad", "eps inside the root"),
    "stop rule": (check_windows, "windows", "the stop rule p + T + 1 >= N"),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_way_of_the_original_is_named_measured_and_offered(way):
    check, name, mistake = WAYS[way]
    found = check(slip(name, mistake))
    assert found.original and not found.ok
    text = str(found)
    assert f"{found.name}: as in the original program: " in text
    assert f"It is as in the original program: {mistake}." in text
    assert "wrong" not in text and "It looks like" not in text
    assert f'Layout(original=("{way}",))' in text
    assert "ifference" in text and "here: " in text


@pytest.mark.parametrize("way", WAYS)
def test_a_declared_way_is_right_and_the_book_then_is_not(way):
    check, name, mistake = WAYS[way]
    layout = Layout(original=(way,))
    assert check(slip(name, mistake), layout=layout).ok
    assert not check(program(name), layout=layout).ok


@pytest.mark.parametrize(
    ("way", "other"),
    [
        ("clip", "W_hh transposed"),
        ("eps", "wrong sign"),
        ("stop rule", "targets not shifted"),
    ],
)
def test_mistakes_beside_a_declared_way_are_named(way, other):
    check, name, mistake = WAYS[way]
    wrong = program(name, *SLIPS[name][mistake], *SLIPS[name][other])
    found = check(wrong, layout=Layout(original=(way,)))
    assert [m.name for m in found.mistakes] == [other] and not found.original
    found = check(wrong)
    assert {m.name for m in found.mistakes} == {mistake, other} and not found.original


def test_the_numbers_are_the_differences():
    found = check_update(slip("adagrad", "eps inside the root"))
    (fact,) = found.facts
    assert fact.startswith("The largest difference from the book here: 1.3e-01 in W_hh")
    found = check_windows(slip("windows", "the stop rule p + T + 1 >= N"))
    assert found.facts == (
        "The difference here: 15 in place of 16 in x (of 113 symbols).",
    )


def test_indices_of_the_original_in_an_array_and_in_a_dictionary():
    right = program("forward")
    layout = Layout(original=("indices",))

    def rolled(*arguments):
        loss, h, p = right(*arguments)
        return loss, np.roll(h, -1, axis=0), p

    def dictionary(*arguments):
        loss, h, p = right(*arguments)
        return loss, {t - 1: a for t, a in enumerate(h)}, dict(enumerate(p))

    assert check_forward(rolled, layout=layout).ok
    assert check_forward(dictionary, layout=layout).ok
    assert check_forward(dictionary).ok
    assert check_forward(rolled).original


def test_the_backward_pass_with_the_indices_of_the_original():
    shifted = slip("backward", "states numbered from 0")
    assert check_backward(shifted).original
    assert check_backward(shifted, layout=Layout(original=("indices",))).ok


def test_eps_in_the_root_shows_in_the_loop():
    found = check_training(slip("training", "eps inside the root"))
    assert found.original and "largest difference from the book" in str(found)
    layout = Layout(original=("eps",))
    assert check_training(slip("training", "eps inside the root"), layout=layout).ok


def test_an_unknown_way_is_refused():
    with pytest.raises(ValueError, match="original: expected some of"):
        check_update(program("adagrad"), layout=Layout(original=("adam",)))


def test_the_bound_of_the_original_is_known_whatever_the_threshold_is():
    clipped = slip("backward", "clipped here")
    found = check_backward(clipped, threshold=2.0)
    assert found.original and [m.name for m in found.mistakes] == [
        "clipped here (at 5)"
    ]
    assert "clipped here (at 5)" in str(found)
