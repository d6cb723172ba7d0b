"""Mistakes planted in the fast path do not pass for the real thing."""

import numpy as np

import rnnlib
from rnnlib.char import fast
from tests.char.fast.reference import (
    CLIPS,
    check_clipping,
    check_gradients,
    check_samples,
    check_training,
    problem,
)
from tests.support import textbook
from tests.support.mutants import Mutant, each, fails, planted, with_arguments

FAST = "rnnlib.char.fast"


def gradients():
    """Loss, gradients, states and adjoints of windows that carry on."""
    for B in (1, 3):
        check_gradients(fast, B=B)
        check_gradients(fast, B=B, dense=True)
    check_training(fast, CLIPS[2], steps=3)


def updates():
    """Losses and parameters of many steps; no gradient, no step."""
    for clip in CLIPS:
        check_training(fast, clip, steps=20)
        check_clipping(fast, clip)
    params = problem(3, 4, 3, 1, 1)[0]
    work = fast.Workspace(params, 2, 2)
    fast.adagrad(work, np.zeros_like(work.flat), 0.1)
    np.testing.assert_array_equal(work.flat, fast.Workspace(params, 1).flat)


def samples():
    """The symbols that the readable forward pass draws, for large logits too."""
    check_samples(fast, 0.5)
    for offset in (1000.0, -1000.0):  # whose exponential is infinite, or zero
        check_samples(fast, offset=offset)


# The step.


def step(loss=lambda value, y: value, error=None, **mistakes):
    """The loss and the gradients of the textbook with these pieces wrong."""
    backward = textbook.backward(**mistakes)(None)

    def make(right):
        def wrong(work, x, y):
            trace = rnnlib.forward(work.params, x, h_0=work.h[0])
            value = right(work, x, y)
            if error is not None:
                work.delta_z[...] = error(trace.z, y)
            found = backward(work.params, trace, work.delta_z).params
            for ours, its in zip(work.gradient, found, strict=True):
                ours[...] = its
            return loss(value, y)

        return wrong

    return make


def backward(name, **mistakes):
    """A mutant of the step."""
    return Mutant(name, f"{FAST}.step.loss_and_gradients", step(**mistakes))


def one_hot(z, y):
    """The rows of the identity that the targets name."""
    return np.eye(z.shape[-1])[y]


def not_at_step_1(trace):
    """The slopes, without that of the first step."""
    slope = trace.phi.derivative(trace.h[1:])
    return np.where(np.arange(len(slope))[:, None, None] == 0, 1, slope)


def forward(name, change):
    """A mutant of the forward pass: ``change(right, work, x)`` in its place."""

    def make(right):
        return lambda work, x: change(right, work, x)

    return Mutant(name, f"{FAST}.step.forward", make)


def without_bias(dense):
    """The pre-activations without b_h, for inputs of one kind."""

    def change(right, work, x):
        b_h = work.params.b_h
        kept = b_h.copy()
        b_h *= work.dense != dense
        right(work, x)
        b_h[...] = kept

    return change


def old_units_stay(right, work, x):
    """The unit vectors of the window before are not taken away."""
    before = work.x.copy()
    right(work, x)
    if not work.dense:
        np.maximum(work.x, before, out=work.x)


def units_forgotten(right, work, x):
    """The unit vectors are not written."""
    right(work, x)
    if not work.dense:
        work.x[...] = 0


def old_rows_stay(right, work, x):
    """The rows of the first window are read again."""
    right(work, work.x.copy() if work.dense and work.x.any() else x)


def recurrent(name, change):
    """A mutant of the two products with W_hh."""

    def make(right):
        return lambda work: change(work, *right(work))

    return Mutant(name, f"{FAST}.workspace.Workspace._recurrent_products", make)


def old_copy(work, recur, back):
    """The matrix of the first backward pass, for several sequences."""
    first = []

    def late(delta_s, out):
        first.append(work.W_hh.copy())
        np.matmul(delta_s, first[0], out=out)

    return recur, back if work.B == 1 else late


GRADIENTS = [
    recurrent("W_hh transposed", lambda work, recur, back: (back, back)),
    recurrent("no transpose on the way back", lambda work, recur, back: (recur, recur)),
    recurrent("an old copy of W_hh", old_copy),
    backward("phi' forgotten at step 1", slope=not_at_step_1),
    backward("phi' of h", slope=lambda trace: trace.h[1:] ** 2),
    backward("future forgotten", back=lambda delta_s, W_hh: 0 * delta_s),
    backward("h_t for h_{t-1}", before=lambda m, h: h[1:]),
    backward("h_{t-1} for h_t", pooled=lambda m, trace: trace.h[:-1]),
    backward("target not subtracted", error=lambda z, y: rnnlib.softmax(z)),
    backward("not normalised", error=lambda z, y: np.exp(z) - one_hot(z, y)),
    backward("mean for sum", loss=lambda value, y: value / y.size),
    forward("bias of the state forgotten", without_bias(dense=False)),
    forward("bias of dense inputs", without_bias(dense=True)),
    forward("old units stay", old_units_stay),
    forward("units forgotten", units_forgotten),
    forward("dense inputs stay", old_rows_stay),
    Mutant(
        "state not carried",
        f"{FAST}.workspace.Workspace.carry",
        lambda right: lambda work: None,
    ),
    Mutant(
        "first state forgotten",
        f"{FAST}.workspace.Workspace.__init__",
        with_arguments(lambda *args, h_0=None, **options: (args, options)),
    ),
]

