"""The answers of the chapter on deriving a cell of one's own."""

from functools import cache

import numpy as np

from rnnbook.tutor.answers.checking import Exercise
from rnnbook.tutor.answers.kinds import Code, Experiment, Formulas, Parts
from rnnbook.tutor.formulas.checking import Question, question_for
from rnnbook.tutor.formulas.judging import Target
from rnnbook.tutor.formulas.names import Names
from rnnbook.tutor.formulas.reading import read_formula
from rnnbook.tutor.formulas.terms import NOW, Leaf
from rnnlib.symbolic import derive

SIZES = {"x": "d_x", "h": "d_h"}

# one step and three


@cache
def _lags():
    """The network that reads one step and three steps back."""
    return derive("h_t = W_1 h_{t-1} + W_3 h_{t-3} + W_xh x_t", SIZES)


LAGS_RIGHT = (
    "dell_t/dh_t + W_1^T g_{t+1} + W_3^T g_{t+3}",
    "sum_t g_t h_{t-3}^T",
    "W_3^T g_2",
)
LAGS = Exercise(
    "ex-derive-your-own-cell-lags",
    Formulas(
        {
            "g_t": lambda: question_for(_lags().adjoint("h")),
            "dL/dW_3": lambda: question_for(_lags().gradient("W_3")),
            "dL/dh_{-1}": lambda: question_for(_lags().gradient("h_{-1}")),
        },
        {
            "g_t": {
                "dell_t/dh_t + W_1^T g_{t+1} + W_3^T g_{t+1}": "h_t is read through "
                "W_3 in step t + 3, not in step t + 1",
                "dell_t/dh_t + W_1^T g_{t-1} + W_3^T g_{t-3}": "what comes back comes "
                "from later steps, in which h_t is read",
            },
            "dL/dW_3": {
                "sum_t g_t h_{t-1}^T": "that is the gradient of W_1: W_3 stands "
                "before h_{t-3}",
            },
            "dL/dh_{-1}": {
                "W_3^T g_3": "h_{-1} is read three steps later, and -1 + 3 is 2",
                "W_3^T g_1": "h_{-1} is read three steps later, and -1 + 3 is 2",
            },
        },
    ),
    (
        "Write down every step in which h_t stands on the right.",
        "h_t is read in h_{t+1}, before it W_1, and in h_{t+3}, before it W_3. For "
        "h_{-1} the first of the two is h_0, which is given.",
        "g_t is its own loss's part plus W_1^T g_{t+1} plus W_3^T g_{t+3}; W_3 "
        "collects g_t h_{t-3}^T; and -1 + 3 = 2.",
    ),
    wrong={
        "g_t: in step t + 3": (
            "dell_t/dh_t + W_1^T g_{t+1} + W_3^T g_{t+1}",
            *LAGS_RIGHT[1:],
        ),
        "dL/dW_3: that is the gradient of W_1": (
            LAGS_RIGHT[0],
            "sum_t g_t h_{t-1}^T",
            LAGS_RIGHT[2],
        ),
        "dL/dh_{-1}: -1 + 3 is 2": (*LAGS_RIGHT[:2], "W_3^T g_3"),
    },
)

# a matrix and its transpose


def entries(a, h, first=1, second=1, turned=False):
    """The derivatives of u = (V - V^T) h by the entries of V, and what V receives.

    The derivatives have the axes i, p, q: of u_i by V_pq.
    """
    one = np.eye(len(h))
    D = first * np.einsum("ip,q->ipq", one, h)
    D = D - second * np.einsum("iq,p->ipq", one, h)
    D = D.swapaxes(1, 2) if turned else D
    return D, np.einsum("i,ipq->pq", a, D)


def _columns():
    """Vectors a and h of two lengths."""
    rng = np.random.default_rng(21)
    return {f"{n} units": tuple(rng.standard_normal((2, n))) for n in (2, 4)}


TIED = Exercise(
    "ex-derive-your-own-cell-tied",
    Code(
        _columns,
        entries,
        {
            "the role of V_pq in V^T is forgotten": lambda a, h: entries(
                a, h, second=0
            ),
            "the minus before V^T is lost": lambda a, h: entries(a, h, second=-1),
            "p and q are exchanged: V_pq stands in row p, before h_q": (
                lambda a, h: entries(a, h, turned=True)
            ),
        },
    ),
    (
        "Write the entry u_i as a sum over k.",
        "In u_i = sum over k of (V_ik - V_ki) h_k the entry V_pq stands twice: with "
        "i = p, k = q, and with k = p, i = q.",
        "du_i/dV_pq = [i = p] h_q - [i = q] h_p; multiply by a_i and add over i.",
    ),
    wrong={
        "in V^T is forgotten": lambda a, h: entries(a, h, second=0),
        "the minus before V^T": lambda a, h: entries(a, h, second=-1),
        "p and q are exchanged": lambda a, h: entries(a, h, turned=True),
    },
    called=False,
)

