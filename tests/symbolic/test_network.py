"""The unrolled network gives the gradients of rnnlib, and knows its own symbols."""

import mpmath
import numpy as np
import pytest
import sympy as sp

import rnnlib
from rnnlib.symbolic import Network, dphi, phi, unroll
from tests.support.cases import Case
from tests.support.mutants import planted
from tests.symbolic import small
from tests.test_mutants_backward import MUTANTS

SEEN = {  # names of `tests.test_mutants_backward` that one small problem shows
    *("transposed W_hh", "phi' missing", "h_t for h_{t-1}", "future dropped"),
    *("adjoint lost at masked steps", "batch not summed in b_h"),
}


@pytest.mark.parametrize("case", small.CASES, ids=str)
def test_gradients_of_rnnlib(case):
    assert small.wrong_by_symbols(case) == set()


def test_every_combination_is_there():
    assert len(set(small.CASES)) == 4 * 2 * 3 * 2 * 2


@pytest.mark.parametrize("mutant", [m for m in MUTANTS if m.name in SEEN], ids=str)
def test_mutants_of_backward_disagree(mutant):
    case = Case("tanh", "cross_entropy", "many-to-many", True, 3)
    with planted(mutant):
        assert small.wrong_by_symbols(case) == mutant.expected


def test_a_shared_initial_state_adds_up():
    case = Case("tanh", "half_squared_error", "last", False, 3)
    problem = small.problem(case)
    _, gradients = small.numerical(case, problem._replace(h_0=problem.h_0[0]))
    net, adjoints, call = small.network(3, "tanh", "half_squared_error", "last")
    total = 0
    for b in range(3):
        values = net.values(
            problem.params, problem.x[:, b], problem.y[b], problem.h_0[0]
        )
        found = call({v: mpmath.mpf(q) for v, q in values.items()})
        total = total + np.array([float(found[v]) for v in adjoints["h_0"]])
    np.testing.assert_allclose(gradients["h_0"], total, rtol=1e-12)


@pytest.mark.long
def test_fifty_steps_stay_small():
    """The graph grows by the same amount every step, and gives rnnlib's gradient."""
    sizes = {}
    for T in (10, 20, 50):
        net = unroll(T, 2, 2, 2, phi="tanh")
        graph = net.backward()
        sizes[T] = sum(e.count_ops() for e in graph.definitions.values())
    assert (sizes[50] - sizes[20]) / 30 == pytest.approx(
        (sizes[20] - sizes[10]) / 10, rel=0.1
    )
    rng = np.random.default_rng(0)
    params = rnnlib.init_params(2, 2, 2, rng=rng)
    x, y = rng.standard_normal((50, 2)), np.eye(2)[rng.integers(0, 2, 50)]
    names = net.adjoints(net.params.W_hh)
    found = graph.evaluate(names, net.values(params, x, y), digits=30)
    _, gradients = rnnlib.loss_and_gradients(params, x[:, None], y[:, None])
    derived = np.array([float(found[v]) for v in names]).reshape(2, 2)
    np.testing.assert_allclose(gradients.params.W_hh, derived, rtol=1e-10)


def test_symbols_print_as_the_book_writes_them():
    net = unroll(2, 1, 2, 3)
    assert sp.latex(net.h[2][0]) == "h_{2,1}"
    assert sp.latex(net.params.W_hh[0, 1]) == "W_{hh,12}"
    assert sp.latex(net.params.b_y[2]) == "b_{y,3}"
    assert sp.latex(net.ell[1]) == r"\ell_{1}"
    assert sp.latex(net.adjoint_of(net.h[2][0])) == "g_{2,1}"
    assert sp.latex(net.adjoint_of(net.s[1][1])) == r"\delta^{(s)}_{1,2}"
    assert sp.latex(net.adjoint_of(net.z[1][0])) == r"\delta^{(z)}_{1,1}"
    assert sp.latex(net.adjoint_of(net.params.b_h[0])) == r"\bar{b_{h,1}}"


def test_shapes():
    net = unroll(3, 2, 4, 5)
    assert isinstance(net, Network) and net.T == 3
    expected = rnnlib.parameter_shapes(2, 4, 5)
    assert [m.shape if m.shape[1] > 1 else m.shape[:1] for m in net.params] == list(
        expected
    )
    assert {t: m.shape for t, m in net.h.items()} == dict.fromkeys(range(4), (4, 1))
    assert {t: m.shape for t, m in net.p.items()} == dict.fromkeys((1, 2, 3), (5, 1))
    assert net.adjoints(net.params.W_xh).shape == (4, 2)


@pytest.mark.parametrize("topology", ["last", "mean"])
def test_one_output_a_sequence(topology):
    net = unroll(3, 1, 2, 2, topology=topology)
    assert set(net.z) == set(net.p) == set(net.y) == set(net.ell) == {3}


def test_abstract_activation_is_the_default():
    net = unroll(1, 1, 1, 1)
    s, h = net.s[1][0], net.h[1][0]
    assert net.graph.definitions[h] == phi(s)
    assert net.graph.immediate(h, s) == dphi(s)


def test_any_function_may_be_the_activation():
    net = unroll(1, 1, 1, 1, phi=lambda s: s**2)
    assert net.graph.immediate(net.h[1][0], net.s[1][0]) == 2 * net.s[1][0]


GOOD = {"T": 2, "d_x": 1, "d_h": 2, "K": 3}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"T": 0}, "T: expected an integer >= 1, got 0"),
        ({"T": 2.0}, "T: expected an integer >= 1, got 2.0"),
        ({"d_h": 0}, "d_h: expected an integer >= 1, got 0"),
        ({"phi": "gelu"}, "phi: expected one of .*'tanh'.* got 'gelu'"),
        ({"loss": "hinge"}, "loss: expected one of 'cross_entropy', .* got 'hinge'"),
        ({"topology": "first"}, "topology: expected one of .* got 'first'"),
    ],
)
def test_bad_arguments(wrong, message):
    with pytest.raises(ValueError, match=message):
        unroll(**(GOOD | wrong))


@pytest.mark.parametrize(
    ("name", "shape"),
    [("x", (3, 1)), ("y", (2, 2)), ("y", (1, 3)), ("h_0", (3,)), ("x", (1, 1))],
)
def test_values_of_the_wrong_shape(name, shape):
    net = unroll(**GOOD)
    arrays = {"x": np.ones((2, 1)), "y": np.ones((2, 3)), "h_0": np.ones(2)}
    params = rnnlib.init_params(1, 2, 3, rng=np.random.default_rng(0))
    assert set(net.values(params, **arrays)) == set(net.graph.inputs)
    with pytest.raises(ValueError, match=f"{name}: expected shape .* got .*{shape[0]}"):
        net.values(params, **(arrays | {name: np.ones(shape)}))


def test_a_parameter_that_is_missing_is_refused():
    net = unroll(**GOOD)
    params = rnnlib.init_params(1, 2, 3, rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="shorter"):
        net.values(params[:4], np.ones((2, 1)), np.ones((2, 3)))


def test_a_transposed_parameter_is_refused():
    net = unroll(**GOOD)
    params = rnnlib.init_params(1, 2, 3, rng=np.random.default_rng(0))
    params = params._replace(W_hy=params.W_hy.T)
    with pytest.raises(ValueError, match=r"W_hy: expected shape \(3, 2\), got \(2, 3"):
        net.values(params, np.ones((2, 1)), np.ones((2, 3)))
