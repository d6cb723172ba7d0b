"""Two classical processes: Poisson, and the self-correcting one.

The self-correcting process is an instance of the recurrent one, with one linear unit.
"""

from typing import NamedTuple

import numpy as np

from rnnlib.pointprocess.gaps import inverse_compensator
from rnnlib.pointprocess.intensity import compensator
from rnnlib.pointprocess.parameters import PointProcessParams
from rnnlib.pointprocess.sequences import EventSequence, pad
from rnnlib.validate import check_positive, check_rng, finite_result


def poisson_rate(sequences):
    """The maximum-likelihood rate of a homogeneous Poisson process: events over time.

    Raises ValueError when there is no event, as the likelihood then has no maximum.
    """
    batch = pad(sequences)
    if not batch.events.any():
        raise ValueError("sequences: expected at least one event, got none")
    return batch.events.sum() / batch.gaps.sum()


@finite_result("rate", "sequences")
def poisson_log_likelihood(rate, sequences):
    """N log(rate) - rate T, summed over the sequences, in nats."""
    batch = pad(sequences)
    rate = check_positive("rate", rate)
    return batch.events.sum() * np.log(rate) - rate * batch.gaps.sum()


def simulate_poisson(rate, T, *, rng) -> EventSequence:
    """One sequence on (0, T]: a Poisson number of uniform times."""
    rate, T = check_positive("rate", rate), check_positive("T", T)
    check_rng(rng)
    times = np.sort(T * (1 - rng.random(rng.poisson(rate * T))))
    return EventSequence(times, T)


class SelfCorrecting(NamedTuple):
    """lambda(t) = exp(mu t - alpha N(t)), N(t) counting the events before t."""

    mu: float  # growth of the log intensity, per unit of time
    alpha: float  # its fall at an event


def _start(params, N):
    """The log intensity just after event j = 0..N, without the part mu t_j."""
    if not isinstance(params, SelfCorrecting):
        kind = type(params).__name__
        raise ValueError(f"params: expected SelfCorrecting, got {kind}")
    for name, value in params._asdict().items():
        check_positive(name, value)
    return -float(params.alpha) * np.arange(N + 1)


@finite_result("params", "sequences")
def self_correcting_log_likelihood(params, sequences):
    """Summed over the sequences, in nats; errors as for the other processes."""
    pad(sequences)
    total = 0.0
    for times, T, _ in sequences:
        t = np.concatenate([[0.0], times])
        start, mu = _start(params, len(times)), float(params.mu)
        a, gaps = start + mu * t, np.diff(t, append=T)
        with np.errstate(over="ignore"):
            if not np.isfinite([a, np.exp(a + mu * gaps)]).all():
                raise FloatingPointError("params, sequences: the intensity overflows")
        total += (a[:-1] + mu * gaps[:-1]).sum()
        total -= compensator(a, mu, gaps).sum()
    return total


def simulate_self_correcting(params, T, *, rng) -> EventSequence:
    """One sequence on (0, T], by inversion."""
    _start(params, 0)
    T, rng = check_positive("T", T), check_rng(rng)
    t, times = 0.0, []
    while True:
        a = params.mu * t - params.alpha * len(times)
        t += inverse_compensator(a, params.mu, rng.standard_exponential())
        if t > T:
            return EventSequence(np.array(times), T)
        times.append(t)


def self_correcting_network(params):
    """The same process as a `PointProcessParams`, for phi="identity" and h_0 = 0.

    h_j = h_{j-1} + mu tau_j - alpha, so a_j = h_j = mu t_j - alpha j, and w = mu.
    """
    _start(params, 0)
    one, zero = np.ones((1, 1)), np.zeros((1, 1))
    return PointProcessParams(
        E=zero,
        W_xh=np.array([[0.0, params.mu]]),
        W_hh=one,
        b_h=np.array([-float(params.alpha)]),
        W_hy=zero,
        b_y=np.zeros(1),
        v=np.ones(1),
        w=np.array(float(params.mu)),
        b=np.zeros(()),
    )
