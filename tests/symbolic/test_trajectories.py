"""Jacobians of the machine: as numbers, as blocks, and in the spectral part."""

import numpy as np
import pytest

import rnnlib
from rnnlib.spectral import jacobians, log_product_norms, norm_bound
from rnnlib.symbolic import derive
from rnnlib.symbolic.derivation import expressions as ex
from rnnlib.symbolic.derivation.evaluation import Evaluator
from tests.symbolic.cells import CELLS


def derived(name):
    """The derivation of a cell of the literature."""
    cell = CELLS[name]
    return derive(cell.text, cell.sizes, **cell.options)


def measured(d, point):
    """d(all states after one step)/d(all states before), by complex steps."""
    rows = [(n, k) for n in d.recursion.states for k in range(d.program.lags[n])]
    columns = []
    for name, k in rows:
        at = point.initial[name, -k]
        for index in np.ndindex(at.shape):
            moved = at.astype(complex)
            moved[index] += 1e-30j
            evaluator = Evaluator(d.recursion, point.moved({(name, -k): moved}))
            values = evaluator.forward()
            ends = [values[n, 1 - j] for n, j in rows]
            columns.append(np.concatenate([e.imag.ravel() / 1e-30 for e in ends]))
    return np.array(columns).T


MATRIX_STATES = {"mlstm_matrix"}


@pytest.mark.parametrize("name", [n for n in CELLS if n not in MATRIX_STATES])
def test_the_block_jacobian_agrees_with_the_complex_step(name):
    d = derived(name)
    point = d.point(np.random.default_rng(1), T=1, d=3)
    found = d.jacobians(point)
    assert np.abs(found[0, 0] - measured(d, point)).max() < 1e-12
    assert np.linalg.norm(found[0, 0], 2) <= d.norm_bounds(point)[0] * (1 + 1e-12)


def test_a_state_that_is_a_matrix_has_no_block():
    with pytest.raises(ValueError, match="jacobian: expected columns, C is a matrix"):
        derived("mlstm_matrix").jacobian(total=True)


def test_the_spectral_part_agrees_and_its_bound_holds():
    d = derived("elman")
    point = d.point(np.random.default_rng(2), T=6, d=3)
    p = {n: a for n, a in point.parameters.items()}
    params = rnnlib.Params(
        p["W_xh"], p["W_hh"], p["b_h"][:, 0], np.zeros((1, 3)), np.zeros(1)
    )
    x = np.array([point.inputs["x", t].T for t in range(1, 7)])
    trace = rnnlib.forward(params, x, h_0=point.initial["h", 0].T)
    theirs = jacobians(params, trace)
    ours = d.jacobians(point)
    np.testing.assert_allclose(ours, theirs.dense(), rtol=0, atol=1e-12)
    assert (
        log_product_norms(ours)[0]
        <= norm_bound(params.W_hh, theirs.phi_prime, 1.0).log_value
    )
    by_terms = np.linalg.norm(params.W_hh, 2) * theirs.phi_prime.max(axis=(1, 2))
    np.testing.assert_allclose(d.norm_bounds(point), by_terms, rtol=1e-12)


def test_the_bound_by_terms_can_be_attained_and_is_no_smaller():
    d = derived("lru_real")
    point = d.point(np.random.default_rng(3), T=5, d=4)
    ours = d.jacobians(point)
    sizes = np.linalg.norm(ours[:, 0], 2, axis=(1, 2))
    np.testing.assert_allclose(d.norm_bounds(point), sizes, rtol=1e-12)
    rate = np.exp(-np.exp(point.parameters["nu"])).max()
    assert np.isclose(log_product_norms(ours)[0], 5 * np.log(rate), rtol=1e-12)


@pytest.mark.parametrize("name", ["vanilla", "gru_before", "mgu", "indrnn", "mingru"])
def test_the_unrolled_adjoint_has_the_transposed_jacobians(name):
    d = derived(name)
    point = d.point(np.random.default_rng(4), T=5, d=2)
    evaluator = Evaluator(d.recursion, point)
    adjoints = evaluator.backward()
    J = d.jacobians(point)[:, 0]
    for steps in (1, 2, 3):
        right = d.unrolled(steps=steps).right
        g = evaluator.of(right, 1)
        assert np.abs(g - adjoints["h", 1]).max() < 1e-12
        last = ex.Adjoint((), d.program.shapes["h"], "h", steps)
        rest = ex.mapped(right, lambda n, a=last: ex.zero(a.shape) if n == a else n)
        product = np.eye(2)
        for t in range(1, steps + 1):
            product = J[t] @ product
        carried = product.T @ adjoints["h", 1 + steps]
        assert np.abs(evaluator.of(rest, 1) + carried - g).max() < 1e-12


def test_what_cannot_be_unrolled_is_refused():
    for name in ("lstm", "skip"):
        with pytest.raises(ValueError, match="name: . carries adjoints besides"):
            derived(name).unrolled()
    with pytest.raises(ValueError, match="name: expected one of h"):
        derived("elman").unrolled("s")


def test_one_unit_softmax_is_constant():
    """One probability is 1: nothing is sent back, and the proof says so."""
    d = derived("softmax_state")
    assert d.prove_every_size() and d.prove(T=2, d=1)
    point = d.point(np.random.default_rng(0), T=3, d=1)
    adjoints = Evaluator(d.recursion, point).backward()
    for t in (1, 2, 3):
        assert np.abs(adjoints["s_p", t]).max() < 1e-15
        assert np.abs(adjoints["h", t]).max() < np.inf
    assert d.check(np.random.default_rng(0), T=2, d=1)
