"""Random networks with data for the property tests, drawn by hypothesis."""

from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

import rnnlib
from rnnlib.layers.readout import TOPOLOGIES
from rnnlib.losses import LOSSES

SIZES = st.integers(1, 4)


class Run(NamedTuple):
    """The arguments of one call of loss_and_gradients."""

    params: rnnlib.Params
    x: np.ndarray
    y: np.ndarray
    options: dict

    def __call__(self, **changes):
        """Loss and gradients; the gradients of x are None for integer inputs."""
        return rnnlib.loss_and_gradients(
            self.params, self.x, self.y, **(self.options | changes)
        )

    def take(self, sequences):
        """The same run on some of the sequences, by index."""
        many = self.options["topology"] == "many-to-many"
        mask, h_0 = self.options["mask"], self.options["h_0"]
        options = self.options | {
            "mask": None if mask is None else mask[:, sequences],
            "h_0": h_0 if h_0 is None or h_0.ndim == 1 else h_0[sequences],
        }
        y = self.y[:, sequences] if many else self.y[sequences]
        return Run(self.params, self.x[:, sequences], y, options)


@st.composite
def runs(draw, masked=None, shared=None, topology=None, min_steps=1):
    """Any options but those fixed, sizes from 1 to 4, up to 6 steps."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    T, B = draw(st.integers(min_steps, 6)), draw(SIZES)
    d_x, d_h, K = draw(SIZES), draw(SIZES), draw(SIZES)
    params = rnnlib.init_params(d_x, d_h, K, rng=rng)
    params = rnnlib.Params(*(a + 0.1 * rng.standard_normal(a.shape) for a in params))
    x = draw(
        st.sampled_from(
            [rng.standard_normal((T, B, d_x)), rng.integers(0, d_x, (T, B))]
        )
    )
    topology = topology or draw(st.sampled_from(TOPOLOGIES))
    loss = draw(st.sampled_from([*LOSSES]))
    outputs = (T, B) if topology == "many-to-many" else (B,)
    classes = rng.integers(0, K, outputs)
    y = classes if loss == "cross_entropy" else rng.standard_normal((*outputs, K))
    shape = (d_h,) if (draw(st.booleans()) if shared is None else shared) else (B, d_h)
    mask = None
    if draw(st.booleans()) if masked is None else masked:
        mask = rng.random((T, B)) < 0.6
        mask[rng.integers(0, T, B), np.arange(B)] = True
    options = {
        "phi": draw(st.sampled_from([*rnnlib.ACTIVATIONS])),
        "topology": topology,
        "loss": loss,
        "mask": mask,
        "h_0": rng.standard_normal(shape),
    }
    return Run(params, x, y, options)


def assert_same_gradients(a, b, rtol=1e-11, atol=1e-12):
    """Two Gradients agree, x too where it is there."""
    for name, p, q in zip(a.params._fields, a.params, b.params, strict=True):
        np.testing.assert_allclose(p, q, rtol=rtol, atol=atol, err_msg=name)
    np.testing.assert_allclose(a.h_0, b.h_0, rtol=rtol, atol=atol, err_msg="h_0")
    assert (a.x is None) == (b.x is None)
    if a.x is not None:
        np.testing.assert_allclose(a.x, b.x, rtol=rtol, atol=atol, err_msg="x")
