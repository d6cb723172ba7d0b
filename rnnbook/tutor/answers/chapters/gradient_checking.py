"""The answers of the chapter on checking gradients."""

from fractions import Fraction

import numpy as np

import rnnlib
from rnnbook.tutor.answers.checking import Exercise, Variant
from rnnbook.tutor.answers.kinds import Code, Experiment, Mistake, Numbers, Parts
from rnnlib import Params

# one-sided differences

HALF = Fraction(1, 2)
POWERS = {"slope": 1, "best step": HALF, "best error": HALF}
ONE_SIDED = Exercise(
    "ex-gradient-checking-one-sided",
    Parts(
        {
            "predicted": Numbers(
                POWERS,
                {
                    "slope": {
                        2: "is that of central differences: here f''/2 does not cancel"
                    },
                    "best step": {
                        Fraction(1, 3): "is that of central differences",
                        1: "makes the rounding eta/step as large as the derivative",
                    },
                    "best error": {
                        Fraction(2, 3): "is that of central differences",
                        1: "is the rounding of f itself: it is divided by the step",
                    },
                },
                1e-12,
                follow={"best error": lambda g: g["slope"] * g["best step"]},
            ),
            "measured": Numbers(
                {"measured slope": 1},
                {
                    "measured slope": {
                        2: "is that of central differences",
                        -1: "is that of the rounding: measure at larger steps",
                        0: "is that of no error that depends on the step",
                    }
                },
                0.1,
            ),
        }
    ),
    (
        "Expand f(eps) - f(0): which is the first term after f' eps?",
        "The error is f'' eps/2 + eta/eps, up to factors. Where is the sum smallest?",
        "The slope is 1; eps of order eta^(1/2) makes both terms of order eta^(1/2).",
    ),
    wrong={
        "predicted (slope): is that of central differences": (
            (2, Fraction(1, 3), Fraction(2, 3)),
            1.0,
        ),
        "predicted (best error): is the rounding of f itself": ((1, HALF, 1), 1.0),
        "measured slope: measure at larger steps": ((1, HALF, HALF), -1.02),
    },
)

# Richardson's trick


def weights_of(m):
    """a, b, and the weights of f(eps) and f(m eps) over eps."""
    a, b = Fraction(m * m, m * m - 1), Fraction(-1, m * m - 1)
    return a, b, a / 2, b / (2 * m)


def _richardson(m=2, variant=None):
    """The exercise for steps of which one is m times the other."""
    a, b, near, far = weights_of(m)
    far_name, square = f"the weight of f({m} eps)", m * m
    linear = Fraction(m, m - 1), Fraction(-1, m - 1)  # removes a term in eps
    return Exercise(
        "ex-gradient-checking-richardson",
        Numbers(
            {"a": a, "b": b, "the weight of f(eps)": near, far_name: far},
            {
                "a": {
                    b: "is b: the finer difference gets the larger weight",
                    linear[0]: "removes a term in eps: D has none, but one in eps^2",
                    Fraction(square, square + 1): "has the wrong sign in a + "
                    f"{square} b = 0",
                    square: f"keeps {square - 1} f': a + b has to be one",
                },
                "b": {
                    a: "is a: the finer difference gets the larger weight",
                    linear[1]: "removes a term in eps"
                    + (", or keeps 3 f'" if m == 2 else ""),
                    Fraction(1, square + 1): "has the wrong sign in a + "
                    f"{square} b = 0",
                },
                "the weight of f(eps)": {
                    a: "lacks the 2 under D(eps) = (f(eps) - f(-eps))/(2 eps)"
                },
                far_name: {
                    b / 2: f"lacks a {m}: below D({m} eps) stands {2 * m} eps",
                    b: f"lacks the {2 * m} below D({m} eps): it is divided by "
                    f"{2 * m} eps",
                    -far: "has the wrong sign",
                },
            },
            1e-12,
            follow={
                "the weight of f(eps)": lambda given: given["a"] / 2,
                far_name: lambda given: given["b"] / (2 * m),
            },
        ),
        (
            f"D(eps) = f' + f''' eps^2/6 + ...; what is D({m} eps)?",
            f"f' has to stay, and eps^2 to go: a + b = 1 and a + {square} b = 0.",
            f"a = {a}, b = {b}; f(eps) stands over 2 eps in D(eps), f({m} eps) over "
            f"{2 * m} eps.",
        ),
        wrong={
            "a: the finer difference gets the larger weight": (b, a, near, far),
            "a: removes a term in eps": (
                *linear,
                linear[0] / 2,
                linear[1] / (2 * m),
            ),
            f"{far_name}: below D({m} eps) stands {2 * m} eps": (a, b, near, b / 2),
        },
        variant=variant,
    )


def _other_richardson(rng):
    """Another quotient of the two steps."""
    m = rng.randint(3, 12)
    text = {
        r"b D(2\varepsilon)": rf"b D({m}\varepsilon)",
        "Show that this is the stencil of order 4.": "Which weights do the values of "
        r"$f$ have in it?",
    }
    solution = tuple(map(float, weights_of(m)))
    return Variant(_richardson(m), text, solution, {"f(2 eps)": f"f({m} eps)"})


