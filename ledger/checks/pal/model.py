"""Section 2: the network and its two forms."""

from dataclasses import replace

import numpy as np

import rnnlib
from ledger.checking import check
from ledger.checks.oracles import ACTIVATIONS, close, network, softmax
from ledger.checks.pal.terms import small_networks

INVERSE = {
    "tanh": np.arctanh,
    "logistic": lambda h: np.log(h) - np.log1p(-h),
}


def run(n):
    """The network run by the package: its trace."""
    params = rnnlib.Params(n.W_xh, n.W_hh, n.b_h, n.W_hy, n.b_y)
    return rnnlib.forward(
        params, np.array(n.x[1:])[:, None], h_0=n.h_0[None], phi=n.phi
    )


def started_inside(rng):
    """Networks whose h_0 is a value of sigma, none of them small."""
    for phi in ("tanh", "logistic"):
        n = network(rng, phi=phi, scale=1.5)
        yield replace(n, h_0=ACTIVATIONS[phi][0](n.h_0))


def layers(n, weights):
    """The outputs h_t of as many layers as ``weights``, each with its own matrix."""
    h, found = n.h_0, []
    for W, x in zip(weights, n.x[1:], strict=True):
        h = n.act(W @ h + n.W_xh @ x + n.b_h)
        found.append(h)
    return np.array(found)


@check(
    "pal-2-01",
    printed=lambda n: layers(n, [n.W_hh] * n.T),
    planted=[
        lambda n: layers(n, [n.W_hh.T] * n.T),
        lambda n: layers(n, [n.W_hh * 0.9**r for r in range(n.T)]),
    ],
    cases=small_networks,
)
def a_layer_a_step_with_one_matrix(statement, n):
    assert close(statement(n), run(n).h[1:, 0])


@check(
    "pal-2-02",
    printed=lambda n: n.h[1:],
    otherwise=lambda n: n.s[1:],
    cases=started_inside,
)
def activations_are_values_of_sigma(statement, n):
    low = -1 if n.phi == "tanh" else 0
    assert all(np.all((low < h) & (h < 1)) for h in statement(n))


@check(
    "pal-2-03",
    printed=lambda z: rnnlib.softmax(z),
    planted=[lambda z: z, lambda z: 1 / (1 + np.exp(-z))],
    cases=lambda rng: rng.standard_normal((3, 4)),
)
def an_output_is_a_distribution(statement, z):
    o = statement(z)
    assert np.all(o > 0) and abs(np.sum(o) - 1) < 1e-12
    assert np.argmax(o) == np.argmax(z)


def shape_of(id_, name, printed, planted):
    """A check of the shape of a matrix by the sizes n, m (input) and K (output)."""

    @check(
        id_,
        printed=printed,
        planted=planted,
        cases=[(2, 3, 4), (3, 2, 5), (4, 5, 2)],
    )
    def test(statement, sizes):
        n, m, K = sizes
        shapes = rnnlib.parameter_shapes(m, n, K)._asdict()
        right = {key: np.ones(shape) for key, shape in shapes.items()}
        params = rnnlib.Params(**{**right, name: np.ones(statement(*sizes))})
        try:
            trace = rnnlib.forward(params, np.ones((2, 1, m)))
        except ValueError as refused:
            raise AssertionError from refused
        assert trace.h.shape == (3, 1, n) and trace.z.shape == (2, 1, K)

    return test


recurrent_weights = shape_of(
    "pal-2-04",
    "W_hh",
    lambda n, m, K: (n, n),
    [lambda n, m, K: (n, m), lambda n, m, K: (1, n)],
)
input_weights = shape_of(
    "pal-2-05",
    "W_xh",
    lambda n, m, K: (n, m),
    [lambda n, m, K: (m, n), lambda n, m, K: (n, n)],
)
output_weights = shape_of(
    "pal-2-06",
    "W_hy",
    lambda n, m, K: (K, n),
    [lambda n, m, K: (n, K), lambda n, m, K: (K, m)],
)

LOSSES = {
    "MSE": lambda o, y: np.mean((o - y) ** 2),
    "cross-entropy": lambda o, y: -np.sum(y * np.log(o)),
}


@check(
    "pal-2-07",
    printed=LOSSES,
    planted=[
        {**LOSSES, "cross-entropy": lambda o, y: np.sum(y * np.log(o))},
        {**LOSSES, "MSE": lambda o, y: o - y},
        {**LOSSES, "MSE": lambda o, y: np.mean(o - y)},
    ],
    cases=lambda rng: [(softmax(z), k) for k, z in enumerate(rng.random((4, 4)))],
)
def an_error_is_a_number_least_at_the_target(statement, case):
    o, k = case
    y = np.eye(4)[k]
    at_the_target = y + 1e-12
    even = np.array([0.5, 0.5]), np.array([1.0, 0.0])
    assert close(statement["MSE"](*even), 0.25)
    for E in statement.values():
        assert np.ndim(E(o, y)) == 0
        assert E(o, y) > 1e-3 and abs(E(at_the_target, y)) < 1e-9


DEFINED = {"x_t", "h_t", "o_t", "y_t", "W_R", "W_I", "W_O", "E_t"}


