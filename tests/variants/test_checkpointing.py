"""Checkpointing: the gradients of backward, at the stated cost in steps and memory."""

import tracemalloc
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest

import rnnlib
from rnnlib.parameters import add_params
from rnnlib.variants import checkpointing
from tests.support import cases
from tests.support.mutants import Mutant, each, fails, planted
from tests.support.networks import differing, flat, network
from tests.support.refusals import refuses

SEGMENTS = (None, 1, 2, 3, 4, 8, 9, 10)
WHOLE = [c for c in cases.CASES if c.topology == "many-to-many" and not c.masked]


def problem_arguments(case):
    problem = cases.problem(case)
    v = problem.variables
    params = rnnlib.Params(*(v[n] for n in cases.PARAMETERS))
    options = problem.options | {"h_0": v["h_0"] if problem.h_0_given else None}
    wanted = rnnlib.loss_and_gradients(
        params, v.get("x", problem.x), problem.y, **options
    )
    del options["topology"], options["mask"]
    return (params, v.get("x", problem.x), problem.y), options, flat(wanted)


@pytest.mark.parametrize("case", WHOLE, ids=str)
@pytest.mark.parametrize("state", cases.STATES)
@pytest.mark.parametrize("halve", [False, True])
def test_gradients_are_those_of_backward(case, state, halve):
    args, options, wanted = problem_arguments(case._replace(state=state))
    for segment in (None, 1, 2, 3, 5, 6):
        actual = checkpointing.checkpointed_loss_and_gradients(
            *args, segment=segment, halve=halve, **options
        )
        assert differing(flat(actual), wanted, 1e-13) == set()


@pytest.mark.parametrize("segment", SEGMENTS)
@pytest.mark.parametrize("halve", [False, True])
def test_exactly_equal_where_sums_are_exact(segment, halve):
    """Whole numbers: nothing is rounded, so no order of summation can matter."""
    rng = np.random.default_rng(3)
    shapes = rnnlib.parameter_shapes(3, 4, 5)
    params = rnnlib.Params(*(rng.integers(-2, 3, s).astype(float) for s in shapes))
    x = rng.integers(-2, 3, (9, 2, 3)).astype(float)
    y = rng.integers(-2, 3, (9, 2, 5)).astype(float)
    options = {"phi": "identity", "loss": "half_squared_error"}
    wanted = flat(rnnlib.loss_and_gradients(params, x, y, **options))
    actual = checkpointing.checkpointed_loss_and_gradients(
        params, x, y, segment=segment, halve=halve, **options
    )
    assert differing(flat(actual), wanted, 0.0) == set()
    assert max(np.abs(a).max() for a in wanted.values()) < 2**50


@pytest.mark.parametrize("segment", SEGMENTS)
def test_long_sequences_agree_to_rounding(segment):
    params, x, y, h_0 = network(T=60, d_h=16)
    wanted = flat(rnnlib.loss_and_gradients(params, x, y, h_0=h_0))
    actual = checkpointing.checkpointed_loss_and_gradients(
        params, x, y, segment=segment, h_0=h_0
    )
    assert differing(flat(actual), wanted, 1e-13) == set()


def test_by_complex_step():
    params, x, y, h_0 = network(T=5)
    variables = params._asdict() | {"h_0": h_0, "x": x}

    def loss(v):
        p = rnnlib.Params(*(v[n] for n in cases.PARAMETERS))
        z = rnnlib.forward(p, v["x"], h_0=v["h_0"]).z
        return rnnlib.cross_entropy(z, y)[0]

    wanted = rnnlib.complex_step_gradients(loss, variables)
    actual = flat(
        checkpointing.checkpointed_loss_and_gradients(params, x, y, segment=2, h_0=h_0)
    )
    assert differing({n: actual[n] for n in wanted}, wanted) == set()


PIECES = {
    "order": reversed,
    "take": list.pop,
    "add": add_params,
    "sum": lambda value, term: value + term,
    "later": lambda g: g,
}


