"""Expressions entry by entry, as SymPy's indexed sums; sizes stay symbols.

``Entries(...)`` writes entry (i, j) of an expression of the machine. A column that is
cut, by a concatenation or a slice, is read as blocks: a `Place` is a block and an index
inside it. Two sums are equal when they are after `normal`, which draws out of a sum
what does not depend on its index, splits sums that share no index into factors, and
names the indices that are summed over in one order.
"""

import itertools
from dataclasses import dataclass

import sympy as sp

from rnnlib.symbolic.derivation import expressions as ex
from rnnlib.symbolic.derivation.proof import (
    FUNCTIONS,
    at_least,
    dpsi,
    positive,
    psi,
)
from rnnlib.symbolic.derivation.sizes import ONE, ZERO
from rnnlib.symbolic.exact import equal_exactly

LETTERS = "ijklrswmn"  # of sums, in the order in which they are opened
CANONICAL = "klrswabcdefg"


def size_symbol(size):
    """A size as an expression of SymPy."""
    terms = (k * sp.Symbol(n, integer=True, positive=True) for n, k in size.terms)
    return sp.Add(size.constant, *terms)


@dataclass(frozen=True)
class Place:
    """Entry ``start`` + ``index`` of an axis; ``index`` runs over one block.

    It is 1 in a block of one entry.
    """

    start: sp.Expr
    index: sp.Expr

    @property
    def length(self):
        """The length of the block."""
        return getattr(self.index, "upper", sp.S.One)

    @property
    def number(self):
        """The place as one number, counted from 1."""
        return self.start + self.index


class Cuts:
    """Where axes are cut into blocks: from the size of an axis to its borders."""

    def __init__(self, *nodes):
        self.borders = {}
        for node in (n for whole in nodes for n in ex.nodes(whole)):
            if isinstance(node, ex.Concat):
                at = ZERO
                for part in node.args:
                    at = at + part.shape[0]
                    self.cut(node.shape[0], at)
            elif isinstance(node, ex.Slice):
                self.cut(node.args[0].shape[0], node.start, node.stop)
            elif isinstance(node, ex.Pad):
                stop = node.start + node.args[0].shape[0]
                self.cut(node.shape[0], node.start, stop)

    def cut(self, size, *borders):
        """Note borders of an axis of that size."""
        inside = {b for b in borders if b not in (ZERO, size)}
        self.borders.setdefault(size, set()).update(inside)

    def blocks(self, size):
        """Pairs (start, length) of the blocks of an axis, in order."""
        borders = sorted(
            self.borders.get(size, ()), key=lambda b: (sum(k for _, k in b.terms), b)
        )
        edges = [ZERO, *borders, size]
        return [(a, b - a) for a, b in itertools.pairwise(edges)]

    def places(self, size, name):
        """A `Place` for each block of an axis; None for an axis of one entry."""
        if size == ONE:
            return [None]
        found = []
        for start, length in self.blocks(size):
            index = sp.S.One
            if length != ONE:
                index = sp.Idx(name, (1, size_symbol(length)))
            found.append(Place(size_symbol(start), index))
        return found


