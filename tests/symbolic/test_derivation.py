"""The derivation machine: what it prints, proves and refuses, and its code."""

import os
import re
import subprocess
import sys
from dataclasses import FrozenInstanceError, fields, is_dataclass
from functools import partial
from pathlib import Path
from time import process_time

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

import rnnlib
from rnnlib.layers import gru, layer_norm, lstm, stack, vanilla
from rnnlib.symbolic import bptt_results, derive, phi, quantity
from rnnlib.trees import flatten, rebuild
from tests.symbolic.cells import CELLS

SMALL = os.environ.get("HYPOTHESIS_PROFILE") != "nightly"
SIZES = {"x": "d_x", "h": "d_h"}
SAMPLE = (  # each operation and each kind of state once; all cells every night
    *("jordan", "lstm", "gru_before", "fastrnn", "cfn", "slstm", "mlstm_matrix"),
    *("lru_real", "narx", "layer_norm", "concatenated", "vanilla", "softmax_state"),
)
SOME = SAMPLE if SMALL else tuple(CELLS)


def derived(name):
    """The derivation of a cell of the literature."""
    cell = CELLS[name]
    return derive(cell.text, cell.sizes, **cell.options)


def test_thirty_cells_of_ten_lines():
    assert len(CELLS) >= 30
    assert all(len(c.text.strip().splitlines()) <= 10 for c in CELLS.values())


@pytest.mark.parametrize("name", SOME)
def test_every_cell_is_proved(name):
    T, d = (2, 1) if SMALL else (3, 2)
    start = process_time()
    d_ = derived(name)
    derived_in = process_time() - start
    assert d_.prove(T=T, d=d)
    if not SMALL:
        assert derived_in < 0.1 and process_time() - start < 5


@pytest.mark.parametrize("name", SOME)
def test_every_cell_agrees_with_the_oracles(name):
    assert derived(name).check(
        np.random.default_rng(0), T=2 if SMALL else 4, d=1 if SMALL else 3
    )


def test_a_longer_proof_of_the_lstm():
    proof = derived("lstm").prove(T=3, d=2)
    assert proof and proof.adjoints == 73 and proof.gradients == 48


def test_a_parameter_that_the_softmax_reads_is_proved_too():
    """Its gradient has the form of the book once 1 is put in for the sum of y."""
    text = "p_t = softmax(v)\nell_t = cross_entropy(y_t, p_t)"
    d = derive(text, {"y": "K"}, distributions="y")
    assert str(d.gradient("v")) == "dL/dv = sum over t of (p_t - y_t)"
    assert d.prove(T=2, d=2) and d.prove(T=3, d=1)
    assert not derive(text, {"y": "K"}).recursion.distributions


def test_a_wrong_rule_is_not_proved(monkeypatch):
    from rnnlib.symbolic.derivation import expressions as ex
    from rnnlib.symbolic.derivation import rules

    def without_others(node, a, value):
        return [(part, rules.fitted(a, part)) for part in node.args]

    monkeypatch.setitem(rules.BACKWARD, ex.Times, without_others)
    wrong = derived("lstm")
    assert not wrong.prove(T=2, d=1)
    assert not wrong.check(np.random.default_rng(0), T=3, d=2)


@pytest.mark.parametrize("function", ["tanh", "sigma", "exp", "log", "softplus"])
def test_a_wrong_slope_is_not_proved(function, monkeypatch):
    from rnnlib.symbolic.derivation import rules

    right = rules.SLOPES[function]
    text = f"h_t = {function}(exp(W_xh x_t + W_hh h_{{t-1}}))"
    assert derive(text, SIZES).prove(T=2, d=1)
    monkeypatch.setitem(
        rules.SLOPES, function, lambda s, v: rules.one_minus(right(s, v))
    )
    assert not derive(text, SIZES).prove(T=2, d=1)


def test_the_recursion_of_the_lstm_reads_as_one_would_write_it():
    d = derived("lstm")
    assert str(d.adjoint("c")) == (
        "g_c_t = g_t * o_t * (1 - tanh(c_t)^2) + g_c_{t+1} * f_{t+1}"
    )
    assert str(d.gradient("W_hf")) == "dL/dW_hf = sum over t of delta_f_t h_{t-1}^T"
    assert str(d.gradient("c_0")) == "dL/dc_0 = g_c_1 * f_1"
    assert str(d.jacobian("c", "c")) == "dc_t/dc_{t-1} = Diag(f_t)"
    assert "W_hi^T delta_i_{t+1}" in str(d.uses("h"))
    assert str(d) == str(derived("lstm"))


def test_subscripts_of_weights_are_letters():
    gradient = derived("lstm").gradient("W_xi").latex
    assert "W_{xi}" in gradient and r"\xi" not in gradient
    assert r"W_{x\theta}" in derived("cfn").gradient("W_xtheta").latex
    assert r"\nu" in derived("lru_real").gradient("nu").latex


def test_the_certificate_names_every_rule_and_what_was_put_in():
    d = derived("vanilla")
    words = str(d.explanation("z"))
    assert "With -y_t / p_t put in for g_p_t, the rule for softmax sends back" in words
    lines = str(d.uses("h")).splitlines()
    assert "in the same step" in lines[0] and "one step later" in lines[1]
    assert "softmax" in d.rules and "the function log" in d.rules


def test_the_vanilla_network_is_that_of_the_book():
    d = derived("vanilla")
    assert str(d.adjoint("z")) == "delta_z_t = p_t - y_t"
    assert str(d.jacobian("h", "h")) == "dh_t/dh_{t-1} = Diag(phi'(s_t)) W_hh"
    assert str(d.jacobian("s", "s")) == "ds_t/ds_{t-1} = W_hh Diag(phi'(s_{t-1}))"
    book = bptt_results()
    for key, name in (("delta_z", "z"), ("g", "h"), ("delta_s", "s")):
        left, right = book[key]
        found = d.adjoint(name)
        assert d.sympy(found.left) == left
        assert str(d.sympy(found.right)) == str(right)
    without = derive(CELLS["vanilla"].text, CELLS["vanilla"].sizes)
    assert str(without.adjoint("z")) == "delta_z_t = sum(y_t) * p_t - y_t"


def test_diagonal_parts_of_a_jacobian_are_put_together():
    text = "f_t = sigma(W_f x_t)\nh_t = f_t * h_{t-1} + tanh(h_{t-1}) + W_h h_{t-1}"
    jacobian = derive(text, SIZES).jacobian("h", "h")
    assert str(jacobian) == ("dh_t/dh_{t-1} = Diag(f_t + 1 - tanh(h_{t-1})^2) + W_h")


