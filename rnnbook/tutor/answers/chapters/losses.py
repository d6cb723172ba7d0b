"""The answers of the chapter on losses."""

import numpy as np

import rnnlib
from rnnbook.tutor.answers.checking import Exercise, Variant
from rnnbook.tutor.answers.kinds import Code, Experiment, Numbers

# the untrained network


def _untrained(T=4, K=4, variant=None):
    """The exercise for these steps and classes."""
    nats, bits = float(T * np.log(K)), float(T * np.log2(K))
    step, classes = float(np.log(K)), float(T * np.log(K + 1))
    more = "the last letter has no target"
    return Exercise(
        "ex-losses-untrained",
        Numbers(
            {"nats": nats, "bits": bits},
            {
                "nats": {
                    step: "is the loss of one step: the losses of the steps are added",
                    (T + 1) * step: f"is that of {T + 1} steps: {more}",
                    classes: f"has {K + 1} classes: there are {K} letters",
                    -nats: "is negative: the loss is minus the logarithm of 1/K",
                    bits: "is in bits: in nats the logarithm is the natural one",
                },
                "bits": {
                    bits / T: "is the loss of one step",
                    bits / T * (T + 1): f"is that of {T + 1} steps: {more}",
                    nats * float(np.log(2)): "is multiplied by log 2: a bit is log 2 "
                    "nats, so that there are more bits than nats",
                    nats: "is in nats",
                },
            },
            tolerance=1e-3,
            follow={"bits": lambda given: given["nats"] / np.log(2)},
        ),
        (
            "Every class has the probability 1/K. What does one step cost?",
            f"A step costs log K, and there are T = {T} steps and K = {K} letters.",
            f"{T} log {K} nats; divided by log 2 this is {bits:.5g} bits.",
        ),
        wrong={
            "nats: is the loss of one step": (step, bits / T),
            f"nats: {more}": ((T + 1) * step, bits / T * (T + 1)),
            "bits: is multiplied by log 2": (nats, nats * float(np.log(2))),
        },
        variant=variant,
    )


def _other_untrained(rng):
    """Other steps and classes, whose slips are told apart."""
    while True:
        T, K = rng.randint(5, 12), rng.randint(3, 30)
        nats, bits = T * np.log(K), T * np.log2(K)
        more = T * np.log(K + 1)  # which may be near to that of T or of T + 1 steps
        if K < 29 and abs(more / (nats + np.log(K)) - 1) > 0.01:
            break
    old = "Evaluate it for the four steps and four letters of the example in "
    text = {
        old + "{cite:t}`topcuoglu`, section 13.": f"Evaluate it for {T} steps and {K} "
        "letters."
    }
    return Variant(_untrained(T, K), text, (float(nats), float(bits)))


UNTRAINED = _untrained(variant=_other_untrained)

# convex, but not strictly


def curved(p, v, mean=True, square=True):
    """The second derivative of the loss along v, and a flat direction."""
    second = p @ v**2 if square else p @ v
    return second - mean * (p @ v) ** 2, np.ones_like(p)


def _entrywise(p, v):
    return p * (1 - p) @ v**2, np.ones_like(p)


def _distributions():
    rng = np.random.default_rng(14)
    return {
        f"{K} classes": (rng.dirichlet(np.ones(K)), rng.standard_normal(K))
        for K in (2, 3, 5)
    }


def _direction(found):
    """The number, and the direction with 1 as its first entry."""
    second, flat = found
    flat = np.asarray(flat, float).ravel()
    return second, flat / flat[0]


CONVEX = Exercise(
    "ex-losses-convex",
    Code(
        _distributions,
        curved,
        {
            "the square of the mean is missing: J = Diag(p) - p p^T": lambda p, v: (
                curved(p, v, mean=False)
            ),
            "only the diagonal of J is read: the entries -p_i p_j are missing": (
                _entrywise
            ),
            "the flat direction is that of p: J p is not zero": lambda p, v: (
                curved(p, v)[0],
                p,
            ),
            "the flat direction is that of v: it is not the same for every v": (
                lambda p, v: (curved(p, v)[0], v)
            ),
        },
        _direction,
    ),
    (
        "The gradient is p - y. Differentiate it once more: y does not depend on z.",
        "v^T J v with J = Diag(p) - p p^T is the variance of v under p. When is a "
        "variance zero?",
        "The variance is sum p_k v_k^2 - (sum p_k v_k)^2; it is zero for v = (1, ..., "
        "1), a shift of all logits.",
    ),
    wrong={
        "the square of the mean is missing": lambda p, v: curved(p, v, mean=False),
        "only the diagonal of J is read": _entrywise,
        "the flat direction is that of p": lambda p, v: (curved(p, v)[0], p),
    },
    called=False,
)

