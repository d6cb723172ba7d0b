"""Check a backward pass, and tell which classic mistake it has.

The right computation is written in pieces; a mistake is another piece. The mistakes of
one term are derived, in `backward_terms`; `backward_mistakes` has names for the classic
ones, and those that are not of one term.
"""

from functools import cache, partial

import numpy as np

from rnnbook.tutor import backward_terms, problems
from rnnbook.tutor.backward_mistakes import ALIASED, MISTAKES, NOT_ZEROED, clips
from rnnbook.tutor.calls import Answer, call, in_order, parts
from rnnbook.tutor.catalogue import other_reductions
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
    "slope": lambda g, h: g * (1 - h * h),  # Roysdon (7)
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
} | backward_terms.PIECES


def run(at, pieces):
    """The five gradients of a `Problem`, from its right states and probabilities."""
    right = forward_run(at, FORWARD)
    return gradients(at.params, at.x, at.y, right["h"], right["p"], pieces)


def gradients(params, x, y, h, p, pieces):
    """The backward recursion, step by step, as a dictionary."""
    pieces = {n: PIECES.get(n) if f is None else f for n, f in pieces.items()}
    T, B = x.shape
    V = p.shape[-1]
    target, wrong = pieces["target"](x, y), pieces["term z 0"]
    seen = backward_terms.Seen(params, x, target, h, p) if any_term(pieces) else None
    if wrong:
        delta_z = np.array([wrong(seen, t) for t in range(1, T + 1)])
    else:
        delta_z = pieces["error"](p, np.eye(V)[target])
    delta_z = delta_z / pieces["divisor"](T, B, V)
    total = {n: np.zeros_like(a) for n, a in params._asdict().items()}
    if any(getattr(piece, "apart", False) for piece in pieces.values()):
        for source in range(T, 0, -1):  # the error of each step by itself
            steps = range(source, max(0, source - pieces["horizon"](T)), -1)
            one = delta_z * (np.arange(1, T + 1) == source)[:, None, None]
            total = add_up(total, params, x, h, one, steps, pieces, seen, source)
    else:
        total = add_up(total, params, x, h, delta_z, pieces["order"](T), pieces, seen)
    return {n: pieces["finish"](total[n]) for n in total}


def any_term(pieces):
    """True when a term is a derived one."""
    return any(pieces[name] for name in backward_terms.PIECES)


def add_up(total, params, x, h, delta_z, steps, pieces, seen, source=None):
    """The sums with the terms of these steps added, as the error goes back in time."""
    V, future = delta_z.shape[-1], np.zeros_like(h[0])
    wrong = {n.removeprefix("term "): pieces[n] for n in backward_terms.PIECES}
    wrong = {n: f for n, f in wrong.items() if f}
    if seen:
        errors = {("z", t): one for t, one in enumerate(delta_z, 1)}
        seen = seen.replacing(adjoints=errors)

    def reads(name, t, local):
        """What a term of a gradient is made of at step t, by the other pieces."""
        if name.endswith("y"):
            return seen.replacing({("h", t): pieces["state"](h, t)})
        values = {
            ("h", t - 1): pieces["before"](h, t, source or t),
            ("x", t): np.eye(V)[pieces["input"](x, t, source or t)],
        }
        return seen.replacing(values, {("s", t): local})

    for t in steps:
        if "h 0" in wrong:
            output = wrong["h 0"](seen, t)
        else:
            output = pieces["output"](delta_z[t - 1], params.W_hy)
        g = pieces["gather"](output, future)
        at = pieces["at"](h, t)
        if "s 0" in wrong:
            slope = partial(_slope, wrong["s 0"], seen, t, at)
        else:
            slope = partial(pieces["slope"], h=at)
        delta_s = pieces["limit_error"](pieces["delta"](output, future, g, slope))
        local = pieces["local"](g, delta_s)
        terms = {
            "W_xh": pieces["scatter"](local, pieces["input"](x, t, source or t), V),
            "W_hh": local.T @ pieces["before"](h, t, source or t),
            "b_h": pieces["biases"](local),
            "W_hy": delta_z[t - 1].T @ pieces["state"](h, t),
            "b_y": pieces["biases"](delta_z[t - 1]),
        }
        if seen:
            seen.adjoints |= {("h", t): g, ("s", t): delta_s}
        for n in terms:
            if f"{n} 0" in wrong and not wrong[f"{n} 0"].early:
                terms[n] = wrong[f"{n} 0"](reads(n, t, local), t)
        total = {n: pieces["limit"](pieces["add"](total[n], terms[n])) for n in total}
        if "h 1" in wrong:
            new = wrong["h 1"](seen, t - 1)
        else:
            new = pieces["pass_back"](pieces["sent"](g, delta_s), params.W_hh)
        future = pieces["kept_future"](future, pieces["limit_sent"](new))
    for n in total:
        if f"{n} 0" in wrong and wrong[f"{n} 0"].early:
            total[n] = sum(wrong[f"{n} 0"](seen, t) for t in steps)
    return total


def _slope(term, seen, t, state, g):
    """A derived mistake of the slope, at a state, for what it is applied to."""
    read = seen.replacing({("h", t): state}, {("h", t): g})
    return term(read, t)


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
        catalogue(layout, threshold) + unnamed(),
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


def catalogue(layout, threshold):
    """The mistakes of a backward pass, for a declared layout and bound."""
    reductions = other_reductions(layout.reduction, "eq-min-char-rnn-loss")
    return MISTAKES + clips(threshold) + reductions


@cache
def unnamed():
    """The derived mistakes without a classic name.

    Of several that make the same gradients the first is kept, one with a name before.
    """
    at, kept, found = problems.plain(), [], []
    for m in [m for m in MISTAKES if not m.square] + backward_terms.others(MISTAKES):
        with np.errstate(all="ignore"):
            arrays = run(at, PIECES | m.change).values()
        one = np.concatenate([a.ravel() for a in arrays])
        if not any(np.allclose(one, other) for other in kept):
            kept.append(one)
            found += [m] if m not in MISTAKES else []
    return found
