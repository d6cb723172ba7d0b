"""Index notation: contraction, derivatives, numbers, matrices and LaTeX."""

import numpy as np
import pytest
import sympy as sp
from sympy.tensor.indexed import IndexException

from rnnlib.symbolic import bptt_equations, dphi, phi, pre_activation, quantity
from rnnlib.symbolic.indexed import (
    contract,
    entries,
    evaluate,
    index,
    partial,
    same_matrix,
    to_matrix,
)
from rnnlib.symbolic.indexed_latex import dpsi, indexed_latex, psi
from rnnlib.symbolic.quantities import K, d_h, d_x

i, j, p, q = (index(name, d_h) for name in "ijpq")
r, v = (index(name, d_x) for name in "rv")
a = index("a", K)
W_xh, W_hh, W_hy, b_h = map(entries, ("W_xh", "W_hh", "W_hy", "b_h"))
x, h, s = entries("x", "t"), entries("h", "t-1"), entries("s", "t")
g, delta, delta_z = (entries(n, "t") for n in ("g", "delta_s", "delta_z"))
delta_next = entries("delta_s", "t+1")
s_i = sp.Sum(W_hh[i, j] * h[j], j) + sp.Sum(W_xh[i, r] * x[r], r) + b_h[i]
g_i = sp.Sum(W_hy[a, i] * delta_z[a], a) + sp.Sum(W_hh[j, i] * delta_next[j], j)


def test_entries_know_what_they_are_of():
    assert (h.of, h.time, h.shape) == ("h", "t-1", (d_h,))
    assert (W_hy.of, W_hy.time, W_hy.shape) == ("W_hy", "", (K, d_h))
    with pytest.raises(ValueError, match="^base: "):
        entries("u", "t")
    with pytest.raises(ValueError, match="^time: "):
        entries("h")
    with pytest.raises(IndexException):
        h[i, j]


def test_contraction_uses_up_the_sum_that_the_delta_ties():
    delta_ip = sp.KroneckerDelta(i, p)
    assert contract(sp.Sum(g[p] * delta_ip, p)) == g[i]
    assert contract(sp.Sum(g[p] * delta_ip * h[p] ** 2, p)) == g[i] * h[i] ** 2
    untouched = sp.Sum(g[p] * W_hh[p, i], p)
    assert contract(untouched) == untouched
    both = sp.Sum(g[p] * (delta_ip + W_hh[p, i]), p)
    assert contract(both) == g[i] + untouched
    nested = sp.Sum(g[p] * sp.Sum(sp.KroneckerDelta(j, p) * h[j], j), p)
    assert contract(nested) == sp.Sum(g[p] * h[p], p)
    assert contract(sp.Sum(0, p)) == 0


def test_a_sum_over_several_indices_keeps_each():
    double = sp.Sum(W_hh[i, p] * h[p] * g[i], p, i)
    assert contract(double) == sp.Sum(sp.Sum(W_hh[i, p] * h[p] * g[i], p), i)
    tied = sp.Sum(sp.KroneckerDelta(i, p) * h[p] * g[q], p, q)
    assert contract(tied) == sp.Sum(h[i] * g[q], q)
    tied = sp.Sum(sp.KroneckerDelta(i, q) * h[p] * g[q], p, q)
    assert contract(tied) == sp.Sum(h[p] * g[i], p)
    numbers = {"W_hh": np.arange(6.0).reshape(2, 3), "h[t-1]": np.array([1.0, 5, 2])}
    numbers["delta_s[t]"] = np.array([3.0, -1])
    whole = sp.Sum(delta[i] * W_hh[i, p] * h[p], p, i)
    at_once = numbers["delta_s[t]"] @ numbers["W_hh"] @ numbers["h[t-1]"]
    assert evaluate(whole, numbers) == at_once
    chain = sp.Sum(W_hh[i, p] * W_hh[p, q] * h[q], p, q)
    found = to_matrix(chain, i)
    W, state = quantity("W_hh"), quantity("h", "t-1")
    assert same_matrix(found.doit(), (W * W * state).doit())


def test_contraction_leaves_indices_of_different_ranges_alone():
    mixed = sp.Sum(g[p] * sp.KroneckerDelta(p, r), p)
    assert contract(mixed) == mixed


def test_contraction_captures_no_index():
    inner = sp.Sum(W_hh[j, p] * h[p], p)
    captured = sp.Sum(sp.KroneckerDelta(j, p) * inner, j)
    assert contract(captured) == captured  # not Sum(W_pp h_p)
    twice = sp.Sum(sp.KroneckerDelta(j, p) * sp.Sum(W_hh[p, j] * h[j], j), j)
    assert contract(twice) == twice


def test_derivatives_of_the_pre_activation():
    assert partial(s_i, W_hh[p, q]) == sp.KroneckerDelta(i, p) * h[q]
    assert partial(s_i, W_xh[p, v]) == sp.KroneckerDelta(i, p) * x[v]
    assert partial(s_i, b_h[p]) == sp.KroneckerDelta(i, p)
    assert partial(s_i, h[q]) == W_hh[i, q]
    assert partial(s_i, x[v]) == W_xh[i, v]
    assert partial(s_i, delta[p]) == 0


def test_derivatives_of_functions():
    assert partial(phi(s[p]), s[i]) == sp.KroneckerDelta(i, p) * dphi(s[p])
    assert partial(psi(s[p]), s[i]) == sp.KroneckerDelta(i, p) * dpsi(s[p])


