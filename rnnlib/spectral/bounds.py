"""Bounds on ||J_k ... J_1||_2, J_t = Diag(phi'(s_t)) W_hh, with their hypotheses.

Each function returns a `Bound`: a number, and what it assumes, evaluated on the
derivatives given. A bound whose hypotheses fail is not raised as an error and not
hidden: its ``holds`` is False, and the number then says nothing.
"""

from dataclasses import dataclass, field
from numbers import Integral

import numpy as np

from rnnlib.spectral import joint, radii
from rnnlib.spectral.jacobians import real
from rnnlib.spectral.norms import log_product_norms
from rnnlib.spectral.radii import check_positive, square
from rnnlib.validate import shape_error

ROUNDING = 1e-12  # relative slack of an hypothesis on floats


@dataclass(frozen=True)
class Bound:
    """log ||J_k ... J_1||_2 <= ``log_value``, or >= for a lower bound, if it ``holds``.

    ``rate`` is the factor a step: below one, an upper bound proves that gradients
    vanish as k grows; above one it proves nothing.
    """

    name: str
    log_value: float
    rate: float
    hypotheses: dict = field(default_factory=dict)  # statement -> True or False
    lower: bool = False

    @property
    def holds(self):
        """True when every hypothesis does."""
        return all(self.hypotheses.values())

    @property
    def proves_vanishing(self):
        """True when the bound holds, is an upper one, and falls exponentially."""
        return self.holds and not self.lower and self.rate < 1

    @property
    def proves_growth(self):
        """True when the bound holds, is a lower one, and grows exponentially."""
        return self.holds and self.lower and self.rate > 1


def norm_bound(W_hh, phi_prime, gamma):
    """(gamma ||W||_2)^k: {cite}`khanna`, (20), with gamma the attained maximum.

    Parameters of this and the other bounds
    ---------------------------------------
    W_hh : array (d, d)
    phi_prime : array (k, ..., d)
        phi'(s_1), ..., phi'(s_k) of one or more sequences, without masked steps: such
        as `Jacobians.phi_prime`.
    gamma : float
        What |phi'| does not exceed: `Activation.gamma`.

    Raises
    ------
    ValueError
        For wrong shapes, complex numbers, or a gamma that is not positive.
    """
    W, k, hypotheses = _upper(W_hh, phi_prime, gamma)
    return _power("norm", gamma * radii.spectral_norm(W), k, hypotheses)


def entrywise_bound(W_hh, phi_prime, gamma):
    """||(gamma |W|)^k||_2, with |W| entry by entry; the rate is gamma rho(|W|)."""
    W, k, hypotheses = _upper(W_hh, phi_prime, gamma)
    log_value = _log_power_norm(gamma * np.abs(W), k)
    rate = gamma * radii.spectral_radius(np.abs(W))
    return Bound("entrywise", log_value, rate, hypotheses)


def scaling_bound(W_hh, phi_prime, gamma, scaling):
    """kappa (gamma ||S W S^-1||_2)^k, S = Diag(scaling), kappa = max S / min S.

    Diagonal matrices commute, so S J S^-1 = Diag(phi') S W S^-1.
    """
    W, k, hypotheses = _upper(W_hh, phi_prime, gamma)
    scaling = radii.check_scaling(scaling, len(W))
    with np.errstate(over="ignore"):
        scaled = scaling[:, None] * W / scaling
    radii.check_range("W_hh, scaling", scaled)
    rate = gamma * radii.spectral_norm(scaled)
    log_kappa = np.log(scaling.max()) - np.log(scaling.min()) if k else 0.0
    return _power("scaling", rate, k, hypotheses, log_kappa)


def numerical_bound(W_hh, phi_prime, gamma):
    """2 gamma ||W||_2 (gamma w)^(k-1) with the numerical radius w <= ||W||_2.

    Needs 0 <= phi' <= gamma. Let X be the n x n block matrix with W above its diagonal
    and D that of the n roots of slopes: w(D X D) <= gamma w(W), so the power
    inequality bounds its (n - 1)-th power, which holds the product in one block.
    """
    W, k, hypotheses = _upper(W_hh, phi_prime, gamma, 0.0)
    rate = gamma * radii.numerical_radius(W) * (1 + 1e-8)
    if k == 0:
        return Bound("numerical", 0.0, rate, hypotheses)
    with np.errstate(divide="ignore"):
        first = np.log(2 * gamma * radii.spectral_norm(W))
    return _power("numerical", rate, k - 1, hypotheses, first)


