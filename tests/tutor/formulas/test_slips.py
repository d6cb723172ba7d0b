"""The mistakes that are derived from a formula: each in words and as a formula."""

import pytest

from rnnbook.tutor.formulas import slips
from rnnbook.tutor.formulas.checking import question_for
from rnnbook.tutor.formulas.slips import Slip, Slips, expanded, step_sum
from rnnbook.tutor.formulas.terms import NOW, Step, leaf, nodes
from rnnlib.symbolic import derive

G = question_for("g")
MAKER = Slips(G.derivation, (G.plain, G.latex))
CHANGES = {  # a formula: the kind of each mistake, what is said, what is then written
    "W_hh^T W_hy^T p_t": """
        order: the factors W_hh^T and W_hy^T are exchanged: W_hy^T W_hh^T p_t
        layout: W_hh^T and W_hy^T are exchanged and the transpose is dropped: so a row
            is multiplied, not a column: W_hy^T W_hh p_t
        hadamard: the elementwise product of W_hh^T and W_hy^T stands for the matrix
            product: (W_hh^T ∘ W_hy^T) p_t
        order: the factors W_hy^T and p_t are exchanged: W_hh^T p_t W_hy^T
        layout: W_hy^T and p_t are exchanged and the transpose is dropped: so a row is
            multiplied, not a column: W_hh^T p_t W_hy
        hadamard: the elementwise product of W_hy^T and p_t stands for the matrix
            product: W_hh^T (W_hy^T ∘ p_t)
        factor: the factor W_hh^T is missing: W_hy^T p_t
        factor: the factor W_hy^T is missing: W_hh^T p_t
        factor: the factor p_t is missing: W_hh^T W_hy^T
        transpose: W_hh is not transposed: W_hh W_hy^T p_t
        inverse: the inverse of W_hh stands for its transpose: W_hh^{-1} W_hy^T p_t
        transpose: W_hh is transposed: (W_hh^T)^T W_hy^T p_t
        transpose: W_hy is not transposed: W_hh^T W_hy p_t
        inverse: the inverse of W_hy stands for its transpose: W_hh^T W_hy^{-1} p_t
        transpose: W_hy is transposed: W_hh^T (W_hy^T)^T p_t
        step: p_{t-1} stands for p_t: the step beside: W_hh^T W_hy^T p_{t-1}
        step: p_{t+1} stands for p_t: the step beside: W_hh^T W_hy^T p_{t+1}
        quantity: z_t stands for p_t: W_hh^T W_hy^T z_t
        quantity: y_t stands for p_t: W_hh^T W_hy^T y_t
    """,
    "phi(s_t) ⊙ h_t ⊙ phi'(s_t)": """
        factor: the factor phi(s_t) is missing: h_t ∘ phi'(s_t)
        doubled: the factor phi(s_t) stands twice: phi(s_t) ∘ h_t ∘ phi'(s_t) ∘
            phi(s_t)
        factor: the factor h_t is missing: phi(s_t) ∘ phi'(s_t)
        doubled: the factor h_t stands twice: phi(s_t) ∘ h_t ∘ phi'(s_t) ∘ h_t
        factor: the factor phi'(s_t) is missing: phi(s_t) ∘ h_t
        doubled: the factor phi'(s_t) stands twice: phi(s_t) ∘ h_t ∘ phi'(s_t) ∘
            phi'(s_t)
        order: diag(phi'(s_t)) stands behind phi(s_t) ∘ h_t, where it does not
            multiply: (phi(s_t) ∘ h_t) diag(phi'(s_t))
        function: phi(s_t) is missing around s_t: s_t ∘ h_t ∘ phi'(s_t)
        step: s_{t-1} stands for s_t: the step beside: phi(s_{t-1}) ∘ h_t ∘ phi'(s_t)
        step: s_{t+1} stands for s_t: the step beside: phi(s_{t+1}) ∘ h_t ∘ phi'(s_t)
        quantity: h_t stands for s_t: phi(h_t) ∘ h_t ∘ phi'(s_t)
        step: h_{t-1} stands for h_t: the step beside: phi(s_t) ∘ h_{t-1} ∘ phi'(s_t)
        step: h_{t+1} stands for h_t: the step beside: phi(s_t) ∘ h_{t+1} ∘ phi'(s_t)
        quantity: s_t stands for h_t: phi(s_t) ∘ s_t ∘ phi'(s_t)
        derivative: phi(s_t) stands for the derivative phi'(s_t): phi(s_t) ∘ h_t ∘
            phi(s_t)
        reciprocal: phi'(s_t) is divided by, not multiplied with: phi(s_t) ∘ h_t ∘ (1
            / phi'(s_t))
        step: s_{t-1} stands for s_t: the step beside: phi(s_t) ∘ h_t ∘ phi'(s_{t-1})
        step: s_{t+1} stands for s_t: the step beside: phi(s_t) ∘ h_t ∘ phi'(s_{t+1})
        quantity: h_t stands for s_t: phi(s_t) ∘ h_t ∘ phi'(h_t)
    """,
    "s_t ⊙ h_t": """
        factor: the factor s_t is missing: h_t
        doubled: the factor s_t stands twice: s_t ∘ h_t ∘ s_t
        factor: the factor h_t is missing: s_t
        doubled: the factor h_t stands twice: s_t ∘ h_t ∘ h_t
        hadamard: the matrix product of s_t and h_t stands for the elementwise one:
            s_t h_t
        step: s_{t-1} stands for s_t: the step beside: s_{t-1} ∘ h_t
        step: s_{t+1} stands for s_t: the step beside: s_{t+1} ∘ h_t
        quantity: h_t stands for s_t: h_t ∘ h_t
        step: h_{t-1} stands for h_t: the step beside: s_t ∘ h_{t-1}
        step: h_{t+1} stands for h_t: the step beside: s_t ∘ h_{t+1}
        quantity: s_t stands for h_t: s_t ∘ s_t
    """,
    "W_hh h_t + b_h": """
        term: the term W_hh h_t is missing: b_h
        sign: the term W_hh h_t has the wrong sign: -W_hh h_t + b_h
        term: the term b_h is missing: W_hh h_t
        sign: the term b_h has the wrong sign: W_hh h_t - b_h
        order: the factors W_hh and h_t are exchanged: h_t W_hh + b_h
        hadamard: the elementwise product of W_hh and h_t stands for the matrix
            product: W_hh ∘ h_t + b_h
        factor: the factor W_hh is missing: h_t + b_h
        factor: the factor h_t is missing: W_hh + b_h
        transpose: W_hh is transposed: W_hh^T h_t + b_h
        step: h_{t-1} stands for h_t: the step beside: W_hh h_{t-1} + b_h
        step: h_{t+1} stands for h_t: the step beside: W_hh h_{t+1} + b_h
        quantity: s_t stands for h_t: W_hh s_t + b_h
    """,
    "dell_t/dh_t + W_hh^T delta_{t+1}": """
        own: the part of the loss of the same step is missing: dell_{t}/dh_t: W_hh^T
            delta_s_{t+1}
        sign: the term dell_{t}/dh_t has the wrong sign: -dell_{t}/dh_t + W_hh^T
            delta_s_{t+1}
        future: what the later steps send back is missing: the term W_hh^T
            delta_s_{t+1}: dell_{t}/dh_t
        sign: the term W_hh^T delta_s_{t+1} has the wrong sign: dell_{t}/dh_t - W_hh^T
            delta_s_{t+1}
        order: the factors W_hh^T and delta_s_{t+1} are exchanged: dell_{t}/dh_t +
            delta_s_{t+1} W_hh^T
        layout: W_hh^T and delta_s_{t+1} are exchanged and the transpose is dropped:
            so a row is multiplied, not a column: dell_{t}/dh_t + delta_s_{t+1} W_hh
        hadamard: the elementwise product of W_hh^T and delta_s_{t+1} stands for the
            matrix product: dell_{t}/dh_t + W_hh^T ∘ delta_s_{t+1}
        factor: the factor W_hh^T is missing: dell_{t}/dh_t + delta_s_{t+1}
        factor: the factor delta_s_{t+1} is missing: dell_{t}/dh_t + W_hh^T
        transpose: W_hh is not transposed: dell_{t}/dh_t + W_hh delta_s_{t+1}
        inverse: the inverse of W_hh stands for its transpose: dell_{t}/dh_t +
            W_hh^{-1} delta_s_{t+1}
        transpose: W_hh is transposed: dell_{t}/dh_t + (W_hh^T)^T delta_s_{t+1}
        step: delta_s_t stands for delta_s_{t+1}: the step beside: dell_{t}/dh_t +
            W_hh^T delta_s_t
        step: delta_s_{t+2} stands for delta_s_{t+1}: the step beside: dell_{t}/dh_t +
            W_hh^T delta_s_{t+2}
        quantity: g_{t+1} stands for delta_s_{t+1}: dell_{t}/dh_t + W_hh^T g_{t+1}
    """,
    "h_{t+1} - h_{t+2}": """
        term: the term h_{t+1} is missing: -h_{t+2}
        sign: the term h_{t+1} has the wrong sign: -h_{t+1} - h_{t+2}
        term: the term -h_{t+2} is missing: h_{t+1}
        sign: the term -h_{t+2} has the wrong sign: h_{t+1} + h_{t+2}
        step: h_t stands for h_{t+1}: the step beside: h_t - h_{t+2}
        step: h_{t+2} stands for h_{t+1}: the step beside: h_{t+2} - h_{t+2}
        quantity: s_{t+1} stands for h_{t+1}: s_{t+1} - h_{t+2}
        step: h_{t+1} stands for h_{t+2}: the step beside: h_{t+1} - h_{t+1}
        step: h_{t+3} stands for h_{t+2}: the step beside: h_{t+1} - h_{t+3}
        quantity: s_{t+2} stands for h_{t+2}: h_{t+1} - s_{t+2}
    """,
    "diag(h_t) W_hh": """
        order: the factors diag(h_t) and W_hh are exchanged: W_hh diag(h_t)
        hadamard: the elementwise product of diag(h_t) and W_hh stands for the matrix
            product: diag(h_t) ∘ W_hh
        factor: the factor diag(h_t) is missing: W_hh
        doubled: the factor diag(h_t) stands twice: diag(h_t) diag(h_t) W_hh
        factor: the factor W_hh is missing: diag(h_t)
        diagonal: h_t is not put on a diagonal: h_t W_hh
        step: h_{t-1} stands for h_t: the step beside: diag(h_{t-1}) W_hh
        step: h_{t+1} stands for h_t: the step beside: diag(h_{t+1}) W_hh
        quantity: s_t stands for h_t: diag(s_t) W_hh
        transpose: W_hh is transposed: diag(h_t) W_hh^T
    """,
    "1 - phi(s_t)^2": """
        term: the term 1 is missing: -phi(s_t)^2
        sign: the term 1 has the wrong sign: -1 - phi(s_t)^2
        term: the term -phi(s_t)^2 is missing: 1
        sign: the term -phi(s_t)^2 has the wrong sign: 1 + phi(s_t)^2
        power: the square of phi(s_t) is missing: 1 - phi(s_t)
        step: s_{t-1} stands for s_t: the step beside: 1 - phi(s_{t-1})^2
        step: s_{t+1} stands for s_t: the step beside: 1 - phi(s_{t+1})^2
        quantity: h_t stands for s_t: 1 - phi(h_t)^2
    """,
    "phi(s_t)^3": """
        step: s_{t-1} stands for s_t: the step beside: phi(s_{t-1})^3
        step: s_{t+1} stands for s_t: the step beside: phi(s_{t+1})^3
        quantity: h_t stands for s_t: phi(h_t)^3
    """,
    "g_t": """
        step: g_{t-1} stands for g_t: the step beside: g_{t-1}
        step: g_{t+1} stands for g_t: the step beside: g_{t+1}
        immediate: the immediate dell_{t}/dh_t stands for the total g_t: dell_{t}/dh_t
        quantity: delta_s_t stands for g_t: delta_s_t
    """,
    "g_1": """
        immediate: the immediate dell_{1}/dh_1 stands for the total g_1: dell_{1}/dh_1
        quantity: delta_s_1 stands for g_1: delta_s_1
    """,
    "delta_z_t": """
        step: delta_z_{t-1} stands for delta_z_t: the step beside: delta_z_{t-1}
        step: delta_z_{t+1} stands for delta_z_t: the step beside: delta_z_{t+1}
    """,
    "p_t": """
        step: p_{t-1} stands for p_t: the step beside: p_{t-1}
        step: p_{t+1} stands for p_t: the step beside: p_{t+1}
        quantity: z_t stands for p_t: z_t
        quantity: y_t stands for p_t: y_t
    """,
    "x_t": """
        step: x_{t-1} stands for x_t: the step beside: x_{t-1}
        step: x_{t+1} stands for x_t: the step beside: x_{t+1}
    """,
    "W_hh": """
        transpose: W_hh is transposed: W_hh^T
    """,
    "b_h": """
    """,
    "dL/dW_hh": """
    """,
    "dh_t/dh_{t-1}": """
    """,
    "sum_{k=t}^T h_k": """
        lost sum: the sum over k is missing: h_t
        bounds: the first step of the sum is missing: sum_{k=t+1}^{T} h_k
        bounds: the last step of the sum is missing: sum_{k=t}^{T-1} h_k
        step: h_{k-1} stands for h_k: the step beside: sum_{k=t}^{T} h_{k-1}
        step: h_{k+1} stands for h_k: the step beside: sum_{k=t}^{T} h_{k+1}
        quantity: s_k stands for h_k: sum_{k=t}^{T} s_k
    """,
    "2 sum_{k=1}^T x_k": """
        order: the factors 2 and sum_{k=1}^{T} x_k are exchanged: (sum_{k=1}^{T} x_k)
            2
        hadamard: the elementwise product of 2 and sum_{k=1}^{T} x_k stands for the
            matrix product: 2 ∘ (sum_{k=1}^{T} x_k)
        factor: the factor 2 is missing: sum_{k=1}^{T} x_k
        factor: the factor sum_{k=1}^{T} x_k is missing: 2
        bounds: the first step of the sum is missing: 2 (sum_{k=2}^{T} x_k)
        bounds: the last step of the sum is missing: 2 (sum_{k=1}^{T-1} x_k)
        step: x_{k-1} stands for x_k: the step beside: 2 (sum_{k=1}^{T} x_{k-1})
        step: x_{k+1} stands for x_k: the step beside: 2 (sum_{k=1}^{T} x_{k+1})
    """,
    "prod_{j=1}^t J_j": """
        bounds: one factor too many in the product: the first: prod_{j=0}^{t}
            dh_j/dh_{j-1}
        bounds: the first factor of the product is missing: prod_{j=2}^{t}
            dh_j/dh_{j-1}
        bounds: the last factor of the product is missing: prod_{j=1}^{t-1}
            dh_j/dh_{j-1}
    """,
}


