"""Break rnnlib on purpose: import a copy of it in which some lines are replaced.

The copy is made of the real source at the time of the test, so that the mutants follow
the code. A line to be replaced that is not there exactly once is an error: then the
mutant has to be written anew.
"""

import importlib
import shutil
import sys
from pathlib import Path
from typing import NamedTuple

import rnnlib
from tests.support import oracles
from tests.support.cases import Case

SOURCE = Path(rnnlib.__file__).parent
PROBLEMS = [
    Case("tanh", "cross_entropy", "many-to-many", True, 3, "dense", "given"),
    Case("tanh", "half_squared_error", "last", False, 3, "integer", "shared"),
    Case("relu", "cross_entropy", "last", True, 3, "dense", "zero"),
    Case("relu", "half_squared_error", "mean", False, 3, "dense", "shared"),
    Case("logistic", "cross_entropy", "mean", True, 3, "dense", "given"),
    Case("identity", "half_squared_error", "many-to-many", False, 3, "dense", "given"),
    Case("tanh", "half_squared_error", "many-to-many", True, 1, "integer", "zero"),
    Case("tanh", "cross_entropy", "many-to-many", False, 1, "integer", "given"),
]
FUTURE = {"W_xh", "W_hh", "b_h", "h_0", "x"}  # all that flows through delta_s


class Mutant(NamedTuple):
    """A mistake: what it is called, where it is made, and what must come out wrong."""

    name: str
    module: str
    changes: dict  # {text of the source: what stands there instead}
    wrong: set = frozenset()  # names of the gradients


def load(mutant, folder):
    """The package ``rnnlib`` with that mistake in it; the real one stays imported."""
    ignored = shutil.ignore_patterns("__pycache__", "symbolic")
    shutil.copytree(SOURCE, folder / "rnnlib", ignore=ignored)
    path = source_of(mutant.module, folder / "rnnlib")
    source = path.read_text(encoding="utf-8")
    for old, new in mutant.changes.items():
        if source.count(old) != 1:
            raise AssertionError(f"{path.name} has {source.count(old)} times {old!r}")
        source = source.replace(old, new)
    path.write_text(source, encoding="utf-8")
    return import_from(folder)


def source_of(module, package):
    """The source of a module by the end of its path: "rnn", "lstm", "fast/step"."""
    flat = package / f"{module}.py"
    return flat if flat.exists() else next(package.rglob(f"{module}.py"))


def import_from(folder):
    """Import ``rnnlib`` from a folder, beside the real one."""
    real = {n: m for n, m in sys.modules.items() if n.split(".")[0] == "rnnlib"}
    for name in real:
        del sys.modules[name]
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    try:
        package = importlib.import_module("rnnlib")
        importlib.import_module("rnnlib.spectral")
        importlib.import_module("rnnlib.pointprocess")
        importlib.import_module("rnnlib.char.fast")
    finally:
        sys.path.remove(str(folder))
        for name in [n for n in sys.modules if n.split(".")[0] == "rnnlib"]:
            del sys.modules[name]
        sys.modules.update(real)
    if Path(package.__file__).parent != folder / "rnnlib":
        raise AssertionError(f"imported {package.__file__} and not the mutant")
    return package


def wrong_by_reference(package):
    """What the independent implementation calls wrong, over all problems."""
    return set().union(*(oracles.wrong_by_reference(c, package) for c in PROBLEMS))


def wrong_by_any(package):
    """What each oracle calls wrong, over all problems."""
    checks = (
        oracles.wrong_by_reference,
        oracles.wrong_by_complex_step,
        oracles.wrong_by_check_gradients,
    )
    found = {c.__name__: [c(case, package) for case in PROBLEMS] for c in checks}
    return {name: set().union(*wrong) for name, wrong in found.items()}
