"""The first frame of a figure as an SVG, for paper and where no script may run.

It follows `figure.js` stroke by stroke; a test compares the two in a browser.
"""

from html import escape
from math import atan2, cos, sin

WIDTH, HEIGHT, EQUAL_HEIGHT = 640, 330, 400
LEFT, RIGHT, TOP, BOTTOM = 46, 14, 30, 44
BARB, SPREAD = 8, 0.45  # length of each stroke of an arrow's head, and its angle
COLOURS = ("#0b66a8", "#b84a00", "#00755a", "#8b4a93")
LOOK = (
    "rect{fill:#fff}text{font:13px sans-serif}.rnn-grid{stroke:#ddd}"
    ".rnn-frame,.rnn-line{fill:none}.rnn-frame{stroke:#666}"
    ".rnn-position{stroke:#000;stroke-dasharray:2 3}.rnn-line{stroke-width:2.4}"
    ".rnn-dashed{stroke-dasharray:8 5}.rnn-bars{stroke-width:18}"
    ".rnn-dots{stroke-width:7;stroke-linecap:round}"
) + "".join(f".rnn-c{k}{{stroke:{c}}}" for k, c in enumerate(COLOURS))


def classes(line):
    """The CSS classes of a line of a table."""
    styles = " ".join(f"rnn-{word}" for word in line["style"].split())
    return f"rnn-line {styles} rnn-c{line['colour']}"


def at(nested, indices):
    """A row of a table: an axis of one entry serves every index."""
    for i in indices:
        nested = nested[0 if len(nested) == 1 else i]
    return nested


def first_frame(table, chosen):
    """The SVG of a table for the indices of its controls, 640 pixels wide."""
    (x0, x1), (y0, y1) = table["ranges"]
    high = EQUAL_HEIGHT if table["equal"] else HEIGHT
    left, w, h = LEFT, WIDTH - LEFT - RIGHT, high - TOP - BOTTOM
    if table["equal"]:
        unit = min(w / (x1 - x0), h / (y1 - y0))
        left += (w - unit * (x1 - x0)) / 2
        w, h = unit * (x1 - x0), unit * (y1 - y0)

    def column(x):
        return left + w * (x - x0) / (x1 - x0)

    def row(y):
        return TOP + h * (y1 - y) / (y1 - y0)

    *axes, position = chosen if table["position"] else [*chosen, None]
    parts = ['<rect width="100%" height="100%"/>']
    for v, name in table["ticks"][0]:
        x = column(v)
        parts.append(f'<path class="rnn-grid" d="M{x:.1f} {TOP}v{h:.1f}"/>')
        parts.append(_text(x, TOP + h + 17, "middle", name))
    for v, name in table["ticks"][1]:
        y = row(v)
        parts.append(f'<path class="rnn-grid" d="M{left:.1f} {y:.1f}h{w:.1f}"/>')
        parts.append(_text(left - 6, y + 4, "end", name))
    across, up = table["labels"]
    parts.append(_text(left + w / 2, high - 6, "middle", across))
    parts.append(_text(2, 15, "start", up))
    parts.append(
        f'<svg x="{left:.1f}" y="{TOP}" width="{w:.1f}" height="{h:.1f}"'
        f' viewBox="{left:.1f} {TOP} {w:.1f} {h:.1f}">'
    )
    for n, line in enumerate(table["lines"]):
        xs, ys = at(line["x"], axes), at(line["y"], axes)
        if position is not None and n == 0:
            x = column(xs[position])
            parts.append(f'<path class="rnn-position" d="M{x:.1f} {TOP}v{h:.1f}"/>')
        points = [
            None if y is None else (column(x), row(y))
            for x, y in zip(xs, ys, strict=True)
        ]
        strokes = _strokes(line["style"], points, row(max(y0, 0)))
        parts.append(f'<path class="{classes(line)}" d="{strokes}"/>')
    frame = f"M{left:.1f} {TOP}h{w:.1f}v{h:.1f}h{-w:.1f}z"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {high}">'
        f"<style>{LOOK}</style>{''.join(parts)}</svg>"
        f'<path class="rnn-frame" d="{frame}"/></svg>'
    )


def _strokes(style, points, foot):
    """The path of a line through points in pixels; None is a gap."""
    if "arrow" in style:
        pairs = zip(points[::2], points[1::2], strict=True)
        return "".join(_arrow(*pair) for pair in pairs if None not in pair)
    d, pen = "", "M"
    for point in points:
        if point is None:
            pen = "M"
            continue
        x, y = point[0], max(-1e4, min(1e4, point[1]))
        if style == "bars":
            d += f"M{x:.1f} {foot:.1f}V{y:.1f}"
        else:
            d += f"M{x:.1f} {y:.1f}h0" if style == "dots" else f"{pen}{x:.1f} {y:.1f}"
        pen = "L"
    return d


def _arrow(tail, head):
    """A stroke from tail to head and two barbs; nothing where they meet."""
    (x0, y0), (x, y) = tail, head
    if abs(x - x0) + abs(y - y0) < 1:
        return ""
    turn = atan2(y - y0, x - x0)
    barbs = "".join(
        f"M{x:.1f} {y:.1f}l{-BARB * cos(turn + a):.1f} {-BARB * sin(turn + a):.1f}"
        for a in (SPREAD, -SPREAD)
    )
    return f"M{x0:.1f} {y0:.1f}L{x:.1f} {y:.1f}{barbs}"


def _text(x, y, anchor, words):
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'
    )
