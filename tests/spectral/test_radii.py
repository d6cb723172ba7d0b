"""Norms, radii and sets: values known by hand, inequalities, and certificates."""

import numpy as np
import pytest

from rnnlib.spectral import (
    certificates,
    diagonal_scaling,
    diagonal_vertices,
    joint_spectral_radius,
    numerical_radius,
    radii,
    smallest_singular_value,
    spectral_norm,
    spectral_radius,
)
from tests.support.refusals import refuses

ROTATION = np.array([[0.0, -1.0], [1.0, 0.0]])
JORDAN = np.array([[0.5, 10.0], [0.0, 0.5]])
RNG = np.random.default_rng(0)
RANDOM = [RNG.standard_normal((d, d)) for d in (1, 2, 3, 5, 8) for _ in range(20)]


def test_values_known_by_hand():
    assert spectral_radius(ROTATION) == pytest.approx(1)
    assert numerical_radius(ROTATION) == pytest.approx(1)
    assert spectral_radius(JORDAN) == 0.5
    assert numerical_radius(JORDAN) == pytest.approx(5.5)
    assert spectral_norm(JORDAN) == pytest.approx(5 + np.hypot(5, 0.5))
    assert smallest_singular_value(JORDAN) == pytest.approx(np.hypot(5, 0.5) - 5)
    assert numerical_radius(np.zeros((2, 2))) == 0
    assert spectral_norm(np.array([[3.0, 4.0]])) == pytest.approx(5)


@pytest.mark.parametrize("W", RANDOM, ids=lambda W: str(len(W)))
def test_inequalities(W):
    rho, w, norm = spectral_radius(W), numerical_radius(W), spectral_norm(W)
    assert rho <= w * (1 + 1e-8) and w <= norm * (1 + 1e-12) and norm <= 2 * w
    assert rho <= spectral_radius(np.abs(W)) * (1 + 1e-12)


@pytest.mark.parametrize("W", RANDOM[20:], ids=lambda W: str(len(W)))
def test_numerical_radius_against_a_fine_grid(W):
    angles = np.linspace(0, 2 * np.pi, 1000)
    turned = np.exp(1j * angles)[:, None, None] * W
    grid = np.linalg.eigvalsh((turned + turned.conj().swapaxes(1, 2)) / 2).max()
    assert grid <= numerical_radius(W) * (1 + 1e-8) <= grid / np.cos(np.pi / 999) + 1e-6


@pytest.mark.parametrize("W", RANDOM, ids=lambda W: str(len(W)))
def test_scaling_is_stationary_or_far_away(W):
    """No nearby scaling is better by more than the smoothing allows."""
    s = diagonal_scaling(W)
    best = spectral_norm(s[:, None] * W / s)
    assert (s > 0).all() and best <= spectral_norm(W) * (1 + 1e-3)
    assert best <= spectral_radius(np.abs(W)) * 1.02
    assert best >= spectral_radius(W) * (1 - 1e-10)
    rng = np.random.default_rng(1)
    for size in (1e-2, 1e-1, 1.0):
        near = s * np.exp(size * rng.standard_normal((50, len(s))))
        norms = np.linalg.norm(near[:, :, None] * W / near[:, None], 2, axis=(1, 2))
        assert norms.min() >= best * (1 - 1e-2)


def test_scaling_reaches_the_perron_root_of_a_positive_matrix():
    W = np.abs(RANDOM[-1])
    s = diagonal_scaling(W)
    assert spectral_norm(s[:, None] * W / s) == pytest.approx(spectral_radius(W))


def test_scaling_of_a_jordan_block_and_of_zero():
    s = diagonal_scaling(JORDAN)
    assert spectral_norm(s[:, None] * JORDAN / s) < 0.51
    assert np.array_equal(diagonal_scaling(np.zeros((3, 3))), np.ones(3))


def test_joint_spectral_radius_known_by_hand():
    shears = np.array([[[1.0, 1], [0, 1]], [[1.0, 0], [1, 1]]])
    lower, upper = joint_spectral_radius(shears, tolerance=1e-3)
    golden = (1 + np.sqrt(5)) / 2
    assert lower <= golden + 1e-12 and golden <= upper + 1e-12
    assert upper - lower < 1e-2
    lower, upper = joint_spectral_radius(JORDAN[None], tolerance=1e-2)
    assert 0.4999 < lower <= 0.5 <= upper < 0.5101  # defective: known to a root


