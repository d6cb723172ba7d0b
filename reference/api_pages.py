"""The pages of the reference of the library, as MyST for Sphinx's autodoc."""

import importlib
import inspect
import re

from reference import api
from reference.docstrings import escaped


def page_text(page):
    """A page as MyST: the names that the package exports, then module by module."""
    package = importlib.import_module(api.PACKAGES[page])
    parts = [f"({api.anchor(package.__name__)})="]
    parts += [_rst(_directive("automodule", package.__name__, ":no-index:"))]
    entries = [entry for entry in api.entries().values() if entry.page == page]
    exported = [e for e in entries if _exported(e, package)]
    if exported:
        parts += ["## What the package exports", _list(sorted(exported, key=_by_name))]
    for module in api.modules(page):
        found = [e for e in entries if e.module == module.__name__]
        directives = [_documented(entry) for entry in found]
        if module is not package:
            parts.append(f"({api.anchor(module.__name__)})=\n## {module.__name__}")
            directives.insert(
                0, _directive("automodule", module.__name__, ":no-index:")
            )
        if directives:
            parts.append(_rst("\n\n".join(directives)))
    return "\n\n".join(parts)


def _rst(text):
    """reStructuredText inside MyST."""
    return f"```{{eval-rst}}\n{text}\n```"


def _exported(entry, package):
    return entry.name.rpartition(".")[0] == package.__name__


def _by_name(entry):
    return entry.name.lower()


def _list(entries):
    """The names with the first sentence of each."""
    items = [f":py:obj:`~{e.name}`\n    {first_sentence(e)}" for e in entries]
    return _rst("\n".join(items))


def first_sentence(entry):
    """The first sentence of a docstring, escaped for reStructuredText."""
    text = (inspect.getdoc(entry.thing) or "").partition("\n\n")[0]
    sentences = re.split(r"(?<=\.) (?=[A-Z])", " ".join(text.split()))
    return escaped(sentences[0], entry.module)


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
    """A directive of reStructuredText."""
    return "\n   ".join([f".. {name}:: {argument}", *options])


PAGES = {f"{api.FOLDER}/{page}": page for page in api.PACKAGES}
