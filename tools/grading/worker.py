"""Run one answer, in a process of its own.

    python -m tools.grading.worker FOLDER

The folder holds ``task.json``, from the grader: the cells to run, the label of the
exercise, its seed and the name of the function. The arguments of the check are made
here, before a line of the student's runs. What the function returns is written as plain
JSON to ``answer.json``; nothing else leaves.
"""

import json
import os
import sys
from copy import deepcopy
from functools import partial
from pathlib import Path

import numpy as np

from rnnbook.tutor.answers.checking import posed
from rnnbook.tutor.answers.kinds import Code, Mistake, Parts, Samples, parts_of
from tools.grading import isolation
from tools.grading.plain import packed, unpacked


def called(function, arguments=()):
    """The packed result of one call, or the error in words."""
    try:
        return {"value": packed(function(*arguments))}
    except NotImplementedError as stub:
        return {"stub": str(stub)[:200]}
    except BaseException as error:  # a student's code may do anything
        return {"error": str(error)[:300], "type": type(error).__name__}


def arguments(kind):
    """What the check of this kind calls functions with, by part where there are any."""
    if isinstance(kind, Parts):
        return {name: arguments(part) for name, part in kind.kinds.items()}
    if isinstance(kind, (Code, Mistake)):
        return list(kind.cases().values())
    return []


def recorded(kind, given, cases):
    """What is judged of an answer, as plain values."""
    if isinstance(kind, Code):
        return [called(lambda *a: kind.result(given(*a)), c) for c in deepcopy(cases)]
    if isinstance(kind, Samples):
        return [called(lambda: kind.draw(given))]
    if isinstance(kind, Mistake):
        lines, mended, example = parts_of(given, kind.PARTS).values()
        calls = [called(mended, c) for c in deepcopy(cases)]
        return {"lines": packed(lines), "mended": calls, "example": packed(example)}
    if isinstance(kind, Parts):
        given = parts_of(given, tuple(kind.kinds))
        return {
            name: recorded(part, given[name], cases[name])
            for name, part in kind.kinds.items()
            if name in given
        }
    return logged(kind, given)


def logged(kind, given):
    """The answer, and what its functions return, call by call of the check."""
    functions = []
    answer, logs = packed(given, functions=functions), [[] for _ in functions]

    def recording(function, log):
        def call(*arguments, **options):
            found = called(partial(function, **options), arguments)
            log.append(found)
            if "value" not in found:
                raise RuntimeError(found.get("error", "not written yet"))
            return unpacked(found["value"])

        return call

    if functions:
        pairs = zip(functions, logs, strict=True)
        kind.check(unpacked(answer, [recording(f, log) for f, log in pairs]))
        if any(found.get("type") == "NoPlainForm" for log in logs for found in log):
            return {"opaque": True}
    return {"value": answer, "logs": logs}


def run(task):
    """The answer of a task as a table that JSON can say."""
    exercise = posed(task["label"], task["seed"])
    cases = arguments(exercise.kind)
    space, problems = {"__name__": "__main__"}, []
    for source in task["cells"]:
        try:
            exec(compile(source, "<cell>", "exec"), space)
        except BaseException as error:
            problems.append(f"{type(error).__name__}: {error}"[:200])
    function = space.get(task["name"])
    if not callable(function):
        said = problems[0] if problems else "it is not defined"
        return {"problem": f"{task['name']} cannot be run: {said}"}
    try:
        given = function() if exercise.called else function
        return {"answer": recorded(exercise.kind, given, cases)}
    except NotImplementedError as stub:
        return {"problem": str(stub)[:200]}
    except BaseException as error:
        said = f"{type(error).__name__}: {error}"[:300]
        return {"problem": f"the answer cannot be read: {said}"}


def main(folder):
    """Run the task of a folder under all limits."""
    folder = Path(folder).resolve()
    task = json.loads((folder / "task.json").read_text(encoding="utf-8"))
    sink = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(sink, stream)
    os.chdir(folder)
    isolation.limit(task["seconds"])
    isolation.cut_network()
    isolation.write_only_in(str(folder))
    with np.errstate(all="ignore"):
        found = run(task)
    (folder / "answer.json").write_text(json.dumps(found), encoding="utf-8")
    os._exit(0)  # without waiting for threads


if __name__ == "__main__":
    main(sys.argv[1])
