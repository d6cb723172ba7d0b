"""The parameters of the recurrent marked point process."""

from typing import NamedTuple

import numpy as np

from rnnlib import parameters as core
from rnnlib.layers.cell import with_sizes
from rnnlib.validate import (
    check_array,
    check_count,
    check_positive,
    check_precision,
    shape_error,
)


@with_sizes
class PointProcessParams(NamedTuple):
    """An embedding, the five parameters of the network, and three of the intensity.

    The input of step j is x_j = (column k_j of E; t_j - t_{j-1}), so that W_xh has
    d_e + 1 columns. W_hy and b_y give the logits of the next mark, v, w and b the
    intensity exp(v.h_j + w (t - t_j) + b). A gradient has the same type.

    Source: {cite}`du2016`.
    """

    E: np.ndarray  # (d_e, K)
    W_xh: np.ndarray  # (d_h, d_e + 1)
    W_hh: np.ndarray  # (d_h, d_h)
    b_h: np.ndarray  # (d_h,)
    W_hy: np.ndarray  # (K, d_h)
    b_y: np.ndarray  # (K,)
    v: np.ndarray  # (d_h,)
    w: np.ndarray  # (), per unit of time
    b: np.ndarray  # (), log of events per unit of time

    @property
    def d_e(self):
        """Size of an embedding."""
        return self.E.shape[0]

    @property
    def K(self):
        """Number of marks."""
        return self.E.shape[1]

    @property
    def network(self):
        """The book's network with K + 1 outputs: the logits z_j and a_j = v.h_j + b."""
        W_out = np.concatenate([self.W_hy, self.v[None]])
        b_out = np.append(self.b_y, self.b)
        return core.Params(self.W_xh, self.W_hh, self.b_h, W_out, b_out)


def shapes(d_e, d_h, K):
    """The shape of each parameter, as a `PointProcessParams` of tuples."""
    net = core.parameter_shapes(d_e + 1, d_h, K)
    return PointProcessParams._make([(d_e, K), *net, (d_h,), (), ()])


def init_params(K, d_h, d_e=1, *, rng, rate=1.0, scale=None, dtype=np.float64):
    """Normal E and matrices; v, w and the biases zero except b = log(rate).

    So the process starts as a homogeneous Poisson process of that rate.

    Parameters
    ----------
    K, d_h, d_e : int
        Number of marks, sizes of the hidden state and of an embedding.
    rng : numpy.random.Generator
    rate : float
        Events per unit of time.
    scale, dtype
        As in `rnnlib.init_params`.

    Raises
    ------
    ValueError
        For a size that is not a positive integer, or a rate that is not positive.
    """
    for name, size in (("K", K), ("d_h", d_h), ("d_e", d_e)):
        check_count(name, size)
    check_positive("rate", rate)
    net = core.init_params(d_e + 1, d_h, K, rng=rng, scale=scale, dtype=dtype)
    E = rng.standard_normal((d_e, K)).astype(dtype)
    zero, b = np.zeros((), dtype), np.array(np.log(rate), dtype)
    return PointProcessParams(E, *net, np.zeros(d_h, dtype), zero, b)


def check_params(params):
    """Nine finite arrays of one precision whose sizes agree."""
    if not isinstance(params, PointProcessParams):
        kind = type(params).__name__
        raise ValueError(f"params: expected PointProcessParams, got {kind}")
    for name, array in params._asdict().items():
        scalar = isinstance(array, np.generic)  # what arithmetic makes of w and b
        check_array(name, np.asarray(array) if scalar else array)
        check_precision(name, array, params.E, "E")
    for name, rank in (("E", 2), ("W_hh", 2)):
        array = getattr(params, name)
        if array.ndim != rank or 0 in array.shape:
            raise shape_error(name, f"of {rank} sizes, none zero", array.shape)
    expected = shapes(params.d_e, len(params.W_hh), params.K)
    for name, array in params._asdict().items():
        if array.shape != getattr(expected, name):
            raise shape_error(name, getattr(expected, name), array.shape)
    return params
