"""Quantities have the shapes of the arrays of rnnlib, and names with steps."""

import numpy as np
import pytest
import sympy as sp

import rnnlib
from rnnlib.symbolic import PARAMETERS, quantity
from rnnlib.symbolic.quantities import (
    ARRAYS,
    BOOK,
    DERIVATIVES,
    MEANINGS,
    SHAPES,
    K,
    axes,
    d_h,
    d_x,
    moved,
)

SIZES = {d_x: 2, d_h: 3, K: 5}


def test_shapes_are_those_of_the_arrays():
    T, B = 8, 7
    rng = np.random.default_rng(0)
    params = rnnlib.init_params(2, 3, 5, rng=rng)
    x, y = rng.standard_normal((T, B, 2)), rng.standard_normal((T, B, 5))
    trace = rnnlib.forward(params, x)
    _, delta_z = rnnlib.half_squared_error(trace.z, y)
    g, delta_s = rnnlib.adjoints(params, trace, delta_z)
    p = rnnlib.softmax(trace.z)
    arrays = {"x": x, "s": trace.s, "h": trace.h, "z": trace.z, "p": p, "y": y}
    arrays |= {"delta_z": delta_z, "g": g, "delta_s": delta_s}
    numbers = {n: tuple(s.subs(SIZES) for s in shape) for n, shape in SHAPES.items()}
    assert numbers.keys() == arrays.keys() | set(PARAMETERS)
    for name, array in arrays.items():
        assert numbers[name] == (array.shape[2], 1)
    for name, array in params._asdict().items():
        assert numbers[name] == (*array.shape, 1)[:2]
    letter = {2: "d_x", 3: "d_h", 5: "K", T: "T", T + 1: "T+1", B: "B"}
    assert MEANINGS.keys() == numbers.keys()
    for name, array in (arrays | params._asdict()).items():
        assert axes(name) == [letter[n] for n in array.shape]


def test_the_names_of_arrays_lead_to_the_arrays():
    params = rnnlib.init_params(2, 3, 5, rng=np.random.default_rng(0))
    trace = rnnlib.forward(params, np.zeros((4, 7, 2)))
    sizes = {"d_x": 2, "d_h": 3, "K": 5, "T": 4, "T+1": 5, "B": 7}
    named = {"params": params, "trace": trace, "softmax": rnnlib.softmax, "z": trace.z}
    assert ARRAYS.keys() <= SHAPES.keys()
    for name, code in ARRAYS.items():
        assert eval(code, named).shape == tuple(sizes[n] for n in axes(name))


def test_a_gradient_has_the_shape_of_what_it_is_the_gradient_of():
    for name in PARAMETERS:
        assert DERIVATIVES[f"d_{name}"] == SHAPES[name]
    assert DERIVATIVES["d_h"] == SHAPES["h"]


def test_names_and_steps():
    q = quantity("delta_s", "t+1")
    assert (q.base, q.time, q.name) == ("delta_s", "t+1", "delta_s[t+1]")
    assert q.shape == (d_h, 1) and isinstance(q, sp.MatrixSymbol)
    assert (quantity("W_hy").base, quantity("W_hy").time) == ("W_hy", "")
    assert quantity("h", "t") == quantity("h", "t") != quantity("h", "t-1")


@pytest.mark.parametrize(
    ("name", "step", "latex"),
    [
        ("W_hh", "", "W_{hh}"),
        ("h", "t-1", "h_{t-1}"),
        ("delta_z", "T", r"\delta^{(z)}_{T}"),
        ("J", "t", "J_{t}"),
        ("d_b_y", "", r"\frac{d \mathcal{L}}{d b_{y}}"),
        ("d_h", "0", r"\frac{d \mathcal{L}}{d h_{0}}"),
        ("J_s", "t", r"\frac{d s_{t}}{d s_{t-1}}"),
        ("J_tk", "t,k", r"\frac{d h_{t}}{d h_{k}}"),
        ("ell_h", "t", r"\frac{\partial^{+} \ell_{t}}{\partial h_{t}}"),
    ],
)
def test_latex(name, step, latex):
    assert sp.latex(quantity(name, step)) == latex


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("W", ""), "base: expected one of W_xh, .*, got 'W'"),
        (("W_hh", "t"), "time: expected no step for W_hh, got 't'"),
        (("h", ""), "time: expected a step for h, got ''"),
        (("d_W_hh", "t"), "time: expected no step for d_W_hh"),
        (("J", ""), "time: expected a step for J"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        quantity(*arguments)


@pytest.mark.parametrize(
    ("step", "steps", "by", "expected"),
    [
        ("t", None, -1, "t-1"),
        ("t-1", None, 1, "t"),
        ("t+1", {"t": 4}, 0, "5"),
        ("0", None, 1, "1"),
        ("T", {"T": "t"}, -2, "t-2"),
    ],
)
def test_steps_are_moved(step, steps, by, expected):
    assert moved(step, steps, by) == expected


def test_every_quantity_has_a_symbol():
    functions = {"phi", "dphi", "loss", "ell"}
    assert BOOK.keys() == SHAPES.keys() | functions