def test_forward_equations_as_those_of_sympy():
    forward = {e.left.name: e.right for e in derived("vanilla").equations}
    wanted = quantity("s", "t").applyfunc(phi)
    found = derived("vanilla").sympy(forward["h"])
    assert str(found) == str(wanted) and found.function.expr.func is phi
    for name, function in (("tanh", sp.tanh), ("exp", sp.exp), ("log", sp.log)):
        d = derive(f"h_t = {name}(W_hh h_{{t-1}} + W_xh x_t)", SIZES)
        right = {e.left.name: e.right for e in d.equations}["h"]
        assert str(d.sympy(right)) == str(quantity("s", "t").applyfunc(function))


def test_powers_as_those_of_sympy():
    d = derive("h_t = (W_hh h_{t-1} + W_xh x_t)^3 / sqrt(3)", SIZES)
    right = {e.left.name: e.right for e in d.equations}["h"]
    cube = sp.HadamardPower(quantity("s", "t"), 3)
    assert str(d.sympy(right)) == str(cube / sp.sqrt(3))


@pytest.mark.parametrize(
    "power, exponent",
    [
        *(("^2", 2), ("^{-1}", -1), ("^(0.5)", (1, 2))),
        *(("^(1/2)", (1, 2)), ("^{3/2}", (3, 2)), ("^(-3/4)", (-3, 4))),
    ],
)
def test_exponents_are_rational_numbers(power, exponent):
    d = derive(f"h_t = (W_hh h_{{t-1}} + W_xh x_t){power}", SIZES)
    right = {e.left.name: e.right for e in d.equations}["h"]
    number = sp.Rational(*exponent) if isinstance(exponent, tuple) else exponent
    wanted = sp.HadamardPower(quantity("s", "t"), number)
    assert str(d.sympy(right)) == str(wanted)


@pytest.mark.parametrize(
    "ask, known",
    [
        (lambda d: d.initial("q"), "h"),
        (lambda d: d.initial("s_h"), "h"),
        (lambda d: d.gradient("q"), "h, x, W_hh, W_xh, s"),
        (lambda d: d.gradient("q_0"), "h, x, W_hh, W_xh, s"),
        (lambda d: d.adjoint("q"), "h, x, W_hh, W_xh, s"),
        (lambda d: d.jacobian("q", "h"), "s, h"),
        (lambda d: d.jacobian("h", "q"), "h, x, W_hh, W_xh, s"),
    ],
)
def test_an_unknown_name_is_answered_with_the_known_ones(ask, known):
    d = derive("h_t = tanh(W_hh h_{t-1} + W_xh x_t)", SIZES)
    with pytest.raises(ValueError, match=f"^name: expected one of {known}, got '"):
        ask(d)


def test_a_step_that_can_be_read_in_two_ways():
    with pytest.raises(ValueError) as error:
        derive("h_t = U x_t + h_t-12", SIZES)
    assert str(error.value) == (
        "line 1: h_t-1 can be read in two ways: write _{t-1} for the step, or spaces "
        "around the sign"
    )


def test_a_reader_who_sends_on_nothing_but_the_adjoint_is_named():
    catalogue = derived("mingru").catalogue
    planted = [(m, g) for m, g in catalogue.outcomes if "nothing but" in m.key[2]]
    assert planted
    for mistake, gradients in planted:
        assert (
            "g_z_t * z_t * (1 - z_t) has nothing but the factor g_z_t"
            in str(catalogue.explain(gradients))
            or mistake.key[0] != "s_z"
        )
    assert "s_z" in {mistake.key[0] for mistake, _ in planted}


def test_plain_text_python_and_latex_say_the_same():
    plain = "h_t = tanh(W_xh x_t + W_hh h_{t-1} + b_h) * h_{t-1}"
    python = "h[t] = tanh(W_xh @ x[t] + W_hh @ h[t-1] + b_h) * h[t-1]"
    latex = (
        r"h_{t} &= \tanh\left(W_{xh} x_{t} + W_{hh} h_{t-1} + b_{h}\right)"
        r" \odot h_{t-1} \\"
    )
    texts = [str(derive(text, SIZES)) for text in (plain, python, latex)]
    assert texts[0] == texts[1] == texts[2]


REFUSED = {
    "h_t = tanh(W h_{t+1} + U x_t)": "line 1: h_{t+1} is read before it exists",
    "h_t = W q_t + U x_t": "line 1: q_t is not defined",
    "h_t = U x_t\nh_t = V x_t": "line 2: h_t is defined twice, first on line 1",
    "a_t = h_t + U x_t\nh_t = V a_t": "a cycle within one step",
    "h_t = x_t h_{t-1}": r"line 1: x_t h_{t-1}: a product of two columns, x_t (d_x, 1)",
    "h_t = U x_t + W x_t\na_t = W h_t": "line 2: W h_t: W is a matrix (d_h, d_x)",
    "h_t = x_t + h_{t-1}": "x_t is a column (d_x, 1) and h_{t-1} is a column (d_h, 1)",
    "h_t = U x_t\nz_t = V h_t": "line 2: the size of V cannot be inferred",
    "h_t = U x_t + h_t-1": "line 1: h_t-1 can be read in two ways",
    "h_t = U x_t + 1/2 h_{t-1}": "write brackets",
    "h_t = U * x_t": "the matrix product is written without *",
    "h_t = U x_t + h": "line 1: h: expected a step",
    "h_t = U x_t ?": "line 1: '?' cannot be read",
    "h_t = tanh(U x_t": "expected ')', got the end of the line",
    "h_t = (U x_t)^{2": "expected '}', got the end of the line",
    "h_t = (U x_t)^(1/2": "expected ')', got the end of the line",
    "h_t = (U x_t)^a": "expected a number or T as the exponent, got 'a'",
    "h_t = (U x_t)^": "expected a number or T as the exponent, got the end of the line",
    "h_t = U^{-T} x_t": "expected a number or T as the exponent, got 'T'",
    "h_t = (U x_t)^(1/a)": "line 1: expected a number other than 0, got 'a'",
    "h_t = (U x_t)^{1/0}": "line 1: expected a number other than 0, got '0'",
    "h_t = (U x_t)^(1/": "expected a number other than 0, got the end of the line",
    "h_t": "expected '=' after h_t",
    "": "expected at least one equation",
}


