"""The chapters as they stand, read here for everybody.

The first part reads notebook files: cells, prose, labels, data. The second looks into
the text: links, formulas, numbered boxes. The third knows the chapters by name: their
order in `_toc.yml`, titles, statements, summaries, and which refers to which.
"""

import ast
import re
from functools import cache
from typing import NamedTuple

import nbformat
import yaml

from tools import CHAPTERS, ROOT

LABELS = (
    r"^:(?:label|name):[ ]*(\S+)[ ]*$",
    r"\$\$[ ]*\(([^()\s]+)\)[ ]*$",
    r"^\(([^()\s]+)\)=[ ]*$",
)
ROLES = {"eq": "eq", "fig": "ref", "ex": "ref", "sec": "ref", "tab": "ref"}
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
EXERCISE = re.compile(r"^:{3,}\{exercise\}[ ]*(.*)\n:label:[ ]*(\S+)", re.MULTILINE)
ROLE = r"\{(?:prf:ref|eq|ref|numref)\}`(?:[^`<]*<)?([\w-]+)>?`"
DOC = re.compile(r"(\{doc\}`(?:[^`<]*<)?)(?:/?chapters/)?(\w+)(>?`)")
FORMULA = re.compile(r"\$\$(.+?)\$\$|\$([^$]+)\$", re.DOTALL)
FRAGMENT = "cell-id="  # what JupyterLab calls a cell in the address of a link
MARK = re.compile(rf"\[([^\]]+)\]\((?:(\w+)\.ipynb)?#{FRAGMENT}([\w-]+)\)")
NO_CHAPTERS = ("formula_sheet",)  # notebooks among the parts that prove nothing

# Notebook files.


def paths():
    """Every notebook of the book, the first page and the formula sheet too."""
    return sorted(CHAPTERS.rglob("[!.]*.ipynb"))


def data_files():
    """What lies beside the notebooks: the data they read, and matplotlibrc."""
    found = (path for path in CHAPTERS.iterdir() if path.is_file())
    return sorted(p for p in found if p.suffix != ".ipynb" and p.name[0] != ".")


def path_of(name):
    """The notebook file of a chapter."""
    return CHAPTERS / f"{name}.ipynb"


def read(chapter):
    """The notebook of a chapter, given by its name or as a file."""
    path = path_of(chapter) if isinstance(chapter, str) else chapter
    return nbformat.read(path, as_version=4)


def code_cells(nb):
    """The code cells that hold something to execute."""
    return [c for c in nb.cells if c.cell_type == "code" and c.source.strip()]


def figure_name(cell):
    """The label of the figure that a code cell draws, or None."""
    return cell.metadata.get("mystnb", {}).get("figure", {}).get("name")


def texts_in(cell):
    """The prose of a cell: its own, or what its code prints."""
    if cell.cell_type == "markdown":
        return [cell.source]
    printed = (output.get("data", {}) for output in cell.get("outputs", []))
    return [data["text/markdown"] for data in printed if "text/markdown" in data]


def texts(nb):
    """The prose of a notebook, cell by cell, with the prose that its code prints."""
    return [text for cell in nb.cells for text in texts_in(cell)]


def prose(nb):
    """The prose of a notebook, fenced code blocks taken out."""
    text = "\n\n".join(texts(nb))
    return re.sub(r"^```(?!\{)[\s\S]*?^```", "", text, flags=re.MULTILINE)


def labels(nb):
    """Every label that a notebook defines, a label that stands twice twice."""
    text = prose(nb)
    found = [n for p in LABELS for n in re.findall(p, text, re.MULTILINE)]
    figures = (figure_name(cell) for cell in code_cells(nb))
    return found + [name for name in figures if name]


