"""A button on every notebook page that runs the chapter in the reader's browser.

The button opens a dialogue that says what is downloaded and from where; its link leads
to the copy of the chapter that `tools.lite` puts beside the book. A chapter that cannot
run in the browser has no button, and says why at its end. The buttons of Binder and
Colab are the theme's own.
"""

from html import escape
from pathlib import Path
from shutil import copy2

import on_path  # noqa: F401
from sphinx.util import logging

from tools import ROOT, chapters, lite
from tools.pyodide import requirements

LOGGER = logging.getLogger(__name__)
BUTTON = {
    "type": "javascript",
    "javascript": "document.getElementById('run-in-browser').showModal()",
    "tooltip": "Run in your browser",
    "icon": "fas fa-play",
    "label": "run-in-browser-button",
}
DIALOGUE = """
<dialog id="run-in-browser" class="run-in-browser" \
aria-labelledby="run-in-browser-title" aria-describedby="run-in-browser-text">
<p id="run-in-browser-title"><strong>Run this chapter in your browser</strong></p>
<div id="run-in-browser-text">
<p class="when-served">Nothing has been downloaded so far. When you go on, your browser
fetches Python and the packages of this chapter, {packages}, from
<code>cdn.jsdelivr.net</code>, the public server of Pyodide: about {size} MB the first
time. That server then sees your address. The first cell takes longest;
calculations are slower than on your machine. What you change stays in this browser.</p>
<p class="when-on-disk" hidden>This page was opened from the disk, and from there a
browser does not start Python. Type <code>make serve</code> in the folder of the book
and open the address that it prints.</p>
</div>
<form method="dialog">
<a class="btn btn-sm btn-primary when-served" href="{href}" target="_blank" \
rel="noopener">Download and run (new tab)</a>
<button class="btn btn-sm btn-secondary" autofocus>Close</button>
</form>
</dialog>
"""
NOT_THERE = """
<p class="not-in-the-browser">This chapter has no button to run it in the browser: it
imports {names}, which Python in the browser (Pyodide) does not have. Download the
notebook and run it beside an installed <code>rnnlib</code>.</p>
"""


def chapter_of(pagename):
    """The notebook of a page, or None."""
    path = ROOT / f"{pagename}.ipynb"
    return chapters.read(path) if path.is_file() else None


def offer_data(context, nb):
    """Let the data of a chapter be downloaded where its notebook is."""
    for path in chapters.data_of(nb):
        for group in context["header_buttons"]:
            if group.get("label") == "download-buttons":
                link = {
                    "type": "link",
                    "url": context["pathto"](f"_sources/chapters/{path.name}", 1),
                    "text": path.suffix,
                    "icon": "fas fa-table",
                    "tooltip": "Download the data, to be kept beside the notebook",
                    "label": "download-data-button",
                }
                group["buttons"].insert(1, link)


def offer(app, pagename, templatename, context, doctree):
    """Add the button and its dialogue, or the sentence that there is none."""
    if app.builder.name != "html" or not pagename.startswith("chapters/"):
        return
    nb = chapter_of(pagename)
    if nb is None:
        return
    chapter = Path(pagename).name
    offer_data(context, nb)
    absent = requirements(nb)[1]
    if absent:
        names = ", ".join(f"<code>{escape(name)}</code>" for name in sorted(absent))
        context["body"] += NOT_THERE.format(names=names)
        return
    context["header_buttons"].append(BUTTON)
    address = f"{lite.FOLDER}/notebooks/index.html"
    href = f"{context['pathto'](address, 1)}?path={chapter}.ipynb"
    context["body"] += DIALOGUE.format(
        href=escape(href),
        size=lite.megabytes(nb),
        packages=escape(", ".join(lite.packages(nb))),
    )


def finish(app, exception):
    """Put beside the pages what the buttons lead to."""
    if exception or app.builder.name != "html":
        return
    for path in chapters.paths():
        for data in chapters.data_of(chapters.read(path)):
            copy2(data, Path(app.outdir, "_sources", "chapters"))
    LOGGER.info("building the notebooks that run in the browser")
    lite.build(app.outdir)


def only_with_repository(app, config):
    """Binder and Colab need to know where the book is; without that, no buttons.

    Jupyter Book would have them open its own repository.
    """
    options = config.html_theme_options
    if not options.get("repository_url"):
        options["launch_buttons"] = {}


def setup(app):
    """Register with Sphinx."""
    app.connect("config-inited", only_with_repository)
    app.connect("html-page-context", offer, priority=600)
    app.connect("build-finished", finish)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
