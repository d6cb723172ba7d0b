"""Section 5: Theorem 4, Lemma 3 and Proof 4."""

import numpy as np

from ledger.checking import check
from ledger.checks.oracles import JORDAN, NILPOTENT, NOT_NORMAL
from ledger.checks.pal.terms import (
    HV,
    product,
    spectral,
)


def sigma_min(A):
    """The smallest singular value."""
    return np.linalg.svd(A, compute_uv=False)[-1]


def least(A):
    """lambda*: the smallest absolute value of an eigenvalue."""
    return np.min(np.abs(np.linalg.eigvals(A)))


STEPS = 60
ONE_WAY = np.diag([2.0, 0.5])


def slopes(least_slope, size, seed=3):
    """Random diagonals with entries from the least slope to one."""
    draws = np.random.default_rng(seed).random((STEPS, size))
    draws[:, 0] = 0  # the least slope is taken
    return [np.diag(least_slope + (1 - least_slope) * d) for d in draws]


def sent_back(W, least_slope, e):
    """The size of the row e after STEPS steps back."""
    for D in slopes(least_slope, len(W)):
        e = e @ (W @ D)
    return np.linalg.norm(e)


def networks_and_errors(rng):
    """W, the least slope, and an error at the last step."""
    turned = np.linalg.qr(rng.standard_normal((3, 3)))[0]
    skew = np.diag([1.3, 2.0, 3.0]) @ turned
    yield NILPOTENT, 1.0, np.array([1.0, 1.0])
    yield ONE_WAY, 1.0, np.array([0.0, 1.0])
    yield 3 * turned, 0.5, rng.standard_normal(3)
    yield 3 * turned, 0.01, rng.standard_normal(3)
    yield turned, 0.5, rng.standard_normal(3)
    yield skew, 0.9, rng.standard_normal(3)


@check(
    "pal-5-09",
    printed=lambda hypothesis, size: hypothesis > 1 and size < 1,
    planted=[
        lambda hypothesis, size: hypothesis > 1 and size > 1,
        lambda hypothesis, size: hypothesis < 1 and size < 1,
    ],
    cases=[(NILPOTENT, 1.0, np.ones(2)), (ONE_WAY, 1.0, np.array([0.0, 1.0]))],
)
def theorem_4_is_wrong(statement, case):
    """Networks that meet its hypothesis, and whose gradients stay small."""
    W, least_slope, e = case
    assert statement(spectral(W) * least_slope, sent_back(W, least_slope, e))


@check(
    "pal-5-10",
    printed=lambda W, m: spectral(W) * m >= 1.1,
    corrected=lambda W, m: sigma_min(W) * m >= 1.1,
    planted=[
        lambda W, m: sigma_min(W) >= 1.1,
        lambda W, m: np.max(np.abs(np.linalg.eigvals(W))) * m >= 1.1,
        lambda W, m: False,
    ],
    cases=networks_and_errors,
)
def the_condition_makes_the_gradient_explode(statement, case):
    W, m, e = case
    if statement(W, m):
        assert sent_back(W, m, e) >= 1.1**STEPS * np.linalg.norm(e) * (1 - 1e-9)
    else:  # a condition that never holds would prove anything
        assert sigma_min(W) * m < 1.1


def pairs(rng):
    """Pairs of matrices, the first one normal or not."""
    for _ in range(4):
        A, B = rng.standard_normal((2, 3, 3))
        yield A, B
        yield A, np.linalg.inv(A)
    A = np.array([[1.0, 10.0], [0.0, 1.0]])
    yield A, np.linalg.inv(A)


@check(
    "pal-5-12",
    printed=least,
    corrected=sigma_min,
    planted=[spectral, lambda A: abs(np.linalg.det(A)) ** (1 / len(A)), lambda A: 0.0],
    cases=pairs,
)
def lemma_3(statement, case):
    A, B = case
    assert spectral(A @ B) >= statement(A) * spectral(B) * (1 - 1e-9)
    assert statement(A) * spectral(np.linalg.inv(A)) > 1 - 1e-9  # the best such factor


EIGHTH_TURN = np.array([[1.0, -1.0], [1.0, 1.0]]) / np.sqrt(2)


