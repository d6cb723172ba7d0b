"""What can be proved of a matrix of floats, rounding included.

The entries count as uncertain by one unit in the last place: what is proved is true of
every matrix that is rounded to the one given. A sum of n products of floats is wrong by
at most n eps/(1 - n eps) times the sum of their sizes. Results of LAPACK are not
trusted but checked: by how much U S V^T misses the matrix, and U^T U the identity.
"""

import numpy as np

EPS = np.finfo(float).eps
TINY = 2.0**-1000  # above all that underflow takes from a matrix of size one
MARGIN = 1e-11  # on a logarithm: above the rounding of logarithms, and of hypotheses
WIDE = 200  # binary orders between entries from which on a matrix is balanced
SQUARINGS = 45
EXACT = 12  # the largest size of which an inverse is computed in integers


def unit(A):
    """A 2^-e and e, the largest entry between 1/2 and 1; exact but for underflow."""
    e = int(np.frexp(np.abs(A).max())[1]) if A.size else 0
    return np.ldexp(A, -e), e


def balance(W):
    """Whole numbers n for which the entries W_ij 2^(n_j - n_i) are of like size.

    Rows and columns of Diag(2^-n) W Diag(2^n) get the same largest entry, as far as
    there is one: a similarity, so that powers and eigenvalues are as easily known.
    """
    size = np.where(W != 0, np.frexp(W)[1], np.nan)
    np.fill_diagonal(size, np.nan)
    n = np.zeros(len(W), int)
    filled = ~np.isnan(size)
    for _ in range(20):
        before = n.copy()
        for i in np.flatnonzero(filled.any(0) & filled.any(1)):
            moved = size + n - n[:, None]
            n[i] += int(np.nanmax(moved[i]) - np.nanmax(moved[:, i])) // 2
        if (n == before).all():
            break
    return n


def is_wide(W):
    """Whether one entry is 2^200 times another, zeros apart."""
    power = np.frexp(W)[1][W != 0]
    return bool(power.size and np.ptp(power) > WIDE)


def balanced(W):
    """(B, e, n) with Diag(2^-n) W Diag(2^n) = B 2^e, the largest entry of B near one.

    Left as it is (n = 0) where no entry is 2^200 times another.
    """
    mantissa, power = np.frexp(W)
    n = balance(W) if is_wide(W) else np.zeros(len(W), int)
    power = np.where(W != 0, power + n - n[:, None], -(10**6))
    e = int(power.max()) if W.any() else 0
    return np.ldexp(mantissa, np.clip(power - e, -5000, 0)), e, n


def rounding(n):
    """n eps/(1 - n eps): what a sum of n products loses, relative to their sizes."""
    return n * EPS / (1 - n * EPS)


def frobenius(A):
    """At least the Frobenius norm of matrices (..., m, d), itself above the 2-norm."""
    size = np.sqrt(np.square(A).sum((-2, -1)))
    return size * (1 + rounding(A.shape[-1] * A.shape[-2] + 2)) + TINY


def singular_bounds(A):
    """(low, high) with low <= sigma_min and ||A||_2 <= high, for matrices (..., d, d).

    Their entries are of size one at most. With A = U S V^T + E and orthogonal factors
    but for their rounding, ||U||^2 <= 1 + ||U^T U - I||, and E is bounded entry by
    entry.
    """
    U, sigma, Vt = np.linalg.svd(A)
    d = A.shape[-1]
    small = rounding(d + 4)
    left, right = (
        frobenius(Q.swapaxes(-1, -2) @ Q - np.eye(d)) + 2 * d * small for Q in (U, Vt)
    )
    missed = frobenius(A - (U * sigma[..., None, :]) @ Vt)
    missed = missed + small * (frobenius(A) + 2 * d * sigma[..., 0])
    high = np.sqrt((1 + left) * (1 + right)) * sigma[..., 0] + missed
    low = np.sqrt(np.maximum(1 - left, 0) * np.maximum(1 - right, 0)) * sigma[..., -1]
    low = (low - missed) * (1 - small)
    return np.maximum(low, 0.0), high * (1 + small)


def log_norm(A):
    """At least log ||A||_2, for one matrix of any scale; -inf for zero only."""
    if not A.any():
        return -np.inf
    A, e = unit(A)
    return float(np.log(singular_bounds(A)[1]) + e * np.log(2))


def log_smallest(W):
    """At most log sigma_min(W), of any scale; -inf when it may be zero.

    With powers of two R and C on the diagonal, sigma_min(R B C) is at least their
    smallest entries times sigma_min(B). The best is taken of rows, columns and neither.
    """
    best, powers = -np.inf, np.frexp(W)[1] + np.where(W == 0, -(10**6), 0)
    for shift in (powers.max(), powers.max(1, keepdims=True), powers.max(0)):
        low, _ = singular_bounds(np.ldexp(W, np.broadcast_to(-shift, W.shape)))
        if low > 0:
            best = max(best, float(np.log(low) + np.min(shift) * np.log(2)))
    return best


