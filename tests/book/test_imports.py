"""What an import reaches, read off the sources, is what it really loads."""

import ast
import json
import subprocess
import sys

import pytest

from tools import ROOT, chapters, imports

LOADED = """
import json, os, sys
import matplotlib.pyplot, numpy, scipy, sympy  # loaded once for all
for name, source in json.load(sys.stdin).items():
    if os.fork() == 0:
        exec(source)
        own = [m for n, m in sys.modules.items() if n.startswith(("rnnlib", "rnnbook"))]
        print(json.dumps([name, [m.__file__ for m in own]]), flush=True)
        os._exit(0)
    os.wait()
"""


def import_lines(nb):
    """The statements of a notebook that import something, as one source."""
    trees = [ast.parse(cell.source) for cell in chapters.code_cells(nb)]
    found = [node for tree in trees for node in ast.walk(tree)]
    kinds = (ast.Import, ast.ImportFrom)
    return "\n".join(ast.unparse(node) for node in found if isinstance(node, kinds))


@pytest.mark.long
def test_the_graph_has_everything_that_the_chapters_load():
    sources = {p.stem: import_lines(chapters.read(p)) for p in chapters.paths()}
    done = subprocess.run(
        [sys.executable, "-c", LOADED],
        input=json.dumps(sources),
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    loaded = dict(map(json.loads, done.stdout.splitlines()))
    assert loaded.keys() == sources.keys()
    for name, source in sources.items():
        files, _ = imports.reached(imports.imported(source), ROOT)
        assert {str(path) for path in files} >= set(loaded[name]), name
        assert len(loaded[name]) > 10, name


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("import a.b, c", {"a.b", "c"}),
        ("import a.b as d", {"a.b"}),
        ("from a import b", {"a", "a.b"}),
        ("from . import b", {"p.q", "p.q.b"}),
        ("from .b import c", {"p.q.b", "p.q.b.c"}),
        ("from ..b import c", {"p.b", "p.b.c"}),
        ("def f():\n    import a", {"a"}),
        ("import_a = 1", set()),
    ],
)
def test_imported_names(line, names):
    assert set(imports.imported(line, "p.q")) == names


def test_other_packages_are_told_apart(tmp_path):
    (tmp_path / "rnnlib").mkdir()
    (tmp_path / "rnnlib/__init__.py").write_text("import os, numpy.linalg")
    files, others = imports.reached({"rnnlib", "sympy", "rnnlib.x", "json"}, tmp_path)
    assert files == {tmp_path / "rnnlib/__init__.py"}
    assert others == {"numpy", "sympy"}
