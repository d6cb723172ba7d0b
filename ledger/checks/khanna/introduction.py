"""Abstract, sections 1 to 3: what a network with a state is for."""

from dataclasses import replace
from itertools import product

import numpy as np

from ledger.checking import check
from ledger.checks.khanna.common import (
    again,
    cell_derivative,
    fed,
    lstm_unit,
    reads,
    rest_derivative,
    states,
)
from ledger.checks.khanna.references import entry
from ledger.checks.oracles import close, delay_lines, network, networks
from ledger.claims import outline

LISTED = """
History of Recurrent Neural Networks (RNNs)
Motivation for Recurrent Neural Networks
Preliminaries: Introduction to Sequence and Language Modeling
Sequence Modeling
Language Modeling as a Special Case
Markov Models and the Context Window
Limitations and Motivation for Neural Models
Example of What We Don't Want in an RNN
Recurrent Neural Network (RNN) Architecture
Model Structure
Loss Function
Backpropagation Through Time (BPTT)
Local Gradients
Gradients w.r.t Parameters
Recursive Gradient Flow
Gradient Accumulation Across Time
Unrolling the Gradient for $\\mathbf{W}_{hh}$
General Gradient Structure
Gradient Descent Algorithm for RNNs
Interpretation and Challenges
Vanishing/Exploding Gradients
The Vanishing Gradient Problem in RNNs
Unrolled Gradient Expression
Exponential Decay of Gradient Norms
Implications
Contrast with Exploding Gradients
Remedies
Transition Towards Neural Temporal Point Processes (TPPs)
References
""".strip().splitlines()


@check(
    "khanna-1-02",
    printed=LISTED,
    planted=[LISTED[:-1], LISTED[:2] + LISTED[3:], LISTED[::-1]],
)
def the_list_of_contents(statement):
    titles = [s.title.lower() for s in outline("khanna")]
    assert [title.lower() for title in statement] == titles[2:]


def feedforward(n, t, window):
    """The output at step t of a layer on the last ``window`` inputs."""
    first = max(1, t - window + 1)
    s = sum(n.W_xh @ n.x[k] for k in range(first, t + 1)) + n.b_h
    return n.W_hy @ np.tanh(s) + n.b_y


@check(
    "khanna-2-02",
    printed=lambda t: {t},
    planted=[lambda t: set(range(1, t + 1)), lambda t: {t - 1, t}],
    cases=lambda rng: [(n, 1) for n in networks(rng)],
    outside=[(n, 2) for n in networks(np.random.default_rng(1))],
)
def a_feedforward_network_reads_one_input(statement, case):
    n, window = case
    for t in range(1, n.T + 1):
        read = reads(n, lambda m, t=t: feedforward(m, t, window), n.T)
        assert read == statement(t)


def solvable(window, back):
    """Can a function of the last ``window`` symbols name the one so far back?"""
    seen = {}
    for x in product("ab", repeat=4):
        for t in range(back, 4):
            context = x[max(0, t + 1 - window) : t + 1]
            if seen.setdefault(context, x[t - back]) != x[t - back]:
                return False
    return True


@check(
    "khanna-2-03",
    printed=lambda window: {0},
    planted=[lambda window: {0, 1}, lambda window: set(), lambda window: {1}],
    cases=[1],
    outside=[2, 3],
)
def unsuitable_where_order_counts(statement, window):
    """How far back the symbols lie that can be named."""
    assert statement(window) == {back for back in range(3) if solvable(window, back)}


@check(
    "khanna-2-04",
    printed=lambda T: set(range(1, T + 1)),
    planted=[lambda T: {T}, lambda T: {T - 1, T}],
    cases=networks,
    outside=delay_lines(),
)
def the_state_retains_previous_inputs(statement, n):
    assert reads(n, lambda m: m.h[m.T], n.T) == statement(n.T)


@check(
    "khanna-2-05",
    printed=lambda w, k: w**k,
    planted=[lambda w, k: w / k, lambda w, k: w * (1 - k / 50), lambda w, k: w],
    cases=[0.5, 0.9, -0.7],
)
def gradients_shrink_exponentially(statement, w):
    for k in (1, 5, 40):
        assert close(rest_derivative(w, k), statement(w, k))


@check(
    "khanna-2-06",
    printed=lambda w, k: w**k,
    planted=[lambda w, k: w * k, lambda w, k: 1.0, lambda w, k: k**w],
    cases=[1.5, 2.0, -3.0],
)
def gradients_grow_exponentially(statement, w):
    for k in (2, 5, 40):
        assert close(rest_derivative(w, k), statement(w, k))


@check(
    "khanna-2-07",
    printed={"hochreiter1997": 1990, "cho2014": 2010},
    planted=[
        {"hochreiter1997": 1980, "cho2014": 2010},
        {"hochreiter1997": 1990, "cho2014": 2000},
    ],
)
def decades(statement):
    for key, decade in statement.items():
        year = int(entry(key)["year"])
        assert decade <= year < decade + 10 and decade % 10 == 0


