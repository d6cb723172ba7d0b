"""What generated code does where: packs, what is computed in place, what is kept."""

import keyword

from rnnlib.symbolic.derivation import expressions as ex
from rnnlib.symbolic.derivation.code_helpers import IN_PLACE, RESERVED
from rnnlib.symbolic.derivation.code_terms import (
    SLOPE,
    Pack,
    input_term,
    matrix_and_column,
    terms_of,
)
from rnnlib.symbolic.derivation.sizes import ONE


class CodePlan:
    """Names, the analysis of a program, and the code of its leaves."""

    # names

    def variable(self, name):
        """The Python name of a quantity."""
        bad = name in RESERVED or keyword.iskeyword(name) or name.startswith("d_")
        made = name.startswith(("slope", "joined_"))
        return f"{name}_" if bad or made else name

    def adjoint(self, name):
        """The Python name of an adjoint."""
        if name in self.program.static or name in self.program.parameters:
            return f"d_{name}"
        if name == self.recursion.loss:
            return "weight"
        return self.variable(self.names.adjoint(name))

    def size(self, size):
        """A size in terms of the shapes of the parameters."""
        parts = [n if k == 1 else f"{k} * {n}" for n, k in size.terms]
        if size.constant or not parts:
            parts.append(str(size.constant))
        return " + ".join(parts)

    # analysis

    def only_projected(self):
        """True when the first input is read as W x_t, and nothing else."""

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

    def split(self, name):
        """The terms of a definition in the loop: those known early, and the others."""
        terms = terms_of(self.program.definitions[name])
        early = [a for a in terms if self.early(a)]
        return early, [a for a in terms if a not in early]

    def parts(self, name):
        """The same where the early ones hold a matrix product; else all are late."""
        early, late = self.split(name)
        if any(ex.MatMul in map(type, ex.nodes(a)) for a in early):
            return early, late
        return [], terms_of(self.program.definitions[name])

    def find_packs(self):
        """Groups of pre-activations with one product W h_{t-1} each."""
        groups = {}
        for name in self.plan.loop:
            early, late = self.split(name)
            shape = self.program.shapes[name]
            if name in self.states or shape[1] != ONE or shape[0] == ONE:
                continue
            if len(late) != 1 or not early:
                continue
            if found := matrix_and_column(late[0]):
                matrix, column = found
                if column.shift == -1:
                    groups.setdefault(column.name, []).append((name, matrix, early))
        packs = []
        for state, members in groups.items():
            members.sort(key=lambda m: self.reader_function(m[0]))
            inputs = [input_term(early) for _, _, early in members]
            same = all(f and f[1].name == self.input for f in inputs)
            packs.append(
                Pack(
                    f"s_from_{state}" if len(members) > 1 else members[0][0],
                    tuple(name for name, _, _ in members),
                    state,
                    tuple(matrix for _, matrix, _ in members),
                    tuple(m for m, _ in inputs) if same else (),
                )
            )
        return packs

    def reader_function(self, name):
        """What reads a pre-activation, for the order inside a pack."""
        for e in self.program.definitions.values():
            if isinstance(e, ex.Apply) and e.function in IN_PLACE:
                if [leaf.name for leaf in ex.leaves(e)] == [name]:
                    return [*IN_PLACE].index(e.function)
        return len(IN_PLACE)

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
            if name in self.states:
                continue
            expression = terms[name][0]
            uses = [t for table in terms.values() for t in table.values()]
            leaf = ex.Adjoint((), self.program.shapes[name], name, 0)
            count = sum(ex.leaves(t).count(leaf) for t in uses)
            plain = isinstance(expression, (ex.Times, ex.Adjoint))
            stays = any(leaf in ex.leaves(g) for g in gradients)
            if count != 1 or stays or not plain:
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
            if self.in_loop:
                return f"d_output[t - 1]{self.layout.transposed}"
            return f"d_output{self.layout.swapped}"
        if isinstance(node, ex.Adjoint):
            return self.adjoint_leaf(node)
        if node.name.startswith(SLOPE):
            return f"{node.name[1:]}[t - 1]"
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
            return f"{name}[t]" if self.in_loop else f"{name}[1:]"
        if not self.in_loop:
            if node.name in self.states:
                return f"all_{name}"
            return name
        if node.name in self.plan.loop and node.name not in self.states:
            if node.name in self.stored:
                return f"{name}[t - 1]"
            return name
        return name if node.name in self.plan.loop else f"{name}[t - 1]"