def test_joint_spectral_radius_of_a_nilpotent_matrix_with_gates():
    N = np.array([[2.0, 4.0], [-1.0, -2.0]])
    vertices = diagonal_vertices(N)
    assert spectral_radius(N) < 1e-7 and len(vertices) == 4
    lower, upper = joint_spectral_radius(vertices)
    assert 2 - 1e-12 < lower <= 2 <= upper < 2.2
    scaled = joint_spectral_radius(vertices, scaling=np.array([1.0, 2.0]))
    assert 2 - 1e-12 < scaled[0] <= 2 <= scaled[1] <= upper + 1e-12


@pytest.mark.parametrize("seed", range(10))
def test_joint_spectral_radius_holds_for_random_products(seed):
    """The growth of a long random product stays below; periodic ones reach lower."""
    rng = np.random.default_rng(seed)
    W = rng.standard_normal((3, 3)) / 1.5
    vertices = diagonal_vertices(W)
    lower, upper = joint_spectral_radius(vertices, tolerance=0.05)
    assert 0 <= lower <= upper
    for length in (1, 2, 3, 4):
        picks = rng.integers(0, len(vertices), (300, length))
        products = vertices[picks[:, 0]]
        for i in range(1, length):
            products = products @ vertices[picks[:, i]]
        radii = np.abs(np.linalg.eigvals(products)).max(axis=1)
        assert radii.max() ** (1 / length) <= upper + 1e-10


def test_vertices():
    W = RANDOM[30]
    vertices = diagonal_vertices(W, gamma=0.25, low=0.1)
    assert vertices.shape == (4, 2, 2)
    gates = {tuple((V / W).round(12)[:, 0]) for V in vertices}
    assert gates == {(0.1, 0.1), (0.1, 0.25), (0.25, 0.1), (0.25, 0.25)}
    assert len(diagonal_vertices(W, gamma=1.0, low=1.0)) == 1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: spectral_norm(np.ones(3)), r"W: expected shape \(m, d\)"),
        (lambda: numerical_radius(np.ones((2, 3))), r"W: expected shape \(d, d\)"),
        (lambda: spectral_radius(np.ones((0, 0))), r"W: expected shape \(d, d\)"),
        (lambda: spectral_radius([[1.0]]), "W: expected a floating NumPy array"),
        (lambda: numerical_radius(np.eye(2) * 1j), "W: expected real numbers"),
        (lambda: numerical_radius(np.eye(2), tolerance=0), "tolerance: expected"),
        (lambda: numerical_radius(np.full((1, 1), np.inf)), "W: expected finite"),
        (lambda: diagonal_vertices(np.eye(2), gamma=-1.0), "gamma: expected"),
        (lambda: diagonal_vertices(np.eye(2), low=2.0), "low: expected a number"),
        (lambda: diagonal_vertices(np.eye(15)), "W: expected d <= 14"),
        (lambda: joint_spectral_radius(np.eye(2)), r"matrices: expected shape"),
        (
            lambda: joint_spectral_radius(np.ones((1, 2, 2)), scaling=np.ones(3)),
            r"scaling: expected shape \(2,\), got \(3,\)",
        ),
        (
            lambda: joint_spectral_radius(np.ones((1, 1, 1)), scaling=np.zeros(1)),
            "scaling: expected positive numbers, got 0.0",
        ),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()


ANGLES = [*np.linspace(0.01, np.pi, 40), np.pi - 0.02, np.pi / 64, np.pi / 32, 3.1]


def turn(angle):
    """The rotation by an angle."""
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, -s], [s, c]])


def test_the_numerical_radius_is_as_accurate_as_is_said():
    """Of rotations, which are largest at their angle alone: by 1e-8 if not asked."""
    for angle in ANGLES:
        for scale in (1.0, 1e-300, 1e300):
            found = numerical_radius(scale * turn(angle)) / scale
            assert 1 - 1e-8 <= found <= 1 + 1e-14
    coarse = [1 - numerical_radius(turn(a), tolerance=1e-3) for a in ANGLES]
    assert 1e-4 < max(coarse) < 1e-3
    for k in (0, 1, 7, 32):  # at the angles that are looked at first
        assert numerical_radius(turn(k * np.pi / 32)) == pytest.approx(1, rel=1e-14)


