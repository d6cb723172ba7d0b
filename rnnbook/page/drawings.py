"""Drawings of a network: unrolled, with its adjoints on the way back, and as blocks.

A network that `rnnlib.symbolic.unroll` made is drawn from its own definitions: an arrow
leads from a quantity to each one that reads it.
"""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import FancyArrowPatch, Rectangle

from rnnlib.symbolic import PARAMETERS, to_latex

STYLE = {  # colour, line and label of the arrows through a weight
    "W_xh": ("#0072B2", "-", r"$W_{xh}$"),
    "W_hh": ("#D55E00", "-", r"$W_{hh}$"),
    "phi": ("#555555", ":", r"$\phi$"),
    "W_hy": ("#009E73", "--", r"$W_{hy}$"),
}
HEIGHT = {"x": 0, "s": 1, "h": 2, "z": 3}
BACK = "#8B2E7A"  # what flows back
ADJOINT = {"h": "g", "s": r"\delta^{(s)}", "z": r"\delta^{(z)}"}
SENT_BACK = {"W_hh": r"$W_{hh}^{\top}$", "phi": r"$\odot\,\phi'$"}
SENT_BACK["W_hy"] = r"$W_{hy}^{\top}$"
BENT = "arc3,rad=0.32"
LARGE, MIDDLE, SMALL = 14, 13, 12  # sizes of letters
BESIDE = {"x": (0.14, 0), "s": (0.14, -0.14), "h": (0.12, 0.24), "z": (0.14, 0.1)}


def arrows(net):
    """Which column reads which: {((name, t), (name, t)): the weight between}."""
    groups = {"x": net.x, "s": net.s, "h": net.h, "z": net.z}
    owner = {v: (n, t) for n, g in groups.items() for t, c in g.items() for v in c}
    weight = {w: n for n, M in zip(PARAMETERS, net.params, strict=True) for w in M}
    found = {}
    for v in owner.keys() & net.graph.definitions.keys():
        for u in net.graph.definitions[v].free_symbols & owner.keys():
            through = net.graph.immediate(v, u).free_symbols & weight.keys()
            found[owner[u], owner[v]] = (
                weight[min(through, key=str)] if through else "phi"
            )
    return found


def draw(axis, net, *, values=None):
    """The network from left to right; ``values`` are words beside a node, by
    (name, t).

    Returns the arrows drawn, as `arrows` finds them.
    """
    found = arrows(net)
    for (tail, head), name in sorted(found.items()):
        colour, line, _ = STYLE[name]
        _arrow(axis, _place(tail), _place(head), colour, line)
    _nodes(axis, found, values or {})
    axis.set(xlim=(-0.45, net.T + 0.45), ylim=(-0.5, 3.5))
    axis.axis("off")
    return found


def draw_back(axis, net, *, values=None, adjoints=None):
    """The same drawing with the adjoints flowing back beside the arrows.

    A curved arrow leads from the reader to what it reads, labelled with what the
    adjoint is multiplied by. ``adjoints`` are words in the place of the names of the
    adjoints, by (name, t). Returns the arrows drawn, tail first: those of the forward
    pass reversed, without the ones that would lead to an input.
    """
    found = arrows(net)
    for tail, head in sorted(found):
        _arrow(axis, _place(tail), _place(head), "#AAAAAA", "-", width=1.2)
    back = {(head, tail): w for (tail, head), w in found.items() if tail[0] != "x"}
    for (tail, head), weight in sorted(back.items()):
        _arrow(axis, _place(tail), _place(head), BACK, "-", bent=True)
        (x_0, y_0), (x_1, y_1) = _place(tail), _place(head)
        x, y = (x_0 + x_1) / 2, (y_0 + y_1) / 2
        x, y = (x + 0.06, y + 0.5) if weight == "W_hh" else (x + 0.2, y)
        words = SENT_BACK[weight]
        axis.text(x, y, words, color=BACK, fontsize=SMALL, ha="center", va="center")
    for t in net.z:
        _arrow(axis, (t, 3.78), (t, 3.0), BACK, "-")
        words = f"$p_{t} - y_{t}$"
        axis.text(t, 3.92, words, color=BACK, fontsize=MIDDLE, ha="center", va="center")
    _nodes(axis, found, values or {})
    for name, t in sorted({node for arrow in back for node in arrow}):
        x, y = _place((name, t))
        y += -0.24 if name == "s" else 0.24
        words = (adjoints or {}).get((name, t), f"${ADJOINT[name]}_{{{t}}}$")
        look = {"ha": "right", "va": "center"}
        axis.text(x - 0.15, y, words, color=BACK, fontsize=SMALL, **look)
    axis.set(xlim=(-0.55, net.T + 0.5), ylim=(-0.5, 4.1))
    axis.axis("off")
    return back


