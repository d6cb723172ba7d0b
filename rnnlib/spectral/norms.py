"""The 2-norms of dh_T/dh_t for every t, in one pass over the trajectory.

The product grows by one Jacobian a step, and block power iteration follows its largest
singular values from the left singular vectors of the step before. A value is accepted
only with a proof that it is the largest and how near it is; else all are computed.
"""

import numpy as np

from rnnlib.spectral.jacobians import as_jacobians, jacobians
from rnnlib.spectral.products import aligned, running_products

SMALL = 40  # up to this size an SVD is as fast
BLOCK = 8  # vectors that are iterated together
TRIES = 6  # iterations before all singular values are computed
TOLERANCE = 1e-9  # relative, of a norm: a tenth of what is promised


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
    U = [None] * B
    for t, M, E in running_products(J):
        Q, e = aligned(M, E)
        with np.errstate(divide="ignore"):
            logs[t] = np.log(_norms(Q, U)) + e * np.log(2)
    return logs


def _norms(Q, U):
    """||Q_b||_2 for each b; U[b] becomes left singular vectors where it can."""
    if len(Q[0]) <= SMALL:
        return np.linalg.svd(Q, compute_uv=False)[:, 0]
    norms = np.empty(len(Q))
    for b, Q_b in enumerate(Q):
        norms[b], U[b] = _norm(Q_b, U[b])
    return norms


def _norm(Q, U):
    """||Q||_2, and better rows U (None: no start): power iteration on G = Q Q^T.

    With orthonormal rows U, and rows that complete them to a basis, G is
    [[S, R^T], [R, C]]. The largest eigenvalue of C is at most its trace, which is that
    of G less that of S, and at most its Frobenius norm, from that of G in the same way.
    """
    trace, square = np.vdot(Q, Q), None
    if not trace:
        return 0.0, None
    if U is None:
        if common := _common_value(Q):
            return common, None
        U = np.random.default_rng(0).standard_normal((BLOCK, len(Q)))
    for _ in range(TRIES):
        U = np.linalg.qr(Q @ (U @ Q).T)[0].T  # one step, U G, made orthonormal
        W = U @ Q
        theta, Y = np.linalg.eigh(W @ W.T)
        theta, Y = theta[::-1], Y[:, ::-1].T
        V, U = Y @ U, Y @ (W @ Q.T)  # Ritz vectors, S = Diag(theta), and another step
        residuals = np.square(U - theta[:, None] * V).sum(axis=1)
        rest = trace - theta.sum()
        if rest >= theta[0]:
            if square is None:
                square = _square_of_frobenius_norm(Q)
                if square * len(Q) < 2 * trace**2:  # no value stands out
                    return _largest(Q), None
            rest = np.sqrt(max(square - theta @ theta, 0.0))
        if _excess(theta.tolist(), residuals.tolist(), max(rest, 0.0)) <= TOLERANCE:
            return np.sqrt(theta[0]), U
    return _largest(Q), U


def _excess(theta, residuals, rest):
    """How much, relatively, ||Q||_2 can exceed the root of the Ritz value theta[0].

    ``residuals`` are the squared residuals of the Ritz vectors, ``rest`` bounds C. All
    that is orthogonal to the first j of them has eigenvalues up to nu, that of
    [[theta[j], r], [r, rest]] with r^2 the sum of all residuals. So G has none beyond
    theta[0] + e / (theta[0] - nu), where e is the sum of the first j.
    """
    first, total, best = 0.0, sum(residuals), np.inf
    for j in range(1, len(theta)):
        first += residuals[j - 1]
        half = (theta[j] - rest) / 2
        gap = theta[0] - (rest + half + (half * half + total) ** 0.5)
        if gap > 0:
            best = min(best, first / gap)
    return best / (2 * theta[0])


def _square_of_frobenius_norm(Q):
    """||Q Q^T||_F^2 from above, in single precision."""
    G = Q.astype(np.float32)
    G = G @ G.T
    rounding = 4 * len(G) * np.finfo(np.float32).eps
    return float(np.vdot(G, G)) * (1 + rounding)


def _common_value(Q):
    """The one singular value that all of Q are near to, or None.

    All eigenvalues of G = Q Q^T lie within ||G - c I||_inf of c.
    """
    G = Q @ Q.T
    c = G[0, 0]
    G.flat[:: len(G) + 1] -= c
    return np.sqrt(c) if np.abs(G).sum(axis=1).max() <= 2 * TOLERANCE * c else None


def _largest(Q):
    """||Q||_2 from all eigenvalues of Q Q^T: the largest survives the squaring."""
    return np.sqrt(np.linalg.eigvalsh(Q @ Q.T)[-1])
