"""Any formula is judged: right ones however written, wrong ones with their slip.

``HYPOTHESIS_PROFILE=nightly`` tries 1,000 right, 1,000 wrong and 200 malformed ones.
"""

import os
import time
from random import Random

import pytest

from rnnbook.tutor import check_formula
from rnnbook.tutor.formulas import FormulaReport, judging, networks
from rnnbook.tutor.formulas.checking import keys, pointed, question_for
from rnnbook.tutor.formulas.networks import book_network
from rnnbook.tutor.formulas.terms import NOW, Step
from rnnlib.symbolic import derive
from tests.symbolic.cells import CELLS
from tests.tutor.formulas.campaign import (
    malformed_one,
    names_it,
    right_one,
    wrong_one,
)

NIGHTLY = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"


CONVENTIONS = (  # d2l takes the mean over the steps
    "",
    "for phi = tanh",
    "the sum over the steps in place of the mean",
)


def seeds(many, few):
    """All of them nightly, and otherwise the first few."""
    return range(many if NIGHTLY else few)


def test_right_formulas_are_judged_right():
    for seed in seeds(1000, 60):
        case = right_one(seed)
        report = case.report()
        assert report.right is True, f"{seed} {case}\n{report}"
        turned = question_for(case.key, case.notation).judge.turned
        assert (
            report.convention in CONVENTIONS
            or turned
            and report.convention == "transposed as a whole (numerator layout)"
        ), (case, report)


def test_wrong_formulas_are_judged_wrong_and_their_slip_is_named():
    """One in a thousand is right under a convention, and the report says which."""
    named, under_a_convention = 0, 0
    for seed in seeds(1000, 60):
        case = wrong_one(seed)
        report = case.report()
        if report.convention == "columns are written as rows":
            under_a_convention += 1
            continue
        assert report.right is False, f"{seed} {case}\n{report}"
        named += names_it(case, report)
    assert named >= 0.95 * (seed + 1) and under_a_convention <= (seed + 1) // 500


def test_malformed_formulas_get_a_sentence_with_a_place():
    for seed in seeds(200, 40):
        case = malformed_one(seed)
        report = case.report()
        assert report.right is None and report.problem, case
        start, end = report.place
        assert 0 <= start < end <= len(case.text) + 1
        assert "^" in str(report).splitlines()[-1]
        assert "cannot be read" in report._repr_markdown_()


@pytest.mark.alone
def test_an_answer_takes_less_than_a_second():
    """From the beginning, with no point drawn yet; two seconds for sums over steps."""
    for key, limit in (("g", 1.0), ("unrolled", 2.0)):
        networks.book_network.cache_clear()
        judging.network.cache_clear()
        question_for.__globals__["_of_key"].cache_clear()
        start = time.perf_counter()
        assert not check_formula(key, "W_hy^T delta_z_t + W_hh delta_s_{t+1}")
        assert time.perf_counter() - start < 2 * limit  # a busy machine