def perron_below_one(A):
    """Whether the spectral radius of a matrix A >= 0 is proved to be below one.

    It is if A x < x for a positive vector x (Collatz and Wielandt): x is what solves
    x - A x = 1.
    """
    B, e, _ = balanced(A)
    B = np.ldexp(B, e)
    try:
        x = np.linalg.solve(np.eye(len(B)) - B, np.ones(len(B)))
    except np.linalg.LinAlgError:
        return False
    if not (x.min() >= 0.5 and x.max() < np.inf):
        return False
    least = (B @ x) * (1 + rounding(len(B) + 4) + MARGIN) + TINY
    return bool((least < x).all())


def power_bounds(W):
    """Yield log ||B^m||_2 / m, from above, for m = 1, 2, 4, ... and B = D^-1 W D.

    None of them is below log rho(W), and powers vanish if one of them is below zero. D
    holds powers of two, all one unless scales differ widely within W. By squaring; an
    error of size u becomes one of 2 ||M|| u + u^2, and what the product rounds.
    """
    M, e, _ = balanced(W)
    error = EPS * frobenius(M)
    for i in range(SQUARINGS):
        size = frobenius(M) + error
        yield float((np.log(size) + e * np.log(2)) / 2**i)
        if error > size / 2:  # only rounding is left
            return
        lost = rounding(len(M) + 2) * frobenius(np.abs(M) @ np.abs(M))
        error = (2 * size * error + lost + TINY) * (1 + 10 * EPS)
        M = M @ M
        shift = int(np.frexp(frobenius(M) + error)[1])
        M, error, e = np.ldexp(M, -shift), np.ldexp(error, -shift), 2 * e + shift


def eigenvalues_near(W, error=0.0):
    """Numbers, and how far at most the eigenvalues of W, in some order, are from them.

    W is of size one, known up to a matrix of norm ``error``. Where X^-1 W X is
    Diag(numbers) + F the distance is at most (2 d - 1) ||F|| (Bauer and Fike); for a
    triangular T = D + N in orthonormal coordinates, off by E, it is (2 d - 1) max(u,
    u^(1/d)) with u = ||E|| times the sum of ||N||^j over j < d, which serves defective
    matrices (Henrici). The factor is for the order: the eigenvalues move on connected
    paths from one matrix to the other.
    """
    d = len(W)
    small = 8 * rounding(d + 4)
    numbers, X = np.linalg.eig(W)
    X = X.astype(complex)
    residual = frobenius(np.abs(W @ X - X * numbers))
    lost = small * frobenius(W) + error
    residual += lost * frobenius(np.abs(X))
    low = singular_bounds(np.block([[X.real, -X.imag], [X.imag, X.real]]))[0]
    by_vectors = residual / low if low > 0 else np.inf
    Q = np.linalg.qr(X)[0]
    T = Q.conj().T @ W @ Q
    turned = frobenius(np.abs(Q.conj().T @ Q - np.eye(d))) + small * d
    off = frobenius(np.abs(np.tril(T, -1))) + 2 * turned * frobenius(W)
    off += 2 * error
    N = frobenius(np.abs(np.triu(T, 1)))
    u = off * sum(N**j for j in range(d))
    by_triangle = max(u, u ** (1 / d))
    if by_vectors <= by_triangle:
        return np.abs(numbers), (2 * d - 1) * by_vectors
    return np.abs(np.diagonal(T)), (2 * d - 1) * by_triangle


def departure(W):
    """At least nu(W), nu^2 = ||W||_F^2 - sum |lambda|^2, for W of size one."""
    sizes, distance = eigenvalues_near(W)
    least = np.maximum(sizes - distance, 0)
    square = frobenius(W) ** 2 - (least**2).sum()
    return np.sqrt(max(square, 0.0) + 8 * rounding(W.size) * frobenius(W) ** 2)


def inverse_in_integers(W):
    """(V, e) with W^-1 = V 2^e but for the last rounding of V; None when W is singular.

    Floats are whole numbers times powers of two, so elimination without fractions is
    exact (Bareiss).
    """
    d, lowest = len(W), int(np.frexp(W)[1].min()) - 53
    rows = []
    for i, row in enumerate(W.tolist()):
        parts = [x.as_integer_ratio() for x in row]
        left = [_shifted(p, q, lowest) for p, q in parts]
        rows.append(left + [int(i == j) for j in range(d)])
    before = 1
    for k in range(d):
        pivot = next((i for i in range(k, d) if rows[i][k]), None)
        if pivot is None:
            return None
        rows[k], rows[pivot] = rows[pivot], rows[k]
        for i in range(d):
            if i != k:
                a, b = rows[k][k], rows[i][k]
                pairs = zip(rows[i], rows[k], strict=True)
                rows[i] = [(a * x - b * y) // before for x, y in pairs]
        before = rows[k][k]
    adjugate = [row[d:] for row in rows]
    longest = max(x.bit_length() for row in adjugate for x in row)
    shift = longest - before.bit_length()
    top, below = (0, shift) if shift > 0 else (-shift, 0)
    V = np.array([[(x << top) / (before << below) for x in row] for row in adjugate])
    return V, shift - lowest


def _shifted(p, q, lowest):
    """p/q divided by 2^lowest, a whole number: q is a power of two."""
    power = -(q.bit_length() - 1) - lowest
    return p << power if power >= 0 else p >> -power
