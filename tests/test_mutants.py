"""Planting a mistake: everywhere the function is held, and gone afterwards."""

import numpy as np
import pytest

import rnnlib
from rnnlib import losses, objective
from tests.support.mutants import Mutant, fails, find, holders_of, planted


def mutant(place):
    """Something else in that place."""
    return Mutant("other", place, lambda right: "wrong")


def test_a_mistake_is_everywhere_and_then_gone():
    right = losses.cross_entropy
    with planted(mutant("rnnlib.losses.cross_entropy")):
        assert losses.cross_entropy == rnnlib.cross_entropy == "wrong"
        assert objective.LOSSES["cross_entropy"] == "wrong"
        assert not [*holders_of(right)]
    assert losses.cross_entropy is rnnlib.cross_entropy is right
    assert objective.LOSSES["cross_entropy"] is right


def test_it_is_gone_after_an_error_too():
    right = losses.cross_entropy
    with pytest.raises(TypeError), planted(mutant("rnnlib.losses.cross_entropy")):
        rnnlib.cross_entropy()
    assert rnnlib.cross_entropy is right


def test_an_entry_of_a_table():
    right = rnnlib.ACTIVATIONS["tanh"]
    with planted(mutant("rnnlib.activations.ACTIVATIONS.tanh")):
        assert rnnlib.ACTIVATIONS["tanh"] == "wrong"
    assert rnnlib.ACTIVATIONS["tanh"] is right


def test_an_attribute_of_a_class():
    right = vars(rnnlib.Params)["d_h"]
    with planted(mutant("rnnlib.parameters.Params.d_h")):
        assert rnnlib.Params.d_h == "wrong"
    assert rnnlib.Params.d_h is right


@pytest.mark.parametrize("place", ["rnnlib.losses.hinge", "rnnlib.no.such"])
def test_a_mutant_must_have_a_place(place):
    with pytest.raises(AssertionError, match=f"{place}: no "):
        find(place)


def test_a_check_fails_by_what_it_says_and_by_what_breaks():
    assert fails(lambda: False) and not fails(lambda: True) and not fails(lambda: None)
    assert fails(lambda: np.False_) and not fails(lambda: np.True_)
    assert fails(lambda: 1 / 0) and fails(lambda: [][0]) and fails(int, "x")
    with pytest.raises(KeyboardInterrupt):
        fails(interrupted)


def interrupted():
    """What no check means."""
    raise KeyboardInterrupt