RIGHT = [  # as readers type them
    ("g", r"W_{hy}^\top (p_t - y_t) + W_{hh}^\top \delta_{t+1}", ""),
    ("g", "W_hy.T @ (p[t] - y[t]) + W_hh.T @ delta_s[t+1]", ""),
    ("g", "W_hyᵀ(pₜ − yₜ) + W_hhᵀ δₜ₊₁", ""),
    ("g", r"$$ g_t = W_{hy}^{T}\delta^{(z)}_t + W_{hh}^{T}\delta^{(s)}_{t+1} $$", ""),
    ("g", "W_{hy}^T (p_t - y_t) + W_{hh}^T (g_{t+1} * (1 - h_{t+1}^2", "phi = tanh"),
    ("g", r"\frac{\partial \ell_t}{\partial h_t} + J_{t+1}^T \nabla_{h_{t+1}} L", ""),
    ("dL/dh_t", "dℓ_t/dh_t + (dh_{t+1}/dh_t)^T dL/dh_{t+1}", ""),
    ("g", r"(p_t-y_t)^\top W_{hy} + \delta_{t+1}^\top W_{hh}", "as a row"),
    ("g", r"(p_t-y_t) W_{hy} + g_{t+1} \odot \phi'(s_{t+1}) W_{hh}", "as rows"),
    ("g", "W_hy^T (y_t - p_t) + W_hh^T delta_{t+1}", "sign of the error"),
    ("delta_s", "(1 - h_t²) ⊙ g_t", "for phi = tanh"),
    ("delta_s", "diag(φ'(s_t)) g_t", ""),
    ("delta_s", "np.diag(1 - np.tanh(s[t])**2) @ g[t]", "for phi = tanh"),
    ("delta_s", "g_t", None),
    ("delta_z", "y_t - p_t", "sign of the error"),
    ("delta_z", r"\hat{y}_t - y_t", ""),
    ("dL/dW_hh", r"\sum_t \delta_t h_{t-1}^T", ""),
    ("dL/dW_hh", r"\sum_{t=1}^{T} \delta_t \otimes h_{t-1}", ""),
    ("dL/dW_hh", "sum(delta_s[t] @ h[t-1].T for t in range(1, T+1))", ""),
    ("dL/dW_hh", "sum(np.outer(delta_s[t], h[t-1]) for t in range(1, T+1))", ""),
    ("dL/dW_hh", "dW_hh += delta_s[t] @ h[t-1].T", "step by step"),
    ("dL/dW_hh", r"\frac{1}{T} \sum_t \delta_t h_{t-1}^T", "mean"),
    ("dL/dW_hh", r"\sum_t h_{t-1} \delta_t^T", "transposed as a whole"),
    (
        "dL/dW_hh",
        r"\sum_{t=1}^T \sum_{k=1}^{t} \mathrm{diag}(\phi'(s_k))"
        r" \left(\frac{\partial h_t}{\partial h_k}\right)^\top"
        r" \frac{\partial \ell_t}{\partial h_t} h_{k-1}^\top",
        "",
    ),
    ("g", "dl_t/dh_t + J_{t+1} g_{t+1}", "Jacobians are transposed (denominator"),
    ("g", "dl_t/dh_t + g_{t+1} J_{t+1}", "gradients are rows (numerator layout)"),
    (
        "unrolled",
        r"\sum_{k=t}^T (\prod_{j=t+1}^k J_j) \frac{\partial \ell_k}{\partial h_k}",
        "Jacobians are transposed (denominator layout)",
    ),
    ("J_tk", r"\prod_{j=k+1}^t W_hh^T diag(phi'(s_j))", "transposed as a whole"),
    ("J_tk", r"\prod_{j=k+1}^{t} J_j", ""),
    ("delta_s", "g_t diag(phi'(s_t))", "gradients are rows (numerator layout)"),
    ("J", r"\phi'(s_t) \odot W_{hh}", None),
    ("J", r"\operatorname{Diag}(\phi'(s_t)) W_{hh}", ""),
    ("J_tk", r"\prod_{j=k+1}^{t} \mathrm{diag}(1-h_j^2) W_{hh}", "for phi = tanh"),
    ("unrolled", r"\sum_{k \ge t} (\prod_{j=t+1}^k J_j)^\top W_hy^T \delta^z_k", ""),
    ("h_0", "W_hh^T delta_1", ""),
    ("s", "W_xh x_t + W_hh h_t-1 + b_h", ""),
    ("p", "softmax(W_hy h_t + b_y)", ""),
]  # fmt: skip


@pytest.mark.parametrize(("key", "text", "convention"), RIGHT)
def test_as_readers_type_them(key, text, convention):
    report = check_formula(key, text)
    assert report.right is (convention is not None), report
    if convention:
        assert convention in report.convention, report
    elif convention == "":
        assert report.convention == ""


WRONG = [  # the slip, and a part of what is said
    ("g", "W_hy^T (p_t - y_t) + W_hh delta_{t+1}", "transpose", "is not transposed"),
    ("g", "W_hy^T (p_t - y_t) + delta_{t+1} W_hh", "layout", "(d_h, 1) and W_hh"),
    ("g", "W_hy^T (p_t - y_t) + W_hh^T delta_t", "step", "the step beside"),
    ("g", "W_hy^T (p_t - y_t)", "future", "later steps send back is missing"),
    ("g", "W_hh^T delta_{t+1}", "term", "W_hy^T delta_z_t is missing"),
    ("g", "W_hy^T (p_t - y_t) + W_hh^T g_{t+1}", "factor", "phi'(s_{t+1}) is missing"),
    ("g", "W_hy^T delta_z_t + W_hh^{-1} delta_s_{t+1}", "inverse", "inverse of W_hh"),
    ("g", "W_hy^T delta_z_t - W_hh^T delta_s_{t+1}", "sign", "wrong sign"),
    ("delta_s", "g_t phi'(s_t) phi'(s_t)", None, "cannot be multiplied"),
    ("delta_s", "g_t ⊙ phi'(s_t) ⊙ phi'(s_t)", "doubled", "stands twice"),
    ("delta_s", "g_t / (1 - h_t^2)", "reciprocal", "divided by"),
    ("delta_s", "g_t ⊙ phi(s_t)", "derivative", "stands for the derivative"),
    ("delta_s", "dl_t/dh_t * phi'(s_t)", "immediate", "for the total g_t"),
    ("dL/dW_hh", "sum_t delta_t h_t^T", "step", "h_t stands for h_{t-1}"),
    ("dL/dW_hh", "delta_t h_{t-1}^T", "lost sum", "the sum over t is missing"),
    ("dL/dW_hh", "sum_{t=2}^T delta_t h_{t-1}^T", "bounds", None),
    ("dL/dW_hh", "sum_t delta_t h_{t-1}", "transpose", "cannot be multiplied"),
    ("dL/dW_hy", "sum_t delta_z_t ⊙ h_t^T", "hadamard", "entry by entry"),
    ("J", "W_hh Diag(phi'(s_t))", "order", "are exchanged"),
    ("J", "Diag(1 - h_t) W_hh", None, "what differs is"),
    ("W_xh", "sum_t delta_z_t x_t^T", None, "(K, d_x), and the result (d_h, d_x)"),
]  # fmt: skip


