"""Evidence marks: links such as ``[proved](#cell-id=proof)`` to cells of notebooks.

JupyterLab follows such a link by itself. On a page every cell that is linked to gets an
anchor, and the link the class "evidence". Another chapter's cell is reached by
``[proved](bptt.ipynb#cell-id=proof)``.
"""

from functools import cache
from pathlib import Path

import on_path  # noqa: F401
from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.transforms import SphinxTransform
from sphinx.util import logging
from sphinx.util.nodes import make_refnode

from tools import chapters, evidence
from tools.chapters import FRAGMENT, NO_CHAPTERS

LOGGER = logging.getLogger(__name__)
MARK = "cell-evidence"  # the kind of reference, between reading and resolving


def anchor(docname, cell):
    """The name of a cell on a page: unique even when all pages are one."""
    return f"{docname.rpartition('/')[2].replace('_', '-')}-cell-{cell}"


def pending(docname, target, cell, node):
    """The reference of a mark, to be resolved when all pages are known."""
    found = pending_xref(
        refdoc=docname, refdomain="", reftype=MARK, reftarget=target, cell=cell
    )
    found.line, found.source = node.line, node.source
    found += nodes.inline("", "", *node.children, classes=["evidence"])
    return found


class Marks(SphinxTransform):
    """Take the links to cells before MyST looks for headings of that name."""

    default_priority = 870

    def apply(self):
        """Replace the links of one page."""
        docname = self.env.docname
        for node in list(self.document.findall(nodes.reference)):
            uri = node.get("refuri", "")
            if node.get("id_link") and uri.startswith(f"#{FRAGMENT}"):
                cell = uri.removeprefix(f"#{FRAGMENT}")
                node.parent.replace(node, pending(docname, docname, cell, node))
        for node in list(self.document.findall(pending_xref)):
            cell = node.get("reftargetid") or ""
            if cell.startswith(FRAGMENT):
                mark = pending(
                    docname, node["reftarget"], cell.removeprefix(FRAGMENT), node[0]
                )
                node.parent.replace(node, mark)


class Anchors(SphinxTransform):
    """Give the cells of a notebook their names."""

    default_priority = 871

    def apply(self):
        """Put an anchor before what a cell shows first."""
        cells = names_of_cells(self.env.doc2path(self.env.docname))
        shown = first_nodes(self.document) if cells else {}
        for index, cell in enumerate(cells):
            node = shown.get(index)
            if node is not None:
                name = anchor(self.env.docname, cell)
                target = nodes.target("", "", ids=[name])
                self.document.ids[name] = target
                put(target, node)


@cache
def names_of_cells(path):
    """The names of the cells of a notebook; of another page, nothing."""
    path = Path(path)
    if path.suffix != ".ipynb":
        return ()
    return tuple(cell.id for cell in chapters.read(path).cells)


def first_nodes(document):
    """{index of a cell: the first node that it became}."""
    found = {}
    for node in document.findall(nodes.Element):
        index = node.get("cell_index") if isinstance(node, nodes.container) else None
        if index is None and node.line and node.line >= 10000:
            index = node.line // 10000 - 1  # MyST-NB counts the lines of a cell so
        if index is not None:
            found.setdefault(index, node)
    return found


def put(target, node):
    """A section begins with its anchor; before all else the anchor stands."""
    while isinstance(node.parent, nodes.TextElement):
        node = node.parent
    if isinstance(node, nodes.title):
        node = node.parent
    if isinstance(node, nodes.section):
        node.insert(1, target)
    else:
        node.parent.insert(node.parent.index(node), target)


def resolve(app, env, node, contnode):
    """The link of a mark, or None when there is no such cell."""
    if node.get("reftype") != MARK:
        return None
    doc, name = node["reftarget"], anchor(node["reftarget"], node["cell"])
    if node["cell"] not in names_of_cells(env.doc2path(doc)):
        return None
    return make_refnode(app.builder, node["refdoc"], doc, name, contnode)


def warn(app, doctree):
    """Warn of claims without evidence, which ends a strict build."""
    path = Path(app.env.doc2path(app.env.docname))
    if path.suffix != ".ipynb" or path.stem in NO_CHAPTERS:
        return
    for claim in evidence.unmarked(chapters.read(path)):
        text = " ".join(claim.text.split())[:80]
        LOGGER.warning("claim without evidence, cell %s: %s", claim.cell, text)


def setup(app):
    """Register with Sphinx."""
    app.add_transform(Marks)
    app.add_transform(Anchors)
    app.connect("missing-reference", resolve)
    app.connect("doctree-read", warn)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
