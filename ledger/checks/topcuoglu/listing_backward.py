"""Section 13, lines 40 to 62: the backward pass, one line a check."""

import numpy as np

from ledger.checking import check
from ledger.checks.oracles import close, jacobian
from ledger.checks.topcuoglu.listing_forward import as_self, column, run
from ledger.checks.topcuoglu.recipe import columns, recipe, tanh_networks, whole


@check(
    "topcuoglu-13-10",
    printed="dWhh = np.zeros_like(self.Wwh)",
    corrected="dWhh = np.zeros_like(self.Whh)",
    planted=["dWhh = np.ones_like(self.Whh)", "dWhh = np.copy(self.Whh)"],
    cases=tanh_networks,
    raises=[AssertionError, AttributeError],
)
def accumulators_start_at_zero(statement, n):
    names = {"np": np, "self": as_self(n)}
    run(statement, names)
    for t in range(n.T, 0, -1):
        names["dWhh"] += np.outer(n.total("s", t), n.h[t - 1])
    assert close(names["dWhh"], n.gradient("W_hh"))


HIDDEN = ["W_xh", "W_hh", "b_h"]
first_dh_next = whole(
    "topcuoglu-13-11",
    HIDDEN,
    printed=lambda n: recipe(n, start=0.0),
    planted=[lambda n: recipe(n, start=1.0), lambda n: recipe(n, start=1e-3)],
)
reversed_steps = whole(
    "topcuoglu-13-12",
    HIDDEN,
    printed=lambda n: recipe(n, order=reversed(range(1, n.T + 1))),
    planted=[
        lambda n: recipe(n, order=range(1, n.T + 1)),
        lambda n: recipe(n, order=reversed(range(1, n.T))),
    ],
)


def minus_one(p, target):
    dy = np.copy(p)
    dy[target] -= 1
    return dy


def without_a_copy(p, target):
    dy = p
    dy[target] -= 1
    return dy


@check(
    "topcuoglu-13-13",
    printed=minus_one,
    planted=[
        without_a_copy,
        lambda p, target: -minus_one(p, target),
        lambda p, target: p,
    ],
    cases=tanh_networks,
)
def probabilities_minus_one_at_the_target(statement, n):
    for t in range(1, n.T + 1):
        p = column(n.p[t].copy())
        dy = statement(p, int(np.argmax(n.y[t])))
        assert close(dy, column(n.total("z", t)))
        assert close(p, column(n.p[t]))  # the stored probabilities are untouched


def term(id_, name, factor, printed, planted):
    """The check of one line that adds to a gradient: all its terms make the whole."""

    @check(
        id_,
        printed=printed,
        planted=planted,
        cases=tanh_networks,
        raises=[AssertionError, ValueError],
    )
    def the_terms_add_up(statement, n):
        adjoint = "z" if name in ("W_hy", "b_y") else "s"
        terms = [
            statement(column(n.total(adjoint, t)), column(factor(n, t)))
            for t in range(1, n.T + 1)
        ]
        wanted = n.gradient(name)
        assert close(sum(terms), wanted if wanted.ndim == 2 else column(wanted))

    return the_terms_add_up


OUTER = {
    "printed": lambda dv, v: np.dot(dv, v.T),
    "planted": [
        lambda dv, v: np.dot(v, dv.T),
        lambda dv, v: np.dot(dv.T, v),
        lambda dv, v: -np.dot(dv, v.T),
    ],
}
ITSELF = {
    "printed": lambda dv, v: dv,
    "planted": [lambda dv, v: dv.T, lambda dv, v: -dv, lambda dv, v: dv.sum()],
}
dWhy = term("topcuoglu-13-14", "W_hy", lambda n, t: n.h[t], **OUTER)
dby = term("topcuoglu-13-15", "b_y", lambda n, t: n.h[t], **ITSELF)
dbh = term("topcuoglu-13-18", "b_h", lambda n, t: n.h[t], **ITSELF)
dWxh = term("topcuoglu-13-19", "W_xh", lambda n, t: n.x[t], **OUTER)


@check(
    "topcuoglu-13-20",
    printed="dWwh += np.dot(dh_raw, hs[t-1].T)",
    corrected="dWhh += np.dot(dh_raw, hs[t-1].T)",
    planted=[
        "dWhh += np.dot(dh_raw, hs[t].T)",
        "dWhh += np.dot(hs[t-1], dh_raw.T)",
        "dWhh = np.dot(dh_raw, hs[t-1].T)",
    ],
    cases=tanh_networks,
    raises=[AssertionError, NameError],
)
def dWhh(statement, n):
    """Into the array that line 72 reads."""
    names = {"np": np, "dWhh": np.zeros_like(n.W_hh)}
    names["hs"] = {t: column(n.h[t]) for t in range(n.T + 1)}
    for t in range(n.T, 0, -1):
        names |= {"t": t, "dh_raw": column(n.total("s", t))}
        run(statement, names)
    assert close(names["dWhh"], n.gradient("W_hh"))


@check(
    "topcuoglu-13-16",
    printed=lambda W, dy, dh_next: np.dot(W.T, dy) + dh_next,
    planted=[
        lambda W, dy, dh_next: np.dot(W.T, dy),
        lambda W, dy, dh_next: np.dot(W.T, dy) - dh_next,
    ],
    cases=tanh_networks,
)
def both_ways_into_the_state(statement, n):
    for t in range(1, n.T):
        dh_next = column(n.W_hh.T @ n.total("s", t + 1))
        found = statement(n.W_hy, column(n.total("z", t)), dh_next)
        assert close(found, column(n.total("h", t)))


@check(
    "topcuoglu-13-17",
    printed=lambda h, dh: (1 - h * h) * dh,
    planted=[
        lambda h, dh: (1 - h) * dh,
        lambda h, dh: np.dot((1 - h * h).T, dh),
        lambda h, dh: (1 - np.tanh(h) ** 2) * dh,  # the slope at h, not at s
    ],
    cases=columns,
)
def the_slope_from_the_stored_state(statement, case):
    n, t, dh, h = case
    assert close(statement(h, dh), column(n.total("s", t)))
    assert close(1 - h[:, 0] ** 2, np.diag(jacobian(np.tanh, n.s[t])))


@check(
    "topcuoglu-13-21",
    printed="dh_next = np.dot(self.Wwh.T, dh_raw)",
    corrected="dh_next = np.dot(self.Whh.T, dh_raw)",
    planted=["dh_next = np.dot(self.Whh, dh_raw)", "dh_next = dh_raw"],
    cases=tanh_networks,
    raises=[AssertionError, AttributeError],
)
def what_the_step_before_gets(statement, n):
    for t in range(1, n.T + 1):
        names = {"np": np, "self": as_self(n), "dh_raw": column(n.total("s", t))}
        run(statement, names)
        later = n.total("h", t - 1, of=lambda s, h, z, ell, t=t: sum(ell[t:]))
        assert close(names["dh_next"], column(later))


backward = whole(
    "topcuoglu-13-22",
    printed=recipe,
    planted=[
        lambda n: recipe(n, hand_on=False),
        lambda n: recipe(n, start=1.0),
        lambda n: recipe(n, add=False),
    ],
)