@pytest.mark.parametrize("entry", [W_hh[i, j], W_xh[p, r], h[j]])
def test_an_index_cannot_be_free_and_bound(entry):
    with pytest.raises(ValueError, match="^entry: expected indices .* got [jr]$"):
        partial(s_i, entry)


def test_index_forms_become_the_matrix_forms():
    derived = bptt_equations()
    assert to_matrix(s_i, i) == pre_activation()
    assert to_matrix(g_i, i) == derived["g"]
    assert same_matrix(to_matrix(g[i] * dphi(s[i]), i), derived["delta_s"])
    outer = contract(sp.Sum(delta[i] * partial(s_i, W_hh[p, q]), i))
    assert to_matrix(outer, p, q) == derived["W_hh"]
    assert to_matrix(delta[i], i) == derived["b_h"]
    assert to_matrix(sp.Sum(W_xh[i, v] * delta[i], i), v) == derived["x"]
    assert to_matrix(W_hh[q, p], p, q) == quantity("W_hh").T
    product = sp.Sum(W_hh[p, j] * W_hh[j, q], j)
    assert to_matrix(product, p, q) == quantity("W_hh") ** 2
    bracket = sp.HadamardProduct(derived["g"], quantity("s", "t").applyfunc(dphi))
    assert same_matrix(to_matrix(g_i * dphi(s[i]), i), bracket)


def test_same_matrix_tells_matrices_apart():
    column, other = quantity("s", "t"), quantity("h", "t")
    assert same_matrix(column.applyfunc(phi), column.applyfunc(phi))
    assert not same_matrix(column.applyfunc(phi), column.applyfunc(dphi))
    assert not same_matrix(column.applyfunc(phi), other.applyfunc(phi))
    one = sp.HadamardProduct(column, other)
    assert same_matrix(one, sp.HadamardProduct(other, column))
    assert not same_matrix(quantity("W_hh") * column, quantity("W_hh").T * column)


def test_numbers():
    rng = np.random.default_rng(0)
    numbers = {
        "W_hh": rng.integers(-5, 6, (3, 3)),
        "W_xh": rng.integers(-5, 6, (3, 2)),
        "b_h": rng.integers(-5, 6, 3),
        "h[t-1]": rng.integers(-5, 6, 3),
        "x[t]": rng.integers(-5, 6, 2),
        "s[t]": rng.integers(-5, 6, 3),
        "dphi": lambda u: u**2 + 1,
    }
    wanted = numbers["W_hh"] @ numbers["h[t-1]"] + numbers["W_xh"] @ numbers["x[t]"]
    wanted = wanted + numbers["b_h"]
    assert [evaluate(s_i, numbers, i=k) for k in (1, 2, 3)] == wanted.tolist()
    slope = evaluate(sp.KroneckerDelta(i, p) * dphi(s[i]) / 2, numbers, i=2, p=2)
    assert slope == sp.Rational(int(numbers["s[t]"][1] ** 2 + 1), 2)
    assert evaluate(sp.KroneckerDelta(i, p) * dphi(s[i]), numbers, i=2, p=3) == 0


LATEX = {
    h[j]: ("h_{t-1,j}", "h_{j}^{(t-1)}"),
    s[i]: ("s_{t,i}", "z_{i}^{(t)}"),
    W_hh[j, i]: ("W_{hh,ji}", "w_{ji}^{(hh)}"),
    b_h[i]: ("b_{h,i}", "b_{i}^{(h)}"),
    delta_next[i]: (r"\delta^{(s)}_{t+1,i}", r"\delta_{i}^{(t+1)}"),
    entries("y", "t")[a]: ("y_{t,a}", r"\hat{y}_{a}^{(t)}"),
    g[i]: ("g_{t,i}", r"\frac{\partial C}{\partial h_{i}^{(t)}}"),
    sp.KroneckerDelta(i, p) * h[q]: ("[i{=}p] h_{t-1,q}", "[i{=}p] h_{q}^{(t-1)}"),
    psi(s[i]): (r"\psi\left(s_{t,i}\right)", r"g\left(z_{i}^{(t)}\right)"),
    g_i * dphi(s[i]): (
        r"\left(\sum_{a} W_{hy,ai} \delta^{(z)}_{t,a} + "
        r"\sum_{j} W_{hh,ji} \delta^{(s)}_{t+1,j}\right) \phi'\left(s_{t,i}\right)",
        r"\left(w_{ai}^{(hy)} e_{a}^{(t)} + w_{ji}^{(hh)} \delta_{j}^{(t+1)}\right) "
        r"f'\left(z_{i}^{(t)}\right)",
    ),
    sp.Sum(W_hh[j, i] * delta_next[j], j) * dphi(s[i]): (
        r"\left(\sum_{j} W_{hh,ji} \delta^{(s)}_{t+1,j}\right) "
        r"\phi'\left(s_{t,i}\right)",
        r"w_{ji}^{(hh)} \delta_{j}^{(t+1)} f'\left(z_{i}^{(t)}\right)",
    ),
}


@pytest.mark.parametrize("expression", LATEX, ids=str)
def test_latex_of_the_book_and_of_sarkar(expression):
    book, sarkar = LATEX[expression]
    assert indexed_latex(expression) == book
    assert indexed_latex(expression, "sarkar", convention=True) == sarkar


def test_without_the_convention_every_sum_has_its_sign():
    printed = indexed_latex(s_i, "sarkar")
    assert printed.count(r"\sum_") == 2
    assert r"\sum_" not in indexed_latex(s_i, "sarkar", convention=True)
