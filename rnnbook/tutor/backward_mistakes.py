"""The catalogue of the backward pass: what readers get wrong in it.

A mistake of one term is derived from the equations of the cell; it has a classic name
and a sentence here. Written out are the others: indices, aliases, loops that run
wrongly, slopes of other functions, several terms at once.
"""

import numpy as np

from rnnbook.tutor.backward_terms import change
from rnnbook.tutor.catalogue import Mistake
from rnnbook.tutor.layout import NAMES

NOT_ZEROED = Mistake(
    "gradients not zeroed",
    "The sums of an earlier call are still there: every window starts from zeros.",
    "eq-bptt-11",
    {"kept": True},
)
ALIASED = Mistake(
    "input not copied",
    "The error p - y was made in the array p itself: take a copy first.",
    "eq-bptt-5",
    {"in place": True},
)


def _apart(piece):
    """A piece for which the error of each step goes back by itself."""
    piece.apart = True
    return piece


def _assigned(p, y):
    return np.where(y > 0, -1, p)


def _every_row(p, y):
    """One subtracted in every row, at the targets of all rows of a step."""
    return p - y.max(axis=1, keepdims=True)


def _last_wins(local, x, V):
    """Of the rows that belong to one column, only the last is added."""
    last = {symbol: row for row, symbol in enumerate(x)}
    term = np.zeros((local.shape[1], V))
    for symbol, row in last.items():
        term[:, symbol] = local[row]
    return term


def _softmax_again(p, y):
    return (p - y) * p * (1 - p)


