"""All independent oracles on one random point.

Each knows how to evaluate the forward equations, and nothing of the recursion: the
complex step, central differences, the derivative along a direction carried forwards,
and automatic differentiation where the package autograd is installed. The recursion
agrees when its gradients do, relative to the size of the gradient. The tangent and the
adjoint are compared besides by the dot product: both give the same number.
"""

import importlib.util
from dataclasses import dataclass

import numpy as np

from rnnlib.derivatives import central_difference, complex_step
from rnnlib.symbolic.derivation.evaluation import (
    Backend,
    Evaluator,
    float_functions,
    random_point,
)
from rnnlib.symbolic.derivation.proof import sizes_for
from rnnlib.validate import check_rng

TOLERANCE = 1e-10
STEPS = (7e-3, 4e-3, 2e-3, 1e-3)  # the longest that crosses no kink is the best
ATTEMPTS = 50


@dataclass(frozen=True)
class Check:
    """The largest relative difference that each oracle found."""

    errors: dict
    skipped: tuple = ()

    def __bool__(self):
        return all(e <= TOLERANCE for e in self.errors.values())

    def __str__(self):
        lines = [
            f"{name}: {'agrees' if error <= TOLERANCE else f'differs by {error:.1e}'}"
            for name, error in self.errors.items()
        ]
        return "\n".join([*lines, *(f"{name}: not installed" for name in self.skipped)])

    __repr__ = __str__


def check(recursion, rng, *, T=4, d=3):
    """A `Check` of the recursion at a random point with these sizes."""
    check_rng(rng)
    sizes = sizes_for(recursion.program, d)
    for _ in range(ATTEMPTS):
        point = random_point(recursion, T, sizes, rng)
        if not _near_a_kink(recursion, point):
            break
    errors, skipped = oracles(recursion, point, rng)
    return Check(errors, skipped)


def oracles(recursion, point, rng):
    """The largest difference by the name of the oracle, and what is not installed."""
    adjoints = Evaluator(recursion, point).backward()
    variables = {k: a for k, a in point.variables.items() if _trained(recursion, k)}
    gradients = {k: np.broadcast_to(adjoints[k], a.shape) for k, a in variables.items()}
    names = ("complex step", "central differences", "forward mode")
    errors = dict.fromkeys((*names, "dot product"), 0.0)

    def loss(moved):
        return Evaluator(recursion, point.moved(moved)).loss()

    whole = 0.0
    everything = {}
    for key, at in variables.items():
        u = rng.standard_normal(at.shape)
        u /= np.linalg.norm(u)
        everything[key] = u
        along = float((gradients[key] * u).sum())
        whole += along
        size = max(float(np.linalg.norm(gradients[key])), 1e-3)

        def loss_of(one, key=key):
            return loss({key: one["at"]})

        def complex_loss(one, loss_of=loss_of):  # real where nothing reads it
            return complex(_scalar(loss_of(one)))

        measured = {
            "complex step": complex_step(complex_loss, {"at": at}, {"at": u}),
            "forward mode": _number(Evaluator(recursion, point).loss_along({key: u})),
        }
        differences = [
            abs(
                central_difference(loss_of, {"at": at}, {"at": u}, order=8, step=step)
                - along
            )
            for step in STEPS
        ]
        for name, value in measured.items():
            errors[name] = max(errors[name], abs(value - along) / size)
        central = min(differences) / size
        errors["central differences"] = max(errors["central differences"], central)
    forwards = _number(Evaluator(recursion, point).loss_along(everything))
    errors["dot product"] = abs(forwards - whole) / max(abs(whole), 1e-3)
    if importlib.util.find_spec("autograd") is None:
        return errors, ("automatic differentiation",)
    errors["automatic differentiation"] = _autodiff(recursion, point, gradients)
    return errors, ()


def _trained(recursion, key):
    return key[0] not in recursion.frozen


def _scalar(value):
    return np.asarray(value).reshape(-1)[0]


def _number(value):
    return float(np.sum(value))


def _autodiff(recursion, point, gradients):
    """The largest difference from the gradients of autograd, entry by entry."""
    import autograd.numpy as anp
    from autograd import grad

    backend = Backend(float_functions(anp), anp)
    keys = list(gradients)

    def loss(arrays):
        moved = dict(zip(keys, arrays, strict=True))
        evaluator = Evaluator(recursion, point.moved(moved), backend)
        return anp.sum(evaluator.loss())

    variables = point.variables
    wanted = grad(loss)([variables[k] for k in keys])
    worst = 0.0
    for key, array in zip(keys, wanted, strict=True):
        difference = np.max(np.abs(array - gradients[key]))
        worst = max(worst, difference / max(np.max(np.abs(array)), 1e-3))
    return float(worst)


def _near_a_kink(recursion, point, distance=0.05):
    """True when a maximum or a relu is nearly undecided."""
    evaluator = Evaluator(recursion, point)
    gaps = []
    apply, at_least = evaluator._apply, evaluator._maximum

    def watched_apply(node, t):
        if node.function == "relu":
            gaps.append(np.min(np.abs(evaluator.of(node.args[0], t))))
        return apply(node, t)

    def watched_maximum(node, t):
        a, b = (evaluator.of(arg, t) for arg in node.args)
        gaps.append(np.min(np.abs(a - b)))
        return at_least(node, t)

    evaluator._apply = watched_apply  # type: ignore[method-assign]
    evaluator._maximum = watched_maximum  # type: ignore[method-assign]
    evaluator.forward()
    return min(gaps, default=np.inf) < distance
