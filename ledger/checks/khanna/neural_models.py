"""Sections 4.4 and 4.5: tables against networks, one function against many."""

from dataclasses import replace
from itertools import product

import numpy as np

from ledger.checking import check
from ledger.checks.khanna.common import again, reads, states
from ledger.checks.khanna.introduction import (
    one_set_of_weights_runs_any_length,
    the_same_function_at_each_step,
)
from ledger.checks.khanna.markov import copied, loss_of_the_last
from ledger.checks.khanna.sequences import chain, conditional, joints, sequences
from ledger.checks.oracles import (
    PARAMETERS,
    delay_line,
    network,
    networks,
    softmax,
)


def counted(P, samples, rng):
    """The table that so many sequences of P give, with half a count for each."""
    counts = rng.multinomial(samples, P.ravel()).reshape(P.shape) + 0.5
    return counts / counts.sum()


def held_out(P, model, order):
    """Mean loss on the last symbol of P by the conditionals of a model."""
    T = P.ndim
    return -sum(
        P[x] * np.log2(conditional(model, x, T, max(1, T - order)))
        for x in sequences(P)
        if P[x] > 0
    )


FAIR = np.full((2,) * 6, 1 / 64)


@check(
    "khanna-4.4-01",
    printed=lambda lower, higher: higher <= lower + 1e-12,
    planted=[lambda lower, higher: higher >= lower - 1e-12],
    cases=lambda rng: [(P, P) for P in (*joints(rng), chain(rng), copied(5))],
    outside=[(FAIR, counted(FAIR, 20, np.random.default_rng(0)))],
)
def a_higher_order_captures_more(statement, case):
    losses = [held_out(*case, order) for order in range(case[0].ndim)]
    assert max(losses) - min(losses) > 1e-9
    for lower, higher in zip(losses, losses[1:], strict=False):
        assert statement(lower, higher)


def window_network(V, order, m=8):
    """Parameters of one hidden layer of m units on ``order`` one-hot symbols."""
    arrays = np.zeros((m, V * order)), np.zeros(m), np.zeros((V, m)), np.zeros(V)
    return sum(a.size for a in arrays)


def table(V, order):
    """Free entries: a line of V - 1 for each context."""
    return sum(V - 1 for _ in product(range(V), repeat=order))


@check(
    "khanna-4.4-02",
    printed=lambda V, order: V**order * (V - 1),
    planted=[lambda V, order: V * order * (V - 1), lambda V, order: V ** (order + 1)],
    cases=[(table, 2, 1), (table, 2, 5), (table, 5, 3)],
    outside=[(window_network, 2, 5), (window_network, 5, 3)],
)
def parameters_of_order_tau(statement, case):
    count, V, order = case
    assert statement(V, order) == count(V, order)


def shows_every_context(x, V, order):
    windows = {x[i : i + order] for i in range(len(x) - order + 1)}
    return len(windows) == V**order


@check(
    "khanna-4.4-03",
    printed=lambda V, order: V**order + order - 1,
    planted=[lambda V, order: V * order, lambda V, order: V**order + order],
    cases=[(2, 1), (2, 2), (2, 3), (3, 1), (3, 2)],
)
def the_shortest_text_that_shows_every_context(statement, case):
    V, order = case
    length = order
    while not any(
        shows_every_context(x, V, order) for x in product(range(V), repeat=length)
    ):
        length += 1
    assert length == statement(V, order)


reuse = again(the_same_function_at_each_step, "khanna-4.4-06")


READER = network(np.random.default_rng(3), d_x=3)


@check(
    "khanna-4.4-07",
    printed=lambda V, T: V**T,
    planted=[lambda V, T: V, lambda V, T: V * T],
    cases=[(READER, T) for T in (1, 2, 4, 5)],
    outside=[(delay_line(READER), T) for T in (3, 5)],
)
def the_state_captures_the_history(statement, case):
    n, T = case
    last = {tuple(np.round(states(n, x)[-1], 9)) for x in product(np.eye(3), repeat=T)}
    assert len(last) == statement(3, T)


arbitrary_length = again(one_set_of_weights_runs_any_length, "khanna-4.4-08")


@check(
    "khanna-4.4-09",
    printed=lambda t: t - 1,
    otherwise=lambda t: t,
    planted=[lambda t: max(t - 2, 1) if t > 2 else 2],
    cases=networks,
)
def the_output_for_the_next_symbol(statement, n):
    for t in range(2, n.T + 1):
        step = statement(t)
        assert reads(n, lambda m, k=step: m.z[k], n.T) == set(range(1, t))


def parameters(n):
    return sum(getattr(n, name).size for name in PARAMETERS)