@pytest.mark.parametrize("sign", [1, -1])
def test_numerical_radii_known_by_hand_of_matrices_with_zeros(sign):
    for W, wanted in (
        ([[0, 2], [0, 0]], 1.0),
        ([[1, 0], [0, -3]], 3.0),
        ([[-1, 0], [0, -1]], 1.0),
        ([[0, 1, 0], [0, 0, 1], [0, 0, 0]], np.sqrt(0.5)),
        ([[7]], 7.0),
    ):
        found = numerical_radius(sign * np.array(W, float))
        assert found == pytest.approx(wanted, rel=1e-8)


def test_integers_find_what_an_svd_cannot_and_nothing_else(monkeypatch):
    """Up to twelve units, where the smallest value is a small part of the norm."""
    calls, inverse = [], certificates.inverse_in_integers

    def watched(W):
        calls.append(len(W))
        return inverse(W)

    monkeypatch.setattr(certificates, "inverse_in_integers", watched)
    assert smallest_singular_value(np.diag([1.0, 0.1, 0.02])) == pytest.approx(0.02)
    assert smallest_singular_value(np.diag(np.arange(1.0, 14))) == pytest.approx(1)
    found = smallest_singular_value(1e-200 * np.eye(2))
    assert found == pytest.approx(1e-200, rel=1e-12, abs=0)
    assert calls == []
    for d in (2, 12):
        W = np.diag(np.r_[2.0 ** np.arange(d - 1), 2.0**-60])
        W[-1, 0] = 1.0
        found = smallest_singular_value(W)
        wanted = 2.0**-60 / np.sqrt(2)  # of [[1, 0], [1, 2^-60]]
        assert found == pytest.approx(wanted, rel=1e-12, abs=0)
    singular = np.diag(np.r_[np.ones(12), 0.0])
    assert calls == [2, 12] and smallest_singular_value(singular) < 1e-15
    singular = np.ones((12, 12))
    assert smallest_singular_value(singular) == 0 and calls == [2, 12, 12]


def test_matrices_and_scalings_are_refused_in_full():
    for shape in ((3,), (0, 2), (2, 0), (1, 2, 2)):
        message = f"W: expected shape (m, d), no size zero, got {shape}"
        refuses(message, spectral_norm, np.ones(shape))
    functions = (spectral_radius, numerical_radius, smallest_singular_value)
    for shape in ((1,), (2, 3), (3, 2), (0, 0), (2, 2, 2), (2, 2, 1)):
        message = f"W: expected shape (d, d), d > 0, got {shape}"
        for function in functions:
            refuses(message, function, np.ones(shape))
    for bad, least in (([1, 0], 0.0), ([2, -1], -1.0), ([-3, -2], -3.0)):
        message = f"scaling: expected positive numbers, got {least}"
        refuses(message, radii.check_scaling, np.array(bad, float), 2)
    for bad in (np.ones(3), np.ones((2, 1)), np.ones((1, 2))):
        message = f"scaling: expected shape (2,), got {bad.shape}"
        refuses(message, radii.check_scaling, bad, 2)
    small = np.array([1e-300, 0.5])
    assert radii.check_scaling(small, 2) is small


def test_results_that_leave_the_floats_are_errors():
    for function in (spectral_norm, spectral_radius, numerical_radius):
        message = f"expected numbers whose results .* in {function.__name__}$"
        with pytest.raises(FloatingPointError, match=f"^W: {message}"):
            function(np.full((2, 2), 1.5e308))
    assert smallest_singular_value(np.full((2, 2), 1.5e308)) == 0
    good, bad = np.ones(3), np.array([1.0, np.nan, 2.0])
    radii.check_range("a, b", good, good)
    for arrays in ((good, bad), (bad, good), (np.array([1, np.inf]),)):
        message = "^a, b: expected smaller numbers, got an overflow$"
        with pytest.raises(FloatingPointError, match=message):
            radii.check_range("a, b", *arrays)


def test_eigenvalues_and_singular_values_are_those_of_largest_size():
    assert spectral_radius(np.diag([1.0, -3.0, 2.0])) == 3
    assert spectral_radius(2 * turn(1.0)) == pytest.approx(2, rel=1e-15)
    assert spectral_norm(np.diag([1.0, -3.0, 2.0])[:, 1:]) == pytest.approx(3)
