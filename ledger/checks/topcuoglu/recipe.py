"""Sections 9 to 10.3: the recipe, line by line and as a loop."""

from dataclasses import replace

import numpy as np

from ledger.checking import check
from ledger.checks.oracles import close, jacobian, networks

GRADIENTS = ("W_xh", "W_hh", "b_h", "W_hy", "b_y")


def recipe(n, *, add=True, start=0.0, order=None, hand_on=True):
    """(7) to (12) as a loop: the gradients, and dh_t of every step.

    ``add``: the += of (8) and (11); ``start``: every entry of dh_next at the first
    pass; ``order``: the steps; ``hand_on``: dh_prev becomes dh_next.
    """
    grads = {name: np.zeros_like(getattr(n, name)) for name in GRADIENTS}
    dh, dh_next = {}, np.full_like(n.h_0, start)
    for t in order or range(n.T, 0, -1):
        dy = n.p[t] - n.y[t]
        dh[t] = n.W_hy.T @ dy + dh_next
        dz = dh[t] * (1 - n.h[t] ** 2)
        terms = {
            "W_xh": np.outer(dz, n.x[t]),
            "W_hh": np.outer(dz, n.h[t - 1]),
            "b_h": dz,
            "W_hy": np.outer(dy, n.h[t]),
            "b_y": dy,
        }
        for name, term in terms.items():
            grads[name] = grads[name] + term if add else term
        dh_next = n.W_hh.T @ dz if hand_on else np.zeros_like(n.h_0)
    return grads, dh


def tanh_networks(rng):
    return [replace(n, phi="tanh") for n in networks(rng)]


def whole(id_, names=GRADIENTS, **options):
    """A check of gradients that the recipe ends with."""

    @check(id_, cases=tanh_networks, **options)
    def the_gradients_of_the_loss(statement, n):
        for name in names:
            assert close(statement(n)[0][name], n.gradient(name))

    return the_gradients_of_the_loss


bptt = whole(
    "topcuoglu-9-01",
    printed=recipe,
    planted=[
        lambda n: recipe(n, hand_on=False),
        lambda n: recipe(n, order=[n.T]),
    ],
)
backwards = whole(
    "topcuoglu-10-01",
    printed=recipe,
    otherwise=lambda n: recipe(n, order=range(1, n.T + 1)),  # forwards
    planted=[lambda n: recipe(n, order=range(n.T, 1, -1))],
)
W_hy = whole(
    "topcuoglu-10.1-02",
    ["W_hy"],
    printed=recipe,
    otherwise=lambda n: recipe(n, add=False),  # an assignment
)
b_y = whole(
    "topcuoglu-10.1-03",
    ["b_y"],
    printed=recipe,
    otherwise=lambda n: recipe(n, add=False),
)


@check(
    "topcuoglu-10.1-01",
    printed=lambda n, t: n.p[t] - n.y[t],
    otherwise=lambda n, t: n.z[t] - n.y[t],  # y_t the logits of (2)
    planted=[lambda n, t: n.y[t] - n.p[t], lambda n, t: n.y[t] * (n.p[t] - 1)],
    cases=networks,
)
def the_error_at_the_output(statement, n):
    for t in range(1, n.T + 1):
        assert close(statement(n, t), n.total("z", t))


def by_probabilities(n, t):
    return jacobian(lambda p: -np.sum(n.y[t] * np.log(p)), n.p[t])


@check(
    "topcuoglu-10.1-04",
    printed=by_probabilities,
    corrected=lambda n, t: n.total("z", t),
    planted=[lambda n, t: -n.total("z", t)],
    cases=networks,
)
def what_dy_is_the_gradient_of(statement, n):
    for t in range(1, n.T + 1):
        assert close(statement(n, t), n.p[t] - n.y[t])


def present(n, t):
    return n.W_hy.T @ (n.p[t] - n.y[t])


def future(n, t):
    """The part of dL/dh_t that goes through the next step."""
    return n.total("h", t, of=lambda s, h, z, ell: sum(ell[t + 1 :], 0.0))


