"""Section 9.2.5: the remedies."""

from dataclasses import replace

import numpy as np

import rnnlib
from ledger.checking import check
from ledger.checks.khanna.common import again, rest_derivative
from ledger.checks.khanna.introduction import gates_pass_gradients_better
from ledger.checks.khanna.vanishing import rotation
from ledger.checks.oracles import PARAMETERS, jacobian, network
from rnnlib.variants.truncated import truncated_backward

gates = again(gates_pass_gradients_better, "khanna-9.2.5-01")


def relu(s):
    """max(s, 0), also for complex steps."""
    return s * (np.real(s) > 0)


def active_path(phi, x, w=1.0, k=30):
    """dh_k/dh_0 of h_t = phi(w h_{t-1} + x) from h_0 = 1/2."""

    def last(h):
        for _ in range(k):
            h = phi(w * h + x)
        return h

    return float(jacobian(last, np.array(0.5)))


@check(
    "khanna-9.2.5-02",
    printed=lambda x: 1.0,
    planted=[lambda x: 0.5, lambda x: 0.0],
    cases=[0.1, 1.0],
    outside=[-0.7, -2.0],
)
def relu_passes_the_gradient(statement, x):
    assert np.isclose(active_path(relu, x), statement(x))
    assert active_path(np.tanh, abs(x)) < 0.1


@check(
    "khanna-9.2.5-03",
    printed=lambda w, k: (w**k, 0.0),
    planted=[lambda w, k: (1.0, 0.0), lambda w, k: (w**k, 1.0)],
    cases=[(1.5, 20), (2.0, 40)],
)
def relu_explodes_or_dies(statement, case):
    """State from h_0 = 1 without input; derivative after one strong negative input."""
    w, k = case
    h = 1.0
    for _ in range(k):
        h = relu(w * h)
    grows, dead = statement(w, k)
    assert np.isclose(h, grows) and active_path(relu, -100.0, w, k) == dead
    assert rest_derivative(1.0, k) == 1.0


def weak(rho=0.4, T=20):
    """Parameters, trace and output error of a network whose long lags vanish."""
    rng = np.random.default_rng(11)
    n = network(rng, T=T)
    n = replace(n, W_hh=rho * rotation(rng), h_0=np.zeros(3))
    params = rnnlib.Params(*(getattr(n, k) for k in PARAMETERS))
    trace = rnnlib.forward(params, np.array(n.x[1:])[:, None])
    delta_z = np.array([p - y for p, y in zip(n.p[1:], n.y[1:], strict=True)])
    delta_z[:-1] = 0  # the last loss alone
    return params, trace, delta_z[:, None]


def by_input(k2=20, scale=1.0):
    """Size of the derivative of the last loss by each input, window k2."""
    params, trace, delta_z = weak()
    options = {"k1": 1, "k2": k2}
    x = truncated_backward(params, trace, scale * delta_z, **options).x
    return np.linalg.norm(x[:, 0], axis=1)


LAG = 15


def share(sizes):
    """A long lag relative to lag 0."""
    return sizes[-1 - LAG] / sizes[-1]


@check(
    "khanna-9.2.5-04",
    printed=lambda before: before * 10,
    corrected=lambda before: before,
    planted=[lambda before: 1.0, lambda before: before / 10],
    cases=[1e-3, 1.0, 1e4],
)
def clipping_and_the_long_lags(statement, scale):
    """The share of a long lag after clipping, where the whole has this scale."""
    sizes = by_input(scale=scale)
    clipped = rnnlib.clip_by_global_norm({"x": sizes}, 1.0)["x"]
    assert share(sizes) < 1e-5 and (clipped <= sizes).all()
    assert np.isclose(share(clipped), statement(share(sizes)), rtol=1e-6, atol=0)


@check(
    "khanna-9.2.5-05",
    printed=lambda k2: k2,
    planted=[lambda k2: 20, lambda k2: k2 + 1],
    cases=[1, 4, 12],
)
def truncation_limits_the_length(statement, k2):
    assert np.count_nonzero(by_input(k2)) == statement(k2)


@check(
    "khanna-9.2.5-06",
    printed=lambda before, inside: 2 * before,
    corrected=lambda before, inside: before if inside else 0.0,
    planted=[lambda before, inside: before, lambda before, inside: 0.0],
    cases=[4, 8],
)
def truncation_and_the_long_lags(statement, k2):
    """What is left of each lag with a window of k2 steps."""
    before, after = by_input(), by_input(k2)
    assert 0 < before[-1 - LAG] < 1e-5 * before[-1]
    for lag in range(20):
        wanted = statement(before[-1 - lag], lag < k2)
        assert np.isclose(after[-1 - lag], wanted, rtol=1e-9, atol=0)


def residual_path(depth, lag, W, U):
    """d(output of the last layer, last step) / d(input ``lag`` steps before): norm.

    Layer l > 1: y_t = y'_t + r_t, r_t = tanh(W r_{t-1} + U y'_t), y' its input.
    """

    def output(v):
        below = [0.1 * np.ones(2) + (v if t == 0 else 0) for t in range(lag + 1)]
        for _ in range(depth):
            r, above = np.zeros(2), []
            for y in below:
                r = np.tanh(W @ r + U @ y)
                above.append(y + r)
            below = above
        return below[-1]

    return np.linalg.norm(jacobian(output, np.zeros(2)), 2)


SMALL = 0.3 * rotation(np.random.default_rng(3), 2)  # between steps
TURNED = 0.05 * rotation(np.random.default_rng(4), 2)  # within a step


@check(
    "khanna-9.2.5-07",
    printed=lambda size: size > 0.5,
    planted=[lambda size: size < 0.5, lambda size: size > 100],
    cases=[(4, 0, TURNED), (20, 0, TURNED)],
    outside=[(4, 20, TURNED), (2, 40, TURNED), (20, 0, -0.05 * np.eye(2))],
    numbers=lambda: {
        "turned": residual_path(20, 0, SMALL, TURNED),
        "negative": residual_path(20, 0, SMALL, -0.05 * np.eye(2)),
    },
)
def residual_connections_pass_the_gradient(statement, case):
    depth, lag, U = case
    assert statement(residual_path(depth, lag, SMALL, U))
