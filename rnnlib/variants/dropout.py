"""Dropout on inputs, on the recurrent state and on what the outputs read.

With masks m of entries 0 and 1/(1 - rate), and * entrywise, the network becomes

    s_t = W_xh (m^x_t * x_t) + W_hh (m^h_t * h_{t-1}) + b_h,
    z_t = W_hy (m^y_t * h_t) + b_y.

The mean of a mask is one, so at test time there is no mask and no factor. The masks are
arrays that are drawn first and kept: the backward pass differentiates the loss at fixed
masks. A mask may be drawn anew at each step {cite}`srivastava2014`, or once for all
steps of a sequence, which is called variational {cite}`gal2016`.
"""

from typing import NamedTuple

import numpy as np

from rnnlib.activations import Activation
from rnnlib.layers.cell import of_shape, times
from rnnlib.layers.readout import logits
from rnnlib.layers.vanilla import recur, recur_back
from rnnlib.losses import LOSSES
from rnnlib.objective import add_weight_decay
from rnnlib.parameters import check_params
from rnnlib.rnn import Gradients, check_forward, collect
from rnnlib.validate import (
    check_array,
    check_choice,
    check_count,
    check_dtype,
    check_inputs,
    check_precision,
    check_rate,
    check_rng,
    finite_result,
    is_finite,
)


class Masks(NamedTuple):
    """What multiplies the inputs, the state on its way back, and the state read out.

    None means no dropout there. All None is the network at test time.
    """

    x: np.ndarray | None = None  # (T, B, d_x)
    h: np.ndarray | None = None  # (T, B, d_h)  h[t-1] multiplies h_{t-1} in s_t
    y: np.ndarray | None = None  # (T, B, d_h)  y[t-1] multiplies h_t in z_t


class DropoutTrace(NamedTuple):
    """What the forward pass computed; indices as in `rnnlib.Trace`."""

    x: np.ndarray  # as it was given, without the mask
    s: np.ndarray
    h: np.ndarray
    z: np.ndarray
    phi: Activation
    masks: Masks
    state_shape: tuple


def draw_mask(shape, rate, *, rng, variational=False, dtype=np.float64):
    """A mask (T, B, d): 0 with probability ``rate``, else 1/(1 - rate).

    variational : one draw a sequence, repeated over the steps. Its copies are real:
    the result is an ordinary array.

    Raises
    ------
    ValueError
        For a shape that is not three positive integers, a rate outside [0, 1), or an
        ``rng`` that is not a Generator.
    """
    if not (isinstance(shape, tuple) and len(shape) == 3):
        raise ValueError(f"shape: expected (T, B, d), got {shape!r}")
    for size in shape:
        check_count("shape", size)
    if not (is_finite(rate) and 0 <= rate < 1):
        raise ValueError(f"rate: expected a number in [0, 1), got {rate!r}")
    check_rng(rng)
    check_dtype(dtype)
    T, B, d = shape
    kept = rng.random((1 if variational else T, B, d)) >= rate
    mask = kept.astype(dtype) / np.dtype(dtype).type(1 - rate)
    return np.repeat(mask, T, axis=0) if variational else mask


@finite_result("params", "x", "masks", "h_0")
def dropout_forward(params, x, masks, *, h_0=None, phi="tanh") -> DropoutTrace:
    """Run the network with these masks; one output a step.

    Arguments and errors as `forward`; a mask on integer inputs is refused, since the
    unit vectors that it would multiply are never built.
    """
    h_0, state_shape, phi = check_forward(params, x, h_0, phi, "many-to-many", None)
    _check_masks(masks, x, params)
    m_x, m_h, m_y = masks
    s, h = recur(params, _masked(m_x, x), h_0, phi, keep=m_h)
    z = logits(params.W_hy, params.b_y, _masked(m_y, h[1:]))
    return DropoutTrace(x, s, h, z, phi, masks, state_shape)


@finite_result("params", "trace", "delta_z")
def dropout_backward(params, trace, delta_z) -> Gradients:
    """The gradients at fixed masks: each use of a state has its own factor.

    g_t = m^y_t * (W_hy^T delta_z_t) + m^h_{t+1} * (W_hh^T delta_s_{t+1}).
    """
    check_params(params)
    if not isinstance(trace, DropoutTrace):
        kind = type(trace).__name__
        raise ValueError(f"trace: expected DropoutTrace, got {kind}")
    check_inputs(trace.x, params)
    check_array("delta_z", delta_z, trace.z.shape)
    check_precision("delta_z", delta_z, trace.z, "the logits")
    return _pull_back(params, trace, delta_z)


def _pull_back(params, trace, delta_z):
    """`dropout_backward` without checks."""
    m_x, m_h, m_y = trace.masks
    g = np.zeros(trace.h.shape, np.result_type(params.dtype, trace.h, delta_z))
    g[1:] = _masked(m_y, times(delta_z, params.W_hy))
    phi_prime = trace.phi.derivative(trace.h[1:])
    delta_s = recur_back(params.W_hh, phi_prime, g, keep=m_h)
    used = _masked(m_x, trace.x), _masked(m_h, trace.h[:-1]), _masked(m_y, trace.h[1:])
    gradient, d_x = collect(params, delta_s, delta_z, *used)
    d_h_0 = of_shape(g[0].copy(), trace.state_shape)
    return Gradients(gradient, d_h_0, None if d_x is None else _masked(m_x, d_x))


@finite_result("params", "x", "masks", "weight_decay")
def dropout_loss_and_gradients(
    params,
    x,
    y,
    masks,
    *,
    h_0=None,
    phi="tanh",
    loss="cross_entropy",
    weight_decay=0.0,
):
    """The loss at fixed masks and its gradients; otherwise `loss_and_gradients`."""
    check_choice("loss", loss, LOSSES)
    weight_decay = check_rate("weight_decay", weight_decay)
    trace = dropout_forward(params, x, masks, h_0=h_0, phi=phi)
    value, delta_z = LOSSES[loss](trace.z, y)
    gradients = _pull_back(params, trace, delta_z)
    return add_weight_decay(value, gradients, params, weight_decay)


def _masked(mask, array):
    return array if mask is None else mask * array


def _check_masks(masks, x, params):
    if not isinstance(masks, Masks):
        raise ValueError(f"masks: expected Masks, got {type(masks).__name__}")
    if masks.x is not None and x.ndim == 2:
        raise ValueError("masks.x: expected None for integer inputs, got an array")
    sizes = params.d_x, params.d_h, params.d_h
    for name, mask, d in zip(Masks._fields, masks, sizes, strict=True):
        if mask is not None:
            check_array(f"masks.{name}", mask, (*x.shape[:2], d))
            check_precision(f"masks.{name}", mask, params)
            if mask.dtype.kind == "c":
                raise ValueError(f"masks.{name}: expected real numbers, got complex")
