"""Bad parameters: a ValueError names the one that does not fit."""

import numpy as np
import pytest

from rnnlib import Params
from tests.support.refusals import D_H, D_X, NON_FINITE, K, good, refused, spoiled


@NON_FINITE
@pytest.mark.parametrize("name", Params._fields)
def test_parameters_not_finite(name, value):
    params = good()["params"]
    changed = params._replace(**{name: spoiled(getattr(params, name), value)})
    refused(f"{name}: expected finite numbers, got 1 NaN or infinite", params=changed)


WRONG_PARAMETERS = [
    ("W_xh", (D_H,), "W_xh: expected 2 dimension(s), got shape (5,)"),
    ("W_hh", (D_H,), "W_hh: expected 2 dimension(s), got shape (5,)"),
    ("b_h", (D_H, 1), "b_h: expected 1 dimension(s), got shape (5, 1)"),
    ("b_h", (), "b_h: expected 1 dimension(s), got shape ()"),
    ("W_hy", (K, D_H, 1), "W_hy: expected 2 dimension(s), got shape (6, 5, 1)"),
    ("b_y", (1, K), "b_y: expected 1 dimension(s), got shape (1, 6)"),
    ("W_xh", (D_X, D_H), "W_xh: expected shape (5, 5), got (2, 5)"),
    ("W_hh", (D_H, 4), "W_hh: expected shape (d_h, d_h), got (5, 4)"),
    ("W_hh", (4, 4), "W_xh: expected shape (4, 2), got (5, 2)"),
    ("b_h", (1,), "b_h: expected shape (5,), got (1,)"),
    ("W_hy", (D_H, K), "W_hy: expected shape (5, 5), got (5, 6)"),
    ("b_y", (1,), "b_y: expected shape (6,), got (1,)"),
    ("W_hy", (0, D_H), "K: expected an integer >= 1, got 0"),
    ("W_xh", (D_H, 0), "d_x: expected an integer >= 1, got 0"),
]


@pytest.mark.parametrize("name, shape, message", WRONG_PARAMETERS)
def test_parameters_of_the_wrong_shape(name, shape, message):
    params = good()["params"]
    refused(message, params=params._replace(**{name: np.ones(shape)}))


@pytest.mark.parametrize("name", Params._fields)
def test_parameters_that_are_no_floating_arrays(name):
    params = good()["params"]
    array = getattr(params, name)
    start = f"{name}: expected a floating NumPy array, got "
    refused(start + "list", params=params._replace(**{name: array.tolist()}))
    refused(start + "int64", params=params._replace(**{name: array.astype("int64")}))
    refused(start + "object", params=params._replace(**{name: array.astype(object)}))
    refused(start + "NoneType", params=params._replace(**{name: None}))


@pytest.mark.parametrize("name", Params._fields)
def test_parameters_of_mixed_precision(name):
    params = good()["params"]
    single = params._replace(**{name: getattr(params, name).astype(np.float32)})
    message = f"{name}: expected float64 like the other parameters, got float32"
    refused(message, params=single)


@pytest.mark.parametrize("params", [(1, 2, 3, 4, 5), [], None, {"W_xh": 1}])
def test_parameters_of_another_type(params):
    refused(f"params: expected Params, got {type(params).__name__}", params=params)
