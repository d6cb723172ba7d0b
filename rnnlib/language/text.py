"""Text as integers: reading a file, the alphabet, and the part that is held out."""

import codecs
import io
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path

import numpy as np

from rnnlib.validate import check_count, is_finite, refuse_hiding

PIECE = 2**20  # bytes or characters that are handled at once


def read_text(path, window=1):
    """The text of a file in UTF-8, of any alphabet.

    Line ends become newlines, as everywhere in Python, and a byte order mark at the
    beginning is dropped; nothing else is changed.

    Parameters
    ----------
    path : path
    window : int
        How many characters are read in one go: the text must have one more, the
        target of the last.

    Raises
    ------
    FileNotFoundError
        When there is no such file.
    ValueError
        For a folder, an empty file, bytes that are not UTF-8 (with the place of the
        first), a NUL byte (a binary file), or a text that is too short.
    """
    window = check_count("window", window)
    return check_length("".join(pieces(path)), window, path)


def pieces(path, name=None):
    """The text of a file in UTF-8 in pieces of about a megabyte. Errors as `read_text`.

    ``name`` is what messages call the file.
    """
    path = Path(path)
    name = path if name is None else name
    if path.is_dir():
        raise ValueError(f"{name}: expected a text file, got a folder")
    if not path.exists():
        raise FileNotFoundError(f"{name}: no such file")
    with open(path, "rb") as file:
        yield from _decoded(file, name)


def _decoded(file, name):
    """The pieces of a file that is open."""
    utf_8 = codecs.getincrementaldecoder("utf-8")()
    newlines = io.IncrementalNewlineDecoder(None, translate=True)
    offset, first = 0, True
    while True:
        content = file.read(PIECE)
        kept = len(utf_8.getstate()[0])  # the beginning of a character
        try:
            text = utf_8.decode(content, final=not content)
        except UnicodeDecodeError as error:
            raise ValueError(
                f"{name}: expected UTF-8, got byte 0x{error.object[error.start]:02x} "
                f"at byte offset {offset - kept + error.start} ({error.reason})"
            ) from error
        if (nul := content.find(b"\0")) >= 0:
            raise ValueError(
                f"{name}: expected a text, got a binary file: NUL at byte offset "
                f"{offset + nul}"
            )
        offset += len(content)
        if first:
            text, first = text.removeprefix("\ufeff"), not text
        yield newlines.decode(text, final=not content)
        if not content:
            break
    if not offset:
        raise ValueError(f"{name}: expected a text, got an empty file")


def check_length(text, window, name="text"):
    """The text, when it has more characters than the window."""
    if len(text) <= window:
        raise ValueError(
            f"{name}: expected at least {window + 1} characters for a window of "
            f"{window} and the next one, got {len(text)}"
        )
    return text


@dataclass(frozen=True)
class Alphabet:
    """The characters of a text in the order of their code points, numbered from 0.

    ``symbols`` is the tuple of characters; ``len`` of the alphabet is their number V.
    A character is a Unicode code point. Raises ValueError when the symbols are not
    distinct single characters in that order, or there is none.
    """

    symbols: tuple

    def __post_init__(self):
        symbols = tuple(self.symbols)
        if not all(isinstance(s, str) and len(s) == 1 for s in symbols):
            raise ValueError(
                f"symbols: expected single characters, got {symbols!r:.60}"
            )
        if not symbols or list(symbols) != sorted(set(symbols)):
            raise ValueError(
                "symbols: expected distinct characters in the order of their code "
                f"points, at least one, got {''.join(symbols)!r:.60}"
            )
        object.__setattr__(self, "symbols", symbols)

    @classmethod
    def of(cls, text):
        """The alphabet of all characters that occur in a text."""
        if not isinstance(text, str) or not text:
            raise ValueError(f"text: expected characters, got {text!r:.60}")
        return cls(tuple(sorted(set(text))))

    def __len__(self):
        return len(self.symbols)

    @cached_property
    def _codes(self):
        return _code_points("".join(self.symbols))

    def encode(self, text, dtype=np.int64):
        """The integers of a text, an array (len(text),).

        Raises
        ------
        ValueError
            When a character is not in the alphabet; the message has the first one and
            its place.
        """
        if not isinstance(text, str):
            raise ValueError(f"text: expected a str, got {type(text).__name__}")
        found = np.empty(len(text), dtype)
        for start in range(0, len(text), PIECE):
            codes = _code_points(text[start : start + PIECE])
            index = np.minimum(np.searchsorted(self._codes, codes), len(self) - 1)
            unknown = np.flatnonzero(self._codes[index] != codes)
            if unknown.size:
                place = start + int(unknown[0])
                raise ValueError(
                    f"text: character {text[place]!a} (U+{ord(text[place]):04X}) at "
                    f"position {place} is not among the {len(self)} symbols of the "
                    "alphabet"
                )
            found[start : start + PIECE] = index
        return found

    def decode(self, indices):
        """The text of integers (T,).

        Raises
        ------
        ValueError
            When they are not one row of integers from 0 to V - 1.
        """
        index = np.asarray(refuse_hiding("indices", indices))
        if index.size == 0 and index.ndim == 1:
            return ""
        if index.ndim != 1 or index.dtype.kind not in "iu":
            raise ValueError(
                f"indices: expected integers (T,), got {index.dtype} {index.shape}"
            )
        if index.min() < 0 or index.max() >= len(self):
            raise ValueError(
                f"indices: expected integers from 0 to {len(self) - 1}, got "
                f"{index.min()} to {index.max()}"
            )
        codes = self._codes[index].astype("<u4")
        return codes.tobytes().decode("utf-32-le", "surrogatepass")


def split(indices, fraction):
    """The sequence without its end, and its end: ``fraction`` of it is held out.

    ``split(indices, 0.1)`` gives the first nine tenths, to train on, and the last
    tenth. The two are views, in the order of the text, and share no symbol.

    Raises
    ------
    ValueError
        When the fraction is not between 0 and 1, or a part has fewer than two
        symbols: an input and its target.
    """
    if not np.ndim(indices):
        kind = type(indices).__name__
        raise ValueError(f"indices: expected a sequence, got {kind}")
    if not (is_finite(fraction) and 0 < fraction < 1):
        raise ValueError(
            f"fraction: expected a number between 0 and 1, got {fraction!r}"
        )
    held_out = round(len(indices) * Fraction(float(fraction)))
    train = len(indices) - held_out
    if min(train, held_out) < 2:
        raise ValueError(
            f"fraction: expected two symbols or more in each part, got {train} to "
            f"train on and {held_out} held out"
        )
    return indices[:train], indices[train:]


def split_in_three(indices, fraction):
    """The sequence to train on, then two halves of ``fraction`` of it, held out.

    The first half is for validation: it may choose among models, so its loss is no
    estimate for the one that was chosen. The second is for the test, of that one model.
    Errors as `split`.
    """
    train, held_out = split(indices, fraction)
    half = len(held_out) // 2
    if half < 2:
        raise ValueError(
            f"fraction: expected two symbols or more in each part, got {half} for "
            f"validation and {len(held_out) - half} for the test"
        )
    return train, held_out[:half], held_out[half:]


def _code_points(text):
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4").astype(
        np.int64
    )