@pytest.mark.parametrize("text", REFUSED)
def test_an_ill_formed_text_gets_its_own_sentence(text):
    with pytest.raises(ValueError) as error:
        derive(text, SIZES)
    assert REFUSED[text] in str(error.value)


PARTS = [
    "{m} {v}",
    "{u} * {v}",
    "tanh({m} {v} + {b})",
    "sigma({m} {v}) * {w}",
    "({v} + {w}) / (2 + {w}^2)",
    "{v} - 0.3 {w}",
    "{m} ({v} * {w})",
    "max({v}, {w})",
    "softmax({v}) * {w}",
    "{v} * mean({w}^2)",
    "exp(0.1 {v}) - 1",
    "{m}^T {v}",
    "phi({v} + {b})",
    "{v} / sqrt(1 + sum({w}^2))",
]


@st.composite
def texts(draw):
    """Well-formed cells: definitions, operations, lags and sharing are random."""
    names = ["a", "c", "h"][-draw(st.integers(1, 3)) :]
    lines, known = [], ["h_{t-1}", "(U x_t)"]
    if draw(st.booleans()):
        known.append("h_{t-2}")
    known += [f"{n}_{{t-1}}" for n in names[:-1] if draw(st.booleans())]
    for name in names:
        terms = []
        for _ in range(draw(st.integers(1, 3))):
            part = draw(st.sampled_from(PARTS))
            read = {k: draw(st.sampled_from(known)) for k in "vw"}
            k = draw(st.integers(1, 2))
            terms.append(part.format(m=f"W_{k}", u=f"u_{k}", b=f"b_{k}", **read))
        lines.append(f"{name}_t = 0.5 * (" + " + ".join(terms) + ")")
        known.append(f"{name}_t")
    return "\n".join(lines)


SQUARE = {"x": "d_x", "h": "d_h", "a": "d_h", "c": "d_h", "W_1": ("d_h", "d_h")}
SQUARE |= {"W_2": ("d_h", "d_h"), "U": ("d_h", "d_x")}
SQUARE |= {name: "d_h" for name in ("u_1", "u_2", "b_1", "b_2")}


def sizes_of(text):
    """The declarations that a text needs."""
    return {n: s for n, s in SQUARE.items() if n in text.replace("(", " ( ")}


def try_derive(text):
    """The derivation, with the declared names that occur."""
    sizes = dict(SQUARE)
    while True:
        try:
            return derive(text, sizes, output="h")
        except ValueError as error:
            words = str(error).split()
            if words[0] == "sizes:" and "occur" in words:
                del sizes[words[1]]
                continue
            raise


@settings(max_examples=6 if SMALL else 500)
@given(texts(), st.integers(0, 2**32 - 1))
def test_a_random_cell_agrees_with_the_oracles(text, seed):
    d = try_derive(text)
    check = d.check(np.random.default_rng(seed), T=3, d=2)
    exact = {n: e for n, e in check.errors.items() if n != "central differences"}
    assert max(exact.values()) < 1e-10, (text, exact)


BREAK = [
    lambda line: line.replace("=", "", 1),
    lambda line: line + " + q_t",
    lambda line: line + " + x_t",
    lambda line: line + " + h_{t+1}",
    lambda line: line + " + x_t h_{t-1}",
    lambda line: line + " + (h_{t-1}",
    lambda line: line + " * ",
    lambda line: line + " + W_1 x_t",
    lambda line: line + "\n" + line,
    lambda line: line + " + U",
    lambda line: line + " + tanh(h_{t-1}, h_{t-1})",
]


@settings(max_examples=25 if SMALL else 500)
@given(texts(), st.sampled_from(BREAK), st.data())
def test_an_ill_formed_random_cell_names_its_line(text, broken, data):
    lines = text.splitlines()
    k = data.draw(st.integers(0, len(lines) - 1))
    lines[k] = broken(lines[k])
    with pytest.raises(ValueError, match=rf"^line ({k + 1}|{k + 2}): "):
        try_derive("\n".join(lines))


def one_loss(cell, params, x, state, mask, weights):
    """A linear function of the output and of the last state."""
    trace = cell.forward(params, x, state=state, mask=mask)
    total = (weights["output"] * trace.output).sum()
    last = flatten({"state": trace.state})
    return total + sum((weights[n] * a).sum() for n, a in last.items())


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("name", [n for n in CELLS if n not in ("vanilla",)])
def test_generated_code_agrees_with_the_complex_step(name, masked):
    cell = derived(name).cell()
    rng = np.random.default_rng(3)
    d_x, d_h, T, B = 3, 3, 5, 3
    params = cell.init_params(d_x, d_h, rng=rng)
    params = type(params)(*(0.5 * rng.standard_normal(a.shape) for a in params))
    x = rng.standard_normal((T, B, d_x))
    mask = rng.random((T, B)) < 0.6 if masked else None
    if masked:
        mask[1] = True
    trace = cell.forward(params, x, mask=mask)
    flat = flatten({"state": trace.state})
    state = rebuild(
        {"state": trace.state},
        {n: 0.4 * rng.standard_normal(a.shape) for n, a in flat.items()},
    )["state"]
    weights = {n: rng.standard_normal(a.shape) for n, a in flat.items()}
    weights["output"] = rng.standard_normal(trace.output.shape)
    d_state = rebuild({"state": trace.state}, weights)["state"]
    trace = cell.forward(params, x, state=state, mask=mask)
    found = cell.backward(params, trace, weights["output"], d_state)
    variables = {"params": params, "x": x, "state": state}
    gradients = {"params": found.params, "x": found.x, "state": found.state}
    frozen = CELLS[name].options.get("frozen", ())
    flat_gradients = flatten(gradients)
    for key, gradient in flat_gradients.items():
        if key.split(".")[-1] in frozen:
            continue
        zero = {n: np.zeros(g.shape) for n, g in flat_gradients.items()}
        u = rng.standard_normal(gradient.shape)
        measured = rnnlib.complex_step(
            lambda v: one_loss(cell, v["params"], v["x"], v["state"], mask, weights),
            variables,
            rebuild(variables, zero | {key: u}),
        )
        assert abs((gradient * u).sum() - measured) < 1e-10 * (1 + abs(measured)), key


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("name", [n for n in CELLS if n != "vanilla"])
def test_an_integer_stands_for_a_unit_vector(name, masked):
    cell = derived(name).cell()
    rng = np.random.default_rng(4)
    params = cell.init_params(3, 3, rng=rng)
    params = type(params)(*(0.5 * rng.standard_normal(a.shape) for a in params))
    x = rng.integers(0, 3, (5, 2))
    mask = rng.random(x.shape) < 0.6 if masked else None
    if masked:
        mask[0] = True
    one, other = (cell.forward(params, a, mask=mask) for a in (x, np.eye(3)[x]))
    np.testing.assert_allclose(one.output, other.output, rtol=0, atol=1e-13)
    d_output = rng.standard_normal(one.output.shape)
    a, b = (cell.backward(params, t, d_output) for t in (one, other))
    assert b.x.shape == (5, 2, 3)
    for found, wanted in (
        *zip(a.params, b.params, strict=True),
        *zip(
            flatten({"s": a.state}).values(),
            flatten({"s": b.state}).values(),
            strict=True,
        ),
    ):
        np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-12)