@check(
    "khanna-4.4-10",
    printed=lambda network, table: network < table,
    planted=[
        lambda network, table: network > table,
        lambda network, table: network == table,
    ],
    cases=[(50, 100, 3), (10, 20, 4)],
    outside=[(50, 100, 1), (2, 20, 6)],
)
def the_network_has_fewer_parameters(statement, case):
    V, m, order = case
    n = network(np.random.default_rng(0), d_x=V, d_h=m, K=V)
    assert statement(parameters(n), V**order * (V - 1))


@check(
    "khanna-4.4-11",
    printed=lambda T, order: (0.0, 1.0),
    planted=[lambda T, order: (0.5, 1.0), lambda T, order: (0.0, 0.0)],
    cases=[(4, 1), (6, 4), (12, 3)],
)
def one_unit_outlasts_every_window(statement, case):
    """Error rate of the sign of a latch's state; bits lost by a table of that order."""
    T, order = case
    unit = replace(
        network(np.random.default_rng(0), d_x=1, d_h=1, K=2),
        **{"W_xh": np.eye(1), "W_hh": 2 * np.eye(1), "b_h": np.zeros(1)},
        h_0=np.zeros(1),
    )
    noise = 0.5 * np.sin(np.arange(1, T - 1) ** 2)
    wrong = 0
    for first in (-1.0, 1.0):
        x = np.array([2 * first, *noise])[:, None]
        wrong += bool(np.sign(states(unit, x)[-1][0]) != first)
    lost = loss_of_the_last(copied(min(T, 8)), order)
    error, bits = statement(T, order)
    assert wrong / 2 == error and abs(lost - bits) < 1e-12


WANTED = np.array([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])


@check(
    "khanna-4.4-12",
    printed=lambda gap: gap < 1e-9,
    planted=[lambda gap: gap > 1e-9, lambda gap: gap > 0.01],
    cases=[2, 3, 5],
    outside=[1],
)
def enough_units_for_a_table_of_order_one(statement, m):
    """Logits are affine in m numbers; three contexts may need a plane of them."""
    gap = 1.0
    for seed in range(20):
        n = network(np.random.default_rng(seed), d_x=3, d_h=m, K=3)
        h = np.array([states(n, [x])[0] for x in np.eye(3)])
        H = np.hstack([h, np.ones((3, 1))])
        centred = WANTED - WANTED.mean(axis=1, keepdims=True)
        o = H @ np.linalg.lstsq(H, centred, rcond=None)[0]
        p, q = (np.array([softmax(row) for row in a]) for a in (o, WANTED))
        gap = min(gap, np.abs(p - q).max())
    assert statement(gap)


def own_functions(T):
    """f_1 to f_T, each with its own weights on all inputs so far."""
    rng = np.random.default_rng(5)
    return {t: [rng.standard_normal((3, 2 * t))] for t in range(1, T + 1)}


def unrolled(T):
    """f_1 to f_T of a recurrent network: all with the same arrays."""
    n = network(np.random.default_rng(5))
    arrays = [n.W_xh, n.W_hh, n.b_h]
    return {t: arrays for t in range(1, T + 1)}


@check(
    "khanna-4.5-01",
    printed=lambda T: T,
    planted=[lambda T: 1, lambda T: 2 * T],
    cases=[(own_functions, 3), (own_functions, 10)],
    outside=[(unrolled, 3), (unrolled, 10)],
)
def as_many_functions_as_steps(statement, case):
    family, T = case
    different = {tuple(map(id, arrays)) for arrays in family(T).values()}
    assert len(different) == statement(T)


def outputs(functions, x):
    """y_t = f_t(x_1, ..., x_t) for all t, and the names of the f_t that were used."""
    used = []
    for t in range(1, len(x) + 1):
        assert t in functions, f"there is no f_{t}"
        used.append(f"f_{t}")
        assert (functions[t][0] @ np.concatenate(x[:t])).shape == (3,)
    return used


@check(
    "khanna-4.5-02",
    printed=lambda T: set(range(1, T + 1)),
    planted=[lambda T: set(range(1, T + 3)), lambda T: {T}],
    cases=[1, 3, 10],
)
def the_length_is_built_in(statement, T):
    runs = set()
    for length in range(1, T + 3):
        try:
            outputs(own_functions(T), np.ones((length, 2)))
        except AssertionError:
            continue
        runs.add(length)
    assert runs == statement(T)


@check(
    "khanna-4.5-03",
    printed=lambda T: [f"f_{t}" for t in range(1, T + 1)],
    planted=[lambda T: [f"f_{t}" for t in range(1, T)], lambda T: [f"f_{T}"]],
    cases=[10, 100],
)
def ten_functions_and_a_hundred(statement, T):
    assert outputs(own_functions(T), np.ones((T, 2))) == statement(T)
