"""Put the reference of the library into the book, and lead to it from the chapters.

Sphinx's autodoc reads the docstrings; `reference.docstrings` makes them ready. A name
of the library in the text of a chapter becomes a link when it is written in full, or
when the code of the chapter imports it; a fold near the top lists all that it uses.
"""

import builtins
import inspect
import re

import on_path  # noqa: F401
from docutils import nodes

from reference import api, api_pages, docstrings
from tools import ROOT, chapters

MARK = "<!-- reference -->"
FULL = re.compile(r"(?:rnnlib|rnnbook)(?:\.\w+)*")
MEMBERS = {"method", "property", "attribute"}
CALLED = re.compile(r"([A-Za-z_][\w.]*)(?:\(.*\))?")


def fill(app, docname, source):
    """Replace the mark in a page of the reference."""
    if docname in api_pages.PAGES:
        for path in chapters.paths():
            app.env.note_dependency(str(path))
        for path in (*(ROOT / "reference").glob("*.py"), api.TABLE):
            app.env.note_dependency(str(path))
        text = api_pages.page_text(api_pages.PAGES[docname])
        source[0] = source[0].replace(MARK, text)


def prepare(app, what, name, obj, options, lines):
    """A docstring becomes reStructuredText, with what the book knows of the thing."""
    entry = api.entries().get(obj) if callable(obj) else None
    if what == "module":
        module = name
    elif what in MEMBERS:
        module = api.find(name.rpartition(".")[0]).__module__
    else:
        module = obj.__module__
    found = docstrings.converted(lines, module)
    if entry and inspect.isclass(obj):
        found += docstrings.fields(obj, module)
    if entry:
        found += docstrings.added(entry)
    # Napoleon takes what precedes a colon in the first line of a property for its type
    lines[:] = ["\\", *found] if what in MEMBERS else found


def adopt(app, doctree):
    """Make every node one of the page.

    What autodoc writes is parsed as documents of their own. Nodes that remember them
    would be stored with all that Sphinx knows, ten megabytes a page.
    """
    for node in doctree.findall():
        node.document = doctree


def resolve(app, env, node, contnode):
    """A name of the packages; names of Python and NumPy stay without a link."""
    if node.get("refdomain") != "py":
        return None
    name = node["reftarget"]
    where = api.look_up(name)
    if where:
        return link(app, node.get("refdoc", ""), where, name, contnode)
    return contnode if hasattr(builtins, name) or name.startswith("numpy") else None


def link(app, docname, where, title, *content):
    """A link to a place of the reference."""
    target, anchor = where
    uri = f"#{anchor}"
    if docname != target:
        uri = app.builder.get_relative_uri(docname, target) + uri
    options = {"internal": True, "refuri": uri, "reftitle": title}
    return nodes.reference("", "", *content, **options)


def finish(app, doctree, docname):
    """Links from the names in a chapter, and the fold."""
    if app.builder.format != "html" or app.builder.name == "singlehtml":
        return
    folder, _, chapter = docname.partition("/")
    if folder not in {"chapters", "ledger", "reference"} or docname in api_pages.PAGES:
        return
    known = api.imported(chapter) if (ROOT / f"{docname}.ipynb").is_file() else {}
    for literal in list(doctree.findall(nodes.literal)):
        where = named(literal.astext(), known)
        if where and not inside(literal, (nodes.reference, nodes.title)):
            literal.replace_self(
                link(app, docname, where, literal.astext(), literal.deepcopy())
            )
    if docname == f"chapters/{chapter}" and chapter in chapters.names():
        add_fold(app, doctree, docname, chapter)


def named(text, known):
    """Where the name leads that an inline code is, or None."""
    if FULL.fullmatch(text):
        return api.look_up(text)
    match = CALLED.fullmatch(text)
    if not match:
        return None
    first, dot, rest = match[1].partition(".")
    return api.look_up(known[first] + dot + rest) if first in known else None


def inside(node, kinds):
    """Whether a node stands in one of these kinds."""
    while node is not None:
        if isinstance(node, kinds):
            return True
        node = node.parent
    return False


def add_fold(app, doctree, docname, chapter):
    """The list of what the code of a chapter uses, after the list of its symbols."""
    used = api.used(chapter)
    if not used:
        return
    items = nodes.bullet_list()
    for entry in used:
        name = nodes.literal("", entry.name)
        reference = link(app, docname, entry.address, entry.name, name)
        items += nodes.list_item("", nodes.paragraph("", "", reference))
    opening = (
        '<details class="on-this-page"><summary>What this page uses of '
        "<code>rnnlib</code></summary>"
    )
    fold = [nodes.raw("", opening, format="html"), items]
    fold += [nodes.raw("", "</details>", format="html")]
    top = next(doctree.findall(nodes.section))
    first = top.next_node(nodes.section)
    where = top.index(first) if first in top.children else 1
    top[where:where] = fold


def setup(app):
    """Register with Sphinx."""
    app.setup_extension("sphinx.ext.autodoc")
    app.setup_extension("sphinx.ext.napoleon")
    app.connect("source-read", fill)
    app.connect("autodoc-process-docstring", prepare, priority=400)
    app.connect("doctree-read", adopt)
    app.connect("missing-reference", resolve)
    app.connect("doctree-resolved", finish, priority=600)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
