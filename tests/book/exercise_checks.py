"""What every exercise and solution must satisfy: each check returns complaints."""

import ast
import re

from reference.exercises import KINDS, TITLE
from tests.book.equation_checks import asserting_functions, asserts
from tools.chapters import EXERCISE
from tools.exercises import TAG

GRADES = {"Warm-up": {1}, "Find the mistake": {3}}  # the others: as hard as they are
LEGEND = "Stars grade the difficulty. Each solution runs."
MARK = re.compile(
    r"^(?P<fence>:{3,})\{(?P<kind>exercise|solution-start|solution-end|solution)\}"
    r"[ ]*(?P<of>.*)\n(?P<rest>(?:.*\n)*?)(?P=fence)[ ]*$",
    re.MULTILINE,
)


def parts(nb):
    """The notebook as ("exercise" | "start" | "end" | "prose" | "code", of, what)."""
    for cell in nb.cells:
        if cell.cell_type == "code":
            yield "code", None, cell
            continue
        at = 0
        for mark in MARK.finditer(cell.source):
            yield "prose", None, cell.source[at : mark.start()]
            at = mark.end()
            yield mark["kind"].removeprefix("solution-"), mark["of"].strip(), mark[0]
        yield "prose", None, cell.source[at:]


def folds(nb):
    """[(label of the exercise, prose, code cells)] of every solution."""
    found, inside = [], False
    for kind, of, what in parts(nb):
        if kind == "start":
            found.append((of, [], []))
        inside = kind == "start" or (inside and kind != "end")
        if inside and kind == "prose":
            found[-1][1].append(what)
        if inside and kind == "code":
            found[-1][2].append(what)
    return found


def title_complaints(nb):
    """Grade and kind in every title, at least five exercises, no kind missing."""
    found, seen = [], []
    text = "\n\n".join(c.source for c in nb.cells if c.cell_type == "markdown")
    for title, label in EXERCISE.findall(text):
        match = TITLE.fullmatch(title.strip())
        if not match:
            found.append(f"{label}: expected '★ Kind: title', got {title!r}")
            continue
        stars, kind = len(match[1]), match[2]
        seen.append(kind)
        if stars not in GRADES.get(kind, {1, 2, 3}):
            found.append(f"{label}: {stars} stars for a {kind.lower()}")
    if len(seen) != len(re.findall(r"^:{3,}\{exercise\}", text, re.MULTILINE)):
        found.append("an exercise without a label or a title")
    if len(seen) < 5:
        found.append(f"{len(seen)} exercises, expected five")
    found += [f"no exercise of the kind '{kind}'" for kind in KINDS if kind not in seen]
    return found + ([] if LEGEND in text else [f"expected the line {LEGEND!r}"])


def fold_complaints(nb):
    """Each exercise followed at once by its one solution, folded and closed."""
    found, asked, inside = [], None, None
    for kind, of, what in parts(nb):
        if kind == "solution":
            found.append(f"{of}: a solution outside a fold that holds code")
        if kind == "exercise":
            if asked or inside:
                found.append(f"{asked or inside}: no solution before the next exercise")
            label = re.search(r"^:label:[ ]*(\S+)", what, re.MULTILINE)
            asked = label[1] if label else "exercise without a label"
        elif kind == "start":
            if of != asked:
                found.append(f"{of}: a solution that does not follow its exercise")
            if not re.search(r"^:class:[ ]*dropdown[ ]*$", what, re.MULTILINE):
                found.append(f"{of}: the solution is not folded")
            asked, inside = None, of
        elif kind == "end":
            inside = None
        elif asked and (kind == "code" or what.strip()):
            found.append(f"{asked}: something between the exercise and its solution")
    open_ = asked or inside
    return found + ([f"{open_}: the solution is missing or open"] if open_ else [])


def assert_complaints(nb):
    """Every solution has code, and every cell of it asserts.

    A function that a reader writes (tag `exercise-code`) is asserted by the check that
    follows its fold, whose verdict is asserted in turn.
    """
    functions, found = asserting_functions(nb), []
    for label, _, cells in folds(nb):
        if not cells:
            found.append(f"{label}: the solution does not run")
        for cell in cells:
            if TAG in cell.metadata.get("tags", []):
                continue
            if not asserts(ast.parse(cell.source), functions):
                found.append(f"{label}: cell {cell.id} asserts nothing")
    return found


def leak_complaints(nb, new):
    """Lines of a solution, its text, code or outputs, that the reader's form has."""
    secret, open_, inside = set(), set(), False
    for kind, _, what in parts(nb):
        inside = kind == "start" or (inside and kind != "end")
        if kind == "prose":
            (secret if inside else open_).update(lines(what))
        elif kind == "exercise":
            open_.update(lines(what))
        elif kind == "code" and TAG not in what.metadata.get("tags", []):
            (secret if inside else open_).update(lines(code_text(what)))
    every = {line for cell in new.cells for line in lines(code_text(cell))}
    return [f"solution line {line!r}" for line in sorted(every & (secret - open_))]


def code_text(cell):
    """Source and textual outputs of a cell."""
    texts = [cell.source]
    for output in cell.get("outputs", []):
        texts.append(output.get("text", ""))
        data = sorted(output.get("data", {}).items())
        texts += [value for key, value in data if key.startswith("text/")]
    return "\n".join(texts)


def lines(text):
    """The lines that say something."""
    return {line.strip() for line in text.split("\n") if len(line.strip()) > 12}
