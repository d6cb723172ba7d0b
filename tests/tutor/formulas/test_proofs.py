"""Proofs as chains: each line follows by its rule, and the first gap is found."""

import pytest

from rnnbook.tutor.answers.chapters import forward, unrolled_sums
from rnnbook.tutor.formulas.proofs import Gap, first_gap

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
    assert first_gap(lines[:1], **needs()).words == "is not yet what is to be proved"
    assert first_gap(lines[1:], **needs()).words == "is not what the proof begins with"
    gap = first_gap([lines[0], (lines[1][0], "magic")], **needs())
    assert "expected one of the rules algebra, hypothesis" in gap.words
    gap = first_gap([lines[0], ("W_hh (", "algebra")], **needs())
    assert gap.line == 2 and "cannot be read" in gap.words
