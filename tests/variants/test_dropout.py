"""Dropout: the masks, their mean, and the gradients at fixed masks."""

import numpy as np
import pytest

import rnnlib
from rnnlib.variants import dropout
from rnnlib.variants.dropout import Masks
from tests.support import cases, textbook
from tests.support.mutants import Mutant, each, planted, with_arguments
from tests.support.networks import differing, flat, network

SIZES = {"x": 3, "h": 4, "y": 4}
CHOICES = ["", "x", "h", "y", "xh", "hy", "xhy"]


def draw(where, *, T=5, B=2, variational=False, dtype=np.float64, seed=1):
    """Masks at the places named, half of their entries zero."""
    rng = np.random.default_rng(seed)
    options = {"rng": rng, "variational": variational, "dtype": dtype}
    return Masks(
        **{n: dropout.draw_mask((T, B, SIZES[n]), 0.5, **options) for n in where}
    )


def by_loops(params, x, y, masks, h_0, phi):
    """The loss step by step, with columns: an independent forward pass."""
    phi = rnnlib.get_activation(phi)
    total = 0
    for b in range(x.shape[1]):
        h = h_0[b]
        for t in range(len(x)):
            m_x, m_h, m_y = (1 if m is None else m[t, b] for m in masks)
            s = params.W_xh @ (m_x * x[t, b]) + params.W_hh @ (m_h * h) + params.b_h
            h = phi(s)
            z = params.W_hy @ (m_y * h) + params.b_y
            total = total + np.log(np.exp(z).sum()) - z[y[t, b]]
    return total


def wrong(where, *, variational=False, phi="tanh"):
    """Loss and gradients against a complex step through the loops."""
    params, x, y, h_0 = network(T=5)
    masks = draw(where, variational=variational)
    variables = params._asdict() | {"x": x, "h_0": h_0}

    def loss(v):
        p = rnnlib.Params(*(v[n] for n in cases.PARAMETERS))
        return by_loops(p, v["x"], y, masks, v["h_0"], phi)

    wanted = rnnlib.complex_step_gradients(loss, variables)
    wanted["loss"] = np.asarray(loss(variables))
    actual = dropout.dropout_loss_and_gradients(params, x, y, masks, h_0=h_0, phi=phi)
    return differing(flat(actual), wanted)


@pytest.mark.parametrize("variational", [False, True])
@pytest.mark.parametrize("where", CHOICES)
def test_gradients_at_fixed_masks(where, variational):
    assert wrong(where, variational=variational) == set()


@pytest.mark.parametrize("phi", ["logistic", "identity"])
def test_other_activations(phi):
    assert wrong("xhy", phi=phi) == set()


def test_by_check_gradients():
    params, x, y, _ = network(T=5)
    masks = draw("xhy")

    def function(p):
        value, gradients = dropout.dropout_loss_and_gradients(p, x, y, masks)
        return value, gradients.params

    assert rnnlib.check_gradients(function, params, rng=np.random.default_rng(0)).ok


def forward(name, place):
    """The forward pass without the mask of one place."""

    def other(params, x, masks, **options):
        return (params, x, masks._replace(**{place: None})), options

    def wrong(right):
        without = with_arguments(other)(right)
        return lambda params, x, masks, **options: without(
            params, x, masks, **options
        )._replace(masks=masks)

    return Mutant(name, "rnnlib.variants.dropout.dropout_forward", wrong, "loss")


def backward(name, expected, **mistakes):
    """The backward pass with these pieces wrong."""
    place = "rnnlib.variants.dropout._pull_back"
    return Mutant(name, place, textbook.backward(**mistakes), expected)


def mask_first(delta_s, W_hh):
    """The mask of the step before the matrix: the same at every step here."""
    return (delta_s * np.array([0.0, 2.0, 0.0, 2.0])) @ W_hh


MUTANTS = [
    forward("no mask on the inputs", "x"),
    forward("no mask on the state", "h"),
    forward("no mask on what is read", "y"),
    backward("mask forgotten on the way back", "h_0", back_mask=lambda m, t: 1),
    backward(
        "mask before the matrix", "h_0", back=mask_first, back_mask=lambda m, t: 1
    ),
    backward("readout mask forgotten", "b_h", m_y=np.ones_like),
    backward("unmasked state in W_hh", "W_hh", before=lambda m, h: h[:-1]),
    backward("unmasked state in W_hy", "W_hy", pooled=lambda m, trace: trace.h[1:]),
    backward("unmasked inputs in W_xh", "W_xh", read_x=lambda m, x: x),
    backward("gradient of x unmasked", "x", to_x=lambda m, d_x: d_x),
    backward("a mask one step late", "h_0", back_mask=lambda m, t: m[t - 2]),
]


@each(MUTANTS)
def test_mutants_fail(mutant):
    with planted(mutant):
        assert mutant.expected in wrong("xhy")


def test_the_textbook_is_no_mutant():
    with planted(backward("right", "")):
        assert wrong("xhy") == set()


@pytest.mark.parametrize("variational", [False, True])
@pytest.mark.parametrize("rate", [0.0, 0.2, 0.5, 0.9])
def test_a_mask_has_mean_one_and_the_stated_rate(rate, variational):
    rng = np.random.default_rng(0)
    shape = (3, 4000, 30)
    mask = dropout.draw_mask(shape, rate, rng=rng, variational=variational)
    assert set(np.unique(mask)) <= {0.0, 1 / (1 - rate)}
    count = mask[0].size if variational else mask.size
    deviation = np.sqrt(rate / (1 - rate) / count)
    assert abs(mask.mean() - 1) <= 5 * deviation
    same = bool((mask == mask[0]).all())
    assert same == (variational or rate == 0)


