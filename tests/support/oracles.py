"""Who disagrees? Each check returns the names of the quantities that are wrong.

What passes for rnnlib is what has to fail when a mutant is planted in it.
"""

from dataclasses import replace
from functools import cache

import numpy as np

import rnnlib
from tests.support import cases, reference

TOLERANCE = 1e-10
ORDER, STEP, RELU_STEP = 8, 7e-3, 4e-3  # the second so short that no kink is crossed


@cache
def expected(case):
    """Loss and gradients of a case by the independent implementation and autograd."""
    return reference.loss_and_gradients(cases.problem(case))


def differs(actual, wanted):
    """True unless the arrays agree in form, and in value relative to the largest."""
    if np.shape(actual) != np.shape(wanted):
        return True
    return not np.max(np.abs(actual - wanted)) <= TOLERANCE * np.max(np.abs(wanted))


def wrong_by_reference(case):
    """Loss and gradients against autograd on the independent implementation."""
    loss, gradients = cases.problem(case).loss_and_gradients()
    wanted_loss, wanted = expected(case)
    wrong = {"loss"} if differs(loss, wanted_loss) else set()
    return wrong | {n for n in wanted if differs(gradients[n], wanted[n])}


def wrong_by_complex_step(case):
    """Gradients against a complex step of each entry of each variable."""
    problem = cases.problem(case)
    _, gradients = problem.loss_and_gradients()
    wanted = rnnlib.complex_step_gradients(
        lambda v: problem.loss_at(v), problem.variables
    )
    return {n for n in wanted if differs(gradients[n], wanted[n])}


def wrong_by_central_differences(case):
    """Inner products with a random unit direction, relative to the gradient's norm."""
    problem = cases.problem(case)
    _, gradients = problem.loss_and_gradients()
    rng = np.random.default_rng(cases.CASES.index(case._replace(state="given")))
    zero = {n: np.zeros_like(a) for n, a in problem.variables.items()}
    wrong = set()
    for name, gradient in gradients.items():
        u = rng.standard_normal(gradient.shape)
        u /= np.linalg.norm(u)
        measured = rnnlib.central_difference(
            lambda v: problem.loss_at(v),
            problem.variables,
            zero | {name: u},
            order=ORDER,
            step=RELU_STEP if case.phi == "relu" else STEP,
        )
        error = abs((gradient * u).sum() - measured)
        if not error <= TOLERANCE * np.linalg.norm(gradient):
            wrong.add(name)
    return wrong


def wrong_by_check_gradients(case):
    """What a reader sees: the names that `check_gradients` calls wrong."""
    problem = replace(cases.problem(case), h_0_given=True)

    def function(variables):
        return replace(problem, variables=variables).loss_and_gradients()

    rng = np.random.default_rng(0)
    check = rnnlib.check_gradients(function, problem.variables, rng=rng, directions=1)
    return set(check.wrong)


# logits, class, loss, delta_z: exact up to rounding, with no overflow on the way
EXTREMES = [
    ([0, -1000], 0, 0, [0, 0]),
    ([0, -1000], 1, 1000, [1, -1]),
    ([1000, 0, -1000], 0, 0, [0, 0, 0]),
    ([1000, 0, -1000], 1, 1000, [1, -1, 0]),
    ([1000, 0, -1000], 2, 2000, [1, 0, -1]),
    ([1e300, 1e300], 0, np.log(2), [-0.5, 0.5]),
    ([1e300, -1e300], 1, 2e300, [1, -1]),
    ([-1e300, -1e300, -1e300], 2, np.log(3), [1 / 3, 1 / 3, -2 / 3]),
    ([1.5e308, -1.5e308], 0, 0, [0, 0]),
    ([-800, -801], 0, np.log1p(np.exp(-1)), [-1 / (1 + np.e), 1 / (1 + np.e)]),
]


def wrong_at_extremes():
    """The extreme logits at which the cross-entropy or its gradient is wrong.

    Class and one-hot row; alone, and beside an output whose logits are ordinary.
    """
    wrong = []
    for logits, k, wanted_loss, wanted in EXTREMES:
        alone = np.array([logits], dtype=float)
        beside = np.concatenate([alone, np.zeros_like(alone)])
        for z in (alone, beside):
            y = np.array([k, 0][: len(z)])
            rest = (len(z) - 1) * np.log(z.shape[1])
            for target in (y, np.eye(z.shape[1])[y]):
                with np.errstate(all="ignore"):
                    loss, delta_z = rnnlib.cross_entropy(z, target)
                if not (
                    np.isclose(loss, wanted_loss + rest, rtol=1e-14, atol=1e-15)
                    and np.allclose(delta_z[0], wanted, rtol=1e-14, atol=1e-15)
                ):
                    wrong.append((logits, k))
    return wrong


# A few problems that have everything: what mutants are tried on.
PROBLEMS = [
    cases.Case("tanh", "cross_entropy", "many-to-many", True, 3, "dense", "given"),
    cases.Case("tanh", "half_squared_error", "last", False, 3, "integer", "shared"),
    cases.Case("relu", "cross_entropy", "last", True, 3, "dense", "zero"),
    cases.Case("relu", "half_squared_error", "mean", False, 3, "dense", "shared"),
    cases.Case("logistic", "cross_entropy", "mean", True, 3, "dense", "given"),
    cases.Case(
        "identity", "half_squared_error", "many-to-many", False, 3, "dense", "given"
    ),
    cases.Case(
        "tanh", "half_squared_error", "many-to-many", True, 1, "integer", "zero"
    ),
    cases.Case("tanh", "cross_entropy", "many-to-many", False, 1, "integer", "given"),
]


def ready():
    """Draw the problems and their solutions, before a mutant is there to disturb."""
    for case in PROBLEMS:
        expected(case)


def wrong_by_any():
    """What each oracle calls wrong, over all problems."""
    checks = (wrong_by_reference, wrong_by_complex_step, wrong_by_check_gradients)
    return {c.__name__: set().union(*map(c, PROBLEMS)) for c in checks}
