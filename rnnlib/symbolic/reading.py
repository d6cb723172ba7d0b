r"""Read a printed formula back: LaTeX in, matrices out.

The reader knows sums, matrix products (juxtaposition), elementwise products (\odot,
\circ, \cdot), \otimes, transposes, elementwise powers, Diag, \sum and \prod over steps,
and functions applied to every entry. It does not know what printed the formula: every
symbol is looked up in a dictionary.
"""

import re

import sympy as sp

from rnnlib.symbolic.quantities import moved

STEP = r"[A-Za-z](?:[+-]\d+)?|\d+"
ELEMENTWISE = r"\\odot|\\circ|\\cdot"


def read(latex, symbols, functions, **steps):
    r"""The value of a formula.

    Parameters
    ----------
    latex : str
    symbols : dict
        From a name such as ``h_{%t}`` to a function of the numbers in the places of
        ``%t`` and ``%k`` that gives a matrix. ``%p`` is the step before ``%t``.
        The longest name that fits counts; of equally long ones, the first.
    functions : dict
        From a name such as ``\phi'`` to a function from a matrix to a matrix.
    steps : int
        A number for every letter that stands for a step: ``t=2, T=3``.

    Raises
    ------
    ValueError
        Where the formula cannot be read, or its matrices do not fit together.
    """
    reader = _Reader(latex, symbols, functions, steps)
    value = reader.sum()
    if reader.rest:
        raise ValueError(f"latex: expected the end, got {reader.rest[:30]!r}")
    return value


def holds(latex, symbols, functions, **steps):
    r"""True when the two sides of an equation are equal, exactly.

    ``a \mathrel{+}= b`` says that a is the sum of b over all steps t = 1..T.
    """
    left, relation, right = re.split(r" (=|\\mathrel\{\+\}=) ", latex, maxsplit=1)
    if relation != "=":
        right = rf"\sum_{{t=1}}^{{T}} {right}"
    left, right = (read(side, symbols, functions, **steps) for side in (left, right))
    if right == 1:  # an empty product
        right = sp.eye(left.shape[0])
    if left.shape != right.shape:
        raise ValueError(f"latex: the sides have shapes {left.shape}, {right.shape}")
    return left == right


class _Reader:
    def __init__(self, text, symbols, functions, steps):
        # Khanna's x^{(t)\top} is x^{(t)} transposed.
        self.text = re.sub(r"(\^\{\([^(){}]*\))\\top\}", r"\1}^{\\top}", text)
        self.position = 0
        self.symbols = {re.compile(_pattern(n)): v for n, v in symbols.items()}
        self.functions, self.steps = functions, steps
        self.skipping = False

    @property
    def rest(self):
        return self.text[self.position :].lstrip()

    def accept(self, pattern):
        """The match of a pattern at this place, taken; or None."""
        if match := re.compile(rf"\s*(?:{pattern})").match(self.text, self.position):
            self.position = match.end()
        return match

    def sum(self):
        value = -1 * self.term() if self.accept("-") else self.term()
        while sign := self.accept(r"[+-]"):
            term = self.term()
            value = _add(value, -1 * term if "-" in sign[0] else term)
        return value

    def term(self):
        value = self.product()
        while sign := self.accept(rf"{ELEMENTWISE}|\\otimes"):
            other = self.product()
            if self.skipping:
                continue
            kind = sp.kronecker_product if "otimes" in sign[0] else sp.hadamard_product
            value = _fit(kind, value, other)
        return value

    def product(self):
        value = self.factor()
        while self.rest and not re.match(
            rf"[+\-)}}=]|\\right|{ELEMENTWISE}|\\otimes", self.rest
        ):
            value = _fit(lambda a, b: a * b, value, self.factor())
        return value

    def factor(self):
        value = self.primary()
        while power := self.accept(r"\^\{(\\top|\d+)\}"):
            value = _power(value, power[1])
        return value

    def primary(self):
        if named := self.name():
            return named[0]
        if number := self.accept(r"\d+"):
            return sp.Integer(number[0].strip())
        if self.accept(r"\\left\(|\("):
            value = self.sum()
            if self.accept(r"\\right\)|\)"):
                return value
        elif over := self.accept(r"\\(sum|prod)_\{(\w)=([^{}]+)\}\^\{([^{}]+)\}"):
            return self.over_steps(*over.groups())
        elif self.accept(r"\\operatorname\{[Dd]iag\}"):
            value = self.primary()
            return value if self.skipping else sp.diag(*value)
        raise ValueError(f"latex: expected a known name, got {self.rest[:30]!r}")

    def over_steps(self, kind, index, first, last):
        outside, start, was = self.steps, self.position, self.skipping
        value = sp.S.Zero if kind == "sum" else sp.S.One
        numbers = [] if was else range(self.number(first), self.number(last) + 1)
        for i in numbers:
            self.position, self.steps = start, outside | {index: i}
            term = self.term()
            # A later factor stands to the left of an earlier one.
            value = _add(value, term) if kind == "sum" else term * value
        if not numbers:
            self.steps, self.skipping = outside | {index: self.number(first)}, True
            self.term()
        self.steps, self.skipping = outside, was
        return value

    def number(self, step):
        return int(moved(step, self.steps))

    def name(self):
        """The value of the longest name that fits here, in a tuple; or None."""
        start = len(self.text) - len(self.rest)
        found: list[tuple] = [(0, None, ())]
        for name, function in self.functions.items():
            call = re.compile(re.escape(name) + r"(?=(\^\{\d+\})?(\\left)?\()")
            if match := call.match(self.text, start):
                found.append((match.end(), function, None))
        for pattern, value in self.symbols.items():
            if match := pattern.match(self.text, start):
                steps = {k: self.number(v) for k, v in match.groupdict().items()}
                if steps.pop("p", None) in (None, steps.get("t", 0) - 1):
                    found.append((match.end(), value, steps.values()))
        end, value, steps = max(found, key=lambda candidate: candidate[0])
        if not value:
            return None
        self.position = end
        if steps is not None:
            return (sp.S.One if self.skipping else value(*steps),)
        power = self.accept(r"\^\{(\d+)\}")
        argument = self.primary()
        result = argument if self.skipping else value(argument)
        return (_power(result, power[1]) if power else result,)


def _pattern(name):
    """The regular expression of a name; a second place of a step repeats the first."""
    text = re.escape(name)
    for letter in "tpk":
        text = text.replace(f"%{letter}", rf"(?P<{letter}>{STEP})", 1)
        text = text.replace(f"%{letter}", rf"(?P={letter})")
    return text


def _fit(operation, a, b):
    try:
        return operation(a, b)
    except (sp.ShapeError, TypeError, AttributeError) as error:
        raise ValueError(f"latex: the shapes do not fit: {error}") from None


def _add(a, b):
    """a + b; a number is added to every entry, and an empty sum is zero."""
    if hasattr(a, "shape") != hasattr(b, "shape"):
        number, matrix = (b, a) if hasattr(a, "shape") else (a, b)
        return matrix.applyfunc(lambda entry: entry + number)
    return _fit(lambda u, v: u + v, a, b)


def _power(value, power):
    if not hasattr(value, "shape"):
        return value
    if power == r"\top":
        return value.T
    return value.applyfunc(lambda entry: entry ** int(power))
