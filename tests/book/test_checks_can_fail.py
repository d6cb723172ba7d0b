"""Each check of a notebook complains about what it is there for."""

import copy
import subprocess
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tests.book import code_checks
from tests.book import notebook_checks as checks
from tools import ROOT, chapters
from tools import notebooks as tool
from tools.environment import isolate

pytestmark = pytest.mark.long


def image(kind="image/png"):
    """An output that holds an image, as it was drawn."""
    data = {kind: "AAAA", "text/plain": "<Figure, plotted 0123456789ab>"}
    output = new_output("display_data", data=data)
    if kind == "image/png":
        output.metadata[tool.PICTURE] = tool.picture_digest(output)
    return output


def sound():
    """A chapter called `demo` that passes every check."""
    text = "# Demo\n\n" + "\n\n".join(f"## {name}" for name in checks.SECTIONS)
    text += "\n\n$$ a $$ (eq-demo-a)\n\n:::{prf:theorem}\n:label: thm-demo-b\n:::"
    figure = {
        "image": {"alt": "A line."},
        "figure": {"caption": "A line.", "name": "fig-demo-line"},
    }
    nb = new_notebook(
        cells=[
            new_markdown_cell(text, id="title"),
            new_code_cell("import rnnlib", id="setup", execution_count=1),
            new_code_cell(
                "print(1)",
                id="check",
                execution_count=2,
                outputs=[new_output("stream", name="stdout", text="1\n")],
            ),
            new_code_cell(
                "plot()",
                id="plot",
                execution_count=3,
                outputs=[image()],
                metadata={"mystnb": figure},
            ),
        ],
        metadata={"language_info": {"name": "python"}},
    )
    nb.metadata[tool.STAMP] = tool.code_digest(nb)
    return tool.normalised(nb)


def complaints(nb):
    """Everything that the checks of one notebook say."""
    return (
        tool.execution_complaints(nb)
        + tool.form_complaints(nbformat.writes(nb).rstrip("\n") + "\n")
        + checks.leak_complaints(nb)
        + checks.image_complaints(nb)
        + checks.structure_complaints(nb)
        + checks.label_complaints(nb, "demo")
        + checks.source_complaints(nb)
        + checks.order_complaints(nb)
    )


def edit(cell, **changes):
    """A defect: attributes of the cell of this number are replaced."""

    def apply(nb):
        nb.cells[cell].update(copy.deepcopy(changes))

    return apply


def text(addition):
    """A defect: something is added to the prose."""

    def apply(nb):
        nb.cells[0].source += "\n\n" + addition

    return apply


def printed(line):
    """A defect: a cell prints this line."""
    return edit(2, outputs=[new_output("stream", name="stdout", text=line)])


def drawn(key, value):
    """A defect: the picture, or the text that says what it plots, is another."""

    def apply(nb):
        nb.cells[3].outputs[0].data[key] = value

    return apply


def figure(**changes):
    """A defect: the rendering of the figure is changed."""
    return edit(3, metadata={"mystnb": changes})


DEFECTS = {
    "unexecuted cell": (edit(2, execution_count=None, outputs=[]), "count None"),
    "wrong order": (edit(2, execution_count=7), "execution count 7, expected 2"),
    "edited cell": (edit(2, source="print(2)"), "differs from the code that"),
    "error": (
        edit(2, outputs=[new_output("error", ename="E", evalue="", traceback=[])]),
        "error output E",
    ),
    "dirty metadata": (edit(1, metadata={"execution": {"a": "b"}}), "not normalised"),
    "path": (printed("saved in /home/someone/x"), "absolute path"),
    "path in the source": (text("see /opt/notes"), "absolute path"),
    "checkout": (printed(f"in {ROOT}/x"), "path of this checkout"),
    "address": (printed("<f at 0x7f0011223344>"), "memory address"),
    "timing": (printed("it took 0.31 s"), "timing"),
    "date": (printed("2025-01-02 10:11"), "time of day"),
    "svg": (edit(3, outputs=[image("image/svg+xml")]), "not PNG"),
    "another picture": (drawn("image/png", "AAAB"), "another picture"),
    "other data": (drawn("text/plain", "<Figure, plotted 0>"), "another picture"),
    "no digest": (drawn("text/plain", "<Figure>"), "without a digest of what"),
    "two images": (edit(3, outputs=[image(), image()]), "2 images"),
    "no alt": (figure(figure={"caption": "c", "name": "fig-demo-l"}), "without alt"),
    "no caption": (figure(image={"alt": "a"}), "without caption"),
    "markdown image": (text("![](a.png)"), "markdown image"),
    "no set-up": (edit(1, source="1 + 1"), "not a set-up cell"),
    "no summary": (edit(0, source="## Exercises"), "no section 'Summary'"),
    "foreign label": (text("$$ b $$ (eq-bptt-b)"), "label eq-bptt-b"),
    "bare label": (text("(demo)=\n## Here"), "label demo"),
    "label twice": (text("$$ b $$ (eq-demo-a)"), "eq-demo-a is defined twice"),
    "backticks": (text("```{note}\nx\n```"), "directive in backticks"),
    "math directive": (text(":::{math}\nx\n:::"), "formulas with dollars"),
    "print, show, print": (
        edit(2, source="print(1)\nshow('a', a)\nprint(2)"),
        "cell check: prints, displays and prints again",
    ),
    "both in a loop": (
        edit(2, source="for a in b:\n    print(a)\n    display(a)"),
        "cell check: prints, displays and prints again",
    ),
    "long line": (edit(2, source="x = " + "1" * 90), "line of 94 characters"),
}


