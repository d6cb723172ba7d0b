"""The answers of the chapter on vanishing gradients."""

import math

import numpy as np

import rnnlib
from rnnbook.tutor.answers.checking import Exercise, Variant
from rnnbook.tutor.answers.kinds import Code, Experiment, Numbers
from rnnlib import Params

# how fast does it vanish?


def _rest(w):
    """The positive fixed point of tanh(w h), for w well above one."""
    h = 1.0
    for _ in range(200):
        h = math.tanh(w * h)
    return h


def steps_below(slope, digits):
    """The first power of the slope that is below 10 to the power of -digits."""
    return math.ceil(-digits * math.log(10) / math.log(slope))


def slope_at_rest(w):
    """W_hh (1 - h*^2) at the positive fixed point."""
    return w * (1 - _rest(w) ** 2)


def _rate_slips(w, digits):
    """{name: {wrong number: words}} for a weight and a power of ten."""
    h, slope = _rest(w), slope_at_rest(w)
    size = -math.log(slope)
    return {
        "the slope": {
            slope / w: "leaves out W_hh: the argument of tanh is W_hh h",
            w: "is the slope at 0: at the fixed point tanh is flat",
            w * (1 - h): "has h* in place of its square",
        },
        "the steps": {
            steps_below(slope, digits) - 1: "is rounded down: after "
            f"{steps_below(slope, digits) - 1} steps it is still above",
            steps_below(slope / w, digits): "leaves out W_hh: the argument of tanh is "
            "W_hh h",
            math.ceil(digits / size): "takes a natural logarithm for a decimal one: "
            f"10^-{digits} is exp(-{digits} ln 10)",
            math.ceil(digits * math.log(10) ** 2 / size): "takes a decimal logarithm "
            f"of the slope, a natural one of 10^-{digits}",
        },
    }


def _rate(w=2.0, digits=30, variant=None):
    """The exercise for a weight, and a power of ten."""
    slope = slope_at_rest(w)
    steps = steps_below(slope, digits)
    slips = _rate_slips(w, digits)
    natural = list(slips["the steps"])[2]
    return Exercise(
        "ex-vanishing-rate",
        Numbers(
            {"the slope": slope, "the steps": steps},
            slips,
            tolerance=0.005,
            follow={"the steps": lambda given: steps_below(given["the slope"], digits)},
        ),
        (
            f"Iterate h = tanh({w:g} h) until it rests, and take the derivative of "
            f"tanh({w:g} h).",
            "After n steps the derivative is about slope^n.",
            f"slope = {w:g} (1 - {_rest(w):.4f}^2) = {slope:.3f}, and n = {digits} ln "
            f"10 / -ln {slope:.3f}, rounded up.",
        ),
        wrong={
            "is rounded down": (slope, steps - 1),
            "leaves out W_hh": (slope / w, steps),
            "takes a natural logarithm for a decimal one": (slope, natural),
        },
        variant=variant,
    )


def _other_rate(rng):
    """Another weight and another power, whose slips are told apart."""
    while True:
        w, digits = rng.randint(15, 28) / 10, rng.choice((10, 15, 20, 25, 30, 40))
        slope = slope_at_rest(w)
        told = [steps_below(slope, digits), *_rate_slips(w, digits)["the steps"]]
        exact = digits * math.log(10) / -math.log(slope) % 1
        if len(set(told)) == 5 and max(told) < 190 and 0.1 < exact < 0.9:
            break
    text = {
        "After how many steps": rf"For $W_{{hh}} = {w}$, after how many steps",
        "$10^{-30}$": rf"$10^{{-{digits}}}$",
    }
    code = {"below 1e-30": f"below 1e-{digits}"}
    return Variant(_rate(w, digits), text, (slope, told[0]), code)


SLOPE = slope_at_rest(2.0)
RATE = _rate(variant=_other_rate)

# no latch below one


def no_latch(w, h, slope=None, fall=None):
    """G'(h), the two parts of h - tanh(w h), and the limit; or with a slip."""
    bend = math.tanh(w * h)
    slope = slope or (lambda: w * bend**2)
    fall = fall or (lambda: ((1 - w) * h, w * h - bend))
    return slope(), *fall(), 0.0


def _tanh_slope(w, h):
    return no_latch(w, h, slope=lambda: w * (1 - math.tanh(w * h) ** 2))


def _inner_factor(w, h):
    return no_latch(w, h, slope=lambda: math.tanh(w * h) ** 2)


def _rise(w, h):
    return no_latch(w, h, fall=lambda: ((w - 1) * h, math.tanh(w * h) - w * h))


