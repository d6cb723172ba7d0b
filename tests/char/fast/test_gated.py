"""The fast step of an LSTM or GRU layer computes what the readable one computes."""

import numpy as np
import pytest

from rnnlib.char import network
from rnnlib.char.fast import gated
from rnnlib.layers import gru, lstm, readout
from rnnlib.trees import flatten, rebuild
from tests.char.fast.reference import close
from tests.support.mutants import Mutant, each, fails, planted

CELLS = {"lstm": lstm, "gru": gru}
DTYPES = (np.float64, np.float32)
SIZES = [  # d_x, d_h, T, B
    *((7, 5, 9, 1), (7, 5, 9, 3), (7, 5, 1, 1), (3, 1, 2, 4)),
    *((75, 100, 25, 1), (4, 33, 12, 5)),
]


def problem(cell, d_x, d_h, T, B, dtype=np.float64, scale=1.0):
    """Parameters of which none is zero, and two windows that follow each other."""
    rng = np.random.default_rng(4)
    params = network.init_params(cell, d_x, d_h, rng=rng, dtype=np.dtype(dtype))
    noise = {k: rng.standard_normal(a.shape) for k, a in flatten(params).items()}
    moved = {
        k: (scale * (a + 0.3 * noise[k])).astype(dtype)
        for k, a in flatten(params).items()
    }
    state = network.zero_state(cell, params, B)
    drawn = {
        k: rng.standard_normal(a.shape).astype(dtype) for k, a in flatten(state).items()
    }
    x, y = rng.integers(0, d_x, (2, 2, T, B))
    return rebuild(params, moved), x, y, rebuild(state, drawn)


def same(found, expected, dtype):
    """Two trees, array by array."""
    found, expected = flatten(found), flatten(expected)
    assert found.keys() == expected.keys()
    for name, array in found.items():
        assert array.dtype == dtype
        close(array, expected[name], dtype, name)


def check(cell, sizes, dtype=np.float64, scale=1.0):
    """Loss, gradients and state of two windows, with other parameters in between."""
    params, x, y, state = problem(cell, *sizes, dtype, scale)
    place = network.layout(cell, params)
    step = network.objective(cell, params, *sizes[2:])
    other = rebuild(params, {k: -a for k, a in flatten(params).items()})
    for p, x_t, y_t in (
        (params, x[0], y[0]),
        (other, y[0], x[0]),
        (params, x[1], y[1]),
    ):
        expected = network.loss_and_gradients(cell, p, x_t, y_t, state)
        loss, gradient, after = step(place.vector(p), x_t, y_t, state)
        close(loss, expected[0], dtype, "loss")
        same(place.tree(gradient), expected[1], dtype)
        same(after, expected[2], dtype)
        copies = {k: a.copy() for k, a in flatten(after).items()}
        state = rebuild(state, copies)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("cell", CELLS)
def test_the_step_is_the_readable_one(cell, sizes, dtype):
    check(CELLS[cell], sizes, dtype)


@pytest.mark.parametrize("B", [1, 3])
@pytest.mark.parametrize("cell", CELLS)
def test_in_parts_of_any_length(cell, B, monkeypatch):
    for steps in (1, 2, 4, 9):
        monkeypatch.setattr(gated, "CHUNK", steps * 5 * 8 * B)
        check(CELLS[cell], (7, 5, 9, B))


@pytest.mark.parametrize("cell", CELLS)
def test_gates_that_are_closed_or_open_to_the_last_bit(cell):
    """exp(-s) overflows in a closed gate, whose value is then zero."""
    with np.errstate(over="ignore"):
        check(CELLS[cell], (7, 5, 4, 2), scale=3000.0)
        sizes = 7, 5, 4, 2
        params, x, y, state = problem(CELLS[cell], *sizes, np.float32, 300.0)
        vector = network.layout(CELLS[cell], params).vector(params)
        step = network.objective(CELLS[cell], params, *sizes[2:])
        loss, gradient, _ = step(vector, x[0], y[0], state)
    expected = network.loss_and_gradients(CELLS[cell], params, x[0], y[0], state)[0]
    assert np.isclose(loss, expected, rtol=1e-3) and np.isfinite(gradient).all()


@pytest.mark.parametrize("B", [1, 3])
@pytest.mark.parametrize("cell", CELLS)
def test_the_gradients_are_slopes(cell, B):
    """Against differences of the readable loss, along one direction for each array."""
    params, x, y, state = problem(CELLS[cell], 4, 3, 5, B)
    place = network.layout(CELLS[cell], params)
    step = network.objective(CELLS[cell], params, 5, B)
    found = flatten(place.tree(step(place.vector(params), x[0], y[0], state)[1]))
    flat, rng = flatten(params), np.random.default_rng(1)
    for name, array in flat.items():
        u = rng.standard_normal(array.shape)

        def loss(e, name=name, array=array, u=u):
            moved = rebuild(params, flat | {name: array + e * u})
            z = readout.forward(CELLS[cell], moved, x[0], state=state).z
            z = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
            return -np.take_along_axis(z, y[0][..., None], -1).sum() / B

        slope = (loss(1e-5) - loss(-1e-5)) / 2e-5
        assert np.isclose((found[name] * u).sum(), slope, rtol=1e-6, atol=1e-8), name


