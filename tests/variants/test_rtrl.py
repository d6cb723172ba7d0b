"""Real-time recurrent learning equals backpropagation through time, at its own price.

The problems are those of `tests.support.cases`: every activation, loss, topology,
mask, batch, kind of input and form of the initial state.
"""

import tracemalloc
from types import SimpleNamespace

import numpy as np
import pytest

import rnnlib
from rnnlib.variants import rtrl
from tests.support import cases
from tests.support.mutants import Mutant, each, planted, with_arguments

TOLERANCE = 1e-10
NAMES = (*cases.PARAMETERS, "h_0")
ALL = [c._replace(state=state) for c in cases.CASES for state in cases.STATES]


def arguments(problem):
    """Positional and keyword arguments of loss_and_gradients."""
    v = problem.variables
    params = rnnlib.Params(*(v[n] for n in cases.PARAMETERS))
    h_0 = v["h_0"] if problem.h_0_given else None
    return (params, v.get("x", problem.x), problem.y), problem.options | {"h_0": h_0}


def flat(result):
    """Loss and gradients in one dictionary."""
    loss, gradients = result
    return {"loss": loss, "h_0": gradients.h_0} | gradients.params._asdict()


def wrong(case):
    """Names of what differs from backpropagation in shape, dtype or value."""
    args, options = arguments(cases.problem(case))
    wanted = flat(rnnlib.loss_and_gradients(*args, **options))
    actual = flat(rtrl.rtrl_loss_and_gradients(*args, **options))
    return {n for n in wanted if differs(np.asarray(actual[n]), np.asarray(wanted[n]))}


def differs(actual, wanted):
    if (actual.shape, actual.dtype) != (wanted.shape, wanted.dtype):
        return True
    return not np.abs(actual - wanted).max() <= TOLERANCE * np.abs(wanted).max()


@pytest.mark.parametrize("state", cases.STATES)
@pytest.mark.parametrize("case", cases.CASES, ids=str)
def test_equals_backpropagation_through_time(case, state):
    assert wrong(case._replace(state=state)) == set()


def test_the_gradient_of_the_inputs_is_none():
    args, options = arguments(cases.problem(cases.CASES[0]))
    assert rtrl.rtrl_loss_and_gradients(*args, **options)[1].x is None


PIECES = {
    "J": lambda slope, W: slope[:, :, None] * W,
    "start": lambda identity: identity,
    "carried": lambda J, dh: np.einsum("bij,bj...->bi...", J, dh),
    "by_state": lambda slope, before, after: rows_of(slope, before),
    "by_bias": lambda slope: rows_of(slope, np.ones((len(slope), 1)))[..., 0],
    "inputs": lambda u, t: u[t],
    "masked_J": lambda real, J, identity: np.where(real[..., None], J, identity),
    "masked_slope": lambda real, slope: slope * real,
}


def rows_of(slope, u):
    """phi'(s_i) u_l in row k = i, (B, d_h, d_h, len u)."""
    return np.einsum("bi,ik,bl->bikl", slope, np.eye(slope.shape[1]), u)


def forwards(name, expected, **mistakes):
    """The sensitivities step by step, with these pieces wrong."""
    of = SimpleNamespace(**PIECES | mistakes)

    def wrong(params, x, *, h_0=None, phi="tanh", mask=None):
        u = np.eye(params.d_x)[x] if x.ndim == 2 else x
        h = rnnlib.forward(params, x[:1], h_0=h_0, phi=phi).h[0]
        phi, (B, d) = rnnlib.get_activation(phi), h.shape
        identity = np.tile(np.eye(d), (B, 1, 1))
        S = [np.zeros((B, d, *a.shape)) for a in params[:3]] + [of.start(identity)]
        for t in range(len(x)):
            real = np.ones((B, 1), bool) if mask is None else mask[t][:, None]
            after = phi(u[t] @ params.W_xh.T + h @ params.W_hh.T + params.b_h)
            slope = phi.derivative(after)
            J = of.masked_J(real, of.J(slope, params.W_hh), identity)
            slope = of.masked_slope(real, slope)
            S = [of.carried(J, dh) for dh in S]
            S[0] = S[0] + rows_of(slope, of.inputs(u, t))
            S[1] = S[1] + of.by_state(slope, h, after)
            S[2] = S[2] + of.by_bias(slope)
            h = np.where(real, after, h)
            yield rtrl.Step(h, rtrl.Sensitivities(*S))

    place = "rnnlib.variants.rtrl.sensitivities"
    return Mutant(name, place, lambda right: wrong, expected)


