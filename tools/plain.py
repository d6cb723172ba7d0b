"""Chapters for places that know no roles: any Jupyter, with nothing installed in it.

What the built book resolves by itself becomes text with links: a reference to an
equation its number, and after the paragraph the equation itself when it stands in
another chapter; a theorem or an exercise its name and number; a citation the authors,
with a list of sources at the end. Boxes become headed paragraphs.
"""

import re
from functools import cache
from itertools import count

from nbformat.v4 import new_markdown_cell
from pybtex.database import parse_file
from pybtex.richtext import Text

from rnnbook.page.equations import without_number
from tools import ROOT, chapters
from tools.chapters import BOX, EXERCISE
from tools.equations import CELL, EQUATION, chapter_numbers, numbers

ROLE = re.compile(r"\{(eq|prf:ref|ref|numref|doc|cite|cite:t)\}`([^`]+)`")
EXPLICIT = re.compile(r"(.*\S)\s*<(.+)>", re.DOTALL)
OPENED = re.compile(r"^(:{3,})\{([a-z:-]+)\}[ ]*(.*)$")
OPTION = re.compile(r"^:[a-z-]+:( |$)")
SOURCES = "Sources"
NAMELESS = {"tab-set": "", "solution-end": "", "prf:proof": "Proof."}


def decoded(text):
    """A field of the bibliography as plain text."""
    return str(Text.from_latex(text)).strip()


@cache
def bibliography():
    """The entries of the bibliography, by key."""
    return parse_file(str(ROOT / "references.bib")).entries


def authors(key):
    """Who wrote a source, and when: the form of a citation in a sentence."""
    entry = bibliography()[key]
    persons = entry.persons.get("author") or entry.persons["editor"]
    names = [decoded(" ".join(p.prelast_names + p.last_names)) for p in persons]
    who = " and ".join(names) if len(names) < 3 else f"{names[0]} and others"
    year = entry.fields.get("year")
    return f"{who} ({year})" if year else who


def source(key):
    """A source as a line of the list at the end."""
    fields = bibliography()[key].fields
    published = ("journal", "booktitle", "publisher", "school", "note", "url")
    rest = [decoded(fields[name]) for name in published if name in fields]
    return f"- {authors(key)}: *{decoded(fields['title'])}*. {', '.join(rest)}."


@cache
def names():
    """{label: (name, chapter)} of the boxes, figures and exercises of the book."""
    found = {}
    for chapter, number in chapter_numbers().items():
        counters = {}
        for label, kind in labelled(chapter):
            n = next(counters.setdefault(kind, count(1)))
            found[label] = f"{kind} {number}.{n}", chapter
    return found


def labelled(chapter):
    """(label, kind) of what is numbered in a chapter, in order."""
    notebook = chapters.read(chapter)
    for cell in notebook.cells:
        if name := chapters.figure_name(cell):
            yield name, "Figure"
        text = "\n\n".join(chapters.texts_in(cell))
        for match in BOX.finditer(text):
            yield match[4], match[2].capitalize()
        for match in EXERCISE.finditer(text):
            yield match[2], "Exercise"


def chapter_link(name, text=None):
    """A link to a chapter beside this notebook, or the name of another page."""
    chapter = name.removeprefix("/chapters/")
    if "/" in chapter:
        page = chapter.rpartition("/")[2].replace("_", " ")
        return text or f"the page “{page.capitalize()}” of the book"
    return f"[{text or chapters.title(chapter)}]({chapter}.ipynb)"


def reference(role, target, own):
    """What a reference says where no label is known."""
    explicit = EXPLICIT.fullmatch(target)
    text, target = explicit.groups() if explicit else (None, target.strip())
    if role.startswith("cite"):
        links = [f"[{authors(key.strip())}](#{SOURCES})" for key in target.split(",")]
        return ", ".join(links)
    if role == "doc":
        return chapter_link(target, text)
    if role == "eq":
        number, chapter = numbers()[target]
        name = f"({number})"
    else:
        name, chapter = names()[target]
    text = text or name
    return text if chapter == own else f"[{text}]({chapter}.ipynb)"