@pytest.mark.parametrize(("key", "text", "kind", "words"), WRONG)
def test_the_slip_is_named(key, text, kind, words):
    report = check_formula(key, text)
    assert report.right is False
    if kind is not None:
        assert kind in {report.slip.kind, *(s.kind for s in report.alternatives)}
    if words == "what differs is":
        assert report.counterexample
    elif words:
        assert words in str(report)


def test_a_sum_over_one_step_less_is_no_mistake_of_form():
    """The first step reads h_0, so leaving it out is wrong; and named."""
    report = check_formula("dL/dW_hh", "sum_{t=2}^T delta_t h_{t-1}^T")
    assert report.slip.words == "the first step of the sum is missing"
    assert "counterexample" in report.counterexample


def test_the_smallest_counterexample_is_in_numbers():
    text = "W_hy^T (p_t - y_t) + W_hh^T delta_t"
    found = check_formula("g", text).counterexample
    assert "one step, t = 1" in found or "one unit" in found
    assert "yours gives" in found and "right is" in found


UNREADABLE = [
    ("g", "", "got nothing", 0),
    ("g", "W_hy^T (p_t - y_t) + ", "expected something after '+'", 19),
    ("g", "W_hq^T p_t", "the name W_hq is not known here; did you mean W_hy?", 0),
    ("g", "p_t - y_t)", "closes no bracket", 9),
    ("g", "sum_k delta_k + g_q", "bound by no sum", 16),
    ("dL/dW_hh", r"\frac{\partial h_t}{\partial W_{hh}}", "three indices", None),
    ("dL/dW_hh", "sum_t sum_k delta_m h_k^T", "bound by no sum", None),
    ("g", "delta_z = p_t = y_t", "second equals sign", 14),
    ("g", "phi' + 1", "expected its argument", None),
    ("g", "L", "the loss itself", 0),
    ("g", "(" * 100 + "p_t", "too many brackets", None),
    ("g", "W_hh^T " * 600, "too long", None),
    ("g", r"\sum_{k=1}^{999999999} p_k", "not so many steps", None),
    ("g", "W_hh^999999 p_t", "small whole number", None),
    ("g", "J_t J_{t-1} \\cdots J_{k+1}", "its bounds", None),
    ("g", "-" * 5000 + "p_t", "too long", None),
]


@pytest.mark.parametrize(("key", "text", "words", "start"), UNREADABLE)
def test_what_cannot_be_read_gets_a_sentence_and_a_place(key, text, words, start):
    report = check_formula(key, text)
    assert report.right is None and words in report.problem, report
    if start is not None:
        assert report.place[0] == start
    assert not report


def test_the_answer_is_shown_as_understood():
    report = check_formula("g", "W_hy^T(p_t - y_t) + W_hh^T delta_{t+1}")
    assert report.shapes == (
        "W_hy^T (p_t - y_t) + W_hh^T delta_s_{t+1}, of shape (d_h, 1)"
    )
    assert r"\underset{K \times d_h}{W_{hy}}^{\top}" in report.understood
    assert "As understood" in report._repr_markdown_()


def test_a_name_is_no_derivation():
    assert (
        check_formula("g", "g_t").problem
        == "this is only the name of what is asked for"
    )
    assert check_formula("dL/dW_hh", r"\nabla_{W_{hh}} L").right is False


@pytest.mark.parametrize("text", ["g_t + 0", "2 g_t - g_t", "W_hy^T 0 delta_z_t + g_t"])
def test_the_name_among_other_things_is_no_derivation(text):
    """It has the right value, whatever that is."""
    found = check_formula("g", text)
    assert found.right is False
    assert found.problem == "it is written with what is asked for itself"
    wrong = check_formula("g", "W_hy^T delta_z_t + g_t")
    assert wrong.right is False and wrong.problem != found.problem


def test_no_value_of_a_function_makes_its_slope_vanish():
    """tanh is never 1 and sigma never 0: a wrong factor would be multiplied by zero."""
    random = Random(0)
    values = [networks._small(random, "tanh") for _ in range(1000)]
    assert 0 < min(values) and max(values) < 1
    assert 0 not in {networks._small(random) for _ in range(1000)}


LSTM = derive(CELLS["lstm"].text, CELLS["lstm"].sizes)
GRU = derive(CELLS["gru_before"].text, CELLS["gru_before"].sizes)


