"""Independent oracles agree with backward, for every combination of options.

Relative 1e-10 in float64: complex step (each entry), 8th-order central differences
(random directions), and autograd on an implementation that shares no code. The
initial state is given for each sequence, shared by all, or left out.
"""

import numpy as np
import pytest

from tests.support import cases, oracles

every_case = pytest.mark.parametrize("case", cases.CASES, ids=str)


def complaints(check, case):
    """The states for which the check finds something wrong, and what."""
    found = {state: check(case._replace(state=state)) for state in cases.STATES}
    return {state: wrong for state, wrong in found.items() if wrong}


@every_case
def test_complex_step(case):
    assert complaints(oracles.wrong_by_complex_step, case) == {}


@every_case
def test_central_differences(case):
    assert complaints(oracles.wrong_by_central_differences, case) == {}


@every_case
def test_autograd(case):
    assert complaints(oracles.wrong_by_reference, case) == {}


def test_every_combination_is_there():
    assert len(set(cases.CASES)) == len(cases.CASES) == 4 * 2 * 3 * 2 * 2 * 2


@pytest.mark.parametrize("state", cases.STATES)
def test_relu_problems_stay_away_from_the_kink_on_both_sides(state):
    problems = [cases.problem(c._replace(state=state)) for c in cases.CASES]
    s = [p.trace(p.variables).s for p in problems if p.options["phi"] == "relu"]
    assert min(np.abs(a).min() for a in s) > cases.KINK_MARGIN
    assert 0.2 < np.mean(np.concatenate([a.ravel() for a in s]) > 0) < 0.8


@pytest.mark.parametrize("state", cases.STATES)
def test_no_gradient_vanishes(state):
    for case in cases.CASES:
        _, gradients = cases.problem(case._replace(state=state)).loss_and_gradients()
        assert min(map(np.linalg.norm, gradients.values())) > cases.LEAST_NORM
