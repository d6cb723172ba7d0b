"""Section 1.8: truncation, forcing, regularization, initialization."""

from dataclasses import replace
from itertools import product

import numpy as np

import rnnlib
from ledger.checking import check
from ledger.checks.oracles import close, network, networks
from ledger.checks.roysdon.recursion import gradients
from rnnlib.variants.feedback import coin_flips, own_symbols
from rnnlib.variants.truncated import windows


def window(n, start, stop):
    """Steps start + 1 to stop as a network of its own; h_start is a number."""
    return replace(
        n,
        h_0=n.h[start],
        x=(None, *n.x[start + 1 : stop + 1]),
        y=(None, *n.y[start + 1 : stop + 1]),
    )


def pieces(n, L):
    return [window(n, i, min(i + L, n.T)) for i in range(0, n.T, L)]


def detached(n, L):
    """The recursion with delta set to zero at the end of every window."""
    delta_z = [n.p[t] - n.y[t] for t in range(1, n.T + 1)]
    total, delta = 0, np.zeros_like(n.h_0)
    for t in range(n.T, 0, -1):
        delta = np.zeros_like(delta) if t % L == 0 else delta
        g = n.W_hy.T @ delta_z[t - 1] + n.W_hh.T @ delta
        delta = g * n.slope(n.s[t])
        total = total + np.outer(delta, n.h[t - 1])
    return total


@check(
    "roysdon-1.8-01",
    printed=detached,
    planted=[
        lambda n, L: gradients(n)["W_hh"],
        lambda n, L: detached(n, L + 1),
        lambda n, L: gradients(window(n, 0, L))["W_hh"],
    ],
    cases=networks,
)
def detaching_gives_the_gradients_of_the_windows(statement, n):
    """Windows of two steps, each with the state before it held as a number."""
    total = sum(piece.gradient("W_hh") for piece in pieces(n, 2))
    assert close(statement(n, 2), total)


def sent_back(n, t, k, L=None):
    """d loss_t / d s_k; with windows of length L when one is given."""
    first = 0 if L is None else (t - 1) // L * L
    if k <= first:
        return np.zeros_like(n.h_0)
    m = window(n, first, n.T)
    return m.total("s", k - first, of=lambda s, h, z, ell: ell[t - first])


SIX = network(np.random.default_rng(8), T=6)


@check(
    "roysdon-1.8-02",
    printed=lambda lag, L: lag < L,
    planted=[lambda lag, L: lag < L - 1, lambda lag, L: lag <= L + 2],
    cases=[(3, 1, 3), (6, 4, 3), (5, 5, 3), (6, 2, 3), (6, 3, 3)],
    outside=[(4, 3, 3), (5, 3, 3)],
)
def local_dependencies_inside_a_window(statement, case):
    """(t, k, L): kept whole, or gone."""
    t, k, L = case
    full = sent_back(SIX, t, k)
    assert np.max(np.abs(full)) > 1e-9
    kept = sent_back(SIX, t, k, L)
    assert close(kept, full if statement(t - k, L) else 0 * full)


LENGTHS = [(12, 3), (40, 8), (100, 10)]


