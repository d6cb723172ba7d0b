"""The answers of the chapter on how gradients really behave."""

import numpy as np

from rnnbook.tutor.answers.checking import Exercise, Variant
from rnnbook.tutor.answers.kinds import Code, Experiment, Numbers, Parts
from rnnlib.spectral import mean_field

# the edge of relu


def _edges(a=1, c=1, variant=None):
    """The exercise for a times relu and c times the identity."""
    relu = f"{a} relu" if a > 1 else "relu"
    linear = f"{c} times the identity" if c > 1 else "the identity"
    chi, line = a * a / 2, float(c * c)
    edge, end = float(np.sqrt(2)) / a, 1 / c
    return Exercise(
        "ex-gradient-behaviour-relu",
        Numbers(
            {
                f"chi / g^2 of {relu}": chi,
                f"the edge of {relu}": edge,
                f"chi / g^2 of {linear}": line,
                f"the edge of {linear}": end,
            },
            {
                f"chi / g^2 of {relu}": {
                    2 * chi: "is the largest slope squared: half of the units have "
                    "slope zero",
                    chi / 2: "is the square of the mean slope: chi has the mean of "
                    "the square",
                    1 / chi: "is upside down: chi is E[phi'^2] times g^2",
                },
                f"the edge of {relu}": {
                    edge**2: "is g^2 on the edge: the gain is its root",
                    1 / edge: "is upside down: g^2 E[phi'^2] = 1",
                },
            },
            tolerance=5e-3,
            follow={
                f"the edge of {phi}": lambda given, phi=phi: (
                    given[f"chi / g^2 of {phi}"] ** -0.5
                )
                for phi in (relu, linear)
            },
        ),
        (
            "The pre-activations are symmetric about zero. What are the slopes of "
            f"{relu}?",
            f"The slope is {a} with probability 1/2 and zero else, so E[phi'^2] = "
            f"{a * a}/2.",
            f"chi = {chi:g} g^2 is one at g = {edge:.4f}; for {linear} chi = "
            f"{line:g} g^2, and g = {end:.4g}.",
        ),
        wrong={
            "half of the units have slope zero": (2 * chi, edge, line, end),
            "is the square of the mean slope": (chi / 2, edge, line, end),
            "the gain is its root": (chi, edge**2, line, end),
        },
        variant=variant,
    )


def _other_edges(rng):
    """Multiples of relu and of the identity."""
    a, c = rng.sample(range(2, 8), 2)
    text = {
        "of relu and of the identity by hand": rf"of $\phi(s) = {a} \max(s, 0)$ and "
        rf"of $\phi(s) = {c} s$ by hand"
    }
    code = {
        "Of relu:": f"Of {a} times relu:",
        "of the identity.": f"of {c} times the\n    identity.",
    }
    solution = (a * a / 2, float(np.sqrt(2)) / a, float(c * c), 1 / c)
    return Variant(_edges(a, c), text, solution, code)


EDGES = _edges(variant=_other_edges)

# chi is at most the square of the gain


def at_most(gamma, gain):
    """What the proof bounds chi by."""
    return (gamma * gain) ** 2


def norm_limit(gamma, gain):
    """What gamma ||W_hh||_2 tends to in a wide network."""
    return 2 * gamma * gain


def _pairs():
    """Largest slopes and gains."""
    pairs = (1.0, 0.9), (0.25, 2.0), (1.0, 1.2), (0.25, 0.3), (2.0, 0.7)
    return {f"gamma = {gamma}, gain = {gain}": (gamma, gain) for gamma, gain in pairs}


def _not_squared(gamma, gain):
    return gamma * gain


def _no_gamma(gamma, gain):
    return gain**2


