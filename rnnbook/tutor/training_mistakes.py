"""The catalogue of the training loop: what goes wrong around right functions."""

import numpy as np

from rnnbook.tutor import update
from rnnbook.tutor.catalogue import BOUNDS, RATES, SMALL, Mistake, fixed

WHERE = "eq-min-char-rnn-carry"


def _carried_on(h, place):
    return h[-1]


def _never(h, place):
    return np.zeros_like(h[0])


def _reset_later(h, place):
    return h[-1] if place != 1 else np.zeros_like(h[0])


def _smooth(losses, start):
    """The running mean of the original program."""
    found = []
    for loss in losses:
        start = 0.999 * start + 0.001 * loss
        found.append(start)
    return np.array(found)


def _clipped_by_norm(gradients, tau):
    norm = np.sqrt(sum((a * a).sum() for a in gradients.values()))
    return {n: a * tau / max(tau, norm) for n, a in gradients.items()}


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
        {"clip": lambda g, tau: g},
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
        {"recorded": lambda losses, length, V: losses / length},
    ),
    Mistake(
        "the smoothed loss returned",
        "The running mean 0.999 of the old and 0.001 of the new loss is returned, from "
        "T ln V on: asked for is the loss of every step.",
        "eq-min-char-rnn-loss",
        {"recorded": lambda losses, length, V: _smooth(losses, length * np.log(V))},
    ),
    Mistake(
        "the smoothed loss returned, from the first loss on",
        "The running mean 0.999 of the old and 0.001 of the new loss is returned: "
        "asked for is the loss of every step.",
        "eq-min-char-rnn-loss",
        {"recorded": lambda losses, length, V: _smooth(losses, losses[0])},
    ),
    Mistake(
        "the loss after the update recorded",
        "The window is read once more with the new parameters: the loss of a step is "
        "that of its forward pass, before the update.",
        "eq-min-char-rnn-loss",
        {"measured": lambda loss, after: after()},
    ),
    Mistake(
        "the parameters returned as they were",
        "The first parameters come back: the new ones have to be kept and returned.",
        "eq-min-char-rnn-adagrad",
        {"returned": lambda first, last: first},
    ),
    Mistake(
        "clipped by the norm in place of entries",
        "The whole gradient is rescaled; here each entry is cut by itself.",
        "eq-min-char-rnn-clip",
        {"clip": _clipped_by_norm},
    ),
    Mistake(
        "eps inside the root",
        "The step is divided by the root of r + eps; the book adds eps to the root of "
        "r.",
        "eq-min-char-rnn-adagrad",
        {"root": lambda r, eps: np.sqrt(r + eps)},
        original="eps",
    ),
    *fixed(
        "learning_rate",
        RATES,
        "eq-min-char-rnn-adagrad",
        lambda value: {"rate": lambda eta: value},
        together=(0.1, 0.01),
    ),
    *fixed(
        "threshold",
        BOUNDS,
        "eq-min-char-rnn-clip",
        lambda value: {"tau": lambda tau: value},
        together=(1.0, 5.0),
    ),
    *(
        Mistake(
            f"eps is {value:g}, not 1e-8",
            "Another number is handed to the update.",
            "eq-min-char-rnn-adagrad",
            {"eps": lambda eps, value=value: value},
            alone=True,
        )
        for value in (0.0, *SMALL)
        if value != 1e-8
    ),
]
