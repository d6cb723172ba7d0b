"""Section 13, lines 1 to 38: the class and its forward pass, one line a check.

The truth is a network that is run; the statements work on columns, as the program does.
"""

from types import SimpleNamespace

import numpy as np

from ledger.checking import check
from ledger.checks.oracles import close, softmax
from ledger.checks.topcuoglu.loss import huge, plain, stable
from ledger.checks.topcuoglu.recipe import tanh_networks
from ledger.checks.topcuoglu.sizes import SHAPES, d, fits, h, q


def run(lines, names):
    """Run lines of the program as they are printed, with these names."""
    exec(lines, names)


def column(v):
    """An array with one axis as a column."""
    return np.asarray(v)[:, None]


def drawn(scale, turned=False):
    def draw(rng, rows, cols):
        shape = (cols, rows) if turned else (rows, cols)
        return rng.standard_normal(shape) * scale

    return draw


@check(
    "topcuoglu-13-02",
    printed=drawn(0.01),
    planted=[
        drawn(0.01, turned=True),
        drawn(0.1),
        lambda rng, rows, cols: np.full((rows, cols), 0.01),
    ],
    cases=[1, 2],
)
def small_random_matrices(statement, seed):
    rng = np.random.default_rng(seed)
    sizes = {"W_xh": (h, d), "W_hh": (h, h), "W_hy": (q, h)}
    shapes = {name: statement(rng, *size).shape for name, size in sizes.items()}
    assert fits(SHAPES | shapes)
    many = statement(rng, 100, 100)
    assert 0.009 < many.std() < 0.011 and abs(many.mean()) < 0.001


@check(
    "topcuoglu-13-03",
    printed=lambda size: np.zeros((size, 1)),
    planted=[
        np.zeros,
        lambda size: np.zeros((1, size)),
        lambda size: np.ones((size, 1)),
    ],
    cases=[2, 3, 5],
)
def zero_columns(statement, size):
    Wv = np.ones((size, 4)) @ np.ones((4, 1))
    assert (Wv + statement(size)).shape == (size, 1)  # the sum stays a column
    assert close(Wv + statement(size), Wv)


@check(
    "topcuoglu-13-04",
    printed="xs, hs, ps = {}, {}, {}, {}",
    corrected="xs, hs, ys, ps = {}, {}, {}, {}",
    planted=["xs, hs, ys, ps = {}, {}, {}", "xs, hs, ps = {}, {}, {}"],
    raises=[ValueError, NameError],
)
def four_dictionaries(statement):
    names = {}
    run(statement, names)
    run("ys[0] = 1; ps[0] = ys[0]", names)


@check(
    "topcuoglu-13-05",
    printed=lambda T: {},
    planted=[lambda T: [None] * T],
    cases=tanh_networks,
)
def the_key_minus_one_holds_the_first_state(statement, n):
    h_prev = n.h_0.copy()
    hs = statement(n.T)
    hs[-1] = np.copy(h_prev)
    for t in range(n.T):
        hs[t] = np.tanh(n.W_xh @ n.x[t + 1] + n.W_hh @ hs[t - 1] + n.b_h)
    assert close([hs[t] for t in range(n.T)], n.h[1:])
    assert close(hs[-1], n.h_0)  # the backward pass reads it again
    hs[-1] += 1
    assert close(h_prev, n.h_0)  # a copy: the caller's state is safe


def one_hot(index, size):
    x = np.zeros((size, 1))
    x[index] = 1
    return x


@check(
    "topcuoglu-13-06",
    printed=one_hot,
    planted=[
        lambda index, size: one_hot(size - 1 - index, size),
        lambda index, size: one_hot(index, size).T,
    ],
    cases=tanh_networks,
    raises=[AssertionError, ValueError],
)
def a_one_hot_column_picks_a_column(statement, n):
    W = n.W_hy.T  # of shape (3, 4)
    for index in range(W.shape[1]):
        assert np.array_equal(W @ statement(index, W.shape[1]), W[:, [index]])


LINE = "hs[t] = np.tanh(np.dot(self.Wxh, xs[t]) + np.dot(self.{}, hs[t-1]) + self.bh)"


def as_self(n):
    """The attributes that lines 11 to 16 make."""
    arrays = {"Wxh": n.W_xh, "Whh": n.W_hh, "Why": n.W_hy}
    return SimpleNamespace(**arrays, bh=column(n.b_h), by=column(n.b_y))


@check(
    "topcuoglu-13-07",
    printed=LINE.format("Wwh"),
    corrected=LINE.format("Whh"),
    planted=[
        LINE.format("Whh.T"),
        LINE.format("Whh").replace(" + self.bh", ""),
        LINE.format("Whh").replace("t-1", "t"),
    ],
    cases=tanh_networks,
    raises=[AssertionError, AttributeError],
)
def the_state_as_a_column(statement, n):
    names = {"np": np, "self": as_self(n), "hs": {0: column(n.h_0)}, "xs": {}}
    for t in range(1, n.T + 1):
        names |= {"t": t}
        names["xs"][t], names["hs"][t] = column(n.x[t]), column(n.h_0)
        run(statement, names)
        assert close(names["hs"][t], column(n.h[t]))


@check(
    "topcuoglu-13-08",
    printed=lambda W, h, b: np.dot(W, h) + b,
    planted=[
        lambda W, h, b: np.dot(W, h),
        lambda W, h, b: np.exp(np.dot(W, h) + b),
        lambda W, h, b: 2 * (np.dot(W, h) + b),
    ],
    cases=tanh_networks,
)
def log_probabilities_but_for_a_constant(statement, n):
    for t in range(1, n.T + 1):
        y = statement(n.W_hy, column(n.h[t]), column(n.b_y))
        assert np.ptp(np.log(column(n.p[t])) - y) < 1e-9


@check(
    "topcuoglu-13-09",
    printed=stable,
    planted=[plain, lambda y: np.exp(y - np.max(y))],
    cases=lambda rng: [*huge(rng), *rng.standard_normal((3, 4))],
)
def the_stable_softmax(statement, y):
    with np.errstate(over="ignore", invalid="ignore"):
        assert close(statement(column(y)), column(softmax(y)))
