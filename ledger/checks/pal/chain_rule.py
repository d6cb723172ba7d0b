"""Section 3.2: what kind of thing the derivative is, and equation (3)."""

from dataclasses import replace

import numpy as np

from ledger.checking import check
from ledger.checks.oracles import close, jacobian, softmax
from ledger.checks.pal.terms import (
    HV,
    error,
    error_of_state,
    every_size,
    immediate,
    small_networks,
    spread,
    total,
    unrolled,
)


def along(n, W, V):
    """The change of E_3 at the matrix W in the direction V: one number."""

    def moved(e):
        return replace(n, W_hh=W + e * V).run()[3][3]

    return jacobian(moved, np.zeros(()))


@check(
    "pal-3.2-01",
    printed=lambda n, m: (n, n),
    planted=[lambda n, m: (n, m), lambda n, m: (n,), lambda n, m: (1, n)],
    cases=[(2, 3), (3, 2), (4, 1)],
)
def W_R_takes_a_state_to_a_state(statement, sizes):
    n, m = sizes
    W = np.ones(statement(n, m))
    assert W.ndim == 2 and W.shape[1] == n
    assert np.shape(W @ np.ones(n)) == np.shape(np.ones((n, m)) @ np.ones(m))


@check(
    "pal-3.2-02",
    printed=lambda n, t: error_of_state(n, t) @ total(n, t),
    planted=[
        lambda n, t: error_of_state(n, t) @ immediate(n, t),
        lambda n, t: error_of_state(n, t) @ total(n, max(t - 1, 1)),
    ],
    cases=small_networks,
)
def E_t_reads_W_R_through_h_t_alone(statement, n):
    for t in range(1, n.T + 1):
        assert close(statement(n, t), error(n, t))


@check(
    "pal-3.2-03",
    printed=lambda n: (n,),
    corrected=lambda n: (),
    planted=[lambda n: (n, n), lambda n: (n * n,)],
    cases=small_networks,
)
def the_derivative_takes_a_direction_to_this(statement, n):
    change = along(n, n.W_hh, np.ones_like(n.W_hh))
    assert np.shape(change) == statement(len(n.h_0))


@check(
    "pal-3.2-04",
    printed=lambda n, W, V: (along(n, 2 * W, V), 2 * along(n, W, V)),
    corrected=lambda n, W, V: (along(n, W, 2 * V), 2 * along(n, W, V)),
    planted=[lambda n, W, V: (along(n, W, V), along(n, W, W))],
    cases=small_networks,
)
def it_is_linear_in_this(statement, n):
    V = np.cos(np.arange(n.W_hh.size)).reshape(n.W_hh.shape)
    assert close(*statement(n, n.W_hh, V))


def entries_of(id_):
    """A check that dE_t/dW_R has n^2 entries, where the document says n."""

    @check(
        id_,
        printed=lambda n: n,
        corrected=lambda n: n**2,
        planted=[lambda n: n**3, lambda n: 2 * n, lambda n: 1],
        cases=every_size,
    )
    def test(statement, n):
        for t in range(1, n.T + 1):
            assert np.size(error(n, t)) == statement(len(n.h_0))

    return test


an_element_of_a_space = entries_of("pal-3.2-05")
both_sides_of_equation_3 = entries_of("pal-3.2-08")


@check(
    "pal-3.2-06",
    printed=lambda n, t: sum(
        error_of_state(n, t) @ total(n, t) for k in range(1, t + 1)
    ),
    corrected=lambda n, t: (
        error_of_state(n, t)
        @ sum(
            n.total("s", k, of=lambda s, h, z, ell: s[t]) @ immediate(n, k)
            for k in range(1, t + 1)
        )
    ),
    planted=[
        lambda n, t: sum(
            error_of_state(n, t) @ immediate(n, t) for k in range(1, t + 1)
        ),
        lambda n, t: sum(
            error_of_state(n, t) @ immediate(n, k) for k in range(1, t + 1)
        ),
    ],
    cases=every_size,
)
def equation_3(statement, n):
    for t in range(1, n.T + 1):
        assert close(statement(n, t), error(n, t))


def output_jacobian(n, o):
    """do_t/dh_t for the output (2) as printed, which reads h_t itself."""
    return (np.diag(o) - np.outer(o, o)) @ n.W_hy


def equation_2(n, h):
    """o_t by (2) as printed."""
    return softmax(n.W_hy @ h + n.b_y)


def error_row(o, y):
    """dE_t/do_t of the cross-entropy, a row."""
    return jacobian(lambda v: -np.sum(y * np.log(v)), o)[None]


