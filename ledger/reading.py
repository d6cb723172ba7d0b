"""A text read as sections, sentences, displayed formulas and listings.

No word of a text is kept: a section is its number, its title, and for each sentence a
digest, by which a later reading tells whether the sentence is still the same.
"""

import hashlib
import re
from typing import NamedTuple

HEADING = re.compile(
    r"^(?P<hashes>#*) ?(?:(?P<number>\d+(?:\.\d+)*) +)?(?P<title>[^\t]+?)$"
)
UNNUMBERED = ("abstract", "references")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
NUMBERED = re.compile(r"^(\d+) ", re.MULTILINE)
DISPLAY = re.compile(r"\$\$.+?\$\$", re.DOTALL)
TABLE = re.compile(r"^[^\n$]*\t[^\n]*$", re.MULTILINE)  # a row, cells between tabs
ITEM = re.compile(r"^ *(?:(?:[-*]|\d+\.|\([a-z]\)) +)+", re.MULTILINE)
ABBREVIATIONS = ("e.g.", "i.e.", "et.", "al.", "w.r.t.", "cf.", "Eqn.", "Eqns.", "Fig.")
END = re.compile(r"(?<=[.?!])[*_)\]]* +(?=[^a-z\s])")


class Part(NamedTuple):
    """A section as it stands in a text."""

    number: str  # as printed, or "abstract", "references"
    title: str
    sentences: list  # a digest each
    displays: int
    listings: int  # lines of listings
    numbered: int  # the last number printed beside one of them


def digest(sentence):
    """Ten hexadecimal digits that tell one sentence from another."""
    letters = " ".join(sentence.split())
    return hashlib.sha256(letters.encode()).hexdigest()[:10]


def parts(text):
    """The sections of a text, in its order; what stands before the first is left out.

    A heading is a line of Markdown headings, or a numbered line without a full stop
    that continues the numbers before it.
    """
    lines = text.replace("\r", "").split("\n")
    starts, last, fenced, displayed = [], None, False, False
    for at, line in enumerate(lines):
        fenced ^= line.startswith("```")
        displayed ^= line.count("$$") % 2 == 1
        if fenced or displayed:
            continue
        found = heading(line, last)
        if found:
            starts.append((at, *found))
            last = found[0] if found[0][0].isdigit() else last
    ends = [at for at, *_ in starts[1:]] + [len(lines)]
    return [
        part(number, title, "\n".join(lines[at + 1 : end]))
        for (at, number, title), end in zip(starts, ends, strict=True)
    ]


def heading(line, last):
    """(number, title) of a heading that may follow the number ``last``, or None."""
    match = HEADING.match(line.strip())
    if not match:
        return None
    number, title = match["number"], match["title"].strip("* ")
    if not number:
        plain = title.strip("# ").lower()
        return (plain, title.strip("# ")) if plain in UNNUMBERED else None
    bare = re.sub(r"\$[^$]*\$", "", title)
    if not match["hashes"] and (bare.endswith((".", ";", ",")) or len(title) > 90):
        return None
    title = re.sub(r"^\d+\. +", "", title)  # a second number, of a template
    return (number, title) if follows(number, last) else None


def follows(number, last):
    """True when a section of this number can come after the section ``last``."""
    new = [int(n) for n in number.split(".")]
    if last is None:
        return new[-1] == 1
    old = [int(n) for n in last.split(".")]
    if len(new) > len(old):
        return new[:-1] == old and new[-1] == 1
    return new[:-1] == old[: len(new) - 1] and new[-1] == old[len(new) - 1] + 1


def part(number, title, body):
    """A section of a text."""
    fences = FENCE.findall(body)
    listings = sum(fence.count("\n") - 1 for fence in fences)
    numbers = [int(n) for fence in fences for n in NUMBERED.findall(fence)]
    body = FENCE.sub("\n\n", body)
    displays = len(DISPLAY.findall(body))
    told_apart = [digest(s) for s in sentences(body)]
    return Part(number, title, told_apart, displays, listings, max(numbers, default=0))


def sentences(body):
    """The sentences of a section: items of lists and rows of tables count as well.

    A formula in display does not end a sentence; a line without letter
    or digit is none.
    """
    body = FENCE.sub("\n\n", body)
    body = TABLE.sub(lambda row: f"\n\n{row[0]}\n\n", body)
    body = DISPLAY.sub(" \N{BLACK SQUARE} ", body)
    body = ITEM.sub("\n\n", body)
    body = re.sub(r"(?m)^#+.*$", lambda line: f"\n\n{line[0]}\n\n", body)
    found = []
    for paragraph in re.split(r"\n\s*\n", body):
        found += split(" ".join(paragraph.split()))
    return [s for s in found if re.search(r"[^\W_]", s)]


def split(paragraph):
    """A paragraph cut where a sentence ends."""
    pieces, start = [], 0
    for end in END.finditer(paragraph):
        before = paragraph[start : end.start()]
        if before.endswith(ABBREVIATIONS) or before.count("$") % 2:
            continue
        pieces.append(before)
        start = end.end()
    return [*pieces, paragraph[start:]]