def _states():
    """Weights from 0 to 1 and states of both signs."""
    pairs = (0.0, 0.5), (0.3, 2.0), (0.7, -1.0), (1.0, 0.5), (1.0, -0.2)
    return {f"w = {w}, h = {h}": (w, h) for w, h in pairs}


NO_LATCH = Exercise(
    "ex-vanishing-no-latch",
    Code(
        _states,
        no_latch,
        {
            "G' is the derivative of tanh(w h): that of w h goes before it": (
                _tanh_slope
            ),
            "G' lacks the inner derivative w": _inner_factor,
            "the fall has the wrong sign: it is h_t - h_{t+1}": _rise,
        },
    ),
    (
        "Compare tanh(w h) with w h, and w h with h.",
        "G(h) = w h - tanh(w h) is 0 at 0. Differentiate it: is the result ever "
        "negative?",
        "G' = w tanh(w h)^2; h - tanh(w h) = (1 - w) h + (w h - tanh(w h)); so h_t "
        "falls to the only fixed point, 0.",
    ),
    wrong={
        "that of w h goes before it": _tanh_slope,
        "lacks the inner derivative w": _inner_factor,
        "the fall has the wrong sign": _rise,
    },
    called=False,
)

# contributions by lag


def input_lags(params, x, y, **slip):
    """C_n of dL/dW_xh for n = 0..T-1, of one sequence; or with a slip."""
    T = len(x)
    copies = np.repeat(x, T, axis=1)
    trace = rnnlib.forward(params, copies)
    delta_z = rnnlib.cross_entropy(trace.z, np.repeat(y, T, axis=1))[1]
    both = rnnlib.adjoints(params, trace, delta_z * np.eye(T)[..., None])
    delta = both[0 if slip.get("flat") else 1]
    terms = np.einsum("tki,tkj->tkij", delta, copies)  # of the loss of step k
    if slip.get("beside"):
        terms = np.einsum("tki,kj->tkij", delta, x[:, 0])
    pieces = [sum(terms[t, t + n] for t in range(T - n)) for n in range(T)]
    if slip.get("turned"):
        pieces = pieces[::-1]
    if slip.get("so_far"):
        pieces = list(np.cumsum(pieces, axis=0))
    return np.array(pieces)


def _reversed(params, x, y):
    return input_lags(params, x, y, turned=True)


def _no_slope(params, x, y):
    return input_lags(params, x, y, flat=True)


def _so_far(params, x, y):
    return input_lags(params, x, y, so_far=True)


def _sequences():
    """Networks and sequences of several sizes and lengths."""
    rng, found = np.random.default_rng(10), {}
    for T, (d_x, d_h, K) in ((1, (2, 3, 4)), (4, (3, 2, 2)), (6, (2, 2, 3))):
        params = rnnlib.init_params(d_x, d_h, K, rng=rng)
        x, y = rng.standard_normal((T, 1, d_x)), rng.integers(K, size=(T, 1))
        found[f"T = {T}"] = params, x, y
    return found


INPUT_LAGS = Exercise(
    "ex-vanishing-input-lags",
    Code(
        _sequences,
        input_lags,
        {
            "the lags stand in the order from long to short": _reversed,
            "the slope phi'(s_t) is missing: g stands for delta_s": _no_slope,
            "the lags up to n are added: C_n has lag n alone": _so_far,
            "x_k of the loss stands for x_t of the state": (
                lambda p, x, y: input_lags(p, x, y, beside=True)
            ),
        },
    ),
    (
        "The theorem on lags is about W_hh: what stands for h_{t-1} in the input "
        "weights?",
        "Send the error of one step k alone back; its delta_s at step t, times x_t^T, "
        "belongs to lag k - t.",
        "Repeat x and y T times along the batch, multiply delta_z by "
        "np.eye(T)[..., None], and add the terms with k - t = n.",
    ),
    wrong={
        "from long to short": _reversed,
        "g stands for delta_s": _no_slope,
        "C_n has lag n alone": _so_far,
    },
    called=False,
)

# two latches

BORDER = 0.6459  # where (2 + c)(1 - a^2) = 1


def _steps_of(kept):
    """The couplings in their order, as numbers."""
    return sorted(float(c) for c in kept)


def _largest(kept):
    return max((float(c) for c, k in kept.items() if k), default=-1.0)


