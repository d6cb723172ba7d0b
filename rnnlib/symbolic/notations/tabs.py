"""One derived result in every notation, as tabs of which all choose together.

``tabs("W_hh")`` at the end of a cell shows the result: as a tab set on a page of the
book, as a table in Jupyter.
"""

from html import escape

from rnnlib.symbolic.notations.documents import BOOK_NOTATION, NOTATIONS
from rnnlib.symbolic.notations.layout import arranged
from rnnlib.symbolic.notations.printer import equation, to_latex
from rnnlib.symbolic.quantities import STEPLESS
from rnnlib.symbolic.results import bptt_results
from rnnlib.symbolic.series import StepSum

ALL = (BOOK_NOTATION, *NOTATIONS.values())


def in_notation(result, notation):
    """LaTeX of a result (left, right) in a notation.

    The right-hand side is laid out as the document lays it out. The LaTeX is empty
    when the document has no line of its own: both sides are the same there.
    """
    left, right = result
    right = arranged(left, right, notation)
    name, formula = _name(left, notation), to_latex(right, notation)
    if notation.accumulates and isinstance(right, StepSum) and left.base in STEPLESS:
        return rf"{name} \mathrel{{+}}= {to_latex(right.body, notation)}"
    if name in (formula, rf"\left({formula}\right)"):
        return ""
    return equation(name, formula)


def _name(left, notation):
    """What stands on the left: of a row, the row, not its transpose."""
    return to_latex(left.T if left.base in notation.rows else left, notation)


class Tabs:
    """Results in every notation; displays itself. Made by `tabs`."""

    def __init__(self, results):
        self.results = tuple(results)
        self.latex = {n.key: [in_notation(r, n) for r in self.results] for n in ALL}

    def _lines(self, notation):
        """One display a result; a remark where the document has no line."""
        for (left, _), latex in zip(
            self.results, self.latex[notation.key], strict=True
        ):
            if latex:
                yield f"$$\n{latex}\n$$"
            else:
                yield f"(no line of its own for ${_name(left, notation)}$)"

    def __str__(self):
        """MyST: a tab set in the sync group ``notation``."""
        items = []
        for n in ALL:
            body = "\n\n".join(self._lines(n))
            items.append(f":::{{tab-item}} {n.tab}\n:sync: {n.key}\n\n{body}\n:::\n")
        head = "::::{tab-set}\n:sync-group: notation\n"
        return "\n".join([head, *items, "::::\n"])

    def _repr_mimebundle_(self, include=None, exclude=None):
        rows = "\n".join(
            f"<tr><th>{n.tab}</th><td>{escape(' '.join(self._lines(n)))}</td></tr>"
            for n in ALL
        )
        return {
            "text/markdown": str(self),
            "text/html": f"<table>\n{rows}\n</table>",
            "text/plain": f"in {len(ALL)} notations",
        }


def tabs(*chosen):
    """Results in tabs, one tab a notation; choosing one chooses it everywhere.

    Parameters
    ----------
    chosen : str, or pair of expressions
        Keys of `bptt_results`, or pairs (left, right) with a `quantity` on the left.

    Raises
    ------
    ValueError
        For a key that is not a result, or none at all.
    """
    known = bptt_results()
    unknown = [c for c in chosen if isinstance(c, str) and c not in known]
    if unknown or not chosen:
        raise ValueError(f"chosen: expected some of {', '.join(known)}, got {unknown}")
    return Tabs(known[c] if isinstance(c, str) else c for c in chosen)
