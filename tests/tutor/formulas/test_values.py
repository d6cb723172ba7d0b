"""Values of formulas at exact points, compared with NumPy on arrays of fractions."""

from fractions import Fraction
from random import Random

import numpy as np
import pytest

from rnnbook.tutor.formulas import judging, networks
from rnnbook.tutor.formulas.checking import question_for
from rnnbook.tutor.formulas.networks import Functions, book_network, drawn_softmax
from rnnbook.tutor.formulas.reading import read_formula
from rnnbook.tutor.formulas.terms import NOW, leaf
from rnnbook.tutor.formulas.values import (
    BOOK,
    Calculator,
    NoValue,
    ShapeError,
    View,
    inverse,
)
from rnnlib.symbolic import derive

G = question_for("g")
POINT = judging.network(book_network(), 3, 0)  # three steps
T = 2  # the step t of all formulas here


def value(text, view=BOOK, point=POINT, t=T):
    """The value of a text."""
    return Calculator(point, view)(G.read(text).term, t=t)


def at(name, step=None):
    """A quantity of the forward pass."""
    return POINT.value(name, step)


def eye(n):
    """The identity in whole numbers."""
    return np.eye(n, dtype=int).astype(object)


W, V, U = at("W_hh"), at("W_hy"), at("W_xh")
x, h, s, p, y, z = (at(name, T) for name in "xhspyz")
g, before, J = POINT.adjoint("h", T), at("h", T - 1), POINT.jacobian("h", 2, "h", 1)
EQUAL = {
    "W_hh^2": W @ W,
    "W_hh^3": W @ W @ W,
    "W_hh^0": eye(3),
    "(W_hh - W_hh)^0": eye(3),
    "(p_t - p_t)^0": p * 0 + 1,
    "softmax(z_t)": p,
    "softmax(z_t^T)": p.T,
    "W_hh^{T-t}": W,
    "W_hh^{t}": W @ W,
    "W_hh^{T-t-1}": eye(3),
    "W_hh^{T-t+1}": W @ W,
    "W_hh^{T-1-t}": eye(3),
    "W_hh^{T+1-t}": W @ W,
    "W_hh^{T-2}": W,
    "W_hh^{T-1-2}": eye(3),
    "p_t^2": p * p,
    "p_t^{-2} ⊙ y_t": y / (p * p),
    "p_t / 2": p * Fraction(1, 2),
    "p_t / y_t": p / y,
    "2 p_t": p + p,
    "p_t 2": p + p,
    "-p_t": 0 - p,
    "p_t - 2 y_t + p_t": p + p - y - y,
    "1 - p_t": 1 - p,
    "p_t + 1": 1 + p,
    "T p_t": p + p + p,
    "p_t / T": p * Fraction(1, 3),
    "W_hy^T p_t": V.T @ p,
    "W_hy^T * p_t": V.T @ p,
    "p_t * y_t": p * y,
    "W_hh * W_hh": W @ W,
    "W_hy * W_hy": V * V,
    "p_t * y_t^T": p @ y.T,
    "np.ones(1) * p[t]": p,
    "p[t] * y[t]": p * y,
    "W_hh * W_hh[t]": W * W,
    "h[t] * h[t].T": h @ h.T,
    "p_t ⊙ y_t ⊙ p_t": p * y * p,
    "2 ⊙ p_t": p + p,
    "p_t y_t^T": p @ y.T,
    "p_t^T y_t": p.T @ y,
    "p_t^T y_t p_t": (p.T @ y)[0, 0] * p,
    "p_t ⊗ y_t": p @ y.T,
    "W_hh ⊗ p_t": np.kron(W, p),
    "diag(s_t)": np.diag(s.ravel()),
    "diag(s_t^T)": np.diag(s.ravel()),
    "diag(diag(s_t))": np.diag(s.ravel()),
    "diag(s_t) W_hh": s * W,
    "W_hh diag(s_t)": W * s.T,
    "sum(p_t)": p.sum(keepdims=True),
    "sum(y_t)": y.sum(keepdims=True),
    "[x_t; h_{t-1}]": np.concatenate([x, before]),
    "[W_xh^T; W_hh]": np.concatenate([U.T, W]),
    "I h_t": h,
    "I": eye(3),
    "h_{t-1}": before,
    "h_{T}": at("h", 3),
    "J_t": J,
    "J_{t+1}": POINT.jacobian("h", 3, "h", 2),
    "J_s": POINT.jacobian("s", 2, "s", 1),
    r"\prod_{j=1}^{T} J_j": POINT.jacobian("h", 3, "h", 0),
    r"\prod_{j=t+1}^{t} J_j": eye(3),
    r"\prod_{j=t}^{t} J_j": J,
    r"\sum_{k=t+1}^{t} p_k": p * 0,
    r"\sum_{k=1}^{t} p_k": at("p", 1) + p,
    r"\sum_k p_k": at("p", 1) + p + at("p", 3),
    "g_t": g,
    "(g_t)_{future}": W.T @ POINT.adjoint("s", T + 1),
    r"\frac{\partial \ell_t}{\partial h_t}": V.T @ (p - y),
    r"\frac{\partial L}{\partial W_{hh}}": sum(
        POINT.adjoint("s", t) @ at("h", t - 1).T for t in (1, 2, 3)
    ),
    "b_h - b_h": at("b_h") * 0,
}


