"""The catalogue of the forward pass: what readers get wrong in it."""

import numpy as np

from rnnbook.tutor.catalogue import Mistake


def softmax(z, axis=-1):
    """The softmax along the axis, without overflow."""
    e = np.exp(z - z.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def _unshifted(z):
    with np.errstate(all="ignore"):
        return np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True)


MISTAKES = [
    Mistake(
        "W_hh transposed",
        "The state is multiplied by the transpose of W_hh.",
        "eq-forward-pre-activation",
        {"recurrent": lambda h, W_hh: h @ W_hh},
    ),
    Mistake(
        "the initial state ignored",
        "The window starts from zero in place of h_0: the state is not carried.",
        "eq-forward-pre-activation",
        {"start": np.zeros_like},
    ),
    Mistake(
        "the state not carried from step to step",
        "Every step uses h_0 in place of h_{t-1}.",
        "eq-forward-pre-activation",
        {"before": lambda h, t: h[0]},
    ),
    Mistake(
        "b_h forgotten",
        "The bias b_h is not added.",
        "eq-forward-pre-activation",
        {"bias": np.zeros_like},
    ),
    Mistake(
        "b_h subtracted",
        "The bias b_h has the wrong sign.",
        "eq-forward-pre-activation",
        {"bias": np.negative},
    ),
    Mistake(
        "phi missing",
        "The pre-activation s_t itself is used as the state.",
        "eq-forward-hidden",
        {"phi": lambda s: s},
    ),
    Mistake(
        "logistic for tanh",
        "The state is the logistic function of s_t, with values above zero only.",
        "eq-forward-hidden",
        {"phi": lambda s: 1 / (1 + np.exp(-s))},
    ),
    Mistake(
        "phi applied twice",
        "The state is tanh(tanh(s_t)).",
        "eq-forward-hidden",
        {"phi": lambda s: np.tanh(np.tanh(s))},
    ),
    Mistake(
        "one array for all states",
        "Every step stores the same array, and the last step overwrites it: "
        "store a copy.",
        "eq-forward-hidden",
        {"stored": lambda h: np.broadcast_to(h[-1], h.shape)},
    ),
    Mistake(
        "h_{t-1} for h_t in the logits",
        "The logits of step t are read from the state before the step.",
        "eq-forward-logits",
        {"read": lambda h: h[:-1]},
    ),
    Mistake(
        "b_y forgotten",
        "The bias b_y is not added.",
        "eq-forward-logits",
        {"output_bias": np.zeros_like},
    ),
    Mistake(
        "W_hy transposed",
        "The logits use the transpose of W_hy.",
        "eq-forward-logits",
        {"output": lambda h, W_hy: h @ W_hy},
        square=True,
    ),
    Mistake(
        "W_xh transposed",
        "The input term takes row x_t of W_xh; the equation needs column x_t.",
        "eq-forward-pre-activation",
        {"input": lambda W_xh, x: W_xh[x]},
        square=True,
    ),
    Mistake(
        "softmax overflow",
        "exp of a large logit is infinite: subtract the largest logit first.",
        "eq-losses-log-softmax",
        {"softmax": _unshifted},
    ),
    Mistake(
        "softmax over the batch",
        "The probabilities sum to one over the sequences, not over the symbols.",
        "eq-losses-softmax",
        {"softmax": lambda z: softmax(z, 1)},
    ),
    Mistake(
        "softmax over time",
        "The probabilities sum to one over the steps, not over the symbols.",
        "eq-losses-softmax",
        {"softmax": lambda z: softmax(z, 0)},
    ),
    Mistake(
        "softmax over everything",
        "One sum for all steps and sequences: each step needs its own.",
        "eq-losses-softmax",
        {"softmax": lambda z: softmax(z, (0, 1, 2))},
    ),
    Mistake(
        "softmax applied twice",
        "The softmax of probabilities is taken again.",
        "eq-losses-softmax",
        {"softmax": lambda z: softmax(softmax(z))},
    ),
    Mistake(
        "targets not shifted",
        "The loss looks up the input x_t in place of the target y_t.",
        "eq-min-char-rnn-windows",
        {"target": lambda x, y: x},
    ),
    Mistake(
        "the log of the wrong entry",
        "The loss looks up the entry one step late: the target of step t + 1.",
        "eq-losses-cross-entropy",
        {"target": lambda x, y: np.roll(y, -1, axis=0)},
    ),
    Mistake(
        "log missing",
        "The loss is minus the probability itself.",
        "eq-losses-cross-entropy",
        {"log": np.negative},
    ),
    Mistake(
        "wrong sign of the loss",
        "The loss is the log-probability: the minus is missing.",
        "eq-losses-cross-entropy",
        {"log": np.log},
    ),
    Mistake(
        "log to base 2",
        "The loss is in bits; the gradients of the book are those of nats.",
        "eq-losses-cross-entropy",
        {"log": lambda p: -np.log2(p)},
    ),
    Mistake(
        "only the last step counted",
        "The loss is that of the last step: it is overwritten, not added up.",
        "eq-min-char-rnn-loss",
        {"counted": lambda losses: losses[-1:]},
    ),
]

ALIASED = Mistake(
    "input not copied",
    "The first state is h_0 itself, and a later line changes it in place.",
    "eq-forward-pre-activation",
    {},
)
