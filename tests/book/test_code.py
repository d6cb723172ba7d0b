"""The layout of rnnlib: the direction of its dependencies, the size of a module."""

import pytest

from tests.book.code_checks import import_complaints, length_complaints
from tools.notebooks import ROOT

MODULES = sorted((ROOT / "rnnlib").rglob("*.py"))


def package_of(path):
    """The dotted name of the package that a module's relative imports start from."""
    return ".".join(path.relative_to(ROOT).parent.parts)


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports(path):
    assert import_complaints(path.read_text(encoding="utf-8"), package_of(path)) == []


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_length(path):
    assert length_complaints(path.read_text(encoding="utf-8")) == []
