"""The five parameters of the vanilla network, and how to make them."""

from typing import NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from rnnlib.validate import (
    check_arrays,
    check_count,
    check_dtype,
    check_rate,
    check_rng,
    check_shapes,
    shape_error,
)


class Params(NamedTuple):
    """The parameters, in the order of the book. A gradient has the same type.

    Shapes: ``W_xh`` (d_h, d_x), ``W_hh`` (d_h, d_h), ``b_h`` (d_h,),
    ``W_hy`` (K, d_h), ``b_y`` (K,).
    """

    W_xh: np.ndarray
    W_hh: np.ndarray
    b_h: np.ndarray
    W_hy: np.ndarray
    b_y: np.ndarray

    @property
    def d_x(self):
        """Size of an input."""
        return self.W_xh.shape[1]

    @property
    def d_h(self):
        """Size of the hidden state."""
        return self.W_hh.shape[0]

    @property
    def K(self):
        """Number of logits."""
        return self.W_hy.shape[0]

    @property
    def dtype(self):
        """The common dtype of the five arrays: complex when one of them is."""
        return np.result_type(*self)


MATRICES = ("W_xh", "W_hh", "W_hy")  # weight decay touches these and no bias


def parameter_shapes(d_x: int, d_h: int, K: int) -> Params:
    """The shape of each parameter, by name, as a `Params` of tuples.

    Raises
    ------
    ValueError
        When a size is not a positive integer.
    """
    d_x, d_h = check_count("d_x", d_x), check_count("d_h", d_h)
    K = check_count("K", K)
    return Params._make([(d_h, d_x), (d_h, d_h), (d_h,), (K, d_h), (K,)])


def count_parameters(params: Params) -> int:
    """How many numbers the parameters hold: h(d + h + q + 1) + q in {cite}`topcuoglu`.

    Units: numbers, not bytes. The length of the sequence does not enter.
    """
    return sum(array.size for array in params)


def add_params(one, other):
    """The sum, array by array, of two `Params`, such as two parts of a gradient."""
    return Params(*map(np.add, one, other))


def init_params(
    d_x: int,
    d_h: int,
    K: int,
    *,
    rng: np.random.Generator,
    scale: float | None = None,
    dtype: DTypeLike = np.float64,
) -> Params:
    """Normal matrices and zero biases.

    Parameters
    ----------
    d_x, d_h, K : int
        Sizes of the input, the hidden state and the logits.
    rng : numpy.random.Generator
        The only source of randomness.
    scale : float, optional
        Standard deviation of every matrix entry. By default 1/sqrt(fan in), which
        keeps the variance of the pre-activation near that of the state.
    dtype : numpy.dtype
        float32 or float64.

    Raises
    ------
    ValueError
        For a size that is not a positive integer, an ``rng`` that is not a
        Generator, a scale that is negative or not finite, or another dtype.
    """
    check_rng(rng)
    scale = None if scale is None else check_rate("scale", scale)
    check_dtype(dtype)

    def draw(shape):
        if len(shape) == 1:
            return np.zeros(shape, dtype)
        deviation = shape[1] ** -0.5 if scale is None else scale
        with np.errstate(over="ignore"):
            drawn = (deviation * rng.standard_normal(shape)).astype(dtype)
        if not np.isfinite(drawn).all():
            raise ValueError(f"scale: expected one that {dtype} can hold, got {scale}")
        return drawn

    return Params(*map(draw, parameter_shapes(d_x, d_h, K)))


def check_params(params):
    """Five finite arrays of one precision whose sizes agree."""
    if not isinstance(params, Params):
        raise ValueError(f"params: expected Params, got {type(params).__name__}")
    check_arrays(params)
    if params.W_hh.shape[0] != params.W_hh.shape[1]:
        raise shape_error("W_hh", "(d_h, d_h)", params.W_hh.shape)
    return check_shapes(params, parameter_shapes(params.d_x, params.d_h, params.K))
