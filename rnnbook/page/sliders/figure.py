"""Figures with sliders that need no kernel: a table, and a script that looks it up.

Python computes everything beforehand. The page holds the numbers as JSON, an SVG and a
few lines of script, and asks nobody for anything: it works from a server, from the disk
and in Jupyter. Controls are native and labelled; a sentence says what the figure shows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rnnbook.page.sliders.arguments import check_all, check_pair, check_words
from rnnbook.page.sliders.page import page
from rnnbook.page.sliders.table import make_table


@dataclass(frozen=True)
class Control:
    """A slider over numbers, or a choice among words; ``start`` is an index."""

    label: str
    values: Sequence
    start: int = 0


@dataclass(frozen=True)
class Line:
    """A curve for every setting: ``y`` is (n_1, ..., n_k, n_x), a size may be 1.

    n_j is the number of values of control j. ``x`` (n_x), or as ``y``, replaces that of
    the figure; without a position its n_x may be its own. -inf in y is a gap. Style:
    line, dashed, dots, bars, arrow or dashed arrow; the points of arrows are tail,
    head, tail, head, and so on. ``said``, words (n_1, ..., n_k), is what the sentence
    below says of the line, "" for nothing; without it, its values. Lines of one
    ``colour``, 0 to 3, belong together; by default the colours take turns.
    """

    label: str
    y: Any
    x: Any = None
    style: str = "line"
    said: Any = None
    colour: int | None = None


@dataclass(frozen=True)
class Figure:
    """``html``, which Jupyter shows, and the ``table`` inside it."""

    html: str
    table: dict

    def _repr_html_(self):
        return self.html

    def __repr__(self):
        return f"Figure with sliders: {self.table['title']}"


def figure(
    title,
    controls,
    lines,
    *,
    x,
    labels,
    position=None,
    x_range=None,
    y_range=None,
    equal=False,
    decimals=2,
    readout="{}",
    missing="none",
    caption="",
) -> Figure:
    """A figure whose curves follow its controls.

    Parameters
    ----------
    title : str
        Names the figure to those who do not see it.
    controls : sequence of Control
        One for each leading axis of the lines.
    lines : sequence of Line
    x : array (n_x,)
    labels : pair of str
        Of the axes.
    position : Control, optional
        A slider with n_x values that moves a mark along x.
    x_range, y_range : pair of float, optional
        All values by default.
    equal : bool
        One unit is as long upwards as across.
    decimals : int
        The table keeps so many.
    readout, missing : str
        How a value is written, as in "10^{}", and what a gap is called.
    caption : str
        HTML below the figure.

    Raises
    ------
    ValueError
        For wrong shapes, labels, styles, colours or starts, or NaN and +inf in a line.
    """
    check_words(title=title, readout=readout, missing=missing, caption=caption)
    across, up = check_pair("labels", labels)
    check_words(labels=across)
    check_words(labels=up)
    controls = check_all("controls", controls, Control)
    lines = check_all("lines", lines, Line)
    if position is not None:
        check_all("position", [position], Control)
    ranges = x_range, y_range
    table = make_table(title, controls, lines, x, position, ranges, decimals)
    table |= {
        "equal": bool(equal),
        "labels": [across, up],
        "readout": readout,
        "missing": missing,
    }
    everything = controls + ([position] if position else [])
    return Figure(page(table, everything, caption), table)
