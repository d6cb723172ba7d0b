"""The answers of the chapter on exploding gradients."""

import numpy as np

from rnnbook.tutor.answers.checking import Exercise, Variant
from rnnbook.tutor.answers.kinds import Code, Experiment, Numbers
from rnnlib.spectral import smallest_singular_value, spectral_norm, spectral_radius

# three numbers of one matrix


def sizes_of(a, b):
    """Norm, spectral radius and smallest singular value of ((a, b), (0, a))."""
    W = np.array([[a, b], [0.0, a]])
    found = spectral_norm(W), spectral_radius(W), smallest_singular_value(W)
    return tuple(map(float, found))


def _three(a=0.5, b=10.0, variant=None):
    """The exercise for the matrix ((a, b), (0, a))."""
    norm, radius, smallest = sizes_of(a, b)
    below = "falls in the end for the radius is below"
    above = "grows for the radius is above"
    return Exercise(
        "ex-exploding-three-numbers",
        Numbers(
            {"norm": norm, "radius": a, "smallest": smallest, "decides": "radius"},
            {
                "norm": {
                    b: "is the largest entry: the norm is the largest singular value",
                    a + b: "is the largest sum of a row: the 2-norm is a singular "
                    "value",
                    norm**2: "is not rooted: the singular values are roots of the "
                    "eigenvalues of W^T W",
                    a: "is the spectral radius",
                },
                "radius": {
                    norm: "is the norm: the radius is the size of the largest "
                    "eigenvalue",
                    a * a: "is the determinant, the product of the two eigenvalues",
                },
                "smallest": {
                    a: "is the smallest eigenvalue, not the smallest singular value",
                    a * a: "is the product of the two singular values",
                    a * a / b: "is rounded too far: give three digits",
                    smallest**2: "is not rooted",
                },
                "decides": {
                    "norm": "the norm says what one step can do; look at the 60th "
                    "power",
                    "smallest": "it says what every direction does at least in one "
                    "step",
                },
            },
            tolerance=2e-3,
            follow={"smallest": lambda given: a * a / given["norm"]},
        ),
        (
            "The matrix is triangular: its eigenvalues stand on the diagonal.",
            f"The squares of the singular values add up to {a * a:g} + {b * b:g} + "
            f"{a * a:g}, and their product is det(W)^2 = {a**4:g}.",
            f"{norm:.4f}, {a:g} and {a * a:g}/{norm:.4f} = {smallest:.4f}; W^k "
            f"{below if a < 1 else above} one.",
        ),
        wrong={
            "the smallest eigenvalue, not the smallest": (norm, a, a, "radius"),
            "is the largest entry": (b, a, smallest, "radius"),
            "look at the 60th power": (norm, a, smallest, "norm"),
        },
        variant=variant,
    )


def _other_three(rng):
    """Another matrix, whose norm is not its largest entry after rounding."""
    a, b = rng.choice((0.6, 0.7, 0.8, 0.9, 1.1, 1.2)), float(rng.randint(3, 9))
    text = {
        r"\begin{pmatrix} 0.5 & 10 \\ 0 & 0.5 \end{pmatrix}": (
            rf"\begin{{pmatrix}} {a} & {b:g} \\ 0 & {a} \end{{pmatrix}}"
        )
    }
    return Variant(_three(a, b), text, (*sizes_of(a, b), "radius"))


THREE = _three(variant=_other_three)

# necessary, for one step


def norm_product(factors):
    """The bound of the proof: the product of the norms."""
    return float(np.prod([np.linalg.norm(J, 2) for J in factors]))


def _factors():
    """Some matrices to multiply."""
    rng = np.random.default_rng(12)
    return [rng.standard_normal((3, 3)) for _ in range(4)]


def _square(matrices):
    """Matrices as arrays; ValueError unless they are square and of one size."""
    found = [np.asarray(m, float) for m in matrices]
    d = len(found[0])
    if any(m.shape != (d, d) for m in found):
        raise ValueError("expected square matrices of one size")
    return found


def _radii(r):
    return [spectral_radius(m) for m in _square(r["matrices"])]


def _product(r):
    return spectral_norm(np.linalg.multi_dot([*_square(r["matrices"])]))


