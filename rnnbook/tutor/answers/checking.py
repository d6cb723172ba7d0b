"""`check_answer` and `hint`: what an answer cell is told.

What is right comes first, then the slip. Hints come one at a time, on request. An
answer that was wrong before, and comes again, is noticed. There are no scores.
"""

import io
import warnings
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from random import Random

import numpy as np

from rnnbook.tutor.answers.kinds import (
    Experiment,
    Formulas,
    Mistake,
    Numbers,
    Parts,
    Verdict,
)
from rnnlib.validate import check_choice, check_count


@dataclass(frozen=True)
class Exercise:
    """An exercise with its check, three hints, and answers that are typically wrong."""

    label: str
    kind: object  # of `kinds`
    hints: tuple
    wrong: dict = field(default_factory=dict)  # words of the report: a wrong answer
    called: bool = True  # the answer cell is a function that returns the answer
    variant: object = None  # function of a random generator that makes a `Variant`


@dataclass(frozen=True)
class Variant:
    """An exercise with other numbers, and what its text says in their place."""

    exercise: Exercise
    text: dict  # a piece of the chapter's statement: what stands in its place
    solution: object
    code: dict = field(default_factory=dict)  # the same, of the answer cell


@cache
def varied(label, seed):
    """The `Variant` of an exercise for a seed; None where it has none."""
    exercise = known()[label]
    if exercise.variant is None:
        return None
    return exercise.variant(Random(f"{label} {seed}"))


def posed(label, seed=None):
    """The `Exercise` as it is posed with a seed, or in the book."""
    variant = (
        None if seed is None else varied(label, check_count("seed", seed, least=0))
    )
    return variant.exercise if variant else known()[label]


@dataclass(repr=False)
class Answer:
    """The verdict on an answer; it prints itself."""

    label: str
    verdict: Verdict
    written: bool = True
    again: bool = False
    problem: str = ""
    seed: int | None = None

    @property
    def ok(self):
        """True when everything is right."""
        return self.written and not self.problem and self.verdict.ok

    def has(self, part=""):
        """True when a part is right; without a name, when all of them are."""
        if self.ok or not part or self.problem:
            return self.ok
        wrong = (w == part or w.startswith(f"{part} (") for w in self.verdict.wrong)
        return not any(wrong)

    @property
    def share(self):
        """The share of the parts that are right."""
        names = parts(posed(self.label, self.seed).kind)
        return sum(map(self.has, names)) / len(names)

    def marks(self, points):
        """Say the verdict, and return the share of the points, for a grader."""
        print(self)
        return round(points * self.share, 2)

    def __bool__(self):
        return self.ok

    def __str__(self):
        if self.problem:
            return f"{self.label}: {self.problem}"
        if self.verdict.ok:
            return f"{self.label}: right"
        lines = [f"{self.label}: not yet"]
        if self.verdict.right:
            lines.append(f"  right: {', '.join(self.verdict.right)}")
        lines += [f"  {name}: {words}" for name, words in self.verdict.wrong.items()]
        if self.again:
            lines.append("  This is the answer that you gave before.")
        more = "" if self.seed is None else f", seed={self.seed}"
        lines.append(f'  A hint: hint("{self.label}"{more})')
        return "\n".join(lines)

    __repr__ = __str__


def parts(kind):
    """The names of the parts that get marks; a function or a proof is one part."""
    for of_kind, names in (
        (Numbers, "right"),
        (Formulas, "questions"),
        (Experiment, "claims"),
        (Mistake, "PARTS"),
        (Parts, "kinds"),
    ):
        if isinstance(kind, of_kind):
            return tuple(getattr(kind, names))
    return ("",)


@contextmanager
def quiet():
    """Keep warnings off the error stream: some graders take all points for one."""
    with warnings.catch_warnings(), redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        yield


_before, _hinted = {}, {}


@cache
def known():
    """Every exercise that has a check, by its label."""
    package = import_module("rnnbook.tutor.answers.chapters")
    found = {}
    for module in sorted(m.name for m in iter_modules(package.__path__)):
        chapter = import_module(f"{package.__name__}.{module}")
        found |= {e.label: e for e in chapter.EXERCISES}
    return found


def forget():
    """Forget all answers and hints that were given."""
    _before.clear()
    _hinted.clear()


def check_answer(label, answer, seed=None):
    """The `Answer` on what a reader wrote.

    Parameters
    ----------
    label : str
        Of the exercise.
    answer : callable
        The function of the answer cell.
    seed : int, optional
        Of the numbers in the exercise, where they are not those of the book.

    Raises
    ------
    ValueError
        For an exercise that is not known, or an answer that is no function.
    """
    exercise = posed(check_choice("label", label, known()), seed)
    if not callable(answer):
        raise ValueError(f"answer: expected a function, got {type(answer).__name__}")
    try:
        given = answer() if exercise.called else answer
        verdict = exercise.kind.check(given)
    except NotImplementedError as stub:
        return Answer(label, Verdict(), written=False, problem=str(stub))
    except Exception as error:  # a reader's code may do anything
        words = f"the answer cannot be read: {type(error).__name__}: {error}"
        return Answer(label, Verdict(), problem=words)
    mark = _mark(given, verdict)
    again = not verdict.ok and _before.get(label) == mark
    _before[label] = mark
    return Answer(label, verdict, again=again, seed=seed)


def _mark(given, verdict):
    """What tells one wrong answer from another."""
    if callable(given):
        return str(verdict.wrong), getattr(given, "__code__", given)
    with np.printoptions(threshold=50):
        return str(verdict.wrong), repr(given)


def hint(label, seed=None):
    """The next of the three hints of an exercise, as text.

    Raises ValueError for an exercise that is not known.
    """
    exercise = posed(check_choice("label", label, known()), seed)
    count = _hinted.get(label, 0)
    _hinted[label] = min(count + 1, len(exercise.hints))
    if count >= len(exercise.hints):
        return "There are no more hints; the last one was: " + exercise.hints[-1]
    return f"Hint {count + 1} of {len(exercise.hints)}: {exercise.hints[count]}"
