"""The solutions that stand in the chapters pass the checks.

A chapter's solution is not the one that the check compares with, so that neither can
be wrong alone. Exercises that ask for no function, or whose cells take long, are left
to the run of the chapters.
"""

import re
from functools import cache

import pytest

from rnnbook.tutor.answers import check_answer
from rnnbook.tutor.answers.checking import known
from rnnbook.tutor.answers.kinds import Code, Mistake, Parts
from tools import chapters
from tools.grading.collecting import asked as read_all
from tools.grading.collecting import needed, plain_python

asked = cache(read_all)

SLOW = {  # more than 0.2 seconds
    "ex-bptt-future",
    "ex-bptt-last",
    "ex-derive-your-own-cell-cut",
    "ex-exploding-bias",
    "ex-gates-border",
    "ex-gradient-behaviour-iterate",
    "ex-gradient-behaviour-mistake",
    "ex-gradient-behaviour-orthogonal",
    "ex-gradient-behaviour-relu",
    "ex-gradient-checking-one-sided",
    "ex-language-models-compress",
    "ex-long-memories-bias",
    "ex-long-memories-window",
    "ex-losses-frequencies",
    "ex-min-char-rnn-apart",
    "ex-min-char-rnn-studied-hmm",
    "ex-min-char-rnn-studied-peeking",
    "ex-optimising-per-array",
    "ex-point-process-fits-offspring",
    "ex-recipes-memoryless",
    "ex-recipes-mistake",
    "ex-spectral-bounds-gamma",
    "ex-unrolled-sums-truncated",
    "ex-vanishing-two-latches",
}


def wants_a_function(kind):
    """Is a function, or one with a mistake in it, a part of the answer?"""
    if isinstance(kind, Parts):
        return any(map(wants_a_function, kind.kinds.values()))
    return isinstance(kind, (Code, Mistake))


QUICK = [n for n in asked() if n not in SLOW and wants_a_function(known()[n].kind)]


@cache
def cells(chapter):
    """The code cells of a chapter, without the commands of Jupyter."""
    nb = chapters.read(chapters.path_of(chapter))
    return tuple(plain_python(cell.source) for cell in chapters.code_cells(nb))


@pytest.mark.parametrize("label", asked())
def test_a_cell_that_gives_the_answer_itself_takes_no_arguments(label):
    """Otherwise the function of the cell is the answer, and it is not called."""
    name = asked()[label].name
    source = "\n".join(cells(asked()[label].chapter))
    defined = re.findall(rf"^def {name}\((.*)", source, re.MULTILINE)
    assert defined and known()[label].called == (defined[-1].startswith(")"))


@pytest.mark.parametrize("label", QUICK)
def test_the_solution_of_the_chapter_passes(label, monkeypatch):
    exercise = asked()[label]
    monkeypatch.chdir(chapters.path_of(exercise.chapter).parent)
    space = {"__name__": "chapter"}
    for source in needed(cells(exercise.chapter), exercise.name):
        exec(compile(source, label, "exec"), space)  # the book's own cells
    report = check_answer(label, space[exercise.name])
    assert report.ok, report
