"""Put a chooser on every result that stands in several notations.

The results are tabs, of which all choose together. With a script the row of tabs gives
way to a chooser, and two tabs appear when a notation has been chosen: the book's and
that one. Without a script the tabs are all there.
"""

import re
from html import escape

TAB_SET = re.compile(
    r'<div class="sd-tab-set[^"]*">\s*<input[^>]*>\s*'
    r'<label[^>]*data-sync-group="notation"'
)
LABEL = re.compile(
    r'<label[^>]*data-sync-group="notation"[^>]*data-sync-id="([^"]+)"[^>]*>'
    r"(.*?)</label>",
    re.DOTALL,
)


def options(labels):
    """The notations of a set of tabs, each once, in order."""
    found = dict(labels)
    return "".join(
        f'<option value="{escape(key)}">{title.strip()}</option>'
        for key, title in found.items()
    )


def with_choosers(body):
    """A page's body with a chooser before each set of tabs."""
    labels = LABEL.findall(body)
    chooser = (
        '<form class="notation-chooser"><label>Notation '
        f'<select autocomplete="off">{options(labels)}</select></label></form>\n'
    )
    return TAB_SET.sub(lambda match: chooser + match[0], body) if labels else body


def offer(app, pagename, templatename, context, doctree):
    """Change the body of a page."""
    if context.get("body") and app.builder.name == "html":
        context["body"] = with_choosers(context["body"])


def setup(app):
    """Register with Sphinx."""
    app.connect("html-page-context", offer)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
