"""Nothing that is committed tells of a machine or a person, or holds a secret.

Every text of the repository is read; of a notebook every string, its metadata and
outputs too, but not the pixels of its figures.
"""

import getpass
import json
import re
from pathlib import Path

import pytest

from tests.book.notebook_checks import leak_patterns
from tools import ROOT

KINDS = {".py", ".ipynb", ".md", ".toml", ".bib", ".yml", ".txt", ".lock", ".json"}
KINDS |= {".html", ".js", ".css", ".svg", ""}
EXAMPLES = {Path(__file__).name, "test_checks_can_fail.py"}  # what must be found
SECRETS = {
    "private key": r"-----BEGIN [A-Z ]*PRIVATE KEY-----",
    "access token": r"\b(gh[pousr]_\w{20}|github_pat_\w{20}|glpat-[\w-]{20}"
    r"|xox[abprs]-[\w-]{10}|AKIA[0-9A-Z]{16}\b|pypi-[\w-]{40})",
    "password": r"(?i)\b(password|passwd|secret|api_?key|auth_?token)\b"
    r"[\"']?\s*[:=]\s*[\"']?[^\s\"']{6}",
    "password in an address": r"://[^/\s:@]+:[^/\s@]+@",
    "user": rf"(?<!\w){re.escape(getpass.getuser())}@",
}


def files():
    """Every text file outside hidden folders and what is built."""
    tops = [p for p in ROOT.iterdir() if p.name[0] != "." and p.name != "_build"]
    found = [q for p in tops for q in ([p] if p.is_file() else p.rglob("*"))]
    return sorted(
        path
        for path in found
        if path.suffix in KINDS
        and path.is_file()
        and path.name not in EXAMPLES
        and not any(part[0] == "." for part in path.relative_to(ROOT).parts)
    )


def strings(node):
    """Every string of a notebook that is no picture; lists of lines are joined."""
    if isinstance(node, dict):
        for key, value in node.items():
            if not key.startswith("image/"):
                yield key
                yield from strings(value)
    elif isinstance(node, list) and node and all(isinstance(v, str) for v in node):
        yield "".join(node)
    elif isinstance(node, list):
        for value in node:
            yield from strings(value)
    elif isinstance(node, str):
        yield node


def leaks(text, suffix=""):
    """(what, where) of everything that should not be in a text."""
    parts = strings(json.loads(text)) if suffix == ".ipynb" else [text]
    patterns = leak_patterns() | SECRETS
    return [
        (what, match[0])
        for part in parts
        for what, pattern in patterns.items()
        if (match := re.search(pattern, part))
    ]


def test_no_file_leaks_anything():
    found, seen = [], set()
    for path in files():
        seen.add(path.suffix)
        text = path.read_text(encoding="utf-8")
        found += [(str(path.relative_to(ROOT)), *f) for f in leaks(text, path.suffix)]
    assert {".py", ".ipynb", ".md", ".toml", ".bib", ".lock"} <= seen
    assert found == []


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("-----BEGIN RSA PRIVATE KEY-----", "private key"),
        ("t = 'ghp_" + 36 * "a" + "'", "access token"),
        ('{"password": "correct horse"}', "password"),
        ("api_key = 0123456789", "password"),
        ("https://someone:word@example.org/", "password in an address"),
        (f"{getpass.getuser()}@laptop", "user"),
        ("saved in /home/someone/x", "absolute path"),
    ],
)
def test_a_leak_is_found(text, what):
    nested = {"metadata": {"note": text}, "cells": [{"data": {"text/html": [text]}}]}
    assert [w for w, _ in leaks(text)] == [what]
    assert [w for w, _ in leaks(json.dumps(nested), ".ipynb")] == [what, what]


def test_pixels_are_no_leak():
    picture = {"data": {"image/png": "x/home/abc"}}
    assert leaks(json.dumps(picture), ".ipynb") == []
    assert leaks(json.dumps({"data": {"text/plain": " /home/abc"}}), ".ipynb")
