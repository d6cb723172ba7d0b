"""Mistakes in the forward pass and the losses are caught by the second implementation.

A mistake made in the loss and in its gradient alike is no mistake to a difference of
losses. Only an implementation that shares no code can see it.
"""

from dataclasses import replace

import numpy as np
import pytest

from rnnlib.losses import log_softmax
from tests.support import oracles, textbook
from tests.support.mutants import Mutant, each, planted, with_arguments, with_result

LOSSES = "rnnlib.losses."


def with_params(change):
    """The forward pass of other parameters."""
    return with_arguments(lambda params, *rest, **o: ((change(params), *rest), o))


def with_inputs(kind, change):
    """The forward pass of other inputs, where they are of that kind."""

    def other(params, x, *rest, **options):
        return (params, change(x) if x.dtype.kind == kind else x, *rest), options

    return with_arguments(other)


def with_start(change):
    """The forward pass from another initial state."""
    return with_arguments(
        lambda params, x, h_0, *rest, **o: ((params, x, change(h_0), *rest), o)
    )


def with_reading(topology, read):
    """The logits of something else than what the topology reads."""

    def other(trace, params, *rest):
        if trace.topology != topology:
            return trace
        return trace._replace(z=read(trace) @ params.W_hy.T + params.b_y)

    return with_result(other)


def not_carried(right):
    """A masked step happens; the outputs are left out all the same."""

    def wrong(*args, mask=None, **options):
        params, trace = args[0], right(*args, **options)._replace(mask=mask)
        z = textbook.read(trace) @ params.W_hy.T + params.b_y
        return trace._replace(z=z)

    return wrong


def loss_alone(change, when=lambda y, mask: True):
    """Another loss, its gradient unchanged: ``change(right, z, y, mask)``."""

    def make(right):
        def wrong(z, y, mask=None):
            loss, delta_z = right(z, y, mask)
            return change(right, z, y, mask) if when(y, mask) else loss, delta_z

        return wrong

    return make


def activation(name, phi):
    """Another function under the name of an activation."""

    def wrong(s, out=None):
        value = phi(s)
        if out is None:
            return value
        out[...] = value
        return out

    place = f"rnnlib.activations.ACTIVATIONS.{name}"
    return Mutant(f"another {name}", place, lambda right: replace(right, phi=wrong))


def forward(name, wrong):
    """A mutant of the forward pass."""
    return Mutant(name, "rnnlib.rnn.run", wrong)


def masked(y, mask):
    """Whether there is a mask on classes or numbers."""
    return mask is not None


def dense(y, mask):
    """Whether the targets are distributions."""
    return y.dtype.kind == "f"


def logs(shifted, sums):
    """The logarithms of a softmax from its shifted logits."""
    return lambda right: lambda z: shifted(z) - np.log(sums(np.exp(shifted(z))))


def shifted(z, axis=-1):
    """The logits minus the largest of them."""
    return z - z.real.max(axis=axis, keepdims=True)


def total(e):
    """Their sum along the last axis."""
    return e.sum(axis=-1, keepdims=True)


def forgotten(name):
    """Parameters of which one is zero."""
    return lambda params: params._replace(**{name: 0 * getattr(params, name)})


