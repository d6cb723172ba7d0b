"""Which sentences of the chapters claim something, and what they show for it.

    python -m tools.evidence [CHAPTER ...]         list the claims without evidence
    python -m tools.evidence --seal [CHAPTER ...]  and take the others for read
    python -m tools.evidence --draw 100 --seed 1   claims at random, to be attacked

A claim shows its evidence by a mark, a link to the cell that gives it:

    [proved](#cell-id=c)            a proof stands there
    [derived](#cell-id=c)           derived there, in symbols
    [exact case](#cell-id=c)        one case, in rational or symbolic arithmetic
    [computed](#cell-id=c)          one computation without randomness, and its check
    [tried on n ...](#cell-id=c)    n cases
    [measured: k of n ...](#cell-id=c)   an experiment, with its seeds and interval
    [one run, shown as an example](#cell-id=c)

What is a claim and what serves it:

- Prose is read paragraph by paragraph (a point of a list is one). A paragraph makes a
  claim when a number or one of `WORDS` is left of it without formulas, code and links.
- Headings, goals, definitions, algorithms, exercises (their statements), a paragraph
  that is a question, and what a page says of itself (the first cell) claim nothing.
- One mark serves its whole paragraph. A link to a numbered statement serves as well,
  a citation too, but not that of a document the book judges. In a summary, so does a
  link to an equation, and every point needs one of these.
- A statement is served by the proof in its cell or the next one, a proof by itself, a
  solution by the asserting cell in its fold. One that a code cell prints is served by
  the proof in the next Markdown cell, or by a mark "derived" beside the code cell.
- A caption that claims carries a mark like a paragraph.

A chapter is sealed when its claims, statements, proofs, formulas and captions have been
read against their evidence. The seal is a digest of them in its metadata: who changes
one of them reads it against its evidence again, and seals.
"""

import argparse
import hashlib
import json
import random
import re
import sys
from typing import NamedTuple

from ledger.claims import DOCUMENTS
from tools import chapters
from tools.chapters import BOX, MARK
from tools.equations import CELL
from tools.notebooks import dumps, normalised

SEAL = "claims_sha256"
WORDS = (
    "always never every all none nothing only cannot impossible exactly best worst "
    "largest smallest faster slower better worse grow grows fall falls vanish vanishes "
    "explode explodes because no"
).split()
CLAIM = re.compile(rf"\d|\b({'|'.join(WORDS)})\b", re.IGNORECASE)
KINDS = re.compile(
    r"proved|derived|exact case|computed|tried on [\d,]+ .+|measured: .+"
    r"|one (run|case), shown as an example"
)
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
SILENT = re.compile(
    r"^(:::+)\{(?:exercise|prf:proof|prf:definition|prf:algorithm|prf:remark)\}"
    r".*?^\1[ ]*$",
    re.MULTILINE | re.DOTALL,
)
STATEMENT = re.compile(r"\{prf:ref\}`(?:[^`<]*<)?(?:thm|lem|cor|prp|prop)-")
CITATION = re.compile(r"\{cite(?::\w+)?\}`([^`]+)`")


class Claim(NamedTuple):
    """A paragraph that claims something, and the cell where it stands."""

    cell: str
    text: str


def plain(text):
    """Words alone: no formulas, code, links, roles, numbers of equations and points."""
    text = re.sub(r"\$\$.*?\$\$([ ]*\([\w-]+\))?", " ", text, flags=re.DOTALL)
    text = re.sub(r"\$[^$]*\$", " ", text)
    text = re.sub(r"\{[\w:]+\}`[^`]*`", " ", text)
    text = re.sub(r"`[^`]*`", " ", text)
    text = re.sub(r"\]\([^)\s]*\)", "]", text)
    text = re.sub(
        r"^[ ]*\d+\. |\((?:[A-Z]|sections? )?\d[^()]*\)", " ", text, flags=re.MULTILINE
    )
    return re.sub(r"^:.*$", " ", text, flags=re.MULTILINE)


def paragraphs(text):
    """The paragraphs of Markdown; every point of a list is one."""
    text = re.sub(
        r"^```.*?^```|^ {4,}\S[^\n]*$", "", text, flags=re.MULTILINE | re.DOTALL
    )
    text = re.sub(r"^\([\w-]+\)=$", "", text, flags=re.MULTILINE)
    text = re.sub(r"^:::+.*$|^:\w+:.*$", "\n\n", text, flags=re.MULTILINE)
    parts = re.split(r"\n\s*\n|\n(?=[ ]*(?:[-*]|\d+\.) )", text)
    return [p.strip() for p in parts if p.strip()]


