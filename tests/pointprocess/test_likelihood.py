"""The likelihood and its gradients, against every oracle and under every change."""

import numpy as np
import pytest
import sympy as sp

import rnnlib
from rnnlib import pointprocess as pp
from rnnlib.symbolic import Graph
from tests.pointprocess.problems import Problem, problem


@pytest.mark.parametrize("w", [-0.7, 0.0, 0.9])
def test_gradients_against_central_differences(w):
    case = problem(w=w)
    _, found = case.loss_and_gradients()
    rng = np.random.default_rng(1)
    zero = {n: np.zeros_like(a) for n, a in case.variables.items()}
    for name, gradient in found.items():
        u = rng.standard_normal(gradient.shape)
        u = u / np.linalg.norm(u)
        measured = rnnlib.central_difference(
            lambda v: case.loss_at(v),
            case.variables,
            zero | {name: u},
            order=8,
        )
        assert abs((gradient * u).sum() - measured) < 1e-9, name


def test_check_gradients_says_yes():
    case = problem(w=0.3, shared=True)

    def function(variables):
        return Problem(variables, case.sequences).loss_and_gradients()

    check = rnnlib.check_gradients(
        function, case.variables, rng=np.random.default_rng(0), directions=2
    )
    assert check.ok, str(check)


def scalar_graph(gaps, tail):
    """One unit, one mark: the loss as a SymPy graph, a definition a quantity."""
    names = sp.symbols("E W_e W_t W_hh b_h v w b h_0")
    E, W_e, W_t, W_hh, b_h, v, w, b, h = names
    definitions, pieces = {}, []
    for j, tau in enumerate([*gaps, tail]):
        a, piece = sp.symbols(f"a_{j} Lambda_{j}")
        definitions[a] = v * h + b
        definitions[piece] = sp.exp(a) * (sp.exp(w * tau) - 1) / w
        pieces.append(piece - (a + w * tau if j < len(gaps) else 0))
        if j < len(gaps):
            s, h_next = sp.symbols(f"s_{j + 1} h_{j + 1}")
            definitions[s] = W_e * E + W_t * tau + W_hh * h + b_h
            definitions[h_next] = sp.tanh(s)
            h = h_next
    loss = sp.Symbol("loss")
    return Graph(names, definitions | {loss: sum(pieces)}), loss, names


