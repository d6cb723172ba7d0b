"""Sections 4 to 4.3: joint distributions, the chain rule, Markov models.

A joint distribution is a table with one axis for each position; ``P[:, 0, ...]`` is
exact arithmetic on all sequences, not a sample.
"""

from fractions import Fraction
from itertools import permutations, product

import numpy as np

from ledger.checking import check
from ledger.checks.khanna.common import again
from ledger.checks.oracles import close, networks


def joint(rng, T=4, V=3):
    """A random joint distribution of T symbols out of V."""
    return rng.dirichlet(np.ones(V**T)).reshape((V,) * T)


def joints(rng):
    return [joint(rng), joint(rng, 3, 2), joint(rng, 5, 2)]


def marginal(P, x):
    """P(x_1, ..., x_t) for the first t symbols x."""
    return P[tuple(x)].sum()


def conditional(P, x, t, start=1):
    """P(x_t | x_start, ..., x_{t-1}); x_1 is x[0]."""
    context = P.sum(axis=tuple(range(start - 1))).sum(
        axis=tuple(range(t - start + 1, P.ndim - start + 1))
    )
    line = context[tuple(x[start - 1 : t - 1])]
    return line[x[t - 1]] / line.sum()


def sequences(P):
    return product(range(P.shape[0]), repeat=P.ndim)


def chain(rng, T=4, V=3):
    """The joint distribution of a random Markov chain of order one."""
    P = rng.dirichlet(np.ones(V))
    A = rng.dirichlet(np.ones(V), size=V)
    for _ in range(T - 1):
        P = P[..., None] * A
    return P


def independent(p, T):
    P = np.ones(())
    for _ in range(T):
        P = P[..., None] * p
    return P


@check(
    "khanna-4-01",
    printed=lambda order_counts: not order_counts,
    planted=[lambda order_counts: True, lambda order_counts: False],
    cases=lambda rng: [
        (independent(rng.dirichlet(np.ones(3)), 4), False),
        (chain(rng), True),
        (joint(rng), True),
    ],
)
def only_a_model_of_order_tells_permutations_apart(statement, case):
    P, order_counts = case
    blind = all(
        np.isclose(P[x], P[tuple(x[i] for i in order)], rtol=1e-9)
        for x in sequences(P)
        for order in permutations(range(P.ndim))
    )
    assert blind == statement(order_counts)


def factors(P, x, context):
    """P(x_1) times the conditionals on what ``context(t)`` names as first symbol."""
    value = marginal(P, x[:1])
    for t in range(2, P.ndim + 1):
        value *= conditional(P, x, t, context(t))
    return value


@check(
    "khanna-4.1-02",
    printed=lambda P, x: factors(P, x, lambda t: 1),
    planted=[
        lambda P, x: factors(P, x, lambda t: t - 1),
        lambda P, x: factors(P, x, lambda t: t),
        lambda P, x: factors(P, x, lambda t: 1) / marginal(P, x[:1]),
    ],
    cases=joints,
)
def autoregressive_factorisation(statement, P):
    for x in sequences(P):
        assert np.isclose(statement(P, x), P[x], rtol=1e-9)


@check(
    "khanna-4.1-03",
    printed=lambda P, context: (P.shape[0], 1.0),
    planted=[
        lambda P, context: (P.shape[0], P[context].sum()),
        lambda P, context: (P.shape[0] ** len(context), 1.0),
    ],
    cases=joints,
)
def a_conditional_is_a_distribution_over_the_vocabulary(statement, P):
    for t in range(2, P.ndim + 1):
        for context in product(range(P.shape[0]), repeat=t - 1):
            q = [conditional(P, (*context, v), t) for v in range(P.shape[0])]
            size, mass = statement(P, context)
            assert len(q) == size and min(q) >= 0 and np.isclose(sum(q), mass)


@check(
    "khanna-4.1-04",
    printed=sum,
    planted=[np.mean, np.prod, max],
    cases=joints,
)
def a_sequence_of_classification_tasks(statement, P):
    for x in sequences(P):
        losses = [-np.log(marginal(P, x[:1]))]
        for t in range(2, P.ndim + 1):
            q = np.array(
                [conditional(P, (*x[: t - 1], v), t) for v in range(P.shape[0])]
            )
            losses.append(-np.log(q) @ np.eye(P.shape[0])[x[t - 1]])
        assert np.isclose(statement(losses), -np.log(P[x]))


