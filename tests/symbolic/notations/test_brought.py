"""The notations that readers bring: every result in each is true, read back exactly."""

from dataclasses import replace
from functools import cache, partial

import pytest
import sympy as sp

from rnnlib.symbolic import bptt_results, equation, quantity, to_latex
from rnnlib.symbolic.notations.brought import BROUGHT
from rnnlib.symbolic.notations.documents import NOTATIONS
from rnnlib.symbolic.notations.tabs import in_notation
from rnnlib.symbolic.quantities import BOOK, DERIVATIVES, SHAPES
from tests.symbolic.notations.brought_meanings import (
    BROUGHT_FUNCTIONS,
    BROUGHT_MEANINGS,
)
from tests.symbolic.notations.test_tabs import T, functions, mutants, symbols_of
from tests.symbolic.notations.test_tabs import value as value_in_words
from tests.symbolic.notations.test_tabs import wrong as wrong_in_words

KEYS = tuple(bptt_results())
NO_LINE = {("pascanu", "h")}  # the state has no name of its own there
TANH_ONLY = {k for k, n in BROUGHT.items() if n.slope}


@cache
def meaning_at(seed, meaning, steps, tanh):
    """The matrix that a meaning stands for, in the words of the tables."""
    if meaning == "1/T":
        return sp.Rational(1, T)
    meaning, _, by = meaning.partition(" at ")
    steps = tuple(s + int(by or 0) for s in steps)
    first, _, rest = meaning.partition(" ")
    if first in ("turned", "row"):
        return value_in_words(seed, rest, steps, tanh).T
    if first == "averaged":
        return value_in_words(seed, rest, steps, tanh) / T
    return value_in_words(seed, meaning, steps, tanh)


def dictionary(key, seed, t, tanh):
    """Symbols and functions of a notation, from the tables."""
    symbols = symbols_of(BROUGHT_MEANINGS[key], meaning_at, seed, t, tanh)
    names = BROUGHT_FUNCTIONS[key]
    return symbols, dict(zip(names, functions(seed, tanh), strict=True))


wrong = partial(wrong_in_words, words_of=dictionary, seeds=(1,))


@pytest.mark.parametrize("name", BROUGHT)
def test_every_result_is_true(name):
    for key in KEYS:
        if (name, key) in NO_LINE:
            assert not in_notation(bptt_results()[key], BROUGHT[name])
        else:
            found = wrong(bptt_results()[key], key, BROUGHT[name])
            assert found == [], (key, in_notation(bptt_results()[key], BROUGHT[name]))


@pytest.mark.parametrize("name", BROUGHT)
def test_a_wrong_result_is_found(name):
    for key, result in mutants():
        assert wrong(result, key, BROUGHT[name]), (key, result)


@pytest.mark.parametrize("name", BROUGHT)
def test_a_slope_written_out_is_that_of_tanh(name):
    right = not wrong(bptt_results()["delta_s"], "delta_s", BROUGHT[name], tanh=False)
    assert right == (name not in TANH_ONLY)


@pytest.mark.parametrize("name", BROUGHT)
def test_an_exchange_of_symbols_is_found(name):
    notation = BROUGHT[name]
    names = notation.names
    for a, b, key in (("y", "p", "delta_z"), ("W_xh", "W_hh", "s")):
        swapped = replace(notation, names=names | {a: names[b], b: names[a]})
        assert wrong(bptt_results()[key], key, swapped), (a, b)


@pytest.mark.parametrize("name", BROUGHT)
def test_a_record_is_complete(name):
    notation = BROUGHT[name]
    assert notation.key == name and name not in NOTATIONS
    assert notation.names.keys() >= BOOK.keys()
    assert notation.symbols.keys() >= SHAPES.keys() | DERIVATIVES.keys()
    assert notation.sizes.keys() == {"d_x", "d_h", "K"} and notation.tab
    symbols = list(notation.names.values())
    assert len(set(symbols)) == len(symbols)
    assert notation.coined < notation.names.keys()
    assert notation.conventions
    for line in notation.conventions:
        assert line.count("$") % 2 == 0 and not line.endswith(".")


def test_to_the_letter():
    g = bptt_results()["g"][1]
    assert to_latex(g, "goodfellow") == (
        r"V^{\top} \nabla_{o^{(t)}} L + W^{\top} \nabla_{a^{(t+1)}} L"
    )
    assert to_latex(g, "karpathy") == (
        r"\mathtt{Why}^{\top} \mathtt{dy}[t] + \mathtt{Whh}^{\top} \mathtt{dhraw}[t+1]"
    )
    state = bptt_results()["h"]
    assert in_notation(state, BROUGHT["williams-zipser"]) == "y(t+1) = f(s(t))"
    s = bptt_results()["s"]
    assert in_notation(s, BROUGHT["keras"]).endswith(
        r"\mathtt{output}_{t-1} \mathtt{recurrent\_kernel} + \mathtt{bias}"
    )
    delta_z = in_notation(bptt_results()["delta_z"], BROUGHT["d2l"])
    assert delta_z.endswith(r"\frac{1}{T} \left(\hat{y}_{t} - y_{t}\right)")
    assert equation(quantity("W_hh"), "A", "graves") == (
        r"w_{hh}^{\top} = A"  # from i to j
    )
