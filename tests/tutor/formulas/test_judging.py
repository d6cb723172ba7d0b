"""The judge of formulas: points, views, shapes, relations and counterexamples."""

from types import SimpleNamespace

import numpy as np
import pytest

from rnnbook.tutor import check_formula
from rnnbook.tutor.formulas import judging
from rnnbook.tutor.formulas.checking import known_notations, question_for
from rnnbook.tutor.formulas.judging import (
    NEGATED,
    RELATIONS,
    SUMMED,
    circular,
    has_adjoints,
    meaning,
    own_view,
    same,
    unmatched,
    views,
)
from rnnbook.tutor.formulas.networks import book_network
from rnnbook.tutor.formulas.values import BOOK, Value, View
from rnnlib.symbolic import derive

PROGRAM = book_network().program
COLUMNS = ("x", "s", "h", "z", "p", "y", "b_h", "b_y")
ADJOINTS = frozenset(("adjoint", name) for name in COLUMNS)
ALL = ADJOINTS | {("value", name) for name in COLUMNS}
GRADIENTS = frozenset(("adjoint", n) for n in ("h", "s", "z", "b_h", "b_y"))
G = question_for("g")


@pytest.mark.parametrize("which", range(3))
def test_no_two_sizes_are_one_number(which):
    """Nothing is square by chance, and each size has another number at each point."""
    program = SimpleNamespace(sizes="abcdef")
    found = judging.numbers_for(program, which)
    assert sorted(found.values()) == [2, 3, 4, 5, 6, 7]
    others = [judging.numbers_for(program, k) for k in range(3) if k != which]
    assert all(found["a"] != other["a"] for other in others)
    assert list(judging.numbers_for(SimpleNamespace(sizes="ab"), which)) == ["a", "b"]


def test_points_differ_in_length_and_sizes():
    points = [judging.network(book_network(), *where) for where in judging.LENGTHS]
    assert [point.T for point in points] == [3, 1, 4]
    shapes = {point.shape("W_xh") for point in points}
    assert len(shapes) == 3
    general = judging.network(book_network(), 3, 0, "general")
    s, h = general.value("s", 1), general.value("h", 1)
    slope = general.functions["phi'"](s)
    assert (slope != 1 - h**2).all() and (slope == 2 + h / 3).all()
    assert (general.value("W_hh") == points[0].value("W_hh")).all()
    free = judging.network(book_network(), *judging.FREE)
    assert free.free and free.shape("W_hy") == (2, 2) and free.T == 3


STEPS = {
    "J_tk": [{"t": 1, "k": 0}, {"t": 1, "k": 1}, {"t": 2, "k": 0}, {"t": 2, "k": 1},
             {"t": 2, "k": 2}],
    "J": [{"t": 1}, {"t": 2}],
    "J_s": [{"t": 2}],
    "delta_s": [{"t": 1}, {"t": 2}],
    "s": [{"t": 1}, {"t": 2}],
    "W_hh": [{}],
    "h_0": [{}],
}  # fmt: skip


@pytest.mark.parametrize("key", STEPS)
def test_the_steps_at_which_a_result_is_compared(key):
    assert question_for(key).target.steps(2) == STEPS[key]


def test_what_is_a_derivative_of_the_loss():
    found = [key for key in STEPS if question_for(key).target.adjoint]
    assert found == ["delta_s", "W_hh", "h_0"]
    assert question_for("future").target.adjoint


def usual(own, mean=False):
    """The views of a notation that has columns for values."""
    numerator = "gradients are rows (numerator layout)"
    return [
        View(mean=mean),
        View(numerator, rows=ADJOINTS, mean=mean),
        View("columns are written as rows", rows=ALL, mean=mean),
        *turned(own),
        View(numerator, rows=ADJOINTS, descending=False, mean=mean),
        negated(own),
    ]


def fields(own):
    return {"rows": own.rows, "weights": own.weights, "mean": own.mean}


def turned(own):
    """What is turned in every notation."""
    denominator = "Jacobians are transposed (denominator layout)"
    earlier = "in the product the earlier step stands on the left"
    return [
        View(denominator, jacobians=True, **fields(own)),
        View(denominator, jacobians=True, descending=False, **fields(own)),
        View(earlier, descending=False, **fields(own)),
    ]


def negated(own):
    said = "the sign of the error is turned (target minus output)"
    return View(said, negated=True, **fields(own))


OWN = {
    "book": BOOK,
    "goodfellow": BOOK,
    "d2l": View(mean=True),
    "graves": View(weights=True),
    "roysdon-1.5": View(rows=GRADIENTS),
    "pytorch": View(rows=ALL - {("adjoint", n) for n in "xpy"}),
    "cs231n": View(rows=ALL - {("adjoint", n) for n in "xpy"}, weights=True),
}


