"""Sizes that stay symbols: d_h, 2 d_h, d_h + d_x, and how unknown ones are inferred.

A size is a sum of names with whole coefficients, plus a whole number. Unknown sizes
have names that begin with a question mark; `Inference` finds what they stand for.
"""

import itertools
import re
from dataclasses import dataclass

TERM = re.compile(r"\s*([+-]?)\s*(\d*)\s*\*?\s*([A-Za-z]\w*)?")


@dataclass(frozen=True)
class Size:
    """For example 2 d_h + 1: ``terms`` (("d_h", 2),) and ``constant`` 1."""

    terms: tuple = ()
    constant: int = 0

    @staticmethod
    def of(terms, constant=0):
        """The size with these (name, coefficient) pairs; zero ones are dropped."""
        return Size(tuple(sorted((n, k) for n, k in terms.items() if k)), constant)

    @staticmethod
    def named(name):
        """A size that is one symbol."""
        return Size(((name, 1),))

    @staticmethod
    def read(text):
        """The size that a text such as "2 d_h + 1" says, or None."""
        total, position, text = Size(), 0, text.strip()
        while position < len(text):
            match = TERM.match(text, position)
            assert match  # every part of TERM may be empty
            sign, number, name = match.groups()
            if not (number or name) or (position and not sign):
                return None
            k = int(number or 1) * (-1 if sign == "-" else 1)
            total = total + (Size(((name, k),)) if name else Size((), k))
            position = match.end()
        return total if text else None

    def __add__(self, other):
        terms = dict(self.terms)
        for name, k in other.terms:
            terms[name] = terms.get(name, 0) + k
        return Size.of(terms, self.constant + other.constant)

    def __mul__(self, k):
        return Size.of({n: k * c for n, c in self.terms}, k * self.constant)

    def __sub__(self, other):
        return self + other * -1

    def __str__(self):
        parts = [n if k == 1 else f"{k} {n}" for n, k in self.terms]
        if self.constant or not parts:
            parts.append(str(self.constant))
        return " + ".join(parts).replace("+ -", "- ")

    @property
    def unknown(self):
        """True when a part of it is still to be inferred."""
        return any(n.startswith("?") for n, _ in self.terms)

    def number(self, numbers):
        """The size when its names stand for these numbers."""
        return sum(k * numbers[n] for n, k in self.terms) + self.constant


ZERO, ONE = Size(), Size((), 1)
SCALAR = (ONE, ONE)


def show_shape(shape):
    """A shape as a reader writes it; an unknown size is a question mark."""
    rows, columns = ("?" if s.unknown else str(s) for s in shape)
    return f"({rows}, {columns})"


def kind(shape):
    """What a shape is called."""
    if shape == SCALAR:
        return "a scalar"
    if shape[1] == ONE:
        return f"a column {show_shape(shape)}"
    if shape[0] == ONE:
        return f"a row {show_shape(shape)}"
    return f"a matrix {show_shape(shape)}"


class Inference:
    """Unknown sizes, and what has been found out about them."""

    def __init__(self):
        self.found, self.numbers = {}, itertools.count()

    def new(self):
        """A size that is not known yet."""
        return Size.named(f"?{next(self.numbers)}")

    def resolve(self, size):
        """The size with all that is known put in."""
        while any(name in self.found for name, _ in size.terms):
            total = Size((), size.constant)
            for name, k in size.terms:
                total = total + self.found.get(name, Size.named(name)) * k
            size = total
        return size

    def shape(self, shape):
        """The shape with all that is known put in."""
        return tuple(map(self.resolve, shape))

    def equate(self, a, b):
        """Make two sizes equal; False when they cannot be."""
        difference = self.resolve(a) - self.resolve(b)
        if difference == ZERO:
            return True
        for name, k in difference.terms:
            if name.startswith("?") and abs(k) == 1:
                rest = (difference - Size(((name, k),))) * -k
                positive = rest.terms and all(c > 0 for _, c in rest.terms)
                if positive and rest.constant >= 0:  # a size that is 1 is declared
                    self.found[name] = rest
                    return True
        return False

    def equate_shapes(self, a, b):
        """Make two shapes equal; False when they cannot be."""
        return all(self.equate(m, n) for m, n in zip(a, b, strict=True))
