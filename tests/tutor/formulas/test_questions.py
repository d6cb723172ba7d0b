"""What people ask about BPTT, typed as they type it: the verdict, and where to read on.

The questions come in the order in which the book's list has them. Each has a formula
that someone asking it writes down.
"""

from dataclasses import dataclass

import pytest

from rnnbook.tutor import check_formula
from rnnlib.symbolic import derive
from tests.symbolic.cells import CELLS
from tools import ROOT


@dataclass(frozen=True)
class Question:
    """A question, a formula, and what the desk should say."""

    asked: str
    key: object
    text: str
    right: object
    said: str = ""  # a part of the report
    notation: str = "book"


LSTM = derive(CELLS["lstm"].text, CELLS["lstm"].sizes)
GRU = derive(CELLS["gru_after"].text, CELLS["gru_after"].sizes)
SUM = r"\sum_{t=1}^T \delta_t h_{t-1}^T"
QUESTIONS = [
    Question("Why do the contributions of the steps add?", "dL/dW_hh", SUM, True),
    Question(
        "Sum the gradients of the copies, or average the updated copies?",
        "dL/dW_hh",
        r"\frac{1}{T} " + SUM,
        True,
        "the mean over the steps in place of the sum",
    ),
    Question(
        "Why is dh_t/dh_{t-1} diagonal?",
        "J",
        r"\mathrm{diag}(1 - h_t^2)",
        False,
        "the factor W_hh is missing",
    ),
    Question(
        "Where do diag, the transpose and this order of factors come from?",
        "g",
        r"W^\top (\nabla_{h^{(t+1)}} L)\, \mathrm{diag}(1-(h^{(t+1)})^2)"
        r" + V^\top (\nabla_{o^{(t)}} L)",
        False,
        "where it does not multiply",
        "goodfellow",
    ),
    Question(
        "Why W^T in the Jacobian?",
        "J_s",
        r"W_{rec}^T diag(\sigma'(x_{t-1}))",
        False,
        "W_rec is transposed",
        "pascanu",
    ),
    Question(
        "Eigenvalue or norm: what is multiplied?",
        "J_tk",
        r"\prod_{j=k+1}^{t} \mathrm{diag}(\phi'(s_j)) W_{hh}",
        True,
    ),
    Question(
        "Is dh/dW a third-order tensor?",
        "dL/dW_hh",
        r"\sum_t \frac{\partial L}{\partial h_t} \frac{\partial h_t}{\partial W_{hh}}",
        None,
        "contract it with the column on its left first",
    ),
    Question(
        "My shapes do not match.",
        "dL/dW_hh",
        "sum(delta_s[t] @ h[t-1] for t in range(1, T+1))",
        False,
        "(d_h, 1) and h_{t-1} of shape (d_h, 1) cannot be multiplied",
    ),
    Question(
        "W x or x W^T?",
        "s",
        "x_t W_ih^T + b_ih + h_{t-1} W_hh^T + b_hh",
        True,
        notation="pytorch",
    ),
    Question(
        "h_{t-1} depends on W too: must delta h^T be wrong?",
        "W_hh",
        r"\sum_t \sum_{k=1}^t diag(\phi'(s_k)) (\frac{\partial h_t}{\partial h_k})^T"
        r" \frac{\partial \ell_t}{\partial h_t} h_{k-1}^T",
        True,
    ),
    Question(
        "h_k or h_{k-1}?",
        "W_hh",
        r"\sum_k \delta_k h_k^T",
        False,
        "h_t stands for h_{t-1}",
    ),
    Question(
        "Why is da_prev added to da of the step?",
        "g",
        "Wya.T @ do + da_prevt",
        True,
        notation="deeplearning.ai",
    ),
    Question(
        "Why is da_prev not da[t-1]?",
        "future",
        "Waa.T @ dz",
        False,
        "the step beside",
        "deeplearning.ai",
    ),
    Question(
        "All my gradients are zero.",
        "g",
        "W_hh^T delta_{t+1}",
        False,
        "the term W_hy^T delta_z_t is missing",
    ),
    Question("What is the gradient of h_0?", "dL/dh_0", "W_hh^T delta_1", True),
    Question(
        "I learn h_0 and it goes wrong.",
        "h_0",
        "W_hh^T g_1",
        False,
        "phi'(s_1) is missing",
    ),
    Question(
        "How does truncation fit the formulas?",
        "W_hh",
        r"\sum_{t=T-1}^{T} \delta_t h_{t-1}^T",
        False,
        "counterexample",
    ),
    Question(
        "Disjoint pieces or a sliding window?",
        "W_hh",
        r"\sum_{t=2}^{T} \delta_t h_{t-1}^T",
        False,
        "the first step of the sum is missing",
    ),
    Question(
        "A hand-made truncated gradient is too large.",
        "W_hh",
        r"\sum_{t=1}^{T} \sum_{k=1}^{t} \delta_k h_{k-1}^T",
        False,
        "counterexample",
    ),
    Question(
        "Divide by T at once or at the end?",
        "W_hh",
        r"\sum_t \frac{\delta_t}{T} h_{t-1}^T",
        True,
        "the mean",
    ),
    Question(
        "Why through time at all?",
        "W_hh",
        r"\sum_t (\phi'(s_t) \odot W_{hy}^T \delta^{(z)}_t) h_{t-1}^T",
        False,
        "stands for the total g_t",
    ),
    Question("Where does p - y come from?", "delta_z", "p_t - y_t", True),
    Question(
        "Why W^T delta and not an inverse?",
        LSTM.initial("h"),
        "W_hi^{-1} delta_i_1 + W_hf^T delta_f_1 + W_hn^T delta_n_1 + W_ho^T delta_o_1",
        False,
        "the inverse of W_hi stands for its transpose",
    ),
    Question(
        "The backward pass of the GRU in full?",
        GRU.gradient("W_hn"),
        "sum_t (dh_t * (1 - u_t) * (1 - n_t^2) * r_t) h_{t-1}^T",
        True,
    ),
    Question(
        "1 - h^2 or 1/(1 - h^2)?",
        "delta_s",
        "g_t / (1 - h_t²)",
        False,
        "divided by, not multiplied with",
    ),
    Question(
        "Why is the gradient of the bias a sum?",
        "b_h",
        "delta_s[t]",
        False,
        "the sum over t is missing",
    ),
    Question(
        "Two biases: a double step?",
        "b_h",
        r"2 \sum_t \frac{\partial L}{\partial a_t}",
        False,
        "counterexample",
        "pytorch",
    ),
    Question(
        "Must old weights be stored?",
        "J_tk",
        r"\prod_{j=k+1}^{t} diag(\phi'(s_j)) W_{hh}^{(j)}",
        True,
        "the weights are the same at every step",
    ),
]


def test_there_are_as_many_as_people_ask():
    assert len(QUESTIONS) == 28


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda q: q.asked)
def test_the_question_is_answered(question):
    report = check_formula(question.key, question.text, question.notation)
    assert report.right is question.right, report
    assert question.said in str(report), report
    if isinstance(question.key, str):
        assert (ROOT / report.link).is_file()
