"""The answers of the chapter on the five notations."""

from functools import cache

import numpy as np

from rnnbook.tutor.answers.checking import Exercise
from rnnbook.tutor.answers.kinds import Code, Formulas
from rnnbook.tutor.formulas.checking import Question, question_for
from rnnbook.tutor.formulas.judging import Target
from rnnbook.tutor.formulas.names import Names
from rnnbook.tutor.formulas.networks import BOOK_TEXT, book_network
from rnnbook.tutor.formulas.reading import read_formula
from rnnbook.tutor.formulas.terms import NOW, Leaf, Step
from rnnlib.symbolic import NOTATIONS, derive

HERE = "chapters/five_notations.ipynb"

# the last step, in Pal's symbols


@cache
def _last():
    """The question for dE/dh_T."""
    v = book_network()
    right = read_formula(r"\phi'(s_T) \odot (W_hy^T \delta^{(z)}_T)", Names(v)).term
    target = Target(Leaf("adjoint", "s", Step("T")), right)
    return Question(v, target, "dE/dh_T", NOTATIONS["pal"], HERE)


LAST = Exercise(
    "ex-five-notations-last",
    Formulas({"dE/dh_T": _last}),
    (
        "Nothing comes from the future: begin with the row of the logits.",
        "A row is multiplied from the right: first by W_O.",
        "The slope is a diagonal matrix on the right: diag(sigma'(h_T)).",
    ),
    wrong={
        "the shape (1, 1)": (
            r"\frac{\partial E_{T}}{\partial z_{T}} W_{O} \sigma'(h_{T})"
        ),
        "W_O": (
            r"\frac{\partial E_{T}}{\partial z_{T}} W_{O}^\top "
            r"\operatorname{diag}(\sigma'(h_{T}))"
        ),
        "is missing": r"\frac{\partial E_{T}}{\partial z_{T}} W_{O}",
    },
)

# rows or columns of a matrix


def _kron(a, b, swapped=False, same=""):
    """vec(a b^T) and row(a b^T) as Kronecker products; or with a slip."""
    found = np.kron(b, a), np.kron(a, b)
    if same:
        return (found[1],) * 2 if same == "ab" else (found[0],) * 2
    return found[::-1] if swapped else found


def _vectors():
    rng = np.random.default_rng(8)
    return {
        f"{m} and {n} entries": (rng.standard_normal(m), rng.standard_normal(n))
        for m, n in ((2, 3), (4, 2))
    }


VEC = Exercise(
    "ex-five-notations-vec",
    Code(
        _vectors,
        _kron,
        {
            "the two are exchanged: vec puts columns together": lambda a, b: _kron(
                a, b, swapped=True
            ),
            "vec is not a kron b: its first entries are those of a column": (
                lambda a, b: _kron(a, b, same="ab")
            ),
            "row is not b kron a: its first entries are those of a row": (
                lambda a, b: _kron(a, b, same="ba")
            ),
        },
    ),
    (
        "Write a b^T for two and three entries.",
        "Column j is b_j a, and row i is a_i b^T.",
        "The columns together are b kron a, the rows together a kron b.",
    ),
    wrong={
        "the two are exchanged": lambda a, b: _kron(a, b, swapped=True),
        "vec is not a kron b": lambda a, b: _kron(a, b, same="ab"),
        "row is not b kron a": lambda a, b: _kron(a, b, same="ba"),
    },
    called=False,
)

# from Pal's long row to an array


def _long_row(delta_s, h, order="C", beside=0, mean=False):
    """The long row and the array, from (T, d_h) and (T + 1, d_h); or with a slip."""
    T, d_h = delta_s.shape
    row = sum(
        delta_s[t] @ np.kron(np.eye(d_h), h[t + beside : t + beside + 1])
        for t in range(T)
    )
    row = row / T if mean else row
    return row, row.reshape(d_h, d_h, order=order)


def _arrays():
    rng = np.random.default_rng(9)
    return {
        f"{T} steps": (rng.standard_normal((T, 3)), rng.standard_normal((T + 1, 3)))
        for T in (2, 4)
    }


