"""Real-time recurrent learning equals backpropagation through time, at its own price.

The problems are those of `tests.support.cases`: every activation, loss, topology,
mask, batch, kind of input and form of the initial state.
"""

import tracemalloc
import types

import numpy as np
import pytest

import rnnlib
from rnnlib.variants import rtrl
from tests.support import cases

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


def wrong(case, module=rtrl):
    """Names of what differs from backpropagation in shape, dtype or value."""
    args, options = arguments(cases.problem(case))
    wanted = flat(rnnlib.loss_and_gradients(*args, **options))
    actual = flat(module.rtrl_loss_and_gradients(*args, **options))
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


MUTANTS = {  # what is broken: old text, new text, what must go wrong
    "no immediate derivative of W_hh": (
        "S.W_hh[:, unit, unit] +=",
        "S.W_hh[:, unit, unit] += 0 *",
        "W_hh",
    ),
    "h_t in place of h_{t-1}": (
        "_add_immediate(S, phi_prime, x[t], previous)",
        "_add_immediate(S, phi_prime, x[t], h)",
        "W_hh",
    ),
    "copies of h in every row": (
        "S.W_hh[:, unit, unit] += phi_prime[..., None] * previous[:, None]",
        "S.W_hh[...] += (phi_prime[..., None] * previous[:, None])[:, :, None]",
        "W_hh",
    ),
    "no total derivative of h_{t-1}": ("_product(J, dh) for", "0 * dh for", "b_h"),
    "W_hh transposed": (
        "phi_prime[:, :, None] * params.W_hh",
        "phi_prime[:, :, None] * params.W_hh.T",
        "b_h",
    ),
    "phi' on the wrong side": (
        "phi_prime[:, :, None] * params.W_hh",
        "phi_prime[:, None] * params.W_hh",
        "b_h",
    ),
    "J_t without phi'": (
        "phi_prime[:, :, None] * params.W_hh",
        "0 * phi_prime[:, :, None] + params.W_hh",
        "b_h",
    ),
    "immediate derivative without phi'": (
        "S.b_h[:, unit, unit] += phi_prime",
        "S.b_h[:, unit, unit] += 1",
        "b_h",
    ),
    "dh_0/dh_0 is zero": ("np.tile(identity,", "np.tile(0 * identity,", "h_0"),
    "inputs one step late": ("phi_prime, x[t],", "phi_prime, x[t - 1],", "W_xh"),
    "masked steps multiply": (
        "J = np.where(real[..., None], J, identity)",
        "J = np.where(real[..., None], J, J)",
        "b_h",
    ),
    "masked steps add": ("phi_prime = phi_prime * real", "pass", "b_h"),
    "a sum for the mean": (
        "count = count + real",
        "count = 1 + 0 * real",
        "W_hh",
    ),
    "only the last output": (
        "sums = new if sums is None else",
        "sums = new if 1 else",
        "W_hy",
    ),
    "no weight decay": (
        "return add_weight_decay(value, gradients, params, weight_decay)",
        "return value, gradients",
        "W_hh",
    ),
}


def broken(old, new):
    """The module with one change in its text."""
    with open(rtrl.__file__, encoding="utf-8") as file:
        text = file.read()
    assert text.count(old) == 1, f"not once in the module: {old}"
    module = types.ModuleType("broken")
    exec(compile(text.replace(old, new), "broken", "exec"), module.__dict__)
    return module


@pytest.mark.parametrize("what", MUTANTS)
def test_mutants_fail(what):
    old, new, victim = MUTANTS[what]
    module = broken(old, new)
    found = [wrong(case, module) for case in ALL if case.phi == "tanh"]
    assert any(victim in names for names in found)


def test_the_module_unchanged_is_not_a_mutant():
    module = broken("no backward pass", "no backward pass")
    assert not any(wrong(case, module) for case in ALL if case.phi == "tanh")


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