@check(
    "pal-2-08",
    printed=DEFINED,
    corrected=DEFINED | {"sigma", "b_R", "b_O", "h_0"},
    planted=[DEFINED | {"sigma", "b_R", "b_I", "h_0"}],
)
def the_list_has_every_letter_of_the_equations(statement):
    used = {"h_t", "sigma", "W_R", "W_I", "x_t", "b_R", "o_t", "W_O", "b_O"}
    assert used | {"h_0"} <= statement  # (G1) at t = 1 reads h_0


@check(
    "pal-2-09",
    printed=lambda n, t: n.act(n.W_hh @ n.h[t - 1] + n.W_xh @ n.x[t] + n.b_h),
    planted=[
        lambda n, t: n.act(n.W_hh.T @ n.h[t - 1] + n.W_xh @ n.x[t] + n.b_h),
        lambda n, t: n.act(n.W_hh @ n.h[t - 1] + n.W_xh @ n.x[t]),
        lambda n, t: n.act(n.W_hh @ n.h[t] + n.W_xh @ n.x[t] + n.b_h),
    ],
    cases=small_networks,
)
def G1(statement, n):
    for t in range(1, n.T + 1):
        assert close(statement(n, t), run(n).h[t, 0])


@check(
    "pal-2-10",
    printed=lambda n, t: softmax(n.W_hy @ n.h[t] + n.b_y),
    planted=[
        lambda n, t: softmax(n.W_hy @ n.h[t - 1] + n.b_y),
        lambda n, t: softmax(n.W_hy @ n.s[t] + n.b_y),
        lambda n, t: n.W_hy @ n.h[t] + n.b_y,
    ],
    cases=small_networks,
)
def G2(statement, n):
    for t in range(1, n.T + 1):
        assert close(statement(n, t), rnnlib.softmax(run(n).z[t - 1, 0]))


@check(
    "pal-2-11",
    printed=lambda phi, h: INVERSE[phi](h),
    cases=[("tanh", 0.3), ("tanh", -0.9), ("logistic", 0.2)],
    outside=[("logistic", 0.0), ("tanh", 1.0), ("relu", 0.5), ("relu", -1.0)],
    raises=(AssertionError, KeyError),
)
def sigma_can_be_undone(statement, case):
    phi, h = case
    with np.errstate(divide="ignore"):
        tilde = statement(phi, h)
    assert np.isfinite(tilde)
    assert abs(ACTIVATIONS[phi][0](tilde) - h) < 1e-12


@check(
    "pal-2-12",
    printed=lambda n, b, x: n.W_hh @ n.act(b) + n.W_xh @ x + n.b_h,
    planted=[
        lambda n, b, x: n.act(n.W_hh @ b + n.W_xh @ x + n.b_h),
        lambda n, b, x: n.W_hh @ b + n.W_xh @ x + n.b_h,
        lambda n, b, x: n.W_hh.T @ n.act(b) + n.W_xh @ x + n.b_h,
    ],
    cases=small_networks,
)
def R1(statement, n):
    s = run(n).s[:, 0]
    for t in range(2, n.T + 1):
        assert close(statement(n, s[t - 2], n.x[t]), s[t - 1])


@check(
    "pal-2-13",
    printed=lambda n, tilde: softmax(n.W_hy @ n.act(tilde) + n.b_y),
    planted=[
        lambda n, tilde: softmax(n.W_hy @ tilde + n.b_y),
        lambda n, tilde: n.act(softmax(n.W_hy @ tilde + n.b_y)),
    ],
    cases=small_networks,
)
def R2(statement, n):
    trace = run(n)
    for t in range(1, n.T + 1):
        o = rnnlib.softmax(trace.z[t - 1, 0])
        assert close(statement(n, trace.s[t - 1, 0]), o)


@check(
    "pal-2-14",
    printed=lambda n: INVERSE[n.phi](n.h_0),
    otherwise=lambda n: n.h_0,
    planted=[lambda n: n.act(n.h_0)],
    cases=started_inside,
)
def the_two_forms_are_one_network(statement, n):
    tilde = statement(n)
    for t in range(1, n.T + 1):
        tilde = n.W_hh @ n.act(tilde) + n.W_xh @ n.x[t] + n.b_h
        o = softmax(n.W_hy @ n.act(tilde) + n.b_y)
        assert close(o, rnnlib.softmax(run(n).z[t - 1, 0]))


@check(
    "pal-2-15",
    printed=lambda n, t: n.W_hh @ n.act(n.s[t - 1]) + n.W_xh @ n.x[t] + n.b_h,
    otherwise=lambda n, t: n.W_hh @ n.act(n.h[t - 1]) + n.W_xh @ n.x[t] + n.b_h,
    planted=[lambda n, t: n.W_hh @ n.s[t - 1] + n.W_xh @ n.x[t] + n.b_h],
    cases=small_networks,
)
def equation_1(statement, n):
    for t in range(2, n.T + 1):
        assert close(statement(n, t), run(n).s[t - 1, 0])


@check(
    "pal-2-16",
    printed=lambda n, h: softmax(n.W_hy @ h + n.b_y),
    corrected=lambda n, h: softmax(n.W_hy @ n.act(h) + n.b_y),
    planted=[lambda n, h: softmax(n.act(n.W_hy @ h + n.b_y))],
    cases=small_networks,
)
def equation_2(statement, n):
    for t in range(1, n.T + 1):
        assert close(statement(n, n.s[t]), rnnlib.softmax(run(n).z[t - 1, 0]))
