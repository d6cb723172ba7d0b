"""`python -m ledger [document ...]`: run the ledger and say what it found.

`python -m ledger new NAME TEXT` begins the ledger of a document of your own, which
`python -m ledger NAME` judges; see `ledger.own`.

The score is that of `python -m ledger.scoring`: how many false versions of the claims
the checks refuse.
"""

import sys
from collections import Counter
from pathlib import Path
from time import perf_counter

from ledger import own
from ledger.audit import (
    check_complaints,
    constant_complaints,
    coverage_complaints,
    loose_complaints,
    record_complaints,
    thin_complaints,
)
from ledger.checking import checks, judge
from ledger.claims import DOCUMENTS, VERDICTS, claims
from ledger.scoring import stored


def main(documents):
    """Judge every claim; the number of complaints."""
    total = 0
    for document in documents or DOCUMENTS:
        start, slow = perf_counter(), []
        found = record_complaints(document) + coverage_complaints(document)
        found += check_complaints(document) + loose_complaints(document)
        found += constant_complaints(document) + thin_complaints(document)
        for claim in claims(document):
            if claim.id in checks(document):
                began = perf_counter()
                found += judge(claim, checks(document)[claim.id])
                slow.append((perf_counter() - began, claim.id))
        counts = Counter(c.verdict for c in claims(document))
        verdicts = ", ".join(f"{counts[v]} {v}" for v in VERDICTS if counts[v])
        seconds = perf_counter() - start
        print(
            f"{document}: {len(claims(document))} claims: {verdicts} ({seconds:.1f} s)"
        )
        counted = stored()[document]
        print(
            f"  false versions: {counted.planted} planted, all refused; "
            f"{counted.refused} of {counted.made} made by rule refused"
        )
        if slow and max(slow)[0] > 1:
            print(
                "  slowest:",
                ", ".join(f"{i} {s:.1f} s" for s, i in reversed(sorted(slow)[-3:])),
            )
        for sentence in found:
            print(" ", sentence)
        total += len(found)
    return total


def command(words):
    """What the command line asks for; the number of complaints."""
    if words[:1] == ["new"]:
        if len(words) != 3:
            sys.exit("usage: python -m ledger new NAME TEXT")
        folder = own.new(words[1], Path(words[2]).read_text("utf-8"))
        print(f"{folder}: fill in claims.toml, then: python -m ledger {words[1]}")
        return 0
    for name in words:
        if name not in DOCUMENTS and not own.exists(name):
            sys.exit(f"{name}: neither one of {', '.join(DOCUMENTS)} nor in notes/")
    mine = [name for name in words if name not in DOCUMENTS]
    total = sum(map(own.run, mine))
    if len(mine) < len(words) or not words:
        total += main([name for name in words if name in DOCUMENTS])
    return total


if __name__ == "__main__":
    sys.exit(1 if command(sys.argv[1:]) else 0)
