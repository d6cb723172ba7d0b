"""Is the recursion right? Proved against the unrolled network, entry by entry.

Every entry of every quantity at every step becomes a symbol, and its definition an
expression of SymPy: a `Graph`, with abstract functions phi and psi. SymPy
differentiates each definition. The adjoint of an entry is the sum over all definitions
that read it, (adjoint of the reader)(immediate derivative of the reader), and each
entry of the derived recursion has to be equal to that sum, as an expression. Then the
sums are compared with `Graph.total`, which goes through the network forwards.
"""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import sympy as sp

from rnnlib.symbolic import activations
from rnnlib.symbolic.derivation.evaluation import Backend, Evaluator, Point
from rnnlib.symbolic.exact import equal_exactly
from rnnlib.symbolic.graph import Graph


class psi(sp.Function):
    """A second function of which only a derivative is known."""

    def fdiff(self, argindex=1):
        return dpsi(self.args[0])


class dpsi(sp.Function):
    """The derivative of `psi`."""


class at_least(sp.Function):
    """1 where a >= b and 0 elsewhere: constant away from a = b."""

    def fdiff(self, argindex=1):
        return sp.S.Zero


class positive(sp.Function):
    """1 where s > 0 and 0 elsewhere: constant away from 0."""

    def fdiff(self, argindex=1):
        return sp.S.Zero


class root(sp.Function):
    """The square root of a square, which SymPy would make an absolute value."""

    def fdiff(self, argindex=1):
        return 1 / (2 * self)


FUNCTIONS = {
    "tanh": sp.tanh,
    "sigma": lambda s: 1 / (1 + sp.exp(-s)),
    "relu": lambda s: s * positive(s),
    "relu'": positive,
    "exp": sp.exp,
    "log": sp.log,
    "softplus": lambda s: sp.log(1 + sp.exp(s)),
    "phi": activations.phi,
    "phi'": activations.dphi,
    "psi": psi,
    "psi'": dpsi,
}


class Symbolic(Backend):
    """Arrays of SymPy expressions."""

    def __init__(self):
        functions = {n: np.frompyfunc(f, 1, 1) for n, f in FUNCTIONS.items()}
        super().__init__(functions, np)

    def constant(self, value):
        """A rational number of SymPy."""
        return sp.Rational(value.numerator, value.denominator)

    def power(self, base, exponent):
        """Entries to a rational power."""
        found = base ** self.constant(exponent)
        if exponent == Fraction(1, 2) and any(e.has(sp.Abs) for e in found.flat):
            return np.frompyfunc(root, 1, 1)(base)
        return found

    def at_least(self, a, b):
        """The indicator, entry by entry."""
        return np.frompyfunc(at_least, 2, 1)(a, b)


class Edges(Graph):
    """A graph whose immediate derivatives are numbers, one for each edge."""

    numbers: dict

    def immediate(self, a, b):
        """The number of the edge from b to a."""
        if a not in self.definitions or b not in self.definitions[a].free_symbols:
            return sp.S.Zero
        return self.numbers[a, b]


@dataclass(frozen=True)
class Proof:
    """What was proved, for which sizes, and what failed."""

    T: int
    sizes: dict
    adjoints: int
    gradients: int
    failed: tuple

    def __bool__(self):
        return not self.failed

    def __str__(self):
        sizes = ", ".join(f"{n} = {k}" for n, k in self.sizes.items())
        where = f"T = {self.T}, {sizes}"
        if self.failed:
            return f"not proved for {where}: {', '.join(self.failed)}"
        return (
            f"proved for {where}: {self.adjoints} entries of adjoints and "
            f"{self.gradients} of gradients are equal to the total derivatives of the "
            "unrolled network"
        )

    __repr__ = __str__


def sizes_for(program, d):
    """A number for each size: d for the state, other numbers for the others."""
    if isinstance(d, dict):
        missing = [n for n in program.sizes if n not in d]
        if missing:
            raise ValueError(f"d: expected a number for {', '.join(missing)}, got none")
        return {n: d[n] for n in program.sizes}
    states = [n for s in program.states for n, _ in program.shapes[s][0].terms]
    first = next((n for n in states if n in program.sizes), None)
    others = [n for n in program.sizes if n != first]
    return {n: d if n == first else d + 1 + others.index(n) for n in program.sizes}


