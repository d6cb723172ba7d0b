"""The HTML of a figure: controls, an empty SVG, the table as JSON, and the script."""

import json
from base64 import b64encode
from html import escape
from pathlib import Path

from rnnbook.page.sliders.first import classes, first_frame
from rnnbook.page.sliders.table import word

SCRIPT, CSS = (Path(__file__).with_name(f"figure.{kind}") for kind in ("js", "css"))
KEYS = 'autocomplete="off" data-lm-suppress-shortcuts="true"'  # JupyterLab takes arrows
TABLE = '<script type="application/json">'


def page(table, controls, caption):
    """A figure element that needs nothing outside itself."""
    data = json.dumps(table, ensure_ascii=False, separators=(",", ":"))
    data = data.replace("<", "\\u003c")
    rows = "".join(_control_html(control) for control in controls)
    key = "".join(_key_html(line) for line in table["lines"])
    starts = [control.start for control in controls]
    still = b64encode(first_frame(table, starts).encode()).decode()
    caption = f"<figcaption>{caption}</figcaption>" if caption else ""
    return (
        '<figure class="rnn-sliders">'
        f"<style>{CSS.read_text('utf-8')}</style>"
        f'<div class="rnn-controls" role="group" hidden'
        f' aria-label="{escape(table["title"])}">{rows}</div>'
        f'<svg role="img" aria-label="{escape(table["title"])}"></svg>'
        f'<p class="rnn-key">{key}</p>'
        '<p class="rnn-readout" aria-live="polite"></p>'
        f'<div class="rnn-off"><img alt="{escape(table["title"])}: the first setting"'
        f' src="data:image/svg+xml;base64,{still}"><p>The sliders of this figure need '
        f"scripts: allow them, or run this cell.</p></div>{caption}"
        f"{TABLE}{data}</script>"
        f"<script>{SCRIPT.read_text('utf-8')}</script></figure>"
    )


def read_table(html):
    """The table of a figure, from its HTML."""
    return json.loads(html.partition(TABLE)[2].partition("</script>")[0])


def _key_html(line):
    length = 0 if line["style"] == "dots" else 24
    head = "M29 6l-7-3M29 6l-7 3" if "arrow" in line["style"] else ""
    return (
        '<span><svg aria-hidden="true" viewBox="0 0 34 12"><path class="'
        f'{classes(line)}" d="M5 6h{length}{head}"/></svg>'
        f"{escape(line['label'])}</span>"
    )


def _control_html(control):
    label, words = escape(control.label), [escape(word(v)) for v in control.values]
    if isinstance(control.values[0], str):
        options = "".join(
            f'<option value="{i}"{" selected" if i == control.start else ""}>{word}'
            for i, word in enumerate(words)
        )
        body = f"{label}<select {KEYS}>{options}</select>"
    else:
        start = words[control.start]
        body = (
            f'{label} <span class="rnn-value" aria-hidden="true">{start}</span>'
            f'<input type="range" {KEYS} min="0" max="{len(words) - 1}"'
            f' value="{control.start}" aria-label="{label}" aria-valuetext="{start}">'
        )
    return f'<div class="rnn-control"><label>{body}</label></div>'
