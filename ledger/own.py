"""The ledger of a document of your own: lecture notes, a chapter, a blog post.

`python -m ledger new NAME TEXT` reads a text and makes the folder ``notes/NAME``: an
outline, a file of records and a folder of checks. `python -m ledger NAME` judges, and
writes a page and an errata sheet beside them. A formula of recurrent networks needs no
check: it is read in the notation that the file of records declares, and compared,
exactly, with what the book derives.
"""

import importlib.util
import re
import tomllib
from functools import cache
from pathlib import Path
from typing import NamedTuple

from ledger.checking import Check, judge
from ledger.claims import AT_FAULT, VERDICTS
from ledger.outlining import dump, renewed
from ledger.reading import parts
from rnnlib.symbolic import Notation, holds, rational_point
from rnnlib.symbolic.quantities import BOOK

NOTES = Path("notes")
LENGTHS = (2, 3)
DISPLAY = re.compile(r"\$\$(.+?)\$\$", re.DOTALL)


class Record(NamedTuple):
    """One claim of a document of your own; fields that do not apply are empty."""

    id: str
    section: str
    place: str
    claim: str
    verdict: str
    sentences: list = []
    displays: list = []
    formula: str = ""  # as it stands there, LaTeX
    corrected: str = ""  # as it should be, LaTeX
    correction: str = ""  # as it should be, in words
    why: str = ""
    defence: str = ""


def new(name, text, notes=NOTES):
    """Make the folder of a document; nothing is written over. Its path."""
    folder = Path(notes, name)
    folder.mkdir(parents=True, exist_ok=False)
    (folder / "checks").mkdir()
    (folder / "outline.toml").write_text(dump(name, renewed([], text)), "utf-8")
    (folder / "claims.toml").write_text(skeleton(name, text), "utf-8")
    (folder / "checks" / "claims.py").write_text(
        f'"""Checks of {name}: see `ledger.checking`."""\n\n'
        "from ledger.checking import check  # noqa: F401\n",
        "utf-8",
    )
    return folder


def skeleton(name, text):
    """Records to be filled in: one a display, with its formula, and one a sentence."""
    lines = ["[notation]  # the names that the text gives to what the book calls so"]
    lines += [f"# {base} = '{symbol}'" for base, symbol in BOOK.items()]
    formulas = iter(DISPLAY.findall(text))
    for part in parts(text):
        number = 0
        for kind, count in (
            ("displays", part.displays),
            ("sentences", len(part.sentences)),
        ):
            for item in range(1, count + 1):
                number += 1
                lines += ["", "[[claim]]", f'id = "{name}-{part.number}-{number:02d}"']
                lines += [f'section = "{part.number}"', f'place = "{kind} {item}"']
                lines += [f"{kind} = [{item}]", 'claim = ""']
                if kind == "displays":
                    formula = " ".join(next(formulas).split())
                    lines.append(f"formula = '''{formula}'''")
                lines += ['verdict = "not checkable"', 'why = "not judged yet"']
    return "\n".join(lines) + "\n"


class Document(NamedTuple):
    """A document of your own, read from its folder."""

    name: str
    folder: Path
    notation: Notation
    records: list
    sections: list

    @classmethod
    def read(cls, name, notes=NOTES):
        """The document in ``notes/NAME``. Raises FileNotFoundError without one."""
        folder = Path(notes, name)
        table = tomllib.loads((folder / "claims.toml").read_text("utf-8"))
        outline = tomllib.loads((folder / "outline.toml").read_text("utf-8"))
        names = BOOK | table.get("notation", {})
        notation = Notation(name, name, names, {"d_x": "d_x", "d_h": "d_h", "K": "K"})
        records = [Record(**fields) for fields in table.get("claim", [])]
        return cls(name, folder, notation, records, outline["section"])


def plain(latex):
    """LaTeX as the reader of formulas wants it: indices in braces, one equality."""
    latex = re.sub(r"([_^])(\\top|\w)", r"\1{\2}", " ".join(latex.split()))
    depth = 0
    for at, letter in enumerate(latex):
        depth += {"{": 1, "}": -1}.get(letter, 0)
        if letter == "=" and depth == 0:
            return f"{latex[:at].strip()} = {latex[at + 1 :].strip()}"
    raise ValueError(f"{latex}: expected an equation")


@cache
def point(T):
    """A network in fractions, T steps long, with any activation."""
    return rational_point(T, seed=T, slope=lambda h: 2 + h / 3)


def agrees(notation, latex):
    """Does a formula hold in the book's network, at every length and every step?

    Raises ValueError when it cannot be read in the notation, or does not fit together.
    """
    formula, found = plain(latex), []
    for T in LENGTHS:
        words = point(T).dictionary(notation)
        for t in range(1, T + 1) if re.search(r"\bt\b", left(formula)) else [None]:
            steps = {} if t is None else {"t": t}
            try:
                found.append(holds(formula, *words, T=T, **steps))
            except KeyError:  # a quantity that has no value at this step
                continue
    if not found:
        raise ValueError(f"{latex}: there is no step at which it can be evaluated")
    return all(found)


