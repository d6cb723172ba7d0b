r"""Expressions as plain text and as LaTeX, in the notation of the book.

The adjoint of h is g; that of a pre-activation s of the gate i is \delta^{(i)}; of any
other quantity v it is g^{(v)}. Plain text writes g_t, delta_i_t and g_v_t.
"""

import re
from dataclasses import dataclass

from rnnlib.symbolic.derivation import expressions as ex
from rnnlib.symbolic.derivation.code_text import joined
from rnnlib.symbolic.derivation.sizes import ONE

GREEK = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho "
    "sigma tau upsilon phi chi psi omega ell"
).split()
CAPITALS = "Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega".split()
ACCENTS = ("tilde", "hat", "bar")
SUM, TIMES, PRODUCT, POWER, ATOM = range(5)  # how tightly an expression holds together


@dataclass(frozen=True)
class Names:
    """How quantities and their adjoints are called in one derivation."""

    made: frozenset
    preactivations: frozenset
    loss: str | None
    taken: frozenset

    def adjoint(self, name):
        """The plain name of an adjoint: g, delta_i, g_c."""
        if name == "h":
            return "g"
        if name in self.made and name.startswith("s_"):
            return f"delta_{name[2:]}"
        delta = f"delta_{name}"
        if name in self.preactivations and f"s_{name}" not in self.made:
            return delta
        return f"g_{name}"


