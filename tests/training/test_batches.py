"""Minibatches of sequences of unequal lengths, the mean over them, early stopping."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import rnnlib
from rnnlib.training import tasks
from rnnlib.training.batches import batch_at, epoch, epoch_length, mean, pad
from rnnlib.training.early_stopping import Patience, observe, should_stop
from tests.support.refusals import refuses

COUNTS = st.integers(1, 30)


def sequences(lengths, width=2):
    rng = np.random.default_rng(0)
    return [rng.standard_normal((n, width)) for n in lengths]


@given(st.lists(st.integers(1, 6), min_size=1, max_size=5))
def test_pad_and_back(lengths):
    made = sequences(lengths)
    x, mask = pad(made)
    assert x.shape == (max(lengths), len(lengths), 2)
    for b, sequence in enumerate(made):
        assert (x[mask[:, b], b] == sequence).all()
        assert mask[: len(sequence), b].all() and mask[:, b].sum() == len(sequence)
    assert not x[~mask].any()


def test_a_padded_batch_has_the_gradient_of_its_sequences():
    rng = np.random.default_rng(1)
    params = rnnlib.init_params(2, 3, 4, rng=rng)
    lengths = [2, 5, 3]
    xs, ys = sequences(lengths), [rng.integers(0, 4, n) for n in lengths]
    (x, mask), (y, _) = pad(xs), pad(ys)
    loss, gradients = rnnlib.loss_and_gradients(params, x, y, mask=mask)
    alone = [
        rnnlib.loss_and_gradients(params, a[:, None], b[:, None])
        for a, b in zip(xs, ys, strict=True)
    ]
    assert loss == pytest.approx(sum(value for value, _ in alone))
    for name in params._fields:
        wanted = sum(getattr(g.params, name) for _, g in alone)
        np.testing.assert_allclose(getattr(gradients.params, name), wanted, atol=1e-12)


def test_pad_refuses():
    refuses("sequences: expected at least one, got none", pad, [])
    message = "sequences[1]: expected at least one step, got shape (0, 2)"
    refuses(message, pad, [np.ones((1, 2)), np.ones((0, 2))])
    message = (
        "sequences[1]: expected steps of shape (2,) and float64, got (3,) and float64"
    )
    refuses(message, pad, [np.ones((1, 2)), np.ones((1, 3))])
    message = (
        "sequences[1]: expected steps of shape (2,) and float64, got (2,) and int64"
    )
    refuses(message, pad, [np.ones((1, 2)), np.ones((1, 2), np.int64)])


@given(COUNTS, COUNTS, st.booleans())
def test_an_epoch_has_every_sequence_once(count, size, by_length):
    rng = np.random.default_rng(count)
    lengths = rng.integers(1, 9, count) if by_length else None
    made = epoch(count, size, rng=rng, lengths=lengths)
    assert sorted(np.concatenate(made)) == list(range(count))
    assert len(made) == epoch_length(count, size)
    assert sorted(map(len, made))[1:] == [size] * (len(made) - 1)


def test_batches_by_length_save_padding():
    rng = np.random.default_rng(0)
    lengths = rng.integers(1, 100, 400)

    def padding(made):
        return sum((lengths[i].max() - lengths[i]).sum() for i in made)

    plain = padding(epoch(400, 20, rng=rng))
    assert padding(epoch(400, 20, rng=rng, lengths=lengths)) < 0.1 * plain


def test_batch_at_is_a_function_of_step_and_seed():
    lengths = np.arange(10) % 4 + 1
    for e in range(3):
        made = [batch_at(4 * e + i, 10, 3, seed=5, lengths=lengths) for i in range(4)]
        assert sorted(np.concatenate(made)) == list(range(10))
    again = batch_at(7, 10, 3, seed=5), batch_at(7, 10, 3, seed=5)
    assert (again[0] == again[1]).all()
    first, second = (np.concatenate([batch_at(i, 10, 10, seed=5)]) for i in (0, 1))
    assert (first != second).any()


def test_epoch_refuses():
    rng = np.random.default_rng(0)
    refuses("size: expected an integer >= 1, got 0", epoch, 3, 0, rng=rng)
    refuses("count: expected an integer >= 1, got 2.0", epoch, 2.0, 1, rng=rng)
    message = "lengths: expected shape (3,), got (2,)"
    refuses(message, epoch, 3, 1, rng=rng, lengths=[1, 2])
    refuses("step: expected an integer >= 0, got -1", batch_at, -1, 3, 1, seed=0)
    refuses("size: expected an integer >= 1, got 0", batch_at, 0, 3, 0, seed=0)


def test_mean():
    gradients = {"W": np.array([2.0, 4.0]), "b": None}
    value, divided = mean(6.0, gradients, np.int64(2))
    assert value == 3 and divided["W"].tolist() == [1.0, 2.0] and divided["b"] is None
    assert mean(1.0, np.ones(1, np.float32), 2)[1].dtype == np.float32
    refuses("count: expected a number > 0, got 0", mean, 1.0, gradients, 0)


def test_patience():
    patience, seen = Patience(), []
    for step, value in enumerate([3.0, 2.0, 2.5, 2.0, 1.0, 1.5]):
        patience = observe(patience, value, step)
        seen.append((patience.best, patience.best_step, patience.waited))
    assert seen == [(3, 0, 0), (2, 1, 0), (2, 1, 1), (2, 1, 2), (1, 4, 0), (1, 4, 1)]
    assert not should_stop(patience, 2) and should_stop(patience, 1)


def test_patience_with_a_least_gain():
    patience = observe(observe(Patience(), 1.0, 0), 0.95, 1, least_gain=0.1)
    assert patience == Patience(1.0, 0, 1)
    assert observe(patience, 0.85, 2, least_gain=0.1) == Patience(0.85, 2, 0)


def test_patience_refuses():
    refuses("value: expected a number, got nan", observe, Patience(), np.nan, 0)
    refuses("limit: expected an integer >= 1, got 0", should_stop, Patience(), 0)
    message = "least_gain: expected a finite number >= 0, got -1"
    refuses(message, observe, Patience(), 1.0, 0, least_gain=-1)


def test_epochs_are_counted_in_pythons_integers():
    """In NumPy's the negative of an unsigned integer is huge."""
    assert epoch_length(np.uint64(7), 3) == epoch_length(7, np.uint64(3)) == 3
    assert epoch_length(np.int8(127), 126) == 2
    assert type(epoch_length(np.uint8(7), 3)) is int