AT_MOST = Exercise(
    "ex-gradient-behaviour-at-most",
    Parts(
        {
            "chi at most": Code(
                _pairs,
                at_most,
                {
                    "is not squared: chi is a factor of mean squares": _not_squared,
                    "leaves out gamma": _no_gamma,
                    "squares the gain alone": lambda gamma, gain: gamma * gain**2,
                },
            ),
            "the norm": Code(
                _pairs,
                norm_limit,
                {
                    "has the spectral radius, g, in place of the norm, 2 g": (
                        _not_squared
                    ),
                    "leaves out gamma": lambda gamma, gain: 2 * gain,
                },
            ),
            "a gain between": Experiment(
                {
                    "the theory says that gradients vanish": lambda g: (
                        0 < g < np.inf and mean_field.chi(g, 0.0) < 1 - 1e-9
                    ),
                    "the norm bound does not": lambda g: norm_limit(1.0, g) >= 1,
                },
                {
                    "the theory says that gradients vanish": "it does not: chi must "
                    "be below one",
                    "the norm bound does not": "it does so too: 2 g is below one",
                },
            ),
        }
    ),
    (
        "|phi'| <= gamma everywhere: what does that say of the mean of phi'^2?",
        "chi = g^2 E[phi'^2] <= (gamma g)^2, and ||W_hh||_2 tends to 2 g.",
        "(gamma * gain) ** 2, 2 * gamma * gain, and any gain from 1/2 to 1, such as "
        "0.75.",
    ),
    wrong={
        "is not squared": (_not_squared, norm_limit, 0.75),
        "in place of the norm": (at_most, _not_squared, 0.75),
        "2 g is below one": (at_most, norm_limit, 0.3),
    },
)

# the fixed point by iteration

PLACES = {"gain 1.5, bias 0.3": (1.5, 0.3), "gain 0.8, bias 1": (0.8, 1.0)}
NEAR = (1.02, 0.0)


def iterated(gain, bias, tolerance=1e-10, most=100_000, q=1.0):
    """q* and the number of steps that its iteration took."""
    for n in range(1, most + 1):
        q, before = mean_field.variance_map(q, gain, bias), q
        if abs(q - before) < tolerance:
            return q, n
    raise RuntimeError("no fixed point within the steps allowed")


def _meets(r, place, near=1e-4):
    """True when the reader's q is the fixed point."""
    wanted = mean_field.fixed_point_variance(*place)
    return abs(r["iterated"](*place)[0] - wanted) <= near * max(wanted, 0.1)


def _counts(r, place):
    """True when so many steps from q = 1, and no fewer than some, lead to the q."""
    found, n = r["iterated"](*place)
    if n != int(n) or not 4 <= n <= 2000:
        return False
    q = 1.0
    for _ in range(int(n)):
        q = mean_field.variance_map(q, *place)
    return abs(q - found) <= 1e-4 * max(q, 0.1)


def _slow(r):
    """True when a place takes over five times the steps of the first one."""
    usual = r["iterated"](*PLACES["gain 1.5, bias 0.3"])[1]
    return r["iterated"](*r["slow"])[1] > 5 * usual > 0


def _with(q_star, slow=NEAR):
    """An answer with this iteration."""
    return {"iterated": q_star, "slow": slow}


def _standard_deviations(gain, bias):
    """The bias is not squared."""
    return iterated(gain, np.sqrt(bias))


def _one_step(gain, bias):
    """The map is applied once."""
    return mean_field.variance_map(1.0, gain, bias), 1


ITERATE = Exercise(
    "ex-gradient-behaviour-iterate",
    Experiment(
        {
            "q* at gain 1.5 and bias 0.3": lambda r: _meets(r, (1.5, 0.3)),
            "q* at gain 0.8 and bias 1": lambda r: _meets(r, (0.8, 1.0)),
            "q* = 0 at gain 0.5 without bias": lambda r: _meets(r, (0.5, 0.0)),
            "q* near the edge": lambda r: _meets(r, NEAR, near=1e-2),
            "the number of steps": lambda r: all(
                _counts(r, place) for place in PLACES.values()
            ),
            "where it is slow": _slow,
        },
        {
            "q* at gain 1.5 and bias 0.3": "is another number: are the gain and "
            "the bias squared?",
            "q* at gain 0.8 and bias 1": "is another number: is the map iterated to "
            "the end?",
            "q* = 0 at gain 0.5 without bias": "is another number: the variance dies "
            "out there",
            "q* near the edge": "is another number: it takes hundreds of steps",
            "the number of steps": "is not how often the map was applied",
            "where it is slow": "your own count is not five times that of gain 1.5 "
            "and bias 0.3: where is the slope of the map at q* near one?",
        },
    ),
    (
        "Apply variance_map again and again, and stop when q changes no more.",
        "The error shrinks by the slope of the map at q* a step: where is it one?",
        "Loop: q, before = mean_field.variance_map(q, gain, bias), q, until they "
        "differ by less than 1e-10; it is slow at gain 1.02 without bias.",
    ),
    wrong={
        "are the gain and the bias squared": _with(_standard_deviations),
        "is the map iterated to the end": _with(_one_step),
        "is the slope of the map at q* near one": _with(iterated, (3.0, 1.0)),
    },
)