MISTAKES = [
    Mistake(
        "W_hh transposed",
        "The error goes back through W_hh; it needs the transpose.",
        "eq-bptt-8",
        change("h 1", "has not transposed W_hh", "pass_back"),
    ),
    Mistake(
        "dh_next forgotten",
        "What comes from the future is not added: every step is treated as the last.",
        "eq-bptt-9",
        change("h 1", "is left out", "gather"),
    ),
    Mistake(
        "dh_next added twice",
        "What comes from the future is counted two times.",
        "eq-bptt-9",
        {"gather": lambda output, future: output + 2 * future},
    ),
    Mistake(
        "dh_next subtracted",
        "What comes from the future has the wrong sign.",
        "eq-bptt-9",
        change("h 1", "has the wrong sign", "gather"),
    ),
    Mistake(
        "the output's part forgotten",
        "W_hy^T delta_z is used at the last step only; the others get dh_next alone.",
        "eq-bptt-6",
        {"gather": lambda output, future: future if future.any() else output},
    ),
    Mistake(
        "W_hy^T missing",
        "The error of the logits reaches the state without passing W_hy^T.",
        "eq-bptt-6",
        {"output": lambda delta_z, W_hy: delta_z},
        square=True,
    ),
    Mistake(
        "W_hy not transposed",
        "The error of the logits goes back through W_hy; it needs the transpose.",
        "eq-bptt-6",
        {"output": lambda delta_z, W_hy: delta_z @ W_hy.T},
        square=True,
    ),
    Mistake(
        "phi' missing",
        "delta_s_t is g_t itself: the slope 1 - h_t^2 is not multiplied in.",
        "eq-bptt-7",
        change("s 0", "lacks the factor 1 - h_t^2", "slope"),
    ),
    Mistake(
        "phi' applied twice",
        "The slope 1 - h_t^2 is multiplied in two times.",
        "eq-bptt-7",
        change("s 0", "has squared the factor 1 - h_t^2", "slope"),
    ),
    Mistake(
        "1 - s^2 for 1 - h^2",
        "The slope is 1 - h_t^2 with the state h_t, not with the pre-activation s_t.",
        "eq-bptt-7",
        change("s 0", "has put another quantity for h_t: s_t", "slope"),
    ),
    Mistake(
        "phi' at h_t in place of s_t",
        "tanh is applied to h_t, which is tanh(s_t) already: the slope is 1 - h_t^2.",
        "eq-bptt-7",
        {"slope": lambda g, h: g * (1 - np.tanh(h) ** 2)},
    ),
    Mistake(
        "the slope of the logistic function",
        "h(1 - h) belongs to the logistic function; tanh has 1 - h^2.",
        "eq-bptt-7",
        {"slope": lambda g, h: g * h * (1 - h)},
    ),
    Mistake(
        "g_t passed on for delta_s_t",
        "dh_next is W_hh^T g_t: the slope is left out on the way back in time.",
        "eq-bptt-8",
        change("h 1", "has put another quantity for delta_s_{t+1}: g_{t+1}", "sent"),
    ),
    Mistake(
        "g_t for delta_s_t in the sums",
        "The sums of the hidden parameters use g_t, before the slope is applied.",
        "eq-bptt-11",
        {"local": lambda g, delta_s: g},
    ),
    Mistake(
        "h_t for h_{t-1}",
        "The sum for W_hh pairs delta_s_t with the state after the step.",
        "eq-bptt-11",
        change("W_hh 0", "reads a step beside h_{t-1}: delta_s_t h_t^T", "before"),
    ),
    Mistake(
        "h_{t-1} for h_t in the sum for W_hy",
        "The sum for W_hy pairs delta_z_t with the state before the step.",
        "eq-bptt-10",
        change("W_hy 0", "reads a step beside h_t: delta_z_t h_{t-1}^T", "state"),
    ),
    Mistake(
        "time runs forwards",
        "The loop goes from 1 to T: the error has to travel from T to 1.",
        "eq-bptt-9",
        {"order": lambda T: range(1, T + 1)},
    ),
    Mistake(
        "the last step left out",
        "The loop begins at T - 1: step T has a loss, too.",
        "eq-bptt-9",
        {"order": lambda T: range(T - 1, 0, -1)},
    ),
    Mistake(
        "the first step left out",
        "The loop ends before step 1.",
        "eq-bptt-9",
        {"order": lambda T: range(T, 1, -1)},
    ),
    Mistake(
        "y - p for p - y",
        "The error of the logits has the wrong sign, and with it all gradients.",
        "eq-bptt-5",
        change("z 0", "has the wrong sign", "error"),
    ),
    Mistake(
        "the target not subtracted",
        "The error of the logits is p: one has to be subtracted at the target.",
        "eq-bptt-5",
        change("z 0", "lacks the part -y_t", "error"),
    ),
    Mistake(
        "the softmax differentiated twice",
        "p - y is the gradient by the logits already; no p(1 - p) belongs to it.",
        "eq-bptt-5",
        {"error": _softmax_again},
    ),
    Mistake(
        "targets not shifted",
        "The error subtracts one at the input x_t in place of the target y_t.",
        "eq-min-char-rnn-windows",
        {"target": lambda x, y: x},
    ),
    Mistake(
        "overwritten, not added up",
        "The gradients hold one step alone: = stands where += belongs.",
        "eq-bptt-11",
        {"add": lambda total, term: term},
    ),
    Mistake(
        "states numbered from 0",
        "h[t] is used as the state after the step and h[t-1] as the one before, for "
        "t from 0; in the book's array h these are h[t+1] and h[t], and at t = 0 "
        "Python's h[-1] is the last state. Three places: the slope and the sums for "
        "W_hy, W_hh.",
        "eq-bptt-11",
        {
            "at": lambda h, t: h[t - 1],
            "state": lambda h, t: h[t - 1],
            "before": lambda h, t, source: h[t - 2],
        },
        original="indices",
    ),
    Mistake(
        "h_{t-1} for h_t throughout",
        "The slope and the sum for W_hy use the state before the step; so does the sum "
        "for W_hh, where it is right.",
        "eq-bptt-7",
        {"at": lambda h, t: h[t - 1], "state": lambda h, t: h[t - 1]},
    ),
    Mistake(
        "h_{t-2} for h_{t-1}",
        "The sum for W_hh is one step too early; at the first step Python's index -1 "
        "takes the last state.",
        "eq-bptt-11",
        {"before": lambda h, t, source: h[t - 2]},
    ),
    Mistake(
        "x_{t-1} for x_t",
        "The sum for W_xh uses the input one step too early; at the first step "
        "Python's index -1 takes the last input.",
        "eq-bptt-11",
        {"input": lambda x, t, source: x[t - 2]},
    ),
    Mistake(
        "x_{t+1} for x_t",
        "The sum for W_xh uses the input one step too late.",
        "eq-bptt-11",
        {"input": lambda x, t, source: x[t % len(x)]},
    ),
    Mistake(
        "x_t for x_k",
        "The error of step t that has travelled back to step k belongs to the input of "
        "step k.",
        "eq-bptt-11",
        {"input": _apart(lambda x, t, source: x[source - 1])},
    ),
    Mistake(
        "h_{t-1} for h_{k-1}",
        "The error of step t that has travelled back to step k belongs to the state "
        "before step k.",
        "eq-bptt-11",
        {"before": _apart(lambda h, t, source: h[source - 1])},
    ),
    Mistake(
        "= -1 for p - y",
        "The target's entry is set to -1; one has to be subtracted: p - 1.",
        "eq-bptt-5",
        {"error": _assigned},
    ),
    Mistake(
        "one subtracted in every row",
        "[:, y] -= 1 subtracts at all targets of the step in every row: each row has "
        "one target, [rows, y] -= 1.",
        "eq-bptt-5",
        {"error": _every_row},
    ),
    Mistake(
        "the target's entry alone",
        "The error is p - 1 at the target and zero elsewhere; elsewhere it is p.",
        "eq-bptt-5",
        {"error": lambda p, y: y * (p - 1)},
    ),
    Mistake(
        "repeated symbols lost",
        "G[:, x] += d adds once for a symbol that stands twice in x: np.add.at adds "
        "every time.",
        "eq-bptt-11",
        {"scatter": _last_wins},
    ),
    Mistake(
        "dh_next added up",
        "What comes from the future is kept and added to: it is replaced at every "
        "step.",
        "eq-bptt-8",
        {"kept_future": lambda old, new: old + new},
    ),
    Mistake(
        "W_hh missing on the way back",
        "The error goes back in time without passing W_hh^T.",
        "eq-bptt-8",
        change("h 1", "lacks the factor W_hh^T", "pass_back"),
    ),
    Mistake(
        "the slope of h_{t-1}",
        "The slope is 1 - h_t^2, of the state after the step.",
        "eq-bptt-7",
        change("s 0", "reads a step beside h_t: g_t * (1 - h_{t-1}^2)", "at"),
    ),
    Mistake(
        "1 - h for 1 - h^2",
        "The square is missing in the slope.",
        "eq-bptt-7",
        {"slope": lambda g, h: g * (1 - h)},
    ),
    Mistake(
        "h^2 for 1 - h^2",
        "The slope is one minus the square.",
        "eq-bptt-7",
        change("s 0", "has the other sign, and lacks the part 1", "slope"),
    ),
    Mistake(
        "1 - g^2 for 1 - h^2",
        "The slope is taken of the error; it belongs to the state.",
        "eq-bptt-7",
        {"slope": lambda g, h: g * (1 - g * g)},
    ),
    Mistake(
        "the slope of relu",
        "Where h_t is positive the slope is taken as 1, else 0; tanh has 1 - h^2.",
        "eq-bptt-7",
        {"slope": lambda g, h: g * (h > 0)},
    ),
    Mistake(
        "the slope on the output's part alone",
        "What comes from the future is added after the slope: it passes the slope, "
        "too.",
        "eq-bptt-7",
        {"delta": lambda output, future, g, slope: slope(output) + future},
    ),
    Mistake(
        "the slope on the future's part alone",
        "The output's part is added after the slope: it passes the slope, too.",
        "eq-bptt-7",
        {"delta": lambda output, future, g, slope: output + slope(future)},
    ),
    Mistake(
        "the last target is the first input",
        "The targets are the inputs rolled by one: y_T is not x_1 but the next symbol.",
        "eq-min-char-rnn-windows",
        {"target": lambda x, y: np.roll(x, -1, axis=0)},
    ),
    Mistake(
        "biases averaged over the batch",
        "The gradients of b_h and b_y are sums over the sequences, not means.",
        "eq-bptt-11",
        {"biases": lambda rows: rows.mean(axis=0)},
    ),
]


