"""Models of characters: text as integers, and the command that trains on any text.

    text = default_text()            or read_text("a/file.txt")
    alphabet = Alphabet.of(text)
    train, held_out = split(alphabet.encode(text), 0.1)

The command is ``python -m rnnlib.char``; ``--help`` says what it does.
"""

from rnnlib.char.default import default_text
from rnnlib.char.text import Alphabet, read_text, split

__all__ = ["Alphabet", "default_text", "read_text", "split"]
