"""Small changes of Python source, each of which a test should notice.

A mutation replaces one piece of one expression or statement. It is called by the file,
the function, what stood there and what stands there instead, so that it keeps its name
when lines move.
"""

import ast
from collections import Counter
from typing import NamedTuple

COMPARISONS = {
    ast.Lt: [ast.LtE, ast.Gt],
    ast.LtE: [ast.Lt, ast.Gt],
    ast.Gt: [ast.GtE, ast.Lt],
    ast.GtE: [ast.Gt, ast.Lt],
    ast.Eq: [ast.NotEq],
    ast.NotEq: [ast.Eq],
    ast.Is: [ast.IsNot],
    ast.IsNot: [ast.Is],
    ast.In: [ast.NotIn],
    ast.NotIn: [ast.In],
}
ARITHMETIC = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}
NAMES = {
    "min": "max",
    "max": "min",
    "any": "all",
    "all": "any",
    "argmin": "argmax",
    "argmax": "argmin",
    "minimum": "maximum",
    "maximum": "minimum",
    "zeros": "ones",
    "ones": "zeros",
    "zeros_like": "ones_like",
    "ones_like": "zeros_like",
    "exp": "expm1",
    "log": "log1p",
    "log1p": "log",
    "expm1": "exp",
    "floor": "ceil",
    "ceil": "floor",
    "left": "right",
}
TRANSPARENT = {"copy", "abs", "sorted", "reversed"}  # x.copy() and np.abs(x) become x
SKIPPED = (ast.Import, ast.ImportFrom, ast.Global, ast.Nonlocal)
ASSERTED = {"strict"}  # zip(..., strict=True) asserts: it speaks in wrong code alone


class Mutation(NamedTuple):
    """One change of a source, from ``start`` to ``end`` in bytes of the file."""

    name: str  # "function: before -> after", and a number if there are several such
    line: int
    last: int  # of the statement, or of the head of one with a body
    function: str  # "" at the top of the module
    start: int
    end: int
    text: str

    def applied(self, source):
        """The source with this change."""
        raw = source.encode()
        return (raw[: self.start] + self.text.encode() + raw[self.end :]).decode()


def _changed(number):
    """Another float: a threshold by orders of magnitude, what is near 1 doubled."""
    return number * (2 if 1e-2 <= number <= 1e2 else 1000) or 1.0


