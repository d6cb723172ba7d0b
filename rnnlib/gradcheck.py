"""Is this gradient right? Oracles that know nothing of backpropagation.

The parameters may be one array, a dictionary, a tuple or a named tuple of arrays,
nested or not: whatever the function under test takes. A gradient has the same form.
"""

from typing import NamedTuple

import numpy as np

from rnnlib.trees import flatten, rebuild

# Central difference weights w_1, w_2, ... for f(a + j t) - f(a - j t), by order.
STENCILS = {
    2: (1 / 2,),
    4: (2 / 3, -1 / 12),
    6: (3 / 4, -3 / 20, 1 / 60),
    8: (4 / 5, -1 / 5, 4 / 105, -1 / 280),
}
LADDER = ((4, 1e-3), (4, 1e-4), (2, 1e-6))  # (order, step), tried in turn
STEPS = {2: 6e-6, 4: 1e-3, 6: 5e-3, 8: 1e-2}  # near the best in float64


def central_difference(loss, params, direction, *, order=2, step=None):
    """The derivative of ``loss`` at ``params`` along ``direction``, by differences.

    Parameters
    ----------
    loss : callable
        ``loss(params)``, a real number.
    direction : of the form of ``params``
    order : int
        2, 4, 6 or 8: the error of the formula falls as step**order.
    step : float, optional
        Length of one step along ``direction``.

    Raises
    ------
    ValueError
        For another order, or a step that is not positive.
    """
    if order not in STENCILS:
        raise ValueError(f"order: expected one of {sorted(STENCILS)}, got {order!r}")
    step = STEPS[order] if step is None else step
    if not (np.isfinite(step) and step > 0):
        raise ValueError(f"step: expected a positive number, got {step!r}")
    at, along = flatten(params), flatten(direction)

    def f(k):
        moved = {n: a + k * step * along[n] for n, a in at.items()}
        return loss(rebuild(params, moved))

    return (
        sum(w * (f(j) - f(-j)) for j, w in enumerate(STENCILS[order], start=1)) / step
    )


def complex_step(loss, params, direction, *, step=1e-30):
    """The derivative along ``direction`` as Im loss(params + i step direction) / step.

    There is no subtraction, hence no cancellation: the result is exact to rounding,
    for a ``loss`` that is analytic and takes complex parameters
    {cite}`squire1998`.
    """
    at, along = flatten(params), flatten(direction)
    moved = {n: a + 1j * step * along[n] for n, a in at.items()}
    return np.imag(loss(rebuild(params, moved))) / step


def complex_step_gradients(loss, params, *, step=1e-30):
    """The whole gradient, one complex step an entry; of the form of ``params``."""
    at = {n: a.astype(complex) for n, a in flatten(params).items()}
    gradient = {}
    for name, array in at.items():
        entries = np.empty(array.shape)
        for i in np.ndindex(array.shape):
            moved = array.copy()
            moved[i] += 1j * step
            entries[i] = np.imag(loss(rebuild(params, at | {name: moved}))) / step
        gradient[name] = entries
    return rebuild(params, gradient)


class GradientCheck(NamedTuple):
    """One line a parameter: the largest relative error over the directions tried."""

    errors: dict
    tolerance: float

    @property
    def wrong(self):
        """Names of the parameters whose gradient is wrong."""
        return [n for n, e in self.errors.items() if not e <= self.tolerance]

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
    agrees at none.

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
        Largest relative error that still counts as equal. The error is relative to
        the larger of the two numbers and 1e-4 of the norm of the whole gradient.

    Returns
    -------
    GradientCheck
        ``.ok``, ``.wrong`` and ``.errors``; printed, a line a parameter.

    Raises
    ------
    ValueError
        When the gradients have other names or shapes than the parameters, when a
        parameter is not float64, or the function returns no pair.
    """
    result = function(params)
    if not (isinstance(result, tuple) and len(result) == 2):
        kind = type(result).__name__
        raise ValueError(f"function: expected a pair (loss, gradients), got {kind}")
    if np.ndim(result[0]) or not np.isreal(result[0]):
        raise ValueError(f"function: expected a real scalar loss, got {result[0]!r}")
    at, gradient = flatten(params), flatten(result[1])
    _check_same_form(at, gradient)
    floor = 1e-4 * np.sqrt(sum((np.abs(g) ** 2).sum() for g in gradient.values()))
    zero = {n: np.zeros_like(a) for n, a in at.items()}

    def error(name, u):
        claimed = (gradient[name] * u).sum()
        direction, best = rebuild(params, zero | {name: u}), np.inf
        for order, step in ladder:
            measured = central_difference(
                lambda p: function(p)[0], params, direction, order=order, step=step
            )
            scale = max(abs(measured), abs(claimed), floor) or 1.0
            best = np.fmin(best, abs(measured - claimed) / scale)
            if best <= tolerance:
                break
        return float(best)

    errors = {}
    for name, array in at.items():
        units = rng.standard_normal((directions, *array.shape))
        errors[name] = max(error(name, u / (np.linalg.norm(u) or 1.0)) for u in units)
    return GradientCheck(errors, tolerance)


def _check_same_form(at, gradient):
    if set(at) != set(gradient):
        raise ValueError(
            f"gradients: expected the names {sorted(at)}, got {sorted(gradient)}"
        )
    for name, array in at.items():
        if array.dtype != np.float64:
            raise ValueError(f"{name}: expected float64 parameters, got {array.dtype}")
        if gradient[name].shape != array.shape:
            raise ValueError(
                f"gradients.{name}: expected shape {array.shape}, "
                f"got {gradient[name].shape}"
            )
