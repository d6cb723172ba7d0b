"""Let the whole book be one page, for printing.

Extensions register how they write their nodes under the name "html" alone; the
builder of the single page is called "singlehtml".
"""


def borrow(app):
    """Write the single page as the other pages are written."""
    handlers = app.registry.translation_handlers
    handlers["singlehtml"] = handlers.get("html", {}) | handlers.get("singlehtml", {})


def setup(app):
    """Register with Sphinx."""
    app.connect("builder-inited", borrow, priority=1)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