@pytest.mark.parametrize("text", EQUAL)
def test_a_formula_has_the_value_that_numpy_gives(text):
    found = value(text)
    assert found.array.shape == found.shape == EQUAL[text].shape
    assert (found.array == EQUAL[text]).all()
    assert all(isinstance(v, (Fraction, int)) for v in found.array.ravel())


def test_inverses_are_exact():
    found = value("W_hh^{-1}").array
    assert (found @ W == eye(3)).all() and (W @ found == eye(3)).all()
    assert (value("inv(W_hh)").array == found).all()
    assert (value("W_hh^{-2}").array == found @ found).all()
    assert (value("W_hh^{-T}").array == found.T).all()
    swapped = np.array([[0, 2], [3, 0]], dtype=object)  # a zero where a pivot stands
    assert (inverse(swapped) == [[0, Fraction(1, 3)], [Fraction(1, 2), 0]]).all()


UNFIT = [
    ("p_t + s_t", "added", (4, 1), (3, 1)),
    ("W_hh p_t", "multiplied", (3, 3), (4, 1)),
    ("p_t ⊙ s_t", "multiplied entry by entry", (4, 1), (3, 1)),
    ("W_hh W_hh p_t", "multiplied", (3, 3), (4, 1)),
    ("p_t / s_t", "divided", (4, 1), (3, 1)),
    ("inv(W_hy)", "inverted", (4, 3), (4, 3)),
    ("diag(W_hy)", "put on a diagonal", (4, 3), (4, 3)),
    ("diag(W_hh)", "put on a diagonal", (3, 3), (3, 3)),
    ("[W_xh; W_hh]", "stacked", (3, 2), (3, 3)),
    ("p_t * s_t * W_hh", "multiplied", (4, 1), (3, 1)),
]


@pytest.mark.parametrize(("text", "verb", "left", "right"), UNFIT)
def test_shapes_that_do_not_go_together(text, verb, left, right):
    with pytest.raises(ShapeError) as caught:
        value(text)
    error = caught.value
    assert (error.verb, error.left, error.right) == (verb, left, right)
    assert str(error) == verb


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("p_t / (1 - 1)", "a division by zero"),
        ("W_hh / I", "a division by zero"),
        ("(p_t - p_t)^{-2}", "a division by zero"),
        ("inv(W_hh - W_hh)", "the inverse of a singular matrix"),
    ],
)
def test_formulas_without_a_value(text, words):
    with pytest.raises(NoValue, match=words):
        value(text)


SEEN = [
    (View(rows=frozenset({("value", "h")})), "h_t", h.T),
    (View(rows=frozenset({("value", "h")})), "g_t", g),
    (View(rows=frozenset({("adjoint", "h")})), "g_t", g.T),
    (View(rows=frozenset({("adjoint", "h")})), "(g_t)_{future}",
     (W.T @ POINT.adjoint("s", 3)).T),
    (View(weights=True), "W_hy", V.T),
    (View(weights=True), "b_h", at("b_h")),
    (View(weights=True), "h_t", h),
    (View(weights=True), "dW_hy", POINT.adjoint("W_hy").T),
    (View(jacobians=True), "J_t", J.T),
    (View(jacobians=True), "W_hh", W),
    (View(negated=True), "g_t", -g),
    (View(negated=True), "h_t", h),
    (View(negated=True), r"\frac{\partial \ell_t}{\partial h_t}", V.T @ (y - p)),
    (View(negated=True), "(g_t)_{future}", -W.T @ POINT.adjoint("s", 3)),
    (View(mean=True), "g_t", g / Fraction(3)),
    (View(mean=True), "(g_t)_{future}", W.T @ POINT.adjoint("s", 3) / Fraction(3)),
    (View(mean=True), r"\frac{\partial \ell_t}{\partial h_t}",
     V.T @ (p - y) / Fraction(3)),
    (View(mean=True), "h_t", h),
    (View(mean=True), "J_t", J),
    (View(descending=False), r"\prod_{j=1}^{t} J_j",
     POINT.jacobian("h", 1, "h", 0) @ J),
]  # fmt: skip


