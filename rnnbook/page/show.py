"""Equations and arrays that a cell shows."""

import numpy as np
from IPython.display import Math, display

from rnnlib.symbolic import equation


def show(left, right, notation="book", label=None):
    """Display ``left = right``, either side an expression or ready LaTeX."""
    display(Math(equation(left, right, notation, label)))


def row(a):
    """An array in one line, four decimals, without a minus before zero."""
    return " ".join(f"{v:8.4f}" for v in np.round(np.ravel(a), 4) + 0.0)
