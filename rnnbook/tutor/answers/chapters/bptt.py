"""The answers of the chapter on backpropagation through time."""

import numpy as np

import rnnlib
from rnnbook.tutor.answers.checking import Exercise
from rnnbook.tutor.answers.kinds import Code, Experiment, Formulas, Numbers, Parts
from rnnbook.tutor.formulas.checking import question_for
from rnnbook.tutor.formulas.networks import book_network
from rnnlib import Params

# one unit, two steps


def two_steps(w, half=0.5, future=1, beside=0, first=1):
    """The loss, g_1, g_2 and dL/dw with z_t = h_t = w^t; or with a slip."""
    h = 1, w, w**2
    g_2 = 2 * half * h[2]
    g_1 = 2 * half * first * h[1] + future * w * g_2
    loss = half * (first * h[1] ** 2 + h[2] ** 2)
    return loss, g_1, g_2, g_1 * h[beside] + g_2 * h[1 + beside]


def _without_future(w):
    return two_steps(w, future=0)


def _step_beside(w):
    return two_steps(w, beside=1)


def _without_halves(w):
    return two_steps(w, half=1)


WARM_UP = Exercise(
    "ex-bptt-warm-up",
    Code(
        lambda: {f"w = {w}": (w,) for w in (2.0, -3.0, 0.5)},
        two_steps,
        {
            "g_1 lacks what comes from the future, w g_2": _without_future,
            "g_1 lacks w g_2, and the direct derivative says so": lambda w: (
                *_without_future(w)[:3],
                two_steps(w)[3],
            ),
            "in the gradient g_t meets h_t in place of h_{t-1}": _step_beside,
            "the squared errors are not halved": _without_halves,
            "the loss of step 1 is missing": lambda w: two_steps(w, first=0),
            "w is used twice: g_2 h_1 alone is the last use": lambda w: (
                *two_steps(w)[:3],
                w**3,
            ),
        },
    ),
    (
        "h_1 = w and h_2 = w^2; both outputs are read.",
        "g_2 = h_2, and g_1 is h_1 plus what comes back from step 2.",
        "The loss is (w^2 + w^4)/2, g_2 = w^2, g_1 = w + w g_2, and the gradient is "
        "g_1 h_0 + g_2 h_1.",
    ),
    wrong={
        "g_1 lacks what comes from the future": _without_future,
        "g_t meets h_t in place of h_{t-1}": _step_beside,
        "the squared errors are not halved": _without_halves,
    },
    called=False,
)

# the gradient of the inputs

INPUTS = Exercise(
    "ex-bptt-inputs",
    Parts(
        {
            "dL/dx_t": Formulas(
                {"dL/dx_t": lambda: question_for(book_network().adjoint("x"))}
            ),
            "uses": Numbers(
                {"uses": 1},
                {
                    "uses": {
                        2: "is that of h_t, in z_t and s_{t+1}: where does x_t stand?",
                        0: "would make the gradient zero",
                    }
                },
            ),
        }
    ),
    (
        "Look for x_t in the four equations of the network.",
        "It stands in s_t alone, in the product W_xh x_t.",
        "A use in a product with W_xh sends W_xh^T times the adjoint of the result "
        "back: W_xh^T delta_s_t.",
    ),
    wrong={
        "dL/dx_t: W_xh is not transposed": (r"W_{xh} \delta^{(s)}_t", 1),
        "dL/dx_t: the factor phi'(s_t) is missing": (r"W_{xh}^\top g_t", 1),
        "uses: is that of h_t": (r"W_{xh}^\top \delta^{(s)}_t", 2),
    },
)

# one output at the end


def last_gradient(
    params, h, error, slope=True, beside=0, turned=True, outputs=False, future=True
):
    """dL/dW_hh from the states (T + 1, B, d_h) and the last error; or with a slip."""
    gradient, g = np.zeros_like(params.W_hh), error @ params.W_hy
    for t in range(len(h) - 1, 0, -1):
        delta = g * (1 - h[t] ** 2) if slope else g
        gradient = gradient + delta.T @ h[t - 1 + beside]
        g = delta @ (params.W_hh if turned else params.W_hh.T)
        if outputs:
            g = g + error @ params.W_hy
        if not future:
            break
    return gradient


