"""Formulas as a reader has them in NumPy code: W_hh.T @ delta_s[t+1]."""

from rnnbook.tutor.formulas.terms import Step
from rnnbook.tutor.formulas.writing import ATOM, POWER, TIMES, Writer


class Pythonic(Writer):
    """Writes terms as code."""

    def __init__(self, derivation):
        super().__init__(derivation, latex=False)

    def machine(self, q):
        """As code has it: delta_s[t+1], W_hh."""
        if q.kind not in ("value", "adjoint"):
            return super().machine(q)
        if q.step is None:
            return q.name if q.kind == "value" else f"d{q.name}"
        name = q.name
        if q.kind == "adjoint":
            name = self.derivation.names.adjoint(q.name)
        return f"{name}[{q.step}]"

    def joined(self, sign, term):
        return sign.join(self.inside(a, POWER) for a in term.args), TIMES

    def _times(self, term):
        return self.joined(" * ", term)

    _any = _times

    def _product(self, term):
        return self.joined(" @ ", term)

    def _power(self, term):
        text, level = super()._power(term)
        return text.replace("^", "**"), level

    def _transpose(self, term):
        return self.raised(term.args[0], ".T")

    def _inverse(self, term):
        return f"np.linalg.inv({self(term.args[0])})", ATOM

    def _diagonal(self, term):
        return self.operator("np.diag", term)

    def _over(self, term):
        kind, index, first, last = term.data
        if kind != "sum":
            return super()._over(term)
        stop = Step(last.letter, last.offset + 1)
        text = self(term.args[0])
        return f"sum({text} for {index} in range({first}, {stop}))", ATOM
