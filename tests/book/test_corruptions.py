"""What is changed on a page by mistake is seen: in prose, equations, captions, data.

Twelve corruptions are planted, each in a copy, and the checks that the other tests make
of the pages themselves must complain.
"""

import copy
import re

import pytest

from rnnbook.experiments import protocol, windows
from rnnlib.char import default_text
from rnnlib.char.settings import OPTIMISERS, Settings
from tools import ROOT, chapters, evidence, prose_numbers
from tools import experiments as tool

README = (ROOT / "README.md").read_text(encoding="utf-8")
README_NUMBERS = {  # what the README states, and what it is
    "3.11": "Python, as in the Makefile",
    "3.12": "Python",
    "3.13": "Python",
    "30": "megabytes that Pyodide loads, at least",
    "60": "at most",
    "100": "units: Settings",
    "25": "steps of a window: Settings",
    "0.1": "rate: Settings",
    "424703": "characters of the default text",
    "75": "its symbols",
    "20000": "steps of the example",
    "44": "nats per window, least of three seeds",
    "50": "most of three seeds",
    "1.86": "nats per character on the test part",
    "2.01": "nats per character",
    "2.02": "nats per character",
    "1.27": "nats per character of the n-grams",
    "107.9": "25 ln 75",
    "1e-8": "epsilon of min-char-rnn",
    "1e-10": "epsilon of rnnlib.adagrad",
    "95": "percent of the mutants of an area: tools.mutants",
}


def readme_complaints(text):
    """Numbers that nothing bears out, and defaults that are not those of the code."""
    text = re.sub(r"^(?: {4}|\|).*$", "", text, flags=re.MULTILINE)
    found = prose_numbers.stated(text) - set(README_NUMBERS)
    flat = " ".join(text.split())
    defaults = Settings()
    said = (
        f"a tanh layer of {defaults.hidden} units, windows of {defaults.window} steps, "
        f"Adagrad with rate {OPTIMISERS[defaults.optimiser]:g}, entries clipped at "
        f"{defaults.clip:g}"
    )
    if said not in flat:
        found.add(f"not said: {said}")
    text = default_text()
    sizes = f"{len(text):,} characters of {len(set(text))} symbols"
    if sizes not in flat:
        found.add(f"not said: {sizes}")
    return sorted(found)


def page_complaints(name, nb):
    """All that the tests say of the claims and numbers of a page."""
    found = evidence.complaints(nb) + prose_numbers.untied(nb, name)
    if nb.metadata.get(evidence.SEAL) != evidence.digest(nb):
        found.append("the seal is broken")
    return found


def changed(nb, old, new):
    """A copy in which one text of the prose or of a caption is another."""
    nb = copy.deepcopy(nb)
    count = 0
    for cell in nb.cells:
        if cell.cell_type == "markdown" and old in cell.source:
            cell.source, count = cell.source.replace(old, new, 1), count + 1
        elif old in evidence.caption_of(cell):
            figure = cell.metadata["mystnb"]["figure"]
            figure["caption"], count = figure["caption"].replace(old, new, 1), count + 1
    assert count >= 1, f"not on the page: {old}"
    return nb


PLANTED = {  # chapter: (what stands there, what is planted)
    "a number in prose": ("vanishing", "$0.3278$", "$0.4278$"),
    "a percentage": ("point_process", "95.4 % of", "94.5 % of"),
    "a number of a mark": ("truncation", "28 of 30 seeds", "27 of 30 seeds"),
    "a quantifier": ("vanishing", "The converse fails too", "The converse never fails"),
    "a mark that is gone": ("losses", " [computed](#cell-id=figure-surprisal)", ""),
    "a mark that leads astray": ("forward", "#cell-id=shapes-table", "#cell-id=shapes"),
    "a sign in an equation": (
        "losses",
        r"p_i (\delta_{ik} - p_k)",
        r"p_i (\delta_{ik} + p_k)",
    ),
    "a bound in a theorem": ("vanishing", "(2(1 - a^2))^T", "(2(1 - a^2))^{2T}"),
    "a number of a caption": ("point_process", "4,000 draws", "7,000 draws"),
    "a caption that says more": (
        "forward",
        "tanh keeps the state below 1, ReLU",
        "All bounds",
    ),
}


@pytest.mark.parametrize(("name", "old", "new"), PLANTED.values(), ids=PLANTED)
def test_pages(name, old, new):
    nb = chapters.read(name)
    assert page_complaints(name, nb) == []
    assert page_complaints(name, changed(nb, old, new))


def test_stored_results():
    """The digest guards settings and code, a run computed anew the numbers."""
    stored = tool.read("windows")
    wrong = copy.deepcopy(stored)
    wrong["runs"][-1]["score"] *= 1.1
    assert protocol.complaints(windows.PLAN, stored, again=(-1,)) == []
    assert protocol.complaints(windows.PLAN, wrong, again=(-1,))


@pytest.mark.parametrize(
    ("old", "new"),
    [("424,703", "424,730"), ("1.27", "1.72"), ("of 25 steps", "of 52 s")],
)
def test_readme(old, new):
    assert readme_complaints(README) == []
    assert old in README
    assert readme_complaints(README.replace(old, new))
