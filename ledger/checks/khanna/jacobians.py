"""Section 9.2.1: the Jacobian of a step, and the product."""

from dataclasses import replace

import numpy as np

from ledger.checking import check
from ledger.checks.khanna.accumulation import earliest_left, immediate, latest_left
from ledger.checks.khanna.gradients import immediate_state, tanh_networks
from ledger.checks.khanna.vanishing import rotation, without_bias
from ledger.checks.oracles import close, network


@check(
    "khanna-9.2.1-01",
    printed=lambda n, j: np.diag(n.slope(n.s[j])) @ n.W_hh,
    planted=[
        lambda n, j: n.W_hh @ np.diag(n.slope(n.s[j])),
        lambda n, j: np.diag(n.slope(n.s[j])) @ n.W_hh.T,
        lambda n, j: np.diag(n.slope(n.h[j])) @ n.W_hh,
        lambda n, j: np.diag(n.slope(n.s[j - 1] if j > 1 else n.h_0)) @ n.W_hh,
    ],
    cases=without_bias,
)
def equation_18(statement, n):
    for j in range(1, n.T + 1):
        assert close(statement(n, j), n.dh_dh(j, j - 1))


@check(
    "khanna-9.2.1-02",
    printed=lambda n, j: n.W_hh @ n.h[j - 1] + n.W_xh @ n.x[j],
    planted=[
        lambda n, j: n.W_hh @ n.h[j] + n.W_xh @ n.x[j],
        lambda n, j: n.h[j],
    ],
    cases=without_bias,
)
def where_the_slope_is_taken(statement, n):
    for j in range(1, n.T + 1):
        J = n.slope(statement(n, j))[:, None] * n.W_hh
        assert close(J, n.dh_dh(j, j - 1))


@check(
    "khanna-9.2.1-03",
    printed=latest_left,
    planted=[earliest_left, lambda n, i, t: latest_left(n, max(i - 1, 0), t)],
    cases=tanh_networks,
)
def equation_19(statement, n):
    for t in range(1, n.T + 1):
        for i in range(t):
            assert close(statement(n, i, t), n.dh_dh(t, i))


@check(
    "khanna-9.2.1-04",
    printed=lambda m, norm: (m, np.sqrt(2) * norm),
    planted=[
        lambda m, norm: (m / 20, np.sqrt(2) * norm),
        lambda m, norm: (m, norm / 20),
    ],
    cases=[0.5, 1.5, 4.0],
)
def the_other_factors_are_bounded(statement, rho):
    """Immediate derivative of h_i by W_h, and of the loss of step t by h_t: norms."""
    rng = np.random.default_rng(9)
    n = network(rng, T=25)
    n = replace(n, W_hh=rho * rotation(rng), h_0=np.tanh(n.h_0))
    m, norm = len(n.b_h), np.linalg.norm(n.W_hy, 2)
    for t in range(1, n.T + 1):
        first = np.linalg.norm(immediate(n, t, "W_hh"))
        last = np.linalg.norm(immediate_state(n, t))
        assert first <= statement(m, norm)[0] and last <= statement(m, norm)[1]
