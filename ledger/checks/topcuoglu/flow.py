"""Section 5: the unrolled network, and the five operations of a step."""

from functools import reduce
from itertools import permutations

import numpy as np
import sympy as sp

from ledger.checking import check
from ledger.checks.oracles import close, networks
from ledger.checks.topcuoglu.background import inputs_that_matter


def layer(n, scale=1.0):
    return lambda h, x: n.act(scale * n.W_hh @ h + n.W_xh @ x + n.b_h)


@check(
    "topcuoglu-5.1-01",
    printed=lambda n: [layer(n)] * n.T,
    planted=[
        lambda n: [layer(n, 1 / t) for t in range(1, n.T + 1)],
        lambda n: [layer(n)] * (n.T - 1),
    ],
    cases=networks,
)
def a_stack_of_identical_layers(statement, n):
    pairs = list(zip(statement(n), n.x[1:], strict=False))
    assert close(reduce(lambda h, pair: pair[0](h, pair[1]), pairs, n.h_0), n.h[n.T])


@check(
    "topcuoglu-5.1-03",
    printed=lambda t: {1},
    corrected=lambda t: set(range(1, t + 1)),
    planted=[lambda t: {t}],
    cases=networks,
)
def an_arrow_into_every_cell(statement, n):
    for t in range(1, n.T + 1):
        assert inputs_that_matter(n, t) == statement(t)


@check(
    "topcuoglu-5.2-01",
    printed=lambda n, t: n.W_xh @ n.x[t],
    planted=[lambda n, t: n.x[t], lambda n, t: n.W_xh @ n.x[t - 1] if t > 1 else 0],
    cases=networks,
)
def the_input_in_the_hidden_space(statement, n):
    for t in range(1, n.T + 1):
        without = n.W_hh @ n.h[t - 1] + n.b_h
        assert close(statement(n, t), n.s[t] - without)


@check(
    "topcuoglu-5.2-02",
    printed=lambda n, t: n.W_hh @ n.h[t - 1],
    planted=[lambda n, t: n.W_hh @ n.h[t], lambda n, t: n.W_hh.T @ n.h[t - 1]],
    cases=networks,
)
def the_memory_processed(statement, n):
    for t in range(1, n.T + 1):
        forgotten = n.run({("h", t - 1): -n.h[t - 1]})[0][t]  # s_t with h_{t-1} = 0
        assert close(statement(n, t), n.s[t] - forgotten)


@check(
    "topcuoglu-5.2-03",
    printed=lambda a, b, bias: a + b + bias,
    planted=[lambda a, b, bias: a + b, lambda a, b, bias: a * b + bias],
    cases=networks,
)
def the_two_and_a_bias(statement, n):
    for t in range(1, n.T + 1):
        assert close(statement(n.W_xh @ n.x[t], n.W_hh @ n.h[t - 1], n.b_h), n.s[t])


@check(
    "topcuoglu-5.2-04",
    printed=sp.Interval(-1, 1),
    planted=[sp.Interval(0, 1), sp.Interval(-sp.Rational(1, 2), sp.Rational(1, 2))],
)
def the_range_of_the_values(statement):
    """Every value is in it, in real numbers and in double precision."""
    s = sp.Symbol("s", real=True)
    low, high = (sp.limit(sp.tanh(s), s, end) for end in (-sp.oo, sp.oo))
    assert sp.Interval.open(low, high).is_subset(statement)
    values = np.tanh(np.linspace(-50, 50, 101))
    assert np.min(values) >= statement.inf and np.max(values) <= statement.sup


@check(
    "topcuoglu-5.2-05",
    printed=lambda n, t: n.W_hy @ n.h[t],
    corrected=lambda n, t: n.W_hy @ n.h[t] + n.b_y,
    planted=[lambda n, t: n.W_hy @ n.h[t] - n.b_y],
    cases=networks,
)
def the_output_and_its_bias(statement, n):
    for t in range(1, n.T + 1):
        assert close(statement(n, t), n.z[t])


STEPS = {  # reads, makes
    1: ({"x"}, "input term"),
    2: ({"h_prev"}, "recurrent term"),
    3: ({"input term", "recurrent term"}, "s"),
    4: ({"s"}, "h"),
    5: ({"h"}, "y"),
}


def possible(order):
    """True when each step finds what it reads."""
    made = {"x", "h_prev"}
    for step in order:
        if not STEPS[step][0] <= made:
            return False
        made.add(STEPS[step][1])
    return True


@check(
    "topcuoglu-5.2-06",
    printed=(1, 2, 3, 4, 5),
    planted=[(1, 3, 2, 4, 5), (1, 2, 4, 3, 5), (5, 1, 2, 3, 4)],
    numbers=lambda: {"orders": len(list(permutations(STEPS)))},
)
def the_order_of_the_operations(statement):
    found = {order for order in permutations(STEPS) if possible(order)}
    assert len(found) == 2  # the first two may change places
    assert statement in found
