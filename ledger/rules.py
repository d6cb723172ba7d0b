"""Falsifications made by rule: each changes one thing that people do confuse.

A statement of a check is a function whose source is known, or a number, a set, a list,
a line of a program. The rules exchange < and <=, a norm and a radius or the largest
entry, a sum and a mean, every and some, the largest and the smallest, t and t - 1, a
matrix and its transpose, the state before and after the activation; and they drop a
term, a factor or a hypothesis, or turn a sign.
"""

import ast
import copy
import types
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
MOST = 12  # so many of one statement, spread over its source
EXTRA = {"np": np}
WHERE = "np.max(np.abs(np.linalg.eigvals(_A)))"
SPECTRAL = ("spectral", "largest")
RADIUS = ("radius",)
EXCHANGED = {  # names of functions
    "all": "any",
    "any": "all",
    "max": "min",
    "min": "max",
    "sigma_min": "least",
    "least": "sigma_min",
    "radius": "spectral",
    "latest_left": "earliest_left",
    "latest_first": "earliest_first",
}
STATES = {"h": "s", "s": "h", "x": None, "W_xh": None}
STEPS = {"t", "k", "j", "r", "T"}


def false_versions(statement) -> list:
    """[(rule, statement)]: the versions of a statement that the rules make."""
    if isinstance(statement, types.FunctionType):
        found = list(of_function(statement))
    elif isinstance(statement, dict):
        found = of_dict(statement)
    else:
        found = list(of_value(statement))
    if len(found) > MOST:
        step = len(found) / MOST
        found = [found[int(i * step)] for i in range(MOST)]
    return found


def of_dict(statement):
    """One value changed, two exchanged, or one left out."""
    keys = list(statement)
    found = []
    for key in keys:
        found += [(r, statement | {key: v}) for r, v in false_versions(statement[key])]
    for one, other in zip(keys, keys[1:], strict=False):
        if not _same(statement[one], statement[other]):
            swapped = {one: statement[other], other: statement[one]}
            found.append(("exchange two", statement | swapped))
    if len(keys) > 2:
        rest = {key: value for key, value in statement.items() if key != keys[-1]}
        found.append(("leave one out", rest))
    return found


def _same(a, b):
    return type(a) is type(b) and not callable(a) and np.array_equal(a, b)


def of_value(statement) -> Iterator:
    """A number next to it, a set with one less, a list in another order."""
    if isinstance(statement, bool | np.bool_) or statement is None:
        return
    if isinstance(statement, int | float | np.number):
        for rule, value in (("one more", statement + 1), ("double", 2 * statement)):
            if value != statement:
                yield rule, type(statement)(value)
    elif isinstance(statement, set | frozenset):
        for item in sorted(statement, key=str):
            yield "leave one out", statement - {item}
    elif isinstance(statement, list | tuple) and len(statement) > 0:
        yield "leave the last out", statement[:-1]
        yield "leave the first out", statement[1:]
        if len(statement) > 1 and not _same(statement[0], statement[1]):
            yield "exchange two", type(statement)([*statement[1::-1], *statement[2:]])
    elif isinstance(statement, np.ndarray):
        yield "double", 2 * statement + (not np.any(statement))
        if statement.ndim == 2 and statement.shape[0] != statement.shape[1]:
            yield "transpose", statement.T
    elif isinstance(statement, str):
        for old, new in ((".T", ""), ("t-1", "t"), ("+=", "="), ("-=", "+=")):
            if old in statement:
                yield f"{old} for {new}", statement.replace(old, new, 1)
    elif statement is sum:
        yield "sum and mean", lambda terms: sum(terms) / len(terms)
        yield "every and some", lambda terms: list(terms)[0]


# Functions: their source is read, one node is changed, and it is compiled again.


def of_function(function) -> Iterator:
    """The versions of a function, one change each; or of the functions it calls."""
    tree = tree_of(function)
    if tree is None:
        return
    changed = False
    for version in of_source(function, tree):
        changed = True
        yield version
    if not changed:
        yield from of_called(function, tree)


def of_called(function, tree):
    """The versions that a function has when one that it calls is changed."""
    for name in sorted({n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}):
        called = function.__globals__.get(name)
        if isinstance(called, types.FunctionType) and tree_of(called) is not None:
            for rule, other in of_source(called, tree_of(called)):
                yield rule, _compile(function, copy.deepcopy(tree), {name: other})


