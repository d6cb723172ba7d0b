"""Text with formulas between dollars, as nodes of a page."""

import on_path  # noqa: F401
from docutils import nodes

from tools.chapters import pieces


def inline(text):
    """The nodes of a text: words and formulas."""
    return [
        nodes.math("", part) if is_formula else nodes.Text(part)
        for is_formula, part in pieces(text)
    ]
