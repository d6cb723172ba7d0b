"""The answers of the chapter on index notation."""

import numpy as np

import rnnlib
from rnnbook.tutor.answers.checking import Exercise
from rnnbook.tutor.answers.kinds import (
    Code,
    Experiment,
    Formulas,
    Mistake,
    Numbers,
    Parts,
)
from rnnbook.tutor.formulas.checking import Question, question_for
from rnnbook.tutor.formulas.networks import book_network
from rnnlib.symbolic import NOTATIONS

HERE = "chapters/index_notation.ipynb"

# free and bound


def _letters(text):
    """The letters of a text or a list: "i, j" is what {"j", "i"} is."""
    return {letter for part in text for letter in part if letter.isalpha()}


def _chosen(numbers):
    """The numbers of the terms."""
    return {int(n) for n in np.atleast_1d(list(np.ravel(list(numbers))))}


FREE = Exercise(
    "ex-index-notation-free",
    Experiment(
        {
            "four parts: three times the free indices, and the numbers": lambda r: (
                len(r) == 4
            ),
            "w_ji delta_j": lambda r: _letters(r[0]) == {"i"},
            "delta_i h_j": lambda r: _letters(r[1]) == {"i", "j"},
            "w_ij w_jp h_p": lambda r: _letters(r[2]) == {"i"},
            "may be added to delta_i": lambda r: _chosen(r[3]) == {1, 3},
        },
        {
            "w_ji delta_j": "an index that stands twice in a product is summed over; "
            "what stands once is free",
            "delta_i h_j": "no index stands twice here: nothing is summed over",
            "w_ij w_jp h_p": "j and p stand twice: which index is left?",
            "may be added to delta_i": "only terms with the same free indices as "
            "delta_i may be added to it, whatever the number of factors",
        },
    ),
    (
        "Count how often each letter stands in the product.",
        "Twice: summed over. Once: free. In the third, j and p stand twice.",
        "i; i and j; i. Terms may be added when their free indices are equal: the "
        "first and the third.",
    ),
    wrong={
        "what stands once is free": ("ij", "ij", "i", {1, 3}),
        "j and p stand twice": ("i", "ij", "ip", {1, 3}),
        "whatever the number of factors": ("i", "ij", "i", {1}),
    },
)

# the gradient of the inputs


def _inputs():
    """The question for the gradient of the inputs, in Sarkar's letters."""
    target = question_for(book_network().adjoint("x")).target
    return Question(book_network(), target, "the gradient", NOTATIONS["sarkar"], HERE)


INPUTS = Exercise(
    "ex-index-notation-inputs",
    Parts(
        {
            "matrix form": Formulas({"matrix form": _inputs}),
            "summed over": Numbers(
                {"summed over": "i"},
                {
                    "summed over": {
                        "v": "v is free: it says which entry of x_t is asked for",
                        "r": "the delta [r = v] uses up the sum over r, inside s_i",
                        "j": "j belongs to the states before, in W_hh h_{t-1}",
                        "t": "x_t stands in s_t alone: no sum over steps",
                    }
                },
            ),
        }
    ),
    (
        "In which of the s_i does x_v stand, and with which weight?",
        "In every s_i, with the weight w_iv. The chain rule adds what they send back.",
        "The sum over i of w_iv delta_i is entry v of W_xh^T delta_t.",
    ),
    wrong={
        "matrix form: W_xh is not transposed": (r"W_{xh} \delta_t", "i"),
        "matrix form: the step beside": (r"W_{xh}^\top \delta_{t+1}", "i"),
        "summed over: v is free": (r"W_{xh}^\top \delta_t", "v"),
    },
)

# index notation that runs