def test_sound_notebook_has_no_complaint():
    assert complaints(sound()) == []


@pytest.mark.parametrize("name", DEFECTS)
def test_defect_is_noticed(name):
    defect, expected = DEFECTS[name]
    nb = sound()
    defect(nb)
    assert [c for c in complaints(nb) if expected in c], complaints(nb)


def test_clashing_labels_are_noticed():
    assert checks.clash_complaints({"a": ["eq-x"], "b": ["eq-x"], "c": ["eq-y"]})


@pytest.mark.parametrize(
    "package, line",
    [
        ("rnnlib", "import sympy"),
        ("rnnlib", "from rnnlib.symbolic import derive"),
        ("rnnlib", "from .symbolic import derive"),
        ("rnnlib", "from rnnlib import symbolic"),
        ("rnnlib", "import scipy"),
        ("rnnlib", "from rnnlib import pointprocess"),
        ("rnnlib", "from rnnlib.training import train"),
        ("rnnlib", "import tqdm"),
        ("rnnlib.symbolic", "from rnnlib import pointprocess"),
        ("rnnlib.pointprocess", "from rnnlib import symbolic"),
        ("rnnlib.symbolic", "import matplotlib.pyplot as plt"),
        ("rnnlib", "from rnnlib.char import Alphabet"),
        ("rnnlib.training", "from rnnlib.char import Alphabet"),
        ("rnnlib.symbolic", "from rnnlib.training import train"),
        ("rnnlib.char", "from rnnlib import symbolic"),
        ("rnnlib.char", "import sympy"),
        ("rnnlib.char", "import safetensors"),
    ],
)
def test_wrong_import_is_noticed(package, line):
    assert code_checks.import_complaints(line, package)


def test_right_imports_pass():
    assert not code_checks.import_complaints("import numpy, math", "rnnlib")
    assert not code_checks.import_complaints("from . import losses", "rnnlib")
    assert not code_checks.import_complaints("import sympy", "rnnlib.symbolic")
    assert not code_checks.import_complaints("import scipy", "rnnlib.pointprocess")
    assert not code_checks.import_complaints("import tqdm", "rnnlib.training")
    assert not code_checks.import_complaints(
        "from rnnlib.training import train", "rnnlib.char"
    )
    assert not code_checks.import_complaints(
        "from rnnlib.char import text", "rnnlib.char"
    )
    assert not code_checks.import_complaints("import rnnlib.characters", "rnnlib")


def nbval(path):
    """Run nbval on one notebook in a process of its own."""
    options = ["--nbval", "--nbval-current-env", "-p", "no:cacheprovider", "-q"]
    command = [sys.executable, "-m", "pytest", *options, "--rootdir", str(path.parent)]
    return subprocess.run([*command, str(path)], capture_output=True, text=True)


def smallest_printing_chapter():
    """The chapter with the fewest cells among those that print something."""
    found = [(p, chapters.read(p)) for p in chapters.paths()]
    found = [(len(nb.cells), str(p), nb) for p, nb in found if list(streams(nb))]
    return min(found, key=lambda entry: entry[:2])[2]


def streams(nb):
    """What the cells of a notebook printed."""
    for cell in chapters.code_cells(nb):
        yield from (o for o in cell.outputs if o.output_type == "stream")


def test_nbval_notices_a_stale_output(tmp_path):
    nb = smallest_printing_chapter()
    path = tmp_path / "copy.ipynb"
    nbformat.write(nb, path)
    done = nbval(path)
    assert done.returncode == 0, done.stdout
    next(streams(nb)).text += "stale\n"
    nbformat.write(nb, path)
    done = nbval(path)
    assert done.returncode == 1 and "1 failed" in done.stdout, done.stdout


def test_nbval_notices_that_other_data_is_plotted(tmp_path):
    """A whole figure of another chapter, its picture, its text and their digest."""
    isolate()
    made = []
    for y in ("[1, 2, 4]", "[1, 2, 5]"):
        cell = new_code_cell(
            f"import matplotlib.pyplot as plt\n_ = plt.plot({y})", id="plot"
        )
        made.append(tool.execute(new_notebook(cells=[cell]), cwd=tmp_path))
    right, other = (nb.cells[0].outputs[-1] for nb in made)
    assert right.data["text/plain"] != other.data["text/plain"]
    path = tmp_path / "copy.ipynb"
    nbformat.write(made[0], path)
    assert nbval(path).returncode == 0
    made[0].cells[0].outputs[-1] = other
    assert tool.execution_complaints(made[0]) == []
    nbformat.write(made[0], path)
    done = nbval(path)
    assert done.returncode == 1 and "1 failed" in done.stdout, done.stdout
