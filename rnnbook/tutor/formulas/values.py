"""The value of a formula at a point, or the product whose shapes do not fit."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from rnnbook.tutor.formulas.networks import columns_of, drawn_softmax


class ShapeError(Exception):
    """Two operands that do not go together: the node, and the shapes of both."""

    def __init__(self, node, verb, left, right):
        super().__init__(verb)
        self.node, self.verb, self.left, self.right = node, verb, left, right


class NoValue(Exception):
    """A formula without a value at this point, such as an inverse of zero."""


@dataclass(frozen=True)
class View:
    """How the symbols of a formula are meant: what is a row, what is transposed."""

    name: str = ""
    rows: frozenset = frozenset()  # of pairs (kind, name) that are rows
    weights: bool = False  # weights are transposed
    jacobians: bool = False  # Jacobians are transposed
    descending: bool = True  # in a product over steps the later factor stands left
    negated: bool = False  # all adjoints have the other sign
    mean: bool = False  # the loss is divided by the number of steps


class Value(NamedTuple):
    """An array, and the shape that it would have if everything were in order."""

    array: Any
    shape: tuple
    diagonal: bool = False  # the array is the column of a diagonal matrix (free)


SCALAR = (1, 1)
ADJOINTS = ("adjoint", "own", "future")  # what is a derivative of the loss
BOOK = View()


def calculator(network, view=BOOK):
    """The calculator of a view; it keeps the values of quantities."""
    if ("calculator", view) not in network.kept:
        network.kept["calculator", view] = Calculator(network, view)
    return network.kept["calculator", view]


class Calculator:
    """Evaluates terms in a network, seen in a view."""

    def __init__(self, network, view=BOOK):
        self.network, self.view = network, view
        self.free = network.free
        self.columns = columns_of(network.program)
        self.kept = {}
        self.decided = {}  # what dots and stars were

    def __call__(self, term, **steps):
        """The `Value` of a term; a number for each letter that stands for a step."""
        return self.of(term, {"T": self.network.T, **steps})

    def of(self, term, steps):
        if term.op == "leaf":
            return self.leaf(term.data, steps)
        return getattr(self, "_" + term.op)(term, steps)

    # quantities

    def leaf(self, q, steps):
        step = None if q.step is None else q.step.number(steps)
        other = None if q.other_step is None else q.other_step.number(steps)
        key = q.kind, q.name, step, q.other, other
        if key not in self.kept:
            self.kept[key] = self._leaf(q, step, other)
        return self.kept[key]

    def _leaf(self, q, step, other):
        network, view = self.network, self.view
        if q.kind == "value":
            array, shape = network.value(q.name, step), network.shape(q.name)
        elif q.kind == "adjoint":
            array, shape = network.adjoint(q.name, step), network.shape(q.name)
        elif q.kind == "own":
            array, shape = network.own(q.name, step, other), network.shape(q.name)
        elif q.kind == "future":
            array = network.adjoint(q.name, step) - network.own(q.name, step, step)
            shape = network.shape(q.name)
        elif q.kind == "jacobian":
            array = network.jacobian(q.name, step, q.other, other)
            shape = network.shape(q.name)[0], network.shape(q.other)[0]
        elif q.kind == "zero":
            array, shape = network.zero(q.name), network.shape(q.name)
        else:
            raise NoValue(q.kind)
        if view.negated and q.kind in ADJOINTS:
            array = -array
        if view.mean and q.kind in ADJOINTS:
            array = array * Fraction(1, network.T)
        kind = "value" if q.kind in ("value", "zero") else "adjoint"
        turned = (kind, q.name) in view.rows
        if q.kind == "jacobian":
            turned = view.jacobians
        elif view.weights and step is None and q.name not in self.columns:
            turned = q.kind in ("value", "adjoint")
        return Value(array.T, shape[::-1]) if turned else Value(array, shape)

    # arithmetic

    def _number(self, term, steps):
        return Value(np.array([[term.data]]), SCALAR)

    def _length(self, term, steps):
        return Value(np.array([[Fraction(term.data.number(steps))]]), SCALAR)

    def _negative(self, term, steps):
        found = self.of(term.args[0], steps)
        return Value(-found.array, found.shape, found.diagonal)

    def _sum(self, term, steps):
        parts = [self.of(a, steps) for a in term.args]
        total = parts[0]
        for part in parts[1:]:
            total = self.added(term, total, part)
        return total

    def added(self, node, a, b):
        """The sum of two; a number is added to every entry."""
        shape = self.common(node, "added", a, b)
        return Value(a.array + b.array, shape, a.diagonal and b.diagonal)

    def common(self, node, verb, a, b):
        """The shape of two that are combined entry by entry."""
        if a.shape == b.shape or b.shape == SCALAR:
            return a.shape
        if a.shape == SCALAR:
            return b.shape
        if not self.free:
            raise ShapeError(node, verb, a.shape, b.shape)
        return a.shape

    def _times(self, term, steps):
        found = self.of(term.args[0], steps)
        for part in term.args[1:]:
            found = self.hadamard(term, found, self.of(part, steps))
        return found

    def hadamard(self, node, a, b):
        """The elementwise product."""
        shape = self.common(node, "multiplied entry by entry", a, b)
        diagonal = a.diagonal or b.diagonal
        return Value(a.array * b.array, shape, diagonal)

    def _product(self, term, steps):
        found = self.of(term.args[0], steps)
        for part in term.args[1:]:
            found = self.multiplied(term, found, self.of(part, steps))
        return found

    def multiplied(self, node, a, b):
        """The matrix product; a number multiplies everything."""
        if SCALAR in (a.array.shape, b.array.shape):
            return self.hadamard(node, a, b)
        if a.shape[1] != b.shape[0] and not self.free:
            raise ShapeError(node, "multiplied", a.shape, b.shape)
        shape = a.shape[0], b.shape[1]
        if a.diagonal:
            return Value(a.array * b.array, shape, b.diagonal)
        if b.diagonal:
            return Value((b.array * a.array.T).T, shape)
        return Value(a.array.dot(b.array), shape)

    def _any(self, term, steps):
        """A dot or a star that may be either product: whichever fits."""
        a, b = (self.of(p, steps) for p in term.args)
        matrix = self.is_matrix_product(a.shape, b.shape)
        if term.data == "python":  # entry by entry; a column by a row is repeated
            one = (a.shape[1], b.shape[0]) == (1, 1)
            matrix = one and SCALAR not in (a.shape, b.shape)
        self.decided[term] = "product" if matrix else "times"
        if matrix:
            return self.multiplied(term, a, b)
        return self.hadamard(term, a, b)

    @staticmethod
    def is_matrix_product(a, b):
        """True when only the matrix product fits, or it is the likelier one."""
        if SCALAR in (a, b):
            return False
        return a != b or a[0] == a[1]

    def _otimes(self, term, steps):
        a, b = (self.of(p, steps) for p in term.args)
        if a.shape[1] == b.shape[1] == 1:
            b = Value(b.array.T, b.shape[::-1])
            return self.multiplied(term, a, b)
        if self.free:
            return self.multiplied(term, a, b)
        array = np.kron(a.array, b.array)
        return Value(array, array.shape)

    def _divide(self, term, steps):
        a, b = (self.of(p, steps) for p in term.args)
        shape = self.common(term, "divided", a, b)
        return Value(a.array * self.inverted(b.array), shape, a.diagonal)

    def inverted(self, array):
        flat = array.ravel()
        if any(v == 0 for v in flat):
            raise NoValue("a division by zero")
        found = np.empty(len(flat), dtype=object)
        found[:] = [1 / Fraction(v) for v in flat]
        return found.reshape(array.shape)

    def _power(self, term, steps):
        base = self.of(term.args[0], steps)
        n = term.data
        if isinstance(n, tuple):
            n = n[0].number(steps) - n[1].number(steps)
        n = int(n)
        if base.shape[0] == base.shape[1] != 1 and not base.diagonal:
            matrix = base.array if n >= 0 else inverse(base.array)
            found = np.eye(len(matrix), dtype=object)
            for _ in range(abs(n)):
                found = found.dot(matrix)
            return Value(found, base.shape)
        array = base.array if n >= 0 else self.inverted(base.array)
        return Value(array ** abs(n), base.shape, base.diagonal)

    def _transpose(self, term, steps):
        found = self.of(term.args[0], steps)
        if found.diagonal:
            return found
        return Value(found.array.T, found.shape[::-1])

    def _inverse(self, term, steps):
        found = self.of(term.args[0], steps)
        if found.diagonal:
            return Value(self.inverted(found.array), found.shape, True)
        if found.array.shape[0] != found.array.shape[1]:
            raise ShapeError(term, "inverted", found.shape, found.shape)
        return Value(inverse(found.array), found.shape)

    def _diagonal(self, term, steps):
        found = self.of(term.args[0], steps)
        if 1 not in found.shape:
            square = not self.free and found.shape[0] == found.shape[1]
            if not square or (found.array != np.diag(np.diag(found.array))).any():
                raise ShapeError(term, "put on a diagonal", found.shape, found.shape)
            return found
        n = max(found.shape)
        if self.free:
            array = found.array if found.shape[1] == 1 else found.array.T
            return Value(array, (n, n), True)
        return Value(np.diag(found.array.ravel()), (n, n))

    def _apply(self, term, steps):
        name, order = term.data
        found = self.of(term.args[0], steps)
        function = self.network.functions[name + "'" * order]
        return Value(function(found.array), found.shape, found.diagonal)

    def _softmax(self, term, steps):
        found = self.of(term.args[0], steps)
        turned = found.shape[0] == 1
        array = found.array.T if turned else found.array
        array = drawn_softmax(self.network.functions, array)
        return Value(array.T if turned else array, found.shape)

    def _entries(self, term, steps):
        found = self.of(term.args[0], steps)
        if self.free:
            return Value(found.array, SCALAR)
        return Value(found.array.sum(keepdims=True), SCALAR)

    def _identity(self, term, steps):
        n = term.data.number(self.network.sizes)
        if self.free:
            return Value(np.ones((n, n), object), (n, n), True)
        return Value(np.eye(n, dtype=object), (n, n))

    def _stack(self, term, steps):
        parts = [self.of(a, steps) for a in term.args]
        if self.free:
            raise NoValue("a stack of columns")
        if len({p.shape[1] for p in parts}) > 1:
            raise ShapeError(term, "stacked", parts[0].shape, parts[1].shape)
        array = np.concatenate([p.array for p in parts])
        return Value(array, array.shape)

    def _over(self, term, steps):
        kind, index, first, last = term.data
        (body,) = term.args
        numbers = range(first.number(steps), last.number(steps) + 1)
        total = None
        for n in numbers:
            part = self.of(body, steps | {index: n})
            if total is None:
                total = part
            elif kind == "sum":
                total = self.added(term, total, part)
            elif self.view.descending:
                total = self.multiplied(term, part, total)
            else:
                total = self.multiplied(term, total, part)
        if total is not None:
            return total
        like = self.of(body, steps | {index: numbers.start})
        if kind == "sum":
            return Value(like.array * 0, like.shape)
        n = len(like.array)
        if self.free:
            return Value(np.ones((n, n), object), like.shape, True)
        return Value(np.eye(n, dtype=object), like.shape)


def inverse(array):
    """The inverse of a matrix of fractions."""
    n = len(array)
    rows = np.vectorize(Fraction)(np.concatenate([array, np.eye(n)], axis=1))
    for i in range(n):
        pivot = next((r for r in range(i, n) if rows[r, i]), None)
        if pivot is None:
            raise NoValue("the inverse of a singular matrix")
        rows[[i, pivot]] = rows[[pivot, i]]
        rows[i] = rows[i] / rows[i, i]
        for r in range(n):
            if r != i:
                rows[r] = rows[r] - rows[r, i] * rows[i]
    return rows[:, n:]
