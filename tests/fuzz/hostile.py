"""Wrong and unusual values in place of a right one."""

from decimal import Decimal
from fractions import Fraction

import numpy as np

LAYOUTS = {
    "Fortran": lambda a: a.copy("F"),
    "reversed": lambda a: a[..., ::-1].copy()[..., ::-1] if a.ndim else a,
    "strided": lambda a: np.repeat(a, 2, axis=0)[::2] if a.ndim else a,
    "read-only": lambda a: _read_only(a),
    "other bytes": lambda a: a.astype(a.dtype.newbyteorder()),
}
EXTREMES = (np.nan, np.inf, -np.inf, 0.0, -0.0, 5e-324, 1e308, -1e308, 1e160, 40.0)
OTHER_TYPES = (None, "no such", 3, -1.5, [1, 2], {"a": 1}, object(), True, b"x")


def _read_only(a):
    a = a.copy()
    a.flags.writeable = False
    return a


def dtypes(a):
    """(name, the same numbers in another dtype)."""
    for kind in (np.float16, np.float32, np.longdouble, np.int64, np.uint8, bool):
        if a.dtype != kind:
            with np.errstate(all="ignore"):
                yield np.dtype(kind).name, a.astype(kind)
    yield "complex64", a.astype(np.complex64)
    yield "complex128", a + 0j
    yield "object", a.astype(object)
    yield "str", a.astype(str)
    yield "datetime", np.zeros(a.shape, "datetime64[s]")
    yield "list", a.tolist()
    if a.dtype.kind in "iu":
        yield "uint64", a.astype(np.uint64)
    if a.ndim == 2:
        yield "matrix", np.asmatrix(a)
    if a.size and a.dtype.kind in "fiu":
        hidden = np.zeros(a.shape, bool)
        hidden.reshape(-1)[-1] = True
        yield "masked", np.ma.masked_array(a, hidden)


def shapes(a):
    """(name, the array in another shape)."""
    yield "one more axis", a[None]
    yield "one more axis last", a[..., None]
    yield "no dimension", np.zeros((), a.dtype)
    if not a.ndim:
        return
    yield "flat", a.ravel() if a.ndim > 1 else a[:, None][:, :, None]
    yield "transposed", a.T if a.ndim > 1 else a[None, :]
    for axis in range(a.ndim):
        yield f"axis {axis} empty", np.take(a, [], axis=axis)
        index = [*range(a.shape[axis]), 0]
        yield f"axis {axis} longer", np.take(a, index, axis=axis)


def values(a):
    """(name, the array with one entry replaced, or all of them)."""
    if a.dtype.kind == "f" and a.size:
        for value in EXTREMES:
            for what, where in (("one", -1), ("all", slice(None))):
                changed = a.copy()
                changed.reshape(-1)[where] = value
                yield f"{what} {value}", changed
    if a.dtype.kind in "iu" and a.size:
        for value in (-1, np.iinfo(a.dtype).max, np.iinfo(a.dtype).min):
            changed = a.copy()
            changed.reshape(-1)[-1] = value
            yield f"one {value}", changed


def wrong(leaf):
    """(name, value) of all that may stand in place of this leaf."""
    for value in OTHER_TYPES:
        if type(value) is not type(leaf):
            yield f"{type(value).__name__} {value!r:.12}", value
    if isinstance(leaf, np.ndarray):
        for kind in (dtypes, shapes, values):
            yield from kind(leaf)
    elif isinstance(leaf, bool):
        yield "not", not leaf
    elif isinstance(leaf, int):
        yield from ((str(n), n) for n in (0, -1, leaf + 0.5, np.nan, np.inf))
        if abs(leaf) < 2**31:
            yield "numpy integer", np.int32(leaf)
        if 0 <= leaf < 128:
            yield from (("uint64", np.uint64(leaf)), ("int8", np.int8(leaf)))
        yield "array", np.array([leaf, leaf])
    elif isinstance(leaf, float):
        yield from ((str(x), x) for x in EXTREMES)
        yield from (("numpy float", np.float32(leaf)), ("complex", leaf + 1j))
        yield "array", np.array([leaf, leaf])
        yield "huge integer", 10**400
        if np.isfinite(leaf):
            yield from (("fraction", Fraction(leaf)), ("decimal", Decimal(leaf)))
        yield "longdouble", np.longdouble(leaf)
    elif isinstance(leaf, str):
        yield "empty", ""
    elif isinstance(leaf, np.random.Generator):
        yield "module", np.random
        yield "old", np.random.RandomState(0)
