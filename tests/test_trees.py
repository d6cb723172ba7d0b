"""Nested parameters as flat dictionaries, and back."""

from collections import OrderedDict
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnlib.trees import flatten, rebuild, same_form
from tests.support.refusals import refuses


class Pair(NamedTuple):
    left: object
    right: object


LEAVES = st.floats(-5, 5).map(np.array) | st.none()
TREES = st.recursive(
    LEAVES,
    lambda child: (
        st.dictionaries(st.sampled_from("abc"), child, max_size=3)
        | st.lists(child, max_size=3)
        | st.lists(child, max_size=3).map(tuple)
        | st.builds(Pair, child, child)
    ),
    max_leaves=8,
)


@given(TREES)
def test_there_and_back(tree):
    flat = flatten(tree)
    back = rebuild(tree, flat)
    assert repr(back) == repr(tree)
    assert flatten(back).keys() == flat.keys()


@given(TREES)
def test_rebuild_takes_the_new_leaves(tree):
    moved = {name: leaf + 1 for name, leaf in flatten(tree).items()}
    assert flatten(rebuild(tree, moved)) == moved


def test_names():
    tree = {"W": np.ones(2), "layers": [Pair(np.ones(1), None), (3.0,)]}
    assert list(flatten(tree)) == ["W", "layers.0.left", "layers.1.0"]
    assert list(flatten(np.ones(3))) == ["params"]
    assert flatten(None) == {}


def test_types_are_kept():
    tree = OrderedDict(a=[1.0], b=(2.0,), c=Pair(3.0, 4.0))
    back = rebuild(tree, flatten(tree))
    kinds = [type(back[k]) for k in "abc"]
    assert kinds == [list, tuple, Pair]


NO_NUMBERS = [("text", "str"), (True, "bool"), (np.array([None]), "object")]


@pytest.mark.parametrize("leaf, kind", NO_NUMBERS)
def test_leaves_that_are_no_numbers(leaf, kind):
    refuses(f"a.0: expected numbers, got {kind}", flatten, {"a": [leaf]})
    refuses(f"params: expected numbers, got {kind}", flatten, leaf)


def test_names_that_come_twice():
    message = "a.b: expected distinct names, got it twice"
    refuses(message, flatten, {"a": {"b": 1.0}, "a.b": 2.0})
    refuses("1: expected distinct names, got it twice", flatten, {1: 1.0, "1": 2.0})


def test_same_form_puts_the_second_in_the_order_of_the_first():
    flat, other = same_form({"a": 1.0, "b": 2.0}, {"b": 3.0, "a": 4.0}, "gradients")
    assert list(flat) == list(other) == ["a", "b"]
    assert other["a"] == 4.0


def test_another_form():
    message = "gradients: expected the names ['a', 'b'], got ['a']"
    refuses(message, same_form, {"a": 1.0, "b": 2.0}, {"a": 1.0}, "gradients")
    message = "gradients.a: expected shape (2, 3), got (3, 2)"
    wide, tall = np.ones((2, 3)), np.ones((3, 2))
    refuses(message, same_form, {"a": wide}, {"a": tall}, "gradients")


def test_of_several_names_the_first_in_the_alphabet_is_told():
    twice = {"a": {"b": {"x": 1.0, "y": 2.0}}, "a.b": {"y": 3.0, "x": 4.0}}
    refuses("a.b.x: expected distinct names, got it twice", flatten, twice)


def test_names_are_told_in_the_order_of_the_alphabet():
    message = "g: expected the names ['a', 'b', 'c'], got ['x', 'y', 'z']"
    one, other = dict.fromkeys("cab", 1.0), dict.fromkeys("zxy", 1.0)
    refuses(message, same_form, one, other, "g")


def test_an_array_that_hides_entries_is_named():
    hidden = np.ma.masked_array([1.0, 2.0], [True, False])
    refuses("params: expected numbers, got masked array", flatten, hidden)
    refuses("a.0: expected numbers, got masked array", flatten, {"a": (hidden,)})
