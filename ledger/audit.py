"""What is wrong with the ledger as a whole: sentences, none when all is well."""

from collections import Counter

from ledger.anchors import anchors, equation_cells, place
from ledger.checking import checks
from ledger.claims import claims, complaints, outline


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
    """Sections, numbered equations and displayed formulas without a record."""
    found = []
    for section in outline(document):
        own = [c for c in claims(document) if c.section == section.number]
        if bool(own) == bool(section.silent):
            found.append(f"{document} {section.number}: {len(own)} claims")
        for chapter in section.chapters:
            if chapter != "bibliography" and anchors(chapter) is None:
                found.append(f"{document} {section.number}: no chapter {chapter}")
        for name, wanted in (
            ("equations", section.equations),
            ("displays", range(1, section.displays + 1)),
        ):
            covered = {item for c in own for item in getattr(c, name)}
            for item in wanted:
                if item not in covered:
                    found.append(f"{document} {section.number}: {name}: {item} missing")
            for item in covered - set(wanted):
                found.append(f"{document} {section.number}: {name}: no such {item}")
    return found


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


def falsifications(document):
    """(planted falsifications, those that a check refuses) of the claims that hold."""
    planted = killed = 0
    for claim in claims(document):
        item = checks(document).get(claim.id)
        if item is not None:
            planted += len(item.planted)
            killed += len(item.planted) - len(item.survivors)
    return planted, killed
