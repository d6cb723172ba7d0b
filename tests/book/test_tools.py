"""Executing notebooks: the same bytes each time, by this interpreter alone."""

import json
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from rnnbook.page.equations import places
from tools import chapters
from tools import notebooks as tool


def written(path, *sources):
    """A notebook file with these code cells, not executed."""
    cells = [new_code_cell(s, id=f"c{n}") for n, s in enumerate(sources)]
    nbformat.write(new_notebook(cells=cells), path)
    return path


@pytest.mark.long
def test_executing_twice_gives_the_same_bytes(tmp_path):
    plot = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()"
    path = written(tmp_path / "a.ipynb", "print(1)\nprint(2)", plot)
    assert tool.run_one(path)
    first = path.read_bytes()
    assert b"image/png" in first
    assert tool.run_one(path)
    assert path.read_bytes() == first
    assert tool.execution_complaints(nbformat.read(path, as_version=4)) == []
    assert tool.form_complaints(first.decode()) == []


@pytest.mark.long
def test_failing_cell_is_shown_and_nothing_is_written(tmp_path, capsys):
    path = written(tmp_path / "a.ipynb", "x = 0", "1 / x")
    before = path.read_bytes()
    assert not tool.run_one(path)
    shown = capsys.readouterr().err
    assert "1 / x" in shown and "ZeroDivisionError" in shown and "FAILED" in shown
    assert path.read_bytes() == before


