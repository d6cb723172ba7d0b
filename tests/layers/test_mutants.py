"""Every classic mistake in the gated and normalised layers is caught.

Mistakes in a backward pass are seen by the independent implementation and by the
complex step, and both name the same gradients. Mistakes in a forward pass, whose
backward pass stays right for the function it computes, are seen by the independent
implementation alone.

A wrong backward pass is that of the independent layer with a wrong derivative
somewhere: `stop` takes one away, `through` adds one, `with_slope` exchanges one.
"""

from functools import partial

import autograd.numpy as np
import pytest

from rnnlib.layers.cell import CellFunctions, LayerGradients
from tests.support import recurrent
from tests.support import recurrent_reference as reference
from tests.support.mutants import Mutant, each, planted, with_arguments, with_result
from tests.support.recurrent import D_H, backward_of, case_of
from tests.support.recurrent_reference import (
    block,
    logistic,
    lstm_step,
    stop,
    through,
    with_slope,
)

LSTM = {"W_xh", "W_hh", "b_h", "h", "c", "x"}
CELLS = {
    "lstm": ["lstm"],
    "gru": ["gru-after", "gru-before"],
    "layer_norm": ["layer-norm"],
    "vanilla": ["vanilla"],
    "stacked": ["stack", "residual"],
    "cell": ["lstm", "gru-after"],
}


def cases(module):
    """What a mutant of that module is tried on."""
    return [
        case
        for layer in CELLS[module]
        for case in (
            case_of(layer, True, 3, "dense", "given"),
            case_of(layer, False, 3, "integer", "shared"),
            case_of(layer, True, 1, "dense", "zero"),
        )
    ]


@pytest.fixture(autouse=True, scope="module")
def ready():
    """The problems and their solutions, drawn with the right functions."""
    for module in CELLS:
        for case in cases(module):
            recurrent.expected(case)


def mutant(name, module, wrong, expected=None):
    """A mutant of a backward pass; None when many gradients are wrong."""
    return Mutant(name, f"rnnlib.layers.{module}.backward", wrong, expected)


def lstm(name, expected=LSTM, **mistakes):
    """The LSTM with a wrong derivative."""
    layer = partial(reference.lstm, **mistakes)
    return mutant(name, "lstm", backward_of(layer), expected)


def gru(name, expected=None, **mistakes):
    """The GRU with a wrong derivative, by the convention of the trace."""

    def wrong(right):
        def backward(params, trace, *adjoints):
            layer = partial(reference.gru, reset=trace.reset, **mistakes)
            return backward_of(layer)(right)(params, trace, *adjoints)

        return backward

    return mutant(name, "gru", wrong, expected)


def layer_norm(name, expected=None, **mistakes):
    """Layer normalisation with a wrong derivative."""
    layer = partial(reference.layer_norm, **mistakes)
    return mutant(name, "layer_norm", backward_of(layer), expected)


def without_forget_path(c, i, f, n, o):
    """c_{t-1} has no part in the derivative."""
    return lstm_step(stop(c), i, f, n, o)


def whole_forget_path(c, i, f, n, o):
    """c_{t-1} is passed on whole, not by f."""
    h, c_t = lstm_step(stop(c), i, f, n, o)
    return h, c_t + through(c)


def c_t_in_forget_gate(c, i, f, n, o):
    """The slope of c_t by f is taken to be c_t."""
    c_t = stop(f) * c + i * n
    c_t = c_t + through(f) * stop(c_t)
    return o * np.tanh(c_t), c_t


def o_by_e(c, i, f, n, o):
    """The output gate gets what the cell state gets, in place of h_t."""
    _, c_t = lstm_step(c, i, f, n, o)
    c_t = c_t + through(o) * stop(np.tanh(c_t))
    return stop(o) * np.tanh(c_t), c_t


def all_by_g(c, i, f, n, o):
    """The gates get what h_t gets, as if the cell state had no other use."""
    _, c_t = lstm_step(c, stop(i), stop(f), stop(n), o)
    gates = through(f) * stop(c) + through(i) * stop(n) + stop(i) * through(n)
    return o * np.tanh(c_t) + gates, c_t


def turned(W, h):
    """The derivative by W takes the entries of the state in the wrong order."""
    return np.dot(stop(W), h) + np.dot(through(W), stop(h)[::-1])


def not_reset(W, read, h):
    """The derivative by W takes the state before the reset."""
    return np.dot(stop(W), read) + np.dot(through(W), stop(h))


def stopped(state):
    """A state that is held without a derivative."""
    return tuple(map(stop, state)) if isinstance(state, tuple) else stop(state)


def plain_scale(a, mean, variance):
    """The derivative is not divided by the scale."""
    unit = reference.normalised(a, mean, variance)
    return stop(unit) + stop(np.sqrt(variance + reference.EPSILON)) * through(unit)