MORE = {  # texts that are no cell of the literature, for the code alone
    "minus the input": (
        "h_t = tanh(W_hh h_{t-1} - W_xh x_t - b_h)",
        {},
    ),
    "stacked gates and what lies as rows": (
        """
        i_t = sigma(W_xi x_t + W_hi h_{t-1})
        n_t = tanh(W_xn x_t + W_hn h_{t-1} - W_xn x_t)
        a_t = softmax(W_a h_{t-1} + b_a)
        h_t = a_t * i_t + (1 - mean(i_t)) * n_t
        """,
        {},
    ),
    "three factors": (
        "h_t = tanh(V W_hh h_{t-1} + b_h * (W_xh x_t)) / 2 - 0.1 h_{t-1}",
        {"V": ("d_h", "d_k")},
    ),
    "a column of two sizes": (
        """
        s_t = W [x_t; h_{t-1}]
        a_t = s_t[0:d_h] + v
        h_t = sigma(a_t) * s_t[d_h:2 d_h] - 0.5 h_{t-1}
        """,
        {"s": "2 d_h"},
    ),
    "scalars of two columns": (
        """
        c_t = h_{t-1}^T w + x_t^T u + w^T w
        h_t = tanh(W_hh h_{t-1} + c_t b_h + (h_{t-1}^T h_{t-1}) v)
        """,
        {"c": 1},
    ),
    "a filled column": (
        """
        c_t = w^T h_{t-1} + u^T x_t
        h_t = tanh(c_t + b_h) / norm(b_h + 1) + 0.5 c_{t-1} h_{t-1}
        """,
        {"c": 1},
    ),
    "two gates as columns": (
        """
        i_t = sigma(W_i x_t + U_i h_{t-1} + b_i)
        n_t = tanh(W_n x_t + U_n h_{t-1})
        h_t = i_t * h_{t-1} + (1 - i_t) * n_t
        """,
        {},
    ),
    "what has no step, and what is not trained": (
        """
        a = exp(v)
        b = tanh(a * u)
        h_t = a * max(h_{t-1}, 0.3) + (U x_t) / 8 \
        - 0.3 w * h_{t-1}^3 / sqrt(1 + h_{t-1}^2) + b
        """.replace("\\\n", ""),
        {},
        {"frozen": ("U", "u")},
    ),
    "a quantity of one letter": (
        "h_t = tanh(V x_t) + b\ny_t = W h_t",
        {"y": "d_h"},
        {"output": "y"},
    ),
    "a matrix that is a product": (
        "h_t = tanh(W V^T x_t + U h_{t-1})",
        {"V": ("d_x", "d_k")},
    ),
    "no recurrence": ("h_t = tanh(W x_t)", {}),
    "registers": (
        "h_t = relu(U x_{t-1} + W x_t) - 0.3 h_{t-2} + U x_{t-3}",
        {},
    ),
    "a state that is a matrix": (
        """
        C_t = f C_{t-1} + (V x_t) x_t^T
        h_t = C_t (U x_t) + mean(C_t) u
        """,
        {"f": 1},
    ),
    "a state that a scalar is added to": (
        """
        c_t = w^T h_{t-1} + u^T x_t
        h_t = tanh(c_t v) + c_{t-1}
        """,
        {"c": 1},
    ),
    "what nothing reads": (
        """
        q_t = V h_{t-1} + v + W_q x_t
        a = exp(v)
        h_t = tanh(W x_t + U h_{t-1})
        r_t = q_t + tanh(x_t)
        """,
        {"q": "d_x"},
    ),
    "a recurrence without parameters": (
        """
        c_t = 2 c_{t-1}
        h_t = c_t + W x_t
        """,
        {},
    ),
    "a name for the input": (
        """
        c_t = x_t
        h_t = 0.5 h_{t-1} + W c_t + W c_{t-1}
        """,
        {"c": "d_x"},
    ),
    "gates that are told apart": (
        """
        a_t = sigma(W_a x_t + U_a h_{t-1} + b_a)
        e_t = exp(W_e x_t - U_e h_{t-1} + b_e * (V x_t))
        n_t = tanh(V x_t + U_n h_{t-1} + b_n)
        o_t = relu(W_o x_t + U_o h_{t-1})
        h_t = a_t * n_t / (1 + e_t) - o_t * h_{t-1}
        """,
        {},
    ),
    "parameters that are put together": (
        """
        a = u + v
        b = a + w
        k = 2 * r
        e_t = exp(q)
        h_t = b * h_{t-1} + e_t * (U x_t) + k
        """,
        {},
    ),
    "gates that read a projection": (
        """
        a_t = tanh(Q x_t)
        i_t = sigma(W_i a_t + U_i h_{t-1} + b_i)
        n_t = tanh(W_n a_t + U_n h_{t-1} + 0.5 a_t)
        k_t = sigma(V c_{t-1} + b_k)
        c_t = k_t * c_{t-1} + i_t * n_t
        h_t = i_t * c_t
        """,
        {"a": "d_h"},
    ),
    "a linear recurrence": ("h_t = W_hh h_{t-1} + U x_t", {}),
    "a scalar of two products": (
        """
        a_t = tanh(Q x_t)
        c_t = sum(W x_t + V a_t)
        s_t = U h_{t-1} + R x_t + b
        h_t = c_t s_t + c_t h_{t-1}
        """,
        {"a": "d_k", "V": ("d_h", "d_k"), "W": ("d_h", "d_x"), "c": 1},
    ),
    "gates with one slope": (
        """
        v_t = tanh(V x_t)
        c_t = x_t
        a_t = sigma(W_a x_t + U h_{t-1})
        e_t = sigma(W_e x_t + U h_{t-1} + b_e)
        h_t = a_t * (v_t * w) + e_t * (v_t * w) * (Q c_t) + 0.5 h_{t-1}
        """,
        {"c": "d_x", "v": "d_h"},
    ),
    "what is the same at every step": (
        """
        k_t = v
        e_t = exp(q + v)
        c_t = u * v
        i_t = sigma(W_i x_t + U_i h_{t-1} + b + v)
        f_t = sigma(W_f x_t + U_f h_{t-1} + b + e_t)
        o_t = sigma(V c_{t-1} + b + q)
        h_t = i_t * h_{t-1} + f_t * e_t * o_t + k_t * c_{t-1}
        """,
        {"c": "d_h"},
    ),
    "gates with two biases": (
        """
        i_t = sigma(U_i h_{t-1} + b_i + v)
        n_t = tanh(U_n h_{t-1} + V x_t * w + v)
        h_t = i_t * h_{t-1} + n_t
        """,
        {},
    ),
    "a row meets a column within a product": (
        """
        s_t = U x_t + h_{t-1} w^T h_{t-1} + b
        h_t = tanh(s_t) v^T W s_t
        """,
        {"v": "d_h", "W": ("d_h", "d_h")},
    ),
    "a pre-activation that two gates read": (
        """
        s_t = W_s x_t + U_s h_{t-1} + b_s
        n_t = exp(W_n x_t + U_n h_{t-1} + b_n)
        h_t = sigma(s_t) * h_{t-1} + s_t / (1 + n_t)
        """,
        {},
        {"frozen": "U_n"},
    ),
}


