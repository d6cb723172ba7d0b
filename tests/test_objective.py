"""The objective: what is summed, what is not averaged, where weight decay goes."""

from contextlib import ExitStack

import numpy as np
import pytest

import rnnlib
from rnnlib import pointprocess
from rnnlib.parameters import MATRICES
from rnnlib.variants import checkpointing, dropout, rtrl, truncated
from tests.support import cases
from tests.support.mutants import Mutant, planted

SOME = cases.CASES[::5]


@pytest.mark.parametrize("case", SOME, ids=str)
def test_it_is_forward_loss_and_backward(case):
    """Without weight decay the three calls give the same bits."""
    problem = cases.problem(case)
    options = problem.options | {"weight_decay": 0.0}
    v = problem.variables
    params, x = problem.params(v), v.get("x", problem.x)
    loss, gradients = rnnlib.loss_and_gradients(
        params, x, problem.y, h_0=v["h_0"], **options
    )
    trace = problem.trace(v)
    mask = options["mask"] if trace.z.ndim == 3 else None
    value, delta_z = getattr(rnnlib, case.loss)(trace.z, problem.y, mask)
    by_hand = rnnlib.backward(params, trace, delta_z)
    assert loss == value
    for a, b in zip(gradients.params, by_hand.params, strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(gradients.h_0, by_hand.h_0)


@pytest.mark.parametrize("case", SOME, ids=str)
def test_weight_decay_touches_the_matrices_only(case):
    problem = cases.problem(case)
    v, y = problem.variables, problem.y
    params, x = problem.params(v), v.get("x", problem.x)

    def run(weight_decay):
        options = problem.options | {"weight_decay": weight_decay, "h_0": v["h_0"]}
        return rnnlib.loss_and_gradients(params, x, y, **options)

    (plain, without), (decayed, with_decay) = run(0.0), run(0.3)
    penalty = rnnlib.weight_decay_penalty(params, 0.3)
    np.testing.assert_allclose(decayed - plain, penalty, rtol=1e-11)
    for name in params._fields:
        a, b = getattr(without.params, name), getattr(with_decay.params, name)
        if name in MATRICES:
            np.testing.assert_allclose(b - a, 0.3 * getattr(params, name), rtol=1e-9)
        else:
            np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(without.h_0, with_decay.h_0)


def test_the_matrices():
    assert MATRICES == ("W_xh", "W_hh", "W_hy")


def test_weight_decay_counts_once_a_batch():
    """Not once a sequence: doubling the batch doubles the loss but not the penalty."""
    rng = np.random.default_rng(0)
    params = rnnlib.init_params(2, 3, 4, rng=rng)
    x, y = rng.standard_normal((5, 1, 2)), rng.integers(0, 4, (5, 1))
    once, _ = rnnlib.loss_and_gradients(params, x, y, weight_decay=0.3)
    twice, _ = rnnlib.loss_and_gradients(
        params, np.repeat(x, 2, 1), np.repeat(y, 2, 1), weight_decay=0.3
    )
    penalty = rnnlib.weight_decay_penalty(params, 0.3)
    np.testing.assert_allclose(twice - penalty, 2 * (once - penalty), rtol=1e-13)


def test_the_first_loss_of_a_network_that_knows_nothing():
    """Zero weights: log K nats for every output."""
    params = rnnlib.init_params(3, 4, 26, rng=np.random.default_rng(0), scale=0)
    x, y = np.zeros((7, 2), int), np.ones((7, 2), int)
    loss, _ = rnnlib.loss_and_gradients(params, x, y)
    np.testing.assert_allclose(loss, 14 * np.log(26), rtol=1e-14)


def test_parameters_are_checked_once_at_the_door():
    rng = np.random.default_rng(0)
    params = rnnlib.init_params(5, 4, 5, rng=rng)
    x, y = rng.integers(5, size=(2, 8, 2))
    trace = rnnlib.forward(params, x)
    delta_z = rnnlib.cross_entropy(trace.z, y)[1]
    process = pointprocess.init_params(2, 3, rng=rng)
    data = pointprocess.simulate(process, 5.0, rng=rng, count=3)
    for call in (
        lambda: rnnlib.forward(params, x),
        lambda: rnnlib.backward(params, trace, delta_z),
        lambda: rnnlib.loss_and_gradients(params, x, y, weight_decay=0.1),
        lambda: truncated.truncated_backward(params, trace, delta_z, k1=2, k2=4),
        lambda: truncated.truncated_loss_and_gradients(params, x, y, k1=2, k2=4),
        lambda: checkpointing.checkpointed_loss_and_gradients(params, x, y),
        lambda: rtrl.rtrl_loss_and_gradients(params, x, y),
        lambda: dropout.dropout_loss_and_gradients(params, x, y, dropout.Masks()),
        lambda: pointprocess.log_likelihood(process, data),
        lambda: pointprocess.simulate(process, 5.0, rng=rng, count=3),
    ):
        assert len(checks(call)) == 1


def checks(call):
    """The calls of the two checks of parameters that a call makes."""
    found = []

    def counting(right):
        def check(*args):
            found.append(args)
            return right(*args)

        return check

    with ExitStack() as stack:
        for where in ("parameters", "pointprocess.parameters"):
            place = f"rnnlib.{where}.check_params"
            stack.enter_context(planted(Mutant("counting", place, counting)))
        call()
    return found