@pytest.mark.parametrize("text", CHANGES)
def test_every_mistake_of_a_formula(text):
    found = [
        f"{kind}: {words}: {G.plain(wrong)}"
        for kind, (words, _), wrong in MAKER.changes(G.read(text).term)
    ]
    assert " ".join(found).split() == CHANGES[text].split()


def test_a_mistake_is_said_in_plain_text_and_with_latex():
    term = G.read("W_hh^T").term
    first = next(MAKER.changes(term))
    assert first[1] == ("W_hh is not transposed", "$W_{hh}$ is not transposed")
    slip = next(iter(next(MAKER.of(term))))
    assert slip == Slip("transpose", first[1][0], term.args[0], first[1][1])
    assert str(slip) == "W_hh is not transposed"


@pytest.mark.parametrize("key", ["g", "W_hh", "unrolled"])
def test_each_wrong_formula_is_named_once_and_none_is_the_right_one(key):
    right = question_for(key).target.right
    wrong = [slip.term for form in MAKER.of(right) for slip in form]
    assert len(set(wrong)) == len(wrong) and right not in wrong


FORMS = {
    "delta_s": [
        "g_t ∘ phi'(s_t)",
        "(W_hy^T delta_z_t + W_hh^T delta_s_{t+1}) ∘ phi'(s_t)",
        "(W_hy^T (-y_t + p_t) + W_hh^T (g_{t+1} ∘ phi'(s_{t+1}))) ∘ phi'(s_t)",
    ],
    "h_0": [
        "W_hh^T delta_s_1",
        "W_hh^T (g_1 ∘ phi'(s_1))",
        "W_hh^T ((W_hy^T delta_z_1 + W_hh^T delta_s_2) ∘ phi'(s_1))",
    ],
    "J": ["diag(phi'(s_t)) W_hh"],
    "s": ["W_xh x_t + W_hh h_{t-1} + b_h"],
}


