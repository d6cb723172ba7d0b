"""Initialisers: their distribution, their shapes, and what they refuse."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import rnnlib
from rnnlib.layers.initialisers import (
    glorot,
    init_irnn,
    orthogonal,
    scaled_identity,
    scaled_normal,
)
from tests.support.refusals import refuses

SIZES = st.integers(1, 9)
DRAWN = pytest.mark.parametrize("make", [scaled_normal, glorot, orthogonal])


@given(SIZES, SIZES, st.floats(0.1, 3))
def test_orthogonal(rows, columns, gain):
    q = orthogonal((rows, columns), rng=np.random.default_rng(rows), gain=gain)
    singular = np.linalg.svd(q, compute_uv=False)
    np.testing.assert_allclose(singular, gain, rtol=1e-12)


def test_orthogonal_is_uniform():
    """Haar: the first entry has mean 0, variance 1/d and kurtosis 3 d / (d + 2)."""
    rng = np.random.default_rng(0)
    d, count = 3, 20_000
    a = np.array([orthogonal((d, d), rng=rng) for _ in range(count)])
    for entry in (a[:, 0, 0], a[:, 2, 1], a[:, 2, 2]):
        assert abs(entry.mean()) < 4 * (1 / d / count) ** 0.5
        assert abs(entry.var() * d - 1) < 0.03
        assert abs((entry**4).mean() * d * (d + 2) / 3 - 1) < 0.05
    assert abs((np.linalg.det(a) > 0).mean() - 0.5) < 0.02


def test_without_the_signs_it_would_not_be():
    """What NumPy's QR gives alone: the mean of an entry is far from zero."""
    rng = np.random.default_rng(0)
    q = np.linalg.qr(rng.standard_normal((2000, 3, 3)))[0]
    assert np.abs(q.mean(axis=0)).max() > 0.3


def test_scaled_normal():
    rng = np.random.default_rng(1)
    w = scaled_normal((400, 100), rng=rng)
    assert abs(w.std() * 10 - 1) < 0.02 and abs(w.mean()) < 0.003
    assert abs(scaled_normal((400, 100), rng=rng, scale=3.0).std() / 3 - 1) < 0.02


def test_glorot():
    w = glorot((300, 100), rng=np.random.default_rng(2), gain=2.0)
    limit = 2 * np.sqrt(6 / 400)
    assert limit * 0.999 < np.abs(w).max() <= limit
    assert abs(w.var() / (4 * 2 / 400) - 1) < 0.02


def test_identity_and_irnn():
    assert (scaled_identity(3, scale=0.5) == 0.5 * np.eye(3)).all()
    rng = np.random.default_rng(3)
    params = init_irnn(2, 5, 3, rng=rng, b_h=0.1, dtype=np.float32)
    assert (params.W_hh == np.eye(5)).all() and params.dtype == np.float32
    assert (params.b_h == np.float32(0.1)).all() and (params.b_y == 0).all()
    assert 0 < np.abs(params.W_xh).max() < 5e-3
    shapes = rnnlib.Params(*(p.shape for p in params))
    assert shapes == rnnlib.parameter_shapes(2, 5, 3)
    given = init_irnn(2, 5, 3, rng=rng, scale=0.5, identity=0.75)
    assert (given.W_hh == 0.75 * np.eye(5)).all() and (given.b_h == 0).all()
    assert 0.1 < given.W_hy.std() < 1


@DRAWN
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_same_rng_same_numbers(make, dtype):
    one, other = (make((3, 4), rng=np.random.default_rng(7), dtype=dtype) for _ in "ab")
    assert (one == other).all() and one.dtype == dtype and one.shape == (3, 4)


@DRAWN
def test_refusals(make):
    rng = np.random.default_rng(0)
    for shape in ((3,), (3, 0), 3, (2.0, 3), (1, 2, 3)):
        message = f"shape: expected two positive integers, got {shape!r}"
        refuses(message, make, shape, rng=rng)
    refuses("rng: expected a numpy Generator, got int", make, (2, 2), rng=0)
    refuses(
        "dtype: expected float32 or float64, got 'f'", make, (2, 2), rng=rng, dtype="f"
    )


@pytest.mark.parametrize("make, option", [
    (scaled_normal, "scale"), (glorot, "gain"), (orthogonal, "gain"),
])  # fmt: skip
def test_refused_scales(make, option):
    rng = np.random.default_rng(0)
    message = f"{option}: expected a finite number >= 0, got -1.0"
    refuses(message, make, (2, 2), rng=rng, **{option: -1.0})
