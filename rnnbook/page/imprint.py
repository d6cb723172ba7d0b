"""The imprint of the book: version, licence, citation, and what it rests on in numbers.

The numbers are read from a file that ``python -m tools.imprint`` counts from the
repository, so that a notebook can show them where the repository is not at hand.
"""

import json
from pathlib import Path

STORED = Path(__file__).with_name("imprint.json")


def read_imprint(path=STORED):
    """What is stored in a file such as ``imprint.json``, as a dictionary.

    ValueError when it is not an imprint.
    """
    found = json.loads(Path(path).read_bytes())
    if not isinstance(found, dict) or not {"title", "version", "claims"} <= set(found):
        raise ValueError(f"path: expected the file of an imprint, got {str(path)!r}")
    return found


def about(found):
    """Lines on version, date, licence, citation and the way to report errors."""
    year = found["date"][:4]
    return [
        f"Version {found['version']}, {found['date']}",
        f"Licence: {found['license']}",
        f"To cite: {found['author']}. {found['title']}. "
        f"Version {found['version']}, {year}.",
        "Errors: report the page, the link of the claim, and if possible a line of "
        "code that fails, as an issue of the repository. An error that is confirmed is "
        "put right together with a test that would have seen it.",
    ]


def evidence(found):
    """Lines on what the book rests on, each with its count."""
    claims = found["claims"]
    verdicts = ", ".join(f"{n:,} {name}" for name, n in claims.items())
    mutants, versions = found["mutants"], found["false versions"]
    seeds = found["seeds of experiments"].values()
    real = mutants["tried"] - mutants["equivalent"]
    false = versions["by hand"] + versions["by rule"]
    return [
        f"Theorems, lemmas, propositions and corollaries: {found['theorems']:,}.",
        f"Claims of the five documents in the ledger: {sum(claims.values()):,}, "
        f"of which {verdicts}.",
        f"Cells of the chapters that assert what they show: {found['checks']:,}; "
        f"test functions: {found['tests']:,}.",
        f"Stored experiments: {len(seeds):,}, with {min(seeds)} to {max(seeds)} seeds "
        "for each arm.",
        "Mutants that were planted in the areas of the packages that the README lists "
        "with a score, a random sample of each area or all of it: "
        f"{mutants['tried']:,}; {mutants['equivalent']} of them compute the same or "
        "differ where the book states nothing, and of the others the tests noticed "
        f"{mutants['killed']} of {real}.",
        f"False versions of the claims: {false:,}; the checks refused "
        f"{versions['refused']:,}.",
    ]