# binary cross-entropy from one logit


def binary(a, c, mean=False, sign=1, safe=True):
    """The summed loss and its gradient; or with a slip."""
    p = 1 / (1 + np.exp(-a))
    if safe:
        each = np.logaddexp(0, a) - c * a
    else:
        each = -(c * np.log(p) + (1 - c) * np.log(1 - p))
    gradient = sign * (p - c)
    return (each.mean(), gradient / len(a)) if mean else (each.sum(), gradient)


def _logits():
    rng = np.random.default_rng(15)
    a = 3 * rng.standard_normal(7)
    return {
        "moderate logits": (a, (rng.random(7) < 0.5).astype(float)),
        "one logit": (a[:1], np.array([1.0])),
        "logits of 1000, labels wrong": (
            np.array([1000.0, -1000.0]),
            np.array([0.0, 1.0]),
        ),
        "logits of 1000, labels right": (
            np.array([1000.0, -1000.0]),
            np.array([1.0, 0.0]),
        ),
    }


def _clipped(a, c):
    p = np.clip(1 / (1 + np.exp(-a)), 1e-12, 1 - 1e-12)
    return -(c * np.log(p) + (1 - c) * np.log(1 - p)).sum(), p - c


BINARY = Exercise(
    "ex-losses-binary",
    Code(
        _logits,
        binary,
        {
            "the loss is not finite at 1000: log(1 - p) is taken after p has been "
            "rounded": lambda a, c: binary(a, c, safe=False),
            "p is clipped: the loss at a = 1000 is 1000, and its gradient p - c": (
                _clipped
            ),
            "the mean stands for the sum": lambda a, c: binary(a, c, mean=True),
            "the gradient has the wrong sign: it is p - c": lambda a, c: binary(
                a, c, sign=-1
            ),
            "the labels are exchanged: c = 1 belongs to p": lambda a, c: binary(
                a, 1 - c
            ),
            "the gradient is summed: it has one entry for each logit": lambda a, c: (
                binary(a, c)[0],
                binary(a, c)[1].sum(),
            ),
        },
    ),
    (
        "Write the loss with log p = a - log(1 + e^a) and log(1 - p) = -log(1 + e^a).",
        "The loss of a logit is log(1 + e^a) - c a. What does NumPy offer for the "
        "logarithm of a sum of exponentials?",
        "(np.logaddexp(0, a) - c * a).sum(), and p - c with p = 1/(1 + e^{-a}).",
    ),
    wrong={
        "the loss is not finite at 1000": lambda a, c: binary(a, c, safe=False),
        "the mean stands for the sum": lambda a, c: binary(a, c, mean=True),
        "the gradient has the wrong sign": lambda a, c: binary(a, c, sign=-1),
    },
    called=False,
)

# what the minimum looks like


def _frequencies(result):
    classes = np.asarray(result[1]).astype(int)
    return np.bincount(classes, minlength=4) / len(classes)


def _entropy(p):
    return -(p[p > 0] * np.log(p[p > 0])).sum()


