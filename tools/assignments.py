"""Write the exercises as assignments for nbgrader and for otter.

    python -m tools.assignments [--seed N] [--out FOLDER] [CHAPTER ...]

Both come from the chapters, as the reader's notebooks do, and take in every exercise
that has a check. Solutions are marked, not removed: the two programs remove them when
they write what is handed out. One check an exercise gives marks for each part; it
lets nothing onto the error stream, for which nbgrader takes all points.
"""

import argparse
import ast
import copy
import shutil
import sys
import textwrap
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_raw_cell

from reference.exercises import exercises
from rnnbook.tutor.answers.checking import parts, posed
from tools import ROOT, chapters
from tools.exercises import TAG, checks, defines, with_seed, without_folds
from tools.grading.collecting import CHECK, needed
from tools.notebooks import STAMP, dumps
from tools.plain import in_any_jupyter

OUT = ROOT / "assignments"
SECONDS = 300  # for a cell; the default of nbgrader is 30
CONFIG = f"""c = get_config()
c.CourseDirectory.course_id = "rnn"
c.ExecutePreprocessor.timeout = {SECONDS}
c.ClearSolutions.code_stub = {{
    "python": 'raise NotImplementedError("not written yet")',
}}
"""


def points(name):
    """{label: points} of a chapter: one for each star."""
    return {e.label: e.stars for e in exercises(chapters.texts_of(name))}


def solved(nb):
    """A chapter with its marked answers and checks, and without any other solution."""
    new = copy.deepcopy(nb)
    new.cells = without_folds(nb.cells, unsolved=lambda source: source)
    kept = {cell.id for cell in new.cells}
    folded = [c.source for c in chapters.code_cells(nb) if c.id not in kept]
    wanted = checks(nb)
    for cell in new.cells:
        if label := answer_of(cell, wanted):
            cell.source = with_helpers(cell.source, wanted[label], nb, folded)
    new = in_any_jupyter(new)
    new.metadata.pop(STAMP, None)
    for cell in new.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return new


def with_helpers(source, function, nb, folded):
    """An answer with the functions of folded cells that it calls, inside its marks."""
    cells = [cell.source for cell in chapters.code_cells(nb)]
    helpers = "".join(
        f"{textwrap.indent(ast.get_source_segment(one, node), ' ' * 4)}\n\n"
        for one in needed(cells, function)
        if one in folded
        for node in ast.parse(one).body
        if isinstance(node, ast.FunctionDef) and node.name in source
    )
    opening = "    # BEGIN SOLUTION\n"
    return source.replace(opening, opening + helpers, 1)


def answer_of(cell, wanted):
    """The label whose answer a cell defines, or None."""
    if TAG not in cell.metadata.get("tags", []):
        return None
    for label, name in wanted.items():
        if defines(cell.source, name):
            return label
    return None


def check_of(cell, wanted):
    """The label that a cell checks, or None."""
    found = CHECK.findall(cell.source) if cell.cell_type == "code" else []
    return next((label for label, _ in found if label in wanted), None)


def graded(label, function, more=""):
    """The first lines of a check that stays silent on the error stream."""
    return (
        "from rnnbook.tutor.answers import check_answer, quiet\n\nwith quiet():\n"
        f'    {function}_answer = check_answer("{label}", {function}{more})'
    )


# nbgrader


def _marked(cell, grade_id, **more):
    """A cell with the metadata of nbgrader, in the third version of its schema."""
    facts = {"grade": False, "locked": False, "solution": False, "task": False}
    cell.metadata["nbgrader"] = {
        "schema_version": 3,
        "grade_id": grade_id,
        **facts,
        **more,
    }


def nbgrader(nb, worth, seed=None):
    """A chapter as the source of an assignment of nbgrader."""
    new, wanted = solved(with_seed(nb, seed)), checks(nb)
    more = "" if seed is None else f", seed={seed}"
    for cell in new.cells:
        if label := answer_of(cell, wanted):
            _marked(cell, f"answer-{label}", solution=True)
        elif label := check_of(cell, wanted):
            function = wanted[label]
            value = worth[label]
            cell.source = (
                f"{graded(label, function, more)}\n{function}_answer.marks({value})"
            )
            _marked(cell, label, grade=True, locked=True, points=value)
    nbformat.validate(new)
    return new


# otter


def _raw(*lines):
    return new_raw_cell("\n".join(lines))


def _test(label, function, name, number, more):
    """One test of otter, for one part; the parts share the points of the question."""
    test = f"test_{function}_{number}"
    lines = [
        '""" # BEGIN TEST CONFIG',
        f"name: {test}",
        '""" # END TEST CONFIG',
        f"def {test}({function}):",
        "    from rnnbook.tutor.answers import check_answer, quiet",
        "",
        "    with quiet():",
        f'        answer = check_answer("{label}", {function}{more})',
        f"    assert answer.has({name!r}), answer",
    ]
    return new_code_cell("\n".join(lines))


def otter(nb, worth, files=(), seed=None):
    """A chapter as the master of an assignment of otter."""
    new, wanted = solved(with_seed(nb, seed)), checks(nb)
    more = "" if seed is None else f", seed={seed}"
    config = ["# ASSIGNMENT CONFIG", "init_cell: false", "export_cell: false"]
    config += [
        "check_all_cell: false",
        "generate: true",
        "tests:",
        "    ok_format: false",
    ]
    config += ["files:", *(f"    - {name}" for name in files)] if files else []
    cells = [_raw(*config)]
    for cell in new.cells:
        if label := answer_of(cell, wanted):
            cells += [
                _raw("# BEGIN QUESTION", f"name: {label}", f"points: {worth[label]}"),
                _raw("# BEGIN SOLUTION"),
                cell,
                _raw("# END SOLUTION"),
            ]
        elif label := check_of(cell, wanted):
            names = parts(posed(label, seed).kind)
            cells.append(_raw("# BEGIN TESTS"))
            cells += [
                _test(label, wanted[label], name, k, more)
                for k, name in enumerate(names, start=1)
            ]
            cells += [_raw("# END TESTS"), _raw("# END QUESTION")]
        else:
            cells.append(cell)
    new.cells = cells
    nbformat.validate(new)
    return new


def write(paths, out, seed=None):
    """Write both forms of every chapter that has a check; returns their names."""
    (out / "nbgrader").mkdir(parents=True, exist_ok=True)
    (out / "nbgrader" / "nbgrader_config.py").write_text(CONFIG, encoding="utf-8")
    names = []
    for path in paths:
        nb = chapters.read(path)
        if not checks(nb):
            continue
        name, worth = path.stem, points(path.stem)
        beside = [chapters.path_of(name).with_name("matplotlibrc")]
        beside += [file for file in chapters.data_of(nb) if file not in beside]
        forms = {
            out / "nbgrader" / "source" / name: nbgrader(nb, worth, seed),
            out / "otter" / name: otter(
                nb, worth, [file.name for file in beside], seed
            ),
        }
        for folder, new in forms.items():
            folder.mkdir(parents=True, exist_ok=True)
            for file in beside:
                shutil.copy(file, folder)
            (folder / path.name).write_text(dumps(new), encoding="utf-8")
        names.append(name)
    return names


def main(arguments=None):
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seed", type=int, help="other numbers in the exercises")
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("chapters", nargs="*", type=Path)
    args = parser.parse_args(arguments)
    out = args.out.resolve()
    for name in write(args.chapters or chapters.paths(), out, args.seed):
        print(f"{name}: written for nbgrader and for otter")
    print(
        f"They are in {out}; they have solutions: hand out what the two make of them."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
