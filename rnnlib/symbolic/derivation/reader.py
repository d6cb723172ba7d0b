"""From syntax to expressions with shapes: names are looked up, sizes inferred.

What has a step and is not defined is an input, and its size is declared. What has no
step and is not defined is a parameter: a matrix when its name begins with a capital, a
column otherwise, a scalar when its size is declared as 1.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from rnnlib.symbolic.derivation import expressions as ex
from rnnlib.symbolic.derivation.sizes import (
    ONE,
    SCALAR,
    Inference,
    Size,
    kind,
    show_shape,
)
from rnnlib.symbolic.derivation.syntax import ELEMENTWISE, read_equations


@dataclass(frozen=True)
class Program:
    """Definitions in an order in which they can be computed, and what they speak of."""

    definitions: dict  # name: expression at step t
    static: dict  # name: expression of parameters alone
    inputs: tuple
    parameters: tuple
    shapes: dict
    sizes: tuple  # the symbols, as they were declared
    made: frozenset = field(default=frozenset())  # names that the machine gave

    @property
    def lags(self):
        """From each name that is read later to its largest lag."""
        found = {}
        for expression in self.definitions.values():
            for leaf in ex.leaves(expression):
                if leaf.shift:
                    found[leaf.name] = max(found.get(leaf.name, 0), -leaf.shift)
        return found

    @property
    def states(self):
        """The defined names that a later step reads, in the order of the text."""
        return tuple(n for n in self.definitions if n in self.lags)


def read_program(text, sizes):
    """The `Program` of a text; ``sizes`` from a name to its size or its shape."""
    equations = read_equations(text)
    return _Reader(equations, _declared(sizes)).program()


def _declared(sizes):
    """The declared shapes."""
    if not isinstance(sizes, dict):
        kind_ = type(sizes).__name__
        raise ValueError(f"sizes: expected a dictionary, got {kind_}")
    found = {}
    for name, size in sizes.items():
        parts = size if isinstance(size, tuple) else (size, "1")
        read = [Size.read(str(part)) for part in parts]
        plain = isinstance(name, str) and len(parts) == 2
        if not plain or None in read or isinstance(size, (bool, float)):
            raise ValueError(
                f"sizes: expected for {name!r} a size such as 'd_h', 1 for a scalar, "
                f"or a pair for a matrix, got {size!r}"
            )
        if any(s == Size() or any(k < 0 for _, k in s.terms) for s in read):
            raise ValueError(f"sizes: expected a positive size for {name!r}")
        found[name] = tuple(read)
    return found


class _Reader:
    def __init__(self, equations, declared):
        self.equations, self.declared = equations, declared
        self.inference = Inference()
        self.lines = {}
        for e in equations:
            if e.name in self.lines:
                first = self.lines[e.name].line
                raise ValueError(
                    f"line {e.line}: {_shown(e)} is defined twice, first on line "
                    f"{first}"
                )
            if e.name == "I" or e.name in ELEMENTWISE:
                raise ValueError(f"line {e.line}: {e.name} has a meaning already")
            self.lines[e.name] = e
        self.known = {}  # shapes by name
        self.first_use = {}  # the syntax of the first use of a name
        self.scalars = {}  # products in which a side is a scalar
        self.inputs, self.parameters = [], []
        self.shape_of = {}

    def program(self):
        for e in self.equations:
            self.check_names(e, e.right)
        spoken = self.lines.keys() | set(self.inputs) | set(self.parameters)
        for name in self.declared:
            if name not in spoken:
                raise ValueError(f"sizes: {name} does not occur in the text")
        ordered = self.ordered()
        for e in ordered:
            self.define(e)
        self.check_inferred()
        static, definitions = {}, {}
        for e in ordered:
            (definitions if e.timed else static)[e.name] = self.build(e.right)
        names = [*definitions, *static, *self.inputs, *self.parameters]
        return Program(
            definitions,
            static,
            tuple(self.inputs),
            tuple(self.parameters),
            {n: self.inference.shape(self.known[n]) for n in names},
            self.symbols(),
        )

    def symbols(self):
        """The symbols of the sizes, in the order of their declaration."""
        found = [
            n for shape in self.declared.values() for s in shape for n, _ in s.terms
        ]
        return tuple(dict.fromkeys(found))

    # names

    def check_names(self, e, syntax):
        """Every name means something, and nothing reads a later step."""
        for part in syntax.args:
            self.check_names(e, part)
        if syntax.operation != "name":
            return
        name, shift = syntax.detail
        self.first_use.setdefault(name, syntax)
        if name == "I" and shift is None:
            return
        if shift is not None and not e.timed:
            raise syntax.error(
                f"{e.name} has no step and reads {syntax.text}, which has one"
            )
        if shift is not None and shift > 0:
            raise syntax.error(
                f"{syntax.text} is read before it exists: a definition reads its own "
                "step and earlier ones"
            )
        if name in self.lines:
            defined = self.lines[name]
            if defined.timed == (shift is None):
                wanted = "a step" if defined.timed else "no step"
                raise syntax.error(
                    f"{syntax.text}: expected {wanted}, as in the definition of "
                    f"{name} on line {defined.line}"
                )
            return
        seen = self.parameters if shift is None else self.inputs
        other = self.inputs if shift is None else self.parameters
        if name in other:
            raise syntax.error(f"{name} is read with a step and without one")
        if shift is not None and name not in self.declared:
            raise syntax.error(
                f"{syntax.text} is not defined: define {name}_t, or declare the size "
                f"of the input, as in sizes={{{name!r}: 'd_{name}'}}"
            )
        if name in ELEMENTWISE:
            raise syntax.error(f"{name} is a function: give it an argument")
        if name not in seen:
            seen.append(name)

    def ordered(self):
        """The equations in an order in which they can be computed."""
        done, order = {}, []

        def visit(e, path):
            if done.get(e.name) == "done":
                return
            if e.name in path:
                cycle = [*path[path.index(e.name) :], e.name]
                shown = " -> ".join(_shown(self.lines[n]) for n in cycle)
                raise ValueError(
                    f"line {e.line}: {shown}: a cycle within one step, none of these "
                    "can be computed first"
                )
            for name in _same_step(e.right):
                if name in self.lines:
                    visit(self.lines[name], [*path, e.name])
            done[e.name] = "done"
            order.append(e)

        for e in self.equations:
            visit(e, [])
        return order

    # sizes

    def default(self, name, timed):
        """The shape of a name at its first use."""
        if name in self.declared:
            return self.declared[name]
        columns = self.inference.new() if name[0].isupper() else ONE
        return (self.inference.new(), columns)

    def of_name(self, name, timed):
        if name not in self.known:
            self.known[name] = self.default(name, timed)
        return self.inference.shape(self.known[name])

    def define(self, e):
        shape = self.infer(e.right)
        if e.name not in self.known and e.name not in self.declared:
            self.known[e.name] = shape
            return
        known = self.of_name(e.name, e.timed)
        if shape == SCALAR and known != SCALAR:
            if e.right.operation == "number":
                return
        if not self.inference.equate_shapes(known, shape):
            known, shape = map(self.inference.shape, (known, shape))
            raise e.right.error(
                f"{_shown(e)} = {e.right.text}: {_shown(e)} is {kind(known)}, and the "
                f"right side is {kind(shape)}{_hint(known, shape, e.name)}"
            )

    def infer(self, syntax):
        """The shape of a piece of syntax."""
        shapes = [self.infer(a) for a in syntax.args]
        shapes = [self.inference.shape(s) for s in shapes]
        shape = self.inference.shape(self.shape(syntax, shapes))
        self.shape_of[id(syntax)] = shape
        return shape

    def shape(self, syntax, shapes):
        operation = syntax.operation
        if operation == "number":
            return SCALAR
        if operation == "name":
            name, shift = syntax.detail
            if name == "I" and shift is None:
                size = self.inference.new()
                return (size, size)
            return self.of_name(name, shift is not None)
        if operation in ("+", "-", "*", "/", "max"):
            return self.same(syntax, *shapes)
        if operation == "product":
            return self.product(syntax, *shapes)
        (shape, *_) = shapes
        if operation == "transpose":
            return shape[::-1]
        if operation == "power":
            if ONE not in shape:
                raise syntax.error(
                    f"{syntax.text}: a power of {kind(shape)}; powers are taken entry "
                    "by entry, of a column or a scalar"
                )
            return shape
        if operation == "concat":
            return self.concat(syntax, shapes)
        if operation == "slice":
            start, stop = self.bounds(syntax, shape)
            return (stop - start, shape[1])
        if operation == "cross_entropy":
            self.same(syntax, *shapes)
            return SCALAR
        if operation in ("mean", "sum", "norm"):
            return SCALAR
        if operation == "softmax" and shape[1] != ONE:
            raise syntax.error(f"{syntax.text}: expected a column, got {kind(shape)}")
        return shape

    def same(self, syntax, a, b):
        """The common shape of two that are added, or multiplied entry by entry."""
        if SCALAR in (a, b):
            return b if a == SCALAR else a
        if not self.inference.equate_shapes(a, b):
            a, b = map(self.inference.shape, (a, b))
            matrix = syntax.operation == "*" and (ONE in a) != (ONE in b)
            hint = "; the matrix product is written without *" if matrix else ""
            raise syntax.error(
                f"{syntax.text}: {_named(syntax.args[0])} is {kind(a)} and "
                f"{_named(syntax.args[1])} is {kind(b)}{hint}"
            )
        return a

    def product(self, syntax, a, b):
        if SCALAR in (a, b):
            return b if a == SCALAR else a
        left, right = syntax.args
        if a[1] == ONE and b[1] == ONE and b[0] != ONE:
            raise syntax.error(
                f"{syntax.text}: a product of two columns, {_named(left)} "
                f"{show_shape(a)} and {_named(right)} {show_shape(b)}; write "
                "* for the elementwise product"
            )
        if not self.inference.equate(a[1], b[0]):
            a, b = map(self.inference.shape, (a, b))
            raise syntax.error(
                f"{syntax.text}: {_named(left)} is {kind(a)} and {_named(right)} is "
                f"{kind(b)}: {a[1]} columns meet {b[0]} rows"
            )
        return (a[0], b[1])

    def concat(self, syntax, shapes):
        rows = shapes[0][0]
        for shape, part in zip(shapes, syntax.args, strict=True):
            if shape[1] != ONE:
                raise syntax.error(
                    f"{syntax.text}: expected columns, {_named(part)} is {kind(shape)}"
                )
        for shape in shapes[1:]:
            rows = rows + shape[0]
        return (rows, ONE)

    def bounds(self, syntax, shape):
        """The first row and the one after the last, of a slice."""
        low, high = syntax.detail
        start = Size.read(low) if low else Size()
        stop = Size.read(high) if high else shape[0]
        symbols = self.symbols()
        for written, bound in ((low, start), (high, stop)):
            known = bound and all(n in symbols or n[0] == "?" for n, _ in bound.terms)
            if bound is None or not known:
                raise syntax.error(
                    f"{syntax.text}: expected sizes such as "
                    f"{', '.join(symbols) or 'd_h'} as bounds, got {written!r}"
                )
        for gap in (stop - start, self.inference.resolve(shape[0]) - stop):
            if any(k < 0 for _, k in gap.terms) or gap.constant < 0:
                raise syntax.error(
                    f"{syntax.text}: rows {start} to {stop} of {kind(shape)}"
                )
        if stop - start == Size():
            raise syntax.error(f"{syntax.text}: no row from {start} to {stop}")
        return start, stop

    def check_inferred(self):
        for name, shape in self.known.items():
            if any(s.unknown for s in self.inference.shape(shape)):
                e = self.lines.get(name)
                line = (e or self.first_use[name]).line
                if e and e.right.operation == "number":
                    self.known[name] = SCALAR
                    continue
                step = "_t" if (e and e.timed) or name in self.inputs else ""
                raise ValueError(
                    f"line {line}: the size of {name}{step} cannot be inferred, it is "
                    f"{kind(self.inference.shape(shape))}: declare it, as in "
                    f"sizes={{{name!r}: 'd_{name}'}}, or 1 for a scalar"
                )

    # expressions

    def build(self, syntax):
        shape = self.inference.shape(self.shape_of[id(syntax)])
        operation, detail = syntax.operation, syntax.detail
        if operation == "number":
            return ex.number(detail)
        if operation == "name":
            name, shift = detail
            if name == "I" and shift is None:
                return ex.identity(self.sized(syntax, shape)[0])
            return ex.Value((), self.inference.shape(self.known[name]), name, shift)
        if operation in ELEMENTWISE or operation in BUILD:
            args = [self.build(a) for a in syntax.args]
            if operation == "identity":
                return args[0]
            if operation in ELEMENTWISE:
                return ex.apply(operation, args[0])
            return BUILD[operation](shape, *args)
        (arg,) = (self.build(a) for a in syntax.args)
        if operation == "power":
            return ex.power(arg, detail)
        start, stop = map(self.inference.resolve, self.bounds(syntax, arg.shape))
        return ex.slice_rows(arg, start, stop)

    def sized(self, syntax, shape):
        if any(s.unknown for s in shape):
            raise syntax.error(f"{syntax.text}: its size cannot be inferred")
        return shape


def _cross_entropy(shape, y, p):
    return ex.negative(ex.total(ex.times(y, ex.apply("log", p))))


BUILD: dict[str, Callable] = {
    "+": lambda shape, a, b: ex.add(a, b),
    "-": lambda shape, a, b: ex.add(a, ex.negative(b)),
    "*": lambda shape, a, b: ex.times(a, b),
    "/": lambda shape, a, b: ex.times(a, ex.power(b, -1)),
    "negative": lambda shape, a: ex.negative(a),
    "product": lambda shape, a, b: (
        ex.times(a, b) if a.is_scalar or b.is_scalar else ex.matmul(a, b)
    ),
    "transpose": lambda shape, a: ex.transpose(a),
    "max": lambda shape, a, b: ex.Maximum((a, b), shape),
    "softmax": lambda shape, a: ex.Softmax((a,), shape),
    "mean": lambda shape, a: ex.mean(a),
    "sum": lambda shape, a: ex.total(a),
    "norm": lambda shape, a: ex.Norm((a,), SCALAR),
    "sqrt": lambda shape, a: ex.power(a, "1/2"),
    "concat": lambda shape, *args: ex.concat(*args),
    "cross_entropy": _cross_entropy,
}


def _same_step(syntax):
    """The names that are read at the step itself, or that have none."""
    found = [n for a in syntax.args for n in _same_step(a)]
    if syntax.operation == "name" and syntax.detail[1] in (0, None):
        found.append(syntax.detail[0])
    return found


def _shown(e):
    return f"{e.name}_t" if e.timed else e.name


def _named(syntax):
    """The text of an operand, in brackets when it is long."""
    text = syntax.text.strip()
    return text if syntax.operation == "name" else f"({text})"


def _hint(known, shape, name):
    if SCALAR in (known, shape):
        return f"; a scalar is declared, as in sizes={{{name!r}: 1}}"
    return ""
