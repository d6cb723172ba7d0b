"""The Jacobians J_t = dh_t/dh_{t-1} of a trajectory.

J_t = Diag(phi'(s_t)) W_hh. The chain rule multiplies them with the latest on the
left: dh_t/dh_i = J_t J_{t-1} ... J_{i+1}, the identity for i = t.
"""

from typing import NamedTuple

import numpy as np

from rnnlib.parameters import check_params
from rnnlib.rnn import Trace
from rnnlib.validate import check_array, shape_error

LARGE = 2.0**240  # factors between 1/LARGE and LARGE are multiplied without care


class Jacobians(NamedTuple):
    """J_1 ... J_T of B sequences, kept as factors: T B d_h numbers, not T B d_h^2.

    ``phi_prime[t-1]`` is phi'(s_t). Where ``mask`` is False a step does not happen,
    and its Jacobian is the identity.
    """

    phi_prime: np.ndarray  # (T, B, d_h)
    W_hh: np.ndarray  # (d_h, d_h)
    mask: np.ndarray | None = None  # (T, B)

    @property
    def sizes(self):
        """T, B and d_h."""
        return self.phi_prime.shape

    def dense(self):
        """The matrices themselves, (T, B, d_h, d_h); [t-1] is J_t."""
        J = self.phi_prime[..., None] * self.W_hh
        if self.mask is not None:
            J[~self.mask] = np.eye(len(self.W_hh))
        return J

    def between(self, i, t):
        """J_{i+1} ... J_t alone."""
        mask = None if self.mask is None else self.mask[i:t]
        return Jacobians(self.phi_prime[i:t], self.W_hh, mask)

    def times(self, P, t, out, work):
        """P J_t for every sequence, (B, d_h, d_h), written into ``out``."""
        np.multiply(P, self.phi_prime[t - 1][:, None], out=work)
        rows = (-1, len(self.W_hh))
        np.matmul(work.reshape(rows), self.W_hh, out=out.reshape(rows))
        if self.mask is not None:
            np.copyto(out, P, where=~self.mask[t - 1][:, None, None])
        return out

    def frexp(self, t, b):
        """J_t of sequence b as mantissas and binary exponents, beyond float range."""
        if self.mask is not None and not self.mask[t - 1, b]:
            return np.frexp(np.eye(len(self.W_hh)))
        left, right = np.frexp(self.phi_prime[t - 1, b]), np.frexp(self.W_hh)
        return left[0][:, None] * right[0], left[1][:, None] + right[1]

    def extreme(self):
        """(T, B): where a factor is so large or small that a product may leave."""
        return _extreme(self.phi_prime).any(-1) | _extreme(self.W_hh).any()


class DenseJacobians(NamedTuple):
    """The same for any square matrices: ``matrices`` is (T, B, d, d)."""

    matrices: np.ndarray

    @property
    def sizes(self):
        """T, B and d."""
        return self.matrices.shape[:3]

    def dense(self):
        """The matrices themselves."""
        return self.matrices

    def between(self, i, t):
        """J_{i+1} ... J_t alone."""
        return DenseJacobians(self.matrices[i:t])

    def times(self, P, t, out, work):
        """P J_t for every sequence, (B, d, d), written into ``out``."""
        return np.matmul(P, self.matrices[t - 1], out=out)

    def frexp(self, t, b):
        """J_t of sequence b as mantissas and binary exponents."""
        return np.frexp(self.matrices[t - 1, b])

    def extreme(self):
        """(T, B): where an entry is so large or small that a product may leave."""
        return _extreme(self.matrices).any((-2, -1))


def jacobians(params, trace) -> Jacobians:
    """The Jacobians of a trajectory, from the trace of `rnnlib.forward`.

    Raises
    ------
    ValueError
        When the trace is no `Trace`, is of a network of another size, or is complex.

    Source: {cite}`roysdon`, section 1.7; {cite}`khanna`, (18).
    """
    check_params(params)
    if not isinstance(trace, Trace):
        raise ValueError(f"trace: expected a Trace, got {type(trace).__name__}")
    phi_prime = real("trace", trace.phi.derivative(trace.h[1:]))
    if phi_prime.shape[-1] != params.d_h:
        raise ValueError(
            f"trace: expected d_h = {params.d_h}, got {phi_prime.shape[-1]}"
        )
    return Jacobians(phi_prime, real("W_hh", params.W_hh), trace.mask)


def as_jacobians(J):
    """What `jacobians` returns, or an array (T, d, d) or (T, B, d, d) of matrices.

    Raises
    ------
    ValueError
        For anything else, and for numbers that are complex or not finite.
    """
    if isinstance(J, DenseJacobians):
        return J
    if isinstance(J, Jacobians):
        phi_prime, W_hh = real("phi_prime", J.phi_prime), real("W_hh", J.W_hh)
        d = phi_prime.shape[-1] if phi_prime.ndim == 3 else "d"
        if d == "d" or 0 in phi_prime.shape[1:]:
            raise shape_error("phi_prime", "(T, B, d), B d > 0", phi_prime.shape)
        if W_hh.shape != (d, d):
            raise shape_error("W_hh", (d, d), W_hh.shape)
        if J.mask is not None and J.mask.shape != phi_prime.shape[:2]:
            raise shape_error("mask", phi_prime.shape[:2], J.mask.shape)
        return Jacobians(phi_prime, W_hh, J.mask)
    J = real("J", J)
    if J.ndim not in (3, 4) or J.shape[-1] != J.shape[-2] or 0 in J.shape:
        raise shape_error("J", "(T, d, d) or (T, B, d, d), no size zero", J.shape)
    return DenseJacobians(J if J.ndim == 4 else J[:, None])


def real(name, array):
    """A finite real array in double precision."""
    if check_array(name, array).dtype.kind == "c":
        raise ValueError(f"{name}: expected real numbers, got {array.dtype}")
    return array.astype(np.float64, copy=False)


def _extreme(a):
    size = np.abs(a)
    return (size > LARGE) | ((size < 1 / LARGE) & (size > 0))
