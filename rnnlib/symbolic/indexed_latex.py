"""Entries in LaTeX: h_{t,i} in the book's notation, h_i^{(t)} in that of Sarkar.

Both come from the map of the notation, as for whole quantities.
"""

import sympy as sp

from rnnlib.symbolic.notations.documents import BOOK_NOTATION, NOTATIONS
from rnnlib.symbolic.notations.printer import NotationPrinter
from rnnlib.symbolic.quantities import BOOK


class psi(sp.Function):
    """An elementwise output function. (The book's own, the softmax, is not one.)"""

    def fdiff(self, argindex=1):
        return dpsi(self.args[0])

    def _latex(self, printer, exp=None):
        return printer.show_output_function("", self.args[0])


class dpsi(sp.Function):
    """The derivative of `psi`."""

    def _latex(self, printer, exp=None):
        return printer.show_output_function("'", self.args[0])


class IndexedPrinter(NotationPrinter):
    """Entries through a notation; without the signs of the sums if a convention."""

    def __init__(self, notation, convention):
        super().__init__(notation)
        self.convention = convention
        self.book = notation is BOOK_NOTATION

    def _print_Indexed(self, entry):
        name = self.names[entry.base.of]
        subscript = "".join(i.name for i in entry.indices)
        if self.book:  # h_{%t} and W_{hh}: the index goes behind
            return name.replace("%t", entry.base.time)[:-1] + f",{subscript}}}"
        if entry.base.of == "g":
            state = f"h_{{{subscript}}}^{{({entry.base.time})}}"
            return rf"\frac{{\partial C}}{{\partial {state}}}"
        letter, _, below = name.removesuffix("}").partition("_{")
        letter = {"W": "w"}.get(letter, letter)
        above = below.replace("%t", entry.base.time)
        return f"{letter}_{{{subscript}}}^{{({above})}}"

    def _print_Idx(self, i):
        return i.name

    def _print_KroneckerDelta(self, delta, exp=None):
        return f"[{delta.args[0].name}{{=}}{delta.args[1].name}]"

    def _print_Sum(self, total):
        body = self._print(total.function)
        if self.convention:
            return body
        if isinstance(total.function, sp.Add):
            body = rf"\left({body}\right)"
        return rf"\sum_{{{total.limits[0][0].name}}} {body}"

    def show_output_function(self, prime, argument):
        name = r"\psi" if self.book else "g"
        return rf"{name}{prime}\left({self._print(argument)}\right)"

    def _print_Mul(self, product):
        if any(f.is_number or f.is_Pow for f in product.args):
            return super()._print_Mul(product)
        return " ".join(self._factor(f) for f in sorted(product.args, key=self._rank))

    def _factor(self, f):
        text = self._print(f)
        bracket = isinstance(f, sp.Add) or (
            isinstance(f, sp.Sum) and not self.convention
        )
        return rf"\left({text}\right)" if bracket else text

    def _rank(self, f):
        """Deltas, weights, adjoints, brackets, functions, states."""
        if isinstance(f, sp.KroneckerDelta):
            return 0, ""
        if not isinstance(f, sp.Indexed):
            return 3 + isinstance(f, sp.Function), str(f)
        if len(f.indices) == 2:
            return 1, f.base.name
        return (2 if f.base.of in ("delta_z", "delta_s", "g") else 5), f.base.name

    def _print_Add(self, total, order=None):
        text = ""
        for term in sorted(total.args, key=self._place):
            printed = self._print(term)
            text += printed if printed.startswith("-") or not text else f"+ {printed}"
            text += " "
        return text.strip()

    def _place(self, term):
        found = [e.base for e in term.atoms(sp.Indexed)]
        first = min((list(BOOK).index(b.of) for b in found), default=0)
        return any("+1" in b.time for b in found), first, str(term)


def indexed_latex(expression, notation="book", convention=False):
    """The LaTeX of an expression of entries.

    Parameters
    ----------
    notation : str
        "book" or "sarkar".
    convention : bool
        Leave out the signs of sums: a repeated index is summed over. When an index is
        repeated outside a sum, the result misleads.
    """
    chosen = BOOK_NOTATION if notation == "book" else NOTATIONS[notation]
    return IndexedPrinter(chosen, convention).doprint(expression)
