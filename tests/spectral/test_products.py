"""Products of Jacobians: order, range and messages. See checks.py for their values."""

import numpy as np
import pytest

import rnnlib
from rnnlib.spectral import jacobian_product, jacobians, log_product_norms
from rnnlib.spectral.jacobians import DenseJacobians, Jacobians
from rnnlib.spectral.products import running_products
from tests.spectral.checks import network
from tests.support.refusals import refuses


def test_the_latest_stands_on_the_left():
    A, B = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[0.0, 1.0], [1.0, 1.0]])
    assert np.array_equal(jacobian_product(np.array([A, B]), 2, 0)[0], B @ A)
    assert not np.array_equal(B @ A, A @ B)


def test_the_empty_product_is_the_identity():
    J = np.ones((3, 4, 2, 2))
    for t in range(4):
        assert np.array_equal(jacobian_product(J, t, t), np.tile(np.eye(2), (4, 1, 1)))


def test_matrices_of_a_trace():
    params, x, options = network(masked=True)
    trace = rnnlib.forward(params, x, **options)
    J = jacobians(params, trace).dense()
    for t, b in np.ndindex(J.shape[:2]):
        slope = np.diag(1 - np.tanh(trace.s[t, b]) ** 2)
        step = slope @ params.W_hh if options["mask"][t, b] else np.eye(params.d_h)
        assert np.allclose(J[t, b], step, rtol=0, atol=1e-14)


@pytest.mark.parametrize(
    ("entry", "word"), [(1e-200, "underflows"), (1e200, "overflows")]
)
def test_a_product_out_of_range_is_an_error(entry, word):
    J = np.full((2, 1, 1), entry)
    with pytest.raises(FloatingPointError, match=word):
        jacobian_product(J, 2, 0)


def test_a_product_that_is_zero_is_zero():
    assert not jacobian_product(np.zeros((2, 3, 3)), 2, 0).any()


@pytest.mark.parametrize(("t", "i"), [(1, 2), (4, 0), (2, -1), (2.0, 1), (2, None)])
def test_bad_indices(t, i):
    with pytest.raises(ValueError, match="t, i: expected 0 <= i <= t <= 3"):
        jacobian_product(np.ones((3, 2, 2)), t, i)


def test_bad_traces():
    params, x, options = network()
    trace = rnnlib.forward(params, x, **options)
    with pytest.raises(ValueError, match="trace: expected a Trace, got tuple"):
        jacobians(params, tuple(trace))
    other = rnnlib.init_params(2, 3, 1, rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="trace: expected d_h = 3, got 4"):
        jacobians(other, trace)
    complex_trace = trace._replace(h=trace.h + 0j)
    with pytest.raises(ValueError, match="trace: expected real numbers"):
        jacobians(params, complex_trace)


def widths(J):
    """At each t: which sequences have a power of two for each entry."""
    return {t: E.shape[1:] != (1, 1) for t, _, E in running_products(J)}


def test_a_power_for_each_entry_only_where_entries_drift_apart():
    """Below 2^-500 of the largest: not at it, nor by zeros, nor by a common size."""
    drift = np.tile(np.diag([1.0, 2.0**-100]), (7, 1, 1))
    assert [t for t, wide in widths(drift).items() if wide] == [0]
    drift[0] = np.eye(2)
    drift[1] = np.diag([1.0, 0.5])  # the second after five steps: 2^-501
    assert [t for t, wide in widths(drift).items() if wide] == [0]
    drift[1] = np.eye(2)
    assert not any(widths(drift).values())
    ordinary = np.random.default_rng(0).standard_normal((50, 2, 3, 3))
    assert not any(widths(ordinary).values())
    for size in (2.0**200, 2.0**-200):
        assert not any(widths(size * np.tile(np.diag([1, 0.25]), (99, 1, 1))).values())
        steep = size * np.tile(np.diag([1.0, 2.0**-40]), (20, 1, 1))
        assert [t for t, wide in widths(steep).items() if wide] == list(
            range(6, -1, -1)
        )


def test_a_power_for_each_entry_from_the_first_extreme_factor_on():
    J = np.random.default_rng(0).standard_normal((7, 2, 3, 3))
    J[2, 1, 0, 2] = 2.0**241
    assert [t for t, wide in widths(J).items() if wide] == [2, 1, 0]
    *_, (_, M, E) = running_products(J)
    *_, (_, alone, power) = running_products(J[:, :1])
    assert np.array_equal(M[0], alone[0]) and (E[0] == power[0]).all()


