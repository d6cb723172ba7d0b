"""`python -m ledger.errata FOLDER`: an errata sheet for each document, in Markdown."""

import sys
from pathlib import Path

from ledger.claims import AT_FAULT, DOCUMENTS, claims, outline
from ledger.filling import said

FIELDS = (
    ("As printed", "printed"),
    ("As it should be", "correction"),
    ("Why", "why"),
    ("Counterexample", "counterexample"),
)


def sheet(document):
    """What the author of a document may want to correct, in the document's order."""
    sections = {s.number: s for s in outline(document)}
    title, author = SHEETS[document]
    wrong = [c for c in claims(document) if c.verdict in AT_FAULT]
    lines = [
        f"# Errata: {title}",
        f"{author}. {len(wrong)} places out of {len(claims(document))} claims "
        "that we checked; each has a counterexample that runs and a tested correction.",
        "The sheet was made from a transcription. Places are given by section and by "
        "formula; the page is that of the document's own table of contents.",
    ]
    for number, claim in enumerate(wrong, 1):
        section = sections[claim.section]
        page = claim.page or section.page
        page = f", page {page}" if page else ""
        where = f"Section {section.number}{page}: {claim.place}"
        lines.append(f"## {number}. {where} ({claim.verdict})")
        for label, field in FIELDS:
            text = " ".join(said(claim, field).split())
            lines += [f"**{label}:** {text}"] if text else []
        lines.append(f"Reference: {claim.id}")
    return "\n\n".join(lines + slips(document)) + "\n"


def slips(document):
    """Letters and signs that the scan or the author may have got wrong."""
    seen = [c for c in claims(document) if c.scan and c.kind != "figure"]
    if not seen:
        return []
    return [
        "## Small slips, of the author or of the scan",
        "\n".join(
            f"- Section {c.section}, {c.place}: {' '.join(c.scan.split())}"
            for c in seen
        ),
    ]


SHEETS = {
    "roysdon": ("Recurrent Neural Network: Derivations and Proofs", "P. F. Roysdon"),
    "sarkar": ("Notes: Recurrent Neural Network (RNN)", "S. Sarkar"),
    "khanna": ("Recurrent Neural Networks: A Mathematical Overview", "J. Khanna"),
    "pal": ("Mathematical derivation of BPTT for RNN", "S. Pal"),
    "topcuoglu": ("Recurrent Neural Networks: Logic and Mathematics", "H. Topçuoğlu"),
}


def main(folder):
    """Write the sheets."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for document in DOCUMENTS:
        path = folder / f"{document}.md"
        path.write_text(sheet(document), encoding="utf-8")
        print(path)


if __name__ == "__main__":
    main(sys.argv[1])
