"""The answers in a returned notebook, found by their content.

Cells may be copied, split, renamed, retyped or deleted. An answer is the last function
of its name; where that is missing, the one that the check of the exercise is given. The
cells that it needs are those that bind the names it reads, and so on.
"""

import ast
import re
from dataclasses import dataclass, field
from functools import cache

import nbformat

from tools import chapters

CHECK = re.compile(
    r"check_answer\(\s*[\"']([\w-]+)[\"']\s*,\s*(\w+)\s*(?:,\s*seed=\d+\s*)?\)"
)


@dataclass(frozen=True)
class Asked:
    """An exercise as a chapter asks it."""

    label: str
    name: str  # of the function
    chapter: str


@cache
def asked():
    """Every exercise with a check, from the chapters."""
    found = {}
    for path in chapters.paths():
        for cell in chapters.code_cells(chapters.read(path)):
            for label, name in CHECK.findall(cell.source):
                found[label] = Asked(label, name, path.stem)
    return found


@dataclass
class Collected:
    """What was found in one notebook."""

    labels: tuple = ()
    functions: dict = field(default_factory=dict)  # label: name
    cells: list = field(default_factory=list)  # sources that can be read
    notes: list = field(default_factory=list)


def plain_python(source):
    """A cell without the magic commands of Jupyter."""
    lines = source.split("\n")
    return "\n".join("" if re.match(r"\s*[%!]", line) else line for line in lines)


def collect(path):
    """The `Collected` of a notebook file; what cannot be read is noted."""
    found = Collected()
    try:
        nb = nbformat.read(path, as_version=4)
        sources = [
            (c.get("cell_type"), str(c.get("source", ""))) for c in nb.get("cells", [])
        ]
    except Exception as error:  # a returned file may be anything
        found.notes.append(f"the notebook cannot be opened: {type(error).__name__}")
        return found
    for number, (kind, source) in enumerate(sources, start=1):
        retyped = kind != "code" and re.search(r"^def \w+\(", source, re.MULTILINE)
        if kind != "code" and not retyped:
            continue
        source = plain_python(source)
        try:
            ast.parse(source)
        except (SyntaxError, ValueError):
            if not retyped:
                found.notes.append(f"cell {number} is no Python that can be read")
            continue
        if retyped:
            found.notes.append(f"cell {number} is text, and was read as code")
        found.cells.append(source)
    _match(found)
    return found


def _match(found):
    """Which function answers which exercise."""
    defined = {}
    for source in found.cells:
        for node in ast.parse(source).body:
            if isinstance(node, ast.FunctionDef):
                if node.name in defined:
                    found.notes.append(f"{node.name} is defined twice: the last counts")
                defined[node.name] = True
    given = dict(CHECK.findall("\n".join(found.cells)))
    chapters_here = {
        a.chapter for label, a in asked().items() if a.name in defined or label in given
    }
    found.labels = tuple(
        label for label, a in asked().items() if a.chapter in chapters_here
    )
    for label in found.labels:
        name = asked()[label].name
        if name not in defined and given.get(label) in defined:
            found.notes.append(f"{label}: {given[label]} stands for {name}")
            name = given[label]
        if name in defined:
            found.functions[label] = name
        else:
            found.notes.append(f"{label}: the function {name} is missing")


def needed(cells, name):
    """The cells that bind what a function reads, directly or not, in their order.

    A name means what the last cell before the reading one made it; where there is
    none, what the next one makes it.
    """
    facts = [_names(source) for source in cells]
    chosen, wanted = set(), [(name, len(cells))]
    while wanted:
        one, at = wanted.pop()
        binders = [k for k, (bound, _) in enumerate(facts) if one in bound and k != at]
        before = [k for k in binders if k < at]
        found = before[-1:] or binders[:1]
        if found and found[0] not in chosen:
            chosen.add(found[0])
            wanted += [(read, found[0]) for read in facts[found[0]][1]]
    return [cells[k] for k in sorted(chosen)]


SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
FIRST = ("value", "iter", "context_expr")  # what of a statement is evaluated first


def _names(source):
    """The names that a cell binds, and those that it reads from outside."""
    bound, early, late = set(), set(), set()
    _walk(ast.parse(source), bound, early, late)
    return bound, early | (late - bound)


def _parts(node):
    """The parts of a node, in the order in which they are evaluated."""
    first = [part for name in FIRST if (part := getattr(node, name, None)) is not None]
    first = [part for part in first if isinstance(part, ast.AST)]
    return first + [p for p in ast.iter_child_nodes(node) if p not in first]


def _walk(node, bound, early, late):
    """Collect the names of one scope: what it reads before it binds it, and later.

    An inner scope keeps its own names; a function reads when it is called.
    """
    for child in _parts(node):
        if isinstance(child, SCOPES + COMPREHENSIONS):
            inner, wanted = set(), set()
            if isinstance(child, SCOPES):
                inner |= {a.arg for a in ast.walk(child.args) if isinstance(a, ast.arg)}
            _walk(child, inner, wanted, wanted)
            if isinstance(child, SCOPES):
                late |= wanted - inner
            else:
                early |= wanted - inner - bound
            if hasattr(child, "name"):
                bound.add(child.name)
            continue
        if isinstance(child, ast.Name):
            if isinstance(child.ctx, ast.Load):
                early |= {child.id} - bound
            else:
                bound.add(child.id)
        elif isinstance(child, ast.AugAssign) and isinstance(child.target, ast.Name):
            early |= {child.target.id} - bound
        elif isinstance(child, (ast.Import, ast.ImportFrom)):
            bound |= {(a.asname or a.name).split(".")[0] for a in child.names}
        elif isinstance(child, ast.ExceptHandler) and child.name:
            bound.add(child.name)
        _walk(child, bound, early, late)
        if isinstance(child, ast.ClassDef):
            bound.add(child.name)
