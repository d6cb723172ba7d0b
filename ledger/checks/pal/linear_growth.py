"""Section 5: Theorem 3, the linear network."""

import numpy as np

from ledger.checking import check


def largest_last(W):
    """Eigenvalues and right eigenvectors, the largest absolute value last."""
    values, vectors = np.linalg.eig(np.array(W, float))
    order = np.argsort(np.abs(values))
    return values[order], vectors[:, order]


def gradient(W, e, h):
    """dE_t/dW_R of the linear network: states h_0 to h_{t-1}, e = dE_t/dh_t.

    It runs the derivative forwards in each direction and reads no power of W.
    """
    W, size = np.array(W, float), len(W)
    G = np.zeros((size, size))
    for i, j in np.ndindex(size, size):
        moved = np.zeros(size)
        for state in h:
            moved = W @ moved
            moved[i] += state[j]
        G[i, j] = np.dot(e, moved)
    return G


@check(
    "pal-5-03",
    printed=lambda n: n,
    otherwise=lambda n: n - 1,
    planted=[lambda n: 1, lambda n: n // 2],
    cases=lambda rng: [rng.standard_normal((n, n)) for n in (2, 3, 4)],
)
def so_many_eigenvectors_make_up_the_error(statement, W):
    e = np.cos(np.arange(len(W)))
    vectors = largest_last(W.T)[1]
    made = vectors[:, : statement(len(W))]
    c = np.linalg.lstsq(made, e.astype(complex), rcond=None)[0]
    assert np.linalg.norm(made @ c - e) < 1e-9


@check(
    "pal-5-01",
    printed=lambda values: sorted(values, key=np.real, reverse=True),
    corrected=lambda values: sorted(values, key=np.abs, reverse=True),
    planted=[lambda values: sorted(values, key=np.abs)],
    cases=[[1.0, -2.0], [3.0, 2.0, -1.0], [1j, -1j, 0.5, -4.0]],
    counterexample=[1.0, -2.0],
)
def the_order_of_the_eigenvalues(statement, values):
    sizes = np.abs(statement(values))
    assert np.all(sizes[:-1] >= sizes[1:])


@check(
    "pal-5-02",
    printed=lambda W: largest_last(W)[1],
    corrected=lambda W: largest_last(np.array(W).T)[1],
    planted=[lambda W: np.eye(len(W)), lambda W: np.array(W, float)],
    cases=[[[2.0, 1.0], [0.0, 0.5]], [[2.0, 1.0], [1.0, 3.0]], [[1.0, -2.0], [1.0, 1]]],
)
def each_part_of_the_error_is_only_scaled_on_its_way_back(statement, W):
    values, W = largest_last(W)[0], np.array(W, float)
    for q in np.array(statement(W)).T:
        sent = q @ W  # one step back: a row times the Jacobian
        assert min(np.linalg.norm(sent - value * q) for value in values) < 1e-9


@check(
    "pal-5-04",
    printed=lambda c, j: not np.any(c[:j]),
    corrected=lambda c, j: not np.any(c[:j]) and c[j] != 0,
    planted=[lambda c, j: c[j] == 0, lambda c, j: bool(np.all(c[: j + 1]))],
    cases=[((1.0, 1.0, 1.0), 0), ((0.0, 1.0, 2.0), 1), ((0.0, 0.0, 1.0), 1)],
    counterexample=((0.0, 0.0, 1.0), 1),
)
def the_error_grows_at_the_rate_of_j(statement, case):
    c, j = case
    values = np.array([3.0, 2.0, 0.5])
    sent = np.array(c) @ np.diag(values**40)  # left eigenvectors: the unit rows
    grows = bool(np.linalg.norm(sent) >= values[j] ** 40)
    assert statement(c, j) == grows


# h_0, h_1, ...: with the inputs -4, 4, 0, 0, ... the linear unit is steered so
STEERED = ([[2.0]], [1.0, -2.0] + [0.0] * 38)
FREE = ([[2.0]], [1.0] * 40)
TWO_UNITS = ([[2.0, 0.0], [0.0, 0.5]], [[1.0, 1.0]] * 40)


def weighted_sum(W, h):
    """The norm of the sum of lambda^-k h_{k-1}, for the largest eigenvalue."""
    value = np.max(np.abs(np.linalg.eigvals(np.array(W))))
    h = np.reshape(np.array(h), (len(h), -1))
    return np.linalg.norm(sum(value ** -(k + 1.0) * s for k, s in enumerate(h)))


def grows(W, h):
    """The gradient of the last step exceeds 1e6, the errors all being (1, 1, ...)."""
    states = np.reshape(np.array(h), (len(h), -1))
    return bool(np.linalg.norm(gradient(W, np.ones(len(W)), states)) > 1e6)


@check(
    "pal-5-05",
    printed=lambda W, h: True,
    corrected=lambda W, h: weighted_sum(W, h) > 0,
    planted=[lambda W, h: False, lambda W, h: bool(np.any(h))],
    cases=[STEERED, FREE, TWO_UNITS],
    counterexample=STEERED,
)
def the_gradient_grows_exponentially(statement, case):
    assert statement(*case) == grows(*case)


@check(
    "pal-5-06",
    printed=lambda W: largest_last(W)[1][:, -1],
    cases=[[[2.0, 1.0], [1.0, 3.0]], [[-2.0, 0.3], [0.3, 0.5]]],
    outside=[[[2.0, 1.0], [0.0, 0.5]], [[1.0, -2.0], [2.0, 1.0]]],
    planted=[lambda W: largest_last(W)[1][:, 0]],
)
def the_gradient_grows_along(statement, W):
    q = statement(W)
    G = gradient(W, np.ones(2), np.ones((60, 2)))
    rest = G - np.outer(q, np.conj(q)) @ G / np.vdot(q, q)
    assert np.linalg.norm(rest) < 1e-6 * np.linalg.norm(G)


def least_slopes():
    """The least slope over a wide range of states, by activation."""
    u = np.linspace(-40, 40, 4001)
    return {
        "identity": 1.0,
        "leaky relu": np.min(np.where(u > 0, 1.0, 0.1)),
        "relu": np.min(np.where(u > 0, 1.0, 0.0)),
        "tanh": np.min(1 / np.cosh(u) ** 2),
        "logistic": np.min(np.exp(u) / (1 + np.exp(u)) ** 2),
    }


@check(
    "pal-5-08",
    printed=lambda sigma: True,
    corrected=lambda sigma: sigma in ("identity", "leaky relu"),
    planted=[lambda sigma: sigma == "identity", lambda sigma: sigma != "relu"],
    cases=["identity", "leaky relu", "relu", "tanh", "logistic"],
    counterexample="tanh",
)
def some_matrix_meets_the_hypothesis_at_all_states(statement, sigma):
    assert statement(sigma) == bool(least_slopes()[sigma] > 1e-6)


@check(
    "pal-5-17",
    printed=lambda W, h: True,
    corrected=lambda W, h: weighted_sum(W, h) > 0,
    planted=[lambda W, h: False],
    cases=[STEERED, FREE],
    counterexample=STEERED,
)
def if_one_factor_grows_so_does_the_derivative_of_the_state(statement, case):
    W, h = case
    assert np.array(W)[0, 0] ** (len(h) - 1) > 1e6  # the factor of summand k = 1
    assert statement(W, h) == grows(W, h)  # one unit and e = 1: dh_t/dW_R itself
