"""A long text as one or two bytes a symbol, mapped from the disk."""

import hashlib
import shutil
import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np

from rnnlib.language.text import PIECE, Alphabet, check_length, pieces
from rnnlib.validate import check_count


class Corpus(NamedTuple):
    """A text whose symbols are numbered; ``indices`` may be mapped from the disk."""

    alphabet: Alphabet
    indices: np.ndarray  # (n,), of the narrowest unsigned integers
    digest: str  # SHA-256 of the text in UTF-8


def corpus_of(text, window=1):
    """The `Corpus` of a str. ValueError when it has no more than ``window`` symbols."""
    window = check_count("window", window)
    check_length(text, window)
    alphabet = Alphabet.of(text)
    indices = alphabet.encode(text, _dtype(len(alphabet)))
    return Corpus(alphabet, indices, digest(text))


def read_corpus(path, window=1):
    """The `Corpus` of a file, with a few megabytes of memory whatever its length.

    The file is read twice, first for its symbols. What can be read only once, such as a
    pipe, is copied into a temporary file before. The indices are in a temporary file
    that has no name: nothing of it remains when the program ends, however it ends.

    Errors as `rnnlib.language.read_text`, and ValueError when the file changes.
    """
    window = check_count("window", window)
    path = Path(path)
    if path.is_file() or path.is_dir() or not path.exists():
        return _encode(path, path, window)
    with tempfile.NamedTemporaryFile() as copy, open(path, "rb") as source:
        shutil.copyfileobj(source, copy, PIECE)
        copy.flush()
        return _encode(Path(copy.name), path, window)


def digest(text):
    """SHA-256 of a text, in hexadecimal digits."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _encode(path, name, window):
    symbols, count, sha = set(), 0, hashlib.sha256()
    for piece in pieces(path, name):
        symbols.update(piece)
        count += len(piece)
        sha.update(piece.encode())
    check_length(range(count), window, name)
    alphabet = Alphabet(tuple(sorted(symbols)))
    with tempfile.TemporaryFile() as file:
        again = hashlib.sha256()
        for piece in pieces(path, name):
            again.update(piece.encode())
            if not symbols.issuperset(piece):
                break
            alphabet.encode(piece, _dtype(len(alphabet))).tofile(file)
        if again.digest() != sha.digest():
            raise ValueError(f"{name}: changed while it was read")
        indices = np.memmap(file, _dtype(len(alphabet)), "r", shape=(count,))
    return Corpus(alphabet, indices, sha.hexdigest())


def _dtype(size):
    """The narrowest unsigned integers below ``size``."""
    return np.min_scalar_type(size - 1)
