"""NumPy source of the forward and the backward pass, in the style of `rnnlib.layers`.

Only the recurrence stands in the loop over the steps. Matrices that read the same state
are stacked, so that a step has one product for all of them; what does not depend on an
adjoint is computed for all steps before the backward loop, and the gradients of the
parameters after it, each as one product over all steps.
"""

import keyword
import re
from dataclasses import dataclass, field

from rnnlib.symbolic.derivation import expressions as ex
from rnnlib.symbolic.derivation.arrays import (
    ATOM,
    POWER,
    TIMES,
    Arrays,
    is_matrix,
    is_static,
)
from rnnlib.symbolic.derivation.rules import collected
from rnnlib.symbolic.derivation.sizes import ONE

WIDTH = 88
RESERVED = set(
    "B T Gradients Params State Trace backward d_output d_state dtype forward hold "
    "mask np output padded params project real release rows sigma softmax softplus "
    "state t times_input trace weight".split()
)
HELPERS = {
    "sigma": '''
def sigma(s, out=None):
    """1 / (1 + exp(-s)), from tanh, which does not overflow."""
    out = np.multiply(s, 0.5, out=out)
    out = np.tanh(out, out=out)
    out += 1
    out *= 0.5
    return out
''',
    "softplus": '''
def softplus(s):
    """log(1 + exp(s)), from exp of a number that is never positive."""
    positive = s.real >= 0
    return np.log(1 + np.exp(np.where(positive, -s, s))) + s * positive
''',
    "softmax": '''
def softmax(z):
    """exp(z) over the sum of its entries; the largest is taken out first."""
    e = np.exp(z - z.real.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)
''',
    "padded": '''
def padded(a, start, size):
    """Zeros before and after the last axis, so that ``a`` begins at ``start``."""
    widths = [(0, 0)] * (a.ndim - 1) + [(start, size - start - a.shape[-1])]
    return np.pad(a, widths)
''',
    "rows": '''
def rows(a):
    """Steps and sequences in one axis: (T, B, d) to (T B, d)."""
    return a.reshape(-1, a.shape[-1])
''',
    "project": '''
def project(W, x):
    """W x_t for every step and sequence; an integer x stands for a unit vector."""
    return W.T[x] if x.ndim == 2 else x @ W.T
''',
    "times_input": '''
def times_input(delta, x, size):
    """The sum of delta_t x_t^T over steps and sequences."""
    if x.ndim == 3:
        return rows(delta).T @ rows(x)
    index = x.ravel()
    order = np.argsort(index, kind="stable")
    values, starts = np.unique(index[order], return_index=True)
    gradient = np.zeros((size, delta.shape[-1]), delta.dtype)
    gradient[values] = np.add.reduceat(rows(delta)[order], starts)
    return gradient.T
''',
    "hold": '''
def hold(a, mask):
    """Where a step does not happen, keep what was there before; a is (T+1, B, ...)."""
    for t in range(1, len(a)):
        a[t][~mask[t - 1]] = a[t - 1][~mask[t - 1]]
''',
    "release": '''
def release(d, mask):
    """Send the adjoint of a step that does not happen to the step before."""
    for t in range(len(d) - 1, 0, -1):
        d[t - 1][~mask[t - 1]] += d[t][~mask[t - 1]]
        d[t][~mask[t - 1]] = 0
''',
}
IN_PLACE = {"tanh": "np.tanh({a}, out={a})", "sigma": "sigma({a}, out={a})"}
IN_PLACE["exp"] = "np.exp({a}, out={a})"


@dataclass(frozen=True)
class Pack:
    """Pre-activations side by side: their matrices read one state in one product."""

    name: str
    members: tuple
    state: str
    matrices: tuple  # of the state
    inputs: tuple  # the matrices of the input, when all members have one
    input: object  # what these read


@dataclass
class Writer:
    """Lines of code with their indentation."""

    lines: list = field(default_factory=list)
    depth: int = 0

    def line(self, text=""):
        """One line."""
        self.lines.append("    " * self.depth + text if text else "")

    def set(self, target, value, sign="="):
        """An assignment, broken as the formatter would."""
        room = WIDTH - 4 * self.depth
        text = f"{target} {sign} {value}"
        if len(text) <= room:
            self.line(text)
            return
        if value.startswith("(") and _closes(value):
            value = value[1:-1]
        parts = _split_terms(value)
        first = parts[0]
        several = len(parts) > 1 and parts[1][0] in "+-" and " " in first
        rest = " ".join(parts[1:])
        again = target in rest if "[" in target else _word(target, rest)
        if value[-1] in ")]" and several and not again:
            self.set(target, first, sign)
            for part in parts[1:]:
                self.set(target, part[2:], f"{part[0]}=")
            return
        if len(parts) > 1 and " " not in parts[-1].split("[")[0][2:]:
            last = parts[-1]  # a subscript at the end would be broken
            plain = target.isidentifier() and not _word(target, rest)
            if plain and sign == "=" and last[0] == "*" and last[-1] == "]":
                self.set(target, " ".join(parts[:-1]))
                self.set(target, f"{target} * {last[2:]}")
                return
        self.line(f"{target} {sign} (")
        self.depth += 1
        parts = [value] if len(value) <= room - 4 else _split_terms(value)
        for part in parts:
            self.line(part)
        self.depth -= 1
        self.line(")")

    def call(self, head, args, tail=")"):
        """A call, or another bracket, whose arguments may need lines of their own."""
        room = WIDTH - 4 * self.depth
        inside = ", ".join(args)
        if len(head + inside + tail) <= room:
            self.line(head + inside + tail)
            return
        self.line(head)
        self.depth += 1
        if len(inside) <= room - 4 and head.startswith("def "):
            self.line(inside)
        else:
            for arg in args:
                self.line(f"{arg},")
        self.depth -= 1
        self.line(tail.lstrip(","))


