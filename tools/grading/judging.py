"""Run an answer under limits, and judge here what came back as plain values."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path

import matplotlib

from rnnbook.tutor.answers.checking import posed
from rnnbook.tutor.answers.kinds import Code, Mistake, Parts, Samples
from tools import ROOT, chapters
from tools.grading import isolation
from tools.grading.collecting import needed
from tools.grading.plain import unpacked

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


class Recorded:
    """A function that returns what a student's function returned, call by call."""

    def __init__(self, calls):
        self.calls = iter(calls)

    def __call__(self, *arguments, **options):
        found = next(self.calls, {"error": "was not called"})
        if "stub" in found:
            raise NotImplementedError(found["stub"])
        if "error" in found:
            known = {"ValueError": ValueError}  # what a check may expect
            raise known.get(found.get("type"), RuntimeError)(found["error"])
        return unpacked(found["value"])


def grade(student, label, name, cells, seed=None):
    """The `Grade` of one answer, to the exercise as it is posed with a seed."""
    exercise = posed(label, seed)
    task = {
        "cells": needed(cells, name),
        "name": name,
        "label": label,
        "seed": seed,
        "seconds": SECONDS,
    }
    found = answered(task)
    if "problem" in found:
        return Grade(student, label, False, problem=str(found["problem"])[:300])
    try:
        kind, given = replayed(exercise.kind, found["answer"])
        verdict = kind.check(given)
    except NotImplementedError as stub:
        return Grade(student, label, False, problem=str(stub))
    except Exception as error:  # what came back may be of any form
        words = f"the answer cannot be read: {error}"
        return Grade(student, label, False, problem=words[:300])
    slips = tuple(verdict.wrong.items())
    return Grade(student, label, verdict.ok, verdict.right, slips)


BY_HAND = (
    "is not graded here: what a function in the answer returns is no plain number; the "
    "check in the notebook judges it"
)


def replayed(kind, found):
    """The kind and the answer that its check takes, out of what was recorded."""
    if isinstance(kind, Code):
        return _of_results(kind), _written(found)
    if isinstance(kind, Samples):
        return replace(kind, draw=partial(_drawn, kind.draw)), _written(found)
    if isinstance(kind, Mistake):
        lines = unpacked(found["lines"])
        lines = {int(n) for n in (lines if isinstance(lines, tuple) else (lines,))}
        example = _as_arguments(kind, unpacked(found["example"]))
        return kind, (lines, _written(found["mended"]), example)
    if isinstance(kind, Parts):
        pairs = {n: replayed(kind.kinds[n], part) for n, part in found.items()}
        kinds = kind.kinds | {n: k for n, (k, _) in pairs.items()}
        return replace(kind, kinds=kinds), {n: given for n, (_, given) in pairs.items()}
    if "opaque" in found:
        raise NotImplementedError(BY_HAND)
    return kind, unpacked(found["value"], [Recorded(log) for log in found["logs"]])


def _written(calls):
    """The recorded function; an answer that is a stub is none."""
    for call in calls:
        if "stub" in call:
            raise NotImplementedError(call["stub"] or "not written yet")
    return Recorded(calls)


def _of_results(code):
    """A `Code` that compares results which its own ``result`` has gone over already."""

    def of(function):
        return lambda *arguments: code.result(function(*arguments))

    slips = {words: of(function) for words, function in code.slips.items()}
    return replace(code, right=of(code.right), slips=slips, result=lambda found: found)


def _drawn(draw, function):
    """The recorded draws, or those of a function that is at hand."""
    return function() if isinstance(function, Recorded) else draw(function)


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
        for file in [*_fonts(), *chapters.data_files()]:
            shutil.copy(file, folder)
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
    if not isinstance(found, dict) or not ({"answer", "problem"} & found.keys()):
        return {"problem": "the answer has no known form"}
    return found
