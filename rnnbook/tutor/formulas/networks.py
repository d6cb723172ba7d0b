"""A derived network in fractions: all its quantities at one random rational point.

Nothing is rounded. The values of phi, tanh, softmax and the like are drawn at random,
one for each argument, so that no formula holds by what a function happens to be,
beyond the rule for its derivative. In a *free* network every column is a square matrix
of random numbers too: a formula has a value there even when its shapes do not fit.
"""

from dataclasses import replace
from fractions import Fraction
from functools import cache, cached_property
from random import Random

import numpy as np

from rnnlib.symbolic import derive
from rnnlib.symbolic.derivation import expressions as ex
from rnnlib.symbolic.derivation.evaluation import Evaluator, Exact, Point
from rnnlib.symbolic.derivation.recursion import Recursion
from rnnlib.symbolic.derivation.sizes import ONE

ODD = ("tanh", "phi")
BOOK_TEXT = """
s_t = W_xh x_t + W_hh h_{t-1} + b_h
h_t = phi(s_t)
z_t = W_hy h_t + b_y
p_t = softmax(z_t)
ell_t = cross_entropy(y_t, p_t)
"""


@cache
def book_network():
    """The network of the book, derived."""
    sizes = {"x": "d_x", "h": "d_h", "y": "K"}
    return derive(BOOK_TEXT, sizes, distributions="y")


class Functions(dict):
    """Functions whose values are drawn at random, the same for the same argument."""

    def __init__(self, seed, slope):
        super().__init__()
        self.seed, self.slope, self.drawn = seed, slope, {}

    def __missing__(self, name):
        plain, order = name.rstrip("'"), name.count("'")
        self[name] = lambda array: _entrywise(self.rule(plain, order), array)
        return self[name]

    def rule(self, name, order):
        """The function, or its derivative, of one number."""
        if order > 1:
            return lambda v: self.draw(name + "'" * order, v)
        if name == "relu":
            return (lambda v: max(v, 0)) if not order else lambda v: Fraction(v > 0)
        if name == "identity":
            return (lambda v: v) if not order else lambda v: Fraction(1)
        if not order:
            return lambda v: self.draw(name, v)
        if name == "tanh":
            return lambda v: 1 - self.draw("tanh", v) ** 2
        if name == "sigma":
            return lambda v: self.draw("sigma", v) * (1 - self.draw("sigma", v))
        if name == "phi":
            return lambda v: self.slope(self.draw("phi", v))
        if name == "exp":
            return lambda v: self.draw("exp", v)
        if name == "log":
            return lambda v: 1 / Fraction(v)
        if name == "softplus":
            return lambda v: self.draw("sigma", v)
        return lambda v: self.draw(f"{name}'", v)

    def draw(self, name, argument):
        """A random value; odd functions are odd, and sigma(-a) = 1 - sigma(a)."""
        argument = Fraction(argument)
        key = name, argument
        if key not in self.drawn:
            mirrored = self.drawn.get((name, -argument))
            if name == "tanh" and argument == 0:
                value = Fraction(0)
            elif mirrored is not None and name == "tanh":
                value = -mirrored
            elif mirrored is not None and name == "sigma":
                value = 1 - mirrored
            else:
                random = Random(f"{self.seed}{name}{argument}")
                value = _small(random, name)
            self.drawn[key] = value
        return self.drawn[key]


def _small(random, name=""):
    """A small fraction, not zero; values of functions between 0 and 1."""
    if name:
        under = random.choice((5, 7, 8, 9, 11))
        return Fraction(random.randint(1, under - 1), under)
    return Fraction(random.choice((-1, 1)) * random.randint(1, 9), random.randint(1, 3))


def _whole(random):
    """A small whole number, not zero."""
    return Fraction(random.choice((-1, 1)) * random.randint(1, 3))


def _entrywise(function, array):
    flat = [function(v) for v in np.asarray(array).ravel()]
    found = np.empty(len(flat), dtype=object)
    found[:] = flat
    return found.reshape(np.shape(array))


class _Rational(Evaluator):
    """The evaluator of the machine, with a drawn softmax."""

    def _softmax(self, node, t):
        return drawn_softmax(self.backend.functions, self.of(node.args[0], t))

    def _lossgradient(self, node, t):
        key = node.name, t + node.shift
        return self.point.loss.get(key, self.zero(node.shape))