FREQUENCIES = Exercise(
    "ex-losses-frequencies",
    Experiment(
        {
            "a distribution, 500 classes, the fitted one, the mean loss": lambda r: (
                len(r) == 4
                and np.shape(r[1]) == (500,)
                and set(np.unique(r[1])) <= {0, 1, 2, 3}
                and all(
                    np.shape(p) == (4,) and abs(np.sum(p) - 1) < 1e-6
                    for p in (r[0], r[2])
                )
            ),
            "the probabilities end at the frequencies": lambda r: (
                np.abs(np.asarray(r[2]) - _frequencies(r)).max() < 1e-3
            ),
            "the mean loss ends at their entropy": lambda r: (
                abs(r[3] - _entropy(_frequencies(r))) < 1e-4
            ),
            "they are not the distribution": lambda r: (
                np.abs(np.asarray(r[2]) - np.asarray(r[0])).max() > 1e-5
            ),
        },
        {
            "the probabilities end at the frequencies": "N p - counts is not zero "
            "there: did you go on until nothing changes, and is the gradient that of "
            "the summed loss of your sample?",
            "the mean loss ends at their entropy": "compare with the entropy of the "
            "frequencies in your sample: is the loss divided by 500, in nats?",
            "they are not the distribution": "500 classes seldom have the frequencies "
            "of the distribution itself: was the fit compared with the sample?",
        },
    ),
    (
        "Write the gradient summed over the sample: where is it zero?",
        "It is N p - counts. Go on with a small step until p does not change.",
        "fitted -= 0.004 * delta.sum(axis=0), 2000 times; then p = counts/500, and "
        "the mean loss is -sum p log p.",
    ),
    wrong={
        "did you go on until nothing changes": (
            [0.5, 0.25, 0.2, 0.05],
            [0] * 260 + [1] * 120 + [2] * 100 + [3] * 20,
            [0.25, 0.25, 0.25, 0.25],
            np.log(4),
        ),
        "is the loss divided by 500": (
            [0.5, 0.25, 0.2, 0.05],
            [0] * 260 + [1] * 120 + [2] * 100 + [3] * 20,
            [0.52, 0.24, 0.2, 0.04],
            500 * _entropy(np.array([0.52, 0.24, 0.2, 0.04])),
        ),
        "500 classes seldom have the frequencies": (
            [0.5, 0.25, 0.2, 0.05],
            [0] * 250 + [1] * 125 + [2] * 100 + [3] * 25,
            [0.5, 0.25, 0.2, 0.05],
            _entropy(np.array([0.5, 0.25, 0.2, 0.05])),
        ),
    },
)

# the mean of probabilities


def pooled(z, c, weight="right", steps=True):
    """The gradient of -log of the mean probability of class c; or with a slip."""
    z, c = np.asarray(z), int(c)
    p = rnnlib.softmax(z)
    mean = p.mean(axis=0)
    weights = {
        "right": p[:, c] / mean[c],
        "none": np.ones(len(z)),
        "turned": mean[c] / p[:, c],
        "not divided": p[:, c],
    }[weight]
    delta = weights[:, None] * (p - np.eye(z.shape[1])[c])
    return delta / len(z) if steps else delta


def _pooled_logits():
    rng = np.random.default_rng(16)
    return {
        f"{T} steps, {K} classes": (rng.standard_normal((T, K)), c)
        for T, K, c in ((4, 3, 1), (1, 3, 0), (5, 4, 3))
    }


POOLED = Exercise(
    "ex-losses-pooled",
    Code(
        _pooled_logits,
        pooled,
        {
            "this is the student's gradient: the logarithm stands outside the mean": (
                lambda z, c: pooled(z, c, "none")
            ),
            "the factor is upside down: p_{t,c} stands above": lambda z, c: pooled(
                z, c, "turned"
            ),
            "the factor p_{t,c} is not divided by the mean probability": (
                lambda z, c: pooled(z, c, "not divided")
            ),
            "1/T of the mean is missing": lambda z, c: pooled(z, c, steps=False),
        },
    ),
    (
        "The loss is -log of a mean. What is its derivative by one p_{t,c}?",
        "It is -1/(T mean_c). Then goes the row of c of the Jacobian of softmax: "
        "p_{t,c} (y - p_t).",
        "The gradient of step t is p_{t,c}/(T mean_c) (p_t - y), with mean_c the mean "
        "of p_{t,c} over the steps.",
    ),
    wrong={
        "this is the student's gradient": lambda z, c: pooled(z, c, "none"),
        "the factor is upside down": lambda z, c: pooled(z, c, "turned"),
        "1/T of the mean is missing": lambda z, c: pooled(z, c, steps=False),
    },
    called=False,
)
EXERCISES = (UNTRAINED, CONVEX, BINARY, FREQUENCIES, POOLED)
SOLUTIONS = {
    UNTRAINED.label: (float(4 * np.log(4)), 8),
    CONVEX.label: curved,
    BINARY.label: binary,
    FREQUENCIES.label: (
        [0.5, 0.25, 0.2, 0.05],
        [0] * 260 + [1] * 120 + [2] * 100 + [3] * 20,
        [0.52, 0.24, 0.2, 0.04],
        _entropy(np.array([0.52, 0.24, 0.2, 0.04])),
    ),
    POOLED.label: pooled,
}