def test_masks_of_different_steps_and_sequences_are_independent():
    mask = dropout.draw_mask((2, 20_000, 2), 0.5, rng=np.random.default_rng(0)) > 0
    for a, b in ((mask[0, :, 0], mask[1, :, 0]), (mask[0, :, 0], mask[0, :, 1])):
        assert abs((a & b).mean() - 0.25) < 0.02
    shared = dropout.draw_mask(
        (2, 20_000, 2), 0.5, rng=np.random.default_rng(0), variational=True
    )
    assert abs(((shared[0, :-1] > 0) & (shared[0, 1:] > 0)).mean() - 0.25) < 0.02


def test_the_same_generator_gives_the_same_masks():
    assert (draw("x").x == draw("x").x).all() and (
        draw("x").x != draw("x", seed=2).x
    ).any()


@pytest.mark.parametrize("integer", [False, True])
@pytest.mark.parametrize("shared", [False, True])
def test_without_masks_it_is_the_ordinary_network(integer, shared):
    params, x, y, h_0 = network()
    x = np.random.default_rng(1).integers(0, 3, x.shape[:2]) if integer else x
    h_0 = h_0[0] if shared else h_0
    options = {"h_0": h_0, "weight_decay": 0.1}
    wanted = flat(rnnlib.loss_and_gradients(params, x, y, **options))
    ones = Masks(None if integer else np.ones((9, 2, 3)), *np.ones((2, 9, 2, 4)))
    for masks in (Masks(), ones):
        actual = dropout.dropout_loss_and_gradients(params, x, y, masks, **options)
        assert differing(flat(actual), wanted, 1e-13) == set()


def all_masks(T, d):
    """Every mask of rate 1/2 for one sequence: they are equally likely."""
    bits = np.arange(2 ** (T * d))[:, None] >> np.arange(T * d) & 1
    return 2.0 * bits.reshape(-1, T, 1, d)


def test_the_mean_of_a_linear_network_is_the_network_without_masks():
    params, x, _, h_0 = network(T=3, B=1, d_h=2)
    plain = rnnlib.forward(params, x, h_0=h_0, phi="identity").z
    runs = [
        dropout.dropout_forward(params, x, Masks(h=m), h_0=h_0, phi="identity").z
        for m in all_masks(3, 2)
    ]
    assert np.abs(np.mean(runs, axis=0) - plain).max() < 1e-13


def test_variational_masks_on_the_state_break_the_mean_even_of_a_linear_network():
    """m^2 has the mean 1/(1 - rate), not 1: the same mask is met again each step."""
    params, x, _, h_0 = network(T=3, B=1, d_h=2)
    plain = rnnlib.forward(params, x, h_0=h_0, phi="identity").z
    runs = [
        dropout.dropout_forward(
            params, x, Masks(h=np.repeat(m, 3, axis=0)), h_0=h_0, phi="identity"
        ).z
        for m in all_masks(1, 2)
    ]
    gap = np.abs(np.mean(runs, axis=0) - plain).max(axis=(1, 2))
    assert gap[0] < 1e-13 and gap[1] > 1e-3


def test_the_mean_of_a_tanh_network_is_another():
    params, x, _, h_0 = network(T=3, B=1, d_h=2)
    plain = rnnlib.forward(params, x, h_0=h_0).z
    runs = [
        dropout.dropout_forward(params, x, Masks(h=m), h_0=h_0).z
        for m in all_masks(3, 2)
    ]
    assert np.abs(np.mean(runs, axis=0) - plain).max() > 1e-2


def test_single_precision_stays_single():
    params, x, y, h_0 = network(T=5, dtype=np.float32)
    masks = draw("xhy", dtype=np.float32)
    result = dropout.dropout_loss_and_gradients(params, x, y, masks, h_0=h_0)
    assert all(a.dtype == np.float32 for a in flat(result).values())


@pytest.mark.parametrize(
    "name, changes",
    [
        ("shape", {"shape": (3, 2)}),
        ("shape", {"shape": (3, 2, 0)}),
        ("rate", {"rate": 1.0}),
        ("rate", {"rate": -0.1}),
        ("rate", {"rate": np.nan}),
        ("rng", {"rng": 0}),
    ],
)
def test_bad_masks_to_draw_are_named(name, changes):
    good = {"shape": (3, 2, 4), "rate": 0.5, "rng": np.random.default_rng(0)}
    with pytest.raises(ValueError, match=f"^{name}: expected .*got "):
        dropout.draw_mask(**good | changes)


def test_bad_masks_are_named():
    params, x, y, _ = network(T=5)
    good = draw("xhy")
    run = dropout.dropout_forward
    for name in Masks._fields:
        bad = good._replace(**{name: getattr(good, name)[:1]})
        with pytest.raises(ValueError, match=rf"^masks\.{name}: expected shape .*got "):
            run(params, x, bad)
    with pytest.raises(ValueError, match=r"^masks\.h: expected float64 .*got float32"):
        run(params, x, good._replace(h=good.h.astype(np.float32)))
    with pytest.raises(ValueError, match="^masks: expected Masks, got tuple"):
        run(params, x, tuple(good))
    symbols = np.zeros((5, 2), int)
    with pytest.raises(ValueError, match=r"^masks\.x: expected None for integer"):
        run(params, symbols, good)
    with pytest.raises(ValueError, match="^phi: "):
        run(params, x, good, phi="sine")
    trace = run(params, x, good)
    with pytest.raises(ValueError, match="^delta_z: expected shape"):
        dropout.dropout_backward(params, trace, trace.z[:-1])
