"""The answers of the chapter on the recurrent point process."""

from math import e, exp, lgamma, log

import numpy as np

from rnnbook.tutor.answers.checking import Exercise, Variant
from rnnbook.tutor.answers.kinds import Code, Experiment, Numbers, Parts

# an empty window


def _empty(rate=2, length=5, variant=None):
    """The exercise for a constant rate and an empty window."""
    right = -rate * length
    return Exercise(
        "ex-point-process-empty",
        Numbers(
            {"log L": right, "d log L / db": right, "the rate": "falls"},
            {
                "log L": {
                    -right: "is minus the integral of the intensity: the sign",
                    -length * log(rate): "b is the logarithm of the rate: the rate is "
                    "e^b",
                    -rate: "is the intensity: integrate it over the window of length "
                    f"{length}",
                    log(rate) + right: "there is no event whose intensity could enter",
                },
                "d log L / db": {
                    -right: "has the sign of the loss, -log L",
                    -length: "e^b stands in log L, and its derivative by b is e^b "
                    "again",
                    0: "no event was seen, but the integral depends on b",
                },
                "the rate": {
                    "rises": "an ascent step follows the sign of the derivative, and "
                    "b gets smaller"
                },
            },
            tolerance=1e-9,
            follow={"d log L / db": lambda given: given["log L"]},
        ),
        (
            "Without events only the integral of the intensity is left.",
            f"With v = 0 and w = 0 the intensity is e^b = {rate} at all times.",
            f"log L = -e^b T = {right}. Its derivative by b is -e^b T again, and an "
            "ascent step makes b smaller.",
        ),
        wrong={
            "log L: the rate is e^b": (-length * log(rate), right, "falls"),
            "d log L / db: the sign of the loss": (right, -right, "falls"),
            "follows the sign of the derivative": (right, right, "rises"),
        },
        variant=variant,
    )


def _other_empty(rng):
    """Another rate and another window."""
    rate, length = rng.randint(3, 9), rng.randint(3, 12)
    text = {
        "a window of length 5 without": f"a window of length {length} without",
        r"$b = \log 2$": rf"$b = \log {rate}$",
    }
    solution = (-rate * length, -rate * length, "falls")
    return Variant(_empty(rate, length), text, solution)


EMPTY = _empty(variant=_other_empty)

# concave when the states are given


def curvature(theta, f, u, outer=True, value=True, squared=True, sign=1):
    """Of exp(theta^T f): gradient, Hessian H, and u^T H u; or with a slip."""
    size = np.exp(theta @ f)
    H = np.outer(f, f) if outer else np.diag(f * f)
    H = H * size if value else H
    return size * f, sign * H, u @ H @ u if squared else (u @ f) * size


def _directions():
    """Parameters, features (h, time since the event, 1), and directions."""
    rng, found = np.random.default_rng(25), {}
    for n in (1, 3):
        f = np.append(rng.standard_normal(n), (rng.random(), 1.0))
        found[f"{n} units"] = rng.standard_normal(n + 2), f, rng.standard_normal(n + 2)
    return found


CONCAVE = Exercise(
    "ex-point-process-concave",
    Code(
        _directions,
        curvature,
        {
            "the mixed second derivatives are missing: f f^T is a full matrix": (
                lambda theta, f, u: curvature(theta, f, u, outer=False)
            ),
            "the factor exp(theta^T f) is missing from the Hessian": (
                lambda theta, f, u: curvature(theta, f, u, value=False)
            ),
            "u^T f stands twice in u^T H u: its square cannot be negative": (
                lambda theta, f, u: curvature(theta, f, u, squared=False)
            ),
            "the sign: log L has minus the integral, and this is the integrand": (
                lambda theta, f, u: curvature(theta, f, u, sign=-1)
            ),
        },
        lambda found: tuple(np.asarray(a, float) for a in found),
    ),
    (
        "With the states given the log intensity is linear: theta^T f with theta = "
        "(v, w, b) and f = (h_j, t - t_j, 1).",
        "Differentiate exp(theta^T f) twice: every derivative brings a factor f.",
        "The Hessian is f f^T exp(theta^T f), and u^T f f^T u = (u^T f)^2. So the "
        "integral is convex, and log L, a linear part minus it, is concave.",
    ),
    wrong={
        "f f^T is a full matrix": lambda theta, f, u: curvature(
            theta, f, u, outer=False
        ),
        "missing from the Hessian": lambda theta, f, u: curvature(
            theta, f, u, value=False
        ),
        "its square cannot be negative": lambda theta, f, u: curvature(
            theta, f, u, squared=False
        ),
    },
    called=False,
)