LONG_ROW = Exercise(
    "ex-five-notations-long-row",
    Code(
        _arrays,
        _long_row,
        {
            "the row is cut into columns: its order is that of rows": (
                lambda d, h: _long_row(d, h, order="F")
            ),
            "h_t stands for h_{t-1}": lambda d, h: _long_row(d, h, beside=1),
            "the mean over the steps stands for the sum": lambda d, h: _long_row(
                d, h, mean=True
            ),
        },
    ),
    (
        "np.kron(np.eye(d_h), h_{t-1} as a row) has d_h rows and d_h^2 columns.",
        "delta_s[t] belongs to step t + 1, and h[t] to the step before it.",
        "Add delta_s[t] @ np.kron(np.eye(d_h), h[t : t + 1]) over t, and reshape row "
        "by row.",
    ),
    wrong={
        "cut into columns": lambda d, h: _long_row(d, h, order="F"),
        "h_t stands for h_{t-1}": lambda d, h: _long_row(d, h, beside=1),
        "the mean over the steps": lambda d, h: _long_row(d, h, mean=True),
    },
    called=False,
)

# a sixth document


@cache
def _slope():
    """The question for the slope of the logistic function, from its value."""
    text = BOOK_TEXT.replace("phi(", "sigma(")
    sizes = {"x": "d_x", "h": "d_h", "y": "K"}
    v = derive(text, sizes, distributions="y")
    right = read_formula(r"h_t \odot (1 - h_t)", Names(v)).term
    target = Target(Leaf("immediate", "h", NOW), right, "t", True)
    return Question(v, target, "the slope", None, HERE)


SIXTH = Exercise(
    "ex-five-notations-sixth",
    Formulas({"the slope": _slope}),
    (
        "The slope of tanh is known from its value: 1 - h^2. So is that of the "
        "logistic function.",
        "Differentiate 1/(1 + exp(-s)).",
        "h_t times one minus h_t, entry by entry.",
    ),
    wrong={
        "the slope: ": "1 - h_t^2",
        "is missing": "1 - h_t",
        "stands for": r"s_t \odot (1 - h_t)",
    },
)

# four lines

MENDED = (
    r"W_{hy}^\top e_t + W_{hh}^\top \delta_{t+1}",
    r"\sum_{t=1}^{T} \frac{\partial \mathcal{L}}{\partial o^{(t)}} h^{(t)\top}",
    r"\frac{dE}{d\sigma(h_t)} \operatorname{diag}(\sigma'(h_t))",
    r"dh_t \cdot (1 - h_t) \cdot (1 + h_t)",
)
MISTAKES = Exercise(
    "ex-five-notations-mistakes",
    Formulas(
        {
            "line 1": lambda: question_for("g", "sarkar"),
            "line 2": lambda: question_for("W_hy", "khanna"),
            "line 3": lambda: question_for("delta_s", "pal"),
            "line 4": lambda: question_for("delta_s", "topcuoglu"),
        }
    ),
    (
        "Write the shape of every factor below it.",
        "One line lacks a transpose, in one the step is wrong, in one a row meets a "
        "column; one is true.",
        "Transpose W_hh in line 1, write h^{(t)} in line 2, and put the slope of "
        "line 3 on a diagonal; line 4 stays.",
    ),
    wrong={
        "W_hh is not transposed": (
            r"W_{hy}^\top e_t + W_{hh} \delta_{t+1}",
            *MENDED[1:],
        ),
        "the step beside": (
            MENDED[0],
            r"\sum_{t=1}^{T} \frac{\partial \mathcal{L}}{\partial o^{(t)}}"
            r" h^{(t-1)\top}",
            *MENDED[2:],
        ),
        "stands for the elementwise one": (
            *MENDED[:2],
            r"\frac{dE}{d\sigma(h_t)} \sigma'(h_t)",
            MENDED[3],
        ),
    },
)
EXERCISES = (LAST, VEC, LONG_ROW, SIXTH, MISTAKES)
SOLUTIONS = {
    LAST.label: (
        r"\frac{\partial E_{T}}{\partial z_{T}} W_{O} "
        r"\operatorname{diag}(\sigma'(h_{T}))"
    ),
    VEC.label: _kron,
    LONG_ROW.label: _long_row,
    SIXTH.label: r"h_t \odot (1 - h_t)",
    MISTAKES.label: MENDED,
}
