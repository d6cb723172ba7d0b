"""The Hawkes process with an exponential kernel: every event excites the next ones.

    lambda(t) = mu + alpha * sum over t_k < t of exp(-beta (t - t_k))

The sum has a recursion, so the likelihood costs O(N): just after event j it is
S_j = 1 + exp(-beta tau_j) S_{j-1}, a linear recurrent unit whose weight depends on its
input, the gap.
"""

from typing import NamedTuple

import numpy as np

from rnnlib.pointprocess.intensity import exprel, exprel_derivative
from rnnlib.pointprocess.sequences import EventSequence, pad
from rnnlib.pointprocess.validate import check_numbers
from rnnlib.validate import check_positive, check_rng, finite_result


class Hawkes(NamedTuple):
    """Stationary for alpha < beta; alpha/beta is the mean number of offspring.

    Source: {cite}`hawkes1971`.
    """

    mu: np.ndarray  # background rate, events per unit of time
    alpha: np.ndarray  # jump at an event, events per unit of time
    beta: np.ndarray  # decay, per unit of time


def _check(params):
    if not isinstance(params, Hawkes):
        raise ValueError(f"params: expected Hawkes, got {type(params).__name__}")
    for name, value in params._asdict().items():
        number = check_numbers(name, value)
        low = 0 if name == "alpha" else np.finfo(float).tiny
        if number.ndim or number.real < low:
            wanted = "a number >= 0" if name == "alpha" else "a number > 0"
            raise ValueError(f"{name}: expected {wanted}, got {value!r}")
    return Hawkes(*map(check_numbers, params._fields, params))


def _excitation(beta, gaps):
    """S_j and dS_j/dbeta just after event j = 0..N, and both just before event j+1."""
    S = np.zeros(gaps.shape, np.result_type(beta, gaps))
    D = np.zeros_like(S)
    decay = np.exp(-beta * gaps)
    for j in range(1, len(gaps)):
        S[j] = 1 + decay[j - 1] * S[j - 1]
        D[j] = decay[j - 1] * (D[j - 1] - gaps[j - 1] * S[j - 1])
    return S, D, decay * S, decay * (D - gaps * S)


def _pieces(params, batch):
    """The compensator of every gap, and its derivatives by alpha and beta."""
    S, D, _, _ = _excitation(params.beta, batch.gaps)
    u = -params.beta * batch.gaps
    if not np.isfinite(u).all():
        raise FloatingPointError("params, sequences: beta times a gap overflows")
    faded = batch.gaps * exprel(u)  # (1 - exp(-beta tau)) / beta
    d_faded = -(batch.gaps**2) * exprel_derivative(u)
    by_beta = params.alpha * (D * faded + S * d_faded)
    return params.mu * batch.gaps + params.alpha * S * faded, S * faded, by_beta


@finite_result("params", "sequences")
def hawkes_loss_and_gradients(params, sequences):
    """Minus the log-likelihood of all sequences, O(N), and its gradient, a `Hawkes`.

    Raises
    ------
    ValueError
        For mu or beta not above zero, alpha below zero, or bad sequences.

    Source: {cite}`ogata1981` for the recursion; {cite}`hawkes1971` for the process.
    """
    params, batch = _check(params), pad(sequences)
    _, _, before, d_before = (e[:-1] for e in _excitation(params.beta, batch.gaps))
    rate = params.mu + params.alpha * before
    by_alpha, by_beta = before / rate, params.alpha * d_before / rate
    pieces, d_alpha, d_beta = _pieces(params, batch)
    seen = batch.events
    loss = pieces.sum() - np.log(rate).sum(where=seen)
    gradient = Hawkes(
        mu=batch.gaps.sum() - (1 / rate).sum(where=seen),
        alpha=d_alpha.sum() - by_alpha.sum(where=seen),
        beta=d_beta.sum() - by_beta.sum(where=seen),
    )
    return loss, Hawkes(*map(np.asarray, gradient))


@finite_result("params", "sequences")
def hawkes_compensators(params, sequences):
    """For each sequence its compensator over every gap, (N + 1,)."""
    batch = pad(sequences)
    pieces = _pieces(_check(params), batch)[0]
    return [pieces[: s.N + 1, i] for i, s in enumerate(sequences)]


def simulate_hawkes(params, T, *, rng) -> EventSequence:
    """One sequence on (0, T] by thinning.

    Between events the intensity falls, so its present value bounds it: propose a gap at
    that rate, keep the event with probability lambda(t)/bound.

    Source: {cite}`ogata1981`.
    """
    mu, alpha, beta = _check(params)
    T, rng = check_positive("T", T), check_rng(rng)
    if alpha >= beta:
        raise ValueError(f"alpha: expected alpha < beta = {beta}, got {alpha}")
    t, S, times = 0.0, 0.0, []
    while True:
        bound = mu + alpha * S
        gap = rng.standard_exponential() / bound
        t, S = t + gap, S * np.exp(-beta * gap)
        if t > T:
            return EventSequence(np.array(times), T)
        if rng.random() * bound <= mu + alpha * S:
            times.append(t)
            S += 1
