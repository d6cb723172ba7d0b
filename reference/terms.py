"""The words of the glossary, and where they occur."""

import re
import tomllib
from functools import cache
from typing import NamedTuple

from tools import ROOT

PATH = ROOT / "reference" / "terms.toml"


class Term(NamedTuple):
    """One entry of the glossary."""

    name: str
    meaning: str
    where: tuple  # labels, or names of chapters
    also: tuple = ()

    @property
    def pattern(self):
        """A regular expression for any of its names, as a word of its own."""
        words = "|".join(re.escape(n) for n in (self.name, *self.also))
        return rf"(?<![\w-])(?:{words})s?(?![\w-])"


@cache
def terms():
    """All terms, in the order of `terms.toml`."""
    own = tomllib.loads(PATH.read_text("utf-8"))
    return [
        Term(name, t["meaning"], tuple(t["where"]), tuple(t.get("also", ())))
        for name, t in own.items()
    ]


def found_in(text):
    """The terms that a text uses."""
    return [t for t in terms() if re.search(t.pattern, text, re.IGNORECASE)]