def by_rtrl(name, expected, wrong):
    """A mutant of the loss and its gradients."""
    place = "rnnlib.variants.rtrl.rtrl_loss_and_gradients"
    return Mutant(name, place, wrong, expected)


def summed(params, x, y, *, topology, **options):
    """The sum of the states in the place of their mean."""
    if topology == "mean":
        params = params._replace(W_hy=len(x) * params.W_hy)
    return (params, x, y), options | {"topology": topology}


def only_the_last(right):
    """The gradients of the last output: all but those of the outputs before."""

    def wrong(params, x, y, *, topology, mask=None, weight_decay=0.0, **options):
        options |= {"topology": topology}
        loss, found = right(
            params, x, y, mask=mask, weight_decay=weight_decay, **options
        )
        if topology != "many-to-many":
            return loss, found
        _, before = right(
            params, x[:-1], y[:-1], mask=None if mask is None else mask[:-1], **options
        )
        pairs = zip(found.params, before.params, strict=True)
        return loss, found._replace(params=rnnlib.Params(*(a - b for a, b in pairs)))

    return wrong


def no_decay(*arguments, weight_decay, **options):
    """The penalty is left out."""
    return arguments, options


MUTANTS = [
    forwards(
        "no immediate derivative of W_hh",
        "W_hh",
        by_state=lambda slope, before, after: 0 * rows_of(slope, before),
    ),
    forwards(
        "h_t in place of h_{t-1}",
        "W_hh",
        by_state=lambda slope, before, after: rows_of(slope, after),
    ),
    forwards(
        "copies of h in every row",
        "W_hh",
        by_state=lambda slope, before, after: (slope[..., None] * before[:, None])[
            :, :, None
        ],
    ),
    forwards("no total derivative of h_{t-1}", "b_h", carried=lambda J, dh: 0 * dh),
    forwards("W_hh transposed", "b_h", J=lambda slope, W: slope[:, :, None] * W.T),
    forwards("phi' on the wrong side", "b_h", J=lambda slope, W: slope[:, None] * W),
    forwards("J_t without phi'", "b_h", J=lambda slope, W: 0 * slope[:, :, None] + W),
    forwards(
        "immediate derivative without phi'",
        "b_h",
        by_bias=lambda slope: PIECES["by_bias"](np.ones_like(slope)),
    ),
    forwards("dh_0/dh_0 is zero", "h_0", start=lambda identity: 0 * identity),
    forwards("inputs one step late", "W_xh", inputs=lambda u, t: u[t - 1]),
    forwards("masked steps multiply", "b_h", masked_J=lambda real, J, identity: J),
    forwards("masked steps add", "b_h", masked_slope=lambda real, slope: slope),
    by_rtrl("a sum for the mean", "W_hh", with_arguments(summed)),
    by_rtrl("only the last output", "W_hy", only_the_last),
    by_rtrl("no weight decay", "W_hh", with_arguments(no_decay)),
]
TANH = [case for case in ALL if case.phi == "tanh"]


@each(MUTANTS)
def test_mutants_fail(mutant):
    for case in TANH:
        cases.problem(case)
    with planted(mutant):
        assert any(mutant.expected in wrong(case) for case in TANH)


def test_the_pieces_without_a_mistake_are_right():
    with planted(forwards("right", "")):
        assert not any(wrong(case) for case in TANH)


