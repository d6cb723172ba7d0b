"""Section 5.1: the model."""

import numpy as np

from ledger.checking import check
from ledger.checks.oracles import close, network, networks

SHAPES = {  # with n = 2, m = 3, k = 4
    "x": (2,),
    "h": (3,),
    "W_hx": (3, 2),
    "W_hh": (3, 3),
    "W_yh": (4, 3),
    "b_h": (3,),
    "b_y": (4,),
}


def shapes_of_the_equations(shapes):
    """The shapes of a, h and y in (1) to (4); ValueError where a product fails."""
    v = {name: np.ones(shape) for name, shape in shapes.items()}
    a = v["W_hx"] @ v["x"] + v["W_hh"] @ v["h"] + v["b_h"]
    o = v["W_yh"] @ np.tanh(a) + v["b_y"]
    return a.shape, np.tanh(a).shape, o.shape


def shape_check(id_, names, printed, planted):
    """The equations (1) to (4) fit with these shapes, and with none of the planted."""

    @check(id_, printed=printed, planted=planted, raises=(AssertionError, ValueError))
    def shapes_fit(statement):
        given = SHAPES | dict(zip(names, statement, strict=True))
        assert shapes_of_the_equations(given) == ((3,), given["h"], (4,))

    return shapes_fit


VECTORS = ("x", "h")
vectors = shape_check(
    "khanna-5.1-01", VECTORS, [(2,), (3,)], [[(3,), (3,)], [(2,), (2,)], [(2, 3), (3,)]]
)


@check(
    "khanna-5.1-02",
    printed=lambda n, h, t: n.W_xh @ n.x[t] + n.W_hh @ h[t - 1] + n.b_h,
    otherwise=lambda n, h, t: (
        n.W_xh @ n.x[t] + n.b_h + (n.W_hh @ h[t - 1] if t > 1 else 0)
    ),
    planted=[
        lambda n, h, t: n.W_xh @ n.x[t] + n.W_hh.T @ h[t - 1] + n.b_h,
        lambda n, h, t: n.W_xh @ n.x[t] + n.W_hh @ h[t] + n.b_h,
        lambda n, h, t: n.W_xh @ n.x[t] + n.W_hh @ h[t - 1],
    ],
    cases=networks,
)
def equation_1(statement, n):
    for t in range(1, n.T + 1):
        assert close(statement(n, n.h, t), n.s[t])


def tanh_networks(rng):
    return [network(rng), network(rng, T=6)]


@check(
    "khanna-5.1-03",
    printed=np.tanh,
    planted=[lambda a: 1 / (1 + np.exp(-a)), lambda a: 1 - np.tanh(a) ** 2, np.sinh],
    cases=tanh_networks,
)
def equation_2(statement, n):
    for t in range(1, n.T + 1):
        assert close(statement(n.s[t]), n.h[t])
        assert np.abs(statement(100 * n.s[t])).max() <= 1


@check(
    "khanna-5.1-04",
    printed=lambda n, t: n.W_hy @ n.h[t] + n.b_y,
    planted=[
        lambda n, t: n.W_hy @ n.h[t - 1] + n.b_y,
        lambda n, t: n.W_hy @ n.s[t] + n.b_y,
        lambda n, t: n.W_hy @ n.h[t],
    ],
    cases=tanh_networks,
)
def equation_3(statement, n):
    for t in range(1, n.T + 1):
        assert close(statement(n, t), n.z[t])


def softmax_check(id_):
    """Positive, of sum one, and the ratios are the exponentials of differences."""

    @check(
        id_,
        printed=lambda o: np.exp(o) / np.sum(np.exp(o)),
        planted=[
            lambda o: 1 / (1 + np.exp(-o)),
            lambda o: np.exp(-o) / np.sum(np.exp(-o)),
            lambda o: o / np.sum(o),
        ],
        cases=networks,
    )
    def softmax_is_a_distribution(statement, n):
        for o in n.z[1:]:
            y = statement(o)
            assert y.min() > 0 and np.isclose(y.sum(), 1)
            assert close(y[:, None] / y, np.exp(o[:, None] - o))

    return softmax_is_a_distribution


equation_4 = softmax_check("khanna-5.1-05")
input_weights = shape_check("khanna-5.1-06", ["W_hx"], [(3, 2)], [[(2, 3)], [(2, 2)]])
recurrent_weights = shape_check(
    "khanna-5.1-07", ["W_hh"], [(3, 3)], [[(3, 2)], [(2, 3)]]
)
output_weights = shape_check("khanna-5.1-08", ["W_yh"], [(4, 3)], [[(3, 4)], [(3, 3)]])
biases = shape_check(
    "khanna-5.1-09", ["b_h", "b_y"], [(3,), (4,)], [[(4,), (3,)], [(3,), (3,)]]
)