@pytest.mark.parametrize(
    ("entry", "exponent"), [(255.0, 0), (256.0, 9), (2.0**-9, 0), (2.0**-10, -9)]
)
def test_a_product_is_scaled_by_nine_powers_of_two_or_more(entry, exponent):
    J = np.stack([entry * np.eye(2), np.eye(2)])[None]  # of the second nothing changes
    _, (t, M, E) = running_products(J)
    assert t == 0 and E.ravel().tolist() == [exponent, 0]
    assert np.array_equal(np.ldexp(M, E), J[0])


def test_one_sequence_may_grow_while_another_stays():
    J = np.stack([np.tile(2.0**100 * np.eye(2), (20, 1, 1)), np.ones((20, 2, 2)) / 2])
    logs = log_product_norms(J.swapaxes(0, 1))
    lags = np.arange(20, -1, -1)
    assert np.allclose(logs, [[100 * n * np.log(2), 0] for n in lags], atol=1e-12)


def test_a_product_of_zero_beside_one_with_powers_of_its_own():
    J = np.zeros((2, 2, 3, 3))
    J[:, 1] = 1.5e308  # a sum of three is beyond the floats
    logs = log_product_norms(J)
    assert logs[:2, 0].tolist() == [-np.inf] * 2
    lags = np.array([2, 1])
    assert np.allclose(logs[:2, 1], lags * (np.log(3) + np.log(1.5e308)), rtol=1e-14)


@pytest.mark.parametrize(
    ("entry", "word"), [(1e-200, "underflows"), (1e200, "overflows")]
)
def test_one_entry_out_of_range_is_an_error(entry, word):
    J = np.tile(np.diag([1.0, entry]), (2, 1, 1))
    message = f"^J: the product {word}; see log_product_norms$"
    with pytest.raises(FloatingPointError, match=message):
        jacobian_product(J, 2, 0)
    assert jacobian_product(J, 2, 1)[0, 1, 1] == entry


def test_indices_are_refused_in_full():
    J = np.ones((3, 2, 2, 2))
    for t, i in ((1, 2), (4, 0), (3, -1), (2.0, 1), (2, 1.0)):
        message = f"t, i: expected 0 <= i <= t <= 3, got t = {t!r}, i = {i!r}"
        refuses(message, jacobian_product, J, t, i)
    assert jacobian_product(J, np.int32(3), 0).shape == (2, 2, 2)


LARGE = 2.0**240


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(
    ("size", "extreme"),
    [
        (LARGE, False),
        (np.nextafter(LARGE, np.inf), True),
        (1 / LARGE, False),
        (np.nextafter(1 / LARGE, 0), True),
        (5e-324, True),
        (0.0, False),
    ],
)
def test_where_a_product_may_leave_the_floats(size, extreme, sign):
    """By step and by sequence: three steps, two sequences, four units."""
    dense = np.ones((3, 2, 4, 4))
    dense[1, 0, 3, 2] = sign * size
    wanted = np.zeros((3, 2), bool)
    wanted[1, 0] = extreme
    assert np.array_equal(DenseJacobians(dense).extreme(), wanted)
    phi_prime, W = dense[:, :, 3], dense[1, 0]
    assert np.array_equal(Jacobians(phi_prime, np.eye(4)).extreme(), wanted)
    everywhere = Jacobians(np.ones((3, 2, 4)), W).extreme()
    assert everywhere.shape == (3, 2) and (everywhere == extreme).all()


@pytest.mark.parametrize("masked", [False, True])
def test_factors_and_matrices_are_the_same_jacobians(masked):
    """Each step of each sequence, by every way that a product can be taken."""
    rng = np.random.default_rng(1)
    mask = rng.random((4, 3)) < 0.5 if masked else None
    J = Jacobians(rng.standard_normal((4, 3, 2)), rng.standard_normal((2, 2)), mask)
    matrices = np.einsum("tbi,ij->tbij", J.phi_prime, J.W_hh)
    if masked:
        assert mask.any() and not mask.all()
        matrices[~mask] = np.eye(2)
    assert np.array_equal(J.dense(), matrices) and J.sizes == (4, 3, 2)
    dense = DenseJacobians(matrices)
    assert dense.dense() is matrices and dense.sizes == (4, 3, 2)
    P = rng.standard_normal((3, 2, 2))
    for kind in (J, dense):
        for t in range(1, 5):
            kept, out = P.copy(), np.full((3, 2, 2), np.nan)
            assert kind.times(P, t, out, np.empty((3, 2, 2))) is out
            assert np.allclose(out, P @ matrices[t - 1], rtol=1e-14, atol=1e-14)
            assert np.array_equal(P, kept)
            for b in range(3):
                found = np.ldexp(*kind.frexp(t, b))
                assert np.array_equal(found, matrices[t - 1, b])
        for i, t in ((0, 4), (1, 3), (2, 2)):
            assert np.array_equal(kind.between(i, t).dense(), matrices[i:t])


