"""The answers of the chapter on recipes."""

import numpy as np

import rnnlib
from rnnbook.tutor.answers.checking import Exercise, Variant
from rnnbook.tutor.answers.kinds import Code, Experiment, Numbers

# a sum that stays zero


def _zero(start=3, variant=None):
    """The exercise for a bias whose entries first sum to ``start``."""
    kept = f"sum of b_y from {start}"
    return Exercise(
        "ex-recipes-zero",
        Numbers(
            {
                "sum of dy_t": 0,
                "sum of b_y from zero": 0,
                kept: start,
                "sum of a column of dW_hy": 0,
            },
            {
                "sum of dy_t": {
                    1: "is the sum of p_t alone, or of y_t: dy_t is their difference",
                    2: "adds y_t to p_t: dy_t is their difference",
                    -1: "is that of - y_t alone",
                },
                "sum of b_y from zero": {
                    1: "would need an update with a sum: db_y is a sum of dy_t",
                },
                kept: {
                    0: "would need an update that moves it: the sum is kept, not set "
                    "to zero",
                    1: "would need an update that moves it: the sum is kept, not set "
                    "to one",
                },
                "sum of a column of dW_hy": {
                    1: "is not that of p_t: a column is a sum of dy_t times a number "
                    "of h_t",
                },
            },
            1e-12,
        ),
        (
            "dy_t = p_t - y_t. What do the entries of each of them sum to?",
            "db_y is the sum of the dy_t: what does an update do to the sum of b_y?",
            "Both sums are one, so dy_t sums to zero; every update leaves the sum of "
            f"b_y as it is, zero or {start}; and so it is for the columns of dW_hy.",
        ),
        wrong={
            "sum of dy_t: is the sum of p_t alone": (1, 0, start, 0),
            f"{kept}: the sum is kept": (0, 0, 0, 0),
            "sum of a column of dW_hy: is not that of p_t": (0, 0, start, 1),
        },
        variant=variant,
    )


def _other_zero(rng):
    """Another sum at the beginning."""
    start = rng.randint(4, 19)
    text = {
        "during training? Check it": "during training, when it is zero at the "
        f"beginning, and when it is {start}? Check it"
    }
    code = {"the sum 0, and 3.": f"the sum 0, and {start}."}
    return Variant(_zero(start), text, (0, 0, start, 0), code)


ZERO = _zero(variant=_other_zero)

# is a clipped gradient still downhill?


def _cosine(result):
    """Of the angle between g and g with its entries cut."""
    g, tau = np.asarray(result[1], float), float(result[2])
    cut = np.clip(g, -tau, tau)
    return g @ cut / np.linalg.norm(g) / np.linalg.norm(cut)


def _limits(result):
    return np.asarray(result[0], float)


ROOTS = (1 / 2, 1 / 10, 1 / 100)
LARGE = [1e9, *[5.0] * 3999]
DOWNHILL = Exercise(
    "ex-recipes-downhill",
    Experiment(
        {
            "three limits, a gradient, tau": lambda r: (
                len(r) == 3
                and _limits(r).shape == (3,)
                and np.ndim(r[1]) == 1
                and np.isfinite(np.asarray(r[1], float)).all()
                and float(r[2]) > 0
            ),
            "the limits for n = 4, 100 and 10000": lambda r: np.allclose(
                _limits(r), ROOTS, rtol=1e-6, atol=0
            ),
            "an entry of g is cut": lambda r: np.abs(r[1]).max() > float(r[2]),
            "the cut gradient is downhill": lambda r: _cosine(r) > 0,
            "the angle is above 89 degrees": lambda r: (
                np.degrees(np.arccos(_cosine(r))) > 89
            ),
        },
        {
            "three limits, a gradient, tau": "expected three numbers, a vector, and a "
            "positive tau",
            "the limits for n = 4, 100 and 10000": "g becomes its one large entry M, "
            "and c is tau (1, ..., 1), of length tau sqrt(n): the cosine is 1/sqrt(n)",
            "an entry of g is cut": "all entries are within tau: c is g, and the angle "
            "zero",
            "the cut gradient is downhill": "is g zero?",
            "the angle is above 89 degrees": "the cosine comes down to 1/sqrt(n), "
            "and that of 89 degrees is 0.01745: how many entries are needed, and is M "
            "large?",
        },
    ),
    (
        "The signs of c_i and g_i are equal: what is the sum of the products?",
        "Take one entry M and n - 1 entries tau. What are c, its length, and g^T c?",
        "The cosine tends to 1/sqrt(n) as M grows: 1/2, 1/10, 1/100; with 4000 entries "
        "and M = 1e9 the angle is above 89 degrees.",
    ),
    wrong={
        "of length tau sqrt(n)": ([1 / 4, 1 / 100, 1 / 10000], LARGE, 5.0),
        "how many entries are needed": (ROOTS, [1e9, *[5.0] * 99], 5.0),
        "all entries are within tau": (ROOTS, [5.0] * 4000, 5.0),
    },
)

