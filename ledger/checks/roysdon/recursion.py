"""The recursion of section 1.6 as it is printed, with a place for each mistake."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ledger.checks.oracles import PARAMETERS


class Adjoints(NamedTuple):
    """Lists from step 1 on; index 0 is None. ``delta_s`` has step T + 1 too."""

    delta_z: list
    g: list
    delta_s: list


def backward(n, *, start=None, back=None, slope=None, delta_z=None):
    """(5), (8) and (9), for t = T, ..., 1.

    ``start`` is delta_{T+1}, ``back`` what multiplies delta_{t+1} when transposed,
    ``slope`` phi'.
    """
    back = n.W_hh if back is None else back
    slope = slope or n.slope
    if delta_z is None:
        delta_z = [None, *(n.p[t] - n.y[t] for t in range(1, n.T + 1))]
    g, delta_s = [None] * (n.T + 2), [None] * (n.T + 2)
    delta_s[n.T + 1] = np.zeros_like(n.h_0) if start is None else start
    for t in range(n.T, 0, -1):
        g[t] = n.W_hy.T @ delta_z[t] + back.T @ delta_s[t + 1]
        delta_s[t] = g[t] * slope(n.s[t])
    return Adjoints(delta_z, g, delta_s)


def gradients(n, **mistakes):
    """(10) and (11) of the adjoints, by the names of the parameters, and for h_0."""
    delta_z, _, delta_s = backward(n, **mistakes)
    steps = range(1, n.T + 1)
    found = (
        sum(np.outer(delta_s[t], n.x[t]) for t in steps),
        sum(np.outer(delta_s[t], n.h[t - 1]) for t in steps),
        sum(delta_s[t] for t in steps),
        sum(np.outer(delta_z[t], n.h[t]) for t in steps),
        sum(delta_z[t] for t in steps),
    )
    return dict(zip(PARAMETERS, found, strict=True)) | {"h_0": n.W_hh.T @ delta_s[1]}


def descend(n, gradient, rate, names=PARAMETERS):
    """The network after one step against the gradient."""
    return replace(n, **{k: getattr(n, k) - rate * gradient[k] for k in names})
