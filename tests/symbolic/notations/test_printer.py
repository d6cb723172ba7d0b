"""Each document's notation: complete, one meaning a symbol, printed to the letter."""

import re

import pytest
import sympy as sp

from rnnlib.symbolic import (
    NOTATIONS,
    bptt_equations,
    equation,
    hidden,
    jacobian,
    logits,
    pre_activation,
    quantity,
    to_latex,
)
from rnnlib.symbolic.notations.conventions import CONVENTIONS
from rnnlib.symbolic.notations.documents import BOOK_NOTATION
from rnnlib.symbolic.quantities import BOOK, DERIVATIVES, SHAPES
from tests.symbolic.notations.meanings import MEANINGS

ALL = {"book": BOOK_NOTATION, **NOTATIONS}
DERIVED = bptt_equations()
DELTA_S = jacobian(hidden(), quantity("s", "t"))

every_notation = pytest.mark.parametrize("key", ALL)


@every_notation
def test_every_quantity_has_a_symbol(key):
    notation = ALL[key]
    assert notation.key == key
    assert notation.names.keys() >= BOOK.keys()
    assert notation.symbols.keys() >= SHAPES.keys() | DERIVATIVES.keys()
    assert notation.sizes.keys() == {"d_x", "d_h", "K"}
    for name, symbol in notation.symbols.items():
        assert symbol and symbol.count("{") == symbol.count("}"), name


@every_notation
def test_a_symbol_has_one_meaning_within_a_notation(key):
    notation = ALL[key]
    names = list(notation.names.values())
    assert len(set(names)) == len(names)
    assert len(set(notation.sizes.values())) == 3
    stepless = {n for n in names if "%" not in n}
    assert not stepless & set(notation.sizes.values())


def symbols_of(document):
    """{symbol: quantities} over the notations of one document."""
    found = {}
    for notation in NOTATIONS.values():
        if notation.key.split("-")[0] == document:
            for name, symbol in notation.names.items():
                found.setdefault(symbol, set()).add(name)
    return found


def test_a_document_that_uses_a_symbol_twice_says_so():
    """Roysdon's z_t and y_t; the conventions of its section 1.5 speak of both."""
    twice = {}
    for document in {key.split("-")[0] for key in NOTATIONS}:
        for symbol, names in symbols_of(document).items():
            if len(names) > 1:
                twice[symbol] = (document, names)
    assert twice == {
        "z_{%t}": ("roysdon", {"s", "z"}),
        "y_{%t}": ("roysdon", {"p", "y"}),
    }
    told = " ".join(NOTATIONS["roysdon-1.5"].conventions)
    assert "$z_t$ is the pre-activation here, and the logits" in told
    assert "$y_t$, a target there, is a prediction here" in told


def test_coined_names_are_no_more_than_the_documents_lack():
    coined = {n.key: n.coined for n in ALL.values() if n.coined}
    assert coined == {
        "roysdon-1.5": {"z", "delta_z", "delta_s"},
        "khanna": {"y", "dphi"},
        "pal": {"z", "delta_z", "g", "delta_s"},
        "topcuoglu": {"s", "dphi"},
    }


def test_symbols_mean_what_an_independent_reading_says():
    """`meanings` was read from the documents by itself: columns, and what they are."""
    for key, notation in ALL.items():
        meanings = MEANINGS[key]
        known = [n for n in SHAPES if notation.names[n] in meanings]
        assert len(known) >= len(SHAPES) - 2, key
        for name in known:
            gradient = {"g": "d h", "delta_s": "d s", "delta_z": "d z"}.get(name, name)
            meaning = meanings[notation.names[name]].removesuffix(" row")
            assert meaning == gradient, (key, name)


def test_conventions():
    assert CONVENTIONS.keys() == NOTATIONS.keys()
    for key, notation in NOTATIONS.items():
        assert notation.conventions == CONVENTIONS[key]
        for line in notation.conventions:
            assert line.count("$") % 2 == 0 and not line.endswith(".")
            assert not re.search(r"\b\w_\w", re.sub(r"\$.*?\$|`.*?`", "", line)), line