RICHARDSON = _richardson(variant=_other_richardson)

# a test that passes


def tied(theta, x, y, start, first=1, second=0, turned=True):
    """Loss and gradients with W_hy = W_xh^T: the student's, with its slip."""
    y = np.asarray(y)
    y = y.astype(int) if y.ndim == 2 else y
    p = Params(**theta, W_hy=theta["W_xh"].T)
    value, gradients = rnnlib.loss_and_gradients(p, x, y, h_0=start)
    d = gradients.params._asdict()
    other = d["W_hy"].T if turned or d["W_hy"].shape != d["W_xh"].shape else d["W_hy"]
    found = {name: d[name] for name in theta}
    return value, found | {"W_xh": first * d["W_xh"] + second * other}


def tied_right(theta, x, y, start):
    """With both roles of W_xh."""
    return tied(theta, x, y, start, second=1)


def _tied_cases(zero=False):
    rng, found = np.random.default_rng(19), {}
    for units in (3, 4):
        p = rnnlib.init_params(4, units, 4, rng=rng)
        theta = {n: getattr(p, n) for n in ("W_xh", "W_hh", "b_h", "b_y")}
        x, start = rng.standard_normal((3, 2, 4)), rng.standard_normal((2, units))
        targets = np.eye(4)[rng.integers(4, size=(3, 2))]
        if zero:
            x, start = 0 * x, 0 * start
        found[f"{units} units"] = theta, x, targets, start
    return found


def _second_alone(theta, x, y, start):
    return tied(theta, x, y, start, first=0, second=1)


def _not_turned(theta, x, y, start):
    return tied(theta, x, y, start, second=1, turned=False)


HIDE = Exercise(
    "ex-gradient-checking-hide",
    Mistake(
        ({4}, {5}, {4, 5}),
        tied,
        tied_right,
        _tied_cases,
        {
            "the role of W_xh in the outputs is still forgotten": tied,
            "now the role in the states is forgotten: the two are added": _second_alone,
            "the gradient of W_hy is not transposed back": _not_turned,
            "the role in the outputs is subtracted": lambda *a: tied(*a, second=-1),
        },
    ),
    (
        "In how many places does theta['W_xh'] stand?",
        "d['W_hy'] is the gradient of the second place. When is it zero? Look at its "
        "formula.",
        "Add d['W_hy'].T to the gradient of W_xh; inputs, or an h_0, that are not zero "
        "make the states speak.",
    ),
    wrong={
        "the two are added": (5, _second_alone, _tied_cases()["3 units"]),
        "is not transposed back": (5, _not_turned, _tied_cases()["3 units"]),
        "the wrong function is right on it": (
            5,
            tied_right,
            _tied_cases(zero=True)["3 units"],
        ),
    },
)

# the second derivative in the complex plane

SECOND_EXACT = np.exp(np.sin(1)) * (np.cos(1) ** 2 - np.sin(1))


def estimates(factor=2.0, smallest=-8):
    """Steps, the estimates of f'' at each, and the power of eta."""
    steps = np.logspace(smallest, 0, 60)
    values = np.exp(np.sin(1 + 1j * steps)).real
    return steps, factor * (np.exp(np.sin(1)) - values) / steps**2, 0.5


def _errors(result):
    steps, found = (np.asarray(a, float) for a in result[:2])
    order = np.argsort(steps)
    return steps[order], np.abs(found[order] - SECOND_EXACT)


def _at(result, step):
    """The estimate at the step nearest to this one."""
    steps, found = (np.asarray(a, float) for a in result[:2])
    return found[np.abs(np.log(steps / step)).argmin()]


SECOND = Exercise(
    "ex-gradient-checking-second",
    Experiment(
        {
            "steps from 1e-8 or less to 0.1 or more, and an estimate for each": (
                lambda r: (
                    len(r) == 3
                    and np.shape(r[0]) == np.shape(r[1])
                    and len(r[0]) >= 9
                    and np.isfinite(np.asarray(r[1], float)).all()
                    and 0 < np.min(r[0]) < 1.01e-8
                    and np.max(r[0]) > 0.099
                )
            ),
            "the estimates have the sign of f''": lambda r: _at(r, 1e-3) < 0,
            "they come within 1e-6 of f''": lambda r: _errors(r)[1].min() < 1e-6,
            "at 1e-8 they are lost to cancellation": lambda r: _errors(r)[1][0] > 1e-3,
            "the best error is of the order of eta to the power 1/2": lambda r: (
                abs(float(r[2]) - 0.5) < 1e-9
            ),
        },
        {
            "steps from 1e-8 or less to 0.1 or more, and an estimate for each": (
                "expected the steps, as many estimates, and the power of eta"
            ),
            "the estimates have the sign of f''": "f'' is negative there: i^2 = -1 "
            "turns the sign, f(0) - Re f(i eps)",
            "they come within 1e-6 of f''": "is the factor 2 of the second term, "
            "f'' eps^2/2, in the formula, and eps squared below?",
            "at 1e-8 they are lost to cancellation": "two nearby numbers are "
            "subtracted: was the formula really evaluated there?",
            "the best error is of the order of eta to the power 1/2": "rounding is "
            "eta/eps^2 and truncation eps^2: where are they equal?",
        },
    ),
    (
        "f(i eps) = f(0) + i f' eps - f'' eps^2/2 + ...; take the real part.",
        "Two nearby numbers are subtracted and divided by eps^2: the rounding is "
        "eta/eps^2.",
        "f'' = 2 (f(0) - Re f(i eps))/eps^2, truncation of order eps^2: at eps of "
        "order eta^(1/4) both are of order eta^(1/2).",
    ),
    wrong={
        "turns the sign": estimates(-2.0),
        "is the factor 2 of the second term": estimates(1.0),
        "where are they equal": (*estimates()[:2], 1),
    },
)

