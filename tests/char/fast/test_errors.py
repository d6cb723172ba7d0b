"""What the fast path refuses, with a message that names the argument."""

import numpy as np
import pytest

from rnnlib.char import fast
from tests.char.fast.reference import problem

PARAMS, [(X, Y)] = problem(7, 5, 7, 4, 3)
DENSE, [(ROWS, CLASSES)] = problem(7, 5, 7, 4, 3, dense=True)


def work():
    return fast.Workspace(PARAMS, 4, 3)


WORKSPACES = [
    ("params", lambda: fast.Workspace(None, 4, 3)),
    ("params: expected real", lambda: fast.Workspace(complex_params(), 4, 3)),
    ("W_hh", lambda: fast.Workspace(PARAMS._replace(W_hh=np.ones((5, 4))), 4, 3)),
    ("b_h", lambda: fast.Workspace(PARAMS._replace(b_h=np.full(5, np.nan)), 4, 3)),
    ("T:", lambda: fast.Workspace(PARAMS, 0, 3)),
    ("B:", lambda: fast.Workspace(PARAMS, 4, 2.5)),
    ("dense", lambda: fast.Workspace(PARAMS, 4, 3, dense="yes")),
    ("h_0", lambda: fast.Workspace(PARAMS, 4, 3, h_0=np.zeros((2, 5)))),
    ("W_xh", lambda: work().set_params(problem(6, 5, 7, 1, 1)[0])),
    ("float32", lambda: work().set_params(problem(7, 5, 7, 1, 1, dtype=np.float32)[0])),
]
STEPS = [
    (
        r"x: expected shape \(4, 3\), got \(4, 2\)",
        lambda: fast.loss_and_gradients(work(), X[:, :2], Y),
    ),
    ("work: expected a W.* got int", lambda: fast.loss_and_gradients(3, X, Y)),
    ("work: expected a Workspace", lambda: fast.forward(3, X)),
    ("work: expected a Workspace", lambda: fast.cross_entropy(3, Y)),
    ("y: expected shape", lambda: fast.loss_and_gradients(work(), X, Y[:2])),
    ("x: expected integers", lambda: fast.loss_and_gradients(work(), X - 7, Y)),
    ("x: expected integers", lambda: fast.loss_and_gradients(work(), X + 7, Y)),
    ("y: expected integers", lambda: fast.loss_and_gradients(work(), X, Y - 7)),
    ("y: expected integers", lambda: fast.cross_entropy(work(), Y + 7)),
    ("x: expected an integer", lambda: fast.forward(work(), X.astype(float))),
    ("x: expected an integer", lambda: fast.forward(work(), X.tolist())),
    ("y: expected an integer", lambda: fast.loss_and_gradients(work(), X, Y * 1.0)),
    ("x: expected a floating", lambda: fast.forward(dense(), X)),
    ("x: expected shape", lambda: fast.forward(dense(), ROWS[:, :, :2])),
    ("x: expected float64", lambda: fast.forward(dense(), ROWS.astype(np.float32))),
    ("x: expected finite", lambda: fast.forward(dense(), np.full_like(ROWS, np.inf))),
]
UPDATES = [
    ("work: expected a Workspace", lambda: fast.clip_by_value(3, 1.0)),
    ("work: expected a Workspace", lambda: fast.clip_by_global_norm(3, 1.0)),
    ("work: expected a Workspace", lambda: fast.adagrad(3, zeros(), 0.1)),
    ("squares: expected shape", lambda: fast.adagrad(work(), zeros()[:-1], 0.1)),
    ("threshold", lambda: fast.clip_by_value(work(), 0)),
    ("threshold", lambda: fast.clip_by_global_norm(work(), np.inf)),
    ("gradient", lambda: fast.clip_by_value(with_gradient(np.nan), 1.0)),
    ("gradient", lambda: fast.clip_by_value(with_gradient(np.inf), 1.0)),
    ("gradient", lambda: fast.clip_by_global_norm(with_gradient(np.nan), 1.0)),
    ("gradient", lambda: fast.clip_by_global_norm(with_gradient(-np.inf), 1.0)),
    ("squares", lambda: fast.adagrad(work(), np.zeros(3), 0.1)),
    ("squares", lambda: fast.adagrad(work(), [0.0], 0.1)),
    ("squares", lambda: fast.adagrad(work(), zeros(np.float32), 0.1)),
    ("squares", lambda: fast.adagrad(work(), zeros(), 0.1, eps=0)),
    ("learning_rate", lambda: fast.adagrad(work(), zeros(), -0.1)),
    ("eps", lambda: fast.adagrad(work(), zeros(), 0.1, eps=np.nan)),
]
RNG = np.random.default_rng(0)
SAMPLES = [
    ("W_hy", lambda: fast.sample(problem(3, 4, 5, 1, 1)[0], 5, first=0, rng=RNG)),
    ("params", lambda: fast.sample(complex_params(), 5, first=0, rng=RNG)),
    ("n:", lambda: fast.sample(PARAMS, 0, first=0, rng=RNG)),
    ("first", lambda: fast.sample(PARAMS, 5, first=7, rng=RNG)),
    ("first", lambda: fast.sample(PARAMS, 5, first=-1, rng=RNG)),
    ("first: .* integer, got 'a'", lambda: fast.sample(PARAMS, 5, first="a", rng=RNG)),
    ("first: .* got True", lambda: fast.sample(PARAMS, 5, first=True, rng=RNG)),
    (
        "h_0: expected real",
        lambda: fast.sample(PARAMS, 5, first=0, rng=RNG, h_0=np.full(5, 1j)),
    ),
    ("rng", lambda: fast.sample(PARAMS, 5, first=0, rng=0)),
    ("temperature", lambda: fast.sample(PARAMS, 5, first=0, rng=RNG, temperature=0)),
    ("h_0", lambda: fast.sample(PARAMS, 5, first=0, rng=RNG, h_0=np.zeros((1, 5)))),
    ("h_0", lambda: fast.sample(PARAMS, 5, first=0, rng=RNG, h_0=np.zeros(4))),
]


def complex_params():
    return type(PARAMS)(*(a.astype(complex) for a in PARAMS))


def dense():
    return fast.Workspace(DENSE, 4, 3, dense=True)


def with_gradient(value):
    made = work()
    made.gradient_flat[3] = value
    return made


def zeros(dtype=float):
    return np.zeros(work().flat.size, dtype)


@pytest.mark.parametrize(("message", "call"), WORKSPACES + STEPS + UPDATES + SAMPLES)
def test_refused(message, call):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_loss_that_is_not_finite_is_an_error():
    made = work()
    made.params.b_y[0] = np.nan
    with pytest.raises(FloatingPointError, match="loss"):
        fast.loss_and_gradients(made, X, Y)


def test_a_refused_update_leaves_the_parameters_alone():
    made, squares = work(), zeros()
    with pytest.raises(ValueError, match="squares"):
        fast.adagrad(made, squares, 0.1, eps=0)
    np.testing.assert_array_equal(made.copy_params().W_hh, PARAMS.W_hh)
