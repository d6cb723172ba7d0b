"""The answers of the chapter on long memories."""

from math import log

import numpy as np

from rnnbook.tutor.answers.checking import Exercise, Variant
from rnnbook.tutor.answers.kinds import Code, Experiment, Numbers, Parts

# another range


def _range(c=1, variant=None):
    """The exercise for numbers from [-c, c]."""
    right = 2 * c * c / 3
    scale = 2 * c
    return Exercise(
        "ex-long-memories-range",
        Parts(
            {
                "derived": Numbers(
                    {"derived": right},
                    {
                        "derived": {
                            right / 2: "that is the variance of one number: two are "
                            "added",
                            1 / 6: "that is the baseline for numbers from [0, 1]",
                            right + c * c: f"the best constant is the mean, 0 and not "
                            f"{c}",
                            right**0.5: "that is the standard deviation: the loss is "
                            "a mean of squares",
                            2 * right: f"the interval has the length {scale}: the "
                            f"density is 1/{scale}",
                        }
                    },
                    tolerance=1e-9,
                ),
                "from draws": Experiment(
                    {"from draws": lambda r: abs(r / right - 1) < 0.045},
                    {
                        "from draws": f"a number u from [0, 1] becomes {scale} u - "
                        f"{c}, so the sum becomes {scale} y - {scale}: its mean "
                        "square, of 10,000 draws or more"
                    },
                ),
            }
        ),
        (
            "Which constant is the best answer, and what does it cost?",
            "It is the mean, 0, and it costs the variance of the sum of two "
            "independent numbers.",
            f"Each has the variance {c * c}/3, the integral of u^2/{scale} from -{c} "
            f"to {c}.",
        ),
        wrong={
            "derived: two are added": (right / 2, right),
            "derived: for numbers from [0, 1]": (1 / 6, right),
            f"from draws: the sum becomes {scale} y - {scale}": (right, 1 / 6),
        },
        variant=variant,
    )


def _other_range(rng):
    """Another range that is symmetric about zero."""
    c = rng.randint(2, 12)
    text = {"drawn from $[-1, 1]$": f"drawn from $[-{c}, {c}]$"}
    right = 2 * c * c / 3
    return Variant(
        _range(c), text, (right, right), {"from [-1, 1]": f"from [-{c}, {c}]"}
    )


RANGE = _range(variant=_other_range)

# half a memory


def with_copied(m, T, outputs=20, symbols=8, log2=False, known=False):
    """The least loss of a copy task of which m symbols are known; or with a slip."""
    cost = log(symbols) / log(2) if log2 else log(symbols)
    return (m if known else 10 - m) * cost / (T + outputs)


def _copied(**what):
    return lambda m, T: with_copied(m, T, **what)


HALF = Exercise(
    "ex-long-memories-half",
    Parts(
        {
            "the order task, over its baseline": Numbers(
                {"the order task, over its baseline": 1 / 2},
                {
                    "the order task, over its baseline": {
                        log(2): "that is the loss: divide it by the baseline, ln 4",
                        1 / 4: "two of the four classes remain, and the loss is a "
                        "logarithm of their number",
                        1: "the second symbol tells: two classes of four remain",
                    }
                },
                tolerance=1e-9,
            ),
            "the copy task": Code(
                lambda: {f"m = {m}, T = {T}": (m, T) for m, T in ((0, 5), (3, 20))},
                with_copied,
                {
                    "there are T + 20 outputs: the ten answers are outputs too": (
                        _copied(outputs=10)
                    ),
                    "eight symbols, without the blank and the cue": _copied(symbols=10),
                    "the loss is in nats, not in bits": _copied(log2=True),
                    "the known symbols cost nothing, the other 10 - m do": _copied(
                        known=True
                    ),
                },
                lambda found: float(np.asarray(found, float)),
            ),
            "symbols for one half": Numbers({"symbols for one half": 5}),
        }
    ),
    (
        "Given the second symbol, how many classes are left, and how likely is each?",
        "K equally likely answers cost ln K at least. In the copy task every unknown "
        "symbol costs that on its own, and the blanks cost nothing.",
        "ln 2 is half of ln 4. The copy task costs (10 - m) ln 8 / (T + 20), half of "
        "its baseline for m = 5.",
    ),
    wrong={
        "divide it by the baseline": (log(2), with_copied, 5),
        "there are T + 20 outputs": (0.5, _copied(outputs=10), 5),
        "the copy task: in nats": (0.5, _copied(log2=True), 5),
    },
)

