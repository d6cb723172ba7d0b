"""Mistakes derived from a right formula: every node of it is changed in every way.

A transpose is dropped, factors are exchanged, a term is left out or has the wrong sign,
a factor is missing or doubled, a step is the one beside, a sum is lost, a total
derivative is replaced by the immediate one, a product by the elementwise one, a
transpose by an inverse. Deeper mistakes are found in the formula with its adjoints
written out.
"""

from dataclasses import replace
from fractions import Fraction
from typing import NamedTuple

from rnnbook.tutor.formulas.terms import (
    Step,
    Term,
    flat,
    from_machine,
    many,
    mapped,
    moved,
    negative,
    nodes,
    number,
    put,
)
from rnnlib.symbolic.derivation import expressions as ex
from rnnlib.symbolic.derivation.sizes import ONE

LONGEST = 90  # nodes of a form that is still searched for mistakes


class Slip(NamedTuple):
    """One change of the right formula."""

    kind: str
    words: str  # a sentence in plain text
    term: Term  # the wrong formula
    markdown: str = ""  # the sentence with LaTeX

    def __str__(self):
        return self.words


class Slips:
    """The mistakes of one right formula.

    Parameters
    ----------
    derivation : rnnlib.symbolic Derivation
    writers : pair of Writer
        For plain text and for LaTeX.
    """

    def __init__(self, derivation, writers):
        self.derivation, self.program = derivation, derivation.program
        self.plain, self.latex = writers

    def say(self, sentence, *terms):
        """The sentence in plain text and in Markdown: %s stands for a formula."""
        plain = sentence % tuple(map(self.plain, terms))
        rich = sentence % tuple(f"${self.latex(t)}$" for t in terms)
        return plain, rich

    def of(self, right):
        """Lists of slips: those of the formula as it stands, then of wider forms."""
        seen = {right}
        for form in self.forms(right):
            found = []
            for kind, (words, rich), changed in self.changes(form):
                wrong = flat(changed)
                if wrong not in seen:
                    seen.add(wrong)
                    found.append(Slip(kind, words, wrong, rich))
            yield found

    def forms(self, right):
        """The formula, and with its adjoints written out, once and twice."""
        once = expanded(right, self.derivation)
        wider = once, expanded(once, self.derivation)
        short = [form for form in wider if len(list(nodes(form))) <= LONGEST]
        return list(dict.fromkeys((right, *short)))

    def changes(self, form):
        """Triples of a kind, words and a wrong formula."""
        for path, node in nodes(form):
            for kind, words, new in self.at(node, path, form):
                yield kind, words, put(form, path, new)

    def at(self, node, path, form):
        """The changes of one node."""
        rule = getattr(self, "_" + node.op, None)
        if rule is not None:
            yield from rule(node, path, form)

    def _transpose(self, node, path, form):
        (inner,) = node.args
        yield "transpose", self.say("%s is not transposed", inner), inner
        if inner.op == "leaf" and inner.data.kind == "value" and not inner.data.step:
            words = self.say("the inverse of %s stands for its transpose", inner)
            yield "inverse", words, Term("inverse", (inner,))

    def _product(self, node, path, form):
        args = node.args
        for k in range(len(args) - 1):
            a, b = args[k], args[k + 1]
            swapped = [*args[:k], b, a, *args[k + 2 :]]
            words = self.say("the factors %s and %s are exchanged", a, b)
            yield "order", words, node.with_args(swapped)
            if a.op == "transpose":
                turned = [*args[:k], b, a.args[0], *args[k + 2 :]]
                words = self.say(
                    "%s and %s are exchanged and the transpose is dropped: so a row is "
                    "multiplied, not a column",
                    a,
                    b,
                )
                yield "layout", words, node.with_args(turned)
            entry = Term("times", (a, b))
            words = self.say(
                "the elementwise product of %s and %s stands for the matrix product",
                a,
                b,
            )
            new = many("product", [*args[:k], entry, *args[k + 2 :]])
            yield "hadamard", words, new
        for k, part in enumerate(args):
            rest = many("product", [*args[:k], *args[k + 1 :]])
            words = self.say("the factor %s is missing", part)
            yield "factor", words, rest
            if part.op == "diagonal":
                twice = [*args[:k], part, *args[k:]]
                words = self.say("the factor %s stands twice", part)
                yield "doubled", words, node.with_args(twice)

    def _times(self, node, path, form):
        args = node.args
        for k, part in enumerate(args):
            rest = many("times", [*args[:k], *args[k + 1 :]])
            words = self.say("the factor %s is missing", part)
            yield "factor", words, rest
            words = self.say("the factor %s stands twice", part)
            yield "doubled", words, node.with_args([*args, part])
            if part.op == "apply" and part.data[1]:
                diagonal = Term("diagonal", (part,))
                words = self.say(
                    "%s stands behind %s, where it does not multiply", diagonal, rest
                )
                yield "order", words, Term("product", (rest, diagonal))
        if len(args) == 2:
            words = self.say(
                "the matrix product of %s and %s stands for the elementwise one", *args
            )
            yield "hadamard", words, Term("product", args)

    def _sum(self, node, path, form):
        args = node.args
        for k, part in enumerate(args):
            rest = many("sum", [*args[:k], *args[k + 1 :]])
            kind, words = "term", "the term %s is missing"
            if self.later(part) and not all(map(self.later, args)):
                kind = "future"
                words = "what the later steps send back is missing: the term %s"
            elif self.immediate(part):
                kind, words = (
                    "own",
                    "the part of the loss of the same step is missing: %s",
                )
            yield kind, self.say(words, part), rest
            words = self.say("the term %s has the wrong sign", part)
            yield (
                "sign",
                words,
                node.with_args([*args[:k], negative(part), *args[k + 1 :]]),
            )

    @staticmethod
    def later(part):
        """True for a term that reads a later step."""
        return any(
            n.op == "leaf" and n.data.step and n.data.step.letter == "t"
            and n.data.step.offset > 0
            for _, n in nodes(part)
        )  # fmt: skip

    @staticmethod
    def immediate(part):
        """True for the loss of the same step."""
        return any(n.op == "leaf" and n.data.kind == "own" for _, n in nodes(part))

    def _power(self, node, path, form):
        if isinstance(node.data, Fraction) and node.data == 2:
            (base,) = node.args
            yield "power", self.say("the square of %s is missing", base), base

    def _apply(self, node, path, form):
        name, order = node.data
        if order:
            plain = replace(node, data=(name, 0))
            words = self.say("%s stands for the derivative %s", plain, node)
            yield "derivative", words, plain
            words = self.say("%s is divided by, not multiplied with", node)
            yield "reciprocal", words, Term("divide", (number(1), node))
        elif name in ("tanh", "sigma", "phi") and not self.squared(form, path):
            (inner,) = node.args
            words = self.say("%s is missing around %s", node, inner)
            yield "function", words, inner

    @staticmethod
    def squared(form, path):
        for k in path[:-1]:
            form = form.args[k]
        return form.op == "power"

    def _leaf(self, node, path, form):
        q = node.data
        if q.step is not None and q.kind in ("value", "adjoint"):
            bound = q.step.letter
            if bound:
                for by in (-1, 1):
                    step = Step(bound, q.step.offset + by)
                    new = replace(node, data=replace(q, step=step))
                    words = self.say("%s stands for %s: the step beside", new, node)
                    yield "step", words, new
        if q.kind == "adjoint" and q.step is not None:
            yield from self.other_adjoints(node)
        if q.kind == "value":
            yield from self.other_values(node)

    def other_adjoints(self, node):
        q = node.data
        has_loss = self.program.definitions.get(self.derivation.recursion.loss)
        if q.name in self.program.states and (
            has_loss or q.name in (self.derivation.recursion.outputs)
        ):
            own = replace(q, kind="own", other_step=q.step)
            new = replace(node, data=own)
            words = self.say("the immediate %s stands for the total %s", new, node)
            yield "immediate", words, new
        for name in self.program.definitions:
            same = self.program.shapes[name] == self.program.shapes[q.name]
            if same and name != q.name and self.plain_adjoint(name):
                new = replace(node, data=replace(q, name=name))
                words = self.say("%s stands for %s", new, node)
                yield "quantity", words, new

    def plain_adjoint(self, name):
        """True for an adjoint that the recursion names."""
        recursion = self.derivation.recursion
        softmax = isinstance(self.program.definitions[name], ex.Softmax)
        return bool(recursion.terms(name)) and name != recursion.loss and not softmax

    def other_values(self, node):
        q = node.data
        matrix = self.program.shapes[q.name][1] != ONE
        for name, shape in self.program.shapes.items():
            timed = name in self.program.definitions or name in self.program.inputs
            if name == q.name or timed != (q.step is not None):
                continue
            if shape == self.program.shapes[q.name]:
                new = replace(node, data=replace(q, name=name))
                words = self.say("%s stands for %s", new, node)
                yield "quantity", words, new
        if matrix:
            turned = Term("transpose", (node,))
            yield "transpose", self.say("%s is transposed", node), turned

    def _over(self, node, path, form):
        kind, index, first, last = node.data
        (body,) = node.args
        if kind == "sum":
            if not path:
                words = self.say(f"the sum over {index} is missing")
                yield "lost sum", words, moved(body, index, Step("t"))
            later = replace(
                node, data=(kind, index, Step(first.letter, first.offset + 1), last)
            )
            yield "bounds", self.say("the first step of the sum is missing"), later
            early = replace(
                node, data=(kind, index, first, Step(last.letter, last.offset - 1))
            )
            yield "bounds", self.say("the last step of the sum is missing"), early
        else:
            for name, data in (
                ("one factor too many in the product: the first", (-1, 0)),
                ("the first factor of the product is missing", (1, 0)),
                ("the last factor of the product is missing", (0, -1)),
            ):
                a = Step(first.letter, first.offset + data[0])
                b = Step(last.letter, last.offset + data[1])
                new = replace(node, data=(kind, index, a, b))
                yield "bounds", self.say(name), new

    def _diagonal(self, node, path, form):
        (inner,) = node.args
        yield "diagonal", self.say("%s is not put on a diagonal", inner), inner


def expanded(term, derivation):
    """The formula with every adjoint of a defined quantity written out once."""

    def change(node):
        q = node.data
        if q.kind != "adjoint" or q.step is None:
            return node
        if not q.step.letter and q.step.offset < 1:
            return node
        terms = [t for _, t in derivation.recursion.terms(q.name)]
        if not terms or q.name in derivation.recursion.outputs and len(terms) == 1:
            return node
        try:
            written = from_machine(derivation.adjoint(q.name).right)
        except ValueError:
            return node
        return moved(written, "t", q.step)

    return flat(mapped(term, change))


def step_sum(term):
    """The sum of a term over all steps."""
    return Term("over", (term,), ("sum", "t", Step("", 1), Step("T")))
