"""Clipping by the global norm, and by value."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from rnnlib.clipping import clip_by_global_norm, clip_by_value, global_norm
from rnnlib.trees import flatten
from tests.support.optimiser_checks import clipping_check
from tests.support.refusals import NON_FINITE, refuses

ENTRIES = st.floats(-1e6, 1e6).map(lambda a: round(a, 6))
VECTORS = arrays(float, st.integers(1, 6), elements=ENTRIES)
TREES = st.fixed_dictionaries({"W": VECTORS, "b": st.tuples(VECTORS)})
THRESHOLDS = st.floats(1e-3, 1e3)


def vector(tree):
    """All entries one after the other."""
    return np.concatenate([a.ravel() for a in flatten(tree).values()])


def test_both():
    clipping_check()


@given(TREES, THRESHOLDS)
def test_by_norm_keeps_the_direction(tree, threshold):
    before, after = vector(tree), vector(clip_by_global_norm(tree, threshold))
    size = np.linalg.norm(before)
    np.testing.assert_allclose(np.linalg.norm(after), min(size, threshold), rtol=1e-12)
    np.testing.assert_allclose(
        after * size, before * min(size, threshold), rtol=1e-9, atol=1e-9
    )


@given(TREES, THRESHOLDS)
def test_below_the_threshold_nothing_changes(tree, threshold):
    before = vector(tree)
    if np.linalg.norm(before) <= threshold * (1 - 1e-12):
        assert (vector(clip_by_global_norm(tree, threshold)) == before).all()
    assert np.shares_memory(tree["W"], clip_by_global_norm(tree, 1e9)["W"]) is False


@given(TREES, THRESHOLDS)
def test_by_value(tree, threshold):
    before, after = vector(tree), vector(clip_by_value(tree, threshold))
    inside = np.abs(before) <= threshold
    assert (after[inside] == before[inside]).all()
    assert (after[~inside] == threshold * np.sign(before[~inside])).all()


def test_direction_is_kept_only_by_the_norm_of_the_whole():
    tree = {"W": np.array([3.0, 4.0]), "b": np.array([0.3])}
    before = vector(tree)

    def cosine(after):
        after = vector(after)
        return before @ after / np.linalg.norm(before) / np.linalg.norm(after)

    assert cosine(clip_by_global_norm(tree, 1.0)) > 1 - 1e-12
    assert cosine(clip_by_value(tree, 1.0)) < 0.99
    each = {k: clip_by_global_norm(g, 1.0) for k, g in tree.items()}
    assert cosine(each) < 0.98


@pytest.mark.parametrize("dtype, sizes", [
    (np.float64, (1e-310, 1e-200, 1e200, 1.7e308)),
    (np.float32, (1e-40, 1e-30, 1e30, 3e38)),
])  # fmt: skip
def test_no_square_leaves_the_range(dtype, sizes):
    for size in sizes:
        g = np.full(4, size, dtype)
        with np.errstate(all="raise", under="ignore"):
            norm = global_norm(g)
            half = clip_by_global_norm(g, float(g[0]))
        assert norm == pytest.approx(2 * float(g[0]), rel=1e-6, abs=0)
        assert half.dtype == dtype
        assert half.astype(float) / float(g[0]) == pytest.approx(
            np.full(4, 0.5), rel=1e-3
        )


def test_a_norm_above_the_range_is_inf_and_is_clipped_all_the_same():
    g = np.full(4, 1.7e308)
    assert global_norm(g) == np.inf
    np.testing.assert_allclose(clip_by_global_norm(g, 1.0), 0.5)


@pytest.mark.parametrize("least", [0.0, 1e-200, -1.0])
def test_the_largest_entry_is_divided_out(least):
    """It alone, whatever else stands in its array."""
    g = {"W": np.array([least, 3e200, -4e200]), "b": np.array([1.0, 12e200])}
    assert global_norm(g) == pytest.approx(13e200, rel=1e-14)
    clipped = clip_by_global_norm(g, 1.0)
    np.testing.assert_allclose(clipped["b"][1], 12 / 13, rtol=1e-14)


def test_zero():
    assert global_norm({}) == global_norm(np.zeros(3)) == 0
    assert (clip_by_global_norm(np.zeros(3), 1.0) == 0).all()


@NON_FINITE
@pytest.mark.parametrize("clip", [clip_by_global_norm, clip_by_value])
def test_not_finite(clip, value):
    message = "gradients.W: expected finite numbers, got 1 NaN or infinite"
    refuses(message, clip, {"W": np.array([1.0, value])}, 1.0)


@pytest.mark.parametrize("clip", [clip_by_global_norm, clip_by_value])
def test_refusals(clip):
    for bad in (0, -1.0, np.inf, np.nan, "1"):
        message = f"threshold: expected a finite number > 0, got {bad!r}"
        refuses(message, clip, np.ones(2), bad)
    for kind in ("complex64", "complex128"):
        message = f"gradients.params: expected real numbers, got {kind}"
        refuses(message, clip, np.ones(2, kind), 1.0)


@pytest.mark.parametrize("exponent", [-300, -170, -160, -155, -140, -136])
def test_squares_that_lose_digits_are_not_summed(exponent):
    """Below 1e-154 a square has fewer digits, below 1e-162 it is zero."""
    size = 10.0**exponent
    found = global_norm({"W": np.array([3 * size]), "b": np.array([4 * size])})
    assert abs(found / (5 * size) - 1) < 1e-14


@pytest.mark.parametrize("empty", [{}, {"a": np.empty(0), "b": np.empty((2, 0))}])
def test_nothing_has_the_norm_zero(empty):
    assert global_norm(empty) == 0.0
    assert clip_by_global_norm(empty, 1.0).keys() == empty.keys()


@pytest.mark.parametrize("exponent", [-200, 0, 200])
def test_a_norm_of_exactly_the_threshold_changes_no_bit(exponent):
    """Nor is the array itself returned."""
    g = np.array([1 / 3, 0.7, 1.1, -1.3]) * 10.0**exponent
    with np.errstate(all="raise"):
        clipped = clip_by_global_norm({"g": g}, global_norm({"g": g}))["g"]
    assert (clipped == g).all() and not np.shares_memory(clipped, g)
