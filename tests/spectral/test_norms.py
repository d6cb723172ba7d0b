"""Norms of dh_T/dh_t: accurate, in whatever range, and never a false zero."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import rnnlib
from rnnlib.spectral import (
    Jacobians,
    jacobians,
    log_gradient_norms,
    log_product_norms,
    norms,
)
from tests.spectral.checks import exact_log_norms, log_norms_by_svd

ENTRIES = st.sampled_from([0.0, 1.0, -1.0, 0.5, 3.0, 1e-160, -1e-250, 1e200, 2e-308])


def log_norms_by_scaled_svd(J):
    """An SVD for each t, the product divided by its largest entry; J (T, d, d)."""
    P, scale, logs = np.eye(J.shape[-1]), 0.0, [0.0]
    for J_t in J[::-1]:
        P = P @ J_t
        top = np.abs(P).max()
        P, scale = P / top, scale + np.log(top)
        logs.append(scale + np.log(np.linalg.svd(P, compute_uv=False)[0]))
    return np.array(logs[::-1])


def orthogonal(rng, d):
    """A random orthogonal matrix."""
    return np.linalg.qr(rng.standard_normal((d, d)))[0]


def large_network(phi, gain, kind):
    """A trace of 60 steps with 64 units."""
    rng = np.random.default_rng(5)
    params = rnnlib.init_params(3, 64, 1, rng=rng)
    if kind == "orthogonal":
        params = params._replace(W_hh=orthogonal(rng, 64))
    params = params._replace(W_hh=gain * params.W_hh)
    return params, rnnlib.forward(params, rng.standard_normal((60, 2, 3)), phi=phi)


@pytest.mark.parametrize("kind", ["normal", "orthogonal"])
@pytest.mark.parametrize("gain", [0.3, 1.0, 2.0])
@pytest.mark.parametrize("phi", ["tanh", "relu", "logistic", "identity"])
def test_large_networks_agree_with_svd(phi, gain, kind):
    params, trace = large_network(phi, gain, kind)
    logs = log_gradient_norms(params, trace)
    dense = jacobians(params, trace).dense()
    for b in range(2):
        expected = log_norms_by_scaled_svd(dense[:, b])
        assert np.abs(logs[:, b] - expected).max() < 1e-8


def test_power_iteration_replaces_nearly_all_decompositions(monkeypatch):
    params, trace = large_network("tanh", 1.0, "normal")
    calls, all_of_them = [], norms._largest
    monkeypatch.setattr(norms, "_largest", lambda Q: calls.append(1) or all_of_them(Q))
    log_gradient_norms(params, trace)
    assert len(calls) < 0.1 * trace.s.shape[0] * trace.s.shape[1]


@pytest.mark.parametrize("gap", [0.5, 1e-2, 1e-4, 1e-6, 1e-9, 0.0])
@pytest.mark.parametrize("rest", [0.0, 0.5, 0.999, 1.0])
def test_near_and_misleading_singular_values(gap, rest):
    """Even from singular vectors that leave out the first the value is found."""
    rng, d = np.random.default_rng(1), 50
    U, V = orthogonal(rng, d), orthogonal(rng, d)
    sigma = np.full(d, rest * (1 - gap))
    sigma[:2] = 1, 1 - gap
    for start in (U[:, 1:9], U[:, -8:], U[:, :8], orthogonal(rng, d)[:, :8]):
        found, _ = norms._norm(U * sigma @ V.T, start.T)
        assert abs(found - 1) < 1e-8


def test_a_start_outside_the_range_is_replaced():
    Q = np.zeros((50, 50))
    Q[3, 4] = 2.0
    for start in (np.eye(50)[4:12], np.zeros((8, 50))):
        assert norms._norm(Q, start)[0] == pytest.approx(2, rel=1e-8)


def test_a_certificate_is_not_given_without_convergence():
    """A start that holds the second value exactly must not be taken for the first."""
    sigma = np.zeros(50)
    sigma[:3] = 1, 1 - 1e-7, 1e-3
    found, _ = norms._norm(np.diag(sigma), np.eye(50)[1:9])
    assert abs(found - 1) < 1e-8


@pytest.mark.parametrize("seed", range(30))
def test_the_bound_on_what_is_missed(seed):
    """_excess is never less than what the Ritz value misses, converged or not."""
    rng = np.random.default_rng(seed)
    Q = rng.standard_normal((12, 12)) * np.exp(-rng.random() * np.arange(12))
    G = Q @ Q.T
    for _ in range(20):
        V = orthogonal(rng, 12)[:, :4].T
        for _ in range(rng.integers(0, 5)):
            V = np.linalg.qr(G @ V.T)[0].T
        theta, Y = np.linalg.eigh(V @ G @ V.T)
        theta, V = theta[::-1], Y[:, ::-1].T @ V
        residuals = np.square(V @ G - theta[:, None] * V).sum(axis=1)
        rest = G.trace() - theta.sum()
        missed = np.linalg.norm(Q, 2) / np.sqrt(theta[0]) - 1
        bound = norms._excess(theta.tolist(), residuals.tolist(), rest)
        assert missed <= bound * (1 + 1e-9) + 1e-14


@pytest.mark.parametrize("d", [1, 3, 45])
@pytest.mark.parametrize("entry", [1e-300, 1e-3, 0.5, 2.0, 1e3, 1e300])
def test_no_length_overflows_or_underflows(d, entry):
    T = 500 if d < 45 else 40
    logs = log_product_norms(np.broadcast_to(entry * np.eye(d), (T, d, d)))[:, 0]
    expected = np.arange(T, -1, -1) * np.log(entry)
    assert np.allclose(logs, expected, rtol=1e-12, atol=0)


def test_a_zero_product_is_minus_infinity_and_an_underflow_is_not():
    W = np.array([[1.0, 0.0], [1.0, 0.1]])
    steps = np.repeat(W[None], 401, axis=0)
    steps[0] = np.diag([0.0, 1.0]) @ W  # leaves 0.1^400 of what had an entry of one
    logs = log_product_norms(steps)[:, 0]
    expected = 400 * np.log(0.1) + np.log(1.01) / 2
    assert logs[0] == pytest.approx(expected, rel=1e-12) and logs[1] > 0
    steps[0] = 0
    assert log_product_norms(steps)[0, 0] == -np.inf
    assert np.isfinite(log_product_norms(steps)[1:]).all()


def test_a_nilpotent_product_is_zero_from_its_index_on():
    N = np.array([[2.0, 4.0], [-1.0, -2.0]])
    logs = log_product_norms(np.repeat(N[None], 4, axis=0))[:, 0]
    assert list(logs[:3]) == [-np.inf] * 3 and logs[3] == pytest.approx(np.log(5))


@given(arrays(np.float64, (5, 2, 2), elements=ENTRIES))
def test_extreme_entries_agree_with_exact_arithmetic(J):
    """Entries whose products leave the floats. Sums of two terms, so that a
    cancellation is either exact or not there.
    """
    logs, exact = log_product_norms(J)[:, 0], exact_log_norms(J)
    assert (np.isinf(logs) == np.isinf(exact)).all()
    finite = np.isfinite(exact)
    assert np.allclose(logs[finite], exact[finite], rtol=1e-12, atol=1e-9)


def test_one_extreme_sequence_leaves_the_others_as_they_are():
    rng = np.random.default_rng(2)
    J = rng.standard_normal((6, 3, 3, 3))
    alone = log_product_norms(J)
    extreme = J.copy()
    extreme[:, 1] *= 1e-290
    both = log_product_norms(extreme)
    assert np.array_equal(both[:, [0, 2]], alone[:, [0, 2]])
    lags = np.arange(6, -1, -1)
    assert np.allclose(both[:, 1], alone[:, 1] + lags * np.log(1e-290), rtol=1e-13)


def test_factors_and_matrices_give_the_same():
    rng = np.random.default_rng(4)
    J = Jacobians(rng.random((9, 2, 5)), rng.standard_normal((5, 5)))
    logs = log_product_norms(J)
    assert np.allclose(log_product_norms(J.dense()), logs, rtol=1e-13, atol=1e-13)
    assert np.allclose(log_norms_by_svd(J.dense()), logs, rtol=1e-13, atol=1e-13)


def test_tiny_factors_are_multiplied_without_underflow():
    J = Jacobians(np.full((3, 1, 2), 1e-200), 1e-200 * np.eye(2))
    assert log_product_norms(J)[0, 0] == pytest.approx(1200 * -np.log(10), rel=1e-12)


@pytest.mark.parametrize(
    ("J", "message"),
    [
        (np.zeros((3, 2)), r"J: expected shape \(T, d, d\)"),
        (np.zeros((3, 2, 3)), r"J: expected shape \(T, d, d\)"),
        (np.zeros((3, 0, 0)), "no size zero"),
        (np.full((1, 2, 2), np.nan), "J: expected finite numbers, got 4"),
        (np.zeros((3, 2, 2), int), "J: expected a floating NumPy array, got int64"),
        (np.zeros((3, 2, 2), complex), "J: expected real numbers, got complex128"),
        (Jacobians(np.zeros((3, 2)), np.eye(2)), "phi_prime: expected shape"),
        (Jacobians(np.zeros((3, 1, 2)), np.eye(3)), "W_hh: expected shape"),
        (
            Jacobians(np.zeros((3, 1, 2)), np.eye(2), np.ones((1, 3), bool)),
            "mask: expected shape",
        ),
    ],
)
def test_bad_matrices(J, message):
    with pytest.raises(ValueError, match=message):
        log_product_norms(J)


def refused(*arguments):
    raise AssertionError("not to be called")


def test_a_value_that_stands_out_is_found_without_a_decomposition(monkeypatch):
    """Although all others together are larger: by its share of the squares."""
    rng = np.random.default_rng(0)
    left, right, values = orthogonal(rng, 300), orthogonal(rng, 300), np.ones(300)
    monkeypatch.setattr(norms, "_largest", refused)
    values[7] = 10.0
    for scale in (1.0, 1e-3):
        found, U = norms._norm(scale * (left * values @ right), None)
        assert found == pytest.approx(10.0 * scale, rel=1e-8)
        assert abs(U[0] @ left[:, 7]) > 0.999 * scale**2
    values[7] = 1.5
    with pytest.raises(AssertionError, match="not to be called"):
        norms._norm(left * values @ right, None)


def test_an_svd_finds_the_norms_of_small_products_and_no_others(monkeypatch):
    J = np.random.default_rng(0).standard_normal((2, 3, 40, 40))
    monkeypatch.setattr(norms, "_norm", refused)
    assert np.isfinite(log_product_norms(J)).all()
    with pytest.raises(AssertionError, match="not to be called"):
        log_product_norms(np.ones((1, 41, 41)))


def test_a_large_product_that_is_zero_or_has_one_value():
    J = np.stack([np.zeros((45, 45)), 3 * np.eye(45)])[:, None]
    logs = log_product_norms(J)[:, 0]
    assert logs[0] == -np.inf and logs[1:] == pytest.approx([np.log(3), 0], rel=1e-15)
    assert norms._norm(np.zeros((50, 50)), np.eye(50)[:8]) == (0.0, None)
    assert norms._norm(3 * np.eye(50), None) == (3.0, None)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_what_eight_vectors_hold_is_found_at_once(monkeypatch, scale):
    """Values near one another, from any start, without a decomposition."""
    monkeypatch.setattr(norms, "_largest", refused)
    monkeypatch.setattr(norms, "TRIES", 1)
    monkeypatch.setattr(norms, "_square_of_frobenius_norm", refused)
    rng = np.random.default_rng(3)
    left, right = orthogonal(rng, 50)[:, :8], orthogonal(rng, 50)[:8]
    values = scale * (1 - 0.01 * np.arange(8))
    Q = left * values @ right
    for start in (None, orthogonal(rng, 50)[:8]):
        found, U = norms._norm(Q, start)
        assert found == pytest.approx(scale, rel=1e-12, abs=0)
        assert np.allclose(np.abs(U @ left), np.diag(values**2), atol=1e-9 * scale**2)
    found, U = norms._norm(Q, U)
    assert found == pytest.approx(scale, rel=1e-12, abs=0)


@pytest.mark.parametrize("seed", range(5))
def test_the_bound_on_what_is_missed_is_that_of_its_derivation(seed):
    rng = np.random.default_rng(seed)
    theta = np.sort(rng.uniform(0.5, 2, 4))[::-1] + np.array([2, 0, 0, 0])
    residuals, rest = rng.uniform(0, 0.02, 4), rng.uniform(0, 1)
    r, found = np.sqrt(residuals.sum()), []
    for j in (1, 2, 3):
        nu = np.linalg.eigvalsh([[theta[j], r], [r, rest]])[-1]
        found.append(residuals[:j].sum() / (theta[0] - nu))
    wanted = min(found) / (2 * theta[0])
    bound = norms._excess(theta.tolist(), residuals.tolist(), rest)
    assert bound == pytest.approx(wanted, rel=1e-12, abs=0)
    assert found.index(min(found)) == 0
    near = [1.0, 0.999, 0.1, 0.05]  # the second too near: better with all together
    bound = norms._excess(near, [1e-9, 1e-9, 0.0, 0.0], 0.0)
    assert bound == pytest.approx(2e-9 / 0.95 / 2, rel=1e-6, abs=0)


def test_nothing_is_said_where_no_gap_is_left():
    for rest in (0.0, 1.0, 2.0):
        assert norms._excess([1.0, 1.0], [0.0, 0.0], rest) == np.inf
    assert norms._excess([1.0, 0.5], [1e-9, 0.0], 1.0) == np.inf
    assert norms._excess([1.0], [1e-9], 0.0) == np.inf


@pytest.mark.parametrize("d", [2, 64])
def test_squares_of_frobenius_norms_from_above(d):
    eps = np.finfo(np.float32).eps
    allowed = 1 + 4 * d * eps
    assert norms._square_of_frobenius_norm(3 * np.eye(d)) == 81 * d * allowed
    rng = np.random.default_rng(d)
    for _ in range(20):
        Q = rng.standard_normal((d, d))
        exact = np.linalg.norm(Q @ Q.T) ** 2
        assert exact < norms._square_of_frobenius_norm(Q) < exact * (1 + 8 * d * eps)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_one_common_value_and_when_it_is_none(scale):
    """Squares within 2e-9 of the first, relatively."""

    def found(*squares, turn=None):
        Q = np.diag(np.sqrt(np.array(squares)))
        return norms._common_value(scale * (Q if turn is None else turn @ Q))

    near = 1 + 1e-9
    for squares in ((1, near, near, near), (1, 2 - near, near, 1), (1, 1 + 1.9e-9)):
        assert found(*squares) == pytest.approx(scale, rel=1e-15, abs=0)
    for squares in ((1, 1 + 2.5e-9), (1, 1 - 2.5e-9), (1, 0.5, 1), (1, 1.5, 1), (0, 1)):
        assert found(*squares) is None
    turn = np.array([[0.6, -0.8], [0.8, 0.6]])
    assert found(1, 1, turn=turn) == pytest.approx(scale, rel=1e-14, abs=0)
    assert found(0.5, 1.5, turn=np.array([[1, -1], [1, 1]]) / np.sqrt(2)) is None
    lean = np.array([[1.0, 0.0], [1e-8, 1.0]])  # what is off lies beside the diagonal
    assert norms._common_value(scale * lean) is None


def test_all_eigenvalues_give_the_largest_value():
    Q = np.array([[3.0, 0.0, 4.0], [0.0, 1.0, 0.0], [0.0, 2.0, 0.0]])
    assert norms._largest(Q) == pytest.approx(5, rel=1e-15)
    assert norms._largest(np.ones((1, 1))) == 1


def test_the_trace_is_enough_where_the_others_together_are_smaller(monkeypatch):
    monkeypatch.setattr(norms, "_largest", refused)
    monkeypatch.setattr(norms, "_square_of_frobenius_norm", refused)
    rng, values = np.random.default_rng(3), np.full(100, 0.08)
    values[5] = 1.0  # and the squares of 91 others are 0.58
    found, _ = norms._norm(orthogonal(rng, 100) * values @ orthogonal(rng, 100), None)
    assert found == pytest.approx(1, rel=1e-9)


@pytest.mark.parametrize(
    ("square", "given_up"), [(1.5, True), (15.0, True), (24.0, False), (100.0, False)]
)
def test_values_are_given_up_at_once_where_none_stands_out(
    monkeypatch, square, given_up
):
    """The ratios of 300 ||G||_F^2 to the squared trace are 1.0, 1.6, 2.5 and 19."""

    def judged(*arguments):
        raise AssertionError("judged")

    monkeypatch.setattr(norms, "_largest", refused)
    monkeypatch.setattr(norms, "_excess", judged)
    values = np.ones(300)
    values[7] = np.sqrt(square)
    message = "not to be called" if given_up else "judged"
    with pytest.raises(AssertionError, match=message):
        norms._norm(np.diag(values), None)
