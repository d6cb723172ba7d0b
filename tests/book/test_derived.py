"""No result on a page is typed: when its source changes, the page changes with it.

The cells that show a result are run as they stand, and give what the committed page
shows; then with another network, or with a wrong rule, and give something else.
"""

import ast

import pytest

from rnnlib.symbolic import bptt_results, in_notation, results
from rnnlib.symbolic.derivation import expressions as ex
from rnnlib.symbolic.derivation import rules
from rnnlib.symbolic.notations.documents import BOOK_NOTATION
from tools.chapters import read

SHOWN = {  # chapter: cells that prepare, the cell that shows, and a change of its text
    ("bptt", "theorem"): (
        ("setup", "induction-step"),
        ("h_t = phi(s_t)", "h_t = phi(s_t) + h_{t-1}"),
    ),
    ("gates", "lstm-theorem"): (
        ("setup", "lstm-machine"),
        ("c_t = f_t * c_{t-1} + i_t * n_t", "c_t = f_t * c_{t-1} + i_t^2 * n_t"),
    ),
    ("gates", "jacobian-derived"): (
        ("setup", "lstm-machine", "jacobian-machine"),
        ("c_t = f_t * c_{t-1} + i_t * n_t", "c_t = f_t * c_{t-1} + i_t^2 * n_t"),
    ),
    ("gates", "gru-jacobian-derived"): (
        ("setup", "gru-machine"),
        ("(1 - u_t) * n_t", "r_t * n_t"),
    ),
    ("formula_sheet", "gates-lines"): (
        ("setup",),
        ("h_t = o_t * tanh(c_t)", "h_t = o_t * c_t"),
    ),
    ("derive_your_own_cell", "vanilla-derived"): (
        ("setup",),
        ("h_t = phi(s_t)", "h_t = phi(s_t) + h_{t-1}"),
    ),
    ("derive_your_own_cell", "minimal-derived"): (
        ("setup",),
        ("f_t * n_t", "f_t * h_{t-1} * n_t"),
    ),
}


def texts(output):
    """What an output shows, as text."""
    data = output.get("data", {})
    return [data[k] for k in ("text/markdown", "text/latex") if k in data]


def run(chapter, ids, change=None):
    """What the last of these cells shows, when they run one after the other."""
    cells = {cell.id: cell.source for cell in read(chapter).cells}
    shown, space = [], {"__name__": "page"}

    def display(*found):
        shown.extend(found)

    for name in ids:
        shown.clear()
        source = cells[name]
        if change and change[0] in source:
            source = source.replace(*change)
        tree = ast.parse(source)
        last = tree.body[-1] if isinstance(tree.body[-1], ast.Expr) else None
        if last is not None:
            tree.body.pop()
        exec(compile(tree, name, "exec"), space)
        space["print"] = lambda *words, **options: None
        space["display"] = display
        if last is not None:
            expression = ast.Expression(last.value)
            found = eval(compile(expression, name, "eval"), space)
            shown += [] if found is None else [found]
    return [getattr(one, "data", one) for one in shown]


@pytest.mark.parametrize("shown", SHOWN, ids="-".join)
def test_the_page_shows_what_its_source_gives(shown):
    chapter, cell = shown
    prepare, change = SHOWN[chapter, cell]
    committed = next(c for c in read(chapter).cells if c.id == cell)
    page = [text for o in committed.outputs for text in texts(o)]
    assert run(chapter, (*prepare, cell)) == page
    changed = run(chapter, (*prepare, cell), change)
    assert len(changed) == len(page) and changed != page


def doubled(node, a, value):
    """A rule for functions that sends back twice what is right."""
    return [(part, ex.times(ex.number(2), s)) for part, s in RIGHT(node, a, value)]


RIGHT = rules.BACKWARD[ex.Apply]


@pytest.mark.parametrize("shown", list(SHOWN)[:2], ids="-".join)
def test_a_wrong_rule_is_seen_on_the_page(shown, monkeypatch):
    chapter, cell = shown
    cells = (*SHOWN[shown][0], cell)
    before = run(chapter, cells)
    monkeypatch.setitem(rules.BACKWARD, ex.Apply, doubled)
    assert run(chapter, cells) != before


def test_the_results_and_tabs_follow_the_network(monkeypatch):
    def shown():
        results.vanilla.cache_clear()
        results.bptt_results.cache_clear()
        pairs = bptt_results()
        return {k: in_notation(pairs[k], BOOK_NOTATION) for k in ("z", "delta_z", "g")}

    before = shown()
    with monkeypatch.context() as patched:
        twice = results.NETWORK.replace("cross_entropy", "2 cross_entropy")
        patched.setattr(results, "NETWORK", twice)
        after = shown()
    assert after["delta_z"] != before["delta_z"] and "2" in after["delta_z"]
    assert after["g"] == before["g"] and after["z"] == before["z"]
    assert shown() == before