@check(
    "topcuoglu-10.2-01",
    printed=lambda n, t: present(n, t) + future(n, t),
    planted=[present, future, lambda n, t: present(n, t) * future(n, t)],
    cases=networks,
)
def two_sources(statement, n):
    for t in range(1, n.T):
        assert close(statement(n, t), n.total("h", t))


@check(
    "topcuoglu-10.2-02",
    printed=recipe,
    otherwise=lambda n: recipe(n, start=1.0),  # left over from another sequence
    planted=[lambda n: recipe(n, hand_on=False)],
    cases=tanh_networks,
)
def dh_at_every_step(statement, n):
    for t, dh in statement(n)[1].items():
        assert close(dh, n.total("h", t))


def columns(rng):
    """(network, step, dL/dh_t and h_t as columns)."""
    for n in tanh_networks(rng):
        for t in range(1, n.T + 1):
            yield n, t, n.total("h", t)[:, None], n.h[t][:, None]


@check(
    "topcuoglu-10.2-03",
    printed=lambda dh, h: dh * (1 - h**2),
    otherwise=lambda dh, h: dh @ (1 - h**2),  # the dot of (8), (9), (11) and (12)
    planted=[
        lambda dh, h: dh * (1 - h),
        lambda dh, h: dh * (1 - h**2) ** 2,
        lambda dh, h: dh,
    ],
    cases=columns,
    raises=[AssertionError, ValueError],
)
def through_the_tanh(statement, case):
    n, t, dh, h = case
    assert close(statement(dh, h)[:, 0], n.total("s", t))


@check(
    "topcuoglu-10.2-04",
    printed=lambda n, t: n.total("h", t) * (1 - n.h[t] ** 2),
    planted=[lambda n, t: n.total("h", t) * n.h[t] * (1 - n.h[t])],
    cases=tanh_networks,
    outside=[n for n in networks(np.random.default_rng(3)) if n.phi == "logistic"],
)
def for_tanh_alone(statement, n):
    for t in range(1, n.T + 1):
        assert close(statement(n, t), n.total("s", t))


W_xh = whole(
    "topcuoglu-10.3-01",
    ["W_xh"],
    printed=recipe,
    otherwise=lambda n: recipe(n, add=False),
)
b_h = whole(
    "topcuoglu-10.3-03",
    ["b_h"],
    printed=recipe,
    otherwise=lambda n: recipe(n, add=False),
)


@check(
    "topcuoglu-10.3-02",
    printed=lambda n: [None, *n.h[:-1]],  # the factor of dz_t is h_{t-1}
    planted=[
        lambda n: [None, 0 * n.h_0, *n.h[1:-1]],  # nothing before the first step
        lambda n: n.h,
        lambda n: [None, *n.s[1:]],
    ],
    cases=tanh_networks,
)
def the_state_before(statement, n):
    terms = [np.outer(n.total("s", t), statement(n)[t]) for t in range(1, n.T + 1)]
    assert close(sum(terms), n.gradient("W_hh"))


def handed_on(id_):
    """The check of what goes from step t to step t - 1."""

    @check(
        id_,
        printed=lambda W, dz: W.T @ dz,
        planted=[lambda W, dz: W @ dz, lambda W, dz: dz, lambda W, dz: 2 * W.T @ dz],
        cases=tanh_networks,
    )
    def the_gradient_for_the_step_before(statement, n):
        for t in range(1, n.T + 1):
            later = n.total("h", t - 1, of=lambda s, h, z, ell, t=t: sum(ell[t:]))
            assert close(statement(n.W_hh, n.total("s", t)), later)

    return the_gradient_for_the_step_before


display_12 = handed_on("topcuoglu-10.3-04")


@check(
    "topcuoglu-10.3-05",
    printed=lambda n, t: n.W_hh.T @ n.total("s", t + 1),
    planted=[lambda n, t: n.W_hh.T @ n.total("s", t), lambda n, t: 0 * n.h_0],
    cases=networks,
)
def dh_prev_of_a_step_is_dh_next_of_the_one_before(statement, n):
    for t in range(1, n.T):
        assert close(present(n, t) + statement(n, t), n.total("h", t))