def test_formulas_of_any_cell():
    c = LSTM.adjoint("c")
    right = "dh * o * (1 - tanh(c)**2) + dc_next * f_next"
    assert check_formula(c, right).right
    assert check_formula(c, "dh*(o - h*tanh(c)) + dc_next*f_next").right
    report = check_formula(c, "dh * o * (1 - tanh(c)**2) + dc_next * f")
    assert report.slip.kind == "step" and "f_t stands for f_{t+1}" in str(report)
    report = check_formula(c, "dh * o * (1 - tanh(c)**2)")
    assert report.slip.kind == "future"
    assert check_formula(LSTM.adjoint("s_i"), "dc * n * i * (1 - i)").right
    assert not check_formula(LSTM.adjoint("s_i"), "dc * n * (1 - i**2)")
    gradient = LSTM.gradient("W_hi")
    assert check_formula(
        gradient, "sum over t of (dc_t*n_t*i_t*(1-i_t)) h_{t-1}^T"
    ).right
    assert check_formula(LSTM.jacobian("c", "c", immediate=True), "diag(f_t)").right
    assert check_formula(LSTM.gradient("c_0"), "dc_1 * f_1").right


def test_every_equation_of_two_cells_is_right_as_it_is_printed():
    for v in (LSTM, GRU):
        for equation in (*v.adjoints, *v.gradients):
            for text in (equation.text, equation.latex):
                report = check_formula(equation, text)
                assert report.right is True, report


def test_what_is_asked_wrongly():
    with pytest.raises(ValueError, match="what: expected one of s, h, z"):
        check_formula("W_hx", "p_t")
    with pytest.raises(ValueError, match="notation: expected one of"):
        check_formula("g", "p_t", notation="nobody")
    with pytest.raises(ValueError, match="text: expected a formula as text, got int"):
        check_formula("g", 3)
    with pytest.raises(ValueError, match="what: expected the key of a result, or an"):
        check_formula(3, "p_t")


def test_every_result_is_right_in_the_words_of_the_machine():
    for key in keys():
        question = question_for(key)
        for writer in (question.plain, question.latex):
            report = question.answer(writer(question.target.right))
            assert isinstance(report, FormulaReport) and report.right is True, report


def test_small_fractions_are_never_zero_and_values_of_functions_below_one():
    """Whatever is drawn: a zero would hide a term, and a one a factor."""
    for seed in range(300):
        value = networks._small(Random(seed), "sigma")
        assert 0 < value < 1
        assert networks._small(Random(seed)) != 0


@pytest.mark.parametrize(
    ("text", "line", "mark"),
    [
        ("W_hy^T zebra", "W_hy^T zebra", "       ^^^^^"),
        ("W_hy^T delta_z_t +\n W_hh^T foo", " W_hh^T foo", "        ^^^"),
        ("W_hy^T (", "W_hy^T (", "        ^"),
    ],
)
def test_the_place_is_marked_in_its_own_line(text, line, mark):
    printed = str(check_formula("g", text)).splitlines()
    assert printed[1:3] == [f"    {line}", f"    {mark}"]


@pytest.mark.parametrize(
    ("text", "place", "line", "mark"),
    [
        ("abc", (1, 2), "abc", " ^"),
        ("abc", (1, 9), "abc", " ^^^"),
        ("abc", (3, 3), "abc", "   ^"),
        ("\nab", (0, 1), "", "^"),
        ("\nab", (2, 3), "ab", " ^"),
        ("a\nbc\nd", (2, 4), "bc", "^^"),
        ("a\nbc\nd", (2, 7), "bc", "^^^"),
        ("a\tb", (2, 3), "a b", "  ^"),
    ],
)
def test_the_mark_ends_with_its_line(text, place, line, mark):
    assert list(pointed(text, place)) == [f"    {line}", f"    {mark}"]


def test_only_entries_are_told_to_be_read_as_matrices():
    hint = "read as matrices, without indices"
    assert hint in check_formula("g", "w_ij").problem
    for text in ("zebra", "i", "uvw"):
        problem = check_formula("g", text).problem
        assert "is not known here" in problem and hint not in problem


def test_a_verdict_cannot_be_changed():
    found = check_formula("g", "g_t")
    with pytest.raises(AttributeError):
        found.right = True
    assert found.right is False


@pytest.mark.parametrize("letter", ["zebra", "W", "7"])
def test_a_sum_is_over_the_letter_of_a_step(letter):
    problem = check_formula("dL/dW_hh", f"sum_{letter} delta_s_t h_{{t-1}}^T").problem
    assert "expected the letter of a step, got" in problem


def test_numbers_are_shown_of_eight_quantities_and_no_more():
    text = "W_hy^T (p_t - y_t) + W_hh^T delta_t + W_xh x_t + b_h"
    shown = check_formula("g", text).counterexample
    assert ", with W_hy = " in shown and ", b_h = " in shown
    assert ", with " not in check_formula("g", text + " + h_{t-1}").counterexample


