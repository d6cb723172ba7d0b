"""Every tab of every result says the same: read back, evaluated, compared exactly.

The formulas are read from the LaTeX on the page. What their symbols mean is taken from
`meanings`, and the values of derivatives from `forward_oracle`; neither knows the
notations or the recursions of `rnnlib.symbolic`.
"""

from dataclasses import replace
from functools import cache

import pytest
import sympy as sp

from rnnlib.symbolic import StepProduct, bptt_results, quantity, tabs
from rnnlib.symbolic.notations.layout import arranged
from rnnlib.symbolic.notations.tabs import ALL, in_notation
from rnnlib.symbolic.point import rational_point
from rnnlib.symbolic.reading import holds
from tests.symbolic.forward_oracle import ForwardOracle
from tests.symbolic.notations.meanings import FUNCTIONS, MEANINGS

T = 3
SEEDS = (1, 2)
KEYS = tuple(bptt_results())
BY_KEY = {n.key: n for n in ALL}
NO_LINE = {("roysdon-1.5", "z"), ("pal", "h"), ("pal", "z")}


@cache
def point(seed, tanh=True):
    if tanh:
        return rational_point(T, seed=seed)
    return rational_point(T, seed=seed, slope=lambda h: 2 + h / 3)


@cache
def value(seed, meaning, steps, tanh):
    """The matrix that a meaning stands for."""
    at, kind = point(seed, tanh), meaning.split()
    oracle, T = ForwardOracle(at), at.T
    if kind[0] == "identity":
        return sp.eye(at.sizes[kind[1]])
    if kind[0] == "J":
        t, k = steps if len(steps) == 2 else (steps[0], steps[0] - 1)
        return oracle.jacobian(kind[1], t, kind[2], k)
    if kind[0] not in ("d", "own", "future"):
        return at(meaning, *steps)
    name = kind[1]
    if steps and steps[0] > T:  # no loss is left
        found = sp.zeros(*at(name, T).shape)
    else:
        t = steps[0] if steps else None
        losses = {"d": None, "own": [t], "future": range((t or 0) + 1, T + 1)}
        found = oracle.gradient(name, t, losses[kind[0]])
    layout = kind[2] if len(kind) > 2 else ""
    if layout == "flat":
        return found.reshape(1, len(found))
    return found.T if layout == "row" else found


def symbols_of(meanings, value, seed, t, tanh):
    """What each symbol of a notation stands for, as a function of its steps."""
    symbols = {}
    for name, meaning in meanings.items():
        stepless = "%" not in name and meaning.startswith("future")
        symbols[name] = lambda *steps, meaning=meaning, stepless=stepless: value(
            seed, meaning, (t,) if stepless else steps, tanh
        )
    return symbols


def functions(seed, tanh):
    """phi and its derivative, entry by entry."""
    return [
        lambda m, f=f: m.applyfunc(point(seed, tanh).values[f]) for f in ("phi", "dphi")
    ]


def dictionary(key, seed, t, tanh=True):
    """Symbols and functions of a notation, from the tables of `meanings`."""
    symbols = symbols_of(MEANINGS[key], value, seed, t, tanh)
    phi, dphi = functions(seed, tanh)
    names = FUNCTIONS[key]
    diagonal = key == "roysdon-1.5"
    return symbols, {
        names[0]: phi,
        names[1]: (lambda m: sp.diag(*dphi(m))) if diagonal else dphi,
    }


def steps_of(key):
    """Every choice of the steps that a result speaks of."""
    left = bptt_results()[key][0].time
    if left == "t,k":
        return [{"t": t, "k": k} for t in range(T + 1) for k in range(t + 1)]
    first = 2 if key == "J_s" else 1
    return [{"t": t} for t in range(first, T + 1)] if left == "t" else [{}]


def wrong(
    result, key, notation, latex=None, tanh=True, words_of=dictionary, seeds=SEEDS
):
    """Where a formula is false, or cannot be read, in the words of its document."""
    latex = in_notation(result, notation) if latex is None else latex
    found = []
    for seed in seeds:
        for steps in steps_of(key):
            words = words_of(notation.key, seed, steps.get("t"), tanh)
            try:
                if not holds(latex, *words, T=T, **steps):
                    found.append(steps)
            except (KeyError, ValueError) as error:
                found.append(str(error))
    return found


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("name", MEANINGS)
def test_every_tab_evaluates_to_the_same(name, key):
    latex = in_notation(bptt_results()[key], BY_KEY[name])
    assert (not latex) == ((name, key) in NO_LINE)
    if latex:
        assert wrong(bptt_results()[key], key, BY_KEY[name], latex) == []


@pytest.mark.parametrize("name", MEANINGS)
def test_a_slope_written_out_is_that_of_tanh(name):
    """1 - tanh^2 and 1 - h^2 are phi' of tanh alone; the other tabs take any phi."""
    right = not wrong(bptt_results()["delta_s"], "delta_s", BY_KEY[name], tanh=False)
    assert right == (name not in ("khanna", "topcuoglu"))


def swapped(notation, a, b):
    """The notation with the symbols of two quantities exchanged."""
    names = notation.names
    return replace(notation, names=names | {a: names[b], b: names[a]})


