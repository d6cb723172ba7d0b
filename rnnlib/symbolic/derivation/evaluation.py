"""Numbers for the equations: forwards, backwards, and along a direction.

The same code runs on floats, on complex numbers, on exact fractions (arrays of dtype
object) and on the numbers of an automatic differentiator: a `Backend` says how to
apply functions. A column is an array (n, 1), so that shapes are those on the page.
"""

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np


def _logistic(xp):
    return lambda s: (1 + xp.tanh(s / 2)) / 2


def float_functions(xp=np):
    """Functions and their derivatives, for any module that looks like NumPy."""

    def real(s):
        return np.real(s) if np.iscomplexobj(s) else s

    def softplus(s):
        return xp.log(1 + xp.exp(-xp.where(real(s) > 0, s, -s))) + s * (real(s) > 0)

    return {
        "tanh": xp.tanh,
        "sigma": _logistic(xp),
        "relu": lambda s: s * (real(s) > 0),
        "relu'": lambda s: (real(s) > 0) * 1.0,
        "exp": xp.exp,
        "log": xp.log,
        "softplus": softplus,
        "phi": lambda s: xp.sin(s) + s / 2,  # stands for any function
        "phi'": lambda s: xp.cos(s) + 1 / 2,
        "psi": lambda s: xp.sin(2 * s) / 3,
        "psi'": lambda s: 2 * xp.cos(2 * s) / 3,
    }


@dataclass(frozen=True)
class Backend:
    """How numbers are computed with: a module like NumPy, and functions by name."""

    functions: dict = field(default_factory=float_functions)
    xp: Any = field(default_factory=lambda: np)

    def constant(self, value):
        """A rational number."""
        return float(value)

    def power(self, base, exponent):
        """Entries to a power that is not whole."""
        return base ** float(exponent)

    def at_least(self, a, b):
        """1 where a >= b; complex numbers are judged by their real part."""
        if np.iscomplexobj(a) or np.iscomplexobj(b):
            a, b = np.real(a), np.real(b)
        return (a >= b) * 1


@dataclass(frozen=True)
class Exact(Backend):
    """Exact fractions; the functions have to be rational."""

    def constant(self, value):
        """The number itself."""
        return value

    def power(self, base, exponent):
        """Refused: a root is not rational."""
        raise ValueError(f"exponent: expected a whole number, got {exponent}")


@dataclass
class Point:
    """Numbers for everything that is not defined: arrays (n, m) by name and step."""

    T: int
    sizes: dict
    parameters: dict
    inputs: dict  # (name, step)
    initial: dict  # (name, step <= 0), of states and of inputs
    loss: dict  # (output, step): the immediate derivative, the loss being linear

    @property
    def variables(self):
        """Everything that the loss can be differentiated by."""
        return {
            **{(name, None): a for name, a in self.parameters.items()},
            **self.inputs,
            **self.initial,
        }

    def moved(self, variables):
        """The point with other numbers for some of its variables."""
        known = self.variables | variables
        return Point(
            self.T,
            self.sizes,
            {name: known[name, None] for name in self.parameters},
            {key: known[key] for key in self.inputs},
            {key: known[key] for key in self.initial},
            self.loss,
        )


