"""Lyapunov exponents: exact cases, long runs, streams. See also checks.py."""

import numpy as np
import pytest

import rnnlib
from rnnlib.spectral import log_gradient_norms, lyapunov_exponents
from tests.support.refusals import refuses


def network(W_hh, d_x=1, seed=0):
    """A network with that recurrent matrix."""
    d = len(W_hh)
    params = rnnlib.init_params(d_x, d, 1, rng=np.random.default_rng(seed))
    return params._replace(W_hh=np.array(W_hh, float))


def rng():
    """A fresh generator."""
    return np.random.default_rng(7)


def test_a_linear_network_has_the_logarithms_of_its_eigenvalues():
    params = network([[0.5, 10.0, 0.0], [0.0, 0.3, 2.0], [0.0, 0.0, 1.5]])
    found = lyapunov_exponents(params, 2000, rng=rng(), phi="identity", discard=200)
    assert np.allclose(found.exponents, [np.log([1.5, 0.5, 0.3])], rtol=0, atol=1e-3)


@pytest.mark.parametrize("factor", [1e-200, 1e200])
def test_extreme_rates_do_not_leave_the_floats(factor):
    params = network(factor * np.eye(2))
    found = lyapunov_exponents(params, 1000, rng=rng(), phi="identity")
    assert np.allclose(found.exponents, np.log(factor), rtol=1e-12, atol=0)


@pytest.mark.long
def test_a_hundred_thousand_steps_of_a_chaotic_network():
    """The sum of the exponents is the mean log |det J|, whatever the frame."""
    params = network([[2.0, -3.0], [3.0, 1.5]])
    h_0, steps = np.array([[0.1, 0.2]]), 100_000
    found = lyapunov_exponents(params, steps, rng=rng(), h_0=h_0)
    h, total = h_0, 0.0
    for _ in range(steps):
        h = np.tanh(h @ params.W_hh.T)
        total += np.log(1 - h * h).sum()
    expected = total / steps + np.log(np.linalg.det(params.W_hh))
    assert found.exponents.sum() == pytest.approx(expected, rel=1e-9)
    assert np.allclose(found.h, h, rtol=0, atol=1e-12)


def test_the_largest_exponent_is_the_slope_of_the_log_norm():
    params = network(3 * np.random.default_rng(1).standard_normal((4, 4)))
    x, h_0 = np.zeros((4000, 1, 1)), 0.1 * np.ones((1, 4))
    logs = log_gradient_norms(params, rnnlib.forward(params, x, h_0=h_0))
    found = lyapunov_exponents(params, 4000, rng=rng(), h_0=h_0, count=1)
    assert found.exponents.shape == (1, 1)
    assert found.exponents[0, 0] == pytest.approx(logs[0, 0] / 4000, abs=2e-3)


def test_a_batch_is_its_sequences():
    params, x = network(np.eye(3) - 0.2), rng().standard_normal((50, 4, 1))
    whole = lyapunov_exponents(params, 40, rng=rng(), inputs=x, discard=10)
    for b in range(4):
        part = x[:, b : b + 1]
        one = lyapunov_exponents(params, 40, rng=rng(), inputs=part, discard=10)
        assert np.allclose(one.exponents[0], whole.exponents[b], rtol=0, atol=1e-12)


def test_inputs_may_be_a_stream_of_integers():
    params = network(np.eye(2), d_x=3)
    draws = rng().integers(0, 3, (30, 2))
    stream = lyapunov_exponents(params, 30, rng=rng(), inputs=(x for x in draws))
    assert np.allclose(stream.h, rnnlib.forward(params, draws).h[-1], atol=1e-12)


def test_a_dead_unit_has_no_finite_exponent():
    params = network(np.eye(2))._replace(b_h=np.array([1.0, -5.0]))
    found = lyapunov_exponents(params, 10, rng=rng(), phi="relu", discard=1)
    assert found.exponents[0] == pytest.approx([0, -np.inf])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"steps": 0}, "steps: expected an integer from 1 to inf, got 0"),
        ({"discard": -1}, "discard: expected an integer from 0"),
        ({"count": 3}, "count: expected an integer from 1 to 2, got 3"),
        ({"rng": 0}, "rng: expected a numpy Generator, got int"),
        ({"h_0": np.zeros((1, 3))}, r"h_0: expected shape \(B, 2\)"),
        ({"phi": "sine"}, "phi: expected one of"),
        ({"inputs": np.zeros((4, 1, 1))}, "inputs: expected 5 steps, got only 4"),
        ({"inputs": np.zeros((5, 1, 2))}, "x: expected shape"),
        ({"inputs": np.zeros((5, 2, 1)), "h_0": np.zeros((3, 2))}, "inputs: expected"),
    ],
)
def test_bad_arguments(options, message):
    options = {"steps": 5, "rng": rng()} | options
    with pytest.raises(ValueError, match=message):
        lyapunov_exponents(network(np.eye(2)), **options)