def legend(figure):
    """The weights by colour and line, below the panels."""
    lines = [
        plt.Line2D([], [], color=c, ls=s, lw=2, label=n) for c, s, n in STYLE.values()
    ]
    figure.legend(
        handles=lines, loc="lower center", ncols=4, frameon=False, fontsize=LARGE
    )


def blocks(axis, parts, sizes, *, top=0.0):
    """One equation as blocks, a cell for every entry: returns the shapes drawn.

    ``parts`` are quantities and words between them such as "="; ``sizes`` has a number
    for every letter of a shape. Rows are counted downwards from ``top``.
    """
    x, shapes = 0.6, []
    for part in parts:
        if isinstance(part, str):
            axis.text(
                x - 0.2, top - 1.5, part, fontsize=LARGE, ha="center", va="center"
            )
            x += 1.2
            continue
        letters = [str(size) for size in part.shape]
        rows, columns = (sizes.get(n, 1) for n in letters)
        y = top - 1.5 + rows / 2
        for i, j in np.ndindex(rows, columns):
            cell = Rectangle((x + j, y - i - 1), 1, 1, fc="#DCE9F5", ec="#0072B2")
            axis.add_patch(cell)
        middle = x + columns / 2
        axis.text(x - 0.15, top - 1.5, _size(letters[0]), ha="right", va="center")
        if letters[1] != "1":
            axis.text(middle, y + 0.1, _size(letters[1]), ha="center", va="bottom")
        words = f"${to_latex(part)}$"
        axis.text(middle, y - rows - 0.2, words, ha="center", va="top", fontsize=MIDDLE)
        shapes.append((rows, columns))
        x += columns + 1.05
    axis.set_aspect("equal")
    axis.axis("off")
    return shapes


def sheets(axis, words, shape, *, left=0.0, letters=()):
    """An array (steps, sequences, entries) as sheets one behind the other, one a step.

    ``words`` stand below; ``letters`` name the three axes. Returns the number of
    sheets.
    """
    steps, rows, columns = shape
    for k in range(steps - 1, -1, -1):
        x, y = left + 0.45 * k, 0.45 * k
        front = "#DCE9F5" if k else "#9CC3E6"
        for i, j in np.ndindex(rows, columns):
            place = (x + j, y + rows - i - 1)
            axis.add_patch(Rectangle(place, 1, 1, fc=front, ec="#0072B2", lw=0.8))
    middle = left + columns / 2
    if letters:
        axis.text(left - 0.2, rows / 2, letters[1], ha="right", va="center")
        axis.text(middle, -0.2, letters[2], ha="center", va="top")
        x, y = left + columns + 0.25 * steps, 0.2 * steps
        axis.text(x + 0.1, y - 0.3, letters[0], ha="left", va="top")
    axis.text(middle, -1.4, words, ha="center", va="top", fontsize=SMALL)
    axis.set_aspect("equal")
    axis.axis("off")
    return steps


def _size(letter):
    return f"${letter}$"


def _place(node):
    name, t = node
    return float(t), float(HEIGHT[name])


def _arrow(axis, tail, head, colour, line, *, width=2.0, bent=False):
    """An arrow between two nodes, from the rim of one to the rim of the other."""
    axis.add_patch(
        FancyArrowPatch(
            tail,
            head,
            arrowstyle="-|>",
            mutation_scale=13,
            color=colour,
            linestyle=line,
            lw=width,
            shrinkA=13,
            shrinkB=13,
            connectionstyle=BENT if bent else "arc3",
        )
    )


def _nodes(axis, found, values):
    """The nodes at the ends of arrows, with the words that ``values`` has for them."""
    ring = {"boxstyle": "circle", "fc": "white", "ec": "black"}
    for node in sorted({node for arrow in found for node in arrow}):
        (name, t), (x, y) = node, _place(node)
        look = {"ha": "center", "va": "center"}
        axis.text(x, y, f"${name}_{t}$", fontsize=LARGE, bbox=ring, **look)
        if node in values:
            right, up = BESIDE[name]
            look["ha"] = "left"
            axis.text(x + right, y + up, values[node], fontsize=SMALL, **look)
