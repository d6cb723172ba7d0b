"""Jacobians of one step, read off the derivative along a direction.

The derivative of a column is linear in the direction: what stands before the direction
is the Jacobian. Elementwise operations give diagonal matrices.
"""

from dataclasses import dataclass

from rnnlib.symbolic.derivation import expressions as ex
from rnnlib.symbolic.derivation.rules import collected
from rnnlib.symbolic.derivation.sizes import ONE


def coefficient(node, leaf):
    """The matrix M of a derivative M (direction of ``leaf``) + ...; None for zero.

    Raises ValueError where the derivative of a matrix is needed.
    """
    if node == leaf:
        return ex.identity(node.shape[0])
    if leaf not in ex.leaves(node):
        return None
    if isinstance(node, ex.Sum):
        found = [_stretched(a, node.shape, leaf) for a in node.args]
        return ex.add(*(m for m in found if m is not None))
    if isinstance(node, ex.Times):
        return _times(node, leaf)
    if isinstance(node, ex.MatMul):
        *before, last = node.args
        if leaf in ex.leaves(last) and last.shape[1] == ONE:
            return ex.matmul(*before, coefficient(last, leaf))
        if node.is_scalar:  # a^T b is b^T a
            turned = ex.matmul(*map(ex.transpose, node.args[::-1]))
            return coefficient(turned, leaf)
    (*_, arg) = node.args
    if isinstance(node, ex.Total) and arg.shape[1] == ONE:
        ones = ex.fill(ex.ONE_NUMBER, (ONE, arg.shape[0]))
        if isinstance(arg, ex.Times):
            weights = [a for a in arg.args if leaf not in ex.leaves(a)]
            (moving,) = (a for a in arg.args if leaf in ex.leaves(a))
            row = ex.transpose(ex.times(*weights))
            return ex.matmul(row, coefficient(moving, leaf))
        return ex.matmul(ones, coefficient(arg, leaf))
    if isinstance(node, ex.Fill) and node.shape[1] == ONE:
        column = ex.fill(ex.ONE_NUMBER, node.shape)
        return ex.matmul(column, coefficient(arg, leaf))
    if isinstance(node, ex.Concat):
        columns = leaf.shape[0]
        found = [(coefficient(a, leaf), a.shape[0]) for a in node.args]
        return ex.concat(*(ex.zero((n, columns)) if m is None else m for m, n in found))
    if isinstance(node, ex.Slice):
        return ex.slice_rows(coefficient(arg, leaf), node.start, node.stop)
    raise ValueError(
        "jacobian: expected columns, got the derivative of a matrix or by one"
    )


def _stretched(node, shape, leaf):
    """The coefficient of a term of a sum: a scalar is added to every entry."""
    if node.shape == shape:
        return coefficient(node, leaf)
    return coefficient(ex.fill(node, shape), leaf)


def _times(node, leaf):
    (moving,) = (a for a in node.args if leaf in ex.leaves(a))
    others = [a for a in node.args if a is not moving]
    inner = coefficient(moving, leaf)
    scalars = [a for a in others if a.is_scalar]
    columns = [a for a in others if not a.is_scalar]
    if columns and moving.is_scalar:
        inner = ex.matmul(ex.times(*columns), inner)
    elif columns:
        inner = ex.matmul(ex.diagonal(ex.times(*columns)), inner)
    return ex.times(*scalars, inner) if scalars else inner


def tidied(node):
    """A Jacobian with its diagonal parts put together, and equal factors drawn out."""
    if isinstance(node, ex.Sum):
        node = collected(ex.add(*map(tidied, node.args)))
        if not isinstance(node, ex.Sum):
            return tidied(node)
        columns, rest, place = [], [], 0
        for term in node.args:
            column = _column_of(term)
            if column is None:
                rest.append(term)
            else:
                place = place if columns else len(rest)
                columns.append(column)
        if len(columns) > 1:
            rest.insert(place, ex.diagonal(ex.add(*columns)))
            return ex.add(*rest)
        return node
    if isinstance(node, (ex.MatMul, ex.Times)):
        args = tuple(map(tidied, node.args))
        return node if args == node.args else node.rebuilt(args)
    return node


