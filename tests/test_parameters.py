"""The parameters: shapes, count, initial values, errors."""

import numpy as np
import pytest

import rnnlib
from rnnlib import Params, count_parameters, init_params, parameter_shapes
from tests.support.refusals import refuses


def rng():
    return np.random.default_rng(0)


def test_shapes():
    params = init_params(3, 4, 5, rng=rng())
    assert Params(*(a.shape for a in params)) == parameter_shapes(3, 4, 5)
    assert parameter_shapes(3, 4, 5) == ((4, 3), (4, 4), (4,), (5, 4), (5,))
    assert (params.d_x, params.d_h, params.K) == (3, 4, 5)


@pytest.mark.parametrize("d, h, q", [(26, 100, 26), (1, 1, 1), (7, 3, 2)])
def test_count(d, h, q):
    count = count_parameters(init_params(d, h, q, rng=rng()))
    assert count == h * (d + h + q + 1) + q


@pytest.mark.parametrize("dtype", [np.float32, np.float64, "float32", float, "f8"])
def test_dtype(dtype):
    params = init_params(3, 4, 5, rng=rng(), dtype=dtype)
    assert {a.dtype for a in params} == {np.dtype(dtype)} == {params.dtype}


def test_the_common_dtype_is_complex_when_one_is():
    params = init_params(3, 4, 5, rng=rng())
    assert params._replace(b_y=params.b_y + 0j).dtype == complex


def test_same_generator_same_parameters():
    twice = [init_params(3, 4, 5, rng=rng()) for _ in range(2)]
    for a, b in zip(*twice, strict=True):
        np.testing.assert_array_equal(a, b)


def test_default_scale_is_one_over_the_root_of_the_fan_in():
    params = init_params(50, 400, 300, rng=rng())
    for W, fan_in in ((params.W_xh, 50), (params.W_hh, 400), (params.W_hy, 400)):
        np.testing.assert_allclose(W.std() * fan_in**0.5, 1, atol=0.02)
    assert not params.b_h.any() and not params.b_y.any()


def test_given_scale():
    params = init_params(50, 200, 200, rng=rng(), scale=0.01)
    np.testing.assert_allclose(params.W_hh.std(), 0.01, rtol=0.02)
    assert not any(a.any() for a in init_params(2, 2, 2, rng=rng(), scale=0))


@pytest.mark.parametrize(
    "options, message",
    [
        ({"rng": 0}, "rng: expected a numpy Generator, got int"),
        ({"rng": None}, "rng: expected a numpy Generator, got NoneType"),
        ({"rng": np.random.RandomState(0)}, "rng: .* Generator, got RandomState"),
        ({"scale": -0.1}, "scale: expected a finite number >= 0, got -0.1"),
        ({"scale": np.nan}, "scale: expected a finite number >= 0, got nan"),
        ({"scale": np.inf}, "scale: expected a finite number >= 0, got inf"),
        ({"scale": "small"}, "scale: expected a finite number >= 0, got 'small'"),
        ({"dtype": int}, "dtype: expected float32 or float64, got <class 'int'>"),
        ({"dtype": "float16"}, "dtype: expected float32 or float64, got 'float16'"),
        ({"dtype": "single-ish"}, "dtype: .* float64, got 'single-ish'"),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(ValueError, match=message):
        init_params(3, 4, 5, **({"rng": rng()} | options))


@pytest.mark.parametrize("size", [0, -1, 2.0, "3", None])
@pytest.mark.parametrize("name", ["d_x", "d_h", "K"])
def test_bad_sizes(name, size):
    sizes = {"d_x": 3, "d_h": 4, "K": 5, name: size}
    message = f"{name}: expected an integer >= 1, got {size!r}"
    for function in (parameter_shapes, lambda **kw: init_params(**kw, rng=rng())):
        with pytest.raises(ValueError, match=message):
            function(**sizes)


def test_gradients_have_the_type_of_the_parameters():
    params = rnnlib.init_params(3, 4, 5, rng=rng())
    x, y = np.zeros((2, 1, 3)), np.zeros((2, 1), int)
    _, gradients = rnnlib.loss_and_gradients(params, x, y)
    assert type(gradients.params) is Params
    assert [a.shape for a in gradients.params] == [a.shape for a in params]


def test_a_scale_of_which_some_draws_overflow():
    message = r"^scale: expected one that .*float32.* can hold, got 2e\+38$"
    with pytest.raises(ValueError, match=message):
        rnnlib.init_params(
            9, 9, 9, rng=np.random.default_rng(0), scale=2e38, dtype=np.float32
        )


def test_an_overflow_of_the_scale_warns_of_nothing():
    with np.errstate(all="raise"):
        refuses(
            "scale: expected one that float32 can hold, got 1e+300",
            rnnlib.init_params,
            2,
            3,
            4,
            rng=np.random.default_rng(0),
            scale=1e300,
            dtype="float32",
        )