def _ends():
    """Networks with one output at the end, one of them with a single step."""
    rng, found = np.random.default_rng(10), {}
    for name, T, B in (("one step", 1, 2), ("4 steps", 4, 1), ("5 steps", 5, 3)):
        p = Params(
            *(
                rng.standard_normal(a.shape)
                for a in rnnlib.init_params(2, 3, 4, rng=rng)
            )
        )
        x, start = rng.standard_normal((T, B, 2)), rng.standard_normal((B, 3))
        run = rnnlib.forward(p, x, h_0=start, topology="last")
        targets = np.eye(4)[rng.integers(4, size=B)]
        found[name] = p, run.h, rnnlib.cross_entropy(run.z, targets)[1]
    return found


LAST = Exercise(
    "ex-bptt-last",
    Code(
        _ends,
        last_gradient,
        {
            "the error comes into every g_t; the output reads h_T alone": (
                lambda p, h, e: last_gradient(p, h, e, outputs=True)
            ),
            "the slope phi'(s_t) is missing": lambda p, h, e: last_gradient(
                p, h, e, slope=False
            ),
            "h_t stands for h_{t-1}": lambda p, h, e: last_gradient(p, h, e, beside=1),
            "W_hh is not transposed on the way back": lambda p, h, e: last_gradient(
                p, h, e, turned=False
            ),
            "the loop ends after the last step: W_hh was used at every step": (
                lambda p, h, e: last_gradient(p, h, e, future=False)
            ),
            "the mean over the sequences stands for the sum": lambda p, h, e: (
                last_gradient(p, h, e) / len(e)
            ),
        },
    ),
    (
        "Begin with g_T: rows, so that W_hy^T on the left becomes @ W_hy on the right.",
        "Every earlier g_t comes from the future alone: nothing is added.",
        "For t = T, ..., 1: delta = g * (1 - h[t] ** 2), add delta.T @ h[t - 1], then "
        "g = delta @ W_hh.",
    ),
    wrong={
        "the output reads h_T alone": lambda p, h, e: last_gradient(
            p, h, e, outputs=True
        ),
        "h_t stands for h_{t-1}": lambda p, h, e: last_gradient(p, h, e, beside=1),
        "W_hh is not transposed": lambda p, h, e: last_gradient(p, h, e, turned=False),
    },
    called=False,
)

# what the future is worth


def _cut_and_full(params, h, delta_z, slope=True, outputs=False):
    """The gradient of W_hh without the future, and with it."""
    direct = delta_z @ params.W_hy
    cut = direct * (1 - h[1:] ** 2) if slope else direct
    delta, future = np.empty_like(direct), 0
    for t in range(len(direct) - 1, -1, -1):
        delta[t] = (direct[t] + future) * (1 - h[t + 1] ** 2)
        future = delta[t] @ params.W_hh
    if outputs:
        cut = delta - cut
    return (np.einsum("tbi,tbj->ij", a, h[:-1]) for a in (cut, delta))


def cut_and_full(params, h, delta_z, **slips):
    """Length of the cut gradient over the full one, and the cosine."""
    cut, full = _cut_and_full(params, h, delta_z, **slips)
    lengths = np.linalg.norm(cut), np.linalg.norm(full)
    return lengths[0] / lengths[1], (cut * full).sum() / lengths[0] / lengths[1]


def _upside_down(p, h, d):
    ratio, cosine = cut_and_full(p, h, d)
    return 1 / ratio, cosine


def _runs():
    """Runs of the network: parameters, states, errors of the logits."""
    rng, found = np.random.default_rng(12), {}
    for name, T, B in (("5 steps", 5, 2), ("2 steps", 2, 2), ("4 steps", 4, 1)):
        p = rnnlib.init_params(2, 3, 4, rng=rng)
        x, start = rng.standard_normal((T, B, 2)), rng.standard_normal((B, 3))
        run = rnnlib.forward(p, x, h_0=start)
        targets = np.eye(4)[rng.integers(4, size=(T, B))]
        found[name] = p, run.h, rnnlib.cross_entropy(run.z, targets)[1]
    return found


