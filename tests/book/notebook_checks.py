"""What every chapter must satisfy: each check returns a list of complaints."""

import ast
import re
import socket
from pathlib import Path

from tools import ROOT
from tools.chapters import belongs, code_cells, labels, prose

SECTIONS = {
    "What you will be able to do": r"you will be able to",
    "Exercises": r"^##+ +Exercises *$",
    "Summary": r"^##+ +Summary *$",
}
LEAKS = {
    "absolute path": r"(?<![\w.:/\\}])/(home|root|Users|tmp|usr|opt|var|mnt)/\w",
    "Windows path": r"\b[A-Z]:\\\w+\\",
    "memory address": r"\bat 0x[0-9a-f]{6,}",
}
LEAKS_IN_OUTPUTS = {
    "timing": r"\b\d+\.\d+ ?(s|ms|µs|μs|us|ns|sec|seconds)\b|\b(CPU times|Wall time):",
    "time of day": r"\b\d{4}-\d\d-\d\d[ T]\d\d:\d\d",
}


def output_texts(nb):
    """(cell id, text) for every textual output."""
    for cell in code_cells(nb):
        for output in cell.outputs:
            if output.output_type == "stream":
                yield cell.id, output.text
            for kind, value in output.get("data", {}).items():
                if kind.startswith("text/"):
                    yield cell.id, value


def leak_patterns():
    """The patterns of what a machine may have left, this machine's names added."""
    own = {
        "home directory": str(Path.home()),
        "host name": socket.gethostname(),
        "path of this checkout": str(ROOT),
    }
    generic = {"/", "localhost", "/root"}
    return LEAKS | {
        what: rf"(?<!\w){re.escape(name)}(?!\w)"
        for what, name in own.items()
        if len(name) > 3 and name not in generic
    }


def leak_complaints(nb):
    """Paths, host names, addresses, timings and dates on the page."""
    sources = [(cell.id, cell.source) for cell in nb.cells]
    outputs = list(output_texts(nb))
    found = []
    for texts, patterns in (
        (sources + outputs, leak_patterns()),
        (outputs, LEAKS_IN_OUTPUTS),
    ):
        for cell_id, text in texts:
            for what, pattern in patterns.items():
                if match := re.search(pattern, text):
                    found.append(f"cell {cell_id}: {what}: {match[0]!r}")
    return found


def image_complaints(nb):
    """Figures are PNG, one a cell, with alt text and a caption."""
    found = []
    for cell in code_cells(nb):
        kinds = [k for o in cell.outputs for k in o.get("data", {}) if "image/" in k]
        found += [f"cell {cell.id}: {k}, not PNG" for k in kinds if k != "image/png"]
        if not kinds:
            continue
        if len(kinds) > 1:
            found.append(f"cell {cell.id}: {len(kinds)} images in one cell")
        render = cell.metadata.get("mystnb", {})
        for part, key in (("image", "alt"), ("figure", "caption"), ("figure", "name")):
            if not str(render.get(part, {}).get(key, "")).strip():
                found.append(f"cell {cell.id}: image without {key}")
    if re.search(r"!\[\s*\]\(", prose(nb)):
        found.append("markdown image without alt text")
    return found


WRITES = {"print", "display", "show", "tabs"}


def _outputs(statement):
    """What the calls of a statement do to the page, in their order; loops run twice."""
    called = [n.func for n in ast.walk(statement) if isinstance(n, ast.Call)]
    names = [f.id for f in called if isinstance(f, ast.Name)]
    found = ["print" if n == "print" else "show" for n in names if n in WRITES]
    return found * (2 if isinstance(statement, ast.For | ast.While) else 1)


def order_complaints(nb):
    """Cells that print, display and print again: the page has both prints first.

    Lines that are printed are collected into one output, where the first stands.
    """
    found = []
    for cell in code_cells(nb):
        statements = ast.parse(cell.source).body
        kinds = [
            kind
            for s in statements
            if not isinstance(s, ast.FunctionDef | ast.ClassDef)
            for kind in _outputs(s)
        ]
        turns = [k for n, k in enumerate(kinds) if n == 0 or k != kinds[n - 1]]
        if "print show print" in " ".join(turns):
            found.append(f"cell {cell.id}: prints, displays and prints again")
    return found