FOLD = re.compile(r"^(:::+)\{solution-(start|end)\}", re.MULTILINE)
ASSERTING = re.compile(r"^\s*assert\b|\b(?:check|assert)\w*\(", re.MULTILINE)
HEADING = re.compile(r"^#+ +(.*)$", re.MULTILINE)


class Piece(NamedTuple):
    """Markdown of one cell: what stands inside a fold, or between two."""

    cell: int
    text: str
    fold: int  # the number of its fold of a solution; 0 outside


def pieces(nb):
    """The Markdown of a notebook cut where folds begin and end, and their code."""
    found, code, fold, last = [], {}, 0, 0
    for place, cell in enumerate(nb.cells):
        if cell.cell_type == "code":
            code[fold] = code.get(fold, "") + "\n" + cell.source
            continue
        at = 0
        for edge in FOLD.finditer(cell.source):
            found.append(Piece(place, cell.source[at : edge.start()], fold))
            at = edge.start()
            last += edge[2] == "start"
            fold = last if edge[2] == "start" else 0
        found.append(Piece(place, cell.source[at:], fold))
    return found, {f for f, text in code.items() if f and ASSERTING.search(text)}


def without_served(text, following):
    """Markdown without what claims nothing or has its proof beside it."""
    proof = "{prf:proof}" in text or "{prf:proof}" in following
    text = SILENT.sub("", text)
    return BOX.sub(lambda box: "" if proof or box[2] == "definition" else box[0], text)


def sections(text, heading=""):
    """(heading, text) of the parts of Markdown between its headings."""
    at = 0
    for match in HEADING.finditer(text):
        yield heading, text[at : match.start()]
        heading, at = match[1].strip(), match.end()
    yield heading, text[at:]


def prose(nb):
    """[(cell, paragraph, whether it stands in the summary)] that may claim."""
    parts, asserted = pieces(nb)
    found = []
    for part in parts:
        cell = nb.cells[part.cell]
        if part.fold in asserted or cell.id == CELL:
            continue
        if cell.source.startswith("# "):
            continue
        rest = nb.cells[part.cell + 1 : part.cell + 2]
        text = without_served(part.text, rest[0].source if rest else "")
        for heading, section in sections(text):
            if "you will be able" not in heading:
                summary = heading == "Summary"
                found += [(cell.id, p, summary) for p in paragraphs(section)]
    for cell in nb.cells:
        if caption := caption_of(cell):
            found.append((cell.id, caption, False))
    return found


def caption_of(cell):
    """The caption of a figure, or nothing."""
    return cell.metadata.get("mystnb", {}).get("figure", {}).get("caption", "")


def is_claim(paragraph, summary=False):
    """Whether a paragraph says something that needs evidence."""
    if summary and paragraph.startswith("- "):
        return True
    if paragraph.endswith("?") or paragraph.startswith("|"):
        return False
    return CLAIM.search(plain(paragraph)) is not None


def is_served(paragraph, summary=False):
    """Whether a paragraph shows evidence."""
    if any(KINDS.fullmatch(words) for words, *_ in MARK.findall(paragraph)):
        return True
    if STATEMENT.search(paragraph) or (summary and "{eq}" in paragraph):
        return True
    keys = [k.strip() for c in CITATION.findall(paragraph) for k in c.split(",")]
    return any(key not in DOCUMENTS for key in keys)


def unmarked(nb):
    """The claims of a notebook that show no evidence."""
    found = [
        Claim(cell, text)
        for cell, text, summary in prose(nb)
        if is_claim(text, summary) and not is_served(text, summary)
    ]
    return found + unproved(nb)


def unproved(nb):
    """Statements that code prints, with neither a proof nor a derivation beside it."""
    found = []
    for place, cell in enumerate(nb.cells):
        boxes = [box for text in printed(cell) for box in BOX.finditer(text)]
        near = [
            c.source
            for c in nb.cells[max(place - 1, 0) : place + 2]
            if c.cell_type == "markdown"
        ]
        after = [c for c in nb.cells[place + 1 :] if c.cell_type == "markdown"][:1]
        proved = any("{prf:proof}" in c.source for c in after)
        derived = any(mark[0] == "derived" for t in near for mark in MARK.findall(t))
        if not (proved or derived):
            found += [
                Claim(cell.id, f"printed: {box[3]}")
                for box in boxes
                if box[2] not in ("definition", "algorithm")
            ]
    return found