def data_of(nb):
    """The files beside the chapters that the code of a notebook names."""
    named = {
        node.value
        for cell in code_cells(nb)
        for node in ast.walk(ast.parse(cell.source))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    return [path for path in data_files() if path.name in named]


# Text.


def link(label, text=""):
    """A reference to a label, in the role that its kind asks for."""
    role = ROLES.get(label.partition("-")[0], "prf:ref")
    return f"{{{role}}}`{text} <{label}>`" if text else f"{{{role}}}`{label}`"


def to_chapter(name):
    """A reference to a chapter, from any page."""
    return f"{{doc}}`/chapters/{name}`"


def pieces(text):
    """[(whether it is a formula, its text)] of a text with formulas in dollars."""
    found, at = [], 0
    for match in FORMULA.finditer(text):
        found += [(False, text[at : match.start()]), (True, match[1] or match[2])]
        at = match.end()
    return [piece for piece in [*found, (False, text[at:])] if piece[1]]


def formulas(text):
    """The formulas of a text."""
    return [part for is_formula, part in pieces(text) if is_formula]


class Statement(NamedTuple):
    """A numbered box of a chapter: a definition, a theorem, ..."""

    chapter: str
    kind: str
    title: str
    label: str
    text: str


def from_elsewhere(text, chapter):
    """Text of a chapter for a page in another folder."""

    def mark(link):
        return f"[{link[1]}](/chapters/{link[2] or chapter}.ipynb#{FRAGMENT}{link[3]})"

    return MARK.sub(mark, DOC.sub(r"\1/chapters/\2\3", text))


# Chapters by name, in the order of the book.


@cache
def table_of_contents():
    """What stands in `_toc.yml`."""
    return yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))


def contents():
    """[(caption of a part, its files)]: first the first page, whose part has none."""
    found = [(None, [table_of_contents()["root"]])]
    for part in table_of_contents()["parts"]:
        found.append((part["caption"], [entry["file"] for entry in part["chapters"]]))
    return found


def parts():
    """[(caption, [name of a chapter, ...])] in the order of the contents."""
    found = []
    for caption, files in contents()[1:]:
        own = [f.removeprefix("chapters/") for f in files if "chapters/" in f]
        found += [(caption, own)] if own else []
    return found


def names():
    """The names of all chapters, in order; the first page is none."""
    return [n for _, own in parts() for n in own if n not in NO_CHAPTERS]


@cache
def texts_of(chapter):
    """The prose of a chapter, cell by cell, as `texts`."""
    return tuple(texts(read(chapter)))


def title(chapter):
    """The heading of a chapter."""
    return re.search(r"^# (.+)$", "\n".join(texts_of(chapter)), re.MULTILINE)[1]


@cache
def statements(chapter):
    """The numbered boxes of a chapter, in order."""
    found = BOX.findall("\n\n".join(texts_of(chapter)))
    return [
        Statement(chapter, kind, name.strip(), label, text.strip())
        for _, kind, name, label, text in found
    ]


def summary(chapter):
    """The text of the summary of a chapter, its links made to work on other pages."""
    for text in texts_of(chapter):
        heading = re.search(r"^##+ +Summary *\n", text, re.MULTILINE)
        if heading:
            body = re.split(r"^#+ ", text[heading.end() :], flags=re.MULTILINE)[0]
            return from_elsewhere(body.strip(), chapter)
    raise ValueError(f"{chapter}: no summary")


def owner(label):
    """The chapter that a label belongs to, or None; labels read kind-chapter-name."""
    found = [c for c in names() if belongs(label, c)]
    return max(found, key=len) if found else None


def belongs(label, chapter):
    """Whether a label has the form of those of a chapter: kind-chapter-name."""
    return bool(re.match(rf"[a-z]+-{chapter.replace('_', '-')}(-|$)", label))


def used_results(chapter):
    """The other chapters whose labelled results a chapter refers to."""
    found = re.findall(ROLE, "\n".join(texts_of(chapter)))
    others = {owner(label) for label in found} - {None, chapter}
    return sorted(others, key=names().index)
