"""The law of the next gap: P(gap > tau) = exp(-Lambda(tau)).

For w >= 0 a next event is certain. For w < 0 the intensity fades, Lambda stays below
exp(a)/|w|, and with probability exp(-exp(a)/|w|) there is no further event: the law is
defective, and an infinite gap stands for that outcome.
"""

import numpy as np
from scipy import special

from rnnlib.pointprocess.validate import (
    check_broadcast,
    check_numbers,
    check_real,
    check_slope,
)
from rnnlib.validate import check_count, check_rng

EULER_TERMS = 200  # of the series in `mean_gap`, for arguments up to 50


def total_compensator(a, w):
    """Lambda(infinity): exp(a)/|w| for w < 0, infinite for w >= 0."""
    a, w = _real(a, w)
    if w >= 0:
        return np.full_like(a, np.inf)[()]
    with np.errstate(over="ignore"):
        return np.exp(a - np.log(-w))[()]


def probability_of_event(a, w):
    """The mass of the law of the next gap: 1 - exp(-exp(a)/|w|) for w < 0, else 1."""
    return -np.expm1(-total_compensator(a, w))


def inverse_compensator(a, w, target):
    """The gap at which the compensator reaches ``target`` >= 0; inf when it never does.

    tau = log(1 + w target exp(-a)) / w, and target exp(-a) for w = 0. Put a standard
    exponential number in, and the gap is a draw from the law of the next gap.

    Raises
    ------
    ValueError
        For numbers that are not finite, or a negative target.
    """
    a, w = _real(a, w)
    target = check_numbers("target", target, low=0)
    check_broadcast("target", target.shape, a)
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        flat = np.where(target > 0, target * np.exp(-a), 0)  # exp(-a) may be infinite
        x = w * flat
        safe = np.where(x > -1, x, 0)
        ratio = np.where(safe == 0, 1, np.log1p(safe) / np.where(safe == 0, 1, safe))
        gap = np.where(x > -1, flat * ratio, np.inf)
        if w > 0:  # exp(-a) may overflow where its logarithm does not
            far = np.logaddexp(0, np.log(w) + np.log(target) - a) / w
            gap = np.where(x > 1, far, gap)
    return gap[()]


def sample_gaps(a, w, *, rng, size=None, conditional=False):
    """Draws of the next gap by inversion; inf where there is no further event.

    With ``conditional=True`` the draws are of the gap given that there is a next event,
    so none is infinite. ValueError as `inverse_compensator`.
    """
    a, w = _real(a, w)
    check_rng(rng)
    if size is not None:
        for n in size if isinstance(size, tuple) else (size,):
            check_count("size", n)
        check_broadcast("size", size if isinstance(size, tuple) else (size,), a)
    size = a.shape if size is None else size
    if conditional and w < 0:
        return _given_event(a, w, rng.random(size))
    return inverse_compensator(a, w, rng.standard_exponential(size))


def median_gap(a, w, *, conditional=False):
    """Half of the probability lies before it; inf when the mass is below one half.

    ``conditional=True``: the median given that there is a next event.
    """
    a, w = _real(a, w)
    if conditional and w < 0:
        return _given_event(a, w, 0.5)
    return inverse_compensator(a, w, np.log(2))


def mean_gap(a, w, *, conditional=False):
    """The mean of the next gap, a number: the integral of P(gap > tau).

    With x = exp(a)/|w| it is exp(x) E_1(x)/w for w > 0, exp(-a) for w = 0 and infinite
    for w < 0, where ``conditional=True`` gives the mean given that there is a next
    event, (Ei(x) - log x - Euler's constant) / (|w| (exp(x) - 1)).
    """
    a, w = _real(a, w)
    if a.ndim:
        raise ValueError(f"a: expected one number, got shape {a.shape}")
    with np.errstate(over="ignore"):
        if w == 0:
            return np.exp(-a)[()]
        log_x = a - np.log(abs(w))
        x = np.exp(log_x)
        if w > 0:  # for a small x the first terms of the series, also where x is zero
            first = -np.euler_gamma - log_x
            return (_scaled_e1(x) if log_x > -40 else first) / w
        return _conditional(x) / -w if conditional else np.inf


def _given_event(a, w, share):
    """Where that share of the mass of a defective law lies before, w < 0.

    Of a mass below 1e-20 no more than the first term of its series shows, even where
    the mass is zero in floats: the gap is then exponential with the rate |w|.
    """
    mass = probability_of_event(a, w)
    gap = inverse_compensator(a, w, -np.log1p(-share * mass))
    return np.where(mass < 1e-20, np.log1p(-share) / w, gap)[()]


def _scaled_e1(x):
    """exp(x) E_1(x), by its continued fraction where exp(x) is large."""
    if x <= 50:
        return np.exp(x) * special.exp1(x)
    value = 0.0
    for k in range(30, 0, -1):
        value = k * k / (x + 2 * k + 1 - value)
    return 1 / (x + 1 - value)


def _conditional(x):
    """(Ei(x) - log x - Euler's constant) / (exp(x) - 1): sums of positive terms."""
    if x == 0:
        return 1.0
    if x <= 50:
        n = np.arange(1, EULER_TERMS)
        terms = np.exp(n * np.log(x) - special.gammaln(n + 1)) / n
        return terms.sum() / np.expm1(x)
    term, value = 1 / x, 0.0
    for k in range(1, 50):  # the asymptotic series of exp(-x) Ei(x), to its least term
        value, term = value + term, term * k / x
    return value


def _real(a, w):
    a, w = check_numbers("a", a), check_slope(w)
    for name, number in (("a", a), ("w", w)):
        check_real(name, number.dtype)
    return a, w