def test_a_row_is_compared_with_the_column_that_was_asked_for():
    """Right for one unit and as a row, so that the counterexample has two units."""
    report = check_formula("g", "(p_t-y_t)^T W_hy + delta_{t+1}^T W_hh^T")
    given, right = report.counterexample.rpartition(": yours gives ")[2].split(
        ", right is "
    )
    assert "," in given and ";" not in given
    assert ";" in right and "," not in right


@pytest.mark.parametrize(
    ("text", "place"),
    [("W_hh⁹⁹⁹ p_t", (4, 7)), ("W_hy^T zₐₐ", (7, 10)), ("W_hh²⁺ p_t", (5, 6))],
)
def test_a_small_figure_has_a_place_of_its_own(text, place):
    report = check_formula("g", text)
    assert report.right is None and report.place == place, report


@pytest.mark.parametrize(
    "text",
    [
        r"\frac{d \ell_t}{d h_t} + (\frac{d h_{t+1}}{d h_t})^T \frac{d L}{d h_{t+1}}",
        "W_hy.T @ (p[:, t] - y[:, t]) + W_hh.T @ delta_s[:, t+1]",
    ],
)
def test_derivatives_with_a_d_and_columns_of_arrays(text):
    assert check_formula("g", text).right


def test_a_row_on_a_diagonal_is_a_column_on_it():
    assert check_formula("delta_s", "diag(phi'(s_t)^T) g_t").right


@pytest.mark.parametrize(
    "text", [r"\frac{\partial", "sum_{t=1", "W_hy^T (", r"\frac{d h_t}{"]
)
def test_what_stops_too_early_is_said_to_have_come_to_its_end(text):
    assert check_formula("g", text).problem.endswith(", got the end")


def test_columns_of_other_widths_are_not_stacked():
    problem = check_formula("s", "[W_xh, W_hh] [x_t; W_hh] + b_h").problem
    assert "W_hh of shape (d_h, d_h) cannot be stacked" in problem


def test_a_diagonal_matrix_is_a_product_entry_by_entry_whatever_its_column():
    question = question_for("delta_s")
    product = question.read("phi'(s_t) * g_t").term
    for text in ("diag(phi'(s_t)) g_t", "diag(phi'(s_t)^T) g_t"):
        assert question.judge.one_value(question.read(text).term, product)
    other = question.read("diag(phi(s_t)) g_t").term
    assert not question.judge.one_value(other, product)


@pytest.mark.parametrize("name", ["h", "c"])
def test_losses_of_single_steps_of_any_cell(name):
    losses = rf"\frac{{d \ell_k}}{{d {name}_t}}"
    assert check_formula(LSTM.adjoint(name), rf"\sum_{{k=t}}^T {losses}").right
    report = check_formula(LSTM.adjoint(name), rf"\sum_{{k=t+1}}^T {losses}")
    assert "the part of the loss of the same step is missing" in str(report)


@pytest.mark.parametrize("marked", ["b_ih", "b_hh"])
def test_each_of_two_biases_is_the_same_at_every_step(marked):
    text = "x_t W_ih^T + b_ih + h_{t-1} W_hh^T + b_hh"
    report = check_formula("s", text.replace(marked, f"{marked}[t]"), "pytorch")
    note = f"{marked}[t]: the weights are the same at every step"
    assert report.right and note in report.notes
    assert not check_formula("s", text, "pytorch").notes