class Entries:
    """Entry by entry, with fresh letters for what is summed over."""

    def __init__(self, cuts, bases=None):
        self.cuts, self.count = cuts, 0
        self.bases = bases or leaf_name

    def __call__(self, node, row=None, column=None):
        """Entry (row, column) of an expression; a scalar and a column need less."""
        return getattr(self, f"_{type(node).__name__.lower()}")(node, row, column)

    def letter(self):
        """The next letter for an index that is summed over."""
        number, place = divmod(self.count, len(LETTERS))
        self.count += 1
        return LETTERS[place] + (str(number) if number else "")

    def over(self, size, body):
        """The sum of ``body(place)`` over an axis, block by block."""
        if size == ONE:
            return body(None)
        total, name = 0, self.letter()
        for place in self.cuts.places(size, name):
            one = body(place)
            bounds = (place.index, 1, place.length)
            total += one if place.length == 1 else sp.Sum(one, bounds)
        return total

    def leaf(self, node, row, column):
        name = self.bases(node)
        if node.is_scalar:
            return sp.Symbol(name, real=True)
        places = [p.number for p in (row, column) if p is not None]
        return sp.IndexedBase(name, real=True)[tuple(places)]

    _value = _adjoint = _lossgradient = leaf

    def _number(self, node, row, column):
        return sp.Rational(node.value.numerator, node.value.denominator)

    def _sizeof(self, node, row, column):
        return size_symbol(node.size)

    def _identity(self, node, row, column):
        return _delta(row, column)

    def parts(self, node, row, column):
        """The entries of the operands; of a scalar the scalar."""
        return [
            self(a, *((None, None) if a.is_scalar else (row, column)))
            for a in node.args
        ]

    def _sum(self, node, row, column):
        return sp.Add(*self.parts(node, row, column))

    def _times(self, node, row, column):
        return sp.Mul(*self.parts(node, row, column))

    def _matmul(self, node, row, column):
        return self.product(node.args, row, column)

    def product(self, factors, row, column):
        """The entry of a matrix product of these factors."""
        first, *rest = factors
        if not rest:
            return self(first, row, column)
        return self.over(
            first.shape[1],
            lambda k: self(first, row, k) * self.product(rest, k, column),
        )

    def _transpose(self, node, row, column):
        return self(node.args[0], column, row)

    def _power(self, node, row, column):
        exponent = sp.Rational(node.exponent.numerator, node.exponent.denominator)
        return self.parts(node, row, column)[0] ** exponent

    def _apply(self, node, row, column):
        (s,) = self.parts(node, row, column)
        name = node.function + "'" * node.order
        return s if name == "identity" else FUNCTIONS[name](s)

    def _maximum(self, node, row, column):
        a, b = self.parts(node, row, column)
        return at_least(a, b) * a + (1 - at_least(a, b)) * b

    def _atleast(self, node, row, column):
        return at_least(*self.parts(node, row, column))

    def _softmax(self, node, row, column):
        (z,) = node.args
        below = self.over(z.shape[0], lambda k: sp.exp(self(z, k)))
        return sp.exp(self(z, row)) / below

    def _norm(self, node, row, column):
        (a,) = node.args
        return sp.sqrt(self.over(a.shape[0], lambda k: self(a, k) ** 2))

    def _total(self, node, row, column):
        (a,) = node.args
        rows, columns = a.shape
        return self.over(rows, lambda k: self.over(columns, lambda m: self(a, k, m)))

    def _fill(self, node, row, column):
        return self(node.args[0])

    def _concat(self, node, row, column):
        start = ZERO
        for part in node.args:
            stop = start + part.shape[0]
            inside = self.inside(row, start, stop)
            if inside is not None:
                return self(part, inside, column)
            start = stop
        raise AssertionError("a block lies in no part")

    def _slice(self, node, row, column):
        row = row or Place(sp.S.Zero, sp.S.One)
        start = row.start + size_symbol(node.start)
        return self(node.args[0], Place(start, row.index), column)

    def _pad(self, node, row, column):
        (part,) = node.args
        inside = self.inside(row, node.start, node.start + part.shape[0])
        return sp.S.Zero if inside is None else self(part, inside, column)

    def inside(self, row, start, stop):
        """The place counted from ``start``, when its block lies there; or None."""
        before = row.start - size_symbol(start)
        after = size_symbol(stop) - row.start - row.length
        if before.is_nonnegative and after.is_nonnegative:
            return Place(before, row.index)
        return None


def leaf_name(node):
    """The name of a leaf, with the step that it speaks of."""
    kind = {ex.Value: "", ex.Adjoint: "adjoint of ", ex.LossGradient: "loss by "}
    step = (
        "" if node.shift is None else f"_{{t{node.shift:+d}}}" if node.shift else "_t"
    )
    return f"{kind[type(node)]}{node.name}{step}"


def _delta(row, column):
    if row is None:
        return sp.S.One
    if sp.expand(row.start - column.start) != 0:
        return sp.S.Zero
    return sp.KroneckerDelta(row.index, column.index)


def derivative(expression, entry):
    """The derivative by an entry, with a Kronecker delta for each index."""
    return sp.diff(expression, entry).replace(
        lambda e: isinstance(e, sp.KroneckerDelta), _delta_of_blocks
    )


def _delta_of_blocks(delta):
    """A delta of two places: zero when they lie in different blocks."""
    places = []
    for number in delta.args:
        (index,) = number.atoms(sp.Idx)
        places.append(Place(number - index, index))
    return _delta(*places)