def prove(recursion, T, d):
    """A `Proof` that the recursion is right, for T steps and these sizes.

    Every entry of every adjoint and gradient, as an expression with abstract functions,
    is equal to the sum over all readers in the unrolled network; and these sums are
    equal to the total derivatives of `Graph.total`, where the immediate derivatives
    are independent rational numbers.
    """
    sizes = sizes_for(recursion.program, d)
    unrolled = Unrolled(recursion, T, sizes)
    failed = unrolled.wrong()
    wrong_totals = unrolled.wrong_totals()
    gradients = sum(a.size for k, a in unrolled.bars.items() if k[1] is None)
    adjoints = sum(a.size for a in unrolled.bars.values()) - gradients
    return Proof(T, sizes, adjoints, gradients, (*failed, *wrong_totals))


class Unrolled:
    """The network over T steps with a symbol for every entry."""

    def __init__(self, recursion, T, sizes):
        self.recursion, self.program = recursion, recursion.program
        self.T, self.sizes = T, sizes
        program, steps = self.program, range(1, T + 1)
        inputs = {(n, t): self.symbols(n, t) for n in program.inputs for t in steps}
        self.constraints = {}
        for name in recursion.distributions:
            for t in steps:
                column = inputs[name, t]
                self.constraints[column[-1, 0]] = 1 - sum(column[:-1, 0])
        initial = {
            (n, -k): self.symbols(n, -k)
            for n, lag in program.lags.items()
            for k in range(lag)
        }
        parameters = {n: self.symbols(n, None) for n in program.parameters}
        loss = {
            (n, t): self.symbols(f"loss_{n}", t, n)
            for n in recursion.outputs
            for t in steps
        }
        point = Point(T, sizes, parameters, inputs, initial, loss)
        self.evaluator = Evaluator(recursion, point, Symbolic())
        free = [*parameters.values(), *inputs.values(), *initial.values()]
        self.free = [v for a in (*free, *loss.values()) for v in a.flat]
        self.definitions = {}
        self.define()
        self.graph = Graph(tuple(self.free), self.definitions)
        self.reverse = self.graph.reverse(self.loss, lambda v: sp.Symbol(f"bar_{v}"))
        self.ones = {sp.Symbol("bar_L"): sp.Integer(1)}
        if name := recursion.loss:  # dL/d(ell_t) is 1: L is the sum of all ell_t
            values = self.evaluator.values
            losses = [values[name, t][0, 0] for t in steps]
            self.ones |= {sp.Symbol(f"bar_{v}"): sp.Integer(1) for v in losses}
        self.bars = self.adjoint_symbols()

    def symbols(self, name, t, like=None):
        """An array of symbols in the shape of a quantity."""
        shape = self.program.shapes[like or name]
        rows, columns = (s.number(self.sizes) for s in shape)
        found = np.empty((rows, columns), object)
        for i, j in np.ndindex(rows, columns):
            step = "" if t is None else f"[{t}]"
            found[i, j] = sp.Symbol(f"{name}{step}({i},{j})", real=True)
        return found

    def define(self):
        """A definition for every entry, step by step, and the loss at the end."""
        for name, expression in self.program.static.items():
            self.define_entries(name, None, expression)
        for t in range(1, self.T + 1):
            for name, expression in self.program.definitions.items():
                self.define_entries(name, t, expression)
        values, point = self.evaluator.values, self.evaluator.point
        if name := self.recursion.loss:
            total = sum(values[name, t][0, 0] for t in range(1, self.T + 1))
        else:
            total = sum((w * values[key]).sum() for key, w in point.loss.items())
        self.loss = sp.Symbol("L", real=True)
        self.definitions[self.loss] = total

    def define_entries(self, name, t, expression):
        right = self.evaluator.of(expression, t)
        symbols = self.symbols(name, t)
        right = np.broadcast_to(right, symbols.shape)
        for v, entry in zip(symbols.flat, right.flat, strict=True):
            self.definitions[v] = sp.sympify(entry)
        self.evaluator.values[name, t] = symbols

    def adjoint_symbols(self):
        """The symbols of all adjoints; zero where the loss does not depend."""
        known = self.reverse.definitions
        found = {}
        frozen = self.recursion.frozen
        for key, values in self.evaluator.values.items():
            if key[0] in frozen:
                continue
            bars = np.empty(values.shape, object)
            for index, v in np.ndenumerate(values):
                bar = sp.Symbol(f"bar_{v}")
                bars[index] = bar if bar in known else sp.S.Zero
            found[key] = bars
        return found

    def wrong(self):
        """The entries in which the recursion and the sum over the readers differ."""
        self.evaluator.adjoints = dict(self.bars)
        found = []
        for (name, t), bars in self.bars.items():
            derived = self.derived(name, t)
            derived = np.broadcast_to(derived, bars.shape)
            for index, bar in np.ndenumerate(bars):
                summed = self.reverse.definitions.get(bar, sp.S.Zero)
                summed = summed.xreplace(self.ones)
                if not self.equal(name, t, sp.sympify(derived[index]), summed):
                    found.append(f"{name}{'' if t is None else f'[{t}]'}{index}")
        return found

    def derived(self, name, t):
        """The right side of the derived recursion."""
        if t is not None:
            return self.evaluator.adjoint(name, t)
        gradient = self.recursion.gradient(name)
        total = self.evaluator.zero(self.program.shapes[name])
        for k in range(1, self.T + 1):
            if gradient.each_step is not None:
                total = total + self.evaluator.of(gradient.each_step, k)
        if gradient.once is not None:
            total = total + self.evaluator.of(gradient.once, None)
        return total

    def equal(self, name, t, derived, summed):
        """Equal as they stand; or with the readers' own values, and 1 = sum of y."""
        difference = derived - summed
        if sp.expand(difference) == 0:
            return True
        readers = {}
        for use in self.recursion.uses[name]:
            for step in self.steps(use, t):
                for v in self.evaluator.values[use.reader, step].flat:
                    readers[v] = self.definitions[v]
        bars = {
            b: self.reverse.definitions[b]
            for v in readers
            if (b := sp.Symbol(f"bar_{v}")) in self.reverse.definitions
        }
        for known in ({}, bars):
            a, b = (
                side.xreplace(known)
                .xreplace(readers)
                .xreplace(self.constraints)
                .xreplace(self.ones)
                for side in (derived, summed)
            )
            if equal_exactly(a, b):
                return True
        return False

    def steps(self, use, t):
        """The steps at which a use of a quantity at step t happens."""
        if use.reader in self.program.static:
            return [None]
        if t is None:
            return range(1, self.T + 1)
        return [t + use.lag] if 1 <= t + use.lag <= self.T else []

    def wrong_totals(self):
        """Parameters and initial states whose sums differ from `Graph.total`."""
        numbers, count = {}, 1
        for v, expression in self.definitions.items():
            for u in sorted(expression.free_symbols, key=str):
                count = count * 48271 % 2147483647
                numbers[v, u] = sp.Rational(Fraction(count % 97 - 48, count % 13 + 1))
        edges = Edges(tuple(self.free), self.definitions)
        object.__setattr__(edges, "numbers", numbers)
        adjoint = {self.loss: sp.Integer(1)}
        for v in reversed(self.definitions):
            for u in self.definitions[v].free_symbols:
                part = adjoint.get(v, 0) * numbers[v, u]
                adjoint[u] = adjoint.get(u, sp.S.Zero) + part
        found = []
        for (name, t), values in self.evaluator.values.items():
            if (t is not None and t > 0) or name in self.recursion.frozen:
                continue
            for v in values.flat:
                if edges.total(self.loss, v) != adjoint.get(v, 0):
                    found.append(f"total {v}")
        return found
