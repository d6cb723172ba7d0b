"""The edges of the arguments: what is just taken, what is refused, and the defaults."""

import importlib

import numpy as np
import pytest
from scipy import optimize

from rnnlib import pointprocess as pp
from rnnlib.pointprocess import discrete, sequences
from rnnlib.pointprocess.validate import check_numbers
from tests.pointprocess.problems import plain, problem, seen
from tests.support.refusals import refuses

search = importlib.import_module("rnnlib.pointprocess.fit")  # hidden by `fit`


def rng(seed=0):
    return np.random.default_rng(seed)


def test_what_a_network_starts_with():
    made = pp.init_params(3, 4, rng=rng())
    assert made.E.shape == (1, 3) and made.W_xh.shape == (4, 2) and made.b == 0
    assert made.v.shape == (4,) and not made.v.any() and made.w == 0
    assert not made.b_h.any() and not made.b_y.any()
    single = pp.init_params(3, 4, 2, rng=rng(), rate=2.0, scale=0.0, dtype=np.float32)
    assert {p.dtype for p in single} == {np.dtype(np.float32)}
    assert not single.W_xh.any() and not single.W_hh.any() and single.E.any()
    assert single.b == np.float32(np.log(2))
    for name, sizes in (("K", (0, 1, 1)), ("d_h", (1, 0, 1)), ("d_e", (1, 1, 0))):
        message = f"{name}: expected an integer >= 1, got 0"
        refuses(message, pp.init_params, *sizes, rng=rng())
    refuses("rng: expected a numpy Generator, got int", pp.init_params, 1, 1, rng=0)


def test_sizes_of_parameters():
    data = [seen(1.0)]
    message = "E: expected shape of 2 sizes, none zero, got (0, 1)"
    refuses(message, pp.log_likelihood, plain(E=np.zeros((0, 1))), data)
    message = "W_hh: expected shape (4, 4), got (4, 3)"
    refuses(message, pp.log_likelihood, plain(4, W_hh=np.zeros((4, 3))), data)
    message = "W_hh: expected shape of 2 sizes, none zero, got (2,)"
    refuses(message, pp.log_likelihood, plain(W_hh=np.zeros(2)), data)
    numbers = plain(w=np.float64(0.5), b=np.float64(0.25))
    arrays = plain(w=np.array(0.5), b=np.array(0.25))
    assert pp.log_likelihood(numbers, data) == pp.log_likelihood(arrays, data)


def test_numbers():
    assert check_numbers("x", 3).dtype == float and check_numbers("x", 1j) == 1j
    assert check_numbers("x", np.zeros(0), low=0).shape == (0,)
    assert check_numbers("x", 0, low=0) == 0
    for value, kind in (("a", "<U1"), (None, "NoneType"), (True, "bool")):
        refuses(f"x: expected numbers, got {kind}", check_numbers, "x", value)
    refuses("x: expected numbers, got complex128", check_numbers, "x", 1j, low=0)
    wide = np.zeros(2, np.longdouble)
    refuses(f"x: expected numbers, got {wide.dtype}", check_numbers, "x", wide)
    masked = np.ma.masked_array([1.0])
    refuses("x: expected numbers, got masked array", check_numbers, "x", masked)
    message = "x: expected finite numbers, got -inf"
    refuses(message, check_numbers, "x", np.array([1.0, -np.inf, np.nan]))


def test_marks_and_lists_of_sequences():
    marked = seen(1.0, 2.0, marks=np.array([7, 0]))
    assert sequences.pad((marked,)).marks.T.tolist() == [[7, 0]]
    assert sequences.pad([seen(1.0)], 1).marks.tolist() == [[0]]
    message = "sequences[0].marks: expected integers from 0 to inf, got -1 to 0"
    refuses(message, sequences.pad, [seen(1.0, 2.0, marks=np.array([-1, 0]))])
    message = "sequences[0].marks: expected integers (1,), got bool"
    refuses(message, sequences.pad, [seen(1.0, marks=np.array([True]))])
    message = "sequences: expected a list of EventSequence, got dict"
    refuses(message, sequences.pad, {})
    message = "sequences[0].times: expected a floating NumPy array (N,), got float64 of"
    square = pp.EventSequence(np.ones((1, 1)), 3.0)
    refuses(f"{message} shape (1, 1)", sequences.pad, [square])
    assert sequences.pad([seen(3.0)]).gaps.T.tolist() == [[3.0, 0.0]]


