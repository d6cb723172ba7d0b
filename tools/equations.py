"""Number the equations of the book: one number, the same wherever it is printed.

    python -m tools.equations            write the numbers
    python -m tools.equations --check    1 when they are not those of the chapters

The built book numbers the labelled equations of a chapter in their order: (4.2) is the
second of chapter 4. JupyterLab counts from 1 in every notebook; a first cell, which the
book leaves out, tells it to write "4." in front. A message of the tutor and a printed
line take the number from ``rnnbook/page/equations.json``. This tool writes that cell
and that file.
"""

import json
import re
import sys
from functools import cache

from nbformat.v4 import new_markdown_cell

from rnnbook.page.equations import with_number, without_number
from tools import ROOT
from tools.chapters import path_of, read, table_of_contents, texts, texts_in
from tools.notebooks import dumps

TARGET = ROOT / "rnnbook" / "page" / "equations.json"
LABEL = re.compile(r"\$\$[ ]*\((eq-[\w-]+)\)[ ]*$", re.MULTILINE)
EQUATION = re.compile(r"\$\$((?:(?!\$\$)[\s\S])*?)\$\$[ ]*\((eq-[\w-]+)\)")
CELL = "equation-numbers"
FRONT_MATTER = """\
---
numbering:
  equation:
    enumerator: {chapter}.%s
---"""


def chapter_numbers():
    """{name of a numbered chapter: its number}, from ``_toc.yml``."""
    entries = [
        entry["file"].removeprefix("chapters/")
        for part in table_of_contents()["parts"]
        if part.get("numbered", True)
        for entry in part["chapters"]
    ]
    return {name: n for n, name in enumerate(entries, start=1)}


def labels(nb):
    """The labels of the equations of a notebook, in the order of the page."""
    return [label for text in texts(nb) for label in LABEL.findall(text)]


@cache
def numbers():
    """{label: (number, chapter)} of every labelled equation of the book."""
    return {
        label: (f"{chapter}.{n}", name)
        for name, chapter in chapter_numbers().items()
        for n, label in enumerate(labels(read(name)), start=1)
    }


def with_front_matter(nb, chapter):
    """The notebook with the cell that gives JupyterLab the number of the chapter."""
    nb.cells = [cell for cell in nb.cells if cell.get("id") != CELL]
    if labels(nb):
        metadata = {"tags": ["remove-cell"]}
        source = FRONT_MATTER.format(chapter=chapter)
        nb.cells.insert(0, new_markdown_cell(source, id=CELL, metadata=metadata))
    return nb


def with_tags(nb, chapter):
    """The notebook with numbers in the equations of prose behind printed ones.

    JupyterLab counts the equations of prose alone. Where code has printed labelled
    ones before, the number is written as a tag, as in a printed one; the
    built page takes it out again.
    """
    count = {"all": 0, "prose": 0}

    def tagged(match):
        count["all"] += 1
        count["prose"] += 1
        body = without_number(match[1])
        if count["all"] != count["prose"]:
            number = f"{chapter}.{count['all']}"
            return with_number(number, match[2], body.strip())
        return match[0] if body == match[1] else f"$$\n{body}\n$$ ({match[2]})"

    for cell in nb.cells:
        if cell.cell_type == "markdown":
            cell.source = EQUATION.sub(tagged, cell.source)
        else:
            count["all"] += sum(len(LABEL.findall(text)) for text in texts_in(cell))
    return nb


def written():
    """{file: what has to stand in it}."""
    found = {
        path_of(name): dumps(with_tags(with_front_matter(read(name), chapter), chapter))
        for name, chapter in chapter_numbers().items()
    }
    return found | {TARGET: json.dumps(numbers(), indent=1) + "\n"}


def main(arguments):
    """Write, or with ``--check`` compare; 1 when something differed."""
    stale = [
        path
        for path, text in written().items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    for path in stale:
        print(f"{path.relative_to(ROOT)}: numbers differ")
    if "--check" not in arguments:
        for path, text in written().items():
            path.write_text(text, encoding="utf-8")
        return 0
    return int(bool(stale))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
