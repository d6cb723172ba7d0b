"""Real-time recurrent learning: the gradient of every parameter, forwards in time.

Beside the state h_t, one step carries the sensitivities dh_t/dtheta along. They obey
the recursion of total derivatives, with J_t = Diag(phi'(s_t)) W_hh:

    dh_t/dtheta = (immediate dh_t/dtheta) + J_t dh_{t-1}/dtheta.

There is no backward pass and no trace: nothing of the past is kept but the
sensitivities. The price is their size. For W_hh they are d_h^3 numbers a sequence, and
one step multiplies them by J_t: d_h^4 multiplications.
"""

from typing import Any, NamedTuple

import numpy as np

from rnnlib.layers.cell import of_shape
from rnnlib.layers.readout import TOPOLOGIES
from rnnlib.losses import LOSSES
from rnnlib.objective import add_weight_decay
from rnnlib.parameters import Params
from rnnlib.rnn import Gradients, check_forward, run
from rnnlib.validate import (
    check_choice,
    check_rate,
    check_step_targets,
    finite_result,
)


class Sensitivities(NamedTuple):
    """dh_t/dtheta: for each sequence and unit of h_t, an array of the shape of theta.

    They are total derivatives: through the definition of h_t, and through h_{t-1}.
    """

    W_xh: np.ndarray  # (B, d_h, d_h, d_x)   [b, i, k, l] is dh_{t,i} / dW_{xh,kl}
    W_hh: np.ndarray  # (B, d_h, d_h, d_h)
    b_h: np.ndarray  # (B, d_h, d_h)
    h_0: np.ndarray  # (B, d_h, d_h)         the product J_t ... J_1


class Step(NamedTuple):
    """What is known at step t: h_t of every sequence, and its sensitivities."""

    h: np.ndarray  # (B, d_h)
    sensitivities: Sensitivities


def sensitivities(params, x, *, h_0=None, phi="tanh", mask=None):
    """Run the network forwards and yield a `Step` for every t = 1..T.

    The arguments are those of `forward`, and so are the errors. Nothing but the
    current step is kept.

    Source: {cite}`pal`, Lemma 1; {cite}`williams1989`.
    """
    h_0, _, phi = check_forward(params, x, h_0, phi, "many-to-many", mask)
    first = _forward(params, x[:1], h_0, phi)  # with h_0 for every sequence
    return _steps(params, x, first.h[0], phi, mask)


@finite_result("params", "x", "h_0")
def _forward(params, x, h, phi):
    """One step of the network, from h_{t-1}."""
    return run(params, x, h, None, phi)


def _steps(params, x, h, phi, mask):
    dtype = h.dtype
    B, d_h = h.shape
    identity = np.eye(d_h, dtype=dtype)
    S = Sensitivities(
        W_xh=np.zeros((B, d_h, d_h, params.d_x), dtype),
        W_hh=np.zeros((B, d_h, d_h, d_h), dtype),
        b_h=np.zeros((B, d_h, d_h), dtype),
        h_0=np.tile(identity, (B, 1, 1)),  # dh_0/dh_0
    )
    for t in range(len(x)):
        previous, h = h, _forward(params, x[t : t + 1], h, phi).h[1]
        phi_prime = phi.derivative(h)
        J = phi_prime[:, :, None] * params.W_hh
        if mask is not None:  # a step that did not happen: h_t = h_{t-1}
            real = mask[t][:, None]
            h = np.where(real, h, previous)
            J = np.where(real[..., None], J, identity)
            phi_prime = phi_prime * real
        S = Sensitivities(*(_product(J, dh) for dh in S))
        _add_immediate(S, phi_prime, x[t], previous)
        yield Step(h, S)


@finite_result("params")
def _product(J, dh):
    """J_t dh_{t-1}/dtheta, for every sequence; theta in one axis meanwhile."""
    return (J @ dh.reshape(*dh.shape[:2], -1)).reshape(dh.shape)


