"""Formulas read back from LaTeX: what they are worth, and when they make no sense."""

import pytest
import sympy as sp

from rnnlib.symbolic import holds, read
from rnnlib.symbolic.point import rational_point
from rnnlib.symbolic.quantities import PARAMETERS

A, B = sp.Matrix([[1, 2], [3, 4]]), sp.Matrix([[0, 1], [1, 1]])
a, b = sp.Matrix([2, 3]), sp.Matrix([5, 7])
SYMBOLS = {
    "A": lambda: A,
    "B": lambda: B,
    "a": lambda: a,
    "b": lambda: b,
    "dh": lambda: -a,
    "h_{%t}": lambda t: t * a,
    "h^{(%t)}": lambda t: t * a,
    r"\frac{d h_{%t}}{d h_{%p}}": lambda t: A if t % 2 else B,
}
FUNCTIONS = {"f": lambda m: m.applyfunc(lambda u: u**2), "f'": lambda m: 2 * m}


def value(latex, **steps):
    return read(latex, SYMBOLS, FUNCTIONS, **steps)


@pytest.mark.parametrize(
    ("latex", "expected"),
    [
        ("A a + b", A * a + b),
        ("- a - 2 b", -a - 2 * b),
        ("A^{\\top} a", A.T * a),
        (r"\left(A a\right)^{\top} B", (A * a).T * B),
        (r"A a \odot b", (A * a).multiply_elementwise(b)),
        (r"a \circ (1 - b^{2})", sp.Matrix([2 * (1 - 25), 3 * (1 - 49)])),
        (r"a \cdot b", a.multiply_elementwise(b)),
        (r"\operatorname{Diag}\left(a\right) b", sp.diag(*a) * b),
        (
            r"a^{\top} \left(A \otimes b^{\top}\right)",
            a.T * sp.kronecker_product(A, b.T),
        ),
        ("f(a)", sp.Matrix([4, 9])),
        ("f'(a)", 2 * a),
        ("1 - f^{2}(a)", sp.Matrix([1 - 16, 1 - 81])),
        ("dh + a", sp.zeros(2, 1)),
        ("h_{t-1}", 2 * a),
        (r"h^{(t-1)\top}", 2 * a.T),
        (r"\sum_{k=t}^{T} h_{k} a^{\top}", 12 * a * a.T),
        (r"\prod_{j=t+1}^{T} \frac{d h_{j}}{d h_{j-1}}", A * B),
        (r"a^{\top} \prod_{j=t+1}^{t} \frac{d h_{j}}{d h_{j-1}}", a.T),
    ],
)
def test_values(latex, expected):
    assert value(latex, t=3, T=5) == expected


def test_the_longest_name_counts_and_of_equal_ones_the_first():
    one, other = {"h_{0}": lambda: b}, {"h_{%t}": lambda t: (t + 2) * a}
    assert read("h_{0}", one | other, {}) == b
    assert read("h_{0}", other | one, {}) == 2 * a
    longer = {"h": lambda: b, "h_{%t}_x": lambda t: 7 * a}
    assert read("h_{0}_x", longer | other, {}) == 7 * a
    assert read("h_{0}", other | longer, {}) == 2 * a


@pytest.mark.parametrize(
    ("latex", "message"),
    [
        ("a b", "shapes do not fit"),
        ("A + a", "shapes do not fit"),
        (r"a \odot A", "shapes do not fit"),
        ("A c", "expected a known name, got 'c'"),
        (r"\sum_{k=1}^{T} k", "expected a known name, got 'k'"),
        ("A )", "expected the end"),
        ("(A", "expected a known name, got ''"),
    ],
)
def test_nonsense_is_refused(latex, message):
    with pytest.raises(ValueError, match=message.replace("(", r"\(")):
        value(latex, t=1, T=2)


def test_equations():
    def true(latex):
        return holds(latex, SYMBOLS, FUNCTIONS, t=2, T=3)

    assert true("A a = A (a + b) - A b") and not true("A a = B a")
    with pytest.raises(ValueError, match="the sides have shapes"):
        true("a = a^{\\top}")


def test_plus_equals_is_a_sum_over_all_steps():
    symbols = SYMBOLS | {"S": lambda: 6 * a}
    assert holds(r"S \mathrel{+}= h_{t}", symbols, {}, T=3)
    assert not holds(r"S \mathrel{+}= h_{t-1}", symbols, {}, T=3)


def test_a_point_obeys_the_forward_equations():
    point = rational_point(T=2, seed=3)
    W_xh, W_hh, b_h, W_hy, b_y = map(point, PARAMETERS)
    for t in (1, 2):
        s = W_xh * point("x", t) + W_hh * point("h", t - 1) + b_h
        assert point("s", t) == s
        assert point("h", t) == s.applyfunc(point.values["phi"])
        assert point("z", t) == W_hy * point("h", t) + b_y
    assert point("delta_s", 3) == sp.zeros(3, 1)
    assert rational_point(T=2, seed=3)("W_hh") == W_hh
    assert rational_point(T=2, seed=4)("W_hh") != W_hh
