"""A network in fractions: every quantity of the book at one random rational point.

Nothing is rounded, so two formulas that agree here agree exactly. The values of phi are
drawn at random too: no formula may rely on what phi is, beyond a rule for phi'.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from random import Random

import sympy as sp

from rnnlib.symbolic.matrix import evaluate
from rnnlib.symbolic.quantities import (
    DERIVATIVES,
    PARAMETERS,
    SHAPES,
    STEPLESS,
    quantity,
)
from rnnlib.symbolic.results import bptt_results
from rnnlib.symbolic.series import at

SAME = {"d_h": ("g",)}  # two names for one quantity


@dataclass(frozen=True)
class Point:
    """The steps, the sizes, the values by `Quantity`, and phi and phi' as functions."""

    T: int
    sizes: dict
    values: dict

    def __call__(self, base, *steps):
        """The matrix of a quantity at its steps, a column where the book has one."""
        return self.values[quantity(base, ",".join(map(str, steps)))]

    def dictionary(self, notation, t=None):
        """What the symbols and the functions of a notation mean, to read formulas.

        Rows are rows there. A name without a step, such as dh_next, speaks of step t.
        Raises ValueError when one symbol has two meanings.
        """
        meaning: dict[str, str] = {}
        symbols: dict[str, Callable] = {}
        for base in {**SHAPES, **DERIVATIVES}:
            name = notation.symbols[base]
            if meaning.setdefault(name, base) not in (base, *SAME.get(base, ())):
                raise ValueError(f"{name}: expected one meaning, got {base} too")
            now = () if "%" in name or base in STEPLESS else (t,)
            symbols[name] = partial(self._as_written, notation, base, *now)
        for size, name in notation.sizes.items():
            symbols[f"I_{{{name}}}"] = lambda n=self.sizes[size]: sp.eye(n)
        phi, dphi = (
            lambda m, f=self.values[f]: m.applyfunc(f) for f in ("phi", "dphi")
        )
        functions = {
            notation.names["phi"]: phi,
            notation.names["dphi"]: dphi
            if notation.diagonal
            else lambda m: sp.diag(*dphi(m)),
        }
        return symbols, functions

    def _as_written(self, notation, base, *steps):
        value = self(base, *steps)
        if base in notation.flat:
            return value.reshape(1, len(value))
        return value.T if base in notation.rows else value


def rational_point(T=3, d_x=2, d_h=3, K=4, *, seed=0, slope=lambda h: 1 - h**2):
    """Draw parameters, inputs, outputs and targets; compute the rest by the equations.

    ``slope`` gives phi'(s) from phi(s): as for tanh by default. Steps beyond T have
    zero adjoints. The probabilities p_t are drawn, not computed.
    """
    random = Random(seed)
    sizes = {"d_x": d_x, "d_h": d_h, "K": K}

    def draw(*_):
        return sp.Rational(random.randint(-20, 20), random.randint(1, 7))

    drawn = {}

    def phi(s):
        return drawn.setdefault(s, draw())

    values = {"phi": phi, "dphi": lambda s: slope(phi(s))}

    def new(base, time="", rule=draw):
        shape = (SHAPES | DERIVATIVES)[base]
        rows, columns = (sizes.get(str(n), n) for n in shape)
        values[quantity(base, time)] = sp.Matrix(rows, columns, rule)

    def compute(result, **steps):
        left, right = bptt_results()[result]
        values[at(left, **steps)] = evaluate(at(right, **steps), values)

    for name in PARAMETERS:
        new(name)
    new("s", "0")  # h_0 = phi(s_0): Pal's state is the one before phi
    compute("h", t=0)
    for t in range(1, T + 1):
        for base in "xpy":
            new(base, str(t))
        for result in ("s", "h", "z", "delta_z", "J"):
            compute(result, t=t)
    for base in ("g", "s", "delta_s"):
        new(base, str(T + 1), lambda i, j: 0)
    for t in range(T, 0, -1):
        for result in ("g", "delta_s", "future"):
            compute(result, t=t)
        head = bptt_results()["g"][1].xreplace(
            {quantity("delta_s", "t+1"): sp.ZeroMatrix(*SHAPES["delta_s"])}
        )
        values[quantity("ell_h", str(t))] = evaluate(at(head.doit(), t=t), values)
        values[quantity("d_h", str(t))] = values[quantity("g", str(t))]
    for result in (*PARAMETERS, "h_0"):
        compute(result, T=T)
    for t in range(T + 1):
        if t > 1:
            compute("J_s", t=t)
        values[quantity("J_tk", f"{t},{t}")] = sp.eye(d_h)
        for k in range(t):
            compute("J_tk", t=t, k=k)
    return Point(T, sizes, values)
