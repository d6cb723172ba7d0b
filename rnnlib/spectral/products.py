"""Products of Jacobians, latest on the left, of any length and size.

Every running product carries a power of two, so no length overflows or underflows.
Where its entries drift too far apart for floats, each entry gets a power of its own.
Scaling by powers of two is exact.
"""

from numbers import Integral

import numpy as np

from rnnlib.spectral.jacobians import as_jacobians

NARROW = 2.0**-500  # smallest entry of a product, its largest being near one
NOTHING = np.iinfo(np.int32).min  # the exponent of zero, below all others


def running_products(J):
    """Yield (t, M, E) for t = T, T-1, ..., 0, with dh_T/dh_t = M 2^E.

    ``M`` has shape (B, d, d), its largest entries near one. ``E`` holds integers, one
    for each sequence (B, 1, 1) or each entry (B, d, d). Copy what must be kept: the
    arrays belong to the next step.

    Raises
    ------
    ValueError
        As `as_jacobians`.
    """
    J = as_jacobians(J)
    T, B, d = J.sizes
    M, E = np.tile(np.eye(d), (B, 1, 1)), np.zeros((B, 1, 1), np.int64)
    yield T, M, E
    size, extreme, wide = np.abs(M), J.extreme(), np.zeros(B, bool)
    spare = np.empty_like(M)
    for t in range(T, 0, -1):
        wide |= extreme[t - 1]
        if size.min() < NARROW:
            wide |= ((size < NARROW) & (size > 0)).any((1, 2))
        if wide.any():
            M, E = _times_wide(J, t, M, np.broadcast_to(E, M.shape).copy(), wide)
        else:
            M, spare = J.times(M, t, out=spare, work=size), M
        np.abs(M, out=size)
        shift = np.frexp(size.max((1, 2), keepdims=True))[1]
        shift[np.abs(shift) < 9] = 0  # none of a wide one, whose entries are mantissas
        if shift.any():
            factor = np.ldexp(1.0, -shift)
            M *= factor
            size *= factor
            E = E + shift
        yield t - 1, M, E


def _times_wide(J, t, M, E, wide):
    """M 2^E times J_t: entry by entry where ``wide``, as usual elsewhere."""
    narrow = np.where(wide[:, None, None], 0, M)
    product = J.times(narrow, t, np.empty_like(M), np.empty_like(M))
    for b in np.flatnonzero(wide):
        mantissa, exponent = J.frexp(t, b)
        for i in range(len(M[b])):
            terms = M[b, i][:, None] * mantissa
            powers = E[b, i][:, None] + exponent
            top = np.where(terms != 0, powers, NOTHING).max(axis=0)
            below = np.clip(powers - top, -2000, 0)
            product[b, i], shift = np.frexp(np.ldexp(terms, below).sum(axis=0))
            E[b, i] = top + shift
    return product, E


def aligned(M, E):
    """M 2^E as Q 2^e, one exponent a sequence: Q (B, d, d), e (B,).

    Entries of Q are at most 2^9. Those that are 2^-1000 times smaller than the largest
    may become zero: they do not count in a norm of Q. Q is zero where the product is.
    """
    if E.size == len(E):  # so it is already
        return M, E[:, 0, 0]
    e = np.where(M != 0, E, NOTHING).max((1, 2), keepdims=True)
    return M * np.ldexp(1.0, np.clip(E - e, -2000, 0)), e[:, 0, 0]


def jacobian_product(J, t, i):
    """dh_t/dh_i = J_t J_{t-1} ... J_{i+1} for every sequence, (B, d, d).

    Entries are ordinary floats. A product beyond their range is an error, never a
    zero or an infinity: `log_product_norms` has no such limit.

    Parameters
    ----------
    J : what `jacobians` returns, or an array (T, d, d) or (T, B, d, d)
    t, i : int
        0 <= i <= t <= T.

    Raises
    ------
    ValueError
        For other indices or matrices.
    FloatingPointError
        When an entry overflows, or underflows to zero.

    Source: {cite}`khanna`, (19).
    """
    J = as_jacobians(J)
    T = J.sizes[0]
    if not all(isinstance(n, Integral) for n in (t, i)) or not 0 <= i <= t <= T:
        raise ValueError(f"t, i: expected 0 <= i <= t <= {T}, got t = {t!r}, i = {i!r}")
    *_, (_, M, E) = running_products(J.between(i, t))
    with np.errstate(over="ignore"):
        product = np.ldexp(M, np.clip(E, -5000, 5000))
    if not np.isfinite(product).all():
        raise FloatingPointError("J: the product overflows; see log_product_norms")
    if ((product == 0) & (M != 0)).any():
        raise FloatingPointError("J: the product underflows; see log_product_norms")
    return product
