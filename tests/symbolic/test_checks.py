"""What judges a derivation: the oracles, the proofs, the numbers, the mistakes."""

import importlib.util
import math
from fractions import Fraction

import numpy as np
import pytest

from rnnlib.symbolic import derive
from rnnlib.symbolic.derivation import check as checks
from rnnlib.symbolic.derivation import expressions as ex
from rnnlib.symbolic.derivation import rules
from rnnlib.symbolic.derivation.check import Check
from rnnlib.symbolic.derivation.evaluation import (
    Evaluator,
    Exact,
    Point,
    float_functions,
)
from rnnlib.symbolic.derivation.proof import sizes_for

SIZES = {"x": "d_x", "h": "d_h"}
SCALARS = {"x": 1, "h": 1, "u": 1, "w": 1}
ORACLES = (
    *("complex step", "central differences", "forward mode", "dot product"),
    "automatic differentiation",
)


def doubled(node, a, value, right=rules.BACKWARD[ex.MatMul]):
    """A rule that sends back twice what is right."""
    return [(p, ex.times(ex.number(2), sent)) for p, sent in right(node, a, value)]


@pytest.mark.skipif(not importlib.util.find_spec("autograd"), reason="not installed")
def test_each_oracle_sees_a_wrong_rule(monkeypatch):
    """Gradients twice as large as the true ones: a relative difference of a half."""
    text = "h_t = tanh(W x_t + b) + 0.2 h_{t-1}"
    right = derive(text, SIZES).check(np.random.default_rng(0), T=2, d=2)
    assert right and tuple(right.errors) == ORACLES and right.skipped == ()
    assert str(right) == "\n".join(f"{name}: agrees" for name in ORACLES)
    monkeypatch.setitem(rules.BACKWARD, ex.MatMul, doubled)
    wrong = derive(text, SIZES).check(np.random.default_rng(0), T=2, d=2)
    assert not wrong and tuple(wrong.errors) == ORACLES
    for name in ("complex step", "central differences", "forward mode"):
        assert 0.01 < wrong.errors[name] <= 0.5 + 1e-6
    assert wrong.errors["automatic differentiation"] == pytest.approx(1)
    assert 0.01 < wrong.errors["dot product"] < 10


def test_errors_are_relative_to_what_is_measured(monkeypatch):
    """By hand: L = u x, and what is sent back is u k in place of u."""
    text, k = "h_t = u * x_t", 2.0
    right = rules.BACKWARD[ex.Times]
    monkeypatch.setitem(
        rules.BACKWARD,
        ex.Times,
        lambda node, a, value: [
            (p, ex.times(ex.number(2), sent) if p.name == "u" else sent)
            for p, sent in right(node, a, value)
        ],
    )
    d = derive(text, {"x": 1, "h": 1, "u": 1})
    one = np.ones((1, 1))
    for x, u, weight in (
        (0.5, 0.25, 1),
        (3.0, -2.0, 1),
        (2e-4, 1e-4, 1),
        (1.0, 0.0, -2),
    ):
        point = Point(
            1, {}, {"u": u * one}, {("x", 1): x * one}, {}, {("h", 1): weight * one}
        )
        rng = np.random.default_rng(0)
        errors, _ = checks.oracles(d.recursion, point, rng)
        signs = np.sign(np.random.default_rng(0).standard_normal(2))
        sent, true = k * x * weight, x * weight
        for name in ("complex step", "forward mode", "central differences"):
            wanted = abs(sent - true) / max(abs(sent), 1e-3)
            assert errors[name] == pytest.approx(wanted, rel=1e-6), name
        if "automatic differentiation" in errors:
            wanted = abs(sent - true) / max(abs(true), 1e-3)
            found = errors["automatic differentiation"]
            assert found == pytest.approx(wanted, rel=1e-9)
        whole = signs[0] * sent + signs[1] * u * weight
        forwards = signs[0] * true + signs[1] * u * weight
        wanted = abs(forwards - whole) / max(abs(whole), 1e-3)
        assert errors["dot product"] == pytest.approx(wanted, rel=1e-9)


def test_without_autograd_the_others_judge(monkeypatch):
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda n: None if n == "autograd" else found(n)
    )
    d = derive("h_t = tanh(W x_t) + h_{t-1}", SIZES)
    check = d.check(np.random.default_rng(0), T=2, d=2)
    assert check and tuple(check.errors) == ORACLES[:-1]
    assert check.skipped == ORACLES[-1:]
    assert str(check).endswith("\nautomatic differentiation: not installed")


