"""The answers of the chapter on the joint spectral radius."""

from itertools import product

import numpy as np

from rnnbook.tutor.answers.checking import Exercise, Variant
from rnnbook.tutor.answers.kinds import Code, Experiment
from rnnlib.spectral import numerical_radius, spectral_norm, spectral_radius

# a triangular matrix

CORNER = np.array([[0.5, 10.0], [0.0, 0.25]])


def triangular(a, b, c):
    """The joint spectral radius of all gates of [[a, b], [0, c]]."""
    return max(abs(a), abs(c))


def _radii(r):
    cases = (0.5, 10, 0.25), (-0.9, 3, 0.2), (0.1, -4, -1.5), (0.3, 0, 0.3)
    return all(abs(r["radius"](*case) - triangular(*case)) < 1e-9 for case in cases)


def _scaled(r):
    ratio = float(r["scale"])
    S = np.array([ratio, 1.0])
    return ratio > 0 and spectral_norm(S[:, None] * CORNER / S) < 1


TRIANGULAR = Exercise(
    "ex-joint-radius-triangular",
    Experiment(
        {"the joint radius": _radii, "the scaling proves it": _scaled},
        {
            "the joint radius": "is another number: an open gate keeps an entry of the "
            "diagonal, with its sign lost, and the corner moves no eigenvalue",
            "the scaling proves it": "it does not: the corner becomes 10 s, so take a "
            "small positive s",
        },
    ),
    (
        "What are the eigenvalues of a product of triangular matrices?",
        "From below: one gate stays open. From above: S = diag(s, 1) makes the corner "
        "as small as you like.",
        "max(|a|, |c|), whatever b is; s = 0.01 gives a norm near one half.",
    ),
    wrong={
        "with its sign lost": {"radius": lambda a, b, c: max(a, c), "scale": 0.01},
        "take a small positive s": {"radius": triangular, "scale": 10.0},
        "an open gate keeps an entry": {
            "radius": lambda a, b, c: max(map(abs, (a, b, c))),
            "scale": 0.01,
        },
    },
)

# bounds from all products

TINY_SET = [np.array([[0.0, 2.0], [0.0, 0.0]]), np.array([[0.0, 0.0], [0.5, 0.0]])]


def brackets(matrices, n, roots=True, norms=True):
    """(max rho(P)^(1/n), max ||P||^(1/n)) over all products P of n; or with a slip."""
    matrices = np.asarray(matrices, float)
    products = matrices
    for _ in range(n - 1):
        products = np.einsum("aij,bjk->abik", matrices, products)
        products = products.reshape(-1, *matrices.shape[1:])
    radius = np.abs(np.linalg.eigvals(products)).max()
    size = max(map(spectral_norm, products)) if norms else np.abs(products).max()
    power = 1 / n if roots else 1.0
    return np.array([radius**power, size**power])


def _sets():
    rng = np.random.default_rng(16)
    W = rng.standard_normal((3, 3))
    gates = np.array([np.diag(v) @ W for v in product((0, 1), repeat=3)])
    pair = rng.standard_normal((2, 2, 2))
    return {
        "n = 1": (pair, 1),
        "n = 4": (pair, 4),
        "eight gates, n = 3": (gates, 3),
        "two nilpotent, n = 5": (np.array(TINY_SET), 5),
        "two nilpotent, n = 6": (np.array(TINY_SET), 6),
        "a negative eigenvalue, n = 3": (np.array([np.diag([-0.9, 0.5])]), 3),
        "a complex pair, n = 1": (np.array([[[1.0, -4.0], [1.0, 1.0]], np.eye(2)]), 1),
    }


def _powers_only(matrices, n):
    powers = np.array([np.linalg.matrix_power(A, n) for A in np.asarray(matrices)])
    radius = np.abs(np.linalg.eigvals(powers)).max()
    return np.array([radius, max(map(spectral_norm, powers))]) ** (1 / n)


def _no_root(matrices, n):
    return brackets(matrices, n, roots=False)


def _entries(matrices, n):
    return brackets(matrices, n, norms=False)


BRACKETS = Exercise(
    "ex-joint-radius-brackets",
    Code(
        _sets,
        brackets,
        {
            "all products count, not only the powers of each matrix": _powers_only,
            "the n-th roots are missing": _no_root,
            "the size is the 2-norm, not the largest entry": _entries,
        },
    ),
    (
        "How many products of n matrices are there, and how are they made from those "
        "of n - 1?",
        "Multiply each product of n - 1 by each matrix; then the largest radius and "
        "the largest norm.",
        "itertools.product(matrices, repeat=n), np.linalg.multi_dot or a loop, and the "
        "n-th roots of the two largest numbers.",
    ),
    wrong={
        "not only the powers": _powers_only,
        "roots are missing": _no_root,
        "not the largest entry": _entries,
    },
    called=False,
)