def mutant(name, **mistakes):
    """The segments put together, with these pieces wrong."""
    of = SimpleNamespace(**PIECES | mistakes)

    def wrong(params, x, y, *, segment, h_0):
        starts, kept = range(0, len(x), segment), [h_0]
        for a in starts[:-1]:
            inputs = x[a : a + segment]
            kept.append(rnnlib.forward(params, inputs, h_0=kept[-1]).h[-1])
        value, total, g, d_x = 0, None, None, np.zeros_like(x)
        for a in of.order(starts):
            trace = rnnlib.forward(params, x[a : a + segment], h_0=of.take(kept))
            term, delta_z = rnnlib.cross_entropy(trace.z, y[a : a + segment])
            part = rnnlib.backward(params, trace, delta_z, of.later(g))
            value, g, d_x[a : a + segment] = of.sum(value, term), part.h_0, part.x
            total = part.params if total is None else of.add(total, part.params)
        return value, rnnlib.Gradients(total, g, d_x)

    place = "rnnlib.variants.checkpointing.checkpointed_loss_and_gradients"
    return Mutant(name, place, lambda right: wrong)


MUTANTS = [
    mutant("adjoints stop at the boundary", later=lambda g: None),
    mutant("segments forwards", order=list),
    mutant("states in the wrong order", take=lambda kept: kept.pop(0)),
    mutant("one segment counts", add=lambda total, part: total),
    mutant("one loss counts", sum=lambda value, term: term),
]


def is_right():
    """Whether the result is that of backpropagation."""
    params, x, y, h_0 = network()
    wanted = flat(rnnlib.loss_and_gradients(params, x, y, h_0=h_0))
    actual = checkpointing.checkpointed_loss_and_gradients(
        params, x, y, segment=4, h_0=h_0
    )
    return differing(flat(actual), wanted) == set()


@each(MUTANTS)
def test_mutants_fail(mutant):
    with planted(mutant):
        assert fails(is_right)


def test_the_pieces_without_a_mistake_are_right():
    with planted(mutant("right")):
        assert is_right()


