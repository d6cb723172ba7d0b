"""Where in the chapters a claim is treated.

``see`` of a record is ``chapter#anchor``, an anchor being a label of the chapter
(``thm-...``, ``eq-...``) or the id of a code cell; or it is the equation id that a
check cell carries in its metadata (``roysdon:5``).
"""

import json
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

CHAPTERS = Path(__file__).parents[1] / "chapters"
LABEL = re.compile(r"^:label: (\S+)$|^\(([\w-]+)\)=$|^\$\$ \(([\w-]+)\)", re.MULTILINE)


class Place(NamedTuple):
    """An anchor in a chapter."""

    chapter: str
    anchor: str


@cache
def anchors(chapter):
    """Labels and ids of code cells of a chapter; None when there is no such chapter."""
    path = CHAPTERS / f"{chapter}.ipynb"
    if not path.exists():
        return None
    found = set()
    for cell in _cells(path):
        source = "".join(cell["source"])
        if cell["cell_type"] == "code":
            found.add(cell["id"])
            name = cell["metadata"].get("mystnb", {}).get("figure", {}).get("name")
            found |= {name} if name else set()
        else:
            found |= {"".join(groups) for groups in LABEL.findall(source)}
    return found


@cache
def equation_cells():
    """The place of each equation id that a check cell carries."""
    return {
        id_: Place(path.stem, cell["id"])
        for path in sorted(CHAPTERS.glob("*.ipynb"))
        for cell in _cells(path)
        for id_ in cell["metadata"].get("equations", [])
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


def _cells(path):
    return json.loads(path.read_text("utf-8"))["cells"]
