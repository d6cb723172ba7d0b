"""What every recurrent layer offers, so that stacks and training code take any of them.

A **cell** is anything with three functions; the modules `vanilla`, `lstm`, `gru` and
`layer_norm` are cells, and so is what `with_options` and `stacked.stack` return:

    params = cell.init_params(d_x, d_h, rng=rng, dtype=float64)
    trace = cell.forward(params, x, state=None, mask=None)
    gradients = cell.backward(params, trace, d_output, d_state=None)

``x`` is (T, B, d_x), or integers (T, B). ``trace.output`` (T, B, d_h) is what the next
layer or the logits read; ``trace.state`` is the state after step T, to be handed to the
next call. A state is one array h (B, d_h), or what the cell defines: ``State(h, c)``
for the LSTM, a tuple with one state a layer for a stack. As an initial state each of
its arrays may also have shape (d_h,): one state that all sequences share.

``d_output`` is dL/d(output), and ``d_state`` is dL/d(state) through all that follows
step T. The gradients have the form of what they belong to: ``.params``, ``.state`` (of
the initial state) and ``.x`` (None for integers).

A step at which ``mask`` is False does not happen: every state, and the output, is held.
"""

from functools import partial
from typing import Any, NamedTuple, Protocol

import numpy as np

from rnnlib.parameters import init_params as init_network
from rnnlib.validate import (
    check_array,
    check_arrays,
    check_inputs,
    check_mask,
    check_precision,
    check_shapes,
)


class Gradients(NamedTuple):
    """Gradients of one loss; each has the form of what it belongs to."""

    params: Any
    state: Any  # of the initial state, of the shape in which it was given
    x: np.ndarray | None  # (T, B, d_x); None for integer inputs


class Cell(Protocol):
    """The three functions of a recurrent layer; a module may provide them."""

    def init_params(self, d_x, d_h, *, rng, dtype=np.float64):
        """Random parameters, a named tuple or a tuple of them."""

    def forward(self, params, x, *, state=None, mask=None):
        """A trace with ``.output`` and ``.state``."""

    def backward(self, params, trace, d_output, d_state=None) -> Gradients:
        """The gradients of a loss from its derivatives by output and last state."""


class CellFunctions(NamedTuple):
    """A cell that is made of functions rather than being a module."""

    init_params: Any
    forward: Any
    backward: Any


def with_options(cell, **options):
    """A cell with these options of its forward pass, as in ``reset="before"``.

    The backward pass reads them from the trace.
    """
    check_cell("cell", cell)
    forward = partial(cell.forward, **options)
    return CellFunctions(cell.init_params, forward, cell.backward)


def check_cell(name, cell):
    """Anything with the three functions."""
    if not all(callable(getattr(cell, f, None)) for f in CellFunctions._fields):
        raise ValueError(f"{name}: expected a cell, got {type(cell).__name__}")
    return cell


# What a named tuple of parameters tells of itself: d_x, d_h and the common dtype
SIZES = (
    property(lambda params: params.W_xh.shape[1], doc="Size of an input."),
    property(lambda params: params.W_hh.shape[1], doc="Size of the state."),
    property(lambda params: np.result_type(*params), doc="The common dtype."),
)


def draw_matrices(d_x, d_h, blocks, rng, scale, dtype):
    """W_xh (blocks d_h, d_x) and W_hh (blocks d_h, d_h), as `rnnlib.init_params`."""
    sizes = {"rng": rng, "scale": scale, "dtype": dtype}
    drawn = [init_network(d_x, d_h, 1, **sizes) for _ in range(blocks)]
    return tuple(np.concatenate([p[k] for p in drawn]) for k in (0, 1))


def check_parameters(params, kind, shapes):
    """Finite arrays of one precision, of type ``kind`` and of ``shapes(d_x, d_h)``."""
    if not isinstance(params, kind):
        raise ValueError(
            f"params: expected {kind.__name__}, got {type(params).__name__}"
        )
    check_arrays(params)
    return check_shapes(params, shapes(params.d_x, params.d_h))


def check_run(params, x, mask):
    """The inputs and the mask of a forward pass; returns T and B."""
    check_inputs(x, params)
    T, B = x.shape[:2]
    if mask is not None:
        check_mask(mask, T, B)
    return T, B


def check_trace(trace, kind, params):
    """A trace of that type, of parameters of these sizes."""
    if not isinstance(trace, kind):
        raise ValueError(f"trace: expected {kind.__name__}, got {type(trace).__name__}")
    check_inputs(trace.x, params)
    if trace.h.shape[-1] != params.d_h:
        raise ValueError(f"trace: expected d_h = {params.d_h}, got {trace.h.shape[-1]}")


def check_adjoint(name, adjoint, like):
    """dL/d(something): of its shape and precision. None counts as zero."""
    if adjoint is None:
        return np.zeros_like(like)
    check_precision(name, check_array(name, adjoint, like.shape), like, "the trace")
    return adjoint


def held(mask, t):
    """True where step t does not happen, as a column (B, 1)."""
    return ~mask[t - 1, :, None]
