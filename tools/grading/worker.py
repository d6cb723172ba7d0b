"""Run one answer, in a process of its own.

    python -m tools.grading.worker FOLDER

The folder holds ``task.json``, from the grader: the cells to run, the name of the
function, and arguments to call it with. What the function returns is written as plain
JSON to ``answer.json``; nothing else leaves.
"""

import json
import os
import sys
from pathlib import Path

import numpy as np

from tools.grading import isolation
from tools.grading.plain import packed, unpacked


def called(function, arguments):
    """The packed result of one call, or the error in words."""
    try:
        return {"value": packed(function(*arguments))}
    except NotImplementedError as stub:
        return {"stub": str(stub)[:200]}
    except BaseException as error:  # a student's code may do anything
        return {"error": f"{type(error).__name__}: {error}"[:300]}


def run(task):
    """The answer of a task as a table that JSON can say."""
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
    if task["kind"] == "Code":
        return {"calls": [called(function, a) for a in task["arguments"]]}
    if task["kind"] != "Mistake":
        return {"calls": [called(function, ())]}
    try:
        lines, mended, example = function()
        given = {"lines": packed(lines), "example": packed(example)}
    except NotImplementedError as stub:
        return {"calls": [{"stub": str(stub)[:200]}]}
    except BaseException as error:
        return {"calls": [{"error": f"{type(error).__name__}: {error}"[:300]}]}
    return given | {"calls": [called(mended, a) for a in task["arguments"]]}


def main(folder):
    """Run the task of a folder under all limits."""
    folder = Path(folder).resolve()
    task = json.loads((folder / "task.json").read_text(encoding="utf-8"))
    task["arguments"] = [unpacked(a) for a in task["arguments"]]
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
