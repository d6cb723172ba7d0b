"""Checks of events, gaps and rates: errors name what was expected and what came."""

import numpy as np

from rnnlib.validate import check_positive, is_array, kind_of


def check_numbers(name, value, low=None):
    """Finite numbers as an array, real or complex; real and >= low if that is given."""
    if isinstance(value, np.ndarray) and not is_array(value):
        raise ValueError(f"{name}: expected numbers, got {kind_of(value)}")
    array = np.asarray(value)
    if array.dtype in (np.longdouble, np.clongdouble):
        raise ValueError(f"{name}: expected numbers, got {array.dtype}")
    if array.dtype.kind not in ("fiu" if low is not None else "fciu"):
        kind = type(value).__name__ if array.dtype.kind == "O" else array.dtype
        raise ValueError(f"{name}: expected numbers, got {kind}")
    if not np.isfinite(array).all():
        bad = array[~np.isfinite(array)].flat[0]
        raise ValueError(f"{name}: expected finite numbers, got {bad}")
    if low is not None and array.size and array.min() < low:
        raise ValueError(f"{name}: expected numbers >= {low}, got {array.min():.6g}")
    return array.astype(float) if array.dtype.kind in "iu" else array


def check_slope(w):
    """w, one finite number, real or complex, as an array without dimensions."""
    w = check_numbers("w", w)
    if w.ndim:
        raise ValueError(f"w: expected one number, got shape {w.shape}")
    return w


def check_broadcast(name, shape, a):
    """A shape that goes with that of the array a."""
    try:
        np.broadcast_shapes(shape, a.shape)
    except ValueError:
        raise ValueError(
            f"{name}: expected a shape that broadcasts with {a.shape} of a, got {shape}"
        ) from None


def check_real(name, dtype):
    """Real numbers where a draw or a search cannot be complex."""
    if dtype.kind == "c":
        raise ValueError(f"{name}: expected real numbers, got {dtype}")


def check_times(name, times, T):
    """Floats with 0 < t_1 < ... < t_N <= T; N may be zero."""
    check_positive(f"{name}.T", T)
    if not is_array(times) or times.dtype.kind != "f" or times.ndim != 1:
        kind = kind_of(times)
        rank = f" of shape {times.shape}" if isinstance(times, np.ndarray) else ""
        raise ValueError(
            f"{name}.times: expected a floating NumPy array (N,), got {kind}{rank}"
        )
    check_numbers(f"{name}.times", times)
    if not times.size:
        return times
    if times[0] <= 0:
        raise ValueError(f"{name}.times: expected times > 0, got {times[0]:.6g}")
    steps = np.diff(times)
    if (steps <= 0).any():
        j = int(np.argmax(steps <= 0))
        raise ValueError(
            f"{name}.times: expected strictly increasing times, "
            f"got {times[j]:.6g} and then {times[j + 1]:.6g}"
        )
    if times[-1] > T:
        raise ValueError(
            f"{name}.times: expected times <= T = {T:.6g}, got {times[-1]:.6g}"
        )
    return times


def check_marks(name, marks, N, K):
    """Integers (N,) from 0 to K - 1; may be left out when there is one mark."""
    if marks is None:
        if K is not None and K > 1:
            raise ValueError(f"{name}.marks: expected integers ({N},), got None")
        return np.zeros(N, int)
    if not is_array(marks) or marks.dtype.kind not in "iu":
        kind = kind_of(marks)
        raise ValueError(f"{name}.marks: expected integers ({N},), got {kind}")
    if marks.shape != (N,):
        raise ValueError(
            f"{name}.marks: expected one mark for each event, ({N},), got {marks.shape}"
        )
    high = np.inf if K is None else K - 1
    if N and (marks.min() < 0 or marks.max() > high):
        raise ValueError(
            f"{name}.marks: expected integers from 0 to {high}, "
            f"got {marks.min()} to {marks.max()}"
        )
    return marks