ON_A_BIAS = Mutant(
    "weight decay on a bias",
    "rnnlib.parameters.MATRICES",
    lambda right: ("b_h", *right),
)
MUTANTS = [
    forward("W_hh transposed", with_params(lambda p: p._replace(W_hh=p.W_hh.T))),
    forward("b_h forgotten", with_params(forgotten("b_h"))),
    forward("b_y forgotten", with_params(forgotten("b_y"))),
    forward("h_0 ignored", with_start(lambda h_0: 0 * h_0)),
    forward("h_0 turned round", with_start(lambda h_0: h_0[..., ::-1])),
    forward(
        "logits of the state before",
        with_reading("many-to-many", lambda trace: trace.h[:-1]),
    ),
    forward("state not carried over a masked step", not_carried),
    forward("dense inputs reversed", with_inputs("f", lambda x: x[::-1])),
    forward("integer inputs reversed", with_inputs("i", lambda x: x[::-1])),
    forward("last but one state", with_reading("last", lambda trace: trace.h[-2])),
    forward(
        "sum for mean",
        with_reading("mean", lambda t: (t.h[1:] * textbook.real_steps(t)).sum(axis=0)),
    ),
    forward(
        "mean over masked steps too",
        with_reading(
            "mean", lambda t: t.h[1:].sum(axis=0) / textbook.real_steps(t).sum(axis=0)
        ),
    ),
    Mutant(
        "exponentials summed over the wrong axis",
        LOSSES + "log_softmax",
        logs(shifted, lambda e: e.sum(axis=0, keepdims=True)),
    ),
    Mutant(
        "shifted along the wrong axis",
        LOSSES + "log_softmax",
        lambda right: lambda z: shifted(z, 0) - np.log(total(np.exp(shifted(z)))),
    ),
    Mutant(
        "exponentials not summed",
        LOSSES + "log_softmax",
        logs(shifted, lambda e: e[..., :1]),
    ),
    Mutant(
        "masked classes counted",
        LOSSES + "cross_entropy",
        loss_alone(lambda right, z, y, mask: right(z, y)[0], masked),
    ),
    Mutant(
        "masked numbers counted",
        LOSSES + "half_squared_error",
        loss_alone(lambda right, z, y, mask: right(z, y)[0], masked),
    ),
    Mutant(
        "mean for sum of distributions",
        LOSSES + "cross_entropy",
        loss_alone(lambda right, z, y, mask: right(z, y, mask)[0] / y.size),
    ),
    Mutant(
        "squared error twice as large",
        LOSSES + "half_squared_error",
        loss_alone(lambda right, z, y, mask: 2 * right(z, y, mask)[0]),
    ),
    Mutant(
        "weight decay twice as large",
        LOSSES + "penalty",
        with_result(lambda penalty, *arguments: 2 * penalty),
    ),
    ON_A_BIAS,
    Mutant(
        "weight decay without W_hy",
        "rnnlib.parameters.MATRICES",
        lambda right: right[:-1],
    ),
    Mutant(
        "weight decay left out of the loss",
        "rnnlib.objective.add_weight_decay",
        with_result(lambda result, value, *rest: (value, result[1])),
    ),
    activation("relu", lambda s: np.maximum(s, s / 100)),
    activation("tanh", np.sin),
    activation("logistic", lambda s: 1 / (1 + np.exp(-2 * s))),
]

UNSTABLE = [
    Mutant("no shift", LOSSES + "log_softmax", logs(lambda z: 1 * z, total)),
    Mutant(
        "one shift for all outputs",
        LOSSES + "log_softmax",
        logs(lambda z: z - z.real.max(), total),
    ),
    Mutant(
        "zero times minus infinity",
        LOSSES + "cross_entropy",
        loss_alone(lambda right, z, y, mask: -(y * log_softmax(z)).sum(), dense),
    ),
]


@pytest.fixture(autouse=True)
def ready():
    """The problems, drawn with the right functions."""
    oracles.ready()


def wrong_by_reference():
    """What the independent implementation calls wrong, over all problems."""
    return set().union(*map(oracles.wrong_by_reference, oracles.PROBLEMS))


@each(MUTANTS)
def test_caught(mutant):
    with planted(mutant):
        assert wrong_by_reference() != set()


@each(UNSTABLE)
def test_caught_only_at_extreme_logits(mutant):
    with planted(mutant), np.errstate(all="ignore"):
        assert oracles.wrong_at_extremes() != []
        assert wrong_by_reference() == set()


def test_an_oracle_that_shares_no_code_is_needed():
    """Weight decay on a bias, in loss and gradient: consistent, and still wrong."""
    with planted(ON_A_BIAS):
        found = oracles.wrong_by_any()
    assert found.pop("wrong_by_reference") == {"loss", "b_h"}
    assert found == {"wrong_by_complex_step": set(), "wrong_by_check_gradients": set()}
