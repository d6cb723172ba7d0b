"""The table at the end of section 9.2.5, cell by cell."""

from collections import Counter
from dataclasses import replace

import numpy as np

from ledger.checking import check
from ledger.checks.khanna.common import (
    again,
    cell_derivative,
    lstm_step,
    lstm_unit,
    rest_derivative,
)
from ledger.checks.khanna.introduction import (
    a_feedforward_network_reads_one_input,
    one_set_of_weights_runs_any_length,
    the_state_retains_previous_inputs,
    unsuitable_where_order_counts,
)
from ledger.checks.khanna.vanishing import rotation
from ledger.checks.oracles import jacobian

BOTH = {"vanishing", "exploding"}

mlp_input = again(unsuitable_where_order_counts, "khanna-9.2.5-08")
mlp_memory = replace(
    a_feedforward_network_reads_one_input, id="khanna-9.2.5-09", outside=()
)
rnn_input = again(one_set_of_weights_runs_any_length, "khanna-9.2.5-11")
rnn_memory = again(the_state_retains_previous_inputs, "khanna-9.2.5-12")


def issues(factors):
    """Which of the two issues these factors of a gradient show."""
    found = {"vanishing"} if min(factors) < 1e-6 else set()
    return found | ({"exploding"} if max(factors) > 1e6 else set())


def through_layers(depth, size):
    """Norm of the Jacobian of ``depth`` tanh layers at zero, weights of this norm."""
    rng = np.random.default_rng(depth)
    layers = [size * rotation(rng) for _ in range(depth)]

    def output(x):
        for W in layers:
            x = np.tanh(W @ x)
        return x

    return np.linalg.norm(jacobian(output, np.zeros(3)), 2)


@check(
    "khanna-9.2.5-10",
    printed=lambda depth: set(),
    corrected=lambda depth: BOTH if depth > 20 else set(),
    planted=[lambda depth: BOTH, lambda depth: {"vanishing"} if depth > 20 else set()],
    cases=[1, 3, 40],
    counterexample=40,
)
def mlp_gradients(statement, depth):
    sizes = [through_layers(depth, size) for size in (0.5, 1.0, 2.0)]
    assert issues(sizes) == statement(depth)


@check("khanna-9.2.5-13", printed=BOTH, planted=[{"vanishing"}, {"exploding"}, set()])
def rnn_gradients(statement):
    assert issues([rest_derivative(w, 50) for w in (0.5, 1.0, 2.0)]) == statement


@check(
    "khanna-9.2.5-14",
    printed=lambda T: T,
    planted=[lambda T: 1, lambda T: T - 1],
    cases=[2, 7, 40],
)
def lstm_input(statement, T):
    """Steps that change the state of one unit, one set of weights."""
    weights, biases = lstm_unit(1.0, 1.0)
    h = c = np.zeros(1)
    seen = set()
    for t in range(T):
        x = {k: np.full(1, np.sin(t + 1.0)) for k in "ifno"}
        h, c = lstm_step(h, c, weights, biases, x)
        seen.add((float(h[0]), float(c[0])))
    assert len(seen) == statement(T)


@check(
    "khanna-9.2.5-15",
    printed=lambda kept: kept > 0.1,
    planted=[lambda kept: kept < 0.1, lambda kept: kept > 1],
    cases=[5.0, 8.0],
    outside=[0.0, 1.0],
    numbers=lambda: {"bias_1": cell_derivative(*lstm_unit(0.0, 1.0), 100)[0, 0]},
)
def lstm_memory(statement, bias):
    """What is left of the cell state after 100 steps, by forget bias."""
    assert statement(cell_derivative(*lstm_unit(0.0, bias), 100)[0, 0])


@check(
    "khanna-9.2.5-16",
    printed=set(),
    corrected=BOTH,
    planted=[{"vanishing"}, {"exploding"}],
)
def lstm_gradients(statement):
    """Two single units at rest: all zero, and with candidate weight 10."""
    factors = [cell_derivative(*lstm_unit(w), 50)[0, 0] for w in (0.0, 10.0)]
    assert np.allclose(factors, [2.0**-50, 3.0**50], rtol=1e-9)
    assert issues(factors) == statement


class NGram:
    """Relative frequencies of what follows the last n - 1 symbols."""

    def __init__(self, text, n):
        self.n, self.counts = n, Counter()
        for i in range(n - 1, len(text)):
            self.counts[text[i - n + 1 : i], text[i]] += 1

    def __call__(self, past):
        context = past[len(past) - self.n + 1 :]
        line = np.array([self.counts[context, s] for s in "ab"], float)
        return line / line.sum()


def text(length=2000):
    return "".join(np.random.default_rng(0).choice(list("aab"), length))


@check(
    "khanna-9.2.5-17",
    printed=lambda length: length,
    planted=[lambda length: 3, lambda length: 2 * length],
    cases=[3, 10, 200],
)
def ngram_input(statement, length):
    """Steps of a sequence of any length for which there is a prediction."""
    model, x = NGram(text(), 3), text(length + 2)
    predictions = [model(x[:t]) for t in range(2, length + 2)]
    assert len(predictions) == statement(length)
    assert all(np.isclose(p.sum(), 1) for p in predictions)


@check(
    "khanna-9.2.5-18",
    printed=lambda n: n - 1,
    planted=[lambda n: n, lambda n: 6],
    cases=[2, 3, 4],
)
def ngram_memory(statement, n):
    """How many symbols back a prediction depends on."""
    model, past = NGram(text(), n), text(6)
    depends = 0
    for back in range(1, 7):
        at = len(past) - back
        other = past[:at] + ("a" if past[at] == "b" else "b") + past[at + 1 :]
        if not np.array_equal(model(past), model(other)):
            depends = back
    assert depends == statement(n)


@check(
    "khanna-9.2.5-19",
    printed=lambda counts: counts / counts.sum(),
    planted=[
        lambda counts: np.ones(len(counts)) / len(counts),
        lambda counts: np.sqrt(counts) / np.sqrt(counts).sum(),
    ],
    cases=lambda rng: rng.integers(1, 30, (4, 3)).astype(float),
)
def counting_is_the_maximum(statement, counts):
    """No gradient is used: the frequencies maximise the likelihood."""
    others = np.random.default_rng(0).dirichlet(np.ones(3), 4000)
    near = counts / counts.sum() + 0.01 * (np.eye(3) - 1 / 3)
    assert np.isclose(statement(counts).sum(), 1)
    best = counts @ np.log(statement(counts))
    assert all(best >= counts @ np.log(q) for q in (*others, *near))
