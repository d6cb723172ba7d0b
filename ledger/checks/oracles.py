"""What the checks know the truth from: networks that are run, and exact derivatives.

Nothing here is backpropagation. A network is run step by step as the book's equations
(1) to (4) say, also with complex numbers; a derivative is one complex step
{cite}`squire1998`, exact to rounding.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

STEP = 1e-30
ACTIVATIONS = {  # phi and phi'
    "tanh": (np.tanh, lambda s: 1 - np.tanh(s) ** 2),
    "identity": (lambda s: s + 0.0, lambda s: np.ones_like(s)),
    "logistic": (
        lambda s: 1 / (1 + np.exp(-s)),
        lambda s: np.exp(-s) / (1 + np.exp(-s)) ** 2,
    ),
}
PARAMETERS = ("W_xh", "W_hh", "b_h", "W_hy", "b_y")


def close(actual, wanted, tolerance=1e-9):
    """True for arrays of one shape that agree, relative to the largest entry."""
    actual, wanted = np.asarray(actual), np.asarray(wanted)
    if actual.shape != wanted.shape:
        return False
    size = max(np.max(np.abs(wanted), initial=0.0), 1e-300)
    return bool(np.max(np.abs(actual - wanted), initial=0.0) <= tolerance * size)


def jacobian(function, at):
    """d function / d at: the shape of the value, then the shape of ``at``."""
    at = np.asarray(at, complex)
    columns = []
    for i in np.ndindex(at.shape):
        moved = at.copy()
        moved[i] += 1j * STEP
        columns.append(np.imag(function(moved)) / STEP)
    stacked = np.stack(columns, axis=-1)
    return stacked.reshape(stacked.shape[:-1] + at.shape)


def softmax(z):
    """Entries exp(z_k) / sum_j exp(z_j); takes complex numbers."""
    e = np.exp(z - np.max(z.real))
    return e / np.sum(e)


@dataclass(frozen=True)
class Network:
    """One sequence through one network; lists start at step 1, ``h`` at h_0.

    ``n.s[t]``, ``n.h[t]``, ``n.z[t]``, ``n.p[t]``, ``n.ell[t]`` are those of step t
    (index 0 of all but ``h`` is None). Vectors have one axis.
    """

    W_xh: np.ndarray
    W_hh: np.ndarray
    b_h: np.ndarray
    W_hy: np.ndarray
    b_y: np.ndarray
    h_0: np.ndarray
    x: tuple  # x[1] to x[T]; x[0] is None
    y: tuple  # one-hot targets (or any vectors for the squared error)
    phi: str = "tanh"
    loss: str = "cross_entropy"  # or "half_squared_error" of z

    @property
    def T(self):
        """Number of steps."""
        return len(self.x) - 1

    def act(self, s):
        """phi(s)."""
        return ACTIVATIONS[self.phi][0](s)

    def slope(self, s):
        """phi'(s)."""
        return ACTIVATIONS[self.phi][1](s)

    def step_loss(self, z, y):
        """ell_t of the logits."""
        if self.loss == "half_squared_error":
            return np.sum((z - y) ** 2) / 2
        return -np.sum(y * np.log(softmax(z)))

    def run(self, add=None):
        """(s, h, z, ell): all steps, with ``add[name, t]`` added where it arises.

        So the derivative by what is added at ("h", t) is the total derivative dL/dh_t,
        through every later step.
        """
        add = add or {}
        h, s, z, ell = [self.h_0 + add.get(("h", 0), 0)], [None], [None], [None]
        for t in range(1, self.T + 1):
            pre = self.W_xh @ self.x[t] + self.W_hh @ h[t - 1] + self.b_h
            s.append(pre + add.get(("s", t), 0))
            h.append(self.act(s[t]) + add.get(("h", t), 0))
            z.append(self.W_hy @ h[t] + self.b_y + add.get(("z", t), 0))
            ell.append(self.step_loss(z[t], self.y[t]))
        return s, h, z, ell

    @cached_property
    def trace(self):
        """The run as it is."""
        return self.run()

    s = property(lambda self: self.trace[0])
    h = property(lambda self: self.trace[1])
    z = property(lambda self: self.trace[2])
    ell = property(lambda self: self.trace[3])

    @cached_property
    def p(self):
        """softmax(z_t)."""
        return [None, *(softmax(z) for z in self.z[1:])]

    @property
    def L(self):
        """The total loss."""
        return sum(self.ell[1:])

    def total(self, name, t, of=None):
        """d/d(name_t) of L, or of any function ``of(s, h, z, ell)``: total."""
        of = of or (lambda s, h, z, ell: sum(ell[1:]))
        at = self.h[t] if name == "h" else {"s": self.s, "z": self.z}[name][t]
        zero = np.zeros(at.shape)
        return jacobian(lambda v: of(*self.run({(name, t): v})), zero)

    def gradient(self, name, of=None):
        """d/d(parameter) of L, or of ``of(s, h, z, ell)``; also "h_0"."""
        of = of or (lambda s, h, z, ell: sum(ell[1:]))
        return jacobian(
            lambda v: of(*replace(self, **{name: v}).run()), getattr(self, name)
        )

    def dh_dh(self, t, k):
        """The total Jacobian dh_t/dh_k."""
        return self.total("h", k, of=lambda s, h, z, ell: h[t])


def network(rng, *, d_x=2, d_h=3, K=4, T=4, scale=0.8, **options):
    """A random network; all sizes differ, so that no wrong shape fits by accident."""

    def draw(*shape):
        return rng.standard_normal(shape) * scale

    targets = [np.eye(K)[k] for k in rng.integers(K, size=T)]
    return Network(
        W_xh=draw(d_h, d_x),
        W_hh=draw(d_h, d_h),
        b_h=draw(d_h),
        W_hy=draw(K, d_h),
        b_y=draw(K),
        h_0=draw(d_h),
        x=(None, *(draw(d_x) for _ in range(T))),
        y=(None, *targets),
        **options,
    )


JORDAN = np.array([[0.5, 10.0], [0.0, 0.5]])  # radius 1/2, norm above 10
RANK_ONE = np.full((2, 2), 0.9)  # entries and norm on two sides of one
NILPOTENT = np.array([[0.0, 5.0], [0.0, 0.0]])  # radius zero, norm 5
NOT_NORMAL = (JORDAN, RANK_ONE, NILPOTENT)


def delay_line(n):
    """The network with a W_hh of one entry: no input lasts longer than two steps."""
    W_hh = np.zeros_like(n.W_hh)
    W_hh[1, 0] = 1.0
    return replace(n, W_hh=W_hh)


def delay_lines():
    """Networks in which the past is soon gone: outside of what almost all do."""
    n = network(np.random.default_rng(4))
    return [delay_line(n), replace(n, W_hh=0 * n.W_hh)]


def networks(rng):
    """Three random networks: cases for a check."""
    return [network(rng, phi=phi) for phi in ("tanh", "tanh", "logistic")]
