"""Derivatives by evaluation alone: oracles that know nothing of backpropagation.

The parameters may be one array, a dictionary, a tuple or a named tuple of arrays,
nested or not: whatever the function under test takes. A gradient has the same form.
"""

from collections.abc import Callable
from numbers import Integral

import numpy as np

from rnnlib.trees import Tree, flatten, rebuild, same_form
from rnnlib.validate import check_callable, is_finite

# Central difference weights w_1, w_2, ... for f(a + j t) - f(a - j t), by order.
STENCILS = {
    2: (1 / 2,),
    4: (2 / 3, -1 / 12),
    6: (3 / 4, -3 / 20, 1 / 60),
    8: (4 / 5, -1 / 5, 4 / 105, -1 / 280),
}
STEPS = {2: 6e-6, 4: 1e-3, 6: 5e-3, 8: 1e-2}  # near the best in float64


def central_difference(
    loss: Callable,
    params: Tree,
    direction: Tree,
    *,
    order: int = 2,
    step: float | None = None,
) -> float:
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
        For another order, a step that is not positive, or a direction of another
        form.
    """
    if not (isinstance(order, Integral) and order in STENCILS):
        raise ValueError(f"order: expected one of {sorted(STENCILS)}, got {order!r}")
    order = int(order)
    check_callable("loss", loss)
    step = STEPS[order] if step is None else step
    _check_step(step)
    at, along = same_form(params, direction, "direction")

    def f(k):
        moved = {n: a + k * step * along[n] for n, a in at.items()}
        return loss(rebuild(params, moved))

    weights = enumerate(STENCILS[order], start=1)
    return sum(w * (f(j) - f(-j)) for j, w in weights) / step


def complex_step(
    loss: Callable, params: Tree, direction: Tree, *, step: float = 1e-30
) -> float:
    """The derivative along ``direction`` as Im loss(params + i step direction) / step.

    There is no subtraction, hence no cancellation: the result is exact to rounding,
    for a ``loss`` that is analytic and takes complex parameters
    {cite}`squire1998`.

    Raises
    ------
    ValueError
        When the loss is not complex (``abs`` or ``.real`` has dropped the imaginary
        part), or for a direction of another form.
    """
    check_callable("loss", loss)
    _check_step(step)
    at, along = same_form(params, direction, "direction")
    for name, d in along.items():
        if not np.isfinite(d).all():
            raise ValueError(f"direction.{name}: expected finite numbers, got others")
    moved = {n: a + 1j * step * along[n] for n, a in at.items()}
    return _imaginary(loss(rebuild(params, moved))) / step


def complex_step_gradients(
    loss: Callable, params: Tree, *, step: float = 1e-30
) -> Tree:
    """The whole gradient, one complex step an entry; of the form of ``params``.

    Raises ValueError as `complex_step`.
    """
    check_callable("loss", loss)
    _check_step(step)
    at = {n: a.astype(complex) for n, a in flatten(params).items()}
    gradient = {}
    for name, array in at.items():
        entries = np.empty(array.shape)
        for i in np.ndindex(array.shape):
            moved = array.copy()
            moved[i] += 1j * step
            entries[i] = _imaginary(loss(rebuild(params, at | {name: moved}))) / step
        gradient[name] = entries
    return rebuild(params, gradient)


def _check_step(step):
    if not (is_finite(step) and step > 0):
        raise ValueError(f"step: expected a finite number > 0, got {step!r}")


def _imaginary(value):
    if not np.iscomplexobj(value):
        kind = getattr(value, "dtype", type(value).__name__)
        raise ValueError(
            f"loss: expected a complex number from complex parameters, got {kind}"
        )
    return np.imag(value)
