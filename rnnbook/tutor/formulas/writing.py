"""Formulas back into text: LaTeX and plain text, in any notation.

The answer as understood is written so, and the slips that are named. A `Speech` says
how quantities are called; the signs and the brackets are written here.
"""

import re
from typing import Any

from rnnbook.tutor.formulas.terms import Leaf, Step

SUM, TIMES, PRODUCT, POWER, ATOM = range(5)


class Writer:
    """Writes terms as LaTeX or as plain text."""

    def __init__(self, derivation, notation=None, *, latex=True, rows=True):
        self.derivation, self.notation, self.latex = derivation, notation, latex
        self.rows = rows and notation is not None  # a row stands for a column
        self.symbols: Any = None if notation is None else notation.symbols
        self.hadamard = r"\odot" if notation is None else notation.hadamard
        if self.hadamard == r"\cdot":
            self.hadamard = r"\odot"

    def __call__(self, term):
        """The text of a term."""
        return self.write(term)[0]

    def inside(self, term, least):
        """The text, in brackets when it holds together less tightly."""
        text, level = self.write(term)
        return text if level >= least else self.bracketed(text)

    def bracketed(self, text):
        """The text in brackets."""
        return rf"\left({text}\right)" if self.latex else f"({text})"

    def raised(self, base, exponent):
        """A base with what stands above it, in brackets if need be."""
        text, level = self.write(base)
        if level < ATOM or (self.latex and "^" in text):
            text = self.bracketed(text)
        return text + exponent, POWER

    def operator(self, name, term):
        """A function with a name of several letters, of the one operand of a term."""
        name = rf"\operatorname{{{name}}}" if self.latex else name
        return f"{name}({self(term.args[0])})", ATOM

    def write(self, term):
        """The text, and how tightly it holds together."""
        return getattr(self, "_" + term.op)(term)

    # quantities

    def _leaf(self, term):
        q = term.data
        if self.symbols is not None:
            text = self.named(q)
            text = text if self.latex else unadorned(text)
        else:
            text = self.machine(q)
        turned = self.notation.rows | self.notation.flat if self.rows else ()
        if q.kind != "jacobian" and _book_name(q) in turned:
            return transposed(text) if self.latex else f"({text})^T", POWER
        wide = self.latex and (r"\frac" in text or " " in text)
        return text, POWER if wide else ATOM

    def named(self, q):
        """LaTeX through the notation."""
        by = self.notation.shifts.get(_book_name(q), 0)
        q = q.at(*(s and Step(s.letter, s.offset + by) for s in q.steps))
        if q.kind == "zero":  # the second of two biases, once their sum has been read
            return "0"
        if q.kind == "jacobian":
            over, under = (
                self.symbols[n].replace("%t", str(s))
                for n, s in ((q.name, q.step), (q.other, q.other_step))
            )
            d = "d" if self.notation.key in ("book", "pal") else r"\partial "
            return rf"\frac{{{d}{over}}}{{{d}{under}}}"
        if q.kind == "own" and (q.name != "h" or q.other_step != q.step):
            below = self.symbols[q.name].replace("%t", str(q.step))
            loss = self.symbols["ell"].replace("%t", str(q.other_step))
            return rf"\frac{{\partial {loss}}}{{\partial {below}}}"
        return self.symbols[_book_name(q)].replace("%t", str(q.step))

    def printer(self, step):
        """The printer of the derivation machine at a step, and the shift from there."""
        if step is None:
            return self.derivation.printer(self.latex), None
        return self.derivation.printer(self.latex, step.letter or 0), step.offset

    def machine(self, q):
        """As the derivation machine writes it."""
        p, shift = self.printer(q.step)
        if q.kind == "value":
            return p.quantity(q.name, shift)
        if q.kind == "adjoint":
            return p.adjoint(q.name, shift)
        if q.kind == "future":
            whole = self.bracketed(p.derivative(q.name, shift))
            return whole + (r"_{\text{future}}" if self.latex else "_future")
        over = p.quantity(q.name, shift)
        if q.kind == "jacobian":
            other, by = self.printer(q.other_step)
            under = other.quantity(q.other, by)
            if self.latex:
                return rf"\frac{{d {over}}}{{d {under}}}"
            return f"d{over}/d{under}"
        if self.latex:
            return rf"\frac{{\partial \ell_{{{q.other_step}}}}}{{\partial {over}}}"
        return f"dell_{{{q.other_step}}}/d{over}"

    # operations

    def _number(self, term):
        value = term.data
        if value.denominator == 1:
            return str(value), ATOM if value >= 0 else SUM
        if self.latex:
            return rf"\frac{{{value.numerator}}}{{{value.denominator}}}", ATOM
        return f"{value.numerator}/{value.denominator}", TIMES

    def _length(self, term):
        return str(term.data), ATOM

    def _negative(self, term):
        return "-" + self.inside(term.args[0], TIMES), SUM

    def _sum(self, term):
        text = ""
        for part in term.args:
            minus = part.op == "negative"
            shown = self.inside(part.args[0] if minus else part, TIMES)
            if not text:
                text = ("-" if minus else "") + shown
            else:
                text += (" - " if minus else " + ") + shown
        return text, SUM

    def _times(self, term):
        first, *others = parts = [self.inside(a, PRODUCT) for a in term.args]
        sign = f" {self.hadamard} " if self.latex else " ∘ "
        if self.latex and term.args[0].op in ("number", "length"):
            return f"{first} {sign.join(others)}", TIMES
        return sign.join(parts), TIMES

    _any = _times

    def _otimes(self, term):
        sign = r" \otimes " if self.latex else " ⊗ "
        return sign.join(self.inside(a, POWER) for a in term.args), TIMES

    def _product(self, term):
        return " ".join(self.inside(a, POWER) for a in term.args), PRODUCT

    def _divide(self, term):
        over, under = term.args
        if self.latex:
            return rf"\frac{{{self(over)}}}{{{self(under)}}}", POWER
        return f"{self.inside(over, PRODUCT)} / {self.inside(under, ATOM)}", TIMES

    def _power(self, term):
        (base,), n = term.args, term.data
        stepped = isinstance(n, tuple)
        if stepped:
            n = difference(*n)
        if base.op == "apply" and self.latex:
            name = self.function(*base.data)
            return rf"{name}^{{{n}}}({self(base.args[0])})", POWER
        return self.raised(base, f"^{{{n}}}" if self.latex or stepped else f"^{n}")

    def _transpose(self, term):
        (base,) = term.args
        text, level = self.write(base)
        if self.latex:
            if level < ATOM and not one_bracket(text):
                text = self.bracketed(text)
            return transposed(text), POWER
        return self.raised(base, "^T")

    def _inverse(self, term):
        (base,) = term.args
        if base.op == "transpose":
            return self.raised(base.args[0], r"^{-\top}" if self.latex else "^{-T}")
        return self.raised(base, "^{-1}")

    def _diagonal(self, term):
        if self.latex:
            name = r"\operatorname{diag}"
            return name + self.bracketed(self(term.args[0])), ATOM
        return self.operator("diag", term)

    def function(self, name, order):
        """The name of a function with its primes."""
        if self.symbols is not None and name == "phi":
            symbol = self.symbols["dphi" if order else "phi"]
            return symbol if self.latex else unadorned(symbol)
        primes = "'" * order
        if not self.latex:
            return name + primes
        greek = name in ("tanh", "exp", "log", "sigma", "phi", "psi")
        return (rf"\{name}" if greek else rf"\operatorname{{{name}}}") + primes

    def _apply(self, term):
        name, order = term.data
        return f"{self.function(name, order)}({self(term.args[0])})", ATOM

    def _softmax(self, term):
        return self.operator("softmax", term)

    def _entries(self, term):
        return self.operator("sum", term)

    def _identity(self, term):
        return "I", ATOM

    def _stack(self, term):
        return "[" + "; ".join(map(self, term.args)) + "]", ATOM

    def _over(self, term):
        kind, index, first, last = term.data
        body = self.inside(term.args[0], TIMES)
        if self.latex:
            index = r"\tau" if index == "τ" else index
            return rf"\{kind}_{{{index}={first}}}^{{{last}}} {body}", TIMES
        return f"{kind}_{{{index}={first}}}^{{{last}}} {body}", TIMES


