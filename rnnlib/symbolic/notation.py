"""The notation of each document, as a map from the book's.

A map gives the LaTeX of every quantity of the book in the symbols of one document;
``%t`` stands for the step. ``to_latex`` prints a derived expression through a map, so
no formula is ever rewritten by hand. Where a document has no name for a quantity, the
map gives the derivative that defines it.
"""

from dataclasses import dataclass

from sympy.printing.latex import LatexPrinter

from rnnlib.symbolic.quantities import BOOK, Quantity


@dataclass(frozen=True)
class Notation:
    """One document's symbols, the sizes by the book's names, and its conventions."""

    key: str
    title: str
    names: dict
    sizes: dict
    conventions: tuple = ()
    rows: frozenset = frozenset()  # names of the book's columns that are rows there


ROYSDON = Notation(
    "roysdon",
    "Roysdon, 1.3-1.12",
    BOOK | {"p": r"\hat{p}_{%t}", "g": r"g_{%t}"},
    {"d_x": "d_x", "d_h": "d_h", "K": "K"},
)
ROYSDON_FULL = Notation(
    "roysdon-1.5",
    "Roysdon, 1.5",
    BOOK
    | {
        "s": r"z_{%t}",
        "z": r"W_{hy} h_{%t} + b_{y}",
        "p": r"y_{%t}",
        "y": r"\hat{y}_{%t}",
        "delta_z": r"\frac{\partial \ell_{%t}}{\partial z^{y}_{%t}}",
        "g": r"\delta^{h}_{%t}",
        "delta_s": r"\frac{\partial \mathcal{L}}{\partial z_{%t}}",
        "ell": r"\ell(y_{%t}, \hat{y}_{%t})",
    },
    {"d_x": "d_x", "d_h": "d_h", "K": "K"},
    (
        "z_t is the pre-activation here and the logits everywhere else in the document",
        "delta^h_t is a row: the Jacobians multiply it from the right",
        "the hat is on the target, and on the prediction elsewhere in the document",
    ),
    frozenset({"delta_z", "g", "delta_s"}),
)
SARKAR = Notation(
    "sarkar",
    "Sarkar",
    BOOK
    | {
        "s": r"z_{%t}",
        "z": r"o_{%t}",
        "p": r"y_{%t}",
        "y": r"\hat{y}_{%t}",
        "delta_z": r"e_{%t}",
        "g": r"\nabla_{h_{%t}} C",
        "delta_s": r"\delta_{%t}",
        "phi": "f",
        "dphi": "f'",
        "loss": "C",
        "ell": r"C_{%t}",
    },
    {"d_x": "m", "d_h": "n", "K": "k"},
    (
        "a repeated index is summed over; k is also an index",
        "the hat is on the target",
        "the output function g is any; here it is the softmax",
    ),
)
KHANNA = Notation(
    "khanna",
    "Khanna",
    BOOK
    | {
        "W_xh": r"W_{hx}",
        "W_hy": r"W_{yh}",
        "x": r"x^{(%t)}",
        "s": r"a^{(%t)}",
        "h": r"h^{(%t)}",
        "z": r"o^{(%t)}",
        "p": r"y^{(%t)}",
        "y": r"\mathbf{1}_{c^{(%t)}}",
        "delta_z": r"\frac{\partial \mathcal{L}}{\partial o^{(%t)}}",
        "g": r"\frac{\partial \mathcal{L}}{\partial h^{(%t)}}",
        "delta_s": r"\delta^{(%t)}",
        "phi": r"\tanh",
        "dphi": r"\tanh'",
        "ell": r"\mathcal{L}^{(%t)}",
    },
    {"d_x": "n", "d_h": "m", "K": "k"},
    (
        "the index of a weight names the target first: W_hx takes x to h",
        "the target is the index c of a class, not a vector",
        "section 9 writes W_h, W_x, phi and averages over T instead of summing",
    ),
)
PAL = Notation(
    "pal",
    "Pal",
    BOOK
    | {
        "W_xh": r"W_{I}",
        "W_hh": r"W_{R}",
        "b_h": r"b_{R}",
        "W_hy": r"W_{O}",
        "b_y": r"b_{O}",
        "s": r"h_{%t}",
        "h": r"\sigma(h_{%t})",
        "z": r"\left(W_{O} \sigma(h_{%t}) + b_{O}\right)",
        "p": r"o_{%t}",
        "delta_z": r"\frac{\partial E_{%t}}{\partial z_{%t}}",
        "g": r"\frac{d E}{d \sigma(h_{%t})}",
        "delta_s": r"\frac{d E}{d h_{%t}}",
        "phi": r"\sigma",
        "dphi": r"\sigma'",
        "loss": "E",
        "ell": r"E_{%t}",
    },
    {"d_x": "dim(x_t)", "d_h": "n", "K": "dim(o_t)"},
    (
        "h_t is the pre-activation in (1): the state before the nonlinearity",
        "a gradient is a row, the transpose of the book's column",
        "(2) reads h_t where the recurrence (1) needs sigma(h_t)",
    ),
    frozenset({"delta_z", "g", "delta_s"}),
)
TOPCUOGLU = Notation(
    "topcuoglu",
    "Topçuoğlu",
    BOOK
    | {
        "s": r"z_{%t}",
        "z": r"y_{%t}",
        "p": r"P(y_{%t})",
        "y": r"p_{%t}",
        "delta_z": r"dy_{%t}",
        "g": r"dh_{%t}",
        "delta_s": r"dz_{%t}",
        "phi": "f",
        "dphi": "f'",
        "loss": "L",
        "ell": r"L_{%t}",
    },
    {"d_x": "d", "d_h": "h", "K": "q"},
    (
        "p_t is the target",
        "y_t is the logits in (2) and (16), and the probabilities in (6) and (7)",
        "z_t is named only through dz_t; h is a state and a size",
    ),
)
NOTATIONS = {n.key: n for n in (ROYSDON, ROYSDON_FULL, SARKAR, KHANNA, PAL, TOPCUOGLU)}
BOOK_NOTATION = Notation(
    "book", "This book", BOOK, {"d_x": "d_x", "d_h": "d_h", "K": "K"}
)


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

    def _print_Quantity(self, quantity):
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
