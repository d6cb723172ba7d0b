"""Section 3.3: the proof of Theorem 1 for t = 1, for t = 2, and in general."""

import numpy as np

from ledger.checking import check
from ledger.checks.oracles import close, jacobian
from ledger.checks.pal.closed_form import summed
from ledger.checks.pal.terms import (
    HV,
    as_column,
    every_size,
    flat,
    product,
    small_networks,
    spread,
    step,
    total,
)


@check(
    "pal-3.3-25",
    printed={1, 2},
    corrected={1, 2, 3},
    planted=[{1}, {2}, set()],
    cases=small_networks,
)
def what_is_right_at_these_steps_is_right_at_the_next(statement, n):
    def right(latest_left, t):
        return close(summed(n, t, latest_left), total(n, t), tolerance=1e-7)

    for latest_left in (True, False):
        if all(right(latest_left, t) for t in statement):
            assert right(latest_left, max(statement, default=0) + 1)
            assert right(latest_left, 4)


@check(
    "pal-3.3-26",
    printed=lambda n: n.W_hh @ n.h_0 + n.W_xh @ n.x[0] + n.b_h,
    corrected=lambda n: n.W_hh @ n.h_0 + n.W_xh @ n.x[1] + n.b_h,
    planted=[
        lambda n: n.W_hh @ n.h_0 + n.W_xh @ n.x[2] + n.b_h,
        lambda n: n.W_hh @ n.h_0 + n.W_xh @ n.x[1],
    ],
    cases=small_networks,
    raises=(AssertionError, TypeError, ValueError),  # there is no x_0
)
def the_state_of_step_1(statement, n):
    assert close(statement(n), n.s[1])


@check(
    "pal-3.3-27",
    printed=as_column,
    corrected=spread,
    planted=[HV, lambda v: v[None]],
    cases=every_size,
)
def the_derivative_at_step_1(statement, n):
    assert close(statement(n.h_0), total(n, 1))


@check(
    "pal-3.3-28",
    printed=[1],  # the summand k = 1, whose product has no factor
    corrected=[],
    planted=[[1, 1]],
    cases=small_networks,
)
def these_summands_stand_in_the_left_part_at_step_1(statement, n):
    left = [
        product([step(n, r) for r in range(k + 1, 2)], len(n.h_0)) @ spread(n.h[k - 1])
        for k in statement
    ]
    assert close(sum(left) + spread(n.h_0), total(n, 1))


@check(
    "pal-3.3-29",
    printed=lambda n, S: as_column(n.h[1]) + step(n, 2) @ S,
    corrected=lambda n, S: spread(n.h[1]) + step(n, 2) @ S,
    planted=[lambda n, S: HV(n.h[1]) + step(n, 2) @ S],
    cases=every_size,
)
def first_line_of_step_2(statement, n):
    assert close(statement(n, total(n, 1)), total(n, 2))


def starts(rng):
    """Networks, with n.h_0 as the document's h_0, and a dh_0/dW_R not zero."""
    return [
        (n, rng.standard_normal((len(n.h_0), n.W_hh.size))) for n in every_size(rng)
    ]


@check(
    "pal-3.3-30",
    printed=lambda n, S_0: (
        as_column(n.act(n.h_0)) + n.W_hh @ as_column(n.slope(n.h_0)) @ S_0
    ),
    corrected=lambda n, S_0: (
        spread(n.act(n.h_0)) + n.W_hh @ np.diag(n.slope(n.h_0)) @ S_0
    ),
    planted=[
        lambda n, S_0: HV(n.act(n.h_0)) + n.W_hh @ np.diag(n.slope(n.h_0)) @ S_0,
        lambda n, S_0: spread(n.act(n.h_0)) + n.W_hh @ S_0,
    ],
    cases=starts,
    raises=(AssertionError, ValueError),
)
def second_line_of_step_2(statement, case):
    n, S_0 = case

    def h_1(W):
        h_0 = n.h_0 + S_0 @ (W - n.W_hh).ravel()
        return W @ n.act(h_0) + n.W_xh @ n.x[1] + n.b_h

    assert close(statement(n, S_0), flat(jacobian(h_1, n.W_hh), len(n.h_0)))


def start(n, W, pieces):
    """The state to start from: given, or left by ``pieces`` steps with the same W."""
    h = n.h_0
    for _ in range(pieces):
        h = n.act(W @ h + n.b_h)
    return h


@check(
    "pal-3.3-31",
    printed=lambda n: np.zeros((len(n.h_0), n.W_hh.size)),
    planted=[lambda n: spread(n.h_0)],
    cases=lambda rng: [(n, 0) for n in small_networks(rng)],
    outside=[(n, 2) for n in small_networks(np.random.default_rng(4))],
)
def the_start_does_not_depend_on_W_R(statement, case):
    n, pieces = case
    moved = jacobian(lambda W: start(n, W, pieces), n.W_hh)
    assert close(statement(n), flat(moved, len(n.h_0)))


def formal(rng):
    """A_1 to A_5 (square) and B_1 to B_5, for sigma(h_{t-1}) with its matrix."""
    return [
        (rng.standard_normal((6, n, n)), rng.standard_normal((6, n, m)))
        for n, m in ((1, 1), (2, 4), (3, 9))
    ]


@check(
    "pal-3.3-32",
    printed=lambda A, B: B[2] + A[2] @ B[1],
    planted=[lambda A, B: B[2] + A[2] @ (B[1] + A[1] @ B[1]), lambda A, B: B[2]],
    cases=formal,
)
def third_line_of_step_2(statement, case):
    A, B = case
    nothing = np.zeros_like(B[0])
    assert close(statement(A, B), B[2] + A[2] @ (B[1] + A[1] @ nothing))


@check(
    "pal-3.3-33",
    printed=lambda A, B: A[2] @ B[1] + B[2],
    planted=[lambda A, B: A[2] @ (B[1] + B[2]), lambda A, B: A[2] @ B[2] + B[1]],
    cases=formal,
)
def fourth_line_of_step_2(statement, case):
    A, B = case
    assert close(statement(A, B), B[2] + A[2] @ B[1])


def by_formula(A, B, t, first=1, latest_left=True):
    """Sum over k < t of the products of A_r, r = k + first to t, times B_k; and B_t."""
    found = B[t]
    for k in range(1, t):
        factors = [A[r] for r in range(k + first, t + 1)]
        factors = factors if latest_left else factors[::-1]
        found = found + product(factors, len(A[0])) @ B[k]
    return found


@check(
    "pal-3.3-34",
    printed=lambda A, B: by_formula(A, B, 2),
    planted=[
        lambda A, B: by_formula(A, B, 2, first=0),
        lambda A, B: by_formula(A, B, 2, first=2),
    ],
    cases=formal,
)
def last_line_of_step_2(statement, case):
    A, B = case
    assert close(statement(A, B), A[2] @ B[1] + B[2])


@check(
    "pal-3.3-35",
    printed=by_formula,
    planted=[
        lambda A, B, t: by_formula(A, B, t, latest_left=False),
        lambda A, B, t: by_formula(A, B, t, first=0),
        lambda A, B, t: by_formula(A, B, t, first=2),
    ],
    cases=lambda rng: formal(rng)[1:],
)
def the_recursion_unrolls_to_the_sum(statement, case):
    A, B = case
    S = B[1]
    for t in range(2, 6):
        S = B[t] + A[t] @ S
        assert close(statement(A, B, t), S)
