"""Results that leave the range of the floats are an error that names the arguments."""

from functools import wraps

import numpy as np


def finite_result(*names):
    """Decorate a function whose result, from finite arguments, has to be finite.

    NumPy's warning of an overflow is not shown: when an array of the result, or a part
    of a tuple, is not finite, a FloatingPointError names the arguments ``names``. The
    result is judged, and not the processor's flags: those differ between machines.
    """

    def decorate(function):
        @wraps(function)
        def checked(*args, **kwargs):
            with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
                result = function(*args, **kwargs)
            if not _is_finite(result):
                raise FloatingPointError(
                    f"{', '.join(names)}: expected numbers whose results are finite, "
                    f"got an overflow in {function.__name__}"
                )
            return result

        return checked

    return decorate


def _is_finite(result):
    if isinstance(result, (tuple, list)):
        return all(map(_is_finite, result))
    if isinstance(result, (np.ndarray, np.inexact, float)):
        return bool(np.isfinite(result).all())
    return True