@pytest.mark.parametrize("integers", [False, True])
@pytest.mark.parametrize("name", MORE)
def test_code_of_other_texts_agrees_with_the_complex_step(name, integers):
    text, sizes, *options = MORE[name]
    d = derive(text, SIZES | sizes, **{"output": "h"} | dict(*options))
    cell = d.cell(sizes={"d_k": 2})
    rng = np.random.default_rng(6)
    params = cell.init_params(4, 3, rng=rng)
    params = type(params)(*(0.5 * rng.standard_normal(a.shape) for a in params))
    x = rng.integers(0, 4, (4, 2)) if integers else rng.standard_normal((4, 2, 4))
    mask = np.array([[1, 1], [0, 1], [1, 1], [1, 0]], bool)
    plain = cell.forward(params, x, mask=mask)
    weights = {
        n: rng.standard_normal(a.shape)
        for n, a in flatten({"state": plain.state}).items()
    }
    d_state = rebuild({"state": plain.state}, weights)["state"]
    weights["output"] = rng.standard_normal(plain.output.shape)
    start = rebuild(
        {"state": plain.state},
        {n: rng.standard_normal(w.shape) for n, w in weights.items() if n != "output"},
    )["state"]
    trace = cell.forward(params, x, state=start, mask=mask)
    back = cell.backward(params, trace, weights["output"], d_state)
    variables = {"params": params, "state": start}
    found = {"params": back.params, "state": back.state}
    if not integers:
        variables["x"], found["x"] = x, back.x
    flat = flatten(found)
    frozen = d.recursion.frozen
    for key, gradient in flat.items():
        u = rng.standard_normal(gradient.shape)
        zero = {n: np.zeros(a.shape) for n, a in flat.items()}
        measured = rnnlib.complex_step(
            lambda v: one_loss(
                cell, v["params"], v.get("x", x), v["state"], mask, weights
            ),
            variables,
            rebuild(variables, zero | {key: u}),
        )
        if key.split(".")[-1] in frozen:
            assert not gradient.any()
        else:
            along = (gradient * u).sum()
            assert abs(along - measured) < 1e-12 * (1 + abs(measured)), key


SOURCES = Path(__file__).parent / "sources"


@pytest.mark.parametrize("path", sorted(SOURCES.glob("*.txt")), ids=lambda p: p.stem)
def test_a_source_reads_line_by_line(path):
    """The text of each is one of those that are run above."""
    if path.stem in CELLS:
        d = derived(path.stem)
    else:
        (name,) = (n for n in MORE if n.replace(",", "").replace(" ", "-") == path.stem)
        text, sizes, *options = MORE[name]
        d = derive(text, SIZES | sizes, **{"output": "h"} | dict(*options))
    assert d.numpy() == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["elman", "lstm", "vanilla", "qrnn"])
def test_what_pytorch_is_told_reads_line_by_line(name):
    """One state, several, a loss, and a cell whose states are not the output."""
    text = derived(name).torch()
    path = SOURCES / "torch" / f"{name}.txt"
    assert text[text.index("class Layer(") :] == path.read_text(encoding="utf-8")
    start = text[text.index("from typing") : text.index("class Params(")]
    assert start == (
        "from typing import NamedTuple\n\nimport numpy as np\nimport torch\n"
        "from torch.autograd.function import once_differentiable\n\n\n"
    )


@pytest.mark.parametrize("of", ["product", "carried"])
def test_lines_are_as_long_as_they_may_be(of):
    """Names grow: a line is broken when it would be longer than 88, and not before."""
    broken = []
    for k in range(16, 36):
        v = "v" * k
        text = f"""
            c_t = sigma(u * c_{{t-1}} + W x_t)
            h_t = {v} * h_{{t-1}} + 0.5 c_t
            """
        if of == "product":
            text = f"""
            k_t = U h_{{t-1}} + W x_t
            {v}_t = sigma(k_t)
            h_t = tanh(V {v}_t + Q x_t)
            """
        source = derive(text, SIZES | {v: "d_h"} if of == "product" else SIZES).numpy()
        lines = source[source.index("def forward") :].splitlines()
        assert max(map(len, lines)) <= 88
        whole = [line for line in lines if PATTERNS[of].search(line)]
        broken.append(not whole)
        for line in whole:
            length = len(line)
    first = broken.index(True)
    assert broken == [False] * first + [True] * (len(broken) - first)
    assert length == 88


PATTERNS = {
    "product": re.compile(r"np.multiply\(g_v"),
    "carried": re.compile(r"^        g, g_c = g "),
}


def fused(names, params, rename):
    """The parameters of a hand-written cell from those of a generated one."""
    return np.concatenate([getattr(params, rename + k) for k in names])


