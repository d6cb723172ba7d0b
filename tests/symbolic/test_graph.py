"""Immediate and total derivatives: forwards, backwards and by brute force."""

from fractions import Fraction

import mpmath
import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnlib import parameter_shapes
from rnnlib.symbolic import Graph, equal_exactly, unroll
from tests.symbolic import dual
from tests.symbolic.dual import Dual

a, b, u, v, w = sp.symbols("a b u v w")
GRAPH = Graph((a, b), {u: a * b, v: sp.sin(u) * a, w: u * v + a})


def bar(symbol):
    """The name of an adjoint."""
    return sp.Symbol(f"bar_{symbol}", real=True)


def cubic(s):
    """A polynomial that behaves like tanh near zero."""
    return s - s**3 / 3


def by_reverse(graph, output, wrt):
    """The derivatives of the output, as expressions, by the adjoint recursion."""
    backward = graph.reverse(output, bar)
    found = {v: sp.S.Zero for v in wrt}
    return found | {
        v: backward.expanded(bar(v)) for v in wrt if bar(v) in backward.definitions
    }


def by_total(graph, output, wrt):
    """The same, forwards."""
    named = {v: graph.total(output, v) for v in wrt}
    whole = {d: graph.expanded(d) for d in graph.definitions}
    return {v: sp.sympify(e).xreplace(whole) for v, e in named.items()}


def by_expansion(graph, output, wrt):
    """The same, by SymPy alone, from the loss written out in full."""
    return {v: sp.diff(graph.expanded(output), v) for v in wrt}


def test_immediate_holds_other_names_still():
    assert GRAPH.immediate(v, a) == sp.sin(u)
    assert GRAPH.immediate(w, a) == 1
    assert GRAPH.immediate(w, b) == 0
    assert GRAPH.immediate(w, w) == 1
    assert GRAPH.immediate(a, b) == 0


def test_total_follows_every_path():
    assert GRAPH.total(v, a) == sp.sin(u) + a * sp.cos(u) * b
    assert GRAPH.total(v, u) == a * sp.cos(u)
    assert GRAPH.total(u, v) == 0
    assert GRAPH.total(a, a) == 1


def test_immediate_differs_from_total():
    """h_2 = W^2 h_0 has the total derivative 2 W h_0, and h_1 is only half of it."""
    W, h_0, h_1, h_2 = sp.symbols("W h_0 h_1 h_2")
    graph = Graph((W, h_0), {h_1: W * h_0, h_2: W * h_1})
    assert graph.immediate(h_2, W) == h_1
    assert graph.total(h_2, W) == h_1 + W * h_0
    assert sp.diff(graph.expanded(h_2), W) == 2 * W * h_0


def test_expanded_speaks_of_inputs_alone():
    assert GRAPH.expanded(w) == a * b * sp.sin(a * b) * a + a
    assert GRAPH.expanded(a) == a


def test_reverse_appends_one_definition_for_each_symbol():
    backward = GRAPH.reverse(w, bar)
    added = [d for d in backward.definitions if d not in GRAPH.definitions]
    assert added == [bar(x) for x in (w, v, u, a, b)]
    assert backward.definitions[bar(w)] == 1
    assert backward.definitions[bar(u)] == bar(w) * v + bar(v) * a * sp.cos(u)
    assert GRAPH.definitions.keys() == {u, v, w}


def test_reverse_names_only_what_the_output_depends_on():
    assert bar(w) not in GRAPH.reverse(v, bar).definitions


