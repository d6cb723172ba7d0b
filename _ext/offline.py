"""Keep every page free of external requests.

Thebe, which loads a script from a public host, is taken out, and so are the source maps
of the theme, 3 MB that no page loads.
"""

from pathlib import Path


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
    app.connect("build-finished", drop_source_maps)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
