"""The results of backpropagation through time, as the machine derives them.

Two things are written here: the text of the network, and what the machine has no sign
for, a sum and a product over steps. Each result is a pair of expressions in the book's
notation, ready to be printed in any other.
"""

from functools import cache

import sympy as sp

from rnnlib.symbolic.derivation import derive
from rnnlib.symbolic.quantities import PARAMETERS, quantity
from rnnlib.symbolic.series import StepProduct, StepSum, at

STATE = """
s_t = W_xh x_t + W_hh h_{t-1} + b_h
h_t = phi(s_t)
"""
NETWORK = f"""{STATE}
z_t = W_hy h_t + b_y
p_t = softmax(z_t)
ell_t = cross_entropy(y_t, p_t)
"""
SIZES = {"x": "d_x", "h": "d_h"}


@cache
def vanilla():
    """The `Derivation` of the network of the book with its loss."""
    return derive(NETWORK, SIZES | {"y": "K"}, distributions="y")


def bptt_equations():
    """The backward recursion, derived for one step t, for any size and length.

    Returns
    -------
    dict
        Keys "g", "delta_s", "h_0", "x" and the five parameter names. For a parameter
        the value is the term of step t, to be summed over t.
    """
    d = vanilla()
    found = {"g": d.adjoint("h").right, "delta_s": d.adjoint("s").right}
    found |= {"h_0": d.gradient("h_0").right, "x": d.adjoint("x").right}
    found |= {p: d.gradient(p).right.each_step for p in d.recursion.parameters}
    found = {key: d.sympy(node) for key, node in found.items()}
    return found | {"h_0": at(found["h_0"], t=0)}


@cache
def bptt_results():
    """Every boxed result: a dictionary from its key to (left, right).

    ``s h z`` are the forward pass; ``delta_z`` and ``delta_s`` the errors at logits and
    pre-activations; ``g`` is the adjoint recursion, ``g_split`` its sum in two parts,
    ``future`` the second part; ``W_hy b_y W_xh W_hh b_h h_0`` are gradients. ``J`` and
    ``J_s`` are the Jacobians of one step, of the states and of the pre-activations;
    ``J_tk`` is the product of the J over many steps; ``unrolled`` is g_t as a sum over
    all later losses.
    """
    d = vanilla()
    forward = {e.left.name: e for e in d.equations}
    pairs = {name: forward[name] for name in "shz"}
    pairs |= {"delta_z": d.adjoint("z"), "delta_s": d.adjoint("s"), "g": d.adjoint("h")}
    found = {key: (d.sympy(one.left), d.sympy(one.right)) for key, one in pairs.items()}
    head, future = (d.sympy(term) for _, term in d.recursion.terms("h"))
    found["g_split"] = (quantity("g", "t"), head + quantity("future", "t"))
    found["future"] = (quantity("future", "t"), future)
    terms = bptt_equations()
    for name in ("W_hy", "b_y", *PARAMETERS[:3]):
        found[name] = quantity(f"d_{name}"), StepSum(terms[name], "t", "1", "T")
    product, unrolled = _over_steps()
    return found | {
        "h_0": (quantity("d_h", "0"), terms["h_0"]),
        "J": (quantity("J", "t"), d.sympy(d.jacobian("h", "h").right)),
        "J_s": (quantity("J_s", "t"), d.sympy(d.jacobian("s", "s").right)),
        "J_tk": (quantity("J_tk", "t,k"), product),
        "unrolled": (quantity("g", "t"), unrolled),
    }


def _over_steps():
    """The product of Jacobians, and g_t as the sum over k of its transposes.

    The tests put the recursion of g_t, with an outside loss, into itself, and compare.
    """
    product = StepProduct(quantity("J", "j"), "j", "k+1", "t")
    factor = StepProduct(quantity("J", "j"), "j", "t+1", "k")
    outside = quantity("ell_h", "k")
    return product, StepSum(sp.MatMul(sp.Transpose(factor), outside), "k", "t", "T")
