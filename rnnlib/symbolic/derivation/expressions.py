"""Expressions with shapes of symbolic sizes: the grammar that the rules speak.

Every node has ``args``, the expressions it is made of, and a ``shape`` of two `Size`.
A scalar has shape (1, 1), and acts on every entry where it is added to or multiplied
with something larger. Products and sums are built by `add`, `times` and `matmul`,
which do the arithmetic of numbers and nothing clever.
"""

import itertools
from dataclasses import dataclass, replace
from fractions import Fraction

from rnnlib.symbolic.derivation.sizes import ONE, SCALAR, Size


@dataclass(frozen=True)
class Expression:
    """What all expressions have."""

    args: tuple
    shape: tuple

    @property
    def is_scalar(self):
        """True for shape (1, 1)."""
        return self.shape == SCALAR

    def rebuilt(self, args):
        """The same operation on other operands."""
        return replace(self, args=args)


@dataclass(frozen=True)
class Number(Expression):
    """A rational number."""

    value: Fraction


@dataclass(frozen=True)
class SizeOf(Expression):
    """A size as a number, such as d_h in a mean."""

    size: Size


@dataclass(frozen=True)
class Leaf(Expression):
    """Something with a name, at step t + ``shift``; ``shift`` is None without step."""

    name: str
    shift: int | None


class Value(Leaf):
    """A quantity of the forward equations, an input or a parameter."""


class Adjoint(Leaf):
    """dL/d(quantity), total."""


class Tangent(Leaf):
    """The derivative of a quantity along a direction."""


class LossGradient(Leaf):
    """The immediate derivative of the loss of one step by an output."""


class Identity(Expression):
    """The identity matrix."""


class Sum(Expression):
    """A sum; a scalar is added to every entry."""

    def rebuilt(self, args):
        return add(*args)


class Times(Expression):
    """An elementwise product; a scalar multiplies every entry."""

    def rebuilt(self, args):
        return times(*args)


class MatMul(Expression):
    """A matrix product of two or more."""

    def rebuilt(self, args):
        return matmul(*args)


class Transpose(Expression):
    """The transpose of a leaf or of an elementwise product."""

    def rebuilt(self, args):
        return transpose(args[0])


@dataclass(frozen=True)
class Power(Expression):
    """Every entry to a rational power."""

    exponent: Fraction

    def rebuilt(self, args):
        return power(args[0], self.exponent)


@dataclass(frozen=True)
class Apply(Expression):
    """A function of every entry, by name; ``order`` counts its derivatives."""

    function: str
    order: int = 0


class Maximum(Expression):
    """The larger of two, entry by entry."""


class AtLeast(Expression):
    """One where the first is at least the second, and zero elsewhere."""


class Softmax(Expression):
    """exp(a) divided by the sum of its entries."""


class Norm(Expression):
    """The Euclidean norm."""


class Total(Expression):
    """The sum of all entries."""

    def rebuilt(self, args):
        return total(args[0])


class Fill(Expression):
    """A scalar in every entry."""

    def rebuilt(self, args):
        return fill(args[0], self.shape)


class Concat(Expression):
    """Columns on top of each other."""


@dataclass(frozen=True)
class Slice(Expression):
    """Rows ``start`` up to ``stop``, that row not included; counted from zero."""

    start: Size
    stop: Size


@dataclass(frozen=True)
class Pad(Expression):
    """Zeros above, so that the argument begins at row ``start``, and below."""

    start: Size


class Diagonal(Expression):
    """The diagonal matrix of a column."""

    def rebuilt(self, args):
        return diagonal(args[0])


def number(value):
    """A number as an expression."""
    return Number((), SCALAR, Fraction(value))


ZERO_NUMBER, ONE_NUMBER = number(0), number(1)


def size_of(size):
    """A size as an expression; a plain number when it is one."""
    return SizeOf((), SCALAR, size) if size.terms else number(size.constant)


def identity(size):
    """The identity matrix of that size."""
    return Identity((), (size, size))


def common_shape(args):
    """The shape that is not scalar, or the scalar one."""
    return next((a.shape for a in args if not a.is_scalar), SCALAR)


def split_coefficient(node):
    """A node as a number times the rest."""
    if isinstance(node, Number):
        return node.value, ONE_NUMBER
    if isinstance(node, Times) and isinstance(node.args[0], Number):
        rest = node.args[1:]
        return node.args[0].value, times(*rest)
    return Fraction(1), node


