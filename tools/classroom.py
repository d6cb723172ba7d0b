"""Try the assignments in nbgrader and in otter, with their own commands.

    python -m tools.classroom FOLDER_OF_PROGRAMS [CHAPTER ...]

Without a chapter, all that have answer cells are tried, one after the other; that takes
hours. Three students return each chapter: one with all solutions, one with a wrong
answer to every exercise, out of those that the chapter's module keeps, and one who
returns it as it came. Each exercise has to get the marks that its parts are worth, in
both programs; feedback has to be written. Exits 1 when something is otherwise.
"""

import csv
import json
import os
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

from rnnbook.tutor.answers.checking import check_answer, known
from tools import ROOT, assignments, chapters
from tools.exercises import checks, defines
from tools.notebooks import dumps

WORK = ROOT / "_build" / "trial"
STUDENTS = ("solved", "wrong", "empty")


def with_answers():
    """The names of the chapters that have an answer cell with a check."""
    return [p.stem for p in chapters.paths() if checks(chapters.read(p))]


def wrong_answer(label, number):
    """A wrong answer to an exercise, as it stands in its module."""
    wrong = known()[label].wrong
    return list(wrong.values())[number % len(wrong)]


def wrong_source(label, function, number):
    """The answer cell of a student who is wrong."""
    return (
        f"def {function}(*arguments):\n"
        "    from rnnbook.tutor.answers.checking import known\n\n"
        f'    exercise = known()["{label}"]\n'
        f"    answer = list(exercise.wrong.values())[{number} % len(exercise.wrong)]\n"
        "    return answer if exercise.called else answer(*arguments)"
    )


def solutions(name):
    """{label: solution} of a chapter, as its module has them."""
    return import_module(f"rnnbook.tutor.answers.chapters.{name}").SOLUTIONS


def expected(name, student, wanted, worth):
    """{label: marks} that a student has to get."""
    found = {}
    for number, label in enumerate(wanted):
        if student == "empty":
            found[label] = 0.0
            continue
        answer = wrong_answer(label, number)
        called = known()[label].called
        report = check_answer(label, (lambda a=answer: a) if called else answer)
        share = 1.0 if student == "solved" else report.share
        found[label] = round(worth[label] * share, 2)
    return found


def answered(nb, chapter, student):
    """What a student returns, made of the notebook that was handed out."""
    wanted = checks(chapter)
    solved = {
        label: cell.source
        for cell in chapters.code_cells(assignments.solved(chapter))
        if (label := assignments.answer_of(cell, wanted))
    }
    for cell in nb.cells:
        for number, (label, function) in enumerate(wanted.items()):
            if cell.cell_type != "code" or student == "empty":
                continue
            if defines(cell.source, function):
                cell.source = (
                    solved[label]
                    if student == "solved"
                    else wrong_source(label, function, number)
                )
    return nb


