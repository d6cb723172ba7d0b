"""The mutation score: how many false versions of the claims the checks refuse.

`python -m ledger.scoring` makes every version by rule, tries it, and stores the counts
in `ledger/score.toml`, from which the pages take them.
"""

import tomllib
from functools import cache
from typing import NamedTuple

import numpy as np

from ledger.checking import MISSING, checks
from ledger.claims import DOCUMENTS, HERE, claims
from ledger.rules import false_versions

SCORE = HERE / "score.toml"


class Survivors(NamedTuple):
    """Versions that pass, with the reason."""

    kind: str  # "true" or "missed"
    why: str
    rules: list
    claims: list


class Score(NamedTuple):
    """Counts of a document."""

    planted: int  # by hand, all refused
    made: int  # by rule, the true ones left out
    refused: int


@cache
def survivors():
    """{(claim, rule): `Survivors`} as `survivors.toml` lists them."""
    listed = tomllib.loads((HERE / "survivors.toml").read_text("utf-8"))["survivor"]
    return {
        (claim, rule): Survivors(**group)
        for group in listed
        for claim in group["claims"]
        for rule in group["rules"]
    }


def tried(item, most=None):
    """[(rule, refused)] of the versions by rule that are statements at all."""
    right = item.printed if item.corrected is MISSING else item.corrected
    found = []
    for rule, version in false_versions(right)[:most]:
        try:
            with np.errstate(all="ignore"):
                found.append((rule, not item.passes(version)))
        except Exception:
            continue
    return found


def unexpected(document, most=None):
    """Survivors that are not listed: sentences, none when all is well."""
    return [
        f"{claim.id}: a version by the rule {rule!r} survives"
        for claim in claims(document)
        if claim.id in checks(document)
        for rule, refused in tried(checks(document)[claim.id], most)
        if not refused and (claim.id, rule) not in survivors()
    ]


def score(document):
    """The `Score` of a document, and the survivors that it met."""
    planted = made = passed = 0
    met = set()
    for claim in claims(document):
        item = checks(document).get(claim.id)
        if item is None:
            continue
        planted += len(item.planted)
        for rule, refused in tried(item):
            listed = survivors().get((claim.id, rule))
            if not refused:
                met.add((claim.id, rule))
            if refused or listed is None or listed.kind == "missed":
                made += 1
                passed += not refused
    return Score(planted, made, made - passed), met


@cache
def stored():
    """{document: `Score`} as it was last computed."""
    table = tomllib.loads(SCORE.read_text("utf-8"))
    return {document: Score(**table[document]) for document in DOCUMENTS}


def main():
    """Compute the scores, and store them; what is listed and did not survive."""
    lines, seen = ["# Written by `python -m ledger.scoring`."], set()
    for document in DOCUMENTS:
        counts, met = score(document)
        seen |= met
        lines += ["", f"[{document}]"]
        lines += [f"{field} = {value}" for field, value in counts._asdict().items()]
        share = counts.refused / counts.made
        print(f"{document}: {counts.refused} of {counts.made} refused ({share:.1%})")
        for sentence in unexpected(document):
            print(" ", sentence)
    SCORE.write_text("\n".join(lines) + "\n", encoding="utf-8")
    stale = {claim for claim, _ in survivors()} - {claim for claim, _ in seen}
    for claim in sorted(stale):
        print(f"{claim}: listed among the survivors, and does not survive")


if __name__ == "__main__":
    main()
