"""The SymPy side of rnnlib: the same network and the same names, with symbols.

`network` unrolls a small network, a symbol for every number; `graph` differentiates it
one definition at a time. `quantities` and `matrix` hold one step for any size.
`exact` decides equality; `notation` prints in the symbols of the five `documents`.
"""

from rnnlib.symbolic.activations import dphi, phi
from rnnlib.symbolic.documents import NOTATIONS, Notation
from rnnlib.symbolic.exact import equal_exactly, substitute_activation
from rnnlib.symbolic.graph import Graph
from rnnlib.symbolic.matrix import (
    bptt_equations,
    evaluate,
    hidden,
    jacobian,
    logits,
    pre_activation,
    vector_jacobian_product,
)
from rnnlib.symbolic.network import Network, unroll
from rnnlib.symbolic.notation import equation, to_latex
from rnnlib.symbolic.quantities import PARAMETERS, Quantity, quantity

__all__ = [
    "NOTATIONS",
    "PARAMETERS",
    "Graph",
    "Network",
    "Notation",
    "Quantity",
    "bptt_equations",
    "dphi",
    "equal_exactly",
    "equation",
    "evaluate",
    "hidden",
    "jacobian",
    "logits",
    "phi",
    "pre_activation",
    "quantity",
    "substitute_activation",
    "to_latex",
    "unroll",
    "vector_jacobian_product",
]
