"""Indexed sums as plain text and as LaTeX: a_k, sum_k, [k=p] for a Kronecker delta."""

import sympy as sp
from sympy.printing.latex import LatexPrinter
from sympy.printing.precedence import PRECEDENCE
from sympy.printing.str import StrPrinter


def show_text(expression):
    """Plain text."""
    return _Text().doprint(expression).replace("**", "^")


def show_latex(expression):
    """LaTeX."""
    return _Latex().doprint(expression)


def _places(printer, entry):
    """The indices of an entry; without commas when each is one letter."""
    shown = [printer.doprint(i) for i in entry.indices]
    plain = all(len(i) == 1 for i in shown)
    return "".join(shown) if plain else ",".join(shown)


def _one_sum(total):
    """The letters of all sums, and what is summed."""
    return [limit[0] for limit in reversed(total.limits)], total.function


class _Text(StrPrinter):
    printmethod = "_as_entry"  # Indexed has a method of its own for plain text

    def _print_Indexed(self, entry):
        places = _places(self, entry)
        if not all(i.is_Atom for i in entry.indices):  # u_m + i is another thing
            places = f"({places})"
        return f"{entry.base.label}_{places}"

    def _print_Idx(self, i):
        return i.name

    def _print_KroneckerDelta(self, delta):
        return "[{}={}]".format(*sorted(map(self.doprint, delta.args)))

    def _print_Sum(self, total):
        letters, body = _one_sum(total)
        shown = self.doprint(body)
        if isinstance(body, sp.Add):
            shown = f"({shown})"
        return " ".join([*(f"sum_{i}" for i in letters), shown])

    def _print_Mul(self, product):
        over, under = sp.fraction(product)
        negative = over.could_extract_minus_sign()
        sign, over = ("-", -over) if negative else ("", over)
        shown = " ".join(map(self._factor, _sorted_factors(over)))
        if under != 1:
            below = " ".join(map(self._factor, _sorted_factors(under)))
            shown += f" / ({below})" if under.is_Mul else f" / {below}"
        return sign + shown

    def _factor(self, f):
        return self.parenthesize(f, PRECEDENCE["Mul"])

    def parenthesize(self, item, level, strict=False):
        if isinstance(item, sp.Sum):
            return f"({self._print(item)})"
        return super().parenthesize(item, level, strict)

    def _print_dphi(self, call):
        return f"phi'({self.doprint(call.args[0])})"

    def _print_at_least(self, call):
        return "[{} >= {}]".format(*map(self.doprint, call.args))

    def _print_positive(self, call):
        return f"[{self.doprint(call.args[0])} > 0]"


def _sorted_factors(product):
    """Numbers, deltas, entries by name, functions, sums."""

    def rank(f):
        kinds = (sp.KroneckerDelta, sp.Indexed, sp.Function, sp.Sum)
        place = next((k for k, kind in enumerate(kinds) if isinstance(f, kind)), -1)
        return place, str(f)

    return sorted(sp.Mul.make_args(product), key=rank)


class _Latex(LatexPrinter):
    def _print_Indexed(self, entry):
        return f"{entry.base.label}_{{{_places(self, entry)}}}"

    def _print_Idx(self, i):
        return i.name

    def _print_KroneckerDelta(self, delta, exp=None):
        return "[{}{{=}}{}]".format(*sorted(map(self.doprint, delta.args)))

    def _print_Sum(self, total):
        letters, body = _one_sum(total)
        shown = self.doprint(body)
        if isinstance(body, sp.Add):
            shown = rf"\left({shown}\right)"
        return "".join(rf"\sum_{{{i.name}}} " for i in letters) + shown

    def _print_Mul(self, product):
        factors = _sorted_factors(product)
        if any(f.is_Pow and f.exp.is_negative or f.is_Rational for f in factors):
            return super()._print_Mul(product)
        return r" \, ".join(map(self._factor, factors))

    def _factor(self, f):
        shown = self.doprint(f)
        return rf"\left({shown}\right)" if isinstance(f, (sp.Add, sp.Sum)) else shown

    def _print_at_least(self, call, exp=None):
        return r"[{} \ge {}]".format(*map(self.doprint, call.args))

    def _print_positive(self, call, exp=None):
        return f"[{self.doprint(call.args[0])} > 0]"
