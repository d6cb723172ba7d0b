"""The network of the command: one or more layers of a cell, and logits on top.

Its parameters are a tree {"layer": ..., "W_hy": (V, d_h), "b_y": (V,)}, with the
parameters of the cell, or a tuple of them for several layers.
"""

from functools import partial

import numpy as np

from rnnlib.char import fast
from rnnlib.char.fast import gru as fast_gru
from rnnlib.char.fast import lstm as fast_lstm
from rnnlib.char.fast.workspace import views
from rnnlib.char.vector import Layout, in_order
from rnnlib.layers import gru, lstm, readout, vanilla
from rnnlib.layers.stacked import stack
from rnnlib.parameters import Params, count_parameters
from rnnlib.trees import flatten, rebuild

CELLS = {"rnn": vanilla, "lstm": lstm, "gru": gru}
GATED = {
    lstm: (fast_lstm.LSTMWorkspace, fast_lstm.views),
    gru: (fast_gru.GRUWorkspace, fast_gru.views),
}
CHUNK = 4000  # symbols that are evaluated in one go
PART = 1600  # symbols of one forward pass that measures, so that it stays in the cache


def build(cell, layers=1):
    """The cell of that name, or a stack of several."""
    return CELLS[cell] if layers == 1 else stack([CELLS[cell]] * layers)


def init_params(cell, V, d_h, *, rng, dtype):
    """Random matrices with standard deviation 1/sqrt(fan in); zero biases of logits."""
    layer = cell.init_params(V, d_h, rng=rng, dtype=dtype)
    return readout.init_readout(layer, V, d_h, rng=rng, dtype=dtype)


def zero_state(cell, params, B):
    """The state of B sequences that begin."""
    state = cell.forward(params["layer"], np.zeros((1, B), int)).state
    return rebuild(state, {k: np.zeros_like(a) for k, a in flatten(state).items()})


def last_stream(state, count=1):
    """The state of the last sequence of a batch, ``count`` times."""
    return rebuild(
        state, {k: np.repeat(a[-1:], count, axis=0) for k, a in flatten(state).items()}
    )


def loss_and_gradients(cell, params, x, y, state):
    """The cross-entropy of windows side by side, summed over steps, mean over windows.

    Returns
    -------
    loss : float, in nats
    gradients : tree of the form of the parameters; the state before is a constant
    state : the state after the last step
    """
    loss, gradients, state = readout.loss_and_gradients(
        cell, params, x, y, state=state, scale=1 / x.shape[1]
    )
    return float(loss), gradients, state


def layout(cell, params):
    """The `Layout` of the parameters: for one layer that of its fast path."""
    if cell is vanilla:
        sizes = as_params(params)
        return Layout(
            count_parameters(sizes),
            sizes.dtype,
            lambda vector: _tree(views(vector, sizes.d_x, sizes.d_h, sizes.K)),
        )
    if cell not in GATED:
        return in_order(params)
    layer, tree = params["layer"], GATED[cell][1]
    size = sum(a.size for a in flatten(params).values())
    return Layout(size, layer.dtype, lambda v: tree(v, layer.d_x, layer.d_h))


def objective(cell, params, T, B):
    """`loss_and_gradients` as a function (vector, x, y, state), for fixed sizes.

    Parameters and gradients are vectors in the `layout` of the network. One layer takes
    the step of `rnnlib.char.fast`; its gradient and its state are arrays that the next
    call overwrites.
    """
    if cell is vanilla:
        return _fast_objective(params, T, B)
    if cell in GATED:
        return GATED[cell][0](params, T, B).loss_and_gradients
    place = layout(cell, params)

    def step(vector, x, y, state):
        loss, gradients, state = loss_and_gradients(
            cell, place.tree(vector), x, y, state
        )
        return loss, place.vector(gradients), state

    return step


def _fast_objective(params, T, B):
    work = fast.Workspace(as_params(params), T, B)

    def step(vector, x, y, state):
        work.flat[...] = vector
        work.h[0] = state
        loss = fast.loss_and_gradients(work, x, y)
        if B > 1:
            work.gradient_flat /= B
        return loss / B, work.gradient_flat, work.h[-1]

    return step


def as_params(params):
    """The tree as `Params`."""
    W_xh, W_hh, b_h = params["layer"]
    return Params(W_xh, W_hh, b_h, params["W_hy"], params["b_y"])


def _tree(network):
    """`Params` as the tree."""
    layer = vanilla.VanillaParams(*network[:3])
    return {"layer": layer, "W_hy": network.W_hy, "b_y": network.b_y}


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

    The forward pass alone: no gradient is computed. One layer takes the fast one, for
    as many parts of equal length as there are.
    """
    total, done, B = 0.0, 0, x.shape[1]
    if cell is vanilla or cell in GATED:
        steps = min(len(x), max(1, PART // B))
        state = zero_state(cell, params, B) if state is None else state
        loss = _fast_loss(cell, params, steps, B)
        while done + steps <= len(x):
            part = slice(done, done + steps)
            value, state = loss(x[part], y[part], state)
            total, done = total + value, done + steps
    surprisals = _surprisals(cell, params, x[done:], y[done:], state)
    return (total + sum(float(each.sum(dtype=float)) for each in surprisals)) / y.size


def _fast_loss(cell, params, T, B):
    """The summed loss and the last state, as a function of x, y (T, B) and a state."""
    if cell in GATED:
        work = GATED[cell][0](params, T, B)
        return partial(work.loss, layout(cell, params).vector(params))
    vanilla_work = fast.Workspace(as_params(params), T, B)

    def loss(x, y, state):
        vanilla_work.h[0] = state
        fast.forward(vanilla_work, x)
        return fast.cross_entropy(vanilla_work, y), vanilla_work.h[-1]

    return loss


def _surprisals(cell, params, x, y, state):
    """-log p of the targets, (steps, B), a few steps at a time."""
    steps = max(1, CHUNK // x.shape[1])
    for start in range(0, len(x), steps):
        part = slice(start, start + steps)
        trace = readout.forward(cell, params, x[part].astype(np.int64), state=state)
        z, state = trace.z, trace.state
        z -= z.max(axis=-1, keepdims=True)
        score = np.take_along_axis(z, y[part, :, None].astype(np.int64), -1)[..., 0]
        yield np.log(np.exp(z, out=z).sum(axis=-1)) - score
