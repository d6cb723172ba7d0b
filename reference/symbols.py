"""Every symbol: what it means, its shape and names, and where it stands.

Names, shapes, and the meanings and arrays of the network's own quantities come from
`rnnlib.symbolic.quantities`, which the chapter on notation prints; `symbols.toml` adds
the rest. Nothing is kept in two places.
"""

import re
import tomllib
from functools import cache
from typing import NamedTuple

from rnnlib.symbolic.notations.documents import BOOK_NOTATION, NOTATIONS
from rnnlib.symbolic.quantities import (
    ARRAYS,
    BOOK,
    DERIVATIVES,
    MEANINGS,
    SHAPES,
    axes,
)
from tools import ROOT

PATH = ROOT / "reference" / "symbols.toml"
SIZES = tuple(BOOK_NOTATION.sizes)
LONGER_WAY = {"d_h": "d_h_t"}  # the gradient of h_t; "d_h" itself is a size


class Symbol(NamedTuple):
    """One entry of the list."""

    key: str
    latex: str  # with %t for a step
    meaning: str
    where: str
    shape: str = ""
    code: str = ""
    array: str = ""  # the axes of the array
    documents: tuple = ()  # [(title of a document, its LaTeX)]
    only: tuple = ()
    never: tuple = ()

    @property
    def shown(self):
        """The symbol as it is printed."""
        return at_t(self.latex)

    def stands_in(self, chapter):
        """Whether the letter can mean this in a chapter."""
        return chapter not in self.never and (not self.only or chapter in self.only)


def at_t(latex):
    """A name for the step t, the step before and an earlier one."""
    for mark, step in (("%t", "t"), ("%p", "t-1"), ("%k", "k")):
        latex = latex.replace(mark, step)
    return latex


@cache
def symbols():
    """All symbols, in the order of `symbols.toml`."""
    return [
        _symbol(key, own) for key, own in tomllib.loads(PATH.read_text("utf-8")).items()
    ]


def _symbol(key, own):
    names = BOOK_NOTATION.symbols
    base = next((k for k, name in LONGER_WAY.items() if name == key), key)
    if key in SIZES:
        latex = BOOK_NOTATION.sizes[key]
        others = {n.tab: n.sizes[key] for n in NOTATIONS.values()}
    elif base in names:
        latex = names[base]
        others = {n.tab: at_t(n.symbols[base]) for n in NOTATIONS.values()}
    else:
        latex, others = own["latex"], {}
    shape = meaning = code = array = ""
    if base in SHAPES | DERIVATIVES and key not in SIZES:
        rows, columns = (SHAPES | DERIVATIVES)[base]
        shape = rf"${rows} \times {columns}$"
    if base in MEANINGS:
        meaning, code = MEANINGS[base], ARRAYS.get(base, base)
        array = f"$({', '.join(axes(base))})$"
    return Symbol(
        key,
        own.get("latex", latex),
        own.get("meaning", meaning),
        own["where"],
        shape,
        own.get("code", code),
        array,
        tuple(others.items()),
        tuple(own.get("only", ())),
        tuple(own.get("never", ())),
    )


def expected():
    """The keys that must have an entry: all names that rnnlib.symbolic prints."""
    names = [*BOOK, *DERIVATIVES, *SIZES]
    return [LONGER_WAY.get(n, n) if n in DERIVATIVES else n for n in names]


STEP = r"(?:\{[^{}]*\}|\\?[A-Za-z0-9])"
TOKEN = re.compile(r"_\{%[tpk]\}|%[tpk]|\\[A-Za-z]+|\\?.", re.DOTALL)


@cache
def pattern(latex):
    """A regular expression that finds a symbol, at any step, in a formula."""
    parts = []
    latex = re.sub(r"([_^])\{([A-Za-z0-9])\}", r"\1\2", latex)
    for token in TOKEN.findall(latex):
        if token.startswith("_{%"):
            optional = "?" if parts == [r"\\ell(?![A-Za-z])"] else ""
            parts.append(f"(?:_{STEP}){optional}")
        elif token.startswith("%"):
            parts.append(r"[^{}]*?")
        elif token.startswith("\\") and token[-1].isalpha():
            parts.append(re.escape(token) + "(?![A-Za-z])")
        elif not token.isspace():
            parts.append(re.escape(token))
    body = r"\s*".join(parts)
    if latex[0].isalpha():
        body = r"(?<![A-Za-z\\])d?" + body
    if latex[-1].isalnum() or latex == r"\phi":
        body += r"(?![A-Za-z'])"
    return re.compile(body)


def found_in(formulas, chapter):
    """The symbols of a chapter that stand in any of its formulas, in order."""
    text = "\n".join(formulas).replace(r"\mathrm{Diag}", r"\operatorname{Diag}")
    text = text.replace(r"\text{from future}", r"\text{future}")
    text = re.sub(r"([_^])\{([A-Za-z0-9])\}", r"\1\2", text)
    return [
        s for s in symbols() if s.stands_in(chapter) and pattern(s.latex).search(text)
    ]


def anchor(symbol):
    """The name of an entry on the page."""
    return f"symbol-{symbol.key.replace('_', '-').lower()}"
