"""Outputs that are fed back: which inputs are used, and the third use of a state."""

from types import SimpleNamespace

import numpy as np
import pytest

import rnnlib
from rnnlib.variants import feedback
from tests.support import cases, textbook
from tests.support.mutants import Mutant, each, planted
from tests.support.networks import differing, flat, network

T, B, K = 6, 2, 4
TEACHERS = {
    "forced": np.ones((T, B), bool),
    "free": np.arange(T)[:, None] * np.ones(B) == 0,
    "mixed": np.array([[1, 1, 0, 0, 1, 0], [1, 0, 0, 1, 0, 1]], bool).T.copy(),
}


def fed_network(**options):
    params, _, y, h_0 = network(T=T, B=B, d_x=K, K=K, d_h=5, **options)
    rng = np.random.default_rng(7)
    x = rng.dirichlet(np.ones(K), (T, B)).astype(params.dtype)
    return params, x, y, h_0


def by_loops(params, x, y, teacher, h_0):
    """The loss step by step, with columns; the own inputs are probabilities."""
    total = 0
    for b in range(B):
        h, p = h_0[b], None
        for t in range(T):
            u = x[t, b] if teacher[t, b] else p
            h = np.tanh(params.W_xh @ u + params.W_hh @ h + params.b_h)
            z = params.W_hy @ h + params.b_y
            p = np.exp(z) / np.exp(z).sum()
            total = total - np.log(p[y[t, b]])
    return total


def wrong(teacher):
    """Gradients against a complex step through the loops."""
    params, x, y, h_0 = fed_network()
    variables = params._asdict() | {"x": x, "h_0": h_0}

    def loss(v):
        p = rnnlib.Params(*(v[n] for n in cases.PARAMETERS))
        return by_loops(p, v["x"], y, teacher, v["h_0"])

    wanted = rnnlib.complex_step_gradients(loss, variables)
    wanted["loss"] = np.asarray(loss(variables))
    fed = feedback.feedback_forward(params, x, teacher, h_0=h_0)
    value, delta_z = rnnlib.cross_entropy(fed.trace.z, y)
    actual = value, feedback.feedback_backward(params, fed, delta_z)
    return differing(flat(actual), wanted)


@pytest.mark.parametrize("which", TEACHERS)
def test_gradients_through_fed_probabilities(which):
    assert wrong(TEACHERS[which]) == set()


def test_by_central_differences():
    params, x, y, h_0 = fed_network()

    def function(p):
        fed = feedback.feedback_forward(p, x, TEACHERS["mixed"], h_0=h_0)
        value, delta_z = rnnlib.cross_entropy(fed.trace.z, y)
        return value, feedback.feedback_backward(p, fed, delta_z).params

    rng = np.random.default_rng(0)
    assert rnnlib.check_gradients(function, params, rng=rng).ok


PIECES = {
    "softmax_back": lambda p, v: p * (v - (p * v).sum(axis=-1, keepdims=True)),
    "fed": lambda d_x, own, t: d_x[t + 1] * own[t + 1],
    "back": lambda delta_s, W: delta_s @ W,
    "later": lambda back: back,
    "inputs": lambda fed: fed.trace.x,
    "d_x": lambda d_x, own: d_x * ~own,
}


def backward(name, expected, **mistakes):
    """The three uses of a state, step by step, with these pieces wrong."""
    of = SimpleNamespace(**PIECES | mistakes)

    def wrong(params, fed, delta_z):
        h, own, total = fed.trace.h, ~fed.teacher[..., None], delta_z.copy()
        d_x, delta_s = np.zeros_like(fed.trace.x), np.zeros_like(h[1:])
        later = np.zeros_like(h[0])
        for t in reversed(range(len(total))):
            if t + 1 < len(total):
                total[t] += of.softmax_back(fed.p[t], of.fed(d_x, own, t))
            g = total[t] @ params.W_hy + of.later(later)
            delta_s[t] = g * (1 - h[t + 1] ** 2)
            later = of.back(delta_s[t], params.W_hh)
            d_x[t] = delta_s[t] @ params.W_xh
        gradient = rnnlib.Params(
            textbook.outer(delta_s, of.inputs(fed)),
            textbook.outer(delta_s, h[:-1]),
            delta_s.sum(axis=(0, 1)),
            textbook.outer(total, h[1:]),
            total.sum(axis=(0, 1)),
        )
        return rnnlib.Gradients(gradient, later, of.d_x(d_x, own))

    place = "rnnlib.variants.feedback.feedback_backward"
    return Mutant(name, place, lambda right: wrong, expected)


