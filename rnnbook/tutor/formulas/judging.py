"""Is it right? By exact evaluation at random rational points, never by form.

First with the symbols as the book has them, then as rows, transposed, averaged or with
the sign of the error turned: what is right so is right under another convention. What
is wrong is compared with every slip derived from the right formula.
"""

from dataclasses import replace
from functools import cache
from itertools import product

from rnnbook.tutor.formulas.networks import Network, columns_of
from rnnbook.tutor.formulas.terms import Term, free_letters, leaves
from rnnbook.tutor.formulas.values import (
    ADJOINTS,
    BOOK,
    NoValue,
    ShapeError,
    View,
    calculator,
)

LENGTHS = ((3, 0), (1, 1), (4, 2))  # steps, and which sizes
FREE = 3, "f2"
RELATIONS = tuple(
    (turned, minus, mean)
    for minus in ("", "minus")
    for mean in ("", "mean")
    for turned in ("", "transposed")
)


def numbers_for(program, which):
    """Different numbers for the symbols of the sizes: nothing is square by chance."""
    orders = ((2, 3, 4, 5, 6, 7), (3, 2, 5, 4, 7, 6), (4, 3, 2, 6, 5, 7))
    return dict(zip(program.sizes, orders[which], strict=False))


@cache
def network(derivation, T, which, slope=""):
    """A point: ``which`` of the sizes, or the one size of everything."""
    program = derivation.program
    if isinstance(which, str):
        n = int(which[1:])
        sizes = dict.fromkeys(program.sizes, n)
        return Network(derivation, T, sizes, seed=5, free=which[0] == "f")
    rule = (lambda h: 2 + h / 3) if slope else None
    sizes = numbers_for(program, which)
    return Network(derivation, T, sizes, seed=which + 1, slope=rule)


class Target:
    """What a formula should be: a quantity of the network, at each of its steps."""

    def __init__(self, leaf, right, free=(), defined=False):
        self.leaf, self.right, self.free = leaf, right, tuple(free)
        self.defined = defined  # the right formula says what the quantity is

    @property
    def adjoint(self):
        """True for a derivative of the loss."""
        return self.leaf.kind in ADJOINTS

    def steps(self, T):
        """Every choice of its steps."""
        if self.free == ("t", "k"):
            return [{"t": t, "k": k} for t in range(1, T + 1) for k in range(t + 1)]
        first = 2 if self.leaf.kind == "jacobian" and self.leaf.name == "s" else 1
        return [{"t": t} for t in range(first, T + 1)] if self.free else [{}]

    def term(self):
        """The quantity as a term."""
        if self.defined:
            return self.right
        return Term("leaf", (), self.leaf)


SUMMED = "the sum over the steps in place of the mean"
NEGATED = "the sign of the error is turned (target minus output)"


def views(program, notation):
    """The ways in which the symbols may be meant, the notation's own first."""
    columns = columns_of(program)
    gradients = frozenset(("adjoint", n) for n in columns)
    everything = gradients | {("value", n) for n in columns}
    own = own_view(program, notation)
    yield own
    if own.mean:
        yield replace(own, mean=False, name=SUMMED)
    numerator = "gradients are rows (numerator layout)"
    columned = not own.weights and ("value", "x") not in own.rows
    if columned:
        yield replace(BOOK, mean=own.mean)
        yield View(numerator, rows=gradients, mean=own.mean)
        yield View("columns are written as rows", rows=everything, mean=own.mean)
    denominator = "Jacobians are transposed (denominator layout)"
    for descending in (True, False):
        yield replace(own, name=denominator, jacobians=True, descending=descending)
    yield replace(
        own,
        name="in the product the earlier step stands on the left",
        descending=False,
    )
    if columned:
        yield View(numerator, rows=gradients, descending=False, mean=own.mean)
    yield replace(own, name=NEGATED, negated=True)


