"""From a derivation to a plan for code: lags of one step, and what runs in the loop.

A lag of two steps becomes a register, a state that holds what was there one step ago;
so does an input of an earlier step. Then every definition is computed before the loop
over the steps (it depends on no state), inside, or after it (no state depends on it).
"""

from dataclasses import dataclass, replace

from rnnlib.symbolic.derivation import expressions as ex
from rnnlib.symbolic.derivation.recursion import Recursion
from rnnlib.symbolic.derivation.sizes import ONE


@dataclass(frozen=True)
class Plan:
    """A program with lags of one step, its recursion, and where each part runs."""

    recursion: Recursion
    states: tuple  # with the output, first
    registers: tuple  # states that hold inputs
    before: tuple
    loop: tuple
    after: tuple

    @property
    def program(self):
        """The lowered program."""
        return self.recursion.program


def lowered(recursion, phi="tanh"):
    """The `Plan` of a recursion; ``phi`` takes the place of unknown functions.

    What neither the loss nor an output needs is left out. Raises ValueError for a text
    without inputs, which say how many steps there are, and for a row that has a name.
    """
    if not recursion.program.inputs:
        raise ValueError("text: expected an input, got none")
    ends = (recursion.loss,) if recursion.loss else recursion.outputs
    program = _without_unread(recursion.program, _needed(recursion.program, ends))
    for name in (*program.parameters, *program.static, *program.definitions):
        rows, columns = program.shapes[name]
        if rows == ONE != columns:
            raise ValueError(
                f"{name}: expected a number, a column or a matrix in code, got a row "
                f"of shape (1, {columns}); name the column, and transpose it where it "
                "is read"
            )
    program = _with_functions(program, phi)
    program, registers = _with_registers(program)
    recursion = Recursion(
        program,
        recursion.loss,
        recursion.outputs,
        recursion.frozen,
        recursion.distributions,
        weighted=True,
    )
    read = program.lags
    states = [n for n in recursion.outputs if n not in read]
    states += [n for n in recursion.states]
    before, loop, after = _places(program, registers)
    return Plan(recursion, tuple(states), registers, before, loop, after)


def restricted(recursion, output):
    """The recursion of the part that computes an output, without a loss."""
    program = recursion.program
    needed = _needed(program, (output,))
    program = replace(
        _without_unread(program, needed),
        inputs=tuple(n for n in program.inputs if n in needed),
        parameters=tuple(n for n in program.parameters if n in needed),
        shapes={n: s for n, s in program.shapes.items() if n in needed},
    )
    return Recursion(
        program,
        None,
        (output,),
        recursion.frozen & needed,
        recursion.distributions & needed,
    )


def _needed(program, ends):
    """The names that the computation of these reads, with the names themselves."""
    known = program.static | program.definitions
    reads = {n: {leaf.name for leaf in ex.leaves(e)} for n, e in known.items()}
    leaves = dict.fromkeys((*program.inputs, *program.parameters), ())
    return _reached(ends, leaves | reads) | {*ends}


def _without_unread(program, needed):
    """The program without the definitions that are not among the needed."""
    definitions, static = (
        {n: e for n, e in table.items() if n in needed}
        for table in (program.definitions, program.static)
    )
    return replace(program, definitions=definitions, static=static)


def _with_functions(program, phi):
    def visit(node):
        args = tuple(map(visit, node.args))
        node = node if args == node.args else node.rebuilt(args)
        if isinstance(node, ex.Apply) and node.function in ("phi", "psi"):
            return args[0] if phi == "identity" else replace(node, function=phi)
        return node

    def all_of(table):
        return {n: visit(e) for n, e in table.items()}

    return replace(
        program,
        definitions=all_of(program.definitions),
        static=all_of(program.static),
    )


def _with_registers(program):
    """The program with lags of one step only, and the registers of inputs."""
    lags, shapes, made = program.lags, dict(program.shapes), {}
    registers = []
    for name, lag in lags.items():
        first = 1 if name in program.definitions else 0
        for k in range(first, lag):
            register = _register(name, k + 1, first)
            earlier = name if k == first else _register(name, k, first)
            shift = 0 if earlier == name and not first else -1
            source = ex.Value((), shapes[name], earlier, shift)
            shapes[register] = shapes[name]
            made[register] = source
            if not first:
                registers.append(register)

    def lowered_leaf(leaf):
        if not leaf.shift or (leaf.shift == -1 and leaf.name in program.definitions):
            return leaf
        first = 1 if leaf.name in program.definitions else 0
        return replace(leaf, name=_register(leaf.name, -leaf.shift, first), shift=-1)

    definitions = {
        n: ex.mapped(e, lowered_leaf) for n, e in program.definitions.items()
    }
    program = replace(program, definitions=made | definitions, shapes=shapes)
    return program, tuple(registers)


def _register(name, lag, first):
    """The register whose value one step ago is the quantity ``lag`` steps ago."""
    return f"{name}_back{lag - first}"


def _places(program, registers):
    """The definitions before, in and after the loop, each in order."""
    reads = {
        name: {leaf.name for leaf in ex.leaves(e) if leaf.name in program.definitions}
        for name, e in program.definitions.items()
    }
    recurrent = set(program.states) - set(registers)
    for name, e in program.definitions.items():
        lagged = [leaf for leaf in ex.leaves(e) if leaf.shift]
        if any(leaf.name not in registers for leaf in lagged):
            recurrent.add(name)
    below = _reached(recurrent, reads)  # what the recurrent ones read, and so on
    readers = {n: {m for m in reads if n in reads[m]} for n in reads}
    above = _reached(recurrent, readers)  # what depends on them
    loop = recurrent | (below & above)
    after = above - loop
    order = [*program.definitions]
    return (
        tuple(n for n in order if n not in loop and n not in after),
        tuple(n for n in order if n in loop),
        tuple(n for n in order if n in after),
    )


def _reached(start, edges):
    found, stack = set(), list(start)
    while stack:
        for name in edges[stack.pop()]:
            if name not in found:
                found.add(name)
                stack.append(name)
    return found
