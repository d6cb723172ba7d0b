"""Bounds on ||J_k ... J_1||_2, J_t = Diag(phi'(s_t)) W_hh, with their hypotheses.

Each function returns a `Bound`: a number, and what it assumes, evaluated on the
derivatives given. A bound whose hypotheses fail is not raised as an error and not
hidden: its ``holds`` is False, and the number then says nothing.

Numbers are rounded outward, by `rnnlib.spectral.certificates`, so that rounding breaks
no bound; that a rate is below or above one is proved or it is not claimed.
"""

from dataclasses import dataclass, field
from math import comb, log

import numpy as np

from rnnlib.spectral import certificates, joint, radii
from rnnlib.spectral.certificates import MARGIN
from rnnlib.spectral.jacobians import real
from rnnlib.spectral.norms import log_product_norms
from rnnlib.spectral.radii import square
from rnnlib.validate import check_count, check_positive, shape_error

ROUNDING = 1e-12  # relative slack of an hypothesis on floats; MARGIN is above it
ACCURACY = 2e-8  # twice what `log_product_norms` and `numerical_radius` promise


@dataclass(frozen=True)
class Bound:
    """log ||J_k ... J_1||_2 <= ``log_value``, or >= for a lower bound, if it ``holds``.

    ``rate`` is the factor a step, as floats give it (0 or inf where they end). Below
    one, an upper bound shows that gradients vanish as k grows; above one it shows
    nothing. ``certain`` says that this side of one is proved, rounding included: a
    rotation has a rate of one, and floats may put it on either side.
    """

    name: str
    log_value: float
    rate: float
    hypotheses: dict = field(default_factory=dict)  # statement -> True or False
    lower: bool = False
    certain: bool = False

    @property
    def holds(self):
        """True when every hypothesis does."""
        return all(self.hypotheses.values())

    @property
    def proves_vanishing(self):
        """True when the bound holds, is an upper one, and is proved to fall to zero.

        False means that it is not proved, and not that gradients do not vanish.
        """
        return self.holds and not self.lower and self.certain

    @property
    def proves_growth(self):
        """True when the bound holds, is a lower one, and is proved to grow."""
        return self.holds and self.lower and self.certain


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
    gamma = check_positive("gamma", gamma)
    W, k, hypotheses = _upper(W_hh, phi_prime, gamma)
    log_rate = np.log(gamma) + certificates.log_norm(W)
    rate = _product(gamma, radii.spectral_norm(W))
    return _power("norm", log_rate, rate, k, hypotheses)


def entrywise_bound(W_hh, phi_prime, gamma):
    """||(gamma |W|)^k||_2, with |W| entry by entry; the rate is gamma rho(|W|)."""
    gamma = check_positive("gamma", gamma)
    W, k, hypotheses = _upper(W_hh, phi_prime, gamma)
    size = np.abs(W)
    slack = ACCURACY + k * (MARGIN + certificates.rounding(len(W) + 2))
    log_value = k * np.log(gamma) + _log_power_norm(size, k) + slack if k else 0.0
    with np.errstate(over="ignore"):
        scaled = gamma * size + certificates.TINY * (size > 0)
    below = certificates.perron_below_one(scaled)
    rate = _product(gamma, radii.spectral_radius(size))
    return Bound("entrywise", float(log_value), rate, hypotheses, certain=below)


def scaling_bound(W_hh, phi_prime, gamma, scaling):
    """kappa (gamma ||S W S^-1||_2)^k, S = Diag(scaling), kappa = max S / min S.

    Diagonal matrices commute, so S J S^-1 = Diag(phi') S W S^-1.
    """
    gamma = check_positive("gamma", gamma)
    W, k, hypotheses = _upper(W_hh, phi_prime, gamma)
    scaling = radii.check_scaling(scaling, len(W))
    (m, e), (s, f) = np.frexp(W), np.frexp(scaling)
    powers = np.where(W != 0, e + f[:, None] - f, -(10**6))
    top = int(powers.max())  # S W S^-1 = scaled 2^top
    scaled = np.ldexp(m * s[:, None] / s, np.maximum(powers - top, -5000))
    log_norm = certificates.log_norm(scaled) + top * np.log(2)
    rate = _exp(np.log(gamma) + log_norm)
    log_kappa = np.log(scaling.max()) - np.log(scaling.min()) + MARGIN if k else 0.0
    return _power("scaling", np.log(gamma) + log_norm, rate, k, hypotheses, log_kappa)


def numerical_bound(W_hh, phi_prime, gamma):
    """2 gamma ||W||_2 (gamma w)^(k-1) with the numerical radius w <= ||W||_2.

    Needs 0 <= phi' <= gamma. Let X be the n x n block matrix with W above its diagonal
    and D that of the n roots of slopes: w(D X D) <= gamma w(W), so the power
    inequality bounds its (n - 1)-th power, which holds the product in one block.
    """
    gamma = check_positive("gamma", gamma)
    W, k, hypotheses = _upper(W_hh, phi_prime, gamma, 0.0)
    A, e = certificates.unit(W)
    w = radii.numerical_radius(A) * (1 + ACCURACY)
    with np.errstate(divide="ignore"):
        log_rate = np.log(gamma) + np.log(w) + e * np.log(2)
    rate = _exp(log_rate)
    if k == 0:
        return _power("numerical", log_rate, rate, 0, hypotheses)
    first = np.log(2) + np.log(gamma) + certificates.log_norm(W) + MARGIN
    return _power("numerical", log_rate, rate, k - 1, hypotheses, first)


