"""Simulation of the recurrent process by inversion: no rejection, no grid."""

import numpy as np

from rnnlib import rnn
from rnnlib.activations import get_activation
from rnnlib.losses import softmax
from rnnlib.pointprocess.gaps import inverse_compensator
from rnnlib.pointprocess.parameters import check_params
from rnnlib.pointprocess.sequences import EventSequence
from rnnlib.pointprocess.validate import check_real
from rnnlib.validate import (
    check_array,
    check_count,
    check_positive,
    check_precision,
    check_rng,
    finite_result,
    shape_error,
)


def simulate(
    params, T, *, rng, count=1, h_0=None, phi="tanh", max_events=10_000
) -> list[EventSequence]:
    """Sequences drawn on (0, T]: a gap by inversion, a mark, a step of the network.

    A sequence ends when its next event would fall after T, or, for w < 0, when there
    is no next event at all.

    Parameters
    ----------
    params : PointProcessParams
    T : float
    rng : numpy.random.Generator
    count : int
        Number of sequences, drawn side by side.
    h_0, phi
        As in `forward`; h_0 has d_h entries, or one row a sequence.
    max_events : int
        Per sequence.

    Raises
    ------
    ValueError
        For bad arguments, a sequence of more than ``max_events`` events, or an
        intensity so high that two times are equal as floats.
    """
    check_params(params)
    T, rng = check_positive("T", T), check_rng(rng)
    count, limit = check_count("count", count), check_count("max_events", max_events)
    net, dtype, phi = params.network, params.dtype, get_activation(phi)
    h = _start(h_0, count, params)
    check_real("params, h_0", np.result_type(params.dtype, h))
    t, alive = np.zeros(count), np.ones(count, bool)
    drawn = []
    while True:
        outputs = h @ net.W_hy.T + net.b_y
        gap = inverse_compensator(
            outputs[:, -1], params.w, rng.standard_exponential(count)
        )
        later = t + gap
        alive = alive & (later <= T)
        if not alive.any():
            break
        if len(drawn) == limit:
            raise ValueError(f"max_events: expected at most {limit} events, got more")
        if (later == t)[alive].any():
            raise ValueError("params: expected gaps > 0 in floats, got a gap of 0")
        t, gap = np.where(alive, later, t), np.where(alive, gap, 0)
        p = softmax(outputs[:, :-1])
        k = (p.cumsum(axis=1) < rng.random((count, 1))).sum(axis=1)
        k = np.minimum(k, params.K - 1)  # the sum may round to less than one
        x = np.concatenate([params.E.T[k], gap[:, None].astype(dtype)], axis=1)
        after = _next_state(net, x[None], h, phi)
        h = np.where(alive[:, None], after, h)  # a sequence that has ended rests
        drawn.append((np.where(alive, t, np.nan), k))
    times = np.array([t for t, _ in drawn]).reshape(-1, count)
    marks = np.array([k for _, k in drawn], int).reshape(-1, count)
    kept = np.isfinite(times)
    return [
        EventSequence(times[kept[:, i], i], T, marks[kept[:, i], i])
        for i in range(count)
    ]


@finite_result("params", "h_0")
def _next_state(network, x, h, phi):
    """The state after one event, for each sequence."""
    return rnn.run(network, x, h, None, phi).h[1]


def _start(h_0, count, params):
    """A state for each sequence."""
    shape = (count, params.d_h)
    if h_0 is None:
        return np.zeros(shape, params.dtype)
    check_precision("h_0", check_array("h_0", h_0), params)
    if h_0.shape not in (shape, shape[1:]):
        raise shape_error("h_0", f"{shape} or {shape[1:]}", h_0.shape)
    return np.array(np.broadcast_to(h_0, shape))