@pytest.mark.parametrize(("view", "text", "wanted"), SEEN)
def test_symbols_in_another_view(view, text, wanted):
    found = Calculator(POINT, view)(G.read(text).term, t=T)
    assert found.shape == wanted.shape and (found.array == wanted).all()


ALIKE = [  # where every column is a square matrix, and a diagonal one its column
    ("diag(s_t) g_t", "s_t ⊙ g_t", True),
    ("diag(s_t) diag(g_t)", "diag(s_t ⊙ g_t)", True),
    ("diag(s_t) + diag(g_t)", "diag(s_t + g_t)", True),
    ("diag(s_t)^2 g_t", "s_t ⊙ s_t ⊙ g_t", True),
    ("diag(s_t)^T g_t", "diag(s_t) g_t", True),
    ("inv(diag(s_t)) g_t", "g_t / s_t", True),
    ("-diag(s_t) g_t", "-(s_t ⊙ g_t)", True),
    ("g_t^T diag(s_t)", "(diag(s_t) g_t)^T", True),
    ("diag(s_t) W_hh", "W_hh diag(s_t)", False),
    ("diag(phi(s_t)) g_t", "phi(s_t) ⊙ g_t", True),
    ("phi(diag(s_t)) g_t", "phi(s_t) ⊙ g_t", True),
    ("diag(s_t)/2 g_t", "s_t ⊙ g_t / 2", True),
    ("diag(s_t^T) g_t", "s_t ⊙ g_t", True),
    ("(diag(s_t) + W_hh) g_t", "(s_t + W_hh) g_t", True),
    ("(diag(s_t) ⊙ W_hh) g_t", "s_t ⊙ W_hh ⊙ g_t", True),
    ("(s_t ⊙ W_hh) g_t", "s_t ⊙ W_hh ⊙ g_t", False),
    (r"(\prod_{j=t+1}^{t} J_j) g_t", "g_t", True),
    ("[x_t; h_t]", "[x_t; h_t]", False),  # there is no stack of square matrices
    ("h_t", "h_t", True),
    ("W_hh^2 g_t", "W_hh W_hh g_t", True),
    ("2 ⊙ diag(s_t) g_t", "2 s_t ⊙ g_t", True),
    ("I g_t", "g_t", True),
    ("g_t 2", "2 g_t", True),
    ("g_t (2 h_t^T h_t)", "g_t h_t^T h_t 2", True),
    ("W_hh^T g_t", "W_hh g_t", False),
    ("W_hh W_hy^T g_t", "W_hy^T W_hh g_t", False),
    ("g_t h_t^T", "h_t g_t^T", False),
    ("g_t ⊗ h_t", "g_t h_t^T", True),
    ("h_t^2", "h_t ⊙ h_t", True),
    ("W_hh^{-1} W_hh g_t", "g_t", True),
    ("W_hh^{T-t} g_t", "W_hh g_t", False),
    (r"\prod_{j=t+1}^{t} J_j g_t", "g_t", False),
]


@pytest.mark.parametrize(("a", "b", "alike"), ALIKE)
def test_formulas_that_are_alike_where_every_shape_fits(a, b, alike):
    a, b = G.read(a).term, G.read(b).term
    assert G.judge.one_value(a, b) is alike


def test_a_kind_of_quantity_that_nothing_computes():
    with pytest.raises(NoValue, match="immediate"):
        Calculator(POINT)(leaf("immediate", "h", NOW), t=T)


PRODUCTS = [  # what a dot or a star means
    ("2 * p_t", "2 ∘ p_t"),
    ("p_t * 2", "p_t ∘ 2"),
    ("p_t * y_t", "p_t ∘ y_t"),
    ("p_t * y_t^T", "p_t y_t^T"),
    ("p_t^T * p_t", "p_t^T p_t"),
    ("W_hh * h_t", "W_hh h_t"),
    ("W_hh * W_hh", "W_hh W_hh"),
    ("W_hy * W_hy", "W_hy ∘ W_hy"),
    ("W_hy * p_t", "W_hy p_t"),  # no product fits
]