def _column_of(term):
    """The column of a multiple of a diagonal matrix; None for other matrices."""
    if isinstance(term, ex.Diagonal):
        return term.args[0]
    if isinstance(term, ex.Times) and isinstance(term.args[-1], ex.Diagonal):
        return ex.times(*term.args[:-1], term.args[-1].args[0])
    return None


def affine(recursion, name):
    """(a, M) of the backward recursion g_t = a_t + M_t g_{t+1} of one state.

    All other adjoints are put in, so that the adjoint of ``name`` stands alone.

    Raises ValueError when another state, or a larger lag, carries adjoints too.
    """
    shape = recursion.program.shapes[name]

    def summed(of, shift):
        terms = [term for _, term in recursion.terms(of)]
        return ex.shifted(ex.add(*terms) if terms else ex.zero(shape), shift)

    def put(leaf):
        if not isinstance(leaf, ex.Adjoint) or leaf.name == name:
            return leaf
        if leaf.shift not in (0, 1):
            raise ValueError(f"name: {leaf.name} carries adjoints besides {name}")
        return ex.mapped(summed(leaf.name, leaf.shift), put)

    whole = ex.mapped(summed(name, 0), put)
    later = {leaf for leaf in ex.leaves(whole) if isinstance(leaf, ex.Adjoint)}
    carried = ex.Adjoint((), shape, name, 1)
    if later - {carried}:
        raise ValueError(f"name: expected a state that is read one step later, {name}")
    found = coefficient(whole, carried)
    matrix = ex.zero((shape[0], shape[0])) if found is None else tidied(found)
    rest = ex.mapped(whole, lambda n: ex.zero(shape) if n == carried else n)
    return rest, matrix


@dataclass(frozen=True)
class Blocks:
    """A matrix of blocks: rows and columns are the states by name."""

    states: tuple
    blocks: dict  # (row, column): expression


class Jacobians:
    """Derivatives of the quantities of one step by those of an earlier one."""

    def __init__(self, recursion):
        self.recursion = recursion
        self.program = recursion.program

    def of(self, name, by, lag, through):
        """d(name_t)/d(by_{t-lag}), following the definitions in ``through``; or None.

        All other quantities are held still, those of earlier steps always.
        """
        shape = self.program.shapes[by]
        if shape[1] != ONE or self.program.shapes[name][1] != ONE:
            matrix = by if shape[1] != ONE else name
            raise ValueError(f"jacobian: expected columns, {matrix} is a matrix")
        leaf = ex.Tangent((), shape, by, -lag)
        moved = self.recursion.tangent(name)
        if moved is None:
            return None
        total = []
        for part in dict.fromkeys(ex.leaves(moved)):
            if not isinstance(part, ex.Tangent):
                continue
            if part == leaf:
                total.append(coefficient(moved, part))
            elif part.name in through and part.name in self.program.definitions:
                inner = self._behind(part, by, lag, through)
                if inner is not None:
                    total.append(ex.matmul(coefficient(moved, part), inner))
        return tidied(ex.add(*total)) if total else None

    def _behind(self, part, by, lag, through):
        """The Jacobian of what a definition reads; None when it is held still."""
        if part.shift == 0:
            return self.of(part.name, by, lag, through)
        if part.shift != -lag or by in self.program.lags:
            return None
        inner = self.of(part.name, by, 0, through)  # s_{t-1} is read through h_{t-1}
        return None if inner is None else ex.shifted(inner, -lag)

    def lag(self, name, by):
        """The smallest lag at which ``name`` reads ``by``; an earlier step first."""
        made, names, found = self.program.made, [name], []
        while names:
            for leaf in ex.leaves(self.program.definitions[names.pop()]):
                if leaf.name == by and leaf.shift is not None:
                    found.append(-leaf.shift)
                elif leaf.name in made and leaf.shift == 0:
                    names.append(leaf.name)
        earlier = [k for k in found if k]
        return min(earlier or found, default=None)
