"""Every exercise of the book: its kind, its grade, its place, and the page of them."""

import re
from typing import NamedTuple

from reference.needs import needs
from rnnbook.tutor.answers.checking import known
from tools import chapters

KINDS = ("Warm-up", "Proof", "Code", "Experiment", "Find the mistake")
WORTH = {
    "Warm-up": "A few minutes, mostly with pencil and paper, the definitions at hand.",
    "Proof": "An argument in words or symbols, which a cell then puts to the test.",
    "Code": "A short function, checked against `rnnlib` or an oracle.",
    "Experiment": "A prediction first, then a measurement.",
    "Find the mistake": "Code or an argument that looks right. Where does it fail?",
}
MINUTES = {  # guessed for one, two and three stars; nobody was timed
    "Warm-up": (10, 15, 20),
    "Proof": (20, 30, 45),
    "Code": (20, 30, 45),
    "Experiment": (20, 30, 45),
    "Find the mistake": (15, 20, 30),
}
CHECKED = {
    "Numbers": "as numbers",
    "Formulas": "as formulas",
    "Code": "as a function, run on cases",
    "Samples": "as a function that draws, by its law",
    "Experiment": "by claims about the result",
    "Mistake": "by its lines, a mended function and a counterexample",
    "Proof": "as a chain of formulas",
    "Parts": "part by part, each in its own way",
}
TITLE = re.compile(rf"(★{{1,3}}) ({'|'.join(KINDS)}): (\S.*)")


class Exercise(NamedTuple):
    """An exercise: one to three stars, one of `KINDS`, its own title and label."""

    stars: int
    kind: str
    title: str
    label: str


def exercises(texts):
    """The exercises in the prose of a chapter, in order.

    A title that does not say grade and kind is left out here; the tests refuse it.
    """
    found = []
    for title, label in chapters.EXERCISE.findall("\n\n".join(texts)):
        if parts := TITLE.fullmatch(title.strip()):
            stars, kind, rest = parts.groups()
            found.append(Exercise(len(stars), kind, rest, label))
    return found


def link(exercise):
    """The title of an exercise, leading to it, with a capital letter."""
    title = re.sub(r"\w", lambda letter: letter[0].upper(), exercise.title, count=1)
    return chapters.link(exercise.label, title)


def facts(exercise):
    """Minutes, how it is checked, and whether a seed changes its numbers."""
    found = [f"about {MINUTES[exercise.kind][exercise.stars - 1]} minutes"]
    if own := known().get(exercise.label):
        found.append(f"checked {CHECKED.get(type(own.kind).__name__, 'by a cell')}")
        found += ["other numbers from a seed"] if own.variant else []
    return "; ".join(found)


def before(name):
    """What has to be read before the exercises of a chapter."""
    others = ", ".join(map(chapters.to_chapter, needs().get(name, ())))
    return f" needs {others}" if others else " needs no other chapter"


def page():
    """All exercises by kind and grade, then chapter by chapter."""
    every = [(n, e) for n in chapters.names() for e in exercises(chapters.texts_of(n))]
    counts = {kind: sum(e.kind == kind for _, e in every) for kind in KINDS}
    lines = [f"The book has {len(every)} exercises."]
    for kind in KINDS:
        lines += [f"## {kind} ({counts[kind]})", WORTH[kind]]
        own = sorted((e for e in every if e[1].kind == kind), key=lambda e: e[1].stars)
        lines.append(
            "\n".join(
                f"- {'★' * e.stars} {link(e)} ({chapters.to_chapter(name)})"
                for name, e in own
            )
        )
    lines.append("## By chapter")
    lines.append(
        "The minutes are guesses from kind and grade, for planning; nobody was timed. "
        f"{sum(e.label in known() for _, e in every)} of the {len(every)} exercises "
        "have a check behind an answer cell."
    )
    for caption, names in chapters.parts():
        own = [n for n in names if any(name == n for name, _ in every)]
        lines += [f"### {caption}"] if own else []
        for name in own:
            items = [e for chapter, e in every if chapter == name]
            lines.append(f"**{chapters.to_chapter(name)}**{before(name)}")
            lines.append(
                "\n".join(
                    f"- {'★' * e.stars} {e.kind}: {link(e)} ({facts(e)})" for e in items
                )
            )
    return "\n\n".join(lines)
