"""The same model on a grid: a recurrent network with one Bernoulli output a bin.

Time is cut into bins of width delta. A network that lives in steps sees whether the bin
just passed held an event. Its state moves at those bins and is carried over at others,
so only those steps have to be computed.
"""

import numpy as np

from rnnlib import rnn
from rnnlib.losses import log_softmax
from rnnlib.pointprocess.parameters import check_params
from rnnlib.pointprocess.sequences import pad
from rnnlib.validate import check_positive, finite_result

MOST = 10**8  # bins: some arrays have a number for each


@finite_result("params", "sequence", "delta")
def discrete_log_likelihood(params, sequence, delta, *, phi="tanh"):
    """The log-likelihood on a grid, as a density: N log(delta) is taken off.

    Bin i is ((i - 1) delta, i delta]. An event counts at the end of its bin, and the
    hazard of a bin is that at its start: P(event) = 1 - exp(-lambda delta). As delta
    goes to zero the value goes to `log_likelihood`, with an error O(delta).

    Parameters
    ----------
    params : PointProcessParams
    sequence : EventSequence
        One sequence, from h_0 = 0.
    delta : float
        A divisor of T, so small that no bin holds two events.

    Raises
    ------
    ValueError
        For a delta that does not divide T, or a bin with two events.
    """
    check_params(params)
    marks = pad([sequence], params.K).marks[: sequence.N, 0]
    delta = check_positive("delta", delta)
    if not sequence.T / delta <= MOST:
        raise ValueError(f"delta: expected at most {MOST} bins, got T = {sequence.T}")
    bins = round(sequence.T / delta)
    if abs(bins * delta - sequence.T) > 1e-9 * sequence.T:
        raise ValueError(f"delta: expected a divisor of T = {sequence.T}, got {delta}")
    i = np.clip(np.ceil(sequence.times / delta - 1e-9), 1, bins).astype(int)
    if (np.diff(i) == 0).any():
        raise ValueError(f"delta: expected at most one event a bin, got two at {delta}")
    seen = np.zeros(bins, bool)
    seen[i - 1] = True
    last = np.maximum.accumulate(np.where(seen, np.arange(1, bins + 1), 0))
    since = delta * (np.arange(bins) - np.append(0, last[:-1]))  # at the bin's start

    events = np.concatenate([[0], np.cumsum(seen)[:-1]])  # before each bin
    x = np.concatenate([params.E.T[marks], delta * np.diff(i, prepend=0)[:, None]], 1)
    net, h = params.network, np.zeros((1, params.d_h), params.dtype)
    if sequence.N:
        h = rnn.forward(net, x[:, None], phi=phi).h[:, 0]
    outputs = (h @ net.W_hy.T + net.b_y)[events]
    expected = delta * np.exp(outputs[:, -1] + params.w * since)  # in each bin
    log_p = np.log(-np.expm1(-expected[seen])) - np.log(delta)
    log_mark = log_softmax(outputs[:, :-1])[seen, marks]
    return log_p.sum() + log_mark.sum() - expected[~seen].sum()