@check(
    "khanna-2-08",
    printed=lambda bias: 1 / (1 + np.exp(-bias)),
    planted=[lambda bias: 1.0, lambda bias: 1 / (1 + np.exp(bias)), np.tanh],
    cases=[-30.0, -1.0, 0.0, 2.0, 30.0],
)
def a_gate_controls_what_passes(statement, bias):
    assert close(cell_derivative(*lstm_unit(0.0, bias), 1)[0, 0], statement(bias))


@check(
    "khanna-2-09",
    printed=lambda gated, plain: gated > plain,
    planted=[lambda gated, plain: gated < plain, lambda gated, plain: gated == plain],
    cases=[(4.0, 0.9), (6.0, 0.95)],
    outside=[(0.0, 0.9), (1.0, 0.95)],
)
def gates_pass_gradients_better(statement, case):
    """Over 100 steps: an LSTM unit, and h_t = tanh(w h_{t-1}) at rest."""
    bias, w = case
    gated = cell_derivative(*lstm_unit(0.0, bias), 100)[0, 0]
    assert statement(gated, rest_derivative(w, 100))


persists = again(the_state_retains_previous_inputs, "khanna-3-03")
independent = again(a_feedforward_network_reads_one_input, "khanna-3-02")


@check(
    "khanna-3-05",
    printed=lambda T: T,
    planted=[lambda T: 4, lambda T: min(T, 10)],
    cases=[1, 2, 4, 17, 60],
)
def one_set_of_weights_runs_any_length(statement, T):
    rng = np.random.default_rng(0)
    n = network(rng)
    outputs = fed(n, rng.standard_normal((T, 2))).z[1:]
    assert len(outputs) == statement(T)
    assert all(z.shape == (4,) and np.isfinite(z).all() for z in outputs)


arbitrary_length = again(one_set_of_weights_runs_any_length, "khanna-3-07")


@check(
    "khanna-3-06",
    printed=lambda past, other: past == other,
    planted=[lambda past, other: True, lambda past, other: False],
    cases=networks,
)
def context_changes_the_output(statement, n):
    now = n.x[1]
    pasts = ((n.x[2],), (n.x[3],), (n.x[2], n.x[3]), (n.x[3], n.x[2]))
    for i, j in product(range(4), repeat=2):
        last = [fed(n, (*pasts[k], now)).z[-1] for k in (i, j)]
        assert np.allclose(*last) == statement(i, j)


def delay(c):
    """A network of two units whose second one is the input of the step before."""
    rng = np.random.default_rng(0)
    return replace(
        network(rng, d_x=1, d_h=2, K=2),
        W_xh=np.array([[c], [0.0]]),
        W_hh=np.array([[0.0, 0.0], [1.0, 0.0]]),
        b_h=np.zeros(2),
        h_0=np.zeros(2),
    )


@check(
    "khanna-3-04",
    printed=lambda x, t: x[t - 1],
    planted=[lambda x, t: x[t], lambda x, t: x[t - 2], lambda x, t: 0.0],
    cases=lambda rng: rng.choice([-1.0, 1.0], (5, 9)),
)
def a_dependency_between_steps(statement, x):
    small = 1e-3
    h = states(delay(small), x[:, None])
    for t in range(2, 9):
        assert abs(h[t][1] / small - statement(x, t)) < 1e-4


@check(
    "khanna-3-08",
    printed=lambda n, k: replace(n, h_0=n.h[k]),
    planted=[
        lambda n, k: replace(n, h_0=n.h[k], W_hh=n.W_hh / (k + 1)),
        lambda n, k: replace(n, h_0=n.h[k], b_h=n.b_h + k),
        lambda n, k: n,
    ],
    cases=networks,
)
def the_same_function_at_each_step(statement, n):
    """The network that does with the rest what the whole does from step k on."""
    for k in range(n.T):
        later = fed(statement(n, k), n.x[k + 1 :])
        assert all(map(close, later.h[1:], n.h[k + 1 :]))


@check(
    "khanna-3-09",
    printed=lambda T, layers: (T * layers, layers),
    otherwise=lambda T, layers: (T * layers, T * layers),
    planted=[lambda T, layers: (layers, layers)],
    cases=[(2, 1), (5, 1), (5, 3)],
)
def states_are_many_layers_are_few(statement, case):
    T, layers = case
    rng, seen, met = np.random.default_rng(1), set(), set()
    stack = [network(rng, d_x=3) for _ in range(layers)]
    for x in rng.standard_normal((T, 3)):
        for i, n in enumerate(stack):
            met.add(id(n.W_hh))
            x = states(n, [x])[0]
            stack[i] = replace(n, h_0=x)
            seen.add(tuple(x))
    assert (len(seen), len(met)) == statement(T, layers)


@check(
    "khanna-3-10",
    printed=lambda n, t: n.act(n.W_xh @ n.x[t] + n.W_hh @ n.h[t - 1] + n.b_h),
    planted=[
        lambda n, t: n.act(n.W_xh @ n.x[t] + n.W_hh @ n.h[0] + n.b_h),
        lambda n, t: (
            n.act(n.W_xh @ n.x[t - 1] + n.W_hh @ n.h[t - 1] + n.b_h)
            if t > 1
            else n.h[1]
        ),
    ],
    cases=networks,
)
def updated_from_the_input_and_the_previous_state(statement, n):
    for t in range(1, n.T + 1):
        assert close(statement(n, t), n.h[t])