def _forgotten(name):
    return Mistake(
        f"the gradient of {name} forgotten",
        f"Nothing is added up for {name}.",
        "eq-bptt-10" if name.endswith("y") else "eq-bptt-11",
        change(f"{name} 0", "is left out"),
    )


def _truncated(steps):
    """The entry of an error that travels back so many steps."""
    return Mistake(
        f"truncated inside the window, {steps} steps",
        f"The error of a step is followed over {steps} steps, its own included; here "
        "it travels to the beginning of the window.",
        "eq-bptt-9",
        {"horizon": _apart(lambda T: steps)},
        alone=steps >= 6,
    )


MISTAKES += [_truncated(steps) for steps in (*range(2, 12), 15, 16, 20, 21, 25, 26)]
MISTAKES += [_forgotten(name) for name in NAMES]
THRESHOLDS = (1.0, 5.0, 10.0)  # what everybody types


def clips(tau):
    """The entries of clipping in a wrong place, at tau and at the usual bounds."""
    entries = []
    for bound in dict.fromkeys((tau, *THRESHOLDS)):
        entries += _clips_at(bound, "" if bound == tau else f" (at {bound:g})")
    return entries


def _clips_at(bound, words):
    def clip(a):
        return np.clip(a, -bound, bound)

    where, alone = "eq-min-char-rnn-clip", bool(words)
    return [
        Mistake(
            f"clip inside the loop{words}",
            "The running sums are cut at every step: clip once, after the loop.",
            where,
            {"limit": clip},
            alone=alone,
        ),
        Mistake(
            f"clip of the error inside the loop{words}",
            "delta_s_t is cut at every step: clip the finished gradients only.",
            where,
            {"limit_error": clip},
            alone=alone,
        ),
        Mistake(
            f"dh_next clipped{words}",
            "What goes back to the step before is cut: clip the finished gradients "
            "only.",
            where,
            {"limit_sent": clip},
            alone=alone,
        ),
        Mistake(
            f"clipped here{words}",
            "The gradients are clipped at the end of backward; the book's backward "
            "returns them plain, and clipping is the next function.",
            where,
            {"finish": clip},
            alone=alone,
            original="clip" if bound == 5.0 else "",
        ),
    ]
