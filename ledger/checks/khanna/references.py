"""References."""

import re
from pathlib import Path

from ledger.checking import check

BIBLIOGRAPHY = Path(__file__).parents[3] / "references.bib"


def entry(key):
    """The fields of an entry of the book's bibliography."""
    text = BIBLIOGRAPHY.read_text("utf-8").partition(f"{{{key},")[2].partition("\n}")[0]
    fields = re.findall(r"^\s*(\w+)\s*=\s*\{(.*)\},?$", text, re.MULTILINE)
    return {name: value.replace("{", "").replace("}", "") for name, value in fields}


def agrees(statement):
    """Does every part of the reference stand in the entry?"""
    fields = entry(statement["key"])
    return all(
        all(part.lower() in fields[name].lower() for part in parts)
        for name, parts in statement.items()
        if name != "key"
    )


SHCHUR = {
    "key": "shchur2021",
    "author": ["Shchur", "Januschowski"],
    "title": ["Neural temporal point processes: a review"],
    "year": ["2021"],
    "eprint": ["2104.03528"],
}
ZHANG = {
    "key": "zhang2023",
    "author": ["Zhang", "Li", "Lipton", "Smola"],
    "title": ["Dive into Deep Learning"],
    "publisher": ["Cambridge University Press"],
    "year": ["2023"],
}


@check(
    "khanna-references-01",
    printed=SHCHUR,
    planted=[SHCHUR | {"year": ["2019"]}, SHCHUR | {"eprint": ["2104.03258"]}],
)
def reference_1(statement):
    assert agrees(statement)


@check(
    "khanna-references-02",
    printed=ZHANG,
    planted=[ZHANG | {"year": ["2020"]}, ZHANG | {"publisher": ["MIT Press"]}],
)
def reference_2(statement):
    assert agrees(statement)
