"""Dependencies point one way, and modules stay short."""

import ast
import sys

CORE = {"numpy", "rnnlib"} | set(sys.stdlib_module_names)
BEYOND_CORE = {  # parts the core knows nothing of, and what each imports beside NumPy
    "rnnlib.symbolic": {"sympy", "mpmath"},
    "rnnlib.pointprocess": {"scipy"},
    "rnnlib.training": {"tqdm", "safetensors"},
}
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
    own = next((p for p in BEYOND_CORE if package.startswith(p)), None)
    allowed = CORE | BEYOND_CORE.get(own, set())
    others = tuple(p for p in BEYOND_CORE if p != own)
    found = []
    for name in imports(source, package):
        if name.split(".")[0] not in allowed:
            found.append(f"{package} imports {name}")
        elif name.startswith(others):
            found.append(f"{package}, of another part, imports {name}")
    return found


def length_complaints(source):
    """A module has under 200 lines."""
    count = len(source.splitlines())
    return [f"{count} lines"] if count >= MAX_LINES else []
