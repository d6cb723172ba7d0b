"""The answers of the chapter on gates."""

from functools import cache

import numpy as np

from rnnbook.tutor.answers.checking import Exercise, Variant
from rnnbook.tutor.answers.kinds import Code, Experiment, Formulas, Numbers, Parts
from rnnbook.tutor.formulas.checking import Question
from rnnbook.tutor.formulas.judging import Target
from rnnbook.tutor.formulas.names import Names
from rnnbook.tutor.formulas.reading import read_formula
from rnnbook.tutor.formulas.terms import NOW, Leaf, Step
from rnnlib.layers import from_torch, gru, lstm, to_torch
from rnnlib.symbolic import derive

# a bias for a lag


def bias_of(lag):
    """The bias of a constant forget gate whose power ``lag`` is one half."""
    f = 0.5 ** (1 / lag)
    return float(np.log(f / (1 - f)))


def _bias(lag=200, variant=None):
    """The exercise for this lag."""
    slips: dict[float, str] = {
        0.5 ** (1 / lag): "is the gate f: the gate is sigma(b), so b = log(f/(1 - f))",
        float(-np.log(np.expm1(1 / lag))): f"falls to 1/e over {lag} steps, not to "
        "one half",
        -bias_of(lag): "has the other sign: sigma(-b) is 1 - f, a gate that forgets",
    }
    return Exercise(
        "ex-gates-bias",
        Numbers({"bias": bias_of(lag)}, {"bias": slips}, tolerance=1e-3),
        (
            "With zero matrices the forget gate is the same number f at each step.",
            f"The derivative over {lag} steps is f^{lag}; which f makes that 1/2?",
            "f = 2^(-1/k) for k steps, and f = sigma(b) gives b = log(f/(1 - f)).",
        ),
        wrong=dict(
            zip(
                ("is the gate f", "falls to 1/e", "has the other sign"),
                slips,
                strict=True,
            )
        ),
        variant=variant,
    )


def _other_bias(rng):
    """Another lag."""
    lag = 10 * rng.randint(5, 60)
    text = {
        "$dc_{201}/dc_1$, a derivative over 200 steps,": (
            f"$dc_{{{lag + 1}}}/dc_1$, a derivative over {lag} steps,"
        )
    }
    return Variant(_bias(lag), text, bias_of(lag))


BIAS = _bias(variant=_other_bias)

# a GRU that keeps everything

GRU = """
    r_t = sigma(W_xr x_t + W_hr h_{t-1} + b_r)
    u_t = sigma(W_xu x_t + W_hu h_{t-1} + b_u)
    RESET
    n_t = tanh(W_xn x_t + b_n + m_t)
    h_t = u_t * h_{t-1} + (1 - u_t) * n_t
"""
LSTM = """
    i_t = sigma(W_xi x_t + W_hi h_{t-1} + b_i)
    f_t = sigma(W_xf x_t + W_hf h_{t-1} + b_f)
    n_t = tanh(W_xn x_t + W_hn h_{t-1} + b_n)
    o_t = sigma(W_xo x_t + W_ho h_{t-1} + b_o)
    c_t = f_t * c_{t-1} + i_t * n_t
    h_t = o_t * tanh(c_t)
"""
TEXTS = {
    "before": GRU.replace("RESET", "m_t = W_hn (r_t * h_{t-1}) + b_m"),
    "after": GRU.replace("RESET", "q_t = W_hn h_{t-1} + b_m\n    m_t = r_t * q_t"),
    "LSTM": LSTM,
}
PULLED_OUT = "Diag((h_{t-1} - n_t) * u_t) W_hu - I + "
REST = {
    "before": PULLED_OUT + "Diag(1 - n_t^2) W_hn "
    "(Diag(r_t) + Diag(h_{t-1} * r_t * (1 - r_t)) W_hr)",
    "after": PULLED_OUT + "Diag(1 - n_t^2) "
    "(Diag(r_t) W_hn + Diag(q_t * r_t * (1 - r_t)) W_hr)",
    "LSTM": "Diag(n_t * i_t * (1 - i_t)) W_hi + Diag(i_t * (1 - n_t^2)) W_hn",
}


@cache
def _rest(cell):
    """The question for what stands beside the identity."""
    v = derive(TEXTS[cell], {"x": "d_x", "h": "d_h"})
    over = "c" if cell == "LSTM" else "h"
    jacobian = Leaf("jacobian", over, NOW, "h", Step("t", -1))
    right = read_formula(REST[cell], Names(v)).term
    return Question(v, Target(jacobian, right, "t", True), cell)