@pytest.mark.parametrize("T, segment", [(9, 3), (10, 3), (7, 7), (7, 20), (7, 1)])
@pytest.mark.parametrize("halve", [False, True])
def test_steps_and_stored_numbers_are_counted_exactly(T, segment, halve, monkeypatch):
    params, x, y, h_0 = network(T=T)
    steps, largest = [], []

    def counted(params, x, *options):
        trace = rnnlib.rnn.run(params, x, *options)
        steps.append(len(x))
        largest.append(sum(a.size for a in (trace.s, trace.h, trace.z)))
        return trace

    monkeypatch.setattr(checkpointing, "run", counted)
    checkpointing.checkpointed_loss_and_gradients(
        params, x, y, segment=segment, halve=halve, h_0=h_0
    )
    cost = checkpointing.checkpointing_cost(params, T, 2, segment, halve=halve)
    assert sum(steps) == T + cost.recomputed
    n = cost.segments
    assert n == -(-T // segment)
    kept = 1 + (n - 1).bit_length() if halve else n
    assert cost.stored == max(largest) + kept * h_0.size


def test_halves_cost_half_a_forward_pass_for_each_doubling():
    """T = 2^m: at most m + 1 states are kept, and m T/2 steps are run again."""
    params, *_ = network()
    for m in range(8):
        T = 2**m
        cost = checkpointing.checkpointing_cost(params, T, 1, halve=True)
        assert (cost.segments, cost.recomputed) == (T, m * T // 2)
        assert cost.stored == (m + 1 + 3) * params.d_h + params.K


def test_segments_come_from_the_last_to_the_first():
    """The state in front is the number of steps before it; each part comes once."""
    for T in range(1, 14):
        for L in (1, 2, 3, 5):
            for halve in (False, True):
                found = list(
                    checkpointing.segments(T, L, 0, lambda s, a, b: s + b - a, halve)
                )
                assert all(state == a for a, _, state, _ in found)
                starts = [a for a, *_ in found]
                assert starts == list(range(0, T, L))[::-1]
                assert [b for _, b, *_ in found][1:] == starts[:-1]


def test_the_cost_of_one_segment_is_that_of_the_ordinary_trace():
    params, x, _, h_0 = network()
    trace = rnnlib.forward(params, x, h_0=h_0)
    cost = checkpointing.checkpointing_cost(params, 9, 2, 9)
    ordinary = trace.s.size + trace.h.size + trace.z.size
    assert (cost.segments, cost.recomputed) == (1, 0)
    assert cost.stored == ordinary + h_0.size


def test_default_segment_is_the_root_rounded_up():
    for T in (1, 2, 3, 4, 5, 9, 10, 99, 100, 101, 10**12):
        L = checkpointing.default_segment(T)
        assert (L - 1) ** 2 < T <= L**2


def peak(function, T, d_x=1, d_h=64):
    """The most memory that a call takes."""
    params, x, y, _ = network(T=T, B=1, d_x=d_x, d_h=d_h, K=2)
    function(params, x, y)
    tracemalloc.start()
    function(params, x, y)
    bytes_ = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return bytes_


def test_memory_of_dense_inputs_grows_as_the_root_without_their_gradient():
    function = checkpointing.checkpointed_loss_and_gradients
    without = partial(function, input_gradient=False)
    sizes = {"d_x": 64, "d_h": 16}
    assert peak(without, 1600, **sizes) < 2.6 * peak(without, 400, **sizes)
    assert peak(function, 1600, **sizes) > 3.0 * peak(function, 400, **sizes)
    params, x, y, _ = network(T=9, B=2, d_x=3, d_h=4, K=2)
    (loss, g), (other, expected) = without(params, x, y), function(params, x, y)
    assert g.x is None and expected.x is not None and loss == other
    for one, two in zip(g.params, expected.params, strict=True):
        assert (one == two).all()
    message = "input_gradient: expected True or False, got 0"
    refuses(message, function, params, x, y, input_gradient=0)


def test_memory_grows_as_the_root():
    ours, theirs = (
        checkpointing.checkpointed_loss_and_gradients,
        rnnlib.loss_and_gradients,
    )
    assert peak(theirs, 1600) > 3.5 * peak(theirs, 400)
    assert peak(ours, 1600) < 2.6 * peak(ours, 400)  # 2 for the root
    assert peak(ours, 1600) < peak(theirs, 1600) / 5
    halved = partial(ours, halve=True, segment=10)
    assert peak(halved, 1600) < 1.3 * peak(halved, 400)  # the logarithm
    assert peak(halved, 1600) < peak(ours, 1600) / 1.5


def test_single_precision_stays_single():
    params, x, y, h_0 = network(dtype=np.float32)
    result = checkpointing.checkpointed_loss_and_gradients(params, x, y, h_0=h_0)
    assert all(a.dtype == np.float32 for a in flat(result).values())


BAD = {
    "segment": {"segment": 0},
    "halve": {"halve": 1},
    "segment not whole": {"segment": 2.5},
    "y": {"y": np.zeros((3, 2), int)},
    "y a list": {"y": [1]},
    "loss": {"loss": "hinge"},
    "phi": {"phi": "sine"},
    "h_0": {"h_0": np.zeros((3, 4))},
    "x": {"x": np.zeros((9, 2))},
    "weight_decay": {"weight_decay": np.nan},
}


@pytest.mark.parametrize("what", BAD)
def test_bad_input_is_named(what):
    params, x, y, h_0 = network()
    good = {"params": params, "x": x, "y": y, "h_0": h_0}
    with pytest.raises(ValueError, match=f"^{what.split()[0]}: expected .*got "):
        checkpointing.checkpointed_loss_and_gradients(**good | BAD[what])


def test_bad_sizes_are_named():
    params, *_ = network()
    for name, arguments in (("T", (0, 1)), ("B", (1, 0)), ("segment", (1, 1, 0))):
        with pytest.raises(ValueError, match=f"^{name}: expected .*got 0"):
            checkpointing.checkpointing_cost(params, *arguments)


def test_costs_are_counted_in_pythons_integers():
    """200 steps in 8 bits, whose products would wrap around."""
    params, *_ = network()
    wanted = checkpointing.checkpointing_cost(params, 200, 100, 15)
    small = map(np.uint8, (200, 100, 15))
    assert checkpointing.checkpointing_cost(params, *small) == wanted
    assert all(type(n) is int for n in wanted)
