"""Counts of multiplications and of bytes."""

import tracemalloc
from typing import NamedTuple

import numpy as np
import pytest

from rnnbook.experiments.costs import Counting, counted, multiplications, peak_memory

SHAPES = {  # shapes of two factors: multiplications by the definition
    ((2, 3), (3, 5)): 30,
    ((2, 3), (3,)): 6,
    ((3,), (3, 5)): 15,
    ((3,), (3,)): 3,
    ((4, 2, 3), (3, 5)): 120,
    ((2, 3), (4, 3, 5)): 120,
    ((4, 1, 2, 3), (6, 3, 5)): 720,
}


class Pair(NamedTuple):
    """Two arrays and a name."""

    one: np.ndarray
    other: np.ndarray
    name: str = "pair"


@pytest.mark.parametrize("shapes, expected", SHAPES.items())
def test_a_product_is_counted(shapes, expected):
    one, other = map(np.ones, shapes)
    assert multiplications(np.matmul, one, other) == expected
    assert multiplications(lambda pair: pair.one @ pair.other, Pair(one, other)) == (
        expected
    )


def test_products_with_one_array_that_counts_and_into_another_are_counted():
    a, out = np.ones((2, 3)), np.empty((2, 2))
    assert multiplications(lambda b: a @ b @ b.T, np.ones((3, 2))) == 12 + 12
    assert multiplications(lambda b: np.matmul(a, b, out=out), np.ones((3, 2))) == 12
    assert (out == 3).all()


def test_each_call_starts_from_zero_and_other_operations_are_free():
    a = np.ones((2, 2))
    assert [multiplications(np.matmul, a, a) for _ in range(2)] == [8, 8]
    assert multiplications(lambda b: np.tanh(b) * b + b.sum(), a) == 0


def test_values_are_those_of_plain_arrays():
    rng = np.random.default_rng(1)
    a, b = rng.standard_normal((2, 3, 3))
    assert np.array_equal(np.asarray(counted(a) @ counted(b)), a @ b)
    pair = counted(Pair(a, b))
    assert isinstance(pair.one, Counting) and pair.name == "pair"
    assert counted(None) is None and counted((1, 2)) == (1, 2)


def test_the_peak_is_of_one_call():
    def build(n, spare=0):
        a = np.ones(n, np.uint8)
        del a
        return np.ones(spare, np.uint8)

    assert 10**6 <= peak_memory(build, 10**6) < 1.1 * 10**6
    assert peak_memory(build, 10, spare=3 * 10**6) >= 3 * 10**6
    assert peak_memory(build, 10) < 10**5  # nothing is left of the calls before


def test_a_call_that_fails_is_traced_no_longer():
    with pytest.raises(ZeroDivisionError):
        peak_memory(lambda: 1 / 0)
    assert not tracemalloc.is_tracing()
