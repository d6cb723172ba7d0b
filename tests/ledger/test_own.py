"""A document of your own: from a text to verdicts, a page and an errata sheet."""

import shutil
from pathlib import Path

import pytest

from ledger import own
from ledger.__main__ import command
from ledger.claims import HERE

TEXT = (HERE / "example" / "notes.txt").read_text("utf-8")
RECORDS = HERE / "example" / "claims.toml"


@pytest.fixture
def notes(tmp_path):
    """A folder of notes with the example in it, judged."""
    own.new("notes", TEXT, tmp_path)
    shutil.copy(RECORDS, tmp_path / "notes" / "claims.toml")
    return tmp_path


def test_a_new_document_covers_every_sentence_and_display(tmp_path):
    folder = own.new("mine", TEXT, tmp_path)
    document = own.Document.read("mine", tmp_path)
    assert own.coverage(document) == []
    assert {r.formula for r in document.records} > {r"h_t = \sigma(a_t)"}
    assert (folder / "checks").is_dir()
    with pytest.raises(FileExistsError):
        own.new("mine", TEXT, tmp_path)


def test_without_a_notation_no_formula_can_be_read(tmp_path):
    own.new("mine", TEXT, tmp_path)
    found = own.complaints(own.Document.read("mine", tmp_path))
    assert len(found) == 5
    assert all("expected a known name" in sentence for sentence in found)


def test_the_three_planted_errors_are_found(notes):
    document = own.Document.read("notes", notes)
    assert own.complaints(document) == []
    said = {r.id: own.agrees(document.notation, r.formula) for r in with_formula(notes)}
    assert [id_ for id_, holds in said.items() if not holds] == [
        "notes-2-02",
        "notes-2-03",
        "notes-2-04",
    ]


def with_formula(notes):
    return [r for r in own.Document.read("notes", notes).records if r.formula]


@pytest.mark.parametrize("number", range(5))
def test_a_wrong_verdict_is_refused(notes, number):
    path = notes / "notes" / "claims.toml"
    text = path.read_text("utf-8")
    verdicts = ['verdict = "true"', 'verdict = "typo"', 'verdict = "false"']
    at = [i for i in range(len(text)) if any(text.startswith(v, i) for v in verdicts)]
    end = text.index("\n", at[number])
    was_true = text.startswith(verdicts[0], at[number])
    other = 'verdict = "false"\ndefence = "x"' if was_true else 'verdict = "true"'
    rest = text[end:]
    if was_true:
        other = other.replace("false", "typo").partition("\n")[0]
    path.write_text(text[: at[number]] + other + rest, "utf-8")
    assert own.complaints(own.Document.read("notes", notes))


def test_a_claim_may_have_a_check_of_its_own(notes):
    path = notes / "notes" / "claims.toml"
    text = path.read_text("utf-8")
    text = text.replace('verdict = "not checkable"', 'verdict = "true"')
    path.write_text(text, "utf-8")
    document = own.Document.read("notes", notes)
    assert own.complaints(document) == ["notes-2-01: has neither a formula nor a check"]
    (notes / "notes" / "checks" / "claims.py").write_text(
        "from ledger.checking import check\n\n\n"
        '@check("notes-2-01", printed=4, planted=[5])\n'
        "def two_and_two(statement):\n    assert statement == 2 + 2\n",
        "utf-8",
    )
    assert own.complaints(own.Document.read("notes", notes)) == []


def test_a_page_and_an_errata_sheet_are_written(notes):
    lines = []
    assert own.run("notes", notes, lines.append) == 0
    assert lines == ["notes: 6 claims, 3 to be corrected"]
    page = (notes / "notes" / "page.md").read_text("utf-8")
    assert page.count("**notes-") == 6
    errata = (notes / "notes" / "errata.md").read_text("utf-8")
    assert errata.count("As it should be") == 3


def test_an_uncovered_sentence_is_noticed(notes):
    path = notes / "notes" / "claims.toml"
    text = path.read_text("utf-8").replace("sentences = [1]\ndisplays", "displays")
    path.write_text(text, "utf-8")
    found = own.coverage(own.Document.read("notes", notes))
    assert found == ["notes 1: sentences: 1 missing"]


def test_the_command_line_begins_and_judges(notes, monkeypatch, capsys):
    monkeypatch.chdir(notes.parent)
    text = Path(notes, "text.txt")
    text.write_text(TEXT, "utf-8")
    assert command(["new", "other", str(text)]) == 0
    assert command(["other"]) == 5
    assert "other: 7 claims" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="neither one of"):
        command(["nobody"])