def add(*terms):
    """The sum; numbers are added up, and equal terms counted."""
    shape, flat = common_shape(terms), []
    for term in terms:
        while isinstance(term, Fill):
            term = term.args[0]
        flat.extend(term.args if isinstance(term, Sum) else [term])
    counted = {}
    for term in flat:
        coefficient, rest = split_coefficient(term)
        counted[rest] = counted.get(rest, 0) + coefficient
    parts = [times(number(k), rest) for rest, k in counted.items() if k]
    if not parts:
        return zero(shape)
    if len(parts) == 1:
        return parts[0] if parts[0].shape == shape else fill(parts[0], shape)
    if all(p.is_scalar for p in parts) and shape != SCALAR:
        return fill(add(*parts), shape)
    return Sum(tuple(parts), shape)


def zero(shape):
    """Zero of that shape."""
    return fill(ZERO_NUMBER, shape)


def is_zero(node):
    """True for what is zero by its form."""
    while isinstance(node, Fill):
        node = node.args[0]
    return node == ZERO_NUMBER


def negative(node):
    """Minus a node."""
    return times(number(-1), node)


def signed(node):
    """("-", minus the node) for one with a negative coefficient, else ("+", node)."""
    if split_coefficient(node)[0] < 0:
        return "-", negative(node)
    return "+", node


def times(*factors):
    """The elementwise product: the number first, then scalars, then the rest."""
    shape, flat, coefficient = common_shape(factors), [], Fraction(1)
    for factor in factors:
        flat.extend(factor.args if isinstance(factor, Times) else [factor])
    powers = {}
    for factor in flat:
        while isinstance(factor, Fill):
            factor = factor.args[0]
        inner = factor.args if isinstance(factor, Times) else (factor,)
        for one in inner:
            if isinstance(one, Number):
                coefficient *= one.value
                continue
            split = isinstance(one, Power)
            base, exponent = (one.args[0], one.exponent) if split else (one, 1)
            powers[base] = powers.get(base, 0) + exponent
    if coefficient == 0:
        return zero(shape)
    parts = [power(base, e) for base, e in powers.items() if e]
    parts.sort(key=lambda p: not p.is_scalar)
    if not parts or (shape != SCALAR and all(p.is_scalar for p in parts)):
        inside = [number(coefficient)] if coefficient != 1 or not parts else []
        inside += parts
        one = inside[0] if len(inside) == 1 else Times(tuple(inside), SCALAR)
        return fill(one, shape)
    if coefficient == 1 and len(parts) == 1:
        return parts[0]
    if len(parts) == 1 and isinstance(parts[0], Sum):  # -(a - b) is b - a
        sum_ = parts[0]
        terms = [times(number(coefficient), term) for term in sum_.args]
        return Sum(tuple(terms), sum_.shape)
    leading = () if coefficient == 1 else (number(coefficient),)
    return Times(leading + tuple(parts), shape)


def power(base, exponent):
    """Every entry to that power."""
    exponent = Fraction(exponent)
    if exponent == 1:
        return base
    if exponent == 0:
        return fill(ONE_NUMBER, base.shape)
    if isinstance(base, Fill):
        return fill(power(base.args[0], exponent), base.shape)
    if isinstance(base, Power):
        inner = base.exponent
        if exponent.denominator == 1:
            return power(base.args[0], inner * exponent)
    if isinstance(base, Number) and exponent.denominator == 1 and base.value:
        return number(base.value**exponent.numerator)
    return Power((base,), base.shape, exponent)


def matmul(*factors):
    """The matrix product; scalars are drawn out and identities left away."""
    scalars, flat = [], []
    for factor in factors:
        flat.extend(factor.args if isinstance(factor, MatMul) else [factor])
    shape = (factors[0].shape[0], factors[-1].shape[1])
    kept = []
    for factor in flat:
        if isinstance(factor, Times):
            scalars += [a for a in factor.args if a.is_scalar]
            factor = times(*(a for a in factor.args if not a.is_scalar))
        if isinstance(factor, Identity):
            continue
        if is_zero(factor):
            return zero(shape)
        if kept and isinstance(kept[-1], Slice):
            if isinstance(kept[-1].args[0], Identity):  # rows of what follows
                rows = kept.pop()
                factor = slice_rows(factor, rows.start, rows.stop)
        if kept and isinstance(factor, Diagonal) and isinstance(kept[-1], Diagonal):
            kept[-1] = diagonal(times(kept[-1].args[0], factor.args[0]))
            continue
        kept.append(factor)
    if not kept:
        product = identity(shape[0])
    elif len(kept) == 1:
        product = kept[0]
    elif any(f.is_scalar for f in kept):
        inner = [f for f in kept if not f.is_scalar]
        scalars += [f for f in kept if f.is_scalar]
        product = matmul(*inner) if inner else ONE_NUMBER
    elif found := _number_within(kept):
        scalars.append(matmul(*kept[found]))
        product = matmul(*kept[: found.start], *kept[found.stop :])
    else:
        product = MatMul(tuple(kept), shape)
    return times(*scalars, product) if scalars else product


