"""Bad input: the message names the argument, what was expected and what came."""

import numpy as np
import pytest

from rnnlib import pointprocess as pp
from rnnlib.pointprocess import likelihood
from rnnlib.pointprocess.sequences import pad
from tests.support.refusals import refuses, spoiled

EMPTY = np.zeros(0)


def params(**changes):
    """Valid parameters for three marks."""
    made = pp.init_params(3, 4, 2, rng=np.random.default_rng(0), rate=1.0)
    return made._replace(**changes)


def sequence(times=(1.0, 2.0), T=3.0, marks=(0, 2)):
    """A sequence from plain numbers."""
    marks = None if marks is None else np.array(marks, int)
    return pp.EventSequence(np.array(times, float), T, marks)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (
            sequence((2.0, 1.0)),
            "sequences[1].times: expected strictly increasing times, got 2 and then 1",
        ),
        (
            sequence((1.0, 1.0)),
            "sequences[1].times: expected strictly increasing times, got 1 and then 1",
        ),
        (
            sequence((0.5, 2.0, 1.5, 1.75), marks=None),
            "sequences[1].times: expected strictly increasing times, got 2 and then "
            "1.5",
        ),
        (
            sequence((0.5, 1.5, 1.5, 1.75), marks=None),
            "sequences[1].times: expected strictly increasing times, got 1.5 and then "
            "1.5",
        ),
        (
            sequence((1.0, 2.0, 3.5), marks=None),
            "sequences[1].times: expected times <= T = 3, got 3.5",
        ),
        (
            sequence((1.0, 3.5)),
            "sequences[1].times: expected times <= T = 3, got 3.5",
        ),
        (sequence((0.0, 1.0)), "sequences[1].times: expected times > 0, got 0"),
        (sequence((-0.5, 1.0)), "sequences[1].times: expected times > 0, got -0.5"),
        (
            sequence((1.0, np.nan)),
            "sequences[1].times: expected finite numbers, got nan",
        ),
        (
            sequence(T=np.inf),
            "sequences[1].T: expected a finite number > 0, got inf",
        ),
        (sequence(T=0), "sequences[1].T: expected a finite number > 0, got 0"),
        (
            sequence(marks=(0, 3)),
            "sequences[1].marks: expected integers from 0 to 2, got 0 to 3",
        ),
        (
            sequence(marks=(-1, 0)),
            "sequences[1].marks: expected integers from 0 to 2, got -1 to 0",
        ),
        (
            sequence(marks=(0,)),
            "sequences[1].marks: expected one mark for each event, (2,), got (1,)",
        ),
        (sequence(marks=None), "sequences[1].marks: expected integers (2,), got None"),
        (
            pp.EventSequence(np.array([1, 2]), 3.0, np.array([0, 0])),
            "sequences[1].times: expected a floating NumPy array (N,), "
            "got int64 of shape (2,)",
        ),
        (
            pp.EventSequence([1.0], 3.0, np.array([0])),
            "sequences[1].times: expected a floating NumPy array (N,), got list",
        ),
        (
            pp.EventSequence(np.array([1.0]), 3.0, np.array([0.0])),
            "sequences[1].marks: expected integers (1,), got float64",
        ),
        (([1.0], 3.0), "sequences[1]: expected an EventSequence, got tuple"),
        (
            pp.EventSequence(None, 3.0),
            "sequences[1].times: expected a floating NumPy array (N,), got NoneType",
        ),
        (
            pp.EventSequence(np.array([1.0]), None),
            "sequences[1].T: expected a finite number > 0, got None",
        ),
    ],
)
def test_sequences(bad, message):
    refuses(message, pp.loss_and_gradients, params(), [sequence(), bad])


def test_no_list_of_sequences():
    refuses("sequences: expected at least one, got none", pp.forward, params(), [])
    message = "sequences: expected a list of EventSequence, got EventSequence"
    refuses(message, pp.forward, params(), sequence())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"v": np.zeros(3)}, "v: expected shape (4,), got (3,)"),
        ({"w": np.zeros(1)}, "w: expected shape (), got (1,)"),
        ({"E": np.zeros(3)}, "E: expected shape of 2 sizes, none zero, got (3,)"),
        (
            {"W_xh": np.zeros((4, 2))},
            "W_xh: expected shape (4, 3), got (4, 2)",
        ),
        ({"b": 0.0}, "b: expected a floating NumPy array, got float"),
        (
            {"b_h": np.zeros(4, np.float32)},
            "b_h: expected float64 like E, got float32",
        ),
        (
            {"v": spoiled(np.zeros(4), np.nan)},
            "v: expected finite numbers, got 1 NaN or infinite",
        ),
        (
            {"w": np.array(800.0)},
            "a + w tau: expected a log intensity whose exponential is finite, got 800",
        ),
        (
            {"b": np.array(710.0)},
            "a + w tau: expected a log intensity whose exponential is finite, got 710",
        ),
    ],
)
def test_parameters(changes, message):
    refuses(message, pp.log_likelihood, params(**changes), [sequence()])


