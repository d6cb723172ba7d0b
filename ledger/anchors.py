"""Where in the chapters a claim is treated.

``see`` of a record is ``chapter#anchor``, an anchor being a label of the chapter
(``thm-...``, ``eq-...``) or the id of a code cell; or it is the equation id that a
check cell carries in its metadata (``roysdon:5``).
"""

from functools import cache
from typing import NamedTuple

from tools import chapters


class Place(NamedTuple):
    """An anchor in a chapter."""

    chapter: str
    anchor: str


@cache
def anchors(chapter):
    """Labels and ids of code cells of a chapter; None when there is no such chapter."""
    if not chapters.path_of(chapter).exists():
        return None
    nb = chapters.read(chapter)
    cells = {cell.id for cell in nb.cells if cell.cell_type == "code"}
    return cells | set(chapters.labels(nb))


@cache
def equation_cells():
    """The place of each equation id that a check cell carries."""
    return {
        id_: Place(path.stem, cell.id)
        for path in chapters.paths()
        for cell in chapters.read(path).cells
        for id_ in cell.metadata.get("equations", [])
    }


def place(see):
    """The `Place` that ``see`` names. Raises ValueError when there is none."""
    if "#" not in see:
        if see not in equation_cells():
            raise ValueError(f"{see}: no check cell carries this id")
        return equation_cells()[see]
    chapter, _, anchor = see.partition("#")
    known = anchors(chapter)
    if known is None:
        raise ValueError(f"{see}: there is no chapter {chapter}")
    if anchor not in known:
        raise ValueError(f"{see}: {chapter} has no label and no code cell {anchor}")
    return Place(chapter, anchor)
