"""What rnnlib.spectral must get right, by means that know nothing of it.

Each check returns True when it is right; a mistake that is planted in the package must
make one of them return something else. `slopes` are what tests give to bounds.
"""

import mpmath
import numpy as np

import rnnlib
from rnnlib import spectral

DIGITS = 60


def network(phi="tanh", T=6, B=3, d=4, masked=False, seed=0):
    """Parameters and the arguments of `forward` for a small network."""
    rng = np.random.default_rng(seed)
    params = rnnlib.init_params(2, d, 2, rng=rng)
    params = params._replace(W_hh=1.2 * params.W_hh, b_h=0.3 * rng.standard_normal(d))
    options = {"phi": phi, "h_0": 0.4 * rng.standard_normal((B, d))}
    if masked:
        options["mask"] = rng.random((T, B)) < 0.7
        options["mask"][0] = True
    return params, rng.standard_normal((T, B, 2)), options


def state_derivative(params, x, options, t, i):
    """dh_t/dh_i, (B, d, d), by complex steps of the state at i."""
    trace = rnnlib.forward(params, x, **options)
    mask = options.get("mask")
    d, h_i = params.d_h, trace.h[i]
    columns = np.empty((x.shape[1], d, d))
    for j in range(d):
        h = h_i + 1e-30j * np.eye(d)[j]
        for step in range(i, t):
            s = x[step] @ params.W_xh.T + h @ params.W_hh.T + params.b_h
            new = trace.phi(s)
            h = new if mask is None else np.where(mask[step, :, None], new, h)
        columns[:, :, j] = h.imag / 1e-30
    return columns


def products_are_right():
    """dh_t/dh_i against complex steps, for all pairs, activations and masks."""
    for phi, masked in [("tanh", False), ("logistic", True), ("relu", True)]:
        params, x, options = network(phi, masked=masked)
        trace = rnnlib.forward(params, x, **options)
        J = spectral.jacobians(params, trace)
        for t in range(len(x) + 1):
            for i in range(t + 1):
                expected = state_derivative(params, x, options, t, i)
                actual = spectral.jacobian_product(J, t, i)
                if not np.allclose(actual, expected, rtol=0, atol=1e-13):
                    return False
    return True


def exact_log_norms(J):
    """log of the norms of J_T ... J_{t+1}, J (T, d, d), in mpmath."""
    with mpmath.workdps(DIGITS + 20 * len(J)):
        product, logs = mpmath.eye(J.shape[-1]), [0.0]
        for J_t in J[::-1]:
            product = product * mpmath.matrix(J_t.tolist())
            norm = max(mpmath.svd_r(product, compute_uv=False))
            zero = not any(product)
            logs.append(-np.inf if zero else float(mpmath.log(norm)))
    return np.array(logs[::-1])


def norms_are_right():
    """The logs of the norms, small and of a size where power iteration is used."""
    params, x, options = network(masked=True)
    trace = rnnlib.forward(params, x, **options)
    J = spectral.jacobians(params, trace)
    logs = spectral.log_product_norms(J)
    dense = J.dense()
    small = all(
        np.allclose(logs[:, b], exact_log_norms(dense[:, b]), rtol=0, atol=1e-12)
        for b in range(logs.shape[1])
    )
    large = np.random.default_rng(1).standard_normal((60, 2, 45, 45))
    return (
        small
        and np.abs(spectral.log_product_norms(large) - log_norms_by_svd(large)).max()
        < 1e-8
    )


def log_norms_by_svd(J):
    """An SVD for each t, for products that floats can hold; J (T, B, d, d)."""
    T, B, d, _ = J.shape
    P, logs = np.tile(np.eye(d), (B, 1, 1)), np.zeros((T + 1, B))
    for t in range(T, 0, -1):
        P = P @ J[t - 1]
        logs[t - 1] = np.log(np.linalg.svd(P, compute_uv=False)[:, 0])
    return logs