def chain_rule(entries, node, adjoint, leaf, place):
    """The sum over all entries u of ``node`` of (adjoint of u)(derivative of u).

    Returns triples of a place, the entry there and its derivative as SymPy gives it,
    one for each block of ``node``; and the sum.
    """
    entry = entries(leaf, *place)
    rows, columns = node.shape
    shown = []

    def term(i, j):
        u = entries(node, i, j)
        slope = derivative(u, entry)
        shown.append(((i, j), u, slope))
        return entries(adjoint, i, j) * slope

    whole = entries.over(rows, lambda i: entries.over(columns, lambda j: term(i, j)))
    return shown, whole


def same(a, b):
    """Are two index expressions equal? Sums by `normal`, functions exactly."""
    difference = normal(a - b)
    if difference == 0:
        return True
    sums = {e: sp.Dummy(positive=True) for e in difference.atoms(sp.Sum)}
    difference = difference.xreplace(sums)
    atoms = difference.atoms(sp.Indexed, at_least, positive, psi, dpsi)
    symbols = {e: sp.Dummy(real=True) for e in atoms}
    return equal_exactly(difference.xreplace(symbols), sp.S.Zero)


def with_sums_of_one(expression, names):
    """The entries of these quantities sum to one."""

    def is_one(e):
        if not isinstance(e, sp.Sum) or not isinstance(e.function, sp.Indexed):
            return False
        return str(e.function.base.label).removesuffix("_t") in names

    return normal(expression).replace(is_one, lambda e: sp.S.One)


def normal(expression):
    """The expression with its deltas carried out, and its sums in one form."""
    expression = sp.expand(expression)
    terms = sp.Add.make_args(expression)
    if len(terms) > 1:
        return sp.expand(sp.Add(*(normal(term) for term in terms)))
    if not expression.has(sp.Sum):
        return expression
    return _normal_term(expression)


def _normal_term(term):
    factors, indices = [], []
    stack = list(sp.Mul.make_args(term))
    while stack:
        factor = stack.pop()
        if isinstance(factor, sp.Sum):
            body = factor.function
            for old, _, upper in factor.limits:
                new = sp.Idx(sp.Dummy(integer=True), (1, upper))
                body = body.xreplace({old: new})
                indices.append(new)
            body = sp.expand(body)
            if isinstance(body, sp.Add):
                rest = sp.Mul(*factors, *stack)
                parts = (_summed(rest * part, indices) for part in body.args)
                return normal(sp.Add(*parts))
            stack += sp.Mul.make_args(body)
        else:
            factors.append(factor)
    contracted = _contracted(sp.Mul(*factors), indices)
    if contracted is not None:
        return normal(_summed(*contracted))
    inner = [f.func(*map(normal, f.args)) if f.has(sp.Sum) else f for f in factors]
    return sp.Mul(*_components(inner, indices))


def _summed(body, indices):
    for i in indices:
        body = sp.Sum(body, (i, 1, i.upper))
    return body


def _contracted(body, indices):
    """The body and the indices without one that a delta ties to another; or None."""
    for delta in sp.Mul.make_args(body):
        if isinstance(delta, sp.KroneckerDelta):
            for i, other in itertools.permutations(delta.args):
                if i in indices and i.upper == other.upper:
                    rest = [j for j in indices if j != i]
                    return (body / delta).xreplace({i: other}), rest
    return None


def _components(factors, indices):
    """Sums over the indices that hang together, and the factors without any."""
    left, free = list(indices), []
    bound = []
    for f in factors:
        (bound if f.atoms(sp.Idx) & set(indices) else free).append(f)
    yield from free
    while left:
        group, members = {left.pop(0)}, []
        while more := [f for f in bound if f.atoms(sp.Idx) & group]:
            bound = [f for f in bound if f not in more]
            members += more
            for f in more:
                group |= f.atoms(sp.Idx) & set(indices)
        left = [i for i in left if i not in group]
        yield _canonical(members, group)


def _canonical(members, group):
    """One sum; of all ways to name its indices the first in the alphabet."""
    if not members:
        return sp.Mul(*(i.upper for i in group))
    body, found = sp.Mul(*members), []
    taken = {i.name for i in body.atoms(sp.Idx)}
    letters = [c for c in CANONICAL if c not in taken][: len(group)]
    for order in itertools.permutations(group):
        names = [sp.Idx(c, (1, i.upper)) for c, i in zip(letters, order, strict=True)]
        named = body.xreplace(dict(zip(order, names, strict=True)))
        found.append(_summed(named, names[::-1]))
    return min(found, key=sp.srepr)
