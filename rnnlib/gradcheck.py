"""Is this gradient right? A check of any function, by central differences.

The parameters may be one array, a dictionary, a tuple or a named tuple of arrays,
nested or not: whatever the function under test takes. A gradient has the same form.
"""

from numbers import Integral
from typing import NamedTuple

import numpy as np

from rnnlib.derivatives import central_difference
from rnnlib.trees import flatten, rebuild, same_form
from rnnlib.validate import check_callable, check_rate

# (order, step) of the central differences, tried in turn
LADDER = ((4, 1e-3), (4, 1e-4), (4, 1e-5), (2, 1e-6), (2, 1e-7), (2, 1e-8))
ROUGH = 1000  # times the tolerance is granted where the loss is not smooth


class GradientCheck(NamedTuple):
    """The verdict on each parameter; printed, it is a line a parameter."""

    errors: dict  # the largest relative error over the directions tried, by name
    wrong: list  # names of the parameters whose gradient is wrong

    @property
    def ok(self):
        """True when every gradient agrees."""
        return not self.wrong

    def __str__(self):
        width = max(map(len, self.errors))
        verdict = {n: "WRONG" if n in self.wrong else "agrees" for n in self.errors}
        return "\n".join(f"{n:{width}}  {v}" for n, v in verdict.items())


def check_gradients(
    function, params, *, rng, directions=5, ladder=LADDER, tolerance=1e-7
):
    """Check any function that returns ``(loss, gradients)``: yours, for instance.

    For each parameter the inner product of its gradient with random unit directions
    is compared with central differences of the loss along them. A right gradient
    agrees at one of the step lengths of the ladder at least: the short ones do not
    cross the kinks of relu, the long ones do not drown in rounding. A wrong one
    agrees at none. Where the two longest steps contradict each other, so that the loss
    is not smooth there, a thousand times the tolerance is granted for the rounding of
    the shorter ones.

    Differences cannot measure a gradient that explodes so far that no step is short
    enough, nor one at a kink itself. The complex step can do the former.

    Parameters
    ----------
    function : callable
        ``function(params)`` returns a real loss and gradients of the form of params.
    params : array, dictionary, tuple or named tuple of float64 arrays
    rng : numpy.random.Generator
    directions : int
        Random directions for each parameter.
    ladder : sequence of (order, step)
        What `central_difference` is called with, in turn, until one agrees.
    tolerance : float
        Largest error that still counts as equal, relative to the largest of the two
        numbers and 1e-4 of the norm of the whole gradient.

    Returns
    -------
    GradientCheck
        ``.ok``, ``.wrong`` (names) and ``.errors``; printed, a line a parameter.

    Raises
    ------
    ValueError
        Gradients with other names or shapes than the parameters, parameters that are
        not float64, no pair, no finite loss, no direction, or no Generator.
    """
    if not isinstance(rng, np.random.Generator):
        raise ValueError(f"rng: expected a numpy Generator, got {type(rng).__name__}")
    check_callable("function", function)
    check_rate("tolerance", tolerance)
    if directions is True or not (isinstance(directions, Integral) and directions > 0):
        raise ValueError(f"directions: expected a positive integer, got {directions!r}")
    if not ladder:
        raise ValueError("ladder: expected at least one (order, step), got none")
    at = flatten(params)
    if not at:
        raise ValueError("params: expected at least one array, got none")
    for name, array in at.items():
        if array.dtype.newbyteorder("=") != np.float64:
            raise ValueError(f"{name}: expected float64 parameters, got {array.dtype}")
    copies = {n: a.copy() for n, a in at.items()}  # the function may write into them
    gradients = _gradients_of(function, rebuild(params, copies))
    _, gradient = same_form(params, gradients, "gradients")
    gradient = {n: g.copy() for n, g in gradient.items()}  # or reuse its buffers
    finite = {n: g for n, g in gradient.items() if np.isfinite(g).all()}
    floor = 1e-4 * np.sqrt(sum((np.abs(g) ** 2).sum() for g in finite.values()))
    zero = {n: np.zeros_like(a) for n, a in at.items()}

    def compare(name, u):
        """The least relative error along u, and whether it can be tolerated."""
        claimed, slopes, errors = (gradient[name] * u).sum(), [], []
        direction = rebuild(params, zero | {name: u})
        for order, step in ladder:
            slope = central_difference(
                lambda p: function(p)[0], params, direction, order=order, step=step
            )
            scale = max(abs(slope), abs(claimed), floor) or 1.0
            slopes.append(slope)
            errors.append(abs(slope - claimed) / scale)
            if errors[-1] <= tolerance:
                return errors[-1], True
            smooth = np.ptp(slopes[:2]) <= tolerance * scale
            if len(slopes) > 1 and smooth and errors[-1] > ROUGH * tolerance:
                break  # the slope is known, and far away
        least = np.fmin.reduce(errors, initial=np.inf)
        return least, bool(least <= ROUGH * tolerance and not smooth)

    errors, wrong = dict.fromkeys(at, np.inf), []
    for name, array in at.items():
        units = rng.standard_normal((directions, *array.shape))
        agrees = name in finite
        if agrees:
            found = [compare(name, u / (np.linalg.norm(u) or 1.0)) for u in units]
            errors[name] = float(max(error for error, _ in found))
            agrees = all(tolerated for _, tolerated in found)
        if not agrees:
            wrong.append(name)
    return GradientCheck(errors, wrong)


def _gradients_of(function, params):
    result = function(params)
    if not (isinstance(result, tuple) and len(result) == 2):
        size = f" of {len(result)}" if isinstance(result, tuple) else ""
        kind = type(result).__name__ + size
        raise ValueError(f"function: expected a pair (loss, gradients), got {kind}")
    loss = np.asarray(result[0])
    if loss.ndim or loss.dtype.kind not in "fiu" or not np.isfinite(loss):
        raise ValueError(
            f"function: expected a finite real scalar loss, got {result[0]!r}"
        )
    return result[1]
