"""Formulas back into text: signs, brackets, and the symbols of every notation."""

import pytest

from rnnbook.tutor.formulas.checking import known_notations, question_for
from rnnbook.tutor.formulas.networks import book_network
from rnnbook.tutor.formulas.terms import NOW, Step, Term, leaf, number
from rnnbook.tutor.formulas.writing import Writer, one_bracket

G = question_for("g")
H, S, W = leaf("value", "h", NOW), leaf("value", "s", NOW), leaf("value", "W_hh")


TEXTS = [  # what is typed, as LaTeX, as plain text
    ("h_t - s_t", r"h_{t} - s_{t}", "h_t - s_t"),
    ("-h_t + s_t", r"-h_{t} + s_{t}", "-h_t + s_t"),
    ("-(h_t - s_t)", r"-\left(h_{t} - s_{t}\right)", "-(h_t - s_t)"),
    ("h_t - (s_t - b_h)", r"h_{t} - \left(s_{t} - b_{h}\right)", "h_t - (s_t - b_h)"),
    ("h_t ⊙ s_t - b_h", r"h_{t} \odot s_{t} - b_{h}", "h_t ∘ s_t - b_h"),
    ("2 ⊙ h_t ⊙ s_t", r"2 h_{t} \odot s_{t}", "2 ∘ h_t ∘ s_t"),
    ("T ⊙ h_t", r"T h_{t}", "T ∘ h_t"),
    ("h_t ⊙ 2", r"h_{t} \odot 2", "h_t ∘ 2"),
    ("(W_hh h_t) ⊙ s_t", r"W_{hh} h_{t} \odot s_{t}", "W_hh h_t ∘ s_t"),
    ("W_hh (h_t ⊙ s_t)", r"W_{hh} \left(h_{t} \odot s_{t}\right)",
     "W_hh (h_t ∘ s_t)"),
    ("h_t ⊙ (s_t + b_h)", r"h_{t} \odot \left(s_{t} + b_{h}\right)",
     "h_t ∘ (s_t + b_h)"),
    ("(\\sum_{k=1}^t h_k) ⊙ s_t",
     r"\left(\sum_{k=1}^{t} h_{k}\right) \odot s_{t}", "(sum_{k=1}^{t} h_k) ∘ s_t"),
    ("s_t ⊗ (W_hh h_t)", r"s_{t} \otimes \left(W_{hh} h_{t}\right)",
     "s_t ⊗ (W_hh h_t)"),
    ("h_t / 2", r"\frac{h_{t}}{2}", "h_t / 2"),
    ("h_t / (s_t + b_h)", r"\frac{h_{t}}{s_{t} + b_{h}}", "h_t / (s_t + b_h)"),
    ("(h_t ⊙ s_t) / (W_hh b_h)", r"\frac{h_{t} \odot s_{t}}{W_{hh} b_{h}}",
     "(h_t ∘ s_t) / (W_hh b_h)"),
    ("(W_hh h_t) / s_t^2", r"\frac{W_{hh} h_{t}}{s_{t}^{2}}", "W_hh h_t / (s_t^2)"),
    ("(h_t / 2)^T", r"\left(\frac{h_{t}}{2}\right)^{\top}", "(h_t / 2)^T"),
    ("h_t^2", r"h_{t}^{2}", "h_t^2"),
    ("(h_t^2)^3", r"\left(h_{t}^{2}\right)^{3}", "(h_t^2)^3"),
    ("(h_t + s_t)^2", r"\left(h_{t} + s_{t}\right)^{2}", "(h_t + s_t)^2"),
    ("(W_hh h_t)^2", r"\left(W_{hh} h_{t}\right)^{2}", "(W_hh h_t)^2"),
    ("delta_s_t^2", r"\left(\delta^{(s)}_{t}\right)^{2}", "delta_s_t^2"),
    ("phi(s_t)^2", r"\phi^{2}(s_{t})", "phi(s_t)^2"),
    ("softmax(z_t)^2", r"\operatorname{softmax}(z_{t})^{2}", "softmax(z_t)^2"),
    ("J_t^2", r"\left(\frac{dh_{t}}{dh_{t-1}}\right)^{2}", "dh_t/dh_{t-1}^2"),
    ("W_hh^{T-t}", r"W_{hh}^{T-t}", "W_hh^{T-t}"),
    ("W_hh^{T-t-1}", r"W_{hh}^{T-t-1}", "W_hh^{T-t-1}"),
    ("W_hh^{T-1-t}", r"W_{hh}^{T-1-t}", "W_hh^{T-1-t}"),
    ("W_hh^{t}", r"W_{hh}^{t}", "W_hh^{t}"),
    ("W_hh^{T-2}", r"W_{hh}^{T-2}", "W_hh^{T-2}"),
    ("W_hh^T", r"W_{hh}^{\top}", "W_hh^T"),
    ("(-h_t)^T", r"\left(-h_{t}\right)^{\top}", "(-h_t)^T"),
    ("(W_hh h_t)^T", r"\left(W_{hh} h_{t}\right)^{\top}", "(W_hh h_t)^T"),
    ("delta_s_t^T", r"\left(\delta^{(s)}_{t}\right)^{\top}", "delta_s_t^T"),
    ("(h_t^2)^T", r"\left(h_{t}^{2}\right)^{\top}", "(h_t^2)^T"),
    ("J_t^T", r"\left(\frac{dh_{t}}{dh_{t-1}}\right)^{\top}", "dh_t/dh_{t-1}^T"),
    ("diag(s_t)^T", r"\operatorname{diag}\left(s_{t}\right)^{\top}",
     "diag(s_t)^T"),
    ("W_hh^{-1}", r"W_{hh}^{-1}", "W_hh^{-1}"),
    ("W_hh^{-T}", r"W_{hh}^{-\top}", "W_hh^{-T}"),
    ("(W_hh W_hh)^{-1}", r"\left(W_{hh} W_{hh}\right)^{-1}", "(W_hh W_hh)^{-1}"),
    ("(W_hh^2)^{-1}", r"\left(W_{hh}^{2}\right)^{-1}", "(W_hh^2)^{-1}"),
    ("(W_hh W_hh^2)^{-T}", r"\left(W_{hh} W_{hh}^{2}\right)^{-\top}",
     "(W_hh W_hh^2)^{-T}"),
    ("sum(p_t)", r"\operatorname{sum}(p_{t})", "sum(p_t)"),
    ("I h_t", "I h_{t}", "I h_t"),
    ("[x_t; h_t; b_h]", "[x_{t}; h_{t}; b_{h}]", "[x_t; h_t; b_h]"),
    (r"\sum_{\tau=t}^T g_\tau", r"\sum_{\tau=t}^{T} g_{τ}",
     "sum_{τ=t}^{T} g_τ"),
    (r"\prod_{j=t+1}^{T} J_j", r"\prod_{j=t+1}^{T} \frac{dh_{j}}{dh_{j-1}}",
     "prod_{j=t+1}^{T} dh_j/dh_{j-1}"),
    (r"\sum_k \frac{d \ell_k}{d h_t}",
     r"\sum_{k=1}^{T} \frac{\partial \ell_{k}}{\partial h_{t}}",
     "sum_{k=1}^{T} dell_{k}/dh_t"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "latex", "plain"), TEXTS)