def test_gradients_against_sympy():
    gaps, tail = [sp.Rational(1, 2), sp.Rational(1, 3), 1], sp.Rational(3, 4)
    graph, loss, names = scalar_graph(gaps, tail)
    rng = np.random.default_rng(5)
    values = dict(zip(names, (float(x) for x in rng.standard_normal(9)), strict=True))
    full = graph.reverse(loss, lambda symbol: sp.Symbol(f"bar_{symbol}"))
    bars = [sp.Symbol(f"bar_{name}") for name in names]
    wanted = full.evaluate([loss, *bars], values, digits=50)
    x = {str(name): value for name, value in values.items()}
    params = pp.PointProcessParams(
        E=np.array([[x["E"]]]),
        W_xh=np.array([[x["W_e"], x["W_t"]]]),
        W_hh=np.array([[x["W_hh"]]]),
        b_h=np.array([x["b_h"]]),
        W_hy=np.zeros((1, 1)),
        b_y=np.zeros(1),
        v=np.array([x["v"]]),
        w=np.array(x["w"]),
        b=np.array(x["b"]),
    )
    times = np.cumsum(np.array(gaps, float))
    sequence = pp.EventSequence(times, float(sum(gaps) + tail))
    found, g = pp.loss_and_gradients(params, [sequence], h_0=np.array([x["h_0"]]))
    assert abs(found - float(wanted[loss])) < 1e-12
    d = g.params
    flat = [*d.E.flat, *d.W_xh.flat, *d.W_hh.flat, *d.b_h, *d.v, d.w, d.b, *g.h_0]
    expected = [float(wanted[bar]) for bar in bars]
    assert np.allclose(flat, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("phi", ["tanh", "relu", "identity"])
def test_a_list_is_the_sum_of_its_sequences(phi):
    case = problem(shared=True)
    params, data, h_0 = case.arguments()
    loss, g = pp.loss_and_gradients(params, data, h_0=h_0, phi=phi)
    parts = [pp.loss_and_gradients(params, [s], h_0=h_0, phi=phi) for s in data]
    assert np.isclose(loss, sum(p[0] for p in parts), rtol=1e-13)
    for name in params._fields:
        total = sum(getattr(p[1].params, name) for p in parts)
        assert np.allclose(getattr(g.params, name), total, rtol=1e-9, atol=1e-11)
    each = pp.forward(params, data, h_0=h_0, phi=phi).log_likelihood
    assert np.allclose(each, [-p[0] for p in parts], rtol=1e-12)


def test_gradients_have_the_type_of_the_parameters():
    for shared in (False, True):
        params, data, h_0 = problem(shared=shared).arguments()
        _, g = pp.loss_and_gradients(params, data, h_0=h_0)
        for found, given in zip((*g.params, g.h_0), (*params, h_0), strict=True):
            assert isinstance(found, np.ndarray)
            assert (found.shape, found.dtype) == (given.shape, given.dtype)


def test_single_precision_stays_single():
    params, data, _ = problem().arguments()
    single = pp.PointProcessParams(*(p.astype(np.float32) for p in params))
    loss, g = pp.loss_and_gradients(single, data)
    assert loss.dtype == np.float32
    assert {p.dtype for p in g.params} == {np.dtype(np.float32)}
    assert np.isclose(loss, pp.loss_and_gradients(params, data)[0], rtol=1e-4)


def test_arguments_are_not_changed():
    case = problem()
    params, data, h_0 = case.arguments()
    copies = [np.array(a) for a in (*params, h_0, data[0].times, data[0].marks)]
    pp.loss_and_gradients(params, data, h_0=h_0)
    after = (*params, h_0, data[0].times, data[0].marks)
    assert all(np.array_equal(a, b) for a, b in zip(copies, after, strict=True))


def test_only_empty_sequences():
    rng = np.random.default_rng(0)
    params = pp.init_params(2, 3, rng=rng, rate=0.7)
    none = pp.EventSequence(np.zeros(0), 4.0, np.zeros(0, int))
    assert np.isclose(pp.log_likelihood(params, [none, none]), -2 * 0.7 * 4.0)
    _, g = pp.loss_and_gradients(params, [none, none])
    assert np.isclose(g.params.b, 2 * 0.7 * 4.0)
    assert not g.params.W_xh.any() and not g.params.E.any()


def test_at_the_start_it_is_a_poisson_process():
    params = pp.init_params(1, 3, rng=np.random.default_rng(0), rate=1.7)
    data = [pp.simulate_poisson(1.5, 20.0, rng=np.random.default_rng(1))]
    expected = pp.poisson_log_likelihood(1.7, data)
    assert np.isclose(pp.log_likelihood(params, data), expected, rtol=1e-13)


def test_a_change_of_the_unit_of_time():
    """t' = c t: with w, W_xh and b changed to match, the density scales by c^-N."""
    case, c = problem(w=0.6, shared=True), 3.7
    params, data, h_0 = case.arguments()
    scaled = [pp.EventSequence(c * s.times, c * s.T, s.marks) for s in data]
    W_xh = params.W_xh.copy()
    W_xh[:, -1] /= c
    other = params._replace(W_xh=W_xh, w=params.w / c, b=params.b - np.log(c))
    N = sum(s.N for s in data)
    moved = pp.log_likelihood(other, scaled, h_0=h_0) + N * np.log(c)
    assert np.isclose(moved, pp.log_likelihood(params, data, h_0=h_0), rtol=1e-12)
