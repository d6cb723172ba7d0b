"""Numbers that say how products of several matrices grow: the set {Diag(v) W}.

The Jacobians of a network are Diag(phi') W with phi' anywhere in an interval. So what
counts is the joint spectral radius of a set, or a norm that suits the whole set.
"""

from itertools import product

import numpy as np

from rnnlib.spectral import certificates
from rnnlib.spectral.certificates import rounding
from rnnlib.spectral.jacobians import real
from rnnlib.spectral.norms import log_product_norms
from rnnlib.spectral.radii import check_range, check_scaling, square
from rnnlib.validate import check_count, check_positive, is_finite, shape_error

MOST = 200_000  # numbers in the products looked at before giving up
LONGEST, LARGE = 1000, 2.0**400  # factors, and size, of a product looked at


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


def log_largest_norms(vertices, length):
    """At least log max ||V_n ... V_1||_2 over the vertices, for n = 0, ..., length.

    The vertices (n, d, d) have entries of size one at most, or of any size where scales
    differ. The rounding of a product is at most that of the product of the sizes, and
    those are at most the largest.
    """
    d, size = vertices.shape[-1], np.abs(vertices).max(0)
    least = size[size > 0].min(initial=1.0)
    narrow = size.max() <= 1 and length * np.log2(least) > -900
    products, logs = np.eye(d)[None], [0.0]
    factors = []
    for n in range(1, length + 1):
        lost = rounding((d + 4) * n) + 2e-8 * (not narrow)
        sizes = log_product_norms(np.broadcast_to(size, (n, d, d)))[0, 0]
        if narrow:
            products = (products[:, None] @ vertices).reshape(-1, d, d)
            _, high = certificates.singular_bounds(products)
            largest = np.log(high.max()) if products.any() else -np.inf
        else:
            factors = _extended(factors, vertices)
            largest = log_product_norms(np.array(factors))[0].max() + 2e-8
        logs.append(np.logaddexp(largest, np.log(lost) + sizes))
    return np.array(logs)


def _extended(factors, vertices):
    """All products as their factors, (n, products, d, d), with one factor more."""
    if not len(factors):
        return vertices[None]
    longer = np.repeat(factors, len(vertices), axis=1)
    return np.append(longer, np.tile(vertices, (factors.shape[1], 1, 1))[None], 0)


def check_low(low, gamma):
    """A number from 0 to gamma."""
    if not (is_finite(low) and 0 <= low <= gamma):
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
    largest = np.abs(A).max(0)
    _, e, n = certificates.balanced(largest)
    if not largest.any():
        return 0.0, 0.0
    A = np.ldexp(A, n - n[:, None] - e)  # similar, and of size one
    radius = np.abs(np.linalg.eigvals(A)).max()
    more = max(int(np.frexp(radius)[1]), -20)  # so that long products stay in range
    A, e = np.ldexp(A, -more), e + more
    lower, upper = _branch_and_bound(A, np.ldexp(tolerance, -e))
    return float(np.ldexp(lower, e)), float(np.ldexp(upper, e))


def _branch_and_bound(A, tolerance):
    """The bounds for matrices of radius about one; each is rounded outward."""
    products, sizes = A, np.abs(A)
    bounds = _norms(A, sizes, 1)
    lower, upper, length = _radius(A, sizes, 1), bounds.max(), 1
    while True:
        alive = bounds > max(lower + tolerance, lower * (1 + 1e-11))
        upper = min(upper, max(lower + tolerance, bounds.max()))
        most = alive.sum() * len(A) > MOST / A.shape[1] ** 2
        if not alive.any() or most or length == LONGEST or sizes.max() > LARGE:
            return lower, max(lower, upper)
        length += 1
        products, sizes = (
            (P[alive, None] @ Q).reshape(-1, *A.shape[1:])
            for P, Q in ((products, A), (sizes, np.abs(A)))
        )
        bounds = np.repeat(bounds[alive], len(A))
        norms = _norms(products, sizes, length)
        bounds = np.minimum(bounds, norms ** (1 / length) * (1 + 1e-14))
        lower = max(lower, _radius(products, sizes, length))


def _norms(products, sizes, length):
    """At least ||product||_2, of ``length`` matrices each, and of their sizes."""
    largest = np.linalg.svd(products, compute_uv=False)[:, 0]  # backward stable
    lost = rounding((products.shape[-1] + 4) * (length + 10))
    return largest + lost * certificates.frobenius(sizes)


def _radius(products, sizes, length):
    """At most the largest rho(product)^(1/length), and near it where that is known."""
    best = np.abs(np.linalg.eigvals(products)).max(axis=1).argmax()
    if not products[best].any():
        return 0.0
    product, e = certificates.unit(products[best])
    lost = rounding((len(product) + 4) * length)
    error = np.ldexp(lost * certificates.frobenius(sizes[best]), -e)
    values, distance = certificates.eigenvalues_near(product, error)
    least = max(values.max() - distance, 0.0)
    return float(np.ldexp(least, e) ** (1 / length) * (1 - 1e-14))


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
    W, _, start = certificates.balanced(W)  # the same s but for a factor, no overflow

    x, best, s = np.zeros(len(W)), np.inf, None
    for p in 2.0 ** np.arange(9):
        step, (_, value, gradient) = 1 / p, _stand_in(W, x, p)
        for _ in range(iterations):
            moved = x - step * gradient
            norm, new_value, new_gradient = _stand_in(W, moved, p)
            if norm < best:
                best, s = norm, moved  # of mean zero, as gradients are
            if new_value <= value:
                x, value, gradient, step = moved, new_value, new_gradient, 1.5 * step
            else:
                step /= 2
    s = s - (start - start.mean()) * np.log(2)
    return np.exp(s)


def _stand_in(W, x, p):
    """||Diag(exp x) W Diag(exp -x)||_2, and a smooth stand-in with its gradient.

    It is the logarithm of the norm of order 2p of the singular values.
    """
    U, sigma, Vt = np.linalg.svd(np.exp(x)[:, None] * W * np.exp(-x))
    weights = (sigma / sigma[0]) ** (2 * p)
    value = np.log(sigma[0]) + np.log(weights.sum()) / (2 * p)
    gradient = (U**2 - (Vt**2).T) @ weights / weights.sum()
    return sigma[0], value, gradient
