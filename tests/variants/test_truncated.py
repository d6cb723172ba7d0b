"""Truncated backpropagation: the full gradient without exactly the stated terms."""

from types import SimpleNamespace

import numpy as np
import pytest

import rnnlib
from rnnlib.variants import truncated
from tests.support import cases
from tests.support.mutants import Mutant, each, fails, planted
from tests.support.networks import differing, flat, network

WINDOWS = [(1, 1), (1, 3), (2, 2), (2, 5), (3, 3), (3, 4), (4, 8), (9, 9), (2, 9)]
MANY = [c for c in cases.CASES if c.topology == "many-to-many"]


def by_definition(params, x, y, h_0, k1, k2, **options):
    """The sum of the kept terms: one full backward pass for each loss.

    The adjoints of the loss of step t are taken from the real network, and the steps
    before its window are struck out.
    """
    T = len(x)
    trace = rnnlib.forward(params, x, h_0=h_0, **options)
    _, delta_z = rnnlib.cross_entropy(trace.z, y, options.get("mask"))
    end = [min(-(-t // k1) * k1, T) for t in range(1, T + 1)]  # b(t)
    total = {n: 0 for n in ("W_xh", "W_hh", "b_h", "W_hy", "b_y", "h_0", "x")}
    for t in range(1, T + 1):
        alone = np.zeros_like(delta_z)
        alone[t - 1] = delta_z[t - 1]
        g, delta_s = rnnlib.adjoints(params, trace, alone)
        steps = np.arange(1, T + 1)
        delta_s = delta_s * (steps > end[t - 1] - k2)[:, None, None]
        terms = {
            "W_xh": np.einsum("tbi,tbj->ij", delta_s, x),
            "W_hh": np.einsum("tbi,tbj->ij", delta_s, trace.h[:-1]),
            "b_h": np.einsum("tbi->i", delta_s),
            "W_hy": np.einsum("tbi,tbj->ij", alone, trace.h[1:]),
            "b_y": np.einsum("tbi->i", alone),
            "h_0": g[0] * (end[t - 1] <= k2),
            "x": delta_s @ params.W_xh,
        }
        total = {n: total[n] + term for n, term in terms.items()}
    return total


def wrong(k1, k2, **options):
    params, x, y, h_0 = network()
    actual = flat(
        truncated.truncated_loss_and_gradients(
            params, x, y, k1=k1, k2=k2, h_0=h_0, **options
        )
    )
    loss, _ = rnnlib.loss_and_gradients(params, x, y, h_0=h_0, **options)
    wanted = by_definition(params, x, y, h_0, k1, k2, **options)
    return differing(actual, wanted | {"loss": np.asarray(loss)})


@pytest.mark.parametrize("phi", ["tanh", "logistic", "identity"])
@pytest.mark.parametrize("k1, k2", WINDOWS)
def test_the_kept_terms_are_those_of_the_definition(k1, k2, phi):
    assert wrong(k1, k2, phi=phi) == set()


@pytest.mark.parametrize("k1, k2", WINDOWS)
def test_masked_steps_count_as_steps(k1, k2):
    mask = np.ones((9, 2), bool)
    mask[2:5, 0] = mask[6:, 1] = False
    assert wrong(k1, k2, mask=mask) == set()


@pytest.mark.parametrize("case", MANY, ids=str)
@pytest.mark.parametrize("state", cases.STATES)
def test_a_window_over_all_steps_gives_the_full_gradient(case, state):
    problem = cases.problem(case._replace(state=state))
    v = problem.variables
    params = rnnlib.Params(*(v[n] for n in cases.PARAMETERS))
    args = params, v.get("x", problem.x), problem.y
    options = problem.options | {"h_0": v["h_0"] if problem.h_0_given else None}
    wanted = flat(rnnlib.loss_and_gradients(*args, **options))
    del options["topology"]
    for k1, k2 in ((1, 5), (2, 5), (3, 5), (5, 5), (7, 8)):
        actual = truncated.truncated_loss_and_gradients(*args, k1=k1, k2=k2, **options)
        assert differing(flat(actual), wanted, 1e-12) == set()


def test_one_step_less_is_not_the_full_gradient():
    params, x, y, h_0 = network()
    wanted = flat(rnnlib.loss_and_gradients(params, x, y, h_0=h_0))
    actual = truncated.truncated_loss_and_gradients(params, x, y, k1=1, k2=8, h_0=h_0)
    recurrent = {"W_xh", "W_hh", "b_h", "h_0", "x"}
    assert differing(flat(actual), wanted, 1e-6) == recurrent
    assert differing(flat(actual), wanted, 1e-12) == recurrent  # none of the outputs


def test_windows():
    assert truncated.windows(5, 2, 3) == [(0, 0, 2), (1, 2, 4), (2, 4, 5)]
    assert truncated.windows(4, 4, 4) == [(0, 0, 4)]
    for T, k1, k2 in ((17, 3, 7), (8, 8, 9), (1, 1, 1), (10, 4, 4)):
        pieces = truncated.windows(T, k1, k2)
        blocks = [t for w in pieces for t in range(w.first, w.stop)]
        assert blocks == list(range(T))  # each loss in one block
        assert all(w.stop - w.start == min(k2, w.stop) for w in pieces)


@pytest.mark.parametrize("integer", [False, True])
@pytest.mark.parametrize("k1, k2", WINDOWS)
def test_a_stream_adds_up_to_the_whole_sequence(k1, k2, integer):
    params, x, y, h_0 = network()
    x = np.random.default_rng(1).integers(0, 3, x.shape[:2]) if integer else x
    wanted = flat(
        truncated.truncated_loss_and_gradients(params, x, y, k1=k1, k2=k2, h_0=h_0)
    )
    carried = truncated.carry(params, x[:k1], h_0=h_0)
    loss, total = 0, None
    for a in range(0, len(x), k1):
        term, part, carried = truncated.block_loss_and_gradients(
            params, x[a : a + k1], y[a : a + k1], carried, k2=k2
        )
        loss += term
        total = part if total is None else list(map(np.add, total, part))
        assert len(carried.x) == min(a + len(x[a : a + k1]), k2 - 1)
        assert len(carried.h) == len(carried.x) + 1
    actual = rnnlib.Params(*total)._asdict() | {"loss": np.asarray(loss)}
    assert differing(actual, {n: wanted[n] for n in actual}, 1e-12) == set()


def test_carried_states_are_those_of_the_whole_sequence():
    params, x, y, h_0 = network()
    carried = truncated.carry(params, x, h_0=h_0)
    for a in (0, 3, 6):
        _, _, carried = truncated.block_loss_and_gradients(
            params, x[a : a + 3], y[a : a + 3], carried, k2=4
        )
    wanted = rnnlib.forward(params, x, h_0=h_0).h[-4:]
    assert np.abs(carried.h - wanted).max() < 1e-13


def test_updates_between_blocks_use_the_present_parameters_on_the_whole_window():
    params, x, y, h_0 = network()
    carried = truncated.carry(params, x, h_0=h_0)
    _, _, carried = truncated.block_loss_and_gradients(
        params, x[:3], y[:3], carried, k2=5
    )
    moved = params._replace(W_hh=0.9 * params.W_hh)
    actual = truncated.block_loss_and_gradients(moved, x[3:6], y[3:6], carried, k2=5)
    start = rnnlib.forward(params, x, h_0=h_0).h[1]

    def loss(p):
        z = rnnlib.forward(p, x[1:6], h_0=start).z[2:]
        return rnnlib.cross_entropy(z, y[3:6])[0]

    wanted = rnnlib.complex_step_gradients(loss, moved)
    assert abs(actual[0] - loss(moved)) < 1e-12
    assert differing(actual[1]._asdict(), wanted._asdict()) == set()


def test_a_dependency_across_the_boundary_gives_exactly_zero():
    params, x, y, h_0 = network()
    trace = rnnlib.forward(params, x, h_0=h_0)
    _, delta_z = rnnlib.cross_entropy(trace.z, y)
    delta_z[:6] = 0  # losses in the last block only
    d = truncated.truncated_backward(params, trace, delta_z, k1=3, k2=3)
    assert not d.x[:6].any() and not d.h_0.any() and d.x[6:].all()
    d = truncated.truncated_backward(params, trace, delta_z, k1=3, k2=4)
    assert not d.x[:5].any() and d.x[5:].all()


WINDOW = {
    "start": lambda first, stop, k2: stop - k2,
    "losses": lambda d_z, past: np.concatenate([0 * d_z[:past], d_z[past:]]),
    "add": lambda total, part: total + part,
    "reaches": lambda start: start == 0,
    "overwrite": False,
    "late": 0,
}


def window(name, **mistakes):
    """The sum over the windows, with these pieces wrong."""
    of = SimpleNamespace(**WINDOW | mistakes)

    def wrong(params, trace, delta_z, *, k1, k2):
        total, d_h_0, d_x = np.zeros(1), 0, np.zeros(trace.x.shape)
        for first in range(0, len(delta_z), k1):
            stop = min(first + k1, len(delta_z))
            start = max(0, of.start(first, stop, k2))
            x, s, z = (a[start:stop] for a in (trace.x, trace.s, trace.z))
            h = trace.h[start + of.late : stop + 1 + of.late]
            part = trace._replace(x=x, s=s, z=z, h=h, state_shape=h.shape[1:])
            d_z = of.losses(delta_z[start:stop], first - start)
            part = rnnlib.backward(params, part, d_z)
            new = np.concatenate([a.ravel() for a in part.params])
            total = of.add(total, new) if first else new
            d_h_0 = d_h_0 + part.h_0 if of.reaches(start) else d_h_0
            d_x[start:stop] = part.x + (not of.overwrite) * d_x[start:stop]
        sizes = np.cumsum([a.size for a in params])[:-1]
        arrays = zip(np.split(total, sizes), params, strict=True)
        gradient = rnnlib.Params(*(a.reshape(like.shape) for a, like in arrays))
        return rnnlib.Gradients(gradient, d_h_0, d_x)

    place = "rnnlib.variants.truncated._pull_back"
    return Mutant(name, place, lambda right: wrong)


MUTANTS = [
    window("starts one step late", start=lambda first, stop, k2: stop - k2 + 1),
    window("starts one step early", start=lambda first, stop, k2: stop - k2 - 1),
    window("is counted from the block", start=lambda first, stop, k2: first - k2),
    window("losses of earlier blocks again", losses=lambda d_z, past: d_z),
    window("only the last one", add=lambda total, part: part),
    window("every one reaches h_0", reaches=lambda start: True),
    window("inputs overwritten", overwrite=True),
    window("states one step late", late=1),
]


def is_right():
    """Whether the kept terms are those of the definition."""
    return not (wrong(2, 2) or wrong(2, 5))


@each(MUTANTS)
def test_mutants_fail(mutant):
    with planted(mutant):
        assert fails(is_right)


STREAM = {
    "start": lambda carried, n: carried.h[n],
    "first": lambda past: past,
    "more": 0,
}


def stream(name, **mistakes):
    """A block of a stream, with these pieces wrong."""
    of = SimpleNamespace(**STREAM | mistakes)

    def wrong(params, x, y, carried, *, k2):
        past = min(len(carried.x), k2 - len(x))
        before = len(carried.x) - past
        inputs = np.concatenate([carried.x[before:], x])
        trace = rnnlib.forward(params, inputs, h_0=of.start(carried, before))
        value, d_block = rnnlib.cross_entropy(trace.z[past:], y)
        delta_z, first = np.zeros_like(trace.z), of.first(past)
        delta_z[first : first + len(x)] = d_block
        gradient = rnnlib.backward(params, trace, delta_z).params
        x = np.concatenate([carried.x, x])
        h = np.concatenate([carried.h[:before], trace.h])
        old = max(0, len(x) - k2 + 1 + of.more)
        return value, gradient, truncated.Carried(x[old:], h[old:])

    place = "rnnlib.variants.truncated.block_loss_and_gradients"
    return Mutant(name, place, lambda right: wrong)


STREAM_MUTANTS = [
    stream("the state behind the past", start=lambda carried, n: carried.h[-1]),
    stream("losses of the past", first=lambda past: 0),
    stream("too short a memory", more=1),
]


def adds_up():
    """The test of a stream as a check."""
    test_a_stream_adds_up_to_the_whole_sequence(2, 5, False)


@each(STREAM_MUTANTS)
def test_mutants_of_the_stream_fail(mutant):
    with planted(mutant):
        assert fails(adds_up)


@each([window("right"), stream("right")])
def test_the_pieces_without_a_mistake_are_right(mutant):
    with planted(mutant):
        assert is_right() and not fails(adds_up)


def test_single_precision_stays_single():
    params, x, y, h_0 = network(dtype=np.float32)
    result = truncated.truncated_loss_and_gradients(params, x, y, k1=2, k2=3, h_0=h_0)
    assert all(a.dtype == np.float32 for a in flat(result).values())


@pytest.mark.parametrize(
    "name, changes",
    [
        ("k1", {"k1": 0}),
        ("k1", {"k1": 2.0}),
        ("k2", {"k2": 1}),
        ("k2", {"k2": None}),
        ("loss", {"loss": "hinge"}),
        ("weight_decay", {"weight_decay": -1.0}),
    ],
)
def test_bad_input_is_named(name, changes):
    params, x, y, _ = network()
    options = {"k1": 2, "k2": 3} | changes
    with pytest.raises(ValueError, match=f"^{name}: expected .*got "):
        truncated.truncated_loss_and_gradients(params, x, y, **options)


def test_other_topologies_traces_and_carried_states_are_refused():
    params, x, y, _ = network()
    last = rnnlib.forward(params, x, topology="last")
    with pytest.raises(ValueError, match="^trace: expected many-to-many, got 'last'"):
        truncated.truncated_backward(params, last, last.z, k1=1, k2=1)
    block = truncated.block_loss_and_gradients
    with pytest.raises(ValueError, match="^carried: expected Carried, got NoneType"):
        block(params, x, y, None, k2=9)
    carried = truncated.carry(params, x)
    with pytest.raises(ValueError, match="^carried: expected shape .*got "):
        block(params, x[:, :1], y[:, :1], carried, k2=9)
    with pytest.raises(ValueError, match="^k2: expected an integer >= 9, got 8"):
        block(params, x, y, carried, k2=8)
    with pytest.raises(ValueError, match="^params: expected Params, got tuple"):
        block(tuple(params), x, y, carried, k2=9)


def test_the_gradient_of_the_logits_is_left_alone():
    """The losses of earlier blocks are struck out of a copy."""
    params, x, y, _ = network()
    trace = rnnlib.forward(params, x)
    _, delta_z = rnnlib.cross_entropy(trace.z, y)
    before = delta_z.copy()
    first, again = (
        truncated.truncated_backward(params, trace, delta_z, k1=2, k2=5)
        for _ in range(2)
    )
    assert (delta_z == before).all()
    assert differing(flat((0.0, again)), flat((0.0, first)), 0) == set()


def test_what_the_backward_pass_is_given_is_checked():
    params, x, y, _ = network()
    trace = rnnlib.forward(params, x)
    steps = {"k1": 2, "k2": 5}
    for name, arguments in (
        ("params", (tuple(params), trace, trace.z)),
        ("trace", (params, None, trace.z)),
        ("delta_z", (params, trace, trace.z[1:])),
        ("delta_z", (params, trace, None)),
    ):
        with pytest.raises(ValueError, match=f"^{name}: expected .*got "):
            truncated.truncated_backward(*arguments, **steps)


def test_a_carried_state_of_another_width_is_named():
    params, x, y, _ = network()
    carried = truncated.carry(params, x)
    given = x[:, :1]
    with pytest.raises(ValueError) as caught:
        truncated.block_loss_and_gradients(params, given, y[:, :1], carried, k2=9)
    wanted = f"(n, {given.shape[1:]}), got {carried.x.shape}"
    assert str(caught.value) == f"carried: expected shape {wanted}"


def test_an_overflow_is_named_where_it_happens():
    params, x, y, _ = network()
    large = params._replace(W_hy=np.full_like(params.W_hy, 1.7e308))
    with pytest.raises(FloatingPointError) as caught:
        truncated.truncated_loss_and_gradients(large, x, y, k1=2, k2=5)
    assert str(caught.value) == (
        "params, x, h_0: expected numbers whose results are finite, got an overflow in "
        "forward"
    )
