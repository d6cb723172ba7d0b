"""Clipping of gradients: by the norm of the whole, or entry by entry.

Both functions take a tree of gradients (`rnnlib.trees`) and return a new one. Gradients
that are not finite are an error: nothing that clipping does can repair them. (The loop
of `rnnlib.training` can skip such a step, when told to.)
"""

import numpy as np

from rnnlib.trees import Tree, flatten, rebuild
from rnnlib.validate import check_array, is_finite


def global_norm(gradients: Tree) -> float:
    """The Euclidean norm of all entries of a tree together, as a float.

    The largest entry is divided out first, so that no square overflows or underflows.
    A norm above the range of float64 is inf.

    Raises
    ------
    ValueError
        When an entry is not finite.
    """
    largest, root = _norm(_finite(gradients))
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
    flat = _finite(gradients)
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
    flat = _finite(gradients)
    return rebuild(
        gradients, {k: np.clip(g, -threshold, threshold) for k, g in flat.items()}
    )


def _norm(flat):
    """(largest entry, norm / largest entry), in double precision."""
    sizes = [float(np.abs(g).max()) for g in flat.values() if g.size]
    largest = max(sizes, default=0.0)
    if largest == 0:
        return 0.0, 1.0
    squares = sum(
        float(np.square(g.astype(np.float64) / largest).sum()) for g in flat.values()
    )
    return largest, squares**0.5


def _finite(gradients):
    flat = flatten(gradients)
    for key, array in flat.items():
        check_array(f"gradients.{key}", array)
        if array.dtype.kind != "f":
            raise ValueError(
                f"gradients.{key}: expected real numbers, got {array.dtype}"
            )
    return flat


def _check_threshold(threshold):
    if not (is_finite(threshold) and threshold > 0):
        raise ValueError(f"threshold: expected a finite number > 0, got {threshold!r}")
    return float(threshold)