def test_what_pad_takes_and_what_it_refuses():
    made = sequences([2, 3], width=1)
    for kind in (tuple, list):
        x, mask = pad(kind(made))
        assert x.shape == (3, 2, 1)
        assert mask.tolist() == [[True, True], [True, True], [False, True]]
    x, mask = pad(np.arange(12, dtype=np.float32).reshape(2, 3, 2))
    assert x.dtype == np.float32 and x[2, 1].tolist() == [10, 11] and mask.all()
    x, mask = pad([np.ones((1, 2, 3), np.int8)])
    assert x.shape == (1, 1, 2, 3) and x.dtype == np.int8 and mask.all()
    refuses("sequences: expected a list of arrays, got str", pad, "abc")
    message = "sequences[0]: expected at least one step, got shape ()"
    refuses(message, pad, [np.float64(1)])
    message = "sequences[1]: expected steps of shape (2, 3) and int8, got (2, 4) and"
    refuses(f"{message} int8", pad, [np.ones((1, 2, n), np.int8) for n in (3, 4)])


def test_ties_keep_the_random_order():
    """On every machine the same one: a sort that is not stable has its own."""
    equal, order = np.ones(400, int), np.random.default_rng(3).permutation(400)
    made = epoch(400, 400, rng=np.random.default_rng(3), lengths=equal)
    assert np.array_equal(made, [order])
    refuses("rng: expected a numpy Generator, got int", epoch, 3, 1, rng=0)


@pytest.mark.parametrize("lengths", [None, np.arange(10) % 4])
def test_an_epoch_has_the_generator_of_its_seed_and_number(lengths):
    for seed, e in ((5, 0), (0, 2)):
        rng = np.random.default_rng([seed, e])
        wanted = epoch(10, 3, rng=rng, lengths=lengths)
        found = [batch_at(4 * e + i, 10, 3, seed=seed, lengths=lengths) for i in (2, 3)]
        assert all(map(np.array_equal, found, wanted[2:]))
    refuses("seed: expected an integer >= 0, got -1", batch_at, 0, 3, 1, seed=-1)


def test_the_mean_over_one_and_of_arrays():
    value, divided = mean(np.array(6.0), np.array([1.0, 3.0]), 1)
    assert value == 6 and divided.tolist() == [1, 3]
    assert mean(3, np.ones(2), 0.5)[0] == 6
    for wrong, kind in (("6", "str"), (None, "NoneType"), ([1.0], "list")):
        refuses(f"value: expected a number, got {kind}", mean, wrong, np.ones(1), 1)
    wrong = np.array([None])
    refuses("value: expected a number, got ndarray", mean, wrong, np.ones(1), 1)
    refuses("count: expected a finite number >= 0, got -1", mean, 1.0, np.ones(1), -1)


def test_values_without_end_and_values_that_are_none():
    assert Patience() == (np.inf, 0, 0)
    assert observe(Patience(), np.inf, 0) == (np.inf, 0, 1)
    best = observe(Patience(1.0, 0, 4), -np.inf, 3)
    assert best == (-np.inf, 3, 0)
    assert observe(Patience(1.0, 2, 4), 1.0, 3) == (1.0, 2, 5)
    assert observe(Patience(1.0, 2, 4), 1.0 - 1e-15, 3).waited == 0
    stored = observe(Patience(), np.float32(0.5), np.int64(7))
    assert [type(part) for part in stored] == [float, int, int]
    for wrong in ("1", None, complex(np.inf, 0)):
        message = f"value: expected a number, got {wrong!r}"
        refuses(message, observe, Patience(), wrong, 0)
    refuses("step: expected an integer >= 0, got -1", observe, Patience(), 1.0, -1)


def test_tasks_refuse():
    for draw in (tasks.adding, tasks.copy, tasks.temporal_order):
        refuses("rng: expected a numpy Generator, got int", draw, 10, 2, 0)
        message = "B: expected an integer >= 1, got 0"
        refuses(message, draw, 10, 0, np.random.default_rng(0))
    refuses("T: expected an integer >= 1, got 0", tasks.copy_baseline, 0)
    assert tasks.copy_baseline(5) == pytest.approx(10 * np.log(8) / 25)
    assert tasks.adding_baseline(5) == 1 / 6
    assert tasks.order_baseline(10) == pytest.approx(np.log(4))
    assert tasks.order_steps(10) == ((1, 2), (5, 6))
    assert tasks.order_steps(39) == ((3, 7), (19, 23))
