"""Nothing loads code: no unpickling, no eval and no exec in the book's own Python."""

import ast

import pytest

from tools import ROOT

FOLDERS = ("rnnlib", "rnnbook", "bench", "tools", "_ext", "ledger")
MODULES = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "shelve", "marshal"}
# A line of a document is run as it is printed: the text stands in that same file
KNOWN = {
    "ledger/checks/topcuoglu/listing_forward.py": {"exec"},
    "rnnlib/symbolic/derivation/cells.py": {"exec"},  # text that it wrote itself
    "tools/grading/worker.py": {"exec"},  # a student's cells, under limits
}
CALLS = {"eval", "exec", "read_pickle", "load_module"}


def complaints(source):
    """Lines that import an unpickler, evaluate text, or let NumPy unpickle."""
    found = []
    for node in ast.walk(ast.parse(source)):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        found += [(node.lineno, n) for n in names if n.split(".")[0] in MODULES]
        if isinstance(node, ast.Call):
            called = getattr(node.func, "attr", getattr(node.func, "id", ""))
            owner = getattr(node.func, "value", None)
            if called in CALLS and not (called == "eval" and owner is not None):
                found.append((node.lineno, called))
            found += [
                (node.lineno, "allow_pickle")
                for keyword in node.keywords
                if keyword.arg == "allow_pickle"
                and getattr(keyword.value, "value", True) is not False
            ]
    return found


@pytest.mark.parametrize("folder", FOLDERS)
def test_nothing_unpickles_or_evaluates(folder):
    paths = sorted((ROOT / folder).rglob("*.py"))
    assert paths
    for path in paths:
        found = complaints(path.read_text(encoding="utf-8"))
        known = KNOWN.get(path.relative_to(ROOT).as_posix(), set())
        assert [bad for bad in found if bad[1] not in known] == [], path


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from pickle import loads",
        "import cloudpickle as c",
        "eval('1')",
        "exec('x = 1')",
        "np.load(path, allow_pickle=True)",
        "np.load(path, allow_pickle=flag)",
        "pandas.read_pickle(path)",
    ],
)
def test_the_check_can_fail(source):
    assert complaints(source)


@pytest.mark.parametrize("source", ["np.load(p)", "np.load(p, allow_pickle=False)"])
def test_the_check_lets_honest_lines_pass(source):
    assert complaints(source) == []