def test_a_check_in_words():
    check = Check({"one": 1e-10, "other": 2.04e-10, "third": 0.0}, ("last",))
    assert (
        str(check)
        == repr(check)
        == (
            "one: agrees\nother: differs by 2.0e-10\nthird: agrees\nlast: not installed"
        )
    )
    assert not check and Check({"one": 1e-10}) and Check({}) and str(Check({})) == ""


def at(x, h=1.0):
    """A point of one step at which the parameters are 1 and -1."""
    one = np.ones((1, 1))
    return Point(
        1, {}, {"u": one, "w": -one}, {("x", 1): x * one}, {("h", 0): h * one},
        {("h", 1): one},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "near", "far"),
    [
        ("h_t = relu(u * x_t) + w * h_{t-1}", (0.04, -0.04, 0.0), (0.06, -0.06)),
        ("h_t = max(u * x_t, h_{t-1}) * w", (1.04, 0.96), (1.06, 0.94)),
        ("h_t = tanh(u * x_t) + w * h_{t-1}", (), (0.0, 1.0)),
    ],
)
def test_a_point_near_a_kink_is_drawn_again(text, near, far, monkeypatch):
    d, drawn = derive(text, SCALARS), []
    for x in (*near, *far):
        points = iter([at(x), at(3.0), at(5.0)])
        drawn.clear()

        def draw(*_, points=points):
            drawn.append(next(points))
            return drawn[-1]

        monkeypatch.setattr(checks, "random_point", draw)
        assert d.check(np.random.default_rng(0), T=1, d=1)
        assert len(drawn) == (2 if x in near else 1), x


def test_functions_and_their_slopes():
    """Against the standard library, and by the complex step."""
    known = {
        "tanh": math.tanh,
        "sigma": lambda s: 1 / (1 + math.exp(-s)),
        "relu": lambda s: max(s, 0.0),
        "exp": math.exp,
        "log": math.log,
        "softplus": lambda s: math.log1p(math.exp(s)),
        "phi": lambda s: math.sin(s) + s / 2,
        "psi": lambda s: math.sin(2 * s) / 3,
    }
    found = float_functions()
    assert found.keys() == known.keys() | {"relu'", "phi'", "psi'"}
    for name, function in known.items():
        for s in (0.3, 2.0) if name == "log" else (-2.0, -0.3, 0.3, 2.0):
            assert found[name](np.array(s)) == pytest.approx(function(s), rel=1e-14)
            complex_step = found[name](np.array(s + 1e-30j)).imag / 1e-30
            slope = (function(s + 1e-5) - function(s - 1e-5)) / 2e-5
            assert complex_step == pytest.approx(slope, abs=1e-8)
            if f"{name}'" in found:
                assert found[f"{name}'"](np.array(s)) == pytest.approx(complex_step)
    assert found["relu'"](np.array([0.0, 1e-9])).tolist() == [0, 1]
    assert found["softplus"](np.array([800.0, -800.0])).tolist() == [800, 0]


def test_exact_numbers():
    d = derive("h_t = (2/3) h_{t-1} * x_t^2 + mean(h_{t-1})", {"x": 2, "h": 2})

    def column(*numbers):
        return np.array([[Fraction(n)] for n in numbers])

    point = Point(1, {}, {}, {("x", 1): column(2, 3)}, {("h", 0): column(1, "1/2")}, {})
    values = Evaluator(d.recursion, point, Exact()).forward()
    third = Fraction(2, 3)
    assert values["h", 1].tolist() == [[4 * third + Fraction(3, 4)], [Fraction(15, 4)]]
    d = derive("h_t = sqrt(h_{t-1}) + x_t", {"x": 1, "h": 1})
    point = Point(1, {}, {}, {("x", 1): column(2)}, {("h", 0): column(4)}, {})
    with pytest.raises(ValueError) as error:
        Evaluator(d.recursion, point, Exact()).forward()
    assert str(error.value) == "exponent: expected a whole number, got 1/2"


def test_the_spread_of_random_points():
    d = derive(
        "h_t = W x_t + U h_{t-1} + V h_{t-3}\np_t = h_t * y_t",
        SIZES | {"y": "d_h"},
        output="p",
        distributions="y",
    )
    point = d.point(np.random.default_rng(0), T=2, d=100)
    assert point.T == 2 and point.sizes == {"d_x": 101, "d_h": 100}
    assert point.parameters["W"].shape == (100, 101)
    assert abs(point.parameters["W"].std() - 0.5) < 0.02
    assert set(point.inputs) == {(n, t) for n in "xy" for t in (1, 2)}
    assert abs(np.concatenate([point.inputs["x", t] for t in (1, 2)]).std() - 1) < 0.2
    for t in (1, 2):
        assert sorted(point.inputs["y", t].ravel())[-2:] == [0, 1]
        assert point.inputs["y", t].sum() == 1
    assert set(point.initial) == {("h", 0), ("h", -1), ("h", -2)}
    assert abs(np.concatenate([*point.initial.values()]).std() - 0.5) < 0.1
    assert set(point.loss) == {("p", 1), ("p", 2)}
    assert abs(np.concatenate([*point.loss.values()]).std() - 1) < 0.2