# the backward pass of a minimal gated unit


@cache
def _minimal():
    """The minimal gated unit."""
    return derive(
        """
        f_t = sigma(W_xf x_t + W_hf h_{t-1} + b_f)
        n_t = tanh(W_xn x_t + W_hn (f_t * h_{t-1}) + b_n)
        h_t = (1 - f_t) * h_{t-1} + f_t * n_t
        """,
        SIZES,
    )


def _points():
    """Numbers for the unit: one step, two, and five."""
    rng = np.random.default_rng(22)
    return {
        f"T = {T}": (_minimal().point(rng, T=T, d=d),)
        for T, d in ((1, 2), (2, 3), (5, 2))
    }


def minimal_backward(
    problem, second=True, gated=True, kept=True, slope=True, early=True
):
    """The gradients of the minimal gated unit; or with a slip."""
    p, T = problem.parameters, problem.T
    h, f, n = {0: problem.initial["h", 0]}, {}, {}
    for t in range(1, T + 1):
        x = problem.inputs["x", t]
        f[t] = 1 / (1 + np.exp(-p["W_xf"] @ x - p["W_hf"] @ h[t - 1] - p["b_f"]))
        n[t] = np.tanh(p["W_xn"] @ x + p["W_hn"] @ (f[t] * h[t - 1]) + p["b_n"])
        h[t] = (1 - f[t]) * h[t - 1] + f[t] * n[t]
    found = {name: np.zeros_like(array) for name, array in p.items()}
    g = np.zeros_like(h[0])
    for t in range(T, 0, -1):
        x = problem.inputs["x", t]
        g = g + problem.loss["h", t] if early or t == T else g
        delta_n = g * f[t] * ((1 - n[t] ** 2) if slope else 1)
        back = p["W_hn"].T @ delta_n
        g_f = g * (n[t] - h[t - 1]) + (back * h[t - 1] if second else 0)
        delta_f = g_f * f[t] * (1 - f[t])
        read = f[t] * h[t - 1] if gated else h[t - 1]
        for gate, delta, state in (("f", delta_f, h[t - 1]), ("n", delta_n, read)):
            found[f"W_x{gate}"] += delta @ x.T
            found[f"W_h{gate}"] += delta @ state.T
            found[f"b_{gate}"] += delta
        g = kept * g * (1 - f[t]) + back * f[t] + p["W_hf"].T @ delta_f
    return found


def _by_name(found):
    """The gradients of the parameters, of a dictionary that may have more."""
    return {n: found[n] for n in ("W_xf", "W_hf", "b_f", "W_xn", "W_hn", "b_n")}


def _machine(problem):
    """The same gradients by the machine."""
    from rnnlib.symbolic.derivation.evaluation import Evaluator

    found = Evaluator(_minimal().recursion, problem).backward()
    return {name: found[name, None] for name in problem.parameters}


def _slip(**what):
    """The backward pass with one slip."""
    return lambda problem, *_: minimal_backward(problem, **what)


CODE = Exercise(
    "ex-derive-your-own-cell-code",
    Code(
        _points,
        _machine,
        {
            "f_t is read in the candidate too: that use is missing from g_f": (
                _slip(second=False)
            ),
            "W_hn is multiplied by f_t * h_{t-1}: that stands in its gradient": (
                _slip(gated=False)
            ),
            "h_{t-1} is also read directly in h_t: (1 - f_t) * g_t goes back": (
                _slip(kept=False)
            ),
            "the slope 1 - n_t^2 is missing": _slip(slope=False),
            "the loss of the earlier steps is not added to g": _slip(early=False),
        },
        _by_name,
    ),
    (
        "Run the unit forwards and keep f, n and h. Going back, write first who reads "
        "h_{t-1}, and who reads f_t.",
        "h_{t-1} is read in three definitions: in the gate, in the candidate behind "
        "f_t, and in h_t. f_t is read in h_t and in the candidate.",
        "g_f = g * (n_t - h_{t-1}) + W_hn^T delta_n * h_{t-1}; back to h_{t-1} go "
        "g * (1 - f_t), f_t * W_hn^T delta_n and W_hf^T delta_f.",
    ),
    wrong={
        "that use is missing from g_f": _slip(second=False),
        "that stands in its gradient": _slip(gated=False),
        "(1 - f_t) * g_t goes back": _slip(kept=False),
    },
    called=False,
)

