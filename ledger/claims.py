"""The records: what a document says, where, and what we found.

A record is one ``[[claim]]`` table of `ledger/<document>.toml`. Its fields are
those of `Claim`; text may hold Markdown and LaTeX as in the chapters.
"""

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
DOCUMENTS = ("roysdon", "sarkar", "khanna", "pal", "topcuoglu")  # bibliography keys
VERDICTS = {  # and what each means
    "true": "Holds as printed, for all that the document admits.",
    "true with a convention": "Holds under a convention or hypothesis that the "
    "document leaves open, and that a reader who follows it will make; fails "
    "under another one.",
    "imprecise": "Something needed is left out, or said too broadly: a reader who "
    "follows the text literally gets a wrong result.",
    "typo": "A slip of the pen, or of the scan: the text around it shows what was "
    "meant.",
    "false": "Does not hold, in any reading we could find.",
    "not checkable": "An aim, an opinion, history or a lost figure: nothing to run.",
}
AT_FAULT = ("imprecise", "typo", "false")  # these have a correction
KINDS = (
    *("equation", "definition", "shape", "theorem", "proof", "algorithm", "cost"),
    *("number", "table", "code", "figure", "prose", "reference"),
)
TOPICS = {
    "model": "Model and notation",
    "sequences": "Sequences and language models",
    "loss": "Outputs and losses",
    "bptt": "Backpropagation through time",
    "vanishing": "Vanishing and exploding gradients",
    "training": "Training and optimisation",
    "remedies": "Remedies: gates, clipping, initialisation",
    "cost": "Cost and memory",
    "implementation": "Implementation",
    "point processes": "Point processes",
    "background": "Background and references",
}
HARMS = {  # what an error does to someone who follows it, worst first
    "wrong numbers": "The code runs and computes something else.",
    "does not run": "The code stops, or the shapes do not fit.",
    "wrong conclusion": "The reader decides wrongly: which bound, which remedy.",
    "confusing": "The reader has to stop and find out what is meant.",
}


LINES = re.compile(r"\blines? (\d+)(?:( and | to )(\d+))?")
SILENCES = {  # why a sentence carries no claim
    "heading": "a heading inside the section",
    "lead": "leads to a formula or a list, where the claim is",
    "naming": "gives a name to something",
    "announcement": "says what comes next, or why it is treated",
    "repeated": "repeats what a record of another section covers",
    "debris": "left by the scan",
    "frame": "the frame of a program: a name, a loop, a blank, what is handed back",
}


class Claim(NamedTuple):
    """One claim of a document; text fields that do not apply are empty."""

    id: str  # document-section-number, such as roysdon-1.5-07; never changes
    section: str  # number in the outline
    place: str  # where in the section, in words: "equation (9)", "second bullet"
    kind: str  # of KINDS
    topic: str  # of TOPICS
    claim: str  # in our own words or in mathematics, the document's notation
    verdict: str  # of VERDICTS
    see: str  # chapter#anchor: a label, the id of a code cell, or an equation id
    fault: str = ""  # errors, and conventions that are errors elsewhere: of `faults`
    difference: str = ""  # why the verdict is not that of the fault
    equations: list = []  # what it covers of the outline: ["(9)"], ["Theorem 1"]
    displays: list = []  # which displayed formulas of the section it covers: [3, 4]
    sentences: list = []  # which sentences of the section it covers, as the tool counts
    why: str = ""  # the reason, in a sentence or two
    convention: str = ""  # inside which it holds, and outside which it does not
    printed: str = ""  # errors: as printed, short
    correction: str = ""  # errors: as it should be
    counterexample: str = ""  # errors: the smallest one, in words
    defence: str = ""  # what speaks for the author here, beside what the fault has
    harm: str = ""  # errors that matter: of HARMS
    consequence: str = ""  # errors that matter: what happens to who implements it
    scan: str = ""  # what the scan lost or garbled; not the author's doing
    page: str = ""  # of the document, where known

    @property
    def lines(self):
        """The numbered lines of a listing that the place names."""
        found = []
        for match in LINES.finditer(self.place if self.kind == "code" else ""):
            first, joined, last = match.groups()
            found += range(int(first), int(last or first) + 1)
        return found

    @property
    def document(self):
        """Bibliography key of the document."""
        return self.id.partition("-")[0]


