"""The optimisers against their equations, one step after the other."""

import json
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import rnnlib
import rnnlib.optimisers
from rnnlib.optimisers import State, adagrad, adam, adamw, sgd
from rnnlib.trees import flatten
from tests.support import torch_optimisers
from tests.support.optimiser_checks import CHECKS, path
from tests.support.refusals import refuses

FOUR = {
    "sgd": sgd(0.1, momentum=0.5),
    "adagrad": adagrad(0.1),
    "adam": adam(0.1),
    "adamw": adamw(0.1),
}
EACH = pytest.mark.parametrize("optimiser", FOUR.values(), ids=FOUR)
RECORDED = json.loads(torch_optimisers.RECORD.read_text(encoding="utf-8"))["paths"]


class Pair(NamedTuple):
    left: object
    right: object


@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS)
def test_equations(check):
    check()


@pytest.mark.parametrize("name", torch_optimisers.RUNS)
def test_agrees_with_the_record_of_pytorch(name):
    kind, options, *_ = torch_optimisers.RUNS[name]
    optimiser = getattr(rnnlib.optimisers, kind)(torch_optimisers.RATE, **options)
    ours = path(optimiser, *torch_optimisers.problem())
    np.testing.assert_allclose(ours, RECORDED[name], rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("name", torch_optimisers.RUNS)
def test_record_is_that_of_pytorch(name):
    pytest.importorskip("torch", reason="PyTorch is not installed: NOT CHECKED")
    live = torch_optimisers.torch_path(*torch_optimisers.RUNS[name][2:])
    np.testing.assert_allclose(live, RECORDED[name], rtol=1e-12, atol=1e-13)


@EACH
def test_trees_are_arrays_side_by_side(optimiser):
    """A nested tree is updated as one long vector would be."""
    rng = np.random.default_rng(0)
    tree = {"a": rng.standard_normal((2, 3)), "b": [Pair(rng.standard_normal(4), None)]}
    vector = np.concatenate([a.ravel() for a in flatten(tree).values()])
    s, s_vector = optimiser.init_state(tree), optimiser.init_state(vector)
    for _ in range(4):
        g = {
            "a": rng.standard_normal((2, 3)),
            "b": [Pair(rng.standard_normal(4), None)],
        }
        g_vector = np.concatenate([a.ravel() for a in flatten(g).values()])
        tree, s = optimiser.update(tree, g, s)
        vector, s_vector = optimiser.update(vector, g_vector, s_vector)
    assert isinstance(tree["b"][0], Pair) and tree["b"][0].right is None
    flat = np.concatenate([a.ravel() for a in flatten(tree).values()])
    assert (flat == vector).all() and s.step == 4


@EACH
def test_inputs_are_not_modified(optimiser):
    v, g = np.array([1.0, -2.0]), np.array([0.5, 3.0])
    state = optimiser.init_state(v)
    before = flatten((v, g, state))
    before = {k: a.copy() for k, a in before.items()}
    new, newer = optimiser.update(v, g, state)
    optimiser.update(new, g, newer)
    after = flatten((v, g, state))
    assert all((after[k] == before[k]).all() for k in before)
    assert not np.shares_memory(new, v)


@EACH
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_precision_is_kept(optimiser, dtype):
    v = np.ones((2, 2), dtype)
    new, state = optimiser.update(v, v, optimiser.init_state(v))
    assert new.dtype == dtype
    assert all(a.dtype == dtype for a in flatten(state.memory).values())


def test_a_schedule_is_asked_for_each_step():
    asked = []
    optimiser = sgd(lambda n: asked.append(n) or 1 / n)
    ours = path(optimiser, np.zeros(1), np.ones((3, 1)))
    assert asked == [1, 2, 3]
    np.testing.assert_allclose(ours[:, 0], [-1, -1.5, -1.5 - 1 / 3])
    bad = sgd(lambda n: -1.0)
    v = np.ones(1)
    message = "learning_rate: expected a finite number >= 0, got -1.0"
    refuses(message, bad.update, v, v, bad.init_state(v))


@given(st.floats(1e-6, 1e6), st.lists(st.floats(-10, 10), min_size=1, max_size=6))
def test_adam_does_not_see_the_scale_of_the_loss(scale, gradients):
    """With eps = 0 the gradient times a constant gives the same steps; SGD does not."""
    g = np.array(gradients)[:, None]
    g[np.abs(g) < 1e-3] = 0
    kwargs = {"rtol": 1e-9, "atol": 1e-12}
    for make in (lambda: adam(0.1, eps=0.0), lambda: adagrad(0.1, eps=0.0)):
        one, other = (path(make(), np.zeros(1), c * g) for c in (1.0, scale))
        np.testing.assert_allclose(one, other, **kwargs)


@given(st.floats(-1e3, 1e3).filter(lambda g: abs(g) > 1e-3))
def test_the_first_step_of_adam_has_the_size_of_the_rate(g):
    first = path(adam(0.1, eps=0.0), np.zeros(1), np.array([[g]]))
    np.testing.assert_allclose(first, -0.1 * np.sign(g))


def test_no_gradient_no_step():
    for make in (adam, adagrad):
        zero = path(make(0.1, eps=0.0), np.ones(2), np.zeros((3, 2)))
        assert (zero == 1).all()


def test_a_square_that_underflows_makes_no_silent_pause():
    """Without eps the step is a quotient by zero, and that is said."""
    for make in (adam, adagrad):
        with pytest.raises(FloatingPointError, match="makes params.0 not finite"):
            path(make(0.1, eps=0.0), (np.ones(2),), [(np.array([1.0, 1e-200]),)])


@EACH
def test_results_lie_in_memory_row_by_row(optimiser):
    """Whatever the order of the arguments: a checkpoint is the same to the byte."""
    v = g = np.asfortranarray(np.ones((3, 2)))
    assert not v.flags.c_contiguous
    state = optimiser.init_state(v)
    for _ in range(2):
        v, state = optimiser.update(np.asfortranarray(v), np.asfortranarray(g), state)
        assert v.flags.c_contiguous
        assert all(m.flags.c_contiguous for m in state.memory.values())
        memory = {k: np.asfortranarray(m) for k, m in state.memory.items()}
        state = state._replace(memory=memory)  # as it may be read from elsewhere


@EACH
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf], ids=str)
def test_gradients_that_are_not_finite(optimiser, value):
    v = {"W": np.ones(3)}
    g = {"W": np.array([1.0, value, 2.0])}
    message = "gradients.W: expected finite numbers, got 1 NaN or infinite"
    refuses(message, optimiser.update, v, g, optimiser.init_state(v))


