"""The network and its loss over a few steps, with one symbol for every number.

The symbols print as the book writes them: ``h_{2,1}`` is unit 1 of h_2, and
``W_{hh,12}`` is row 1, column 2 of W_hh.
"""

from dataclasses import dataclass

import numpy as np
import sympy as sp

from rnnlib.layers.readout import TOPOLOGIES
from rnnlib.losses import LOSSES
from rnnlib.parameters import Params, parameter_shapes
from rnnlib.symbolic.activations import ACTIVATIONS
from rnnlib.symbolic.graph import Graph
from rnnlib.validate import check_choice, check_count, shape_error

PARAMETER_LATEX = Params._make(["W_{xh", "W_{hh", "b_{h", "W_{hy", "b_{y"])
ADJOINT_LATEX = {"h": "g", "s": r"\delta^{(s)}", "z": r"\delta^{(z)}"}


@dataclass(frozen=True)
class Network:
    """The unrolled network: its graph, and the symbols by the names of the book.

    ``params`` is a `Params` of SymPy matrices; ``x s h z p y`` are dictionaries from
    the step t to a column; ``ell`` from t to a symbol; ``loss`` is the symbol L.
    For one output a sequence, ``z p y ell`` have the single key T.
    """

    graph: Graph
    params: Params
    x: dict
    s: dict
    h: dict
    z: dict
    p: dict
    y: dict
    ell: dict
    loss: sp.Symbol

    @property
    def T(self):
        """Number of steps."""
        return max(self.s)

    def values(self, params, x, y, h_0=None):
        """A number for every input symbol, from arrays of one sequence.

        Parameters
        ----------
        params : Params of arrays, or of nested lists of exact numbers
        x : (T, d_x);  y : (T, K), or (K,) for one output a sequence;  h_0 : (d_h,)

        Raises
        ------
        ValueError
            For a shape that is not that of the network, axes of size one aside.
        """
        groups = [
            *zip(Params._fields, self.params, params, strict=True),
            ("x", _stacked(self.x), x),
            ("y", _stacked(self.y), y),
            ("h_0", self.h[0], [0] * len(self.h[0]) if h_0 is None else h_0),
        ]
        return {
            v: number
            for name, symbols, array in groups
            for v, number in _assigned(name, symbols, array)
        }

    def adjoint_of(self, v):
        """The symbol that names dL/dv: g, delta_s or delta_z where there is one."""
        base, _, index = v.name.partition("_")
        if base in ADJOINT_LATEX:
            return sp.Symbol(f"{ADJOINT_LATEX[base]}_{index}", real=True)
        return sp.Symbol(rf"\bar{{{v.name}}}", real=True)

    def backward(self):
        """The graph with the adjoint recursion appended: it computes every dL/dv."""
        return self.graph.reverse(self.loss, self.adjoint_of)

    def adjoints(self, column):
        """The adjoint symbols of a matrix of symbols, in its shape."""
        return sp.Matrix(*column.shape, list(map(self.adjoint_of, column)))


def unroll(T, d_x, d_h, K, *, phi="phi", loss="cross_entropy", topology="many-to-many"):
    """Unroll the network over T steps: states, logits, probabilities and the loss.

    Parameters
    ----------
    T, d_x, d_h, K : int
        Steps and sizes; small ones.
    phi : str or callable
        "phi" for an abstract activation, an activation of `rnnlib` by name, or any
        function of a SymPy expression, such as a polynomial.
    loss : str
        "cross_entropy" or "half_squared_error".
    topology : str
        "many-to-many", "last" or "mean".

    Raises
    ------
    ValueError
        For a size that is not positive or a word that is not known.
    """
    parameter_shapes(d_x, d_h, K)
    T = check_count("T", T)
    activation = phi
    if not callable(phi):
        check_choice("phi", phi, ACTIVATIONS)
        activation = ACTIVATIONS[phi]
    check_choice("loss", loss, LOSSES)
    check_choice("topology", topology, TOPOLOGIES)
    W_xh, W_hh, b_h, W_hy, b_y = params = Params(
        *map(_parameter, PARAMETER_LATEX, parameter_shapes(d_x, d_h, K))
    )
    x = {t: _column("x", t, d_x) for t in range(1, T + 1)}
    h = {t: _column("h", t, d_h) for t in range(T + 1)}
    s = {t: _column("s", t, d_h) for t in range(1, T + 1)}
    outputs = range(1, T + 1) if topology == "many-to-many" else [T]
    z, p, y = ({t: _column(name, t, K) for t in outputs} for name in "zpy")
    ell = {t: sp.Symbol(rf"\ell_{{{t}}}", real=True) for t in outputs}
    total = sp.Symbol(r"\mathcal{L}", real=True)

    definitions = {}
    for t in range(1, T + 1):
        _define(definitions, s[t], W_xh * x[t] + W_hh * h[t - 1] + b_h)
        _define(definitions, h[t], s[t].applyfunc(activation))
    for t in outputs:
        read = (
            sum((h[k] for k in s), sp.zeros(d_h, 1)) / T if topology == "mean" else h[t]
        )
        _define(definitions, z[t], W_hy * read + b_y)
        if loss == "cross_entropy":
            e = z[t].applyfunc(sp.exp)
            _define(definitions, p[t], e / sum(e))
            definitions[ell[t]] = -sum(
                a * sp.log(b) for a, b in zip(y[t], p[t], strict=True)
            )
        else:
            definitions[ell[t]] = (
                sum((a - b) ** 2 for a, b in zip(z[t], y[t], strict=True)) / 2
            )
    definitions[total] = sum(ell.values())

    inputs = [
        v
        for group in (params, x.values(), y.values(), [h[0]])
        for m in group
        for v in m
    ]
    return Network(
        Graph(tuple(inputs), definitions), params, x, s, h, z, p, y, ell, total
    )


def _parameter(prefix, shape):
    rows, columns = shape if len(shape) == 2 else (shape[0], 1)
    return sp.Matrix(
        rows,
        columns,
        lambda i, j: sp.Symbol(
            f"{prefix},{i + 1}{j + 1 if len(shape) == 2 else ''}}}", real=True
        ),
    )


def _column(base, t, size):
    return sp.Matrix(
        [sp.Symbol(f"{base}_{{{t},{i + 1}}}", real=True) for i in range(size)]
    )


def _define(definitions, names, expressions):
    definitions.update(zip(names, expressions, strict=True))


def _stacked(columns):
    """Columns by step as one matrix: a row a step."""
    return sp.Matrix.vstack(*(column.T for column in columns.values()))


def _assigned(name, symbols, array):
    """(symbol, number) pairs; axes of size one do not count."""
    array = np.asarray(array, dtype=object)
    if [n for n in array.shape if n > 1] != [n for n in symbols.shape if n > 1]:
        raise shape_error(name, symbols.shape, array.shape)
    return zip(symbols, map(sp.sympify, array.ravel()), strict=True)