@pytest.mark.parametrize(("text", "meant"), PRODUCTS)
def test_a_dot_is_the_product_that_fits(text, meant):
    read = read_formula(text, G.names).term
    assert G.plain(G.judge.resolved(read)) == meant


def test_a_letter_that_nothing_binds_is_some_step():
    asked = question_for("W_hh")
    read = asked.read("delta_s_t * h_{t-1}^T").term
    assert asked.plain(asked.judge.resolved(read)) == "delta_s_t h_{t-1}^T"


# the network itself


@pytest.mark.parametrize("t", range(-2, 6))
def test_the_network_goes_on_beyond_its_ends(t):
    """Forward equations and adjoints hold there too, and there is no loss."""
    inside = 1 <= t <= 3
    if t >= 1:
        z_t = V @ at("h", t) + at("b_y")
        assert (at("s", t) == U @ at("x", t) + W @ at("h", t - 1) + at("b_h")).all()
        assert (at("z", t) == z_t).all()
    if not inside:
        assert (at("y", t) == at("p", t)).all()
    assert at("p", t).sum() == 1
    delta_z, delta_s = POINT.adjoint("z", t), POINT.adjoint("s", t)
    if t <= 3:
        assert (delta_z == at("p", t) - at("y", t)).all()
        later = W.T @ POINT.adjoint("s", t + 1)
        assert (POINT.adjoint("h", t) == V.T @ delta_z + later).all()
        slope = 1 - at("h", t) ** 2
        assert (delta_s == slope * POINT.adjoint("h", t)).all()
        assert (POINT.adjoint("x", t) == U.T @ delta_s).all()
        losses = sum(POINT.own("h", t, k) for k in (1, 2, 3))
        assert (losses == POINT.adjoint("h", t)).all() or t < 0
    else:
        assert not delta_z.any() and not delta_s.any()
        assert not POINT.adjoint("h", t).any()
    for k in range(-1, 6):
        if not 1 <= k <= 3 or k < t:
            assert not POINT.own("h", t, k).any()
    assert (POINT.own("h", t, t) == (V.T @ delta_z if inside else 0 * g)).all()


def test_jacobians_are_products_of_those_of_single_steps():
    J_2, J_3 = POINT.jacobian("h", 2, "h", 1), POINT.jacobian("h", 3, "h", 2)
    assert (J_2 == (1 - h**2) * W).all()
    assert (POINT.jacobian("h", 3, "h", 1) == J_3 @ J_2).all()
    assert (POINT.jacobian("h", 2, "h", 2) == eye(3)).all()
    assert not POINT.jacobian("h", 1, "h", 2).any()
    assert (POINT.jacobian("s", 2, "s", 1) == W * (1 - before.T**2)).all()
    assert (POINT.jacobian("h", 2, "x", 2) == (1 - h**2) * U).all()
    assert (POINT.jacobian("z", 2, "h", 2) == V).all()


def test_gradients_of_parameters_are_sums_over_the_steps():
    sums = {
        "W_xh": ("s", "x", 0),
        "W_hh": ("s", "h", -1),
        "W_hy": ("z", "h", 0),
    }
    for name, (a, b, by) in sums.items():
        outer = sum(POINT.adjoint(a, t) @ at(b, t + by).T for t in (1, 2, 3))
        assert (POINT.adjoint(name) == outer).all()
    for name, a in (("b_h", "s"), ("b_y", "z")):
        total = sum(POINT.adjoint(a, t) for t in (1, 2, 3))
        assert (POINT.adjoint(name) == total).all()
    assert (POINT.zero("W_hy") == np.zeros((4, 3))).all()


def test_sizes_and_small_points():
    assert POINT.shape("W_hy") == (4, 3) and POINT.shape("x") == (2, 1)
    assert POINT.names_of_sizes == {1: "1", 2: "d_x", 3: "d_h", 4: "K"}
    assert not POINT.simple
    small = judging.network(book_network(), 2, "s2")
    assert small.simple and small.shape("W_hy") == (2, 2)
    parameters = [small.value(n) for n in ("W_hh", "W_xh", "W_hy", "b_h", "b_y")]
    found = {int(v) for array in parameters for v in array.ravel()}
    assert found <= {-3, -2, -1, 1, 2, 3} and len(found) > 4
    assert all(v.denominator == 1 for a in parameters for v in a.ravel())
    free = judging.network(book_network(), 3, "f2")
    assert not free.simple and free.value("h", 2).shape == (2, 2)
    assert free.jacobian("h", 2, "h", 1).shape == (2, 2)
    assert free.own("h", 1, 2).any()
    one = judging.network(book_network(), 1, "s1")
    assert one.shape("h") == (1, 1) and one.T == 1


