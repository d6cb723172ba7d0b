"""The numerical derivatives: exact where theory says so, and of the stated order."""

import numpy as np
import pytest

from rnnlib import central_difference, complex_step, complex_step_gradients
from rnnlib.derivatives import STENCILS, STEPS
from tests.support.refusals import refuses

ORDERS = sorted(STENCILS)
every_order = pytest.mark.parametrize("order", ORDERS)


def smooth(p):
    """A loss of a nested parameter; its derivatives are those of `gradient`."""
    return np.exp(p["a"]).sum() + np.sin(p["b"][0]) * p["b"][1] ** 3


def gradient(p):
    a, (b, c) = p["a"], p["b"]
    return {"a": np.exp(a), "b": (np.cos(b) * c**3, np.sin(b) * 3 * c**2)}


AT = {"a": np.array([[0.1, -0.4], [1.2, 0.3]]), "b": (np.array(0.8), np.array(-1.1))}
ALONG = {"a": np.array([[0.5, 0.1], [-0.3, 0.2]]), "b": (np.array(0.4), np.array(0.7))}
EXACT = (gradient(AT)["a"] * ALONG["a"]).sum() + sum(
    g * u for g, u in zip(gradient(AT)["b"], ALONG["b"], strict=True)
)


@every_order
def test_a_formula_is_exact_up_to_its_order(order):
    """For powers up to the order, and no further: checked from both sides."""
    for power in range(order + 2):
        measured = central_difference(
            lambda t, n=power: t**n, np.array(1.0), np.array(1.0), order=order, step=0.5
        )
        if power <= order:
            np.testing.assert_allclose(measured, power, rtol=1e-13, atol=1e-13)
        else:
            assert abs(measured - power) > 1e-3


@every_order
def test_the_error_falls_with_the_power_of_the_step(order):
    def error(step):
        measured = central_difference(smooth, AT, ALONG, order=order, step=step)
        return abs(measured - EXACT)

    slope = np.log2(error(0.4) / error(0.2))
    assert abs(slope - order) < 0.5


@every_order
def test_default_steps(order):
    measured = central_difference(smooth, AT, ALONG, order=order)
    tolerance = {2: 1e-9, 4: 1e-11, 6: 1e-12, 8: 1e-12}[order]
    np.testing.assert_allclose(measured, EXACT, rtol=tolerance)
    assert set(STEPS) == set(STENCILS)


def test_complex_step_is_exact_to_rounding():
    np.testing.assert_allclose(complex_step(smooth, AT, ALONG), EXACT, rtol=1e-15)


@pytest.mark.parametrize("step", [1e-12, 1e-30, 1e-100, 1e-200])
def test_complex_step_does_not_depend_on_its_step(step):
    np.testing.assert_allclose(
        complex_step(smooth, AT, ALONG, step=step), EXACT, rtol=1e-15
    )


def test_a_large_complex_step_has_an_error():
    assert abs(complex_step(smooth, AT, ALONG, step=0.1) / EXACT - 1) > 1e-4


def test_whole_gradient_has_the_form_of_the_parameters():
    measured, wanted = complex_step_gradients(smooth, AT), gradient(AT)
    np.testing.assert_allclose(measured["a"], wanted["a"], rtol=1e-15)
    assert isinstance(measured["b"], tuple)
    np.testing.assert_allclose(measured["b"], wanted["b"], rtol=1e-15)
    assert measured["a"].dtype == float


def test_the_parameters_are_not_changed():
    before = AT["a"].copy()
    complex_step_gradients(smooth, AT)
    complex_step(smooth, AT, ALONG)
    central_difference(smooth, AT, ALONG)
    np.testing.assert_array_equal(AT["a"], before)


@pytest.mark.parametrize("order", [0, 1, 3, 10, "8", None, 8.5, [2]])
def test_order(order):
    message = f"order: expected one of [2, 4, 6, 8], got {order!r}"
    refuses(message, central_difference, smooth, AT, ALONG, order=order)


@pytest.mark.parametrize("step", [0, -1e-3, np.nan, np.inf, "small", 1j])
def test_step(step):
    message = f"step: expected a finite number > 0, got {step!r}"
    refuses(message, central_difference, smooth, AT, ALONG, step=step)
    refuses(message, complex_step, smooth, AT, ALONG, step=step)
    refuses(message, complex_step_gradients, smooth, AT, step=step)


def test_a_loss_that_is_no_function():
    message = "loss: expected a function, got float"
    refuses(message, central_difference, 1.0, AT, ALONG)
    refuses(message, complex_step, 1.0, AT, ALONG)
    refuses(message, complex_step_gradients, 1.0, AT)


@pytest.mark.parametrize("function", [central_difference, complex_step])
def test_direction_of_another_form(function):
    message = "direction: expected the names ['a', 'b.0', 'b.1'], got ['a']"
    refuses(message, function, smooth, AT, {"a": AT["a"]})
    message = "direction.a: expected shape (2, 2), got (2,)"
    refuses(message, function, smooth, AT, ALONG | {"a": np.ones(2)})


@pytest.mark.parametrize(
    "loss, kind",
    [
        (lambda p: abs(smooth(p)), "float64"),
        (lambda p: smooth(p).real, "float64"),
        (lambda p: 1.0, "float"),
    ],
)
def test_a_loss_that_drops_the_imaginary_part(loss, kind):
    message = f"loss: expected a complex number from complex parameters, got {kind}"
    refuses(message, complex_step, loss, AT, ALONG)
    refuses(message, complex_step_gradients, loss, AT)


def test_one_infinite_entry_of_a_direction():
    message = "direction.a: expected finite numbers, got others"
    direction = {"b": np.ones(2), "a": np.array([1.0, np.inf])}
    at = {"b": np.ones(2), "a": np.ones(2)}
    refuses(message, complex_step, lambda p: p["a"].sum(), at, direction)


def test_the_usual_complex_step_is_short_beside_small_parameters():
    """The derivative of a^3 is 3 a^2, less the square of the step."""
    a, one = np.array([1e-21, 2e-21]), np.array([1.0, 0.0])
    wanted = 3 * a**2
    gradient = complex_step_gradients(lambda a: (a**3).sum(), a)
    np.testing.assert_allclose(gradient, wanted, rtol=1e-15)
    along = complex_step(lambda a: (a**3).sum(), a, one)
    np.testing.assert_allclose(along, wanted[0], rtol=1e-15)