def _closes(text):
    """True when the first bracket closes at the very end."""
    depth = 0
    for k, letter in enumerate(text):
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if not depth:
            return k == len(text) - 1
    return False


def _split_terms(text, signs=(" + ", " - ")):
    """The terms of a sum, each on its own line."""
    found, depth, start = [], 0, 0
    k = 0
    while k < len(text):
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(text[k], 0)
        if not depth and text[k : k + 3] in signs:
            found.append(text[start:k])
            start = k + 1
            k += 2
        k += 1
    found.append(text[start:])
    if len(found) == 1 and " * " in signs[0]:
        return found
    return found if len(found) > 1 else _split_terms(text, (" * ", " / ", " @ "))


class NumPySource:
    """The source of one plan."""

    def __init__(self, plan, names, equations):
        self.plan, self.program = plan, plan.program
        self.recursion, self.names = plan.recursion, names
        self.equations = equations
        self.used = {"rows"}
        self.states = (*plan.states, *plan.registers)
        self.states = tuple(dict.fromkeys(self.states))
        self.in_loop = False
        self.arrays = Arrays(self.leaf, self.size, self.used)
        self.input = self.program.inputs[0] if self.program.inputs else None
        self.integers = self.only_projected()
        self.packs = self.find_packs()
        self.pack_of = {m: p for p in self.packs for m in p.members}
        self.in_place = self.find_in_place()
        self.stored = self.find_stored()
        self.terms = self.find_terms()
        self.hoisted = {}

    # names

    def variable(self, name):
        """The Python name of a quantity."""
        name = "".join(c if c.isalnum() or c == "_" else "_" for c in name)
        bad = name in RESERVED or keyword.iskeyword(name) or name.startswith("d_")
        return f"{name}_" if bad or name.startswith("slope") else name

    def adjoint(self, name):
        """The Python name of an adjoint."""
        if name in self.program.static or name in self.program.parameters:
            return f"d_{name}"
        if name == self.recursion.loss:
            return "weight"
        return self.variable(self.names.adjoint(name))

    def rows_between(self, low, high):
        """The slice from one row to another, spaced as the formatter does."""
        simple = all(bound.isidentifier() or bound.isdigit() for bound in (low, high))
        if not low:
            return f":{high}" if simple or high.isidentifier() else f": {high}"
        return f"{low}:{high}" if simple else f"{low} : {high}"

    def size(self, size):
        """A size in terms of the shapes of the parameters."""
        parts = [n if k == 1 else f"{k} * {n}" for n, k in size.terms]
        if size.constant or not parts:
            parts.append(str(size.constant))
        return " + ".join(parts)

    # analysis

    def only_projected(self):
        """True when the first input is read as W x_t, and nothing else."""
        if self.input is None:
            return False

        def fine(node):
            if isinstance(node, ex.Leaf):
                return node.name != self.input
            if isinstance(node, ex.MatMul) and len(node.args) == 2:
                matrix, column = node.args
                plain = isinstance(column, ex.Value) and column.name == self.input
                if plain and isinstance(matrix, ex.Value) and matrix.shift is None:
                    return column.shift == 0
            return all(map(fine, node.args))

        return all(map(fine, self.program.definitions.values()))

    def early(self, node):
        """True for what is known before the loop."""
        loop = {*self.plan.loop, *self.plan.after}
        return not any(
            isinstance(leaf, ex.Value) and leaf.name in loop for leaf in ex.leaves(node)
        )

    def parts(self, name):
        """The terms of a definition in the loop: those known early, and the others."""
        expression = self.program.definitions[name]
        terms = expression.args if isinstance(expression, ex.Sum) else (expression,)
        early = [a for a in terms if self.early(a)]
        if not any(ex.MatMul in map(type, ex.nodes(a)) for a in early):
            return [], list(terms)
        return early, [a for a in terms if not self.early(a)]

    def find_packs(self):
        """Groups of pre-activations with one product W h_{t-1} each."""
        groups = {}
        for name in self.plan.loop:
            early, late = self.parts(name)
            shape = self.program.shapes[name]
            if name in self.states or shape[1] != ONE or shape[0] == ONE:
                continue
            if not early and isinstance(self.program.definitions[name], ex.Sum):
                terms = self.program.definitions[name].args
                early = [a for a in terms if self.early(a)]
                late = [a for a in terms if not self.early(a)]
            if len(late) != 1 or not early:
                continue
            if found := _matrix_and_column(late[0]):
                matrix, column = found
                if column.shift == -1 and column.name in self.states:
                    groups.setdefault(column.name, []).append((name, matrix, early))
        packs = []
        for state, members in groups.items():
            members.sort(key=lambda m: self.reader_function(m[0]))
            inputs = [_input_term(early) for _, _, early in members]
            same = all(inputs) and len({column for _, column in inputs}) == 1
            packs.append(
                Pack(
                    f"s_from_{state}" if len(members) > 1 else members[0][0],
                    tuple(name for name, _, _ in members),
                    state,
                    tuple(matrix for _, matrix, _ in members),
                    tuple(m for m, _ in inputs) if same else (),
                    inputs[0][1] if same else None,
                )
            )
        return packs

    def reader_function(self, name):
        """What reads a pre-activation, for the order inside a pack."""
        uses = self.recursion.uses[name]
        for reader in self.program.definitions:
            e = self.program.definitions[reader]
            if isinstance(e, ex.Apply) and uses and e.args[0].name == name:
                return (
                    ("sigma", "tanh", "exp").index(e.function)
                    if (e.function in IN_PLACE)
                    else 3
                )
        return 4

    def find_in_place(self):
        """From a packed pre-activation to the only quantity that reads it."""
        found = {}
        for name in self.pack_of:
            readers = {u.reader for u in self.recursion.uses[name]}
            if len(readers) != 1:
                continue
            (reader,) = readers
            e = self.program.definitions[reader]
            simple = isinstance(e, ex.Apply) and e.function in IN_PLACE
            if simple and reader in self.plan.loop and reader not in self.states:
                if len(self.pack_of[name].members) > 1:
                    found[name] = reader
        return found

    def find_terms(self):
        """Adjoints by name: {lag: expression}, adjoints with one use put in."""
        terms = {}
        for name in (*self.program.definitions, *self.program.inputs):
            terms[name] = dict(self.recursion.terms(name))
        for table in terms.values():
            for lag, term in table.items():
                table[lag] = ex.shifted(term, -lag)
        gradients = [
            part
            for name in (*self.program.parameters, *self.program.static)
            for part in [self.recursion.gradient(name).each_step]
            if part is not None
        ]
        for name in self.plan.loop:
            keep = name in self.states or name in self.pack_of
            if keep or set(terms[name]) != {0}:
                continue
            expression = terms[name][0]
            uses = [t for table in terms.values() for t in table.values()]
            leaf = ex.Adjoint((), self.program.shapes[name], name, 0)
            count = sum(ex.leaves(t).count(leaf) for t in [*uses, *gradients])
            plain = isinstance(expression, (ex.Times, ex.Adjoint))
            if count != 1 or not plain:
                continue
            if any(leaf in ex.leaves(g) for g in gradients):
                continue

            def put(found, leaf=leaf, expression=expression):
                return expression if found == leaf else found

            for table in terms.values():
                for lag, term in table.items():
                    table[lag] = ex.mapped(term, put)
            terms[name] = {}
        return terms

    def find_stored(self):
        """The adjoints in the loop that are needed for all steps after it."""
        found = set(self.pack_of)
        later = [*self.plan.before, *self.program.inputs]
        for name in (*self.program.parameters, *self.program.static):
            part = self.recursion.gradient(name).each_step
            if part is not None:
                found |= {a.name for a in ex.leaves(part) if isinstance(a, ex.Adjoint)}
        for name in later:
            for _, term in self.recursion.terms(name):
                found |= {a.name for a in ex.leaves(term) if isinstance(a, ex.Adjoint)}
        return found & {*self.plan.loop}

    # leaves

    def leaf(self, node):
        """The code of a leaf: of one step in the loop, of all steps elsewhere."""
        if node.shift is None:
            if isinstance(node, ex.Adjoint):
                return self.adjoint(node.name)
            if node.name in self.program.static:
                return self.variable(node.name)
            return f"params.{node.name}"
        if isinstance(node, ex.LossGradient):
            return "d_output[t - 1]" if self.in_loop else "d_output"
        if isinstance(node, ex.Adjoint):
            return self.adjoint_leaf(node)
        if node.name.startswith(SLOPE):
            return f"{node.name[1:]}[t - 1]" if self.in_loop else node.name[1:]
        name = self.variable(node.name)
        if node.name in self.states:
            if self.in_loop:
                return f"{name}[t]" if node.shift == 0 else f"{name}[t - 1]"
            return f"{name}[1:]" if node.shift == 0 else f"{name}[:-1]"
        return f"{name}[t - 1]" if self.in_loop else name

    def adjoint_leaf(self, node):
        name = self.adjoint(node.name)
        if node.name == self.recursion.loss:
            return name
        if node.name in self.states and node.name not in self.plan.loop:
            return f"{name}[1:]"
        if not self.in_loop:
            if node.name in self.states:
                return f"all_{name}"
            return name
        if node.name in self.plan.loop and node.name not in self.states:
            if node.name in self.stored:
                return f"{name}[t - 1]"
            return name
        return name if node.name in self.plan.loop else f"{name}[t - 1]"

    # the whole source

    def source(self):
        """The text of the module."""
        forward, backward = Writer(depth=1), Writer(depth=1)
        self.write_forward(forward)
        self.write_backward(backward)
        lines = ['"""A recurrent layer, forwards and backwards, derived from', ""]
        lines += [f"    {line}" for line in self.equations]
        lines += ["", "A masked step does not happen: every state is held.", '"""', ""]
        lines += ["from typing import NamedTuple", "", "import numpy as np", "", ""]
        lines += self.classes()
        for name, text in HELPERS.items():
            if name in self.used:
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

    # forwards

    def write_forward(self, w):
        inputs = [self.variable(n) for n in self.program.inputs]
        w.depth = 0
        ends = ["state=None"] if self.states else []
        w.call("def forward(", ["params", *inputs, *ends, "mask=None"], "):")
        w.depth = 1
        w.line(
            '"""Run the layer over all steps; x is (T, B, d_x), or integers (T, B)."""'
        )
        body = Writer(depth=1)
        self.sizes_needed = set()
        self.forward_body(body)
        self.header(w, body, inputs)
        w.lines += body.lines

    def header(self, w, body, inputs):
        """Sizes and dtype, as far as the body needs them."""
        text = "\n".join(body.lines)
        self.sizes_needed = {n for n in self.program.sizes if _word(n, text)}
        self.write_sizes(w)
        if inputs:
            names = [n for n in ("T", "B") if _word(n, text)]
            first = inputs[0]
            if len(names) == 2:
                w.line(f"T, B = {first}.shape[:2]")
            elif names:
                w.line(f"{names[0]} = {first}.shape[{int(names[0] == 'B')}]")

    def forward_body(self, w):
        program = self.program
        dense = [self.variable(n) for n in program.inputs if n != self.input]
        arrays = ["*params", *dense]
        if self.input:
            x = self.variable(self.input)
            if self.integers:
                w.line(f"dense = () if {x}.ndim == 2 else ({x},)")
                arrays.append("*dense")
            else:
                size = self.find_size_of_input()
                w.line(f"if {x}.ndim == 2:  # integers: unit vectors")
                w.line(f"    {x} = np.eye({size}, dtype=np.result_type(*params))[{x}]")
                arrays.append(x)
        if self.states:
            arrays.append("*initial")
            single = len(self.states) == 1
            given = "(state,)" if single else "tuple(state)"
            w.set("initial", f"() if state is None else {given}")
        w.call("dtype = np.result_type(", arrays)
        for name, e in program.static.items():
            w.set(self.variable(name), self.arrays(e))
        for name in self.states:
            shape = ", ".join(self.size(s) for s in self.axes(name))
            variable = self.variable(name)
            w.set(variable, f"np.zeros((T + 1, B, {shape}), dtype)")
        if self.states:
            w.line("if state is not None:")
            targets = [f"{self.variable(n)}[0]" for n in self.states]
            w.depth += 1
            value = "state" if len(targets) == 1 else "state"
            w.set(", ".join(targets), value)
            w.depth -= 1
        for name in self.plan.before:
            self.forward_all(w, name)
        if self.plan.loop:
            self.forward_loop(w)
        for name in self.plan.after:
            self.forward_all(w, name)
        names = [n for n, _ in self.trace_fields()]
        w.call("return Trace(", [*names, "mask"])

    def find_size_of_input(self):
        return self.size(self.program.shapes[self.input][0])

    def axes(self, name):
        rows, columns = self.program.shapes[name]
        return (rows,) if columns == ONE else (rows, columns)

    def forward_all(self, w, name):
        """A definition for all steps at once."""
        e = self.program.definitions[name]
        variable = self.variable(name)
        code = self.whole(e)
        if name in self.states:
            w.set(f"{variable}[1:]", code)
            w.line("if mask is not None:")
            w.line(f"    {self.arrays.helper('hold')}({variable}, mask)")
        elif isinstance(e, ex.Value):
            w.set(variable, f"{code}.copy()")
        else:
            w.set(variable, code)

    def whole(self, e):
        """Code for all steps; a product with the input may be a selection."""
        self.in_loop = False
        return self.projected(e)

    def projected(self, e):
        if not self.integers:
            return self.arrays(e)
        terms = e.args if isinstance(e, ex.Sum) else (e,)
        texts = []
        for term in terms:
            k, rest = ex.split_coefficient(term)
            found = _matrix_and_column(rest)
            if found and found[1].name == self.input and k in (1, -1):
                x = self.variable(self.input)
                call = f"{self.arrays.helper('project')}(params.{found[0].name}, {x})"
                texts.append(("-" if k < 0 else "+", call))
            elif not is_static(term) and self.reads_input(term):
                texts.append(("+", self.projected_inside(term)))
            else:
                minus = k < 0
                text = self.arrays(ex.negative(term) if minus else term, TIMES)
                texts.append(("-" if minus else "+", text))
        return _joined(texts)

    def reads_input(self, node):
        return any(leaf.name == self.input for leaf in ex.leaves(node))

    def projected_inside(self, term):
        """A term that reads the input inside: the product gets a name of its own."""
        arrays = _Projecting(self.arrays, self)
        return arrays(term, TIMES)

    def forward_loop(self, w):
        self.in_loop = False
        for pack in self.packs:
            self.write_pack(w, pack)
        packed = set(self.pack_of)
        started = set()
        readers = {r: m for m, r in self.in_place.items()}
        for name in self.plan.loop:
            if name in packed or name in readers:
                continue
            early, late = self.parts(name)
            variable = self.variable(name)
            if name in self.states:
                if early and late:
                    w.set(f"{variable}[1:]", self.whole(ex.add(*early)))
                    started.add(name)
            elif early and late and not all(map(is_static, early)):
                code = self.whole(ex.add(*early))
                w.set(variable, f"({code}).astype(dtype)" if " " in code else code)
                started.add(name)
            else:
                shape = ", ".join(self.size(s) for s in self.axes(name))
                w.set(variable, f"np.empty((T, B, {shape}), dtype)")
        w.line("for t in range(1, T + 1):")
        w.depth += 1
        self.in_loop = True
        written = set()
        for name in self.plan.loop:
            variable = self.variable(name)
            if name in packed:
                pack = self.pack_of[name]
                if pack.name not in written:
                    self.step_of_pack(w, pack)
                    written.add(pack.name)
                continue
            if name in readers:
                continue
            target = f"{variable}[t]" if name in self.states else f"{variable}[t - 1]"
            early, late = self.parts(name)
            if name in started:
                w.set(target, self.arrays(ex.add(*late)), "+=")
            else:
                e = self.program.definitions[name]
                w.set(target, self.arrays(e))
        held = [self.variable(n) for n in self.states if n in self.plan.loop]
        if held:
            w.line("if mask is not None:")
            w.line("    held = ~mask[t - 1]")
            for name in held:
                w.line(f"    {name}[t][held] = {name}[t - 1][held]")
        w.depth -= 1
        self.in_loop = False

    def write_pack(self, w, pack):
        """The stacked matrices, and all that is known of the pack before the loop."""
        name = self.variable(pack.name)
        if len(pack.members) == 1:
            (member,) = pack.members
            terms = self.early_terms(member)
            code = self.whole(ex.add(*terms))
            if all(map(is_static, terms)):
                shape = ", ".join(self.size(z) for z in self.axes(member))
                w.set(name, f"np.empty((T, B, {shape}), dtype)")
                w.set(f"{name}[...]", code)
                return
            w.set(
                name,
                f"({code}).astype(dtype)" if " " in code else f"{code}.astype(dtype)",
            )
            return
        w.call(f"W_{pack.state} = np.concatenate([", _params(pack.matrices), "])")
        w.set(name, f"np.empty((T, B, len(W_{pack.state})), dtype)")
        edges = self.edges(pack)
        for member, (low, high) in zip(pack.members, edges, strict=True):
            view = f"{name}[..., {self.rows_between(low, high)}]"
            shown = self.variable(self.in_place.get(member, member))
            w.set(shown, view)
        if pack.inputs:
            x = pack.input
            w.call("W_x = np.concatenate([", _params(pack.inputs), "])")
            self.in_loop = False
            if self.integers and x.name == self.input:
                call = f"{self.arrays.helper('project')}(W_x, {self.variable(x.name)})"
            else:
                call = f"{self.arrays(x, ATOM)} @ W_x.T"
            w.set(f"{name}[...]", call)
        for member in pack.members:
            terms = self.early_terms(member)
            if pack.inputs:
                terms = [a for a in terms if _input_term([a]) is None]
            shown = self.variable(self.in_place.get(member, member))
            if terms:
                code = self.whole(ex.add(*terms))
                if pack.inputs:
                    w.set(shown, code, "+=")
                else:
                    w.set(f"{shown}[...]", code)

    def early_terms(self, member):
        e = self.program.definitions[member]
        return [a for a in e.args if self.early(a)]

    def edges(self, pack):
        """The first and the last column of each member."""
        total, found = None, []
        for member in pack.members:
            size = self.program.shapes[member][0]
            stop = size if total is None else total + size
            low = "" if total is None else self.size(total)
            found.append((low, self.size(stop)))
            total = stop
        return found

    def step_of_pack(self, w, pack):
        name, state = self.variable(pack.name), self.variable(pack.state)
        if len(pack.members) == 1:
            (matrix,) = pack.matrices
            w.set(f"{name}[t - 1]", f"{state}[t - 1] @ params.{matrix.name}.T", "+=")
            return
        w.set(f"{name}[t - 1]", f"{state}[t - 1] @ W_{pack.state}.T", "+=")
        runs = []
        for member, (low, high) in zip(pack.members, self.edges(pack), strict=True):
            reader = self.in_place.get(member)
            function = reader and self.program.definitions[reader].function
            if runs and function and runs[-1][0] == function:
                runs[-1][2] = high
            else:
                runs.append([function, low, high])
        for function, low, high in runs:
            if function:
                if function == "sigma":
                    self.used.add("sigma")
                view = f"{name}[t - 1, :, {self.rows_between(low, high)}]"
                if not low and high == self.edges(pack)[-1][1]:
                    view = f"{name}[t - 1]"
                w.line(f"gates = {view}")
                w.line(IN_PLACE[function].format(a="gates"))

    # backwards

    def write_backward(self, w):
        w.depth = 0
        args = ["params", "trace"]
        if self.recursion.outputs:
            args.append("d_output")
        if self.states:
            args.append("d_state=None")
        w.call("def backward(", args, "):")
        w.depth = 1
        w.line(
            '"""The gradients, from the adjoints of the outputs and the last state."""'
        )
        body = Writer(depth=1)
        self.backward_body(body)
        first = self.variable(self.program.inputs[0]) if self.program.inputs else None
        text = "\n".join(body.lines)
        kept = [n for n, _ in self.trace_fields() if _word(n, text)]
        for name in kept:
            w.line(f"{name} = trace.{name}")
        if first and first not in kept and (_word("T", text) or _word("B", text)):
            w.line(f"{first} = trace.{first}")
        if _word("mask", text):
            w.line("mask = trace.mask")
        self.header(w, body, [first] if first else [])
        w.lines += body.lines

    def backward_body(self, w):
        self.hoisted = {}
        dtype = ["*params"]
        dtype += [f"trace.{self.variable(n)}" for n in self.states[:1]]
        dtype += ["d_output"] if self.recursion.outputs else []
        w.call("dtype = np.result_type(", dtype)
        for name, e in self.program.static.items():
            if name in self.static_needed():
                w.set(self.variable(name), self.arrays(e))
        if self.recursion.loss:
            w.line("weight = 1.0 if mask is None else mask[..., None].astype(dtype)")
        self.start_adjoints(w)
        for name in reversed(self.plan.after):
            self.backward_all(w, name)
        if self.plan.loop:
            self.backward_loop(w)
        for name in reversed(self.plan.before):
            self.backward_all(w, name)
        self.write_gradients(w)

    def static_needed(self):
        """The definitions without step that the backward pass reads."""
        needed = {n for n in self.program.static if self.needed_backward(n)}
        for name in reversed(self.program.static):
            if name in needed:
                needed |= {a.name for a in ex.leaves(self.program.static[name])}
        return needed

    def needed_backward(self, name):
        texts = []
        for other in (*self.program.definitions, *self.program.inputs):
            texts += [t for _, t in self.recursion.terms(other)]
        for other in (*self.program.parameters, *self.program.static):
            gradient = self.recursion.gradient(other)
            texts += [g for g in (gradient.each_step, gradient.once) if g is not None]
        return any(
            isinstance(leaf, ex.Value) and leaf.name == name
            for t in texts
            for leaf in ex.leaves(t)
        )

    def start_adjoints(self, w):
        """The adjoints of the states after the last step."""
        single = len(self.states) == 1
        for k, name in enumerate(self.states):
            adjoint = self.adjoint(name)
            given = "d_state" if single else f"d_state[{k}]"
            last = f"{self.variable(name)}[-1]"
            if name in self.plan.loop:
                zero = f"np.zeros({last}.shape, dtype)"
                w.set(adjoint, f"{zero} if d_state is None else {given}")
            else:
                w.set(adjoint, f"np.zeros({self.variable(name)}.shape, dtype)")
                w.line("if d_state is not None:")
                w.line(f"    {adjoint}[-1] = {given}")

    def backward_all(self, w, name):
        """The adjoint of a quantity for all steps at once."""
        self.in_loop = False
        adjoint = self.adjoint(name)
        if name == self.recursion.loss:
            return
        terms = self.terms[name]
        if name in self.states:
            for lag, term in sorted(terms.items()):
                place = "[1:]" if lag == 0 else "[:-1]"
                w.set(f"{adjoint}{place}", self.arrays(term), "+=")
            w.line("if mask is not None:")
            w.line(f"    {self.arrays.helper('release')}({adjoint}, mask)")
            return
        if terms and self.adjoint_is_read(name):
            w.set(adjoint, self.arrays(terms[0]))

    def adjoint_is_read(self, name):
        """True when another adjoint or a gradient speaks of it."""
        found = [t for table in self.terms.values() for t in table.values()]
        for other in (*self.program.parameters, *self.program.static):
            part = self.recursion.gradient(other).each_step
            found += [] if part is None else [part]
        leaves = (leaf for term in found for leaf in ex.leaves(term))
        return any(isinstance(a, ex.Adjoint) and a.name == name for a in leaves)

    def backward_loop(self, w):
        loop = [n for n in reversed(self.plan.loop)]
        states = [n for n in self.states if n in self.plan.loop]
        plan = {}
        for name in loop:
            plan[name] = {
                lag: self.hoist(term, name, lag)
                for lag, term in self.terms[name].items()
            }
        for pack in self.packs:
            self.open_pack_backward(w, pack)
        for name in loop:
            if name in self.pack_of or name not in self.stored:
                continue
            if not plan[name] and name not in states:
                continue
            shape = ", ".join(self.size(s) for s in self.axes(name))
            adjoint = self.adjoint(name)
            target = f"all_{adjoint}" if name in self.states else adjoint
            w.set(target, f"np.empty((T, B, {shape}), dtype)")
        for name, e in self.hoisted.items():
            self.in_loop = False
            w.set(name, self.arrays(e))
        w.line("for t in range(T, 0, -1):")
        w.depth += 1
        self.in_loop = True
        if states:
            w.line("if mask is not None:")
            w.line("    held = ~mask[t - 1]")
        for name in states:
            adjoint = self.adjoint(name)
            if name in self.recursion.outputs:
                w.lines.insert(
                    len(w.lines) - 2,
                    "    " * w.depth + f"{adjoint} = {adjoint} + d_output[t - 1]",
                )
        for name in states:
            adjoint = self.adjoint(name)
            mark = (
                "[:, None, None]"
                if is_matrix_shape(self.program.shapes[name])
                else "[:, None]"
            )
            w.line(f"    kept_{adjoint} = {adjoint} * held{mark}")
            w.line(f"    {adjoint} = {adjoint} - kept_{adjoint}")
        for name in loop:
            self.backward_step(w, name, plan[name].get(0))
        carried = []
        for name in states:
            term = plan[name].get(1)
            zero = f"np.zeros_like({self.adjoint(name)})"
            carried.append(zero if term is None else self.carried(term, name))
        adjoints = [self.adjoint(n) for n in states]
        if len(states) == 1:
            w.set(adjoints[0], carried[0])
        elif len(", ".join(adjoints) + " = " + ", ".join(carried)) <= 80:
            w.line(f"{', '.join(adjoints)} = {', '.join(carried)}")
        else:
            for adjoint, code in zip(adjoints, carried, strict=True):
                w.set(f"next_{adjoint}", code)
            nexts = [f"next_{a}" for a in adjoints]
            w.line(f"{', '.join(adjoints)} = {', '.join(nexts)}")
        if states:
            w.line("if mask is not None:")
            for adjoint in adjoints:
                w.line(f"    {adjoint} = {adjoint} + kept_{adjoint}")
        w.depth -= 1
        self.in_loop = False

    def hoist(self, term, name, lag):
        """The term with all that needs no adjoint of the loop computed before it."""
        term = self.without_output(term, name)
        if term is None:
            return None
        for pack in self.packs if lag else ():
            term = _without_pack(term, pack, name)
            if term is None:
                return ("pack",)
        return self.hoist_inside(term, name)

    def without_output(self, term, name):
        """The term without what the loss sends: that is added first."""
        parts = term.args if isinstance(term, ex.Sum) else (term,)
        rest = [a for a in parts if not isinstance(a, ex.LossGradient)]
        if len(rest) == len(parts):
            return term
        return ex.add(*rest) if rest else None

    def hoist_inside(self, node, name):
        loop = {*self.plan.loop}

        def needs(part):
            return any(
                isinstance(leaf, ex.Adjoint) and leaf.name in loop
                for leaf in ex.leaves(part)
            )

        if not needs(node):
            return self.named_slope(node, name)
        if isinstance(node, ex.Times):
            free = [a for a in node.args if not needs(a)]
            bound = [self.hoist_inside(a, name) for a in node.args if needs(a)]
            if free:
                same = [a for a in free if not a.is_scalar or node.is_scalar]
                if is_matrix(node) and not same:
                    return ex.times(*bound, *free)
                return ex.Times(
                    (*bound, self.named_slope(ex.times(*free), name)), node.shape
                )
            return ex.times(*bound)
        if isinstance(node, (ex.Sum, ex.Total, ex.Fill, ex.Slice, ex.Pad, ex.Concat)):
            args = tuple(
                self.hoist_inside(a, name) if needs(a) else self.named_slope(a, name)
                for a in node.args
            )
            if args == node.args:
                return node
            if isinstance(node, ex.Sum):
                return ex.Sum(args, node.shape)
            return node.rebuilt(args)
        return node

    def named_slope(self, node, name):
        """A leaf for an expression that is computed before the backward loop."""
        timed = [leaf for leaf in ex.leaves(node) if leaf.shift is not None]
        if (
            isinstance(node, ex.Leaf)
            or not timed
            or node.shape[0] == ONE
            and node.shape[1] != ONE
        ):
            return node
        for known, e in self.hoisted.items():
            if e == node:
                return ex.Value((), node.shape, SLOPE + known, 0)
        k, base = 1, f"slope_{name}"
        found = base
        while found in self.hoisted:
            k += 1
            found = f"{base}_{k}"
        self.hoisted[found] = node
        return ex.Value((), node.shape, SLOPE + found, 0)

    def open_pack_backward(self, w, pack):
        delta = self.delta(pack)
        if len(pack.members) == 1:
            shape = ", ".join(self.size(s) for s in self.axes(pack.members[0]))
            w.set(delta, f"np.empty((T, B, {shape}), dtype)")
            return
        w.call(f"W_{pack.state} = np.concatenate([", _params(pack.matrices), "])")
        w.set(delta, f"np.empty((T, B, len(W_{pack.state})), dtype)")
        for member, (low, high) in zip(pack.members, self.edges(pack), strict=True):
            w.set(self.adjoint(member), f"{delta}[..., {self.rows_between(low, high)}]")

    def delta(self, pack):
        if len(pack.members) == 1:
            return self.adjoint(pack.members[0])
        return f"delta_from_{pack.state}"

    def backward_step(self, w, name, term):
        adjoint = self.adjoint(name)
        if name in self.states:
            if term is not None and term != ("pack",):
                w.set(adjoint, f"{adjoint} + {self.arrays(term, TIMES)}")
            if name in self.stored:
                w.line(f"all_{adjoint}[t - 1] = {adjoint}")
            return
        if term is None:
            return
        stored = name in self.stored
        target = f"{adjoint}[t - 1]" if stored else adjoint
        factors = term.args if isinstance(term, ex.Times) else ()
        if stored and len(factors) == 2 and not is_matrix(term):
            if all(f.shape == term.shape for f in factors):
                a, b = (self.arrays(f) for f in factors)
                line = f"np.multiply({a}, {b}, out={target})"
                if len(line) + 4 * w.depth <= WIDTH:
                    w.line(line)
                    return
        w.set(target, self.arrays(term))

    def carried(self, term, name):
        """What the step before receives: the packs first."""
        texts = []
        for pack in self.packs:
            if pack.state == name:
                delta = self.delta(pack)
                matrix = (
                    f"params.{pack.matrices[0].name}"
                    if len(pack.members) == 1
                    else f"W_{pack.state}"
                )
                texts.append(("+", f"{delta}[t - 1] @ {matrix}"))
        if term != ("pack",):
            parts = term.args if isinstance(term, ex.Sum) else (term,)
            for part in parts:
                k, _ = ex.split_coefficient(part)
                minus = k < 0
                text = self.arrays(ex.negative(part) if minus else part, TIMES)
                texts.append(("-" if minus else "+", text))
        return _joined(texts)

    # gradients

    def write_gradients(self, w):
        self.in_loop = False
        done = {}
        for pack in self.packs:
            if len(pack.members) > 1:
                self.pack_gradients(w, pack, done)
        for name in reversed(self.program.static):
            self.write_gradient(w, name, done)
        for name in self.program.parameters:
            self.write_gradient(w, name, done)
        found = []
        for name in self.program.inputs:
            found.append(self.write_input_gradient(w, name))
        names = [f"d_{n}" for n in self.program.parameters]
        w.call("d_params = Params(", names)
        state = "None"
        if self.states:
            first = [
                self.adjoint(n) if n in self.plan.loop else f"{self.adjoint(n)}[0]"
                for n in self.states
            ]
            if len(first) == 1:
                state = first[0]
            else:
                w.call("d_state = State(", first)
                state = "d_state"
        inputs = found[0] if len(found) == 1 else f"({', '.join(found)})"
        w.call("return Gradients(", ["d_params", state, inputs if found else "None"])

    def pack_gradients(self, w, pack, done):
        """The gradients of stacked matrices, from one product each."""
        delta = f"rows({self.delta(pack)}).T"
        state = self.variable(pack.state)
        blocks = [(f"d_W_{pack.state}", pack.matrices, f"{delta} @ rows({state}[:-1])")]
        if pack.inputs:
            x = pack.input
            if self.integers and x.name == self.input:
                self.arrays.helper("times_input")
                size = f"params.{pack.inputs[0].name}.shape[1]"
                code = (
                    f"times_input({self.delta(pack)}, {self.variable(x.name)}, {size})"
                )
            else:
                code = f"{delta} @ rows({self.arrays(x)})"
            blocks.append(("d_W_x", pack.inputs, code))
        for name, matrices, code in blocks:
            single = all(
                sum(self.reads_matrix(m, q) for q in self.program.definitions) == 1
                for m in matrices
            )
            if not single or len(set(matrices)) < len(matrices):
                continue
            if any(m.name in self.recursion.frozen for m in matrices):
                continue
            w.set(name, code)
            for m, (low, high) in zip(matrices, self.edges(pack), strict=True):
                done[m.name] = f"{name}[{self.rows_between(low, high)}]"

    def reads_matrix(self, matrix, name):
        return ex.leaves(self.program.definitions[name]).count(matrix)

    def write_gradient(self, w, name, done):
        target = f"d_{name}"
        if name in done:
            w.set(target, done[name])
            return
        gradient = self.recursion.gradient(name)
        leaf = ex.Value((), self.program.shapes[name], name, None)
        zero = f"np.zeros_like({self.leaf(leaf)})"
        if name in self.recursion.frozen:
            w.set(target, zero)
            return
        texts = []
        if gradient.each_step is not None:
            texts.append(("+", self.summed(gradient.each_step)))
        if gradient.once is not None:
            texts.append(("+", self.arrays(gradient.once)))
        w.set(target, _joined(texts) if texts else zero)

    def summed(self, node):
        """The sum over steps and sequences of what is linear in an adjoint."""
        if isinstance(node, ex.Sum):
            signed = []
            for part in node.args:
                minus = ex.split_coefficient(part)[0] < 0
                text = self.summed(ex.negative(part) if minus else part)
                signed.append(("-" if minus else "+", text))
            return _joined(signed)
        if isinstance(node, ex.Times):
            static = [a for a in node.args if is_static(a)]
            timed = [a for a in node.args if not is_static(a)]
            if static and timed:
                inner = self.summed(ex.times(*timed))
                minus = static[0] == ex.number(-1)
                rest = static[1:] if minus else static
                if " " in inner and not (inner[0] == "(" and _closes(inner)):
                    inner = f"({inner})"
                text = " * ".join([*(self.arrays(a, POWER) for a in rest), inner])
                return f"-{text}" if minus else text
        if isinstance(node, ex.MatMul):
            return self.summed_product(node)
        text = self.arrays(node, ATOM)
        if is_matrix(node):
            return f"{text}.sum((0, 1))"
        return _sum_of_rows(text)

    def summed_product(self, node):
        """A sum of outer products as one matrix product."""
        args = list(node.args)
        left, right = [], []
        while len(args) > 1 and is_static(args[0]) and args[0].shape[1] != ONE:
            left.append(args.pop(0))
        while len(args) > 1 and is_static(args[-1]) and args[-1].shape[0] != ONE:
            right.insert(0, args.pop())
        for k in range(1, len(args)):
            if args[k].shape[0] == ONE:
                column = ex.matmul(*args[:k])
                row = ex.transpose(ex.matmul(*args[k:]))
                if is_matrix(node) or left or right:
                    core = self.outer(column, row)
                    parts = [self.arrays(a, ATOM) for a in left] + [core]
                    parts += [self.arrays(a, ATOM) for a in right]
                    return " @ ".join(parts)
        text = self.arrays(node, ATOM)
        if is_matrix(node):
            return f"{text}.sum((0, 1))"
        if node.shape[1] != ONE:
            node = ex.transpose(node)
            text = self.arrays(node, ATOM)
        return _sum_of_rows(text)

    def outer(self, column, row):
        """The sum of column row^T."""
        if self.integers and isinstance(row, ex.Value) and row.name == self.input:
            self.arrays.helper("times_input")
            x = self.variable(self.input)
            size = self.size(row.shape[0])
            return f"times_input({self.arrays(column)}, {x}, {size})"
        if self.integers and isinstance(column, ex.Value) and column.name == self.input:
            return f"{self.outer(row, column)}.T"
        return f"rows({self.arrays(column)}).T @ rows({self.arrays(row)})"

    def write_input_gradient(self, w, name):
        terms = self.terms.get(name) or {}
        term = terms.get(0)
        adjoint = self.adjoint(name)
        x = self.variable(name)
        if term is None:
            w.set(adjoint, f"np.zeros({x}.shape, dtype)")
            return adjoint
        code = self.arrays(term)
        for pack in self.packs:
            if len(pack.members) > 1 and pack.inputs and pack.input.name == name:
                wanted = ex.add(
                    *(
                        ex.matmul(ex.transpose(m), self.adjoint_node(q))
                        for m, q in zip(pack.inputs, pack.members, strict=True)
                    )
                )
                if set(_expanded(wanted)) == set(_expanded(term)):
                    w.call("W_x = np.concatenate([", _params(pack.inputs), "])")
                    code = f"{self.delta(pack)} @ W_x"
        if name == self.input and self.integers:
            w.line(f"{adjoint} = None")
            w.line(f"if {x}.ndim == 3:")
            w.depth += 1
            w.set(adjoint, code)
            w.depth -= 1
        else:
            w.set(adjoint, code)
        return adjoint

    def adjoint_node(self, name):
        return ex.Adjoint((), self.program.shapes[name], name, 0)


