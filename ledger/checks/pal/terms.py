"""The letters of {cite}`pal`: its h_t is ``n.s[t]``, its sigma(h_t) is ``n.h[t]``.

What is differentiated here is a run, by complex steps: no formula of the document.
"""

import numpy as np

from ledger.checks.oracles import jacobian, network


def small_networks(rng):
    """Networks of two, three and four units whose h_0 is a value of sigma."""
    for d_h, phi in ((2, "tanh"), (3, "tanh"), (4, "logistic")):
        yield network(rng, d_h=d_h, phi=phi, scale=0.5)


def one_unit(rng):
    """Networks of one unit."""
    for phi in ("tanh", "logistic"):
        yield network(rng, d_h=1, phi=phi)


def flat(derivative, rows):
    """A derivative with respect to a matrix as ``rows`` rows, entries row by row."""
    return np.reshape(derivative, (rows, -1))


def total(n, t):
    """dh_t/dW_R, n x n^2, through all the steps before."""
    return flat(n.gradient("W_hh", of=lambda s, h, z, ell: s[t]), len(n.h_0))


def immediate(n, t):
    """The derivative of h_t by W_R where h_{t-1} is held, n x n^2."""
    x = n.W_xh @ n.x[t] + n.b_h
    return flat(jacobian(lambda W: W @ n.h[t - 1] + x, n.W_hh), len(n.h_0))


def error(n, t):
    """dE_t/dW_R, a row of n^2."""
    return flat(n.gradient("W_hh", of=lambda s, h, z, ell: ell[t]), 1)


def error_of_state(n, t):
    """dE_t/dh_t, a row of n."""
    return n.total("s", t, of=lambda s, h, z, ell: ell[t])[None]


def step(n, r):
    """W_R diag(sigma'(h_{r-1})), for r > 1."""
    return n.W_hh @ np.diag(n.slope(n.s[r - 1]))


def product(factors, size):
    """The product of the factors, the last one on the left."""
    result = np.eye(size)
    for factor in factors:
        result = factor @ result
    return result


def HV(v):
    """The document's matrix: n x n blocks, each the row v^T."""
    return np.tile(v, (len(v), len(v)))


def spread(v):
    """I kron v^T: the row v^T along the diagonal of blocks."""
    return np.kron(np.eye(len(v)), v[None])


def unrolled(n, t, block):
    """Theorem 1 with ``block`` in the place of HV."""
    size = len(n.h_0)
    terms = [
        product([step(n, r) for r in range(k + 1, t + 1)], size) @ block(n.h[k - 1])
        for k in range(1, t)
    ]
    return sum(terms) + block(n.h[t - 1])


def every_size(rng):
    """Networks of one to four units."""
    return [*one_unit(rng), *small_networks(rng)]


def as_column(v):
    """The n x 1 matrix of a vector."""
    return v[:, None]


def spectral(A):
    """The 2-norm."""
    return np.linalg.norm(A, 2)
