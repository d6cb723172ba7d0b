"""Forward and backward: the equations one by one, the trace, purity."""

import numpy as np
import pytest

import rnnlib
from rnnlib.layers.readout import TOPOLOGIES
from tests.support import cases
from tests.support.refusals import refuses

SOME = cases.CASES[::7]  # every option occurs
some_cases = pytest.mark.parametrize("case", SOME, ids=str)


def parts(case):
    """Parameters, trace and delta_z of a case."""
    problem = cases.problem(case)
    trace = problem.trace(problem.variables)
    rng = np.random.default_rng(0)
    delta_z = rng.standard_normal(trace.z.shape)
    return problem.params(problem.variables), trace, delta_z


def test_some_cases_cover_every_option():
    for field, *values in zip(cases.Case._fields, *cases.CASES, strict=True):
        assert {getattr(case, field) for case in SOME} == set(values)


@some_cases
def test_the_trace_satisfies_the_equations(case):
    params, trace, _ = parts(case)
    x = trace.x if trace.x.ndim == 3 else np.eye(cases.D_X)[trace.x]
    for b in range(case.B):
        for t in range(1, cases.T + 1):
            s = params.W_xh @ x[t - 1, b] + params.W_hh @ trace.h[t - 1, b] + params.b_h
            np.testing.assert_allclose(trace.s[t - 1, b], s, rtol=1e-12, atol=1e-14)
            real = trace.mask is None or trace.mask[t - 1, b]
            h = trace.phi(trace.s[t - 1, b]) if real else trace.h[t - 1, b]
            np.testing.assert_allclose(trace.h[t, b], h, rtol=1e-14)
            if case.topology == "many-to-many":
                z = params.W_hy @ trace.h[t, b] + params.b_y
                np.testing.assert_allclose(trace.z[t - 1, b], z, rtol=1e-12, atol=1e-14)


@some_cases
def test_shapes_of_the_trace_and_the_gradients(case):
    params, trace, delta_z = parts(case)
    T, B = cases.T, case.B
    assert trace.s.shape == (T, B, cases.D_H)
    assert trace.h.shape == (T + 1, B, cases.D_H)
    many = case.topology == "many-to-many"
    assert trace.z.shape == ((T, B, cases.K) if many else (B, cases.K))
    gradients = rnnlib.backward(params, trace, delta_z)
    assert [g.shape for g in gradients.params] == [a.shape for a in params]
    assert gradients.h_0.shape == (B, cases.D_H)
    if case.inputs == "dense":
        assert gradients.x.shape == trace.x.shape
    else:
        assert gradients.x is None


@some_cases
def test_the_adjoints_satisfy_the_equations(case):
    """g_T has no future; delta_s_t = phi' g_t; a masked step hands g on unchanged."""
    params, trace, delta_z = parts(case)
    g, delta_s = rnnlib.adjoints(params, trace, delta_z)
    zero = np.zeros_like(delta_z)
    phi_prime = trace.phi.derivative(trace.h[1:])
    real = np.ones(delta_s.shape[:2], bool) if trace.mask is None else trace.mask
    np.testing.assert_allclose(delta_s[real], (g[1:] * phi_prime)[real], rtol=1e-14)
    assert not delta_s[~real].any()
    received = g[:-1] - delta_s @ params.W_hh - np.where(real[..., None], 0, g[1:])
    assert np.abs(received[0]).max() < 1e-13  # h_0 has no output of its own
    direct = delta_z @ params.W_hy
    if case.topology == "many-to-many":
        np.testing.assert_allclose(g[-1], direct[-1], rtol=1e-14)
        np.testing.assert_allclose(received[1:], direct[:-1], rtol=1e-11, atol=1e-13)
    elif case.topology == "last":
        np.testing.assert_allclose(g[-1], direct, rtol=1e-14)
        assert np.abs(received).max() < 1e-13
    assert not rnnlib.adjoints(params, trace, zero)[0].any()


