"""Stacks: composition, what residual connections add, what is refused; and vanilla."""

import numpy as np
import pytest

import rnnlib
from rnnlib.layers import gru, lstm, stack, vanilla, with_options
from tests.support.refusals import refuses

T, B, D_X, D_H = 4, 3, 2, 5


def setting(*cells, **options):
    """A stack with random parameters and inputs."""
    rng = np.random.default_rng(0)
    cell = stack(cells, **options)
    return cell, cell.init_params(D_X, D_H, rng=rng), rng.standard_normal((T, B, D_X))


def test_a_stack_of_one_is_its_layer():
    cell, params, x = setting(lstm)
    one, alone = cell.forward(params, x), lstm.forward(params[0], x)
    assert (one.output == alone.output).all()
    d = np.ones((T, B, D_H))
    ours, theirs = cell.backward(params, one, d), lstm.backward(params[0], alone, d)
    assert (ours.x == theirs.x).all()
    assert all(
        (a == b).all() for a, b in zip(ours.params[0], theirs.params, strict=True)
    )


def test_a_layer_reads_the_output_of_the_one_below():
    cell, params, x = setting(lstm, gru)
    trace = cell.forward(params, x)
    by_hand = gru.forward(params[1], lstm.forward(params[0], x).output)
    assert (trace.output == by_hand.output).all()
    assert len(trace.state) == 2 and trace.state[0]._fields == ("h", "c")


def test_residual_layers_add_and_the_first_does_not():
    cell, params, x = setting(gru, vanilla, residual=True)
    below = gru.forward(params[0], x).output
    above = vanilla.forward(params[1], below).output
    assert (cell.forward(params, x).output == below + above).all()


def test_residual_layers_that_are_silent_pass_everything():
    """Zero weights above the first layer: output and gradient of the first alone."""
    cell, params, x = setting(gru, vanilla, vanilla, residual=True)
    silent = [type(p)(*(np.zeros_like(a) for a in p)) for p in params[1:]]
    params = (params[0], *silent)
    d = np.random.default_rng(1).standard_normal((T, B, D_H))
    trace, alone = cell.forward(params, x), gru.forward(params[0], x)
    assert (trace.output == alone.output).all()
    wanted = gru.backward(params[0], alone, d).x
    np.testing.assert_array_equal(cell.backward(params, trace, d).x, wanted)


def test_a_stack_can_be_a_layer():
    inner = stack([vanilla, vanilla], residual=True)
    cell, params, x = setting(lstm, inner)
    lower, upper = params
    by_hand = inner.forward(upper, lstm.forward(lower, x).output)
    assert (cell.forward(params, x).output == by_hand.output).all()


def test_with_options_binds_them():
    cell, params, x = setting(with_options(gru, reset="before"))
    wanted = gru.forward(params[0], x, reset="before")
    assert (cell.forward(params, x).output == wanted.output).all()
    with pytest.raises(TypeError):
        with_options(gru, resett="before").forward(params[0], x)


@pytest.mark.parametrize("phi", rnnlib.ACTIVATIONS)
def test_the_vanilla_layer_is_the_network_without_logits(phi):
    rng = np.random.default_rng(0)
    network = rnnlib.init_params(D_X, D_H, 3, rng=rng)
    layer = vanilla.VanillaParams(*network[:3])
    x, h_0 = rng.standard_normal((T, B, D_X)), rng.standard_normal((B, D_H))
    mask = np.array([[1, 1, 0], [1, 0, 1], [0, 1, 1], [1, 0, 1]], bool)
    whole = rnnlib.forward(network, x, h_0=h_0, phi=phi, mask=mask)
    alone = vanilla.forward(layer, x, state=h_0, phi=phi, mask=mask)
    np.testing.assert_allclose(alone.h, whole.h, rtol=1e-12)
    delta_z = rng.standard_normal(whole.z.shape)
    wanted = rnnlib.backward(network, whole, delta_z)
    found = vanilla.backward(layer, alone, delta_z @ network.W_hy)
    for name in vanilla.VanillaParams._fields:
        np.testing.assert_allclose(
            getattr(found.params, name), getattr(wanted.params, name), rtol=1e-10
        )
    np.testing.assert_allclose(found.state, wanted.h_0, rtol=1e-10)
    np.testing.assert_allclose(found.x, wanted.x, rtol=1e-10, atol=1e-14)


def test_initial_options_reach_the_layers():
    rng = np.random.default_rng(0)
    params = stack([lstm, lstm]).init_params(D_X, D_H, rng=rng, forget_bias=3.0)
    assert all((lstm.split(p.b_h).f == 3).all() for p in params)


def test_refused():
    refuses("cells: expected at least one cell, got none", stack, [])
    cell, params, x = setting(lstm, gru, residual=True)
    each = "expected a tuple of 2, an entry a layer, got"
    refuses(f"params: {each} list", cell.forward, [*params], x)
    refuses(f"params: {each} tuple of 1", cell.forward, params[:1], x)
    refuses(f"state: {each} tuple of 1", cell.forward, params, x, state=(None,))
    small = gru.init_params(D_H, 4, rng=np.random.default_rng(0))
    message = "output of layer 2: expected shape (4, 3, 5), got (4, 3, 4)"
    refuses(message, cell.forward, (params[0], small), x)
    trace, d = cell.forward(params, x), np.ones((T, B, D_H))
    refuses("trace: expected StackTrace, got ndarray", cell.backward, params, d, d)
    refuses(f"d_state: {each} list", cell.backward, params, trace, d, [None, None])
    message = "d_output: expected shape (4, 3, 5), got (3, 5)"
    refuses(message, cell.backward, params, trace, d[0])
    other = stack([lstm]).forward(params[:1], x)
    refuses(f"trace.layers: {each} tuple of 1", cell.backward, params, other, d)
