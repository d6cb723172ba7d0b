"""Problems for the tests: small ones, and sequences of unequal length, one empty."""

from typing import NamedTuple

import numpy as np

from rnnlib import pointprocess as pp
from rnnlib.pointprocess import EventSequence, PointProcessParams

K, D_H, D_E, B = 3, 4, 2, 5


def plain(d_h=2, K=1, **changes):
    """A network that reads nothing: a Poisson process of rate one, but for changes."""
    made = pp.init_params(K, d_h, rng=np.random.default_rng(0))
    return made._replace(**changes)


def seen(*times, T=3.0, marks=None):
    """A sequence with events at these times."""
    return pp.EventSequence(np.array(times, float), T, marks)


class Problem(NamedTuple):
    """Everything that has a gradient in ``variables``: nine parameters and h_0."""

    variables: dict
    sequences: list

    def arguments(self, variables=None, sequences=None):
        """params, sequences and h_0 as rnnlib wants them."""
        v = variables or self.variables
        params = pp.PointProcessParams(*(v[n] for n in PointProcessParams._fields))
        data = [pp.EventSequence(*s) for s in sequences or self.sequences]
        return params, data, v["h_0"]

    def loss_and_gradients(self, phi="tanh"):
        """The loss, and the gradients in one dictionary."""
        params, data, h_0 = self.arguments()
        loss, g = pp.loss_and_gradients(params, data, h_0=h_0, phi=phi)
        return loss, g.params._asdict() | {"h_0": g.h_0}

    def loss_at(self, variables, phi="tanh"):
        """The loss alone, at other values."""
        params, data, h_0 = self.arguments(variables)
        return -pp.log_likelihood(params, data, h_0=h_0, phi=phi)


def sequences(rng, lengths=(6, 0, 1, 9, 3), T=5.0):
    """Uniform times; the last event of the last sequence falls on T."""
    made = []
    for N in lengths:
        times = np.sort(T * (1 - rng.random(N)))
        made.append(EventSequence(times, T, rng.integers(0, K, N)))
    made[-1].times[-1] = T
    return made


def problem(w=0.4, shared=False, seed=0):
    """Random parameters, none of them zero but w when it is given so."""
    rng = np.random.default_rng(seed)
    data = sequences(rng)
    shapes = {
        "E": (D_E, K),
        "W_xh": (D_H, D_E + 1),
        "W_hh": (D_H, D_H),
        "b_h": (D_H,),
        "W_hy": (K, D_H),
        "b_y": (K,),
        "v": (D_H,),
        "w": (),
        "b": (),
        "h_0": (D_H,) if shared else (B, D_H),
    }
    drawn = {n: np.asarray(0.5 * rng.standard_normal(s)) for n, s in shapes.items()}
    return Problem(drawn | {"w": np.array(float(w))}, data)