def _book_name(q: Leaf):
    """What the book calls a quantity."""
    if q.kind == "value":
        return q.name
    if q.kind == "own":
        return "ell_h"
    if q.kind == "future":
        return "future"
    if q.step is None or (q.name == "h" and not q.step.letter and q.step.offset == 0):
        return f"d_{q.name}"
    return {"s": "delta_s", "h": "g", "z": "delta_z"}.get(q.name, q.name)


def difference(a, b):
    """What a step is before another one: T-k-1 of T and k+1."""
    if not b.letter:
        return str(Step(a.letter, a.offset - b.offset))
    return f"{a}-{Step(b.letter, -b.offset)}"


def transposed(text):
    """LaTeX of a transpose."""
    if step := re.fullmatch(r"([^{}]*)\^\{(\([^{}]*\))\}", text):
        return rf"{step[1]}^{{{step[2]}\top}}"
    simple = "^" not in text and "\\frac" not in text and " " not in text.strip()
    if simple or one_bracket(text):
        return rf"{text}^{{\top}}"
    return rf"\left({text}\right)^{{\top}}"


def unadorned(text):
    """LaTeX of a name without what only typesets it."""
    text = re.sub(r"\\(?:mathtt|text|mathrm|mathbf|mathcal)\{([^{}]*)\}", r"\1", text)
    text = re.sub(r"_\{(\w+)\}", r"_\1", text)
    text = re.sub(r"\\frac\{(.*)\}\{([^{}]*(?:\{[^{}]*\}[^{}]*)*)\}$", r"\1/\2", text)
    for latex, plain in (
        (r"\langle ", "<"),
        (r" \rangle", ">"),
        (r"\left(", "("),
        (r"\right)", ")"),
        (r"\partial ", "d"),
        ("\\", ""),
    ):
        text = text.replace(latex, plain)
    return text


def one_bracket(text):
    """True for one bracket around everything."""
    ends = [part.start() for part in re.finditer(r"\\right", text)]
    opened = [text[:at].count(r"\left") for at in ends]
    closed = (at for n, at in enumerate(ends) if opened[n] == n + 1)
    return text.startswith(r"\left(") and text[next(closed, None) :] == r"\right)"
