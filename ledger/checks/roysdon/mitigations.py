"""Section 1.7, last paragraph, and what 1.8 repeats of it: the remedies."""

from dataclasses import replace
from functools import cache

import numpy as np

from ledger.checking import check
from ledger.checks.oracles import network
from rnnlib.layers import layer_norm, lstm, vanilla

THRESHOLD = 5.0


def clip(gradient, threshold=THRESHOLD):
    size = np.linalg.norm(gradient)
    return gradient * (threshold / size) if size > threshold else gradient


@check(
    "roysdon-1.7-13",
    printed=clip,
    planted=[
        lambda g: np.clip(g, -THRESHOLD, THRESHOLD),
        lambda g: g * THRESHOLD / np.linalg.norm(g),
        lambda g: g * min(1, THRESHOLD / np.sum(np.abs(g))),
    ],
    cases=lambda rng: [*(10 * rng.standard_normal((3, 6))), np.full(6, 0.1)],
)
def clipping_by_the_norm(statement, g):
    """Norm min(c, ||g||), direction kept."""
    clipped, size = statement(g), np.linalg.norm(g)
    assert abs(np.linalg.norm(clipped) - min(THRESHOLD, size)) < 1e-12
    assert np.linalg.norm(clipped) * size - clipped @ g < 1e-9


@check(
    "roysdon-1.7-14",
    printed=clip,
    planted=[lambda g: g],
    cases=[np.full(4, 1e9), np.full(4, 50.0)],
    outside=[np.full(4, 1e-12)],
)
def clipping_tames_large_gradients_only(statement, g):
    assert 1e-3 < np.linalg.norm(statement(g)) <= THRESHOLD * (1 + 1e-12)


def orthogonal(d):
    return np.linalg.qr(np.random.default_rng(1).standard_normal((d, d)))[0]


def normal(d):
    return np.random.default_rng(1).standard_normal((d, d)) / np.sqrt(d)


def long_run(phi, W_hh):
    n = network(np.random.default_rng(2), d_h=4, T=20, phi=phi)
    return replace(n, W_hh=W_hh, W_hy=0 * n.W_hy)


def keeps_all_sizes(W_hh, phi):
    """All singular values of dh_T/dh_0 are one."""
    n = long_run(phi, W_hh)
    sizes = np.linalg.svd(n.dh_dh(n.T, 0), compute_uv=False)
    return bool(np.max(np.abs(sizes - 1)) < 1e-8)


@check(
    "roysdon-1.7-15",
    printed=(orthogonal, np.eye),
    planted=[(orthogonal, normal), (lambda d: 0.9 * np.eye(d),)],
    cases=["identity"],
    outside=["tanh"],
)
def orthogonal_and_identity_keep_gradients(statement, phi):
    assert all(keeps_all_sizes(make(4), phi) for make in statement)


@check(
    "roysdon-1.8-11",
    printed=lambda c: (orthogonal(4), c * np.eye(4)),
    planted=[lambda c: (normal(4), c * np.eye(4)), lambda c: (2 * np.eye(4),)],
    cases=[1.0, -1.0],
    outside=[0.9, 1.1],
)
def a_scaled_identity_is_as_good_as_its_scale(statement, c):
    assert all(keeps_all_sizes(W, "identity") for W in statement(c))


@cache
def share_near_one(forget_bias, scale, d=12):
    """The share of d eigenvalues of d(h_1, c_1)/d(h_0, c_0) within 0.1 of one."""
    params = lstm.init_params(
        1, d, rng=np.random.default_rng(4), scale=scale, forget_bias=forget_bias
    )
    start = 0.5 * np.random.default_rng(6).standard_normal((2, 1, d))
    copies = lstm.State(*(a.repeat(2 * d, axis=0) for a in start))
    run = lstm.forward(params, np.zeros((1, 2 * d, 1)), state=copies)
    end = lstm.State(np.eye(2 * d)[:, :d], np.eye(2 * d)[:, d:])
    back = lstm.backward(params, run, np.zeros_like(run.output), end).state
    values = np.linalg.eigvals(np.hstack([back.h, back.c]))
    return np.mean(np.sort(np.abs(values - 1))[:d] < 0.1)


@check(
    "roysdon-1.7-16",
    printed=((1.0, 0.01), (4.0, 0.01), (4.0, 1.0)),  # LSTMs at large
    corrected=((4.0, 0.01), (5.0, 0.01)),
    planted=[((0.0, 0.01),), ((1.0, 0.01),), ((4.0, 1.0),)],
)
def gates_with_eigenvalues_near_one(statement):
    """(forget bias, size of the matrices) for which d eigenvalues are near one."""
    for setting in statement:
        assert share_near_one(*setting) == 1


@check(
    "roysdon-1.7-17",
    printed={"relu": "kept", "tanh": "smaller"},
    planted=[{"relu": "smaller", "tanh": "kept"}, {"relu": "kept", "tanh": "kept"}],
)
def the_activation_changes_the_factor(statement):
    """One unit, weight one, kept at s = 1 by its input: the factor of 20 steps."""
    slopes = {"relu": np.heaviside(1.0, 0.0), "tanh": 1 - np.tanh(1.0) ** 2}
    for name, said in statement.items():
        assert said == ("kept" if slopes[name] ** 20 == 1 else "smaller")


@cache
def change_of_size(cell, matrices, gain):
    """By how much log ||dh_T/dh_0|| changes with the scale and the gain."""
    base = layer_norm.init_params(3, 24, rng=np.random.default_rng(12))
    sizes = []
    for factor, gained in ((1.0, 1.0), (matrices, gain)):
        scaled = {"W_xh": factor * base.W_xh, "W_hh": factor * base.W_hh}
        normalised = base._replace(gain=np.full(24, gained), **scaled)
        plain = vanilla.VanillaParams(*(gained * W for W in normalised[:2]), base.b_h)
        module, params = (
            (layer_norm, normalised) if cell == "layer_norm" else (vanilla, plain)
        )
        x = np.random.default_rng(3).standard_normal((30, 1, 3)).repeat(24, axis=1)
        run = module.forward(params, x, phi="identity")
        back = module.backward(params, run, np.zeros_like(run.output), np.eye(24))
        sizes.append(np.log(np.linalg.norm(back.state, 2)))
    return sizes[1] - sizes[0]


@check(
    "roysdon-1.7-18",
    printed="layer_norm",
    planted=["vanilla"],
    cases=[(30.0, 1.0), (5.0, 1.0)],
    outside=[(1.0, 3.0)],
)
def normalisation_takes_the_scale_out(statement, case):
    assert abs(change_of_size(statement, *case)) < 0.2
