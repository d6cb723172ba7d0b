"""An equation of the book laid out as a document lays it out: rows, Diag, flat rows.

The book's gradients are columns. Some documents write rows, and then the derived
equation is transposed, term by term:

    (A c)^T = c^T A^T,    (a * b)^T = a^T Diag(b),    b^T Diag(a) = (a * b)^T.

Where a gradient with respect to a matrix is one long row, the term a b^T becomes
a^T (I kron b^T): the rows of a b^T, one after the other.
"""

import sympy as sp
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction

from rnnlib.symbolic.quantities import PARAMETERS, Quantity, quantity
from rnnlib.symbolic.results import bptt_results
from rnnlib.symbolic.series import StepProduct, StepSum, at


def transposed(expression, elementwise=False):
    """The transpose, pushed inwards: of a column, the row that a document writes.

    An elementwise product becomes one of rows where the pre-activations are rows too,
    and otherwise a row times Diag.
    """
    if isinstance(expression, sp.Transpose):
        return expression.arg
    if isinstance(expression, sp.MatAdd):
        return sp.MatAdd(*(transposed(a, elementwise) for a in expression.args))
    if isinstance(expression, sp.MatMul):
        scalars = [a for a in expression.args if not hasattr(a, "shape")]
        factors = [
            transposed(a, elementwise) for a in expression.args if hasattr(a, "shape")
        ]
        return sp.MatMul(*scalars, *factors[::-1]).doit()
    if isinstance(expression, ElementwiseApplyFunction):
        return transposed(expression.expr).applyfunc(expression.function)
    if isinstance(expression, sp.HadamardProduct) and elementwise:
        return sp.HadamardProduct(*(transposed(a) for a in expression.args))
    if isinstance(expression, sp.HadamardProduct):
        slope = [a for a in expression.args if isinstance(a, ElementwiseApplyFunction)]
        (other,) = (a for a in expression.args if a not in slope)
        return sp.MatMul(transposed(other), sp.DiagMatrix(*slope))
    if isinstance(expression, StepSum):
        return StepSum(transposed(expression.body, elementwise), *expression.steps)
    if isinstance(expression, (Quantity, StepProduct)):
        return sp.Transpose(expression)
    raise ValueError(f"expression: expected a column, got {expression.func.__name__}")


def flattened(expression):
    """The rows of a sum of products a b^T, one after the other, as one row."""
    if isinstance(expression, StepSum):
        return StepSum(flattened(expression.body), *expression.steps)
    column, row = expression.args
    identity = sp.Identity(column.shape[0])
    return sp.MatMul(transposed(column), sp.KroneckerProduct(identity, row))


def named(expression, notation):
    """Put in what the document has a name for, in place of what it has none for."""
    known = {q for q in expression.atoms(Quantity) if q.base in notation.unnamed}
    if not known:
        return expression
    _, slope = bptt_results()["delta_s"]
    W_hy = quantity("W_hy")
    for q in sorted(known, key=str):
        if q.base == "delta_s":
            expression = expression.xreplace({q: at(slope, t=q.time)})
        else:
            head = sp.MatMul(W_hy.T, q)
            expression = expression.xreplace({head: quantity("ell_h", q.time)})
    return expression


def arranged(left, right, notation):
    """The right-hand side of ``left = right`` in the layout of a notation."""
    if not isinstance(left, Quantity):
        return right
    if notation.mean:
        right = averaged(left, right)
    if left.base in notation.flat:
        return flattened(named(right, notation))
    if left.base in notation.rows:
        return transposed(named(right, notation), "s" in notation.rows)
    if (
        notation.rows
        and "s" not in notation.rows
        and left.base.removeprefix("d_") in PARAMETERS
    ):
        return _columns_from_rows(named(right, notation))
    return right


def averaged(left, right):
    """The equation for a loss that is the mean over the steps."""
    each = 1 / sp.Symbol("T", positive=True)
    if left.base == "delta_z":
        return sp.MatMul(each, right)
    own = [q for q in right.atoms(Quantity) if q.base == "ell_h"]
    return right.xreplace({q: sp.MatMul(each, q) for q in own})


def _columns_from_rows(expression):
    """Every column a * b written as the transpose of the row a^T Diag(b)."""
    products = expression.atoms(sp.HadamardProduct)
    rows = {p: sp.Transpose(transposed(p)) for p in products}
    return expression.xreplace(rows)
