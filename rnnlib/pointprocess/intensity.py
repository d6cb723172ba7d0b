"""The intensity between two events and its integral, the compensator.

On (t_j, t_{j+1}], with tau = t - t_j and a = v.h_j + b:

    lambda(tau) = exp(a + w tau)
    Lambda(tau) = exp(a) (exp(w tau) - 1) / w = exp(a) tau exprel(w tau)

exprel(u) = (exp(u) - 1)/u is one at u = 0. Below |u| = 1 it and its derivative are
summed as power series, which also serve complex u: nothing cancels near w = 0.
"""

from math import factorial

import numpy as np

from rnnlib.pointprocess.validate import (
    check_broadcast,
    check_numbers,
    check_slope,
)
from rnnlib.validate import finite_result

TERMS = 20  # 1/21! is below the rounding of one
EXPREL = [1 / factorial(n + 1) for n in range(TERMS)]
DERIVATIVE = [(n + 1) / factorial(n + 2) for n in range(TERMS)]


def _series(coefficients, u):
    """The polynomial at u, by Horner's rule, in the precision of u."""
    total = np.full_like(u, coefficients[-1])
    for c in coefficients[-2::-1]:
        total = total * u + np.finfo(u.dtype).dtype.type(c)
    return total


def _split(u):
    """Where the series serve; u for them; and u for the direct formulas."""
    near = np.abs(u) < 1
    one = np.ones((), u.dtype)
    return near, np.where(near, u, one), np.where(near, one, u)


@finite_result("u")
def exprel(u):
    """(exp(u) - 1)/u, and 1 at u = 0, for real or complex u, elementwise."""
    near, small, large = _split(check_numbers("u", u))
    return np.where(near, _series(EXPREL, small), (np.exp(large) - 1) / large)[()]


@finite_result("u")
def exprel_derivative(u):
    """((u - 1) exp(u) + 1)/u^2, and 1/2 at u = 0, for real or complex u."""
    near, small, large = _split(check_numbers("u", u))
    direct = ((large - 1) * np.exp(large) + 1) / (large * large)
    return np.where(near, _series(DERIVATIVE, small), direct)[()]


@finite_result("a", "w", "tau")
def log_intensity(a, w, tau):
    """a + w tau: the logarithm of the intensity a time tau >= 0 after an event."""
    a, w, tau = _checked(a, w, tau)
    return (a + w * tau)[()]


def compensator(a, w, tau):
    """Lambda(tau): the integral of the intensity over a gap, given the history.

    Parameters
    ----------
    a : number or array
        Log intensity just after the last event.
    w : number
        Its slope, per unit of time. Any sign; zero is no special case.
    tau : number or array
        Time since the last event, finite and >= 0.

    a and tau broadcast against each other. a and w may be complex, for complex steps.

    Raises
    ------
    ValueError
        For a negative tau, numbers that are not finite, or an intensity that overflows.
    """
    a, w, tau = _checked(a, w, tau)
    u = w * tau
    near, small, large = _split(u)
    with np.errstate(over="ignore", invalid="ignore"):
        inside = np.exp(a) * tau * _series(EXPREL, small)
        outside = (np.exp(a + u) - np.exp(a)) * tau / large
    return _finite(np.where(near, inside, outside), a, u)[()]


def compensator_gradients(a, w, tau):
    """dLambda/da = Lambda, dLambda/dw, and dLambda/dtau = lambda, each of their shape.

    dLambda/dw = exp(a) tau^2 exprel'(w tau). Errors as `compensator`.
    """
    a, w, tau = _checked(a, w, tau)
    u = w * tau
    near, small, large = _split(u)
    with np.errstate(over="ignore", invalid="ignore"):
        inside = np.exp(a) * tau * tau * _series(DERIVATIVE, small)
        outside = np.exp(a + u) * (large - 1) + np.exp(a)
        outside = outside * (tau / large) * (tau / large)
        d_tau = _finite(np.exp(a + u), a, u)[()]
    d_w = _finite(np.where(near, inside, outside), a, u)[()]
    return compensator(a, w, tau), d_w, d_tau


def _checked(a, w, tau):
    a, w, tau = check_numbers("a", a), check_slope(w), check_numbers("tau", tau, low=0)
    check_broadcast("tau", tau.shape, a)
    return a, w, tau


def _finite(value, a, u):
    if not np.isfinite(value).all():
        highest = np.maximum(np.real(a), np.real(a + u)).max()
        raise ValueError(
            "a + w tau: expected a log intensity whose exponential is finite, "
            f"got {highest:.6g}"
        )
    return value
