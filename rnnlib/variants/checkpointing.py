"""Gradient checkpointing: the exact gradient from a part of the states.

The sequence is cut into segments of L steps. The forward sweep keeps the state in
front of each segment only. The backward sweep takes the segments from the last to the
first: it runs the segment again from its state, and lets the adjoint recursion go
through it. The adjoint dL/dh in front of one segment is what the segment before starts
from, so no term is dropped: the arithmetic is that of `backward`, in another order of
summation.

With n = ceil(T/L) segments, the last of them has T - (n-1) L steps and is run once, all
others twice. See `checkpointing_cost`. Source: {cite}`chen2016`.
"""

from math import isqrt
from typing import Any, NamedTuple

import numpy as np

from rnnlib.layers.cell import of_shape
from rnnlib.losses import LOSSES
from rnnlib.objective import add_weight_decay
from rnnlib.parameters import add_params, check_params
from rnnlib.rnn import Gradients, check_forward, pull_back_to_params, run
from rnnlib.validate import (
    check_choice,
    check_count,
    check_rate,
    check_step_targets,
    finite_result,
)


class Cost(NamedTuple):
    """What checkpointing keeps and repeats."""

    segments: int
    recomputed: int  # forward steps beyond the T of an ordinary run
    stored: int  # numbers in the kept states and in the trace of one segment


def default_segment(T):
    """The square root of T, rounded up."""
    T = check_count("T", T)
    return isqrt(T - 1) + 1


def checkpointing_cost(params, T, B, segment=None) -> Cost:
    """The exact counts, for T steps of B sequences.

    Stored are n states of d_h numbers, and the trace of one segment: L + 1 states h,
    L pre-activations s and L rows of logits, each for B sequences. The inputs and
    targets, which are there in any case, are not counted, nor is the work space of
    one backward pass. ``segment=T`` gives the numbers of the ordinary trace, and one
    state more.

    Raises
    ------
    ValueError
        For a T, B or segment that is not a positive integer.
    """
    check_params(params)
    B = check_count("B", B)
    L = default_segment(T) if segment is None else segment
    L = check_count("segment", L)
    T = check_count("T", T)
    n = -(-T // L)
    longest = min(L, T)
    states = n + 2 * longest + 1
    stored = B * (states * params.d_h + longest * params.K)
    return Cost(segments=n, recomputed=(n - 1) * L, stored=stored)


@finite_result("params", "x", "h_0", "weight_decay")
def checkpointed_loss_and_gradients(
    params,
    x,
    y,
    *,
    segment=None,
    h_0=None,
    phi="tanh",
    loss="cross_entropy",
    weight_decay=0.0,
    input_gradient=True,
):
    """The loss and its full gradients, with the states of one segment at a time.

    Arguments, errors and result are those of `loss_and_gradients` for one output a
    step and no mask.

    Parameters
    ----------
    segment : int, optional
        L, the steps of a segment: by default the square root of T, rounded up.
    input_gradient : bool
        False: dL/dx is None. It has T steps, so with it the memory for dense inputs
        grows like T, and without it like the square root of T.

    Raises
    ------
    ValueError
        As `loss_and_gradients`; and for a segment that is not a positive integer, or
        an ``input_gradient`` that is not True or False.
    """
    h_0, state_shape, phi = check_forward(params, x, h_0, phi, "many-to-many", None)
    check_choice("loss", loss, LOSSES)
    weight_decay = check_rate("weight_decay", weight_decay)
    T, B = x.shape[:2]
    L = default_segment(T) if segment is None else segment
    L = check_count("segment", L)
    if not isinstance(input_gradient, (bool, np.bool_)):
        raise ValueError(
            f"input_gradient: expected True or False, got {input_gradient!r}"
        )
    check_step_targets(y, T, B, params.K)

    starts = range(0, T, L)
    state = np.broadcast_to(h_0, (B, params.d_h))
    kept = [state]
    for a in starts[:-1]:  # the last segment is not needed yet
        kept.append(run(params, x[a : a + L], kept[-1], state.shape, phi).h[-1].copy())

    value: Any = 0
    total: Any = None
    d_x, g = None, None
    for a in reversed(starts):
        trace = run(params, x[a : a + L], kept.pop(), state.shape, phi)
        term, delta_z = LOSSES[loss](trace.z, y[a : a + L])
        part = pull_back_to_params(params, trace, delta_z, d_state=g)
        value, g = value + term, part.h_0
        total = part.params if total is None else add_params(total, part.params)
        if part.x is not None and input_gradient:
            d_x = np.zeros(x.shape, part.x.dtype) if d_x is None else d_x
            d_x[a : a + L] = part.x
    gradients = Gradients(total, of_shape(g, state_shape), d_x)
    return add_weight_decay(value, gradients, params, weight_decay)
