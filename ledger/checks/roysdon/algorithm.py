"""Section 1.9: the algorithm, run as it is printed."""

from dataclasses import replace

import numpy as np

import rnnlib
from ledger.checking import check
from ledger.checks.oracles import PARAMETERS, close, network, networks, softmax
from ledger.checks.roysdon.mitigations import clip
from ledger.checks.roysdon.recursion import backward, descend, gradients
from ledger.checks.roysdon.summary import in_order
from ledger.checks.roysdon.variants import detached, pieces

ETA = 0.1


def one_update(n, eta=ETA):
    """Steps 2 to 4."""
    return descend(n, gradients(n), eta)


def differs(one, other):
    return any(not close(getattr(one, k), getattr(other, k)) for k in PARAMETERS)


@check(
    "roysdon-1.9-01",
    printed={"sequence", "eta"},
    corrected={"sequence", "eta", "initial parameters"},
    planted=[{"eta", "initial parameters"}, {"sequence", "initial parameters"}],
    cases=networks,
)
def what_the_result_depends_on(statement, n):
    changed = {
        "sequence": one_update(replace(n, x=(None, *(v + 1 for v in n.x[1:])))),
        "eta": one_update(n, 2 * ETA),
        "initial parameters": one_update(replace(n, W_hh=n.W_hh + 1)),
    }
    found = {name for name, other in changed.items() if differs(one_update(n), other)}
    assert found == statement


def two_steps():
    """One unit, two steps."""
    return network(np.random.default_rng(7), d_x=1, d_h=1, K=2, T=2)


@check(
    "roysdon-1.9-02",
    printed=lambda n, L: gradients(n)["W_hh"],
    corrected=detached,
    planted=[lambda n, L: detached(n, L + 1)],
    cases=networks,
    counterexample=two_steps(),
)
def the_truncation_length_acts(statement, n):
    """Windows of one or two steps: each starts from a state that is a number."""
    for L in (1, 2):
        total = sum(piece.gradient("W_hh") for piece in pieces(n, L))
        assert close(statement(n, L), total)


def forward_loop(n, carry=True, add=True):
    h, L = n.h_0, 0.0
    for t in range(1, n.T + 1):
        s = n.W_xh @ n.x[t] + n.W_hh @ h + n.b_h  # (1)
        new = n.act(s)  # (2)
        p = softmax(n.W_hy @ new + n.b_y)  # (3)
        h = new if carry else h
        L = (L if add else 0.0) - n.y[t] @ np.log(p)  # (4)
    return L


@check(
    "roysdon-1.9-03",
    printed=forward_loop,
    planted=[
        lambda n: forward_loop(n, carry=False),
        lambda n: forward_loop(n, add=False),
    ],
    cases=networks,
)
def the_forward_loop(statement, n):
    """e^-L is the product of the probabilities of the targets, by rnnlib."""
    params = rnnlib.Params(*(getattr(n, name) for name in PARAMETERS))
    x = np.array(n.x[1:])[:, None]
    p = rnnlib.softmax(rnnlib.forward(params, x, h_0=n.h_0, phi=n.phi).z)[:, 0]
    assert close(np.exp(-statement(n)), np.prod((p * np.array(n.y[1:])).sum(axis=1)))


@check(
    "roysdon-1.9-04",
    printed=lambda n: np.zeros_like(n.h_0),
    planted=[lambda n: np.ones_like(n.h_0), lambda n: n.total("s", n.T)],
    cases=networks,
)
def the_start_of_the_backward_loop(statement, n):
    found = gradients(n, start=statement(n))
    assert all(close(found[name], n.gradient(name)) for name in PARAMETERS)


@check(
    "roysdon-1.9-05",
    printed=lambda T: range(T, 0, -1),
    planted=[lambda T: range(1, T + 1), lambda T: range(T - 1, 0, -1)],
    cases=networks,
)
def the_order_of_the_backward_loop(statement, n):
    found = in_order(n, statement(n.T))
    assert all(close(found[t], n.total("s", t)) for t in range(1, n.T + 1))


def many_to_one():
    n = networks(np.random.default_rng(11))[0]
    return (n, lambda ell: ell[-1])


@check(
    "roysdon-1.9-06",
    printed=lambda n, t: n.p[t] - n.y[t],
    planted=[lambda n, t: n.y[t] - n.p[t], lambda n, t: n.p[t]],
    cases=lambda rng: [(n, lambda ell: sum(ell[1:])) for n in networks(rng)],
    outside=[many_to_one()],
)
def the_output_error_at_every_step(statement, case):
    n, loss = case
    for t in range(1, n.T + 1):
        truth = n.total("z", t, of=lambda s, h, z, ell: loss(ell))
        assert close(statement(n, t), truth)


