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
    shape_error,
)


class LayerGradients(NamedTuple):
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

    def backward(self, params, trace, d_output, d_state=None) -> LayerGradients:
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


# Properties that the parameters and the traces of all cells have


def input_size(params):
    """d_x, the size of an input."""
    return params.W_xh.shape[1]


def state_size(params):
    """d_h, the size of the hidden state."""
    return params.W_hh.shape[1]


def common_dtype(params):
    """The common dtype of the arrays: complex when one of them is."""
    return np.result_type(*params)


def with_sizes(kind):
    """Decorate a type of parameters: it gets ``d_x``, ``d_h`` and ``dtype``."""
    kind.d_x, kind.d_h = property(input_size), property(state_size)
    kind.dtype = property(common_dtype)
    return kind


def hidden_states(trace):
    """h_1 to h_T, what the next layer reads."""
    return trace.h[1:]


def last_state(trace):
    """h_T, to be handed to the next call."""
    return trace.h[-1]


def with_outputs(kind):
    """Decorate a type of traces: it gets ``output``, and ``state`` if it has none."""
    kind.output = property(hidden_states)
    if not hasattr(kind, "state"):
        kind.state = property(last_state)
    return kind


# The shared opening of every forward pass


def begin(params, kind, shapes, x, mask, state, name="state"):
    """Check the arguments of a forward pass; T, B, h_0 and the shape it came in."""
    check_parameters(params, kind, shapes)
    check_inputs(x, params)
    T, B = x.shape[:2]
    if mask is not None:
        check_mask(mask, T, B)
    return T, B, *initial_state(name, state, B, params)


def draw_matrices(d_x, d_h, blocks, rng, scale, dtype):
    """W_xh (blocks d_h, d_x) and W_hh (blocks d_h, d_h), as `rnnlib.init_params`."""
    sizes = {"rng": rng, "scale": scale, "dtype": dtype}
    drawn = [init_network(d_x, d_h, 1, **sizes) for _ in range(blocks)]
    return tuple(np.concatenate([p[k] for p in drawn]) for k in (0, 1))


# Checks at the door of a cell


def check_parameters(params, kind, shapes):
    """Finite arrays of one precision, of type ``kind`` and of ``shapes(d_x, d_h)``."""
    if not isinstance(params, kind):
        raise ValueError(
            f"params: expected {kind.__name__}, got {type(params).__name__}"
        )
    check_arrays(params)
    return check_shapes(params, shapes(params.d_x, params.d_h))


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


def hold(mask, t, *states):
    """Where step t does not happen, each state (T + 1, B, d) stays as it was."""
    if mask is not None:
        for h in states:
            np.copyto(h[t], h[t - 1], where=held(mask, t))


# The input term W_xh x_t for all steps at once, beside its gradients. An integer input
# k stands for the k-th unit vector: its term is column k of W_xh, and its gradient is
# added to that column. The unit vector itself is never built.


def rows(a):
    """Steps and sequences in one axis: (T, B, d) to (T B, d)."""
    return a.reshape(-1, a.shape[-1])


def times(a, W):
    """a W for every step and sequence, (..., d) to (..., n), as one matrix product."""
    return (rows(a) @ W).reshape(*a.shape[:-1], W.shape[1])


def project_inputs(W_xh, x):
    """W_xh x_t for every step and sequence, (T, B, d_h)."""
    return W_xh.T[x] if x.ndim == 2 else times(x, W_xh.T)


def outer_sum(delta, a):
    """Sum of delta_t a_t^T over steps and sequences, as one matrix product."""
    return rows(delta).T @ rows(a)


def input_gradients(W_xh, x, delta_s):
    """dL/dW_xh, and dL/dx_t = W_xh^T delta_s_t (None for integer inputs)."""
    if x.ndim == 3:
        return outer_sum(delta_s, x), times(delta_s, W_xh)
    index = x.ravel()
    order = np.argsort(index, kind="stable")
    values, starts = np.unique(index[order], return_index=True)
    gradient = np.zeros(W_xh.shape, delta_s.dtype)
    gradient.T[values] = np.add.reduceat(rows(delta_s)[order], starts)
    return gradient, None


# The initial state in its three forms, beside the gradient of each: None is zero;
# (B, d_h) is one state a sequence, such as a carried one; (d_h,) is one state that all
# sequences share, such as a learned one.


def initial_state(name, h, B, params):
    """An initial state that may be None, (d_h,) or (B, d_h), and the shape it has.

    Raises ValueError, which names it ``name``, for anything else.
    """
    if h is None:
        return np.zeros((B, params.d_h), params.dtype), (B, params.d_h)
    check_precision(name, check_array(name, h), params)
    if h.shape not in ((B, params.d_h), (params.d_h,)):
        raise shape_error(name, f"{(B, params.d_h)} or {(params.d_h,)}", h.shape)
    return h, h.shape


def of_shape(gradient, shape):
    """The gradient (B, d_h) of an initial state; summed where the sequences shared it.

    ``shape`` is that of the state as it was given; that of None is ().
    """
    return gradient.sum(axis=0) if len(shape) == 1 else gradient
