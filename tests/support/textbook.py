"""The backward pass (5)-(11) in pieces, each of which a mutant may take for another.

Without a mistake it is right, which a test sees to; it shares no line with rnnlib. The
masks of dropout are part of it: without them each is one.
"""

from types import SimpleNamespace

import numpy as np

from rnnlib import Params
from rnnlib.rnn import Gradients


def rows(a):
    """All axes but the last in one."""
    return a.reshape(-1, a.shape[-1])


def real_steps(trace):
    """1 at the steps that happen and 0 at the others, (T, B, 1)."""
    mask = getattr(trace, "mask", None)
    return np.ones((*trace.s.shape[:2], 1)) if mask is None else mask[..., None] * 1.0


def read(trace):
    """What the outputs read: all states, the last one, or the mean of the real ones."""
    h, topology = trace.h[1:], getattr(trace, "topology", "many-to-many")
    if topology == "mean":
        return (h * real_steps(trace)).sum(axis=0) / real_steps(trace).sum(axis=0)
    return h[-1] if topology == "last" else h


def received(trace, d_read):
    """The transpose of `read`."""
    if getattr(trace, "topology", "many-to-many") == "many-to-many":
        return d_read
    h = np.zeros(trace.s.shape, d_read.dtype)
    if trace.topology == "last":
        h[-1] = d_read
        return h
    return h + d_read / real_steps(trace).sum(axis=0) * real_steps(trace)


def of_inputs(delta_s, x, d_x):
    """The sum of delta_s_t x_t^T; an integer is its unit vector."""
    return outer(delta_s, np.eye(d_x)[x] if x.ndim == 2 else x)


def outer(delta, a):
    """The sum of delta_t a_t^T over steps and sequences."""
    return rows(delta).T @ rows(a)


PIECES = {
    "received": received,
    "slope": lambda trace: trace.phi.derivative(trace.h[1:]),
    "error": lambda g, slope, real: g * slope * real,  # (7)
    "back": lambda delta_s, W_hh: delta_s @ W_hh,  # (8)
    "back_mask": lambda m_h, t: m_h[t - 1],
    "held": lambda g, real: g * (1 - real),  # over a step that does not happen
    "beyond": lambda g, slope, W_hh: 0,  # what h_T gets from steps after it
    "steps": lambda T: range(T, 0, -1),
    "outer": outer,
    "outer_h": outer,  # the one for W_hh
    "total": lambda delta: rows(delta).sum(axis=0),
    "total_h": lambda delta: rows(delta).sum(axis=0),  # the one for b_h
    "before": lambda m_h, h: m_h * h[:-1],
    "pooled": lambda m_y, trace: m_y * read(trace),
    "m_y": lambda m_y: m_y,
    "of_inputs": of_inputs,
    "read_x": lambda m_x, x: x if x.ndim == 2 else m_x * x,
    "to_x": lambda m_x, d_x: m_x * d_x,
    "error_x": lambda g, delta_s: delta_s,  # what goes back to the inputs
    "start": lambda g, delta_s: g[0],
    "shared": lambda g: g.sum(axis=0),
}


def backward(**mistakes):
    """A backward pass with these pieces in place of the right ones."""
    assert mistakes.keys() <= PIECES.keys(), mistakes
    p = SimpleNamespace(**PIECES | mistakes)

    def run(params, trace, delta_z, d_state=None):
        m_x, m_h, m_y = (
            np.ones(1) if m is None else m for m in getattr(trace, "masks", (None,) * 3)
        )
        T, W_hh = len(trace.s), params.W_hh
        m_h = m_h if m_h.ndim > 1 else np.ones((T, 1, 1))
        real = real_steps(trace)
        g = np.zeros(trace.h.shape)
        g[1:] = p.m_y(m_y) * p.received(trace, delta_z @ params.W_hy)
        g[-1] += 0 if d_state is None else d_state
        slope, delta_s = p.slope(trace), np.zeros(trace.s.shape)
        g[-1] += p.beyond(g[-1], slope[-1], W_hh)
        for t in p.steps(T):
            delta_s[t - 1] = p.error(g[t], slope[t - 1], real[t - 1])
            g[t - 1] += p.back_mask(m_h, t) * p.back(delta_s[t - 1], W_hh)
            g[t - 1] += p.held(g[t], real[t - 1])
        to_x = p.error_x(g, delta_s)
        gradient = Params(
            W_xh=p.of_inputs(to_x, p.read_x(m_x, trace.x), params.d_x),
            W_hh=p.outer_h(delta_s, p.before(m_h, trace.h)),
            b_h=p.total_h(delta_s),
            W_hy=p.outer(delta_z, p.pooled(m_y, trace)),
            b_y=p.total(delta_z),
        )
        d_h_0 = p.start(g, delta_s)
        d_h_0 = p.shared(d_h_0) if len(trace.state_shape) == 1 else d_h_0
        d_x = None if trace.x.ndim == 2 else p.to_x(m_x, to_x @ params.W_xh)
        return Gradients(gradient, d_h_0, d_x)

    return lambda right: run
