"""Outputs that are fed back: which inputs are used, and the third use of a state."""

import numpy as np
import pytest

import rnnlib
from rnnlib.variants import feedback
from tests.support import cases
from tests.support.networks import broken, differing, flat, network

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


def wrong(module, teacher):
    """Gradients against a complex step through the loops."""
    params, x, y, h_0 = fed_network()
    variables = params._asdict() | {"x": x, "h_0": h_0}

    def loss(v):
        p = rnnlib.Params(*(v[n] for n in cases.PARAMETERS))
        return by_loops(p, v["x"], y, teacher, v["h_0"])

    wanted = rnnlib.complex_step_gradients(loss, variables)
    wanted["loss"] = np.asarray(loss(variables))
    fed = module.feedback_forward(params, x, teacher, h_0=h_0)
    value, delta_z = rnnlib.cross_entropy(fed.trace.z, y)
    actual = value, module.feedback_backward(params, fed, delta_z)
    return differing(flat(actual), wanted)


@pytest.mark.parametrize("which", TEACHERS)
def test_gradients_through_fed_probabilities(which):
    assert wrong(feedback, TEACHERS[which]) == set()


def test_by_central_differences():
    params, x, y, h_0 = fed_network()

    def function(p):
        fed = feedback.feedback_forward(p, x, TEACHERS["mixed"], h_0=h_0)
        value, delta_z = rnnlib.cross_entropy(fed.trace.z, y)
        return value, feedback.feedback_backward(p, fed, delta_z).params

    rng = np.random.default_rng(0)
    assert rnnlib.check_gradients(function, params, rng=rng).ok


MUTANTS = {
    "no third use": ("delta_z[t] += p[t] *", "delta_z[t] += 0 * p[t] *", "W_hy"),
    "the taught inputs too": ("v = d_x[t + 1] * own[t + 1]", "v = d_x[t + 1]", "b_y"),
    "the softmax is entrywise": (
        "(v - (p[t] * v).sum(axis=-1, keepdims=True))",
        "v",
        "b_y",
    ),
    "one step late": ("own[t + 1]", "own[t]", "b_y"),
    "no second use": ("g[t + 1] += delta_z[t]", "g[t + 1] = delta_z[t]", "b_h"),
    "transposed": ("recur_back(params.W_hh,", "recur_back(params.W_hh.T,", "b_h"),
    "given inputs in W_xh": ("used = trace.x,", "used = p,", "W_xh"),
    "own inputs get a gradient": ("d_x * ~own", "d_x", "x"),
    "logits in place of probabilities": (
        "p.append(softmax(steps[-1].z))",
        "p.append(steps[-1].z)",
        "loss",
    ),
    "the older probabilities": ("x[t : t + 1], p[-1])", "x[t : t + 1], p[0])", "loss"),
}


@pytest.mark.parametrize("what", MUTANTS)
def test_mutants_fail(what):
    old, new, victim = MUTANTS[what]
    assert victim in wrong(broken(feedback, old, new), TEACHERS["mixed"])


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
