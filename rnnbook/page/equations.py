"""The number of every labelled equation of the book, as its pages print it.

The numbers are those of the file beside this module, which the chapters are the source
of (``python -m tools.equations`` writes it): "4.2" is the second labelled equation of
chapter 4.
"""

import json
import re
from functools import cache
from importlib.resources import files
from typing import NamedTuple

WRITTEN = re.compile(
    r"\s*\\begin\{equation\*\}\s*(.*?)\s*\\tag\{[^}]*\}\s*\\end\{equation\*\}\s*",
    re.DOTALL,
)


class Place(NamedTuple):
    """Where an equation stands: its number, its label and its chapter."""

    number: str
    label: str
    chapter: str

    def __str__(self):
        return f"equation ({self.number}), chapters/{self.chapter}.ipynb"

    @property
    def link(self):
        """A Markdown link, from a notebook of a neighbouring folder."""
        return f"[({self.number})](../chapters/{self.chapter}.ipynb)"


@cache
def places():
    """Every labelled equation, by label."""
    written = json.loads(files(__package__).joinpath("equations.json").read_bytes())
    return {label: Place(n, label, c) for label, (n, c) in written.items()}


def place(label):
    """The `Place` of a label; ValueError when no equation of the book has it."""
    try:
        return places()[label]
    except KeyError:
        raise ValueError(
            f"label: expected that of an equation, got {label!r}"
        ) from None


def number(label):
    """The number of an equation as a page prints it, in brackets: "(4.2)"."""
    return f"({place(label).number})"


def labelled(label, body):
    """An equation that a cell prints, with its label and its number, as Markdown.

    JupyterLab counts the equations of each output anew, so the number is written into
    the formula, as a tag; the built page takes it out again and counts by itself.
    """
    return with_number(place(label).number, label, body) + "\n\n"


def with_number(number, label, body):
    """An equation with its label, and its number as a tag, as Markdown."""
    inside = f"\\begin{{equation*}}\n{body} \\tag{{{number}}}\n\\end{{equation*}}"
    return f"$$\n{inside}\n$$ ({label})"


def without_number(body):
    """What stands in a display, without a number that `with_number` wrote into it."""
    written = WRITTEN.fullmatch(body)
    return written[1] if written else body
