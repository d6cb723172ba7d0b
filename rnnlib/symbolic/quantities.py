"""The quantities of the book as SymPy matrices of symbolic size.

``quantity("h", "t-1")`` is h_{t-1}, a column of d_h entries; ``quantity("W_hh")`` is a
d_h by d_h matrix. A quantity prints in the book's notation, or in that of a document
when the printer carries one (see `rnnlib.symbolic.notations.printer`).
"""

import re

import sympy as sp

from rnnlib.symbolic.activations import phi

d_x, d_h, K = sp.symbols("d_x d_h K", integer=True, positive=True)
_one = sp.Integer(1)
STEP = re.compile(r"([A-Za-z]?)([+-]?\d+)?")  # t, t-1, T, 0

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
MEANINGS = {
    "W_xh": "weights from input to state",
    "W_hh": "weights from state to state",
    "b_h": "bias of the state",
    "W_hy": "weights from state to output",
    "b_y": "bias of the output",
    "x": "input",
    "s": "pre-activation",
    "h": "state",
    "z": "logits",
    "p": "predicted distribution",
    "y": "target",
    "delta_z": "gradient with respect to $z_t$",
    "g": "gradient with respect to $h_t$",
    "delta_s": "gradient with respect to $s_t$",
}
ARRAYS = {  # what rnnlib calls the array, when it is no name of its own
    **{name: f"params.{name}" for name in PARAMETERS},
    **{name: f"trace.{name}" for name in ("x", "s", "h", "z")},
    "p": "softmax(z)",
}
FROM_ZERO = frozenset({"h", "g"})  # have a row for step 0 too
# Derivatives that results are stated for; d_W_hh is the gradient of the loss.
DERIVATIVES = {
    "future": (d_h, _one),  # the part of g_t that comes from later steps
    "ell_h": (d_h, _one),  # the immediate gradient of ell_t with respect to h_t
    "J": (d_h, d_h),  # dh_t/dh_{t-1}
    "J_s": (d_h, d_h),  # ds_t/ds_{t-1}
    "J_tk": (d_h, d_h),  # dh_t/dh_k, with the step "t,k"
    **{f"d_{name}": SHAPES[name] for name in (*PARAMETERS, "h")},
}
STEPLESS = frozenset(PARAMETERS) | {f"d_{name}" for name in PARAMETERS}

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


def with_derivatives(
    names,
    gradient=r"\frac{d %L}{d %v}",
    jacobian=r"\frac{d %u}{d %v}",
    immediate=r"\frac{\partial^{+} %L}{\partial %v}",
):
    """A map of names with those of `DERIVATIVES` too, built from the patterns.

    %L is the loss or ell_t, %v what it is differentiated by, %u what has the Jacobian.
    A name that the map has already stays. ``%t`` stands for the step, ``%p`` for the
    step before it, ``%k`` for a second step.
    """

    def jacobian_of(base, step):
        u = names[base]
        return jacobian.replace("%u", u).replace("%v", u.replace("%t", step))

    def gradient_of(pattern, loss, base):
        return pattern.replace("%L", names[loss]).replace("%v", names[base])

    built = {
        f"d_{base}": gradient_of(gradient, "loss", base) for base in (*PARAMETERS, "h")
    }
    built |= {
        "ell_h": gradient_of(immediate, "ell", "h"),
        "future": rf"\left({built['d_h']}\right)_{{\text{{future}}}}",
        "J": jacobian_of("h", "%p"),
        "J_s": jacobian_of("s", "%p"),
        "J_tk": jacobian_of("h", "%k"),
    }
    return built | names


BOOK_WITH_DERIVATIVES = with_derivatives(BOOK | {"J": r"J_{%t}"})


def moved(step, steps=None, by=0):
    """The text of a step such as "t-1": a letter put in from ``steps``, then moved."""
    match = STEP.fullmatch(step)
    if match is None:
        raise ValueError(f"step: expected such as t-1, T or 0, got {step!r}")
    letter, offset = match.groups()
    number = int(offset or 0) + by
    value = (steps or {}).get(letter, letter)
    if not isinstance(value, str):
        return str(value + number)
    return f"{value}{number:+d}" if value and number else value or str(number)


def axes(base):
    """The shape of the array of a quantity, in letters: ["T", "B", "d_x"] for x."""
    entries = [str(size) for size in SHAPES[base] if size != 1]
    if base in PARAMETERS:
        return entries
    return ["T+1" if base in FROM_ZERO else "T", "B", *entries]


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
        name = (names or BOOK_WITH_DERIVATIVES)[self.base]
        if not self.time:
            return name
        t, _, k = self.time.partition(",")
        for mark, step in (("%t", t), ("%p", moved(t, by=-1)), ("%k", k)):
            name = name.replace(mark, step)
        return name

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
    shapes = SHAPES | DERIVATIVES
    if base not in shapes:
        raise ValueError(f"base: expected one of {', '.join(shapes)}, got {base!r}")
    if (base in STEPLESS) == bool(time):
        wanted = "no step" if base in STEPLESS else "a step"
        raise ValueError(f"time: expected {wanted} for {base}, got {time!r}")
    return Quantity(f"{base}[{time}]" if time else base, *shapes[base])


def activation(column):
    """phi applied to every entry of a column."""
    return column.applyfunc(phi)