def printed(cell):
    """The Markdown that a code cell prints."""
    return [
        output["data"]["text/markdown"]
        for output in cell.get("outputs", [])
        if "text/markdown" in output.get("data", {})
    ]


def marks(nb):
    """[(cell, words, chapter or "", target)] of all marks of a notebook."""
    return [(c, *mark) for c, text in sources(nb) for mark in MARK.findall(text)]


def sources(nb):
    """(cell, text) of the Markdown and the captions."""
    for cell in nb.cells:
        if cell.cell_type == "markdown":
            yield cell.id, cell.source
        yield cell.id, caption_of(cell)


def shown(cell):
    """The text that a cell shows: its source, what it printed, its caption."""
    parts = [cell.source]
    for output in cell.get("outputs", []):
        data = output.get("data", {})
        parts += [output.get("text", "")]
        parts += [v for k, v in data.items() if k in ("text/markdown", "text/latex")]
    return "\n".join(parts)


def numbers(text):
    """The numbers of a text, without the commas of thousands."""
    return {n.replace(",", "").rstrip(".") for n in NUMBER.findall(text)}


def mark_complaints(nb, read=chapters.read):
    """Marks of no known kind, without their cell, or with numbers not shown there."""
    found = []
    for cell, words, chapter, target in marks(nb):
        where = f"cell {cell}: [{words}]"
        cells = (read(chapter) if chapter else nb).cells
        place = {c.id: i for i, c in enumerate(cells)}.get(target)
        if not KINDS.fullmatch(words):
            found.append(f"{where}: no kind of evidence")
        elif place is None:
            found.append(f"{where}: no cell {target}")
        else:
            found += [f"{where}: {w}" for w in misfits(words, cells, place)]
    return found


def misfits(words, cells, place):
    """What a mark says and the cell that it points at does not bear out."""
    cell = cells[place]
    if words == "proved":
        near = cells[place : place + 2]
        if not any("{prf:proof}" in c.source for c in near):
            yield f"no proof in {cell.id}"
    elif cell.cell_type != "code":
        yield f"{cell.id} is no code cell"
    missing = numbers(words) - numbers(shown(cell))
    if missing:
        yield f"not shown in {cell.id}: {', '.join(sorted(missing))}"


def digest(nb):
    """SHA-256 of the claims, statements, proofs, formulas and captions."""
    found = [text for _, text, summary in prose(nb) if is_claim(text, summary)]
    for _, text in sources(nb):
        found += [box[0] for box in BOX.finditer(text)]
        found += [proof[0] for proof in SILENT.finditer(text)]
        found += re.findall(r"\$\$.+?\$\$", text, re.DOTALL)
    found += [caption_of(cell) for cell in nb.cells]
    return hashlib.sha256(json.dumps(found).encode()).hexdigest()


def complaints(nb):
    """Claims without evidence and marks that do not fit, a line each."""
    lines = [f"{c.cell}: {' '.join(c.text.split())}" for c in unmarked(nb)]
    return lines + mark_complaints(nb)


def draw(count, seed):
    """[(chapter, claim)]: so many claims of the whole book at random."""
    every = [
        (name, Claim(cell, text))
        for name in ("intro", *chapters.names())
        for cell, text, summary in prose(chapters.read(name))
        if is_claim(text, summary)
    ]
    return random.Random(seed).sample(every, min(count, len(every)))


def main():
    """Print what is without evidence; 1 when there is anything."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seal", action="store_true", help="take what is left as read")
    parser.add_argument("--draw", type=int, help="claims to draw at random")
    parser.add_argument("--seed", type=int, default=0, help="of the draw (0)")
    parser.add_argument("names", nargs="*", help="chapters (all)")
    args = parser.parse_args()
    if args.draw:
        for name, claim in draw(args.draw, args.seed):
            print(f"{name}:{claim.cell}: {' '.join(claim.text.split())}")
        return 0
    count = 0
    for name in args.names or ["intro", *chapters.names()]:
        nb = chapters.read(name)
        found = complaints(nb)
        count += len(found)
        for line in found:
            print(f"{name}: {line}")
        if args.seal and not found:
            nb.metadata[SEAL] = digest(nb)
            path = chapters.path_of(name)
            path.write_text(dumps(normalised(nb)), encoding="utf-8")
    print(f"{count} without evidence")
    return int(count > 0)


if __name__ == "__main__":
    sys.exit(main())
