"""Mend in the written pages what keeps assistive technology from reading them well.

docutils gives bibliography entries a role that is deprecated, MyST-NB gives folds a
name that is not their text, and a table whose first head is empty has its row heads
in the first column without saying so.
"""

import re

from docutils import nodes

MENDED = (
    ('role="doc-biblioentry"', 'role="listitem"'),
    ('<summary aria-label="Toggle hidden content">', "<summary>"),
)
EMPTY_HEAD = re.compile(r"<th\b([^>]*)>(?:\s*<p>\s*</p>\s*)?</th>")


def head_rows(app, doctree):
    """Where the first head of a table is empty, the first column heads the rows."""
    for table in doctree.findall(nodes.tgroup):
        entries = [entry for head in table.findall(nodes.thead) for entry in head[0]]
        if entries and not entries[0].astext().strip():
            next(table.findall(nodes.colspec))["stub"] = 1


def mend(app, pagename, templatename, context, doctree):
    """Replace what is wrong in the body of a page."""
    body = context.get("body")
    if body:
        for wrong, right in MENDED:
            body = body.replace(wrong, right)
        context["body"] = EMPTY_HEAD.sub(r"<td\1></td>", body)


def setup(app):
    """Register with Sphinx."""
    app.connect("doctree-read", head_rows)
    app.connect("html-page-context", mend)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
