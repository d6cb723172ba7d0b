"""Counts of verdicts as bars: an SVG that needs no script and follows the theme."""

from html import escape

WIDTH, HEIGHT, GAP, LEFT = 640, 26, 12, 96


def bars(counts):
    """One bar a row of ``counts`` ({row: {verdict: number}}), and the key."""
    longest = max(sum(row.values()) for row in counts.values()) or 1
    scale = (WIDTH - LEFT - 40) / longest
    parts, y = [], 0
    for label, row in counts.items():
        parts.append(f'<text x="0" y="{y + 18}">{escape(label)}</text>')
        x = LEFT
        for verdict, number in row.items():
            if number:
                parts.append(_block(x, y, number * scale, verdict, number))
            x += number * scale
        parts.append(f'<text x="{x + 6:.0f}" y="{y + 18}">{sum(row.values())}</text>')
        y += HEIGHT + GAP
    words = "; ".join(
        f"{label}: " + ", ".join(f"{n} {v}" for v, n in row.items() if n)
        for label, row in counts.items()
    )
    used = [
        v for v in next(iter(counts.values())) if any(r[v] for r in counts.values())
    ]
    key = "".join(f'<li class="verdict-{slug(v)}">{v}</li>' for v in used)
    return (
        f'<figure class="verdict-chart"><svg role="img" viewBox="0 0 {WIDTH} {y}" '
        f'aria-label="Number of claims by verdict. {escape(words)}">'
        f"{''.join(parts)}</svg><ul>{key}</ul></figure>"
    )


def _block(x, y, width, verdict, number):
    text = ""
    if width > 9 * len(str(number)) + 6:
        text = f'<text x="{x + width / 2:.1f}" y="{y + 18}">{number}</text>'
    return (
        f'<g class="verdict-{slug(verdict)}"><rect x="{x:.1f}" y="{y}" '
        f'width="{width:.1f}" height="{HEIGHT}"><title>{number} {verdict}</title>'
        f"</rect>{text}</g>"
    )


def slug(words):
    """A verdict or topic as a CSS class: "not checkable" gives "not-checkable"."""
    return words.replace(" ", "-")
