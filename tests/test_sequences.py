"""Properties: batches are sums, masks delete steps, states carry over cuts."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import rnnlib
from rnnlib import Gradients, Params
from tests.support.strategies import Run, assert_same_gradients, runs

EXACT = {"rtol": 1e-11, "atol": 1e-12}


@given(runs())
def test_a_batch_is_the_sum_of_its_sequences(run):
    loss, gradients = run()
    B = run.x.shape[1]
    losses, singles = zip(*(run.take([b])() for b in range(B)), strict=True)
    np.testing.assert_allclose(loss, sum(losses), **EXACT)
    shared = run.options["h_0"].ndim == 1
    h_0 = [g.h_0 for g in singles]
    total = Gradients(
        Params(*(sum(each) for each in zip(*(g.params for g in singles), strict=True))),
        sum(h_0) if shared else np.concatenate(h_0),
        None if gradients.x is None else np.concatenate([g.x for g in singles], axis=1),
    )
    assert_same_gradients(gradients, total)


@given(runs(shared=False), st.randoms(use_true_random=False))
def test_the_order_of_the_sequences_does_not_matter(run, random):
    order = list(range(run.x.shape[1]))
    random.shuffle(order)
    loss, gradients = run()
    permuted_loss, permuted = run.take(order)()
    np.testing.assert_allclose(loss, permuted_loss, **EXACT)
    x = None if gradients.x is None else gradients.x[:, order]
    assert_same_gradients(
        Gradients(gradients.params, gradients.h_0[order], x), permuted
    )


@given(runs(masked=True))
def test_masked_steps_are_as_if_deleted(run):
    """Anywhere: at the start, in the middle, at the end. And their inputs get zero."""
    loss, gradients = run()
    total, h_0 = 0.0, np.zeros_like(gradients.h_0)
    params = [np.zeros_like(a) for a in run.params]
    for b in range(run.x.shape[1]):
        keep = run.options["mask"][:, b]
        one = run.take([b])
        y = one.y[keep] if one.options["topology"] == "many-to-many" else one.y
        cut = Run(one.params, one.x[keep], y, one.options | {"mask": None})
        value, g = cut()
        total += value
        params = [a + c for a, c in zip(params, g.params, strict=True)]
        if h_0.ndim == 1:
            h_0 += g.h_0
        else:
            h_0[b] = g.h_0[0]
        if g.x is not None:
            np.testing.assert_allclose(gradients.x[keep, b], g.x[:, 0], **EXACT)
            assert not gradients.x[~keep, b].any()
    np.testing.assert_allclose(loss, total, **EXACT)
    assert_same_gradients(gradients, Gradients(Params(*params), h_0, gradients.x))


@given(runs(masked=False), st.integers(1, 3), st.integers(0, 999))
def test_padding_on_the_right_changes_nothing(run, padding, seed):
    """Whatever stands in it: a sequence padded and masked is the sequence."""
    rng = np.random.default_rng(seed)
    T, B = run.x.shape[:2]
    garbage = run.x[rng.integers(0, T, padding)]
    mask = np.arange(T + padding)[:, None] < np.full(B, T)
    y = run.y
    if run.options["topology"] == "many-to-many":
        y = np.concatenate([y, y[rng.integers(0, T, padding)]])
    padded = Run(run.params, np.concatenate([run.x, garbage]), y, run.options)
    (loss, gradients), (padded_loss, g) = run(), padded(mask=mask)
    np.testing.assert_allclose(loss, padded_loss, **EXACT)
    x = None if g.x is None else g.x[:T]
    assert_same_gradients(gradients, g._replace(x=x))


@given(runs(masked=False))
def test_a_mask_of_ones_is_no_mask(run):
    ones = np.ones(run.x.shape[:2], bool)
    (loss, gradients), (masked_loss, masked) = run(), run(mask=ones)
    np.testing.assert_allclose(loss, masked_loss, rtol=1e-14)
    assert_same_gradients(gradients, masked, rtol=1e-13)


@given(runs(shared=False, topology="many-to-many", min_steps=2), st.integers(1, 5))
def test_a_state_carried_over_a_cut(run, cut):
    """Same states as in one go; and the gradient of the cut state chains the halves.

    The second half gives dL_2/dh_cut. Handed to the first half at its last state, on
    top of the first half's own outputs, it completes the gradients of the whole.
    """
    cut = min(cut, len(run.x) - 1)
    options = {k: run.options[k] for k in ("phi", "topology")}
    mask = run.options["mask"]
    if mask is not None and not (mask[:cut].any(0) & mask[cut:].any(0)).all():
        mask = None
    ahead, behind = (None, None) if mask is None else (mask[:cut], mask[cut:])
    p, h_0 = run.params, run.options["h_0"]
    loss = rnnlib.losses.LOSSES[run.options["loss"]]

    whole = rnnlib.forward(p, run.x, h_0=h_0, mask=mask, **options)
    first = rnnlib.forward(p, run.x[:cut], h_0=h_0, mask=ahead, **options)
    second = rnnlib.forward(p, run.x[cut:], h_0=first.h[-1], mask=behind, **options)
    np.testing.assert_allclose(first.h, whole.h[: cut + 1], **EXACT)
    np.testing.assert_allclose(second.h, whole.h[cut:], **EXACT)

    total, delta_z = loss(whole.z, run.y, mask)
    total_1, delta_1 = loss(first.z, run.y[:cut], ahead)
    total_2, delta_2 = loss(second.z, run.y[cut:], behind)
    np.testing.assert_allclose(total, total_1 + total_2, **EXACT)

    wanted = rnnlib.backward(p, whole, delta_z)
    g_2 = rnnlib.backward(p, second, delta_2)
    own = rnnlib.backward(p, first, delta_1)
    # <g_2.h_0, h_T> as the outputs of a network whose W_hy is the identity
    identity = p._replace(W_hy=np.eye(p.d_h), b_y=np.zeros(p.d_h))
    last = rnnlib.forward(
        identity, run.x[:cut], h_0=h_0, mask=ahead, phi=options["phi"], topology="last"
    )
    handed = rnnlib.backward(identity, last, g_2.h_0)
    for name in ("W_xh", "W_hh", "b_h"):
        parts = [getattr(g.params, name) for g in (own, g_2, handed)]
        np.testing.assert_allclose(
            getattr(wanted.params, name), sum(parts), **EXACT, err_msg=name
        )
    np.testing.assert_allclose(wanted.h_0, own.h_0 + handed.h_0, **EXACT)
    np.testing.assert_allclose(
        wanted.params.W_hy, own.params.W_hy + g_2.params.W_hy, **EXACT
    )


@given(runs(shared=True))
def test_a_shared_state_is_that_state_for_each_and_its_gradients_add_up(run):
    B, h_0 = run.x.shape[1], run.options["h_0"]
    (loss, gradients), (each_loss, each) = run(), run(h_0=np.tile(h_0, (B, 1)))
    assert loss == each_loss
    np.testing.assert_allclose(gradients.h_0, each.h_0.sum(0), **EXACT)
    assert_same_gradients(gradients, each._replace(h_0=gradients.h_0), rtol=0, atol=0)
