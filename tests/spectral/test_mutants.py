"""The package passes the checks; the classic mistakes do not."""

from dataclasses import replace

import numpy as np
import pytest

from rnnlib import get_activation
from rnnlib.spectral.jacobians import DenseJacobians, as_jacobians
from rnnlib.spectral.radii import spectral_norm, spectral_radius
from tests.spectral.checks import CHECKS
from tests.support.mutants import (
    Mutant,
    each,
    fails,
    planted,
    with_arguments,
    with_result,
)

LOG_2 = np.log(2)


def jacobians(name, change):
    """Other Jacobians of a trajectory: ``change(J)``."""
    place = "rnnlib.spectral.jacobians.jacobians"
    return Mutant(name, place, with_result(lambda J, *rest: change(J)))


def norms(name, change):
    """Other logarithms of norms: ``change(logs, J)``."""
    place = "rnnlib.spectral.norms.log_product_norms"
    return Mutant(name, place, with_result(change))


def bound(name, which, log_value):
    """Another value of a bound: ``log_value(bound, k, W, gamma)``."""

    def other(found, W, phi_prime, gamma=1.0, *rest):
        value = float(log_value(found, len(phi_prime), W, gamma))
        return replace(found, log_value=value)

    place = f"rnnlib.spectral.bounds.{which}_bound"
    return Mutant(name, place, with_result(other))


def other_side(J):
    """W Diag(phi') in the place of Diag(phi') W."""
    dense = J.phi_prime[..., None, :] * J.W_hh
    if J.mask is not None:
        dense[~J.mask] = np.eye(len(J.W_hh))
    return DenseJacobians(dense)


def earliest_left(J, t, i):
    """The factors in the order of time."""
    return (DenseJacobians(as_jacobians(J).dense()[i:t][::-1]), t - i, 0), {}


def frobenius(logs, J):
    """The norm of all entries in the place of the spectral norm."""
    dense = as_jacobians(J).dense()
    T, B, d, _ = dense.shape
    P = np.tile(np.eye(d), (B, 1, 1))
    for t in range(T, 0, -1):
        P = P @ dense[t - 1]
        logs[t - 1] = np.log(np.linalg.norm(P, axis=(1, 2)))
    return logs


def linear_slope(*arguments, phi="tanh", **options):
    """Exponents of the matrices W_hh alone, along the same states."""
    act = replace(get_activation(phi), derivative=np.ones_like)
    return arguments, options | {"phi": act}


def no_discard(right):
    """The sum of all steps, the first ones too, over the number of the others."""

    def wrong(params, steps, *, discard=0, **options):
        found = right(params, steps + discard, **options)
        return found._replace(exponents=found.exponents * (steps + discard) / steps)

    return wrong


MUTANTS = [
    jacobians("W^T for W", lambda J: J._replace(W_hh=J.W_hh.T)),
    jacobians("phi' missing", lambda J: J._replace(phi_prime=np.ones(J.sizes))),
    jacobians("phi' on the wrong side of W", other_side),
    jacobians(
        "phi' of the step before",
        lambda J: J._replace(phi_prime=np.roll(J.phi_prime, 1, axis=0)),
    ),
    jacobians("mask forgotten", lambda J: J._replace(mask=None)),
    Mutant(
        "earliest on the left",
        "rnnlib.spectral.products.jacobian_product",
        with_arguments(earliest_left),
    ),
    norms("exponents forgotten", lambda logs, J: np.remainder(logs, 9 * LOG_2)),
    norms("Frobenius for spectral norm", frobenius),
    norms(
        "square root forgotten",  # where the norm is found by iteration
        lambda logs, J: 2 * logs if as_jacobians(J).sizes[-1] == 45 else logs,
    ),
    bound(
        "gamma missing from the norm bound",
        "norm",
        lambda found, k, W, gamma: k * np.log(spectral_norm(W)),
    ),
    Mutant(
        "spectral radius for spectral norm",
        "rnnlib.spectral.radii.spectral_norm",
        lambda right: spectral_radius,
    ),
    bound(
        "one power too many of the numerical radius",
        "numerical",
        lambda found, k, W, gamma: found.log_value + np.log(found.rate),
    ),
    bound(
        "absolute values missing",
        "entrywise",
        lambda found, k, W, gamma: np.log(
            np.linalg.norm(np.linalg.matrix_power(gamma * W, k), 2)
        ),
    ),
    bound(
        "condition number missing",
        "scaling",
        lambda found, k, W, gamma: k * np.log(found.rate),
    ),
    Mutant(
        "one vertex missing",
        "rnnlib.spectral.joint.diagonal_vertices",
        with_result(lambda corners, *rest: corners[:-1]),
    ),
    bound(
        "departure from normality missing",
        "linear",
        lambda found, k, W, gamma: k * np.log(spectral_radius(W)),
    ),
    Mutant(
        "largest for smallest singular value",
        "rnnlib.spectral.radii.smallest_singular_value",
        lambda right: spectral_norm,
    ),
    Mutant(
        "R not from the product",
        "rnnlib.spectral.lyapunov.lyapunov_exponents",
        with_arguments(linear_slope),
    ),
    Mutant(
        "transients summed too",
        "rnnlib.spectral.lyapunov.lyapunov_exponents",
        no_discard,
    ),
]


@pytest.mark.parametrize("check", CHECKS)
def test_the_package_is_right(check):
    assert CHECKS[check]()


@each(MUTANTS)
def test_mutants_are_wrong(mutant):
    with planted(mutant):
        assert any(map(fails, CHECKS.values()))
