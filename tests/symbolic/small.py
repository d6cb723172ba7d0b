"""Small problems, and their gradients from the unrolled symbolic network.

A mask deletes steps: the symbolic network is unrolled over the steps that are left.
A batch is the sum of its sequences: each one is evaluated on its own.
"""

from functools import cache
from typing import NamedTuple

import mpmath
import numpy as np

import rnnlib
from rnnlib.layers.readout import TOPOLOGIES
from rnnlib.losses import LOSSES
from rnnlib.symbolic import unroll
from tests.support.cases import combinations

D_X, D_H, K, T = 2, 3, 4, 3  # all different: no wrong axis fits by accident
DIGITS = 40
TOLERANCE = 1e-10
LEAST_NORM = 0.01  # of any gradient: a vanishing one would test nothing
MASKS = {1: [[1, 0, 1]], 3: [[1, 1, 1], [0, 1, 0], [1, 0, 1]]}


CASES = combinations(
    phi=rnnlib.ACTIVATIONS,
    loss=LOSSES,
    topology=TOPOLOGIES,
    masked=(False, True),
    B=MASKS,
)


class Problem(NamedTuple):
    """The arrays of a case."""

    params: rnnlib.Params
    x: np.ndarray
    y: np.ndarray
    h_0: np.ndarray
    mask: np.ndarray | None


@cache
def problem(case):
    """Random arrays for a case: the same at every call, and no gradient vanishes."""
    for attempt in range(1000):
        drawn = draw(case, np.random.default_rng([CASES.index(case), attempt]))
        _, gradients = numerical(case, drawn)
        if min(map(np.linalg.norm, gradients.values())) > LEAST_NORM:
            return drawn
    raise AssertionError(f"no usable data for {case}")


def draw(case, rng):
    """Random arrays for a case."""
    shapes = rnnlib.parameter_shapes(D_X, D_H, K)
    params = rnnlib.Params(*(rng.standard_normal(shape) for shape in shapes))
    x = rng.standard_normal((T, case.B, D_X))
    outputs = (T, case.B) if case.topology == "many-to-many" else (case.B,)
    if case.loss == "cross_entropy":
        y = rng.dirichlet(np.ones(K), outputs)
    else:
        y = rng.standard_normal((*outputs, K))
    h_0 = rng.standard_normal((case.B, D_H))
    mask = np.array(MASKS[case.B], dtype=bool).T.copy() if case.masked else None
    return Problem(params, x, y, h_0, mask)


def numerical(case, problem, package=rnnlib):
    """Loss and gradients from rnnlib, or from a mutant of it."""
    loss, gradients = package.loss_and_gradients(
        package.Params(*problem.params),
        problem.x,
        problem.y,
        h_0=problem.h_0,
        phi=case.phi,
        topology=case.topology,
        mask=problem.mask,
        loss=case.loss,
    )
    flat = gradients.params._asdict() | {"h_0": gradients.h_0, "x": gradients.x}
    return loss, flat


@cache
def network(T, phi, loss, topology):
    """The unrolled network, its outputs by name, and a function that computes them."""
    net = unroll(T, D_X, D_H, K, phi=phi, loss=loss, topology=topology)
    named = net.params._asdict() | {"h_0": net.h[0]}
    named |= {f"x_{t}": x for t, x in net.x.items()}
    adjoints = {name: net.adjoints(symbols) for name, symbols in named.items()}
    outputs = [net.loss, *(v for m in adjoints.values() for v in m)]
    return net, adjoints, net.backward().function(outputs)


@cache
def symbolic(case):
    """Loss and gradients of a case by the unrolled network, rounded to float64."""
    params, x, y, h_0, mask = problem(case)
    gradients = {n: np.zeros(a.shape) for n, a in params._asdict().items()}
    gradients |= {"h_0": np.zeros(h_0.shape), "x": np.zeros(x.shape)}
    loss = 0.0
    for b in range(case.B):
        kept = list(range(T) if mask is None else np.flatnonzero(mask[:, b]))
        target = y[kept, b] if case.topology == "many-to-many" else y[b]
        net, adjoints, call = network(len(kept), case.phi, case.loss, case.topology)
        values = net.values(params, x[kept, b], target, h_0[b])
        with mpmath.workdps(DIGITS):
            found = call({v: mpmath.mpf(q) for v, q in values.items()})
        loss += float(found[net.loss])
        for name, symbols in adjoints.items():
            numbers = np.array([float(found[v]) for v in symbols])
            if name.startswith("x_"):
                gradients["x"][kept[int(name[2:]) - 1], b] = numbers
            elif name == "h_0":
                gradients["h_0"][b] = numbers
            else:
                gradients[name] += numbers.reshape(gradients[name].shape)
    return loss, gradients


def differs(actual, wanted):
    """True unless the two agree in form, and in value relative to the largest."""
    if np.shape(actual) != np.shape(wanted):
        return True
    return not np.max(np.abs(actual - wanted)) <= TOLERANCE * np.max(np.abs(wanted))


def wrong_by_symbols(case, package=rnnlib):
    """Names of the gradients, or "loss", that disagree with the symbolic network."""
    loss, gradients = numerical(case, problem(case), package)
    wanted_loss, wanted = symbolic(case)
    wrong = {"loss"} if differs(loss, wanted_loss) else set()
    return wrong | {n for n in wanted if differs(gradients[n], wanted[n])}
