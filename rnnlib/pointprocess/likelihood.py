"""The log-likelihood of event sequences and its gradients, side by side.

log L = sum_j [log lambda(t_j) + log p(k_j)] - integral of lambda over (0, T].
The state h_{j-1} speaks of event j: it has seen the events before t_j and no other.
The integral has N + 1 pieces: the last one, from t_N to T, is the survival term.
"""

from typing import NamedTuple, cast

import numpy as np

from rnnlib import rnn
from rnnlib.activations import get_activation
from rnnlib.layers.cell import initial_state
from rnnlib.losses import cross_entropy, log_softmax
from rnnlib.pointprocess.intensity import compensator, compensator_gradients
from rnnlib.pointprocess.parameters import PointProcessParams, check_params
from rnnlib.pointprocess.sequences import Batch, pad
from rnnlib.validate import finite_result, require_finite


class PointTrace(NamedTuple):
    """All that the forward pass computed, for B sequences padded to N events."""

    batch: Batch
    network: rnn.Trace  # network.h[j] is h_j
    z: np.ndarray  # (N+1, B, K)  logits of the mark of event j + 1
    a: np.ndarray  # (N+1, B)     a[j] = v.h_j + b
    log_intensity: np.ndarray  # (N, B)  at event j + 1; 0 where there is none
    log_mark: np.ndarray  # (N, B)       log p of its mark; 0 where there is none
    compensator: np.ndarray  # (N+1, B)  of the gap after event j; 0 where none

    @property
    def log_likelihood(self):
        """Of each sequence, (B,), in nats."""
        gains = (self.log_intensity + self.log_mark).sum(axis=0)
        return gains - self.compensator.sum(axis=0)


class PointGradients(NamedTuple):
    """Of one loss: ``params`` is a `PointProcessParams`, h_0 has the form given."""

    params: PointProcessParams
    h_0: np.ndarray


@finite_result("params", "sequences", "h_0")
def forward(params, sequences, *, h_0=None, phi="tanh") -> PointTrace:
    """Run the network over the events and evaluate the likelihood.

    Parameters
    ----------
    params : PointProcessParams
    sequences : list of EventSequence
        Of any lengths; a sequence without events counts with its survival term.
    h_0 : array (B, d_h) or (d_h,), optional
        The state before the first event; zero by default.
    phi : str or Activation

    Raises
    ------
    ValueError
        For sequences, marks or parameters that do not fit, and for an intensity whose
        exponential is not finite; the message names the argument.

    Source: {cite}`du2016`; {cite}`shchur2021`.
    """
    check_params(params)
    batch = pad(sequences, params.K)
    gaps = batch.gaps.astype(np.finfo(params.dtype).dtype)
    x = np.concatenate([params.E.T[batch.marks], gaps[:-1, :, None]], axis=-1)
    net = params.network
    h_0, shape = initial_state("h_0", h_0, x.shape[1], net)
    network = rnn.run(net, x, h_0, shape, get_activation(phi), mask=batch.steps)
    require_finite(network, "forward", "params", "sequences", "h_0")
    outputs = network.h @ net.W_hy.T + net.b_y  # z_j, from h_0 on
    z, a = outputs[..., :-1], outputs[..., -1]
    log_mark = np.take_along_axis(log_softmax(z[:-1]), batch.marks[..., None], -1)
    return PointTrace(
        batch._replace(gaps=gaps),
        network,
        z,
        a,
        (a[:-1] + params.w * gaps[:-1]) * batch.events,
        log_mark[..., 0] * batch.events,
        compensator(a, params.w, gaps),  # a padded gap is zero, and so is its piece
    )


@finite_result("params", "sequences", "h_0")
def log_likelihood(params, sequences, *, h_0=None, phi="tanh"):
    """The log-likelihood of all sequences together, in nats; as `forward`."""
    return forward(params, sequences, h_0=h_0, phi=phi).log_likelihood.sum()


@finite_result("params", "sequences", "h_0")
def loss_and_gradients(params, sequences, *, h_0=None, phi="tanh"):
    """Minus the log-likelihood of all sequences, and all its gradients.

    With Lambda_{j+1} the compensator of the gap after event j, the loss has

        dL/da_j = Lambda_{j+1} - 1   (without the -1 after the last event)
        dL/dz_j = p_j - y_{j+1}      (zero after the last event)
        dL/dw   = sum_j dLambda_j/dw - sum over events of t_j - t_{j-1}

    a_j and z_j are outputs of the network, so dL/dh_j = v dL/da_j + W_hy^T dL/dz_j
    enters the adjoint recursion by way of `rnnlib.backward`.

    Parameters and errors are those of `forward`.

    Returns
    -------
    loss : scalar, in nats
    gradients : PointGradients
    """
    trace = forward(params, sequences, h_0=h_0, phi=phi)
    return -trace.log_likelihood.sum(), pull_back(params, trace)


@finite_result("params", "trace")
def backward(params, trace) -> PointGradients:
    """The gradients of minus the log-likelihood, from the trace of `forward`."""
    rnn.check_trace(params.network, trace.network)
    return pull_back(params, trace)


def pull_back(params, trace):
    """`backward` without checks."""
    batch, net, h_0 = trace.batch, params.network, trace.network.h[0]
    d_a, d_w, _ = compensator_gradients(trace.a, params.w, batch.gaps)
    d_a[:-1] -= batch.events
    _, d_z = cross_entropy(trace.z[:-1], batch.marks, batch.events)
    d_out = np.zeros((*d_a.shape, params.K + 1), d_a.dtype)
    d_out[:-1, :, :-1] = d_z
    d_out[..., -1] = d_a
    # from h_1 .. h_N down
    states = rnn.pull_back_to_params(net, trace.network, d_out[1:])
    d_W_out = states.params.W_hy + d_out[0].T @ h_0  # h_0 has outputs too
    d_b_out = states.params.b_y + d_out[0].sum(axis=0)
    direct = d_out[0] @ net.W_hy
    d_h_0 = states.h_0 + (direct if states.h_0.ndim == 2 else direct.sum(axis=0))
    d_E = np.zeros(params.E.shape, d_a.dtype)
    d_x = cast(np.ndarray, states.x)  # zero where there is no event
    np.add.at(d_E.T, batch.marks, d_x[..., :-1])
    gradient = PointProcessParams(
        E=d_E,
        W_xh=states.params.W_xh,
        W_hh=states.params.W_hh,
        b_h=states.params.b_h,
        W_hy=d_W_out[:-1],
        b_y=d_b_out[:-1],
        v=d_W_out[-1],
        w=np.asarray(d_w.sum() - (batch.gaps[:-1] * batch.events).sum()),
        b=np.asarray(d_b_out[-1]),
    )
    return PointGradients(gradient, d_h_0)