def random_network(d_h, T, *, B=2, d_x=3, K=2, seed=0, dtype=np.float64):
    """Parameters, dense inputs, classes and an initial state."""
    rng = np.random.default_rng(seed)
    params = rnnlib.init_params(d_x, d_h, K, rng=rng, dtype=dtype)
    x = rng.standard_normal((T, B, d_x)).astype(dtype)
    h_0 = rng.standard_normal((B, d_h)).astype(dtype)
    return params, x, rng.integers(0, K, (T, B)), h_0


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("phi", ["tanh", "logistic", "identity"])
def test_every_sensitivity_by_a_complex_step(phi, masked):
    params, x, _, h_0 = random_network(4, 4)
    mask = np.array([[1, 1, 0, 1], [0, 1, 1, 0]], bool).T.copy() if masked else None
    variables = params._asdict() | {"h_0": h_0}

    def state(v, t, b, i):
        at = rnnlib.Params(*(v[n] for n in cases.PARAMETERS))
        return rnnlib.forward(at, x, h_0=v["h_0"], phi=phi, mask=mask).h[t, b, i]

    steps = list(rtrl.sensitivities(params, x, h_0=h_0, phi=phi, mask=mask))
    assert len(steps) == len(x)
    for t, step in enumerate(steps, start=1):
        for b, i in np.ndindex(step.h.shape):
            wanted = rnnlib.complex_step_gradients(
                lambda v, index=(t, b, i): state(v, *index), variables
            )
            for name in ("W_xh", "W_hh", "b_h"):
                actual = getattr(step.sensitivities, name)[b, i]
                assert np.abs(actual - wanted[name]).max() < 1e-12
            others = np.delete(wanted["h_0"], b, axis=0)
            assert not others.any()  # of another sequence: nothing
            assert np.abs(step.sensitivities.h_0[b, i] - wanted["h_0"][b]).max() < 1e-12


def test_states_are_those_of_forward():
    params, x, _, h_0 = random_network(4, 4)
    mask = np.array([[1, 1, 0, 1], [0, 1, 1, 0]], bool).T.copy()
    h = rnnlib.forward(params, x, h_0=h_0, mask=mask).h
    steps = rtrl.sensitivities(params, x, h_0=h_0, mask=mask)
    for t, step in enumerate(steps, start=1):
        assert np.abs(step.h - h[t]).max() < 1e-13


def test_a_step_is_not_overwritten_by_the_next():
    params, x, _, h_0 = random_network(3, 4)
    kept, copies = [], []
    for step in rtrl.sensitivities(params, x, h_0=h_0):
        kept.append((step.h, *step.sensitivities))
        copies.append([a.copy() for a in kept[-1]])
    for arrays, wanted in zip(kept, copies, strict=True):
        for a, b in zip(arrays, wanted, strict=True):
            assert (a == b).all()


def test_arguments_are_left_alone():
    params, x, y, h_0 = random_network(3, 4)
    before = [a.copy() for a in (*params, x, y, h_0)]
    rtrl.rtrl_loss_and_gradients(params, x, y, h_0=h_0)
    for a, b in zip((*params, x, y, h_0), before, strict=True):
        assert (a == b).all()


@pytest.mark.parametrize("topology", ["many-to-many", "last", "mean"])
def test_single_precision_stays_single(topology):
    params, x, y, h_0 = random_network(4, 5, dtype=np.float32)
    y = y if topology == "many-to-many" else y[0]
    options = {"h_0": h_0, "topology": topology, "weight_decay": 0.1}
    wanted = flat(rnnlib.loss_and_gradients(params, x, y, **options))
    actual = flat(rtrl.rtrl_loss_and_gradients(params, x, y, **options))
    for name, array in actual.items():
        assert array.dtype == np.float32, name
        error = np.abs(array - wanted[name]).max()
        assert error <= 1e-5 * np.abs(wanted[name]).max()


def test_second_derivatives_by_a_complex_step_through_rtrl():
    params, x, y, h_0 = random_network(3, 4)
    moved = params._replace(W_hh=params.W_hh + 1e-30j * np.ones((3, 3)))
    for name in NAMES:
        actual = flat(rtrl.rtrl_loss_and_gradients(moved, x, y, h_0=h_0))[name]
        wanted = flat(rnnlib.loss_and_gradients(moved, x, y, h_0=h_0))[name]
        assert np.abs(actual.imag - wanted.imag).max() < 1e-10 * 1e-30


BAD = {
    "params": lambda a: a | {"params": tuple(a["params"])},
    "x": lambda a: a | {"x": a["x"][0]},
    "x not finite": lambda a: a | {"x": a["x"] * np.nan},
    "h_0": lambda a: a | {"h_0": a["h_0"][:1]},
    "h_0 in single precision": lambda a: a | {"h_0": a["h_0"].astype(np.float32)},
    "phi": lambda a: a | {"phi": "sine"},
    "loss": lambda a: a | {"loss": "hinge"},
    "topology": lambda a: a | {"topology": "first"},
    "weight_decay": lambda a: a | {"weight_decay": -1.0},
    "mask": lambda a: a | {"mask": np.ones((4, 3), bool)},
    "mask of nothing": lambda a: a | {"mask": np.zeros((4, 2), bool)},
    "y a list": lambda a: a | {"y": a["y"].tolist()},
    "y too short": lambda a: a | {"y": a["y"][:-1]},
    "y too long": lambda a: a | {"y": np.concatenate([a["y"], a["y"]])},
    "y of one batch too many": lambda a: a | {"y": a["y"][:, [0, 1, 1]]},
    "y out of range": lambda a: a | {"y": a["y"] + 2},
    "y dense, no distribution": lambda a: a | {"y": np.ones((4, 2, 2))},
}