def gain_of_states(gain, unit, b):
    """The derivative by the gain takes the state for the normalised row."""
    return stop(gain) * unit + through(gain) * stop(np.tanh(gain * unit + b)) + b


def b_m_of_candidate(gradients, *arguments):
    """The bias inside the reset gets what the candidate gets."""
    b_m = gradients.params.b_h[2 * D_H :]
    return gradients._replace(params=gradients.params._replace(b_m=b_m))


def no_adjoint_of(name):
    """A part of d_state is not read."""

    def other(params, trace, d_output, d_state=None):
        d_state = None if d_state is None else d_state._replace(**{name: None})
        return (params, trace, d_output, d_state), {}

    return with_arguments(other)


BACKWARD = [
    lstm("forget gate's path dropped", combine=without_forget_path),
    lstm("cell state passed on whole", combine=whole_forget_path),
    lstm(
        "tanh(c) without slope",
        combine=partial(lstm_step, squash=with_slope(np.tanh, np.ones_like)),
    ),
    lstm("c_t for c_{t-1} in the forget gate", combine=c_t_in_forget_gate),
    lstm("o without slope", output_gate=with_slope(logistic, logistic)),
    lstm("n without slope", candidate=with_slope(np.tanh, np.tanh)),
    lstm("o by e", combine=o_by_e),
    lstm("all by g", combine=all_by_g),
    lstm("through h_{t-1} dropped", product=lambda W, h: np.dot(W, stop(h))),
    lstm("entries of h_{t-1} in W_hh", {"W_hh"}, product=turned),
    lstm("held cell forgets", held=lambda state: (state[0], stop(state[1]))),
    lstm("held state lost", held=lambda state: (stop(state[0]), state[1])),
    mutant("d_state.c ignored", "lstm", no_adjoint_of("c"), LSTM),
    gru("straight path dropped", combine=lambda u, h, n: (1 - u) * n + u * stop(h)),
    gru(
        "straight path whole",
        combine=lambda u, h, n: (1 - u) * n + u * stop(h) + through(h),
    ),
    gru("u's sign", update=lambda u: stop(u) - through(u)),
    gru(
        "1 - u forgotten",
        combine=lambda u, h, n: (1 - u) * stop(n) + through(n) + u * h,
    ),
    gru("r's slope", reset_gate=with_slope(logistic, logistic)),
    gru("not reset on the way back", times=lambda r, a: r * stop(a) + through(a)),
    gru("read is not reset", {"W_hh"}, product=not_reset),
    mutant("b_m from the candidate", "gru", with_result(b_m_of_candidate), {"b_m"}),
    layer_norm(
        "mean dropped",
        norm=lambda a, mean, var: reference.normalised(a, stop(mean), var),
    ),
    layer_norm(
        "variance constant",
        norm=lambda a, mean, var: reference.normalised(a, mean, stop(var)),
    ),
    layer_norm("scale forgotten", norm=plain_scale),
    layer_norm(
        "gain not used",
        scaled=lambda gain, unit, b: gain * stop(unit) + through(unit) + b,
    ),
    layer_norm("gain from the states", {"gain"}, scaled=gain_of_states),
    layer_norm("held state lost", held=stopped),
    mutant(
        "held state lost",
        "vanilla",
        backward_of(partial(reference.vanilla, held=stopped)),
        {"W_xh", "W_hh", "b_h", "state", "x"},
    ),
]


def stack(name, change):
    """A mutant of stacks: ``change(cell, cells, residual)`` is the wrong stack."""

    def wrong(right):
        def make(cells, *, residual=False):
            return change(right(cells, residual=residual), cells, residual)

        return make

    return Mutant(name, "rnnlib.layers.stacked.stack", wrong, None)


def no_residual_path(cell, cells, residual):
    """The backward pass of a stack without the sums."""

    def backward(params, trace, d_y, d_state):
        found = []
        for level in reversed(range(len(cells))):
            layer = params[level], trace.layers[level], d_y, d_state[level]
            found.insert(0, cells[level].backward(*layer))
            d_y = found[0].x
        layers = (g.params for g in found), (g.state for g in found)
        return LayerGradients(*map(tuple, layers), d_y)

    return CellFunctions(cell.init_params, cell.forward, backward)


def no_d_state(cell, cells, residual):
    """The adjoint of the last state is not read."""
    return cell._replace(backward=lambda *arguments: cell.backward(*arguments[:3]))


BACKWARD += [
    stack("residual path dropped", no_residual_path),
    stack("d_state ignored", no_d_state),
    Mutant(
        "shared state not summed",
        "rnnlib.layers.cell.of_shape",
        lambda right: lambda g, shape: g[0] if len(shape) == 1 else g,
        {"h", "c", "state"},
    ),
]