ONE_STEP = Exercise(
    "ex-exploding-one-step",
    Experiment(
        {
            "the bound": lambda r: np.isclose(
                r["bound"](_factors()), norm_product(_factors()), rtol=1e-8
            ),
            "no spectral radius exceeds one": lambda r: max(_radii(r)) <= 1 + 1e-9,
            "the norm of the product exceeds one": lambda r: _product(r) > 1 + 1e-9,
        },
        {
            "the bound": "is not the product of the norms: radii, maxima and sums do "
            "not bound the norm of a product by one",
            "no spectral radius exceeds one": "a radius exceeds one, so the matrices "
            "are no counterexample",
            "the norm of the product exceeds one": "the norm of the product is at "
            "most one: for symmetric or commuting factors it may have to be",
        },
    ),
    (
        "Suppose all norms are at most one: how large is the norm of the product?",
        "||J_k ... J_1|| <= ||J_k|| ... ||J_1||. For radii there is no such rule: try "
        "nilpotent factors.",
        "[[0, 2], [0, 0]] and [[0, 0], [2, 0]] have radius 0, and their product has "
        "norm 4.",
    ),
    wrong={
        "the norm of the product is at most one": {
            "bound": norm_product, "matrices": ([[0.5, 0], [0, 0.5]],) * 2,
        },
        "a radius exceeds one": {
            "bound": norm_product, "matrices": ([[2, 0], [0, 0]], [[2, 0], [0, 1]]),
        },
        "is not the product of the norms": {
            "bound": lambda js: np.prod([spectral_radius(J) for J in js]),
            "matrices": ([[0, 2], [0, 0]], [[0, 0], [2, 0]]),
        },
    },
)  # fmt: skip

# which direction grows?


def growth_rate(W, e, left=False, lasts=True, limits=True):
    """The factor by which (W^T)^n e grows in a step; or with a slip."""
    values, right = np.linalg.eig(W)
    c = np.linalg.solve(right, e) if left else right.T @ e
    part = values[np.abs(c) > 1e-10 * np.linalg.norm(e)] if lasts else values
    if part.size == 0 or np.abs(part).max() == 0:
        raise ValueError("e: expected a direction that lasts")
    rate = np.abs(part).max()
    leading = part[np.abs(part) > rate * (1 - 1e-8)]
    if limits and np.ptp(leading.real) + np.ptp(leading.imag) > 1e-8 * rate:
        raise ValueError("W, e: no rate")
    return rate


def _directions():
    """Matrices and vectors: with a rate, and without."""
    W = np.array([[2.0, 1.0], [0.0, 0.5]])
    signs = np.array([[0.0, 4.0], [1.0, 0.0]])
    return {
        "a part in both": (W, np.array([1.0, -2.0])),
        "a part in the smaller alone": (W, np.array([0.0, 1.0])),
        "a right eigenvector": (W, np.array([1.0, 0.0])),
        "W = diag(-3, 1, 0)": (np.diag([-3.0, 1.0, 0.0]), np.array([1.0, 1.0, 1.0])),
        "a double eigenvalue": (2 * np.eye(2), np.array([1.0, 3.0])),
        "2 and -2": (signs, np.array([1.0, 1.0])),
        "2 alone of 2 and -2": (signs, np.array([1.0, 2.0])),
        "a complex pair": (np.array([[1.0, -4.0], [1.0, 1.0]]), np.ones(2)),
        "a small pair": (1e-6 * np.array([[1.0, -4.0], [1.0, 1.0]]), np.ones(2)),
        "a small e": (W, np.array([0.0, 1e-6])),
        "sent to 0": (np.diag([2.0, 0.0]), np.array([0.0, 1.0])),
    }


def _right_vectors(W, e):
    return growth_rate(W, e, left=True)


def _whole_radius(W, e):
    return growth_rate(W, e, lasts=False)


def _no_limit(W, e):
    return growth_rate(W, e, limits=False)


