"""Take the written number out of an equation that the page numbers by itself.

An equation that a cell prints carries its number as a tag, for JupyterLab; on a page it
would stand there twice.
"""

import on_path  # noqa: F401
from docutils import nodes

from rnnbook.page.equations import without_number


def strip(app, doctree):
    """Leave the formula of each labelled equation without its written number."""
    for node in doctree.findall(nodes.math_block):
        if node.get("label"):
            node.children = [nodes.Text(without_number(node.astext()))]


def setup(app):
    """Register with Sphinx."""
    app.connect("doctree-read", strip)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