@pytest.mark.parametrize("notation", OWN)
def test_how_a_notation_may_be_meant(notation):
    record, own = known_notations()[notation], OWN[notation]
    assert own_view(PROGRAM, record) == own
    if notation in ("graves", "pytorch", "cs231n"):
        wanted = [own, *turned(own), negated(own)]
    elif notation == "d2l":
        said = "the sum over the steps in place of the mean"
        wanted = [own, View(said), *usual(own, True)]
    else:
        wanted = [own, *usual(own)]
    assert list(views(PROGRAM, record)) == wanted
    assert own_view(PROGRAM, None) == BOOK
    assert (SUMMED, NEGATED) == (
        "the sum over the steps in place of the mean",
        "the sign of the error is turned (target minus output)",
    )


def test_what_a_name_of_the_book_is_in_the_derivation():
    for name, wanted in (
        ("g", ("adjoint", "h")),
        ("future", ("adjoint", "h")),
        ("ell_h", ("adjoint", "h")),
        ("delta_s", ("adjoint", "s")),
        ("d_W_hh", ("adjoint", "W_hh")),
        ("h", ("value", "h")),
        ("W_hh", ("value", "W_hh")),
    ):
        assert meaning(name) == wanted


TURNED = {
    "book": (),
    "d2l": (),
    "goodfellow": (),
    "graves": ("W_xh", "W_hh", "W_hy"),
    "roysdon-1.5": ("delta_z", "g", "future", "delta_s", "b_h", "h_0"),
    "pytorch": ("s", "p", "delta_z", "g", "future", "delta_s", "b_h", "h_0"),
    "cs231n": ("s", "p", "delta_z", "g", "future", "delta_s", "W_xh", "W_hh", "b_h",
               "W_hy", "h_0"),
}  # fmt: skip
ASKED = ("s", "p", "delta_z", "g", "future", "delta_s", "W_xh", "W_hh", "b_h", "W_hy",
         "h_0", "J", "J_s", "J_tk")  # fmt: skip


@pytest.mark.parametrize("notation", TURNED)
def test_results_that_a_notation_writes_transposed(notation):
    found = [key for key in ASKED if question_for(key, notation).judge.turned]
    assert tuple(found) == TURNED[notation]


def test_shapes_of_results():
    """In the numbers of the first point: d_x = 2, d_h = 3, K = 4."""
    for key, notation, shape, others in (
        ("g", "book", (3, 1), []),
        ("g", "pytorch", (1, 3), [(3, 1)]),
        ("W_xh", "book", (3, 2), []),
        ("W_xh", "graves", (2, 3), [(3, 2)]),
        ("W_xh", "pytorch", (3, 2), []),
        ("p", "book", (4, 1), []),
        ("J", "book", (3, 3), []),
    ):
        judge = question_for(key, notation).judge
        assert judge.wanted_shape() == shape
        for other in [(3, 1), (1, 3), (3, 2), (2, 3), (4, 1), (3, 3), (2, 2)]:
            assert judge.fits(other) == (other == shape or other in others)


def test_how_a_value_belongs_to_the_right_one():
    right = np.array([[1, 2], [3, 4]], dtype=object)
    for turned_, minus, mean in RELATIONS:
        array = right.T if turned_ else right
        array = -array if minus else array
        array = array / 3 if mean else array
        held = [r for r in RELATIONS if same(Value(array, (2, 2)), right, r, 3)]
        assert held == [(turned_, minus, mean)]
    one = Value(right * 1, (2, 2))
    assert same(one, right, ("", "", "mean"), 1)
    assert not same(one, right, ("", "", "mean"), 2)
    assert not same(Value(right[:1], (1, 2)), right[:1].T, ("", "", ""), 1)
    assert same(Value(right[:1], (1, 2)), right[:1].T, ("transposed", "", ""), 1)
    assert RELATIONS[0] == ("", "", "") and len(RELATIONS) == 8


def test_a_formula_has_to_be_right_at_every_step_and_every_length():
    judge, read = G.judge, lambda text: G.read(text).term
    assert judge.relation(G.target.right, BOOK) == ("", "", "")
    assert judge.relation(read("W_hy^T delta_z_t"), BOOK) is None  # right at step T
    minus = read("-W_hy^T delta_z_t - W_hh^T delta_{t+1}")
    assert judge.relation(minus, BOOK) == ("", "minus", "")
    row = read("delta_z_t^T W_hy + delta_{t+1}^T W_hh")
    assert judge.relation(row, BOOK) == ("transposed", "", "")
    mean = read("(W_hy^T delta_z_t + W_hh^T delta_{t+1}) / T")
    assert judge.relation(mean, BOOK) == ("", "", "mean")
    assert judge.relation(read("(W_hy^T delta_z_t) / 3"), BOOK) is None
    assert judge.relation(read("W_hh p_t"), BOOK) is None  # shapes that do not fit
    assert judge.relation(read("g_t / (1 - 1)"), BOOK) is None
    view, relation = judge.convention(row)
    assert (view, relation) == (BOOK, ("transposed", "", ""))
    assert judge.convention(read("W_hh p_t")) is None


