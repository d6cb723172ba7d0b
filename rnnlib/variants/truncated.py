"""Truncated backpropagation through time, with k1, k2 and a carried state.

The losses are taken in blocks of k1 steps. The losses of one block are differentiated
through the last k2 steps that end with it, its window; the state before the window is
a constant. Let b(t) be the end of the block of step t: the next multiple of k1, or T
when that comes first. With delta_{k<-t} the part of delta_s at step k that comes from
the loss of step t, the truncated gradient of W_hh is

    sum over t, over k with b(t) - k2 < k <= t, of delta_{k<-t} h_{k-1}^T,

and what is dropped is the same sum over 1 <= k <= b(t) - k2. So a lag t - k is kept at
every loss up to k2 - k1, and at none from k2 on. W_xh and b_h lose the same terms, the
output parameters lose nothing. For k2 >= T the gradient is the full one.

Source: {cite}`roysdon`, section 1.8, for k1 = k2 = L.
"""

from typing import Any, NamedTuple

import numpy as np

from rnnlib.layers.cell import of_shape
from rnnlib.losses import LOSSES
from rnnlib.objective import add_weight_decay
from rnnlib.parameters import add_params, check_params
from rnnlib.rnn import (
    Gradients,
    check_backward,
    check_forward,
    forward,
    pull_back_to_params,
    run,
)
from rnnlib.validate import (
    check_choice,
    check_count,
    check_inputs,
    check_rate,
    finite_result,
    require_finite,
    shape_error,
)


class Window(NamedTuple):
    """Steps start + 1..stop are differentiated, for the losses of first + 1..stop."""

    start: int
    first: int
    stop: int


class Carried(NamedTuple):
    """What one block hands to the next: the steps that its window may go back to."""

    x: np.ndarray  # (n, B, d_x) or integers (n, B): the last n <= k2 - 1 inputs
    h: np.ndarray  # (n + 1, B, d_h): the states before, between and after them


def windows(T, k1, k2):
    """The `Window` of every block of a sequence of T steps, in order.

    Raises
    ------
    ValueError
        Unless T, k1 and k2 are integers with T >= 1 and k2 >= k1 >= 1. A window
        shorter than its block would leave losses out.
    """
    T = check_count("T", T)
    k1 = check_count("k1", k1)
    k2 = check_count("k2", k2, least=k1)
    ends = [(first, min(first + k1, T)) for first in range(0, T, k1)]
    return [Window(max(0, stop - k2), first, stop) for first, stop in ends]


@finite_result("params", "trace", "delta_z")
def truncated_backward(params, trace, delta_z, *, k1, k2) -> Gradients:
    """The truncated gradients, from the trace of the whole sequence.

    Parameters
    ----------
    params : Params
    trace : Trace
        Of topology "many-to-many"; a mask is allowed.
    delta_z : array (T, B, K)
    k1, k2 : int
        Steps in a block, and in a window: k2 >= k1.

    Returns
    -------
    Gradients
        ``x`` has the truncated gradient of every input, and ``h_0`` the part that
        comes from windows which reach back to the first step.

    Raises
    ------
    ValueError
        As `windows` and `backward`, and for another topology.
    """
    check_backward(params, trace, delta_z, None)
    if trace.topology != "many-to-many":
        raise ValueError(f"trace: expected many-to-many, got {trace.topology!r}")
    return _pull_back(params, trace, delta_z, k1=k1, k2=k2)


def _pull_back(params, trace, delta_z, *, k1, k2):
    """`truncated_backward`, of which k1 and k2 alone are checked."""
    d_params: Any = None
    d_h_0: Any = 0
    d_x = None
    for start, first, stop in windows(len(delta_z), k1, k2):
        d_z = delta_z[start:stop].copy()
        d_z[: first - start] = 0  # these losses belong to earlier blocks
        part = pull_back_to_params(params, _part(trace, start, stop), d_z)
        d_params = part.params if first == 0 else add_params(d_params, part.params)
        d_h_0 = d_h_0 + part.h_0 if start == 0 else d_h_0
        if part.x is not None:
            d_x = np.zeros(trace.x.shape, part.x.dtype) if d_x is None else d_x
            d_x[start:stop] += part.x
    return Gradients(d_params, of_shape(d_h_0, trace.state_shape), d_x)


