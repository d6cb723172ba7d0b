"""The desk's own script, on the page of the desk alone."""

from pathlib import Path
from shutil import copy2

import on_path  # noqa: F401

from tools import ROOT

PAGE, SCRIPT = "reference/desk", "desk.js"


def offer(app, pagename, templatename, context, doctree):
    """Load the script on the page."""
    if pagename == PAGE and app.builder.name == "html":
        app.add_js_file(SCRIPT)


def copy(app):
    """Put the script into the site; it is no script of every page."""
    if app.builder.name == "html":
        target = Path(app.outdir, "_static")
        target.mkdir(parents=True, exist_ok=True)
        copy2(ROOT / "reference" / SCRIPT, target)


def setup(app):
    """Register with Sphinx."""
    app.connect("builder-inited", copy)
    app.connect("html-page-context", offer)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