def test_signs_and_brackets(text, latex, plain):
    term = G.read(text, False).term
    assert (G.latex(term), G.plain(term)) == (latex, plain)
    for said in (latex, plain):  # and it is read so
        read = G.read(said, False).term
        assert read == term or G.judge.one_value(read, term)


FIRST, BEGIN, BEFORE, K = Step("", 1), Step("", 0), Step("t", -1), Step("k")
NAMED = [  # the notation, or None for the names of the machine
    ("pytorch", H, r"h_{t}^{\top}", "(h_t)^T"),
    ("pytorch", leaf("value", "b_h"), r"\left(b_{ih} + b_{hh}\right)^{\top}",
     "((b_ih + b_hh))^T"),
    ("pytorch", Term("transpose", (leaf("value", "z", NOW),)),
     r"\left(o_{t}^{\top}\right)^{\top}", "((o_t)^T)^T"),
    ("pytorch", W, "W_{hh}", "W_hh"),
    ("keras", W, r"\mathtt{recurrent\_kernel}^{\top}", "(recurrent_kernel)^T"),
    ("pal", leaf("value", "z", NOW), r"\left(W_{O} \sigma(h_{t}) + b_{O}\right)",
     "(W_O sigma(h_t) + b_O)"),
    ("pal", Term("transpose", (leaf("value", "z", NOW),)),
     r"\left(W_{O} \sigma(h_{t}) + b_{O}\right)^{\top}", "(W_O sigma(h_t) + b_O)^T"),
    ("pal", leaf("adjoint", "W_hh"), r"\left(\frac{d E}{d W_{R}}\right)^{\top}",
     "(d E/d W_R)^T"),
    ("pytorch", leaf("zero", "b_y"), r"0^{\top}", "(0)^T"),
    ("book", leaf("jacobian", "h", NOW, "h", BEFORE),
     r"\frac{dh_{t}}{dh_{t-1}}", "dh_t/dh_{t-1}"),
    ("pal", leaf("jacobian", "h", NOW, "h", BEFORE),
     r"\frac{d\sigma(h_{t})}{d\sigma(h_{t-1})}", "dsigma(h_t)/dsigma(h_{t-1})"),
    ("roysdon-1.5", leaf("jacobian", "h", NOW, "h", BEFORE),
     r"\frac{\partial h_{t}}{\partial h_{t-1}}", "dh_t/dh_{t-1}"),
    ("williams-zipser", leaf("jacobian", "h", FIRST, "h", BEGIN),
     r"\frac{\partial y(2)}{\partial y(1)}", "dy(2)/dy(1)"),
    (None, leaf("jacobian", "h", FIRST, "s", BEGIN), r"\frac{d h_{1}}{d s_{0}}",
     "dh_1/ds_0"),
    (None, leaf("jacobian", "h", NOW, "s", BEFORE), r"\frac{d h_{t}}{d s_{t-1}}",
     "dh_t/ds_{t-1}"),
    ("williams-zipser", H, "y(t+1)", "y(t+1)"),
    ("williams-zipser", S, "s(t)", "s(t)"),
    ("williams-zipser", leaf("own", "h", NOW, "", K),
     r"\frac{\partial J(k+1)}{\partial y(t+1)}", "dJ(k+1)/dy(t+1)"),
    ("goodfellow", leaf("own", "h", NOW, "", NOW), r"\nabla_{h^{(t)}} L^{(t)}",
     "nabla_{h^{(t)}} L^{(t)}"),
    ("goodfellow", leaf("own", "h", NOW, "", K),
     r"\frac{\partial L^{(k)}}{\partial h^{(t)}}", "dL^{(k)}/dh^{(t)}"),
    ("goodfellow", leaf("own", "s", NOW, "", NOW),
     r"\frac{\partial L^{(t)}}{\partial a^{(t)}}", "dL^{(t)}/da^{(t)}"),
    (None, leaf("own", "h", BEFORE, "", K),
     r"\frac{\partial \ell_{k}}{\partial h_{t-1}}", "dell_{k}/dh_{t-1}"),
    ("book", leaf("adjoint", "h", BEGIN), r"\frac{d \mathcal{L}}{d h_{0}}",
     "d L/d h_0"),
    ("book", leaf("adjoint", "h", FIRST), "g_{1}", "g_1"),
    ("book", leaf("adjoint", "h", NOW), "g_{t}", "g_t"),
    ("book", leaf("adjoint", "s", BEGIN), r"\delta^{(s)}_{0}", "delta^{(s)}_0"),
    ("book", leaf("adjoint", "W_hh"), r"\frac{d \mathcal{L}}{d W_{hh}}",
     "d L/d W_hh"),
    (None, leaf("adjoint", "h", FIRST), "g_{1}", "g_1"),
    (None, leaf("adjoint", "s", BEFORE), r"\delta^{(s)}_{t-1}", "delta_s_{t-1}"),
    (None, leaf("adjoint", "W_hh"), r"\frac{d\mathcal{L}}{dW_{hh}}", "dL/dW_hh"),
    (None, leaf("future", "h", FIRST),
     r"\left(\frac{d\mathcal{L}}{dh_{1}}\right)_{\text{future}}", "(dL/dh_1)_future"),
    ("book", Term("times", (H, S)), r"h_{t} \odot s_{t}", "h_t ∘ s_t"),
    ("khanna", Term("times", (H, S)), r"h^{(t)} \circ a^{(t)}", "h^{(t)} ∘ a^{(t)}"),
    ("topcuoglu", Term("times", (H, S)), r"h_{t} \odot z_{t}", "h_t ∘ z_t"),
    ("khanna", Term("apply", (S,), ("phi", 0)), r"\tanh(a^{(t)})", "tanh(a^{(t)})"),
    ("khanna", Term("apply", (S,), ("phi", 1)), r"\tanh'(a^{(t)})", "tanh'(a^{(t)})"),
    (None, Term("apply", (S,), ("phi", 1)), r"\phi'(s_{t})", "phi'(s_t)"),
    (None, Term("product", (number(0), H)), "0 h_{t}", "0 h_t"),
    (None, Term("product", (number(-2), H)), r"\left(-2\right) h_{t}", "(-2) h_t"),
    (None, Term("product", (number("1/2"), H)), r"\frac{1}{2} h_{t}", "(1/2) h_t"),
    (None, Term("power", (W,), (NOW, Step("k", -1))), "W_{hh}^{t-k+1}",
     "W_hh^{t-k+1}"),
    (None, Term("power", (W,), (Step("T", -1), Step("", 2))), "W_{hh}^{T-3}",
     "W_hh^{T-3}"),
    (None, Term("inverse", (leaf("adjoint", "s", NOW),)),
     r"\left(\delta^{(s)}_{t}\right)^{-1}", "delta_s_t^{-1}"),
    (None, Term("transpose", (leaf("adjoint", "W_hh"),)),
     r"\left(\frac{d\mathcal{L}}{dW_{hh}}\right)^{\top}", "dL/dW_hh^T"),
    ("goodfellow", Term("power", (leaf("adjoint", "W_hh"),), number(2).data),
     r"\left(\nabla_{W} L\right)^{2}", "nabla_W L^2"),
]  # fmt: skip


@pytest.mark.parametrize(("notation", "term", "latex", "plain"), NAMED)
def test_quantities_in_a_notation(notation, term, latex, plain):
    record = known_notations().get(notation)
    found = [
        Writer(book_network(), record, latex=typeset)(term) for typeset in (True, False)
    ]
    assert found == [latex, plain]


def test_rows_are_written_as_columns_where_that_is_asked_for():
    record = known_notations()["pytorch"]
    assert Writer(book_network(), record, rows=False)(H) == "h_{t}"
    assert Writer(book_network(), record)(H) == r"h_{t}^{\top}"
    assert Writer(book_network(), None, rows=True)(H) == "h_{t}"


def test_one_bracket_is_around_everything():
    """Or it is more than one, or none."""
    for text, one in (
        (r"\left(a\right)", True),
        (r"\left(a \left(b\right) c\right)", True),
        (r"\left(\left(a\right) \left(b\right)\right)", True),
        (r"\left(a\right) \left(b\right)", False),
        (r"\left(a\right) b", False),
        (r"a \left(b\right)", False),
        (r"a\left(b\right)", False),
        (r"\left(a\right]", False),
        (r"\left[a\right)", False),
        ("a", False),
    ):
        assert one_bracket(text) is one, text
