"""Any dtype and layout of the arrays: precision is kept, and memory order is free."""

import itertools

import numpy as np
import pytest
from hypothesis import given

import rnnlib
from rnnlib.layers.readout import TOPOLOGIES
from tests.support import cases
from tests.support.strategies import assert_same_gradients, runs

PAIRS = list(itertools.combinations(cases.PARAMETERS, 2))


def all_arrays(loss, gradients, trace):
    """Everything floating that a user gets."""
    x = [] if gradients.x is None else [gradients.x]
    return [loss, *gradients.params, gradients.h_0, *x, trace.s, trace.h, trace.z]


def cast(array, dtype):
    """Floating arrays in another precision; integers, booleans and None as they are."""
    floating = isinstance(array, np.ndarray) and array.dtype.kind == "f"
    return array.astype(dtype) if floating else array


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("case", cases.CASES, ids=str)
def test_precision_is_kept(case, dtype):
    """From the inputs to the loss, the trace and every gradient."""
    for state in cases.STATES:
        problem = cases.problem(case._replace(state=state))
        v = {n: cast(a, dtype) for n, a in problem.variables.items()}
        h_0 = v["h_0"] if problem.h_0_given else None
        x, y = v.get("x", problem.x), cast(problem.y, dtype)
        loss, gradients = rnnlib.loss_and_gradients(
            problem.params(v), x, y, h_0=h_0, **problem.options
        )
        arrays = all_arrays(loss, gradients, problem.trace(v))
        assert {a.dtype for a in arrays} == {np.dtype(dtype)}
        _, exact = problem.loss_and_gradients()
        for name, gradient in gradients.params._asdict().items():
            error = np.abs(gradient - exact[name]).max() / np.abs(exact[name]).max()
            assert error < 2000 * np.finfo(dtype).eps


LAYOUTS = {
    "Fortran": np.asfortranarray,
    "reversed": lambda a: np.ascontiguousarray(a[..., ::-1])[..., ::-1],
    "strided": lambda a: np.repeat(a, 2, axis=0)[::2],
    "read-only": lambda a: read_only(a),
}


def read_only(a):
    """A copy that refuses to be written."""
    a = a.copy()
    a.flags.writeable = False
    return a


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
@given(run=runs())
def test_layout_does_not_matter(layout, run):
    loss, gradients = run()
    options = {
        k: layout(v) if isinstance(v, np.ndarray) else v for k, v in run.options.items()
    }
    other = run._replace(
        params=rnnlib.Params(*map(layout, run.params)),
        x=layout(run.x),
        y=layout(run.y),
        options=options,
    )
    other_loss, others = other()
    np.testing.assert_allclose(loss, other_loss, rtol=1e-12)
    assert_same_gradients(gradients, others)


@pytest.mark.parametrize("topology", TOPOLOGIES)
@pytest.mark.parametrize("names", PAIRS, ids="-".join)
def test_real_and_complex_parameters_mix(names, topology):
    """A complex step in one or two parameters needs no cast of the others."""
    rng = np.random.default_rng(0)
    params = rnnlib.init_params(2, 3, 4, rng=rng)
    x = rng.standard_normal((5, 2, 2))
    y = rng.integers(0, 4, (5, 2) if topology == "many-to-many" else (2,))
    _, gradients = rnnlib.loss_and_gradients(params, x, y, topology=topology)
    direction = {n: rng.standard_normal(getattr(params, n).shape) for n in names}

    def loss(some):
        moved = params._replace(**some)
        return rnnlib.loss_and_gradients(moved, x, y, topology=topology)[0]

    measured = rnnlib.complex_step(
        loss, {n: getattr(params, n) for n in names}, direction
    )
    wanted = sum((getattr(gradients.params, n) * direction[n]).sum() for n in names)
    np.testing.assert_allclose(measured, wanted, rtol=1e-12)


@pytest.mark.parametrize("B", [1, 1000])
def test_long_and_wide_runs(B):
    """Nothing grows but the arrays: 1000 steps, or 1000 sequences."""
    rng = np.random.default_rng(0)
    T = 1000 // B + 1
    params = rnnlib.init_params(3, 4, 5, rng=rng)
    x, y = rng.integers(0, 3, (T, B)), rng.integers(0, 5, (T, B))
    loss, gradients = rnnlib.loss_and_gradients(params, x, y)
    assert np.isfinite(loss)
    assert all(np.isfinite(a).all() for a in gradients.params)
