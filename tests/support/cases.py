"""Problems for the tests: data for every combination of options, and how to run it.

The sizes are all different, so that no wrong axis fits by accident. A problem keeps
everything that has a gradient in one dictionary, ``variables``.
"""

from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import NamedTuple

import numpy as np

import rnnlib
from rnnlib.layers.readout import TOPOLOGIES
from rnnlib.losses import LOSSES

D_X, D_H, K, T = 2, 4, 6, 5
PARAMETERS = rnnlib.Params._fields
WEIGHT_DECAY = 0.1
SCALE = {"tanh": 0.4, "relu": 0.5, "logistic": 1.5, "identity": 0.4}  # of weights
KINK_MARGIN = 0.15  # relu: no pre-activation is nearer to zero than this
LEAST_NORM = 0.1  # of any gradient: a vanishing one would test nothing
MASKS = {
    1: [[1, 0, 1, 1, 0]],  # a hole, and padding on the right
    3: [[1, 1, 1, 1, 1], [1, 1, 0, 0, 0], [0, 1, 0, 1, 1]],
}


class Case(NamedTuple):
    """One combination of what a user may choose; the rest stays as it is here."""

    phi: str = "tanh"
    loss: str = "cross_entropy"
    topology: str = "many-to-many"
    masked: bool = False
    B: int = 1
    inputs: str = "dense"  # dense, integer
    state: str = "given"  # given (B, d_h), shared (d_h,), zero (not given at all)
    layer: str = "rnn"  # with outputs, or one of the layers without

    def __str__(self):
        data = "masked" if self.masked else "whole", str(self.B), self.inputs
        if self.layer == "rnn":
            return "-".join((self.phi, self.loss, self.topology, *data))
        return "-".join((self.layer, *data, self.state))


def combinations(**choices):
    """A case for every combination of these choices."""
    values = product(*choices.values())
    return [Case(**dict(zip(choices, v, strict=True))) for v in values]


STATES = ("given", "shared", "zero")
CASES = combinations(
    phi=rnnlib.ACTIVATIONS,
    loss=LOSSES,
    topology=TOPOLOGIES,
    masked=(False, True),
    B=(1, 3),
    inputs=("dense", "integer"),
)


@dataclass(frozen=True)
class Problem:
    """Data of one case. ``x`` stands among the variables when it is dense."""

    variables: dict
    x: np.ndarray | None
    y: np.ndarray
    options: dict
    h_0_given: bool

    def loss_and_gradients(self):
        """What rnnlib returns, the gradients in one dictionary."""
        v = self.variables
        h_0 = v["h_0"] if self.h_0_given else None
        loss, gradients = rnnlib.loss_and_gradients(
            self.params(v), v.get("x", self.x), self.y, h_0=h_0, **self.options
        )
        flat = gradients.params._asdict() | {"h_0": gradients.h_0}
        return loss, flat | ({"x": gradients.x} if "x" in v else {})

    def loss_at(self, variables):
        """The loss alone, at other values of the variables."""
        trace = self.trace(variables)
        mask = self.options["mask"] if trace.z.ndim == 3 else None
        loss, _ = rnnlib.losses.LOSSES[self.options["loss"]](trace.z, self.y, mask)
        return loss + rnnlib.weight_decay_penalty(
            self.params(variables), self.options["weight_decay"]
        )

    def trace(self, variables):
        """The forward trace at these values of the variables."""
        options = {k: self.options[k] for k in ("phi", "topology", "mask")}
        x, h_0 = variables.get("x", self.x), variables["h_0"]
        return rnnlib.forward(self.params(variables), x, h_0=h_0, **options)

    def params(self, variables):
        """The five parameters among the variables."""
        return rnnlib.Params(*(variables[n] for n in PARAMETERS))


@cache
def problem(case):
    """The problem of a case: the same arrays at every call, and worth testing."""
    seed = CASES.index(case._replace(state="given"))
    for attempt in range(10_000):
        drawn = draw(case, np.random.default_rng([seed, attempt]))
        s = drawn.trace(drawn.variables).s
        if case.phi == "relu" and np.abs(s).min() < KINK_MARGIN:
            continue
        if (
            min(map(np.linalg.norm, drawn.loss_and_gradients()[1].values()))
            > LEAST_NORM
        ):
            return drawn
    raise AssertionError(f"no usable data for {case}")


def draw(case, rng):
    """A random problem of that case."""
    B = case.B
    shapes = rnnlib.parameter_shapes(D_X, D_H, K)._asdict()
    scale = SCALE[case.phi]
    variables = {n: scale * rng.standard_normal(shape) for n, shape in shapes.items()}
    h_0 = rng.standard_normal((D_H,) if case.state == "shared" else (B, D_H))
    variables["h_0"] = np.zeros_like(h_0) if case.state == "zero" else h_0
    x = None
    if case.inputs == "dense":
        variables["x"] = rng.standard_normal((T, B, D_X))
    else:
        x = rng.integers(0, D_X, (T, B))
    outputs = (T, B) if case.topology == "many-to-many" else (B,)
    mask = np.array(MASKS[B], dtype=bool).T.copy() if case.masked else None
    options = {
        "phi": case.phi,
        "loss": case.loss,
        "topology": case.topology,
        "mask": mask,
        "weight_decay": WEIGHT_DECAY,
    }
    y = draw_targets(case, outputs, rng)
    return Problem(variables, x, y, options, h_0_given=case.state != "zero")


def draw_targets(case, outputs, rng):
    """Classes for dense inputs and distributions for integer ones, or plain numbers."""
    if case.loss == "half_squared_error":
        return rng.standard_normal((*outputs, K))
    if case.inputs == "dense":
        return rng.integers(0, K, outputs)
    return rng.dirichlet(np.ones(K), outputs)
