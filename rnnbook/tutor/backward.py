"""Check a backward pass, and tell which classic mistake it has.

The right computation is written in pieces; a mistake is another piece. The mistakes
themselves are in `backward_mistakes`.
"""

import numpy as np

from rnnbook.tutor import problems
from rnnbook.tutor.backward_mistakes import ALIASED, MISTAKES, NOT_ZEROED
from rnnbook.tutor.calls import call, parts
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
    "output": lambda delta_z, W_hy: delta_z @ W_hy,
    "gather": lambda output, future: output + future,  # Roysdon (6)
    "slope": lambda g, h, s: g * (1 - h * h),  # Roysdon (7)
    "sent": lambda g, delta_s: delta_s,
    "pass_back": lambda delta, W_hh: delta @ W_hh,  # Roysdon (8)
    "local": lambda g, delta_s: delta_s,
    "before": lambda h, t: h[t - 1],
    "state": lambda h, t: h[t],
    "add": lambda total, term: total + term,
    "limit": lambda total: total,
    "limit_error": lambda delta_s: delta_s,
    "finish": lambda total: total,
} | {f"finish {name}": lambda total: total for name in NAMES}


def run(at, pieces):
    """The five gradients of a `Problem`, from its right states and probabilities."""
    right = forward_run(at, FORWARD)
    return gradients(at.params, at.x, at.y, right["h"], right["p"], pieces)


def gradients(params, x, y, h, p, pieces):
    """The backward recursion, step by step, as a dictionary."""
    T, B = x.shape
    eye = np.eye(p.shape[-1])
    delta_z = pieces["error"](p, eye[pieces["target"](x, y)])
    delta_z = delta_z / pieces["divisor"](T, B)
    total = {n: np.zeros_like(a) for n, a in params._asdict().items()}
    future = np.zeros_like(h[0])
    for t in pieces["order"](T):
        one_hot = eye[x[t - 1]]
        s = one_hot @ params.W_xh.T + h[t - 1] @ params.W_hh.T + params.b_h
        g = pieces["gather"](pieces["output"](delta_z[t - 1], params.W_hy), future)
        delta_s = pieces["limit_error"](pieces["slope"](g, h[t], s))
        local = pieces["local"](g, delta_s)
        terms = {
            "W_xh": local.T @ one_hot,
            "W_hh": local.T @ pieces["before"](h, t),
            "b_h": local.sum(axis=0),
            "W_hy": delta_z[t - 1].T @ pieces["state"](h, t),
            "b_y": delta_z[t - 1].sum(axis=0),
        }
        total = {n: pieces["limit"](pieces["add"](total[n], terms[n])) for n in total}
        future = pieces["pass_back"](pieces["sent"](g, delta_s), params.W_hh)
    return {n: pieces[f"finish {n}"](pieces["finish"](total[n])) for n in total}


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
    cases = {"": problems.plain(), " (when large)": problems.large_gradients()}
    pieces = PIECES | {"divisor": REDUCTIONS[layout.reduction]}

    def ask(at):
        right = forward_run(at, FORWARD)
        arguments = {
            "params": layout.give(at.params),
            "x": layout.give_array(at.x),
            "y": layout.give_array(at.y),
            "h": layout.give_array(right["h"]),
            "p": layout.give_array(right["p"]),
        }
        called = call(backward, arguments)
        (result,) = parts(called.result, ("the gradients",))
        found = layout.take(result, at.params, "gradients")
        return found._asdict(), called.changed

    return examine(
        "backward",
        ask,
        lambda at, change: run(at, pieces | change),
        cases,
        catalogue(layout, threshold),
        layout,
        square=problems.square(),
        hints={"p": ALIASED, "kept": NOT_ZEROED},
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


def _clips(tau):
    def clip(a):
        return np.clip(a, -tau, tau)

    where = "eq-min-char-rnn-clip"
    return [
        Mistake(
            "clip inside the loop",
            "The running sums are cut at every step: clip once, after the loop.",
            where,
            {"limit": clip},
        ),
        Mistake(
            "clip of the error inside the loop",
            "delta_s_t is cut at every step: clip the finished gradients only.",
            where,
            {"limit_error": clip},
        ),
        Mistake(
            "clipped here",
            "backward returns the plain gradients: clipping is the next function.",
            where,
            {"finish": clip},
        ),
    ]


def catalogue(layout, threshold):
    """The mistakes of a backward pass, for a declared layout and bound."""
    reductions = other_reductions(layout.reduction, "eq-min-char-rnn-loss")
    forgotten = [_forgotten(name) for name in NAMES]
    return MISTAKES + forgotten + _clips(threshold) + reductions