@pytest.mark.long
@settings(max_examples=40)
@given(
    st.lists(
        st.lists(st.integers(-3, 3), min_size=8, max_size=8), min_size=1, max_size=3
    )
)
def test_three_ways_agree_on_random_polynomials(coefficients):
    names, definitions = [a, b], {}
    for i, row in enumerate(coefficients):
        x, y, z = names[-1], names[-2], names[i % len(names)]
        monomials = (x, y, z, x * y, x * z, y * z, x**2, 1)
        names.append(sp.Symbol(f"n{i}"))
        definitions[names[-1]] = sp.sympify(
            sum(c * m for c, m in zip(row, monomials, strict=True))
        )
    graph, output = Graph((a, b), definitions), names[-1]
    expected = by_expansion(graph, output, (a, b))
    for found in (by_total(graph, output, (a, b)), by_reverse(graph, output, (a, b))):
        assert {v: sp.expand(found[v] - expected[v]) for v in (a, b)} == {a: 0, b: 0}


@pytest.mark.parametrize(
    ("T", "sizes", "phi", "loss", "topology"),
    [
        (1, (1, 2, 2), "phi", "cross_entropy", "many-to-many"),
        (2, (1, 2, 1), "phi", "half_squared_error", "many-to-many"),
        (2, (1, 2, 1), "phi", "half_squared_error", "last"),
        (2, (1, 2, 1), "phi", "half_squared_error", "mean"),
        (2, (1, 1, 2), "tanh", "cross_entropy", "last"),
        (2, (1, 1, 2), "logistic", "cross_entropy", "mean"),
        (3, (1, 1, 2), "identity", "half_squared_error", "many-to-many"),
    ],
)
def test_three_ways_agree_on_the_network(T, sizes, phi, loss, topology):
    net = unroll(T, *sizes, phi=phi, loss=loss, topology=topology)
    wrt = [m[len(m) - 1] for m in (*net.params, net.h[0], net.x[1])]
    expected = by_expansion(net.graph, net.loss, wrt)
    total = by_total(net.graph, net.loss, wrt)
    reverse = by_reverse(net.graph, net.loss, wrt)
    for symbol in wrt:
        assert equal_exactly(total[symbol], reverse[symbol])
        assert equal_exactly(total[symbol], expected[symbol])


def test_total_derivatives_of_inner_quantities():
    net = unroll(2, 1, 2, 1, loss="half_squared_error")
    W = net.params.W_hh[0, 1]
    for inner in (*net.h[2], *net.s[2], *net.z[1]):
        expected = sp.diff(net.graph.expanded(inner), W)
        assert equal_exactly(by_total(net.graph, inner, [W])[W], expected)


def fractions(rng, shape):
    """Nested lists of random fractions."""
    if not shape:
        return Fraction(int(rng.integers(-9, 10)), int(rng.integers(1, 8)))
    return [fractions(rng, shape[1:]) for _ in range(shape[0])]


@pytest.mark.parametrize("T", [1, 2, 4])
def test_exact_rational_gradient_against_dual_numbers(T):
    d_x, d_h, K = 2, 2, 3
    rng = np.random.default_rng(T)
    params = [fractions(rng, shape) for shape in parameter_shapes(d_x, d_h, K)]
    x, y = fractions(rng, (T, d_x)), fractions(rng, (T, K))
    h_0 = fractions(rng, (d_h,))
    net = unroll(T, d_x, d_h, K, phi=cubic, loss="half_squared_error")
    names = [symbol for m in (*net.params, net.h[0]) for symbol in m]
    outputs = [net.loss, *map(net.adjoint_of, names)]
    exact = net.backward().evaluate_exactly(outputs, net.values(params, x, y, h_0))
    assert all(q.is_Rational for q in exact.values())
    for chosen in names:
        seed = iter(Dual(Fraction(0), Fraction(name == chosen)) for name in names)
        moved = [raised(array, seed) for array in (*params, h_0)]
        found = dual.loss(moved[:-1], x, y, moved[-1], cubic)
        assert sp.Rational(found.value) == exact[net.loss]
        assert sp.Rational(found.slope) == exact[net.adjoint_of(chosen)]


def raised(array, seed):
    """Nested lists with the next seed added to every number, in order."""
    if isinstance(array, list):
        return [raised(part, seed) for part in array]
    return next(seed) + array


