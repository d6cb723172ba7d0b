"""Section 4: what the derivation is said to have shown."""

from dataclasses import replace

import numpy as np

from ledger.checking import check
from ledger.checks.oracles import close
from ledger.checks.sarkar.architecture import all_layers_share_the_weights, slopes
from ledger.checks.sarkar.derivation import (
    PARTIALS,
    entrywise,
    the_cost_is_summed_over_the_steps,
    through_jacobian,
    two_outputs,
    with_softmax,
)
from ledger.checks.sarkar.outputs import networks, of
from ledger.checks.sarkar.training import (
    backward,
    descent_lowers_the_cost,
    one_sweep_gives_all_signals,
)

shared_weights = replace(all_layers_share_the_weights, id="sarkar-4-02")
the_total_error = replace(the_cost_is_summed_over_the_steps, id="sarkar-4-03")
a_recursion = replace(one_sweep_gives_all_signals, id="sarkar-4-04")
the_update = replace(descent_lowers_the_cost, id="sarkar-4-06")


def without_recurrence(n):
    """The network with W_hh = 0; every formula of 3.2 holds for it."""
    return replace(n, W_hh=0 * n.W_hh)


def with_and_without(rng):
    """Networks of the class, recurrent or not."""
    return [m for n in networks(rng) for m in (n, without_recurrence(n))]


@check(
    "sarkar-4-01",
    printed=lambda n: set(range(1, n.T + 1)),
    corrected=lambda n: set(range(1, n.T + 1)) if np.any(n.W_hh) else {n.T},
    planted=[lambda n: {n.T}, lambda n: {n.T - 1, n.T}],
    cases=with_and_without,
    counterexample=without_recurrence(networks(np.random.default_rng(5))[0]),
)
def what_the_derivation_confirms(statement, n):
    """The inputs that the last output depends on, where the recursion of 3.2 holds."""
    for t, delta in enumerate(backward(n), 1):
        assert close(delta, n.total("s", t))  # the derivation holds for this network
    seen = {t for t, slope in enumerate(slopes(n), 1) if np.any(slope)}
    assert seen == statement(n)


def all_gradients(n, error):
    """The five sums of 3.2, with the output error ``error(n, t)``."""
    e = [None, *(error(n, t) for t in range(1, n.T + 1))]
    delta, d = np.zeros_like(n.b_h), [None] * (n.T + 1)
    for t in range(n.T, 0, -1):
        delta = (n.W_hy.T @ e[t] + n.W_hh.T @ delta) * n.slope(n.s[t])
        d[t] = delta
    steps = range(1, n.T + 1)
    return {
        "W_xh": sum(np.outer(d[t], n.x[t]) for t in steps),
        "W_hh": sum(np.outer(d[t], n.h[t - 1]) for t in steps),
        "W_hy": sum(np.outer(e[t], n.h[t]) for t in steps),
        "b_h": sum(d[1:]),
        "b_y": sum(e[1:]),
    }


@check(
    "sarkar-4-05",
    printed=lambda n: all_gradients(n, entrywise),
    corrected=lambda n: all_gradients(n, through_jacobian),
    planted=[
        lambda n: all_gradients(n, lambda n, t: n.output(n.z[t]) - n.y[t]),
        lambda n: all_gradients(n, lambda n, t: through_jacobian(n, t) / n.T),
    ],
    cases=lambda rng: networks(rng) + with_softmax(rng),
    counterexample=replace(of(two_outputs()), g="softmax"),
)
def complete_formulas(statement, n):
    found = statement(n)
    for name in PARTIALS:
        assert close(found[name], n.gradient(name))
