"""Section 3.3: the training loop."""

from dataclasses import replace

import numpy as np

from ledger.checking import check
from ledger.checks.oracles import close
from ledger.checks.sarkar.derivation import PARTIALS, TERMS, over_time
from ledger.checks.sarkar.outputs import networks


def gradient(n):
    """The gradient by the sums of 3.2."""
    return {name: over_time(TERMS[name][0])(n) for name in PARTIALS}


def moved(n, direction, rate):
    """Parameters plus rate times direction."""
    return replace(n, **{k: getattr(n, k) + rate * v for k, v in direction.items()})


@check(
    "sarkar-3.3-02",
    printed=lambda g: -g,
    planted=[lambda g: g, lambda g: 0 * g],
    cases=lambda rng: [(n, 1e-3) for n in networks(rng)],
    outside=[(n, 30.0) for n in networks(np.random.default_rng(1))],
)
def descent_lowers_the_cost(statement, case):
    n, rate = case
    direction = {name: statement(g) for name, g in gradient(n).items()}
    assert moved(n, direction, rate).L < n.L


@check(
    "sarkar-3.3-04",
    printed=("forward", "backward", "gradient", "update"),
    planted=[("forward", "backward", "gradient"), ("forward", "gradient", "update")],
    cases=networks,
)
def the_four_steps(statement, n):
    cost, signals, sums = n.L, None, None
    for step in statement:
        if step == "forward":
            n = replace(n)  # a run of its own
        if step == "backward":
            signals = [n.total("s", t) for t in range(1, n.T + 1)]
        if step == "gradient":
            sums = gradient(n) if signals is not None else None
        if step == "update" and sums is not None:
            n = moved(n, sums, -1e-3)
    assert n.L < cost


@check(
    "sarkar-3.3-05",
    printed=("h", "o", "y"),
    planted=[("h", "o"), ("h", "o", "y", "delta")],
    cases=networks,
)
def what_the_forward_pass_gives(statement, n):
    run = dict(zip(("h", "o"), (n.run()[1], n.run()[2]), strict=True))
    run["y"] = [n.output(o) for o in run["o"][1:]]
    assert set(statement) == set(run)


@check(
    "sarkar-3.3-06",
    printed=lambda n: backward(n),
    planted=[lambda n: backward(n, cut=True)],
    cases=networks,
)
def one_sweep_gives_all_signals(statement, n):
    for t, delta in enumerate(statement(n), 1):
        assert close(delta, n.total("s", t))


def backward(n, cut=False):
    """All delta_t in one sweep from the last step to the first."""
    delta, found = np.zeros_like(n.b_h), []
    for t in range(n.T, 0, -1):
        future = 0 if cut else n.W_hh.T @ delta
        delta = (n.W_hy.T @ n.e(t) + future) * n.slope(n.s[t])
        found.append(delta)
    return found[::-1]


def batch(n):
    """Three sequences through one network."""
    rng = np.random.default_rng(2)
    return [
        replace(n, x=(None, *(v + rng.standard_normal(v.shape) for v in n.x[1:])))
        for _ in range(3)
    ]


@check(
    "sarkar-3.3-07",
    printed=lambda gradients: sum(gradients) / len(gradients),
    planted=[sum, lambda gradients: gradients[0]],
    cases=networks,
)
def the_mean_of_the_gradients(statement, n):
    sequences = batch(n)
    total = statement([gradient(s)["W_hh"] for s in sequences])
    along = np.sin(np.arange(total.size)).reshape(total.shape)
    ahead, behind = (
        sum(moved(s, {"W_hh": along}, step).L for s in sequences) / len(sequences)
        for step in (1e-5, -1e-5)
    )
    assert close((ahead - behind) / 2e-5, np.sum(total * along), 1e-6)


ENTRIES = {("x", entry, step) for entry in (1, 2) for step in (1, 2, 3)}  # of 2.1


@check(
    "sarkar-3.3-08",
    printed=lambda step, sequence: ("x", step, sequence),
    corrected=lambda step, sequence: ("x", step, "sequence", sequence),
    planted=[
        lambda step, sequence: ("x", sequence, step),
        lambda step, sequence: ("x", step, step),
    ],
    counterexample=(1, 2),
    cases=[(step, sequence) for step in (1, 2) for sequence in (1, 2)],
)
def one_symbol_one_meaning(statement, case):
    assert statement(*case) not in ENTRIES


@check(
    "sarkar-3.3-09",
    printed=lambda v, rate, g: v - rate * g,
    planted=[lambda v, rate, g: v + rate * g, lambda v, rate, g: v - g],
    cases=networks,
)
def the_update(statement, n):
    """To first order the cost falls by rate times the squared length."""
    g, rate = gradient(n), 1e-6
    new = {k: statement(getattr(n, k), rate, g[k]) for k in PARTIALS}
    fall = n.L - replace(n, **new).L
    assert close(fall / rate, sum(np.sum(v**2) for v in g.values()), 1e-3)


@check(
    "sarkar-3.3-10",
    printed=PARTIALS,
    planted=[("W_hh", "W_xh", "W_hy", "b_h", "b_y")],
    cases=networks,
)
def one_order_for_both_vectors(statement, n):
    g = gradient(n)
    nabla = np.concatenate([g[k].reshape(-1) for k in PARTIALS])  # as 3.2 stacks it
    v = np.concatenate([getattr(n, k).reshape(-1) for k in statement])
    after, at, new = v - 1e-3 * nabla, 0, {}
    for k in statement:
        size = getattr(n, k).size
        new[k] = after[at : at + size].reshape(getattr(n, k).shape)
        at += size
    wanted = moved(n, g, -1e-3)
    assert all(close(new[k], getattr(wanted, k)) for k in PARTIALS)


GOAL = 0.001


def passes_to(targets, rate, goal, one_at_a_time):
    """Gradients of single data until w is within ``goal`` of the mean; None: never."""
    w, mean = 0.0, np.mean(targets)
    for step in range(400):
        if abs(w - mean) < goal:
            return step if one_at_a_time else step * len(targets)
        if one_at_a_time:
            w -= rate * (w - targets[step % len(targets)])
        else:
            w -= rate * np.mean(w - targets)
    return None


def times_fewer(data):
    """Gradients of full descent for each one of stochastic descent, all data equal."""
    both = (passes_to(np.ones(data), 0.5, GOAL, single) for single in (False, True))
    return np.divide(*both)


@check(
    "sarkar-3.3-12",
    printed=lambda data: data,
    planted=[lambda data: 1, lambda data: 1 / data, lambda data: data**2],
    cases=[np.ones(50), np.ones(8)],
    outside=[np.array([-1.0, 3.0])],
    numbers=lambda: {"goal": GOAL, "fewer": times_fewer(50)},
)
def stochastic_descent_needs_fewer_gradients(statement, targets):
    """So many times fewer, until the mean is found."""
    stochastic = passes_to(targets, 0.5, GOAL, one_at_a_time=True)
    full = passes_to(targets, 0.5, GOAL, one_at_a_time=False)
    assert stochastic is not None
    assert full == statement(len(targets)) * stochastic