def test_what_holds_for_tanh_alone():
    judge = question_for("delta_s").judge
    read = question_for("delta_s").read
    assert judge.needs_tanh(read("g_t ⊙ (1 - h_t^2)").term)
    assert not judge.needs_tanh(read("g_t ⊙ phi'(s_t)").term)
    assert not judge.needs_tanh(read("-g_t ⊙ phi'(s_t)").term)
    assert judge.needs_tanh(read("g_t / (1 - 1)").term)


def test_the_first_product_whose_shapes_do_not_fit():
    for text, sides in (
        ("W_hh p_t + W_hy h_t", ((3, 3), (4, 1))),
        ("W_hy^T delta_z_t", None),
        ("g_t / (1 - 1)", None),
        ("sum_{k=t+1}^T W_hh p_k", ((3, 3), (4, 1))),
        ("h_t + sum_{k=T}^t W_hh p_k", ((3, 3), (4, 1))),
        ("h_t^T", None),
    ):
        error = G.judge.shape_error(G.read(text).term)
        assert (error and (error.left, error.right)) == sides
    assert G.judge.shape(G.read("W_hy h_t").term) == (4, 1)
    assert G.judge.shape(G.read("W_hh p_t").term) is None
    assert G.judge.shape(G.read("g_t / (1 - 1)").term) is None


def test_letters_that_nothing_binds_are_every_step():
    judge = question_for("W_hh").judge
    read = question_for("W_hh").read
    point = judge.point
    assert judge.stray(read("delta_t h_{t-1}^T").term) == {"t"}
    assert judge.stray(read("sum_t delta_t h_T^T").term) == set()
    assert judge.stray(read("delta_t").term, read("W_hh").term) == {"t"}
    assert G.judge.stray(G.read("g_t").term) == set()
    found = list(judge.choices(point, {"q", "r"}))
    assert found == [{"q": n, "r": n} for n in (1, 2, 3)]
    assert list(judge.choices(point, set())) == [{}]
    assert list(G.judge.choices(G.judge.point, set())) == [{"t": t} for t in (1, 2, 3)]
    last = read("h_t + sum_{k=T}^t b_h").term
    first = read("h_t + sum_{k=t}^1 b_h").term
    for other in (first, last):  # equal at all steps but one
        assert not judge.alike(read("h_t").term, other, point)
    assert judge.alike(read("h_t + h_t").term, read("2 h_t").term, point)
    assert not judge.alike(read("W_hh").term, read("h_t").term, point)
    assert not judge.alike(read("W_hh p_t").term, read("W_hh p_t").term, point)


def test_values_at_all_steps():
    point = G.judge.point
    found = G.judge.signature(G.read("h_t").term, point)
    assert found == [((3, 1), *point.value("h", t).ravel()) for t in (1, 2, 3)]
    assert G.judge.signature(G.read("W_hh p_t").term, point) == [None] * 3
    rows = View(rows=frozenset({("value", "h")}))
    found = G.judge.signature(G.read("h_t").term, point, rows)
    assert found == [((1, 3), *point.value("h", t).ravel()) for t in (1, 2, 3)]
    term = G.read("h_t^T").term
    found = G.judge.at_all(term, point, {"t": 2}, BOOK, True)
    assert found == ((3, 1), *point.value("h", 2).ravel())
    assert G.judge.at_all(term, point, {"t": 2})[0] == (1, 3)


def test_the_summands_that_fit_and_those_that_differ():
    read = lambda text: G.read(text).term  # noqa: E731
    terms = h, s, b = [read(text) for text in ("h_t", "s_t", "b_h")]
    both = read("h_t + s_t")
    assert unmatched(G.judge, both, [b, read("h_t - b_h")]) == ([s], [h])
    assert unmatched(G.judge, both, [read("s_t - b_h"), read("h_t + s_t")]) == (
        [h],
        [s],
    )
    assert unmatched(G.judge, both, [b]) == ([h, s], [])
    assert unmatched(G.judge, both, []) == ([h, s], [])
    assert unmatched(G.judge, h, [read("h_t - b_h")]) == ([], [h])
    assert unmatched(G.judge, h, terms[1:]) == ([h], [])
    assert unmatched(G.judge, read("W_hh p_t + s_t"), [both])[1] == [s]


