"""Every claim of the chapters shows its evidence, by a mark that leads to it."""

import re
import tomllib

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tools import ROOT, chapters, evidence, prose_numbers

ALL = ["intro", *chapters.names()]


def notebook(*texts, code="assert 1 + 1 == 2\nprint(30, 0.89)", caption=""):
    """A notebook with Markdown cells m0, m1, ... and one code cell c."""
    cells = [new_markdown_cell(t, id=f"m{i}") for i, t in enumerate(texts)]
    out = [new_output("stream", text="30 of 30 seeds, 0.89 to 1.00\n")]
    metadata = {"mystnb": {"figure": {"caption": caption}}} if caption else {}
    cells.append(new_code_cell(code, id="c", outputs=out, metadata=metadata))
    return new_notebook(cells=cells)


@pytest.mark.parametrize("name", ALL)
def test_claims_are_marked(name):
    nb = chapters.read(name)
    found = [f"{c.cell}: {' '.join(c.text.split())}" for c in evidence.unmarked(nb)]
    assert found == []


@pytest.mark.parametrize("name", ALL)
def test_marks_lead_to_what_they_say(name):
    assert evidence.mark_complaints(chapters.read(name)) == []


@pytest.mark.parametrize("name", ALL)
def test_sealed(name):
    """Changed since it was read against its evidence? Read it again, then
    python -m tools.evidence --seal CHAPTER."""
    nb = chapters.read(name)
    assert nb.metadata.get(evidence.SEAL) == evidence.digest(nb)


@pytest.mark.parametrize("name", ALL)
def test_numbers_are_tied(name):
    assert prose_numbers.untied(chapters.read(name), name) == []


def test_ties_are_needed():
    for name, ties in prose_numbers.TIES.items():
        found = [
            prose_numbers.stated(t) for _, t in evidence.sources(chapters.read(name))
        ]
        assert set(ties) <= set().union(*found), name


THEOREM = ":::{prf:theorem} T\n:label: thm-a\nAll do.\n:::"
CLAIMS = {
    "Every network does.": True,
    "It is below 0.5.": True,
    "Nothing is said.": True,
    "It holds.": False,
    "Is it always so?": False,
    "See {cite:t}`khanna` (5.2).": False,
    "The formula $x_{12}$ and `f(3)`.": False,
    "# A heading with 12 words": False,
    ":::{exercise} Every\n:label: ex-a\nProve that all do.\n:::": False,
    ":::{prf:definition} D\n:label: def-a\nAll $x$.\n:::": False,
    f"{THEOREM}\n\n:::{{prf:proof}}\nSo.\n:::": False,
    THEOREM: True,
    "## What you will be able to do\n\n- do all": False,
    "## Summary\n\n- It holds.": True,
    ":::{admonition} As printed\nIt is never so.\n:::": True,
}


@pytest.mark.parametrize(("text", "expected"), CLAIMS.items())
def test_what_claims(text, expected):
    assert bool(evidence.unmarked(notebook(text))) == expected


@pytest.mark.parametrize(
    ("text", "served"),
    [
        ("All do. [computed](#cell-id=c)", True),
        (
            "All do. It is so: [measured: 30 of 30 seeds, 0.89 to 1.00](#cell-id=c)",
            True,
        ),
        ("All do, by {prf:ref}`thm-a`.", True),
        ("All do {cite}`hochreiter1997`.", True),
        ("All do, says {cite}`khanna`.", False),
        ("All do. [see](#cell-id=c)", False),
        ("All do. [computed](#somewhere)", False),
        ("All do, {eq}`eq-a`.", False),
        ("## Summary\n\n- All do, {eq}`eq-a`.", True),
        ("- All do. [computed](#cell-id=c)\n- None does.", False),
    ],
)
def test_what_serves(text, served):
    assert bool(evidence.unmarked(notebook(text))) != served


def test_a_solution_is_served_by_its_asserting_cell():
    fold = ":::{solution-start} ex-a\n:::\n\nAll do."
    assert evidence.unmarked(notebook(fold)) == []
    assert evidence.unmarked(notebook(fold, code="print(1)"))


@pytest.mark.parametrize(
    ("before", "after", "served"),
    [
        ("So:", "That was it.", False),
        ("So:", ":::{prf:proof}\nSo.\n:::", True),
        ("So: [derived](#cell-id=c)", "That was it.", True),
        ("So:", "That was it. [derived](#cell-id=c)", True),
        ("So: [computed](#cell-id=c)", "That was it.", False),
        (":::{prf:proof}\nOf another.\n:::", "That was it.", False),
    ],
)
def test_a_printed_statement_is_proved_or_derived(before, after, served):
    nb = notebook(before, after)
    data = {"text/markdown": THEOREM}
    nb.cells[-1].outputs = [new_output("display_data", data=data)]
    nb.cells[1:] = [nb.cells[2], nb.cells[1]]
    assert bool(evidence.unmarked(nb)) != served


def test_a_caption_claims():
    assert evidence.unmarked(notebook(caption="It never falls."))
    assert not evidence.unmarked(notebook(caption="All. [computed](#cell-id=c)"))


@pytest.mark.parametrize(
    ("mark", "complaint"),
    [
        ("[computed](#cell-id=c)", None),
        ("[computed](#cell-id=d)", "no cell d"),
        ("[obvious](#cell-id=c)", "no kind of evidence"),
        ("[computed](#cell-id=m0)", "m0 is no code cell"),
        ("[proved](#cell-id=c)", "no proof in c"),
        ("[tried on 31 cases](#cell-id=c)", "not shown in c: 31"),
        (
            "[measured: 30 of 30 seeds, 0.88 to 1.00](#cell-id=c)",
            "not shown in c: 0.88",
        ),
        ("[proved](bptt.ipynb#cell-id=c)", "no cell c"),
    ],
)
def test_marks_are_checked(mark, complaint):
    found = evidence.mark_complaints(notebook(f"All do. {mark}"))
    assert (found == []) if complaint is None else complaint in "\n".join(found)


def test_links_of_marks_lead_to_anchors(site):
    """Every mark is a link to a name that its page has."""
    count = 0
    names = {}
    for page in sorted(site.glob("chapters/*.html")):
        names[page.name] = set(re.findall(r'id="([^"]+)"', page.read_text("utf-8")))
    for page in sorted(site.glob("chapters/*.html")):
        links = re.findall(
            r'<a class="reference internal" href="([^"#]*)#([\w-]+-cell-[\w-]+)"',
            page.read_text("utf-8"),
        )
        links = [(file, name) for file, name in links if "/" not in file]
        count += len(links)
        for file, name in links:
            assert name in names[file or page.name], (page.name, file, name)
    assert count > 400


def attacked():
    """The sentences that were attacked: those that fell, and those that held."""
    path = ROOT / "tests" / "book" / "attacked.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("entry", attacked()["held"], ids=lambda e: e["stands"][:40])
def test_what_held_stands(entry):
    """Who changes an attacked sentence attacks it again, or takes it off the list."""
    text = " ".join(t for _, t in evidence.sources(chapters.read(entry["chapter"])))
    assert " ".join(entry["stands"].split()) in " ".join(text.split())
    assert entry["attack"]


@pytest.mark.parametrize("entry", attacked()["sentence"], ids=lambda e: e["was"][:40])
def test_what_was_refuted_is_gone(entry):
    nb = chapters.read(entry["chapter"])
    text = " ".join(t for _, t in evidence.sources(nb))
    assert " ".join(entry["was"].split()) not in " ".join(text.split())
    assert entry["now"] in {cell.id for cell in nb.cells}
    assert all(entry[key] for key in ("attack", "outcome"))