def test_numbers_for_sizes():
    text = "h_t = U z_t + W c_{t-1} + V x_t + A[0:d_h] h_{t-1}\nc_t = tanh(B h_t)"
    sizes = {"x": "d_x", "z": "d_z", "A": ("2 d_h", "d_h"), "h": "d_h", "c": "d_c"}
    program = derive(text, sizes).program
    assert program.sizes == ("d_x", "d_z", "d_h", "d_c")
    assert sizes_for(program, 4) == {"d_x": 5, "d_z": 6, "d_h": 4, "d_c": 7}
    given = {"d_x": 9, "d_z": 8, "d_h": 7, "d_c": 6, "other": 1}
    assert sizes_for(program, given) == {"d_x": 9, "d_z": 8, "d_h": 7, "d_c": 6}
    with pytest.raises(ValueError) as error:
        sizes_for(program, {"d_z": 1, "d_h": 2})
    assert str(error.value) == "d: expected a number for d_x, d_c, got none"
    sizes = {"x": 2, "h": 2, "z": "d_z", "U": (2, "d_z")}
    fixed = derive("h_t = x_t * h_{t-1} + U z_t", sizes)
    assert sizes_for(fixed.program, 3) == {"d_z": 4}


def test_a_proof_in_words(monkeypatch):
    text = "h_t = tanh(U x_t + w * h_{t-2}) + b * v"
    proof = derive(text, SIZES, frozen="v").prove(T=2, d=1)
    assert proof and str(proof) == repr(proof) == (
        "proved for T = 2, d_x = 2, d_h = 1: 10 entries of adjoints and 4 of gradients "
        "are equal to the total derivatives of the unrolled network"
    )
    assert (proof.adjoints, proof.gradients, proof.failed) == (10, 4, ())
    right = rules.BACKWARD[ex.MatMul]
    monkeypatch.setitem(
        rules.BACKWARD, ex.MatMul, lambda *given: doubled(*given, right=right)
    )
    wrong = derive(text, SIZES, frozen="v").prove(T=2, d=1)
    assert not wrong and str(wrong) == (
        "not proved for T = 2, d_x = 2, d_h = 1: U(0, 0), U(0, 1), x[1](0, 0), "
        "x[1](1, 0), x[2](0, 0), x[2](1, 0)"
    )


def test_a_proof_for_every_size_in_words(monkeypatch):
    text = "h_t = tanh(U x_t) + w * h_{t-1} + w * h_{t-2}"
    proof = derive(text, SIZES).prove_every_size()
    assert proof and proof.uses == 6 and repr(proof) == str(proof)
    assert str(proof) == (
        "proved for every size and every number of steps: 6 terms, each equal to the "
        "sum of adjoint times derivative in index form; the rules are those for a "
        "sum, an elementwise product, a matrix product, an elementwise function, the "
        "function tanh"
    )
    right = rules.BACKWARD[ex.MatMul]
    monkeypatch.setitem(
        rules.BACKWARD, ex.MatMul, lambda *given: doubled(*given, right=right)
    )
    wrong = derive(text, SIZES).prove_every_size()
    assert not wrong and wrong.failed == ("U in s", "x in s")
    assert str(wrong) == "not proved for every size: U in s, x in s"


def test_the_bound_of_a_norm_by_terms():
    """|a| max(1 - n^2) ||W|| + |b| for h_t = a n_t + b h_{t-1}, in numbers."""
    text = "n_t = tanh(U x_t + W h_{t-1})\nh_t = a n_t + b h_{t-1}"
    d = derive(text, SIZES | {"a": 1, "b": 1})
    point = d.point(np.random.default_rng(3), T=3, d=3)
    a, b = (point.parameters[n].item() for n in "ab")
    W, U, h = point.parameters["W"], point.parameters["U"], point.initial["h", 0]
    wanted, exact = [], []
    for t in (1, 2, 3):
        n = np.tanh(U @ point.inputs["x", t] + W @ h)
        h = a * n + b * h
        wanted.append(abs(a) * (1 - n**2).max() * np.linalg.norm(W, 2) + abs(b))
        exact.append(a * (1 - n**2) * W + b * np.eye(3))
    np.testing.assert_allclose(d.norm_bounds(point), wanted, rtol=1e-12)
    np.testing.assert_allclose(d.jacobians(point)[:, 0], exact, rtol=1e-12)