DIRECTION = Exercise(
    "ex-exploding-direction",
    Code(
        _directions,
        growth_rate,
        {
            "e is expanded in the right eigenvectors of W: W^T sends the left ones": (
                _right_vectors
            ),
            "the spectral radius is taken, though e may have no part in it": (
                _whole_radius
            ),
            "a complex pair, or 2 and -2, has no rate: raise a ValueError": _no_limit,
            "a ValueError is missing, and e may have no part in the radius": (
                lambda W, e: np.abs(np.linalg.eigvals(W)).max()
            ),
        },
        refuses=True,
    ),
    (
        "Which coefficients of e in the left eigenvectors are not zero? The right "
        "eigenvectors pick them out.",
        "c_j is r_j^T e up to a factor; take the largest |lambda_j| among those with "
        "c_j not zero, to rounding.",
        "values, right = np.linalg.eig(W); c = right.T @ e; raise ValueError where "
        "none is left, all are 0, or different values have the largest size.",
    ),
    wrong={
        "expanded in the right eigenvectors": _right_vectors,
        "the spectral radius is taken": _whole_radius,
        "has no rate": _no_limit,
    },
    called=False,
)

# the bias as a brake

EXPONENTS = {0: 0.269, 1: 0.225, 2: 0.112, 4: -0.046, 8: -1.523}
BIAS = Exercise(
    "ex-exploding-bias",
    Experiment(
        {
            "exponents for b = 0, 1, 2, 4, 8": lambda r: set(r) == set(EXPONENTS),
            "a step's own size": lambda r: abs(r[0]) < 1,
            "larger biases have smaller exponents": lambda r: all(
                r[a] > r[b] for a, b in ((0, 1), (1, 2), (2, 4), (4, 8))
            ),
            "the sign turns between two of the values": lambda r: r[2] > 0 > r[4],
            "b = 8 is far below zero": lambda r: -1.8 < r[8] < -1.3,
        },
        {
            "a step's own size": "the exponents are too large: a Lyapunov exponent is "
            "the mean over the steps, not the sum",
            "larger biases have smaller exponents": "they do not fall: is the bias in "
            "the parameters, b_h of all units, and is tanh saturated by it?",
            "the sign turns between two of the values": "elsewhere than in the "
            "network: are the first steps discarded, the logarithm natural, and no 1 "
            "taken for 0?",
            "b = 8 is far below zero": "is another number: saturated slopes make it "
            "about -1.5; does every unit have the same bias?",
        },
    ),
    (
        "What does a large bias do to 1 - tanh(s)^2?",
        "wild._replace(b_h=np.full(d, b)) is the network with the bias; "
        "lyapunov_exponents gives the exponents.",
        "Take result.exponents[0, 0] for count=1, with 600 steps and discard=100: it "
        "falls, and turns negative between 2 and 4.",
    ),
    wrong={
        "the mean over the steps": {b: 600 * v for b, v in EXPONENTS.items()},
        "is the bias in the parameters": dict.fromkeys(EXPONENTS, 0.269),
        "no 1 taken for 0": {b: np.exp(v) for b, v in EXPONENTS.items() if b < 8}
        | {8: 0.218},
    },
)

# the smallest singular value


def _matrix(answer):
    return _square([answer])[0]


SIGMA = Exercise(
    "ex-exploding-mistake",
    Experiment(
        {
            "the smallest singular value is zero": lambda W: (
                smallest_singular_value(_matrix(W)) <= 1e-12 * spectral_norm(_matrix(W))
            ),
            "the norm exceeds one": lambda W: spectral_norm(_matrix(W)) > 1 + 1e-9,
            "the powers grow": lambda W: spectral_radius(_matrix(W)) > 1 + 1e-6,
        },
        {
            "the smallest singular value is zero": "it is not: the matrix must have "
            "no inverse",
            "the norm exceeds one": "it does not, so nothing can grow",
            "the powers grow": "they do not: the spectral radius is at most one, "
            "whatever one step does",
        },
    ),
    (
        "How many directions have to grow for the gradient to explode?",
        "The smallest singular value speaks of the direction that shrinks most.",
        "One direction is lost and one grows: diag(2, 0).",
    ),
    wrong={
        "the matrix must have no inverse": [[2, 0], [0, 0.5]],
        "so nothing can grow": [[0.5, 0], [0, 0]],
        "whatever one step does": [[0, 2], [0, 0]],
    },
)
EXERCISES = (THREE, ONE_STEP, DIRECTION, BIAS, SIGMA)
SOLUTIONS = {
    THREE.label: (*sizes_of(0.5, 10.0), "radius"),
    ONE_STEP.label: {
        "bound": norm_product,
        "matrices": ([[0, 2], [0, 0]], [[0, 0], [2, 0]]),
    },
    DIRECTION.label: growth_rate,
    BIAS.label: EXPONENTS,
    SIGMA.label: [[2, 0], [0, 0]],
}