@check(
    "roysdon-1.8-03",
    printed=lambda T, L: L,
    planted=[lambda T, L: T, lambda T, L: T // L],
    cases=LENGTHS,
)
def the_memory_of_a_window(statement, case):
    """The most steps that have to be kept at a time."""
    T, L = case
    assert max(w.stop - w.start for w in windows(T, L, L)) == statement(T, L)


@check(
    "roysdon-1.8-04",
    printed=lambda T, L: L,
    planted=[lambda T, L: T, lambda T, L: T // L],
    cases=[(T, L, "one update") for T, L in LENGTHS],
    outside=[(T, L, "all updates of a sequence") for T, L in LENGTHS],
)
def the_compute_of_an_update(statement, case):
    """Steps of the backward recursion, one update a window."""
    T, L, counted = case
    steps = [w.stop - w.start for w in windows(T, L, L)]
    found = steps[0] if counted == "one update" else sum(steps)
    assert found == statement(T, L)


def probability(n, symbols, fed):
    """The probability of the symbols when ``fed[t]`` is the input of step t + 1."""
    first = np.full(n.W_xh.shape[1], 0.3)
    x = (None, first, *(np.eye(len(first))[symbol] for symbol in fed[:-1]))
    m = replace(n, x=x, y=(None, *(np.eye(n.b_y.size)[k] for k in symbols)))
    return np.exp(-m.L)


def generators(rng):
    return [network(rng, d_x=3, K=3, T=3, scale=1.5) for _ in range(2)]


@check(
    "roysdon-1.8-05",
    printed={"training": "truth", "inference": "model"},
    planted=[
        {"training": "model", "inference": "truth"},
        {"training": "truth", "inference": "truth"},
        {"training": "model", "inference": "model"},
    ],
    cases=generators,
)
def teacher_forcing(statement, n):
    """The training loss is the log-probability that inference makes the sequence."""
    for sequence in product(range(3), repeat=n.T):
        others = [tuple((k + i) % 3 for k in sequence) for i in (1, 2)]
        taught = {"truth": sequence, "model": others[0]}[statement["training"]]
        free = {"model": sequence, "truth": others[1]}[statement["inference"]]
        assert close(probability(n, sequence, taught), probability(n, sequence, free))


def share_of_own(probability_of_truth):
    """The share of training inputs, after the first, that come from the model.

    The given symbols are all 0, and the model always puts out 1.
    """
    rng = np.random.default_rng(9)
    params = rnnlib.init_params(2, 3, 2, rng=rng)._replace(b_y=np.array([-50.0, 50.0]))
    teacher = coin_flips(40, 100, probability_of_truth, rng=rng)
    fed = own_symbols(params, np.zeros((40, 100), int), teacher)
    return np.mean(fed[1:])


@check(
    "roysdon-1.8-06",
    printed=lambda truth: 0.0,
    corrected=lambda truth: 1 - truth,
    planted=[lambda truth: truth, lambda truth: 1.0],
    cases=(1.0, 0.75, 0.25),
    counterexample=0.5,
)
def scheduled_sampling_feeds_model_outputs_in_training(statement, truth):
    assert abs(share_of_own(truth) - statement(truth)) < 0.05


ETA, LAMBDA = 0.1, 0.2


@check(
    "roysdon-1.8-07",
    printed=lambda W, G: (1 - ETA * LAMBDA) * W - ETA * G,
    planted=[
        lambda W, G: (1 - ETA * LAMBDA / 2) * W - ETA * G,
        lambda W, G: (1 + ETA * LAMBDA) * W - ETA * G,
    ],
    cases=["sgd"],
    outside=["adam", "adagrad"],
)
def the_penalty_decays_the_weights(statement, method):
    """One update with the gradient of loss and penalty."""
    rng = np.random.default_rng(10)
    W, G = rng.standard_normal((2, 3, 3))
    optimiser = getattr(rnnlib, method)(ETA)
    new, _ = optimiser.update(W, G + LAMBDA * W, optimiser.init_state(W))
    assert close(new, statement(W, G))


def linear_model(rng):
    return [("identity", *rng.standard_normal((2, 3)), y) for y in rng.random(3)]


@check(
    "roysdon-1.8-08",
    printed=lambda w, x, r: r / (1 - r) * np.sum((w * x) ** 2) / 2,
    planted=[
        lambda w, x, r: 0.0,
        lambda w, x, r: np.sum((w * x) ** 2) / 2,
        lambda w, x, r: -r / (1 - r) * np.sum((w * x) ** 2) / 2,
    ],
    cases=linear_model,
    outside=[("tanh", np.ones(3), np.ones(3), 0.5)],
)
def dropout_is_a_penalty_in_the_mean(statement, case):
    """The mean of the loss over all masks of rate 1/4, less the loss without."""
    phi, w, x, y = case
    act = np.tanh if phi == "tanh" else (lambda s: s)
    r, mean = 0.25, 0.0
    for mask in product((0, 1), repeat=3):
        kept = sum(mask)
        chance = (1 - r) ** kept * r ** (3 - kept)
        mean += chance * (act(w @ (np.array(mask) / (1 - r) * x)) - y) ** 2 / 2
    assert close(mean - (act(w @ x) - y) ** 2 / 2, statement(w, x, r))


def limit(name, target, steps=4000):
    """Where descent on |v - target|^2 / 2 ends."""
    v = np.zeros_like(target)
    for _ in range(steps):
        gradient = v - target
        if name == "weight decay":
            gradient = gradient + LAMBDA * v
        size = np.linalg.norm(gradient)
        if name == "clipping" and size > 1:
            gradient = gradient / size
        v = v - 0.01 * gradient
    return v


@check(
    "roysdon-1.8-09",
    printed={"weight decay", "clipping"},
    corrected={"weight decay"},
    planted=[set(), {"clipping"}],
    cases=lambda rng: 3 * rng.standard_normal((2, 2)),
)
def what_regularizes_changes_the_minimum(statement, target):
    for name in ("weight decay", "clipping"):
        moved = np.linalg.norm(limit(name, target) - target) > 1e-3
        assert moved == (name in statement)


@check(
    "roysdon-1.8-12",
    printed="positive",
    planted=["zero", "negative"],
)
def a_positive_bias_avoids_dead_states(statement):
    """Dead: active at no step. Inputs lean one way, so many units are dead."""
    rng = np.random.default_rng(12)
    params = rnnlib.init_params(2, 200, 2, rng=rng, scale=0.03)
    x = 3 + 0.3 * rng.standard_normal((6, 10, 2))
    dead = {}
    for name, b in (("negative", -0.3), ("zero", 0.0), ("positive", 0.3)):
        biased = params._replace(b_h=np.full(200, b))
        active = rnnlib.forward(biased, x, phi="relu").h[1:] > 0
        dead[name] = 1 - active.any(axis=(0, 1)).mean()
    assert dead[statement] < 0.05 < dead["zero"]


@check(
    "roysdon-1.8-13",
    printed={"zero": 0.0, "learned": "gradient"},
    planted=[{"zero": "gradient", "learned": 0.0}, {"zero": 0.0, "learned": 0.0}],
    cases=networks,
)
def zero_or_learned(statement, n):
    """A zero start adds nothing to s_1; a learned one has W_hh^T delta_1 to follow."""
    zero = replace(n, h_0=np.zeros_like(n.h_0))
    rest = zero.s[1] - zero.W_xh @ zero.x[1] - zero.b_h
    assert statement["zero"] == float(np.max(np.abs(rest)) > 1e-12)
    follow = np.max(np.abs(n.gradient("h_0"))) > 1e-9
    assert statement["learned"] == ("gradient" if follow else 0.0)


@check(
    "roysdon-1.8-10",
    printed=lambda rate, steps: 1 - (1 - rate) ** steps,
    planted=[lambda rate, steps: 1.0, lambda rate, steps: rate * steps],
    cases=[(0.1, 5), (0.02, 40), (0.5, 3)],
)
def early_stopping_leaves_a_share_out(statement, case):
    """The share of the minimiser that descent from zero has found, below one."""
    rate, steps = case
    v = 0.0
    for _ in range(steps):
        v -= rate * (v - 1.0)
    assert close(v, statement(rate, steps)) and v < 1 - 1e-3
