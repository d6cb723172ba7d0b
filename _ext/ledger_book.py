"""Put the ledger into the book, and tie it to the chapters.

A page of `ledger/` says ``<!-- ledger -->`` where its generated text goes. In the
chapters every code cell gets an anchor; a cell that a claim leads to is followed by a
link back, and a chapter ends with the list of the claims that it treats.
"""

from functools import cache
from pathlib import Path

import on_path  # noqa: F401
from docutils import nodes
from inline import inline
from sphinx import addnodes

from ledger import errata, pages
from ledger.anchors import place
from ledger.claims import DOCUMENTS, all_claims
from tools import ROOT, chapters

MARK = "<!-- ledger -->"


def fill(app, docname, source):
    """Replace the mark in a page of the ledger."""
    if docname in pages.PAGES:
        for path in (ROOT / "ledger").rglob("*.*"):
            if path.suffix in (".py", ".toml"):
                app.env.note_dependency(str(path))
        source[0] = source[0].replace(MARK, pages.PAGES[docname]())


@cache
def claims_of(chapter):
    """[(anchor, claim)] of a chapter."""
    found = ((place(claim.see), claim) for claim in all_claims())
    return [(at.anchor, claim) for at, claim in found if at.chapter == chapter]


def tie(app, doctree):
    """Anchors on code cells, links to the claims."""
    folder, _, chapter = app.env.docname.partition("/")
    if folder != "chapters":
        return
    ids = [cell.id for cell in chapters.read(chapter).cells]
    domain = app.env.get_domain("std")
    for cell in list(doctree.findall(nodes.container)):
        if cell.get("nb_element") != "cell_code":
            continue
        id_ = ids[cell["cell_index"]]
        label = pages.cell_label(chapter, id_)
        cell["ids"].append(label)
        domain.anonlabels[label] = (app.env.docname, label)
        own = [claim for anchor, claim in claims_of(chapter) if anchor == id_]
        if own:
            after = cell.parent.index(cell) + 1
            cell.parent[after:after] = line_of(own)
    treated = [claim for _, claim in claims_of(chapter)]
    if treated:
        top = next(doctree.findall(nodes.section))
        top.extend(list_of(treated))


def line_of(claims):
    """What follows a cell: one mark that unfolds to links to its claims."""
    line = nodes.paragraph("")
    for number, claim in enumerate(claims):
        line += nodes.Text(", " if number else "")
        line += reference(claim)
        line += nodes.inline("", f" ({claim.verdict})")
    count = f"{len(claims)} claims" if len(claims) > 1 else "1 claim"
    opening = f'<details class="claims-here"><summary>In the ledger: {count}</summary>'
    return [
        nodes.raw("", opening, format="html"),
        line,
        nodes.raw("", "</details>", format="html"),
    ]


def list_of(claims):
    """What ends a chapter: a fold with all its claims."""
    title = f"{len(claims)} claims of the documents that this chapter treats"
    if len(claims) == 1:
        title = "One claim of the documents that this chapter treats"
    items = nodes.bullet_list()
    for claim in claims:
        text = nodes.paragraph("", "", reference(claim), nodes.Text(", "))
        text += [*inline(claim.place), nodes.Text(": ")]
        text += nodes.strong("", claim.verdict)
        items += nodes.list_item("", text)
    opening = f'<details class="claims-of-chapter"><summary>{title}</summary>'
    return [
        nodes.raw("", opening, format="html"),
        items,
        nodes.raw("", "</details>", format="html"),
    ]


def reference(claim):
    """A link to a claim."""
    options = {"refdomain": "std", "reftype": "ref", "refexplicit": True}
    target = f"claim-{claim.id}"
    link = addnodes.pending_xref("", reftarget=target, refwarn=True, **options)
    link += nodes.inline("", pages.name(claim), classes=["std", "std-ref"])
    return link


def write_errata(app, exception):
    """The errata sheets, beside the pages."""
    if exception is None and app.builder.format == "html":
        folder = Path(app.outdir, "errata")
        folder.mkdir(exist_ok=True)
        for document in DOCUMENTS:
            text = errata.sheet(document)
            (folder / f"{document}.md").write_text(text, encoding="utf-8")


def setup(app):
    """Register with Sphinx."""
    app.connect("source-read", fill)
    app.connect("doctree-read", tie)
    app.connect("build-finished", write_errata)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
