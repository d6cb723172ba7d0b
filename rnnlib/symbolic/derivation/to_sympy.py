"""Expressions as matrix expressions of SymPy, of symbolic size.

Quantities that the book has a name for become its `Quantity`, so that they print in
any of its notations; the others become plain matrix symbols.
"""

import sympy as sp

from rnnlib.symbolic.activations import dphi, phi
from rnnlib.symbolic.derivation import expressions as ex
from rnnlib.symbolic.derivation.printing import Printer
from rnnlib.symbolic.quantities import DERIVATIVES, SHAPES, STEPLESS, Quantity

FUNCTIONS = {
    ("tanh", 0): sp.tanh,
    ("exp", 0): sp.exp,
    ("log", 0): sp.log,
    ("phi", 0): phi,
    ("phi", 1): dphi,
}


class SymPyWriter:
    """Turns expressions of one derivation into those of SymPy."""

    def __init__(self, names):
        self.printer = Printer(names)

    def size(self, size):
        """A size as an integer expression."""
        terms = [k * sp.Symbol(n, integer=True, positive=True) for n, k in size.terms]
        return sp.Add(*terms) + size.constant

    def shape(self, node):
        """A shape as SymPy has it."""
        return tuple(map(self.size, node.shape))

    def symbol(self, base, shift, node):
        """A matrix symbol with a step, or without."""
        known = SHAPES | DERIVATIVES
        time = "" if shift is None else self.printer.time(shift)
        name = f"{base}[{time}]" if time else base
        if base in known and (base in STEPLESS) != bool(time):
            found = Quantity(name, *known[base])
            if found.shape == self.shape(node):
                return found
        return sp.MatrixSymbol(name, *self.shape(node))

    def __call__(self, node):
        """The matrix expression; a scalar is a 1 by 1 matrix, a number a number."""
        args = [self(a) for a in node.args]
        if isinstance(node, ex.Number):
            return sp.Rational(node.value.numerator, node.value.denominator)
        if isinstance(node, ex.SizeOf):
            return self.size(node.size)
        if isinstance(node, ex.Value):
            return self.symbol(node.name, node.shift, node)
        if isinstance(node, ex.Adjoint):
            base = self.printer.names.adjoint(node.name)
            base = f"d_{node.name}" if node.shift is None else base
            return self.symbol(base, node.shift, node)
        if isinstance(node, ex.LossGradient):
            return self.symbol(f"ell_{node.name}", node.shift, node)
        if isinstance(node, ex.Identity):
            return sp.Identity(self.size(node.shape[0]))
        if isinstance(node, ex.Sum):
            ones = sp.OneMatrix(*self.shape(node))
            terms = (a if hasattr(a, "shape") else a * ones for a in args)
            return sp.MatAdd(*terms).doit(deep=False)  # in the order of SymPy
        if isinstance(node, ex.Times):
            numbers = [a for a in args if not hasattr(a, "shape")]
            arrays = [a for a in args if hasattr(a, "shape")]
            product = arrays[0] if len(arrays) == 1 else sp.HadamardProduct(*arrays)
            return sp.Mul(*numbers) * product if numbers else product
        if isinstance(node, ex.MatMul):
            return sp.MatMul(*args)
        if isinstance(node, ex.Transpose):
            return sp.Transpose(args[0])
        if isinstance(node, ex.Power):
            exponent = sp.Rational(node.exponent.numerator, node.exponent.denominator)
            if not hasattr(args[0], "shape"):
                return args[0] ** exponent
            return sp.HadamardPower(args[0], exponent)
        if isinstance(node, ex.Apply) and (node.function, node.order) in FUNCTIONS:
            return args[0].applyfunc(FUNCTIONS[node.function, node.order])
        if isinstance(node, ex.Apply):
            primes = "prime" * node.order
            return args[0].applyfunc(sp.Function(node.function + primes))
        if isinstance(node, ex.Diagonal):
            return sp.DiagMatrix(args[0])
        if isinstance(node, ex.Total):
            rows, columns = self.shape(node.args[0])
            return sp.MatMul(sp.OneMatrix(1, rows), args[0], sp.OneMatrix(columns, 1))
        if isinstance(node, ex.Fill):
            rows, columns = self.shape(node)
            if not hasattr(args[0], "shape"):
                return args[0] * sp.OneMatrix(rows, columns)
            return sp.MatMul(sp.OneMatrix(rows, 1), args[0], sp.OneMatrix(1, columns))
        kind = type(node).__name__
        raise ValueError(f"expression: expected one that SymPy can write, got {kind}")