SLOPE = "\0"


class _Projecting(Arrays):
    """Arrays whose products with the input are selections for integers."""

    def __init__(self, arrays, source):
        super().__init__(arrays.leaf, arrays.size, arrays.used)
        self.source = source

    def on_column(self, factors):
        matrix, *rest = factors
        (column,) = rest if len(rest) == 1 else (None,)
        if isinstance(column, ex.Value) and column.name == self.source.input:
            x = self.source.variable(column.name)
            return f"{self.helper('project')}(params.{matrix.name}, {x})", ATOM
        return super().on_column(factors)


def is_matrix_shape(shape):
    """True for more than one row and column."""
    return ONE not in shape


def _matrix_and_column(term):
    """(matrix, column) of a product of a parameter with a quantity; or None."""
    if isinstance(term, ex.MatMul) and len(term.args) == 2:
        matrix, column = term.args
        plain = isinstance(matrix, ex.Value) and matrix.shift is None
        if plain and isinstance(column, ex.Value) and column.shift is not None:
            return matrix, column
    return None


def _input_term(terms):
    found = [f for f in map(_matrix_and_column, terms) if f]
    return found[0] if len(found) == 1 else None


def _params(matrices):
    return [f"params.{m.name}" for m in matrices]


def _without_pack(term, pack, name):
    """The carried term without what the pack sends back in one product."""
    if pack.state != name or term is None:
        return term
    sent = {
        ex.matmul(ex.transpose(m), ex.Adjoint((), (m.shape[0], ONE), member, 0))
        for m, member in zip(pack.matrices, pack.members, strict=True)
    }
    terms = _expanded(term)
    if not sent <= set(terms):
        raise AssertionError(f"what {name} receives lacks a product of its pack")
    parts = [a for a in terms if a not in sent]
    return collected(ex.add(*parts)) if parts else None


def _terms(term):
    return term.args if isinstance(term, ex.Sum) else (term,)


def _expanded(term):
    """The terms of a sum; W^T (a + b) counts as two."""
    found = []
    for part in _terms(term):
        if isinstance(part, ex.MatMul) and isinstance(part.args[-1], ex.Sum):
            *before, inner = part.args
            found += [ex.matmul(*before, a) for a in inner.args]
        else:
            found.append(part)
    return found


def _joined(texts):
    """Signed texts as one sum, a positive one first."""
    first = next((k for k, (s, _) in enumerate(texts) if s == "+"), 0)
    order = [first, *(k for k in range(len(texts)) if k != first)]
    text = ""
    for k in order:
        sign, part = texts[k]
        if text:
            text += f" {sign} {part}"
        else:
            text = part if sign == "+" else f"-{part}"
    return text


def _sum_of_rows(text):
    """The sum over steps and sequences of the code of an array."""
    bracketed = text[0] == "(" and _closes(text)
    return f"rows{text}.sum(0)" if bracketed else f"rows({text}).sum(0)"


def _word(name, text):
    """True when code speaks of a name, not as a part of another or as an attribute."""
    return re.search(rf"(?<![\w.]){re.escape(name)}(?!\w)", text) is not None
