"""The answers of the chapter on the forward pass."""

from itertools import count

import numpy as np

import rnnlib
from rnnbook.tutor.answers.checking import Exercise, Variant
from rnnbook.tutor.answers.kinds import Code, Experiment, Mistake, Numbers, Proof
from rnnbook.tutor.formulas.names import Names
from rnnbook.tutor.formulas.proofs import Rule
from rnnbook.tutor.formulas.reading import read_formula
from rnnbook.tutor.formulas.terms import NOW, Leaf
from rnnlib import Params
from rnnlib.symbolic import derive

# a budget of numbers


def most_units(d, q, total, learned, square=1):
    """The most units whose numbers do not exceed a total; or with a slip."""
    each = d + q + 1 + learned
    return next(
        h for h in count() if square * (h + 1) ** 2 + (h + 1) * each + q > total
    )


def _budget(d=10, q=5, total=2000, variant=None):
    """The exercise for these sizes."""
    zero, learned = (most_units(d, q, total, more) for more in (0, 1))
    long, longer = (most_units(d, q, total, more, square=0) for more in (0, 1))
    more, most = d + q + 1, d + q + 2
    return Exercise(
        "ex-forward-budget",
        Numbers(
            {"zero h_0": zero, "learned h_0": learned},
            {
                "zero h_0": {
                    zero + 1: f"is rounded up: {zero + 1} units take more than "
                    f"{total} numbers",
                    long: "leaves out the h^2 numbers of W_hh",
                    (total - q) // d: "counts W_xh alone",
                },
                "learned h_0": {
                    zero: "is that of a zero h_0: a learned h_0 adds h numbers",
                    zero + 1: "is rounded up, and h_0 adds h numbers",
                    longer: "leaves out the h^2 numbers of W_hh",
                },
            },
        ),
        (
            "Write the count as a polynomial in the number h of units.",
            "The parameters are W_xh, W_hh, b_h, W_hy and b_y: hd + h^2 + h + qh + q "
            "numbers.",
            f"Solve h^2 + {more} h + {q} = {total}, and h^2 + {most} h + {q} = {total} "
            "when h_0 is learned; round down.",
        ),
        wrong={
            "is rounded up": (zero + 1, zero),
            "leaves out the h^2 numbers of W_hh": (long, longer),
            "a learned h_0 adds h numbers": (zero, zero),
        },
        variant=variant,
    )


def _other_budget(rng):
    """Other sizes, such that a learned h_0 costs one unit."""
    while True:
        d, q = rng.randint(3, 20), rng.randint(2, 9)
        total = 100 * rng.randint(8, 60)
        zero, learned = (most_units(d, q, total, more) for more in (0, 1))
        if zero - learned == 1:
            break
    old = "An RNN has 10 inputs and 5 outputs."
    text = {
        old: f"An RNN has {d} inputs and {q} outputs.",
        "must not exceed 2000 numbers": f"must not exceed {total} numbers",
    }
    return Variant(_budget(d, q, total), text, (zero, learned))


BUDGET = _budget(variant=_other_budget)

# the linear network

CLOSED = "W_hh^{t} h_0 + sum_{k=1}^{t} W_hh^{t-k} (W_xh x_k + b_h)"
STEP = "W_hh h_{t-1} + (W_xh x_t + b_h)"


def _linear():
    """What the proof of the closed form needs."""
    v = derive("h_t = W_xh x_t + W_hh h_{t-1} + b_h", {"x": "d_x", "h": "d_h"})
    names = Names(v)
    closed = read_formula(CLOSED, names).term
    hypothesis = Rule(Leaf("value", "h", NOW), closed)
    return {
        "rules": {"hypothesis": hypothesis},
        "names": names,
        "derivation": v,
        "first": read_formula(STEP, names).term,
        "last": closed,
        "free": ("t",),
    }


