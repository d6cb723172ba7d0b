"""The answers of the chapter on notation."""

from functools import cache

import numpy as np

from rnnbook.tutor.answers.checking import Exercise
from rnnbook.tutor.answers.kinds import Code, Experiment, Formulas, Mistake
from rnnbook.tutor.formulas.checking import Question, known_notations
from rnnbook.tutor.formulas.judging import Target
from rnnbook.tutor.formulas.names import Names
from rnnbook.tutor.formulas.networks import book_network
from rnnbook.tutor.formulas.reading import read_formula
from rnnbook.tutor.formulas.terms import NOW, Leaf

HERE = "chapters/notation.ipynb"

# shapes


def shapes(d_h, K, gradient=None, columns=None, parameter=None, pairs=6):
    """Four shapes and the number of products; or with a slip."""
    return (
        gradient or (K, d_h),
        (d_h, d_h),
        columns or (K, d_h),
        parameter or (d_h, d_h**2),
        pairs,
    )


def _numbers(found):
    """Shapes as tuples of whole numbers."""
    *four, pairs = found
    if any(n != int(n) for shape in (*four, (pairs,)) for n in shape):
        raise ValueError("expected whole numbers")
    return [*(tuple(int(n) for n in shape) for shape in four), int(pairs)]


SHAPES = Exercise(
    "ex-notation-shapes",
    Code(
        lambda: {
            f"d_h = {d_h}, K = {K}": (d_h, K) for d_h, K in ((3, 5), (7, 2), (4, 11))
        },
        shapes,
        {
            "dL/dW_hy is transposed: a gradient has the shape of its parameter": (
                lambda d_h, K: shapes(d_h, K, gradient=(d_h, K))
            ),
            "dz_t/dh_{t-1} is transposed: a Jacobian has one row a result": (
                lambda d_h, K: shapes(d_h, K, columns=(d_h, K))
            ),
            "both are transposed: a Jacobian has one row a result, and a gradient the "
            "shape of its parameter": lambda d_h, K: shapes(
                d_h, K, gradient=(d_h, K), columns=(d_h, K)
            ),
            "dh_t/dW_hh is transposed: one row a result, one column an entry": (
                lambda d_h, K: shapes(d_h, K, parameter=(d_h**2, d_h))
            ),
            "dh_t/dW_hh has one column for each of the d_h^2 entries of W_hh": (
                lambda d_h, K: shapes(d_h, K, parameter=(d_h, d_h))
            ),
            "dh_t/dW_hh has three axes: read W_hh as a list": lambda d_h, K: shapes(
                d_h, K, parameter=(d_h, d_h, d_h)
            ),
            "only products of two different ones are counted: the Jacobian of the "
            "states meets itself too": lambda d_h, K: shapes(d_h, K, pairs=5),
            "dh_t/dW_hh can stand on the right only: d_h^2 columns meet no rows": (
                lambda d_h, K: shapes(d_h, K, pairs=7)
            ),
        },
        _numbers,
    ),
    (
        "A gradient has the shape of its parameter; a Jacobian has one row a result "
        "and one column a variable.",
        "A B exists when A has as many columns as B has rows. What has d_h rows?",
        "(K, d_h), (d_h, d_h), (K, d_h), (d_h, d_h^2). Three of them have d_h columns, "
        "and two have d_h rows: 3 times 2 products.",
    ),
    wrong={
        "dL/dW_hy is transposed": lambda d_h, K: shapes(d_h, K, gradient=(d_h, K)),
        "dh_t/dW_hh is transposed": lambda d_h, K: shapes(
            d_h, K, parameter=(d_h**2, d_h)
        ),
        "the Jacobian of the states meets itself too": lambda d_h, K: shapes(
            d_h, K, pairs=5
        ),
    },
    called=False,
)

# one term, four notations


@cache
def _term(notation):
    """The question for the term of step t, in a notation."""
    v = book_network()
    right = read_formula(r"\delta^{(s)}_t h_{t-1}^T", Names(v)).term
    target = Target(Leaf("immediate", "W_hh", NOW), right, "t", True)
    return Question(v, target, "the term", known_notations()[notation], HERE)


