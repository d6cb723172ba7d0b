"""The answers of the chapter that fits point processes."""

from math import exp, inf, isclose, log, log1p

import numpy as np

from rnnbook.tutor.answers.checking import Exercise, Variant
from rnnbook.tutor.answers.kinds import Code, Experiment, Numbers, Parts, Samples

# how much did they excite?


def stationary(mu, alpha, beta):
    """The stationary rate, and the share of offspring."""
    return mu / (1 - alpha / beta), alpha / beta


def _offspring(mu=0.5, alpha=1.6, beta=2.0, variant=None):
    """The exercise for these parameters."""
    rate, share = stationary(mu, alpha, beta)
    return Exercise(
        "ex-point-process-fits-offspring",
        Parts(
            {
                "derived": Numbers(
                    {"rate": rate, "share": share},
                    {
                        "rate": {
                            mu: "that is the rate of the background alone",
                            mu + alpha: "an event raises the rate for a while, not "
                            "for ever: alpha/beta offspring each",
                            mu * (1 + share): "offspring have offspring: 1/(1 - "
                            "alpha/beta), a geometric series",
                        },
                        "share": {
                            1 - share: "that is the share of the background",
                            alpha: "alpha is divided by beta: the integral of the "
                            "excitation",
                            share**2: f"each generation counts: of {rate:g} events "
                            f"{mu:g} are background",
                        },
                    },
                    tolerance=1e-9,
                    follow={"share": lambda given: 1 - mu / given["rate"]},
                ),
                "by simulation": Experiment(
                    {
                        "not the background": lambda r: abs(r - 1 + share) > 0.04,
                        "near the derived share": lambda r: abs(r - share) < 0.04,
                    },
                    {
                        "not the background": "that is the share of the background",
                        "near the derived share": "background events come at rate mu: "
                        "there are about mu times the time of them among all",
                    },
                ),
            }
        ),
        (
            "How many offspring has an event on average, in the first generation?",
            "alpha/beta each, so that all events come at the rate mu/(1 - alpha/beta).",
            f"Of {rate:g} events in the time 1, {mu:g} are background. In a "
            "simulation the share is 1 - mu * time / events.",
        ),
        wrong={
            "derived (share): the share of the background": (
                (rate, 1 - share),
                share - 0.01,
            ),
            "derived (rate): offspring have offspring": (
                (mu * (1 + share), share),
                share - 0.01,
            ),
            "by simulation: that is the share of the background": (
                (rate, share),
                1 - share + 0.01,
            ),
        },
        variant=variant,
    )


def _other_offspring(rng):
    """Other parameters; the share is well above one half."""
    while True:
        mu, beta = rng.randint(2, 9) / 10, float(rng.randint(2, 5))
        alpha = rng.randint(6, 8) * beta / 10
        rate, share = stationary(mu, alpha, beta)
        if not isclose(rate, mu + alpha):  # that is the slip of an event that stays
            break
    old = (
        r"the Hawkes process of this chapter, $\mu = 0.5$, $\alpha = 1.6$, $\beta = 2$"
    )
    new = (
        rf"a Hawkes process with $\mu = {mu}$, $\alpha = {alpha:g}$, $\beta = {beta:g}$"
    )
    solution = ((rate, share), share - 0.005)
    return Variant(_offspring(mu, alpha, beta), {old: new}, solution)


OFFSPRING = _offspring(variant=_other_offspring)

# the total compensator at the maximum


def at_maximum(compensators, N, sign=1, last=True, newton=False, beside=0):
    """dL/db for L = -log L, and the shift of b to the maximum; or with a slip."""
    total = sum(c.sum() if last else c[:-1].sum() for c in compensators)
    shift = N / total - 1 if newton else log((N + beside) / total)
    return sign * (total - N - beside), shift


def _compensators():
    """Compensators of all gaps and of the last silence, of one and of two sequences."""
    rng = np.random.default_rng(28)
    two = [rng.standard_exponential(n + 1) for n in (3, 6)]
    return {"one sequence": (two[:1], 3), "two sequences": (two, 9)}