@pytest.mark.parametrize("key", FORMS)
def test_adjoints_are_written_out_once_and_twice(key):
    found = MAKER.forms(question_for(key).target.right)
    assert [G.plain(form) for form in found] == FORMS[key]


def test_a_form_that_is_too_long_is_left_out(monkeypatch):
    right = question_for("delta_s").target.right
    *_, longest = MAKER.forms(right)
    monkeypatch.setattr(slips, "LONGEST", len(list(nodes(longest))))
    assert longest in MAKER.forms(right)
    monkeypatch.setattr(slips, "LONGEST", len(list(nodes(longest))) - 1)
    assert longest not in MAKER.forms(right) and len(MAKER.forms(right)) == 2


RECURRENT = derive("h_t = W x_t + U h_{t-1}", {"x": "n", "h": "d"})
READ_OUT = derive("c_t = U c_{t-1} + W x_t\nh_t = tanh(c_t)", {"x": "n", "c": "d"})
UNREAD = derive("h_t = W x_t + U h_{t-1}\no_t = V h_t", {"x": "n", "h": "d", "o": "k"})


def test_what_is_not_defined_by_a_recursion_stays_as_it_is():
    """The adjoint of the first state, a gradient, an output that nothing reads."""
    for text in ("W_hh^T dL/dW_hh", "h_t", "dL/dh_0"):
        term = G.read(text).term
        assert expanded(term, G.derivation) == term
    for v, name, wider in (
        (RECURRENT, "h", "dell_{t-1}/dh_{t-1} + U^T g_t"),
        (READ_OUT, "c", "g_{t-1} ∘ (1 - h_{t-1}^2) + U^T g_c_t"),
        (READ_OUT, "h", "g_{t-1}"),
        (UNREAD, "o", "g_o_{t-1}"),
    ):
        once = expanded(leaf("adjoint", name, Step("t", -1)), v)
        assert question_for(v.adjoint("h")).plain(once) == wider


def test_an_adjoint_that_formulas_cannot_write_stays_as_it_is():
    v = derive("a_t = [x_t; h_{t-1}]\nh_t = tanh(W a_t)", {"x": "n", "h": "d"})
    term = leaf("adjoint", "h", NOW)
    assert expanded(term, v) == term


def test_the_immediate_part_is_that_of_a_state_with_a_loss():
    """Without a loss of its own, a cell has one at its output."""
    for v, name, said in (
        (RECURRENT, "h", ["dell_{t}/dh_t"]),
        (READ_OUT, "c", []),
        (READ_OUT, "h", []),
        (G.derivation, "h", ["dell_{t}/dh_t"]),
        (G.derivation, "s", []),
    ):
        asked = question_for(v.adjoint("h"))
        maker = Slips(v, (asked.plain, asked.latex))
        found = maker.changes(leaf("adjoint", name, NOW))
        wrong = [asked.plain(term) for kind, _, term in found if kind == "immediate"]
        assert wrong == said


def test_a_sum_over_all_steps():
    assert G.plain(step_sum(G.read("h_t").term)) == "sum_{t=1}^{T} h_t"