LATCHES = Exercise(
    "ex-vanishing-two-latches",
    Experiment(
        {
            "couplings from 0 to 0.9 in steps of at most 0.05": lambda r: (
                _steps_of(r)[0] == 0
                and _steps_of(r)[-1] > 0.899
                and max(np.diff(_steps_of(r))) < 0.0501
            ),
            "without a coupling the pair is kept": lambda r: r[0],
            "a strong coupling loses it": lambda r: not r[max(r)],
            "the border": lambda r: abs(_largest(r) - BORDER) < 0.06,
            "below the border all are kept": lambda r: all(
                k for c, k in r.items() if c < _largest(r)
            ),
        },
        {
            "without a coupling the pair is kept": "two separate latches keep both "
            "bits: is W_hh = diag(2, 2), and do the bits begin unequal?",
            "a strong coupling loses it": "is the start a little off the pair (a, -a)? "
            "By symmetry an exact pair stays one; and equal bits are never lost",
            "the border": "is another one: is the start near (a, -a), as (0.9, -0.8), "
            "and c outside the diagonal on both sides?",
        },
    ),
    (
        "At rest the pair is (a, -a) with a = tanh((2 - c) a).",
        "What is a disturbance multiplied by that moves both units the same way? When "
        "does it reach one?",
        "Start at (0.9, -0.8), run 2000 steps with W_hh = [[2, c], [c, 2]], and ask "
        "for the signs; the pair is lost above c = 0.65.",
    ),
    wrong={
        "By symmetry an exact pair": {c / 20: True for c in range(19)},
        "two separate latches keep both": {c / 20: False for c in range(19)},
        "is another one": {c / 20: c < 7 for c in range(19)},
    },
)
KEPT = {c / 20: c < 13 for c in range(19)}

# what float32 stores


def in_float32(w, h_0, steps):
    """The gradient of h_0 and the last state of one unit, in float32."""
    if not 1 <= steps <= 10_000 or steps != int(steps):
        raise ValueError("the steps: expected a whole number from 1 to 10000")
    one, zero = np.ones((1, 1), np.float32), np.zeros(1, np.float32)
    params = Params(one, np.full_like(one, w), zero, one, zero)
    inputs, start = np.zeros((int(steps), 1, 1), np.float32), np.full_like(one, h_0)
    # the target is off the last state, so that there is an error to send back
    end = rnnlib.forward(params, inputs, h_0=start).h[-1, 0, 0]
    gradients = rnnlib.loss_and_gradients(
        params,
        inputs,
        one * (end + 1),
        loss="half_squared_error",
        h_0=start,
        topology="last",
    )[1]
    return float(gradients.h_0[0, 0]), float(end)


def _run(answer):
    return in_float32(*(answer[k] for k in ("W_hh", "h_0", "steps")))


FLOAT32 = Exercise(
    "ex-vanishing-mistake",
    Experiment(
        {
            "the pass that underflows": lambda r: r["underflows"] == "backward",
            "the gradient of h_0 is zero in float32": lambda r: _run(r)[0] == 0,
            "the state still has the sign of h_0": lambda r: (
                r["h_0"] * _run(r)[1] > 0.01 * abs(r["h_0"])
            ),
        },
        {
            "the pass that underflows": 'another one: "forward" or "backward"? '
            "Look at each in float32",
            "the gradient of h_0 is zero in float32": "it is not: float32 has numbers "
            "down to about 1e-45, so take more steps",
            "the state still has the sign of h_0": "it faded: a latch needs W_hh above "
            "one and a start that is not zero",
        },
    ),
    (
        "Which pass computes the gradient, and which keeps the bit?",
        "Run one unit without input in float32, and print the last state beside the "
        "gradient of h_0.",
        'The "backward" pass underflows; W_hh = 2, h_0 = -0.9 and 200 steps show a '
        "gradient of zero and a state below -0.9.",
    ),
    wrong={
        "another one": {
            "underflows": "forward", "W_hh": 2.0, "h_0": -0.9, "steps": 200,
        },
        "so take more steps": {
            "underflows": "backward", "W_hh": 2.0, "h_0": -0.9, "steps": 20,
        },
        "it faded": {
            "underflows": "backward", "W_hh": 0.5, "h_0": -0.9, "steps": 400,
        },
    },
)  # fmt: skip
EXERCISES = (RATE, NO_LATCH, INPUT_LAGS, LATCHES, FLOAT32)
SOLUTIONS = {
    RATE.label: (SLOPE, 39),
    NO_LATCH.label: no_latch,
    INPUT_LAGS.label: input_lags,
    LATCHES.label: KEPT,
    FLOAT32.label: {"underflows": "backward", "W_hh": 2.0, "h_0": -0.9, "steps": 200},
}
