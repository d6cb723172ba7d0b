"""Check a forward pass, and tell which classic mistake it has.

The right computation is written in pieces; a mistake is another piece.
"""

import numpy as np

from rnnbook.tutor import problems
from rnnbook.tutor.calls import call, parts
from rnnbook.tutor.catalogue import other_reductions
from rnnbook.tutor.engine import examine
from rnnbook.tutor.forward_mistakes import ALIASED, MISTAKES, softmax
from rnnbook.tutor.layout import (
    BOOK,
    REDUCTIONS,
    Unusable,
    check_layout,
    number_array,
)

OUTPUTS = ("loss", "h", "p")


PIECES = {
    "start": lambda h_0: h_0,
    "input": lambda W_xh, x: W_xh.T[x],
    "recurrent": lambda h, W_hh: h @ W_hh.T,
    "before": lambda h, t: h[t - 1],
    "bias": lambda b_h: b_h,
    "phi": np.tanh,
    "read": lambda h: h[1:],
    "output": lambda h, W_hy: h @ W_hy.T,
    "output_bias": lambda b_y: b_y,
    "softmax": softmax,
    "target": lambda x, y: y,
    "log": lambda p: -np.log(p),
    "counted": lambda losses: losses,
    "divisor": REDUCTIONS["sum"],
    "stored": lambda h: h,
}


def run(at, pieces):
    """Loss, states and probabilities of a `Problem`."""
    W_xh, W_hh, b_h, W_hy, b_y = at.params
    T, B = at.x.shape
    h = np.empty((T + 1, *at.h_0.shape))
    h[0] = pieces["start"](at.h_0)
    for t in range(1, T + 1):
        s = pieces["input"](W_xh, at.x[t - 1]) + pieces["bias"](b_h)
        s = s + pieces["recurrent"](pieces["before"](h, t), W_hh)
        h[t] = pieces["phi"](s)
    z = pieces["output"](pieces["read"](h), W_hy) + pieces["output_bias"](b_y)
    p = pieces["softmax"](z)
    target = pieces["target"](at.x, at.y)
    losses = pieces["log"](np.take_along_axis(p, target[..., None], -1)[..., 0])
    loss = pieces["counted"](losses).sum() / pieces["divisor"](T, B)
    return {"loss": np.asarray(loss), "h": pieces["stored"](h), "p": p}


def catalogue(layout=BOOK):
    """The mistakes of a forward pass, those of the reduction included."""
    return MISTAKES + other_reductions(layout.reduction, "eq-min-char-rnn-loss")


def check_forward(forward, *, layout=BOOK):
    """Diagnose ``forward(params, x, y, h_0)``, which returns ``loss, h, p``.

    x and y are integers (T, B), h_0 is (B, d_h); the loss is the sum over steps
    and sequences in nats, h is (T + 1, B, d_h) with h_0 in front, and p (T, B, V) are
    the probabilities. ``layout`` declares another form. Returns a `Diagnosis`; it
    raises ValueError only for a layout that makes no sense.

    Source: {cite}`roysdon`, (1)-(4); {cite}`topcuoglu`, section 13.
    """
    check_layout(layout)
    cases = {"": problems.plain(), " of large logits": problems.large_logits()}
    pieces = PIECES | {"divisor": REDUCTIONS[layout.reduction]}

    def ask(at):
        arguments = {
            "params": layout.give(at.params),
            "x": layout.give_array(at.x),
            "y": layout.give_array(at.y),
            "h_0": layout.give_array(at.h_0),
        }
        called = call(forward, arguments)
        loss, h, p = parts(called.result, OUTPUTS)
        like = run(at, PIECES)
        found = {
            "loss": number_array("loss", loss).reshape(-1),
            "h": layout.take_array("h", h, like["h"]),
            "p": layout.take_array("p", p, like["p"]),
        }
        if found["loss"].size != 1:
            raise Unusable(f"loss: expected one number, got {found['loss'].size}")
        return found | {"loss": found["loss"][0]}, called.changed

    return examine(
        "forward",
        ask,
        lambda at, change: run(at, pieces | change),
        cases,
        catalogue(layout),
        layout,
        square=problems.square(),
        hints={"h_0": ALIASED},
    )


def planted(change, layout=BOOK):
    """A forward pass in the book's form with these pieces replaced."""
    pieces = PIECES | {"divisor": REDUCTIONS[layout.reduction]} | change

    def forward(params, x, y, h_0):
        return tuple(run(problems.Problem(params, x, y, h_0), pieces).values())

    return forward
