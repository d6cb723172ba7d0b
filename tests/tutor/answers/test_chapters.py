"""What single chapters ask: each foreseen slip is told apart from the others."""

import numpy as np
import pytest

import rnnlib
from rnnbook.tutor.answers import check_answer
from rnnbook.tutor.answers.chapters import bptt, gates
from rnnbook.tutor.answers.checking import known
from rnnbook.tutor.answers.kinds import Code, Mistake, Parts, Samples
from rnnlib.layers import lstm
from tests.tutor.answers.traces import Trace, table


def functions_of(name, kind):
    """{exercise and part: kind} inside a kind whose foreseen slips are functions."""
    if isinstance(kind, Parts):
        parts = (functions_of(f"{name}: {n}", one) for n, one in kind.kinds.items())
        return {n: one for found in parts for n, one in found.items()}
    if isinstance(kind, Mistake):
        return {name: Code(kind.cases, kind.right, kind.slips)}
    return {name: kind} if isinstance(kind, (Code, Samples)) else {}


SLIPS = [
    pytest.param(name, kind, words, id=f"{name}: {words}")
    for label, exercise in known().items()
    for name, kind in functions_of(label, exercise.kind).items()
    for words in kind.slips
]
TRACES = table()


def slip_trace(kind, words):
    """What the check does with a foreseen slip, and what is right and wrong then."""
    trace = Trace(kind.slips[words])
    verdict = kind.check(trace.answer)
    return trace, [*verdict.right, *verdict.wrong, *verdict.wrong.values()]


@pytest.mark.parametrize(("name", "kind", "words"), SLIPS)
def test_a_foreseen_slip_is_told_in_its_own_words(name, kind, words):
    trace, told = slip_trace(kind, words)
    assert words in told
    calls, size, *sums = trace.summary()
    stored = TRACES["slips"][f"{name}: {words}"]
    assert [calls, size, *told] == [*stored[:2], *stored[4:]]
    assert sums == pytest.approx(stored[2:4], abs=1e-4)


def test_minus_the_logarithm_of_a_uniform_number_is_not_gumbels():
    def exponential(z, rng, size):
        return (z - np.log(rng.random((size, len(z))))).argmax(axis=1)

    told = str(check_answer("ex-min-char-rnn-studied-gumbel", exponential))
    assert "one logarithm is missing" in told


@pytest.mark.parametrize("errors", [{1: 0.0, 0.01: 0.0}, {1: 0.3, 0.01: 0.0}])
def test_an_error_of_zero_is_no_error(errors):
    told = str(check_answer("ex-derive-your-own-cell-cut", lambda: errors))
    assert "was the term left out?" in told


@pytest.mark.parametrize(
    ("W", "S"),
    [
        (np.eye(3) / 2, [1.0, 1.0]),
        (np.eye(2) / 2, [1.0, 1.0, 1.0]),
        (np.eye(2) / 2, [1.0, -1.0]),
        (np.eye(2) / 2, [1.0, 0.0]),
    ],
)
def test_a_matrix_and_a_scaling_that_do_not_belong_together(W, S):
    answer = {"W": W, "S": S, "constant": 1.0}
    told = str(check_answer("ex-spectral-bounds-scaled", lambda: answer))
    assert "expected W of shape (2, 2) and two positive numbers S" in told


@pytest.mark.parametrize(
    ("W", "s", "words"),
    [
        ([[1.2, np.inf], [0, 1]], [[1, 2]], "expected finite numbers"),
        ([[1.2, 1], [0, 1]], [[1, np.nan]], "expected finite numbers"),
        ([[1.2, 1]], [[1, 2]], "expected W of shape (d, d) and s of shape (steps, d)"),
        ([[1.2]], [1, 2], "expected W of shape (d, d) and s of shape (steps, d)"),
        ([[1.2]], np.ones((0, 1)), "expected W of shape (d, d) and s of shape"),
    ],
)
def test_a_matrix_and_pre_activations_that_are_no_network(W, s, words):
    answer = {"bound": lambda W, v: 0, "W": W, "s": s}
    told = str(check_answer("ex-spectral-bounds-along", lambda: answer))
    assert f"cannot be tested: ValueError: {words}" in told


def test_the_full_gradient_is_that_of_the_library():
    rng = np.random.default_rng(3)
    params = rnnlib.init_params(2, 3, 4, rng=rng)
    x, y = rng.standard_normal((5, 2, 2)), rng.integers(4, size=(5, 2))
    run = rnnlib.forward(params, x)
    error = rnnlib.cross_entropy(run.z, y)[1]
    cut, full = bptt._cut_and_full(params, run.h, error)
    gradients = rnnlib.loss_and_gradients(params, x, y)[1].params
    assert np.allclose(full, gradients.W_hh)
    last = rnnlib.loss_and_gradients(params, x[:1], y[:1])[1].params
    assert not np.allclose(cut, full) and np.allclose(last.W_hh, 0)


def test_the_derivative_of_the_last_cell_by_the_first():
    rng = np.random.default_rng(6)
    params = lstm.init_params(2, 3, rng=rng, scale=2.0)
    x = rng.standard_normal((4, 1, 2))
    first = lstm.forward(params, x[:1])
    o = lstm.split(first.gates, axis=-1).o[0]

    def last(c):
        state = lstm.State(o * np.tanh(c), c)
        return lstm.forward(params, x[1:], state=state).c[-1, 0]

    steps = 1e-6 * np.eye(3)[:, None]
    found = [(last(first.c[1] + e) - last(first.c[1] - e)) / 2e-6 for e in steps]
    wanted = gates.cell_derivatives(params, x)
    assert np.allclose(np.transpose(found), wanted, atol=1e-7)
    assert not np.allclose(wanted, wanted.T, atol=1e-2)


@pytest.mark.parametrize("recurrent", [0.0, 1.0, -2.0])
def test_what_an_invented_future_changes_is_its_outer_product(recurrent):
    """One step: W_hh^T delta_T is added to g_T, and the gradient is one product."""
    rng = np.random.default_rng(5)
    params = rnnlib.init_params(2, 3, 4, rng=rng)
    params = params._replace(W_hh=recurrent * params.W_hh)
    x, y, start = rng.standard_normal((1, 1, 2)), np.array([[2]]), np.ones((1, 3))
    changed, size = bptt._wrong_start((params, x, y, start))
    gradient = rnnlib.loss_and_gradients(params, x, y, h_0=start)[1].params.W_hh
    assert size == pytest.approx(np.abs(gradient).max())
    delta = gradient[:, 0]  # the state before is one
    h = rnnlib.forward(params, x, h_0=start).h[1, 0]
    added = (1 - h**2) * (params.W_hh.T @ delta)
    assert changed == pytest.approx(np.abs(added).max())
    hot = np.eye(4)[y[0]][None]
    floats = y.astype(float)  # as a reader may give the classes
    for same in (hot, floats, floats.tolist()):
        assert bptt._wrong_start((params, x, same, start)) == (changed, size)
    soft = np.array([[[0.1, 0.2, 0.3, 0.4]]])
    gradient = rnnlib.loss_and_gradients(params, x, soft, h_0=start)[1].params.W_hh
    found = bptt._wrong_start((params, x, soft, start))[1]
    assert found == pytest.approx(np.abs(gradient).max())
    longer = rng.standard_normal((4, 1, 2)), rng.integers(4, size=(4, 1))
    gradient = rnnlib.loss_and_gradients(params, *longer)[1].params.W_hh
    found = bptt._wrong_start((params, *longer, None))[1]
    assert found == pytest.approx(np.abs(gradient).max())
