"""Every classic mistake in the gated and normalised layers is caught.

Mistakes in a backward pass are seen by the independent implementation and by the
complex step of the mutant's own loss, and both name the same gradients. Mistakes in a
forward pass, whose backward pass stays right for the function they compute, are seen by
the independent implementation alone.
"""

import pytest

from tests.support import recurrent
from tests.support.mutants import Mutant, load
from tests.support.recurrent import Case

EVERYTHING = {"W_xh", "W_hh", "b_h", "state", "x"}
LSTM = {"W_xh", "W_hh", "b_h", "h", "c", "x"}
CELLS = {
    "lstm": ["lstm"],
    "gru": ["gru-after", "gru-before"],
    "layer_norm": ["layer-norm"],
    "vanilla": ["vanilla"],
    "stacked": ["stack", "residual"],
    "cell": ["lstm", "gru-after"],
}
KEPT = "kept = 0 if mask is None else g * held(mask, t)"


def cases(module):
    """What a mutant of that module is run on."""
    return [
        case
        for layer in CELLS[module]
        for case in (
            Case(layer, True, 3, "dense", "given"),
            Case(layer, False, 3, "integer", "shared"),
            Case(layer, True, 1, "dense", "zero"),
        )
    ]


BACKWARD = [
    Mutant(
        "forget gate's path dropped",
        "lstm",
        {"e = e * f[t - 1]": "e = 0 * e"},
        LSTM,
    ),
    Mutant(
        "cell state passed on whole",
        "lstm",
        {"e = e * f[t - 1]": "e = 1 * e"},
        LSTM,
    ),
    Mutant("tanh(c) without slope", "lstm", {"o * (1 - tanh_c**2)": "1 * o"}, LSTM),
    Mutant(
        "c_t for c_{t-1} in the forget gate",
        "lstm",
        {"trace.c[:-1] * f": "trace.c[1:] * f"},
        LSTM,
    ),
    Mutant("o without slope", "lstm", {"tanh_c * o * (1 - o)": "tanh_c * o"}, LSTM),
    Mutant("n without slope", "lstm", {"i * (1 - n**2)": "i * n"}, LSTM),
    Mutant("o by e", "lstm", {"g if k == 3 else e": "e"}, LSTM),
    Mutant("all by g", "lstm", {"g if k == 3 else e": "g"}, LSTM),
    Mutant(
        "the terms usually dropped",  # through h_{t-1}
        "lstm",
        {"g = kept + delta[t - 1] @ params.W_hh": "g = kept + 0 * g"},
        LSTM,
    ),
    Mutant(
        "h_t for h_{t-1}",
        "lstm",
        {"outer_sum(delta, trace.h[:-1])": "outer_sum(delta, trace.h[1:])"},
        {"W_hh"},
    ),
    Mutant(
        "held cell forgets",
        "lstm",
        {"np.where(real, f, 1)": "np.where(real, f, 0)"},
        LSTM,
    ),
    Mutant("held state lost", "lstm", {KEPT: "kept = 0"}, LSTM),
    Mutant(
        "d_state.c ignored",
        "lstm",
        {'check_adjoint("d_state.c", e, ': 'check_adjoint("d_state.c", None, '},
        LSTM,
    ),
    Mutant("straight path dropped", "gru", {"g = g * u[t - 1] +": "g ="}, None),
    Mutant("straight path whole", "gru", {"g = g * u[t - 1] +": "g = g +"}, None),
    Mutant("u's sign", "gru", {"(previous - n) * u": "(n - previous) * u"}, None),
    Mutant("1 - u forgotten", "gru", {"by_n = (1 - u) *": "by_n ="}, None),
    Mutant("r's slope", "gru", {" * r * (1 - r)": " * r"}, None),
    Mutant(
        "product not reset",
        "gru",
        {"delta_n * r[t - 1] if after else delta_n": "delta_n"},
        None,
    ),
    Mutant(
        "reset not sent back",
        "gru",
        {"else to_candidate * r[t - 1]": "else to_candidate"},
        None,
    ),
    Mutant(
        "read is not reset",
        "gru",
        {"read = previous if after else r * previous": "read = previous"},
        {"W_hh"},
    ),
    Mutant(
        "b_m from the candidate",
        "gru",
        {"rows(d_product).sum(axis=0)": "rows(delta)[:, 2 * d :].sum(axis=0)"},
        {"b_m"},
    ),
    Mutant("mean dropped", "layer_norm", {"(v - mean -": "(v -"}, None),
    Mutant("variance constant", "layer_norm", {" - unit * along)": ")"}, None),
    Mutant("scale forgotten", "layer_norm", {"along) / scale": "along)"}, None),
    Mutant("gain not used", "layer_norm", {"v = params.gain * d_y": "v = d_y"}, None),
    Mutant(
        "gain from the states",
        "layer_norm",
        {"rows(d_y) * rows(trace.unit)": "rows(d_y) * rows(trace.h[1:])"},
        {"gain"},
    ),
    Mutant("held state lost", "layer_norm", {KEPT: "kept = 0"}, None),
    Mutant(
        "held state lost",
        "vanilla",
        {"np.add(g[t - 1], g[t], out": "np.add(g[t - 1], 0, out"},
        EVERYTHING,
    ),
    Mutant(
        "residual path dropped",
        "stacked",
        {"d_y + gradients.x if residual and level": "gradients.x if level"},
        None,
    ),
    Mutant(
        "d_state ignored",
        "stacked",
        {"d_y, d_state[level]": "d_y, None"},
        None,
    ),
    Mutant(
        "shared state not summed",
        "cell",
        {"gradient.sum(axis=0) if": "gradient[0] if"},
        {"h", "c", "state"},
    ),
]

