"""The network of the command: one or more layers of a cell, and logits on top.

Its parameters are a tree {"layer": ..., "W_hy": (V, d_h), "b_y": (V,)}, with the
parameters of the cell, or a tuple of them for several layers.
"""

import numpy as np

from rnnlib.char import fast
from rnnlib.layers import gru, lstm, vanilla
from rnnlib.layers.stacked import stack
from rnnlib.losses import cross_entropy
from rnnlib.parameters import Params
from rnnlib.trees import flatten, rebuild

CELLS = {"rnn": vanilla, "lstm": lstm, "gru": gru}
CHUNK = 4000  # symbols that are evaluated in one go


def build(cell, layers=1):
    """The cell of that name, or a stack of several."""
    return CELLS[cell] if layers == 1 else stack([CELLS[cell]] * layers)


def init_params(cell, V, d_h, *, rng, dtype):
    """Random matrices with standard deviation 1/sqrt(fan in); zero biases of logits."""
    layer = cell.init_params(V, d_h, rng=rng, dtype=dtype)
    W_hy = (rng.standard_normal((V, d_h)) / np.sqrt(d_h)).astype(dtype)
    return {"layer": layer, "W_hy": W_hy, "b_y": np.zeros(V, dtype)}


def zero_state(cell, params, B):
    """The state of B sequences that begin."""
    state = cell.forward(params["layer"], np.zeros((1, B), int)).state
    return rebuild(state, {k: np.zeros_like(a) for k, a in flatten(state).items()})


def last_stream(state, count=1):
    """The state of the last sequence of a batch, ``count`` times."""
    return rebuild(
        state, {k: np.repeat(a[-1:], count, axis=0) for k, a in flatten(state).items()}
    )


def logits(cell, params, x, state):
    """z (T, B, V), and the trace of the layers below."""
    trace = cell.forward(params["layer"], x, state=state)
    return trace.output @ params["W_hy"].T + params["b_y"], trace


def loss_and_gradients(cell, params, x, y, state):
    """The cross-entropy of windows side by side, summed over steps, mean over windows.

    Returns
    -------
    loss : float, in nats
    gradients : tree of the form of the parameters; the state before is a constant
    state : the state after the last step
    """
    z, trace = logits(cell, params, x, state)
    loss, delta_z = cross_entropy(z, y)
    B = x.shape[1]
    delta_z /= B
    layer = cell.backward(params["layer"], trace, delta_z @ params["W_hy"]).params
    rows, h = delta_z.reshape(-1, z.shape[-1]), trace.output
    d_W_hy, d_b_y = rows.T @ h.reshape(len(rows), -1), rows.sum(axis=0)
    return float(loss) / B, {"layer": layer, "W_hy": d_W_hy, "b_y": d_b_y}, trace.state


def fast_objective(params, T, B):
    """`loss_and_gradients` of one vanilla layer by `rnnlib.char.fast`, for fixed sizes.

    A function (params, x, y, state). The gradients are views that the next call
    overwrites.
    """
    work = fast.Workspace(Params(*params["layer"], params["W_hy"], params["b_y"]), T, B)
    gradient = work.gradient
    layer = type(params["layer"])(*gradient[:3])
    gradients = {"layer": layer, "W_hy": gradient.W_hy, "b_y": gradient.b_y}

    def objective(params, x, y, state):
        work.set_params(Params(*params["layer"], params["W_hy"], params["b_y"]))
        work.h[0] = state
        loss = fast.loss_and_gradients(work, x, y)
        work.gradient_flat /= B
        return float(loss) / B, gradients, work.h[-1]

    return objective


def log_probabilities(cell, params, indices, state=None, skip=1):
    """log p(x_t | x_1, ..., x_{t-1}) of one sequence, for t = skip + 1, ..., n.

    The network reads the whole sequence in one stream, from a state of batch 1 or from
    zero.
    """
    x, y = indices[:-1, None], indices[1:, None]
    found = [each[:, 0] for each in _surprisals(cell, params, x, y, state)]
    return -np.concatenate(found).astype(float)[skip - 1 :]


def mean_loss(cell, params, x, y, state=None):
    """Nats a symbol over streams side by side, (n, B), from a state or from zero.

    The forward pass alone: no gradient is computed.
    """
    surprisals = _surprisals(cell, params, x, y, state)
    return sum(float(each.sum(dtype=float)) for each in surprisals) / y.size


def _surprisals(cell, params, x, y, state):
    """-log p of the targets, (steps, B), a few steps at a time."""
    steps = max(1, CHUNK // x.shape[1])
    for start in range(0, len(x), steps):
        part = slice(start, start + steps)
        z, trace = logits(cell, params, x[part].astype(np.int64), state)
        state = trace.state
        z -= z.max(axis=-1, keepdims=True)
        score = np.take_along_axis(z, y[part, :, None].astype(np.int64), -1)[..., 0]
        yield np.log(np.exp(z, out=z).sum(axis=-1)) - score