def own_view(program, notation):
    """How a notation means its symbols."""
    if notation is None:
        return BOOK
    columns = columns_of(program)
    meant = map(meaning, notation.rows)
    rows = frozenset((kind, name) for kind, name in meant if name in columns)
    weights = "W_hh" in notation.rows
    if not (rows or weights or notation.mean):
        return BOOK
    return View("", rows=rows, weights=weights, mean=notation.mean)


def meaning(quantity):
    """What a name of the book is in the derivation."""
    known = {"g": "h", "delta_s": "s", "delta_z": "z", "future": "h", "ell_h": "h"}
    if quantity in known or quantity.startswith("d_"):
        return "adjoint", known.get(quantity, quantity.removeprefix("d_"))
    return "value", quantity


class Judge:
    """Compares one formula with its target."""

    def __init__(self, derivation, target, notation=None):
        self.derivation, self.target, self.notation = derivation, target, notation
        self.own = own_view(derivation.program, notation)
        self.first = target.steps(self.point.T)[0]
        self.turned = self._turned()

    @property
    def point(self):
        """The first of the points at which a formula has to be right."""
        return network(self.derivation, *LENGTHS[0])

    def stray(self, *terms):
        """The letters of steps that nothing binds."""
        return set().union(*map(free_letters, terms)) - {"T", *self.target.free}

    def _turned(self):
        """True when the notation writes the result transposed."""
        point = self.point
        book, own = (
            calculator(point, view)(self.target.term(), **self.first).array
            for view in (BOOK, self.own)
        )
        own = own * point.T if self.own.mean and self.target.adjoint else own
        return book.shape != own.shape or bool((book != own).any())

    def seen(self, array):
        """An array of the book as the notation has it."""
        return array.T if self.turned else array

    def fits(self, shape):
        """True for the shape of the result, or its transpose where rows are usual."""
        wanted = self.wanted_shape()
        return shape == wanted or self.turned and shape == wanted[::-1]

    def wanted(self, network, steps):
        """The right array."""
        return calculator(network)(self.target.term(), **steps).array

    def wanted_shape(self):
        """The shape of the right result."""
        return self.seen(self.wanted(self.point, self.first)).shape

    def values(self, term, network, view):
        """The value and the right array for every choice of steps, which come first."""
        of = calculator(network, view)
        return [
            (steps, of(term, **steps), self.wanted(network, steps))
            for steps in self.target.steps(network.T)
        ]

    def convention(self, term):
        """What makes the formula right: "" for the book's own, or None."""
        for view in dict.fromkeys(views(self.derivation.program, self.notation)):
            relation = self.relation(term, view)
            if relation is not None:
                return view, relation
        return None

    def relation(self, term, view):
        """How the values belong to the right ones at all points, or None."""
        candidates = RELATIONS
        for T, which in LENGTHS:
            point = network(self.derivation, T, which)
            candidates = self.related(term, view, point, candidates)
            if not candidates:
                return None
        return candidates[0]

    def related(self, term, view, point, candidates=RELATIONS):
        """Which of the candidates hold at a point; none where there is no value."""
        try:
            values = self.values(term, point, view)
        except (ShapeError, NoValue):
            return []
        return [
            r for r in candidates if all(same(v, w, r, point.T) for _, v, w in values)
        ]

    def needs_tanh(self, term):
        """True when it holds for the slope of tanh alone."""
        point = network(self.derivation, *LENGTHS[0], "general")
        return not self.related(term, self.own, point)

    def shape_error(self, term):
        """The first `ShapeError` of the formula as the notation reads it, or None."""
        for steps in self.target.steps(self.point.T):
            try:
                calculator(self.point, self.own)(term, **steps)
            except ShapeError as error:
                return error
            except NoValue:
                pass
        return None

    def shape(self, term):
        """The shape of the formula, where it has one."""
        try:
            return calculator(self.point, self.own)(term, **self.first).shape
        except (ShapeError, NoValue):
            return None

    def resolved(self, term):
        """The term with every dot and star decided, as far as it has a value."""
        of = calculator(self.point, self.own)
        try:
            of(term, **dict.fromkeys(self.stray(term), self.point.T), **self.first)
        except (ShapeError, NoValue):
            pass
        return _decided(term, of.decided)

    # slips

    def explained(self, term, slips):
        """The slips of a list that give the very same values."""
        for point in (self.point, network(self.derivation, *FREE)):
            for view in dict.fromkeys((self.own, BOOK)):
                for turned in (False, True) if self.turned else (False,):
                    found = [
                        s
                        for s in slips
                        if self.alike(term, s.term, point, view, turned)
                    ]
                    if found:
                        return found
        return []

    def one_value(self, a, b):
        """True when two formulas are equal at a point where every shape fits."""
        return self.alike(a, b, network(self.derivation, *FREE))

    def choices(self, point, letters):
        """Numbers for the steps of the result, and for letters that nothing binds."""
        for steps in self.target.steps(point.T):
            if letters:
                for n in range(1, point.T + 1):
                    yield dict.fromkeys(letters, n) | steps
            else:
                yield steps

    def alike(self, a, b, point, view=BOOK, turned=False):
        """True when two formulas have the same values; the view is of the first."""
        for steps in self.choices(point, self.stray(a, b)):
            value = self.at_all(a, point, steps, view, turned)
            if value is None or value != self.at_all(b, point, steps):
                return False
        return True

    def at_all(self, term, point, steps, view=BOOK, turned=False):
        """The value as a tuple, or None where there is none."""
        key = term, tuple(steps.items()), view, turned
        if key not in point.kept:
            try:
                value = calculator(point, view)(term, **steps).array
                value = value.T if turned else value
                point.kept[key] = (value.shape, *value.ravel())
            except (ShapeError, NoValue):
                point.kept[key] = None
        return point.kept[key]

    def signature(self, term, point, view=BOOK):
        """The values at all steps."""
        choices = self.choices(point, self.stray(term))
        return [self.at_all(term, point, steps, view) for steps in choices]

    # counterexamples

    def counterexample(self, term):
        """The smallest point where values differ: (network, steps, got, wanted)."""
        for n, T in product((1, 2), (1, 2)):
            point = network(self.derivation, T, f"s{n}")
            try:
                values = self.values(term, point, self.own)
            except (ShapeError, NoValue):
                continue
            for steps, value, right in values:
                right = self.seen(right)
                right = right / T if self.own.mean and self.target.adjoint else right
                shape = value.array.shape
                if self.turned and shape == right.T.shape != right.shape:
                    right = right.T
                if shape != right.shape or (value.array != right).any():
                    return point, steps, value.array, right
        return None


def _decided(term, ops):
    args = tuple(_decided(a, ops) for a in term.args)
    op = ops.get(term, "times") if term.op == "any" else term.op
    return Term(op, args, term.data, term.place)


def same(value, right, relation, T):
    """True when a value belongs to the right one so."""
    turned, minus, mean = relation
    array = value.array.T if turned else value.array
    if array.shape != right.shape:
        return False
    array = -array if minus else array
    array = array * T if mean else array
    return bool((array == right).all())


def has_adjoints(term):
    """True when a formula speaks of adjoints."""
    return any(q.kind in ADJOINTS for q in leaves(term))


def terms_of(term):
    """The summands of a formula."""
    return term.args if term.op == "sum" else (term,)


def unmatched(judge, term, forms):
    """The summands that no form of the right formula has, and those that fit."""
    given = terms_of(term)
    for form in forms:
        wanted = [judge.signature(t, judge.point) for t in terms_of(form)]
        wrong = [
            t for t in given if judge.signature(t, judge.point, judge.own) not in wanted
        ]
        if len(wrong) < len(given):
            return wrong, [t for t in given if t not in wrong]
    return list(given), []


def circular(term, target):
    """True when a formula is the result's own name, or speaks of it."""
    return target.leaf in leaves(term)
