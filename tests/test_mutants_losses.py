"""Every classic mistake in a loss, a derivative or the weight decay is caught.

As in test_mutants_backward: each oracle names the same gradients as wrong.
"""

from dataclasses import replace

import numpy as np
import pytest

from rnnlib.losses import softmax
from tests.support import oracles
from tests.support.mutants import Mutant, each, planted, with_result
from tests.test_mutants_backward import FUTURE

ALL = FUTURE | {"W_hy", "b_y"}


def gradient_alone(change):
    """Another gradient, the loss unchanged: ``change(right, delta_z, z, y, mask)``."""

    def make(right):
        def wrong(z, y, mask=None):
            loss, delta_z = right(z, y, mask)
            return loss, change(right, delta_z, z, y, mask)

        return wrong

    return make


def loss(name, function, change):
    """A mutant of the gradient of a loss."""
    return Mutant(name, f"rnnlib.losses.{function}", gradient_alone(change), ALL)


def slope(name, activation, derivative):
    """A mutant of the derivative of an activation."""
    place = f"rnnlib.activations.ACTIVATIONS.{activation}"
    return Mutant(
        name, place, lambda right: replace(right, derivative=derivative), FUTURE
    )


def decay(name, change, expected):
    """A mutant of the gradient of the penalty."""
    place = "rnnlib.objective.add_weight_decay"
    return Mutant(name, place, with_result(change), expected)


def on_b_h(result, value, gradients, params, weight_decay):
    """The gradients with the decay of a bias."""
    d_params = result[1].params
    d_b_h = d_params.b_h + weight_decay * params.b_h
    return result[0], result[1]._replace(params=d_params._replace(b_h=d_b_h))


def only(mask, array):
    """The array where the mask is True, zero elsewhere."""
    return array if mask is None else array * mask[..., None]


MUTANTS = [
    decay(
        "weight decay forgotten in the gradient",
        lambda result, value, gradients, *rest: (result[0], gradients),
        {"W_xh", "W_hh", "W_hy"},
    ),
    decay("weight decay on a bias in the gradient", on_b_h, {"b_h"}),
    loss("p - y with the wrong sign", "cross_entropy", lambda right, d, *_: -d),
    loss(
        "p instead of p - y",
        "cross_entropy",
        lambda right, d, z, y, mask: only(mask, softmax(z)),
    ),
    loss(
        "mask ignored in delta_z",
        "cross_entropy",
        lambda right, d, z, y, mask: right(z, y)[1],
    ),
    loss(
        "squared error without the half",
        "half_squared_error",
        lambda right, d, *_: 2 * d,
    ),
    slope("tanh' = 1 - h", "tanh", lambda h: 1 - h),
    slope("relu' = 1", "relu", np.ones_like),
    slope("logistic' = h(1 + h)", "logistic", lambda h: h * (1 + h)),
    slope("identity' = h", "identity", np.copy),
]


@pytest.fixture(autouse=True)
def ready():
    """The problems, drawn with the right functions."""
    oracles.ready()


@each(MUTANTS)
def test_caught(mutant):
    with planted(mutant):
        found = oracles.wrong_by_any()
    assert found == dict.fromkeys(found, mutant.expected)
