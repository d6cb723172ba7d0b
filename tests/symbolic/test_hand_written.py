"""The backward passes that are written by hand, and what the machine derives.

Each network is given to the machine as text. Its recursion, in numbers, has to be what
`rnnlib` computes, to 1e-12, on random cases.
"""

import numpy as np
import pytest

import rnnlib
from rnnlib.layers import gru, layer_norm, lstm, stack, vanilla, with_options
from rnnlib.symbolic import derive
from rnnlib.symbolic.derivation.evaluation import Evaluator
from rnnlib.variants.dropout import Masks, dropout_backward, dropout_forward
from rnnlib.variants.feedback import feedback_backward, feedback_forward

SEEDS = range(5)
SIZES = {"x": "d_x", "h": "d_h"}
NETWORK = """
h_t = tanh(W_xh x_t + W_hh h_{t-1} + b_h)
z_t = W_hy h_t + b_y
"""
TEXTS = {
    "vanilla": (NETWORK, SIZES | {"z": "K"}),
    "dropout": (
        """
        h_t = tanh(W_xh (m_t * x_t) + W_hh (k_t * h_{t-1}) + b_h)
        z_t = W_hy (o_t * h_t) + b_y
        """,
        SIZES | {"m": "d_x", "k": "d_h", "o": "d_h", "z": "K"},
    ),
    "feedback": (
        """
        h_t = tanh(W_xh (a_t x_t + (1 - a_t) p_{t-1}) + W_hh h_{t-1} + b_h)
        z_t = W_hy h_t + b_y
        p_t = softmax(z_t)
        """,
        {"x": "K", "h": "d_h", "a": 1},
    ),
}
T, D = 5, {"d_x": 3, "d_h": 4, "K": 2}


def column(rows):
    """(T, 1, d) from a dictionary of columns, or from a list."""
    return np.stack([a.T for a in rows])


def case(name, seed):
    """The derivation, a point, and what the hand-written code reads of it."""
    text, sizes = TEXTS[name]
    d = derive(text, sizes, output="z")
    rng = np.random.default_rng(seed)
    point = d.point(rng, T=T, d={n: D[n] for n in d.program.sizes})
    p = point.parameters
    params = rnnlib.Params(
        *(p[n] if n[0] == "W" else p[n][:, 0] for n in rnnlib.Params._fields)
    )
    steps = range(1, T + 1)
    x = column([point.inputs["x", t] for t in steps])
    d_z = column([point.loss["z", t] for t in steps])
    return d, point, params, x, point.initial["h", 0].T, d_z, rng


