"""The fast path computes what the readable functions compute."""

import numpy as np
import pytest

import rnnlib
from bench import char_peers
from rnnlib.char import default_text, fast
from rnnlib.language import Alphabet
from tests.char.fast.reference import (
    CLIPS,
    check_clipping,
    check_gradients,
    check_samples,
    check_training,
    problem,
)

DTYPES = (np.float32, np.float64)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("dense", [False, True])
@pytest.mark.parametrize(
    ("sizes", "T", "B"),
    [
        ((7, 5, 6), 9, 3),
        ((7, 5, 6), 9, 1),
        ((7, 5, 6), 1, 1),
        ((7, 5, 6), 1, 4),
        ((1, 1, 2), 3, 2),
        ((13, 33, 17), 26, 5),
        ((65, 100, 65), 25, 1),
    ],
)
def test_gradients(sizes, T, B, dense, dtype):
    check_gradients(fast, dense, dtype, sizes, T, B)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("clip", CLIPS)
@pytest.mark.parametrize("B", [1, 3])
def test_many_steps(clip, dtype, B):
    check_training(fast, clip, dtype, B=B, steps=60 if dtype == np.float64 else 20)


def test_many_steps_of_dense_inputs():
    check_training(fast, CLIPS[0], dense=True)


@pytest.mark.parametrize("clip", CLIPS)
def test_clipping(clip):
    check_clipping(fast, clip)


@pytest.mark.parametrize("temperature", [0.3, 1.0, 2.0])
def test_samples(temperature):
    check_samples(fast, temperature)


@pytest.mark.parametrize("dtype", DTYPES)
def test_samples_from_logits_that_would_overflow(dtype):
    for offset in (1000.0, -1000.0):
        check_samples(fast, offset=offset, dtype=dtype)


def windows(data, T=25):
    """Inputs and targets (T, 1) of one window after another."""
    for start in range(0, len(data) - T, T):
        yield data[start : start + T, None], data[start + 1 : start + T + 1, None]


def text_problem(count, d_h):
    """The beginning of the default text, and parameters of min-char-rnn's scale."""
    text = default_text()[: count * 25 + 1]
    alphabet = Alphabet.of(text)
    V = len(alphabet)
    rng = np.random.default_rng(0)
    return rnnlib.init_params(V, d_h, V, rng=rng, scale=0.01), alphabet.encode(text)


def test_equal_to_the_classic_way_over_text():
    """A trace of 300 windows, with a rate at which rounding errors do not grow."""
    params, data = text_problem(300, 60)
    work = fast.Workspace(params, 25)
    squares = np.full_like(work.flat, char_peers.EPS)
    x, y = np.zeros((2, 25, 1), np.int64)
    classic = char_peers.classic(params, x, y, 0.01)
    losses = []
    for x[...], y[...] in windows(data):
        loss = fast.loss_and_gradients(work, x, y)
        fast.clip_by_value(work, char_peers.CLIP)
        fast.adagrad(work, squares, 0.01, eps=0)
        work.carry()
        losses.append((loss, classic()))
    ours, theirs = np.array(losses).T
    np.testing.assert_allclose(ours, theirs, rtol=1e-9)
    assert ours[0] == pytest.approx(25 * np.log(params.K), abs=0.1)
    assert ours[-50:].mean() < 0.8 * ours[0]


def test_no_array_is_made_anew():
    """The workspace's arrays stay where they are, and the caller's as they were."""
    params, [(x, y)] = problem(7, 5, 7, 4, 3)
    before = [a.copy() for a in (*params, x, y)]
    work = fast.Workspace(params, 4, 3)
    squares = np.zeros_like(work.flat)
    arrays = {k: v for k, v in vars(work).items() if isinstance(v, np.ndarray)}
    places = {k: v.ctypes.data for k, v in arrays.items() if k != "ones"}
    for _ in range(3):
        fast.loss_and_gradients(work, x, y)
        fast.clip_by_global_norm(work, 0.1)
        fast.adagrad(work, squares, 0.1)
    assert places == {k: getattr(work, k).ctypes.data for k in places}
    for a, b in zip((*params, x, y), before, strict=True):
        np.testing.assert_array_equal(a, b)
    assert np.shares_memory(work.params.W_hy, work.flat)
    assert not np.shares_memory(work.copy_params().W_hy, work.flat)


def test_every_parameter_has_its_place_in_the_vector():
    params, _ = problem(3, 4, 5, 2, 2)
    work = fast.Workspace(params, 2, 2)
    work.flat[:] = np.arange(work.flat.size)
    every = np.concatenate([a.ravel() for a in work.params])
    assert sorted(every) == list(range(rnnlib.count_parameters(params)))


def test_evaluation_alone():
    """`forward` and `cross_entropy` without a backward pass; a reset state is zero."""
    params, [(x, y)] = problem(7, 5, 7, 6, 2)
    work = fast.Workspace(params, 6, 2)
    work.h[0] = 1
    work.reset()
    fast.forward(work, x)
    np.testing.assert_allclose(work.delta_z, rnnlib.forward(params, x).z, atol=1e-12)
    loss = rnnlib.loss_and_gradients(params, x, y)[0]
    assert fast.cross_entropy(work, y) == pytest.approx(loss)


def test_logits_that_would_overflow():
    params, [(x, y)] = problem(7, 5, 7, 6, 2)
    params = params._replace(W_hy=params.W_hy * 1e5)
    work = fast.Workspace(params, 6, 2)
    loss, gradients = rnnlib.loss_and_gradients(params, x, y)
    assert fast.loss_and_gradients(work, x, y) == pytest.approx(loss)
    np.testing.assert_allclose(work.gradient.W_xh, gradients.params.W_xh, rtol=1e-9)


def test_norms_whose_squares_leave_the_range():
    for size in (1e-30, 1e25):
        params, _ = problem(3, 4, 5, 2, 2, dtype=np.float32)
        work = fast.Workspace(params, 2, 2)
        work.gradient_flat[:] = size
        expected = rnnlib.clip_by_global_norm(work.gradient_flat.copy(), 1.0)
        fast.clip_by_global_norm(work, 1.0)
        np.testing.assert_allclose(work.gradient_flat, expected, rtol=1e-6)


def test_the_smallest_divisor_of_adagrad():
    params, _ = problem(3, 4, 5, 2, 2)
    work = fast.Workspace(params, 2, 2)
    before = work.flat.copy()
    work.gradient_flat[:] = 1e-10
    fast.adagrad(work, np.zeros_like(work.flat), 0.5)
    np.testing.assert_allclose(before - work.flat, 0.25, rtol=1e-9)


def test_state_that_sampling_hands_on():
    params, _ = problem(9, 8, 9, 1, 1)
    rng = np.random.default_rng(0)
    whole = fast.sample(params, 30, first=2, rng=rng)
    rng, options = np.random.default_rng(0), {"return_state": True}
    first, h = fast.sample(params, 12, first=2, rng=rng, **options)
    second = fast.sample(params, 18, first=first[-1], rng=rng, h_0=h)
    assert [*first, *second] == whole.tolist()
