"""The forward pass as code: what does not need the state stands before the loop."""

from dataclasses import replace

from rnnlib.symbolic.derivation import expressions as ex
from rnnlib.symbolic.derivation.arrays import ATOM, TIMES, is_static
from rnnlib.symbolic.derivation.code_helpers import IN_PLACE
from rnnlib.symbolic.derivation.code_terms import (
    input_term,
    matrix_and_column,
    params_of,
    terms_of,
)
from rnnlib.symbolic.derivation.code_text import Writer, between, joined, speaks_of
from rnnlib.symbolic.derivation.sizes import ONE


class ForwardCode:
    """The methods that write the forward pass."""

    def write_forward(self, w):
        inputs = [self.variable(n) for n in self.program.inputs]
        ends = ["state=None"] if self.states else []
        w.call("def forward(", ["params", *inputs, *ends, "mask=None"], "):")
        w.depth = 1
        w.line(
            '"""Run the layer over all steps; x is (T, B, d_x), or integers (T, B)."""'
        )
        body = Writer(depth=1)
        self.sizes_needed = set()
        self.forward_body(body)
        self.header(w, body)
        w.lines += body.lines

    def header(self, w, body):
        """Sizes and dtype, as far as the body needs them."""
        text = "\n".join(body.lines)
        self.sizes_needed = {n for n in self.program.sizes if speaks_of(n, text)}
        self.write_sizes(w)
        x = self.variable(self.input)
        if speaks_of("B", text):
            w.line(f"T, B = {x}.shape[:2]")
        elif speaks_of("T", text):
            w.line(f"T = len({x})")

    def forward_body(self, w):
        program = self.program
        dense = [self.variable(n) for n in program.inputs if n != self.input]
        arrays = ["*params", *dense]
        x = self.variable(self.input)
        if self.integers:
            w.line(f"dense = () if {x}.ndim == 2 else ({x},)")
            arrays.append("*dense")
        else:
            size = self.size(program.shapes[self.input][0])
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
            w.set(variable, f"np.zeros({self.layout.shape('T + 1', shape)}, dtype)")
        if self.states:
            w.line("if state is not None:")
            swapped = self.layout.swapped
            targets = [f"{self.variable(n)}{swapped}[0]" for n in self.states]
            w.depth += 1
            w.set(", ".join(targets), "state")
            w.depth -= 1
        for name in self.plan.before:
            self.forward_all(w, name)
        if self.plan.loop:
            self.forward_loop(w)
        for name in self.plan.after:
            self.forward_all(w, name)
        self.return_trace(w)

    def return_trace(self, w):
        """The trace shows every array as rows."""
        names = [n for n, _ in self.trace_fields()]
        if self.layout.columns:
            given = [self.variable(n) for n in self.program.inputs]
            w.call("columns = (", [n for n in names if n not in given])
            names = [*given, "*(a.swapaxes(1, 2) for a in columns)"]
        w.call("return Trace(", [*names, "mask"])

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
        elif is_static(e):
            shape = ", ".join(self.size(s) for s in self.axes(name))
            w.set(variable, f"np.empty({self.layout.shape('T', shape)}, dtype)")
            w.set(f"{variable}[...]", code)
        elif isinstance(e, ex.Value):
            w.set(variable, f"{code}.copy()")
        else:
            w.set(variable, code)

    def whole(self, e):
        """Code for all steps; a product with the input may be a selection."""
        self.in_loop = False
        return self.spread(e)

    def spread(self, e):
        """Code for one step or for all; a column without step is the same at each."""
        if self.layout.columns and is_static(e) and e.shape[0] != ONE:
            return f"{self.arrays(e, ATOM)}[:, None]"
        return self.arrays(e) if self.in_loop else self.projected(e)

    def projected(self, e):
        if not self.integers:
            return self.arrays(e)
        texts = []
        for sign, term in map(ex.signed, terms_of(e)):
            found = matrix_and_column(term)
            if found and found[1].name == self.input:
                x = self.variable(self.input)
                text = f"{self.arrays.helper('project')}(params.{found[0].name}, {x})"
            elif self.reads_input(term):
                text = self.projected_inside(term)
            else:
                text = self.arrays.fitted(term, e, TIMES)
            texts.append((sign, text))
        return joined(texts)

    def reads_input(self, node):
        return any(leaf.name == self.input for leaf in ex.leaves(node))

    def projected_inside(self, term):
        """A term that reads the input inside: the product gets a name of its own."""
        return replace(self.arrays, project=self.selected)(term, TIMES)

    def selected(self, factors):
        """The code of a matrix times the input; None for another product."""
        matrix, *rest = factors
        (column,) = rest if len(rest) == 1 else (None,)
        if isinstance(column, ex.Value) and column.name == self.input:
            x = self.variable(column.name)
            return f"{self.arrays.helper('project')}(params.{matrix.name}, {x})"
        return None

    def forward_loop(self, w):
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
                w.set(variable, f"np.empty({self.layout.shape('T', shape)}, dtype)")
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
                w.set(target, self.spread(self.program.definitions[name]))
        held = [self.variable(n) for n in self.states if n in self.plan.loop]
        if held:
            w.line("if mask is not None:")
            w.line("    held = ~mask[t - 1]")
            for name in held:
                w.line(f"    {self.layout.hold(name)}")
        w.depth -= 1

    def write_pack(self, w, pack):
        """The stacked matrices, and all that is known of the pack before the loop."""
        name = self.variable(pack.name)
        if len(pack.members) == 1:
            (member,) = pack.members
            terms, _ = self.split(member)
            code = self.whole(ex.add(*terms))
            if all(map(is_static, terms)):
                shape = ", ".join(self.size(z) for z in self.axes(member))
                w.set(name, f"np.empty({self.layout.shape('T', shape)}, dtype)")
                w.set(f"{name}[...]", code)
                return
            w.set(
                name,
                f"({code}).astype(dtype)" if " " in code else f"{code}.astype(dtype)",
            )
            return
        w.call(f"W_{pack.state} = np.concatenate([", params_of(pack.matrices), "])")
        shape = self.layout.shape("T", f"len(W_{pack.state})")
        w.set(name, f"np.empty({shape}, dtype)")
        for member, (low, high) in self.edges(pack).items():
            view = self.layout.block(name, between(low, high))
            shown = self.variable(self.in_place.get(member, member))
            w.set(shown, view)
        if pack.inputs:
            x = self.variable(self.input)
            w.call("W_x = np.concatenate([", params_of(pack.inputs), "])")
            if self.integers:
                W_x = "W_x.astype(dtype)" if self.layout.columns else "W_x"
                call = f"{self.arrays.helper('project')}({W_x}, {x})"
            else:
                call = f"{x} @ W_x.T"
            w.set("from_x" if self.layout.columns else f"{name}[...]", call)
        if self.layout.columns and pack.inputs:
            self.add_to_input_terms(w, pack)
            return
        for member in pack.members:
            terms, _ = self.split(member)
            if pack.inputs:
                terms = [a for a in terms if input_term([a]) is None]
            shown = self.variable(self.in_place.get(member, member))
            if terms:
                code = self.whole(ex.add(*terms))
                if pack.inputs:
                    w.set(shown, code, "+=")
                else:
                    w.set(f"{shown}[...]", code)

    def add_to_input_terms(self, w, pack):
        """What is added to W_x x_t: biases at once, the rest one by one."""
        rest = {}
        for member in pack.members:
            terms = [a for a in self.split(member)[0] if input_term([a]) is None]
            if terms:
                rest[member] = ex.add(*terms)
        if len(rest) == len(pack.members) and all(map(is_static, rest.values())):
            w.call("biases = np.concatenate([", map(self.arrays, rest.values()), "])")
            w.line("from_x += biases[:, None]")
            return
        for member, (low, high) in self.edges(pack).items():
            if member in rest:
                block = self.layout.block("from_x", between(low, high))
                w.set(block, self.whole(rest[member]), "+=")

    def edges(self, pack):
        """{member: where its units begin and end}; "" is the very beginning."""
        total, found = None, {}
        for member in pack.members:
            size = self.program.shapes[member][0]
            stop = size if total is None else total + size
            low = "" if total is None else self.size(total)
            found[member] = low, self.size(stop)
            total = stop
        return found

    def step_of_pack(self, w, pack):
        name, state = self.variable(pack.name), self.variable(pack.state)
        if len(pack.members) == 1:
            (matrix,) = pack.matrices
            code = self.layout.times(f"params.{matrix.name}", f"{state}[t - 1]")
            w.set(f"{name}[t - 1]", code, "+=")
            return
        code = self.layout.times(f"W_{pack.state}", f"{state}[t - 1]")
        if self.layout.columns and pack.inputs:
            w.line(f"np.matmul(W_{pack.state}, {state}[t - 1], out={name}[t - 1])")
            code = "from_x[t - 1]"
        w.set(f"{name}[t - 1]", code, "+=")
        runs = []
        for member, (low, high) in self.edges(pack).items():
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
                view = self.layout.block_of_step(name, between(low, high))
                if not low and high == self.edges(pack)[pack.members[-1]][1]:
                    view = f"{name}[t - 1]"
                w.line(f"gates = {view}")
                w.line(IN_PLACE[function].format(a="gates"))
