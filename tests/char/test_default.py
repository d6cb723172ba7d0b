"""The default text: there, the same for all, and refused when it is another."""

import sys
from importlib.metadata import PackageNotFoundError

import pytest

from rnnlib.char import default, default_text
from rnnlib.language import Alphabet


@pytest.fixture
def fresh():
    """The text is read anew, and again after the test."""
    default.default_text.cache_clear()
    yield
    default.default_text.cache_clear()


def test_it_is_english_prose_of_a_modest_alphabet():
    text = default_text()
    assert 100_000 < len(text) < 1_000_000
    assert len(Alphabet.of(text)) < 100
    words = text.lower().split()
    common = sum(words.count(w) for w in ("the", "of", "a", "is", "to", "and", "in"))
    assert common > 0.2 * len(words)
    paragraphs = text.removesuffix("\n").split("\n\n")
    assert len(set(paragraphs)) == len(paragraphs) > 1000


def test_the_version_is_the_one_that_is_pinned():
    from tools import ROOT

    name, version = default.SOURCE
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert f"{name}=={version}" in lines


def test_another_content_is_refused(fresh, monkeypatch):
    real = default.prose
    monkeypatch.setattr(default, "prose", lambda sources: real(sources) + "x")
    with pytest.raises(
        ValueError, match=r"^default text: expected that of sympy 1\.14"
    ):
        default_text()


def test_a_missing_package_is_told(fresh, monkeypatch):
    def absent(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr(default, "distribution", absent)
    message = "^default text: expected sympy 1.14.0 to be installed, got none"
    with pytest.raises(ValueError, match=message):
        default_text()


def test_prose_is_told_from_the_rest():
    sentence = "This sentence has twelve words or more, all of them quite plain ones."
    source = f'''
def f():
    """{sentence}

    >>> {sentence}

    Too short for prose, this is.

    {sentence[:-1]}

    {sentence.replace("words", "`words`")}

    {sentence}

    Here x1 y2 z3 a4 b5 c6 d7 and so on: more numbers than words 1 2 3.
    """
    return "{sentence} Not in a docstring of three quotes."
'''
    two_lines = sentence.replace(", ", ",\n        ")
    other = f'class A:\n    r"""{two_lines}"""\n'
    assert default.prose([source, source]) == sentence + "\n"
    expected = sentence + "\n\n" + sentence.replace(", ", ",\n") + "\n"
    assert default.prose([source, other]) == expected


def test_sympy_is_read_and_not_imported():
    import subprocess

    code = (
        "import sys, rnnlib.char as c; c.default_text(); print('sympy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "False\n", done.stderr


def test_two_symbols_are_a_text(tmp_path):
    (tmp_path / "a.txt").write_text("ab", encoding="utf-8")
    assert default.corpus_at(tmp_path / "a.txt").indices.tolist() == [0, 1]
    with pytest.raises(ValueError, match="for a window of 2"):
        default.corpus_at(tmp_path / "a.txt", 2)
