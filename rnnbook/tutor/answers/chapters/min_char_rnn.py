"""The answers of the questions about min-char-rnn; its functions have their checks."""

from functools import cache
from math import log

import numpy as np

from rnnbook.tutor.answers.checking import Exercise, Variant
from rnnbook.tutor.answers.kinds import Code, Experiment, Numbers, Parts

# read the first loss


WAYS = ("sum, nats", "mean, nats", "sum, bits")
ORDERS = ((0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0))


def printed(T, V):
    """What the three programs print, in the order of `WAYS`."""
    step = log(V)
    return f"{T * step:.1f}", f"{step:.2f}", f"{T * step / log(2):.1f}"


def _first(T=25, V=65, order=ORDERS[0], variant=None):
    """The exercise for these sizes; the losses come in an order."""
    nats, step, bits = printed(T, V)
    bit = f"{log(V) / log(2):.2f}"
    over = f"a mean over the window is ln {V}, near {log(V):.0f}"
    alone = f"a step alone costs ln {V} = {step}"
    times = f"log2 {V} is {bit}: {bits} is {T} times that"
    own = {
        nats: {
            "sum, bits": f"{T} ln {V} = {nats}: that is in nats",
            "mean, nats": over,
            "mean, bits": f"a mean over the window is near {log(V):.0f} nats, or "
            f"{log(V) / log(2):.0f} bits",
        },
        step: {
            "sum, nats": alone,
            "mean, bits": f"log2 {V} is {bit}: {step} is ln {V}",
            "sum, bits": alone,
        },
        bits: {
            "sum, nats": f"{T} ln {V} = {nats}: the larger number is in the smaller "
            "unit, bits",
            "mean, bits": times,
            "mean, nats": times,
        },
    }
    names = [(nats, step, bits)[k] for k in order]

    def answer(*ways):
        return tuple(ways[k] for k in order)

    return Exercise(
        "ex-min-char-rnn-first",
        Numbers(
            dict(zip(names, answer(*WAYS), strict=True)),
            {name: own[name] for name in names},
        ),
        (
            f"An untrained network gives every character the probability 1/{V}.",
            f"A step costs ln {V} nats, or log2 {V} bits. The window has {T} steps.",
            f"ln {V} = {step}, {T} ln {V} = {nats} and {T} log2 {V} = {bits}; the "
            "loss of the chapter is the sum in nats.",
        ),
        wrong={
            f"{bits}: the larger number is in the smaller unit": answer(
                "sum, bits", "mean, nats", "sum, nats"
            ),
            f"{step}: log2 {V} is {bit}": answer(
                "sum, nats", "mean, bits", "sum, bits"
            ),
            f"{nats}: a mean over the window": answer(
                "mean, nats", "sum, nats", "sum, bits"
            ),
        },
        variant=variant,
    )


def _other_first(rng):
    """Other sizes, and the losses in another order."""
    T, V = rng.randint(10, 40), rng.randint(20, 95)
    order = rng.choice(ORDERS)
    names, ways = printed(T, V), [WAYS[k] for k in order]
    a, b, c = (names[k] for k in order)
    text = {
        "for $T = 25$, $V = 65$": f"for $T = {T}$, $V = {V}$",
        "104.4, 4.17 and 150.6": f"{a}, {b} and {c}",
    }
    code = {"104.4, 4.17 and 150.6": f"{a}, {b} and {c}"}
    return Variant(_first(T, V, order), text, tuple(ways), code)


FIRST = _first(variant=_other_first)

# sum or mean before Adagrad


def scaled(c, r, g, memory=2, step=0, fresh=True):
    """Memory and step for the loss c L, from the memory r for L; or with a slip."""
    new = r + g**2
    return c**memory * new, c**step * g / np.sqrt(new if fresh else r)


def _scaled(**what):
    return lambda c, r, g: scaled(c, r, g, **what)


def _clips(r):
    """True when entrywise clipping is another operation on c g."""
    c, g, tau = (np.asarray(a, float) for a in r)
    if not (c > 0 and tau > 0):
        return False
    return not np.allclose(np.clip(c * g, -tau, tau) / c, np.clip(g, -tau, tau))