INSERTED = (
    "W_hh (W_hh^{t-1} h_0 + sum_{k=1}^{t-1} W_hh^{t-1-k} (W_xh x_k + b_h))"
    " + W_xh x_t + b_h"
)
RAISED = "W_hh^{t} h_0 + sum_{k=1}^{t-1} W_hh^{t-k} (W_xh x_k + b_h) + W_xh x_t + b_h"
LINEAR = Exercise(
    "ex-forward-linear",
    Proof(_linear),
    (
        "Begin with h_t = W_hh h_{t-1} + (W_xh x_t + b_h).",
        "By the hypothesis h_{t-1} is the closed form with t - 1 in place of t; put it "
        "in.",
        "W_hh raises every power by one, and W_xh x_t + b_h is the term of k = t, for "
        "the power W_hh^0 is the identity.",
    ),
    wrong={
        "does not follow from line 1 by hypothesis": [
            (STEP, ""),
            (INSERTED.replace("W_hh^{t-1-k}", "W_hh^{t-k}"), "hypothesis"),
            (CLOSED, "algebra"),
        ],
        "does not follow from line 1 by algebra": [(STEP, ""), (CLOSED, "algebra")],
        "is not yet what is to be proved": [(STEP, ""), (STEP, "algebra")],
    },
)
LINEAR_LINES = [
    (STEP, ""),
    (INSERTED, "hypothesis"),
    (RAISED, "algebra"),
    (CLOSED, "algebra"),
]

# from tanh to logistic


def to_logistic(params, h_0, recurrent=4.0, bias=1.0, output=1.0, start=True):
    """The logistic network with the same logits; or one with a slip."""
    W_xh, W_hh, b_h, W_hy, b_y = params
    new = Params(
        2 * W_xh,
        recurrent * W_hh,
        2 * (b_h - bias * W_hh.sum(axis=1)),
        2 * W_hy,
        b_y - output * W_hy.sum(axis=1),
    )
    return new, (1 + h_0) / 2 if start else h_0


def _networks():
    """Networks with an initial state that is not zero."""
    rng = np.random.default_rng(3)
    found = {}
    for name, sizes in (("3 units", (2, 3, 4)), ("one unit", (1, 1, 2))):
        d_x, d_h, K = sizes
        params = Params(
            *(
                rng.standard_normal(v.shape)
                for v in rnnlib.init_params(d_x, d_h, K, rng=rng)
            )
        )
        found[name] = params, rng.standard_normal(d_h)
    return found


def _logits(found):
    """The logits of a converted network on a fixed input."""
    params, q_0 = Params(*found[0]), found[1]
    x = np.random.default_rng(4).standard_normal((5, 1, params.W_xh.shape[1]))
    return rnnlib.forward(params, x, h_0=q_0, phi="logistic").z


LOGISTIC = Exercise(
    "ex-forward-logistic",
    Code(
        _networks,
        to_logistic,
        {
            "W_hh is doubled once: the state is 2 q - 1, and the argument 2 s, so "
            "it is multiplied by 4": lambda p, h: to_logistic(p, h, recurrent=2.0),
            "the bias of the state lacks the part of h = 2 q - 1": (
                lambda p, h: to_logistic(p, h, bias=0.0)
            ),
            "the bias of the output lacks the part of h = 2 q - 1": (
                lambda p, h: to_logistic(p, h, output=0.0)
            ),
            "the initial state is that of tanh: q_0 = (1 + h_0)/2": (
                lambda p, h: to_logistic(p, h, start=False)
            ),
        },
        _logits,
    ),
    (
        "Call the logistic state q_t. By the identity, h_t = 2 q_t - 1.",
        "Put h_{t-1} = 2 q_{t-1} - 1 into 2 s_t: what stands before q_{t-1}, and what "
        "is constant?",
        "2 s_t = 2 W_xh x_t + 4 W_hh q_{t-1} + 2 b_h - 2 W_hh 1; the logits are 2 W_hy "
        "q_t + b_y - W_hy 1; and q_0 = (1 + h_0)/2.",
    ),
    wrong={
        "multiplied by 4": lambda p, h: to_logistic(p, h, recurrent=2.0),
        "the bias of the output": lambda p, h: to_logistic(p, h, output=0.0),
        "q_0 = (1 + h_0)/2": lambda p, h: to_logistic(p, h, start=False),
    },
    called=False,
)

# who notices the order