def structure_complaints(nb, sections=SECTIONS):
    """A set-up cell first, and the sections that every chapter has."""
    found = []
    cells = code_cells(nb)
    if not cells or not re.search(r"^(import|from) ", cells[0].source, re.MULTILINE):
        found.append("the first code cell is not a set-up cell: it imports nothing")
    text, flags = prose(nb), re.MULTILINE | re.IGNORECASE
    return found + [
        f"no section '{name}'"
        for name, pattern in sections.items()
        if not re.search(pattern, text, flags)
    ]


def label_complaints(nb, stem):
    """Labels read kind-chapter-name, as in thm-bptt-adjoint, and are unique."""
    names, chapter = labels(nb), stem.replace("_", "-")
    wrong = [n for n in names if not belongs(n, stem)]
    twice = sorted({n for n in names if names.count(n) > 1})
    return [f"label {n}: expected the form kind-{chapter}-name" for n in wrong] + [
        f"label {n} is defined twice" for n in twice
    ]


def clash_complaints(labels_by_chapter):
    """Labels that two chapters define."""
    owners = {}
    for chapter, names in labels_by_chapter.items():
        for name in set(names):
            owners.setdefault(name, []).append(chapter)
    return [f"label {n} in {c}" for n, c in owners.items() if len(c) > 1]


def source_complaints(nb):
    """Colon fences for directives, dollars for formulas, lines of at most 88."""
    text = prose(nb)
    found = []
    if re.search(r"^[ ]*(```+|~~~+)\{", text, re.MULTILINE):
        found.append("directive in backticks: write it with colons")
    if re.search(r"^[ ]*:::+\{math\}|\{math\}`", text, re.MULTILINE):
        found.append("{math}: write formulas with dollars")
    for cell in code_cells(nb):
        long = [line for line in cell.source.splitlines() if len(line) > 88]
        found += [f"cell {cell.id}: line of {len(line)} characters" for line in long]
    return found


# The anatomy of a chapter.

FOLDED = ("hide-input", "hide-cell", "remove-input", "remove-cell")
MOST_VISIBLE = 160  # lines of code of one chapter; all chapters: a third of what it was
FACTS = (r"\*\*You need\*\*", r"\*\*Reading time\*\*", r"\*\*Level\*\*")


def page_code(nb):
    """(cell, whether its code is on the page unasked) of what no solution holds."""
    inside = False
    for cell in nb.cells:
        if cell.cell_type == "markdown":
            for start in re.findall(r"\{solution-(start|end)\}", cell.source):
                inside = start == "start"
        elif cell.source.strip() and not inside:
            tags = cell.metadata.get("tags", [])
            yield cell, not any(tag in tags for tag in FOLDED)


def visible_lines(nb):
    """How many lines of code a reader meets on the page without unfolding any."""
    shown = (cell.source for cell, visible in page_code(nb) if visible)
    return sum(bool(line.strip()) for source in shown for line in source.split("\n"))


def anatomy_complaints(nb):
    """A question first, the facts, an example in numbers, titles, further reading."""
    text, found = "\n" + prose(nb), []
    opening = text[text.index("\n# ") :].split("\n## ")[0]
    if "?" not in opening:
        found.append("no question before the first section")
    found += [f"no {fact} before the first section" for fact in FACTS
              if not re.search(fact, opening)]  # fmt: skip
    before = re.split(r"\{prf:(?:theorem|lemma|proposition)\}", text)[0]
    if not re.search(r"^##+ .*\bnumbers\b", before, re.MULTILINE | re.IGNORECASE):
        found.append("no section 'in numbers' before the first theorem")
    reading = re.split(r"^## Further reading *$", text, flags=re.MULTILINE)[-1]
    entries = re.findall(r"^- .*\{cite", reading, re.MULTILINE)
    if not 3 <= len(entries) <= 6 or reading == text:
        found.append(f"{len(entries)} entries of further reading: expected 3 to 6")
    for cell, visible in page_code(nb):
        if not visible and "hide-input" in cell.metadata.get("tags", []):
            title = cell.metadata.get("mystnb", {}).get("code_prompt_show")
            if not title:
                found.append(f"cell {cell.id}: folded without a title")
    if (lines := visible_lines(nb)) > MOST_VISIBLE:
        found.append(f"{lines} lines of visible code: at most {MOST_VISIBLE}")
    return found