# carry the state


def loss_of_text(params, code, size, carry=True, across=True, mean=False, at=-1):
    """The loss of a text read in pieces, the state carried on; or with a slip."""
    code = np.asarray(code, int)[:, None]
    h, total = None, 0.0
    for a in range(0, len(code) - 1, size):
        b = min(a + size, len(code) - 1) - (not across)
        if b > a:
            run = rnnlib.forward(params, code[a:b], h_0=h)
            total += rnnlib.cross_entropy(run.z, code[a + 1 : b + 1])[0]
            h = run.h[at] if carry else None
    return total / (len(code) - 1) if mean else total


def _texts():
    rng = np.random.default_rng(28)
    p = rnnlib.init_params(4, 3, 4, rng=rng)
    p = rnnlib.Params(*(a + 0.5 * rng.standard_normal(a.shape) for a in p))
    code = [int(c) for c in rng.integers(4, size=15)]
    return {f"size {n}": (p, code, n) for n in (4, 1, 5, 14, 20)}


CARRY = Exercise(
    "ex-recipes-carry",
    Code(
        _texts,
        loss_of_text,
        {
            "every piece starts from zero: it has to start from the last state of the "
            "one before": lambda *a: loss_of_text(*a, carry=False),
            "the last character of a piece is never predicted: its target is the first "
            "of the next piece": lambda *a: loss_of_text(*a, across=False),
            "the last character of a piece is never predicted, and every piece starts "
            "from zero": lambda *a: loss_of_text(*a, across=False, carry=False),
            "this is a mean: the total loss is a sum over all characters": lambda *a: (
                loss_of_text(*a, mean=True)
            ),
            "the last state but one is carried: h[-1] comes after the last character "
            "read": lambda *a: loss_of_text(*a, at=-2),
        },
        float,
    ),
    (
        "What does the first character of a piece need from the piece before?",
        "h[-1] is handed on; and the target of the last character of a piece is the "
        "first character of the next.",
        "For a = 0, size, 2 size, ...: run code[a:b] from h, with b at most one before "
        "the end, add the losses against code[a + 1 : b + 1], then h = run.h[-1].",
    ),
    wrong={
        "every piece starts from zero": lambda *a: loss_of_text(*a, carry=False),
        "the last character of a piece is never predicted": lambda *a: loss_of_text(
            *a, across=False
        ),
        "this is a mean": lambda *a: loss_of_text(*a, mean=True),
    },
    called=False,
)

# without memory