@pytest.mark.parametrize("phi", ["identity", "relu"])
def test_a_state_that_leaves_the_floats_has_no_exponents(phi):
    """Nor has the next state that is reached: no NaN or infinity is returned."""
    params = network(1e10 * np.eye(2))
    names = "params, inputs, h_0"
    message = f"^{names}: expected smaller numbers, got an overflow$"
    with pytest.raises(FloatingPointError, match=message):
        lyapunov_exponents(params, 50, rng=rng(), phi=phi, h_0=np.ones(2))
    found = lyapunov_exponents(params, 20, rng=rng(), phi=phi, h_0=np.ones(2))
    assert np.isfinite(found.h).all() and np.allclose(found.exponents, np.log(1e10))


def test_several_starts_without_inputs_are_one_each():
    params = rnnlib.init_params(1, 3, 1, rng=rng(), scale=1.5)
    starts = rng().standard_normal((2, 3))
    both = lyapunov_exponents(params, 200, rng=rng(), h_0=starts)
    for k, start in enumerate(starts):
        alone = lyapunov_exponents(params, 200, rng=rng(), h_0=start)
        np.testing.assert_allclose(both.exponents[k], alone.exponents[0], rtol=1e-9)
        np.testing.assert_allclose(both.h[k], alone.h[0], rtol=1e-9)


def test_counts_are_whole_numbers_within_their_ranges():
    params = network(np.eye(2))
    for name, low, high, bad in (
        ("steps", 1, "inf", (True, 2.0, 0, "5")),
        ("discard", 0, "inf", (False, True, 1.0, -1)),
        ("count", 1, 2, (True, 1.0, 0, 3)),
    ):
        for n in bad:
            message = f"{name}: expected an integer from {low} to {high}, got {n!r}"
            options = {"steps": 5, "rng": rng()} | {name: n}
            refuses(message, lyapunov_exponents, params, **options)
    for count in (1, np.int64(2)):
        found = lyapunov_exponents(params, 1, rng=rng(), discard=0, count=count)
        assert found.exponents.shape == (1, count) and found.h.shape == (1, 2)


def test_refusals_in_full():
    params = network(np.eye(2), d_x=3)
    options = {"steps": 5, "rng": rng()}
    for shape in ((3,), (1, 3), (2, 2, 2), (1, 2, 2)):
        message = f"h_0: expected shape (B, 2) or (2,), got {shape}"
        refuses(message, lyapunov_exponents, params, h_0=np.zeros(shape), **options)
    message = "inputs: expected shape (4, '...'), got (2, 3)"
    both = {"inputs": np.zeros((5, 2, 3)), "h_0": np.zeros((4, 2))}
    refuses(message, lyapunov_exponents, params, **both, **options)
    message = "inputs: expected 7 steps, got only 6"
    short = {"inputs": np.zeros((6, 2, 3)), "discard": 2}
    refuses(message, lyapunov_exponents, params, **short, **options)
    message = "inputs: expected 5 steps, got only 0"
    refuses(message, lyapunov_exponents, params, inputs=[], **options)
    message = "inputs: expected an array for each step, got int"
    refuses(message, lyapunov_exponents, params, inputs=3, **options)
    message = "inputs: x: expected integers from 0 to 2, got 3 to 3"
    refuses(message, lyapunov_exponents, params, inputs=[np.array([3])], **options)
    message = "h_0: expected real numbers, got complex128"
    refuses(message, lyapunov_exponents, params, h_0=np.zeros(2) + 0j, **options)


def test_parameters_are_checked():
    params = network(np.eye(2))
    for name in ("W_xh", "W_hh", "b_h"):
        changed = params._replace(**{name: getattr(params, name) + 0j})
        message = f"{name}: expected real numbers, got complex128"
        refuses(message, lyapunov_exponents, changed, 5, rng=rng())
    with pytest.raises(ValueError, match="b_y: expected finite numbers"):
        broken = params._replace(b_y=params.b_y * np.nan)
        lyapunov_exponents(broken, 5, rng=rng())
    with pytest.raises(ValueError, match="W_xh: expected"):
        lyapunov_exponents(params._replace(W_xh=np.ones((3, 1))), 5, rng=rng())


def test_one_sequence_from_zero_without_inputs_or_start():
    """And as many as the inputs have, of which no more are read than steps."""
    params = network([[0.5, -1.0], [1.0, 0.5]])._replace(b_h=np.array([0.3, -0.2]))
    found = lyapunov_exponents(params, 3, rng=rng(), discard=2)
    h = np.zeros(2)
    for _ in range(5):
        h = np.tanh(params.W_hh @ h + params.b_h)
    assert found.h.shape == (1, 2) and np.allclose(found.h, h, rtol=1e-12)
    stream = iter(rng().standard_normal((9, 4, 1)))
    found = lyapunov_exponents(params, 3, rng=rng(), inputs=stream, discard=2)
    assert found.exponents.shape == (4, 2) and len(list(stream)) == 4