@check(
    "pal-5-13",
    printed=lambda A, order: least(A),
    planted=[
        lambda A, order: np.linalg.norm(A, order),
        lambda A, order: np.abs(np.trace(A)),
        lambda A, order: np.max(np.abs(np.linalg.eigvals(A))) * 1.01,
    ],
    cases=[(A, 2) for A in (EIGHTH_TURN, ONE_WAY, np.diag([3.0, -0.1]))],
    outside=[(EIGHTH_TURN, np.inf), (EIGHTH_TURN, 1)],
)
def lemma_3_in_other_norms(statement, case):
    A, order = case  # A is normal: in the 2-norm the lemma holds as printed
    B = np.linalg.inv(A)
    lower = statement(A, order) * np.linalg.norm(B, order)
    assert np.linalg.norm(A @ B, order) >= lower * (1 - 1e-9)


@check(
    "pal-5-14",
    printed=lambda M: abs(np.min(np.linalg.eigvalsh(M))),
    corrected=lambda M: np.min(np.abs(np.linalg.eigvalsh(M))),
    planted=[lambda M: np.max(np.abs(np.linalg.eigvalsh(M)))],
    cases=[np.diag([-3.0, 1.0]), np.diag([2.0, 1.0]), np.diag([0.5, -0.4, 2.0])],
)
def lambda_star_of_a_symmetric_matrix(statement, M):
    B = np.linalg.inv(M)
    assert 1 >= statement(M) * spectral(B) * (1 - 1e-9)  # Lemma 3, M being normal


SHEAR = np.array([[2.0**24, 2.0**48], [0.0, 2.0**24]])  # both eigenvalues large


@check(
    "pal-5-15",
    printed=lambda e, P: spectral(P),
    corrected=lambda e, P: np.linalg.norm(e) * sigma_min(P),
    planted=[lambda e, P: np.linalg.norm(e) * spectral(P)],
    cases=[
        (np.array([0.0, 1.0]), np.diag([2.0**40, 0.0])),
        (np.array([0.0, 1.0]), np.diag([2.0**40, 3.0**40])),
        (np.array([0.6, 0.8]), 2.0**40 * EIGHTH_TURN),
        (1e-9 * np.array([0.6, 0.8]), 2.0**40 * EIGHTH_TURN),
        (np.linalg.svd(SHEAR)[0][:, 1], SHEAR),
    ],
)
def growth_of_this_makes_the_error_s_gradient_grow(statement, case):
    e, P = case
    if statement(e, P) > 1e6:
        assert np.linalg.norm(e @ P) > 1e6
    else:
        assert np.linalg.norm(e) * sigma_min(P) < 1e6


@check(
    "pal-5-16",
    printed=lambda v: np.tile(v, (len(v), len(v))),  # HV of the row v^T
    corrected=lambda v: HV(v[:, 0]),
    planted=[lambda v: HV(v[:, 0]).T],
    cases=lambda rng: [rng.standard_normal((n, 1)) for n in (2, 3, 4)],
)
def the_last_factor_of_theorem_1(statement, v):
    assert statement(v).shape == (len(v), len(v) ** 2)


@check(
    "pal-5-19",
    printed=lambda A: np.max(np.abs(np.linalg.eigvals(A))),
    corrected=lambda A: np.sqrt(np.max(np.linalg.eigvalsh(A.T @ A))),
    planted=[
        lambda A: np.max(np.abs(A)),
        lambda A: np.max(np.linalg.eigvalsh(A.T @ A)),
    ],
    cases=lambda rng: [
        np.array([[1.0, 10.0], [0.0, 1.0]]),
        *NOT_NORMAL,
        *rng.standard_normal((3, 3, 3)),
    ],
)
def the_two_norm(statement, A):
    angles = np.linspace(0, np.pi, 721)
    if len(A) == 2:  # the longest image of a unit vector, by looking
        images = A @ np.array([np.cos(angles), np.sin(angles)])
        assert abs(statement(A) / np.max(np.linalg.norm(images, axis=0)) - 1) < 1e-4
    assert abs(statement(A) - spectral(A)) < 1e-9 * spectral(A)


