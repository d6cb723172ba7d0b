"""Trees of formulas: what is put into them, and what comes from the machine."""

from fractions import Fraction

import pytest

from rnnbook.tutor.formulas.names import Names
from rnnbook.tutor.formulas.networks import book_network
from rnnbook.tutor.formulas.reading import read_formula
from rnnbook.tutor.formulas.terms import (
    Leaf,
    Step,
    Term,
    flat,
    free_letters,
    from_machine,
    leaf,
    leaves,
    many,
    mapped,
    moved,
    negative,
    nodes,
    number,
    put,
)
from rnnlib.symbolic.derivation import expressions as ex
from rnnlib.symbolic.derivation.sizes import ONE, Size
from tests.tutor.formulas.tables import shown

COLUMN = Size.named("d_h"), ONE
SQUARE = Size.named("d_h"), Size.named("d_h")


def term(text):
    """The tree of a text of the book; t, k and j are letters of its result."""
    names = Names(book_network())
    names.free = ("t", "k", "j")
    return read_formula(text, names).term


def test_a_step_moves_with_its_letter():
    assert [str(s) for s in (Step("t"), Step("t", 2), Step("k", -1), Step("", -3))] == [
        "t",
        "t+2",
        "k-1",
        "-3",
    ]
    assert Step("t", -2).number({"t": 7, "k": 1}) == 5
    assert Step("", 4).number({"t": 7}) == 4
    assert Step("t", 2).moved("t", Step("k", 5)) == Step("k", 7)
    assert Step("t", 2).moved("k", Step("j")) == Step("t", 2)


def test_any_node_can_be_exchanged_where_it_stands():
    whole = term("W_hy^T (p_t - y_t) + 2 sum_k W_hh^T delta_s_k")
    assert len(dict(nodes(whole))) == len(list(nodes(whole))) > 12
    for path, node in nodes(whole):
        assert put(whole, path, node) == whole
        changed = put(whole, path, number(7))
        assert dict(nodes(changed))[path] == number(7)
        rest = [n for p, n in nodes(whole) if p[: len(path)] != path and not n.args]
        assert [n for p, n in nodes(changed) if p != path and not n.args] == rest


MOVED = [  # t becomes k + 1
    ("p_t - y_{t-1}", "(sum p k+1 (negative y k))"),
    ("J_t W_hh", "(product jacobian h k+1 h k W_hh)"),
    (
        r"\sum_{j=t}^{T} p_j W_hh^t",
        "(over sum,j,k+1,T (product p j (power k+1,0 W_hh)))",
    ),
    (r"\sum_{t=1}^{T} p_t", "(over sum,t,1,T p t)"),
    (r"\sum_{j=1}^{t-1} p_{t+2}", "(over sum,j,1,k p k+3)"),
    ("W_hh^{T-t}", "(power T,k+1 W_hh)"),
    ("p_t^2", "(power 2 p k+1)"),
]


@pytest.mark.parametrize(("text", "after"), MOVED)
def test_a_step_is_put_in_where_no_sum_binds_its_letter(text, after):
    text = text.replace("W_hh^t", "(W_hh)^{t}")
    assert shown(moved(term(text), "t", Step("k", 1))) == after


def test_the_bounds_of_a_sum_move_though_it_binds_the_letter():
    body = leaf("value", "p", Step("t"))
    summed = Term("over", (body,), ("sum", "t", Step("t", 1), Step("t", 3)))
    assert shown(moved(summed, "t", Step("j", 2))) == "(over sum,t,j+3,j+5 p t)"
    assert shown(moved(summed, "j", Step("k"))) == shown(summed)


@pytest.mark.parametrize(
    ("text", "letters"),
    [
        ("1 + W_hh", set()),
        ("p_t", {"t"}),
        ("p_2", set()),
        (r"\frac{\partial h_t}{\partial h_k}", {"t", "k"}),
        (r"\sum_{j=1}^{3} p_j", set()),
        (r"\sum_{j=k}^{t} p_j", {"k", "t"}),
        (r"(W_hh)^{T-k}", {"T", "k"}),
        ("p_t^2", {"t"}),
    ],
)
def test_letters_that_no_sum_binds(text, letters):
    assert free_letters(term(text)) == letters


