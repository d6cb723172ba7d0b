"""What the variants are given and return: refusals in their words, defaults, views."""

import numpy as np
import pytest

import rnnlib
from rnnlib.variants import checkpointing, dropout, feedback, rtrl, truncated
from rnnlib.variants.dropout import Masks
from tests.support.refusals import refuses

T, B, D_X, D_H, K = 6, 3, 2, 5, 4
PARAMS = rnnlib.init_params(D_X, D_H, K, rng=np.random.default_rng(0))
X = np.random.default_rng(1).standard_normal((T, B, D_X))
Y = np.random.default_rng(2).integers(0, K, (T, B))
LOSSES = {
    "dropout": lambda *a, **o: dropout.dropout_loss_and_gradients(*a, Masks(), **o),
    "rtrl": rtrl.rtrl_loss_and_gradients,
    "truncated": lambda *a, **o: truncated.truncated_loss_and_gradients(
        *a, k1=2, k2=T, **o
    ),
    "checkpointing": checkpointing.checkpointed_loss_and_gradients,
}
every_loss = pytest.mark.parametrize("name", LOSSES)


@every_loss
def test_options_are_refused_in_their_words(name):
    run = LOSSES[name]
    words = "'cross_entropy', 'half_squared_error'"
    message = f"loss: expected one of {words}, got 'hinge'"
    refuses(message, run, PARAMS, X, Y, loss="hinge")
    message = "weight_decay: expected a finite number >= 0, got -1.0"
    refuses(message, run, PARAMS, X, Y, weight_decay=-1.0)
    message = "phi: expected one of tanh, relu, logistic, identity, got 'sine'"
    refuses(message, run, PARAMS, X, Y, phi="sine")
    refuses("params: expected Params, got tuple", run, tuple(PARAMS), X, Y)


@every_loss
def test_the_defaults_are_those_of_the_ordinary_loss(name):
    """tanh, the cross-entropy, no decay and a state of zeros."""
    value, gradients = LOSSES[name](PARAMS, X, Y)
    wanted, theirs = rnnlib.loss_and_gradients(
        PARAMS, X, Y, phi="tanh", loss="cross_entropy", h_0=np.zeros((B, D_H))
    )
    assert value == pytest.approx(wanted, rel=1e-13)
    for ours, other in zip(gradients.params, theirs.params, strict=True):
        np.testing.assert_allclose(ours, other, rtol=1e-10, atol=1e-13)
    np.testing.assert_allclose(gradients.h_0, theirs.h_0, rtol=1e-10, atol=1e-13)


@every_loss
def test_the_gradient_of_the_first_state_keeps_no_others_in_memory(name):
    gradient = LOSSES[name](PARAMS, X, Y)[1].h_0
    whole = gradient if gradient.base is None else gradient.base
    assert whole.size <= B * D_H


# Dropout


def test_masks_to_draw_are_refused_in_their_words():
    good = {"shape": (T, B, 4), "rate": 0.5, "rng": np.random.default_rng(0)}
    for changes, message in [
        ({"shape": [T, B, 4]}, "shape: expected (T, B, d), got [6, 3, 4]"),
        ({"shape": (T, B)}, "shape: expected (T, B, d), got (6, 3)"),
        ({"shape": (T, 0, 4)}, "shape: expected an integer >= 1, got 0"),
        ({"rate": 1}, "rate: expected a number in [0, 1), got 1"),
        ({"rate": -1e-9}, "rate: expected a number in [0, 1), got -1e-09"),
        ({"rate": np.nan}, "rate: expected a number in [0, 1), got nan"),
        ({"rng": 0}, "rng: expected a numpy Generator, got int"),
        ({"dtype": "i4"}, "dtype: expected float32 or float64, got 'i4'"),
    ]:
        refuses(message, dropout.draw_mask, **good | changes)
    none = dropout.draw_mask(**good | {"rate": 0})
    assert (none == 1).all() and none.dtype == np.float64
    often = dropout.draw_mask(**good | {"rate": 0.999})
    assert set(np.unique(often)) <= {0.0, 1 / (1 - 0.999)}


