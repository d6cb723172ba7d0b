"""The catalogue of the training loop: what goes wrong around right functions."""

import numpy as np

from rnnbook.tutor import update
from rnnbook.tutor.catalogue import Mistake

WHERE = "eq-min-char-rnn-carry"


def _carried_on(h, place):
    return h[-1]


def _never(h, place):
    return np.zeros_like(h[0])


def _reset_later(h, place):
    return h[-1] if place != 1 else np.zeros_like(h[0])


MISTAKES = [
    Mistake(
        "state not carried across windows",
        "Every window starts from a zero state; it starts where the last one ended.",
        WHERE,
        {"carried": _never},
    ),
    Mistake(
        "state carried across epochs",
        "The text begins again, and the state of its end is still there: reset it.",
        WHERE,
        {"carried": _carried_on},
    ),
    Mistake(
        "state reset one window late",
        "The state is set to zero after the first window of the text, not before it.",
        WHERE,
        {"carried": _reset_later},
    ),
    Mistake(
        "the first state carried, not the last",
        "The next window starts from h_1 of this one; it has to start from h_T.",
        WHERE,
        {"carried": lambda h, place: h[1] if place else np.zeros_like(h[0])},
    ),
    Mistake(
        "always the same window",
        "The position in the text does not advance.",
        WHERE,
        {"window": lambda step, count: 0},
    ),
    Mistake(
        "the first window left out",
        "The loop begins with the second window.",
        WHERE,
        {"window": lambda step, count: (step + 1) % count},
    ),
    Mistake(
        "targets not shifted",
        "The network is trained to repeat its input: x stands where y belongs.",
        "eq-min-char-rnn-windows",
        {"target": lambda x, y: x},
    ),
    Mistake(
        "gradients not zeroed",
        "The gradients of earlier windows are still in the sum.",
        "eq-bptt-11",
        {"kept gradient": lambda old, new: old + new},
    ),
    Mistake(
        "clip missing",
        "The gradients reach the update as they are.",
        "eq-min-char-rnn-clip",
        {"clip": lambda a, tau: a},
    ),
    Mistake(
        "update with the wrong sign",
        "The step goes uphill.",
        "eq-min-char-rnn-adagrad",
        {"sign": lambda step: step},
    ),
    Mistake(
        "memory reset in every step",
        "Adagrad's memory is zero at every window: the update has to get it back.",
        "eq-min-char-rnn-adagrad",
        {"collect": lambda r, g: g * g},
    ),
    Mistake(
        "memory reset in every epoch",
        "Adagrad's memory is set to zero with the state; it stays for the whole run.",
        "eq-min-char-rnn-adagrad",
        {"memory": lambda r, place: r if place else np.zeros_like(r)},
    ),
    Mistake(
        "plain gradient descent",
        "The update is the gradient times the rate; Adagrad was asked for.",
        "eq-min-char-rnn-adagrad",
        {"step": update.SGD["step"]},
    ),
    Mistake(
        "loss a symbol recorded",
        "The recorded loss is divided by the length of the window.",
        "eq-min-char-rnn-loss",
        {"recorded": lambda loss, length: loss / length},
    ),
]
