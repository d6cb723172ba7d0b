"""Tables of what the desk says: readings of formulas, reports, slips, notations.

``python -m tests.tutor.formulas.tables`` writes them anew.
"""

import json
import tomllib
from pathlib import Path

from rnnbook.tutor import check_formula
from rnnbook.tutor.formulas.checking import keys, known_notations, question_for
from rnnbook.tutor.formulas.networks import book_network
from rnnbook.tutor.formulas.scanning import Unreadable
from rnnbook.tutor.formulas.slips import Slips
from rnnlib.symbolic import derive
from tests.symbolic.cells import CELLS
from tests.tutor.formulas.pythonic import Pythonic

FOLDER = Path(__file__).parent
LSTM = derive(CELLS["lstm"].text, CELLS["lstm"].sizes)
EQUATIONS = {  # of another cell, by what they are called here
    "lstm c": LSTM.adjoint("c"),
    "lstm s_i": LSTM.adjoint("s_i"),
    "lstm W_hi": LSTM.gradient("W_hi"),
    "lstm c_0": LSTM.gradient("c_0"),
    "lstm dc/dc": LSTM.jacobian("c", "c", immediate=True),
}


def load(name):
    """A table, by rows of two levels."""
    return tomllib.loads((FOLDER / f"{name}.toml").read_text("utf-8"))


def quoted(value):
    """A text, or a list of texts, as TOML has it."""
    return json.dumps(value, ensure_ascii=False)


def store(name, comment, found):
    """Write a table."""
    lines = [f"# {comment}"]
    for label, rows in found.items():
        lines.append(f"\n[{quoted(label)}]")
        lines += [f"{quoted(k)} = {quoted(row)}" for k, row in rows.items()]
    (FOLDER / f"{name}.toml").write_text("\n".join(lines) + "\n", "utf-8")


def question(label):
    """The question of "key", of "key in notation", or of an equation."""
    if label in EQUATIONS:
        return question_for(EQUATIONS[label])
    key, _, notation = label.partition(" in ")
    return question_for(key, notation or "book")


def shown(term):
    """A tree on one line: (operation data operands)."""
    if term.op == "leaf":
        q = term.data
        steps = [str(s) for s in (q.step, q.other, q.other_step) if s not in (None, "")]
        return " ".join(["" if q.kind == "value" else q.kind, q.name, *steps]).strip()
    data = term.data
    if isinstance(data, tuple):
        data = ",".join(map(str, data))
    return "(" + " ".join([term.op, *([] if data is None else [str(data)]),
                           *map(shown, term.args)]) + ")"  # fmt: skip


def places(term):
    """The places of all nodes that have one, the root first."""
    own = [] if term.place is None else ["{}-{}".format(*term.place)]
    return " ".join([*own, *(p for p in map(places, term.args) if p)])


def reading(asked, text, tight=True):
    """What is read: the tree, the places, the notes; or why nothing is."""
    try:
        found = asked.read(text, tight)
    except Unreadable as error:
        return [f"! {error.sentence}", "{}-{}".format(*error.place)]
    more = [f"left: {found.left}"] if found.left else []
    more += ["accumulates"] if found.accumulates else []
    return [shown(found.term), places(found.term), *found.notes, *more]


def readings(corpus):
    """{question: {text: what is read}} of pairs."""
    found = {}
    for label, text in corpus:
        found.setdefault(label, {})[text] = reading(question(label), text)
    return found


def slips_of(label):
    """{kind: [words, the wrong formula, words, ...]} of all slips of a result."""
    asked, found = question(label), {}
    maker = Slips(asked.derivation, (asked.plain, asked.latex))  # derived here anew
    for slip in (s for form in maker.of(asked.target.right) for s in form):
        found.setdefault(slip.kind, []).extend([slip.words, asked.plain(slip.term)])
    return found


SLIPS = ("g", "W_hh", "J_tk", "unrolled", "s", "p", "lstm c", "lstm dc/dc")


def written(notation):
    """{result: its formula in a notation, and what is read in it}."""
    found = {}
    for key in keys():
        asked = question_for(key, notation)
        for name, writer in (("", asked.latex), (" plain", asked.plain)):
            text = writer(asked.target.right)
            found[key + name] = [text, *reading(asked, text)]
    if notation == "book":
        writer = Pythonic(book_network())
        for key in keys():
            asked = question_for(key)
            text = writer(asked.target.right)
            found[f"{key} python"] = [text, *reading(asked, text)]
    return found


def said(what, text, notation="book"):
    """The report in plain text, and what of Markdown is another line."""
    report = check_formula(what, text, notation)
    plain = str(report).splitlines()
    rich = [s for s in report._repr_markdown_().splitlines() if s and s != "$$"]
    return [*plain, "", *(s for s in rich if not any(s in line for line in plain))]


def asked_for():
    """{result: {text or question: what is judged}} of the tests of the desk."""
    from tests.tutor.formulas.test_checking import RIGHT, UNREADABLE, WRONG
    from tests.tutor.formulas.test_questions import QUESTIONS

    found = {}
    for key, text, *_ in (*RIGHT, *WRONG, *UNREADABLE):
        found.setdefault(key, {})[text] = key, text
    for q in QUESTIONS:
        found.setdefault("questions", {})[q.asked] = q.key, q.text, q.notation
    return found


def reports(label):
    """{text or question: report} of a result."""
    return {text: said(*what) for text, what in asked_for()[label].items()}


def main():
    """Write all tables."""
    from tests.tutor.formulas.spellings import CORPUS

    store(
        "readings", "What is read: tree, places of its nodes, notes.", readings(CORPUS)
    )
    store("slips", "The slips of results, and the wrong formulas.",
          {label: slips_of(label) for label in SLIPS})  # fmt: skip
    store("written", "Results in notations, and what is read in them.",
          {name: written(name) for name in known_notations()})  # fmt: skip
    told = {label: reports(label) for label in asked_for()}
    store("reports", "What is told about formulas.", told)


if __name__ == "__main__":
    main()
