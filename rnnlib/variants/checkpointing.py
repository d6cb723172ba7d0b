"""Gradient checkpointing: the exact gradient from a part of the states.

The sequence is cut into segments of L steps. The forward sweep keeps the state in
front of each segment only. The backward sweep takes the segments from the last to the
first: it runs the segment again from its state, and lets the adjoint recursion go
through it. The adjoint dL/dh in front of one segment is what the segment before starts
from, so no term is dropped: the arithmetic is that of `backward`, in another order of
summation.

With n = ceil(T/L) segments, the last of them has T - (n-1) L steps and is run once, all
others twice. See `checkpointing_cost`. Source: {cite}`chen2016`.

With ``halve`` there are segments inside segments: the sequence is halved, the second
half taken back first, and each half treated alike until a segment of L steps is left.
About log_2 n states are kept, and each segment is run once for every time that it lies
in a first half. Source: {cite}`griewank2000`, who divide in a better place than halves.
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
    check_flag,
    check_rate,
    check_step_targets,
    finite_result,
)


class Cost(NamedTuple):
    """What checkpointing keeps and repeats."""

    segments: int
    recomputed: int  # forward steps beyond the T of an ordinary run
    stored: int  # numbers in the kept states and in the trace of one segment


def segments(T, L, state, advance, halve):
    """Yield (start, stop, state in front, states kept), from the last to the first.

    ``advance(state, start, stop)`` is the state after more steps.
    """
    if not halve:
        starts = range(0, T, L)
        kept = [state]
        for a in starts[:-1]:  # the last segment is not needed yet
            kept.append(advance(kept[-1], a, a + L))
        for a in reversed(starts):
            yield a, min(a + L, T), kept[-1], len(kept)
            kept.pop()
        return
    parts = [(0, T, state)]
    while parts:
        a, b, state = parts.pop()
        while b - a > L:
            middle = a + L * (-(-(b - a) // L) // 2)
            parts.append((a, middle, state))  # the first half waits for the second
            a, state = middle, advance(state, a, middle)
        yield a, b, state, len(parts) + 1


def default_segment(T):
    """The square root of T, rounded up."""
    T = check_count("T", T)
    return isqrt(T - 1) + 1


def checkpointing_cost(params, T, B, segment=None, *, halve=False) -> Cost:
    """The exact counts, for T steps of B sequences.

    Stored are n states of d_h numbers (with ``halve`` fewer), and the trace of one
    segment: L + 1 states h, L pre-activations s and L rows of logits, each for B
    sequences. The inputs and
    targets, which are there in any case, are not counted, nor is the work space of
    one backward pass. ``segment=T`` gives the numbers of the ordinary trace, and one
    state more.

    Raises
    ------
    ValueError
        For a T, B or segment that is not a positive integer, or a ``halve`` that is
        not True or False.
    """
    check_params(params)
    B = check_count("B", B)
    T = check_count("T", T)
    L = _length(T, segment, halve)
    steps = []

    def count(state, a, b):
        """No state is needed for counting, only how many steps are run."""
        steps.append(b - a)

    found = [kept for *_, kept in segments(T, L, None, count, halve)]
    longest = min(L, T)
    states = max(found) + 2 * longest + 1
    stored = B * (states * params.d_h + longest * params.K)
    return Cost(segments=len(found), recomputed=sum(steps), stored=stored)


def _length(T, segment, halve):
    """The steps of a segment."""
    check_flag("halve", halve)
    if segment is None:
        segment = 1 if halve else default_segment(T)
    return check_count("segment", segment)


@finite_result("params", "x", "h_0", "weight_decay")
def checkpointed_loss_and_gradients(
    params,
    x,
    y,
    *,
    segment=None,
    halve=False,
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
        L, the steps of a segment: by default the square root of T, rounded up, and
        with ``halve`` one.
    halve : bool
        True: segments inside segments.
    input_gradient : bool
        False: dL/dx is None. It has T steps, so with it the memory for dense inputs
        grows like T, and without it like the square root of T.

    Raises
    ------
    ValueError
        As `loss_and_gradients`; and for a segment that is not a positive integer, or
        a ``halve`` or ``input_gradient`` that is not True or False.
    """
    h_0, state_shape, phi = check_forward(params, x, h_0, phi, "many-to-many", None)
    check_choice("loss", loss, LOSSES)
    weight_decay = check_rate("weight_decay", weight_decay)
    T, B = x.shape[:2]
    L = _length(T, segment, halve)
    check_flag("input_gradient", input_gradient)
    check_step_targets(y, T, B, params.K)

    state = np.broadcast_to(h_0, (B, params.d_h))

    def advance(h, a, b):
        """The state after steps a + 1..b, from a trace of L steps at a time."""
        for first in range(a, b, L):
            part = x[first : min(first + L, b)]
            h = run(params, part, h, state.shape, phi).h[-1].copy()
        return h

    value: Any = 0
    total: Any = None
    d_x, g = None, None
    for a, b, h, _ in segments(T, L, state, advance, halve):
        trace = run(params, x[a:b], h, state.shape, phi)
        term, delta_z = LOSSES[loss](trace.z, y[a:b])
        part = pull_back_to_params(params, trace, delta_z, d_state=g)
        value, g = value + term, part.h_0
        total = part.params if total is None else add_params(total, part.params)
        if part.x is not None and input_gradient:
            d_x = np.zeros(x.shape, part.x.dtype) if d_x is None else d_x
            d_x[a:b] = part.x
    gradients = Gradients(total, of_shape(g, state_shape), d_x)
    return add_weight_decay(value, gradients, params, weight_decay)
