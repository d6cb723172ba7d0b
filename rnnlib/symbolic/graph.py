"""A computation as an ordered list of definitions, and its derivatives.

Every quantity keeps its name: the definition of h_2 speaks of s_2, not of what s_2
is made of. So two derivatives can be told apart. The immediate one, written with a
superscript plus, differentiates one definition and holds every other name still. The
total one follows all the definitions in between. It is computed here in both
directions, always one definition at a time, and expressions stay small.
"""

from dataclasses import dataclass
from functools import cached_property

import mpmath
import sympy as sp


@dataclass(frozen=True)
class Graph:
    """Free symbols, then definitions in an order in which they can be computed."""

    inputs: tuple
    definitions: dict

    def __post_init__(self):
        known = set(self.inputs)
        for name, expression in self.definitions.items():
            if name in known:
                raise ValueError(f"definitions: expected a new name, got {name} twice")
            unknown = expression.free_symbols - known
            if unknown:
                raise ValueError(
                    f"definitions: expected {name} to use earlier names only, "
                    f"got {sorted(map(str, unknown))}"
                )
            known.add(name)

    @cached_property
    def _names(self):
        return {*self.inputs, *self.definitions}

    def immediate(self, a, b):
        """The immediate derivative of a with respect to b: other names held still.

        Raises
        ------
        ValueError
            Here and in the other methods, for a symbol that is not of this graph.
        """
        self._check(a=a, b=b)
        if a == b:
            return sp.Integer(1)
        return sp.diff(self.definitions[a], b) if a in self.definitions else sp.S.Zero

    def expanded(self, a):
        """a as an expression in the inputs alone: every definition substituted."""
        self._check(a=a)
        expression = self.definitions.get(a, a)
        for name in reversed(self.definitions):
            if name in expression.free_symbols:
                expression = expression.xreplace({name: self.definitions[name]})
        return expression

    def total(self, a, b):
        """The total derivative da/db, forwards through the definitions.

        For each definition v after b: dv/db = sum over u of (immediate dv/du)(du/db).
        The result still speaks of the named quantities.
        """
        self._check(a=a, b=b)
        derivative = {b: sp.Integer(1)}
        for v in self.definitions:
            if v in derivative:
                continue
            parts = [
                self.immediate(v, u) * derivative[u]
                for u in self.definitions[v].free_symbols & derivative.keys()
            ]
            if parts:
                derivative[v] = sp.Add(*parts)
            if v == a:
                break
        return derivative.get(a, sp.S.Zero)

    def reverse(self, output, adjoint_of):
        """The adjoint recursion: a graph that goes on to compute d(output)/dv.

        Parameters
        ----------
        output : Symbol
            What is differentiated.
        adjoint_of : callable
            Gives the symbol that names d(output)/dv, for a symbol v.

        Returns
        -------
        Graph
            This graph with a definition of ``adjoint_of(v)`` for every v that the
            output depends on: the sum over the uses c of v of
            (adjoint of c)(immediate dc/dv). The output's own adjoint is one.

        Raises
        ------
        ValueError
            For a name from ``adjoint_of`` that is taken.
        """
        self._check(output=output)
        parts = {output: [sp.Integer(1)]}
        extra = {}
        for v in [*reversed(self.definitions), *self.inputs]:
            if v not in parts:
                continue
            bar = adjoint_of(v)
            if bar in extra or bar in self._names:
                raise ValueError(f"adjoint_of: expected a new name for {v}, got {bar}")
            extra[bar] = sp.Add(*parts.pop(v))
            expression = self.definitions.get(v)
            if expression is None:
                continue
            for u in sorted(expression.free_symbols, key=str):
                parts.setdefault(u, []).append(bar * self.immediate(v, u))
        return Graph(self.inputs, self.definitions | extra)

    def function(self, outputs, modules="mpmath"):
        """A numerical function of a dictionary of inputs; returns {output: number}.

        The definitions themselves serve as the common subexpressions, so the cost is
        that of the graph, not that of the substituted expressions.
        """
        outputs = list(outputs)
        inputs, computed = self._needed(outputs)
        plain = {v: sp.Symbol(f"v{i}") for i, v in enumerate([*inputs, *computed])}
        steps = [(plain[v], self.definitions[v].xreplace(plain)) for v in computed]
        f = sp.lambdify(
            [plain[v] for v in inputs],
            [plain[v] for v in outputs],
            modules=modules,
            cse=lambda expressions: (steps, expressions),
        )

        def call(values):
            _check_values(inputs, values)
            return dict(zip(outputs, f(*(values[v] for v in inputs)), strict=True))

        return call

    def evaluate(self, outputs, values, digits=50):
        """The outputs as mpmath numbers, computed with ``digits`` decimal digits.

        Parameters
        ----------
        outputs : iterable of Symbol
        values : dict
            A rational number (or anything SymPy takes) for every input needed.
        digits : int
        """
        call = self.function(outputs)
        with mpmath.workdps(digits):
            exact = {
                v: mpmath.mpf(q.p) / q.q if q.is_Rational else mpmath.mpf(q)
                for v, q in ((v, sp.sympify(q)) for v, q in values.items())
            }
            return call(exact)

    def evaluate_exactly(self, outputs, values):
        """The outputs as exact SymPy numbers: rational ones for a polynomial phi.

        ``values`` as in `evaluate`; a float counts as the rational number that it is.
        """
        outputs = list(outputs)
        inputs, computed = self._needed(outputs)
        _check_values(inputs, values)
        known = {v: sp.sympify(values[v]) for v in inputs}
        known = {v: sp.Rational(q) if q.is_Float else q for v, q in known.items()}
        for v in computed:
            known[v] = self.definitions[v].xreplace(known)
        return {v: known[v] for v in outputs}

    def _needed(self, outputs):
        """The inputs, and the definitions, that the outputs are computed from."""
        self._check(**{f"outputs[{i}]": v for i, v in enumerate(outputs)})
        needed = set(outputs)
        for v in reversed(self.definitions):
            if v in needed:
                needed |= self.definitions[v].free_symbols
        names = self.inputs, self.definitions
        return [[v for v in part if v in needed] for part in names]

    def _check(self, **symbols):
        for name, v in symbols.items():
            if v not in self._names:
                raise ValueError(f"{name}: expected a symbol of the graph, got {v}")


def _check_values(inputs, values):
    missing = [str(v) for v in inputs if v not in values]
    if missing:
        raise ValueError(f"values: expected a number for {missing}, got none")
