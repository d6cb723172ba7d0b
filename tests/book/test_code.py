"""rnnlib: the direction of dependencies, and quiet imports."""

import subprocess
import sys

import pytest

from tests.book.code_checks import import_complaints
from tools import ROOT
from tools.imports import package_of

MODULES = sorted(p for n in ("rnnlib", "rnnbook") for p in (ROOT / n).rglob("*.py"))
PACKAGES = ["bench", "ledger", "reference"] + [
    ".".join(path.relative_to(ROOT).parent.parts)
    for path in MODULES
    if path.name == "__init__.py"
]


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports(path):
    source = path.read_text(encoding="utf-8")
    assert import_complaints(source, package_of(path, ROOT)) == []


@pytest.mark.parametrize("package", PACKAGES)
def test_import_without_a_warning(package):
    """In a new interpreter: each package by itself, third-party ones with it."""
    command = [sys.executable, "-W", "error", "-c", f"import {package}"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