FORGET = "Diag(c_{t-1} * f_t * (1 - f_t)) W_hf + "
FREE = REST["LSTM"]
LOST = {cell: REST[cell].replace(" - I", "") for cell in ("before", "after")}
UNPULLED = {
    cell: REST[cell].replace("* u_t)", "* u_t * (1 - u_t))")
    for cell in ("before", "after")
}
KEEPS = Exercise(
    "ex-gates-gru-identity",
    Formulas(
        {cell: lambda cell=cell: _rest(cell) for cell in REST},
        {
            cell: {
                LOST[cell]: "the first term is Diag(u_t) = I - Diag(1 - u_t): its "
                "-I is missing",
                UNPULLED[cell]: "the factor 1 - u_t stands in front already, and is "
                "still inside too",
            }
            for cell in LOST
        }
        | {
            "LSTM": {
                FORGET + FREE: "when f_t tends to 1 the term with W_hf vanishes: "
                "f_t (1 - f_t) tends to 0",
                "0": "the input gate is not tied to the forget gate: the terms with "
                "W_hi and W_hn stay",
            }
        },
    ),
    (
        "Write the first term of the Jacobian as Diag(u_t) = I - Diag(1 - u_t).",
        "Each of the other terms has the factor 1 - u_t. Pull it out to the left: what "
        "is left is M_t, and each of its entries is bounded.",
        "M_t = " + REST["before"] + ", before the product. In the LSTM Diag(f_t) "
        "tends to I, and two of the three terms of dc_t/dh_{t-1} stay.",
    ),
    wrong={
        "before: its -I is missing": (LOST["before"], REST["after"], FREE),
        "after: still inside too": (REST["before"], UNPULLED["after"], FREE),
        "LSTM: the terms with W_hi and W_hn stay": (
            REST["before"],
            REST["after"],
            "0",
        ),
    },
)
KEPT = tuple(REST.values())

# an original GRU for PyTorch


def conversion_error(params, x, ends=("before", "after"), last=False, mean=False):
    """The largest difference of an output when the convention changes; or a slip."""
    (arrived,) = from_torch(to_torch(params))
    ours, theirs = (
        gru.forward(p, x, reset=reset).h[1:]
        for p, reset in zip((params, arrived), ends, strict=True)
    )
    apart = np.abs(ours - theirs)
    apart = apart[-1] if last else apart
    return apart.mean() if mean else apart.max()


def _grus():
    """Networks that tell the two conventions apart, and one that does not."""
    rng = np.random.default_rng(31)
    x = rng.standard_normal((6, 2, 2))
    full = gru.init_params(2, 3, rng=rng)
    full = full._replace(W_hh=2 * full.W_hh)
    diagonal = full._replace(W_hh=full.W_hh.copy())
    gru.split(diagonal.W_hh).n[:] = np.diag([0.9, -0.5, 0.3])
    shifted = diagonal._replace(b_m=np.array([0.5, -0.5, 1.0]))
    return {
        "a full matrix": (full, x),
        "a diagonal W_hn, no b_m": (diagonal, x),
        "a diagonal W_hn with b_m": (shifted, x),
        "one step with b_m": (shifted, x[:1]),
        "early steps count": (full, np.concatenate([x, np.zeros((30, 2, 2))])),
    }


def _unchanged(params, x):
    return conversion_error(params, x, ends=("before", "before"))


def _last_step(params, x):
    return conversion_error(params, x, last=True)


def _mean(params, x):
    return conversion_error(params, x, mean=True)


CONVERT = Exercise(
    "ex-gates-convert",
    Code(
        _grus,
        conversion_error,
        {
            "the arrays arrive unchanged, but PyTorch computes with the reset after "
            "the product": _unchanged,
            "only the last step is compared": _last_step,
            "the mean difference is not how far off an output can be": _mean,
        },
    ),
    (
        "to_torch and from_torch rename arrays. Does the function that is computed "
        "with them stay the same?",
        'gru.forward takes reset="before" and reset="after"; PyTorch is the second.',
        "np.abs(ours - theirs).max(), where ours is the output with the reset before "
        "the product and theirs that of the same arrays with it after.",
    ),
    wrong={
        "the reset after the product": _unchanged,
        "only the last step": _last_step,
        "the mean difference": _mean,
    },
    called=False,
)

# where an LSTM starts to explode


def cell_derivatives(params, x):
    """dc_T/dc_1 of one sequence, from a backward pass of unit vectors."""
    d, trace = params.d_h, lstm.forward(params, x)
    start = lstm.State(*(a[1].repeat(d, axis=0) for a in (trace.h, trace.c)))
    rest = lstm.forward(params, x[1:].repeat(d, axis=1), state=start)
    end = lstm.State(np.zeros((d, d)), np.eye(d))
    back = lstm.backward(params, rest, np.zeros_like(rest.h[1:]), end).state
    o = lstm.split(trace.gates, axis=-1).o[0]
    return back.c + back.h * o * (1 - np.tanh(trace.c[1]) ** 2)


