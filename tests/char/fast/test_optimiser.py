"""The update of vectors has the bits of the readable one."""

import numpy as np
import pytest

from rnnlib import clipping, optimisers
from rnnlib.char.fast import optimiser as fast

DTYPES = (np.float64, np.float32)


def equal(one, other):
    """Parameters and state of two updates, to the bit."""
    return (
        np.array_equal(one[0], other[0])
        and np.array_equal(one[1].memory["squares"], other[1].memory["squares"])
        and one[1].step == other[1].step
        and one[0].dtype == other[0].dtype
    )


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("rate", [0.1, lambda n: 0.3 / n])
def test_to_the_bit(dtype, rate, monkeypatch):
    rng = np.random.default_rng(0)
    readable, ours = optimisers.adagrad(rate), fast.adagrad(rate)
    v = rng.standard_normal(37).astype(dtype)
    for length in (1, 5, 36, 37, 1000):
        monkeypatch.setattr(fast, "PART", length * v.itemsize)
        one = other = (v, readable.init_state(v))
        for _ in range(4):
            g = rng.standard_normal(v.size).astype(dtype)
            g[:3] = 0, 1e-30, -1e18
            before = [a.copy() for a in (v, g, one[1].memory["squares"])]
            expected = readable.update(*one[:1], g, one[1])
            found = ours.update(*other[:1], g, other[1])
            assert equal(found, expected)
            kept = v, g, other[1].memory["squares"]
            assert all(map(np.array_equal, kept, before))
            one, other = expected, found


def test_an_overflow_is_named_as_the_readable_function_names_it():
    v, huge = np.ones(3), np.array([0.0, 1e200, 0.0])
    found = fast.adagrad(0.1)
    with pytest.raises(FloatingPointError, match="update 1 makes squares"):
        found.update(v, huge, found.init_state(v))


def test_trees_go_to_the_readable_function():
    tree = {"a": np.ones(2), "b": np.zeros((1, 2))}
    readable, ours = optimisers.adagrad(0.1), fast.adagrad(0.1)
    g = {"a": np.array([1.0, -2.0]), "b": np.ones((1, 2))}
    expected = readable.update(tree, g, readable.init_state(tree))
    found = ours.update(tree, g, ours.init_state(tree))
    assert all(np.array_equal(found[0][k], expected[0][k]) for k in tree)
    assert np.array_equal(fast.limited(g, 1.5)["a"], [1.0, -1.5])
    with pytest.raises(ValueError, match="gradients.params: expected shape"):
        ours.update(np.ones(3), np.ones(2), ours.init_state(np.ones(3)))


@pytest.mark.parametrize("dtype", DTYPES)
def test_limited(dtype):
    g = np.array([-7, -5, 0, 4.5, 5.5], dtype)
    expected = clipping.clip_by_value(g, 5.0)
    found = fast.limited(g, 5.0)
    assert found is g and np.array_equal(found, expected) and found.dtype == dtype