@pytest.mark.parametrize("digits", [20, 60])
def test_evaluate_has_the_digits_asked_for_and_not_many_more(digits):
    found = GRAPH.evaluate([v], {a: sp.Rational(1, 3), b: 2}, digits=digits)[v]
    with mpmath.workdps(100):
        error = abs(found - mpmath.sin(mpmath.mpf(2) / 3) / 3)
        assert mpmath.mpf(10) ** -(digits + 10) < error < mpmath.mpf(10) ** -digits


def test_evaluate_takes_a_float_as_the_number_that_it_is():
    assert GRAPH.evaluate([u], {a: 0.1, b: 1})[u] == mpmath.mpf(0.1)
    exact = GRAPH.evaluate_exactly([u], {a: 0.1, b: 1})[u]
    assert exact == sp.Rational(*(0.1).as_integer_ratio()) != sp.Rational(1, 10)


def test_exact_evaluation_keeps_fractions_and_functions():
    third = sp.Rational(1, 3)
    found = GRAPH.evaluate_exactly([u, v], {a: third, b: Fraction(3, 2)})
    assert found == {u: sp.Rational(1, 2), v: sp.sin(sp.Rational(1, 2)) / 3}


def test_function_runs_on_arrays():
    at = {a: np.array([0.5, 2.0]), b: np.array([1.0, -1.0])}
    found = GRAPH.function([w], modules="numpy")(at)[w]
    product = at[a] * at[b]
    np.testing.assert_allclose(found, product * np.sin(product) * at[a] + at[a])


def test_only_what_is_needed_is_asked_for():
    assert GRAPH.evaluate([a], {a: 2}) == {a: 2}
    graph = Graph((a, b), {u: a**2, v: b})
    assert graph.evaluate([u], {a: 3}) == {u: 9}
    assert graph.evaluate_exactly([u], {a: 3}) == {u: 9}


@pytest.mark.parametrize(
    ("inputs", "definitions", "message"),
    [
        ((a,), {v: u + 1, u: a}, r"expected v to use earlier names only, .*'u'"),
        ((a,), {u: u + a}, r"expected u to use earlier names only, .*'u'"),
        ((a,), {u: a + b}, r"expected u to use earlier names only, .*'b'"),
        ((a, u), {u: a}, r"expected a new name, got u"),
    ],
)
def test_wrong_order_and_unknown_names(inputs, definitions, message):
    with pytest.raises(ValueError, match=f"definitions: {message}"):
        Graph(inputs, definitions)


STRANGER = sp.Symbol("stranger")


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: GRAPH.immediate(STRANGER, a), "a"),
        (lambda: GRAPH.immediate(v, STRANGER), "b"),
        (lambda: GRAPH.total(STRANGER, a), "a"),
        (lambda: GRAPH.total(v, STRANGER), "b"),
        (lambda: GRAPH.expanded(STRANGER), "a"),
        (lambda: GRAPH.reverse(STRANGER, bar), "output"),
        (lambda: GRAPH.function([v, STRANGER]), r"outputs\[1\]"),
        (lambda: GRAPH.evaluate_exactly([STRANGER], {}), r"outputs\[0\]"),
    ],
)
def test_a_symbol_of_no_graph(call, name):
    with pytest.raises(ValueError, match=f"^{name}: expected a symbol .*stranger"):
        call()


@pytest.mark.parametrize("method", [GRAPH.evaluate, GRAPH.evaluate_exactly])
def test_missing_values(method):
    with pytest.raises(ValueError, match=r"values: expected a number for \['b'\]"):
        method([v], {a: 1})


@pytest.mark.parametrize("name", [a, v, sp.Symbol("bar")])
def test_adjoint_names_must_be_new(name):
    with pytest.raises(ValueError, match="adjoint_of: expected a new name"):
        GRAPH.reverse(w, lambda _: name)