FORWARD = [
    Mutant(
        "gates in another order",
        "lstm",
        {"i, f, n, o = split(gates[t - 1]": "f, i, n, o = split(gates[t - 1]"},
    ),
    Mutant("h is not squashed", "lstm", {"o * np.tanh(c[t])": "o * c[t]"}),
    Mutant("input not gated", "lstm", {"c[t - 1] + i * n": "c[t - 1] + n"}),
    Mutant(
        "masked cell not held",
        "lstm",
        {"hold(mask, t, c, h)": "hold(mask, t, h)"},
    ),
    Mutant(
        "u and 1 - u exchanged",
        "gru",
        {"u * previous + (1 - u) * n": "(1 - u) * previous + u * n"},
    ),
    Mutant(
        "conventions exchanged",
        "gru",
        {'r * m if reset == "after"': "r * m if 1"},
    ),
    Mutant(
        "b_m outside the reset",
        "gru",
        {"(r * m if": "(r * (m - b_m) + b_m if"},
    ),
    Mutant(
        "variance over d - 1",
        "layer_norm",
        {
            "(centred * centred).mean(axis=-1, keepdims=True)": "("
            "(centred * centred).sum(axis=-1, keepdims=True) / (a.shape[-1] - 1))"
        },
    ),
    Mutant(
        "bias before the norm",
        "layer_norm",
        {
            "a = projected[t - 1] +": "a = b_h + projected[t - 1] +",
            "phi(gain * unit[t - 1] + b_h,": "phi(gain * unit[t - 1],",
        },
    ),
    Mutant(
        "masked state not held",
        "layer_norm",
        {"hold(mask, t, h)": "pass"},
    ),
    Mutant("no residual", "stacked", {"y = y + trace.output": "y = trace.output"}),
    Mutant("first layer too", "stacked", {"y = y + trace": "y = 2 * y + trace"}),
]


def last(names):
    """The last part of each dotted name."""
    return {name.split(".")[-1] for name in names}


def found_by(check, module, package):
    return last(set().union(*(check(case, package) for case in cases(module))))


@pytest.mark.parametrize("module", CELLS)
def test_nothing_is_found_without_a_mutation(module, tmp_path):
    package = load(Mutant("none", module, {}), tmp_path)
    assert found_by(recurrent.wrong_by_reference, module, package) == set()
    assert found_by(recurrent.wrong_by_complex_step, module, package) == set()


@pytest.mark.parametrize("mutant", BACKWARD, ids=lambda m: f"{m.module}: {m.name}")
def test_backward_caught(mutant, tmp_path):
    package = load(mutant, tmp_path)
    by_reference = found_by(recurrent.wrong_by_reference, mutant.module, package)
    by_step = found_by(recurrent.wrong_by_complex_step, mutant.module, package)
    assert by_reference == by_step
    assert by_step and "loss" not in by_reference
    if mutant.wrong:
        assert by_step == mutant.wrong


@pytest.mark.parametrize("mutant", FORWARD, ids=lambda m: f"{m.module}: {m.name}")
def test_forward_caught(mutant, tmp_path):
    package = load(mutant, tmp_path)
    assert "loss" in found_by(recurrent.wrong_by_reference, mutant.module, package)
