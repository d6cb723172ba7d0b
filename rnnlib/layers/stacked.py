"""Recurrent layers on top of each other, with or without residual connections.

Layer l reads what layer l - 1 puts out. With residual connections the input of each
layer but the first is added to its output,

    y^(1) = F_1(x),    y^(l) = y^(l-1) + F_l(y^(l-1))    for l > 1,

so that a gradient reaches every layer below through a sum, whatever the layers do.

`stack` returns a `Cell`: a stack is used like one layer, and can be a layer itself.
"""

from typing import NamedTuple

import numpy as np

from rnnlib.layers.cell import CellFunctions, LayerGradients, check_cell
from rnnlib.validate import check_array, check_precision, shape_error


class StackTrace(NamedTuple):
    """The traces of the layers, and what the last one puts out."""

    layers: tuple
    output: np.ndarray  # (T, B, d_h)

    @property
    def state(self):
        """The last state of each layer."""
        return tuple(layer.state for layer in self.layers)


def stack(cells, *, residual=False):
    """The cell that is made of these cells, the first one nearest to the input.

    Its parameters and its state are tuples, an entry a layer; ``init_params`` gives
    every layer the size d_h.

    Parameters
    ----------
    cells : sequence of Cell
        ``[lstm] * 3`` is a stack of three LSTM layers.
    residual : bool
        Add the input of every layer but the first to its output.

    Raises
    ------
    ValueError
        For no cell. In a forward pass: for a number of parameters or states other than
        that of the cells, or residual layers of different sizes.

    Source: {cite}`he2016` for residual connections.
    """
    if not isinstance(cells, (tuple, list)):
        raise ValueError(f"cells: expected a list, got {type(cells).__name__}")
    cells = tuple(check_cell("cells", cell) for cell in cells)
    if not cells:
        raise ValueError("cells: expected at least one cell, got none")

    def init_params(d_x, d_h, *, rng, dtype=np.float64, **options):
        sizes = (d_x, *[d_h] * (len(cells) - 1))
        return tuple(
            cell.init_params(size, d_h, rng=rng, dtype=dtype, **options)
            for cell, size in zip(cells, sizes, strict=True)
        )

    def forward(params, x, *, state=None, mask=None):
        _check_count("params", params, cells)
        state = (None,) * len(cells) if state is None else state
        _check_count("state", state, cells)
        traces, y = [], x
        for level, cell in enumerate(cells):
            trace = cell.forward(params[level], y, state=state[level], mask=mask)
            traces.append(trace)
            if residual and level:
                if y.shape != trace.output.shape:
                    name = f"output of layer {level + 1}"
                    raise shape_error(name, y.shape, trace.output.shape)
                y = y + trace.output
            else:
                y = trace.output
        return StackTrace(tuple(traces), y)

    def backward(params, trace, d_output, d_state=None):
        if not isinstance(trace, StackTrace):
            kind = type(trace).__name__
            raise ValueError(f"trace: expected StackTrace, got {kind}")
        _check_count("params", params, cells)
        _check_count("trace.layers", trace.layers, cells)
        d_state = (None,) * len(cells) if d_state is None else d_state
        _check_count("d_state", d_state, cells)
        check_array("d_output", d_output, trace.output.shape)
        check_precision("d_output", d_output, trace.output, "the trace")
        found, d_y = [], d_output
        for level in range(len(cells) - 1, -1, -1):
            gradients = cells[level].backward(
                params[level], trace.layers[level], d_y, d_state[level]
            )
            found.append(gradients)
            d_y = d_y + gradients.x if residual and level else gradients.x
        return LayerGradients(
            tuple(g.params for g in reversed(found)),
            tuple(g.state for g in reversed(found)),
            d_y,
        )

    return CellFunctions(init_params, forward, backward)


def _check_count(name, entries, cells):
    if not (isinstance(entries, tuple) and len(entries) == len(cells)):
        size = f" of {len(entries)}" if isinstance(entries, tuple) else ""
        raise ValueError(
            f"{name}: expected a tuple of {len(cells)}, an entry a layer, "
            f"got {type(entries).__name__}{size}"
        )
