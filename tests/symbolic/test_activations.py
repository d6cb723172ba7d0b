"""The symbolic activations are those of rnnlib."""

import numpy as np
import pytest
import sympy as sp

import rnnlib
from rnnlib.symbolic import dphi, phi
from rnnlib.symbolic.activations import ACTIVATIONS

s = sp.Symbol("s", real=True)
POINTS = (-3.0, -0.5, 0.25, 2.0)


def test_names():
    assert set(ACTIVATIONS) == {"phi", *rnnlib.ACTIVATIONS}


@pytest.mark.parametrize("name", rnnlib.ACTIVATIONS)
def test_values_and_derivatives(name):
    symbolic, numerical = ACTIVATIONS[name](s), rnnlib.ACTIVATIONS[name]
    derivative = sp.diff(symbolic, s)
    for point in POINTS:
        h = numerical(np.array([point]))
        assert float(symbolic.subs(s, point)) == pytest.approx(h[0], rel=1e-14)
        slope = numerical.derivative(h)[0]
        assert float(derivative.subs(s, point)) == pytest.approx(slope, rel=1e-14)


def test_relu_has_derivative_zero_at_zero():
    derivative = sp.diff(ACTIVATIONS["relu"](s), s)
    assert derivative.subs(s, 0) == 0
    zero = np.zeros(1)
    assert rnnlib.ACTIVATIONS["relu"].derivative(zero)[0] == 0


@pytest.mark.parametrize("name", rnnlib.ACTIVATIONS)
def test_gamma_is_the_largest_derivative(name):
    derivative = sp.diff(ACTIVATIONS[name](s), s)
    slopes = [float(derivative.subs(s, k / 8)) for k in range(-40, 41)]
    assert max(slopes) == rnnlib.ACTIVATIONS[name].gamma


def test_the_abstract_activation_obeys_the_chain_rule():
    assert sp.diff(phi(s**2), s) == 2 * s * dphi(s**2)
    assert sp.diff(phi(phi(s)), s) == dphi(s) * dphi(phi(s))


def test_latex():
    assert sp.latex(phi(s)) == r"\phi\left(s\right)"
    assert sp.latex(dphi(s)) == r"\phi'\left(s\right)"
    assert sp.latex(dphi(s) ** 2) == r"\phi'^{2}\left(s\right)"
