"""Who disagrees? Each check returns the names of the quantities that are wrong.

The checks take the package to be tested, so that what passes for rnnlib is what has
to fail for a mutant of it.
"""

from functools import cache

import numpy as np

import rnnlib
from tests import cases, reference

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


def wrong_by_reference(case, package=rnnlib):
    """Loss and gradients against autograd on the independent implementation."""
    loss, gradients = cases.problem(case).loss_and_gradients(package)
    wanted_loss, wanted = expected(case)
    wrong = {"loss"} if differs(loss, wanted_loss) else set()
    return wrong | {n for n in wanted if differs(gradients[n], wanted[n])}


def wrong_by_complex_step(case, package=rnnlib):
    """Gradients against a complex step of each entry of each variable."""
    problem = cases.problem(case)
    _, gradients = problem.loss_and_gradients(package)
    wanted = rnnlib.complex_step_gradients(
        lambda v: problem.loss_at(v, package), problem.variables
    )
    return {n for n in wanted if differs(gradients[n], wanted[n])}


def wrong_by_central_differences(case, package=rnnlib):
    """Inner products with a random unit direction, relative to the gradient's norm."""
    problem = cases.problem(case)
    _, gradients = problem.loss_and_gradients(package)
    rng = np.random.default_rng(cases.CASES.index(case._replace(state="given")))
    zero = {n: np.zeros_like(a) for n, a in problem.variables.items()}
    wrong = set()
    for name, gradient in gradients.items():
        u = rng.standard_normal(gradient.shape)
        u /= np.linalg.norm(u)
        measured = rnnlib.central_difference(
            lambda v: problem.loss_at(v, package),
            problem.variables,
            zero | {name: u},
            order=ORDER,
            step=RELU_STEP if case.phi == "relu" else STEP,
        )
        error = abs((gradient * u).sum() - measured)
        if not error <= TOLERANCE * np.linalg.norm(gradient):
            wrong.add(name)
    return wrong
