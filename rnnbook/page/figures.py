"""Figures of the book: one width, and a height for each arrangement of panels.

Colours, letters and how pale a grid is are set in ``chapters/matplotlibrc``.
"""

from typing import NamedTuple

import matplotlib.pyplot as plt

WIDTH = 5.6  # inches, as wide as the text of a page


class Arrangement(NamedTuple):
    """Rows and columns of panels, and the height of the figure in inches."""

    rows: int
    columns: int
    height: float


ARRANGEMENTS = {
    "one": Arrangement(1, 1, 3.4),
    "one strip": Arrangement(1, 1, 1.6),
    "one tall": Arrangement(1, 1, 4.2),
    "one square": Arrangement(1, 1, 5.6),
    "two": Arrangement(2, 1, 6.4),
    "two low": Arrangement(2, 1, 4.2),
    "two in a row": Arrangement(1, 2, 3.2),
    "three": Arrangement(3, 1, 8.4),
    "three strips": Arrangement(3, 1, 4.6),
    "three in a row": Arrangement(1, 3, 2.9),
    "two by two": Arrangement(2, 2, 5.6),
    "three by two": Arrangement(3, 2, 7.0),
}
GRIDS = ("both", "x", "y", "none")


def panels(name="one", *, grid="both", of_rounding=False, **options):
    """(figure, its panels) as ``plt.subplots`` gives them, by the name of the size.

    ``grid`` says which lines are drawn behind the curves: "none" is for images and
    drawings. ``of_rounding`` is true of a figure whose numbers depend on how a
    processor rounds: who runs the chapter again compares its words alone. ``options``
    are those of ``plt.subplots``. ValueError for an unknown name or grid.
    """
    if name not in ARRANGEMENTS:
        raise ValueError(f"name: expected one of {list(ARRANGEMENTS)}, got {name!r}")
    if grid not in GRIDS:
        raise ValueError(f"grid: expected one of {list(GRIDS)}, got {grid!r}")
    rows, columns, height = ARRANGEMENTS[name]
    drawn = grid != "none"
    options = {"figsize": (WIDTH, height), "layout": "constrained"} | options
    with plt.rc_context(
        {"axes.grid": drawn, "axes.grid.axis": grid if drawn else "both"}
    ):
        figure, drawn_in = plt.subplots(rows, columns, **options)
    setattr(figure, "of_rounding", of_rounding)  # noqa: B010, no attribute of its stubs
    return figure, drawn_in