# the gradient with respect to the end of the window


def by_end(params, sequence, sign=-1, state=-1, aged=True, whole=False, empty=True):
    """d log L / dT of one sequence; or with a slip."""
    from rnnlib import pointprocess as pp

    trace = pp.forward(params, [sequence])
    silence = sequence.T - (sequence.times[-1] if sequence.N else 0.0)
    if not empty and not sequence.N:
        raise IndexError("no last event")
    if whole:
        return -trace.compensator[-1, 0]
    a = trace.a[max(state, -len(trace.a)), 0]
    return sign * np.exp(pp.log_intensity(a, params.w, silence if aged else 0.0))


def _windows():
    """Sequences with several events, with one, and with none."""
    from rnnlib import pointprocess as pp

    rng = np.random.default_rng(26)
    params = pp.init_params(2, 3, rng=rng, rate=2.0)
    params = params._replace(v=rng.standard_normal(3), w=np.array(-0.6))
    times = np.array([0.4, 0.9, 2.5])
    return {
        "three events": (params, pp.EventSequence(times, 3.5, np.array([0, 1, 1]))),
        "one event": (params, pp.EventSequence(times[:1], 1.0, np.array([1]))),
        "no event": (params, pp.EventSequence(times[:0], 2.0, np.array([], int))),
    }


def _of_end(**what):
    return lambda params, sequence: by_end(params, sequence, **what)


WINDOW = Exercise(
    "ex-point-process-window",
    Code(
        _windows,
        by_end,
        {
            "the sign: each further moment of silence costs": _of_end(sign=1),
            "the state is that before the last event": _of_end(state=-2),
            "that is the intensity just after the last event: w times the silence is "
            "missing": _of_end(aged=False),
            "that is the compensator of the last silence: differentiate it": (
                _of_end(whole=True)
            ),
            "a window without events has its silence from 0 on": _of_end(empty=False),
        },
        lambda found: float(np.asarray(found)),
    ),
    (
        "Which term of the log-likelihood knows T?",
        "The derivative of an integral by its upper end is the integrand there.",
        "-exp(a + w (T - t_N)), with a from the last state; without events t_N is 0.",
    ),
    wrong={
        "each further moment of silence costs": _of_end(sign=1),
        "w times the silence is missing": _of_end(aged=False),
        "a window without events": _of_end(empty=False),
    },
    called=False,
)

# how many events until silence?

Q = 1 - exp(-1)


def law(n):
    """P(N = n): a gap is finite with probability 1 - 1/e."""
    return Q**n * (1 - Q)


def _law_of_counts(r, own):
    """True when the counts belong to the law: shares and mean, to 4.5 errors."""
    counts = np.asarray(r["counts"])
    p = np.array([own(n) for n in range(5)])
    shares = np.array([(counts == n).mean() for n in range(5)])
    near = abs(shares - p) < 4.5 * np.sqrt(p * (1 - p) / counts.size)
    spread = np.sqrt(Q) / (1 - Q) / np.sqrt(counts.size)
    return near.all() and abs(counts.mean() - (e - 1)) < 4.5 * spread


def _agrees(r, other=law):
    return all(abs(r["law"](n) - other(n)) < 1e-9 for n in range(8))


