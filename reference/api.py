"""The reference of the library: what is public, where it stands, who uses it.

Everything is found by looking: the modules by walking the packages, the names by
importing, the uses by reading the code of the chapters. Only which equations of the
book a function computes is written down, in `equations.toml`: the packages themselves
know nothing of the book.
"""

import ast
import importlib
import inspect
import pkgutil
import re
import sys
import tomllib
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from tools import chapters

FOLDER = "reference/library"
PACKAGES = {  # page: the package that it documents, with the modules below it
    "core": "rnnlib",
    "layers": "rnnlib.layers",
    "variants": "rnnlib.variants",
    "training": "rnnlib.training",
    "language": "rnnlib.language",
    "spectral": "rnnlib.spectral",
    "pointprocess": "rnnlib.pointprocess",
    "symbolic": "rnnlib.symbolic",
    "char": "rnnlib.char",
    "tutor": "rnnbook.tutor",
    "page": "rnnbook.page",
    "experiments": "rnnbook.experiments",
}
RUNS_WHEN_IMPORTED = "__main__"
TABLE = Path(__file__).with_name("equations.toml")


class Entry(NamedTuple):
    """A public function or class: its name as one imports it, and its page."""

    name: str
    thing: object
    module: str
    page: str

    @property
    def address(self):
        """The document and the anchor."""
        return f"{FOLDER}/{self.page}", self.name


def page_of(module):
    """The page that a module stands on, or None."""
    found = [
        page for page, name in PACKAGES.items() if f"{module}.".startswith(f"{name}.")
    ]
    return max(found, key=lambda page: len(PACKAGES[page])) if found else None


@cache
def modules(page):
    """The modules of a page, the package first, in the order of their names."""
    package = importlib.import_module(PACKAGES[page])
    names = [package.__name__]
    below = pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    names += [m.name for m in below if page_of(m.name) == page]
    found = [n for n in names if n.rpartition(".")[2] != RUNS_WHEN_IMPORTED]
    return [importlib.import_module(name) for name in found]


def own(module):
    """The public functions and classes that a module defines, in their order there."""
    return [
        thing
        for name, thing in vars(module).items()
        if not name.startswith("_")
        and (inspect.isroutine(thing) or inspect.isclass(thing))
        and thing.__module__ == module.__name__
        and thing.__name__ == name
    ]


@cache
def doors():
    """{what a package exports: the shortest name to import it by}."""
    found = {}
    packages = [m for page in PACKAGES for m in modules(page) if hasattr(m, "__path__")]
    for package in sorted(packages, key=lambda m: m.__name__.count(".")):
        for name in getattr(package, "__all__", ()):
            thing = getattr(package, name)
            if inspect.isroutine(thing) or inspect.isclass(thing):
                found.setdefault(thing, f"{package.__name__}.{name}")
    return found


@cache
def entries():
    """{function or class: its entry}: all of `rnnlib`, the doors of `rnnbook`."""
    found = {}
    for page, package in PACKAGES.items():
        for module in modules(page):
            for thing in own(module):
                home = f"{module.__name__}.{thing.__name__}"
                name = doors().get(thing, home)
                if package.startswith("rnnlib") or _is_door(module, thing):
                    found[thing] = Entry(name, thing, module.__name__, page)
    return found


def _is_door(module, thing):
    """Exported by a package of `rnnbook`, or of a package that exports nothing."""
    parent = importlib.import_module(module.__name__.rpartition(".")[0])
    return thing in doors() or not hasattr(parent, "__all__")


@cache
def module_addresses():
    """{module: (document, anchor)}."""
    return {
        module.__name__: (f"{FOLDER}/{page}", anchor(module.__name__))
        for page in PACKAGES
        for module in modules(page)
    }


def anchor(module):
    """The anchor of the section of a module."""
    return re.sub(r"[._]", "-", f"module-{module}")  # as docutils writes an anchor


def full_name(name, scope=("",)):
    """The full name that a name has in the first scope that knows it, or None."""
    for prefix in ("", *(f"{s}." for s in scope)):
        if look_up(prefix + name):
            return prefix + name
    return None


def look_up(name):
    """(document, anchor) of a full name: a function, class, method or module."""
    thing = find(name)
    if inspect.isroutine(thing) or inspect.isclass(thing):
        if thing in entries():
            return entries()[thing].address
    if isinstance(thing, ModuleType):
        return module_addresses().get(thing.__name__)
    owner = find(name.rpartition(".")[0])
    if thing is not None and inspect.isclass(owner) and owner in entries():
        return entries()[owner].address
    return None


@cache
def find(name):
    """The object of a dotted name that starts with one of the two packages, or None."""
    if name.partition(".")[0] not in {"rnnlib", "rnnbook"}:
        return None
    entries()  # imports every module
    parent, _, last = name.rpartition(".")
    for owner in (find(parent), sys.modules.get(parent)) if parent else ():
        if hasattr(owner, last):  # a function may have the name of its module
            return getattr(owner, last)
    return sys.modules.get(name)


@cache
def imported(chapter):
    """{name in the code of a chapter: dotted name in the packages}.

    A name that the chapter also gives to something else is left out.
    """
    found, taken = {}, set()
    for node in _code(chapter):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.startswith(("rnnlib", "rnnbook")):
                    target = alias.name if alias.asname else alias.name.split(".")[0]
                    found[alias.asname or target] = target
        elif isinstance(node, ast.ImportFrom) and node.module:
            if node.module.startswith(("rnnlib", "rnnbook")):
                for alias in node.names:
                    name = f"{node.module}.{alias.name}"
                    found[alias.asname or alias.name] = name
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            taken.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            taken.add(node.id)
    return {name: target for name, target in found.items() if name not in taken}


@cache
def used(chapter):
    """The entries that the code of a chapter imports or reaches, in order of name."""
    names, found = imported(chapter), set()
    targets = set(names.values())
    for node in _code(chapter):
        dotted = _dotted(node)
        first, _, rest = dotted.partition(".")
        if rest and first in names:
            targets.add(f"{names[first]}.{rest}")
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("rnn"):
            targets |= {f"{node.module}.{alias.name}" for alias in node.names}
    for target in targets:
        parts = target.split(".")
        for end in range(2, len(parts) + 1):
            thing = find(".".join(parts[:end]))
            if callable(thing) and thing in entries():
                found.add(entries()[thing])
    return sorted(found, key=lambda entry: entry.name)


@cache
def _code(chapter):
    """Every node of the syntax trees of the code cells of a chapter."""
    code = [cell.source for cell in chapters.code_cells(chapters.read(chapter))]
    return [node for text in code for node in ast.walk(ast.parse(text))]


def _dotted(node):
    """a.b.c of an attribute of an attribute of a name, or nothing."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        before = _dotted(node.value)
        return f"{before}.{node.attr}" if before else ""
    return ""


def users(entry):
    """The chapters that use a function or class, in order."""
    return [chapter for chapter in chapters.names() if entry in used(chapter)]


@cache
def equations():
    """{name of a function or class: labels of the book}."""
    return tomllib.loads(TABLE.read_text("utf-8"))["labels"]