def joint_bound(W_hh, phi_prime, gamma, length, low=0.0):
    """From the largest norms a_n of products of n vertices, n <= ``length``.

    Vertices are Diag(v) W with entries of v either low or gamma. A norm is convex in
    each phi'_t, so it is largest at a vertex: the bound is a_length^q a_r, where
    k = q length + r. The rate a_length^(1/length) tends to the joint spectral radius.
    """
    gamma = check_positive("gamma", gamma)
    joint.check_low(low, gamma)
    W, k, hypotheses = _upper(W_hh, phi_prime, gamma, low)
    length = check_count("length", length)
    A, e = certificates.unit(W)
    if certificates.is_wide(W):
        A, e = W, 0
    vertices = joint.diagonal_vertices(A, 1.0, float(low / gamma))
    if len(vertices) ** length * W.size > joint.MOST:
        raise ValueError(f"length: expected fewer products, got {length}")
    step = np.log(gamma) + e * np.log(2) + MARGIN
    logs = joint.log_largest_norms(vertices, length) + step * np.arange(int(length) + 1)
    repeats, left = divmod(k, length)
    value = (repeats * logs[length] if repeats else 0.0) + logs[left]
    log_rate = logs[length] / length
    below = bool(log_rate < -MARGIN)
    return Bound("joint", float(value), _exp(log_rate), hypotheses, certain=below)


def linear_bound(W_hh, phi_prime):
    """||W^k||_2 <= sum over j < d of binom(k, j) rho^(k-j) nu^j, for phi = id.

    nu^2 = ||W||_F^2 - sum |lambda|^2 is the departure from normality. The rate is
    rho(W): Gelfand's formula, with a constant. Rho and nu are taken from
    above: an eigenvalue of a defective matrix is known to the d-th root of the rounding
    only. That powers vanish is proved by one of them whose norm is below one.
    """
    W, phi_prime = _checked(W_hh, phi_prime)
    k = len(phi_prime)
    rates = list(certificates.power_bounds(W))
    options = {
        "hypotheses": {"phi' = 1": bool((phi_prime == 1).all())},
        "certain": min(rates) < -MARGIN,
    }
    rate = radii.spectral_radius(W)
    if k == 0 or not W.any():
        return Bound("linear", 0.0 if k == 0 else -np.inf, rate, **options)
    A, e = certificates.unit(W)
    log_rho = min(rates) - e * np.log(2)
    log_nu = np.log(certificates.departure(A))
    logs = [
        log(comb(k, j)) + (k - j) * log_rho + j * log_nu
        for j in range(min(len(A), k + 1))
    ]
    total = np.logaddexp.reduce(logs) + k * (e * np.log(2) + MARGIN)
    return Bound("linear", float(total), rate, **options)


def lower_bound(W_hh, phi_prime, low):
    """(low sigma_min(W))^k, from below, with low what |phi'| does not fall under."""
    W, phi_prime = _checked(W_hh, phi_prime)
    low = check_positive("low", low)
    enough = bool((np.abs(phi_prime) >= low * (1 - ROUNDING)).all())
    log_rate = np.log(low) + certificates.log_smallest(W)
    rate = _product(low, radii.smallest_singular_value(W))
    hypotheses = {f"|phi'| >= {low:g}": enough}
    return _power("lower", log_rate, rate, len(phi_prime), hypotheses, lower=True)


def _checked(W_hh, phi_prime):
    """Both, when their shapes fit together."""
    W, phi_prime = square(W_hh, "W_hh"), real("phi_prime", phi_prime)
    if phi_prime.ndim < 2 or phi_prime.shape[-1] != len(W):
        raise shape_error("phi_prime", f"(k, ..., {len(W)})", phi_prime.shape)
    return W, phi_prime


def _upper(W_hh, phi_prime, gamma, low=None):
    """W, k and the hypothesis on phi'."""
    W, phi_prime = _checked(W_hh, phi_prime)
    most = gamma * (1 + ROUNDING)
    if low is None:
        statement, true = f"|phi'| <= {gamma:g}", np.abs(phi_prime) <= most
    else:
        statement = f"{low:g} <= phi' <= {gamma:g}"
        true = (phi_prime <= most) & (phi_prime >= low * (1 - ROUNDING))
    return W, len(phi_prime), {statement: bool(true.all())}


def _power(name, log_rate, rate, k, hypotheses, log_constant=0.0, lower=False):
    """The bound exp(log_constant) rate^k, with a margin for rounding each step."""
    outward = -MARGIN if lower else MARGIN
    log_value = log_constant + k * (log_rate + outward) if k else log_constant
    certain = bool(log_rate > MARGIN if lower else log_rate < -MARGIN)
    return Bound(name, float(log_value), float(rate), hypotheses, lower, certain)


def _exp(x):
    """exp(x), 0 or inf where floats end."""
    with np.errstate(over="ignore"):
        return float(np.exp(x))


def _product(*factors):
    """Their product, 0 or inf where floats end."""
    with np.errstate(over="ignore"):
        return float(np.prod(factors))


def _log_power_norm(A, k):
    """log ||A^k||_2, for any k."""
    return float(log_product_norms(np.broadcast_to(A, (k, *A.shape)))[0, 0])
