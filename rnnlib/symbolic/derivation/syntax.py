r"""From text to syntax: plain text, Python-like text or LaTeX, one equation a line.

    c_t = f_t * c_{t-1} + i_t * n_t          plain
    c[t] = f[t] * c[t-1] + i[t] * n[t]       like Python
    c_t &= f_t \odot c_{t-1} + i_t \odot n_t \\

Juxtaposition or ``@`` is the matrix product and binds tighter than ``*``, the
elementwise one, and ``/``. Nothing is known here of sizes; every piece of syntax keeps
its line and its own text, which the error messages quote.
"""

import re
import unicodedata
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

ABSTRACT = ("phi", "psi")  # of which only a derivative is known
ELEMENTWISE = ("tanh", "sigma", "relu", "exp", "log", "softplus", "identity", *ABSTRACT)
OTHERS = {
    "sqrt": 1,
    "max": 2,
    "softmax": 1,
    "mean": 1,
    "sum": 1,
    "norm": 1,
    "cross_entropy": 2,
}
SYNONYMS = {
    "sigmoid": "sigma",
    "logistic": "sigma",
    "ReLU": "relu",
    "ln": "log",
    "varphi": "phi",
    "id": "identity",
    "crossentropy": "cross_entropy",
}
STEP = re.compile(r"t\s*(?:([+-])\s*(\d+))?")
REPLACED = (
    (r"\\(?:odot|circ|cdot|times|ast)(?![A-Za-z])|[∘⊙·×]", " * "),
    (r"\\(?:left|right|big[lr]?|Big[lr]?|displaystyle|quad|qquad)(?![A-Za-z])", " "),
    (r"\\[,;:! ]|\\\\|&|~", " "),
    (r"\\lVert", " norm("),
    (r"\\rVert", ")"),
    (r"\\(?:tilde|widetilde)\s*\{?\s*(\\?[A-Za-z]+)\s*\}?", r" \1tilde"),
    (r"\\(?:hat|widehat)\s*\{?\s*(\\?[A-Za-z]+)\s*\}?", r" \1hat"),
    (r"\\(?:bar|overline)\s*\{?\s*(\\?[A-Za-z]+)\s*\}?", r" \1bar"),
    (
        r"\\(?:operatorname|mathrm|mathbf|mathcal|text|boldsymbol|bm)\*?\s*\{(\w+)\}",
        r"\1",
    ),
    (r"\^\s*(?:\{\s*)?\\(?:top|intercal|mathsf\{T\})(?:\s*\})?|ᵀ", "^T"),
    (r"\\([A-Za-z]+)", r" \1"),
)
GREEK = re.compile(r"GREEK (?:(?:SMALL|(CAPITAL)) LETTER (\w+)|(\w+) SYMBOL)")
TOKEN = re.compile(
    r"\s*(\d+\.\d+|\d+|\.T(?![A-Za-z0-9])|\*\*|[A-Za-z][A-Za-z0-9]*|[-+*/@^_(){}\[\],;:=])"
)


@dataclass(frozen=True)
class Syntax:
    """An operation with its operands, the line it stands on, and its own text."""

    operation: str
    args: tuple
    line: int
    text: str
    detail: object = None

    def error(self, message):
        """The ValueError for this place."""
        return ValueError(f"line {self.line}: {message}")


@dataclass(frozen=True)
class Equation:
    """A definition as it is written: its name, with or without step, and the right."""

    name: str
    timed: bool
    right: Syntax
    line: int


def read_equations(text):
    """The equations of a text, in its order.

    Raises
    ------
    ValueError
        For a text without equations, or a line that cannot be read; it is named.
    """
    if not isinstance(text, str):
        raise ValueError(f"text: expected equations, got {type(text).__name__}")
    found = []
    text = re.sub(r"\A(\s*\n)+", "", text)  # the first line is the first equation's
    for line, written in enumerate(text.splitlines(), start=1):
        plain = _plain(re.split(r"(?<!\\)[#%]", written)[0])
        if plain.strip():
            found.append(_Line(plain, line).equation())
    if not found:
        raise ValueError("text: expected at least one equation, got none")
    return found


def _plain(written):
    """One line without what LaTeX adds."""
    written = re.sub(r"\\(begin|end)\{[a-z]+\*?\}", " ", written)
    for pattern, replacement in REPLACED:
        written = re.sub(pattern, replacement, written)
    for letter in set(written):
        if greek := GREEK.fullmatch(unicodedata.name(letter, "")):
            name = (greek[2] or greek[3]).lower()
            name = name.title() if greek[1] else name
            written = written.replace(letter, f" {name}")
    return written.replace("−", "-").rstrip(" .,;")