class Section(NamedTuple):
    """A section of a document, as its outline lists it."""

    number: str  # as printed, or a short name: "abstract", "references"
    title: str
    level: int
    chapters: list  # of the book, that cover it
    equations: list = []  # numbered equations, theorems, proofs, steps
    displays: int = 0  # how many displayed formulas it has, numbered or not
    listings: int = 0  # lines of its listings
    numbered: int = 0  # the last number that is printed beside such a line
    page: str = ""
    sentences: list = []  # a digest each, of `ledger.reading`


class Fault(NamedTuple):
    """A kind of error: wherever it is made, it gets the same verdict."""

    id: str
    verdict: str
    title: str
    defence: str  # what a second reader says for the author
    ruling: str  # and why the verdict is what it is


class Silence(NamedTuple):
    """Sentences, or numbered lines of a listing, that carry no claim."""

    section: str
    why: str  # of SILENCES
    sentences: list = []
    lines: list = []


@cache
def claims(document):
    """The records of a document, in its order.

    Raises ValueError for a record with an unknown or missing field.
    """
    path = HERE / f"{document}.toml"
    return tuple(_read(path, "claim", Claim))


@cache
def outline(document):
    """The sections of a document, in its order."""
    return tuple(_read(HERE / "outlines" / f"{document}.toml", "section", Section))


@cache
def silences(document):
    """The sentences of a document that carry no claim."""
    return tuple(_read(HERE / f"{document}.toml", "silent", Silence))


@cache
def faults():
    """The catalogue of faults, by id."""
    return {fault.id: fault for fault in _read(HERE / "faults.toml", "fault", Fault)}


def all_claims():
    """The records of all documents."""
    return [c for document in DOCUMENTS for c in claims(document)]


def _read(path, table, form):
    for number, fields in enumerate(
        tomllib.loads(path.read_text("utf-8")).get(table, []), 1
    ):
        unknown = set(fields) - set(form._fields)
        missing = set(form._fields) - set(form._field_defaults) - set(fields)
        if unknown or missing:
            raise ValueError(
                f"{path.name}, {table} {number} ({fields.get('id', '')}): "
                f"unknown fields {sorted(unknown)}, missing {sorted(missing)}"
            )
        yield form(**fields)


def complaints(claim):
    """What is wrong with a record by itself."""
    found = []
    sections = [s.number for s in outline(claim.document)]
    for name, known in (
        ("section", sections),
        ("kind", KINDS),
        ("topic", TOPICS),
        ("verdict", VERDICTS),
        ("harm", ["", *HARMS]),
    ):
        if getattr(claim, name) not in known:
            found.append(f"{claim.id}: {name}: no such: {getattr(claim, name)!r}")
    if not claim.id.startswith(f"{claim.document}-{claim.section}-"):
        found.append(f"{claim.id}: expected document-section-number")
    for name in ("printed", "correction", "why"):
        if claim.verdict in AT_FAULT and not getattr(claim, name):
            found.append(f"{claim.id}: {claim.verdict}: {name} is missing")
    if claim.verdict not in AT_FAULT and (claim.correction or claim.harm):
        found.append(f"{claim.id}: {claim.verdict}, but has a correction or a harm")
    if claim.verdict in AT_FAULT and claim.fault not in faults():
        found.append(f"{claim.id}: fault: no such: {claim.fault!r}")
    if claim.fault in faults():
        same = faults()[claim.fault].verdict == claim.verdict
        if same == bool(claim.difference):
            found.append(f"{claim.id}: one fault, one verdict, or a difference")
    if claim.verdict in ("false", "imprecise") and not claim.counterexample:
        found.append(f"{claim.id}: {claim.verdict}: counterexample is missing")
    if claim.verdict == "true with a convention" and not claim.convention:
        found.append(f"{claim.id}: the convention is missing")
    if claim.verdict == "not checkable" and not claim.why:
        found.append(f"{claim.id}: not checkable: why is missing")
    if bool(claim.harm) != bool(claim.consequence):
        found.append(f"{claim.id}: harm and consequence go together")
    return found
