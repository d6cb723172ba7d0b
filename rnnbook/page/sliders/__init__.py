"""Figures with sliders that need no kernel: see `figure`."""

from rnnbook.page.sliders.figure import Control, Figure, Line, figure
from rnnbook.page.sliders.page import read_table

__all__ = ["Control", "Figure", "Line", "figure", "read_table"]
