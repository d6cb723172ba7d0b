"""Dual numbers: forward mode without a graph, exact when its numbers are fractions."""

from fractions import Fraction
from typing import NamedTuple


class Dual(NamedTuple):
    """a + b e with e^2 = 0: a value, and its derivative along one direction."""

    value: Fraction
    slope: Fraction = Fraction(0)

    def __add__(self, other):
        other = _dual(other)
        return Dual(self.value + other.value, self.slope + other.slope)

    __radd__ = __add__

    def __neg__(self):
        return Dual(-self.value, -self.slope)

    def __sub__(self, other):
        return self + -_dual(other)

    def __mul__(self, other):
        other = _dual(other)
        slope = self.value * other.slope + self.slope * other.value
        return Dual(self.value * other.value, slope)

    __rmul__ = __mul__

    def __truediv__(self, number):
        return self * Fraction(1, number)

    def __pow__(self, n):
        return self if n == 1 else self * self ** (n - 1)


def _dual(number):
    return number if isinstance(number, Dual) else Dual(Fraction(number))


def affine(W, column, b):
    """W column + b, for lists of numbers."""
    return [
        sum((w * a for w, a in zip(row, column, strict=True)), start)
        for row, start in zip(W, b, strict=True)
    ]


def loss(params, x, y, h, phi):
    """Half the squared error of the network (1)-(3), one output a step."""
    W_xh, W_hh, b_h, W_hy, b_y = params
    total = Dual(Fraction(0))
    for x_t, y_t in zip(x, y, strict=True):
        h = [phi(s) for s in affine(W_xh, x_t, affine(W_hh, h, b_h))]
        z = affine(W_hy, h, b_y)
        total += sum((a - b) ** 2 for a, b in zip(z, y_t, strict=True)) / 2
    return total