@pytest.mark.parametrize("integers", [False, True])
@pytest.mark.parametrize("name", ["elman", "lstm", "gru_after", "layer_norm"])
def test_generated_code_equals_the_hand_written_layers(name, integers):
    cell = derived(name).cell()
    rng = np.random.default_rng(5)
    d_x, d_h, T, B = 4, 3, 6, 3
    p = cell.init_params(d_x, d_h, rng=rng)
    p = type(p)(*(0.6 * rng.standard_normal(a.shape) for a in p))
    x = rng.integers(0, d_x, (T, B)) if integers else rng.standard_normal((T, B, d_x))
    if name == "elman":
        hand, q = vanilla, vanilla.VanillaParams(p.W_xh, p.W_hh, p.b_h)
    elif name == "layer_norm":
        hand = layer_norm
        q = layer_norm.LayerNormParams(p.W_xh, p.W_hh, p.gain, p.b_h)
    else:
        gates = "ifno" if name == "lstm" else "run"
        parts = [fused(gates, p, r) for r in ("W_x", "W_h", "b_")]
        hand = lstm if name == "lstm" else gru
        q = lstm.LSTMParams(*parts) if hand is lstm else gru.GRUParams(*parts, p.b_m)
    mask = rng.random((T, B)) < 0.7
    mask[0] = True
    ours, theirs = (c.forward(a, x, mask=mask) for c, a in ((cell, p), (hand, q)))
    np.testing.assert_allclose(ours.output, theirs.output, rtol=0, atol=1e-12)
    d_output = rng.standard_normal(ours.output.shape)
    a = cell.backward(p, ours, d_output)
    b = hand.backward(q, theirs, d_output)
    for one, other in zip(
        flatten({"s": a.state, "x": a.x}).values(),
        flatten({"s": b.state, "x": b.x}).values(),
        strict=True,
    ):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-12)
    if name in ("elman", "layer_norm"):
        pairs = zip(a.params, b.params, strict=True)
    else:
        mine = [fused(gates, a.params, r) for r in ("W_x", "W_h", "b_")]
        mine += [a.params.b_m] if name != "lstm" else []
        pairs = zip(mine, b.params, strict=True)
    for one, other in pairs:
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-12)


def test_generated_cells_stack_and_keep_their_precision():
    cell = stack([derived("lstm").cell(initial={"b_f": 1.0}), derived("mgu").cell()])
    rng = np.random.default_rng(0)
    params = cell.init_params(4, 3, rng=rng, dtype=np.float32)
    assert (params[0].b_f == 1).all()
    trace = cell.forward(params, rng.integers(0, 4, (5, 2)))
    gradients = cell.backward(params, trace, np.ones_like(trace.output))
    assert {a.dtype for a in flatten(gradients.params).values()} == {np.dtype("f4")}


def test_generated_cells_refuse_bad_input():
    cell = derived("lstm").cell()
    params = cell.init_params(4, 3, rng=np.random.default_rng(0))
    for x, message in (
        (np.zeros((2, 1, 5)), "x: expected shape"),
        (np.full((2, 1), 7), "x: expected integers from 0 to 3"),
        ([[1]], "x: expected a NumPy array"),
        (np.zeros((0, 1, 4)), "x: expected a step and a sequence, got .0, 1, 4."),
        (np.zeros((2, 0), int), "x: expected a step and a sequence, got .2, 0."),
        (np.zeros((2, 3, 1), int), r"x: expected shape \(T, B\) of integers, got"),
        (np.zeros((2, 4)), r"x: expected shape \(T, B, 4\), got \(2, 4\)"),
        (np.array([["a"]]), "x: expected a NumPy array of numbers, got <U1"),
        (3, "x: expected a NumPy array of numbers, got int"),
    ):
        with pytest.raises(ValueError, match=message):
            cell.forward(params, x)
    with pytest.raises(ValueError, match="W_hf: expected shape"):
        cell.forward(params._replace(W_hf=np.zeros((3, 2))), np.zeros((2, 1, 4)))


def test_generated_cells_refuse_what_is_not_theirs():
    cell = derived("lstm").cell()
    params = cell.init_params(4, 3, rng=np.random.default_rng(0))
    x, row = np.zeros((2, 5, 4)), np.zeros(3)
    trace = cell.forward(params, x)

    def start(*state):
        return cell.forward(params, x, state=state)

    def back(*args):
        return cell.backward(params, *args)

    two = "expected a tuple \\(h, c\\)$"
    for call, message in (
        (lambda: cell.forward((1,), x), "params: expected Params of this cell, got t"),
        (lambda: start(row), f"^state: {two}"),
        (lambda: start(row, row, row), f"^state: {two}"),
        (lambda: cell.forward(params, x, state=row), f"^state: {two}"),
        (
            lambda: start(row, np.zeros((2, 3))),
            r"^state.c: expected shape \(5, 3\) or \(3,\), got \(2, 3\)$",
        ),
        (lambda: start(np.zeros(5), row), r"^state.h: expected shape \(5, 3\) or \(3,"),
        (lambda: back((1,), trace.output), "^trace: expected one of this cell, got tu"),
        (lambda: back(trace, trace.output[1:]), "^d_output: expected"),
        (lambda: back(trace, trace.output, (row,)), f"^d_state: {two}"),
        (lambda: back(trace, trace.output, (row, row)), "^d_state.h: expected"),
        (
            lambda: cell.backward((1,), trace, trace.output),
            "^params: expected Params of this cell, got tuple$",
        ),
    ):
        with pytest.raises(ValueError, match=message):
            call()


def test_a_state_for_all_sequences_gets_their_sum():
    """One state (d,) stands for B equal ones; its gradient is that of all B."""
    cell = derived("lstm").cell()
    rng = np.random.default_rng(0)
    params = cell.init_params(4, 3, rng=rng)
    x, one = rng.standard_normal((3, 5, 4)), tuple(rng.standard_normal((2, 3)))
    each = tuple(np.tile(part, (5, 1)) for part in one)
    run, runs = (cell.forward(params, x, state=s) for s in (one, each))
    np.testing.assert_array_equal(run.output, runs.output)
    d_output = rng.standard_normal(run.output.shape)
    found, wanted = (cell.backward(params, r, d_output).state for r in (run, runs))
    for a, b in zip(found, wanted, strict=True):
        assert a.shape == (3,) and b.shape == (5, 3)
        np.testing.assert_allclose(a, b.sum(axis=0), rtol=1e-12)
    mixed = cell.forward(params, x, state=(one[0], each[1]))
    shapes = [a.shape for a in cell.backward(params, mixed, d_output).state]
    assert shapes == [(3,), (5, 3)]


