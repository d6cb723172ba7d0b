"""The SymPy side of rnnlib: the same network and the same names, with symbols.

`network` unrolls a small network, a symbol for every number; `graph` differentiates it
one definition at a time. `quantities` and `matrix` hold one step for any size.
`exact` decides equality; `notation` prints in the symbols of the five `documents`.
`results` are the derived results; `tabs` shows them in every notation at once, and
`reading` reads them back, to compare them at a rational `point`.
"""

from rnnlib.symbolic.activations import dphi, phi
from rnnlib.symbolic.derivation import Derivation, derive, lemma
from rnnlib.symbolic.exact import equal_exactly
from rnnlib.symbolic.graph import Graph
from rnnlib.symbolic.matrix import (
    evaluate,
    hidden,
    jacobian,
    logits,
    pre_activation,
    vector_jacobian_product,
)
from rnnlib.symbolic.network import Network, unroll
from rnnlib.symbolic.notations.documents import NOTATIONS, Notation
from rnnlib.symbolic.notations.printer import equation, to_latex
from rnnlib.symbolic.notations.tabs import in_notation, tabs
from rnnlib.symbolic.point import rational_point
from rnnlib.symbolic.quantities import PARAMETERS, Quantity, quantity
from rnnlib.symbolic.reading import holds, read
from rnnlib.symbolic.results import bptt_equations, bptt_results
from rnnlib.symbolic.series import StepProduct, StepSum, at

__all__ = [
    "Derivation",
    "NOTATIONS",
    "PARAMETERS",
    "Graph",
    "Network",
    "Notation",
    "Quantity",
    "StepProduct",
    "StepSum",
    "at",
    "bptt_equations",
    "bptt_results",
    "derive",
    "dphi",
    "equal_exactly",
    "equation",
    "evaluate",
    "hidden",
    "holds",
    "in_notation",
    "jacobian",
    "lemma",
    "logits",
    "phi",
    "pre_activation",
    "quantity",
    "rational_point",
    "read",
    "tabs",
    "to_latex",
    "unroll",
    "vector_jacobian_product",
]