@dataclass(frozen=True)
class Printer:
    """Text of expressions at step ``step``: a letter, or a number."""

    names: Names
    latex: bool = False
    step: str | int = "t"

    def __call__(self, node):
        """The text of an expression."""
        return self._print(node)[0]

    # names

    def time(self, shift):
        """The text of step + shift."""
        if isinstance(self.step, int):
            return str(self.step + shift)
        return f"{self.step}{shift:+d}" if shift else self.step

    def quantity(self, name, shift):
        """A quantity at a step, or a parameter."""
        if name in self.names.made and self.latex and "_" in name:
            base, _, upper = name.partition("_")
            upper = ",".join(map(_symbol, upper.split("_")))
            return f"{base}^{{({upper})}}" + self._step(shift)
        if not self.latex:
            return name if shift is None else f"{name}_{self._braced(shift)}"
        base, *subscripts = name.split("_")
        subscripts = [_subscript(base, s) for s in subscripts]
        if match := re.fullmatch(r"([A-Za-z]+?)(\d+)", base):
            base, subscripts = match[1], [match[2], *subscripts]
        if shift is not None:
            subscripts.append(self.time(shift))
        lower = f"_{{{','.join(subscripts)}}}" if subscripts else ""
        return _symbol(base) + lower

    def _braced(self, shift):
        time = self.time(shift)
        return time if len(time) == 1 else f"{{{time}}}"

    def _step(self, shift):
        return "" if shift is None else f"_{{{self.time(shift)}}}"

    def adjoint(self, name, shift):
        """The adjoint of a quantity; of what has no step it is a derivative of L."""
        if shift is None:
            return self.derivative(name, None)
        plain = self.names.adjoint(name)
        if not self.latex:
            return f"{plain}_{self._braced(shift)}"
        base, _, upper = plain.partition("_")
        raised = (
            "^{(" + ",".join(map(_symbol, upper.split("_"))) + ")}" if upper else ""
        )
        return _symbol(base) + raised + self._step(shift)

    def derivative(self, name, shift):
        """dL/d(quantity)."""
        below = self.quantity(name, shift)
        if self.latex:
            return rf"\frac{{d\mathcal{{L}}}}{{d{below}}}"
        return f"dL/d{below}"

    def immediate(self, name, shift):
        """The immediate derivative of the loss of one step."""
        below = self.quantity(name, shift)
        if self.latex:
            loss = rf"\ell{self._step(shift)}"
            return rf"\frac{{\partial^{{+}} {loss}}}{{\partial {below}}}"
        return f"d+ell_{self._braced(shift)}/d{below}"

    # expressions

    def _print(self, node):
        """The text, and how tightly it holds together."""
        return getattr(self, f"_{type(node).__name__.lower()}")(node)

    def inside(self, node, least):
        """The text, in brackets when it holds together less tightly than ``least``."""
        text, level = self._print(node)
        if level >= least:
            return text
        return rf"\left({text}\right)" if self.latex else f"({text})"

    def _number(self, node):
        value = node.value
        if value.denominator == 1:
            return str(value), ATOM if value >= 0 else SUM
        digits = _decimal(value)
        if digits:
            return digits, ATOM if value >= 0 else SUM
        if self.latex:
            sign = "-" if value < 0 else ""
            top = abs(value.numerator)
            return rf"{sign}\frac{{{top}}}{{{value.denominator}}}", TIMES
        return f"{value.numerator}/{value.denominator}", TIMES

    def _sizeof(self, node):
        return str(node.size), ATOM if len(node.size.terms) == 1 else SUM

    def _value(self, node):
        return self.quantity(node.name, node.shift), ATOM

    def _adjoint(self, node):
        return self.adjoint(node.name, node.shift), ATOM

    def _tangent(self, node):
        text = self.quantity(node.name, node.shift)
        return (rf"\dot{{{text}}}" if self.latex else f"d{text}"), ATOM

    def _lossgradient(self, node):
        return self.immediate(node.name, node.shift), ATOM

    def _identity(self, node):
        return ("I" if node.shape[0] == ONE else f"I_{{{node.shape[0]}}}"), ATOM

    def _sum(self, node):
        signed = map(ex.signed, node.args)
        return joined([(s, self.inside(part, TIMES)) for s, part in signed]), SUM

    def _times(self, node):
        coefficient, rest = ex.split_coefficient(node)
        factors = rest.args if isinstance(rest, ex.Times) else (rest,)
        above = [f for f in factors if not _below(f)]
        below = [ex.power(f.args[0], -f.exponent) for f in factors if _below(f)]
        sign = "-" if coefficient < 0 else ""
        coefficient = abs(coefficient)
        if coefficient.numerator != 1 or not above:
            above = [ex.number(coefficient.numerator), *above]
        if coefficient.denominator != 1:
            if _decimal(coefficient) and not below:
                above = [ex.number(coefficient), *(f for f in factors if not _below(f))]
            else:
                below = [ex.number(coefficient.denominator), *below]
        if below and self.latex:
            over, under = self._join(above, SUM), self._join(below, SUM)
            return rf"{sign}\frac{{{over}}}{{{under}}}", SUM if sign else TIMES
        text = self._join(above, PRODUCT)
        if below:
            under = self._join(below, POWER)
            text += f" / {under}" if len(below) == 1 else f" / ({under})"
        return sign + text, SUM if sign else TIMES

    def _join(self, factors, least):
        """Factors with the sign of the elementwise product, scalars without it."""
        if len(factors) == 1:
            return self.inside(factors[0], least)
        shown = [self.inside(f, PRODUCT) for f in factors]
        if not self.latex:
            return " * ".join(shown)
        text = shown[0]
        for previous, part in zip(factors, shown[1:], strict=False):
            text += (r" \, " if previous.is_scalar else r" \odot ") + part
        return text

    def _matmul(self, node):
        return " ".join(self.inside(a, POWER) for a in node.args), PRODUCT

    def _transpose(self, node):
        mark = r"^{\top}" if self.latex else "^T"
        text, level = self._print(node.args[0])
        if level < ATOM or (self.latex and ("^" in text or "frac" in text)):
            text = rf"\left({text}\right)" if self.latex else f"({text})"
        return text + mark, POWER

    def _power(self, node):
        (base,) = node.args
        if node.exponent < 0:
            return self._times(node)
        if node.exponent == ex.Fraction(1, 2):
            if self.latex:
                return rf"\sqrt{{{self(base)}}}", ATOM
            return f"sqrt({self(base)})", ATOM
        exponent = str(node.exponent)
        if node.exponent.denominator != 1 and not self.latex:
            exponent = f"({exponent})"
        if isinstance(base, ex.Apply) and self.latex:
            name = self._function(base)
            return rf"{name}^{{{exponent}}}({self(base.args[0])})", POWER
        text, level = self._print(base)
        if level < ATOM or (self.latex and "^" in text):
            text = rf"\left({text}\right)" if self.latex else f"({text})"
        return text + (f"^{{{exponent}}}" if self.latex else f"^{exponent}"), POWER

    def _function(self, node):
        primes = "'" * node.order
        if not self.latex:
            return node.function + primes
        known = node.function in ("tanh", "exp", "log", "sigma", "phi", "psi")
        name = rf"\{node.function}" if known else rf"\operatorname{{{node.function}}}"
        return name + primes

    def _apply(self, node):
        return self._call(self._function(node), node.args), ATOM

    def _call(self, name, args):
        inside = ", ".join(map(self, args))
        return rf"{name}({inside})"

    def _named_call(self, name, args):
        return self._call(
            rf"\operatorname{{{name}}}" if self.latex else name, args
        ), ATOM

    def _maximum(self, node):
        return self._call(r"\max" if self.latex else "max", node.args), ATOM

    def _atleast(self, node):
        sign = r"\ge" if self.latex else ">="
        return f"[{self(node.args[0])} {sign} {self(node.args[1])}]", ATOM

    def _softmax(self, node):
        return self._named_call("softmax", node.args)

    def _norm(self, node):
        if self.latex:
            return rf"\lVert {self(node.args[0])} \rVert", ATOM
        return self._named_call("norm", node.args)

    def _total(self, node):
        (inner,) = node.args
        if isinstance(inner, ex.Times) and inner.shape[1] == ONE:
            if len(inner.args) == 2 and not any(map(_below, inner.args)):
                a, b = inner.args
                product = ex.MatMul((ex.Transpose((a,), a.shape[::-1]), b), node.shape)
                return self._matmul(product)
        return self._named_call("sum", node.args)

    def _fill(self, node):
        (scalar,) = node.args
        if ex.is_zero(node):
            return "0", ATOM
        text = self.inside(scalar, PRODUCT)
        ones = r"\mathbf{1}" if self.latex else "ones"
        if scalar == ex.ONE_NUMBER:
            return ones, ATOM
        return (rf"{text} \, {ones}" if self.latex else f"{text} * {ones}"), TIMES

    def _concat(self, node):
        if self.latex:
            rows = r" \\ ".join(map(self, node.args))
            return rf"\begin{{bmatrix}} {rows} \end{{bmatrix}}", ATOM
        return "[" + "; ".join(map(self, node.args)) + "]", ATOM

    def _slice(self, node):
        text = self.inside(node.args[0], ATOM)
        return f"{text}[{node.start}:{node.stop}]", POWER

    def _pad(self, node):
        (inner,) = node.args
        stop = node.start + inner.shape[0]
        rows = f"{node.start}:{stop}"
        return self._named_call("rows", node.args)[0] + f"[{rows}]", ATOM

    def _diagonal(self, node):
        return self._named_call("Diag", node.args)


def _below(factor):
    return isinstance(factor, ex.Power) and factor.exponent < 0


def _decimal(value):
    """The decimal digits of a number that has few of them, or nothing."""
    scaled = value * 10**6
    if scaled.denominator != 1 or value.denominator in (2, 4):
        return ""
    return f"{float(value):.6f}".rstrip("0").rstrip(".")


def _subscript(base, name):
    """LaTeX of a subscript; that of W_xi is of two letters, from x to i."""
    if len(base) == 1 and base.isupper():
        if len(name) == 2:
            return name
        if name[1:] in GREEK:
            return f"{name[0]}\\{name[1:]}"
    return _symbol(name)


def _symbol(name):
    """LaTeX of one word: a Greek letter, an accent, or the letters themselves."""
    for accent in ACCENTS:
        if name.endswith(accent) and name != accent:
            return rf"\{accent}{{{_symbol(name.removesuffix(accent))}}}"
    if name in GREEK or name in CAPITALS:
        return "\\" + name
    return name