SILENCE = Exercise(
    "ex-point-process-silence",
    Experiment(
        {
            "a law: the probabilities add up to one": lambda r: (
                abs(sum(r["law"](n) for n in range(200)) - 1) < 1e-9
            ),
            "each event starts the intensity anew": lambda r: (
                abs(r["law"](1) - exp(-1)) > 1e-9
            ),
            "a gap is finite with probability 1 - 1/e": lambda r: _agrees(r),
            "at least 1000 runs": lambda r: np.asarray(r["counts"]).size >= 1000,
            "the simulation has this law": lambda r: _law_of_counts(r, law),
        },
        {
            "a law: the probabilities add up to one": "they do not: P(N = n) is the "
            "chance of n finite gaps and then an infinite one",
            "each event starts the intensity anew": "a compensator is no expected "
            "number of events: 1 is that of the first gap alone, and the law is not "
            "Poisson's",
            "a gap is finite with probability 1 - 1/e": "the mass of a gap is 1 - "
            "exp(-e^a/|w|), and the last gap is infinite",
            "the simulation has this law": "is w = -1 and v = 0, and the window long "
            "enough for all events?",
        },
    ),
    (
        "With v = 0 all gaps have the same law. How likely is a further event?",
        "The mass of a gap is q = 1 - exp(-e^a/|w|), here 1 - 1/e. N = n means n "
        "finite gaps and then an infinite one.",
        "P(N = n) = q^n (1 - q), with mean e - 1. For the counts: pp.simulate with "
        "w = -1 on a very long window, 3000 times.",
    ),
    wrong={
        "the law is not Poisson's": {
            "law": lambda n: exp(-1 - lgamma(n + 1)),
            "counts": [0, 1, 2] * 1000,
        },
        "the mass of a gap is": {
            "law": lambda n: exp(-n) * Q,
            "counts": [0, 1, 2] * 1000,
        },
        "the window long enough": {"law": law, "counts": [0, 1] * 1500},
    },
)

# the state at the event


def log_intensities(a, w, gaps):
    """log lambda(t_j) from the state before the event: a_0 to a_N, gaps 1 to N."""
    return np.asarray(a)[:-1] + w * np.asarray(gaps)


def mass(a, w, wrong=""):
    """What the density of a gap has to integrate to; or a slip."""
    if wrong == "one" or (w >= 0 and wrong != "falling"):
        return 1.0
    left = np.exp(-np.exp(a) / (abs(w) or 1))
    return left if wrong == "left" else 1 - left


def _gaps():
    rng = np.random.default_rng(27)
    return {
        f"{n} events": (rng.standard_normal(n + 1), w, rng.random(n))
        for n, w in ((1, -0.5), (4, 0.3))
    }


def _at_event(a, w, gaps):
    return np.asarray(a)[1:] + w * np.asarray(gaps)


def _without_age(a, w, gaps):
    return np.asarray(a)[:-1]


def _without_end(a, w):
    return mass(a, w, "one")


MISTAKE = Exercise(
    "ex-point-process-mistake",
    Parts(
        {
            "the mended function": Code(
                _gaps,
                log_intensities,
                {
                    "that is still the state at the event, which has seen the gap": (
                        _at_event
                    ),
                    "the intensity changes between events: w tau_j is missing": (
                        _without_age
                    ),
                },
                lambda found: np.asarray(found, float),
            ),
            "the test": Code(
                lambda: {f"w = {w}": (0.3, w) for w in (-0.5, -2.0, 0.0, 0.4)},
                mass,
                {
                    "for w < 0 there may be no further event: the law is defective": (
                        _without_end
                    ),
                    "that is the chance of no further event": lambda a, w: mass(
                        a, w, "left"
                    ),
                    "for w >= 0 the next event comes surely": lambda a, w: mass(
                        a, w, "falling"
                    ),
                },
                lambda found: float(np.asarray(found)),
            ),
        }
    ),
    (
        "Which state is known just before the event?",
        "A density integrates to the mass of its law. Which mass has the next gap when "
        "w < 0, and which one otherwise?",
        "log lambda(t_j) = a_{j-1} + w tau_j; the integral over all gaps has to be 1 - "
        "exp(-e^a/|w|) for w < 0, and else 1.",
    ),
    wrong={
        "which has seen the gap": (_at_event, mass),
        "w tau_j is missing": (_without_age, mass),
        "the law is defective": (log_intensities, _without_end),
    },
)
EXERCISES = (EMPTY, CONCAVE, WINDOW, SILENCE, MISTAKE)
_COUNTS = np.repeat(range(12), [1104, 698, 441, 279, 176, 111, 70, 45, 28, 18, 11, 19])
SOLUTIONS = {
    EMPTY.label: (-10, -10, "falls"),
    CONCAVE.label: curvature,
    WINDOW.label: by_end,
    SILENCE.label: {"law": law, "counts": _COUNTS},
    MISTAKE.label: (log_intensities, mass),
}
