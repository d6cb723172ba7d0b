"""The GRU: its equations at known numbers, its two conventions, and what it refuses."""

import numpy as np
import pytest

from rnnlib.layers import gru
from rnnlib.layers.gru import RESETS
from tests.support.refusals import refuses

T, B, D_X, D_H = 4, 3, 2, 5


def good():
    """Valid arguments of the forward pass."""
    rng = np.random.default_rng(0)
    return {
        "params": gru.init_params(D_X, D_H, rng=rng),
        "x": rng.standard_normal((T, B, D_X)),
        "state": rng.standard_normal((B, D_H)),
        "mask": np.ones((T, B), bool),
    }


@pytest.mark.parametrize("reset", RESETS)
def test_with_zero_weights_the_gates_are_one_half(reset):
    zero = gru.GRUParams(*(np.zeros_like(a) for a in good()["params"]))
    trace = gru.forward(zero, good()["x"], state=good()["state"], reset=reset)
    for t in range(T + 1):
        assert (trace.h[t] == good()["state"] / 2**t).all()


@pytest.mark.parametrize("reset", RESETS)
def test_a_closed_update_keeps_the_state(reset):
    """u = 1 to the last bit: the state is a constant."""
    params = good()["params"]
    gru.split(params.b_h).u[:] = 800.0
    trace = gru.forward(params, good()["x"], state=good()["state"], reset=reset)
    assert (trace.h == good()["state"]).all()


def test_the_conventions_agree_when_the_reset_gate_is_open():
    """r = 1 in both, and only then."""
    params = good()["params"]._replace(b_m=np.full(D_H, 0.3))
    arguments = good() | {"params": params}
    before, after = (gru.forward(**arguments, reset=reset) for reset in RESETS)
    assert np.abs(before.output - after.output).max() > 1e-2
    gru.split(params.b_h).r[:] = 800.0
    before, after = (gru.forward(**arguments, reset=reset) for reset in RESETS)
    np.testing.assert_allclose(before.output, after.output, rtol=1e-14)


def test_the_conventions_agree_for_a_diagonal_matrix_without_b_m():
    params = good()["params"]
    block = gru.split(params.W_hh).n
    block[...] = np.diag(np.arange(1.0, D_H + 1))
    before, after = (
        gru.forward(**good() | {"params": params}, reset=r) for r in RESETS
    )
    np.testing.assert_allclose(before.output, after.output, rtol=1e-13)
    block[0, 1] = 0.5
    before, after = (
        gru.forward(**good() | {"params": params}, reset=r) for r in RESETS
    )
    assert np.abs(before.output - after.output).max() > 1e-3


def test_b_m_adds_to_b_n_in_the_original():
    rng = np.random.default_rng(1)
    params = good()["params"]._replace(b_m=rng.standard_normal(D_H))
    moved = params._replace(b_h=params.b_h.copy(), b_m=np.zeros(D_H))
    gru.split(moved.b_h).n[:] += params.b_m
    for reset, same in zip(RESETS, (True, False), strict=True):
        one = gru.forward(**good() | {"params": params}, reset=reset)
        two = gru.forward(**good() | {"params": moved}, reset=reset)
        assert np.allclose(one.output, two.output, rtol=1e-12, atol=0) is same


def test_refused():
    def refused(message, **changes):
        refuses(message, gru.forward, **(good() | changes))

    params, state = good()["params"], good()["state"]
    refused("reset: expected one of 'before', 'after', got 'cudnn'", reset="cudnn")
    refused("params: expected GRUParams, got list", params=[*params])
    refused(
        "b_m: expected shape (5,), got (15,)", params=params._replace(b_m=np.ones(15))
    )
    refused("state: expected shape (3, 5) or (5,), got (5, 3)", state=state.T)
    refused("state: expected a floating NumPy array, got tuple", state=(state,))


def test_refused_adjoints():
    trace = gru.forward(**good())
    params, d = good()["params"], np.ones((T, B, D_H))
    message = "d_output: expected shape (4, 3, 5), got (3, 5)"
    refuses(message, gru.backward, params, trace, d[0])
    message = "d_state: expected finite numbers, got 15 NaN or infinite"
    refuses(message, gru.backward, params, trace, d, d[0] * np.nan)
    message = "trace: expected GRUTrace, got NoneType"
    refuses(message, gru.backward, params, None, d)
