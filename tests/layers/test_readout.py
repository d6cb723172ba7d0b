"""The readings and their transposes: <read(h), d> = <h, read_back(d)>."""

import numpy as np
import pytest

import rnnlib
from rnnlib.layers.readout import TOPOLOGIES, read, read_back

T, B, D_H = 5, 3, 4
MASK = np.array([[1, 1, 1, 1, 1], [1, 1, 0, 0, 0], [0, 1, 0, 1, 1]], bool).T.copy()


def trace_with(topology, mask):
    """A trace of that topology and mask."""
    params = rnnlib.init_params(2, D_H, 6, rng=np.random.default_rng(0))
    return rnnlib.forward(params, np.ones((T, B, 2)), topology=topology, mask=mask)


@pytest.mark.parametrize("mask", [None, MASK], ids=["whole", "masked"])
@pytest.mark.parametrize("topology", TOPOLOGIES)
def test_adjoint(topology, mask):
    rng = np.random.default_rng(1)
    h = rng.standard_normal((T, B, D_H))
    seen = read(h, topology, mask)
    d_read = rng.standard_normal(seen.shape)
    received = read_back(d_read, h, topology, mask)
    assert received.shape == h.shape
    np.testing.assert_allclose((seen * d_read).sum(), (h * received).sum(), rtol=1e-13)


def test_readings():
    h = np.random.default_rng(0).standard_normal((T, B, D_H))
    assert read(h, "many-to-many", None) is h
    np.testing.assert_array_equal(read(h, "last", None), h[-1])
    np.testing.assert_allclose(read(h, "mean", None), h.sum(0) / T, rtol=1e-14)


def test_masked_mean_is_over_the_real_steps():
    h = np.random.default_rng(0).standard_normal((T, B, D_H))
    wanted = [h[MASK[:, b], b].mean(axis=0) for b in range(B)]
    np.testing.assert_allclose(read(h, "mean", MASK), wanted, rtol=1e-14)


def test_masked_last_is_the_last_real_state():
    """The state is carried over masked steps, so h_T is the state of the length."""
    trace = trace_with("last", MASK)
    for b, last in enumerate([5, 2, 5]):
        np.testing.assert_array_equal(trace.h[-1, b], trace.h[last, b])
    np.testing.assert_array_equal(trace.h[1, 2], trace.h[0, 2])


def test_one_real_step_makes_last_and_mean_the_same():
    mask = np.zeros((T, B), bool)
    mask[2] = True
    last, mean = trace_with("last", mask), trace_with("mean", mask)
    np.testing.assert_array_equal(last.z, mean.z)
