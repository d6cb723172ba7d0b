"""Returned notebooks are graded: solved, wrong, mangled, and hostile ones."""

import csv
import json
import os
import time

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tools import exercises as tool
from tools.chapters import path_of, read
from tools.grading import isolation, judging
from tools.grading.__main__ import grade_folder, main
from tools.grading.collecting import asked, collect, needed
from tools.grading.judging import answered
from tools.grading.plain import packed, unpacked
from tools.notebooks import dumps

pytestmark = pytest.mark.long

FORWARD = ("budget", "linear_proof", "to_logistic", "order_matters", "mean_mistake")


def solved(name="forward"):
    """The code of a chapter up to its exercises, and the solved answers."""
    return read(path_of(name))


def written(path, nb):
    """A notebook in a file."""
    path.write_text(dumps(nb), encoding="utf-8")


def small(*cells):
    """A notebook with what the answers need, and these cells."""
    setup = "import numpy as np\nimport rnnlib\nfrom rnnlib import Params"
    return new_notebook(cells=[new_code_cell(source=c) for c in (setup, *cells)])


def rows(out):
    """The table of grades."""
    with (out / "grades.csv").open(encoding="utf-8") as file:
        return {(r["student"], r["exercise"]): r for r in csv.DictReader(file)}


def test_every_answer_of_the_chapters_is_known_by_its_function():
    names = {a.name for a in asked().values() if a.chapter == "forward"}
    assert names == set(FORWARD)


def test_solved_wrong_and_unsolved_notebooks(tmp_path):
    right = solved()
    answers = [c.source for c in right.cells if tool.TAG in c.metadata.get("tags", [])]
    written(tmp_path / "ada.ipynb", small(*(a for a in answers if "net_pal" not in a)))
    new = tool.exercises(right)
    stubs = [c.source for c in new.cells if "raise NotImpl" in c.source]
    written(tmp_path / "emil.ipynb", small(stubs[0]))
    wrong = small(
        "def budget():\n    return 37, 37",
        "def order_matters():\n    return {}",
    )
    written(tmp_path / "kim.ipynb", wrong)
    out = tmp_path / "graded"
    grade_folder(tmp_path, out)
    table = rows(out)
    found = [r["right"] for (student, _), r in table.items() if student == "ada"]
    assert found.count("1") == 4
    assert table["ada", "ex-forward-order"]["slip"] == "the answer is missing"
    assert "is not written yet" in table["emil", "ex-forward-budget"]["slip"]
    budget = table["kim", "ex-forward-budget"]
    assert budget["right"] == "0" and "a learned h_0 adds h numbers" in budget["slip"]
    assert table["kim", "ex-forward-linear"]["slip"] == "the answer is missing"
    page = (out / "kim.html").read_text(encoding="utf-8")
    assert "Right: zero h_0." in page and "linear_proof is missing" in page
    assert "a learned h_0 adds h numbers" in (out / "slips.html").read_text("utf-8")


def test_copied_renamed_retyped_and_broken_cells_are_reported(tmp_path):
    nb = small(
        "def budget():\n    return 1, 1",
        "def budget():\n    return 37, 36",
        "%matplotlib inline\nthis is no python",
        'def mine():\n    return []\n\n\ncheck_answer("ex-forward-linear", mine)',
    )
    nb.cells.append(new_markdown_cell(source="def order_matters():\n    return 1"))
    written(tmp_path / "a.ipynb", nb)
    (tmp_path / "b.ipynb").write_text("{not json", encoding="utf-8")
    (tmp_path / "c.ipynb").write_text(json.dumps({"cells": 3}), encoding="utf-8")
    found = collect(tmp_path / "a.ipynb")
    told = "\n".join(found.notes)
    assert "budget is defined twice: the last counts" in told
    assert "is no Python that can be read" in told
    assert "mine stands for linear_proof" in told
    assert "is text, and was read as code" in told
    assert found.functions["ex-forward-linear"] == "mine"
    grade_folder(tmp_path, tmp_path / "out")
    assert "cannot be opened" in (tmp_path / "out" / "b.html").read_text("utf-8")
    assert rows(tmp_path / "out")["a", "ex-forward-budget"]["right"] == "1"


HOSTILE = {
    "loop": "while True:\n        pass",
    "memory": "x = [bytearray(2**28) for _ in range(40)]\n    return len(x), 36",
    "write": "open({outside!r}, 'w').write('here')\n    return 37, 36",
    "child": (
        "import subprocess\n    subprocess.Popen(['sleep', '987'], "
        "start_new_session=True)\n    return 1, 2"
    ),
    "liar": (
        "class Liar(float):\n        __eq__ = __le__ = lambda *a: True\n"
        "        __sub__ = __rsub__ = __abs__ = lambda *a: 0\n"
        "    return Liar(1), Liar(2)"
    ),
    "numpy": "np.allclose = lambda *a, **k: True\n    return 1, 2",
    "exit": "import os\n    os._exit(0)",
    "answer": (
        "open('answer.json', 'w').write('{{\"calls\": [{{\"value\": true}}]}}')\n"
        "    import os\n    os._exit(0)"
    ),
}


