"""Sections 1.2, 1.3 and 1.11: which size each symbol has.

The network is run with columns and with sums of equal shapes only; all sizes differ.
A shape is right when the equations can be evaluated with it, and wrong when not.
"""

import numpy as np

from ledger.checking import check
from ledger.checks.oracles import network
from ledger.checks.roysdon.recursion import backward

SIZES = ({"d_x": 2, "d_h": 3, "K": 4}, {"d_x": 5, "d_h": 4, "K": 2})
COLUMNS = {
    "x_t": ("d_x", 1),
    "h_{t-1}": ("d_h", 1),
    "W_xh": ("d_h", "d_x"),
    "W_hh": ("d_h", "d_h"),
    "b_h": ("d_h", 1),
    "W_hy": ("K", "d_h"),
    "b_y": ("K", 1),
    "y_t": ("K", 1),
}


def plus(*terms):
    """A sum that broadcasts nothing."""
    assert len({term.shape for term in terms}) == 1
    return sum(terms)


def strict_step(sizes, **declared):
    """(1) to (4) with columns: the arrays by name, where the shapes allow it."""
    rng = np.random.default_rng(1)
    shapes = {k: declared.get(k, shape) for k, shape in COLUMNS.items()}
    a = {
        name: rng.standard_normal([sizes.get(letter, letter) for letter in shape])
        for name, shape in shapes.items()
    }
    s = plus(a["W_xh"] @ a["x_t"], a["W_hh"] @ a["h_{t-1}"], a["b_h"])
    h = np.tanh(s)
    assert h.shape == a["h_{t-1}"].shape  # so that the next step can run
    z = plus(a["W_hy"] @ h, a["b_y"])
    p = np.exp(z) / np.exp(z).sum()
    assert (-a["y_t"].T @ np.log(p)).shape == (1, 1)
    return a | {"s_t": s, "h_t": h, "z_t": z, "p_t": p}


def argument(id_, name, stated, *wrong):
    """A check that the equations run when ``name`` has the stated shape."""

    @check(
        id_,
        printed=stated,
        planted=wrong,
        cases=SIZES,
        raises=(AssertionError, ValueError),
    )
    def test(statement, sizes):
        strict_step(sizes, **{name: statement})

    return test


def result(id_, name, stated, *wrong):
    """A check that ``name`` comes out of the equations with the stated shape."""

    @check(id_, printed=stated, planted=wrong, cases=SIZES)
    def test(statement, sizes):
        wanted = tuple(sizes.get(letter, letter) for letter in statement)
        assert strict_step(sizes)[name].shape == wanted

    return test


def adjoint(id_, name, letter, stated, *wrong):
    """A check of the length of the derivative of the loss by ``letter`` at a step."""

    @check(id_, printed=stated, planted=wrong, cases=SIZES)
    def test(statement, sizes):
        n = network(np.random.default_rng(2), **sizes)
        for t in range(1, n.T + 1):
            assert n.total(letter, t).shape == (sizes[statement],)
            assert getattr(backward(n), name)[t].shape == (sizes[statement],)

    return test


X, H, OUT = ("d_x", 1), ("d_h", 1), ("K", 1)

x_1_2 = argument("roysdon-1.2-01", "x_t", X, H, (1, "d_x"))
h_1_2 = result("roysdon-1.2-04", "h_t", H, OUT, X, (1, "d_h"))
W_xh_1_2 = argument("roysdon-1.2-05", "W_xh", COLUMNS["W_xh"], ("d_x", "d_h"))
W_hh_1_2 = argument("roysdon-1.2-06", "W_hh", COLUMNS["W_hh"], ("d_h", "d_x"))
b_h_1_2 = argument("roysdon-1.2-07", "b_h", H, OUT, (1, "d_h"), (1, 1))
W_hy_1_2 = argument("roysdon-1.2-08", "W_hy", COLUMNS["W_hy"], ("d_h", "K"))
b_y_1_2 = argument("roysdon-1.2-09", "b_y", OUT, H, (1, "K"), (1, 1))

s_1_3 = result("roysdon-1.3-02", "s_t", H, X, OUT)
h_1_3 = result("roysdon-1.3-04", "h_t", H, X, OUT)
z_1_3 = result("roysdon-1.3-06", "z_t", OUT, X, H)

delta_z_1_6 = adjoint("roysdon-1.6-03", "delta_z", "z", "K", "d_h", "d_x")
delta_s_1_6 = adjoint("roysdon-1.6-07", "delta_s", "s", "d_h", "K", "d_x")

x_1_11 = argument("roysdon-1.11-01", "x_t", X, OUT, (1, "d_x"))
h_1_11 = result("roysdon-1.11-03", "h_t", H, OUT, X)
s_1_11 = result("roysdon-1.11-04", "s_t", H, OUT, X)
p_1_11 = result("roysdon-1.11-06", "p_t", OUT, H, (1, 1))
W_xh_1_11 = argument("roysdon-1.11-07", "W_xh", COLUMNS["W_xh"], ("d_x", "d_h"))
W_hh_1_11 = argument("roysdon-1.11-08", "W_hh", COLUMNS["W_hh"], ("d_x", "d_h"))
b_h_1_11 = argument("roysdon-1.11-09", "b_h", H, X, (1, "d_h"))
W_hy_1_11 = argument("roysdon-1.11-10", "W_hy", COLUMNS["W_hy"], ("d_h", "K"))
b_y_1_11 = argument("roysdon-1.11-11", "b_y", OUT, H, (1, "K"))
delta_z_1_11 = adjoint("roysdon-1.11-12", "delta_z", "z", "K", "d_h", "d_x")
g_1_11 = adjoint("roysdon-1.11-13", "g", "h", "d_h", "K", "d_x")
delta_s_1_11 = adjoint("roysdon-1.11-14", "delta_s", "s", "d_h", "K", "d_x")


@check(
    "roysdon-1.11-05",
    printed=OUT,
    otherwise=H,
    cases=SIZES,
)
def z_is_as_long_as_the_classes(statement, sizes):
    wanted = tuple(sizes.get(letter, letter) for letter in statement)
    assert strict_step(sizes)["z_t"].shape == wanted
