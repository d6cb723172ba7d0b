"""Expressions as NumPy code for whole batches.

A column becomes an array (..., n) whose leading axes are the steps and the sequences;
a scalar of a step is (..., 1), a matrix (..., n, m). Parameters have no leading axes:
a column is (n,), a scalar (1,), a matrix (n, m).
"""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from rnnlib.symbolic.derivation import expressions as ex
from rnnlib.symbolic.derivation.code_text import between, joined
from rnnlib.symbolic.derivation.sizes import ONE

SUM, TIMES, POWER, ATOM = range(4)
FUNCTIONS = {
    "tanh": "np.tanh",
    "exp": "np.exp",
    "log": "np.log",
    "sigma": "sigma",
    "softplus": "softplus",
    "softmax": "softmax",
}


def is_static(node):
    """True for what has no step."""
    return all(leaf.shift is None for leaf in ex.leaves(node))


def is_matrix(node):
    """True for more than one row and column."""
    return ONE not in node.shape


def is_row(node):
    """True for one row of several columns."""
    return node.shape[0] == ONE and node.shape[1] != ONE


@dataclass
class Arrays:
    """Writes expressions; ``leaf`` gives the code of a leaf, ``size`` of a size."""

    leaf: Callable
    size: Callable
    used: set  # the helpers that the code calls
    project: Callable | None = None  # code of a product with the input, or None
    in_loop: Any = None  # tells whether the code is of one step

    def __call__(self, node, least=SUM):
        """The code of an expression, in brackets when it binds less than ``least``."""
        text, level = getattr(self, f"_{type(node).__name__.lower()}")(node)
        return text if level >= least else f"({text})"

    def helper(self, name):
        """Note that the code calls a helper."""
        self.used.add(name)
        return name

    # leaves

    def _value(self, node):
        return self.leaf(node), ATOM

    _adjoint = _value
    _lossgradient = _value

    def _number(self, node):
        value = node.value
        whole = value.denominator == 1
        text = str(value.numerator) if whole else repr(float(value))
        return text, ATOM if value >= 0 else SUM

    def _sizeof(self, node):
        return self.size(node.size), ATOM if len(node.size.terms) == 1 else SUM

    def _identity(self, node):
        return f"np.eye({self.size(node.shape[0])}, dtype=dtype)", ATOM

    # elementwise

    def _sum(self, node):
        signed = map(ex.signed, node.args)
        return joined([(s, self.fitted(part, node, TIMES)) for s, part in signed]), SUM

    def fitted(self, part, whole, least):
        """The code of a part; a scalar of a step beside matrices gets an axis."""
        if is_matrix(whole) and part.is_scalar and not is_static(part):
            return f"{self(part, ATOM)}[..., None]"
        return self(part, least)

    def _times(self, node):
        coefficient, rest = ex.split_coefficient(node)
        factors = list(rest.args) if isinstance(rest, ex.Times) else [rest]
        above = [f for f in factors if not _below(f)]
        below = [ex.power(f.args[0], -f.exponent) for f in factors if _below(f)]
        sign = "-" if coefficient < 0 else ""
        value = abs(coefficient)
        if value != 1 and value.numerator == 1 and above and not below:
            if value.denominator in (2, 4, 8):
                below, value = [ex.number(value.denominator)], Fraction(1)
        if value != 1 or not above:
            above.insert(0, ex.number(value))
        text = " * ".join(self.fitted(f, node, POWER) for f in above)
        if below:
            under = " * ".join(self.fitted(f, node, POWER) for f in below)
            text += f" / {under}" if len(below) == 1 else f" / ({under})"
        return sign + text, SUM if sign else TIMES

    def _power(self, node):
        (base,) = node.args
        n = node.exponent
        if n < 0:
            return self._times(node)
        if n == Fraction(1, 2):
            return f"np.sqrt({self(base)})", ATOM
        shown = n.numerator if n.denominator == 1 else repr(float(n))
        text = self(base, ATOM)
        simple = all(part.isidentifier() for part in text.split("."))
        return f"{text}**{shown}" if simple else f"{text} ** {shown}", POWER

    def _apply(self, node):
        argument = self(node.args[0])
        if node.function == "relu":
            if node.order:
                return f"({argument} > 0).astype(dtype)", ATOM
            return f"np.maximum({argument}, 0)", ATOM
        name = FUNCTIONS[node.function]
        if not name.startswith("np."):
            self.helper(name)
        return f"{name}({argument})", ATOM

    def _maximum(self, node):
        a, b = (self.fitted(arg, node, SUM) for arg in node.args)
        return f"np.maximum({a}, {b})", ATOM

    def _atleast(self, node):
        a, b = (self.fitted(arg, node, TIMES) for arg in node.args)
        return f"({a} >= {b}).astype(dtype)", ATOM

    # sums over entries

    def _softmax(self, node):
        return f"{self.helper('softmax')}({self(node.args[0])})", ATOM

    def _total(self, node):
        (inner,) = node.args
        return self.summed(self(inner, ATOM), inner), ATOM

    def summed(self, text, inner):
        """The sum over the entries of the code of ``inner``."""
        if is_matrix(inner):
            if is_static(inner):
                return f"{text}.sum(keepdims=True)[0]"
            return f"{text}.sum((-2, -1))[..., None]"
        return f"{text}.sum(-1, keepdims=True)"

    def _norm(self, node):
        (inner,) = node.args
        square = self(ex.times(inner, inner), ATOM)
        return f"np.sqrt({self.summed(square, inner)})", ATOM

    def _fill(self, node):
        scalar = self(node.args[0], TIMES)
        rows, columns = map(self.size, node.shape)
        if is_matrix(node):
            return f"{scalar} * np.ones(({rows}, {columns}), dtype)", TIMES
        size = rows if node.shape[1] == ONE else columns
        return f"{scalar} * np.ones({size}, dtype)", TIMES

    # rows

    def _concat(self, node):
        timed = next((a for a in node.args if not is_static(a)), None)
        parts = []
        for part in node.args:
            text = self(part)
            if timed is not None and is_static(part):
                lead = f"{self(timed, ATOM)}.shape[:-1]"
                size = self.size(part.shape[0])
                text = f"np.broadcast_to({text}, (*{lead}, {size}))"
            parts.append(text)
        return f"np.concatenate([{', '.join(parts)}], axis=-1)", ATOM

    def _slice(self, node):
        low, high = self.size(node.start), self.size(node.stop)
        low = "" if low == "0" else low
        after = ", :" if is_matrix(node) else ""
        lead = "" if is_static(node) else "..., "
        after = after if lead else ""
        return f"{self(node.args[0], ATOM)}[{lead}{between(low, high)}{after}]", ATOM

    def _pad(self, node):
        (inner,) = node.args
        name = self.helper("padded")
        start, rows = self.size(node.start), self.size(node.shape[0])
        return f"{name}({self(inner)}, {start}, {rows})", ATOM

    # matrix products

    def _transpose(self, node):
        (inner,) = node.args
        if is_static(inner):
            if is_matrix(inner):
                return f"{self(inner, ATOM)}.T", ATOM
            return f"{self(inner, ATOM)}[None]", ATOM
        if is_matrix(inner):
            return f"np.swapaxes({self(inner)}, -1, -2)", ATOM
        return f"{self(inner, ATOM)}[..., None, :]", ATOM

    def _matmul(self, node):
        return self.product(node.args)

    def product(self, factors):
        """A product of two or more, from the place where it is narrowest."""
        if len(factors) == 1:
            return self(factors[0], ATOM), ATOM
        if factors[-1].shape[1] == ONE and factors[0].shape[0] != ONE:
            return self.on_column(factors)
        if factors[0].shape[0] == ONE and factors[-1].shape[1] == ONE:
            return self.inner(factors)
        if factors[0].shape[0] == ONE:  # a row: the transpose of a column
            text, _ = self.product(_transposed(factors))
            return text, TIMES
        for k in range(1, len(factors)):
            if factors[k].shape[0] == ONE:
                left, right = factors[:k], _transposed(factors[k:])
                column, row = self.part(left), self.part(right)
                if all(map(is_static, factors)):
                    return f"np.outer({column}, {row})", ATOM
                return f"{column}[..., None] * {row}[..., None, :]", TIMES
        return " @ ".join(self(f, POWER) for f in factors), TIMES

    def part(self, factors):
        """A product as an operand."""
        text, level = self.product(factors)
        return text if level == ATOM else f"({text})"

    def inner(self, factors):
        """A row times a column: a scalar."""
        left, right = self.part([ex.transpose(factors[0])]), self.part(factors[1:])
        both = f"({left} * {right})"
        if all(map(is_static, factors)):
            return f"{both}.sum(keepdims=True)", ATOM
        if len(factors) == 2 and is_static(factors[0]):
            return f"{right} @ {left}[:, None]", TIMES
        if len(factors) == 2 and is_static(factors[1]):
            return f"{left} @ {right}[:, None]", TIMES
        return f"{both}.sum(-1, keepdims=True)", ATOM

    def on_column(self, factors):
        """A matrix times a column, or several."""
        if self.project and (text := self.project(factors)):
            return text, ATOM
        return self.times_column(factors)

    def times_column(self, factors):
        """The same, whatever the column."""
        matrix, *rest = factors
        column = self.part(rest)
        if all(map(is_static, rest)):
            return f"{self(matrix, ATOM)} @ {column}", TIMES
        if is_static(matrix):
            return f"{column} @ {self(ex.transpose(matrix), ATOM)}", TIMES
        return f"({self(matrix, ATOM)} @ {column}[..., None])[..., 0]", ATOM


def _below(factor):
    return isinstance(factor, ex.Power) and factor.exponent < 0


def _transposed(factors):
    return tuple(map(ex.transpose, reversed(factors)))
