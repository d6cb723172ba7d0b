"""Formulas as trees: what a reader wrote, and what the machine derived.

Unlike the expressions of the derivation, a tree may be wrong: its shapes need not fit.
Every node knows its place in the text that it was read from, where there is one.
"""

from dataclasses import dataclass, field, replace
from fractions import Fraction

from rnnlib.symbolic.derivation import expressions as ex


@dataclass(frozen=True)
class Step:
    """A step: a letter and an offset, such as t - 1; no letter for a number."""

    letter: str
    offset: int = 0

    def number(self, steps):
        """The step as a number, from the numbers of the letters."""
        return (steps[self.letter] if self.letter else 0) + self.offset

    def moved(self, letter, other):
        """The step with ``other`` put in for a letter."""
        if self.letter != letter:
            return self
        return Step(other.letter, other.offset + self.offset)

    def __str__(self):
        if not self.letter:
            return str(self.offset)
        return self.letter + (f"{self.offset:+d}" if self.offset else "")


NOW = Step("t")


@dataclass(frozen=True)
class Leaf:
    """A quantity: ``kind`` is value, adjoint, own, future or jacobian.

    ``own`` is the derivative of the loss of step ``other_step``, ``future`` the part of
    an adjoint that later steps send. A jacobian is that of ``name`` by ``other``.
    """

    kind: str
    name: str
    step: Step | None = None
    other: str = ""
    other_step: Step | None = None

    @property
    def steps(self):
        """Its one or two steps, or None in their places."""
        return self.step, self.other_step

    def at(self, step, other_step):
        """The same quantity at other steps."""
        return replace(self, step=step, other_step=other_step)


@dataclass(frozen=True)
class Term:
    """An operation with its operands; ``data`` is what else it needs."""

    op: str
    args: tuple = ()
    data: object = None
    place: tuple | None = field(default=None, compare=False)

    def with_args(self, args):
        """The same operation on other operands."""
        return replace(self, args=tuple(args))


def number(value):
    """A rational number."""
    return Term("number", (), Fraction(value))


def leaf(kind, name, step=None, *other):
    """A quantity as a term."""
    return Term("leaf", (), Leaf(kind, name, step, *other))


def negative(term):
    """Minus a term."""
    return term.args[0] if term.op == "negative" else Term("negative", (term,))


def many(op, args):
    """An operation on several operands; on one it is that operand."""
    args = tuple(args)
    return args[0] if len(args) == 1 else Term(op, args)


def nodes(term, path=()):
    """Pairs of a path and the node there, the root first."""
    yield path, term
    for k, part in enumerate(term.args):
        yield from nodes(part, (*path, k))


def put(term, path, new):
    """The term with another node at a path."""
    if not path:
        return new
    args = list(term.args)
    args[path[0]] = put(args[path[0]], path[1:], new)
    return term.with_args(args)


def leaves(term):
    """All quantities, as often as they occur."""
    return [node.data for _, node in nodes(term) if node.op == "leaf"]


def mapped(term, change):
    """The term with ``change`` applied to every quantity; it returns a term."""
    if term.op == "leaf":
        return change(term)
    return term.with_args(mapped(a, change) for a in term.args)


def moved(term, letter, other):
    """The term with a step put in for a letter, except where a sum binds it."""
    if term.op == "leaf":
        q = term.data
        steps = {
            name: step and step.moved(letter, other)
            for name, step in (("step", q.step), ("other_step", q.other_step))
        }
        return replace(term, data=replace(q, **steps))
    if term.op == "over":
        kind, index, first, last = term.data
        data = kind, index, first.moved(letter, other), last.moved(letter, other)
        if index == letter:
            return replace(term, data=data)
        (body,) = term.args
        return replace(term, data=data, args=(moved(body, letter, other),))
    if term.op == "power" and isinstance(term.data, tuple):
        a, b = (s.moved(letter, other) for s in term.data)
        term = replace(term, data=(a, b))
    return term.with_args(moved(a, letter, other) for a in term.args)


def free_letters(term):
    """The letters of steps that no sum binds."""
    if term.op == "leaf":
        steps = term.data.step, term.data.other_step
        return {s.letter for s in steps if s is not None and s.letter}
    found = set().union(*map(free_letters, term.args)) if term.args else set()
    if term.op == "over":
        _, index, first, last = term.data
        found -= {index}
        found |= {s.letter for s in (first, last) if s.letter}
    if term.op == "power" and isinstance(term.data, tuple):
        found |= {s.letter for s in term.data if s.letter}
    return found


def flat(term):
    """Products in products and sums in sums drawn together."""
    args = [flat(a) for a in term.args]
    if term.op in ("sum", "times", "product"):
        joined = []
        for part in args:
            joined.extend(part.args if part.op == term.op else [part])
        args = joined
    return term.with_args(args)


def from_machine(node):
    """The tree of an expression of the derivation machine.

    Raises ValueError for an operation that formulas do not have.
    """
    if isinstance(node, ex.Leaf):
        kinds = {ex.Value: "value", ex.Adjoint: "adjoint", ex.LossGradient: "own"}
        step = None if node.shift is None else Step("t", node.shift)
        kind = kinds[type(node)]
        return leaf(kind, node.name, step, *(("", step) if kind == "own" else ()))
    if isinstance(node, ex.Number):
        return number(node.value)
    args = [from_machine(a) for a in node.args]
    if isinstance(node, ex.Sum):
        return many("sum", args)
    if isinstance(node, ex.Times):
        return _times(args)
    if isinstance(node, ex.MatMul):
        return many("product", args)
    if isinstance(node, ex.Fill):
        return args[0]
    if isinstance(node, ex.Power):
        if node.exponent.denominator == 1:
            return _power(args[0], node.exponent)
    if isinstance(node, ex.Apply):
        return Term("apply", tuple(args), (node.function, node.order))
    simple = {
        ex.Transpose: "transpose",
        ex.Diagonal: "diagonal",
        ex.Total: "entries",
        ex.Softmax: "softmax",
        ex.Concat: "stack",
        ex.Identity: "identity",
    }
    if type(node) in simple:
        data = node.shape[0] if isinstance(node, ex.Identity) else None
        return Term(simple[type(node)], tuple(args), data)
    raise ValueError(f"expression: {type(node).__name__} cannot stand in a formula")


def _times(args):
    if args[0].op == "number" and args[0].data == -1:
        return negative(many("times", args[1:]))
    below = [a for a in args if a.op == "power" and a.data < 0]
    if not below:
        return many("times", args)
    above = [a for a in args if a not in below] or [number(1)]
    under = [_power(a.args[0], -a.data) for a in below]
    return Term("divide", (many("times", above), many("times", under)))


def _power(base, exponent):
    return base if exponent == 1 else Term("power", (base,), Fraction(exponent))