@finite_result("params", "x", "h_0", "weight_decay")
def truncated_loss_and_gradients(
    params,
    x,
    y,
    *,
    k1,
    k2,
    h_0=None,
    phi="tanh",
    mask=None,
    loss="cross_entropy",
    weight_decay=0.0,
):
    """The loss, which is not truncated, and its truncated gradients.

    Arguments, errors and result are those of `loss_and_gradients` for one output a
    step; k1 and k2 as in `truncated_backward`.
    """
    check_choice("loss", loss, LOSSES)
    weight_decay = check_rate("weight_decay", weight_decay)
    checked = check_forward(params, x, h_0, phi, "many-to-many", mask)
    trace = run(params, x, *checked, mask=mask)
    require_finite(trace.z, "forward", "params", "x", "h_0")
    value, delta_z = LOSSES[loss](trace.z, y, mask)
    gradients = _pull_back(params, trace, delta_z, k1=k1, k2=k2)
    return add_weight_decay(value, gradients, params, weight_decay)


def carry(params, x, *, h_0=None) -> Carried:
    """What the first block is given: a state of every sequence and no past inputs.

    ``x`` is the first block, for its form. Errors as `forward`.
    """
    first = x[:1] if np.ndim(x) else x  # the rest of the block may be long
    return Carried(h=forward(params, first, h_0=h_0).h[:1], x=x[:0])


@finite_result("params", "x", "carried")
def block_loss_and_gradients(
    params, x, y, carried, *, k2, phi="tanh", loss="cross_entropy"
):
    """Loss and truncated gradient of the next block of a stream, and what to carry on.

    Nothing older than k2 steps is kept, whatever the length of the stream. The steps
    before the block are run again with the present parameters, from the carried state
    in front of the window. With parameters that stay as they are, the sum over the
    blocks is `truncated_loss_and_gradients`.

    Parameters
    ----------
    x, y : the k1 steps of the block, at most k2, and their targets
    carried : Carried
        From `carry`, or from the block before.

    Returns
    -------
    loss, gradient, carried : scalar, Params and Carried, of this block
    """
    check_params(params)
    check_inputs(x, params)
    check_choice("loss", loss, LOSSES)
    check_count("k2", k2, least=len(x))
    _check_carried(carried, x)
    past = min(len(carried.x), k2 - len(x))
    before = len(carried.x) - past  # carried steps in front of the window
    inputs = np.concatenate([carried.x[before:], x])
    trace = forward(params, inputs, h_0=carried.h[before], phi=phi)
    value, d_block = LOSSES[loss](trace.z[past:], y)
    delta_z = np.zeros(trace.z.shape, d_block.dtype)
    delta_z[past:] = d_block
    gradient = pull_back_to_params(params, trace, delta_z).params
    x = np.concatenate([carried.x, x])
    h = np.concatenate([carried.h[:before], trace.h])
    old = max(0, len(x) - k2 + 1)
    return value, gradient, Carried(x[old:], h[old:])


def _part(trace, start, stop):
    """Steps start + 1..stop of a trace, as views."""
    x, s, z = (a[start:stop] for a in (trace.x, trace.s, trace.z))
    mask = None if trace.mask is None else trace.mask[start:stop]
    h = trace.h[start : stop + 1]
    return trace._replace(x=x, s=s, h=h, z=z, mask=mask, state_shape=h.shape[1:])


def _check_carried(carried, x):
    if not isinstance(carried, Carried):
        raise ValueError(f"carried: expected Carried, got {type(carried).__name__}")
    if carried.x.shape[1:] != x.shape[1:] or carried.x.dtype.kind != x.dtype.kind:
        raise shape_error("carried", f"(n, {x.shape[1:]})", carried.x.shape)
