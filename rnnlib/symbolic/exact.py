"""When are two expressions equal? Exactly, not to rounding."""

from collections import defaultdict

import sympy as sp

from rnnlib.symbolic.activations import dphi, phi

_FUNCTIONS = (phi, dphi, sp.exp, sp.log, sp.tanh)


def equal_exactly(a, b):
    """True when a - b is zero as a rational function.

    tanh(u), exp(u), log(u), phi(u) and phi'(u) are first replaced by fresh symbols, one
    for each u; exp(u + v) = exp(u) exp(v) and exp(n u) = exp(u)^n are used, for real u
    and rational n. So "True" is a proof. "False" is not a disproof: no other relation
    between the functions is known. Columns and matrices are compared entry by entry.

    Raises
    ------
    ValueError
        For matrices of different shapes, or of a size that is not a number.
    """
    for name, side in (("a", a), ("b", b)):
        if isinstance(side, sp.MatrixExpr) and not isinstance(side, sp.MatrixBase):
            raise ValueError(
                f"{name}: expected a matrix of known entries, got {side.func.__name__}"
            )
    if hasattr(a, "shape") or hasattr(b, "shape"):
        if getattr(a, "shape", None) != getattr(b, "shape", None):
            raise ValueError(
                f"b: expected shape {getattr(a, 'shape', ())}, "
                f"got {getattr(b, 'shape', ())}"
            )
        return all(equal_exactly(u, v) for u, v in zip(a, b, strict=True))
    difference = sp.sympify(a) - sp.sympify(b)
    difference = _algebraic(difference, defaultdict(sp.Dummy))
    if sp.expand(difference) == 0:  # quick, and enough when denominators agree
        return True
    return sp.expand(sp.numer(sp.together(difference))) == 0


def _algebraic(expression, symbols):
    """The expression with a symbol for every function value, innermost first."""

    def replacement(f):
        u = sp.expand(f.exp if isinstance(f, sp.exp) else f.args[0])
        if not isinstance(f, sp.exp):
            return symbols[f.func, u]
        factors = []
        for term in sp.Add.make_args(u):
            n, v = term.as_coeff_Mul()
            exponential = symbols.setdefault((sp.exp, v), sp.Dummy(positive=True))
            factors.append(exponential**n)
        return sp.Mul(*factors)

    return expression.replace(
        lambda e: isinstance(e, _FUNCTIONS), replacement, simultaneous=False
    )