def _others(node):
    """What may stand in the place of a node."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        for op in COMPARISONS[type(node.ops[0])]:
            yield ast.Compare(node.left, [op()], node.comparators)
    elif isinstance(node, ast.Compare):
        for i, old in enumerate(node.ops):
            ops = [*node.ops[:i], COMPARISONS[type(old)][0](), *node.ops[i + 1 :]]
            yield ast.Compare(node.left, ops, node.comparators)
    elif isinstance(node, ast.BinOp) and type(node.op) in ARITHMETIC:
        yield ast.BinOp(node.left, ARITHMETIC[type(node.op)](), node.right)
    elif isinstance(node, ast.BoolOp):
        op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        yield ast.BoolOp(op, node.values)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.Not, ast.USub)):
        yield node.operand
    elif isinstance(node, ast.Constant) and type(node.value) in (int, float, bool):
        value = node.value
        if isinstance(value, bool):
            yield ast.Constant(not value)
        else:
            yield ast.Constant(value + 1 if type(value) is int else _changed(value))
    elif isinstance(node, ast.IfExp):
        yield ast.IfExp(ast.UnaryOp(ast.Not(), node.test), node.body, node.orelse)
    elif isinstance(node, ast.Attribute) and node.attr in NAMES:
        yield ast.Attribute(node.value, NAMES[node.attr], node.ctx)
    elif isinstance(node, ast.Attribute) and node.attr == "T":
        yield node.value
    elif isinstance(node, ast.Name) and node.id in NAMES:
        yield ast.Name(NAMES[node.id], node.ctx)
    elif isinstance(node, ast.Call):
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        if name in TRANSPARENT:
            plain = not isinstance(node.func, ast.Attribute) or node.args
            yield node.args[0] if plain and node.args else node.func.value
        for i, word in enumerate(node.keywords):
            if word.arg is not None and word.arg not in ASSERTED:
                rest = node.keywords[:i] + node.keywords[i + 1 :]
                yield ast.Call(node.func, node.args, rest)


def _statements(node):
    """What may stand in the place of a statement."""
    if isinstance(node, ast.AugAssign):
        if type(node.op) in ARITHMETIC:
            yield ast.AugAssign(node.target, ARITHMETIC[type(node.op)](), node.value)
        yield ast.Pass()
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        yield ast.Pass()
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Yield):
        yield ast.Pass()
    elif isinstance(node, ast.Raise):
        yield ast.Pass()
    elif isinstance(node, ast.Break):
        yield ast.Continue()
    elif isinstance(node, ast.Continue):
        yield ast.Break()


class _Finder:
    def __init__(self, source):
        self.lengths = [0]
        for line in source.encode().split(b"\n"):
            self.lengths.append(self.lengths[-1] + len(line) + 1)
        self.found = []

    def span(self, node):
        """The bytes of a node."""
        return (
            self.lengths[node.lineno - 1] + node.col_offset,
            self.lengths[node.end_lineno - 1] + node.end_col_offset,
        )

    def add(self, where, lines, shown, span, before, after):
        """One mutation, under the name of what it changes."""
        self.found.append((where, lines, shown, span, before, after))

    def body(self, statements, where):
        """All mutations of a list of statements."""
        for node in statements:
            self.statement(node, where)

    def statement(self, node, where):
        """The mutations of one statement, and of what it contains."""
        if isinstance(node, SKIPPED):
            return
        inner = where
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            inner = f"{where}.{node.name}".lstrip(".")
            for decorator in node.decorator_list:
                self.expression(decorator, inner, (node.lineno, node.lineno))
            arguments = getattr(node, "args", None)
            if arguments:
                defaults = arguments.defaults + arguments.kw_defaults
                for default in filter(None, defaults):
                    self.expression(default, inner, (node.lineno, node.lineno))
            self.body(node.body, inner)
            return
        bodies = [getattr(node, n, []) for n in ("body", "orelse", "finalbody")]
        first = next((b[0] for b in bodies if b), None)
        last = first.lineno - 1 if first else node.end_lineno
        lines = node.lineno, max(last, node.lineno)
        for other in _statements(node):
            before, after = ast.unparse(node), ast.unparse(other)
            self.add(where, lines, before, self.span(node), before, after)
        for name, value in ast.iter_fields(node):
            if name in ("body", "orelse", "finalbody", "annotation"):
                continue
            if name == "test":
                text = ast.unparse(value)
                after = ast.unparse(ast.UnaryOp(ast.Not(), value))
                if not isinstance(node, ast.While):
                    here = self.span(value)
                    self.add(where, lines, text, here, text, (after, f"({after})"))
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.ExceptHandler):
                    self.body(child.body, where)
                elif isinstance(child, ast.match_case):
                    self.body(child.body, where)
                elif isinstance(child, ast.AST) and not isinstance(child, ast.withitem):
                    self.expression(child, where, lines)
                elif isinstance(child, ast.withitem):
                    self.expression(child.context_expr, where, lines)
        for statements in bodies:
            self.body(statements, where)

    def expression(self, node, where, lines, parents=()):
        """The mutations of an expression, the whole of it first."""
        for other in _others(node):
            above = next((p for p in parents[::-1] if hasattr(p, "lineno")), node)
            shown = node
            if isinstance(node, (ast.Constant, ast.Name)):
                shown = above
            outer = next((p for p in parents if isinstance(p, ast.JoinedStr)), None)
            place = outer or node
            before = ast.unparse(shown)
            after = self._replaced(shown, node, other)
            text = self._replaced(place, node, other)
            text = text if outer or place is not node else f"({text})"
            if isinstance(node, ast.Slice):
                text = text.strip("()")
            self.add(where, lines, before, self.span(place), before, (after, text))
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.keyword) and child.arg in ASSERTED:
                continue
            if not isinstance(child, (ast.operator, ast.cmpop, ast.expr_context)):
                self.expression(child, where, lines, (*parents, node))

    @staticmethod
    def _replaced(whole, old, new):
        """The text of a node in which one part is another."""
        if whole is old:
            return ast.unparse(new)
        holder, key, index = next(
            (parent, name, i)
            for parent in ast.walk(whole)
            for name, value in ast.iter_fields(parent)
            for i, child in enumerate(value if isinstance(value, list) else [value])
            if child is old
        )
        kept = getattr(holder, key)
        if isinstance(kept, list):
            kept[index] = new
            text = ast.unparse(whole)
            kept[index] = old
        else:
            setattr(holder, key, new)
            text = ast.unparse(whole)
            setattr(holder, key, kept)
        return text


def mutations(source):
    """Every mutation of a source, in the order of its lines."""
    finder = _Finder(source)
    finder.body(ast.parse(source).body, "")
    seen, found = Counter(), []
    for where, (line, last), before, (start, end), _, after in finder.found:
        shown, text = after if isinstance(after, tuple) else (after, after)
        name = f"{where or 'top'}: {before} -> {shown}"
        seen[name] += 1
        if seen[name] > 1:
            name += f" ({seen[name]})"
        found.append(Mutation(name, line, last, where, start, end, text))
    return found


def compiles(source):
    """Whether a source can be compiled; a few mutations break a rule of the syntax."""
    try:
        compile(source, "mutant", "exec")
    except (SyntaxError, ValueError):
        return False
    return True
