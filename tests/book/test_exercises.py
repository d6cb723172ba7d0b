"""The reader's notebooks: without solutions, they run; with them, they pass."""

import ast
import builtins
import copy
import re

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tools import exercises as tool
from tools.chapters import code_cells, path_of, read
from tools.notebooks import execute
from tools.plain import in_any_jupyter

EXERCISE = path_of("min_char_rnn")
FUNCTIONS = {
    "windows": "windows",
    "forward": "forward",
    "backward": "backward",
    "clipping": "clip",
    "update": "update",
    "sampling": "sample",
    "training": "train",
}


def tagged(nb):
    """The cells that a reader fills in."""
    return [c for c in nb.cells if tool.TAG in c.metadata.get("tags", [])]


def shown(nb):
    """Everything that the cells print or show as text."""
    return "\n".join(
        output.get("text") or output.get("data", {}).get("text/plain", "")
        for cell in code_cells(nb)
        for output in cell.outputs
    )


def bound(tree):
    """Names that code binds, wherever."""
    nodes = list(ast.walk(tree))
    names = {n.id for n in nodes if isinstance(n, ast.Name) and not loads(n)}
    kinds = (ast.FunctionDef, ast.ClassDef)
    names |= {n.name for n in nodes if isinstance(n, kinds)}
    names |= {n.arg for n in nodes if isinstance(n, ast.arg)}
    names |= {n.name for n in nodes if isinstance(n, ast.ExceptHandler)}
    imports = [n for n in nodes if isinstance(n, (ast.Import, ast.ImportFrom))]
    aliases = [alias for node in imports for alias in node.names]
    return names | {(a.asname or a.name).split(".")[0] for a in aliases}


def loads(node):
    """True where a name is read."""
    return isinstance(node.ctx, ast.Load)


def missing_names(nb):
    """Names that a cell reads and neither it nor a cell above binds."""
    known, missing = set(dir(builtins)), set()
    for cell in code_cells(nb):
        tree = ast.parse(cell.source)
        names = (n for n in ast.walk(tree) if isinstance(n, ast.Name))
        used = {n.id for n in names if loads(n)}
        known |= bound(tree)
        missing |= used - known
    return missing


def test_no_chapter_needs_what_stood_in_a_solution(chapter, notebook):
    new = tool.exercises(notebook)
    assert missing_names(new) <= missing_names(notebook)  # some are shown failing
    text = "\n".join(cell.source for cell in new.cells)
    assert "{solution" not in text and "SOLUTION" not in text
    assert "**Solution" not in text
    folds = sum(c.source.count("{solution-start}") for c in notebook.cells)
    kept = tool.without_folds(notebook.cells)
    assert (folds > 0) == (len(kept) < len(notebook.cells))


def test_nothing_but_the_folds_is_removed(chapter, notebook):
    new = {cell.id: cell for cell in tool.without_folds(notebook.cells)}
    inside = False
    for cell in notebook.cells:
        opened = "{solution-start}" in cell.source
        closed = "{solution-end}" in cell.source
        tag = tool.TAG in cell.metadata.get("tags", [])
        if not (inside or opened or closed or tag):
            assert new[cell.id].source.strip("\n") == cell.source.strip("\n")
            assert new[cell.id].metadata == cell.metadata
        if cell.cell_type == "code" and inside and not tag:
            assert cell.id not in new
        inside = (inside and not closed) or (
            opened and cell.source.rfind("{solution-start}")
            > cell.source.rfind("{solution-end}")
        )  # fmt: skip
    exercises = re.compile(r"^:+\{exercise\}", re.MULTILINE)
    counts = [
        sum(len(exercises.findall(c.source)) for c in cells)
        for cells in (notebook.cells, new.values())
    ]
    assert counts[0] == counts[1]


def test_every_function_has_a_stub_and_a_check():
    nb = tool.exercises(read(EXERCISE))
    stubs = [re.search(r"def (\w+)", cell.source)[1] for cell in tagged(nb)]
    functions, questions = stubs[: len(FUNCTIONS)], stubs[len(FUNCTIONS) :]
    assert functions == list(FUNCTIONS.values())
    sources = "\n".join(cell.source for cell in code_cells(nb))
    checked = re.findall(r"check_answer\(\s*\"[\w-]+\", (\w+)\s*\)", sources)
    assert checked and set(checked) <= set(questions)
    for cell in tagged(nb):
        assert "NotImplementedError" in cell.source and '"""' in cell.source
    assert not any(cell.outputs for cell in code_cells(nb))


@pytest.fixture(scope="module")
def unsolved():
    """The reader's notebook, run from top to bottom as it comes."""
    return execute(tool.exercises(read(EXERCISE)))


