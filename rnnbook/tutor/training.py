"""Check the training loop: windows in order, the carried state, clip and update."""

from functools import partial
from typing import NamedTuple

import numpy as np

from rnnbook.tutor import backward, forward, problems, update, windows
from rnnbook.tutor.calls import Answer, call, in_order, last_rows
from rnnbook.tutor.engine import examine
from rnnbook.tutor.layout import (
    BOOK,
    NAMES,
    REDUCTIONS,
    Unusable,
    check_layout,
    number_array,
)
from rnnbook.tutor.training_mistakes import MISTAKES
from rnnlib.parameters import Params

EPS = 1e-8  # of Adagrad


class Case(NamedTuple):
    """A start, the windows (n, length), and the settings."""

    params: Params
    x: np.ndarray
    y: np.ndarray
    steps: int
    eta: float
    tau: float


def _clipped(gradients, tau):
    return {n: np.clip(a, -tau, tau) for n, a in gradients.items()}


PIECES = {
    "window": lambda step, count: step % count,
    "carried": lambda h, place: h[-1] if place else np.zeros_like(h[0]),
    "divisor": REDUCTIONS["sum"],
    "kept gradient": lambda old, new: new,
    "tau": lambda tau: tau,
    "clip": _clipped,
    "memory": lambda r, place: r,
    "target": lambda x, y: y,
    "measured": lambda loss, after: loss,
    "recorded": lambda losses, length, V: losses,
    "returned": lambda first, last: last,
} | {key: update.PIECES[key] for key in ("collect", "sign", "step", "rate", "root")}
PIECES["eps"] = update.PIECES["eps"]


def run(case, pieces):
    """Losses and last parameters of the loop."""
    params = case.params
    memory = Params(*map(np.zeros_like, params))
    kept = dict.fromkeys(Params._fields, 0.0)
    h, losses = np.zeros((1, 1, params.d_h)), []
    inner = backward.PIECES | {"divisor": pieces["divisor"]}
    outer = forward.PIECES | {"divisor": pieces["divisor"]}
    for step in range(case.steps):
        place = pieces["window"](step, len(case.x))
        x, y = case.x[place][:, None], case.y[place][:, None]
        start = pieces["carried"](h, step % len(case.x)) if step else h[-1]
        at = problems.Problem(params, x, pieces["target"](x, y), start)
        found = forward.run(at, outer)
        h = found["h"]
        g = backward.gradients(params, at.x, at.y, h, found["p"], inner)
        kept = {n: pieces["kept gradient"](kept[n], g[n]) for n in g}
        clipped = Params(**pieces["clip"](kept, pieces["tau"](case.tau)))
        memory = Params(*(pieces["memory"](r, step % len(case.x)) for r in memory))
        settings = update.Case(params, clipped, memory, case.eta, EPS)
        keys = ("collect", "sign", "step", "rate", "root", "eps")
        new = update.PIECES | {key: pieces[key] for key in keys}
        params, memory = update.updated(settings, new)
        after = partial(_loss, at._replace(params=params), outer)
        losses.append(pieces["measured"](found["loss"], after))
    recorded = pieces["recorded"](np.array(losses), case.x.shape[1], case.params.K)
    return {"losses": recorded} | pieces["returned"](case.params, params)._asdict()


def _loss(at, pieces):
    """The loss of a window."""
    return forward.run(at, pieces)["loss"]


def check_training(train, *, layout=BOOK):
    """Diagnose ``train(params, x, y, steps, learning_rate, threshold)``.

    x and y are windows (n, length) in the order of the text. Step k takes window k mod
    n, from a zero state at the first window of the text and from the last state of the
    window before elsewhere; it clips by entries and updates with Adagrad, with
    eps = 1e-8. Returned are the parameters and the loss of every step.
    """
    check_layout(layout)
    at = problems.problem(11)
    text = np.random.default_rng(12).integers(0, at.params.K, 17)
    x, y = windows.planted({})(text, 4)
    steep = at.params._replace(W_hy=60 * at.params.W_hy)
    first = Case(at.params, x, y, 7, 0.0873, 0.683)
    cases = {"": first}
    if np.dtype(layout.dtype) == np.float64:  # rounding grows, or is all there is
        cases[" (of large gradients)"] = Case(steep, x, y, 6, 0.0391, 61.7)
        b_y = at.params.b_y + 20.0 * (np.arange(at.params.K) == 2)
        sure, twos = at.params._replace(b_y=b_y), np.full_like(x, 2)
        small = Case(sure, twos, twos, 5, 1.37e-5, 0.683)
        cases[" (of small gradients)"] = small
    pieces = PIECES | {"divisor": REDUCTIONS[layout.reduction]}

    def ask(case):
        params = layout.give(case.params)
        called = call(
            train, {"params": params} | dict(list(case._asdict().items())[1:])
        )
        like, notes = compute(case, {}), []

        def take(values):
            result, losses = values
            notes.clear()
            losses = number_array("losses", last_rows(losses, like["losses"], notes))
            if losses.shape != (case.steps,):
                raise Unusable(
                    f"losses: expected shape ({case.steps},), got {losses.shape}"
                )
            found = layout.take(result, case.params, "params")._asdict()
            return {"losses": losses} | found

        found, order = in_order(called.result, ("params", "losses"), take, like)
        changed = [] if layout.in_place else called.changed
        return Answer(found, changed, (*notes, *order))

    def compute(case, change):
        return run(case, pieces | change)

    return examine(
        "training",
        ask,
        compute,
        cases,
        MISTAKES,
        layout,
        order={"losses": lambda i: f"step {i + 1}"} | dict.fromkeys(NAMES),
        probes={
            "learning_rate": first._replace(eta=0.0191),
            "threshold": first._replace(tau=0.191),
        },
    )


def planted(change):
    """A training loop in the book's form with these pieces replaced."""
    pieces = PIECES | change

    def train(params, x, y, steps, learning_rate, threshold):
        found = run(Case(params, x, y, steps, learning_rate, threshold), pieces)
        losses = found.pop("losses")
        return Params(**found), losses

    return train
