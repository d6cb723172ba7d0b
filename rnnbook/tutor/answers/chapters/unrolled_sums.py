"""The answers of the chapter on unrolled sums."""

import numpy as np

import rnnlib
from rnnbook.tutor.answers.checking import Exercise, Variant
from rnnbook.tutor.answers.kinds import Code, Experiment, Formulas, Mistake, Proof
from rnnbook.tutor.formulas.checking import Question
from rnnbook.tutor.formulas.judging import Target
from rnnbook.tutor.formulas.names import Names
from rnnbook.tutor.formulas.networks import book_network
from rnnbook.tutor.formulas.proofs import Rule
from rnnbook.tutor.formulas.reading import read_formula
from rnnbook.tutor.formulas.terms import NOW, Leaf, Step, from_machine
from rnnlib.symbolic.notations.documents import BOOK_NOTATION

# a similar derivation applies


def _factor(text, name):
    """The question for an immediate derivative of s_t, written as a matrix."""
    v = book_network()
    right = read_formula(text, Names(v)).term
    leaf = Leaf("immediate", name, NOW)
    return Question(
        v, Target(leaf, right, "t", True), name, BOOK_NOTATION,
        "chapters/unrolled_sums.ipynb",
    )  # fmt: skip


def _inputs(a="", c="", variant=None):
    """The exercise for s_t = a W_xh x_t + W_hh h_{t-1} + c b_h."""
    for_inputs, for_bias = rf"{a} I \otimes x_t^T".strip(), f"{c} I".strip()
    step = f"s_t = {a} W_xh x_t + W_hh h_{{t-1}} + {c} b_h".replace("  ", " ")
    times = " (with its factor)" if a else ""
    return Exercise(
        "ex-unrolled-sums-inputs",
        Formulas(
            {
                "for W_xh": lambda: _factor(for_inputs, "ds_t/dW_xh"),
                "for b_h": lambda: _factor(for_bias, "ds_t/db_h"),
            }
        ),
        (
            "Only the immediate derivative of s_t by the parameter changes.",
            f"{step}: what multiplies W_hh there, and what multiplies W_xh?",
            f"h_{{t-1}} is replaced by x_t{times}; and s_t changes exactly as b_h "
            f"does{times}.",
        ),
        wrong={
            "for W_xh: the step beside": (
                for_inputs.replace("x_t", "x_{t-1}"),
                for_bias,
            ),
            "for W_xh: ": (for_inputs.replace("x_t", "h_{t-1}"), for_bias),
            "for b_h: ": (for_inputs, "x_t"),
        },
        variant=variant,
    )


def _other_inputs(rng):
    """Factors before the terms of the pre-activation."""
    a, c = rng.sample(range(2, 8), 2)
    step = f"$s_t = {a} W_{{xh}} x_t + W_{{hh}} h_{{t-1}} + {c} b_h$"
    text = {
        "way. What takes the place of": f"way. Suppose that {step}. What takes the "
        "place of"
    }
    solution = (rf"{a} I \otimes x_t^T", f"{c} I")
    return Variant(_inputs(a, c), text, solution)


INPUTS = _inputs(variant=_other_inputs)

# the initial state


def _initial():
    """What the proof for h_0 needs."""
    v = book_network()
    names = Names(v)

    def term(text):
        return read_formula(text, names).term

    jacobian = Leaf("jacobian", "h", NOW, "h", Step("t", -1))
    unrolled = term(r"\sum_{k=t}^T (\prod_{j=t+1}^k J_j)^T dell_k/dh_k")
    return {
        "rules": {
            "the theorem": Rule(Leaf("adjoint", "h", NOW), unrolled),
            "definition of J": Rule(jacobian, from_machine(v.jacobian("h", "h").right)),
            "definition of delta_s": Rule(
                Leaf("adjoint", "s", NOW), from_machine(v.adjoint("s").right)
            ),
        },
        "names": names,
        "derivation": v,
        "first": term(INITIAL_LINES[0][0]),
        "last": term("W_hh^T delta_1"),
    }


