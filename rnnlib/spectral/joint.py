"""Numbers that say how products of several matrices grow: the set {Diag(v) W}.

The Jacobians of a network are Diag(phi') W with phi' anywhere in an interval. So what
counts is the joint spectral radius of a set, or a norm that suits the whole set.
"""

from itertools import product
from numbers import Real

import numpy as np

from rnnlib.spectral.jacobians import real
from rnnlib.spectral.radii import check_positive, check_range, check_scaling, square
from rnnlib.validate import check_count, shape_error

MOST = 200_000  # numbers in the products looked at before giving up


def diagonal_vertices(W, gamma=1.0, low=0.0):
    """Diag(v) W for the 2^d vectors v of entries low or gamma, (2^d, d, d).

    Every Jacobian Diag(phi') W with low <= phi' <= gamma lies in their convex hull.
    """
    W = square(W)
    gamma = check_positive("gamma", gamma)
    check_low(low, gamma)
    if 2 ** len(W) > MOST / 10:
        raise ValueError(f"W: expected d <= 14 for 2^d vertices, got d = {len(W)}")
    choices = [low] if low == gamma else [low, gamma]
    corners = np.array(list(product(choices, repeat=len(W))))
    return corners[:, :, None] * W


def check_low(low, gamma):
    """A number from 0 to gamma."""
    if not (isinstance(low, Real) and 0 <= low <= gamma):
        raise ValueError(f"low: expected a number from 0 to {gamma}, got {low!r}")


def joint_spectral_radius(matrices, *, tolerance=1e-2, scaling=None):
    """Bounds (lower, upper) on the joint spectral radius of a finite set.

    The joint spectral radius is the limit, as k grows, of the largest norm of a
    product of k of the matrices, to the power 1/k. It is that of the convex hull too.

    Gripenberg's branch and bound: the lower bound is the largest
    rho(product)^(1/length) met; a product is followed only while the smallest
    norm^(1/length) of its beginnings exceeds lower + tolerance.

    Parameters
    ----------
    matrices : array (n, d, d)
    tolerance : float
        Wanted distance of the bounds. It is not reached when too many products
        survive; the bounds are then what is known.
    scaling : array (d,), optional
        Positive: norms are taken of Diag(scaling) A Diag(1/scaling).

    Source: {cite}`jungers2009`.
    """
    A = real("matrices", matrices)
    if A.ndim != 3 or A.shape[1] != A.shape[2] or 0 in A.shape:
        raise shape_error("matrices", "(n, d, d), no size zero", A.shape)
    tolerance = check_positive("tolerance", tolerance)
    if scaling is not None:
        scaling = check_scaling(scaling, A.shape[1])
        with np.errstate(over="ignore"):
            A = A * scaling[:, None] / scaling
    check_range("matrices, scaling", A)
    products, bounds = A, _norms(A)
    lower, upper, length = _radii(A).max(), bounds.max(), 1
    while True:
        alive = bounds > lower + tolerance
        upper = min(upper, max(lower + tolerance, bounds.max()))
        if not alive.any() or alive.sum() * len(A) > MOST / A.shape[1] ** 2:
            return float(lower), float(upper)
        length += 1
        with np.errstate(over="ignore", invalid="ignore"):
            products = (products[alive, None] @ A).reshape(-1, *A.shape[1:])
        check_range("matrices, scaling, tolerance", products)
        bounds = np.repeat(bounds[alive], len(A))
        bounds = np.minimum(bounds, _norms(products) ** (1 / length))
        lower = max(lower, (_radii(products) ** (1 / length)).max())


def _norms(A):
    return np.linalg.svd(A, compute_uv=False)[:, 0]


def _radii(A):
    return np.abs(np.linalg.eigvals(A)).max(axis=1)


def diagonal_scaling(W, *, iterations=60):
    """A positive s, (d,), for which ||Diag(s) W Diag(1/s)||_2 is nearly the least.

    The least norm is a convex function of log s, but may be approached only as s goes
    to infinity. Descent on a smooth stand-in, the norm of order 2p of the singular
    values for p = 1, 2, 4, ..., 256; the best s met is returned, geometric mean one.
    """
    W = square(W)
    iterations = check_count("iterations", iterations)
    if not W.any():
        return np.ones(len(W))
    W = np.ldexp(W, -np.frexp(W)[1].max())  # the same s, and no overflow

    def look(x, p):
        U, sigma, Vt = np.linalg.svd(np.exp(x)[:, None] * W * np.exp(-x))
        weights = (sigma / sigma[0]) ** (2 * p)
        value = np.log(sigma[0]) + np.log(weights.sum()) / (2 * p)
        gradient = (U**2 - (Vt**2).T) @ weights / weights.sum()
        return sigma[0], value, gradient

    x, best, s = np.zeros(len(W)), np.inf, None
    for p in 2.0 ** np.arange(9):
        step, (_, value, gradient) = 1 / p, look(x, p)
        for _ in range(iterations):
            moved = x - step * gradient
            norm, new_value, new_gradient = look(moved, p)
            if norm < best:
                best, s = norm, np.exp(moved - moved.mean())
            if new_value <= value:
                x, value, gradient, step = moved, new_value, new_gradient, 1.5 * step
            else:
                step /= 2
    return s
