"""The network of the document: an output function g, and the squared error."""

from dataclasses import dataclass, fields

import numpy as np

from ledger.checks.oracles import Network, network, softmax

OUTPUTS = {"tanh": np.tanh, "softmax": softmax}


def logistic(v):
    """1 / (1 + exp(-v))."""
    return 1 / (1 + np.exp(-v))


@dataclass(frozen=True)
class WithOutputs(Network):
    """y_t = g(o_t) and C_t = 1/2 sum_i (y_i - target_i)^2; o_t is z of the book."""

    g: str = "tanh"

    def output(self, o):
        """g(o)."""
        return OUTPUTS[self.g](o)

    def step_loss(self, z, y):
        """C_t."""
        return np.sum((self.output(z) - y) ** 2) / 2

    def g_slope(self, o):
        """g'(o), entry by entry."""
        return 1 - np.tanh(o) ** 2

    def e(self, t):
        """dC_t/do_t, exact."""
        return self.total("z", t)

    def delta(self, t):
        """dC/d(pre-activation) of step t, exact: through all later costs."""
        return self.total("s", t) if t <= self.T else np.zeros_like(self.b_h)


def of(plain, **options):
    """The same network with an output function."""
    return WithOutputs(
        **{f.name: getattr(plain, f.name) for f in fields(plain)}, **options
    )


def networks(rng):
    """Two random networks with an output function that acts entry by entry."""
    return [of(network(rng)), of(network(rng, d_x=3, d_h=2, K=4, T=3))]


def one_unit(T=2, **numbers):
    """One unit, T steps, everything 1 but what is given; f and g the identity."""
    one = {name: np.ones((1, 1)) for name in ("W_xh", "W_hh", "W_hy")}
    zero = {name: np.zeros(1) for name in ("b_h", "b_y", "h_0")}
    x = (None, *[np.ones(1)] * T)
    y = (None, *[np.zeros(1)] * T)
    fit = one | zero | numbers
    return Network(**fit, x=x, y=y, phi="identity", loss="half_squared_error")
