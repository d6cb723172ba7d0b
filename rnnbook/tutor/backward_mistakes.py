"""The catalogue of the backward pass: what readers get wrong in it."""

import numpy as np

from rnnbook.tutor.catalogue import Mistake

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


def _softmax_again(p, y):
    return (p - y) * p * (1 - p)


MISTAKES = [
    Mistake(
        "W_hh transposed",
        "The error goes back through W_hh; it needs the transpose.",
        "eq-bptt-8",
        {"pass_back": lambda delta, W_hh: delta @ W_hh.T},
    ),
    Mistake(
        "dh_next forgotten",
        "What comes from the future is not added: every step is treated as the last.",
        "eq-bptt-9",
        {"gather": lambda output, future: output},
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
        {"gather": lambda output, future: output - future},
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
        {"slope": lambda g, h, s: g},
    ),
    Mistake(
        "phi' applied twice",
        "The slope 1 - h_t^2 is multiplied in two times.",
        "eq-bptt-7",
        {"slope": lambda g, h, s: g * (1 - h * h) ** 2},
    ),
    Mistake(
        "1 - s^2 for 1 - h^2",
        "The slope is 1 - h_t^2 with the state h_t, not with the pre-activation s_t.",
        "eq-bptt-7",
        {"slope": lambda g, h, s: g * (1 - s * s)},
    ),
    Mistake(
        "phi' at h_t in place of s_t",
        "tanh is applied to h_t, which is tanh(s_t) already: the slope is 1 - h_t^2.",
        "eq-bptt-7",
        {"slope": lambda g, h, s: g * (1 - np.tanh(h) ** 2)},
    ),
    Mistake(
        "the slope of the logistic function",
        "h(1 - h) belongs to the logistic function; tanh has 1 - h^2.",
        "eq-bptt-7",
        {"slope": lambda g, h, s: g * h * (1 - h)},
    ),
    Mistake(
        "g_t passed on for delta_s_t",
        "dh_next is W_hh^T g_t: the slope is left out on the way back in time.",
        "eq-bptt-8",
        {"sent": lambda g, delta_s: g},
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
        {"before": lambda h, t: h[t]},
    ),
    Mistake(
        "h_{t-1} for h_t in the sum for W_hy",
        "The sum for W_hy pairs delta_z_t with the state before the step.",
        "eq-bptt-10",
        {"state": lambda h, t: h[t - 1]},
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
        {"error": lambda p, y: y - p},
    ),
    Mistake(
        "the target not subtracted",
        "The error of the logits is p: one has to be subtracted at the target.",
        "eq-bptt-5",
        {"error": lambda p, y: p},
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
]
