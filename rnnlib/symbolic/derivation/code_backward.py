"""The backward pass as code: only what needs an adjoint of the loop stands in it."""

import itertools

from rnnlib.symbolic.derivation import expressions as ex
from rnnlib.symbolic.derivation.arrays import TIMES, is_matrix, is_row
from rnnlib.symbolic.derivation.code_terms import (
    SLOPE,
    is_matrix_shape,
    params_of,
    terms_of,
    without_pack,
)
from rnnlib.symbolic.derivation.code_text import (
    WIDTH,
    Writer,
    between,
    joined,
    speaks_of,
)


class BackwardCode:
    """The methods that write the backward pass."""

    def write_backward(self, w):
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
        first = self.variable(self.input)
        text = "\n".join(body.lines)
        kept = [n for n, _ in self.trace_fields() if speaks_of(n, text)]
        for name in kept:
            swapped = "" if name == first else self.layout.swapped
            w.line(f"{name} = trace.{name}{swapped}")
        if first not in kept and speaks_of("T", text):
            w.line(f"{first} = trace.{first}")
        if speaks_of("mask", text):
            w.line("mask = trace.mask")
        self.header(w, body)
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
            given += self.layout.transposed
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
            for lag, term in terms.items():
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
            shape = ", ".join(self.size(s) for s in self.axes(name))
            adjoint = self.adjoint(name)
            target = f"all_{adjoint}" if name in self.states else adjoint
            w.set(target, f"np.empty({self.layout.shape('T', shape)}, dtype)")
        for name, e in self.hoisted.items():
            self.in_loop = False
            w.set(name, self.arrays(e))
        w.line("for t in range(T, 0, -1):")
        w.depth += 1
        self.in_loop = True
        if states:
            w.line("if mask is not None:")
            w.line("    held = ~mask[t - 1]")
        sent = f"d_output[t - 1]{self.layout.transposed}"
        for name in states:
            adjoint = self.adjoint(name)
            if name in self.recursion.outputs:
                w.lines.insert(
                    len(w.lines) - 2,
                    "    " * w.depth + f"{adjoint} = {adjoint} + {sent}",
                )
        for name in states:
            adjoint = self.adjoint(name)
            axes = 2 if is_matrix_shape(self.program.shapes[name]) else 1
            w.line(f"    kept_{adjoint} = {self.layout.where_held(adjoint, axes)}")
            w.line(f"    {adjoint} = {adjoint} - kept_{adjoint}")
        for name in loop:
            self.backward_step(w, name, plan[name].get(0))
        carried = {}
        for name in states:
            adjoint, term = self.adjoint(name), plan[name].get(1)
            zero = f"np.zeros_like({adjoint})"
            carried[adjoint] = zero if term is None else self.carried(term, name)
        if len(carried) == 1:
            w.set(*carried.popitem())
        elif len(", ".join(carried) + " = " + ", ".join(carried.values())) <= 80:
            w.line(f"{', '.join(carried)} = {', '.join(carried.values())}")
        else:
            for adjoint, code in carried.items():
                w.set(f"next_{adjoint}", code)
            nexts = [f"next_{a}" for a in carried]
            w.line(f"{', '.join(carried)} = {', '.join(nexts)}")
        if states:
            w.line("if mask is not None:")
            for adjoint in map(self.adjoint, states):
                w.line(f"    {adjoint} = {adjoint} + kept_{adjoint}")
        w.depth -= 1

    def hoist(self, term, name, lag):
        """The term with all that needs no adjoint of the loop computed before it."""
        term = self.without_output(term, name)
        if term is None:
            return None
        for pack in self.packs if lag else ():
            term = without_pack(term, pack, name)
            if term is None:
                return ("pack",)
        return self.hoist_inside(term, name)

    def without_output(self, term, name):
        """The term without what the loss sends: that is added first."""
        parts = terms_of(term)
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
                if is_matrix(node) and all(a.is_scalar for a in free):
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
        if isinstance(node, ex.Leaf) or not timed or is_row(node):
            return node
        found = next((n for n, e in self.hoisted.items() if e == node), None)
        if found is None:
            more = (f"slope_{name}_{k}" for k in itertools.count(2))
            names = itertools.chain([f"slope_{name}"], more)
            found = next(n for n in names if n not in self.hoisted)
            self.hoisted[found] = node
        return ex.Value((), node.shape, SLOPE + found, 0)

    def open_pack_backward(self, w, pack):
        delta = self.delta(pack)
        if len(pack.members) == 1:
            shape = ", ".join(self.size(s) for s in self.axes(pack.members[0]))
            w.set(delta, f"np.empty({self.layout.shape('T', shape)}, dtype)")
            return
        w.call(f"W_{pack.state} = np.concatenate([", params_of(pack.matrices), "])")
        shape = self.layout.shape("T", f"len(W_{pack.state})")
        w.set(delta, f"np.empty({shape}, dtype)")
        for member, (low, high) in self.edges(pack).items():
            block = self.layout.block(delta, between(low, high))
            w.set(self.adjoint(member), block)

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
                code = self.layout.transpose_times(matrix, f"{delta}[t - 1]")
                texts.append(("+", code))
        if term != ("pack",):
            for sign, part in map(ex.signed, terms_of(term)):
                texts.append((sign, self.arrays(part, TIMES)))
        return joined(texts)