def assert_same(point, d, gradients):
    """All parameters, the initial state and the inputs agree."""
    adjoints = Evaluator(d.recursion, point).backward()
    for name, array in gradients.params._asdict().items():
        wanted = adjoints[name, None]
        wanted = wanted if array.ndim == 2 else wanted[:, 0]
        np.testing.assert_allclose(array, wanted, rtol=0, atol=1e-12, err_msg=name)
    wanted = adjoints["h", 0].T
    np.testing.assert_allclose(gradients.h_0, wanted, rtol=0, atol=1e-12)
    wanted = column([adjoints["x", t] for t in range(1, T + 1)])
    np.testing.assert_allclose(gradients.x, wanted, rtol=0, atol=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_vanilla_network(seed):
    d, point, params, x, h_0, d_z, _ = case("vanilla", seed)
    trace = rnnlib.forward(params, x, h_0=h_0)
    assert_same(point, d, rnnlib.backward(params, trace, d_z))


@pytest.mark.parametrize("seed", SEEDS)
def test_dropout_with_fixed_masks(seed):
    d, point, params, x, h_0, d_z, rng = case("dropout", seed)
    masks = []
    for name in "mko":
        for t in range(1, T + 1):
            drawn = (rng.random(point.inputs[name, t].shape) < 0.6) / 0.6
            point.inputs[name, t] = drawn
        masks.append(column([point.inputs[name, t] for t in range(1, T + 1)]))
    trace = dropout_forward(params, x, Masks(*masks), h_0=h_0)
    assert_same(point, d, dropout_backward(params, trace, d_z))


@pytest.mark.parametrize("seed", SEEDS)
def test_outputs_that_are_fed_back(seed):
    d, point, params, x, h_0, d_z, rng = case("feedback", seed)
    teacher = np.concatenate([[True], rng.random(T - 1) < 0.4])[:, None]
    for t in range(1, T + 1):
        point.inputs["a", t] = np.array([[float(teacher[t - 1, 0])]])
    fed = feedback_forward(params, x, teacher, h_0=h_0)
    assert_same(point, d, feedback_backward(params, fed, d_z))


def test_a_backward_pass_without_the_third_use_is_seen():
    d, point, params, x, h_0, d_z, _ = case("feedback", 0)
    teacher = np.array([[True], [False], [False], [True], [False]])
    for t in range(1, T + 1):
        point.inputs["a", t] = np.array([[float(teacher[t - 1, 0])]])
    fed = feedback_forward(params, x, teacher, h_0=h_0)
    plain = rnnlib.backward(params, fed.trace, d_z)
    with pytest.raises(AssertionError, match="W_xh"):
        assert_same(point, d, plain._replace(x=plain.x * teacher[..., None]))


CELLS = {
    "vanilla": ("h_t = tanh(W_xh x_t + W_hh h_{t-1} + b_h)", vanilla, ""),
    "lstm": (
        """
        i_t = sigma(W_xi x_t + W_hi h_{t-1} + b_i)
        f_t = sigma(W_xf x_t + W_hf h_{t-1} + b_f)
        n_t = tanh(W_xn x_t + W_hn h_{t-1} + b_n)
        o_t = sigma(W_xo x_t + W_ho h_{t-1} + b_o)
        c_t = f_t * c_{t-1} + i_t * n_t
        h_t = o_t * tanh(c_t)
        """,
        lstm,
        "ifno",
    ),
    "gru before": (
        """
        r_t = sigma(W_xr x_t + W_hr h_{t-1} + b_r)
        u_t = sigma(W_xu x_t + W_hu h_{t-1} + b_u)
        n_t = tanh(W_xn x_t + W_hn (r_t * h_{t-1}) + b_n + b_m)
        h_t = u_t * h_{t-1} + (1 - u_t) * n_t
        """,
        with_options(gru, reset="before"),
        "run",
    ),
    "gru after": (
        """
        r_t = sigma(W_xr x_t + W_hr h_{t-1} + b_r)
        u_t = sigma(W_xu x_t + W_hu h_{t-1} + b_u)
        n_t = tanh(W_xn x_t + b_n + r_t * (W_hn h_{t-1} + b_m))
        h_t = u_t * h_{t-1} + (1 - u_t) * n_t
        """,
        with_options(gru, reset="after"),
        "run",
    ),
    "layer norm": (
        """
        a_t = W_xh x_t + W_hh h_{t-1}
        e_t = a_t - mean(a_t)
        h_t = tanh(gain * e_t / sqrt(mean(e_t^2) + 0.00001) + b_h)
        """,
        layer_norm,
        "",
    ),
}
RESIDUAL = """
a_t = tanh(W_1 x_t + U_1 a_{t-1} + b_1)
c_t = tanh(W_2 a_t + U_2 c_{t-1} + b_2)
e_t = tanh(W_3 (a_t + c_t) + U_3 e_{t-1} + b_3)
h_t = a_t + c_t + e_t
"""


def stacked(arrays, gates):
    """The parameters of a hand-written cell, its gates on top of each other."""
    if not gates:
        return [a if a.shape[1] > 1 else a[:, 0] for a in arrays.values()]
    found = [
        np.concatenate([arrays[kind + gate] for gate in gates])
        for kind in ("W_x", "W_h", "b_")
    ]
    found[2] = found[2][:, 0]
    return found + ([arrays["b_m"][:, 0]] if "b_m" in arrays else [])


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", CELLS)
def test_a_layer(name, seed):
    text, cell, gates = CELLS[name]
    d = derive(text, SIZES)
    point = d.point(np.random.default_rng(seed), T=T, d={"d_x": 3, "d_h": 4})
    steps = range(1, T + 1)
    x, d_out = (
        column([table[key, t] for t in steps])
        for table, key in ((point.inputs, "x"), (point.loss, "h"))
    )
    initial = [point.initial[n, 0].T for n in d.recursion.states]
    state = initial[0] if len(initial) == 1 else lstm.State(*initial)
    template = cell.init_params(3, 4, rng=np.random.default_rng(0))
    params = type(template)(*stacked(point.parameters, gates))
    run = cell.forward(params, x, state=state)
    found = cell.backward(params, run, d_out)
    adjoints = Evaluator(d.recursion, point).backward()
    derived = {n: adjoints[n, None] for n in d.program.parameters}
    wanted = [*stacked(derived, gates), column([adjoints["x", t] for t in steps])]
    wanted += [adjoints[n, 0].T for n in d.recursion.states]
    states = (found.state,) if len(initial) == 1 else found.state
    for one, other in zip((*found.params, found.x, *states), wanted, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_residual_stack(seed):
    d = derive(RESIDUAL, SIZES)
    point = d.point(np.random.default_rng(seed), T=T, d={"d_x": 3, "d_h": 4})
    cell, p = stack([vanilla] * 3, residual=True), point.parameters
    params = tuple(
        vanilla.VanillaParams(p[f"W_{k}"], p[f"U_{k}"], p[f"b_{k}"][:, 0])
        for k in (1, 2, 3)
    )
    x = column([point.inputs["x", t] for t in range(1, T + 1)])
    d_out = column([point.loss["h", t] for t in range(1, T + 1)])
    state = tuple(point.initial[n, 0].T for n in "ace")
    found = cell.backward(params, cell.forward(params, x, state=state), d_out)
    adjoints = Evaluator(d.recursion, point).backward()
    for k, (layer, name) in enumerate(zip(found.params, "ace", strict=True), start=1):
        for array, letter in zip(layer, "WUb", strict=True):
            wanted = adjoints[f"{letter}_{k}", None]
            wanted = wanted[:, 0] if letter == "b" else wanted
            np.testing.assert_allclose(array, wanted, rtol=0, atol=1e-12)
        wanted = adjoints[name, 0].T
        np.testing.assert_allclose(found.state[k - 1], wanted, rtol=0, atol=1e-12)
    wanted = column([adjoints["x", t] for t in range(1, T + 1)])
    np.testing.assert_allclose(found.x, wanted, rtol=0, atol=1e-12)