def test_factors_beyond_the_floats_have_mantissas_and_exponents():
    J = Jacobians(np.full((1, 1, 2), 1e-200), np.full((2, 2), -1e-200))
    mantissas, exponents = J.frexp(1, 0)
    logs = np.log2(-mantissas) + exponents
    assert np.allclose(logs, -400 * np.log2(10), rtol=1e-14) and logs.shape == (2, 2)


def test_matrices_are_refused_in_full():
    words = "(T, d, d) or (T, B, d, d), no size zero"
    for shape in ((2, 2), (1, 2, 3), (3, 2, 2, 3), (1, 1, 1, 2, 2), (0, 2, 2)):
        message = f"J: expected shape {words}, got {shape}"
        refuses(message, jacobian_product, np.ones(shape), 0, 0)
    words = "(T, B, d), B d > 0"
    for shape in ((3, 2), (1, 3, 2, 2), (3, 0, 2), (3, 2, 0)):
        message = f"phi_prime: expected shape {words}, got {shape}"
        J = Jacobians(np.ones(shape), np.eye(shape[-1]))
        refuses(message, jacobian_product, J, 0, 0)
    J = Jacobians(np.ones((3, 5, 2)), np.eye(3))
    message = "W_hh: expected shape (2, 2), got (3, 3)"
    refuses(message, jacobian_product, J, 0, 0)
    J = Jacobians(np.ones((3, 5, 2)), np.eye(2), np.ones((5, 3), bool))
    message = "mask: expected shape (3, 5), got (5, 3)"
    refuses(message, jacobian_product, J, 0, 0)
    none = Jacobians(np.ones((0, 1, 2)), np.eye(2), np.ones((0, 1), bool))
    assert np.array_equal(jacobian_product(none, 0, 0), np.eye(2)[None])
    for kind in ("phi_prime", "W_hh"):
        J = Jacobians(np.ones((3, 5, 2)), np.eye(2))
        J = J._replace(**{kind: getattr(J, kind) * 1j})
        message = f"{kind}: expected real numbers, got complex128"
        refuses(message, jacobian_product, J, 0, 0)


def test_numbers_in_single_precision_are_taken_and_double_ones_not_copied():
    rng = np.random.default_rng(2)
    params = rnnlib.init_params(2, 3, 1, rng=rng)
    trace = rnnlib.forward(params, rng.standard_normal((4, 5, 2)))
    assert jacobians(params, trace).W_hh is params.W_hh
    half = params._replace(**{n: a.astype("f4") for n, a in params._asdict().items()})
    trace = rnnlib.forward(half, rng.standard_normal((4, 5, 2)).astype("f4"))
    J = jacobians(half, trace)
    assert J.phi_prime.dtype == J.W_hh.dtype == np.float64
    assert jacobian_product(J.dense().astype("f4"), 4, 0).dtype == np.float64


def test_parameters_and_traces_are_refused_in_full():
    params, x, options = network()
    trace = rnnlib.forward(params, x, **options)
    message = "trace: expected a Trace, got Params"
    refuses(message, jacobians, params, params)
    small = rnnlib.init_params(2, 3, 1, rng=np.random.default_rng(0))
    refuses("trace: expected d_h = 3, got 4", jacobians, small, trace)
    message = "W_hh: expected finite numbers, got 16 NaN or infinite"
    refuses(message, jacobians, params._replace(W_hh=params.W_hh * np.nan), trace)
    with pytest.raises(ValueError, match="b_h: expected"):
        jacobians(params._replace(b_h=params.b_h[:1]), trace)


def test_one_power_a_sequence_is_that_of_its_largest_entry():
    """Of ones beside an extreme product, and where what was largest cancels."""
    J = np.stack([np.ones((2, 2)), 1e-300 * np.ones((2, 2))])[None]
    wanted = np.log(2) + [0, np.log(1e-300)]
    assert np.allclose(log_product_norms(J)[0], wanted, rtol=1e-14)
    add, take = np.array([[1.0, 1], [0, 1]]), np.array([[1.0, 0], [-1, 0]])
    J = np.stack([take, add, *[np.diag([1.0, 2.0**-1000])] * 3])
    found = log_product_norms(J)[0, 0]
    assert found == pytest.approx(-3000 * np.log(2), rel=1e-15)
