"""What stands on top of a recurrent layer: the logits z = W_hy h + b_y.

They read every state, the last one, or the mean of all; each reading stands beside its
transpose, which the backward pass uses. `forward`, `backward` and `loss_and_gradients`
take any `rnnlib.layers.cell` and parameters that are a tree
``{"layer": ..., "W_hy": (K, d_h), "b_y": (K,)}``; so do their gradients.
"""

from typing import Any, NamedTuple

import numpy as np

from rnnlib.layers.cell import LayerGradients, check_cell, outer_sum, rows, times
from rnnlib.losses import LOSSES
from rnnlib.validate import (
    check_array,
    check_choice,
    check_precision,
    check_rate,
    finite_result,
    shape_error,
)

TOPOLOGIES = ("many-to-many", "last", "mean")


def read(h, topology, mask=None):
    """The states that the logits read: all of them, the last one, or their mean."""
    if topology == "many-to-many":
        return h
    if topology == "last":
        return h[-1]
    if mask is None:
        return h.mean(axis=0)
    return (h * mask[..., None]).sum(axis=0) / _lengths(mask, h)


def read_back(d_read, h, topology, mask=None):
    """The transpose of `read`: what each state of ``h`` receives from the logits."""
    if topology == "many-to-many":
        return d_read
    received = np.zeros(h.shape, d_read.dtype)
    if topology == "last":
        received[-1] = d_read
    elif mask is None:
        received[:] = d_read / len(received)
    else:
        received[:] = d_read / _lengths(mask, d_read) * mask[..., None]
    return received


def logits(W_hy, b_y, h):
    """z = W_hy h + b_y for every state, (..., d_h) to (..., K)."""
    return times(h, W_hy.T) + b_y


def logits_back(delta_z, h):
    """dL/dW_hy = sum of delta_z h^T and dL/db_y = sum of delta_z, over all states."""
    return outer_sum(delta_z, h), rows(delta_z).sum(axis=0)


def init_readout(layer, K, d_h, *, rng, dtype=np.float64):
    """The tree of a layer's parameters and a readout: normal W_hy of deviation
    1/sqrt(d_h), and b_y = 0."""
    W_hy = (rng.standard_normal((K, d_h)) / np.sqrt(d_h)).astype(dtype)
    return {"layer": layer, "W_hy": W_hy, "b_y": np.zeros(K, dtype)}


class ReadoutTrace(NamedTuple):
    """What the forward pass computed."""

    layer: Any  # the trace of the cell
    z: np.ndarray  # (T, B, K), or (B, K) for one output a sequence
    topology: str
    mask: np.ndarray | None

    @property
    def state(self):
        """The state of the layer after step T."""
        return self.layer.state


@finite_result("params", "x", "state")
def forward(cell, params, x, *, state=None, topology="many-to-many", mask=None):
    """The logits of a layer with a readout; other arguments as in `rnnlib.layers.cell`.

    Raises
    ------
    ValueError
        As the cell; for another ``topology``, or W_hy and b_y that do not fit.
    """
    check_cell("cell", cell)
    check_choice("topology", topology, TOPOLOGIES)
    layer, W_hy, b_y = _parts(params)
    trace = cell.forward(layer, x, state=state, mask=mask)
    check_readout(W_hy, b_y, trace.output)
    z = logits(W_hy, b_y, read(trace.output, topology, mask))
    return ReadoutTrace(trace, z, topology, mask)


@finite_result("params", "trace", "delta_z", "d_state")
def backward(cell, params, trace, delta_z, d_state=None) -> LayerGradients:
    """The gradients of the tree, of the initial state and of x, from ``delta_z``.

    Raises ValueError as the cell, and for a ``delta_z`` that is not like the logits.
    """
    check_cell("cell", cell)
    layer, W_hy, b_y = _parts(params)
    if not isinstance(trace, ReadoutTrace):
        kind = type(trace).__name__
        raise ValueError(f"trace: expected ReadoutTrace, got {kind}")
    h = trace.layer.output
    check_readout(W_hy, b_y, h)
    check_array("delta_z", delta_z, trace.z.shape)
    check_precision("delta_z", delta_z, trace.z, "the logits")
    d_output = read_back(times(delta_z, W_hy), h, trace.topology, trace.mask)
    found = cell.backward(layer, trace.layer, d_output, d_state)
    read_states = read(h, trace.topology, trace.mask)
    d_W_hy, d_b_y = logits_back(delta_z, read_states)
    d_params = {"layer": found.params, "W_hy": d_W_hy, "b_y": d_b_y}
    return LayerGradients(d_params, found.state, found.x)


@finite_result("params", "x", "state", "scale")
def loss_and_gradients(
    cell,
    params,
    x,
    y,
    *,
    state=None,
    topology="many-to-many",
    mask=None,
    loss="cross_entropy",
    scale=1.0,
):
    """``scale`` times the summed loss, its gradients by the tree, and the last state.

    Arguments as `forward`; ``loss`` and ``y`` as in `rnnlib.loss_and_gradients`.
    """
    check_choice("loss", loss, LOSSES)
    scale = check_rate("scale", scale)
    trace = forward(cell, params, x, state=state, topology=topology, mask=mask)
    output_mask = mask if topology == "many-to-many" else None
    value, delta_z = LOSSES[loss](trace.z, y, output_mask)
    delta_z *= scale
    gradients = backward(cell, params, trace, delta_z).params
    return value * scale, gradients, trace.state


def check_readout(W_hy, b_y, h):
    """Finite W_hy (K, d_h) and b_y (K,) that read the states h (..., d_h)."""
    check_array("W_hy", W_hy)
    if W_hy.ndim != 2 or W_hy.shape[1] != h.shape[-1]:
        raise shape_error("W_hy", f"(K, {h.shape[-1]})", W_hy.shape)
    check_precision("W_hy", W_hy, h, "the layer")
    check_precision("b_y", check_array("b_y", b_y, W_hy.shape[:1]), h, "the layer")


def _parts(params):
    try:
        return params["layer"], params["W_hy"], params["b_y"]
    except (TypeError, KeyError, IndexError):
        raise ValueError(
            "params: expected a tree with layer, W_hy and b_y, "
            f"got {type(params).__name__}"
        ) from None


def _lengths(mask, like):
    return mask.sum(axis=0)[:, None].astype(np.finfo(like.dtype).dtype)
