"""Points at which the desk judges a formula without a kernel, in fractions.

They are the networks at which `check_formula` judges: the same sizes, lengths and
numbers, and for each result its right value at each step.
"""

import json
from functools import cache

from rnnbook.tutor.formulas.checking import question_for
from rnnbook.tutor.formulas.judging import LENGTHS, network
from rnnbook.tutor.formulas.networks import book_network

KEYS = (
    "s", "h", "z", "p", "delta_z", "g", "g_split", "future", "delta_s",
    "W_xh", "W_hh", "b_h", "W_hy", "b_y", "h_0", "J", "J_s",
)  # fmt: skip
SMALL = ((1, "s1"), (2, "s1"), (1, "s2"), (2, "s2"))
BEYOND = 2  # steps that are stored before the first and after the last
VALUES = ("x", "h", "s", "z", "p", "y")
ADJOINTS = {"g": "h", "delta_s": "s", "delta_z": "z"}
PARAMETERS = ("W_xh", "W_hh", "b_h", "W_hy", "b_y")
CIRCULAR = {  # what a formula of a result must not name: the result itself
    **{name: (name, ["value"]) for name in ("s", "h", "z", "p")},
    **{name: (name, ["adjoint"]) for name in ADJOINTS},
    "g_split": ("g", ["adjoint"]),
    "future": ("", ["future"]),
    "J": ("J", ["value"]),
}


def rows(array):
    """An array of fractions as rows of text."""
    return [[str(value) for value in row] for row in array]


def point(T, which):
    """One network: its sizes, its quantities at all steps, the right results."""
    at = network(book_network(), T, which)
    steps = range(-BEYOND, T + BEYOND + 1)
    values = {name: rows(at.value(name)) for name in PARAMETERS}
    for name in VALUES:
        values[name] = {t: rows(at.value(name, t)) for t in steps}
    for name, of in ADJOINTS.items():
        values[name] = {t: rows(at.adjoint(of, t)) for t in steps}
    later = {t: at.value("W_hh").T @ at.adjoint("s", t + 1) for t in steps}
    values["future"] = {t: rows(array) for t, array in later.items()}
    return {"T": T, "sizes": at.sizes, "values": values, "right": rights(at)}


def rights(at):
    """The right value of each result, at each of its steps."""
    found = {}
    for key in KEYS:
        judge = question_for(key).judge
        steps = judge.target.steps(at.T)
        pairs = [(s.get("t"), rows(judge.wanted(at, s))) for s in steps]
        found[key] = dict(pairs) if judge.target.free else pairs[0][1]
    return found


@cache
def data():
    """Everything that the script of the page reads, as JSON."""
    found = {
        "networks": [point(*one) for one in LENGTHS],
        "small": [point(*one) for one in SMALL],
        "circular": CIRCULAR,
    }
    return json.dumps(found, separators=(",", ":"))