def forward(name, module, wrong):
    """A mutant of a forward pass."""
    return Mutant(name, f"rnnlib.layers.{module}.forward", wrong)


def with_params(change):
    """The forward pass of other parameters: ``change`` gives those that differ."""
    return with_arguments(
        lambda params, x, **options: ((params._replace(**change(params)), x), options)
    )


def gates_exchanged(params):
    """The blocks of i and f in each other's place."""
    order = [1, 0, 2, 3]
    return {
        name: np.concatenate([block(array, k) for k in order])
        for name, array in params._asdict().items()
    }


def open_input_gate(params):
    """An input gate of one."""
    b_h = params.b_h.copy()
    b_h[:D_H] = 1000
    W_xh, W_hh = params.W_xh.copy(), params.W_hh.copy()
    W_xh[:D_H] = W_hh[:D_H] = 0
    return {"W_xh": W_xh, "W_hh": W_hh, "b_h": b_h}


def complement_of_u(params):
    """logistic(-s) = 1 - logistic(s)."""
    sign = np.repeat([1.0, -1.0, 1.0], D_H)
    return {
        "W_xh": params.W_xh * sign[:, None],
        "W_hh": params.W_hh * sign[:, None],
        "b_h": params.b_h * sign,
    }


def b_m_outside(params):
    """The bias of the product in the place of that of the candidate."""
    b_h = params.b_h + np.concatenate([np.zeros(2 * D_H), params.b_m])
    return {"b_h": b_h, "b_m": 0 * params.b_m}


def not_held(right):
    """A masked step happens."""

    def wrong(params, x, *, mask=None, **options):
        return right(params, x, **options)._replace(mask=mask)

    return wrong


def not_squashed(trace, *arguments):
    """h_t = o_t c_t, in what is put out."""
    o = trace.gates[..., 3 * D_H :]
    return trace._replace(h=np.concatenate([trace.h[:1], o * trace.c[1:]]))


def exchanged(params, x, *, reset="after", **options):
    """The other convention."""
    return (params, x), {
        "reset": {"after": "before", "before": "after"}[reset]
    } | options


def doubled(cell, cells, residual):
    """What every layer reads is added twice."""

    def forward(*arguments, **options):
        trace = cell.forward(*arguments, **options)
        return trace._replace(output=2 * trace.output)

    return cell._replace(forward=forward)


FORWARD = [
    forward("gates in another order", "lstm", with_params(gates_exchanged)),
    forward("h is not squashed", "lstm", with_result(not_squashed)),
    forward("input not gated", "lstm", with_params(open_input_gate)),
    forward("masked cell not held", "lstm", not_held),
    forward("u and 1 - u exchanged", "gru", with_params(complement_of_u)),
    forward("conventions exchanged", "gru", with_arguments(exchanged)),
    forward("b_m outside the reset", "gru", with_params(b_m_outside)),
    forward(
        "variance over d - 1",
        "layer_norm",
        with_params(lambda p: {"gain": p.gain * np.sqrt((D_H - 1) / D_H)}),
    ),
    forward("bias forgotten", "layer_norm", with_params(lambda p: {"b_h": 0 * p.b_h})),
    forward("masked state not held", "layer_norm", not_held),
    Mutant(
        "no residual",
        "rnnlib.layers.stacked.stack",
        lambda right: lambda cells, residual=False: right(cells),
    ),
    stack("output twice", doubled),
]


def last(names):
    """The last part of each dotted name."""
    return {name.split(".")[-1] for name in names}


def found_by(check, mutant):
    """The names that a check calls wrong, on the problems of the mutant's module."""
    module = mutant.place.split(".")[2]
    with planted(mutant):
        return last(set().union(*map(check, cases(module))))


@pytest.mark.parametrize("module", CELLS)
def test_nothing_is_found_without_a_mistake(module):
    for case in cases(module):
        assert recurrent.wrong_by_reference(case) == set()
        assert recurrent.wrong_by_complex_step(case) == set()


@each([lstm("as it is", set()), gru("as it is", set()), layer_norm("as it is", set())])
def test_the_independent_layer_is_right_without_a_wrong_slope(mutant):
    assert found_by(recurrent.wrong_by_reference, mutant) == set()


@each(BACKWARD)
def test_backward_caught(mutant):
    by_reference = found_by(recurrent.wrong_by_reference, mutant)
    by_step = found_by(recurrent.wrong_by_complex_step, mutant)
    assert by_reference == by_step
    assert by_step and "loss" not in by_reference
    if mutant.expected:
        assert by_step == mutant.expected


@each(FORWARD)
def test_forward_caught(mutant):
    assert "loss" in found_by(recurrent.wrong_by_reference, mutant)
