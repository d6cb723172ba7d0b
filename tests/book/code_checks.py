"""Dependencies point one way, and modules stay short."""

import ast
import sys

CORE = {"numpy", "rnnlib"} | set(sys.stdlib_module_names)
SYMBOLIC = CORE | {"sympy", "mpmath"}
MAX_LINES = 200


def imports(source, package):
    """Absolute names of all modules that the source of a module imports."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parent = package.split(".")
            parent = parent[: len(parent) - node.level + 1] if node.level else []
            base = ".".join([*parent, node.module] if node.module else parent)
            yield from (f"{base}.{alias.name}" for alias in node.names)


def import_complaints(source, package):
    """Imports that point against the direction of dependencies."""
    symbolic = package.startswith("rnnlib.symbolic")
    allowed = SYMBOLIC if symbolic else CORE
    found = []
    for name in imports(source, package):
        if name.split(".")[0] not in allowed:
            found.append(f"{package} imports {name}")
        elif name.startswith("rnnlib.symbolic") and not symbolic:
            found.append(f"{package}, of the core, imports {name}")
    return found


def length_complaints(source):
    """A module has under 200 lines."""
    count = len(source.splitlines())
    return [f"{count} lines"] if count >= MAX_LINES else []
