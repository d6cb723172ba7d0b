"""Count what the book rests on, for its imprint.

    python -m tools.imprint     writes rnnbook/page/imprint.json

The first page and the title page of the PDF show the numbers. They are those of the
last count: a test fails when one is larger than what the repository holds, or more than
a twentieth smaller.
"""

import ast
import datetime
import json
import subprocess
from collections import Counter

import yaml

from ledger import scoring
from ledger.claims import VERDICTS, all_claims
from rnnbook.page.imprint import STORED
from tools import ROOT, chapters, mutants

PROVED = ("theorem", "lemma", "corollary", "proposition")
BELOW = 0.95  # how much of what there is a stored number names at least


def theorems():
    """The numbered statements that carry a proof."""
    found = (s for name in chapters.names() for s in chapters.statements(name))
    return sum(s.kind in PROVED for s in found)


def asserts(source):
    """Whether code asserts something, by itself or by `check`."""
    return any(
        isinstance(node, ast.Assert)
        or (isinstance(node, ast.Call) and getattr(node.func, "id", "") == "check")
        for node in ast.walk(ast.parse(source))
    )


def checks():
    """The code cells of the chapters that assert what they show."""
    found = (
        c for name in chapters.names() for c in chapters.code_cells(chapters.read(name))
    )
    return sum(asserts(cell.source) for cell in found)


def tests():
    """The test functions; one that runs on many cases counts once."""
    trees = (
        ast.parse(p.read_text("utf-8")) for p in (ROOT / "tests").rglob("test_*.py")
    )
    return sum(
        isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
        for tree in trees
        for node in ast.walk(tree)
    )


def seeds():
    """{stored experiment: seeds of each arm}."""
    files = (p for p in chapters.data_files() if p.suffix == ".json" and p != STORED)
    found = {
        p.stem: json.loads(p.read_text("utf-8")).get("settings", {}) for p in files
    }
    return {name: s["seeds"] for name, s in found.items() if "seeds" in s}


def counts():
    """What the repository holds now."""
    verdicts = Counter(claim.verdict for claim in all_claims())
    areas = list(json.loads(mutants.SCORES.read_text("utf-8")).values())
    scores = scoring.stored().values()
    return {
        "theorems": theorems(),
        "claims": {name: verdicts[name] for name in VERDICTS},
        "checks": checks(),
        "tests": tests(),
        "seeds of experiments": seeds(),
        "mutants": {
            "tried": sum(a["sample"] for a in areas),
            "equivalent": sum(a["equivalent"] for a in areas),
            "killed": sum(a["killed"] for a in areas),
        },
        "false versions": {
            "by hand": sum(s.planted for s in scores),
            "by rule": sum(s.made for s in scores),
            "refused": sum(s.planted + s.refused for s in scores),
        },
    }


def when():
    """The date of the sources: of the last commit, or today's where there is none."""
    command = ["git", "-C", str(ROOT), "log", "-1", "--format=%cs"]
    done = subprocess.run(command, capture_output=True, text=True)
    return done.stdout.strip() or datetime.date.today().isoformat()


def title():
    """Title, author, version and licence, as the book's own files give them."""
    cite = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    names = {key: config[key] for key in ("title", "author")}
    return names | {key: cite[key] for key in ("version", "license")}


def flat(table, path=()):
    """(path, number) of every number in nested dictionaries."""
    for key, value in table.items():
        if isinstance(value, dict):
            yield from flat(value, (*path, key))
        else:
            yield (*path, key), value


def complaints(stored, now):
    """Numbers that are larger than what there is, or far smaller."""
    there, named = dict(flat(now)), dict(flat(stored))
    found = [f"{path}: not counted" for path in there.keys() ^ named.keys()]
    for path in there.keys() & named.keys():
        if not BELOW * there[path] <= named[path] <= there[path]:
            found.append(f"{path}: {named[path]} stored, {there[path]} counted")
    return sorted(found)


def main():
    """Count, and store."""
    found = {**title(), "date": when(), **counts()}
    text = json.dumps(found, indent=1, ensure_ascii=False) + "\n"
    STORED.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
