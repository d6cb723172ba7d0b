"""Maximum likelihood with the gradients of this package and SciPy's L-BFGS-B."""

from collections.abc import Collection
from typing import NamedTuple

import numpy as np
from scipy import optimize

from rnnlib.pointprocess.hawkes import Hawkes, hawkes_loss_and_gradients
from rnnlib.pointprocess.likelihood import loss_and_gradients
from rnnlib.pointprocess.parameters import PointProcessParams, check_params
from rnnlib.pointprocess.sequences import pad
from rnnlib.pointprocess.validate import check_numbers, check_positive, check_real
from rnnlib.validate import check_count, check_rate

WALL = 1e3  # times the loss at the start: what an infinite intensity counts as


class Fit(NamedTuple):
    """What came out; ``converged`` is the optimiser's own word."""

    params: PointProcessParams | Hawkes
    log_likelihood: float  # of the data fitted, in nats
    iterations: int
    converged: bool


def _free(params, free):
    """For each parameter a boolean array: which of its entries may move."""
    if free is None:
        return [np.ones(p.shape, bool) for p in params]
    if isinstance(free, str) or not isinstance(free, Collection):
        raise ValueError(f"free: expected a list of names, got {type(free).__name__}")
    unknown = [f for f in free if not (isinstance(f, str) and f in params._fields)]
    if unknown:
        raise ValueError(
            f"free: expected names among {', '.join(params._fields)}, "
            f"got {unknown[0]!r}"
        )
    chosen = free if isinstance(free, dict) else dict.fromkeys(free, True)
    masks = []
    for name, p in params._asdict().items():
        mask = np.asarray(chosen.get(name, False))
        if mask.dtype != bool or mask.shape not in ((), p.shape):
            kind = f"{mask.dtype} {mask.shape}"
            raise ValueError(f"free: expected booleans {p.shape} of {name}, got {kind}")
        masks.append(np.broadcast_to(mask, p.shape))
    return masks


def to_vector(params, free=None):
    """The free entries of the parameters, or of their gradient, one after the other.

    ``free`` is None for all, a list of names, or a dictionary {name: boolean array}.
    """
    check_params(params)
    masks = _free(params, free)
    return np.concatenate(
        [np.asarray(p)[m] for p, m in zip(params, masks, strict=True)]
    )


def _moved(params, vector, free):
    """The parameters with the free entries replaced by those of the vector."""
    moved, start = [], 0
    for p, m in zip(params, _free(params, free), strict=True):
        p, n = np.array(p, np.result_type(p, vector)), int(m.sum())
        p[m] = vector[start : start + n]
        start += n
        moved.append(p)
    return type(params)(*moved)


def fit(params, sequences, *, free=None, phi="tanh", weight_decay=0.0, maxiter=300):
    """Maximise the likelihood from ``params`` on.

    Parameters
    ----------
    params : PointProcessParams, float64
    sequences : list of EventSequence
    free : None, list of names, or dictionary {name: boolean array}
        Which entries may move; all by default.
    weight_decay : float
        The loss gets (weight_decay/2) times the squares of the free entries more.
    maxiter : int

    Returns
    -------
    Fit

    Raises
    ------
    ValueError
        As `loss_and_gradients` at the start; later steps into an intensity that is not
        finite count as very bad ones.
    """
    check_params(params)
    check_real("params", params.dtype)
    maxiter = check_count("maxiter", maxiter)
    weight_decay = check_rate("weight_decay", weight_decay)
    count = max(1, int(pad(sequences, params.K).events.sum()))
    start = to_vector(params, free)
    wall = WALL * (1 + abs(loss_and_gradients(params, sequences, phi=phi)[0]))
    best = [np.inf, start]  # the search may end on a step that it should not have made

    def objective(vector):
        try:
            loss, gradients = loss_and_gradients(
                _moved(params, vector, free), sequences, phi=phi
            )
        except ValueError:
            return wall / count, np.zeros_like(vector)
        loss = loss + 0.5 * weight_decay * vector @ vector
        slope = to_vector(gradients.params, free) + weight_decay * vector
        if loss < best[0]:
            best[:] = loss, vector.copy()
        return loss / count, slope / count

    found = optimize.minimize(
        objective,
        start,
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": maxiter, "ftol": 1e-12, "gtol": 1e-7, "maxcor": 20},
    )
    params = _moved(params, best[1], free)
    loss, _ = loss_and_gradients(params, sequences, phi=phi)
    return Fit(params, float(-loss), int(found.nit), bool(found.success))


def fit_hawkes(sequences, start):
    """The maximum-likelihood `Hawkes`, from ``start`` on, over the logarithms.

    Raises
    ------
    ValueError
        For a start with a zero in it, or bad sequences.
    """
    if not isinstance(start, Hawkes):
        raise ValueError(f"start: expected Hawkes, got {type(start).__name__}")
    for name, value in start._asdict().items():
        number = check_numbers(f"start.{name}", value, low=0)
        if number.ndim or number == 0:
            raise ValueError(f"start.{name}: expected a number > 0, got {value!r}")

    def objective(logs):
        params = Hawkes(*np.exp(logs))
        loss, gradient = hawkes_loss_and_gradients(params, sequences)
        return loss, np.array(gradient) * np.array(params)

    found = optimize.minimize(
        objective,
        np.log(np.array(start, float)),
        jac=True,
        method="L-BFGS-B",
        bounds=[(-15, 15)] * 3,
    )
    best = Hawkes(*map(np.asarray, np.exp(found.x)))
    return Fit(best, float(-found.fun), int(found.nit), bool(found.success))


def observed_information(params, sequences, *, free=None, phi="tanh", step=1e-30):
    """Minus the second derivatives of the log-likelihood in the free entries.

    Each row is a complex step of the gradient, exact to rounding. At the maximum the
    square roots of the diagonal of its inverse are the standard errors.
    """
    check_positive("step", step)
    vector = to_vector(params, free)
    check_real("params", vector.dtype)
    rows = np.empty((vector.size, vector.size))
    for i in range(vector.size):
        moved = vector.astype(complex)
        moved[i] += 1j * step
        gradients = loss_and_gradients(_moved(params, moved, free), sequences, phi=phi)
        rows[i] = to_vector(gradients[1].params, free).imag / step
    return (rows + rows.T) / 2
