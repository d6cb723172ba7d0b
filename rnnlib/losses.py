"""Losses on the logits z, each returned with its gradient delta_z = d(loss)/dz.

Both losses are sums over every step and every sequence: the loss of a
batch is the sum of the losses of its sequences. Logits have shape (T, B, K) for one
output a step, or (B, K) for one output a sequence; a mask, of the shape of the logits
without K, leaves out the steps where it is False.
"""

import numpy as np
from numpy.typing import NDArray

from rnnlib.parameters import MATRICES, Params, check_params
from rnnlib.validate import (
    check_array,
    check_indices,
    check_precision,
    check_rate,
    finite_result,
    is_array,
    kind_of,
    shape_error,
)


def _shifted(z):
    """z minus its largest entry (by real part): the largest exponent is exp(0).

    A difference below the range of the floats becomes -inf, and its exponential the
    zero that it rounds to.
    """
    check_array("z", z)
    if z.ndim == 0 or z.size == 0:
        raise shape_error("z", "(..., K) with no size zero", z.shape)
    with np.errstate(over="ignore"):
        return z - z.real.max(axis=-1, keepdims=True)


def log_softmax(z: NDArray) -> NDArray:
    """log p = z - log sum_j exp(z_j) along the last axis, without overflow.

    z is a floating array (..., K) of logits; ValueError when it is not.
    """
    shifted = _shifted(z)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def softmax(z: NDArray) -> NDArray:
    """p_k = exp(z_k) / sum_j exp(z_j) along the last axis, without overflow.

    z is a floating array (..., K) of logits; ValueError when it is not.
    """
    e = np.exp(_shifted(z))
    return e / e.sum(axis=-1, keepdims=True)


def cross_entropy(
    z: NDArray, y: NDArray, mask: NDArray | None = None
) -> tuple[np.floating, NDArray]:
    """The cross-entropy of softmax(z), summed, and its gradient p - y.

    Parameters
    ----------
    z : array (..., K)
        Logits.
    y : integer array (...) or floating array (..., K)
        The class of each output, or a distribution over the classes (one-hot rows
        are the usual case). Where the mask is False, y is not read.
    mask : boolean array (...), optional

    Returns
    -------
    loss : scalar, in nats
    delta_z : array of the shape of z
        ``p - y`` where the mask is True, zero elsewhere.

    Raises
    ------
    ValueError
        Wrong shapes, a class out of range, or a row of y that is not a
        distribution (``p - y`` is the gradient only when the row sums to one).

    Source: {cite}`roysdon`, (4) and (5).
    """
    log_p = log_softmax(z)
    keep = _check_outputs_mask(z, mask)
    delta_z = np.exp(log_p)
    if is_array(y) and y.dtype.kind in "iu" and y.shape != z.shape:
        index = _classes(y, z, keep)[..., None]
        loss = 0 - np.take_along_axis(log_p, index, -1)[..., 0].sum(where=_all(keep))
        p_y = np.take_along_axis(delta_z, index, -1)
        np.put_along_axis(delta_z, index, p_y - 1, -1)
    else:
        y = _distributions(y, z, keep)
        loss = 0 - (y * np.where(y != 0, log_p, 0)).sum()  # 0 log 0 is 0
        delta_z = delta_z - y
    if keep is not None:
        delta_z *= keep[..., None]
    return loss, delta_z


@finite_result("z", "y")
def half_squared_error(
    z: NDArray, y: NDArray, mask: NDArray | None = None
) -> tuple[np.floating, NDArray]:
    """Half the squared error 1/2 |z - y|^2, summed, and its gradient z - y.

    Shapes and mask as in `cross_entropy`; y has the shape of z.

    Raises
    ------
    ValueError
        Wrong shapes, or numbers that are not finite.

    Source: {cite}`sarkar`, section 3.1, with g the identity.
    """
    check_array("z", z)
    keep = _check_outputs_mask(z, mask)
    y = _targets_like(y, z, keep)
    delta_z = z - y
    if keep is not None:
        delta_z *= keep[..., None]
    return 0.5 * (delta_z * delta_z).sum(), delta_z


@finite_result("params", "weight_decay")
def weight_decay_penalty(params: Params, weight_decay: float) -> np.floating:
    """(lambda/2)(|W_xh|^2 + |W_hh|^2 + |W_hy|^2), Frobenius norms; no bias enters.

    Its gradient is ``weight_decay * W`` for each of the three matrices.

    Raises
    ------
    ValueError
        When ``weight_decay`` is negative or not finite.

    Source: {cite}`roysdon`, section 1.4.
    """
    check_params(params)
    return penalty(params, check_rate("weight_decay", weight_decay))


def penalty(params, weight_decay):
    """`weight_decay_penalty` without checks."""
    squares = sum((W * W).sum() for W in (getattr(params, n) for n in MATRICES))
    return params.dtype.type(0.5 * weight_decay) * squares


LOSSES = {"cross_entropy": cross_entropy, "half_squared_error": half_squared_error}


def _all(keep):
    return True if keep is None else keep


def _check_outputs_mask(z, mask):
    if mask is None:
        return None
    if not is_array(mask) or mask.dtype != bool:
        raise ValueError(f"mask: expected a boolean NumPy array, got {kind_of(mask)}")
    if mask.shape != z.shape[:-1]:
        raise shape_error("mask", z.shape[:-1], mask.shape)
    return mask


def _classes(y, z, keep):
    """Integer targets of the shape of z without K; zero where the mask is False."""
    if y.shape != z.shape[:-1]:
        raise shape_error("y", z.shape[:-1], y.shape)
    return check_indices("y", y if keep is None else np.where(keep, y, 0), z.shape[-1])


def _targets_like(y, z, keep):
    """Dense targets of the shape of z; zero where the mask is False."""
    if not is_array(y) or y.dtype.kind not in "fciu":
        raise ValueError(f"y: expected a NumPy array of numbers, got {kind_of(y)}")
    if y.shape != z.shape:
        raise shape_error("y", z.shape, y.shape)
    if keep is not None:
        y = np.where(keep[..., None], y, np.zeros((), y.dtype))
    if y.dtype.kind in "iu":
        return y.astype(np.finfo(z.dtype).dtype)
    check_precision("y", check_array("y", y), z, "the logits")
    return y


def _distributions(y, z, keep):
    """y as rows over the classes; zero where the mask is False."""
    y = _targets_like(y, z, keep)
    expected = "y: expected rows that are distributions"
    if (y.real < 0).any():
        raise ValueError(f"{expected}, got an entry {y.real.min():.3g}")
    off = np.abs(y.sum(axis=-1) - _all(keep)).max()
    if off > 1000 * np.finfo(z.dtype).eps:
        raise ValueError(f"{expected}, got a row whose sum is {off:.3g} away from 1")
    return y