FUTURE = Exercise(
    "ex-bptt-future",
    Code(
        _runs,
        cut_and_full,
        {
            "the ratio is upside down: the cut gradient over the full one": (
                _upside_down
            ),
            "the output is dropped and the future kept": lambda p, h, d: cut_and_full(
                p, h, d, outputs=True
            ),
            "the slope phi'(s_t) is missing from what is left": lambda p, h, d: (
                cut_and_full(p, h, d, slope=False)
            ),
            "the second number is an angle: expected its cosine": lambda p, h, d: (
                cut_and_full(p, h, d)[0],
                np.arccos(cut_and_full(p, h, d)[1]),
            ),
            "the second number is an angle in degrees: expected its cosine": (
                lambda p, h, d: (
                    cut_and_full(p, h, d)[0],
                    np.degrees(np.arccos(cut_and_full(p, h, d)[1])),
                )
            ),
        },
    ),
    (
        "Without the future g_t is W_hy^T delta_z_t: nothing has to run backwards.",
        "Both gradients are sums of products with h_{t-1}; take them as long vectors.",
        "cut = sum over t of (delta_z @ W_hy * (1 - h_t^2))^T h_{t-1}; the ratio of "
        "the norms, and the sum of cut * full divided by both norms.",
    ),
    wrong={
        "the ratio is upside down": _upside_down,
        "the output is dropped and the future kept": lambda p, h, d: cut_and_full(
            p, h, d, outputs=True
        ),
        "the slope phi'(s_t) is missing": lambda p, h, d: cut_and_full(
            p, h, d, slope=False
        ),
    },
    called=False,
)

# after the end


def _wrong_start(network):
    """How much the wrong start changes the gradient of W_hh, and its size."""
    params, x, y, h_0 = network
    params = Params(*(np.asarray(a, float) for a in params))
    y = np.asarray(y)
    start = None if h_0 is None else np.asarray(h_0, float)
    run = rnnlib.forward(params, np.asarray(x), h_0=start)
    error = rnnlib.cross_entropy(run.z, y.astype(int) if y.ndim == 2 else y)[1]
    found = []
    for invented in (0, 1):
        first = (error[-1] @ params.W_hy) * (1 - run.h[-1] ** 2)
        future, total = invented * first @ params.W_hh, 0
        for t in range(len(error), 0, -1):
            delta = (error[t - 1] @ params.W_hy + future) * (1 - run.h[t] ** 2)
            total = total + delta.T @ run.h[t - 1]
            future = delta @ params.W_hh
        found.append(total)
    right, wrong = found
    return np.abs(wrong - right).max(), np.abs(right).max()


def _same(networks):
    return _wrong_start(networks[0])[0] < 1e-12


def _shown(networks):
    return _wrong_start(networks[1])[0] > 1e-8


def _network(recurrent=1.0, output=1.0):
    """A network, its inputs, targets and initial state."""
    rng = np.random.default_rng(13)
    p = rnnlib.init_params(2, 3, 4, rng=rng)
    p = p._replace(W_hh=recurrent * p.W_hh, W_hy=output * p.W_hy)
    x, targets = rng.standard_normal((3, 1, 2)), np.eye(4)[rng.integers(4, size=(3, 1))]
    return p, x, targets, np.ones((1, 3))


MISTAKE = Exercise(
    "ex-bptt-mistake",
    Experiment(
        {
            "two networks that run": lambda r: (
                len(r) == 2 and all(np.isfinite(sum(_wrong_start(n))) for n in r)
            ),
            "the mistake stays invisible in the first": _same,
            "the first has a gradient that a test could read": lambda r: (
                _wrong_start(r[0])[1] > 1e-8
            ),
            "it shows in the second": _shown,
        },
        {
            "two networks that run": "expected (params, x, y, h_0), twice",
            "the mistake stays invisible in the first": "the gradient of W_hh changes: "
            "what is added to g_T is W_hh^T delta_{T+1}, and it is not zero there",
            "the first has a gradient that a test could read": "the gradient of W_hh "
            "is zero there, and so every mistake stays invisible",
            "it shows in the second": "the gradient of W_hh stays as it is: what is "
            "added to g_T is zero there",
        },
    ),
    (
        "Write what the mistake adds to g_T.",
        "It adds W_hh^T delta_T: a product of two factors, and either may be zero.",
        "Take params._replace(W_hh=0 * params.W_hh) with an h_0 that is not zero for "
        "the first network, and random parameters for the second.",
    ),
    wrong={
        "it is not zero there": (_network(), _network(recurrent=0.5)),
        "every mistake stays invisible": (_network(output=0.0), _network()),
        "what is added to g_T is zero there": (
            _network(recurrent=0.0),
            _network(recurrent=0.0),
        ),
    },
)
EXERCISES = (WARM_UP, INPUTS, LAST, FUTURE, MISTAKE)
SOLUTIONS = {
    WARM_UP.label: two_steps,
    INPUTS.label: (r"W_{xh}^\top \delta^{(s)}_t", 1),
    LAST.label: last_gradient,
    FUTURE.label: cut_and_full,
    MISTAKE.label: (_network(recurrent=0.0), _network()),
}
