"""How a formula is read: brackets inside each other, and the axis of a sum."""

import pytest

from rnnbook.tutor.answers.checking import known
from rnnbook.tutor.formulas.checking import question_for
from rnnbook.tutor.formulas.names import Names
from rnnbook.tutor.formulas.networks import BOOK_TEXT, book_network
from rnnbook.tutor.formulas.reading import read_formula
from rnnbook.tutor.formulas.recognising import own_has
from rnnbook.tutor.formulas.scanning import Unreadable
from rnnlib.symbolic import derive

READ = known()["ex-derive-your-own-cell-lags"].kind.questions["g_t"]().read


def nested(depth):
    return "(" * depth + "g_t" + ")" * depth


@pytest.mark.parametrize("before", ["", "(g_t) + " * 40])
def test_brackets_beside_each_other_are_not_inside_each_other(before):
    assert READ(before + nested(39)).term is not None
    with pytest.raises(Unreadable, match="too many brackets inside each other"):
        READ(before + nested(40))


def test_a_sum_over_an_axis_is_one_over_the_batch():
    plain = READ("W_{1}^T g_{t+1}")
    said = "a sum over the batch: there is one sequence here"
    for end in (")", ""):
        found = READ("sum(W_{1}^T g_{t+1}, axis=0" + end)
        assert said in found.notes and said not in plain.notes
        assert ("a closing ) is missing at the end" in found.notes) == (not end)


@pytest.mark.parametrize(
    ("name", "has"),
    [("W", True), ("L", True), ("dW", True), ("dL", True), ("Q", False), ("dQ", False)],
)
def test_a_derivative_is_of_the_notation_of_what_it_is_by(name, has):
    assert own_has({"W"}, {"L"}, name) is has


def test_five_hundred_words_and_signs_are_read_and_no_more():
    assert READ("2 * " * 249 + " g 2").term is not None
    text = "2 * " * 250 + "2"
    with pytest.raises(Unreadable) as caught:
        READ(text)
    said = "the formula is too long: more than 500 words and signs"
    assert caught.value.sentence == said and caught.value.place == (1000, 1001)


def test_a_matrix_product_binds_more_strongly_than_a_product_of_entries():
    text = "W_hh g_t * s_t"
    tight, loose = (question_for("g").read(text, way).term for way in (True, False))
    assert tight.op == "any" and tight.args[0].op == "product"
    assert read_formula(text, Names(book_network())).term == tight
    loosely = question_for("g").read("s_t * W_hh g_t", False).term
    assert loosely.op == "product" and loosely.args[0].op == "any"
    assert loose.op == "any"


def names_of(text, **sizes):
    return Names(derive(text, sizes))


def test_a_network_with_a_function_of_its_own_has_no_names_of_the_book():
    """delta and J are said of the book's network, whose activation is any phi."""
    plain = names_of(BOOK_TEXT.replace("phi", "tanh"), x="d_x", h="d_h", y="K")
    lone = names_of("h_t = phi(W_hh h_{t-1} + x_t)", h="d_h", x="d_h")
    for names in (plain, lone):
        for text in ("J_t", "J_s", "delta_t", "logits_t"):
            with pytest.raises(Unreadable, match="is not known here|is the loss itse"):
                read_formula(text, names)
    assert read_formula("tanh(s_t)", plain).term.data == ("tanh", 0)
    assert not read_formula("tanh(s_t)", plain).notes
    assert read_formula("tanh(h_t)", lone).term.data == ("phi", 0)


def test_a_bare_identity_has_the_size_of_the_state():
    cell = names_of(
        "e_t = tanh(W_ex x_t)\nh_t = tanh(W_he e_t + W_hh h_{t-1})",
        x="d_x", e="d_e", h="d_h",
    )  # fmt: skip
    plain = names_of("e_t = tanh(W_ex x_t)\nh_t = W_he e_t", x="d_x", e="d_e", h="d_h")
    sizes = [str(read_formula("I", names).term.data) for names in (cell, plain)]
    assert sizes == ["d_h", "d_e"]