# a forget bias for a lag


def with_bias(bias, gate="f", copied=True):
    """A change of a layer that sets the bias of a gate; or with a slip."""
    from rnnlib.layers import lstm

    def change(layer):
        b_h = layer.b_h.copy() if copied else layer.b_h
        for name in gate:
            getattr(lstm.split(b_h), name)[:] = bias
        return layer._replace(b_h=b_h)

    return change


def _layer(seed=0):
    from rnnbook.experiments import long_memories as lm

    rng = np.random.default_rng(seed)
    return lm.init_params("LSTM", "adding", 32, rng), rng


def _changed(r):
    """The biases of the gates before and after, and the layer itself after."""
    from rnnlib.layers import lstm

    layer = _layer()[0]["layer"]
    before = layer.b_h.copy()
    new = r[0](r[1])(layer)
    after = lstm.split(new.b_h)
    others = {n: np.array_equal(getattr(lstm.split(before), n), getattr(after, n))
              for n in "ino"}  # fmt: skip
    kept = np.array_equal(before, layer.b_h)
    return after.f, others, kept, np.array_equal(new.W_hh, layer.W_hh)


def _opened(r, T=80):
    """The median ratio of the gradients by the first and by the last input."""
    from rnnbook.experiments import long_memories as lm
    from rnnlib.training import tasks

    found = []
    for seed in range(9):
        params, rng = _layer(seed)
        layer = r[0](r[1])(params["layer"])
        trace = lm.CELLS["LSTM"].forward(layer, tasks.adding(T, 16, rng).x)
        d_output = np.zeros_like(trace.output)
        d_output[-1] = params["W_hy"][0]
        d_x = lm.CELLS["LSTM"].backward(layer, trace, d_output).x
        found.append(np.linalg.norm(d_x[0]) / np.linalg.norm(d_x[-1]))
    return np.median(found)


BIAS = Exercise(
    "ex-long-memories-bias",
    Experiment(
        {
            "the forget gate has the bias": lambda r: (_changed(r)[0] == r[1]).all(),
            "the other gates are as before": lambda r: (
                all(_changed(r)[1].values()) and _changed(r)[3]
            ),
            "the layer that was handed over is left as it is": lambda r: _changed(r)[2],
            "the ratio at T = 80 is above 0.01": lambda r: _opened(r) > 0.01,
        },
        {
            "the forget gate has the bias": "another gate was set: split(b_h).f is "
            "that of the forget gate",
            "the other gates are as before": "only the forget gate's bias is to change",
            "the layer that was handed over is left as it is": "b_h was changed in "
            "place: copy it first",
            "the ratio at T = 80 is above 0.01": "the gate is too far from 1: the "
            "logistic function of the bias, to the power 80",
        },
    ),
    (
        "About which factor does the cell send back at each step?",
        "Near the forget gate. Which bias b makes logistic(b)^80 larger than 0.01?",
        "Copy layer.b_h, set rnnlib.layers.lstm.split(b_h).f[:] = bias, return "
        "layer._replace(b_h=b_h); a bias of 5 is enough.",
    ),
    wrong={
        "the gate is too far from 1": (with_bias, 1.0),
        "b_h was changed in place": (lambda b: with_bias(b, copied=False), 5.0),
        "only the forget gate's bias": (lambda b: with_bias(b, gate="ifno"), 5.0),
    },
)

# which symbol does the window show?