def test_which_summand_differs_is_looked_for_in_the_wider_forms_too():
    v = derive("a_t = W x_t + U h_{t-1}\nh_t = a_t", {"x": "n", "h": "d"})
    report = check_formula(v.adjoint("a"), "dell_t/dh_t + U U g_a_{t+1}")
    assert f"\n  {report.differs}\n" in str(report)
    assert report.differs == "Right is dell_{t}/dh_t; what differs is U U g_a_{t+1}."


def test_names_of_what_is_asked_for():
    for text, named, adjoints in (
        ("g_t", True, True),
        ("h_t + W_hh^T g_t", True, True),
        ("g_{t+1}", False, True),
        ("dell_t/dh_t", False, True),
        ("(dL/dh_t)_{future} + h_t", False, True),
        ("W_hh h_t", False, False),
        ("J_t", False, False),
        ("2", False, False),
    ):
        term = G.read(text).term
        assert circular(term, G.target) is named, text
        assert has_adjoints(term) is adjoints, text


COUNTER = [  # units, steps, step, what is given, what is right
    ("g", "book", "W_hy^T delta_z_t + b_h", 1, 1, {"t": 1}),
    ("g", "book", "W_hy^T delta_z_t", 2, 2, {"t": 1}),  # equal at the last step
    ("g", "book", "W_hy^T delta_z_t + W_hh delta_s_{t+1}", 2, 2, {"t": 1}),
    ("g", "book", "W_hy delta_z_t + W_hh^T delta_s_{t+1}", 2, 1, {"t": 1}),
    ("W_hh", "book", "sum_t h_{t-1} delta_t^T + 0 b_h b_h^T", 2, 1, {}),
    ("J_s", "book", "W_hh", 1, 2, {"t": 2}),
    ("J", "book", "diag(phi'(s_t)) W_hh + W_hh - W_hh^T", 2, 1, {"t": 1}),
    ("g", "pytorch", "dL/do_t A", 2, 2, {"t": 1}),
    ("g", "pytorch", "(dL/do_t A)^T", 2, 2, {"t": 1}),
    ("g", "pytorch", "dL/do_t A + dL/da_{t+1} W_hh", None, None, None),
    ("g", "pytorch", "(dL/do_t A + dL/da_{t+1} W_hh)^T", None, None, None),
    ("g", "d2l", "W_{qh}^T dL/do_t", 2, 2, {"t": 1}),
    ("W_hh", "graves", "sum_t b_h^{t} (delta_h^t)^T", 2, 1, {}),
    ("z", "d2l", "2 (W_{qh} h_t + b_q)", 1, 1, {"t": 1}),
    ("p", "pytorch", "y_t", 2, 1, {"t": 1}),
    ("z", "book", "b_y / (1 - p_t)", 2, 1, {"t": 1}),  # for one unit p_t is 1
    ("g", "book", "W_hy^T delta_z_t / (p_t - p_t)", None, None, None),
    ("g", "book", "W_hy^T delta_z_t + W_hh^T delta_s_{t+1}", None, None, None),
]


@pytest.mark.parametrize(("key", "notation", "text", "n", "T", "steps"), COUNTER)
def test_the_smallest_counterexample(key, notation, text, n, T, steps):
    asked = question_for(key, notation)
    found = asked.judge.counterexample(asked.read(text).term)
    if n is None:
        assert found is None
        return
    point, at, given, right = found
    assert set(point.sizes.values()) == {n} and point.T == T and at == steps
    wanted = asked.judge.wanted(point, at)
    if notation == "d2l" and asked.target.adjoint:
        wanted = wanted / T
    if given.shape == wanted.shape[::-1] and asked.judge.turned:
        wanted = wanted.T
    assert (right == wanted).all() and (given != right).any()
    assert given.shape == right.shape


SLIPS = [  # read as the notation has it, as the book has it, or transposed
    ("pytorch", "dL/do_t A", "future"),
    ("pytorch", "(dL/do_t A)^T", "future"),
    ("pytorch", "A^T dL/do_t", "future"),
    ("pytorch", "dL/do_t A + dL/da_{t+1} W_hh^T", "transpose"),
    ("pytorch", "A^T dL/do_t + W_hh dL/da_{t+1}", "transpose"),
    ("book", "W_hy^T delta_z_t + W_hh delta_{t+1}", "transpose"),
    ("book", "W_hy delta_z_t + W_hh^T delta_{t+1}", "transpose"),  # does not fit
    ("book", "delta_z_t W_hy^T + W_hh^T delta_{t+1}", "order"),
    ("book", "delta_z_t^T W_hy", None),  # a row, where columns are usual
]


@pytest.mark.parametrize(("notation", "text", "kind"), SLIPS)
def test_a_mistake_is_found_in_every_view_of_a_notation(notation, text, kind):
    slip = question_for("g", notation).answer(text).slip
    assert (slip and slip.kind) == kind
