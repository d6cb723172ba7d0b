"""One step of the network in SymPy's matrix calculus: no size is ever chosen.

The tool is the vector-Jacobian product. If L depends on a column v only through a
column u(v), and the adjoint dL/du is known, then dL/dv = (immediate du/dv)^T (dL/du).
SymPy finds it as the gradient of the scalar (dL/du)^T u with dL/du held still.
"""

from functools import reduce

import sympy as sp
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction

from rnnlib.symbolic.quantities import (
    activation,
    quantity,
)


def pre_activation(t="t", previous="t-1"):
    """s_t = W_xh x_t + W_hh h_{t-1} + b_h."""
    W_xh, W_hh, b_h = map(quantity, ("W_xh", "W_hh", "b_h"))
    return W_xh * quantity("x", t) + W_hh * quantity("h", previous) + b_h


def hidden(t="t"):
    """h_t = phi(s_t)."""
    return activation(quantity("s", t))


def logits(t="t"):
    """z_t = W_hy h_t + b_y."""
    return quantity("W_hy") * quantity("h", t) + quantity("b_y")


def jacobian(expression, variable):
    """The immediate Jacobian d+u/dv: one row an entry of u, one column an entry of v.

    SymPy's matrix derivative puts the entries of v in the rows: it is transposed here.
    """
    return expression.diff(variable).T.doit()


def vector_jacobian_product(expression, variable, adjoint):
    """(immediate du/dv)^T adjoint, for u = ``expression`` and v = ``variable``.

    v may be a column or a matrix; the result has the shape of v.

    Raises
    ------
    ValueError
        For an adjoint that has not the shape of u, or an elementwise function of
        something else than v.
    """
    if adjoint.shape != expression.shape:
        raise ValueError(
            f"adjoint: expected shape {expression.shape}, got {adjoint.shape}"
        )
    if isinstance(expression, ElementwiseApplyFunction):
        if expression.expr != variable:
            raise ValueError(
                "variable: expected the argument of the elementwise function, "
                f"{expression.expr}, got {variable}"
            )
        diagonal = jacobian(expression, variable)
        return sp.HadamardProduct(adjoint, diagonal.args[0])
    return sp.Trace(adjoint.T * expression).diff(variable).doit()


def evaluate(expression, values):
    """A matrix expression as a SymPy matrix, with ``values`` for its quantities.

    Parameters
    ----------
    expression : MatrixExpr
    values : dict
        From `Quantity` to explicit SymPy matrices, and from "phi", "dphi" to
        functions of a number.

    Raises
    ------
    ValueError
        For a quantity or function without a value, or another kind of expression.
    """
    if isinstance(expression, sp.MatrixSymbol):
        _check_value(expression, values)
        return sp.Matrix(values[expression])
    parts = [evaluate(a, values) for a in expression.args if hasattr(a, "shape")]
    if isinstance(expression, ElementwiseApplyFunction):
        name = expression.function.expr.func.__name__  # phi or dphi
        _check_value(name, values)
        return parts[0].applyfunc(values[name])
    if isinstance(expression, sp.MatAdd):
        return sum(parts[1:], parts[0])
    if isinstance(expression, sp.HadamardProduct):
        return reduce(sp.MatrixBase.multiply_elementwise, parts)
    if isinstance(expression, sp.MatMul):
        scalar = sp.prod(a for a in expression.args if not hasattr(a, "shape"))
        return scalar * sp.prod(parts)
    if isinstance(expression, sp.Transpose):
        return parts[0].T
    if isinstance(expression, sp.DiagMatrix):
        return sp.diag(*parts[0])
    kind = expression.func.__name__
    raise ValueError(
        f"expression: expected sums and products of quantities, got {kind}"
    )


def _check_value(key, values):
    if key not in values:
        raise ValueError(f"values: expected a value for {key}, got none")