# how long a product must be

LENGTHS = {0.75: 3, 0.9: 7, 0.99: 69}


def largest(c, n):
    """a_n of the gates of c N."""
    return 2 * c**n


def _largest(r):
    return all(
        abs(r["largest"](c, n) - largest(c, n)) < 1e-9
        for c in (0.5, 0.9, 2.0)
        for n in (1, 2, 7)
    )


LENGTH = Exercise(
    "ex-joint-radius-length",
    Experiment(
        {
            "the largest norm": _largest,
            "the lengths": lambda r: r["lengths"] == LENGTHS,
        },
        {
            "the largest norm": "is another number: the last gates may both be open, "
            "and then the norm is twice c^n",
            "the lengths": "are others: the first n with 2 c^n < 1",
        },
    ),
    (
        "Use the product of gated copies of N that the chapter derives.",
        "|alpha_i - beta_i| is at most one, and the last factor is largest with both "
        "gates open.",
        "a_n = 2 c^n; it is below one from n = 3, 7 and 69.",
    ),
    wrong={
        "twice c^n": {"largest": lambda c, n: c**n, "lengths": LENGTHS},
        "the first n with": {"largest": largest, "lengths": {**LENGTHS, 0.9: 6}},
        "may both be open": {"largest": lambda c, n: 2 * c, "lengths": LENGTHS},
    },
)

# each Jacobian shrinks

TURNS = ((0, 1), (1, 0))
OPEN = ((0, 0), (0, 1), (1, 0), (1, 1))


def _gates(r):
    """The gates as an array; ValueError unless there are two a step."""
    gates = np.asarray(r["gates"], float)
    if gates.ndim != 2 or gates.shape[1] != 2 or not len(gates):
        raise ValueError("expected a list of pairs of gates")
    return gates


def radii_of(n, a, b):
    """{gates: radius of Diag(v) W} for W = ((-a, -b), (b, a))/n with b > a."""
    both = float(np.sqrt(b * b - a * a)) / n
    return dict(zip(OPEN, (0.0, a / n, a / n, both), strict=True))


def _mixing(n=5, a=4, b=6, variant=None):
    """The exercise for W = ((-a, -b), (b, a))/n."""
    W, radii = np.array([[-a, -b], [b, a]]) / n, radii_of(n, a, b)
    norms = {v: float(np.linalg.norm(np.diag(v) @ W, 2)) for v in OPEN}

    def same_radii(r):
        found = {tuple(map(int, v)): float(size) for v, size in r["radii"].items()}
        return found.keys() == radii.keys() and all(
            abs(found[v] - radii[v]) < 1e-3 for v in radii
        )

    def around(r):  # the radius of one round of the gates
        product = np.eye(2)
        for v in _gates(r):
            product = np.diag(v) @ W @ product
        return spectral_radius(product)

    return Exercise(
        "ex-joint-radius-mixing",
        Experiment(
            {
                "the four radii": same_radii,
                "the gates are 0 or 1": lambda r: np.isin(_gates(r), (0, 1)).all(),
                "one round of the gates grows": lambda r: around(r) > 1 + 1e-9,
            },
            {
                "the four radii": "are others: the sizes of the largest eigenvalues, "
                "not the norms; a complex pair has a size too",
                "the gates are 0 or 1": "they are not: relu opens or closes",
                "one round of the gates grows": "it does not: the product of a round "
                "has no eigenvalue above one, so its repetition dies out; let them "
                "take turns",
            },
        ),
        (
            "Diag(v) W with one gate open has one row: its eigenvalues are 0 and an "
            "entry.",
            "The radius of a product is not bounded by the radii: try two different "
            "gates.",
            f"0, {a}/{n}, {a}/{n} and {radii[1, 1]:.4f}; the gates (0, 1) and (1, 0) "
            f"in turn have a product of radius {b * b}/{n * n}.",
        ),
        wrong={
            "not the norms": {"radii": norms, "gates": TURNS},
            "let them take turns": {"radii": radii, "gates": [(1, 1), (1, 1)]},
            "relu opens or closes": {"radii": radii, "gates": [(2, 2)]},
        },
        variant=variant,
    )