def of_source(function, tree):
    """The versions that one change in the source gives."""
    for number, node in enumerate(ast.walk(tree)):
        for rule, change in changes(node):
            other = copy.deepcopy(tree)
            place = list(ast.walk(other))[number]
            _replace(other, place, change)
            try:
                made = _compile(function, other)
            except SyntaxError:  # pragma: no cover
                continue
            yield rule, made


@cache
def _module(path):
    return ast.parse(Path(path).read_text("utf-8"))


def tree_of(function):
    """The node of a function in its module; None for what is not the ledger's."""
    code = function.__code__
    path = Path(code.co_filename)
    if HERE not in path.parents or path.name == "oracles.py":
        return None
    lines = [p for p in code.co_positions() if p[0] and p[2] is not None]
    inside = [(line, col) for line, _, col, _ in lines if line > 0 and col > 0]
    found = []
    for node in ast.walk(_module(code.co_filename)):
        if not isinstance(node, ast.Lambda | ast.FunctionDef):
            continue
        first = min([node.lineno, *(d.lineno for d in _decorators(node))])
        names = [a.arg for a in (*node.args.posonlyargs, *node.args.args)]
        if first == code.co_firstlineno and names == list(
            code.co_varnames[: code.co_argcount]
        ):
            start, end = (node.lineno, node.col_offset), _end(node)
            if all(start <= at <= end for at in inside):
                found.append(node)
    return min(found, key=_end) if found else None


def _decorators(node):
    return getattr(node, "decorator_list", [])


def _end(node):
    return node.end_lineno, node.end_col_offset


def _replace(tree, place, change):
    """Put ``change(place)`` in the place of ``place``."""
    new = change(place)
    for parent in ast.walk(tree):
        for field, value in ast.iter_fields(parent):
            if value is place:
                setattr(parent, field, new)
                return
            if isinstance(value, list):
                for i, item in enumerate(value):
                    if item is place:
                        value[i] = new
                        return


def _compile(function, tree, instead=None):
    """A function of the changed tree, with the names that the old one sees."""
    free = function.__code__.co_freevars
    if isinstance(tree, ast.Lambda):
        body = [ast.Return(tree)]
    else:
        tree.decorator_list = []
        body = [tree, ast.Return(ast.Name(tree.name, ast.Load()))]
    outer = ast.FunctionDef(
        name="_outer",
        args=ast.arguments([], [ast.arg(n) for n in free], None, [], [], None, []),
        body=body,
        decorator_list=[],
        type_params=[],
    )
    module = ast.fix_missing_locations(ast.Module([outer], []))
    names = EXTRA | function.__globals__ | (instead or {})
    code = compile(module, function.__code__.co_filename, "exec")
    outside = next(c for c in code.co_consts if isinstance(c, types.CodeType))
    cells = [cell.cell_contents for cell in function.__closure__ or ()]
    made = types.FunctionType(outside, names)(*cells)
    made.__defaults__, made.__kwdefaults__ = (
        function.__defaults__,
        function.__kwdefaults__,
    )
    return made


def changes(node) -> Iterator:
    """[(rule, what to put in the place of the node)]."""
    for rule in RULES:
        yield from rule(node)


def comparisons(node):
    """< and <=, > and >=."""
    pairs = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt}
    if isinstance(node, ast.Compare) and type(node.ops[0]) in pairs:
        new = pairs[type(node.ops[0])]

        def change(n):
            return ast.Compare(n.left, [new(), *n.ops[1:]], n.comparators)

        yield "< and <=", change


def calls(node):
    """Norm and radius, sum and mean, every and some, largest and smallest."""
    if not isinstance(node, ast.Call) or not node.args:
        return
    name = ast.unparse(node.func)
    if name in SPECTRAL or (
        name == "np.linalg.norm"
        and len(node.args) == 2
        and ast.unparse(node.args[1]) == "2"
    ):
        yield "norm and radius", lambda n: _filled(WHERE, n.args[0])
        yield "norm and entry", lambda n: _filled("np.max(np.abs(_A))", n.args[0])
    if name in ("sum", "np.sum") and len(node.args) == 1:
        yield (
            "sum and mean",
            lambda n: _filled("np.mean(np.asarray(list(_A)), axis=0)", n.args[0]),
        )
    if name == "np.mean":
        yield "sum and mean", lambda n: _filled("np.sum(_A)", n.args[0])
    bare = name.removeprefix("np.")
    if bare in EXCHANGED and not (bare == name and name in ("max", "min")):
        new = name.replace(bare, EXCHANGED[bare])
        yield f"{bare} and {EXCHANGED[bare]}", lambda n: _renamed(n, new)
    elif name in ("max", "min"):
        yield "max and min", lambda n: _renamed(n, EXCHANGED[name])
    if name == "range":
        yield from ranges(node)