ORDER = Exercise(
    "ex-forward-order",
    Experiment(
        {
            "four verdicts, by readout and recurrence": lambda r: (
                set(r) == {(a, b) for a in ("last", "mean") for b in ("zero", "random")}
            ),
            "the mean without recurrence": lambda r: not r["mean", "zero"],
            "the last step without recurrence": lambda r: r["last", "zero"],
            "both readouts with recurrence": lambda r: (
                r["last", "random"] and r["mean", "random"]
            ),
        },
        {
            "the mean without recurrence": "a mean over steps that know nothing of "
            "each other is the same in every order: compare with a tolerance, not ==",
            "the last step without recurrence": "the last input is another one after "
            "the shuffle, unless the last place is kept",
            "both readouts with recurrence": "with W_hh the state depends on the "
            "order: was W_hh put into the parameters?",
        },
    ),
    (
        "Keep everything but the order of x: the same parameters, the same readout.",
        'rnnlib.forward(params, x, topology="mean") gives the logits; params._replace('
        "W_hh=...) changes one matrix.",
        "Compare z for x[:, None] and for x[order][:, None] with np.allclose; the one "
        "case without a change is the mean with W_hh = 0.",
    ),
    wrong={
        "compare with a tolerance": {
            ("last", "zero"): True,
            ("mean", "zero"): True,
            ("last", "random"): True,
            ("mean", "random"): True,
        },
        "the last input is another one": {
            ("last", "zero"): False,
            ("mean", "zero"): False,
            ("last", "random"): True,
            ("mean", "random"): True,
        },
        "was W_hh put into the parameters": {
            ("last", "zero"): True,
            ("mean", "zero"): False,
            ("last", "random"): True,
            ("mean", "random"): False,
        },
    },
)

# a mean of states


def mean_logits(params, x, lengths, h_0=None, mask=False, start=True):
    """The logits of the mean state, with or without the two mistakes."""
    trace = rnnlib.forward(params, x, h_0=h_0)
    real = np.arange(len(x))[:, None] < np.array(lengths)
    weights = real if mask else np.ones_like(real)
    pooled = (trace.h[1:] * weights[..., None]).sum(axis=0)
    if start:
        pooled = pooled + trace.h[0]
    return (pooled / weights.sum(axis=0)[:, None]) @ params.W_hy.T + params.b_y


def mended(params, x, lengths, h_0=None):
    """Without either mistake."""
    return mean_logits(params, x, lengths, h_0, mask=True, start=False)


def _padded():
    """Sequences of equal and unequal lengths, from zero and from another state."""
    rng = np.random.default_rng(5)
    params = rnnlib.init_params(3, 2, 4, rng=rng)
    params = params._replace(b_h=rng.standard_normal(2), b_y=rng.standard_normal(4))
    x, start = rng.standard_normal((5, 3, 3)), np.array([0.5, -0.5])
    return {
        "equal lengths, zero h_0": (params, x, [5, 5, 5], None),
        "equal lengths, another h_0": (params, x, [5, 5, 5], start),
        "unequal lengths, zero h_0": (params, x, [5, 2, 3], None),
        "unequal lengths, another h_0": (params, x, [5, 2, 3], start),
    }


def counterexample():
    """Arguments on which the function is wrong, though the lengths are equal."""
    return _padded()["equal lengths, another h_0"]


def _without_mask(params, x, lengths, h_0=None):
    return mean_logits(params, x, lengths, h_0, start=False)


def _with_start(params, x, lengths, h_0=None):
    return mean_logits(params, x, lengths, h_0, mask=True)


MISTAKE = Exercise(
    "ex-forward-mistake",
    Mistake(
        ({3}, {2, 3}, {3, 4}),
        mean_logits,
        mended,
        _padded,
        {
            "the padded steps still count: lengths is not used": _without_mask,
            "the state h_0 still counts: the sum begins at row 0": _with_start,
        },
    ),
    (
        "Which argument is never read?",
        "How many rows has trace.h, and what stands in row 0? Try an h_0 that is not "
        "zero.",
        "Sum trace.h[1:], each row times 1 where it is real and 0 where it is padded, "
        "and divide by the lengths.",
    ),
    wrong={
        "lengths is not used": ({3}, _without_mask, counterexample()),
        "the sum begins at row 0": ({3}, _with_start, counterexample()),
        "the wrong function is right on it": (
            {3},
            mended,
            _padded()["equal lengths, zero h_0"],
        ),
    },
)
EXERCISES = (BUDGET, LINEAR, LOGISTIC, ORDER, MISTAKE)
SOLUTIONS = {
    BUDGET.label: (37, 36),
    LINEAR.label: LINEAR_LINES,
    LOGISTIC.label: to_logistic,
    ORDER.label: {
        ("last", "zero"): True,
        ("mean", "zero"): False,
        ("last", "random"): True,
        ("mean", "random"): True,
    },
    MISTAKE.label: ({3}, mended, counterexample()),
}