@pytest.mark.parametrize("variational", [False, True])
def test_a_mask_is_an_ordinary_array_of_its_own(variational):
    mask = dropout.draw_mask(
        (T, B, 4), 0.5, rng=np.random.default_rng(0), variational=variational
    )
    mask[0, 0, 0] = 7.0
    assert (mask == 7).sum() == 1


def test_masks_are_refused_in_their_words():
    mask = np.ones((T, B, D_H))
    run = dropout.dropout_forward
    for masks, message in [
        (Masks(h=1j * mask), "masks.h: expected real numbers, got complex"),
        (
            Masks(y=mask[..., :2]),
            f"masks.y: expected shape {(T, B, D_H)}, got (6, 3, 2)",
        ),
        (Masks(x=mask), f"masks.x: expected shape {X.shape}, got (6, 3, 5)"),
        (Masks(h=[1.0]), "masks.h: expected a floating NumPy array, got list"),
        (
            Masks(y=mask.astype("f4")),
            "masks.y: expected float64 like the parameters, got float32",
        ),
        (None, "masks: expected Masks, got NoneType"),
    ]:
        refuses(message, run, PARAMS, X, masks)
    message = "masks.x: expected None for integer inputs, got an array"
    refuses(message, run, PARAMS, np.zeros((T, B), int), Masks(x=np.ones(X.shape)))


def test_the_backward_pass_of_dropout_is_checked():
    trace = dropout.dropout_forward(PARAMS, X, Masks())
    other = rnnlib.init_params(3, D_H, K, rng=np.random.default_rng(0))
    for arguments, message in [
        ((tuple(PARAMS), trace, trace.z), "params: expected Params, got tuple"),
        ((PARAMS, None, trace.z), "trace: expected DropoutTrace, got NoneType"),
        (
            (other, trace, trace.z),
            "x: expected shape (T, B, 3) of floats, got (6, 3, 2)",
        ),
        (
            (PARAMS, trace, trace.z[1:]),
            "delta_z: expected shape (6, 3, 4), got (5, 3, 4)",
        ),
        (
            (PARAMS, trace, trace.z.astype("f4")),
            "delta_z: expected float64 like the logits, got float32",
        ),
    ]:
        refuses(message, dropout.dropout_backward, *arguments)


# Feedback


FED = rnnlib.init_params(K, D_H, K, rng=np.random.default_rng(0))
TEACHER = np.ones((T, B), bool)


def test_what_is_fed_is_refused_in_its_words():
    dense = np.ones((T, B, K))
    late = TEACHER.copy()
    late[0, -1] = False
    for run, x in ((feedback.own_symbols, Y), (feedback.feedback_forward, dense)):
        for arguments, message in [
            ((FED, x, late), "teacher: expected True at the first step, got False"),
            ((FED, x, late[1:]), f"teacher: expected shape {(T, B)}, got (5, 3)"),
            ((FED, x, 1 * late), "teacher: expected a boolean NumPy array, got int64"),
            ((FED, x, True), "teacher: expected a boolean NumPy array, got bool"),
            ((tuple(FED), x, TEACHER), "params: expected Params, got tuple"),
        ]:
            refuses(message, run, *arguments)
    message = "W_hy: expected shape (2, 5), got (4, 5)"
    refuses(message, feedback.feedback_forward, PARAMS, X, TEACHER)
    message = f"x: expected integers (T, B), got float64 {dense.shape}"
    refuses(message, feedback.own_symbols, FED, dense, TEACHER)
    message = f"x: expected floats (T, B, K), got int64 {Y.shape}"
    refuses(message, feedback.feedback_forward, FED, Y, TEACHER)


@pytest.mark.parametrize(("low", "high"), [(-0.5, 0.25), (0.25, 1.0), (-1.0, 2.0)])
def test_uniforms_out_of_range_are_told(low, high):
    uniforms = np.full((T, B), 0.25)
    uniforms[1, 0], uniforms[0, 1] = low, high
    message = f"uniforms: expected numbers in [0, 1), got {low:.3g} to {high:.3g}"
    refuses(message, feedback.own_symbols, FED, Y, TEACHER, uniforms=uniforms)


