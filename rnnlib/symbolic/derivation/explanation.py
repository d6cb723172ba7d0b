"""The derivation in words: who reads a quantity, which rule applies, what comes back.

Each line names one use and the rules that were applied on the way from the definition
down to the quantity. Together the lines are the certificate of the result: nothing
else was done.
"""

from dataclasses import dataclass
from typing import Any

from rnnlib.symbolic.derivation import expressions as ex


@dataclass(frozen=True)
class Text:
    """Sentences, plain and with LaTeX between dollar signs."""

    plain: str
    markdown: str

    def __str__(self):
        return self.plain

    __repr__ = __str__

    def _repr_markdown_(self):
        return self.markdown


def uses(derivation, name):
    """A line for each place where a quantity is read."""
    return _text(derivation, lambda write: list(_use_lines(write, name)))


def explain_result(derivation, name):
    """The uses of a quantity, and the result that follows."""
    return _text(derivation, lambda write: [_paragraph(write, name)], "\n\n")


def explain_all(derivation):
    """A paragraph for each adjoint, in the order of computation, and each gradient."""
    program, recursion = derivation.program, derivation.recursion
    names = [n for n in reversed(program.definitions) if n != recursion.loss]
    names += [*reversed(program.static), *recursion.parameters]
    return _text(
        derivation, lambda write: [_paragraph(write, n) for n in names], "\n\n"
    )


def _text(derivation, lines, joint="\n"):
    plain, latex = derivation.printer(), derivation.printer(latex=True)
    return Text(
        joint.join(lines(_Writer(derivation, plain, ""))),
        joint.replace("\n", "\n\n", 1).join(lines(_Writer(derivation, latex, "$"))),
    )


@dataclass(frozen=True)
class _Writer:
    derivation: Any
    printer: Any
    mark: str

    def math(self, text):
        """A formula in a sentence."""
        return f"{self.mark}{text}{self.mark}"

    def expression(self, node):
        return self.math(self.printer(node))

    def definition(self, name, shift):
        """A definition at step t + shift, as an equation."""
        program = self.derivation.program
        static = name in program.static
        table = program.static if static else program.definitions
        left = self.printer.quantity(name, None if static else shift)
        right = self.printer(ex.shifted(table[name], shift))
        return self.math(f"{left} = {right}")


def _quantity(write, name):
    program = write.derivation.program
    timed = name in program.definitions or name in program.inputs
    return write.math(write.printer.quantity(name, 0 if timed else None))


LATER = {0: "in the same step", 1: "one step later"}


def _use_lines(write, name):
    recursion = write.derivation.recursion
    shown = _quantity(write, name)
    if name in recursion.outputs:
        read = ex.LossGradient((), recursion.program.shapes[name], name, 0)
        yield (
            f"The loss of step {write.math('t')} reads {shown}, and sends back "
            f"{write.expression(read)}."
        )
    for use in sorted(recursion.read_by(name), key=lambda use: use.lag or 0):
        lag = use.lag or 0
        when = LATER.get(lag, f"{lag} steps later")
        if use.lag is None:
            static = use.reader in recursion.program.static
            when = "once" if static else "at every step"
        yield (
            f"{shown} is read in {write.definition(use.reader, lag)}, {when}. "
            f"{_rules(write, use, lag)}"
        )


def _rules(write, use, lag):
    """The rules of one use, from the definition down to the quantity."""
    parts, last = [], None
    for sent in use.path:
        shown = write.expression(ex.shifted(sent.adjoint, lag))
        if isinstance(sent.node, ex.Sum) and shown == last:
            continue
        parts.append(f"the rule for {sent.rule.name} sends back {shown}")
        last = shown
    if len(parts) > 1 and "rule for a sum sends" in parts[0]:
        parts = parts[1:]
    if not parts:
        parts = [f"it sends back {write.expression(use.term)}"]
    text = _put_in(write, use, lag) + "; ".join(parts)
    return text[0].upper() + text[1:] + "."


def _put_in(write, use, lag):
    """Says so when the adjoint of the reader stands there as an expression."""
    recursion = write.derivation.recursion
    timed = use.reader in recursion.program.definitions
    adjoint = recursion.adjoint_of_definition(use.reader, 0 if timed else None)
    if isinstance(adjoint, ex.Adjoint) or use.reader == recursion.loss:
        return ""
    name = write.math(write.printer.adjoint(use.reader, lag))
    return f"with {write.expression(ex.shifted(adjoint, lag))} put in for {name}, "


def _paragraph(write, name):
    lines = list(_use_lines(write, name))
    which = "latex" if write.mark else "text"
    result = write.math(getattr(write.derivation.adjoint(name), which))
    if not lines:
        return f"{_quantity(write, name)} is not read: {result}."
    lead = "Hence" if len(lines) == 1 else "The sum over the uses is"
    return " ".join([*lines, f"{lead} {result}."])
