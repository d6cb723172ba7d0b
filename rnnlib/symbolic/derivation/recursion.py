"""The recursion: who reads a quantity, and what each reader sends back.

The adjoint of q_t is the sum over the uses of q_t: in the definitions of the same step,
and in those of later steps, where the step is shifted. A parameter is read at every
step, so its gradient is a sum over t.
"""

from dataclasses import dataclass
from functools import cached_property

from rnnlib.symbolic.derivation import expressions as ex
from rnnlib.symbolic.derivation.rules import RULES, collected, send_back, tangent


@dataclass(frozen=True)
class Sent:
    """One application of a rule on the way back."""

    node: ex.Expression  # the operation
    operand: ex.Expression
    adjoint: ex.Expression  # what the operand receives

    @property
    def rule(self):
        """The rule that was applied."""
        return RULES[type(self.node)]


@dataclass(frozen=True)
class Use:
    """The definition ``reader`` reads a quantity ``lag`` steps later."""

    reader: str
    lag: int | None  # None for a parameter read at every step
    term: ex.Expression  # what it sends back, in terms of step t
    path: tuple  # of Sent, from the whole right side down to the quantity


@dataclass(frozen=True)
class Gradient:
    """dL/d(parameter): a term to be summed over t, and one that is not."""

    each_step: ex.Expression | None
    once: ex.Expression | None


class Recursion:
    """The backward recursion of a program whose parts are named.

    Parameters
    ----------
    program : Program
    loss : str or None
        The name of the loss of a step; None when the outputs are read from outside.
    outputs : tuple of str
        Without a loss: the quantities that the loss reads.
    frozen : collection of str
        Parameters that get no gradient.
    distributions : collection of str
        Inputs whose entries sum to one.
    weighted : bool
        Keep the adjoint of the loss of a step as a name rather than as 1: a weight of
        the step, as code with masks needs it.
    """

    def __init__(self, program, loss, outputs, frozen, distributions, weighted=False):
        self.program, self.loss, self.outputs = program, loss, outputs
        self.weighted = weighted
        self.known = {}  # results by (kind, name)
        self.frozen, self.distributions = frozenset(frozen), frozenset(distributions)
        self.uses = {name: [] for name in program.shapes}
        for name in reversed(program.definitions):
            self._walk(
                name, program.definitions[name], self.adjoint_of_definition(name, 0), 0
            )
        for name in reversed(program.static):
            adjoint = self.adjoint_of_definition(name, None)
            self._walk(name, program.static[name], adjoint, None)

    def adjoint_of_definition(self, name, shift):
        """The adjoint of a definition: 1 for the loss, and its name for the others.

        Where softmax divides by what the loss has divided by, the adjoint of its
        output is put in, for it to cancel.
        """
        shape = self.program.shapes[name]
        if shift is None:
            return ex.Adjoint((), shape, name, None)
        if name == self.loss and not self.weighted:
            return ex.fill(ex.ONE_NUMBER, shape)
        if isinstance(self.program.definitions[name], ex.Softmax):
            terms = [u.term for u in self.uses[name]]
            inverse = ex.power(ex.Value((), shape, name, 0), -1)
            if (
                len(terms) == 1
                and name not in self.outputs
                and self.uses[name][0].lag == 0
                and inverse in ex.nodes(terms[0])
            ):
                return terms[0]
        return ex.Adjoint((), shape, name, 0)

    def _walk(self, reader, expression, adjoint, shift):
        value = ex.Value((), expression.shape, reader, shift)
        self._send(reader, expression, adjoint, value, ())

    def _send(self, reader, node, adjoint, value, path):
        if isinstance(node, ex.Leaf):
            lag = None if node.shift is None else -node.shift
            term = self._known(ex.shifted(adjoint, lag or 0))
            self.uses[node.name].append(Use(reader, lag, term, path))
            return
        if not ex.leaves(node):
            return
        for part, sent in send_back(node, adjoint, value):
            step = Sent(node, part, self._known(sent))
            self._send(reader, part, sent, None, (*path, step))

    def _known(self, node):
        """The expression with the sum of a distribution's entries, which is 1."""
        if isinstance(node, ex.Total):
            (inner,) = node.args
            if isinstance(inner, ex.Value) and inner.name in self.distributions:
                return ex.ONE_NUMBER
        args = tuple(map(self._known, node.args))
        return node if args == node.args else node.rebuilt(args)

    # results

    def read_by(self, name):
        """The uses of a quantity, in the order of the definitions that read it."""
        order = [*self.program.static, *self.program.definitions]
        return sorted(self.uses[name], key=lambda use: order.index(use.reader))

    def terms(self, name):
        """Pairs (lag, sum of what the uses at that lag send back), lag 0 first.

        A ``LossGradient`` stands for what an outside loss sends.
        """
        if ("terms", name) not in self.known:
            self.known["terms", name] = self._terms(name)
        return self.known["terms", name]

    def _terms(self, name):
        shape = self.program.shapes[name]
        groups = {}
        if name in self.outputs:
            groups[0] = [ex.LossGradient((), shape, name, 0)]
        if name == self.loss:
            groups[0] = [ex.fill(ex.ONE_NUMBER, shape)]
        for use in self.read_by(name):
            groups.setdefault(use.lag, []).append(use.term)
        found = []
        for lag in sorted(groups):
            total = ex.add(*groups[lag])
            if total.is_scalar:
                total = ex.fill(total, shape)
            found.append((lag, collected(total)))
        return found

    def gradient(self, name):
        """The `Gradient` of a parameter, or of a definition without step."""
        if ("gradient", name) not in self.known:
            self.known["gradient", name] = self._gradient(name)
        return self.known["gradient", name]

    def _gradient(self, name):
        every, once = [], []
        for use in self.read_by(name):
            static = use.reader in self.program.static
            (once if static else every).append(use.term)
        parts = (collected(ex.add(*p)) if p else None for p in (every, once))
        return Gradient(*parts)

    @cached_property
    def parameters(self):
        """The parameters that get a gradient, in the order of the text."""
        return tuple(p for p in self.program.parameters if p not in self.frozen)

    @cached_property
    def states(self):
        """What a later step reads: outputs first, then in the order of the text."""
        states = self.program.states
        return tuple(sorted(states, key=lambda name: name not in self.outputs))

    @cached_property
    def preactivations(self):
        """The quantities that are read as the argument of a function, and only so."""
        found = set(self.program.made)
        functions = (ex.Apply, ex.Softmax)
        for name, expression in self.program.definitions.items():
            uses = self.uses[name]
            applied = isinstance(expression, functions)
            if uses and name not in self.outputs and not applied:
                last = [u.path[-1].node if u.path else None for u in uses]
                direct = all(isinstance(node, functions) for node in last)
                if direct and all(u.lag == 0 for u in uses):
                    found.add(name)
        return found

    def tangent(self, name):
        """The derivative of a definition along a direction; None when nothing moves."""

        def of_leaf(leaf):
            return ex.Tangent((), leaf.shape, leaf.name, leaf.shift)

        timed = name in self.program.definitions
        table = self.program.definitions if timed else self.program.static
        expression = table[name]
        value = ex.Value((), expression.shape, name, 0 if timed else None)
        return tangent(expression, of_leaf, value)
