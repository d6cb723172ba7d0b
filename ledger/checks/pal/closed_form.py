"""Section 3.3: the matrix HV, Theorem 1 and the remark after it."""

import numpy as np
import sympy as sp

from ledger.checking import check
from ledger.checks.oracles import close, network
from ledger.checks.pal.terms import (
    HV,
    every_size,
    product,
    small_networks,
    spread,
    step,
    total,
    unrolled,
)


@check(
    "pal-3.3-01",
    printed=lambda n: (n, n**2),
    planted=[lambda n: (n**2, n), lambda n: (n, n), lambda n: (1, n**3)],
    cases=[1, 2, 3, 5],
)
def n_by_n_copies_of_a_row(statement, n):
    row = np.ones((1, n))
    made = np.concatenate([np.concatenate([row] * n, axis=1)] * n, axis=0)
    assert statement(n) == made.shape


@check(
    "pal-3.3-02",
    printed=HV,
    planted=[spread, lambda v: np.kron(v[None], np.ones((len(v), len(v))))],
    cases=lambda rng: [rng.standard_normal(n) for n in (2, 3, 4)],
)
def each_block_is_the_row(statement, v):
    n = len(v)
    for i in range(n):
        for j in range(n):
            assert np.all(statement(v)[i, j * n : (j + 1) * n] == v)


@check(
    "pal-3.3-03",
    printed=lambda n, t: unrolled(n, t, HV),
    corrected=lambda n, t: unrolled(n, t, spread),
    planted=[
        lambda n, t: unrolled(n, t, lambda v: np.kron(v[None], np.eye(len(v)))),
        lambda n, t: unrolled(n, t, spread) - spread(n.h[t - 1]),
        lambda n, t: n.W_hh @ unrolled(n, t, spread),
    ],
    cases=every_size,
)
def theorem_1(statement, n):
    for t in range(1, n.T + 1):
        assert close(statement(n, t), total(n, t))


def summed(n, t, latest_left):
    """The corrected Theorem 1 with the factors of its products in either order."""
    found = spread(n.h[t - 1])
    for k in range(1, t):
        factors = [step(n, r) for r in range(k + 1, t + 1)]
        factors = factors if latest_left else factors[::-1]
        found = found + product(factors, len(n.h_0)) @ spread(n.h[k - 1])
    return found


@check(
    "pal-3.3-04",
    printed=lambda n, t: summed(n, t, latest_left=True),
    otherwise=lambda n, t: summed(n, t, latest_left=False),
    cases=small_networks,
)
def the_latest_factor_stands_on_the_left(statement, n):
    for t in range(1, n.T + 1):
        assert close(statement(n, t), total(n, t))


SIGMAS = {"identity": lambda u: u, "square": lambda u: u**2, "tanh": sp.tanh}


@check(
    "pal-3.3-05",
    printed=lambda sigma, n: n == 1,
    corrected=lambda sigma, n: sigma != "tanh",
    planted=[lambda sigma, n: False, lambda sigma, n: sigma == "identity"],
    cases=[(sigma, n) for sigma in SIGMAS for n in (1, 2)],
    counterexample=("identity", 2),
)
def the_derivative_is_a_polynomial_in_the_weights(statement, case):
    sigma, n = case
    W = sp.Matrix(n, n, sp.symbols(f"w:{n * n}"))
    h = sp.Matrix(range(1, n + 1))
    for _ in range(2):
        h = W * h.applyfunc(SIGMAS[sigma])
    entries = h.jacobian(list(W))
    assert statement(sigma, n) == all(e.is_polynomial(*W) for e in entries)


@check(
    "pal-3.3-06",
    printed=lambda W, D: D @ W @ np.linalg.inv(D),
    planted=[lambda W, D: W, lambda W, D: W.T, lambda W, D: D @ W],
    cases=small_networks,
)
def W_R_does_not_commute_with_the_slopes(statement, n):
    """What stands on the left when D W = (...) D: it is not W."""
    D = np.diag(n.slope(n.s[2]))
    assert close(statement(n.W_hh, D) @ D, D @ n.W_hh)
    assert not close(statement(n.W_hh, D), n.W_hh, tolerance=1e-6)


def slopes(phi, h):
    """The diagonal of diag(sigma'(h))."""
    return network(np.random.default_rng(0), phi=phi).slope(np.array(h))


@check(
    "pal-3.3-07",
    printed=lambda spread: spread > 1e-9,
    planted=[lambda spread: spread < 1e-9, lambda spread: spread > 1],
    cases=[("tanh", [0.2, 1.0]), ("logistic", [-1.0, 2.0, 0.5])],
    outside=[
        ("identity", [0.2, 1.0]),
        ("tanh", [0.0, 0.0]),
        ("tanh", [1.0, -1.0]),
        ("tanh", [0.7]),
    ],
)
def the_slopes_are_not_all_the_same(statement, case):
    assert statement(np.ptp(slopes(*case)))


def factors_of_W(n, t, k):
    """How often W_R stands in summand k: the power of c in it when W_R is c W_R."""
    sizes = []
    for c in (1.0, 2.0):
        held = [c * n.W_hh @ np.diag(n.slope(n.s[r - 1])) for r in range(k + 1, t + 1)]
        sizes.append(np.linalg.norm(product(held, len(n.h_0)) @ HV(n.h[k - 1])))
    return round(np.log2(sizes[1] / sizes[0]))


@check(
    "pal-3.3-08",
    printed=lambda t: (t - 1, {1}),
    planted=[lambda t: (t, {1}), lambda t: (t - 1, {t - 1}), lambda t: (t - 2, {2})],
    cases=small_networks,
)
def most_factors_of_W_and_where(statement, n):
    for t in (3, 4):
        counts = {k: factors_of_W(n, t, k) for k in range(1, t)}
        most = max(counts.values())
        assert statement(t) == (most, {k for k, c in counts.items() if c == most})
