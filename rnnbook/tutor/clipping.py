"""Check clipping, by entries or by the norm of the whole gradient."""

from typing import NamedTuple

import numpy as np

from rnnbook.tutor import problems
from rnnbook.tutor.calls import Answer, call, parts
from rnnbook.tutor.catalogue import BOUNDS, Mistake, fixed
from rnnbook.tutor.engine import examine
from rnnbook.tutor.layout import BOOK
from rnnlib.parameters import Params
from rnnlib.validate import check_choice


class Case(NamedTuple):
    """A gradient and the threshold."""

    gradients: Params
    tau: float


def _norm(arrays):
    return float(np.sqrt(sum((a * a).sum() for a in arrays)))


def _by_value(g, tau):
    return [np.clip(a, -tau, tau) for a in g]


def _by_norm(g, tau):
    return [a * tau / max(tau, _norm(g)) for a in g]


def _by_each_norm(g, tau):
    return [a * tau / max(tau, _norm([a])) for a in g]


def _always(g, tau):
    return [a * tau / _norm(g) for a in g]


RULES = {"value": _by_value, "norm": _by_norm}
WHERE = {"value": "eq-min-char-rnn-clip", "norm": "eq-min-char-rnn-norm"}
ANYWHERE = (
    (
        "clip missing",
        "The gradients come back as they were.",
        lambda g, tau: list(g),
    ),
    (
        "clipped by the norm of each array",
        "Every array has a norm of its own here: directions of the whole change.",
        _by_each_norm,
    ),
    (
        "always rescaled",
        "Small gradients are stretched to the threshold: they have to stay.",
        _always,
    ),
)
OWN = {
    "value": (
        (
            "clipped by the norm in place of entries",
            "The whole gradient is rescaled; here each entry is cut by itself.",
            _by_norm,
        ),
        (
            "clipped from above only",
            "Entries below minus the threshold stay.",
            lambda g, tau: [np.minimum(a, tau) for a in g],
        ),
        (
            "clipped from below only",
            "Entries above the threshold stay.",
            lambda g, tau: [np.maximum(a, -tau) for a in g],
        ),
        (
            "the signs lost",
            "The sizes are cut and the signs are gone.",
            lambda g, tau: [np.minimum(abs(a), tau) for a in g],
        ),
        (
            "large entries set to zero",
            "An entry beyond the threshold becomes the threshold, not zero.",
            lambda g, tau: [np.where(abs(a) > tau, 0, a) for a in g],
        ),
    ),
    "norm": (
        (
            "clipped by entries in place of the norm",
            "Each entry is cut by itself, so the gradient turns.",
            _by_value,
        ),
        (
            "the root of the norm forgotten",
            "The sum of squares is used; the norm is its root.",
            lambda g, tau: [a * tau / max(tau, _norm(g) ** 2) for a in g],
        ),
        (
            "divided by the norm only",
            "The clipped gradient has norm 1: the factor is threshold over norm.",
            lambda g, tau: list(g) if _norm(g) <= tau else [a / _norm(g) for a in g],
        ),
    ),
}


def catalogue(rule):
    """The mistakes of clipping by this rule."""
    right = RULES[rule]
    return [
        Mistake(name, sentence, WHERE[rule], {"clip": clip})
        for name, sentence, clip in (*ANYWHERE, *OWN[rule])
    ] + fixed(
        "threshold",
        BOUNDS,
        WHERE[rule],
        lambda value: {"clip": lambda g, tau: right(g, value)},
    )


def run(case, change, rule):
    """The clipped gradients of a case, by name."""
    clip = change.get("clip", RULES[rule])
    return dict(zip(Params._fields, clip(case.gradients, case.tau), strict=True))


def check_clipping(clip, *, rule="value", layout=BOOK):
    """Diagnose ``clip(gradients, threshold)``, which returns the clipped gradients.

    ``rule`` is "value", every entry cut to [-threshold, threshold], or "norm", the
    whole gradient scaled down to that norm. Returns a `Diagnosis`; raises ValueError
    for another rule, or a layout that makes no sense.

    Source: {cite}`topcuoglu`, section 13 and (15).
    """
    check_choice("rule", rule, RULES)
    sizes = problems.problem(13).params
    g = Params(
        *(
            6 * a * np.exp(4 * abs(b))
            for a, b in zip(problems.problem(5).params, sizes, strict=True)
        )
    )
    cases = {
        "": Case(g, 2.37),
        " (at another threshold)": Case(g, 3.61),
        " (when small)": Case(problems.problem(5).params, 91.3),
    }

    def ask(case):
        arguments = {"gradients": layout.give(case.gradients), "threshold": case.tau}
        called = call(clip, arguments)
        result = called.result
        if result is None and layout.in_place:
            result = called.arguments["gradients"]
        (result,) = parts(result, ("the gradients",))
        found = layout.take(result, case.gradients, "gradients")
        changed = [] if layout.in_place else called.changed
        return Answer(found._asdict(), changed)

    def compute(case, change):
        return run(case, change, rule)

    return examine(
        "clipping",
        ask,
        compute,
        cases,
        catalogue(rule),
        layout,
        probes={"threshold": cases[" (at another threshold)"]},
    )


def planted(change, rule="value"):
    """Clipping in the book's form with this change."""

    def clip(gradients, threshold):
        return Params(**run(Case(gradients, threshold), change, rule))

    return clip
