"""Maximum likelihood with the gradients of this package and SciPy's L-BFGS-B.

Times are divided by a power of two near the mean time per event before a search, so
that the unit in which they come makes no difference. Whether a fit has converged is
read off the gradient at the answer, in those units, and not the optimiser's word.
"""

from collections.abc import Collection
from typing import NamedTuple

import numpy as np
from scipy import optimize

from rnnlib.pointprocess.hawkes import Hawkes, hawkes_loss_and_gradients
from rnnlib.pointprocess.likelihood import loss_and_gradients
from rnnlib.pointprocess.parameters import PointProcessParams, check_params
from rnnlib.pointprocess.sequences import EventSequence, pad
from rnnlib.pointprocess.validate import check_numbers, check_real
from rnnlib.validate import check_count, check_positive, check_rate

WALL = 1e3  # times the loss at the start: what an infinite intensity counts as
FLAT = 1e-5  # nats an event: the largest slope of a converged `fit`
GAIN = 1e-6  # nats: what a Newton step may promise at the answer of `fit_hawkes`
CURVED = 1e-6  # nats: the least curvature of a maximum in the logarithms
FAR = 40.0  # logarithms of the parameters of `fit_hawkes` stay within it
PEAKS = 4  # maxima of the profile from which `fit_hawkes` starts
PER_UNIT = 4  # decays tried for each unit of the logarithm


class Fit(NamedTuple):
    """What came out. ``converged`` is read off the gradient; ``message`` says how.

    The slope is the largest entry of the gradient of the loss at the answer, in nats an
    event: for `fit` with respect to the free entries, in units of time near the mean
    time per event; for `fit_hawkes` with respect to the logarithms.
    """

    params: PointProcessParams | Hawkes
    log_likelihood: float  # of the data fitted, in nats
    iterations: int
    converged: bool
    slope: float
    message: str


def _scaled(sequences):
    """The sequences in a unit of time that is near the mean time per event, and it.

    The unit is a power of two, so that no two times meet.
    """
    batch = pad(sequences)
    mean = batch.gaps.sum() / max(1, batch.events.sum())
    unit = float(np.ldexp(1.0, int(np.frexp(mean)[1]) - 1))
    scaled = [EventSequence(s.times / unit, s.T / unit, s.marks) for s in sequences]
    return scaled, unit


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


def _in_unit(params, unit):
    """The same process, time measured in that unit."""
    W_xh = np.array(params.W_xh)
    W_xh[:, -1] *= unit
    w, b = np.asarray(params.w * unit), np.asarray(params.b + np.log(unit))
    return params._replace(W_xh=W_xh, w=w, b=b)