SCALE = Exercise(
    "ex-min-char-rnn-scale",
    Parts(
        {
            "the step": Code(
                lambda: {
                    f"c = {c}": (c, np.array([0.5, 2.0]), np.array([-0.3, 1.5]))
                    for c in (0.04, 3.0)
                },
                scaled,
                {
                    "the memory is a sum of squares: it gets the factor c^2": _scaled(
                        memory=1
                    ),
                    "the memory gets the factor c^2": _scaled(memory=0),
                    "c g is divided by the root of c^2 (r + g^2): c cancels": _scaled(
                        step=1
                    ),
                    "the root of the memory brings the factor c once, not twice": (
                        _scaled(step=-1)
                    ),
                    "the new gradient is part of the memory that it is divided by": (
                        _scaled(fresh=False)
                    ),
                },
                lambda found: tuple(np.asarray(a, float) for a in found),
            ),
            "clipping": Experiment(
                {"clipping": _clips},
                {
                    "clipping": "both are clipped alike: take a gradient g beyond tau "
                    "with c g inside, or the other way round"
                },
            ),
        }
    ),
    (
        "By induction: the parameters are the same so far. What are all gradients, "
        "then?",
        "All gradients so far are c times the old ones, so the memory is c^2 times the "
        "old one.",
        "c^2 (r + g^2), and c g / (c sqrt(r + g^2)) = g / sqrt(r + g^2). For clipping: "
        "c = 1/25, g = 20, tau = 5.",
    ),
    wrong={
        "it gets the factor c^2": (_scaled(memory=1), (0.04, 20.0, 5.0)),
        "c cancels": (_scaled(step=1), (0.04, 20.0, 5.0)),
        "both are clipped alike": (scaled, (0.04, 2.0, 5.0)),
    },
)

# a batch of streams


def streams(indices, length, B, less=1, shift=1, cut=True, turned=False):
    """Windows of B equal parts of the text, side by side; or with a slip."""
    n = (len(indices) - less) // (B * length)
    size = n * length
    if not cut:  # neighbours of the text side by side
        x, y = (indices[a : a + B * size].reshape(n, length, B) for a in (0, shift))
        return x, y
    found = []
    for a in (0, shift):
        parts = [indices[b * size + a : (b + 1) * size + a] for b in range(B)]
        one = np.array(parts).reshape(B, n, length)
        found.append(one.transpose(1, 0, 2) if turned else one.transpose(1, 2, 0))
    return tuple(found)


def _texts():
    """Texts with characters left over, and one that ends with the last target."""
    return {
        "a text with a rest": (np.arange(100) * 7 % 23, 5, 3),
        "no character left over": (np.arange(25) * 5 % 11, 3, 4),
        "one character too few": (np.arange(24) * 5 % 11, 3, 4),
        "one stream": (np.arange(13), 4, 1),
    }


def _streams(**what):
    return lambda indices, length, B: streams(indices, length, B, **what)


STREAMS = Exercise(
    "ex-min-char-rnn-streams",
    Code(
        _texts,
        streams,
        {
            "the targets are the inputs: shift them by one": _streams(shift=0),
            "the last target needs a character of its own: count len(indices) - 1": (
                _streams(less=0)
            ),
            "column b jumps through the text: cut the text into B parts first": (
                _streams(cut=False)
            ),
            "the axes are window, stream, step: the stream comes last": _streams(
                turned=True
            ),
        },
        lambda found: tuple(np.asarray(a) for a in found),
    ),
    (
        "How many windows n has each of the B parts?",
        "n = (len(indices) - 1) // (B * length). Part b begins at b * n * length.",
        "Stack the B parts, reshape to (B, n, length), and put the axes in the order "
        "window, step, stream: transpose(1, 2, 0). The targets begin one later.",
    ),
    wrong={
        "shift them by one": _streams(shift=0),
        "cut the text into B parts": _streams(cut=False),
        "the stream comes last": _streams(turned=True),
    },
    called=False,
)

# what the checks can tell apart


@cache
def _alone():
    """The mistakes that spoil one gradient alone: {gradient: names}."""
    from rnnbook.tutor import Layout, backward, problems

    at = problems.plain()
    right = backward.run(at, backward.PIECES)
    found = {"W_hh": set(), "W_xh": set()}
    for entry in backward.catalogue(Layout(), 5.0):
        if not entry.square:
            wrong = backward.run(at, backward.PIECES | entry.change)
            spoiled = [n for n in right if not np.allclose(wrong[n], right[n], 1e-6)]
            if len(spoiled) == 1 and spoiled[0] in found:
                found[spoiled[0]].add(entry.name)
    return found