# Clipping and the update.


def clipped(name, change, by="value"):
    """A mutant of clipping: ``change(right, work, threshold, g)`` in its place."""

    def make(right):
        return lambda work, tau: change(right, work, tau, work.gradient_flat)

    return Mutant(name, f"{FAST}.update.clip_by_{by}", make)


def seen_above(right, work, tau, g):
    """Clipped only when an entry is too large, not when one is too small."""
    if g.max() > tau:
        right(work, tau)


def not_rooted(right, work, tau, g):
    """Divided by the squared norm."""
    if g @ g > tau**2:
        g *= tau / (g @ g)


def rescaled(right, work, tau, g):
    """Brought to the threshold from below too."""
    g *= tau / np.sqrt(g @ g)


def adagrad(
    memory=lambda r, g: r + g * g,
    below=lambda r, eps: np.sqrt(r) + eps,
    rate=lambda eta: -eta,
):
    """Adagrad with these pieces wrong."""

    def wrong(work, squares, learning_rate, *, eps=1e-10):
        g = work.gradient_flat
        squares[...] = memory(squares, g)
        with np.errstate(all="ignore"):
            work.flat += rate(learning_rate) * g / below(squares, eps)

    return lambda right: wrong


def update(name, **mistakes):
    """A mutant of Adagrad."""
    return Mutant(name, f"{FAST}.update.adagrad", adagrad(**mistakes))


UPDATES = [
    clipped(
        "not clipped from below", lambda right, work, tau, g: np.minimum(g, tau, out=g)
    ),
    clipped("clipped only when one is above", seen_above),
    clipped("norm not rooted", not_rooted, by="global_norm"),
    clipped("always rescaled", rescaled, by="global_norm"),
    update("memory forgotten", memory=lambda r, g: g * g),
    update("no root", below=lambda r, eps: r + eps),
    update("no eps", below=lambda r, eps: np.sqrt(r)),
    update("uphill", rate=lambda eta: eta),
    update("rate forgotten", rate=lambda eta: -1),
]

# Samples.


def sampling(
    scale=lambda z, b_y, tau: (z + b_y) / tau,
    shift=lambda z: z - z.max(),
    place=lambda k: k,
    feed=lambda k, first: k,
    carry=lambda h: h,
):
    """Symbols drawn one by one, with these pieces wrong."""

    def wrong(params, n, *, first, rng, temperature=1.0):
        h, k, drawn = np.zeros(params.d_h), first, []
        for u in rng.random(n):
            h = np.tanh(params.W_xh[:, k] + params.W_hh @ carry(h) + params.b_h)
            z = scale(params.W_hy @ h, params.b_y, temperature)
            with np.errstate(all="ignore"):
                below = np.cumsum(np.exp(shift(z)))
            k = place(int(np.searchsorted(below[:-1], u * below[-1], "right")))
            drawn.append(k)
            k = feed(k, first)
        return np.array(drawn)

    return lambda right: wrong


def sampled(name, **mistakes):
    """A mutant of the samples."""
    return Mutant(name, f"{FAST}.sampling.sample", sampling(**mistakes))


SAMPLES = [
    sampled("temperature multiplied", scale=lambda z, b_y, tau: (z + b_y) * tau),
    sampled("bias not divided", scale=lambda z, b_y, tau: z / tau + b_y),
    sampled("one symbol on", place=lambda k: min(k + 1, 8)),
    sampled("first always", feed=lambda k, first: first),
    sampled("overflow", shift=lambda z: z),
    sampled("state not carried", carry=lambda h: 0 * h),
]


@each(GRADIENTS)
def test_gradients_caught(mutant):
    with planted(mutant):
        assert fails(gradients)


@each(UPDATES)
def test_updates_caught(mutant):
    with planted(mutant):
        assert fails(updates)


@each(SAMPLES)
def test_samples_caught(mutant):
    with planted(mutant):
        assert fails(samples)


def test_nothing_is_found_without_a_mistake():
    for check, mutant in (
        (gradients, backward("right")),
        (updates, update("right")),
        (samples, sampled("right")),
    ):
        assert not fails(check)
        with planted(mutant):
            assert not fails(check)
