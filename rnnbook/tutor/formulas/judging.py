"""Is it right? By exact evaluation at random rational points, never by form.

First with the symbols as the book has them, then as rows, transposed, averaged or with
the sign of the error turned: what is right so is right under another convention. What
is wrong is compared with every slip derived from the right formula.
"""

from dataclasses import replace
from functools import cache
from itertools import product

from rnnbook.tutor.formulas.networks import Network, columns_of
from rnnbook.tutor.formulas.terms import Term, free_letters, leaves, nodes
from rnnbook.tutor.formulas.values import BOOK, NoValue, ShapeError, View, calculator

LENGTHS = ((3, 0), (1, 1), (4, 2))  # steps, and which sizes


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


def clear():
    """Forget the points."""
    network.cache_clear()


class Target:
    """What a formula should be: a quantity of the network, at each of its steps."""

    def __init__(self, leaf, right, free=(), defined=False):
        self.leaf, self.right, self.free = leaf, right, tuple(free)
        self.defined = defined  # the right formula says what the quantity is

    @property
    def adjoint(self):
        """True for a derivative of the loss."""
        return self.leaf.kind in ("adjoint", "own", "future")

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
        if own != BOOK:
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
    yield replace(own, name="the sign of the error is turned", sign=-1)


def own_view(program, notation):
    """How a notation means its symbols."""
    if notation is None:
        return BOOK
    columns = columns_of(program)
    rows = frozenset(
        pair
        for quantity in notation.rows
        for pair in pairs(quantity)
        if pair[1] in columns
    )
    weights = "W_hh" in notation.rows
    if not (rows or weights or notation.mean):
        return BOOK
    return View("", rows=rows, weights=weights, mean=notation.mean)


def pairs(quantity):
    """What a name of the book is in the derivation."""
    known = {"g": "h", "delta_s": "s", "delta_z": "z", "future": "h", "ell_h": "h"}
    if quantity in known or quantity.startswith("d_"):
        return [("adjoint", known.get(quantity, quantity.removeprefix("d_")))]
    return [("value", quantity)]


