"""The imprint says what its file says, and no file says what it is not."""

import json

import pytest

from rnnbook.page.imprint import about, evidence, read_imprint

SMALL = {
    "title": "A book",
    "author": "Somebody",
    "version": "1.2.3",
    "license": "MIT",
    "date": "2001-02-03",
    "theorems": 1234,
    "claims": {"true": 7, "false": 2},
    "checks": 40,
    "tests": 50,
    "seeds of experiments": {"a": 3, "b": 100},
    "mutants": {"tried": 20, "equivalent": 5, "killed": 14},
    "false versions": {"by hand": 30, "by rule": 12, "refused": 41},
}


def test_about():
    text = "\n".join(about(SMALL))
    for words in ("Version 1.2.3, 2001-02-03", "Licence: MIT", "Version 1.2.3, 2001."):
        assert words in text


def test_evidence():
    text = "\n".join(evidence(SMALL))
    for words in (
        "corollaries: 1,234.",
        "ledger: 9, of which 7 true, 2 false.",
        "show: 40; test functions: 50.",
        "experiments: 2, with 3 to 100 seeds",
        "or all of it: 20; 5 of them compute the same or differ",
        "noticed 14 of 15.",
        "claims: 42; the checks refused 41.",
    ):
        assert words in text


def test_reading(tmp_path):
    path = tmp_path / "imprint.json"
    path.write_text(json.dumps(SMALL))
    assert read_imprint(path) == SMALL
    path.write_text(json.dumps({"title": "Ä", "version": "1", "claims": {}}), "utf-8")
    assert read_imprint(path)["title"] == "Ä"
    for wrong in ([], {"title": "A book"}):
        path.write_text(json.dumps(wrong))
        with pytest.raises(ValueError, match="path: expected the file of an imprint"):
            read_imprint(path)
