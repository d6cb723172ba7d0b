"""Names that the machine gives: to pre-activations, and to what a product needs.

An elementwise function is differentiated at its argument, so the argument gets a name,
s of i_t for the pre-activation of the gate i_t. The same for the argument of softmax,
and for a matrix product that stands as a factor of an elementwise one.
"""

from dataclasses import replace

from rnnlib.symbolic.derivation import expressions as ex


def with_named_parts(program):
    """The program with a definition for each such part; equal parts share one."""
    return _Namer(program).run()


class _Namer:
    def __init__(self, program):
        self.program = program
        self.taken = {*program.shapes}
        self.definitions, self.static, self.shapes = {}, {}, dict(program.shapes)
        self.made, self.named = [], {}

    def run(self):
        for name, expression in self.program.static.items():
            self.static[name] = self.visit(expression, name, root=True)
        for name, expression in self.program.definitions.items():
            expression = self.visit(expression, name, root=True)
            self.definitions[name] = expression
        return replace(
            self.program,
            definitions=self.definitions,
            static=self.static,
            shapes=self.shapes,
            made=frozenset(self.made),
        )

    def visit(self, node, name, root=False):
        """The node with its parts named where a rule needs them."""
        args = []
        for part in node.args:
            if self.needs_name(node, part):
                args.append(self.give_name(part, name))
            else:
                args.append(self.visit(part, name))
        changed = tuple(args)
        node = node if changed == node.args else node.rebuilt(changed)
        if isinstance(node, ex.Softmax) and not root:
            return self.give_name(node, name)
        return node

    def needs_name(self, node, part):
        if not part.args or not ex.leaves(part):
            return False
        if isinstance(node, (ex.Apply, ex.Softmax, ex.Norm, ex.Maximum)):
            return True
        kinds = {type(n) for n in ex.nodes(part)}
        if isinstance(node, ex.Power):
            return bool(kinds & {ex.MatMul, ex.Apply, ex.Total, ex.Maximum, ex.Norm})
        if isinstance(node, ex.Times):
            others = [a for a in node.args if a is not part and ex.leaves(a)]
            return ex.MatMul in kinds and bool(others)
        return False

    def give_name(self, part, name):
        """A leaf that stands for the part."""
        if part not in self.named:
            leaf_name = self.new_name(name)
            self.taken.add(leaf_name)
            self.made.append(leaf_name)
            self.shapes[leaf_name] = part.shape
            timed = any(leaf.shift is not None for leaf in ex.leaves(part))
            expression = self.visit(part, name, root=True)
            (self.definitions if timed else self.static)[leaf_name] = expression
            shift = 0 if timed else None
            self.named[part] = ex.Value((), part.shape, leaf_name, shift)
        return self.named[part]

    def new_name(self, name):
        base = "s" if name == "h" and "s" not in self.taken else f"s_{name}"
        k, found = 1, base
        while found in self.taken:
            k += 1
            found = f"{base}_{k}"
        return found