@check(
    "pal-3.2-07",
    printed=lambda n, o, y: error_row(o, y) @ output_jacobian(n, o),
    planted=[
        lambda n, o, y: error_row(o, y) @ (np.diag(o) @ n.W_hy),
        lambda n, o, y: error_row(o, y) @ ((o * (1 - o))[:, None] * n.W_hy),
        lambda n, o, y: (o + y)[None] @ n.W_hy,
    ],
    cases=small_networks,
)
def the_error_passes_through_the_output(statement, n):
    for t in range(1, n.T + 1):
        wanted = jacobian(
            lambda h, t=t: -np.sum(n.y[t] * np.log(equation_2(n, h))), n.s[t]
        )
        assert close(statement(n, equation_2(n, n.s[t]), n.y[t]), wanted[None])


def maps_between(id_, printed, planted, value, argument):
    """A check of the sizes of what goes in and out of a map."""

    @check(id_, printed=printed, planted=planted, cases=small_networks)
    def test(statement, n):
        from_size, to_size = statement(len(n.h_0))
        assert (np.size(argument(n)), np.size(value(n))) == (from_size, to_size)

    return test


error_as_a_map = maps_between(
    "pal-3.2-09",
    lambda n: (n, 1),
    [lambda n: (n, n), lambda n: (1, n)],
    lambda n: n.step_loss(n.W_hy @ n.act(n.s[2]) + n.b_y, n.y[2]),
    lambda n: n.s[2],
)
state_as_a_map = maps_between(
    "pal-3.2-10",
    lambda n: (n**2, n),
    [lambda n: (n, n), lambda n: (n**2, n**2)],
    lambda n: n.s[2],
    lambda n: n.W_hh,
)


@check(
    "pal-3.2-11",
    printed=lambda row: row,
    planted=[lambda row: row[0], lambda row: row.T],
    cases=small_networks,
)
def the_error_is_a_row(statement, n):
    e, S = statement(error_of_state(n, 3)), total(n, 3)
    assert e.ndim == 2 and e.shape[1] == len(S)
    assert close(e @ S, error(n, 3))


@check(
    "pal-3.2-12",
    printed=lambda n: (n, n**2),
    planted=[lambda n: (n**2, n), lambda n: (n, n), lambda n: (n**2, n**2)],
    cases=small_networks,
)
def sizes_of_the_jacobian_of_the_state(statement, n):
    size = len(n.h_0)
    made = n.gradient("W_hh", of=lambda s, h, z, ell: s[2])  # [i, j, k]
    assert statement(size) == (made.shape[0], made[0].size)


def outputs(sigma):
    """Cases: a network, and what its output layer reads of h_t."""
    return lambda rng: [(n, n.act if sigma else np.copy) for n in small_networks(rng)]


@check(
    "pal-3.2-13",
    printed=output_jacobian,
    planted=[
        lambda n, o: np.diag(o) @ n.W_hy,
        lambda n, o: (np.diag(o) + np.outer(o, o)) @ n.W_hy,
    ],
    cases=outputs(sigma=False),
    outside=outputs(sigma=True)(np.random.default_rng(3)),
)
def the_jacobian_of_the_output(statement, case):
    n, reads = case

    def output(h):
        return softmax(n.W_hy @ reads(h) + n.b_y)

    for t in range(1, n.T + 1):
        wanted = jacobian(output, n.s[t])
        assert close(statement(n, output(n.s[t])), wanted)


@check(
    "pal-3.2-14",
    printed=lambda T: set(range(2, T + 1)),
    planted=[lambda T: set(range(1, T + 1)), lambda T: set(), lambda T: {T}],
    cases=small_networks,
)
def steps_whose_total_derivative_is_not_the_immediate_one(statement, n):
    differ = {
        t
        for t in range(1, n.T + 1)
        if not close(total(n, t), immediate(n, t), tolerance=1e-6)
    }
    assert statement(n.T) == differ


@check(
    "pal-3.2-15",
    printed=lambda n, S: error_of_state(n, 4) @ S,
    planted=[
        lambda n, S: 4 * error_of_state(n, 4) @ S,
        lambda n, S: error_of_state(n, 3) @ S,
        lambda n, S: error_of_state(n, 4) @ unrolled(n, 4, HV),
    ],
    cases=small_networks,
)
def the_state_s_derivative_determines_the_gradient(statement, n):
    assert close(statement(n, unrolled(n, 4, spread)), error(n, 4))