def mistakes(notation):
    """Notations with one mistake each, and the results that must show it."""
    yield "s for h", swapped(notation, "s", "h"), ("W_hh",)
    yield "y for p", swapped(notation, "p", "y"), ("delta_z",)
    yield "W_xh for W_hh", swapped(notation, "W_xh", "W_hh"), ("s", "g")
    yield "delta_s for delta_z", swapped(notation, "delta_s", "delta_z"), ("b_y",)
    if notation.rows:
        yield "columns", replace(notation, rows=frozenset()), ("g", "delta_s")
    else:
        yield "rows", replace(notation, rows=BY_KEY["pal"].rows), ("g", "delta_s")
    if notation.flat:
        yield "no flat rows", replace(notation, flat=frozenset()), ("W_hh",)
    if not notation.diagonal:
        yield "Diag twice", replace(notation, diagonal=r"\operatorname{Diag}"), ("J",)


MISTAKES = [
    pytest.param(name, notation, keys, id=f"{name}: {what}")
    for name in MEANINGS
    for what, notation, keys in mistakes(BY_KEY[name])
]


@pytest.mark.parametrize(("name", "notation", "keys"), MISTAKES)
def test_a_mistaken_notation_is_found(name, notation, keys):
    for key in keys:
        result = bptt_results()[key]
        before = in_notation(result, BY_KEY[name])
        assert in_notation(result, notation) != before
        assert wrong(result, key, notation)


def replaced(key, old, new):
    """A derived result with one part of it exchanged."""
    left, right = bptt_results()[key]
    changed = right.xreplace({old: new})
    assert changed != right
    return left, changed


def mutants():
    """Wrong results: a transposed weight, a missing phi', another step."""
    W, h = quantity("W_hh"), quantity("h", "t-1")
    yield "g", replaced("g", W.T, W)
    yield "h_0", replaced("h_0", W.T, W)
    yield "g", replaced("g", quantity("delta_s", "t+1"), quantity("delta_s", "t"))
    yield "W_hh", replaced("W_hh", h.T, quantity("h", "t").T)
    yield "J", (bptt_results()["J"][0], W)
    yield "J", (bptt_results()["J"][0], sp.MatMul(*bptt_results()["J"][1].args[::-1]))
    yield (
        "J_tk",
        (
            bptt_results()["J_tk"][0],
            StepProduct(quantity("J", "j"), "j", "k", "t"),
        ),
    )


@pytest.mark.parametrize("name", MEANINGS)
def test_a_wrong_result_is_found_in_every_notation(name):
    for key, result in mutants():
        assert wrong(result, key, BY_KEY[name]), (key, result)


def test_the_order_of_a_product_matters():
    latex = in_notation(bptt_results()["J_tk"], BY_KEY["book"])
    steps = {"t": 3, "k": 1}
    symbols, functions = dictionary("book", 1, 3)
    J = symbols["J_{%t}"]
    assert holds(latex, symbols, functions, T=T, **steps)
    assert J(3) * J(2) == symbols[r"\frac{d h_{%t}}{d h_{%k}}"](3, 1) != J(2) * J(3)


def test_notations_agree_with_the_tables_of_the_documents():
    """No symbol of a notation stands for something else in the document."""
    for notation in ALL:
        words, functions = point(1).dictionary(notation, t=1)
        table, _ = dictionary(notation.key, 1, 1)
        for name in words.keys() & table.keys():
            steps = {"%t": 2, "%k": 1}
            numbers = [n for mark, n in steps.items() if mark in name]
            assert words[name](*numbers) == table[name](*numbers), name
        assert functions.keys() == set(FUNCTIONS[notation.key])


def test_one_symbol_for_two_quantities_cannot_be_read():
    book = BY_KEY["book"]
    both = replace(book, names=book.names | {"p": book.names["y"]})
    with pytest.raises(ValueError, match=r"y_\{%t\}: expected one meaning"):
        point(1).dictionary(both)


def test_layouts():
    left, right = bptt_results()["delta_s"]
    assert arranged(left, right, BY_KEY["book"]) == right
    assert arranged(left, right, BY_KEY["pal"]).shape == right.shape[::-1]
    flat = arranged(*bptt_results()["W_hh"], BY_KEY["pal"])
    d_h = right.shape[0]
    assert flat.shape == (1, d_h**2)


def test_tabs_as_myst_and_as_a_table():
    made = tabs("W_hh", "h")
    bundle = made._repr_mimebundle_()
    text, table = bundle["text/markdown"], bundle["text/html"]
    assert text.count(":::{tab-item}") == table.count("<tr>") == len(ALL) == 7
    assert text.count(":sync-group: notation") == 1
    for n in ALL:
        assert f":::{{tab-item}} {n.tab}\n:sync: {n.key}\n" in text
        for latex in made.latex[n.key]:
            assert f"$$\n{latex}\n$$" in text
    assert r"(no line of its own for $\sigma(h_{t})$)" in text
    assert r"(no line of its own for $\sigma(h_{t})$)" in table


def test_tabs_refuse_what_they_do_not_know():
    for chosen in ((), ("W_hx",)):
        with pytest.raises(ValueError, match="chosen: expected some of s, h, z"):
            tabs(*chosen)
