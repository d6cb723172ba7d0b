"""Sums and products over the steps of the network, as matrix expressions.

``StepSum(term, "t", "1", "T")`` is the sum of the term for t = 1..T. In a
`StepProduct` a later step stands to the left of an earlier one, as the chain rule has
it: J_t J_{t-1} ... J_{k+1}. `at` puts numbers in for the steps.
"""

import sympy as sp
from sympy.core.symbol import Str

from rnnlib.symbolic.quantities import Quantity, moved, quantity


class OverSteps(sp.MatrixExpr):
    """A body, the letter of its step, and the first and the last step, as text."""

    def __new__(cls, body, index, first, last):
        """Steps are texts such as "k+1"."""
        return super().__new__(cls, body, *(Str(str(a)) for a in (index, first, last)))

    body = property(lambda self: self.args[0])
    steps = property(lambda self: tuple(a.name for a in self.args[1:]))
    shape = property(lambda self: self.body.shape)


class StepSum(OverSteps):
    """The sum of the body over the steps; zero when there is none."""

    def expand_steps(self, parts):
        """The sum of explicit parts, from the first step to the last."""
        return sp.MatAdd(*parts) if parts else sp.ZeroMatrix(*self.shape)


class StepProduct(OverSteps):
    """The product of the body over the steps, later ones left; one when none."""

    def expand_steps(self, parts):
        """The product of explicit parts, from the first step to the last."""
        return sp.MatMul(*parts[::-1]) if parts else sp.Identity(self.shape[0])


def at(expression, **steps):
    """The expression with numbers for its steps: ``at(e, t=2, T=3)``.

    A sum or a product between two numbers is written out. A letter without a number
    stays.
    """
    if isinstance(expression, Quantity):
        if not expression.time:
            return expression
        time = ",".join(moved(step, steps) for step in expression.time.split(","))
        return quantity(expression.base, time)
    if isinstance(expression, OverSteps):
        index, *ends = expression.steps
        first, last = (moved(end, steps) for end in ends)
        free = {k: v for k, v in steps.items() if k != index}
        if not (first.isdigit() and last.isdigit()):
            return expression.func(at(expression.body, **free), index, first, last)
        parts = [
            at(expression.body, **free, **{index: i})
            for i in range(int(first), int(last) + 1)
        ]
        return expression.expand_steps(parts).doit(deep=False)
    if not any(isinstance(a, sp.MatrixExpr) for a in expression.args):
        return expression
    args = (at(a, **steps) if hasattr(a, "shape") else a for a in expression.args)
    return expression.func(*args)