def test_cells_of_several_inputs_or_other_sizes_are_refused():
    two = "h_t = U h_{t-1} + W x_t + V z_t"
    with pytest.raises(ValueError, match="^cell: expected one input, got x, z$"):
        derive(two, SIZES | {"z": "d_z"}).cell()
    cell = derive("h_t = tanh(h_{t-1} + W x_t)", {"x": "n", "h": "n"}).cell()
    rng = np.random.default_rng(0)
    assert cell.init_params(3, 3, rng=rng).W.shape == (3, 3)
    with pytest.raises(ValueError, match="^d_h: expected 3, got 4$"):
        cell.init_params(3, 4, rng=rng)
    with pytest.raises(ValueError, match="^initial: expected a parameter, got 'b'$"):
        derived("elman").cell(initial={"b": 1.0})


def test_parameters_begin_with_the_deviation_of_their_fan_in():
    cell = derived("lstm").cell(initial={"b_f": 1.5, "W_xi": 0.25})
    params = cell.init_params(400, 100, rng=np.random.default_rng(0))
    for name, array in params._asdict().items():
        if name in ("b_f", "W_xi"):
            assert (array == {"b_f": 1.5, "W_xi": 0.25}[name]).all()
        elif name[0] == "b":
            assert not array.any()
        else:
            fan = 400 if name[1:].startswith("_x") else 100
            assert abs(array.std() * np.sqrt(fan) - 1) < 0.03
        assert array.dtype == np.float64


@pytest.mark.parametrize(
    "name", ["lstm", "gru_before", "vanilla", "peephole", "layer_norm", "fastgrnn"]
)
def test_generated_source_is_clean(name):
    text = derived(name).numpy()
    compile(text, name, "exec")
    for arguments in (["check", "-q", "-"], ["format", "--check", "-q", "-"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *arguments], input=text, text=True
        )
        assert done.returncode == 0


@pytest.mark.skipif(SMALL, reason="all sources: every night")
def test_every_generated_source_is_clean(tmp_path):
    for name in CELLS:
        text = derived(name).numpy()
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
    for arguments in (["check", "-q"], ["format", "--check", "-q"]):
        done = subprocess.run([sys.executable, "-m", "ruff", *arguments, tmp_path])
        assert done.returncode == 0


def check_signs(source):
    code = source.split('"""', 2)[2]
    assert not any(pair in code for pair in ("- -", "+ -", "--", "- (-", "+ (-"))


def test_a_text_without_inputs_has_no_code():
    """They say how many steps there are."""
    d = derive("h_t = W h_{t-1}", {"h": "d_h"})
    for source in (d.numpy, d.torch, d.cell):
        with pytest.raises(ValueError, match="^text: expected an input, got none$"):
            source()


@pytest.mark.parametrize(
    "text, sizes, row",
    [
        ("r_t = x_t^T\nh_t = tanh(W r_t^T + U h_{t-1})", {}, "r: .*(1, d_x)"),
        ("r = w^T\nh_t = tanh(U x_t) * (r h_{t-1})", {}, "r: .*(1, d_h)"),
        ("h_t = tanh(U x_t) * (w h_{t-1})", {"w": (1, "d_h")}, "w: .*(1, d_h)"),
    ],
)
def test_a_row_with_a_name_has_no_code(text, sizes, row):
    d = derive(text, {"x": "d_x", "h": "d_h"} | sizes, output="h")
    name, shape = row.split(".*")
    words = f"^{name}expected a number, a column or a matrix in code, got a row of "
    for source in (d.numpy, d.torch, d.cell):
        with pytest.raises(ValueError, match=f"{words}shape {re.escape(shape)}"):
            source()


def test_no_sign_stands_before_another_in_generated_code():
    for name in ("scrn", "leaky", "lstm", "cornn", "slstm", "star", "echo_state"):
        check_signs(derived(name).numpy())
    check_signs(
        derive("h_t = tanh(W_xh x_t + 0.5 b_h - 0.5 c_h + W_hh h_{t-1})", SIZES).numpy()
    )


def test_scalars_fill_a_column_together():
    from rnnlib.symbolic.derivation import expressions as ex
    from rnnlib.symbolic.derivation.sizes import ONE, Size

    column = (Size.named("n"), ONE)
    c, e = (ex.Value((), ex.SCALAR, name, 0) for name in "ce")
    two = ex.number(2)
    filled = ex.fill(c, column)
    assert ex.times(two, filled) == ex.fill(ex.times(two, c), column)
    assert ex.times(e, filled) == ex.fill(ex.times(e, c), column)
    assert ex.times(ex.ONE_NUMBER, filled) == filled
    assert ex.times(ex.power(c, -1), filled) == ex.fill(ex.ONE_NUMBER, column)
    v = ex.Value((), column, "v", 0)
    assert ex.times(filled, v) == ex.Times((c, v), column)
    assert ex.add(filled, ex.fill(e, column)) == ex.fill(ex.add(c, e), column)


RECORDS = [
    kind
    for name in sorted(sys.modules)
    if name.startswith("rnnlib.symbolic")
    for kind in vars(sys.modules[name]).values()
    if is_dataclass(kind) and isinstance(kind, type) and kind.__module__ == name
]


@pytest.mark.parametrize("kind", RECORDS, ids=lambda kind: kind.__name__)
def test_results_and_expressions_cannot_be_changed(kind):
    """Except those that are filled: code, and the numbers of a run."""
    if kind.__name__ in ("Writer", "Arrays", "ColumnArrays", "Point"):
        return
    made = object.__new__(kind)
    for field in fields(kind):
        with pytest.raises(FrozenInstanceError):
            setattr(made, field.name, None)


@pytest.mark.parametrize("name", ["lstm", "gru_after", "gru_before", "cifg"])
def test_gradients_of_stacked_gates_are_one_product(name):
    text = derived(name).numpy()
    after = text[text.index("in range(T, 0") :]
    assert after.count("joined(h[:-1])") + after.count("rows(h[:-1])") == 1


@pytest.mark.parametrize("name", ["lstm", "gru_after", "cifg"])
def test_a_step_of_stacked_gates_is_one_product_of_columns(name):
    text = derived(name).numpy()
    assert "def joined(a):" in text  # else a step is rows
    for start, end in (("in range(1, T", "return"), ("in range(T, 0", "d_W_h =")):
        step = text[text.index(start) :]
        step = step[: step.index(end)].split("joined_delta")[0]
        assert step.count(" @ ") + step.count("np.matmul(") == 1


