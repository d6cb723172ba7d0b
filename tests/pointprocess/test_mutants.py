"""The package passes the checks; the classic mistakes do not."""

import numpy as np
import pytest

from rnnlib.losses import log_softmax, softmax
from rnnlib.pointprocess import compensator
from rnnlib.trees import flatten, rebuild
from tests.pointprocess.checks import CHECKS, direct_hawkes
from tests.support.mutants import (
    Mutant,
    each,
    fails,
    planted,
    with_arguments,
    with_result,
)

CHEAP = {k: v for k, v in CHECKS.items() if k not in ("score", "complex step")}


def forward(name, change):
    """A mutant of the forward pass: ``change(trace)`` gives the fields that differ."""

    def other(trace, params, *rest):
        return trace._replace(**change(trace, params))

    return Mutant(name, "rnnlib.pointprocess.likelihood.forward", with_result(other))


def backward(name, change):
    """A mutant of the backward pass: ``change(gradients, params, trace)``."""
    return Mutant(name, "rnnlib.pointprocess.likelihood.pull_back", with_result(change))


def gaps(name, change):
    """The backward pass of other gaps."""

    def other(params, trace):
        batch = trace.batch
        return (
            params,
            trace._replace(batch=batch._replace(gaps=change(batch.gaps))),
        ), {}

    place = "rnnlib.pointprocess.likelihood.pull_back"
    return Mutant(name, place, with_arguments(other))


def no_last(array):
    """An array whose last row is zero."""
    return np.concatenate([array[:-1], 0 * array[-1:]])


def minus_compensator(right):
    """All but w with the sign of the compensator's part turned."""

    def wrong(params, trace):
        batch = trace.batch
        without = trace._replace(batch=batch._replace(gaps=0 * batch.gaps))
        whole, events = (flatten(right(params, t)) for t in (trace, without))
        turned = {n: 2 * events[n] - a for n, a in whole.items()}
        return rebuild(right(params, trace), turned | {"params.w": whole["params.w"]})

    return wrong


def slope(change):
    """Another gradient with respect to w."""

    def other(gradients, params, trace):
        events = (trace.batch.gaps[:-1] * trace.batch.events).sum()
        w = np.asarray(change(gradients.params.w, events))
        return gradients._replace(params=gradients.params._replace(w=w))

    return other


def of_h_0(params, trace):
    """The gradients of the outputs that h_0 has, a row a sequence: z, then a."""
    batch = trace.batch
    d_a = compensator(trace.a[0], params.w, batch.gaps[0]) - batch.events[0]
    y = np.eye(params.K)[batch.marks[0]]
    d_z = (softmax(trace.z[0]) - y) * batch.events[0][:, None]
    return np.concatenate([d_z, d_a[:, None]], axis=1)


def no_outputs_of_h_0(gradients, params, trace):
    """What h_0 gets from its own outputs is left out."""
    direct = of_h_0(params, trace) @ params.network.W_hy
    shared = gradients.h_0.ndim == 1
    return gradients._replace(
        h_0=gradients.h_0 - (direct.sum(axis=0) if shared else direct)
    )


def h_0_not_in_v(gradients, params, trace):
    """The gradient of v without the product with h_0."""
    missing = of_h_0(params, trace)[:, -1] @ trace.network.h[0]
    d = gradients.params
    return gradients._replace(params=d._replace(v=d.v - missing))


def marks_after(trace, params):
    """The marks from the states that have seen them."""
    batch = trace.batch
    log_p = np.take_along_axis(log_softmax(trace.z[1:]), batch.marks[..., None], -1)
    return {"log_mark": log_p[..., 0] * batch.events}


def near_zero(change):
    """Another derivative by w where |w tau| < 1: ``change(Lambda, d_w, tau)``."""

    def other(result, a, w, tau):
        total, d_w, d_tau = result
        near = np.abs(w * tau) < 1
        with np.errstate(all="ignore"):
            return total, np.where(near, change(total, d_w, tau), d_w)[()], d_tau

    place = "rnnlib.pointprocess.intensity.compensator_gradients"
    return lambda name: Mutant(name, place, with_result(other))


def excites_itself(result, params, sequences):
    """The loss of a process in which an event counts itself."""
    mu, alpha, _ = params
    own = sum(
        np.log(mu + alpha * S) - np.log(mu + alpha * (S + 1))
        for times, _, _ in sequences
        for i, t in enumerate(times)
        for S in [np.exp(-params.beta * (t - times[:i])).sum()]
    )
    return direct_hawkes(params, sequences) + own, result[1]


MUTANTS = [
    forward(
        "survival term dropped, loss",
        lambda t, params: {
            "compensator": no_last(t.compensator)
            * np.concatenate([t.batch.events, t.batch.events[:1]])
        },
    ),
    gaps("survival term dropped, gradient", no_last),
    forward("compensator added", lambda t, params: {"compensator": -t.compensator}),
    Mutant(
        "sign of the compensator's gradient",
        "rnnlib.pointprocess.likelihood.pull_back",
        minus_compensator,
    ),
    backward("gradient of w without the events", slope(lambda d, events: d + events)),
    backward("gradient of w without the compensator", slope(lambda d, events: -events)),
    forward(
        "the state has seen the event it predicts",
        lambda t, params: {
            "log_intensity": (t.a[1:] + params.w * t.batch.gaps[:-1]) * t.batch.events
        },
    ),
    forward("marks from the state after them", marks_after),
    backward("h_0 has no outputs", no_outputs_of_h_0),
    backward("h_0 forgotten in the gradient of v", h_0_not_in_v),
    Mutant(
        "gap from the origin",
        "rnnlib.pointprocess.sequences.pad",
        with_result(
            lambda batch, *rest: batch._replace(
                gaps=batch.gaps.cumsum(axis=0) * (batch.gaps > 0)
            )
        ),
    ),
    near_zero(lambda total, d_w, tau: np.where(tau > 0, d_w / tau, d_w))(
        "tau missing in the series"
    ),
    near_zero(lambda total, d_w, tau: total * tau)(
        "exprel where its derivative belongs"
    ),
    Mutant(
        "no escape for a defective law",
        "rnnlib.pointprocess.gaps.inverse_compensator",
        with_result(lambda gap, *rest: np.where(np.isfinite(gap), gap, 1.0)),
    ),
    Mutant(
        "an event excites itself",
        "rnnlib.pointprocess.hawkes.hawkes_loss_and_gradients",
        with_result(excites_itself),
    ),
    Mutant(
        "what fades has no derivative by beta",
        "rnnlib.pointprocess.intensity.exprel_derivative",
        lambda right: np.zeros_like,
    ),
    Mutant(
        "log of the bin width forgotten",
        "rnnlib.pointprocess.discrete.discrete_log_likelihood",
        with_result(lambda v, params, sequence, d: v + sequence.N * np.log(d)),
    ),
]


@pytest.mark.parametrize("check", CHECKS)
def test_the_package_is_right(check):
    assert CHECKS[check]()


@each(MUTANTS)
def test_mutants_are_wrong(mutant):
    with planted(mutant):
        assert any(map(fails, CHEAP.values()))


@each([MUTANTS[1], MUTANTS[3], MUTANTS[4]])
def test_the_score_alone_finds(mutant):
    with planted(mutant):
        assert fails(CHECKS["score"])