@pytest.mark.parametrize("what", BAD)
def test_bad_input_is_named_as_backpropagation_names_it(what):
    params, x, y, h_0 = random_network(3, 4)
    good = {"params": params, "x": x, "y": y, "h_0": h_0}
    name = what.split()[0]
    for function in (rnnlib.loss_and_gradients, rtrl.rtrl_loss_and_gradients):
        function(**good)
        with pytest.raises(ValueError, match=rf"^{name}: expected .*got "):
            function(**BAD[what](good))


def test_sensitivities_complain_before_the_first_step():
    params, x, *_ = random_network(3, 4)
    with pytest.raises(ValueError, match="^phi: "):
        rtrl.sensitivities(params, x, phi="sine")
    with pytest.raises(ValueError, match="^x: expected integers from 0 to 2"):
        rtrl.sensitivities(params, np.array([[0], [3]]))


class Counted(np.ndarray):
    """An array that counts the multiplications of whatever it takes part in."""

    count = 0

    def __array_ufunc__(self, ufunc, method, *inputs, out=None, **options):
        arrays = [np.asarray(a) for a in inputs]
        if out is not None:
            options["out"] = tuple(np.asarray(a) for a in out)
        result = getattr(ufunc, method)(*arrays, **options)
        if ufunc is np.multiply:
            Counted.count += result.size
        elif ufunc is np.matmul:
            Counted.count += result.size * arrays[0].shape[-1]
        return result.view(Counted) if isinstance(result, np.ndarray) else result


def multiplications_of_a_step(d_h, d_x=3, B=2):
    """What one more step costs: exactly, whatever the machine."""
    counts = []
    for T in (3, 4):
        params, x, _, h_0 = random_network(d_h, T, B=B, d_x=d_x)
        counted = rnnlib.Params(*(a.view(Counted) for a in params))
        Counted.count = 0
        for _step in rtrl.sensitivities(counted, x, h_0=h_0):
            pass
        counts.append(Counted.count)
    return counts[1] - counts[0]


@pytest.mark.parametrize("d_h", [2, 5, 8])
def test_multiplications_of_a_step(d_h):
    d_x, B, K = 3, 2, 2
    recursion = d_h * d_h**2 * (d_x + d_h + 2)  # J_t times every sensitivity
    jacobian = d_h**2
    forward = d_h * d_x + d_h * d_h + K * d_h
    rest = multiplications_of_a_step(d_h) / B - recursion - jacobian - forward
    assert 0 <= rest <= d_h * (d_x + d_h + 4)  # the immediate derivative and phi'


def peak_bytes(function):
    """The most memory that was in use at once, beyond what was there before."""
    function()
    tracemalloc.start()
    function()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def test_memory_does_not_grow_with_time_and_grows_as_the_cube():
    def peak(d_h, T, function):
        params, x, y, _ = random_network(d_h, T, B=1)
        return peak_bytes(lambda: function(params, x, y))

    ours, theirs = rtrl.rtrl_loss_and_gradients, rnnlib.loss_and_gradients
    assert peak(16, 400, ours) < 1.5 * peak(16, 20, ours)
    assert peak(16, 400, theirs) > 8 * peak(16, 20, theirs)
    assert 6 < peak(64, 3, ours) / peak(32, 3, ours) < 10  # 2^3 = 8
    assert 2 * 8 * 64**3 < peak(64, 3, ours) < 5 * 8 * 64**3


def test_the_shape_of_a_sensitivity():
    params, x, *_ = random_network(4, 2, B=5)
    step = next(iter(rtrl.sensitivities(params, x)))
    shapes = rnnlib.parameter_shapes(3, 4, 2)._asdict() | {"h_0": (4,)}
    for name, array in step.sensitivities._asdict().items():
        assert array.shape == (5, 4, *shapes[name])