def ranges(node):
    """One step less, at either end."""
    last = len(node.args) == 1

    def shorter(n):
        at = 0 if last else 1
        args = list(n.args)
        step = 1
        if len(args) == 3:
            step = -1
        args[at] = ast.BinOp(args[at], ast.Sub(), ast.Constant(step))
        return ast.Call(n.func, args, [])

    def later(n):
        first = ast.Constant(1) if last else n.args[0]
        start = first if last else ast.BinOp(first, ast.Add(), ast.Constant(1))
        return ast.Call(n.func, [start, n.args[0] if last else n.args[1]], [])

    yield "the last step", shorter
    if len(node.args) < 3:
        yield "the first step", later


def arithmetic(node):
    """A term or a factor left out, a sign turned, an exponent one more."""
    if isinstance(node, ast.BinOp):
        if isinstance(node.op, ast.Add | ast.Sub) and not _step(node):
            yield "drop a term", lambda n: n.left
            yield "drop a term", lambda n: n.right
            turned = ast.Sub if isinstance(node.op, ast.Add) else ast.Add
            yield "sign", lambda n: ast.BinOp(n.left, turned(), n.right)
        if isinstance(node.op, ast.Mult):
            yield "drop a factor", lambda n: n.left
            yield "drop a factor", lambda n: n.right
        if isinstance(node.op, ast.Div):
            yield "drop a factor", lambda n: n.left
        if isinstance(node.op, ast.Pow):
            yield (
                "one more",
                lambda n: ast.BinOp(
                    n.left, ast.Pow(), ast.BinOp(n.right, ast.Add(), ast.Constant(1))
                ),
            )
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield "sign", lambda n: n.operand
    if isinstance(node, ast.BoolOp):
        yield "drop a hypothesis", lambda n: n.values[0]
        yield "drop a hypothesis", lambda n: n.values[-1]


def _step(node):
    """t - 1 and the like."""
    return isinstance(node.right, ast.Constant) and isinstance(node.left, ast.Name)


def steps(node):
    """t and t - 1, h and s."""
    if isinstance(node, ast.BinOp) and _step(node):
        if node.right.value == 1 and node.left.id in STEPS:
            yield "t and t - 1", lambda n: n.left
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Name):
        if node.slice.id in STEPS and isinstance(node.value, ast.Attribute):
            less = ast.BinOp(ast.Name(node.slice.id, ast.Load()), ast.Sub(), None)
            less.right = ast.Constant(1)
            yield "t and t - 1", lambda n: ast.Subscript(n.value, less, n.ctx)
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Attribute):
        if STATES.get(node.value.attr):
            yield (
                "h and s",
                lambda n: ast.Subscript(
                    ast.Attribute(n.value.value, STATES[n.value.attr], ast.Load()),
                    n.slice,
                    n.ctx,
                ),
            )


def transposes(node):
    """A matrix and its transpose."""
    if isinstance(node, ast.Attribute) and node.attr == "T":
        if not isinstance(node.value, ast.Name) or node.value.id not in ("n", "m"):
            yield "transpose", lambda n: n.value
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
        if isinstance(node.left, ast.Attribute) and node.left.attr == "W_hh":
            yield (
                "transpose",
                lambda n: ast.BinOp(
                    ast.Attribute(n.left, "T", ast.Load()), n.op, n.right
                ),
            )
        yield "exchange", lambda n: ast.BinOp(n.right, n.op, n.left)


def constants(node):
    """A number next to it."""
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        yield "one more", lambda n: ast.Constant(n.value + 1)


RULES = (comparisons, calls, arithmetic, steps, transposes)


def _filled(template, argument):
    tree = ast.parse(template, mode="eval").body
    for node in ast.walk(tree):
        for field, value in ast.iter_fields(node):
            if isinstance(value, list):
                for i, item in enumerate(value):
                    if isinstance(item, ast.Name) and item.id == "_A":
                        value[i] = argument
            elif isinstance(value, ast.Name) and value.id == "_A":
                setattr(node, field, argument)
    return tree


def _renamed(node, name):
    return ast.Call(ast.parse(name, mode="eval").body, node.args, node.keywords)
