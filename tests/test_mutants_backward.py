"""Every classic mistake in the backward pass is caught, and its traces are right.

The checks are those that pass for rnnlib: the independent implementation, and, seeing
nothing but the loss, the complex step and `check_gradients`. All have to name the same
gradients as wrong, and no other.
"""

import numpy as np
import pytest

from tests.support import oracles, textbook
from tests.support.mutants import Mutant, each, planted
from tests.support.textbook import outer, rows

FUTURE = {"W_xh", "W_hh", "b_h", "h_0", "x"}  # all that flows through delta_s


def mutant(name, expected, **mistakes):
    """The backward pass with these pieces wrong."""
    place = "rnnlib.rnn.pull_back_to_params"
    return Mutant(name, place, textbook.backward(**mistakes), expected)


def early(trace, d_read):
    """The last state's share, one step too early."""
    h = textbook.received(trace, d_read)
    return np.roll(h, -1, axis=0) if trace.topology == "last" else h


def whole(trace, d_read):
    """The share of a state in the mean, without dividing."""
    if trace.topology != "mean":
        return textbook.received(trace, d_read)
    real = 1 if trace.mask is None else trace.mask[..., None]
    return np.zeros_like(trace.s) + d_read * real


def by_steps(trace, d_read):
    """The share in the mean divided by T, whatever the length."""
    if trace.topology != "mean":
        return textbook.received(trace, d_read)
    return whole(trace, d_read) / len(trace.s)


def to_masked(trace, d_read):
    """A share of the mean for masked steps too."""
    if trace.topology != "mean" or trace.mask is None:
        return textbook.received(trace, d_read)
    return np.zeros_like(trace.s) + d_read / trace.mask.sum(axis=0)[:, None]


def counted_once(delta_s, x, d_x):
    """Of the steps with the same class, the first of the batch alone."""
    if x.ndim == 3:
        return textbook.of_inputs(delta_s, x, d_x)
    values, first = np.unique(x, return_index=True)
    found = np.zeros((d_x, delta_s.shape[-1]))
    found[values] = rows(delta_s)[first]
    return found.T


def masked_too(trace):
    """The state before, where a many-to-many output reads its own."""
    return trace._replace(h=trace.h[[0, *range(len(trace.s))]])


MUTANTS = [
    mutant("transposed W_hh", FUTURE, back=lambda d, W: d @ W.T),
    mutant("phi' missing", FUTURE, slope=lambda trace: np.ones_like(trace.s)),
    mutant(
        "phi' twice",
        FUTURE,
        slope=lambda trace: trace.phi.derivative(trace.h[1:]) ** 2,
    ),
    mutant("h_t for h_{t-1}", {"W_hh"}, before=lambda m, h: h[1:]),
    mutant("future dropped", FUTURE, back=lambda d, W: 0 * d),
    mutant("delta_{T+1} not zero", FUTURE, beyond=lambda g, slope, W: g * slope @ W),
    mutant("last step left out", FUTURE, steps=lambda T: range(T - 1, 0, -1)),
    mutant("first step left out", FUTURE, steps=lambda T: range(T, 1, -1)),
    mutant(
        "mean for sum over steps and sequences",
        {"W_xh", "W_hh", "W_hy"},
        outer=lambda d, a: outer(d, a) / len(rows(a)),
        outer_h=lambda d, a: outer(d, a) / len(rows(a)),
        of_inputs=lambda d, x, n: textbook.of_inputs(d, x, n) / len(rows(d)),
    ),
    mutant(
        "mean for sum in the biases",
        {"b_h", "b_y"},
        total=lambda d: rows(d).mean(axis=0),
        total_h=lambda d: rows(d).mean(axis=0),
    ),
    mutant(
        "batch not summed in W_hh", {"W_hh"}, outer_h=lambda d, a: d[:, 0].T @ a[:, 0]
    ),
    mutant("batch not summed in b_h", {"b_h"}, total_h=lambda d: d[:, 0].sum(axis=0)),
    mutant("masked steps counted", FUTURE, error=lambda g, slope, real: g * slope),
    mutant("adjoint lost at masked steps", FUTURE, held=lambda g, real: 0 * g),
    mutant("h_0 without W_hh^T", {"h_0"}, start=lambda g, delta_s: delta_s[0]),
    mutant("shared h_0 not summed over the batch", {"h_0"}, shared=lambda g: g[0]),
    mutant("last state's adjoint one step early", FUTURE, received=early),
    mutant("mean not divided by T", FUTURE, received=whole),
    mutant("mean divided by T, not by the length", FUTURE, received=by_steps),
    mutant("mean given to masked steps too", FUTURE, received=to_masked),
    mutant(
        "W_hy reads the state before",
        {"W_hy"},
        pooled=lambda m, trace: textbook.read(masked_too(trace)),
    ),
    mutant(
        "a class that comes twice is counted once", {"W_xh"}, of_inputs=counted_once
    ),
    mutant(
        "inputs' gradient without phi'", {"W_xh", "x"}, error_x=lambda g, delta_s: g[1:]
    ),
]


@pytest.fixture(autouse=True)
def ready():
    """The problems, drawn with the right functions."""
    oracles.ready()


def test_nothing_is_found_without_a_mistake():
    for right in (mutant("right", set()), mutant("rnnlib", set())._replace(wrong=same)):
        with planted(right):
            found = oracles.wrong_by_any()
        assert found == dict.fromkeys(found, set())


def same(right):
    """No mistake at all."""
    return right


@each(MUTANTS)
def test_caught(mutant):
    with planted(mutant):
        found = oracles.wrong_by_any()
    assert found == dict.fromkeys(found, mutant.expected)