def rates():
    """The bounds of one network, by name: what mutants of a bound change."""
    W = np.array([[0.3, 1.1], [-0.4, 0.2]])
    phi_prime = np.full((5, 1, 2), 0.2)
    scaling = np.array([1.0, 1.5])
    return {
        bound.name: bound
        for bound in (
            spectral.norm_bound(W, phi_prime, 0.25),
            spectral.entrywise_bound(W, phi_prime, 0.25),
            spectral.scaling_bound(W, phi_prime, 0.25, scaling),
            spectral.numerical_bound(W, phi_prime, 0.25),
            spectral.joint_bound(W, phi_prime, 0.25, 2),
            spectral.linear_bound(W, np.ones((5, 1, 2))),
            spectral.lower_bound(W, phi_prime, 0.1),
        )
    }


def bounds_are_right():
    """Each bound of that network against its formula written out here."""
    W, gamma, S = np.array([[0.3, 1.1], [-0.4, 0.2]]), 0.25, np.diag([1.0, 1.5])
    size, power = np.linalg.norm, np.linalg.matrix_power
    corners = [np.diag([a, b]) @ W for a in (0, gamma) for b in (0, gamma)]
    pairs = max(size(A @ B, 2) for A in corners for B in corners)
    single = max(size(A, 2) for A in corners)
    eigenvalues = np.linalg.eigvals(W)
    rho = abs(eigenvalues).max()
    nu = np.sqrt((W**2).sum() - (abs(eigenvalues) ** 2).sum())
    smallest = size(np.linalg.inv(W), 2) ** -1
    angles = np.exp(1j * np.linspace(0, np.pi, 20_001))[:, None, None]
    turned = angles * W
    hermitian = (turned + turned.conj().swapaxes(1, 2)) / 2
    w = np.linalg.eigvalsh(hermitian).max()
    expected = {
        "norm": (gamma * size(W, 2)) ** 5,
        "entrywise": size(power(gamma * abs(W), 5), 2),
        "scaling": 1.5 * (gamma * size(S @ W @ np.linalg.inv(S), 2)) ** 5,
        "numerical": 2 * gamma * size(W, 2) * (gamma * w) ** 4,
        "joint": pairs**2 * single,
        "linear": rho**5 + 5 * rho**4 * nu,
        "lower": (0.1 * smallest) ** 5,
    }
    steps = {
        "norm": gamma * size(W, 2),
        "entrywise": gamma * abs(np.linalg.eigvals(abs(W))).max(),
        "scaling": gamma * size(S @ W @ np.linalg.inv(S), 2),
        "numerical": gamma * w,
        "joint": pairs**0.5,
        "linear": rho,
        "lower": 0.1 * smallest,
    }
    actual = rates()
    return all(
        abs(actual[name].log_value - np.log(value)) < 1e-6
        and abs(actual[name].rate - steps[name]) < 1e-6
        and actual[name].holds
        and actual[name].lower == (name == "lower")
        for name, value in expected.items()
    )


def exponents_are_right():
    """The two exponents of a periodically driven network, from one period."""
    rng = np.random.default_rng(3)
    params = rnnlib.init_params(2, 2, 1, rng=rng)
    period = rng.standard_normal((4, 1, 2))
    x = np.tile(period, (100, 1, 1))
    trace = rnnlib.forward(params, x)
    J = spectral.jacobians(params, trace).dense()[-4:, 0]
    eigenvalues = np.linalg.eigvals(J[3] @ J[2] @ J[1] @ J[0])
    expected = -np.sort(-np.log(np.abs(eigenvalues)) / 4)
    found = spectral.lyapunov_exponents(
        params, 400, rng=rng, inputs=np.tile(period, (130, 1, 1)), discard=100
    )
    return np.allclose(found.exponents[0], expected, rtol=0, atol=2e-2) and np.allclose(
        found.h, trace.h[-1], rtol=0, atol=1e-12
    )


CHECKS = {
    "products": products_are_right,
    "norms": norms_are_right,
    "bounds": bounds_are_right,
    "exponents": exponents_are_right,
}


def slopes(k, d=2, value=1.0):
    """The same slope everywhere."""
    return np.full((k, 1, d), value)