@pytest.mark.long
def test_unsolved_it_runs_and_says_what_is_missing(unsolved):
    text = shown(unsolved)
    for check, function in FUNCTIONS.items():
        assert f"{check}: {function} is not written yet" in text
    assert "First the checks of windows, forward, backward," in text
    outputs = [o for cell in code_cells(unsolved) for o in cell.outputs]
    assert {o.output_type for o in outputs} <= {
        "stream",
        "display_data",
        "execute_result",
    }
    assert not [o for o in outputs if o.get("name") == "stderr"]
    assert "Traceback" not in text


@pytest.mark.long
def test_solved_it_passes():
    """Each solution pasted over its stub gives back the code of the chapter."""
    chapter = read(EXERCISE)
    nb = tool.exercises(chapter)
    for cell, solution in zip(tagged(nb), tagged(chapter), strict=True):
        cell.source = tool.fill(cell.source, solution.source)
    short = copy.deepcopy(nb)  # up to the last check: the rest is the chapter's own run
    last = next(i for i, c in enumerate(nb.cells) if c.id == "check-train")
    short.cells = nb.cells[: last + 1]
    text = shown(execute(short))
    for check in FUNCTIONS:
        assert f"{check}: right" in text
    kept = {c.id: c.source for c in code_cells(nb)}
    handed_out = in_any_jupyter(chapter)
    assert kept == {c.id: c.source for c in code_cells(handed_out) if c.id in kept}


@pytest.mark.long
def test_a_wrong_solution_is_diagnosed_in_the_notebook():
    chapter = read(EXERCISE)
    nb = tool.exercises(chapter)
    last = next(i for i, c in enumerate(nb.cells) if c.id == "check-backward")
    nb.cells = nb.cells[: last + 1]
    for cell, solution in zip(tagged(nb), tagged(chapter), strict=False):
        cell.source = solution.source.replace(" + future", "")
    text = shown(execute(nb))
    assert "forward: right" in text and "It looks like: dh_next forgotten." in text


def small():
    """A chapter with one exercise of each kind."""
    return new_notebook(
        cells=[
            new_code_cell("import math", id="setup"),
            new_markdown_cell(
                ":::{exercise} One\n:label: ex-a-one\n:::\n\n"
                ":::{solution-start} ex-a-one\n:class: dropdown\n:::\n\nBecause.",
                id="one",
            ),
            new_code_cell("secret = 1", id="secret"),
            new_markdown_cell(":::{solution-end}\n:::\n\n## Next", id="next"),
            new_code_cell(
                "def f(x):\n    # BEGIN SOLUTION\n    return x\n    # END SOLUTION",
                id="f",
                metadata={"tags": [tool.TAG]},
            ),
        ]
    )


def test_folds_in_shared_cells():
    cells = {c.id: c.source for c in tool.exercises(small()).cells}
    assert list(cells) == ["setup", "one", "next", "f"]
    assert cells["one"] == "**One**"
    assert cells["next"] == "## Next"
    assert cells["f"].endswith('raise NotImplementedError("f is not written yet")')


@pytest.mark.parametrize(
    ("cell", "source", "words"),
    [
        (4, "def f(x):\n    return x", "expected marked solutions"),
        (4, "def f(x):\n    # BEGIN SOLUTION\n    return x", "expected marked"),
        (3, "no end", "not closed"),
        (0, ":::{solution-end}\n:::", "not opened"),
        (2, ":::{solution-start} ex-a-one\n:::", "inside a fold"),
    ],
)
def test_broken_marks_are_refused(cell, source, words):
    nb = small()
    if cell < 4:
        nb.cells[cell] = new_markdown_cell(source)
    else:
        nb.cells[cell].source = source
    with pytest.raises(ValueError, match=words):
        tool.exercises(nb)


def test_a_solution_is_pasted_over_its_own_stub_only():
    source = small().cells[4].source
    assert tool.fill(tool.stub(source), source) == source
    with pytest.raises(ValueError, match="expected the stub"):
        tool.fill("def f(x):\n    return 2", source)


def test_a_readers_work_is_not_overwritten(tmp_path, capsys):
    path = EXERCISE
    assert tool.main([str(path), "--out", str(tmp_path)]) == 0
    target = tmp_path / path.name
    first = target.read_bytes()
    nbformat.validate(read(target))
    assert "written" in capsys.readouterr().out
    target.write_text("my work", encoding="utf-8")
    tool.main([str(path), "--out", str(tmp_path)])
    assert target.read_text(encoding="utf-8") == "my work"
    said = capsys.readouterr().out
    assert "kept as it is" in said and "FORCE=1" in said
    tool.main([str(path), "--out", str(tmp_path), "--force"])
    assert target.read_bytes() == first
