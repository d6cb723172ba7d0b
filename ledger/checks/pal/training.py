"""Section 3.1: descent, the parameters, and the sum over steps."""

import numpy as np

from ledger.checking import check
from ledger.checks.oracles import close
from ledger.checks.pal.terms import error, small_networks, spread, step


def descend(w):
    """Gradient descent of (w - 1)^2 + (w^2 - 4)^2: (loss, slope) at the end.

    One linear unit, h_t = w h_{t-1}, h_0 = 1, targets 1 and 4, squared errors.
    """
    for _ in range(2000):
        w -= 0.01 * (2 * (w - 1) + 4 * w * (w * w - 4))
    return (w - 1) ** 2 + (w * w - 4) ** 2, 2 * (w - 1) + 4 * w * (w * w - 4)


def least_loss():
    """The least value of that loss, on a grid."""
    w = np.linspace(-4, 4, 80001)
    return np.min((w - 1) ** 2 + (w * w - 4) ** 2)


@check(
    "pal-3.1-01",
    printed=lambda loss, slope: loss - least_loss(),
    corrected=lambda loss, slope: slope,
    planted=[lambda loss, slope: loss],
    cases=[1.0, 3.0, -2.0],
    counterexample=-2.0,
)
def descent_ends_where_this_is_zero(statement, start):
    assert abs(statement(*descend(start))) < 1e-6


PARAMETERS = {"W_I": "W_xh", "W_R": "W_hh", "b_R": "b_h", "W_O": "W_hy", "b_O": "b_y"}


@check(
    "pal-3.1-02",
    printed={*PARAMETERS, "b_I"},
    corrected=set(PARAMETERS),
    planted=[set(PARAMETERS) - {"b_O"}, set(PARAMETERS) | {"sigma"}],
    cases=small_networks,
)
def the_loss_depends_on_these(statement, n):
    felt = {name for name, ours in PARAMETERS.items() if np.any(n.gradient(ours) != 0)}
    assert statement == felt


@check(
    "pal-3.1-03",
    printed=lambda g, H: -0.1 * g,
    planted=[
        lambda g, H: -np.linalg.solve(H, g),
        lambda g, H: -g * (g @ g) / (g @ H @ g),
    ],
    cases=lambda rng: [rng.standard_normal(3) for _ in range(3)],
)
def the_step_reads_first_derivatives_only(statement, g):
    flat, curved = np.diag([1.0, 1.0, 1.0]), np.diag([1.0, 2.0, 5.0])
    assert close(statement(g, flat), statement(g, curved))


def like_theorem_1(n, t, name):
    """Theorem 1 for another parameter: only the last factor of a summand changes."""
    last = {
        "W_hh": lambda k: spread(n.h[k - 1]),
        "W_xh": lambda k: np.kron(np.eye(len(n.h_0)), n.x[k][None]),
        "b_h": lambda k: np.eye(len(n.h_0)),
    }[name]
    found = last(1)
    for k in range(2, t + 1):
        found = last(k) + step(n, k) @ found
    return found


@check(
    "pal-3.1-04",
    printed=like_theorem_1,
    planted=[
        lambda n, t, name: like_theorem_1(n, t, "W_hh"),
        lambda n, t, name: like_theorem_1(n, t, name) - like_theorem_1(n, 1, name),
    ],
    cases=small_networks,
)
def the_other_parameters_go_the_same_way(statement, n):
    for name in ("W_hh", "W_xh", "b_h"):
        for t in range(1, n.T + 1):
            wanted = n.gradient(name, of=lambda s, h, z, ell, t=t: s[t])
            wanted = np.reshape(wanted, (len(n.h_0), -1))
            assert close(statement(n, t, name), wanted)


@check(
    "pal-3.1-05",
    printed=lambda n, parts: sum(parts),
    otherwise=lambda n, parts: sum(parts) / n.T,
    planted=[lambda n, parts: parts[-1], lambda n, parts: sum(parts[1:])],
    cases=small_networks,
)
def the_gradient_is_the_sum_over_steps(statement, n):
    parts = [error(n, t) for t in range(1, n.T + 1)]
    assert close(statement(n, parts), n.gradient("W_hh").reshape(1, -1))
