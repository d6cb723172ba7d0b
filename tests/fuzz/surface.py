"""What is public, found by looking: a new function without a case is seen.

Public are the functions without an underscore of every module of `OPEN`, the names in
``__all__`` of every package of `DOORS`, and the methods of the public classes of both.
"""

import importlib
import inspect
import pkgutil
from functools import cached_property

import rnnbook
import rnnlib

OPEN = ("rnnlib", "rnnlib.layers", "rnnlib.variants", "rnnlib.language")
OPEN_MODULES = ("batches", "early_stopping", "tasks")  # of rnnlib.training
DOORS = (
    *(f"rnnlib.{name}" for name in ("char", "char.fast", "pointprocess", "spectral")),
    *("rnnlib.symbolic", "rnnlib.training", "rnnbook.tutor", "rnnbook.page.sliders"),
)


def modules():
    """Modules whose functions are public one by one, and doors, by short name."""
    names = [f"rnnlib.training.{name}" for name in OPEN_MODULES]
    for package in map(importlib.import_module, OPEN):
        found = pkgutil.iter_modules(package.__path__, f"{package.__name__}.")
        names += [m.name for m in found if not m.ispkg]
    every = map(importlib.import_module, [*names, *DOORS])
    return {module.__name__.split(".")[-1]: module for module in every}


def packages():
    """Every package: each has to be open or a door."""
    for top in (rnnlib, rnnbook):
        found = pkgutil.walk_packages(top.__path__, f"{top.__name__}.")
        yield from (m.name for m in found if m.ispkg)


def public_functions():
    """{"module.function" or "module.Class.method": the function}."""
    found = {}
    for short, module in modules().items():
        package = hasattr(module, "__all__")
        for name in module.__all__ if package else vars(module):
            thing = getattr(module, name)
            home = getattr(thing, "__module__", None) or ""
            own = home.startswith("rnn") if package else home == module.__name__
            if name.startswith("_") or not own:
                continue
            if inspect.isfunction(thing):
                found[f"{short}.{name}"] = thing
            elif inspect.isclass(thing):
                for method, function in _methods(thing):
                    found[f"{short}.{name}.{method}"] = function
    return found


def _methods(kind):
    """The public methods that a class defines itself."""
    for name, thing in vars(kind).items():
        if isinstance(thing, (classmethod, staticmethod)):
            thing = getattr(kind, name)
        if isinstance(thing, cached_property):
            continue
        if not name.startswith("_") and inspect.isroutine(thing):
            yield name, thing
