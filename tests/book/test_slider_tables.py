"""The numbers behind the figures with sliders, computed once more with rnnlib."""

from collections import Counter

import numpy as np

import rnnlib
from rnnlib.char import default_text
from rnnlib.layers import lstm
from tests.book.test_sliders import numbers, table_of


def settings(table, k):
    """The values of a slider as numbers."""
    return [float(value) for value in table["controls"][k]["values"]]


def heads(line):
    """The heads of arrows from the origin, (..., 2)."""
    x, y = np.array(line["x"]), numbers(line)
    assert (x[..., 0] == 0).all() and (y[..., 0] == 0).all()
    return np.stack([x[..., 1], y[..., 1]], axis=-1)


def degrees(vector):
    """The direction of a vector in the plane."""
    return np.degrees(np.arctan2(vector[1], vector[0]))


def test_clipping_in_two_dimensions():
    table = table_of("optimising")
    gradient, by_norm, by_value, rim, corner = table["lines"]
    sizes = [len(control["values"]) for control in table["controls"]]
    assert heads(by_norm).shape == heads(by_value).shape == (*sizes, 2)
    clips = (by_norm, rnnlib.clip_by_global_norm), (by_value, rnnlib.clip_by_value)
    for i, norm in enumerate(settings(table, 0)):
        for j, angle in enumerate(np.radians(settings(table, 1))):
            g = norm * np.array([np.cos(angle), np.sin(angle)])
            assert np.allclose(heads(gradient)[i, j, 0], g, atol=6e-4)
            for k, tau in enumerate(settings(table, 2)):
                for line, clip in clips:
                    clipped = clip(g, tau)
                    assert np.allclose(heads(line)[i, j, k], clipped, atol=6e-4)
                    turned = abs(degrees(clipped) - degrees(g))
                    length = np.linalg.norm(clipped)
                    words = f"{length:.2f} long, turned by {turned:.0f}°"
                    assert line["said"][i][j][k] == words
    for k, tau in enumerate(settings(table, 2)):
        edge = np.array([rim["x"][0][0][k], numbers(rim)[0, 0, k]])
        assert np.allclose(np.linalg.norm(edge, axis=0), tau, atol=2e-3)
        edge = np.array([corner["x"][0][0][k], numbers(corner)[0, 0, k]])
        assert (edge.max(axis=0) == tau).all()


def test_temperature_of_the_softmax():
    table = table_of("language_models")
    text = default_text()
    after = Counter(
        text[i + 2] for i in range(len(text) - 2) if text[i : i + 2] == "th"
    )
    names = [{" ": "space", "\n": "end"}.get(c, c) for c, _ in after.most_common(8)]
    assert sorted(table["controls"][1]["values"]) == sorted(names)
    counts = np.array(sorted(after.values(), reverse=True)[:8], float)
    probability, unit, level = table["lines"]
    temperatures = settings(table, 0)
    assert temperatures[0] == 0 and numbers(probability)[0].tolist() == [1] + 7 * [0]
    for row, theta in list(enumerate(temperatures))[1:]:
        p = rnnlib.softmax(np.log(counts) / theta)
        assert np.allclose(numbers(probability)[row], p, rtol=0, atol=6e-5)
        entropy = rnnlib.cross_entropy(np.log(p)[None], p[None])[0]
        assert np.allclose(numbers(level)[row], np.exp(-entropy), atol=6e-5)
        words = f"{np.exp(entropy):.2f} of them, entropy {entropy:.2f} nats"
        assert level["said"][row] == words
    assert np.allclose(numbers(unit)[0], counts / counts.sum(), atol=6e-5)


def left_by_backward(params, lag):
    """||dc_T/dc_1|| for T = 1 + lag, from `lstm.backward`: one adjoint a unit."""
    d = params.d_h
    x = np.random.default_rng(3).standard_normal((1 + lag, 1, params.d_x))
    first = lstm.forward(params, x[:1])
    start = lstm.State(first.h[1].repeat(d, axis=0), first.c[1].repeat(d, axis=0))
    rest = lstm.forward(params, x[1:].repeat(d, axis=1), state=start)
    end = lstm.State(np.zeros((d, d)), np.eye(d))
    back = lstm.backward(params, rest, np.zeros_like(rest.output), end).state
    o = lstm.split(first.gates, axis=-1).o[0]
    return np.linalg.norm(back.c + back.h * o * (1 - np.tanh(first.c[1]) ** 2), 2)


def test_forget_gate_and_time_constant():
    table = table_of("gates")
    measured, predicted, level = table["lines"]
    biases, lags = settings(table, 1), settings(table, 2)
    taus = 1 / np.log1p(np.exp(-np.array(biases)))
    expected = np.exp(-np.array(lags) / taus[:, None])
    assert np.allclose(numbers(predicted)[0], expected, rtol=0, atol=6e-4)
    assert level["said"] == [[f"{tau:.1f}" for tau in taus]]
    assert set(level["y"][0][0]) == {round(np.exp(-1), 3)}
    for i, scale in enumerate((0.0003, 0.03, 0.1)):
        for j in (0, 6, 16):
            rng = np.random.default_rng(2)
            params = lstm.init_params(2, 6, rng=rng, scale=scale, forget_bias=biases[j])
            for k in (1, 10, 50):
                by_backward = left_by_backward(params, int(lags[k]))
                assert abs(numbers(measured)[i, j, k] - by_backward) < 6e-4


def test_the_recursion_step_by_step():
    table = table_of("bptt")
    total, own, arrows = table["lines"]
    order = [int(step) for step in settings(table, 0)]
    assert order == list(range(8, 0, -1))
    params = rnnlib.init_params(1, 1, 2, rng=np.random.default_rng(19), scale=1.5)
    params = params._replace(W_hh=np.array([[-0.8]]), b_h=np.array([0.1]))
    x = 0.7 * np.random.default_rng(7).standard_normal((8, 1, 1))
    y = np.array([[0, 1, 1, 0, 1, 0, 0, 1]]).T
    trace = rnnlib.forward(params, x)
    error = rnnlib.cross_entropy(trace.z, y)[1]
    delta = rnnlib.adjoints(params, trace, error)[1].ravel()
    alone = np.empty(8)  # only the loss of step t: nothing comes back to it
    for t in range(8):
        only = np.where(np.arange(8)[:, None, None] == t, error, 0)
        alone[t] = rnnlib.adjoints(params, trace, only)[1].ravel()[t]
    for row, step in enumerate(order):
        for line, values in ((total, delta), (own, alone)):
            shown = numbers(line)[row]
            assert np.isnan(shown[: step - 1]).all()
            assert np.allclose(shown[step - 1 :], values[step - 1 :], atol=6e-5)
        pairs = numbers(arrows)[row].reshape(7, 2)
        assert np.isnan(pairs[: step - 1]).all()
        assert np.allclose(pairs[step - 1 :, 0], delta[step:], atol=6e-5)
        future = (delta - alone)[step - 1 : 7]
        assert np.allclose(pairs[step - 1 :, 1], future, atol=6e-5)
        said = [float(line["said"][row].replace("−", "-")) for line in (own, arrows)]
        assert abs(sum(said) - delta[step - 1]) < 2e-3
