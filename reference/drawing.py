"""The map of the chapters as an SVG: a list, with an arc for every step.

Needs no script, follows the theme, and every name is a link. The rules for colours and
for the marking of one chapter's arcs are in `_static/reference.css`.
"""

from html import escape

from reference.needs import needs
from tools.chapters import title

ROW, LEFT, WIDTH = 32, 112, 480


def map_svg(direct=None, titles=None):
    """The drawing: ``direct`` is {chapter: [what it needs]}, in order."""
    direct = needs() if direct is None else direct
    titles = titles or {name: title(name) for name in direct}
    height = {name: ROW * (i + 0.5) for i, name in enumerate(direct)}
    longest = ROW * len(direct)
    words = "; ".join(
        f"{titles[name]} needs {' and '.join(titles[n] for n in others)}"
        for name, others in direct.items()
        if others
    )
    groups = []
    for name, others in direct.items():
        arcs = "".join(_arc(height[o], height[name], longest) for o in others)
        groups.append(
            f'<g class="chapter">{arcs}<a href="../chapters/{name}.html">'
            f'<circle cx="{LEFT}" cy="{height[name]:.0f}" r="5"/>'
            f'<text x="{LEFT + 14}" y="{height[name] + 5:.0f}">'
            f"{escape(titles[name])}</text></a></g>"
        )
    return (
        f'<svg class="chapter-map" role="group" '
        f'viewBox="0 0 {WIDTH} {ROW * len(direct)}" '
        f'aria-label="Map of the chapters. {escape(words)}.">'
        '<defs><marker id="map-head" viewBox="0 0 10 10" refX="9" refY="5" '
        'markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0 10 5 0 10z"/></marker></defs>'
        f"{''.join(groups)}</svg>"
    )


def _arc(start, end, longest):
    """From one chapter down to another; the longer the way, the wider the arc."""
    x = LEFT - 6
    reach = x - 14 - 1.25 * (x - 16) * ((end - start) / longest) ** 0.75
    return (
        f'<path class="arc" marker-end="url(#map-head)" d="M{x} {start:.0f} '
        f'C{reach:.0f} {start + 8:.0f} {reach:.0f} {end - 8:.0f} {x} {end:.0f}"/>'
    )
