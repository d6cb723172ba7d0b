"""finite_result: an overflow is an error that names the arguments, on any machine."""

import numpy as np
import pytest

from rnnlib.validate import finite_result


@finite_result("a", "b")
def product(a, b):
    """A product in a tuple, beside what is no float."""
    return (a * b, "word", None)


def test_a_finite_result_passes():
    assert product(2.0, np.ones(1))[0] == 2


@pytest.mark.parametrize("b", [1e308, np.float64(1e308), np.full(3, 1e308)])
def test_an_overflow_names_the_arguments(b):
    with pytest.raises(FloatingPointError, match="^a, b: .* overflow in product$"):
        product(1e308, b)


def test_the_name_and_the_text_stay():
    assert product.__name__ == "product" and "tuple" in product.__doc__