SUMMED = "the sum over the steps in place of the mean"
MEAN = "the mean over the steps in place of the sum"
NEGATED = "the sign of the error is turned (target minus output)"
ROW = "as a row (numerator layout)"
WHOLE = "transposed as a whole (numerator layout)"
SAID = [  # the whole convention, or None where it is a mistake after all
    ("W_hh", "dW_hh += delta_s_t h_{t-1}^T", "book", "collected step by step"),
    ("W_hh", "dW_hh += h_{t-1} delta_s_t^T", "book", WHOLE),
    ("W_hh", "dW_hh += delta_s_t h_t^T", "book", None),
    ("W_hh", "delta_s_t h_{t-1}^T", "book", None),
    ("delta_z", "y_t - p_t", "book", NEGATED),
    ("delta_z", "y_t + p_t", "book", None),
    ("delta_z", "-p_t - y_t", "book", None),
    ("g", "-W_hy^T delta_z_t - W_hh^T delta_s_{t+1}", "book", None),
    ("g", "W_hy^T (y_t - p_t) - W_hh^T delta_s_{t+1}", "book", None),
    ("g", "W_hy^T (y_t - p_t) + W_hh^T delta_s_{t+1}", "book", NEGATED),
    ("g", "(y_t - p_t)^T W_hy + delta_{t+1}^T W_hh", "book", f"{NEGATED}, {ROW}"),
    ("W_hy", "sum_t (y_t - p_t) h_t^T", "book", NEGATED),
    ("W_hy", "sum_t h_t (y_t - p_t)^T", "book", f"{NEGATED}, {WHOLE}"),
    ("W_hy", "sum_t (y_t - p_t)^T h_t", "book",
     f"columns are written as rows, {NEGATED}"),
    ("s", "(W_xh x_t + W_hh h_{t-1} + b_h)/T", "book", None),
    ("s", "-(W_xh x_t + W_hh h_{t-1} + b_h)", "book", None),
    ("s", "x_t^T W_xh^T + h_{t-1}^T W_hh^T + b_h^T", "book", ROW),
    ("s", "x_t W_xh^T + h_{t-1} W_hh^T + b_h", "book", "columns are written as rows"),
    ("h_0", "W_hh^T delta_1 / T", "book", MEAN),
    ("W_xh", "sum_t x_t delta_s_t^T", "book", WHOLE),
    ("b_h", "sum_t delta_s_t^T", "book", ROW),
    ("W_hh", r"\frac{1}{T} sum_t h_{t-1} delta_t^T", "book", f"{WHOLE}, {MEAN}"),
    ("delta_s", "g_t ⊙ (1 - h_t^2)", "book", "for phi = tanh"),
    ("delta_s", "g_t^T ⊙ (1 - h_t^2)^T", "book", ROW),
    ("delta_s", "g_t ⊙ (1 - h_t^2)", "karpathy", ""),
    ("W_hh", "sum_t delta_t h_{t-1}^T", "d2l", ""),
    ("s", "W_{hx} x_t + W_{hh} h_{t-1} + b_h", "d2l", ""),
    ("z", "W_{qh} h_t + b_q", "d2l", ""),
    ("W_hh", "sum_t b_h^{t-1} (delta_h^t)^T", "graves", WHOLE[:0]),
    ("W_hh", "sum_t delta_h^t (b_h^{t-1})^T", "graves", WHOLE),
    ("b_h", "sum_t delta_h^t", "graves", ""),
    ("s", "x_t W_ih^T + b_ih + h_{t-1} W_hh^T + b_hh", "pytorch", ""),
    ("g", "dL/do_t A + dL/da_{t+1} W_hh", "pytorch", ""),
    ("g", "(dL/do_t A + dL/da_{t+1} W_hh)^T", "pytorch", ""),
]  # fmt: skip


@pytest.mark.parametrize(("key", "text", "notation", "said"), SAID)
def test_the_convention_is_said_in_full(key, text, notation, said):
    asked = question_for(key, notation)
    term = asked.read(text).term
    report = asked.answer(text)
    assert report.right is (said is not None), report
    assert report.convention == (said or "")
    if not asked.judge.stray(term):
        assert asked.verdict(term) == said
    else:
        assert asked.verdict(term) is None


PROBLEMS = [
    ("s", "[x_t; h_t]", "the formula has the shape (5, 1), and the result (d_h, 1)"),
    ("s", "[W_xh, W_hh, b_h] x_t", "in [W_xh; W_hh; b_h], the shapes (d_h, d_x) and "
     "(d_h, d_h) cannot be stacked"),
    ("s", "W_hh + W_hy", "in W_hh + W_hy, W_hh of shape (d_h, d_h) and W_hy of shape "
     "(K, d_h) cannot be added"),
    ("s", "inv(W_hy) p_t", "in W_hy^{-1}, the shapes (K, d_h) and (K, d_h) cannot be "
     "inverted"),
    ("z", "W_hh W_hy x_t", "in W_hh W_hy x_t, the shapes (d_h, d_h) and (K, d_h) "
     "cannot be multiplied"),
    ("g", "p_t ⊗ y_t", "the formula has the shape (K, K), and the result (d_h, 1)"),
    ("g", "2", "the formula has the shape (1, 1), and the result (d_h, 1)"),
    ("g", "W_hy^T p_t", ""),
    ("g", "W_hy^T p_t / (1 - 1)", ""),
    ("g", "g_t^T", "this is only the name of what is asked for"),
    ("g", "g_t + h_t - h_t", "it is written with what is asked for itself"),
    ("g", "2 g_t", ""),
    ("W_hh", "W_hh^{t} p_t", ""),  # which step is left open
]  # fmt: skip


@pytest.mark.parametrize(("key", "text", "problem"), PROBLEMS)
def test_the_problem_is_said_in_full(key, text, problem):
    report = check_formula(key, text)
    assert report.right is False and report.problem == problem
    if problem:
        assert str(report).splitlines()[2] == f"  {problem}."


@pytest.mark.parametrize("text", ["W_hh^{k} h_t", "W_hh^{m-k} h_t", "W_hh^{k-m}"])
def test_a_letter_above_is_bound_too(text):
    report = check_formula("g", text)
    assert report.problem == "the step k is bound by no sum or product"
    assert report.place == (0, len(text)) and report.right is None
    assert check_formula("J_tk", "W_hh^{k}").right is False
    assert check_formula("W_hh", "W_hh^{t}").right is False