def _total(**what):
    return lambda compensators, N: at_maximum(compensators, N, **what)


TOTAL = Exercise(
    "ex-point-process-fits-total",
    Code(
        _compensators,
        at_maximum,
        {
            "the sign: the loss is -log L, and more rate costs compensator": _total(
                sign=-1
            ),
            "the last silence has a compensator too": _total(last=False),
            "that shift is one step of Newton: all compensators are multiplied by "
            "e^shift": _total(newton=True),
            "the last silence is no event": _total(beside=1),
        },
        lambda found: tuple(float(x) for x in found),
    ),
    (
        "b stands in every a_j, and with the factor one.",
        "dL/db is the sum of all dL/da_j, and dL/da_j is the compensator of the next "
        "gap, minus 1 where an event ends it.",
        "dL/db = total - N. With b + c for b every compensator is multiplied by e^c: "
        "it is zero for c = log(N/total), and then the total is N.",
    ),
    wrong={
        "more rate costs compensator": _total(sign=-1),
        "the last silence has a compensator too": _total(last=False),
        "one step of Newton": _total(newton=True),
    },
    called=False,
)

# thinning for the recurrent process


def by_inversion(a, w, horizon, rng):
    """A gap for w < 0, inf when there is none up to the horizon."""
    inside = w * rng.standard_exponential() * exp(-a)
    gap = log1p(inside) / w if inside > -1 else inf
    return gap if gap <= horizon else inf


def thin(a, w, horizon, rng, slip=""):
    """The same by thinning, or with a slip."""
    t = 0.0
    while t <= horizon:
        bound = exp(a + w * t)
        wait = rng.standard_exponential()
        proposed = t + (wait * bound if slip == "multiplied" else wait / bound)
        if proposed > horizon:
            return proposed if slip == "beyond" else inf
        if slip == "all" or rng.random() * bound <= exp(a + w * proposed):
            return proposed
        t = 0.0 if slip == "again" else proposed
    return inf


def _draw(function):
    """Gaps of two laws, each of them 2000 times; the others count as 50 and more."""
    found = []
    for base, (a, w, horizon) in ((0, (0.2, -0.7, 12.0)), (100, (0.6, -0.4, 1.5))):
        rng = np.random.default_rng(29 + base)
        gaps = np.array([function(a, w, horizon, rng) for _ in range(2000)], float)
        found.append(base + np.minimum(gaps, 50))
    return np.concatenate(found)


def _thin(slip):
    return lambda a, w, horizon, rng: thin(a, w, horizon, rng, slip)


THINNING = Exercise(
    "ex-point-process-fits-thinning",
    Samples(
        _draw,
        by_inversion,
        {
            "every proposed time is accepted: keep it with the chance "
            "intensity/bound": _thin("all"),
            "after a rejected time go on from there, not from 0": _thin("again"),
            "what lies beyond the horizon is no event: inf": _thin("beyond"),
            "the wait at a rate is an exponential number divided by it": _thin(
                "multiplied"
            ),
        },
    ),
    (
        "For w < 0 the intensity falls: which number bounds it from the present on?",
        "Propose t + Exp(1)/bound; keep it with the chance intensity/bound, and "
        "otherwise go on from there with the new bound.",
        "bound = exp(a + w t); t += rng.standard_exponential() / bound; return t if "
        "rng.random() * bound <= exp(a + w t); beyond the horizon return inf.",
    ),
    wrong={
        "every proposed time is accepted": _thin("all"),
        "go on from there, not from 0": _thin("again"),
        "beyond the horizon is no event": _thin("beyond"),
    },
    called=False,
)

# better than first order


def _order(errors):
    """The mean order of errors at widths that are halved."""
    errors = np.asarray(errors, float)
    return np.log2(errors[0] / errors[-1]) / (len(errors) - 1)


