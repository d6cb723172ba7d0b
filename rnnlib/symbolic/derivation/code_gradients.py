"""The gradients of parameters and inputs as code: one product over all steps each."""

from rnnlib.symbolic.derivation import expressions as ex
from rnnlib.symbolic.derivation.arrays import ATOM, POWER, is_matrix, is_static
from rnnlib.symbolic.derivation.code_terms import expanded, params_of
from rnnlib.symbolic.derivation.code_text import between, closes, joined
from rnnlib.symbolic.derivation.sizes import ONE


class GradientCode:
    """The methods that write what stands after the loop."""

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
            first = [adjoint + self.layout.transposed for adjoint in first]
            if len(first) == 1:
                state = first[0]
            else:
                w.call("d_state = State(", first)
                state = "d_state"
        inputs = found[0] if len(found) == 1 else f"({', '.join(found)})"
        w.call("return Gradients(", ["d_params", state, inputs])

    def pack_gradients(self, w, pack, done):
        """The gradients of stacked matrices, from one product each."""
        delta, state = self.delta(pack), self.variable(pack.state)
        if self.layout.columns:
            delta = f"joined_{delta}"
            w.set(delta, f"joined({self.delta(pack)})")
            self.pack_biases(w, pack, delta, done)
            code, rows = f"{delta} @ joined({state}[:-1]).T", delta
        else:
            rows = f"rows({delta}).T"
            code = f"{rows} @ rows({state}[:-1])"
        blocks = [(self.sum_name(pack.state), pack.matrices, code)]
        if pack.inputs:
            x = self.variable(self.input)
            if self.integers:
                self.arrays.helper("times_input")
                size = f"params.{pack.inputs[0].name}.shape[1]"
                code = f"times_input({delta}, {x}, {size})"
            else:
                code = f"{rows} @ rows({x})"
            blocks.append((self.sum_name("x"), pack.inputs, code))
        for name, matrices, code in blocks:
            single = all(
                sum(self.reads_matrix(m, q) for q in self.program.definitions) == 1
                for m in matrices
            )
            frozen = any(m.name in self.recursion.frozen for m in matrices)
            if frozen or not single:
                continue
            w.set(name, code)
            of_member = dict(zip(pack.members, matrices, strict=True))
            for member, edges in self.edges(pack).items():
                done[of_member[member].name] = f"{name}[{between(*edges)}]"

    def sum_name(self, source):
        """The name of the gradient of stacked matrices."""
        taken = f"W_{source}" in self.program.parameters
        return f"d_W_{source}{'s' if taken else ''}"

    def pack_biases(self, w, pack, delta, done):
        """The gradients that are the sum of the adjoint of a member, from one sum."""
        blocks = self.edges(pack)
        found = {}
        for name in self.program.parameters:
            gradient = self.recursion.gradient(name)
            member = gradient.each_step
            plain = isinstance(member, ex.Adjoint) and gradient.once is None
            if plain and member.name in blocks and name not in self.recursion.frozen:
                found[name] = blocks[member.name]
        if found:
            sums = f"d_biases_from_{pack.state}"
            w.set(sums, f"{delta}.sum(1)")
            for name, edges in found.items():
                done[name] = f"{sums}[{between(*edges)}]"

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
        w.set(target, joined(texts) if texts else zero)

    def summed(self, node):
        """The sum over steps and sequences of what is linear in an adjoint."""
        if isinstance(node, ex.Sum):
            signed = map(ex.signed, node.args)
            return joined([(sign, self.summed(part)) for sign, part in signed])
        if isinstance(node, ex.Times):
            static = [a for a in node.args if is_static(a)]
            timed = [a for a in node.args if not is_static(a)]
            if static and timed:
                inner = self.summed(ex.times(*timed))
                minus = static[0] == ex.number(-1)
                rest = static[1:] if minus else static
                if " " in inner and not closes(inner):
                    inner = f"({inner})"
                text = " * ".join([*(self.arrays(a, POWER) for a in rest), inner])
                return f"-{text}" if minus else text
        if isinstance(node, ex.MatMul):
            return self.summed_product(node)
        text = self.arrays(node, ATOM)
        if is_matrix(node):
            return f"{text}.sum((0, 1))"
        return self.layout.total(text)

    def summed_product(self, node):
        """A sum of outer products as one matrix product."""
        args = list(node.args)
        left, right = [], []
        while is_static(args[0]) and args[0].shape[1] != ONE:
            left.append(args.pop(0))
        while is_static(args[-1]) and args[-1].shape[0] != ONE:
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
        return self.layout.total(text)

    def outer(self, column, row):
        """The sum of column row^T."""
        if self.integers and isinstance(row, ex.Value) and row.name == self.input:
            self.arrays.helper("times_input")
            x = self.variable(self.input)
            size = self.size(row.shape[0])
            delta = self.arrays(column)
            delta = f"joined({delta})" if self.layout.columns else delta
            return f"times_input({delta}, {x}, {size})"
        if self.integers and isinstance(column, ex.Value) and column.name == self.input:
            return f"{self.outer(row, column)}.T"
        return self.layout.outer(self.arrays(column), self.arrays(row))

    def write_input_gradient(self, w, name):
        terms = self.terms.get(name) or {}
        term = terms.get(0)
        adjoint = self.adjoint(name)
        x = self.variable(name)
        if term is None:
            w.set(adjoint, f"np.zeros({x}.shape, dtype)")
            return adjoint
        code = None
        for pack in self.packs:
            if len(pack.members) > 1 and pack.inputs and name == self.input:
                wanted = ex.add(
                    *(
                        ex.matmul(ex.transpose(m), self.adjoint_node(q))
                        for m, q in zip(pack.inputs, pack.members, strict=True)
                    )
                )
                if set(expanded(wanted)) == set(expanded(term)):
                    w.call("W_x = np.concatenate([", params_of(pack.inputs), "])")
                    if self.layout.columns:
                        joined_delta = f"joined_{self.delta(pack)}"
                        code = f"({joined_delta}.T @ W_x).reshape({x}.shape)"
                    else:
                        code = f"{self.delta(pack)} @ W_x"
        swapped = self.layout.swapped if code is None else ""
        code = code or self.arrays(term)
        if name == self.input and self.integers:
            w.line(f"{adjoint} = None")
            w.line(f"if {x}.ndim == 3:")
            w.depth += 1
            w.set(adjoint, code)
            if swapped:
                w.line(f"{adjoint} = {adjoint}{swapped}")
            w.depth -= 1
        else:
            w.set(adjoint, code)
        return adjoint

    def adjoint_node(self, name):
        return ex.Adjoint((), self.program.shapes[name], name, 0)
