"""Dependencies point one way."""

import sys

from tools.imports import imported

CORE = {"numpy", "rnnlib", "rnnbook"} | set(sys.stdlib_module_names)
BEYOND_CORE = {  # parts the core knows nothing of, and what each imports beside NumPy
    "rnnlib.symbolic": {"sympy", "mpmath", "autograd"},
    "rnnlib.pointprocess": {"scipy"},
    "rnnlib.training": {"tqdm", "safetensors"},
    "rnnlib.char": {"tqdm", "filelock", "joblib"},
    "rnnbook": {"sympy", "mpmath", "matplotlib", "IPython", "joblib", "scipy"},
}
UPON = {  # parts that stand on other parts
    "rnnlib.char": {"rnnlib.training"},
    "rnnbook": {"rnnlib.symbolic", "rnnlib.training", "rnnlib.pointprocess"},
}


def import_complaints(source, package):
    """Imports that point against the direction of dependencies."""
    own = part_of(package)
    known = {None, own} | UPON.get(own, set())
    allowed = CORE | BEYOND_CORE.get(own, set())
    found = []
    for name in imported(source, package):
        if name.split(".")[0] not in allowed:
            found.append(f"{package} imports {name}")
        elif part_of(name) not in known:
            found.append(f"{package}, of another part, imports {name}")
    return found


def part_of(name):
    """The part beyond the core that a module belongs to, or None."""
    return next((p for p in BEYOND_CORE if f"{name}.".startswith(f"{p}.")), None)
