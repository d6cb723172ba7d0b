"""The default text: the prose of the documentation inside the installed SymPy.

SymPy is pinned and installed with the book, so the text is on every reader's machine,
without a download, and the same everywhere: its digest is checked. SymPy and with it
this text stand under the three-clause BSD licence.

A paragraph of a docstring counts as prose when it begins with a capital, ends like a
sentence, has at least twelve words, nearly all of them of letters alone, and no
character besides letters, digits and the usual marks: no formula, table, example or
markup. Repeated paragraphs are kept once.
"""

import hashlib
import re
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from rnnlib.char.shakespeare import shakespeare
from rnnlib.language.corpus import corpus_of, read_corpus

SOURCE = "sympy", "1.14.0"
DIGEST = "4b4b4e76a0def359de6c2374b5c7c90ad662ca83ed9b33679dc316da3e388236"  # SHA-256

DOCSTRING = re.compile(r'"""(.*?)"""', re.DOTALL)
BLANK_LINES = re.compile(r"\n[ \t]*\n")
SENTENCES = re.compile(r"[A-Z][A-Za-z0-9 .,;:'\"()\-!?\n]*[.!?:]")
LEAST_WORDS, LEAST_SHARE = 12, 0.85  # words of a paragraph; share made of letters


@cache
def default_text():
    """About 425,000 characters of English prose of 75 symbols, paragraphs apart.

    Raises
    ------
    ValueError
        When SymPy is missing, or is not the version whose text is the default.
    """
    name, version = SOURCE
    try:
        package = distribution(name)
    except PackageNotFoundError:
        raise ValueError(
            f"default text: expected {name} {version} to be installed, got none; any "
            "file of your own works too"
        ) from None
    text = prose(
        Path(str(package.locate_file(file))).read_text(encoding="utf-8")
        for file in sorted(map(_name, package.files or ()))
        if file.startswith(f"{name}/")
        and file.endswith(".py")
        and "/tests/" not in file
    )
    if hashlib.sha256(text.encode()).hexdigest() != DIGEST:
        raise ValueError(
            f"default text: expected that of {name} {version}, got another from "
            f"{name} {package.version}; any file of your own works too"
        )
    return text


SHIPPED = {"sympy": default_text, "shakespeare": shakespeare}  # by installed packages


def corpus_at(path, window=1, shipped=None):
    """The `Corpus` of a file, of a text that is shipped, or of the default text.

    Errors as `read_corpus`, and ValueError for a file and a shipped text together.
    """
    if path is None:
        return corpus_of(SHIPPED[shipped or "sympy"]())
    if shipped is not None:
        raise ValueError(f"shipped: expected no file beside it, got {path}")
    return read_corpus(path, window)


def prose(sources):
    """The paragraphs of prose in the docstrings of Python sources, each once."""
    found = {}
    for source in sources:
        for docstring in DOCSTRING.findall(source):
            for paragraph in BLANK_LINES.split(docstring):
                lines = [line.strip() for line in paragraph.strip().split("\n")]
                if _is_prose(text := "\n".join(lines)):
                    found[text] = None
    return "\n\n".join(found) + "\n"


def _is_prose(paragraph):
    words = paragraph.split()
    plain = sum(word.rstrip(".,;:!?").isalpha() for word in words)
    return (
        len(words) >= LEAST_WORDS
        and plain >= LEAST_SHARE * len(words)
        and SENTENCES.fullmatch(paragraph) is not None
    )


def _name(file):
    """A path inside a package with slashes, on every system."""
    return file.as_posix()
