"""The network entry by entry, with SymPy's indexed objects: no size is ever chosen.

``entries("h", "t-1")[j]`` is entry j of h_{t-1}, and ``index("j", d_h)`` an index from
1 to d_h. A sum over an index is written out as ``Sum``: the convention that a repeated
index is summed over is a matter of printing (`indexed_latex`), never of computing.
"""

import sympy as sp
from sympy import KroneckerDelta
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction

from rnnlib.symbolic.quantities import quantity


class Entries(sp.IndexedBase):
    """The entries of a quantity; it knows its base name and its step."""

    @property
    def of(self):
        """The name without the step: of which quantity these are the entries."""
        return self.name.partition("[")[0]

    @property
    def time(self):
        """The step, as text; empty for a parameter."""
        return self.name.partition("[")[2].rstrip("]")


def entries(base, time=""):
    """The entries of ``quantity(base, time)``: one index a column, two a matrix.

    Raises ValueError as `quantity`.
    """
    whole = quantity(base, time)
    rows, columns = whole.shape
    return Entries(whole.name, shape=(rows,) if columns == 1 else (rows, columns))


def index(name, size):
    """An index that runs from 1 to ``size``."""
    return sp.Idx(name, (1, size))


def contract(expression):
    """Carry out every sum over an index that a Kronecker delta ties to another one.

    Both indices must have the same range, so that the delta is one exactly once.
    """
    expression = sp.expand(expression)
    if isinstance(expression, sp.Add):
        return sp.Add(*map(contract, expression.args))
    if isinstance(expression, sp.Mul):
        return sp.Mul(*map(contract, expression.args))
    if not isinstance(expression, sp.Sum):
        return expression
    body = contract(expression.function)
    for j, *bounds in expression.limits:  # the innermost first
        terms = sp.Add.make_args(sp.expand(body))
        body = sp.Add(*(_contract_term(term, j, bounds) for term in terms))
    return body


def _contract_term(term, j, bounds):
    if term == 0:
        return term
    for delta in term.atoms(KroneckerDelta):
        if j in delta.args:
            (other,) = set(delta.args) - {j}
            same_range = isinstance(other, sp.Idx) and bounds == [*_range(other)]
            if same_range and not {j, other} & _bound(term):
                return (term / delta).xreplace({j: other})
    return sp.Sum(term, (j, *bounds))


def _range(i):
    return i.lower, i.upper


def _bound(expression):
    """The indices that are summed over."""
    return {j for total in expression.atoms(sp.Sum) for j, *_ in total.limits}


def partial(expression, entry):
    """The immediate derivative of an expression with respect to one entry.

    Raises
    ------
    ValueError
        When an index of the entry is summed over in the expression: SymPy would take
        the two for the same index.
    """
    if captured := _bound(expression) & set(entry.indices):
        raise ValueError(
            f"entry: expected indices that the expression does not sum over, "
            f"got {min(map(str, captured))}"
        )
    return contract(sp.diff(expression, entry))


def evaluate(expression, numbers, **at):
    """The number that an expression is, for given arrays.

    Parameters
    ----------
    expression : Expr
    numbers : dict
        From names such as ``"h[t-1]"`` to arrays of numbers; from the name of a
        function, such as ``"dphi"``, to a function of a number.
    **at : int
        The indices that are not summed over: ``i=1`` for the first entry.
    """
    if isinstance(expression, sp.Indexed):
        place = tuple(at[i.name] - 1 for i in expression.indices)
        return numbers[expression.base.name][place]
    if isinstance(expression, sp.Sum):
        *inner, (j, *_) = expression.limits
        body = expression.function
        body = sp.Sum(body, *inner) if inner else body
        entry = next(e for e in body.atoms(sp.Indexed) if j in e.indices)
        size = numbers[entry.base.name].shape[entry.indices.index(j)]
        return sum(
            evaluate(body, numbers, **(at | {j.name: k})) for k in range(1, size + 1)
        )
    if isinstance(expression, KroneckerDelta):
        i, j = expression.args
        return int(at[i.name] == at[j.name])
    parts = [evaluate(e, numbers, **at) for e in expression.args]
    if isinstance(expression, sp.Function):
        return numbers[expression.func.__name__](*parts)
    return expression.func(*parts) if parts else expression


def to_matrix(expression, row, column=None):
    """The matrix whose entry (row, column) the expression is; a column without one.

    A factor such as phi'(s_i) becomes an elementwise product.
    """
    if isinstance(expression, sp.Add):
        terms = (to_matrix(e, row, column) for e in expression.args)
        return sp.MatAdd(*terms).doit()
    functions = [
        f for f in sp.Mul.make_args(expression) if isinstance(f, sp.Function)
        and f.has(sp.Indexed)
    ]  # fmt: skip
    if functions:
        applied = (to_matrix(f.args[0], row).applyfunc(f.func) for f in functions)
        rest = expression / sp.Mul(*functions)
        whole = [] if rest == 1 else [to_matrix(rest, row)]
        return sp.HadamardProduct(*whole, *applied).doit()
    width, zero_based = sp.Dummy(integer=True), {}

    def shifted(i):  # SymPy's matrices count from 0
        return zero_based.setdefault(i, sp.Dummy(i.name, integer=True))

    def convert(e):
        if isinstance(e, sp.Indexed):
            i, j = (*map(shifted, e.indices), width if column else 0)[:2]
            return quantity(e.base.of, e.base.time)[i, j]
        if isinstance(e, sp.Sum):
            limits = ((shifted(j), 0, upper - 1) for j, _, upper in e.limits)
            return sp.Sum(convert(e.function), *limits)
        return e.func(*map(convert, e.args)) if e.args else e

    found = convert(expression)
    if column is None:
        return sp.MatrixExpr.from_index_summation(found, shifted(row)).args[0]
    if width in found.free_symbols:  # a_i b_j of two columns: a b^T
        found = sp.Sum(found, (width, 0, 0))
    return sp.MatrixExpr.from_index_summation(found, shifted(row), shifted(column))


def same_matrix(a, b):
    """Are two matrix expressions equal?

    The variable of an elementwise function and the order of the factors of an
    elementwise product do not count.
    """
    u = sp.Symbol("u")

    def form(e):
        if isinstance(e, sp.MatrixSymbol) or not hasattr(e, "shape"):
            return e
        if isinstance(e, ElementwiseApplyFunction):
            return ElementwiseApplyFunction(sp.Lambda(u, e.function(u)), form(e.expr))
        parts = list(map(form, e.args))
        if isinstance(e, sp.HadamardProduct):
            parts.sort(key=str)
        return e.func(*parts)

    return form(a) == form(b)