def joint_bound(W_hh, phi_prime, gamma, length, low=0.0):
    """From the largest norms a_n of products of n vertices, n <= ``length``.

    Vertices are Diag(v) W with entries of v either low or gamma. A norm is convex in
    each phi'_t, so it is largest at a vertex: the bound is a_length^q a_r, where
    k = q length + r. The rate a_length^(1/length) tends to the joint spectral radius.
    """
    gamma = check_positive("gamma", gamma)
    joint.check_low(low, gamma)
    W, k, hypotheses = _upper(W_hh, phi_prime, gamma, low)
    if not (isinstance(length, Integral) and length > 0):
        raise ValueError(f"length: expected a positive integer, got {length!r}")
    vertices = joint.diagonal_vertices(W, gamma, low)
    if len(vertices) ** length * W.size > joint.MOST:
        raise ValueError(f"length: expected fewer products, got {length}")
    products, largest = np.eye(len(W))[None], [1.0]
    for _ in range(length):
        with np.errstate(over="ignore", invalid="ignore"):
            products = (products[:, None] @ vertices).reshape(-1, *W.shape)
        radii.check_range("W_hh, gamma", products)
        largest.append(np.linalg.svd(products, compute_uv=False).max())
    with np.errstate(divide="ignore"):
        logs = np.log(largest)
    repeats, left = divmod(k, length)
    value = (repeats * logs[length] if repeats else 0.0) + logs[left]
    return Bound("joint", value, largest[length] ** (1 / length), hypotheses)


def linear_bound(W_hh, phi_prime):
    """||W^k||_2 <= sum over j < d of binom(k, j) rho^(k-j) nu^j, for phi = id.

    nu^2 = ||W||_F^2 - sum |lambda|^2 is the departure from normality. The rate is
    rho(W): Gelfand's formula, with a constant.
    """
    W, k, _ = _upper(W_hh, phi_prime, 1.0)
    eigenvalues = np.abs(np.linalg.eigvals(W))
    rho = eigenvalues.max()
    with np.errstate(over="ignore"):
        total, rounding = (W**2).sum(), 4 * len(W) * np.finfo(float).eps
    radii.check_range("W_hh", total)
    nu = np.sqrt(max(total - (eigenvalues**2).sum(), 0.0) + rounding * total)
    with np.errstate(divide="ignore"):
        logs, log_binomial = [], 0.0
        for j in range(min(len(W), k + 1)):
            powers = [(k - j, rho), (j, nu)]
            logs.append(log_binomial + sum(n * np.log(x) for n, x in powers if n))
            log_binomial += np.log((k - j) / (j + 1)) if k > j else 0.0
    top = max(logs)
    total = top + np.log(np.exp(np.array(logs) - top).sum()) if top > -np.inf else top
    return Bound("linear", total, rho, {"phi' = 1": bool((phi_prime == 1).all())})


def lower_bound(W_hh, phi_prime, low):
    """(low sigma_min(W))^k, from below, with low what |phi'| does not fall under."""
    W, k, _ = _upper(W_hh, phi_prime, 1.0)
    low = check_positive("low", low)
    enough = bool((np.abs(phi_prime) >= low * (1 - ROUNDING)).all())
    rate = low * radii.smallest_singular_value(W)
    return _power("lower", rate, k, {f"|phi'| >= {low:g}": enough}, lower=True)


def _upper(W_hh, phi_prime, gamma, low=None):
    """W, k and the hypothesis on phi'."""
    W, phi_prime = square(W_hh, "W_hh"), real("phi_prime", phi_prime)
    gamma = check_positive("gamma", gamma)
    if phi_prime.ndim < 2 or phi_prime.shape[-1] != len(W):
        raise shape_error("phi_prime", f"(k, ..., {len(W)})", phi_prime.shape)
    most = gamma * (1 + ROUNDING)
    if low is None:
        statement, true = f"|phi'| <= {gamma:g}", np.abs(phi_prime) <= most
    else:
        statement = f"{low:g} <= phi' <= {gamma:g}"
        true = (phi_prime <= most) & (phi_prime >= low * (1 - ROUNDING))
    return W, len(phi_prime), {statement: bool(true.all())}


def _power(name, rate, k, hypotheses, log_constant=0.0, lower=False):
    with np.errstate(divide="ignore"):
        log_value = log_constant + (k * np.log(rate) if k else 0.0)
    return Bound(name, float(log_value), float(rate), hypotheses, lower)


def _log_power_norm(A, k):
    """log ||A^k||_2, for any k."""
    if k == 0:
        return 0.0
    return float(log_product_norms(np.broadcast_to(A, (k, *A.shape)))[0, 0])