@check(
    "khanna-4.2-01",
    printed=lambda lengths: 1,
    planted=[lambda lengths: Fraction(1, 2)],
    cases=[(1,), (2,), (4,)],
    outside=[(1, 2), (1, 2, 3)],
)
def a_distribution_over_sequences(statement, lengths):
    next_symbol = {"a": Fraction(1, 3), "b": Fraction(2, 3)}
    mass = Fraction(0)
    for T in lengths:
        for x in product("ab", repeat=T):
            p = Fraction(1)
            for symbol in x:
                p *= next_symbol[symbol]
            mass += p
    assert mass == statement(lengths)


sentence_probabilities = again(autoregressive_factorisation, "khanna-4.2-02")


def two_lengths():
    """A joint distribution, and its whole sentences with the half ones."""
    P = joint(np.random.default_rng(2))
    whole = list(sequences(P))
    return P, [*whole, *{x[:2] for x in whole}]


@check(
    "khanna-4.2-03",
    printed=lambda P, x: sum(np.log(conditional(P, x, t + 1)) for t in range(len(x))),
    planted=[
        lambda P, x: -sum(np.log(conditional(P, x, t + 1)) for t in range(len(x))),
        lambda P, x: np.log(conditional(P, x, len(x))),
        lambda P, x: np.log(marginal(P, x[:1])),
    ],
    cases=lambda rng: [(P, list(sequences(P))) for P in joints(rng)],
    outside=[two_lengths()],
)
def ranking_candidates(statement, case):
    """Half a sentence is a sentence in one case of a thousand, a whole one always."""
    P, candidates = case
    ends = {x: 1.0 if len(x) == P.ndim else 1e-3 for x in candidates}
    wanted = sorted(candidates, key=lambda x: marginal(P, x) * ends[x])
    assert sorted(candidates, key=lambda x: statement(P, x)) == wanted


QUARTERS = {(): (1, 3), (0,): (2, 2), (1,): (3, 1), (0, 0): (4, 0), (0, 1): (1, 3)}
QUARTERS |= {(1, 0): (2, 2), (1, 1): (3, 1)}  # in quarters: P(0 | past), P(1 | past)


def drawn(u, past):
    """The symbol that a uniform number u in quarters draws."""
    return int(u >= QUARTERS[past][0])


def ancestral(uniforms):
    x = ()
    for u in uniforms:
        x += (drawn(u, x),)
    return x


@check(
    "khanna-4.2-04",
    printed=ancestral,
    planted=[
        lambda u: tuple(drawn(v, ()) for v in u),
        lambda u: (ancestral(u)[0], *(drawn(v, ancestral(u)[:1]) for v in u[1:])),
        lambda u: (1, 1, 1),
    ],
)
def sampling_generates_from_the_model(statement):
    counts = dict.fromkeys(product((0, 1), repeat=3), 0)
    for uniforms in product(range(4), repeat=3):  # all equally likely
        counts[statement(uniforms)] += 1
    for x, count in counts.items():
        p = Fraction(1)
        for t in range(3):
            p *= Fraction(QUARTERS[x[:t]][x[t]], 4)
        assert Fraction(count, 64) == p


@check(
    "khanna-4.2-05",
    printed=lambda n, past, token: n.act(
        n.W_xh @ token + n.W_hh @ n.act(n.W_xh @ past + n.W_hh @ n.h_0 + n.b_h) + n.b_h
    ),
    planted=[
        lambda n, past, token: n.W_xh @ token,
        lambda n, past, token: n.act(n.W_xh @ token + n.b_h),
    ],
    cases=networks,
)
def contextual_embeddings(statement, n):
    at = [statement(n, past, n.x[2]) for past in n.x[1:]]
    assert close(at[0], n.h[2])
    assert all(not close(at[0], other, 1e-6) for other in at[1:])