ANSWERS = {  # what a reader's W and b are: how the answer ends
    "both right": (1, 1, "all gradients are right"),
    "W averaged, b minus": (
        *(1 / 4, -1),
        "wrong: W, b. It is as if the sum over t in dL/dW is averaged and in dL/db, "
        "the term g_t has the wrong sign.",
    ),
    "b minus": (
        *(1, -1),
        "wrong: b. It is as if in dL/db, the term g_t has the wrong sign.",
    ),
    "W times 7": (7, 1, "wrong: W. No mistake of the catalogue explains this."),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_what_a_reader_is_told(name):
    """The recursion g_t = a_t + g_{t+1}/2 by hand."""
    d = derive("h_t = W x_t + 0.5 h_{t-1} + b", SIZES)
    point = d.problem
    assert (point.T, point.sizes) == (4, {"d_x": 3, "d_h": 2})
    g, adjoints = 0, {}
    for t in (4, 3, 2, 1):
        g = adjoints[t] = point.loss["h", t] + 0.5 * g
    W = sum(g @ point.inputs["x", t].T for t, g in adjoints.items())
    b = sum(adjoints.values())
    of_W, of_b, says = ANSWERS[name]
    for form in (b, b[:, 0]):
        found = d.explain({"W": of_W * W, "b": of_b * form})
        assert str(found) == repr(found) == says
        wrong = {n for n, k in (("W", of_W), ("b", of_b)) if k != 1}
        assert set(found.wrong) == wrong and set(found.right) == {"W", "b"} - wrong
        assert bool(found) == (not wrong)
    assert str(d.explain({"W": W})) == "all gradients are right"


def test_gradients_that_are_none():
    d = derive("h_t = W x_t + 0.5 h_{t-1} + b", SIZES)
    expected = "gradients: expected a dictionary of arrays by parameter"
    for given, says in (
        ([1], expected),
        ({}, expected),
        ({"h": np.ones(2)}, "gradients: expected some of W, b, got 'h'"),
        (
            {"W": np.ones((3, 2))},
            "gradients.W: expected shape (2, 3), got (3, 2)",
        ),
        ({"b": np.ones((1, 2))}, "gradients.b: expected shape (2, 1), got (1, 2)"),
        ({"b": np.ones(3)}, "gradients.b: expected shape (2, 1), got (3,)"),
    ):
        with pytest.raises(ValueError) as error:
            d.explain(given)
        assert str(error.value) == says
    nothing = d.explain({"W": np.full((2, 3), np.nan), "b": np.full(2, np.inf)})
    assert nothing.wrong == ("W", "b") and nothing.mistakes == ()


def test_a_use_that_is_left_out_leaves_the_later_ones():
    """g_t = a_t + g_{t+1}/2 + g_{t+2}/4 without its second part, by hand."""
    d = derive("h_t = W x_t + 0.5 h_{t-1} + 0.25 h_{t-2}", SIZES)
    point, g = d.problem, {5: 0, 6: 0}
    for t in (4, 3, 2, 1):
        g[t] = point.loss["h", t] + 0.25 * g[t + 2]
    W = sum(g[t] @ point.inputs["x", t].T for t in (1, 2, 3, 4))
    assert "in g_t, the term g_{t+1} / 2 is left out" in str(d.explain({"W": W}))


def test_a_mistake_of_the_recursion_and_one_on_top_of_it():
    """g_t minus what later steps send, and the sum for b averaged besides."""
    d = derive("h_t = W x_t + 0.5 h_{t-1} + b", SIZES)
    point = d.problem
    adjoints = {t: point.loss["h", t] for t in (1, 2, 3, 4)}
    W = sum(g @ point.inputs["x", t].T for t, g in adjoints.items())
    b = sum(adjoints.values())
    lead = "wrong: W, b. It is as if in g_t, the term g_{t+1} / 2"
    assert str(d.explain({"W": W, "b": b})) == (
        f"{lead} is left out, or in g_t, the term g_{{t+1}} / 2 reads a step beside "
        "g_{t+1}: g_t / 2."
    )
    assert str(d.explain({"W": W, "b": b / 4})) == (
        f"{lead} is left out and the sum over t in dL/db is averaged."
    )