WINDOW = Exercise(
    "ex-long-memories-window",
    Experiment(
        {
            "a prediction and a measurement for k = 19 and 14": lambda r: (
                set(r) == {19, 14} and all(len(v) == 2 for v in r.values())
            ),
            "k = 19, predicted": lambda r: r[19][0] == 0,
            "k = 14, predicted": lambda r: r[14][0] == 0.5,
            "k = 19, measured": lambda r: 0 <= r[19][1] < 0.15,
            "k = 14, measured": lambda r: abs(r[14][1] - 0.5) < 0.15,
        },
        {
            "k = 19, predicted": "the first symbol stands at step 2 or 3, counted "
            "from 0, and the window begins at step 1: it shows both",
            "k = 14, predicted": "the window begins at step 6: it shows the second "
            "symbol, at 10 or 11, and not the first; half a memory costs one half",
            "k = 19, measured": "it reads both: train with the window of 19, for 250 "
            "steps, and divide by ln 4",
            "k = 14, measured": "it reads the second symbol alone: divide by ln 4",
        },
    ),
    (
        "tasks.order_steps(20) says where the two symbols stand, counted from 0.",
        "A window of k shows the steps 20 - k to 19.",
        "k = 19 shows both symbols: near 0. k = 14 shows the second only: ln 2 of "
        "ln 4, one half. Measure with mlp_ratio(k)[0].",
    ),
    wrong={
        "it shows both": {19: (0.5, 0.01), 14: (0.5, 0.5)},
        "half a memory costs one half": {19: (0, 0.01), 14: (1, 0.5)},
        "k = 14, measured: divide by ln 4": {19: (0, 0.01), 14: (0.5, 0.693)},
    },
)

# a report on the copy task


def _report(T=5, loss="0.85", variant=None):
    """The exercise for a lag, and a loss between the two baselines."""
    right, wrong = 10 * log(8) / (T + 20), 10 * log(8) / (T + 10)
    return Exercise(
        "ex-long-memories-mistake",
        Numbers(
            {"outputs": T + 20, "baseline": right, "the loss shows a memory": False},
            {
                "outputs": {
                    T + 10: "the ten answers are outputs too, behind ten symbols, the "
                    "lag and the cue: T + 20",
                    T: "that is the lag alone",
                    10: "these are the answers; there are blanks before them",
                },
                "baseline": {
                    wrong: "is that of the report: divide by all T + 20 outputs",
                    log(8): "is the cost of one symbol: the blanks cost nothing, and "
                    "all outputs are counted",
                    10 * log(10) / (T + 20): "a network without memory knows that the "
                    "ten answers are among eight symbols",
                    10 * log(8): "is the cost of a sequence: the loss is one per "
                    "output",
                },
                "the loss shows a memory": {
                    True: "a network that gives blanks, and then uniform symbols, has "
                    f"a smaller loss than {loss}"
                },
            },
            tolerance=1e-3,
            follow={"baseline": lambda given: 10 * log(8) / given["outputs"]},
        ),
        (
            f"How many outputs has one sequence with T = {T}? Draw one with "
            "tasks.copy.",
            "There are T + 20 outputs. What does a network without memory pay for "
            "them?",
            f"10 ln 8 / (T + 20) = {right:.3f}, and {loss} is more than that.",
        ),
        wrong={
            "outputs: the ten answers are outputs too": (T + 10, right, False),
            "baseline: is that of the report": (T + 20, wrong, False),
            "a network that gives blanks": (T + 20, right, True),
        },
        variant=variant,
    )


def _other_report(rng):
    """Another lag, and a loss a little above its baseline."""
    T = rng.choice([T for T in range(3, 31) if T != 10])
    right = 10 * log(8) / (T + 20)
    loss = f"{right * rng.choice((1.02, 1.04, 1.06)):.3f}"
    text = {
        "with $T = 5$ our network": f"with $T = {T}$ our network",
        "a loss of 0.85.": f"a loss of {loss}.",
    }
    code = {"with T = 5,": f"with T = {T},"}
    return Variant(_report(T, loss), text, (T + 20, right, False), code)


MISTAKE = _report(variant=_other_report)
EXERCISES = (RANGE, HALF, BIAS, WINDOW, MISTAKE)
SOLUTIONS = {
    RANGE.label: (2 / 3, 0.668),
    HALF.label: (0.5, with_copied, 5),
    BIAS.label: (with_bias, 5.0),
    WINDOW.label: {19: (0, 0.01), 14: (0.5, 0.5)},
    MISTAKE.label: (25, 0.832, False),
}
