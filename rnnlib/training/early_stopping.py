"""Early stopping: how long a validation value has not improved.

Pure functions over a small state. Source: {cite}`roysdon`, 1.8, names the method.
"""

from numbers import Real
from typing import NamedTuple

import numpy as np

from rnnlib.validate import check_count, check_rate, is_finite


class Patience(NamedTuple):
    """The least value so far, where it was seen, and how many came since."""

    best: float = np.inf
    best_step: int = 0
    waited: int = 0


def observe(patience, value, step, *, least_gain=0.0):
    """The state after one more validation value.

    ``value`` is an improvement when it is below ``best`` by more than ``least_gain``.

    Raises
    ------
    ValueError
        When the value is NaN or not a number, or the least gain is negative.
    """
    _check_patience(patience)
    least_gain = check_rate("least_gain", least_gain)
    if not (is_finite(value) or isinstance(value, Real) and abs(value) == np.inf):
        raise ValueError(f"value: expected a number, got {value!r}")
    step = check_count("step", step, least=0)
    if value < patience.best - least_gain:
        return Patience(float(value), int(step), 0)
    return patience._replace(waited=patience.waited + 1)


def should_stop(patience, limit):
    """True when ``limit`` values in a row brought no improvement."""
    _check_patience(patience)
    return patience.waited >= check_count("limit", limit)


def _check_patience(patience):
    if not isinstance(patience, Patience):
        kind = type(patience).__name__
        raise ValueError(f"patience: expected a Patience, got {kind}")