def test_classical_processes_refuse():
    message = "rng: expected a numpy Generator, got int"
    refuses(message, pp.simulate_poisson, 1.0, 1.0, rng=0)
    refuses(message, pp.simulate_self_correcting, pp.SelfCorrecting(1, 1), 1.0, rng=0)
    refuses(message, pp.simulate_hawkes, pp.Hawkes(1.0, 0.5, 1.0), 1.0, rng=0)
    calls = (
        lambda p: pp.simulate_self_correcting(p, 1.0, rng=rng()),
        pp.self_correcting_network,
        lambda p: pp.self_correcting_log_likelihood(p, [seen(1.0)]),
    )
    for call in calls:
        refuses("params: expected SelfCorrecting, got tuple", call, (1.0, 1.0))
        message = "mu: expected a finite number > 0, got 0.0"
        refuses(message, call, pp.SelfCorrecting(0.0, 1.0))
        message = "alpha: expected a finite number > 0, got -1.0"
        refuses(message, call, pp.SelfCorrecting(1.0, -1.0))
    right = pp.SelfCorrecting(1.0, 1.0)
    message = "sequences[0].times: expected times > 0, got 0"
    refuses(message, pp.self_correcting_log_likelihood, right, [seen(0.0)])
    message = "sequences: expected a list of EventSequence, got EventSequence"
    refuses(message, pp.self_correcting_log_likelihood, right, seen(1.0))
    message = "pieces: expected a list, got ndarray"
    refuses(message, pp.rescaled_gaps, np.ones((1, 2)))
    for piece in (np.ones((1, 2)), np.zeros(0)):
        message = f"pieces[1]: expected shape (N + 1,), got {piece.shape}"
        refuses(message, pp.rescaled_gaps, ([1.0, 2.0], piece))
    message = "alpha: expected alpha < beta = 1.0, got 1.0"
    refuses(message, pp.simulate_hawkes, pp.Hawkes(1.0, 1.0, 1.0), 1.0, rng=rng())
    none = pp.Hawkes(1.0, 0.0, 1.0)
    assert np.isfinite(pp.hawkes_loss_and_gradients(none, [seen(1.0)])[0])
    for name, wanted in (("mu", "> 0"), ("alpha", ">= 0"), ("beta", "> 0")):
        wrong = pp.Hawkes(1.0, 0.5, 1.0)._replace(**{name: -1.0})
        message = f"{name}: expected a number {wanted}, got -1.0"
        refuses(message, pp.hawkes_loss_and_gradients, wrong, [seen(1.0)])
    message = "params: expected Hawkes, got tuple"
    refuses(message, pp.hawkes_loss_and_gradients, (1.0, 0.5, 1.0), [seen(1.0)])


def test_residuals_are_those_of_the_network_that_is_given():
    params, data, h_0 = problem().arguments()
    pieces = pp.compensators(params, data, h_0=h_0, phi="relu")
    found = pp.forward(params, data, h_0=h_0, phi="relu").compensator
    for i, (piece, sequence) in enumerate(zip(pieces, data, strict=True)):
        assert np.array_equal(piece, found[: sequence.N + 1, i])
    plainly = pp.compensators(params, data)
    assert not np.allclose(plainly[0], pieces[0])


def test_a_grid_of_one_bin_and_of_none():
    params = plain(b=np.array(0.5))
    one = pp.discrete_log_likelihood(params, seen(2.0), 3.0)
    assert np.isclose(one, np.log((1 - np.exp(-3 * np.exp(0.5))) / 3))
    message = "delta: expected a divisor of T = 3.0, got 7.0"
    refuses(message, pp.discrete_log_likelihood, params, seen(2.0), 7.0)
    refuses("delta: expected a finite number > 0, got 0", pp.discrete_log_likelihood,
            params, seen(2.0), 0)  # fmt: skip
    refuses("params: expected PointProcessParams, got int", pp.discrete_log_likelihood,
            3, seen(2.0), 1.0)  # fmt: skip
    for factor in (1 + 1e-8, 1 - 1e-8):
        message = f"delta: expected a divisor of T = 3.0, got {factor}"
        refuses(message, pp.discrete_log_likelihood, params, seen(2.0), factor)
    assert np.isfinite(pp.discrete_log_likelihood(params, seen(2.0), 1 + 1e-11))
    message = "delta: expected at most one event a bin, got two at 0.5"
    late = seen(0.1, 0.2, 2.0)
    refuses(message, pp.discrete_log_likelihood, params, late, 0.5)


