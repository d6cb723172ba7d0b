"""Answers that are wrong in one small way, each of which a check once let pass."""

import numpy as np
import pytest

import rnnlib
from rnnbook.tutor.answers.checking import known
from rnnbook.tutor.answers.kinds import Mistake
from rnnlib.layers import from_torch, gru, to_torch
from rnnlib.spectral import spectral_norm
from tests.tutor.answers.test_checking import SOLUTIONS


def without_output_bias(params, x, lengths, h_0=None):
    """A mean of the real states alone, and no b_y."""
    real = (np.arange(len(x))[:, None] < np.array(lengths))[..., None]
    mean = (rnnlib.forward(params, x, h_0=h_0).h[1:] * real).sum(0) / real.sum(0)
    return mean @ params.W_hy.T


def with_signed_eigenvalues(matrices, n):
    """The largest eigenvalue in place of the largest size of one."""
    products = np.asarray(matrices, float)
    for _ in range(n - 1):
        products = np.array([A @ P for A in np.asarray(matrices) for P in products])
    radius = np.linalg.eigvals(products).max()
    return radius ** (1 / n), max(map(spectral_norm, products)) ** (1 / n)


def from_the_second_step(params, x):
    """The two conventions are compared from the second step on."""
    (arrived,) = from_torch(to_torch(params))
    ours = gru.forward(params, x, reset="before").h[2:]
    return np.abs(ours - gru.forward(arrived, x, reset="after").h[2:]).max(initial=0.0)


def as_many_states_as_inputs(params, x, y, L):
    """The first state has a row for each input in place of each sequence."""
    h, total = np.zeros((x.shape[2], params.d_h)), 0
    for a in range(0, len(x), L):
        part = x[a : a + L], y[a : a + L]
        total += rnnlib.loss_and_gradients(params, *part, h_0=h)[1].params.W_hh
        h = rnnlib.forward(params, part[0], h_0=h).h[-1]
    return total


LOOSE = {
    "forward-mistake": without_output_bias,
    "joint-radius-brackets": with_signed_eigenvalues,
    "gates-convert": from_the_second_step,
    "truncation-restarts": as_many_states_as_inputs,
}


@pytest.mark.parametrize("label", LOOSE)
def test_a_function_that_is_wrong_in_one_small_way_is_refused(label):
    kind = known()[f"ex-{label}"].kind
    answer = LOOSE[label]
    if isinstance(kind, Mistake):
        answer = ({3}, answer, next(iter(kind.cases().values())))
        assert "the mended function" in kind.check(answer).wrong
    else:
        assert not kind.check(answer).ok


def test_a_function_that_overwrites_the_logits_spoils_no_later_check():
    kind = known()["ex-min-char-rnn-studied-gumbel"].kind
    right = SOLUTIONS["ex-min-char-rnn-studied-gumbel"]

    def careless(z, rng, size):
        found = right(z, rng, size)
        z[:] = 0
        return found

    assert kind.check(careless).ok and kind.check(right).ok
    assert not kind.check(lambda z, rng, size: right(0 * z, rng, size)).ok


def test_a_unit_may_be_turned_round_on_the_way_to_logistic_units():
    """1 - sigma(s) is sigma(-s): other parameters have the same logits."""
    kind = known()["ex-forward-logistic"].kind

    def turned(params, h_0):
        new, q_0 = kind.right(params, h_0)
        W_xh, W_hh, b_h, W_hy, b_y = (np.array(a) for a in new)
        b_h += W_hh[:, 0]
        b_y += W_hy[:, 0]
        W_hh[:, 0] *= -1
        W_hy[:, 0] *= -1
        for rows in (W_xh, W_hh, b_h):
            rows[0] *= -1
        return (W_xh, W_hh, b_h, W_hy, b_y), np.append(1 - q_0[:1], q_0[1:])

    assert kind.check(turned).ok
    assert not kind.check(lambda p, h: (turned(p, h)[0], kind.right(p, h)[1])).ok