INITIAL_LINES = [
    (r"\sum_{k=1}^{T} (\prod_{j=1}^k J_j)^T dell_k/dh_k", ""),
    (r"J_1^T \sum_{k=1}^{T} (\prod_{j=2}^k J_j)^T dell_k/dh_k", "algebra"),
    ("J_1^T g_1", "the theorem"),
    ("(diag(phi'(s_1)) W_hh)^T g_1", "definition of J"),
    (r"W_hh^T (phi'(s_1) \odot g_1)", "algebra"),
    ("W_hh^T delta_1", "definition of delta_s"),
]
INITIAL = Exercise(
    "ex-unrolled-sums-initial",
    Proof(_initial),
    (
        "Begin with the sum over k of (J_k ... J_1)^T u_k; no loss stands at step 0.",
        "Every product ends with J_1 on the right. Take it out: what is left is the "
        "theorem's sum for t = 1.",
        "J_1^T g_1 = (Diag(phi'(s_1)) W_hh)^T g_1 = W_hh^T (phi'(s_1) * g_1).",
    ),
    wrong={
        "line 2: does not follow from line 1 by algebra": [
            INITIAL_LINES[0],
            (r"\sum_{k=1}^{T} (\prod_{j=2}^k J_j)^T J_1^T dell_k/dh_k", "algebra"),
            *INITIAL_LINES[2:],
        ],
        "line 4: does not follow from line 3 by definition of J": [
            *INITIAL_LINES[:3],
            ("(W_hh diag(phi'(s_1)))^T g_1", "definition of J"),
            *INITIAL_LINES[4:],
        ],
        "is not yet what is to be proved": INITIAL_LINES[:3],
    },
)

# one matrix, two roles


def tied(theta, x, y, turned=True, states=True, outputs=True):
    """Loss and gradients of a network with W_hy = W_xh^T, or with a slip."""
    W = theta["W"]
    p = rnnlib.Params(W, theta["W_hh"], theta["b_h"], W.T, theta["b_y"])
    loss, gradients = rnnlib.loss_and_gradients(p, x, y)
    d = gradients.params
    second = d.W_hy.T if turned or d.W_hy.shape != W.shape else d.W_hy
    return loss, {
        "W": states * d.W_xh + outputs * second,
        "W_hh": d.W_hh,
        "b_h": d.b_h,
        "b_y": d.b_y,
    }


def _thetas():
    """Parameters with a square matrix W, and with one that is not."""
    rng, found = np.random.default_rng(6), {}
    for name, (units, symbols) in (("3 units", (3, 4)), ("4 units", (4, 4))):
        p = rnnlib.init_params(symbols, units, symbols, rng=rng)
        theta = {"W": p.W_xh, "W_hh": p.W_hh, "b_h": p.b_h, "b_y": p.b_y}
        x, y = (rng.integers(symbols, size=(5, 2)) for _ in range(2))
        found[name] = theta, x, y
    return found


TIED = Exercise(
    "ex-unrolled-sums-tied",
    Code(
        _thetas,
        tied,
        {
            "the role in the outputs is missing from dW": lambda theta, x, y: tied(
                theta, x, y, outputs=False
            ),
            "the role in the states is missing from dW": lambda theta, x, y: tied(
                theta, x, y, states=False
            ),
            "the gradient of the outputs is not transposed back": lambda theta, x, y: (
                tied(theta, x, y, turned=False)
            ),
        },
    ),
    (
        "Write the network with two matrices, as if they were free.",
        "By the theorem on copies the gradient of W is the sum of what its two roles "
        "get.",
        "dW = d.W_xh + d.W_hy.T, with d the gradients of the free network.",
    ),
    wrong={
        "the role in the outputs is missing": lambda theta, x, y: tied(
            theta, x, y, outputs=False
        ),
        "the role in the states is missing": lambda theta, x, y: tied(
            theta, x, y, states=False
        ),
        "is not transposed back": lambda theta, x, y: tied(theta, x, y, turned=False),
    },
    called=False,
)

# cutting the chains


def _needed(errors):
    """The place of the first error below a hundredth, inf when there is none."""
    return next((i for i, e in enumerate(errors) if e < 0.01), np.inf)


