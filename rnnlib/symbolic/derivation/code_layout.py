"""How the arrays of generated code lie: rows, or columns as in the equations.

In rows an array of a step is (B, d). That holds for every program, and for matrices of
a step as well. In columns it is (d, B), as in `rnnlib.layers.columns`: a block of
its units lies in one piece, and W h_{t-1} is the quickest of the ways to form that
product. It is taken where a step has one product for several pre-activations, and all
else is entry by entry or a matrix times a column.
"""

from rnnlib.symbolic.derivation import expressions as ex
from rnnlib.symbolic.derivation.arrays import ATOM, TIMES, Arrays, is_static
from rnnlib.symbolic.derivation.code_text import sum_of_rows
from rnnlib.symbolic.derivation.sizes import ONE


class Layout:
    """How the arrays of a program lie; a step is (d, B) when ``columns``, or (B, d)."""

    def __init__(self, columns):
        self.columns = columns
        self.arrays = ColumnArrays if columns else Arrays
        self.rows_helper = "joined" if columns else "rows"
        self.transposed = ".T" if columns else ""
        self.swapped = ".swapaxes(1, 2)" if columns else ""

    def shape(self, steps, axes):
        """The shape of an array of several steps."""
        return f"({steps}, {axes}, B)" if self.columns else f"({steps}, B, {axes})"

    def block(self, name, units):
        """Some units of all steps."""
        return f"{name}[:, {units}]" if self.columns else f"{name}[..., {units}]"

    def block_of_step(self, name, units):
        """Some units of step t."""
        return f"{name}[t - 1, {'' if self.columns else ':, '}{units}]"

    def times(self, matrix, column):
        """A matrix times the column of a step."""
        return f"{matrix} @ {column}" if self.columns else f"{column} @ {matrix}.T"

    def transpose_times(self, matrix, column):
        """The transpose of a matrix times the column of a step."""
        return f"{matrix}.T @ {column}" if self.columns else f"{column} @ {matrix}"

    def outer(self, column, row):
        """The sum over all steps of column row^T."""
        first, second = ("", ".T") if self.columns else (".T", "")
        rows = self.rows_helper
        return f"{rows}({column}){first} @ {rows}({row}){second}"

    def total(self, text):
        """The sum over all steps."""
        return f"{text}.sum((0, 2))" if self.columns else sum_of_rows(text)

    def where_held(self, adjoint, axes):
        """The adjoint where a step does not happen."""
        beside = "" if self.columns else f"[:, {', '.join(['None'] * axes)}]"
        return f"{adjoint} * held{beside}"

    def hold(self, name):
        """The line that keeps a state where a step does not happen."""
        if self.columns:
            return f"np.copyto({name}[t], {name}[t - 1], where=held)"
        return f"{name}[t][held] = {name}[t - 1][held]"


class ColumnArrays(Arrays):
    """Writes expressions for arrays (..., d, B)."""

    def fitted(self, part, whole, least):
        """The code of a part; a column without steps beside those of steps."""
        beside = is_static(part) and not is_static(whole)
        if beside and part.shape[0] != ONE:
            return f"{self(part, ATOM)}[:, None]"
        return self(part, least)

    def summed(self, text, inner):
        """The sum over the entries of the code of ``inner``."""
        if is_static(inner):
            return super().summed(text, inner)
        return f"{text}.sum(-2, keepdims=True)"

    def _fill(self, node):
        if is_static(node):
            return super()._fill(node)
        scalar = self(node.args[0], TIMES)
        return f"{scalar} * np.ones(({self.size(node.shape[0])}, 1), dtype)", TIMES

    def inner(self, factors):
        """A row times a column: a scalar."""
        if all(map(is_static, factors)):
            return super().inner(factors)
        left, right = [ex.transpose(factors[0])], list(factors[1:])
        parts = []
        for side in (left, right):
            text = self.part(side)
            static = all(map(is_static, side))
            parts.append(f"{text}[:, None]" if static else text)
        return f"({' * '.join(parts)}).sum(-2, keepdims=True)", ATOM

    def times_column(self, factors):
        """A matrix times a column, or several."""
        matrix, *rest = factors
        if all(map(is_static, factors)):
            return super().times_column(factors)
        column, level = self.product(rest)
        matrix = self(matrix, ATOM)
        if self.in_loop():
            return f"{matrix} @ {column if level == ATOM else f'({column})'}", TIMES
        return f"{self.helper('times')}({matrix}, {column})", ATOM


ENTRYWISE = (ex.Sum, ex.Times, ex.Power, ex.Apply, ex.Number, ex.Value)


def layout_of(program, recursion, packs, integers):
    """Columns where they are quicker, and cover all of a program; else rows."""
    shared = any(len(pack.members) > 1 for pack in packs)
    simple = integers and shared and recursion.loss is None
    fits = simple and all(map(_fits, program.definitions.values()))
    return Layout(columns=fits and len(program.inputs) == 1)


def _fits(node):
    """True for columns made entry by entry, or by a matrix without steps."""
    if is_static(node):
        return True
    if isinstance(node, ex.MatMul):
        matrix, *rest = node.args
        column = rest[0] if len(rest) == 1 else None
        return column is not None and is_static(matrix) and _fits(column)
    if node.shape[1] != ONE or not isinstance(node, ENTRYWISE):
        return False
    return all(map(_fits, node.args))
