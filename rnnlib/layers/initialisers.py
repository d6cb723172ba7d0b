"""First values of a matrix, (rows, columns) = (outputs, inputs), and of an IRNN.

The only source of randomness is ``rng``, a numpy Generator. A bad shape, rng, dtype or
number is a ValueError that names the argument.
"""

import numpy as np

from rnnlib.parameters import init_params
from rnnlib.validate import check_count, check_rate, check_rng, is_finite


def scaled_normal(shape, *, rng, scale=None, dtype=np.float64):
    """Independent N(0, scale^2); by default scale = 1/sqrt(inputs)."""
    rows, columns = _check(shape, dtype)
    check_rng(rng)
    scale = columns**-0.5 if scale is None else check_rate("scale", scale)
    return (scale * rng.standard_normal((rows, columns))).astype(dtype)


def glorot(shape, *, rng, gain=1.0, dtype=np.float64):
    """Uniform on [-a, a] with a = gain sqrt(6 / (inputs + outputs)).

    The variance of an entry is gain^2 2/(inputs + outputs). Source:
    {cite}`glorot2010`, (16).
    """
    rows, columns = _check(shape, dtype)
    check_rng(rng)
    limit = check_rate("gain", gain) * (6 / (rows + columns)) ** 0.5
    if not is_finite(2 * limit):
        raise ValueError(f"gain: expected a smaller number, got {gain!r}")
    return rng.uniform(-limit, limit, (rows, columns)).astype(dtype)


def orthogonal(shape, *, rng, gain=1.0, dtype=np.float64):
    """gain Q with Q orthogonal, uniform among all of them (the Haar measure).

    For a shape that is not square the shorter side is orthonormal: all singular values
    are ``gain``. Q is that of a QR decomposition of a normal matrix, with the signs of
    the diagonal of R moved into it. Source: {cite}`saxe2014`.
    """
    rows, columns = _check(shape, dtype)
    check_rng(rng)
    gain = check_rate("gain", gain)
    tall = rng.standard_normal((max(rows, columns), min(rows, columns)))
    q, r = np.linalg.qr(tall)
    q *= np.where(np.diag(r) < 0, -1.0, 1.0)
    return (gain * (q if rows >= columns else q.T)).astype(dtype)


def scaled_identity(d, *, scale=1.0, dtype=np.float64):
    """scale I, (d, d). Source: {cite}`le2015`."""
    d = check_count("d", d)
    _check((d, d), dtype)
    return (check_rate("scale", scale) * np.eye(d)).astype(dtype)


def init_irnn(d_x, d_h, K, *, rng, scale=1e-3, identity=1.0, b_h=0.0, dtype=np.float64):
    """A network for phi = relu with W_hh = identity I and N(0, scale^2) elsewhere.

    b_h is the same number for every unit. Source: {cite}`le2015`; {cite}`roysdon`, 1.8,
    for a positive b_h.
    """
    params = init_params(d_x, d_h, K, rng=rng, scale=scale, dtype=dtype)
    identity = check_rate("identity", identity)
    return params._replace(
        W_hh=scaled_identity(d_h, scale=identity, dtype=dtype),
        b_h=np.full(d_h, check_rate("b_h", b_h), dtype),
    )


def _check(shape, dtype):
    sizes = tuple(shape) if isinstance(shape, (tuple, list)) else ()
    integers = all(
        isinstance(n, (int, np.integer)) and n is not True and n > 0 for n in sizes
    )
    if len(sizes) != 2 or not integers:
        raise ValueError(f"shape: expected two positive integers, got {shape!r}")
    if not any(dtype is known for known in (np.float32, np.float64)):
        raise ValueError(f"dtype: expected float32 or float64, got {dtype!r}")
    return sizes
