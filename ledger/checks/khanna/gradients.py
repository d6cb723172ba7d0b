"""Section 6: backpropagation through time."""

import numpy as np

from ledger.checking import check
from ledger.checks.khanna.common import reads
from ledger.checks.oracles import (
    PARAMETERS,
    close,
    delay_lines,
    jacobian,
    network,
)


def tanh_networks(rng):
    return [network(rng), network(rng, T=3), network(rng, d_h=2, T=5)]


def immediate_state(n, t):
    """d L^(t) / d h^(t): the loss of step t alone, through its own output."""
    return jacobian(
        lambda h: n.step_loss(n.W_hy @ h + n.b_y, n.y[t]), n.h[t].astype(complex)
    )


@check(
    "khanna-6.1-01",
    printed=lambda a, h, g: g * (1 - np.tanh(a) ** 2),
    planted=[
        lambda a, h, g: g * (1 - np.tanh(h) ** 2),
        lambda a, h, g: g * (1 + np.tanh(a) ** 2),
        lambda a, h, g: g,
    ],
    cases=tanh_networks,
)
def equation_6(statement, n):
    for t in range(1, n.T + 1):
        assert close(statement(n.s[t], n.h[t], n.total("h", t)), n.total("s", t))


@check(
    "khanna-6.1-02",
    printed=lambda n, t: n.total("h", t),
    otherwise=immediate_state,
    planted=[lambda n, t: n.total("h", t) - immediate_state(n, t)],
    cases=tanh_networks,
)
def the_local_gradient_is_total(statement, n):
    delta = [statement(n, t) * n.slope(n.s[t]) for t in range(1, n.T + 1)]
    formula = sum(np.outer(d, h) for d, h in zip(delta, n.h, strict=False))
    assert close(formula, n.gradient("W_hh"))


@check(
    "khanna-6.1-03",
    printed=lambda a: 1 - np.tanh(a) ** 2,
    planted=[lambda a: 1 - np.tanh(a), lambda a: np.tanh(a) * (1 - np.tanh(a))],
    cases=lambda rng: 2 * rng.standard_normal(20),
)
def the_slope_of_tanh(statement, a):
    assert np.isclose(jacobian(np.tanh, a), statement(a), rtol=1e-9)


def deltas(n, name="s"):
    return [None, *(n.total(name, t) for t in range(1, n.T + 1))]


def summed(n, d, factor):
    return sum(np.outer(d[t], factor[t]) for t in range(1, n.T + 1))


@check(
    "khanna-6.2-01",
    printed=lambda n, d: summed(n, d, n.x),
    planted=[
        lambda n, d: summed(n, d, n.x).T,
        lambda n, d: np.outer(d[n.T], n.x[n.T]),
        lambda n, d: summed(n, d, n.x) / n.T,
    ],
    cases=tanh_networks,
)
def equation_7(statement, n):
    assert close(statement(n, deltas(n)), n.gradient("W_xh"))


@check(
    "khanna-6.2-02",
    printed=lambda n, d: summed(n, d, [None, *n.h]),
    planted=[
        lambda n, d: summed(n, d, n.h),
        lambda n, d: summed(n, d, [None, *n.h]).T,
        lambda n, d: summed(n, d, [None, 0 * n.h[0], *n.h[1:]]),
    ],
    cases=tanh_networks,
)
def equation_8(statement, n):
    assert close(statement(n, deltas(n)), n.gradient("W_hh"))


@check(
    "khanna-6.2-03",
    printed=lambda n, d: summed(n, d, n.h),
    planted=[
        lambda n, d: summed(n, d, [None, *n.h]),
        lambda n, d: -summed(n, d, n.h),
        lambda n, d: summed(n, d, n.h).T,
    ],
    cases=tanh_networks,
)
def equation_9(statement, n):
    assert close(statement(n, deltas(n, "z")), n.gradient("W_hy"))


MATRICES = {"W_xh", "W_hh", "W_hy"}


@check(
    "khanna-6.2-04",
    printed=MATRICES,
    corrected=MATRICES | {"b_h", "b_y"},
    planted=[MATRICES | {"b_h"}, MATRICES | {"b_y"}],
    cases=tanh_networks,
)
def parameters_with_a_gradient(statement, n):
    moved = {k for k in PARAMETERS if np.abs(n.gradient(k)).max() > 1e-9}
    assert moved == statement