def einsum_gradients(
    params, x, h, error, *, back="ji,nj->ni", before=0, after=1, slope=True, future=True
):
    """The five gradients, in the order of `Params`; or with a slip."""
    delta, later = np.zeros_like(h[1:]), np.zeros_like(h[0])
    for t in range(len(delta) - 1, -1, -1):
        output = np.einsum("ai,na->ni", params.W_hy, error[t])
        delta[t] = output + later
        if slope:
            delta[t] *= 1 - h[t + 1] ** 2
        if future:
            later = np.einsum(back, params.W_hh, delta[t])
    steps = len(delta)
    return (
        np.einsum("tni,tnl->il", delta, x),
        np.einsum("tni,tnj->ij", delta, h[before : before + steps]),
        np.einsum("tni->i", delta),
        np.einsum("tna,tnj->aj", error, h[after : after + steps]),
        np.einsum("tna->a", error),
    )


def _batches():
    rng, found = np.random.default_rng(21), {}
    for T, B in ((4, 2), (1, 3), (3, 1)):
        p = rnnlib.init_params(2, 3, 4, rng=rng)
        x, start = rng.standard_normal((T, B, 2)), rng.standard_normal((B, 3))
        run = rnnlib.forward(p, x, h_0=start)
        targets = np.eye(4)[rng.integers(4, size=(T, B))]
        error = rnnlib.cross_entropy(run.z, targets)[1]
        found[f"{T} steps, {B} sequences"] = p, x, run.h, error
    return found


def _five(found):
    """Five arrays, from a `Params`, a tuple or a dictionary in its order."""
    if isinstance(found, dict):
        found = [found[name] for name in ("W_xh", "W_hh", "b_h", "W_hy", "b_y")]
    return tuple(np.asarray(a, float) for a in found)


EINSUM_SLIPS = {
    "w_ij stands for w_ji in the recursion: the future is not transposed": lambda *a: (
        einsum_gradients(*a, back="ij,nj->ni")
    ),
    "dW_hh reads h_t: delta_t meets h_{t-1}, so h[:-1]": lambda *a: einsum_gradients(
        *a, before=1
    ),
    "dW_hy reads h_{t-1}: the error of a step meets h_t, so h[1:]": lambda *a: (
        einsum_gradients(*a, after=0)
    ),
    "the slope phi'(s_t) is missing": lambda *a: einsum_gradients(*a, slope=False),
    "nothing comes from the future": lambda *a: einsum_gradients(*a, future=False),
}
EINSUM = Exercise(
    "ex-index-notation-einsum",
    Code(_batches, einsum_gradients, EINSUM_SLIPS, _five),
    (
        "Give every index a letter: t the step, n the sequence, i and j the states.",
        'The future is w_ji delta_j: "ji,nj->ni". The sums over t and n are bound.',
        'delta[t] = (np.einsum("ai,na->ni", W_hy, error[t]) + future) * (1 - h[t + 1] '
        '** 2); dW_hh is "tni,tnj->ij" of delta and h[:-1].',
    ),
    wrong={
        "w_ij stands for w_ji": lambda *a: einsum_gradients(*a, back="ij,nj->ni"),
        "dW_hh reads h_t": lambda *a: einsum_gradients(*a, before=1),
        "dW_hy reads h_{t-1}": lambda *a: einsum_gradients(*a, after=0),
    },
    called=False,
)

# how wrong the per-step line is


def cosines(params, x, y, every=False, beside=0, future=True, degrees=False):
    """The cosines for t = 2 to T, of one sequence from h_0 = 0; or with a slip."""
    run = rnnlib.forward(params, x)
    error, found = rnnlib.cross_entropy(run.z, y)[1], []
    delta = rnnlib.adjoints(params, run, error)[1]
    if not future:
        delta = (error @ params.W_hy) * (1 - run.h[1:] ** 2)
    for t in range(1, len(x)):
        only = error * (np.arange(len(x))[:, None, None] == t)
        left = rnnlib.backward(params, run, error if every else only).params.W_hh
        right = np.outer(delta[t, 0], run.h[t + beside, 0])
        size = np.linalg.norm(left) * np.linalg.norm(right)
        found.append((left * right).sum() / size)
    return np.degrees(np.arccos(found)) if degrees else np.array(found)