def run(command, folder, programs):
    """Run one command of a program; its words are shown when it fails."""
    private = WORK / "private"
    environment = {
        **os.environ,
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "OMP_NUM_THREADS": "1",
        "MPLBACKEND": "Agg",
        "HOME": str(private),
        "JUPYTER_DATA_DIR": str(private / "data"),
        "JUPYTER_CONFIG_DIR": str(private / "config"),
        "JUPYTER_RUNTIME_DIR": str(private / "runtime"),
        "IPYTHONDIR": str(private / "ipython"),
        "MPLCONFIGDIR": str(private / "matplotlib"),
    }
    done = subprocess.run(
        [str(programs / command[0]), *command[1:]],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        print(done.stdout[-2000:], done.stderr[-4000:])
        raise RuntimeError(f"{' '.join(map(str, command))}: failed")
    return done.stdout + done.stderr


def in_nbgrader(name, programs):
    """{student: {label: marks}} as nbgrader gives them."""
    course, chapter = WORK / "nbgrader", chapters.read(name)
    run(["nbgrader", "generate_assignment", name, "--force"], course, programs)
    released = course / "release" / name
    for student in STUDENTS:
        folder = course / "submitted" / student / name
        shutil.copytree(released, folder, dirs_exist_ok=True)
        path = folder / f"{name}.ipynb"
        nb = answered(chapters.read(path), chapter, student)
        path.write_text(dumps(nb), encoding="utf-8")
    run(["nbgrader", "autograde", name, "--force"], course, programs)
    run(["nbgrader", "generate_feedback", name, "--force"], course, programs)
    for student in STUDENTS:
        page = course / "feedback" / student / name / f"{name}.html"
        if not page.is_file():
            raise RuntimeError(f"{page}: no feedback")
    (course / "marks.py").write_text(MARKS, encoding="utf-8")
    told = run(["python", "marks.py", name], course, programs)
    return json.loads(told.splitlines()[-1])


MARKS = """import json
import sys

from nbgrader.api import Gradebook

with Gradebook("sqlite:///gradebook.db") as book:
    found = {
        s.student.id: {g.name: g.score for n in s.notebooks for g in n.grades}
        for s in book.assignment_submissions(sys.argv[1])
    }
print(json.dumps(found))
"""


def in_otter(name, programs):
    """{student: {label: marks}} as otter gives them."""
    folder, chapter = WORK / "otter" / name, chapters.read(name)
    notebook = f"{name}.ipynb"
    run(["otter", "assign", notebook, "dist"], folder, programs)
    package = next((folder / "dist" / "autograder").glob("*.zip"))
    found = {}
    for student in STUDENTS:
        own = folder / student
        shutil.copytree(folder / "dist" / "student", own, dirs_exist_ok=True)
        nb = answered(chapters.read(own / notebook), chapter, student)
        (own / notebook).write_text(dumps(nb), encoding="utf-8")
        run(
            ["otter", "run", "-a", package, "-o", own, own / notebook], folder, programs
        )
        told = json.loads((own / "results.json").read_text(encoding="utf-8"))
        found[student] = {
            test["name"]: test["score"]
            for test in told["tests"]
            if test["name"] in known()
        }
    return found


def complaints(name, program, found, worth):
    """Where the marks are not those that are due."""
    wanted = checks(chapters.read(name))
    for student in STUDENTS:
        for label, due in expected(name, student, wanted, worth).items():
            got = found.get(student, {}).get(label)
            if got is None or abs(got - due) > 0.02:
                yield f"{program}, {student}, {label}: {got}, and {due} are due"


def tried(name, program, programs, worth):
    """The rows of one chapter in one program, and what is wrong with them."""
    marks = {"nbgrader": in_nbgrader, "otter": in_otter}[program]
    try:
        found = marks(name, programs)
    except (RuntimeError, OSError, ValueError, StopIteration) as error:
        return [], [f"{program}, {name}: {error}"]
    rows = [
        (name, program, student, round(sum(found.get(student, {}).values()), 2))
        for student in STUDENTS
    ]
    return rows, list(complaints(name, program, found, worth))


def main(arguments=None):
    """Parse the command line; each row is printed when it is known."""
    programs, *names = sys.argv[1:] if arguments is None else arguments
    programs, wrong = Path(programs).resolve(), []
    shutil.rmtree(WORK, ignore_errors=True)
    names = names or with_answers()
    assignments.write([chapters.path_of(name) for name in names], WORK)
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(("chapter", "program", "student", "marks", "of"))
    for name in names:
        worth = assignments.points(name)
        most = sum(worth[label] for label in checks(chapters.read(name)))
        for program in ("nbgrader", "otter"):
            rows, said = tried(name, program, programs, worth)
            writer.writerows((*row, most) for row in rows)
            print(*said, sep="\n", end="\n" if said else "", flush=True)
            wrong += said
    print("make classroom:", "FAILED" if wrong else "PASSED")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