def test_hostile_answers_are_graded_zero_without_harm(tmp_path, monkeypatch):
    monkeypatch.setattr(judging, "SECONDS", 2)
    outside = tmp_path / "outside.txt"
    folder = tmp_path / "in"
    folder.mkdir()
    for name, body in HOSTILE.items():
        body = body.replace("{outside!r}", repr(str(outside))).replace("{{", "{")
        source = f"def budget():\n    {body.replace('}}', '}')}"
        written(folder / f"{name}.ipynb", small(source))
    grade_folder(folder, tmp_path / "out")
    table = rows(tmp_path / "out")
    for name in HOSTILE:
        assert table[name, "ex-forward-budget"]["right"] == "0", name
    if isolation_holds():
        assert not outside.exists()
    assert not [p for p in processes() if "sleep\0987" in p]


def isolation_holds():
    """True where a process can be kept from writing elsewhere (Landlock)."""
    pid = os.fork()
    if pid == 0:
        os._exit(0 if isolation.write_only_in("/tmp") else 1)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def processes():
    """The command lines that run."""
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/cmdline", encoding="utf-8") as file:
                    yield file.read()
            except OSError:
                continue


def test_only_the_cells_that_an_answer_needs_are_run():
    cells = ["import numpy as np", "a = 1", "1 / 0", "def f():\n    return np.ones(a)"]
    assert needed(cells, "f") == [cells[0], cells[1], cells[3]]
    task = {"cells": needed(cells, "f"), "name": "f", "label": "ex-forward-budget"}
    start = time.perf_counter()
    found = answered(task | {"seed": None, "seconds": 20})
    assert unpacked(found["answer"]["value"]).tolist() == [1.0]
    assert time.perf_counter() - start < 30


def test_a_name_means_what_the_last_cell_before_made_it():
    cells = [
        "x = 1",
        "for x in range(3):\n    print(x)",
        "y = x\nx = 5",
        "def f():\n    return y + late()",
        "y = 7",
        "def late():\n    return 1",
    ]
    assert needed(cells, "f") == [*cells[1:4], cells[5]]
    assert needed(["x = 1", "x += 1", "def f():\n    return x"], "f") == [
        "x = 1",
        "x += 1",
        "def f():\n    return x",
    ]
    assert needed(
        ["x = 1", "x = 2", "def f():\n    return [x for x in (1,)]"], "f"
    ) == ["def f():\n    return [x for x in (1,)]"]


def test_values_travel_as_plain_numbers():
    import numpy as np

    value = {("a", 1): np.arange(4.0).reshape(2, 2), "b": [True, None, {2}]}
    back = unpacked(json.loads(json.dumps(packed(value))))
    assert back["a", 1].tolist() == [[0, 1], [2, 3]] and back["b"] == (True, None, (2,))
    with pytest.raises(ValueError, match="a function is no answer"):
        packed(len if False else (lambda: 0))
    with pytest.raises(ValueError, match="nested too deeply"):
        deep = []
        for _ in range(20):
            deep = [deep]
        packed(deep)


def test_a_folder_that_is_none(tmp_path, capsys):
    assert main([str(tmp_path / "none")]) == 1
    assert "is no folder" in capsys.readouterr().out


def solution(label):
    """The cell of a chapter that solves an exercise, after what it imports."""
    exercise = asked()[label]
    cells = [c.source for c in read(path_of(exercise.chapter)).cells]
    imports = next(c for c in cells if c.startswith("import "))
    return exercise.name, [
        imports,
        next(c for c in cells if f"def {exercise.name}(" in c and "BEGIN" in c),
    ]


ANY = [  # arguments and answers that are no plain numbers
    "ex-point-process-fits-thinning",  # a function that draws
    "ex-point-process-window",  # arguments are named tuples
    "ex-point-process-silence",  # a function in a result
]


@pytest.mark.parametrize("label", ANY)
def test_arguments_are_made_where_the_answer_runs(label):
    name, cells = solution(label)
    right = judging.grade("a", label, name, cells)
    assert right.right, right.slip


def test_what_is_not_graded_is_said():
    label = "ex-long-memories-bias"  # a function that returns a function
    name, cells = solution(label)
    assert judging.grade("a", label, name, cells).problem == judging.BY_HAND


def test_a_refusal_comes_back_as_one():
    calls = [{"error": "expected more", "type": "ValueError"}, {"error": "x"}]
    function = judging.Recorded(calls)
    with pytest.raises(ValueError, match="expected more"):
        function()
    with pytest.raises(RuntimeError, match="x"):
        function()
