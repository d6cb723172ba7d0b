"""Formulas back into text: LaTeX in any notation, plain text, Python-like text.

The answer as understood is written so, and the slips that are named. A `Speech` says
how quantities are called; the signs and the brackets are written here.
"""

import re
from typing import Any

from rnnbook.tutor.formulas.terms import Leaf, Step

SUM, TIMES, PRODUCT, POWER, ATOM = range(5)
WORDS = {"W_hh": "W_hh"}


class Writer:
    """Writes terms in one style: latex, plain or python."""

    def __init__(self, derivation, notation=None, style="latex", rows=True):
        self.derivation, self.notation, self.style = derivation, notation, style
        self.latex = style == "latex"
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
        if level >= least:
            return text
        return rf"\left({text}\right)" if self.latex else f"({text})"

    def write(self, term):
        """The text, and how tightly it holds together."""
        return getattr(self, "_" + term.op)(term)

    # quantities

    def _leaf(self, term):
        q = term.data
        if self.symbols is not None:
            text = self.named(q)
            text = text if self.latex else unadorned(text)
        elif self.style == "python":
            text = self.python(q)
        else:
            text = self.machine(q)
        row = (
            self.rows
            and q.kind != "jacobian"
            and (
                _book_name(q) in self.notation.rows
                or _book_name(q) in self.notation.flat
            )
        )
        if row:
            return transposed(text) if self.latex else f"({text})^T", POWER
        plain = self.latex and (r"\frac" in text or r"\left" in text or " " in text)
        return text, POWER if plain else ATOM

    def named(self, q):
        """LaTeX through the notation."""
        by = self.notation.shifts.get(_book_name(q), 0)
        if by:
            moved = (Step(s.letter, s.offset + by) if s else s for s in q.steps)
            q = q.at(*moved)
        if q.kind == "zero":  # the second of two biases, once their sum has been read
            return "0"
        if q.kind == "jacobian":
            over, under = (
                self.symbols[n].replace("%t", str(s))
                for n, s in ((q.name, q.step), (q.other, q.other_step))
            )
            d = "d" if self.notation.key in ("book", "pal") else r"\partial"
            space = " " if len(d) > 1 else ""
            return rf"\frac{{{d}{space}{over}}}{{{d}{space}{under}}}"
        if q.kind == "own" and q.name != "h":
            below = self.symbols[q.name].replace("%t", str(q.step))
            loss = self.symbols["ell"].replace("%t", str(q.other_step))
            return rf"\frac{{\partial {loss}}}{{\partial {below}}}"
        if q.kind == "own" and q.other_step != q.step:
            below = self.symbols["h"].replace("%t", str(q.step))
            loss = self.symbols["ell"].replace("%t", str(q.other_step))
            return rf"\frac{{\partial {loss}}}{{\partial {below}}}"
        text = self.symbols[_book_name(q)]
        if q.step is None:
            return text
        return text.replace("%t", str(q.step))

    def machine(self, q):
        """As the derivation machine writes it."""
        p = self.derivation.printer(self.latex)
        letter = q.step.letter if q.step is not None else "t"
        shift = None if q.step is None else q.step.offset
        p = self.derivation.printer(self.latex, letter or 0)
        if q.kind == "value":
            return p.quantity(q.name, shift)
        if q.kind == "adjoint":
            return p.adjoint(q.name, shift)
        over, under = p.quantity(q.name, shift), ""
        if q.kind == "jacobian":
            other = self.derivation.printer(self.latex, q.other_step.letter or 0)
            under = other.quantity(q.other, q.other_step.offset)
            if self.latex:
                return rf"\frac{{d {over}}}{{d {under}}}"
            return f"d{over}/d{under}"
        if q.kind == "future":
            whole = p.derivative(q.name, shift)
            return (
                rf"\left({whole}\right)_{{\text{{future}}}}"
                if self.latex
                else (f"({whole})_future")
            )
        step = str(q.other_step)
        if self.latex:
            return rf"\frac{{\partial \ell_{{{step}}}}}{{\partial {over}}}"
        return f"dell_{{{step}}}/d{over}"

    def python(self, q):
        """As code has it: delta_s[t+1], W_hh."""
        if q.kind in ("value", "adjoint") and q.step is None:
            return q.name if q.kind == "value" else f"d{q.name}"
        name = q.name
        if q.kind == "adjoint":
            name = self.derivation.names.adjoint(q.name)
        if q.kind not in ("value", "adjoint"):
            return self.machine(q)
        return f"{name}[{q.step}]"

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
        signs = {"latex": f" {self.hadamard} ", "plain": " ∘ ", "python": " * "}
        least = POWER if self.style == "python" else PRODUCT
        parts = [
            self.inside(a, least if k or a.op != "over" else ATOM)
            for k, a in enumerate(term.args)
        ]
        if self.style == "latex" and term.args[0].op in ("number", "length"):
            return " ".join([parts[0], signs["latex"].join(parts[1:])]), TIMES
        return signs[self.style].join(parts), TIMES

    _any = _times

    def _otimes(self, term):
        sign = r" \otimes " if self.latex else " ⊗ "
        return sign.join(self.inside(a, POWER) for a in term.args), TIMES

    def _product(self, term):
        if self.style == "python":
            return " @ ".join(self.inside(a, POWER) for a in term.args), TIMES
        return " ".join(self.inside(a, POWER) for a in term.args), PRODUCT

    def _divide(self, term):
        over, under = term.args
        if self.latex:
            return rf"\frac{{{self(over)}}}{{{self(under)}}}", POWER
        return f"{self.inside(over, PRODUCT)} / {self.inside(under, ATOM)}", TIMES

    def _power(self, term):
        (base,), n = term.args, term.data
        if isinstance(n, tuple):
            n = str(n[0]) if n[1] == Step("", 0) else f"{n[0]}-{n[1]}"
        if base.op == "apply" and self.latex:
            name = self.function(*base.data)
            return rf"{name}^{{{n}}}({self(base.args[0])})", POWER
        text, level = self.write(base)
        if level < ATOM or (self.latex and "^" in text):
            text = rf"\left({text}\right)" if self.latex else f"({text})"
        if self.style == "python":
            return f"{text}**{n}", POWER
        return text + (f"^{{{n}}}" if self.latex else f"^{n}"), POWER

    def _transpose(self, term):
        (base,) = term.args
        text, level = self.write(base)
        if self.latex:
            if level < ATOM and not one_bracket(text):
                text = rf"\left({text}\right)"
            return transposed(text), POWER
        if level < ATOM:
            text = f"({text})"
        return text + (".T" if self.style == "python" else "^T"), POWER

    def _inverse(self, term):
        (base,) = term.args
        if self.style == "python":
            return f"np.linalg.inv({self(base)})", ATOM
        if base.op == "transpose":
            text = self.inside(base.args[0], ATOM)
            return text + (r"^{-\top}" if self.latex else "^{-T}"), POWER
        text = self.inside(base, ATOM)
        if self.latex and "^" in text:
            text = rf"\left({text}\right)"
        return text + "^{-1}", POWER

    def _diagonal(self, term):
        if self.latex:
            name = r"\operatorname{diag}"
            return rf"{name}\left({self(term.args[0])}\right)", ATOM
        name = "np.diag" if self.style == "python" else "diag"
        return f"{name}({self(term.args[0])})", ATOM

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
        name = r"\operatorname{softmax}" if self.latex else "softmax"
        return f"{name}({self(term.args[0])})", ATOM

    def _entries(self, term):
        name = r"\operatorname{sum}" if self.latex else "sum"
        return f"{name}({self(term.args[0])})", ATOM

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
        if self.style == "python" and kind == "sum":
            stop = Step(last.letter, last.offset + 1)
            return (
                f"sum({self(term.args[0])} for {index} in range({first}, {stop}))",
                ATOM,
            )
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
    depth = 0
    for part in re.finditer(r"\\left|\\right", text):
        if depth == 0 and part.start() > 0:
            return False
        depth += 1 if part[0] == r"\left" else -1
    return text.startswith(r"\left(") and text.endswith(r"\right)")
