"""Layer normalisation, and the vanilla recurrent layer with it inside the recurrence.

For a row a of d numbers, with mu its mean and sigma^2 its variance (divided by d):

    y = gain * (a - mu) / sqrt(sigma^2 + epsilon) + bias.

In the recurrence a_t = W_xh x_t + W_hh h_{t-1} is normalised at every step, and
h_t = phi(y_t). The bias b_h acts after the normalisation: before it, its mean would be
taken out again.

Source: {cite}`ba2016`, (4).
"""

from typing import NamedTuple

import numpy as np

from rnnlib.activations import Activation, get_activation
from rnnlib.layers import cell
from rnnlib.layers.cell import LayerGradients, outer_sum, rows
from rnnlib.validate import check_array, check_precision, check_rate, finite_result

EPSILON = 1e-5  # in units of the variance


@cell.with_sizes
class LayerNormParams(NamedTuple):
    """``W_xh`` (d_h, d_x), ``W_hh`` (d_h, d_h), ``gain`` (d_h,), ``b_h`` (d_h,)."""

    W_xh: np.ndarray
    W_hh: np.ndarray
    gain: np.ndarray
    b_h: np.ndarray


@cell.with_outputs
class LayerNormTrace(NamedTuple):
    """What the forward pass computed."""

    x: np.ndarray  # (T, B, d_x), or integers (T, B)
    unit: np.ndarray  # (T, B, d_h)    (a - mu) / sqrt(sigma^2 + epsilon)
    scale: np.ndarray  # (T, B, 1)     sqrt(sigma^2 + epsilon)
    h: np.ndarray  # (T+1, B, d_h)
    phi: Activation
    mask: np.ndarray | None
    state_shape: tuple  # of the initial state as it was given


@finite_result("a", "gain", "bias")
def normalise(a, gain, bias, *, epsilon=EPSILON):
    """Layer normalisation of the last axis of ``a`` (..., d).

    Returns
    -------
    y : array (..., d)
    unit : array (..., d)
        (a - mu) / scale: mean 0 and variance sigma^2 / (sigma^2 + epsilon).
    scale : array (..., 1)
        sqrt(sigma^2 + epsilon).

    Raises
    ------
    ValueError
        For a gain or bias that is not (d,), or numbers that are not finite.
    """
    check_array("a", a)
    for name, array in (("gain", gain), ("bias", bias)):
        check_precision(name, check_array(name, array, a.shape[-1:]), a, "a")
    epsilon = check_rate("epsilon", epsilon)
    unit, scale = _unit(a, epsilon)
    return gain * unit + bias, unit, scale


def _unit(a, epsilon):
    centred = a - a.mean(axis=-1, keepdims=True)
    variance = (centred * centred).mean(axis=-1, keepdims=True)
    scale = np.sqrt(variance + a.real.dtype.type(epsilon))
    return centred / scale, scale


@finite_result("gain", "unit", "scale", "d_y")
def normalise_backward(gain, unit, scale, d_y):
    """The gradients of a, gain and bias from ``d_y`` = dL/dy, of the shape of y.

    With v = gain * d_y: dL/da = (v - mean(v) - unit mean(v * unit)) / scale. What is
    constant over the row, or proportional to ``unit``, is taken out.
    """
    check_array("unit", unit)
    check_array("gain", gain, unit.shape[-1:])
    check_array("scale", scale, (*unit.shape[:-1], 1))
    check_array("d_y", d_y, unit.shape)
    return (
        _to_a(gain * d_y, unit, scale),
        (rows(d_y) * rows(unit)).sum(axis=0),
        rows(d_y).sum(axis=0),
    )


def _to_a(v, unit, scale):
    mean = v.mean(axis=-1, keepdims=True)
    along = (v * unit).mean(axis=-1, keepdims=True)
    return (v - mean - unit * along) / scale


def shapes(d_x, d_h):
    """The shape of each parameter."""
    return LayerNormParams._make([(d_h, d_x), (d_h, d_h), (d_h,), (d_h,)])


def init_params(d_x, d_h, *, rng, scale=None, dtype=np.float64):
    """Normal matrices as `rnnlib.init_params` draws them, gain one and bias zero."""
    W_xh, W_hh = cell.draw_matrices(d_x, d_h, 1, rng, scale, dtype)
    return LayerNormParams(W_xh, W_hh, np.ones(d_h, dtype), np.zeros(d_h, dtype))


@finite_result("params", "x", "state")
def forward(
    params, x, *, state=None, mask=None, phi="tanh", epsilon=EPSILON
) -> LayerNormTrace:
    """h_t = phi(normalise(W_xh x_t + W_hh h_{t-1})), arguments as in `layers.cell`.

    Raises ValueError for a wrong shape, dtype, index or word, or a number that is not
    finite.
    """
    T, B, h_0, state_shape = cell.begin(params, LayerNormParams, shapes, x, mask, state)
    epsilon = check_rate("epsilon", epsilon)
    phi = get_activation(phi)
    W_xh, W_hh, gain, b_h = params
    projected = cell.project_inputs(W_xh, x)
    dtype = np.result_type(projected, h_0, *params)
    h = np.empty((T + 1, B, params.d_h), dtype)
    unit, scale = np.empty((T, B, params.d_h), dtype), np.empty((T, B, 1), dtype)
    h[0] = h_0
    for t in range(1, T + 1):
        a = projected[t - 1] + h[t - 1] @ W_hh.T
        unit[t - 1], scale[t - 1] = _unit(a, epsilon)
        phi(gain * unit[t - 1] + b_h, out=h[t])
        cell.hold(mask, t, h)
    return LayerNormTrace(x, unit, scale, h, phi, mask, state_shape)


@finite_result("params", "trace", "d_output", "d_state")
def backward(params, trace, d_output, d_state=None) -> LayerGradients:
    """As `vanilla.backward`, with the normalisation between s_t and a_t.

    Arguments as in `rnnlib.layers.cell`. Raises ValueError as `forward`, and for a
    trace or adjoints of other sizes.
    """
    cell.check_parameters(params, LayerNormParams, shapes)
    cell.check_trace(trace, LayerNormTrace, params)
    d_output = cell.check_adjoint("d_output", d_output, trace.output)
    g = cell.check_adjoint("d_state", d_state, trace.state)
    mask = trace.mask
    phi_prime = trace.phi.derivative(trace.h[1:])
    if mask is not None:
        phi_prime = phi_prime * mask[..., None]
    dtype = np.result_type(params.dtype, trace.h, d_output, g)
    d_y, d_a = np.empty((2, *trace.unit.shape), dtype)
    for t in range(len(d_y), 0, -1):
        g = g + d_output[t - 1]
        np.multiply(g, phi_prime[t - 1], out=d_y[t - 1])
        v = params.gain * d_y[t - 1]
        d_a[t - 1] = _to_a(v, trace.unit[t - 1], trace.scale[t - 1])
        kept = 0 if mask is None else g * cell.held(mask, t)
        g = kept + d_a[t - 1] @ params.W_hh
    d_W_xh, d_x = cell.input_gradients(params.W_xh, trace.x, d_a)
    d_params = LayerNormParams(
        W_xh=d_W_xh,
        W_hh=outer_sum(d_a, trace.h[:-1]),
        gain=(rows(d_y) * rows(trace.unit)).sum(axis=0),
        b_h=rows(d_y).sum(axis=0),
    )
    return LayerGradients(d_params, cell.of_shape(g, trace.state_shape), d_x)
