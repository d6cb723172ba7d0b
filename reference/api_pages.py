"""The pages of the reference of the library, as MyST for Sphinx's autodoc."""

import importlib
import inspect
import re

from reference import api
from reference.docstrings import escaped


def page_text(page):
    """A page as MyST: the names that the package exports, then module by module."""
    package = importlib.import_module(api.PACKAGES[page])
    lines = [_directive("automodule", package.__name__, ":no-index:")]
    listed = [
        e for e in api.entries().values() if e.page == page and _exported(e, package)
    ]
    if listed:
        lines += ["## What the package exports", _table(sorted(listed, key=_by_name))]
    for module in api.modules(page):
        found = [e for e in api.entries().values() if e.module == module.__name__]
        if module is not package and (found or not hasattr(module, "__path__")):
            target = f"({api.anchor(module.__name__)})="
            lines += [f"{target}\n## {module.__name__}"]
            lines += [_directive("automodule", module.__name__, ":no-index:")]
        lines += [_documented(entry) for entry in found]
    return "\n\n".join(lines)


def _exported(entry, package):
    return entry.name.rpartition(".")[0] == package.__name__


def _by_name(entry):
    return entry.name.lower()


def _table(listed):
    """The names with the first sentence of each, as a list."""
    items = [
        f":py:obj:`~{entry.name}`\n    {first_sentence(entry)}" for entry in listed
    ]
    return "```{eval-rst}\n" + "\n".join(items) + "\n```"


def first_sentence(entry):
    """The first sentence of a docstring, escaped for reStructuredText."""
    text = (inspect.getdoc(entry.thing) or "").partition("\n\n")[0]
    return escaped(
        re.split(r"(?<=\.) (?=[A-Z])", " ".join(text.split()))[0], entry.module
    )


def _documented(entry):
    """The directive that documents one function or class."""
    if not inspect.isclass(entry.thing):
        return _directive("autofunction", entry.name)
    members = ", ".join(_members(entry.thing))
    return _directive(
        "autoclass", entry.name, *([f":members: {members}"] * bool(members))
    )


def _members(kind):
    """The public methods and properties that a class describes itself."""
    fields = set(getattr(kind, "__annotations__", ()))
    for name, thing in vars(kind).items():
        described = isinstance(thing, (property, classmethod, staticmethod))
        if name.startswith("_") or name in fields:
            continue
        if (described or inspect.isfunction(thing)) and inspect.getdoc(thing):
            yield name


def _directive(name, argument, *options):
    """A directive of reStructuredText inside MyST."""
    body = "".join(f"\n   {option}" for option in options)
    return f"```{{eval-rst}}\n.. {name}:: {argument}{body}\n```"


PAGES = {f"{api.FOLDER}/{page}": page for page in api.PACKAGES}
