"""The notation of each document, as a map from the book's.

A map gives the LaTeX of every quantity of the book in the symbols of one document;
``%t`` stands for the step. `rnnlib.symbolic.notation` prints derived expressions
through it, so no formula is ever rewritten by hand. Where a document has no name for a
quantity, the map gives the derivative that defines it.
"""

from dataclasses import dataclass

from rnnlib.symbolic.quantities import BOOK


@dataclass(frozen=True)
class Notation:
    """One document's symbols, the sizes by the book's names, and its conventions."""

    key: str
    title: str
    names: dict
    sizes: dict
    conventions: tuple = ()
    rows: frozenset = frozenset()  # names of the book's columns that are rows there


ROYSDON = Notation(
    "roysdon",
    "Roysdon, 1.3-1.12",
    BOOK | {"p": r"\hat{p}_{%t}", "g": r"g_{%t}"},
    {"d_x": "d_x", "d_h": "d_h", "K": "K"},
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
    },
    {"d_x": "d_x", "d_h": "d_h", "K": "K"},
    (
        "z_t is the pre-activation here and the logits everywhere else in the document",
        "delta^h_t is a row: the Jacobians multiply it from the right",
        "the hat is on the target, and on the prediction elsewhere in the document",
    ),
    frozenset({"delta_z", "g", "delta_s"}),
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
    (
        "a repeated index is summed over; k is also an index",
        "the hat is on the target",
        "the output function g is any; here it is the softmax",
    ),
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
    (
        "the index of a weight names the target first: W_hx takes x to h",
        "the target is the index c of a class, not a vector",
        "section 9 writes W_h, W_x, phi and averages over T instead of summing",
    ),
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
    {"d_x": "dim(x_t)", "d_h": "n", "K": "dim(o_t)"},
    (
        "h_t is the pre-activation in (1): the state before the nonlinearity",
        "a gradient is a row, the transpose of the book's column",
        "(2) reads h_t where the recurrence (1) needs sigma(h_t)",
    ),
    frozenset({"delta_z", "g", "delta_s"}),
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
    },
    {"d_x": "d", "d_h": "h", "K": "q"},
    (
        "p_t is the target",
        "y_t is the logits in (2) and (16), and the probabilities in (6) and (7)",
        "z_t is named only through dz_t; h is a state and a size",
    ),
)
NOTATIONS = {n.key: n for n in (ROYSDON, ROYSDON_FULL, SARKAR, KHANNA, PAL, TOPCUOGLU)}
BOOK_NOTATION = Notation(
    "book", "This book", BOOK, {"d_x": "d_x", "d_h": "d_h", "K": "K"}
)
