"""Section 1.4: the loss of a sequence, and weight decay."""

from dataclasses import replace

import numpy as np

from ledger.checking import check
from ledger.checks.oracles import close, jacobian, network, networks, softmax
from ledger.checks.roysdon.recursion import gradients


def likelihood(n, steps):
    """The product of the probabilities of the targets at these steps."""
    return np.prod([n.p[t][int(np.argmax(n.y[t]))] for t in steps])


@check(
    "roysdon-1.4-01",
    printed=lambda ell: sum(ell[1:]),
    planted=[
        lambda ell: np.mean(ell[1:]),
        lambda ell: sum(ell[2:]),
        lambda ell: ell[-1],
    ],
    cases=networks,
)
def the_loss_sums_over_the_steps(statement, n):
    L = statement(n.ell)
    assert close(np.exp(-L), likelihood(n, range(1, n.T + 1)))


@check(
    "roysdon-1.4-02",
    printed=lambda y, p: (
        -y @ np.log(p),
        -sum(y[k] * np.log(p[k]) for k in range(len(y))),
    ),
    planted=[
        lambda y, p: (-y @ np.log(p), -p @ np.log(p)),
        lambda y, p: (y @ np.log(p), sum(y * np.log(p))),
        lambda y, p: (-y @ np.log(p), -np.mean(y * np.log(p))),
    ],
    cases=networks,
)
def two_forms_of_the_cross_entropy(statement, n):
    for t in range(1, n.T + 1):
        surprisal = -np.log(likelihood(n, [t]))
        for form in statement(n.y[t], n.p[t]):
            assert close(form, surprisal)


@check(
    "roysdon-1.4-03",
    printed=np.log,
    otherwise=np.log2,
    planted=[np.log10, np.log1p],
    cases=networks,
)
def the_logarithm_is_natural(statement, n):
    for t in range(1, n.T + 1):
        ell = jacobian(lambda z, t=t: -np.sum(n.y[t] * statement(softmax(z))), n.z[t])
        assert close(ell, n.p[t] - n.y[t])


@check(
    "roysdon-1.4-04",
    printed=lambda ell: ell[-1],
    planted=[lambda ell: sum(ell[1:]), lambda ell: np.mean(ell[1:])],
    cases=networks,
)
def many_to_one_keeps_the_last_term(statement, n):
    assert close(np.exp(-statement(n.ell)), likelihood(n, [n.T]))


MATRICES = ("W_xh", "W_hh", "W_hy")
LAMBDA = 0.3


def decay(n):
    return LAMBDA / 2 * sum(np.sum(getattr(n, name) ** 2) for name in MATRICES)


@check(
    "roysdon-1.4-05",
    printed=decay,
    planted=[
        lambda n: 2 * decay(n),
        lambda n: decay(n) + LAMBDA / 2 * np.sum(n.b_h**2),
        lambda n: decay(n) - LAMBDA / 2 * np.sum(n.W_hy**2),
    ],
    cases=networks,
)
def weight_decay_pulls_each_matrix_by_lambda(statement, n):
    """The gradient is lambda W for the three matrices and zero for the biases."""
    for name in (*MATRICES, "b_h", "b_y"):
        value = getattr(n, name)
        pull = jacobian(lambda v, k=name: statement(replace(n, **{k: v})) + 0j, value)
        assert close(pull, LAMBDA * value if name in MATRICES else 0 * value)


def at_rest():
    """One unit that stays at zero: (11) is zero, the weight is not."""
    n = network(np.random.default_rng(0), d_x=1, d_h=1, K=2, T=1)
    return replace(n, h_0=np.zeros(1), W_hh=np.ones((1, 1)))


@check(
    "roysdon-1.4-06",
    printed=lambda n: gradients(n)["W_hh"],
    corrected=lambda n: gradients(n)["W_hh"] + LAMBDA * n.W_hh,
    planted=[
        lambda n: gradients(n)["W_hh"] + LAMBDA / 2 * n.W_hh,
        lambda n: gradients(n)["W_hh"] - LAMBDA * n.W_hh,
    ],
    cases=networks,
    counterexample=at_rest(),
)
def a_penalised_loss_has_one_term_more(statement, n):
    def penalised(W):
        other = replace(n, W_hh=W)
        return sum(other.run()[3][1:]) + decay(other)

    assert close(statement(n), jacobian(penalised, n.W_hh))


@check(
    "roysdon-1.4-07",
    printed=1,
    otherwise=5,
    cases=networks,
)
def the_penalty_enters_once(statement, n):
    """``statement`` times the penalty has the pull lambda W of one penalty."""
    pull = jacobian(lambda W: statement * decay(replace(n, W_hh=W)) + 0j, n.W_hh)
    assert close(pull, LAMBDA * n.W_hh)