FLOOR = 2 * np.log(2)
MEMORYLESS = Exercise(
    "ex-recipes-memoryless",
    Experiment(
        {
            "losses after 100 and 1000 epochs": lambda r: (
                set(r) == {100, 1000}
                and np.isfinite([float(v) for v in r.values()]).all()
            ),
            "a loss summed over the four steps": lambda r: (
                not abs(4 * r[1000] - FLOOR) < 0.05
            ),
            "it stays above 2 log 2": lambda r: min(r[100], r[1000]) > FLOOR,
            "it comes close to 2 log 2": lambda r: r[1000] - FLOOR < 0.05,
            "more training gets closer, not below": lambda r: r[1000] < r[100],
        },
        {
            "losses after 100 and 1000 epochs": "expected {100: loss, 1000: loss}",
            "a loss summed over the four steps": "this is a mean over the four steps: "
            "expected their sum",
            "it stays above 2 log 2": "the state still remembers: are the gradient of "
            "W_hh and W_hh itself zero in every epoch, and is h_0 zero?",
            "it comes close to 2 log 2": "the training has not come to an end: is the "
            "rate 0.1, and are all other parameters trained?",
            "more training gets closer, not below": "the loss has grown: was the same "
            "model trained on?",
        },
    ),
    (
        "Without W_hh, what does the state after a letter depend on?",
        "Two steps read an l, and their targets are l and o: which probabilities are "
        "best for both?",
        "One half each: two steps cost log 2, and no training goes below 2 log 2. Set "
        'grads["W_hh"][:] = 0 before each update, from W_hh = 0.',
    ),
    wrong={
        "the state still remembers": {100: 0.9, 1000: 0.02},
        "this is a mean over the four steps": {100: 0.36, 1000: FLOOR / 4 + 1e-4},
        "the training has not come to an end": {100: 5.5, 1000: 5.2},
    },
)

# three slips

LINES = {"A": {9, 10, 12}, "B": {11}, "C": {8}}
WRONG_GRADIENTS = {"A": {"W_xh", "W_hh", "b_h"}, "B": {"W_hh"}, "C": {"W_hy"}}


def _chosen(lines):
    """A set of numbers, from a number or several."""
    return {int(n) for n in np.ravel(list(lines) if np.iterable(lines) else lines)}


def _named(names):
    return {names} if isinstance(names, str) else set(names)


MISTAKE = Exercise(
    "ex-recipes-mistake",
    Experiment(
        {
            "two tables, of A, B and C": lambda r: (
                len(r) == 2 and all(set(part) == set("ABC") for part in r)
            ),
            "the lines of A": lambda r: _chosen(r[0]["A"]) == LINES["A"],
            "the line of B": lambda r: _chosen(r[0]["B"]) == LINES["B"],
            "the line of C": lambda r: _chosen(r[0]["C"]) == LINES["C"],
            "the examples": lambda r: all(
                _named(r[1][k]) == WRONG_GRADIENTS[k] for k in "ABC"
            ),
        },
        {
            "two tables, of A, B and C": 'expected {"A": ..., "B": ..., "C": ...}, for '
            "the lines and for the wrong gradients of your examples",
            "the lines of A": "the output layer is right, and so dy is; everything "
            "that reads dz is wrong: which lines lie between dy and dz, in this pass "
            "and the next?",
            "the line of B": "dW_xh and db_h are right, and so dz is: only the other "
            "factor of dW_hh is left",
            "the line of C": "with a wrong dy everything would be wrong; only the "
            "factor that dW_hy alone reads is left",
            "the examples": "check_gradients names other gradients for your examples: "
            "does each have its one slip?",
        },
    ),
    (
        "Which gradients read dy alone, and which read dz?",
        "A: dy is right and dz is not. B: dz is right. C: dy and dz are right.",
        "A: (9), (10) or (12); B: h_{t-1} in (11); C: h_t in (8). For the examples "
        "take dh in (12), h_t in (11) and h_{t-1} in (8).",
    ),
    wrong={
        "which lines lie between dy and dz": (LINES | {"A": {11}}, WRONG_GRADIENTS),
        "only the other factor of dW_hh is left": (
            LINES | {"B": {10}},
            WRONG_GRADIENTS,
        ),
        "with a wrong dy everything would be wrong": (
            LINES | {"C": {7}},
            WRONG_GRADIENTS,
        ),
    },
)
EXERCISES = (ZERO, DOWNHILL, CARRY, MEMORYLESS, MISTAKE)
SOLUTIONS = {
    ZERO.label: (0, 0, 3, 0),
    DOWNHILL.label: (ROOTS, LARGE, 5.0),
    CARRY.label: loss_of_text,
    MEMORYLESS.label: {100: 1.45, 1000: 1.389},
    MISTAKE.label: (LINES, WRONG_GRADIENTS),
}