# what the long way is worth

CUT = Exercise(
    "ex-derive-your-own-cell-cut",
    Experiment(
        {
            "errors for the factors 1 and 0.01": lambda r: (
                set(r) == {1, 0.01} and all(np.isfinite(e) for e in r.values())
            ),
            "without the term the gradient is another one": lambda r: (
                min(r.values()) > 0
            ),
            "the errors are relative": lambda r: r[0.01] < 0.1 and r[1] < 10,
            "the smaller V matters less": lambda r: r[1] > 5 * r[0.01],
        },
        {
            "without the term the gradient is another one": "an error of zero: was "
            "the term left out?",
            "the errors are relative": "divide the norm of the difference by the norm "
            "of the true gradient",
            "the smaller V matters less": "the two errors are alike: was V made "
            "smaller, in the forward pass too?",
        },
    ),
    (
        "Take one point of the network, and change nothing but V.",
        "Catalogue(skip, point) has the mistake already: where h is read with lag 2, "
        "the use is left out.",
        "The error is norm(wrong - true) / norm(true) for the gradient of U; return "
        "it for point.parameters['V'] as it is, and times 0.01.",
    ),
    wrong={
        "was the term left out": {1: 0.0, 0.01: 0.0},
        "divide the norm of the difference": {1: 41.5, 0.01: 0.73},
        "was V made smaller": {1: 0.09, 0.01: 0.08},
    },
)

# a gate with two purposes


@cache
def _second_use():
    """The question for what comes back to f_t from the candidate."""
    v = _minimal()
    right = read_formula(r"W_hn^T delta_n_t \odot h_{t-1}", Names(v)).term
    target = Target(Leaf("adjoint", "f", NOW), right, "t", True)
    return Question(v, target, "the missing term")


def _seen(test):
    """True when the slip shows with so many steps from this initial state."""
    T, h_0 = test
    point = _minimal().point(np.random.default_rng(0), T=int(T), d=3)
    point.initial["h", 0] = np.zeros((3, 1)) + float(h_0)
    right, wrong = _machine(point), minimal_backward(point, second=False)
    return any(not np.allclose(right[n], wrong[n]) for n in right)


MISTAKE = Exercise(
    "ex-derive-your-own-cell-mistake",
    Parts(
        {
            "the missing term": Formulas(
                {"the missing term": _second_use},
                {
                    "the missing term": {
                        r"g_t \odot (n_t - h_{t-1})": "that is what comes back from "
                        "h_t, and it is there",
                        r"W_hn^T delta_n_t \odot f_t": "that goes back to h_{t-1}: "
                        "f_t is multiplied by h_{t-1} in the candidate",
                    }
                },
            ),
            "a test that sees it": Experiment(
                {"a test that sees it": _seen},
                {
                    "a test that sees it": "what comes back is multiplied by h_{t-1}: "
                    "in the first step that is h_0, so one step from zero sees nothing"
                },
            ),
        }
    ),
    (
        "In which two definitions is f_t read?",
        "In the candidate f_t stands before h_{t-1}, behind W_hn. What comes back to "
        "f_t from there?",
        "W_hn^T delta_n_t * h_{t-1} is missing. It is zero in step 1 when h_0 = 0; two "
        "steps see it, or another h_0.",
    ),
    wrong={
        "the missing term: and it is there": (r"g_t \odot (n_t - h_{t-1})", (2, 0)),
        "the missing term: that goes back to h_{t-1}": (
            r"W_hn^T delta_n_t \odot f_t",
            (2, 0),
        ),
        "one step from zero sees nothing": (
            r"W_hn^T delta_n_t \odot h_{t-1}",
            (1, 0),
        ),
    },
)
EXERCISES = (LAGS, TIED, CODE, CUT, MISTAKE)
SOLUTIONS = {
    LAGS.label: LAGS_RIGHT,
    TIED.label: entries,
    CODE.label: minimal_backward,
    CUT.label: {1: 0.39, 0.01: 0.003},
    MISTAKE.label: (r"W_hn^T delta_n_t \odot h_{t-1}", (2, 0)),
}