def test_operations_on_one_operand_and_in_each_other():
    a, b, c = (leaf("value", name) for name in "abc")
    assert many("sum", [a]) == a and many("sum", [a, b]) == Term("sum", (a, b))
    assert negative(negative(a)) == a and negative(a) == Term("negative", (a,))
    for op in ("sum", "times", "product"):
        assert flat(Term(op, (Term(op, (a, b)), c))) == Term(op, (a, b, c))
    mixed = Term("sum", (Term("times", (a, b)), c))
    assert flat(mixed) == mixed
    fraction = Term("divide", (Term("divide", (a, b)), c))
    assert flat(fraction) == fraction
    assert [q.name for q in leaves(mixed)] == ["a", "b", "c"]
    assert mapped(mixed, lambda q: number(1) if q == b else q) == Term(
        "sum", (Term("times", (a, number(1))), c)
    )


def test_two_terms_are_equal_wherever_they_stand():
    once, again = term("p_t + y_t").args[0], term("y_t + p_t").args[1]
    assert once.place != again.place
    assert once == again and hash(once) == hash(again)
    assert Leaf("value", "h", Step("t")).at(Step("k"), Step("j")) == Leaf(
        "value", "h", Step("k"), "", Step("j")
    )


X, Y = (ex.Value((), COLUMN, name, 0) for name in "xy")


def times(*args):
    return ex.Times(args, COLUMN)


def raised(base, exponent):
    return ex.Power((base,), base.shape, Fraction(exponent))


FROM_MACHINE = [
    (ex.Value((), SQUARE, "W", None), "W"),
    (ex.Value((), COLUMN, "h", -1), "h t-1"),
    (ex.Adjoint((), COLUMN, "h", 1), "adjoint h t+1"),
    (ex.LossGradient((), COLUMN, "z", 0), "own z t t"),
    (ex.number(3), "(number 3)"),
    (ex.Sum((X, Y), COLUMN), "(sum x t y t)"),
    (ex.MatMul((ex.Value((), SQUARE, "W", None), X), COLUMN), "(product W x t)"),
    (ex.Fill((ex.number(2),), COLUMN), "(number 2)"),
    (raised(X, 3), "(power 3 x t)"),
    (raised(X, 1), "x t"),
    (ex.Apply((X,), COLUMN, "phi", 1), "(apply phi,1 x t)"),
    (ex.Transpose((X,), COLUMN[::-1]), "(transpose x t)"),
    (ex.Diagonal((X,), SQUARE), "(diagonal x t)"),
    (ex.Total((X,), (ONE, ONE)), "(entries x t)"),
    (ex.Softmax((X,), COLUMN), "(softmax x t)"),
    (ex.Concat((X, Y), COLUMN), "(stack x t y t)"),
    (ex.Identity((), SQUARE), "(identity d_h)"),
    (times(X, Y), "(times x t y t)"),
    (times(ex.number(-1), X), "(negative x t)"),
    (times(ex.number(-1), X, Y), "(negative (times x t y t))"),
    (times(ex.number(-2), X), "(times (number -2) x t)"),
    (times(X, ex.number(-1)), "(times x t (number -1))"),
    (times(X, raised(Y, 2)), "(times x t (power 2 y t))"),
    (times(X, raised(Y, 0)), "(times x t (power 0 y t))"),
    (times(X, raised(Y, -1)), "(divide x t y t)"),
    (
        times(raised(X, -1), raised(Y, -2)),
        "(divide (number 1) (times x t (power 2 y t)))",
    ),
    (times(X, Y, raised(X, -3)), "(divide (times x t y t) (power 3 x t))"),
]


@pytest.mark.parametrize(("expression", "tree"), FROM_MACHINE)
def test_an_expression_of_the_machine_is_a_tree(expression, tree):
    assert shown(from_machine(expression)) == tree


@pytest.mark.parametrize(
    ("expression", "kind"),
    [(raised(X, Fraction(1, 2)), "Power"), (ex.Norm((X,), (ONE, ONE)), "Norm")],
)
def test_what_no_formula_has_is_refused(expression, kind):
    with pytest.raises(ValueError, match=f"^expression: {kind} cannot stand in a fo"):
        from_machine(expression)
