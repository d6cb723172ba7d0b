"""The activations: values, derivatives from the stored output, extremes, bounds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import rnnlib
from rnnlib import ACTIVATIONS, Activation, get_activation

every_phi = pytest.mark.parametrize("phi", ACTIVATIONS.values(), ids=ACTIVATIONS)
S = np.concatenate([np.linspace(-6, 6, 48), [-0.3, 0.7]])  # no zero, where relu kinks
TEXTBOOK = {
    "tanh": lambda s: (np.exp(s) - np.exp(-s)) / (np.exp(s) + np.exp(-s)),
    "relu": lambda s: np.where(s > 0, s, 0.0),
    "logistic": lambda s: 1 / (1 + np.exp(-s)),
    "identity": lambda s: s,
}
LIMITS = {"tanh": (-1, 1), "relu": (0, 1000), "logistic": (0, 1), "identity": None}


@every_phi
def test_values(phi):
    np.testing.assert_allclose(phi(S), TEXTBOOK[phi.name](S), rtol=1e-13, atol=1e-15)


@every_phi
def test_derivative_from_the_stored_output_is_the_complex_step_in_s(phi):
    wanted = phi(S + 1e-30j).imag / 1e-30
    np.testing.assert_allclose(phi.derivative(phi(S)), wanted, rtol=1e-11, atol=1e-14)


@every_phi
def test_a_complex_argument_has_the_real_value(phi):
    np.testing.assert_allclose(phi(S + 0j).real, phi(S), rtol=1e-14, atol=1e-300)


@every_phi
def test_written_into_out(phi):
    s, out = S.copy(), np.empty_like(S)
    assert phi(s, out=out) is out
    np.testing.assert_array_equal(out, phi(S))
    np.testing.assert_array_equal(s, S)


@every_phi
def test_the_result_is_a_new_array(phi):
    assert not np.shares_memory(phi(S), S)


@every_phi
def test_scalars_and_lists(phi):
    np.testing.assert_array_equal(phi([0.5, -2.0]), phi(np.array([0.5, -2.0])))
    assert phi(0.5) == phi(np.array([0.5]))[0]


@every_phi
@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "complex128"])
def test_dtype_is_kept(phi, dtype):
    h = phi(S.astype(dtype))
    assert h.dtype == phi.derivative(h).dtype == dtype


@every_phi
@pytest.mark.parametrize("dtype", [float, complex])
def test_extreme_arguments(phi, dtype):
    """At +-1000 no overflow, no NaN: the limits themselves, and a derivative of 0."""
    s = np.array([-1000, 1000], dtype)
    h = phi(s)
    np.testing.assert_array_equal(h, LIMITS[phi.name] or s)
    if phi.name in ("tanh", "logistic"):
        np.testing.assert_array_equal(phi.derivative(h), [0, 0])


@every_phi
def test_gamma_is_the_largest_derivative(phi):
    """Attained, and not exceeded on a fine grid through zero."""
    derivative = phi.derivative(phi(np.linspace(-8, 8, 100_001)))
    assert derivative.max() == phi.gamma


@given(st.floats(-700, 700))
def test_logistic_is_a_scaled_tanh(s):
    half = (1 + np.tanh(s / 2)) / 2
    np.testing.assert_allclose(ACTIVATIONS["logistic"](s), half, rtol=0, atol=1e-15)


def test_relu_derivative_at_zero_is_zero():
    relu = ACTIVATIONS["relu"]
    np.testing.assert_array_equal(relu.derivative(relu(np.array([0.0, -0.0]))), [0, 0])


def test_get_activation():
    for name, phi in ACTIVATIONS.items():
        assert get_activation(name) is phi
        assert get_activation(phi) is phi


@pytest.mark.parametrize("phi", ["Tanh", "sigmoid", "", None, 3, np.tanh, ["tanh"]])
def test_unknown(phi):
    with pytest.raises(ValueError, match="phi: expected one of tanh, relu, .*, got "):
        get_activation(phi)


def test_an_activation_is_not_changed():
    with pytest.raises(AttributeError, match="cannot assign to field 'phi'"):
        ACTIVATIONS["tanh"].phi = np.sin


def test_an_activation_of_ones_own():
    """Its derivative may return the stored state itself: the trace stays whole."""
    exp = Activation("exp", lambda s, out=None: np.exp(s, out=out), lambda h: h, np.inf)
    rng = np.random.default_rng(0)
    params = rnnlib.init_params(2, 3, 2, rng=rng, scale=0.3)
    x, y = rng.standard_normal((4, 2, 2)), rng.integers(0, 2, (4, 2))
    mask = np.array([[1, 1, 1, 0], [1, 0, 1, 1]], bool).T.copy()

    def function(p):
        loss, gradients = rnnlib.loss_and_gradients(p, x, y, phi=exp, mask=mask)
        return loss, gradients.params

    assert rnnlib.check_gradients(function, params, rng=rng).ok
    trace = rnnlib.forward(params, x, phi=exp, mask=mask)
    before = trace.h.copy()
    rnnlib.backward(params, trace, np.ones_like(trace.z))
    np.testing.assert_array_equal(trace.h, before)


def test_relu_is_judged_by_the_real_part_alone():
    """At zero too, where its derivative is zero; and its zeros have no sign."""
    relu = get_activation("relu")
    s = np.array([-1 + 2j, 0 + 1e-30j, 0 - 1e-30j, 1 - 2j, 1e-300 + 1j])
    assert (relu(s) == [0, 0, 0, 1 - 2j, 1e-300 + 1j]).all()
    real = relu(np.array([-np.inf, -1.0, 0.0, 2.0, np.inf]))
    assert real.tolist() == [0, 0, 0, 2, np.inf] and not np.signbit(real).any()
