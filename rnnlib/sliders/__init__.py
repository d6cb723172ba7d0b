"""Figures with sliders that need no kernel: see `figure`."""

from rnnlib.sliders.figure import Control, Figure, Line, figure
from rnnlib.sliders.page import read_table

__all__ = ["Control", "Figure", "Line", "figure", "read_table"]
