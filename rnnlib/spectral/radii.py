"""Numbers that say how the powers of one matrix grow.

For a square W: rho(W) <= w(W) <= ||W||_2 <= 2 w(W), and rho(W) <= rho(|W|), where rho
is the spectral radius and w the numerical radius.
"""

import numpy as np

from rnnlib.spectral import certificates
from rnnlib.spectral.jacobians import real
from rnnlib.validate import check_positive, finite_result, shape_error


@finite_result("W")
def spectral_norm(W):
    """||W||_2, the largest singular value, of a matrix of any shape.

    ValueError, as from every function here, unless W is finite, real and a matrix.
    """
    W = real("W", W)
    if W.ndim != 2 or W.size == 0:
        raise shape_error("W", "(m, d), no size zero", W.shape)
    return float(np.linalg.svd(W, compute_uv=False)[0])


@finite_result("W")
def smallest_singular_value(W):
    """sigma_min(W) = min ||W v|| over unit vectors v; zero when W is singular.

    An SVD finds it to a part of ||W||. Where that says too little, for d up to 12, it
    is 1/||W^-1|| with an inverse in integers: zero exactly when W is singular.
    """
    W = square(W)
    A, e = certificates.unit(W)
    smallest = np.linalg.svd(A, compute_uv=False)[-1]
    if smallest > 1e-5 or len(W) > certificates.EXACT:
        return float(np.ldexp(smallest, e))
    inverse = certificates.inverse_in_integers(W)
    if inverse is None:
        return 0.0
    V, e = inverse
    return float(np.ldexp(1 / np.linalg.svd(V, compute_uv=False)[0], -e))


@finite_result("W")
def spectral_radius(W):
    """rho(W), the largest absolute value of an eigenvalue; no norm, but below all.

    An eigenvalue of a defective matrix is known to the square root of the rounding
    only (for a block of two; to the d-th root for one of d).
    """
    return float(np.abs(np.linalg.eigvals(square(W))).max())


@finite_result("W")
def numerical_radius(W, *, tolerance=1e-8):
    """w(W) = max |v* W v| over complex unit vectors v, to a relative tolerance.

    It is the maximum over angles a of the largest eigenvalue of the Hermitian part of
    exp(i a) W. Between two angles with values f and g, at a distance of 2b, the values
    are at most max(f, g) / cos b: intervals that cannot hold the maximum are dropped.

    Source: {cite}`trefethen2005`.
    """
    W = square(W)
    tolerance = check_positive("tolerance", tolerance)
    if not W.any():
        return 0.0
    scale = np.abs(W).max()

    def values(angles):
        turned = np.exp(1j * angles)[:, None, None] * (W / scale)
        hermitian = (turned + turned.conj().swapaxes(1, 2)) / 2
        return np.linalg.eigvalsh(hermitian)[:, -1]

    count = 32  # intervals between 0 and pi: W is real, so f(-a) = f(a)
    left, half = np.pi / count * np.arange(count), np.pi / (2 * count)
    f = values(np.append(left, np.pi))
    f_left, f_right, best = f[:-1], f[1:], f.max()
    while 1 / np.cos(half) - 1 > tolerance:
        keep = np.maximum(f_left, f_right) >= best * np.cos(half)
        left, f_left, f_right = left[keep], f_left[keep], f_right[keep]
        middle = values(left + half)
        best = max(best, middle.max())
        left = np.concatenate([left, left + half])
        f_left, f_right = np.append(f_left, middle), np.append(middle, f_right)
        half /= 2
    return float(scale * best)


def square(W, name="W"):
    """A finite real square matrix, in double precision."""
    W = real(name, W)
    if W.ndim != 2 or W.shape[0] != W.shape[1] or W.size == 0:
        raise shape_error(name, "(d, d), d > 0", W.shape)
    return W


def check_scaling(scaling, d):
    """A positive vector of d entries."""
    scaling = real("scaling", scaling)
    if scaling.shape != (d,):
        raise shape_error("scaling", (d,), scaling.shape)
    if not (scaling > 0).all():
        raise ValueError(f"scaling: expected positive numbers, got {scaling.min()}")
    return scaling


def check_range(names, *arrays):
    """Finite results of finite arguments; else an error that names the arguments."""
    if not all(np.isfinite(a).all() for a in arrays):
        raise FloatingPointError(f"{names}: expected smaller numbers, got an overflow")
