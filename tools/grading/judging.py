"""Run an answer under limits, and judge here what came back as plain values."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import matplotlib

from rnnbook.tutor.answers.checking import posed
from rnnbook.tutor.answers.kinds import Code, Mistake, Parts, Samples
from rnnlib import Params
from tools import ROOT
from tools.grading import isolation
from tools.grading.collecting import needed
from tools.grading.plain import packed, unpacked

SECONDS, WALL = isolation.SECONDS, 120  # the second is by the clock
LARGEST = 20 * 2**20  # of an answer, in bytes


@dataclass(frozen=True)
class Grade:
    """The verdict on one exercise of one student."""

    student: str
    label: str
    right: bool
    parts: tuple = ()  # what is right
    slips: tuple = ()  # pairs: a part, and what is wrong with it
    problem: str = ""

    @property
    def slip(self):
        """In one line."""
        return self.problem or "; ".join(f"{part}: {said}" for part, said in self.slips)


class _Recorded:
    """A function that returns what a student's function returned, call by call."""

    def __init__(self, calls):
        self.calls = iter(calls)

    def __call__(self, *arguments):
        found = next(self.calls, {"error": "was not called"})
        if "stub" in found:
            raise NotImplementedError(found["stub"])
        if "error" in found:
            raise RuntimeError(found["error"])
        return unpacked(found["value"])


def grade(student, label, name, cells, seed=None):
    """The `Grade` of one answer, to the exercise as it is posed with a seed."""
    exercise = posed(label, seed)
    kind = exercise.kind
    arguments = list(kind.cases().values()) if isinstance(kind, (Code, Mistake)) else []
    if not _travels(kind, arguments):
        return Grade(student, label, False, problem=BY_HAND)
    task = {
        "cells": needed(cells, name),
        "name": name,
        "kind": type(kind).__name__,
        "arguments": [packed(a) for a in arguments],
        "seconds": SECONDS,
    }
    found = answered(task)
    if "problem" in found:
        return Grade(student, label, False, problem=str(found["problem"])[:300])
    try:
        given = _given(kind, found)
        verdict = kind.check(given)
    except NotImplementedError as stub:
        return Grade(student, label, False, problem=str(stub))
    except Exception as error:  # what came back may be of any form
        words = f"the answer cannot be read: {error}"
        return Grade(student, label, False, problem=words[:300])
    slips = tuple(verdict.wrong.items())
    return Grade(student, label, verdict.ok, verdict.right, slips)


BY_HAND = (
    "is not graded here: functions, or arguments that are no plain numbers, do not "
    "leave the student's process; the check in the notebook judges it"
)


def _travels(kind, arguments):
    """True when the arguments of a check and its answer are plain values."""
    parts = kind.kinds.values() if isinstance(kind, Parts) else ()
    if isinstance(kind, Samples) or any(isinstance(p, (Code, Samples)) for p in parts):
        return False
    return all(map(_plain, arguments))


def _plain(value):
    """True for what comes back as it is sent."""
    if isinstance(value, (tuple, list)):
        named = hasattr(value, "_fields") and type(value) is not Params
        return not named and all(map(_plain, value))
    try:
        packed(value)
    except ValueError:
        return False
    return True


def _given(kind, found):
    """The answer as the check takes it."""
    calls = found["calls"]
    if isinstance(kind, Code):
        if any("stub" in c for c in calls):
            raise NotImplementedError(calls[0].get("stub", "not written yet"))
        return _Recorded(calls)
    if isinstance(kind, Mistake):
        if "lines" not in found:
            return _Recorded(calls)()
        lines = unpacked(found["lines"])
        lines = {int(n) for n in (lines if isinstance(lines, tuple) else (lines,))}
        return lines, _Recorded(calls), _as_arguments(kind, unpacked(found["example"]))
    return _Recorded(calls)()


def _as_arguments(kind, given):
    """A counterexample with the types of the cases: parameters are `Params` again."""
    like = next(iter(kind.cases().values()))
    return tuple(
        type(model)(*part)
        if hasattr(model, "_fields") and isinstance(part, tuple)
        else part
        for model, part in zip(like, given, strict=True)
    )


def answered(task):
    """What a process of its own has answered, as plain values."""
    isolation.adopt_orphans()
    spared = set(isolation.children(os.getpid()))
    with tempfile.TemporaryDirectory(prefix="grading-") as name:
        folder = Path(name)
        (folder / "task.json").write_text(json.dumps(task), encoding="utf-8")
        for cached in _fonts():
            shutil.copy(cached, folder)
        environment = {
            "PATH": os.environ.get("PATH", ""),
            "HOME": name,
            "TMPDIR": name,
            "MPLCONFIGDIR": name,
            "MPLBACKEND": "Agg",
            "PYTHONPATH": str(ROOT),
            "OMP_NUM_THREADS": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        worker = [sys.executable, "-m", "tools.grading.worker", name]
        process = subprocess.Popen(
            worker,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            process.wait(WALL)
        except subprocess.TimeoutExpired:
            pass
        isolation.end(os.getpid(), spared)
        late = process.poll() is None
        if late:
            process.kill()
            process.wait()
        return _read(folder / "answer.json")


@cache
def _fonts():
    """The list of fonts that matplotlib keeps: made anew it takes many seconds."""
    return list(Path(matplotlib.get_cachedir()).glob("fontlist-*.json"))


def _read(path):
    """The table in a file, or what happened instead."""
    try:
        if path.is_symlink() or path.stat().st_size > LARGEST:
            return {"problem": "the answer is too large"}
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {"problem": "it took too long or too much memory, or ended early"}
    if not isinstance(found, dict) or not ({"calls", "problem"} & found.keys()):
        return {"problem": "the answer has no known form"}
    return found