APART = Exercise(
    "ex-min-char-rnn-apart",
    Experiment(
        {
            "two sets of names": lambda r: set(r) == {"W_hh", "W_xh"},
            "names of the catalogue, W_hh": lambda r: set(r["W_hh"]) <= _known(),
            "names of the catalogue, W_xh": lambda r: set(r["W_xh"]) <= _known(),
            "these spoil W_hh alone": lambda r: set(r["W_hh"]) <= _alone()["W_hh"],
            "all that spoil W_hh alone": lambda r: set(r["W_hh"]) >= _alone()["W_hh"],
            "these spoil W_xh alone": lambda r: set(r["W_xh"]) <= _alone()["W_xh"],
            "all that spoil W_xh alone": lambda r: set(r["W_xh"]) >= _alone()["W_xh"],
        },
        {
            "names of the catalogue, W_hh": "expected the names of entries",
            "names of the catalogue, W_xh": "expected the names of entries",
            "these spoil W_hh alone": "one of them is no mistake in the sum for W_hh: "
            "what it spoils first goes on to the other gradients",
            "all that spoil W_hh alone": "one is missing: h_{t-1} can be mistaken in "
            "more than one way",
            "these spoil W_xh alone": "one of them spoils delta_s, and with it b_h too",
            "all that spoil W_xh alone": "one is missing: the mistake may stand in "
            "the input, or in how the terms are added",
        },
    ),
    (
        "backward_entries.run(at, backward_entries.PIECES | entry.change) gives the "
        "five gradients with a mistake.",
        "Compare each of the five with the right one, and keep the entries that spoil "
        "one alone. Leave out those that need square matrices.",
        "For W_hh: h_t or h_{t-2} for h_{t-1}, the other step of a double sum, and "
        "the gradient forgotten. For W_xh: the same three of x_t, repeated symbols "
        "lost, and the gradient forgotten.",
    ),
    wrong={
        "what it spoils first goes on": {
            "W_hh": ["h_t for h_{t-1}", "W_hh transposed"],
            "W_xh": [],
        },
        "one of them spoils delta_s": {
            "W_hh": [],
            "W_xh": ["x_{t-1} for x_t", "phi' missing"],
        },
        "in how the terms are added": {
            "W_hh": [],
            "W_xh": ["x_{t-1} for x_t", "x_{t+1} for x_t"],
        },
    },
)


@cache
def _known():
    """All names of the catalogue."""
    from rnnbook.tutor import Layout, backward

    return {entry.name for entry in backward.catalogue(Layout(), 5.0)}


# two mistakes that cancel


def decayed(v, g, rate, decay, cancelled=False):
    """A step with weight decay, by the right program or by the student's."""
    if cancelled:
        return v + rate * (-g + decay * v)
    return v - rate * (g + decay * v)


def _cancel(v=2, g=3, rate=0.1, decay=0.5, variant=None):
    """The exercise for these numbers of one step."""
    right = decayed(v, g, rate, decay)
    students = decayed(v, g, rate, decay, cancelled=True)
    plain, up = v - rate * g, v + rate * (g + decay * v)
    names = "y - p for p - y", "wrong sign"
    return Exercise(
        "ex-min-char-rnn-cancel",
        Numbers(
            {
                "backward": names[0],
                "update": names[1],
                "right": right,
                "the student's": students,
            },
            {
                "backward": {
                    "right": "minus the gradient is no gradient: check_backward says so"
                },
                "update": {"right": "the update adds: check_update says so"},
                "right": {
                    plain: "that is the step without weight decay",
                    students: "that is the student's: the decay has to make v smaller",
                    up: "an update goes against the gradient",
                },
                "the student's": {
                    right: "that is the right one: the student's update adds rate "
                    "times (-g + decay * v)",
                    plain: "that is the step without weight decay",
                    up: "the student's gradient is -g",
                },
            },
            tolerance=1e-9,
        ),
        (
            "check_backward and check_update have a name for each of the two.",
            "Weight decay adds decay * v to the gradient. What does that become in "
            "each program?",
            f"The right step is v - rate (g + decay v) = {right:g}. The student's is "
            "v + rate (-g + decay v): the decay makes the weight larger.",
        ),
        wrong={
            "the student's: that is the right one": (*names, right, right),
            "minus the gradient is no gradient": (
                "right",
                "wrong sign",
                right,
                students,
            ),
            "that is the step without weight decay": (*names, plain, students),
        },
        variant=variant,
    )


def _other_cancel(rng):
    """Other numbers of one step."""
    v, g, decay = rng.randint(2, 9), rng.randint(2, 9), rng.choice((0.1, 0.2, 0.5))
    text = {
        "Confirm it with the checks.": "Confirm it with the checks, and take one step "
        f"of each program from $v = {v}$ with the gradient {g}, the rate 0.1 and "
        f"weight decay {decay}."
    }
    code = {
        "v = 2 with gradient 3,": f"v = {v} with gradient {g},",
        "weight decay 0.5": f"weight decay {decay}",
    }
    both = (decayed(v, g, 0.1, decay, cancelled=wrong) for wrong in (False, True))
    solution = ("y - p for p - y", "wrong sign", *both)
    return Variant(_cancel(v, g, 0.1, decay), text, solution, code)


CANCEL = _cancel(variant=_other_cancel)
EXERCISES = (FIRST, SCALE, STREAMS, APART, CANCEL)
SOLUTIONS = {
    FIRST.label: ("sum, nats", "mean, nats", "sum, bits"),
    SCALE.label: (scaled, (0.04, 20.0, 5.0)),
    STREAMS.label: streams,
    APART.label: {
        "W_hh": [
            "h_t for h_{t-1}",
            "h_{t-2} for h_{t-1}",
            "h_{t-1} for h_{k-1}",
            "the gradient of W_hh forgotten",
        ],
        "W_xh": [
            "x_{t-1} for x_t",
            "x_{t+1} for x_t",
            "x_t for x_k",
            "repeated symbols lost",
            "the gradient of W_xh forgotten",
        ],
    },
    CANCEL.label: ("y - p for p - y", "wrong sign", 1.6, 1.8),
}
