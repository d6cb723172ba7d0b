"""Put the reference pages into the book, and lead to them from every chapter.

A page of `reference/` says ``<!-- reference -->`` where its generated text goes. A
chapter gets a fold near its top with the symbols and terms that stand on it. Every
numbered box, exercise and claim gets a visible link to itself.
"""

from html import escape

import on_path  # noqa: F401
from docutils import nodes
from inline import inline
from sphinx_exercise.nodes import exercise_enumerable_node, exercise_node
from sphinx_proof.nodes import NODE_TYPES

from reference import pages, symbols, terms
from tools import ROOT, chapters

MARK = "<!-- reference -->"
BOXES = (*NODE_TYPES.values(), exercise_node, exercise_enumerable_node)
FORMULAS = (nodes.math, nodes.math_block)


def fill(app, docname, source):
    """Replace the mark in a reference page."""
    if docname in pages.PAGES:
        for folder, kinds in (("chapters", ".ipynb"), ("reference", ".py.toml")):
            for path in (ROOT / folder).glob("*.*"):
                if path.suffix in kinds:
                    app.env.note_dependency(str(path))
        app.env.note_dependency(str(ROOT / "_toc.yml"))
        source[0] = source[0].replace(MARK, pages.PAGES[docname]())


def finish(app, doctree, docname):
    """Add the fold and the permanent links to a page that is about to be written."""
    if app.builder.format != "html" or app.builder.name == "singlehtml":
        return
    folder, _, chapter = docname.partition("/")
    if folder == "chapters" and chapter in chapters.names():
        add_fold(app, doctree, docname, chapter)
    for box in list(doctree.findall(lambda n: isinstance(n, BOXES))):
        if box.get("ids") and isinstance(box[0], nodes.title):
            box[0] += permalink(box["ids"][0], box[0].astext().strip(" ()"))
    for box in list(doctree.findall(nodes.container)):
        if "claim" in box["classes"] and "line" not in box["classes"] and box["ids"]:
            box[0] += permalink(box["ids"][-1], box["ids"][-1])


def permalink(target, name):
    """A link of a place to itself."""
    label = escape(f"Link to this: {name}", quote=True)
    html = f'<a class="permalink" href="#{target}" aria-label="{label}">#</a>'
    return nodes.raw("", html, format="html")


def is_foreign(node):
    """Whether a formula is in a document's notation: in a tab, or as printed."""
    while node is not None:
        classes = node.get("classes", []) if isinstance(node, nodes.Element) else []
        if "as-printed" in classes:
            return True
        if "sd-tab-item" in classes:
            return node[0].astext() != "This book"
        node = node.parent
    return False


def add_fold(app, doctree, docname, chapter):
    """The list of symbols and terms, before the first section of a chapter."""
    formulas = [
        node.astext()
        for node in doctree.findall(lambda n: isinstance(n, FORMULAS))
        if not is_foreign(node)
    ]
    used = symbols.found_in(formulas, chapter)
    words = terms.found_in(prose(doctree))
    fold = [nodes.raw("", '<details class="on-this-page">', format="html")]
    title = "<summary>Symbols and terms on this page</summary>"
    fold += [nodes.raw("", title, format="html")]
    uri = app.builder.get_relative_uri
    items = nodes.bullet_list()
    for symbol in used:
        target = f"{uri(docname, 'reference/symbols')}#{symbols.anchor(symbol)}"
        text = [nodes.math("", symbol.shown), nodes.Text(" ")]
        items += item(target, *text, *inline(symbol.meaning))
    for term in words:
        target = f"{uri(docname, 'reference/glossary')}#{term_id(app, term)}"
        items += item(target, nodes.Text(term.name))
    fold += [items, nodes.raw("", "</details>", format="html")]
    top = next(doctree.findall(nodes.section))
    first = top.next_node(nodes.section)
    where = top.index(first) if first in top.children else 1
    top[where:where] = fold


def item(target, *content):
    """A line of the list."""
    link = nodes.reference("", "", *content, refuri=target, internal=True)
    return nodes.list_item("", nodes.paragraph("", "", link))


def prose(doctree):
    """The words of a page, without code and formulas."""
    skipped = (nodes.literal, nodes.literal_block, nodes.raw, *FORMULAS)
    return " ".join(
        str(text)
        for text in doctree.findall(nodes.Text)
        if not isinstance(text.parent, skipped)
    )


def term_id(app, term):
    """The anchor of a term in the glossary."""
    domain = app.env.get_domain("std")
    return domain.objects["term", term.name][1]


def setup(app):
    """Register with Sphinx."""
    app.connect("source-read", fill)
    app.connect("doctree-resolved", finish)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
