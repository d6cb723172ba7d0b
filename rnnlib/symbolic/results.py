"""The results of backpropagation through time, derived, with their left-hand sides.

Each is a pair of expressions in the book's notation, ready to be printed in any other.
"""

from functools import cache

from sympy import MatMul, Transpose

from rnnlib.symbolic.matrix import (
    bptt_equations,
    hidden,
    jacobian,
    logits,
    pre_activation,
    vector_jacobian_product,
)
from rnnlib.symbolic.quantities import PARAMETERS, quantity
from rnnlib.symbolic.series import StepProduct, StepSum, at


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
    derived = bptt_equations()
    h, delta_z = quantity("h", "t"), quantity("delta_z", "t")
    head = vector_jacobian_product(logits(), h, delta_z)
    future = vector_jacobian_product(
        pre_activation("t+1", "t"), h, quantity("delta_s", "t+1")
    )
    assert derived["g"] == head + future
    through_phi = jacobian(hidden(), quantity("s", "t"))
    recurrent = jacobian(pre_activation(), quantity("h", "t-1"))
    factor = StepProduct(quantity("J", "j"), "j", "k+1", "t")
    found = {
        "s": (quantity("s", "t"), pre_activation()),
        "h": (h, hidden()),
        "z": (quantity("z", "t"), logits()),
        "delta_z": (delta_z, quantity("p", "t") - quantity("y", "t")),
        "g_split": (quantity("g", "t"), head + quantity("future", "t")),
        "delta_s": (quantity("delta_s", "t"), derived["delta_s"]),
        "future": (quantity("future", "t"), future),
        "g": (quantity("g", "t"), derived["g"]),
    }
    for name in ("W_hy", "b_y", *PARAMETERS[:3]):
        total = StepSum(derived[name], "t", "1", "T")
        found[name] = quantity(f"d_{name}"), total
    return found | {
        "h_0": (quantity("d_h", "0"), derived["h_0"]),
        "J": (quantity("J", "t"), MatMul(through_phi, recurrent)),
        "J_s": (quantity("J_s", "t"), MatMul(recurrent, at(through_phi, t="t-1"))),
        "J_tk": (quantity("J_tk", "t,k"), factor),
        "unrolled": (quantity("g", "t"), _unrolled()),
    }


def _unrolled():
    """g_t as the sum over k of (J_k ... J_{t+1})^T times the immediate gradient."""
    factor = StepProduct(quantity("J", "j"), "j", "t+1", "k")
    return StepSum(MatMul(Transpose(factor), quantity("ell_h", "k")), "k", "t", "T")
