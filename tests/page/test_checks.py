"""Verdicts that can fail."""

import numpy as np
import pytest

from rnnbook.page.checks import agree, check


def test_a_claim_that_holds_is_printed(capsys):
    check("one is one", 1 == 1, np.bool_(True))
    assert capsys.readouterr().out == "one is one: True\n"


@pytest.mark.parametrize("cases", [(), (False,), (True, np.bool_(False))])
def test_a_claim_without_proof_is_not(cases, capsys):
    with pytest.raises(AssertionError, match="a claim"):
        check("a claim", *cases)
    assert capsys.readouterr().out == ""


def test_the_tolerance_is_relative_to_the_largest_entry_of_the_oracle():
    oracle = np.array([8.0, 0.0])  # 8 and 1/4 are exact, so the edge is met exactly
    assert agree(oracle + [0, 2.0], oracle, tolerance=0.25) is True
    assert agree(oracle + [0, np.nextafter(2, 3)], oracle, tolerance=0.25) is False
    assert agree(oracle + [0, 1e-12], oracle)
    assert not agree(oracle + [0, 1e-11], oracle)


def test_arrays_of_other_shapes_do_not_agree():
    assert not agree(np.ones(3), np.ones((1, 3)))
    assert not agree(np.ones(1), np.ones(3))


def test_nan_agrees_with_nothing():
    nan = np.array([np.nan])
    assert not agree(nan, nan)
    assert not agree(nan, np.ones(1))


def test_sizes_are_compared_and_not_signs():
    oracle = np.array([-8.0, 1.0])
    assert agree(oracle, oracle) and agree(oracle + [0, 2.0], oracle, tolerance=0.25)
    for error in ([0, 2.1], [0, -2.1], [-2.1, 0]):
        assert not agree(oracle + error, oracle, tolerance=0.25)
    assert agree(oracle - [0, 2.0], oracle, tolerance=0.25)