class Judge:
    """Compares one formula with its target."""

    def __init__(self, derivation, target, notation=None):
        self.derivation, self.target, self.notation = derivation, target, notation
        self.own = own_view(derivation.program, notation)
        self.turned = self._turned()

    def _turned(self):
        """True when the notation writes the result transposed."""
        point = network(self.derivation, *LENGTHS[0])
        steps = self.target.steps(point.T)[-1]
        book, own = (
            calculator(point, view)(self.target.term(), **steps).array
            for view in (BOOK, self.own)
        )
        own = own * point.T if self.own.mean and self.target.adjoint else own
        return book.shape != own.shape or bool((book != own).any())

    def seen(self, array, view):
        """An array as the book has it, of a value in a view."""
        return array.T if self.turned and view == self.own else array

    def fits(self, shape):
        """True for the shape of the result, or its transpose where rows are usual."""
        wanted = self.wanted_shape()
        return shape == wanted or self.turned and shape == wanted[::-1]

    def wanted(self, network, steps):
        """The right array."""
        return calculator(network)(self.target.term(), **steps).array

    def wanted_shape(self):
        """The shape of the right result."""
        point = network(self.derivation, *LENGTHS[0])
        wanted = self.wanted(point, self.target.steps(3)[0])
        return self.seen(wanted, self.own).shape

    def values(self, term, network, view=None):
        """Pairs (value, right array) for every choice of steps."""
        of = calculator(network, view or BOOK)
        return [
            (of(term, **steps), self.wanted(network, steps))
            for steps in self.target.steps(network.T)
        ]

    def convention(self, term):
        """What makes the formula right: "" for the book's own, or None."""
        for view in views(self.derivation.program, self.notation):
            relation = self.relation(term, view)
            if relation is not None:
                return view, relation
        return None

    def relation(self, term, view):
        """How the values belong to the right ones at all points, or None."""
        candidates = set(RELATIONS)
        for T, which in LENGTHS:
            try:
                pairs = self.values(term, network(self.derivation, T, which), view)
            except (ShapeError, NoValue):
                return None
            candidates &= {
                r for r in RELATIONS if all(same(v, w, r, T) for v, w in pairs)
            }
            if not candidates:
                return None
        return next(r for r in RELATIONS if r in candidates)

    def needs_tanh(self, term):
        """True when it holds for the slope of tanh alone."""
        if "phi" not in str(self.derivation.equations):
            return False
        try:
            pairs = self.values(
                term, network(self.derivation, 3, 0, "general"), self.own
            )
        except (ShapeError, NoValue):
            return False
        return not any(all(same(v, w, r, 3) for v, w in pairs) for r in RELATIONS)

    def shape_error(self, term):
        """The first `ShapeError` of the formula as the book reads it, or None."""
        point = network(self.derivation, *LENGTHS[0])
        for steps in self.target.steps(3):
            try:
                value = calculator(point, self.own)(term, **steps)
            except ShapeError as error:
                return error
            except NoValue:
                return None
            if value.shape != self.wanted(point, steps).shape and not self.turned:
                return None
        return None

    def shape(self, term):
        """The shape of the formula, where it has one."""
        point = network(self.derivation, *LENGTHS[0])
        try:
            return calculator(point, self.own)(term, **self.target.steps(3)[0]).shape
        except (ShapeError, NoValue):
            return None

    def resolved(self, term):
        """The term with every dot and star decided, as far as it has a value."""
        letters = free_letters(term) - {"T"} - set(self.target.free)
        point = network(self.derivation, *LENGTHS[0])
        try:
            calculator(point, self.own)(
                term, **dict.fromkeys(letters, 1), **self.target.steps(3)[0]
            )
        except (ShapeError, NoValue):
            pass
        return _decided(term, calculator(point, self.own).decided)

    # slips

    def explained(self, term, slips):
        """The slips of a list that give the very same values."""
        for where in ((3, 0), (3, "f2")):
            point = network(self.derivation, *where)
            for view in dict.fromkeys((self.own, BOOK)):
                if self.at_all(term, point, None, view) is None:
                    continue
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
        return self.alike(a, b, network(self.derivation, 3, "f2"))

    def choices(self, point, letters):
        """Numbers for the steps of the result, and for letters that nothing binds."""
        for steps in self.target.steps(point.T):
            for n in range(1, point.T + 1) if letters else (1,):
                yield dict.fromkeys(letters, n) | steps

    def alike(self, a, b, point, view=BOOK, turned=False):
        """True when two formulas have the same values; the view is of the first."""
        letters = (free_letters(a) | free_letters(b)) - {"T"} - set(self.target.free)
        return all(
            self.at_all(b, point, steps)
            == self.at_all(a, point, steps, view, turned)
            is not None
            for steps in self.choices(point, letters)
        )

    def at_all(self, term, point, steps=None, view=BOOK, turned=False):
        """The value as a tuple, or None where there is none."""
        if steps is None:
            letters = free_letters(term) - {"T"} - set(self.target.free)
            steps = next(iter(self.choices(point, letters)))
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
        """The values at all steps, or None."""
        letters = free_letters(term) - {"T"} - set(self.target.free)
        found = [
            self.at_all(term, point, s, view) for s in self.choices(point, letters)
        ]
        return None if None in found else tuple(found)

    # counterexamples

    def counterexample(self, term):
        """The smallest point where values differ: (network, steps, got, wanted)."""
        for n, T in product((1, 2), (1, 2)):
            point = network(self.derivation, T, f"s{n}")
            try:
                pairs = self.values(term, point, self.own)
            except (ShapeError, NoValue):
                continue
            for steps, (value, right) in zip(self.target.steps(T), pairs, strict=True):
                right = self.seen(right, self.own)
                right = right / T if self.own.mean and self.target.adjoint else right
                if self.turned and value.array.shape == right.T.shape:
                    right = right.T if value.array.shape != right.shape else right
                if value.array.shape != right.shape or (value.array != right).any():
                    return point, steps, value.array, right
        return None


def _decided(term, ops):
    args = tuple(_decided(a, ops) for a in term.args)
    op = ops.get(term, "times") if term.op == "any" else term.op
    return Term(op, args, term.data, term.place)


RELATIONS = tuple(
    (turned, sign, mean)
    for sign in (1, -1)
    for mean in ("", "mean")
    for turned in ("", "transposed")
)


def same(value, right, relation, T):
    """True when a value belongs to the right one so."""
    turned, sign, mean = relation
    array = value.array
    if turned:
        array = array.T
    if array.shape != right.shape:
        return False
    if mean and T > 1:
        array = array * T
    return bool((array * sign == right).all())


def has_adjoints(term):
    """True when a formula speaks of adjoints."""
    return any(q.kind in ("adjoint", "own", "future") for q in leaves(term))


def terms_of(term):
    """The summands of a formula."""
    return term.args if term.op == "sum" else (term,)


def unmatched(judge, term, forms):
    """The summands that no form of the right formula has, and those that fit."""
    point = network(judge.derivation, 3, 0)
    for form in forms:
        wanted = [judge.signature(t, point) for t in terms_of(form)]
        mine = [judge.signature(t, point, judge.own) for t in terms_of(term)]
        wrong = [
            t for t, s in zip(terms_of(term), mine, strict=True)
            if s is None or s not in wanted
        ]  # fmt: skip
        if len(wrong) < len(mine):
            return wrong, [t for t in terms_of(term) if t not in wrong]
    return list(terms_of(term)), []


def circular(term, target):
    """True when a formula is the result's own name, or speaks of it."""
    return any(
        node.op == "leaf" and node.data == target.leaf for _, node in nodes(term)
    )
