"""The answers of the chapter on optimising."""

import numpy as np

import rnnlib
from rnnbook.tutor.answers.checking import Exercise
from rnnbook.tutor.answers.kinds import Code, Experiment, Parts

# the best fixed rate


def best_rate(mu, L):
    """The rate, and the largest factor of an error."""
    return 2 / (L + mu), (L - mu) / (L + mu)


def _curvatures():
    """Pairs of a smallest and a largest curvature."""
    return {
        "a ratio of 9": (1.0, 9.0),
        "a ratio of 2": (0.5, 1.0),
        "equal curvatures": (4.0, 4.0),
    }


RATE = Exercise(
    "ex-optimising-rate",
    Code(
        _curvatures,
        best_rate,
        {
            "2/L is where the steepest direction stops converging: its factor is one": (
                lambda mu, L: (2 / L, 1.0)
            ),
            "1/L settles the steepest direction and leaves 1 - mu/L in the flattest": (
                lambda mu, L: (1 / L, 1 - mu / L)
            ),
            "1/(L + mu) balances nothing: the two ends are 1 - eta mu and eta L - 1": (
                lambda mu, L: (1 / (L + mu), L / (L + mu))
            ),
            "the rate is right; its factor is 1 - eta mu, not the ratio mu/L": (
                lambda mu, L: (2 / (L + mu), mu / L)
            ),
        },
    ),
    (
        "Draw |1 - eta lambda| against lambda: where on [mu, L] is it largest?",
        "The largest is at one of the two ends. Raise eta from zero: one end falls, "
        "the other rises after a while.",
        "Solve 1 - eta mu = eta L - 1 for eta, and put it back into 1 - eta mu.",
    ),
    wrong={
        "2/L is where": lambda mu, L: (2 / L, 1.0),
        "1/L settles": lambda mu, L: (1 / L, 1 - mu / L),
        "balances nothing": lambda mu, L: (1 / (L + mu), L / (L + mu)),
    },
    called=False,
)

# the step of Adam


def adam_bound(eta, beta_2, n):
    """The most that an entry moves at update n."""
    return eta * np.sqrt((1 - beta_2**n) / (1 - beta_2))


def last_step(gradients, eta=0.1, beta_2=0.9):
    """What Adam with beta_1 = 0 and eps = 0 moves at the last of these gradients."""
    optimiser = rnnlib.adam(eta, beta_1=0.0, beta_2=beta_2, eps=0.0)
    v = np.zeros(1)
    state, before = optimiser.init_state(v), v
    for gradient in np.asarray(gradients, float):
        before = v
        v, state = optimiser.update(v, np.array([gradient]), state)
    return float(abs(v - before)[0])


def _bounds(bound):
    return [bound(*case) for case in ((0.1, 0.9, 1), (0.1, 0.9, 20), (0.01, 0.99, 7))]


ADAM = Exercise(
    "ex-optimising-adam-bound",
    Experiment(
        {
            "the bound": lambda r: np.allclose(_bounds(r[0]), _bounds(adam_bound)),
            "twenty finite gradients": lambda r: (
                np.shape(r[1]) == (20,) and np.isfinite(r[1]).all()
            ),
            "the last step attains it": lambda r: np.isclose(
                last_step(r[1]), adam_bound(0.1, 0.9, 20), rtol=1e-3
            ),
        },
        {
            "the bound": "is not the largest step: keep one square of the fading mean, "
            "and the correction 1 - beta_2^n",
            "the last step attains it": "the last step is shorter than the bound: what "
            "came before still stands under the root",
        },
    ),
    (
        "q_n is a sum of squares with positive weights: which of them can you drop?",
        "q_n >= (1 - beta_2) g_n^2; divide by 1 - beta_2^n before the root is taken.",
        "eta sqrt((1 - beta_2^n)/(1 - beta_2)); nineteen zeros and then one gradient "
        "attain it.",
    ),
    wrong={
        "the correction 1 - beta_2^n": (
            lambda eta, beta_2, n: eta / np.sqrt(1 - beta_2),
            [0.0] * 19 + [1.0],
        ),
        "what came before still stands under the root": (adam_bound, [1.0] * 20),
        "the last step is shorter": (adam_bound, [1.0] + [0.0] * 19),
    },
)

