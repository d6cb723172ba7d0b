"""Derived expressions in LaTeX, in the book's notation or in a document's."""

import re

import sympy as sp
from sympy.printing.latex import LatexPrinter

from rnnlib.symbolic.notations.brought import BROUGHT
from rnnlib.symbolic.notations.documents import BOOK_NOTATION, NOTATIONS
from rnnlib.symbolic.quantities import DERIVATIVES, SHAPES, Quantity, moved
from rnnlib.validate import check_choice

ORDER = [*SHAPES, *DERIVATIVES]


class NotationPrinter(LatexPrinter):
    """LaTeX through a notation, with the signs and the order of terms of the book."""

    def __init__(self, notation, settings=None):
        super().__init__(settings)
        self.notation = notation
        self.names = notation.symbols
        self.rows = notation.rows
        self.activation_names = {
            r"\phi": self.names["phi"],
            r"\phi'": self.names["dphi"],
        }

    def named(self, quantity):
        """The name of a quantity, at the step at which the document writes it."""
        if by := self.notation.shifts.get(quantity.base):
            steps = (moved(step, by=by) for step in quantity.time.split(","))
            quantity = Quantity(f"{quantity.base}[{','.join(steps)}]", *quantity.shape)
        return quantity.latex_name(self.names)

    def show_quantity(self, quantity):
        name = self.named(quantity)
        return _transposed(name) if quantity.base in self.rows else name

    def _print_Transpose(self, expression):
        argument = expression.arg
        if isinstance(argument, Quantity):
            name = self.named(argument)
            return name if argument.base in self.rows else _transposed(name)
        return rf"\left({self._print(argument)}\right)^{{\top}}"

    def _print_ElementwiseApplyFunction(self, expression):
        call = expression.function.expr  # phi or phi' applied to a dummy
        name, argument = call.func.__name__, expression.expr
        inner = getattr(argument, "arg", argument)
        if isinstance(inner, Quantity) and inner.base in self.rows:
            argument = inner if isinstance(argument, sp.Transpose) else argument
        slope = self.notation.slope and isinstance(argument, Quantity)
        if name == "dphi" and slope:
            by = self.notation.shifts.get("h", 0)
            return self.notation.slope.replace("%t", moved(argument.time, by=by))
        printed = self.names.get(name) or self._print(expression.function)
        return rf"{printed}({self._print(expression.expr)})"

    def _print_HadamardProduct(self, expression):
        parts = sorted(expression.args, key=lambda a: not isinstance(a, Quantity))
        sign = f" {self.notation.hadamard} "
        return sign.join(self.parenthesize(a, 45) for a in parts)

    def _print_DiagMatrix(self, expression):
        inside = self._print(expression.args[0])
        if not self.notation.diagonal:
            return inside
        inside = re.sub(r"^\\left\((.*)\\right\)$", r"\1", inside)
        return rf"{self.notation.diagonal}\left({inside}\right)"

    def _print_Identity(self, expression):
        (size,) = {str(s) for s in expression.shape}
        name = self.notation.sizes.get(size, size)
        return f"I_{{{name}}}"

    def _print_KroneckerProduct(self, expression):
        return r" \otimes ".join(map(self._print, expression.args))

    def _print_StepSum(self, expression):
        return self._over_steps(r"\sum", expression)

    def _print_StepProduct(self, expression):
        return self._over_steps(r"\prod", expression)

    def _over_steps(self, sign, expression):
        index, first, last = expression.steps
        body = self.parenthesize(expression.body, 45)
        return rf"{sign}_{{{index}={first}}}^{{{last}}} {body}"

    def _print_MatAdd(self, expression):
        def place(term):
            found = term.atoms(Quantity)
            later = any("+1" in q.time or q.base == "future" for q in found)
            first = min((ORDER.index(q.base) for q in found), default=0)
            return later, -1 in term.args, first

        text = ""
        for term in sorted(expression.args, key=place):
            printed = self._print(term)
            text += printed if printed.startswith("-") or not text else f"+ {printed}"
            text += " "
        return text.strip()


def _transposed(name):
    """The LaTeX of a transpose: in brackets when the name has a superscript."""
    if step := re.fullmatch(r"([^{}]*)\^\{(\([^{}]*\))\}", name):
        return rf"{step[1]}^{{{step[2]}\top}}"
    simple = "^" not in name and "\\frac" not in name
    return rf"{name}^{{\top}}" if simple else rf"\left({name}\right)^{{\top}}"


def _notation(notation):
    """A `Notation`, from itself or from its key."""
    known = {"book": BOOK_NOTATION, **NOTATIONS, **BROUGHT}
    if not isinstance(notation, str):
        return notation
    return known[check_choice("notation", notation, known)]


def to_latex(expression, notation=BOOK_NOTATION):
    """The LaTeX of an expression in a notation: a `Notation`, or its key.

    Raises ValueError for a key that is not known.
    """
    return NotationPrinter(_notation(notation)).doprint(expression)


def equation(left, right, notation=BOOK_NOTATION, label=None):
    """LaTeX of ``left = right``, either side an expression or ready LaTeX."""

    def side(part):
        return part if isinstance(part, str) else to_latex(part, notation)

    tag = "" if label is None else rf" \tag{{{label}}}"
    return f"{side(left)} = {side(right)}{tag}"
