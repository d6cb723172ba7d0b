"""The recurrent point process with a floor and with a unit whose weight is a decay."""

import numpy as np
import pytest

import rnnlib
from rnnbook.experiments import excited
from rnnlib import pointprocess as pp
from rnnlib.pointprocess.sequences import pad
from rnnlib.trees import flatten
from tests.support import mutants


def windows(count=4, length=6.0):
    """Windows of the Hawkes process, and one without events."""
    rng = np.random.default_rng(0)
    drawn = [pp.simulate_hawkes(excited.TRUTH, length, rng=rng) for _ in range(count)]
    return [*drawn, pp.EventSequence(np.zeros(0), 2.0)]


def params(w=-0.4, mu=0.3, alpha=1.1, beta=1.7, scale=1.0):
    """A model with drawn weights."""
    rng = np.random.default_rng(1)
    network = rnnlib.init_params(1, 3, 1, rng=rng)
    network = network._replace(
        b_h=rng.standard_normal(3), W_hy=scale * rng.standard_normal((1, 3))
    )
    return excited.Excited(network, *map(np.array, (w, mu, alpha, beta)))


def as_marked(at):
    """The network and w as the process of the library; its one mark says nothing."""
    net = at.network
    return pp.PointProcessParams(
        E=np.zeros((1, 1)),
        W_xh=np.hstack([np.zeros((3, 1)), net.W_xh]),
        W_hh=net.W_hh,
        b_h=net.b_h,
        W_hy=np.zeros((1, 3)),
        b_y=np.zeros(1),
        v=net.W_hy[0],
        w=at.w,
        b=net.b_y[0:1].reshape(()),
    )


def test_without_the_terms_it_is_the_process_of_the_library():
    at, data = params(mu=0.0, alpha=0.0), windows()
    wanted = pp.log_likelihood(as_marked(at), data)
    assert np.isclose(excited.log_likelihood(at, data), wanted, rtol=1e-13)
    ours, theirs = (
        excited.compensators(at, data),
        pp.compensators(as_marked(at), data),
    )
    assert all(np.allclose(a, b) for a, b in zip(ours, theirs, strict=True))


@pytest.mark.parametrize("floor", [0.0, 0.2])
def test_without_the_network_it_is_the_hawkes_process(floor):
    at = params(w=0.0, mu=floor, alpha=1.6, beta=2.0, scale=0.0)
    at = at._replace(network=at.network._replace(b_y=np.log([0.5 - floor])))
    data = windows()
    wanted = -pp.hawkes_loss_and_gradients(excited.TRUTH, data)[0]
    assert np.isclose(excited.log_likelihood(at, data), wanted, rtol=1e-13)
    pieces = pp.hawkes_compensators(excited.TRUTH, data)
    for ours, theirs in zip(excited.compensators(at, data), pieces, strict=True):
        assert np.allclose(ours, theirs, rtol=1e-12)


def worst(at, data):
    """The largest difference of a gradient from the complex step, relative to it."""
    loss, gradient = excited.loss_and_gradients(at, pad(data))
    assert np.isclose(loss, -excited.log_likelihood(at, data), rtol=1e-13)
    exact = rnnlib.complex_step_gradients(
        lambda p: -excited.log_likelihood(p, data), at
    )
    found, wanted = flatten(gradient), flatten(exact)
    assert found.keys() == wanted.keys()
    return max(
        np.abs(found[name] - array).max() / max(1, np.abs(array).max())
        for name, array in wanted.items()
    )


@pytest.mark.parametrize("w", [-0.4, 0.0, 0.3])
def test_gradients_are_those_of_the_complex_step(w):
    assert worst(params(w=w), windows()) < 1e-11


def forward_with(**wrong):
    """A forward pass that hands the backward pass something wrong."""

    def made(right):
        def forward(params, batch):
            at = right(params, batch)
            return at._replace(**{k: f(getattr(at, k)) for k, f in wrong.items()})

        return forward

    return made


FORWARD = "rnnbook.experiments.excited.forward"


@mutants.each(
    [
        mutants.Mutant("a weight of one", FORWARD, forward_with(q=np.ones_like)),
        mutants.Mutant("no share", FORWARD, forward_with(share=np.ones_like)),
        mutants.Mutant("S in place of u", FORWARD, forward_with(u=lambda u: 1 + u)),
        mutants.Mutant("nothing fades", FORWARD, forward_with(gone=np.zeros_like)),
        mutants.Mutant(
            "a wrong slope",
            "rnnlib.pointprocess.intensity.compensator_gradients",
            lambda right: lambda *a: [2 * g for g in right(*a)],
        ),
    ]
)
def test_a_planted_mistake_is_seen(mutant):
    assert worst(params(), windows()) < 1e-11
    with mutants.planted(mutant):
        assert worst(params(), windows()) > 1e-3


def test_silence_for_ever():
    data = windows()
    assert excited.silence(params(), data) == 0.0  # a floor
    assert excited.silence(params(w=0.3, mu=0.0), data) == 0.0
    bare = params(mu=0.0, alpha=0.0)
    a = np.concatenate(
        [pp.forward(as_marked(bare), [s]).a[1 : s.N + 1, 0] for s in data if s.N]
    )
    wanted = 1 - pp.probability_of_event(a, float(bare.w)).min()
    assert np.isclose(excited.silence(bare, data), wanted, rtol=1e-12)
    assert 0 < excited.silence(params(mu=0.0), data) < wanted


@pytest.mark.parametrize("arm", excited.PLAN.arms)
def test_a_search_climbs_and_leaves_out_what_its_arm_has_not(arm):
    terms, data = excited.PLAN.arms[arm], windows(20)
    rng = np.random.default_rng
    before = excited.start(terms, data[:-1], rng(3))
    found, slope, steps = excited.fitted(terms, 10.0, data[:-1], rng(3))
    climbed = (excited.log_likelihood(p, data[:-1]) for p in (found, before))
    assert next(climbed) > next(climbed)
    assert slope <= excited.FLAT and steps < excited.STEPS
    assert (found.mu > 0) == terms["floor"] and (found.alpha > 0) == terms["unit"]