def _other_mixing(rng):
    """Another matrix with all radii below one, and a round that grows."""
    while True:
        n = rng.randint(4, 9)
        a, b = rng.randint(2, n - 1), rng.randint(n + 1, n + 4)
        if b * b - a * a < n * n:
            break
    old = r"\frac15 \begin{pmatrix} -4 & -6 \\ 6 & 4 \end{pmatrix}"
    new = (
        rf"\frac{{1}}{{{n}}} "
        rf"\begin{{pmatrix}} -{a} & -{b} \\ {b} & {a} \end{{pmatrix}}"
    )
    solution = {"radii": radii_of(n, a, b), "gates": TURNS}
    return Variant(_mixing(n, a, b), {old: new}, solution)


RADII = radii_of(5, 4, 6)
MIX = _mixing(variant=_other_mixing)

# a transient of at most two


def _square(W):
    """A square matrix of floats; ValueError otherwise."""
    W = np.asarray(W, float)
    if W.ndim != 2 or W.shape[0] != W.shape[1]:
        raise ValueError("expected a square matrix")
    return W


def _highest(W):
    """The largest norm among the first powers of a matrix."""
    W = _square(W)
    powers = (np.linalg.matrix_power(W, k) for k in range(1, len(W) + 1))
    return max(map(spectral_norm, powers))


def _signed(r):
    """W and the slopes; ValueError unless they belong together."""
    W, slopes = _square(r["W"]), np.asarray(r["slopes"], float)
    if slopes.ndim != 2 or not len(slopes) or slopes.shape[1] != len(W):
        raise ValueError("expected slopes of shape (steps, d)")
    return W, slopes


def _exceeds(r):
    """True when the product is above the bound of the numerical radius, gamma = 1."""
    W, slopes = _signed(r)
    product = np.eye(len(W))
    for v in slopes:
        product = np.diag(v) @ W @ product
    rate = numerical_radius(W) ** (len(slopes) - 1)
    return spectral_norm(product) > 2 * spectral_norm(W) * rate * (1 + 1e-6)


NILPOTENT = [[0, 2], [0, 0]]
N = [[1, 1], [-1, -1]]
SIGNED = [[1, -1]] * 10
NUMERICAL = Exercise(
    "ex-joint-radius-numerical",
    Experiment(
        {
            "the numerical radius is one": lambda r: (
                abs(numerical_radius(_square(r["attained"])) - 1) < 1e-4
            ),
            "a power has norm two": lambda r: abs(_highest(r["attained"]) - 2) < 1e-3,
            "slopes are from -1 to 1": lambda r: np.abs(_signed(r)[1]).max() <= 1,
            "the bound fails": _exceeds,
        },
        {
            "the numerical radius is one": "it is not: for [[0, c], [0, 0]] it is c/2",
            "a power has norm two": "none has: for a normal matrix the norm is the "
            "numerical radius",
            "slopes are from -1 to 1": "they are not, so gamma is not one",
            "the bound fails": "it holds: is a slope negative, and are the steps "
            "enough to pass 2 ||W|| w^(k - 1)?",
        },
    ),
    (
        "||A||_2 <= 2 w(A), and w(A^k) <= w(A)^k, the power inequality.",
        "Two is attained by a nilpotent block. What is Diag(1, -1) N for the N of the "
        "chapter?",
        "[[0, 2], [0, 0]]; and N with ten steps of the slopes (1, -1), where w(N) = 1.",
    ),
    wrong={
        "for [[0, c], [0, 0]] it is c/2": {
            "attained": [[0, 1], [0, 0]], "W": N, "slopes": SIGNED,
        },
        "for a normal matrix the norm is": {
            "attained": [[1, 0], [0, 1]], "W": N, "slopes": SIGNED,
        },
        "is a slope negative": {
            "attained": NILPOTENT, "W": N, "slopes": [[1, 1]] * 10,
        },
    },
)  # fmt: skip
EXERCISES = (TRIANGULAR, BRACKETS, LENGTH, MIX, NUMERICAL)
SOLUTIONS = {
    TRIANGULAR.label: {"radius": triangular, "scale": 0.01},
    BRACKETS.label: brackets,
    LENGTH.label: {"largest": largest, "lengths": LENGTHS},
    MIX.label: {"radii": RADII, "gates": TURNS},
    NUMERICAL.label: {"attained": NILPOTENT, "W": N, "slopes": SIGNED},
}
