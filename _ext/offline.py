"""Keep every page free of external requests.

MathJax comes from the sphinx-mathjax-offline package: only the TeX-to-HTML
component, its fonts and a few TeX extensions are copied into the built book
(under 2 MB). Thebe, which loads a script from a public host, is taken out, and so are
the source maps of the theme, 3 MB that no page loads.
"""

from importlib.util import find_spec
from pathlib import Path
from shutil import copy2, copytree

COMPONENT = "tex-chtml.js"
FONTS = "output/chtml/fonts/woff-v2"
TEX_EXTENSIONS = ("bbox", "boldsymbol", "braket", "cancel", "color", "enclose")


def mathjax_source():
    """The MathJax folder inside the installed package."""
    return Path(find_spec("sphinx-mathjax-offline").origin).parent / "static/mathjax"


def copy_mathjax(app, exception):
    """Put MathJax into the built site, where `mathjax_path` points."""
    if exception or app.builder.format != "html":
        return
    source, target = mathjax_source(), Path(app.outdir, "_static", "mathjax")
    extensions = "input/tex/extensions"
    (target / extensions).mkdir(parents=True, exist_ok=True)
    copy2(source / COMPONENT, target)
    copytree(source / FONTS, target / FONTS, dirs_exist_ok=True)
    for name in TEX_EXTENSIONS:
        copy2(source / extensions / f"{name}.js", target / extensions)


def drop_source_maps(app, exception):
    """Remove what only a developer of the theme would load."""
    for path in Path(app.outdir, "_static").rglob("*.map"):
        path.unlink()


def drop_thebe(app, config):
    """Disconnect sphinx-thebe, which Jupyter Book always loads."""
    for listeners in app.events.listeners.values():
        listeners[:] = [
            entry
            for entry in listeners
            if "sphinx_thebe" not in entry.handler.__module__
        ]
    app.registry.css_files[:] = [
        entry for entry in app.registry.css_files if "thebe" not in str(entry[0])
    ]


def setup(app):
    """Register with Sphinx."""
    app.connect("config-inited", drop_thebe)
    app.connect("build-finished", copy_mathjax)
    app.connect("build-finished", drop_source_maps)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