TRUNCATED = Exercise(
    "ex-unrolled-sums-truncated",
    Experiment(
        {
            "errors for the factors 1 and 3, of tau = 1 to 10": lambda r: (
                set(r) == {1, 3} and all(len(e) == 10 for e in r.values())
            ),
            "tau = T is exact": lambda r: all(e[-1] < 1e-8 for e in r.values()),
            "tau = 1 is not": lambda r: all(e[0] > 0.01 for e in r.values()),
            "larger weights need longer chains": lambda r: (
                _needed(r[3]) > _needed(r[1])
            ),
        },
        {
            "tau = T is exact": "with all chains the sum is the gradient: does the "
            "inner sum end at t + tau - 1, and is g_t's own loss in it?",
            "tau = 1 is not": "with tau = 1 the loss of the same step alone is left: "
            "does the inner sum go on?",
            "larger weights need longer chains": "was W_hh multiplied by 3 in the "
            "forward pass too?",
        },
    ),
    (
        "The inner sum over k begins at t; where does it end when k - t < tau?",
        "Take rnnlib.loss_and_gradients for the exact gradient, and the norm of the "
        "difference divided by the norm.",
        "For every t, k runs from t to min(t + tau, T + 1) - 1; return the ten errors "
        "for each factor.",
    ),
    wrong={
        "does the inner sum end at t + tau - 1": {
            1: [0.5 * 0.3**k + 0.1 for k in range(10)],
            3: [0.9] * 10,
        },
        "does the inner sum go on": {1: [0.0] * 10, 3: [0.0] * 10},
        "multiplied by 3 in the forward pass": {
            1: [0.5, 0.1, *[0.001] * 7, 0.0],
            3: [0.5, 0.1, *[0.001] * 7, 0.0],
        },
    },
)

# two true facts


def student(w, h, slope, g):
    """dL/dw with both derivatives total."""
    dh, dw = 0.0, 0.0
    for t in range(1, len(h)):
        dh = slope[t] * (h[t - 1] + w * dh)
        dw += g[t] * dh
    return dw


def by_adjoint(w, h, slope, g):
    """dL/dw with the immediate derivative of the state."""
    return sum(g[t] * slope[t] * h[t - 1] for t in range(1, len(h)))


def _runs():
    """Networks of one unit: w, the states, the slopes, the adjoints."""
    rng, found = np.random.default_rng(7), {}
    for T in (1, 2, 5):
        p = rnnlib.init_params(1, 1, 2, rng=rng)
        x, y = rng.standard_normal((T, 1, 1)), rng.integers(2, size=(T, 1))
        trace = rnnlib.forward(p, x, h_0=np.ones((1, 1)))
        dz = rnnlib.cross_entropy(trace.z, y)[1]
        h = trace.h[:, 0, 0]
        g = rnnlib.adjoints(p, trace, dz)[0][:, 0, 0]
        found[f"T = {T}"] = p.W_hh[0, 0], h, 1 - h**2, g
    return found


def _step_beside(w, h, slope, g):
    return sum(g[t] * slope[t] * h[t] for t in range(1, len(h)))


def _no_slope(w, h, slope, g):
    return sum(g[t] * h[t - 1] for t in range(1, len(h)))


MISTAKE = Exercise(
    "ex-unrolled-sums-mistake",
    Mistake(
        ({4}, {5}, {4, 5}),
        student,
        by_adjoint,
        _runs,
        {
            "h_t stands for h_{t-1}": _step_beside,
            "the slope phi'(s_t) is missing": _no_slope,
        },
    ),
    (
        "For T = 2, write both paths from w to the loss of step 2.",
        "Which of the two factors already follows the paths through h_{t-1}? Both.",
        "Keep the total g_t, and take the immediate derivative slope[t] * h[t - 1] of "
        "the state.",
    ),
    wrong={
        "h_t stands for h_{t-1}": ({4}, _step_beside, _runs()["T = 2"]),
        "the slope phi'(s_t) is missing": ({4}, _no_slope, _runs()["T = 2"]),
        "the wrong function is right on it": ({4}, by_adjoint, _runs()["T = 1"]),
    },
)
EXERCISES = (INPUTS, INITIAL, TIED, TRUNCATED, MISTAKE)
SOLUTIONS = {
    INPUTS.label: (r"I \otimes x_t^T", "I"),
    INITIAL.label: INITIAL_LINES,
    TIED.label: tied,
    TRUNCATED.label: {1: [0.5, *[0.001] * 8, 0.0], 3: [0.9, *[0.5] * 8, 0.0]},
    MISTAKE.label: ({4}, by_adjoint, _runs()["T = 2"]),
}