def _sequences():
    rng, found = np.random.default_rng(22), {}
    for T, d_h in ((6, 3), (4, 2)):
        p = rnnlib.init_params(2, d_h, 4, rng=rng)
        x = rng.standard_normal((T, 1, 2))
        targets = np.eye(4)[rng.integers(4, size=(T, 1))]
        found[f"{T} steps, {d_h} units"] = p, x, targets
    return found


ANGLE = Exercise(
    "ex-index-notation-angle",
    Code(
        _sequences,
        cosines,
        {
            "the left side is dC/dW_hh of all losses: expected that of the loss C_t": (
                lambda *a: cosines(*a, every=True)
            ),
            "h_t stands for h_{t-1} on the right": lambda *a: cosines(*a, beside=1),
            "delta_t lacks its future: it is the derivative of the whole C": (
                lambda *a: cosines(*a, future=False)
            ),
            "these are angles in degrees: expected their cosines": lambda *a: cosines(
                *a, degrees=True
            ),
            "step 1 is among them: there h_0 = 0, and no angle": lambda *a: np.append(
                np.nan, cosines(*a)
            ),
        },
    ),
    (
        "dC_t/dW_hh is the gradient of the loss of step t alone: set the other errors "
        "to zero.",
        "The delta_t on the right is that of the whole loss, with its future; "
        "rnnlib.adjoints gives it.",
        "For t = 2, ..., T: left from rnnlib.backward with the errors of the other "
        "steps zero, right = np.outer(delta_t, h_{t-1}), then the cosine.",
    ),
    wrong={
        "the left side is dC/dW_hh of all losses": lambda *a: cosines(*a, every=True),
        "h_t stands for h_{t-1}": lambda *a: cosines(*a, beside=1),
        "delta_t lacks its future": lambda *a: cosines(*a, future=False),
    },
    called=False,
)

# one letter


def printed(W_hh, delta):
    """The student's line."""
    return np.einsum("ij,nj->ni", W_hh, delta)


def future(W_hh, delta):
    """With the right letters."""
    return np.einsum("ji,nj->ni", W_hh, delta)


def _deltas():
    rng = np.random.default_rng(23)
    return {
        f"{n} units, {B} sequences": (
            rng.standard_normal((n, n)),
            rng.standard_normal((B, n)),
        )
        for n, B in ((2, 3), (3, 1), (4, 4))
    }


def _exchanged(W_hh, delta):
    return future(W_hh, delta).T


def _summed(W_hh, delta):
    return np.einsum("ji,nj->i", W_hh, delta)


SYMMETRIC = (np.array([[1.0, 2.0], [2.0, -1.0]]), np.array([[1.0, 0.5]]))
ONE_LETTER = Exercise(
    "ex-index-notation-mistake",
    Mistake(
        ({1},),
        printed,
        future,
        _deltas,
        {
            "this is still w_ij delta_j: the sum has to go over the first index of W": (
                printed
            ),
            "the axes of the result are exchanged: a row for each sequence": _exchanged,
            "the sequences are summed: n stays free": _summed,
        },
    ),
    (
        "Which entries of W_hh does s_j of the next step multiply h_i with?",
        "The future of unit i is the sum over j of w_ji delta_j. For which matrices is "
        "w_ij = w_ji?",
        '"ji,nj->ni"; any W_hh that is not symmetric shows it.',
    ),
    wrong={
        "a row for each sequence": (1, _exchanged, _deltas()["3 units, 1 sequences"]),
        "n stays free": (1, _summed, _deltas()["3 units, 1 sequences"]),
        "the wrong function is right on it": (1, future, SYMMETRIC),
    },
)
EXERCISES = (FREE, INPUTS, EINSUM, ANGLE, ONE_LETTER)
SOLUTIONS = {
    FREE.label: ("i", "ij", "i", {1, 3}),
    INPUTS.label: (r"W_{xh}^\top \delta_t", "i"),
    EINSUM.label: einsum_gradients,
    ANGLE.label: cosines,
    ONE_LETTER.label: (1, future, _deltas()["3 units, 1 sequences"]),
}