def test_the_slip_that_says_most_comes_first():
    report = check_formula("g", "W_hy^T delta_z_t + W_hh^T g_{t+1}")
    assert [s.kind for s in (report.slip, *report.alternatives)] == [
        "factor",
        "quantity",
    ]


def test_brackets_are_read_so_that_shapes_fit():
    """A star binds less than what stands side by side, unless only that fails."""
    note = "the products from left to right"
    rows = "(p_t-y_t) W_{hy} + g_{t+1} \\odot \\phi'(s_{t+1}) W_{hh}"
    assert check_formula("g", rows).notes == (note,)
    for key, text, right, notes in (
        ("W_xh", "sum_t g_t ⊙ phi'(s_t) x_t^T", True, (note,)),
        ("W_hh", "sum_t phi(s_t) ⊙ g_t h_{t-1}^T", False, (note,)),
        ("W_xh", "sum_t g_t ⊙ phi'(s_t) x_t", False, ()),  # fits neither way
        ("J", "phi'(s_t) ⊙ W_hh W_xh", False, ()),
        ("delta_s", "g_t ⊙ phi'(s_t) I", True, ()),  # of rows: right as it stands
        ("delta_s", "g_t ⊙ phi'(s_t)", True, ()),
        ("delta_s", "p_t ⊙ s_t", False, ()),
    ):
        report = check_formula(key, text)
        assert (report.right, report.notes) == (right, notes), text


def test_a_counterexample_in_words():
    found = check_formula("s", "(W_xh x_t + W_hh h_{t-1} + b_h)/T").counterexample
    assert found == (
        "A counterexample: one unit each, 2 steps, t = 2, with W_xh = 3, x_t = -2, "
        "W_hh = -2, h_{t-1} = 4/9, b_h = -1: yours gives -71/18, right is -71/9."
    )
    assert -71 == 9 * (3 * -2 + -2 * 4 / 9 - 1)  # the numbers belong together
    found = check_formula("J_tk", "W_hh^{k} h_t").counterexample
    assert found == (
        "A counterexample: one unit each, one step, t = 1, k = 0, with W_hh = -2, "
        "h_t = 4/9: yours gives 4/9, right is -130/81."
    )
    found = check_formula("g", "2").counterexample
    assert found == (
        "A counterexample: one unit each, one step, t = 1: yours gives 2, right is 0."
    )
    found = check_formula("J", "diag(phi'(s_t)) W_hh + W_hh - W_hh^T").counterexample
    assert "2 units each, one step, t = 1, with s_t = (" in found
    assert "W_hh = (-2, 2; 3, 3): yours gives (" in found


def test_where_the_book_derives_a_result():
    """A right formula needs no link, one of another cell has none."""
    for key, stem in (
        ("g", "bptt"), ("W_hh", "bptt"), ("delta_z", "losses"), ("s", "forward"),
        ("p", "forward"), ("h", "forward"), ("z", "forward"),
        ("J_s", "spectral_bounds"), ("J", "spectral_bounds"),
        ("J_tk", "spectral_bounds"),
        ("unrolled", "unrolled_sums"),
    ):  # fmt: skip
        report = check_formula(key, "2 b_h")
        assert str(report).splitlines()[-1] == f"  See chapters/{stem}.ipynb."
    assert "See" not in str(check_formula("delta_z", "p_t - y_t"))
    assert "See" not in str(check_formula(LSTM.adjoint("c"), "W_hi c"))


@pytest.mark.parametrize(
    ("key", "same"),
    [
        ("dL/dh_t", "g"), ("∂L/∂h_t", "g"), ("dL/dh", "g"), ("dL/ds_t", "delta_s"),
        ("dL/dz_t", "delta_z"), ("dL/dh_0", "h_0"), ("dL/dh_{0}", "h_0"),
        ("dL/dW_xh", "W_xh"), (" g ", "g"), ("dh_t/dh_{t-1}", "J"),
        ("ds_t/ds_{t-1}", "J_s"), ("dh_t/dh_k", "J_tk"), ("dL/db_y", "b_y"),
    ],
)  # fmt: skip
def test_results_by_their_derivatives(key, same):
    asked = question_for(key)
    assert asked.target.right == question_for(same).target.right
    assert asked.target.leaf == question_for(same).target.leaf
    assert asked.key == key


@pytest.mark.parametrize("key", ["dL/dy_t", "dL/dW", "dg_t", "dh_t/ds_t", "L", ""])
def test_what_is_no_result(key):
    with pytest.raises(ValueError, match="what: expected one of s, h, z, .* got "):
        question_for(key)