@some_cases
def test_a_second_call_gives_the_same_bits(case):
    params, trace, delta_z = parts(case)
    first = rnnlib.backward(params, trace, delta_z)
    second = rnnlib.backward(params, trace, delta_z)
    for a, b in zip(flat(first), flat(second), strict=True):
        assert a.tobytes() == b.tobytes()
        assert not np.shares_memory(a, b)


@some_cases
def test_nothing_given_is_changed_or_returned(case):
    """Neither forward, the loss nor backward writes into what it is given."""
    problem = cases.problem(case)
    given = [*problem.variables.values(), problem.y, problem.x, problem.options["mask"]]
    given = [a for a in given if a is not None]
    before = [a.copy() for a in given]
    trace = problem.trace(problem.variables)
    state = [trace.s.copy(), trace.h.copy(), trace.z.copy()]
    _, gradients = problem.loss_and_gradients()
    rnnlib.backward(problem.params(problem.variables), trace, np.ones_like(trace.z))
    for a, b in zip(given, before, strict=True):
        np.testing.assert_array_equal(a, b)
    for a, b in zip((trace.s, trace.h, trace.z), state, strict=True):
        np.testing.assert_array_equal(a, b)
    assert not any(np.shares_memory(g, a) for g in gradients.values() for a in given)


@some_cases
def test_backward_is_linear_in_delta_z(case):
    params, trace, delta_z = parts(case)
    once = flat(rnnlib.backward(params, trace, delta_z))
    thrice = flat(rnnlib.backward(params, trace, 3 * delta_z))
    for a, b in zip(once, thrice, strict=True):
        np.testing.assert_allclose(b, 3 * a, rtol=1e-11, atol=1e-12)


def flat(gradients):
    """All arrays of the gradients."""
    last = [] if gradients.x is None else [gradients.x]
    return [*gradients.params, gradients.h_0, *last]


def test_zero_is_the_initial_state_by_default():
    rng = np.random.default_rng(0)
    params = rnnlib.init_params(2, 3, 4, rng=rng)
    x = rng.standard_normal((5, 2, 2))
    default = rnnlib.forward(params, x)
    given = rnnlib.forward(params, x, h_0=np.zeros((2, 3)))
    assert not default.h[0].any()
    np.testing.assert_array_equal(default.h, given.h)


@pytest.mark.parametrize("topology", TOPOLOGIES)
def test_one_step_of_one_unit_by_hand(topology):
    """T = B = d_x = d_h = K = 1: every topology gives the same, and known, numbers."""
    w, u, b, v, c, x, h_0, y = 0.5, -0.3, 0.1, 2.0, -1.0, 0.7, 0.4, 0.25
    shapes = rnnlib.parameter_shapes(1, 1, 1)
    values = (w, u, b, v, c)
    params = rnnlib.Params(*map(np.full, shapes, values))
    target = np.full((1, 1, 1) if topology == "many-to-many" else (1, 1), y)
    loss, gradients = rnnlib.loss_and_gradients(
        params, np.full((1, 1, 1), x), target, h_0=np.full((1, 1), h_0),
        topology=topology, loss="half_squared_error",
    )  # fmt: skip
    h = np.tanh(w * x + u * h_0 + b)
    e = v * h + c - y
    delta_s = e * v * (1 - h**2)
    np.testing.assert_allclose(loss, e**2 / 2, rtol=1e-14)
    by_hand = [delta_s * x, delta_s * h_0, delta_s, e * h, e, delta_s * u, delta_s * w]
    np.testing.assert_allclose([a.item() for a in flat(gradients)], by_hand, rtol=1e-14)


def test_overflowing_states_are_reported_not_hidden():
    """An exploding linear network is an error, and a loss refuses such logits."""
    one = np.ones((1, 1))
    params = rnnlib.Params(one, 1e200 * one, one[0], one, one[0])
    x = np.ones((4, 1, 1))
    with pytest.raises(FloatingPointError, match="params, x, h_0: .* overflow"):
        rnnlib.forward(params, x, phi="identity")
    with pytest.raises(
        ValueError, match="z: expected finite numbers, got 1 NaN or inf"
    ):
        rnnlib.half_squared_error(np.inf * one, one)


