"""Figures with sliders that need no kernel: a table, and a script that looks it up.

Python computes everything beforehand. The page holds the numbers as JSON, an SVG and a
few lines of script, and asks nobody for anything: it works from a server, from the disk
and in Jupyter. Controls are native and labelled; a sentence says what the figure shows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rnnlib.sliders.page import page
from rnnlib.sliders.table import make_table


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
    the figure. Style: line, dashed, dots or bars. -inf in y is a gap.
    """

    label: str
    y: Any
    x: Any = None
    style: str = "line"


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
    y_range=None,
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
    y_range : pair of float, optional
        All values by default.
    decimals : int
        The table keeps so many.
    readout, missing : str
        How a value is written, as in "10^{}", and what a gap is called.
    caption : str
        HTML below the figure.

    Raises
    ------
    ValueError
        For wrong shapes, labels, styles or starts, or NaN and +inf in a line.
    """
    controls, lines = list(controls), list(lines)
    table = make_table(title, controls, lines, x, position, y_range, decimals)
    table |= {"labels": list(labels), "readout": readout, "missing": missing}
    everything = controls + ([position] if position else [])
    return Figure(page(table, everything, lines, caption), table)