TERMS = (
    r"dz_t h_{t-1}^\top",
    r"\delta_t h_{t-1}^\top",
    r"\delta^{(s)}_t h_{t-1}^\top",
)
TRANSLATE = Exercise(
    "ex-notation-translate",
    Formulas(
        {
            "topcuoglu": lambda: _term("topcuoglu"),
            "sarkar": lambda: _term("sarkar"),
            "book": lambda: _term("book"),
        }
    ),
    (
        "Only the error signal changes its letter. The states keep theirs.",
        "It is the derivative by the pre-activation: which letter has that in each "
        "document?",
        "dz_t in the first, delta_t in the second and delta^{(s)}_t in the book, each "
        "times h_{t-1}^T.",
    ),
    wrong={
        "topcuoglu: the factor f'(z_t) is missing": (r"dh_t h_{t-1}^\top", *TERMS[1:]),
        "sarkar: the step beside": (TERMS[0], r"\delta_t h_t^\top", TERMS[2]),
        "book: h_{t-1} is not transposed": (*TERMS[:2], r"\delta^{(s)}_t h_{t-1}"),
    },
)

# mean instead of sum


def rates(eta, decay, T, B, steps=True, sequences=True, up=False, kept=""):
    """The rate and the decay that make the same step; or with a slip."""
    n = (T if steps else 1) * (B if sequences else 1)
    return eta * n if up else eta / n, {"": decay * n, "kept": decay}.get(
        kept, decay / n
    )


def _steps():
    return {
        f"eta = {eta}, T = {T}, B = {B}": (eta, decay, T, B)
        for eta, decay, T, B in ((0.5, 0.01, 7, 11), (0.1, 0.3, 5, 2))
    }


MEAN = Exercise(
    "ex-notation-mean",
    Code(
        _steps,
        rates,
        {
            "the rate goes the wrong way: the gradient of the sum is T B times as "
            "large": lambda *a: rates(*a, up=True),
            "the rate goes the wrong way, and the decay is not T B times as strong": (
                lambda *a: rates(*a, up=True, kept="kept")
            ),
            "both go the wrong way: the gradient of the sum is T B times as large": (
                lambda *a: rates(*a, up=True, kept="down")
            ),
            "the sequences are forgotten: the sum goes over T B terms": lambda *a: (
                rates(*a, sequences=False)
            ),
            "the steps are forgotten: the sum goes over T B terms": lambda *a: rates(
                *a, steps=False
            ),
            "the decay stays: its step would be T B times too small": lambda *a: rates(
                *a, kept="kept"
            ),
            "the decay is divided: it has to keep pace with the sum": lambda *a: rates(
                *a, kept="down"
            ),
        },
    ),
    (
        "The sum is T B times the mean, and so is its gradient.",
        "Your rate times your gradient has to be the friend's rate times the friend's.",
        "The rate is eta/(T B); times it, the decay has to be eta lambda: lambda T B.",
    ),
    wrong={
        "the rate goes the wrong way": lambda *a: rates(*a, up=True),
        "the sequences are forgotten": lambda *a: rates(*a, sequences=False),
        "the decay stays": lambda *a: rates(*a, kept="kept"),
    },
    called=False,
)

# how far two means part


def _inner(r):
    return [r[n] for n in range(2, 7)]


ANGLES = {1: 0.0, 2: 32.0, 3: 28.0, 4: 20.0, 5: 7.0, 6: 4.0, 7: 0.0}
ANGLE = Exercise(
    "ex-notation-angle",
    Experiment(
        {
            "angles for n = 1 to 7": lambda r: (
                set(r) == set(range(1, 8))
                and all(0 <= float(a) <= 180 for a in r.values())
            ),
            "the same direction for n = T": lambda r: r[7] < 0.01,
            "another direction in between": lambda r: min(_inner(r)) > 0.01,
            "in degrees": lambda r: max(_inner(r)) > 2,
            "the same direction for n = 1": lambda r: r[1] < 0.01,
            "largest for n = 2": lambda r: max(r, key=r.get) == 2,
        },
        {
            "angles for n = 1 to 7": "expected {n: angle}, n from 1 to T = 7; was the "
            "cosine cut to at most 1?",
            "the same direction for n = T": "for n = T both friends have a multiple of "
            "a + b: does the first divide by n + T, the second each by its own number?",
            "another direction in between": "a/n + b/T and a + b are the same only "
            "when a and b are parallel: does the mask keep the first n steps?",
            "in degrees": "the largest is below 2: degrees, not radians or cosines",
            "the same direction for n = 1": "the only term of a is delta_1 h_0^T, and "
            "h_0 = 0: is n the number of steps that are kept?",
            "largest for n = 2": "look at the sequences 0 and 1 of the chapter's batch",
        },
    ),
    (
        "Let a and b be the gradients of the two sums. Which multiples of them have "
        "the friends?",
        "a + b and a/n + b/T. For n = T they are parallel. What is a for n = 1?",
        "For each n: mask the steps from n on, take the gradients a and b, and the "
        "arccos of the cosine between a + b and a/n + b/T.",
    ),
    wrong={
        "degrees, not radians": {n: a * np.pi / 180 for n, a in ANGLES.items()},
        "is n the number of steps that are kept": {
            **{n: ANGLES[n + 1] for n in range(1, 7)},
            7: 0.0,
        },
        "for n = T both friends have a multiple of a + b": ANGLES | {7: 12.0},
    },
)

