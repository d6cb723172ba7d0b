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


KINDS = {  # the title in short, and what else a record says of its source
    "goodfellow": ("Goodfellow", {"slope"}),
    "pascanu": ("Pascanu", set()),
    "werbos": ("Werbos", {"from_memory"}),
    "williams-zipser": ("Williams-Zipser", {"from_memory", "shifts"}),
    "graves": ("Graves", {"from_memory", "rows"}),
    "karpathy": ("min-char-rnn", {"slope", "accumulates", "from_zero", "also"}),
    "cs231n": ("CS231n", {"slope", "rows", "also"}),
    "deeplearning.ai": ("deeplearning.ai", {"slope", "accumulates", "also"}),
    "d2l": ("d2l", {"mean"}),
    "pytorch": ("PyTorch", {"slope", "rows", "also"}),
    "keras": ("Keras", {"slope", "rows", "also"}),
}
COINED = {
    "goodfellow": "y dphi delta_s",
    "pascanu": "W_hy b_y z p y delta_z g",
    "werbos": "b_h W_hy b_y z delta_z",
    "williams-zipser": "b_h W_hy b_y z p delta_z g delta_s",
    "graves": "b_h b_y",
    "karpathy": "s y dphi",
    "cs231n": "s z p y delta_z",
    "deeplearning.ai": "s z dphi delta_z",
    "d2l": "b_h b_y s p delta_s",
    "pytorch": "s z p y delta_z g delta_s",
    "keras": "W_hy b_y s z p y delta_z g delta_s",
}
ALSO = {  # what a reader may type besides, and what it stands for
    "karpathy": {"hprev": "h:-1", "targets": "y", "y": "z"},
    "cs231n": {"dhnext": "g", "hprev": "h:-1", "dhprev": "future:-1"},
    "deeplearning.ai": {"danext": "g", "aprev": "h:-1", "daprevt": "future"},
    "pytorch": {"bih": "b_h", "bhh": "zero"},
    "keras": {"x": "x", "prevoutput": "h:-1"},
}
FLAGS = (
    *("slope", "accumulates", "from_zero", "from_memory"),
    *("also", "mean", "shifts", "rows", "flat", "unnamed"),
)


def test_what_a_record_says_besides_its_symbols():
    known = BROUGHT | NOTATIONS
    of_documents = {
        "roysdon": ("Roysdon 1.6", set()),
        "roysdon-1.5": ("Roysdon 1.5", {"rows", "unnamed", "also"}),
        "sarkar": ("Sarkar", set()),
        "khanna": ("Khanna", {"slope"}),
        "pal": ("Pal", {"rows", "flat"}),
        "topcuoglu": ("Topçuoğlu", {"slope", "accumulates"}),
    }
    for key, (tab, says) in (KINDS | of_documents).items():
        record = known[key]
        assert record.tab == tab
        assert {flag for flag in FLAGS if getattr(record, flag)} == says, key
    for key in BROUGHT:
        record = BROUGHT[key]
        assert record.coined == set(COINED[key].split())
        assert record.diagonal == r"\operatorname{diag}" and record.hadamard == r"\odot"
        assert ALSO.get(key, {}).items() <= record.also.items()
        assert len(record.also) == {
            "karpathy": 6, "cs231n": 5, "deeplearning.ai": 10, "pytorch": 2, "keras": 4
        }.get(key, 0)  # fmt: skip