def test_events_at_the_ends_of_bins():
    params = plain(w=np.array(0.7), v=np.ones(2))

    def value(*times):
        return pp.discrete_log_likelihood(params, seen(*times), 1.0)

    assert value(1.0) == value(1 + 1e-10) == value(0.5) != value(1 + 1e-7)
    assert value(1e-12) == value(0.5) and value(1 + 1e-7) == value(1.5)
    assert value(3.0) == value(2.5) != value(1.5)


def test_how_many_bins_there_may_be(monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(discrete, "MOST", 6)
        assert np.isfinite(pp.discrete_log_likelihood(plain(), seen(1.0), 0.5))
        message = "delta: expected at most 6 bins, got T = 3.0"
        refuses(message, pp.discrete_log_likelihood, plain(), seen(1.0), 0.375)
    refuses("delta: expected at most 100000000 bins, got T = 3.0",
            pp.discrete_log_likelihood, plain(), seen(1.0), 1e-9)  # fmt: skip


@pytest.mark.parametrize("phi", ["relu", "identity"])
def test_the_grid_has_the_activation_that_is_asked_for(phi):
    params, data, _ = problem(w=-0.5, shared=True).arguments()
    exact = pp.log_likelihood(params, data[2:3], phi=phi)
    near = pp.discrete_log_likelihood(params, data[2], 5 / 2**14, phi=phi)
    assert abs(near - exact) < 5e-3 < abs(pp.log_likelihood(params, data[2:3]) - exact)


def test_a_grid_without_events():
    params = plain(v=np.ones(2), b=np.array(0.5), w=np.array(-0.4))
    found = pp.discrete_log_likelihood(params, seen(T=2.0), 0.5)
    wanted = -0.5 * np.exp(0.5 - 0.4 * np.array([0.0, 0.5, 1.0, 1.5])).sum()
    assert np.isclose(found, wanted, rtol=1e-14)


def test_one_sequence_is_drawn_and_not_too_long():
    params = plain()
    (one,) = pp.simulate(params, 9.0, rng=rng(5))
    assert one.T == 9.0 and one.marks.dtype.kind == "i"
    (same,) = pp.simulate(params, 9.0, rng=rng(5), max_events=one.N)
    assert np.array_equal(one.times, same.times) and one.N > 1
    message = f"max_events: expected at most {one.N - 1} events, got more"
    call = {"rng": rng(5), "max_events": one.N - 1}
    refuses(message, pp.simulate, params, 9.0, **call)
    refuses("params: expected PointProcessParams, got int", pp.simulate, 3, 1.0,
            rng=rng())  # fmt: skip
    moved = pp.PointProcessParams(*(p.astype(complex) for p in params))
    message = "params, h_0: expected real numbers, got complex128"
    refuses(message, pp.simulate, moved, 1.0, rng=rng())
    message = "h_0: expected float64 like the parameters, got float32"
    narrow = {"h_0": np.zeros(2, np.float32)}
    refuses(message, pp.simulate, params, 1.0, rng=rng(), **narrow)


def test_two_times_that_floats_cannot_tell_apart():
    """In one of two sequences only."""
    params = plain(
        1, W_hh=np.array([[1e3]]), v=np.array([700.0]), W_xh=np.zeros((1, 2))
    )
    message = "params: expected gaps > 0 in floats, got a gap of 0"
    start = np.array([[0.0], [0.001]])
    call = {"rng": rng(1), "count": 2, "h_0": start}
    refuses(message, pp.simulate, params, 50.0, **call)
    assert start.tolist() == [[0.0], [0.001]]


def test_draws_follow_the_start_and_the_activation():
    params = plain(1, v=np.array([3.0]), W_hh=np.eye(1), W_xh=np.zeros((1, 2)))
    for phi, h in (("identity", 1.0), ("tanh", np.tanh(1.0))):
        (one,) = pp.simulate(params, 1.0, rng=rng(2), h_0=np.ones(1), phi=phi)
        times, rate, state = [], rng(2), 1.0
        t = rate.standard_exponential(1)[0] / np.exp(3.0)
        while t <= 1:
            times.append(t)
            rate.random((1, 1))
            state = state if phi == "identity" else np.tanh(state)
            t += rate.standard_exponential(1)[0] / np.exp(3.0 * state)
        assert np.allclose(one.times, times, rtol=1e-12) and len(times) > 2
        assert h <= 1


def test_the_unit_of_a_fit_is_near_the_mean_time_per_event():
    for data, unit in (
        ([seen(1.0, 2.0, T=10.0)], 4.0),
        ([seen(1.0, T=10.0)], 8.0),
        ([seen(T=10.0)], 8.0),
        ([seen(0.1, 0.2, T=0.5), seen(0.25, T=0.25)], 0.25),
        ([seen(1.0, T=1.0)], 1.0),
    ):
        scaled, found = search._scaled(data)
        assert found == unit
        assert [s.T for s in scaled] == [s.T / unit for s in data]
        assert all(
            np.array_equal(a.times * unit, b.times)
            for a, b in zip(scaled, data, strict=True)
        )


def test_names_of_free_parameters():
    params, data = plain(), [seen(1.0)]
    for free, kind in (("w", "str"), (3, "int")):
        message = f"free: expected a list of names, got {kind}"
        refuses(message, pp.to_vector, params, free)
    names = "E, W_xh, W_hh, b_h, W_hy, b_y, v, w, b"
    for free, got in ((["W", "Q"], "'W'"), (["w", 3], "3")):
        message = f"free: expected names among {names}, got {got}"
        refuses(message, pp.fit, params, data, free=free)
    for kind in (list, tuple, set):
        assert pp.to_vector(params, kind(["w"])).tolist() == [0.0]
    mask = {"v": np.array([False, True]), "b": True, "w": False}
    moved = params._replace(v=np.array([5.0, 6.0]), b=np.array(7.0))
    assert pp.to_vector(moved, mask).tolist() == [6.0, 7.0]
    message = "params: expected PointProcessParams, got int"
    for call in (pp.to_vector, lambda p: pp.fit(p, data)):
        refuses(message, call, 3)
    moved = pp.PointProcessParams(*(p.astype(complex) for p in params))
    message = "params: expected real numbers, got complex128"
    refuses(message, pp.fit, moved, data)
    refuses(message, pp.observed_information, moved, data)
    message = "step: expected a finite number > 0, got 0.0"
    refuses(message, pp.observed_information, params, data, step=0.0)


def test_a_fit_reports_what_it_has_found():
    data = [seen(20.0, T=30.0)]
    for steps, level in ((1, False), (50, True)):
        found = pp.fit(plain(), data, free=["b"], maxiter=steps)
        loss, g = pp.loss_and_gradients(found.params, data)
        assert found.log_likelihood == -loss and found.converged == level
        assert found.slope == pytest.approx(abs(g.params.b), abs=1e-9)
        said = f"slope {found.slope:.1e} nats an event, "
        assert found.message == said + ("level" if level else "not level")
        assert (found.iterations == 1) == (steps == 1)
    assert found.params.b == pytest.approx(np.log(1 / 30), abs=1e-4)
    none = pp.fit(plain(), [seen(T=2.0)], free=["b"], maxiter=3)
    assert none.log_likelihood > -2 and none.params.b < 0
    still = pp.fit(plain(), data, free=[])
    assert still.slope == 0 and still.converged
    message = "maxiter: expected an integer >= 1, got 0"
    refuses(message, pp.fit, plain(), data, maxiter=0)
    message = "weight_decay: expected a finite number >= 0, got -1"
    refuses(message, pp.fit, plain(), data, weight_decay=-1)


def test_a_start_without_a_likelihood_is_refused_in_the_unit_given():
    params, data = plain(w=np.array(100.0)), [seen(20.0, T=30.0)]
    message = (
        "a + w tau: expected a log intensity whose exponential is finite, got 2000"
    )
    refuses(message, pp.fit, params, data)


@pytest.mark.parametrize("phi", ["relu", "identity"])
def test_a_fit_has_the_activation_that_is_asked_for(phi):
    params, data, _ = problem(w=-0.4).arguments()
    found = pp.fit(params, data, free=["b", "w"], phi=phi)
    value = pp.log_likelihood(found.params, data, phi=phi)
    _, g = pp.loss_and_gradients(found.params, data, phi=phi)
    assert found.log_likelihood == value and found.converged
    assert np.abs(pp.to_vector(g.params, ["b", "w"])).max() < 1e-2
    step = 1e-5
    rows = [
        pp.loss_and_gradients(
            found.params._replace(b=found.params.b + s), data, phi=phi
        )[1].params.b
        for s in (step, -step)
    ]
    information = pp.observed_information(found.params, data, free=["b"], phi=phi)
    assert information[0, 0] == pytest.approx(
        (rows[0] - rows[1]) / (2 * step), rel=1e-6
    )


def test_starts_of_a_hawkes_fit():
    data, right = [seen(1.0, 1.5)], pp.Hawkes(1.0, 0.5, 1.0)
    refuses("start: expected Hawkes, got tuple", pp.fit_hawkes, data, (1.0, 0.5, 1.0))
    for name in right._fields:
        message = f"start.{name}: expected a number > 0, got 0.0"
        refuses(message, pp.fit_hawkes, data, right._replace(**{name: 0.0}))
        message = f"start.{name}: expected a number > 0, got array([1.])"
        refuses(message, pp.fit_hawkes, data, right._replace(**{name: np.ones(1)}))
        message = f"start.{name}: expected numbers >= 0, got -1"
        refuses(message, pp.fit_hawkes, data, right._replace(**{name: -1.0}))
    message = "sequences: expected at least one event, got none"
    refuses(message, pp.fit_hawkes, [seen()], right)


def test_the_verdict_on_an_answer():
    logs, level, H = np.array([0.0, 0.0, 1.0]), np.zeros(3), np.eye(3)

    def verdict(logs=logs, gradient=level, H=H, gain=1.0, most=1.0):
        return search._verdict(logs, gradient, H, gain, most)

    right = True, "a Newton step promises less than 1e-06 nats more"
    assert verdict() == right
    ends = False, "higher values lie at the ends of the range of beta"
    assert verdict(most=1.0002) == ends and verdict(most=1.00005) == right
    bound = False, "alpha is at its bound, 0: a Poisson process is as likely"
    assert verdict(gain=1e-6, most=1e-6) == bound
    assert verdict(gain=1e-5, most=1e-5) == right
    assert verdict(np.array([0.0, -20.8, 0.0])) == bound
    assert verdict(np.array([0.0, -20.6, 0.0])) == right
    wide = False, "at a bound of the search"
    assert verdict(np.array([-39.1, 0, 1])) == verdict(np.array([0, 39.1, 1])) == wide
    assert verdict(np.array([38.9, 0.0, 1.0])) == right
    flat = False, "no maximum is proved: the least curvature is 1.0e-07 nats"
    assert verdict(H=np.diag([1.0, 1e-7, 1.0])) == flat
    assert verdict(H=np.diag([1.0, 2e-6, 1.0])) == right
    more = False, "a Newton step promises 2.0e-06 nats more"
    assert verdict(gradient=np.array([0, 2e-3, 0])) == more
    assert verdict(gradient=np.array([0, 1.4e-3, 0])) == right
    assert verdict(gradient=np.array([0, 2e-3, 0]), H=3 * H) == right


def test_starts_are_the_highest_maxima_of_the_profile(monkeypatch):
    """Those at the ends too; none where nothing is excited; the highest first."""
    batch = sequences.pad([seen(1.0, 1.5, T=4.0), seen(1.0, T=8.0)])
    tried = np.exp(np.linspace(np.log(0.01 / 8), np.log(100 / 0.5), 49))

    def peaks(**heights):
        def profile(given, betas):
            assert given is batch and np.allclose(betas, tried, rtol=1e-12)
            values, alpha = -1e-3 * np.arange(49), np.linspace(0.5, 1, 49)
            for at, height in heights.items():
                values[int(at[1:])] = height
            alpha[10] = 0.0
            return values, 2 * alpha, alpha

        monkeypatch.setattr(search, "_profile", profile)
        starts, most = search._peaks(batch)
        for s in starts:
            assert s.mu == 2 * s.alpha
        return [int(np.argmin(np.abs(tried - s.beta))) for s in starts], most

    assert peaks(_0=3.0, _5=5.0, _10=9.0, _48=4.0) == ([5, 48, 0], 9.0)
    many = {f"_{3 * k + 12}": float(k) for k in range(1, 7)}
    assert peaks(**many) == ([30, 27, 24, 21], 6.0)


@pytest.mark.parametrize("T", [1e-5, 1.0, 1e5])
def test_a_grid_divides_its_window_in_any_unit_of_time(T):
    params = plain(b=np.array(-np.log(T)))
    grid = T / 4 * (1 + 1e-11)
    assert np.isfinite(pp.discrete_log_likelihood(params, seen(T / 3, T=T), grid))
    for off in (1 + 1e-7, 1 - 1e-7):
        message = f"delta: expected a divisor of T = {T}, got {T / 4 * off}"
        call = params, seen(T / 3, T=T), T / 4 * off
        refuses(message, pp.discrete_log_likelihood, *call)


def test_one_gap_of_many_that_beta_is_too_large_for():
    params = pp.Hawkes(1.0, 0.5, 1e305)
    with pytest.raises(FloatingPointError, match="beta times a gap overflows"):
        pp.hawkes_loss_and_gradients(params, [seen(1e-3, T=1e6)])


def climbed(monkeypatch, f, slope, at, start=(1.0, 0.5, 1.0)):
    """What `_climb` makes of an answer of the optimiser; f is a function of logs."""
    asked = {}

    def minimize(objective, logs, **options):
        asked.update(options, start=logs, value=objective(np.array(at)))
        return optimize.OptimizeResult(x=np.array(at), nit=7)

    def loss(params, given):
        assert given == "data"
        params = np.array(params)
        return f(np.log(params)), pp.Hawkes(*(slope(np.log(params)) / params))

    monkeypatch.setattr(search.optimize, "minimize", minimize)
    monkeypatch.setattr(search, "hawkes_loss_and_gradients", loss)
    return search._climb(pp.Hawkes(*start), "data"), asked


def test_a_climb_ends_with_steps_of_newton(monkeypatch):
    at, top = [0.5, -0.25, 0.125], np.array([0.4, -0.5, 1.0])
    (logs, loss, gradient, H, steps), asked = climbed(
        monkeypatch,
        lambda x: 2 + ((x - top) ** 2 * [1, 2, 3]).sum(),
        lambda x: 2 * (x - top) * [1, 2, 3],
        at,
        start=(1e30, 0.5, 1e-30),
    )
    assert np.allclose(logs, top, atol=1e-12) and steps == 7
    assert loss == pytest.approx(2) and np.abs(gradient).max() < 1e-12
    assert np.allclose(H, np.diag([2, 4, 6]), rtol=1e-12, atol=0)
    assert asked["start"].tolist() == [40.0, np.log(0.5), -40.0]
    assert asked["bounds"] == [(-40.0, 40.0)] * 3 and asked["jac"] is True
    assert np.allclose(asked["value"][1], 2 * (at - top) * [1, 2, 3], rtol=1e-12)
    assert max(asked["options"][name] for name in ("ftol", "gtol")) <= 1e-8


def test_a_climb_ends_after_five_steps_of_newton(monkeypatch):
    (logs, *_), _ = climbed(
        monkeypatch, lambda x: (x**4).sum(), lambda x: 4 * x**3, [0.3, -0.2, 0.1]
    )
    assert np.allclose(logs, (2 / 3) ** 5 * np.array([0.3, -0.2, 0.1]), rtol=1e-9)


@pytest.mark.parametrize(
    ("curve", "at", "top"),
    [
        ([-1.0, 1.0, 1.0], [0.1, 0.1, 0.1], [0.0, 0.0, 0.0]),  # no maximum there
        ([1.0, 1.0, 1e-7], [0.1, 0.1, 0.1], [0.0, 0.0, 0.0]),  # too flat
        ([1.0, 1.0, 1.0], [0.1, -0.1, 0.1], [0.0, 1.0, 0.0]),  # too long
        ([1.0, 1.0, 1.0], [0.1, 0.1, 0.1], [0.0, -1.0, 0.0]),
        ([1.0, 1.0, 1.0], [0.1, 39.5, 0.1], [0.0, 40.1, 0.0]),  # too far
        ([1.0, 1.0, 1.0], [0.1, -39.5, 0.1], [0.0, -40.1, 0.0]),
    ],
)
def test_steps_that_are_not_taken(monkeypatch, curve, at, top):
    (logs, *_), _ = climbed(
        monkeypatch,
        lambda x: (curve * (x - top) ** 2).sum() / 2,
        lambda x: curve * (x - top),
        at,
    )
    assert logs.tolist() == at


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_step_that_makes_the_slope_no_smaller_is_not_taken(monkeypatch, sign, place):
    """In one of the three it passes the top by more than it was away."""
    at = np.full(3, 0.01)
    at[place] = sign * 0.12

    def f(x):
        bent = np.log(np.cosh(10 * x[place])) / 100
        return bent + (np.delete(x, place) ** 2).sum() / 2

    def slope(x):
        g = x.copy()
        g[place] = np.tanh(10 * x[place]) / 10
        return g

    (logs, *_), _ = climbed(monkeypatch, f, slope, at)
    assert logs.tolist() == at.tolist()
    at[place] = sign * 0.05
    (logs, *_), _ = climbed(monkeypatch, f, slope, at)
    assert np.abs(logs).max() < 1e-8
