"""Valid arguments to be spoiled, and the check that a function refuses bad ones."""

import re

import numpy as np
import pytest

import rnnlib

T, B, D_X, D_H, K = 4, 3, 2, 5, 6
NON_FINITE = pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf], ids=str)


def good(integer=False):
    """Valid arguments of loss_and_gradients."""
    rng = np.random.default_rng(0)
    x = rng.integers(0, D_X, (T, B)) if integer else rng.standard_normal((T, B, D_X))
    return {
        "params": rnnlib.init_params(D_X, D_H, K, rng=rng),
        "x": x,
        "y": rng.integers(0, K, (T, B)),
        "h_0": rng.standard_normal((B, D_H)),
        "mask": np.ones((T, B), bool),
        "phi": "tanh",
        "topology": "many-to-many",
        "loss": "cross_entropy",
        "weight_decay": 0.1,
    }


def spoiled(array, value):
    """A copy with one entry replaced."""
    array = np.array(array)
    array.flat[-1] = value
    return array


def refused(message, **changes):
    """loss_and_gradients refuses the arguments with these changes."""
    refuses(message, rnnlib.loss_and_gradients, **(good() | changes))


def refuses(message, function, *args, **kwargs):
    """The function raises a ValueError of exactly that message."""
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        function(*args, **kwargs)