class Evaluator:
    """The numbers of a recursion at a point."""

    def __init__(self, recursion, point, backend=None):
        self.recursion, self.program = recursion, recursion.program
        self.point = point
        self.backend = backend or Backend()
        self.values: dict = {(n, None): a for n, a in point.parameters.items()}
        self.values |= {**point.inputs, **point.initial}
        self.adjoints, self.tangents = {}, {}

    # forwards

    def forward(self):
        """All values by (name, step); what has no step has None."""
        for name, expression in self.program.static.items():
            self.values[name, None] = self.of(expression, None)
        for t in range(1, self.point.T + 1):
            for name, expression in self.program.definitions.items():
                self.values[name, t] = self.of(expression, t)
        return self.values

    def loss(self):
        """The loss: the sum over t of its own definition, or of the linear outputs."""
        self.forward()
        name = self.recursion.loss
        steps = range(1, self.point.T + 1)
        if name:
            return sum(self.values[name, t].sum() for t in steps)
        return sum(
            (weights * self.values[key]).sum()
            for key, weights in self.point.loss.items()
        )

    # backwards

    def backward(self):
        """All adjoints by (name, step), and gradients by (name, None)."""
        self.forward()
        T = self.point.T
        for t in range(T, 0, -1):
            for name in reversed(self.program.definitions):
                self.adjoints[name, t] = self.adjoint(name, t)
        for name, t in (*self.point.inputs, *self.point.initial):
            self.adjoints[name, t] = self.adjoint(name, t)
        for name in (*reversed(self.program.static), *self.recursion.parameters):
            gradient = self.recursion.gradient(name)
            total = self.zero(self.program.shapes[name])
            if gradient.each_step is not None:
                for t in range(1, T + 1):
                    total = total + self.of(gradient.each_step, t)
            if gradient.once is not None:
                total = total + self.of(gradient.once, None)
            self.adjoints[name, None] = total
        return self.adjoints

    def adjoint(self, name, t):
        """The sum of what the uses of a quantity at step t send back."""
        total = self.zero(self.program.shapes[name])
        for lag, term in self.recursion.terms(name):
            if 1 <= t + lag <= self.point.T:
                total = total + self.of(term, t)
        return total

    def zero(self, shape):
        return np.zeros(self.numbers(shape), int)

    def numbers(self, shape):
        return tuple(s.number(self.point.sizes) for s in shape)

    # along a direction

    def tangent(self, direction):
        """The derivative of all values along a direction, by (name, step)."""
        self.forward()
        self.tangents = dict(direction)
        for name in self.program.static:
            self.tangents[name, None] = self._moved(name, None)
        for t in range(1, self.point.T + 1):
            for name in self.program.definitions:
                self.tangents[name, t] = self._moved(name, t)
        return self.tangents

    def loss_along(self, direction):
        """The derivative of the loss along a direction, forwards."""
        tangents = self.tangent(direction)
        if self.recursion.loss:
            steps = range(1, self.point.T + 1)
            return sum(tangents[self.recursion.loss, t].sum() for t in steps)
        return sum((w * tangents[key]).sum() for key, w in self.point.loss.items())

    def _moved(self, name, t):
        moved = self.recursion.tangent(name)
        shape = self.program.shapes[name]
        return self.zero(shape) if moved is None else self.of(moved, t)

    # expressions

    def of(self, node, t):
        """The array of an expression at step t."""
        return getattr(self, f"_{type(node).__name__.lower()}")(node, t)

    def _at(self, table, node, t):
        step = None if node.shift is None else t + node.shift
        return table[node.name, step]

    def _value(self, node, t):
        return self._at(self.values, node, t)

    def _adjoint(self, node, t):
        return self._at(self.adjoints, node, t)

    def _tangent(self, node, t):
        found = self.tangents.get(
            (node.name, None if node.shift is None else t + node.shift)
        )
        return self.zero(node.shape) if found is None else found

    def _lossgradient(self, node, t):
        return self._at(self.point.loss, node, t)

    def _number(self, node, t):
        return np.array([[self.backend.constant(node.value)]])

    def _sizeof(self, node, t):
        size = Fraction(node.size.number(self.point.sizes))
        return np.array([[self.backend.constant(size)]])

    def _identity(self, node, t):
        return np.eye(*self.numbers(node.shape), dtype=int)

    def _sum(self, node, t):
        first, *rest = (self.of(a, t) for a in node.args)
        for part in rest:
            first = first + part
        return first

    def _times(self, node, t):
        first, *rest = (self.of(a, t) for a in node.args)
        for part in rest:
            first = first * part
        return first

    def _matmul(self, node, t):
        first, *rest = (self.of(a, t) for a in node.args)
        for part in rest:
            first = self.backend.xp.dot(first, part)
        return first

    def _transpose(self, node, t):
        return self.of(node.args[0], t).T

    def _power(self, node, t):
        base, n = self.of(node.args[0], t), node.exponent
        if n.denominator == 1:
            power = base ** abs(int(n))
            return power if n > 0 else 1 / power
        return self.backend.power(base, n)

    def _apply(self, node, t):
        name = node.function + "'" * node.order
        return self.backend.functions[name](self.of(node.args[0], t))

    def _maximum(self, node, t):
        a, b = (self.of(arg, t) for arg in node.args)
        first = self._atleast(node, t)
        return first * a + (1 - first) * b

    def _atleast(self, node, t):
        a, b = (self.of(arg, t) for arg in node.args)
        return self.backend.at_least(a, b)

    def _softmax(self, node, t):
        e = self.backend.functions["exp"](self.of(node.args[0], t))
        return e / self.backend.xp.sum(e)

    def _norm(self, node, t):
        a = self.of(node.args[0], t)
        return self.backend.power(
            self._scalar(self.backend.xp.sum(a * a)), Fraction(1, 2)
        )

    def _total(self, node, t):
        return self._scalar(self.backend.xp.sum(self.of(node.args[0], t)))

    def _scalar(self, number):
        return self.backend.xp.reshape(number, (1, 1))

    def _fill(self, node, t):
        return self.of(node.args[0], t) * np.ones(self.numbers(node.shape), int)

    def _concat(self, node, t):
        return self.backend.xp.concatenate([self.of(a, t) for a in node.args], axis=0)

    def _slice(self, node, t):
        start, stop = (s.number(self.point.sizes) for s in (node.start, node.stop))
        return self.of(node.args[0], t)[start:stop]

    def _pad(self, node, t):
        inner = self.of(node.args[0], t)
        rows, columns = self.numbers(node.shape)
        above = node.start.number(self.point.sizes)
        zeros = [np.zeros((n, columns)) for n in (above, rows - above - len(inner))]
        return self.backend.xp.concatenate([zeros[0], inner, zeros[1]], axis=0)

    def _diagonal(self, node, t):
        return np.diag(self.of(node.args[0], t)[:, 0])


def random_point(recursion, T, sizes, rng, scale=0.5):
    """A point with normal numbers; distributions get a single one among zeros."""
    program = recursion.program

    def shape(name):
        return tuple(s.number(sizes) for s in program.shapes[name])

    def draw(name):
        return scale * rng.standard_normal(shape(name))

    def one_hot(name):
        found = np.zeros(shape(name))
        found[rng.integers(len(found))] = 1.0
        return found

    parameters = {name: draw(name) for name in program.parameters}
    inputs = {
        (name, t): one_hot(name)
        if name in recursion.distributions
        else draw(name) / scale
        for name in program.inputs
        for t in range(1, T + 1)
    }
    initial = {
        (name, -k): draw(name) for name, lag in program.lags.items() for k in range(lag)
    }
    loss = {
        (name, t): rng.standard_normal(shape(name))
        for name in recursion.outputs
        for t in range(1, T + 1)
    }
    return Point(T, dict(sizes), parameters, inputs, initial, loss)
