"""Section 1.10: time and memory, by counting."""

import numpy as np

import rnnlib
from ledger.checking import check
from ledger.checks.oracles import close
from rnnlib.variants.checkpointing import checkpointing_cost
from rnnlib.variants.truncated import windows

SIZES = [(2, 3, 4), (7, 3, 2), (3, 8, 2), (2, 4, 11), (12, 12, 12)]  # d_x, d_h, K


class Counted:
    """A number that counts the multiplications it takes part in."""

    multiplications = 0

    def __mul__(self, other):
        Counted.multiplications += 1
        return self

    def __add__(self, other):
        return self


def numbers(*shape):
    entries = np.empty(shape, object)
    for i in np.ndindex(shape):
        entries[i] = Counted()
    return entries


def count(work, *sizes):
    Counted.multiplications = 0
    work(*sizes)
    return Counted.multiplications


def forward_step(d_x, d_h, K):
    """(1) and (3); phi has no products of its own here."""
    h = numbers(d_h)
    s = numbers(d_h, d_x) @ numbers(d_x) + numbers(d_h, d_h) @ h + numbers(d_h)
    return numbers(K, d_h) @ s + numbers(K)


def backward_step(d_x, d_h, K):
    """(9) and the terms of (10) and (11)."""
    delta_z, later = numbers(K), numbers(d_h)
    g = numbers(K, d_h).T @ delta_z + numbers(d_h, d_h).T @ later
    delta_s = g * numbers(d_h)
    for left, right in ((delta_z, d_h), (delta_s, d_x), (delta_s, d_h)):
        left[:, None] * numbers(right)[None, :]


@check(
    "roysdon-1.10-01",
    printed=lambda d_x, d_h, K: d_h * d_x + d_h**2 + K * d_h,
    planted=[
        lambda d_x, d_h, K: d_h * d_x + d_h + K * d_h,
        lambda d_x, d_h, K: d_h * d_x + d_h**2 + K**2,
        lambda d_x, d_h, K: d_h * d_x + d_h**2,
    ],
    cases=SIZES,
)
def multiplications_forward(statement, sizes):
    assert count(forward_step, *sizes) == statement(*sizes)


@check(
    "roysdon-1.10-02",
    printed=(1.0, 2.5),
    planted=[(0.0, 1.0), (3.0, np.inf)],
    cases=SIZES,
)
def backward_is_comparable(statement, sizes):
    """Least and largest ratio to the multiplications of a forward step."""
    low, high = statement
    assert low <= count(backward_step, *sizes) / count(forward_step, *sizes) <= high


def kept(T, d_h, d_x=1, K=1):
    """Numbers in the states and pre-activations, and in all that is kept."""
    params = rnnlib.init_params(d_x, d_h, K, rng=np.random.default_rng(0))
    trace = rnnlib.forward(params, np.zeros((T, 1, d_x)))
    states = trace.s.size + trace.h[1:].size
    return states, states + trace.x.size + trace.z.size


@check(
    "roysdon-1.10-03",
    printed=lambda T, d_h: T * d_h,
    planted=[
        lambda T, d_h: T * d_h**2,
        lambda T, d_h: T + d_h,
        lambda T, d_h: np.sqrt(T) * d_h,
    ],
    cases=[(10, 8), (40, 8), (10, 32), (25, 3)],
)
def memory_of_the_states(statement, sizes):
    """Grows in proportion."""
    assert close(kept(*sizes)[0] / kept(5, 5)[0], statement(*sizes) / statement(5, 5))


@check(
    "roysdon-1.10-04",
    printed=lambda T, d_h: 4 * T * d_h,
    planted=[lambda T, d_h: T * d_h],
    cases=[(10, 8, 8, 8), (40, 16, 4, 10), (10, 32, 20, 2)],
    outside=[(10, 8, 1, 600), (10, 8, 600, 1)],
)
def memory_of_all_that_is_kept(statement, sizes):
    T, d_h, d_x, K = sizes
    assert kept(T, d_h, d_x, K)[1] <= statement(T, d_h)


def checkpointed(T):
    params = rnnlib.init_params(1, 16, 1, rng=np.random.default_rng(0))
    return checkpointing_cost(params, T, 1).stored


@check(
    "roysdon-1.10-05",
    printed=np.sqrt,
    planted=[lambda T: T, lambda T: 1.0, np.log],
    cases=[(400, 1600), (400, 6400)],
)
def checkpointing_grows_slower(statement, lengths):
    short, long = lengths
    ratio = checkpointed(long) / checkpointed(short)
    assert abs(ratio / (statement(long) / statement(short)) - 1) < 0.1


@check(
    "roysdon-1.10-06",
    printed=lambda T, L: L,
    planted=[lambda T, L: T, lambda T, L: T / L],
    cases=[(100, 8), (1000, 8), (1000, 20)],
)
def truncation_keeps_a_window(statement, lengths):
    T, L = lengths
    assert max(w.stop - w.start for w in windows(T, L, L)) == statement(T, L)
