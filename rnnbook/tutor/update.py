"""Check an update: Adagrad, or plain gradient descent."""

from typing import NamedTuple

import numpy as np

from rnnbook.tutor import problems
from rnnbook.tutor.calls import Answer, call, parts
from rnnbook.tutor.catalogue import RATES, SMALL, Mistake, fixed
from rnnbook.tutor.engine import examine
from rnnbook.tutor.layout import BOOK, NAMES
from rnnlib.parameters import Params
from rnnlib.validate import check_choice


class Case(NamedTuple):
    """Everything that an update reads."""

    params: Params
    gradients: Params
    memory: Params
    eta: float
    eps: float


PIECES = {
    "sign": lambda step: -step,
    "rate": lambda eta: eta,
    "eps": lambda eps: eps,
    "collect": lambda r, g: r + g * g,
    "root": lambda r, eps: np.sqrt(r) + eps,
    "read": lambda old, new: new,
    "keep": lambda old, new: new,
    "step": lambda g, root: g / root,
    "moved": lambda v, new: new,
    "results": lambda params, memory: (params, memory),
}
SGD = {"step": lambda g, root: g, "root": lambda r, eps: 1.0}
SIGN = ("wrong sign", "The step goes uphill: it is added.", {"sign": lambda step: step})
RATE = (
    "the learning rate forgotten",
    "The step is not multiplied by the learning rate.",
    {"rate": lambda eta: 1.0},
)
STILL = (
    "the parameters returned as they were",
    "The new parameters are computed and not returned.",
    {"moved": lambda v, new: v},
)
OWN = {
    "sgd": (),
    "adagrad": (
        (
            "Adagrad without the square root",
            "The step is divided by the memory itself, not by its root.",
            {"root": lambda r, eps: r + eps},
        ),
        (
            "eps forgotten",
            "Nothing is added to the root: a zero memory divides by zero.",
            {"eps": lambda eps: 0.0},
        ),
        (
            "memory not accumulated",
            "The memory is the last squared gradient in place of their sum.",
            {"collect": lambda r, g: g * g},
        ),
        (
            "memory of the gradients, not of their squares",
            "The memory adds up g: the square is missing.",
            {"collect": lambda r, g: r + g},
        ),
        (
            "memory of the sizes, not of the squares",
            "The memory adds up |g|: it has to be the square.",
            {"collect": lambda r, g: r + abs(g)},
        ),
        (
            "the old memory divides",
            "The step is divided by the memory before this gradient was added.",
            {"read": lambda old, new: old},
        ),
        (
            "memory not returned",
            "The old memory comes back: the sum never grows.",
            {"keep": lambda old, new: old},
        ),
        (
            "plain gradient descent",
            "The memory is not used: nothing divides the gradient.",
            {"step": lambda g, root: g},
        ),
        (
            "multiplied by the root",
            "The gradient is multiplied by the root; it has to be divided.",
            {"step": lambda g, root: g * root},
        ),
    ),
}


def catalogue(rule):
    """The mistakes of an update by this rule."""
    where = f"eq-min-char-rnn-{rule}"
    found = (SIGN, RATE, STILL, *OWN[rule])
    entries = [Mistake(n, text, where, change) for n, text, change in found]
    entries += fixed(
        "learning_rate", RATES, where, lambda value: {"rate": lambda eta: value}
    )
    if rule == "sgd":
        return entries
    entries += fixed("eps", SMALL, where, lambda value: {"eps": lambda eps: value})
    return [*entries, INSIDE, SWAPPED]


INSIDE = Mistake(
    "eps inside the root",
    "The step is divided by the root of r + eps; the book adds eps to the root of r.",
    "eq-min-char-rnn-adagrad",
    {"root": lambda r, eps: np.sqrt(r + eps)},
    original="eps",
)
SWAPPED = Mistake(
    "results in another order",
    "The memory comes first; asked for is params, memory.",
    "eq-min-char-rnn-adagrad",
    {"results": lambda params, memory: (memory, params)},
)