def _number_within(factors):
    """Where factors of a product have a number as product, a row to a column."""
    for i, j in itertools.combinations(range(len(factors)), 2):
        if factors[i].shape[0] == ONE == factors[j].shape[1]:
            return slice(i, j + 1) if j - i < len(factors) - 1 else None
    return None


def transpose(node):
    """The transpose, moved inwards as far as it reads better."""
    if node.is_scalar or isinstance(node, (Identity, Diagonal)):
        return node
    shape = node.shape[::-1]
    if isinstance(node, Transpose):
        return node.args[0]
    if isinstance(node, MatMul):
        return matmul(*map(transpose, node.args[::-1]))
    if isinstance(node, Sum) and node.shape[1] != ONE:
        return add(*map(transpose, node.args))
    if isinstance(node, Fill):
        return fill(node.args[0], shape)
    if isinstance(node, Times):
        scalars = [a for a in node.args if a.is_scalar]
        rest = [a for a in node.args if not a.is_scalar]
        if ONE not in shape:
            return times(*scalars, *map(transpose, rest))
        if scalars:
            return times(*scalars, transpose(times(*rest)))
    return Transpose((node,), shape)


def apply(function, argument):
    """A function of every entry."""
    return Apply((argument,), argument.shape, function)


def total(node):
    """The sum of all entries."""
    if node.is_scalar:
        return node
    if isinstance(node, Fill):
        rows, columns = map(size_of, node.shape)
        return times(rows, columns, node.args[0])
    if isinstance(node, Times):
        scalars = [a for a in node.args if a.is_scalar]
        if scalars:
            rest = [a for a in node.args if not a.is_scalar]
            return times(*scalars, total(times(*rest)))
    return Total((node,), SCALAR)


def fill(scalar, shape):
    """A scalar in every entry of that shape."""
    return scalar if shape == SCALAR else Fill((scalar,), shape)


def diagonal(column):
    """The diagonal matrix of a column."""
    size = column.shape[0]
    if column.is_scalar:
        return column
    if isinstance(column, Fill):
        return times(column.args[0], identity(size))
    if isinstance(column, Times):
        scalars = [a for a in column.args if a.is_scalar]
        if scalars:
            rest = [a for a in column.args if not a.is_scalar]
            return times(*scalars, diagonal(times(*rest)))
    return Diagonal((column,), (size, size))


def concat(*columns):
    """Columns on top of each other."""
    rows = columns[0].shape[0]
    for column in columns[1:]:
        rows = rows + column.shape[0]
    return Concat(columns, (rows, columns[0].shape[1]))


def slice_rows(node, start, stop):
    """Rows start to stop."""
    return Slice((node,), (stop - start, node.shape[1]), start, stop)


def pad(node, start, rows):
    """A node between zeros, in so many rows."""
    return Pad((node,), (rows, node.shape[1]), start)


def mean(node):
    """The mean of all entries."""
    rows, columns = map(size_of, node.shape)
    return times(power(times(rows, columns), -1), total(node))


def shifted(node, k):
    """The expression k steps later."""
    if not k:
        return node
    return mapped(
        node,
        lambda leaf: (
            leaf if leaf.shift is None else replace(leaf, shift=leaf.shift + k)
        ),
    )


def mapped(node, change):
    """The expression with every leaf changed."""
    if isinstance(node, Leaf):
        return change(node)
    args = tuple(mapped(a, change) for a in node.args)
    return node if args == node.args else node.rebuilt(args)


def leaves(node):
    """All leaves, from left to right, as often as they occur."""
    if isinstance(node, Leaf):
        return [node]
    return [leaf for a in node.args for leaf in leaves(a)]


def nodes(node):
    """The node and all below it."""
    yield node
    for a in node.args:
        yield from nodes(a)
