"""The 2-norms of dh_T/dh_t for every t, in one pass over the trajectory.

The product grows by one Jacobian a step, and power iteration follows its largest
singular value from the left singular vector of the step before. A value is accepted
only with a proof that it is the largest and how near it is; else an SVD decides.
"""

import numpy as np

from rnnlib.spectral.jacobians import as_jacobians, jacobians
from rnnlib.spectral.products import aligned, running_products

SMALL = 40  # up to this size an SVD is as fast
TOLERANCE = 1e-10  # relative, of a norm
POWERS = (1, 2, 4, 8)  # of the Gram matrix, in turn
SWEEPS, STEPS = 4, 6  # power iterations for each: sweeps of so many steps
MARGIN = 1e-3  # more than the rounding of a power of H in single precision


def log_gradient_norms(params, trace):
    """log ||dh_T/dh_t||_2 for t = 0..T and every sequence, (T + 1, B).

    See `log_product_norms`. Raises ValueError as `jacobians`.
    """
    return log_product_norms(jacobians(params, trace))


def log_product_norms(J):
    """log ||J_T J_{T-1} ... J_{t+1}||_2 for t = 0..T and every sequence, (T + 1, B).

    Natural logarithms, so that no length overflows or underflows. -inf says that the
    computed product is exactly zero, which underflow cannot cause. Row T is zero: the
    empty product is the identity.

    The largest singular value of each computed product is right to 1e-8. The product
    itself has the rounding of its d-term sums, as any product of floats.

    Parameters
    ----------
    J : what `jacobians` returns, or an array (T, d, d) or (T, B, d, d)

    Raises
    ------
    ValueError
        For any other J, or numbers that are complex or not finite.

    Source: the factor of {cite}`roysdon`, section 1.7, and {cite}`khanna`, (19).
    """
    J = as_jacobians(J)
    T, B, d = J.sizes
    logs = np.empty((T + 1, B))
    u = np.random.default_rng(0).standard_normal((B, d))
    for t, M, E in running_products(J):
        Q, e = aligned(M, E)
        with np.errstate(divide="ignore"):
            logs[t] = np.log(_norms(Q, u)) + e * np.log(2)
    return logs


def _norms(Q, u):
    """||Q_b||_2 for each b; u[b] becomes a left singular vector where it can."""
    if Q.shape[-1] <= SMALL:
        return np.linalg.svd(Q, compute_uv=False)[:, 0]
    return [_norm(Q_b, u_b) for Q_b, u_b in zip(Q, u, strict=True)]


def _norm(Q, u):
    """||Q||_2 from u, by power iteration on H = (Q Q^T)^p / c for p = 1, 2, 4, 8.

    H is in single precision: it only proposes u, and bounds from above what is left
    of the spectrum. In double precision theta = u^T Q Q^T u <= ||Q||_2^2, and an
    eigenvalue of Q Q^T lies within r = ||Q Q^T u - theta u|| of theta. When it holds
    more than half of ||H||_F^2 it is the largest; all others are at most mu. It then
    exceeds theta by at most r^2 / (theta - mu), the bound of Kato and Temple
    {cite}`horn2012`.
    """
    if not Q.any():
        return 0.0
    H = Q.astype(np.float32)
    H = H @ H.T
    log_c, v = 0.0, u.astype(np.float32)
    for p in POWERS:
        c = H.trace()
        H /= c
        log_c += np.log(float(c))
        total = float(np.vdot(H, H)) * (1 + MARGIN)
        if total * len(H) < 4:  # spread over more than a quarter of the dimensions
            return _norm_of_many(Q)
        for _ in range(SWEEPS):
            for _ in range(STEPS):
                v = H @ v
            if not v.any():  # orthogonal to the range of Q: take a vector in it
                v = H[:, H.diagonal().argmax()]
            u[:] = v
            u /= np.sqrt(u @ u)
            v = u.astype(np.float32)
            w = u @ Q
            theta = w @ w
            residual = Q @ w - theta * u
            r = np.sqrt(residual @ residual)
            if r < theta:
                at_least = np.exp(2 * (p * np.log(theta - r) - log_c))
                rest = max(total - at_least, 0.0)
                if rest < at_least:
                    mu = np.exp((np.log(rest) / 2 + log_c) / p) if rest else 0.0
                    if r * r <= 2 * TOLERANCE * theta * (theta - mu):
                        return np.sqrt(theta)
        H = H @ H
        log_c *= 2
    return np.linalg.svd(Q, compute_uv=False)[0]


def _norm_of_many(Q):
    """||Q||_2 for many singular values of one size: all the same, or an SVD.

    All eigenvalues of Q Q^T lie within ||Q Q^T - c I||_inf of c.
    """
    G = Q @ Q.T
    c = G[0, 0]
    G.flat[:: len(G) + 1] -= c
    if np.abs(G).sum(axis=1).max() <= 2 * TOLERANCE * c:
        return np.sqrt(c)
    return np.linalg.svd(Q, compute_uv=False)[0]
