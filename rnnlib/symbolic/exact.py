"""When are two expressions equal? Exactly, not to rounding."""

import sympy as sp

from rnnlib.symbolic.activations import dphi, phi

_ATOMS = (phi, dphi, sp.exp, sp.log, sp.tanh)


def equal_exactly(a, b):
    """True when a - b is zero as a rational function.

    tanh(...), exp(...), log(...), phi(...) and phi'(...) are first replaced by fresh
    symbols, one for each argument. So "True" is a proof. "False" is not a disproof: a
    relation between two of those functions, such as exp(a) exp(b) = exp(a + b), is
    not used. Columns and matrices are compared entry by entry.

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
    replaced = {f: sp.Dummy() for f in difference.atoms(*_ATOMS)}
    difference = difference.xreplace(replaced)
    if sp.expand(difference) == 0:  # quick, and enough when denominators agree
        return True
    return sp.expand(sp.numer(sp.together(difference))) == 0


def substitute_activation(expression, activation):
    """Put a known activation in place of the abstract phi and its derivative."""
    u = sp.Dummy("u", real=True)
    derivative = sp.diff(activation(u), u)
    return expression.replace(dphi, lambda s: derivative.subs(u, s)).replace(
        phi, activation
    )
