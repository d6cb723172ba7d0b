"""Sums and products over steps: written out, ordered, empty."""

import pytest
import sympy as sp

from rnnlib.symbolic import StepProduct, StepSum, at, evaluate, quantity, to_latex
from rnnlib.symbolic.quantities import DERIVATIVES, SHAPES, STEPLESS, moved

J = quantity("J", "j")
h = quantity("h", "t")


def test_a_sum_is_written_out():
    total = StepSum(quantity("h", "t-1"), "t", "1", "T")
    expected = quantity("h", "0") + quantity("h", "1") + quantity("h", "2")
    assert at(total, T=3) == expected
    assert to_latex(total) == r"\sum_{t=1}^{T} h_{t-1}"


def test_a_later_factor_stands_left():
    product = StepProduct(J, "j", "k+1", "t")
    J_2, J_3, J_4 = (quantity("J", str(t)) for t in (2, 3, 4))
    assert at(product, k=1, t=4) == J_4 * J_3 * J_2
    values = {J_2: [[1, 1], [0, 1]], J_3: [[1, 0], [1, 1]], J_4: [[2, 0], [0, 1]]}
    values = {name: sp.Matrix(m) for name, m in values.items()}
    written_out = evaluate(at(product, k=1, t=4), values)
    assert written_out == values[J_4] * values[J_3] * values[J_2]
    assert written_out != values[J_2] * values[J_3] * values[J_4]


def test_an_empty_product_is_one_and_an_empty_sum_zero():
    assert at(StepProduct(J, "j", "k+1", "t"), k=2, t=2) == sp.Identity(J.shape[0])
    assert at(StepSum(h, "t", "3", "T"), T=2) == sp.ZeroMatrix(*h.shape)


def test_a_bound_letter_is_not_replaced_from_outside():
    total = StepSum(quantity("h", "k"), "k", "t", "T")
    assert at(total, k=7, t=2, T=2) == quantity("h", "2")
    left_open = at(total, t=2)
    assert left_open == StepSum(quantity("h", "k"), "k", "2", "T")


def test_nested_steps():
    inner = StepProduct(J, "j", "t+1", "k").T * quantity("ell_h", "k")
    total = at(StepSum(inner, "k", "t", "T"), t=1, T=2)
    ell_1, ell_2 = quantity("ell_h", "1"), quantity("ell_h", "2")
    assert total.doit() == ell_1 + quantity("J", "2").T * ell_2


@pytest.mark.parametrize(
    ("step", "steps", "by", "expected"),
    [
        ("t", {}, 0, "t"),
        ("t", {}, -1, "t-1"),
        ("t+1", {}, -1, "t"),
        ("t-1", {"t": 3}, 0, "2"),
        ("T", {"t": 3}, 1, "T+1"),
        ("0", {}, 2, "2"),
    ],
)
def test_moved(step, steps, by, expected):
    assert moved(step, steps, by) == expected


def test_names_of_derivatives_and_of_steps():
    assert quantity("J_tk", "t,k").latex_name() == r"\frac{d h_{t}}{d h_{k}}"
    assert quantity("J_s", "t+1").latex_name() == r"\frac{d s_{t+1}}{d s_{t}}"
    assert quantity("d_W_hh").latex_name() == r"\frac{d \mathcal{L}}{d W_{hh}}"
    for base in {**SHAPES, **DERIVATIVES}:
        with pytest.raises(ValueError, match="time: expected"):
            quantity(base, "t" if base in STEPLESS else "")
