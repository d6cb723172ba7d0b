"""Proofs as chains of formulas: every line follows from the one before by a rule.

A rule puts a formula in for a quantity: a definition, a recursion, a hypothesis. All
other quantities are drawn at random there, independently of each other, so that a line
follows by its rule alone; without a rule it has to follow by algebra.
"""

from typing import Any, NamedTuple

import numpy as np

from rnnbook.tutor.formulas.judging import LENGTHS, numbers_for
from rnnbook.tutor.formulas.networks import Functions
from rnnbook.tutor.formulas.reading import read_formula
from rnnbook.tutor.formulas.scanning import Unreadable
from rnnbook.tutor.formulas.terms import mapped, moved
from rnnbook.tutor.formulas.values import NoValue, ShapeError, calculator

ALGEBRA = "algebra"


class Independent:
    """Quantities drawn at random, each by itself: no equation holds between them."""

    free = False

    def __init__(self, derivation, T, which):
        self.derivation, self.program = derivation, derivation.program
        self.T, self.seed, self.kept = T, which, {}
        self.sizes = numbers_for(self.program, which)
        self.functions = Functions(which, lambda h: 1 - h**2)

    def shape(self, name):
        """The numbers of rows and columns."""
        return tuple(s.number(self.sizes) for s in self.program.shapes[name])

    def drawn(self, shape, *key):
        """A random array, the same for the same key."""
        if (shape, key) not in self.kept:
            text = "".join(map(str, key)).encode()
            random = np.random.default_rng([self.seed, *text])
            self.kept[shape, key] = random.integers(-9, 10, shape).astype(object)
        return self.kept[shape, key]

    def value(self, name, step=None):
        """A quantity of the forward pass."""
        return self.drawn(self.shape(name), "value", name, step)

    def adjoint(self, name, step=None):
        """A total derivative of the loss."""
        return self.drawn(self.shape(name), "adjoint", name, step)

    def own(self, name, step, loss_step):
        """The derivative of the loss of one step."""
        return self.drawn(self.shape(name), "own", name, step, loss_step)

    def jacobian(self, name, step, other, other_step):
        """The derivative of one quantity by another."""
        shape = self.shape(name)[0], self.shape(other)[0]
        if (name, step) == (other, other_step):
            return np.eye(*shape, dtype=object)
        return self.drawn(shape, "jacobian", name, step, other, other_step)


class Rule(NamedTuple):
    """What may be put in for a quantity."""

    leaf: Any  # the `Leaf` at step t
    term: Any


class Gap(NamedTuple):
    """The first line that does not follow: its number and why."""

    line: int
    words: str


def applied(term, rule):
    """The term with a rule put in for its quantity, at every step where it stands."""

    def change(node):
        q, wanted = node.data, rule.leaf
        if (q.kind, q.name, q.other) != (wanted.kind, wanted.name, wanted.other):
            return node
        if q.step is None:
            return rule.term
        by = q.step
        if q.kind == "jacobian" and q.other_step != wanted.other_step.moved("t", by):
            return node
        if not by.letter and by.offset < 1:
            return node
        return moved(rule.term, "t", by)

    return mapped(term, change)


def equal(a, b, derivation, free):
    """True when two formulas are equal, whatever their quantities are."""
    for T, which in LENGTHS:
        point = Independent(derivation, T, which)
        of = calculator(point)
        for steps in [{"t": t} for t in range(1, T + 1)] if free else [{}]:
            try:
                u, v = of(a, **steps), of(b, **steps)
            except (ShapeError, NoValue, KeyError):
                return False
            if u.shape != v.shape or (u.array != v.array).any():
                return False
    return True


def first_gap(lines, rules, names, derivation, first, last, free=()):
    """The first line that does not follow from the one before, or None.

    Parameters
    ----------
    lines : list of pairs
        A formula, and the name of the rule by which it follows; the first line needs
        none.
    rules : dict of str to Rule
        By name; ``algebra`` is always allowed.
    first, last : Term
        What the proof begins with and what it ends with.
    """
    names.free = free
    terms = []
    for k, (text, rule) in enumerate(lines, start=1):
        try:
            terms.append(read_formula(text, names).term)
        except Unreadable as error:
            return Gap(k, f"cannot be read: {error.sentence}")
        if k > 1 and rule not in (ALGEBRA, *rules):
            known = ", ".join((ALGEBRA, *rules))
            return Gap(k, f"expected one of the rules {known}, got {rule!r}")
    if not terms or not equal(terms[0], first, derivation, free):
        return Gap(1, "is not what the proof begins with")
    for k in range(1, len(terms)):
        before, after, rule = terms[k - 1], terms[k], lines[k][1]
        if rule != ALGEBRA:
            before, after = (applied(t, rules[rule]) for t in (before, after))
        if not equal(before, after, derivation, free):
            return Gap(k + 1, f"does not follow from line {k} by {rule}")
    if not equal(terms[-1], last, derivation, free):
        return Gap(len(terms), "is not yet what is to be proved")
    return None