def updated(case, pieces):
    """New parameters and memory, as two `Params`."""
    moved, kept = [], []
    for v, g, r in zip(case.params, case.gradients, case.memory, strict=True):
        new = pieces["collect"](r, g)
        root = pieces["root"](pieces["read"](r, new), pieces["eps"](case.eps))
        step = pieces["rate"](case.eta) * pieces["step"](g, root)
        moved.append(pieces["moved"](v, v + pieces["sign"](step)))
        kept.append(pieces["keep"](r, new))
    return pieces["results"](Params(*moved), Params(*kept))


def pieces_of(rule):
    """The pieces of the right update."""
    return PIECES | (SGD if rule == "sgd" else {})


def run(case, pieces, rule):
    """What an update returns, by name."""
    params, memory = updated(case, pieces)
    memories = {f"memory of {n}": a for n, a in memory._asdict().items()}
    return params._asdict() | (memories if rule == "adagrad" else {})


def check_update(update, *, rule="adagrad", layout=BOOK):
    """Diagnose ``update(params, gradients, memory, learning_rate, eps)``.

    It returns the new parameters and the new memory, two trees of the same form. With
    ``rule="sgd"`` it is ``update(params, gradients, learning_rate)`` and returns the
    new parameters alone. Returns a `Diagnosis`; raises ValueError for another rule, or
    a layout that makes no sense.

    Source: {cite}`duchi2011`; {cite}`topcuoglu`, section 13.
    """
    check_choice("rule", rule, OWN)
    params, g, r = (problems.problem(seed).params for seed in (6, 7, 8))
    zeros = Params(*map(np.zeros_like, r))
    squares = Params(*(a * a for a in r))
    first = Case(params, g, squares, 0.0837, 0.0519)
    cases = {
        "": first,
        " (at first)": Case(params, g, zeros, 0.193, 0.0519),
        " (of small gradients)": Case(params, _small(g), zeros, 0.137, 3.7e-9),
    }
    probes = {"learning_rate": first._replace(eta=0.193)}
    if rule == "adagrad":
        probes["eps"] = first._replace(eps=0.0137)

    def ask(case):
        trees = [layout.give(tree) for tree in case[:3]]
        arguments = {"params": trees[0], "gradients": trees[1]}
        if rule == "adagrad":
            arguments |= {"memory": trees[2], "learning_rate": case.eta}
            arguments |= {"eps": case.eps}
        else:
            arguments |= {"learning_rate": case.eta}
        names = ("params", "memory") if rule == "adagrad" else ("params",)
        called = call(update, arguments)
        result = called.result
        if result is None and layout.in_place:
            result = tuple(called.arguments[name] for name in names)
            result = result[0] if rule == "sgd" else result
        result = parts(result, names)
        found = layout.take(result[0], case.params, "params")._asdict()
        if rule == "adagrad":
            memory = layout.take(result[1], case.memory, "memory")._asdict()
            found |= {f"memory of {n}": a for n, a in memory.items()}
        return Answer(found, [] if layout.in_place else called.changed)

    def compute(case, change):
        return run(case, pieces_of(rule) | change, rule)

    memories = [f"memory of {n}" for n in NAMES] if rule == "adagrad" else []
    return examine(
        "update",
        ask,
        compute,
        cases,
        catalogue(rule),
        layout,
        order=dict.fromkeys((*memories, *NAMES)),
        probes=probes,
    )


def _small(g):
    """Gradients of many sizes below one, the first of each array zero."""
    found = []
    for seed, a in enumerate(g):
        sizes = 10.0 ** np.random.default_rng(seed).uniform(-11, 0, a.size)
        sizes[0] = 0.0
        found.append(np.sign(a) * sizes.reshape(a.shape))
    return Params(*found)


def planted(change, rule="adagrad"):
    """An update in the book's form with these pieces replaced."""
    pieces = pieces_of(rule) | change

    def adagrad(params, gradients, memory, learning_rate, eps):
        return updated(Case(params, gradients, memory, learning_rate, eps), pieces)

    def sgd(params, gradients, learning_rate):
        return updated(Case(params, gradients, params, learning_rate, 0.0), pieces)[0]

    return adagrad if rule == "adagrad" else sgd