# an orthogonal matrix

TANH = 0.507  # at gain 2, a step
GAPS = {"identity": 0.0, "tanh": TANH, "goes": "norm"}
ORTHOGONAL = Exercise(
    "ex-gradient-behaviour-orthogonal",
    Experiment(
        {
            "the identity attains the bound": lambda r: abs(r["identity"]) < 1e-6,
            "tanh stays below it": lambda r: 0.4 < r["tanh"] < 0.62,
            "the part that goes away": lambda r: r["goes"] == "norm",
        },
        {
            "the identity attains the bound": "it does not: is the matrix g times an "
            "orthogonal one, and the gap log(bound / norm) a step?",
            "tanh stays below it": "by another gap: is it log(bound / norm) divided "
            "by the 60 steps, at gain 2, and from a random state?",
            "the part that goes away": 'is another one: "norm" (against radius) or '
            '"slope" (against its maximum)? Look at the identity',
        },
    ),
    (
        "What are the norm and the spectral radius of g times an orthogonal matrix?",
        "Q from np.linalg.qr of a random matrix; W_hh = 2 Q; log_gradient_norms gives "
        "the norm at lag 60.",
        "The gap is log(2) minus log_gradient_norms(net, trace)[0, 0] / 60: zero for "
        'the identity, about 0.5 for tanh; "norm" goes away.',
    ),
    wrong={
        "is the matrix g times an orthogonal one": GAPS | {"identity": np.log(2)},
        "divided by the 60 steps": GAPS | {"tanh": 60 * TANH},
        "Look at the identity": GAPS | {"goes": "slope"},
    },
)

# every step shrinks


def _linear(r):
    """The matrix and the direction; ValueError unless they belong together."""
    W, e = np.asarray(r["W"], float), np.ravel(np.asarray(r["e"], float))
    if W.ndim != 2 or W.shape != (e.size, e.size):
        raise ValueError("expected a square matrix and a direction of its size")
    return W, e


def _mean_square(r):
    """The mean of |W^T u|^2 over the directions of an orthonormal set."""
    W = _linear(r)[0]
    return np.square(W).sum() / len(W)


def _sent_longer(r):
    W, e = _linear(r)
    return np.linalg.norm(e @ W) > (1 + 1e-9) * np.linalg.norm(e)


SHRINKS = Exercise(
    "ex-gradient-behaviour-mistake",
    Experiment(
        {
            "what chi is a mean over": lambda r: r["mean over"] == "directions",
            "the mean of the squares is below one": lambda r: _mean_square(r) < 1,
            "the direction is sent back longer": _sent_longer,
        },
        {
            "what chi is a mean over": 'is something else: "steps" or '
            '"directions"? At every single step the mean is taken anew',
            "the mean of the squares is below one": "it is not, so that chi would not "
            "be below one: the sum of all squares over the size",
            "the direction is sent back longer": "it is not: a gradient meets W^T, so "
            "take a left singular vector of W",
        },
    ),
    (
        "Of what is chi a mean? Take the identity as the activation.",
        "The mean of |W^T u|^2 over orthonormal u is the sum of all squares over d. "
        "Can one u be far from it?",
        'Over "directions"; W = diag(1.2, 0.1) has the mean 0.725 and sends (1, 0) to '
        "(1.2, 0).",
    ),
    wrong={
        "At every single step": {
            "mean over": "steps", "W": [[1.2, 0], [0, 0.1]], "e": [1, 0],
        },
        "so that chi would not be below one": {
            "mean over": "directions", "W": [[2, 0], [0, 0.1]], "e": [1, 0],
        },
        "take a left singular vector": {
            "mean over": "directions", "W": [[0, 1.2], [0, 0]], "e": [0, 1],
        },
    },
)  # fmt: skip
EXERCISES = (EDGES, AT_MOST, ITERATE, ORTHOGONAL, SHRINKS)
SOLUTIONS = {
    EDGES.label: (0.5, np.sqrt(2), 1.0, 1.0),
    AT_MOST.label: (at_most, norm_limit, 0.75),
    ITERATE.label: _with(iterated),
    ORTHOGONAL.label: GAPS,
    SHRINKS.label: {"mean over": "directions", "W": [[1.2, 0], [0, 0.1]], "e": [1, 0]},
}