def _add_immediate(S, phi_prime, x, previous):
    """Add the immediate derivative: phi'(s_i) u_l in row k = i, zero in the others.

    u is x_t for W_xh, h_{t-1} for W_hh and 1 for b_h: Diag(phi') (I kron u^T).
    """
    unit = np.arange(phi_prime.shape[1])
    S.W_hh[:, unit, unit] += phi_prime[..., None] * previous[:, None]
    S.b_h[:, unit, unit] += phi_prime
    if x.ndim == 2:
        S.W_xh[:, unit, unit] += phi_prime[..., None] * x[:, None]
    else:  # the integer k is the k-th unit vector
        sequence = np.arange(len(x))[:, None]
        S.W_xh[sequence, unit, unit, x[:, None]] += phi_prime


@finite_result("params", "x", "h_0", "weight_decay")
def rtrl_loss_and_gradients(
    params,
    x,
    y,
    *,
    h_0=None,
    phi="tanh",
    topology="many-to-many",
    mask=None,
    loss="cross_entropy",
    weight_decay=0.0,
):
    """The loss and its gradients by real-time recurrent learning.

    Arguments, errors and result are those of `loss_and_gradients`, with one exception:
    ``gradients.x`` is None. Every input would need sensitivities of its own, kept
    from its step on, and the memory would grow with T.

    The sensitivities hold d_h^2 (d_x + d_h + 2) numbers a sequence, at any T ("mean"
    keeps their sum too), and a step multiplies each of them d_h times.

    Source: {cite}`williams1989`; the recursion is Lemma 1 of {cite}`pal`.
    """
    check_choice("loss", loss, LOSSES)
    check_choice("topology", topology, TOPOLOGIES)
    weight_decay = check_rate("weight_decay", weight_decay)
    steps = sensitivities(params, x, h_0=h_0, phi=phi, mask=mask)
    if topology == "many-to-many":
        T, B = x.shape[:2]
        check_step_targets(y, T, B, params.K)
    value: Any = 0
    sums: Any = None
    for read, target, real in _readings(steps, y, topology, mask):
        z = read.h @ params.W_hy.T + params.b_y  # z_t
        term, delta_z = LOSSES[loss](z, target, real)
        new = _chain(params.W_hy, delta_z, read)
        value = value + term
        sums = new if sums is None else [a + b for a, b in zip(sums, new, strict=True)]
    *d_params, d_h_0 = sums
    gradients = Gradients(Params(*d_params), of_shape(d_h_0, np.shape(h_0)), None)
    return add_weight_decay(value, gradients, params, weight_decay)


def _readings(steps, y, topology, mask):
    """For each output: what it reads, its targets, and which sequences have it."""
    if topology == "many-to-many":
        for t, step in enumerate(steps):
            yield step, y[t], None if mask is None else mask[t]
    elif topology == "last":
        for step in steps:
            last = step
        yield last, y, None
    else:
        yield _mean(steps, mask), y, None


def _mean(steps, mask):
    """The mean of the real states, and of their sensitivities, which is its own."""
    sums: Any = None
    count: Any = 0
    for t, step in enumerate(steps):
        real = np.ones(len(step.h), bool) if mask is None else mask[t]
        terms = [a * _per_sequence(real, a) for a in (step.h, *step.sensitivities)]
        sums = terms if sums is None else list(map(np.add, sums, terms))
        count = count + real
    h, *S = (a / _per_sequence(count.astype(a.real.dtype), a) for a in sums)
    return Step(h, Sensitivities(*S))


def _per_sequence(numbers, like):
    """One number a sequence, shaped to multiply an array (B, ...)."""
    return numbers.reshape(-1, *(1,) * (like.ndim - 1))


def _chain(W_hy, delta_z, read):
    """The gradients of one output: (dl/dh) dh/dtheta, summed over the sequences."""
    d_read = delta_z @ W_hy  # dl/dh, a row a sequence
    S = read.sensitivities
    d_W_xh, d_W_hh, d_b_h = (np.tensordot(d_read, dh, 2) for dh in S[:3])
    d_h_0 = (d_read[:, None] @ S.h_0)[:, 0]  # each sequence has its own h_0
    return d_W_xh, d_W_hh, d_b_h, delta_z.T @ read.h, delta_z.sum(axis=0), d_h_0
