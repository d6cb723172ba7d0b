"""The older way to plant a mistake: a copy of rnnlib in which some lines are replaced.

New mistakes are planted with `tests.support.mutants`, which knows no line of the
package.

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

SOURCE = Path(rnnlib.__file__).parent


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