# each array by its own norm


def clip_each(gradients, threshold):
    """Every array clipped by its own norm."""
    return type(gradients)(
        *(rnnlib.clip_by_global_norm(g, threshold) for g in gradients)
    )


def turned(before, after):
    """The angle between two trees, in degrees."""
    a, b = (np.concatenate([np.ravel(v) for v in tree]) for tree in (before, after))
    cosine = a @ b / np.linalg.norm(a) / np.linalg.norm(b)
    return float(np.degrees(np.arccos(cosine)))


def gradients_of(loud=1.0):
    """A gradient of a network with one array of this size, the others smaller."""
    shapes = rnnlib.parameter_shapes(2, 3, 2)
    rng = np.random.default_rng(7)
    found = [0.1 * rng.standard_normal(shape) for shape in shapes]
    found[1] = loud * found[1]
    return rnnlib.Params(*found)


def _gradients():
    """Gradients of which none, one and all arrays are long."""
    loud = gradients_of(100.0)
    return {
        "nothing to clip": (gradients_of(), 5.0),
        "one array to clip": (loud, 5.0),
        "all arrays to clip": (rnnlib.Params(*(1e3 * g for g in loud)), 1.0),
    }


def _of_the_whole(gradients, threshold):
    return rnnlib.clip_by_global_norm(gradients, threshold)


def _by_value(gradients, threshold):
    return rnnlib.clip_by_value(gradients, threshold)


def _rescaled(gradients, threshold):
    return type(gradients)(*(threshold * g / np.linalg.norm(g) for g in gradients))


EACH = Exercise(
    "ex-optimising-per-array",
    Parts(
        {
            "clip_each": Code(
                _gradients,
                clip_each,
                {
                    "the whole is clipped by one norm: that keeps the direction": (
                        _of_the_whole
                    ),
                    "entries are clipped by value, not arrays by their norms": (
                        _by_value
                    ),
                    "short arrays are made longer: the factor is at most one": (
                        _rescaled
                    ),
                },
                tuple,
            ),
            "the gradient": Experiment(
                {
                    "its direction changes": lambda r: (
                        turned(r[0], clip_each(r[0], r[1])) > 0.01
                    )
                },
                {
                    "its direction changes": "every array is multiplied by the same "
                    "factor: some must be clipped and others not, or not as much"
                },
            ),
        }
    ),
    (
        "clip_by_global_norm takes any tree, a single array too.",
        "type(gradients)(*(... for g in gradients)) makes the tree anew.",
        "For the direction take one array with a norm far above the threshold, and "
        "another, not zero, below it.",
    ),
    wrong={
        "that keeps the direction": (_of_the_whole, (gradients_of(100.0), 5.0)),
        "entries are clipped by value": (_by_value, (gradients_of(100.0), 5.0)),
        "the same factor": (clip_each, (gradients_of(100.0), 1e9)),
    },
)

# momentum and the largest step


def largest_rate(momentum, L):
    """The rate below which gradient descent with momentum converges."""
    return 2 * (1 + momentum) / L


def _momenta():
    """Momenta and largest curvatures."""
    return {
        "no momentum": (0.0, 4.0),
        "momentum 0.8": (0.8, 3.0),
        "momentum 0.5": (0.5, 12.0),
    }


