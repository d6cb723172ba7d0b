"""NumPy source of the forward and the backward pass, in the style of `rnnlib.layers`.

Only the recurrence stands in the loop over the steps. Matrices that read the same state
are stacked, so that a step has one product for all of them, and the arrays lie as in
`code_layout`; what does not depend on an
adjoint is computed for all steps before the backward loop, and the gradients of the
parameters after it, each as one product over all steps.
"""

from rnnlib.symbolic.derivation.code_backward import BackwardCode
from rnnlib.symbolic.derivation.code_forward import ForwardCode
from rnnlib.symbolic.derivation.code_gradients import GradientCode
from rnnlib.symbolic.derivation.code_helpers import helpers
from rnnlib.symbolic.derivation.code_layout import layout_of
from rnnlib.symbolic.derivation.code_plan import CodePlan
from rnnlib.symbolic.derivation.code_text import Writer
from rnnlib.symbolic.derivation.sizes import ONE


class NumPySource(CodePlan, ForwardCode, BackwardCode, GradientCode):
    """The source of one plan."""

    def __init__(self, plan, names, equations):
        self.plan, self.program = plan, plan.program
        self.recursion, self.names = plan.recursion, names
        self.equations = equations
        self.used = set()
        self.states = (*plan.states, *plan.registers)
        self.states = tuple(dict.fromkeys(self.states))
        self.in_loop = False
        self.input = self.program.inputs[0]
        self.integers = self.only_projected()
        self.packs = self.find_packs()
        self.layout = layout_of(self.program, self.recursion, self.packs, self.integers)
        self.used.add(self.layout.rows_helper)
        self.arrays = self.layout.arrays(
            self.leaf, self.size, self.used, in_loop=lambda: self.in_loop
        )
        self.pack_of = {m: p for p in self.packs for m in p.members}
        self.in_place = self.find_in_place()
        self.stored = self.find_stored()
        self.terms = self.find_terms()
        self.hoisted = {}

    def source(self):
        """The text of the module."""
        forward, backward = Writer(), Writer()
        self.write_forward(forward)
        self.write_backward(backward)
        lines = ['"""A recurrent layer, forwards and backwards, derived from', ""]
        lines += [f"    {line}" for line in self.equations]
        lines += ["", "A masked step does not happen: every state is held.", '"""', ""]
        lines += ["from typing import NamedTuple", "", "import numpy as np", "", ""]
        lines += self.classes()
        for text in helpers(self.used, self.layout.columns):
            lines += [*text.strip("\n").split("\n"), "", ""]
        lines += [*forward.lines, "", "", *backward.lines]
        return "\n".join(lines) + "\n"

    def classes(self):
        """The named tuples: parameters, state, trace and gradients."""
        lines = ["class Params(NamedTuple):", '    """The parameters."""', ""]
        for name in self.program.parameters:
            lines.append(f"    {name}: np.ndarray  # {self.shape_text(name)}")
        if not self.program.parameters:
            lines.append("    pass")
        lines += ["", ""]
        if len(self.states) > 1:
            lines += ["class State(NamedTuple):"]
            lines += ['    """What is carried on, each (B, ...)."""', ""]
            lines += [f"    {self.variable(n)}: np.ndarray" for n in self.states]
            lines += ["", ""]
        lines += ["class Trace(NamedTuple):"]
        lines += ['    """What the forward pass computed."""', ""]
        for name, comment in self.trace_fields():
            lines.append(f"    {name}: np.ndarray{comment}")
        lines.append("    mask: np.ndarray | None")
        lines += self.trace_properties()
        lines += ["", "", "class Gradients(NamedTuple):"]
        lines += ['    """Each of the form of what it belongs to."""', ""]
        lines += ["    params: Params", "    state: object"]
        lines += ["    x: object  # of the input; None for integers", "", ""]
        return lines

    def shape_text(self, name):
        shape = self.program.shapes[name]
        if shape[1] == ONE:
            size = self.size(shape[0])
            return f"({size},)"
        return f"({self.size(shape[0])}, {self.size(shape[1])})"

    def trace_fields(self):
        """Pairs (name, comment) of what the trace keeps."""
        found = [(self.variable(n), "  # (T, B, ...)") for n in self.program.inputs]
        gone = set(self.in_place)
        for name in self.program.definitions:
            if name in gone:
                continue
            steps = "T+1" if name in self.states else "T"
            found.append((self.variable(name), f"  # ({steps}, B, ...)"))
        return found

    def trace_properties(self):
        lines = []
        if self.recursion.outputs:
            (output,) = self.recursion.outputs
            lines += ["", "    @property", "    def output(self):"]
            lines += ['        """The output of every step."""']
            lines += [f"        return self.{self.variable(output)}[1:]"]
        if self.recursion.loss:
            name = self.variable(self.recursion.loss)
            lines += ["", "    @property", "    def loss(self):"]
            lines += ['        """The sum over all steps and sequences."""']
            lines += [
                "        happened = 1.0 if self.mask is None else self.mask[..., None]"
            ]
            lines += [f"        return (self.{name} * happened).sum()"]
        if self.states:
            last = [f"self.{self.variable(n)}[-1]" for n in self.states]
            lines += ["", "    @property", "    def state(self):"]
            lines += ['        """The state after the last step."""']
            value = last[0] if len(last) == 1 else f"State({', '.join(last)})"
            writer = Writer(depth=2)
            if len(last) == 1:
                writer.line(f"return {value}")
            else:
                writer.call("return State(", last)
            lines += writer.lines
        return lines

    def write_sizes(self, writer):
        """The symbols of the sizes, from the shapes of the parameters."""
        done = set()
        for name in self.program.sizes:
            if name in done:
                continue
            where = self.find_size(name)
            if where and self.uses_size(name):
                writer.line(f"{name} = {where}")
                done.add(name)

    def uses_size(self, name):
        return name in self.sizes_needed

    def find_size(self, name):
        """Where a symbol can be read off."""
        for p in self.program.parameters:
            for axis, size in enumerate(self.program.shapes[p]):
                if size.terms == ((name, 1),) and not size.constant:
                    return f"params.{p}.shape[{axis}]"
        for p in self.program.parameters:
            for axis, size in enumerate(self.program.shapes[p]):
                if [n for n, _ in size.terms] == [name] and not size.constant:
                    return f"params.{p}.shape[{axis}] // {size.terms[0][1]}"
                if (name, 1) in size.terms and not size.constant:
                    rest = [n for n, k in size.terms if n != name]
                    known = self.find_size(rest[0]) if len(rest) == 1 else None
                    simple = len(rest) == 1 and dict(size.terms)[rest[0]] == 1
                    if simple and known and known.startswith("params."):
                        return f"params.{p}.shape[{axis}] - {known}"
        for q in self.program.inputs:
            size = self.program.shapes[q][0]
            if size.terms == ((name, 1),) and not size.constant:
                return f"{self.variable(q)}.shape[-1]"
        return None
