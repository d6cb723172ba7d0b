"""The answers of the chapter on the five notations."""

from dataclasses import replace
from functools import cache

import numpy as np

from rnnbook.tutor.answers.checking import Exercise, Variant
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
def _slope(times=1):
    """The question for the slope of a multiple of the logistic function."""
    text = BOOK_TEXT.replace("phi(", f"{times} sigma(")
    sizes = {"x": "d_x", "h": "d_h", "y": "K"}
    v = derive(text, sizes, distributions="y")
    right = read_formula(SLOPE.replace("h_t)", f"h_t / {times})"), Names(v)).term
    target = Target(Leaf("immediate", "h", NOW), right, "t", True)
    return Question(v, target, "the slope", None, HERE)


SLOPE = r"h_t \odot (1 - h_t)"


def _sixth(times=1, variant=None):
    """The exercise for a multiple of the logistic function."""
    own = f"h_t / {times}" if times > 1 else "h_t"
    value = f"{times}/(1 + exp(-s))"
    return Exercise(
        "ex-five-notations-sixth",
        Formulas({"the slope": lambda: _slope(times)}),
        (
            "The slope of tanh is known from its value: 1 - h^2. So is that of the "
            "logistic function.",
            f"Differentiate {value}.",
            f"h_t times one minus {own}, entry by entry.",
        ),
        wrong={
            "the slope: ": "1 - h_t^2",
            "is missing": f"1 - {own}",
            "stands for": rf"s_t \odot (1 - {own})",
        },
        variant=variant,
    )


def _other_sixth(rng):
    """A logistic function that rises to another height."""
    times = rng.randint(2, 9)
    text = {
        "for the logistic function": f"for {times} times the logistic function, which "
        f"rises from 0 to {times}"
    }
    return Variant(_sixth(times), text, SLOPE.replace("h_t)", f"h_t / {times})"))


SIXTH = _sixth(variant=_other_sixth)

# four lines

MENDED = (
    r"W_{hy}^\top e_t + W_{hh}^\top \delta_{t+1}",
    r"\sum_{t=1}^{T} \frac{\partial \mathcal{L}}{\partial o^{(t)}} h^{(t)\top}",
    r"\frac{dE}{d\sigma(h_t)} \operatorname{diag}(\sigma'(h_t))",
    r"dh_t \cdot (1 - h_t) \cdot (1 + h_t)",
)


def _other_lines(rng):
    """Other mistakes in the four lines; one of them stays true."""
    true = rng.randrange(4)
    lines, named = list(MENDED), []
    for k in range(4):
        if k != true:
            spoiled, words = rng.choice(SPOILED[k])
            lines[k] = spoiled
            named.append((words, (*MENDED[:k], spoiled, *MENDED[k + 1 :])))
    text = {PRINTED[k][1]: rf"{PRINTED[k][0]} = {lines[k]}$" for k in range(4)}
    hints = (
        "Write the shape of every factor below it.",
        "One line is true. In the others look for a transpose, a step, a factor that "
        "is missing.",
        f"Line {true + 1} is true.",
    )
    other = replace(MISTAKES, hints=hints, wrong=dict(named), variant=None)
    return Variant(other, text, MENDED)


PRINTED = (  # the left side, and the rest of the line in the chapter
    (
        r"$\nabla_{h_t} C",
        r"$\nabla_{h_t} C = W_{hy}^\top e_t + W_{hh} \delta_{t+1}$",
    ),
    (
        r"$\frac{\partial \mathcal{L}}{\partial W_{yh}}",
        r"$\frac{\partial \mathcal{L}}{\partial W_{yh}} = \sum_{t=1}^{T} "
        r"\frac{\partial \mathcal{L}}{\partial o^{(t)}} h^{(t-1)\top}$",
    ),
    (
        r"$\frac{dE}{dh_t}",
        r"$\frac{dE}{dh_t} = \frac{dE}{d\sigma(h_t)}\, \sigma'(h_t)$",
    ),
    (r"$dz_t", r"$dz_t = dh_t \cdot (1 - h_t) \cdot (1 + h_t)$"),
)
OUTPUT = r"\frac{\partial \mathcal{L}}{\partial o^{(t)}}"
SPOILED = (  # for each line, wrong forms and what is said of them
    (
        (r"W_{hy}^\top e_t + W_{hh} \delta_{t+1}", "line 1: W_hh is not transposed"),
        (r"W_{hy}^\top e_t + W_{hh}^\top \delta_{t}", "line 1: the step beside"),
        (r"W_{hh}^\top \delta_{t+1}", "line 1: is missing"),
    ),
    (
        (rf"\sum_{{t=1}}^{{T}} {OUTPUT} h^{{(t-1)\top}}", "line 2: the step beside"),
        (rf"{OUTPUT} h^{{(t)\top}}", "line 2: the sum"),
    ),
    (
        (
            r"\frac{dE}{d\sigma(h_t)} \sigma'(h_t)",
            "line 3: stands for the elementwise one",
        ),
        (r"\frac{dE}{d\sigma(h_t)}", "line 3: is missing"),
    ),
    (
        (r"dh_t \cdot (1 - h_t)", "line 4: "),
        (r"dh_t \cdot (1 - h_t) \cdot (1 - h_t)", "line 4: "),
        (r"dh_t / (1 - h_t^2)", "line 4: divided by, not multiplied with"),
    ),
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
    variant=_other_lines,
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
