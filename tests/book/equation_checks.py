"""Which printed equations of the five documents are checked, and where.

A check cell names the equations it checks in its metadata, ``equations``; the ids are
those of `IDS`. Each check returns a list of complaints.
"""

import ast
import inspect
import re

from rnnbook.page import checks
from tools.chapters import code_cells


def numbered(prefix, numbers, width=0):
    """Ids with running numbers."""
    return [f"{prefix}{n:0{width}}" for n in numbers]


IDS = {  # by document and section; displays without a number are counted in order
    "Roysdon 1.5": numbered("roysdon:1.5-", range(1, 23), 2),
    "Roysdon 1.6": [*numbered("roysdon:", range(5, 12)), "roysdon:h0", "roysdon:proof"],
    "Sarkar 3.2": numbered("sarkar:3.2-", range(1, 44), 2),
    "Khanna 4": [
        *("khanna:4.1-chain", "khanna:4.1-classes", "khanna:4.2-joint"),
        *("khanna:4.2-scoring", "khanna:4.2-ranking", "khanna:4.2-generating"),
        *("khanna:4.2-embeddings", "khanna:4.3-markov", "khanna:4.3-first-order"),
        *("khanna:4.3-agreement", "khanna:4.4-order", "khanna:4.4-exponential"),
        *("khanna:4.4-violated", "khanna:4.4-neural", "khanna:4.5-functions"),
    ],
    "Khanna 5": [
        *numbered("khanna:", range(1, 6)),
        *("khanna:5.2-given", "khanna:5.2-probable", "khanna:5.2-calibrated"),
    ],
    "Khanna 6-7": numbered("khanna:", range(6, 13)),
    "Pal 2": ["pal:G1", "pal:G2", "pal:R1", "pal:R2", "pal:1", "pal:2"],
    "Pal 3": ["pal:3", "pal:lemma1", "pal:example", "pal:lemma2", "pal:theorem1"],
    "Topçuoğlu 8 and 12": numbered("topcuoglu:", (5, 6, 16, 17)),
    "Topçuoğlu 10": numbered("topcuoglu:", range(7, 15)),
    "Roysdon 1.7": [
        *("roysdon:1.7-01", "roysdon:1.7-02", "roysdon:1.7-order"),
        *("roysdon:1.7-norms", "roysdon:1.7-decay", "roysdon:1.7-growth"),
        "roysdon:1.7-linear",
    ],
    "Khanna 9": [
        *numbered("khanna:", range(16, 22)),
        *("khanna:9.1", "khanna:9.2-updates", "khanna:9.2.2-influence"),
        *("khanna:9.2.3-slow", "khanna:9.2.3-forget", "khanna:9.2.3-recent"),
        "khanna:9.2.4",
    ],
    "Pal 4": [
        *("pal:4.1-split", "pal:theorem2", *numbered("pal:proof3-", range(1, 7))),
        *("pal:4.2-interpretation", "pal:4.2-remark"),
    ],
    "Pal 5": [
        *("pal:theorem3", "pal:theorem4", "pal:lemma3", "pal:proof4-recall"),
        *("pal:proof4-1", "pal:proof4-2", "pal:proof4-norm", "pal:proof4-enough"),
    ],
    "Topçuoğlu 10.5.2": ["topcuoglu:10.5.2-small", "topcuoglu:10.5.2-large"],
}
DOCUMENTS = ("roysdon", "sarkar", "khanna", "pal", "topcuoglu")
# What an id of a section of `IDS` looks like; other chapters check other sections.
COVERED = re.compile(
    r"roysdon:(1\.[57]\b|([5-9]|1[01])$|h0|proof)|sarkar:3\.2\b"
    r"|khanna:([1-9]|1[0-2]|1[6-9]|2\d)$|khanna:[45]\.|khanna:9\.(1|2\.[234]|2-)"
    r"|pal:([GR]?\d+$|4\.|lemma|proof|example|theorem)"
    r"|topcuoglu:([5-9]$|1[0-4]$|1[67]$|10\.5\.2)"
)


def claims(nb):
    """(cell, id) for every equation that a cell of the notebook says it checks."""
    return [(c, id_) for c in nb.cells for id_ in c.metadata.get("equations", [])]


ASSERTING = {  # of the checks that chapters share
    name
    for name, function in vars(checks).items()
    if inspect.isfunction(function) and "assert " in inspect.getsource(function)
}


def asserting_functions(nb):
    """Names of functions that assert, directly or by a call: the notebook's own, and
    those that it imports from `rnnbook.page`."""
    nodes = [n for cell in code_cells(nb) for n in ast.walk(ast.parse(cell.source))]
    bodies = {node.name: node for node in nodes if isinstance(node, ast.FunctionDef)}
    names = {
        alias.asname or alias.name
        for node in nodes
        if isinstance(node, ast.ImportFrom) and node.module == "rnnbook.page.checks"
        for alias in node.names
        if alias.name in ASSERTING
    }
    for _ in bodies:
        names |= {name for name, body in bodies.items() if asserts(body, names)}
    return names


def asserts(tree, functions):
    """True when code asserts something, or calls a function that does."""
    called = {
        node.func.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    return bool(called & functions) or any(
        isinstance(node, ast.Assert) for node in ast.walk(tree)
    )


def cell_complaints(nb):
    """Cells that claim to check an equation and cannot have done so."""
    functions, found = asserting_functions(nb), []
    for cell, id_ in claims(nb):
        if cell.cell_type != "code":
            found.append(f"{id_}: cell {cell.id} is not a code cell")
        elif cell.execution_count is None:
            found.append(f"{id_}: cell {cell.id} has not been executed")
        elif not asserts(ast.parse(cell.source), functions):
            found.append(f"{id_}: cell {cell.id} asserts nothing")
    return found


def id_complaints(notebooks, wanted):
    """Ids of ``wanted`` that do not stand on exactly one cell of the notebooks."""
    cells = {}
    for name, nb in notebooks.items():
        for cell, id_ in claims(nb):
            cells.setdefault(id_, []).append(f"{name}: {cell.id}")
    return [
        f"{id_}: expected on one cell, got {cells.get(id_, [])}"
        for id_ in wanted
        if len(cells.get(id_, [])) != 1
    ]


def unknown_complaints(nb):
    """Ids of no document, or of a section of `IDS` that has no such equation."""
    known = {id_ for ids in IDS.values() for id_ in ids}
    return [
        f"{id_}: no such equation, in cell {cell.id}"
        for cell, id_ in claims(nb)
        if id_.partition(":")[0] not in DOCUMENTS
        or (COVERED.match(id_) and id_ not in known)
    ]


def all_ids(notebooks):
    """Every id that some cell claims, of these sections or of others."""
    return sorted({id_ for nb in notebooks.values() for _, id_ in claims(nb)})
