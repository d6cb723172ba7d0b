"""The LSTM: its equations at known numbers, its parameters, and what it refuses."""

import numpy as np
import pytest

from rnnlib.layers import lstm
from tests.support.refusals import refuses, spoiled

T, B, D_X, D_H = 4, 3, 2, 5


def good():
    """Valid arguments of the forward pass."""
    rng = np.random.default_rng(0)
    state = lstm.State(*rng.standard_normal((2, B, D_H)))
    return {
        "params": lstm.init_params(D_X, D_H, rng=rng),
        "x": rng.standard_normal((T, B, D_X)),
        "state": state,
        "mask": np.ones((T, B), bool),
    }


def refused(message, **changes):
    """The forward pass refuses the arguments with these changes."""
    refuses(message, lstm.forward, **(good() | changes))


def test_with_zero_weights_the_gates_are_one_half():
    zero = lstm.LSTMParams(*(np.zeros_like(a) for a in good()["params"]))
    trace = lstm.forward(zero, good()["x"], state=good()["state"])
    for t in range(T + 1):
        assert (trace.c[t] == good()["state"].c / 2**t).all()
    np.testing.assert_allclose(trace.h[1:], np.tanh(trace.c[1:]) / 2, rtol=1e-15)


def test_an_open_forget_gate_keeps_the_cell():
    """f = 1 and i = 0 to the last bit: cell and adjoint are constants."""
    params = lstm.LSTMParams(*(np.zeros_like(a) for a in good()["params"]))
    gates = lstm.split(params.b_h)
    gates.f[:], gates.i[:] = 800.0, -800.0
    trace = lstm.forward(params, good()["x"], state=good()["state"])
    assert (trace.c == good()["state"].c).all()
    d_c = np.random.default_rng(1).standard_normal((B, D_H))
    end = lstm.State(np.zeros_like(d_c), d_c)
    gradients = lstm.backward(params, trace, np.zeros_like(trace.output), end)
    assert (gradients.state.c == d_c).all()


def test_split_gives_views_in_the_order_i_f_n_o():
    array = np.arange(8.0)
    gates = lstm.split(array)
    assert [g.tolist() for g in gates] == [[0, 1], [2, 3], [4, 5], [6, 7]]
    assert gates._fields == ("i", "f", "n", "o")
    assert all(np.shares_memory(g, array) for g in gates)


@pytest.mark.parametrize("bias", [0.0, 1.0, -3.5])
def test_the_forget_bias(bias):
    params = lstm.init_params(2, 3, rng=np.random.default_rng(0), forget_bias=bias)
    gates = lstm.split(params.b_h)
    assert (gates.f == bias).all()
    assert (gates.i == 0).all() and (gates.n == 0).all() and (gates.o == 0).all()


def test_the_scale_of_the_matrices():
    """1/sqrt(fan in) by default, in every gate."""
    params = lstm.init_params(50, 200, rng=np.random.default_rng(0))
    for block in lstm.split(params.W_xh):
        assert abs(block.std() * 50**0.5 - 1) < 0.05
    for block in lstm.split(params.W_hh):
        assert abs(block.std() * 200**0.5 - 1) < 0.05


def test_refused_parameters():
    params = good()["params"]
    refused("params: expected LSTMParams, got tuple", params=tuple(params))
    refused(
        "W_xh: expected 2 dimension(s), got shape (20,)",
        params=params._replace(W_xh=np.ones(20)),
    )
    refused(
        "W_hh: expected shape (20, 5), got (15, 5)",
        params=params._replace(W_hh=np.ones((15, 5))),
    )
    refused(
        "b_h: expected shape (20,), got (5,)", params=params._replace(b_h=np.ones(5))
    )
    refused(
        "b_h: expected float64 like the other parameters, got float32",
        params=params._replace(b_h=np.ones(20, np.float32)),
    )
    refused(
        "W_hh: expected finite numbers, got 1 NaN or infinite",
        params=params._replace(W_hh=spoiled(params.W_hh, np.nan)),
    )


def test_refused_inputs_states_and_masks():
    h, c = good()["state"]
    refused(
        "x: expected shape (T, B, 2) of floats, got (4, 3, 3)", x=np.ones((4, 3, 3))
    )
    refused("state: expected a pair (h, c), got ndarray", state=h)
    refused("state: expected a pair (h, c), got list", state=[h, c])
    refused("state: expected a pair (h, c), got tuple", state=(h, c, c))
    refused(
        "state.c: expected shape (3, 5) or (5,), got (3, 4)", state=(h, c[:, :4].copy())
    )
    refused(
        "state.h: expected a floating NumPy array, got int64", state=(h.astype(int), c)
    )
    refused(
        "state.c: expected float64 like the parameters, got float32",
        state=(h, c.astype(np.float32)),
    )
    refused("mask: expected shape (4, 3), got (3, 4)", mask=np.ones((3, 4), bool))


def test_refused_adjoints():
    trace = lstm.forward(**good())
    params, d = good()["params"], np.ones((T, B, D_H))

    def refused_back(message, params=params, trace=trace, d_output=d, d_state=None):
        refuses(message, lstm.backward, params, trace, d_output, d_state)

    refused_back(
        "d_output: expected shape (4, 3, 5), got (4, 3, 4)", d_output=d[..., :4]
    )
    refused_back("d_state: expected a pair (h, c), got ndarray", d_state=d[0])
    refused_back("d_state.c: expected shape (3, 5), got (5,)", d_state=(d[0], d[0, 0]))
    refused_back(
        "d_output: expected float64 like the trace, got float32",
        d_output=d.astype(np.float32),
    )
    refused_back("trace: expected LSTMTrace, got ndarray", trace=d)
    other = lstm.init_params(D_X, D_H + 1, rng=np.random.default_rng(0))
    refused_back("trace: expected d_h = 6, got 5", params=other)


def test_refused_initial_values():
    rng = np.random.default_rng(0)
    refuses("d_h: expected an integer >= 1, got 0", lstm.init_params, 2, 0, rng=rng)
    refuses("rng: expected a numpy Generator, got int", lstm.init_params, 2, 3, rng=0)
    message = "forget_bias: expected a finite number, got 'open'"
    refuses(message, lstm.init_params, 2, 3, rng=rng, forget_bias="open")
    refuses(
        "forget_bias: expected a finite number, got nan",
        lstm.init_params, 2, 3, rng=rng, forget_bias=np.nan,
    )  # fmt: skip
