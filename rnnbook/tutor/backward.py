"""Check a backward pass, and tell which classic mistake it has.

The right computation is written in pieces; a mistake is another piece. The mistakes
themselves are in `backward_mistakes`.
"""

from functools import partial

import numpy as np

from rnnbook.tutor import problems
from rnnbook.tutor.backward_mistakes import ALIASED, MISTAKES, NOT_ZEROED, clips
from rnnbook.tutor.calls import Answer, call, in_order, parts
from rnnbook.tutor.catalogue import Mistake, other_reductions
from rnnbook.tutor.engine import examine
from rnnbook.tutor.forward import PIECES as FORWARD
from rnnbook.tutor.forward import run as forward_run
from rnnbook.tutor.layout import BOOK, NAMES, REDUCTIONS, check_layout
from rnnlib.parameters import Params

PIECES = {
    "target": lambda x, y: y,
    "error": lambda p, y: p - y,  # Roysdon (5)
    "divisor": REDUCTIONS["sum"],
    "order": lambda T: range(T, 0, -1),
    "horizon": lambda T: T,  # how many steps back an error travels
    "output": lambda delta_z, W_hy: delta_z @ W_hy,
    "gather": lambda output, future: output + future,  # Roysdon (6)
    "at": lambda h, t: h[t],  # the state whose slope is taken
    "slope": lambda g, h, s: g * (1 - h * h),  # Roysdon (7)
    "delta": lambda output, future, g, slope: slope(g),
    "sent": lambda g, delta_s: delta_s,
    "pass_back": lambda delta, W_hh: delta @ W_hh,  # Roysdon (8)
    "limit_sent": lambda future: future,
    "kept_future": lambda old, new: new,
    "local": lambda g, delta_s: delta_s,
    "input": lambda x, t, source: x[t - 1],
    "scatter": lambda local, x, V: local.T @ np.eye(V)[x],
    "before": lambda h, t, source: h[t - 1],
    "state": lambda h, t: h[t],
    "add": lambda total, term: total + term,
    "limit": lambda total: total,
    "limit_error": lambda delta_s: delta_s,
    "biases": lambda rows: rows.sum(axis=0),
    "finish": lambda total: total,
} | {f"finish {name}": lambda total: total for name in NAMES}


def run(at, pieces):
    """The five gradients of a `Problem`, from its right states and probabilities."""
    right = forward_run(at, FORWARD)
    return gradients(at.params, at.x, at.y, right["h"], right["p"], pieces)


def gradients(params, x, y, h, p, pieces):
    """The backward recursion, step by step, as a dictionary."""
    T, B = x.shape
    V = p.shape[-1]
    delta_z = pieces["error"](p, np.eye(V)[pieces["target"](x, y)])
    delta_z = delta_z / pieces["divisor"](T, B, V)
    total = {n: np.zeros_like(a) for n, a in params._asdict().items()}
    if any(getattr(piece, "apart", False) for piece in pieces.values()):
        for source in range(T, 0, -1):  # the error of each step by itself
            steps = range(source, max(0, source - pieces["horizon"](T)), -1)
            one = delta_z * (np.arange(1, T + 1) == source)[:, None, None]
            total = add_up(total, params, x, h, one, steps, pieces, source)
    else:
        total = add_up(total, params, x, h, delta_z, pieces["order"](T), pieces)
    return {n: pieces[f"finish {n}"](pieces["finish"](total[n])) for n in total}


