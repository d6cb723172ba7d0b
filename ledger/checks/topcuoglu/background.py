"""Sections 1 and 2, and the first sentences of 3: why a state, and what it carries."""

from dataclasses import replace
from itertools import product

import numpy as np

from ledger.checking import check
from ledger.checks.oracles import close, delay_lines, networks


def draws(rng):
    """Random weights of a layer, wide and narrow enough for one or two inputs."""
    return [rng.standard_normal((3, 4)) for _ in range(3)]


def one_by_one(W, xs):
    return [np.tanh(W[:, :2] @ x) for x in xs]


def in_pairs(W, xs):
    return [np.tanh(W @ np.concatenate(pair)) for pair in zip(xs, xs[1:], strict=False)]


@check("topcuoglu-1-01", printed=one_by_one, otherwise=in_pairs, cases=draws)
def each_input_is_treated_by_itself(statement, W):
    xs = np.arange(6.0).reshape(3, 2)
    moved = xs.copy()
    moved[1] += 1
    before, after = statement(W, xs), statement(W, moved)
    assert close(before[0], after[0])
    assert not close(before[1], after[1])


TASKS = {  # the target at the last step of a sequence of bits
    "first": lambda bits: bits[0],
    "parity": lambda bits: sum(bits) % 2,
    "previous": lambda bits: bits[-2],
}


def undecided(task, size, T=6):
    """How many windows of the last bits leave the target open; all are tried."""
    found = {}
    for bits in product((0, 1), repeat=T):
        found.setdefault(bits[-size:], set()).add(TASKS[task](bits))
    return sum(len(targets) > 1 for targets in found.values())


@check(
    "topcuoglu-1-02",
    printed=lambda windows: windows > 0,
    planted=[lambda windows: windows == 0, lambda windows: windows > 32],
    cases=[(task, size) for task in ("first", "parity") for size in range(1, 6)],
    outside=[("previous", 2)],
)
def a_state_is_needed(statement, case):
    assert statement(undecided(*case))


def inputs_that_matter(n, t):
    """The k for which z_t changes with x_k."""
    return {
        k
        for k in range(1, n.T + 1)
        if np.any(n.total("s", k, of=lambda s, h, z, ell: z[t]) @ n.W_xh)
    }


@check(
    "topcuoglu-1-03",
    printed=lambda n, t: set(range(1, t + 1)),
    planted=[lambda n, t: {t}, lambda n, t: set(range(1, n.T + 1))],
    cases=networks,
    outside=delay_lines(),
)
def information_persists(statement, n):
    for t in range(1, n.T + 1):
        assert inputs_that_matter(n, t) == statement(n, t)


def arguments(n, t):
    """What h_t reads directly: each is moved while the others are held."""
    move = np.full(n.h_0.shape, 0.3)
    keep = n.h[t - 1]
    s = n.W_xh @ n.x[t] + n.W_hh @ keep + n.b_h
    found = set()
    if not close(n.act(s + n.W_xh @ np.full(n.x[t].shape, 0.3)), n.h[t]):
        found.add("x_t")
    if not close(n.run({("h", t - 1): move})[1][t], n.h[t]):
        found.add("h_{t-1}")
    held = {("s", t - 1): move}
    held["h", t - 1] = keep - n.run(held)[1][t - 1]  # h_{t-1} is as before
    if not close(n.run(held)[1][t], n.h[t]):
        found.add("x_{t-1}")
    return found


def reads(id_):
    """The check that h_t is made of x_t and h_{t-1} alone."""

    @check(
        id_,
        printed={"x_t", "h_{t-1}"},
        planted=[{"x_t"}, {"h_{t-1}"}, {"x_t", "h_{t-1}", "x_{t-1}"}],
        cases=networks,
    )
    def the_state_reads_the_input_and_the_last_state(statement, n):
        for t in range(2, n.T + 1):
            assert arguments(n, t) == statement

    return the_state_reads_the_input_and_the_last_state


section_2 = reads("topcuoglu-2-02")
section_5_1 = reads("topcuoglu-5.1-02")


@check(
    "topcuoglu-2-03",
    printed=lambda n, k: n.h[k],
    planted=[lambda n, k: n.h[k - 1], lambda n, k: n.s[k], lambda n, k: 0 * n.h[k]],
    cases=networks,
)
def the_state_is_all_that_is_kept_of_the_past(statement, n):
    for k in range(1, n.T):
        x, y = ((None, *a[k + 1 :]) for a in (n.x, n.y))
        rest = replace(n, h_0=statement(n, k), x=x, y=y)
        for later in range(1, rest.T + 1):
            assert close(rest.z[later], n.z[k + later])


def two_equations(n, h):
    """y_1 to y_T from (1) and (2), started at h."""
    outputs = []
    for x in n.x[1:]:
        h = n.act(n.W_xh @ x + n.W_hh @ h + n.b_h)
        outputs.append(n.W_hy @ h + n.b_y)
    return outputs


@check(
    "topcuoglu-3-01",
    printed=lambda n: two_equations(n, n.h_0),
    otherwise=lambda n: two_equations(n, np.zeros_like(n.h_0)),
    planted=[lambda n: two_equations(n, n.h_0)[::-1]],
    cases=networks,
)
def two_equations_and_a_start_define_the_outputs(statement, n):
    for output, z in zip(statement(n), n.z[1:], strict=True):
        assert close(output, z)