def test_a_warning_inside_rnnlib_is_an_error_here():
    with pytest.raises(RuntimeWarning, match="overflow"):
        rnnlib.layers.cell.project_inputs(
            np.full((1, 1), 1e200), np.full((1, 1, 1), 1e200)
        )


@pytest.mark.parametrize("topology", TOPOLOGIES)
def test_what_comes_back_into_the_last_state(topology):
    """The gradient of sum(c z) + sum(d h_T), by differences."""
    rng = np.random.default_rng(3)
    params, x = rnnlib.init_params(2, 3, 4, rng=rng), rng.standard_normal((5, 2, 2))
    shape = rnnlib.forward(params, x, topology=topology).z.shape
    c, d = rng.standard_normal(shape), rng.standard_normal((2, 3))

    def function(parts):
        params, h_0 = parts
        trace = rnnlib.forward(params, x, h_0=h_0, topology=topology)
        g = rnnlib.backward(params, trace, c, d)
        return (c * trace.z).sum() + (d * trace.h[-1]).sum(), (g.params, g.h_0)

    at = params, rng.standard_normal((2, 3))
    assert rnnlib.check_gradients(function, at, rng=rng).ok


@pytest.mark.parametrize("h_0", ["of each", "shared", None])
def test_the_gradient_of_the_first_state_keeps_no_others_in_memory(h_0):
    rng = np.random.default_rng(0)
    params = rnnlib.init_params(2, 5, 4, rng=rng)
    x, state = rng.standard_normal((6, 3, 2)), rng.standard_normal((3, 5))
    given = {"of each": state, "shared": state[0], None: None}[h_0]
    trace = rnnlib.forward(params, x, h_0=given)
    g = rnnlib.backward(params, trace, np.ones_like(trace.z)).h_0
    whole = g if g.base is None else g.base
    assert whole.size <= state.size


@pytest.mark.parametrize("shape", [(5,), (5, 3), (3, 4), (1, 5)])
def test_what_comes_back_into_the_last_state_has_its_shape_and_precision(shape):
    rng = np.random.default_rng(0)
    params = rnnlib.init_params(2, 5, 4, rng=rng)
    trace = rnnlib.forward(params, rng.standard_normal((6, 3, 2)))
    for run in (rnnlib.adjoints, rnnlib.backward):
        message = f"d_state: expected shape (3, 5), got {shape}"
        refuses(message, run, params, trace, np.ones_like(trace.z), np.ones(shape))
        message = "d_state: expected float64 like the logits, got float32"
        single = np.ones((3, 5), np.float32)
        refuses(message, run, params, trace, np.ones_like(trace.z), single)


@pytest.mark.parametrize("topology", ["many-to-many", "last"])
def test_a_trace_of_a_network_of_other_sizes(topology):
    """The sizes of inputs, states and logits, and none by chance that of the batch."""
    rng = np.random.default_rng(0)
    params = rnnlib.init_params(2, 5, 4, rng=rng)
    trace = rnnlib.forward(params, rng.standard_normal((6, 3, 2)), topology=topology)
    for sizes, message in [
        ((2, 3, 4), "trace: expected d_h, K = (3, 4), got (5, 4)"),
        ((2, 6, 4), "trace: expected d_h, K = (6, 4), got (5, 4)"),
        ((2, 5, 3), "trace: expected d_h, K = (5, 3), got (5, 4)"),
        ((3, 5, 4), "x: expected shape (T, B, 3) of floats, got (6, 3, 2)"),
    ]:
        other = rnnlib.init_params(*sizes, rng=rng)
        refuses(message, rnnlib.backward, other, trace, np.ones_like(trace.z))