@check(
    "roysdon-1.9-07",
    printed=backward,
    planted=[
        lambda n: backward(n, back=n.W_hh.T),
        lambda n: backward(n, slope=lambda s: n.slope(s) ** 2),
    ],
    cases=networks,
)
def the_two_assignments(statement, n):
    _, g, delta_s = statement(n)
    for t in range(1, n.T + 1):
        assert close(g[t], n.total("h", t)) and close(delta_s[t], n.total("s", t))


@check(
    "roysdon-1.9-08",
    printed=set(PARAMETERS),
    planted=[{"W_xh", "W_hh", "W_hy"}, {*PARAMETERS, "h_0"}],
    cases=lambda rng: [(n, PARAMETERS) for n in networks(rng)],
    outside=[(two_steps(), (*PARAMETERS, "h_0"))],
)
def what_is_accumulated(statement, case):
    """The gradients of everything that is trained, and of nothing else."""
    n, trained = case
    assert statement == set(trained)
    for name in statement:
        assert close(gradients(n)[name], n.gradient(name))


def two_passes(n, cleared):
    """W_hh after two updates; ``cleared``: the accumulator is emptied in between."""
    held = np.zeros_like(n.W_hh)
    for _ in range(2):
        held = (0 if cleared else held) + gradients(n)["W_hh"]
        n = replace(n, W_hh=n.W_hh - ETA * held)
    return n.W_hh


@check(
    "roysdon-1.9-12",
    printed=lambda n: two_passes(n, cleared=False),
    corrected=lambda n: two_passes(n, cleared=True),
    planted=[
        lambda n: n.W_hh - 2 * ETA * gradients(n)["W_hh"],
        lambda n: one_update(n).W_hh,
    ],
    cases=networks,
    counterexample=two_steps(),
)
def the_accumulators_are_cleared(statement, n):
    """Two steps of descent, each with the exact gradient of where it is."""
    once = replace(n, W_hh=n.W_hh - ETA * n.gradient("W_hh"))
    assert close(statement(n), once.W_hh - ETA * once.gradient("W_hh"))


@check(
    "roysdon-1.9-09",
    printed=lambda theta, gradient: theta - ETA * gradient,
    planted=[
        lambda theta, gradient: theta + ETA * gradient,
        lambda theta, gradient: theta - ETA * gradient.T,
        lambda theta, gradient: -ETA * gradient,
    ],
    cases=networks,
)
def the_update_of_gradient_descent(statement, n):
    """Lowers the loss by eta ||grad||^2 to first order."""
    G = n.gradient("W_hh")
    small = n.W_hh + 1e-4 * (statement(n.W_hh, G) - n.W_hh)
    fall = (n.L - replace(n, W_hh=small).L) / 1e-4
    assert abs(fall / (ETA * np.sum(G**2)) - 1) < 1e-2


def methods(rng):
    return [(method, *rng.standard_normal((2, 3, 3))) for method in ("sgd", "adam")]


def scaled_update(method, theta, gradient):
    step = gradient if method == "sgd" else gradient / (np.abs(gradient) + 1e-8)
    return theta - ETA * step


@check(
    "roysdon-1.9-10",
    printed=lambda method, theta, gradient: theta - ETA * gradient,
    corrected=scaled_update,
    planted=[lambda method, theta, g: theta - ETA * np.sign(g)],
    cases=methods,
    counterexample=("adam", np.array([1.0]), np.array([0.01])),
)
def the_first_update_of_a_method(statement, case):
    method, theta, gradient = case
    optimiser = getattr(rnnlib, method)(ETA)
    new, _ = optimiser.update(theta, gradient, optimiser.init_state(theta))
    assert close(new, statement(method, theta, gradient))


@check(
    "roysdon-1.9-11",
    printed=clip,
    planted=[lambda g: g, lambda g: -clip(g), lambda g: np.clip(g, -2.0, 2.0)],
    cases=lambda rng: 100 * rng.standard_normal((3, 8)),
)
def a_clipped_update(statement, gradient):
    """The step is at most eta c long and goes straight against the gradient."""
    step = -ETA * statement(gradient)
    assert np.linalg.norm(step) <= 5.0 * ETA * (1 + 1e-12)
    assert close(step / np.linalg.norm(step), -gradient / np.linalg.norm(gradient))
