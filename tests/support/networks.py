"""Small networks with data, and results compared name by name."""

import numpy as np

import rnnlib


def network(T=9, B=2, d_x=3, d_h=4, K=5, *, seed=0, dtype=np.float64, scale=0.6):
    """Parameters with biases, dense inputs, classes and an initial state."""
    rng = np.random.default_rng(seed)
    shapes = rnnlib.parameter_shapes(d_x, d_h, K)
    params = rnnlib.Params(
        *((scale * rng.standard_normal(shape)).astype(dtype) for shape in shapes)
    )
    x = rng.standard_normal((T, B, d_x)).astype(dtype)
    h_0 = rng.standard_normal((B, d_h)).astype(dtype)
    return params, x, rng.integers(0, K, (T, B)), h_0


def flat(result):
    """Loss and gradients in one dictionary, without an absent gradient of x."""
    loss, gradients = result
    everything = {"loss": loss, "h_0": gradients.h_0, "x": gradients.x}
    everything |= gradients.params._asdict()
    return {n: np.asarray(a) for n, a in everything.items() if a is not None}


def differing(actual, wanted, tolerance=1e-10):
    """Names of what differs in shape, in dtype, or in value beyond the tolerance."""
    return {
        name
        for name in actual.keys() | wanted.keys()
        if name not in actual
        or name not in wanted
        or (actual[name].shape, actual[name].dtype)
        != (wanted[name].shape, wanted[name].dtype)
        or not np.abs(actual[name] - wanted[name]).max(initial=0)
        <= tolerance * np.abs(wanted[name]).max(initial=0)
    }
