"""What an import runs: the files of the book's own packages that it reaches.

Read off the sources, so that nothing is executed. An import inside a function counts
too: it may run.
"""

import ast
import sys
from functools import lru_cache
from pathlib import Path

PACKAGES = ("rnnlib", "rnnbook")  # those that chapters may import


@lru_cache(maxsize=1024)
def imported(source, package=""):
    """The modules that the source of a module or cell imports, and what may be one.

    ``from a import b`` may import the module a.b; relative names start from
    ``package``.
    """
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            parent = package.split(".")
            parent = parent[: len(parent) - node.level + 1] if node.level else []
            base = ".".join([*parent, node.module] if node.module else parent)
            found += [base, *(f"{base}.{alias.name}" for alias in node.names)]
    return tuple(found)


def package_of(path, root):
    """The dotted name of the package that a module's relative imports start from."""
    return ".".join(path.relative_to(root).parent.parts)


def files_of(name, root):
    """The files that an import of a module under ``root`` runs: its packages first."""
    names = name.split(".")
    for depth in range(1, len(names) + 1):
        path = root.joinpath(*names[:depth])
        yield from filter(Path.is_file, (path / "__init__.py", path.with_suffix(".py")))


def reached(names, root, packages=PACKAGES):
    """What imports of these names reach: (files under ``root``, other packages).

    Files are those of ``packages``; of the other packages, by the first part of their
    names, those of the standard library are left out.
    """
    todo, files, others = set(names), set(), set()
    while todo:
        name = todo.pop()
        top = name.partition(".")[0]
        if top in packages:
            new = set(files_of(name, root)) - files
            files |= new
            for path in new:
                source = path.read_text(encoding="utf-8")
                todo |= set(imported(source, package_of(path, root)))
        elif top not in sys.stdlib_module_names:
            others.add(top)
    return files, others