def drawn_softmax(functions, array):
    """Random numbers with the sum one in every column."""
    found = np.empty(array.shape, dtype=object)
    for j in range(array.shape[1]):
        column = tuple(map(Fraction, array[:, j]))
        random = Random(f"{functions.seed}softmax{column}")
        draws = [random.randint(1, 9) for _ in column]
        found[:, j] = [Fraction(d, sum(draws)) for d in draws]
    return found


class Network:
    """All quantities of a derivation at a point, as arrays of fractions.

    Parameters
    ----------
    derivation : rnnlib.symbolic Derivation
    T : int
    sizes : dict
        A number for every symbol of a size.
    seed : int
    free : bool
        Columns are square matrices; all sizes have to be equal.
    slope : callable
        phi'(s) from phi(s).
    """

    def __init__(self, derivation, T, sizes, *, seed, free=False, slope=None):
        self.derivation, self.recursion = derivation, derivation.recursion
        self.program = derivation.program
        self.T, self.sizes, self.free, self.seed = T, sizes, free, seed
        self.functions = Functions(seed, slope or (lambda h: 1 - h**2))
        self.evaluator = _Rational(self.recursion, self._point(), Exact(self.functions))
        self.evaluator.backward()
        self.kept = {}

    def shape(self, name):
        """The numbers of rows and columns of a quantity, as a reader counts them."""
        return tuple(s.number(self.sizes) for s in self.program.shapes[name])

    @property
    def simple(self):
        """True at the small points of counterexamples: whole numbers."""
        return len(set(self.sizes.values())) < 2 and not self.free

    def drawn(self, name, step=None):
        """A random array for a quantity."""
        rows, columns = self.shape(name)
        if self.free:
            rows = columns = max(rows, columns)
        found = np.empty((rows, columns), dtype=object)
        random = Random(f"{self.seed}{name}{step}")
        for i in range(rows):
            for j in range(columns):
                found[i, j] = _whole(random) if self.simple else _small(random)
        if name in self.recursion.distributions and not self.free:
            found[-1, 0] = 1 - sum(found[:-1, 0])
        return found

    def _point(self):
        program, steps = self.program, range(1, self.T + 1)
        return Point(
            self.T,
            self.sizes,
            {name: self.drawn(name) for name in program.parameters},
            {(n, t): self.drawn(n, t) for n in program.inputs for t in steps},
            {
                (n, -k): self.drawn(n, -k)
                for n, lag in program.lags.items()
                for k in range(lag)
            },
            {
                (n, t): self.drawn(n, f"loss{t}")
                for n in self.recursion.outputs
                for t in steps
            },
        )

    # quantities

    def value(self, name, step=None):
        """A quantity of the forward pass. Beyond its ends the network goes on.

        Inputs are drawn there; a target is the prediction, for there is no loss.
        """
        values = self.evaluator.values
        if (name, step) not in values:
            values[name, step] = self._beyond(name, step)
        return values[name, step]

    def _beyond(self, name, step):
        program = self.program
        if name == "y" and "p" in program.shapes:
            return self.value("p", step)
        if step is None or name in program.inputs:
            return self.drawn(name, step)
        read = ex.leaves(program.definitions[name])
        if step <= 0:
            if name in program.states:
                return self.drawn(name, step)
            if any(leaf.shift for leaf in read):
                return self._before_the_first(name, step)
        self._prepare(program.definitions[name], step)
        return self.evaluator.of(program.definitions[name], step)

    def _before_the_first(self, name, step):
        """A random array; where h = phi(s), the s_0 of which h_0 is phi."""
        found = self.drawn(name, step)
        h = self.program.definitions.get("h")
        read = ex.Value((), self.program.shapes[name], name, 0)
        if isinstance(h, ex.Apply) and h.args == (read,):
            for i in range(found.size):  # no two entries are equal
                found.flat[i] += Fraction(i, 101)
            states = self.value("h", step).ravel()
            for s, value in zip(found.ravel(), states, strict=True):
                self.functions.drawn[h.function, s] = value
        return found

    def adjoint(self, name, step=None):
        """The total derivative of the loss; zero beyond the last step."""
        adjoints = self.evaluator.adjoints
        if (name, step) not in adjoints:
            adjoints[name, step] = self._adjoint_beyond(name, step)
        return self.zero(name) + adjoints[name, step]

    def _adjoint_beyond(self, name, step):
        if step is None or step > self.T:
            return self.zero(name)
        total = self.zero(name)
        for _, term in self.recursion.terms(name):
            self._prepare(term, step)
            total = total + self.evaluator.of(term, step)
        return total

    def _prepare(self, expression, step):
        """Compute what an expression reads at a step, beyond the ends too."""
        for leaf in ex.leaves(expression) if expression is not None else ():
            at = None if leaf.shift is None else step + leaf.shift
            if isinstance(leaf, ex.Adjoint):
                self.adjoint(leaf.name, at)
            elif isinstance(leaf, ex.Value):
                self.value(leaf.name, at)

    def zero(self, name):
        """Zeros of the shape of a quantity."""
        if ("zero", name) not in self.kept:
            self.kept["zero", name] = self.drawn(name) * 0
        return self.kept["zero", name]

    def own(self, name, step, loss_step):
        """The derivative of the loss of one step by a quantity at or before it."""
        key = name, step, loss_step
        if key not in self.kept:
            self.kept[key] = self._own(name, step, loss_step)
        return self.kept[key]

    def _own(self, name, step, loss_step):
        """The adjoint in a run whose loss is that of one step alone."""
        if not 1 <= loss_step <= self.T or step > loss_step:
            return self.zero(name)
        return self.zero(name) + self._alone(loss_step).get((name, step), 0)

    def _alone(self, step):
        """All adjoints of the loss of one step."""
        key = "alone", step
        if key not in self.kept:
            point = self.evaluator.point
            others = {k: a if k[1] == step else a * 0 for k, a in point.loss.items()}
            one = _Alone(
                weighted(self.derivation),
                replace(point, loss=others),
                Exact(self.functions),
            )
            one.step, one.values = step, self.evaluator.values
            self.kept[key] = one.backward()
        return self.kept[key]

    def jacobian(self, name, step, other, other_step):
        """The matrix of derivatives of one quantity by another, of columns."""
        key = "jacobian", name, step, other, other_step
        if key not in self.kept:
            self.kept[key] = self._jacobian(name, step, other, other_step)
        return self.kept[key]

    def _jacobian(self, name, step, other, other_step):
        rows, columns = self.shape(name)[0], self.shape(other)[0]
        if self.free:
            random = Random(f"{self.seed}{name}{step}{other}{other_step}")
            found = np.empty((rows, rows), dtype=object)
            found[:] = [[_small(random) for _ in range(rows)] for _ in range(rows)]
            return found
        found = np.zeros((rows, columns), dtype=object)
        if (name, step) == (other, other_step):
            return np.eye(rows, dtype=int).astype(object)
        for j in range(columns):
            unit = np.zeros((columns, 1), dtype=object)
            unit[j] = Fraction(1)
            found[:, [j]] = self._pushed(other, other_step, unit, name, step)
        return found

    def _pushed(self, other, other_step, change, name, step):
        """How a quantity moves when one of an earlier step is changed alone."""
        tangents = {(other, other_step): change}
        self.evaluator.tangents = tangents
        for t in range(other_step, step + 1):
            for defined in self.program.definitions:
                if (defined, t) != (other, other_step) and defined != self.loss:
                    self._prepare(self.recursion.tangent(defined), t)
                    tangents[defined, t] = self.evaluator._moved(defined, t)
        return self.zero(name) + tangents.get((name, step), 0)

    @property
    def loss(self):
        """The name of the loss of a step, or None."""
        return self.recursion.loss

    @cached_property
    def names_of_sizes(self):
        """What the number of rows or columns is called."""
        return {v: k for k, v in self.sizes.items()} | {1: "1"}


class _Alone(_Rational):
    """The backward pass of the loss of one step."""

    step: int

    def forward(self):
        return self.values  # those of the whole loss

    def adjoint(self, name, t):
        if name == self.recursion.loss:
            return np.array([[Fraction(t == self.step)]], dtype=object)
        return super().adjoint(name, t)


@cache
def weighted(derivation):
    """The recursion in which the adjoint of the loss of a step is a name."""
    r = derivation.recursion
    return Recursion(
        r.program, r.loss, r.outputs, r.frozen, r.distributions, weighted=True
    )


def columns_of(program):
    """The names of quantities that are columns."""
    return frozenset(n for n, (_, c) in program.shapes.items() if c == ONE) - {
        n for n, s in program.shapes.items() if s == (ONE, ONE)
    }