def fit(params, sequences, *, free=None, phi="tanh", weight_decay=0.0, maxiter=300):
    """Climb to a maximum of the likelihood from ``params`` on.

    A network has many maxima. ``converged`` says that the answer is level, to 1e-5 nats
    an event, and not that no other start would come out higher: try several.

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
    loss_and_gradients(params, sequences, phi=phi)
    scaled, unit = _scaled(sequences)
    ones = type(params)(*map(np.ones_like, params))
    factor = to_vector(_in_unit(ones, unit)._replace(b=ones.b), free)
    given, params = params, _in_unit(params, unit)
    start = to_vector(params, free)
    shift = start - factor * to_vector(given, free)  # vector = factor given + shift
    wall = WALL * (1 + abs(loss_and_gradients(params, scaled, phi=phi)[0]))
    best = [np.inf, start, np.full_like(start, np.inf)]  # of all steps

    def objective(vector):
        try:
            loss, gradients = loss_and_gradients(
                _moved(params, vector, free), scaled, phi=phi
            )
        except (ValueError, FloatingPointError):
            return wall, np.zeros_like(vector)
        decayed = (vector - shift) / factor
        loss = loss + 0.5 * weight_decay * decayed @ decayed
        slope = to_vector(gradients.params, free) + weight_decay * decayed / factor
        if loss < best[0]:
            best[:] = loss, vector.copy(), slope
        return loss / count, slope / count

    found = optimize.minimize(
        objective,
        start,
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": maxiter, "ftol": 1e-14, "gtol": 1e-7, "maxcor": 20},
    )
    slope = float(np.abs(best[2]).max(initial=0.0) / count)
    params = _moved(given, (best[1] - shift) / factor, free)
    loss, _ = loss_and_gradients(params, sequences, phi=phi)
    level = slope <= FLAT
    message = f"slope {slope:.1e} nats an event, " + ("level" if level else "not level")
    return Fit(params, float(-loss), int(found.nit), level, slope, message)


def _profile(batch, betas):
    """For each decay the best gain over a Poisson process in nats, with mu and alpha.

    At a maximum in mu and alpha the compensators add up to N, so one number is left:
    the share p of the compensator that is excited. The gain is the sum over events of
    log(1 - p + p q), q = S T/C, with S just before the event and C the sum of the
    compensators for mu = 0 and alpha = 1. It is concave in p: bisection finds its top.
    """
    gaps, seen = batch.gaps[..., None], batch.events[..., None]
    decay, S = np.exp(-betas * gaps), np.zeros((*batch.gaps.shape, len(betas)))
    for j in range(1, len(gaps)):
        S[j] = 1 + decay[j - 1] * S[j - 1]
    C = (S * -np.expm1(-betas * gaps) / betas).sum((0, 1))
    C = np.maximum(C, np.finfo(float).tiny)  # zero for one event, at the very end
    T, N = batch.gaps.sum(), batch.events.sum()
    q = np.where(seen, (decay * S)[:-1] * T / C, 1.0)
    low, high = np.zeros(len(betas)), np.ones(len(betas))
    for _ in range(50):
        p = (low + high) / 2
        rises = ((q - 1) / (1 - p + p * q)).sum((0, 1)) > 0
        low, high = np.where(rises, p, low), np.where(rises, high, p)
    p = low
    return np.log(1 - p + p * q).sum((0, 1)), (1 - p) * N / T, p * N / C


def _peaks(batch):
    """Starts at the highest maxima of the profile, and the profile's greatest value.

    Decays are tried from far below one in the longest window to far above one in the
    shortest gap, evenly in the logarithm.
    """
    gaps = batch.gaps[:-1][batch.events]
    low = np.log(0.01 / batch.gaps.sum(axis=0).max())
    high = np.log(100 / gaps.min())
    betas = np.exp(np.linspace(low, high, int(PER_UNIT * (high - low)) + 2))
    values, mu, alpha = _profile(batch, betas)
    padded = np.concatenate([[-np.inf], values, [-np.inf]])
    inside = (values >= padded[:-2]) & (values >= padded[2:]) & (alpha > 0)
    order = np.argsort(-np.where(inside, values, -np.inf))[:PEAKS]
    starts = [Hawkes(mu[i], alpha[i], betas[i]) for i in order if inside[i]]
    return starts, float(values.max())


def _climb(start, sequences):
    """From one start: logarithms, loss, gradient, curvature and steps at the answer."""

    def objective(logs):
        params = Hawkes(*np.exp(logs))
        loss, gradient = hawkes_loss_and_gradients(params, sequences)
        return loss, np.array(gradient) * np.array(params)

    def curvature(logs):
        steps = 1e-30j * np.eye(3)
        return np.array([objective(logs + s)[1].imag / 1e-30 for s in steps])

    logs = np.clip(np.log(np.array(start, float)), -FAR, FAR)
    found = optimize.minimize(
        objective,
        logs,
        jac=True,
        method="L-BFGS-B",
        bounds=[(-FAR, FAR)] * 3,
        options={"maxiter": 500, "ftol": 1e-15, "gtol": 1e-8},
    )
    logs, (loss, gradient) = found.x, objective(found.x)
    for _ in range(5):  # Newton, while it helps
        H = curvature(logs)
        if np.linalg.eigvalsh(H)[0] < CURVED:
            break
        moved = logs - np.linalg.solve(H, gradient)
        if np.abs(moved - logs).max() > 1 or np.abs(moved).max() > FAR:
            break
        new_loss, new_gradient = objective(moved)
        if np.abs(new_gradient).max() >= np.abs(gradient).max():
            break
        logs, loss, gradient = moved, new_loss, new_gradient
    return logs, loss, gradient, curvature(logs), int(found.nit)


def _verdict(logs, gradient, H, gain, most):
    """Whether the answer is proved to be a maximum, and a message."""
    if gain < most - 1e-4:
        return False, "higher values lie at the ends of the range of beta"
    if most <= GAIN or np.exp(logs[1] - logs[2]) < 1e-9:
        return False, "alpha is at its bound, 0: a Poisson process is as likely"
    if np.abs(logs).max() > FAR - 1:
        return False, "at a bound of the search"
    least = np.linalg.eigvalsh(H)[0]
    if least < CURVED:
        return False, f"no maximum is proved: the least curvature is {least:.1e} nats"
    promised = gradient @ np.linalg.solve(H, gradient) / 2
    if promised > GAIN:
        return False, f"a Newton step promises {promised:.1e} nats more"
    return True, f"a Newton step promises less than {GAIN:g} nats more"


def fit_hawkes(sequences, start):
    """The maximum-likelihood `Hawkes`, over the logarithms, from several starts.

    They are ``start`` and the highest maxima of the profile likelihood of beta, which
    for one beta is concave in mu and alpha. ``converged`` says that the curvature at
    the answer is positive and that a Newton step promises less than 1e-6 nats more. An
    answer at a bound, as alpha = 0 for data without excitement, is no such maximum.

    Raises
    ------
    ValueError
        For a start with a zero in it, bad sequences, or no event in them.
    """
    if not isinstance(start, Hawkes):
        raise ValueError(f"start: expected Hawkes, got {type(start).__name__}")
    for name, value in start._asdict().items():
        number = check_numbers(f"start.{name}", value, low=0)
        if number.ndim or number == 0:
            raise ValueError(f"start.{name}: expected a number > 0, got {value!r}")
    batch = pad(sequences)
    N = int(batch.events.sum())
    if not N:
        raise ValueError("sequences: expected at least one event, got none")
    scaled, unit = _scaled(sequences)
    batch = pad(scaled)
    starts, most = _peaks(batch)
    given = Hawkes(*(float(value) * unit for value in start))
    answers = [_climb(s, scaled) for s in [given, *starts]]
    logs, loss, gradient, H, _ = min(answers, key=lambda answer: answer[1])
    poisson = N - N * np.log(N / batch.gaps.sum())
    converged, message = _verdict(logs, gradient, H, poisson - loss, most)
    params = Hawkes(*map(np.asarray, np.exp(logs) / unit))
    log_likelihood = float(-loss - N * np.log(unit))
    steps = sum(answer[-1] for answer in answers)
    slope = float(np.abs(gradient).max() / N)
    return Fit(params, log_likelihood, steps, converged, slope, message)


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