def left(formula):
    """What stands before the sign of equality."""
    return formula.partition(" = ")[0]


def false_formulas(latex):
    """Versions with a transpose dropped, a step moved, a sign turned, a term less."""
    formula = plain(latex)
    start = formula.index(" = ")
    found = []
    for old, new_ in (
        ("^{\\top}", ""),
        ("t-1", "t"),
        ("t+1", "t"),
        (" + ", " - "),
        ("{t}", "{t-1}"),
    ):
        at = formula.find(old, start)
        if at >= 0:
            found.append(formula[:at] + new_ + formula[at + len(old) :])
    return found


def formula_check(document, record):
    """The check of a record with a formula."""

    def test(latex):
        assert agrees(document.notation, latex)

    right = record.corrected or record.formula
    options = {"raises": (AssertionError, ValueError)}
    options["planted"] = tuple(false_formulas(right))
    if record.verdict in AT_FAULT:
        options["corrected"] = record.corrected
    return Check(record.id, test, printed=record.formula, **options)


def written_checks(document):
    """The checks in the folder of a document, by the id of the claim."""
    found = {}
    for path in sorted((document.folder / "checks").glob("*.py")):
        spec = importlib.util.spec_from_file_location(
            f"notes_{document.name}_{path.stem}", path
        )
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        found |= {v.id: v for v in vars(module).values() if isinstance(v, Check)}
    return found


def complaints(document):
    """What speaks against the verdicts, and what is left out: sentences."""
    found, known = coverage(document), written_checks(document)
    for record in document.records:
        if record.verdict not in VERDICTS:
            found.append(f"{record.id}: verdict: no such: {record.verdict!r}")
        elif record.verdict == "not checkable":
            found += proposal(document, record)
        elif record.verdict in ("false", "imprecise") and not record.defence:
            found.append(f"{record.id}: nobody has defended the author")
        elif record.formula or record.id in known:
            item = known.get(record.id) or formula_check(document, record)
            found += judge(record, item)
        else:
            found.append(f"{record.id}: has neither a formula nor a check")
    return found


def proposal(document, record):
    """What the derivations say of a formula that nobody has judged yet."""
    if not record.formula:
        return [] if record.why else [f"{record.id}: not checkable: why?"]
    try:
        holds_ = agrees(document.notation, record.formula)
    except ValueError as error:
        return [f"{record.id}: {error}"]
    return [f"{record.id}: the formula {'holds' if holds_ else 'does not hold'}"]


def coverage(document):
    """Sentences and displays of the outline that no record covers."""
    found = []
    for section in document.sections:
        own = [r for r in document.records if r.section == section["number"]]
        for name, count in (
            ("sentences", len(section.get("sentences", []))),
            ("displays", section.get("displays", 0)),
        ):
            covered = {item for record in own for item in getattr(record, name)}
            found += [
                f"{document.name} {section['number']}: {name}: {item} missing"
                for item in range(1, count + 1)
                if item not in covered
            ]
    return found


def page(document):
    """Every claim with its verdict, section by section, in Markdown."""
    lines = [f"# {document.name}, claim by claim"]
    for section in document.sections:
        lines.append(f"## {section['number']} {section['title']}")
        for record in document.records:
            if record.section == section["number"]:
                lines.append(f"**{record.id}** · {record.place} · **{record.verdict}**")
                lines += [record.claim, *fields(record)]
    return "\n\n".join(lines) + "\n"


def fields(record):
    """The fields of a record that say something, each with its title."""
    found = []
    for title, text in (
        ("As printed", f"$${record.formula}$$" if record.formula else ""),
        ("As it should be", f"$${record.corrected}$$" if record.corrected else ""),
        ("As it should be", record.correction),
        ("Why", record.why),
        ("For the author", record.defence),
    ):
        if text:
            found.append(f"*{title}:* {text}")
    return found


def errata(document):
    """What the author may want to correct."""
    wrong = [r for r in document.records if r.verdict in AT_FAULT]
    lines = [f"# Errata: {document.name}", f"{len(wrong)} places."]
    for number, record in enumerate(wrong, 1):
        place = f"Section {record.section}: {record.place}"
        lines += [f"## {number}. {place} ({record.verdict})", *fields(record)]
    return "\n\n".join(lines) + "\n"


def run(name, notes=NOTES, say=print):
    """Judge a document, write its page and its errata; the number of complaints."""
    document = Document.read(name, notes)
    found = complaints(document)
    for path, make in (("page.md", page), ("errata.md", errata)):
        (document.folder / path).write_text(make(document), "utf-8")
    wrong = sum(record.verdict in AT_FAULT for record in document.records)
    say(f"{name}: {len(document.records)} claims, {wrong} to be corrected")
    for sentence in found:
        say(f"  {sentence}")
    return len(found)


def exists(name, notes=NOTES):
    """True when there is a document of your own by this name."""
    return Path(notes, name, "claims.toml").exists()