@pytest.mark.long
def test_slow_chapter_fails(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(tool, "LIMIT_SECONDS", 0)
    assert not tool.run_one(written(tmp_path / "a.ipynb", "1"))
    assert "more than 0 s" in capsys.readouterr().err


@pytest.mark.long
def test_kernel_is_this_interpreter_without_private_settings(tmp_path, monkeypatch):
    startup = tmp_path / ".ipython/profile_default/startup/a.py"
    startup.parent.mkdir(parents=True)
    startup.write_text("print('private')")
    kernel = tmp_path / ".local/share/jupyter/kernels/python3/kernel.json"
    kernel.parent.mkdir(parents=True)
    kernel.write_text(
        '{"argv": ["/bin/false"], "display_name": "x", "language": "python"}'
    )
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("JUPYTER_PATH", str(kernel.parents[2]))
    monkeypatch.setenv("MPLBACKEND", "agg")
    code = "import sys, os\nprint(sys.executable, os.environ['OMP_NUM_THREADS'])"
    path = written(tmp_path / "a.ipynb", code)
    nb = tool.execute(nbformat.read(path, as_version=4), cwd=tmp_path)
    assert nb.cells[0].outputs[0].text == f"{sys.executable} 1\n"


MODULES = {
    "__init__": "",
    "core": "from rnnlib.used import x",
    "used": "def late():\n    from rnnlib.part import inner",
    "unused": "import rnnlib.core",
    "part/__init__": "",
    "part/inner": "",
    "part/other": "",
}


@pytest.fixture
def book(tmp_path, monkeypatch):
    """A book of one chapter, with its own package, lock, data and state."""
    for name, source in MODULES.items():
        path = tmp_path / f"rnnlib/{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
    for name in ("part/figure.js", "chapters/read.json", "chapters/other.json"):
        path = tmp_path / ("rnnlib" if name.startswith("part") else "") / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("")
    (tmp_path / "chapters/matplotlibrc").touch()
    (tmp_path / "requirements.lock").touch()
    monkeypatch.setattr(chapters, "ROOT", tmp_path)
    monkeypatch.setattr(chapters, "CHAPTERS", tmp_path / "chapters")
    monkeypatch.setattr(tool, "STATE", tmp_path / "state.json")
    code = ("if 0:\n    from rnnlib import core", 'print("read.json")')
    return written(tmp_path / "chapters/a.ipynb", *code)


@pytest.mark.long
def test_only_what_changed_is_executed(book, capsys):
    def run(paths=(), everything=False):
        assert tool.run(list(paths), everything) == 0
        return "unchanged" not in capsys.readouterr().out

    assert run()
    assert not run()
    assert run(everything=True)
    assert run(paths=[book])
    book.write_text(book.read_text().replace("print(", "repr("))
    assert run()
    assert not run()
    book.write_text(
        book.read_text().replace('"execution_count": 1', '"execution_count": 3')
    )
    assert run()
    (chapters.ROOT / "rnnlib/core.py").write_text("x = 2\n")
    assert run()
    assert not run()
    (chapters.ROOT / "rnnlib/unused.py").write_text("x = 2\n")
    assert not run()


INPUTS = ("__init__", "core", "used", "part/__init__", "part/inner")


@pytest.mark.parametrize(
    ("name", "matters"),
    [
        *((f"rnnlib/{name}.py", name in INPUTS) for name in MODULES),
        ("rnnlib/part/figure.js", True),
        ("rnnlib/new.py", False),
        ("rnnlib/new.css", True),
        ("chapters/read.json", True),
        ("chapters/other.json", False),
        ("chapters/matplotlibrc", False),
        ("requirements.lock", True),
    ],
)
def test_what_is_executed_follows_what_the_chapter_imports_and_reads(
    book, name, matters
):
    before = tool.inputs_digest(chapters.read(book))
    with open(chapters.ROOT / name, "a") as file:
        file.write("\n# changed")
    after = tool.inputs_digest(chapters.read(book))
    assert (after != before) == matters


LABELS = {"eq-my-own-1": ["1.1", "my_own"], "eq-other-2": ["2.2", "other"]}


@pytest.mark.parametrize(
    ("code", "renumbered", "matters"),
    [
        ('from rnnbook.page import equations\nprint("eq-my-own-1")', "my_own", True),
        ('from rnnbook.page import equations\nprint("eq-my-own-1")', "other", False),
        ("from rnnbook.page import tutor", "other", True),
        ("from rnnbook.page import tutor", "my_own", False),
        ("from rnnbook.page import equations", "my_own", False),
        ("import rnnlib", "other", False),
    ],
)
def test_a_number_matters_where_its_chapter_is_named(book, code, renumbered, matters):
    page = chapters.ROOT / "rnnbook/page"
    page.mkdir(parents=True)
    for name in ("__init__", "page/__init__", "page/equations"):
        (page.parent / f"{name}.py").touch()
    (page / "tutor.py").write_text("label = f'eq-other-{2}'")
    nb, found = new_notebook(cells=[new_code_cell(code)]), []
    for digit in "12":
        new = {
            label: [digit if chapter == renumbered else number, chapter]
            for label, (number, chapter) in LABELS.items()
        }
        (page / "equations.json").write_text(json.dumps(new))
        found.append(tool.inputs_digest(nb))
    assert (found[0] != found[1]) == matters


def test_the_labels_of_equations_begin_with_their_chapter():
    for label, place in places().items():
        assert label.startswith(f"eq-{place.chapter.replace('_', '-')}-")


def test_figures_depend_on_matplotlibrc(book):
    nb = chapters.read(book)
    nb.cells[0].source = "import matplotlib.pyplot as plt"
    before = tool.inputs_digest(nb)
    (chapters.CHAPTERS / "matplotlibrc").write_text("figure.dpi: 200")
    assert tool.inputs_digest(nb) != before


def test_a_file_that_moves_is_a_change(book):
    before = tool.inputs_digest(chapters.read(book))
    figure = chapters.ROOT / "rnnlib/part/figure.js"
    figure.rename(figure.with_suffix(".css"))
    assert tool.inputs_digest(chapters.read(book)) != before


@pytest.mark.long
def test_recorded_outputs_are_not_executed_again(book, capsys):
    tool.run([], False)
    tool.STATE.unlink()
    assert tool.record([book]) == 0
    tool.run([], False)
    assert "a.ipynb: unchanged" in capsys.readouterr().out
    (chapters.ROOT / "rnnlib/core.py").write_text("x = 2\n")
    tool.run([], False)
    assert "unchanged" not in capsys.readouterr().out


@pytest.mark.long
def test_verify_counts_complaints(book):
    assert tool.verify([book]) > 0
    tool.run([], False)
    assert tool.verify([book]) == 0
