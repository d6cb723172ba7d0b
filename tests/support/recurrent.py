"""Problems for the recurrent layers, and who disagrees with their gradients.

Everything that has a gradient stands in one tree, ``variables``: params, state and x.
The loss is a fixed random linear function of the output and of the last state, so that
both adjoints are sent back. `backward_of` makes a backward pass of an independent
layer: one with wrong slopes is a mistake to be caught.
"""

from functools import cache, partial
from typing import NamedTuple

import numpy as np
from autograd import grad, value_and_grad

import rnnlib
from rnnlib import layers
from rnnlib.layers.cell import LayerGradients
from rnnlib.trees import flatten, rebuild
from tests.support import recurrent_reference as reference
from tests.support.cases import MASKS, STATES, Case, combinations
from tests.support.oracles import ORDER, STEP, TOLERANCE, differs

D_X, D_H, T = 2, 3, 5
LEAST_SCALE = 0.25  # that layer normalisation divides by: differences need that
SHORT_STEP = 2e-3  # for normalised layers: they bend more
LEAST_NORM = 0.02  # of any gradient: a vanishing one would test nothing


def stacked(*cells, **options):
    """A stack of the modules of these names."""
    return layers.stack([getattr(layers, name) for name in cells], **options)


# For each layer: a function that makes the cell, and its independent implementation
LAYERS = {
    "vanilla": (lambda: layers.vanilla, reference.vanilla),
    "logistic": (
        lambda: layers.with_options(layers.vanilla, phi="logistic"),
        partial(reference.vanilla, phi="logistic"),
    ),
    "lstm": (lambda: layers.lstm, reference.lstm),
    "gru-after": (lambda: layers.gru, reference.gru),
    "gru-before": (
        lambda: layers.with_options(layers.gru, reset="before"),
        partial(reference.gru, reset="before"),
    ),
    "layer-norm": (lambda: layers.layer_norm, reference.layer_norm),
    "stack": (
        partial(stacked, "vanilla", "lstm", "gru"),
        reference.stack(reference.vanilla, reference.lstm, reference.gru),
    ),
    "residual": (
        partial(stacked, "gru", "lstm", "layer_norm", residual=True),
        reference.stack(
            reference.gru, reference.lstm, reference.layer_norm, residual=True
        ),
    ),
}


def case_of(layer, masked, B, inputs, state):
    """The case of a layer."""
    return Case(layer=layer, masked=masked, B=B, inputs=inputs, state=state)


CASES = combinations(
    layer=LAYERS,
    masked=(False, True),
    B=(1, 3),
    inputs=("dense", "integer"),
    state=STATES,
)


class Problem(NamedTuple):
    """Data of one case; integer inputs stand outside the variables."""

    case: Case
    variables: dict
    x: np.ndarray
    mask: np.ndarray | None
    d_output: np.ndarray
    d_state: object  # of the form of the state

    @property
    def cell(self):
        """The layer."""
        return LAYERS[self.case.layer][0]()

    def trace(self, variables, state_given=True):
        """The forward trace at these values of the variables."""
        state = variables["state"] if state_given else None
        return self.cell.forward(
            variables["params"],
            variables.get("x", self.x),
            state=state,
            mask=self.mask,
        )

    def loss_at(self, variables):
        """The linear function of output and last state."""
        trace = self.trace(variables)
        loss = (self.d_output * trace.output).sum()
        weights = flatten(self.d_state)
        return loss + sum(
            (weights[n] * a).sum() for n, a in flatten(trace.state).items()
        )

    def gradients(self):
        """What the backward pass returns, flat; a zero state is not handed over."""
        given = self.case.state != "zero"
        trace = self.trace(self.variables, state_given=given)
        gradients = self.cell.backward(
            self.variables["params"],
            trace,
            self.d_output,
            self.d_state,
        )
        return flatten({n: getattr(gradients, n) for n in self.variables})


@cache
def problem(case):
    """The problem of a case: the same arrays at every call, and worth testing."""
    for attempt in range(1000):
        drawn = draw(case, np.random.default_rng([CASES.index(case), attempt]))
        if least_scale(drawn.trace(drawn.variables)) < LEAST_SCALE:
            continue
        if min(map(np.linalg.norm, drawn.gradients().values())) > LEAST_NORM:
            return drawn
    raise AssertionError(f"no usable data for {case}")


