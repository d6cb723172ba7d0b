"""The loss of a batch with all its gradients: forward, loss, backward, weight decay."""

import numpy as np
from numpy.typing import NDArray

from rnnlib.activations import Activation
from rnnlib.losses import LOSSES, penalty
from rnnlib.parameters import MATRICES, Params
from rnnlib.rnn import Gradients, check_forward, pull_back_to_params, run
from rnnlib.validate import check_choice, check_rate, finite_result, require_finite


@finite_result("params", "x", "h_0", "weight_decay")
def loss_and_gradients(
    params: Params,
    x: NDArray,
    y: NDArray,
    *,
    h_0: NDArray | None = None,
    phi: str | Activation = "tanh",
    topology: str = "many-to-many",
    mask: NDArray | None = None,
    loss: str = "cross_entropy",
    weight_decay: float = 0.0,
) -> tuple[np.floating, Gradients]:
    """The loss of a batch and all its gradients: forward, loss, backward.

    Parameters
    ----------
    y : array
        Targets, as the loss wants them: integers (T, B) or rows (T, B, K); without T
        for one output a sequence.
    loss : str
        "cross_entropy" or "half_squared_error".
    weight_decay : float
        lambda of (lambda / 2) ||W||^2, added once a batch, on the three matrices.
    The other parameters are those of `forward`.

    Returns
    -------
    loss : scalar, in nats for the cross-entropy
    gradients : Gradients

    Raises
    ------
    ValueError
        As `forward` and the loss.
    """
    check_choice("loss", loss, LOSSES)
    weight_decay = check_rate("weight_decay", weight_decay)
    checked = check_forward(params, x, h_0, phi, topology, mask)
    trace = run(params, x, *checked, topology=topology, mask=mask)
    require_finite(trace.z, "forward", "params", "x", "h_0")
    output_mask = mask if topology == "many-to-many" else None
    value, delta_z = LOSSES[loss](trace.z, y, output_mask)
    gradients = pull_back_to_params(params, trace, delta_z)
    return add_weight_decay(value, gradients, params, weight_decay)


def add_weight_decay(value, gradients, params, weight_decay):
    """A loss and its `Gradients`, with the weight decay penalty added to both."""
    if not weight_decay:
        return value, gradients
    decayed = {
        name: getattr(gradients.params, name)
        + params.dtype.type(weight_decay) * getattr(params, name)
        for name in MATRICES
    }
    gradients = gradients._replace(params=gradients.params._replace(**decayed))
    return value + penalty(params, weight_decay), gradients
