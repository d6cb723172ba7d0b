"""The notations that readers bring, letter by letter, and the false friends."""

from rnnbook.tutor.formulas.recognising import FALSE_FRIENDS
from rnnlib.symbolic import bptt_results
from rnnlib.symbolic.notations.brought import BROUGHT
from rnnlib.symbolic.notations.documents import BOOK_NOTATION, NOTATIONS
from rnnlib.symbolic.notations.tabs import in_notation
from rnnlib.symbolic.quantities import MEANINGS

RESULTS = ("s", "h", "delta_z", "g", "delta_s", "W_hh", "J")


def shown(record, name):
    """A quantity in a notation, at step t; a coined name is marked."""
    latex = record.symbols[name].replace("%t", "t")
    return f"${latex}$" + (" \\*" if name in record.coined else "")


def table(record):
    """The letters of a notation, beside those of the book."""
    lines = ["| this book | there | what it is |", "|---|---|---|"]
    for name, meaning in MEANINGS.items():
        book = BOOK_NOTATION.symbols[name].replace("%t", "t")
        there = shown(record, name)
        lines.append(f"| ${book}$ | {there} | {meaning} |")
    return "\n".join(lines)


def section(record):
    """What the page says of one notation."""
    lines = [f"## {record.title}", f"Key: `{record.key}`."]
    if record.from_memory:
        lines.append(
            "The source was not at hand when this was written: compare it before you "
            "rely on a letter."
        )
    lines += [table(record), "\n".join(f"- {line}." for line in record.conventions)]
    formulas = []
    for name in RESULTS:
        latex = in_notation(bptt_results()[name], record)
        if latex:
            formulas.append(f"$$\n{latex}\n$$")
    lines.append("The main results, in its letters:")
    return "\n\n".join([*lines, *formulas])


def page():
    """All notations that readers bring, after the false friends."""
    friends = "\n".join(f"- {name}: {meaning}." for name, meaning in FALSE_FRIENDS)
    parts = ["## False friends", friends]
    parts += [section(record) for record in BROUGHT.values()]
    documents = ", ".join(n.title for n in NOTATIONS.values())
    parts.append(
        f"The letters of the five documents ({documents}) are in {{doc}}"
        "`/reference/symbols` and in the tabs of the chapters."
    )
    return "\n\n".join(parts)
