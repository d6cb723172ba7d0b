"""Networks whose output is the next input: teacher forcing, free running, mixtures.

A boolean array ``teacher`` (T, B) says where the input is the given one. Elsewhere it
is the network's own, from the step before; so the first row is True. All True is
teacher forcing, True at the first step only is free running, and coins in between are
scheduled sampling {cite}`bengio2015`. The inputs have the size of the outputs: d_x = K.

Two kinds of feedback have two kinds of gradient.

Symbols. The own input is a symbol, drawn from softmax(z_{t-1}) or the likeliest one. It
is a constant: a symbol has no derivative. `own_symbols` returns the symbols that were
fed, and the gradient is that of an ordinary network on them.

Probabilities. The own input is p_{t-1} = softmax(z_{t-1}) itself. Then h_t has a third
use, by way of p_t and s_{t+1}, and delta_z a second term: where t + 1 is not taught,

    delta_z_t = (dl_t/dz_t) + (Diag(p_t) - p_t p_t^T) W_xh^T delta_s_{t+1}.
"""

from typing import NamedTuple

import numpy as np

from rnnlib.layers.cell import of_shape
from rnnlib.layers.vanilla import recur_back
from rnnlib.losses import softmax
from rnnlib.parameters import check_params
from rnnlib.rnn import Gradients, Trace, check_forward, collect, run
from rnnlib.validate import (
    check_array,
    check_count,
    check_inputs,
    check_precision,
    check_rng,
    finite_result,
    is_array,
    is_finite,
    kind_of,
    require_finite,
    shape_error,
)


class FedTrace(NamedTuple):
    """A run in which probabilities were fed back."""

    trace: Trace  # its x are the inputs that were used, (T, B, K)
    p: np.ndarray  # (T, B, K)
    teacher: np.ndarray  # (T, B)


def coin_flips(T, B, probability, *, rng):
    """``teacher`` (T, B): True at the first step, then with that probability.

    Raises
    ------
    ValueError
        For sizes that are not positive integers, a probability outside [0, 1], or an
        ``rng`` that is not a Generator.
    """
    T = check_count("T", T)
    B = check_count("B", B)
    if not (is_finite(probability) and 0 <= probability <= 1):
        raise ValueError(
            f"probability: expected a number in [0, 1], got {probability!r}"
        )
    check_rng(rng)
    teacher = rng.random((T, B)) < probability
    teacher[0] = True
    return teacher


def own_symbols(params, x, teacher, *, uniforms=None, h_0=None, phi="tanh"):
    """The symbols (T, B) that are fed: x where taught, the network's own elsewhere.

    Parameters
    ----------
    x : integer array (T, B)
        Read where ``teacher`` is True; valid symbols everywhere.
    uniforms : array (T, B) of numbers in [0, 1), optional
        Row t draws the own symbol of step t from softmax(z_{t-1}), as the first one
        whose cumulative probability exceeds the number. Without it the likeliest
        symbol is taken, the first of several.

    Raises
    ------
    ValueError
        As `forward`; for dense inputs, K different from d_x, a ``teacher`` that is
        not boolean (T, B) or whose first row is not True, or bad ``uniforms``.
    """
    _check(params, x, teacher)
    if x.ndim != 2:
        raise ValueError(f"x: expected integers (T, B), got {x.dtype} {x.shape}")
    if uniforms is not None:
        check_array("uniforms", uniforms, x.shape)
        if uniforms.min() < 0 or uniforms.max() >= 1:
            raise ValueError(
                "uniforms: expected numbers in [0, 1), got "
                f"{uniforms.min():.3g} to {uniforms.max():.3g}"
            )
    h_0, shape, phi = check_forward(params, x, h_0, phi, "many-to-many", None)
    fed = x.copy()
    step = run(params, fed[:1], h_0, shape, phi)
    for t in range(1, len(x)):
        if uniforms is None:
            own = step.z[0].argmax(axis=-1)
        else:
            below = _probabilities(step)[0].cumsum(axis=-1) <= uniforms[t, :, None]
            own = below[:, :-1].sum(axis=-1)  # the last sum is 1, but for rounding
        fed[t] = np.where(teacher[t], x[t], own)
        step = run(params, fed[t : t + 1], step.h[1], shape, phi)
    return fed


