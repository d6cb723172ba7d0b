"""Proofs as chains: each line follows by its rule, and the first gap is found."""

import numpy as np
import pytest

from rnnbook.tutor.answers.chapters import forward, unrolled_sums
from rnnbook.tutor.formulas.names import Names
from rnnbook.tutor.formulas.networks import book_network
from rnnbook.tutor.formulas.proofs import Gap, Independent, Rule, first_gap
from rnnbook.tutor.formulas.reading import read_formula
from rnnbook.tutor.formulas.terms import NOW, Leaf, Step

CHAINS = [
    pytest.param(forward.LINEAR_LINES, forward._linear, id="the linear network"),
    pytest.param(unrolled_sums.INITIAL_LINES, unrolled_sums._initial, id="h_0"),
]


@pytest.mark.parametrize(("lines", "needs"), CHAINS)
def test_a_proof_has_no_gap_and_every_line_is_needed_for_its_rule(lines, needs):
    assert first_gap(lines, **needs()) is None
    for k in range(1, len(lines)):
        text, rule = lines[k]
        other = "algebra" if rule != "algebra" else None
        if other:  # without its rule the line does not follow
            changed = [*lines[:k], (text, other), *lines[k + 1 :]]
            gap = first_gap(changed, **needs())
            assert gap == Gap(k + 1, f"does not follow from line {k} by algebra")


def test_gaps_are_named():
    needs = forward._linear
    lines = forward.LINEAR_LINES
    assert first_gap(lines[:1], **needs()) == Gap(1, "is not yet what is to be proved")
    for begun in ([], lines[1:]):
        gap = first_gap(begun, **needs())
        assert gap == Gap(1, "is not what the proof begins with")
    gap = first_gap([lines[0], (lines[1][0], "magic")], **needs())
    assert "expected one of the rules algebra, hypothesis" in gap.words
    gap = first_gap([lines[0], ("W_hh (", "algebra")], **needs())
    assert gap.line == 2 and "cannot be read" in gap.words


def gap(*lines, free=("t",), **rules):
    """The first gap of a chain in the network of the book, from line 1 to the last."""
    names = Names(book_network())
    first, last = (read_formula(lines[k][0], names).term for k in (0, -1))
    return first_gap(lines, rules, names, book_network(), first, last, free)


def term(text):
    """A formula of the book."""
    return read_formula(text, Names(book_network())).term


BY_ALGEBRA = [
    ("phi'(s_t)", "1 - phi(s_t)^2", True),
    ("phi'(s_t)", "1 - h_t^2", False),  # no equation holds between quantities
    ("h_t", "phi(s_t)", False),
    ("W_hh h_t", "W_xh h_t", False),  # shapes that do not go together
    ("W_hh h_t", "h_t W_hh", False),
    ("h_t", "h_t^T", False),
    ("p_t^T y_t", "y_t^T p_t", True),
    ("diag(h_t)", "diag(s_t)", False),  # equal only beside the diagonal
    ("diag(h_t)", "diag(h_t)^T", True),
    ("dh_t/dh_t", "I", True),
    ("dh_t/dh_t W_hh", "W_hh", True),
    ("dh_t/ds_t", "I", False),
    ("dh_t/dh_{t-1}", "I", False),
    ("h_t", "h_t + sum_{k=t}^{1} b_h", False),  # equal at every step but the first
    ("h_t", "h_t + sum_{k=T}^{t} b_h", False),  # equal at every step but the last
    ("h_t", "h_t + sum_{k=T+1}^{t} b_h", True),  # there is no step after it
    ("h_t", "h_{t-1}", False),
    ("dell_t/dh_t", "dell_t/dh_t + dell_{t-1}/dh_t", False),
]


@pytest.mark.parametrize(("a", "b", "follows"), BY_ALGEBRA)
def test_what_follows_by_algebra_alone(a, b, follows):
    found = gap((a, ""), (b, "algebra"))
    assert found == (
        None if follows else Gap(2, "does not follow from line 1 by algebra")
    )


BY_RULE = [  # the rule says what h_t is
    ("h_t", "phi(s_t)", True),
    ("W_hh h_{t+1}", "W_hh phi(s_{t+1})", True),
    ("h_1", "phi(s_1)", True),
    ("h_2", "phi(s_2)", True),
    ("h_0", "phi(s_0)", False),  # it is said of the steps from the first one
    ("g_t", "g_t ", True),
    ("s_t", "phi(s_t)", False),
]


@pytest.mark.parametrize(("a", "b", "follows"), BY_RULE)
def test_a_rule_is_put_in_at_every_step_from_the_first(a, b, follows):
    rule = Rule(Leaf("value", "h", NOW), term("phi(s_t)"))
    found = gap((a, ""), (b, "definition"), definition=rule)
    said = "does not follow from line 1 by definition"
    assert found == (None if follows else Gap(2, said))


def test_a_rule_for_a_parameter_and_one_for_a_jacobian():
    none = Rule(Leaf("value", "b_h"), term("b_h - b_h"))
    lines = ("W_hh h_t + b_h", ""), ("W_hh h_t", "no bias")
    assert gap(*lines, **{"no bias": none}) is None
    linear = Rule(Leaf("jacobian", "h", NOW, "h", Step("t", -1)), term("W_hh"))
    for a, b, follows in (
        ("J_t", "W_hh", True),
        ("J_{t+1} J_t", "W_hh^2", True),
        ("dh_{t+1}/dh_{t-1}", "W_hh", False),
        ("dh_t/ds_{t-1}", "W_hh", False),
        ("J_s", "W_hh", False),
    ):
        assert (gap((a, ""), (b, "linear"), linear=linear) is None) is follows, a


def test_quantities_of_a_proof_are_whole_numbers_and_each_is_drawn_by_itself():
    point = Independent(book_network(), 3, 0)
    assert (point.jacobian("h", 1, "h", 1) == np.eye(3)).all()
    assert type(point.jacobian("h", 1, "h", 1)[0, 0]) is int
    assert point.jacobian("z", 1, "h", 1).shape == (4, 3)
    assert (point.value("h", 1) == point.value("h", 1)).all()
    drawn = [
        point.value("h", 1),
        point.value("h", 2),
        point.value("s", 1),
        point.adjoint("h", 1),
        point.own("h", 1, 1),
        point.own("h", 1, 2),
        Independent(book_network(), 3, 1).value("x", 1),
    ]
    for k, array in enumerate(drawn):
        assert array.shape == (3, 1) and all(type(v) is int for v in array.ravel())
        assert all((array != other).any() for other in drawn[:k])


def test_the_third_line_is_compared_with_the_second():
    lines = ("h_t + s_t", ""), ("s_t + h_t", "algebra"), ("h_t", "algebra")
    assert gap(*lines) == Gap(3, "does not follow from line 2 by algebra")
    assert gap(*lines[:2], ("2 h_t - h_t + s_t", "algebra")) is None
    assert gap(*lines[:2], ("s_t + h_t", "magic")).line == 3