def test_other_parameters():
    message = "params: expected PointProcessParams, got NoneType"
    refuses(message, pp.log_likelihood, None, [sequence()])
    message = "h_0: expected shape (1, 4) or (4,), got (3,)"
    refuses(message, pp.log_likelihood, params(), [sequence()], h_0=np.zeros(3))
    rng = np.random.default_rng(0)
    refuses("h_0: expected shape (2, 4) or (4,), got (3,)", pp.simulate, params(), 1.0,
            rng=rng, count=2, h_0=np.zeros(3))  # fmt: skip


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda r: pp.compensator(0.0, 1.0, -0.1),
            "tau: expected numbers >= 0, got -0.1",
        ),
        (
            lambda r: pp.compensator(0.0, np.inf, 1.0),
            "w: expected finite numbers, got inf",
        ),
        (
            lambda r: pp.compensator(0.0, np.zeros(2), 1.0),
            r"w: expected one number, got shape \(2,\)",
        ),
        (
            lambda r: pp.inverse_compensator(0.0, 1.0, -1.0),
            "target: expected numbers >= 0, got -1",
        ),
        (
            lambda r: pp.mean_gap(np.zeros(2), 1.0),
            r"a: expected one number, got shape \(2,\)",
        ),
        (
            lambda r: pp.median_gap(0.0, 1j),
            "w: expected real numbers, got complex128",
        ),
        (
            lambda r: pp.simulate(params(), -1.0, rng=r),
            "T: expected a finite number > 0, got -1.0",
        ),
        (
            lambda r: pp.simulate(params(), 1.0, rng=0),
            "rng: expected a numpy Generator, got int",
        ),
        (
            lambda r: pp.simulate(params(), 50.0, rng=r, max_events=5),
            "max_events: expected at most 5 events, got more",
        ),
        (
            lambda r: pp.simulate(params(), 1.0, rng=r, count=0),
            "count: expected an integer >= 1, got 0",
        ),
        (
            lambda r: pp.simulate_hawkes(pp.Hawkes(1.0, 2.0, 1.0), 5.0, rng=r),
            "alpha: expected alpha < beta = 1.0, got 2.0",
        ),
        (
            lambda r: pp.simulate_hawkes(pp.Hawkes(0.0, 0.5, 1.0), 5.0, rng=r),
            "mu: expected a number > 0, got 0.0",
        ),
        (
            lambda r: pp.simulate_self_correcting((1.0, 2.0), 5.0, rng=r),
            "params: expected SelfCorrecting, got tuple",
        ),
        (
            lambda r: pp.poisson_rate([pp.EventSequence(EMPTY, 1.0)]),
            "sequences: expected at least one event, got none",
        ),
        (
            lambda r: pp.poisson_log_likelihood(0.0, [pp.EventSequence(EMPTY, 1.0)]),
            "rate: expected a finite number > 0, got 0.0",
        ),
        (
            lambda r: pp.rescaled_gaps([np.array([1.0, -1.0])]),
            r"pieces\[0\]: expected numbers >= 0, got -1",
        ),
        (
            lambda r: pp.rescaled_gaps([np.array([1.0])]),
            "pieces: expected at least one event, got none",
        ),
        (
            lambda r: pp.rescaled_gaps([]),
            "pieces: expected at least one event, got none",
        ),
        (
            lambda r: pp.discrete_log_likelihood(params(), sequence(), 0.7),
            "delta: expected a divisor of T = 3.0, got 0.7",
        ),
        (
            lambda r: pp.discrete_log_likelihood(params(), sequence((1.1, 1.2)), 0.5),
            "delta: expected at most one event a bin, got two at 0.5",
        ),
        (
            lambda r: pp.fit(params(), [sequence()], free=["W"]),
            "free: expected names among E, W_xh, W_hh, .*, got 'W'",
        ),
        (
            lambda r: pp.fit(params(), [sequence()], free={"w": 1}),
            r"free: expected booleans \(\) of w, got int64 \(\)",
        ),
        (
            lambda r: pp.fit(params(), [sequence()], free={"w": np.array([True])}),
            r"free: expected booleans \(\) of w, got bool \(1,\)",
        ),
        (
            lambda r: pp.sample_gaps(np.zeros(2), 1.0, rng=None),
            "rng: expected a numpy Generator, got NoneType",
        ),
        (
            lambda r: pp.init_params(0, 2, rng=r),
            "K: expected an integer >= 1, got 0",
        ),
        (
            lambda r: pp.init_params(1, 2, rng=r, rate=0.0),
            "rate: expected a finite number > 0, got 0.0",
        ),
    ],
)
def test_calls(call, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        call(np.random.default_rng(0))


def test_an_intensity_that_overflows():
    """Said in an error, and in no warning of NumPy."""
    late = pp.EventSequence(np.array([1.0, 900.0]), 1000.0)
    with pytest.raises(FloatingPointError, match="the intensity overflows"):
        pp.self_correcting_log_likelihood(pp.SelfCorrecting(1.0, 0.5), [late])


def test_side_by_side_a_sequence_without_events_keeps_one_step():
    """The network wants a step; no event is made of it."""
    some = [pp.EventSequence(np.array(t), 5.0) for t in ([1.0, 2.0], [3.0], [])]
    batch = pad(some)
    assert batch.events.T.tolist() == [[True, True], [True, False], [False, False]]
    assert batch.steps.T.tolist() == [[True, True], [True, False], [True, True]]
    assert batch.gaps.T.tolist() == [[1.0, 1.0, 3.0], [3.0, 2.0, 0.0], [5.0, 0.0, 0.0]]


def test_two_marks_have_to_be_told_apart():
    bare = sequence(marks=None)
    message = "sequences[0].marks: expected integers (2,), got None"
    refuses(message, pad, [bare], 2)
    assert not pad([bare], 1).marks.any() and not pad([bare]).marks.any()


def test_parameters_of_a_hawkes_process_are_numbers():
    right = pp.Hawkes(1.0, 0.5, 1.0)
    for name, wanted in (("mu", "> 0"), ("alpha", ">= 0"), ("beta", "> 0")):
        message = f"{name}: expected a number {wanted}, got array([1.])"
        wrong = right._replace(**{name: np.ones(1)})
        refuses(message, pp.hawkes_loss_and_gradients, wrong, [sequence()])


@pytest.mark.parametrize(("w", "highest"), [(2.0, 802), (-2.0, 800)])
def test_a_compensator_that_overflows(w, highest):
    """One of two; said in an error, and in no warning of NumPy."""
    message = (
        "a + w tau: expected a log intensity whose exponential is finite, "
        f"got {highest}"
    )
    a = np.array([0.0, 800.0])
    for function in (pp.compensator, pp.compensator_gradients):
        refuses(message, function, a, w, 1.0)
        refuses(message, function, 800.0, w, 1.0)
    assert pp.log_intensity(a, w, 1.0).tolist() == [w, 800 + w]
    assert pp.log_intensity(1.0, -3.0, 0.5) == -0.5


def test_a_state_that_overflows():
    """Before an intensity is made of it, which would be no number."""
    large = params(W_hh=1e200 * np.ones((4, 4)), b_h=np.ones(4))
    data = [sequence((0.5, 1.0, 1.5, 2.0), marks=(0, 1, 2, 0))]
    with pytest.raises(FloatingPointError, match="got an overflow in forward"):
        pp.log_likelihood(large, data, phi="identity")


def test_a_trace_of_another_network():
    data = [sequence()]
    trace = pp.forward(params(), data)
    found = likelihood.backward(params(), trace)
    _, wanted = pp.loss_and_gradients(params(), data)
    for a, b in zip(found.params, wanted.params, strict=True):
        assert np.array_equal(a, b)
    assert np.array_equal(found.h_0, wanted.h_0)
    other = pp.init_params(3, 5, 2, rng=np.random.default_rng(0))
    message = "trace: expected d_h, K = (5, 4), got (4, 4)"
    refuses(message, likelihood.backward, other, trace)
