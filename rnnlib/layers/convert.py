"""Weights to and from PyTorch's nn.RNN, nn.LSTM and nn.GRU, as plain NumPy arrays.

PyTorch is not needed. Its side is a dictionary with the names of a state dict:

    arrays = to_torch(params)
    layer.load_state_dict({n: torch.from_numpy(a) for n, a in arrays.items()})

    params = from_torch({n: t.numpy() for n, t in layer.state_dict().items()})

The orders of the gates agree: i, f, n, o (there called i, f, g, o) and r, u, n (there
r, z, n). nn.GRU resets after the matrix product: ``reset="after"``, the default of
`gru.forward`. nn.RNN has tanh or relu, which its state dict does not tell.

PyTorch adds two biases where one would do. Here they are one, the sum; on the way back
it becomes ``bias_ih``, and ``bias_hh`` is zero, but for ``b_m`` of the GRU, which is
the part of ``bias_hh`` that the reset gate multiplies. So rnnlib -> PyTorch -> rnnlib
gives the same numbers back, and PyTorch -> rnnlib -> PyTorch the same function.

W_hy and b_y are ``weight`` and ``bias`` of an nn.Linear as they stand.
"""

import re
from collections.abc import Mapping

import numpy as np

from rnnlib.layers.cell import check_parameters
from rnnlib.layers.gru import GRUParams
from rnnlib.layers.gru import shapes as gru_shapes
from rnnlib.layers.lstm import LSTMParams
from rnnlib.layers.lstm import shapes as lstm_shapes
from rnnlib.layers.vanilla import VanillaParams
from rnnlib.layers.vanilla import shapes as vanilla_shapes
from rnnlib.validate import check_array, check_precision, shape_error

SHAPES = {
    VanillaParams: vanilla_shapes,
    GRUParams: gru_shapes,
    LSTMParams: lstm_shapes,
}
KINDS = {1: VanillaParams, 3: GRUParams, 4: LSTMParams}  # by rows of W_hh over d_h
ARRAYS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


def to_torch(params):
    """The arrays of nn.RNN, nn.LSTM or nn.GRU, by their names in its state dict.

    Parameters
    ----------
    params : VanillaParams, LSTMParams, GRUParams, or a tuple of one of them
        A tuple is a stack, without residual connections.

    Raises
    ------
    ValueError
        For other parameters, none, layers of different cells, or layers whose sizes do
        not follow one another.
    """
    if not isinstance(params, (tuple, list)):
        raise ValueError(f"params: expected parameters, got {type(params).__name__}")
    layers = (params,) if hasattr(params, "_fields") else tuple(params)
    kind = type(layers[0]) if layers else type(None)
    if kind not in SHAPES:
        known = ", ".join(k.__name__ for k in SHAPES)
        raise ValueError(f"params: expected one of {known}, got {kind.__name__}")
    arrays = {}
    for level, layer in enumerate(layers):
        check_parameters(layer, kind, SHAPES[kind])
        below = layers[level - 1].d_h if level else layer.d_x
        if (layer.d_x, layer.d_h) != (below, layers[0].d_h):
            raise ValueError(
                f"params[{level}]: expected d_x, d_h = {(below, layers[0].d_h)}, "
                f"got {(layer.d_x, layer.d_h)}"
            )
        second = np.zeros_like(layer.b_h)
        if kind is GRUParams:
            second = second.astype(np.result_type(second, layer.b_m))
            second[-layer.d_h :] = layer.b_m
        values = layer.W_xh.copy(), layer.W_hh.copy(), layer.b_h.copy(), second
        names = (f"{name}_l{level}" for name in ARRAYS)
        arrays |= dict(zip(names, values, strict=True))
    return arrays


def from_torch(arrays, *, prefix=""):
    """The layers of a state dict of nn.RNN, nn.LSTM or nn.GRU, a tuple of parameters.

    The cell follows from the shapes. Layers without biases get zeros.

    Parameters
    ----------
    arrays : mapping from names to floating NumPy arrays
    prefix : str
        Take only the names that begin so, as in "encoder.rnn.", without the prefix.

    Raises
    ------
    ValueError
        For no layer, a name that is not known (a bidirectional layer, a projection),
        a missing one, or shapes that do not fit.
    """
    if not isinstance(arrays, Mapping):
        kind = type(arrays).__name__
        raise ValueError(f"arrays: expected a mapping from names, got {kind}")
    if not isinstance(prefix, str):
        raise ValueError(f"prefix: expected a str, got {type(prefix).__name__}")
    named = {n[len(prefix) :]: a for n, a in arrays.items() if n.startswith(prefix)}
    pattern = re.compile(rf"({'|'.join(ARRAYS)})_l(\d+)")
    levels = set()
    for name in named:
        match = pattern.fullmatch(name)
        if not match:
            raise ValueError(
                f"{prefix}{name}: expected a name such as weight_ih_l0, got another"
            )
        levels.add(int(match[2]))
    if levels != set(range(max(1, len(levels)))):
        raise ValueError(f"arrays: expected the layers 0, 1, ..., got {sorted(levels)}")
    return tuple(_layer(named, level, prefix) for level in range(len(levels)))


def _layer(named, level, prefix):
    def take(name):
        full = f"{name}_l{level}"
        if full not in named:
            raise ValueError(f"{prefix}{full}: expected an array, got none")
        return check_array(prefix + full, named[full])

    W_xh, W_hh = take("weight_ih"), take("weight_hh")
    matrix = W_hh.ndim == 2 and W_hh.size > 0
    blocks = divmod(len(W_hh), W_hh.shape[1]) if matrix else (0, 1)
    if blocks not in [(k, 0) for k in KINDS]:
        name = f"{prefix}weight_hh_l{level}"
        raise shape_error(name, "(d_h, d_h), (3 d_h, d_h) or (4 d_h, d_h)", W_hh.shape)
    full = f"{prefix}weight_ih_l{level}"
    if W_xh.ndim != 2 or len(W_xh) != len(W_hh):
        raise shape_error(full, f"({len(W_hh)}, d_x)", W_xh.shape)
    check_precision(full, W_xh, W_hh, "the other weights")
    if any(f"{name}_l{level}" in named for name in ARRAYS[2:]):
        biases = [take(name) for name in ARRAYS[2:]]
    else:
        biases = [np.zeros(len(W_hh), W_hh.dtype)] * 2
    for name, bias in zip(ARRAYS[2:], biases, strict=True):
        check_array(f"{prefix}{name}_l{level}", bias, W_hh.shape[:1])
        check_precision(f"{prefix}{name}_l{level}", bias, W_hh, "the weights")
    kind, d_h = KINDS[blocks[0]], W_hh.shape[1]
    first, second = biases
    if kind is GRUParams:
        b_m, second = second[-d_h:].copy(), second.copy()
        second[-d_h:] = 0
        params = GRUParams(W_xh.copy(), W_hh.copy(), first + second, b_m)
    else:
        params = kind(W_xh.copy(), W_hh.copy(), first + second)
    return check_parameters(params, kind, SHAPES[kind])