def without_boxes(text):
    """Boxes as headed paragraphs, their options left out."""
    lines, fences, options = [], [], False
    for line in text.split("\n"):
        opened = OPENED.match(line)
        if opened:
            fences.append(opened[1])
            lines += ["", heading(opened[2], opened[3].strip()), ""]
            options = True
        elif fences and line.strip() == fences[-1]:
            fences.pop()
            lines.append("")
        elif options and OPTION.match(line):
            if line.startswith(":label:") and line.split()[1] in names():
                lines[-2] = f"**{names()[line.split()[1]][0]}.** {lines[-2]}".strip()
        else:
            options = False
            lines.append(line)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")


def heading(kind, title):
    """The bold words that begin what was a box."""
    if kind == "solution-start":
        return f"**Solution of {names()[title][0]}**"
    if kind in NAMELESS:
        return f"*{NAMELESS[kind]}*" if NAMELESS[kind] else ""
    return f"**{title}**" if title else ""


def resolved(text, own):
    """A text of a chapter without labels, roles and boxes."""

    def equation(match):
        return numbered(without_number(match[1]), numbers()[match[2]][0])

    text = EQUATION.sub(equation, without_boxes(text))
    return ROLE.sub(lambda match: reference(match[1], match[2], own), text)


@cache
def formulas():
    """{label: the formula} of every labelled equation of the book."""
    texts = (text for name in chapter_numbers() for text in chapters.texts_of(name))
    found = (match for text in texts for match in EQUATION.findall(text))
    return {label: without_number(body) for body, label in found}


def numbered(formula, number):
    """A display with its number, for any Jupyter.

    JupyterLab with MyST gives a display between dollars a second number, its own.
    """
    opening, closing = r"\begin{equation*}", r"\end{equation*}"
    return f"{opening}\n{formula.strip()} \\tag{{{number}}}\n{closing}"


def from_elsewhere(text, own, shown):
    """The equations of other chapters that a text refers to for the first time."""
    lines, last = [], None
    for role, target in ROLE.findall(text):
        if role == "eq" and target not in shown and numbers()[target][1] != own:
            shown.add(target)
            number, chapter = numbers()[target]
            lines += [f"From {chapter_link(chapter)}:"] if chapter != last else []
            lines.append(numbered(formulas()[target], number))
            last = chapter
    return "\n\n".join(lines)


def name_of(nb):
    """The chapter that a notebook is, by its title; None when it is not of the book."""
    heading = re.search(r"^# (.+)$", "\n".join(chapters.texts(nb)), re.MULTILINE)
    titles = {chapters.title(name): name for name in chapter_numbers()}
    return titles.get(heading[1]) if heading else None


def in_any_jupyter(nb):
    """A notebook for places that know no labels; its cells keep their ids."""
    own = name_of(nb)
    cells, shown, cited = [], set(), []
    for cell in nb.cells:
        if cell.get("id") == CELL:
            continue
        cells.append(cell)
        for text in chapters.texts_in(cell):
            for role, target in ROLE.findall(text):
                cited += target.split(",") if role.startswith("cite") else []
            if equations := from_elsewhere(text, own, shown):
                cells.append(new_markdown_cell(equations, id=f"{cell.id}-equations"))
        if cell.cell_type == "markdown":
            cell.source = resolved(cell.source, own)
        elif title := cell.metadata.get("mystnb", {}).get("code_prompt_show"):
            cell.source = f"# {title}\n{cell.source}"  # seen where the cell is folded
        for output in cell.get("outputs", []):
            if "text/markdown" in output.get("data", {}):
                printed = output.data["text/markdown"]
                output.data["text/markdown"] = resolved(printed, own)
    if cited:
        keys = dict.fromkeys(key.strip() for key in cited)
        lines = "\n".join(sorted(map(source, keys)))
        cells.append(new_markdown_cell(f"## {SOURCES}\n\n{lines}", id="sources"))
    nb.cells = cells
    return nb