def add_up(total, params, x, h, delta_z, steps, pieces, source=None):
    """The sums with the terms of these steps added, as the error goes back in time."""
    V, future = delta_z.shape[-1], np.zeros_like(h[0])
    for t in steps:
        now = x[t - 1]
        s = params.W_xh.T[now] + h[t - 1] @ params.W_hh.T + params.b_h
        output = pieces["output"](delta_z[t - 1], params.W_hy)
        g = pieces["gather"](output, future)
        at = pieces["at"](h, t)
        slope = partial(pieces["slope"], h=at, s=s)
        delta_s = pieces["limit_error"](pieces["delta"](output, future, g, slope))
        local = pieces["local"](g, delta_s)
        terms = {
            "W_xh": pieces["scatter"](local, pieces["input"](x, t, source or t), V),
            "W_hh": local.T @ pieces["before"](h, t, source or t),
            "b_h": pieces["biases"](local),
            "W_hy": delta_z[t - 1].T @ pieces["state"](h, t),
            "b_y": pieces["biases"](delta_z[t - 1]),
        }
        total = {n: pieces["limit"](pieces["add"](total[n], terms[n])) for n in total}
        new = pieces["pass_back"](pieces["sent"](g, delta_s), params.W_hh)
        future = pieces["kept_future"](future, pieces["limit_sent"](new))
    return total


def check_backward(backward, *, layout=BOOK, threshold=5.0):
    """Diagnose ``backward(params, x, y, h, p)``, which returns the five gradients.

    h and p are what the right forward pass returns. The gradients are those of the
    summed loss, or of the declared mean, in the form of the parameters, and not
    clipped: ``threshold`` is the bound that a clip in the wrong place is looked for
    with.
    Returns a `Diagnosis`; raises ValueError only for a layout that makes no sense.

    Source: {cite}`roysdon`, (5)-(11); {cite}`topcuoglu`, section 13.
    """
    check_layout(layout)
    cases = {
        "": problems.plain(),
        " (when large)": problems.large_gradients(),
        " (when very large)": problems.very_large_gradients(),
    }
    pieces = PIECES | {"divisor": REDUCTIONS[layout.reduction]}

    def ask(at):
        right = forward_run(at, FORWARD)
        arguments = {
            "params": layout.give(at.params),
            "x": layout.give_array(at.x),
            "y": layout.give_array(at.y),
            "h": layout.give_states(right["h"]),
            "p": layout.give_array(right["p"]),
        }
        called = call(backward, arguments)
        (result,) = parts(called.result, ("the gradients",))

        def take(values):
            return layout.take(values, at.params, "gradients")._asdict()

        listed = isinstance(result, (tuple, list)) and len(result) >= len(NAMES)
        if layout.container == "dict" or not listed:
            return Answer(take(result), called.changed)
        found, order = in_order(result, layout.order, take, run(at, pieces))
        return Answer(found, called.changed, order)

    return examine(
        "backward",
        ask,
        lambda at, change: run(at, pieces | change),
        cases,
        catalogue(layout, threshold),
        layout,
        square=problems.square(),
        hints={"p": ALIASED, "kept": NOT_ZEROED},
        bound=1e9,
        order=dict.fromkeys(("b_y", "W_hy", "b_h", "W_xh", "W_hh")),
    )


def planted(change, layout=BOOK):
    """A backward pass in the book's form with these pieces replaced."""
    pieces = PIECES | {"divisor": REDUCTIONS[layout.reduction]} | change
    kept = {}

    def backward(params, x, y, h, p):
        found = gradients(params, x, y, h, p, pieces)
        if pieces.get("kept"):
            for name, array in found.items():
                found[name] = kept[name] = kept.get(name, 0) + array
        if pieces.get("in place"):
            p -= np.eye(p.shape[-1])[y]
        return Params(**found)

    return backward


def _forgotten(name):
    return Mistake(
        f"the gradient of {name} forgotten",
        f"Nothing is added up for {name}.",
        "eq-bptt-10" if name.endswith("y") else "eq-bptt-11",
        {f"finish {name}": np.zeros_like},
    )


def catalogue(layout, threshold):
    """The mistakes of a backward pass, for a declared layout and bound."""
    reductions = other_reductions(layout.reduction, "eq-min-char-rnn-loss")
    forgotten = [_forgotten(name) for name in NAMES]
    return MISTAKES + forgotten + clips(threshold) + reductions