MIDPOINT = Exercise(
    "ex-point-process-fits-midpoint",
    Experiment(
        {
            "errors for four widths or more": lambda r: (
                set(r) == {"plain", "corrected"}
                and len(r["plain"]) == len(r["corrected"]) >= 4
            ),
            "the grid as it stands has order one": lambda r: (
                abs(_order(r["plain"]) - 1) < 0.15
            ),
            "the correction has the right sign": lambda r: (
                r["corrected"][0] < r["plain"][0]
            ),
            "the correction has the right size": lambda r: (
                abs(_order(r["corrected"]) - 2) < 0.15
            ),
        },
        {
            "the grid as it stands has order one": "are all events on every grid, and "
            "each width half of the one before?",
            "the correction has the right sign": "the grid's value is too large: take "
            "rate * width / 2 off for each event",
            "the correction has the right size": "an event bin is off by - rate * "
            "width / 2 from the logarithm, and by + rate * width since its own part "
            "of the integral is missing",
        },
    ),
    (
        "Bins without events are exact for a constant intensity. What does an event "
        "bin say, and what should it say?",
        "It says log(1 - exp(-rate * width)), and should say log(rate * width) - rate "
        "* width. Expand the first.",
        "The difference is + rate * width / 2 an event: take N * rate * width / 2 off. "
        "Return the errors of both for widths 2^-3 to 2^-7.",
    ),
    wrong={
        "are all events on every grid": {
            "plain": [0.31, 0.42, 0.28, 0.35],
            "corrected": [0.05, 0.04, 0.05, 0.05],
        },
        "take rate * width / 2 off": {
            "plain": [0.4, 0.2, 0.1, 0.05],
            "corrected": [0.8, 0.4, 0.2, 0.1],
        },
        "its own part of the integral is missing": {
            "plain": [0.4, 0.2, 0.1, 0.05],
            "corrected": [0.39, 0.195, 0.0975, 0.04875],
        },
    },
)

# minutes and hours


def in_hours(log_L, N, unit=60.0, sign=1, each=True):
    """A log-likelihood per hour from the one per minute; or with a slip."""
    return log_L + sign * (N if each else 1) * log(unit)


def _multiplied(log_L, N):
    return 60 * log_L


def _one_event(log_L, N):
    return in_hours(log_L, N, each=False)


def _down(log_L, N):
    return in_hours(log_L, N, sign=-1)


MISTAKE = Exercise(
    "ex-point-process-fits-mistake",
    Parts(
        {
            "the function": Code(
                lambda: {"3 events": (-20.5, 3), "no event": (-4.0, 0)},
                in_hours,
                {
                    "the sign: per hour a density is 60 times that per minute": _down,
                    "each event has a density: N times log 60": _one_event,
                    "a density is multiplied by 60, its logarithm gets a summand": (
                        _multiplied
                    ),
                },
                lambda found: float(np.asarray(found)),
            ),
            "the better model": Numbers(
                {"the better model": "neither"},
                {
                    "the better model": dict.fromkeys(
                        ("hours", "minutes"),
                        "the whole difference of 4.09 is log 60: in one unit the two "
                        "are equal",
                    )
                },
            ),
        }
    ),
    (
        "What is the unit of an intensity?",
        "Measured in minutes the times are 60 times larger. By which factor do the "
        "densities of the events change?",
        "log L in hours is log L in minutes plus N log 60, and log 60 = 4.09: neither "
        "is better.",
    ),
    wrong={
        "per hour a density is 60 times": (_down, "neither"),
        "N times log 60": (_one_event, "neither"),
        "in one unit the two are equal": (in_hours, "hours"),
    },
)
EXERCISES = (OFFSPRING, TOTAL, THINNING, MIDPOINT, MISTAKE)
SOLUTIONS = {
    OFFSPRING.label: ((2.5, 0.8), 0.79),
    TOTAL.label: at_maximum,
    THINNING.label: thin,
    MIDPOINT.label: {
        "plain": [0.4, 0.2, 0.1, 0.05],
        "corrected": [0.04, 0.01, 0.0025, 0.000625],
    },
    MISTAKE.label: (in_hours, "neither"),
}