def draw(case, rng):
    """A random problem of that case."""
    cell = LAYERS[case.layer][0]()
    B = case.B
    params = randomised(cell.init_params(D_X, D_H, rng=rng), rng)
    dense = case.inputs == "dense"
    x = rng.standard_normal((T, B, D_X)) if dense else rng.integers(0, D_X, (T, B))
    like = cell.forward(params, x).state
    d_state = randomised(like, rng)
    state = randomised(like, rng, 0.0 if case.state == "zero" else 0.7)
    if case.state == "shared":
        state = rebuild(state, {n: a[0] for n, a in flatten(state).items()})
    mask = np.array(MASKS[B], dtype=bool).T.copy() if case.masked else None
    variables = {"params": params, "state": state} | ({"x": x} if dense else {})
    d_output = rng.standard_normal((T, B, D_H))
    return Problem(case, variables, x, mask, d_output, d_state)


def least_scale(trace):
    """The smallest number that a normalised layer divides by at a real step."""
    scales = [
        layer.scale if layer.mask is None else layer.scale[layer.mask]
        for layer in getattr(trace, "layers", [trace])
        if hasattr(layer, "scale")
    ]
    return min(map(np.min, scales), default=np.inf)


def randomised(tree, rng, scale=0.8):
    """Random numbers in a tree of that form."""
    arrays = {n: scale * rng.standard_normal(a.shape) for n, a in flatten(tree).items()}
    return rebuild(tree, arrays)


@cache
def expected(case):
    """Loss and gradients by the independent implementation and autograd, flat."""
    of, layer = problem(case), LAYERS[case.layer][1]
    return value_and_grad(
        lambda flat: reference.loss(rebuild(of.variables, flat), layer, of)
    )(flatten(of.variables))


class Run(NamedTuple):
    """What `recurrent_reference.loss` reads of a problem."""

    x: np.ndarray
    mask: np.ndarray | None
    d_output: np.ndarray
    d_state: object


def backward_of(layer):
    """The backward pass of an independent layer, by autograd: as a mutant's wrong."""

    def make(right):
        def backward(params, trace, d_output, d_state=None):
            form = right(params, trace, d_output, d_state)
            state = {
                name: first if like.ndim == 2 else first[0]
                for name, like in flatten(form.state).items()
                for first in [(trace.c if name == "c" else trace.h)[0]]
            }
            variables = {"params": params, "state": rebuild(form.state, state)}
            variables |= {} if form.x is None else {"x": trace.x}
            d_state = zeros_like(trace.state) if d_state is None else d_state
            run = Run(trace.x, trace.mask, d_output, d_state)
            found = grad(
                lambda flat: reference.loss(rebuild(variables, flat), layer, run)
            )(flatten(variables))
            found = rebuild(variables, found)
            return LayerGradients(found["params"], found["state"], found.get("x"))

        return backward

    return make


def zeros_like(tree):
    """A tree of that form, all zero."""
    return rebuild(tree, {n: np.zeros_like(a) for n, a in flatten(tree).items()})


def wrong_by_reference(case):
    """Loss and gradients against autograd on the independent implementation."""
    wanted_loss, wanted = expected(case)
    gradients = problem(case).gradients()
    loss = problem(case).loss_at(problem(case).variables)
    wrong = {"loss"} if differs(loss, wanted_loss) else set()
    return wrong | {n for n in wanted if differs(gradients[n], wanted[n])}


def wrong_by_complex_step(case):
    """Inner products with a random direction."""
    of = problem(case)
    return _wrong_along(of, lambda loss, u: rnnlib.complex_step(loss, of.variables, u))


def wrong_by_central_differences(case):
    """Inner products with a random direction, 8th order."""
    of = problem(case)

    def measure(loss, u):
        normalised = case.layer in ("layer-norm", "residual")
        steps = {"order": ORDER, "step": SHORT_STEP if normalised else STEP}
        return rnnlib.central_difference(loss, of.variables, u, **steps)

    return _wrong_along(of, measure)


def _wrong_along(of, measure):
    gradients, rng = of.gradients(), np.random.default_rng(0)
    zero = {n: np.zeros_like(g) for n, g in gradients.items()}
    wrong = set()
    for name, gradient in gradients.items():
        u = rng.standard_normal(gradient.shape)
        u /= np.linalg.norm(u)
        direction = rebuild(of.variables, zero | {name: u})
        measured = measure(lambda v: of.loss_at(v), direction)
        if not abs((gradient * u).sum() - measured) <= TOLERANCE * np.linalg.norm(
            gradient
        ):
            wrong.add(name)
    return wrong


def wrong_entries(case):
    """Gradients against a complex step of each entry of each variable."""
    of = problem(case)
    gradients = of.gradients()
    wanted = flatten(
        rnnlib.complex_step_gradients(lambda v: of.loss_at(v), of.variables)
    )
    return {n for n in wanted if differs(gradients[n], wanted[n])}