def test_given_symbols_are_left_alone():
    teacher, before = TEACHER.copy(), Y.copy()
    teacher[1:] = False
    fed = feedback.own_symbols(FED, Y, teacher, uniforms=np.full((T, B), 0.9))
    assert (Y == before).all() and not np.shares_memory(fed, Y)
    assert not np.shares_memory(feedback.own_symbols(FED, Y, TEACHER), Y)


def test_the_backward_pass_of_fed_outputs_is_checked():
    fed = feedback.feedback_forward(FED, np.ones((T, B, K)), TEACHER)
    message = "delta_z: expected float64 like the logits, got float32"
    single = fed.trace.z.astype("f4")
    refuses(message, feedback.feedback_backward, FED, fed, single)
    message = "teacher: expected shape (6, 3), got (5, 3)"
    short = fed._replace(teacher=TEACHER[1:])
    refuses(message, feedback.feedback_backward, FED, short, fed.trace.z)
    found = feedback.feedback_backward(FED, fed, fed.trace.z).h_0
    assert (found if found.base is None else found.base).size <= B * D_H


def test_coins_are_refused_in_their_words():
    rng = np.random.default_rng(0)
    for probability in (-1e-9, 1 + 1e-9, np.nan, None, True):
        message = f"probability: expected a number in [0, 1], got {probability!r}"
        refuses(message, feedback.coin_flips, T, B, probability, rng=rng)
    message = "rng: expected a numpy Generator, got int"
    refuses(message, feedback.coin_flips, T, B, 0.5, rng=0)


# Truncation and checkpoints


def test_a_block_is_refused_in_its_words():
    carried = truncated.carry(PARAMS, X)
    run = truncated.block_loss_and_gradients
    symbols = np.zeros((T, B), int)
    for arguments, options, message in [
        (
            (X[:0], Y),
            {},
            "x: expected at least one step and one sequence, got (0, 3, 2)",
        ),
        ((X, Y), {"k2": 5}, "k2: expected an integer >= 6, got 5"),
        ((symbols, Y), {}, "carried: expected shape (n, (3,)), got (0, 3, 2)"),
        (
            (X, Y),
            {"loss": "hinge"},
            "loss: expected one of 'cross_entropy', 'half_squared_error', got 'hinge'",
        ),
    ]:
        refuses(message, run, PARAMS, *arguments, carried, **{"k2": 9} | options)
    _, _, after = run(PARAMS, X, Y, carried, k2=T)
    assert (len(after.x), len(after.h)) == (T - 1, T)


@pytest.mark.parametrize(
    ("k1", "k2", "message"),
    [
        (0, 1, "k1: expected an integer >= 1, got 0"),
        (3, 2, "k2: expected an integer >= 3, got 2"),
        (True, 2, "k1: expected an integer >= 1, got True"),
    ],
)
def test_windows_are_refused_in_their_words(k1, k2, message):
    refuses(message, truncated.windows, T, k1, k2)
    refuses("T: expected an integer >= 1, got 0", truncated.windows, 0, 1, 1)


def test_checkpoints_are_refused_in_their_words():
    run = checkpointing.checkpointed_loss_and_gradients
    for option, message in [
        ({"halve": 1}, "halve: expected True or False, got 1"),
        ({"input_gradient": 0}, "input_gradient: expected True or False, got 0"),
        ({"segment": 0}, "segment: expected an integer >= 1, got 0"),
    ]:
        refuses(message, run, PARAMS, X, Y, **option)
    message = "y: expected shape (6, 3) or (6, 3, 4), got (5, 3)"
    refuses(message, run, PARAMS, X, Y[1:])
    cost = checkpointing.checkpointing_cost
    refuses("params: expected Params, got tuple", cost, tuple(PARAMS), T, B)
    assert run(PARAMS, X, Y)[1].x.shape == X.shape
    assert run(PARAMS, X, Y, input_gradient=False)[1].x is None


def test_segments_and_the_states_in_front_of_them():
    """The last segment comes first, and nothing is run for it."""
    kept = []

    def advance(state, start, stop):
        kept.append((start, stop))
        return stop

    found = list(checkpointing.segments(5, 2, 0, advance, False))
    assert found == [(4, 5, 4, 3), (2, 4, 2, 2), (0, 2, 0, 1)]
    assert kept == [(0, 2), (2, 4)]
