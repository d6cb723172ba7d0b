"""Take the written number out of an equation that the page numbers by itself.

An equation that a cell prints carries its number as a tag, for JupyterLab; on a page it
would stand there twice.
"""

import re

from docutils import nodes

WRITTEN = re.compile(
    r"\s*\\begin\{equation\*\}\s*(.*?)\s*\\tag\{[^}]*\}\s*\\end\{equation\*\}\s*", re.S
)


def strip(app, doctree):
    """Leave the formula of each labelled equation without its written number."""
    for node in doctree.findall(nodes.math_block):
        if node.get("label") and (match := WRITTEN.fullmatch(node.astext())):
            node.children = [nodes.Text(match[1])]


def setup(app):
    """Register with Sphinx."""
    app.connect("doctree-read", strip)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
