"""Find the form in which a citation is shown once.

For every citation pybtex would look for it through all installed packages again.
"""

from pybtex.backends.plaintext import Backend
from pybtex.plugin import register_plugin


def setup(app):
    """Register the form with pybtex."""
    register_plugin("pybtex.backends", "plaintext", Backend, force=True)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