# a product of arrays


def printed(delta_s, h):
    """The colleague's product."""
    return np.einsum("tbi,tbj->ij", delta_s, h[1:])


def product(delta_s, h):
    """The sum of delta_s_t h_{t-1}^T."""
    return np.einsum("tbi,tbj->ij", delta_s, h[:-1])


def _arrays():
    rng = np.random.default_rng(17)
    return {
        f"{T} steps": (
            rng.standard_normal((T, B, 3)),
            rng.standard_normal((T + 1, B, 3)),
        )
        for T, B in ((4, 2), (1, 1), (3, 5))
    }


def _transposed(delta_s, h):
    return product(delta_s, h).T


def _cut(delta_s, h):
    return np.einsum("tbi,tbj->ij", delta_s[1:], h[1:-1])


CONSTANT = (np.ones((3, 1, 2)), np.ones((4, 1, 2)))
INDEX = Exercise(
    "ex-notation-index",
    Mistake(
        ({1},),
        printed,
        product,
        _arrays,
        {
            "the product is transposed: the row is that of delta_s": _transposed,
            "the first step is lost: delta_s_1 meets h_0": _cut,
            "the errors are shifted: delta_s[t - 1] is delta_s_t already": (
                lambda d, h: np.einsum("tbi,tbj->ij", d[:-1], h[1:-1])
            ),
            "it is the line as it was: each error meets the state of its own step": (
                printed
            ),
        },
    ),
    (
        "Which state does W_hh multiply in s_t?",
        "h[t] is h_t, and delta_s[t - 1] is delta_s_t: h has one row more.",
        'np.einsum("tbi,tbj->ij", delta_s, h[:-1]); almost any arrays show it, equal '
        "states do not.",
    ),
    wrong={
        "the product is transposed": (1, _transposed, _arrays()["4 steps"]),
        "the first step is lost": (1, _cut, _arrays()["4 steps"]),
        "the wrong function is right on it": (1, product, CONSTANT),
    },
)

# back from a long row


def back(row):
    """The matrix of the book, and what the order of vec gives."""
    n = round(np.size(row) ** 0.5)
    return np.reshape(row, (n, n)), np.reshape(row, (n, n), order="F")


def _rows():
    rng = np.random.default_rng(18)
    return {f"n = {n}": (rng.standard_normal((1, n * n)),) for n in (2, 3, 5)}


def _first_twice(row):
    return (back(row)[0],) * 2


def _second_twice(row):
    return (back(row)[1],) * 2


ROWS = Exercise(
    "ex-notation-rows",
    Code(
        _rows,
        back,
        {
            "the two are exchanged: the row strings the rows together": lambda row: (
                back(row)[::-1]
            ),
            "both are the first: order F takes the columns together": _first_twice,
            "both are the second: Pal's row strings the rows together": _second_twice,
            "n is the number of entries of a row: the long row has n^2": lambda row: (
                (np.reshape(row, (len(row), -1)),) * 2
            ),
        },
    ),
    (
        "How many entries has the row, and what is n?",
        "The first n entries are the first row of the matrix.",
        'row.reshape(n, n) is the matrix of the book; row.reshape(n, n, order="F") is '
        "its transpose.",
    ),
    wrong={
        "the two are exchanged": lambda row: back(row)[::-1],
        "order F takes the columns together": _first_twice,
        "Pal's row strings the rows together": _second_twice,
    },
    called=False,
)
EXERCISES = (SHAPES, TRANSLATE, MEAN, ANGLE, INDEX, ROWS)
SOLUTIONS = {
    SHAPES.label: shapes,
    TRANSLATE.label: TERMS,
    MEAN.label: rates,
    ANGLE.label: ANGLES,
    INDEX.label: (1, product, _arrays()["4 steps"]),
    ROWS.label: back,
}
