"""Mean-field theory of a wide random network: how large states and gradients are.

W_ij ~ N(0, sigma_w^2 / d), b_i ~ N(0, sigma_b^2), all independent. For d -> infinity a
pre-activation is N(0, q_t), xi stands for N(0, 1), and phi is applied to sqrt(q) xi:

    q_t = sigma_w^2 E[phi(sqrt(q_{t-1}) xi)^2] + sigma_b^2,    q* its fixed point,
    chi = sigma_w^2 E[phi'(sqrt(q*) xi)^2],

and chi is what a step multiplies the mean squared gradient by. Expectations are
sums over an even grid whose step is halved until nothing changes: for an analytic phi
the error falls exponentially in the number of nodes, faster than with Gauss-Hermite.

Source: {cite}`poole2016`, {cite}`schoenholz2017`; {cite}`sompolinsky1988` for the
transition at sigma_w = 1 without bias.
"""

from functools import cache

import numpy as np

from rnnlib.activations import get_activation
from rnnlib.validate import check_positive, check_rate

RANGE = 10  # the density of xi beyond it is below 1e-22
NODES = tuple(20 * 2**k for k in range(4, 11))  # steps of 1/16, 1/32, ..., 1/1024
CHANGE = 1e-10  # relative; more nodes must not change an expectation by more
SMALLEST = 1e-16  # a variance below counts as zero
LARGEST = 1e4  # a variance above is refused: the grid does not resolve phi any more


def variance_map(q, sigma_w, sigma_b, phi="tanh"):
    """sigma_w^2 E[phi(sqrt(q) xi)^2] + sigma_b^2: the variance one step later.

    Parameters of this and the other functions
    ------------------------------------------
    q : float
        Variance of a pre-activation; not negative.
    sigma_w, sigma_b : float
        Standard deviations: entries of W_hh have sigma_w / sqrt(d), those of b_h have
        sigma_b. sigma_w > 0 is also called the gain, g.
    phi : str or Activation

    Raises
    ------
    ValueError
        For a number out of range, or a variance above 1e4 of a curved phi: phi(sqrt(q)
        xi) is then almost a jump. relu and identity have no such limit.
    """
    phi = get_activation(phi)
    sigma_w = check_positive("sigma_w", sigma_w)
    sigma_b = check_rate("sigma_b", sigma_b)
    mean_square = _mean_square(phi, check_rate("q", q))
    return sigma_w * (sigma_w * mean_square) + sigma_b * sigma_b


def fixed_point_variance(sigma_w, sigma_b, phi="tanh"):
    """q*, the variance that the map keeps and that any start but q = 0 tends to.

    For relu and identity E[phi^2] is proportional to q: q* is sigma_b^2 / (1 - chi),
    and inf for chi >= 1 (0 without bias and chi = 1). For the others the map is concave
    and bounded, so it meets q once above zero, or, without bias and with a small gain,
    not at all. Parameters and errors as for `variance_map`.
    """
    phi = get_activation(phi)
    added = variance_map(0.0, sigma_w, sigma_b, phi)
    if _is_homogeneous(phi):
        kept = sigma_w * (sigma_w * _mean_square(phi, 1.0))
        if kept >= 1:
            return np.inf if added or kept > 1 else 0.0
        return added / (1 - kept)

    def falls(q):
        return variance_map(q, sigma_w, sigma_b, phi) <= q

    if falls(SMALLEST):
        return 0.0
    return _bisect(falls, *_bracket(falls, SMALLEST, max(SMALLEST, added)))


def chi(sigma_w, sigma_b, phi="tanh"):
    """sigma_w^2 E[phi'(sqrt(q*) xi)^2]: the factor of the mean squared gradient a step.

    Below one gradients vanish and nearby states meet; above one gradients grow and
    nearby states part. Parameters and errors as for `variance_map`.
    """
    phi = get_activation(phi)
    q = fixed_point_variance(sigma_w, sigma_b, phi)
    return float(sigma_w * (sigma_w * _mean_square_slope(phi, q)))


def critical_gain(sigma_b, phi="tanh"):
    """The sigma_w at which chi = 1, for that bias: the edge.

    On the edge sigma_w^2 = 1 / E[phi'^2], so sigma_b^2 = q - E[phi^2] / E[phi'^2] is a
    function of q alone, and q is found by bisection. For relu and identity E[phi'^2]
    is the same for every q. Parameters and errors as for `variance_map`.
    """
    phi = get_activation(phi)
    sigma_b = check_rate("sigma_b", sigma_b)

    def beyond(q):
        slope = _mean_square_slope(phi, q)
        return q - _mean_square(phi, q) / slope >= sigma_b * sigma_b

    q = 0.0
    if not _is_homogeneous(phi) and (sigma_b or _mean_square(phi, 0.0)):
        q = _bisect(beyond, *_bracket(beyond, SMALLEST, 1.0))
    return float(_mean_square_slope(phi, q) ** -0.5)


def _is_homogeneous(phi):
    """True when phi(c s) = c phi(s) for c > 0, as for relu and identity."""
    s = np.array([-3.0, -1.0, 1.0, 3.0])
    return bool((phi(2 * s) == 2 * phi(s)).all())


def _mean_square(phi, q):
    """E[phi(sqrt(q) xi)^2]."""
    if _is_homogeneous(phi):
        return q * _expectation(lambda xi: phi(xi) ** 2)
    if q > LARGEST:
        raise _too_large()
    return _expectation(lambda xi: phi(np.sqrt(q) * xi) ** 2)


def _mean_square_slope(phi, q):
    """E[phi'(sqrt(q) xi)^2], for q = 0 its limit: relu' has none at 0 itself."""
    q = SMALLEST if _is_homogeneous(phi) else max(q, SMALLEST)
    if q > LARGEST:
        raise _too_large()
    return _expectation(lambda xi: phi.derivative(phi(np.sqrt(q) * xi)) ** 2)


@cache
def _rule(n):
    """n nodes, even about zero and none on it, and weights for xi ~ N(0, 1)."""
    xi = (np.arange(n) - (n - 1) / 2) * (2 * RANGE / n)
    weights = np.exp(-(xi**2) / 2)
    return xi, weights / weights.sum()


def _expectation(f):
    """E[f(xi)]. No node sits on the kink of relu, whose halves are then exact."""
    before = None
    for n in NODES:
        xi, weights = _rule(n)
        value = float(weights @ f(xi))
        if before is not None and abs(value - before) <= CHANGE * abs(value):
            return value
        before = value
    raise _too_large()


def _bracket(above, low, high):
    """An interval, further up if need be, at whose end ``above`` is True."""
    while not above(high):
        if high == LARGEST:
            raise _too_large()
        low, high = high, min(2 * high, LARGEST)
    return low, high


def _bisect(above, low, high):
    """Where ``above`` turns from False at low to True at high, to the last bit."""
    while low < (middle := (low + high) / 2) < high:
        low, high = (low, middle) if above(middle) else (middle, high)
    return high


def _too_large():
    return ValueError(
        f"q: expected a variance of at most {LARGEST:g}, got more; "
        "sigma_w or sigma_b is too large"
    )