@check(
    "khanna-6.3-01",
    printed=lambda t: set(range(t)),
    planted=[lambda t: {t - 1}, lambda t: set(range(1, t))],
    cases=tanh_networks,
    outside=delay_lines(),
)
def a_state_depends_on_all_before(statement, n):
    for t in range(1, n.T + 1):
        assert {k for k in range(t) if np.abs(n.dh_dh(t, k)).max() > 0} == statement(t)
        assert reads(n, lambda m, t=t: m.h[t], n.T) == set(range(1, t + 1))


def future(n, t):
    """d(L^(t) + ... + L^(T)) / d h^(t-1): without the loss of step t - 1."""
    return n.total("h", t - 1, of=lambda s, h, z, ell: sum(ell[t:]))


def slope_before(n, t):
    return 1 - np.tanh(n.s[t - 1]) ** 2


@check(
    "khanna-6.3-02",
    printed=lambda n, t, d: (n.W_hh.T @ d) * slope_before(n, t),
    corrected=lambda n, t, d: n.W_hh.T @ d,
    planted=[
        lambda n, t, d: n.W_hh @ d,
        lambda n, t, d: n.W_hh.T @ d * n.slope(n.s[t]),
    ],
    cases=tanh_networks,
)
def the_factor_of_equation_10(statement, n):
    """Without a loss at step t - 1, so that the direct part is zero."""
    for t in range(2, n.T + 1):
        assert close(statement(n, t, n.total("s", t)), future(n, t))


@check(
    "khanna-6.3-03",
    printed=lambda n, t, d, d_o: n.W_hh.T @ d,
    corrected=lambda n, t, d, d_o: n.W_hy.T @ d_o + n.W_hh.T @ d,
    planted=[
        lambda n, t, d, d_o: (n.W_hh.T @ d) * slope_before(n, t),
        lambda n, t, d, d_o: n.W_hy.T @ d_o,
        lambda n, t, d, d_o: (n.W_hy.T @ d_o + n.W_hh.T @ d) * slope_before(n, t),
    ],
    cases=tanh_networks,
)
def the_direct_part_of_equation_10(statement, n):
    for t in range(2, n.T + 1):
        formula = statement(n, t, n.total("s", t), n.total("z", t - 1))
        assert close(formula, n.total("h", t - 1))


FORWARD = {"x", "h", "a", "y", "c", "W"}
PRINTED = {  # what an equation gives: what it needs; h_last is dL/dh at t = T
    "delta": [{"g", "a"}, {"g_last", "a"}],
    "dW_hx": [{"delta", "x"}],
    "dW_hh": [{"delta", "h"}],
    "dW_yh": [{"d_o", "h"}],
    "g": [{"W", "delta", "a"}],
}
CLOSED = PRINTED | {"d_o": [{"y", "c"}], "g_last": [{"W", "d_o"}]}


@check(
    "khanna-6.3-04",
    printed=PRINTED,
    corrected=CLOSED,
    planted=[
        PRINTED | {"d_o": [{"y", "c"}]},
        PRINTED | {"g_last": [{"W", "d_o"}]},
        CLOSED | {"d_o": [{"g"}]},
    ],
)
def the_backward_pass_can_be_computed(statement):
    known, before = set(FORWARD), None
    while known != before:
        before = set(known)
        known |= {
            name
            for name, ways in statement.items()
            if any(needs <= known for needs in ways)
        }
    assert {"dW_hx", "dW_hh", "dW_yh"} <= known


def copies(n, of=None):
    """The derivative of L by the copy of W_hh that step t uses, for each t."""
    of = of or (lambda s, h, z, ell: sum(ell[1:]))

    def by_copy(t):
        return jacobian(
            lambda V: of(*n.run({("s", t): V @ n.h[t - 1]})), np.zeros(n.W_hh.shape)
        )

    return [by_copy(t) for t in range(1, n.T + 1)]


@check(
    "khanna-6.3-05",
    printed=sum,
    planted=[lambda terms: terms[-1], lambda terms: sum(terms) / len(terms)],
    cases=tanh_networks,
)
def the_unrolled_network_has_copies(statement, n):
    assert close(statement(copies(n)), n.gradient("W_hh"))
