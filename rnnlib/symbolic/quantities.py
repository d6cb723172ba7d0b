"""The quantities of the book as SymPy matrices of symbolic size.

``quantity("h", "t-1")`` is h_{t-1}, a column of d_h entries; ``quantity("W_hh")`` is a
d_h by d_h matrix. A quantity prints in the book's notation, or in that of a document
when the printer carries one (see `rnnlib.symbolic.notation`).
"""

import sympy as sp

from rnnlib.symbolic.activations import dphi, phi

d_x, d_h, K = sp.symbols("d_x d_h K", integer=True, positive=True)
_one = sp.Integer(1)

SHAPES = {
    "W_xh": (d_h, d_x),
    "W_hh": (d_h, d_h),
    "b_h": (d_h, _one),
    "W_hy": (K, d_h),
    "b_y": (K, _one),
    "x": (d_x, _one),
    "s": (d_h, _one),
    "h": (d_h, _one),
    "z": (K, _one),
    "p": (K, _one),
    "y": (K, _one),
    "delta_z": (K, _one),
    "g": (d_h, _one),
    "delta_s": (d_h, _one),
}
PARAMETERS = ("W_xh", "W_hh", "b_h", "W_hy", "b_y")

BOOK = {
    "W_xh": r"W_{xh}",
    "W_hh": r"W_{hh}",
    "b_h": r"b_{h}",
    "W_hy": r"W_{hy}",
    "b_y": r"b_{y}",
    "x": r"x_{%t}",
    "s": r"s_{%t}",
    "h": r"h_{%t}",
    "z": r"z_{%t}",
    "p": r"p_{%t}",
    "y": r"y_{%t}",
    "delta_z": r"\delta^{(z)}_{%t}",
    "g": r"g_{%t}",
    "delta_s": r"\delta^{(s)}_{%t}",
    "phi": r"\phi",
    "dphi": r"\phi'",
    "loss": r"\mathcal{L}",
    "ell": r"\ell_{%t}",
}


class Quantity(sp.MatrixSymbol):
    """A matrix symbol that knows its base name and its step, as in ``h[t-1]``."""

    @property
    def base(self):
        """The name without the step."""
        return self.name.partition("[")[0]

    @property
    def time(self):
        """The step, as text; empty for a parameter."""
        return self.name.partition("[")[2].rstrip("]")

    def latex_name(self, names=None):
        """The LaTeX of this quantity through a map of names."""
        return (names or BOOK)[self.base].replace("%t", self.time)

    def _latex(self, printer):
        show = getattr(printer, "show_quantity", Quantity.latex_name)
        return show(self)


def quantity(base, time=""):
    """The quantity of that name at that step; parameters have no step.

    Raises
    ------
    ValueError
        For an unknown name, a parameter with a step, or a missing step.
    """
    if base not in SHAPES:
        raise ValueError(f"base: expected one of {', '.join(SHAPES)}, got {base!r}")
    if (base in PARAMETERS) == bool(time):
        wanted = "no step" if base in PARAMETERS else "a step"
        raise ValueError(f"time: expected {wanted} for {base}, got {time!r}")
    return Quantity(f"{base}[{time}]" if time else base, *SHAPES[base])


def activation(column):
    """phi applied to every entry of a column."""
    return column.applyfunc(phi)


def activation_derivative(column):
    """phi' applied to every entry of a column."""
    return column.applyfunc(dphi)