def forward(name, feed):
    """A run that feeds something else back: ``feed(steps so far, their p)``."""

    def wrong(params, x, teacher, *, h_0=None, **options):
        steps, used, p = [], [], []
        for t in range(len(x)):
            own = feed(steps, p) if t else x[:1]
            used.append(np.where(teacher[t, :, None], x[t : t + 1], own))
            start = steps[-1].h[1] if t else h_0
            steps.append(rnnlib.forward(params, used[-1], h_0=start, **options))
            p.append(rnnlib.softmax(steps[-1].z))
        s, z = (np.concatenate([getattr(step, n) for step in steps]) for n in "sz")
        h = np.concatenate([steps[0].h[:1], *(step.h[1:] for step in steps)])
        trace = steps[0]._replace(x=np.concatenate(used), s=s, h=h, z=z)
        return feedback.FedTrace(trace, np.concatenate(p), teacher)

    place = "rnnlib.variants.feedback.feedback_forward"
    return Mutant(name, place, lambda right: wrong, "loss")


MUTANTS = [
    backward("no third use", "W_hy", softmax_back=lambda p, v: 0 * p),
    backward("the taught inputs too", "b_y", fed=lambda d_x, own, t: d_x[t + 1]),
    backward("the softmax is entrywise", "b_y", softmax_back=lambda p, v: p * v),
    backward("one step late", "b_y", fed=lambda d_x, own, t: d_x[t + 1] * own[t]),
    backward("no second use", "b_h", later=np.zeros_like),
    backward("no transpose", "b_h", back=lambda delta_s, W: delta_s @ W.T),
    backward("given inputs in W_xh", "W_xh", inputs=lambda fed: fed.p),
    backward("own inputs get a gradient", "x", d_x=lambda d_x, own: d_x),
    forward("logits in place of probabilities", lambda steps, p: steps[-1].z),
    forward("the older probabilities", lambda steps, p: p[0]),
]


@each(MUTANTS)
def test_mutants_fail(mutant):
    with planted(mutant):
        assert mutant.expected in wrong(TEACHERS["mixed"])


@each([backward("right", ""), forward("right", lambda steps, p: p[-1])])
def test_the_pieces_without_a_mistake_are_right(mutant):
    with planted(mutant):
        assert wrong(TEACHERS["mixed"]) == set()


def test_teacher_forcing_is_the_ordinary_network():
    params, x, y, h_0 = fed_network()
    for start in (h_0, h_0[0]):
        fed = feedback.feedback_forward(params, x, TEACHERS["forced"], h_0=start)
        value, delta_z = rnnlib.cross_entropy(fed.trace.z, y)
        actual = flat((value, feedback.feedback_backward(params, fed, delta_z)))
        wanted = flat(rnnlib.loss_and_gradients(params, x, y, h_0=start))
        assert differing(actual, wanted, 1e-12) == set()
    symbols = np.random.default_rng(0).integers(0, K, (T, B))
    assert (feedback.own_symbols(params, symbols, TEACHERS["forced"]) == symbols).all()


@pytest.mark.parametrize("drawn", [False, True])
@pytest.mark.parametrize("which", TEACHERS)
def test_fed_symbols_follow_the_network(which, drawn):
    params, _, _, h_0 = fed_network(scale=1.5)
    rng = np.random.default_rng(2)
    x, uniforms = rng.integers(0, K, (T, B)), rng.random((T, B))
    fed = feedback.own_symbols(
        params, x, TEACHERS[which], uniforms=uniforms if drawn else None, h_0=h_0
    )
    p = rnnlib.softmax(rnnlib.forward(params, fed, h_0=h_0).z)
    for t, b in np.ndindex(T, B):
        if TEACHERS[which][t, b]:
            assert fed[t, b] == x[t, b]
        elif drawn:
            above = np.cumsum(p[t - 1, b]) > uniforms[t, b]
            assert fed[t, b] == np.flatnonzero(above)[0]
        else:
            assert fed[t, b] == p[t - 1, b].argmax()
    assert (fed == x).all() == (which == "forced")


def test_drawn_symbols_have_the_frequencies_of_the_softmax():
    params, _, _, _ = fed_network()
    count = 40_000
    x = np.zeros((2, count), int)
    uniforms = np.random.default_rng(3).random((2, count))
    teacher = np.array([[True], [False]]).repeat(count, axis=1)
    fed = feedback.own_symbols(params, x, teacher, uniforms=uniforms)
    p = rnnlib.softmax(rnnlib.forward(params, x[:1, :1]).z)[0, 0]
    frequencies = np.bincount(fed[1], minlength=K) / count
    assert np.abs(frequencies - p).max() < 5 * np.sqrt(0.25 / count)


def test_the_extreme_uniforms_give_a_symbol():
    params, _, _, _ = fed_network()
    x = np.zeros((T, B), int)
    for value in (0.0, np.nextafter(1.0, 0.0)):
        fed = feedback.own_symbols(
            params, x, TEACHERS["free"], uniforms=np.full((T, B), value)
        )
        assert (fed[1:] == (0 if value == 0 else K - 1)).all()