@finite_result("params", "x", "h_0")
def feedback_forward(params, x, teacher, *, h_0=None, phi="tanh") -> FedTrace:
    """Run with x_t where taught, and p_{t-1} = softmax(z_{t-1}) elsewhere.

    x : array (T, B, K); finite everywhere, read where ``teacher`` is True. Errors as
    `own_symbols`, but for integer inputs.
    """
    _check(params, x, teacher)
    if x.ndim != 3:
        raise ValueError(f"x: expected floats (T, B, K), got {x.dtype} {x.shape}")
    h_0, shape, phi = check_forward(params, x, h_0, phi, "many-to-many", None)
    first = run(params, x[:1], h_0, shape, phi)
    steps, used, p = [first], [x[:1]], [_probabilities(first)]
    for t in range(1, len(x)):
        used.append(np.where(teacher[t, :, None], x[t : t + 1], p[-1]))
        steps.append(run(params, used[-1], steps[-1].h[1], shape, phi))
        p.append(_probabilities(steps[-1]))
    s, z = (np.concatenate([getattr(step, n) for step in steps]) for n in "sz")
    h = np.concatenate([first.h[:1], *(step.h[1:] for step in steps)])
    trace = first._replace(x=np.concatenate(used), s=s, h=h, z=z)
    return FedTrace(trace, np.concatenate(p), teacher)


@finite_result("params", "fed", "delta_z")
def feedback_backward(params, fed, delta_z) -> Gradients:
    """The gradients of a loss through all uses of a state, the fed outputs included.

    delta_z : array (T, B, K), the gradient of the loss with respect to the logits as a
    loss returns it, the first term above. ``x`` of the result is zero where the input
    was the network's own.
    """
    check_params(params)
    if not isinstance(fed, FedTrace):
        raise ValueError(f"fed: expected FedTrace, got {type(fed).__name__}")
    trace, p, teacher = fed
    _check(params, trace.x, teacher)
    if trace.h.shape[-1] != params.d_h:
        raise shape_error("fed.h", f"(T, B, {params.d_h})", trace.h.shape)
    check_array("delta_z", delta_z, trace.z.shape)
    check_precision("delta_z", delta_z, trace.z, "the logits")
    own = ~teacher[..., None]
    dtype = np.result_type(params.dtype, trace.h, delta_z)
    delta_z = delta_z.astype(dtype)
    delta_s = np.empty(trace.s.shape, dtype)
    d_x = np.empty(trace.x.shape, dtype)
    phi_prime = trace.phi.derivative(trace.h[1:])
    g = np.zeros(trace.h.shape, dtype)
    for t in range(len(delta_z) - 1, -1, -1):
        if t + 1 < len(delta_z):  # the third use: p_t was the next input
            v = d_x[t + 1] * own[t + 1]
            delta_z[t] += p[t] * (v - (p[t] * v).sum(axis=-1, keepdims=True))
        g[t + 1] += delta_z[t] @ params.W_hy
        step = slice(t, t + 1)  # g[t] receives W_hh^T delta_s of this step
        delta_s[step] = recur_back(params.W_hh, phi_prime[step], g[t : t + 2])
        d_x[t] = delta_s[t] @ params.W_xh
    used = trace.x, trace.h[:-1], trace.h[1:]
    gradient, _ = collect(params, delta_s, delta_z, *used)
    return Gradients(gradient, of_shape(g[0].copy(), trace.state_shape), d_x * ~own)


def _probabilities(step):
    """softmax(z) of a run, when its logits are finite."""
    return softmax(require_finite(step.z, "feedback_forward", "params", "x", "h_0"))


def _check(params, x, teacher):
    check_params(params)
    check_inputs(x, params)
    if params.d_x != params.K:
        raise shape_error("W_hy", (params.d_x, params.d_h), params.W_hy.shape)
    if not is_array(teacher) or teacher.dtype != bool:
        kind = kind_of(teacher)
        raise ValueError(f"teacher: expected a boolean NumPy array, got {kind}")
    if teacher.shape != x.shape[:2]:
        raise shape_error("teacher", x.shape[:2], teacher.shape)
    if not teacher[0].all():
        raise ValueError("teacher: expected True at the first step, got False")
