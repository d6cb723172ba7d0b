"""Generated code running as a cell of `rnnlib.layers`, checked at the door."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from rnnlib.layers.cell import CellFunctions, LayerGradients, check_adjoint
from rnnlib.symbolic.derivation.lowering import lowered
from rnnlib.symbolic.derivation.numpy_code import NumPySource
from rnnlib.symbolic.derivation.torch_code import torch_source
from rnnlib.validate import (
    check_array,
    check_dtype,
    check_indices,
    check_mask,
    check_precision,
    check_rng,
    finite_result,
    shape_error,
)


@dataclass(frozen=True)
class CellTrace:
    """What the forward pass computed, from which parameters, and the initial shapes."""

    trace: Any
    shapes: tuple
    params: object

    @property
    def output(self):
        """The output of every step."""
        return self.trace.output

    @property
    def state(self):
        """The state after the last step."""
        return self.trace.state


def numpy_source(recursion, names, equations, phi):
    """The text of the module, and the plan that it follows."""
    plan = lowered(recursion, phi)
    return NumPySource(plan, names, equations).source(), plan


def torch_text(recursion, names, equations, phi):
    """The text of the module for PyTorch."""
    return torch_source(lowered(recursion, phi), names, equations)


def cell_of(recursion, names, equations, *, phi, sizes, initial):
    """The three functions of a cell, made from generated source."""
    text, plan = numpy_source(recursion, names, equations, phi)
    module: dict[str, Any] = {"__name__": "generated"}
    exec(compile(text, "<derived cell>", "exec"), module)
    program = plan.program
    (output,) = recursion.outputs
    if len(program.inputs) != 1:
        raise ValueError(f"cell: expected one input, got {', '.join(program.inputs)}")
    states = tuple(dict.fromkeys((*plan.states, *plan.registers)))

    def numbers(d_x, d_h):
        found = dict.fromkeys(program.sizes, d_h) | sizes
        for name, size in ((program.inputs[0], d_x), (output, d_h)):
            ((symbol, _),) = program.shapes[name][0].terms
            if name == output and found[symbol] != size:
                raise ValueError(f"d_h: expected {found[symbol]}, got {size}")
            found[symbol] = size
        return found

    def shape(name, found):
        rows, columns = (s.number(found) for s in program.shapes[name])
        return (rows,) if str(program.shapes[name][1]) == "1" else (rows, columns)

    def init_params(d_x, d_h, *, rng, dtype=np.float64):
        """Normal arrays, deviation 1/sqrt(fan in); zero where a name begins with b."""
        check_rng(rng)
        check_dtype(dtype)
        found = numbers(d_x, d_h)
        arrays = []
        for name in program.parameters:
            size = shape(name, found)
            drawn = rng.standard_normal(size) / np.sqrt(size[-1])
            if name in initial:
                drawn = np.full(size, initial[name])
            elif name.startswith("b"):
                drawn = np.zeros(size)
            arrays.append(drawn.astype(dtype))
        return module["Params"](*arrays)

    def sizes_of(params):
        if not isinstance(params, module["Params"]):
            kind = type(params).__name__
            raise ValueError(f"params: expected Params of this cell, got {kind}")
        for name, array in zip(params._fields, params, strict=True):
            check_precision(name, check_array(name, array), params[0], "the others")
        return sizes_in(tuple(array.shape for array in params))

    @lru_cache(maxsize=16)
    def sizes_in(shapes):
        """The size of the input and the shapes of the states, from the parameters'."""
        named = list(zip(program.parameters, shapes, strict=True))
        found = _solved(
            [pair for n, s in named for pair in zip(program.shapes[n], s, strict=False)]
        )
        for name, given in named:
            if given != shape(name, found):
                raise shape_error(name, shape(name, found), given)
        (d_x,) = shape(program.inputs[0], found)
        return d_x, tuple(shape(name, found) for name in states)

    def check_run(params, x, mask):
        d_x, state_shapes = sizes_of(params)
        if not isinstance(x, np.ndarray) or x.dtype.kind not in "fciu":
            kind = getattr(x, "dtype", type(x).__name__)
            raise ValueError(f"x: expected a NumPy array of numbers, got {kind}")
        if 0 in x.shape:
            raise ValueError(f"x: expected a step and a sequence, got {x.shape}")
        if x.dtype.kind in "iu":
            if x.ndim != 2:
                raise shape_error("x", "(T, B) of integers", x.shape)
            check_indices("x", x, d_x)
        else:
            check_precision("x", check_array("x", x), params[0])
            if x.ndim != 3 or x.shape[2] != d_x:
                raise shape_error("x", f"(T, B, {d_x})", x.shape)
        if mask is not None:
            check_mask(mask, *x.shape[:2])
        return state_shapes

    def as_parts(name, state):
        parts = (state,) if len(states) == 1 else state
        if not isinstance(parts, tuple) or len(parts) != len(states):
            raise ValueError(f"{name}: expected a tuple ({', '.join(states)})")
        return parts

    @finite_result("params", "x", "state")
    def forward(params, x, *, state=None, mask=None):
        """Run the layer; arguments as in `rnnlib.layers.cell`."""
        shapes = tuple((x.shape[1], *s) for s in check_run(params, x, mask))
        if state is not None:
            parts = as_parts("state", state)
            for name, part, full in zip(states, parts, shapes, strict=True):
                check_precision(name, check_array(f"state.{name}", part), params[0])
                if part.shape not in (full, full[1:]):
                    raise shape_error(
                        f"state.{name}", f"{full} or {full[1:]}", part.shape
                    )
            shapes = tuple(part.shape for part in parts)
            state = parts[0] if len(states) == 1 else parts
        trace = module["forward"](params, x, state=state, mask=mask)
        return CellTrace(trace, shapes, params)

    @finite_result("params", "trace", "d_output", "d_state")
    def backward(params, trace, d_output, d_state=None):
        """The gradients; arguments as in `rnnlib.layers.cell`."""
        if not isinstance(trace, CellTrace):
            kind = type(trace).__name__
            raise ValueError(f"trace: expected one of this cell, got {kind}")
        if params is not trace.params:  # these were checked
            sizes_of(params)
        d_output = check_adjoint("d_output", d_output, trace.output)
        last = (trace.state,) if len(states) == 1 else trace.state
        given = (None,) * len(states)
        given = given if d_state is None else as_parts("d_state", d_state)
        parts = [
            check_adjoint(f"d_state.{name}", part, like)
            for name, part, like in zip(states, given, last, strict=True)
        ]
        d_state = parts[0] if len(states) == 1 else tuple(parts)
        gradients = module["backward"](params, trace.trace, d_output, d_state)
        back = (gradients.state,) if len(states) == 1 else gradients.state
        ends = []
        for part, like in zip(back, trace.shapes, strict=True):
            ends.append(part.sum(axis=0) if len(like) < part.ndim else part)
        state = ends[0] if len(states) == 1 else type(gradients.state)(*ends)
        return LayerGradients(gradients.params, state, gradients.x)

    return CellFunctions(init_params, forward, backward)


def _solved(pairs):
    """The numbers of the symbols, from sizes and the numbers that these have."""
    found, before = {}, None
    while before != len(found):
        before = len(found)
        for size, n in pairs:
            unknown = [(name, k) for name, k in size.terms if name not in found]
            if len(unknown) == 1:
                ((name, k),) = unknown
                rest = sum(c * found[m] for m, c in size.terms if m != name)
                found[name] = (n - rest - size.constant) // k
    return found