# the dot-product test


def dot_test(params, x, h_0, delta_z, direction, gradient, tolerance=1e-9, part="imag"):
    """Do both sides agree? Or with a slip."""
    moved = Params(*map(lambda a, b: a + 1e-30j * b, params, direction))
    z = rnnlib.forward(moved, x, h_0=h_0).z
    J_u = z.imag / 1e-30 if part == "imag" else z.real
    left = (delta_z * J_u).sum()
    right = sum(map(np.vdot, gradient, direction))
    return bool(abs(left - right) <= tolerance * abs(left))


def _gradient(params, trace, delta_z, mistake=""):
    """A backward pass with a mistake."""
    d_s, future = np.zeros_like(trace.s), 0
    for t in range(len(d_s) - 1, -1, -1):
        g = delta_z[t] @ params.W_hy + (0 if mistake == "no future" else future)
        slope = 1 if mistake == "no slope" else 1 - trace.h[t + 1] ** 2
        d_s[t] = g * slope
        W = params.W_hh.T if mistake == "not transposed" else params.W_hh
        future = d_s[t] @ W
    before = trace.h[1:] if mistake == "the step beside" else trace.h[:-1]
    found = {
        "W_xh": np.einsum("tbi,tbj->ij", d_s, trace.x),
        "W_hh": np.einsum("tbi,tbj->ij", d_s, before),
        "b_h": d_s.sum((0, 1)) * (mistake != "no bias"),
        "W_hy": np.einsum("tbi,tbj->ij", delta_z, trace.h[1:]),
        "b_y": delta_z.sum((0, 1)),
    }
    if mistake == "one in a thousand":
        found["W_xh"] = 1.001 * found["W_xh"]
    return Params(**found)


MISTAKES = (
    "not transposed", "no slope", "the step beside", "no future", "no bias",
    "one in a thousand",
)  # fmt: skip


def _passes():
    """The right gradient, and gradients with a mistake."""
    rng = np.random.default_rng(20)
    p = rnnlib.init_params(2, 3, 4, rng=rng)
    x, start = rng.standard_normal((5, 2, 2)), rng.standard_normal((2, 3))
    trace = rnnlib.forward(p, x, h_0=start)
    delta_z = rng.standard_normal(trace.z.shape)
    direction = Params(*(rng.standard_normal(a.shape) for a in p))
    return {
        m or "the right gradient": (
            p, x, start, delta_z, direction, _gradient(p, trace, delta_z, m)
        )
        for m in ("", *MISTAKES)
    }  # fmt: skip


def _verdict(found):
    """True or False; anything else is none."""
    if not isinstance(found, (bool, np.bool_)):
        raise ValueError("expected True or False")
    return bool(found)


DOT = Exercise(
    "ex-gradient-checking-dot",
    Code(
        _passes,
        dot_test,
        {
            "it passes everything: the test cannot fail": lambda *a: True,
            "it passes nothing, not even the right gradient: is J u the imaginary part "
            "over the step, and is rounding allowed for": lambda *a: False,
            "the tolerance is wide: a mistake of one in a thousand passes": (
                lambda *a: dot_test(*a, tolerance=0.01)
            ),
        },
        _verdict,
    ),
    (
        "Move the parameters by i eps u and run the forward pass. Where is J u?",
        "Both sides are sums: of delta_z * J u over all entries, and of gradient * u "
        "over all five parameters.",
        "moved = params + 1e-30j u; J u = forward(moved).z.imag/1e-30; compare with a "
        "relative tolerance of 1e-9.",
    ),
    wrong={
        "is J u the imaginary part": lambda *a: dot_test(*a, part="real"),
        "a mistake of one in a thousand passes": lambda *a: dot_test(
            *a, tolerance=0.01
        ),
        "the test cannot fail": lambda *a: True,
    },
    called=False,
)
EXERCISES = (ONE_SIDED, RICHARDSON, HIDE, SECOND, DOT)
SOLUTIONS = {
    ONE_SIDED.label: ((1, HALF, HALF), 1.01),
    RICHARDSON.label: (
        Fraction(4, 3),
        Fraction(-1, 3),
        Fraction(2, 3),
        Fraction(-1, 12),
    ),
    HIDE.label: (5, tied_right, _tied_cases()["3 units"]),
    SECOND.label: estimates(),
    DOT.label: dot_test,
}