MOMENTUM = Exercise(
    "ex-optimising-momentum",
    Code(
        _momenta,
        largest_rate,
        {
            "2/L is the limit without momentum": lambda momentum, L: 2 / L,
            "2(1 - mu)/L keeps the long run in mind; at the limit the error changes "
            "its sign in every step, and momentum brakes it": (
                lambda momentum, L: 2 * (1 - momentum) / L
            ),
            "momentum does not divide the limit by 1 - mu": (
                lambda momentum, L: 2 / (1 - momentum) / L
            ),
        },
        lambda rate: np.round(rate, 4),
    ),
    (
        "In one direction (e, u) becomes (e - eta u', u') with u' = mu u + lambda e: a "
        "matrix of two rows.",
        "Its spectral radius says whether it converges; bisect for the rate where the "
        "radius passes one.",
        "An eigenvalue leaves the unit disc at -1: put r = -1 into r^2 - (1 + mu - eta "
        "L) r + mu = 0 and solve for eta.",
    ),
    wrong={
        "the limit without momentum": lambda momentum, L: 2 / L,
        "momentum brakes it": lambda momentum, L: 2 * (1 - momentum) / L,
        "does not divide the limit": lambda momentum, L: 2 / (1 - momentum) / L,
    },
    called=False,
)

# zeros for a NaN


def guarded(optimiser, params, gradient, state):
    """An update; a gradient that is not finite changes nothing."""
    if not np.isfinite(gradient).all():
        return params, state
    return optimiser.update(params, gradient, state)


def zeros_instead(optimiser, params, gradient, state):
    """The mistake of the exercise."""
    return optimiser.update(params, np.where(np.isfinite(gradient), gradient, 0), state)


def counted_anyway(optimiser, params, gradient, state):
    """The parameters and means stay, and the update is counted."""
    if not np.isfinite(gradient).all():
        return params, state._replace(step=state.step + 1)
    return optimiser.update(params, gradient, state)


def memory_alone(optimiser, params, gradient, state):
    """The parameters stay, and the means take zeros in."""
    if not np.isfinite(gradient).all():
        return params, zeros_instead(optimiser, params, gradient, state)[1]
    return optimiser.update(params, gradient, state)


def _updates():
    """An optimiser after two updates, and gradients that are finite and not."""
    adam, v = rnnlib.adam(0.1), np.zeros(2)
    state = adam.init_state(v)
    for gradient in (np.array([1.0, -2.0]), np.array([0.5, 1.0])):
        v, state = adam.update(v, gradient, state)
    return {
        "a finite gradient": (adam, v, np.array([1.0, 0.0]), state),
        "one NaN": (adam, v, np.array([1.0, np.nan]), state),
        "one infinite": (adam, v, np.array([np.inf, 1.0]), state),
    }


def _after(found):
    """Parameters, the number of updates, and the memories."""
    params, state = found
    return [params, state.step, dict(state.memory)]


MISTAKE = Exercise(
    "ex-optimising-mistake",
    Code(
        _updates,
        guarded,
        {
            "zeros still move the parameters: Adam goes on by its memory": (
                zeros_instead
            ),
            "the update is counted: the corrections 1 - beta^n run ahead": (
                counted_anyway
            ),
            "the parameters stay, but zeros enter both means": memory_alone,
        },
        _after,
    ),
    (
        "Adam keeps two means and a count: what does a zero gradient do to each?",
        "After a zero gradient the mean is beta_1 m, not zero, so the parameters move.",
        "If np.isfinite(gradient).all() is false, return params and state as they are; "
        "otherwise call optimiser.update.",
    ),
    wrong={
        "zeros still move the parameters": zeros_instead,
        "the update is counted": counted_anyway,
        "zeros enter both means": memory_alone,
    },
    called=False,
)

EXERCISES = (RATE, ADAM, EACH, MOMENTUM, MISTAKE)
SOLUTIONS = {
    RATE.label: best_rate,
    ADAM.label: (adam_bound, [0.0] * 19 + [1.0]),
    EACH.label: (clip_each, (gradients_of(100.0), 5.0)),
    MOMENTUM.label: largest_rate,
    MISTAKE.label: guarded,
}