def test_the_first_state_is_phi_of_what_stands_before_it():
    """Also where two of the numbers drawn for s_0 are one: each has its own value."""
    for seed in range(12):
        sizes = {"d_x": 1, "d_h": 8, "K": 2}
        point = networks.Network(book_network(), 1, sizes, seed=seed)
        s_0, h_0 = point.value("s", 0), point.value("h", 0)
        assert len({*s_0.ravel()}) == 8
        assert (point.functions["phi"](s_0) == h_0).all()


def test_functions_have_the_slopes_that_they_should():
    of = Functions(7, lambda v: 1 - v**2)
    a = np.array([[Fraction(2, 3), Fraction(-2, 3)], [Fraction(0), Fraction(5)]])
    tanh, sigma, phi = of["tanh"](a), of["sigma"](a), of["phi"](a)
    assert tanh[0, 0] == -tanh[0, 1] and tanh[1, 0] == 0
    assert sigma[0, 0] == 1 - sigma[0, 1]
    assert (of["tanh'"](a) == 1 - tanh**2).all()
    assert (of["sigma'"](a) == sigma * (1 - sigma)).all()
    assert (of["phi'"](a) == 1 - phi**2).all()
    assert (of["exp'"](a) == of["exp"](a)).all()
    assert (of["softplus'"](a) == sigma).all()
    assert of["log'"](a[:1]).tolist() == [[Fraction(3, 2), Fraction(-3, 2)]]
    relu = [[Fraction(2, 3), 0], [0, 5]]
    assert of["relu"](a).tolist() == relu
    assert of["relu'"](a).tolist() == [[1, 0], [0, 1]]
    assert (of["identity"](a) == a).all() and (of["identity'"](a) == 1).all()
    drawn = [of[name](a) for name in ("psi", "psi'", "psi''", "tanh''", "phi''")]
    for k, array in enumerate(drawn):
        assert all((array != other).any() for other in drawn[:k])
        assert all(0 < v < 1 for v in array.ravel())
    again = Functions(7, lambda v: v)["psi"](a)
    assert (again == drawn[0]).all()
    assert (Functions(8, lambda v: v)["psi"](a) != drawn[0]).any()
    assert (Functions(7, lambda v: 2 + v)["phi'"](a) == 2 + phi).all()


def test_a_drawn_softmax_is_a_distribution_in_every_column():
    of = Functions(3, None)
    a = np.array([[1, 2], [3, 4], [5, 6]], dtype=object)
    found = drawn_softmax(of, a)
    assert found.shape == (3, 2) and found.sum(axis=0).tolist() == [1, 1]
    assert (found > 0).all() and (found[:, 0] != found[:, 1]).any()
    assert (drawn_softmax(of, a[:, :1]) == found[:, :1]).all()
    assert (drawn_softmax(Functions(4, None), a) != found).any()


def test_what_is_drawn_is_small():
    values = {networks._small(Random(seed)) for seed in range(2000)}
    assert values == {
        sign * Fraction(over, under)
        for sign in (-1, 1)
        for over in range(1, 10)
        for under in range(1, 4)
    }
    shares = {networks._small(Random(seed), "phi") for seed in range(2000)}
    assert shares == {
        Fraction(over, under) for under in (5, 7, 8, 9, 11) for over in range(1, under)
    }
    whole = {networks._whole(Random(seed)) for seed in range(200)}
    assert whole == {-3, -2, -1, 1, 2, 3}


def test_a_part_of_a_pre_activation_is_not_what_phi_is_of():
    text = "a_t = W_hh h_{t-1}\ns_t = a_t + W_xh x_t\nh_t = phi(s_t)"
    point = networks.Network(
        derive(text, {"x": "d_x", "h": "d_h"}), 2, {"d_x": 2, "d_h": 3}, seed=1
    )
    a_0 = point.value("a", 0)
    assert (point.functions["phi"](a_0) != point.value("h", 0)).all()
    moved = point.value("W_xh") @ point.value("x", 0)
    assert (point.value("s", 0) == a_0 + moved).all()