def log_size(scale):
    """log of the norm of dc_121/dc_1 in the network of the chapter."""
    params = lstm.init_params(2, 32, rng=np.random.default_rng(8), scale=scale)
    x = 0.1 * np.random.default_rng(3).standard_normal((121, 1, 2))
    return np.log(np.linalg.norm(cell_derivatives(params, x), 2))


BORDER = Exercise(
    "ex-gates-border",
    Experiment(
        {
            "the first size is the smaller one": lambda r: 0 < r[0] < r[1],
            "the two are near each other": lambda r: max(r) < 1.3 * min(r),
            "at the first size it vanishes": lambda r: log_size(r[0]) < 0,
            "at the second size it explodes": lambda r: log_size(r[1]) > 0,
        },
        {
            "the first size is the smaller one": "give the size that vanishes first, "
            "then the one that explodes",
            "the two are near each other": "go on: a quotient of 1.3 takes four "
            "halvings of 0.1 to 2 on a logarithmic scale",
            "at the first size it vanishes": "the derivative explodes at this size "
            "already: is the forget bias 1, and the lag 120?",
            "at the second size it explodes": "the derivative still vanishes at this "
            "size: is the forget bias 1, and the lag 120?",
        },
    ),
    (
        "Begin with a size at which it vanishes and one at which it explodes, such as "
        "0.1 and 2.",
        "Halve on a logarithmic scale: the middle is the root of the product. log_size "
        "says on which side the middle lies.",
        "Four halvings: middle = sqrt(low * high); low = middle where log_size(...) is "
        "negative, and high = middle where it is not.",
    ),
    wrong={
        "give the size that vanishes first": (0.211, 0.175),
        "go on": (0.1, 2.0),
        "at the first size it vanishes: is the forget bias 1": (0.37, 0.38),
    },
)

# a gate below one


def one_unit(weight, forget_bias=0.0, units=1, weight_of="n"):
    """An LSTM with one recurrent weight a unit, and every other parameter zero."""
    params = lstm.LSTMParams(*(np.zeros(s) for s in lstm.shapes(1, units)))
    getattr(lstm.split(params.W_hh), weight_of)[:] = weight * np.eye(units)
    lstm.split(params.b_h).f[:] = forget_bias
    return params


def _silence(params):
    """The inputs of a run of 51 steps without input."""
    return np.zeros((51, 1, params.d_x))


def _forget_gates(params):
    """The forget gates of that run, from zero."""
    run = lstm.forward(params, _silence(params))
    return lstm.split(run.gates, axis=-1).f


def _grown(params):
    """The norm of dc_51/dc_1 of that run."""
    return np.linalg.norm(cell_derivatives(params, _silence(params)), 2)


REFUTES = Experiment(
    {
        "one unit": lambda p: p.d_h == 1,
        "each forget gate lies below one": lambda p: _forget_gates(p).max() < 1 - 1e-9,
        "dc_51/dc_1 exceeds one": lambda p: _grown(p) > 1 + 1e-9,
    },
    {
        "one unit": "a smaller network will do: one unit",
        "each forget gate lies below one": "the forget gate is one but for rounding, "
        "and the statement is about gates below one",
        "dc_51/dc_1 exceeds one": "the derivative does not grow: at rest one step has "
        "1/2 + w/4, with the weight w of the candidate",
    },
)
MISTAKE = Exercise(
    "ex-gates-mistake",
    Parts(
        {
            "which derivative was taken": Numbers(
                {"which derivative was taken": "immediate"},
                {
                    "which derivative was taken": {
                        "total": "the total derivative has a second term, through "
                        "h_{t-1}: Diag(f_t) is the other one"
                    }
                },
            ),
            "the network": REFUTES,
        }
    ),
    (
        "Which ways lead from c_{t-1} to c_t? The argument knows one of them.",
        "c_{t-1} acts on h_{t-1}, and the candidate n_t reads h_{t-1}. At rest one "
        "unit with W_hn = w has dc_t/dc_{t-1} = 1/2 + w/4.",
        "Diag(f_t) is the immediate derivative. One unit with w = 3 and zeros "
        "elsewhere has f = 1/2 and 5/4 a step.",
    ),
    wrong={
        "the total derivative has a second term": ("total", one_unit(3.0)),
        "dc_51/dc_1 exceeds one: with the weight w of the candidate": (
            "immediate",
            one_unit(3.0, weight_of="f"),
        ),
        "a smaller network will do": ("immediate", one_unit(3.0, units=2)),
    },
)
EXERCISES = (BIAS, KEEPS, CONVERT, BORDER, MISTAKE)
SOLUTIONS = {
    BIAS.label: bias_of(200),
    KEEPS.label: KEPT,
    CONVERT.label: conversion_error,
    BORDER.label: (0.1754, 0.2115),
    MISTAKE.label: ("immediate", one_unit(3.0)),
}
