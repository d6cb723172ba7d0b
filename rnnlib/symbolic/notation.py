"""Derived expressions in LaTeX, in the book's notation or in a document's."""

from sympy.printing.latex import LatexPrinter

from rnnlib.symbolic.documents import BOOK_NOTATION, NOTATIONS
from rnnlib.symbolic.quantities import BOOK, Quantity


class NotationPrinter(LatexPrinter):
    """LaTeX through a notation, with the signs and the order of terms of the book."""

    def __init__(self, notation, settings=None):
        super().__init__(settings)
        self.names = notation.names
        self.rows = notation.rows
        self.activation_names = {
            r"\phi": self.names["phi"],
            r"\phi'": self.names["dphi"],
        }

    def show_quantity(self, quantity):
        name = quantity.latex_name(self.names)
        return _transposed(name) if quantity.base in self.rows else name

    def _print_Transpose(self, expression):
        argument = expression.arg
        if isinstance(argument, Quantity):
            name = argument.latex_name(self.names)
            return name if argument.base in self.rows else _transposed(name)
        return rf"\left({self._print(argument)}\right)^{{\top}}"

    def _print_ElementwiseApplyFunction(self, expression):
        call = expression.function.expr  # phi or phi' applied to a dummy
        name = call.func.__name__
        printed = self.names.get(name) or self._print(expression.function)
        return rf"{printed}({self._print(expression.expr)})"

    def _print_HadamardProduct(self, expression):
        parts = sorted(expression.args, key=lambda a: not isinstance(a, Quantity))
        return r" \odot ".join(self.parenthesize(a, 45) for a in parts)

    def _print_DiagMatrix(self, expression):
        return rf"\operatorname{{Diag}}\left({self._print(expression.args[0])}\right)"

    def _print_MatAdd(self, expression):
        order = list(BOOK)

        def place(term):
            found = term.atoms(Quantity)
            return any("+1" in q.time for q in found), min(
                (order.index(q.base) for q in found), default=0
            )

        text = ""
        for term in sorted(expression.args, key=place):
            printed = self._print(term)
            text += printed if printed.startswith("-") or not text else f"+ {printed}"
            text += " "
        return text.strip()


def _transposed(name):
    """The LaTeX of a transpose: in brackets when the name has a superscript."""
    simple = "^" not in name and "\\frac" not in name and "(" not in name
    return rf"{name}^{{\top}}" if simple else rf"\left({name}\right)^{{\top}}"


def to_latex(expression, notation=BOOK_NOTATION):
    """The LaTeX of an expression in a notation: a `Notation`, or its key."""
    if isinstance(notation, str):
        notation = BOOK_NOTATION if notation == "book" else NOTATIONS[notation]
    return NotationPrinter(notation).doprint(expression)


def equation(left, right, notation=BOOK_NOTATION, label=None):
    """LaTeX of ``left = right``, either side an expression or ready LaTeX."""

    def side(part):
        return part if isinstance(part, str) else to_latex(part, notation)

    tag = "" if label is None else rf" \tag{{{label}}}"
    return f"{side(left)} = {side(right)}{tag}"
