"""The package passes the checks; the classic mistakes do not."""

import pytest

import rnnlib
import rnnlib.spectral
from tests.spectral.checks import CHECKS
from tests.support.text_mutants import Mutant, load

PRODUCT = "np.multiply(P, self.phi_prime[t - 1][:, None], out=work)"
GEMM = "np.matmul(work.reshape(rows), self.W_hh, out=out.reshape(rows))"
BACKWARDS = "for t in range(T, 0, -1):"
DENSE = "return np.matmul(P, self.matrices[t - 1], out=out)"
MUTANTS = [
    Mutant("W^T for W", "spectral/jacobians", {GEMM: GEMM.replace("W_hh", "W_hh.T")}),
    Mutant("phi' missing", "spectral/jacobians", {PRODUCT: "work[...] = P"}),
    Mutant(
        "phi' on the wrong side of W",
        "spectral/jacobians",
        {
            PRODUCT: "work[...] = P",
            GEMM: GEMM + "; out *= self.phi_prime[t - 1][:, None]",
        },
    ),
    Mutant(
        "phi' of the step before",
        "spectral/jacobians",
        {PRODUCT: PRODUCT.replace("t - 1", "t - 2")},
    ),
    Mutant(
        "mask forgotten",
        "spectral/jacobians",
        {"np.copyto(out, P, where=~self.mask[t - 1][:, None, None])": "pass"},
    ),
    Mutant(
        "earliest on the left",
        "spectral/products",
        {BACKWARDS: "for n, t in zip(range(T, 0, -1), range(1, T + 1)):"}
        | {"yield t - 1, M, E": "yield n - 1, M, E"},
    ),
    Mutant("shift forgotten", "spectral/products", {"E = E + shift\n": "pass\n"}),
    Mutant(
        "Frobenius for spectral norm",
        "spectral/norms",
        {
            "return np.linalg.svd(Q, compute_uv=False)[:, 0]": (
                "return np.sqrt((Q**2).sum((1, 2)))"
            )
        },
    ),
    Mutant(
        "square root forgotten",
        "spectral/norms",
        {"np.sqrt(theta[0]), U": "theta[0], U"},
    ),
    Mutant(
        "gamma missing from the norm bound",
        "spectral/bounds",
        {"gamma * radii.spectral_norm(W), k": "radii.spectral_norm(W), k"},
    ),
    Mutant(
        "spectral radius for spectral norm",
        "spectral/bounds",
        {"gamma * radii.spectral_norm(W), k": "gamma * radii.spectral_radius(W), k"},
    ),
    Mutant(
        "one power too many of the numerical radius",
        "spectral/bounds",
        {"rate, k - 1, hypotheses, first": "rate, k, hypotheses, first"},
    ),
    Mutant(
        "absolute values missing",
        "spectral/bounds",
        {"_log_power_norm(gamma * np.abs(W), k)": "_log_power_norm(gamma * W, k)"},
    ),
    Mutant(
        "condition number missing",
        "spectral/bounds",
        {"k, hypotheses, log_kappa)": "k, hypotheses)"},
    ),
    Mutant(
        "one vertex missing",
        "spectral/joint",
        {
            "corners = np.array(list(product(choices, repeat=len(W))))": (
                "corners = np.array(list(product(choices, repeat=len(W))))[:-1]"
            )
        },
    ),
    Mutant(
        "departure from normality missing",
        "spectral/bounds",
        {"powers = [(k - j, rho), (j, nu)]": "powers = [(k - j, rho)]"},
    ),
    Mutant(
        "largest for smallest singular value",
        "spectral/radii",
        {"compute_uv=False)[-1]": "compute_uv=False)[0]"},
    ),
    Mutant(
        "R not from the product",
        "spectral/lyapunov",
        {"phi.derivative(h)[:, :, None] * (W_hh @ frame)": "W_hh @ frame"},
    ),
    Mutant(
        "transients averaged",
        "spectral/lyapunov",
        {"if done > discard:": "if done > 0:"},
    ),
]


@pytest.mark.parametrize("check", CHECKS)
def test_the_package_is_right(check):
    assert CHECKS[check](rnnlib)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda m: m.name)
def test_mutants_are_wrong(mutant, tmp_path):
    package = load(mutant, tmp_path)
    assert not all(check(package) for check in CHECKS.values())