@pytest.mark.parametrize("cell", CELLS)
def test_what_is_refused(cell):
    params, x, y, state = problem(CELLS[cell], 7, 5, 4, 3)
    step = network.objective(CELLS[cell], params, 4, 3)
    vector = network.layout(CELLS[cell], params).vector(params)
    for message, args in (
        ("x: expected shape", (x[0, :, :2], y[0])),
        ("x: expected integers from 0 to 6", (x[0] + 7, y[0])),
        ("x: expected an integer", (x[0] * 1.0, y[0])),
        ("y: expected shape", (x[0], y[0, :2])),
        ("y: expected integers from 0 to 6", (x[0], y[0] - 7)),
    ):
        with pytest.raises(ValueError, match=message):
            step(vector, *args, state)
    with pytest.raises(ValueError, match="T: expected an integer"):
        network.objective(CELLS[cell], params, 0, 3)
    vector[-1 - 5 * (cell == "gru")] = np.nan
    with pytest.raises(FloatingPointError, match="loss"):
        step(vector, x[0], y[0], state)


def test_the_caller_keeps_what_he_gave():
    for cell in CELLS.values():
        params, x, y, state = problem(cell, 7, 5, 4, 3)
        vector = network.layout(cell, params).vector(params)
        given = [vector, x, y, *flatten(state).values()]
        before = [a.copy() for a in given]
        network.objective(cell, params, 4, 3)(vector, x[0], y[0], state)
        assert all(map(np.array_equal, given, before))


FAST = "rnnlib.char.fast"


def after(change):
    """The right method, and then something done to the workspace."""

    def make(right):
        def wrong(self, *args):
            found = right(self, *args)
            change(self)
            return found

        return wrong

    return make


def scaled(name, factor):
    """An array of the workspace times a factor."""

    def change(work):
        array = getattr(work, name)
        array *= factor

    return change


def lstm_check():
    check(lstm, (7, 5, 4, 3))
    return True


def gru_check():
    check(gru, (7, 5, 4, 3))
    return True


LSTM, GRU = f"{FAST}.lstm.LSTMWorkspace", f"{FAST}.gru.GRUWorkspace"
GATED = f"{FAST}.gated.GatedWorkspace"
MUTANTS = [
    *(
        Mutant(name, place, wrong, lstm_check)
        for name, place, wrong in (
            ("state forgotten", f"{LSTM}.begin", after(lambda w: w.h[0].fill(0))),
            ("cell forgotten", f"{LSTM}.begin", after(lambda w: w.c[0].fill(0))),
            ("c for h", f"{LSTM}.state", lambda right: lambda w: (w.c[-1], w.h[-1])),
            (
                "an older state",
                f"{LSTM}.state",
                lambda right: lambda w: (w.h[-2], w.c[-2]),
            ),
            ("last input lost", f"{GATED}._take", after(lambda w: w.a[-1].fill(0))),
            (
                "logits of the state before",
                f"{LSTM}.forward",
                after(lambda w: w.h.__setitem__(-1, w.h[-2])),
            ),
            (
                "a symbol forgotten",
                f"{GATED}.add_inputs",
                lambda right: lambda w, index, d: right(w, index[:-1], d[:-1]),
            ),
            (
                "inputs counted twice",
                f"{GATED}.add_inputs",
                after(lambda w: w.d_W_xh_T.__imul__(2)),
            ),
            ("gradient turned", f"{LSTM}.backward", after(scaled("dA", -1))),
            (
                "an old copy of W_hh",
                f"{GATED}._set_recur_back",
                lambda right: (
                    lambda w, W: right(w, W) if w.recur_back is None else None
                ),
            ),
        )
    ),
    *(
        Mutant(name, place, wrong, gru_check)
        for name, place, wrong in (
            ("state forgotten", f"{GRU}.begin", after(lambda w: w.h[0].fill(0))),
            ("an older state", f"{GRU}.state", lambda right: lambda w: w.h[-2]),
            ("b_m without slope", f"{GRU}.backward", after(scaled("rest", 0))),
            (
                "b_n has the slope of b_m",
                f"{GRU}.backward",
                after(lambda w: w.dA[w.d_x].__setitem__(slice(-w.d, None), w.rest)),
            ),
        )
    ),
]


@each(MUTANTS)
def test_mistakes_are_caught(mutant):
    assert not fails(mutant.expected)
    with planted(mutant):
        assert fails(mutant.expected)
