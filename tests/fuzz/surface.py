"""What is public in rnnlib, found by looking: a new function without a case is seen.

Public are the functions without an underscore of every module right under ``rnnlib``,
the names in ``__all__`` of every package under it, and the methods of the public
classes of both.
"""

import importlib
import inspect
import pkgutil

import rnnlib


def modules():
    """The modules and packages right under rnnlib, by short name."""
    names = [m.name for m in pkgutil.iter_modules(rnnlib.__path__)]
    return {n: importlib.import_module(f"rnnlib.{n}") for n in names if n[0] != "_"}


def public_functions():
    """{"module.function" or "module.Class.method": the function}."""
    found = {}
    for short, module in modules().items():
        package = hasattr(module, "__all__")
        for name in module.__all__ if package else vars(module):
            thing = getattr(module, name)
            home = getattr(thing, "__module__", None) or ""
            own = home.startswith("rnnlib.") if package else home == module.__name__
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
        if not name.startswith("_") and inspect.isroutine(thing):
            yield name, thing