def test_shapes_stand_below_what_is_understood():
    for text, latex in (
        ("W_xh x_t",
         r"\underset{d_h \times d_x}{W_{xh}} \underset{d_x \times 1}{x_{t}}"),
        ("W_hh^T h_{t-1}", r"\underset{d_h \times d_h}{W_{hh}}^{\top} "
         r"\underset{d_h \times 1}{h_{t-1}}"),
        ("(W_hh h_t)^T", r"\left(\underset{d_h \times d_h}{W_{hh}} "
         r"\underset{d_h \times 1}{h_{t}}\right)^{\top}"),
        (r"\sum_{k=1}^t h_k", r"\sum_{k=1}^{t} \underset{d_h \times 1}{h_{k}}"),
        ("h_T", r"\underset{d_h \times 1}{h_{T}}"),
    ):  # fmt: skip
        assert check_formula("g", text).understood == latex
    c = LSTM.adjoint("c")
    scalar = derive("a_t = w x_t + u a_{t-1}", {"x": 1, "a": 1, "w": 1, "u": 1})
    asked = question_for(scalar.adjoint("a"))
    report = asked.answer(asked.plain(asked.target.right))
    assert report.right and "underset" not in report.understood
    assert r"\underset{d_h \times 1}" in check_formula(c, "f * o").understood


def test_what_the_machine_gives_is_asked_for():
    v = LSTM
    for equation, kind, name, free in (
        (v.adjoint("c"), "adjoint", "c", ("t",)),
        (v.gradient("W_hi"), "adjoint", "W_hi", ()),
        (v.gradient("c_0"), "adjoint", "c", ()),
        (v.jacobian("c", "c", immediate=True), "jacobian", "c", ("t",)),
    ):
        target = question_for(equation).target
        assert (target.leaf.kind, target.leaf.name) == (kind, name)
        assert target.free == free
    with pytest.raises(ValueError, match="what: expected the key of a result, or an "):
        question_for(v)
    for value in book_network().equations:
        assert question_for(value).target.leaf.kind == "value"


def test_states_before_the_first_step_are_asked_for():
    sizes = {"x": "n", "h": "d"}
    v = derive("h_t = W x_t + A h_{t-1} + B h_{t-2}", sizes)
    found = {
        (q.target.leaf.step.offset, q.target.free): q.plain(q.target.right)
        for q in map(question_for, list(v.gradients)[-2:])
    }
    assert found == {(0, ()): "A^T g_1 + B^T g_2", (-1, ()): "B^T g_1"}
    target = question_for(v.adjoint("h")).target
    assert (target.leaf.step, target.free) == (NOW, ("t",))
    target = question_for(v.gradient("B")).target
    assert (target.leaf.step, target.free) == (None, ())
    target = question_for(v.jacobian("h", "h", lag=2)).target
    assert target.leaf.other_step == Step("t", -2) and target.defined
    h_0, h = (question_for(key).target for key in ("h_0", "h"))
    assert h_0.leaf.step == Step("", 0) and h.leaf.step == NOW
    jacobian = question_for("J").target.leaf
    assert (jacobian.step, jacobian.other_step) == (NOW, Step("t", -1))
    unrolled = question_for("unrolled")
    text = "sum_{k=t}^{T} (prod_{j=t+1}^{k} dh_j/dh_{j-1})^T dell_{k}/dh_k"
    assert unrolled.plain(unrolled.target.right) == text


def test_rows_are_written_as_they_are_typed():
    """Only the right formula of the book is turned where the notation has rows."""
    asked = question_for("g", "pytorch")
    assert asked.typed(asked.target.right) == "A^T dL/do_t + W_hh^T dL/da_{t+1}"
    assert asked.plain(asked.target.right).startswith("A^T (dL/do_t)^T + ")


def test_a_sum_where_the_mean_is_usual_and_the_mean_where_it_is_not():
    read = question_for("W_hy").read
    total = read("sum_t (p_t - y_t) h_t^T").term
    mean = read("1/T sum_t (p_t - y_t) h_t^T").term
    for notation, of_total, of_mean in (("d2l", SUMMED, ""), ("book", "", MEAN)):
        asked = question_for("W_hy", notation)
        assert (asked.verdict(total), asked.verdict(mean)) == (of_total, of_mean)
    row = read("sum_t h_t (p_t - y_t)^T").term
    assert question_for("W_hy", "d2l").verdict(row) == f"{WHOLE}, {SUMMED}"


@pytest.mark.parametrize(
    ("text", "turned"),
    [
        ("y_t - p_t", True),
        ("W_hy^T (y_t - p_t)", True),
        ("-p_t + b_y + y_t", True),
        ("p_t - y_t", False),
        ("p_t + y_t", False),
        ("-p_t - y_t", False),
        ("b_y - p_t", False),
        ("y_t + b_y", False),
        ("y_t ⊙ p_t", False),
        ("W_hh y_t - p_t", False),
    ],
)
def test_the_error_that_is_the_target_minus_the_output(text, turned):
    asked = question_for("g")
    assert asked.reversed_error(asked.read(text).term) is turned