class _Line:
    def __init__(self, text, line):
        self.text, self.line = text, line
        if trap := re.search(r"_t[+-]\d", text):
            name = text[: trap.start()].split()[-1:] or [""]
            lag = trap[0][2:]
            raise self.error(
                f"{name[0]}{trap[0]} can be read in two ways: write "
                f"_{{t{lag}}} for the step, or spaces around the sign"
            )
        self.tokens, position = [], 0
        while position < len(text.rstrip()):
            match = TOKEN.match(text, position)
            if not match:
                bad = text[position:].strip()[0]
                raise self.error(f"{bad!r} cannot be read")
            start = match.start(1)
            self.tokens.append((match[1], start, match.end()))
            position = match.end()
        self.at = 0

    def error(self, message):
        return ValueError(f"line {self.line}: {message}")

    def peek(self, k=0):
        at = self.at + k
        return self.tokens[at][0] if at < len(self.tokens) else ""

    def accept(self, *wanted):
        if self.peek() in wanted and self.peek():
            self.at += 1
            return self.tokens[self.at - 1][0]
        return None

    def expect(self, wanted):
        if not self.accept(wanted):
            came = repr(self.peek()) if self.peek() else "the end of the line"
            raise self.error(f"expected {wanted!r}, got {came}")

    def node(self, operation, args, first, detail=None):
        """A piece of syntax that began at token ``first``."""
        start, end = self.tokens[first][1], self.tokens[self.at - 1][2]
        return Syntax(operation, tuple(args), self.line, self.text[start:end], detail)

    def equation(self):
        if not re.match(r"[A-Za-z]", self.peek()):
            raise self.error("expected an equation: a name, '=', an expression")
        left = self.name()
        if self.peek() != "=":
            raise self.error(
                f"expected '=' after {left.text}: one equation a line, the name that "
                "it defines on the left"
            )
        if left.operation != "name" or left.detail[1] not in (0, None):
            raise self.error(
                f"{left.text} = ...: expected a name at step t, or one without a step"
            )
        self.expect("=")
        if not self.peek():
            raise self.error(f"{left.text} = ...: expected an expression, got none")
        right = self.sum()
        if self.peek():
            raise self.error(f"expected the end of the line, got {self.peek()!r}")
        name, shift = left.detail
        return Equation(name, shift is not None, right, self.line)

    def sum(self):
        first = self.at
        if self.accept("-"):
            value = self.node("negative", [self.term()], first)
        else:
            self.accept("+")
            value = self.term()
        while sign := self.accept("+", "-"):
            value = self.node("+-"[sign == "-"], [value, self.term()], first)
        return value

    def term(self):
        """Elementwise products and quotients of matrix products."""
        first = self.at
        value = self.product()
        while sign := self.accept("*", "/"):
            start = self.at
            other = self.product()
            if sign == "/" and other.operation == "product":
                raise self.error(
                    f"/ {self.text[self.tokens[start][1] :].strip()}: write brackets "
                    f"around the divisor, or around the quotient"
                )
            value = self.node(sign, [value, other], first)
        return value

    def product(self):
        """Juxtaposition or @."""
        first = self.at
        value = self.factor()
        while self.accept("@") or re.match(r"[A-Za-z0-9(\[{]", self.peek()):
            value = self.node("product", [value, self.factor()], first)
        return value

    def factor(self):
        first = self.at
        if self.accept("-"):
            return self.node("negative", [self.factor()], first)
        value = self.primary()
        while True:
            if self.accept(".T"):
                value = self.node("transpose", [value], first)
            elif self.accept("^", "**"):
                value = self.raised(value, first)
            elif self.peek() == "[" and self.slicing():
                value = self.sliced(value, first)
            else:
                return value

    def raised(self, value, first):
        if self.accept("T"):
            return self.node("transpose", [value], first)
        exponent = self.exponent()
        if exponent == "T":
            return self.node("transpose", [value], first)
        return self.node("power", [value], first, exponent)

    def exponent(self):
        """A rational number, or T."""
        bracket = self.accept("{", "(")
        if bracket and self.accept("T"):
            value: Any = "T"
        else:
            sign = -1 if self.accept("-") else 1
            value = sign * self.number("a number or T as the exponent")
            if bracket and self.accept("/"):
                value = value / self.number("a number other than 0", zero=False)
        if bracket:
            self.expect({"{": "}", "(": ")"}[bracket])
        return value

    def number(self, wanted, zero=True):
        """A number without a sign, or an error that says what was wanted."""
        text = self.peek()
        if re.fullmatch(r"\d+(\.\d+)?", text) and (zero or Fraction(text)):
            self.at += 1
            return Fraction(text)
        came = repr(text) if text else "the end of the line"
        raise self.error(f"expected {wanted}, got {came}")

    def inside(self):
        """The tokens from a bracket that opens here to the one that closes it."""
        depth, found = 0, []
        for token, _, _ in self.tokens[self.at :]:
            depth += {"[": 1, "]": -1}.get(token, 0)
            found.append(token)
            if not depth:
                break
        return found

    def slicing(self):
        return ":" in self.inside()

    def sliced(self, value, first):
        self.expect("[")
        bounds = ["", ""]
        which = 0
        while self.peek() and self.peek() != "]":
            token = self.peek()
            self.at += 1
            if token == ":" and not which:
                which = 1
            elif token == "_":
                bounds[which] = bounds[which].rstrip() + "_"
            else:
                joined = bounds[which].endswith("_")
                bounds[which] += token if joined else f" {token}"
        self.expect("]")
        return self.node("slice", [value], first, tuple(b.strip() for b in bounds))

    def primary(self):
        first, token = self.at, self.peek()
        if re.match(r"\d", token):
            self.at += 1
            return self.node("number", [], first, Fraction(token))
        if bracket := self.accept("(", "{"):
            value = self.sum()
            self.expect({"{": "}", "(": ")"}[bracket])
            return value
        if token == "[":
            return self.concatenation(first)
        if token == "frac":
            self.at += 1
            self.expect("{")
            over = self.sum()
            self.expect("}")
            self.expect("{")
            under = self.sum()
            self.expect("}")
            return self.node("/", [over, under], first)
        if not re.match(r"[A-Za-z]", token):
            came = repr(token) if token else "the end of the line"
            raise self.error(f"expected a name, a number or a bracket, got {came}")
        function = SYNONYMS.get(token, token)
        if token == "cross" and self.peek(1) == "_" and self.peek(2) == "entropy":
            self.at += 2
            function = "cross_entropy"
        if function in ELEMENTWISE or function in OTHERS:
            if self.peek(1) != "_":
                return self.call(function, first)
        return self.name()

    def call(self, function, first):
        self.at += 1
        exponent = None
        if self.accept("^"):
            exponent = self.exponent()
        if bracket := self.accept("(", "{"):
            args = [self.sum()]
            while self.accept(",", ";"):
                args.append(self.sum())
            self.expect({"{": "}", "(": ")"}[bracket])
        else:
            args = [self.primary()]
        wanted = OTHERS.get(function, 1)
        if len(args) != wanted:
            raise self.error(
                f"{function}: expected {wanted} argument(s), got {len(args)}"
            )
        value = self.node(function, args, first)
        return (
            value if exponent is None else self.node("power", [value], first, exponent)
        )

    def concatenation(self, first):
        self.expect("[")
        args = [self.sum()]
        while self.accept(";", ","):
            args.append(self.sum())
        self.expect("]")
        return self.node("concat", args, first)

    def name(self):
        """A name with its subscripts; ``detail`` is (name, shift)."""
        first = self.at
        name, shift = self.peek(), None
        self.at += 1
        while self.peek() in ("_", "^", "["):
            if self.peek() == "_" and shift is None:
                self.at += 1
                word, step = self.subscript()
                name += f"_{word}" if word else ""
                shift = shift if step is None else step
                continue
            if (
                self.peek() == "^"
                and self.peek(1) == "{"
                and self.peek(2) == "("
                and re.match(r"[A-Za-z0-9]", self.peek(3))
                and [self.peek(4), self.peek(5)] == [")", "}"]
            ):
                name += f"_{self.peek(3)}"
                self.at += 6
                continue
            inside = "".join(self.inside()[1:-1]) if self.peek() == "[" else ""
            if shift is None and (step := STEP.fullmatch(inside)):
                shift = _lag(step)
                self.at += len(self.inside())
                continue
            break
        return self.node("name", [], first, (name, shift))

    def subscript(self):
        """The part of a name that a subscript adds, and the step that it says."""
        if not self.accept("{"):
            word = self.peek()
            if not re.fullmatch(r"[A-Za-z0-9]+", word):
                raise self.error(f"expected a subscript, got {word!r}")
            self.at += 1
            return ("", 0) if word == "t" else (word, None)
        inside = []
        while self.peek() and self.peek() != "}":
            inside.append(self.peek())
            self.at += 1
        self.expect("}")
        *words, last = "".join(inside).split(",")
        if step := STEP.fullmatch(last):
            return "_".join(words), _lag(step)
        name = re.sub(r"[^A-Za-z0-9]+", "_", "_".join([*words, last])).strip("_")
        return name, None


def _lag(step):
    return int((step[1] or "") + (step[2] or "0"))
