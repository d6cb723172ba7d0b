"""What is wrong with the ledger as a whole: sentences, none when all is well."""

import ast
from collections import Counter
from types import FunctionType

import numpy as np

from ledger.anchors import anchors, equation_cells, place
from ledger.checking import MISSING, checks
from ledger.claims import SILENCES, claims, complaints, outline, silences
from ledger.rules import tree_of
from ledger.scoring import tried


def record_complaints(document):
    """Records that are not well formed, or that lead nowhere."""
    found = [text for claim in claims(document) for text in complaints(claim)]
    for id_, count in Counter(c.id for c in claims(document)).items():
        found += [f"{id_}: {count} records have this id"] if count > 1 else []
    for claim in claims(document):
        try:
            place(claim.see)
        except ValueError as error:
            found.append(f"{claim.id}: see: {error}")
    return found


def coverage_complaints(document):
    """Sections, sentences, equations, displays, lines of listings without a record."""
    found = []
    for section in outline(document):
        own = [c for c in claims(document) if c.section == section.number]
        if not own and (section.sentences or section.displays):
            found.append(f"{document} {section.number}: no claims")
        for chapter in section.chapters:
            if chapter != "bibliography" and anchors(chapter) is None:
                found.append(f"{document} {section.number}: no chapter {chapter}")
        silent = [s for s in silences(document) if s.section == section.number]
        for name, wanted, records in (
            ("equations", section.equations, own),
            ("displays", range(1, section.displays + 1), own),
            ("sentences", range(1, len(section.sentences) + 1), own + silent),
            ("lines", range(1, section.numbered + 1), own + silent),
        ):
            covered = {item for record in records for item in getattr(record, name)}
            for item in wanted:
                if item not in covered:
                    found.append(f"{document} {section.number}: {name}: {item} missing")
            for item in covered - set(wanted):
                found.append(f"{document} {section.number}: {name}: no such {item}")
        found += silence_complaints(document, own, silent)
    return found


def silence_complaints(document, own, silent):
    """Sentences said to carry no claim without a known reason, or against a record."""
    claimed = {item for claim in own for item in claim.sentences}
    found = []
    for silence in silent:
        place = f"{document} {silence.section}: sentences {silence.sentences}"
        if silence.why not in SILENCES:
            found.append(f"{place}: why: no such: {silence.why!r}")
        if claimed & set(silence.sentences):
            found.append(f"{place}: both with a claim and without")
    return found


def loose_complaints(document):
    """Records that lead to no sentence, display or listing of the document."""
    return [
        f"{claim.id}: covers no sentence and no display"
        for claim in claims(document)
        if not (claim.sentences or claim.displays or claim.kind == "code")
        and not (claim.kind == "figure" or claim.equations)
    ]


def check_complaints(document):
    """Records without a check, and checks without a record."""
    wanted = {c.id for c in claims(document) if c.verdict != "not checkable"}
    found = set(checks(document))
    return [f"{id_}: has no check" for id_ in sorted(wanted - found)] + [
        f"{id_}: a check without a record that needs one"
        for id_ in sorted(found - wanted)
    ]


def unclaimed_equations(documents):
    """Equation ids on check cells of the chapters that no claim leads to."""
    seen = {place(c.see) for document in documents for c in claims(document)}
    return [
        f"{id_}: no claim leads to the cell that checks it"
        for id_, cell in equation_cells().items()
        if id_.partition(":")[0] in documents and cell not in seen
    ]


MATHEMATICAL = (
    *("equation", "definition", "shape", "theorem", "proof", "algorithm"),
    *("cost", "number"),
)


def right(item):
    """The statement of a check that must pass."""
    return item.printed if item.corrected is MISSING else item.corrected


def constant_complaints(document):
    """Checks whose statement is a bare yes or no, whatever the case."""
    return [
        f"{id_}: the statement is a constant"
        for id_, item in checks(document).items()
        if isinstance(right(item), bool | np.bool_) or always(right(item))
    ]


def always(statement):
    """True for a lambda that gives one truth value whatever its arguments."""
    if not isinstance(statement, FunctionType):
        return False
    tree = tree_of(statement)
    body = tree.body if isinstance(tree, ast.Lambda) else None
    return isinstance(body, ast.Constant) and isinstance(body.value, bool)


def thin_complaints(document):
    """Mathematical claims that fewer than two false versions are tried on."""
    kinds = {claim.id: claim.kind for claim in claims(document)}
    found = []
    for id_, item in checks(document).items():
        wrong = sum(not isinstance(version, bool) for version in item.planted)
        wrong += len(item.outside) + (item.otherwise is not MISSING)
        wrong += item.corrected is not MISSING  # then what is printed is false
        if wrong < 2 and kinds.get(id_) in MATHEMATICAL:
            wrong += len(tried(item))
            found += [f"{id_}: {wrong} false versions"] if wrong < 2 else []
    return found
