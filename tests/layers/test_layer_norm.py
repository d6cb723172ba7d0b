"""Layer normalisation: its invariances, its gradient, and what it refuses."""

import numpy as np
import pytest

import rnnlib
from rnnlib.layers import layer_norm
from rnnlib.layers.layer_norm import LayerNormParams, normalise, normalise_backward
from tests.support.oracles import differs
from tests.support.refusals import refuses

D = 5


def draw(shape=(4, 3, D)):
    """An input, a gain, a bias and an adjoint."""
    rng = np.random.default_rng(0)
    return [rng.standard_normal(s) for s in (shape, shape[-1:], shape[-1:], shape)]


@pytest.mark.parametrize("shape", [(D,), (4, D), (4, 3, D), (2, 1)])
def test_the_gradient_of_each_entry(shape):
    a, gain, bias, d_y = draw(shape)
    _, unit, scale = normalise(a, gain, bias)
    found = normalise_backward(gain, unit, scale, d_y)
    wanted = rnnlib.complex_step_gradients(
        lambda v: (d_y * normalise(*v)[0]).sum(), (a, gain, bias)
    )
    if shape[-1] == 1:  # a single number is its own mean
        assert (found[0] == 0).all() and np.abs(wanted[0]).max() < 1e-12
        found, wanted = found[1:], wanted[1:]
    assert not [k for k, (f, w) in enumerate(zip(found, wanted, strict=True))
                if not (f == w).all() and differs(f, w)]  # fmt: skip


def test_mean_zero_and_variance_one():
    a, gain, bias, _ = draw()
    _, unit, scale = normalise(a, gain, bias)
    np.testing.assert_allclose(unit.mean(axis=-1), 0, atol=1e-15)
    ratio = a.var(axis=-1) / (a.var(axis=-1) + layer_norm.EPSILON)
    np.testing.assert_allclose(unit.var(axis=-1), ratio, rtol=1e-12)
    np.testing.assert_allclose(scale[..., 0] ** 2, a.var(-1) + 1e-5, rtol=1e-12)


def test_invariances_of_the_function_and_of_its_gradient():
    a, gain, bias, d_y = draw()
    y, unit, scale = normalise(a, gain, bias, epsilon=0.0)
    moved = normalise(3 * a + 7, gain, bias, epsilon=0.0)
    np.testing.assert_allclose(moved[0], y, rtol=1e-12)
    d_a = normalise_backward(gain, unit, scale, d_y)[0]
    d_moved = normalise_backward(gain, *moved[1:], d_y)[0]
    np.testing.assert_allclose(d_moved, d_a / 3, rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(d_a.sum(axis=-1), 0, atol=1e-13)
    np.testing.assert_allclose((d_a * a).sum(axis=-1), 0, atol=1e-13)
    with_epsilon = normalise(a, gain, bias)[0]
    assert not np.allclose(with_epsilon, normalise(3 * a, gain, bias)[0], rtol=1e-9)


def test_a_row_of_equal_numbers_gives_the_bias():
    y, unit, _ = normalise(np.full((2, D), 3.0), np.ones(D), np.arange(5.0))
    assert (unit == 0).all() and (y == np.arange(5.0)).all()


def test_the_layer_does_not_see_the_scale_of_its_matrices():
    """W_xh and W_hh a hundred times larger: the same states, to the epsilon."""
    rng = np.random.default_rng(0)
    params = layer_norm.init_params(2, D, rng=rng)
    larger = params._replace(W_xh=100 * params.W_xh, W_hh=100 * params.W_hh)
    x = rng.standard_normal((6, 3, 2))
    one, two = (
        layer_norm.forward(p, x, epsilon=0.0, phi="relu") for p in (params, larger)
    )
    np.testing.assert_allclose(one.h, two.h, rtol=1e-10)


def test_refused():
    a, gain, bias, d_y = draw()
    refuses("gain: expected shape (5,), got (4,)", normalise, a, gain[:4], bias)
    refuses(
        "bias: expected float64 like a, got float32",
        normalise, a, gain, bias.astype(np.float32),
    )  # fmt: skip
    refuses(
        "epsilon: expected a finite number >= 0, got -1",
        normalise, a, gain, bias, epsilon=-1,
    )  # fmt: skip
    _, unit, scale = normalise(a, gain, bias)
    refuses(
        "d_y: expected shape (4, 3, 5), got (3, 5)",
        normalise_backward, gain, unit, scale, d_y[0],
    )  # fmt: skip
    refuses(
        "scale: expected shape (4, 3, 1), got (4, 3)",
        normalise_backward, gain, unit, scale[..., 0], d_y,
    )  # fmt: skip
    refuses(
        "gain: expected shape (5,), got (4,)",
        normalise_backward, gain[:4], unit, scale, d_y,
    )  # fmt: skip
    refuses(
        "unit: expected a floating NumPy array, got list",
        normalise_backward, gain, unit.tolist(), scale, d_y,
    )  # fmt: skip
    params = layer_norm.init_params(2, D, rng=np.random.default_rng(0))
    refuses(
        "gain: expected shape (5,), got (1,)",
        layer_norm.forward, params._replace(gain=np.ones(1)), np.ones((4, 3, 2)),
    )  # fmt: skip
    refuses(
        "params: expected LayerNormParams, got Params",
        layer_norm.forward,
        rnnlib.init_params(2, 3, 4, rng=np.random.default_rng(0)),
        np.ones((4, 3, 2)),
    )
    assert (params.gain == 1).all() and (params.b_h == 0).all()
    assert LayerNormParams._fields == ("W_xh", "W_hh", "gain", "b_h")