G = {
    "book": r"W_{hy}^{\top} \delta^{(z)}_{t} + W_{hh}^{\top} \delta^{(s)}_{t+1}",
    "roysdon": r"W_{hy}^{\top} \delta^{(z)}_{t} + W_{hh}^{\top} \delta^{(s)}_{t+1}",
    "sarkar": r"W_{hy}^{\top} e_{t} + W_{hh}^{\top} \delta_{t+1}",
    "khanna": r"W_{yh}^{\top} \frac{\partial \mathcal{L}}{\partial o^{(t)}}"
    r" + W_{hh}^{\top} \delta^{(t+1)}",
    "topcuoglu": r"W_{hy}^{\top} dy_{t} + W_{hh}^{\top} dz_{t+1}",
}
PRE_ACTIVATION = {
    "book": "W_{xh} x_{t} + W_{hh} h_{t-1} + b_{h}",
    "roysdon-1.5": "W_{xh} x_{t} + W_{hh} h_{t-1} + b_{h}",
    "khanna": "W_{hx} x^{(t)} + W_{hh} h^{(t-1)} + b_{h}",
    "pal": r"W_{I} x_{t} + W_{R} \sigma(h_{t-1}) + b_{R}",
}
ADJOINT = {
    "book": r"g_{t} \odot \phi'(s_{t})",
    "sarkar": r"\nabla_{h_{t}} C \odot f'(z_{t})",
    "khanna": r"\frac{\partial \mathcal{L}}{\partial h^{(t)}} \circ "
    r"\left(1 - \tanh^{2}(a^{(t)})\right)",
    "topcuoglu": r"dh_{t} \cdot \left(1 - h_{t}^{2}\right)",
}
OUTER = {
    "book": r"\delta^{(s)}_{t} h_{t-1}^{\top}",
    "khanna": r"\delta^{(t)} h^{(t-1)\top}",
    "sarkar": r"\delta_{t} h_{t-1}^{\top}",
    "pal": r"\left(\frac{d E}{d h_{t}}\right)^{\top} \sigma(h_{t-1})^{\top}",
}
SLOPES = {
    "book": r"\operatorname{Diag}\left(\phi'(s_{t})\right)",
    "roysdon-1.5": r"\phi'(z_{t})",
    "pal": r"\operatorname{diag}\left(\sigma'(h_{t})\right)",
    "khanna": r"\operatorname{diag}\left(1 - \tanh^{2}(a^{(t)})\right)",
}
PRINTED = [
    (expression, key, latex)
    for expression, table in (
        (DERIVED["g"], G),
        (pre_activation(), PRE_ACTIVATION),
        (DERIVED["delta_s"], ADJOINT),
        (DERIVED["W_hh"], OUTER),
        (DELTA_S, SLOPES),
    )
    for key, latex in table.items()
]


@pytest.mark.parametrize(("expression", "key", "latex"), PRINTED)
def test_printed_to_the_letter(expression, key, latex):
    assert to_latex(expression, key) == latex
    assert to_latex(expression, ALL[key]) == latex


def test_differences_and_equations():
    p, y = quantity("p", "t"), quantity("y", "t")
    assert to_latex(p - y) == to_latex(-y + p) == "p_{t} - y_{t}"
    assert to_latex(p - y, "topcuoglu") == "P(y_{t}) - p_{t}"
    left = quantity("z", "t")
    assert equation(left, logits()) == "z_{t} = W_{hy} h_{t} + b_{y}"
    tagged = equation("A", logits(), "sarkar", label="3")
    assert tagged == r"A = W_{hy} h_{t} + b_{y} \tag{3}"


@every_notation
def test_no_symbol_of_the_book_is_left_in_a_document(key):
    """What a document names otherwise does not appear under the book's name."""
    notation = ALL[key]
    for name, symbol in BOOK.items():
        own = notation.names[name]
        if symbol in own or symbol in notation.names.values() or name not in SHAPES:
            continue
        step = "" if "%" not in symbol else "t"
        printed = to_latex(quantity(name, step), key)
        assert symbol.replace("%t", "t") not in printed


@pytest.mark.parametrize("key", ["Roysdon", "", "nobody"])
def test_unknown_notation(key):
    with pytest.raises(ValueError, match=f"notation: expected one of .* got '{key}'"):
        to_latex(logits(), key)


def test_numbers_and_symbols_print_as_in_sympy():
    x = sp.Symbol("x")
    assert to_latex(x**2 / 2) == sp.latex(x**2 / 2)
