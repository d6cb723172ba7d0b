"""The running example: one unit, two steps, small enough for paper.

The chapters take this network where their idea can be shown on it, so that a number met
once is met again: W_xh = 1/2, W_hh = 3/2, no biases, inputs 1 and 0, and two classes
that read the state as h and -h. The first target is class 0, the second class 1.
"""

from typing import NamedTuple

import numpy as np

from rnnlib import Params


class RunningExample(NamedTuple):
    """Parameters, inputs (2, 1, 1) and targets (2, 1)."""

    params: Params
    x: np.ndarray
    y: np.ndarray


def running_example() -> RunningExample:
    """The network and its two steps, new arrays at each call."""
    params = Params(
        W_xh=np.array([[0.5]]),
        W_hh=np.array([[1.5]]),
        b_h=np.zeros(1),
        W_hy=np.array([[1.0], [-1.0]]),
        b_y=np.zeros(2),
    )
    return RunningExample(params, np.array([[[1.0]], [[0.0]]]), np.array([[0], [1]]))