@check(
    "pal-5-18",
    printed=spectral,
    planted=[np.linalg.norm],
    cases=lambda rng: [(2, A) for A in rng.standard_normal((3, 2, 2))],
    outside=[(np.inf, NILPOTENT + np.eye(2)), (1, np.array([[1.0, 1.0], [0.0, 1.0]]))],
)
def the_operator_norm(statement, case):
    order, A = case  # operator norm: the largest stretch in the vector norm
    angles = np.linspace(0, np.pi, 3601)
    v = np.array([np.cos(angles), np.sin(angles)])
    stretch = np.linalg.norm(A @ v, order, axis=0) / np.linalg.norm(v, order, axis=0)
    assert abs(statement(A) / np.max(stretch) - 1) < 1e-3


@check(
    "pal-5-20",
    printed=lambda d: np.min(np.abs(d)),
    planted=[lambda d: np.max(np.abs(d)), lambda d: np.mean(np.abs(d))],
    cases=lambda rng: rng.standard_normal((4, 3)),
)
def lemma_3_for_a_diagonal_matrix(statement, d):
    D, B = np.diag(d), np.diag(1 / d)
    turned = np.linalg.qr(np.arange(9.0).reshape(3, 3) ** 2 + np.eye(3))[0]
    for X in (B, B @ turned, turned):
        assert spectral(D @ X) >= statement(d) * spectral(X) * (1 - 1e-9)
    for X in (B, turned @ B, turned):  # and as it is needed, D on the right
        assert spectral(X @ D) >= statement(d) * spectral(X) * (1 - 1e-9)


def chains(rng):
    """W and the diagonals of the steps."""
    yield NILPOTENT, [np.ones(2)] * 2
    yield np.eye(2), [np.array([1.0, 0.5]), np.array([0.5, 1.0])] * 2
    yield 3 * EIGHTH_TURN, [np.ones(2)] * 3
    yield JORDAN, [np.ones(2)] * 3
    for _ in range(3):
        yield rng.standard_normal((3, 3)), list(0.2 + 0.8 * rng.random((4, 3)))


@check(
    "pal-5-21",
    printed=lambda W, D: np.prod([np.min(d) for d in D]) * spectral(W) ** len(D),
    corrected=lambda W, D: np.prod([np.min(d) for d in D]) * sigma_min(W) ** len(D),
    planted=[
        lambda W, D: np.prod([np.max(d) for d in D]) * sigma_min(W) ** len(D),
        lambda W, D: np.prod([np.min(d) for d in D]) * spectral(W),
    ],
    cases=chains,
    counterexample=(NILPOTENT, [np.ones(2)] * 2),
)
def the_product_is_at_least(statement, case):
    W, D = case
    whole = product([W @ np.diag(d) for d in D], len(W))
    assert spectral(whole) >= statement(W, D) * (1 - 1e-9)


@check(
    "pal-5-22",
    printed=lambda eps, least_slopes: (1 + eps) / min(least_slopes),
    otherwise=lambda eps, least_slopes: (1 + eps) / least_slopes[0],
    planted=[
        lambda eps, least_slopes: (1 + eps) * min(least_slopes),
        lambda eps, least_slopes: 1 / min(least_slopes),
    ],
    cases=lambda rng: [(0.1, [0.9, 0.3, 0.5]), *((e, rng.random(4)) for e in (0.5, 2))],
)
def a_norm_of_this_size_is_enough(statement, case):
    eps, slopes_least = case
    norm = statement(eps, slopes_least)
    for n in range(1, len(slopes_least) + 1):
        bound = np.prod(slopes_least[:n]) * norm**n
        assert bound >= (1 + eps) ** n * (1 - 1e-9)


@check(
    "pal-5-23",
    printed=lambda eps, n: (1 + eps) ** n,
    planted=[lambda eps, n: (1 - eps) ** n, lambda eps, n: 1 + eps**n],
    cases=[0.01, 0.05, 0.2],
)
def the_bound_goes_to_infinity(statement, eps):
    values = [statement(eps, n) for n in (100, 1000, 3000)]
    assert values[0] < values[1] < values[2]
    assert values[2] > 1e9 * max(1, values[0])
