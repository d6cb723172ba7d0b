"""The chapters as they stand: their order, titles, statements and summaries."""

import json
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import yaml

ROOT = Path(__file__).resolve().parents[1]
BOXES = (
    "definition",
    "theorem",
    "lemma",
    "corollary",
    "proposition",
    "algorithm",
)
BOX = re.compile(
    rf"^(:::+)\{{prf:({'|'.join(BOXES)})\}}[ ]*([^\n]*)\n"
    r":label:[ ]*(\S+)\n(.*?)^\1[ ]*$",
    re.MULTILINE | re.DOTALL,
)
ROLE = r"\{(?:prf:ref|eq|ref|numref)\}`(?:[^`<]*<)?([\w-]+)>?`"
DOC = re.compile(r"(\{doc\}`(?:[^`<]*<)?)(?:/?chapters/)?(\w+)(>?`)")


class Statement(NamedTuple):
    """A numbered box of a chapter: a definition, a theorem, ..."""

    chapter: str
    kind: str
    title: str
    label: str
    text: str


@cache
def parts():
    """[(caption, [name of a chapter, ...])] in the order of the contents."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    found = []
    for part in toc["parts"]:
        files = [entry["file"] for entry in part["chapters"]]
        names = [f.removeprefix("chapters/") for f in files if "chapters/" in f]
        if names:
            found.append((part["caption"], names))
    return found


def chapters():
    """The names of all chapters, in order; the first page and this part are none."""
    return [name for _, names in parts() for name in names if name != "formula_sheet"]


@cache
def texts(chapter):
    """The prose of a chapter, cell by cell, with the prose that its code prints."""
    path = ROOT / "chapters" / f"{chapter}.ipynb"
    found = []
    for cell in json.loads(path.read_text("utf-8"))["cells"]:
        if cell["cell_type"] == "markdown":
            found.append("".join(cell["source"]))
        for output in cell.get("outputs", []):
            printed = output.get("data", {}).get("text/markdown")
            if printed:
                found.append("".join(printed))
    return tuple(found)


def title(chapter):
    """The heading of a chapter."""
    return re.search(r"^# (.+)$", "\n".join(texts(chapter)), re.MULTILINE)[1]


@cache
def statements(chapter):
    """The numbered boxes of a chapter, in order."""
    found = BOX.findall("\n\n".join(texts(chapter)))
    return [
        Statement(chapter, kind, name.strip(), label, text.strip())
        for _, kind, name, label, text in found
    ]


def summary(chapter):
    """The text of the summary of a chapter, its links made to work on other pages."""
    for text in texts(chapter):
        heading = re.search(r"^##+ +Summary *\n", text, re.MULTILINE)
        if heading:
            body = re.split(r"^#+ ", text[heading.end() :], flags=re.MULTILINE)[0]
            return from_elsewhere(body.strip())
    raise ValueError(f"{chapter}: no summary")


def from_elsewhere(text):
    """Text of a chapter for a page in another folder."""
    return DOC.sub(r"\1/chapters/\2\3", text)


def owner(label):
    """The chapter that a label belongs to, or None; labels read kind-chapter-name."""
    names = [c for c in chapters() if _has(label, c)]
    return max(names, key=len) if names else None


def _has(label, chapter):
    return re.match(rf"[a-z]+-{chapter.replace('_', '-')}(-|$)", label)


def used_results(chapter):
    """The other chapters whose labelled results a chapter refers to."""
    labels = re.findall(ROLE, "\n".join(texts(chapter)))
    found = {owner(label) for label in labels} - {None, chapter}
    return sorted(found, key=chapters().index)


def mentioned(chapter):
    """The other chapters that a chapter links to by name."""
    names = {name for _, name, _ in DOC.findall("\n".join(texts(chapter)))}
    return sorted((names - {chapter}) & set(chapters()), key=chapters().index)