@pytest.mark.parametrize("make, what", [(adam, "squares"), (adagrad, "squares")])
def test_squares_that_overflow(make, what):
    """Without an error the infinite memory would stop the learning for ever."""
    optimiser, v = make(0.1), np.ones(2)
    with pytest.raises(FloatingPointError, match=f"update 1 makes {what}.params not"):
        optimiser.update(v, np.array([1e200, 1.0]), optimiser.init_state(v))


def test_parameters_that_overflow():
    optimiser, v = sgd(10.0), np.array([1e308])
    with pytest.raises(FloatingPointError, match=r"sgd: update 1 makes params\.params"):
        optimiser.update(v, -v, optimiser.init_state(v))


@EACH
def test_other_refusals(optimiser):
    v = {"W": np.ones((2, 3))}
    state, update = optimiser.init_state(v), optimiser.update
    other = {"W": np.ones((3, 2))}
    message = "gradients.W: expected shape (2, 3), got (3, 2)"
    refuses(message, update, v, other, state)
    message = "gradients: expected the names ['W'], got ['V']"
    refuses(message, update, v, {"V": v["W"]}, state)
    single = {"W": np.ones((2, 3), np.float32)}
    message = "gradients.W: expected float64 like the parameters, got float32"
    refuses(message, update, v, single, state)
    message = "params.W: expected real numbers, got complex128"
    refuses(message, optimiser.init_state, {"W": np.ones(2, complex)})
    integers = "params.W: expected a floating NumPy array, got int64"
    refuses(integers, optimiser.init_state, {"W": np.ones(2, np.int64)})
    with pytest.raises(ValueError, match=r"^state: expected the state of \w+, got"):
        update(v, v, State(np.array(0), {"another": v}))
    if state.memory:
        wrong = state._replace(memory=dict.fromkeys(state.memory, other))
        with pytest.raises(ValueError, match=r"^state\.\w+\.W: expected shape"):
            update(v, v, wrong)


RATE, DECAY = {"learning_rate": 1.0}, {"weight_decay": np.nan}
FRACTION, NUMBER = "a number below 1, got", "a finite number >= 0, got"


@pytest.mark.parametrize(
    "make, options, message",
    [
        (sgd, {"learning_rate": -1}, f"learning_rate: expected {NUMBER} -1"),
        (sgd, RATE | {"momentum": 1.0}, f"momentum: expected {FRACTION} 1.0"),
        (adam, {"beta_2": 1}, f"beta_2: expected {FRACTION} 1"),
        (adamw, DECAY, f"weight_decay: expected {NUMBER} nan"),
        (adagrad, RATE | {"eps": "x"}, f"eps: expected {NUMBER} 'x'"),
    ],
)
def test_options_out_of_range(make, options, message):
    refuses(message, make, **options)


@pytest.mark.parametrize("rule", [adam, adamw])
def test_the_usual_settings_are_the_defaults(rule):
    """The first step of Adam is eta long, whatever the gradient; eta lambda decays."""
    v, g = np.array([2.0, -3.0]), np.array([5.0, -0.01])
    optimiser = rule()
    moved, _ = optimiser.update(v, g, optimiser.init_state(v))
    decay = 0.01 if rule is adamw else 0.0
    wanted = (1 - 1e-3 * decay) * v - 1e-3 * g / (abs(g) + 1e-8)
    np.testing.assert_allclose(moved, wanted, rtol=1e-13)
