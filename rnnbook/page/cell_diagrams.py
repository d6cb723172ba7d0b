"""A recurrent cell as a drawing, made from its definitions: who reads what.

A node is a quantity that the text of the cell names, an arrow leads from what is read
to the definition that reads it. Columns are the order of computation within a step.
"""

from typing import NamedTuple

from rnnlib.symbolic.derivation import expressions as ex

DIRECT, WEIGHED = "#D55E00", "#0072B2"  # orange: entry by entry, blue: by a matrix
HIGHEST, LOWEST, INPUTS = 0.8, 0.05, -0.42  # heights
STRETCH = 2.2  # of heights


class Reading(NamedTuple):
    """``reader`` at step t reads ``name`` of step t + ``shift``."""

    name: str
    shift: int
    reader: str
    weighed: bool  # behind a matrix: a weight stands between the two


def readings(derivation):
    """Every `Reading` of the definitions of a step, in the order of the text."""
    found = []
    program = derivation.written
    timed = {*program.definitions, *program.inputs}

    def walk(reader, node, weighed):
        if isinstance(node, ex.Value) and node.name in timed:
            found.append(Reading(node.name, node.shift or 0, reader, weighed))
        for part in node.args:
            walk(reader, part, weighed or isinstance(node, ex.MatMul))

    for name, expression in program.definitions.items():
        walk(name, expression, False)
    kept = {}
    for one in found:  # read twice by one definition: entry by entry, if it is once
        known = kept.get(one[:3])
        kept[one[:3]] = one if known is None or not one.weighed else known
    return list(kept.values())


def places(derivation):
    """{(name, shift): (column, height)} of every node, heights from 0 to 1."""
    arrows = readings(derivation)
    nodes = list(dict.fromkeys((r.name, r.shift) for r in arrows if r.shift))
    nodes += [(name, 0) for name in derivation.written.inputs]
    defined = [(name, 0) for name in derivation.written.definitions]
    column = dict.fromkeys(nodes, 0)
    for node in defined:  # a definition reads what stands before it in the text
        before = [column[r.name, r.shift] for r in arrows if (r.reader, 0) == node]
        column[node] = 1 + max(before, default=0)
    height = _lanes(derivation, [*nodes, *defined])
    for k in sorted(set(column.values()), reverse=True):
        free = [n for n in column if column[n] == k and n not in height]
        free.sort(key=lambda node: _pull(node, arrows, height), reverse=True)
        for j, node in enumerate(free):
            share = j / (len(free) - 1) if len(free) > 1 else 0.5
            height[node] = HIGHEST - share * (HIGHEST - LOWEST)
    return {node: (column[node], height[node]) for node in column}


def _lanes(derivation, nodes):
    """A lane of its own for each state, the first one below, and inputs at the foot."""
    states = derivation.recursion.states
    lanes = {}
    for name, shift in nodes:
        if name in states:
            k = states.index(name) + (len(states) == 1)
            lanes[name, shift] = k / max(len(states) - 1, 1)
        elif name in derivation.written.inputs:
            lanes[name, shift] = INPUTS
    return lanes


def _pull(node, arrows, height):
    """The mean height of the readers that have a place, which orders a column."""
    found = [
        height[r.reader, 0]
        for r in arrows
        if (r.name, r.shift) == node and (r.reader, 0) in height
    ]
    return sum(found) / len(found) if found else 0.5


def draw_cell(axis, derivation, *, back=False):
    """Draw a cell on an axis without frame; returns its `Reading` list.

    Parameters
    ----------
    axis : matplotlib.axes.Axes
    derivation : rnnlib.symbolic.Derivation
    back : bool
        Turn each arrow round, and write the adjoints: what a quantity receives comes
        from those that read it.
    """
    where, arrows = places(derivation), readings(derivation)
    for node, (x, y) in where.items():
        if back and node[0] in derivation.written.inputs:
            continue
        axis.scatter(x, STRETCH * y, s=1000, fc="white", ec="0.4", zorder=3)
        word = f"${label(derivation, node, adjoint=back)}$"
        axis.text(x, STRETCH * y, word, ha="center", va="center", zorder=4)
    for r in arrows:
        ends = [where[r.name, r.shift], where[r.reader, 0]]
        if back and r.name in derivation.written.inputs:
            continue
        start, end = ((x, STRETCH * y) for x, y in (reversed(ends) if back else ends))
        span = abs(end[0] - start[0])
        bend = 0.2 if r.name in derivation.written.inputs else 0.12
        bend = 0.0 if span < 2 or start[1] == end[1] else (-bend if back else bend)
        axis.annotate(
            "", end, start, zorder=2,
            arrowprops={
                "arrowstyle": "-|>", "shrinkA": 17, "shrinkB": 17, "lw": 1.3,
                "color": WEIGHED if r.weighed else DIRECT,
                "linestyle": "-" if not r.weighed else (0, (4, 1.5)),
                "connectionstyle": f"arc3,rad={bend}",
            },
        )  # fmt: skip
    xs, ys = zip(*where.values(), strict=True)
    axis.set_xlim(min(xs) - 0.4, max(xs) + 0.4)
    heights = [STRETCH * y for y in ys]
    axis.set_ylim(min(heights) - 0.45, max(heights) + 0.45)
    axis.set_axis_off()
    return arrows


def label(derivation, node, *, adjoint=False):
    """The LaTeX of a node: a quantity, or its adjoint."""
    name, shift = node
    shape = derivation.program.shapes[name]
    kind = ex.Adjoint if adjoint else ex.Value
    return derivation.printer(latex=True)(kind((), shape, name, shift))