def test_coin_flips():
    rng = np.random.default_rng(0)
    teacher = feedback.coin_flips(50, 400, 0.3, rng=rng)
    assert teacher[0].all() and abs(teacher[1:].mean() - 0.3) < 0.02
    assert feedback.coin_flips(5, 4, 1.0, rng=rng).all()
    assert feedback.coin_flips(5, 4, 0, rng=rng).sum() == 4


def test_single_precision_stays_single():
    params, x, y, h_0 = fed_network(dtype=np.float32)
    fed = feedback.feedback_forward(params, x, TEACHERS["mixed"], h_0=h_0)
    value, delta_z = rnnlib.cross_entropy(fed.trace.z, y)
    result = flat((value, feedback.feedback_backward(params, fed, delta_z)))
    assert all(a.dtype == np.float32 for a in result.values())


def test_arguments_are_left_alone():
    params, x, y, h_0 = fed_network()
    fed = feedback.feedback_forward(params, x, TEACHERS["mixed"], h_0=h_0)
    delta_z = rnnlib.cross_entropy(fed.trace.z, y)[1]
    before = [a.copy() for a in (*params, x, h_0, delta_z, fed.p, fed.trace.x)]
    feedback.feedback_backward(params, fed, delta_z)
    after = (*params, x, h_0, delta_z, fed.p, fed.trace.x)
    assert all((a == b).all() for a, b in zip(before, after, strict=True))


@pytest.mark.parametrize("dense", [False, True])
def test_bad_input_is_named(dense):
    params, x, y, _ = fed_network()
    run = feedback.feedback_forward if dense else feedback.own_symbols
    x = x if dense else y
    teacher = TEACHERS["mixed"]
    wide = params._replace(W_hy=np.zeros((K + 1, 5)), b_y=np.zeros(K + 1))
    late = teacher.copy()
    late[0, 1] = False
    for name, arguments in (
        ("teacher", (params, x, teacher.astype(int))),
        ("teacher", (params, x, teacher[:-1])),
        ("teacher", (params, x, late)),
        ("W_hy", (wide, x, teacher)),
        ("x", (params, y if dense else fed_network()[1], teacher)),
        ("x", (params, x[..., None], teacher)),
        ("x", (params, x.tolist(), teacher)),
        ("x", (params, None, teacher)),
    ):
        with pytest.raises(ValueError, match=f"^{name}: expected .*got "):
            run(*arguments)


def test_bad_numbers_are_named():
    params, x, y, _ = fed_network()
    teacher, rng = TEACHERS["mixed"], np.random.default_rng(0)
    for bad in (np.ones((T, B)), -np.ones((T, B)), np.zeros(T), y):
        with pytest.raises(ValueError, match="^uniforms: expected .*got "):
            feedback.own_symbols(params, y, teacher, uniforms=bad)
    for name, arguments in (("T", (0, 1, 0.5)), ("B", (1, 0, 0.5))):
        with pytest.raises(ValueError, match=f"^{name}: expected .*got 0"):
            feedback.coin_flips(*arguments, rng=rng)
    for bad in (-0.1, 1.1, np.nan, None):
        with pytest.raises(ValueError, match="^probability: expected .*got "):
            feedback.coin_flips(3, 2, bad, rng=rng)
    with pytest.raises(ValueError, match="^rng: expected "):
        feedback.coin_flips(3, 2, 0.5, rng=0)
    fed = feedback.feedback_forward(params, x, teacher)
    with pytest.raises(ValueError, match="^delta_z: expected shape"):
        feedback.feedback_backward(params, fed, fed.trace.z[:-1])
    wide = network(T=T, B=B, d_x=K, K=K, d_h=6)[0]
    with pytest.raises(ValueError, match=r"^fed.h: expected shape \(T, B, 6\), got "):
        feedback.feedback_backward(wide, fed, fed.trace.z)
    x[1, 0, 2] = np.nan
    with pytest.raises(ValueError, match="^x: expected finite numbers, got 1 NaN"):
        feedback.feedback_forward(params, x, np.ones((T, B), bool))
    broken = params._replace(b_h=np.full(5, np.nan))
    with pytest.raises(ValueError, match="^b_h: expected finite numbers, got 5 NaN"):
        feedback.feedback_backward(broken, fed, fed.trace.z)


def test_the_backward_pass_names_what_it_cannot_use():
    params, x, y, _ = fed_network()
    fed = feedback.feedback_forward(params, x, TEACHERS["mixed"])
    for name, arguments in (
        ("params", (tuple(params), fed, fed.trace.z)),
        ("fed", (params, fed.trace, fed.trace.z)),
        ("delta_z", (params, fed, fed.trace.z[1:])),
    ):
        with pytest.raises(ValueError, match=f"^{name}: expected .*got "):
            feedback.feedback_backward(*arguments)