def test_generated_names_of_stacked_matrices_meet_no_parameter():
    d = derive(
        """
        a_t = sigma(W_h x_t + U_h h_{t-1} + b_a)
        n_t = tanh(W_x x_t + U_x h_{t-1} + b_n)
        h_t = a_t * h_{t-1} + (1 - a_t) * n_t
        """,
        sizes={"x": "d_x", "h": "d_h"},
    )
    rng = np.random.default_rng(0)
    cell = d.cell()
    params = cell.init_params(2, 3, rng=rng)
    x, weights = rng.standard_normal((4, 2, 2)), rng.standard_normal((4, 2, 3))
    found = cell.backward(params, cell.forward(params, x), weights).params
    for name, gradient in found._asdict().items():
        u = rng.standard_normal(gradient.shape)
        measured = rnnlib.complex_step(
            lambda p: (weights * cell.forward(p, x).output).sum(),
            params,
            type(params)(*map(np.zeros_like, params))._replace(**{name: u}),
        )
        assert abs((gradient * u).sum() - measured) < 1e-12 * (1 + abs(measured))


def by_code(d, text):
    """The gradients of a source at the problem of a derivation."""
    module = {"__name__": "reader"}
    exec(compile(text, "reader", "exec"), module)
    point = d.problem

    def array(a):
        return a[:, 0] if a.shape[1] == 1 else a

    params = module["Params"](
        *(array(point.parameters[n]) for n in d.program.parameters)
    )
    steps = range(1, point.T + 1)
    x = np.stack([point.inputs["x", t].T for t in steps])
    initial = [point.initial[n, 0].T for n in d.recursion.states]
    state = initial[0] if len(initial) == 1 else module["State"](*initial)
    trace = module["forward"](params, x, state=state)
    (output,) = d.recursion.outputs
    d_output = np.stack([point.loss[output, t].T for t in steps])
    return module["backward"](params, trace, d_output).params._asdict()


CODE_MISTAKES = [
    ("gru_before", "(1 - u) * (1 - n**2)", "(1 - u)", "delta_n_t", "lacks the factor"),
    ("gru_before", " + g * u[t - 1]", "", "in g_t", "g_{t+1} * u_{t+1} is left out"),
    ("mgu", "slope_f = n - h[:-1]", "slope_f = n", "in g_f_t", "is left out"),
    ("mgu", "g = g + d_output[t - 1]", "g = g - d_output[t - 1]", "g_t", "loss with"),
    ("mgu", "(1 - n**2)", "n**2", "delta_n_t", "lacks the part 1"),
    ("mgu", "(1 - n**2)", "(1 + n**2)", "delta_n_t", "has minus -n_t^2"),
    ("mgu", "rows(delta_n).T @ rows(f * h[:-1])", "rows(delta_n).T @ rows(h[:-1])")
    + ("dL/dW_hn", "lacks the factor f_t"),
]


@pytest.mark.parametrize("name, right, wrong, where, what", CODE_MISTAKES)
def test_a_mistake_in_code_is_named(name, right, wrong, where, what):
    d = derived(name)
    text = d.numpy()
    assert not d.explain(by_code(d, text)).wrong
    assert right in text
    found = str(d.explain(by_code(d, text.replace(right, wrong))))
    assert where in found and what in found, found


@pytest.mark.parametrize("name", ["elman", "mingru", "scrn"] if SMALL else list(CELLS))
def test_planted_mistakes_are_named_and_none_falsely(name):
    """Mistakes of a cell, drawn at random; all cells in the nightly run."""
    catalogue = derived(name).catalogue
    assert not catalogue.explain(catalogue.right).wrong
    order = np.random.default_rng(0).permutation(len(catalogue.outcomes))
    for k in order[: 30 if SMALL else 60]:
        mistake, gradients = catalogue.outcomes[k]
        if not all(np.isfinite(a).all() for a in gradients.values()):
            continue
        named = [single[0].key for single in catalogue.explain(gradients).mistakes]
        assert mistake.key in named
        bump = {n: 0.01 * np.cos(np.indices(a.shape)[0]) for n, a in gradients.items()}
        with_noise = {n: a + bump[n] for n, a in gradients.items()}
        assert not catalogue.explain(with_noise).mistakes


SUMS = {
    "lacks the first step": lambda terms: sum(terms[1:]),
    "lacks the last step": lambda terms: sum(terms[:-1]),
    "keeps the first step alone": lambda terms: terms[0],
    "is averaged": lambda terms: sum(terms) / len(terms),
}


@pytest.mark.parametrize("words", SUMS)
def test_a_sum_over_other_steps_is_named(words):
    """The terms of each step by hand, in numbers."""
    d = derive("h_t = tanh(W x_t + U h_{t-1} + b)", SIZES)
    point = d.problem
    W, U, b = (point.parameters[n] for n in ("W", "U", "b"))
    h = [point.initial["h", 0]]
    for t in range(1, point.T + 1):
        h.append(np.tanh(W @ point.inputs["x", t] + U @ h[-1] + b))
    back, deltas = np.zeros_like(b), []
    for t in range(point.T, 0, -1):
        deltas.insert(0, (point.loss["h", t] + back) * (1 - h[t] ** 2))
        back = U.T @ deltas[0]
    terms = {
        "W": [p @ point.inputs["x", t].T for t, p in enumerate(deltas, 1)],
        "U": [p @ h[t].T for t, p in enumerate(deltas)],
        "b": deltas,
    }
    right = {n: sum(found) for n, found in terms.items()}
    assert point.T > 2 and not d.explain(right).wrong
    for name in terms:
        found = str(d.explain(right | {name: SUMS[words](terms[name])}))
        assert f"dL/d{name} {words}" in found, found


def test_registers_hold_what_their_names_say():
    cell = derived("skip").cell()  # reads h one and three steps ago
    rng = np.random.default_rng(0)
    params = cell.init_params(2, 3, rng=rng)
    found = cell.forward(params, rng.standard_normal((5, 2, 2)))
    for k in (1, 2):
        held = getattr(found.state, f"h_back{k}")
        assert np.array_equal(held, found.output[-1 - k])


def test_gates_of_one_function_are_computed_by_one_call():
    """Wherever the candidate stands in the text."""
    text = derived("lstm").numpy()
    step = text[text.index("in range(1, T") :]
    step = step[: step.index("return")]
    assert step.count("sigma(") == 1
    assert "gates = s_from_h[t - 1, : 3 * d_h]" in step


def test_a_size_that_is_left_out_is_named():
    d, rng = derived("elman"), np.random.default_rng(0)
    for ask in (d.prove, partial(d.check, rng), partial(d.point, rng)):
        with pytest.raises(ValueError, match="^d: expected a number for d_x, got none"):
            ask(T=2, d={"d_h": 1})
