"""Check the training loop: windows in order, the carried state, clip and update."""

from typing import NamedTuple

import numpy as np

from rnnbook.tutor import backward, forward, problems, update, windows
from rnnbook.tutor.calls import call, parts
from rnnbook.tutor.engine import examine
from rnnbook.tutor.layout import (
    BOOK,
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


PIECES = {
    "window": lambda step, count: step % count,
    "carried": lambda h, place: h[-1] if place else np.zeros_like(h[0]),
    "divisor": REDUCTIONS["sum"],
    "kept gradient": lambda old, new: new,
    "clip": lambda a, tau: np.clip(a, -tau, tau),
    "memory": lambda r, place: r,
    "collect": update.PIECES["collect"],
    "sign": update.PIECES["sign"],
    "step": update.PIECES["step"],
    "target": lambda x, y: y,
    "recorded": lambda loss, length: loss,
}


def run(case, pieces):
    """Losses and last parameters of the loop."""
    params = case.params
    memory = Params(*map(np.zeros_like, params))
    kept = dict.fromkeys(Params._fields, 0.0)
    h, losses = np.zeros((1, 1, params.d_h)), []
    inner = backward.PIECES | {"divisor": pieces["divisor"]}
    for step in range(case.steps):
        place = pieces["window"](step, len(case.x))
        x, y = case.x[place][:, None], case.y[place][:, None]
        start = pieces["carried"](h, step % len(case.x)) if step else h[-1]
        at = problems.Problem(params, x, pieces["target"](x, y), start)
        found = forward.run(at, forward.PIECES | {"divisor": pieces["divisor"]})
        h = found["h"]
        g = backward.gradients(params, at.x, at.y, h, found["p"], inner)
        kept = {n: pieces["kept gradient"](kept[n], g[n]) for n in g}
        clipped = Params(**{n: pieces["clip"](a, case.tau) for n, a in kept.items()})
        memory = Params(*(pieces["memory"](r, place) for r in memory))
        settings = update.Case(params, clipped, memory, case.eta, EPS)
        keys = ("collect", "sign", "step")
        new = update.PIECES | {key: pieces[key] for key in keys}
        params, memory = update.updated(settings, new)
        losses.append(pieces["recorded"](found["loss"], len(x)))
    return {"losses": np.array(losses)} | params._asdict()


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
    cases = {"": Case(at.params, x, y, 10, 0.1, 0.7)}
    pieces = PIECES | {"divisor": REDUCTIONS[layout.reduction]}

    def ask(case):
        params = layout.give(case.params)
        called = call(
            train, {"params": params} | dict(list(case._asdict().items())[1:])
        )
        result, losses = parts(called.result, ("params", "losses"))
        losses = number_array("losses", losses)
        if losses.shape != (case.steps,):
            raise Unusable(
                f"losses: expected shape ({case.steps},), got {losses.shape}"
            )
        found = layout.take(result, case.params, "params")._asdict()
        return {"losses": losses} | found, [] if layout.in_place else called.changed

    def compute(case, change):
        return run(case, pieces | change)

    return examine("training", ask, compute, cases, MISTAKES, layout)


def planted(change):
    """A training loop in the book's form with these pieces replaced."""
    pieces = PIECES | change

    def train(params, x, y, steps, learning_rate, threshold):
        found = run(Case(params, x, y, steps, learning_rate, threshold), pieces)
        losses = found.pop("losses")
        return Params(**found), losses

    return train
