"""Clipping of gradients: by the norm of the whole, or entry by entry.

Both functions take a tree of gradients (`rnnlib.trees`) and return a new one. Gradients
that are not finite are an error: nothing that clipping does can repair them. (The loop
of `rnnlib.training` can skip such a step, when told to.)
"""

import numpy as np

from rnnlib.trees import Tree, flatten, rebuild
from rnnlib.validate import FLOATS, check_array, is_finite

REAL = FLOATS[:2]
LEAST = np.finfo(float).tiny / np.finfo(float).eps ** 2  # a sum that lost no square


def global_norm(gradients: Tree) -> float:
    """The Euclidean norm of all entries of a tree together, as a float.

    It is the root of a sum of squares. Where squares could overflow or underflow, the
    largest entry is divided out first. A norm above the range of float64 is inf.

    Raises
    ------
    ValueError
        When an entry is not finite.
    """
    largest, root = _norm(_real(gradients))
    return largest * root


def clip_by_global_norm(gradients: Tree, threshold: float) -> Tree:
    """g tau / max(tau, |g|), with |g| the norm of all arrays together.

    The direction of the whole gradient is kept. A gradient whose norm is at most the
    threshold comes back as it is, bit for bit.

    Parameters
    ----------
    gradients : tree of arrays
    threshold : float
        tau > 0, in the units of the gradient.

    Raises
    ------
    ValueError
        When an entry is not finite, or the threshold is not a positive number.

    Source: {cite}`topcuoglu`, (15); {cite}`pascanu2013`.
    """
    threshold = _check_threshold(threshold)
    flat = _real(gradients)
    largest, root = _norm(flat)
    if largest * root <= threshold:
        return rebuild(gradients, {k: np.copy(g) for k, g in flat.items()})
    scale = threshold / root  # g / |g| is (g / largest) / root
    clipped = {
        k: (g / g.dtype.type(largest)) * g.dtype.type(scale) for k, g in flat.items()
    }
    return rebuild(gradients, clipped)


def clip_by_value(gradients: Tree, threshold: float) -> Tree:
    """Every entry limited to [-tau, tau] by itself: the direction may turn.

    Parameters and errors as `clip_by_global_norm`; tau is in the units of an entry.

    Source: {cite}`topcuoglu`, section 13, lines 64-66.
    """
    threshold = _check_threshold(threshold)
    flat = _check_finite(_real(gradients))
    return rebuild(
        gradients, {k: np.clip(g, -threshold, threshold) for k, g in flat.items()}
    )


def _norm(flat):
    """(unit, norm / unit), in double precision; the unit is 1 or the largest entry.

    Raises ValueError when an entry is not finite.
    """
    squares = sum(map(_sum_of_squares, flat.values()))
    if LEAST < squares < np.inf:
        return 1.0, squares**0.5
    _check_finite(flat)
    sizes = [float(np.abs(g).max()) for g in flat.values() if g.size]
    largest = max(sizes, default=0.0)
    if largest == 0:
        return 0.0, 1.0
    scaled = (g.astype(np.float64) / largest for g in flat.values())
    return largest, sum(map(_sum_of_squares, scaled)) ** 0.5


def _sum_of_squares(g):
    entries = g.ravel(order="K").astype(np.float64, copy=False)
    with np.errstate(all="ignore"):
        return float(entries.dot(entries))


def _real(gradients):
    """The arrays of a tree, all of them real and floating."""
    flat = flatten(gradients)
    for key, array in flat.items():
        if array.dtype.newbyteorder("=") not in REAL:
            check_array(f"gradients.{key}", array)  # an error if it is not floating
            raise ValueError(
                f"gradients.{key}: expected real numbers, got {array.dtype}"
            )
    return flat


def _check_finite(flat):
    for key, array in flat.items():
        check_array(f"gradients.{key}", array)
    return flat


def _check_threshold(threshold):
    if not (is_finite(threshold) and threshold > 0):
        raise ValueError(f"threshold: expected a finite number > 0, got {threshold!r}")
    return float(threshold)
