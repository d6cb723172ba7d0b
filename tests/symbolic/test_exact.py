"""Equality is proved, or not claimed."""

import numpy as np
import pytest
import sympy as sp

from rnnlib.symbolic import dphi, equal_exactly, phi, quantity

x, y = sp.symbols("x y", real=True)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((x + 1) ** 2, x**2 + 2 * x + 1),
        (1 / x + 1 / y, (x + y) / (x * y)),
        (sp.tanh(x) ** 2 - 1, (sp.tanh(x) - 1) * (sp.tanh(x) + 1)),
        (sp.diff(sp.tanh(x), x), 1 - sp.tanh(x) ** 2),
        (sp.exp(x) / (sp.exp(x) + sp.exp(y)), 1 - sp.exp(y) / (sp.exp(x) + sp.exp(y))),
        (sp.diff(phi(x * y), x), y * dphi(x * y)),
        (phi(phi(x)) * 2, phi(phi(x)) + phi(phi(x))),
        (sp.log(x) * x / x, sp.log(x)),
        (1 / (1 + sp.exp(-x)), sp.exp(x) / (1 + sp.exp(x))),
        (0, 0),
        (2, sp.Integer(2)),
    ],
)
def test_equal(one, other):
    assert equal_exactly(one, other) and equal_exactly(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (x, y),
        (x, x + sp.Rational(1, 10**30)),
        (sp.tanh(x), sp.tanh(y)),
        (phi(x), dphi(x)),
        (phi(phi(x)), phi(x)),
        (sp.diff(sp.tanh(x), x), 1 - sp.tanh(x)),
        (1, 0),
    ],
)
def test_not_equal(one, other):
    assert not equal_exactly(one, other)


def test_false_is_no_disproof():
    """exp(x) tanh(x) + exp(x) is 2 exp(x)^2 / (exp(x) + exp(-x)): not found."""
    one = sp.tanh(x)
    other = (sp.exp(x) - sp.exp(-x)) / (sp.exp(x) + sp.exp(-x))
    assert not equal_exactly(one, other)
    assert sp.simplify((one - other).rewrite(sp.exp)) == 0


def test_matrices_entry_by_entry():
    one = sp.Matrix([[x, (x + y) ** 2]])
    assert equal_exactly(one, sp.Matrix([[x, x**2 + 2 * x * y + y**2]]))
    assert not equal_exactly(one, sp.Matrix([[x, x**2 + y**2]]))
    assert equal_exactly(one, sp.ImmutableMatrix(one))
    assert equal_exactly(np.array([x, y]), np.array([x, y]))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (sp.ones(2, 1), sp.ones(1, 2)),
        (sp.ones(2, 2), sp.ones(2, 3)),
        (sp.ones(1, 1), sp.Integer(1)),
        (sp.Integer(1), sp.ones(1, 1)),
    ],
)
def test_shapes_must_agree(one, other):
    with pytest.raises(ValueError, match=r"b: expected shape \(.*\), got \(.*\)"):
        equal_exactly(one, other)


def test_matrices_of_symbolic_size_are_refused():
    h = quantity("h", "t")
    with pytest.raises(ValueError, match="a: expected a matrix of known entries"):
        equal_exactly(h, h)
    with pytest.raises(ValueError, match="b: expected a matrix of known entries"):
        equal_exactly(sp.ones(2, 1), 2 * h)
