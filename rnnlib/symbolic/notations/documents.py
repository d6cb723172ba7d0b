"""The notation of each document, as a map from the book's.

A map gives the LaTeX of every quantity of the book in the symbols of one document;
``%t`` stands for the step. `rnnlib.symbolic.notations.printer` prints derived
expressions through it, so no formula is ever rewritten by hand. Where a document has no
name for a quantity, the map coins one from its symbols, such as the derivative that
defines it.
"""

from rnnlib.symbolic.notations.conventions import CONVENTIONS
from rnnlib.symbolic.notations.mapping import (
    PARTIAL,
    PARTIAL_JACOBIAN,
    ROWS,
    TOTAL,
    TOTAL_JACOBIAN,
    Notation,
)
from rnnlib.symbolic.quantities import BOOK

ROYSDON = Notation(
    "roysdon",
    "Roysdon, all but 1.5",
    BOOK
    | {
        "p": r"\hat{p}_{%t}",
        "g": r"g_{%t}",
        "J": r"J_{%t}",
        "future": r"\left(\frac{\partial \ell}{\partial h_{%t}}\right)"
        r"_{\text{from future}}",
    },
    {"d_x": "d_x", "d_h": "d_h", "K": "K"},
    CONVENTIONS["roysdon"],
    tab="Roysdon 1.6",
)
ROYSDON_FULL = Notation(
    "roysdon-1.5",
    "Roysdon, 1.5",
    BOOK
    | {
        "s": r"z_{%t}",
        "z": r"W_{hy} h_{%t} + b_{y}",
        "p": r"y_{%t}",
        "y": r"\hat{y}_{%t}",
        "delta_z": r"\frac{\partial \ell_{%t}}{\partial z^{y}_{%t}}",
        "g": r"\delta^{h}_{%t}",
        "delta_s": r"\frac{\partial \mathcal{L}}{\partial z_{%t}}",
        "ell": r"\ell(y_{%t}, \hat{y}_{%t})",
        "ell_h": r"\frac{\partial \ell_{%t}}{\partial h_{%t}}",
    },
    {"d_x": "d_x", "d_h": "d_h", "K": "K"},
    CONVENTIONS["roysdon-1.5"],
    ROWS,
    tab="Roysdon 1.5",
    unnamed=frozenset({"delta_s", "delta_z"}),
    coined=frozenset({"z", "delta_z", "delta_s"}),
    diagonal="",
    also={"zy": "z"},
)
SARKAR = Notation(
    "sarkar",
    "Sarkar",
    BOOK
    | {
        "s": r"z_{%t}",
        "z": r"o_{%t}",
        "p": r"y_{%t}",
        "y": r"\hat{y}_{%t}",
        "delta_z": r"e_{%t}",
        "g": r"\nabla_{h_{%t}} C",
        "delta_s": r"\delta_{%t}",
        "phi": "f",
        "dphi": "f'",
        "loss": "C",
        "ell": r"C_{%t}",
    },
    {"d_x": "m", "d_h": "n", "K": "k"},
    CONVENTIONS["sarkar"],
    tab="Sarkar",
    derivatives=(r"\nabla_{%v} %L", PARTIAL_JACOBIAN, r"\nabla_{%v} %L"),
)
KHANNA = Notation(
    "khanna",
    "Khanna",
    BOOK
    | {
        "W_xh": r"W_{hx}",
        "W_hy": r"W_{yh}",
        "x": r"x^{(%t)}",
        "s": r"a^{(%t)}",
        "h": r"h^{(%t)}",
        "z": r"o^{(%t)}",
        "p": r"y^{(%t)}",
        "y": r"\mathbf{1}_{c^{(%t)}}",
        "delta_z": r"\frac{\partial \mathcal{L}}{\partial o^{(%t)}}",
        "g": r"\frac{\partial \mathcal{L}}{\partial h^{(%t)}}",
        "delta_s": r"\delta^{(%t)}",
        "phi": r"\tanh",
        "dphi": r"\tanh'",
        "ell": r"\mathcal{L}^{(%t)}",
    },
    {"d_x": "n", "d_h": "m", "K": "k"},
    CONVENTIONS["khanna"],
    tab="Khanna",
    coined=frozenset({"y", "dphi"}),
    slope=r"\left(1 - \tanh^{2}(a^{(%t)})\right)",
    hadamard=r"\circ",
    diagonal=r"\operatorname{diag}",
)
PAL = Notation(
    "pal",
    "Pal",
    BOOK
    | {
        "W_xh": r"W_{I}",
        "W_hh": r"W_{R}",
        "b_h": r"b_{R}",
        "W_hy": r"W_{O}",
        "b_y": r"b_{O}",
        "s": r"h_{%t}",
        "h": r"\sigma(h_{%t})",
        "z": r"\left(W_{O} \sigma(h_{%t}) + b_{O}\right)",
        "p": r"o_{%t}",
        "delta_z": r"\frac{\partial E_{%t}}{\partial z_{%t}}",
        "g": r"\frac{d E}{d \sigma(h_{%t})}",
        "delta_s": r"\frac{d E}{d h_{%t}}",
        "phi": r"\sigma",
        "dphi": r"\sigma'",
        "loss": "E",
        "ell": r"E_{%t}",
    },
    {"d_x": r"\dim(x_t)", "d_h": "n", "K": r"\dim(o_t)"},
    CONVENTIONS["pal"],
    ROWS,
    tab="Pal",
    coined=frozenset({"z", "delta_z", "g", "delta_s"}),
    derivatives=(TOTAL, TOTAL_JACOBIAN, PARTIAL),
    flat=frozenset({"d_W_xh", "d_W_hh", "d_W_hy"}),
    diagonal=r"\operatorname{diag}",
)
TOPCUOGLU = Notation(
    "topcuoglu",
    "Topçuoğlu",
    BOOK
    | {
        "s": r"z_{%t}",
        "z": r"y_{%t}",
        "p": r"P(y_{%t})",
        "y": r"p_{%t}",
        "delta_z": r"dy_{%t}",
        "g": r"dh_{%t}",
        "delta_s": r"dz_{%t}",
        "phi": "f",
        "dphi": "f'",
        "loss": "L",
        "ell": r"L_{%t}",
        "ell_h": r"\frac{\partial L_{%t}}{\partial h_{%t}}",
        "future": r"dh_{\text{next}}",
    },
    {"d_x": "d", "d_h": "h", "K": "q"},
    CONVENTIONS["topcuoglu"],
    tab="Topçuoğlu",
    coined=frozenset({"s", "dphi"}),
    derivatives=("d%v", PARTIAL_JACOBIAN, PARTIAL),
    slope=r"\left(1 - h_{%t}^{2}\right)",
    hadamard=r"\cdot",
    accumulates=True,
)
NOTATIONS = {n.key: n for n in (ROYSDON, ROYSDON_FULL, SARKAR, KHANNA, PAL, TOPCUOGLU)}
BOOK_NOTATION = Notation(
    "book",
    "This book",
    BOOK | {"J": r"J_{%t}"},
    {"d_x": "d_x", "d_h": "d_h", "K": "K"},
    tab="This book",
    derivatives=(TOTAL, TOTAL_JACOBIAN, r"\frac{\partial^{+} %L}{\partial %v}"),
)
